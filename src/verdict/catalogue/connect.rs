//! Why there is no connection.

use super::{Entry, Family, Kind, Severity};
use crate::observation::Code;

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        code: Code::ConnectRefused,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the connection is refused",
        explanation: "The host answers that nothing listens on the port: the proxy is down, or listens elsewhere.",
        remedy: "Start the proxy, or correct its listen address; if the address is an old one, remove it from DNS.",
    },
    Entry {
        code: Code::ConnectReset,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the connection is reset",
        explanation: "The connection came to be and was torn down before the handshake ended: a proxy that crashes, \
            a load balancer without a healthy backend, or a firewall in between.",
        remedy: "Look at the proxy's error log at this time, and at the health of what a load balancer forwards to.",
    },
    Entry {
        code: Code::ConnectTimeout,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "no answer from the address",
        explanation: "The connection attempt got no answer before the deadline: the host is down, or a firewall \
            drops what comes.",
        remedy: "Check that the host is up and that its firewall and security group let port 443 in from anywhere.",
    },
    Entry {
        code: Code::ConnectUnreachable,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the address is unreachable",
        explanation: "The network reports that there is no way to the address.",
        remedy: "Check the address in DNS (is it a private one?) and the routing to it.",
    },
];
