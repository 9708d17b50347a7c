//! Several resolvers: one that is down is no fault of the domain, and what they say differently is one once their TTLs do
//! not explain it any more.

use super::*;
use crate::observation::{
    Disagreement, ExtendedError, Lookup, Oddity, OddityKind, Outcome, ResolverFailure, ResolverObservation, Said, Topic,
};
use crate::verdict::Severity::{Info, Warning};

const FIRST: &str = "192.0.2.53:53";
const SECOND: &str = "192.0.2.54:53";

fn resolver(label: &str, failure: Option<Outcome>, answers_others: Option<bool>) -> ResolverObservation {
    ResolverObservation {
        resolver: label.into(),
        failure: failure.map(|outcome| ResolverFailure { outcome, detail: None }),
        resting: false,
        answers_others,
        oddities: Vec::new(),
        extended_errors: Vec::new(),
    }
}

fn well() -> Scene {
    seen([address("192.0.2.1:443")])
}

#[test]
fn one_of_several_is_down_if_it_answers_nothing_and_nobody() {
    use Outcome::{ChannelFailed, Refused, Servfail, Timeout};
    for (failure, others, down) in [
        (None, None, false),
        (Some(Timeout), None, true),
        (Some(ChannelFailed), None, true),
        (Some(Refused), Some(false), true),
        (Some(Servfail), Some(true), false),
    ] {
        let scene =
            well().dns(|dns| dns.resolvers = vec![resolver(FIRST, None, None), resolver(SECOND, failure, others)]);
        let verdict = scene.verdict();
        let expected = if down { vec![(Code::WatchResolverDown, Warning)] } else { vec![] };
        assert_eq!((found(&verdict), verdict.level), (expected, Level::Healthy), "{failure:?} {others:?}");
        if let Some(finding) = verdict.findings.first() {
            assert_eq!(finding.facts["down"], serde_json::json!([SECOND]));
        }
    }
    // Where all are, that is another finding.
    let both = [FIRST, SECOND].map(|label| resolver(label, Some(Timeout), Some(false)));
    let verdict = well().dns(|dns| {
        (dns.a, dns.aaaa) = (Lookup::empty(Timeout), Lookup::empty(Timeout));
        dns.resolvers = both.to_vec();
    });
    let verdict = verdict.verdict();
    assert_eq!(found(&verdict), [(Code::WatchResolverFailed, Warning)]);
    assert_eq!(verdict.findings[0].facts["down"], serde_json::json!([FIRST, SECOND]));
}

fn differing(answers: [(&str, u32); 2]) -> Scene {
    let said = |(answer, ttl): (&str, u32), label: &str| Said {
        answer: answer.to_owned(),
        resolvers: vec![label.into()],
        ttl: Some(ttl),
    };
    let [one, other] = answers;
    let disagreement = Disagreement {
        topic: Topic::Address,
        name: name("login.example.com"),
        answers: vec![said(one, FIRST), said(other, SECOND)],
    };
    well().dns(|dns| dns.disagreements = vec![disagreement])
}

#[test]
fn what_differs_is_information_until_no_ttl_explains_it() {
    let scene = differing([("an address", 300), ("NXDOMAIN", 60)]);
    let mut record = scene.record();
    for (seconds, severity, level) in
        [(0, Info, Level::Healthy), (299, Info, Level::Healthy), (300, Warning, Level::Warning)]
    {
        let verdict = scene.judge(&record, NOW.plus(seconds));
        assert_eq!(
            (found(&verdict), verdict.level),
            (vec![(Code::DnsResolversDisagree, severity)], level),
            "{seconds}"
        );
        let changes = verdict.changes_at.filter(|at| NOW.until(*at) <= 300);
        assert_eq!(changes, (severity == Info).then(|| NOW.plus(300)));
    }
    // That they still differ, with TTLs that begin anew, does not begin it anew; that they say something else does.
    record.absorb(scene.look(NOW.plus(200)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(300))), [(Code::DnsResolversDisagree, Warning)]);
    let scene = differing([("an address", 300), ("no address", 300)]);
    record.absorb(scene.look(NOW.plus(300)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(300))), [(Code::DnsResolversDisagree, Info)]);
    record.absorb(well().look(NOW.plus(310)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(310))), []);
}

#[test]
fn what_differs_in_caa_stands_until_it_is_asked_again() {
    let on_caa = |scene: Scene| {
        scene.dns(|dns| dns.disagreements.iter_mut().for_each(|disagreement| disagreement.topic = Topic::Caa))
    };
    let scene = on_caa(differing([("0 issue \"ca.example\"", 60), ("nothing", 60)]));
    let mut record = scene.record();
    record.absorb(well().look(NOW.plus(100)));
    assert_eq!(found(&scene.judge(&record, NOW.plus(100))), [(Code::DnsResolversDisagree, Warning)]);
}

#[test]
fn what_a_resolver_says_of_its_own_error_and_of_itself_is_told() {
    let mut fared = resolver(FIRST, Some(Outcome::Servfail), Some(true));
    let (question, text) = ("A login.example.com".to_owned(), "signature expired".to_owned());
    fared.extended_errors.push(ExtendedError {
        question: question.clone(),
        code: 6,
        title: Some("DNSSEC Bogus"),
        text,
    });
    let scene = well().dns(|dns| {
        (dns.a, dns.aaaa) = (Lookup::empty(Outcome::Servfail), Lookup::empty(Outcome::Servfail));
        (dns.others_answer, dns.resolvers) = (Some(true), vec![fared]);
    });
    let finding = &scene.verdict().findings[0];
    let why = "SERVFAIL (DNSSEC Bogus: signature expired)";
    assert_eq!(finding.summary, format!("A of login.example.com: {why}, while other questions are answered"));
    assert_eq!(finding.facts["resolvers"], serde_json::json!([format!("{FIRST}: {why}")]));
    assert!(!finding.facts.contains_key("down"));
    // A name that has others below it exists, whatever its name servers say.
    let mut denying = resolver(FIRST, None, None);
    denying.oddities.push(Oddity { kind: OddityKind::NxdomainAboveRecords, question, count: 1 });
    let scene = well().dns(|dns| {
        (dns.a, dns.aaaa) = (Lookup::empty(Outcome::Nxdomain), Lookup::empty(Outcome::Nxdomain));
        dns.resolvers = vec![denying];
    });
    let finding = &scene.verdict().findings[0];
    assert_eq!((finding.code, &finding.facts["nxdomain_above_records"]), (Code::DnsNxdomain, &serde_json::json!(true)));
    assert!(finding.summary.contains("though they have records below it"), "{}", finding.summary);
}
