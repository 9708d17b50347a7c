//! Kinds, and when a finding becomes an incident.

use super::*;

#[test]
fn a_fact_is_read_once_more_ten_seconds_later() {
    let mut world = World::new([Site::new("a.example").fails(60, HOUR, Code::TlsNameMismatch)]);
    world.run_until(69);
    assert_eq!(world.news(), [""; 0]);
    assert_eq!(world.standing(), ["a.example name pending critical"]);
    world.run_until(100);
    assert_eq!(world.news(), ["70 a.example opened tls.name_mismatch critical"]);
    assert_eq!(world.looked_again, [(70, "a.example".to_owned())]);
    assert_eq!(world.told[0].kind, MailKind::News);
}

#[test]
fn what_not_every_look_asks_is_seen_by_those_that_did() {
    for family in [Family::Caa, Family::Spreading, Family::Nameservers, Family::Signatures, Family::Registration] {
        for asked in [false, true] {
            let is = |other: &[Family]| asked && other.contains(&family);
            let looked = Looked {
                caa: is(&[Family::Caa]),
                authority: is(&[Family::Spreading, Family::Nameservers]),
                dnssec: is(&[Family::Signatures]),
                registration: is(&[Family::Registration]),
                ..Site::new("a.example").looked(0)
            };
            assert_eq!(looked.has_seen(family, &[None].into()), asked, "{family:?}");
            assert_eq!(looked.is_good(family, None, &Hiding::default()), asked, "{family:?}");
        }
    }
}

#[test]
fn a_network_fault_needs_three_looks() {
    let mut world = World::new([Site::new("a.example").fails(60, HOUR, Code::ConnectRefused)]);
    world.run_until(110);
    assert_eq!(world.news(), ["100 a.example opened connect.refused critical"]);
    assert_eq!(world.looked_again.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [80, 100]);
}

#[test]
fn several_faults_of_a_domain_are_confirmed_each_at_its_time() {
    let site = Site::new("a.example").interval(3600).fails(0, HOUR, Code::ConnectRefused);
    let mut world = World::new([site.fails(0, HOUR, Code::DnsTxtMissing)]);
    world.run_until(100);
    let expected = ["10 a.example opened dns.txt_missing warning", "40 a.example opened connect.refused critical"];
    assert_eq!(world.news(), expected);
    assert_eq!(world.looked_again.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [10, 20, 40]);
}

#[test]
fn a_hiccup_is_never_told_and_leaves_nothing() {
    let mut world = World::new([Site::new("a.example").fails(60, 95, Code::ConnectRefused)]);
    world.run_until(HOUR);
    assert_eq!(world.news(), [""; 0]);
    assert_eq!(world.standing(), [""; 0]);
    assert!(!world.disk.keys().any(|(table, _)| *table == Table::Incident));
}

#[test]
fn looks_at_short_intervals_do_not_confirm_sooner() {
    let site = Site::new("a.example").interval(1).fails(60, HOUR, Code::ConnectTimeout);
    let mut world = World::new([site]);
    world.run_until(99);
    assert_eq!(world.news(), [""; 0]);
    let before = world.changes;
    world.run_until(100);
    assert_eq!(world.news(), ["100 a.example opened connect.timeout critical"]);
    // Firing, and the word that the notice was taken: no look in between was a change.
    assert_eq!(world.changes, before + 2);
}

#[test]
fn a_record_needs_two_looks_or_two_resolvers() {
    let mut world = World::new([Site::new("a.example").fails(60, HOUR, Code::DnsNxdomain)]);
    world.run_until(100);
    assert_eq!(world.news(), ["70 a.example opened dns.nxdomain critical"]);

    let mut world = World::new([Site::new("a.example").fails(1, HOUR, Code::DnsNxdomain)]);
    world.run_until(30);
    world.see("a.example", |looked| looked.resolvers_agree = true);
    assert_eq!(world.news(), ["30 a.example opened dns.nxdomain critical"]);
}

