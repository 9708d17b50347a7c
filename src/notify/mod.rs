//! Telling people: a [`Mail`](crate::incident::Mail) is [`render`]ed (pure) and delivered by a [`Courier`] (I/O), such
//! as a [`Mailer`](email::Mailer). An Alertmanager is shown alerts instead: its [`Peers`](alertmanager::Peers) are posted
//! what [`Alerts`](crate::incident::Alerts) says. A dead man's switch hears from us by a
//! [`Pinger`](heartbeat::Pinger).
//!
//! `letter` decides what is said in which order, `subject` how it fits a lock screen, `consequence` what happens if nobody
//! acts, `facts` and [`words`] how facts and spans of time read, `plain` what of a stranger's text may pass; the templates
//! only lay it out, and a [`Stationery`] may bring the operator's own. `samples` has one mail of each kind to try them on.

pub mod alertmanager;
mod cause;
mod consequence;
mod courier;
pub mod email;
mod facts;
pub mod heartbeat;
pub mod http;
mod letter;
mod links;
mod plain;
mod render;
pub(crate) mod samples;
mod stationery;
mod subject;
#[cfg(test)]
mod tests;
pub mod webhook;
pub mod words;

pub use courier::{Channel, Courier, CourierError, Line};
pub use links::Links;
pub use render::{Context, Rendered, render};
pub use stationery::{Part, Stationery, Template, TemplateMistake};
