//! Files judged as the chains that a server would present.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use super::key::PublicHalf;
use super::preflight::{Asked, Preflight};
use super::{Arguments, read};
use crate::cli::check::verdict_json;
use crate::cli::text::{complain, print, printable};
use crate::cli::{EXIT_USAGE, Format, block_on, verdict_text};
use crate::config::{Trust, TrustStores};
use crate::domain::{Domain, UnixTime};
use crate::observation::{CaaObservation, Presented};
use crate::probe::{Nameserver, Settings, ask_caa};
use crate::trust::{RootSource, TrustStore};
use crate::verdict::{Finding, Level, Verdict, judge_chain_with, key_mismatch, may_renew};

/// Nobody who deploys waits longer for what matters at the next renewal.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn files(arguments: &Arguments, domain: &Domain, now: UnixTime) -> u8 {
    let roots = arguments.roots.clone().map_or(RootSource::Mozilla, RootSource::File);
    let intermediates = arguments.intermediates.iter().cloned().collect();
    let chosen = Trust { roots: vec![roots], intermediates, ..Trust::default() };
    let trust = match TrustStores::default().load(&chosen) {
        Ok(trust) => trust,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    let asks = arguments.chain.is_some() || arguments.key.is_some();
    let court = Court {
        domain,
        trust: &trust,
        now,
        format: arguments.format,
        // Asked once for all files.
        caa: asks.then(|| caa(domain, &arguments.nameservers, &trust)),
        asks,
        key: arguments.key.as_deref().map(PublicHalf::of_file),
    };
    let files = arguments.chain.iter().chain(&arguments.files);
    files.map(|file| court.judge(file)).max().unwrap_or(Level::Unknown).exit_code()
}

/// What every file is judged by.
struct Court<'a> {
    domain: &'a Domain,
    trust: &'a TrustStore,
    now: UnixTime,
    format: Format,
    /// Whether each question is to be answered.
    asks: bool,
    key: Option<Result<PublicHalf, String>>,
    /// The domain's CAA records, or why they could not be asked for.
    caa: Option<Result<CaaObservation, String>>,
}

fn caa(domain: &Domain, nameservers: &[Nameserver], trust: &Arc<TrustStore>) -> Result<CaaObservation, String> {
    let settings = Settings { nameservers: nameservers.to_vec(), timeout: PATIENCE, ..Settings::default() };
    block_on(ask_caa(&domain.name, &settings, trust))?
        .ok_or_else(|| "there is nobody to ask for CAA records".to_owned())
}

impl Court<'_> {
    fn judge(&self, file: &Path) -> Level {
        let chain: Result<Vec<CertificateDer<'static>>, String> = read(file).and_then(|all| all.into_iter().collect());
        let chain = match chain {
            Ok(chain) => chain,
            Err(error) => {
                match self.format {
                    Format::Json => print(&format!("{}\n", json!({ "file": file.to_string_lossy(), "error": error }))),
                    Format::Text => complain(&printable(&format!("{}: {error}", file.display()))),
                }
                return Level::Unknown;
            }
        };
        let presented = self.trust.assess(&chain, &self.domain.name);
        let mut verdict = self.verdict(&presented);
        let asked = Asked { key: self.key.as_ref(), caa: self.caa.as_ref() };
        let preflight = self.asks.then(|| Preflight::of(&presented, &verdict, asked));
        if preflight.as_ref().is_some_and(Preflight::has_unknown) {
            verdict.level = verdict.level.max(Level::Unknown);
        }
        print(&match self.format {
            Format::Json => self.json(file, &presented, &verdict, preflight.as_ref()),
            Format::Text => self.text(file, &presented, &verdict, preflight.as_ref()),
        });
        verdict.level
    }

    fn verdict(&self, presented: &Presented) -> Verdict {
        let caa = self.caa.as_ref().and_then(|caa| caa.as_ref().ok());
        let mut others = caa.map(|caa| may_renew(self.domain, presented, caa)).unwrap_or_default();
        if let Some(Ok(key)) = &self.key {
            others.extend(mismatch(presented, key));
        }
        judge_chain_with(self.domain, presented, &others, self.now)
    }

    fn json(&self, file: &Path, presented: &Presented, verdict: &Verdict, preflight: Option<&Preflight>) -> String {
        let tls = json!({ "address": null, "chain": presented.chain, "failure": null });
        let mut object = verdict_json(verdict, json!({ "dns": null, "tls": [tls], "auth0": [] }));
        if let Value::Object(object) = &mut object {
            object.remove("path");
            object.insert("file".to_owned(), file.to_string_lossy().into());
            if let Some(preflight) = preflight {
                object.insert("preflight".to_owned(), preflight.json());
            }
        }
        format!("{object}\n")
    }

    fn text(&self, file: &Path, presented: &Presented, verdict: &Verdict, preflight: Option<&Preflight>) -> String {
        let head = format!("{}\n", printable(&file.to_string_lossy()));
        let chain = verdict_text::chain(presented, self.now);
        let rest = preflight.map_or_else(|| verdict_text::findings(&verdict.findings), |preflight| preflight.text());
        head + &verdict_text::headline(verdict) + &chain + &rest
    }
}

/// The key is another's than the leaf's.
fn mismatch(presented: &Presented, key: &PublicHalf) -> Option<Finding> {
    if presented.leaf().is_some_and(|leaf| key.is_of(leaf)) {
        return None;
    }
    key_mismatch(presented, presented.chain.iter().position(|certificate| key.is_of(certificate)))
}
