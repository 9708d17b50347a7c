//! A real Alertmanager, and a cluster of two, is shown what fires, and tells people of it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::lab::domain;
use super::sink::Sink;
use super::{DAY, Home, Lab, wait_until};
use crate::servers::{Alertmanager, Nginx, Vhost, amtool, lab_identity};

const NAME: &str = "login.lab.example";

/// A `[[receiver]]` that is these Alertmanagers.
fn receiver(peers: &[&Alertmanager]) -> String {
    let urls: Vec<String> = peers.iter().map(|peer| peer.url()).collect();
    format!(
        "[[receiver]]\nname = \"am\"\n[receiver.alertmanager]\nurls = {urls:?}\nlabels = {{ cluster = \"eu\" }}\n\
         external_url = \"https://notafter.example.com/\"\n"
    )
}

/// Tells nobody.
const SILENT: &str = "route: { receiver: nobody }\nreceivers: [ { name: nobody } ]\n";

/// Mails to the sink what fires, and what is over.
fn by_mail(sink: &Sink) -> String {
    format!(
        "route: {{ receiver: mail, group_by: [ alertname, domain ], group_wait: 1s, group_interval: 1s }}\n\
         receivers:\n  - name: mail\n    email_configs:\n      - to: oncall@example.com\n        \
         from: alertmanager@example.com\n        smarthost: '{}'\n        require_tls: false\n        \
         send_resolved: true\n        headers: {{ Subject: '{{{{ .Status }}}} {{{{ .CommonLabels.alertname }}}}' }}\n",
        sink.address()
    )
}

fn subjects(sink: &Sink) -> Vec<String> {
    let subject = |mail: &String| mail.lines().find_map(|line| line.strip_prefix("Subject: ").map(str::to_owned));
    sink.mails().iter().filter_map(subject).collect()
}

