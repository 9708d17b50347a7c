//! [`Panel`]: the resolvers that a look asks, and how each fares.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::net::NetError;
use tokio::time::Instant;

use super::ask::{Asker, PATIENCE};
use super::log::Log;
use super::resolvers::Resolvers;
use crate::observation::{ResolverFailure, ResolverObservation};
use crate::probe::nameserver::{MAX_NAMESERVERS, Nameserver, Server};
use crate::probe::settings::Settings;
use crate::probe::wire;
use crate::trust::TrustStore;

/// The resolvers that a look asks. It borrows nothing: what a look begins may outlast it.
#[derive(Debug, Clone)]
pub(in crate::probe) struct Panel {
    seated: Arc<Seated>,
    resolvers: Arc<Resolvers>,
    trust: Arc<TrustStore>,
    timeout: Duration,
}

/// All of them.
#[derive(Debug, Default)]
struct Seated {
    seats: Vec<Seat>,
    /// Everybody's labels, the system's name servers by their addresses.
    nameservers: Vec<Arc<str>>,
}

impl Seated {
    fn seat(&mut self, nameserver: &Nameserver) {
        // One that is asked twice would agree with itself.
        if self.seats.iter().any(|seat| seat.label == *nameserver.label()) {
            return;
        }
        let label = Arc::clone(nameserver.label());
        let servers = match nameserver.server() {
            Some(server) => {
                self.nameservers.push(Arc::clone(&label));
                vec![server.clone()]
            }
            None => {
                // Unreadable is as good as empty: nobody can be asked, and the observation says so.
                let addresses = system_nameservers().unwrap_or_default();
                self.nameservers.extend(addresses.iter().map(|address| Arc::from(address.to_string())));
                addresses.into_iter().map(Server::Plain).collect()
            }
        };
        self.seats.push(Seat { label, servers });
    }
}

/// One resolver.
#[derive(Debug)]
struct Seat {
    label: Arc<str>,
    servers: Vec<Server>,
}

impl Panel {
    /// Those of the settings; the system's resolver where there are none.
    pub(in crate::probe) fn new(settings: &Settings, resolvers: &Arc<Resolvers>, trust: &Arc<TrustStore>) -> Self {
        let (resolvers, trust) = (Arc::clone(resolvers), Arc::clone(trust));
        if let Some(recorded) = wire::resolvers() {
            let seat = |label: &Arc<str>| Seat { label: Arc::clone(label), servers: Vec::new() };
            let seats = recorded.labels.iter().map(seat).collect();
            // What other looks have learnt of resolvers says nothing of those that were asked then.
            let (resolvers, seated) = (Arc::default(), Arc::new(Seated { seats, nameservers: recorded.nameservers }));
            return Self { seated, resolvers, trust, timeout: settings.timeout };
        }
        let system = [Nameserver::system()];
        let configured = if settings.nameservers.is_empty() { &system[..] } else { &settings.nameservers };
        let mut seated = Seated::default();
        for nameserver in configured.iter().take(MAX_NAMESERVERS) {
            seated.seat(nameserver);
        }
        Self { seated: Arc::new(seated), resolvers, trust, timeout: settings.timeout }
    }

    /// Who is asked, in order.
    pub(super) fn nameservers(&self) -> &[Arc<str>] {
        &self.seated.nameservers
    }

    /// Where a resolver stands in their order.
    pub(super) fn place(&self, label: &str) -> Option<usize> {
        self.seated.seats.iter().position(|seat| &*seat.label == label)
    }

    /// How many resolvers there are.
    pub(in crate::probe) fn len(&self) -> usize {
        self.seated.seats.len()
    }

    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Those that are to be asked now, and those that are left alone because they have long not answered. At least one
    /// is asked. Where there are several, none is waited for as long as one alone.
    pub(super) fn askers(&self) -> (Vec<Asker>, Vec<ResolverObservation>) {
        let several = self.len() > 1;
        let patience = if several { PATIENCE.min(self.timeout) } else { self.timeout };
        let deadline = Instant::now() + patience;
        let mut asked = Vec::new();
        let mut resting = Vec::new();
        for seat in &self.seated.seats {
            match self.resolvers.rests(&seat.label).filter(|_| several) {
                Some(failure) => resting.push((seat, failure)),
                None => asked.push(self.asker(seat, deadline)),
            }
        }
        if asked.is_empty() {
            return (self.seated.seats.iter().map(|seat| self.asker(seat, deadline)).collect(), Vec::new());
        }
        (asked, resting.into_iter().map(|(seat, failure)| left_alone(&seat.label, failure)).collect())
    }

    fn asker(&self, seat: &Seat, deadline: Instant) -> Asker {
        Asker {
            label: Arc::clone(&seat.label),
            servers: seat.servers.clone(),
            resolvers: Arc::clone(&self.resolvers),
            trust: Arc::clone(&self.trust),
            deadline,
            log: Arc::new(Log::default()),
        }
    }
}

/// How a resolver fared that was asked; remembered for the looks to come.
pub(super) fn fared(asker: &Asker, answers_others: Option<bool>) -> ResolverObservation {
    let failure = asker.log.failure();
    asker.resolvers.note(&asker.label, failure.as_ref());
    ResolverObservation {
        resolver: Arc::clone(&asker.label),
        failure,
        resting: false,
        answers_others,
        oddities: asker.log.oddities(),
        extended_errors: asker.log.extended_errors(),
    }
}

fn left_alone(label: &Arc<str>, failure: ResolverFailure) -> ResolverObservation {
    ResolverObservation {
        resolver: Arc::clone(label),
        failure: Some(failure),
        resting: true,
        answers_others: None,
        oddities: Vec::new(),
        extended_errors: Vec::new(),
    }
}

/// The name servers of `/etc/resolv.conf`, read anew: it changes under a daemon that lives long. Its search list and
/// its options are not for us: names are asked exactly as they are.
fn system_nameservers() -> Result<Vec<SocketAddr>, NetError> {
    let (config, _) = hickory_resolver::system_conf::read_system_conf()?;
    Ok(config.name_servers().iter().map(|server| SocketAddr::new(server.ip, 53)).collect())
}
