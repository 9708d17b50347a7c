//! Lists of revoked certificates, by distribution point.

use std::time::{Duration, Instant};

use super::*;
use notafter::lab::ca::{Authority, CrlSpec, Pointers};

/// The day before the stories play, for a week.
fn list(revoked: &[u64]) -> CrlSpec {
    let revoked = revoked.iter().map(|serial| (*serial, day(-2))).collect();
    CrlSpec { this_update: day(-1), next_update: day(6), part: None, revoked }
}

fn crls(url: String) -> Pointers {
    Pointers { crls: vec![url], ..Pointers::default() }
}

struct Ca {
    root: Authority,
    publisher: Publisher,
}

impl Ca {
    fn new() -> Self {
        Self { root: Authority::root("Lab Root").unwrap(), publisher: Publisher::new() }
    }

    fn host(&self, name: &str, serial: u64, path: &str) -> Vhost {
        let spec = sound(name).with_serial(serial).with_pointers(crls(self.publisher.url(path)));
        Vhost::new(name, &self.root.leaf(&spec).unwrap())
    }
}

fn of_crl(seen: &Value) -> &Value {
    let said = seen["observations"]["tls"][0]["revocation"].as_array().expect("what was said");
    said.iter().find(|said| said["source"] == "crl").expect("of a list")
}

#[test]
fn the_list_says_who_is_revoked_and_one_serves_all() {
    let ca = Ca::new();
    ca.publisher.publish("/1.crl", &ca.root.crl(&list(&[7])).unwrap());
    let hosts = [ca.host("good.example", 6, "/1.crl"), ca.host("revoked.example", 7, "/1.crl")];
    let stage = Stage::new(&ca.root, &hosts);
    let address = stage.nginx.at("127.0.0.1").to_string();
    let ran = stage.check(&["good.example", "revoked.example", "--format", "json", "--address", &address]);
    let [good, revoked] = &ran.lines()[..] else { panic!("{ran:?}") };
    assert_eq!((codes(good), &good["revocation"]["status"]), (vec![], &Value::from("good")));
    assert_eq!(good["revocation"]["why"], "says the CA's list");
    assert_eq!(of_crl(good)["url"], ca.publisher.url("/1.crl").as_str());
    assert_eq!(of_crl(good)["next_update"], "2026-12-07T00:00:00Z");
    assert_eq!((codes(revoked), ran.code), (vec!["tls.revoked"], 2), "{revoked:#}");
    let facts = &the("tls.revoked", revoked)["facts"];
    assert_eq!((&facts["reason"], &facts["source"]), (&"keyCompromise".into(), &"crl".into()));
    assert_eq!(facts["revoked_at"], "2026-11-29T00:00:00Z");
    assert_eq!(revoked["broken_at"], "tls");
    assert_eq!(ca.publisher.requests(), ["/1.crl"], "once for both");
    let text = stage.check(&["revoked.example", "--address", &address]).stdout;
    assert!(text.contains("revocation: revoked"), "{text}");
}

#[test]
fn an_intermediate_that_was_revoked_is_found_on_the_roots_list() {
    let ca = Ca::new();
    let intermediate = ca.root.intermediate_pointing("Lab Intermediate", &crls(ca.publisher.url("/root.crl"))).unwrap();
    // The maker draws the serial number, so it is read from what was made.
    let serial = serial_of(intermediate.certificate());
    ca.publisher.publish("/root.crl", &ca.root.crl(&list(&[])).unwrap());
    let stage =
        Stage::new(&ca.root, &[Vhost::new("login.example", &intermediate.leaf(&sound("login.example")).unwrap())]);
    let seen = stage.look("login.example", &[]).json();
    assert_eq!((codes(&seen), &seen["revocation"]["status"]), (vec![], &Value::from("unknown")), "{serial}");
    assert_eq!(seen["revocation"]["why"], "the CA's list: the certificate names none");
    let said: Vec<&Value> = seen["observations"]["tls"][0]["revocation"].as_array().unwrap().iter().collect();
    assert_eq!((said.len(), &said[1]["status"]), (2, &Value::from("good")));
    assert_eq!(ca.publisher.requests(), ["/root.crl"]);
}

fn serial_of(der: &[u8]) -> String {
    notafter::observation::certificate::Certificate::from_der(der).unwrap().serial
}

