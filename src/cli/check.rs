//! `notafter check`: one look now at each domain, judged and printed, or looks that were kept earlier judged again. Reads and
//! writes no state, tells nobody.

mod nagios;
mod plan;
mod record;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::StreamExt;

use self::plan::Planned;
use self::record::Source;
use super::text::{complain, print};
use super::{EXIT_UNKNOWN, block_on};
use crate::domain::{DomainName, UnixTime};
use crate::observation::{Look, ViewObservation};
use crate::probe::{Aside, Library, Resolvers, Target, Turn, look, look_at_tenant};
use crate::verdict::{Level, Record, Surroundings, Verdict, judge};

pub(super) use self::plan::{Arguments, Looking, Plan, parse_nameserver, parse_time};
pub(super) use self::report::verdict_json;

/// Looks in flight at once.
const AT_ONCE: usize = 16;

pub(super) fn run(arguments: Arguments) -> u8 {
    let nagios = arguments.format == plan::Format::Nagios;
    let mut plan = match Plan::of(&arguments) {
        Ok(plan) => plan,
        Err(error) if nagios => {
            let first = error.lines().next().unwrap_or_default();
            print(&format!("NOTAFTER UNKNOWN - {first}\n"));
            return EXIT_UNKNOWN;
        }
        Err(error) => {
            complain(&error);
            return super::EXIT_USAGE;
        }
    };
    let (tenants, looks) = match look_around(&mut plan) {
        Ok(seen) => seen,
        Err(error) => {
            complain(&error);
            return EXIT_UNKNOWN;
        }
    };
    let seen = judge_all(&plan, looks, &tenants);
    record::tell_changes(&plan, &seen);
    if let Some(Err(error)) = arguments.record.as_ref().map(|folder| record::write(folder, &plan, &seen, system_now()))
    {
        complain(&error);
        return EXIT_UNKNOWN;
    }
    print(&match arguments.format {
        plan::Format::Text => report::text(&seen),
        plan::Format::Json => seen.iter().map(|seen| format!("{}\n", report::json(seen))).collect(),
        plan::Format::Nagios => nagios::report(&seen, &plan),
    });
    seen.iter().map(|seen| seen.verdict.level).max().unwrap_or(Level::Unknown).exit_code()
}

/// Looks at everything: at the tenants' canonical hosts, and at the domains in their order, to which those are added that
/// the looks have brought up.
pub(super) fn look_around(plan: &mut Plan) -> Result<(Tenants, Vec<Look>), String> {
    let resolvers = Arc::new(Resolvers::default());
    block_on(async { (all_tenants(plan, &resolvers).await, all_looks(plan, &resolvers).await) })
}

/// A look with what was made of it.
pub(super) struct Seen {
    look: Look,
    tenant: Option<Arc<ViewObservation>>,
    /// Over what the tenant's host was looked at.
    tenant_source: Option<Source>,
    verdict: Verdict,
    /// As of when it was judged.
    at: UnixTime,
}

/// What was seen at the canonical hosts, each looked at once for all its domains.
pub(super) type Tenants = BTreeMap<DomainName, (Arc<ViewObservation>, Source)>;

async fn all_tenants(plan: &Plan, resolvers: &Arc<Resolvers>) -> Tenants {
    let hosts = plan.watches.iter().filter_map(|planned| Some((planned.watch.probe.tenant.as_ref()?, planned)));
    let hosts: BTreeMap<&DomainName, _> = hosts.map(|(host, planned)| (&host.name, (host, planned))).collect();
    let looks = hosts.into_iter().map(|(name, (host, planned))| async {
        let aside = Aside { host, settings: &planned.watch.probe, trust: &planned.trust, resolvers };
        let source = planned.source.another(planned);
        let seen = source.run(look_at_tenant(aside, planned.at, Turn::whole(Turn::PAST_PROXY))).await;
        (name.clone(), (Arc::new(seen), source))
    });
    futures_util::stream::iter(looks).buffered(AT_ONCE).collect().await
}

/// Looks at every domain, and then at the hosts for mutual TLS that their discovery documents name.
async fn all_looks(plan: &mut Plan, resolvers: &Arc<Resolvers>) -> Vec<Look> {
    let library = Arc::new(Library::default());
    let mut looks = look_at(&plan.watches, &library, resolvers).await;
    let aliases = plan.mtls_aliases(&looks);
    looks.extend(look_at(&aliases, &library, resolvers).await);
    plan.watches.extend(aliases);
    looks
}

async fn look_at(watches: &[Planned], library: &Arc<Library>, resolvers: &Arc<Resolvers>) -> Vec<Look> {
    let progress = report::Progress::new(watches.len());
    let looks = watches.iter().map(|planned| async {
        let (domain, settings) = (&planned.watch.domain, &planned.watch.probe);
        let own = planned.source.own_library();
        let library = own.as_ref().unwrap_or(library);
        let target = Target { domain, settings, trust: &planned.trust, library, resolvers, known: None };
        let turn = Turn::whole(planned.watch.http_addresses());
        let seen = planned.source.run(look(target, planned.at, turn)).await;
        progress.one_more();
        seen
    });
    futures_util::stream::iter(looks).buffered(AT_ONCE).collect().await
}

/// Judged together, because a name server that answers for one domain is not what fails for another.
fn judge_all(plan: &Plan, looks: Vec<Look>, tenants: &Tenants) -> Vec<Seen> {
    let answered: Vec<_> = looks.iter().map(|look| look.dns.as_ref().filter(|dns| !dns.failed()).cloned()).collect();
    let judged = looks.into_iter().zip(&plan.watches).enumerate().map(|(index, (look, planned))| {
        let asked = look.dns.as_ref().map(|dns| &dns.nameservers);
        let others = answered.iter().enumerate().filter(|(other, _)| *other != index);
        let surroundings = Surroundings {
            resolvers_answer_others: others
                .filter_map(|(_, dns)| dns.as_ref())
                .any(|dns| Some(&dns.nameservers) == asked),
            ..Surroundings::default()
        };
        let mut record = Record::default();
        record.absorb(look.clone());
        let tenant = planned.watch.probe.tenant.as_ref().and_then(|host| tenants.get(&host.name)).cloned();
        let (tenant, tenant_source) = tenant.unzip();
        tenant.iter().for_each(|seen| record.absorb_tenant(seen));
        let verdict = judge(&planned.watch.domain, &record, &surroundings, planned.at);
        Seen { look, tenant, tenant_source, verdict, at: planned.at }
    });
    judged.collect()
}

/// The wall clock, read once a command.
pub(super) fn system_now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixTime(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
