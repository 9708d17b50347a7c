//! The hosts of badssl.com and of labs like it, each with how it is served here and what is to be found. One row a host.

use super::desk::{Desk, Flaw, KeyKind, Served, Weakness};
use Served::{Answering, Certificate, Nginx, NginxRsa, NotApplicable, Protocols, Refusal};

/// A row: the label below `badssl.test`; how it is served; the findings' codes; the broken hop.
pub(super) type Row = (&'static str, Served, &'static [&'static str], Option<&'static str>);

const TLS: Option<&str> = Some("tls");
const NO_TLS: &[&str] = &["tls.handshake_failed"];
const TOO_OLD: &[&str] = &["tls.only_legacy"];
const OLD_SUITES: &[&str] = &["tls.only_old_suites"];
const UNTRUSTED: &[&str] = &["tls.untrusted"];
const DISTRUSTED: &[&str] = &["tls.root_distrusted"];
const WRONG_NAME: &[&str] = &["tls.name_mismatch"];
const BACKWARDS: &[&str] = &["tls.name_mismatch", "tls.untrusted", "tls.chain_misordered"];
/// By a key or hash that no verifier takes, the path is lost as well.
const WEAKLY_SIGNED: &[&str] = &["tls.untrusted", "tls.weak_signature"];

/// About what a page holds, which is no login's.
const PAGE: Served = NotApplicable("it is about the content of a page");
/// About what a browser remembers or has built in.
const BROWSER: Served = NotApplicable("it is about what a browser remembers or has built in");

/// Whose client certificates it takes does not matter, as we have none to present.
const CLIENT_NEEDED: &str = "ssl_verify_client on; ssl_client_certificate root.pem;";
const DH_1024: Served = NginxRsa("ssl_protocols TLSv1.2; ssl_ciphers kDHE; ssl_dhparam dh1024.pem;");
const DH_2048: Served = NginxRsa("ssl_protocols TLSv1.2; ssl_ciphers kDHE; ssl_dhparam dh2048.pem;");
/// OpenSSL has no longer what these speak, and answers to us as they would: with an alert, as we do not offer it.
const OUTDATED: Served = Refusal;

pub(super) const ROWS: &[Row] = &[
    // Certificates.
    ("good", Nginx(""), &[], None),
    ("expired", Certificate(|desk| desk.dated(-100, -1)), &["tls.expired"], TLS),
    ("notyetvalid", Certificate(|desk| desk.dated(1, 90)), &["tls.not_yet_valid"], TLS),
    ("notafter-2049", Certificate(|desk| desk.until(2_524_607_999)), &[], None),
    ("notafter-2050", Certificate(|desk| desk.until(2_524_608_000)), &[], None),
    ("notafter-9999", Certificate(|desk| desk.until(253_402_300_799)), &[], None),
    ("wrong.host", Nginx(""), WRONG_NAME, TLS),
    ("captive-portal", Certificate(|desk| desk.named("login.portal.test")), WRONG_NAME, TLS),
    ("preloaded-expect-ct", Certificate(|desk| desk.named("preloaded.expect-ct.test")), WRONG_NAME, TLS),
    ("self-signed", Certificate(Desk::self_signed), &["tls.self_signed"], TLS),
    ("untrusted-root", Certificate(Desk::below_stray_root), UNTRUSTED, TLS),
    ("incomplete-chain", Certificate(Desk::without_intermediate), &["tls.chain_incomplete"], None),
    ("reversed-chain", Certificate(Desk::reversed), BACKWARDS, TLS),
    ("no-common-name", Certificate(|desk| desk.flawed(Flaw::NoCommonName)), &[], None),
    ("no-subject", Certificate(|desk| desk.flawed(Flaw::NoSubject)), &[], None),
    ("no-san", Certificate(|desk| desk.flawed(Flaw::NoNames)), WRONG_NAME, TLS),
    ("1000-sans", Certificate(|desk| desk.with_names(1_000)), &[], None),
    // Longer than the 64 KiB that clients read.
    ("10000-sans", Certificate(|desk| desk.with_names(10_000)), NO_TLS, TLS),
    ("xn--n1aae7f7o", Nginx(""), &[], None),
    ("long-extended-subdomain-name-containing-many-letters-and-dashes", Nginx(""), &[], None),
    ("longextendedsubdomainnamewithoutdashesinordertotestwordwrapping", Nginx(""), &[], None),
    ("extended-validation", Nginx(""), &[], None),
    ("revoked", Certificate(Desk::revoked), &["tls.revoked"], TLS),
    ("pinning-test", BROWSER, &[], None),
    // Receipts of transparency logs are asked for where a public CA is at the end of the path, which the lab's is not.
    ("no-sct", Nginx(""), &[], None),
    ("invalid-expected-sct", Nginx(""), &[], None),
    // Authorities whose private key everybody has, or that listen in: trusted by nobody whose store is in order.
    ("superfish", Certificate(Desk::below_stray_leaf_alone), UNTRUSTED, TLS),
    ("edellroot", Certificate(Desk::below_stray_leaf_alone), UNTRUSTED, TLS),
    ("dsdtestprovider", Certificate(Desk::below_stray_leaf_alone), UNTRUSTED, TLS),
    ("preact-cli", Certificate(Desk::below_stray_leaf_alone), UNTRUSTED, TLS),
    ("webpack-dev-server", Certificate(Desk::below_stray_leaf_alone), UNTRUSTED, TLS),
    ("mitm-software", Certificate(Desk::below_stray_leaf_alone), UNTRUSTED, TLS),
    // And those that are trusted where somebody has installed them, as is done here. Nobody finds them out but by the
    // operator's list of CAs to be trusted no more: one from some later day on, the other already.
    ("known-interception", Certificate(Desk::below_known_listener), DISTRUSTED, None),
    ("blocked-interception", Certificate(Desk::below_blocked_listener), DISTRUSTED, TLS),
    // Keys and hashes.
    ("ecc256", Nginx(""), &[], None),
    ("ecc384", Certificate(|desk| desk.keyed(KeyKind::P384)), &[], None),
    ("rsa2048", NginxRsa(""), &[], None),
    ("rsa3072", Certificate(|desk| desk.rsa(3072)), &[], None),
    ("rsa4096", Certificate(|desk| desk.rsa(4096)), &[], None),
    ("rsa8192", Certificate(|desk| desk.rsa(8192)), &[], None),
    ("rsa1024", Certificate(|desk| desk.rsa(1024)), &["tls.handshake_failed", "tls.weak_key"], TLS),
    // Too short for any signature of TLS 1.3, or of TLS 1.2 with ours: what it can sign with is SHA-1 alone.
    ("rsa512", Certificate(|desk| desk.rsa(512)), &["tls.only_old_suites", "tls.weak_key"], None),
    ("sha256", Nginx(""), &[], None),
    ("sha384", Certificate(|desk| desk.signed_by(KeyKind::P384)), &[], None),
    ("sha512", Certificate(|desk| desk.signed_by(KeyKind::P521)), &[], None),
    ("md5", Certificate(|desk| desk.weakly_signed(Weakness::Md5)), WEAKLY_SIGNED, TLS),
    ("sha1-2016", Certificate(|desk| desk.weakly_signed(Weakness::Sha1)), WEAKLY_SIGNED, TLS),
    ("sha1-2017", Certificate(|desk| desk.weakly_signed(Weakness::Sha1)), WEAKLY_SIGNED, TLS),
    ("sha1-intermediate", Certificate(Desk::below_weakly_signed), WEAKLY_SIGNED, TLS),
    // Versions, suites and groups.
    ("tls-v1-0", Protocols("TLSv1"), TOO_OLD, TLS),
    ("tls-v1-1", Protocols("TLSv1.1"), TOO_OLD, TLS),
    ("tls-v1-2", Protocols("TLSv1.2"), &[], None),
    ("tls-v1-3", Protocols("TLSv1.3"), &[], None),
    ("static-rsa", NginxRsa("ssl_protocols TLSv1.2; ssl_ciphers AES128-GCM-SHA256;"), OLD_SUITES, None),
    ("cbc", NginxRsa("ssl_protocols TLSv1.2; ssl_ciphers ECDHE-RSA-AES128-SHA;"), OLD_SUITES, None),
    ("null", NginxRsa("ssl_protocols TLSv1.2; ssl_ciphers NULL-SHA256;"), NO_TLS, TLS),
    ("dh1024", DH_1024, OLD_SUITES, None),
    ("dh2048", DH_2048, OLD_SUITES, None),
    // What is wrong with their groups is not looked into: that there is nothing better is enough.
    ("dh-composite", DH_2048, OLD_SUITES, None),
    ("dh-small-subgroup", DH_2048, OLD_SUITES, None),
    ("dh480", OUTDATED, NO_TLS, TLS),
    ("dh512", OUTDATED, NO_TLS, TLS),
    ("rc4", OUTDATED, NO_TLS, TLS),
    ("rc4-md5", OUTDATED, NO_TLS, TLS),
    ("3des", OUTDATED, NO_TLS, TLS),
    (
        "mozilla-old",
        NginxRsa("ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL;"),
        &["tls.legacy_version"],
        None,
    ),
    (
        "mozilla-intermediate",
        NginxRsa("ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:DHE+AESGCM;"),
        &[],
        None,
    ),
    ("mozilla-modern", Protocols("TLSv1.3"), &[], None),
    // What is asked of the client, and what is answered.
    ("client", Nginx("ssl_verify_client optional_no_ca;"), &[], None),
    ("client-cert-missing", Answering(CLIENT_NEEDED), &["tls.client_certificate_required"], TLS),
    ("status-503", Answering("return 503;"), &["http.error_status"], None),
    ("redirect-http", Answering("return 301 http://badssl.test/;"), &["http.redirect"], None),
    ("redirect-loop", Answering("return 302 $request_uri;"), &["http.redirect"], None),
    ("hsts", Nginx("add_header Strict-Transport-Security max-age=15768000;"), &[], None),
    ("upgrade", Nginx("add_header Content-Security-Policy upgrade-insecure-requests;"), &[], None),
    ("https-everywhere", BROWSER, &[], None),
    ("preloaded-hsts", BROWSER, &[], None),
    ("subdomain.preloaded-hsts", BROWSER, &[], None),
    ("http", NotApplicable("it has no TLS, and a login always does"), &[], None),
    ("http-textarea", PAGE, &[], None),
    ("http-password", PAGE, &[], None),
    ("http-login", PAGE, &[], None),
    ("http-dynamic-login", PAGE, &[], None),
    ("http-credit-card", PAGE, &[], None),
    ("mixed", PAGE, &[], None),
    ("mixed-script", PAGE, &[], None),
    ("very", PAGE, &[], None),
    ("mixed-favicon", PAGE, &[], None),
    ("mixed-form", PAGE, &[], None),
    ("spoofed-favicon", PAGE, &[], None),
    ("lock-title", PAGE, &[], None),
];
