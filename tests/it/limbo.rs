//! Chains made to be judged: C2SP's x509-limbo, with what others say of each case. `make corpora CORPORA=DIR` runs
//! them, else only the chains made here are run.
//!
//! A case is one chain, the roots to trust, a moment and a name. `SUCCESS` must leave `inspect --domain` without a
//! finding, `FAILURE` must yield one, so that its exit code is 1 or 2. Aside stand: `tls.expires_soon`, for the moment
//! of a case is often one of the last, and `tls.chain_stale` and `tls.chain_misordered`: a case has a set of
//! intermediates, which no server ever sent. Information is no doubt either. What a case asks that no
//! domain can be asked for stays out of it: where its peer is no DNS name, a name is given that no certificate is for,
//! and `tls.name_mismatch` stands aside as well. Where limbo alone holds a case for bad (`both_agree` is false), ours
//! is printed and binds nobody.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;
use tempfile::TempDir;

use super::stage::notafter;
use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::lab::ca::{Authority, LeafSpec, Validity, self_signed};
use notafter::trust::TrustStore;
use notafter::verdict::{Level, judge_chain};

/// When a case without a moment of its own is judged.
const NOW: &str = "2026-12-01T00:00:00Z";
/// A name no certificate is for (RFC 2606 §2).
const NOBODY: &str = "nobody.invalid";
/// More than any chain may take, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many in a hundred cases may be excepted.
const MOST_EXCEPTIONS: usize = 5;

/// One case as the file has it.
struct Case {
    id: String,
    roots: String,
    chain: String,
    at: String,
    /// The DNS name to judge for, if the peer has one.
    name: Option<String>,
    accepted: bool,
    agreed: bool,
}

impl Case {
    fn all(corpora: &Path) -> Vec<Self> {
        let text = fs::read_to_string(corpora.join("limbo.open.json")).expect("the cases");
        let file: Value = serde_json::from_str(&text).expect("JSON");
        file["testcases"].as_array().expect("cases").iter().map(Self::of).collect()
    }

    fn of(case: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let pems = |value: &Value| -> String {
            value.as_array().into_iter().flatten().filter_map(text).map(|pem| pem + "\n").collect()
        };
        let peer = &case["expected_peer_name"];
        Self {
            id: text(&case["id"]).expect("an id"),
            roots: pems(&case["trusted_certs"]),
            chain: text(&case["peer_certificate"]).expect("a leaf") + "\n" + &pems(&case["untrusted_intermediates"]),
            at: text(&case["validation_time"]).unwrap_or_else(|| NOW.to_owned()),
            name: text(&peer["value"]).filter(|_| peer["kind"] == "DNS"),
            accepted: case["expected_result"] == "SUCCESS",
            agreed: case["both_agree"] == true,
        }
    }

    /// The codes that count of what `inspect --domain` finds; its own refusal of the name, if that is no host's.
    fn doubts(&self, folder: &Path) -> Vec<String> {
        let (chain, roots) = (folder.join("chain.pem"), folder.join("roots.pem"));
        fs::write(&chain, &self.chain).expect("the chain is written");
        fs::write(&roots, &self.roots).expect("the roots are written");
        let name = self.name.as_deref().unwrap_or(NOBODY);
        let mut arguments = vec![PathBuf::from("inspect"), chain, "--roots".into(), roots];
        arguments.extend(["--domain", name, "--at", &self.at, "--format", "json"].map(PathBuf::from));
        let started = Instant::now();
        let ran = notafter(&arguments);
        assert!(started.elapsed() < PATIENCE, "{}: {:?}", self.id, started.elapsed());
        if ran.code == 64 {
            return vec![ran.stderr.lines().next().unwrap_or_default().to_owned()];
        }
        let judged = ran.json();
        let codes = judged["findings"].as_array().expect("findings").iter();
        let codes = codes.filter(|finding| finding["severity"] != "info");
        let codes: Vec<String> = codes.map(|finding| finding["code"].as_str().expect("a code").to_owned()).collect();
        assert_eq!(ran.code == 0, codes.is_empty(), "{}: {ran:?}", self.id);
        let aside = |code: &String| match code.as_str() {
            "tls.expires_soon" | "tls.chain_stale" | "tls.chain_misordered" => true,
            "tls.name_mismatch" => self.name.is_none(),
            _ => false,
        };
        codes.into_iter().filter(|code| !aside(code)).collect()
    }
}

