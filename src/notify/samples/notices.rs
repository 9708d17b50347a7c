//! The notices that the samples are made of. What they say is what the looks of this version say.

use serde_json::{Map, Value, json};

use super::NOW;
use crate::incident::{Notice, NoticeId, PathFact, Reason};
use crate::observation::Code;
use crate::verdict::catalogue;

pub(super) const HOUR: i64 = 3600;
pub(super) const DAY: i64 = 24 * HOUR;

/// A notice with what the catalogue says of its code, opened 14 minutes ago.
pub(crate) fn notice(domain: &str, code: Code, reason: Reason) -> Notice {
    let entry = catalogue::entry(code);
    let family = entry.family.as_str();
    Notice {
        id: NoticeId::of(domain, entry.family.view().as_str(), family, 0, reason, 0),
        domain: domain.to_owned(),
        view: entry.family.view().as_str().to_owned(),
        family: family.to_owned(),
        episode: 0,
        reason,
        code: code.as_str().to_owned(),
        severity: entry.severity.as_str().to_owned(),
        title: entry.title.to_owned(),
        summary: String::new(),
        remedy: entry.remedy.to_owned(),
        facts: Map::new(),
        path: Vec::new(),
        expires: None,
        opened_at: NOW.plus(-14 * 60),
        at: NOW.plus(-14 * 60),
        in_setup: false,
        bonds: Vec::new(),
        labels: Map::new(),
        extra: Map::new(),
    }
}

/// A notice of another code of its family.
pub(super) fn remade(notice: Notice, code: Code, reason: Reason) -> Notice {
    let entry = catalogue::entry(code);
    Notice {
        id: NoticeId::of(&notice.domain, &notice.view, &notice.family, notice.episode, reason, 0),
        reason,
        code: code.as_str().to_owned(),
        title: entry.title.to_owned(),
        remedy: entry.remedy.to_owned(),
        severity: entry.severity.as_str().to_owned(),
        ..notice
    }
}

pub(super) fn expiring() -> Notice {
    let mut notice = notice("login.example.com", Code::TlsExpiresSoon, Reason::Opened);
    let expires = NOW.plus(2 * DAY + 4 * HOUR);
    notice.severity = "critical".to_owned();
    notice.summary = format!("the certificate expires in 2 d 4 h, on {expires}");
    notice.expires = Some(expires);
    notice.path = path("", "");
    notice.facts = facts(json!({
        "addresses": ["192.0.2.1:443", "[2001:db8::1]:443"],
        "not_before": "2026-09-02T14:00:00Z",
        "not_after": expires.to_string(),
        "seconds_left": NOW.until(expires),
        "lifetime_seconds": 90 * DAY,
        "threshold_seconds": 7 * DAY,
        "limiting": "CN=login.example.com",
        "limiting_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "limiting_path": ["login.example.com", "R12", "ISRG Root X1"],
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "serial": "04d8a2f19b5c7e30f6118a2b94c05d6e71f3",
        "subject": "CN=login.example.com",
        "issuer": "CN=R12,O=Let's Encrypt,C=US",
    }));
    notice.labels = facts(json!({ "team": "identity" }));
    notice
}

/// Nothing answers at the only address.
pub(super) fn unanswered(reason: Reason) -> Notice {
    let mut notice = notice("shop.example.com", Code::ConnectTimeout, reason);
    notice.summary = "192.0.2.9:443: no answer before the deadline".to_owned();
    notice.expires = Some(NOW.plus(64 * DAY));
    notice.path = path("connect", &notice.summary);
    notice.facts = facts(json!({ "addresses": ["192.0.2.9:443"], "detail": "no answer before the deadline" }));
    notice
}

/// One of several domains behind one proxy.
pub(super) fn refused(number: usize) -> Notice {
    let mut notice = notice(&format!("shop-{number:03}.example.com"), Code::ConnectRefused, Reason::Opened);
    notice.summary = "192.0.2.9:443: nothing listens there".to_owned();
    notice.expires = Some(NOW.plus(64 * DAY));
    notice.path = path("connect", &notice.summary);
    notice.facts = facts(json!({ "addresses": ["192.0.2.9:443"], "detail": "nothing listens there" }));
    notice
}

/// Of our own sight.
pub(super) fn unstored() -> Notice {
    let mut notice = notice("", Code::WatchStoreFailed, Reason::Opened);
    notice.summary = "the state cannot be stored: database or disk is full".to_owned();
    notice.facts = facts(json!({ "error": "database or disk is full" }));
    notice
}

/// Whatever a stranger may have put into a record, a certificate or an answer, everywhere it may come to.
pub(super) fn hostile() -> Notice {
    let evil = "<script>alert(1)</script>\r\nBcc: all@example.net\u{202e}\u{1b}[2J\"'&{{ 7 * 7 }}{% raw %}</td></table>"
        .to_owned() + &"x".repeat(2_000);
    let mut notice = notice("login.example.com", Code::TlsNameMismatch, Reason::Opened);
    notice.domain.clone_from(&evil);
    notice.view.clone_from(&evil);
    notice.family.clone_from(&evil);
    notice.code.clone_from(&evil);
    notice.severity.clone_from(&evil);
    notice.title.clone_from(&evil);
    notice.summary.clone_from(&evil);
    notice.remedy.clone_from(&evil);
    notice.expires = Some(crate::domain::UnixTime(i64::MAX));
    notice.path = vec![PathFact { hop: evil.clone(), status: "broken".to_owned(), detail: evil.clone() }; 30];
    notice.facts = (0..30).map(|n| (format!("{n}{evil}"), json!([evil, { evil.as_str(): evil }]))).collect();
    notice.labels = facts(json!({ evil.as_str(): evil }));
    notice
}

/// The seven hops, all good, or good up to the broken one.
pub(crate) fn path(broken: &str, detail: &str) -> Vec<PathFact> {
    let hops = [
        ("resolver", "192.0.2.53"),
        ("dns", "192.0.2.1"),
        ("connect", "1 of 1 addresses"),
        ("tls", "TLSv1.3"),
        ("proxy", "nginx"),
        ("edge", ""),
        ("tenant", ""),
    ];
    let at = hops.iter().position(|(hop, _)| *hop == broken);
    let seen = |index, good| match at {
        Some(at) if index == at => ("broken", detail),
        Some(at) if index > at => ("not_looked", ""),
        _ => ("ok", good),
    };
    let fact = |(index, (hop, good)): (usize, &(&str, &'static str))| {
        let (status, detail) = seen(index, *good);
        PathFact { hop: (*hop).to_owned(), status: status.to_owned(), detail: detail.to_owned() }
    };
    hops.iter().enumerate().map(fact).collect()
}

/// These facts by name.
pub(crate) fn facts(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(facts) => facts,
        _ => Map::new(),
    }
}
