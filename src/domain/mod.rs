//! What the operator asks us to watch: [`Domain`], its [`DomainName`], what is [`Expected`] of it, and the
//! thresholds and cadence it is judged by. Also [`UnixTime`], [`Now`] and [`Span`], in which every room speaks of
//! time, and [`hours`], as people keep it.

mod by_address;
pub mod hours;
mod life;
mod name;
mod ownership;
mod shared;
mod suffix;
mod time;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub use by_address::ByAddress;
pub use life::Life;
pub use name::{DomainName, NameError};
pub use ownership::{Likeness, is_ownership_value};
pub use shared::{Shared, packed};
pub use time::{Clock, Now, Span, UnixTime};

/// One custom domain to watch, as the operator (or Auth0's Management API) describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain {
    /// The custom domain itself; its A-label is the key of everything kept about it.
    pub name: DomainName,
    /// What its records should say.
    pub expected: Expected,
    /// The canonical host of the Auth0 tenant behind it, if that is known.
    pub tenant: Option<DomainName>,
    /// Connect here instead of where DNS says; the records are still asked and judged.
    pub addresses: Vec<SocketAddr>,
    /// Which address families customers reach it by.
    pub families: Families,
    /// How often it is looked at.
    pub interval: Duration,
    /// When an expiry becomes a warning and when it becomes critical.
    pub thresholds: Thresholds,
    /// The operator's own labels, for routing and for `notafter_domain_info`.
    pub labels: BTreeMap<String, String>,
    /// The custom domain whose discovery document names this host for mutual TLS (RFC 8705 §5): nobody logs in here, so
    /// that connection and certificate are all there is to look at.
    pub mtls_of: Option<DomainName>,
    /// Treat it as live from the first look on, even if it was never seen healthy.
    pub live: bool,
    /// When its faults are spoken of; many domains share one.
    pub life: Shared<Life>,
}

impl Domain {
    /// A domain of which nothing but the name is known: default cadence and thresholds, nothing expected.
    pub fn new(name: DomainName) -> Self {
        Self {
            name,
            expected: Expected::default(),
            tenant: None,
            addresses: Vec::new(),
            families: Families::Auto,
            interval: Duration::from_secs(60),
            thresholds: Thresholds::default(),
            labels: BTreeMap::new(),
            mtls_of: None,
            live: true,
            life: Shared::default(),
        }
    }
}

/// What the operator expects of a domain's records. Absent means "not judged".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// A name that must occur in the CNAME chain, usually the proxy's or CDN's.
    pub cname: Option<DomainName>,
    /// The value of the ownership TXT record.
    pub txt: Option<String>,
    /// Where the ownership TXT record lives, if not at the default place.
    pub txt_name: Option<DomainName>,
    /// By which names the CA that will renew the certificate goes in CAA records; empty for what is known of the CA of the
    /// certificate in use.
    pub caa_identifiers: Vec<DomainName>,
    /// How far Auth0's verification of ownership has come.
    pub verification: Verification,
    /// The host at Auth0's edge that the operator says the proxy forwards to.
    pub origin: Option<DomainName>,
}

/// How far Auth0's verification of ownership has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Verification {
    /// Verified: a missing TXT record warns.
    #[default]
    Ready,
    /// Still to be verified: a missing TXT record is critical.
    Pending {
        /// When verification began, if the operator or the API told; never guessed.
        started: Option<UnixTime>,
    },
}

/// Which address families a domain is looked at by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Families {
    /// Every family for which this machine has a route.
    #[default]
    Auto,
    /// A records only.
    Ipv4,
    /// AAAA records only.
    Ipv6,
    /// Both; a family without a route here is a failure.
    Both,
}

/// When an expiry becomes a warning, and when it becomes critical.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// The warning threshold.
    pub warn_before: Threshold,
    /// The critical threshold.
    pub critical_before: Threshold,
}

impl Default for Thresholds {
    /// Warning at the lesser of 21 days and 25% of the lifetime, critical at the lesser of 7 days and 10%:
    /// low enough that automation which renews with a third of the lifetime left is never announced.
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self {
            warn_before: Threshold::new(Some(Duration::from_secs(21 * DAY)), Some(25)),
            critical_before: Threshold::new(Some(Duration::from_secs(7 * DAY)), Some(10)),
        }
    }
}

/// A span before an expiry: the lesser of an absolute span and a share of the lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    span: Option<Duration>,
    percent: Option<u8>,
}

impl Threshold {
    /// A threshold of a span, of a share of the lifetime (in percent), or of the lesser of both.
    pub const fn new(span: Option<Duration>, percent: Option<u8>) -> Self {
        Self { span, percent }
    }

    /// The threshold in seconds for a certificate of this lifetime (also in seconds).
    pub fn seconds(&self, lifetime: i64) -> i64 {
        let span = self.span.map(|span| i64::try_from(span.as_secs()).unwrap_or(i64::MAX));
        let share = self.percent.map(|percent| (i128::from(lifetime.max(0)) * i128::from(percent) / 100) as i64);
        match (span, share) {
            (Some(span), Some(share)) => span.min(share),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => 0,
        }
    }

    /// The absolute span, if one was given.
    pub const fn span(&self) -> Option<Duration> {
        self.span
    }

    /// The share of the lifetime in percent, if one was given.
    pub const fn percent(&self) -> Option<u8> {
        self.percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_may_have_underscores() {
        assert!(DomainName::parse_record("_cf-custom-hostname.login.example.com").is_ok());
        let domain = Domain::new(DomainName::parse("login.example.com").unwrap());
        assert_eq!(domain.txt_name().as_str(), "_cf-custom-hostname.login.example.com");
    }

    #[test]
    fn the_lesser_of_span_and_share_counts() {
        const DAY: i64 = 86_400;
        let thresholds = Thresholds::default();
        assert_eq!(thresholds.warn_before.seconds(200 * DAY), 21 * DAY);
        assert_eq!(thresholds.warn_before.seconds(6 * DAY), 6 * DAY / 4);
        assert_eq!(thresholds.critical_before.seconds(47 * DAY), 47 * DAY / 10);
        assert_eq!(thresholds.critical_before.seconds(-DAY), 0);
    }
}
