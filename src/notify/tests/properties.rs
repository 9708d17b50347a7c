//! What holds for whatever notices there may be.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::Stationery;
use super::super::samples::{HOST, NOW, mail, notice};
use super::bodies::assert_well_formed;
use crate::domain::UnixTime;
use crate::incident::{MailKind, Notice, PathFact, Reason};
use crate::observation::Code;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_notice_becomes_a_mail(notices in prop::collection::vec(notices(), 0..6), kind in 0..3_usize) {
        let kind = [MailKind::News, MailKind::FirstSummary, MailKind::Overflow][kind];
        let shown = Stationery::default().render(&mail(kind, notices), NOW, HOST);
        prop_assert_eq!(shown.trouble, None);
        prop_assert!(!shown.subject.is_empty() && !shown.subject.chars().any(char::is_control), "{}", shown.subject);
        for part in [&shown.text, &shown.html] {
            prop_assert!(!part.chars().any(|c| c.is_control() && c != '\n'), "{:?}", part);
        }
        for line in shown.text.lines() {
            // A word that is too long stays whole, with hardly anything beside it.
            let columns = line.chars().count();
            let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
            prop_assert!(columns <= 78 || columns - longest <= 4, "{columns} columns: {line}");
        }
        prop_assert!(shown.html.len() < 102_000, "{}", shown.html.len());
        assert_well_formed(&shown.html);
    }
}

fn notices() -> impl Strategy<Value = Notice> {
    let code = prop::sample::select(Code::ALL);
    let reason = prop::sample::select(&[Reason::Opened, Reason::Escalated, Reason::Reminder, Reason::Resolved][..]);
    let times = (any::<i64>(), any::<i64>(), prop::option::of(any::<i64>()));
    let texts = prop::collection::vec(words(), 10);
    let path = prop::collection::vec((words(), status(), words()), 0..9);
    let facts = prop::collection::vec((words(), words()), 0..24);
    (code, reason, times, texts, path, facts, any::<bool>()).prop_map(
        |(code, reason, times, texts, path, facts, raw)| {
            let mut notice = notice(&texts[0], code, reason);
            notice.summary.clone_from(&texts[1]);
            if raw {
                let all =
                    [&mut notice.view, &mut notice.code, &mut notice.family, &mut notice.severity, &mut notice.title];
                all.into_iter().zip(&texts[2..]).for_each(|(field, text)| field.clone_from(text));
                notice.remedy.clone_from(&texts[7]);
            }
            notice.labels.insert(texts[8].clone(), json!(texts[9]));
            (notice.opened_at, notice.at, notice.expires) =
                (UnixTime(times.0), UnixTime(times.1), times.2.map(UnixTime));
            notice.path = path.into_iter().map(|(hop, status, detail)| PathFact { hop, status, detail }).collect();
            notice.facts = facts.into_iter().map(|(name, text)| (name, fact(text))).collect();
            notice
        },
    )
}

fn fact(text: String) -> Value {
    match text.len() % 4 {
        0 => json!([text, { "a": text }]),
        1 => json!(text.len()),
        _ => json!(text),
    }
}

fn status() -> impl Strategy<Value = String> {
    prop::sample::select(&["ok", "broken", "unknown", "not_looked", "new"][..]).prop_map(str::to_owned)
}

/// Anything, and what is common in names and markup.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z0-9.]{0,300}", "([a-z<>&\"'{}%]{1,12}[ \r\n]){0,60}", Just(String::new())]
}
