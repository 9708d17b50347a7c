//! [`Pinger`]: tells a dead man's switch elsewhere how we do. It is the only one to speak up when this machine is gone.
//!
//! What healthchecks.io and its likes understand (its "Pinging API"): the URL itself says that all is well, `/start` behind
//! it that we begin, `/fail` that something is broken, with the reason as the body. Every other switch understands the
//! URL alone, and takes silence for the rest.

use std::path::PathBuf;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Uri};
use secrecy::{ExposeSecret, SecretString};

use super::http::{Answer, PostError, Poster, PosterError, Target};

/// What healthchecks answers, with a status of 200, to what it has ignored ("Response" of its Pinging API).
const IGNORED: [&str; 2] = ["(not found)", "(rate limited)"];

/// Where a switch is told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The URL that says that all is well; whoever knows it can say so.
    pub url: SecretString,
    /// A PEM file with the roots the server is checked against, instead of the system's.
    pub roots: Option<PathBuf>,
}

/// Tells one switch.
#[derive(Debug)]
pub struct Pinger {
    start: Poster,
    success: Poster,
    fail: Poster,
}

impl Pinger {
    /// One that tells this switch. Reads the roots; connects to nobody.
    pub fn new(settings: &Settings) -> Result<Self, PosterError> {
        let poster = |below: &str| {
            let url = appended(settings.url.expose_secret(), below).into();
            Poster::new(&Target { roots: settings.roots.clone(), ..Target::new(url) })
        };
        Ok(Self { start: poster("/start")?, success: poster("")?, fail: poster("/fail")? })
    }

    /// We begin. Errors never show the URL.
    pub async fn start(&self) -> Result<(), String> {
        heard(&self.start, self.start.get().await)
    }

    /// All is well.
    pub async fn success(&self) -> Result<(), String> {
        heard(&self.success, self.success.get().await)
    }

    /// Something is broken, and this is it.
    pub async fn fail(&self, why: &str) -> Result<(), String> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        heard(&self.fail, self.fail.post(Bytes::copy_from_slice(why.as_bytes()), &headers).await)
    }
}

fn heard(poster: &Poster, answer: Result<Answer, PostError>) -> Result<(), String> {
    let answer = answer.map_err(|error| error.to_string())?;
    let ignored = IGNORED.iter().find(|words| answer.body_head.contains(**words));
    match (answer.status, ignored) {
        (status, None) if status.is_success() => Ok(()),
        (status, None) => Err(format!("{}: status {status}", poster.at())),
        (_, Some(words)) => Err(format!("{}: the ping was ignored {words}", poster.at())),
    }
}

/// The URL with this behind its path; a query stays where it belongs.
fn appended(url: &str, below: &str) -> String {
    let query = url.parse::<Uri>().ok().and_then(|uri| uri.query().map(str::to_owned));
    match query {
        _ if below.is_empty() => url.to_owned(),
        Some(query) => {
            let path = url.split_once('?').map_or(url, |(path, _)| path);
            format!("{}{below}?{query}", path.trim_end_matches('/'))
        }
        None => format!("{}{below}", url.trim_end_matches(['?', '/'])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_stands_behind_the_path() {
        for (url, below, whole) in [
            ("https://hc.example/ping/ab", "", "https://hc.example/ping/ab"),
            ("https://hc.example/ping/ab", "/start", "https://hc.example/ping/ab/start"),
            ("https://hc.example/ping/ab/", "/fail", "https://hc.example/ping/ab/fail"),
            ("https://hc.example/key/slug?create=1", "/fail", "https://hc.example/key/slug/fail?create=1"),
            ("https://hc.example/key/slug/?create=1", "", "https://hc.example/key/slug/?create=1"),
            ("https://hc.example", "/start", "https://hc.example/start"),
        ] {
            assert_eq!(appended(url, below), whole, "{url} {below}");
        }
    }
}
