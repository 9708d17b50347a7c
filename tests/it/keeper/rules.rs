//! What the keeper promises, one promise a test.

use notafter::keeper::{LookResult, StoredChain, stored_chains};

use super::*;

const GONE: i64 = 1_000_000_000;

fn healthy(name: &str) -> Site {
    Site::new(name).certificate(&Mint::new(), 0, 90 * DAY, 60 * DAY)
}

/// A world that has seen its sites healthy, so that what comes is news and no first summary.
fn settled(sites: impl IntoIterator<Item = Site>) -> World {
    let mut world = World::new(sites);
    world.run_until(10 * MINUTE);
    assert!(world.sent.is_empty(), "{:?}", world.told());
    world
}

#[test]
fn nothing_is_told_before_it_is_stored() {
    let mut world = settled([healthy("a.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
    world.store = Store::Hangs;
    world.run_until(30 * MINUTE);
    assert_eq!(world.level("a.example"), Level::Critical);
    assert!(world.sent.is_empty(), "{:?}", world.told());
    world.store = Store::Works;
    world.run_until(32 * MINUTE);
    assert_eq!(world.told(), ["day 0 00h a.example critical connect.refused opened"]);
    let stored = |table| world.disk.keys().filter(|(of, _)| *of == table).count();
    assert_eq!((stored(Table::Incident), stored(Table::Notice), stored(Table::Mail)), (1, 1, 0));
}

#[test]
fn what_cannot_be_stored_is_told_from_memory_after_half_a_minute() {
    let mut world = settled([healthy("a.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
    world.store = Store::Fails;
    world.run_until(30 * MINUTE);
    let codes: Vec<&str> =
        world.sent.iter().flat_map(|sent| &sent.mail.notices).map(|notice| notice.code.as_str()).collect();
    assert!(codes.contains(&"connect.refused") && codes.contains(&"watch.store_failed"), "{codes:?}");
    assert_eq!(codes.len(), 2, "{codes:?}");
    // Once it works again that is told as well, and nothing else again.
    world.store = Store::Works;
    world.run_until(40 * MINUTE);
    let told = world.told();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[2], "day 0 00h notafter critical watch.store_failed resolved");
}

#[test]
fn servers_that_answer_others_put_the_blame_on_the_domain() {
    let sites = [healthy("a.example"), healthy("b.example").fails(10 * MINUTE, 40 * MINUTE, Fault::Servfail)];
    let mut world = settled(sites);
    world.run_until(30 * MINUTE);
    assert_eq!(world.codes("b.example"), ["dns.servfail"]);
    assert_eq!(world.told(), ["day 0 00h b.example critical dns.servfail opened"]);
    assert_eq!(world.level("a.example"), Level::Healthy);
}

#[test]
fn servers_that_answer_nobody_are_our_own_fault_and_told_once() {
    let mut world = settled((0..9).map(|n| healthy(&format!("d{n}.example")).every(MINUTE)));
    world.resolver_answers = false;
    world.run_until(40 * MINUTE);
    for n in 0..9 {
        let name = format!("d{n}.example");
        assert_eq!(world.level(&name), Level::Unknown, "{:?}", world.codes(&name));
        assert_eq!(world.codes(&name), ["watch.resolver_failed"]);
        // Expiry does not go blind with us.
        assert!(world.verdict(&name).unwrap().effective_expiry.is_some());
    }
    let told = world.told();
    assert!(
        told.len() == 1 && told[0].contains("notafter ") && told[0].contains("watch.resolver_failed opened"),
        "{told:?}"
    );
    world.resolver_answers = true;
    world.run_until(60 * MINUTE);
    let told = world.told();
    assert!(told.len() == 2 && told[1].contains("watch.resolver_failed resolved"), "{told:?}");
}

#[test]
fn where_the_references_fail_too_it_is_we_who_are_blind() {
    let sites = || ["a.example", "b.example"].map(|name| healthy(name).fails(10 * MINUTE, GONE, Fault::Refused));
    let mut world = settled(sites());
    world.references = References::AllFail;
    world.run_until(40 * MINUTE);
    for name in ["a.example", "b.example"] {
        assert_eq!((world.level(name), world.codes(name)), (Level::Unknown, vec!["watch.blind"]));
    }
    let told = world.told();
    assert!(told.len() == 1 && told[0].contains("notafter ") && told[0].ends_with("watch.blind opened"), "{told:?}");

    let mut world = settled(sites());
    world.references = References::Answer;
    world.run_until(40 * MINUTE);
    assert_eq!((world.level("a.example"), world.codes("a.example")), (Level::Critical, vec!["connect.refused"]));
    assert_eq!(world.told().len(), 2, "{:?}", world.told());
}

#[test]
fn looks_are_counted_by_what_they_came_to_and_a_panic_is_no_end() {
    let sites = [healthy("a.example").every(MINUTE), healthy("b.example").every(MINUTE).fails(0, GONE, Fault::Refused)];
    let mut world = World::new(sites);
    world.run_until(10 * MINUTE);
    let counted = |world: &World, result: LookResult| {
        let snapshot = world.keeper.snapshot();
        let (_, count) = snapshot.counters.looks().find(|(of, _)| *of == result).unwrap();
        usize::try_from(count).unwrap()
    };
    assert!(counted(&world, LookResult::Healthy) >= 9 && counted(&world, LookResult::Critical) >= 9);
    assert_eq!(counted(&world, LookResult::Healthy) + counted(&world, LookResult::Critical), world.looks);
    let name = world.begin_look("a.example").domain;
    assert_eq!(world.keeper.looks_in_flight(), 1);
    world.keeper.handle_panic(&name, world.now());
    assert_eq!((counted(&world, LookResult::Panicked), world.keeper.looks_in_flight()), (1, 0));
    let before = counted(&world, LookResult::Healthy);
    world.run_until(13 * MINUTE);
    assert!(counted(&world, LookResult::Healthy) >= before + 2, "it is looked at as before");
}

#[test]
fn a_domain_that_is_removed_leaves_nothing_behind() {
    let mut world = settled([healthy("a.example"), healthy("b.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
    world.relay_answers = false;
    world.run_until(16 * MINUTE);
    assert_eq!(world.keeper.snapshot().owed["oncall"], 1);
    let b = DomainName::parse("b.example").unwrap();
    world.begin_look("b.example");
    let (now, site) = (world.now(), world.sites.remove(&b).unwrap());
    world.reload();
    // The look that was under way comes home to nobody.
    world.keeper.handle_look(site.look(0, now.wall, true, true), now);
    assert_eq!(world.keeper.looks_in_flight(), 0);
    world.relay_answers = true;
    world.run_until(30 * MINUTE);
    assert_eq!(world.keeper.snapshot().domains.len(), 1);
    // What was a mail already is delivered as it is; nothing is added to it.
    let told: Vec<String> = world.told().into_iter().filter(|line| line.contains("b.example")).collect();
    assert_eq!(told, ["day 0 00h b.example critical connect.refused opened"]);
    let left: Vec<&String> =
        world.disk.keys().filter(|(table, _)| *table == Table::Domain).map(|(_, key)| key).collect();
    assert!(left.iter().all(|key| key.starts_with("a.example/")), "{left:?}");
}

#[test]
fn a_look_that_began_before_its_domain_changed_says_nothing() {
    type Change = fn(&mut World, &DomainName);
    let changes: [(&str, Change); 3] = [
        ("roots", |world, _| {
            world.revision += 1;
            world.reload();
        }),
        ("addresses", |world, name| {
            let domain = &mut world.sites.get_mut(name).unwrap().domain;
            domain.addresses = vec![([192, 0, 2, 9], 443).into()];
            world.reload();
        }),
        ("removed and back", |world, name| {
            let site = world.sites.remove(name).unwrap();
            world.reload();
            world.sites.insert(name.clone(), site);
            world.reload();
        }),
    ];
    for (what, change) in changes {
        let mut world = settled([healthy("a.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
        let name = world.begin_look("a.example").domain;
        let (site, now) = (world.sites[&name].clone(), world.now());
        change(&mut world, &name);
        let before = world.level("a.example");
        let later = Now { wall: now.wall.plus(HOUR), mono: now.mono + Duration::from_secs(3600) };
        world.keeper.handle_timeout(later);
        assert!(world.keeper.poll_look().is_none(), "{what}: never twice at once");
        world.keeper.handle_look(site.look(GONE - 1, later.wall, true, true), later);
        assert_eq!(world.level("a.example"), before, "{what}");
        assert_eq!(world.keeper.looks_in_flight(), 0, "{what}");
        assert!(world.keeper.poll_look().is_some(), "{what}: it is looked at anew at once");
    }
    // Read again without a change, the configuration makes no look void.
    let mut world = settled([healthy("a.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
    let name = world.begin_look("a.example").domain;
    let now = world.now();
    world.reload();
    world.keeper.handle_look(world.sites[&name].look(GONE - 1, now.wall, true, true), now);
    assert_eq!(world.level("a.example"), Level::Critical);
}

#[test]
fn a_host_that_takes_no_connection_spends_none_of_the_tenants_requests() {
    let mut world = World::new([healthy("a.example").every(1).fails(0, 5 * MINUTE, Fault::Refused)]);
    // 4 requests a second are granted, 1 is made if there is a connection; 60 a minute may be.
    world.run_until(5 * MINUTE - 1);
    let request = world.begin_look("a.example");
    assert_eq!(request.requests, 4);
    world.keeper.handle_panic(&request.domain, world.now());
    assert_eq!(world.begin_look("a.example").requests, 4);
}

#[test]
fn a_domain_that_is_removed_while_we_are_down_leaves_nothing_behind() {
    let mut world = settled([healthy("a.example"), healthy("b.example")]);
    let of_b = |world: &World| world.disk.keys().filter(|(_, key)| key.starts_with("b.example/")).count();
    assert!(of_b(&world) > 1);
    world.sites.remove(&DomainName::parse("b.example").unwrap());
    world.restart();
    world.run_until(20 * MINUTE);
    assert_eq!(of_b(&world), 0);
    assert!(world.disk.keys().any(|(_, key)| key == "a.example/chains"));
}

#[test]
fn a_silent_host_expires_on_time_even_after_a_restart() {
    let mint = Mint::new();
    let site = Site::new("a.example").certificate(&mint, 0, 90 * DAY, 22 * DAY).fails(HOUR, GONE, Fault::Refused);
    for look_is_quicker in [false, true] {
        let mut world = settled([site.clone()]);
        world.run_until(12 * HOUR);
        world.restart();
        let rows: Vec<Row> = world.disk.values().cloned().collect();
        let chains = stored_chains(&rows);
        assert_eq!(chains.len(), 1);
        if look_is_quicker {
            world.run_until(12 * HOUR + 10 * MINUTE);
            assert_eq!(world.verdict("a.example").unwrap().effective_expiry, None);
        }
        let now = world.now();
        for (name, chain) in chains.iter().flat_map(|(name, all)| all.iter().map(move |chain| (name, chain))) {
            let presented = mint.assess(name, chain.certificates());
            world.keeper.handle_remembered(name, chain, presented, now);
        }
        let expiry = Some(UnixTime(START + 22 * DAY));
        assert_eq!(world.verdict("a.example").unwrap().effective_expiry, expiry);
        world.run_until(13 * HOUR);
        assert_eq!(world.verdict("a.example").unwrap().effective_expiry, expiry, "{look_is_quicker}");
        world.run_until(DAY + MINUTE);
        let told = world.told();
        assert!(told.last().unwrap().ends_with("a.example warning tls.expires_soon opened"), "{told:?}");
        assert_eq!(told.iter().filter(|line| line.contains("connect.refused opened")).count(), 1, "{told:?}");
        // And it is stored for the next time.
        let rows: Vec<Row> = world.disk.values().cloned().collect();
        assert_eq!(stored_chains(&rows), chains, "{look_is_quicker}");
    }
}

#[test]
fn chains_remembered_one_after_the_other_all_count() {
    let mint = Mint::new();
    let soon = Site::new("a.example").certificate(&mint, 0, 90 * DAY, 22 * DAY);
    let late = Site::new("a.example").certificate(&mint, 0, 90 * DAY, 60 * DAY).at(2);
    let mut world = World::new([]);
    world.sites.insert(soon.domain.name.clone(), soon.clone());
    world.reload();
    for (site, seconds) in [(&soon, 0), (&late, 3)] {
        let look = site.look(0, UnixTime(START - DAY), true, true);
        let chain = look.tls[0].presented.clone().unwrap();
        let stored = StoredChain::new(site.address, look.at, &chain);
        let now = Now { wall: UnixTime(START + seconds), mono: Duration::from_secs(seconds.unsigned_abs()) };
        world.keeper.handle_remembered(&site.domain.name, &stored, chain, now);
    }
    assert_eq!(world.verdict("a.example").unwrap().effective_expiry, Some(UnixTime(START + 22 * DAY)));
    let snapshot = world.keeper.snapshot();
    assert!(snapshot.domains.iter().all(|state| !state.was_looked_at), "and none of it passes for a look of ours");
}

#[test]
fn addresses_that_rotate_are_no_news_as_long_as_the_chain_is_the_same() {
    let mint = Mint::new();
    let renewed =
        Site::new("a.example").certificate(&mint, 0, 90 * DAY, 30 * DAY).certificate(&mint, HOUR, 90 * DAY, 90 * DAY);
    let mut world = World::new([renewed.every(MINUTE)]);
    let name = DomainName::parse("a.example").unwrap();
    let key = (Table::Domain, "a.example/chains".to_owned());
    let mut written: Vec<Row> = Vec::new();
    for minute in 0..120 {
        let last = u8::try_from(minute % 100).unwrap();
        world.sites.get_mut(&name).unwrap().address = ([192, 0, 2, last], 443).into();
        world.run_until((minute + 1) * MINUTE);
        let row = world.disk[&key].clone();
        if written.last() != Some(&row) {
            written.push(row);
        }
    }
    // Every ten minutes all addresses are others than those stored, and once the certificate is another.
    assert!((10..=14).contains(&written.len()), "{} times", written.len());
    // Eleven addresses are remembered, and each certificate is stored once.
    let chains = stored_chains(&written[5..6]);
    assert!(chains[0].1.len() > 5, "{}", chains[0].1.len());
    assert_eq!(written[5].payload["certificates"].as_object().unwrap().len(), chains[0].1[0].certificates().len());
    let sizes: Vec<usize> = written.iter().map(|row| row.payload.to_string().len()).collect();
    assert!(sizes.iter().all(|size| *size < 8000), "{sizes:?}");
}

#[test]
fn a_receiver_that_comes_back_is_owed_what_it_was() {
    for restarts in [false, true] {
        let mut world = settled([healthy("a.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
        world.relay_answers = false;
        world.run_until(15 * MINUTE);
        let left = |world: &World| -> Vec<(String, usize)> {
            world.keeper.owed_to_others().map(|(name, owed)| (name.to_owned(), owed)).collect()
        };
        assert_eq!(left(&world), []);
        let receivers = |world: &mut World, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let now = world.now();
            if restarts && !names.contains(&"oncall".to_owned()) {
                world.boot = world.time;
                let rows = world.disk.values().cloned().collect();
                world.keeper = Keeper::restore(Policy::default(), &names, rows, world.now());
                world.reload();
            } else {
                world.keeper.handle_receivers(&Policy::default(), &names, now);
            }
        };
        receivers(&mut world, &["second"]);
        assert_eq!(left(&world), [("oncall".to_owned(), 1)]);
        world.relay_answers = true;
        world.run_until(30 * MINUTE);
        assert!(world.sent.is_empty(), "nobody is configured who was owed it: {:?}", world.told());
        receivers(&mut world, &["oncall"]);
        assert_eq!(left(&world), []);
        world.run_until(40 * MINUTE);
        assert_eq!(world.told(), ["day 0 00h a.example critical connect.refused opened"], "{restarts}");
        let stored = |table| world.disk.keys().filter(|(of, _)| *of == table).count();
        assert_eq!((stored(Table::Notice), stored(Table::Mail)), (1, 0));
    }
}

#[test]
fn an_answer_that_comes_after_its_receiver_was_removed_still_counts() {
    let mut world = settled([healthy("a.example").every(MINUTE).fails(10 * MINUTE, GONE, Fault::Refused)]);
    world.relay_answers = false;
    world.run_until(13 * MINUTE);
    let offered = (0..20).find_map(|_| {
        world.time += Duration::from_secs(10);
        world.keeper.handle_timeout(world.now());
        world.keeper.poll_mail()
    });
    let ((receiver, mail), now) = (offered.unwrap(), world.now());
    world.keeper.handle_receivers(&Policy::default(), &[], now);
    world.keeper.handle_delivery(&receiver, &mail.id, Delivery::Delivered, now);
    assert!(world.commit());
    world.keeper.handle_receivers(&Policy::default(), &[receiver], now);
    assert_eq!(world.keeper.snapshot().owed["oncall"], 0);
    assert!(world.keeper.poll_mail().is_none());
}

#[test]
fn while_draining_nothing_new_is_begun() {
    let mut world = settled([healthy("a.example").fails(10 * MINUTE, GONE, Fault::Refused)]);
    world.store = Store::Hangs;
    world.run_until(20 * MINUTE);
    let (looks, now) = (world.looks, world.now());
    world.keeper.handle_drain();
    world.store = Store::Works;
    world.act();
    world.keeper.handle_timeout(Now { wall: now.wall.plus(MINUTE), mono: now.mono + Duration::from_secs(60) });
    world.act();
    assert_eq!((world.looks, world.sent.len()), (looks, 0));
    // It is owed all the same.
    world.restart();
    world.run_until(22 * MINUTE);
    assert_eq!(world.told(), ["day 0 00h a.example critical connect.refused opened"]);
}
