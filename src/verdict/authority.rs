//! What the zone's own name servers say: whether all of them are there and of one mind, and whether what the resolver
//! says is still so.

use std::collections::BTreeSet;

use super::bench::Bench;
use super::{Family, Finding, Severity};
use crate::domain::{Domain, DomainName, UnixTime};
use crate::observation::{
    Answered, AuthorityObservation, CnameLink, Code, DnsObservation, Lookup, Outcome, Outdated, RecordKind,
    ServerState, ZoneServer,
};

/// A change needs a moment to reach every name server: for so long, in seconds, that they differ is no fault.
const ON_ITS_WAY: i64 = 600;
/// Name servers and records shown of each.
const MAX_SHOWN: usize = 6;

pub(super) fn judge(dns: &DnsObservation, authority: &AuthorityObservation, bench: &mut Bench) {
    let found = [unreachable(dns, authority), lame(dns, authority), serials(authority), delegation(authority)];
    for finding in found.into_iter().flatten() {
        bench.find(finding);
    }
    disagreement(authority, bench);
}

/// Where resolvers say otherwise than the zone's own servers: what `judge_records` found by the resolver's word, with a
/// word on what is mended already, and what is yet to come.
pub(super) fn beside_the_resolver(
    domain: &Domain,
    dns: &DnsObservation,
    authority: &AuthorityObservation,
    bench: &mut Bench,
    judge_records: impl Fn(&DnsObservation, UnixTime) -> Vec<Finding>,
) -> Vec<Finding> {
    let mut found = judge_records(dns, bench.now);
    let outdated = still_outdated(domain, dns, authority, bench);
    if outdated.is_empty() {
        return found;
    }
    let told = judge_records(&as_the_servers_say(domain, dns, authority, &outdated), bench.now);
    let families =
        |findings: &[Finding]| findings.iter().map(|finding| finding.entry().family).collect::<BTreeSet<_>>();
    let (now, then) = (families(&found), families(&told));
    let mendable = [Family::Address, Family::Cname, Family::Txt];
    let until = outdated.iter().filter_map(|outdated| outdated.cached_until).max();
    for finding in &mut found {
        if mendable.contains(&finding.entry().family) && !then.contains(&finding.entry().family) {
            *finding = mended(finding.clone(), until);
        }
    }
    let worse = told.iter().find(|finding| finding.severity > Severity::Info && !now.contains(&finding.entry().family));
    bench.find(spreading(&outdated, worse, until));
    found
}

/// The resolver still says what it said when the servers were asked, and may, as its time is not up.
fn still_outdated<'a>(
    domain: &Domain,
    dns: &DnsObservation,
    authority: &'a AuthorityObservation,
    bench: &mut Bench,
) -> Vec<&'a Outdated> {
    let resolved = dns.resolved(&domain.name);
    let said = |outdated: &Outdated| {
        let same = |name: &DomainName, records: &[String]| *name == outdated.name && records == outdated.resolver;
        resolved.iter().any(|resolved| same(&resolved.name, &resolved.records))
    };
    let mut still: Vec<&Outdated> = authority.outdated.iter().filter(|outdated| said(outdated)).collect();
    for until in still.iter().filter_map(|outdated| outdated.cached_until) {
        bench.may_change_at(until);
    }
    // Whoever says otherwise for longer than an answer may be remembered means it: another view of the zone.
    still.retain(|outdated| outdated.cached_until.is_none_or(|until| bench.now < until));
    still
}

fn mended(mut finding: Finding, until: Option<UnixTime>) -> Finding {
    finding.summary += "; the zone's name servers have it right already";
    if let Some(until) = until {
        finding.summary += &format!(", resolvers may say the old until {until}");
        finding = finding.fact("cached_until", until.to_string());
    }
    finding.fact("mended_at_the_source", true)
}

