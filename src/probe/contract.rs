//! Trying the proxy's part of the bargain: each clause by the requests that tell whether it is kept, on connections of
//! their own. Nothing secret is sent, and nobody logs in.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName, LOCATION, SET_COOKIE, STRICT_TRANSPORT_SECURITY, USER_AGENT,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, Method, Request};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use super::bounded::Bounded;
use super::discovery::{DISCOVERY, answer_headers, broken, unique};
use super::http::{Answer, Ask, MAX_EXCHANGE, MAX_HEAD, Session, causes, read_up_to, user_agent};
use super::metadata;
use super::wire::{self, Question};
use super::{Contract, Target, sockets, tls};
use crate::domain::UnixTime;
use crate::observation::certificate::Sha256;
use crate::observation::{Clause, Code, ContractObservation, CookieSet, Failure, Returned, Tried, bounded};

const TOKEN: &str = "/oauth/token";
const USERINFO: &str = "/userinfo";
const FEDERATION: &str = "/wsfed/FederationMetadata/2007-06/FederationMetadata.xml";
/// Longer than the 100 characters that Cloudflare lets pass (Cloudflare, "Error 1000"); TEST-NET-1 (RFC 5737).
const LONG_FORWARDED_FOR: &str = "192.0.2.1, 192.0.2.2, 192.0.2.3, 192.0.2.4, 192.0.2.5, 192.0.2.6, 192.0.2.7, \
     192.0.2.8, 192.0.2.9, 192.0.2.10, 192.0.2.11";
/// Where plain HTTP is answered.
const HTTP: u16 = 80;
/// Characters kept of a header's value, or of a cookie's name or attribute.
const MOST: usize = 200;
/// Cookies kept of an answer.
const MAX_COOKIES: usize = 32;
/// Bytes of a plain answer's body that are read: its head is what tells.
const PLAIN_BODY: usize = 4096;

/// Tries the clauses at one address. `None` if there is none to try.
pub(super) async fn observe(target: Target<'_>, address: SocketAddr, at: UnixTime) -> Option<ContractObservation> {
    let contract = &target.settings.contract;
    let mut clauses = contract.clauses.iter().copied().filter(|clause| contract.can_try(*clause)).peekable();
    clauses.peek()?;
    let trial = Trial { target, address };
    let plain = trial.ask(get(&fresh())).await;
    let mut tried = Vec::new();
    // Where nothing gets through there is nothing to be learned of the clauses.
    if plain.status == Some(200) {
        for clause in clauses {
            tried.push(Tried { clause, returned: trial.of(clause, contract).await });
        }
    }
    Some(ContractObservation { at, address, plain, tried })
}

/// The document, by a query nobody has asked before.
fn fresh() -> String {
    unique(DISCOVERY)
}

fn get(path: &str) -> Ask<'_> {
    Ask { method: Method::GET, path, headers: Vec::new(), body: "" }
}

fn get_with<'a, const N: usize>(path: &'a str, headers: [(&'static str, &'a str); N]) -> Ask<'a> {
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value));
    Ask { headers: headers.into(), ..get(path) }
}

/// One address, and whom to ask there.
#[derive(Clone, Copy)]
struct Trial<'a> {
    target: Target<'a>,
    address: SocketAddr,
}

