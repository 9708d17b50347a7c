//! A year in the life of a fleet: renewals of every length, rollouts over several addresses, and what goes wrong with
//! them; and every notice that must yield.

use notafter::lab::ca::{KeyKind, LeafSpec};
use notafter::observation::Presented;

use super::*;

/// The day after which nothing more is played.
const YEAR: i64 = 365 * DAY;

/// Whoever makes the certificates, and how long they live.
struct Line<'a> {
    mint: &'a Mint,
    days: i64,
}

impl Line<'_> {
    /// A chain for the site, issued an hour before this day, as CAs date back.
    fn issued(&self, site: &Site, day: i64) -> Arc<Presented> {
        self.mint.chain_of(&site.domain.name, &self.leaf(site, day))
    }

    fn leaf(&self, site: &Site, day: i64) -> LeafSpec {
        let from = START + day * DAY - HOUR;
        LeafSpec::new(site.domain.name.as_str(), from, from + self.days * DAY - 1)
    }

    /// The site renews every so many days, from a day on until before another.
    fn renews(&self, site: Site, every: i64, from: i64, until: i64) -> Site {
        let days = (from..until).step_by(usize::try_from(every).unwrap());
        days.fold(site, |site, day| {
            let chain = self.issued(&site, day);
            site.presents(day * DAY, chain)
        })
    }
}

/// As many domains as there are ways to live, some of them often.
fn fleet(mint: &Mint, other: &Mint) -> Vec<Site> {
    let line = |days| Line { mint, days };
    let site = |n: i64| Site::new(&format!("d{n:02}.example")).at(u8::try_from(n).unwrap() + 1);
    let often = |n| site(n).every(12 * HOUR);
    (0..50)
        .map(|n| match n {
            // Ordinary renewals, one address each, however long certificates live.
            0..8 => line(90).renews(site(n).every(DAY), 60, n - 60, 365),
            8..16 => line(47).renews(site(n).every(DAY), 31, n - 31, 365),
            16..20 => line(200).renews(site(n).every(DAY), 133, n - 100, 365),
            20..22 => line(6).renews(site(n).every(6 * HOUR), 4, n - 22, 365),
            // Lifetimes that shrink.
            22..26 => {
                let shrinking = line(90).renews(site(n).every(DAY), 60, -30, 100);
                let shorter = line(47).renews(shrinking, 31, 150, 260);
                line(6).renews(shorter.every(12 * HOUR), 4, 274, 365)
            }
            // Rollouts over three addresses, the second and the third hours after the first.
            26..32 => rolled_out(&line(90), often(n), n - 26),
            32..38 => line(100).renews(site(n).every(DAY), 66, n - 98, 365),
            38 => pair(&line(90), often(n)),
            39 => left_behind(&line(90), often(n)),
            40 => split(&line(90), often(n)),
            41 => fallen_back(&line(90), often(n)),
            // Late once, on day 180: five days late it is mended.
            42 => line(90).renews(line(90).renews(often(n), 60, -60, 130), 60, 186, 365),
            // The automation fails on day 180, and is mended two days after the end.
            43 => line(90).renews(line(90).renews(often(n), 60, -60, 130), 60, 212, 365),
            44 => line(6).renews(line(6).renews(often(n), 4, -4, 100), 4, 107, 365),
            45 => other_keys(mint, often(n)),
            // Another CA from day 60 on.
            46 => Line { mint: other, days: 90 }.renews(line(90).renews(often(n), 60, -60, 30), 60, 60, 365),
            47 => names_lost(mint, often(n)),
            // Renewed early, and taken back for a while.
            48 => taken_back(&line(90), often(n)),
            // By hand, once so and once so.
            _ => [-30, 12, 85, 110, 180, 255, 300].into_iter().fold(often(n), |site, day| {
                let chain = line(90).issued(&site, day);
                site.presents(day * DAY, chain)
            }),
        })
        .collect()
}

/// The same certificates at several addresses, at each some time after the first; what was there before at that one.
fn spread(site: Site, chains: &[(i64, Arc<Presented>)], others: &[(&str, &[i64])]) -> Site {
    let site = chains.iter().fold(site, |site, (from, chain)| site.presents(*from, Arc::clone(chain)));
    others.iter().fold(site, |site, (address, delays)| {
        let delays = delays.iter().copied().chain(std::iter::repeat(0));
        let each = chains.iter().zip(delays);
        each.fold(site.and_at(address), |site, ((from, chain), delay)| site.presents(from + delay, Arc::clone(chain)))
    })
}

