//! What is looked at: one domain behind nginx, its records at Knot, and the peer that probes both.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use notafter::domain::{Domain, DomainName, UnixTime};
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::probe::{Nameserver, Settings};
use notafter::trust::TrustStore;
use rustls_pki_types::CertificateDer;

use crate::servers::{Blackbox, Knot, Nginx, Vhost};

/// The domain.
pub(crate) const NAME: &str = "login.example.com";
/// What its login page is asked for.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
const PROXY: &str = "proxy.example.com";
const OWNERSHIP: &str = "_cf-custom-hostname.login.example.com";
const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";
const DAY: i64 = 86_400;

/// Servers, and whom to trust.
pub(crate) struct Scene {
    _nginx: Nginx,
    knot: Knot,
    /// Where the domain is reached.
    pub(crate) address: SocketAddr,
    /// When it began.
    pub(crate) now: UnixTime,
    issuer: Authority,
}

impl Scene {
    /// Starts the servers: P-256, a leaf below one intermediate, both presented; TLS 1.3 alone.
    pub(crate) fn start() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs();
        let now = UnixTime(i64::try_from(now).expect("a clock of our age"));
        let root = Authority::root("Bench Root").expect("a root");
        let issuer = root.intermediate("Bench Intermediate").expect("an intermediate");
        let leaf = issuer.leaf(&LeafSpec::new(NAME, now.0 - DAY, now.0 + 89 * DAY)).expect("a leaf");
        let vhost = Vhost { protocols: "TLSv1.3", ..Vhost::new(NAME, &leaf) };
        let nginx = Nginx::start(&[vhost]);
        let records = format!("login CNAME proxy\nproxy A 127.0.0.1\n{OWNERSHIP}. TXT \"{VALUE}\"\n");
        let knot = Knot::start(&[("example.com", &records)]);
        Self { address: nginx.at("127.0.0.1"), _nginx: nginx, knot, now, issuer }
    }

    /// The root, and no other.
    pub(crate) fn root(&self) -> &CertificateDer<'static> {
        self.issuer.root_certificate()
    }

    /// The domain, as the operator would describe it.
    pub(crate) fn domain(&self, interval: Duration) -> Domain {
        let name = |text| DomainName::parse(text).expect("a name");
        let mut domain = Domain { addresses: vec![self.address], interval, ..Domain::new(name(NAME)) };
        domain.expected.cname = Some(name(PROXY));
        domain.expected.txt = Some(VALUE.to_owned());
        domain
    }

    /// How we look: as by default, at our own name server.
    pub(crate) fn settings(&self) -> Settings {
        Settings { nameservers: vec![Nameserver::at(self.knot.address())], ..Settings::default() }
    }

    /// Whom we trust.
    pub(crate) fn trust(&self) -> Arc<TrustStore> {
        Arc::new(TrustStore::new(&[self.root().clone()], &[]).expect("a store"))
    }

    /// The peer, told to see what an ordinary look of ours sees.
    pub(crate) fn blackbox(&self) -> Blackbox {
        let modules = format!(
            "  https: {{ prober: http, http: {{ preferred_ip_protocol: ip4, fail_if_not_ssl: true, \
             fail_if_body_not_matches_regexp: [ 'https://{NAME}/' ], tls_config: {{ ca_file: roots.pem }} }} }}\n  \
             tls: {{ prober: tcp, tcp: {{ tls: true, tls_config: {{ ca_file: roots.pem, server_name: {NAME} }} }} }}\n  \
             txt: {{ prober: dns, dns: {{ query_name: {OWNERSHIP}, query_type: TXT, \
             validate_answer_rrs: {{ fail_if_not_matches_regexp: [ '{VALUE}' ] }} }} }}\n  \
             cname: {{ prober: dns, dns: {{ query_name: {NAME}, query_type: CNAME, \
             validate_answer_rrs: {{ fail_if_not_matches_regexp: [ '{PROXY}' ] }} }} }}\n"
        );
        Blackbox::start(&modules, &[("roots.pem", &self.issuer.root_pem())])
    }

    /// What the peer is asked for to see what one look sees: the page, and the two records.
    pub(crate) fn three_probes(&self) -> [String; 3] {
        let (https, dns) = (self.address, self.knot.address());
        [
            format!("module=https&hostname={NAME}&target=https://{https}{DISCOVERY}"),
            format!("module=txt&target={dns}"),
            format!("module=cname&target={dns}"),
        ]
    }

    /// The peer's probe of the handshake alone.
    pub(crate) fn tls_probe(&self) -> String {
        format!("module=tls&target={}", self.address)
    }
}
