//! `check --format nagios`: what monitoring plugins print, and their exit codes.

use notafter::lab::ca::{Authority, LeafSpec};

use super::servers::Vhost;
use super::stage::{Stage, day, notafter, sound};

#[test]
fn one_line_of_status_with_performance_data() {
    let root = Authority::root("Lab Root").unwrap();
    let host = |spec: &LeafSpec| Vhost::new(&spec.names[0], &root.leaf(spec).unwrap());
    let soon = LeafSpec::new("soon.example", day(-80), day(10));
    let old = LeafSpec::new("old.example", day(-80), day(-10));
    let stage = Stage::new(&root, &[host(&sound("good.example")), host(&soon), host(&old)]);
    let look = |names: &[&str]| {
        let address = stage.nginx.at("127.0.0.1").to_string();
        stage.check(&[names, &["--format", "nagios", "--address", &address]].concat())
    };
    let good = look(&["good.example"]);
    let data = "'good.example'=5184000s;1814400:;604800:";
    assert_eq!((good.code, good.stdout), (0, format!("NOTAFTER OK - good.example is healthy | {data}\n")));
    let soon = look(&["soon.example"]);
    let expected = "NOTAFTER WARNING - soon.example: the certificate expires in 10 d, on 2026-12-11T00:00:00Z \
                    | 'soon.example'=864000s;1814400:;604800:\n";
    assert_eq!((soon.code, soon.stdout.as_str()), (1, expected));
    let old = look(&["old.example"]);
    let expected = "NOTAFTER CRITICAL - old.example: the certificate expired 10 d ago, on 2026-11-21T00:00:00Z \
                    | 'old.example'=-864000s;1512000:;604800:\n";
    assert_eq!((old.code, old.stdout.as_str()), (2, expected));
    let all = look(&["good.example", "soon.example", "old.example"]);
    let lines: Vec<&str> = all.stdout.lines().collect();
    assert_eq!(all.code, 2);
    assert!(lines[0].starts_with("NOTAFTER CRITICAL - 2 of 3 domains are not healthy | 'good.example'="), "{lines:?}");
    assert_eq!(lines[0].matches('|').count(), 1);
    assert!(lines[1].starts_with("WARNING: soon.example: ") && lines[2].starts_with("CRITICAL: old.example: "));
    assert_eq!(lines.len(), 3);
}

#[test]
fn without_a_certificate_there_is_no_performance_data() {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("good.example")).unwrap();
    let stage = Stage::new(&root, &[Vhost::new("good.example", &issued)]);
    let ran = stage.check(&["good.example", "--format", "nagios", "--address", "127.99.99.99:1"]);
    let expected = "NOTAFTER CRITICAL - good.example: 127.99.99.99:1: nothing listens there\n";
    assert_eq!((ran.code, ran.stdout.as_str()), (2, expected));
}

#[test]
fn every_usage_error_is_unknown_on_one_line_of_standard_output() {
    for arguments in [
        &["check", "--format", "nagios"][..],
        &["check", "--format=nagios", "exa mple"],
        &["check", "login.example", "--format", "nagios", "--no-such-flag"],
        &["check", "login.example", "--format", "nagios", "--roots", "/nonexistent/roots.pem"],
        &["check", "login.example", "--format", "nagios", "--config", "/nonexistent/notafter.toml"],
    ] {
        let ran = notafter(arguments);
        assert_eq!((ran.code, ran.stdout.lines().count()), (3, 1), "{arguments:?}: {}", ran.stdout);
        assert!(ran.stdout.starts_with("NOTAFTER UNKNOWN - "), "{arguments:?}: {}", ran.stdout);
    }
}
