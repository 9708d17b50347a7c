//! A [`Snapshot`] as Prometheus metrics. Every name is here and nowhere else, and each is documented in
//! `docs/metrics.md`; a test holds that.
//!
//! Expiry is a timestamp, taken from the certificate that was presented, whatever else is wrong with it. No label
//! holds a stranger's text.
//!
//! The page is written family by family straight from the snapshot, a piece at a time ([`Page`]), and never held as a
//! whole: a large fleet's is a hundred megabytes. What is here says which samples there are, [`text`] how they are written.

mod page;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use text::Samples;

use crate::incident::silence::SilenceState;
use crate::keeper::{DomainState, Snapshot};
use crate::observation::{Code, DnssecObservation, View};
use crate::verdict::catalogue::ENTRIES;
use crate::verdict::{Level, References, Severity, answers_well};

pub use page::Page;

/// One family: its name, what it holds, and its help text.
#[derive(Debug)]
struct Family {
    name: &'static str,
    kind: Kind,
    help: &'static str,
}

/// What a family holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Gauge,
    Counter,
    Histogram,
}

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, help }
}

const fn counter(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Counter, help }
}

const BUILD_INFO: Family = gauge("notafter_build_info", "1; the version is in the label.");
const DOMAINS: Family = gauge("notafter_domains", "Domains that are watched.");
const DOMAIN_INFO: Family =
    gauge("notafter_domain_info", "1 for each domain, with the operator's own labels as label_…");
const NOT_AFTER: Family = gauge(
    "notafter_certificate_not_after_timestamp_seconds",
    "When the leaf certificate presented at this address runs out.",
);
const NOT_BEFORE: Family = gauge(
    "notafter_certificate_not_before_timestamp_seconds",
    "When the leaf certificate presented at this address began to be valid.",
);
const OTHER_NOT_AFTER: Family = gauge(
    "notafter_other_certificate_not_after_timestamp_seconds",
    "When the second leaf certificate runs out that this address shows to clients which know its key_type alone; absent where there is none.",
);
const EARLIEST: Family = gauge(
    "notafter_presented_earliest_not_after_timestamp_seconds",
    "The earliest notAfter among the certificates presented at this address, needed or not.",
);
const FIRST_SEEN: Family = gauge(
    "notafter_certificate_first_seen_timestamp_seconds",
    "When the leaf certificate presented at this address was first seen at the domain.",
);
const BEHIND: Family = gauge(
    "notafter_rollout_old_addresses",
    "Addresses that still serve a certificate which another is replacing; absent while no rollout is under way.",
);
const EXPECTED: Family = gauge(
    "notafter_renewal_expected_timestamp_seconds",
    "When the domain is expected to renew by its own habit; absent until two renewals were seen.",
);
const WINDOW_START: Family = gauge(
    "notafter_renewal_window_start_timestamp_seconds",
    "From when on the CA suggests to renew (RFC 9773); absent where it says nothing.",
);
const WINDOW_ENDS: Family =
    gauge("notafter_renewal_window_end_timestamp_seconds", "Until when the CA suggests to renew (RFC 9773).");
const RENEWALS: Family = counter(
    "notafter_renewals_total",
    "Renewals that have reached every address, by their class: routine, early or surprising.",
);
const EFFECTIVE_EXPIRY: Family = gauge(
    "notafter_effective_expiry_timestamp_seconds",
    "When the domain stops being good: over all paths to a root the latest of each path's earliest; of several addresses, and of two certificates at one, the earliest.",
);
const VERDICT: Family = gauge(
    "notafter_domain_verdict",
    "1 for the domain's verdict, 0 for the others: what the last look saw, unconfirmed.",
);
const FINDING: Family =
    gauge("notafter_finding", "1 for each finding that is active; domain is empty for our own sight.");