fn spreading(outdated: &[&Outdated], worse: Option<&Finding>, until: Option<UnixTime>) -> Finding {
    let names: Vec<&str> = outdated.iter().map(|outdated| outdated.name.as_str()).collect();
    let mut finding = match worse {
        Some(worse) => {
            let summary = format!("by the zone's name servers {}; resolvers still have the old records", worse.summary);
            Finding::new(Code::DnsResolverOutdated, summary)
                .severity(Severity::Warning)
                .fact("comes_to", worse.code.as_str())
        }
        None => {
            let summary = format!(
                "the zone's name servers have new records for {}; resolvers may say the old",
                names.join(" and ")
            );
            Finding::new(Code::DnsResolverOutdated, summary)
        }
    };
    if let Some(until) = until {
        finding.summary += &format!(" until {until}");
        finding = finding.fact("cached_until", until.to_string());
    }
    let all = |pick: fn(&Outdated) -> &[String]| -> Vec<String> {
        outdated.iter().flat_map(|outdated| pick(outdated)).take(MAX_SHOWN).cloned().collect()
    };
    finding
        .fact("names", names)
        .fact("resolver", all(|outdated| &outdated.resolver))
        .fact("at_the_source", all(|outdated| &outdated.servers))
}

/// What the resolver will say once its cache has forgotten. Where a new alias leads, the servers cannot say: it is taken to
/// lead somewhere.
fn as_the_servers_say(
    domain: &Domain,
    dns: &DnsObservation,
    authority: &AuthorityObservation,
    outdated: &[&Outdated],
) -> DnsObservation {
    let mut then = dns.clone();
    for outdated in outdated {
        let Some(answers) = authority.agreed(&outdated.name) else { continue };
        let alias = answers.iter().find(|answer| answer.kind == RecordKind::Cname).and_then(|answer| link(answer));
        if outdated.name == domain.name {
            then.cname_loop = false;
            then.cname = alias.iter().cloned().collect();
            if alias.is_none() {
                take(&mut then.a, &answers, RecordKind::A);
                take(&mut then.aaaa, &answers, RecordKind::Aaaa);
            } else if ![then.a.outcome, then.aaaa.outcome].contains(&Outcome::Found) {
                then.a.outcome = Outcome::Found;
            }
        } else if outdated.name == dns.txt_name {
            then.txt_cname = alias.iter().cloned().collect();
            if alias.is_none() {
                take(&mut then.txt, &answers, RecordKind::Txt);
            }
        }
    }
    then
}

fn link(answer: &Answered) -> Option<CnameLink> {
    let target = DomainName::parse_record(answer.records.first()?).ok()?;
    Some(CnameLink { name: answer.name.clone(), target, ttl: answer.ttl.unwrap_or(0) })
}

fn take<T: std::str::FromStr>(lookup: &mut Lookup<T>, answers: &[&Answered], kind: RecordKind) {
    if let Some(answer) = answers.iter().find(|answer| answer.kind == kind) {
        let records = answer.records.iter().filter_map(|record| record.parse().ok()).collect();
        *lookup = Lookup { records, ttl: answer.ttl, ..Lookup::empty(answer.outcome) };
    }
}

fn unreachable(dns: &DnsObservation, authority: &AuthorityObservation) -> Option<Finding> {
    missing(dns, authority, ServerState::Unreachable, Code::DnsNameserverUnreachable, "does not answer")
}

fn lame(dns: &DnsObservation, authority: &AuthorityObservation) -> Option<Finding> {
    missing(dns, authority, ServerState::Lame, Code::DnsNameserverLame, "does not have the zone")
}

fn missing(
    dns: &DnsObservation,
    authority: &AuthorityObservation,
    state: ServerState,
    code: Code,
    fault: &str,
) -> Option<Finding> {
    let bad: Vec<&ZoneServer> = authority.servers.iter().filter(|server| server.state == state).collect();
    let asked = authority.servers.iter().filter(|server| server.state != ServerState::NotLooked).count();
    let good = authority.answering().count();
    let first = bad.first()?;
    let told = |server: &ZoneServer| match &server.detail {
        Some(detail) => format!("{}: {detail}", server.title()),
        None => server.title(),
    };
    let zone = zone(authority);
    let summary = match (good, dns.failed()) {
        (1.., _) if bad.len() == 1 => format!("of {asked} name servers of {zone} one {fault}: {}", told(first)),
        (1.., _) => format!("of {asked} name servers of {zone} {} fail, the first {}", bad.len(), told(first)),
        (0, true) => format!("no name server of {zone} is any good, the first {}", told(first)),
        (0, false) => {
            format!(
                "no name server of {zone} is any good to us, though the resolver answers; the first {}",
                told(first)
            )
        }
    };
    let severity = if good == 0 && dns.failed() { Severity::Critical } else { Severity::Warning };
    let bad: Vec<String> = bad.into_iter().map(told).collect();
    Some(Finding::new(code, summary).severity(severity).fact("zone", zone).fact("failing", bad).fact("working", good))
}

