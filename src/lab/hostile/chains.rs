//! Chains that are a burden to whoever looks for a path through them, or reads them at all.

use rustls_pki_types::CertificateDer;

use crate::lab::ca::{Authority, Issued, LabError, LeafSpec, Validity};

/// The name of all that are tangled.
const TANGLED: &str = "Tangle";
/// 2000-01-01 until 2100-01-01.
const LASTING: Validity = Validity { not_before: 946_684_800, not_after: 4_102_444_800 };

/// A leaf of this spec below two authorities that have signed each other, and no third: the leaf, `A` by `B`, `B` by `A`.
pub fn round(spec: &LeafSpec) -> Result<(Issued, Vec<CertificateDer<'static>>), LabError> {
    let [a, b] = [Authority::root("A")?, Authority::root("B")?];
    let issued = a.leaf(spec)?;
    let chain = vec![issued.leaf().clone(), a.cross_signed_by(&b, LASTING)?, b.cross_signed_by(&a, LASTING)?];
    Ok((issued, chain))
}

/// A leaf of this spec below an authority that has many namesakes, each of which bears a certificate by every other: at
/// each step of a path any of them might be next. So many certificates are sent after the leaf.
pub fn tangle(spec: &LeafSpec, certificates: usize) -> Result<(Issued, Vec<CertificateDer<'static>>), LabError> {
    let first = Authority::root(TANGLED)?;
    let issued = first.leaf(spec)?;
    let mut all = vec![first];
    let mut chain = vec![issued.leaf().clone()];
    while chain.len() <= certificates {
        let another = Authority::root(TANGLED)?;
        for older in &all {
            chain.extend([older.cross_signed_by(&another, LASTING)?, another.cross_signed_by(older, LASTING)?]);
        }
        all.push(another);
    }
    chain.truncate(1 + certificates);
    Ok((issued, chain))
}

/// A leaf of this spec with a straight line of so many intermediates, each below the one before, from this root.
pub fn ladder(spec: &LeafSpec, root: &Authority, rungs: usize) -> Result<Issued, LabError> {
    let mut lowest = root.intermediate("Rung 1")?;
    for rung in 2..=rungs {
        lowest = lowest.intermediate(&format!("Rung {rung}"))?;
    }
    lowest.leaf(spec)
}

/// The leaf and then so many bytes that are said to be certificates, in portions.
pub fn ballast(issued: &Issued, bytes: usize) -> Vec<CertificateDer<'static>> {
    const PORTION: usize = 50_000;
    let portions = std::iter::repeat_n(CertificateDer::from(vec![0x30; PORTION]), bytes / PORTION);
    std::iter::once(issued.leaf().clone()).chain(portions).collect()
}