#[test]
fn what_cannot_be_told_is_unknown_with_its_reason_and_no_fault() {
    let ca = Ca::new();
    let stranger = Authority::root("Lab Root").unwrap();
    ca.publisher.publish("/forged.crl", &stranger.crl(&list(&[1])).unwrap());
    ca.publisher.publish("/page.crl", b"<html></html>");
    ca.publisher.publish("/old.crl", &ca.root.crl(&CrlSpec { next_update: day(-1) + 3600, ..list(&[]) }).unwrap());
    let part = CrlSpec { part: Some("http://pki.example/elsewhere.crl".to_owned()), ..list(&[]) };
    ca.publisher.publish("/part.crl", &ca.root.crl(&part).unwrap());
    ca.publisher.publish("/huge.crl", &vec![0; (10 << 20) + 1]);
    let metadata = sound("inside.example").with_pointers(crls("http://169.254.169.254/latest.crl".to_owned()));
    let cases = [
        ("gone", "the CA's list: the answer is status 404"),
        ("forged", "the CA's list: the signature of the list is not the issuer's"),
        ("page", "the CA's list: the list cannot be read"),
        ("old", "the CA's list ran out on 2026-11-30T01:00:00Z"),
        ("part", "the CA's list: the list is about other certificates of the issuer"),
        ("huge", "the CA's list: the document has more than 10485760 bytes"),
        ("inside", "the CA's list: 169.254.169.254 is no public address, so it is not asked"),
    ];
    let host = |(name, _): &(&str, &str)| match *name {
        "inside" => Vhost::new("inside.example", &ca.root.leaf(&metadata).unwrap()),
        name => ca.host(&format!("{name}.example"), 1, &format!("/{name}.crl")),
    };
    let stage = Stage::new(&ca.root, &cases.iter().map(host).collect::<Vec<_>>());
    for (name, why) in cases {
        let ran = stage.look(&format!("{name}.example"), &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec![], 0), "{name}: {seen:#}");
        let told = seen["revocation"]["why"].as_str().unwrap();
        assert!(told.starts_with(why), "{name}: {told}");
        assert_eq!(seen["revocation"]["status"], "unknown", "{name}");
    }
}

#[test]
fn a_second_place_is_tried_and_settings_decide_whether_any_is() {
    let ca = Ca::new();
    ca.publisher.publish("/2.crl", &ca.root.crl(&list(&[9])).unwrap());
    let both = Pointers { crls: vec![ca.publisher.url("/1.crl"), ca.publisher.url("/2.crl")], ..Pointers::default() };
    let leaf = ca.root.leaf(&sound("login.example").with_serial(9).with_pointers(both)).unwrap();
    let stage = Stage::new(&ca.root, &[Vhost::new("login.example", &leaf)]);
    assert_eq!(codes(&stage.look("login.example", &[]).json()), ["tls.revoked"]);
    assert_eq!(ca.publisher.requests(), ["/1.crl", "/2.crl"]);
    for (mode, stapled, standing) in [("off", Value::Null, Value::Null), ("staple", false.into(), "unknown".into())] {
        let config = stage.config(&format!("{}revocation = \"{mode}\"\n", stage.domain("login.example")));
        let seen = stage.check(&["--config", &config, "--format", "json"]).json();
        assert_eq!(codes(&seen), [""; 0], "{mode}");
        assert_eq!(seen["observations"]["tls"][0]["stapled"], stapled, "{mode}");
        assert_eq!(seen["revocation"]["status"], standing, "{mode}");
    }
    assert_eq!(ca.publisher.requests().len(), 2, "nobody asked");
}

#[test]
fn nobody_waits_long_for_a_list_or_an_issuer_that_never_comes() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/1.crl", silent.local_addr().unwrap());
    let ca = Ca::new();
    let lost = Authority::root("Stranger").unwrap();
    let pointers = Pointers { issuers: vec![url.clone()], crls: vec![url], ..Pointers::default() };
    let spec = |name: &str| sound(name).with_pointers(pointers.clone());
    let hosts = [
        Vhost::new("login.example", &ca.root.leaf(&spec("login.example")).unwrap()),
        Vhost::new("lost.example", &lost.leaf(&spec("lost.example")).unwrap()),
    ];
    let stage = Stage::new(&ca.root, &hosts);
    let keys = "timeout = \"500ms\"\n";
    let config = stage.config(&format!("{keys}{}{}", stage.domain("login.example"), stage.domain("lost.example")));
    let started = Instant::now();
    let ran = stage.check(&["--config", &config, "--format", "json"]);
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let [login, lost] = &ran.lines()[..] else { panic!("{ran:?}") };
    assert_eq!(login["revocation"]["why"], "the CA's list: it has not come yet");
    assert_eq!((codes(login), codes(lost)), (vec![], vec!["tls.untrusted"]));
}
