//! When a tenant is asked, and what is told of it.

use std::time::Duration;

use super::*;
use crate::incident::Policy;
use crate::observation::management::{TokenLog, read_domain};

const OURS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

struct World {
    keeper: Keeper,
    now: Now,
    token_until: Option<UnixTime>,
}

impl World {
    fn restored(rows: Vec<Row>, now: Now) -> Self {
        let mut keeper = Keeper::restore(Policy::default(), &[], rows, now);
        let watch = TenantWatch { name: tenant(), discover: true, ignore: BTreeSet::new(), client_ip: vec![OURS] };
        keeper.handle_tenants(vec![watch], now);
        Self { keeper, now, token_until: None }
    }

    fn new() -> Self {
        Self::restored(Vec::new(), Now { wall: UnixTime(1_800_000_000), mono: Duration::ZERO })
    }

    fn pass(&mut self, seconds: u64) {
        self.now.mono += Duration::from_secs(seconds);
        self.now.wall = self.now.wall.plus(i64::try_from(seconds).unwrap());
        self.keeper.handle_timeout(self.now);
    }

    /// The question that is asked now, everything committed so far stored.
    fn asked(&mut self) -> Option<ListingRequest> {
        let first = self.keeper.poll_listing();
        let rows = self.store();
        if first.is_none() && !rows.is_empty() { self.keeper.poll_listing() } else { first }
    }

    /// Stores what is committed; the rows.
    fn store(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        while let Some((tag, changes)) = self.keeper.poll_commit() {
            let up_to = changes.last().map_or(0, |change| change.sequence);
            rows.extend(changes.into_iter().filter_map(|change| match change.operation {
                Operation::Put(row) if row.key.starts_with(ROW) => Some(row),
                _ => None,
            }));
            self.keeper.handle_stored(&tag, up_to, self.now);
        }
        rows
    }

    fn answer(&mut self, result: Result<Listing, Refusal>) {
        let listed = Listed { tenant: tenant(), result, token_until: self.token_until };
        self.keeper.handle_listed(listed, self.now);
    }

    fn listing(&self, names: &[&str]) -> Listing {
        let said = |name: &&str| {
            read_domain(serde_json::json!({ "custom_domain_id": "cd_1", "domain": name, "status": "ready",
                "type": "self_managed_certs" }))
            .unwrap()
        };
        Listing {
            tenant: tenant(),
            at: self.now.wall,
            domains: names.iter().map(said).collect(),
            unreadable: Vec::new(),
        }
    }

    fn told(&self) -> Option<String> {
        self.keeper.snapshot().own_sight.into_iter().map(|finding| finding.summary).next()
    }
}

fn tenant() -> DomainName {
    DomainName::parse("example.us.auth0.com").unwrap()
}

#[test]
fn a_token_is_asked_for_only_once_that_is_stored() {
    let mut world = World::new();
    assert_eq!(world.keeper.poll_listing(), None);
    assert_eq!(world.keeper.poll_listing(), None, "asked again before it was stored");
    assert_eq!(world.store().len(), 1);
    let request = world.keeper.poll_listing();
    assert_eq!(request, Some(ListingRequest { tenant: tenant(), with_token: true }));
    world.token_until = Some(world.now.wall.plus(400));
    world.answer(Ok(world.listing(&["a.example.com"])));
    // The token serves until it ends.
    world.pass(299);
    assert_eq!(world.asked(), None);
    world.pass(1);
    assert_eq!(world.asked(), Some(ListingRequest { tenant: tenant(), with_token: false }));
    world.answer(Ok(world.listing(&["a.example.com"])));
    world.pass(300);
    assert_eq!(world.asked(), Some(ListingRequest { tenant: tenant(), with_token: true }));
}

#[test]
fn what_may_pass_is_told_the_third_time_and_what_may_not_at_once() {
    let mut world = World::new();
    let unreachable = || Err(Refusal::Unreachable("no answer".to_owned()));
    for told in [false, false, true] {
        assert!(world.asked().is_some());
        world.answer(unreachable());
        assert_eq!(world.told().is_some(), told);
        world.token_until = Some(UnixTime(i64::MAX));
        world.pass(300);
    }
    assert!(world.asked().is_some());
    world.answer(Ok(world.listing(&["a.example.com"])));
    assert_eq!(world.told(), None);
    world.pass(300);
    assert!(world.asked().is_some());
    world.answer(Err(Refusal::Forbidden("insufficient_scope".to_owned())));
    assert!(world.told().unwrap().contains("insufficient_scope"));
}

#[test]
fn the_ration_outlives_restarts_and_says_when_there_is_more() {
    let mut world = World::new();
    let mut rows = Vec::new();
    for life in 0..6 {
        world = World::restored(rows.clone(), world.now);
        assert_eq!(world.keeper.poll_listing(), None);
        let stored = world.store();
        assert_eq!(stored.is_empty(), life >= 4, "life {life}");
        if !stored.is_empty() {
            rows = stored;
        }
    }
    let told = world.told().unwrap();
    assert!(told.contains("no more may be asked for today; the next at 2027-01-16T08:00:00Z"), "{told}");
}

#[test]
fn what_was_listed_is_known_after_a_restart() {
    let mut world = World::new();
    assert!(world.asked().is_some());
    world.answer(Ok(world.listing(&["a.example.com", "b.example.com"])));
    let rows = world.store();
    let world = World::restored(rows, world.now);
    let known: Vec<(String, bool)> =
        world.keeper.managed().map(|(managed, wanted)| (managed.said.name.to_string(), wanted)).collect();
    assert_eq!(known, [("a.example.com".to_owned(), true), ("b.example.com".to_owned(), true)]);
}

#[test]
fn a_wait_that_is_asked_for_is_kept() {
    let mut world = World::new();
    assert!(world.asked().is_some());
    world.token_until = Some(UnixTime(i64::MAX));
    world.answer(Err(Refusal::RateLimited { retry_after: Some(Duration::from_secs(900)) }));
    world.pass(899);
    assert_eq!(world.asked(), None);
    world.pass(1);
    assert!(world.asked().is_some());
}

#[test]
fn through_one_domain_a_day_it_is_checked_whom_auth0_takes_for_the_client() {
    let mut world = World::new();
    assert!(world.asked().is_some());
    assert_eq!(world.keeper.poll_client_ip(), None, "before anything is listed");
    world.token_until = Some(UnixTime(i64::MAX));
    world.answer(Ok(world.listing(&["a.example.com", "b.example.com"])));
    world.store();
    let mut through = Vec::new();
    for _ in 0..3 {
        assert_eq!(world.keeper.poll_client_ip(), None, "before it is stored");
        assert_eq!(world.store().len(), 1);
        let request = world.keeper.poll_client_ip().unwrap();
        through.push(request.domain.to_string());
        let log = TokenLog { at: world.now.wall, ip: "198.51.100.1".to_owned(), hostname: None };
        world.keeper.handle_client_ip(ClientIpSeen { request, result: Ok(Some(log)) }, world.now);
        world.store();
        world.pass(86_399);
        assert_eq!(world.keeper.poll_client_ip(), None);
        assert_eq!(world.store(), []);
        world.pass(1);
    }
    assert_eq!(through, ["a.example.com", "b.example.com", "a.example.com"]);
}
