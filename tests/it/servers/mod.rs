//! Real servers on loopback, one process and one folder a test: [`Nginx`], [`Haproxy`], [`Caddy`], [`Apache`],
//! [`Knot`], [`Nsd`], [`Unbound`], [`Postfix`], [`Prometheus`], [`Alertmanager`], [`Blackbox`].
//!
//! `make servers` unpacks them under the target folder. Each `start` writes a configuration, waits until the server
//! answers, and panics with what the server wrote to stderr if it does not; dropping the value ends the server.

#![allow(dead_code, reason = "the harness offers more than the tests of the day use")]

mod alertmanager;
mod apache;
mod blackbox;
mod caddy;
mod haproxy;
mod knot;
mod nginx;
mod nsd;
mod postfix;
mod process;
mod prometheus;
#[cfg(test)]
mod smoke;
mod unbound;

pub(crate) use alertmanager::{Alertmanager, amtool};
pub(crate) use apache::Apache;
#[allow(unused_imports, reason = "for the bench that measures us against it")]
pub(crate) use blackbox::Blackbox;
pub(crate) use caddy::Caddy;
pub(crate) use haproxy::Haproxy;
pub(crate) use knot::Knot;
#[allow(unused_imports, reason = "for stories that build a host by hand")]
pub(crate) use nginx::{Identity, Nginx, Vhost, auth0_like, lab_identity, proxy_to};
pub(crate) use nsd::Nsd;
pub(crate) use postfix::{Postfix, PostfixConfig};
pub(crate) use process::{LOOPBACK, Server, folder, free_port, http_get, program, run};
pub(crate) use prometheus::{Prometheus, promtool};
pub(crate) use unbound::{Channel, Unbound};
