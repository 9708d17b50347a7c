//! The mailer against a real Postfix that does what relays do: greylists, refuses some, is slow, has its limits, and is cut
//! off at every step. One Postfix for all of it.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use notafter::domain::UnixTime;
use notafter::incident::{Checked, Delivery, Mail, MailKind, Notice, NoticeId, Reason};
use notafter::notify::Stationery;
use notafter::notify::email::{Credentials, Mailer, Relay, Security, Settings};

use crate::servers::{Postfix, PostfixConfig, lab_identity};

/// How long a slow recipient takes.
const SLOW: Duration = Duration::from_secs(2);

#[test]
fn a_real_relay_in_every_mood() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, identity) = lab_identity("localhost");
    let roots = folder.path().join("relay.pem");
    std::fs::write(&roots, root.root_pem()).expect("the roots written");
    let policy = policy_service();
    let table = "inline:{ {gone@example.com = 550 5.1.1 no such user}, {full@example.com = 452 4.2.2 mailbox full} }";
    let config = PostfixConfig { identity: Some(identity), ..PostfixConfig::default() }
        .with(
            "smtpd_recipient_restrictions",
            &format!("check_recipient_access {table}, check_policy_service inet:{policy}"),
        )
        .with("smtpd_error_sleep_time", "0")
        .with("message_size_limit", "60000");
    let mut world = World { postfix: Postfix::start(&config), roots, count: 0 };
    world.by_starttls_and_by_tls_from_the_first_byte();
    world.greylisted();
    world.some_recipients_are_refused();
    world.slow_ones_are_waited_for();
    world.too_large();
    world.the_next_relay_takes_it();
    world.cut_at_each_step();
}

/// Asked with the right password, with a wrong one, and about a recipient who is gone; nobody is sent anything.
#[test]
fn a_relay_is_asked_what_it_would_take_and_given_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (root, identity) = lab_identity("localhost");
    let roots = folder.path().join("relay.pem");
    std::fs::write(&roots, root.root_pem()).expect("the roots written");
    let gone = "check_recipient_access inline:{ {gone@example.com = 550 5.1.1 no such user} }";
    let config = PostfixConfig { identity: Some(identity), ..PostfixConfig::default() }
        .with_user("notafter", "correct horse")
        .with("smtpd_recipient_restrictions", &format!("{gone}, permit_sasl_authenticated, reject"));
    let postfix = Postfix::start(&config);
    let relay = |password: &str| {
        let credentials = Credentials { username: "notafter".to_owned(), password: password.into() };
        Relay { credentials: Some(credentials), ..relay(Security::StartTls, postfix.plain().port(), &roots) }
    };
    let ask = |to: &[&str], relays: Vec<Relay>| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(mailer(to, relays).check())
    };
    let dead = || Relay { port: TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port(), ..relay("x") };
    let (one, two) = (["oncall@example.com"], ["oncall@example.com", "gone@example.com"]);
    assert_eq!(ask(&one, vec![relay("correct horse")]), Checked::Good);
    let words = |checked: Checked, is_whole: bool, words: &str| match checked {
        Checked::Failed { error } if is_whole => assert!(error.contains(words), "{error}"),
        Checked::InPart { error } if !is_whole => assert!(error.contains(words), "{error}"),
        other => panic!("{other:?}"),
    };
    words(ask(&one, vec![relay("battery staple")]), true, "the login failed: 535");
    words(ask(&two, vec![relay("correct horse")]), false, "gone@example.com was refused: 550 5.1.1");
    words(ask(&two[1..], vec![relay("correct horse")]), true, "gone@example.com was refused: 550 5.1.1");
    words(ask(&one, vec![dead(), relay("correct horse")]), false, "no connection");
    words(ask(&one, vec![dead(), relay("battery staple")]), true, "no connection");
    assert!(postfix.mails().is_empty() && !postfix.log().contains("message-id="), "{}", postfix.log());
}

struct World {
    postfix: Postfix,
    roots: std::path::PathBuf,
    /// How many mails there are to be.
    count: usize,
}

