//! One cause, one mail: what a receiver hears, at which second, when many domains share a fault.

use notafter::lab::ca::LeafSpec;
use notafter::notify::{Context, render};

use super::*;

const GONE: i64 = 1_000_000_000;

/// Every mail: when, and its subject.
fn subjects(world: &World) -> Vec<String> {
    let subject = |sent: &Sent| {
        let context = Context { now: UnixTime(START + sent.time), host: "watch.example", links: None };
        let (hours, minutes, seconds) = (sent.time / HOUR, sent.time % HOUR / MINUTE, sent.time % MINUTE);
        format!("{hours}:{minutes:02}:{seconds:02} {}", render(&sent.mail, &context).subject)
    };
    world.sent.iter().map(subject).collect()
}

/// Every notice that was delivered, each once.
fn all_notices(world: &World) -> Vec<&notafter::incident::Notice> {
    let all: Vec<_> = world.sent.iter().flat_map(|sent| &sent.mail.notices).collect();
    let ids: std::collections::BTreeSet<_> = all.iter().map(|notice| &notice.id).collect();
    assert_eq!(ids.len(), all.len(), "none twice");
    all
}

fn threads(world: &World) -> Vec<String> {
    let all: std::collections::BTreeSet<_> = world.sent.iter().filter_map(|sent| sent.mail.thread()).collect();
    all.into_iter().collect()
}

/// Eighty domains served one certificate, at two addresses, of which this much is left when the world begins.
fn one_certificate(left: i64) -> Vec<Site> {
    let mint = Mint::new();
    let names: Vec<DomainName> = (0..80).map(|n| DomainName::parse(&format!("d{n:02}.example")).unwrap()).collect();
    let spec = LeafSpec::new("all.example", START + left - 90 * DAY, START + left);
    let spec = names.iter().fold(spec, |spec, name| spec.with_name(name.as_str()));
    let chain = mint.issue(&spec);
    let site = |name: &DomainName| {
        let presented = mint.assess(name, &chain);
        let site = Site::new(name.as_str()).every(HOUR).at(10).presents(0, Arc::clone(&presented));
        site.and_at("192.0.2.11:443").presents(0, presented)
    };
    names.iter().map(site).collect()
}

/// So many domains behind the proxy at this address, each with its own certificate.
fn behind(proxy: u8, count: usize, prefix: &str) -> Vec<Site> {
    let mint = Mint::new();
    let site = |n| Site::new(&format!("{prefix}{n:02}.example")).at(proxy).certificate(&mint, 0, 90 * DAY, 60 * DAY);
    (0..count).map(site).collect()
}

#[test]
fn eighty_domains_with_one_certificate_are_told_of_in_one_mail() {
    let mut world = World::new(one_certificate(21 * DAY + HOUR));
    world.run_until(16 * DAY);
    assert_eq!(
        subjects(&world),
        [
            "1:00:30 [warning] 80 domains, one certificate on 192.0.2.10 and .11: the certificate expires soon, 20 d 23 h left",
            "253:00:30 [warning] 80 domains, one certificate on 192.0.2.10 and .11: still: the certificate expires soon, 10 d \
             11 h left",
            "337:00:30 [critical] 80 domains, one certificate on 192.0.2.10 and .11: now worse: the certificate expires soon, \
             6 d 23 h left",
        ]
    );
    assert_eq!(all_notices(&world).len(), 3 * 80);
    assert_eq!(threads(&world).len(), 1);
}

#[test]
fn a_proxy_that_dies_under_sixty_domains_is_told_and_grows_and_is_reminded_of() {
    let sites = behind(10, 60, "d").into_iter().map(|site| site.fails(HOUR, GONE, Fault::Refused));
    let mut world = World::new(sites);
    world.run_until(10 * HOUR);
    assert_eq!(
        subjects(&world),
        [
            "1:01:18 [critical] 14 domains at 192.0.2.10: the connection is refused",
            "1:06:18 [critical] 46 more domains at 192.0.2.10, 60 now: the connection is refused",
            "2:05:26 [critical] 60 domains at 192.0.2.10: still: the connection is refused, for 1 h 4 min",
            "5:05:26 [critical] 60 domains at 192.0.2.10: still: the connection is refused, for 4 h 4 min",
        ]
    );
    assert_eq!(all_notices(&world).len(), 3 * 60);
    assert_eq!(threads(&world).len(), 1);
}

