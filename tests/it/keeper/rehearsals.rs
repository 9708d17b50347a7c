//! A rehearsal tells what a keeper tells that looks all the time; and what nobody would hear.

use notafter::incident::Mail;
use notafter::keeper::{EVERYBODY, Rehearsal, Scene, Told, What};
use notafter::observation::Look;

use super::*;

const LONG: i64 = 90 * DAY;

/// What every look sees from the beginning on.
fn look(site: &Site) -> Look {
    site.look(0, UnixTime(START), true, true)
}

fn scenes(sites: &[Site]) -> Vec<(DomainName, Scene)> {
    let scene = |site: &Site| (site.domain.name.clone(), Scene::new(look(site), site.domain.interval));
    sites.iter().map(scene).collect()
}

/// The sites, each watched so seldom that no interval brings a look.
fn watches(sites: &[Site], floor: Severity) -> Vec<Watch> {
    let seldom = |site: &Site| site.clone().every(2 * LONG);
    let world = World::new(sites.iter().map(seldom));
    let recipients: Arc<[Recipient]> = Arc::new([Recipient::of_all("oncall", floor)]);
    world.watches().into_iter().map(|watch| Watch { recipients: Arc::clone(&recipients), ..watch }).collect()
}

fn rehearsed(sites: &[Site], floor: Severity, until: i64) -> Rehearsal {
    let now = Now { wall: UnixTime(START), mono: Duration::ZERO };
    let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now);
    keeper.handle_watches(watches(sites, floor), now);
    let mut rehearsal = Rehearsal::new(keeper, UnixTime(START), scenes(sites));
    rehearsal.run_until(UnixTime(START + until));
    rehearsal
}

fn mail(told: &Told) -> &Mail {
    match &told.what {
        What::Mail(mail) => mail,
        What::Alerts(post) => panic!("{post:?}"),
    }
}

fn lines(told: &[Told]) -> Vec<String> {
    let line = |told: &Told, notice: &notafter::incident::Notice| {
        let (time, reason) = (clock(told.at.0 - START), notice.reason.as_str());
        format!("{time} {} {} {} {reason}", notice.domain, notice.severity, notice.code)
    };
    told.iter().flat_map(|told| mail(told).notices.iter().map(move |notice| line(told, notice))).collect()
}

#[test]
fn ninety_days_to_the_hour() {
    let mint = Mint::new();
    let site = Site::new("login.example").certificate(&mint, 0, 90 * DAY, 60 * DAY);
    let all = lines(rehearsed(&[site], Severity::Warning, LONG).told());
    let told: Vec<&str> = all.iter().map(|line| line.as_str()).collect();
    let (soon, expired) = ("tls.expires_soon", "tls.expired");
    let expected = [
        ("day 39 00h", "warning", soon, "opened"),
        ("day 49 12h", "warning", soon, "reminder"),
        ("day 53 00h", "critical", soon, "escalated"),
        ("day 56 12h", "critical", soon, "reminder"),
        ("day 58 06h", "critical", soon, "reminder"),
        ("day 59 03h", "critical", soon, "reminder"),
        ("day 59 13h", "critical", soon, "reminder"),
        ("day 59 18h", "critical", soon, "reminder"),
        ("day 59 21h", "critical", soon, "reminder"),
        ("day 59 22h", "critical", soon, "reminder"),
        ("day 60 00h", "critical", expired, "escalated"),
        ("day 60 01h", "critical", expired, "reminder"),
        ("day 60 04h", "critical", expired, "reminder"),
        ("day 61 04h", "critical", expired, "reminder"),
    ];
    let expected =
        expected.map(|(at, severity, code, reason)| format!("{at} login.example {severity} {code} {reason}"));
    assert_eq!(told[..14], expected.each_ref().map(|line| line.as_str()));
    assert_eq!((told.len(), *told.last().unwrap()), (42, "day 89 04h login.example critical tls.expired reminder"));
}

#[test]
fn it_is_what_one_tells_who_looks_all_the_time() {
    let mint = Mint::new();
    let forever = 1000 * DAY;
    let sites = [
        Site::new("long.example").certificate(&mint, 0, 90 * DAY, 60 * DAY),
        Site::new("short.example").certificate(&mint, 0, 6 * DAY, 5 * DAY).at(2),
        Site::new("txt.example").certificate(&mint, 0, 200 * DAY, 150 * DAY).at(3).fails(0, forever, Fault::NoTxt),
        Site::new("down.example").certificate(&mint, 0, 47 * DAY, 30 * DAY).at(4).fails(0, forever, Fault::Gateway),
        Site::new("early.example")
            .presents(0, mint.chain(&DomainName::parse("early.example").unwrap(), DAY, 30 * DAY))
            .at(5),
    ]
    .map(|site| site.every(10 * MINUTE));
    let mut world = World::new(sites.clone());
    let until = 40 * DAY;
    world.run_until(until);
    let rehearsal = rehearsed(&sites, Severity::Warning, until);
    let (mut real, mut rehearsed) = (world.told(), lines(rehearsal.told()));
    real.sort();
    rehearsed.sort();
    assert!(real.iter().any(|line| line.ends_with("tls.not_yet_valid resolved")), "{real:#?}");
    assert_eq!(rehearsed, real);
}

#[test]
fn everything_is_told_to_everybody_whatever_the_floor() {
    let mint = Mint::new();
    let sites = [Site::new("login.example").certificate(&mint, 0, 90 * DAY, 60 * DAY)];
    let watches = watches(&sites, Severity::Critical);
    let scenes = scenes(&sites);
    let mut all = Rehearsal::of_everything(&Policy::default(), &watches, &[], UnixTime(START), scenes);
    all.run_until(UnixTime(START + LONG));
    assert!(all.told().iter().all(|told| told.receiver == EVERYBODY && mail(told).notices.len() == 1));
    assert_eq!(lines(all.told())[0], "day 39 00h login.example warning tls.expires_soon opened");
    let heard = lines(rehearsed(&sites, Severity::Critical, LONG).told());
    assert_eq!(heard[0], "day 53 00h login.example critical tls.expires_soon escalated");
}

#[test]
fn what_is_renewed_by_then_is_not_told() {
    let mint = Mint::new();
    let site = Site::new("login.example").certificate(&mint, 0, 90 * DAY, 60 * DAY);
    let now = Now { wall: UnixTime(START), mono: Duration::ZERO };
    let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now);
    keeper.handle_watches(watches(std::slice::from_ref(&site), Severity::Warning), now);
    let scene = Scene::new(look(&site), site.domain.interval).renewed_at(UnixTime(START + 30 * DAY));
    let mut rehearsal = Rehearsal::new(keeper, UnixTime(START), [(site.domain.name.clone(), scene)]);
    rehearsal.run_until(UnixTime(START + LONG));
    assert_eq!(lines(rehearsal.told()), Vec::<String>::new());
    let snapshot = rehearsal.keeper().snapshot();
    let state = snapshot.domains.iter().next().unwrap();
    assert_eq!(state.verdict.as_ref().unwrap().effective_expiry, Some(UnixTime(START + 120 * DAY)));
}
