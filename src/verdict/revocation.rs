//! Whether certificates were revoked, by what staples and lists say of them and the time. Unknown is unknown, not good,
//! and no fault either, unless the certificate itself asks for a staple.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::Serialize;

use super::bench::{Bench, subject_of};
use super::{AddressRecord, Finding, Record};
use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Code, Presented, Revocation, RevocationSource, RevocationStatus, TrustPath};

/// What is known of whether a domain's certificates were revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// The worst of all addresses.
    pub status: RevocationStatus,
    /// By what that is known, or why it is not.
    pub why: String,
}

/// The worst of what is known of the certificates in use; `None` where it was not asked.
pub(super) fn standing(record: &Record, now: UnixTime) -> Option<Standing> {
    let asked = record.speaking().filter(|(_, seen)| seen.stapled.is_some());
    let each = asked.filter_map(|(_, seen)| standing_at(seen, now));
    each.max_by_key(|standing| match standing.status {
        RevocationStatus::Good => 0,
        RevocationStatus::Unknown => 1,
        RevocationStatus::Revoked => 2,
    })
}

fn standing_at(seen: &AddressRecord, now: UnixTime) -> Option<Standing> {
    let (_, presented) = seen.presented.as_ref()?;
    let leaf = presented.leaf()?;
    if let Some((revoked, certificate)) = revoked(presented, &seen.revocation, now) {
        let why = format!("{}, says {}", what_was_revoked(leaf, certificate, revoked), whose(revoked));
        return Some(Standing { status: RevocationStatus::Revoked, why });
    }
    let mut of_leaf = seen.revocation.iter().filter(|said| said.sha256 == leaf.sha256);
    let good = of_leaf.clone().find(|said| said.status == RevocationStatus::Good && said.holds(now));
    Some(match good {
        Some(said) => Standing { status: RevocationStatus::Good, why: format!("says {}", whose(said)) },
        None => {
            let why = of_leaf.next().map_or_else(|| "no OCSP response is stapled".to_owned(), |said| why(said, now));
            Standing { status: RevocationStatus::Unknown, why }
        }
    })
}

fn why(said: &Revocation, now: UnixTime) -> String {
    let what = whose(said);
    match &said.why {
        Some(why) => format!("{what}: {why}"),
        None => outdated(said, now).map_or_else(|| what.to_owned(), |outdated| format!("{what} {outdated}")),
    }
}

const fn whose(said: &Revocation) -> &'static str {
    match said.source {
        RevocationSource::Staple => "the stapled OCSP response",
        RevocationSource::Crl => "the CA's list",
    }
}

/// How its dates are not those of now.
fn outdated(said: &Revocation, now: UnixTime) -> Option<String> {
    match (said.this_update, said.next_update) {
        (Some(from), _) if from > now => Some(format!("is not valid before {from}")),
        (_, Some(until)) if until < now => Some(format!("ran out on {until}")),
        _ => None,
    }
}

pub(super) fn judge(record: &Record, bench: &mut Bench) {
    let mut found: BTreeMap<(Code, Sha256), (Finding, Vec<SocketAddr>)> = BTreeMap::new();
    for (address, seen) in record.speaking() {
        for moment in seen
            .revocation
            .iter()
            .flat_map(|said| [said.this_update, said.revoked_at, said.next_update.map(|until| until.plus(1))])
        {
            let _ = moment.map(|moment| bench.may_change_at(moment));
        }
        let Some((presented, leaf)) =
            seen.presented.as_ref().and_then(|(_, presented)| Some((presented, presented.leaf()?)))
        else {
            continue;
        };
        let revoked = revoked(presented, &seen.revocation, bench.now)
            .map(|(said, certificate)| revoked_finding(leaf, certificate, said));
        let staple = staple(leaf, presented, seen, bench.now);
        for finding in revoked.into_iter().chain(staple) {
            let entry = found.entry((finding.code, leaf.sha256)).or_insert_with(|| (finding, Vec::new()));
            entry.1.push(address);
        }
    }
    for (finding, addresses) in found.into_values() {
        bench.find(finding.at(addresses));
    }
}

