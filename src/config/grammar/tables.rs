//! The table of all tables: every key the file may hold, its kind, its default and its meaning.

use super::{Key, Kind, Table};

/// The file.
pub(in crate::config) static ROOT: Table = Table {
    doc: "The configuration of notafter.",
    groups: &[&[
        Key::new("server", Kind::Table(&SERVER), "What notafter serves: metrics, status and health."),
        Key::new(
            "probe",
            Kind::Table(&PROBE),
            "How domains are looked at. Every key may also stand in a `[[domain]]`.",
        ),
        Key::new("watch", Kind::Table(&WATCH), "Notafter's own sight: who watches the watchdog."),
        Key::new("store", Kind::Table(&STORE), "Where the state is kept that survives a restart."),
        Key::new("policy", Kind::Table(&POLICY), "When a finding becomes an incident, and how often it is spoken of."),
        Key::new("group", Kind::Tables(&GROUP), "Domains for which another policy holds."),
        Key::new("receiver", Kind::Tables(&RECEIVER), "Someone to tell."),
        Key::new(
            "route",
            Kind::Tables(&ROUTE),
            "Who is told of what. Without any, every receiver is told of every domain.",
        ),
        Key::new(
            "maintenance",
            Kind::Tables(&MAINTENANCE),
            "When what is known need not be told: once, or week after week.",
        ),
        Key::new("evidence", Kind::Tables(&EVIDENCE), "A sign of who answered, besides those that are built in."),
        Key::new("tenant", Kind::Tables(&TENANT), "An Auth0 tenant whose Management API is asked."),
        Key::new("domain", Kind::Tables(&DOMAIN), "A custom domain to watch."),
    ]],
};

static SERVER: Table = Table {
    doc: "What notafter serves: metrics, status and health.",
    groups: &[&[
        Key::new("listen", Kind::Address(None), "The address and port to listen on.").or("\"127.0.0.1:10047\""),
        Key::new(
            "external_url",
            Kind::HttpUrl,
            "Where people reach the status page; what is sent links to it. Without it nothing links there.",
        ),
        Key::new(
            "docs_url",
            Kind::HttpUrl,
            "Where findings are explained, for links: an address with `{code}` in it, such as a wiki's, or that of your \
             copy of `docs/findings.md`. Without it the command that explains them is named.",
        ),
    ]],
};

static PROBE: Table = Table {
    doc: "How domains are looked at. Every key here may also stand in a `[[domain]]`, for that domain alone.",
    groups: &[PROBE_KEYS],
};

