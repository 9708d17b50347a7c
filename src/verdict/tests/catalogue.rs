//! The severity, kind and family of each code: what the incident rooms and the docs build on.

use super::*;
use crate::verdict::Severity::{Critical, Info, Warning};
use crate::verdict::catalogue::{Family, Kind, entry};

#[test]
fn every_code_has_the_severity_kind_and_family_of_the_design() {
    use {Family as F, Kind as K};
    let table = [
        (Code::DnsNxdomain, Critical, K::Record, F::Address),
        (Code::DnsNoAddress, Critical, K::Record, F::Address),
        (Code::DnsServfail, Critical, K::Network, F::Address),
        (Code::DnsCnameDangling, Critical, K::Record, F::Address),
        (Code::DnsCnameMismatch, Warning, K::Record, F::Cname),
        (Code::DnsCnamePointsAtEdge, Warning, K::Record, F::Cname),
        (Code::DnsCnameLoop, Warning, K::Record, F::Cname),
        (Code::DnsCnameRetired, Warning, K::Record, F::Cname),
        (Code::DnsCnameTakeover, Critical, K::Record, F::Address),
        (Code::DnsTxtMissing, Warning, K::Record, F::Txt),
        (Code::DnsTxtMismatch, Warning, K::Record, F::Txt),
        (Code::DnsTxtQuoted, Warning, K::Record, F::Txt),
        (Code::DnsTxtTrailingDot, Warning, K::Record, F::Txt),
        (Code::DnsTxtInexact, Warning, K::Record, F::Txt),
        (Code::DnsTxtDoubledZone, Warning, K::Record, F::Txt),
        (Code::DnsTxtMisplaced, Warning, K::Record, F::Txt),
        (Code::DnsTxtHidden, Warning, K::Record, F::Txt),
        (Code::DnsCaaForbidsIssuer, Warning, K::Record, F::Caa),
        (Code::DnsCaaUnknownIssuer, Info, K::Record, F::Caa),
        (Code::DnsCaaUnreadable, Warning, K::Record, F::Caa),
        (Code::ConnectRefused, Critical, K::Network, F::Reach),
        (Code::ConnectReset, Critical, K::Network, F::Reach),
        (Code::ConnectTimeout, Critical, K::Network, F::Reach),
        (Code::ConnectUnreachable, Critical, K::Network, F::Reach),
        (Code::TlsHandshakeFailed, Critical, K::Network, F::Reach),
        (Code::TlsTimeout, Critical, K::Network, F::Reach),
        (Code::TlsExpired, Critical, K::Fact, F::Expiry),
        (Code::TlsExpiresSoon, Warning, K::Fact, F::Expiry),
        (Code::TlsNotYetValid, Critical, K::Fact, F::Expiry),
        (Code::TlsNameMismatch, Critical, K::Fact, F::Name),
        (Code::TlsUntrusted, Critical, K::Fact, F::Trust),
        (Code::TlsSelfSigned, Critical, K::Fact, F::Trust),
        (Code::TlsChainIncomplete, Warning, K::Fact, F::Trust),
        (Code::TlsChainStale, Warning, K::Fact, F::Chain),
        (Code::TlsNonconforming, Warning, K::Fact, F::Profile),
        (Code::TlsAddressesDisagree, Warning, K::Fact, F::Rollout),
        (Code::TlsRolloutStuck, Warning, K::Fact, F::Rollout),
        (Code::TlsSplitByFamily, Warning, K::Fact, F::Rollout),
        (Code::TlsFlipBack, Warning, K::Fact, F::Rollout),
        (Code::TlsRenewalLate, Warning, K::Fact, F::Expiry),
        (Code::TlsRenewalSurprising, Warning, K::Fact, F::Renewal),
        (Code::TlsRenewalUrged, Warning, K::Fact, F::Recall),
        (Code::TlsWeakKey, Warning, K::Fact, F::Strength),
        (Code::TlsWeakSignature, Warning, K::Fact, F::Strength),
        (Code::TlsLifetimeTooLong, Warning, K::Fact, F::Lifetime),
        (Code::TlsChainMisordered, Warning, K::Fact, F::Chain),
        (Code::TlsChainSurplus, Info, K::Fact, F::Chain),
        (Code::TlsKeyMismatch, Critical, K::Fact, F::Key),
        (Code::HttpErrorStatus, Critical, K::Network, F::Login),
        (Code::HttpTimeout, Critical, K::Network, F::Login),
        (Code::HttpBroken, Critical, K::Network, F::Login),
        (Code::HttpRedirect, Warning, K::Fact, F::Login),
        (Code::HttpRateLimited, Warning, K::Network, F::Login),
        (Code::Auth0NotJson, Critical, K::Fact, F::Login),
        (Code::Auth0IssuerMismatch, Critical, K::Fact, F::Login),
        (Code::Auth0KeyRejected, Critical, K::Fact, F::Login),
        (Code::Auth0Challenge, Warning, K::Fact, F::Login),
        (Code::WatchResolverFailed, Warning, K::Watch, F::Resolver),
        (Code::WatchNoIpv6, Info, K::Watch, F::Sight),
        (Code::WatchBlind, Warning, K::Watch, F::Sight),
        (Code::WatchStoreFailed, Critical, K::Watch, F::Store),
        (Code::WatchNoticeFailing, Critical, K::Watch, F::Delivery),
    ];
    for (code, severity, kind, family) in table {
        let entry = entry(code);
        assert_eq!((entry.severity, entry.kind, entry.family), (severity, kind, family), "{code}");
    }
}
