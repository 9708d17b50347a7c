//! What several resolvers say, compared: which answer is believed, and on what they disagree though they should not.
//! Pure.
//!
//! Compared is what every resolver must tell alike once old answers have run out: whether the name is there and has an
//! address at all, where its own CNAME leads, its TXT and its CAA records. Addresses are not: a CDN gives each resolver
//! those near it, and so may the names behind the first CNAME differ.

use std::sync::Arc;

use super::chain::Followed;
use crate::domain::DomainName;
use crate::observation::{CaaSet, Disagreement, Outcome, ResolverObservation, Said, Topic, bounded};

/// How long a resolver may remember that it could not find out, in seconds (RFC 2308 §7.1).
const REMEMBERS_FAILURE: u32 = 300;
/// However long a TTL, no resolver remembers longer, in seconds: they cap it at a day.
const REMEMBERS_LONGEST: u32 = 86_400;
/// Characters of what a resolver says.
const MAX_ANSWER: usize = 300;

/// What one resolver says of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Voice {
    answer: String,
    weight: Weight,
    ttl: Option<u32>,
}

/// Of answers that as many give the one that holds more is believed: that a name is not there must be told by more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// It could not find out.
    Error,
    /// There is nothing.
    Nothing,
    /// There is something.
    Something,
}

/// Of the addresses; `None` if the resolver gave no answer at all.
pub(super) fn on_addresses(a: &Followed, aaaa: &Followed) -> Option<Voice> {
    let outcomes = [a.outcome, aaaa.outcome];
    let links = if a.links.len() >= aaaa.links.len() { &a.links } else { &aaaa.links };
    let by = links.first().map_or_else(String::new, |link| format!(", by the CNAME {}", link.target));
    let failure = outcomes.into_iter().find(|outcome| outcome.is_failure());
    let (what, weight) = if outcomes.contains(&Outcome::Found) {
        ("an address", Weight::Something)
    } else if outcomes.contains(&Outcome::Nxdomain) {
        ("NXDOMAIN", Weight::Nothing)
    } else if let Some(failure) = failure {
        return on_failure(failure);
    } else if outcomes.contains(&Outcome::NoData) {
        ("no address", Weight::Nothing)
    } else {
        return None;
    };
    let ttls = links.iter().map(|link| link.ttl).chain(a.ttl).chain(aaaa.ttl);
    Some(Voice { answer: format!("{what}{by}"), weight, ttl: ttls.max() })
}

/// Of a TXT record, its values as they are read.
pub(super) fn on_txt(followed: &Followed, values: &[String]) -> Option<Voice> {
    if followed.outcome.is_failure() {
        return on_failure(followed.outcome);
    }
    if followed.outcome == Outcome::NotAsked {
        return None;
    }
    let mut values: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    values.sort_unstable();
    let ttls = followed.links.iter().map(|link| link.ttl).chain(followed.ttl);
    Some(something_or_nothing(values, ttls.max()))
}

/// Of the CAA records for the domain itself.
pub(super) fn on_caa(set: &CaaSet) -> Option<Voice> {
    if set.outcome.is_failure() {
        return on_failure(set.outcome);
    }
    let mut values: Vec<String> = set
        .records
        .iter()
        .map(|record| format!("{} {} {:?}", u8::from(record.critical), record.tag, record.value))
        .collect();
    values.sort_unstable();
    let ttls = set.cname.iter().map(|link| link.ttl).chain(set.ttl);
    Some(something_or_nothing(values, ttls.max()))
}

fn something_or_nothing(values: Vec<String>, ttl: Option<u32>) -> Voice {
    match values.is_empty() {
        true => Voice { answer: "nothing".to_owned(), weight: Weight::Nothing, ttl },
        false => Voice { answer: bounded(values.join(", "), MAX_ANSWER), weight: Weight::Something, ttl },
    }
}

/// Only who answers says something, if only that it could not find out.
fn on_failure(outcome: Outcome) -> Option<Voice> {
    let voice = || Voice { answer: outcome.title().to_owned(), weight: Weight::Error, ttl: Some(REMEMBERS_FAILURE) };
    outcome.is_an_answer().then(voice)
}

