//! Posts to a server on loopback that answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that answers each post with this status line and body; what it has read.
async fn server(status: &'static str, body: &'static str) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut bytes, mut text) = ([0; 4096], String::new());
            while !text.ends_with(']') {
                let read = stream.read(&mut bytes).await.unwrap();
                text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            }
            hears.lock().unwrap().push(text);
            let answer = format!("HTTP/1.1 {status}\r\nretry-after: 9\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (url, heard)
}

fn peers(urls: &[&str], credentials: Option<Credentials>) -> Peers {
    let alerts = alerts::Settings {
        peers: urls.iter().map(|url| (*url).to_owned()).collect(),
        resend: Duration::from_secs(60),
        labels: BTreeMap::new(),
        external_url: None,
        runbook_url: None,
    };
    Peers::new(&Settings { alerts, credentials, roots: None }).unwrap()
}

#[tokio::test]
async fn each_answer_is_taken_for_what_it_means() {
    let wait = Some(Duration::from_secs(9));
    let refused = |error: &str| Posted::Refused { error: error.to_owned() };
    let deferred = |error: &str| Posted::Deferred { error: error.to_owned(), wait };
    for (status, body, expected) in [
        ("200 OK", "", Posted::Accepted),
        ("400 Bad Request", "\"bad\nlabel\"", refused("status 400 Bad Request: \"bad label\"")),
        ("413 Payload Too Large", "", refused("status 413 Payload Too Large")),
        ("401 Unauthorized", "who?", deferred("status 401 Unauthorized: who?")),
        ("404 Not Found", "", deferred("status 404 Not Found")),
        ("302 Found", "", deferred("status 302 Found")),
        ("429 Too Many Requests", "", deferred("status 429 Too Many Requests")),
        ("503 Service Unavailable", "", deferred("status 503 Service Unavailable")),
    ] {
        let (url, _) = server(status, body).await;
        let mut posted = peers(&[&url], None).post(&url, "[]".to_owned()).await;
        if let Posted::Refused { error } | Posted::Deferred { error, .. } = &mut posted {
            *error = error.split_once(": ").unwrap().1.to_owned();
        }
        assert_eq!(posted, expected, "{status}");
    }
    let gone = peers(&[], None).post("http://127.0.0.1:1", "[]".to_owned()).await;
    assert!(matches!(gone, Posted::Deferred { .. }), "{gone:?}");
}

#[tokio::test]
async fn we_say_who_we_are_and_where_below_a_url_the_api_is() {
    let (url, heard) = server("200 OK", "").await;
    let basic = Credentials::Basic { username: "notafter".to_owned(), password: "geheim".into() };
    let below = format!("{url}/alertmanager/");
    assert_eq!(peers(&[&below], Some(basic)).post(&below, "[]".to_owned()).await, Posted::Accepted);
    assert_eq!(
        peers(&[&url], Some(Credentials::Bearer("t0ken".into()))).post(&url, "[]".to_owned()).await,
        Posted::Accepted
    );
    let heard = heard.lock().unwrap();
    for line in [
        "POST /alertmanager/api/v2/alerts HTTP/1.1\r\n",
        "authorization: Basic bm90YWZ0ZXI6Z2VoZWlt\r\n",
        "content-type: application/json\r\n",
    ] {
        assert!(heard[0].contains(line), "{line} is not in {}", heard[0]);
    }
    for line in ["POST /api/v2/alerts HTTP/1.1\r\n", "authorization: Bearer t0ken\r\n"] {
        assert!(heard[1].contains(line), "{line} is not in {}", heard[1]);
    }
}

#[tokio::test]
async fn a_test_alert_ends_by_itself_and_is_posted_to_every_peer() {
    let (good, heard) = server("200 OK", "").await;
    let (bad, _) = server("503 Service Unavailable", "geheim and bm90YWZ0ZXI6Z2VoZWlt").await;
    let report = peers(&[&good], None).test(UnixTime(1_800_000_000)).await.unwrap();
    assert_eq!(report, format!("{good} took the alert NotafterTest, severity none, over in a minute."));
    let posted = heard.lock().unwrap()[0].clone();
    for part in ["\"alertname\":\"NotafterTest\"", "\"severity\":\"none\"", "\"endsAt\":\"2027-01-15T08:01:00Z\""] {
        assert!(posted.contains(part), "{part} is not in {posted}");
    }
    let basic = Credentials::Basic { username: "notafter".to_owned(), password: "geheim".into() };
    let report = peers(&[&bad, &good], Some(basic)).test(UnixTime(1_800_000_000)).await.unwrap_err();
    let lines: Vec<&str> = report.lines().collect();
    assert!(lines[0].ends_with("status 503 Service Unavailable: *** and ***"), "{report}");
    assert!(lines[1].starts_with(&format!("{good} took")), "{report}");
}
