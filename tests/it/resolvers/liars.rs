//! What resolvers do wrong, and what somebody in their place might do: each named, none believed, and never a hang.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use notafter::domain::UnixTime;
use notafter::lab::ca::Authority;
use notafter::lab::dns::{Data, Zone};
use notafter::lab::liar::{Liar, Then, Trick};
use notafter::observation::{DnsObservation, OddityKind, Outcome};

use super::{Looker, UUID, name};

const AT: UnixTime = UnixTime(1_800_000_000);

/// A case: its trick, and what comes of the question for the address.
struct Case {
    label: &'static str,
    trick: Trick,
    outcome: Outcome,
    oddities: &'static [OddityKind],
}

const fn case(label: &'static str, trick: Trick, outcome: Outcome, oddities: &'static [OddityKind]) -> Case {
    Case { label, trick, outcome, oddities }
}

fn cases() -> Vec<Case> {
    use OddityKind::{ChangedCase, EdnsRefused, EdnsUnanswered, Truncated, WrongId, WrongQuestion, WrongSource};
    use Outcome::{
        FormatError, Found, Malformed, Mismatched, NotImplemented, Nxdomain, OtherCode, Refused, Servfail, Timeout,
    };
    vec![
        case("silence", Trick::Silence, Timeout, &[]),
        case("formerr", Trick::Code(1), FormatError, &[]),
        case("servfail", Trick::Code(2), Servfail, &[]),
        case("nxdomain", Trick::Code(3), Nxdomain, &[OddityKind::NoSoa]),
        case("notimp", Trick::Code(4), NotImplemented, &[]),
        case("refused", Trick::Code(5), Refused, &[]),
        case("notauth", Trick::Code(9), OtherCode, &[]),
        case("explained", Trick::Explained(2, 6, "no\u{1b}[31m signature".to_owned()), Servfail, &[]),
        case("silent-to-edns", Trick::SilentToEdns, Found, &[EdnsUnanswered]),
        case("formerr-to-edns", Trick::CodeToEdns(1), Found, &[EdnsRefused]),
        case("notimp-to-edns", Trick::CodeToEdns(4), Found, &[EdnsRefused]),
        case("badvers-to-edns", Trick::CodeToEdns(16), Found, &[EdnsRefused]),
        case("servfail-to-edns", Trick::CodeToEdns(2), Servfail, &[]),
        case("malformed-to-edns", Trick::MalformedToEdns, Found, &[EdnsRefused]),
        case("malformed", Trick::Malformed, Malformed, &[]),
        case("wrong-id", Trick::WrongId(Then::Nothing), Mismatched, &[WrongId]),
        case("wrong-id-then-right", Trick::WrongId(Then::Right), Found, &[WrongId]),
        case("wrong-source", Trick::WrongSource(Then::Nothing), Mismatched, &[WrongSource]),
        case("wrong-source-then-right", Trick::WrongSource(Then::Right), Found, &[WrongSource]),
        case("wrong-question", Trick::WrongQuestion(Then::Nothing), Mismatched, &[WrongQuestion]),
        case("wrong-question-then-right", Trick::WrongQuestion(Then::Right), Found, &[WrongQuestion]),
        case("flood", Trick::Flood, Mismatched, &[WrongId]),
        case("cut-short", Trick::CutShort, Found, &[Truncated]),
        case("cut-short-and-closed", Trick::CutShortAndClosed, Outcome::Truncated, &[Truncated]),
        case("shouted", Trick::Shouted, Found, &[ChangedCase]),
        case("trailing", Trick::Trailing, Found, &[]),
        case("always-a", Trick::AlwaysA, Found, &[]),
    ]
}

fn zones(cases: &[Case]) -> Vec<Zone> {
    let empty = Zone::new(name("example.com"));
    let host =
        |zone: Zone, case: &Case| zone.with(name(&format!("{}.example.com", case.label)), Data::A(Ipv4Addr::LOCALHOST));
    vec![cases.iter().fold(empty, host)]
}

fn kinds(seen: &DnsObservation, question: &str) -> Vec<OddityKind> {
    let all = seen.resolvers.iter().flat_map(|fared| &fared.oddities);
    all.filter(|oddity| oddity.question.starts_with(question)).map(|oddity| oddity.kind).collect()
}