const FINDINGS: Family = gauge("notafter_findings", "How many domains have this finding.");
const INTERVAL: Family = gauge("notafter_look_interval_seconds", "How often the domain is looked at.");
const LAST_LOOK: Family = gauge("notafter_last_look_timestamp_seconds", "When the domain was last looked at.");
const WINDOW_END: Family = gauge(
    "notafter_verification_window_end_timestamp_seconds",
    "When Auth0 stops looking for the ownership record; only while verification is pending and its start is known.",
);
const VIEW_UP: Family = gauge(
    "notafter_auth0_view_up",
    "1 if the view (proxy, origin, tenant) saw Auth0 answer as it should when it was last taken, else 0; absent if it never was.",
);
const RATE_LIMIT: Family = gauge(
    "notafter_auth0_ratelimit_limit",
    "Requests at once that Auth0 allows us, as the answers of this view last said (x-ratelimit-limit).",
);
const RATE_REMAINING: Family = gauge(
    "notafter_auth0_ratelimit_remaining",
    "How many of them were left, the least of the last answers of this view (x-ratelimit-remaining).",
);
const SIGNING: Family = gauge(
    "notafter_auth0_signing_certificate_not_after_timestamp_seconds",
    "When the first of the certificates of the signing keys that clients get runs out.",
);
const SIGNATURE_END: Family = gauge(
    "notafter_dnssec_signature_expiration_timestamp_seconds",
    "When the first of the DNSSEC signatures that the domain stands on runs out; only where `dnssec` is on and the zone is verified.",
);
const REGISTRATION_END: Family = gauge(
    "notafter_registration_expiration_timestamp_seconds",
    "When the registration of the domain runs out; only where `rdap` is on and the registry has ever said so.",
);
const REGISTRATION_SEEN: Family = gauge(
    "notafter_registration_last_answer_timestamp_seconds",
    "When the registry last said anything of the domain's registration.",
);
const LOOKS: Family = counter("notafter_looks_total", "Rounds of all checks of one domain, by what they came to.");
const NOTICES: Family =
    counter("notafter_notices_total", "Notices by receiver and how an attempt to deliver them ended.");
const OWED: Family = gauge("notafter_notices_owed", "Notices that a receiver is still to be sent.");
const SILENCES: Family = gauge("notafter_silences", "Silences and maintenance windows, by whether they hold.");
const SILENCED: Family =
    gauge("notafter_incidents_silenced", "Incidents of which nothing is told, as a silence is about them.");
const QUESTIONS: Family = counter(
    "notafter_dns_questions_total",
    "Questions about records: put to a resolver, each one and each time, or answered from memory.",
);
const REFERENCES: Family = gauge(
    "notafter_references_answer",
    "Whether any of the references answered when last asked; absent if none was asked.",
);

const RELAY_READY: Family = gauge(
    "notafter_relay_ready",
    "1 if every relay of the receiver would have taken a mail for each recipient when last asked, else 0; absent if none was asked.",
);
const HEARTBEAT: Family = gauge(
    "notafter_heartbeat_last_success_timestamp_seconds",
    "When the URL of `heartbeat_url` last took that all is well; absent until it has.",
);
const LOG_LIST: Family = gauge(
    "notafter_ct_log_list_timestamp_seconds",
    "When the list of certificate transparency logs was made; absent without ct_log_list. Stale after 70 days.",
);

const LAG: Family = Family {
    name: "notafter_look_lag_seconds",
    kind: Kind::Histogram,
    help: "How long after they were due looks began, for reasons of our own.",
};
const IN_FLIGHT: Family = gauge("notafter_looks_in_flight", "Looks under way.");
const WAITING: Family =
    gauge("notafter_looks_waiting", "Looks that are due and wait for one of the few places at their address.");
const STRETCH: Family = gauge(
    "notafter_look_interval_stretch",
    "How many times longer intervals are than configured, as there is more to look at than we can; 1 normally.",
);

