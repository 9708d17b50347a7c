//! [`Code`]: the one list of names for faults, `area.fault`, stable for ever. Findings, the `failure.code` of
//! an observation, metrics' labels and the state all take theirs from here. What a code *means* (title,
//! severity, mend) stands in the catalogue of the `verdict` room.

use std::fmt;

use serde::{Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// A fault's stable name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, by area.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code as it is written everywhere, e.g. `tls.expired`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }
    };
}

codes! {
    /// The domain does not exist.
    DnsNxdomain = "dns.nxdomain",
    /// The domain exists and has neither A nor AAAA.
    DnsNoAddress = "dns.no_address",
    /// The resolver answers for others but fails for this domain.
    DnsServfail = "dns.servfail",
    /// The resolver fails for this domain because its DNSSEC signatures do not verify.
    DnsDnssecBogus = "dns.dnssec_bogus",
    /// The CNAME chain ends in a name that does not exist.
    DnsCnameDangling = "dns.cname_dangling",
    /// The expected target is not in the CNAME chain.
    DnsCnameMismatch = "dns.cname_mismatch",
    /// The CNAME leads straight to Auth0's edge, past the proxy.
    DnsCnamePointsAtEdge = "dns.cname_points_at_edge",
    /// The CNAME chain returns to itself, or is too long to follow.
    DnsCnameLoop = "dns.cname_loop",
    /// The CNAME leads to a service that was switched off.
    DnsCnameRetired = "dns.cname_retired",
    /// The CNAME chain ends in a name that does not exist, and that others can register.
    DnsCnameTakeover = "dns.cname_takeover",
    /// The ownership TXT record is not there.
    DnsTxtMissing = "dns.txt_missing",
    /// The ownership TXT record has another value.
    DnsTxtMismatch = "dns.txt_mismatch",
    /// The value of the ownership TXT record has quotation marks in it.
    DnsTxtQuoted = "dns.txt_quoted",
    /// The value of the ownership TXT record has a dot at its end.
    DnsTxtTrailingDot = "dns.txt_trailing_dot",
    /// The value of the ownership TXT record is right but for whitespace or upper case.
    DnsTxtInexact = "dns.txt_inexact",
    /// The ownership TXT record is at a name with the zone twice at its end.
    DnsTxtDoubledZone = "dns.txt_doubled_zone",
    /// The ownership TXT record is at another name.
    DnsTxtMisplaced = "dns.txt_misplaced",
    /// A CNAME at the name of the ownership TXT record hides it.
    DnsTxtHidden = "dns.txt_hidden",
    /// The CAA records do not let the CA of the certificate in use issue another.
    DnsCaaForbidsIssuer = "dns.caa_forbids_issuer",
    /// There are CAA records, and the CA of the certificate in use is none we know by name.
    DnsCaaUnknownIssuer = "dns.caa_unknown_issuer",
    /// The CAA records cannot be read.
    DnsCaaUnreadable = "dns.caa_unreadable",
    /// Resolvers tell different things, for longer than what they may remember explains.
    DnsResolversDisagree = "dns.resolvers_disagree",
    /// The zone's own name servers have other records than the resolver.
    DnsResolverOutdated = "dns.resolver_outdated",
    /// A name server of the zone does not answer.
    DnsNameserverUnreachable = "dns.nameserver_unreachable",
    /// A name server of the zone does not have the zone.
    DnsNameserverLame = "dns.nameserver_lame",
    /// The zone's name servers have different records.
    DnsNameserversDisagree = "dns.nameservers_disagree",
    /// The zone above names other name servers than the zone itself.
    DnsDelegationDiffers = "dns.delegation_differs",
    /// A DNSSEC signature runs out soon.
    DnsSignatureExpiresSoon = "dns.signature_expires_soon",
    /// A DNSSEC signature has run out.
    DnsSignatureExpired = "dns.signature_expired",
    /// The zone is signed, and the resolver does not vouch for it.
    DnsDnssecUnverified = "dns.dnssec_unverified",
    /// The registration of the domain runs out soon, or has.
    DnsRegistrationExpiresSoon = "dns.registration_expires_soon",
    /// The registration of the domain is suspended, or about to be deleted.
    DnsRegistrationHold = "dns.registration_hold",
    /// The connection was refused.
    ConnectRefused = "connect.refused",
    /// The connection was reset.
    ConnectReset = "connect.reset",
    /// No answer to the connection attempt.
    ConnectTimeout = "connect.timeout",
    /// The network says that there is no way there.
    ConnectUnreachable = "connect.unreachable",
    /// No common version or cipher, a garbled answer, or an alert instead of a certificate.
    TlsHandshakeFailed = "tls.handshake_failed",
    /// The TLS handshake did not end in time.
    TlsTimeout = "tls.timeout",
    /// The server speaks no version of TLS that browsers speak.
    TlsOnlyLegacy = "tls.only_legacy",
    /// The server has no cipher suite that is up to date.
    TlsOnlyOldSuites = "tls.only_old_suites",
    /// The certificate, or a certificate its chain needs, has run out.
    TlsExpired = "tls.expired",
    /// The certificate runs out soon.
    TlsExpiresSoon = "tls.expires_soon",
    /// The certificate is not valid yet.
    TlsNotYetValid = "tls.not_yet_valid",
    /// The certificate is for other names.
    TlsNameMismatch = "tls.name_mismatch",
    /// No path leads to a trusted root.
    TlsUntrusted = "tls.untrusted",
    /// The certificate is signed by itself.
    TlsSelfSigned = "tls.self_signed",
    /// The root of the certificate's path runs out soon, or has.
    TlsRootExpires = "tls.root_expires",
    /// A CA of the certificate's path is not trusted any more, as the operator says.
    TlsRootDistrusted = "tls.root_distrusted",
    /// Another store of roots sees the certificate otherwise.
    TlsStoresDisagree = "tls.stores_disagree",
    /// The certificate, or one its path needs, was revoked.
    TlsRevoked = "tls.revoked",
    /// The certificate asks for a stapled OCSP response, and there is no good one.
    TlsMustStaple = "tls.must_staple",
    /// The stapled OCSP response has run out, or is not valid yet.
    TlsOcspStale = "tls.ocsp_stale",
    /// The stapled OCSP response is worth nothing.
    TlsOcspInvalid = "tls.ocsp_invalid",
    /// A certificate the path needs is not sent.
    TlsChainIncomplete = "tls.chain_incomplete",
    /// A certificate that nobody needs is sent, and has run out.
    TlsChainStale = "tls.chain_stale",
    /// A certificate of the path breaks the rules certificates are made by, and browsers let it pass.
    TlsNonconforming = "tls.nonconforming",
    /// Addresses serve different certificates.
    TlsAddressesDisagree = "tls.addresses_disagree",
    /// A new certificate has not reached every address in time.
    TlsRolloutStuck = "tls.rollout_stuck",
    /// IPv4 and IPv6 addresses serve different certificates.
    TlsSplitByFamily = "tls.split_by_family",
    /// An address serves a certificate again that had been replaced.
    TlsFlipBack = "tls.flip_back",
    /// The certificate should have been renewed by now, by the domain's own habit.
    TlsRenewalLate = "tls.renewal_late",
    /// The new certificate differs from the one before in what a renewal leaves alone.
    TlsRenewalSurprising = "tls.renewal_surprising",
    /// The CA wants the certificate replaced long before its end.
    TlsRenewalUrged = "tls.renewal_urged",
    /// A key of the certificate's path is too weak.
    TlsWeakKey = "tls.weak_key",
    /// A signature of the certificate's path rests on a broken hash.
    TlsWeakSignature = "tls.weak_signature",
    /// A version of TLS is still taken that is out of use.
    TlsLegacyVersion = "tls.legacy_version",
    /// The certificate is valid for longer than browsers accept.
    TlsLifetimeTooLong = "tls.lifetime_too_long",
    /// The certificate has not been shown to enough transparency logs.
    TlsSctMissing = "tls.sct_missing",
    /// What a transparency log is said to have signed, it has not.
    TlsSctInvalid = "tls.sct_invalid",
    /// The certificates are not sent in the order of the path.
    TlsChainMisordered = "tls.chain_misordered",
    /// Certificates are sent that no path needs.
    TlsChainSurplus = "tls.chain_surplus",
    /// The private key is another certificate's.
    TlsKeyMismatch = "tls.key_mismatch",
    /// The server demands a client certificate, and we have none.
    TlsClientCertificateRequired = "tls.client_certificate_required",
    /// The server does not accept our client certificate.
    TlsClientCertificateRefused = "tls.client_certificate_refused",
    /// Our client certificate has run out.
    TlsClientCertificateExpired = "tls.client_certificate_expired",
    /// Our client certificate runs out soon.
    TlsClientCertificateExpiresSoon = "tls.client_certificate_expires_soon",
    /// An answer whose status says error.
    HttpErrorStatus = "http.error_status",
    /// No answer to the request in time.
    HttpTimeout = "http.timeout",
    /// The connection broke, or what came was no HTTP.
    HttpBroken = "http.broken",
    /// A redirect where the document should be.
    HttpRedirect = "http.redirect",
    /// Too many requests, says the other side.
    HttpRateLimited = "http.rate_limited",
    /// Whoever types `http://` is not sent to `https://`.
    HttpNoHttpsRedirect = "http.no_https_redirect",
    /// Answers do not tell browsers to come by HTTPS alone.
    HttpHstsMissing = "http.hsts_missing",
    /// The answer is no discovery document.
    Auth0NotJson = "auth0.not_json",
    /// The discovery document is another host's.
    Auth0IssuerMismatch = "auth0.issuer_mismatch",
    /// Auth0 does not accept the proxy's `cname-api-key`.
    Auth0KeyRejected = "auth0.key_rejected",
    /// A bot challenge was served to us.
    Auth0Challenge = "auth0.challenge",
    /// POST does not get through the proxy.
    Auth0PostBlocked = "auth0.post_blocked",
    /// The proxy drops the `Authorization` header.
    Auth0AuthorizationStripped = "auth0.authorization_stripped",
    /// The proxy's cache takes different requests for the same.
    Auth0CacheKeyIncomplete = "auth0.cache_key_incomplete",
    /// `/authorize` does not lead to the login page of the same host.
    Auth0AuthorizeElsewhere = "auth0.authorize_elsewhere",
    /// The proxy alters cookies.
    Auth0CookieAltered = "auth0.cookie_altered",
    /// SAML or WS-Federation metadata is missing, or names another host.
    Auth0MetadataForeign = "auth0.metadata_foreign",
    /// A client's own `cname-api-key` gets through to Auth0.
    Auth0ClientKeyPassed = "auth0.client_key_passed",
    /// A header of a client's own, which Auth0's edge refuses, gets through to it.
    Auth0ClientHeaderPassed = "auth0.client_header_passed",
    /// The tenant no longer lists the domain.
    Auth0DomainGone = "auth0.domain_gone",
    /// The domain was deleted and created anew, or moved to another origin.
    Auth0DomainRecreated = "auth0.domain_recreated",
    /// The Management API does not call the domain ready.
    Auth0DomainNotReady = "auth0.domain_not_ready",
    /// Auth0 could not verify that the domain is the owner's.
    Auth0VerificationError = "auth0.verification_error",
    /// The configured origin host is not the one that Auth0 names.
    Auth0OriginMismatch = "auth0.origin_mismatch",
    /// Auth0 does not see who the clients are.
    Auth0ClientIpHidden = "auth0.client_ip_hidden",
    /// Endpoints of the discovery document are on another host.
    Auth0EndpointForeign = "auth0.endpoint_foreign",
    /// No token can be verified with the keys that clients get.
    Auth0JwksUnusable = "auth0.jwks_unusable",
    /// Clients get other keys than the tenant shows.
    Auth0JwksMismatch = "auth0.jwks_mismatch",
    /// A cache gives out an old document.
    Auth0CacheStale = "auth0.cache_stale",
    /// A cache does not tell requests apart by their query strings.
    Auth0CacheIgnoresQuery = "auth0.cache_ignores_query",
    /// The certificate of a signing key runs out.
    Auth0SigningCertificateExpires = "auth0.signing_certificate_expires",
    /// The proxy does not forward every path.
    Auth0PathNotForwarded = "auth0.path_not_forwarded",
    /// The origin host cannot be reached past the proxy.
    Auth0EdgeUnreachable = "auth0.edge_unreachable",
    /// The origin host's certificate does not show that it is it.
    Auth0EdgeUntrusted = "auth0.edge_untrusted",
    /// The origin host answers with an error.
    Auth0EdgeError = "auth0.edge_error",
    /// The origin host does not accept the key we were given.
    Auth0EdgeKeyRejected = "auth0.edge_key_rejected",
    /// The tenant's canonical host cannot be reached.
    Auth0TenantUnreachable = "auth0.tenant_unreachable",
    /// The tenant's canonical host answers with an error.
    Auth0TenantError = "auth0.tenant_error",
    /// No resolver answers us, for any name.
    WatchResolverFailed = "watch.resolver_failed",
    /// A tenant's list of custom domains could not be read, or not be believed.
    WatchDiscoveryFailed = "watch.discovery_failed",
    /// One of several resolvers does not answer us.
    WatchResolverDown = "watch.resolver_down",
    /// This machine has no route over IPv6.
    WatchNoIpv6 = "watch.no_ipv6",
    /// The list of transparency logs is old.
    WatchLogListStale = "watch.log_list_stale",
    /// We have no sockets, memory or ports left to look with.
    WatchOutOfResources = "watch.out_of_resources",
    /// There is more to look at than we can in time.
    WatchOverloaded = "watch.overloaded",
    /// We cannot see: the references fail as well.
    WatchBlind = "watch.blind",
    /// The state could not be stored.
    WatchStoreFailed = "watch.store_failed",
    /// A notice could not be delivered.
    WatchNoticeFailing = "watch.notice_failing",
    /// A notice was refused for good.
    WatchNoticeDead = "watch.notice_dead",
    /// The switch that is to miss us does not hear us.
    WatchHeartbeatFailing = "watch.heartbeat_failing",
}

impl Code {
    /// The code of this name, if we know it; state written by a newer version may hold others.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }

    /// The part before the dot: `dns`, `connect`, `tls`, `http`, `auth0` or `watch`.
    pub fn area(self) -> &'static str {
        self.as_str().split('.').next().unwrap_or_default()
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
