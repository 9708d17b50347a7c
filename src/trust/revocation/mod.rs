//! Whether certificates were revoked: what a stapled OCSP response (RFC 6960) and a CRL (RFC 5280 §5) say once their
//! signatures are verified. Neither is fetched here, nor judged by the time.

mod crl;
mod ocsp;
mod signature;

pub use crl::{Crl, CrlError};

pub(super) use ocsp::judge as judge_staple;