#[test]
fn two_resolvers_confirm_no_fact() {
    let mut world = World::new([Site::new("a.example").fails(1, HOUR, Code::TlsExpired)]);
    world.run_until(30);
    world.see("a.example", |looked| looked.resolvers_agree = true);
    assert_eq!(world.news(), [""; 0]);
}

#[test]
fn information_opens_nothing() {
    let info = Finding::new(Code::TlsAddressesDisagree, "two leaves").severity(Severity::Info);
    let site = Site::new("a.example").shows(0, HOUR, info).fails(0, HOUR, Code::WatchNoIpv6);
    let mut world = World::new([site]);
    world.run_until(HOUR);
    assert_eq!(world.news(), [""; 0]);
    assert_eq!(world.standing(), [""; 0]);
}

#[test]
fn where_many_fail_alike_three_are_looked_at_for_all() {
    let sites = (0..50).map(|i| Site::new(&format!("d{i:02}.example")).fails(60, HOUR, Code::ConnectRefused));
    let mut world = World::new(sites);
    world.run_until(170);
    assert_eq!(world.news().len(), 50);
    let looked: BTreeSet<&str> = world.looked_again.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(looked, ["d00.example", "d01.example", "d02.example"].into());
    assert_eq!(world.looked_again.len(), 6);
    // The third was confirmed 40 s after it was first seen; with it all that had failed until then, and those
    // that are seen to fail later at their first look.
    let at = |i: usize| world.told.iter().find(|told| told.notice.domain == format!("d{i:02}.example")).unwrap().time;
    assert_eq!((at(0), at(1), at(2), at(3)), (100, 101, 102, 102));
    assert_eq!(at(30), 102);
    assert_eq!(at(49), 60 + 49 * 60 / 50);
}

#[test]
fn who_fails_otherwise_is_looked_at_for_itself() {
    let mut sites: Vec<Site> =
        (0..4).map(|i| Site::new(&format!("d{i}.example")).fails(60, HOUR, Code::ConnectRefused)).collect();
    sites.push(Site::new("elsewhere.example").at(&[7]).fails(60, HOUR, Code::ConnectRefused));
    sites.push(Site::new("otherwise.example").fails(60, HOUR, Code::ConnectTimeout));
    let mut world = World::new(sites);
    world.run_until(170);
    let looked: BTreeSet<&str> = world.looked_again.iter().map(|(_, name)| name.as_str()).collect();
    let expected = ["d0.example", "d1.example", "d2.example", "elsewhere.example", "otherwise.example"];
    assert_eq!(looked, expected.into());
}

#[test]
fn when_one_of_the_three_recovers_another_takes_its_place() {
    let mut sites: Vec<Site> =
        (0..5).map(|i| Site::new(&format!("d{i}.example")).fails(60, HOUR, Code::ConnectRefused)).collect();
    sites[1].faults[0].to = 105;
    let mut world = World::new(sites);
    world.run_until(135);
    assert_eq!(world.news().len(), 2);
    world.run_until(136);
    let looked: BTreeSet<&str> = world.looked_again.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(looked, ["d0.example", "d1.example", "d2.example", "d3.example"].into());
    let told: BTreeSet<&str> = world.told.iter().map(|told| told.notice.domain.as_str()).collect();
    assert_eq!(told, ["d0.example", "d2.example", "d3.example", "d4.example"].into());
}

#[test]
fn a_hiccup_amid_old_sores_is_still_a_hiccup() {
    let mut sites: Vec<Site> =
        (0..3).map(|i| Site::new(&format!("d{i}.example")).fails(0, DAY, Code::ConnectRefused)).collect();
    sites.push(Site::new("well.example").fails(HOUR, HOUR + 50, Code::ConnectRefused));
    let mut world = World::new(sites);
    world.run_until(2 * HOUR);
    assert!(world.told.iter().all(|told| told.notice.domain != "well.example"), "{:?}", world.news());
}