/// Every family, in the order of the page.
const FAMILIES: [&Family; 41] = [
    &BUILD_INFO,
    &DOMAINS,
    &DOMAIN_INFO,
    &NOT_AFTER,
    &NOT_BEFORE,
    &OTHER_NOT_AFTER,
    &EARLIEST,
    &EFFECTIVE_EXPIRY,
    &FIRST_SEEN,
    &BEHIND,
    &EXPECTED,
    &WINDOW_START,
    &WINDOW_ENDS,
    &RENEWALS,
    &VERDICT,
    &FINDING,
    &FINDINGS,
    &INTERVAL,
    &LAST_LOOK,
    &WINDOW_END,
    &VIEW_UP,
    &RATE_LIMIT,
    &RATE_REMAINING,
    &SIGNING,
    &SIGNATURE_END,
    &REGISTRATION_END,
    &REGISTRATION_SEEN,
    &LOOKS,
    &LAG,
    &IN_FLIGHT,
    &WAITING,
    &STRETCH,
    &NOTICES,
    &OWED,
    &SILENCES,
    &SILENCED,
    &QUESTIONS,
    &REFERENCES,
    &RELAY_READY,
    &HEARTBEAT,
    &LOG_LIST,
];

/// The content type of a [`Page`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Every family's name and help, for the documentation.
pub fn documented() -> impl Iterator<Item = (&'static str, &'static str)> {
    FAMILIES.into_iter().map(|family| (family.name, family.help))
}

/// What there is to say of one domain, in parts; with each the families that it has samples of, and of no others.
const OF_A_DOMAIN: [(Part, &[&Family]); 5] = [
    (certificates, &[&NOT_AFTER, &NOT_BEFORE, &OTHER_NOT_AFTER, &EARLIEST, &FIRST_SEEN, &EFFECTIVE_EXPIRY]),
    (renewals, &[&BEHIND, &EXPECTED, &WINDOW_START, &WINDOW_ENDS]),
    (records, &[&SIGNATURE_END, &REGISTRATION_SEEN, &REGISTRATION_END]),
    (state, &[&VERDICT, &INTERVAL, &LAST_LOOK, &WINDOW_END, &DOMAIN_INFO, &FINDING]),
    (auth0, &[&VIEW_UP, &RATE_LIMIT, &RATE_REMAINING, &SIGNING]),
];

/// Adds the samples of one domain.
type Part = fn(&DomainState, &mut dyn Samples);

