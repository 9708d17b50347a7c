//! What valid files mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notafter::config::{self, Settings, World};
use notafter::domain::{DomainName, Families, Life, Threshold, UnixTime, Verification};
use notafter::incident::silence::When;
use notafter::incident::{Mail, Pace};
use notafter::keeper::Recipient;
use notafter::notify::Channel;
use notafter::notify::alertmanager::Credentials;
use notafter::notify::email::Security;
use notafter::notify::webhook::Shape;
use notafter::observation::Layer;
use notafter::probe::{ApiKey, DnsMemory, RevocationMode};
use notafter::trust::RootSource;
use notafter::verdict::Severity;
use secrecy::ExposeSecret;

use super::fixtures::{fixture, parse, project};

fn name(text: &str) -> DomainName {
    DomainName::parse_record(text).unwrap()
}

fn file(path: &str) -> RootSource {
    RootSource::File(PathBuf::from(path))
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn the_smallest_file_has_every_default() {
    let settings = fixture("minimal.toml").unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:10047");
    assert_eq!(settings.store.path, Path::new("/var/lib/notafter/notafter.db"));
    let [watch] = settings.watches.as_slice() else { panic!("one domain") };
    assert_eq!(*watch.domain, notafter::domain::Domain::new(name("login.example.com")));
    assert_eq!(watch.trust.roots, [RootSource::Mozilla]);
    assert_eq!(*watch.probe, notafter::probe::Settings::default());
    assert_eq!(settings.policy, notafter::incident::Policy::default());
    assert!(settings.remarks.is_empty());
    let without_file = Settings { watches: settings.watches.clone(), ..Settings::default() };
    assert_eq!(format!("{settings:?}"), format!("{without_file:?}"));
}

/// The defaults that the schema and the page tell are those that hold.
#[test]
fn a_file_that_writes_every_default_out_means_the_same() {
    let mut text = String::new();
    let schema = config::schema();
    for table in ["server", "probe", "watch", "policy"] {
        text.push_str(&format!("[{table}]\n"));
        for (key, property) in schema["properties"][table]["properties"].as_object().unwrap() {
            if let Some(default) = property.get("default") {
                // Of these defaults JSON's form is TOML's too.
                text.push_str(&format!("{key} = {default}\n"));
            }
        }
    }
    assert!(text.contains("mails_per_hour = 10"), "{text}");
    text.push_str("[[domain]]\nname = \"login.example.com\"\nlive = true\nlabels = {}\nverification = \"ready\"\n");
    let written = parse(&text, "defaults.toml").unwrap();
    assert_eq!(format!("{written:?}"), format!("{:?}", fixture("minimal.toml").unwrap()));
}

#[test]
fn every_key_reaches_the_settings() {
    let settings = fixture("full.toml").unwrap();
    assert_eq!(settings.server.listen.to_string(), "[::1]:9100");
    let links = &settings.server.links;
    assert_eq!(links.pages.as_deref(), Some("https://notafter.example.com"));
    assert_eq!(links.explanations.as_deref(), Some("https://wiki.example.com/runbooks/{code}"));
    assert_eq!(settings.store.path, Path::new("/etc/notafter/state/notafter.db"));
    assert_eq!(settings.watch.relay_check, seconds(0));
    let heartbeat = settings.watch.heartbeat.as_ref().unwrap();
    assert_eq!(heartbeat.to.url.expose_secret(), "https://hc.example.com/ping/abc");
    assert!(heartbeat.to.roots.as_ref().is_some_and(|roots| roots.ends_with("roots.pem")));
    assert_eq!((heartbeat.how.every, heartbeat.how.plain), (seconds(120), true));
    assert_eq!(settings.watch.references, ["example.org:443", "[2001:db8::1]:53"]);
    let policy = &settings.policy;
    assert_eq!(policy.group_interval, seconds(120));
    let life = &policy.life;
    assert_eq!((life.confirm_fact, policy.collect_for, life.resolve_for), (seconds(5), seconds(0), seconds(60)));
    assert_eq!(life.confirm_network, [seconds(10), seconds(30)]);
    assert_eq!(policy.retry, [seconds(0), seconds(60)]);
    assert_eq!((life.resolve_after, policy.mails_per_hour), (2, 20));
    assert_eq!(life.remind_critical, [seconds(1800), seconds(7200), seconds(43_200)]);
    assert!(life.remind_warning.is_empty());
    assert_eq!((life.flap_after, life.flap_window), (3, seconds(7200)));
    assert_eq!((policy.fallback.as_deref(), policy.fallback_after), (Some("archive"), seconds(1200)));
    assert_eq!(policy.own_sight, Some(vec!["oncall".to_owned()]));
}

#[test]
fn a_maintenance_window_recurs_or_has_dates() {
    let [window] = fixture("full.toml").unwrap().maintenance.try_into().unwrap();
    assert_eq!(
        window.matcher.to_string(),
        "login.example.com, *.example, team=identity, tls.*, connect.refused, at most warning"
    );
    let When::Weekly(hours) = window.when else { panic!("it recurs") };
    assert_eq!(hours.to_string(), "mon, tue, sat 02:00-04:00 Europe/Berlin");
    let once = |from: &str, to: &str| {
        let text = format!(
            "[[domain]]\nname = \"a.example\"\n[[maintenance]]\ndomains = [\"*\"]\ntimezone = \"Europe/Berlin\"\n\
             comment = \"x\"\nfrom = {from}\nto = {to}\n"
        );
        let [window] = parse(&text, "once.toml").unwrap().maintenance.try_into().unwrap();
        let When::Once(occurrence) = window.when else { panic!("it does not recur") };
        format!("{} {}", occurrence.from, occurrence.to)
    };
    let expected = "2026-05-01T20:00:00Z 2026-05-02T00:00:00Z";
    assert_eq!(once("\"2026-05-01T22:00\"", "2026-05-02T02:00:00"), expected);
    assert_eq!(once("2026-05-01T20:00:00Z", "\"2026-05-02T02:00:00+02:00\""), expected);
}

#[test]
fn probe_is_the_default_and_a_domain_may_say_otherwise() {
    let settings = fixture("full.toml").unwrap();
    let [own, plain] = settings.watches.as_slice() else { panic!("two domains") };
    assert_eq!(plain.domain.name.as_str(), "xn--4ca.example");
    assert_eq!(plain.domain.interval, seconds(120));
    assert_eq!(plain.domain.families, Families::Ipv4);
    assert_eq!(plain.domain.thresholds.warn_before, Threshold::new(Some(seconds(30 * 86_400)), Some(30)));
    assert_eq!(plain.domain.thresholds.critical_before, Threshold::new(Some(seconds(5 * 86_400)), None));
    assert_eq!(plain.trust.roots, [RootSource::Mozilla, RootSource::System, file("/etc/notafter/roots.pem")]);
    assert_eq!(plain.trust.intermediates, [Path::new("/etc/notafter/intermediates.pem")]);
    assert_eq!(plain.trust.compare, [RootSource::System, file("/etc/notafter/other-roots.pem")]);
    assert_eq!(plain.trust.distrust.as_deref(), Some(Path::new("/etc/notafter/distrust.txt")));
    assert_eq!((plain.probe.aia, plain.probe.revocation), (false, RevocationMode::Staple));
    assert_eq!((plain.probe.timeout, plain.probe.http_addresses), (seconds(5), 2));
    let nameservers: Vec<String> = plain.probe.nameservers.iter().map(ToString::to_string).collect();
    let [tls, https] = ["tls://192.0.2.53:853#dns.example", "https://dns.example/dns-query#192.0.2.54"];
    assert_eq!(nameservers, ["127.0.0.1:5300", "[::1]:53", tls, https]);
    assert!(plain.probe.hosts_file);
    assert_eq!(plain.probe.dns_memory, DnsMemory { at_least: seconds(10), at_most: seconds(30 * 60) });
    assert_eq!(plain.probe.contact.as_deref(), Some("ops@example.com"));
    assert_eq!(plain.probe.key_markers, ["Invalid API key", "forbidden host"]);
    assert!(!plain.probe.legacy_versions && !plain.probe.mtls_aliases);
    assert_eq!(plain.trust.log_list.as_deref(), Some(Path::new("/etc/notafter/log_list.json")));
    assert_eq!(plain.probe.client, None);
    let client = own.probe.client.as_ref().unwrap();
    assert_eq!(client.chain()[0].subject, "CN=notafter");
    assert!(format!("{own:?}").contains("key: \"***\""), "{own:?}");
    let directory = plain.probe.acme_directory.as_deref();
    assert_eq!((plain.probe.ari, directory), (false, Some("https://acme.example.com/directory")));
    assert_eq!(plain.domain.expected.caa_identifiers, ["ca.example", "ca.example.net"].map(name));
    let authorities: Vec<String> = plain.probe.authorities.iter().map(ToString::to_string).collect();
    assert_eq!(
        (authorities, plain.probe.authoritative),
        (vec!["192.0.2.53:53".to_owned(), "[2001:db8::53]:5353".to_owned()], false)
    );
    assert_eq!((plain.probe.dnssec, plain.probe.rdap), (true, true));
    assert_eq!(plain.probe.rdap_bootstrap, "https://registries.example.com/dns.json");

    assert_eq!((own.domain.interval, own.probe.timeout), (Duration::from_millis(500), seconds(1)));
    assert_eq!((own.domain.families, &own.probe.nameservers), (Families::Both, &plain.probe.nameservers));
    assert_eq!(own.trust.roots, [file("/etc/notafter/other-roots.pem")]);
    assert_eq!(own.domain.thresholds, plain.domain.thresholds);

    let unlisted = settings.watch_of(&name("other.example"));
    assert_eq!(unlisted.domain.expected.caa_identifiers, plain.domain.expected.caa_identifiers);
    assert_eq!(
        (unlisted.domain.interval, &unlisted.probe, &unlisted.trust.roots),
        (seconds(120), &plain.probe, &plain.trust.roots)
    );
    assert_eq!(settings.watch_of(&own.domain.name).domain, own.domain);
}

#[test]
fn whoever_names_the_zones_servers_wants_them_asked() {
    let named = "authorities = [\"192.0.2.53\"]\n";
    let domain = "[[domain]]\nname = \"login.example.com\"\n";
    for (probe, own, asked) in [
        ("", "", false),
        ("authoritative = true\n", "", true),
        (named, "", true),
        ("", named, true),
        ("authoritative = true\n", "authoritative = false\n", false),
        (named, "authoritative = false\n", false),
        ("authoritative = true\n", "authorities = []\n", true),
    ] {
        let settings = parse(&format!("[probe]\n{probe}{domain}{own}"), "own.toml").unwrap();
        assert_eq!(settings.watches[0].probe.authoritative, asked, "{probe}{own}");
    }
}

#[test]
fn what_is_expected_of_a_domain_is_kept() {
    let settings = fixture("full.toml").unwrap();
    let domain = &settings.watches[0].domain;
    assert_eq!(domain.expected.cname, Some(name("d111111abcdef8.cloudfront.net")));
    assert_eq!(domain.expected.txt.as_deref(), Some("f7a51f40-0b47-40a5-89de-1f31bfef20af"));
    assert_eq!(domain.txt_name().as_str(), "_acme.login.example.com");
    let started = UnixTime::parse_rfc3339("2026-05-01T10:00:00Z");
    assert_eq!(domain.expected.verification, Verification::Pending { started });
    let addresses: Vec<String> = domain.addresses.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["127.0.0.1:8443", "[::1]:443", "192.0.2.7:443"]);
    assert_eq!(domain.labels, BTreeMap::from([("team".to_owned(), "identity".to_owned())]));
    assert!(!domain.live && settings.watches[1].domain.live);
}

