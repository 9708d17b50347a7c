//! Every parser of ours, each behind a function that takes any bytes. None may panic, hang or grow without bound, and what
//! is read keeps to the properties that each function asserts.
//!
//! Two use them: the binaries in `fuzz_targets`, one a target, which libFuzzer drives by coverage; and a test of the main
//! package, which runs each over its seeds and so many deterministic mutations of them. A new parser gets a function in the
//! file of its kind, a row in [`ALL`], a file in `fuzz_targets`, and seeds; the test says what is missing.

#![allow(unreachable_pub, reason = "the binaries are another crate, the test is not")]

mod authorities;
mod certificates;
mod names;
mod network;
mod operator;
mod state;

/// A target: its name, what it runs, and how many mutations the test of the main package tries, by how long one takes.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of its binary and of its folder of seeds.
    pub name: &'static str,
    /// Runs it once.
    pub run: fn(&[u8]),
    /// How many mutations are tried where there is little time.
    pub mutations: usize,
}

/// Every target, by name.
pub const ALL: &[Target] = &[
    target("caa", network::caa, 30_000),
    target("certificate", certificates::certificate, 40_000),
    target("chain", certificates::chain, 10_000),
    target("config", operator::config, 4_000),
    target("cookie", network::cookie, 40_000),
    target("crl", authorities::crl, 60_000),
    target("discovery", network::discovery, 30_000),
    target("distrust", operator::distrust, 40_000),
    target("dns", network::dns, 80_000),
    target("dns_errors", network::dns_errors, 60_000),
    target("duration", operator::duration, 8_000),
    target("hosts", operator::hosts, 40_000),
    target("issuers", authorities::issuers, 30_000),
    target("legacy", network::legacy, 60_000),
    target("log_list", operator::log_list, 10_000),
    target("management", network::management, 60_000),
    target("metadata", network::metadata, 40_000),
    target("name", names::name, 80_000),
    target("nameserver", operator::nameserver, 60_000),
    target("pem", certificates::pem, 40_000),
    target("private_key", operator::private_key, 40_000),
    target("recording", state::recording, 8_000),
    target("registration", authorities::registration, 40_000),
    target("registries", authorities::registries, 30_000),
    target("renewal_info", authorities::renewal_info, 40_000),
    target("staple", authorities::staple, 30_000),
    target("status_feed", network::status_feed, 40_000),
    target("stored", state::stored, 6_000),
    target("time", names::time, 80_000),
];

const fn target(name: &'static str, run: fn(&[u8]), mutations: usize) -> Target {
    Target { name, run, mutations }
}

/// Runs the target of this name; a name that there is not is a mistake in a binary.
#[allow(dead_code, reason = "the binaries alone go by name")]
pub fn run(name: &str, data: &[u8]) {
    let target = ALL.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("there is no target {name}")).run)(data);
}

/// Half a minute past the first of December 2026: any time will do that does not change.
const NOW: notafter::domain::UnixTime = notafter::domain::UnixTime(1_796_083_230);
