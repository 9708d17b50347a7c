//! Whether a look has seen anything that the one before had not. Most have not; then a verdict without findings stands,
//! and need not be made anew: [`stands`]. Whatever a judge may read is compared. Left out are only the times at which the
//! same was seen again, how long it took, and the numbers by which a proxy and Auth0 tell requests apart.
//!
//! Each structure is taken apart in full, so that what is added to one has to be given its place here as well.

use std::sync::Arc;

use super::judge::path;
use super::{AddressRecord, Record, Surroundings, Verdict, revocation, views};
use crate::domain::{Domain, UnixTime};
use crate::observation::{AnswerHeaders, Auth0Observation, DnsObservation, TlsObservation, ViewObservation};

/// What a verdict was made of.
#[derive(Debug, Clone)]
pub struct Basis {
    record: Arc<Record>,
    surroundings: Surroundings,
}

impl Basis {
    /// This record, in these surroundings.
    pub const fn new(record: Arc<Record>, surroundings: Surroundings) -> Self {
        Self { record, surroundings }
    }
}

/// The verdict on this record at `now`, if it is that of `before` with nothing new: the one that was made of this basis
/// found nothing, and neither what was seen nor the time has changed anything that could be found. `None` if that has to be
/// judged. The domain must be the same as then.
pub fn stands(
    before: (&Verdict, &Basis),
    domain: &Domain,
    record: &Record,
    surroundings: &Surroundings,
    now: UnixTime,
) -> Option<Verdict> {
    let (verdict, basis) = before;
    // What findings tell may hang on the time, down to the seconds that are left.
    let is_quiet = verdict.findings.is_empty() && verdict.at <= now && verdict.changes_at.is_none_or(|at| now < at);
    if !is_quiet || basis.surroundings != *surroundings || !says_the_same(record, &basis.record) {
        return None;
    }
    Some(Verdict {
        domain: verdict.domain.clone(),
        at: now,
        level: verdict.level,
        findings: Vec::new(),
        // It tells how long an answer took.
        path: path(domain, record, &[]),
        effective_expiry: verdict.effective_expiry,
        limiting: verdict.limiting.clone(),
        presented_earliest: verdict.presented_earliest,
        revocation: revocation::standing(record, now),
        changes_at: verdict.changes_at,
    })
}

fn says_the_same(one: &Record, other: &Record) -> bool {
    let Record {
        looked_at,
        dns,
        addresses,
        no_route,
        not_looked,
        surplus_addresses,
        legacy,
        client_certificate,
        disagree_since,
        history,
        origin,
        tenant,
        tenant_keys,
        contract,
        differ,
    } = one;
    let same_addresses = || {
        let both = addresses.iter().zip(&other.addresses);
        addresses.len() == other.addresses.len()
            && both.into_iter().all(|((at, seen), (other_at, before))| {
                let is_current = (Some(seen.named_at) == *looked_at) == (Some(before.named_at) == other.looked_at);
                at == other_at && is_current && same_address(seen, before)
            })
    };
    looked_at.is_some() == other.looked_at.is_some()
        && match (dns, &other.dns) {
            (Some(dns), Some(before)) => same_answers(dns, before),
            (dns, before) => dns.is_none() && before.is_none(),
        }
        && same_addresses()
        && *no_route == other.no_route
        && *not_looked == other.not_looked
        && *surplus_addresses == other.surplus_addresses
        && *legacy == other.legacy
        && *client_certificate == other.client_certificate
        && *disagree_since == other.disagree_since
        && history.says_the_same(&other.history)
        && both(origin.as_deref(), other.origin.as_deref(), |seen, before| same_view((seen, one), (before, other)))
        && both(tenant.as_deref(), other.tenant.as_deref(), |seen, before| same_view((seen, one), (before, other)))
        && *tenant_keys == other.tenant_keys
        && *contract == other.contract
        && *differ == other.differ
}

fn same_answers(one: &DnsObservation, other: &DnsObservation) -> bool {
    let DnsObservation {
        nameservers,
        resolvers,
        disagreements,
        resolvers_agree,
        from_hosts_file,
        questions: _,
        a,
        aaaa,
        cname,
        cname_loop,
        txt_name,
        txt,
        txt_cname,
        txt_elsewhere,
        caa,
        authority,
        dnssec,
        registration,
        bogus,
        wanted,
        others_answer,
        elapsed_ms: _,
    } = one;
    *nameservers == other.nameservers
        && *resolvers == other.resolvers
        && *disagreements == other.disagreements
        && *resolvers_agree == other.resolvers_agree
        && *from_hosts_file == other.from_hosts_file
        && *a == other.a
        && *aaaa == other.aaaa
        && *cname == other.cname
        && *cname_loop == other.cname_loop
        && *txt_name == other.txt_name
        && *txt == other.txt
        && *txt_cname == other.txt_cname
        && *txt_elsewhere == other.txt_elsewhere
        && *caa == other.caa
        && *authority == other.authority
        && *dnssec == other.dnssec
        && *registration == other.registration
        && *bogus == other.bogus
        && *wanted == other.wanted
        && *others_answer == other.others_answer
}

