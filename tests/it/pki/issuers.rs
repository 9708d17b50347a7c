//! Intermediates that a server leaves out, and that are to be had where the chain says.

use super::*;
use notafter::lab::ca::{Authority, Pointers};

fn issuers(urls: &[String]) -> Pointers {
    Pointers { issuers: urls.to_vec(), ..Pointers::default() }
}

/// A root and an intermediate whose certificate is published, and that publisher.
struct Ca {
    root: Authority,
    intermediate: Authority,
    publisher: Publisher,
}

impl Ca {
    fn new() -> Self {
        let root = Authority::root("Lab Root").unwrap();
        let intermediate = root.intermediate("Lab Intermediate").unwrap();
        let publisher = Publisher::new();
        publisher.publish("/intermediate.cer", intermediate.certificate());
        Self { root, intermediate, publisher }
    }
}

#[test]
fn a_chain_that_lacks_what_can_be_had_is_incomplete_and_told_where() {
    let ca = Ca::new();
    let url = ca.publisher.url("/intermediate.cer");
    let spec = sound("login.example").with_pointers(issuers(&["ldap://ca.example/".to_owned(), url.clone()]));
    let stage = Stage::new(&ca.root, &[leaf_alone("login.example", &ca.intermediate.leaf(&spec).unwrap())]);
    let ran = stage.look("login.example", &[]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec!["tls.chain_incomplete"], 1), "{seen:#}");
    let finding = the("tls.chain_incomplete", &seen);
    assert_eq!(finding["facts"]["issuer_urls"], serde_json::json!([url]));
    assert_eq!(finding["facts"]["missing"], serde_json::json!(["CN=Lab Intermediate"]));
    assert!(finding["summary"].as_str().unwrap().ends_with(&format!("it can be had at {url}")));
    assert_eq!(ca.publisher.requests(), ["/intermediate.cer"]);
    let config = stage.config(&(stage.domain("login.example") + "aia = false\n"));
    let unasked = stage.check(&["--config", &config, "--format", "json"]).json();
    assert_eq!(codes(&unasked), ["tls.untrusted"]);
    assert_eq!(ca.publisher.requests().len(), 1, "nobody asked");
}

#[test]
fn one_document_serves_every_domain_and_address() {
    let ca = Ca::new();
    let pointers = issuers(&[ca.publisher.url("/intermediate.cer")]);
    let host = |name: &str| {
        let issued = ca.intermediate.leaf(&sound(name).with_pointers(pointers.clone())).unwrap();
        leaf_alone(name, &issued).on(&["127.0.0.1", "127.0.0.2"])
    };
    let names = ["one.example", "two.example", "three.example"];
    let stage = Stage::new(&ca.root, &names.map(host));
    let addresses = ["127.0.0.1", "127.0.0.2"].map(|ip| stage.nginx.at(ip).to_string());
    let ran = stage
        .check(&[&names[..], &["--format", "json", "--address", &addresses[0], "--address", &addresses[1]]].concat());
    for seen in ran.lines() {
        assert_eq!(codes(&seen), ["tls.chain_incomplete"], "{seen:#}");
        assert_eq!(seen["findings"][0]["facts"]["addresses"].as_array().unwrap().len(), 2);
    }
    assert_eq!(ca.publisher.requests(), ["/intermediate.cer"]);
}

#[test]
fn issuers_are_followed_up_to_the_root() {
    let ca = Ca::new();
    let pem = ca.publisher.url("/sub.pem");
    let below = ca.intermediate.intermediate_pointing("Lab Sub", &issuers(&[ca.publisher.url("/intermediate.cer")]));
    let below = below.unwrap();
    ca.publisher.publish("/sub.pem", below.certificate_pem().as_bytes());
    let spec = sound("login.example").with_pointers(issuers(&[pem]));
    let stage = Stage::new(&ca.root, &[leaf_alone("login.example", &below.leaf(&spec).unwrap())]);
    let seen = stage.look("login.example", &[]).json();
    let missing = &the("tls.chain_incomplete", &seen)["facts"]["missing"];
    assert_eq!(*missing, serde_json::json!(["CN=Lab Sub", "CN=Lab Intermediate"]));
    assert_eq!(ca.publisher.requests(), ["/sub.pem", "/intermediate.cer"]);
}

#[test]
fn what_another_address_presents_is_what_this_one_lacks() {
    let ca = Ca::new();
    let whole = ca.intermediate.leaf(&sound("login.example")).unwrap();
    let hosts = [
        Vhost::new("login.example", &whole).on(&["127.0.0.1"]),
        leaf_alone("login.example", &whole).on(&["127.0.0.2"]),
    ];
    let stage = Stage::new(&ca.root, &hosts);
    let [one, two] = ["127.0.0.1", "127.0.0.2"].map(|ip| stage.nginx.at(ip).to_string());
    let seen = stage.check(&["login.example", "--format", "json", "--address", &one, "--address", &two]).json();
    let finding = the("tls.chain_incomplete", &seen);
    assert_eq!(finding["facts"]["addresses"], serde_json::json!([two]));
    assert_eq!(
        codes(&stage.check(&["login.example", "--format", "json", "--address", &two]).json()),
        ["tls.untrusted"]
    );
}

#[test]
fn where_nothing_helps_it_is_untrusted_and_nobody_is_asked_forever() {
    let ca = Ca::new();
    let stranger = Authority::root("Stranger").unwrap();
    let urls = ["/gone.cer", "/page.html", "/stranger.cer"].map(|path| ca.publisher.url(path));
    ca.publisher.publish("/page.html", b"<html>moved</html>");
    ca.publisher.publish("/stranger.cer", stranger.certificate());
    // A loop: each names the other as its issuer, and neither is.
    let [one, two] = ["Loop One", "Loop Two"].map(|name| Authority::root(name).unwrap());
    let (loop_one, loop_two) = (
        two.intermediate_pointing("Loop One", &issuers(&[ca.publisher.url("/two.cer")])).unwrap(),
        one.intermediate_pointing("Loop Two", &issuers(&[ca.publisher.url("/one.cer")])).unwrap(),
    );
    ca.publisher.publish("/one.cer", loop_one.certificate());
    ca.publisher.publish("/two.cer", loop_two.certificate());
    let lost = stranger.leaf(&sound("lost.example").with_pointers(issuers(&urls))).unwrap();
    let looped = sound("looped.example").with_pointers(issuers(&[ca.publisher.url("/one.cer")]));
    let looped = loop_one.leaf(&looped).unwrap();
    let hosts = [leaf_alone("lost.example", &lost), leaf_alone("looped.example", &looped)];
    let stage = Stage::new(&ca.root, &hosts);
    for name in ["lost.example", "looped.example"] {
        assert_eq!(codes(&stage.look(name, &[]).json()), ["tls.untrusted"], "{name}");
    }
    let mut asked = ca.publisher.requests();
    asked.sort();
    assert_eq!(asked, ["/gone.cer", "/one.cer", "/page.html", "/stranger.cer", "/two.cer"]);
}
