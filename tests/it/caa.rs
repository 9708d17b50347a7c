//! CAA records, asked of a real name server: at which name the climb ends, and what is said to the CA in use.

use std::net::{SocketAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like};
use super::stage::{NOW, Ran, Stage, codes, notafter, sound, statuses};

const FORBIDS: &[&str] = &["dns.caa_forbids_issuer"];
const UNKNOWN: &[&str] = &["dns.caa_unknown_issuer"];
const UNREADABLE: &[&str] = &["dns.caa_unreadable"];

/// A top-level domain with a CDN beside it.
const TOP: &str = "@ CAA 0 iodef \"mailto:security@example\"\n\
     none A 127.0.0.1\n\
     own A 127.0.0.1\nown CAA 0 issue \"letsencrypt.org; validationmethods=dns-01,http-01; accounturi=https://ca.example/1\"\n\
     parent CAA 0 issue \"pki.goog\"\nparent CAA 0 issuewild \"letsencrypt.org\"\n\
     sub.parent A 127.0.0.1\n\
     deep.er.parent A 127.0.0.1\n\
     wild.parent A 127.0.0.1\nwild.parent CAA 0 issue \";\"\n\
     alias.parent CNAME first.example.net.\n\
     bare.parent CNAME bare.example.net.\n\
     nobody A 127.0.0.1\nnobody CAA 0 issue \";\"\n\
     future A 127.0.0.1\nfuture CAA 0 issue \"letsencrypt.org\"\nfuture CAA 128 future \"x\"\n\
     loop CNAME loop\n";
const NET: &str = "@ CAA 0 issue \";\"\n\
     first CNAME cdn\ncdn A 127.0.0.1\ncdn CAA 0 issue \"letsencrypt.org\"\n\
     bare A 127.0.0.1\n";

fn stage(organization: &str) -> Stage {
    let root = Authority::root_of(organization, "Lab Root").unwrap();
    let names = ["own", "sub.parent", "deep.er.parent", "alias.parent", "bare.parent", "nobody", "future"];
    let exact = names.iter().fold(sound("none.example"), |spec, name| spec.with_name(&format!("{name}.example")));
    let answer = auth0_like("$host");
    let host = |name: &str, spec| Vhost::new(name, &root.leaf(&spec).unwrap()).answering(answer.as_str());
    let hosts = [host("*.example", exact), host("wild.parent.example", sound("*.parent.example"))];
    Stage::with_zones(&root, &hosts, &[("example", TOP), ("example.net", NET)])
}

fn caa(seen: &Value) -> &Value {
    &seen["observations"]["dns"]["caa"]
}

#[test]
fn the_first_records_on_the_way_to_the_top_count() {
    let (known, unknown) = (stage("Let's Encrypt"), stage("Example Trust"));
    for (name, ended, owner, expected, of_unknown) in [
        ("own", "own.example", "own.example", &[][..], UNKNOWN),
        ("sub.parent", "parent.example", "parent.example", FORBIDS, UNKNOWN),
        ("deep.er.parent", "parent.example", "parent.example", FORBIDS, UNKNOWN),
        // The set of what it points at comes before the one above it, even over two CNAMEs …
        ("alias.parent", "alias.parent.example", "cdn.example.net", &[], UNKNOWN),
        // … but the climb goes up from the domain, not from there.
        ("bare.parent", "parent.example", "parent.example", FORBIDS, UNKNOWN),
        ("nobody", "nobody.example", "nobody.example", FORBIDS, FORBIDS),
        ("future", "future.example", "future.example", FORBIDS, FORBIDS),
        // A wildcard's records are those above it: what stands at the domain itself is for other certificates.
        ("wild.parent", "wild.parent.example", "wild.parent.example", &[], UNKNOWN),
        // The top-level domain is asked too.
        ("none", "example", "example", &[], &[]),
    ] {
        for (stage, expected) in [(&known, expected), (&unknown, of_unknown)] {
            let ran = stage.look(&format!("{name}.example"), &[]);
            let seen = ran.json();
            let exit = i32::from(expected == FORBIDS);
            assert_eq!((codes(&seen), ran.code), (expected.to_vec(), exit), "{name}: {seen:#}");
            let own = &caa(&seen)["own"];
            let end = own["cname"].as_array().unwrap().last().map_or(&own["name"], |link| &link["target"]);
            assert_eq!((&own["name"], &own["outcome"], end), (&json!(ended), &json!("found"), &json!(owner)), "{name}");
            assert_eq!(statuses(&seen), ["ok"; 7], "{name}");
            if let Some(finding) = seen["findings"].get(0) {
                let expected = if name == "wild.parent" { "parent.example" } else { owner };
                assert_eq!(finding["facts"]["caa_name"], expected, "{name}");
            }
        }
    }
}

#[test]
fn records_are_told_as_they_are() {
    let stage = stage("Let's Encrypt");
    let seen = stage.look("own.example", &[]).json();
    let value = "letsencrypt.org; validationmethods=dns-01,http-01; accounturi=https://ca.example/1";
    let record = json!({
        "critical": false,
        "tag": "issue",
        "value": value,
        "issuer": "letsencrypt.org",
        "accounturi": "https://ca.example/1",
        "validationmethods": ["dns-01", "http-01"],
    });
    let own = json!({ "name": "own.example", "cname": [], "records": [record], "ttl": 300, "outcome": "found" });
    assert_eq!(caa(&seen)["own"], own);
    let top = &caa(&seen)["wildcard"];
    assert_eq!(
        (&top["name"], &top["records"][0]["tag"], &top["records"][0]["issuer"]),
        (&json!("example"), &json!("iodef"), &Value::Null)
    );
    // Where all of it fails, nobody asks on for CAA.
    let lost = stage.look("login.example.org", &[]).json();
    assert_eq!(caa(&lost), &Value::Null);
}