fn mail() -> Mail {
    let mail = serde_json::json!({
        "id": "a", "receiver": "oncall", "kind": "news", "created_at": "2026-11-29T10:00:00Z",
        "notices": [{
            "id": "b", "domain": "login.example.com", "view": "proxy", "family": "reach", "episode": 0,
            "reason": "opened", "code": "connect.refused", "severity": "critical", "title": "the connection is refused",
            "summary": "nothing listens there", "remedy": "", "opened_at": "2026-11-29T09:46:00Z",
            "at": "2026-11-29T09:46:00Z",
        }],
    });
    serde_json::from_value(mail).unwrap()
}

#[test]
fn receivers_have_their_relay_and_their_secret() {
    let settings = fixture("full.toml").unwrap();
    let [oncall, archive, ..] = settings.receivers.as_slice() else { panic!("two receivers") };
    let (Channel::Email(told), Channel::Email(kept)) = (&oncall.channel, &archive.channel) else {
        panic!("two by mail")
    };
    assert_eq!(told.to, ["oncall@example.com", "Second line <second@example.com>"]);
    assert_eq!(told.from, "notafter@example.com");
    let shown = told.stationery.render(&mail(), UnixTime(1_795_946_400), "watcher-1");
    assert_eq!((shown.subject.as_str(), shown.trouble), ("login.example.com: critical", None));
    assert!(shown.html.contains("https:&#x2f;&#x2f;notafter.example.com&#x2f;?q=login.example.com"), "{}", shown.html);
    let [relay] = told.relays.as_slice() else { panic!("one relay") };
    assert_eq!((relay.security, relay.host.as_str(), relay.port), (Security::Implicit, "mail.example.com", 465));
    assert_eq!(relay.roots.as_deref(), Some(Path::new("/etc/notafter/roots.pem")));
    let credentials = relay.credentials.as_ref().unwrap();
    assert_eq!((credentials.username.as_str(), credentials.password.expose_secret()), ("notafter", "CANARY-file"));
    let [first, second] = kept.relays.as_slice() else { panic!("two relays") };
    assert_eq!((first.security, first.host.as_str(), first.port), (Security::Plain, "192.0.2.25", 25));
    assert!(first.credentials.is_none() && first.roots.is_none());
    assert_eq!((second.security, second.host.as_str(), second.port), (Security::StartTls, "mail.example.net", 587));
    assert_eq!(second.credentials.as_ref().unwrap().username, "archive");
    let pace = Pace {
        mails_per_hour: Some(60),
        collect_for: Some(seconds(300)),
        group_interval: Some(seconds(600)),
        retry: Some(vec![seconds(60)]),
        stale_after: Some(seconds(86_400)),
    };
    assert_eq!(settings.policy.of_receivers, BTreeMap::from([("archive".to_owned(), pace)]));
    let (archive, oncall) = (settings.policy.of_receiver("archive"), settings.policy.of_receiver("oncall"));
    assert_eq!((archive.mails_per_hour, archive.collect_for), (60, seconds(300)));
    assert_eq!((oncall.mails_per_hour, oncall.retry), (20, settings.policy.retry.clone()));
    let calendar = &settings.policy.calendars["archive"];
    assert_eq!(settings.policy.calendars.len(), 1);
    let quiet: Vec<String> = calendar.quiet.iter().map(ToString::to_string).collect();
    assert_eq!(quiet, ["mon, tue, wed, thu, fri 22:00-07:00 Europe/Berlin", "sat, sun 00:00-24:00 Europe/Berlin"]);
    let digest = calendar.digest.as_ref().unwrap();
    assert_eq!(
        (digest.at.to_string().as_str(), digest.critical),
        ("mon, tue, wed, thu, fri 09:00 Europe/Berlin", true)
    );
    assert_eq!(settings.policy.stale_after, seconds(12 * 3600));
}

