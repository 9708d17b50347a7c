//! A lab like badssl.com: every host it has in one table with what is to be found there, served by nginx on loopback and
//! looked at by one `check`.

mod desk;
mod hosts;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use notafter::lab::hostile::{Hostile, Manner};
use serde_json::Value;

use self::desk::{Desk, KeyKind, Served, openssl};
use self::hosts::{ROWS, Row};
use super::servers::{Identity, Knot, Nginx, Vhost};
use super::stage::{NOW, codes, notafter};

/// A fatal `handshake_failure` (RFC 8446 section 6.2).
const REFUSAL: &[u8] = &[21, 3, 3, 0, 2, 2, 40];

fn name(row: &Row) -> String {
    format!("{}.badssl.test", row.0)
}

/// Each host on an address of its own: what a server agrees to before it has read the name is then its own as well.
fn address(index: usize) -> String {
    format!("127.0.7.{}", index + 1)
}

fn vhost(index: usize, row: &Row, desk: &mut Desk, shared: &[Identity; 2]) -> Option<Vhost> {
    let name = name(row);
    desk.name.clone_from(&name);
    let [ec, rsa] = shared;
    let vhost = match row.1 {
        Served::Nginx(directives) => with(Vhost::new(&name, ec.clone()), directives),
        Served::NginxRsa(directives) => with(Vhost::new(&name, rsa.clone()), directives),
        Served::Answering(content) => Vhost::new(&name, ec.clone()).answering(content),
        Served::Protocols(protocols) => Vhost { protocols, ..Vhost::new(&name, ec.clone()) },
        Served::Certificate(make) => Vhost::new(&name, make(desk)),
        Served::Refusal | Served::NotApplicable(_) => return None,
    };
    Some(vhost.on(&[&address(index)]))
}

/// The same with these directives first. `ssl_protocols` stands at their beginning or nowhere, and counts instead of its
/// own.
fn with(vhost: Vhost, directives: &'static str) -> Vhost {
    let split = directives.strip_prefix("ssl_protocols ").and_then(|rest| rest.split_once(';'));
    let (protocols, directives) = split.unwrap_or((vhost.protocols, directives));
    let content = format!("{directives}\n{}", vhost.content);
    Vhost { protocols, content, ..vhost }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_host_of_badssl_is_found_to_be_what_it_is() {
    let mut desk = Desk::new();
    let shared = [KeyKind::P256, KeyKind::Rsa2048].map(|key| desk.shared(key));
    let vhosts: Vec<Vhost> =
        ROWS.iter().enumerate().filter_map(|(index, row)| vhost(index, row, &mut desk, &shared)).collect();
    let groups = ["1024", "2048"].map(|bits| {
        let parameters = openssl(&["dhparam", "-dsaparam", bits], "");
        (format!("dh{bits}.pem"), String::from_utf8(parameters).unwrap())
    });
    let root = desk.root.root_pem();
    let mut files: Vec<(&str, &str)> = groups.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("root.pem", &root));
    let nginx = Nginx::start_weak(&vhosts, &files);
    let refusal = Hostile::start(Manner::saying(REFUSAL)).await.unwrap();
    let at = |index: usize, row: &Row| match row.1 {
        Served::Refusal => refusal.address(),
        _ => nginx.at(&address(index)),
    };
    let seen = look(&desk, at);
    let wrong: Vec<String> = ROWS.iter().filter_map(|row| differs(row, &seen)).collect();
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// One `check` of all hosts that can be looked at; by name.
fn look(desk: &Desk, at: impl Fn(usize, &Row) -> SocketAddr) -> BTreeMap<String, Value> {
    let knot = Knot::start(&[("badssl.test", "* A 127.0.0.1")]);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    file("roots.pem", &desk.roots_pem());
    file("distrust.txt", &desk.distrust());
    file("intermediates.pem", &desk.unsent.certificate_pem());
    let mut text = format!(
        "[probe]\nnameservers = [\"{}\"]\nroots = [\"roots.pem\"]\nintermediates = [\"intermediates.pem\"]\n\
         distrust = \"distrust.txt\"\n",
        knot.address()
    );
    for (index, row) in ROWS.iter().enumerate().filter(|(_, row)| !matches!(row.1, Served::NotApplicable(_))) {
        text += &format!("[[domain]]\nname = \"{}\"\naddresses = [\"{}\"]\n", name(row), at(index, row));
    }
    file("notafter.toml", &text);
    let config = folder.path().join("notafter.toml");
    let ran = notafter(["check", "--format", "json", "--at", NOW, "--config", config.to_str().unwrap()]);
    let by_name = |seen: Value| (seen["domain"].as_str().unwrap().to_owned(), seen);
    ran.lines().into_iter().map(by_name).collect()
}

fn differs(row: &Row, seen: &BTreeMap<String, Value>) -> Option<String> {
    let name = name(row);
    let Some(object) = seen.get(&name) else {
        let excused = matches!(row.1, Served::NotApplicable(why) if !why.is_empty());
        return (!excused).then(|| format!("{name}: nobody looked"));
    };
    let well = codes(object) == row.2 && object["broken_at"].as_str() == row.3;
    let said: Vec<&Value> = object["findings"].as_array().unwrap().iter().map(|finding| &finding["summary"]).collect();
    (!well).then(|| format!("{name}: {:?} at {}\n    {said:?}", codes(object), object["broken_at"]))
}

#[test]
fn every_host_has_one_row() {
    let names: BTreeSet<&str> = ROWS.iter().map(|row| row.0).collect();
    assert_eq!(names.len(), ROWS.len());
}

/// Whether there is a row for a host; its top-level domain does not matter.
pub(super) fn has_row(host: &str) -> bool {
    ROWS.iter().any(|row| host.strip_prefix(row.0).is_some_and(|rest| rest.starts_with(".badssl.")))
}