/// What a resolver does with a question.
#[derive(Clone, Copy)]
enum Answer {
    Code(u8),
    Never,
}

/// The odd answers of a resolver, by name and type.
type Odd = fn(&str, u16) -> Option<Answer>;

/// A resolver before a name server: what `odd` says of a name and type comes so, the rest as the name server has it.
fn resolver(behind: SocketAddr, odd: Odd) -> SocketAddr {
    let front = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = front.local_addr().unwrap();
    thread::spawn(move || {
        let (mut buffer, back) = ([0; 4096], UdpSocket::bind("127.0.0.1:0").unwrap());
        back.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        while let Ok((length, client)) = front.recv_from(&mut buffer) {
            let (name, kind) = question(&buffer[..length]);
            let length = match odd(&name, kind) {
                Some(Answer::Never) => continue,
                Some(Answer::Code(code)) => {
                    (buffer[2], buffer[3]) = (buffer[2] | 0x80, code);
                    length
                }
                None => {
                    back.send_to(&buffer[..length], behind).unwrap();
                    back.recv(&mut buffer).unwrap()
                }
            };
            buffer[3] |= 0x80;
            front.send_to(&buffer[..length], client).unwrap();
        }
    });
    address
}

/// The name and type that are asked for.
fn question(message: &[u8]) -> (String, u16) {
    let (mut at, mut labels) = (12, Vec::new());
    while message[at] != 0 {
        let end = at + 1 + usize::from(message[at]);
        labels.push(String::from_utf8_lossy(&message[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), u16::from_be_bytes([message[at + 1], message[at + 2]]))
}

const CAA: u16 = 257;
const SERVFAIL: Answer = Answer::Code(2);
const REFUSED: Answer = Answer::Code(5);

fn look_through(stage: &Stage, name: &str, odd: Odd) -> Ran {
    let resolver = resolver(stage.knot.address(), odd).to_string();
    let config = stage.config("timeout = \"1s\"\n");
    let address = stage.nginx.at("127.0.0.1").to_string();
    notafter([
        "check",
        name,
        "--format",
        "json",
        "--config",
        &config,
        "--nameserver",
        &resolver,
        "--address",
        &address,
        "--at",
        NOW,
    ])
}

#[test]
fn records_that_cannot_be_read_are_told_where_the_climb_ended() {
    let stage = stage("Let's Encrypt");
    let cases: [(&str, Odd, &str, Value); 5] = [
        (
            "own.example",
            |name, kind| (name == "own.example" && kind == CAA).then_some(SERVFAIL),
            "servfail",
            json!("own.example"),
        ),
        (
            "sub.parent.example",
            |name, kind| (name == "parent.example" && kind == CAA).then_some(SERVFAIL),
            "servfail",
            json!("parent.example"),
        ),
        (
            "none.example",
            |name, kind| (name == "example" && kind == CAA).then_some(REFUSED),
            "refused",
            json!("example"),
        ),
        ("none.example", |_, kind| (kind == CAA).then_some(Answer::Never), "timeout", json!("none.example")),
        ("none.example", |_, kind| (kind == CAA).then_some(Answer::Code(4)), "not_implemented", json!("none.example")),
    ];
    for (name, odd, outcome, ended) in cases {
        let ran = look_through(&stage, name, odd);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (UNREADABLE.to_vec(), 1), "{name} {outcome}: {seen:#}");
        let own = &caa(&seen)["own"];
        assert_eq!((&own["outcome"], &own["name"]), (&json!(outcome), &ended));
        assert_eq!(seen["findings"][0]["facts"]["caa_name"], ended);
        // The handshakes did not wait for it.
        assert_eq!(statuses(&seen), ["ok"; 7]);
    }
    // What is met before the name that fails ends the climb in time.
    let ran = look_through(&stage, "own.example", |name, kind| (name == "example" && kind == CAA).then_some(SERVFAIL));
    assert_eq!((codes(&ran.json()), ran.code), (vec![], 0), "{:#}", ran.json());
    // Nor is a fault what nobody could answer: the domain itself has no address.
    let ran = look_through(&stage, "loop.example", |_, _| None);
    assert!(!codes(&ran.json()).contains(&"dns.caa_unreadable"), "{:#}", ran.json());
    assert_eq!(caa(&ran.json())["own"]["outcome"], "failed");
}

#[test]
fn a_server_that_has_only_its_own_zones_says_nothing_of_those_above() {
    let root = Authority::root_of("Let's Encrypt", "Lab Root").unwrap();
    let host = Vhost::new("login.example.com", &root.leaf(&sound("login.example.com")).unwrap());
    let stage = Stage::with_zones(&root, &[host], &[("example.com", "login A 127.0.0.1")]);
    // Knot refuses what is asked of `com`; a resolver would know.
    let ran = stage.look("login.example.com", &[]);
    let seen = ran.json();
    assert_eq!((codes(&seen), ran.code), (vec![], 0), "{seen:#}");
    let own = json!({ "name": null, "cname": [], "records": [], "ttl": null, "outcome": "no_data" });
    assert_eq!(*caa(&seen), json!({ "own": own, "wildcard": own }));
}
