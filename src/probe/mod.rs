//! Looking: the only room that connects to what is watched. A failure is an observation, never an `Err`.
//!
//! [`look`] is one round: the records, then with every address one handshake, and over those very connections
//! the request for the discovery document, and every few minutes for what else is to be had there. The two views past
//! the proxy are [`look_at_tenant`] and, within a look whose turn it is or that fails, the origin host.

mod aside;
mod assess;
mod bounded;
mod capture;
mod contract;
mod discovery;

mod dns;
mod documents;
mod evidence;
mod fetch;
mod gate;
mod get;
mod http;
mod identity;
mod issuers;
mod legacy;
mod library;
mod look;
mod metadata;
mod nameserver;
#[doc(hidden)]
pub mod parsers;
mod past_proxy;
mod registration;
mod renewal;
mod revocation;
mod settings;
mod sockets;
mod status_feed;
mod survey;
mod tls;
mod wire;

pub use dns::Resolvers;
pub use evidence::Sign;
pub use identity::{ClientIdentity, IdentityError};
pub use library::Library;
pub use look::{Target, Turn, ask_caa, look};
pub use nameserver::{MAX_NAMESERVERS, Nameserver, NameserverError};
pub use past_proxy::{Aside, look_at_tenant};
pub use settings::{ApiKey, Contract, DnsMemory, Host, Origin, RevocationMode, Settings};
pub use sockets::{local_ports, looks_at_once};
pub use status_feed::status_note;
pub use wire::{Asked, MAX_RECORDING, Player, Recording, RecordingError, Tape, recording, replaying};
