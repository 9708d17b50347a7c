//! Silences: what is held back, what is told all the same, and what is told when they end.

use proptest::prelude::*;
use serde_json::json;

use super::random::seen;
use super::*;
use crate::incident::silence::{Maintenance, Matcher, SilenceId, SilenceState, When, Wish};

impl World {
    /// Somebody asks for a silence now.
    fn silence(&mut self, wish: Value) -> SilenceId {
        let wish = Wish::parse(&wish).unwrap();
        let of = |site: &Site| Some((site.domain.name.clone(), site.leaf(self.time).into_iter().collect()));
        let seen =
            if wish.until_certificate_changes { self.sites.values().filter_map(of).collect() } else { BTreeMap::new() };
        let (id, stored_by) = self.ledger.handle_silence(wish, seen, self.now()).unwrap();
        assert!(stored_by > 0);
        self.drain();
        id
    }

    fn end(&mut self, id: &SilenceId) -> bool {
        let ended = self.ledger.handle_silence_end(id, self.now()).is_some();
        self.drain();
        ended
    }

    fn state_of(&self, id: &SilenceId) -> Option<SilenceState> {
        self.ledger.silences().into_iter().find(|view| view.id == *id).map(|view| view.state)
    }
}

fn all(length: &str) -> Value {
    json!({ "domains": ["*"], "for": length, "comment": "x" })
}

fn mismatch(from: i64, to: i64) -> Site {
    Site::new("a.example").fails(from, to, Code::TlsNameMismatch)
}

#[test]
fn what_opened_under_it_is_told_when_it_ends_with_its_true_beginning() {
    let mut world = World::new([mismatch(60, 2 * HOUR)]);
    let id = world.silence(all("1h"));
    world.run_until(3239);
    assert_eq!(world.news(), [""; 0]);
    assert_eq!(world.ledger.incidents().next().unwrap().silenced_by, Some(&id));
    assert_eq!(world.ledger.silenced_domains().len(), 1);
    world.run_until(3 * HOUR);
    assert_eq!(
        world.news(),
        [
            "3240 a.example silence_ends tls.name_mismatch critical",
            "3600 a.example opened tls.name_mismatch critical",
            "7200 a.example reminder tls.name_mismatch critical",
            "7320 a.example resolved tls.name_mismatch critical",
        ]
    );
    let opened = &world.told[1].notice;
    assert_eq!((opened.opened_at, opened.at), (UnixTime(START + 70), UnixTime(START + 3600)));
    let word = &world.told[0].notice.summary;
    assert_eq!(
        word,
        "The silence ends in 6 min, at 2027-01-15T09:00:00Z, and it is still there: tls.name_mismatch was seen"
    );
    assert_eq!((world.ledger.silenced_domains().len(), world.ledger.silenced_incidents()), (0, 0));
}

#[test]
fn what_opened_and_ended_under_it_is_not_told() {
    let mut world = World::new([mismatch(60, HOUR)]);
    world.silence(all("2h"));
    world.run_until(3 * HOUR);
    assert_eq!(world.news(), [""; 0]);
    assert_eq!(world.standing(), [""; 0]);
    assert_eq!(world.ledger.silences()[0].last_matched_at, Some(UnixTime(START + 70)));
}

#[test]
fn who_heard_the_word_is_told_of_the_end() {
    let mut world = World::new([mismatch(60, 3300)]);
    world.silence(all("1h"));
    world.run_until(2 * HOUR);
    assert_eq!(
        world.news(),
        [
            "3240 a.example silence_ends tls.name_mismatch critical",
            "3420 a.example resolved tls.name_mismatch critical"
        ]
    );
}

#[test]
fn who_was_told_of_the_beginning_is_told_of_the_end() {
    let mut world = World::new([mismatch(60, HOUR)]);
    world.run_until(100);
    world.silence(all("2h"));
    world.run_until(3 * HOUR);
    assert_eq!(
        world.news(),
        ["70 a.example opened tls.name_mismatch critical", "3720 a.example resolved tls.name_mismatch critical"]
    );
}

#[test]
fn what_becomes_worse_than_the_silence_is_about_is_told() {
    let worse = Finding::new(Code::DnsTxtMissing, "pending").severity(Severity::Critical);
    let site = || Site::new("a.example").fails(60, 4 * HOUR, Code::DnsTxtMissing);
    let mild = json!({ "domains": ["*"], "max_severity": "warning", "for": "3h", "comment": "x" });
    let mut world = World::new([site().shows(HOUR, 4 * HOUR, worse.clone())]);
    world.silence(mild.clone());
    world.run_until(HOUR + 60);
    assert_eq!(world.news(), ["3610 a.example opened dns.txt_missing critical"]);
    let mut world = World::new([site().shows(HOUR, 4 * HOUR, worse)]);
    world.run_until(100);
    world.silence(mild);
    world.run_until(HOUR + 60);
    assert_eq!(world.news()[1..], ["3610 a.example escalated dns.txt_missing critical"]);
}

