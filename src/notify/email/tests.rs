//! The mailer against a relay that misbehaves as told.

use std::sync::Arc;

use secrecy::SecretString;

use super::super::Stationery;
use super::super::samples::{NOW, mail, notice};
use super::fake::{DROP, FakeRelay, HANG, Script, Tls};
use super::{Credentials, Mailer, MailerError, Relay, Security, Settings, TestError, TestReport};
use crate::incident::{Delivery, Mail, MailKind, Reason};
use crate::observation::Code;

fn settings(port: u16, security: Security) -> Settings {
    Settings {
        to: vec!["On Call <oncall@example.com>".to_owned(), "second@example.com".to_owned()],
        from: "notafter@bücher.example".to_owned(),
        relays: vec![relay(port, security)],
        stationery: Stationery::default(),
    }
}

fn relay(port: u16, security: Security) -> Relay {
    Relay { security, host: "127.0.0.1".to_owned(), port, roots: None, credentials: None }
}

fn with_login(port: u16, security: Security) -> Settings {
    Settings { relays: vec![relay_with_login(port, security)], ..settings(port, security) }
}

fn relay_with_login(port: u16, security: Security) -> Relay {
    let password = SecretString::from("correct horse".to_owned());
    Relay { credentials: Some(Credentials { username: "notafter".to_owned(), password }), ..relay(port, security) }
}

fn news() -> Mail {
    mail(MailKind::News, vec![notice("login.example.com", Code::ConnectRefused, Reason::Opened)])
}

async fn delivered_to(script: Script) -> (Delivery, FakeRelay) {
    let relay = FakeRelay::start(script, None).await;
    let mailer = Mailer::new(&settings(relay.port, Security::Plain)).unwrap();
    (mailer.deliver(&news(), NOW).await, relay)
}

/// Deferred with these words in the error.
#[track_caller]
fn assert_deferred(delivery: &Delivery, words: &str) {
    let Delivery::Deferred { error } = delivery else { panic!("{delivery:?}") };
    assert!(error.contains(words), "{error}");
}

/// Surely not taken, with these words in the error.
#[track_caller]
fn assert_unsent(delivery: &Delivery, words: &str) {
    let Delivery::Unsent { error } = delivery else { panic!("{delivery:?}") };
    assert!(error.contains(words), "{error}");
}

/// Taken for all but one.
#[track_caller]
fn assert_in_part(delivery: &Delivery, recipient: &str, words: &str) {
    let Delivery::DeliveredInPart { refused } = delivery else { panic!("{delivery:?}") };
    let [refusal] = refused.as_slice() else { panic!("{refused:?}") };
    assert_eq!((refusal.recipient.as_str(), refusal.error.contains(words)), (recipient, true), "{refusal:?}");
}

#[tokio::test]
async fn a_mail_arrives_with_its_headers() {
    let (delivery, relay) = delivered_to(&[]).await;
    assert_eq!(delivery, Delivery::Delivered);
    assert_eq!(relay.heard("MAIL FROM"), ["MAIL FROM:<notafter@xn--bcher-kva.example>"]);
    assert_eq!(relay.heard("RCPT TO"), ["RCPT TO:<oncall@example.com>", "RCPT TO:<second@example.com>"]);
    let id = "Message-ID: <0123456789abcdef0123456789abcdef@notafter.xn--bcher-kva.example>";
    assert_eq!(relay.heard("Message-ID"), [id]);
    assert_eq!(relay.heard("Subject"), ["Subject: [critical] login.example.com: the connection is refused"]);
    assert_eq!(relay.heard("Auto-Submitted"), ["Auto-Submitted: auto-generated"]);
    assert_eq!(relay.heard("Date"), ["Date: Sun, 29 Nov 2026 10:00:00 +0000"]);
    assert_eq!(relay.heard("Content-Type: text/").len(), 2);
    let good_bye = async {
        while relay.heard("QUIT").is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(5), good_bye).await.expect("a good-bye");
}

#[tokio::test]
async fn notices_of_one_incident_share_a_thread() {
    let relay = FakeRelay::start(&[], None).await;
    let mailer = Mailer::new(&settings(relay.port, Security::Plain)).unwrap();
    let refused = |reason| notice("login.example.com", Code::ConnectRefused, reason);
    let mut again = refused(Reason::Opened);
    again.episode = 1;
    let other = notice("other.example.com", Code::ConnectRefused, Reason::Opened);
    for notices in [
        vec![refused(Reason::Opened)],
        vec![refused(Reason::Resolved)],
        vec![again],
        vec![other.clone(), refused(Reason::Opened)],
    ] {
        assert_eq!(mailer.deliver(&mail(MailKind::News, notices), NOW).await, Delivery::Delivered);
    }
    let roots = relay.heard("References: <thread-");
    assert_eq!(roots.len(), 3);
    assert_eq!(roots[0], roots[1]);
    assert_ne!(roots[0], roots[2]);
    assert_eq!(relay.heard("In-Reply-To: <thread-").len(), 3);
}

