//! Where the CNAME leads: to the expected target, past the proxy, in a circle, to a service that is no more, or to a
//! name that others can take.

use super::Finding;
use super::bench::Bench;
use crate::domain::{Domain, DomainName};
use crate::observation::{CnameLink, Code, DnsObservation};

/// A service that was switched off, by the names it gave.
struct Retired {
    /// Names that end so.
    suffix: &'static str,
    /// What they are of.
    service: &'static str,
    /// When it was switched off, as its operator announced it.
    since: &'static str,
}

/// As of 2026-11. Only what was announced with a date, and only names that were of nothing else or of a service in its
/// last days.
const RETIRED: &[Retired] = &[
    // Also Azure CDN from Microsoft (classic), which takes no new profiles and ends on 2027-09-30.
    Retired { suffix: "azureedge.net", service: "Azure CDN from Edgio", since: "2025-01-15" },
    // The older names of the same, which Microsoft could not move to Front Door.
    Retired { suffix: "vo.msecnd.net", service: "Azure CDN from Edgio", since: "2025-01-15" },
    // Edgio's own, from when it was Edgecast and Limelight.
    Retired { suffix: "edgecastcdn.net", service: "Edgio", since: "2025-01-15" },
    Retired { suffix: "llnwd.net", service: "Edgio", since: "2025-01-15" },
];

/// A service whose names are chosen by its customers and are free again once deleted.
struct Claimable {
    /// Names that end so.
    suffix: &'static str,
    /// How many labels a customer's name has before it: with more, the service has put in a random one of its own.
    labels: usize,
    /// What they are of.
    service: &'static str,
}

/// As of 2026-11. Only services that answer NXDOMAIN for a name nobody has, since nothing else is judged here. Left
/// out are those in whose names the service puts something random (`cloudfront.net`, `elb.amazonaws.com`, `azurefd.net`,
/// `azurestaticapps.net`, `herokudns.com`), those that give none any more (`cloudapp.net`, `azureedge.net`), and those
/// that answer for every name (`github.io`, `herokuapp.com`, the web sites of S3).
const CLAIMABLE: &[Claimable] = &[
    // Reserved for the same tenant for a while after the deletion, then free. Newer apps have a hash and a region.
    Claimable { suffix: "azurewebsites.net", labels: 1, service: "Azure App Service" },
    Claimable { suffix: "trafficmanager.net", labels: 1, service: "Azure Traffic Manager" },
    Claimable { suffix: "azure-api.net", labels: 1, service: "Azure API Management" },
    Claimable { suffix: "blob.core.windows.net", labels: 1, service: "Azure Storage" },
    // NAME.zNN.web.core.windows.net
    Claimable { suffix: "web.core.windows.net", labels: 2, service: "Azure Storage web sites" },
    // NAME.REGION.cloudapp.azure.com
    Claimable { suffix: "cloudapp.azure.com", labels: 2, service: "Azure public IP addresses" },
    // NAME.REGION.azurecontainer.io; one with a hash is its tenant's.
    Claimable { suffix: "azurecontainer.io", labels: 2, service: "Azure Container Instances" },
    // NAME.REGION.elasticbeanstalk.com; those with eba-… are random.
    Claimable { suffix: "elasticbeanstalk.com", labels: 2, service: "AWS Elastic Beanstalk" },
];

pub(super) fn judge(domain: &Domain, dns: &DnsObservation, bench: &mut Bench) {
    let chain: Vec<&str> = dns.cname.iter().map(|link| link.target.as_str()).collect();
    let expected = domain.expected.cname.as_ref();
    if dns.cname_loop {
        let summary = format!("the CNAME chain of {} never ends: {}", domain.name, chain.join(" > "));
        bench.find(Finding::new(Code::DnsCnameLoop, summary).fact("chain", chain.clone()));
    }
    // Without a CNAME there is nothing to judge: DNS providers flatten it to addresses at a zone's apex.
    if let (Some(expected), Some(first)) = (expected, chain.first())
        && !chain.contains(&expected.as_str())
    {
        let summary = format!("the CNAME points at {first}, not at {expected}");
        let finding = Finding::new(Code::DnsCnameMismatch, summary);
        bench.find(finding.fact("expected", expected.as_str()).fact("chain", chain.clone()));
    }
    let edge = chain.iter().find(|target| is_auth0_edge(target));
    if let Some(target) = edge.filter(|target| expected.is_none_or(|expected| expected.as_str() != **target)) {
        let summary = format!("the CNAME leads straight to Auth0's edge ({target}), past the proxy");
        bench.find(Finding::new(Code::DnsCnamePointsAtEdge, summary).fact("target", *target));
    }
    if let Some(finding) = chain.iter().find_map(|target| retired(target)) {
        bench.find(finding);
    }
}

/// The end of the chain does not exist.
pub(super) fn dangling(last: &CnameLink) -> Finding {
    let summary = format!("{} is a CNAME for {}, which does not exist", last.name, last.target);
    let finding = match CLAIMABLE.iter().find(|service| service.gives(&last.target)) {
        Some(Claimable { service, .. }) => {
            let summary = format!("{summary} and which anybody can register at {service}");
            Finding::new(Code::DnsCnameTakeover, summary).fact("service", *service)
        }
        None => Finding::new(Code::DnsCnameDangling, summary),
    };
    finding.fact("target", last.target.as_str())
}

impl Claimable {
    fn gives(&self, name: &DomainName) -> bool {
        before(name.as_str(), self.suffix).is_some_and(|front| front.split('.').count() == self.labels)
    }
}

fn retired(target: &str) -> Option<Finding> {
    let known = RETIRED.iter().find(|retired| before(target, retired.suffix).is_some());
    let (service, since) = match known {
        Some(retired) => (retired.service, retired.since),
        // What was not moved to the new names in time gets no traffic (Auth0, past migrations).
        None if is_retired_edge(target) => ("Auth0's legacy network edge", "2021-11-03"),
        None => return None,
    };
    let summary = format!("the CNAME leads to {target}: {service} was switched off on {since}");
    let finding = Finding::new(Code::DnsCnameRetired, summary).fact("target", target);
    Some(finding.fact("service", service).fact("retired_on", since))
}

/// What stands before `.suffix`.
fn before<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    name.strip_suffix(suffix)?.strip_suffix('.').filter(|front| !front.is_empty())
}

/// `{tenant}-cd-….edge.tenants[.REGION].auth0.com`, and the older form with a dot after the tenant.
fn is_auth0_edge(name: &str) -> bool {
    name.ends_with(".auth0.com") && name.contains(".edge.tenants.")
}

/// `{tenant}.{custom domain's id}.edge.tenants[.REGION].auth0.com`: a dot where the present form has a hyphen.
fn is_retired_edge(name: &str) -> bool {
    is_auth0_edge(name) && name.split_once(".edge.tenants.").is_some_and(|(front, _)| front.contains('.'))
}