impl Trial<'_> {
    /// The answers that tell whether a clause is kept.
    async fn of(self, clause: Clause, contract: &Contract) -> Vec<Returned> {
        let forged = |headers| async move { vec![self.ask(headers).await] };
        let fresh = fresh();
        match clause {
            Clause::Post => vec![self.ask(post()).await],
            Clause::Authorization => {
                let with = [(AUTHORIZATION, "Bearer notafter")].into();
                vec![self.ask(get(USERINFO)).await, self.ask(Ask { headers: with, ..get(USERINFO) }).await]
            }
            Clause::Query => vec![self.ask(get(&fresh)).await, self.ask(get(&self::fresh())).await],
            Clause::Cookies => {
                let with = |value| Ask { headers: [(COOKIE, value)].into(), ..get(&fresh) };
                vec![self.ask(with("notafter=one")).await, self.ask(with("notafter=other")).await]
            }
            Clause::Https => vec![self.ask_plain(contract).await],
            Clause::Authorize => vec![self.ask(get(&authorize(contract))).await],
            Clause::Saml => {
                let client = contract.client_id.as_deref().unwrap_or_default();
                vec![self.ask_metadata(&format!("/samlp/metadata/{}", escaped(Some(client)))).await]
            }
            Clause::WsFederation => vec![self.ask_metadata(FEDERATION).await],
            Clause::ClientKey => forged(get_with(&fresh, [("cname-api-key", "notafter")])).await,
            Clause::ForwardedFor => forged(get_with(&fresh, [("x-forwarded-for", "192.0.2.1")])).await,
            Clause::ForwardedForTwice => {
                let twice = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "192.0.2.2")];
                forged(get_with(&fresh, twice)).await
            }
            Clause::ForwardedForLong => forged(get_with(&fresh, [("x-forwarded-for", LONG_FORWARDED_FOR)])).await,
            Clause::ConnectingIp => forged(get_with(&fresh, [("cf-connecting-ip", "192.0.2.1")])).await,
        }
    }

    async fn ask(self, ask: Ask<'_>) -> Returned {
        match self.exchange(ask).await {
            Ok(answer) => self.returned(&answer.head.headers, answer.head.status.as_u16(), &answer.body),
            Err(failure) => Returned { failure: Some(failure), ..Returned::default() },
        }
    }

    async fn ask_metadata(self, path: &str) -> Returned {
        match self.exchange(get(path)).await {
            Ok(Answer { head, body }) => {
                let returned = self.returned(&head.headers, head.status.as_u16(), &body);
                Returned { metadata: metadata::read(&body), ..returned }
            }
            Err(failure) => Returned { failure: Some(failure), ..Returned::default() },
        }
    }

    async fn exchange(self, ask: Ask<'_>) -> Result<Answer, Failure> {
        let _permit = sockets::permit(1).await;
        let deadline = Instant::now() + self.target.settings.timeout;
        let name = &self.target.domain.name;
        let late = |_| Failure::new(Code::HttpTimeout, "no complete answer before the deadline");
        let out_of = |not: crate::observation::NotLooked| Failure::new(Code::WatchOutOfResources, not.reason);
        let shaken = tls::observe(self.address, name, self.target.settings.client.as_ref(), deadline);
        let handshake = wire::handshake(self.address, name.as_str(), shaken).await.map_err(out_of)?;
        let Some(line) = handshake.stream else {
            let unknown = || Failure::new(Code::TlsHandshakeFailed, "no handshake");
            return Err(handshake.observation.failure.unwrap_or_else(unknown));
        };
        let contact = self.target.settings.contact.as_deref();
        let asked = async {
            let mut session = Session::open(line, name, contact).await?;
            session.send(ask).await
        };
        timeout_at(deadline, asked).await.map_err(late)?.map_err(|error| broken(&error))
    }

    /// `/` over plain HTTP.
    async fn ask_plain(self, contract: &Contract) -> Returned {
        let default = SocketAddr::new(self.address.ip(), HTTP);
        let address = contract.plain_addresses.first().copied().unwrap_or(default);
        let host = self.target.domain.name.as_str();
        let question = Question { address, host, method: "GET", target: "/", with_key: false };
        match wire::plain(question, self.exchange_plain(address)).await {
            Ok(Answer { head, body }) => self.returned(&head.headers, head.status.as_u16(), &body),
            Err(failure) => Returned { failure: Some(failure), ..Returned::default() },
        }
    }

    async fn exchange_plain(self, address: SocketAddr) -> Result<Answer, Failure> {
        let _permit = sockets::permit(1).await;
        let deadline = Instant::now() + self.target.settings.timeout;
        let broken = |error: hyper::Error| Failure::new(Code::HttpBroken, causes(&error));
        let asked = async {
            let stream = TcpStream::connect(address).await;
            let stream = stream.map_err(|error| Failure::new(Code::ConnectRefused, format!("{address}: {error}")))?;
            let io = TokioIo::new(Bounded::new(stream, MAX_EXCHANGE));
            let mut builder = http1::Builder::new();
            let handshake = builder.max_headers(128).max_buf_size(MAX_HEAD).handshake(io);
            let (mut sender, connection) = handshake.await.map_err(broken)?;
            let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
            let request = Request::get("/")
                .header(HOST, self.target.domain.name.as_str())
                .header(USER_AGENT, user_agent(self.target.settings.contact.as_deref()))
                .body(Full::<Bytes>::default())
                .map_err(|error| Failure::new(Code::HttpBroken, error.to_string()))?;
            let (head, body) = sender.send_request(request).await.map_err(broken)?.into_parts();
            Ok(Answer { head, body: read_up_to(body, PLAIN_BODY).await.map_err(broken)? })
        };
        let late = |_| Failure::new(Code::HttpTimeout, format!("no answer from {address} before the deadline"));
        timeout_at(deadline, asked).await.map_err(late)?
    }

    /// What is kept of an answer: strangers' text, in bounds.
    fn returned(self, fields: &HeaderMap, status: u16, body: &[u8]) -> Returned {
        let settings = self.target.settings;
        let headers = answer_headers(fields, settings);
        let text = |name: HeaderName| {
            let value = String::from_utf8_lossy(fields.get(name)?.as_bytes()).into_owned();
            Some(bounded(value, MOST))
        };
        let cached = headers.came_from_cache().then(|| {
            let said =
                [("age", &headers.age), ("x-cache", &headers.x_cache), ("cf-cache-status", &headers.cf_cache_status)];
            let said = said.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}", value.as_deref()?)));
            said.collect::<Vec<_>>().join(", ")
        });
        let contains = |marker: &&String| !marker.is_empty() && holds(body, marker.as_bytes());
        Returned {
            status: Some(status),
            content_type: text(CONTENT_TYPE),
            is_json: serde_json::from_slice::<serde_json::Value>(body).is_ok(),
            reached_auth0: headers.auth0_request_id.is_some(),
            server: headers.server,
            cached,
            www_authenticate: text(WWW_AUTHENTICATE),
            location: text(LOCATION),
            hsts: fields.contains_key(STRICT_TRANSPORT_SECURITY),
            cookies: fields
                .get_all(SET_COOKIE)
                .iter()
                .take(MAX_COOKIES)
                .filter_map(|set| cookie(set.as_bytes()))
                .collect(),
            key_marker: settings.key_markers.iter().find(contains).cloned(),
            body_sha256: Some(Sha256::of(body).to_string()),
            metadata: None,
            failure: None,
        }
    }
}

