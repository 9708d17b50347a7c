//! Each clause of the bargain, kept and broken.

use super::*;
use crate::domain::{DomainName, UnixTime};
use crate::observation::Metadata;

const NAME: &str = "login.example.com";

fn domain() -> Domain {
    Domain::new(DomainName::parse(NAME).unwrap())
}

fn good() -> Returned {
    Returned { status: Some(200), is_json: true, reached_auth0: true, hsts: true, ..Returned::default() }
}

fn status(status: u16) -> Returned {
    let content_type = Some("text/html".to_owned());
    Returned { status: Some(status), content_type, server: Some("CloudFront".to_owned()), ..Returned::default() }
}

fn from_auth0(status: u16, body: &str) -> Returned {
    let body_sha256 = Some(body.to_owned());
    Returned { status: Some(status), is_json: true, reached_auth0: true, body_sha256, ..Returned::default() }
}

fn leading_to(status: u16, location: &str) -> Returned {
    Returned { status: Some(status), location: Some(location.to_owned()), ..Returned::default() }
}

fn cached() -> Returned {
    Returned { cached: Some("x-cache: Hit from cloudfront".to_owned()), ..good() }
}

fn cookie(name: &str) -> CookieSet {
    let same_site = (!name.ends_with("_compat")).then(|| "none".to_owned());
    CookieSet {
        name: name.to_owned(),
        secure: true,
        http_only: true,
        same_site,
        domain: None,
        path: Some("/".to_owned()),
    }
}

fn with_cookies(cookies: Vec<CookieSet>) -> Returned {
    Returned { cookies, ..leading_to(302, "/u/login?state=s") }
}

fn metadata(entity: &str, hosts: &[&str]) -> Returned {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    Returned { metadata: Some(Metadata { entity: Some(entity.to_owned()), hosts }), ..from_auth0(200, "") }
}

/// What is found when a clause has these answers.
fn found(clause: Clause, replies: Vec<Returned>) -> Vec<(Code, Severity)> {
    let trial = ContractObservation {
        at: UnixTime(0),
        address: "192.0.2.1:443".parse().unwrap(),
        plain: good(),
        tried: vec![Tried { clause, returned: replies }],
    };
    let mut bench = Bench::new(UnixTime(0));
    judge(&domain(), &[trial], &mut bench);
    bench.findings.iter().map(|finding| (finding.code, finding.severity)).collect()
}