const PROBE_KEYS: &[Key] = &[
    Key::new("interval", Kind::Duration(100), "How often a domain is looked at; at least 100ms.").or("\"1m\""),
    Key::new(
        "timeout",
        Kind::Duration(1),
        "From connect to the end of the body, each address. DNS has its own of the same length.",
    )
    .or("\"10s\""),
    Key::new(
        "http_addresses",
        Kind::Count(1, 16),
        "At how many addresses a look asks for the discovery document; the others have their turn at the next look.",
    )
    .or("4"),
    Key::new(
        "nameservers",
        Kind::List(&Kind::Nameserver, 0),
        "The resolvers to ask and compare, at most four. Empty for the system's. The certificates of those over TLS and \
         HTTPS are checked by `roots`; names are not looked up here, so each has its address.",
    )
    .or("[]"),
    Key::new("hosts_file", Kind::Flag, "Whether names in `/etc/hosts` have the addresses it says.").or("false"),
    Key::new("dns_cache_min", Kind::Duration(0), "DNS answers are remembered for their TTL, but at least so long ...")
        .or("\"5s\""),
    Key::new(
        "dns_cache_max",
        Kind::Duration(0),
        "... and at most so long; \"there is nothing\" no longer than five minutes. `0s` to remember none.",
    )
    .or("\"1h\""),
    Key::new(
        "authoritative",
        Kind::Flag,
        "Ask the zone's own name servers as well, each by itself, every five minutes and when the records are in doubt. \
         They are asked directly, so port 53 must be open to the world.",
    )
    .or("false"),
    Key::new(
        "authorities",
        Kind::List(&Kind::Address(Some(53)), 0),
        "These name servers instead of those the zone names, a hidden primary for instance; port 53 unless given. Makes \
         `authoritative` true unless that is written.",
    )
    .or("[]"),
    Key::new(
        "dnssec",
        Kind::Flag,
        "`nameservers` check signatures, and neither they nor the way to them is in doubt: what they say of them is \
         judged, and when signatures run out.",
    )
    .or("false"),
    Key::new(
        "rdap",
        Kind::Flag,
        "Ask the registry once a day when the registration of the domain runs out, and whether it is on hold.",
    )
    .or("false"),
    Key::new(
        "rdap_bootstrap",
        Kind::HttpUrl,
        "Where the list of registries is (RFC 9224); your own may name others.",
    )
    .or("\"https://data.iana.org/rdap/dns.json\""),
    Key::new(
        "roots",
        Kind::List(&Kind::Roots, 1),
        "Whom to trust: `mozilla` (what customers' browsers have), `system`, or PEM files.",
    )
    .or("[\"mozilla\"]"),
    Key::new(
        "intermediates",
        Kind::List(&Kind::Pem, 0),
        "PEM files with intermediate certificates, to tell an incomplete chain from an untrusted one.",
    )
    .or("[]"),
    Key::new(
        "compare_roots",
        Kind::List(&Kind::Roots, 0),
        "Stores that are asked as well, each by itself; one that sees a certificate otherwise than `roots` is a finding.",
    )
    .or("[]"),
    Key::new(
        "distrust",
        Kind::Distrust,
        "A file with CAs that are not trusted any more: a line each, the SHA-256 of its certificate, then nothing, \
         `issued-after 2026-04-15` or `logged-after 2026-04-15`.",
    ),
    Key::new(
        "aia",
        Kind::Flag,
        "Whether a certificate that a server leaves out is fetched from where the chain says, once a day at most.",
    )
    .or("true"),
    Key::new(
        "revocation",
        Kind::Choice(&["off", "staple", "crl"]),
        "How it is found out whether certificates were revoked: by the stapled OCSP response, or by the CA's lists too.",
    )
    .or("\"crl\""),
    Key::new(
        "families",
        Kind::Choice(&["auto", "ipv4", "ipv6", "both"]),
        "The address families customers come by; `auto` is every one this machine has a route for.",
    )
    .or("\"auto\""),
    Key::new(
        "warn_before",
        Kind::Threshold,
        "When an expiry becomes a warning. Of a span and a share of the lifetime the lesser counts.",
    )
    .or("[\"21d\", \"25%\"]"),
    Key::new("critical_before", Kind::Threshold, "When it becomes critical, likewise; not above `warn_before`.")
        .or("[\"7d\", \"10%\"]"),
    Key::new("contact", Kind::Ascii, "Added to the User-Agent, so that who is looked at knows whom to ask."),
    Key::new(
        "key_markers",
        Kind::List(&Kind::Text, 0),
        "Texts in an answer that mean that Auth0's edge rejects the proxy's key; they replace the built-in one.",
    )
    .or("[\"Invalid API key\"]"),
    Key::new(
        "legacy_versions",
        Kind::Flag,
        "Ask each address once a day, by three short connections, whether it still takes TLS 1.0, TLS 1.1 or SSL 3.0.",
    )
    .or("true"),
    Key::new(
        "mtls_aliases",
        Kind::Flag,
        "Watch the host for mutual TLS as well, `mtls.` and the domain, where the discovery document names it.",
    )
    .or("true"),
    Key::new(
        "ct_log_list",
        Kind::LogList,
        "A list of certificate transparency logs (`log_list.json`, version 3): timestamps in certificates are verified by it.",
    ),
    Key::new(
        "ari",
        Kind::Flag,
        "Ask the CA when it suggests to renew (RFC 9773): one GET a certificate every 6 hours, without an account.",
    )
    .or("true"),
    Key::new(
        "acme_directory",
        Kind::HttpUrl,
        "The ACME directory of the CA to ask. Without it: as known of the CA; those of Let's Encrypt, Google and ZeroSSL are.",
    ),
    Key::new(
        "caa_identifiers",
        Kind::List(&Kind::Name, 0),
        "By which names the CA that will renew goes in CAA records. Empty: as known of the CA of the certificate in use.",
    )
    .or("[]"),
];

