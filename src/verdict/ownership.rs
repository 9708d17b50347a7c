//! The ownership TXT record: there, not quite right, somewhere else, hidden, wrong or missing; one finding, the one
//! with the nearest mend.

use super::bench::Bench;
use super::{Finding, Severity};
use crate::domain::{Domain, DomainName, Likeness, Span, UnixTime, Verification, is_ownership_value};
use crate::observation::{Code, DnsObservation, Outcome, TxtElsewhere};

/// Values shown of the records that are there.
const SHOWN: usize = 10;

pub(super) fn judge(domain: &Domain, dns: &DnsObservation, bench: &mut Bench) {
    let expected = domain.expected.txt.as_deref();
    let pending = domain.expected.verification != Verification::Ready;
    let finding = match dns.txt.outcome {
        Outcome::Found => expected.and_then(|value| not_as_expected(domain, dns, value)),
        Outcome::NoData | Outcome::Nxdomain if expected.is_some() || pending => not_there(domain, dns),
        _ => None,
    };
    if let Some(finding) = finding {
        bench.find(with_window(finding, domain, bench.now));
    }
}

/// There are records at the right name: the value among them, nearly so, or not.
fn not_as_expected(domain: &Domain, dns: &DnsObservation, value: &str) -> Option<Finding> {
    match Likeness::best(&dns.txt.records, value) {
        Some(Likeness::Same) => None,
        Some(slip) => Some(nearly(domain, &dns.txt_name, &dns.txt.records, slip)),
        None => absent(domain, dns, |domain, dns| {
            let summary = format!("the TXT record at {} has not the expected value", dns.txt_name);
            about(Finding::new(Code::DnsTxtMismatch, summary), domain, &dns.txt_name, &dns.txt.records)
        }),
    }
}

/// There are none.
fn not_there(domain: &Domain, dns: &DnsObservation) -> Option<Finding> {
    absent(domain, dns, |domain, dns| {
        let summary = format!("there is no TXT record at {}", dns.txt_name);
        let finding = Finding::new(Code::DnsTxtMissing, summary).severity(if_pending(domain, Severity::Critical));
        about(finding, domain, &dns.txt_name, &[])
    })
}

/// The value is not at its name: where it is, or what hides it, or else what `otherwise` says.
fn absent(
    domain: &Domain,
    dns: &DnsObservation,
    otherwise: impl FnOnce(&Domain, &DnsObservation) -> Finding,
) -> Option<Finding> {
    if domain.accepts_legacy_txt()
        && let Some(place) = dns.txt_elsewhere.iter().find(|place| place.name == domain.name && place.cname.is_empty())
        && let Some(likeness) = domain.expected.txt.as_ref().and_then(|value| Likeness::best(&place.txt.records, value))
    {
        return (likeness != Likeness::Same).then(|| nearly(domain, &place.name, &place.txt.records, likeness));
    }
    let elsewhere = dns.txt_elsewhere.iter().find(|place| holds_it(place, domain, dns));
    Some(match elsewhere {
        _ if !dns.txt_cname.is_empty() => hidden(domain, dns),
        Some(place) => misplaced(domain, dns, place),
        None => otherwise(domain, dns),
    })
}

/// Without a value to know it by, only a doubled name tells, and the form of the value.
fn holds_it(place: &TxtElsewhere, domain: &Domain, dns: &DnsObservation) -> bool {
    match &domain.expected.txt {
        Some(value) => Likeness::best(&place.txt.records, value).is_some(),
        None => is_doubled(&place.name, dns) && place.txt.records.iter().any(|value| is_ownership_value(value)),
    }
}

fn is_doubled(name: &DomainName, dns: &DnsObservation) -> bool {
    name.as_str().strip_prefix(dns.txt_name.as_str()).is_some_and(|rest| rest.starts_with('.'))
}

