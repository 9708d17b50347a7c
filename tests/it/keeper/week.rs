//! A week in the life of a fleet, and every notice it must yield.

use super::*;

/// Thirty domains: ten behind each of two proxies, ten on their own.
fn fleet(mint: &Mint) -> Vec<Site> {
    let site = |n: u8| {
        let proxy = match n {
            0..10 => 1,
            10..20 => 2,
            _ => n,
        };
        Site::new(&format!("d{n:02}.example")).at(proxy)
    };
    let sound = |n: u8| site(n).certificate(mint, 0, 90 * DAY, 60 * DAY);
    let with_left = |n: u8, left: i64| site(n).certificate(mint, 0, 90 * DAY, left);
    (0..30)
        .map(|n| match n {
            // The second proxy is down from ten past three until ten to four.
            10..20 => sound(n).fails(at(2, 3) + 10 * MINUTE, at(2, 3) + 50 * MINUTE, Fault::Refused),
            // Is renewed late: three weeks are left on day 1 at ten, and the renewal comes on day 3 at noon.
            20 => with_left(n, at(1, 10) + 21 * DAY).certificate(mint, at(3, 12), 90 * DAY, 90 * DAY - HOUR),
            // Less than three weeks are left from the beginning, a week on day 2 at six.
            21 => with_left(n, at(2, 6) + 7 * DAY),
            // A hiccup: one look may see it, three do not.
            22 => sound(n).fails(at(3, 5), at(3, 5) + 35, Fault::Refused),
            23 => sound(n).fails(at(4, 8), at(4, 20), Fault::WrongIssuer),
            24 => sound(n).fails(at(5, 0), at(5, 1) + 30 * MINUTE, Fault::Nxdomain),
            // An ordinary renewal.
            25 => with_left(n, 33 * DAY).certificate(mint, at(3, 0), 90 * DAY, 90 * DAY - HOUR),
            // Runs out on day 6, and is renewed six hours later.
            26 => with_left(n, at(6, 0)).certificate(mint, at(6, 6), 90 * DAY, 90 * DAY - HOUR),
            27 => sound(n).fails(at(1, 0), at(3, 12), Fault::NoTxt),
            _ => sound(n),
        })
        .collect()
}

const fn at(day: i64, hour: i64) -> i64 {
    day * DAY + hour * HOUR
}

#[test]
fn a_week_of_fleet_life() {
    let mint = Mint::new();
    let mut world = World::new(fleet(&mint));
    // On day 6 at noon our own resolver fails for twenty minutes.
    world.run_until(at(6, 12));
    world.resolver_answers = false;
    world.run_until(at(6, 12) + 20 * MINUTE);
    world.resolver_answers = true;
    world.run_until(at(7, 0));
    let mut expected: Vec<String> = WEEK.trim().lines().flat_map(spread).collect();
    let mut told = world.told();
    // Within an hour the order hangs on whose turn it was.
    expected.sort();
    told.sort();
    assert_eq!(told.join("\n"), expected.join("\n"));
    // One proxy's ten domains, each looked at on its own turn: nowhere near twenty mails.
    let of_proxy = world.sent.iter().filter(|sent| sent.mail.notices[0].code == "connect.refused").count();
    assert!(of_proxy <= 12, "{of_proxy} mails");
    assert!(world.sent.len() < 45, "{} mails", world.sent.len());
    assert!(world.looks > 30 * 12 * 24 * 7, "{} looks", world.looks);
}

/// A line for `d10-d19` is one for each of them.
fn spread(line: &str) -> Vec<String> {
    match line.split_once("d10-d19") {
        Some((head, tail)) => (10..20).map(|n| format!("{head}d{n}{tail}")).collect(),
        None => vec![line.to_owned()],
    }
}

const WEEK: &str = "
day 0 00h d26.example critical tls.expires_soon opened
day 0 00h d21.example warning tls.expires_soon opened
day 1 00h d27.example warning dns.txt_missing opened
day 1 10h d20.example warning tls.expires_soon opened
day 2 00h d27.example warning dns.txt_missing reminder
day 2 03h d10-d19.example critical connect.refused opened
day 2 04h d10-d19.example critical connect.refused resolved
day 2 06h d21.example critical tls.expires_soon escalated
day 3 00h d26.example critical tls.expires_soon reminder
day 3 00h d27.example warning dns.txt_missing reminder
day 3 12h d20.example warning tls.expires_soon resolved
day 3 12h d27.example warning dns.txt_missing resolved
day 4 08h d23.example critical auth0.issuer_mismatch opened
day 4 09h d23.example critical auth0.issuer_mismatch reminder
day 4 12h d23.example critical auth0.issuer_mismatch reminder
day 4 12h d26.example critical tls.expires_soon reminder
day 4 20h d23.example critical auth0.issuer_mismatch resolved
day 5 00h d24.example critical dns.nxdomain opened
day 5 01h d24.example critical dns.nxdomain reminder
day 5 01h d24.example critical dns.nxdomain resolved
day 5 06h d26.example critical tls.expires_soon reminder
day 5 15h d26.example critical tls.expires_soon reminder
day 5 18h d21.example critical tls.expires_soon reminder
day 5 19h d26.example critical tls.expires_soon reminder
day 5 21h d26.example critical tls.expires_soon reminder
day 5 22h d26.example critical tls.expires_soon reminder
day 6 00h d26.example critical tls.expired escalated
day 6 01h d26.example critical tls.expired reminder
day 6 04h d26.example critical tls.expired reminder
day 6 06h d26.example critical tls.expired resolved
day 6 12h notafter warning watch.resolver_failed opened
day 6 12h notafter warning watch.resolver_failed resolved
";
