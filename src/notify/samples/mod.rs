//! Sample mails: one of each kind that can come, by name. Templates are tried on them before a receiver depends on
//! them, `notafter mail preview` prints them, and the documentation shows them. Pure: the same every time.

mod notices;

use serde_json::json;

use crate::domain::UnixTime;
use crate::incident::{Bond, BondKind, Mail, MailKind, Notice, Reason, Shared};
use crate::observation::Code;

use notices::{DAY, HOUR, expiring, hostile, refused, remade, unanswered, unstored};

pub(crate) use notices::{facts, notice, path};

/// The moment at which the samples are told: 2026-11-29T10:00:00Z.
pub(crate) const NOW: UnixTime = UnixTime(1_795_946_400);
/// The machine that tells them.
pub(crate) const HOST: &str = "watcher-1";
/// So many notices are held back in the overflow.
const HELD_BACK: usize = 300;

/// A mail as it may come.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    /// By which it is asked for.
    pub(crate) name: &'static str,
    /// When such a mail comes.
    pub(crate) about: &'static str,
    /// The mail.
    pub(crate) mail: Mail,
}

/// Every sample, the commonest first.
pub(crate) fn samples() -> Vec<Sample> {
    vec![
        news("expiry", "a certificate that runs out soon", vec![expiring()]),
        news("opened", "a proxy that does not answer", vec![unanswered(Reason::Opened)]),
        news("resolved", "it answers again", vec![over()]),
        news("reminder", "it still does not answer", vec![still()]),
        news("silence-ends", "a silence ends soon, and it still does not answer", vec![silenced()]),
        news("escalated", "the certificate has expired in the meantime", vec![expired()]),
        Sample { name: "many-domains", about: "one cause, many domains", mail: one_cause() },
        sample("first-summary", "what a first look at everything found", MailKind::FirstSummary, first_look()),
        sample("overflow", "what the hourly limit held back", MailKind::Overflow, held_back()),
        sample("digest", "what a team gets once a day", MailKind::Digest, vec![pathless(), still(), over()]),
        sample("after-quiet", "what waited for the morning", MailKind::AfterQuiet, vec![expiring(), pathless()]),
        news("set-up", "a domain that was never healthy yet", vec![in_setup()]),
        news("own-sight", "notafter itself, and no domain", vec![unstored()]),
        news("no-path", "a record that no login passes", vec![pathless()]),
        news("no-expiry", "a domain without a certificate that is known", vec![dateless()]),
        news("hostile", "texts of strangers who mean harm", vec![hostile()]),
    ]
}

/// The sample of this name.
pub(crate) fn sample_named(name: &str) -> Option<Sample> {
    samples().into_iter().find(|sample| sample.name == name)
}

fn news(name: &'static str, about: &'static str, notices: Vec<Notice>) -> Sample {
    sample(name, about, MailKind::News, notices)
}

fn sample(name: &'static str, about: &'static str, kind: MailKind, notices: Vec<Notice>) -> Sample {
    Sample { name, about, mail: mail(kind, notices) }
}

/// These notices in one mail to the receiver `oncall`.
pub(crate) fn mail(kind: MailKind, notices: Vec<Notice>) -> Mail {
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
        extra: serde_json::Map::new(),
    }
}

fn still() -> Notice {
    Notice { opened_at: NOW.plus(-4 * HOUR), ..unanswered(Reason::Reminder) }
}

/// All at one address.
fn one_cause() -> Mail {
    let bond = Bond::new(BondKind::Addresses, "192.0.2.9:443");
    let since = NOW.plus(-14 * 60);
    let shared = Shared { bond, domains: 12, new: 12, over: 0, open: 12, since };
    Mail { shared: Some(shared), ..mail(MailKind::News, (0..12).map(refused).collect()) }
}

fn silenced() -> Notice {
    Notice { opened_at: NOW.plus(-DAY), ..unanswered(Reason::SilenceEnds) }
}

