//! What matches, what is refused, and when it begins and ends.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::*;
use crate::domain::hours::{Hours, Occurrence, TimeOfDay, Weekdays, Zone};
use crate::verdict::Severity;

const NOW: UnixTime = UnixTime(1_800_000_000);

fn name(text: &str) -> DomainName {
    DomainName::parse(text).unwrap()
}

fn wish(json: Value) -> Result<Wish, Vec<String>> {
    Wish::parse(&json)
}

fn silence(json: Value) -> Silence {
    let wish = wish(json).unwrap();
    wish.silence(SilenceId::of("x", 0), BTreeMap::new(), NOW).unwrap()
}

/// Whether a silence covers a fault: domain (empty for our own sight), code, severity.
fn covers(silence: &Silence, (domain, code, severity): (&str, &str, Severity)) -> bool {
    let mut roll = Roll::default();
    roll.add(silence.clone());
    let labels: Map<String, Value> = [("team".to_owned(), "identity".into())].into_iter().collect();
    let domain = (!domain.is_empty()).then(|| name(domain));
    let labels = domain.is_some().then_some(&labels);
    let subject = Subject { domain: domain.as_ref(), labels, code, severity, leaf: None };
    roll.cover(&subject, NOW).is_some()
}

#[test]
fn all_conditions_must_hold_and_of_each_one_value() {
    use Severity::{Critical, Warning};
    let about = |mut matcher: Value| {
        matcher["for"] = "1h".into();
        matcher["comment"] = "x".into();
        silence(matcher)
    };
    let cases = [
        (json!({ "domains": ["login.example.com"] }), ("login.example.com", "tls.expired", Critical), true),
        (json!({ "domains": ["login.example.com"] }), ("x.login.example.com", "tls.expired", Critical), false),
        (json!({ "domains": ["*.example.com"] }), ("a.b.example.com", "tls.expired", Critical), true),
        (json!({ "domains": ["*.example.com"] }), ("example.com", "tls.expired", Critical), false),
        (json!({ "domains": ["*.example.com"] }), ("badexample.com", "tls.expired", Critical), false),
        (json!({ "domains": ["*"] }), ("example.com", "dns.nxdomain", Critical), true),
        (json!({ "domains": ["Ä.example"] }), ("xn--4ca.example", "dns.nxdomain", Critical), true),
        (json!({ "domains": ["a.example", "b.example"] }), ("b.example", "tls.expired", Critical), true),
        (json!({ "labels": { "team": "identity" } }), ("a.example", "tls.expired", Critical), true),
        (json!({ "labels": { "team": ["web", "identity"] } }), ("a.example", "tls.expired", Critical), true),
        (json!({ "labels": { "team": "web" } }), ("a.example", "tls.expired", Critical), false),
        (json!({ "labels": { "tier": "1" } }), ("a.example", "tls.expired", Critical), false),
        (json!({ "domains": ["*"], "labels": { "team": "web" } }), ("a.example", "tls.expired", Critical), false),
        (json!({ "codes": ["tls.*"] }), ("a.example", "tls.expired", Critical), true),
        (json!({ "codes": ["tls.*"] }), ("a.example", "dns.nxdomain", Critical), false),
        (json!({ "codes": ["tls.expired"] }), ("a.example", "tls.expires_soon", Critical), false),
        (json!({ "domains": ["*"], "max_severity": "warning" }), ("a.example", "tls.expires_soon", Warning), true),
        (json!({ "domains": ["*"], "max_severity": "warning" }), ("a.example", "tls.expires_soon", Critical), false),
        // Our own sight belongs to no domain.
        (json!({ "domains": ["*"] }), ("", "watch.blind", Critical), false),
        (json!({ "codes": ["watch.*"] }), ("", "watch.blind", Critical), true),
        (json!({ "codes": ["watch.*"] }), ("", "watch.store_failed", Critical), false),
        (json!({ "codes": ["watch.notice_failing"] }), ("", "watch.notice_failing", Critical), false),
        (json!({ "codes": ["watch.notice_failing"] }), ("", "watch.notice_failing", Warning), true),
    ];
    for (matcher, fault, expected) in cases {
        assert_eq!(covers(&about(matcher.clone()), fault), expected, "{matcher} {fault:?}");
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let good = || json!({ "domains": ["a.example"], "for": "4h", "comment": "migration" });
    assert!(wish(good()).is_ok());
    let wrong: &[(&str, Value, &str)] = &[
        ("for", Value::Null, "until: a silence must end"),
        ("for", "4".into(), "for: \"4\" is no duration"),
        ("for", "-4h".into(), "for: \"-4h\" is no duration"),
        ("for", "999999999999999999w".into(), "is no duration"),
        ("until", "2027-01-01T00:00:00Z".into(), "until: give either"),
        ("until", "tomorrow".into(), "until: \"tomorrow\" is no time"),
        ("comment", Value::Null, "comment: say why"),
        ("comment", "a\nb".into(), "comment: a text of one line"),
        ("comment", "x".repeat(501).into(), "comment: a text of one line"),
        ("domains", "a.example".into(), "domains: a list"),
        ("domains", json!(["a..example"]), "domains: \"a..example\""),
        ("domains", Value::Null, "it would silence everything"),
        ("codes", json!(["tls.expierd"]), "codes: there is no code \"tls.expierd\""),
        ("codes", json!(["tsl.*"]), "codes: there is no code \"tsl.*\""),
        ("codes", json!(["*"]), "codes: there is no code \"*\""),
        ("codes", json!(["watch.blind"]), "codes: watch.* belong to no domain"),
        ("labels", json!({ "team": 1 }), "labels: an object was expected"),
        ("labels", json!({ "team": [] }), "labels: an object was expected"),
        ("max_severity", "info".into(), "max_severity: \"info\" is neither"),
        ("until_certificate_changes", "yes".into(), "until_certificate_changes: true or false"),
        ("untill", 1.into(), "\"untill\": no such key"),
    ];
    for (key, value, message) in wrong {
        let mut json = good();
        json[*key] = value.clone();
        let mistakes = wish(json).unwrap_err();
        assert!(mistakes.len() == 1 && mistakes[0].contains(message), "{key} {value}: {mistakes:?}");
    }
    let all = wish(json!({ "domains": 1, "codes": ["x"], "x": 1 })).unwrap_err();
    assert_eq!(all.len(), 5, "{all:?}");
    assert_eq!(wish(json!([])).unwrap_err(), ["an object was expected"]);
}

#[test]
fn an_end_lies_after_the_beginning_and_not_for_ever_away() {
    let of = |json: Value| wish(json).unwrap().silence(SilenceId::of("x", 0), BTreeMap::new(), NOW);
    let base = |key: &str, value: Value| json!({ "domains": ["*"], "comment": "x", key: value });
    assert_eq!(of(base("for", "400d".into())).unwrap().until, End::At(NOW.plus(LONGEST)));
    assert!(of(base("for", "401d".into())).unwrap_err()[0].contains("at most 400 days"));
    assert!(of(base("for", "0s".into())).unwrap_err()[0].contains("is not later than the beginning"));
    assert!(of(base("until", NOW.plus(-1).to_string().into())).is_err());
    let unseen = of(base("until_certificate_changes", true.into())).unwrap_err();
    assert!(unseen[0].contains("no certificate of the domains"), "{unseen:?}");
    // One that was to begin in the past begins now.
    let mut past = base("for", "1h".into());
    past["from"] = NOW.plus(-3600).to_string().into();
    assert_eq!(of(past).unwrap().from, NOW);
}

#[test]
fn a_silence_is_read_as_it_was_written() {
    let seen: BTreeMap<_, BTreeSet<_>> = [(name("a.example"), [Sha256::of(b"a")].into())].into_iter().collect();
    let json = json!({ "domains": ["*.example", "*"], "labels": { "team": ["a", "b"] }, "codes": ["tls.*"],
        "max_severity": "warning", "until_certificate_changes": true, "comment": "x", "author": "me" });
    let silence = wish(json).unwrap().silence(SilenceId::of("x", 0), seen, NOW).unwrap();
    let mut stored = serde_json::to_value(&silence).unwrap();
    assert_eq!(serde_json::from_value::<Silence>(stored.clone()).unwrap(), silence);
    assert_eq!(silence.matcher.to_string(), "*.example, *, team=a|b, tls.*, at most warning");
    // A later version's fields stay; a severity that we do not know must not widen it.
    stored["later"] = 1.into();
    assert_eq!(serde_json::to_value(serde_json::from_value::<Silence>(stored.clone()).unwrap()).unwrap(), stored);
    stored["matcher"]["max_severity"] = "notice".into();
    assert!(serde_json::from_value::<Silence>(stored).is_err());
}

fn hours(from: &str, to: &str) -> Hours {
    let time = |text| TimeOfDay::parse(text).unwrap();
    Hours::new(Weekdays::ALL, time(from), time(to), Zone::utc()).unwrap()
}

/// 2027-01-15T08:00:00Z is where time begins here.
#[test]
fn windows_come_and_go_and_those_that_meet_are_one() {
    let of = |when| Maintenance { matcher: silence_matcher(), when, comment: "x".to_owned() };
    let once = Occurrence { from: NOW.plus(7200), to: NOW.plus(10_800) };
    let mut roll = Roll::default();
    roll.set_maintenance(vec![of(When::Weekly(hours("09:00", "10:00"))), of(When::Once(once))]);
    let (a, mut seen) = (name("a.example"), Vec::new());
    let subject =
        Subject { domain: Some(&a), labels: None, code: "tls.expired", severity: Severity::Critical, leaf: None };
    let mut now = NOW;
    while now < NOW.plus(86_400) {
        roll.tick(now);
        seen.push((NOW.until(now), roll.cover(&subject, now).map(|cover| NOW.until(cover.until))));
        now = roll.next_edge().unwrap();
    }
    // Each edge: begins at 3600, word at 6840, the other begins at 7200, its word at 10440, ends at 10800.
    assert_eq!(
        seen,
        [
            (0, None),
            (3600, Some(7200)),
            (6840, Some(7200)),
            (7200, Some(10_800)),
            (10_440, Some(10_800)),
            (10_800, None)
        ]
    );
    assert!(roll.will_cover(&subject, NOW.plus(90_000 + 3600 - 1)) && !roll.will_cover(&subject, NOW.plus(94_000)));
}

fn silence_matcher() -> Matcher {
    Matcher { domains: vec![DomainPattern::Any], ..Matcher::default() }
}

#[test]
fn what_has_ended_is_shown_for_five_days() {
    let mut roll = Roll::default();
    roll.add(silence(json!({ "domains": ["*"], "for": "1h", "comment": "x" })));
    let state = |roll: &mut Roll, at: i64| {
        roll.tick(NOW.plus(at));
        roll.views(&BTreeMap::new(), NOW.plus(at)).first().map(|view| view.state.as_str())
    };
    roll.take_changed();
    assert_eq!(state(&mut roll, 3599), Some("active"));
    assert_eq!(state(&mut roll, 3600), Some("ended"));
    assert_eq!(state(&mut roll, 3600 + 5 * 86_400 - 1), Some("ended"));
    assert_eq!(state(&mut roll, 3600 + 5 * 86_400), None);
    assert_eq!(roll.take_changed(), [(SilenceId::of("x", 0), None)]);
}

#[test]
fn a_word_comes_once_and_not_of_a_short_one() {
    let words = |length: &str| {
        let mut roll = Roll::default();
        roll.add(silence(json!({ "domains": ["*"], "for": length, "comment": "x" })));
        let mut said = Vec::new();
        let mut now = NOW;
        for _ in 0..6 {
            said.extend(roll.tick(now).words.iter().map(|_| NOW.until(now)));
            now = roll.next_edge().unwrap_or(now);
        }
        said
    };
    assert_eq!(words("9m"), [0; 0]);
    assert_eq!(words("10m"), [540]);
    assert_eq!(words("4h"), [4 * 3600 - 1440]);
    assert_eq!(words("30d"), [30 * 86_400 - 3600]);
}
