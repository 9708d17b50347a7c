//! Mail goes through a real relay into a real mailbox, by every way there is, and waits for a relay that is away.

use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use notafter::domain::UnixTime;

use super::lab::{domain, receiver};
use super::sink::{Sink, Switch};
use super::{DAY, Daemon, Home, Lab, now};
use crate::servers::{Identity, Nginx, Postfix, PostfixConfig, lab_identity};

/// A mail as its reader's program understands it.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) references: Vec<String>,
    pub(super) to: String,
    pub(super) from: String,
    pub(super) text: String,
    pub(super) html: String,
}

impl Letter {
    pub(super) fn parse(mail: &str) -> Self {
        let message = MessageParser::default().parse(mail.as_bytes()).expect("a mail");
        let address = |address: Option<&mail_parser::Address<'_>>| {
            address.and_then(|all| all.first()?.address()).unwrap_or_default().to_owned()
        };
        let kind = |part: &mail_parser::MessagePart<'_>| {
            part.content_type().and_then(|kind| kind.subtype().map(str::to_owned))
        };
        let kinds: Vec<_> = message.parts.iter().filter_map(kind).collect();
        assert_eq!(kinds, ["alternative", "plain", "html"], "{mail}");
        let references = match message.references() {
            HeaderValue::Text(one) => vec![one.to_string()],
            HeaderValue::TextList(all) => all.iter().map(ToString::to_string).collect(),
            _ => Vec::new(),
        };
        Self {
            id: message.message_id().expect("a Message-ID").to_owned(),
            subject: message.subject().expect("a subject").to_owned(),
            references,
            to: address(message.to()),
            from: address(message.from()),
            text: message.body_text(0).expect("a text").into_owned(),
            html: message.body_html(0).expect("HTML").into_owned(),
        }
    }
}

impl Letter {
    /// Holds that the subject begins so.
    pub(super) fn begins(&self, start: &str) {
        assert!(self.subject.starts_with(start), "{}", self.subject);
    }
}

/// Every mail of the mailbox, oldest first.
pub(super) fn letters(postfix: &Postfix) -> Vec<Letter> {
    postfix.mails().iter().map(|mail| Letter::parse(mail)).collect()
}

/// A daemon that watches a domain whose certificate runs out in five days.
fn watch_an_expiring_domain(lab: &Lab, nginx: &Nginx, home: &Home, receiver: &str) -> Daemon {
    home.configure(&(lab.probe(home, "1s") + &domain("login.lab.example", &[nginx.at("127.0.0.1")]) + receiver));
    home.start_ready()
}

fn expiring(lab: &Lab) -> Nginx {
    Nginx::start(&[lab.host("login.lab.example", 5 * DAY + 3600)])
}

/// A relay with a certificate, and the root that signed it, in the home.
fn relay_with_tls(home: &Home) -> PostfixConfig {
    let (root, identity): (_, Identity) = lab_identity("localhost");
    home.write("relay.pem", &root.root_pem());
    PostfixConfig { identity: Some(identity), ..PostfixConfig::default() }
}

const LOGIN: &str = "username = \"notafter\"\npassword = { file = \"password\" }";

/// What a first start finds comes as its summary, readable as text and as HTML.
fn check_letter(letter: &Letter) {
    letter.begins("[critical] login.lab.example: the certificate expires soon, 5 d ");
    assert_eq!((letter.from.as_str(), letter.to.as_str()), ("notafter@example.com", "oncall@example.com"));
    for text in [&letter.text, &letter.html] {
        assert!(text.contains("login.lab.example") && text.contains("expires") && text.contains("5 d"), "{text}");
    }
    assert!(letter.html.contains("</table>") || letter.html.contains("</p>"), "{}", letter.html);
    assert!(letter.id.ends_with("@notafter.example.com"), "{}", letter.id);
}

#[test]
fn by_starttls_with_a_password() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = expiring(&lab);
    let mut postfix = Postfix::start(&relay_with_tls(&home).with_user("notafter", "correct horse"));
    home.write("password", "correct horse\n");
    let relay = format!("smtp://localhost:{}", postfix.plain().port());
    let daemon =
        watch_an_expiring_domain(&lab, &nginx, &home, &receiver(&relay, &format!("{LOGIN}\nroots = \"relay.pem\"")));
    let mails = postfix.wait_for_mails(1);
    check_letter(&Letter::parse(&mails[0]));
    assert!(mails[0].contains("Authenticated sender: notafter") && mails[0].contains("using TLSv1.3"), "{}", mails[0]);
    let log = daemon.stop();
    assert!(!log.contains("correct horse"), "{log}");
}

#[test]
fn by_implicit_tls_without_a_password() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = expiring(&lab);
    let mut postfix = Postfix::start(&relay_with_tls(&home));
    let relay = format!("smtps://localhost:{}", postfix.implicit().port());
    let daemon = watch_an_expiring_domain(&lab, &nginx, &home, &receiver(&relay, "roots = \"relay.pem\""));
    let mails = postfix.wait_for_mails(1);
    check_letter(&Letter::parse(&mails[0]));
    assert!(mails[0].contains("using TLSv1.3"), "{}", mails[0]);
    daemon.stop();
}

