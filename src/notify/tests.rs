//! What the mails say, and what they do not let through.

use serde_json::{Map, Value, json};

use super::{Context, Rendered, render};
use crate::domain::UnixTime;
use crate::incident::{Mail, MailKind, Notice, NoticeId, PathFact, Reason};
use crate::observation::Code;
use crate::verdict::catalogue;

/// 2026-11-29T10:00:00Z.
pub(super) const NOW: UnixTime = UnixTime(1_795_946_400);
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

pub(super) fn notice(domain: &str, code: Code, reason: Reason) -> Notice {
    let entry = catalogue::entry(code);
    Notice {
        id: NoticeId::of(domain, "proxy", entry.family.as_str(), 0, reason, 0),
        domain: domain.to_owned(),
        view: "proxy".to_owned(),
        family: entry.family.as_str().to_owned(),
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

pub(super) fn mail(kind: MailKind, notices: Vec<Notice>) -> Mail {
    Mail {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        receiver: "oncall".to_owned(),
        kind,
        notices,
        shared: None,
        thread: None,
        created_at: NOW,
        attempts: 0,
        last_error: None,
        extra: Map::new(),
    }
}

fn expiring() -> Notice {
    let mut notice = notice("login.example.com", Code::TlsExpiresSoon, Reason::Opened);
    notice.severity = "critical".to_owned();
    notice.summary = "The certificate of login.example.com runs out at 2026-12-01T14:00:00Z.".to_owned();
    notice.expires = Some(NOW.plus(2 * DAY + 4 * HOUR));
    notice.path = path("tls", "leaf CN=login.example.com, 2 d 4 h left");
    notice.facts = object(json!({
        "addresses": ["192.0.2.1:443", "[2001:db8::1]:443"],
        "not_after": "2026-12-01T14:00:00Z",
        "issuer": "CN=R12,O=Let's Encrypt,C=US",
    }));
    notice
}

fn path(broken: &str, detail: &str) -> Vec<PathFact> {
    let hops = ["resolver", "dns", "connect", "tls", "proxy", "edge", "tenant"];
    let at = hops.iter().position(|hop| *hop == broken);
    let status = |index| match at {
        Some(at) if index == at => ("broken", detail),
        Some(at) if index > at => ("not_looked", ""),
        _ => ("ok", ""),
    };
    let fact = |(index, hop): (usize, &&str)| {
        let (status, detail) = status(index);
        PathFact { hop: (*hop).to_owned(), status: status.to_owned(), detail: detail.to_owned() }
    };
    hops.iter().enumerate().map(fact).collect()
}

fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

fn rendered(kind: MailKind, notices: Vec<Notice>) -> Rendered {
    render(&mail(kind, notices), &Context { now: NOW, host: "watcher-1" })
}

fn subject(notices: Vec<Notice>) -> String {
    rendered(MailKind::News, notices).subject
}

fn refused(number: usize) -> Notice {
    let mut notice = notice(&format!("shop-{number:03}.example.com"), Code::ConnectRefused, Reason::Opened);
    notice.path = path("connect", "192.0.2.9:443: connection refused");
    notice.facts = object(json!({"addresses": ["192.0.2.9:443"], "attempts": number}));
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
fn one_notice_reads_top_down() {
    let wanted = "\
CRITICAL login.example.com
the certificate expires soon

The certificate of login.example.com runs out at 2026-12-01T14:00:00Z.

Since        14 min ago (2026-11-29T09:46:00Z)
Good until   2 d 4 h left (2026-12-01T14:00:00Z)

resolver ok > dns ok > connect ok > tls BROKEN > proxy - > edge -
  > tenant -
  tls: leaf CN=login.example.com, 2 d 4 h left

What to do:
  Renew the certificate now and find out why the automation did not:
  look at the ACME client's log and timer, and check that the proxy
  reloads after a renewal.

Facts:
  Seen at            192.0.2.1:443, [2001:db8::1]:443
  Issuer             CN=R12,O=Let's Encrypt,C=US
  Valid until        2026-12-01T14:00:00Z (in 2 d 4 h)

More: notafter explain tls.expires_soon

------------------------------------------------------------------------
notafter on watcher-1, to the receiver oncall, at 2026-11-29T10:00:00Z
";
    assert_eq!(rendered(MailKind::News, vec![expiring()]).text, wanted);
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
    assert!(resolved.contains("It is over. It lasted 10 min."), "{resolved}");
    assert!(!resolved.contains("What to do") && !resolved.contains("Facts"), "{resolved}");
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
    assert!(text.contains("All break at connect"), "{text}");
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
    assert_eq!(out.text.matches("More: notafter explain").count(), 12);
    assert_eq!(out.text.matches("\n- CRITICAL shop-").count(), 50);
    assert!(out.text.contains("- and 38 more") && out.html.contains("and 38 more"), "{}", out.text);
    assert!(out.text.contains("The hourly limit of mails held these 100 notices back"), "{}", out.text);
}

#[test]
fn hostile_text_is_bounded_and_harmless() {
    let evil =
        "<script>alert(1)</script>\r\nBcc: all@example.com\u{202e}\u{1b}[2J\"'&".to_owned() + &"x".repeat(20_000);
    let mut notice = expiring();
    notice.domain = evil.clone();
    notice.title = evil.clone();
    notice.summary = evil.clone();
    notice.remedy = evil.clone();
    notice.code = evil.clone();
    notice.view = evil.clone();
    notice.severity = evil.clone();
    notice.path = vec![PathFact { hop: evil.clone(), status: "broken".to_owned(), detail: evil.clone() }; 30];
    notice.facts = (0..30).map(|n| (format!("{n}{evil}"), json!([evil, {evil.as_str(): evil}]))).collect();
    notice.labels = object(json!({evil.as_str(): evil}));
    for notices in [vec![notice.clone()], vec![notice; 20]] {
        let out = rendered(MailKind::News, notices);
        assert!(!out.subject.chars().any(char::is_control), "{}", out.subject);
        assert!(out.subject.chars().count() < 400, "{}", out.subject);
        assert!(!out.html.contains("<script") && out.html.contains("&lt;script&gt;"));
        for part in [&out.text, &out.html] {
            assert!(!part.contains(['\r', '\u{1b}', '\u{202e}']));
            assert!(part.len() < 400_000, "{}", part.len());
        }
    }
}

#[test]
fn html_loads_and_runs_nothing() {
    let html = rendered(MailKind::FirstSummary, vec![expiring()]).html;
    for forbidden in ["<script", "<img", "<link", "href", "src=", "url(", "http"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    for wanted in ["<!doctype html>", "login.example.com", "tls BROKEN", "2 d 4 h left", "What to do", "color-scheme"] {
        assert!(html.contains(wanted), "{wanted}");
    }
}
