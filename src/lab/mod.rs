//! A loopback world to watch: what the demo shows, and what the tests' servers serve.
//!
//! [`ca`] makes its certificates, the good and the bad ones. [`proxy`] shows them and answers as Auth0 does behind a proxy;
//! [`edge`] is Auth0's side of a proxy that really forwards, with all that it refuses, and [`management`] the API that
//! lists a tenant's domains. [`logs`] are the transparency logs that certificates are shown to. [`dns`] answers for its
//! names ([`liar`] as it should not), [`smtp`] takes the mail. [`hostile`] is a server that breaks faith. [`world`] is a dozen domains in every kind of
//! trouble.

pub mod ca;
pub mod dns;
pub mod edge;
pub mod hostile;
mod identity;
mod leaf;
pub mod liar;
mod listen;
pub mod logs;
pub mod management;
mod pointers;
pub mod proxy;
pub mod smtp;
mod subject;
pub mod world;
mod zone;