/// A token request without anything in it: Auth0 can only refuse it.
fn post() -> Ask<'static> {
    let form = (CONTENT_TYPE, "application/x-www-form-urlencoded");
    Ask { method: Method::POST, path: TOKEN, headers: [form].into(), body: "" }
}

fn authorize(contract: &Contract) -> String {
    let (client, redirect) = (escaped(contract.client_id.as_deref()), escaped(contract.redirect_uri.as_deref()));
    format!("/authorize?response_type=code&scope=openid&state=notafter&client_id={client}&redirect_uri={redirect}")
}

/// All but the unreserved characters (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn escaped(part: Option<&str>) -> PercentEncode<'_> {
    utf8_percent_encode(part.unwrap_or_default(), RESERVED)
}

fn holds(body: &[u8], text: &[u8]) -> bool {
    body.windows(text.len()).any(|window| window == text)
}

/// A `Set-Cookie` (RFC 6265, 5.2), without its value.
pub(super) fn cookie(set: &[u8]) -> Option<CookieSet> {
    let text = String::from_utf8_lossy(set);
    let cookie = cookie::Cookie::parse(text.as_ref()).ok()?;
    let kept = |text: &str| bounded(text.to_owned(), MOST);
    Some(CookieSet {
        name: kept(cookie.name()),
        secure: cookie.secure() == Some(true),
        http_only: cookie.http_only() == Some(true),
        same_site: cookie.same_site().map(|same_site| same_site.to_string().to_ascii_lowercase()),
        domain: cookie.domain().map(kept),
        path: cookie.path().map(kept),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_without_its_value() {
        let set = b"auth0=s%3ASECRET; Path=/; Expires=Thu, 01 Jan 2099 00:00:00 GMT; HttpOnly; Secure; SameSite=None";
        let kept = cookie(set).unwrap();
        assert!(!format!("{kept:?}").contains("SECRET"));
        assert_eq!((kept.name.as_str(), kept.secure, kept.http_only), ("auth0", true, true));
        assert_eq!((kept.same_site.as_deref(), kept.domain, kept.path.as_deref()), (Some("none"), None, Some("/")));
        assert_eq!(cookie(b"no cookie"), None);
    }

    #[test]
    fn what_the_operator_wrote_cannot_leave_its_place() {
        let contract = Contract {
            client_id: Some("a&b=c".to_owned()),
            redirect_uri: Some("https://app.example.com/callback?x=1#f".to_owned()),
            ..Contract::default()
        };
        let path = authorize(&contract);
        assert!(
            path.ends_with("&client_id=a%26b%3Dc&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback%3Fx%3D1%23f")
        );
    }

    #[test]
    fn the_long_header_is_longer_than_cloudflare_lets_pass() {
        assert!(LONG_FORWARDED_FOR.len() > 100);
    }
}
