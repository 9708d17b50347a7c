//! Where the certificates of the hosts are made.

use std::path::Path;

use notafter::lab::ca::{Authority, CrlSpec, Issued, LeafSpec, Pointers, Validity, self_signed};
use notafter::observation::certificate::Sha256;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::pki::Publisher;
use crate::servers::{Identity, program, run};
use crate::stage::{day, sound};

pub(super) use notafter::lab::ca::{Flaw, KeyKind};

/// How a host is served.
pub(super) enum Served {
    /// By nginx with the certificate that most hosts share, and with these directives.
    Nginx(&'static str),
    /// The same with a key of RSA.
    NginxRsa(&'static str),
    /// By nginx with these directives alone, and so nothing of Auth0 behind it.
    Answering(&'static str),
    /// By nginx with these versions of TLS.
    Protocols(&'static str),
    /// By nginx with a certificate of its own.
    Certificate(fn(&Desk) -> Identity),
    /// By a server that finds nothing it speaks in what it is offered, and says so.
    Refusal,
    /// Not at all, for a reason.
    NotApplicable(&'static str),
}

/// A hash that signatures should rest on no more.
#[derive(Clone, Copy)]
pub(super) enum Weakness {
    Md5,
    Sha1,
}

/// A root that is trusted, another that is not, and intermediates below both; and the name of the host at hand.
pub(super) struct Desk {
    pub(super) root: Authority,
    pub(super) intermediate: Authority,
    /// Known to whoever looks, but not sent.
    pub(super) unsent: Authority,
    rsa: Authority,
    stray: Authority,
    /// Trusted here, and listed by the operator as dropped from some later day on, or altogether.
    listening: [Authority; 2],
    publisher: Publisher,
    pub(super) name: String,
}

impl Desk {
    pub(super) fn new() -> Self {
        let root = Authority::root("Lab Root").unwrap();
        let intermediate = root.intermediate("Lab Intermediate").unwrap();
        let unsent = root.intermediate("Lab Unsent").unwrap();
        let lasting = Validity { not_before: day(-900), not_after: day(900) };
        let rsa = root.intermediate_with("Lab RSA", lasting, KeyKind::Rsa2048).unwrap();
        let [stray, known, blocked] = ["Stray", "Lab Known", "Lab Blocked"].map(|name| Authority::root(name).unwrap());
        let (listening, publisher) = ([known, blocked], Publisher::new());
        Self { root, intermediate, unsent, rsa, stray, listening, publisher, name: String::new() }
    }

    /// All that are trusted, in PEM.
    pub(super) fn roots_pem(&self) -> String {
        self.root.root_pem() + &self.listening.each_ref().map(Authority::root_pem).concat()
    }

    /// The operator's list of CAs to be trusted no more.
    pub(super) fn distrust(&self) -> String {
        let [known, blocked] = self.listening.each_ref().map(|root| Sha256::of(root.certificate()));
        format!("{known} issued-after 2026-12-24\n{blocked}\n")
    }

    fn spec(&self) -> LeafSpec {
        sound(&self.name)
    }

    fn issue(&self, spec: &LeafSpec) -> Identity {
        Identity::from(&self.intermediate.leaf(spec).unwrap())
    }

    /// A certificate for all hosts, as most of them share one.
    pub(super) fn shared(&self, key: KeyKind) -> Identity {
        self.issue(&sound("*.badssl.test").with_key(key))
    }

    pub(super) fn dated(&self, from: i64, until: i64) -> Identity {
        self.issue(&LeafSpec::new(&self.name, day(from), day(until)))
    }

    pub(super) fn until(&self, until: i64) -> Identity {
        let issuer = self.root.intermediate_with(
            "Lab Lasting",
            Validity { not_before: day(-900), not_after: 253_402_300_799 },
            KeyKind::P256,
        );
        Identity::from(&issuer.unwrap().leaf(&LeafSpec::new(&self.name, day(-30), until)).unwrap())
    }

    pub(super) fn named(&self, name: &str) -> Identity {
        self.issue(&sound(name))
    }

    pub(super) fn flawed(&self, flaw: Flaw) -> Identity {
        self.issue(&self.spec().with_flaw(flaw))
    }

    pub(super) fn keyed(&self, key: KeyKind) -> Identity {
        self.issue(&self.spec().with_key(key))
    }

    pub(super) fn with_names(&self, names: usize) -> Identity {
        let others = (1..names).map(|number| format!("host-{number}-of-many.badssl.test"));
        self.issue(&others.fold(self.spec(), |spec, name| spec.with_name(&name)))
    }

    /// On the list that it names.
    pub(super) fn revoked(&self) -> Identity {
        let list = CrlSpec { this_update: day(-1), next_update: day(6), part: None, revoked: vec![(7, day(-2))] };
        self.publisher.publish("/revoked.crl", &self.intermediate.crl(&list).unwrap());
        let crls = vec![format!("http://{}/revoked.crl", self.publisher.address())];
        self.issue(&self.spec().with_serial(7).with_pointers(Pointers { crls, ..Pointers::default() }))
    }

    pub(super) fn below_known_listener(&self) -> Identity {
        Identity::from(&self.listening[0].leaf(&self.spec()).unwrap())
    }

    pub(super) fn below_blocked_listener(&self) -> Identity {
        Identity::from(&self.listening[1].leaf(&self.spec()).unwrap())
    }

    pub(super) fn self_signed(&self) -> Identity {
        Identity::from(&self_signed(&self.spec()).unwrap())
    }

    pub(super) fn below_stray_root(&self) -> Identity {
        let issued = self.stray.leaf(&self.spec()).unwrap();
        with_chain(&issued, issued.leaf_pem() + &self.stray.certificate_pem())
    }

    pub(super) fn below_stray_leaf_alone(&self) -> Identity {
        Identity::from(&self.stray.leaf(&self.spec()).unwrap())
    }

    pub(super) fn without_intermediate(&self) -> Identity {
        let issued = self.unsent.leaf(&self.spec()).unwrap();
        with_chain(&issued, issued.leaf_pem())
    }

    /// The wrong way round, so that the server takes its intermediate for its own certificate.
    pub(super) fn reversed(&self) -> Identity {
        let leaf = self.intermediate.leaf(&self.spec()).unwrap().leaf_pem();
        Identity { chain_pem: self.intermediate.certificate_pem() + &leaf, key_pem: self.intermediate.key_pem() }
    }

    pub(super) fn signed_by(&self, key: KeyKind) -> Identity {
        let lasting = Validity { not_before: day(-900), not_after: day(900) };
        let issuer = self.root.intermediate_with("Lab Other", lasting, key).unwrap();
        Identity::from(&issuer.leaf(&self.spec()).unwrap())
    }

    /// With one of the keys beside this file, made for these tests and protecting nothing: of sizes that take long to make,
    /// or that nobody should.
    pub(super) fn rsa(&self, bits: u32) -> Identity {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/badssl/keys/rsa{bits}.key"));
        let key_pem = std::fs::read_to_string(file).unwrap();
        let public = openssl(&["pkey", "-pubout", "-outform", "DER"], &key_pem);
        let leaf = self.intermediate.certify(&self.spec(), &public).unwrap();
        Identity { chain_pem: pem(&leaf) + &self.intermediate.certificate_pem(), key_pem }
    }

    pub(super) fn weakly_signed(&self, weakness: Weakness) -> Identity {
        let issued = self.rsa.leaf(&self.spec()).unwrap();
        let leaf = signed_anew(issued.leaf(), &self.rsa, weakness);
        with_chain(&issued, pem(&leaf) + &self.rsa.certificate_pem())
    }

    /// Below an intermediate that is itself signed weakly.
    pub(super) fn below_weakly_signed(&self) -> Identity {
        let issuer = self.rsa.intermediate("Lab Old").unwrap();
        let issued = issuer.leaf(&self.spec()).unwrap();
        let intermediate = signed_anew(issuer.certificate(), &self.rsa, Weakness::Sha1);
        with_chain(&issued, issued.leaf_pem() + &pem(&intermediate) + &self.rsa.certificate_pem())
    }
}

fn with_chain(issued: &Issued, chain_pem: String) -> Identity {
    Identity { chain_pem, key_pem: issued.key_pem() }
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    let (lines, end) = ("-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----\n");
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, certificate);
    let wrapped: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("{lines}{}\n{end}", wrapped.join("\n"))
}

/// A certificate of an RSA key's signing, with a signature by the same key over another hash in the old one's place.
fn signed_anew(certificate: &CertificateDer<'_>, issuer: &Authority, weakness: Weakness) -> CertificateDer<'static> {
    /// sha256WithRSAEncryption without its last number (RFC 8017 appendix C).
    const RSA: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
    const SHA256: u8 = 11;
    let (number, hash) = match weakness {
        Weakness::Md5 => (4, "-md5"),
        Weakness::Sha1 => (5, "-sha1"),
    };
    let mut der = certificate.to_vec();
    for at in 0..der.len() - RSA.len() {
        let end = at + RSA.len();
        if der[at..end] == *RSA && der[end] == SHA256 {
            der[end] = number;
        }
    }
    // A header of four bytes, what is signed with another, an algorithm of fifteen, and at the end the signature.
    let signed = 4..4 + 4 + usize::from(u16::from_be_bytes([der[6], der[7]]));
    let folder = tempfile::tempdir().unwrap();
    let [key, body] = ["key", "body"].map(|name| folder.path().join(name));
    std::fs::write(&key, issuer.key_pem()).unwrap();
    std::fs::write(&body, &der[signed]).unwrap();
    let [key, body] = [&key, &body].map(|path| path.to_str().unwrap());
    let signature = openssl(&["dgst", hash, "-sign", key, body], "");
    let start = der.len() - signature.len();
    der[start..].copy_from_slice(&signature);
    CertificateDer::from(der)
}

/// What `openssl` makes of its input.
pub(super) fn openssl(arguments: &[&str], input: &str) -> Vec<u8> {
    let output = run(program("usr/bin/openssl").args(arguments), input);
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn what_is_signed_anew_is_signed_by_the_same_authority() {
    let desk = Desk { name: "old.badssl.test".to_owned(), ..Desk::new() };
    for (weakness, hash) in [(Weakness::Md5, "md5WithRSAEncryption"), (Weakness::Sha1, "sha1WithRSAEncryption")] {
        let chain = desk.weakly_signed(weakness).chain_pem;
        let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
        let read = notafter::observation::certificate::Certificate::from_der(&leaf).unwrap();
        assert_eq!(read.signature_algorithm, hash);
        let folder = tempfile::tempdir().unwrap();
        let [own, issuer] = ["own", "issuer"].map(|name| folder.path().join(name));
        std::fs::write(&own, &chain).unwrap();
        std::fs::write(&issuer, desk.rsa.certificate_pem()).unwrap();
        let [own, issuer] = [&own, &issuer].map(|path| path.to_str().unwrap());
        let at = day(0).to_string();
        let arguments = ["verify", "-auth_level", "0", "-partial_chain", "-trusted", issuer, "-attime", &at, own];
        assert!(String::from_utf8_lossy(&openssl(&arguments, "")).contains("OK"));
    }
}
