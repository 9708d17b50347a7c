//! Where else the ownership TXT record may be: asked only when it is not where it should be, so that a healthy domain
//! costs no more questions.

use futures_util::future::join_all;
use hickory_resolver::proto::rr::RecordType;

use super::ask::Asker;
use super::{QUESTIONS, chain, txt_value, typed};
use crate::domain::{Domain, DomainName, Likeness, UnixTime, Verification};
use crate::observation::{Lookup, Outcome, TxtElsewhere};

/// Asks for the record at the places where people put it by mistake, eight at most, a few at a time.
pub(super) async fn look_elsewhere(
    asker: &Asker,
    domain: &Domain,
    txt: &Lookup<String>,
    at: UnixTime,
) -> Vec<TxtElsewhere> {
    let mut answers = Vec::new();
    for few in places(domain, txt).chunks(QUESTIONS as usize) {
        answers.extend(join_all(few.iter().map(|name| ask(asker, name, at))).await);
    }
    answers
}

/// The places to ask, by what the right one holds.
fn places(domain: &Domain, txt: &Lookup<String>) -> Vec<DomainName> {
    let pending = domain.expected.verification != Verification::Ready;
    let nothing = matches!(txt.outcome, Outcome::NoData | Outcome::Nxdomain);
    match domain.expected.txt.as_deref() {
        Some(value) if nothing || txt.outcome == Outcome::Found && Likeness::best(&txt.records, value).is_none() => {
            [domain.doubled_txt_names(), domain.mistaken_txt_names()].concat()
        }
        // Without a value to know it by, only a record at a name that nobody would choose tells.
        None if pending && nothing => domain.doubled_txt_names(),
        _ => Vec::new(),
    }
}

async fn ask(asker: &Asker, name: &DomainName, at: UnixTime) -> TxtElsewhere {
    let followed = chain::follow(asker, name, RecordType::TXT).await;
    TxtElsewhere { name: name.clone(), cname: followed.links.clone(), txt: typed(followed, txt_value, at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

    fn found(value: &str) -> Lookup<String> {
        Lookup::found(vec!["v=spf1 -all".to_owned(), value.to_owned()], 60)
    }

    #[test]
    fn nobody_asks_elsewhere_for_what_is_there_or_not_expected_or_not_known_to_be_missing() {
        use Outcome::{NoData, NotAsked, Nxdomain, Refused, Servfail, Timeout};
        let ready = Domain::new(DomainName::parse("login.example.com").unwrap());
        let with_value = |mut domain: Domain| {
            domain.expected.txt = Some(VALUE.to_owned());
            domain
        };
        let mut pending = ready.clone();
        pending.expected.verification = Verification::Pending { started: None };
        let count = |domain: &Domain, txt: &Lookup<String>| places(domain, txt).len();
        for (nothing, ready_value) in
            [(NoData, 6), (Nxdomain, 6), (NotAsked, 0), (Refused, 0), (Servfail, 0), (Timeout, 0)]
        {
            let nothing = Lookup::empty(nothing);
            assert_eq!(count(&ready, &nothing), 0);
            assert_eq!(count(&with_value(ready.clone()), &nothing), ready_value);
            assert_eq!(count(&with_value(pending.clone()), &nothing), ready_value);
            assert_eq!(count(&pending, &nothing), ready_value.min(2));
        }
        for (value, places) in [(VALUE, 0), (&format!("\"{VALUE}.\""), 0), ("another", 6)] {
            assert_eq!(count(&with_value(ready.clone()), &found(value)), places);
            assert_eq!(count(&pending, &found(value)), 0);
        }
        let mut deep = with_value(Domain::new(DomainName::parse("a.b.c.d.example.com").unwrap()));
        deep.expected.txt_name = Some(DomainName::parse_record("_x.a.b.c.d.example.com").unwrap());
        assert_eq!(count(&deep, &Lookup::empty(NoData)), 8);
    }
}
