//! Domains, and the defaults they are looked at by.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use secrecy::ExposeSecret;

use crate::config::leaf::World;
use crate::config::lives::{Lives, duration_text};
use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::config::settings::{Defaults, Trust, Watch};
use crate::config::source::Source;
use crate::domain::{Domain, DomainName, Expected, Families, Shared, Threshold, Thresholds, Verification};
use crate::observation::{Clause, Layer};
use crate::probe::{
    self, ApiKey, ClientIdentity, Contract, DnsMemory, Host, IdentityError, MAX_NAMESERVERS, Nameserver, Origin,
    RevocationMode, Sign,
};
use crate::trust::RootSource;

/// What `[probe]` says.
pub(super) fn defaults(section: &Section, evidence: &[Section], notes: &mut Notes) -> Defaults {
    let mut defaults = overridden(section, &Defaults::default(), notes);
    defaults.probe.evidence = evidence.iter().filter_map(|section| sign(section, notes)).collect();
    defaults
}

/// None if it has a mistake, which has then been told.
fn sign(section: &Section, notes: &mut Notes) -> Option<Sign> {
    let layer = match section.text("hop")? {
        "cdn" => Layer::Cdn,
        "edge" => Layer::Edge,
        "tenant" => Layer::Tenant,
        _ => Layer::Proxy,
    };
    let header = section.text("header").map(str::to_lowercase);
    let contains = section.text("contains").unwrap_or_default().to_owned();
    if header.is_none() && contains.is_empty() {
        if section.sound("header") && section.sound("contains") {
            let mend =
                "give `header`, `contains`, or both: the text is looked for in the header, without one in the body";
            notes.mistake(section.span.clone(), &section.path, "it is not said what the sign is", mend);
        }
        return None;
    }
    if header.as_ref().is_some_and(|header| header.parse::<http::HeaderName>().is_err()) {
        let message = "this is no name that an HTTP header can have";
        notes.mistake(section.place("header"), &section.path_of("header"), message, "write the header's name alone");
        return None;
    }
    let (header, contains) = (header.map(Into::into), contains.into());
    Some(Sign { header, contains, layer, product: None, name: "".into() })
}

/// The domains of the file. Those whose names are bad or repeated have been told, and are left out.
pub(super) fn watches(
    sections: &[Section],
    defaults: &Defaults,
    lives: &Lives,
    source: &Source<'_>,
    world: &World<'_>,
    notes: &mut Notes,
) -> Vec<Watch> {
    let mut first: BTreeMap<DomainName, usize> = BTreeMap::new();
    let mut watches = Vec::new();
    let (mut ways, mut trusts) = (vec![defaults.probe.clone()], vec![defaults.trust.clone()]);
    let mut known = Vec::new();
    for section in sections {
        let mut own = overridden(section, defaults, notes);
        own.probe.client = section.section("client_certificate").and_then(|section| client(section, world, notes));
        let verification = verification(section, notes);
        let Some(name) = section.name("name") else { continue };
        let place = section.place("name");
        if let Some(line) = first.get(&name) {
            let shown = match name.to_unicode() {
                unicode if unicode == name.as_str() => name.to_string(),
                unicode => format!("{name} ({unicode})"),
            };
            let message = format!("the domain {shown} stands here a second time; first in line {line}");
            notes.mistake(place, &section.path_of("name"), message, "keep one of the two");
            continue;
        }
        first.insert(name.clone(), source.line(place.start));
        let mut watch = watch(section, name, own, verification, notes);
        watch.probe.join(&mut ways);
        watch.trust.join(&mut trusts);
        watch.domain.life = lives.of(&watch.domain.name, &watch.domain.labels).into();
        watch.domain.life.join(&mut known);
        watches.push(watch);
    }
    watches
}

