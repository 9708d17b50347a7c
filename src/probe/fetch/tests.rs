use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::probe::Settings;

const SHORT: Duration = Duration::from_millis(300);

fn fetcher(timeout: Duration) -> Fetcher {
    let trust = Arc::new(TrustStore::new(webpki_root_certs::TLS_SERVER_ROOT_CERTS, &[]).unwrap());
    let reach = Reach::of(["127.0.0.1:443".parse().unwrap()]);
    let panel = dns::Panel::new(&Settings::default(), &Arc::default(), &trust);
    Fetcher { panel, trust, contact: Some("oncall@example.com".to_owned()), reach, timeout }
}

const fn wanted(url: &str, most_bytes: usize) -> Wanted<'_> {
    Wanted { url, accept: "application/pkix-crl", most_bytes }
}

/// A server that answers one request with these bytes and then says nothing more; what it was asked.
async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/a/b.crl?c=d", listener.local_addr().unwrap());
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.read_u8().await;
        String::from_utf8(request).unwrap()
    });
    (url, asked)
}

#[tokio::test]
async fn a_document_is_asked_for_as_who_we_are_and_read_whole() {
    let (url, asked) = server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: crl\r\n\r\nhello").await;
    let document = fetcher(Duration::from_secs(10)).get(wanted(&url, 5)).await.unwrap();
    assert_eq!(document.body, b"hello");
    assert_eq!(document.headers["x-kind"], "crl");
    let asked = asked.await.unwrap().to_lowercase();
    let host = url.strip_prefix("http://").unwrap().strip_suffix("/a/b.crl?c=d").unwrap();
    for line in ["get /a/b.crl?c=d http/1.1", &format!("host: {host}"), "accept: application/pkix-crl"] {
        assert!(asked.lines().any(|asked| asked == line), "{line}: {asked}");
    }
    let agent = format!("user-agent: notafter/{} (oncall@example.com)", env!("CARGO_PKG_VERSION"));
    assert!(asked.contains(&agent), "{asked}");
}

#[tokio::test]
async fn what_is_no_document_says_why() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", FetchError::TooLong(5)),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n",
            FetchError::TooLong(5),
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", FetchError::Timeout(SHORT)),
        (
            "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n",
            FetchError::Status { status: 302, retry_after: None },
        ),
        (
            "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n",
            FetchError::Status { status: 503, retry_after: Some("120".to_owned()) },
        ),
    ] {
        let (url, _asked) = server(answer).await;
        let got = fetcher(SHORT).get(wanted(&url, 5)).await;
        assert_eq!(got.map(|document| document.body), Err(expected), "{answer}");
    }
    let (url, _asked) = server("SSH-2.0-OpenSSH_9.9\r\n").await;
    let got = fetcher(Duration::from_secs(10)).get(wanted(&url, 5)).await;
    assert!(matches!(got, Err(FetchError::Broken(_))), "{got:?}");
}

#[tokio::test]
async fn a_stranger_sends_us_nowhere_but_to_public_addresses() {
    let fetcher = Fetcher { reach: Reach::default(), ..fetcher(Duration::from_secs(10)) };
    for (url, address) in [
        ("http://127.0.0.1:1/", "127.0.0.1"),
        ("http://[::1]/", "::1"),
        ("https://169.254.169.254/latest/meta-data/", "169.254.169.254"),
        ("http://[::ffff:10.0.0.1]:8080/", "::ffff:10.0.0.1"),
    ] {
        let got = fetcher.get(wanted(url, 5)).await.map(|document| document.body);
        assert_eq!(got, Err(FetchError::Refused(address.parse().unwrap())), "{url}");
    }
}

#[test]
fn urls_that_cannot_be_fetched_are_refused_before_anything_is_asked() {
    let long = format!("http://crl.example/{}", "a".repeat(MAX_URL));
    for url in [
        "",
        "/only/a/path",
        "crl.example",
        "ldap:///CN=CA",
        "ftp://crl.example/a.crl",
        "http://user:password@crl.example/",
        "http://@127.0.0.1/",
        "http:///a.crl",
        "http://crl..example/",
        "http://crl.example/a b",
        "http://crl.example/\r\nHost: other.example",
        "http://0x7f.1/ ",
        "http://2130706433/",
        &long,
    ] {
        assert!(matches!(Place::of(url), Err(FetchError::Url(_))), "{url:?}: {:?}", Place::of(url));
    }
    let place = Place::of("HTTPS://CRL.example:8443/a?b#c").unwrap();
    assert_eq!((place.is_https, place.port), (true, 8443));
    assert_eq!(place.host, Host::Name(DomainName::parse("crl.example").unwrap()));
    assert_eq!(place.uri.path_and_query().unwrap(), "/a?b");
    assert_eq!(Place::of("http://[2001:db8::1]/").unwrap().host, Host::Address("2001:db8::1".parse().unwrap()));
}
