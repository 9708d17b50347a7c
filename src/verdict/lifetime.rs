//! Certificates that are valid for longer than browsers accept, whatever is left of it.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::Finding;
use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Code, Presented};

const DAY: i64 = 86_400;

/// From when on (by notBefore) how many days are the most: CA/Browser Forum, Baseline Requirements section 6.3.2. The
/// latest first. What was issued earlier has run out long ago.
const LIMITS: [(UnixTime, i64); 4] = [
    (UnixTime(1_868_227_200), 47),  // 2029-03-15
    (UnixTime(1_805_068_800), 100), // 2027-03-15
    (UnixTime(1_773_532_800), 200), // 2026-03-15
    (UnixTime(1_598_918_400), 398), // 2020-09-01
];

/// By their digests the roots of Mozilla's list, compiled in. Only below these do browsers mind the lifetime.
static MOZILLA: LazyLock<BTreeSet<Sha256>> =
    LazyLock::new(|| webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| Sha256::of(der)).collect());

pub(super) fn judge(leaf: &Certificate, presented: &Presented) -> Option<Finding> {
    let days = limit(leaf.not_before)?;
    // Between the two dates, as Chrome counts: the last second, which is part of it (RFC 5280), is forgiven.
    if leaf.lifetime() <= days * DAY || !is_public(presented) {
        return None;
    }
    let has = leaf.lifetime().saturating_add(DAY - 1) / DAY;
    let summary = format!("the certificate is valid for {has} days; of one issued then browsers accept {days}");
    let finding = Finding::new(Code::TlsLifetimeTooLong, summary)
        .fact("not_before", leaf.not_before.to_string())
        .fact("lifetime_seconds", leaf.lifetime())
        .fact("limit_seconds", days * DAY);
    Some(finding.about(leaf))
}

fn limit(not_before: UnixTime) -> Option<i64> {
    LIMITS.iter().find(|(since, _)| not_before >= *since).map(|(_, days)| *days)
}

/// Whether a path ends in a root of Mozilla's list.
pub(super) fn is_public(presented: &Presented) -> bool {
    let mut roots = presented.paths.iter().filter_map(|path| path.steps.last());
    roots.any(|root| MOZILLA.contains(&root.certificate.sha256))
}