fn watch(section: &Section, name: DomainName, own: Defaults, verification: Verification, notes: &mut Notes) -> Watch {
    let Defaults { interval, families, thresholds, mut probe, trust, caa_identifiers } = own;
    let expected = Expected {
        cname: section.name("cname"),
        txt: section.text("txt").map(str::to_owned),
        txt_name: section.name("txt_name"),
        caa_identifiers,
        verification,
        origin: section.section("auth0").and_then(|auth0| auth0.name("origin")),
    };
    if let Some(auth0) = section.section("auth0") {
        probe.tenant = host(auth0, "tenant", "tenant_addresses", notes);
        probe.origin = host(auth0, "origin", "origin_addresses", notes).map(|host| Origin { host, key: key(auth0) });
    }
    probe.contract = section.section("auth0").map(|auth0| contract(auth0, notes)).unwrap_or_default();
    let domain = Domain {
        name,
        expected,
        tenant: probe.tenant.as_ref().map(|host| host.name.clone()),
        addresses: section.addresses("addresses").unwrap_or_default(),
        families,
        interval,
        thresholds,
        labels: section.labels("labels"),
        mtls_of: None,
        live: section.flag("live").unwrap_or(true),
        life: Shared::default(),
    };
    Watch { domain: domain.into(), probe, trust }
}

/// The client certificate; none if something is wrong with it, which has then been told.
fn client(section: &Section, world: &World<'_>, notes: &mut Notes) -> Option<ClientIdentity> {
    let (path, key) = (section.path("chain")?, section.secret("key")?);
    let bytes = (world.read_file)(&path).unwrap_or_default();
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let identity = ClientIdentity::new(chain.unwrap_or_default(), key.expose_secret().as_bytes());
    let of_key = |error: &IdentityError| {
        matches!(error, IdentityError::NoKey | IdentityError::KindOfKey | IdentityError::OtherKey)
    };
    match identity {
        Ok(identity) => Some(identity),
        Err(error) => {
            let at = if of_key(&error) { "key" } else { "chain" };
            let mend = "name the certificate, leaf first, in `chain` and its own private key in `key`, both in PEM";
            notes.mistake(section.place(at), &section.path_of(at), error.to_string(), mend);
            None
        }
    }
}

/// A host past the proxy. Addresses without it would be of nobody.
fn host(section: &Section, key: &str, addresses: &str, notes: &mut Notes) -> Option<Host> {
    let name = section.name(key);
    // A slip in the name of a key has been told, and is told once.
    if name.is_none() && section.sound(key) && !notes.has_mistake_in(&section.path) {
        let orphans = [addresses, "cname_api_key"].into_iter().filter(|other| section.has(other));
        for orphan in orphans.filter(|orphan| key == "origin" || *orphan == addresses) {
            let message = format!("`{orphan}` stands here, but no `{key}`");
            notes.mistake(
                section.place(orphan),
                &section.path_of(orphan),
                message,
                format!("add `{key}`, or take it out"),
            );
        }
    }
    Some(Host { name: name?, addresses: section.addresses(addresses).unwrap_or_default() })
}

fn key(section: &Section) -> Option<ApiKey> {
    section.secret("cname_api_key").map(ApiKey::new)
}

fn verification(section: &Section, notes: &mut Notes) -> Verification {
    if section.text("verification") == Some("pending") {
        return Verification::Pending { started: section.time("verification_started") };
    }
    if section.has("verification_started") && section.sound("verification") {
        notes.mistake(
            section.place("verification_started"),
            &section.path_of("verification_started"),
            "`verification_started` stands here, but the verification is not pending",
            "add `verification = \"pending\"`, or take it out",
        );
    }
    Verification::Ready
}

/// The given defaults with what this section says instead.
fn overridden(section: &Section, base: &Defaults, notes: &mut Notes) -> Defaults {
    let thresholds = Thresholds {
        warn_before: section.threshold("warn_before").unwrap_or(base.thresholds.warn_before),
        critical_before: section.threshold("critical_before").unwrap_or(base.thresholds.critical_before),
    };
    check_thresholds(section, &thresholds, notes);
    Defaults {
        interval: section.duration("interval").unwrap_or(base.interval),
        families: section.text("families").map_or(base.families, families),
        thresholds,
        probe: probe(section, &base.probe, notes).into(),
        trust: trust(section, &base.trust).into(),
        caa_identifiers: section.names("caa_identifiers").unwrap_or_else(|| base.caa_identifiers.clone()),
    }
}