fn process(snapshot: &Snapshot, page: &mut dyn Samples) {
    page.add(&BUILD_INFO, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    page.add(&DOMAINS, &[], snapshot.domains.len() as f64);
    for (result, count) in snapshot.counters.looks() {
        page.add(&LOOKS, &[("result", result.as_str())], count as f64);
    }
    page.histogram(&LAG, snapshot.counters.lag());
    page.add(&IN_FLIGHT, &[], snapshot.looks_in_flight as f64);
    page.add(&WAITING, &[], snapshot.looks_waiting as f64);
    page.add(&STRETCH, &[], snapshot.stretch);
    for (class, count) in snapshot.counters.renewals() {
        page.add(&RENEWALS, &[("class", class.as_str())], count as f64);
    }
    for (receiver, result, count) in snapshot.counters.notices() {
        page.add(&NOTICES, &[("receiver", receiver), ("result", result)], count as f64);
    }
    for (receiver, owed) in &snapshot.owed {
        page.add(&OWED, &[("receiver", receiver)], *owed as f64);
    }
    for state in SilenceState::ALL {
        let count = snapshot.silences.iter().filter(|silence| silence.state == state).count();
        page.add(&SILENCES, &[("state", state.as_str())], count as f64);
    }
    page.add(&SILENCED, &[], snapshot.silenced_incidents as f64);
    for (receiver, ready) in &snapshot.relays_ready {
        page.add(&RELAY_READY, &[("receiver", receiver)], f64::from(u8::from(*ready)));
    }
    if let Some(at) = snapshot.heartbeat_at {
        page.add(&HEARTBEAT, &[], at.0 as f64);
    }
    if let Some(made_at) = snapshot.log_list_made_at {
        page.add(&LOG_LIST, &[], made_at.0 as f64);
    }
    for (answered_by, count) in snapshot.counters.questions() {
        page.add(&QUESTIONS, &[("answered_by", answered_by)], count as f64);
    }
    if snapshot.references != References::None {
        page.add(&REFERENCES, &[], f64::from(u8::from(snapshot.references == References::Answer)));
    }
    for own in &snapshot.own_sight {
        page.add(&FINDING, &[("domain", ""), ("code", &own.code), ("severity", own.severity.as_str())], 1.0);
    }
    if page.wants(&FINDINGS) {
        findings(snapshot, page);
    }
}

/// What was presented, whatever else is wrong: a date must not vanish when it matters.
fn certificates(domain: &DomainState, page: &mut dyn Samples) {
    let name = domain.domain.name.as_str();
    for (address, seen) in &domain.record.addresses {
        let address = address.to_string();
        let labels = [("domain", name), ("address", address.as_str())];
        let other = seen.other.as_ref().and_then(|other| other.presented()?.leaf());
        if let Some(leaf) = other {
            let labels = [labels[0], labels[1], ("key_type", leaf.key.key_type.as_str())];
            page.add(&OTHER_NOT_AFTER, &labels, leaf.not_after.0 as f64);
        }
        let Some((_, presented)) = &seen.presented else { continue };
        let Some(leaf) = presented.leaf() else { continue };
        page.add(&NOT_AFTER, &labels, leaf.not_after.0 as f64);
        page.add(&NOT_BEFORE, &labels, leaf.not_before.0 as f64);
        if let Some(earliest) = presented.earliest_expiry() {
            page.add(&EARLIEST, &labels, earliest.0 as f64);
        }
        if let Some(known) = domain.record.history.leaf(leaf.sha256) {
            page.add(&FIRST_SEEN, &labels, known.first_seen.0 as f64);
        }
    }
    if let Some(expiry) = domain.verdict.as_ref().and_then(|verdict| verdict.effective_expiry) {
        page.add(&EFFECTIVE_EXPIRY, &[("domain", name)], expiry.0 as f64);
    }
}

/// How the domain renews, as far as that is known.
fn renewals(domain: &DomainState, page: &mut dyn Samples) {
    let labels = [("domain", domain.domain.name.as_str())];
    let record = &domain.record;
    if page.wants(&BEHIND) {
        let behind: BTreeSet<_> = record.history.under_way().flat_map(|progress| progress.behind).collect();
        if !behind.is_empty() {
            page.add(&BEHIND, &labels, behind.len() as f64);
        }
    }
    if page.wants(&EXPECTED)
        && let Some(expected) = record.expected_renewal()
    {
        page.add(&EXPECTED, &labels, expected.usual.0 as f64);
    }
    if let Some(suggested) = record.suggested() {
        page.add(&WINDOW_START, &labels, suggested.info.start.0 as f64);
        page.add(&WINDOW_ENDS, &labels, suggested.info.end.0 as f64);
    }
}

/// What holds the records, where it was asked for.
fn records(domain: &DomainState, page: &mut dyn Samples) {
    let labels = [("domain", domain.domain.name.as_str())];
    let Some(dns) = &domain.record.dns else { return };
    if let Some(signed) = dns.dnssec.as_deref().and_then(DnssecObservation::first_to_expire) {
        page.add(&SIGNATURE_END, &labels, signed.expiration.0 as f64);
    }
    if let Some(registration) = &dns.registration {
        page.add(&REGISTRATION_SEEN, &labels, registration.at.0 as f64);
        if let Some(expires) = registration.expires {
            page.add(&REGISTRATION_END, &labels, expires.0 as f64);
        }
    }
}

fn state(domain: &DomainState, page: &mut dyn Samples) {
    let name = domain.domain.name.as_str();
    let level = domain.level();
    for other in Level::ALL {
        let value = f64::from(u8::from(other == level));
        page.add(&VERDICT, &[("domain", name), ("verdict", other.as_str())], value);
    }
    page.add(&INTERVAL, &[("domain", name)], domain.domain.interval.as_secs_f64());
    if let Some(at) = domain.record.looked_at.filter(|_| domain.was_looked_at) {
        page.add(&LAST_LOOK, &[("domain", name)], at.0 as f64);
    }
    if let Some(ends) = domain.domain.expected.verification.window_ends() {
        page.add(&WINDOW_END, &[("domain", name)], ends.0 as f64);
    }
    if page.wants(&FINDING) {
        for (code, severity) in active(domain) {
            page.add(&FINDING, &[("domain", name), ("code", code.as_str()), ("severity", severity.as_str())], 1.0);
        }
    }
    if page.wants(&DOMAIN_INFO) {
        info(domain, page);
    }
}

/// What is wrong with a domain, each once, however many addresses it is wrong at.
fn active(domain: &DomainState) -> BTreeSet<(Code, Severity)> {
    let findings = domain.verdict.iter().flat_map(|verdict| &verdict.findings);
    findings.map(|finding| (finding.code, finding.severity)).collect()
}

fn info(domain: &DomainState, page: &mut dyn Samples) {
    // One value a name: two of the same would cost Prometheus the whole page.
    let own: BTreeMap<String, &str> =
        domain.domain.labels.iter().map(|(key, value)| (format!("label_{}", sanitized(key)), value.as_str())).collect();
    let mut labels = vec![("domain", domain.domain.name.as_str())];
    labels.extend(own.iter().map(|(key, value)| (key.as_str(), *value)));
    page.add(&DOMAIN_INFO, &labels, 1.0);
}

/// What the three views saw.
fn auth0(domain: &DomainState, page: &mut dyn Samples) {
    let (name, record) = (domain.domain.name.as_str(), &domain.record);
    for view in [View::Proxy, View::Origin, View::Tenant] {
        let labels = [("domain", name), ("view", view.as_str())];
        if page.wants(&VIEW_UP)
            && let Some(well) = answers_well(&domain.domain, record, view)
        {
            page.add(&VIEW_UP, &labels, f64::from(u8::from(well)));
        }
        if !page.wants(&RATE_LIMIT) && !page.wants(&RATE_REMAINING) {
            continue;
        }
        let tightest = record.rate_limits(view).into_iter().min_by_key(|limit| limit.remaining.unwrap_or(u64::MAX));
        let Some(tightest) = tightest else { continue };
        for (family, value) in [(&RATE_LIMIT, tightest.limit), (&RATE_REMAINING, tightest.remaining)] {
            if let Some(value) = value {
                page.add(family, &labels, value as f64);
            }
        }
    }
    if page.wants(&SIGNING)
        && let Some(ends) = record.signing_certificates_end()
    {
        page.add(&SIGNING, &[("domain", name)], ends.0 as f64);
    }
}

/// How many domains have each finding.
fn findings(snapshot: &Snapshot, page: &mut dyn Samples) {
    let mut counts: BTreeMap<(Code, Severity), u64> = BTreeMap::new();
    for found in snapshot.domains.iter().flat_map(|domain| active(domain)) {
        *counts.entry(found).or_default() += 1;
    }
    for entry in ENTRIES {
        for severity in Severity::ALL {
            let count = counts.get(&(entry.code, severity)).copied().unwrap_or(0);
            page.add(&FINDINGS, &[("code", entry.code.as_str()), ("severity", severity.as_str())], count as f64);
        }
    }
}

/// A key of the operator's as the rest of a label's name.
fn sanitized(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