#[test]
fn an_alertmanager_is_meant_as_it_is_written() {
    let text = "[[domain]]\nname = \"a.example\"\n[[receiver]]\nname = \"am\"\n[receiver.alertmanager]\n\
                urls = [\"http://127.0.0.1:9093/\", \"https://am.example.com/below\"]\n";
    let read = |more: &str| {
        let settings = parse(&format!("{text}{more}"), "notafter.toml").unwrap();
        match settings.receivers.into_iter().next().map(|receiver| receiver.channel) {
            Some(Channel::Alertmanager(settings)) => settings,
            other => panic!("{other:?}"),
        }
    };
    let bare = read("");
    assert_eq!(bare.alerts.peers, ["http://127.0.0.1:9093", "https://am.example.com/below"]);
    assert_eq!((bare.alerts.resend, bare.alerts.labels.len()), (Duration::from_secs(60), 0));
    assert!(bare.credentials.is_none() && bare.roots.is_none() && bare.alerts.external_url.is_none());
    let full = read(
        "bearer_token = { file = \"relay-password\" }\nresend = \"30s\"\nlabels = { cluster = \"eu\" }\n\
         external_url = \"https://notafter.example.com/\"\nrunbook_url = \"https://wiki.example.com/\"\nroots = \"roots.pem\"\n",
    );
    let Some(Credentials::Bearer(token)) = &full.credentials else { panic!("a token") };
    assert_eq!((token.expose_secret(), full.alerts.resend), ("CANARY-file", Duration::from_secs(30)));
    assert_eq!(full.alerts.labels, BTreeMap::from([("cluster".to_owned(), "eu".to_owned())]));
    assert_eq!(full.alerts.external_url.as_deref(), Some("https://notafter.example.com/"));
    assert_eq!(full.alerts.runbook_url.as_deref(), Some("https://wiki.example.com/"));
    assert_eq!(full.roots.as_deref(), Some(Path::new("/etc/notafter/roots.pem")));
    let basic = read("username = \"u\"\npassword = { file = \"relay-password\" }\n");
    assert!(matches!(&basic.credentials, Some(Credentials::Basic { username, .. }) if username == "u"));
    assert!(!format!("{full:?}{basic:?}").contains("CANARY"));
}

