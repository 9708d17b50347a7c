//! However few files we may open, it is never the domain's fault that we had no socket to look with.

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like};
use super::stage::{Stage, codes, sound, statuses};

const ADDRESSES: usize = 16;

#[test]
fn with_too_few_files_to_open_what_was_not_looked_at_is_said_and_nobody_blamed() {
    let root = Authority::root("Lab Root").unwrap();
    let ips: Vec<String> = (1..=ADDRESSES).map(|last| format!("127.0.0.{last}")).collect();
    let ips: Vec<&str> = ips.iter().map(String::as_str).collect();
    let issued = root.leaf(&sound("login.example")).unwrap();
    let stage = Stage::new(&root, &[Vhost::new("login.example", &issued).on(&ips).answering(auth0_like("$host"))]);
    let addresses: Vec<String> = ips.iter().map(|ip| stage.nginx.at(ip).to_string()).collect();
    let mut arguments = vec!["login.example", "--format", "json"];
    arguments.extend(addresses.iter().flat_map(|address| ["--address", address]));

    let (mut unasked, mut partly, mut fully) = (0, 0, 0);
    // With fewer the runtime itself does not start.
    for files in 9..48 {
        let object = stage.check_with_files(files, &arguments).json();
        let observations = &object["observations"];
        let not_looked = observations["not_looked"].as_array().unwrap();
        let looked = observations["tls"].as_array().unwrap();
        assert_eq!(looked.len() + not_looked.len(), ADDRESSES, "{files} files: {object}");
        assert!(looked.iter().all(|tls| tls["failure"] == Value::Null), "{files} files: {object}");
        assert!(not_looked.iter().all(|other| other["reason"].as_str().unwrap().contains("open files")), "{object}");
        let dns = &observations["dns"];
        let was_asked = ["a", "aaaa"].iter().all(|kind| dns[kind]["outcome"] != "out_of_resources");
        if not_looked.is_empty() && was_asked {
            assert_eq!((codes(&object), &object["verdict"]), (vec![], &json!("healthy")), "{files} files: {object}");
            fully += 1;
        } else {
            assert_eq!(codes(&object), ["watch.out_of_resources"], "{files} files: {object}");
            assert_eq!(object["verdict"], "unknown");
            assert!(!statuses(&object).contains(&"broken"), "{object}");
            partly += usize::from(was_asked);
            unasked += usize::from(!was_asked);
        }
    }
    assert!(unasked > 0 && partly > 0 && fully > 0, "{unasked} {partly} {fully}");
}
