//! The two views past the proxy: Auth0's edge at the origin host, with the key that the proxy sends, and the tenant's
//! canonical host. Nothing is asked of a peer that does not show that it is the host we mean: what it answered would be
//! evidence of nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::assess::assess;
use super::gate::{self, Verified};
use super::http::Session;
use super::look::{HTTPS, has_route, in_turn};
use super::settings::Host;
use super::tls::Handshake;
use super::{Resolvers, Settings, Turn, discovery, dns, documents, sockets, tls, wire};
use crate::domain::{DomainName, Families, UnixTime};
use crate::observation::{
    Auth0Observation, Code, Distrusted, Failure, NotLooked, TlsObservation, View, ViewObservation,
};
use crate::trust::TrustStore;

/// How a host past the proxy is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Aside<'a> {
    /// The host.
    pub host: &'a Host,
    /// How to look.
    pub settings: &'a Settings,
    /// Whom to trust.
    pub trust: &'a Arc<TrustStore>,
    /// What looks have learnt of the resolvers.
    pub resolvers: &'a Arc<Resolvers>,
}

/// Looks at a tenant's canonical host once, at no more than so many addresses as there are requests; with its keys if
/// they are wanted.
pub async fn look_at_tenant(aside: Aside<'_>, at: UnixTime, turn: Turn) -> ViewObservation {
    observe(View::Tenant, aside, at, turn).await
}

/// Looks at the origin host once.
pub(super) async fn look_at_origin(aside: Aside<'_>, at: UnixTime, turn: Turn) -> ViewObservation {
    observe(View::Origin, aside, at, turn).await
}

async fn observe(view: View, aside: Aside<'_>, at: UnixTime, turn: Turn) -> ViewObservation {
    let mut seen = ViewObservation {
        view,
        host: aside.host.name.clone(),
        at,
        failure: None,
        tls: Vec::new(),
        distrusted: Vec::new(),
        auth0: Vec::new(),
        not_looked: Vec::new(),
    };
    let mut addresses = match addresses(aside).await {
        Ok(addresses) => addresses,
        Err(failure) => {
            seen.failure = Some(failure);
            return seen;
        }
    };
    addresses.retain(|address| !aside.host.addresses.is_empty() || has_route(Families::Auto, *address));
    let asked = in_turn(addresses.len(), turn);
    let chosen = addresses.into_iter().zip(asked).filter_map(|(address, ask)| ask.then_some(address));
    for visited in join_all(chosen.map(|address| visit(view, aside, address, turn))).await {
        match visited {
            Ok(visited) => {
                seen.tls.push(visited.tls);
                seen.auth0.extend(visited.auth0);
                seen.distrusted.extend(visited.distrusted);
            }
            Err(reason) => seen.not_looked.push(reason),
        }
    }
    seen
}

/// Where the operator says, else where DNS says.
async fn addresses(aside: Aside<'_>) -> Result<Vec<SocketAddr>, Failure> {
    let Host { name, addresses } = aside.host;
    if !addresses.is_empty() {
        return Ok(addresses.clone());
    }
    let panel = dns::Panel::new(aside.settings, aside.resolvers, aside.trust);
    let _permit = sockets::permit(2).await;
    let deadline = Instant::now() + aside.settings.timeout;
    match dns::addresses_of(name, &panel, deadline).await {
        Ok(ips) => Ok(ips.into_iter().map(|ip| SocketAddr::new(ip, HTTPS)).collect()),
        Err(outcome) => Err(Failure::new(Code::DnsNoAddress, format!("{name} has no address: {}", outcome.title()))),
    }
}

struct Visited {
    tls: TlsObservation,
    auth0: Option<Auth0Observation>,
    distrusted: Option<Distrusted>,
}

async fn shake_hands(address: SocketAddr, host: &DomainName, deadline: Instant) -> Result<Handshake, NotLooked> {
    wire::handshake(address, host.as_str(), tls::observe(address, host, None, deadline)).await
}

/// One connection: the handshake, the proof of who is there, and only then the requests.
async fn visit(view: View, aside: Aside<'_>, address: SocketAddr, turn: Turn) -> Result<Visited, NotLooked> {
    let _permit = sockets::permit(1).await;
    let host = &aside.host.name;
    let deadline = Instant::now() + aside.settings.timeout;
    let Handshake { observation: mut tls, chain, stream, .. } = shake_hands(address, host, deadline).await?;
    if let Some(chain) = chain {
        tls.presented = assess(&chain, host, &[], aside.trust).await;
    }
    let Some(stream) = stream else { return Ok(Visited { tls, auth0: None, distrusted: None }) };
    let verified = match gate::verify(tls.presented.as_deref(), host) {
        Ok(verified) => verified,
        Err(failure) => {
            let distrusted = Some(Distrusted { address, failure });
            return Ok(Visited { tls, auth0: None, distrusted });
        }
    };
    // Our own work must not eat into the time that the server has.
    let deadline = Instant::now() + aside.settings.timeout;
    let unasked = discovery::unasked(address, view);
    let auth0 = match discovery::begin(stream, &unasked, host, aside.settings, deadline).await {
        Ok(session) => talk(session, unasked, aside.settings, &verified, turn.documents > 0, deadline).await,
        Err(failed) => failed,
    };
    Ok(Visited { tls, auth0, distrusted: None })
}

async fn talk(
    mut session: Session<'_>,
    unasked: Auth0Observation,
    settings: &Settings,
    verified: &Verified,
    wants_keys: bool,
    deadline: Instant,
) -> Option<Auth0Observation> {
    let mut answer = discovery::ask(&mut session, unasked, settings, Some(verified), deadline).await?;
    if wants_keys && answer.view == View::Tenant && answer.is_document() {
        let keys = documents::ask_keys(&mut session, settings, Instant::now() + settings.timeout).await;
        answer.documents = keys.keys.is_some().then(|| Arc::new(keys));
    }
    Some(answer)
}
