//! Alerts instead of a ServerHello (RFC 8446 section 6): of every description, known or not, at every level.

use std::time::Duration;

use futures_util::StreamExt;
use notafter::lab::hostile::{Hostile, Manner, Then};

use super::words::{ALERT, record};
use super::{World, told};

/// An alert is an answer: nobody needs to wait for more.
const TIMEOUT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_alert_is_a_failed_handshake_at_once() {
    let world = &World::start().await;
    let of_level = |level: u8| (0..=u8::MAX).map(move |description| vec![level, description]);
    // Levels that are none, and alerts of too few bytes or too many.
    let odd = [vec![0, 40], vec![3, 40], vec![255, 0], vec![2], vec![], vec![2, 40, 2, 40], vec![2; 99]];
    // A warning need not be the end, so whoever warns closes; whoever has failed waits, to see that we do not.
    let fatal = of_level(2).map(|alert| Manner::saying(record(ALERT, &alert)).then(Then::Stall));
    let closing = of_level(1).step_by(3).chain(odd).map(|alert| Manner::saying(record(ALERT, &alert)));
    let all = fatal.chain(closing).map(|manner| async {
        let said = format!("{manner:?}");
        let peer = Hostile::start(manner).await.unwrap();
        (said, world.look_at(&peer, TIMEOUT).await)
    });
    let seen: Vec<_> = futures_util::stream::iter(all).buffer_unordered(16).collect().await;
    assert!(seen.len() > 300, "{}", seen.len());
    for (said, verdict) in seen {
        assert_eq!(told(&verdict), (vec!["tls.handshake_failed"], Some("tls")), "{said}: {:?}", verdict.findings);
    }
}
