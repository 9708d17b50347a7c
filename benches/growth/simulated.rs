//! The keeper alone, under a virtual clock, with looks that find all well at once: what deciding and remembering costs, at
//! sizes that no loopback serves; and what a restart with the state of such a fleet takes.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use notafter::domain::{Domain, DomainName, Now, UnixTime};
use notafter::incident::{Operation, Policy};
use notafter::keeper::{Keeper, LookRequest, Recipient, Watch};
use notafter::store::Store;
use notafter::verdict::{Level, Severity};

use super::seen::Seen;
use super::{fleet, machine};

/// How often each is looked at.
const INTERVAL: Duration = Duration::from_secs(300);
/// As if a look took so long.
const LOOK: Duration = Duration::from_millis(20);
/// For so long it is looked at: the first looks come with the first interval's.
const WATCHED: Duration = Duration::from_secs(900);
/// Changes in a transaction.
const TOGETHER: usize = 1000;

/// The head of the table.
pub(crate) const HEAD: &str = "  domains  keeper's CPU a look  resident a domain  scrape's CPU a million series  \
                               state  restart: read  chains  restored  watched  first second";

/// Measures one size in a process of its own.
pub(crate) fn apart(domains: usize) -> Result<(), Box<dyn Error>> {
    let status =
        Command::new(std::env::current_exe()?).args(["simulate", "--domains", &domains.to_string()]).status()?;
    if status.success() { Ok(()) } else { Err("the keeper was not measured".into()) }
}

/// Measures one size here.
pub(crate) fn line(domains: usize) -> Result<(), Box<dyn Error>> {
    let home = std::env::temp_dir().join(format!("notafter-simulated-{}", std::process::id()));
    std::fs::create_dir_all(&home)?;
    let outcome = measured(domains, &home.join("state.db"));
    let _ = std::fs::remove_dir_all(&home);
    outcome
}

fn measured(domains: usize, path: &Path) -> Result<(), Box<dyn Error>> {
    let world = World { seen: Seen::new(domains)?, wall: fleet::now() };
    let mut store = Store::open(path)?;
    let before = machine::resident();
    let mut keeper = world.restored(Vec::new());
    keeper.handle_watches(watches(domains)?, world.at(Duration::ZERO));
    let (burnt, looks) = world.watch(&mut keeper, &mut store)?;
    let held = machine::resident().saturating_sub(before) / domains;
    let snapshot = Arc::new(keeper.snapshot());
    if let Some(ill) = snapshot.domains.iter().find(|state| state.level() != Level::Healthy) {
        return Err(format!("not healthy: {:?}", ill.verdict).into());
    }
    let scrape = scraped(&snapshot);
    drop((keeper, snapshot));
    let size = std::fs::metadata(path)?.len();
    let restart = world.restart(&store, watches(domains)?)?;
    println!(
        "{domains:>9}  {:>16.1?}  {held:>17} B  {scrape:>27.2} s  {:>4} MB  {restart}",
        burnt / looks.max(1),
        size / 1_000_000
    );
    Ok(())
}

/// What is looked at, and since when.
struct World {
    seen: Seen,
    wall: i64,
}

impl World {
    fn at(&self, mono: Duration) -> Now {
        Now { wall: UnixTime(self.wall + i64::try_from(mono.as_secs()).unwrap_or(0)), mono }
    }