fn zone(authority: &AuthorityObservation) -> &str {
    authority.zone.as_ref().map_or("the zone", DomainName::as_str)
}

fn disagreement(authority: &AuthorityObservation, bench: &mut Bench) {
    let all = authority.disagreements();
    let Some(first) = all.first() else { return };
    let since = authority.disagree_since.unwrap_or(authority.at);
    let over = since.plus(ON_ITS_WAY);
    bench.may_change_at(over);
    let severity = if bench.now < over { Severity::Info } else { Severity::Warning };
    let versions: Vec<String> = first
        .versions
        .iter()
        .map(|(records, servers)| format!("{}: {}", who(servers), records_or_none(records)))
        .collect();
    let summary =
        format!("the name servers of {} disagree on {}: {}", zone(authority), first.name, versions.join("; "));
    let names: BTreeSet<&str> = all.iter().map(|disagreement| disagreement.name.as_str()).collect();
    let finding = Finding::new(Code::DnsNameserversDisagree, summary)
        .severity(severity)
        .fact("zone", zone(authority))
        .fact("names", names.into_iter().collect::<Vec<_>>())
        .fact("versions", versions)
        .fact("serials", serial_list(authority))
        .fact("since", since.to_string());
    bench.find(finding);
}

/// Only the serial numbers differ: a secondary that is behind, or two providers that count for themselves.
fn serials(authority: &AuthorityObservation) -> Option<Finding> {
    let serials: BTreeSet<u32> = authority.answering().filter_map(|server| server.serial).collect();
    if serials.len() < 2 || authority.disagree() {
        return None;
    }
    let shown: Vec<String> = serials.iter().take(MAX_SHOWN).map(ToString::to_string).collect();
    let summary = format!(
        "the name servers of {} have copies of the zone with different serial numbers ({}) and the same records for the \
         domain",
        zone(authority),
        shown.join(", ")
    );
    let finding = Finding::new(Code::DnsNameserversDisagree, summary).severity(Severity::Info);
    Some(finding.fact("zone", zone(authority)).fact("serials", serial_list(authority)))
}

fn serial_list(authority: &AuthorityObservation) -> Vec<String> {
    authority.answering().filter_map(|server| Some(format!("{}: {}", server.title(), server.serial?))).collect()
}

fn delegation(authority: &AuthorityObservation) -> Option<Finding> {
    let above = authority.parent_servers.as_ref()?;
    let own = &authority.zone_servers;
    if own.is_empty() || above == own {
        return None;
    }
    let only = |one: &[DomainName], other: &[DomainName]| -> Vec<String> {
        one.iter().filter(|name| !other.contains(name)).map(ToString::to_string).collect()
    };
    let (only_above, only_own) = (only(above, own), only(own, above));
    let named = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let summary = format!(
        "the delegation of {} and the zone name other servers: only in the delegation {}, only in the zone {}",
        zone(authority),
        named(&only_above),
        named(&only_own)
    );
    let finding = Finding::new(Code::DnsDelegationDiffers, summary).fact("zone", zone(authority));
    Some(finding.fact("only_in_delegation", only_above).fact("only_in_zone", only_own))
}

fn who(servers: &[&ZoneServer]) -> String {
    let first = servers.first().map(|server| server.title()).unwrap_or_default();
    match servers.len().saturating_sub(1) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn records_or_none(records: &[String]) -> String {
    let shown = records.iter().take(MAX_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match records.len() {
        0 => "nothing".to_owned(),
        length if length > MAX_SHOWN => format!("{shown} and {} more", length - MAX_SHOWN),
        _ => shown,
    }
}
