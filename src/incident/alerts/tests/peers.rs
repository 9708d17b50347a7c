//! Peers that fail, refuse, come and go.

use super::*;

fn deferred(error: &str, wait: Option<u64>) -> Posted {
    Posted::Deferred { error: error.to_owned(), wait: wait.map(Duration::from_secs) }
}

#[test]
fn a_peer_that_fails_is_tried_ever_later_and_no_other_waits_for_it() {
    let mut bench = Bench::new(&[A, B]);
    bench.fire(notice("x.example", "warning"));
    let made = bench.pass(120, away(A));
    let seconds = |peer: &str| -> Vec<u64> {
        made.iter().filter(|(_, post)| post.starts_with(peer)).map(|(second, _)| *second).collect()
    };
    assert_eq!(seconds("a"), [0, 1, 3, 8, 18, 48, 108]);
    assert_eq!(seconds("b"), [0, 60, 120]);
    assert_eq!(bench.alerts.failing(), None, "one peer suffices");
    assert_eq!(bench.counted(), ["deferred 1", "delivered 1"]);
    // It is back: what fires still, and nothing else, is posted to it at its next turn.
    bench.fire(notice("y.example", "critical"));
    let made = bench.pass(60, accept);
    let first_to_a = made.iter().find(|(_, post)| post.starts_with('a')).unwrap();
    assert_eq!(*first_to_a, at(168, "a: warning x.example 0..408, critical y.example 0..408"));
    assert!(made.contains(&at(120, "b: critical y.example 0..360")), "{made:?}");
}

#[test]
fn a_receiver_fails_when_no_peer_takes_anything() {
    let mut bench = Bench::new(&[A, B]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(90, away(A));
    assert_eq!(bench.alerts.failing(), None);
    bench.pass(300, |_| deferred("status 503", None));
    assert_eq!(bench.alerts.failing(), Some((START.wall.plus(120), "status 503")));
    bench.pass(60, away(A));
    assert_eq!(bench.alerts.failing(), None);
}

#[test]
fn a_peer_is_left_alone_for_as_long_as_it_asks_but_never_until_alerts_are_over() {
    for (asked, waits) in [(0, 1), (7, 7), (60, 60), (3600, 60)] {
        let mut bench = Bench::new(&[A]);
        bench.fire(notice("x.example", "warning"));
        let post = bench.post().unwrap();
        bench.answer(&post, deferred("status 429", Some(asked)));
        let made = bench.pass(61, accept);
        assert_eq!(made[0].0, waits, "{asked}");
    }
}

#[test]
fn the_one_bad_alert_of_many_is_found_and_the_others_get_through() {
    let mut bench = Bench::new(&[A]);
    for number in 0..9 {
        bench.fire(notice(&format!("d{number}.example"), "warning"));
    }
    let bad = |post: &Post| {
        let holds = post.body.contains("d6.example");
        if holds { Posted::Refused { error: "bad alert".to_owned() } } else { Posted::Accepted }
    };
    bench.pass(1, bad);
    assert_eq!(bench.alerts.untold(), 1);
    let events = bench.events();
    let rejected: Vec<_> = events.iter().filter(|event| matches!(event, AlertsEvent::Rejected { .. })).collect();
    let (peer, alert, error) = (A.to_owned(), "d6.example tls.expires_soon".to_owned(), "bad alert".to_owned());
    assert_eq!(rejected, [&AlertsEvent::Rejected { peer, news: 1, alert, error }]);
    let told: usize =
        events.iter().map(AlertsEvent::counted).filter(|(result, _)| *result == "delivered").map(|(_, n)| n).sum();
    assert_eq!((told, bench.alerts.failing()), (8, None));
    // From then on the others are posted without it, until it is tried anew.
    let made = bench.pass(61, bad);
    assert!(made.len() == 1 && !made[0].1.contains("d6.example"), "{made:?}");
    let made = bench.pass(15 * 60, accept);
    assert!(made.iter().any(|(second, post)| *second == 900 && post.contains("d6.example")), "{made:?}");
}

#[test]
fn one_that_refuses_whatever_it_is_posted_fails() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(10, |_| Posted::Refused { error: "not an Alertmanager".to_owned() });
    assert_eq!(bench.alerts.failing(), Some((START.wall, "not an Alertmanager")));
}

#[test]
fn a_failure_is_news_once_until_it_is_another() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(4, |_| deferred("no connection", None));
    bench.pass(10, |_| deferred("status 503", None));
    bench.pass(60, accept);
    let news: Vec<_> = bench
        .events()
        .into_iter()
        .map(|event| match event {
            AlertsEvent::Deferred { error, again, .. } => (error, again),
            AlertsEvent::Delivered { recovered, .. } => ("delivered".to_owned(), recovered),
            AlertsEvent::Rejected { error, .. } => (error, false),
        })
        .collect();
    let expected = [
        ("no connection", false),
        ("no connection", true),
        ("no connection", true),
        ("status 503", false),
        ("delivered", true),
    ];
    assert_eq!(news[..5], expected.map(|(error, again)| (error.to_owned(), again)));
}

#[test]
fn a_new_peer_is_shown_everything_and_the_others_go_on() {
    let mut bench = Bench::new(&[A]);
    bench.fire(notice("x.example", "warning"));
    bench.pass(10, accept);
    bench.alerts.handle_settings(settings(&[B, A]), bench.now);
    assert_eq!(bench.pass(20, accept), [at(10, "b: warning x.example 0..250")]);
    bench.alerts.handle_settings(settings(&[B]), bench.now);
    assert_eq!(bench.pass(40, accept), [at(70, "b: warning x.example 0..310")]);
    // An answer of one that is no longer among them is nobody's.
    bench.alerts.handle_posted(A, 1, Posted::Accepted, bench.now);
}
