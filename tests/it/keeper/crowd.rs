//! A large fleet, much of which does not answer: who does answer is looked at when its time has come.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{DomainName, Now, UnixTime};
use notafter::incident::Policy;
use notafter::keeper::{Keeper, LookRequest, Watch};
use notafter::observation::Look;

use super::START;
use super::site::{Fault, Mint, Site};

const INTERVAL: Duration = Duration::from_secs(60);
/// A look that is answered takes so long, and one that is not.
const QUICK: Duration = Duration::from_millis(50);
const IN_VAIN: Duration = Duration::from_secs(10);

/// A keeper, its sites, and the looks under way. Looks take time here.
struct Crowd {
    keeper: Keeper,
    sites: BTreeMap<DomainName, Site>,
    time: Duration,
    under_way: BinaryHeap<Reverse<(Duration, DomainName)>>,
    asked: BTreeMap<DomainName, LookRequest>,
    /// When each was begun to be looked at.
    begun: BTreeMap<DomainName, Vec<Duration>>,
    /// Looks under way by address, and the most there were since everybody had a look.
    there: BTreeMap<SocketAddr, usize>,
    most: BTreeMap<SocketAddr, usize>,
    /// Batches of changes to commit.
    commits: usize,
}

impl Crowd {
    fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let sites: BTreeMap<DomainName, Site> =
            sites.into_iter().map(|site| (site.domain.name.clone(), site.every(60))).collect();
        let now = Now { wall: UnixTime(START), mono: Duration::ZERO };
        let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now);
        keeper.handle_bounds(2048, None, None);
        let watch = |site: &Site| Watch {
            domain: Arc::new(site.domain.clone()),
            http_addresses: 4,
            origin: false,
            contract: 0,
            tenant: false,
            revision: 0,
            recipients: [].into(),
        };
        keeper.handle_watches(sites.values().map(watch).collect(), now);
        Self {
            keeper,
            sites,
            time: Duration::ZERO,
            under_way: BinaryHeap::new(),
            asked: BTreeMap::new(),
            begun: BTreeMap::new(),
            there: BTreeMap::new(),
            most: BTreeMap::new(),
            commits: 0,
        }
    }

    fn now(&self) -> Now {
        Now { wall: UnixTime(START + self.seconds()), mono: self.time }
    }

    fn seconds(&self) -> i64 {
        i64::try_from(self.time.as_secs()).unwrap()
    }

    fn run_until(&mut self, end: Duration) {
        while self.time < end {
            self.begin();
            self.commits += std::iter::from_fn(|| self.keeper.poll_commit()).count();
            let over = self.under_way.peek().map(|Reverse((at, _))| *at);
            let next = over.unwrap_or(Duration::MAX).min(self.keeper.poll_timeout()).max(self.time);
            self.time = if next > self.time { next.min(end) } else { self.time + Duration::from_millis(1) };
            while self.under_way.peek().is_some_and(|Reverse((at, _))| *at <= self.time) {
                self.end();
            }
            self.keeper.handle_timeout(self.now());
        }
    }

    fn begin(&mut self) {
        while let Some(request) = self.keeper.poll_look() {
            let site = &self.sites[&request.domain];
            let answers = self.seen(&request).tls.iter().all(|tls| tls.failure.is_none());
            let over = self.time + if answers { QUICK } else { IN_VAIN };
            self.under_way.push(Reverse((over, request.domain.clone())));
            let there = self.there.entry(site.address).or_default();
            *there += 1;
            if self.time > INTERVAL * 3 / 2 {
                let most = self.most.entry(site.address).or_default();
                *most = (*there).max(*most);
            }
            self.begun.entry(request.domain.clone()).or_default().push(self.time);
            self.asked.insert(request.domain.clone(), request);
        }
    }

    fn end(&mut self) {
        let Some(Reverse((_, name))) = self.under_way.pop() else { return };
        let request = self.asked.remove(&name).unwrap();
        *self.there.get_mut(&self.sites[&name].address).unwrap() -= 1;
        let mut look = self.seen(&request);
        let in_vain = look.tls.iter().any(|tls| tls.failure.is_some());
        look.elapsed_ms = u64::try_from(if in_vain { IN_VAIN } else { QUICK }.as_millis()).unwrap();
        self.keeper.handle_look(look, self.now());
    }

    fn seen(&self, request: &LookRequest) -> Look {
        self.sites[&request.domain].look_as(self.seconds(), self.now().wall, request, true)
    }

    /// The longest that any of these has waited from one look to the next, and for the first.
    fn longest_wait(&self, of: impl Fn(&Site) -> bool) -> Duration {
        let all = self.sites.iter().filter(|(_, site)| of(site)).map(|(name, _)| {
            let begun = self.begun.get(name).map(Vec::as_slice).unwrap_or_default();
            let times: Vec<Duration> = [&[Duration::ZERO], begun, &[self.time]].concat();
            times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
        });
        all.max().unwrap_or_default()
    }
}