#[test]
fn webhooks_have_what_their_template_needs() {
    let settings = fixture("full.toml").unwrap();
    let hook = |name: &str| {
        let receiver = settings.receivers.iter().find(|receiver| receiver.name == name).unwrap();
        let Channel::Webhook(hook) = &receiver.channel else { panic!("{name} is no webhook") };
        hook
    };
    let chat = hook("chat");
    assert_eq!(chat.url.expose_secret(), "http://hooks.example.com/CANARY");
    let headers: Vec<_> = chat.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
    assert_eq!(headers, [("authorization", "CANARY-file"), ("x-source", "notafter")]);
    assert!(matches!(chat.shape, Shape::Own(_)) && chat.signer.is_some() && chat.roots.is_some());
    assert_eq!(hook("pager").url.expose_secret(), "https://events.pagerduty.com/v2/enqueue");
    assert!(
        matches!(&hook("pager").shape, Shape::PagerDuty { routing_key } if routing_key.expose_secret().len() == 32)
    );
    assert_eq!(hook("genie").url.expose_secret(), "https://api.eu.opsgenie.com/v2/alerts");
    assert!(matches!(hook("genie").shape, Shape::Opsgenie { .. }) && hook("genie").signer.is_none());
}

#[test]
fn routes_say_who_is_told_from_which_severity_on() {
    let settings = fixture("full.toml").unwrap();
    let (archive, oncall) =
        (Recipient::of_all("archive", Severity::Warning), Recipient::of_all("oncall", Severity::Critical));
    let login = &settings.watches[0].domain;
    assert_eq!(settings.recipients_of(&login.name, &login.labels), [archive.clone(), oncall]);
    assert_eq!(settings.recipients_of(&login.name, &BTreeMap::new()), [archive]);
    let of = |domain: &str, team: &str| {
        let told = settings.recipients_of(&name(domain), &BTreeMap::from([("team".to_owned(), team.to_owned())]));
        told.iter().map(|told| format!("{} {}", told.receiver, told.codes.join(" "))).collect::<Vec<_>>()
    };
    assert_eq!(
        of("a.example.com", "till"),
        ["alerts tls.* connect.refused", "archive ", "others tls.* connect.refused"]
    );
    assert_eq!(of("example.com", "till"), ["archive "]);
    let everyone = Settings { routes: Vec::new(), ..settings };
    assert_eq!(everyone.recipients_of(&name("a.example"), &BTreeMap::new()).len(), 7);
}

