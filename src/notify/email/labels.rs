//! The headers by which filters sort a mail, clients show how urgent it is, and robots leave it alone.

use std::collections::BTreeSet;

use crate::incident::{Mail, MailKind, Notice, Reason};

/// So many codes or domains are named in one header.
const NAMED: usize = 10;
/// So much of each.
const LONGEST: usize = 100;

/// The headers of a mail, sent under this domain.
pub(super) fn labels(mail: &Mail, domain: &str) -> Vec<(&'static str, String)> {
    let open: Vec<&Notice> = mail.notices.iter().filter(|notice| notice.reason != Reason::Resolved).collect();
    let counted = if open.is_empty() { mail.notices.iter().collect() } else { open.clone() };
    let severity = ["critical", "warning", "info"]
        .into_iter()
        .find(|severity| counted.iter().any(|notice| notice.severity == *severity));
    let is_urgent = severity == Some("critical") && !open.is_empty();
    let domains: BTreeSet<&str> =
        mail.notices.iter().map(|notice| notice.domain.as_str()).filter(|d| !d.is_empty()).collect();
    let mut labels = vec![
        ("List-Id", list_id(&mail.receiver, domain)),
        ("X-Notafter-Receiver", word(&mail.receiver)),
        ("X-Notafter-Kind", kind(mail.kind).to_owned()),
        ("X-Notafter-Severity", severity.unwrap_or("warning").to_owned()),
        ("X-Notafter-Reason", named(mail.notices.iter().map(|notice| notice.reason.as_str()))),
        ("X-Notafter-Code", named(mail.notices.iter().map(|notice| notice.code.as_str()))),
    ];
    if !domains.is_empty() {
        labels.push(("X-Notafter-Domain", named(domains.iter().copied())));
        labels.push(("X-Notafter-Domains", domains.len().to_string()));
    }
    if is_urgent {
        labels.extend([("Importance", "high".to_owned()), ("X-Priority", "1".to_owned())]);
    } else {
        // For those who answer by robots older than RFC 3834. Not where it is urgent: some relays let what calls itself
        // bulk wait (RFC 2076 discourages it), and `Auto-Submitted` and `List-Id` say the same to the others (RFC 5230
        // section 4.6).
        labels.push(("Precedence", "bulk".to_owned()));
    }
    labels
}

/// RFC 2919: an identifier under a domain of the sender's.
fn list_id(receiver: &str, domain: &str) -> String {
    let receiver = word(receiver);
    let labels: Vec<&str> = receiver.split('.').filter(|label| !label.is_empty()).collect();
    let receiver = if labels.is_empty() { "receiver".to_owned() } else { labels.join(".") };
    format!("<{receiver}.notafter.{domain}>")
}

const fn kind(kind: MailKind) -> &'static str {
    match kind {
        MailKind::News => "news",
        MailKind::FirstSummary => "first_summary",
        MailKind::Overflow => "overflow",
        MailKind::AfterQuiet => "after_quiet",
        MailKind::Digest => "digest",
    }
}

/// Each once, in order; what is beyond the tenth is marked.
fn named<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let all: BTreeSet<String> = all.map(word).filter(|word| !word.is_empty()).collect();
    let shown: Vec<&str> = all.iter().map(String::as_str).take(NAMED).collect();
    if all.len() > NAMED { format!("{}, ...", shown.join(", ")) } else { shown.join(", ") }
}

/// Nothing that a header could be broken by.
fn word(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{Sample, sample_named, samples};
    use super::*;

    fn of(sample: &str) -> Vec<(&'static str, String)> {
        labels(&sample_named(sample).unwrap().mail, "example.com")
    }

    fn value<'a>(labels: &'a [(&str, String)], name: &str) -> Option<&'a str> {
        labels.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn filters_find_what_they_sort_by() {
        let opened = of("opened");
        for (name, wanted) in [
            ("List-Id", "<oncall.notafter.example.com>"),
            ("X-Notafter-Receiver", "oncall"),
            ("X-Notafter-Kind", "news"),
            ("X-Notafter-Severity", "critical"),
            ("X-Notafter-Reason", "opened"),
            ("X-Notafter-Code", "connect.timeout"),
            ("X-Notafter-Domain", "shop.example.com"),
            ("Importance", "high"),
            ("X-Priority", "1"),
        ] {
            assert_eq!(value(&opened, name), Some(wanted), "{name}");
        }
        assert_eq!(value(&opened, "Precedence"), None);
        assert_eq!(value(&of("own-sight"), "X-Notafter-Domain"), None);
        let many = of("many-domains");
        assert_eq!(value(&many, "X-Notafter-Domains"), Some("12"));
        assert!(value(&many, "X-Notafter-Domain").unwrap().ends_with("shop-009.example.com, ..."));
    }

    #[test]
    fn only_what_is_critical_and_lasts_is_urgent() {
        for (sample, urgent) in [("expiry", true), ("reminder", true), ("resolved", false), ("set-up", false)] {
            let labels = of(sample);
            assert_eq!(value(&labels, "Importance").is_some(), urgent, "{sample}");
            assert_eq!(value(&labels, "Precedence").is_none(), urgent, "{sample}");
        }
        assert_eq!(value(&of("resolved"), "X-Notafter-Severity"), Some("critical"));
    }

    #[test]
    fn no_label_can_break_a_header() {
        for Sample { name, mail, .. } in samples() {
            for (label, value) in labels(&Mail { receiver: "..a b\r\nBcc: x\u{e9}".to_owned(), ..mail }, "example.com")
            {
                assert!(value.is_ascii() && !value.contains(['\r', '\n', ':']), "{name}: {label}: {value}");
                assert!(value.len() < NAMED * (LONGEST + 2) + 6, "{name}: {label}");
            }
        }
        assert_eq!(list_id("..", "example.com"), "<receiver.notafter.example.com>");
        assert_eq!(list_id("..a b", "example.com"), "<ab.notafter.example.com>");
    }
}
