//! What the services say they take, held against every sample and against whatever strangers may write.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::super::super::samples::{Sample, mail};
use super::*;
use crate::domain::UnixTime;
use crate::incident::{MailKind, Notice, PathFact, Reason};

fn length(value: &Value) -> usize {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).chars().count()
}

/// docs.slack.dev, "Blocks", "Header block", "Section block", "Context block", "Text object".
fn check_slack(message: &Value) {
    let blocks = message["blocks"].as_array().unwrap();
    assert!((1..=50).contains(&blocks.len()), "{} blocks", blocks.len());
    let mut texts = vec![&message["text"]];
    for block in blocks {
        match block["type"].as_str().unwrap() {
            "header" => {
                assert_eq!(block["text"]["type"], "plain_text");
                assert!((1..=150).contains(&length(&block["text"]["text"])), "{block}");
                texts.push(&block["text"]["text"]);
            }
            "section" => texts.push(&block["text"]["text"]),
            "context" => {
                let elements = block["elements"].as_array().unwrap();
                assert!((1..=10).contains(&elements.len()));
                texts.extend(elements.iter().map(|element| &element["text"]));
            }
            "divider" => {}
            other => panic!("no such block: {other}"),
        }
        let of = if block["type"] == "context" { &block["elements"][0] } else { &block["text"] };
        assert!(of["type"] != "mrkdwn" || of["verbatim"] == true, "{block}");
    }
    let lengths: Vec<usize> = texts.iter().map(|text| length(text)).collect();
    assert!(lengths.iter().all(|length| (1..=3000).contains(length)), "{lengths:?}");
    assert!(lengths.iter().skip(1).sum::<usize>() <= 13_000, "{lengths:?}");
    for text in texts.iter().map(|text| text.as_str().unwrap()) {
        assert!(!text.contains(['<', '>']), "something to parse in {text}");
        let lower = text.to_lowercase();
        assert!(!["@here", "@channel", "@everyone"].iter().any(|name| lower.contains(name)), "a mention in {text}");
        let entities = ["&amp;", "&lt;", "&gt;"];
        let rest = entities.iter().fold(text.to_owned(), |text, entity| text.replace(entity, ""));
        assert!(!rest.contains('&'), "a cut entity in {text}");
    }
}

/// "Send an Alert Event" and "Events API v2 Overview" of PagerDuty.
fn check_pagerduty(event: &Value) {
    assert!(event.to_string().len() <= 512 * 1024);
    assert_eq!(length(&event["routing_key"]), 32);
    assert!((1..=255).contains(&length(&event["dedup_key"])));
    if event["event_action"] == "resolve" {
        return;
    }
    assert_eq!(event["event_action"], "trigger");
    let payload = &event["payload"];
    assert!((1..=1024).contains(&length(&payload["summary"])));
    assert!(length(&payload["source"]) > 0);
    assert!(["critical", "error", "warning", "info"].map(Value::from).contains(&payload["severity"]), "{payload}");
    assert!(UnixTime::parse_rfc3339(payload["timestamp"].as_str().unwrap()).is_some());
    assert!(payload["custom_details"].is_object());
    for link in event["links"].as_array().unwrap() {
        assert!(link["href"].as_str().unwrap().starts_with("https://") && link["text"].is_string());
    }
}

