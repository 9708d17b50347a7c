//! A CNAME to a service that is no more, and one to a name that others can take.

use super::*;
use crate::observation::Outcome::{Found, NoData, Nxdomain};
use crate::verdict::Severity::{Critical, Warning};

const V4: &str = "192.0.2.1:443";

#[test]
fn a_retired_service_anywhere_in_the_chain_is_told_with_its_date() {
    for (chain, target, since) in [
        (&["login.azureedge.net", "edge.example.net"][..], "login.azureedge.net", "2025-01-15"),
        (&["alias.example.net", "wpc.1234.edgecastcdn.net"], "wpc.1234.edgecastcdn.net", "2025-01-15"),
        (&["az1234.vo.msecnd.net"], "az1234.vo.msecnd.net", "2025-01-15"),
    ] {
        let verdict = seen([address(V4)]).cname(chain).verdict();
        assert_eq!(found(&verdict), [(Code::DnsCnameRetired, Warning)], "{target}");
        let facts = &verdict.findings[0].facts;
        assert_eq!((&facts["target"], &facts["retired_on"]), (&target.into(), &since.into()));
        // It is retired even if it is what was expected.
        let meant = seen([address(V4)]).cname(chain).domain(|domain| domain.expected.cname = Some(name(target)));
        assert_eq!(found(&meant.verdict()), [(Code::DnsCnameRetired, Warning)]);
    }
    for other in ["azureedge.net.example.net", "notazureedge.net", "azureedge.net", "login-abc.z01.azurefd.net"] {
        assert_healthy(&seen([address(V4)]).cname(&[other]).verdict());
    }
}

#[test]
fn auth0s_older_edge_names_are_retired_as_well() {
    let old = seen([address(V4)]).cname(&["example.cd_abc.edge.tenants.auth0.com"]).verdict();
    assert_eq!(the(Code::DnsCnameRetired, &old).facts["retired_on"], "2021-11-03");
    let present = seen([address(V4)]).cname(&["example-cd-abc.edge.tenants.us.auth0.com"]).verdict();
    assert_eq!(found(&present), [(Code::DnsCnamePointsAtEdge, Warning)]);
}

#[test]
fn a_dangling_name_that_others_can_register_is_open_to_takeover() {
    let dangling = |chain: &[&str]| seen([]).outcomes(Nxdomain, Nxdomain).cname(chain).verdict();
    for target in [
        "login.azurewebsites.net",
        "login.trafficmanager.net",
        "login.blob.core.windows.net",
        "login.z13.web.core.windows.net",
        "login.westeurope.cloudapp.azure.com",
        "login.westeurope.azurecontainer.io",
        "login.azure-api.net",
        "login.eu-west-1.elasticbeanstalk.com",
    ] {
        let verdict = dangling(&["alias.example.net", target]);
        assert_eq!(found(&verdict), [(Code::DnsCnameTakeover, Critical)], "{target}");
        assert_eq!(verdict.findings[0].facts["target"], target);
        assert_eq!(verdict.path.broken_at(), Some(crate::verdict::Hop::Dns));
    }
    for target in [
        // Names that the service makes itself, or that it answers for.
        "d111111abcdef8.cloudfront.net",
        "login-a1b2c3.westeurope-01.azurewebsites.net",
        "login.eba-a1b2c3.eu-west-1.elasticbeanstalk.com",
        "login-1234.eu-west-1.elb.amazonaws.com",
        "shouting.herokudns.com",
        "azurewebsites.net",
        "azurewebsites.net.example.net",
        "myazurewebsites.net",
    ] {
        assert_eq!(found(&dangling(&[target])), [(Code::DnsCnameDangling, Critical)], "{target}");
    }
    // What others could register is at the end of the chain alone.
    let passed = dangling(&["login.trafficmanager.net", "nobody.example.net"]);
    assert_eq!(found(&passed), [(Code::DnsCnameDangling, Critical)]);
}

#[test]
fn only_a_name_that_does_not_exist_can_be_registered() {
    let target = &["login.azurewebsites.net"];
    assert_healthy(&seen([address(V4)]).cname(target).verdict());
    let empty = seen([]).outcomes(NoData, NoData).cname(target).verdict();
    assert_eq!(found(&empty), [(Code::DnsNoAddress, Critical)]);
    let denied_for_one_family = seen([address(V4)]).outcomes(Found, Nxdomain).cname(target).verdict();
    assert_healthy(&denied_for_one_family);
}