fn over() -> Notice {
    let notice = unanswered(Reason::Resolved);
    let summary = format!("It is over, after 12 min. It was: {}", notice.summary);
    Notice { at: notice.opened_at.plus(12 * 60), summary, path: path("", ""), ..notice }
}

/// As the mail of `expiry` went on where nobody acted.
fn expired() -> Notice {
    let mut notice = remade(expiring(), Code::TlsExpired, Reason::Escalated);
    let expires = NOW.plus(-60);
    notice.summary = format!("the certificate expired 1 min ago, on {expires}");
    notice.expires = Some(expires);
    notice.facts.insert("not_after".to_owned(), json!(expires.to_string()));
    notice.facts.insert("seconds_left".to_owned(), json!(-60));
    notice.facts.remove("threshold_seconds");
    notice.path = path("tls", &notice.summary);
    notice.opened_at = NOW.plus(-7 * DAY);
    notice.at = NOW.plus(-30);
    notice
}

fn in_setup() -> Notice {
    let mut notice = notice("new.example.com", Code::DnsTxtMissing, Reason::Opened);
    notice.summary = "there is no TXT record at _cf-custom-hostname.new.example.com".to_owned();
    notice.facts = facts(json!({
        "txt_name": "_cf-custom-hostname.new.example.com",
        "expected": "f7a51f40-0b47-40a5-89de-1f31bfef20af",
        "found": [],
    }));
    notice.path = path("", "");
    notice.in_setup = true;
    notice
}

/// Nothing is said of hops, nor of a certificate.
fn pathless() -> Notice {
    let mut notice = notice("login.example.com", Code::DnsCaaForbidsIssuer, Reason::Opened);
    notice.summary = "example.com lets pki.example issue, and not the CA of the certificate in use".to_owned();
    notice.expires = Some(NOW.plus(40 * DAY));
    notice.facts = facts(json!({ "caa": ["0 issue \"pki.example\""], "issuer": "CN=R12,O=Let's Encrypt,C=US" }));
    notice
}

fn dateless() -> Notice {
    let mut notice = notice("typo.example.com", Code::DnsNxdomain, Reason::Opened);
    notice.summary = "typo.example.com does not exist, says 192.0.2.53".to_owned();
    notice.path = path("dns", &notice.summary);
    notice
}

/// Two causes, a certificate and a record among 24 domains.
fn first_look() -> Vec<Notice> {
    let mut all: Vec<_> = (0..20).map(refused).collect();
    all.extend([expiring(), pathless(), dateless(), in_setup()]);
    all
}

/// Each with another code than the last, so that few can be told together.
fn held_back() -> Vec<Notice> {
    let codes = Code::ALL.iter().filter(|code| code.area() != "watch").cycle();
    let numbered = codes.take(HELD_BACK).enumerate();
    let told = |(number, code): (usize, &Code)| {
        let domain = format!("shop-{number:03}.example.com");
        let mut notice = notice(&domain, *code, Reason::Opened);
        notice.summary = format!("what was seen of {domain}, in one sentence as it is found in every notice");
        notice.path = path("tls", &notice.summary);
        notice.facts = facts(json!({ "addresses": ["192.0.2.1:443"], "status": number }));
        notice
    };
    numbered.map(told).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_sample_has_a_name_of_its_own() {
        let all = samples();
        let names: BTreeSet<_> = all.iter().map(|sample| sample.name).collect();
        assert_eq!(names.len(), all.len());
        assert_eq!(sample_named("overflow").unwrap().mail.notices.len(), HELD_BACK);
        assert!(sample_named("overflown").is_none());
    }

    #[test]
    fn samples_can_be_stored_as_mails_are() {
        for Sample { name, mail, .. } in samples() {
            let stored = serde_json::to_string(&mail).unwrap();
            assert_eq!(serde_json::from_str::<Mail>(&stored).unwrap(), mail, "{name}");
        }
    }
}
