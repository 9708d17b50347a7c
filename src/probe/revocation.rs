//! [`observe`]: what the staple and the CAs' lists say of whether the certificates of a path were revoked. A list is
//! fetched once for all domains and kept until there is a newer one, or a good while before.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::aside::aside;
use super::assess::judge_staple;
use super::fetch::{FetchError, Fetcher, Wanted};
use super::{RevocationMode, Target};
use crate::domain::UnixTime;
use crate::observation::certificate::{Certificate, Sha256};
use crate::observation::{Presented, Revocation, RevocationSource, RevocationStatus, TlsObservation};
use crate::trust::Crl;

/// Certificates looked up of one chain.
const MAX_CERTIFICATES: usize = 8;
/// Places tried for one list.
const MAX_PLACES: usize = 2;
/// A longer list is not read: it has hundreds of thousands of entries.
const MAX_BYTES: usize = 10 << 20;
/// What all lists may take of our memory.
const MAX_WEIGHT: usize = 64 << 20;
/// RFC 5280 §4.2.1.13, RFC 2585 §4.2.
const ACCEPT: &str = "application/pkix-crl, */*;q=0.1";
/// However slowly a list comes, while nobody waits for it.
const PATIENCE: Duration = Duration::from_secs(60);
/// However soon the next is announced, and however late.
const KEEP: [Duration; 2] = [Duration::from_secs(600), Duration::from_secs(6 * 3600)];
/// A list that could not be had is asked for again after so long.
const KEEP_FAILURE: Duration = Duration::from_secs(1800);
/// The same where it is we who could not ask.
const KEEP_OWN_FAULT: Duration = Duration::from_secs(60);

/// Puts into the observation what is known of the revocation of its certificates.
pub(super) async fn observe(
    presented: &Arc<Presented>,
    staple: Vec<u8>,
    target: Target<'_>,
    fetcher: &Fetcher,
    at: UnixTime,
    observation: &mut TlsObservation,
) {
    let until = Instant::now() + target.settings.timeout;
    if target.settings.revocation == RevocationMode::Off {
        return;
    }
    observation.stapled = Some(!staple.is_empty());
    if !staple.is_empty() {
        observation.revocation.extend(judge_staple(presented, staple, target.trust).await);
    }
    if target.settings.revocation == RevocationMode::Crl {
        let fetcher = Fetcher { timeout: PATIENCE.max(fetcher.timeout), ..fetcher.clone() };
        let search = Search { target, fetcher: &fetcher, at, until };
        let asked = issued(presented).into_iter().map(|pair| search.look_up(pair));
        observation.revocation.extend(join_all(asked).await.into_iter().map(Arc::new));
    }
}

/// The certificates of the paths that were verified, each with its issuer; without the roots. Lists of whoever is not
/// trusted are nobody's business.
fn issued(presented: &Presented) -> Vec<(Arc<Certificate>, Arc<Certificate>)> {
    let mut seen: BTreeSet<Sha256> = BTreeSet::new();
    let complete: Vec<_> = presented.complete_paths().collect();
    let paths = if complete.is_empty() { presented.paths.iter().take(1).collect() } else { complete };
    let steps = paths.into_iter().flat_map(|path| path.steps.windows(2));
    let pairs = steps.filter_map(|pair| match pair {
        [certificate, issuer] => Some((Arc::clone(&certificate.certificate), Arc::clone(&issuer.certificate))),
        _ => None,
    });
    pairs.filter(|(certificate, _)| seen.insert(certificate.sha256)).take(MAX_CERTIFICATES).collect()
}

/// Looking certificates up, for one chain.
struct Search<'a> {
    target: Target<'a>,
    fetcher: &'a Fetcher,
    at: UnixTime,
    /// How long it is waited for lists that are not there.
    until: Instant,
}

