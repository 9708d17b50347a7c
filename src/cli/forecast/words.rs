//! [`Word`]: one thing that a receiver is told of one incident, whether by a mail or by an alert.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::UnixTime;
use crate::incident::{Notice, Reason};
use crate::keeper::{Told, What};
use crate::verdict::Severity;

/// Whose incident it is: domain, view, family.
pub(super) type Key = (String, String, String);

/// One thing that is told of one incident.
#[derive(Debug, Clone)]
pub(super) struct Word {
    pub(super) at: UnixTime,
    pub(super) receiver: String,
    pub(super) key: Key,
    pub(super) severity: Severity,
    /// It says that it is over.
    pub(super) over: bool,
    /// In a few words, of an alert.
    pub(super) summary: String,
}

/// Everything that was told, word by word, in order.
pub(super) fn words(told: &[Told]) -> Vec<Word> {
    let mut shown = BTreeSet::new();
    told.iter().flat_map(|told| words_of(told, &mut shown)).collect()
}

/// The words of one mail or post. Alerts that were posted before are no news.
pub(super) fn words_of(told: &Told, shown: &mut BTreeSet<String>) -> Vec<Word> {
    match &told.what {
        What::Mail(mail) => mail.notices.iter().map(|notice| of_notice(told, notice)).collect(),
        What::Alerts(post) => {
            let alerts: Vec<Value> = serde_json::from_str(&post.body).unwrap_or_default();
            let news = |alert: &Value| {
                let word = of_alert(told, alert);
                let labels = format!("{} {}", told.receiver, alert.get("labels")?);
                let is_news = if word.over { shown.remove(&labels) } else { shown.insert(labels) };
                is_news.then_some(word)
            };
            alerts.iter().filter_map(news).collect()
        }
    }
}

/// Whose incident a notice is of.
pub(super) fn key(notice: &Notice) -> Key {
    (notice.domain.clone(), notice.view.clone(), notice.family.clone())
}

/// How bad it is; one that we do not know is taken for the worst.
pub(super) fn severity(text: &str) -> Severity {
    Severity::parse(text).unwrap_or(Severity::Critical)
}

fn of_notice(told: &Told, notice: &Notice) -> Word {
    Word {
        at: told.at,
        receiver: told.receiver.clone(),
        key: key(notice),
        severity: severity(&notice.severity),
        over: notice.reason == Reason::Resolved,
        summary: String::new(),
    }
}

fn of_alert(told: &Told, alert: &Value) -> Word {
    let label = |name: &str| alert["labels"][name].as_str().unwrap_or_default().to_owned();
    let ends = alert["endsAt"].as_str().and_then(UnixTime::parse_rfc3339);
    Word {
        at: told.at,
        receiver: told.receiver.clone(),
        key: (label("domain"), label("view"), label("family")),
        severity: severity(&label("severity")),
        over: ends.is_some_and(|ends| ends <= told.at),
        summary: alert["annotations"]["summary"].as_str().unwrap_or_default().to_owned(),
    }
}
