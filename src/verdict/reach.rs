//! Whether connection and handshake come to be, at each address.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::bench::{Bench, where_of};
use super::{Finding, Kind, Record, Severity};
use crate::domain::Domain;
use crate::observation::{Code, Failure};

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let mut failing: BTreeMap<Code, Vec<(SocketAddr, &Failure)>> = BTreeMap::new();
    let mut working = 0;
    for (address, seen) in record.current() {
        match seen.tls.as_ref().map(|tls| &tls.failure) {
            Some(Some(failure)) => failing.entry(failure.code).or_default().push((address, failure)),
            Some(None) => working += 1,
            None => {}
        }
    }
    for (code, at) in failing {
        let finding = finding(code, &at, working);
        // What is for machines with certificates may demand them.
        let is_meant = code == Code::TlsClientCertificateRequired && domain.mtls_of.is_some();
        bench.find(if is_meant { finding.severity(Severity::Info) } else { finding });
    }
}

/// One finding for all addresses that fail alike; a warning where another address still works.
fn finding(code: Code, at: &[(SocketAddr, &Failure)], working: usize) -> Finding {
    let detail = at.first().map_or("", |(_, failure)| failure.detail.as_str());
    let finding = Finding::new(code, format!("{}: {detail}", where_of(at.iter().map(|(address, _)| *address))))
        .at(at.iter().map(|(address, _)| *address))
        .fact("detail", detail);
    let partly = working > 0 && finding.entry().kind == Kind::Network;
    if partly { finding.severity(Severity::Warning).fact("addresses_working", working) } else { finding }
}
