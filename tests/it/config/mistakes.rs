//! Every kind of mistake, a fixture file each, with its place and its words.

use std::path::Path;

use notafter::config::{self, Mistake};
use notafter::notify::Channel;

use super::fixtures::{fixture, names, parse};

/// A mistake: line, column, key, message.
type Told = (usize, usize, &'static str, &'static str);

/// What each file must yield, no more and no less, in this order.
const EXPECTED: &[(&str, &[Told])] = &[
    (
        "at_once.toml",
        &[
            (2, 10, "server.listen", "\"localhost\" is no IP address and port"),
            (
                5,
                8,
                "domain[0].name",
                "\"exa mple\" is no domain name: a domain name cannot contain ' '; letters, digits, hyphens and dots are allowed",
            ),
            (6, 1, "domain[0].intervall", "unknown key \"intervall\" in `domain[0]`"),
            (10, 12, "domain[1].interval", "\"5\" has no unit"),
            (13, 8, "domain[2].name", "the domain login.example.com stands here a second time; first in line 9"),
            (22, 12, "receiver[0].email.password", "the secret is written out in the file"),
            (25, 14, "route[0].receivers", "there is no receiver `oncal`"),
        ],
    ),
    (
        "bad_address.toml",
        &[
            (2, 10, "server.listen", "\"127.0.0.1\" has no port"),
            (5, 34, "probe.nameservers[1]", "\"dns.example.com\" is no resolver: no IP address and port"),
            (8, 15, "watch.references[0]", "\"example.org\" has no port"),
            (9, 17, "watch.heartbeat_url", "the URL does not begin with http:// or https://"),
            (13, 14, "domain[0].addresses[0]", "\"proxy.example.com:8443\" is no IP address and port"),
            (13, 40, "domain[0].addresses[1]", "\"127.0.0.1:99999\" is no IP address and port"),
        ],
    ),
    (
        "bad_alertmanager.toml",
        &[
            (4, 1, "receiver[0].alertmanager.urls", "`urls` is missing here"),
            (9, 9, "receiver[1].alertmanager.urls[0]", "the URL does not begin with http:// or https://"),
            (9, 32, "receiver[1].alertmanager.urls[1]", "a user or a password does not belong in a URL"),
            (10, 10, "receiver[1].alertmanager.resend", "\"100ms\" is too short: 1s is the least"),
            (15, 9, "receiver[2].alertmanager.urls", "alerts to am.example.com would leave this machine without TLS"),
            (15, 39, "receiver[2].alertmanager.urls", "an Alertmanager's URL has no query and no fragment"),
            (15, 70, "receiver[2].alertmanager.urls", "an Alertmanager's URL has no query and no fragment"),
            (15, 70, "receiver[2].alertmanager.urls", "this Alertmanager stands here already"),
            (16, 12, "receiver[2].alertmanager.username", "`username` stands here without `password`"),
            (
                17,
                16,
                "receiver[2].alertmanager.bearer_token",
                "`bearer_token` stands here beside `username` and `password`",
            ),
            (
                22,
                1,
                "receiver[3].alertmanager",
                "a receiver has one channel, and this one has `[receiver.email]` and `[receiver.alertmanager]`",
            ),
        ],
    ),
    (
        "bad_webhook.toml",
        &[
            (6, 1, "receiver[0].webhook.url", "`url` is missing here"),
            (
                11,
                7,
                "receiver[1].webhook.url",
                "whoever knows this URL can post there: a secret is written out in the file",
            ),
            (12, 12, "receiver[1].webhook.template", "cannot read /etc/notafter/slak: entity not found"),
            (17, 7, "receiver[2].webhook.url", "what is posted there would leave this machine without TLS"),
            (19, 15, "receiver[2].webhook.routing_key", "`routing_key` stands here without `template = \"pagerduty\"`"),
            (
                20,
                18,
                "receiver[2].webhook.signing_secret",
                "what is held there is no secret of Standard Webhooks: it must be base64 of 24 to 64 bytes, after `whsec_`",
            ),
            (25, 7, "receiver[3].webhook.url", "a user or a password does not belong in a URL"),
            (26, 29, "receiver[3].webhook.headers.Authorization", "the secret is written out in the file"),
            (26, 53, "receiver[3].webhook.headers.Host", "the header host is not to be given: notafter writes it"),
            (26, 66, "receiver[3].webhook.headers.\"X Y\"", "\"X Y\" is no name for a header"),
            (
                26,
                100,
                "receiver[3].webhook.headers.Webhook-Id",
                "the header webhook-id is not to be given: notafter writes it",
            ),
            (30, 1, "receiver[4].webhook.routing_key", "`routing_key` is missing here"),
            (37, 11, "receiver[5].webhook.api_key", "the secret is written out in the file"),
            (42, 7, "receiver[6].webhook.url", "what is held there is no URL that begins with http:// or https://"),
            (
                43,
                12,
                "receiver[6].webhook.template",
                "/etc/notafter/broken-hook.json: line 2: what it makes of the sample `expiry` is no JSON: expected `,` or `}`, near \"[critical] login.example.com: the certif\"",
            ),
            (
                49,
                15,
                "receiver[7].webhook.routing_key",
                "what is held there is no integration key: those have 32 characters",
            ),
        ],
    ),
    (
        "bad_resolvers.toml",
        &[
            (2, 15, "probe.nameservers", "5 resolvers are too many: 4 can be compared"),
            (2, 15, "probe.nameservers", "the resolver 192.0.2.1:53 stands here twice"),
            (3, 17, "probe.dns_cache_min", "dns_cache_min (2h) lies above dns_cache_max (1h)"),
            (6, 16, "domain[0].nameservers[0]", "\"tls://dns.example\" is no resolver: no IP address and port"),
            (
                6,
                37,
                "domain[0].nameservers[1]",
                "\"https://dns.example/dns-query\" is no resolver: the address of the host is missing",
            ),
            (
                6,
                70,
                "domain[0].nameservers[2]",
                "\"quic://192.0.2.1\" is no resolver: no way to ask a resolver that we know",
            ),
            (6, 90, "domain[0].nameservers[3]", "nothing can be asked at port 0"),
        ],
    ),
    (
        "bad_duration.toml",
        &[
            (2, 12, "probe.interval", "\"1w\" is no duration: \"w\" is no unit"),
            (3, 11, "probe.timeout", "\"10\" has no unit"),
            (6, 16, "policy.confirm_fact", "\"1h30m\" is no duration: \"h30m\" is no unit"),
            (7, 15, "policy.resolve_for", "\"soon\" is no duration: a number was expected first"),
            (8, 17, "policy.retry[1]", "\"-1s\" is no duration: a number was expected first"),
            (12, 12, "domain[0].interval", "\"99999999999999d\" is too long"),
        ],
    ),
    (
        "bad_calendar.toml",
        &[
            (6, 9, "receiver[0].quiet", "the quiet hours never end: no warning would ever be told"),
            (10, 12, "receiver[1].timezone", "`timezone` stands here with nothing that goes by it"),
            (14, 33, "receiver[2].quiet[0].to", "they end when they begin; a whole day is from 00:00 to 24:00"),
            (14, 67, "receiver[2].quiet[1].to", "`to` is a time of day, and this is a date and time"),
            (15, 17, "receiver[2].digest.at", "24:00 is the end of a day, nothing begins there"),
            (
                18,
                9,
                "receiver[3].quiet",
                "`quiet` has no meaning for an Alertmanager: it is shown what fires, and tells by its own rules",
            ),
            (
                19,
                10,
                "receiver[3].digest",
                "`digest` has no meaning for an Alertmanager: it is shown what fires, and tells by its own rules",
            ),
        ],
    ),
    (
        "bad_maintenance.toml",
        &[
            (4, 12, "maintenance[0].domains", "a label is empty (two dots in a row, or a leading dot)"),
            (5, 9, "maintenance[0].days[0]", "\"saturday\" is no day of the week"),
            (6, 8, "maintenance[0].from", "\"2:00\" is neither a time of day nor a date and time"),
            (8, 12, "maintenance[0].timezone", "\"Europe/Berlni\" is no time zone"),
            (
                11,
                9,
                "maintenance[1].codes",
                "there is no code \"tls.expierd\"; `notafter explain` knows them, `tls.*` is an area",
            ),
            (13, 6, "maintenance[1].to", "one is a time of day, the other a date and time"),
            (
                15,
                1,
                "maintenance[2].domains",
                "it would silence everything: name domains, labels or codes (`*` is every domain)",
            ),
            (17, 6, "maintenance[2].to", "they end when they begin; a whole day is from 00:00 to 24:00"),
            (21, 8, "maintenance[3].days", "a window with dates does not recur"),
            (23, 6, "maintenance[3].to", "2026-05-01T22:00:00Z is not later than the beginning, 2026-05-01T22:00:00Z"),
        ],
    ),
    (
        "bad_name.toml",
        &[
            (
                2,
                8,
                "domain[0].name",
                "\"exa mple\" is no domain name: a domain name cannot contain ' '; letters, digits, hyphens and dots are allowed",
            ),
            (5, 8, "domain[1].name", "\"-x.example\" is no domain name: the label \"-x\" begins or ends with a hyphen"),
            (
                8,
                8,
                "domain[2].name",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example\" is no domain name: the label \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is 64 bytes long; 63 is the most",
            ),
            (
                11,
                8,
                "domain[3].name",
                "\"192.0.2.1\" is no domain name: 192.0.2.1 is an IP address; a domain name is needed (put the address under `addresses`)",
            ),
            (
                14,
                8,
                "domain[4].name",
                "\"https://login.example.com/\" is no domain name: a domain name cannot contain ':'; letters, digits, hyphens and dots are allowed",
            ),
            (
                15,
                9,
                "domain[4].cname",
                "\"*.example.net\" is no domain name: a domain name cannot contain '*'; letters, digits, hyphens and dots are allowed",
            ),
        ],
    ),
    (
        "bad_life.toml",
        &[
            (
                2,
                19,
                "policy.remind_critical",
                "the times do not rise: each but the last counts from the moment it was told",
            ),
            (3, 18, "policy.remind_warning", "31d is too long: 30d is the most"),
            (4, 14, "policy.flap_after", "every incident would flap: it opens once"),
            (5, 15, "policy.flap_window", "it is too long: 1d is the most"),
            (6, 12, "policy.fallback", "there is no receiver `standbi`"),
            (9, 18, "group[0].match.team", "the list is empty: no domain would match"),
            (10, 28, "group[0].policy.resolve_after", "0 is out of bounds, a whole number from 1 to 1000 was expected"),
            (10, 31, "group[0].policy.collect_for", "unknown key \"collect_for\" in `group[0].policy`"),
            (12, 1, "group[1]", "it is not said which domains are in this group"),
            (15, 1, "group[2].policy", "`policy` is missing here"),
            (
                16,
                12,
                "group[2].domains",
                "a domain name cannot contain ' '; letters, digits, hyphens and dots are allowed",
            ),
            (19, 14, "watch.receivers", "there is no receiver `on-call`"),
            (
                32,
                19,
                "domain[0].policy.confirm_network",
                "the times do not rise: each counts from the moment the fault was first seen",
            ),
        ],
    ),
    (
        "bad_route.toml",
        &[
            (6, 24, "route[0].match.team", "expected a text in quotes, found a whole number"),
            (
                10,
                9,
                "route[1].codes",
                "there is no code \"tls.expierd\"; `notafter explain` knows them, `tls.*` is an area",
            ),
            (14, 9, "route[2].codes", "our own sight is not routed"),
            (
                18,
                12,
                "route[3].domains",
                "a domain name cannot contain '*'; letters, digits, hyphens and dots are allowed",
            ),
        ],
    ),
    (
        "route_of_codes_alone.toml",
        &[(
            10,
            8,
            "domain[0].name",
            "nobody is told of some faults of login.example.com: every route that matches it is about certain codes",
        )],
    ),
    (
        "bad_policy.toml",
        &[
            (2, 9, "policy.retry", "the list is empty"),
            (3, 18, "policy.mails_per_hour", "0 is out of bounds, a whole number from 1 to 3600 was expected"),
        ],
    ),
    (
        "bad_relay.toml",
        &[
            (6, 79, "receiver[0].email.relay", "the relay has no scheme"),
            (10, 79, "receiver[1].email.relay", "\"http\" is none of smtp, smtps and smtp+plain"),
            (14, 79, "receiver[2].email.relay", "the port is no number from 1 to 65535"),
            (18, 17, "receiver[3].email.to[0]", "\"oncall\" is no mail address: Invalid input"),
            (18, 35, "receiver[3].email.from", "\"@example.com\" is no mail address: Invalid input"),
            (18, 59, "receiver[3].email.relay", "bad host: the label \"-mail\" begins or ends with a hyphen"),
        ],
    ),
    (
        "bad_roots.toml",
        &[
            (2, 9, "probe.roots", "the list is empty"),
            (6, 21, "domain[0].roots[1]", "cannot read /etc/notafter/no-such-file.pem: entity not found"),
            (10, 10, "domain[1].roots[0]", "/etc/notafter/relay-password holds no certificate in PEM"),
        ],
    ),
    (
        "bad_client_certificate.toml",
        &[
            (
                5,
                7,
                "domain[0].client_certificate.key",
                "there is no private key in PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)",
            ),
            (11, 7, "domain[1].client_certificate.key", "the private key is not that of the first certificate"),
            (17, 7, "domain[2].client_certificate.key", "the secret is written out in the file"),
            (21, 1, "domain[3].client_certificate.chain", "`chain` is missing here"),
        ],
    ),
    (
        "bad_log_list.toml",
        &[
            (
                2,
                15,
                "probe.ct_log_list",
                "/etc/notafter/roots.pem: it is no list of logs of version 3: invalid number at line 1 column 2",
            ),
            (6, 15, "domain[0].ct_log_list", "cannot read /etc/notafter/missing.json: entity not found"),
        ],
    ),
    (
        "bad_distrust.toml",
        &[
            (2, 12, "probe.distrust", "/etc/notafter/roots.pem: line 1: a SHA-256 fingerprint has 64 hex digits"),
            (6, 12, "domain[0].distrust", "cannot read /etc/notafter/missing.txt: entity not found"),
        ],
    ),
    (
        "bad_threshold.toml",
        &[
            (2, 23, "probe.warn_before", "\"120%\" is no share of a lifetime"),
            (3, 19, "probe.critical_before", "\"0d\" is no threshold: nothing would be told before the expiry"),
            (7, 23, "domain[0].warn_before", "\"14d\" is a second span"),
            (8, 19, "domain[0].critical_before", "an empty list is no threshold"),
            (
                12,
                15,
                "domain[1].warn_before",
                "expected a span, a share of the lifetime, or a list of both such as [\"21d\", \"25%\"], found a whole number",
            ),
            (13, 19, "domain[1].critical_before", "\"2.5%\" is no share of a lifetime"),
        ],
    ),
    (
        "bad_templates.toml",
        &[
            (
                11,
                11,
                "receiver[0].email.templates.subject",
                "/etc/notafter/bad_subject.jinja: the subject must be one line (in the sample `expiry`)",
            ),
            (
                12,
                8,
                "receiver[0].email.templates.text",
                "cannot read /etc/notafter/no-such-file.jinja: entity not found",
            ),
            (13, 8, "receiver[0].email.templates.html", "/etc/notafter/letters/bad_mail.html:1:7: there is no `intr`"),
            (13, 8, "receiver[0].email.templates.html", "/etc/notafter/letters/bad_mail.html:2:7: there is no `foter`"),
        ],
    ),
    (
        "bad_time.toml",
        &[
            (4, 24, "domain[0].verification_started", "\"yesterday\" is no time with a date and an offset (RFC 3339)"),
            (9, 24, "domain[1].verification_started", "\"2026-05-01\" is no time with a date and an offset (RFC 3339)"),
        ],
    ),
    (
        "domain_unreached.toml",
        &[(6, 8, "domain[1].name", "nobody is told of the domain shop.example.com: no route matches its labels")],
    ),
    (
        "duplicate_domain.toml",
        &[(5, 8, "domain[1].name", "the domain login.example.com stands here a second time; first in line 2")],
    ),
    (
        "duplicate_domain_unicode.toml",
        &[(
            5,
            8,
            "domain[1].name",
            "the domain xn--4ca.example (ä.example) stands here a second time; first in line 2",
        )],
    ),
    (
        "bad_relays.toml",
        &[
            (9, 9, "receiver[0].email.relay", "`relay` stands here beside `relays`"),
            (10, 9, "receiver[0].email.roots", "`roots` stands here beside `relays`"),
            (12, 7, "receiver[0].email.relays[0].url", "mail to mail.example.com would leave this machine without TLS"),
            (13, 1, "receiver[0].email.relays[1].url", "`url` is missing here"),
            (14, 12, "receiver[0].email.relays[1].username", "`username` stands here without `password`"),
            (18, 80, "receiver[1].email.relays", "the list is empty"),
        ],
    ),
    ("duplicate_receiver.toml", &[(9, 8, "receiver[1].name", "there is a receiver `oncall` already, in line 5")]),
    ("duplicate_route.toml", &[(11, 1, "route[1]", "this route says the same as the one in line 8")]),
    (
        "half_credentials.toml",
        &[
            (10, 12, "receiver[0].email.password", "`password` stands here without `username`"),
            (
                13,
                19,
                "policy.confirm_network",
                "the times do not rise: each counts from the moment the fault was first seen",
            ),
        ],
    ),
    (
        "interval_too_short.toml",
        &[
            (2, 12, "probe.interval", "\"99ms\" is too short: 100ms is the least"),
            (6, 12, "domain[0].interval", "\"0s\" is too short: 100ms is the least"),
            (7, 11, "domain[0].timeout", "\"0s\" is too short: 1ms is the least"),
        ],
    ),
    (
        "missing_key.toml",
        &[
            (1, 1, "domain[0].name", "`name` is missing here"),
            (4, 1, "receiver[0]", "the receiver has no channel: nobody could be told"),
            (9, 1, "receiver[1].email.relay", "`relay` is missing here"),
            (10, 6, "receiver[1].email.to", "the list is empty"),
            (13, 1, "route[0].receivers", "`receivers` is missing here"),
        ],
    ),
    ("no_postgres.toml", &[(2, 12, "store.postgres", "this build of notafter has no PostgreSQL")]),
    (
        "password_in_url.toml",
        &[
            (2, 17, "watch.heartbeat_url", "a user or a password does not belong in a URL"),
            (5, 12, "store.postgres", "a user or a password does not belong in a URL"),
            (15, 9, "receiver[0].email.relay", "a user or a password does not belong in a URL"),
        ],
    ),
    (
        "plain_relay.toml",
        &[(10, 79, "receiver[1].email.relay", "mail to mail.example.com would leave this machine without TLS")],
    ),
    (
        "receiver_unrouted.toml",
        &[
            (10, 8, "receiver[1].name", "the receiver `office` is told of no domain: no route names it"),
            (14, 8, "receiver[2].name", "the receiver `shop` is told of no domain: the routes that name it match none"),
        ],
    ),
    (
        "secret_file_unreadable.toml",
        &[(
            11,
            12,
            "receiver[0].email.password",
            "cannot read the secret's file /etc/notafter/no-such-file: entity not found",
        )],
    ),
    (
        "secret_in_broken_line.toml",
        &[
            (9, 52, "", "the text is not closed"),
            (10, 21, "", "the text is not closed"),
            (11, 12, "", "the value is neither in quotes nor a number, a time, true or false"),
        ],
    ),
    (
        "secret_malformed.toml",
        &[
            (11, 12, "receiver[0].email.password", "the secret has two sources"),
            (16, 19, "tenant[0].client_secret", "unknown key \"value\" in a secret"),
            (
                21,
                17,
                "tenant[1].client_secret",
                "`env` must name an environment variable: letters, digits and underscores",
            ),
            (26, 17, "tenant[2].client_secret", "it is not said where the secret is"),
            (31, 17, "tenant[3].client_secret", "the secret's file /etc/notafter/empty is empty"),
        ],
    ),
    (
        "secret_under_unknown_key.toml",
        &[
            (10, 12, "receiver[0].email.username", "`username` stands here without `password`"),
            (11, 1, "receiver[0].email.pasword", "unknown key \"pasword\" in `receiver[0].email`"),
        ],
    ),
    (
        "secret_variable_missing.toml",
        &[(11, 12, "receiver[0].email.password", "the environment variable NO_SUCH_VARIABLE is not set")],
    ),
    (
        "secret_written_out.toml",
        &[
            (11, 12, "receiver[0].email.password", "the secret is written out in the file"),
            (16, 17, "tenant[0].client_secret", "the secret is written out in the file"),
            (20, 11, "domain[1].auth0.orgin", "unknown key \"orgin\" in `domain[1].auth0`"),
            (20, 48, "domain[1].auth0.cname_api_key", "the secret is written out in the file"),
        ],
    ),
    ("syntax.toml", &[(2, 15, "", "the value is neither in quotes nor a number, a time, true or false")]),
    ("syntax_heading.toml", &[(1, 7, "", "the heading is not closed")]),
    (
        "syntax_several.toml",
        &[
            (2, 15, "", "the text is not closed"),
            (4, 1, "", "\"timeout\" stands here a second time"),
            (5, 1, "probe.http_adresses", "unknown key \"http_adresses\" in `probe`"),
            (6, 8, "", "there is a key here, but no value"),
        ],
    ),
    (
        "tenants.toml",
        &[
            (
                2,
                10,
                "tenant[0].domain",
                "nobody is told of the domains that one.us.auth0.com lists: no route matches its labels",
            ),
            (8, 10, "tenant[1].domain", "the tenant one.us.auth0.com stands here a second time; first in line 2"),
        ],
    ),
    (
        "thresholds_crossed.toml",
        &[
            (3, 19, "probe.critical_before", "critical_before (21d) lies above warn_before (7d)"),
            (3, 19, "probe.critical_before", "critical_before (25%) lies above warn_before (10%)"),
        ],
    ),
    (
        "thresholds_crossed_by_domain.toml",
        &[
            (7, 19, "domain[0].critical_before", "critical_before (30d) lies above warn_before (21d)"),
            (11, 15, "domain[1].warn_before", "critical_before (7d) lies above warn_before (36h)"),
        ],
    ),
    (
        "unknown_key.toml",
        &[
            (1, 1, "colour", "unknown key \"colour\" at the top of the file"),
            (4, 1, "probe.intervall", "unknown key \"intervall\" in `probe`"),
            (9, 1, "domain[0].auth0.orgin", "unknown key \"orgin\" in `domain[0].auth0`"),
        ],
    ),
    (
        "unknown_receiver.toml",
        &[
            (9, 24, "route[0].receivers", "there is no receiver `on-call`"),
            (9, 35, "route[0].receivers", "there is no receiver `manager`"),
        ],
    ),
    (
        "verification_not_pending.toml",
        &[(
            3,
            24,
            "domain[0].verification_started",
            "`verification_started` stands here, but the verification is not pending",
        )],
    ),
    (
        "wrong_type.toml",
        &[
            (1, 10, "server", "expected a table, under a heading in single brackets, found a text"),
            (
                4,
                12,
                "probe.interval",
                "expected a duration such as \"500ms\", \"90s\", \"5m\", \"2h\" or \"30d\", found a whole number",
            ),
            (5, 18, "probe.http_addresses", "expected a whole number from 1 to 16, found a text"),
            (
                6,
                9,
                "probe.roots",
                "expected a list in brackets, each \"mozilla\", \"system\" or the path of a PEM file, found a text",
            ),
            (
                7,
                16,
                "probe.nameservers[0]",
                "expected a resolver in quotes: \"system\", \"192.0.2.53\", \"tls://192.0.2.53#dns.example\" or \"https://dns.example/dns-query#192.0.2.53\", found a whole number",
            ),
            (9, 1, "domain", "expected tables, each under a heading in double brackets, found a table"),
        ],
    ),
    (
        "wrong_type_more.toml",
        &[
            (2, 18, "probe.http_addresses", "17 is out of bounds, a whole number from 1 to 16 was expected"),
            (3, 11, "probe.contact", "'ü' cannot stand in an HTTP header"),
            (7, 8, "domain[0].live", "expected true or false, found a text"),
            (8, 19, "domain[0].labels.team", "expected a text in quotes, found a whole number"),
            (8, 22, "domain[0].labels.\"my team\"", "\"my team\" is no name for a label"),
            (9, 12, "domain[0].families", "\"ipv5\" is none of the words for this"),
            (10, 1, "domain[0].auth0", "expected a table, under a heading in single brackets, found a list"),
        ],
    ),
];