#[test]
fn what_no_route_is_about_is_the_fallback_s() {
    let receiver = |name: &str| {
        format!(
            "[[receiver]]\nname = \"{name}\"\nemail = {{ to = [\"a@example.com\"], from = \"n@example.com\", relay = \"smtps://m.example\" }}\n"
        )
    };
    let receivers = receiver("pki") + &receiver("standby");
    let text = format!(
        "[policy]\nfallback = \"standby\"\n{receivers}[[route]]\nmatch = {{ team = \"a\" }}\nreceivers = [\"pki\"]\n\
         [[route]]\nmatch = {{ team = \"b\" }}\ncodes = [\"tls.*\"]\nreceivers = [\"pki\"]\n\
         [[domain]]\nname = \"a.example\"\nlabels = {{ team = \"a\" }}\n\
         [[domain]]\nname = \"b.example\"\nlabels = {{ team = \"b\" }}\n[[domain]]\nname = \"c.example\"\n"
    );
    let settings = parse(&text, "fallback.toml").unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    let told: Vec<String> = settings
        .watches
        .iter()
        .map(|watch| {
            let told = settings.recipients_of(&watch.domain.name, &watch.domain.labels);
            let line = |told: &Recipient| {
                let about = |code: &str| told.codes.is_empty() || told.codes.iter().any(|known| known == code);
                format!("{} {} {}", told.receiver, about("connect.refused"), about("tls.expired"))
            };
            told.iter().map(line).collect::<Vec<_>>().join(", ")
        })
        .collect();
    assert_eq!(told, ["pki true true", "pki false false, standby true false", "standby true true"]);
}

