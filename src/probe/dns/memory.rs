//! What the last observation still answers: a look asks again only for what has run out. Pure.
//!
//! A positive answer holds for the least TTL of the records and of the CNAMEs to them, "there is nothing" for what the
//! zone's SOA says; both within the operator's bounds. A failure is never remembered, nor what resolvers disagree on.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::domain::{DomainName, UnixTime};
use crate::observation::{DnsObservation, Lookup, Outcome};
use crate::probe::settings::DnsMemory;

/// However long its SOA says, "there is nothing" is remembered no longer, in seconds: a record that is put there should
/// be seen soon.
const LONGEST_NOTHING: u64 = 300;

/// What need not be asked again.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    pub(super) a: Option<Lookup<Ipv4Addr>>,
    pub(super) aaaa: Option<Lookup<Ipv6Addr>>,
    pub(super) txt: Option<Lookup<String>>,
}

impl Remembered {
    /// What `known` still answers at this time, if the same resolvers were asked for the same names. With several
    /// resolvers both families are remembered together or not at all, since what they say is compared as one.
    pub(super) fn of(
        known: &DnsObservation,
        nameservers: &[Arc<str>],
        txt_name: &DomainName,
        bounds: DnsMemory,
        at: UnixTime,
    ) -> Self {
        let doubtful = known.cname_loop || known.from_hosts_file || !known.disagreements.is_empty();
        if doubtful || known.nameservers != nameservers {
            return Self::default();
        }
        let mut a = kept(&known.a, bounds, at);
        let mut aaaa = kept(&known.aaaa, bounds, at);
        let is_whole = |was_asked: Option<UnixTime>, is_kept: bool| was_asked.is_none() || is_kept;
        let whole = is_whole(known.a.asked_at, a.is_some()) && is_whole(known.aaaa.asked_at, aaaa.is_some());
        if !whole && nameservers.len() > 1 {
            (a, aaaa) = (None, None);
        }
        let in_place = known.txt_elsewhere.is_empty() && known.txt_name == *txt_name;
        Self { a, aaaa, txt: kept(&known.txt, bounds, at).filter(|_| in_place) }
    }

    /// Drops what is not wanted of the addresses any more.
    pub(super) fn forget_unwanted(&mut self, a: bool, aaaa: bool) {
        self.a = self.a.take().filter(|_| a);
        self.aaaa = self.aaaa.take().filter(|_| aaaa);
    }

    /// How many questions it answers.
    pub(super) fn count(&self) -> u32 {
        [self.a.is_some(), self.aaaa.is_some(), self.txt.is_some()].into_iter().map(u32::from).sum()
    }
}

fn kept<T: Clone>(lookup: &Lookup<T>, bounds: DnsMemory, at: UnixTime) -> Option<Lookup<T>> {
    let holds = lookup.asked_at.is_some_and(|asked| {
        // A clock that went back has no idea how old an answer is.
        let age = u64::try_from(asked.until(at)).ok();
        age.zip(holds_for(lookup, bounds)).is_some_and(|(age, holds)| age < holds)
    });
    holds.then(|| Lookup { cached: true, ..lookup.clone() })
}

