//! What `[receiver.alertmanager]` says.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use http::Uri;

use super::telling::{credentials as login, is_loopback};
use crate::config::mistake::Notes;
use crate::config::section::{Section, Value};
use crate::incident::alerts;
use crate::notify::alertmanager::{Credentials, Settings};

const RESEND: Duration = Duration::from_secs(60);

/// None if a key that it needs is missing or bad, which has then been told.
pub(super) fn read(section: &Section, notes: &mut Notes) -> Option<Settings> {
    let credentials = credentials(section, notes);
    let urls = section.list("urls")?.iter();
    let urls = urls
        .filter_map(|(place, url)| if let Value::Text(url) = url { Some((place.clone(), url.as_str())) } else { None });
    let urls: Vec<(Range<usize>, &str)> = urls.collect();
    check(section, &urls, notes);
    let alerts = alerts::Settings {
        peers: urls.iter().map(|(_, url)| url.trim_end_matches('/').to_owned()).collect(),
        resend: section.duration("resend").unwrap_or(RESEND),
        labels: section.labels("labels"),
        external_url: section.text("external_url").map(str::to_owned),
        runbook_url: section.text("runbook_url").map(str::to_owned),
    };
    Some(Settings { alerts, credentials, roots: section.path("roots") })
}

fn check(section: &Section, urls: &[(Range<usize>, &str)], notes: &mut Notes) {
    let allowed = section.flag("allow_plain").unwrap_or(false) || !section.sound("allow_plain");
    let path = section.path_of("urls");
    let mut seen = BTreeSet::new();
    for (place, url) in urls {
        let Ok(uri) = url.parse::<Uri>() else { continue };
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        if uri.scheme_str() == Some("http") && !is_loopback(host) && !allowed {
            let message = format!("alerts to {host} would leave this machine without TLS");
            let mend = "use https://; or `allow_plain = true`, if anyone on the way may read and forge them";
            notes.mistake(place.clone(), &path, message, mend);
        }
        if uri.query().is_some() || url.contains('#') {
            let mend = "take out what follows the path: the API's own path is put behind it";
            notes.mistake(place.clone(), &path, "an Alertmanager's URL has no query and no fragment", mend);
        }
        if !seen.insert(url.trim_end_matches('/')) {
            notes.mistake(place.clone(), &path, "this Alertmanager stands here already", "keep one of the two");
        }
    }
}

fn credentials(section: &Section, notes: &mut Notes) -> Option<Credentials> {
    let basic = login(section, notes);
    if section.has("bearer_token") && (section.has("username") || section.has("password")) {
        notes.mistake(
            section.place("bearer_token"),
            &section.path_of("bearer_token"),
            "`bearer_token` stands here beside `username` and `password`",
            "keep one of the two",
        );
    }
    let basic = basic.map(|login| Credentials::Basic { username: login.username, password: login.password });
    basic.or_else(|| section.secret("bearer_token").map(Credentials::Bearer))
}