impl World {
    fn relay(&self, security: Security) -> Relay {
        let port = match security {
            Security::Implicit => self.postfix.implicit().port(),
            Security::StartTls | Security::Plain => self.postfix.plain().port(),
        };
        relay(security, port, &self.roots)
    }

    fn mailer(&self, to: &[&str], security: Security) -> Mailer {
        mailer(to, vec![self.relay(security)])
    }

    /// So many more mails lie in the mailboxes; the last of them.
    #[track_caller]
    fn arrived(&mut self, more: usize) -> Vec<String> {
        self.count += more;
        let mails = self.postfix.wait_for_mails(self.count);
        assert_eq!(mails.len(), self.count, "{}", self.postfix.log());
        mails[mails.len() - more..].to_vec()
    }

    fn by_starttls_and_by_tls_from_the_first_byte(&mut self) {
        for (n, security) in [Security::StartTls, Security::Implicit].into_iter().enumerate() {
            let mail = mail(&format!("tls{n}"), 1);
            assert_eq!(deliver(&self.mailer(&["oncall@example.com"], security), &mail), Delivery::Delivered);
            assert!(self.arrived(1)[0].contains("using TLSv1.3"));
        }
    }

    /// Put off at first, it is taken later; a second recipient who is not put off waits for a while, and has it once.
    fn greylisted(&mut self) {
        let grey = self.mailer(&["grey1@example.com"], Security::StartTls);
        let mut mail = mail("grey", 1);
        assert_unsent(&deliver(&grey, &mail), "450 4.2.0");
        mail.attempts = 1;
        assert_eq!(deliver(&grey, &mail), Delivery::Delivered);
        self.arrived(1);
        let both = self.mailer(&["oncall@example.com", "grey2@example.com"], Security::StartTls);
        let mut mail = self::mail("grey2", 1);
        mail.attempts = 3;
        let Delivery::Deferred { error } = deliver(&both, &mail) else { panic!("the other waits no longer") };
        assert!(error.contains("grey2@example.com was refused: 450"), "{error}");
        self.arrived(1);
        mail.attempts = 4;
        assert_eq!(deliver(&both, &mail), Delivery::Delivered);
        self.arrived(1);
    }

    fn some_recipients_are_refused(&mut self) {
        let mailer = self.mailer(&["oncall@example.com", "gone@example.com", "second@example.com"], Security::StartTls);
        let Delivery::DeliveredInPart { refused } = deliver(&mailer, &mail("gone", 1)) else { panic!("in part") };
        assert_eq!((refused.len(), refused[0].recipient.as_str()), (1, "gone@example.com"));
        assert!(refused[0].error.contains("550 5.1.1"), "{refused:?}");
        self.arrived(2);
        let only = self.mailer(&["gone@example.com"], Security::StartTls);
        assert!(
            matches!(deliver(&only, &mail("gone2", 1)), Delivery::Rejected { error } if error.contains("550 5.1.1"))
        );
        let full = self.mailer(&["full@example.com"], Security::StartTls);
        assert_unsent(&deliver(&full, &mail("full", 1)), "452 4.2.2");
    }

    fn slow_ones_are_waited_for(&mut self) {
        let began = Instant::now();
        let slow = self.mailer(&["slow@example.com"], Security::StartTls);
        assert_eq!(deliver(&slow, &mail("slow", 1)), Delivery::Delivered);
        assert!(began.elapsed() >= SLOW);
        self.arrived(1);
    }

    fn too_large(&mut self) {
        let mailer = self.mailer(&["oncall@example.com"], Security::StartTls);
        assert_eq!(deliver(&mailer, &mail("small", 1)), Delivery::Delivered);
        self.arrived(1);
        let delivery = deliver(&mailer, &mail("large", 60));
        assert!(matches!(&delivery, Delivery::Rejected { error } if error.contains("552 5.3.4")), "{delivery:?}");
    }