#[test]
fn every_mistake_is_told_with_its_place() {
    for (name, expected) in EXPECTED {
        let mistakes = fixture(name).expect_err(name);
        let told: Vec<_> =
            mistakes.iter().map(|told| (told.line, told.column, told.key.as_str(), told.message.as_str())).collect();
        assert_eq!(told, *expected, "{name}");
    }
}

#[test]
fn every_fixture_is_valid_or_expected_to_fail() {
    for name in names() {
        let expected = EXPECTED.iter().any(|(expected, _)| *expected == name);
        assert_ne!(fixture(&name).is_ok(), expected, "{name}");
    }
}

#[test]
fn every_mistake_shows_its_line_and_its_mend() {
    for (name, _) in EXPECTED {
        for mistake in fixture(name).expect_err(name) {
            assert!(!mistake.mend.is_empty(), "{mistake}");
            assert_eq!(mistake.file, *name);
            assert!(mistake.line == 0 || !mistake.near.is_empty() && !mistake.mark.is_empty(), "{mistake}");
        }
    }
}

fn only(mistakes: Result<config::Settings, Vec<Mistake>>) -> Mistake {
    match mistakes.expect_err("a mistake").as_slice() {
        [mistake] => mistake.clone(),
        others => panic!("one mistake was expected: {others:#?}"),
    }
}