#[test]
fn each_clause_is_told_kept_from_broken() {
    use Clause::*;
    let warning = |code| Some((code, Severity::Warning));
    let critical = |code| Some((code, Severity::Critical));
    let mut domain_cookie = cookie("auth0");
    domain_cookie.domain = Some(".example.com".to_owned());
    let mut lax = cookie("did_compat");
    lax.same_site = Some("lax".to_owned());
    let mut bare = cookie("auth0");
    (bare.secure, bare.http_only) = (false, false);
    let cases = [
        (Post, vec![from_auth0(400, "{}")], None),
        (Post, vec![from_auth0(403, "{}")], None),
        (Post, vec![status(403)], critical(Code::Auth0PostBlocked)),
        (Post, vec![status(405)], critical(Code::Auth0PostBlocked)),
        (Post, vec![Returned { is_json: true, ..status(502) }], critical(Code::Auth0PostBlocked)),
        (Post, vec![Returned::default()], critical(Code::Auth0PostBlocked)),
        (Authorization, vec![from_auth0(401, "a"), from_auth0(401, "b")], None),
        (Authorization, vec![from_auth0(401, "a"), from_auth0(401, "a")], warning(Code::Auth0AuthorizationStripped)),
        (Authorization, vec![from_auth0(401, "a"), Returned::default()], None),
        (Query, vec![good(), good()], None),
        (Query, vec![good(), cached()], warning(Code::Auth0CacheKeyIncomplete)),
        (Query, vec![cached(), good()], warning(Code::Auth0CacheKeyIncomplete)),
        (Cookies, vec![good(), cached()], warning(Code::Auth0CacheKeyIncomplete)),
        (Https, vec![leading_to(301, "https://LOGIN.example.com/")], None),
        (Https, vec![leading_to(308, "https://login.example.com")], None),
        (Https, vec![leading_to(301, "https://login.example.com.evil.example/")], warning(Code::HttpNoHttpsRedirect)),
        (Https, vec![leading_to(301, "http://login.example.com/")], warning(Code::HttpNoHttpsRedirect)),
        (Https, vec![status(200)], warning(Code::HttpNoHttpsRedirect)),
        (Https, vec![Returned::default()], Some((Code::HttpNoHttpsRedirect, Severity::Info))),
        (Authorize, vec![with_cookies(SESSION_COOKIES.map(cookie).into())], None),
        (Authorize, vec![leading_to(302, "https://login.example.com/u/login")], None),
        (Authorize, vec![leading_to(302, "//evil.example/")], warning(Code::Auth0AuthorizeElsewhere)),
        (Authorize, vec![leading_to(302, "https://example.us.auth0.com/")], warning(Code::Auth0AuthorizeElsewhere)),
        (Authorize, vec![status(403)], warning(Code::Auth0AuthorizeElsewhere)),
        (Authorize, vec![with_cookies(vec![domain_cookie])], warning(Code::Auth0CookieAltered)),
        (Authorize, vec![with_cookies(vec![lax])], warning(Code::Auth0CookieAltered)),
        (Authorize, vec![with_cookies(vec![bare])], warning(Code::Auth0CookieAltered)),
        (Saml, vec![metadata("urn:login.example.com", &[NAME])], None),
        (Saml, vec![metadata("urn:login.example.com", &[NAME, "x.us.auth0.com"])], warning(Code::Auth0MetadataForeign)),
        (WsFederation, vec![metadata("urn:x.us.auth0.com", &[])], warning(Code::Auth0MetadataForeign)),
        (WsFederation, vec![status(200)], warning(Code::Auth0MetadataForeign)),
        (ClientKey, vec![good()], None),
        (ClientKey, vec![status(403)], warning(Code::Auth0ClientKeyPassed)),
        (ForwardedFor, vec![good()], None),
        (ForwardedFor, vec![status(403)], warning(Code::Auth0ClientHeaderPassed)),
        (ForwardedForTwice, vec![status(403)], warning(Code::Auth0ClientHeaderPassed)),
        (ForwardedForLong, vec![status(403)], warning(Code::Auth0ClientHeaderPassed)),
        (ConnectingIp, vec![status(403)], warning(Code::Auth0ClientHeaderPassed)),
        (ConnectingIp, vec![Returned::default()], None),
    ];
    for (clause, replies, expected) in cases {
        let shown = format!("{clause:?} {replies:?}");
        assert_eq!(found(clause, replies), Vec::from_iter(expected), "{shown}");
    }
}

#[test]
fn where_nothing_gets_through_no_clause_is_judged() {
    let trial = ContractObservation {
        at: UnixTime(0),
        address: "192.0.2.1:443".parse().unwrap(),
        plain: status(502),
        tried: vec![Tried { clause: Clause::Post, returned: vec![status(502)] }],
    };
    let mut bench = Bench::new(UnixTime(0));
    judge(&domain(), &[trial], &mut bench);
    assert_eq!(bench.findings, []);
}

#[test]
fn an_answer_without_strict_transport_security_is_information() {
    let trial = ContractObservation {
        at: UnixTime(0),
        address: "192.0.2.1:443".parse().unwrap(),
        plain: Returned { hsts: false, ..good() },
        tried: Vec::new(),
    };
    let mut bench = Bench::new(UnixTime(0));
    judge(&domain(), &[trial], &mut bench);
    let found: Vec<_> = bench.findings.iter().map(|finding| (finding.code, finding.severity)).collect();
    assert_eq!(found, [(Code::HttpHstsMissing, Severity::Info)]);
}

#[test]
fn clauses_are_known_by_their_names() {
    for clause in Clause::ALL {
        assert_eq!(Clause::parse(clause.as_str()), Some(clause));
    }
    assert_eq!(Clause::parse("login"), None);
}
