//! Silences with the real program: made, listed and ended on the command line, across a kill.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use super::home::wait_until;
use super::lab::{domain, receiver};
use super::mail::Letter;
use super::sink::Sink;
use super::{Home, Lab};

const NAME: &str = "login.lab.example";

/// A home that watches an address at which nobody listens.
fn home(lab: &Lab, sink: &Sink) -> Home {
    let home = Home::bare();
    let told = receiver(&format!("smtp+plain://{}", sink.address()), "");
    let labelled = domain(NAME, &["127.99.99.99:1".parse().unwrap()]) + "labels = { team = \"identity\" }\n";
    home.configure(&(lab.probe(&home, "200ms") + &labelled + &told));
    home
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn listed(home: &Home) -> Vec<Value> {
    let lines = good(&home.run(&["silence", "list", "--format", "json"]));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_silence_outlives_a_kill_and_ends_by_hand() {
    let (lab, sink) = (Lab::start(), Sink::start());
    let home = home(&lab, &sink);
    // Before its first look the daemon is told; the fault has been there all the time.
    let mut daemon = home.start();
    let add = ["silence", "add", "--label", "team=identity", "--code", "connect.*", "--for", "4h"];
    let made = good(&home.run(&[&add[..], &["--comment", "the proxy moves", "--author", "alice"]].concat()));
    assert!(made.contains("the proxy moves (alice)") && made.contains("about 1 of the watched domains"), "{made}");
    daemon.wait_for_sample("notafter_incidents_silenced", 1.0);
    daemon.kill();
    let mut daemon = home.start_ready();
    daemon.wait_for_sample("notafter_incidents_silenced", 1.0);
    let silence = &listed(&home)[0];
    assert_eq!(
        (&silence["state"], &silence["origin"], &silence["incidents"]),
        (&"active".into(), &"api".into(), &1.into())
    );
    let text = good(&home.run(&["silence", "list"]));
    assert!(
        (text.contains("ends in 4 h") || text.contains("ends in 3 h 59 min")) && text.contains("silences 1 incident"),
        "{text}"
    );
    let (_, page) = daemon.get("/").unwrap();
    assert!(page.contains(">silenced<"), "{page}");
    assert!(sink.mails().is_empty(), "{:?}", sink.mails());
    assert_eq!(daemon.sample("notafter_silences{state=\"active\"}"), Some(1.0));
    let id = silence["id"].as_str().unwrap();
    good(&home.run(&["silence", "end", id]));
    wait_until("the mail", || sink.mails().len() == 1);
    Letter::parse(&sink.mails()[0]).begins("[critical] login.lab.example: ");
    assert_eq!(listed(&home)[0]["state"], "ended");
    let again = home.run(&["silence", "end", id]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("there is no such silence, or it is over"), "{again:?}");
    daemon.stop();
}

#[test]
fn a_window_of_the_configuration_is_a_silence_from_the_reload_on() {
    let (lab, sink) = (Lab::start(), Sink::start());
    let home = home(&lab, &sink);
    let file = std::fs::read_to_string(home.path().join("notafter.toml")).unwrap();
    let window = "[[maintenance]]\ndomains = [\"*.lab.example\"]\nfrom = \"00:00\"\nto = \"24:00\"\n\
        timezone = \"Europe/Berlin\"\ncomment = \"all day\"\n";
    home.write("notafter.toml", &format!("{file}{window}"));
    let mut daemon = home.start_ready();
    daemon.wait_for_sample("notafter_incidents_silenced", 1.0);
    let silence = &listed(&home)[0];
    assert_eq!((&silence["origin"], &silence["recurs"]), (&"config".into(), &"daily 00:00-24:00 Europe/Berlin".into()));
    let refused = home.run(&["silence", "end", silence["id"].as_str().unwrap()]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("take it out there and reload"), "{refused:?}");
    assert!(sink.mails().is_empty());
    home.write("notafter.toml", &file);
    assert_eq!(daemon.post("/-/reload").0, 200);
    wait_until("the mail", || sink.mails().len() == 1);
    daemon.stop();
}

#[test]
fn without_a_daemon_or_with_mistakes_it_says_so() {
    let (lab, sink) = (Lab::start(), Sink::start());
    let home = home(&lab, &sink);
    let nobody = home.run(&["silence", "list"]);
    let said = String::from_utf8_lossy(&nobody.stderr).into_owned();
    assert_eq!(nobody.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("no notafter answers at {}", home.address())), "{said}");
    let daemon = home.start();
    let wrong =
        ["silence", "add", "--domain", "other.example", "--code", "tls.expierd", "--for", "4", "--comment", "x"];
    let said = String::from_utf8_lossy(&home.run(&wrong).stderr).into_owned();
    assert!(said.contains("there is no code \"tls.expierd\"") && said.contains("\"4\" is no duration"), "{said}");
    let unwatched = ["silence", "add", "--domain", "other.example", "--for", "4h", "--comment", "x"];
    let said = String::from_utf8_lossy(&home.run(&unwatched).stderr).into_owned();
    assert!(said.contains("other.example is not watched"), "{said}");
    let endless = home.run(&["silence", "add", "--domain", "*", "--comment", "x"]);
    assert_eq!(endless.status.code(), Some(64), "{endless:?}");
    daemon.stop();
}

#[test]
fn no_page_in_a_browser_may_silence_anything() {
    let home = Home::new(&domain(NAME, &["127.99.99.99:1".parse().unwrap()]));
    let daemon = home.start();
    let body = r#"{"domains":["*"],"for":"1h","comment":"x"}"#;
    let json = "Content-Type: application/json\r\n";
    let ask = |method: &str, path: &str, headers: &str, body: &str| {
        let mut stream = TcpStream::connect(home.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let (host, length) = (home.address(), body.len());
        let head = format!("{method} {path} HTTP/1.0\r\nHost: {host}\r\n{headers}Content-Length: {length}\r\n\r\n");
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    let silences = "/api/v1/silences";
    let own = format!("{json}Origin: http://{}\r\n", home.address());
    for (method, path, headers, body, expected) in [
        ("POST", silences, own.as_str(), body, 403),
        ("POST", silences, "Content-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n", body, 403),
        ("POST", silences, "Content-Type: text/plain\r\n", body, 415),
        ("POST", silences, "", body, 415),
        ("POST", silences, json, "{", 400),
        ("POST", silences, json, "{}", 400),
        ("POST", silences, json, &" ".repeat(65_537), 413),
        ("DELETE", "/api/v1/silences/00000000", "Origin: https://elsewhere.example\r\n", "", 403),
        ("DELETE", "/api/v1/silences/00000000", "", "", 404),
        ("DELETE", "/api/v1/silences/nonsense", "", "", 404),
        ("POST", "/-/reload", "Origin: https://elsewhere.example\r\n", "", 403),
        ("PUT", silences, json, body, 405),
        ("POST", silences, "Content-Type: application/json; charset=utf-8\r\n", body, 201),
    ] {
        assert_eq!(ask(method, path, headers, body), expected, "{method} {path} {headers:?}");
    }
    assert_eq!(listed(&home).len(), 1);
    daemon.stop();
}
