//! Signatures, made by a real signer and checked by a real resolver: good, running out, broken, or vouched for by nobody.

use std::time::{SystemTime, UNIX_EPOCH};

use notafter::domain::UnixTime;
use serde_json::{Value, json};

use super::servers::{Channel, Knot, Unbound};
use super::stage::{Ran, notafter};

const DAY: i64 = 86_400;
const SIGNED: [&str; 3] = ["secure.example", "changed.example", "open.example"];
const RECORDS: &str =
    "login A 127.0.0.1\nlogin AAAA ::1\n_cf-custom-hostname.login TXT proof\nalias CNAME login.plain.example.\n";

/// Zones that Knot signs (but `plain.example`), and Unbound, which trusts the key of the first, another key than the
/// second's, and none of the third.
struct Lab {
    _knot: Knot,
    unbound: Unbound,
}

impl Lab {
    fn new() -> Self {
        let zones: Vec<(&str, &str)> =
            SIGNED.into_iter().chain(["plain.example", "example"]).map(|zone| (zone, RECORDS)).collect();
        let knot = Knot::start_with(&zones, &SIGNED);
        let stubs: Vec<_> = zones.iter().map(|(zone, _)| (*zone, knot.address())).collect();
        let anchors = [knot.ds(SIGNED[0]), another_key(&knot.ds(SIGNED[1]))];
        let anchors: String = anchors.iter().map(|anchor| format!("trust-anchor: \"{anchor}\"\n")).collect();
        let unbound = Unbound::start(&stubs, None, &anchors);
        Self { _knot: knot, unbound }
    }

    /// Looks at a domain as if it were so many seconds later.
    fn look(&self, domain: &str, seconds: i64, arguments: &[&str]) -> Ran {
        let nameserver = self.unbound.address(Channel::Plain).to_string();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let at = UnixTime(i64::try_from(now).unwrap()).plus(seconds).to_string();
        // Nobody is at home at that address, which is another story.
        let fixed = ["check", domain, "--format", "json", "--nameserver", &nameserver, "--address", "127.0.0.1:1"];
        notafter([&fixed[..], &["--at", &at], arguments].concat())
    }
}

/// The record of a key of the same tag that nobody has: what a parent says after the keys were changed behind its back.
fn another_key(ds: &str) -> String {
    let (rest, last) = ds.trim_end().split_at(ds.trim_end().len() - 1);
    format!("{rest}{}", if last == "0" { '1' } else { '0' })
}

/// What is found of the records, with its severity.
fn of_records(ran: &Ran) -> Vec<(String, String)> {
    let seen = ran.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = seen["findings"].as_array().unwrap().iter();
    let all = all.map(|finding| (text(&finding["code"]), text(&finding["severity"])));
    all.filter(|(code, _)| code.starts_with("dns.") || code.starts_with("watch.")).collect()
}

#[test]
fn each_state_of_signatures_is_told() {
    let lab = Lab::new();
    let trusted = ["--dnssec"];
    let soon = "dns.signature_expires_soon";
    for (domain, seconds, arguments, expected) in [
        ("login.secure.example", 0, &trusted[..], &[][..]),
        // Ordinary signing: half of fourteen days is left when Knot signs anew.
        ("login.secure.example", 7 * DAY, &trusted, &[]),
        ("login.secure.example", 12 * DAY - DAY / 8, &trusted, &[]),
        ("login.secure.example", 12 * DAY + DAY / 8, &trusted, &[(soon, "warning")]),
        ("login.secure.example", 13 * DAY + DAY / 2 + DAY / 8, &trusted, &[(soon, "critical")]),
        ("login.secure.example", 14 * DAY + DAY / 8, &trusted, &[("dns.signature_expired", "critical")]),
        // Nobody said that the resolver is to be trusted: nothing is asked.
        ("login.secure.example", 14 * DAY + DAY / 8, &[], &[]),
        ("login.open.example", 0, &trusted, &[("dns.dnssec_unverified", "info")]),
        // What nobody checks harms nobody.
        ("login.open.example", 15 * DAY, &trusted, &[("dns.dnssec_unverified", "info")]),
        ("login.plain.example", 0, &trusted, &[]),
        ("alias.secure.example", 0, &trusted, &[]),
        // This any resolver tells, whoever trusts it.
        ("login.changed.example", 0, &[], &[("dns.dnssec_bogus", "critical")]),
    ] {
        let ran = lab.look(domain, seconds, arguments);
        let expected: Vec<_> = expected
            .iter()
            .map(|(code, severity): &(&str, &str)| ((*code).to_owned(), (*severity).to_owned()))
            .collect();
        assert_eq!(of_records(&ran), expected, "{domain} {seconds}: {:#}", ran.json());
    }
    let seen = lab.look("login.secure.example", 13 * DAY, &trusted).json();
    let dnssec = &seen["observations"]["dns"]["dnssec"];
    let states: Vec<&str> =
        dnssec["checks"].as_array().unwrap().iter().map(|check| check["state"].as_str().unwrap()).collect();
    assert_eq!(states[..3], ["secure", "secure", "secure"], "{dnssec:#}");
    let facts = &seen["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == soon).unwrap()["facts"];
    assert_eq!((&facts["zone"], &facts["threshold_seconds"]), (&json!("secure.example"), &json!(2 * DAY)));
    let seen = lab.look("login.changed.example", 0, &trusted).json();
    let bogus = &seen["observations"]["dns"]["bogus"][0];
    assert_eq!(bogus["record_type"], "A");
    let code = &bogus["extended_errors"][0]["code"];
    assert!([6, 9].map(Value::from).contains(code), "{bogus:#}");
    assert_eq!(seen["broken_at"], "dns");
}
