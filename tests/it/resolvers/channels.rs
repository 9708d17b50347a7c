//! The ways to a resolver, with a real one at their end: over UDP, TLS and HTTPS.

use std::net::Ipv4Addr;

use notafter::domain::UnixTime;
use notafter::lab::ca::Authority;
use notafter::observation::Outcome;

use super::{Looker, UUID, identity};
use crate::servers::{Channel, Knot, Unbound};

const AT: UnixTime = UnixTime(1_800_000_000);
const CHANNELS: [Channel; 3] = [Channel::Plain, Channel::Tls, Channel::Https];

fn zone() -> String {
    let large: String = (0..40).map(|index| format!("big TXT \"{index:02}-{}\"\n", "x".repeat(200))).collect();
    format!(
        "login CNAME edge.example.net.\n_cf-custom-hostname.login TXT \"{UUID}\"\n_cf-custom-hostname.big CNAME big\nbig A 127.0.0.1\n{large}"
    )
}

#[tokio::test]
async fn every_channel_leads_to_the_same_answers() {
    let knot = Knot::start(&[("example.com", &zone()), ("example.net", "edge A 127.0.0.1")]);
    let (authority, identity) = identity("dns.example");
    let zones = [("example.com", knot.address()), ("example.net", knot.address())];
    let unbound = Unbound::start(&zones, Some(&identity), "");
    for channel in CHANNELS {
        let looker = Looker::new(&authority, &[&unbound.written(channel, "dns.example")]);
        // Again, over the connection that is open.
        for round in 0..2 {
            let seen = looker.ask("login.example.com", None, AT).await;
            assert_eq!(seen.a.records, [Ipv4Addr::LOCALHOST], "{channel:?} {round}: {seen:#?}");
            assert_eq!((seen.aaaa.outcome, seen.txt.records.as_slice()), (Outcome::NoData, &[UUID.to_owned()][..]));
            assert_eq!(seen.cname[0].target.as_str(), "edge.example.net");
            assert_eq!(seen.resolvers[0].oddities, []);
        }
        let large = looker.ask("big.example.com", None, AT).await;
        assert_eq!(large.txt.records.len(), 40, "{channel:?}: {large:#?}");
        let cut = large.resolvers[0].oddities.len();
        assert_eq!(cut, usize::from(channel == Channel::Plain), "{channel:?}: {large:#?}");
        let gone = looker.ask("gone.example.com", None, AT).await;
        assert_eq!((gone.a.outcome, gone.a.ttl), (Outcome::Nxdomain, Some(60)), "{channel:?}: {gone:#?}");
    }
    // All three at once agree.
    let all = CHANNELS.map(|channel| unbound.written(channel, "dns.example"));
    let looker = Looker::new(&authority, &all.each_ref().map(String::as_str));
    let seen = looker.ask("login.example.com", None, AT).await;
    assert!(seen.resolvers_agree && seen.disagreements.is_empty(), "{seen:#?}");
    assert_eq!((seen.resolvers.len(), seen.questions.asked), (3, 9));
}

#[tokio::test]
async fn who_cannot_show_that_he_is_the_resolver_is_not_believed() {
    let knot = Knot::start(&[("example.com", &zone())]);
    let (authority, identity) = identity("dns.example");
    let unbound = Unbound::start(&[("example.com", knot.address())], Some(&identity), "");
    let stranger = Authority::root("Another Root").unwrap();
    for channel in [Channel::Tls, Channel::Https] {
        for (authority, name, why) in
            [(&authority, "other.example", "not valid for name"), (&stranger, "dns.example", "UnknownIssuer")]
        {
            let looker = Looker::new(authority, &[&unbound.written(channel, name)]);
            let seen = looker.ask("login.example.com", None, AT).await;
            assert_eq!(seen.a.outcome, Outcome::ChannelFailed, "{channel:?}: {seen:#?}");
            let failure = seen.resolvers[0].failure.as_ref().unwrap();
            assert!(failure.detail.as_deref().unwrap().contains(why), "{failure:?}");
        }
        // It is there, but what is there speaks no TLS.
        let plain = unbound
            .written(channel, "dns.example")
            .replace(&unbound.address(channel).port().to_string(), &unbound.address(Channel::Plain).port().to_string());
        let seen = Looker::new(&authority, &[&plain]).ask("login.example.com", None, AT).await;
        assert!([Outcome::ChannelFailed, Outcome::Timeout].contains(&seen.a.outcome), "{seen:#?}");
    }
    // Another path than the one it has answers with a status.
    let elsewhere = unbound.written(Channel::Https, "dns.example").replace("/dns-query", "/elsewhere");
    let seen = Looker::new(&authority, &[&elsewhere]).ask("login.example.com", None, AT).await;
    assert_eq!(seen.a.outcome, Outcome::Failed, "{seen:#?}");
    assert_eq!(seen.resolvers[0].failure.as_ref().unwrap().detail.as_deref(), Some("HTTP status 404"));
    // A port where nobody listens is told at once.
    let closed = Looker::new(&authority, &["tls://127.0.0.1:1#dns.example"]);
    let seen = closed.ask("login.example.com", None, AT).await;
    assert_eq!(seen.a.outcome, Outcome::Unreachable, "{seen:#?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_opened_anew() {
    let knot = Knot::start(&[("example.com", "login A 127.0.0.1")]);
    let (authority, identity) = identity("dns.example");
    let zones = [("example.com", knot.address())];
    // It closes what was idle for a tenth of a second.
    let unbound = Unbound::start(&zones, Some(&identity), "tcp-idle-timeout: 100");
    for channel in [Channel::Tls, Channel::Https] {
        let looker = Looker::new(&authority, &[&unbound.written(channel, "dns.example")]);
        for _ in 0..2 {
            let seen = looker.ask("login.example.com", None, AT).await;
            assert_eq!(seen.a.records, [Ipv4Addr::LOCALHOST], "{channel:?}: {seen:#?}");
            tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        }
    }
}