static WATCH: Table = Table {
    doc: "Notafter's own sight: who watches the watchdog.",
    groups: &[&[
        Key::new(
            "heartbeat_url",
            Kind::Target,
            "A dead man's switch: the URL of a check at healthchecks.io or its likes, which may be a secret. It is asked for \
             only while looks are made, the state is stored and notices are taken.",
        ),
        Key::new(
            "heartbeat_every",
            Kind::Duration(1000),
            "How often it is asked for; healthchecks.io ignores more than five pings a minute.",
        )
        .or("\"1m\""),
        Key::new(
            "heartbeat_style",
            Kind::Choice(&["healthchecks", "plain"]),
            "`healthchecks`: `/start` and `/fail` behind the URL say that notafter begins, and what is broken. `plain`: the \
             URL alone, as other services want it; silence says the rest.",
        )
        .or("\"healthchecks\""),
        Key::new(
            "relay_check",
            Kind::Duration(0),
            "How often each mail relay is asked whether it would take a mail for each recipient, up to the login and RCPT; \
             nothing is sent. `0s` for never.",
        )
        .or("\"1h\""),
        Key::new("heartbeat_roots", Kind::Pem, "Roots for its certificate, instead of the system's."),
        Key::new(
            "status_feed",
            Kind::HttpUrl,
            "The feed of Auth0's status page, `https://status.auth0.com/feed`. It is asked for a tenant whose logins fail, \
             every five minutes at most, and what it says is mentioned beside the finding.",
        ),
        Key::new(
            "references",
            Kind::List(&Kind::HostPort, 0),
            "Hosts that share nothing with the watched path; if they fail too, it is we who cannot see.",
        )
        .or("[]"),
        Key::new(
            "looks_per_address",
            Kind::Count(1, 1024),
            "Looks at one address at once, of all domains that are there; others wait for their turn. By default as many as \
             their intervals need if a look takes two seconds, and at least four.",
        ),
        Key::new(
            "receivers",
            Kind::List(&Kind::Word, 1),
            "Who is told of it: of our store, our resolvers, mail that cannot be delivered. Default: every receiver.",
        ),
    ]],
};

static STORE: Table = Table {
    doc: "Where the state is kept that survives a restart.",
    groups: &[&[
        Key::new(
            "path",
            Kind::Path,
            "The SQLite file. Default: `notafter.db` in `$STATE_DIRECTORY`, else in `/var/lib/notafter`.",
        ),
        Key::new("postgres", Kind::Postgres, "A PostgreSQL database instead. This build has none: an error."),
    ]],
};

static POLICY: Table = Table {
    doc: "When a finding becomes an incident, how often it is spoken of, and when it is over. Down to `flap_window` a key may \
          also stand in `[group.policy]` and `[domain.policy]`: what a domain says itself counts before what its groups \
          say, of these the last before the others, and all of it before what stands here. `notafter config explain \
          DOMAIN` shows what holds, and why.",
    groups: &[
        LIFE_KEYS,
        PACE_KEYS,
        &[
            Key::new(
                "fallback",
                Kind::Word,
                "The receiver that is told of what no route is about, and of what is critical and another receiver could \
                 not be told.",
            ),
            Key::new(
                "fallback_after",
                Kind::Duration(60_000),
                "It is told of what is critical once another receiver could not be told of it for so long.",
            )
            .or("\"15m\""),
        ],
    ],
};

static OWN_POLICY: Table =
    Table { doc: "What of `[policy]` is otherwise for these: its keys down to `flap_window`.", groups: &[LIFE_KEYS] };

