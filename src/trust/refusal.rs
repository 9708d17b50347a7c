//! Why there is no path, as an operator would say it. webpki's own words are the names of its variants, and some
//! repeat whatever bytes a stranger put into the certificate.

use webpki::Error;

use crate::observation::bounded;

/// Why no path counts on which a CA signs that may not.
pub(super) const NOT_TO_SIGN: &str = "the key usage of a CA in the chain does not allow it to sign certificates";

/// The reason for people, bounded.
pub(super) fn words(error: &Error) -> String {
    let known = match error {
        Error::UnknownIssuer => "its issuer is neither in the chain nor a trusted root",
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } => {
            "at no time are all certificates of a path valid together"
        }
        Error::InvalidCertValidity => "a certificate ends before it begins",
        Error::InvalidSignatureForPublicKey => "a signature in the chain does not verify",
        Error::CaUsedAsEndEntity => "the certificate says that it is a CA, and a server's must not",
        Error::EndEntityUsedAsCa => "a certificate that is no CA has signed another",
        Error::PathLenConstraintViolated => "a CA stands further from the leaf than its issuer allows",
        Error::NameConstraintViolation => "a CA in the chain may not issue for this name",
        Error::MalformedNameConstraint | Error::InvalidNetworkMaskConstraint => {
            "a CA in the chain has name constraints that cannot be read"
        }
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            "its extended key usage does not allow a TLS server"
        }
        Error::UnsupportedCriticalExtension => "a critical extension in the chain is not understood",
        // webpki reads lengths of two octets where nothing honest is longer, as Mozilla's verifier does.
        Error::TrailingData(_) => {
            "a certificate in the chain is malformed, or larger than the 64 KiB that verifiers read"
        }
        Error::MalformedDnsIdentifier => "an alternative name of the certificate is malformed",
        Error::UnsupportedCertVersion => "it is no X.509 certificate of version 3",
        Error::UnsupportedSignatureAlgorithmContext(_) | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "a signature in the chain is of a kind that is not accepted"
        }
        Error::SignatureAlgorithmMismatch => "a certificate names two different algorithms for its signature",
        Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumPathDepthExceeded
        | Error::MaximumSignatureChecksExceeded => "the chain is too tangled to follow",
        Error::BadDer | Error::BadDerTime | Error::MalformedExtensions | Error::ExtensionValueInvalid => {
            "a certificate in the chain is malformed"
        }
        other => return bounded(other.to_string(), 120),
    };
    known.to_owned()
}
