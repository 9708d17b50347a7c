//! What the records say: the addresses here, the CNAME chain and the ownership TXT record in files of their own.

use super::bench::Bench;
use super::{Finding, Record, Severity, Surroundings, agreement, authority, cname, dnssec, ownership, registration};
use crate::domain::{Domain, Families};
use crate::observation::{Code, DnsObservation, ExtendedError, OddityKind, Outcome};

pub(super) fn judge(domain: &Domain, record: &Record, surroundings: &Surroundings, bench: &mut Bench) {
    let Some(dns) = &record.dns else {
        return;
    };
    let judge_records = |dns: &DnsObservation, now| {
        let mut bench = Bench::new(now);
        addresses(domain, dns, surroundings, &mut bench);
        cname::judge(domain, dns, &mut bench);
        ownership::judge(domain, dns, &mut bench);
        bench.findings
    };
    let found = match &dns.authority {
        Some(authority) => {
            authority::judge(dns, authority, bench);
            authority::beside_the_resolver(domain, dns, authority, bench, judge_records)
        }
        None => judge_records(dns, bench.now),
    };
    bench.findings.extend(found);
    if let Some(dnssec) = &dns.dnssec {
        dnssec::judge(dnssec, bench);
    }
    if let Some(registration) = &dns.registration {
        registration::judge(registration, bench);
    }
}

fn addresses(domain: &Domain, dns: &DnsObservation, surroundings: &Surroundings, bench: &mut Bench) {
    let asked = match domain.families {
        Families::Ipv4 => vec![("A", dns.a.outcome)],
        Families::Ipv6 => vec![("AAAA", dns.aaaa.outcome)],
        Families::Auto | Families::Both => vec![("A", dns.a.outcome), ("AAAA", dns.aaaa.outcome)],
    };
    let found = asked.iter().any(|(_, outcome)| *outcome == Outcome::Found);
    // NXDOMAIN speaks of the name, whatever became of the other question; beside an address it is a name server's
    // error (RFC 4074 §4.2).
    if !found && asked.iter().any(|(_, outcome)| *outcome == Outcome::Nxdomain) {
        bench.find(nonexistent(domain, dns));
    } else if asked.iter().any(|(_, outcome)| *outcome == Outcome::OutOfResources) {
        // Nothing is known but that we could not ask, which is told elsewhere.
    } else if let Some(bogus) = dns.bogus.first() {
        let severity = if found { Severity::Warning } else { Severity::Critical };
        bench.find(dnssec::bogus(domain, dns, bogus).severity(severity));
    } else if let Some((kind, outcome)) = asked.iter().find(|(_, outcome)| outcome.is_failure()) {
        let others = asked.iter().any(|(_, outcome)| *outcome == Outcome::NoData)
            || dns.others_answer == Some(true)
            || surroundings.resolvers_answer_others;
        bench.find(unanswered(domain, dns, kind, *outcome, Answered { partly: found, others }));
    } else if !found {
        let kinds = asked.iter().map(|(kind, _)| *kind).collect::<Vec<_>>().join(" nor ");
        let summary = format!("{} has no address: no {kinds} record", end_of_chain(domain, dns));
        bench.find(Finding::new(Code::DnsNoAddress, summary));
    }
}

/// What was answered beside a question that was not.
struct Answered {
    /// An address of the other family was found.
    partly: bool,
    /// The same name servers do answer us.
    others: bool,
}

/// No answer to a question: the domain's fault only if the same name servers answer others.
fn unanswered(domain: &Domain, dns: &DnsObservation, kind: &str, outcome: Outcome, answered: Answered) -> Finding {
    let (outcome, why) = (outcome.title(), why(dns, outcome));
    let nameservers: Vec<&str> = dns.nameservers.iter().map(|nameserver| &**nameserver).collect();
    let blames_domain = answered.partly || answered.others;
    let finding = if blames_domain {
        let summary = format!("{kind} of {}: {outcome}{why}, while other questions are answered", domain.name);
        let severity = if answered.partly { Severity::Warning } else { Severity::Critical };
        Finding::new(Code::DnsServfail, summary).severity(severity)
    } else {
        let summary = format!("no resolver answers us for {} nor for other names: {outcome}{why}", domain.name);
        Finding::new(Code::WatchResolverFailed, summary)
    };
    let finding = finding.fact("record_type", kind).fact("outcome", outcome).fact("nameservers", nameservers);
    let finding = agreement::with_resolvers(finding, &dns.resolvers);
    let down: Vec<&str> = dns.resolvers.iter().map(|fared| &*fared.resolver).collect();
    if blames_domain || down.is_empty() { finding } else { finding.fact("down", down) }
}

/// What a resolver said to explain its error (RFC 8914), else what the system or the TLS library did.
fn why(dns: &DnsObservation, outcome: Outcome) -> String {
    let said = dns.resolvers.iter().flat_map(|fared| &fared.extended_errors).next().map(ExtendedError::told);
    let failures = dns.resolvers.iter().filter_map(|fared| fared.failure.as_ref());
    let detail = || failures.filter(|failure| failure.outcome == outcome).find_map(|failure| failure.detail.clone());
    said.or_else(detail).map_or_else(String::new, |why| format!(" ({why})"))
}

fn nonexistent(domain: &Domain, dns: &DnsObservation) -> Finding {
    match dns.cname.last() {
        Some(last) => cname::dangling(last),
        None if says_nxdomain_above_records(dns) => {
            let summary = format!(
                "{} does not exist (NXDOMAIN), say its name servers, though they have records below it: it is empty",
                domain.name
            );
            Finding::new(Code::DnsNxdomain, summary).fact("nxdomain_above_records", true)
        }
        None => Finding::new(Code::DnsNxdomain, format!("{} does not exist (NXDOMAIN)", domain.name)),
    }
}

/// RFC 8020: a name below which there is something exists.
fn says_nxdomain_above_records(dns: &DnsObservation) -> bool {
    let mut oddities = dns.resolvers.iter().flat_map(|fared| &fared.oddities);
    oddities.any(|oddity| oddity.kind == OddityKind::NxdomainAboveRecords)
}

fn end_of_chain<'a>(domain: &'a Domain, dns: &'a DnsObservation) -> &'a str {
    dns.cname.last().map_or(domain.name.as_str(), |last| last.target.as_str())
}