/// What is revoked: the leaf, or a certificate that every path needs. Who stands on a list stays revoked, however old
/// the list.
fn revoked<'a>(
    presented: &'a Presented,
    all: &'a [std::sync::Arc<Revocation>],
    now: UnixTime,
) -> Option<(&'a Revocation, &'a Certificate)> {
    let said_of = |certificate: &Certificate| {
        let of_it = all.iter().filter(|said| said.sha256 == certificate.sha256);
        let mut revoked = of_it.filter(|said| said.status == RevocationStatus::Revoked);
        revoked.find(|said| said.revoked_at.or(said.this_update).is_some_and(|since| since <= now)).map(AsRef::as_ref)
    };
    let leaf = presented.leaf()?;
    if let Some(said) = said_of(leaf) {
        return Some((said, leaf));
    }
    let on = |path: &'a TrustPath| {
        let mut steps = path.steps.iter().map(|step| step.certificate.as_ref());
        steps.find_map(|certificate| Some((said_of(certificate)?, certificate)))
    };
    let paths: Vec<&TrustPath> = presented.complete_paths().filter(|path| path.in_date(now)).collect();
    let on_each: Option<Vec<_>> = paths.into_iter().map(on).collect();
    on_each?.into_iter().next()
}

fn what_was_revoked(leaf: &Certificate, certificate: &Certificate, said: &Revocation) -> String {
    let since = said.revoked_at.map(|at| format!(" on {at}")).unwrap_or_default();
    let reason = said.reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{} was revoked{since}{reason}", subject_of(leaf, certificate))
}

fn revoked_finding(leaf: &Certificate, certificate: &Certificate, said: &Revocation) -> Finding {
    let summary = format!("{}, says {}", what_was_revoked(leaf, certificate, said), whose(said));
    sourced(Finding::new(Code::TlsRevoked, summary), said)
        .fact_if("revoked_at", said.revoked_at.map(|at| at.to_string()))
        .fact_if("reason", said.reason)
        .about(certificate)
}

fn sourced(finding: Finding, said: &Revocation) -> Finding {
    let time = |time: Option<UnixTime>| time.map(|time| time.to_string());
    let source = match said.source {
        RevocationSource::Staple => "staple",
        RevocationSource::Crl => "crl",
    };
    finding
        .fact("source", source)
        .fact_if("url", said.url.clone())
        .fact_if("this_update", time(said.this_update))
        .fact_if("next_update", time(said.next_update))
}

/// What is wrong with the staple, or the lack of one. Of a chain that leads nowhere nobody can say who should have
/// signed it.
fn staple(leaf: &Certificate, presented: &Presented, seen: &AddressRecord, now: UnixTime) -> Option<Finding> {
    let stapled = seen.stapled?;
    let said = seen.revocation.iter().find(|said| said.source == RevocationSource::Staple);
    let (code, what) = match said {
        None if !stapled => (None, "the server sends none".to_owned()),
        None => return None,
        Some(_) if presented.paths.is_empty() => return None,
        Some(said) => match (&said.why, outdated(said, now)) {
            (Some(why), _) => (Some(Code::TlsOcspInvalid), format!("the one it sends is worth nothing: {why}")),
            (None, Some(outdated)) => (Some(Code::TlsOcspStale), format!("the one it sends {outdated}")),
            (None, None) => return None,
        },
    };
    let finding = if leaf.must_staple {
        let summary = format!("the certificate asks for a stapled OCSP response, and {what}");
        Finding::new(Code::TlsMustStaple, summary)
    } else {
        let summary = match code? {
            Code::TlsOcspStale => format!("the stapled OCSP response {}", outdated(said?, now)?),
            _ => format!("the stapled OCSP response is worth nothing: {}", said?.why.as_deref()?),
        };
        Finding::new(code?, summary)
    };
    let finding = match said {
        Some(said) => sourced(finding, said).fact_if("detail", said.why.clone()),
        None => finding,
    };
    Some(finding.about(leaf))
}