fn trust(section: &Section, base: &Trust) -> Trust {
    Trust {
        roots: section.list("roots").map_or_else(|| base.roots.clone(), roots),
        intermediates: section.list("intermediates").map_or_else(|| base.intermediates.clone(), paths),
        log_list: section.path("ct_log_list").or_else(|| base.log_list.clone()),
        compare: section.list("compare_roots").map_or_else(|| base.compare.clone(), roots),
        distrust: section.path("distrust").or_else(|| base.distrust.clone()),
    }
}

fn probe(section: &Section, base: &probe::Settings, notes: &mut Notes) -> probe::Settings {
    let authorities = section.addresses("authorities");
    let names_some = authorities.as_ref().is_some_and(|authorities| !authorities.is_empty());
    probe::Settings {
        timeout: section.duration("timeout").unwrap_or(base.timeout),
        http_addresses: section.count("http_addresses").map_or(base.http_addresses, |count| count as usize),
        nameservers: nameservers(section, notes).unwrap_or_else(|| base.nameservers.clone()),
        hosts_file: section.flag("hosts_file").unwrap_or(base.hosts_file),
        dns_memory: dns_memory(section, base.dns_memory, notes),
        authoritative: section.flag("authoritative").unwrap_or(base.authoritative || names_some),
        authorities: authorities.unwrap_or_else(|| base.authorities.clone()),
        authority_port: base.authority_port,
        dnssec: section.flag("dnssec").unwrap_or(base.dnssec),
        rdap: section.flag("rdap").unwrap_or(base.rdap),
        rdap_bootstrap: section.text("rdap_bootstrap").unwrap_or(&base.rdap_bootstrap).to_owned(),
        contact: section.text("contact").map(str::to_owned).or_else(|| base.contact.clone()),
        key_markers: section.texts("key_markers").unwrap_or_else(|| base.key_markers.clone()),
        evidence: base.evidence.clone(),
        origin: None,
        tenant: None,
        mtls_aliases: section.flag("mtls_aliases").unwrap_or(base.mtls_aliases),
        client: None,
        legacy_versions: section.flag("legacy_versions").unwrap_or(base.legacy_versions),
        contract: Contract::default(),
        ari: section.flag("ari").unwrap_or(base.ari),
        acme_directory: section.text("acme_directory").map(str::to_owned).or_else(|| base.acme_directory.clone()),
        aia: section.flag("aia").unwrap_or(base.aia),
        revocation: section.text("revocation").map_or(base.revocation, revocation),
    }
}

fn revocation(word: &str) -> RevocationMode {
    match word {
        "off" => RevocationMode::Off,
        "staple" => RevocationMode::Staple,
        _ => RevocationMode::Crl,
    }
}

/// What is tried of the proxy's part of the bargain. A clause that lacks what it takes is a mistake, not a clause kept.
fn contract(section: &Section, notes: &mut Notes) -> Contract {
    let words = section.texts("contract").unwrap_or_default();
    let contract = Contract {
        clauses: words.iter().filter_map(|word| Clause::parse(word)).collect(),
        client_id: section.text("client_id").map(str::to_owned),
        redirect_uri: section.text("redirect_uri").map(str::to_owned),
        plain_addresses: section.addresses("plain_addresses").unwrap_or_default(),
    };
    let sound = section.sound("client_id") && section.sound("redirect_uri");
    for clause in contract.clauses.iter().filter(|clause| sound && !contract.can_try(**clause)) {
        let (message, mend) = match clause {
            Clause::Saml => ("`saml` takes a client", "add `client_id`, or take `saml` out"),
            _ => ("`authorize` takes a client", "add `client_id` and `redirect_uri`, or take `authorize` out"),
        };
        notes.mistake(section.place("contract"), &section.path_of("contract"), message, mend);
    }
    contract
}

