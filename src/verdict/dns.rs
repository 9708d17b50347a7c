//! What the records say: addresses, the CNAME chain, the ownership TXT record.

use super::bench::Bench;
use super::{Finding, Record, Severity, Surroundings};
use crate::domain::{Domain, Families, Span, UnixTime, Verification};
use crate::observation::{Code, DnsObservation, Outcome};

/// For how long Auth0 looks for the TXT record after a domain was created, in seconds. Its set-up page says three
/// days, its troubleshooting page said seven: the shorter is the safe one.
const VERIFICATION_WINDOW: i64 = 3 * 86_400;

pub(super) fn judge(domain: &Domain, record: &Record, surroundings: &Surroundings, bench: &mut Bench) {
    let Some(dns) = &record.dns else {
        return;
    };
    addresses(domain, dns, surroundings, bench);
    cname(domain, dns, bench);
    txt(domain, dns, bench);
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
    let outcome = outcome.title();
    let nameservers: Vec<String> = dns.nameservers.iter().map(ToString::to_string).collect();
    let finding = if answered.partly || answered.others {
        let summary = format!("{kind} of {}: {outcome}, while other questions are answered", domain.name);
        let severity = if answered.partly { Severity::Warning } else { Severity::Critical };
        Finding::new(Code::DnsServfail, summary).severity(severity)
    } else {
        let summary = format!("no name server answers us for {} nor for other names ({outcome})", domain.name);
        Finding::new(Code::WatchResolverFailed, summary)
    };
    finding.fact("record_type", kind).fact("outcome", outcome).fact("nameservers", nameservers)
}

fn nonexistent(domain: &Domain, dns: &DnsObservation) -> Finding {
    match dns.cname.last() {
        Some(last) => {
            let summary = format!("{} is a CNAME for {}, which does not exist", last.name, last.target);
            Finding::new(Code::DnsCnameDangling, summary).fact("target", last.target.as_str())
        }
        None => Finding::new(Code::DnsNxdomain, format!("{} does not exist (NXDOMAIN)", domain.name)),
    }
}

fn end_of_chain<'a>(domain: &'a Domain, dns: &'a DnsObservation) -> &'a str {
    dns.cname.last().map_or(domain.name.as_str(), |last| last.target.as_str())
}

fn cname(domain: &Domain, dns: &DnsObservation, bench: &mut Bench) {
    let chain: Vec<&str> = dns.cname.iter().map(|link| link.target.as_str()).collect();
    let expected = domain.expected.cname.as_ref();
    if dns.cname_loop {
        let summary = format!("the CNAME chain of {} never ends: {}", domain.name, chain.join(" > "));
        bench.find(Finding::new(Code::DnsCnameLoop, summary).fact("chain", chain.clone()));
    }
    // Without a CNAME there is nothing to judge: DNS providers flatten it to addresses at a zone's apex.
    if let (Some(expected), Some(first)) = (expected, chain.first())
        && !chain.contains(&expected.as_str())
    {
        let summary = format!("the CNAME points at {first}, not at {expected}");
        let finding = Finding::new(Code::DnsCnameMismatch, summary);
        bench.find(finding.fact("expected", expected.as_str()).fact("chain", chain.clone()));
    }
    let edge = chain.iter().find(|target| is_auth0_edge(target));
    if let Some(target) = edge.filter(|target| expected.is_none_or(|expected| expected.as_str() != **target)) {
        let summary = format!("the CNAME leads straight to Auth0's edge ({target}), past the proxy");
        bench.find(Finding::new(Code::DnsCnamePointsAtEdge, summary).fact("target", *target));
    }
}

/// `{tenant}-cd-….edge.tenants[.REGION].auth0.com`, and the older form with a dot after the tenant.
fn is_auth0_edge(name: &str) -> bool {
    name.ends_with(".auth0.com") && name.contains(".edge.tenants.")
}

fn txt(domain: &Domain, dns: &DnsObservation, bench: &mut Bench) {
    let pending = matches!(domain.expected.verification, Verification::Pending { .. });
    let expected = domain.expected.txt.as_deref();
    match dns.txt.outcome {
        Outcome::Found => {
            let Some(expected) = expected.filter(|value| !dns.txt.records.iter().any(|found| found == value)) else {
                return;
            };
            let summary = format!("the TXT record at {} has not the expected value", dns.txt_name);
            let found: Vec<String> = dns.txt.records.iter().take(10).cloned().collect();
            let finding = Finding::new(Code::DnsTxtMismatch, summary).fact("expected", expected).fact("found", found);
            bench.find(finding.fact("txt_name", dns.txt_name.as_str()));
        }
        Outcome::NoData | Outcome::Nxdomain if expected.is_some() || pending => {
            bench.find(txt_missing(domain, dns, bench.now));
        }
        _ => {}
    }
}

fn txt_missing(domain: &Domain, dns: &DnsObservation, now: UnixTime) -> Finding {
    let summary = format!("there is no TXT record at {}", dns.txt_name);
    let mut finding = Finding::new(Code::DnsTxtMissing, summary).fact("txt_name", dns.txt_name.as_str());
    if let Some(expected) = &domain.expected.txt {
        finding = finding.fact("expected", expected.as_str());
    }
    let Verification::Pending { started } = domain.expected.verification else {
        return finding;
    };
    finding = finding.severity(Severity::Critical).fact("verification", "pending");
    let Some(started) = started else {
        finding.summary += ", and verification is pending";
        return finding;
    };
    let ends = started.plus(VERIFICATION_WINDOW);
    let left = now.until(ends);
    finding.summary += &if left >= 0 {
        format!(", and the window for verification ends in {}", Span(left))
    } else {
        format!(", and the window for verification ended {} ago", Span(left))
    };
    finding.fact("verification_started", started.to_string()).fact("window_ends", ends.to_string())
}