/// The cases we judge otherwise, each with the reason.
fn exceptions() -> BTreeMap<String, String> {
    let text = include_str!("../../docs/limbo-exceptions.txt");
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let split =
        |line: &str| line.split_once(char::is_whitespace).map(|(id, why)| (id.to_owned(), why.trim().to_owned()));
    lines.map(|line| split(line).unwrap_or_else(|| panic!("no reason: {line}"))).collect()
}

#[test]
fn corpora_limbo_cases_are_judged_as_others_judge_them() {
    let Some(corpora) = std::env::var_os("NOTAFTER_CORPORA").map(PathBuf::from) else { return };
    let (started, folder, exceptions) = (Instant::now(), TempDir::new().expect("a folder"), exceptions());
    let cases = Case::all(&corpora);
    let (mut binding, mut advice) = (Vec::new(), Vec::new());
    for case in &cases {
        let doubts = case.doubts(folder.path());
        if doubts.is_empty() != case.accepted {
            let told = format!("{}: limbo says {}, we {doubts:?}", case.id, if case.accepted { "yes" } else { "no" });
            if case.agreed { binding.push((&case.id, told)) } else { advice.push(told) }
        }
    }
    let agreed = cases.iter().filter(|case| case.agreed).count();
    let nameless = cases.iter().filter(|case| case.name.is_none()).count();
    println!(
        "{} of {agreed} agreed cases and {} of all {} differ ({nameless} have no DNS name), in {:?}",
        binding.len(),
        binding.len() + advice.len(),
        cases.len(),
        started.elapsed()
    );
    println!("{}", advice.join("\n"));
    let unexcused: Vec<_> = binding.iter().filter(|(id, _)| !exceptions.contains_key(*id)).collect();
    assert!(unexcused.is_empty(), "{unexcused:#?}");
    let stale: Vec<_> = exceptions.keys().filter(|id| !binding.iter().any(|(other, _)| other == id)).collect();
    // Another part of the cases than the file was written over may lack some.
    let known = |id: &&&String| cases.iter().any(|case| case.id == ***id);
    assert!(!stale.iter().any(|id| known(&id)), "excepted, and no longer different: {stale:?}");
    assert!(binding.len() * 100 <= agreed * MOST_EXCEPTIONS, "too many: {binding:#?}");
}

#[test]
fn corpora_limbo_chains_never_get_better_by_waiting() {
    let Some(corpora) = std::env::var_os("NOTAFTER_CORPORA").map(PathBuf::from) else { return };
    let read = |pem: &str| CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>().expect("PEM");
    for case in Case::all(&corpora) {
        let name = case.name.as_deref().and_then(|name| DomainName::parse(name).ok());
        let (Some(name), Ok(store)) = (name, TrustStore::new(&read(&case.roots), &[])) else { continue };
        let presented = store.assess(&read(&case.chain), &name);
        let all = || presented.chain.iter().chain(store.roots());
        let start = all().map(|certificate| certificate.not_before).max().expect("a certificate");
        let mut moments: Vec<UnixTime> = all()
            .flat_map(|certificate| {
                [-100 * 86_400, -10 * 86_400, -86_400, 0, 1].map(|by| certificate.not_after.plus(by))
            })
            .chain([start, start.plus(86_400)])
            .filter(|moment| *moment >= start)
            .collect();
        moments.sort_unstable();
        let levels: Vec<Level> =
            moments.iter().map(|moment| judge_chain(&Domain::new(name.clone()), &presented, *moment).level).collect();
        assert!(levels.is_sorted(), "{}: {levels:?} at {moments:?}", case.id);
    }
}