#[test]
fn a_mistake_prints_as_compilers_do() {
    let text = "[[domain]]\r\nname = \"ä.example\"\r\nlabels = { \"ö\" = \"x\", team = 5 }\r\n";
    let mistakes = parse(text, "config/notafter.toml").expect_err("two mistakes");
    assert_eq!(mistakes.len(), 2);
    assert_eq!(
        mistakes[1].to_string(),
        "config/notafter.toml:3:30: domain[0].labels.team: expected a text in quotes, found a whole number\n \
         3 | labels = { \"ö\" = \"x\", team = 5 }\n   |                              ^\n  mend: write a text in quotes"
    );
}

#[test]
fn the_nearest_known_key_is_proposed() {
    let mend = |text: &str| only(parse(&format!("{text}\n[[domain]]\nname = \"a.example\"\n"), "f")).mend;
    assert_eq!(mend("[probe]\nintervall = \"1m\""), "did you mean `interval`?");
    assert_eq!(mend("[probe]\nWarn-Before = \"1d\""), "did you mean `warn_before`?");
    assert_eq!(mend("[sever]"), "did you mean `server`?");
    assert_eq!(mend("[probe]\ncontract = [\"post\"]"), "it belongs under `domain.auth0`");
    assert_eq!(mend("[server]\nport = 80"), "take it out; known here are `listen`, `external_url` or `docs_url`");
}