    /// Nobody listens, the certificate is not trusted, the recipient is put off: the last one takes it.
    fn the_next_relay_takes_it(&mut self) {
        let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let (other_root, _) = lab_identity("localhost");
        let other = self.roots.with_file_name("other.pem");
        std::fs::write(&other, other_root.root_pem()).expect("the roots written");
        let relays = vec![
            relay(Security::StartTls, nobody.expect("a port").port(), &self.roots),
            relay(Security::Implicit, self.postfix.implicit().port(), &other),
            self.relay(Security::StartTls),
            self.relay(Security::Implicit),
        ];
        assert_eq!(deliver(&mailer(&["grey3@example.com"], relays), &mail("next", 1)), Delivery::Delivered);
        self.arrived(1);
    }

    /// What is known after each cut, and that the next attempt brings the mail, at most a second time.
    fn cut_at_each_step(&mut self) {
        for (step, cut) in CUTS.into_iter().enumerate() {
            let mail = mail(&format!("cut{step}"), 1);
            let wire = cut_wire(self.postfix.plain(), cut);
            let cut_off = mailer(&["oncall@example.com"], vec![relay(Security::Plain, wire.port(), &self.roots)]);
            let delivery = deliver(&cut_off, &mail);
            let expected = match cut {
                Cut::Before("QUIT") | Cut::BeforeTheAnswerTo("QUIT") => "delivered",
                Cut::InContent | Cut::Before(".") | Cut::BeforeTheAnswerTo(".") => "deferred",
                _ => "unsent",
            };
            let known = match &delivery {
                Delivery::Delivered => "delivered",
                Delivery::Deferred { .. } => "deferred",
                Delivery::Unsent { .. } => "unsent",
                _ => "something else",
            };
            assert_eq!(known, expected, "{cut:?}: {delivery:?}");
            if expected != "delivered" {
                let again = Mail { attempts: 1, ..mail.clone() };
                assert_eq!(
                    deliver(&self.mailer(&["oncall@example.com"], Security::Plain), &again),
                    Delivery::Delivered
                );
            }
            let copies = 1 + usize::from(cut == Cut::BeforeTheAnswerTo("."));
            let mails = self.arrived(copies);
            let id = format!("Message-ID: <{}@notafter.example.com>", mail.id);
            assert!(mails.iter().all(|mail| mail.contains(&id)), "{cut:?}: {mails:?}");
        }
    }
}

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Before what the client says is passed on.
    Before(&'static str),
    /// What it says is passed on, and the answer is not.
    BeforeTheAnswerTo(&'static str),
    /// After the first lines of the message.
    InContent,
}

const CUTS: [Cut; 14] = [
    Cut::BeforeTheAnswerTo("connect"),
    Cut::Before("EHLO"),
    Cut::BeforeTheAnswerTo("EHLO"),
    Cut::Before("MAIL"),
    Cut::BeforeTheAnswerTo("MAIL"),
    Cut::Before("RCPT"),
    Cut::BeforeTheAnswerTo("RCPT"),
    Cut::Before("DATA"),
    Cut::BeforeTheAnswerTo("DATA"),
    Cut::InContent,
    Cut::Before("."),
    Cut::BeforeTheAnswerTo("."),
    Cut::Before("QUIT"),
    Cut::BeforeTheAnswerTo("QUIT"),
];

/// A wire to this relay that is cut there, for one connection.
fn cut_wire(relay: SocketAddr, cut: Cut) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        let client = listener.accept()?.0;
        let server = TcpStream::connect(relay)?;
        let result = pass(&client, &server, cut);
        drop((client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both)));
        result
    });
    address
}

