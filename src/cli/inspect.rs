//! `notafter inspect FILE…`: certificates in files, or with `--domain` each file judged as the chain a server
//! would present, with `--chain` or `--key` question by question. Of the network nothing is asked but CAA records, and
//! those only for the questions.

mod judge;
pub(super) mod key;
mod preflight;

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use serde_json::{Value, json};

use super::check::{parse_nameserver, parse_time, system_now};
use super::text::{BOLD, DIM, WIDTH, complain, cut, print, printable, styled, wrapped};
use super::{Format, verdict_text};
use crate::domain::{Domain, DomainName, UnixTime};
use crate::observation::certificate::{Certificate, certificates_in};
use crate::probe::Nameserver;

/// No bundle of certificates is larger: all of Mozilla's roots have 220 KiB.
const MAX_FILE: u64 = 16 << 20;
/// Names shown of one certificate; JSON has them all.
const MAX_NAMES: usize = 12;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// PEM bundles or DER certificates; - for standard input
    #[arg(required_unless_present = "chain")]
    files: Vec<PathBuf>,
    /// How to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Judge each file as the chain a server presents for this domain, leaf first
    #[arg(long, value_name = "NAME")]
    domain: Option<DomainName>,
    /// Before it is deployed: will this file do? Answered question by question
    #[arg(long, value_name = "FILE", requires = "domain", conflicts_with = "files")]
    chain: Option<PathBuf>,
    /// The private key that is to be deployed with it, in PEM (PKCS#8, PKCS#1 or SEC1); it is compared, never shown
    #[arg(long, value_name = "FILE", requires = "domain")]
    key: Option<PathBuf>,
    /// Trust the roots in this PEM file, and no others
    #[arg(long, value_name = "FILE", requires = "domain")]
    roots: Option<PathBuf>,
    /// Intermediates a server may leave out, in PEM
    #[arg(long, value_name = "FILE", requires = "domain")]
    intermediates: Option<PathBuf>,
    /// Ask this name server for CAA records, with --chain or --key; port 53 unless named [default: the system's]
    #[arg(long = "nameserver", value_name = "ADDRESS[:PORT]", value_parser = parse_nameserver, requires = "domain")]
    nameservers: Vec<Nameserver>,
    /// Judge as of this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    at: Option<UnixTime>,
}

pub(super) fn run(arguments: Arguments) -> u8 {
    let now = arguments.at.unwrap_or_else(system_now);
    match arguments.domain.clone() {
        Some(name) => judge::files(&arguments, &Domain::new(name), now),
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

/// The certificates in a file, each or why it could not be had; an error if there is none to be had at all.
fn read(file: &Path) -> Result<Vec<Result<CertificateDer<'static>, String>>, String> {
    certificates_in(read_bytes(file).map_err(|error| error.to_string())?)
}

fn read_bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source(file)?.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn source(file: &Path) -> io::Result<Box<dyn Read>> {
    Ok(if file == Path::new("-") { Box::new(io::stdin().lock()) } else { Box::new(File::open(file)?) })
}
