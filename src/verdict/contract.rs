//! Whether the proxy keeps its part of the bargain: the clauses that were tried, each by its answers.
//!
//! Where a plain request does not get through, nothing is said of the clauses: the fault that all share has findings of
//! its own.

use std::net::SocketAddr;

use super::bench::Bench;
use super::{Finding, Severity};
use crate::domain::Domain;
use crate::observation::{Clause, Code, ContractObservation, CookieSet, Returned, Tried};

/// Auth0's cookies that hold a session or protect its making (Auth0, "Authentication API Cookies").
const SESSION_COOKIES: [&str; 6] = ["auth0", "auth0_compat", "auth0-mf", "auth0-mf_compat", "did", "did_compat"];

pub(super) fn judge<'a>(domain: &Domain, trials: impl IntoIterator<Item = &'a ContractObservation>, bench: &mut Bench) {
    for trial in trials {
        if trial.plain.status != Some(200) || !trial.plain.is_json {
            continue;
        }
        for tried in &trial.tried {
            if let Some(finding) = fault(domain, &trial.plain, tried) {
                bench.find(place(finding, tried.clause, trial.address));
            }
        }
        if !trial.plain.hsts {
            let summary = "answers carry no Strict-Transport-Security, which Auth0 sends";
            bench.find(Finding::new(Code::HttpHstsMissing, summary).at([trial.address]));
        }
    }
}

fn place(finding: Finding, clause: Clause, address: SocketAddr) -> Finding {
    let finding = finding.fact("clause", clause.as_str());
    finding.at([address])
}

/// What is wrong with the answers to a clause; `None` if it is kept, or cannot be told.
fn fault(domain: &Domain, plain: &Returned, tried: &Tried) -> Option<Finding> {
    let first = tried.returned.first()?;
    let second = tried.returned.get(1);
    match tried.clause {
        Clause::Post => post(first),
        Clause::Authorization => authorization(first, second?),
        Clause::Query => cache([first, second?], "two queries", "the query string"),
        Clause::Cookies => cache([second?], "two cookies", "cookies"),
        Clause::Https => https(domain, first),
        Clause::Authorize => authorize(domain, first),
        Clause::Saml | Clause::WsFederation => metadata(domain, tried.clause, first),
        Clause::ClientKey => client_key(plain, first),
        Clause::ForwardedFor => client_header(plain, first, "an X-Forwarded-For of their own"),
        Clause::ForwardedForTwice => client_header(plain, first, "two X-Forwarded-For of their own"),
        Clause::ForwardedForLong => client_header(plain, first, "a long X-Forwarded-For of their own"),
        Clause::ConnectingIp => client_header(plain, first, "a CF-Connecting-IP of their own"),
    }
}

/// Auth0 answers a token request without its parameters with an error in JSON (RFC 6749, 5.2).
fn post(reply: &Returned) -> Option<Finding> {
    let answered = reply.reached_auth0 || reply.is_json;
    if answered && reply.status.is_some_and(|status| status < 500) {
        return None;
    }
    let summary = format!("POST does not get through: {}", said(reply));
    Some(Finding::new(Code::Auth0PostBlocked, summary))
}

/// With a token that is none Auth0 says so; without one it says that there is none. If both answers are the same, the
/// header did not arrive. That the two differ is assumed: nobody has published it.
fn authorization(without: &Returned, with: &Returned) -> Option<Finding> {
    if with.status.is_none() || without.status.is_none() {
        return None;
    }
    let shown = |reply: &Returned| (reply.status, reply.www_authenticate.clone(), reply.body_sha256.clone());
    if shown(without) != shown(with) {
        return None;
    }
    let summary = format!("/userinfo answers the same with and without an Authorization header: {}", said(with));
    Some(Finding::new(Code::Auth0AuthorizationStripped, summary).fact("basis", "the answers are the same"))
}

fn cache<const N: usize>(answers: [&Returned; N], asked_by: &str, key: &str) -> Option<Finding> {
    let cached = answers.iter().find_map(|answer| answer.cached.as_deref())?;
    let summary = format!("the proxy answers from its cache what was asked by {asked_by}: {key} must be in its key");
    Some(Finding::new(Code::Auth0CacheKeyIncomplete, summary).fact("cached", cached))
}

fn https(domain: &Domain, reply: &Returned) -> Option<Finding> {
    let Some(status) = reply.status else {
        let detail = reply.failure.as_ref().map(|failure| failure.detail.as_str()).unwrap_or_default();
        let summary = format!("nothing answers to http://: {detail}");
        return Some(Finding::new(Code::HttpNoHttpsRedirect, summary).severity(Severity::Info));
    };
    let leads_home = reply.location.as_deref().is_some_and(|location| is_https_of(location, domain));
    if matches!(status, 301 | 302 | 307 | 308) && leads_home {
        return None;
    }
    let to = reply.location.as_deref().map(|to| format!(", to {}", to.escape_debug())).unwrap_or_default();
    Some(Finding::new(Code::HttpNoHttpsRedirect, format!("http:// is answered with status {status}{to}")))
}

