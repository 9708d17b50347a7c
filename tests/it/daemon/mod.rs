//! The daemon's stories: the real program, watching real servers, told by real signals.
//!
//! A [`Home`] is a folder with a configuration and the state; in it a [`Daemon`] can be started again and again. A
//! [`Lab`] holds what the watched world needs beside its proxy: a name server, and an authority that everybody trusts.

mod home;
mod lab;
mod recorder;
mod sink;

mod alertmanager;
mod authority;
mod crashes;
mod discovery;
mod heartbeat;
mod life;
mod mail;
mod metrics;
mod mtls;
mod reload;
mod renewal;
mod silences;
mod state;
mod steps;
mod views;
mod webhook;

use home::{Daemon, Home, wait_until};
use lab::{DAY, HOUR, Lab, now};
