//! An honest conversation that breaks at any of its bytes: wherever that is, the finding says how far it came.

use std::time::Duration;

use futures_util::StreamExt;
use notafter::lab::ca::KeyKind;
use notafter::lab::hostile::{Hostile, Manner, Then};
use rustls::version::{TLS12, TLS13};

use super::words::{document, document_over_http2};
use super::{World, told};
use crate::stage::sound;

/// Long enough for a hundred handshakes on a slow and busy machine, as all but stalls end by themselves.
const TIMEOUT: Duration = Duration::from_secs(3);
const AT_ONCE: usize = 160;

/// How far a look came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    /// To no handshake.
    ToTls,
    /// To no answer.
    ToHttp,
    /// To its end.
    Through,
}

/// What a look may come to, and how far it came then: the code, and where the path is broken.
type Ends = &'static [(&'static [&'static str], Option<&'static str>, Came)];

const STALLED: Ends = &[
    (&["tls.timeout"], Some("tls"), Came::ToTls),
    (&["http.timeout"], None, Came::ToHttp),
    (&[], None, Came::Through),
];
const CLOSED: Ends = &[
    (&["tls.handshake_failed"], Some("tls"), Came::ToTls),
    (&["http.broken"], None, Came::ToHttp),
    (&[], None, Came::Through),
];
const RESET: Ends = &[
    (&["connect.reset"], Some("connect"), Came::ToTls),
    (&["http.broken"], None, Came::ToHttp),
    (&[], None, Came::Through),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_a_conversation_breaks_the_finding_says_how_far_it_came() {
    let world = &World::start().await;
    // Signatures of Ed25519 are of one length, so each conversation breaks where the others of its kind do.
    let issued = world.root.leaf(&sound(super::NAME).with_key(KeyKind::Ed25519)).unwrap();
    let honest = Manner::shaking_hands(&issued).unwrap().with_tickets(0);
    let over_http1 = honest.clone().over(&TLS13).answering(document());
    let over_http2 = honest.over(&TLS12).offering(&[b"h2"]).answering(document_over_http2()).then(Then::Stall);
    // In bytes, the second of each is more than its conversation has.
    for (honest, longest, step) in [(over_http1, 2_600, 17), (over_http2, 1_300, 9)] {
        let offsets: Vec<u64> = (0..longest).step_by(step).collect();
        let stalled = ends_of(world, &honest, &offsets, Then::Stall, STALLED).await;
        let closed = ends_of(world, &honest, &offsets, Then::Close, CLOSED).await;
        let flooded = ends_of(world, &honest, &offsets, Then::flood(b"\0"), CLOSED).await;
        let reset = ends_of(world, &honest, &offsets, Then::Reset, RESET).await;
        assert!(stalled.is_sorted(), "{stalled:?}");
        for came in [Came::ToTls, Came::ToHttp, Came::Through] {
            let count = stalled.iter().filter(|other| **other == came).count();
            assert!(count > 4, "{count} came {came:?}");
        }
        assert_eq!(closed, stalled);
        // What came before is lost with a reset, and read together with a flood, unless it was read in time.
        for other in [flooded, reset] {
            assert!(other.iter().zip(&stalled).all(|(other, stalled)| other <= stalled), "{other:?} {stalled:?}");
        }
    }
}

/// How far each look came whose conversation broke after so many bytes.
async fn ends_of(world: &World, honest: &Manner, offsets: &[u64], then: Then, ends: Ends) -> Vec<Came> {
    let looks = offsets.iter().map(|offset| {
        let manner = honest.clone().cut(*offset, then.clone());
        async move {
            let peer = Hostile::start(manner).await.unwrap();
            (*offset, world.look_at(&peer, TIMEOUT).await)
        }
    });
    let seen: Vec<_> = futures_util::stream::iter(looks).buffered(AT_ONCE).collect().await;
    let came = |(offset, verdict)| {
        let (codes, broken_at) = told(&verdict);
        let end = ends.iter().find(|(ends_in, at, _)| codes == *ends_in && broken_at == *at);
        end.unwrap_or_else(|| panic!("{then:?} after {offset} bytes: {:?}", verdict.findings)).2
    };
    seen.into_iter().map(came).collect()
}