/// Whether the URL is of this host over HTTPS, whatever its case.
fn is_https_of(url: &str, domain: &Domain) -> bool {
    let url = url.to_ascii_lowercase();
    let rest = url.strip_prefix("https://").and_then(|rest| rest.strip_prefix(domain.name.as_str()));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', ':', '?', '#']))
}

fn authorize(domain: &Domain, reply: &Returned) -> Option<Finding> {
    let location = reply.location.as_deref().unwrap_or_default();
    let stays = location.starts_with('/') && !location.starts_with("//") || is_https_of(location, domain);
    if reply.status == Some(302) && !stays {
        let summary = format!("/authorize leads to another host: {}", location.escape_debug());
        return Some(Finding::new(Code::Auth0AuthorizeElsewhere, summary).fact("location", location));
    }
    if reply.status != Some(302) {
        let summary = format!("/authorize does not lead to the login page: {}", said(reply));
        return Some(Finding::new(Code::Auth0AuthorizeElsewhere, summary));
    }
    let altered: Vec<String> = reply.cookies.iter().filter_map(altered).collect();
    (!altered.is_empty()).then(|| {
        let summary = format!("cookies arrive otherwise than Auth0 sets them: {}", altered.join("; "));
        Finding::new(Code::Auth0CookieAltered, summary).fact("cookies", altered)
    })
}

/// What is odd about one of Auth0's own cookies: they are all for this host alone, secure, and not for scripts.
fn altered(cookie: &CookieSet) -> Option<String> {
    if !SESSION_COOKIES.contains(&cookie.name.as_str()) {
        return None;
    }
    let without_same_site = cookie.name.ends_with("_compat");
    let oddities = [
        (!cookie.secure, "no Secure".to_owned()),
        (!cookie.http_only, "no HttpOnly".to_owned()),
        (cookie.domain.is_some(), format!("Domain={}", cookie.domain.as_deref().unwrap_or_default())),
        (cookie.path.as_deref() != Some("/"), format!("Path={}", cookie.path.as_deref().unwrap_or("none"))),
        (without_same_site && cookie.same_site.is_some(), "SameSite where there is none".to_owned()),
        (!without_same_site && cookie.same_site.is_none(), "no SameSite".to_owned()),
    ];
    let odd: Vec<String> = oddities.into_iter().filter(|(is_odd, _)| *is_odd).map(|(_, what)| what).collect();
    (!odd.is_empty()).then(|| format!("{} ({})", cookie.name, odd.join(", ").escape_debug()))
}

/// Entity and URLs are this host's (Auth0, "Configure Features to Use Custom Domains").
fn metadata(domain: &Domain, clause: Clause, reply: &Returned) -> Option<Finding> {
    let name = domain.name.as_str();
    let Some(metadata) = reply.metadata.as_ref().filter(|_| reply.status == Some(200)) else {
        let summary = format!("there is no {} metadata: {}", title(clause), said(reply));
        return Some(Finding::new(Code::Auth0MetadataForeign, summary));
    };
    let entity = metadata.entity.as_deref().unwrap_or_default();
    let foreign: Vec<&str> = metadata.hosts.iter().map(String::as_str).filter(|host| *host != name).collect();
    if entity == format!("urn:{name}") && foreign.is_empty() {
        return None;
    }
    let what = if foreign.is_empty() { format!("the entity `{}`", entity.escape_debug()) } else { foreign.join(", ") };
    let summary = format!("the {} metadata names another host: {what}", title(clause));
    Some(Finding::new(Code::Auth0MetadataForeign, summary).fact("entity", entity).fact("hosts", metadata.hosts.clone()))
}

const fn title(clause: Clause) -> &'static str {
    if matches!(clause, Clause::Saml) { "SAML" } else { "WS-Federation" }
}

fn client_key(plain: &Returned, reply: &Returned) -> Option<Finding> {
    if reply.status.is_none() || reply.status == plain.status {
        return None;
    }
    let summary = format!("a `cname-api-key` that a client sends gets through to Auth0: {}", said(reply));
    Some(Finding::new(Code::Auth0ClientKeyPassed, summary))
}

/// An answer that differs from the plain one: what the client sent came to Auth0's edge, or broke the proxy.
fn client_header(plain: &Returned, reply: &Returned, what: &str) -> Option<Finding> {
    if reply.status.is_none() || reply.status == plain.status {
        return None;
    }
    let summary = format!("clients that send {what} are refused: {}", said(reply));
    Some(Finding::new(Code::Auth0ClientHeaderPassed, summary))
}

/// An answer in a few words.
fn said(reply: &Returned) -> String {
    let Some(status) = reply.status else {
        let detail = reply.failure.as_ref().map(|failure| failure.detail.clone());
        return detail.unwrap_or_else(|| "no answer".to_owned());
    };
    let by = match (&reply.server, reply.reached_auth0) {
        (_, true) => " by Auth0".to_owned(),
        (Some(server), false) => format!(" by {}", server.escape_debug()),
        (None, false) => String::new(),
    };
    let kind = reply.content_type.as_deref().map(|kind| format!(", {}", kind.escape_debug())).unwrap_or_default();
    format!("status {status}{by}{kind}")
}

#[cfg(test)]
#[path = "tests/contract.rs"]
mod tests;