impl Search<'_> {
    /// What the first list says that can be had.
    async fn look_up(&self, (certificate, issuer): (Arc<Certificate>, Arc<Certificate>)) -> Revocation {
        let points = certificate.crl_points();
        let why = if points.others { "it is of a kind that is not read" } else { "the certificate names none" };
        let mut found = Revocation::unknown(certificate.sha256, RevocationSource::Crl, None, why.to_owned());
        for url in points.urls.iter().take(MAX_PLACES) {
            found = match self.list_at(url, &issuer).await {
                Ok(list) => list.crl.status_of(&certificate, points, url),
                Err(why) => Revocation::unknown(certificate.sha256, RevocationSource::Crl, Some(url.clone()), why),
            };
            if found.status != RevocationStatus::Unknown {
                break;
            }
        }
        found
    }

    async fn list_at(&self, url: &str, issuer: &Arc<Certificate>) -> Result<Arc<Weighed>, String> {
        // A stranger's CA of the same name must not be able to put a list, or the lack of one, in the other's place.
        let key = format!("{url} {}", issuer.sha256);
        let library = self.target.library;
        let errand = Errand {
            url: url.to_owned(),
            issuer: Arc::clone(issuer),
            fetcher: self.fetcher.clone(),
            at: self.at,
            weight: Arc::clone(&library.weight),
        };
        let patience = self.until.saturating_duration_since(Instant::now());
        let kept = library.lists.get_within(patience, &key, |before| errand.run(before)).await;
        let kept = kept.ok_or("it has not come yet")?;
        kept.list.ok_or_else(|| kept.failure.as_deref().unwrap_or_default().to_owned())
    }
}

/// A list, or why there is none.
#[derive(Debug, Clone)]
pub(super) struct KeptList {
    /// The last that could be had, however old by now: who stands on it stays revoked.
    list: Option<Arc<Weighed>>,
    /// Why there is none.
    failure: Option<Arc<str>>,
}

/// A list with its share of the weight of all.
#[derive(Debug)]
struct Weighed {
    crl: Crl,
    all: Arc<AtomicUsize>,
}

impl Weighed {
    /// `None` if that would be too much.
    fn new(crl: Crl, all: &Arc<AtomicUsize>) -> Option<Self> {
        let weight = crl.weight();
        if all.fetch_add(weight, Ordering::Relaxed) + weight > MAX_WEIGHT {
            all.fetch_sub(weight, Ordering::Relaxed);
            return None;
        }
        Some(Self { crl, all: Arc::clone(all) })
    }
}

impl Drop for Weighed {
    fn drop(&mut self) {
        self.all.fetch_sub(self.crl.weight(), Ordering::Relaxed);
    }
}

/// To fetch one list.
struct Errand {
    url: String,
    issuer: Arc<Certificate>,
    fetcher: Fetcher,
    at: UnixTime,
    weight: Arc<AtomicUsize>,
}

impl Errand {
    async fn run(self, before: Option<KeptList>) -> (KeptList, Duration) {
        let at = self.at;
        match self.fetch().await {
            Ok(list) => {
                let keep = keep_for(at, list.crl.next_update());
                (KeptList { list: Some(Arc::new(list)), failure: None }, keep)
            }
            Err((why, keep)) => {
                let list = before.and_then(|before| before.list);
                (KeptList { list, failure: Some(why.into()) }, keep)
            }
        }
    }

    async fn fetch(self) -> Result<Weighed, (String, Duration)> {
        let wanted = Wanted { url: &self.url, accept: ACCEPT, most_bytes: MAX_BYTES };
        let document = self.fetcher.get(wanted).await.map_err(|error| (error.to_string(), keep_failure(&error)))?;
        let issuer = self.issuer;
        let read = aside(move || Crl::read(&document.body, &issuer)).await;
        let crl = read.ok_or_else(|| ("we are stopping".to_owned(), KEEP_OWN_FAULT))?;
        let crl = crl.map_err(|error| (error.to_string(), KEEP_FAILURE))?;
        let full = format!("there is no room for it: all lists together may take {} MiB", MAX_WEIGHT >> 20);
        Weighed::new(crl, &self.weight).ok_or((full, KEEP_FAILURE))
    }
}

/// A while before the next is there, so that it is known when this one runs out; within bounds.
fn keep_for(at: UnixTime, next_update: UnixTime) -> Duration {
    let left = u64::try_from(at.until(next_update)).unwrap_or(0);
    Duration::from_secs(left / 4 * 3).clamp(KEEP[0], KEEP[1])
}