#[tokio::test]
async fn a_refused_mail_is_rejected() {
    for script in [
        &[("MAIL", "550 5.1.8 bad sender")] as Script,
        &[("RCPT", "550 5.1.1 no such user")],
        &[("DATA", "554 5.7.1 no")],
        &[(".", "552 5.3.4 too big")],
    ] {
        let (delivery, _) = delivered_to(script).await;
        let Delivery::Rejected { error } = &delivery else { panic!("{delivery:?} after {script:?}") };
        assert!(error.contains(script[0].1), "{error}");
    }
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_said_to_be_unsent_if_nobody_can_have_it() {
    for (script, words) in [
        (&[("greeting", "554 5.3.2 not here")] as Script, "no connection: 554"),
        (&[("greeting", "421 4.3.2 later")], "no connection: 421"),
        (&[("greeting", DROP)], "no connection"),
        (&[("greeting", "HTTP/1.1 400 Bad Request")], "no connection"),
        (&[("MAIL", "530 5.7.0 log in first")], "the sender was refused: 530"),
        (&[("MAIL", "451 4.3.0 later")], "451 4.3.0 later"),
        (&[("RCPT", "450 4.2.0 greylisted")], "the recipient oncall@example.com was refused: 450 4.2.0 greylisted"),
        (&[("RCPT TO:<second", "421 4.3.2 going down")], "421"),
        (&[("RCPT TO:<second", DROP)], "the recipient second@example.com was refused"),
        (&[("DATA", "452 4.3.1 disk full")], "452"),
        (&[("DATA", DROP)], "the message was not accepted"),
    ] {
        assert_unsent(&delivered_to(script).await.0, words);
    }
    for (script, words) in [
        (&[(".", "451 4.3.0 try again")] as Script, "the message was not accepted: 451"),
        (&[(".", DROP)], "the message was not accepted"),
    ] {
        assert_deferred(&delivered_to(script).await.0, words);
    }
}

#[tokio::test]
async fn nobody_there_is_unsent() {
    let mailer = Mailer::new(&settings(nobody(), Security::Plain)).unwrap();
    assert_unsent(&mailer.deliver(&news(), NOW).await, "no connection");
}

/// A port nobody listens on.
fn nobody() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_hangs_is_left_after_half_a_minute() {
    for (script, is_unsent) in
        [(&[("greeting", HANG)] as Script, true), (&[("RCPT", HANG)], true), (&[(".", HANG)], false)]
    {
        let before = tokio::time::Instant::now();
        let delivery = delivered_to(script).await.0;
        match is_unsent {
            true => assert_unsent(&delivery, "no end within 30 s"),
            false => assert_deferred(&delivery, "no end within 30 s"),
        }
        assert_eq!(before.elapsed().as_secs(), 30);
    }
}

#[tokio::test]
async fn one_recipient_gone_does_not_silence_the_others_and_is_named() {
    let (delivery, relay) = delivered_to(&[("RCPT TO:<oncall", "550 5.1.1 no such user")]).await;
    assert_in_part(&delivery, "oncall@example.com", "550 5.1.1 no such user");
    assert_eq!(relay.heard("DATA").len(), 1);
}

/// Two relays: the first as the script says, the second takes everything.
async fn two_relays(script: Script) -> (Mailer, FakeRelay, FakeRelay) {
    let first = FakeRelay::start(script, None).await;
    let second = FakeRelay::start(&[], None).await;
    let relays = [first.port, second.port].map(|port| relay(port, Security::Plain)).to_vec();
    (Mailer::new(&Settings { relays, ..settings(0, Security::Plain) }).unwrap(), first, second)
}

#[tokio::test(start_paused = true)]
async fn each_relay_has_its_own_half_minute() {
    let script: Script = &[("RCPT TO:<second", HANG)];
    let (first, second) = (FakeRelay::start(script, None).await, FakeRelay::start(script, None).await);
    let relays = [first.port, second.port].map(|port| relay(port, Security::Plain)).to_vec();
    let mailer = Mailer::new(&Settings { relays, ..settings(0, Security::Plain) }).unwrap();
    let before = tokio::time::Instant::now();
    assert_unsent(&mailer.deliver(&news(), NOW).await, "no end within 30 s");
    assert_eq!(before.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn the_next_relay_is_tried_where_nothing_was_accepted() {
    for script in [
        &[("greeting", "554 5.3.2 not here")] as Script,
        &[("greeting", "421 4.3.2 later")],
        &[("greeting", DROP)],
        &[("MAIL", "451 4.3.0 later")],
        &[("MAIL", "530 5.7.0 log in first")],
        &[("RCPT", "450 4.2.0 greylisted")],
        &[("DATA", "452 4.3.1 disk full")],
        &[("DATA", DROP)],
        &[(".", "451 4.3.0 try again")],
    ] {
        let (mailer, _, second) = two_relays(script).await;
        assert_eq!(mailer.deliver(&news(), NOW).await, Delivery::Delivered, "{script:?}");
        assert_eq!(second.heard("Message-ID").len(), 1, "{script:?}");
        assert_eq!(second.heard("RCPT").len(), 2, "{script:?}");
    }
}

#[tokio::test]
async fn what_the_first_relay_answers_is_not_asked_of_the_next() {
    for (script, is_refused) in [
        (&[] as Script, false),
        (&[("RCPT TO:<second", "550 5.1.1 no such user")], false),
        (&[("MAIL", "550 5.1.8 bad sender")], true),
        (&[("RCPT", "550 5.1.1 no such user")], true),
        (&[(".", "552 5.3.4 too big")], true),
    ] {
        let (mailer, _, second) = two_relays(script).await;
        let delivery = mailer.deliver(&news(), NOW).await;
        assert_eq!(matches!(delivery, Delivery::Rejected { .. }), is_refused, "{delivery:?}");
        assert!(second.heard("EHLO").is_empty(), "{script:?}");
    }
}

#[tokio::test]
async fn a_relay_that_may_have_taken_the_mail_is_asked_once_more_before_the_next() {
    let (mailer, first, second) = two_relays(&[(".", DROP)]).await;
    assert_deferred(&mailer.deliver(&news(), NOW).await, "the message was not accepted");
    assert!(second.heard("EHLO").is_empty());
    let again = Mail { attempts: 1, ..news() };
    assert_eq!(mailer.deliver(&again, NOW).await, Delivery::Delivered);
    assert_eq!((first.heard("DATA").len(), second.heard("DATA").len()), (2, 1));
    assert_eq!(first.heard("Message-ID")[0], second.heard("Message-ID")[0]);
}

#[tokio::test]
async fn a_mail_is_not_given_up_because_the_second_relay_has_no_place_for_it() {
    let second = FakeRelay::start(&[("RCPT", "550 5.1.1 no such user")], None).await;
    let relays = [nobody(), second.port].map(|port| relay(port, Security::Plain)).to_vec();
    let mailer = Mailer::new(&Settings { relays, ..settings(0, Security::Plain) }).unwrap();
    let delivery = mailer.deliver(&news(), NOW).await;
    assert_unsent(&delivery, "550 5.1.1 no such user");
    assert_unsent(&delivery, "no connection");
}

#[tokio::test]
async fn each_relay_has_its_own_login_and_none_sees_the_others() {
    let script: Script = &[("AUTH", "535 5.7.8 no")];
    let (first, second) = (FakeRelay::start(script, None).await, FakeRelay::start(&[], None).await);
    let relays = vec![relay_with_login(first.port, Security::Plain), relay(second.port, Security::Plain)];
    let mailer = Mailer::new(&Settings { relays, ..settings(0, Security::Plain) }).unwrap();
    assert_eq!(mailer.deliver(&news(), NOW).await, Delivery::Delivered);
    assert_eq!((first.heard("AUTH").len(), second.heard("AUTH").len()), (1, 0));
    let reports = mailer.test(NOW).await;
    assert_eq!(reports.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true]);
}

#[tokio::test]
async fn one_recipient_delayed_holds_the_others_for_three_attempts_and_is_waited_for_half_an_hour() {
    let script: Script = &[("RCPT TO:<second", "450 4.2.0 greylisted")];
    let relay = FakeRelay::start(script, None).await;
    let mailer = Mailer::new(&settings(relay.port, Security::Plain)).unwrap();
    let attempt = |attempts| Mail { attempts, created_at: NOW, ..news() };
    assert_unsent(&mailer.deliver(&attempt(2), NOW).await, "450");
    assert!(relay.heard("DATA").is_empty());
    // The first has it now, once; the second may still get it.
    for (attempts, age) in [(3, 100), (4, 400), (5, 1799)] {
        assert_deferred(
            &mailer.deliver(&attempt(attempts), NOW.plus(age)).await,
            "second@example.com was refused: 450",
        );
        assert_eq!(relay.heard("DATA").len(), 1);
    }
    assert_eq!(relay.heard("RCPT TO:<oncall").len(), 2);
    assert_eq!(relay.heard("RCPT TO:<second").len(), 4);
    assert_in_part(&mailer.deliver(&attempt(6), NOW.plus(1800)).await, "second@example.com", "450 4.2.0 greylisted");
    assert_eq!(relay.heard("DATA").len(), 1);
}

#[tokio::test]
async fn one_who_never_gets_it_ends_the_wait_of_a_mail_that_others_have() {
    let script: Script = &[("RCPT TO:<second", "450 4.2.0 greylisted")];
    let relay = FakeRelay::start(script, None).await;
    let mailer = Mailer::new(&settings(relay.port, Security::Plain)).unwrap();
    let attempt = |attempts| Mail { attempts, created_at: NOW, ..news() };
    assert_deferred(&mailer.deliver(&attempt(3), NOW).await, "450");
    assert_in_part(&mailer.deliver(&attempt(4), NOW.plus(1800)).await, "second@example.com", "450 4.2.0 greylisted");
}

#[tokio::test]
async fn a_failed_login_is_deferred_and_keeps_the_password() {
    let script: Script = &[("AUTH", "535 5.7.8 no: AG5vdGFmdGVyAGNvcnJlY3QgaG9yc2U= (correct horse)")];
    let relay = FakeRelay::start(script, None).await;
    let mailer = Mailer::new(&with_login(relay.port, Security::Plain)).unwrap();
    assert_unsent(&mailer.deliver(&news(), NOW).await, "the login failed: 535 5.7.8 no: *** (***)");
    assert_eq!(relay.heard("AUTH"), ["AUTH PLAIN AG5vdGFmdGVyAGNvcnJlY3QgaG9yc2U="]);
    assert!(!format!("{mailer:?}").contains("horse"));
    let error = tested(&mailer).await.unwrap_err().to_string();
    assert!(error.contains("the login failed: 535") && !error.contains("horse"), "{error}");
}

#[tokio::test]
async fn login_is_spoken_where_plain_is_not() {
    let script: Script = &[
        ("EHLO", "250-relay.example\r\n250 AUTH LOGIN"),
        ("AUTH LOGIN", "334 VXNlcm5hbWU6"),
        ("bm90YWZ0ZXI=", "334 UGFzc3dvcmQ6"),
        ("Y29ycmVjdCBob3JzZQ==", "235 2.7.0 welcome"),
    ];
    let relay = FakeRelay::start(script, None).await;
    let mailer = Mailer::new(&with_login(relay.port, Security::Plain)).unwrap();
    assert_eq!(mailer.deliver(&news(), NOW).await, Delivery::Delivered);
}

/// The report of the only relay.
async fn tested(mailer: &Mailer) -> Result<TestReport, TestError> {
    let [report] = mailer.test(NOW).await.try_into().expect("one relay");
    report
}

#[tokio::test]
async fn a_relay_without_starttls_gets_neither_password_nor_mail() {
    for script in [
        // Not offered, and stripped by somebody in between, who cannot shorten what he changes.
        &[] as Script,
        &[("EHLO", "250-relay.example\r\n250-XXXXXXXX\r\n250 AUTH PLAIN LOGIN")],
        &[("EHLO", "502 5.5.1 not implemented")],
    ] {
        let relay = FakeRelay::start(script, None).await;
        let mailer = Mailer::new(&with_login(relay.port, Security::StartTls)).unwrap();
        let Delivery::Unsent { error } = mailer.deliver(&news(), NOW).await else { panic!("{script:?}") };
        assert!(error.contains("STARTTLS") || error.contains("502"), "{error}");
        assert!(relay.heard("AUTH").is_empty() && relay.heard("MAIL").is_empty(), "{script:?}");
    }
}

#[tokio::test]
async fn the_test_mail_says_what_it_saw() {
    let relay = FakeRelay::start(&[("RCPT TO:<second", "550 5.1.1 no such user")], None).await;
    let mailer = Mailer::new(&with_login(relay.port, Security::Plain)).unwrap();
    let report = tested(&mailer).await.unwrap();
    let text = report.to_string();
    assert!(text.contains("Login: accepted") && text.contains("250 2.0.0 queued as 4711"), "{text}");
    assert!(text.ends_with("But the recipient second@example.com was refused: 550 5.1.1 no such user"), "{text}");
    assert_eq!(report.certificate, None);
    assert_eq!(relay.heard("Subject: [test] notafter on ").len(), 1);
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let wrong = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings(25, Security::Implicit);
        change(&mut settings);
        Mailer::new(&settings).unwrap_err()
    };
    assert!(matches!(wrong(&|s| s.to.clear()), MailerError::NoRecipient));
    assert!(matches!(wrong(&|s| s.relays.clear()), MailerError::NoRelay));
    assert!(matches!(wrong(&|s| s.from = "nobody".into()), MailerError::Address { .. }));
    assert!(matches!(wrong(&|s| s.to.push("a@example.com\r\nBcc: b@example.com".into())), MailerError::Address { .. }));
    assert!(matches!(wrong(&|s| s.to.push("dörte@example.com".into())), MailerError::Address { .. }));
    assert!(matches!(wrong(&|s| s.relays[0].roots = Some("/nowhere".into())), MailerError::Roots { .. }));
    let empty = tempfile::NamedTempFile::new().unwrap();
    assert!(matches!(wrong(&|s| s.relays[0].roots = Some(empty.path().into())), MailerError::Roots { .. }));
}

#[cfg(feature = "demo")]
mod tls {
    use std::path::Path;

    use rustls::ServerConfig;
    use rustls::crypto::aws_lc_rs::default_provider;
    use rustls_pki_types::PrivatePkcs8KeyDer;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A relay's acceptor, and a file with the certificate that it must be trusted by.
    fn acceptor(folder: &Path) -> (TlsAcceptor, std::path::PathBuf) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let roots = folder.join("roots.pem");
        std::fs::write(&roots, made.cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config =
            ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key.into());
        (TlsAcceptor::from(Arc::new(config.unwrap())), roots)
    }

    #[tokio::test]
    async fn both_kinds_of_tls_trust_the_roots_they_are_given_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        for (when, security) in [(Tls::Implicit, Security::Implicit), (Tls::Start, Security::StartTls)] {
            let (acceptor, roots) = acceptor(folder.path());
            let relay = FakeRelay::start(&[], Some((acceptor, when))).await;
            let strict = Mailer::new(&with_login(relay.port, security)).unwrap();
            assert_unsent(&strict.deliver(&news(), NOW).await, "certificate");
            assert!(relay.heard("AUTH").is_empty());

            let mut settings = with_login(relay.port, security);
            settings.relays[0].roots = Some(roots);
            let mailer = Mailer::new(&settings).unwrap();
            assert_eq!(mailer.deliver(&news(), NOW).await, Delivery::Delivered);
            assert_eq!(relay.heard("AUTH PLAIN").len(), 1);
            let report = tested(&mailer).await.unwrap();
            assert!(report.certificate.is_some() && report.relay.starts_with(security.scheme()), "{report}");
        }
    }

    #[tokio::test]
    async fn starttls_that_fails_is_never_done_without() {
        let folder = tempfile::tempdir().unwrap();
        for (script, words) in [
            (&[("STARTTLS", "454 4.7.0 TLS not available")] as Script, "STARTTLS failed: 454"),
            (&[("STARTTLS", "502 5.5.1 not implemented")], "STARTTLS failed: 502"),
            (&[("STARTTLS", DROP)], "STARTTLS failed"),
        ] {
            let (acceptor, roots) = acceptor(folder.path());
            let relay = FakeRelay::start(script, Some((acceptor, Tls::Start))).await;
            let mut settings = with_login(relay.port, Security::StartTls);
            settings.relays[0].roots = Some(roots);
            let mailer = Mailer::new(&settings).unwrap();
            assert_unsent(&mailer.deliver(&news(), NOW).await, words);
            assert!(relay.heard("AUTH").is_empty() && relay.heard("MAIL").is_empty(), "{script:?}");
        }
    }

    /// Who sits between us and the relay could else answer in its name: a mail that it never got would be delivered.
    #[tokio::test]
    async fn what_is_said_in_clear_behind_the_answer_to_starttls_is_not_taken_for_the_relays_word() {
        let folder = tempfile::tempdir().unwrap();
        let (acceptor, roots) = acceptor(folder.path());
        let script: Script = &[("STARTTLS", "220 go on\r\n250-evil.example\r\n250 AUTH PLAIN")];
        let relay = FakeRelay::start(script, Some((acceptor, Tls::Start))).await;
        let mut settings = with_login(relay.port, Security::StartTls);
        settings.relays[0].roots = Some(roots);
        let mailer = Mailer::new(&settings).unwrap();
        assert_unsent(&mailer.deliver(&news(), NOW).await, "STARTTLS failed");
        assert!(relay.heard("AUTH").is_empty() && relay.heard("MAIL").is_empty());
    }
}
