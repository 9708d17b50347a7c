//! What becomes of a mail, by what the other side answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::super::samples::mail;
use super::*;
use crate::incident::{Delivery, MailKind};

/// A server that gives these answers, one a post, then `200 OK`; an empty one cuts the connection.
struct Server {
    port: u16,
    posts: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self { port: listener.local_addr().unwrap().port(), posts: Arc::default() };
        let posts = Arc::clone(&server.posts);
        let mut answers: VecDeque<String> = answers.iter().map(ToString::to_string).collect();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !is_whole(&request) {
                    let mut bytes = [0; 65_536];
                    let read = stream.read(&mut bytes).await.unwrap();
                    request.extend_from_slice(&bytes[..read]);
                }
                posts.lock().unwrap().push(String::from_utf8(request).unwrap());
                let answer = answers.pop_front().unwrap_or_else(|| "200 OK\r\n\r\nok".to_owned());
                if !answer.is_empty() {
                    let answer = format!("HTTP/1.1 {answer}");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        server
    }

    fn hook(&self, shape: Shape) -> Hook {
        let url = format!("http://127.0.0.1:{}/services/T0/s3cr3t", self.port).into();
        let signer = Some(Signer::new(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap());
        let settings = Settings { url, shape, headers: Vec::new(), signer, roots: None };
        Hook::new(&settings, "watcher-1".to_owned()).unwrap()
    }

    fn posts(&self) -> Vec<String> {
        self.posts.lock().unwrap().clone()
    }

    /// The values of a header, one a post.
    fn header(&self, name: &str) -> Vec<String> {
        let value = |post: &String| {
            let line = post.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        self.posts().iter().map(value).collect()
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}

fn expiry() -> Mail {
    sample_named("expiry").unwrap().mail
}

async fn delivered_after(answer: &str) -> Delivery {
    Server::answering(&[answer]).await.hook(Shape::Slack).deliver(&expiry(), NOW).await
}

#[tokio::test]
async fn the_status_decides_what_becomes_of_the_mail() {
    for answer in ["200 OK\r\n\r\nok", "202 Accepted\r\n\r\n{}", "204 No Content\r\n\r\n"] {
        assert_eq!(delivered_after(answer).await, Delivery::Delivered, "{answer}");
    }
    for (answer, said) in [
        ("400 Bad Request\r\n\r\ninvalid_payload", "answers 400 Bad Request: invalid_payload"),
        ("403 Forbidden\r\n\r\naction_prohibited", "action_prohibited"),
        ("404 Not Found\r\n\r\nno_service", "no_service"),
        ("410 Gone\r\n\r\nchannel_is_archived", "channel_is_archived"),
        ("302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n", "redirects are not followed"),
        (
            "413 Payload Too Large\r\n\r\n/services/T0/s3cr3t \u{1b}[31m is too much",
            "413 Payload Too Large: *** [31m is",
        ),
    ] {
        let Delivery::Rejected { error } = delivered_after(answer).await else { panic!("{answer}") };
        assert!(error.contains(said) && !error.contains("s3cr3t"), "{answer}: {error}");
    }
    for answer in ["408 Late", "425 Too Early", "429 Slow down", "500 Oops", "503 Busy", "599 Odd", "", "999 x"] {
        let answer = if answer.is_empty() { String::new() } else { format!("{answer}\r\n\r\n") };
        match delivered_after(&answer).await {
            Delivery::Deferred { .. } => assert!(!answer.starts_with('9')),
            other => assert!(answer.starts_with('9'), "{answer}: {other:?}"),
        }
    }
    let postponed = delivered_after("429 Too Many Requests\r\nretry-after: 30\r\n\r\nrate_limited").await;
    let Delivery::Postponed { error, wait } = postponed else { panic!("{postponed:?}") };
    assert_eq!(wait, Duration::from_secs(30));
    assert!(error.ends_with("answers 429 Too Many Requests: rate_limited"), "{error}");
}

#[tokio::test]
async fn a_repeat_has_the_same_id_and_a_signature_of_its_own_time() {
    let server = Server::answering(&["503 Busy\r\n\r\n"]).await;
    let hook = server.hook(Shape::Notafter);
    assert!(matches!(hook.deliver(&expiry(), NOW).await, Delivery::Deferred { .. }));
    assert_eq!(hook.deliver(&expiry(), NOW.plus(600)).await, Delivery::Delivered);
    assert_eq!(server.header("webhook-id"), [expiry().id, expiry().id]);
    assert_eq!(server.header("webhook-timestamp"), [NOW.0.to_string(), NOW.plus(600).0.to_string()]);
    let signatures = server.header("webhook-signature");
    assert!(signatures.iter().all(|signature| signature.starts_with("v1,")) && signatures[0] != signatures[1]);
    assert!(server.posts()[0].contains("content-type: application/json\r\n"));
}

#[tokio::test]
async fn what_was_taken_of_several_posts_is_not_sent_again() {
    let several = mail(MailKind::News, sample_named("many-domains").unwrap().mail.notices.split_off(8));
    let server = Server::answering(&["202 Accepted\r\n\r\n", "429 Slow\r\nretry-after: 5\r\n\r\n"]).await;
    let hook = server.hook(Shape::PagerDuty { routing_key: routing_key() });
    assert!(matches!(hook.deliver(&several, NOW).await, Delivery::Postponed { .. }));
    assert_eq!(hook.deliver(&several, NOW).await, Delivery::Delivered);
    let id = |number: usize| format!("{}-{number}", several.id);
    assert_eq!(server.header("webhook-id"), [id(1), id(2), id(2), id(3), id(4)]);
}

#[tokio::test]
async fn what_is_refused_does_not_keep_the_rest_and_is_not_lost() {
    let several = mail(MailKind::News, sample_named("many-domains").unwrap().mail.notices.split_off(9));
    let server = Server::answering(&["400 Bad Request\r\n\r\nno such key"]).await;
    let hook = server.hook(Shape::PagerDuty { routing_key: routing_key() });
    let refused = hook.deliver(&several, NOW).await;
    let Delivery::Rejected { error } = refused else { panic!("{refused:?}") };
    assert!(error.ends_with("no such key (1 of 3 posts were refused)"), "{error}");
    assert_eq!(hook.deliver(&several, NOW).await, Delivery::Delivered);
    let id = |number: usize| format!("{}-{number}", several.id);
    assert_eq!(server.header("webhook-id"), [id(1), id(2), id(3), id(1)]);
}

#[tokio::test]
async fn opsgenie_is_posted_to_by_alias_with_its_key() {
    let server = Server::answering(&["202 Accepted\r\n\r\n", "404 Not Found\r\n\r\n"]).await;
    let over = sample_named("resolved").unwrap().mail;
    assert_eq!(server.hook(Shape::Opsgenie { api_key: "g3nie".into() }).deliver(&over, NOW).await, Delivery::Delivered);
    assert_eq!(server.header("authorization"), ["GenieKey g3nie"; 3]);
    for post in server.posts() {
        let line = post.lines().next().unwrap();
        assert!(
            line.starts_with("POST /services/T0/s3cr3t/notafter-") && line.contains("/close?identifierType=alias ")
        );
    }
}

#[tokio::test]
async fn a_test_says_that_it_is_one_and_leaves_no_alert_behind() {
    let server = Server::answering(&["202 Accepted\r\n\r\nfirst", "202 Accepted\r\n\r\nsecond"]).await;
    let report = server.hook(Shape::PagerDuty { routing_key: routing_key() }).test(NOW).await.unwrap().to_string();
    assert!(report.contains("signed\na test alert") && report.ends_with("202 Accepted: second"), "{report}");
    let events: Vec<Value> = server
        .posts()
        .iter()
        .map(|post| serde_json::from_str(post.split_once("\r\n\r\n").unwrap().1).unwrap())
        .collect();
    assert!(events[0]["event_action"] == "trigger" && events[1]["event_action"] == "resolve", "{events:?}");
    assert_eq!(events[0]["dedup_key"], events[1]["dedup_key"]);
    assert_eq!(events[0]["payload"]["severity"], "info");
    assert!(events[0]["payload"]["summary"].as_str().unwrap().contains("this is a test"));

    let server = Server::answering(&["200 OK\r\n\r\nok", "404 Not Found\r\n\r\nno_service"]).await;
    let hook = server.hook(Shape::Notafter);
    assert!(hook.test(NOW).await.unwrap().to_string().ends_with("200 OK: ok"));
    assert!(server.posts()[0].contains("\"type\":\"notafter.test\""));
    assert!(hook.test(NOW).await.unwrap_err().to_string().ends_with("404 Not Found: no_service"));
}
