//! What the mails say, and what they do not let through.

mod bodies;
mod own_templates;
mod pages;
mod properties;

use serde_json::json;

use super::samples::{NOW, facts, mail, notice, path, sample_named};
use super::{Context, Rendered, render};
use crate::incident::{MailKind, Notice, Reason};
use crate::observation::Code;

const HOUR: i64 = 3600;

fn expiring() -> Notice {
    sample_named("expiry").unwrap().mail.notices.remove(0)
}

fn rendered(kind: MailKind, notices: Vec<Notice>) -> Rendered {
    render(&mail(kind, notices), &Context { now: NOW, host: "watcher-1", links: None })
}

fn subject(notices: Vec<Notice>) -> String {
    rendered(MailKind::News, notices).subject
}

fn refused(number: usize) -> Notice {
    let mut notice = notice(&format!("shop-{number:03}.example.com"), Code::ConnectRefused, Reason::Opened);
    notice.path = path("connect", "192.0.2.9:443: connection refused");
    notice.facts = facts(json!({"addresses": ["192.0.2.9:443"], "attempts": number}));
    notice
}

#[test]
fn a_subject_says_how_bad_where_what_and_how_long() {
    let with = |change: fn(&mut Notice)| {
        let mut notice = expiring();
        change(&mut notice);
        subject(vec![notice])
    };
    let cases = [
        (with(|_| ()), "[critical] login.example.com: the certificate expires soon, 2 d 4 h left"),
        (
            with(|n| n.reason = Reason::Reminder),
            "[critical] login.example.com: still: the certificate expires soon, 2 d 4 h left",
        ),
        (
            with(|n| {
                n.code = "tls.expired".to_owned();
                n.title = "the certificate has expired".to_owned();
                n.expires = Some(NOW.plus(-3 * HOUR));
                n.reason = Reason::Escalated;
            }),
            "[critical] login.example.com: now worse: the certificate has expired, 3 h ago",
        ),
        (
            with(|n| {
                n.reason = Reason::Resolved;
                n.at = n.opened_at.plus(2 * HOUR + 600);
            }),
            "[resolved] login.example.com: over: the certificate expires soon, lasted 2 h 10 min",
        ),
        (
            with(|n| {
                n.domain = "xn--mnchen-3ya.example".to_owned();
                n.in_setup = true;
                n.expires = None;
            }),
            "[critical] xn--mnchen-3ya.example (münchen.example) (in set-up): the certificate expires soon",
        ),
        (
            with(|n| {
                n.domain = String::new();
                n.family = "store".to_owned();
                n.title = "the state cannot be stored".to_owned();
            }),
            "[critical] notafter on watcher-1: the state cannot be stored",
        ),
    ];
    for (shown, wanted) in cases {
        assert_eq!(shown, wanted);
    }
}

#[test]
fn a_subject_of_many_counts() {
    let all_refused = (0..12).map(refused).collect();
    assert_eq!(subject(all_refused), "[critical] 12 domains: the connection is refused");
    let mut mixed: Vec<_> = (0..3).map(refused).collect();
    mixed.push(notice("login.example.com", Code::DnsTxtMissing, Reason::Opened));
    mixed.push(notice("", Code::WatchBlind, Reason::Resolved));
    // A domain with two troubles is one domain, as bad as the worse of them.
    mixed.push(notice("login.example.com", Code::DnsTxtMissing, Reason::Resolved));
    let counted = "4 domains and notafter itself: 3 critical, 1 warning, 1 resolved";
    assert_eq!(subject(mixed.clone()), format!("[critical] {counted}"));
    assert_eq!(rendered(MailKind::FirstSummary, mixed.clone()).subject, format!("[critical] first look: {counted}"));
    assert_eq!(
        rendered(MailKind::Overflow, mixed[2..4].to_vec()).subject,
        "[critical] 2 notices held back, 2 domains: 1 critical, 1 warning"
    );
    let mut two = vec![expiring(), expiring()];
    two[1].code = "tls.chain_stale".to_owned();
    assert_eq!(subject(two), "[critical] login.example.com: the certificate expires soon; 1 more");
    let mut both = vec![expiring(), expiring()];
    both[1].domain = "shop.example.com".to_owned();
    both[1].expires = Some(NOW.plus(HOUR));
    assert_eq!(subject(both), "[critical] 2 domains: the certificate expires soon, first in 1 h");
    assert_eq!(subject(Vec::new()), "[info] notafter: nothing to tell");
}

#[test]
fn each_reason_has_its_words() {
    let text = |reason, change: fn(&mut Notice)| {
        let mut notice = expiring();
        notice.reason = reason;
        change(&mut notice);
        rendered(MailKind::News, vec![notice]).text
    };
    let reminder = text(Reason::Reminder, |n| n.opened_at = NOW.plus(-4 * HOUR));
    assert!(reminder.contains("It is still so: it has been going on for 4 h."), "{reminder}");
    let escalated = text(Reason::Escalated, |n| n.at = NOW.plus(-60));
    assert!(escalated.contains("It has become worse."), "{escalated}");
    assert!(escalated.contains("Worse since  1 min ago (2026-11-29T09:59:00Z)"), "{escalated}");
    let resolved = text(Reason::Resolved, |n| n.at = n.opened_at.plus(600));
    assert!(resolved.starts_with("RESOLVED login.example.com\nover: the certificate"), "{resolved}");
    assert!(resolved.contains("Until        4 min ago (2026-11-29T09:56:00Z)"), "{resolved}");
    assert!(
        !["What to do", "If nobody acts", "Evidence", "Details"].iter().any(|part| resolved.contains(part)),
        "{resolved}"
    );
    let setup = text(Reason::Opened, |n| n.in_setup = true);
    assert!(setup.contains("the certificate expires soon (in set-up)\n"), "{setup}");
}

#[test]
fn a_code_shared_by_three_domains_is_one_section() {
    let mut notices: Vec<_> = (0..3).map(refused).collect();
    notices.insert(1, expiring());
    let text = rendered(MailKind::News, notices).text;
    assert_eq!(text.matches("the connection is refused").count(), 1, "{text}");
    assert!(text.contains("\nCRITICAL 3 domains\n") && text.contains("- shop-002.example.com: for 14 min"), "{text}");
    assert!(text.contains("A login breaks at connect: 192.0.2.9:443: connection refused."), "{text}");
    assert!(text.contains("Nobody can log in by these 3 domains until this is mended."), "{text}");
    // What differs from domain to domain is no fact of the section.
    assert!(text.contains("192.0.2.9:443") && !text.contains("Attempts"), "{text}");
    // What is broken now stands before what will be.
    assert!(text.find("shop-000") < text.find("login.example.com"), "{text}");
}

#[test]
fn long_lists_are_cut_and_counted() {
    let text = rendered(MailKind::News, (0..312).map(refused).collect()).text;
    assert_eq!(text.matches("\n- shop-").count(), 50);
    assert!(text.contains("CRITICAL 312 domains") && text.contains("- and 262 more"), "{text}");

    // Alone with its code, each has its own section, until there are too many.
    let code = |number: usize| Notice { code: format!("new.code_{number}"), ..refused(number) };
    let out = rendered(MailKind::Overflow, (0..100).map(code).collect());
    assert_eq!(out.text.matches("Explained    notafter explain").count(), 12);
    assert_eq!(out.text.matches("\n- CRITICAL shop-").count(), 50);
    assert!(out.text.contains("- and 38 more") && out.html.contains("and 38 more"), "{}", out.text);
    assert!(out.text.contains("The hourly limit of mails held these 100 notices back"), "{}", out.text);
}