fn keep_failure(error: &FetchError) -> Duration {
    if error.is_ours() { KEEP_OWN_FAULT } else { KEEP_FAILURE }
}

#[cfg(all(test, feature = "demo"))]
mod tests {
    use std::net::SocketAddr;

    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyIdMethod, KeyPair,
        KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
    };
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::probe::Settings;
    use crate::probe::dns::Panel;
    use crate::probe::fetch::Reach;
    use crate::trust::TrustStore;

    const DAY: i64 = 86_400;

    /// A CA and its list, with so many on it.
    fn list(entries: u64) -> (Arc<Certificate>, Vec<u8>) {
        let (mut params, key) = (CertificateParams::default(), KeyPair::generate().unwrap());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ca = Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
        let revoked = |serial: u64| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let crl = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 12, 1),
            next_update: date_time_ymd(2026, 12, 8),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: (1..=entries).map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        (Arc::new(ca), crl.signed_by(&Issuer::new(params, key)).unwrap().der().to_vec())
    }

    /// A server that gives one list once, and then refuses.
    async fn once(der: Vec<u8>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(listener);
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", der.len());
            stream.write_all(&[head.as_bytes(), &der].concat()).await.unwrap();
            let _ = stream.read_u8().await;
        });
        address
    }

    fn errand(address: SocketAddr, issuer: &Arc<Certificate>, weight: &Arc<AtomicUsize>) -> Errand {
        let trust = Arc::new(TrustStore::new(webpki_root_certs::TLS_SERVER_ROOT_CERTS, &[]).unwrap());
        let fetcher = Fetcher {
            panel: Panel::new(&Settings::default(), &Arc::default(), &trust),
            trust,
            contact: None,
            reach: Reach::of([address]),
            timeout: Duration::from_secs(10),
        };
        // 2026-12-01.
        let at = UnixTime(1_796_083_200);
        let (url, issuer, weight) = (format!("http://{address}/1.crl"), Arc::clone(issuer), Arc::clone(weight));
        Errand { url, issuer, fetcher, at, weight }
    }

    #[tokio::test]
    async fn a_list_stays_where_no_newer_one_can_be_had() {
        let (ca, der) = list(3);
        let (address, weight) = (once(der).await, Arc::new(AtomicUsize::new(0)));
        let (first, keep) = errand(address, &ca, &weight).run(None).await;
        assert_eq!((first.failure.clone(), keep), (None, KEEP[1]));
        let weighs = weight.load(Ordering::Relaxed);
        assert!(weighs >= 48, "{weighs}");
        let (second, keep) = errand(address, &ca, &weight).run(Some(first.clone())).await;
        assert_eq!(keep, KEEP_FAILURE);
        assert!(second.failure.unwrap().contains("refused"));
        assert!(Arc::ptr_eq(&first.list.unwrap(), &second.list.clone().unwrap()));
        assert_eq!(weight.load(Ordering::Relaxed), weighs);
        drop(second.list);
        assert_eq!(weight.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn lists_weigh_no_more_together_than_they_may() {
        let (ca, der) = list(100);
        let weight = Arc::new(AtomicUsize::new(MAX_WEIGHT - 1000));
        let (kept, _) = errand(once(der.clone()).await, &ca, &weight).run(None).await;
        assert_eq!(kept.failure.as_deref(), Some("there is no room for it: all lists together may take 64 MiB"));
        assert!(kept.list.is_none());
        assert_eq!(weight.load(Ordering::Relaxed), MAX_WEIGHT - 1000);
        weight.store(MAX_WEIGHT - 5000, Ordering::Relaxed);
        assert!(errand(once(der).await, &ca, &weight).run(None).await.0.list.is_some());
    }

    #[test]
    fn a_list_is_asked_for_anew_before_it_runs_out_within_bounds() {
        for (left, seconds) in
            [(-DAY, 600), (0, 600), (600, 600), (3600, 2700), (4 * 3600, 10_800), (8 * 3600, 21_600), (9 * DAY, 21_600)]
        {
            let kept = keep_for(UnixTime(1_796_083_200), UnixTime(1_796_083_200 + left));
            assert_eq!(kept, Duration::from_secs(seconds), "{left}");
        }
    }
}
