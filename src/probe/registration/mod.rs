//! The registration of a domain, by the registry's own word (RDAP, RFC 7480 to 9083): once a day and registered domain,
//! however many custom domains lie below it. Which registry answers where is said by IANA's list ([`bootstrap`]).

mod bootstrap;
mod response;

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

pub(super) use self::response::read;

use self::bootstrap::Bootstrap;
use super::Settings;
use super::dns::Panel;
use super::fetch::{FetchError, Fetcher, Reach, Wanted};
use super::library::Shelf;
use crate::domain::{DomainName, UnixTime};
use crate::observation::RegistrationObservation;
use crate::trust::TrustStore;

/// A good answer, and IANA's list, are asked for anew after so long.
const DAY: Duration = Duration::from_secs(86_400);
/// After a failure so long, unless the registry says how long.
const AGAIN: Duration = Duration::from_secs(3600);
/// Registered domains remembered; a process watches fewer.
const MAX_DOMAINS: usize = 100_000;
/// No answer about one domain, and no list of registries, is longer than so many bytes.
const MAX_ANSWER: usize = 256 * 1024;
const MAX_BOOTSTRAP: usize = 2 * 1024 * 1024;

/// What registries have said, for all domains of the process.
#[derive(Debug)]
pub(super) struct Registrations {
    bootstraps: Arc<Shelf<Result<Arc<Bootstrap>, String>>>,
    answers: Arc<Shelf<Answer>>,
}

impl Default for Registrations {
    fn default() -> Self {
        Self { bootstraps: Arc::new(Shelf::new(16)), answers: Arc::new(Shelf::new(MAX_DOMAINS)) }
    }
}

/// The last good answer, if there was one, and why the last question had none.
#[derive(Debug, Clone, Default)]
struct Answer {
    good: Option<RegistrationObservation>,
    failure: Option<String>,
}

impl Answer {
    /// What there is to tell: nothing where no registry has ever answered.
    fn told(self) -> Option<RegistrationObservation> {
        Some(RegistrationObservation { failure: self.failure, ..self.good? })
    }
}

/// What is known of the registration a domain belongs to; asked for if that is a day old. Who asks does not wait for what
/// is known already.
pub(super) async fn observe(
    domain: &DomainName,
    settings: &Settings,
    panel: &Panel,
    trust: &Arc<TrustStore>,
    registrations: &Registrations,
    at: UnixTime,
) -> Option<RegistrationObservation> {
    let registered = domain.registered()?;
    let key = format!("{} {registered}", settings.rdap_bootstrap);
    let asking = Asking {
        registered,
        fetcher: fetcher(settings, panel, trust),
        bootstrap: settings.rdap_bootstrap.clone(),
        bootstraps: Arc::clone(&registrations.bootstraps),
        at,
    };
    let make = move |before: Option<Answer>| asking.ask(before.unwrap_or_default());
    registrations.answers.get_within(settings.timeout, &key, make).await?.told()
}

/// IANA's list names public registries, whom browsers' roots vouch for. A list of the operator's own may name others:
/// in their own network, and under their own roots.
fn fetcher(settings: &Settings, panel: &Panel, trust: &Arc<TrustStore>) -> Fetcher {
    static PUBLIC: LazyLock<Option<Arc<TrustStore>>> =
        LazyLock::new(|| TrustStore::new(webpki_root_certs::TLS_SERVER_ROOT_CERTS, &[]).ok().map(Arc::new));
    let is_public = settings.rdap_bootstrap == Settings::default().rdap_bootstrap;
    let own_network = [SocketAddr::from(([10, 0, 0, 1], 0)), SocketAddr::from(([127, 0, 0, 1], 0))];
    Fetcher {
        panel: panel.clone(),
        trust: PUBLIC.clone().filter(|_| is_public).unwrap_or_else(|| Arc::clone(trust)),
        contact: settings.contact.clone(),
        reach: if is_public { Reach::default() } else { Reach::of(own_network) },
        timeout: settings.timeout,
    }
}

/// One question to a registry, with everything it takes.
struct Asking {
    registered: DomainName,
    fetcher: Fetcher,
    bootstrap: String,
    bootstraps: Arc<Shelf<Result<Arc<Bootstrap>, String>>>,
    at: UnixTime,
}

