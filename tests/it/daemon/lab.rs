//! [`Lab`]: a name server under which every name of `lab.example` is at 127.0.0.1, and an authority to trust.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use notafter::lab::ca::{Authority, LeafSpec};

use super::home::Home;
use crate::servers::{Identity, Knot, Vhost};

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 86_400;

/// What a watched world needs beside its proxy.
#[derive(Debug)]
pub(super) struct Lab {
    root: Authority,
    intermediate: Authority,
    knot: Knot,
}

impl Lab {
    /// Starts the name server and makes the authority.
    pub(super) fn start() -> Self {
        let root = Authority::root("Lab Root").expect("a root");
        let intermediate = root.intermediate("Lab Intermediate").expect("an intermediate");
        Self { root, intermediate, knot: Knot::start(&[("lab.example", "* A 127.0.0.1")]) }
    }

    /// The root as PEM.
    pub(super) fn root_pem(&self) -> String {
        self.root.root_pem()
    }

    /// Where the name server answers.
    pub(super) fn nameserver(&self) -> SocketAddr {
        self.knot.address()
    }

    /// An identity for a name, valid from and until so many seconds from now.
    pub(super) fn identity(&self, name: &str, from: i64, until: i64) -> Identity {
        let spec = LeafSpec::new(name, now() + from, now() + until);
        Identity::from(&self.intermediate.leaf(&spec).expect("a leaf"))
    }

    /// A host with a certificate for so many seconds more, of 90 days or, beyond that, of that and a day.
    pub(super) fn host(&self, name: &str, left: i64) -> Vhost {
        let from = (left - 90 * DAY).min(-DAY);
        Vhost::new(name, self.identity(name, from, left))
    }

    /// `[probe]`: this world's name server and root (written into the home), looks at this interval.
    pub(super) fn probe(&self, home: &Home, interval: &str) -> String {
        home.write("root.pem", &self.root_pem());
        format!(
            "[probe]\ninterval = \"{interval}\"\ntimeout = \"2s\"\nnameservers = [\"{}\"]\nroots = [\"root.pem\"]\n",
            self.knot.address()
        )
    }
}

/// A `[[domain]]` at each of these addresses.
pub(super) fn domain(name: &str, addresses: &[SocketAddr]) -> String {
    let mut text = format!("[[domain]]\nname = \"{name}\"\n");
    let _ = writeln!(text, "addresses = {:?}", addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
    text
}

/// A `[[receiver]]` by mail; `more` are further lines of its `[receiver.email]`.
pub(super) fn receiver(relay: &str, more: &str) -> String {
    format!(
        "[[receiver]]\nname = \"oncall\"\n[receiver.email]\nto = [\"oncall@example.com\"]\n\
         from = \"notafter@example.com\"\nrelay = \"{relay}\"\n{more}\n"
    )
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970");
    i64::try_from(since.as_secs()).expect("a clock before the year 292277026596")
}
