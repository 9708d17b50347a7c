//! [`judge`]: what a stapled OCSP response (RFC 6960) says of a certificate, once it is known who signed it.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use rustls_pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::signature::Signed;
use crate::domain::UnixTime;
use crate::observation::certificate::Certificate;
use crate::observation::{Revocation, RevocationSource, RevocationStatus, revocation_reason};
use crate::trust::der::{Der, Element, tag};

/// A response has some 500 bytes, with a delegated responder's certificates 2 KiB.
const MAX_BYTES: usize = 64 * 1024;
/// Answers looked through in one response; responders give one.
const MAX_ANSWERS: usize = 64;
/// Certificates tried as the responder's.
const MAX_RESPONDERS: usize = 4;
/// id-pkix-ocsp-basic (RFC 6960 §4.2.1).
const BASIC: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01];

/// What the response says of the leaf, whose issuer this is.
pub(in crate::trust) fn judge(response: &[u8], leaf: &Certificate, issuer: &Certificate) -> Revocation {
    match answer(response, leaf, issuer) {
        Ok(answer) => Revocation {
            sha256: leaf.sha256,
            source: RevocationSource::Staple,
            url: None,
            status: answer.status,
            why: (answer.status == RevocationStatus::Unknown).then(|| Flaw::NotKnown.to_string()),
            this_update: Some(answer.this_update),
            next_update: answer.next_update,
            revoked_at: answer.revoked_at,
            reason: answer.reason,
        },
        Err(flaw) => Revocation::unknown(leaf.sha256, RevocationSource::Staple, None, flaw.to_string()),
    }
}

/// Why a response says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Flaw {
    #[error("it is larger than any response")]
    TooLarge,
    #[error("it is no OCSP response")]
    Malformed,
    #[error("the responder answered with an error: {0}")]
    Unsuccessful(&'static str),
    #[error("its signature is neither the issuer's nor that of a responder the issuer appointed")]
    Unsigned,
    #[error("it is about another certificate")]
    OfAnother,
    #[error("the responder does not know the certificate")]
    NotKnown,
}

struct Answer {
    status: RevocationStatus,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    revoked_at: Option<UnixTime>,
    reason: Option<&'static str>,
}

fn answer(response: &[u8], leaf: &Certificate, issuer: &Certificate) -> Result<Answer, Flaw> {
    if response.len() > MAX_BYTES {
        return Err(Flaw::TooLarge);
    }
    let mut basic = basic_response(response)?;
    let signed = Signed::read(&mut basic).ok_or(Flaw::Malformed)?;
    let answers = answers(signed.content).ok_or(Flaw::Malformed)?;
    let mut readable = answers.take(MAX_ANSWERS).filter_map(single);
    let (answer, _) = readable.find(|(_, about)| about.is(leaf, issuer)).ok_or(Flaw::OfAnother)?;
    let until = signed_until(&signed, basic, issuer, answer.this_update).ok_or(Flaw::Unsigned)?;
    // A response is no longer good than whoever signed it.
    let next_update = [answer.next_update, until].into_iter().flatten().min();
    Ok(Answer { next_update, ..answer })
}

/// RFC 6960 §4.2.1: the basic response in a successful one.
fn basic_response(response: &[u8]) -> Result<Der<'_>, Flaw> {
    let mut outer = Der::new(response).enter(tag::SEQUENCE).ok_or(Flaw::Malformed)?;
    match outer.expect(tag::ENUMERATED).map(|status| status.content) {
        Some([0]) => {}
        Some([1]) => return Err(Flaw::Unsuccessful("malformedRequest")),
        Some([2]) => return Err(Flaw::Unsuccessful("internalError")),
        Some([3]) => return Err(Flaw::Unsuccessful("tryLater")),
        Some([5]) => return Err(Flaw::Unsuccessful("sigRequired")),
        Some([6]) => return Err(Flaw::Unsuccessful("unauthorized")),
        _ => return Err(Flaw::Malformed),
    }
    basic(outer).ok_or(Flaw::Malformed)
}

