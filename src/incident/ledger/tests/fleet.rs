//! A week of fleet life, and the exact list of notices it must yield.

use super::*;

/// 50 domains behind five proxies of ten domains each.
fn fleet() -> Vec<Site> {
    (0..50u8).map(|i| Site::new(&format!("d{i:02}.example")).at(&[i / 10 + 1]).certificate(0, 80 * DAY)).collect()
}

#[test]
fn a_week_of_fleet_life() {
    let mut sites = fleet();
    let change = |sites: &mut Vec<Site>, i: usize, with: &dyn Fn(Site) -> Site| {
        sites[i] = with(sites[i].clone());
    };
    // Monday: one certificate nears its end unrenewed, and is renewed on Wednesday.
    change(&mut sites, 3, &|site| site.certificate(0, 22 * DAY).certificate(2 * DAY + HOUR, 92 * DAY));
    // All week: an ordinary renewal, which nobody hears of.
    change(&mut sites, 4, &|site| site.certificate(0, 26 * DAY).certificate(3 * DAY, 93 * DAY));
    // Tuesday: a proxy is dead for 20 minutes, and ten domains with it.
    for i in 20..30 {
        change(&mut sites, i, &|site| site.fails(DAY, DAY + 20 * MINUTE, Code::ConnectTimeout));
    }
    // Wednesday: our resolvers are gone for an hour.
    for i in 0..50 {
        change(&mut sites, i, &|site| site.fails(2 * DAY, 2 * DAY + HOUR / 2, Code::WatchResolverFailed));
    }
    // Thursday: hiccups all over the place.
    for i in 0..50 {
        let at = 3 * DAY + i as i64 * 600;
        change(&mut sites, i, &|site| site.fails(at, at + 35, Code::ConnectReset).fails(at, at + 5, Code::DnsNxdomain));
    }
    // Friday to Sunday: a TXT record is deleted; a wrong key is rolled out, and back within two hours.
    change(&mut sites, 7, &|site| site.fails(4 * DAY, 9 * DAY, Code::DnsTxtMissing));
    change(&mut sites, 41, &|site| site.fails(4 * DAY, 4 * DAY + 2 * HOUR, Code::Auth0KeyRejected));

    let mut world = World::first_start(sites);
    world.run_until(7 * DAY);
    let mut expected = vec![
        (DAY, "d03.example opened tls.expires_soon warning"),
        (2 * DAY, " opened watch.resolver_failed warning"),
        (2 * DAY + 1920, " resolved watch.resolver_failed warning"),
        (2 * DAY + HOUR + 120, "d03.example resolved tls.expires_soon warning"),
        (4 * DAY + 10, "d07.example opened dns.txt_missing warning"),
        (5 * DAY + 10, "d07.example reminder dns.txt_missing warning"),
        (6 * DAY + 10, "d07.example reminder dns.txt_missing warning"),
        (4 * DAY + 10, "d41.example opened auth0.key_rejected critical"),
        (4 * DAY + HOUR + 10, "d41.example reminder auth0.key_rejected critical"),
        (4 * DAY + 2 * HOUR + 120, "d41.example resolved auth0.key_rejected critical"),
    ];
    let proxy: Vec<String> = (20..30).map(|i| format!("d{i}.example")).collect();
    let opened: Vec<String> = proxy.iter().map(|name| format!("{name} opened connect.timeout critical")).collect();
    let resolved: Vec<String> = proxy.iter().map(|name| format!("{name} resolved connect.timeout critical")).collect();
    expected.extend(opened.iter().map(|line| (DAY + 60, line.as_str())));
    expected.extend(resolved.iter().map(|line| (DAY + 20 * MINUTE + 120, line.as_str())));

    // Each domain has its phase within the minute: times are compared by that tolerance.
    let mut told: Vec<(String, i64)> = world.told.iter().map(|told| (told.line(), told.time)).collect();
    for (at, line) in expected {
        let found =
            told.iter().position(|(told, time)| told.ends_with(&format!(" {line}")) && (at..at + 65).contains(time));
        match found {
            Some(found) => _ = told.remove(found),
            None => panic!("{at} {line} was not told, but: {told:#?}"),
        }
    }
    assert_eq!(told, [], "and nothing else");
    assert_eq!(world.standing(), ["d07.example txt firing warning"]);
    // Small looks for much: of the dead proxy's ten domains three were looked at for all.
    let again = world.looked_again.iter().filter(|(at, _)| (DAY..DAY + 20 * MINUTE).contains(at)).count();
    assert_eq!(again, 6);
}
