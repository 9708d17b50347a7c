//! What a habit expects.

use super::*;

/// A habit of certificates of so many days that were replaced after so many.
fn habit(renewals: &[(i64, f64)]) -> Habit {
    let mut habit = Habit::default();
    for (lifetime, served) in renewals {
        let leaf = Leaf::of(&leaf(0, *lifetime), &name(), NOW);
        habit.learn(&leaf, NOW.plus((served * DAY as f64) as i64));
    }
    habit
}

/// After how many days a certificate of this lifetime is usually renewed, and after how many that is late, in tenths.
fn expected(renewals: &[(i64, f64)], lifetime: i64) -> Option<(i64, i64)> {
    let leaf = Leaf::of(&leaf(0, lifetime), &name(), NOW);
    let tenths = |at: UnixTime| (NOW.until(at) as f64 / DAY as f64 * 10.0).round() as i64;
    habit(renewals).expects(&leaf).map(|expected| (tenths(expected.usual), tenths(expected.late)))
}

/// What is played, what was renewed when, the lifetime asked about, and what is expected of it.
type Case<'a> = (&'a str, &'a [(i64, f64)], i64, Option<(i64, i64)>);

#[test]
fn a_habit_is_what_most_renewals_have_in_common() {
    let (two_thirds, by_hand) = ((90, 60.0), [(90, 40.0), (90, 85.0), (90, 60.0), (90, 72.0)]);
    let cases: [Case<'_>; 12] = [
        ("nothing seen", &[], 90, None),
        ("once is never", &[two_thirds], 90, None),
        ("twice is a habit", &[two_thirds, two_thirds], 90, Some((600, 645))),
        ("of two the later", &[two_thirds, (90, 62.0)], 90, Some((620, 665))),
        ("twice, each otherwise", &[two_thirds, (90, 80.0)], 90, None),
        ("one outlier", &[two_thirds, (90, 10.0), two_thirds], 90, Some((600, 645))),
        ("one late outlier", &[two_thirds, (90, 89.0), two_thirds, two_thirds], 90, Some((600, 645))),
        ("by hand", &by_hand, 90, None),
        ("a wide habit is late later", &[two_thirds, (90, 54.0), (90, 63.0), (90, 57.0)], 90, Some((600, 660))),
        ("200 days: weeks before", &[(200, 133.0), (200, 134.0), (200, 133.0)], 200, Some((1330, 1430))),
        ("six days: half a day", &[(6, 4.0), (6, 4.1), (6, 4.0)], 6, Some((40, 45))),
        ("the end of every certificate", &[(90, 90.0), (90, 95.0)], 90, Some((900, 945))),
    ];
    for (what, renewals, lifetime, expects) in cases {
        assert_eq!(expected(renewals, lifetime), expects, "{what}");
    }
}

#[test]
fn when_lifetimes_change_the_later_of_two_readings_is_expected() {
    let shrinking = [(90, 60.0), (90, 60.0)];
    // At two thirds, or 30 days before the end? Of 47 days two thirds is the later.
    assert_eq!(expected(&shrinking, 47).unwrap().0, 313);
    assert_eq!(expected(&shrinking, 6).unwrap().0, 40);
    // Of 200 days it is 30 days before the end.
    assert_eq!(expected(&shrinking, 200).unwrap().0, 1700);
    // Once two of the new lifetime were renewed, they alone count.
    assert_eq!(expected(&[(90, 60.0), (90, 60.0), (47, 17.0), (47, 17.0)], 47).unwrap().0, 170);
    assert_eq!(expected(&[(90, 60.0), (90, 60.0), (200, 133.0), (200, 133.0)], 200).unwrap().0, 1330);
}

#[test]
fn a_leaf_that_was_replaced_is_expected_no_more() {
    let mut diary = Diary::default();
    for turn in 0..3 {
        let leaf = leaf(turn * 60 * DAY, 90);
        diary.serves(&leaf, turn * 60 * DAY + HOUR, (turn + 1) * 60 * DAY, 7200);
    }
    let digests: Vec<Sha256> = diary.history.leaves().iter().map(|leaf| leaf.sha256).collect();
    let expects = digests.iter().map(|sha256| diary.history.expects(*sha256).is_some()).collect::<Vec<_>>();
    assert_eq!(expects, [false, false, true]);
}
