//! `config explain DOMAIN`: what holds for it, where that stands, and who is told.

use std::process::Command;

const FILE: &str = r#"[policy]
resolve_for = "1m"
fallback = "standby"

[[group]]
match = { team = ["identity", "shop"] }
[group.policy]
resolve_for = "5m"

[[receiver]]
name = "oncall"
email = { to = ["oncall@example.com"], from = "notafter@example.com", relay = "smtps://mail.example.com" }

[[receiver]]
name = "standby"
email = { to = ["standby@example.com"], from = "notafter@example.com", relay = "smtps://mail.example.com" }

[[route]]
match = { team = "identity" }
receivers = ["oncall"]
min_severity = "critical"

[[domain]]
name = "login.example.com"
labels = { team = "identity" }
[domain.policy]
flap_after = 0
"#;

/// Exit code, standard output and the file's name.
fn explain(domain: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notafter.toml");
    std::fs::write(&file, FILE).unwrap();
    let file = file.display().to_string();
    let ran = Command::new(env!("CARGO_BIN_EXE_notafter"))
        .args(["config", "explain", domain, "--config", &file])
        .output()
        .unwrap();
    (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap(), file)
}

#[test]
fn each_value_has_its_line_and_each_receiver_its_floor() {
    let (code, page, file) = explain("login.example.com");
    assert_eq!(code, 0);
    for expected in [
        "labels: team=identity".to_owned(),
        "  confirm_fact     \"10s\"                  default".to_owned(),
        format!("  resolve_for      \"5m\"                   {file}:8 [group.policy], instead of line 2"),
        format!("  flap_after       0                      {file}:27 [domain.policy]"),
        "  remind_critical  [\"1h\", \"4h\", \"1d\"]     default".to_owned(),
        "  oncall           from critical on".to_owned(),
        "  standby          of what is critical and another could not be told for 15m".to_owned(),
    ] {
        assert!(page.lines().any(|line| line == expected), "{expected}\nin\n{page}");
    }
}

#[test]
fn a_name_that_is_not_in_the_file_is_said_to_be_none() {
    let (code, page, _) = explain("other.example.com");
    assert_eq!(code, 0);
    assert!(page.contains("It is not in the file"), "{page}");
    assert!(page.lines().any(|line| line == "  standby          from warning on"), "{page}");
    assert_eq!(explain("not a name").0, 64);
}
