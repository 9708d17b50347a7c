//! Clocks that jump, and machines that sleep.

use super::*;

fn healthy(name: &str) -> Site {
    Site::new(name).certificate(&Mint::new(), -30 * DAY, 400 * DAY, 300 * DAY)
}

/// A world in which something is open and told, and something else will come.
fn with_an_incident() -> World {
    let mut world = World::new([
        healthy("open.example").fails(10 * MINUTE, 100 * DAY, Fault::Refused),
        healthy("next.example").fails(3 * HOUR, 100 * DAY, Fault::Refused),
        healthy("fine.example"),
    ]);
    world.run_until(2 * HOUR);
    let told = world.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with("connect.refused opened") && told[1].ends_with("connect.refused reminder"), "{told:?}");
    world
}

#[test]
fn a_wall_clock_that_jumps_a_day_either_way_makes_no_burst_and_holds_nothing() {
    for jump in [DAY, -DAY] {
        let mut world = with_an_incident();
        world.jumped = jump;
        world.run_until(2 * HOUR + 30 * MINUTE);
        let told = &world.told()[2..];
        assert!(told.len() <= 1, "{jump}: {told:?}");
        let before = world.sent.len();
        world.run_until(3 * HOUR + 20 * MINUTE);
        let told: Vec<String> = world.told();
        assert!(told.iter().any(|line| line.contains("next.example")), "{jump}: {told:?}");
        assert!(world.sent.len() - before <= 2, "{jump}: {told:?}");
        // Back again.
        world.jumped = 0;
        let before = world.sent.len();
        world.run_until(4 * HOUR);
        assert!(world.sent.len() - before <= 1, "{jump}: {:?}", world.told());
    }
}

#[test]
fn a_wall_clock_that_jumps_makes_no_mail_fail_for_longer_than_it_does() {
    for jump in [DAY, -DAY] {
        let mut world = with_an_incident();
        world.relay_answers = false;
        world.run_until(3 * HOUR + 6 * MINUTE);
        while world.keeper.snapshot().owed["oncall"] == 0 {
            world.run_until(world.seconds() + MINUTE);
        }
        world.run_until(world.seconds() + MINUTE);
        world.jumped = jump;
        world.run_until(world.seconds() + 2 * MINUTE);
        let failing = |world: &World| {
            world.keeper.snapshot().own_sight.iter().any(|finding| finding.code == "watch.notice_failing")
        };
        assert!(!failing(&world), "{jump}: it has failed for three minutes");
        world.run_until(world.seconds() + 4 * MINUTE);
        assert!(failing(&world), "{jump}: it has failed for seven");
    }
}

#[test]
fn a_machine_that_slept_for_a_day_goes_on_where_it_was() {
    let mut world = with_an_incident();
    // While it sleeps the monotonic clock stands still, and the wall clock goes on.
    world.jumped = DAY;
    world.run_until(2 * HOUR + 10 * MINUTE);
    assert!(world.sent.len() <= 3, "{:?}", world.told());
    world.run_until(3 * HOUR + 20 * MINUTE);
    assert!(world.told().iter().any(|line| line.contains("next.example")), "{:?}", world.told());
}