#[test]
fn what_fires_is_shown_and_what_is_mended_is_over() {
    let (lab, home) = (Lab::start(), Home::bare());
    let mut nginx = Nginx::start(&[lab.host(NAME, 5 * DAY + 3600)]);
    let mut alertmanager = Alertmanager::start(SILENT, &[]);
    let labelled = domain(NAME, &[nginx.at("127.0.0.1")]) + "labels = { team = \"identity\", severity = \"mine\" }\n";
    home.configure(&(lab.probe(&home, "200ms") + &labelled + &receiver(&[&alertmanager])));
    let mut daemon = home.start_ready();
    let alerts = alertmanager.wait_for_alerts(1);
    let alert = &alerts[0];
    for (name, value) in [
        ("alertname", "NotafterTlsExpiresSoon"),
        ("code", "tls.expires_soon"),
        ("domain", NAME),
        ("severity", "critical"),
        ("view", "proxy"),
        ("family", "expiry"),
        ("team", "identity"),
        ("label_severity", "mine"),
        ("cluster", "eu"),
    ] {
        assert_eq!(alert["labels"][name], value, "{name}: {alert}");
    }
    let text = |name: &str| alert["annotations"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!(text("summary"), format!("{NAME}: the certificate expires soon"));
    assert!(text("description").contains("5 d") && !text("remedy").is_empty(), "{alert}");
    assert_eq!(alert["generatorURL"], "https://notafter.example.com/");
    daemon.wait_for_sample("notafter_notices_total{receiver=\"am\",result=\"delivered\"}", 1.0);
    daemon.wait_for_sample("notafter_notices_owed{receiver=\"am\"}", 0.0);
    // A new daemon on the same state shows the same alert: nothing is over, nothing begins anew.
    daemon.stop();
    let mut daemon = home.start_ready();
    daemon.wait_for_sample("notafter_notices_total{receiver=\"am\",result=\"delivered\"}", 1.0);
    assert_eq!(alertmanager.alerts()[0]["startsAt"], alert["startsAt"]);
    nginx.reload(&[lab.host(NAME, 60 * DAY)]);
    alertmanager.wait_for_alerts(0);
    daemon.wait_for_sample("notafter_notices_total{receiver=\"am\",result=\"delivered\"}", 2.0);
    daemon.stop();
}

#[test]
fn two_daemons_and_a_cluster_of_two_tell_people_once() {
    let (lab, homes, sink) = (Lab::start(), [Home::bare(), Home::bare()], Sink::start());
    let mut nginx = Nginx::start(&[lab.host(NAME, 5 * DAY + 3600)]);
    let mut first = Alertmanager::start(&by_mail(&sink), &[]);
    let mut second = Alertmanager::start(&by_mail(&sink), &[&first]);
    first.wait_for_peers(2);
    second.wait_for_peers(2);
    let mut daemons = homes.each_ref().map(|home| {
        let watched = domain(NAME, &[nginx.at("127.0.0.1")]);
        home.configure(&(lab.probe(home, "200ms") + &watched + &receiver(&[&first, &second])));
        home.start_ready()
    });
    wait_until("a mail", || !sink.mails().is_empty());
    for daemon in &mut daemons {
        daemon.wait_for_sample("notafter_notices_total{receiver=\"am\",result=\"delivered\"}", 1.0);
    }
    for peer in [&mut first, &mut second] {
        assert_eq!(peer.wait_for_alerts(1)[0]["labels"]["domain"], NAME);
    }
    // So long the later peer waits for word of the other's mail, and would send its own for want of it.
    let both_have_had_their_turn = || thread::sleep(Duration::from_secs(Alertmanager::PEER_TIMEOUT_S + 1));
    both_have_had_their_turn();
    nginx.reload(&[lab.host(NAME, 60 * DAY)]);
    wait_until("another mail", || sink.mails().len() > 1);
    both_have_had_their_turn();
    assert_eq!(subjects(&sink), ["firing NotafterTlsExpiresSoon", "resolved NotafterTlsExpiresSoon"]);
    for daemon in daemons {
        daemon.stop();
    }
}

#[test]
fn a_test_alert_is_taken_and_told_of() {
    let home = Home::bare();
    let mut alertmanager = Alertmanager::start(SILENT, &[]);
    home.configure(&("[[domain]]\nname = \"login.lab.example\"\n".to_owned() + &receiver(&[&alertmanager])));
    let output = home.run(&["mail", "test"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains(&format!("{} took the alert NotafterTest", alertmanager.url())), "{text}");
    let alerts = alertmanager.wait_for_alerts(1);
    assert_eq!(alerts[0]["labels"], serde_json::json!({ "alertname": "NotafterTest", "severity": "none" }));
    drop(alertmanager);
    let output = home.run(&["mail", "test"]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn behind_a_proxy_a_peer_is_reached_by_tls_below_a_path_and_with_a_password() {
    let (home, (root, identity)) = (Home::bare(), lab_identity("localhost"));
    let mut alertmanager = Alertmanager::start(SILENT, &[]);
    // "notafter:geheim"
    let inside = format!(
        "location /am/ {{ if ($http_authorization != 'Basic bm90YWZ0ZXI6Z2VoZWlt') {{ return 401 $http_authorization; }} \
         proxy_pass http://{}/; }}",
        alertmanager.address()
    );
    let nginx = Nginx::start(&[Vhost::new("localhost", identity).answering(inside)]);
    home.write("roots.pem", &root.root_pem());
    home.write("others.pem", &lab_identity("localhost").0.root_pem());
    let test = |password: &str, roots: &str| {
        home.write("password", password);
        home.configure(&format!(
            "[[domain]]\nname = \"{NAME}\"\n[[receiver]]\nname = \"am\"\n[receiver.alertmanager]\n\
             urls = [\"https://localhost:{}/am\"]\nusername = \"notafter\"\npassword = {{ file = \"password\" }}\n\
             roots = \"{roots}\"\n",
            nginx.port()
        ));
        let output = home.run(&["mail", "test"]);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = test("geheim", "others.pem");
    assert!(code == Some(1) && text.contains("no TLS: invalid peer certificate"), "{text}");
    let (code, text) = test("verraten", "roots.pem");
    assert!(code == Some(1) && text.contains("status 401 Unauthorized: Basic ***"), "{text}");
    assert!(alertmanager.alerts().is_empty());
    let (code, text) = test("geheim", "roots.pem");
    assert_eq!(code, Some(0), "{text}");
    alertmanager.wait_for_alerts(1);
}

/// The blocks of a page of the documents that begin with this line.
fn blocks(page: &str, first: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(page)).expect("the page");
    let blocks = text.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    blocks.map(|(_, block)| block.to_owned()).filter(|block| block.starts_with(first)).collect()
}

#[test]
fn the_routing_in_the_documents_is_sound_and_routes_as_it_says() {
    let blocks = blocks("alertmanager.md", "# alertmanager.yml");
    let [example] = blocks.as_slice() else { panic!("one example, not {}", blocks.len()) };
    let home = Home::bare();
    home.write("alertmanager.yml", example);
    let file = home.path().join("alertmanager.yml").display().to_string();
    let (code, text) = amtool(&["check-config", &file]);
    assert_eq!(code, 0, "{text}");
    for (labels, told) in [
        (["alertname=NotafterTlsExpiresSoon", "severity=critical"], "oncall"),
        (["alertname=NotafterTlsExpiresSoon", "severity=warning"], "team"),
        (["alertname=NotafterTest", "severity=none"], "nobody"),
        (["alertname=NodeDown", "severity=critical"], "others"),
    ] {
        let arguments = ["config", "routes", "test", "--config.file", file.as_str(), labels[0], labels[1]];
        let (code, text) = amtool(&arguments);
        assert_eq!((code, text.trim()), (0, told), "{labels:?}");
    }
}

#[test]
fn the_receiver_in_the_documents_is_sound() {
    let blocks = blocks("alertmanager.md", "[[receiver]]");
    assert!(!blocks.is_empty());
    for block in blocks {
        let home = Home::bare();
        home.write("alertmanager-password", "geheim\n");
        home.configure(&("[[domain]]\nname = \"login.example.com\"\n".to_owned() + &block));
        let mut command = Command::new(env!("CARGO_BIN_EXE_notafter"));
        let output = command.args(["config", "check"]).arg(home.path().join("notafter.toml")).output().expect("a run");
        let text = [output.stdout, output.stderr].concat();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&text));
    }
}
