//! Whether clients get the keys that tokens are signed with, whether a cache stands between them and Auth0, and whether
//! the proxy forwards what no cache may answer.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use super::bench::{Bench, where_of};
use super::login::fault_by;
use super::views::Views;
use super::{AddressRecord, DocumentsRecord, Finding, Record, Severity};
use crate::domain::{Domain, Span, UnixTime};
use crate::observation::{Code, Documents, KeySet, Reply};

/// After a rotation caches may have the old keys for so long, in seconds: Auth0 asks clients to cache them for five to
/// ten minutes, and a new key is shown well before it signs.
const TOLERATED: i64 = 600;
/// A signing certificate is spoken of so long before its end, in seconds. Auth0's last for more than ten years.
const EXPIRY_WARNING: i64 = 30 * 86_400;

/// An address with what it last answered.
type At<'a> = (SocketAddr, &'a DocumentsRecord);

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let views = Views::of(domain, record);
    // Where the first document is not as it should be the others are not either, and that is told.
    let does_well =
        |seen: &AddressRecord| seen.auth0.as_ref().is_some_and(|answer| fault_by(domain, answer, &views).is_none());
    let current = record.current().filter(|(_, seen)| does_well(seen));
    let all: Vec<At<'_>> = current.filter_map(|(address, seen)| Some((address, seen.documents.as_ref()?))).collect();
    ignored_query(record, bench);
    unusable(&all, bench);
    mismatched(&all, record.tenant_keys.as_ref(), bench);
    stale(&all, bench);
    expiring(&all, bench);
    not_forwarded(&all, bench);
}

/// A cache answered a question that nobody had asked before: it does not tell requests apart by their queries, and logins
/// carry their state in queries.
fn ignored_query(record: &Record, bench: &mut Bench) {
    let answers = record.current().filter_map(|(address, seen)| Some((address, seen.auth0.as_deref()?)));
    let cached: Vec<_> =
        answers.filter(|(_, answer)| answer.is_document() && answer.headers.came_from_cache()).collect();
    let Some((_, first)) = cached.first() else { return };
    let addresses = cached.iter().map(|(address, _)| *address);
    let summary = format!("{}: a cache answers whatever the query string is", where_of(addresses.clone()));
    let mut finding = Finding::new(Code::Auth0CacheIgnoresQuery, summary).at(addresses);
    let headers = &first.headers;
    for (name, value) in
        [("age", &headers.age), ("x_cache", &headers.x_cache), ("cf_cache_status", &headers.cf_cache_status)]
    {
        if let Some(value) = value {
            finding = finding.fact(name, value.as_str());
        }
    }
    bench.find(finding);
}