/// So many sites with this name, at this address.
fn sites<'a>(
    count: u32,
    name: &'a str,
    mint: &'a Mint,
    at: impl Fn(u32) -> SocketAddr + 'a,
) -> impl Iterator<Item = Site> + 'a {
    (0..count).map(move |number| {
        let mut site =
            Site::new(&format!("{name}{number}.example")).certificate(mint, -86_400, 90 * 86_400, 60 * 86_400);
        site.address = at(number);
        site
    })
}

fn address(net: u8, number: u32) -> SocketAddr {
    let [_, _, high, low] = number.to_be_bytes();
    SocketAddr::from(([10, net, high, low], 443))
}

#[test]
fn thousands_that_time_out_hold_nobody_else_up() {
    let mint = Mint::new();
    let silent = |site: Site| site.fails(0, i64::MAX, Fault::Refused);
    let behind_one = sites(1500, "one", &mint, |_| address(1, 0)).map(silent);
    let everywhere = sites(1500, "each", &mint, |number| address(2, number)).map(silent);
    let well = sites(300, "well", &mint, |number| address(3, number % 20));
    let mut crowd = Crowd::new(behind_one.chain(everywhere).chain(well));
    crowd.run_until(INTERVAL * 4);
    let healthy = |site: &Site| site.domain.name.as_str().starts_with("well");
    let waited = crowd.longest_wait(healthy);
    assert!(waited <= INTERVAL + Duration::from_secs(1), "{waited:?}");
    let lag: BTreeMap<String, u64> =
        crowd.keeper.snapshot().counters.lag().buckets().map(|(bound, count)| (bound.to_string(), count)).collect();
    assert!(lag["1"] * 100 >= crowd.keeper.snapshot().counters.lag().count() * 99, "{lag:?}");
    // The first looks went there before anybody knew where they would go.
    assert_eq!(
        crowd.most[&address(1, 0)],
        50,
        "25 looks a second are due there; of two seconds each that makes so many"
    );
    let unseen = crowd.longest_wait(|site| !healthy(site));
    assert!(unseen < INTERVAL * 4, "everybody has a turn: {unseen:?}");
    assert!(crowd.keeper.snapshot().looks_waiting > 0, "and some wait for it");
}

#[test]
fn a_proxy_that_fails_and_recovers_makes_no_look_late() {
    let mint = Mint::new();
    let fails = |site: Site| site.fails(120, 240, Fault::Gateway);
    let mut crowd = Crowd::new(sites(2000, "d", &mint, |_| address(1, 0)).map(fails));
    crowd.run_until(INTERVAL * 8);
    let waited = crowd.longest_wait(|_| true);
    assert!(waited <= INTERVAL + Duration::from_secs(1), "{waited:?}");
    let snapshot = crowd.keeper.snapshot();
    let within = snapshot.counters.lag().buckets().filter(|(bound, _)| *bound <= 1.0).map(|(_, count)| count).max();
    assert_eq!(within, Some(snapshot.counters.lag().count()));
    let looks: usize = crowd.begun.values().map(Vec::len).sum();
    assert!(looks < 2000 * 8 * 2, "{looks} looks: one failing proxy is no reason to look twice as often");
    assert!(crowd.commits < looks * 2, "{} commits for {looks} looks", crowd.commits);
    assert_eq!(snapshot.stretch, 1.0);
}
