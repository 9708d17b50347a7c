//! Killed at every step of a mail's way to the relay: it arrives all the same, and if it comes twice, with one Message-ID.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::lab::{domain, receiver};
use super::mail::Letter;
use super::{DAY, Home, Lab, wait_until};
use crate::servers::Nginx;

/// What the client has just said when it is killed, before it hears the answer. At the first it has said nothing, at the
/// second the message has begun.
const STEPS: [&str; 8] = ["connect", "content", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"];

#[test]
fn killed_at_each_step_of_smtp() {
    let lab = Lab::start();
    let nginx = Nginx::start(&[lab.host("login.lab.example", 5 * DAY)]);
    thread::scope(|scope| {
        for half in STEPS.chunks(STEPS.len() / 2) {
            scope.spawn(|| half.iter().for_each(|step| killed_at(step, &lab, &nginx)));
        }
    });
}

fn killed_at(step: &'static str, lab: &Lab, nginx: &Nginx) {
    let (relay, home) = (Relay::start(step), Home::bare());
    let told = receiver(&format!("smtp+plain://{}", relay.address), "");
    home.configure(&(lab.probe(&home, "1s") + &domain("login.lab.example", &[nginx.at("127.0.0.1")]) + &told));
    let daemon = home.start_ready();
    wait_until(step, || relay.seen.lock().unwrap().has_stopped);
    daemon.kill();
    let was_taken = matches!(step, "." | "QUIT");
    assert_eq!(relay.mails().len(), usize::from(was_taken), "{step}");
    let mut daemon = home.start_ready();
    daemon.wait_for_sample("notafter_notices_owed{receiver=\"oncall\"}", 0.0);
    daemon.wait_until("the mail", |_| !relay.mails().is_empty());
    daemon.stop();
    let letters: Vec<Letter> = relay.mails().iter().map(|mail| Letter::parse(mail)).collect();
    // After QUIT the outcome may have been stored, or not.
    let most = 1 + usize::from(was_taken);
    assert!((1..=most).contains(&letters.len()), "{step}: {letters:?}");
    assert!(letters.iter().all(|letter| letter.id == letters[0].id), "{step}: {letters:?}");
}

/// A relay whose first conversation stops at a step, and goes no further.
struct Relay {
    address: SocketAddr,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    has_stopped: bool,
    mails: Vec<String>,
}

impl Relay {
    fn start(step: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let relay = Self { address: listener.local_addr().expect("an address"), seen: Arc::default() };
        let seen = Arc::clone(&relay.seen);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let seen = Arc::clone(&seen);
                // Whoever mails may be killed at any moment.
                thread::spawn(move || drop(talk(&stream, step, &seen)));
            }
        });
        relay
    }

    fn mails(&self) -> Vec<String> {
        self.seen.lock().unwrap().mails.clone()
    }
}

/// Stops here if this is the step and the first time: reads until the other side is gone.
fn stop_at(step: &str, here: &str, lines: &mut impl Iterator<Item = io::Result<String>>, seen: &Mutex<Seen>) {
    if here == step && !std::mem::replace(&mut seen.lock().unwrap().has_stopped, true) {
        lines.by_ref().for_each(drop);
    }
}

fn talk(mut stream: &TcpStream, step: &str, seen: &Mutex<Seen>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    stop_at(step, "connect", &mut lines, seen);
    stream.write_all(b"220 relay\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        stop_at(step, &verb, &mut lines, seen);
        let answer = match verb.as_str() {
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let mail = message(&mut lines, step, seen)?;
                seen.lock().unwrap().mails.push(mail);
                stop_at(step, ".", &mut lines, seen);
                "250 taken"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n"),
            _ => "250 fine",
        };
        write!(stream, "{answer}\r\n")?;
    }
    Ok(())
}

fn message(lines: &mut impl Iterator<Item = io::Result<String>>, step: &str, seen: &Mutex<Seen>) -> io::Result<String> {
    let mut mail = String::new();
    loop {
        let line = lines.next().transpose()?.ok_or(io::ErrorKind::UnexpectedEof)?;
        // Whatever of it is still in the buffers is lost with whoever sends it.
        stop_at(step, "content", lines, seen);
        if line == "." {
            return Ok(mail);
        }
        mail += line.strip_prefix('.').unwrap_or(&line);
        mail.push('\n');
    }
}
