//! [`Life`]: how much of its lifetime a domain's certificate has left, and where the thresholds lie in it.

use serde::Serialize;

use super::plain;
use crate::domain::{Domain, Span, UnixTime};
use crate::keeper::DomainState;
use crate::observation::Presented;
use crate::observation::certificate::Certificate;

const DAY: i64 = 86_400;
/// The length of the bar.
const WHOLE: i64 = 1000;

/// The time a domain has left, as a share of the lifetime of its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Life {
    /// How it stands: `fine`, `warning`, `critical`, `over`, or `early` before its first second.
    pub(super) zone: &'static str,
    /// `67 d left of 90 d`, or `expired 3 h ago`.
    pub(super) text: String,
    /// `until 2027-01-30`, to the minute where days are few.
    pub(super) until: String,
    /// The same moment in RFC 3339.
    pub(super) at: String,
    /// What of the lifetime is used, in thousandths.
    pub(super) used: i64,
    /// Where the warning threshold lies, in thousandths; `None` if there is none.
    pub(super) warn_at: Option<i64>,
    /// Where the critical threshold lies, in thousandths; `None` if there is none.
    pub(super) critical_at: Option<i64>,
    /// The thresholds in words.
    pub(super) thresholds: Option<String>,
    /// The certificate that runs out first, where it is not the leaf.
    pub(super) limiting: Option<String>,
}

impl Life {
    /// By the certificate on which the domain's effective expiry rests; `None` where none was seen.
    pub(super) fn new(state: &DomainState, now: UnixTime) -> Option<Self> {
        let expiry = state.verdict.as_ref()?.effective_expiry?;
        let all = || state.record.addresses.values();
        let ordinary = all().filter_map(|seen| Some(&seen.presented.as_ref()?.1));
        let mut every = ordinary.chain(all().filter_map(|seen| seen.other.as_ref()?.presented()));
        let presented = every.find(|presented| presented.effective_expiry() == Some(expiry))?;
        let leaf = presented.leaf()?;
        Some(Self::of(&state.domain, leaf, limiting(presented, leaf, expiry), expiry, now))
    }

    fn of(domain: &Domain, leaf: &Certificate, limiting: Option<String>, expiry: UnixTime, now: UnixTime) -> Self {
        let lifetime = leaf.lifetime();
        let left = now.until(expiry);
        let warn = domain.thresholds.warn_before.seconds(lifetime);
        let critical = domain.thresholds.critical_before.seconds(lifetime);
        let mark = |before: i64| (before > 0 && lifetime > 0).then(|| place(before, lifetime));
        let zone = match left {
            ..0 => "over",
            _ if leaf.not_before > now => "early",
            _ if left <= critical => "critical",
            _ if left <= warn => "warning",
            _ => "fine",
        };
        Self {
            zone,
            text: text(leaf, left, now),
            until: until(expiry, left),
            at: expiry.to_string(),
            used: if left < 0 { WHOLE } else { place(left, lifetime) },
            warn_at: mark(warn),
            critical_at: mark(critical),
            thresholds: thresholds(warn, critical),
            limiting,
        }
    }
}

/// Where on the bar the moment lies at which so much is left.
fn place(left: i64, lifetime: i64) -> i64 {
    let share = i128::from(left.max(0)) * i128::from(WHOLE) / i128::from(lifetime.max(1));
    WHOLE - i64::try_from(share).unwrap_or(WHOLE).min(WHOLE)
}

fn limiting(presented: &Presented, leaf: &Certificate, expiry: UnixTime) -> Option<String> {
    let certificate = presented.limit().filter(|limit| limit.certificate.not_after == expiry)?.certificate;
    (certificate.sha256 != leaf.sha256).then(|| plain::line(&certificate.title(), 120))
}

fn text(leaf: &Certificate, left: i64, now: UnixTime) -> String {
    if left < 0 {
        return format!("expired {} ago", span(left));
    }
    let of = span(leaf.lifetime().max(0));
    if leaf.not_before > now {
        return format!("not valid for another {}, then for {of}", span(now.until(leaf.not_before)));
    }
    format!("{} left of {of}", span(left))
}

fn until(expiry: UnixTime, left: i64) -> String {
    let at = expiry.to_string();
    let word = if left < 0 { "on" } else { "until" };
    match at.split_once('T') {
        Some((day, time)) if left.abs() < 3 * DAY => {
            format!("{word} {day} {} UTC", time.get(..5).unwrap_or_default())
        }
        Some((day, _)) => format!("{word} {day}"),
        None => format!("{word} {at}"),
    }
}

fn thresholds(warn: i64, critical: i64) -> Option<String> {
    match (warn > critical, critical > 0) {
        (true, true) => Some(format!("warning from {}, critical from {}", span(warn), span(critical))),
        (true, false) => Some(format!("warning from {}", span(warn))),
        (false, true) => Some(format!("critical from {}", span(critical))),
        (false, false) => None,
    }
}

/// A span as it is read at a glance: of many days the hours, of many years the days do not matter.
fn span(seconds: i64) -> String {
    match seconds.saturating_abs() {
        long if long >= 1000 * DAY => format!("{} y", long / (365 * DAY)),
        days if days >= 10 * DAY => Span(days - days % DAY).to_string(),
        short => Span(short).to_string(),
    }
}