/// ResponseBytes, of the one type there is.
fn basic(mut outer: Der<'_>) -> Option<Der<'_>> {
    let mut bytes = outer.enter(0xa0)?.enter(tag::SEQUENCE)?;
    let kind = bytes.expect(tag::OID)?.content;
    let content = bytes.expect(tag::OCTET_STRING)?.content;
    if kind == BASIC { Der::new(content).enter(tag::SEQUENCE) } else { None }
}

/// ResponseData: version, responder and time of making before the answers.
fn answers(mut data: Der<'_>) -> Option<Der<'_>> {
    let _version = data.expect(0xa0);
    let responder = data.element()?;
    if !matches!(responder.tag, 0xa1 | 0xa2) {
        return None;
    }
    data.expect(tag::GENERALIZED_TIME)?;
    data.enter(tag::SEQUENCE)
}

/// Whom an answer is about (CertID).
struct About<'a> {
    algorithm: &'static Algorithm,
    issuer_name: &'a [u8],
    issuer_key: &'a [u8],
    serial: &'a [u8],
}

impl<'a> About<'a> {
    fn read(id: Element<'a>) -> Option<Self> {
        let mut id = Der::new(id.content);
        let algorithm = match id.enter(tag::SEQUENCE)?.expect(tag::OID)?.content {
            [0x2b, 0x0e, 0x03, 0x02, 0x1a] => &SHA1_FOR_LEGACY_USE_ONLY,
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01] => &SHA256,
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02] => &SHA384,
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03] => &SHA512,
            _ => return None,
        };
        let issuer_name = id.expect(tag::OCTET_STRING)?.content;
        let issuer_key = id.expect(tag::OCTET_STRING)?.content;
        let serial = id.expect(tag::INTEGER)?.content;
        Some(Self { algorithm, issuer_name, issuer_key, serial })
    }

    fn is(&self, leaf: &Certificate, issuer: &Certificate) -> bool {
        let hashes_to = |bytes: &[u8], hash: &[u8]| digest(self.algorithm, bytes).as_ref() == hash;
        let der = issuer.der();
        let Ok((_, parsed)) = X509Certificate::from_der(&der) else { return false };
        bare(self.serial) == leaf.bare_serial()
            && hashes_to(&issuer.names.subject, self.issuer_name)
            && hashes_to(&parsed.public_key().subject_public_key.data, self.issuer_key)
    }
}

/// Less leading zeros.
fn bare(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
    &integer[zeros..]
}

fn single(answer: Element<'_>) -> Option<(Answer, About<'_>)> {
    let mut answer = Der::new(answer.content);
    let about = About::read(answer.expect(tag::SEQUENCE)?)?;
    let status = answer.element()?;
    let (status, revoked_at, reason) = match status.tag {
        0x80 => (RevocationStatus::Good, None, None),
        0xa1 => {
            let mut revoked = Der::new(status.content);
            let at = revoked.time()?;
            let code =
                revoked.enter(0xa0).and_then(|mut reason| reason.expect(tag::ENUMERATED)?.content.first().copied());
            (RevocationStatus::Revoked, Some(at), code.and_then(revocation_reason))
        }
        0x82 => (RevocationStatus::Unknown, None, None),
        _ => return None,
    };
    let this_update = answer.time()?;
    let next_update = match answer.enter(0xa0) {
        Some(mut next) => Some(next.time()?),
        None => None,
    };
    Some((Answer { status, this_update, next_update, revoked_at, reason }, about))
}

/// Whether the issuer signed, or somebody the issuer appointed (RFC 6960 §4.2.2.2), and until when that one may.
fn signed_until(
    signed: &Signed<'_>,
    mut after: Der<'_>,
    issuer: &Certificate,
    at: UnixTime,
) -> Option<Option<UnixTime>> {
    if signed.is_by(&issuer.der()) {
        return Some(None);
    }
    let responders = after.enter(0xa0)?.enter(tag::SEQUENCE)?;
    responders.take(MAX_RESPONDERS).find_map(|responder| {
        let until = appointed_until(responder.whole, issuer, at)?;
        signed.is_by(&CertificateDer::from(responder.whole)).then_some(Some(until))
    })
}

/// Until when this certificate speaks for the issuer: made by it, for signing OCSP responses, and in date.
fn appointed_until(der: &[u8], issuer: &Certificate, at: UnixTime) -> Option<UnixTime> {
    let (_, parsed) = X509Certificate::from_der(der).ok()?;
    let usage = parsed.extended_key_usage().ok().flatten()?;
    let validity = parsed.validity();
    let (from, until) = (UnixTime(validity.not_before.timestamp()), UnixTime(validity.not_after.timestamp()));
    let fits =
        usage.value.ocsp_signing && *parsed.issuer().as_raw() == *issuer.names.subject && from <= at && at <= until;
    let certificate = fits.then(|| Signed::read(&mut Der::new(der).enter(tag::SEQUENCE)?))??;
    certificate.is_by(&issuer.der()).then_some(until)
}