    fn restored(&self, rows: Vec<notafter::incident::Row>) -> Keeper {
        let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], rows, self.at(Duration::ZERO));
        keeper.handle_bounds(2048, None, None);
        keeper
    }

    /// Lets it look for a while; what the keeper's part of that burnt, and how many looks it was.
    fn watch(&self, keeper: &mut Keeper, store: &mut Store) -> Result<(Duration, u32), Box<dyn Error>> {
        let (mut time, mut looks, mut burnt) = (Duration::ZERO, 0_u32, Duration::ZERO);
        let mut operations: Vec<Operation> = Vec::new();
        while time < WATCHED {
            time = keeper.poll_timeout().max(time + Duration::from_millis(1));
            let begun = Instant::now();
            keeper.handle_timeout(self.at(time));
            let due: Vec<LookRequest> = std::iter::from_fn(|| keeper.poll_look()).collect();
            burnt += begun.elapsed();
            looks += u32::try_from(due.len())?;
            for request in due {
                let number = fleet::number(&request.domain).ok_or("a domain of nobody")?;
                let look =
                    self.seen.look(number, &domain(number)?, (request.turn, request.documents > 0), self.at(time).wall);
                let begun = Instant::now();
                keeper.handle_look(look, self.at(time + LOOK));
                while let Some((tag, changes)) = keeper.poll_commit() {
                    let up_to = changes.last().map_or(0, |change| change.sequence);
                    operations.extend(changes.into_iter().map(|change| change.operation));
                    keeper.handle_stored(&tag, up_to, self.at(time + LOOK));
                }
                while keeper.poll_transition().is_some() || keeper.poll_renewal().is_some() {}
                burnt += begun.elapsed();
            }
            while keeper.poll_ping().is_some() || keeper.poll_mail().is_some() || keeper.poll_event().is_some() {}
            if operations.len() >= TOGETHER {
                store.commit(&std::mem::take(&mut operations))?;
            }
        }
        store.commit(&operations)?;
        Ok((burnt, looks))
    }

    /// What each step of a restart takes, and how many looks begin within the first second after it.
    fn restart(&self, store: &Store, watches: Vec<Watch>) -> Result<String, Box<dyn Error>> {
        let mut last = Instant::now();
        let mut took = || std::mem::replace(&mut last, Instant::now()).elapsed();
        let rows = store.load()?;
        let read = took();
        let chains = notafter::keeper::stored_chains(&rows);
        let known = took();
        let mut keeper = self.restored(rows);
        let restored = took();
        keeper.handle_watches(watches, self.at(Duration::ZERO));
        let watched = took();
        keeper.handle_timeout(self.at(Duration::from_secs(1)));
        let first = std::iter::from_fn(|| keeper.poll_look()).count();
        drop(chains);
        Ok(format!("{read:>13.1?}  {known:>6.1?}  {restored:>8.1?}  {watched:>7.1?}  {first:>6} looks"))
    }
}

/// Processor time that a page of metrics takes, a million series, without its compression.
fn scraped(snapshot: &Arc<notafter::keeper::Snapshot>) -> f64 {
    let (begun, mut lines) = (machine::processor(), 0);
    // The system tells hundredths of a second.
    while machine::processor() - begun < Duration::from_secs(1) {
        let pieces = notafter::metrics::Page::new(Arc::clone(snapshot));
        lines += pieces.map(|piece| piece.iter().filter(|byte| **byte == b'\n').count()).sum::<usize>();
    }
    (machine::processor() - begun).as_secs_f64() / lines as f64 * 1e6
}

fn domain(number: usize) -> Result<Domain, Box<dyn Error>> {
    let mut domain = Domain::new(fleet::name(number)?);
    domain.interval = INTERVAL;
    domain.expected.cname = Some(DomainName::parse("proxy.example.net")?);
    domain.expected.txt = Some(fleet::proof(number));
    Ok(domain)
}

fn watches(domains: usize) -> Result<Vec<Watch>, Box<dyn Error>> {
    (0..domains).map(watch).collect()
}

fn watch(number: usize) -> Result<Watch, Box<dyn Error>> {
    Ok(Watch {
        domain: Arc::new(domain(number)?),
        http_addresses: 4,
        origin: false,
        contract: 0,
        tenant: false,
        revision: 0,
        recipients: vec![Recipient {
            receiver: "oncall".to_owned(),
            min_severity: Severity::Warning,
            codes: Vec::new(),
        }]
        .into(),
    })
}