const LIFE_KEYS: &[Key] = &[
    Key::new("confirm_fact", Kind::Duration(0), "A fact is read once more after so long, on a fresh connection.")
        .or("\"10s\""),
    Key::new(
        "confirm_network",
        Kind::List(&Kind::Duration(0), 0),
        "A fault of the network is looked at again so long after it was first seen, each time; in rising order.",
    )
    .or("[\"20s\", \"40s\"]"),
    Key::new("resolve_after", Kind::Count(1, 1000), "So many good looks of the same address resolve an incident ...")
        .or("3"),
    Key::new("resolve_for", Kind::Duration(0), "... if they span at least so long.").or("\"2m\""),
    Key::new(
        "remind_critical",
        Kind::List(&Kind::Duration(60_000), 0),
        "What is critical is told again so long after it was told, in rising order; the last is how often from then on. \
         None, and it is told once. An expiry is told again at each halving of the time left instead.",
    )
    .or("[\"1h\", \"4h\", \"1d\"]"),
    Key::new("remind_warning", Kind::List(&Kind::Duration(60_000), 0), "Likewise of warnings.").or("[\"1d\"]"),
    Key::new(
        "flap_after",
        Kind::Count(0, 100),
        "An incident that opens so often within `flap_window` flaps: that is said once, and it is over only when it was \
         good for that long. 0: never.",
    )
    .or("4"),
    Key::new("flap_window", Kind::Duration(60_000), "See `flap_after`.").or("\"1h\""),
];

const PACE_KEYS: &[Key] = &[
    Key::new(
        "collect_for",
        Kind::Duration(0),
        "Notices to one receiver gather for so long before they are a mail. May stand in a `[[receiver]]`.",
    )
    .or("\"30s\""),
    Key::new(
        "group_interval",
        Kind::Duration(0),
        "What is new of a cause that a receiver was told of gathers for so long at least before there is another mail \
         about it; each further mail doubles that, up to an hour. May stand in a `[[receiver]]`.",
    )
    .or("\"5m\""),
    Key::new(
        "retry",
        Kind::List(&Kind::Duration(0), 1),
        "Waits before a mail that could not be delivered is tried again; the last repeats. Attempts begin at least a \
         second apart. May stand in a `[[receiver]]`.",
    )
    .or("[\"10s\", \"30s\", \"1m\", \"5m\", \"15m\", \"1h\"]"),
    Key::new(
        "mails_per_hour",
        Kind::Count(1, 3600),
        "A receiver gets at most so many mails an hour; what is more comes as a summary. May stand in a `[[receiver]]`.",
    )
    .or("10"),
    Key::new(
        "stale_after",
        Kind::Duration(60_000),
        "What could not be delivered for so long is told in one mail, as it is by then; what is over is counted. May \
         stand in a `[[receiver]]`.",
    )
    .or("\"6h\""),
];

static GROUP: Table = Table {
    doc: "Domains for which another policy holds. A domain may be in several; the last that says something counts.",
    groups: &[&[
        Key::new(
            "match",
            Kind::Matches,
            "The labels a domain must have, each with one value or several of which it must have one.",
        )
        .or("{}"),
        Key::new(
            "domains",
            Kind::List(&Kind::Text, 1),
            "Names, `*.example.com` for all below one, or `*` for all; with `match`, both must hold.",
        ),
        Key::new("policy", Kind::Table(&OWN_POLICY), "What holds for them.").required(),
    ]],
};

static RECEIVER: Table = Table {
    doc: "Someone to tell.",
    groups: &[&[
        Key::new("name", Kind::Word, "What routes and metrics call it: letters, digits, `_`, `-` and dots.").required(),
        Key::new("email", Kind::Table(&EMAIL), "Tell it by mail. A receiver has exactly one channel."),
        Key::new(
            "alertmanager",
            Kind::Table(&ALERTMANAGER),
            "Show it what fires, as Prometheus does: an Alertmanager.",
        ),
        Key::new("webhook", Kind::Table(&WEBHOOK), "Tell it by a webhook."),
        Key::new("collect_for", Kind::Duration(0), "As in `[policy]`, for this receiver."),
        Key::new("group_interval", Kind::Duration(0), "As in `[policy]`, for this receiver."),
        Key::new("retry", Kind::List(&Kind::Duration(0), 1), "As in `[policy]`, for this receiver."),
        Key::new("mails_per_hour", Kind::Count(1, 3600), "As in `[policy]`, for this receiver."),
        Key::new("stale_after", Kind::Duration(60_000), "As in `[policy]`, for this receiver."),
        Key::new("timezone", Kind::Zone, "By which clock `quiet` and `digest` go: a name of the IANA database.")
            .or("\"UTC\""),
        Key::new("quiet", Kind::Tables(&QUIET), "When warnings wait; what is critical never does."),
        Key::new("digest", Kind::Table(&DIGEST), "When warnings come together, in one mail."),
    ]],
};

