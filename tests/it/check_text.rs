//! `check` for people: the path and the chain at a glance, in 80 columns, and nothing that drives a terminal.

use notafter::lab::ca::{Authority, Issued, LeafSpec, self_signed};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

use super::servers::{Identity, Vhost};
use super::stage::{Ran, Stage, day, notafter, notafter_in_colour, sound};

/// No line is wider than any terminal, and no character moves, hides, colours or reorders anything.
fn is_plain(ran: &Ran) {
    for line in ran.stdout.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}\n{}", line.chars().count(), ran.stdout);
        assert_eq!(line.trim_end(), line, "blanks at the end");
        let hidden = |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}');
        assert!(!line.chars().any(hidden), "{line:?}");
    }
}

#[test]
fn path_chain_findings_and_mends_fit_a_terminal() {
    let root = Authority::root("Lab Root").unwrap();
    let ca = root.intermediate("Lab Intermediate of a Most Verbose Certificate Authority").unwrap();
    let host = |name: &str, issued: &Issued| Vhost::new(name, issued).on(&["127.0.0.1", "::1"]);
    let leaf = |spec: &LeafSpec| ca.leaf(spec).unwrap();
    let old = LeafSpec::new("login.old.example", day(-90) - 7_000, day(-20) - 72_000);
    let stage = Stage::new(
        &root,
        &[
            host("login.good.example", &leaf(&sound("login.good.example"))),
            host("login.old.example", &leaf(&old)),
            host("login.next.example", &leaf(&LeafSpec::new("login.next.example", day(30) + 80_000, day(90)))),
            host("login.self.example", &self_signed(&old).unwrap()),
        ],
    );
    let [v4, v6] = ["127.0.0.1", "::1"].map(|address| stage.nginx.at(address).to_string());
    let look = |name: &str| stage.check(&[name, "--address", &v4, "--address", &v6, "--txt", "f7a51f40"]);
    let good = look("login.good.example");
    is_plain(&good);
    let lines: Vec<&str> = good.stdout.lines().collect();
    assert!(lines[0].starts_with("login.good.example ") && lines[0].ends_with(" WARNING"), "{}", good.stdout);
    assert_eq!(lines[1], "  resolver ok > dns ok > connect ok > tls ok > proxy ok > edge ok > tenant ok");
    assert!(lines[2].starts_with(&format!("  {v4}  TLSv1.3  TLS_AES_256_GCM_SHA384  ")), "{}", good.stdout);
    assert!(lines[3].starts_with("    0 login.good.example ") && lines[3].ends_with("  60 d left"), "{}", lines[3]);
    assert!(lines[4].starts_with("    1 Lab Intermediate of a"), "{}", good.stdout);
    assert!(good.stdout.contains("the same chain as above"), "{}", good.stdout);
    assert!(good.stdout.contains("dns.txt_missing (warning)"), "{}", good.stdout);
    assert!(good.stdout.contains("mend: Publish the TXT record"), "{}", good.stdout);
    for (name, said) in [
        ("login.old.example", "expired 20 d 20 h"),
        ("login.next.example", "from 30 d 22 h on"),
        ("login.self.example", "tls.self_signed (critical)"),
    ] {
        let ran = look(name);
        is_plain(&ran);
        assert!(ran.stdout.contains(said), "{}", ran.stdout);
        assert!(ran.stdout.lines().next().unwrap().ends_with(" CRITICAL"), "{}", ran.stdout);
    }
    let refused = stage.check(&["login.good.example", "--address", "127.99.99.99:1"]);
    is_plain(&refused);
    assert!(refused.stdout.contains("127.99.99.99:1  connect.refused: nothing listens there"), "{}", refused.stdout);
}

/// A certificate whose maker means ill: its names hold escape sequences, line breaks and a change of direction.
fn hostile() -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["\u{1b}[2J\u{1b}]0;owned\u{7}\r\nOK.example".to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "\u{1b}[7mgood\u{202e}elpmaxe.lave\r\n\u{9b}31m");
    params.distinguished_name.push(DnType::OrganizationName, "a\u{200b}b\0c\u{2066}d");
    let certificate = params.self_signed(&key).unwrap();
    Identity { chain_pem: certificate.pem(), key_pem: key.serialize_pem() }
}

/// On a terminal there are colours, and among them nothing that a stranger wrote.
fn only_our_colours(ran: &Ran) {
    let mut text = format!("{}{}", ran.stdout, ran.stderr);
    for code in [0, 1, 2, 31, 32, 33, 35] {
        text = text.replace(&format!("\u{1b}[{code}m"), "");
    }
    let hidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{200b}' | '\u{202e}' | '\u{2066}');
    assert!(!text.contains(hidden), "{text:?}");
}

#[test]
fn what_strangers_write_cannot_drive_the_terminal() {
    let root = Authority::root("Lab Root").unwrap();
    let identity = hostile();
    let page = "add_header x-auth0-requestid \"a\u{202e}b\u{9b}31m\" always;\n\
                location / { default_type text/html; return 503 '\u{1b}[2J\u{202e}boo'; }";
    let stage = Stage::new(&root, &[Vhost::new("login.example", identity.clone()).answering(page)]);
    let address = stage.nginx.at("127.0.0.1").to_string();
    for format in ["text", "nagios"] {
        let ran = stage.check(&["login.example", "--address", &address, "--format", format]);
        assert_eq!(ran.code, 2);
        let hidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{200b}' | '\u{202e}' | '\u{2066}');
        assert!(!ran.stdout.contains(hidden), "{format}: {:?}", ran.stdout);
    }
    let ran = stage.check(&["login.example", "--address", &address]);
    assert!(ran.stdout.contains("\\1B[7mgood\\E2\\80\\AEelpmaxe"), "{}", ran.stdout);
    is_plain(&ran);
    let file = stage.file("hostile.pem", &identity.chain_pem);
    for ran in [
        stage.check_in_colour(&["login.example", "--address", &address]),
        stage.check_in_colour(&["login.example", "--address", &address, "--format", "nagios"]),
        notafter_in_colour(["inspect", &file]),
        notafter_in_colour(["inspect", &file, "--domain", "login.example"]),
        notafter_in_colour(["inspect", "\u{1b}[7mno-such-file"]),
        notafter_in_colour(["inspect", "\u{1b}[7mno-such-file", "--domain", "login.example"]),
    ] {
        assert!(ran.stdout.contains('\u{1b}') || ran.stderr.contains('\u{1b}') || ran.stdout.starts_with("NOTAFTER"));
        only_our_colours(&ran);
    }
    is_plain(&notafter(["inspect", &file]));
    is_plain(&notafter(["inspect", &file, "--domain", "login.example"]));
    // JSON escapes what it must; the rest is data.
    let ran = notafter(["inspect", &file, "--format", "json"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    assert_eq!(ran.json()["dns_names"][0], "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nOK.example");
}
