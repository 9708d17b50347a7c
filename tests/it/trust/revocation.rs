//! What OCSP responses and lists say, made by OpenSSL and by the lab's authorities.

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::*;
use crate::servers::{program, run};
use notafter::domain::UnixTime;
use notafter::lab::ca::{CrlSpec, Flaw, Issued, Pointers};
use notafter::observation::certificate::Certificate;
use notafter::observation::{Revocation, RevocationSource, RevocationStatus};
use notafter::trust::{Crl, CrlError};

use RevocationStatus::{Good, Revoked, Unknown};

const URL: &str = "http://crl.example/1.crl";

/// An authority with leaves of these serial numbers, valid by the real clock, as OpenSSL has no other.
struct Desk {
    root: Authority,
    issuing: Authority,
    leaf: Issued,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let root = Authority::root("Lab Root").unwrap();
        let issuing = root.intermediate("Lab Issuing CA").unwrap();
        let leaf = issuing.leaf(&today(NAME).with_serial(42)).unwrap();
        Self { root, issuing, leaf, folder: tempfile::tempdir().unwrap() }
    }

    /// What OpenSSL answers for the leaf, if its index has this line of it; signed by whom these two files are of.
    fn response(&self, index: &str, signer: &str, key: &str) -> Vec<u8> {
        let folder = self.folder.path();
        let files = [
            ("ca.pem", self.issuing.certificate_pem()),
            ("leaf.pem", self.leaf.leaf_pem()),
            ("index.txt", index.to_owned()),
            ("signer.pem", signer.to_owned()),
            ("signer.key", key.to_owned()),
        ];
        for (name, content) in files {
            fs::write(folder.join(name), content).unwrap();
        }
        ocsp(folder, &["-issuer", "ca.pem", "-cert", "leaf.pem", "-no_nonce", "-reqout", "request.der"]);
        let asked = ["-reqin", "request.der", "-respout", "response.der", "-ndays", "7"];
        let by = ["-index", "index.txt", "-CA", "ca.pem", "-rsigner", "signer.pem", "-rkey", "signer.key"];
        // Whoever needs none gets none, so that every octet counts.
        let certs: &[&str] = if signer == self.issuing.certificate_pem() { &["-resp_no_certs"] } else { &[] };
        ocsp(folder, &[&by[..], &asked[..], certs].concat());
        fs::read(folder.join("response.der")).unwrap()
    }

    fn by_issuer(&self, index: &str) -> Vec<u8> {
        self.response(index, &self.issuing.certificate_pem(), &self.issuing.key_pem())
    }

    fn judge(&self, response: &[u8]) -> Revocation {
        let store = store([&self.root]);
        let presented = assess(&store, &self.leaf.chain());
        assert_complete(&presented);
        store.judge_staple(&presented, response).unwrap().as_ref().clone()
    }
}