static QUIET: Table = Table {
    doc: "Quiet hours: warnings wait for their end, and then come in one mail. What is critical never waits.",
    groups: &[&[
        Key::new("days", Kind::List(&Kind::Days, 1), "The days of the week on which they begin.").or("[\"mon-sun\"]"),
        Key::new("from", Kind::Moment, "The time of day at which they begin.").required(),
        Key::new("to", Kind::Moment, "The time of day at which they end; not later than `from`: of the next day.")
            .required(),
    ]],
};

static DIGEST: Table = Table {
    doc: "Everything below critical gathers for one mail at this time; if there is nothing, there is no mail.",
    groups: &[&[
        Key::new("days", Kind::List(&Kind::Days, 1), "The days of the week on which it comes.").or("[\"mon-sun\"]"),
        Key::new("at", Kind::Moment, "The time of day.").required(),
        Key::new(
            "critical",
            Kind::Flag,
            "Whether what is critical waits for it too, in quiet hours as well. For a receiver besides one that is told at \
             once.",
        )
        .or("false"),
    ]],
};

static EMAIL: Table = Table {
    doc: "Tell it by mail.",
    groups: &[&[
        Key::new("to", Kind::List(&Kind::Mailbox, 1), "The recipients.").required(),
        Key::new("from", Kind::Mailbox, "The sender.").required(),
        Key::new(
            "relay",
            Kind::Relay,
            "`smtp://` (STARTTLS required; port 587), `smtps://` (TLS from the first byte; 465) or `smtp+plain://` \
             (25; loopback only unless allowed). Or `relays`.",
        ),
        Key::new(
            "relays",
            Kind::Tables(&RELAY),
            "Several relays instead of `relay`: the next is tried where one fails.",
        ),
        Key::new("templates", Kind::Table(&TEMPLATES), "Templates of your own for its mails."),
        Key::new("username", Kind::Text, "Who we are to the relay; with `password`."),
        Key::new("password", Kind::Secret, "The password for it, from the environment or a file."),
        Key::new(
            "roots",
            Kind::Pem,
            "A PEM file with the roots the relay is checked against, instead of the system's.",
        ),
        Key::new(
            "allow_plain",
            Kind::Flag,
            "Let `smtp+plain://` leave this machine: anyone on the way can read the mail.",
        )
        .or("false"),
    ]],
};

static RELAY: Table = Table {
    doc: "One of several relays, in the order in which they are tried: the next only where one could not be reached, would \
          not have us, or refused the mail for now.",
    groups: &[&[
        Key::new("url", Kind::Relay, "As `relay`.").required(),
        Key::new("username", Kind::Text, "Who we are to it; with `password`."),
        Key::new("password", Kind::Secret, "The password for it, from the environment or a file."),
        Key::new("roots", Kind::Pem, "A PEM file with the roots it is checked against, instead of the system's."),
        Key::new(
            "allow_plain",
            Kind::Flag,
            "Let `smtp+plain://` leave this machine: anyone on the way can read the mail.",
        )
        .or("false"),
    ]],
};

