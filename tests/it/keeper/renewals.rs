//! An ordinary renewal wakes nobody, however long certificates live.

use super::*;

/// Automation renews with a third of the lifetime left; where that is long enough, it may take 48 hours of retries.
fn renewed_after(lifetime: i64) -> i64 {
    let retries = if lifetime >= 47 * DAY { 48 * HOUR } else { 0 };
    lifetime * 2 / 3 + retries
}

/// A site whose certificates of this lifetime each serve for so long.
fn renewing(mint: &Mint, name: &str, lifetime: i64, serves: i64, times: i64) -> Site {
    // Issued an hour ago, as CAs date them back.
    let site = Site::new(name).every(HOUR);
    (0..times).fold(site, |site, turn| site.certificate(mint, turn * serves, lifetime, lifetime - HOUR))
}

#[test]
fn an_ordinary_renewal_produces_no_notice() {
    let mint = Mint::new();
    for days in [6, 47, 90, 200] {
        let (lifetime, name) = (days * DAY, format!("d{days}.example"));
        let serves = renewed_after(lifetime);
        let mut world = World::new([renewing(&mint, &name, lifetime, serves, 5)]);
        for turn in 1..=5 {
            world.run_until(turn * serves - 1);
            let expiry = START + (turn - 1) * serves + lifetime - HOUR;
            assert_eq!(world.verdict(&name).unwrap().effective_expiry, Some(UnixTime(expiry)), "{days} d, turn {turn}");
            assert_eq!(world.level(&name), Level::Healthy, "{days} d, turn {turn}: {:?}", world.codes(&name));
        }
        assert!(world.sent.is_empty(), "{days} d: {:?}", world.told());
    }
}

#[test]
fn a_renewal_that_fails_is_told_while_there_is_time() {
    let mint = Mint::new();
    for (days, warned_at) in [(6, 36 * HOUR), (47, 47 * DAY / 4), (90, 21 * DAY), (200, 21 * DAY)] {
        let lifetime = days * DAY;
        let mut world = World::new([renewing(&mint, "late.example", lifetime, lifetime, 1)]);
        world.run_until(lifetime - HOUR - warned_at - MINUTE);
        assert!(world.sent.is_empty(), "{days} d: {:?}", world.told());
        // Told by the clock, not by the next look.
        world.run_until(lifetime - HOUR - warned_at + MINUTE);
        let told = world.told();
        assert!(told.len() == 1 && told[0].ends_with("late.example warning tls.expires_soon opened"), "{told:?}");
    }
}