/// For how many seconds an answer holds; `None` for what is not remembered at all.
fn holds_for<T>(lookup: &Lookup<T>, bounds: DnsMemory) -> Option<u64> {
    let most = bounds.at_most.as_secs();
    let most = match lookup.outcome {
        Outcome::Found => most,
        Outcome::NoData | Outcome::Nxdomain => most.min(LONGEST_NOTHING),
        _ => return None,
    };
    let links = lookup.links.iter().map(|link| link.ttl);
    // Without a SOA nobody knows how long there is nothing (RFC 2308 §5).
    let ttl = links.chain([lookup.ttl.unwrap_or(0)]).min().unwrap_or(0);
    Some(u64::from(ttl).max(bounds.at_least.as_secs()).min(most))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::observation::{CnameLink, Disagreement, Topic};

    const ASKED: UnixTime = UnixTime(1_800_000_000);
    const BOUNDS: DnsMemory = DnsMemory { at_least: Duration::from_secs(5), at_most: Duration::from_secs(3600) };

    fn name(text: &str) -> DomainName {
        DomainName::parse_record(text).unwrap()
    }

    fn known() -> DnsObservation {
        let mut known =
            DnsObservation::new(vec!["192.0.2.53:53".into()], name("_cf-custom-hostname.login.example.com"));
        known.a = Lookup { asked_at: Some(ASKED), ..Lookup::found(vec![Ipv4Addr::LOCALHOST], 60) };
        known.aaaa = Lookup { asked_at: Some(ASKED), ttl: Some(200), ..Lookup::empty(Outcome::NoData) };
        known.txt = Lookup { asked_at: Some(ASKED), ..Lookup::found(vec!["x".to_owned()], 7200) };
        known
    }

    /// Which of A, AAAA and TXT is remembered so many seconds later.
    fn remembered(known: &DnsObservation, seconds: i64) -> [bool; 3] {
        let all = Remembered::of(known, &["192.0.2.53:53".into()], &known.txt_name, BOUNDS, ASKED.plus(seconds));
        assert!(all.a.as_ref().is_none_or(|a| a.cached && a.asked_at == Some(ASKED)));
        [all.a.is_some(), all.aaaa.is_some(), all.txt.is_some()]
    }

    #[test]
    fn each_answer_holds_for_its_own_ttl_within_bounds() {
        for (seconds, expected) in [
            (-1, [false; 3]),
            (0, [true; 3]),
            (59, [true; 3]),
            (60, [false, true, true]),
            (199, [false, true, true]),
            (200, [false, false, true]),
            (3599, [false, false, true]),
            (3600, [false; 3]),
        ] {
            assert_eq!(remembered(&known(), seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn a_ttl_is_that_of_the_whole_chain_and_is_bounded_below() {
        let mut short = known();
        short.a.links = vec![CnameLink { name: name("login.example.com"), target: name("d1.cdn.example"), ttl: 1 }];
        short.aaaa.ttl = None;
        assert_eq!(remembered(&short, 4), [true; 3]);
        assert_eq!(remembered(&short, 5), [false, false, true]);
        let mut long = known();
        (long.aaaa.ttl, long.a.ttl) = (Some(86_400), Some(86_400));
        assert_eq!(remembered(&long, 299), [true; 3]);
        assert_eq!(remembered(&long, 300), [true, false, true]);
    }

    #[test]
    fn what_failed_or_is_in_doubt_is_not_remembered() {
        type Doubt = (&'static str, fn(&mut DnsObservation), [bool; 3]);
        let doubts: [Doubt; 7] = [
            ("a failure", |known| known.a.outcome = Outcome::Timeout, [false, true, true]),
            ("never asked", |known| known.aaaa = Lookup::empty(Outcome::NotAsked), [true, false, true]),
            ("a loop", |known| known.cname_loop = true, [false; 3]),
            ("the hosts file", |known| known.from_hosts_file = true, [false; 3]),
            ("others were asked", |known| known.nameservers = vec!["192.0.2.54:53".into()], [false; 3]),
            (
                "they disagree",
                |known| {
                    let name = known.txt_name.clone();
                    known.disagreements.push(Disagreement { topic: Topic::Txt, name, answers: Vec::new() });
                },
                [false; 3],
            ),
            (
                "the record is elsewhere",
                |known| {
                    let (name, txt) = (known.txt_name.clone(), Lookup::empty(Outcome::NoData));
                    known.txt_elsewhere.push(crate::observation::TxtElsewhere { name, cname: Vec::new(), txt });
                },
                [true, true, false],
            ),
        ];
        for (what, doubt, expected) in doubts {
            let mut known = known();
            doubt(&mut known);
            assert_eq!(remembered(&known, 1), expected, "{what}");
        }
    }

    #[test]
    fn with_several_resolvers_both_families_run_out_together() {
        let resolvers: [Arc<str>; 2] = ["192.0.2.53:53".into(), "192.0.2.54:53".into()];
        let mut known = known();
        known.nameservers = resolvers.to_vec();
        let at = |seconds| Remembered::of(&known, &resolvers, &known.txt_name, BOUNDS, ASKED.plus(seconds));
        assert!(at(59).a.is_some() && at(59).aaaa.is_some());
        assert!(at(60).a.is_none() && at(60).aaaa.is_none() && at(60).txt.is_some());
    }
}