/// A certificate every 60 days, from a day on.
fn every_60_days(line: &Line<'_>, site: &Site, first: i64) -> Vec<(i64, Arc<Presented>)> {
    (first..365).step_by(60).map(|day| (day * DAY, line.issued(site, day))).collect()
}

/// At the second address five hours after the first, and at the third ten.
fn rolled_out(line: &Line<'_>, site: Site, first: i64) -> Site {
    let chains = every_60_days(line, &site, first - 60);
    let [five, ten] = [5, 10].map(|hours| vec![hours * HOUR; chains.len()]);
    spread(site, &chains, &[("192.0.2.200:443", &five), ("[2001:db8::200]:443", &ten)])
}

/// One address has a certificate for an ECDSA key, the other for an RSA key; each is renewed for itself.
fn pair(line: &Line<'_>, site: Site) -> Site {
    let site = line.renews(site, 60, -30, 365).and_at("192.0.2.200:443");
    (-20..365).step_by(60).fold(site, |site, day| {
        let leaf = line.leaf(&site, day).with_key(KeyKind::Rsa2048);
        let chain = line.mint.chain_of(&site.domain.name, &leaf);
        site.presents(day * DAY, chain)
    })
}

/// On day 60 the second address is passed over, until day 64.
fn left_behind(line: &Line<'_>, site: Site) -> Site {
    let chains = every_60_days(line, &site, 0);
    spread(site, &chains, &[("192.0.2.200:443", &[0, 4 * DAY])])
}

/// On day 60 the IPv6 address is passed over, until day 62.
fn split(line: &Line<'_>, site: Site) -> Site {
    let chains = every_60_days(line, &site, 0);
    spread(site, &chains, &[("192.0.2.200:443", &[]), ("[2001:db8::200]:443", &[0, 2 * DAY])])
}

/// Day 60's renewal is undone on day 65 by a restart, for ten hours.
fn fallen_back(line: &Line<'_>, site: Site) -> Site {
    let mut chains = every_60_days(line, &site, 0);
    let [(_, one), (_, two), ..] = &chains[..] else { panic!("several") };
    let back = [(65 * DAY, Arc::clone(one)), (65 * DAY + 10 * HOUR, Arc::clone(two))];
    chains.splice(2..2, back);
    spread(site, &chains, &[])
}

/// From RSA to ECDSA on day 60, and back on day 120.
fn other_keys(mint: &Mint, site: Site) -> Site {
    let line = Line { mint, days: 90 };
    let keys = [(0, KeyKind::Rsa2048), (60, KeyKind::P256), (120, KeyKind::Rsa2048), (180, KeyKind::Rsa2048)];
    let rest = [240, 300, 360].map(|day| (day, KeyKind::Rsa2048));
    keys.into_iter().chain(rest).fold(site, |site, (day, key)| {
        let chain = mint.chain_of(&site.domain.name, &line.leaf(&site, day).with_key(key));
        site.presents(day * DAY, chain)
    })
}

/// From day 60 on the certificate is no longer for a second name.
fn names_lost(mint: &Mint, site: Site) -> Site {
    let line = Line { mint, days: 90 };
    let both = line.leaf(&site, 0).with_name(&format!("auth.{}", site.domain.name));
    let chain = mint.chain_of(&site.domain.name, &both);
    line.renews(site.presents(0, chain), 60, 60, 365)
}

/// Renewed on day 20 instead of day 60; on day 22 that is taken back, and on day 24 done again.
fn taken_back(line: &Line<'_>, site: Site) -> Site {
    let [one, two] = [0, 20].map(|day| line.issued(&site, day));
    let site = site.presents(0, Arc::clone(&one)).presents(20 * DAY, Arc::clone(&two));
    let site = site.presents(22 * DAY, one).presents(24 * DAY, two);
    line.renews(site, 60, 80, 365)
}

#[test]
fn a_year_of_renewals() {
    let (mint, other) = (Mint::new(), Mint::named("Other"));
    let mut world = World::new(fleet(&mint, &other));
    // What was learned outlives the process.
    for killed in [90 * DAY, 150 * DAY, 270 * DAY] {
        world.run_until(killed);
        world.restart();
    }
    world.run_until(YEAR);
    let told = world.told();
    let expected: Vec<&str> = TOLD.trim().lines().collect();
    assert_eq!(told.join("\n"), expected.join("\n"));
    let rows = world.disk.keys().filter(|(_, key)| key.ends_with("/history")).count();
    assert_eq!(rows, 50);
}

