//! [`Budget`]: how many signatures may be verified for the sake of one chain.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls_pki_types::{AlgorithmIdentifier, FipsStatus, InvalidSignature, SignatureVerificationAlgorithm};

/// Signatures that may yet be verified, over all searches and all moments. webpki bounds each of its calls by itself,
/// so whoever calls it several times lets a chain that was made to be costly spend the same bound several times.
#[derive(Debug)]
pub(super) struct Budget {
    left: AtomicUsize,
    exhausted: AtomicBool,
}

impl Budget {
    /// So many signatures.
    pub(super) const fn new(signatures: usize) -> Self {
        Self { left: AtomicUsize::new(signatures), exhausted: AtomicBool::new(false) }
    }

    /// Every algorithm that is accepted, on this budget.
    pub(super) fn algorithms(&self) -> Vec<Charged<'_>> {
        webpki::ALL_VERIFICATION_ALGS.iter().map(|algorithm| Charged { algorithm: *algorithm, budget: self }).collect()
    }

    /// Whether more was asked for than there was.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.load(Ordering::Relaxed)
    }

    /// Nothing more may be spent: another bound was reached.
    pub(super) fn exhaust(&self) {
        self.left.store(0, Ordering::Relaxed);
        self.exhausted.store(true, Ordering::Relaxed);
    }

    fn spend(&self) -> Result<(), InvalidSignature> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        spent.map(drop).map_err(|_| {
            self.exhausted.store(true, Ordering::Relaxed);
            InvalidSignature
        })
    }

    #[cfg(test)]
    pub(super) fn left(&self) -> usize {
        self.left.load(Ordering::Relaxed)
    }
}

/// An algorithm each of whose uses is on the budget. With nothing left no signature is good.
#[derive(Debug)]
pub(super) struct Charged<'a> {
    algorithm: &'static dyn SignatureVerificationAlgorithm,
    budget: &'a Budget,
}

impl SignatureVerificationAlgorithm for Charged<'_> {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        self.budget.spend()?;
        self.algorithm.verify_signature(public_key, message, signature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.public_key_alg_id()
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.algorithm.signature_alg_id()
    }

    fn fips_status(&self) -> FipsStatus {
        self.algorithm.fips_status()
    }
}
