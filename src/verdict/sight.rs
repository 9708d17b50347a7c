//! What a look could not look at for want of our own means, which is nobody else's fault.

use super::bench::{Bench, where_of};
use super::{Finding, Record};
use crate::domain::Domain;
use crate::observation::{Code, Outcome};

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    if let Some(first) = record.not_looked.first() {
        let addresses = record.not_looked.iter().map(|not_looked| not_looked.address);
        let summary = format!("no socket could be had to look at {}: {}", where_of(addresses.clone()), first.reason);
        // Not the finding's own addresses: this is a fault of none of them.
        let addresses: Vec<String> = addresses.map(|address| address.to_string()).collect();
        bench.find(Finding::new(Code::WatchOutOfResources, summary).fact("addresses", addresses));
    } else if asked_in_vain(record) {
        let summary = format!("no socket could be had to ask a name server for {}", domain.name);
        bench.find(Finding::new(Code::WatchOutOfResources, summary));
    }
}

/// Whether we had nothing to ask for the domain's addresses with.
fn asked_in_vain(record: &Record) -> bool {
    record.dns.as_ref().is_some_and(|dns| [dns.a.outcome, dns.aaaa.outcome].contains(&Outcome::OutOfResources))
}
