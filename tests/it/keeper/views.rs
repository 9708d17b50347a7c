//! The views past the proxy: how often they are taken, and that one fault seen by three of them is told once.

use super::site::{Fault, Mint, Site};
use super::{DAY, HOUR, MINUTE, World};

const TENANT: &str = "example.us.auth0.com";

fn site(name: &str) -> Site {
    Site::new(name).every(MINUTE).certificate(&Mint::new(), 0, 90 * DAY, 80 * DAY).past_proxy(TENANT)
}

/// A world in which the first summary is over and the domain was seen well.
fn settled(site: Site) -> World {
    let mut world = World::new([site]);
    world.run_until(HOUR);
    world.origin_looks.clear();
    world.tenant_looks.clear();
    world
}

/// How many seconds lie between one and the next.
fn gaps(times: &[i64]) -> Vec<i64> {
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn the_origin_is_asked_every_five_minutes_and_the_tenant_once_an_interval_for_all_its_domains() {
    let mut world = World::new(["a.example", "b.example", "c.example"].map(site));
    world.run_until(HOUR);
    let looks = world.looks;
    assert!((3 * 58..=3 * 62).contains(&looks), "{looks}");
    // Three domains, each a dozen times an hour.
    let origins = world.origin_looks.len();
    assert!((3 * 11..=3 * 13).contains(&origins), "{origins}");
    let tenants = gaps(&world.tenant_looks);
    assert!(tenants.len() >= 58 && tenants.iter().all(|gap| *gap == MINUTE), "{tenants:?}");
}

#[test]
fn both_are_asked_at_once_when_the_domain_fails() {
    let mut world = settled(site("a.example").fails(HOUR, 2 * HOUR, Fault::Gateway));
    world.run_until(HOUR + 2 * MINUTE);
    let (origin, tenant) = (world.origin_looks.clone(), world.tenant_looks.clone());
    // The look that fails, and those that confirm it.
    assert!(origin.len() >= 3 && origin[2] - origin[0] <= 40, "{origin:?}");
    // No more often than four times a minute, however often it is wanted.
    assert!(tenant.len() >= 3 && gaps(&tenant).iter().all(|gap| *gap >= 15), "{tenant:?}");
}

/// What was told of a fault that lasts an hour, without the hour.
fn told(faults: &[Fault]) -> Vec<String> {
    let site = faults.iter().fold(site("a.example"), |site, fault| site.fails(HOUR, 2 * HOUR, *fault));
    let mut world = settled(site);
    world.run_until(3 * HOUR);
    world
        .told()
        .iter()
        .map(|line| line.split_once("h ").map_or_else(|| line.clone(), |(_, rest)| rest.to_owned()))
        .collect()
}

#[test]
fn one_fault_that_three_views_see_is_told_once() {
    let of = |code: &str| ["opened", "resolved"].map(|reason| format!("a.example critical {code} {reason}"));
    let down = of("http.error_status");
    let once = |told: Vec<String>| told.into_iter().filter(|line| !line.ends_with("reminder")).collect::<Vec<_>>();
    assert_eq!(once(told(&[Fault::Gateway])), down);
    assert_eq!(once(told(&[Fault::Gateway, Fault::EdgeDown])), down);
    assert_eq!(once(told(&[Fault::Gateway, Fault::EdgeDown, Fault::TenantDown])), down);
    // The key is dead for us as well.
    assert_eq!(once(told(&[Fault::Forbidden, Fault::OtherKey])), down);
    // It is the proxy's alone.
    assert_eq!(once(told(&[Fault::Forbidden])), of("auth0.key_rejected"));
    // What only we see, customers do not.
    assert_eq!(told(&[Fault::EdgeDown, Fault::TenantDown]), [""; 0]);
}

#[test]
fn a_key_that_is_not_the_proxys_is_one_warning_of_the_origins_view() {
    let of = |reason: &str| format!("a.example warning auth0.edge_key_rejected {reason}");
    assert_eq!(told(&[Fault::OtherKey]), [of("opened"), of("resolved")]);
    let mut world = settled(site("a.example").fails(HOUR, 2 * HOUR, Fault::OtherKey));
    world.run_until(90 * MINUTE);
    let notice = &world.sent.last().unwrap().mail.notices[0];
    assert_eq!((notice.view.as_str(), notice.family.as_str()), ("origin", "edge"));
}

#[test]
fn a_mail_names_the_hop_and_how_to_mend_it() {
    let mail = |faults: &[Fault]| {
        let site = faults.iter().fold(site("a.example"), |site, fault| site.fails(HOUR, 2 * HOUR, *fault));
        let mut world = settled(site);
        world.run_until(HOUR + 5 * MINUTE);
        let notice = world.sent.last().unwrap().mail.notices[0].clone();
        let broken: Vec<String> =
            notice.path.iter().filter(|fact| fact.status == "broken").map(|fact| fact.hop.clone()).collect();
        (broken, notice.remedy)
    };
    let (broken, remedy) = mail(&[Fault::Gateway]);
    assert_eq!(broken, ["proxy"]);
    assert!(remedy.contains("`proxy_ssl_name example-cd-x.edge.tenants.us.auth0.com`"), "{remedy}");
    let (broken, remedy) = mail(&[Fault::Gateway, Fault::EdgeDown]);
    assert_eq!(broken, ["edge"]);
    assert!(remedy.contains("Nothing to mend at the proxy"), "{remedy}");
    let (broken, remedy) = mail(&[Fault::Gateway, Fault::EdgeDown, Fault::TenantDown]);
    assert_eq!(broken, ["tenant"]);
    assert!(remedy.contains("Auth0 itself fails"), "{remedy}");
}
