//! Whatever befalls a few domains, and however often the process is killed: what is told makes sense.

use proptest::prelude::*;

use super::*;

const CODES: [Code; 8] = [
    Code::ConnectRefused,
    Code::TlsTimeout,
    Code::TlsExpired,
    Code::TlsNameMismatch,
    Code::DnsTxtMissing,
    Code::DnsNxdomain,
    Code::HttpErrorStatus,
    Code::Auth0NotJson,
];
/// When the last fault ends, and when the world does: what flaps is over an hour later.
const TROUBLE: i64 = 3 * HOUR;
const END: i64 = TROUBLE + 90 * MINUTE;
/// By then a fault that lasts is told: an interval, its confirmations, and a restart in between.
const SURELY: i64 = 6 * MINUTE;

fn faults() -> impl Strategy<Value = Vec<(usize, usize, bool, i64, i64)>> {
    let fault = (0..4usize, 0..CODES.len(), any::<bool>(), 0..TROUBLE, 1..2 * HOUR);
    prop::collection::vec(fault, 0..12)
}

fn world(faults: &[(usize, usize, bool, i64, i64)]) -> World {
    let mut sites: Vec<Site> = (0..4).map(|i| Site::new(&format!("d{i}.example")).at(&[1, 2])).collect();
    for (site, code, mild, from, lasts) in faults {
        let severity = if *mild { Severity::Warning } else { Severity::Critical };
        let mut finding = Finding::new(CODES[*code], "seen").severity(severity);
        if CODES[*code].area() != "dns" {
            finding = finding.at([address(1)]);
        }
        let to = (from + lasts).min(TROUBLE);
        sites[*site].faults.push(Fault { from: *from, to, finding });
    }
    World::new(sites)
}

/// An incident is opened, then reminded of or escalated in order, then resolved: each once.
fn assert_lives(world: &World) {
    let mut lives: BTreeMap<(&str, &str, u64), Vec<&Notice>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for Told { notice, .. } in &world.told {
        if seen.insert(&notice.id) {
            lives.entry((&notice.domain, &notice.family, notice.episode)).or_default().push(notice);
        }
    }
    let mut episodes: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for ((domain, family, episode), notices) in &lives {
        let next = episodes.entry((domain, family)).or_default();
        assert_eq!(*episode, *next, "{domain} {family}: no episode is left out");
        *next += 1;
        let mut counts = BTreeMap::new();
        for notice in notices {
            let count: &mut u64 = counts.entry(notice.reason).or_default();
            let id = NoticeId::of(domain, &notice.view, family, *episode, notice.reason, *count);
            assert_eq!(notice.id, id, "{domain} {family} {episode}: no notice is left out");
            *count += 1;
        }
        assert_eq!(notices.first().unwrap().reason, Reason::Opened, "{domain} {family}");
        assert_eq!(notices.last().unwrap().reason, Reason::Resolved, "{domain} {family}");
        assert_eq!((counts[&Reason::Opened], counts[&Reason::Resolved]), (1, 1), "{domain} {family}");
    }
}

/// Whether the one fault hides the other: nobody sees what is behind a connection that does not come to be.
fn hides(cause: &Fault, fault: &Fault) -> bool {
    let (by, what) = (cause.finding.entry().family, fault.finding.entry().family);
    let behind_a_handshake = matches!(what, Family::Name | Family::Login);
    match by {
        Family::Address => behind_a_handshake,
        Family::Reach => behind_a_handshake && !cause.finding.addresses.is_disjoint(&fault.finding.addresses),
        _ => false,
    }
}

/// The spans of a fault in which nothing hides it, nor did within the time that it takes to see it.
pub(super) fn seen(fault: &Fault, all: &[Fault]) -> Vec<(i64, i64)> {
    let mut spans = vec![(fault.from, fault.to)];
    for cause in all.iter().filter(|cause| hides(cause, fault)) {
        let (from, to) = (cause.from, cause.to + 2 * MINUTE);
        let outside = |(a, b): (i64, i64)| [(a, b.min(from)), (a.max(to), b)];
        spans = spans.into_iter().flat_map(outside).filter(|(a, b)| a < b).collect();
    }
    spans
}

