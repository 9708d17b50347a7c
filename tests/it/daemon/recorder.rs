//! [`Recorder`]: a web server of our own that writes down what is posted to it, and answers as it is told.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

use crate::servers::Identity;

/// What was posted.
#[derive(Debug, Clone)]
pub(super) struct Post {
    /// With the query.
    pub(super) path: String,
    /// By their names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Post {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Takes every post.
#[derive(Debug)]
pub(super) struct Recorder {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    posts: Vec<Post>,
    answers: VecDeque<&'static str>,
    otherwise: &'static str,
}

impl Recorder {
    /// In plain HTTP. It gives these answers, one a post (a status and further headers), and then the last for ever.
    pub(super) fn start(answers: &[&'static str], last: &'static str) -> Self {
        Self::serve(answers, last, None)
    }

    /// The same over TLS.
    pub(super) fn over_tls(answers: &[&'static str], last: &'static str, identity: &Identity) -> Self {
        let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes()).collect::<Result<Vec<_>, _>>();
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the protocols")
            .with_no_client_auth()
            .with_single_cert(chain.expect("certificates"), key)
            .expect("an identity");
        Self::serve(answers, last, Some(Arc::new(config)))
    }

    fn serve(answers: &[&'static str], last: &'static str, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let kept = Kept { posts: Vec::new(), answers: answers.iter().copied().collect(), otherwise: last };
        let recorder = Self { address: listener.local_addr().expect("an address"), kept: Arc::new(Mutex::new(kept)) };
        let kept = Arc::clone(&recorder.kept);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (kept, tls) = (Arc::clone(&kept), tls.clone());
                // Whoever posts may be killed at any moment.
                thread::spawn(move || drop(take(stream, &kept, tls)));
            }
        });
        recorder
    }

    pub(super) fn port(&self) -> u16 {
        self.address.port()
    }

    /// All that was posted so far.
    pub(super) fn posts(&self) -> Vec<Post> {
        self.kept.lock().expect("no panic in the recorder").posts.clone()
    }
}

fn take(stream: TcpStream, kept: &Mutex<Kept>, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
    match tls {
        None => answer(stream, kept),
        Some(config) => {
            let connection = ServerConnection::new(config).map_err(io::Error::other)?;
            answer(StreamOwned::new(connection, stream), kept)
        }
    }
}

fn answer(stream: impl Read + Write, kept: &Mutex<Kept>) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = String::from_utf8_lossy(&body).into_owned();
    let said = {
        let mut kept = kept.lock().expect("no panic in the recorder");
        kept.posts.push(Post { path, headers, body });
        kept.answers.pop_front().unwrap_or(kept.otherwise)
    };
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 {said}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")?;
    stream.flush()
}