#[test]
fn a_domain_s_policy_comes_from_itself_its_groups_and_all() {
    let settings = fixture("full.toml").unwrap();
    let [login, other] = settings.watches.as_slice() else { panic!("two domains") };
    let life = &login.domain.life;
    // Of the groups the last that says something counts, of itself it says how the network is confirmed.
    assert_eq!((life.confirm_fact, life.resolve_after, life.resolve_for), (seconds(20), 6, seconds(180)));
    assert_eq!((&life.confirm_network[..], &life.remind_warning[..]), (&[][..], &[seconds(2 * 86_400)][..]));
    let own = Life {
        confirm_fact: seconds(1),
        confirm_network: vec![seconds(2)],
        resolve_after: 9,
        resolve_for: seconds(4),
        remind_critical: vec![seconds(300)],
        remind_warning: vec![seconds(360)],
        flap_after: 7,
        flap_window: seconds(480),
    };
    assert_eq!(*other.domain.life, own);
    let explained: Vec<String> = settings
        .lives
        .explain(&login.domain.name, &login.domain.labels)
        .iter()
        .map(|origin| {
            format!("{} {} {:?} {:?}", origin.key, origin.value, origin.written.map(|at| at.0), origin.overruled.len())
        })
        .collect();
    assert_eq!(
        explained[..4],
        [
            "confirm_fact \"20s\" Some(\"[group.policy]\") 1",
            "confirm_network [] Some(\"[domain.policy]\") 2",
            "resolve_after 6 Some(\"[group.policy]\") 2",
            "resolve_for \"3m\" Some(\"[group.policy]\") 1",
        ]
    );
    let defaults = parse("[[domain]]\nname = \"a.example\"\n", "d.toml").unwrap();
    assert!(defaults.lives.explain(&name("a.example"), &BTreeMap::new()).iter().all(|origin| origin.written.is_none()));
}

#[test]
fn a_hundred_thousand_domains_share_few_policies() {
    let mut text = "[[group]]\nmatch = { tier = \"gold\" }\npolicy = { flap_after = 0 }\n".to_owned();
    for n in 0..200 {
        let tier = if n % 3 == 0 { "gold" } else { "silver" };
        text.push_str(&format!("[[domain]]\nname = \"d{n}.example\"\nlabels = {{ tier = \"{tier}\" }}\n"));
    }
    let settings = parse(&text, "many.toml").unwrap();
    let lives: std::collections::BTreeSet<_> =
        settings.watches.iter().map(|watch| std::sync::Arc::as_ptr(&watch.domain.life.arc())).collect();
    assert_eq!(lives.len(), 2);
}

#[test]
fn a_tenant_is_read_whole() {
    let settings = fixture("full.toml").unwrap();
    let [tenant] = settings.tenants.as_slice() else { panic!("one tenant") };
    assert_eq!((tenant.api.tenant.as_str(), tenant.api.client_id.as_str()), ("example.us.auth0.com", "abc"));
    assert_eq!(tenant.api.api_base, tenant.api.audience);
    assert_eq!(tenant.api.api_base.as_deref(), Some("https://example.us.auth0.com/api/v2/"));
    assert!(tenant.discover && tenant.api.client_secret.expose_secret() == "CANARY-env");
    assert!(settings.remarks.is_empty(), "{:?}", settings.remarks);
}

