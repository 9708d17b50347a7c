//! [`status_note`]: what Auth0's status page says of a tenant, from its feed (Auth0, "Check Auth0 Status"). It lags behind what
//! is seen, so it finds nothing: it only annotates.

use std::time::Duration;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::get;
use crate::domain::DomainName;
use crate::observation::{StatusNote, bounded};

/// Bytes of a feed that are read.
const MAX_BODY: usize = 1 << 20;
/// No feed has elements within elements within so many.
const MAX_DEPTH: usize = 64;
/// Characters kept of a title.
const MOST: usize = 200;
/// The words a status page has for how an incident goes on, and whether it still does.
const WORDS: [(&str, bool); 7] = [
    ("Investigating", true),
    ("Identified", true),
    ("Monitoring", true),
    ("Update", true),
    ("Resolved", false),
    ("Postmortem", false),
    ("Completed", false),
];

/// Reads the feed of a tenant: what goes on now, if anything does. `Err` says why it could not be read.
pub async fn status_note(feed: &str, tenant: &DomainName, patience: Duration) -> Result<Option<StatusNote>, String> {
    let url = format!("{feed}?domain={tenant}");
    let body = get::read(&url, MAX_BODY, patience).await?;
    newest(&String::from_utf8_lossy(&body)).ok_or_else(|| "it is no feed".to_owned())
}

/// The newest entry of an Atom (RFC 4287) or RSS feed, if it still goes on; entries stand newest first.
pub(super) fn newest(feed: &str) -> Option<Option<StatusNote>> {
    let mut reader = Reader::from_str(feed);
    let (mut within, mut is_feed) = (Vec::<String>::new(), false);
    let (mut title, mut content) = (String::new(), String::new());
    loop {
        match reader.read_event().ok()? {
            Event::Start(element) => {
                let name = element.local_name().as_ref().to_owned();
                is_feed |= matches!(name.as_str(), "feed" | "rss");
                if within.len() == MAX_DEPTH {
                    return None;
                }
                within.push(name);
            }
            Event::End(element) => {
                if matches!(element.local_name().as_ref(), "entry" | "item") {
                    break;
                }
                within.pop();
            }
            Event::Text(text) => gather(&within, &text, &mut title, &mut content),
            Event::CData(text) => gather(&within, &text, &mut title, &mut content),
            Event::GeneralRef(_) => content.push(' '),
            Event::Eof => break,
            _ => {}
        }
    }
    is_feed.then(|| note(&title, &content))
}

fn gather(within: &[String], text: &str, title: &mut String, content: &mut String) {
    let in_entry = within.iter().any(|name| matches!(name.as_str(), "entry" | "item"));
    match within.last().map(String::as_str) {
        Some("title") if in_entry => title.push_str(text),
        _ if in_entry && within.iter().any(|name| matches!(name.as_str(), "content" | "description" | "summary")) => {
            content.push_str(text);
        }
        _ => {}
    }
}

/// The first of the status words is the latest; an entry without one has not begun to be one of an incident.
fn note(title: &str, content: &str) -> Option<StatusNote> {
    let first = WORDS.iter().filter_map(|(word, goes_on)| Some((content.find(word)?, *word, *goes_on))).min();
    let (_, word, _) = first.filter(|(_, _, goes_on)| *goes_on)?;
    Some(StatusNote { status: word.to_owned(), title: bounded(title.trim().to_owned(), MOST) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(content: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Auth0</title>\
             <entry><title>Elevated errors in US-3</title><updated>2026-11-24T08:00:00Z</updated>\
             <content type=\"html\">{content}</content></entry>\
             <entry><title>Older</title><content>&lt;strong&gt;Investigating&lt;/strong&gt;</content></entry></feed>"
        )
    }

    #[test]
    fn what_goes_on_is_told_and_what_is_over_is_not() {
        let of = |content: &str| newest(&atom(content)).unwrap().map(|note| (note.status, note.title));
        let errors = |status: &str| Some((status.to_owned(), "Elevated errors in US-3".to_owned()));
        assert_eq!(of("&lt;strong&gt;Investigating&lt;/strong&gt; - we look"), errors("Investigating"));
        assert_eq!(
            of("<![CDATA[<strong>Monitoring</strong> x <strong>Investigating</strong>]]>"),
            errors("Monitoring")
        );
        assert_eq!(of("&lt;strong&gt;Resolved&lt;/strong&gt; ... Investigating"), None);
        assert_eq!(of("nothing of the kind"), None);
    }

    #[test]
    fn a_feed_may_be_rss_empty_or_none() {
        let rss = "<rss><channel><title>Auth0</title><item><title>Slow</title>\
                   <description><![CDATA[<strong>Identified</strong>]]></description></item></channel></rss>";
        assert_eq!(newest(rss).unwrap().unwrap().status, "Identified");
        assert_eq!(newest("<feed></feed>"), Some(None));
        let deep = format!("<feed>{}", "<a>x".repeat(MAX_DEPTH));
        for body in ["", "<html><body>404</body></html>", "{}", "<feed><entry", &deep] {
            assert_eq!(newest(body), None, "{body}");
        }
    }
}