fn same_address(one: &AddressRecord, before: &AddressRecord) -> bool {
    let AddressRecord {
        tls,
        presented,
        other,
        suggested,
        stapled,
        revocation,
        auth0,
        documents,
        named_at: _,
        keep_for,
    } = one;
    let same_chain = match (presented, &before.presented) {
        (Some((_, chain)), Some((_, other))) => Arc::ptr_eq(chain, other) || chain == other,
        (chain, other) => chain.is_none() && other.is_none(),
    };
    same_chain
        && both(tls.as_deref(), before.tls.as_deref(), same_handshake)
        && both(auth0.as_deref(), before.auth0.as_deref(), same_answer)
        && *other == before.other
        && *suggested == before.suggested
        && *stapled == before.stapled
        && *revocation == before.revocation
        && *documents == before.documents
        && *keep_for == before.keep_for
}

fn same_handshake(one: &TlsObservation, before: &TlsObservation) -> bool {
    let TlsObservation {
        address,
        version,
        cipher_suite,
        group,
        post_quantum,
        alpn,
        // The record has kept it, and the others below, and they are compared there.
        presented: _,
        other_chain: _,
        client_certificate,
        legacy: _,
        renewal_info: _,
        stapled: _,
        revocation: _,
        failure,
        connect_ms: _,
        handshake_ms: _,
    } = one;
    *address == before.address
        && one.presented.is_some() == before.presented.is_some()
        && *version == before.version
        && *cipher_suite == before.cipher_suite
        && *group == before.group
        && *post_quantum == before.post_quantum
        && *alpn == before.alpn
        && *client_certificate == before.client_certificate
        && *failure == before.failure
}

fn same_answer(one: &Auth0Observation, before: &Auth0Observation) -> bool {
    let Auth0Observation {
        address,
        view,
        key_sent,
        status,
        http_version,
        headers,
        is_json,
        issuer,
        sha256,
        foreign_endpoints,
        rate_limit,
        evidence,
        mtls_hosts,
        key_marker,
        excerpt,
        failure,
        elapsed_ms: _,
        // The record keeps the last of them.
        documents: _,
    } = one;
    *address == before.address
        && *view == before.view
        && *key_sent == before.key_sent
        && *status == before.status
        && *http_version == before.http_version
        && same_headers(headers, &before.headers)
        && *is_json == before.is_json
        && *issuer == before.issuer
        && *sha256 == before.sha256
        && *foreign_endpoints == before.foreign_endpoints
        && *rate_limit == before.rate_limit
        && *evidence == before.evidence
        && *mtls_hosts == before.mtls_hosts
        && *key_marker == before.key_marker
        && *excerpt == before.excerpt
        && *failure == before.failure
}

fn same_view((one, of): (&ViewObservation, &Record), (before, of_before): (&ViewObservation, &Record)) -> bool {
    let ViewObservation { view, host, at: _, failure, tls, distrusted, auth0, not_looked } = one;
    let same_chain =
        |one: &TlsObservation, other: &TlsObservation| both(one.leaf(), other.leaf(), |a, b| a.sha256 == b.sha256);
    views::holds(of, one) == views::holds(of_before, before)
        && *view == before.view
        && *host == before.host
        && *failure == before.failure
        && *distrusted == before.distrusted
        && *not_looked == before.not_looked
        && tls.len() == before.tls.len()
        && tls.iter().zip(&before.tls).all(|(one, other)| same_handshake(one, other) && same_chain(one, other))
        && auth0.len() == before.auth0.len()
        && auth0
            .iter()
            .zip(&before.auth0)
            .all(|(one, other)| same_answer(one, other) && one.documents.is_some() == other.documents.is_some())
}

fn same_headers(one: &AnswerHeaders, before: &AnswerHeaders) -> bool {
    let AnswerHeaders {
        content_type,
        server,
        via,
        location,
        retry_after,
        cache_control,
        age,
        x_cache,
        cf_ray,
        cf_cache_status,
        cf_mitigated,
        auth0_request_id,
    } = one;
    *content_type == before.content_type
        && *server == before.server
        && *via == before.via
        && *location == before.location
        && *retry_after == before.retry_after
        && *cache_control == before.cache_control
        && *age == before.age
        && *x_cache == before.x_cache
        && cf_ray.is_some() == before.cf_ray.is_some()
        && *cf_cache_status == before.cf_cache_status
        && *cf_mitigated == before.cf_mitigated
        && auth0_request_id.is_some() == before.auth0_request_id.is_some()
}

fn both<T>(one: Option<&T>, other: Option<&T>, same: impl Fn(&T, &T) -> bool) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (one, other) => one.is_none() && other.is_none(),
    }
}
