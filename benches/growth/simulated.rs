//! The keeper alone, under a virtual clock, with looks that find all well at once: what deciding costs, at sizes that no
//! loopback serves. Its domains have records and an answered handshake, but no certificates.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, DomainName, Now, UnixTime};
use notafter::incident::Policy;
use notafter::keeper::{Keeper, LookRequest, Watch};
use notafter::observation::{DnsObservation, Look, Lookup, Outcome, TlsObservation};

use super::{fleet, machine};

/// How often each is looked at.
const INTERVAL: Duration = Duration::from_secs(300);
/// As if a look took so long.
const LOOK: Duration = Duration::from_millis(20);
/// The wall clock's time when it begins: 2027-01-15T08:00:00Z.
const START: i64 = 1_800_000_000;

/// The head of the table.
pub(crate) const HEAD: &str =
    "  domains  keeper's CPU a look  a domain in the keeper  restored and watched  scrape's CPU a million series";

/// Measures one size in a process of its own.
pub(crate) fn apart(domains: usize) -> Result<(), Box<dyn Error>> {
    let status =
        Command::new(std::env::current_exe()?).args(["simulate", "--domains", &domains.to_string()]).status()?;
    if status.success() { Ok(()) } else { Err("the keeper was not measured".into()) }
}

/// Measures one size here.
pub(crate) fn line(domains: usize) -> Result<(), Box<dyn Error>> {
    let watches = (0..domains).map(watch).collect::<Result<Vec<_>, _>>()?;
    let (before, begun) = (machine::resident(), machine::processor());
    let mut keeper = Keeper::restore(Policy::default(), &["oncall".to_owned()], Vec::new(), now(Duration::ZERO));
    keeper.handle_bounds(2048, None, None);
    keeper.handle_watches(watches, now(Duration::ZERO));
    let started = machine::processor() - begun;
    let (begun, mut time, mut looks) = (machine::processor(), Duration::ZERO, 0_u32);
    while time < INTERVAL * 2 {
        time = keeper.poll_timeout().max(time + Duration::from_millis(1));
        keeper.handle_timeout(now(time));
        let due: Vec<LookRequest> = std::iter::from_fn(|| keeper.poll_look()).collect();
        looks += u32::try_from(due.len())?;
        for request in due {
            keeper.handle_look(look(&request.domain, now(time).wall), now(time + LOOK));
        }
        while keeper.poll_commit().is_some() || keeper.poll_transition().is_some() {}
    }
    let burnt = machine::processor() - begun;
    let held = machine::resident().saturating_sub(before) / domains;
    let begun = machine::processor();
    let lines: usize = notafter::metrics::Page::new(Arc::new(keeper.snapshot()))
        .map(|piece| piece.iter().filter(|byte| **byte == b'\n').count())
        .sum();
    let scrape = (machine::processor() - begun).as_secs_f64() / lines as f64 * 1e6;
    println!("{domains:>9}  {:>16.1?}  {held:>20} B  {started:>20.1?}  {scrape:>38.2} s", burnt / looks.max(1));
    Ok(())
}

fn now(mono: Duration) -> Now {
    Now { wall: UnixTime(START + i64::try_from(mono.as_secs()).unwrap_or(0)), mono }
}

fn watch(number: usize) -> Result<Watch, Box<dyn Error>> {
    let mut domain = Domain::new(fleet::name(number)?);
    domain.interval = INTERVAL;
    Ok(Watch {
        domain: Arc::new(domain),
        http_addresses: 4,
        origin: false,
        contract: 0,
        tenant: false,
        revision: 0,
        recipients: [].into(),
    })
}

fn look(domain: &DomainName, at: UnixTime) -> Look {
    let mut look = Look::new(domain.clone(), at);
    let ip = Ipv4Addr::new(192, 0, 2, domain.as_str().bytes().fold(0, u8::wrapping_add));
    let mut dns = DnsObservation::new(vec!["192.0.2.53:53".into()], domain.clone());
    dns.a = Lookup::found(vec![ip], 300);
    dns.aaaa = Lookup::empty(Outcome::NoData);
    look.dns = Some(dns);
    look.tls.push(TlsObservation::new(SocketAddr::from((ip, 443))));
    look
}