/// Which voice is believed, by its place: the answer that most give; of as many that which holds more, then the first.
/// An error is never believed. Also how many give it.
pub(super) fn believed(voices: &[Option<Voice>]) -> Option<(usize, usize)> {
    let votes = |voice: &Voice| voices.iter().flatten().filter(|other| other.answer == voice.answer).count();
    let mut best: Option<(usize, usize, Weight)> = None;
    for (index, voice) in voices.iter().enumerate() {
        let Some(voice) = voice.as_ref().filter(|voice| voice.weight > Weight::Error) else { continue };
        let standing = (votes(voice), voice.weight);
        if best.is_none_or(|(_, count, weight)| standing > (count, weight)) {
            best = Some((index, standing.0, standing.1));
        }
    }
    best.map(|(index, count, _)| (index, count))
}

/// Takes the errors of those who are down away: who refuses everybody says nothing of this domain.
pub(super) fn silence_down(voices: &mut [Option<Voice>], resolvers: &[Arc<str>], fared: &[ResolverObservation]) {
    for (voice, resolver) in voices.iter_mut().zip(resolvers) {
        let is_down = fared.iter().any(|fared| fared.resolver == *resolver && fared.is_down());
        if is_down && voice.as_ref().is_some_and(|voice| voice.weight == Weight::Error) {
            *voice = None;
        }
    }
}

/// What they say differently; the believed answer first. Nothing where none is believed: then all fail, which is
/// another fault.
pub(super) fn disagreement(
    topic: Topic,
    name: &DomainName,
    resolvers: &[Arc<str>],
    voices: &[Option<Voice>],
) -> Option<Disagreement> {
    let (first, _) = believed(voices)?;
    let mut answers: Vec<Said> = Vec::new();
    for index in std::iter::once(first).chain((0..voices.len()).filter(|index| *index != first)) {
        let (Some(Some(voice)), Some(resolver)) = (voices.get(index), resolvers.get(index)) else { continue };
        let ttl = voice.ttl.map(|ttl| ttl.min(REMEMBERS_LONGEST));
        match answers.iter_mut().find(|said| said.answer == voice.answer) {
            Some(said) => {
                said.resolvers.push(Arc::clone(resolver));
                said.ttl = said.ttl.max(ttl);
            }
            None => answers.push(Said { answer: voice.answer.clone(), resolvers: vec![Arc::clone(resolver)], ttl }),
        }
    }
    (answers.len() > 1).then(|| Disagreement { topic, name: name.clone(), answers })
}

