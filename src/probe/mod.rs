//! Looking: the only room that connects to what is watched. A failure is an observation, never an `Err`.
//!
//! [`look`] is one round: the records, then with every address one handshake, and over those very connections
//! the request for the discovery document.

mod assess;
mod dns;
mod http;
mod look;
mod ping;
mod settings;
mod sockets;
mod tls;

pub use look::{Target, Turn, look};
pub use ping::ping;
pub use settings::Settings;
