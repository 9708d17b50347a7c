//! Roots that a domain's certificates lead to and that will not do for much longer: they run out, or browsers drop them.

use super::bench::Bench;
use super::{Finding, Severity};
use crate::domain::Span;
use crate::observation::certificate::Certificate;
use crate::observation::{Code, DistrustedCa, Presented, TrustPath};

/// A root's end is spoken of so long before, in seconds: another chain, or another CA, takes its time.
const LEAD: i64 = 180 * 86_400;

pub(super) fn judge(presented: &Presented, bench: &mut Bench) -> Vec<Finding> {
    let paths: Vec<&TrustPath> = presented.complete_paths().filter(|path| path.in_date(bench.now)).collect();
    [expiry(&paths, presented, bench), distrust(&paths, presented)].into_iter().flatten().collect()
}

/// The root that lasts longest runs out soon. Many clients look at a root's name and key alone, others (OpenSSL, Go) at
/// its dates as well, so it shuts out some and not all.
fn expiry(paths: &[&TrustPath], presented: &Presented, bench: &mut Bench) -> Option<Finding> {
    for root in presented.complete_paths().filter_map(TrustPath::root) {
        bench.may_change_at(root.not_after.plus(-LEAD));
        bench.may_change_at(root.not_after.plus(1));
    }
    if paths.iter().any(|path| path.root().is_none()) {
        return None;
    }
    let root = paths.iter().filter_map(|path| path.root()).max_by_key(|root| root.not_after)?;
    let left = bench.now.until(root.not_after);
    if left > LEAD {
        return None;
    }
    let clients = "clients that look at the dates of roots, as OpenSSL does,";
    let summary = if left < 0 {
        format!("the root {} ran out on {}: {clients} refuse the certificate", root.title(), root.not_after)
    } else {
        format!("the root {} runs out in {}, on {}: {clients} refuse then", root.title(), Span(left), root.not_after)
    };
    let finding = Finding::new(Code::TlsRootExpires, summary).fact("seconds_left", left);
    Some(finding.fact("not_after", root.not_after.to_string()).about(root))
}

/// Every path leads over a CA that the operator lists; or will, once the certificate is renewed.
fn distrust(paths: &[&TrustPath], presented: &Presented) -> Option<Finding> {
    let listed = |path: &&TrustPath, renewed: bool| {
        let on = presented.distrusted.iter().filter(|one| path.contains(one.certificate.sha256));
        on.filter(|one| one.applies || renewed).max_by_key(|one| one.applies)
    };
    let all =
        |renewed: bool| -> Option<Vec<&DistrustedCa>> { paths.iter().map(|path| listed(path, renewed)).collect() };
    if let Some(first) = all(false).and_then(|listed| listed.first().copied()) {
        let summary = match first.since {
            Some(since) => format!("{} is not trusted for certificates issued after {since}", title(first)),
            None => format!("{} is not trusted any more", title(first)),
        };
        return Some(about(Finding::new(Code::TlsRootDistrusted, summary), first));
    }
    let first = all(true)?.into_iter().find(|one| !one.applies)?;
    let since = first.since?;
    let summary = format!(
        "{} is not trusted for certificates issued after {since}: this one is, its renewal is not",
        title(first)
    );
    Some(about(Finding::new(Code::TlsRootDistrusted, summary).severity(Severity::Warning), first))
}

fn title(listed: &DistrustedCa) -> String {
    Certificate::title(&listed.certificate)
}

fn about(finding: Finding, listed: &DistrustedCa) -> Finding {
    let since = listed.since.map(|since| since.to_string());
    finding.fact_if("distrusted_after", since).about(&listed.certificate)
}