/// Of resolvers that all fail the one whose failure tells most: an answer of any kind more than silence. But where one
/// could not be asked for want of a socket, nobody can say that all have failed.
pub(super) fn most_telling(outcomes: impl IntoIterator<Item = Outcome>) -> Option<usize> {
    let rank = |outcome: Outcome| match outcome {
        Outcome::OutOfResources => 4,
        outcome if outcome.is_an_answer() => 3,
        Outcome::Timeout => 1,
        Outcome::NotAsked => 0,
        _ => 2,
    };
    let mut best: Option<(usize, u8)> = None;
    for (index, outcome) in outcomes.into_iter().enumerate() {
        if best.is_none_or(|(_, known)| rank(outcome) > known) {
            best = Some((index, rank(outcome)));
        }
    }
    best.map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::CnameLink;

    fn name(text: &str) -> DomainName {
        DomainName::parse_record(text).unwrap()
    }

    fn followed(outcome: Outcome, ttl: u32, target: Option<&str>) -> Followed {
        let link = |target| CnameLink { name: name("login.example.com"), target: name(target), ttl: 600 };
        Followed { links: target.map(link).into_iter().collect(), outcome, ttl: Some(ttl), ..Followed::not_asked() }
    }

    /// By a word what a resolver says: `a` an address by itself, `c` by a CNAME, `d` by another one, `n` NXDOMAIN, `0` no
    /// address, `s` SERVFAIL, `t` nothing.
    fn voice(word: char) -> Option<Voice> {
        let (outcome, target) = match word {
            'a' => (Outcome::Found, None),
            'c' => (Outcome::Found, Some("d1.cdn.example")),
            'd' => (Outcome::Found, Some("d2.cdn.example")),
            'n' => (Outcome::Nxdomain, None),
            '0' => (Outcome::NoData, None),
            's' => (Outcome::Servfail, None),
            _ => (Outcome::Timeout, None),
        };
        on_addresses(&followed(outcome, 60, target), &followed(Outcome::NoData, 30, None))
            .filter(|_| outcome == Outcome::Found || !outcome.is_failure())
            .or_else(|| on_addresses(&followed(outcome, 60, target), &followed(outcome, 60, None)))
    }

    #[test]
    fn most_are_believed_then_who_finds_more_then_the_first() {
        for (words, index, count, groups) in [
            ("a", Some(0), 1, 0),
            ("aa", Some(0), 2, 0),
            ("an", Some(0), 1, 2),
            ("na", Some(1), 1, 2),
            ("nna", Some(0), 2, 2),
            ("0a", Some(1), 1, 2),
            ("cd", Some(0), 1, 2),
            ("cdd", Some(1), 2, 2),
            ("ca", Some(0), 1, 2),
            // Who cannot find out is never believed, but heard.
            ("sa", Some(1), 1, 2),
            ("ssa", Some(2), 1, 2),
            ("ss", None, 0, 0),
            // Who does not answer says nothing.
            ("ta", Some(1), 1, 0),
            ("tt", None, 0, 0),
            ("acn0", Some(0), 1, 4),
        ] {
            let voices: Vec<Option<Voice>> = words.chars().map(voice).collect();
            assert_eq!(believed(&voices), index.map(|index| (index, count)), "{words}");
            let resolvers: Vec<Arc<str>> = (0..words.len()).map(|index| Arc::from(format!("r{index}"))).collect();
            let differ = disagreement(Topic::Address, &name("login.example.com"), &resolvers, &voices);
            assert_eq!(differ.as_ref().map_or(0, |differ| differ.answers.len()), groups, "{words}: {differ:?}");
            if let (Some(differ), Some(index)) = (differ, index) {
                assert!(differ.answers[0].resolvers.contains(&resolvers[index]), "{words}: {differ:?}");
            }
        }
    }

    #[test]
    fn what_is_said_may_hold_as_long_as_its_longest_ttl() {
        let resolvers = ["a", "b"].map(Arc::from);
        for (words, explained) in [("ca", 600), ("an", 60), ("as", 300)] {
            let voices: Vec<Option<Voice>> = words.chars().map(voice).collect();
            let differ = disagreement(Topic::Address, &name("login.example.com"), &resolvers, &voices).unwrap();
            assert_eq!(differ.explained_for(), explained, "{words}");
        }
    }

    #[test]
    fn the_order_of_values_does_not_matter_and_their_quotes_do() {
        let txt = |values: &[&str]| {
            let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
            on_txt(&followed(Outcome::Found, 60, None), &values).unwrap()
        };
        assert_eq!(txt(&["a", "b"]), txt(&["b", "a"]));
        assert_ne!(txt(&["a", "b"]), txt(&["a, b"]));
        assert_eq!(
            on_txt(&followed(Outcome::Nxdomain, 60, None), &[]),
            on_txt(&followed(Outcome::NoData, 60, None), &[])
        );
        assert_eq!(on_txt(&followed(Outcome::NotAsked, 60, None), &[]), None);
    }

    #[test]
    fn of_failures_the_one_that_tells_most_speaks() {
        use Outcome::{OutOfResources, Refused, Servfail, Timeout, Unreachable};
        for (outcomes, index) in [
            (&[Timeout, Servfail][..], Some(1)),
            (&[Refused, Servfail], Some(0)),
            (&[Servfail, OutOfResources], Some(1)),
            (&[Timeout, Unreachable], Some(1)),
            (&[], None),
        ] {
            assert_eq!(most_telling(outcomes.iter().copied()), index, "{outcomes:?}");
        }
    }
}
