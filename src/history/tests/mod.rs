//! What is learned from look to look. A [`Diary`] takes the looks; nothing here waits.

mod expecting;
mod renewing;
mod rolling;

use std::sync::Arc;

use super::*;
use crate::observation::certificate::{KeyType, PublicKey};
use crate::observation::{Origin, PathStep, TrustPath};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;
const NOW: UnixTime = UnixTime(1_800_000_000);
const ONE: &str = "192.0.2.1:443";
const TWO: &str = "192.0.2.2:443";
const SIX: &str = "[2001:db8::1]:443";

fn name() -> DomainName {
    DomainName::parse("login.example.com").unwrap()
}

fn socket(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A leaf for the domain, valid from so many seconds after now for so many days.
fn leaf(from: i64, days: i64) -> Certificate {
    let mut leaf = Certificate::sample("login.example.com", NOW.plus(from), NOW.plus(from + days * DAY - 1));
    leaf.issuer = "CN=R10,O=Example Trust".to_owned();
    leaf
}

fn rsa(mut leaf: Certificate, bits: u32) -> Certificate {
    leaf.key = PublicKey { key_type: KeyType::Rsa, bits: Some(bits), curve: None };
    leaf.sha256 = Sha256::of(format!("{} rsa", leaf.sha256).as_bytes());
    leaf
}

/// A chain that is good for the domain.
fn presented(leaf: &Certificate) -> Presented {
    let leaf = Arc::new(leaf.clone());
    let step = PathStep { certificate: Arc::clone(&leaf), origin: Origin::Presented };
    Presented {
        chain: vec![leaf],
        unreadable: Vec::new(),
        name_matches: Some(true),
        self_signed: false,
        paths: vec![TrustPath { steps: vec![step] }],
        refusal: None,
        transparency: None,
        beside: Vec::new(),
        distrusted: Vec::new(),
    }
}

/// A history in the making.
#[derive(Default)]
struct Diary {
    history: History,
    events: Vec<(i64, EventKind)>,
}

impl Diary {
    /// A look so many seconds after now that saw these leaves at these addresses, and knows no others.
    fn look(&mut self, at: i64, seen: &[(&str, &Certificate)]) -> Noted {
        let chains: Vec<(SocketAddr, Presented)> =
            seen.iter().map(|(address, leaf)| (socket(address), presented(leaf))).collect();
        let noted = self.history.note(
            &name(),
            NOW.plus(at),
            chains.iter().map(|(address, presented)| (*address, presented)),
            |address| chains.iter().any(|(known, _)| known == address),
        );
        self.events.extend(noted.events.iter().map(|event| (at, event.kind)));
        noted
    }

    /// Looks every so many seconds that see this leaf at the one address, up to and without the end.
    fn serves(&mut self, leaf: &Certificate, from: i64, until: i64, every: usize) {
        for at in (from..until).step_by(every) {
            self.look(at, &[(ONE, leaf)]);
        }
    }

    /// What is stored of it, read again.
    fn restart(&mut self) {
        let stored = serde_json::to_string(&self.history).unwrap();
        self.history = serde_json::from_str(&stored).unwrap();
    }

    fn under_way(&self) -> Vec<(Vec<SocketAddr>, Vec<SocketAddr>)> {
        self.history.under_way().map(|progress| (progress.behind, progress.ahead)).collect()
    }

    fn fallen_back(&self) -> Vec<SocketAddr> {
        self.history.fallen_back().map(|(address, ..)| address).collect()
    }

    fn classes(&self) -> Vec<Class> {
        self.history.renewals().map(|renewal| renewal.class).collect()
    }
}
