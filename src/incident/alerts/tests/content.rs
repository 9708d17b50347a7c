//! What an alert says.

use super::*;
use crate::incident::alerts::alertname;

fn shown(notice: Notice, settings: Settings) -> Value {
    let mut bench = Bench::new(&[A]);
    bench.alerts = Alerts::new(settings);
    bench.fire(notice);
    alerts(&bench.post().unwrap()).remove(0)
}

#[test]
fn an_alert_says_what_a_mail_would() {
    let mut told = notice("x.example", "critical");
    told.facts = json!({ "days": 6, "addresses": ["192.0.2.1:443", "192.0.2.2:443"] }).as_object().unwrap().clone();
    told.labels = json!({ "team": "identity" }).as_object().unwrap().clone();
    let settings = Settings {
        labels: [("cluster".to_owned(), "eu".to_owned()), ("team".to_owned(), "nobody".to_owned())].into(),
        external_url: Some("https://notafter.example.com/".to_owned()),
        runbook_url: Some("https://wiki.example.com/notafter/".to_owned()),
        ..settings(&[A])
    };
    let expected = json!({
        "labels": {
            "alertname": "NotafterTlsExpiresSoon", "code": "tls.expires_soon", "domain": "x.example",
            "severity": "critical", "view": "proxy", "family": "expiry", "team": "identity", "cluster": "eu",
        },
        "annotations": {
            "summary": "x.example: the certificate expires soon",
            "description": "it expires in 6 d\naddresses: 192.0.2.1:443, 192.0.2.2:443\ndays: 6",
            "remedy": "Renew it.",
            "since": "2027-01-15T08:00:00Z",
            "runbook_url": "https://wiki.example.com/notafter/tls.expires_soon",
        },
        "startsAt": "2027-01-15T08:00:00Z",
        "endsAt": "2027-01-15T08:04:00Z",
        "generatorURL": "https://notafter.example.com/",
    });
    assert_eq!(shown(told, settings), expected);
}

#[test]
fn an_alert_of_our_own_sight_has_no_domain() {
    let own = Notice { code: "watch.store_failed".to_owned(), ..notice("", "critical") };
    let alert = shown(own, settings(&[A]));
    assert_eq!(alert["labels"].get("domain"), None);
    assert_eq!(alert["labels"]["alertname"], "NotafterWatchStoreFailed");
    assert_eq!(alert["annotations"]["summary"], "notafter: the certificate expires soon");
}

#[test]
fn codes_become_names() {
    for (code, name) in [
        ("tls.expires_soon", "NotafterTlsExpiresSoon"),
        ("auth0.not_json", "NotafterAuth0NotJson"),
        ("connect.refused", "NotafterConnectRefused"),
        ("new.äöü-x", "NotafterNewX"),
        ("", "Notafter"),
    ] {
        assert_eq!(alertname(code), name);
    }
}

#[test]
fn the_operators_labels_take_nothing_from_our_own_and_become_valid() {
    let mut told = notice("x.example", "warning");
    told.labels = json!({
        "severity": "nice", "label_severity": "nicer", "on-call": "a", "on.call": "b", "1st": "c", "": "d", "empty": "",
    })
    .as_object()
    .unwrap()
    .clone();
    let labels = shown(told, settings(&[A]))["labels"].as_object().unwrap().clone();
    let expected = [
        ("severity", "warning"),
        ("label_severity", "nicer"),
        ("label_label_severity", "nice"),
        ("on_call", "a"),
        ("label_on_call", "b"),
        ("_1st", "c"),
        ("_", "d"),
    ];
    for (name, value) in expected {
        assert_eq!(labels.get(name).and_then(Value::as_str), Some(value), "{name} in {labels:?}");
    }
    assert_eq!((labels.get("empty"), labels.len()), (None, 5 + expected.len()));
}

#[test]
fn a_strangers_text_is_bounded_and_plain() {
    let mut told = notice("x.example", "warning");
    told.summary = format!("issuer \u{1b}[31mevil\u{202e} \r\n\u{0}{}", "ä".repeat(100_000));
    told.remedy = "r".repeat(100_000);
    for number in 0..1000 {
        told.facts.insert(format!("fact{number}"), json!("f\n".repeat(10_000)));
        told.labels.insert(format!("label{number}"), json!("l".repeat(10_000)));
    }
    let alert = shown(told, settings(&[A]));
    let text = alert.to_string();
    assert!(text.len() < 20_000 && !text.contains("\\u") && !text.contains('\u{202e}'), "{}", text.len());
    assert!(alert["annotations"]["description"].as_str().unwrap().starts_with("issuer [31mevil   ää"));
    assert_eq!(alert["labels"].as_object().unwrap().len(), 6 + 32);
}
