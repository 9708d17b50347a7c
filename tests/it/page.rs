//! The status page as a browser gets it: the router over a snapshot of three domains, served on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Clock, Domain, DomainName, Now, UnixTime};
use notafter::incident::Policy;
use notafter::keeper::{Keeper, Snapshot, Watch};
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::observation::{Auth0Observation, Code, Failure, Look, TlsObservation, Vantage, View};
use notafter::trust::TrustStore;
use notafter::web::{ReloadRequest, Shared, router, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::stage::{day, sound};

/// Who issued the certificates: a stranger may call itself so.
const EVIL: &str = "<script>alert(1)</script>\u{202e}gro.live";

#[tokio::test]
async fn the_worst_domain_comes_first_with_its_mend() {
    let served = Served::start().await;
    let (head, body) = served.ask("GET /").await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let place = |text: &str| body.find(text).unwrap_or_else(|| panic!("no {text:?} in {body}"));
    assert!(place("id=\"refused.example\"") < place("id=\"soon.example\""));
    assert!(place("id=\"soon.example\"") < place("id=\"fine.example\""));
    assert!(body.contains("<title>1 critical, 1 warning · notafter</title>"));
    assert!(body.contains("60 d left of 90 d") && body.contains("until 2027-01-30"));
    assert!(body.contains("A login breaks at <strong>connect</strong>"));
    assert!(body.contains("Start the proxy, or correct its listen address"));
    assert!(body.contains("<code>notafter explain connect.refused</code>"));
}

#[tokio::test]
async fn a_browser_is_told_to_load_nothing_and_to_keep_nothing() {
    let served = Served::start().await;
    let (head, body) = served.ask("GET /").await;
    let head = head.to_ascii_lowercase();
    for header in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; style-src 'sha256-",
        "frame-ancestors 'none'",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
    ] {
        assert!(head.contains(header), "no {header} in {head}");
    }
    assert!(!head.contains("unsafe") && !body.contains("src=") && !body.contains(" style="));
}

#[tokio::test]
async fn what_a_certificate_says_stays_text() {
    let served = Served::start().await;
    let (_, body) = served.ask("GET /").await;
    // As RFC 4514 writes it, which escapes as well.
    assert!(body.contains("issued by \\&lt;script\\&gt;alert(1)"), "the name is shown");
    assert_eq!(body.matches("<script>").count(), 1, "the page's own");
    assert!(!body.contains('\u{202e}'));
}

#[tokio::test]
async fn a_part_of_a_name_finds_the_domain() {
    let served = Served::start().await;
    let (_, body) = served.ask("GET /?q=refused").await;
    assert!(body.contains("id=\"refused.example\"") && !body.contains("id=\"fine.example\""));
    let (_, body) = served.ask("GET /?q=%22%3E%3Cscript%3E").await;
    assert!(body.contains("value=\"&quot;&gt;&lt;script&gt;\"") && body.contains("No domain is called like that"));
    for odd in ["GET /?q=a&q=b", "GET /?q=%ff", "GET /?x"] {
        let (head, _) = served.ask(odd).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{odd}: {head}");
    }
}

#[tokio::test]
async fn head_is_answered_without_the_page_and_other_paths_are_not_found() {
    let served = Served::start().await;
    let (head, body) = served.ask("HEAD /").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.contains("content-security-policy: "), "{head}");
    assert_eq!(body, "");
    assert!(served.ask("GET /index.html").await.0.starts_with("HTTP/1.1 404 "));
    assert!(served.ask("POST /").await.0.starts_with("HTTP/1.1 405 "));
}

/// The page on a port of its own, until it is dropped.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    /// The other ends of what the router listens to.
    _ends: (watch::Sender<Arc<Snapshot>>, mpsc::Receiver<ReloadRequest>),
}

impl Served {
    async fn start() -> Self {
        let (snapshots, snapshot) = watch::channel(Arc::new(keeper().snapshot()));
        let (reload, reloads) = mpsc::channel(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let router = router(Shared { snapshot, reload, silences: mpsc::channel(1).0, clock: Arc::new(Fixed) });
        tokio::spawn(serve(listener, router, stop.clone()));
        Self { address, stop, _ends: (snapshots, reloads) }
    }

    /// Head and body of the answer to a request of this method and target.
    async fn ask(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let text = format!("{request} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A clock that stands still.
#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Now {
        NOW
    }
}

const NOW: Now = Now { wall: UnixTime(day(0)), mono: Duration::from_secs(60) };

/// A keeper that has looked at three domains once: at one all is well, the certificate of one ends in ten days, and at
/// one nobody listens.
fn keeper() -> Keeper {
    let root = Authority::root(EVIL).unwrap();
    let trust = TrustStore::new(&[root.root_certificate().clone()], &[]).unwrap();
    let seen = |name: &str, spec: &LeafSpec| {
        let chain = root.leaf(spec).unwrap().chain();
        let presented = trust.assess(&chain, &domain(name));
        look(name, TlsObservation { presented: Some(presented), ..TlsObservation::new(address()) })
    };
    let refused = Failure::new(Code::ConnectRefused, "nobody listens");
    let looks = [
        seen("fine.example", &sound("fine.example")),
        seen("soon.example", &LeafSpec::new("soon.example", day(-80), day(10))),
        look("refused.example", TlsObservation { failure: Some(refused), ..TlsObservation::new(address()) }),
    ];
    let mut keeper = Keeper::restore(Policy::default(), &[], Vec::new(), NOW);
    let watch = |look: &Look| Watch {
        domain: Arc::new(Domain::new(look.domain.clone())),
        http_addresses: 4,
        contract: 0,
        origin: false,
        tenant: false,
        revision: 0,
        recipients: [].into(),
    };
    keeper.handle_watches(looks.iter().map(watch).collect(), NOW);
    for look in looks {
        keeper.handle_look(look, NOW);
    }
    keeper
}

fn look(name: &str, tls: TlsObservation) -> Look {
    let issuer = Some(format!("https://{name}/"));
    let answer = Auth0Observation { status: Some(200), is_json: true, issuer, ..Auth0Observation::new(address()) };
    Look {
        domain: domain(name),
        vantage: Vantage::default(),
        view: View::Proxy,
        at: NOW.wall,
        dns: None,
        auth0: if tls.failure.is_none() { vec![answer] } else { Vec::new() },
        tls: vec![tls],
        no_route: Vec::new(),
        not_looked: Vec::new(),
        surplus_addresses: 0,
        origin: None,
        client_certificate: None,
        contract: None,
        elapsed_ms: 1,
    }
}

fn domain(name: &str) -> DomainName {
    DomainName::parse(name).unwrap()
}

fn address() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 443))
}