#[test]
fn the_views_past_the_proxy_are_a_domains_own() {
    let settings = fixture("full.toml").unwrap();
    let watch = &settings.watches[0];
    assert_eq!(watch.domain.tenant, Some(name("example.us.auth0.com")));
    let tenant = watch.probe.tenant.as_ref().unwrap();
    assert_eq!(
        (tenant.name.as_str(), &tenant.addresses[..]),
        ("example.us.auth0.com", &["192.0.2.8:443".parse().unwrap()][..])
    );
    let origin = watch.probe.origin.as_ref().unwrap();
    assert_eq!(origin.host.name, name("example-cd-0123456789abcdef.edge.tenants.us.auth0.com"));
    assert_eq!(origin.host.addresses, ["192.0.2.9:8443".parse().unwrap()]);
    assert!(origin.key == Some(ApiKey::new("CANARY-env".into())) && !format!("{origin:?}").contains("CANARY"));
    assert!(settings.watches[1].probe.origin.is_none() && settings.watches[1].probe.tenant.is_none());
}

#[test]
fn signs_of_who_answers_are_for_every_domain() {
    let text = "[[evidence]]\nheader = \"X-Shield\"\nhop = \"proxy\"\n[[evidence]]\ncontains = \"Blocked\"\nhop = \"cdn\"\n[[domain]]\nname = \"a.example\"\n";
    let settings = parse(text, "f").unwrap();
    let signs: Vec<_> = settings.watches[0]
        .probe
        .evidence
        .iter()
        .map(|sign| (sign.header.as_deref(), &*sign.contains, sign.layer))
        .collect();
    assert_eq!(signs, [(Some("x-shield"), "", Layer::Proxy), (None, "Blocked", Layer::Cdn)]);
}

#[test]
fn a_file_without_domains_is_good_for_those_named_on_the_command_line() {
    let settings = fixture("no_domain.toml").unwrap();
    let remarks: Vec<&str> = settings.remarks.iter().map(|remark| remark.message.as_str()).collect();
    assert_eq!((settings.watches.len(), remarks), (0, vec!["there is no domain to watch"]));
}

#[test]
fn a_tenant_may_stand_for_its_domains() {
    assert!(fixture("tenant_only.toml").unwrap().watches.is_empty());
}

#[test]
fn the_state_lies_where_the_service_manager_says() {
    let state = |value: &'static str| {
        let env = move |name: &str| (name == "STATE_DIRECTORY").then(|| value.to_owned());
        let read_file = |_: &Path| Ok(Vec::new());
        let world = World { base: Path::new("/etc/notafter"), env: &env, read_file: &read_file };
        config::parse("[[domain]]\nname = \"a.example\"\n", "f", &world).unwrap().store.path
    };
    assert_eq!(state("/run/state"), Path::new("/run/state/notafter.db"));
    assert_eq!(state("/run/first:/run/second"), Path::new("/run/first/notafter.db"));
    assert_eq!(state(""), Path::new("/var/lib/notafter/notafter.db"));
}

#[test]
fn the_shipped_file_is_good_as_it_stands() {
    let settings = config::load(&project("config/notafter.toml")).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    assert_eq!(settings.watches.len(), 1);
    assert!(settings.receivers.is_empty() && settings.remarks.is_empty());
    assert_eq!(settings.store.path, project("config/notafter.db"));
}

/// What the shipped file only shows is good too, once it is uncommented.
#[test]
fn the_shipped_file_is_good_with_all_it_suggests() {
    let text = std::fs::read_to_string(project("config/notafter.toml")).unwrap();
    let uncommented = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with('[') || rest.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ')) => {
            format!("{rest}\n")
        }
        _ => format!("{line}\n"),
    };
    let settings = parse(&text.lines().map(uncommented).collect::<String>(), "notafter.toml");
    let settings = settings.unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    assert!(settings.receivers.len() == 1 && settings.watch.heartbeat.is_some());
    assert!(settings.watches[0].domain.expected.txt.is_some());
}
