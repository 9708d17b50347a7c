//! `notafter inspect FILE…`: certificates in files, or with `--domain` each file judged as the chain a server
//! would present. Never touches the network.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde_json::{Value, json};

use super::check::{parse_time, system_now, verdict_json};
use super::text::{BOLD, DIM, WIDTH, complain, cut, print, printable, styled, wrapped};
use super::verdict_text;
use super::{EXIT_USAGE, Format};
use crate::config::TrustStores;
use crate::domain::{Domain, DomainName, UnixTime};
use crate::observation::certificate::Certificate;
use crate::trust::{RootSource, TrustStore};
use crate::verdict::{Level, judge_chain};

/// No bundle of certificates is larger: all of Mozilla's roots have 220 KiB.
const MAX_FILE: u64 = 16 << 20;
/// Names shown of one certificate; JSON has them all.
const MAX_NAMES: usize = 12;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// PEM bundles or DER certificates; - for standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Judge each file as the chain a server presents for this domain, leaf first
    #[arg(long, value_name = "NAME")]
    domain: Option<DomainName>,
    /// Trust the roots in this PEM file, and no others
    #[arg(long, value_name = "FILE", requires = "domain")]
    roots: Option<PathBuf>,
    /// Intermediates a server may leave out, in PEM
    #[arg(long, value_name = "FILE", requires = "domain")]
    intermediates: Option<PathBuf>,
    /// Judge as of this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<UnixTime>,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    let now = arguments.at.unwrap_or_else(system_now);
    match arguments.domain.clone() {
        Some(name) => judge_files(&arguments, &Domain::new(name), now),
        None => show_files(&arguments, now),
    }
}

fn show_files(arguments: &Arguments, now: UnixTime) -> u8 {
    let mut all_read = true;
    for file in &arguments.files {
        let shown = read(file).unwrap_or_else(|error| vec![Err(error)]);
        for (index, certificate) in shown.into_iter().enumerate() {
            let certificate =
                certificate.and_then(|der| Certificate::from_der(&der).map_err(|error| error.to_string()));
            all_read &= certificate.is_ok();
            print(&match arguments.format {
                Format::Json => format!("{}\n", certificate_json(file, index, &certificate)),
                Format::Text => certificate_text(file, index, &certificate, now),
            });
        }
    }
    u8::from(!all_read)
}

fn certificate_json(file: &Path, index: usize, certificate: &Result<Certificate, String>) -> Value {
    let mut object = json!({ "file": file.to_string_lossy(), "index": index, "error": certificate.as_ref().err() });
    let facts = certificate.as_ref().ok().and_then(|certificate| serde_json::to_value(certificate).ok());
    if let (Value::Object(object), Some(Value::Object(facts))) = (&mut object, facts) {
        object.extend(facts);
    }
    object
}

fn certificate_text(file: &Path, index: usize, certificate: &Result<Certificate, String>, now: UnixTime) -> String {
    let head = printable(&format!("{} #{index}", file.display()));
    let certificate = match certificate {
        Ok(certificate) => certificate,
        Err(error) => {
            complain(&printable(&format!("{head}: {error}")));
            return String::new();
        }
    };
    let mut out = format!("{}\n", styled(head, BOLD));
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(out, "{}", wrapped(value, &format!("  {name:<10}"), "            "));
    };
    line("subject", &certificate.subject);
    line("issuer", &certificate.issuer);
    line("names", &names(certificate));
    line("key", &format!("{}, signed with {}", certificate.key.title(), certificate.signature_algorithm));
    line("serial", &certificate.serial);
    line("sha256", &certificate.sha256.to_string());
    let kind = if certificate.is_ca { ", a CA" } else { "" };
    let valid = format!("{} to {}", certificate.not_before, certificate.not_after);
    let _ = writeln!(out, "  {:<10}{valid} {}{}", "valid", verdict_text::left(certificate, now), styled(kind, DIM));
    out
}

fn names(certificate: &Certificate) -> String {
    let all = certificate.dns_names.iter().cloned().chain(certificate.ip_addresses.iter().map(ToString::to_string));
    let mut shown: Vec<String> = all.take(MAX_NAMES).map(|name| cut(&name, WIDTH)).collect();
    let count = certificate.dns_names.len() + certificate.ip_addresses.len();
    if count > MAX_NAMES {
        shown.push(format!("and {} more", count - MAX_NAMES));
    }
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn judge_files(arguments: &Arguments, domain: &Domain, now: UnixTime) -> u8 {
    let roots = arguments.roots.clone().map_or(RootSource::Mozilla, RootSource::File);
    let intermediates: Vec<PathBuf> = arguments.intermediates.iter().cloned().collect();
    let trust = match TrustStores::default().load(&[roots], &intermediates) {
        Ok(trust) => trust,
        Err(error) => {
            complain(&error);
            return EXIT_USAGE;
        }
    };
    let levels: Vec<Level> =
        arguments.files.iter().map(|file| judge_file(arguments, domain, &trust, now, file)).collect();
    levels.into_iter().max().unwrap_or(Level::Unknown).exit_code()
}

fn judge_file(arguments: &Arguments, domain: &Domain, trust: &TrustStore, now: UnixTime, file: &Path) -> Level {
    let chain: Result<Vec<CertificateDer<'static>>, String> = read(file).and_then(|all| all.into_iter().collect());
    let chain = match chain {
        Ok(chain) => chain,
        Err(error) => {
            match arguments.format {
                Format::Json => print(&format!("{}\n", json!({ "file": file.to_string_lossy(), "error": error }))),
                Format::Text => complain(&printable(&format!("{}: {error}", file.display()))),
            }
            return Level::Unknown;
        }
    };
    let presented = trust.assess(&chain, &domain.name);
    let verdict = judge_chain(domain, &presented, now);
    print(&match arguments.format {
        Format::Json => {
            let tls = json!({ "address": null, "chain": presented.chain, "failure": null });
            let mut object = verdict_json(&verdict, json!({ "dns": null, "tls": [tls], "auth0": [] }));
            if let Value::Object(object) = &mut object {
                object.remove("path");
                object.insert("file".to_owned(), file.to_string_lossy().into());
            }
            format!("{object}\n")
        }
        Format::Text => {
            let head = format!("{}\n", printable(&file.to_string_lossy()));
            let chain = verdict_text::chain(&presented, now);
            head + &verdict_text::headline(&verdict) + &chain + &verdict_text::findings(&verdict.findings)
        }
    });
    verdict.level
}

/// The certificates in a file, each or why it could not be had; an error if there is none to be had at all.
fn read(file: &Path) -> Result<Vec<Result<CertificateDer<'static>, String>>, String> {
    let bytes = read_bytes(file).map_err(|error| error.to_string())?;
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if !bytes.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(vec![Ok(CertificateDer::from(bytes))]);
    }
    let all: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .map(|found| found.map_err(|error| format!("bad PEM: {error}")))
        .collect();
    if all.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(all) }
}

fn read_bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let source: Box<dyn Read> =
        if file == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(file)?) };
    source.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}
