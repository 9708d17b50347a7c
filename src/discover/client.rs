//! [`Client`]: a tenant's Management API, read with a token that is asked for only where the caller allows it.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use secrecy::{ExposeSecret, SecretString};

use super::token::Token;
use super::wire::{Answer, Wire};
use super::{Read, Settings};
use crate::domain::{DomainName, UnixTime};
use crate::observation::management::{Listing, Page, Refusal, TokenLog, read_page, read_token_logs};
use crate::trust::TrustStore;

/// Pages of a list that are read at most. A tenant has at most some hundreds of custom domains.
const MAX_PAGES: usize = 20;

/// The Management API of one tenant.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    wire: Wire,
    token: Mutex<Option<Token>>,
}

/// A custom domain through whose proxy a token is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Through<'a> {
    /// The custom domain.
    pub domain: &'a DomainName,
    /// Connect here instead of where DNS says.
    pub addresses: &'a [SocketAddr],
    /// Whom to trust.
    pub trust: &'a TrustStore,
}

impl Client {
    /// A client that believes a server whose chain leads to one of these roots. The error says, for people, what is
    /// wrong with the settings.
    pub fn new(settings: Settings, trust: &TrustStore) -> Result<Self, String> {
        let wire = Wire::new(&settings.base(), trust)?;
        Ok(Self { settings, wire, token: Mutex::new(None) })
    }

    /// Whether it asks as these settings say; then it can be kept, and with it its token.
    pub fn is_for(&self, settings: &Settings) -> bool {
        self.settings.is_as(settings)
    }

    /// Until when it need not ask for a token; `None` if it holds none.
    pub fn holds_token_until(&self) -> Option<UnixTime> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|token| token.until)
    }

    /// Asks for a token, which counts against the tenant's quota.
    pub async fn renew_token(&self, at: UnixTime) -> Result<(), Refusal> {
        let answer = self.wire.exchange(self.token_request()).await.map_err(Refusal::Unreachable)?;
        let answer = accepted(answer)?;
        let token = Token::read(&answer.body, at);
        let token = token.map_err(|why| Refusal::Unreadable { status: answer.status, why: why.to_owned() })?;
        self.keep(Some(token));
        Ok(())
    }

    /// The tenant's custom domains, all pages of them. A token that is refused is dropped.
    pub async fn listing(&self, at: UnixTime) -> Result<Listing, Refusal> {
        let mut listing =
            Listing { tenant: self.settings.tenant.clone(), at, domains: Vec::new(), unreadable: Vec::new() };
        let mut from = None;
        for _ in 0..MAX_PAGES {
            let page = self.page(Read::CustomDomains { from }).await?;
            listing.domains.extend(page.domains);
            listing.unreadable.extend(page.unreadable);
            let Some(next) = page.next else { return Ok(listing) };
            from = Some(next);
        }
        Err(Refusal::Unreadable { status: 200, why: format!("more than {MAX_PAGES} pages") })
    }

    /// Asks for a token through a custom domain's proxy, which counts against the tenant's quota like any, and for
    /// nothing else: where it came from is then in the tenant's log. The token itself is dropped.
    pub async fn ask_token_through(&self, through: &Through<'_>) -> Result<(), Refusal> {
        let wire = Wire::new(&format!("https://{}", through.domain), through.trust).map_err(Refusal::Unreachable)?;
        let answer = wire.at(through.addresses).exchange(self.token_request()).await.map_err(Refusal::Unreachable)?;
        accepted(answer).map(|_| ())
    }

    /// The log entries of the tokens this client was given last.
    pub async fn token_logs(&self) -> Result<Vec<TokenLog>, Refusal> {
        let client_id = self.settings.client_id.clone();
        let answer = self.ask(&Read::TokenLogs { client_id }).await?;
        read_token_logs(&answer.body).map_err(|why| Refusal::Unreadable { status: answer.status, why })
    }

    async fn page(&self, read: Read) -> Result<Page, Refusal> {
        let answer = self.ask(&read).await?;
        read_page(&answer.body).map_err(|why| Refusal::Unreadable { status: answer.status, why })
    }

    async fn ask(&self, read: &Read) -> Result<Answer, Refusal> {
        let token = self.bearer().ok_or(Refusal::NoTokenLeft)?;
        let answer = self.wire.exchange(read_request(read, &token)).await.map_err(Refusal::Unreachable)?;
        accepted(answer).inspect_err(|refusal| {
            if refusal.is_about_the_token() {
                self.keep(None);
            }
        })
    }

    fn bearer(&self) -> Option<SecretString> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|token| token.secret.clone())
    }

    fn keep(&self, token: Option<Token>) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
    }

    /// The client credentials grant (RFC 6749, 4.4) as Auth0 takes it: with the audience beside it.
    fn token_request(&self) -> Request<Full<Bytes>> {
        let body = serde_json::json!({
            "grant_type": "client_credentials",
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret.expose_secret(),
            "audience": self.settings.audience(),
        });
        let mut request = Request::new(Full::new(Bytes::from(body.to_string())));
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = http::Uri::from_static("/oauth/token");
        request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
        identify(&mut request);
        request
    }
}

fn read_request(read: &Read, token: &SecretString) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    // What is read has a target of characters that a target may have.
    *request.uri_mut() = read.target().parse().unwrap_or_default();
    if let Ok(mut bearer) = header::HeaderValue::try_from(format!("Bearer {}", token.expose_secret())) {
        bearer.set_sensitive(true);
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
    }
    identify(&mut request);
    request
}

fn identify(request: &mut Request<Full<Bytes>>) {
    let agent = concat!("notafter/", env!("CARGO_PKG_VERSION"));
    request.headers_mut().insert(header::USER_AGENT, header::HeaderValue::from_static(agent));
    request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
}

/// An answer to work with, or why it is none.
fn accepted(answer: Answer) -> Result<Answer, Refusal> {
    if answer.status == 200 {
        return Ok(answer);
    }
    let (content_type, retry_after) = (answer.header(header::CONTENT_TYPE), answer.header(header::RETRY_AFTER));
    Err(Refusal::read(answer.status, content_type, retry_after, &answer.body))
}
