//! Looking: the only room that connects to what is watched. A failure is an observation, never an `Err`.
//!
//! [`look`] is one round: the records, then with every address one handshake, and over those very connections
//! the request for the discovery document.

mod assess;
mod bounded;
mod dns;
#[allow(dead_code, reason = "what looks fetch comes next")]
mod fetch;
mod http;
#[allow(dead_code, reason = "what looks fetch comes next")]
mod library;
mod look;
mod ping;
mod settings;
mod sockets;
mod tls;

pub use library::Library;
pub use look::{Target, Turn, look};
pub use ping::ping;
pub use settings::Settings;