static ALERTMANAGER: Table = Table {
    doc: "Show it what fires, as Prometheus does: an Alertmanager, or a cluster of them.",
    groups: &[&[
        Key::new(
            "urls",
            Kind::List(&Kind::HttpUrl, 1),
            "The Alertmanagers, such as `https://alertmanager.example.com`; several are a cluster, and each is posted every \
             alert. `http://` goes to loopback only unless allowed.",
        )
        .required(),
        Key::new("username", Kind::Text, "Who we are to them; with `password`."),
        Key::new("password", Kind::Secret, "The password for it, from the environment or a file."),
        Key::new("bearer_token", Kind::Secret, "A token instead, from the environment or a file."),
        Key::new("roots", Kind::Pem, "A PEM file with the roots they are checked against, instead of the system's."),
        Key::new(
            "allow_plain",
            Kind::Flag,
            "Let `http://` leave this machine: anyone on the way can read and forge alerts.",
        )
        .or("false"),
        Key::new(
            "resend",
            Kind::Duration(1000),
            "How often what fires is posted again. An alert ends by itself four times that after its last post.",
        )
        .or("\"1m\""),
        Key::new(
            "labels",
            Kind::Labels,
            "Labels of every alert besides its own; the same on every notafter that watches the same domains.",
        )
        .or("{}"),
        Key::new("external_url", Kind::HttpUrl, "Where people reach the status page: an alert's `generatorURL`."),
        Key::new(
            "runbook_url",
            Kind::HttpUrl,
            "What a finding's code is put behind to make the annotation `runbook_url`: `https://wiki.example.com/notafter/`.",
        ),
    ]],
};

static WEBHOOK: Table = Table {
    doc: "Tell it by a webhook: JSON, posted to a URL. `docs/webhooks.md` has what is posted, and how to verify it.",
    groups: &[&[
        Key::new(
            "url",
            Kind::Target,
            "Where to post. A URL that is itself a secret, such as Slack's, is held elsewhere. `http://` goes to \
             loopback only unless allowed. Required, but `pagerduty` and `opsgenie` have a default.",
        ),
        Key::new(
            "template",
            Kind::Template,
            "What is posted: notafter's own JSON, what the service of this name takes, or what a template makes.",
        )
        .or("\"notafter\""),
        Key::new("headers", Kind::Headers, "Headers of every post besides our own.").or("{}"),
        Key::new("routing_key", Kind::Secret, "The integration's key; with `template = \"pagerduty\"`."),
        Key::new("api_key", Kind::Secret, "The integration's key; with `template = \"opsgenie\"`."),
        Key::new(
            "signing_secret",
            Kind::Secret,
            "Signs every post as Standard Webhooks has it: `whsec_` and base64 of 24 to 64 bytes.",
        ),
        Key::new(
            "roots",
            Kind::Pem,
            "A PEM file with the roots the server is checked against, instead of the system's.",
        ),
        Key::new(
            "allow_plain",
            Kind::Flag,
            "Let `http://` leave this machine: anyone on the way can read and forge what is posted.",
        )
        .or("false"),
    ]],
};

static TEMPLATES: Table = Table {
    doc: "Templates of your own for the mails, instead of those that are built in; `docs/templates.md` says what they are \
          given. They are read at the start and tried on a sample of each mail.",
    groups: &[&[
        Key::new("subject", Kind::Path, "The subject, which must come out as one line."),
        Key::new("text", Kind::Path, "The plain text part."),
        Key::new("html", Kind::Path, "The HTML part, in which values are escaped."),
    ]],
};

static ROUTE: Table = Table {
    doc: "Who is told of what. Without any route every receiver is told of every domain. Every route that matches counts, \
          whatever the order: a receiver is told of what any of its routes is about. Our own sight is not routed, see \
          `receivers` in `[watch]`.",
    groups: &[&[
        Key::new(
            "match",
            Kind::Matches,
            "The labels a domain must have, each with one value or several of which it must have one; none for every \
             domain.",
        )
        .or("{}"),
        Key::new(
            "domains",
            Kind::List(&Kind::Text, 1),
            "Names, `*.example.com` for all below one, or `*` for all; with `match`, both must hold. Default: all.",
        ),
        Key::new(
            "codes",
            Kind::List(&Kind::Text, 1),
            "Only faults of these codes, or of whole areas such as `tls.*`. Default: all. Who was told of an incident is \
             told of its end, whatever it had become.",
        ),
        Key::new("receivers", Kind::List(&Kind::Word, 1), "The names of the receivers to tell.").required(),
        Key::new("min_severity", Kind::Choice(&["info", "warning", "critical"]), "Only what is at least as bad.")
            .or("\"warning\""),
    ]],
};

