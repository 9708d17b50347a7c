//! Names: internationalised ones go both ways, and what is no name is refused with its reason.

use notafter::lab::ca::Authority;

use super::servers::Vhost;
use super::stage::{Stage, codes, notafter, sound};

#[test]
fn an_internationalised_name_is_shown_both_ways() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("xn--4ca.example")).unwrap();
    let mut stage = Stage::new(&root, &[Vhost::new("xn--4ca.example", &issued)]);
    for name in ["ä.example", "Ä.Example.", "xn--4ca.example", "XN--4CA.EXAMPLE"] {
        let ran = stage.look(name, &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (vec![], 0), "{name}: {seen:#}");
        assert_eq!((&seen["domain"], &seen["domain_unicode"]), (&"xn--4ca.example".into(), &"ä.example".into()));
    }
    let address = stage.nginx.at("127.0.0.1").to_string();
    let ran = stage.check(&["ä.example", "--address", &address]);
    assert!(ran.stdout.starts_with("xn--4ca.example (ä.example)  "), "{}", ran.stdout);
    // Over the wire it is always the A-label.
    let requests = stage.nginx.wait_for_requests(5);
    assert!(requests.iter().all(|line| line.contains("\"xn--4ca.example\" \"xn--4ca.example\"")), "{requests:?}");
}

#[test]
fn what_is_no_name_is_refused_with_its_reason() {
    let long = format!("{}.example", "a".repeat(64));
    let deep = ["a".repeat(60).as_str(); 5].join(".");
    for (name, reason) in [
        ("exa mple", "cannot contain ' '"),
        ("-x.example", "begins or ends with a hyphen"),
        ("x-.example", "begins or ends with a hyphen"),
        (&long, "64 bytes long; 63 is the most"),
        (&deep, "304 bytes long; 253 is the most"),
        ("192.0.2.1", "is an IP address"),
        ("[2001:db8::1]", "is an IP address"),
        ("2001:db8::1", "is an IP address"),
        ("a..example", "label is empty"),
        ("", "the name is empty"),
        ("*.example", "cannot contain '*'"),
        ("https://login.example/", "cannot contain ':'"),
        ("login.example:443", "cannot contain ':'"),
        ("xn--a.example", "not a valid internationalised name"),
    ] {
        // After --, because the first of them begins with a hyphen.
        let ran = notafter(["check", "--", name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (64, ""), "{name:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(reason), "{name:?}: {}", ran.stderr);
        let ran = notafter(["inspect", "any.pem", &format!("--domain={name}")]);
        assert_eq!(ran.code, 64, "{name:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(reason), "{name:?}: {}", ran.stderr);
    }
    assert_eq!(notafter(["check", "-x.example"]).code, 64);
}
