//! Whether the CA of the certificate in use may issue the next one, by the CAA records (RFC 8659): asked weeks before
//! the renewal at which it would refuse.

mod issuers;

use super::bench::Bench;
use super::{Finding, Record};
use crate::domain::{Domain, DomainName};
use crate::observation::certificate::Certificate;
use crate::observation::{CaaObservation, CaaRecord, CaaSet, Code, DnsObservation, Outcome, Presented, bounded};

/// The properties that IANA's registry knows and a CA may be taken to: only an unknown one that is critical forbids.
const KNOWN: [&str; 7] = ["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"];
/// Names shown in a summary and kept as facts.
const MAX_SHOWN: usize = 10;
/// Characters shown of a CA's name.
const MAX_NAME: usize = 100;

pub(super) fn judge(domain: &Domain, record: &Record, bench: &mut Bench) {
    let Some(dns) = record.dns.as_deref() else { return };
    let Some(caa) = &dns.caa else { return };
    let needs = needs(domain, caa, record);
    for finding in one_of_each(needs.iter().filter_map(|need| need.finding(domain, Some(dns)))) {
        bench.find(finding);
    }
}

/// Whether the CA of a chain that is not in use yet may issue its successor, by these records. What could not be read
/// is no fault of theirs: nobody knows whether DNS answers at all.
pub fn may_renew(domain: &Domain, presented: &Presented, caa: &CaaObservation) -> Vec<Finding> {
    let leaf = presented.leaf().filter(|_| !presented.self_signed);
    let needs = leaf.map(|leaf| needs_of(domain, caa, leaf)).unwrap_or_default();
    one_of_each(needs.iter().filter_map(|need| need.finding(domain, None)))
}

/// One of a code is enough: addresses with different certificates mostly have them from one CA.
fn one_of_each(all: impl Iterator<Item = Finding>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for finding in all {
        if found.iter().all(|other| other.code != finding.code) {
            found.push(finding);
        }
    }
    found
}

/// A name in the certificate in use whose renewal a set of records governs.
struct Need<'a> {
    set: &'a CaaSet,
    wildcard: bool,
    leaf: Option<&'a Certificate>,
    /// By which names the CA goes that will renew it; `None` if nobody knows.
    identifiers: Option<Vec<&'a str>>,
}

/// What must be permitted for every certificate in use to be renewed; without one, that the records can be read.
fn needs<'a>(domain: &'a Domain, caa: &'a CaaObservation, record: &'a Record) -> Vec<Need<'a>> {
    let presented = record.presenting().map(|(_, presented)| presented).filter(|presented| !presented.self_signed);
    let mut leaves: Vec<&Certificate> = Vec::new();
    for leaf in presented.filter_map(|presented| presented.leaf()) {
        if leaves.iter().all(|other| other.sha256 != leaf.sha256) {
            leaves.push(leaf);
        }
    }
    if leaves.is_empty() {
        return vec![Need { set: &caa.own, wildcard: false, leaf: None, identifiers: None }];
    }
    leaves.into_iter().flat_map(|leaf| needs_of(domain, caa, leaf)).collect()
}

/// A certificate must be permitted by each of its names; those that concern the domain are looked at here.
fn needs_of<'a>(domain: &'a Domain, caa: &'a CaaObservation, leaf: &'a Certificate) -> Vec<Need<'a>> {
    let identifiers = identifiers(domain, leaf);
    let domain = domain.name.as_str();
    let has = |name: &str| leaf.dns_names.iter().any(|other| other.eq_ignore_ascii_case(name));
    let covered = domain.split_once('.').is_some_and(|(_, above)| has(&format!("*.{above}")));
    let below = has(&format!("*.{domain}"));
    let need = |set, wildcard| Need { set, wildcard, leaf: Some(leaf), identifiers: identifiers.clone() };
    let mut needs = Vec::new();
    // A certificate for other names is another fault; its successor will be for the domain.
    if has(domain) || !covered {
        needs.push(need(&caa.own, false));
    }
    if covered {
        needs.push(need(&caa.wildcard, true));
    }
    if below {
        needs.push(need(&caa.own, true));
    }
    needs
}