static MAINTENANCE: Table = Table {
    doc: "A time in which what matches is not told: a silence that the configuration makes. Everything else goes on, and \
          what is still there at its end is told then.",
    groups: &[&[
        Key::new(
            "domains",
            Kind::List(&Kind::Text, 1),
            "The domains it is about: names, `*.example.com` for all below one, `*` for all. Default: every one that the \
             other keys are about.",
        ),
        Key::new(
            "match",
            Kind::Matches,
            "The labels a domain must have, each with one value or several of which it must have one; none for every \
             domain.",
        )
        .or("{}"),
        Key::new(
            "codes",
            Kind::List(&Kind::Text, 1),
            "The codes it is about, or whole areas such as `tls.*`. Default: all. `watch.*`, our own sight, only without \
             `domains` and `match`.",
        ),
        Key::new("max_severity", Kind::Choice(&["warning", "critical"]), "Only what is no worse than this."),
        Key::new(
            "from",
            Kind::Moment,
            "When it begins: a time of day, for a window that recurs; or a date and time, in `timezone` unless it has an \
             offset.",
        )
        .required(),
        Key::new(
            "to",
            Kind::Moment,
            "When it ends, likewise. A time of day that is not later than `from` is one of the next day.",
        )
        .required(),
        Key::new("days", Kind::List(&Kind::Days, 1), "The days of the week on which a window begins that recurs.")
            .or("[\"mon-sun\"]"),
        Key::new("timezone", Kind::Zone, "By which clock: a name of the IANA database.").or("\"UTC\""),
        Key::new("comment", Kind::Text, "Why, for who wonders what is held back.").required(),
    ]],
};

static TENANT: Table = Table {
    doc: "An Auth0 tenant whose Management API is asked: for its custom domains, and to check against.",
    groups: &[&[
        Key::new("domain", Kind::Name, "The tenant's canonical host.").required(),
        Key::new("api_base", Kind::HttpUrl, "Where its Management API is, if not at that host."),
        Key::new("audience", Kind::Text, "The audience of its tokens, if it differs."),
        Key::new("client_id", Kind::Text, "The machine-to-machine application.").required(),
        Key::new("client_secret", Kind::Secret, "Its secret, from the environment or a file.").required(),
        Key::new("discover", Kind::Flag, "Watch every self-managed custom domain that it lists.").or("false"),
        Key::new("ignore", Kind::List(&Kind::Name, 0), "Custom domains that it may list or lose; nobody is told.")
            .or("[]"),
        Key::new("labels", Kind::Labels, "The labels of the domains that it lists, for routes.").or("{}"),
        Key::new(
            "client_ip",
            Kind::List(&Kind::Ip, 0),
            "The addresses this machine's requests come from. If given, it is checked that Auth0 takes them for the \
             client's: once a day a token is asked for through one of the domains, and the tenant's log is read \
             (`read:logs`).",
        )
        .or("[]"),
    ]],
};

