//! What need not be asked again: answers hold for their TTL, failures not at all.

use std::net::Ipv4Addr;

use notafter::domain::UnixTime;
use notafter::lab::ca::Authority;
use notafter::lab::dns::{Data, NameServer, Zone};
use notafter::observation::{Outcome, Questions};

use super::{Looker, UUID, name};
use crate::servers::Knot;

const AT: UnixTime = UnixTime(1_800_000_000);

#[tokio::test]
async fn only_what_has_run_out_is_asked_again() {
    let zone = format!("login 30 A 127.0.0.1\n_cf-custom-hostname.login 600 TXT \"{UUID}\"\n");
    let mut knot = Knot::start(&[("example.com", &zone)]);
    let looker = Looker::new(&Authority::root("Lab Root").unwrap(), &[&knot.address().to_string()]);
    let first = looker.ask("login.example.com", None, AT).await;
    assert_eq!(first.questions, Questions { asked: 3, remembered: 0 });
    let second = looker.ask("login.example.com", Some(&first), AT.plus(29)).await;
    assert_eq!(second.questions, Questions { asked: 0, remembered: 3 });
    assert_eq!((second.a.asked_at, second.a.cached, second.resolvers.len()), (Some(AT), true, 0));
    assert_eq!((&second.a.records, &second.txt.records), (&first.a.records, &first.txt.records));
    assert!(!second.addresses_answered() && first.addresses_answered());
    // A has run out; AAAA ("there is nothing", a minute by the SOA) and TXT hold.
    knot.update("example.com", "login 30 A 127.0.0.2\n");
    let third = looker.ask("login.example.com", Some(&second), AT.plus(30)).await;
    assert_eq!(third.questions, Questions { asked: 1, remembered: 2 });
    assert_eq!((third.a.asked_at, third.aaaa.asked_at, third.aaaa.cached), (Some(AT.plus(30)), Some(AT), true));
    assert_eq!((third.a.records.as_slice(), third.txt.records.len()), (&[Ipv4Addr::new(127, 0, 0, 2)][..], 1));
    let last = looker.ask("login.example.com", Some(&third), AT.plus(600)).await;
    assert_eq!((last.questions, last.txt.outcome), (Questions { asked: 3, remembered: 0 }, Outcome::Nxdomain));
    // Whoever knows nothing asks for everything.
    assert_eq!(looker.ask("login.example.com", None, AT.plus(1)).await.questions.asked, 3);
}

#[tokio::test]
async fn what_is_remembered_speaks_for_nobody_who_fails() {
    let zone = Zone::new(name("example.com")).with(name("login.example.com"), Data::A(Ipv4Addr::LOCALHOST));
    let server = NameServer::start(vec![zone]).await.unwrap();
    let looker = Looker::new(&Authority::root("Lab Root").unwrap(), &[&server.address().to_string()]);
    let mut first = looker.ask("login.example.com", None, AT).await;
    // Of the two families one runs out before the other.
    first.aaaa.ttl = Some(200);
    drop(server);
    let second = looker.ask("login.example.com", Some(&first), AT.plus(100)).await;
    assert_eq!((second.a.outcome, second.aaaa.outcome), (Outcome::Timeout, Outcome::NotAsked), "{second:#?}");
    assert!(second.failed() && !second.addresses_answered());
    assert_eq!(second.others_answer, Some(false));
    // And a failure is not remembered.
    assert_eq!(looker.ask("login.example.com", Some(&second), AT.plus(101)).await.questions.remembered, 0);
}

#[tokio::test]
async fn the_hosts_file_counts_if_the_operator_wants_it() {
    let zone = Zone::new(name("localhost")).with(name("localhost"), Data::A(Ipv4Addr::new(192, 0, 2, 1)));
    let server = NameServer::start(vec![zone]).await.unwrap();
    let mut looker = Looker::new(&Authority::root("Lab Root").unwrap(), &[&server.address().to_string()]);
    let seen = looker.ask("localhost", None, AT).await;
    assert_eq!((seen.a.records.as_slice(), seen.from_hosts_file), (&[Ipv4Addr::new(192, 0, 2, 1)][..], false));
    looker.settings.hosts_file = true;
    let seen = looker.ask("localhost", Some(&seen), AT.plus(1)).await;
    assert!(seen.from_hosts_file && seen.a.records.contains(&Ipv4Addr::LOCALHOST), "{seen:#?}");
    // The ownership record is asked for all the same, and nothing is remembered of the file.
    assert_eq!((seen.txt.outcome, seen.addresses_answered()), (Outcome::Nxdomain, false));
    looker.settings.hosts_file = false;
    assert_eq!(looker.ask("localhost", Some(&seen), AT.plus(2)).await.a.records, [Ipv4Addr::new(192, 0, 2, 1)]);
}