#[test]
fn one_slip_is_told_once() {
    // The misspelt receiver is not also said to be told of nothing.
    let at_once = fixture("at_once.toml").expect_err("mistakes");
    assert!(!at_once.iter().any(|mistake| mistake.message.contains("is told of no domain")));
    // A bad name does not also make its route wrong.
    let receiver = "email = { to = [\"a@example.com\"], from = \"b@example.com\", relay = \"smtps://m.example.com\" }";
    let text = format!(
        "[[domain]]\nname = \"a.example\"\n[[receiver]]\nname = \"on call\"\n{receiver}\n[[route]]\nreceivers = [\"oncall\"]\n"
    );
    assert_eq!(only(parse(&text, "f")).key, "receiver[0].name");
}

#[test]
fn a_file_that_is_not_there_is_a_mistake_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.toml");
    let mistake = only(config::load(&path));
    assert_eq!((mistake.line, mistake.column), (0, 0));
    assert_eq!(mistake.file, path.display().to_string());
    assert_eq!(mistake.message, "cannot read it: No such file or directory (os error 2)");
    assert_eq!(only(config::load(folder.path())).line, 0);
    assert_eq!(only(config::load(Path::new(""))).line, 0);
}

#[test]
fn a_file_that_is_no_text_is_told_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin1.toml");
    std::fs::write(&path, b"[[domain]]\nname = \"\xe4.example\"\n").unwrap();
    let mistake = only(config::load(&path));
    assert_eq!((mistake.line, mistake.column), (2, 9));
    assert!(mistake.message.contains("UTF-8"), "{mistake}");
}

#[test]
fn files_beside_the_configuration_are_found_from_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notafter.toml");
    let text = "[[domain]]\nname = \"a.example\"\n[[receiver]]\nname = \"a\"\n[receiver.email]\nto = [\"a@example.com\"]\n\
                from = \"b@example.com\"\nrelay = \"smtps://m.example.com\"\nusername = \"u\"\npassword = { file = \"pw\" }\n";
    std::fs::write(&path, text).unwrap();
    assert_eq!(only(config::load(&path)).key, "receiver[0].email.password");
    std::fs::write(folder.path().join("pw"), "s3cret\n").unwrap();
    let settings = config::load(&path).expect("a valid file");
    let Channel::Email(email) = &settings.receivers[0].channel else { panic!("by mail") };
    assert!(email.relays[0].credentials.is_some());
}