/// No key that a token could be verified with.
fn unusable(all: &[At<'_>], bench: &mut Bench) {
    let bad: Vec<(SocketAddr, &Reply, String)> = all
        .iter()
        .filter_map(|(address, seen)| {
            let reply = asked_for_keys(&seen.documents)?;
            Some((*address, reply, why_unusable(reply)?))
        })
        .collect();
    let Some((_, reply, why)) = bad.first() else { return };
    let addresses = bad.iter().map(|(address, ..)| *address);
    let summary = format!("{}: no token can be verified: {why}", where_of(addresses.clone()));
    let mut finding = Finding::new(Code::Auth0JwksUnusable, summary).at(addresses);
    if let Some(status) = reply.status {
        finding = finding.fact("status", status);
    }
    let working = all.len() - bad.len();
    bench.find(if working > 0 {
        finding.severity(Severity::Warning).fact("addresses_working", working)
    } else {
        finding
    });
}

/// What clients get when they ask for the keys.
fn asked_for_keys(documents: &Documents) -> Option<&Reply> {
    documents.keys_as_cached.as_ref().or(documents.keys.as_ref())
}

fn why_unusable(reply: &Reply) -> Option<String> {
    match (&reply.failure, reply.status, &reply.key_set) {
        (Some(failure), ..) => Some(failure.detail.clone()),
        // That is for us, and others may get them.
        (_, Some(429), _) => None,
        (_, Some(200), Some(keys)) if keys.is_usable() => None,
        (_, Some(200), Some(_)) => Some("the key set has no RS256 key with a name".to_owned()),
        (_, Some(200), None) => Some("the answer is no key set".to_owned()),
        (_, status, _) => Some(format!("status {}", status.unwrap_or_default())),
    }
}

/// Clients get other keys than the tenant shows at its own host.
fn mismatched(all: &[At<'_>], tenant: Option<&DocumentsRecord>, bench: &mut Bench) {
    let Some((tenant, theirs)) = tenant.and_then(|tenant| Some((tenant, tenant.documents.served_keys()?))) else {
        return;
    };
    let differing: Vec<(&At<'_>, &KeySet)> = all
        .iter()
        // A cache that has something old is told as that, and keys that nobody can use as that.
        .filter(|(_, seen)| {
            seen.documents.stale.is_empty() && asked_for_keys(&seen.documents).and_then(why_unusable).is_none()
        })
        .filter_map(|at| Some((at, at.1.documents.served_keys()?)))
        .filter(|(_, keys)| keys.kids() != theirs.kids())
        .collect();
    let Some(((_, first), keys)) = differing.first() else { return };
    let (ours, theirs) = (keys.kids(), theirs.kids());
    let only = |these: &BTreeSet<&str>, those: &BTreeSet<&str>| {
        these.difference(those).map(|kid| (*kid).to_owned()).collect::<Vec<String>>()
    };
    let addresses = differing.iter().map(|((address, _), _)| *address);
    let what = if ours.is_disjoint(&theirs) { "none of the tenant's keys" } else { "other keys than the tenant" };
    let summary = format!("{}: {what}", where_of(addresses.clone()));
    let finding = Finding::new(Code::Auth0JwksMismatch, summary)
        .at(addresses)
        .fact("missing_kids", only(&theirs, &ours))
        .fact("surplus_kids", only(&ours, &theirs));
    let since = first.changed_at.max(tenant.changed_at);
    let finding = tolerated(finding, since, bench);
    bench.find(finding);
}

/// A cache gives out something else than there is behind it.
fn stale(all: &[At<'_>], bench: &mut Bench) {
    let stale: Vec<&At<'_>> = all.iter().filter(|(_, seen)| !seen.documents.stale.is_empty()).collect();
    let Some((_, first)) = stale.first() else { return };
    let addresses = stale.iter().map(|(address, _)| *address);
    let paths = first.documents.stale.join(" and ");
    let age = [&first.documents.keys_as_cached, &first.documents.discovery_as_cached]
        .into_iter()
        .flatten()
        .filter_map(|reply| reply.age)
        .max();
    let old = age.and_then(|age| i64::try_from(age).ok()).map(|age| format!(", {} old", Span(age))).unwrap_or_default();
    let summary = format!("{}: a cache gives out an old {paths}{old}", where_of(addresses.clone()));
    let mut finding =
        Finding::new(Code::Auth0CacheStale, summary).at(addresses).fact("paths", first.documents.stale.clone());
    if let Some(age) = age {
        finding = finding.fact("age_seconds", age);
    }
    let finding = tolerated(finding, first.stale_since, bench);
    bench.find(finding);
}

/// Information for as long as it may be a rotation that caches have not caught up with.
fn tolerated(finding: Finding, since: Option<UnixTime>, bench: &mut Bench) -> Finding {
    let Some(since) = since else { return finding };
    let until = since.plus(TOLERATED);
    bench.may_change_at(until);
    let finding = finding.fact("since", since.to_string());
    if bench.now < until { finding.severity(Severity::Info) } else { finding }
}

/// A signing certificate runs out: most clients take no notice, some SAML service providers do.
fn expiring(all: &[At<'_>], bench: &mut Bench) {
    let of = |at: &At<'_>| Some((at.0, at.1.documents.served_keys()?.earliest_expiry()?));
    let Some((_, ends)) = all.iter().filter_map(of).min_by_key(|(_, ends)| *ends) else { return };
    bench.may_change_at(ends.plus(-EXPIRY_WARNING));
    // The last second of validity is valid.
    bench.may_change_at(ends.plus(1));
    let left = bench.now.until(ends);
    if left > EXPIRY_WARNING {
        return;
    }
    let when = if left < 0 { format!("ended {}", Span(left)) } else { format!("ends in {}", Span(left)) };
    let summary = format!("the certificate of a signing key {when}, on {ends}");
    let finding = Finding::new(Code::Auth0SigningCertificateExpires, summary);
    bench.find(finding.fact("not_after", ends.to_string()).fact("seconds_left", left));
}

/// The discovery document comes through, and what no cache may answer does not: the proxy forwards some paths alone, or
/// what comes is out of a cache and Auth0 is not reached.
fn not_forwarded(all: &[At<'_>], bench: &mut Bench) {
    let bad: Vec<(SocketAddr, &Reply)> = all
        .iter()
        .filter_map(|(address, seen)| Some((*address, seen.documents.userinfo.as_ref()?)))
        .filter(|(_, reply)| !reached_auth0(reply))
        .collect();
    let Some((_, reply)) = bad.first() else { return };
    let addresses = bad.iter().map(|(address, _)| *address);
    let said = match (&reply.failure, reply.status) {
        (Some(failure), _) => failure.detail.clone(),
        (None, status) => format!("status {}", status.unwrap_or_default()),
    };
    let summary = format!("{}: /userinfo does not get through to Auth0: {said}", where_of(addresses.clone()));
    let finding = Finding::new(Code::Auth0PathNotForwarded, summary).at(addresses).fact("path", "/userinfo");
    bench.find(reply.status.iter().fold(finding, |finding, status| finding.fact("status", *status)));
}

/// Without a token Auth0 refuses with 401; whatever else its application says is its own, and 429 is for us.
fn reached_auth0(reply: &Reply) -> bool {
    reply.failure.is_none() && (reply.auth0_request_id.is_some() || matches!(reply.status, Some(400 | 401 | 429)))
}
