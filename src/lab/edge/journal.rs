//! [`Request`]: what was asked of the edge, and [`Journal`], which keeps the latest of them.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// More requests than any test makes; the oldest give way.
const KEPT: usize = 4096;

/// A request as the edge saw it, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The number of its connection, from 0.
    pub connection: u64,
    /// The name in the handshake.
    pub sni: String,
    /// The version of TLS, as rustls writes it, e.g. `TLSv1_3`.
    pub tls: String,
    /// The version of HTTP, e.g. `HTTP/1.1`.
    pub http: String,
    /// The method.
    pub method: String,
    /// `Host`, or `:authority`, without a port.
    pub host: String,
    /// The path with its query.
    pub target: String,
    /// The header fields, in the order they came, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Bytes of its body.
    pub body: usize,
    /// The address that Auth0 takes for the user's; without it all of a proxy's users are one.
    pub client: Option<String>,
    /// The status of the answer; `None` where there was none.
    pub status: Option<u16>,
}

impl Request {
    /// The values of a header field, one an occurrence. `name` is in lower case.
    pub fn values(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(field, _)| field == name).map(|(_, value)| value.as_str()).collect()
    }

    /// The path alone.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// The requests so far.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<VecDeque<Request>>);

impl Journal {
    pub(super) fn add(&self, request: Request) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back(request);
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