/// "Alert API" of Opsgenie.
fn check_opsgenie(call: &Call) {
    let body = body(call);
    if let Some(alias) = call.below.strip_suffix("/close?identifierType=alias") {
        assert!(alias.bytes().skip(1).all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{alias}");
        assert!(length(&body["note"]) <= 25_000 && length(&body["source"]) <= 100);
        return;
    }
    assert_eq!(call.below, "");
    assert!((1..=130).contains(&length(&body["message"])));
    assert!((1..=512).contains(&length(&body["alias"])));
    assert!(length(&body["description"]) <= 15_000);
    assert!(length(&body["entity"]) <= 512 && length(&body["source"]) <= 100);
    assert!(["P1", "P2", "P3", "P4", "P5"].map(Value::from).contains(&body["priority"]));
    let tags = body["tags"].as_array().unwrap();
    assert!(tags.len() <= 20 && tags.iter().all(|tag| (1..=50).contains(&length(tag))));
    let details = body["details"].as_object().unwrap();
    let all: usize = details.iter().map(|(name, value)| name.chars().count() + length(value)).sum();
    assert!(all <= 8_000, "{all} characters of details");
}

fn check(name: &str, shape: &Shape, mail: &Mail) {
    for call in calls(shape, mail) {
        let body = body(&call);
        match name {
            "slack" => check_slack(&body),
            "pagerduty" => check_pagerduty(&body),
            "opsgenie" => check_opsgenie(&call),
            _ => assert!(body["version"] == 1 && body["notices"].is_array()),
        }
        assert!(!has_hidden(&body), "{body}");
    }
}

/// Whether any text has what a reader would not see, but for what we put there ourselves.
fn has_hidden(value: &Value) -> bool {
    let hidden =
        |text: &str| text.replace("@\u{200b}", "").chars().any(|c| crate::observation::is_hidden(c) && c != '\n');
    match value {
        Value::String(text) => hidden(text),
        Value::Array(all) => all.iter().any(has_hidden),
        Value::Object(map) => map.iter().any(|(name, value)| hidden(name) || has_hidden(value)),
        _ => false,
    }
}

#[test]
fn every_sample_is_within_the_limits_of_every_service() {
    for (name, shape) in ready() {
        for Sample { mail, .. } in samples() {
            check(name, &shape, &mail);
        }
        check(name, &shape, &trial::test_mail("oncall", HOST, NOW));
    }
}

/// What strangers may write, and what escaping gets wrong.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("<!channel>"),
        Just("<!here|here>"),
        Just("@here"),
        Just("@CHANNEL "),
        Just("@everyone"),
        Just("<@U012AB3CD>"),
        Just("<https://evil.example|mend>"),
        Just("&"),
        Just("&amp"),
        Just("\""),
        Just("\\"),
        Just("\\u0000"),
        Just("`"),
        Just("```"),
        Just("*"),
        Just("\r\n"),
        Just("\u{202e}"),
        Just("\u{200b}"),
        Just("\0"),
        Just("\u{1b}[2J"),
        Just("{{ 7 * 7 }}"),
        Just("{% endfor %}"),
        Just("ä"),
        Just("👩‍👩‍👧"),
        Just("] "),
        Just(","),
        Just("a long stretch of words that goes on and on, and says nothing at all; "),
    ];
    (prop::collection::vec(pieces, 0..12), 1_usize..15).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

prop_compose! {
    fn notice()(
        texts in prop::collection::vec(text(), 8),
        reason in prop_oneof![
            Just(Reason::Opened), Just(Reason::Escalated), Just(Reason::Reminder), Just(Reason::SilenceEnds), Just(Reason::Resolved)
        ],
        known in any::<bool>(),
        expires in prop::option::of(any::<i64>()),
        facts in 0_usize..25,
    ) -> Notice {
        let mut notice = sample_named("expiry").unwrap().mail.notices.remove(0);
        if !known {
            notice.severity.clone_from(&texts[0]);
            notice.code.clone_from(&texts[1]);
            notice.family.clone_from(&texts[2]);
            notice.domain.clone_from(&texts[3]);
        }
        notice.reason = reason;
        notice.title.clone_from(&texts[4]);
        notice.summary.clone_from(&texts[5]);
        notice.remedy.clone_from(&texts[6]);
        notice.expires = expires.map(UnixTime);
        notice.path = vec![PathFact { hop: texts[0].clone(), status: "broken".to_owned(), detail: texts[7].clone() }];
        let fact = |n: usize| (format!("{n}{}", texts[n % 8]), json!([texts[(n + 1) % 8], { texts[n % 8].as_str(): n }]));
        notice.facts = (0..facts).map(fact).collect();
        notice.labels = (0..facts).map(|n| (format!("{n}{}", texts[n % 8]), json!(texts[(n + 3) % 8]))).collect::<Map<_, _>>();
        notice
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_strangers_write_the_limits_hold_and_nobody_is_mentioned(
        notices in prop::collection::vec(notice(), 1..12),
        kind in prop_oneof![Just(MailKind::News), Just(MailKind::FirstSummary), Just(MailKind::Overflow), Just(MailKind::AfterQuiet), Just(MailKind::Digest)],
    ) {
        let mail = mail(kind, notices);
        for (name, shape) in ready() {
            check(name, &shape, &mail);
        }
        let template = Shape::Own(Box::new(own::everything()));
        let filled: BTreeSet<_> = calls(&template, &mail).iter().map(body).map(|body| body["text"].to_string()).collect();
        prop_assert!(filled.len() == 1);
    }
}
