//! [`Pin`]: a line of a configuration, and what shows that it is missing or wrong.

use std::time::Duration;

use notafter::lab::edge::{Fault, Request};

use super::Kind;
use super::customer::{Answer, Ask, in_the_clear, over_tls};
use super::scene::{Altered, DOMAIN, Proxy, Scene};
use crate::stage::codes;

/// A line (or several that only together make a difference), what it is broken into, and what is seen with it and without.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pin {
    pub(super) broken: &'static [(&'static str, &'static str)],
    pub(super) look: Look,
    pub(super) good: &'static str,
    pub(super) bad: &'static str,
}

pub(super) const fn pin(
    broken: &'static [(&'static str, &'static str)],
    look: Look,
    good: &'static str,
    bad: &'static str,
) -> Pin {
    Pin { broken, look, good, bad }
}

/// Where the difference is to be seen.
#[derive(Debug, Clone, Copy)]
pub(super) enum Look {
    /// `notafter check`: the codes, the status, the hop; or `healthy`.
    Check,
    /// The same while Auth0 takes its time.
    CheckSlow,
    /// The same with a proxy whose C library has an old address of the origin.
    CheckOldHosts,
    /// The same with DNS that leads to somebody with another certificate: `key given away`, or what check says.
    CheckImpostor,
    /// A customer's answer: its status.
    Customer(Ask),
    /// The status of a second answer, after the C library's hosts file has come to lead nowhere.
    Moved,
    /// A header field of that answer.
    Answered(Ask, &'static str),
    /// A customer's answer over plain HTTP: its status and where it leads.
    Plain(Ask),
    /// The values of a header field that the edge saw.
    Field(Ask, &'static str),
    /// The target that the edge saw.
    Target(Ask),
    /// The version of HTTP that the edge saw.
    Version,
    /// How many requests the edge saw of two that were alike.
    Twice(Ask),
    /// Whether a text of the request is in what the proxy has logged.
    Logged(Ask, &'static str),
}

/// Every pin: seen with its line, not seen without. All that went otherwise, told together.
pub(super) fn hold(scene: &Scene, kind: Kind, pins: &[Pin]) {
    let whole = scene.start(kind, Altered::default()).unwrap_or_else(|log| panic!("{kind:?}: {log}"));
    let mut wrong = Vec::new();
    for pin in pins {
        let mut tell = |which: &str, expected: &str, seen: String| {
            if seen != expected {
                wrong.push(format!("{:?} {which}: {seen}, not {expected}", pin.broken));
            }
        };
        let good = match altered(pin.look) {
            None if !matches!(pin.look, Look::Moved) => see(scene, &whole, pin.look),
            None => started(scene, kind, Altered::default(), pin.look),
            Some(altered) => started(scene, kind, altered, pin.look),
        };
        tell("with", pin.good, good);
        let altered = Altered { lines: pin.broken, ..altered(pin.look).unwrap_or_default() };
        tell("without", pin.bad, started(scene, kind, altered, pin.look));
    }
    assert!(wrong.is_empty(), "{kind:?}:\n{}", wrong.join("\n"));
}

/// What a look changes beside the lines.
fn altered(look: Look) -> Option<Altered<'static>> {
    match look {
        Look::CheckOldHosts => Some(Altered { old_hosts: true, ..Altered::default() }),
        Look::CheckImpostor => Some(Altered { to_impostor: true, ..Altered::default() }),
        _ => None,
    }
}

fn started(scene: &Scene, kind: Kind, altered: Altered<'_>, look: Look) -> String {
    match scene.start(kind, altered) {
        Ok(proxy) => see(scene, &proxy, look),
        Err(_) => "does not start".to_owned(),
    }
}

fn see(scene: &Scene, proxy: &Proxy, look: Look) -> String {
    let ask = |ask: &Ask| scene.runtime.block_on(over_tls(proxy.https, DOMAIN, &scene.issuer, ask));
    let before = scene.edge.requests().len();
    let seen = || scene.edge.requests().split_off(before);
    let of_edge = |tell: &dyn Fn(&Request) -> String| seen().first().map_or_else(|| "nothing seen".to_owned(), tell);
    let told = |answer: Result<Answer, String>, tell: &dyn Fn(&Answer) -> String| {
        answer.map_or_else(|error| error, |answer| tell(&answer))
    };
    match look {
        Look::Check | Look::CheckOldHosts => check(scene, proxy),
        Look::CheckSlow => {
            scene.edge.set_fault(&scene.registered.origin, Some(Fault::Slow(Duration::from_millis(1500))));
            let seen = check(scene, proxy);
            scene.edge.set_fault(&scene.registered.origin, None);
            seen
        }
        Look::CheckImpostor => {
            let before = scene.impostor.requests().len();
            let seen = check(scene, proxy);
            let given_away =
                scene.impostor.requests()[before..].iter().any(|request| !request.values("cname-api-key").is_empty());
            if given_away { "key given away".to_owned() } else { seen }
        }
        Look::Moved => {
            drop(ask(&super::customer::get("/test")));
            scene.move_origin(proxy);
            told(ask(&super::customer::get("/test")), &|answer| answer.status.to_string())
        }
        Look::Customer(asked) => told(ask(&asked), &|answer| answer.status.to_string()),
        Look::Answered(asked, field) => told(ask(&asked), &|answer| {
            let values = answer.headers.get_all(field).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
            values.collect::<Vec<_>>().join(" | ")
        }),
        Look::Plain(asked) => told(scene.runtime.block_on(in_the_clear(proxy.http, DOMAIN, &asked)), &|answer| {
            let to = answer.headers.get("location").and_then(|to| to.to_str().ok());
            let to = to.unwrap_or_else(|| if answer.status == 200 { answer.body.trim() } else { "" });
            format!("{} {to}", answer.status).trim().to_owned()
        }),
        Look::Field(asked, field) => {
            drop(ask(&asked));
            of_edge(&|request| request.values(field).join(" | "))
        }
        Look::Target(asked) => {
            let answered = told(ask(&asked), &|answer| answer.status.to_string());
            seen().first().map_or(answered, |request| request.target.clone())
        }
        Look::Version => {
            drop(ask(&super::customer::get("/")));
            of_edge(&|request| request.http.clone())
        }
        Look::Twice(asked) => {
            drop((ask(&asked), ask(&asked)));
            seen().len().to_string()
        }
        Look::Logged(asked, text) => {
            drop(ask(&asked));
            logged(proxy, asked.target.split('?').next().unwrap_or_default(), text)
        }
    }
}

/// What `check` makes of the proxy, in a few words.
fn check(scene: &Scene, proxy: &Proxy) -> String {
    let ran = scene.check(proxy);
    let seen = ran.json();
    let codes = codes(&seen);
    if codes.is_empty() {
        return if ran.code == 0 { "healthy".to_owned() } else { format!("{ran:?}") };
    }
    let status = &seen["observations"]["auth0"][0]["status"];
    let hop = seen["broken_at"].as_str().map(|hop| format!(" at {hop}")).unwrap_or_default();
    let status = if status.is_null() { String::new() } else { format!(" {status}") };
    format!("{}{status}{hop}", codes.join(","))
}

/// Once the path is in what was logged, whether the text is.
fn logged(proxy: &Proxy, path: &str, text: &str) -> String {
    let file = proxy.server.folder().join("access.log");
    let all = || format!("{}{}", proxy.server.log(), std::fs::read_to_string(&file).unwrap_or_default());
    for _ in 0..500 {
        let all = all();
        if all.contains(path) {
            assert!(!all.contains(super::scene::KEY), "the key is in the log:\n{all}");
            return if all.contains(text) { "logged" } else { "not logged" }.to_owned();
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    format!("nothing of {path} in the log:\n{}", all())
}