/// Every fault that was there to be seen for long was told, or was part of what had been told.
fn assert_told(world: &World) {
    for site in world.sites.values() {
        let spans =
            site.faults.iter().flat_map(|fault| seen(fault, &site.faults).into_iter().map(move |at| (fault, at)));
        for (fault, (from, _)) in spans.filter(|(_, (from, to))| from + SURELY < *to) {
            let family = fault.finding.entry().family.as_str();
            let of = |told: &&Told| {
                told.notice.domain == site.domain.name.as_str()
                    && told.notice.family == family
                    && told.time <= from + SURELY
            };
            let last = world.told.iter().rfind(of).map(|told| told.notice.reason);
            assert!(last.is_some_and(|reason| reason != Reason::Resolved), "{family} at {from}: {last:?}");
        }
    }
}

/// While a cause lasts, nothing is told of what it hides.
fn assert_hidden(world: &World) {
    for Told { notice, time, .. } in world.told.iter().filter(|told| told.notice.reason != Reason::Resolved) {
        let site = &world.sites[&DomainName::parse(&notice.domain).unwrap()];
        let of = |fault: &&Fault| {
            fault.finding.entry().family.as_str() == notice.family && (fault.from..fault.to).contains(time)
        };
        for fault in site.faults.iter().filter(of) {
            let hiding = |cause: &&Fault| hides(cause, fault) && cause.from + 2 * MINUTE < *time && *time < cause.to;
            let cause = site.faults.iter().find(hiding);
            assert!(cause.is_none(), "{} {} {:?} at {time}", notice.domain, notice.code, notice.reason);
        }
    }
}

/// A look that could not be made: nothing was seen, and that is the last to be known.
fn blind(site: &Site, time: i64, code: Code) -> (Verdict, Looked) {
    let verdict = site.verdict(time, 0);
    let findings = vec![Finding::new(code, "nothing can be seen")];
    (Verdict { level: Level::Unknown, findings, ..verdict }, Looked { fresh: true, ..Looked::default() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_told_makes_sense(faults in faults()) {
        let mut world = world(&faults);
        world.run_until(END);
        assert_eq!(world.ids().len(), world.told.len(), "nothing is offered twice");
        assert_eq!(world.standing(), [""; 0]);
        assert_lives(&world);
        assert_told(&world);
        assert_hidden(&world);
    }

    /// A look that could not be made opens nothing, ends nothing, confirms nothing and sets no count back: all that is
    /// told is told as if it had not been.
    #[test]
    fn a_look_that_could_not_be_made_changes_no_incident(
        faults in faults(),
        blinks in prop::collection::btree_set((0..END, 0..4usize, any::<bool>()), 0..60),
    ) {
        let mut seeing = world(&faults);
        seeing.run_until(END);
        let mut blinking = world(&faults);
        for (time, site, resolver) in blinks {
            blinking.run_until(time);
            let site = blinking.sites.values().nth(site).unwrap();
            let code = if resolver { Code::WatchResolverFailed } else { Code::WatchBlind };
            let (verdict, looked) = blind(site, time, code);
            let before = blinking.ledger.incidents().filter(|s| !s.domain.is_empty()).map(|s| format!("{s:?}"));
            let before: Vec<String> = before.collect();
            blinking.ledger.handle_verdict(&verdict, &looked, blinking.now());
            // It asks for another look soon; those that would have been made anyhow are what is compared.
            while blinking.ledger.poll_look().is_some() {}
            let after = blinking.ledger.incidents().filter(|s| !s.domain.is_empty()).map(|s| format!("{s:?}"));
            prop_assert_eq!(before, after.collect::<Vec<_>>());
            blinking.drain();
        }
        blinking.run_until(END);
        let of_domains = |world: &World| -> Vec<String> {
            world.told.iter().filter(|told| !told.notice.domain.is_empty()).map(Told::line).collect()
        };
        prop_assert_eq!(of_domains(&blinking), of_domains(&seeing));
    }

    #[test]
    fn and_does_so_however_often_we_are_killed(
        faults in faults(),
        kills in prop::collection::vec((1..400usize, 0..4usize), 1..8),
    ) {
        let crashes = [Crash::BeforeStoring, Crash::StoringHalf, Crash::BeforeTelling, Crash::BeforeTaking];
        let mut world = world(&faults);
        for (steps, crash) in kills {
            world.crash = Some((world.steps + steps, crashes[crash]));
            while world.time < TROUBLE && world.crash.is_some_and(|(at, _)| world.steps < at) {
                let next = world.next_event().unwrap().min(TROUBLE);
                world.run_until(next);
            }
        }
        world.run_until(END);
        assert_eq!(world.standing(), [""; 0]);
        assert_lives(&world);
        assert_told(&world);
    }
}
