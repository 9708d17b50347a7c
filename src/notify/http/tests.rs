use std::sync::{Arc, Mutex};

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers every connection with these bytes once a whole request has come, and then closes it, unless
/// it is to hang. What it has read.
async fn server(answer: &'static str, hang: bool) -> (u16, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::new(Mutex::new(String::new()));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0; 4096];
            while !hears.lock().unwrap().ends_with("[1]") {
                let read = stream.read(&mut bytes).await.unwrap();
                hears.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            if hang {
                std::future::pending::<()>().await;
            }
        }
    });
    (port, heard)
}

fn target(port: u16) -> Target {
    let url = format!("http://127.0.0.1:{port}/hook/s3cr3t?key=v4lue");
    let headers = vec![(AUTHORIZATION, "Bearer t0ken".into())];
    Target { headers, hide: vec!["passw0rd".into()], timeout: Duration::from_millis(300), ..Target::new(url.into()) }
}

async fn post(target: &Target) -> Result<Answer, PostError> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Poster::new(target).unwrap().post(Bytes::from_static(b"[1]"), &headers).await
}

#[tokio::test]
async fn a_post_is_what_was_asked_for_and_any_status_is_an_answer() {
    let (port, heard) =
        server("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\nretry-after: 3\r\n\r\nover there", false).await;
    let answer = post(&target(port)).await.unwrap();
    assert_eq!((answer.status.as_u16(), answer.retry_after), (302, Some(Duration::from_secs(3))));
    assert_eq!(answer.body_head, "over there");
    let heard = heard.lock().unwrap();
    assert!(heard.starts_with("POST /hook/s3cr3t?key=v4lue HTTP/1.1\r\n"), "{heard}");
    for line in [
        "host: 127.0.0.1:",
        "authorization: Bearer t0ken\r\n",
        "content-type: application/json\r\n",
        "content-length: 3\r\n",
    ] {
        assert!(heard.contains(line), "{line} is not in {heard}");
    }
}

#[tokio::test]
async fn nothing_secret_comes_back_and_nothing_hidden() {
    let said = "HTTP/1.1 400 Bad\r\n\r\nno \u{1b}[31mt0ken, passw0rd or /hook/s3cr3t?key=v4lue\r\nis known here, sir";
    let (port, _) = server(said, false).await;
    let answer = post(&target(port)).await.unwrap();
    assert_eq!(answer.body_head, "no [31m***, *** or *** is known here, sir");
    let shown = format!("{:?} {:?}", Poster::new(&target(port)).unwrap(), target(port));
    assert!(["s3cr3t", "t0ken", "passw0rd", "v4lue"].iter().all(|secret| !shown.contains(secret)), "{shown}");
}

#[tokio::test]
async fn a_body_that_is_cut_or_never_ends_takes_nothing_from_the_status() {
    for hang in [false, true] {
        let (port, _) = server("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf a word", hang).await;
        let answer = post(&target(port)).await.unwrap();
        assert_eq!((answer.status.as_u16(), answer.body_head.as_str()), (200, "half a word"), "{hang}");
    }
}

#[tokio::test]
async fn without_an_answer_the_error_says_how_far_it_came() {
    let (silent, _) = server("", true).await;
    let (cut, _) = server("", false).await;
    let (garbled, _) = server("220 mail.example.com ESMTP\r\n", false).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(matches!(post(&target(silent)).await, Err(PostError::Late { .. })));
    assert!(matches!(post(&target(cut)).await, Err(PostError::Cut { .. })));
    assert!(matches!(post(&target(garbled)).await, Err(PostError::Cut { .. })));
    let error = post(&target(closed)).await.unwrap_err();
    assert!(matches!(error, PostError::Connect { .. }), "{error}");
    assert!(error.to_string().starts_with(&format!("127.0.0.1:{closed}: no connection: ")), "{error}");
    let url = format!("https://127.0.0.1:{garbled}/").into();
    let error = post(&Target::new(url)).await.unwrap_err();
    assert!(matches!(error, PostError::Tls { .. }), "{error}");
}

#[test]
fn what_cannot_be_posted_to_is_refused_without_showing_it() {
    for url in ["", "s3cr3t", "ftp://example.com/s3cr3t", "https:///s3cr3t", "http://exa mple/s3cr3t"] {
        let error = Poster::new(&Target::new(url.into())).unwrap_err().to_string();
        assert!(error.contains("URL") && !error.contains("s3cr3t"), "{url}: {error}");
    }
    let headers = vec![(AUTHORIZATION, "Bearer s3\ncr3t".into())];
    let error = Poster::new(&Target { headers, ..Target::new("http://example.com".into()) }).unwrap_err();
    assert_eq!(error.to_string(), "the header authorization has characters that no header may have");
    let roots = Some(PathBuf::from("/nowhere/roots.pem"));
    let error = Poster::new(&Target { roots, ..Target::new("https://example.com".into()) }).unwrap_err();
    assert!(error.to_string().starts_with("the roots in /nowhere/roots.pem cannot be read: "), "{error}");
}