static DOMAIN: Table = Table {
    doc: "A custom domain to watch. Every key of `[probe]` may stand here too, for this domain alone.",
    groups: &[
        &[
            Key::new("name", Kind::Name, "The custom domain, with umlauts or in A-labels.").required(),
            Key::new("cname", Kind::RecordName, "A name that must be in its CNAME chain: the proxy's or CDN's."),
            Key::new("txt", Kind::Text, "The value of its ownership TXT record."),
            Key::new(
                "txt_name",
                Kind::RecordName,
                "Where that record is. Default: `_cf-custom-hostname.` and the domain.",
            ),
            Key::new(
                "verification",
                Kind::Choice(&["ready", "pending"]),
                "How far Auth0's verification of ownership is; while it is pending a missing TXT record is critical.",
            )
            .or("\"ready\""),
            Key::new("verification_started", Kind::Time, "When the pending verification began."),
            Key::new(
                "addresses",
                Kind::List(&Kind::Address(Some(443)), 0),
                "Connect here instead, port 443 unless given. All records are still asked and judged.",
            )
            .or("[]"),
            Key::new("labels", Kind::Labels, "Your own labels, for routes and for `notafter_domain_info`.").or("{}"),
            Key::new("live", Kind::Flag, "Customers use it: a fault is one from the first look on.").or("true"),
            Key::new(
                "client_certificate",
                Kind::Table(&CLIENT_CERTIFICATE),
                "Shown to this domain's servers, and those of its host for mutual TLS, where they ask for one.",
            ),
            Key::new("auth0", Kind::Table(&AUTH0), "The two views past the proxy."),
            Key::new("policy", Kind::Table(&OWN_POLICY), "What of `[policy]` is otherwise for this domain."),
        ],
        PROBE_KEYS,
    ],
};

static EVIDENCE: Table = Table {
    doc: "A sign of who answered, for placing faults: of your proxy or CDN, or one of Auth0's that is not built in. With \
          both keys the text is looked for in that header, in any case.",
    groups: &[&[
        Key::new("header", Kind::Ascii, "The header it stands in; without it the text is looked for in the body."),
        Key::new("contains", Kind::Text, "The text; without it the header needs only be there."),
        Key::new("hop", Kind::Choice(&["proxy", "cdn", "edge", "tenant"]), "Whose sign it is.").required(),
    ]],
};

static CLIENT_CERTIFICATE: Table = Table {
    doc: "A client certificate of notafter's own, shown in the ordinary handshake to servers that ask for one.",
    groups: &[&[
        Key::new("chain", Kind::Pem, "A PEM file with the certificate, and then its intermediates.").required(),
        Key::new("key", Kind::Secret, "Its private key in PEM, not encrypted, from a file or the environment.")
            .required(),
    ]],
};
/// What a daemon may try by itself; what only an attacker would send is tried by hand.
const CLAUSES: [&str; 8] = ["post", "authorization", "query", "cookies", "https", "authorize", "saml", "ws_federation"];

static AUTH0: Table = Table {
    doc: "The two views past the proxy: the tenant's canonical host, and Auth0's edge with the proxy's own key.",
    groups: &[&[
        Key::new(
            "tenant",
            Kind::Name,
            "The tenant's canonical host. It is looked at once an interval, for all its domains together.",
        ),
        Key::new(
            "origin",
            Kind::Name,
            "The origin host that Auth0 gave for the proxy. It is looked at every five minutes, and at once when the \
             domain fails.",
        ),
        Key::new("tenant_addresses", Kind::List(&Kind::Address(Some(443)), 0), "As `addresses`, for the tenant.")
            .or("[]"),
        Key::new("origin_addresses", Kind::List(&Kind::Address(Some(443)), 0), "As `addresses`, for the origin.")
            .or("[]"),
        Key::new(
            "cname_api_key",
            Kind::Secret,
            "The key the proxy sends, from the environment or a file. It is sent to the origin host alone, over a \
             connection whose certificate was verified.",
        ),
        Key::new(
            "contract",
            Kind::List(&Kind::Choice(&CLAUSES), 0),
            "What of the proxy's part of the bargain is tried once a day, at one of the addresses: `post` (POST passes; \
             the tenant's log may have a failed exchange for it), `authorization`, `query` and `cookies` (they are a \
             part of the cache's key), `https` (http:// leads to https://), `authorize` and `saml` (for `client_id`), \
             `ws_federation`.",
        )
        .or("[]"),
        Key::new("client_id", Kind::Text, "A client of yours, for `authorize` and `saml` of `contract`."),
        Key::new("redirect_uri", Kind::HttpUrl, "Where that client lets users return to, for `authorize`."),
        Key::new(
            "plain_addresses",
            Kind::List(&Kind::Address(Some(80)), 0),
            "Where plain HTTP is answered, if not at port 80 of the addresses looked at.",
        )
        .or("[]"),
    ]],
};
