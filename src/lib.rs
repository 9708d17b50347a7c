//! `notafter` watches custom domains whose TLS certificate their owner manages and which reach Auth0 through the
//! owner's own reverse proxy.
//!
//! The rooms, in the order of their dependencies, are the sentence that explains the program: a [`domain`] is
//! looked at by [`probe`]; what is seen is an [`observation`], which [`trust`] has checked against the roots; with what the
//! domain's certificates have been, its [`history`], it gets a [`verdict`]; verdicts open an [`incident`]; incidents owe notices, which
//! [`notify`] delivers. What must survive a restart is in the [`store`].

pub mod domain;
pub mod history;
pub mod observation;
pub mod schedule;
pub mod trust;
pub mod verdict;

pub mod discover;
pub mod incident;
pub mod notify;
pub mod probe;
pub mod store;

pub mod keeper;
pub mod metrics;
pub mod web;

pub mod config;
pub mod daemon;

pub mod cli;

#[cfg(feature = "demo")]
pub mod lab;