#[test]
fn renewals_are_counted_and_their_habit_is_known() {
    let mint = Mint::new();
    let site = Line { mint: &mint, days: 90 }.renews(Site::new("a.example").every(12 * HOUR), 60, -60, 365);
    let early = taken_back(&Line { mint: &mint, days: 90 }, Site::new("b.example").every(12 * HOUR));
    let mut world = World::new([site, early]);
    world.run_until(200 * DAY);
    let snapshot = world.keeper.snapshot();
    let counted: Vec<(&str, u64)> =
        snapshot.counters.renewals().map(|(class, count)| (class.as_str(), count)).collect();
    assert_eq!(counted, [("routine", 5), ("early", 1), ("surprising", 0)]);
    let state = snapshot.domains.iter().next().unwrap();
    let history = &state.record.history;
    let renewal = history.renewals().next().unwrap();
    assert!(renewal.completed.is_some());
    let expected = history.expects(renewal.to.sha256).unwrap();
    let days = (expected.usual.0 - START) / DAY;
    assert!((240..=241).contains(&days), "day {days}");
}

const TOLD: &str = "
day 22 06h d48.example warning tls.flip_back opened
day 23 06h d48.example warning tls.flip_back reminder
day 24 06h d48.example warning tls.flip_back reminder
day 25 06h d48.example warning tls.flip_back resolved
day 60 06h d47.example warning tls.renewal_surprising opened
day 60 11h d46.example warning tls.renewal_surprising opened
day 61 06h d47.example warning tls.renewal_surprising reminder
day 61 09h d39.example warning tls.rollout_stuck opened
day 61 10h d40.example warning tls.split_by_family opened
day 61 11h d46.example warning tls.renewal_surprising reminder
day 62 06h d47.example warning tls.renewal_surprising resolved
day 62 09h d39.example warning tls.rollout_stuck reminder
day 62 10h d40.example warning tls.split_by_family reminder
day 62 11h d46.example warning tls.renewal_surprising resolved
day 63 09h d39.example warning tls.rollout_stuck reminder
day 63 10h d40.example warning tls.split_by_family resolved
day 64 09h d39.example warning tls.rollout_stuck reminder
day 65 02h d41.example warning tls.flip_back opened
day 65 09h d39.example warning tls.rollout_stuck resolved
day 66 02h d41.example warning tls.flip_back reminder
day 66 14h d41.example warning tls.flip_back resolved
day 80 23h d49.example warning tls.expires_soon opened
day 86 07h d49.example warning tls.expires_soon resolved
day 100 11h d44.example warning tls.expires_soon opened
day 101 05h d44.example warning tls.expires_soon reminder
day 101 08h d44.example critical tls.expires_soon escalated
day 101 15h d44.example critical tls.expires_soon reminder
day 101 19h d44.example critical tls.expires_soon reminder
day 101 21h d44.example critical tls.expires_soon reminder
day 101 23h d44.example critical tls.expired escalated
day 102 00h d44.example critical tls.expired reminder
day 102 03h d44.example critical tls.expired reminder
day 103 03h d44.example critical tls.expired reminder
day 104 03h d44.example critical tls.expired reminder
day 105 03h d44.example critical tls.expired reminder
day 106 03h d44.example critical tls.expired reminder
day 107 03h d44.example critical tls.expired reminder
day 108 01h d44.example critical tls.expired resolved
day 120 00h d45.example warning tls.renewal_surprising opened
day 121 00h d45.example warning tls.renewal_surprising reminder
day 122 00h d45.example warning tls.renewal_surprising resolved
day 178 23h d49.example warning tls.expires_soon opened
day 181 07h d49.example warning tls.expires_soon resolved
day 184 17h d43.example warning tls.renewal_late opened
day 184 20h d42.example warning tls.renewal_late opened
day 187 08h d42.example warning tls.renewal_late resolved
day 197 08h d43.example warning tls.expires_soon reminder
day 202 23h d43.example critical tls.expires_soon escalated
day 206 11h d43.example critical tls.expires_soon reminder
day 208 05h d43.example critical tls.expires_soon reminder
day 209 02h d43.example critical tls.expires_soon reminder
day 209 12h d43.example critical tls.expires_soon reminder
day 209 17h d43.example critical tls.expires_soon reminder
day 209 20h d43.example critical tls.expires_soon reminder
day 209 21h d43.example critical tls.expires_soon reminder
day 209 23h d43.example critical tls.expired escalated
day 210 00h d43.example critical tls.expired reminder
day 210 03h d43.example critical tls.expired reminder
day 211 03h d43.example critical tls.expired reminder
day 212 03h d43.example critical tls.expired reminder
day 213 03h d43.example critical tls.expired reminder
day 213 05h d43.example critical tls.expired resolved
day 248 23h d49.example warning tls.expires_soon opened
day 256 07h d49.example warning tls.expires_soon resolved
";