fn nearly(domain: &Domain, name: &DomainName, found: &[String], slip: Likeness) -> Finding {
    let (code, words) = match slip {
        Likeness::Quoted => (Code::DnsTxtQuoted, "has quotation marks in its value"),
        Likeness::TrailingDot => (Code::DnsTxtTrailingDot, "has a dot at the end of its value"),
        Likeness::Spaced => (Code::DnsTxtInexact, "has whitespace in its value"),
        Likeness::OtherCase | Likeness::Same => (Code::DnsTxtInexact, "has its value in upper case"),
    };
    // The same UUID by RFC 9562 §4; whether it is to Auth0, nobody has published.
    let at_worst = if slip == Likeness::OtherCase { Severity::Warning } else { Severity::Critical };
    let finding = Finding::new(code, format!("the TXT record at {name} {words}"));
    about(finding.severity(if_pending(domain, at_worst)), domain, name, found)
}

fn hidden(domain: &Domain, dns: &DnsObservation) -> Finding {
    let chain: Vec<&str> = dns.txt_cname.iter().map(|link| link.target.as_str()).collect();
    let target = chain.first().copied().unwrap_or_default();
    let summary = format!("{} is a CNAME for {target}, which hides the TXT record", dns.txt_name);
    let finding = Finding::new(Code::DnsTxtHidden, summary).severity(if_pending(domain, Severity::Critical));
    about(finding.fact("chain", chain), domain, &dns.txt_name, &dns.txt.records)
}

fn misplaced(domain: &Domain, dns: &DnsObservation, place: &TxtElsewhere) -> Finding {
    let owner = place.cname.last().map_or(&place.name, |link| &link.target);
    let (code, why) = if is_doubled(&place.name, dns) {
        (Code::DnsTxtDoubledZone, "with the zone twice at its end")
    } else {
        (Code::DnsTxtMisplaced, "where Auth0 does not look")
    };
    let summary = format!("the TXT record is at {owner}, {why}, instead of {}", dns.txt_name);
    let finding = Finding::new(code, summary).severity(if_pending(domain, Severity::Critical));
    about(finding.fact("found_at", owner.as_str()), domain, &dns.txt_name, &place.txt.records)
}

/// What Auth0 would not find is worse while it still looks.
fn if_pending(domain: &Domain, pending: Severity) -> Severity {
    if domain.expected.verification == Verification::Ready { Severity::Warning } else { pending }
}

/// With the name, the value that should be there, and those that are.
fn about(mut finding: Finding, domain: &Domain, name: &DomainName, found: &[String]) -> Finding {
    finding = finding.fact("txt_name", name.as_str());
    if let Some(expected) = &domain.expected.txt {
        finding = finding.fact("expected", expected.as_str());
    }
    if found.is_empty() {
        return finding;
    }
    finding.fact("found", found.iter().take(SHOWN).cloned().collect::<Vec<_>>())
}

/// With what is left of the time in which Auth0 looks for the record, while it does.
fn with_window(mut finding: Finding, domain: &Domain, now: UnixTime) -> Finding {
    let verification = domain.expected.verification;
    let Verification::Pending { started } = verification else {
        return finding;
    };
    finding = finding.fact("verification", "pending").fact(
        "window_basis",
        "Auth0's pages disagree: its set-up page says three days, its troubleshooting page seven; counted are three",
    );
    let (Some(started), Some(ends), Some(latest)) =
        (started, verification.window_ends(), verification.window_ends_at_the_latest())
    else {
        finding.summary += ", and verification is pending";
        return finding;
    };
    let left = now.until(ends);
    finding.summary += &if left >= 0 {
        format!(", and the window for verification ends in {}", Span(left))
    } else {
        format!(", and the window for verification ended {} ago", Span(left))
    };
    let facts = [("verification_started", started), ("window_ends", ends), ("window_ends_at_the_latest", latest)];
    facts.into_iter().fold(finding, |finding, (name, time)| finding.fact(name, time.to_string()))
}
