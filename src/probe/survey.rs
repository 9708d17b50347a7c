//! What only further connections to an address show: whether old versions of TLS are still taken, and the certificate
//! that clients are shown who do not ask for the ordinary one's kind of key. Not every look makes them.

use std::time::Duration;

use tokio::time::Instant;

use super::assess::assess;
use super::tls::{self, Handshake, Other};
use super::{Target, Turn, legacy, wire};
use crate::domain::DomainName;
use crate::observation::{Code, Failure, OtherChain, TlsObservation};

/// Old versions are switched on or off by an upgrade or by hand, which is rare.
const LEGACY_EVERY: Duration = Duration::from_secs(86_400);
/// A second certificate runs out like the first, and nobody sees it.
const OTHER_EVERY: Duration = Duration::from_secs(300);

/// What it is a look's turn to ask besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    legacy: bool,
    other_chain: bool,
}

impl Due {
    /// What is due at this turn.
    pub(super) fn at(turn: Turn, target: Target<'_>) -> Self {
        let interval = target.domain.interval;
        Self {
            legacy: target.settings.legacy_versions && turn.is_due(LEGACY_EVERY, interval),
            other_chain: turn.is_due(OTHER_EVERY, interval),
        }
    }

    /// Whether anything is.
    pub(super) const fn any(self) -> bool {
        self.legacy || self.other_chain
    }
}

/// Asks what is due, where there was an ordinary handshake. All of it together has as long as the look had.
pub(super) async fn add(target: Target<'_>, due: Due, observation: &mut TlsObservation) {
    if observation.failure.is_some() {
        return;
    }
    let deadline = Instant::now() + target.settings.timeout;
    let (name, address) = (&target.domain.name, observation.address);
    if due.other_chain {
        observation.other_chain = other_chain(target, observation, deadline).await;
    }
    if due.legacy {
        observation.legacy = wire::legacy(address, name.as_str(), legacy::ask(address, name, deadline)).await;
    }
}

async fn other_chain(target: Target<'_>, observation: &TlsObservation, deadline: Instant) -> Option<OtherChain> {
    let leaf = observation.leaf()?;
    let (address, name) = (observation.address, &target.domain.name);
    let asked = tls::observe_other(address, name, leaf.key.key_type, deadline);
    match wire::other_chain(address, name.as_str(), asked).await? {
        Other::Absent => Some(OtherChain::Absent),
        Other::Chain(chain) => {
            let presented = assess(&chain, &target.domain.name, &[], target.trust).await?;
            // Some servers show what they have, whatever was asked for.
            let same = presented.leaf().is_some_and(|other| other.sha256 == leaf.sha256);
            Some(if same { OtherChain::Absent } else { OtherChain::Presented(presented) })
        }
    }
}

/// Whether a server with which no handshake came to be is only too old, and what it shows then.
pub(super) async fn ask_without_modern(handshake: &mut Handshake, name: &DomainName, deadline: Instant) {
    let observation = &mut handshake.observation;
    let Some(found) = legacy::ask_for_anything(observation.address, name, deadline).await else { return };
    let failure = if found.is_legacy {
        let detail =
            format!("{} is the latest version that the server speaks, and no browser does any more", found.version);
        Failure::new(Code::TlsOnlyLegacy, detail)
    } else {
        let detail = format!("of TLS 1.2 the server has old cipher suites alone, such as {}", found.cipher_suite);
        Failure::new(Code::TlsOnlyOldSuites, detail)
    };
    observation.failure = Some(failure);
    observation.version = Some(found.version.to_owned());
    observation.cipher_suite = Some(found.cipher_suite);
    handshake.chain = Some(found.chain).filter(|chain| !chain.is_empty());
}