/// What the records say to a CA.
enum Ruling<'a> {
    /// Nothing restricts it, or it is named.
    Permitted,
    /// There is a critical property that CAs do not know.
    Critical(&'a str),
    /// These are named, and it is not; where there are none, nobody may issue.
    Others(Vec<&'a str>),
    /// These are named, and nobody knows by what name it goes.
    Unknown(Vec<&'a str>),
    /// They cannot be read.
    Unreadable,
}

impl<'a> Need<'a> {
    /// RFC 8659 §4.1 (critical), §4.2 (`issue`) and §4.3 (`issuewild`, which for wildcards replaces it).
    fn ruling(&self) -> Ruling<'a> {
        let records = &self.set.records;
        if self.set.outcome.is_failure() && self.set.outcome != Outcome::OutOfResources {
            return Ruling::Unreadable;
        }
        if let Some(record) = records.iter().find(|record| record.critical && !KNOWN.iter().any(|tag| record.is(tag))) {
            return Ruling::Critical(&record.tag);
        }
        let named = self.governing();
        if named.is_empty() || self.leaf.is_none() {
            return Ruling::Permitted;
        }
        let mut permitted: Vec<&str> = named.iter().filter_map(|record| record.issuer.as_deref()).collect();
        permitted.sort_unstable();
        permitted.dedup();
        match &self.identifiers {
            _ if permitted.is_empty() => Ruling::Others(permitted),
            None => Ruling::Unknown(permitted),
            Some(own) if own.iter().any(|name| permitted.contains(name)) => Ruling::Permitted,
            Some(_) => Ruling::Others(permitted),
        }
    }

    fn governing(&self) -> Vec<&'a CaaRecord> {
        let of = |tag: &str| self.set.records.iter().filter(|record| record.is(tag)).collect::<Vec<_>>();
        let wild = if self.wildcard { of("issuewild") } else { Vec::new() };
        if wild.is_empty() { of("issue") } else { wild }
    }

    fn finding(&self, domain: &Domain, dns: Option<&DnsObservation>) -> Option<Finding> {
        let name = self.set.owner().map_or("", DomainName::as_str);
        let what = if self.wildcard { "wildcard certificates" } else { "certificates" };
        let ca = self.leaf.map(ca).unwrap_or_default();
        let finding = match self.ruling() {
            Ruling::Permitted => return None,
            Ruling::Unreadable => return self.unreadable(domain, dns?),
            Ruling::Critical(tag) => {
                let summary = format!(
                    "the CAA records of {name} have the critical property {tag}, which CAs do not know: none may \
                     issue for {}",
                    domain.name
                );
                Finding::new(Code::DnsCaaForbidsIssuer, summary).fact("property", tag)
            }
            Ruling::Others(permitted) if permitted.is_empty() => {
                let summary =
                    format!("the CAA records of {name} let no CA issue {what}, so {ca} cannot renew this one");
                self.about_leaf(Code::DnsCaaForbidsIssuer, summary, &permitted)
            }
            Ruling::Others(permitted) => {
                let only = shown(&permitted);
                let summary = format!("the CAA records of {name} let only {only} issue {what}, not {ca}");
                self.about_leaf(Code::DnsCaaForbidsIssuer, summary, &permitted)
            }
            Ruling::Unknown(permitted) => {
                let only = shown(&permitted);
                let summary = format!(
                    "the CAA records of {name} let only {only} issue {what}; by what name {ca} goes there is not known"
                );
                self.about_leaf(Code::DnsCaaUnknownIssuer, summary, &permitted)
            }
        };
        Some(finding.fact("caa_name", name))
    }

    fn about_leaf(&self, code: Code, summary: String, permitted: &[&str]) -> Finding {
        let permitted: Vec<&str> = permitted.iter().take(MAX_SHOWN).copied().collect();
        let property =
            self.governing().first().map_or("issue", |record| if record.is("issue") { "issue" } else { "issuewild" });
        let mut finding = Finding::new(code, summary).fact("permitted", permitted).fact("property", property);
        if let Some(leaf) = self.leaf {
            finding = finding.fact("issuer", leaf.issuer.as_str());
        }
        match &self.identifiers {
            Some(own) => finding.fact("identifiers", own.clone()),
            None => finding,
        }
    }

    /// A fault only beside records that are answered: else it is not the CAA records that cannot be read.
    fn unreadable(&self, domain: &Domain, dns: &DnsObservation) -> Option<Finding> {
        let name = self.set.name.as_ref().filter(|_| [dns.a.outcome, dns.aaaa.outcome].contains(&Outcome::Found))?;
        let outcome = self.set.outcome.title();
        let summary = format!("CAA of {name}: {outcome}, while {} has its addresses", domain.name);
        let nameservers: Vec<&str> = dns.nameservers.iter().map(|nameserver| &**nameserver).collect();
        let finding = Finding::new(Code::DnsCaaUnreadable, summary).fact("caa_name", name.as_str());
        Some(finding.fact("outcome", outcome).fact("nameservers", nameservers))
    }
}

/// The CA of a certificate as people call it.
fn ca(leaf: &Certificate) -> String {
    bounded(leaf.issuer_organization().unwrap_or_else(|| leaf.issuer_title()), MAX_NAME)
}

/// What the operator says of the CA that will renew, else what is known of the one in use.
fn identifiers<'a>(domain: &'a Domain, leaf: &Certificate) -> Option<Vec<&'a str>> {
    let told = &domain.expected.caa_identifiers;
    if told.is_empty() {
        return issuers::identifiers(&leaf.issuer_organization()?).map(<[_]>::to_vec);
    }
    Some(told.iter().map(DomainName::as_str).collect())
}

fn shown(names: &[&str]) -> String {
    let shown = names.iter().take(MAX_SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MAX_SHOWN);
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