impl Asking {
    async fn ask(self, before: Answer) -> (Answer, Duration) {
        match self.registration().await {
            Ok(good) => (Answer { good: Some(good), failure: None }, DAY),
            Err((failure, wait)) => (Answer { failure: Some(failure), ..before }, wait.clamp(AGAIN, DAY)),
        }
    }

    async fn registration(&self) -> Result<RegistrationObservation, (String, Duration)> {
        let list = |_| async {
            match self.list().await {
                Ok(list) => (Ok(list), DAY),
                Err(error) => (Err(error), AGAIN),
            }
        };
        let list = self.bootstraps.get_or_make(&self.bootstrap, list).await.map_err(|error| (error, AGAIN))?;
        let registry = list
            .registry(&self.registered)
            .ok_or_else(|| (format!("no registry is known that answers for {}", self.registered), DAY))?;
        let url = format!("{registry}domain/{}", self.registered);
        let wanted = Wanted { url: &url, accept: "application/rdap+json, application/json", most_bytes: MAX_ANSWER };
        let document = self.fetcher.get(wanted).await.map_err(|error| {
            let wait = wait(&error);
            (format!("{registry}: {error}"), wait)
        })?;
        read(&document.body, &self.registered, self.at).map_err(|error| (format!("{registry}: {error}"), AGAIN))
    }

    async fn list(&self) -> Result<Arc<Bootstrap>, String> {
        let wanted = Wanted { url: &self.bootstrap, accept: "application/json", most_bytes: MAX_BOOTSTRAP };
        let document = self.fetcher.get(wanted).await.map_err(|error| format!("{}: {error}", self.bootstrap))?;
        let list = Bootstrap::read(&document.body).map_err(|error| format!("{}: {error}", self.bootstrap))?;
        Ok(Arc::new(list))
    }
}

/// How long a registry wants to be left alone: as it says in seconds (RFC 9110 §10.2.3), else a day where it says that it
/// is too much.
fn wait(error: &FetchError) -> Duration {
    match error {
        FetchError::Status { retry_after: Some(text), .. } => text.trim().parse().map_or(DAY, Duration::from_secs),
        FetchError::Status { status: 429, .. } => DAY,
        _ => AGAIN,
    }
}

/// The base URL of the registry that answers for a domain by this list.
pub(super) fn registry(list: &[u8], domain: &DomainName) -> Result<Option<String>, String> {
    Ok(Bootstrap::read(list)?.registry(domain).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_registry_that_does_not_answer_takes_nothing_away() {
        let settings = Settings { rdap_bootstrap: "http://127.0.0.1:1/dns.json".to_owned(), ..Settings::default() };
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS;
        let trust = Arc::new(TrustStore::new(roots, &[]).unwrap());
        let registrations = Registrations::default();
        let good = RegistrationObservation {
            domain: DomainName::parse("example.com").unwrap(),
            at: UnixTime(5),
            expires: Some(UnixTime(9)),
            statuses: Vec::new(),
            registrar: None,
            failure: None,
        };
        for good in [None, Some(good)] {
            let asking = Asking {
                registered: DomainName::parse("example.com").unwrap(),
                fetcher: fetcher(&settings, &Panel::new(&settings, &Arc::default(), &trust), &trust),
                bootstrap: settings.rdap_bootstrap.clone(),
                bootstraps: Arc::clone(&registrations.bootstraps),
                at: UnixTime(100),
            };
            let (answer, wait) = asking.ask(Answer { good: good.clone(), failure: None }).await;
            let told = answer.told();
            assert_eq!((told.as_ref().map(|told| told.at), wait), (good.map(|good| good.at), AGAIN));
            assert!(told.is_none_or(|told| told.failure.is_some_and(|failure| failure.contains("127.0.0.1:1"))));
        }
    }

    #[test]
    fn who_says_for_how_long_is_left_alone() {
        let status = |status, text: Option<&str>| FetchError::Status { status, retry_after: text.map(str::to_owned) };
        assert_eq!(wait(&status(429, Some("7200"))), Duration::from_secs(7200));
        assert_eq!(wait(&status(429, Some("Wed, 21 Oct 2026 07:28:00 GMT"))), DAY);
        assert_eq!(wait(&status(429, None)), DAY);
        assert_eq!(wait(&status(503, Some("30"))), Duration::from_secs(30), "bounded where it is used");
        assert_eq!(wait(&status(404, None)), AGAIN);
        assert_eq!(wait(&FetchError::Timeout(AGAIN)), AGAIN);
    }
}