#[test]
fn that_it_became_worse_under_it_is_told_when_it_ends() {
    let worse = Finding::new(Code::DnsTxtMissing, "pending").severity(Severity::Critical);
    let site = |to| Site::new("a.example").fails(60, DAY, Code::DnsTxtMissing).shows(HOUR, to, worse.clone());
    let mut world = World::new([site(DAY)]);
    world.run_until(100);
    world.silence(all("2h"));
    world.run_until(3 * HOUR);
    assert_eq!(
        world.news(),
        [
            "70 a.example opened dns.txt_missing warning",
            "6580 a.example silence_ends dns.txt_missing critical",
            "7300 a.example escalated dns.txt_missing critical",
        ]
    );
    // What has got better again by then was told before as it is now.
    let mut world = World::new([site(HOUR + 1800)]);
    world.run_until(100);
    world.silence(all("2h"));
    world.run_until(3 * HOUR);
    assert_eq!(world.news()[1..], ["6580 a.example silence_ends dns.txt_missing warning"]);
}

#[test]
fn reminders_pause_and_do_not_come_all_at_once() {
    let mut world = World::new([mismatch(60, 3 * DAY)]);
    world.run_until(100);
    world.silence(all("1d"));
    world.run_until(2 * DAY);
    assert_eq!(
        world.news(),
        [
            "70 a.example opened tls.name_mismatch critical".to_owned(),
            format!("{} a.example silence_ends tls.name_mismatch critical", DAY + 100 - HOUR),
            format!("{} a.example reminder tls.name_mismatch critical", DAY + 100 + HOUR),
            format!("{} a.example reminder tls.name_mismatch critical", DAY + 100 + 4 * HOUR),
        ]
    );
}

#[test]
fn the_first_summary_leaves_out_what_is_silenced() {
    let sites = ["a.example", "b.example"].map(|name| Site::new(name).fails(0, DAY, Code::DnsTxtMissing));
    let mut world = World::first_start(sites);
    world.silence(json!({ "domains": ["a.example"], "for": "5m", "comment": "x" }));
    world.run_until(10 * MINUTE);
    let (summary, news): (Vec<&Told>, Vec<&Told>) =
        world.told.iter().partition(|told| told.kind == MailKind::FirstSummary);
    assert_eq!(summary.iter().map(|told| told.notice.domain.as_str()).collect::<Vec<_>>(), ["b.example"]);
    assert_eq!(
        news.iter().map(|told| told.line()).collect::<Vec<_>>(),
        ["300 a.example opened dns.txt_missing warning"]
    );
}

#[test]
fn one_that_somebody_ends_is_over_at_once() {
    let mut world = World::new([mismatch(60, DAY)]);
    let id = world.silence(all("10h"));
    world.run_until(1000);
    assert!(world.end(&id) && !world.end(&id));
    assert_eq!(world.news(), ["1000 a.example opened tls.name_mismatch critical"]);
    assert_eq!(world.state_of(&id), Some(SilenceState::Ended));
}

#[test]
fn there_is_no_word_while_another_goes_on() {
    let mut world = World::new([mismatch(60, DAY)]);
    world.silence(all("1h"));
    world.silence(all("2h"));
    world.run_until(2 * HOUR - 1);
    assert_eq!(world.news(), ["6480 a.example silence_ends tls.name_mismatch critical"]);
}

#[test]
fn a_renewed_certificate_ends_it_and_nobody_is_told() {
    let site = Site::new("a.example").certificate(0, 10 * DAY).certificate(2 * HOUR, 80 * DAY);
    let mut world = World::new([site]);
    world.run_until(5);
    let mut wish = json!({ "codes": ["tls.*"], "until_certificate_changes": true, "comment": "renewal on Friday" });
    let id = world.silence(wish.clone());
    world.run_until(2 * HOUR + 30);
    // Its incident is still there, but looks as if it were about to be over.
    assert_eq!(world.state_of(&id), Some(SilenceState::Ended));
    assert_eq!(world.standing().len(), 1);
    world.run_until(DAY);
    assert_eq!((world.news(), world.standing()), (vec![], vec![]));
    // One that is as bad is another fault, and told when it is seen.
    let site = Site::new("a.example").certificate(0, 10 * DAY).certificate(2 * HOUR, 9 * DAY);
    let mut world = World::new([site]);
    world.run_until(5);
    wish["for"] = "30d".into();
    world.silence(wish);
    world.run_until(DAY);
    assert_eq!(world.news(), ["7200 a.example opened tls.expires_soon warning"]);
}