/// Judges for `login.example.com`, within our patience.
fn level(store: &TrustStore, chain: &[CertificateDer<'_>]) -> (Level, Vec<&'static str>) {
    let started = Instant::now();
    let domain = Domain::new(DomainName::parse("login.example.com").unwrap());
    let presented = store.assess(chain, &domain.name);
    let verdict = judge_chain(&domain, &presented, UnixTime(FROM));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    (verdict.level, verdict.findings.iter().map(|finding| finding.code.as_str()).collect())
}

const FROM: i64 = 1_800_000_000;

fn spec() -> LeafSpec {
    LeafSpec::new("login.example.com", FROM, FROM + 90 * 86_400)
}

#[test]
fn a_chain_that_loops_ends_untrusted_and_one_with_a_way_out_is_trusted() {
    let lasting = Validity { not_before: FROM - 86_400, not_after: FROM + 900 * 86_400 };
    let [root, one, two] = ["Root", "One", "Two"].map(|name| Authority::root(name).unwrap());
    let leaf = one.leaf(&spec()).unwrap();
    let ring =
        [leaf.leaf().clone(), one.cross_signed_by(&two, lasting).unwrap(), two.cross_signed_by(&one, lasting).unwrap()];
    let store = TrustStore::new(&[root.certificate().clone()], &[]).unwrap();
    assert_eq!(level(&store, &ring), (Level::Critical, vec!["tls.untrusted"]));
    let way_out = [&ring[..], &[two.cross_signed_by(&root, lasting).unwrap()]].concat();
    let (level, codes) = level(&store, &way_out);
    assert!(level < Level::Critical && codes.iter().all(|code| code.starts_with("tls.chain_")), "{codes:?}");
}

#[test]
fn of_many_names_the_last_counts_and_of_too_many_none() {
    let root = Authority::root("Root").unwrap();
    let store = TrustStore::new(&[root.certificate().clone()], &[]).unwrap();
    let many = |count: usize| {
        let mut spec = LeafSpec::new("n0.example.com", FROM, FROM + 90 * 86_400);
        spec.names.extend((1..count).map(|number| format!("n{number}.example.com")));
        spec
    };
    let chain = |spec: &LeafSpec| root.leaf(spec).unwrap().chain();
    assert_eq!(level(&store, &chain(&many(2_000))), (Level::Critical, vec!["tls.name_mismatch"]));
    assert_eq!(level(&store, &chain(&many(2_000).with_name("login.example.com"))), (Level::Healthy, vec![]));
    // Beyond 64 KiB a certificate is read by us, and by no verifier.
    let beyond = chain(&many(10_000).with_name("login.example.com"));
    assert_eq!(level(&store, &beyond), (Level::Critical, vec!["tls.untrusted"]));
    let name = DomainName::parse("login.example.com").unwrap();
    let presented = store.assess(&beyond, &name);
    assert_eq!(presented.chain[0].dns_names.len(), 10_001);
    assert!(presented.refusal.as_deref().unwrap().contains("64 KiB"), "{:?}", presented.refusal);
}

#[test]
fn a_servers_own_certificate_among_the_roots_keeps_to_no_profile() {
    let own = self_signed(&spec()).unwrap().chain();
    let store = TrustStore::new(&own, &[]).unwrap();
    assert!(store.roots()[0].profile.broken().next().is_some());
    assert_eq!(level(&store, &own), (Level::Healthy, vec![]));
}

#[test]
fn a_crowd_of_namesakes_is_given_up_within_the_budget() {
    // Each might have signed each: without a bound the ways through them are more than anybody could try.
    let root = Authority::root("Crowd").unwrap();
    let crowd: Vec<Authority> = (0..15).map(|_| Authority::root("Crowd").unwrap()).collect();
    let mut chain = vec![crowd[14].leaf(&spec()).unwrap().leaf().clone()];
    chain.extend(crowd.iter().map(|one| one.certificate().clone()));
    let store = TrustStore::new(&[root.certificate().clone()], &[]).unwrap();
    assert_eq!(level(&store, &chain), (Level::Critical, vec!["tls.untrusted"]));
}
