//! What is posted: golden JSON of each shape, what the services say they take, hostile text, and templates of
//! operators; `delivery` is about answers.

mod delivery;
mod limits;
mod own;

use std::fs;
use std::path::PathBuf;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::super::samples::{HOST, NOW, sample_named, samples};
use super::*;

const CONTEXT: Context<'static> = Context { now: NOW, host: HOST, links: None };

fn routing_key() -> SecretString {
    "0123456789abcdef0123456789abcdef".into()
}

/// Every shape that is ready, by its word.
fn ready() -> [(&'static str, Shape); 4] {
    let shapes = [
        Shape::Notafter,
        Shape::Slack,
        Shape::PagerDuty { routing_key: routing_key() },
        Shape::Opsgenie { api_key: "genie".into() },
    ];
    let mut shapes = shapes.into_iter();
    Shape::NAMES.map(|name| (name, shapes.next().unwrap()))
}

fn body(call: &Call) -> Value {
    serde_json::from_slice(&call.body).expect("JSON")
}

fn calls(shape: &Shape, mail: &Mail) -> Vec<Call> {
    shape.calls(mail, &CONTEXT).unwrap()
}

#[test]
fn each_shape_is_as_its_golden_file_has_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    for (name, shape) in ready() {
        let told = ["expiry", "escalated", "resolved"].map(|sample| {
            let mail = sample_named(sample).unwrap().mail;
            let calls = calls(&shape, &mail);
            let shown = calls.iter().map(|call| json!({ "id": call.id, "below": call.below, "body": body(call) }));
            (sample, shown.collect::<Value>())
        });
        let made: Value = told
            .into_iter()
            .map(|(sample, calls)| (sample.to_owned(), calls))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let made = format!("{made:#}\n");
        let path =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/notify/webhook/tests/golden/{name}.json"));
        if update {
            fs::write(&path, &made).unwrap();
        }
        let golden = fs::read_to_string(&path).unwrap_or_default();
        assert!(made == golden, "{name} has changed; look at it, then UPDATE_GOLDEN=1 cargo test --lib webhook::");
    }
}

#[test]
fn the_same_mail_comes_to_the_same_ids_and_each_call_has_its_own() {
    for (name, shape) in ready() {
        for sample in samples() {
            let ids = |mail: &Mail| calls(&shape, mail).into_iter().map(|call| call.id).collect::<Vec<_>>();
            let first = ids(&sample.mail);
            let later = Mail { attempts: 7, last_error: Some("503".to_owned()), ..sample.mail.clone() };
            assert_eq!(ids(&later), first, "{name}: {}", sample.name);
            let mut distinct = first.clone();
            distinct.dedup();
            assert_eq!(distinct.len(), first.len(), "{name}: {}", sample.name);
            if let [one] = &first[..] {
                assert_eq!(*one, sample.mail.id, "{name}: {}", sample.name);
            }
            assert!(first.iter().all(|id| id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')));
        }
    }
}

#[test]
fn nothing_of_a_large_mail_is_left_out_of_our_json() {
    let mail = sample_named("overflow").unwrap().mail;
    let bodies: Vec<Value> = calls(&Shape::Notafter, &mail).iter().map(body).collect();
    let parts: Vec<_> = bodies.iter().map(|body| (body["part"].as_u64(), body["parts"].as_u64())).collect();
    assert_eq!(parts, [(Some(1), Some(2)), (Some(2), Some(2))]);
    let told: usize = bodies.iter().map(|body| body["notices"].as_array().unwrap().len()).sum();
    assert_eq!(told, mail.notices.len());
    let ids: std::collections::BTreeSet<_> = bodies
        .iter()
        .flat_map(|body| body["notices"].as_array().unwrap())
        .map(|notice| notice["id"].as_str().unwrap())
        .collect();
    assert!(mail.notices.iter().all(|notice| ids.contains(notice.id.as_str())));
}

#[test]
fn an_incident_keeps_its_key_until_it_is_over_and_gets_another_when_it_opens_again() {
    let notice = |name| sample_named(name).unwrap().mail.notices.remove(0);
    let shape = Shape::PagerDuty { routing_key: routing_key() };
    let event = |name: &str| body(&calls(&shape, &sample_named(name).unwrap().mail)[0]);
    let (opened, still, over) = (event("opened"), event("reminder"), event("resolved"));
    let action = |event: &Value| event["event_action"].as_str().unwrap().to_owned();
    assert_eq!([action(&opened), action(&still), action(&over)], ["trigger", "trigger", "resolve"]);
    assert!(opened["dedup_key"] == still["dedup_key"] && still["dedup_key"] == over["dedup_key"]);
    let mut again = notice("opened");
    again.episode += 1;
    assert_ne!(call::incident_key(&again), call::incident_key(&notice("opened")));
}

#[test]
fn what_has_become_worse_rings_anew_at_opsgenie_and_its_end_closes_both() {
    let shape = Shape::Opsgenie { api_key: "genie".into() };
    let shown = |name: &str| {
        let calls = calls(&shape, &sample_named(name).unwrap().mail);
        calls
            .iter()
            .map(|call| (call.below.clone(), body(call)["alias"].clone(), call.may_be_absent))
            .collect::<Vec<_>>()
    };
    let mut warned = sample_named("expiry").unwrap().mail;
    warned.notices[0].severity = "warning".to_owned();
    let alias = body(&calls(&shape, &warned)[0])["alias"].as_str().unwrap().to_owned();
    let escalated = shown("escalated");
    assert_eq!(escalated[0], (String::new(), json!(alias.replace("-warning", "-critical")), false));
    assert_eq!(escalated[1], (format!("/{alias}/close?identifierType=alias"), Value::Null, true));
    let over: Vec<_> = shown("resolved").into_iter().map(|(below, ..)| below).collect();
    assert_eq!(over.len(), 3);
    assert!(over[0].contains("-critical/close") && over[1].contains("-warning/close"), "{over:?}");
}

#[test]
fn a_slack_message_reads_as_the_mail_does() {
    let mail = sample_named("expiry").unwrap().mail;
    let message = body(&calls(&Shape::Slack, &mail)[0]);
    let subject = super::super::render(&mail, &CONTEXT).subject;
    assert_eq!(message["text"], format!("🔴 {subject}"));
    let text = message["blocks"][1]["text"]["text"].as_str().unwrap();
    assert!(text.contains("*What to do:*") && text.contains("`192.0.2.1:443, [2001:db8::1]:443`"), "{text}");
    assert!(text.contains("`notafter explain tls.expires_soon`"), "{text}");
}