#[test]
fn a_mend_that_does_not_hold_is_told() {
    let leaf = |site: Site| site.certificate(0, 80 * DAY).certificate(2 * HOUR, 90 * DAY);
    let site = leaf(mismatch(60, 2 * HOUR)).fails(2 * HOUR + 60, DAY, Code::TlsNameMismatch);
    let mut world = World::new([site]);
    world.run_until(5);
    world.silence(json!({ "domains": ["*"], "until_certificate_changes": true, "comment": "x" }));
    world.run_until(3 * HOUR);
    assert_eq!(world.news(), ["7260 a.example opened tls.name_mismatch critical"]);
}

#[test]
fn it_outlives_a_restart() {
    let mut world = World::new([mismatch(60, DAY)]);
    let id = world.silence(all("2h"));
    world.run_until(600);
    world.restart();
    assert_eq!(world.state_of(&id), Some(SilenceState::Active));
    world.run_until(6500);
    world.restart();
    world.run_until(7300);
    assert_eq!(
        world.news(),
        ["6480 a.example silence_ends tls.name_mismatch critical", "7200 a.example opened tls.name_mismatch critical"]
    );
}

#[test]
fn a_window_of_the_configuration_counts_from_the_next_list_of_domains_on() {
    let mut world = World::new([mismatch(60, DAY)]);
    let occurrence = crate::domain::hours::Occurrence { from: UnixTime(START), to: UnixTime(START + HOUR) };
    let matcher = Matcher { codes: vec!["tls.*".to_owned()], ..Matcher::default() };
    world.ledger.handle_maintenance(vec![Maintenance {
        matcher,
        when: When::Once(occurrence),
        comment: "x".to_owned(),
    }]);
    world.watch_sites();
    world.run_until(1800);
    assert_eq!(world.news(), [""; 0]);
    assert!(world.ledger.silences()[0].is_configured());
    world.ledger.handle_maintenance(Vec::new());
    world.watch_sites();
    assert_eq!(world.news(), ["1800 a.example opened tls.name_mismatch critical"]);
}

#[test]
fn a_clock_that_is_set_back_brings_it_back() {
    let mut world = World::new([mismatch(60, DAY)]);
    world.silence(all("1h"));
    world.run_until(2 * HOUR);
    let told = world.told.len();
    world.skew = -90 * MINUTE;
    world.run_until(2 * HOUR + 29 * MINUTE);
    assert_eq!(world.ledger.silenced_incidents(), 1);
    assert_eq!(world.told.len(), told, "not even the word again: {:?}", world.news());
}

const CODES: [Code; 4] = [Code::ConnectRefused, Code::TlsNameMismatch, Code::DnsTxtMissing, Code::HttpErrorStatus];
const TROUBLE: i64 = 3 * HOUR;
const END: i64 = 8 * HOUR;
/// By then a fault that lasts is told: an interval, its confirmations, a restart in between.
const SURELY: i64 = 6 * MINUTE;

/// One site's fault: site, code, whether it is mild, when, how long.
type Trouble = (usize, usize, bool, i64, i64);
/// A silence: when, of which site (of all where there is no such), of the mild alone, how long.
type Hush = (i64, usize, bool, i64);

fn troubled(faults: &[Trouble]) -> World {
    let mut sites: Vec<Site> = (0..3).map(|i| Site::new(&format!("d{i}.example"))).collect();
    for (site, code, mild, from, lasts) in faults {
        let severity = if *mild { Severity::Warning } else { Severity::Critical };
        let finding = Finding::new(CODES[*code], "seen").severity(severity);
        let finding = if CODES[*code].area() == "dns" { finding } else { finding.at([address(1)]) };
        sites[*site].faults.push(Fault { from: *from, to: (from + lasts).min(TROUBLE), finding });
    }
    World::new(sites)
}

fn hush((_, site, mild, lasts): &Hush) -> Value {
    let domain = if *site < 3 { format!("d{site}.example") } else { "*".to_owned() };
    let most = if *mild { json!("warning") } else { Value::Null };
    json!({ "domains": [domain], "max_severity": most, "for": format!("{lasts}s"), "comment": "x" })
}

