//! Whether connection and handshake come to be, at each address.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::bench::{Bench, where_of};
use super::{Finding, Record, Severity};
use crate::observation::{Code, Failure};

pub(super) fn judge(record: &Record, bench: &mut Bench) {
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
        bench.find(finding(code, &at, working));
    }
}

/// One finding for all addresses that fail alike; a warning where another address still works.
fn finding(code: Code, at: &[(SocketAddr, &Failure)], working: usize) -> Finding {
    let detail = at.first().map_or("", |(_, failure)| failure.detail.as_str());
    let finding = Finding::new(code, format!("{}: {detail}", where_of(at.iter().map(|(address, _)| *address))))
        .at(at.iter().map(|(address, _)| *address))
        .fact("detail", detail);
    if working > 0 { finding.severity(Severity::Warning).fact("addresses_working", working) } else { finding }
}
