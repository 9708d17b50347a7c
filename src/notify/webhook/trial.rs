//! The message of `notafter mail test`: a notice like any other, so that what it tries is what will be used, which says
//! that it is a test.

use serde_json::Map;

use crate::domain::UnixTime;
use crate::incident::{Mail, MailKind, Notice, NoticeId, Reason};
use crate::observation::certificate::Sha256;

/// The family and the code of a test; no finding has them.
const TEST: &str = "test";

/// A test message: no mail of an outbox is one.
pub(super) fn is_test(mail: &Mail) -> bool {
    mail.notices.iter().any(|notice| notice.family == TEST)
}

/// A mail that opens a test incident.
pub(super) fn test_mail(receiver: &str, host: &str, now: UnixTime) -> Mail {
    let id = format!("test-{}", &Sha256::of(format!("{host}\n{now}").as_bytes()).to_string()[..32]);
    let notice = Notice {
        id: NoticeId::of(host, TEST, TEST, 0, Reason::Opened, now.0.unsigned_abs()),
        domain: String::new(),
        view: String::new(),
        family: TEST.to_owned(),
        // Two tests are two incidents.
        episode: now.0.unsigned_abs(),
        reason: Reason::Opened,
        code: TEST.to_owned(),
        severity: "info".to_owned(),
        title: "this is a test, nothing is wrong".to_owned(),
        summary: "Nothing is wrong. Notices about your domains will come this way.".to_owned(),
        remedy: String::new(),
        facts: Map::new(),
        path: Vec::new(),
        expires: None,
        opened_at: now,
        at: now,
        in_setup: false,
        bonds: Vec::new(),
        labels: Map::new(),
        extra: Map::new(),
    };
    Mail {
        id,
        receiver: receiver.to_owned(),
        kind: MailKind::News,
        notices: vec![notice],
        shared: None,
        thread: None,
        created_at: now,
        attempts: 0,
        last_error: None,
        extra: Map::new(),
    }
}

/// The same test, over.
pub(super) fn over(mut mail: Mail) -> Mail {
    mail.id.push_str("-over");
    for notice in &mut mail.notices {
        notice.reason = Reason::Resolved;
    }
    mail
}
