//! What certificates point at: issuers that are left out, lists of the revoked, OCSP responses; and roots that are
//! compared or dropped. Real servers serve the chains, a [`Publisher`] what they point at.

mod issuers;
mod lists;
mod recorded;
mod roots;
mod staples;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use notafter::lab::ca::Issued;
use serde_json::Value;

use super::servers::{Identity, Vhost};
use super::stage::{Stage, codes, day, sound};

/// A CA's web server: one answer a path, and every request noted. It ends with the process.
pub(super) struct Publisher {
    address: SocketAddr,
    documents: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Publisher {
    pub(super) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let (documents, requests) = (Arc::default(), Arc::default());
        let publisher = Self { address, documents: Arc::clone(&documents), requests: Arc::clone(&requests) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &documents, &requests);
            }
        });
        publisher
    }

    /// Where its documents are: those that need no name server.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where a document is, by a name that the stage's name server knows.
    fn url(&self, path: &str) -> String {
        format!("http://pki.example:{}{path}", self.address.port())
    }

    pub(super) fn publish(&self, path: &str, document: &[u8]) {
        self.documents.lock().unwrap().insert(path.to_owned(), document.to_vec());
    }

    /// The paths that were asked for, in order.
    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(stream: TcpStream, documents: &Mutex<BTreeMap<String, Vec<u8>>>, requests: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    let _ = reader.read_line(&mut first);
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let document = documents.lock().unwrap().get(&path).cloned();
    requests.lock().unwrap().push(path);
    let (status, body) = document.map_or(("404 Not Found", Vec::new()), |document| ("200 OK", document));
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = reader.get_mut().write_all(&[head.as_bytes(), &body].concat());
}

/// A host that presents the leaf alone.
fn leaf_alone(name: &str, issued: &Issued) -> Vhost {
    Vhost::new(name, Identity { chain_pem: issued.leaf_pem(), key_pem: issued.key_pem() })
}

/// The one finding with this code.
#[track_caller]
fn the<'a>(code: &str, object: &'a Value) -> &'a Value {
    let findings = object["findings"].as_array().expect("findings");
    findings.iter().find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {object:#}"))
}