fn pass(mut client: &TcpStream, mut server: &TcpStream, cut: Cut) -> io::Result<()> {
    let (mut said, mut answers) = (BufReader::new(client.try_clone()?), BufReader::new(server.try_clone()?));
    let greeting = answer(&mut answers)?;
    if cut == Cut::BeforeTheAnswerTo("connect") {
        return Ok(());
    }
    client.write_all(greeting.as_bytes())?;
    let (mut line, mut in_message) = (String::new(), false);
    while {
        line.clear();
        said.read_line(&mut line)? > 0
    } {
        let verb =
            if in_message && line != ".\r\n" { "" } else { line.trim_end().split(' ').next().unwrap_or_default() };
        if cut == Cut::Before(match_verb(verb)) {
            return Ok(());
        }
        server.write_all(line.as_bytes())?;
        if verb.is_empty() {
            if cut == Cut::InContent {
                return Ok(());
            }
            continue;
        }
        let answer = answer(&mut answers)?;
        if cut == Cut::BeforeTheAnswerTo(match_verb(verb)) {
            return Ok(());
        }
        in_message = verb == "DATA" && answer.starts_with('3');
        client.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// The verb as the cuts name it.
fn match_verb(verb: &str) -> &'static str {
    let known = ["EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"];
    known.into_iter().find(|known| *known == verb).unwrap_or_default()
}

/// A whole reply, of several lines perhaps.
fn answer(lines: &mut impl BufRead) -> io::Result<String> {
    let mut answer = String::new();
    loop {
        let start = answer.len();
        if lines.read_line(&mut answer)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if answer.as_bytes().get(start + 3) != Some(&b'-') {
            return Ok(answer);
        }
    }
}

/// Postfix asks it of each recipient: `grey…` is put off the first time, `slow…` takes its time.
fn policy_service() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    let known = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let known = Arc::clone(&known);
            thread::spawn(move || drop(judge(&stream, &known)));
        }
    });
    address
}

fn judge(mut stream: &TcpStream, known: &std::sync::Mutex<BTreeSet<String>>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?.take(1 << 20)).lines();
    let mut recipient = String::new();
    while let Some(line) = lines.next().transpose()? {
        if let Some(value) = line.strip_prefix("recipient=") {
            recipient = value.to_owned();
        }
        if !line.is_empty() {
            continue;
        }
        let is_new = known.lock().expect("no panic in the service").insert(recipient.clone());
        if recipient.starts_with("slow") {
            thread::sleep(SLOW);
        }
        let action = if recipient.starts_with("grey") && is_new { "450 4.2.0 greylisted, come back" } else { "DUNNO" };
        write!(stream, "action={action}\n\n")?;
    }
    Ok(())
}

fn relay(security: Security, port: u16, roots: &Path) -> Relay {
    let roots = (security != Security::Plain).then(|| roots.to_owned());
    Relay { security, host: "localhost".to_owned(), port, roots, credentials: None }
}

fn mailer(to: &[&str], relays: Vec<Relay>) -> Mailer {
    let to = to.iter().map(|to| (*to).to_owned()).collect();
    Mailer::new(&Settings { to, from: "notafter@example.com".to_owned(), relays, stationery: Stationery::default() })
        .expect("a mailer")
}

fn deliver(mailer: &Mailer, mail: &Mail) -> Delivery {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(mailer.deliver(mail, NOW))
}

#[track_caller]
fn assert_unsent(delivery: &Delivery, words: &str) {
    assert!(matches!(delivery, Delivery::Unsent { error } if error.contains(words)), "{delivery:?}");
}

const NOW: UnixTime = UnixTime(1_800_000_000);

/// A mail of so many notices.
fn mail(id: &str, notices: usize) -> Mail {
    Mail {
        id: id.to_owned(),
        receiver: "oncall".to_owned(),
        kind: MailKind::News,
        notices: (0..notices).map(notice).collect(),
        shared: None,
        thread: None,
        created_at: NOW,
        attempts: 0,
        last_error: None,
        extra: serde_json::Map::new(),
    }
}

/// Each of another code, so that each has its own section in the mail.
fn notice(n: usize) -> Notice {
    let domain = format!("d{n}.example.com");
    Notice {
        id: NoticeId::of(&domain, "proxy", "reach", 0, Reason::Opened, 0),
        domain,
        view: "proxy".to_owned(),
        family: "reach".to_owned(),
        episode: 0,
        reason: Reason::Opened,
        code: format!("connect.odd{n}"),
        severity: "critical".to_owned(),
        title: "the connection is refused".to_owned(),
        summary: format!("nobody listens. {}", "It says so. ".repeat(60)),
        remedy: "See whether the proxy runs. ".repeat(60),
        facts: serde_json::Map::new(),
        path: Vec::new(),
        expires: None,
        opened_at: NOW,
        at: NOW,
        in_setup: false,
        bonds: Vec::new(),
        labels: serde_json::Map::new(),
        extra: serde_json::Map::new(),
    }
}
