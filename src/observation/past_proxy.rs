//! [`ViewObservation`]: what one of the two views past the proxy saw: Auth0's edge at the origin host, or the tenant's
//! canonical host.

use std::net::SocketAddr;

use serde::Serialize;

use super::auth0::Auth0Observation;
use super::documents::KeySet;
use super::failure::Failure;
use super::tls::{TlsObservation, as_text};
use super::{NotLooked, View};
use crate::domain::{DomainName, UnixTime};

/// One look at a host past the proxy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewObservation {
    /// Which of the views.
    pub view: View,
    /// The host that was looked at.
    pub host: DomainName,
    /// When.
    pub at: UnixTime,
    /// Why there was nothing to connect to, if there was nothing: its name leads nowhere.
    pub failure: Option<Failure>,
    /// One handshake an address.
    pub tls: Vec<TlsObservation>,
    /// Addresses whose certificate does not show that they are this host, and why: nothing was asked there.
    pub distrusted: Vec<Distrusted>,
    /// The requests that were made.
    #[serde(skip)]
    pub auth0: Vec<Auth0Observation>,
    /// Addresses that were not looked at because we had no means to.
    pub not_looked: Vec<NotLooked>,
}

/// An address that does not show that it is the host we mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Distrusted {
    /// The address.
    #[serde(serialize_with = "as_text")]
    pub address: SocketAddr,
    /// What is wrong with its certificate.
    #[serde(flatten)]
    pub failure: Failure,
}

impl ViewObservation {
    /// The host's keys, if they were asked for.
    pub fn keys(&self) -> Option<&KeySet> {
        self.auth0.iter().find_map(|answer| answer.documents.as_ref()?.served_keys())
    }

    /// Whether the look told anything: that an address could not be looked at for want of means does not.
    pub fn tells(&self) -> bool {
        self.failure.is_some() || !self.tls.is_empty()
    }

    /// Requests that were made.
    pub fn requests(&self) -> usize {
        self.auth0.iter().map(Auth0Observation::requests).sum()
    }
}

/// What Auth0's status page says of a tenant: an annotation, never a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusNote {
    /// How it goes on, in the page's word: `Investigating`, `Identified`, `Monitoring`, `Update`.
    pub status: String,
    /// What it is about.
    pub title: String,
}
