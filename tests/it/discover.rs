//! A tenant's Management API: what the client asks it, and what it makes of each kind of answer.

use std::net::SocketAddr;

use notafter::discover::{Client, Settings, Through};
use notafter::domain::{DomainName, UnixTime};
use notafter::lab::ca::{Authority, LeafSpec};
use notafter::lab::management::{Management, Refusing, custom_domain};
use notafter::observation::management::Refusal;
use notafter::trust::TrustStore;

const SECRET: &str = "CANARY-secret";

async fn api(root: &Authority) -> Management {
    let now = notafter::daemon::SystemClock::default();
    let now = notafter::domain::Clock::now(&now).wall.0;
    let identity = root.leaf(&LeafSpec::new("localhost", now - 3600, now + 86_400)).unwrap();
    Management::start(&identity, SECRET).await.unwrap()
}

fn client(root: &Authority, address: SocketAddr, secret: &str) -> Client {
    let settings = Settings {
        tenant: DomainName::parse("example.us.auth0.com").unwrap(),
        api_base: Some(format!("https://localhost:{}", address.port())),
        audience: None,
        client_id: "abc".to_owned(),
        client_secret: secret.to_owned().into(),
    };
    let trust = TrustStore::new(&[root.certificate().clone()], &[]).unwrap();
    Client::new(settings, &trust).unwrap()
}

fn domains(count: usize) -> Vec<serde_json::Value> {
    (0..count).map(|n| custom_domain(&format!("d{n}.example.com"), &format!("cd_{n}"), "ready", None)).collect()
}

#[tokio::test]
async fn every_page_is_read_with_one_token() {
    let root = Authority::root("Lab Root").unwrap();
    let api = api(&root).await;
    api.list(domains(7), 3);
    let client = client(&root, api.address(), SECRET);
    client.renew_token(UnixTime(0)).await.unwrap();
    assert_eq!(client.holds_token_until(), Some(UnixTime(77_760)));
    for _ in 0..2 {
        let listing = client.listing(UnixTime(1)).await.unwrap();
        assert_eq!(listing.domains.len(), 7);
    }
    let page = |from: &str| format!("GET /api/v2/custom-domains?take=100{from}");
    let pages = [page(""), page("&from=3"), page("&from=6")];
    let mut expected = vec!["POST /oauth/token".to_owned()];
    expected.extend(pages.iter().chain(&pages).cloned());
    assert_eq!(api.asked(), expected);
}

#[tokio::test]
async fn without_a_token_nothing_is_asked() {
    let root = Authority::root("Lab Root").unwrap();
    let api = api(&root).await;
    let client = client(&root, api.address(), SECRET);
    assert_eq!(client.listing(UnixTime(0)).await, Err(Refusal::NoTokenLeft));
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn a_token_that_is_refused_is_dropped() {
    let root = Authority::root("Lab Root").unwrap();
    let api = api(&root).await;
    let client = client(&root, api.address(), SECRET);
    client.renew_token(UnixTime(0)).await.unwrap();
    api.revoke_tokens();
    assert!(matches!(client.listing(UnixTime(0)).await, Err(Refusal::Credentials(_))));
    assert_eq!(client.holds_token_until(), None);
}

#[tokio::test]
async fn a_token_through_a_domain_is_for_the_log_alone() {
    let root = Authority::root("Lab Root").unwrap();
    let (api, proxy) = (api(&root).await, api(&root).await);
    let client = client(&root, api.address(), SECRET);
    client.renew_token(UnixTime(0)).await.unwrap();
    let domain = DomainName::parse_record("localhost").unwrap();
    let trust = TrustStore::new(&[root.certificate().clone()], &[]).unwrap();
    let through = Through { domain: &domain, addresses: &[proxy.address()], trust: &trust };
    client.ask_token_through(&through).await.unwrap();
    assert_eq!(proxy.asked(), ["POST /oauth/token"]);

    api.log(vec![serde_json::json!({ "date": "2026-11-24T08:00:00Z", "type": "seccft", "ip": "198.51.100.1",
        "hostname": "localhost" })]);
    let logs = client.token_logs().await.unwrap();
    assert_eq!((logs.len(), logs[0].ip.as_str()), (1, "198.51.100.1"));
    let asked = api.asked();
    assert!(asked[1].starts_with("GET /api/v2/logs?") && asked.len() == 2, "{asked:?}");
}

#[tokio::test]
async fn each_refusal_is_told_apart() {
    let root = Authority::root("Lab Root").unwrap();
    let api = api(&root).await;
    let json = "application/json";
    let cases = [
        ("/oauth/token", 401, json, r#"{"error":"access_denied","error_description":"Unauthorized"}"#, "credentials"),
        ("/oauth/token", 429, json, "{}", "rate_limited"),
        ("/oauth/token", 200, json, "{}", "unreadable"),
        (
            "/api/v2/",
            403,
            json,
            r#"{"error":"Forbidden","message":"Insufficient scope, expected any of: read:custom_domains","errorCode":"insufficient_scope"}"#,
            "forbidden",
        ),
        ("/api/v2/", 403, "text/html", "<html>Access denied</html>", "blocked"),
        ("/api/v2/", 503, "text/html", "<html>", "fault"),
        ("/api/v2/", 200, "text/html", "<html>", "unreadable"),
        ("/api/v2/", 302, "text/html", "", "unreadable"),
    ];
    for (below, status, content_type, body, expected) in cases {
        api.refuse(Some(Refusing { below, status, content_type, body: body.to_owned() }));
        let client = client(&root, api.address(), SECRET);
        let result = match client.renew_token(UnixTime(0)).await {
            Ok(()) => client.listing(UnixTime(0)).await.map(|_| ()),
            Err(refusal) => Err(refusal),
        };
        assert_eq!(result.as_ref().map_err(Refusal::as_str), Err(expected), "{below} {status}: {result:?}");
    }
}

#[tokio::test]
async fn the_secret_is_sent_to_nobody_who_is_not_trusted() {
    let (root, stranger) = (Authority::root("Lab Root").unwrap(), Authority::root("Stranger").unwrap());
    let api = api(&stranger).await;
    let client = client(&root, api.address(), SECRET);
    let refusal = client.renew_token(UnixTime(0)).await.unwrap_err();
    assert!(matches!(&refusal, Refusal::Unreachable(why) if why.contains("no TLS with localhost")), "{refusal}");
    assert_eq!(api.asked(), Vec::<String>::new());
}

#[tokio::test]
async fn the_secret_is_shown_nowhere() {
    let root = Authority::root("Lab Root").unwrap();
    let api = api(&root).await;
    let client = client(&root, api.address(), "CANARY-wrong");
    let refusal = client.renew_token(UnixTime(0)).await.unwrap_err();
    assert!(!format!("{client:?} {refusal:?} {refusal}").contains("CANARY"));
}

#[test]
fn a_base_in_the_clear_is_refused() {
    let root = Authority::root("Lab Root").unwrap();
    let trust = TrustStore::new(&[root.certificate().clone()], &[]).unwrap();
    for base in ["http://localhost", "localhost", "https://", "https:// x"] {
        let settings = Settings {
            tenant: DomainName::parse("example.us.auth0.com").unwrap(),
            api_base: Some(base.to_owned()),
            audience: None,
            client_id: String::new(),
            client_secret: String::new().into(),
        };
        assert!(Client::new(settings, &trust).is_err(), "{base}");
    }
}