#[test]
fn two_causes_at_once_are_two_mails() {
    let one = behind(10, 20, "a").into_iter().map(|site| site.every(MINUTE).fails(HOUR, GONE, Fault::Refused));
    let other = behind(20, 20, "b").into_iter().map(|site| site.every(MINUTE).fails(HOUR, GONE, Fault::Refused));
    let alone = behind(30, 1, "c").into_iter().map(|site| site.every(MINUTE).fails(HOUR, GONE, Fault::NoTxt));
    let mut world = World::new(one.chain(other).chain(alone));
    world.run_until(HOUR + 30 * MINUTE);
    let mut told = subjects(&world);
    told.sort();
    assert_eq!(
        told,
        [
            "1:01:12 [critical] 20 domains at 192.0.2.10: the connection is refused",
            "1:01:12 [critical] 20 domains at 192.0.2.20: the connection is refused",
            "1:01:12 [warning] c00.example: the ownership TXT record is missing",
        ]
    );
    assert_eq!((all_notices(&world).len(), threads(&world).len()), (41, 3));
}

#[test]
fn a_recovery_in_two_waves_is_two_mails() {
    let end = |n: usize| if n < 40 { 2 * HOUR } else { 3 * HOUR };
    let sites = behind(10, 60, "d").into_iter().enumerate();
    let mut world = World::new(sites.map(|(n, site)| site.fails(HOUR, end(n), Fault::Refused)));
    world.run_until(6 * HOUR);
    assert_eq!(
        subjects(&world),
        [
            "1:01:18 [critical] 14 domains at 192.0.2.10: the connection is refused",
            "1:06:18 [critical] 46 more domains at 192.0.2.10, 60 now: the connection is refused",
            "2:05:26 [critical] 60 domains at 192.0.2.10: still: the connection is refused, for 1 h 4 min",
            "2:15:08 [resolved] over for 40 of 60 domains at 192.0.2.10; 20 still: the connection is refused",
            "3:15:07 [resolved] over for the last 20 of 60 domains at 192.0.2.10: the connection is refused, lasted 2 h 13 min",
        ]
    );
    assert_eq!(all_notices(&world).len(), 3 * 60);
    assert_eq!(threads(&world).len(), 1);
}

#[test]
fn a_dead_address_hides_what_it_served_and_not_what_runs_out() {
    let mint = Mint::new();
    let name = DomainName::parse("a.example").unwrap();
    let other = LeafSpec::new("other.example", START, START + 90 * DAY);
    let sound = Site::new("a.example").at(10).certificate(&mint, 0, 90 * DAY, 21 * DAY + 5 * HOUR);
    let site = sound.and_at("192.0.2.11:443").certificate(&mint, 0, 90 * DAY, 60 * DAY);
    let site =
        site.presents(HOUR, mint.chain_of(&name, &other)).fails(HOUR + 30 * MINUTE, 30 * HOUR, Fault::RefusedThere);
    let mut world = World::new([site]);
    world.run_until(40 * HOUR);
    // That the name is another's is not told again while nobody can see it, and is once it is seen again; the certificate
    // that runs out is told meanwhile.
    assert_eq!(
        subjects(&world),
        [
            "1:02:14 [critical] a.example: the certificate is for another name; 1 more",
            "1:32:44 [warning] a.example: the connection is refused",
            "5:00:30 [warning] a.example: the certificate expires soon, 20 d 23 h left",
            "25:32:44 [warning] a.example: still: the connection is refused, for 1 d",
            "30:02:14 [critical] a.example: still: the certificate is for another name, for 1 d 5 h",
            "30:12:04 [resolved] a.example: over: the connection is refused, lasted 1 d 4 h",
            "33:02:14 [critical] a.example: still: the certificate is for another name, for 1 d 8 h",
        ]
    );
    assert_eq!(world.codes("a.example").iter().filter(|code| code.starts_with("tls.name")).count(), 1);
}