/// Whether a silence is about this domain at this severity, now.
fn is_hushed(hushes: &[Hush], domain: &str, severity: &str, time: i64) -> bool {
    hushes.iter().any(|(from, site, mild, lasts)| {
        let about = *site >= 3 || domain == format!("d{site}.example");
        about && (!mild || severity == "warning") && *from <= time && time < from + lasts
    })
}

fn assert_nothing_leaves(world: &World, hushes: &[Hush]) {
    for Told { time, notice, .. } in &world.told {
        let held = matches!(notice.reason, Reason::Opened | Reason::Escalated | Reason::Reminder);
        let hushed = is_hushed(hushes, &notice.domain, &notice.severity, *time);
        assert!(!held || !hushed, "{} inside a silence at {time}: {hushes:?}", notice.reason.as_str());
    }
}

/// Each life that was told is told from its opening to its end.
fn assert_whole_lives(world: &World) {
    let mut lives: BTreeMap<(&str, &str, u64), Vec<Reason>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for Told { notice, .. } in &world.told {
        if seen.insert(&notice.id) {
            lives.entry((&notice.domain, &notice.family, notice.episode)).or_default().push(notice.reason);
        }
    }
    for (life, reasons) in lives {
        let count = |wanted| reasons.iter().filter(|reason| **reason == wanted).count();
        assert_eq!((reasons.last(), count(Reason::Resolved)), (Some(&Reason::Resolved), 1), "{life:?} {reasons:?}");
        // Before it opens nothing is said but that its silence ends.
        let before = reasons.iter().take_while(|reason| **reason == Reason::SilenceEnds).count();
        let opened = reasons.get(before) == Some(&Reason::Opened) && count(Reason::Opened) == 1;
        assert!(opened || before > 0 && reasons.len() == before + 1, "{life:?} {reasons:?}");
    }
}

/// A fault that lasts is told once nothing silences it.
fn assert_nothing_is_owed(world: &World, hushes: &[Hush]) {
    for site in world.sites.values() {
        let spans =
            site.faults.iter().flat_map(|fault| seen(fault, &site.faults).into_iter().map(move |at| (fault, at)));
        for (fault, (from, to)) in spans {
            let (family, severity) = (fault.finding.entry().family.as_str(), fault.finding.severity.as_str());
            let domain = site.domain.name.as_str();
            let clear = |end: &i64| (end - SURELY..*end).all(|time| !is_hushed(hushes, domain, severity, time));
            let Some(by) = (from + SURELY..to).step_by(30).find(clear) else { continue };
            let of = |told: &&Told| told.notice.domain == domain && told.notice.family == family && told.time <= by;
            let last = world.told.iter().filter(|told| told.notice.reason != Reason::SilenceEnds).rfind(of);
            let last = last.map(|told| told.notice.reason);
            assert!(last.is_some_and(|reason| reason != Reason::Resolved), "{domain} {family} by {by}: {last:?}");
        }
    }
    assert_eq!((world.standing(), world.ledger.silenced_incidents()), (vec![], 0));
}

/// As a client does that got no answer: asks again.
fn ask_until_stored(world: &mut World, wish: &Value) {
    let count = |world: &World| world.disk.keys().filter(|(table, _)| *table == Table::Silence).count();
    let before = count(world);
    while count(world) == before {
        world.silence(wish.clone());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_leaves_inside_one_and_nothing_is_owed_for_ever(
        faults in prop::collection::vec((0..3usize, 0..CODES.len(), any::<bool>(), 0..TROUBLE, 1..2 * HOUR), 0..10),
        mut hushes in prop::collection::vec((0..TROUBLE, 0..5usize, any::<bool>(), 60..2 * HOUR), 0..6),
        kills in prop::collection::vec((1..300usize, 0..4usize), 0..6),
    ) {
        hushes.sort();
        let crashes = [Crash::BeforeStoring, Crash::StoringHalf, Crash::BeforeTelling, Crash::BeforeTaking];
        let mut world = troubled(&faults);
        let mut kills = kills.into_iter();
        for wish in &hushes {
            world.run_until(wish.0 - 1);
            world.time = wish.0;
            if let Some((steps, crash)) = kills.next() {
                world.crash = Some((world.steps + steps, crashes[crash]));
            }
            ask_until_stored(&mut world, &hush(wish));
            world.run_until(wish.0);
        }
        world.run_until(END);
        assert_nothing_leaves(&world, &hushes);
        assert_whole_lives(&world);
        assert_nothing_is_owed(&world, &hushes);
    }
}