fn ocsp(folder: &Path, arguments: &[&str]) {
    let output = run(program("usr/bin/openssl").current_dir(folder).arg("ocsp").args(arguments), "");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

fn today(name: &str) -> LeafSpec {
    LeafSpec::new(name, now() - DAY, now() + 60 * DAY)
}

const VALID: &str = "V\t491231235959Z\t\t2A\tunknown\t/CN=login.example.com\n";
const REVOKED: &str = "R\t491231235959Z\t200229120000Z,keyCompromise\t2A\tunknown\t/CN=login.example.com\n";

#[test]
fn a_response_of_the_issuer_is_believed() {
    let desk = Desk::new();
    let good = desk.judge(&desk.by_issuer(VALID));
    assert_eq!((good.status, good.source, good.why.as_deref()), (Good, RevocationSource::Staple, None));
    assert!(good.holds(UnixTime(now() + 60)) && !good.holds(UnixTime(now() + 8 * DAY)), "{good:?}");
    let revoked = desk.judge(&desk.by_issuer(REVOKED));
    assert_eq!((revoked.status, revoked.reason), (Revoked, Some("keyCompromise")));
    assert_eq!(revoked.revoked_at.unwrap().to_string(), "2020-02-29T12:00:00Z");
    let unknown = desk.judge(&desk.by_issuer(&VALID.replace("2A", "2B")));
    assert_eq!(
        (unknown.status, unknown.why.as_deref()),
        (Unknown, Some("the responder does not know the certificate"))
    );
}

#[test]
fn a_responder_must_be_appointed_by_the_issuer() {
    let desk = Desk::new();
    let appointed = today("responder.example").with_flaw(Flaw::OcspSigner);
    let unsigned = "its signature is neither the issuer's nor that of a responder the issuer appointed";
    let old = LeafSpec::new("responder.example", now() - 2 * DAY, now() - DAY).with_flaw(Flaw::OcspSigner);
    let cases = [
        ("appointed", desk.issuing.leaf(&appointed).unwrap(), None),
        ("a mere server", desk.issuing.leaf(&today("responder.example")).unwrap(), Some(unsigned)),
        ("another CA's", desk.root.leaf(&appointed).unwrap(), Some(unsigned)),
        ("over", desk.issuing.leaf(&old).unwrap(), Some(unsigned)),
    ];
    for (what, responder, why) in cases {
        let said = desk.judge(&desk.response(VALID, &responder.leaf_pem(), &responder.key_pem()));
        assert_eq!(said.why.as_deref(), why, "{what}");
        assert_eq!(said.status == Good, why.is_none(), "{what}");
    }
    // A namesake with a key of its own is another CA.
    let namesake = Authority::root("Lab Issuing CA").unwrap();
    let said = desk.judge(&desk.response(VALID, &namesake.certificate_pem(), &namesake.key_pem()));
    assert_eq!(said.why.as_deref(), Some(unsigned));
}

#[test]
fn a_response_holds_no_longer_than_its_responder() {
    let desk = Desk::new();
    let brief = LeafSpec::new("responder.example", now() - DAY, now() + DAY).with_flaw(Flaw::OcspSigner);
    let responder = desk.issuing.leaf(&brief).unwrap();
    let said = desk.judge(&desk.response(VALID, &responder.leaf_pem(), &responder.key_pem()));
    assert_eq!(said.next_update, Some(UnixTime(brief.validity.not_after)));
}

#[test]
fn a_response_is_about_one_certificate() {
    let desk = Desk::new();
    let response = desk.by_issuer(VALID);
    let other = desk.issuing.leaf(&today(NAME).with_serial(43)).unwrap();
    let store = store([&desk.root]);
    let of_other = store.judge_staple(&assess(&store, &other.chain()), &response).unwrap();
    assert_eq!((of_other.status, of_other.why.as_deref()), (Unknown, Some("it is about another certificate")));
    let lost = assess(&store, &other.chain()[..1]);
    assert_eq!(store.judge_staple(&lost, &response), None, "whose signature should it bear");
}

#[test]
fn what_is_no_response_says_nothing() {
    let desk = Desk::new();
    let response = desk.by_issuer(VALID);
    for length in 0..response.len() {
        assert_eq!(desk.judge(&response[..length]).status, Unknown, "{length}");
    }
    for (bytes, why) in [
        (&b"\x30\x03\x0a\x01\x03"[..], "the responder answered with an error: tryLater"),
        (b"\x30\x03\x0a\x01\x06", "the responder answered with an error: unauthorized"),
        (b"\x30\x03\x0a\x01\x07", "it is no OCSP response"),
        (&[0x30; 70_000], "it is larger than any response"),
    ] {
        assert_eq!(desk.judge(bytes).why.as_deref(), Some(why));
    }
    for at in 0..response.len() {
        let mut turned = response.clone();
        turned[at] ^= 0x10;
        assert_eq!(desk.judge(&turned).status, Unknown, "{at}");
    }
}

/// A list of these, from the beginning of the leaves for a week.
fn spec_of(revoked: &[u64]) -> CrlSpec {
    let revoked = revoked.iter().map(|serial| (*serial, FROM)).collect();
    CrlSpec { this_update: FROM, next_update: FROM + 7 * DAY, part: None, revoked }
}

fn read(der: &[u8], issuer: &Authority) -> Result<Crl, CrlError> {
    Crl::read(der, &Certificate::from_der(issuer.certificate()).unwrap())
}

/// What a list says of the leaf of this serial number, which names [`URL`].
fn status(list: &CrlSpec, serial: u64) -> Revocation {
    let issuer = Authority::root("Lab Root").unwrap();
    let crls = vec![URL.to_owned(), "http://crl.example/other.crl".to_owned()];
    let spec = spec().with_serial(serial).with_pointers(Pointers { crls, ..Pointers::default() });
    let leaf = Certificate::from_der(issuer.leaf(&spec).unwrap().leaf()).unwrap();
    let points = leaf.crl_points();
    assert_eq!((points.urls.len(), points.others), (2, false));
    read(&issuer.crl(list).unwrap(), &issuer).unwrap().status_of(&leaf, points, URL)
}

#[test]
fn whoever_stands_on_the_list_is_revoked() {
    let many: Vec<u64> = (1..2000).step_by(2).chain([u64::MAX, 0x8000_0000_0000_0000]).collect();
    let list = spec_of(&many);
    for serial in [1, 999, 1999, u64::MAX, 0x8000_0000_0000_0000] {
        let said = status(&list, serial);
        assert_eq!((said.status, said.reason), (Revoked, Some("keyCompromise")), "{serial}");
        assert_eq!((said.revoked_at, said.url.as_deref()), (Some(UnixTime(FROM)), Some(URL)));
    }
    for serial in [2, 1000, 0x7fff_ffff_ffff_ffff] {
        let said = status(&list, serial);
        assert_eq!((said.status, said.why.as_deref()), (Good, None), "{serial}");
        assert!(said.holds(UnixTime(FROM)) && said.holds(UnixTime(FROM + 7 * DAY)));
        assert!(!said.holds(UnixTime(FROM - 1)) && !said.holds(UnixTime(FROM + 7 * DAY + 1)));
    }
    assert_eq!(status(&spec_of(&[]), 1).status, Good);
}

#[test]
fn a_part_of_a_list_speaks_for_those_who_name_it() {
    let part = |url: &str| CrlSpec { part: Some(url.to_owned()), ..spec_of(&[7]) };
    assert_eq!(status(&part(URL), 7).status, Revoked);
    assert_eq!(status(&part(URL), 8).status, Good);
    let other = status(&part("http://crl.example/2.crl"), 7);
    assert_eq!(
        (other.status, other.why.as_deref()),
        (Unknown, Some("the list is about other certificates of the issuer"))
    );
}

#[test]
fn a_list_must_be_the_issuers_own() {
    let issuer = Authority::root("Lab Root").unwrap();
    let der = issuer.crl(&spec_of(&[7])).unwrap();
    assert!(read(&der, &issuer).is_ok());
    assert_eq!(read(&der, &Authority::root("Lab Root").unwrap()), Err(CrlError::Unsigned));
    assert_eq!(read(&der, &Authority::root("Another Root").unwrap()), Err(CrlError::OfAnother));
    let mut turned = der.clone();
    *turned.last_mut().unwrap() ^= 1;
    assert_eq!(read(&turned, &issuer), Err(CrlError::Unsigned));
    for length in 0..der.len() {
        assert!(matches!(read(&der[..length], &issuer), Err(CrlError::Malformed(_))), "{length}");
    }
}

#[test]
fn a_list_takes_some_bytes_an_entry() {
    let issuer = Authority::root("Lab Root").unwrap();
    let serials: Vec<u64> = (1..10_000).collect();
    let list = read(&issuer.crl(&spec_of(&serials)).unwrap(), &issuer).unwrap();
    assert!(list.weight() < 17 * serials.len(), "{}", list.weight());
    assert_eq!(list.next_update(), UnixTime(FROM + 7 * DAY));
}
