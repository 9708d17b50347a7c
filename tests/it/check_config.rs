//! `check --config FILE`: several domains at once, and what flags override.

use notafter::lab::ca::{Authority, LeafSpec};

use super::servers::Vhost;
use super::stage::{Stage, codes, day, sound};

fn stage() -> Stage {
    let root = Authority::root("Lab Root").unwrap();
    let host = |spec: &LeafSpec| Vhost::new(&spec.names[0], &root.leaf(spec).unwrap());
    let stage = Stage::new(
        &root,
        &[
            host(&sound("good.example")),
            host(&LeafSpec::new("soon.example", day(-80), day(10))),
            host(&LeafSpec::new("old.example", day(-80), day(-10))),
        ],
    );
    stage.file("other-roots.pem", &Authority::root("Other Root").unwrap().root_pem());
    stage
}

#[test]
fn the_worst_of_several_domains_is_the_exit_code() {
    let stage = stage();
    for (names, exit) in [
        (&["good.example"][..], 0),
        (&["good.example", "soon.example"], 1),
        (&["soon.example", "old.example", "good.example"], 2),
    ] {
        let domains: String = names.iter().map(|name| stage.domain(name)).collect();
        let ran = stage.check(&["--format", "json", "--config", &stage.config(&domains)]);
        assert_eq!(ran.code, exit, "{names:?}");
        let seen: Vec<_> = ran.lines().iter().map(|line| line["domain"].as_str().unwrap().to_owned()).collect();
        assert_eq!(seen, names, "in the order of the file");
    }
}

#[test]
fn flags_override_the_file_and_names_not_in_it_are_looked_at_as_they_are() {
    let stage = stage();
    let text = stage.domain("good.example") + "warn_before = \"80d\"\ncritical_before = \"70d\"\n";
    let config = stage.config(&text);
    // Named: the file's thresholds and address are the domain's own.
    let ran = stage.check(&["good.example", "--format", "json", "--config", &config]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.expires_soon"], 2));
    // A name the file does not have gets the flags and the file's defaults, and none of another domain's.
    let ran = stage.look("soon.example", &["--config", &config]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.expires_soon"], 1));
    // The flag's roots replace the file's, which trust nobody here.
    let other = config_text_with(&config, "roots.pem", "other-roots.pem");
    let config = stage.file("untrusting.toml", &other);
    let ran = stage.check(&["--format", "json", "--config", &config]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["tls.expires_soon"], 2));
    // And so do the flag's addresses: the file's has an answer, this one has not.
    let ran = stage.check(&["good.example", "--format", "json", "--config", &config, "--address", "127.99.99.99:1"]);
    assert_eq!((codes(&ran.json()), ran.code), (vec!["connect.refused"], 2));
}

fn config_text_with(config: &str, from: &str, to: &str) -> String {
    let text = std::fs::read_to_string(config).unwrap();
    assert!(text.contains(from));
    text.replace(from, to)
}

#[test]
fn mistakes_in_the_file_are_usage_errors() {
    let stage = stage();
    let config = stage.config("intervall = \"1m\"\n[[domain]]\nname = \"exa mple\"\n");
    let ran = stage.check(&["--config", &config]);
    assert_eq!((ran.code, ran.stdout.as_str()), (64, ""));
    for said in ["notafter.toml:4", "intervall", "notafter.toml:6", "exa mple"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let ran = stage.check(&["--config", &config, "--format", "nagios"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (3, 1), "{}", ran.stdout);
    assert!(ran.stdout.starts_with("NOTAFTER UNKNOWN - "), "{}", ran.stdout);
}