#[test]
fn starttls_is_required_where_it_is_meant() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = expiring(&lab);
    let postfix = Postfix::start(&PostfixConfig::default());
    let relay = format!("smtp://localhost:{}", postfix.plain().port());
    let mut daemon = watch_an_expiring_domain(&lab, &nginx, &home, &receiver(&relay, ""));
    daemon.wait_until("a deferral", |daemon| daemon.log().contains("STARTTLS"));
    let deferred = "notafter_notices_total{receiver=\"oncall\",result=\"deferred\"}";
    daemon.wait_until("a count of it", |daemon| daemon.sample(deferred).unwrap() >= 1.0);
    daemon.stop();
    assert!(postfix.mails().is_empty());
}

#[test]
fn a_relay_that_was_away_is_told_everything_once() {
    let (lab, home) = (Lab::start(), Home::bare());
    let nginx = expiring(&lab);
    let sink = Sink::start();
    let relay = Switch::to(sink.address());
    relay.set(false);
    let told = receiver(&format!("smtp+plain://{}", relay.address()), "");
    let mut daemon = watch_an_expiring_domain(&lab, &nginx, &home, &told);
    let owed = "notafter_notices_owed{receiver=\"oncall\"}";
    daemon.wait_until("two attempts", |daemon| daemon.log().matches("mail deferred").count() >= 2);
    assert_eq!(daemon.sample(owed), Some(1.0));
    // Whoever asks sees it, whether or not the daemon runs.
    let queue = |format: &str| {
        let output = home.run(&["mail", "queue", "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let queued: serde_json::Value = serde_json::from_str(&queue("json")).expect("one line");
    assert_eq!((queued["receiver"].as_str(), queued["state"].as_str()), (Some("oncall"), Some("owed")), "{queued}");
    assert!(queued["attempts"].as_u64() >= Some(2) && queued["error"].is_string(), "{queued}");
    assert_eq!(queued["notices"][0]["code"], "tls.expires_soon", "{queued}");
    assert!(queue("text").contains("- critical login.lab.example tls.expires_soon opened: "), "{}", queue("text"));
    // Neither is it lost with the process.
    daemon.stop();
    assert!(queue("text").starts_with("owed oncall, owed for "), "{}", queue("text"));
    let mut daemon = home.start_ready();
    daemon.wait_until("one more attempt", |daemon| daemon.log().matches("mail deferred").count() >= 3);
    assert_eq!(daemon.sample(owed), Some(1.0));
    relay.set(true);
    daemon.wait_for_sample(owed, 0.0);
    assert_eq!(daemon.sample("notafter_notices_total{receiver=\"oncall\",result=\"delivered\"}"), Some(1.0));
    daemon.stop();
    assert_eq!(queue("text"), "nothing is owed\n");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    check_letter(&Letter::parse(&mails[0]));
    // And not once more after another start.
    home.start_ready().stop();
    assert_eq!(sink.mails().len(), 1);
}

#[test]
fn a_record_missing_while_verification_is_pending_is_mailed_with_its_countdown() {
    let (lab, home, sink) = (Lab::start(), Home::bare(), Sink::start());
    let nginx = Nginx::start(&[lab.host("login.lab.example", 60 * DAY)]);
    let started = UnixTime(now() - DAY + 1800);
    let pending = format!("verification = \"pending\"\nverification_started = {started}\n");
    let told = receiver(&format!("smtp+plain://{}", sink.address()), "");
    home.configure(
        &(lab.probe(&home, "1s") + &domain("login.lab.example", &[nginx.at("127.0.0.1")]) + &pending + &told),
    );
    let mut daemon = home.start_ready();
    daemon.wait_until("the mail", |_| !sink.mails().is_empty());
    daemon.stop();
    let letter = Letter::parse(&sink.mails()[0]);
    letter.begins("[critical] login.lab.example: the ownership TXT record is missing");
    let text = letter.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let window_ends = started.plus(3 * DAY).to_string();
    for said in ["the window for verification ends in 2 d", "three days", "seven", &window_ends] {
        assert!(text.contains(said), "no {said:?} in {text}");
    }
}

#[test]
fn the_test_mail_says_how_it_went() {
    let home = Home::bare();
    let mut postfix = Postfix::start(&relay_with_tls(&home).with_user("notafter", "correct horse"));
    let relay = format!("smtp://localhost:{}", postfix.plain().port());
    let watched = domain("login.lab.example", &[]);
    home.configure(&(watched.clone() + &receiver(&relay, &format!("{LOGIN}\nroots = \"relay.pem\""))));
    let test = |code: i32| {
        let output = home.run(&["mail", "test"]);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{text}");
        text
    };
    home.write("password", "correct horse");
    let sent = test(0);
    assert!(sent.starts_with("sent oncall\n") && sent.contains("oncall@example.com"), "{sent}");
    let mail = postfix.wait_for_mails(1).swap_remove(0);
    assert!(MessageParser::default().parse(mail.as_bytes()).unwrap().subject().unwrap().contains("test"), "{mail}");

    home.write("password", "wrong horse");
    let refused = test(1);
    assert!(refused.starts_with("failed oncall\n") && refused.contains("535"), "{refused}");
    assert!(!refused.contains("wrong horse"), "{refused}");

    let nobody = format!("smtp://127.0.0.1:{}", home.address().port());
    home.configure(&(watched + &receiver(&nobody, "")));
    let down = test(1);
    assert!(down.starts_with("failed oncall\n") && down.contains("refused"), "{down}");
    drop(postfix);
}
