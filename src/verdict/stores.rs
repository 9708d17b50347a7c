//! Stores of roots that make different things of a chain, where the operator wants several compared.

use super::Finding;
use super::bench::Bench;
use crate::observation::certificate::Certificate;
use crate::observation::{Beside, Code, Presented, TrustPath};

/// One finding for all stores that see it otherwise than the one that counts.
pub(super) fn judge(leaf: &Certificate, presented: &Presented, bench: &mut Bench) -> Option<Finding> {
    for path in presented.beside.iter().flat_map(|beside| &beside.paths) {
        bench.may_change_at(path.not_before());
        bench.may_change_at(path.not_after().plus(1));
    }
    // Whoever's own dates are over is refused by all, whatever the store.
    if presented.beside.is_empty() || !leaf.in_date(bench.now) {
        return None;
    }
    let trusts = |paths: &[TrustPath]| paths.iter().any(|path| path.is_complete() && path.in_date(bench.now));
    let main = trusts(&presented.paths);
    let otherwise: Vec<&Beside> = presented.beside.iter().filter(|beside| trusts(&beside.paths) != main).collect();
    let first = otherwise.first()?;
    let names: Vec<&str> = otherwise.iter().map(|beside| beside.store.as_ref()).collect();
    let names = names.join(", ");
    let summary = if main {
        let why = first.refusal.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        format!("the certificate is trusted by `roots`, but not by {names}{why}")
    } else {
        format!("the certificate is trusted by {names}, but not by `roots`")
    };
    let by = |trusted: bool| -> Vec<String> {
        let those = presented.beside.iter().filter(|beside| trusts(&beside.paths) == trusted);
        those.map(|beside| beside.store.to_string()).collect()
    };
    let finding = Finding::new(Code::TlsStoresDisagree, summary).fact("trusted_by_roots", main);
    Some(finding.fact("trusted_by", by(true)).fact("refused_by", by(false)).about(leaf))
}