#[tokio::test]
async fn each_trick_is_named_and_none_is_believed() {
    let cases = cases();
    let tricks = cases.iter().map(|case| (name(&format!("{}.example.com", case.label)), case.trick.clone())).collect();
    let liar = Liar::start(zones(&cases), tricks).await.unwrap();
    let looker = Looker::new(&Authority::root("Lab Root").unwrap(), &[&liar.address().to_string()]);
    let started = Instant::now();
    let names: Vec<String> = cases.iter().map(|case| format!("{}.example.com", case.label)).collect();
    let seen = join_all(names.iter().map(|name| looker.ask(name, None, AT))).await;
    // Twice the timeout: for the question, and for the one about another zone.
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    for (case, seen) in cases.iter().zip(&seen) {
        let label = case.label;
        assert_eq!(seen.a.outcome, case.outcome, "{label}: {seen:#?}");
        assert_eq!(kinds(seen, "A "), case.oddities, "{label}: {seen:#?}");
        let found = seen.a.records == [Ipv4Addr::LOCALHOST];
        assert_eq!(found, case.outcome == Outcome::Found, "{label}");
        let [fared] = seen.resolvers.as_slice() else { panic!("{label}: {seen:#?}") };
        let failed = case.outcome.is_failure();
        assert_eq!(fared.failure.as_ref().map(|failure| failure.outcome), failed.then_some(case.outcome), "{label}");
        // Nobody here answers for the root.
        assert_eq!(seen.others_answer, failed.then_some(false), "{label}");
    }
    let reached: BTreeSet<OddityKind> = seen
        .iter()
        .flat_map(|seen| &seen.resolvers)
        .flat_map(|fared| &fared.oddities)
        .map(|oddity| oddity.kind)
        .collect();
    let elsewhere = [OddityKind::NxdomainAboveRecords];
    let missing: Vec<_> =
        OddityKind::ALL.iter().filter(|kind| !reached.contains(kind) && !elsewhere.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let of = |label: &str| &seen[cases.iter().position(|case| case.label == label).unwrap()].resolvers[0];
    let [error, ..] = of("explained").extended_errors.as_slice() else { panic!("an extended error") };
    assert_eq!((error.code, error.title, error.text.as_str()), (6, Some("DNSSEC Bogus"), "no\u{fffd}[31m signature"));
    assert!(of("explained").told().ends_with(": SERVFAIL (DNSSEC Bogus: no\u{fffd}[31m signature)"));
    assert_eq!(of("notauth").failure.as_ref().unwrap().detail.as_deref(), Some("code 9"));
    let detail = of("cut-short-and-closed").failure.as_ref().unwrap().detail.clone().unwrap();
    assert!(detail.starts_with("TCP: "), "{detail}");
    let flood = of("flood").oddities.iter().find(|oddity| oddity.question.starts_with("A ")).unwrap();
    assert_eq!(flood.count, 1000);
}

#[tokio::test]
async fn what_is_cut_short_and_refused_over_tcp_says_so() {
    let cases = [case("cut-short", Trick::CutShort, Outcome::Truncated, &[OddityKind::Truncated])];
    let tricks = vec![(name("cut-short.example.com"), Trick::CutShort)];
    let liar = Liar::start_without_tcp(zones(&cases), tricks).await.unwrap();
    let looker = Looker::new(&Authority::root("Lab Root").unwrap(), &[&liar.address().to_string()]);
    let seen = looker.ask("cut-short.example.com", None, AT).await;
    assert_eq!((seen.a.outcome, kinds(&seen, "A ")), (Outcome::Truncated, vec![OddityKind::Truncated]), "{seen:#?}");
    let told = seen.resolvers[0].told();
    assert!(told.contains("cut short, and not to be had over TCP (TCP: Connection refused"), "{told}");
}

#[tokio::test]
async fn nothing_is_told_apart_by_what_is_not_there() {
    let zone = Zone::new(name("example.com"))
        .with(name("mail.example.com"), Data::Txt("v=spf1 -all".to_owned()))
        .with(name("nothing.example.com"), Data::Txt("v=spf1 -all".to_owned()))
        .with(name("_cf-custom-hostname.empty.example.com"), Data::Txt(UUID.to_owned()))
        .with(name("_cf-custom-hostname.denied.example.com"), Data::Txt(UUID.to_owned()));
    let tricks = vec![
        (name("nothing.example.com"), Trick::WithoutSoa),
        (name("denied.example.com"), Trick::Code(3)),
        (name("_cf-custom-hostname.denied.example.com"), Trick::Trailing),
    ];
    let liar = Liar::start(vec![zone], tricks).await.unwrap();
    let looker = Looker::new(&Authority::root("Lab Root").unwrap(), &[&liar.address().to_string()]);
    let no_soa = [OddityKind::NoSoa].as_slice();
    for (host, outcome, ttl, oddities) in [
        ("mail.example.com", Outcome::NoData, Some(60), &[][..]),
        ("gone.example.com", Outcome::Nxdomain, Some(60), &[]),
        // Nothing stands there, but below it.
        ("empty.example.com", Outcome::NoData, Some(60), &[]),
        ("nothing.example.com", Outcome::NoData, None, no_soa),
        ("denied.example.com", Outcome::Nxdomain, None, &[OddityKind::NoSoa, OddityKind::NxdomainAboveRecords]),
    ] {
        let seen = looker.ask(host, None, AT).await;
        assert_eq!((seen.a.outcome, seen.a.ttl), (outcome, ttl), "{host}: {seen:#?}");
        assert_eq!(kinds(&seen, &format!("A {host}")), oddities, "{host}: {seen:#?}");
    }
}