/// Resolvers that are asked side by side: few, and none twice, or it would agree with itself.
fn nameservers(section: &Section, notes: &mut Notes) -> Option<Vec<Nameserver>> {
    let all = section.nameservers("nameservers")?;
    let mut tell = |message: String, mend: &str| {
        notes.mistake(section.place("nameservers"), &section.path_of("nameservers"), message, mend);
    };
    if all.len() > MAX_NAMESERVERS {
        tell(format!("{} resolvers are too many: {MAX_NAMESERVERS} can be compared", all.len()), "keep fewer");
    }
    if let Some(twice) = all.iter().enumerate().find(|(index, one)| all.iter().take(*index).any(|other| other == *one))
    {
        tell(format!("the resolver {} stands here twice", twice.1), "keep one of the two");
    }
    Some(all)
}

fn dns_memory(section: &Section, base: DnsMemory, notes: &mut Notes) -> DnsMemory {
    let at_most = section.duration("dns_cache_max").unwrap_or(base.at_most);
    let at_least = section.duration("dns_cache_min").unwrap_or_else(|| base.at_least.min(at_most));
    if at_least > at_most && section.sound("dns_cache_min") && section.sound("dns_cache_max") {
        let key = if section.has("dns_cache_min") { "dns_cache_min" } else { "dns_cache_max" };
        let message = format!(
            "dns_cache_min ({}) lies above dns_cache_max ({})",
            duration_text(at_least),
            duration_text(at_most)
        );
        notes.mistake(section.place(key), &section.path_of(key), message, "make it the other way round");
    }
    DnsMemory { at_least, at_most }
}

fn families(word: &str) -> Families {
    match word {
        "ipv4" => Families::Ipv4,
        "ipv6" => Families::Ipv6,
        "both" => Families::Both,
        _ => Families::Auto,
    }
}

fn roots(items: &[(std::ops::Range<usize>, Value)]) -> Vec<RootSource> {
    let root = |value: &Value| match value {
        Value::Path(path) => RootSource::File(path.clone()),
        Value::Text(word) if word == "system" => RootSource::System,
        _ => RootSource::Mozilla,
    };
    items.iter().map(|(_, value)| root(value)).collect()
}

fn paths(items: &[(std::ops::Range<usize>, Value)]) -> Vec<PathBuf> {
    let path = |value: &Value| if let Value::Path(path) = value { Some(path.clone()) } else { None };
    items.iter().filter_map(|(_, value)| path(value)).collect()
}

/// A critical threshold above the warning one would leave no time for the warning. Spans are compared with
/// spans and shares with shares; a span and a share cannot be compared without a certificate's lifetime.
fn check_thresholds(section: &Section, thresholds: &Thresholds, notes: &mut Notes) {
    let written = ["critical_before", "warn_before"].into_iter().find(|key| section.has(key));
    let Some(key) = written.filter(|_| section.sound("warn_before") && section.sound("critical_before")) else {
        return;
    };
    for (critical, warn) in crossed(&thresholds.critical_before, &thresholds.warn_before) {
        let message = format!("critical_before ({critical}) lies above warn_before ({warn})");
        notes.mistake(
            section.place(key),
            &section.path_of(key),
            message,
            "make it the other way round: critical is the shorter",
        );
    }
}

/// The pairs of the same unit that are the wrong way round.
fn crossed(critical: &Threshold, warn: &Threshold) -> Vec<(String, String)> {
    let spans = critical.span().zip(warn.span()).filter(|(critical, warn)| critical > warn);
    let shares = critical.percent().zip(warn.percent()).filter(|(critical, warn)| critical > warn);
    let spans = spans.map(|(critical, warn)| (duration_text(critical), duration_text(warn)));
    let shares = shares.map(|(critical, warn)| (format!("{critical}%"), format!("{warn}%")));
    spans.into_iter().chain(shares).collect()
}
