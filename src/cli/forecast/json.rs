//! The course as JSON Lines: an object a mail or alert, a domain, and each thing that nobody hears.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::course::{Course, Fate};
use super::report::subject;
use super::unheard::Unheard;
use super::words::{Word, words_of};
use crate::incident::{Mail, Notice};
use crate::keeper::{Told, What};

/// All of it, in the order of the text.
pub(super) fn lines(course: &Course) -> Vec<Value> {
    let mut shown = BTreeSet::new();
    let mut lines: Vec<Value> = course.told.iter().flat_map(|told| of_told(told, &mut shown)).collect();
    lines.extend(course.domains.iter().map(|domain| of_domain(domain, course)));
    lines.extend(course.unheard.iter().map(of_unheard));
    lines
}

fn of_told(told: &Told, shown: &mut BTreeSet<String>) -> Vec<Value> {
    match &told.what {
        What::Mail(mail) => vec![of_mail(told, mail)],
        What::Alerts(_) => words_of(told, shown).iter().map(of_alert).collect(),
    }
}

fn of_mail(told: &Told, mail: &Mail) -> Value {
    json!({
        "type": "mail", "at": told.at, "receiver": told.receiver, "kind": mail.kind, "subject": subject(told, mail),
        "notices": mail.notices.iter().map(of_notice).collect::<Vec<_>>(),
    })
}

fn of_notice(notice: &Notice) -> Value {
    json!({
        "domain": notice.domain, "view": notice.view, "code": notice.code, "family": notice.family,
        "severity": notice.severity, "reason": notice.reason, "summary": notice.summary, "expires": notice.expires,
    })
}

fn of_alert(word: &Word) -> Value {
    let (domain, view, family) = &word.key;
    json!({
        "type": "alert", "at": word.at, "receiver": word.receiver, "state": if word.over { "resolved" } else { "firing" },
        "domain": domain, "view": view, "family": family, "severity": word.severity, "summary": word.summary,
    })
}

fn of_domain(fate: &Fate, course: &Course) -> Value {
    json!({
        "type": "domain", "domain": fate.name, "expires": fate.expires, "expires_within": fate.expires_within(course).is_some(),
        "usual_renewal": fate.usual, "first_word": fate.first_word, "last_word": fate.last_word,
        "unheard": fate.is_unheard(course),
    })
}

fn of_unheard(unheard: &Unheard) -> Value {
    let Unheard { at, notice, told_at, why } = unheard;
    json!({
        "type": "unheard", "at": at, "domain": notice.domain, "view": notice.view, "code": notice.code,
        "family": notice.family, "severity": notice.severity, "summary": notice.summary, "expires": notice.expires,
        "told_at": told_at, "why": why.as_str(), "because": why.sentence(), "remedy": why.mend(),
    })
}
