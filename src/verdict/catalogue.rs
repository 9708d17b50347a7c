//! The catalogue: one entry a code, with everything that is said of the code whatever the domain.
//! `explain`, the mails, the docs and the schema of the labels are made from here.

use super::Severity;
use crate::observation::{Code, View};

/// What is said of a code whatever the domain.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// Its severity unless the circumstances say otherwise.
    pub severity: Severity,
    /// How often it must be seen before it becomes an incident.
    pub kind: Kind,
    /// Which of its relatives are one and the same incident.
    pub family: Family,
    /// A few words, for a subject line.
    pub title: &'static str,
    /// What it means for customers, and how it is detected.
    pub explanation: &'static str,
    /// How to mend it.
    pub remedy: &'static str,
}

/// How often a finding must be seen before it becomes an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A date, a name, a trust path, an issuer: read once more on a fresh connection.
    Fact,
    /// A record: seen by two resolvers, or in two looks.
    Record,
    /// A fault of the network: seen in three looks.
    Network,
    /// Our own sight: seen in looks for as long as a fault of the network; told at once where we know it ourselves.
    Watch,
}

/// Findings of one family are one incident: a change of code within it updates or escalates, it never
/// resolves and opens anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The dates of a certificate.
    Expiry,
    /// Whom the certificate is for.
    Name,
    /// Whether its chain leads to a root.
    Trust,
    /// How long the root is good for.
    Root,
    /// CAs that are not trusted any more.
    Distrust,
    /// Stores of roots that disagree.
    Stores,
    /// Whether certificates were revoked.
    Revocation,
    /// The stapled OCSP response.
    Staple,
    /// Surplus or misplaced certificates in the chain.
    Chain,
    /// Whether certificates are made by the rules.
    Profile,
    /// Different certificates at different addresses.
    Rollout,
    /// What the last renewal changed.
    Renewal,
    /// Whether the CA wants the certificate replaced.
    Recall,
    /// The strength of keys and signatures.
    Strength,
    /// The versions of TLS that are taken besides those in use.
    Protocol,
    /// Whether transparency logs know the certificate.
    Transparency,
    /// For how long the certificate is valid at all.
    Lifetime,
    /// Whether private key and certificate belong together.
    Key,
    /// Whether the server lets us in with, or without, a client certificate.
    Client,
    /// The dates of our client certificate.
    ClientExpiry,
    /// Whether connection and handshake come to be.
    Reach,
    /// Whether there is an address.
    Address,
    /// Where the CNAME leads.
    Cname,
    /// The ownership record.
    Txt,
    /// Whether the CA may issue the next certificate.
    Caa,
    /// Whether resolvers tell the same.
    Agreement,
    /// Whether resolvers say what the zone says.
    Spreading,
    /// The zone's own name servers.
    Nameservers,
    /// How long DNSSEC signatures are good.
    Signatures,
    /// The registration of the domain.
    Registration,
    /// Whether a login reaches Auth0.
    Login,
    /// Whether the proxy keeps its part of the bargain.
    Contract,
    /// Whether browsers are told to come by HTTPS alone.
    Hsts,
    /// Whether Auth0 still knows the domain as the same.
    Listing,
    /// How far Auth0 says that its set-up is.
    Setup,
    /// Whether Auth0 sees who its clients are.
    ClientIp,
    /// Whether the discovery document leads where it should.
    Document,
    /// Whether clients get the keys that tokens are signed with.
    Keys,
    /// Whether a cache tells requests apart.
    Cache,
    /// The dates of the signing keys' certificates.
    SigningCertificate,
    /// Whether the proxy forwards everything.
    Forwarding,
    /// Auth0's edge, past the proxy.
    Edge,
    /// The tenant's canonical host.
    Tenant,
    /// Our resolvers.
    Resolver,
    /// Our lists of domains.
    Discovery,
    /// Our own network.
    Sight,
    /// Our own list of transparency logs.
    Logs,
    /// Our own store.
    Store,
    /// Our own mail.
    Delivery,
}

impl Family {
    /// Those that are known by what not every look asks.
    pub const SELDOM_ASKED: [Self; 4] = [Self::Caa, Self::Spreading, Self::Nameservers, Self::Signatures];

    /// Its stable name, a part of an incident's key.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expiry => "expiry",
            Self::Name => "name",
            Self::Trust => "trust",
            Self::Root => "root",
            Self::Distrust => "distrust",
            Self::Stores => "stores",
            Self::Revocation => "revocation",
            Self::Staple => "staple",
            Self::Chain => "chain",
            Self::Profile => "profile",
            Self::Rollout => "rollout",
            Self::Renewal => "renewal",
            Self::Recall => "recall",
            Self::Strength => "strength",
            Self::Protocol => "protocol",
            Self::Transparency => "transparency",
            Self::Lifetime => "lifetime",
            Self::Key => "key",
            Self::Client => "client",
            Self::ClientExpiry => "client_expiry",
            Self::Reach => "reach",
            Self::Address => "address",
            Self::Cname => "cname",
            Self::Txt => "txt",
            Self::Caa => "caa",
            Self::Agreement => "agreement",
            Self::Spreading => "spreading",
            Self::Nameservers => "nameservers",
            Self::Signatures => "signatures",
            Self::Registration => "registration",
            Self::Login => "login",
            Self::Contract => "contract",
            Self::Hsts => "hsts",
            Self::Listing => "listing",
            Self::Setup => "setup",
            Self::ClientIp => "client_ip",
            Self::Document => "document",
            Self::Keys => "keys",
            Self::Cache => "cache",
            Self::SigningCertificate => "signing_certificate",
            Self::Forwarding => "forwarding",
            Self::Edge => "edge",
            Self::Tenant => "tenant",
            Self::Resolver => "resolver",
            Self::Discovery => "discovery",
            Self::Sight => "sight",
            Self::Logs => "logs",
            Self::Store => "store",
            Self::Delivery => "delivery",
        }
    }
}

impl Family {
    /// The view by which its findings are seen: one family is seen by one.
    pub const fn view(self) -> View {
        match self {
            Self::Edge => View::Origin,
            Self::Tenant => View::Tenant,
            _ => View::Proxy,
        }
    }
}

/// The entry of a code. Every code has one; a test holds that.
pub fn entry(code: Code) -> &'static Entry {
    &ENTRIES[code as usize]
}

/// Every entry, in the order of [`Code::ALL`].
pub const ENTRIES: &[Entry] = &[
    Entry {
        code: Code::DnsNxdomain,
        severity: Severity::Critical,
        kind: Kind::Record,
        family: Family::Address,
        title: "the domain does not exist",
        explanation: "The resolver says NXDOMAIN: neither the custom domain nor anything below it exists, so no \
            browser finds the login page. Usually the record was removed, the zone lost its delegation, or the \
            registration ran out.",
        remedy: "Publish the CNAME (or A and AAAA) of the custom domain again; if the record is there, check the \
            zone's delegation and the registration of its parent domain.",
    },
    Entry {
        code: Code::DnsNoAddress,
        severity: Severity::Critical,
        kind: Kind::Record,
        family: Family::Address,
        title: "the domain has no address",
        explanation: "The name exists, but the resolver finds neither an A nor an AAAA record at the end of its \
            CNAME chain, so no browser can connect.",
        remedy: "Point the custom domain at the proxy: a CNAME to its host name, or A and AAAA records. If a CNAME \
            is there, the name it points at has lost its addresses.",
    },
    Entry {
        code: Code::DnsServfail,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Address,
        title: "DNS fails for the domain",
        explanation: "Every resolver asked answers SERVFAIL, REFUSED or nothing for this domain, while it answers \
            for another zone. The zone's name servers are down or unreachable, or its DNSSEC signatures do not \
            verify.",
        remedy: "Ask the zone's name servers directly (`dig +norecurse @NAMESERVER DOMAIN`), and check DNSSEC with \
            `dig +cd`: an answer with +cd and none without means broken signatures.",
    },
    Entry {
        code: Code::DnsDnssecBogus,
        severity: Severity::Critical,
        kind: Kind::Record,
        family: Family::Address,
        title: "DNSSEC signatures do not verify",
        explanation: "The resolver answers SERVFAIL for the domain, and answers once it is asked not to check DNSSEC \
            signatures (the CD bit): they are there and do not verify. Whoever asks a resolver that checks \
            (the large public ones all do) finds no login page; others still do. The resolver's own words \
            are among the facts where it gives any. The fault may also lie in a zone that the CNAME leads \
            to.",
        remedy: "See which link is broken: `dig +cd +dnssec DOMAIN`, `delv DOMAIN`. After a change of keys or of \
            DNS provider put the DS record at the registrar right, or take it out until the zone is signed \
            again; if signatures have run out, sign the zone anew and find out why that did not happen by \
            itself.",
    },
    Entry {
        code: Code::DnsCnameDangling,
        severity: Severity::Critical,
        kind: Kind::Record,
        family: Family::Address,
        title: "the CNAME leads nowhere",
        explanation: "The custom domain is a CNAME for a name that does not exist (NXDOMAIN). Nobody can log in, and \
            where strangers can register that name, they could serve their own page under your domain.",
        remedy: "Point the CNAME at the proxy's present host name, or bring that host name back. Do it soon: a name \
            that others can register is open to takeover.",
    },
    Entry {
        code: Code::DnsCnameMismatch,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Cname,
        title: "the CNAME points elsewhere",
        explanation: "The CNAME chain of the custom domain does not contain the target that was configured as \
            `cname`. A name without any CNAME (flattened to addresses by the DNS provider) is not judged.",
        remedy: "Point the CNAME at the expected target, or set `cname` to the new one if the move was meant.",
    },
    Entry {
        code: Code::DnsCnamePointsAtEdge,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Cname,
        title: "the CNAME bypasses the proxy",
        explanation: "The CNAME leads straight to Auth0's edge (`….edge.tenants….auth0.com`). With self-managed \
            certificates the edge has none for your domain: the proxy must stand in between.",
        remedy: "Point the CNAME at your reverse proxy, and let the proxy forward to the edge host.",
    },
    Entry {
        code: Code::DnsCnameLoop,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Cname,
        title: "the CNAME chain is a loop",
        explanation: "Following the CNAMEs comes back to a name already passed, or takes more steps than resolvers \
            follow.",
        remedy: "Break the loop: one of the aliases in the chain must point at a name with addresses.",
    },
    Entry {
        code: Code::DnsCnameRetired,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Cname,
        title: "the CNAME leads to a retired service",
        explanation: "The CNAME chain passes a name of a service that its operator has switched off, by a dated \
            table. Where it still answers, somebody keeps it up for a while and gives no warranty: `azureedge.net` \
            is Azure CDN, whose part from Edgio ended on 2025-01-15, and whose older profiles Microsoft moves to \
            Azure Front Door; Auth0's edge names with dots ended on 2021-11-03.",
        remedy: "Move the proxy to a service that is still offered, and point the CNAME at its host name. Of Azure \
            CDN that is an Azure Front Door endpoint (`….azurefd.net`).",
    },
    Entry {
        code: Code::DnsCnameTakeover,
        severity: Severity::Critical,
        kind: Kind::Record,
        family: Family::Address,
        title: "the CNAME can be taken over",
        explanation: "The CNAME chain ends in a name that does not exist (NXDOMAIN), at a service where anybody can \
            choose such a name anew, by a dated table. Nobody can log in, and a stranger who registers it serves \
            their own page under your domain, with a certificate for it: they could collect passwords.",
        remedy: "Remove the CNAME now, or register the name again with the service yourself; then point the custom \
            domain at the proxy's present host name. If somebody else has it already, remove the CNAME and look for \
            certificates issued since (certificate transparency).",
    },
    Entry {
        code: Code::DnsTxtMissing,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT record is missing",
        explanation: "The TXT record by which Auth0 verifies that you own the domain is not there. On a verified \
            domain logins go on, but verifying it again would fail; while verification is pending it is critical, \
            as the window in which Auth0 looks for it runs out (its pages say three days, one says seven).",
        remedy: "Publish the TXT record with the name and value the Auth0 Dashboard shows under Branding > Custom \
            Domains. Mind a doubled zone in the name, and quotes or a trailing dot in the value.",
    },
    Entry {
        code: Code::DnsTxtMismatch,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT record is wrong",
        explanation: "There are TXT records at the ownership name, but none has the configured value. They are left \
            over from an earlier custom domain, or mistyped.",
        remedy: "Set the TXT record to the value the Auth0 Dashboard shows, or correct `txt` if the domain was \
            created anew and has a new value.",
    },
    Entry {
        code: Code::DnsTxtQuoted,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT value is in quotes",
        explanation: "The TXT record holds the right value, but with quotation marks as a part of it: the form of \
            the DNS provider quotes by itself, and quotes were typed as well. While verification is pending it is \
            critical: Auth0 compares with the value it gave.",
        remedy: "Enter the value without quotation marks. `dig +short TXT` shows exactly one pair around it, which \
            belongs to how it prints.",
    },
    Entry {
        code: Code::DnsTxtTrailingDot,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT value ends in a dot",
        explanation: "The TXT record holds the right value, but with a dot at its end, which belongs to names and \
            not to values; some templates of infrastructure code append one. While verification is pending it is \
            critical: Auth0 compares with the value it gave.",
        remedy: "Remove the dot at the end of the value; in Terraform write the record without a suffix of `.`.",
    },
    Entry {
        code: Code::DnsTxtInexact,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT value is not quite right",
        explanation: "The TXT record holds the right value but for whitespace around it or in it, or for upper case. \
            Whitespace makes it another value, critical while verification is pending; upper case is the same UUID \
            to RFC 9562, but nobody has published how Auth0 compares, so that it stays a warning.",
        remedy: "Copy the value from the Auth0 Dashboard once more, without spaces or line breaks and in lower case.",
    },
    Entry {
        code: Code::DnsTxtDoubledZone,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT record has its zone twice",
        explanation: "The ownership record is not at its name, but at the same name with the zone appended once \
            more, e.g. `_cf-custom-hostname.login.example.com.example.com`: the DNS provider completes names by \
            itself, and the whole name was entered. Auth0 does not find it there; while verification is pending that \
            is critical.",
        remedy: "Enter the name without the zone (`_cf-custom-hostname.login` in the zone `example.com`), or with a \
            dot at its end where the provider takes whole names, and remove the doubled one.",
    },
    Entry {
        code: Code::DnsTxtMisplaced,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "the ownership TXT record is elsewhere",
        explanation: "The value is there, but at another name than the one Auth0 asks: at a parent domain, without \
            the underscore, at the name that the custom domain is a CNAME for, or, while verification is pending, at \
            the custom domain itself, where Auth0 had it until about 2020. On a verified domain the custom domain \
            itself is accepted. While verification is pending it is critical.",
        remedy: "Publish the record at the name the Auth0 Dashboard shows, by default `_cf-custom-hostname.` before \
            the custom domain, and remove the other.",
    },
    Entry {
        code: Code::DnsTxtHidden,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Txt,
        title: "a CNAME hides the ownership TXT record",
        explanation: "The name of the ownership record is a CNAME, often by a wildcard below the custom domain. A \
            name with a CNAME has no other records (RFC 1034 section 3.6.2), so whoever asks for the TXT record gets \
            what is at the CNAME's target, and the value is not there. While verification is pending it is critical.",
        remedy: "Remove the CNAME at that name and publish the TXT record in its place; a record at the name itself \
            also overrides a wildcard. Or publish the value at the CNAME's target, if that zone is yours.",
    },
    Entry {
        code: Code::DnsCaaForbidsIssuer,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Caa,
        title: "CAA forbids the next renewal",
        explanation: "Before it issues, a CA looks for CAA records: at the domain, else at the names above it, following \
            CNAMEs at each, so that the records of what the domain points at may be those that count. The first it \
            meets do not name the CA of the certificate in use, or forbid everybody. Logins go on until that \
            certificate runs out; its renewal will be refused.",
        remedy: "Add `CAA 0 issue \"…\"` (`issuewild` where there is one and the certificate is a wildcard) with the name \
            that your CA goes by where the records stand (facts.caa_name), or renew at a CA they name.",
    },
    Entry {
        code: Code::DnsCaaUnknownIssuer,
        severity: Severity::Info,
        kind: Kind::Record,
        family: Family::Caa,
        title: "nobody knows whether CAA lets the CA renew",
        explanation: "There are CAA records that name the CAs which may issue for the domain, and the certificate in use \
            is from a CA of which we do not know by what name it goes there. Nothing is said to be wrong.",
        remedy: "Look up in your CA's certification practice statement by which names it goes in CAA records, and check \
            that one of them is among facts.permitted; `caa_identifiers` tells us.",
    },
    Entry {
        code: Code::DnsCaaUnreadable,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Caa,
        title: "CAA records cannot be read",
        explanation: "The domain's addresses are found, but the question for CAA records, at it or at a name above it, \
            is answered by SERVFAIL, an error or nothing. A CA that cannot read them must take it as a no (RFC 8659 \
            §3; the CA/Browser Forum lets it go on only in zones without DNSSEC, and not every CA does), so the next \
            renewal may fail.",
        remedy: "Ask for them (`dig CAA NAME` with facts.caa_name): name servers and firewalls that drop types they do \
            not know, broken DNSSEC signatures and a CNAME to a dead zone are the usual reasons.",
    },
    Entry {
        code: Code::DnsResolversDisagree,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Agreement,
        title: "resolvers tell different things",
        explanation: "Several resolvers are asked, and they differ in what all must tell alike: whether the domain is \
            there and has an address at all, where its CNAME leads, the ownership TXT record, the CAA records. While \
            the TTL of one of the answers explains it, as after a change, it is only information; later somebody's \
            answer is wrong, and so is what part of your customers get: name servers of the zone that differ, \
            signatures that only some resolvers check, or a resolver that filters or lies. The domain is judged by \
            what most resolvers say. Different addresses are no disagreement: a CDN gives each resolver those near it.",
        remedy: "Compare the zone's name servers (`dig +norecurse @NAMESERVER DOMAIN`), and check DNSSEC where one \
            resolver says SERVFAIL. If the zone is in order, take the resolver that is wrong out of `nameservers`.",
    },
    Entry {
        code: Code::DnsResolverOutdated,
        severity: Severity::Info,
        kind: Kind::Record,
        family: Family::Spreading,
        title: "a DNS change is still spreading",
        explanation: "The zone's own name servers agree on other records than the resolver still says: the change is \
            made, and the old answer lives in caches until its TTL is over; the facts say until when \
            (`cached_until`). What is told is information, unless the new records are worse than the old: \
            then it warns, for customers will notice once the caches forget.",
        remedy: "Nothing, if the change was meant: wait until `cached_until`. If it warns, put the records back \
            before then.",
    },
    Entry {
        code: Code::DnsNameserverUnreachable,
        severity: Severity::Warning,
        kind: Kind::Network,
        family: Family::Nameservers,
        title: "a name server does not answer",
        explanation: "One of the zone's name servers, asked directly, gave no answer over UDP. Resolvers try the \
            others, which costs time, and nobody is left if those fail too. Critical where no name server of \
            the zone answers and the resolver fails for the domain as well. If none of them answers and the \
            resolver does, either caches still have the records, or something between here and them keeps \
            port 53 shut.",
        remedy: "Bring the name server back, or take it out of the zone's NS records and of the delegation. If \
            all are said to be unreachable, ask one from elsewhere (`dig +norecurse @NAMESERVER DOMAIN`); if \
            only we cannot, open port 53 for UDP and TCP, or leave `authoritative` off.",
    },
    Entry {
        code: Code::DnsNameserverLame,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Nameservers,
        title: "a name server does not have the zone",
        explanation: "One of the name servers that the zone or its delegation names answers, but not for the zone: it \
            refuses, fails, refers to others, or its answer is not authoritative (RFC 9499: lame). Resolvers \
            that meet it must try another. Critical where no name server of the zone is better and the \
            resolver fails for the domain as well.",
        remedy: "Load the zone at that name server; if it is a secondary, see why it could not transfer the zone \
            and has let it run out. Or take it out of the NS records and of the delegation at the registrar.",
    },
    Entry {
        code: Code::DnsNameserversDisagree,
        severity: Severity::Warning,
        kind: Kind::Record,
        family: Family::Nameservers,
        title: "name servers disagree",
        explanation: "The zone's own name servers have different records for the domain, so that customers get one or \
            the other by chance. For the first ten minutes it is information: a change needs a moment to \
            reach every server. Servers that contradict themselves when asked again (load balancing by DNS) \
            are not judged. Also information where only serial numbers differ.",
        remedy: "Compare the serial numbers among the facts: a secondary with a lower one does not transfer the \
            zone (NOTIFY, TSIG, firewall). With two DNS providers make the change at both.",
    },
    Entry {
        code: Code::DnsDelegationDiffers,
        severity: Severity::Info,
        kind: Kind::Record,
        family: Family::Nameservers,
        title: "zone and delegation name other servers",
        explanation: "The NS records in the zone are not those by which the zone above delegates it. Resolvers may ask \
            either set, so each must serve the zone; a server that one of them forgets is easily forgotten \
            altogether.",
        remedy: "Make both the same: the NS records in the zone, and the name servers at the registrar.",
    },
    Entry {
        code: Code::DnsSignatureExpiresSoon,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Signatures,
        title: "a DNSSEC signature runs out soon",
        explanation: "A DNSSEC signature that the domain stands on runs out soon: signers renew theirs long before \
            (with half, a third or a quarter of the time left), so this one is not being renewed. When it \
            has run out, resolvers that check signatures find nothing. A warning at the lesser of two days \
            and a quarter of its validity, critical at the lesser of twelve hours and a tenth. Asked of a \
            resolver that the operator trusts to check (`dnssec`).",
        remedy: "Sign the zone anew, and see why the signer has stopped: its log, its clock, its keys, the disk. \
            If the zone is signed by hand or by cron, run it now.",
    },
    Entry {
        code: Code::DnsSignatureExpired,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Signatures,
        title: "a DNSSEC signature has run out",
        explanation: "A DNSSEC signature that the domain stands on has run out, so that resolvers which check \
            signatures answer SERVFAIL as soon as their caches forget the old one.",
        remedy: "Sign the zone anew at once. If that takes longer than the TTL of the DS record, ask the \
            registrar to take the DS record out first.",
    },
    Entry {
        code: Code::DnsDnssecUnverified,
        severity: Severity::Info,
        kind: Kind::Fact,
        family: Family::Signatures,
        title: "the zone is signed, but not verified",
        explanation: "The records are signed, but the resolver, which is said to check signatures, does not vouch for \
            the zone (no AD bit for its keys): mostly because the zone above has no DS record for it, else \
            because the resolver does not check after all.",
        remedy: "Put the DS record of the zone's key at the registrar. If it is there, see that the resolver in \
            `nameservers` does validate, or take `dnssec` out.",
    },
    Entry {
        code: Code::DnsRegistrationExpiresSoon,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Registration,
        title: "the registration runs out soon",
        explanation: "The registration of the domain itself runs out, by the registry's own word (RDAP): every name \
            below it goes with it. A warning 30 days before, critical 7 days before and once it has run out. \
            Asked once a day where `rdap` is on; if the registry does not answer, the last good answer \
            counts, and its age is told.",
        remedy: "Renew it at the registrar, and see that the automatic renewal is on and the card on file is \
            good. Some registrars renew only in the last days: then silence this until that day.",
    },
    Entry {
        code: Code::DnsRegistrationHold,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Registration,
        title: "the registration is suspended",
        explanation: "The registry has the domain on hold or on its way out (`client hold`, `server hold`, `redemption \
            period`, `pending delete`): it is taken out of the DNS, at once or as soon as caches forget, \
            whatever its name servers say.",
        remedy: "Ask the registrar today: an unpaid bill, a contact whose address was not confirmed, or a \
            complaint. Out of the redemption period only the registrar can restore it, for a fee; once it is \
            pending delete nobody can.",
    },
    Entry {
        code: Code::ConnectRefused,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the connection is refused",
        explanation: "The host answers that nothing listens on the port: the proxy is down, or listens elsewhere.",
        remedy: "Start the proxy, or correct its listen address; if the address is an old one, remove it from DNS.",
    },
    Entry {
        code: Code::ConnectReset,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the connection is reset",
        explanation: "The connection came to be and was torn down before the handshake ended: a proxy that crashes, \
            a load balancer without a healthy backend, or a firewall in between.",
        remedy: "Look at the proxy's error log at this time, and at the health of what a load balancer forwards to.",
    },
    Entry {
        code: Code::ConnectTimeout,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "no answer from the address",
        explanation: "The connection attempt got no answer before the deadline: the host is down, or a firewall \
            drops what comes.",
        remedy: "Check that the host is up and that its firewall and security group let port 443 in from anywhere.",
    },
    Entry {
        code: Code::ConnectUnreachable,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the address is unreachable",
        explanation: "The network reports that there is no way to the address.",
        remedy: "Check the address in DNS (is it a private one?) and the routing to it.",
    },
    Entry {
        code: Code::TlsHandshakeFailed,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the TLS handshake fails",
        explanation: "The connection stands, but no TLS comes to be: the server offers nothing modern (TLS 1.2 or \
            1.3 with forward secrecy), has no certificate for this name, or does not speak TLS on this port.",
        remedy: "Check that the proxy has a certificate for this server name, and offers TLS 1.2 or 1.3 with ECDHE \
            suites; `openssl s_client -connect ADDRESS -servername DOMAIN` shows what it says.",
    },
    Entry {
        code: Code::TlsTimeout,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Reach,
        title: "the TLS handshake hangs",
        explanation: "The connection stands, but the handshake did not end before the deadline: an overloaded proxy, \
            or a device in between that swallows large packets.",
        remedy: "Look at the proxy's load; if only some networks see it, suspect the path MTU or a middlebox.",
    },
    Entry {
        code: Code::TlsOnlyLegacy,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Reach,
        title: "the server speaks no modern TLS",
        explanation: "The server is up, but the latest version it speaks is TLS 1.1, 1.0 or SSL 3.0, which browsers refuse \
            since 2020 (RFC 8996). It was greeted by hand in those versions after the ordinary handshake had \
            failed, and went on. Its certificate is judged as it is shown; that it has the key was not proved.",
        remedy: "Switch TLS 1.2 and 1.3 on at the proxy (`ssl_protocols TLSv1.2 TLSv1.3;` in nginx), or upgrade its \
            TLS library; then switch the older versions off.",
    },
    Entry {
        code: Code::TlsOnlyOldSuites,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Reach,
        title: "the server has only old cipher suites",
        explanation: "The server speaks TLS 1.2, but none of its cipher suites has both forward secrecy over an elliptic \
            curve (ECDHE) and authenticated encryption (GCM, ChaCha20). Some browsers still take what it has, \
            many SDKs do not. It was greeted by hand after the ordinary handshake had failed; the login behind \
            it cannot be looked at.",
        remedy: "Switch suites such as ECDHE-ECDSA-AES128-GCM-SHA256 and ECDHE-RSA-AES128-GCM-SHA256 on at the proxy, \
            and better TLS 1.3 as well.",
    },
    Entry {
        code: Code::TlsExpired,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Expiry,
        title: "the certificate has expired",
        explanation: "The certificate, or one that every path from it to a root needs, is past its notAfter. \
            Browsers and SDKs refuse the connection. Auth0 does not see this: it does not manage the certificate.",
        remedy: "Renew the certificate, install it with its intermediates on every node of the proxy, and reload \
            the proxy. If it was renewed already, the proxy has not loaded it.",
    },
    Entry {
        code: Code::TlsExpiresSoon,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Expiry,
        title: "the certificate expires soon",
        explanation: "Less is left of the certificate (or of the first to run out on its best path to a root) than \
            the threshold: by default a warning at the lesser of 21 days and 25% of the lifetime, critical at the \
            lesser of 7 days and 10%. Automation that works would have renewed by then.",
        remedy: "Renew the certificate now and find out why the automation did not: look at the ACME client's log \
            and timer, and check that the proxy reloads after a renewal.",
    },
    Entry {
        code: Code::TlsNotYetValid,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Expiry,
        title: "the certificate is not valid yet",
        explanation: "The certificate, or one its path needs, has a notBefore in the future. Browsers refuse it.",
        remedy: "Put the previous certificate back until then, or have one issued that is valid now. If the date \
            looks right, check this machine's clock.",
    },
    Entry {
        code: Code::TlsNameMismatch,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Name,
        title: "the certificate is for another name",
        explanation: "None of the certificate's DNS names matches the custom domain (RFC 9525; the common name does \
            not count). The proxy answers with its default certificate, or was given the wrong one.",
        remedy: "Install a certificate whose subject alternative names include the domain, and check that the proxy \
            picks it by server name (SNI).",
    },
    Entry {
        code: Code::TlsUntrusted,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Trust,
        title: "the certificate is not trusted",
        explanation: "No path leads from the certificate to a root of the trust store, not even with the \
            intermediates we know. Its dates are judged apart from this.",
        remedy: "Install a certificate of a CA that browsers trust. If the CA is your own, name its root under \
            `roots`.",
    },
    Entry {
        code: Code::TlsSelfSigned,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Trust,
        title: "the certificate is self-signed",
        explanation: "The certificate is signed with its own key and is in no trust store: usually the proxy's \
            placeholder from before the real one was installed.",
        remedy: "Install the certificate a CA issued for the domain, and check that the proxy's configuration names \
            it and not the placeholder.",
    },
    Entry {
        code: Code::TlsRootExpires,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Root,
        title: "the root runs out",
        explanation: "The root at the end of the certificate's path runs out within 180 days, or has. Of a root many \
            clients look at name and key alone, Chrome with its own list and Java among them; others, as OpenSSL and Go \
            do, look at its dates as well and refuse every certificate below it from then on. Of several paths the one \
            whose root lasts longest counts.",
        remedy: "Have the next certificate issued below another root of the CA, or send the cross-signed intermediate \
            that leads to one. If the root is your own, renew it and hand it out in time.",
    },
    Entry {
        code: Code::TlsRootDistrusted,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Distrust,
        title: "the CA is not trusted any more",
        explanation: "Every path from the certificate leads over a CA that stands on the list of `distrust`: browsers \
            drop a CA by such rules, often for what is issued after a day, long before its root leaves their lists. \
            Critical if the certificate itself is among what is refused; a warning if it is not yet, but its \
            renewal would be.",
        remedy: "Have a certificate issued by another CA, before the renewal where that is what is refused.",
    },
    Entry {
        code: Code::TlsStoresDisagree,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Stores,
        title: "trust stores disagree",
        explanation: "A store of `compare_roots` sees the certificate otherwise than `roots` does: trusted by one and \
            not by the other. Customers with the one can log in, those with the other cannot.",
        remedy: "Have the certificate issued by a CA that is in all of them, send a cross-signed intermediate that leads \
            to a root of the other, or add the root to the store that lacks it.",
    },
    Entry {
        code: Code::TlsRevoked,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Revocation,
        title: "the certificate was revoked",
        explanation: "The CA says that the certificate, or an intermediate that every path needs, was revoked: in the \
            OCSP response the server staples, or on the list the certificate names; both verified. Browsers refuse it, \
            some at once, some when their own lists next come.",
        remedy: "Have a new certificate issued, with a new key if the reason is keyCompromise, and deploy it; ask the CA \
            why it revoked this one.",
    },
    Entry {
        code: Code::TlsMustStaple,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Staple,
        title: "the OCSP response it must have is missing",
        explanation: "The certificate says that servers must staple an OCSP response to it (RFC 7633), and this one \
            staples none, or one that is out of date or worth nothing. Firefox then refuses the connection, so its users \
            cannot log in; other browsers ignore it.",
        remedy: "Turn stapling on (nginx: `ssl_stapling on`, with `ssl_trusted_certificate` and a `resolver`) and see that \
            the server reaches the CA's responder; or have a certificate issued without must-staple: many CAs have ended OCSP.",
    },
    Entry {
        code: Code::TlsOcspStale,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Staple,
        title: "the stapled OCSP response is out of date",
        explanation: "The OCSP response that the server staples has run out, or is not valid yet. Browsers pass it over or \
            refuse it; the server no longer gets new ones.",
        remedy: "See why the server cannot fetch a new response (outgoing HTTP, `resolver`, a `ssl_stapling_file` nobody \
            renews), and that its clock is right; or turn stapling off.",
    },
    Entry {
        code: Code::TlsOcspInvalid,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Staple,
        title: "the stapled OCSP response is worth nothing",
        explanation: "What the server staples is no OCSP response for its certificate: another certificate's, not signed by \
            the issuer or somebody it appointed, an error of the responder, or one that does not know the certificate. \
            Some browsers refuse the connection.",
        remedy: "Restart the server or renew its `ssl_stapling_file` after a new certificate was deployed; else turn \
            stapling off until the responder answers well.",
    },
    Entry {
        code: Code::TlsChainIncomplete,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Trust,
        title: "an intermediate certificate is missing",
        explanation: "The server does not send a certificate that the path to a root needs. Browsers that know or \
            fetch it log in; Java, Android, Go and most SDKs fail.",
        remedy: "Install the full chain: the leaf followed by its intermediates (`fullchain.pem`, not `cert.pem`).",
    },
    Entry {
        code: Code::TlsChainStale,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Chain,
        title: "a surplus certificate in the chain has expired",
        explanation: "The server sends a certificate that no path needs and that has run out, such as an old \
            cross-sign. Good verifiers ignore it; some old ones stumble over it.",
        remedy: "Remove the expired certificate from the chain file.",
    },
    Entry {
        code: Code::TlsNonconforming,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Profile,
        title: "a certificate is not made by the rules",
        explanation: "The chain is trusted, but a certificate on its best path to a root breaks a rule of RFC 5280 or \
            of the CA/Browser Forum's Baseline Requirements (BR); facts.rules names each certificate, the section and \
            what is wrong. Chrome and Mozilla let it pass; strict verifiers, as some API clients have, refuse the \
            connection. Roots that browsers ship are not judged.",
        remedy: "Have the certificate issued anew by a CA that keeps to the rules. If the CA is your own, mend its \
            profile: key identifiers in every certificate, basic constraints and key usage critical in every CA's, \
            positive serial numbers of up to 20 octets.",
    },
    Entry {
        code: Code::TlsAddressesDisagree,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Rollout,
        title: "addresses serve different certificates",
        explanation: "The domain's addresses present different leaf certificates. All good ones are a rollout and mere \
            information for 24 hours; after that a node was left behind. An RSA and an ECDSA certificate that every \
            address has are a pair and no disagreement; of each kind there must be one.",
        remedy: "Deploy the new certificate to the addresses that still serve the old one, and reload them.",
    },
    Entry {
        code: Code::TlsRolloutStuck,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Rollout,
        title: "a new certificate is not everywhere",
        explanation: "A new certificate was first seen more than 24 hours ago, and some addresses still serve the one it \
            replaces. Until then it is a rollout under way, and `tls.addresses_disagree` names the addresses as \
            information. An address at which both are seen in turn has several servers behind it. An RSA and an ECDSA \
            certificate side by side are no rollout.",
        remedy: "Deploy the new certificate to the addresses named, reload the servers there, and find out why the \
            automation passed them over: it will again.",
    },
    Entry {
        code: Code::TlsSplitByFamily,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Rollout,
        title: "IPv4 and IPv6 serve different certificates",
        explanation: "All IPv4 addresses present one certificate and all IPv6 addresses another. For 24 hours that may be \
            a rollout under way and is information; after that one of the two was left behind, mostly by a listener or a \
            server that the automation does not know. Browsers choose either, so only some customers will meet the old \
            one's end.",
        remedy: "Deploy the newer certificate where the other family ends: look for a separate `listen` or server block \
            for IPv6, or a separate load balancer.",
    },
    Entry {
        code: Code::TlsFlipBack,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Rollout,
        title: "an old certificate is back",
        explanation: "An address serves a certificate that had been replaced there, or everywhere. Mostly a server was \
            restarted from an old image or volume, or a deployment was rolled back. It ends when the newer one is \
            served again; if the old one is back everywhere, after a week, for then it was meant.",
        remedy: "Deploy the newer certificate to the addresses named again, and to whatever their servers start from.",
    },
    Entry {
        code: Code::TlsRenewalLate,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Expiry,
        title: "the renewal is late",
        explanation: "By the renewals seen so far this domain renews at a certain share of a certificate's lifetime, and \
            this time it has not, with a margin for chance. The certificate is still good, but the automation has \
            probably failed. Two renewals must have been seen, and they must be regular; where somebody renews by hand \
            nothing is expected. Before the threshold of `tls.expires_soon` there is time to look at it in peace.",
        remedy: "Look into the log of whatever renews the certificate, and renew it: a port that was closed, a DNS \
            credential that has run out and a CAA record are the usual reasons.",
    },
    Entry {
        code: Code::TlsRenewalSurprising,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Renewal,
        title: "the new certificate is not what it was",
        explanation: "A certificate was replaced by one of another CA, by one without some of its names, or by one with a \
            weaker key (below 128 bits of security). If nobody here meant that, somebody else may have had a certificate \
            issued for the domain. It is said for 20 hours, so that it is told once; the history of the domain keeps it.",
        remedy: "Ask whoever renews the certificate whether that was meant; if nobody knows of it, have the certificate \
            revoked and find out who had it issued. A CAA record keeps other CAs away.",
    },
    Entry {
        code: Code::TlsRenewalUrged,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Recall,
        title: "the CA wants the certificate replaced",
        explanation: "The CA's renewal information (ACME, RFC 9773) suggests to renew now, long before that would be due. \
            CAs do that when they are about to revoke certificates, mostly many at once and within one to five days; \
            clients that read it renew by themselves, others do not. The facts have the CA's explanation where it gives \
            one.",
        remedy: "Renew the certificate now, by force where the client holds it for too early (`certbot renew \
            --force-renewal`), and deploy it everywhere.",
    },
    Entry {
        code: Code::TlsWeakKey,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Strength,
        title: "a key is too weak",
        explanation: "The certificate, or one that its path to a root needs, has an RSA key below 2048 bits, a key on \
            a curve below 256 bits, or a DSA key. Browsers and TLS libraries refuse these: where the weak key is an \
            authority's, no path to a root is found, which is told as a finding of its own.",
        remedy: "Have the certificate issued anew for a key of P-256 or of RSA with 2048 bits or more; if the weak key \
            is an authority's, by another authority.",
    },
    Entry {
        code: Code::TlsWeakSignature,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Strength,
        title: "a signature is too weak",
        explanation: "The certificate, or one that its path to a root needs, is signed with SHA-1, MD5 or MD2, for which \
            forgeries can be made. Browsers refuse such a path, and then no other is found. A root's own signature does \
            not count: nobody relies on it.",
        remedy: "Have the certificate issued anew, and install the authority's present intermediates with it, which are \
            signed with SHA-256 or better.",
    },
    Entry {
        code: Code::TlsLegacyVersion,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Protocol,
        title: "TLS 1.0 or 1.1 is still taken",
        explanation: "The server goes on with a client that offers nothing later than TLS 1.0, TLS 1.1 or SSL 3.0. Nobody \
            may use these any more (RFC 8996, RFC 7568), no browser does, and audits (PCI DSS) mark them. Asked \
            once a day at each address, and at once by `notafter check`; `legacy_versions = false` asks no more.",
        remedy: "Name the versions to be taken at the proxy: `ssl_protocols TLSv1.2 TLSv1.3;` in nginx, a security \
            policy of TLS 1.2 or later at a CDN or load balancer.",
    },
    Entry {
        code: Code::TlsLifetimeTooLong,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Lifetime,
        title: "the certificate is valid for too long",
        explanation: "From its first to its last second the certificate is valid for longer than browsers accept of one \
            issued then: 398 days from 2020-09-01 on, 200 from 2026-03-15, 100 from 2027-03-15, 47 from 2029-03-15 (CA/Browser \
            Forum, Baseline Requirements section 6.3.2). Told only where the path ends in a root of Mozilla's \
            list: the certificates of a company's own root may be valid for longer.",
        remedy: "Have the certificate issued anew with a lifetime within the limit, and let its renewal run by itself.",
    },
    Entry {
        code: Code::TlsSctMissing,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Transparency,
        title: "too few transparency logs know the certificate",
        explanation: "Chrome and Safari refuse a certificate of a public CA that does not carry enough signed timestamps \
            (SCTs) of certificate transparency logs: two from distinct logs for a lifetime of up to 180 days, \
            three beyond, from at least two operators. Counted are those in the certificate, and with \
            `ct_log_list` only those whose signature is right and whose log is on that list in a state that \
            counts. Without any it is a warning: a server may send them in the handshake, which is rare and \
            which we do not see. Told only where the path ends in a root of Mozilla's list, of certificates \
            issued after April 2018.",
        remedy: "Have the certificate issued anew: a public CA embeds the timestamps by itself. If only logs have \
            been retired since, a renewal mends it.",
    },
    Entry {
        code: Code::TlsSctInvalid,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Transparency,
        title: "a transparency log's signature is wrong",
        explanation: "The certificate carries a signed timestamp (SCT) of a log on your `ct_log_list` that does not verify \
            with that log's key: the certificate is not the one that was logged, or the CA has put it together \
            wrongly. Browsers do not count such a timestamp. Told only where the path ends in a root of \
            Mozilla's list.",
        remedy: "Have the certificate issued anew, and report it to the CA: facts.logs names the logs.",
    },
    Entry {
        code: Code::TlsChainMisordered,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Chain,
        title: "the chain is out of order",
        explanation: "The certificates are not sent leaf first and then each issuer right after what it has signed, \
            as TLS 1.2 demands (RFC 5246 section 7.4.2). Browsers sort them; some SDKs and older clients fail.",
        remedy: "Put the chain file in order: the leaf, its issuer, that one's issuer, without anything in between; \
            usually the authority's `fullchain.pem` is just that.",
    },
    Entry {
        code: Code::TlsChainSurplus,
        severity: Severity::Info,
        kind: Kind::Fact,
        family: Family::Chain,
        title: "the chain holds more than is needed",
        explanation: "The server sends certificates that no path to a root of the trust store needs: a cross-sign for \
            older clients, or leftovers. They cost bytes in every handshake and harm nobody else.",
        remedy: "Remove them from the chain file, unless clients with an older trust store need them.",
    },
    Entry {
        code: Code::TlsKeyMismatch,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Key,
        title: "the private key is not the certificate's",
        explanation: "The public key in the certificate is not that of the private key beside it, as `notafter inspect` \
            compares them before they are deployed. A server that is given the two does not start, or goes on \
            with what it had.",
        remedy: "Take the private key for which the certificate was requested, or have a certificate issued for this one.",
    },
    Entry {
        code: Code::TlsClientCertificateRequired,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Client,
        title: "the server demands a client certificate",
        explanation: "The server asks for a client certificate and goes no further without one: by an alert, by closing \
            the connection, or with the error page of nginx. Customers' browsers have none, so that they are \
            shut out of this domain; of a host that is meant for mutual TLS it is as it should be.",
        remedy: "If this domain is for browsers, switch the demand off at the proxy (`ssl_verify_client off;` in \
            nginx). If it is for machines that have certificates, give notafter one of its own: \
            `[domain.client_certificate]`.",
    },
    Entry {
        code: Code::TlsClientCertificateRefused,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Client,
        title: "the client certificate is refused",
        explanation: "The server asked for a client certificate, was shown the one from `[domain.client_certificate]`, and \
            goes no further. Either that certificate is not what it accepts, or the server has lost the CA that \
            it checks client certificates against; then it refuses everybody's.",
        remedy: "Look at the proxy's log for the reason. Check that its CA file for clients (`ssl_client_certificate` \
            in nginx) holds the CA of this certificate, and that the certificate is in date and for clients.",
    },
    Entry {
        code: Code::TlsClientCertificateExpired,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::ClientExpiry,
        title: "our client certificate has expired",
        explanation: "The client certificate from `[domain.client_certificate]` is past its notAfter. A proxy that checks \
            refuses it, and notafter sees nothing behind it; machines whose certificates were issued at the same \
            time may be shut out as well.",
        remedy: "Renew the client certificate, put it at the same place and reload notafter.",
    },
    Entry {
        code: Code::TlsClientCertificateExpiresSoon,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::ClientExpiry,
        title: "our client certificate expires soon",
        explanation: "Less is left of the client certificate from `[domain.client_certificate]`, or of a certificate in \
            its chain, than `warn_before`, or `critical_before`, says.",
        remedy: "Renew the client certificate, put it at the same place and reload notafter.",
    },
    Entry {
        code: Code::HttpErrorStatus,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Login,
        title: "the login answers with an error",
        explanation: "The request for the discovery document through the proxy was answered with an error status. \
            502, 503, 504: the proxy does not reach Auth0. 401, 403: refused, by the proxy or by Auth0's edge (a Host header \
            that is not the origin's does that).",
        remedy: "Look at the proxy's upstream log: the origin host must be resolved afresh, with TLS 1.2 or later, \
            SNI and Host set to the origin host, and the cname-api-key header set.",
    },
    Entry {
        code: Code::HttpTimeout,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Login,
        title: "the login does not answer",
        explanation: "The handshake stands, but no complete answer to the request for the discovery document came \
            before the deadline: the proxy waits for an origin that does not answer.",
        remedy: "Check from the proxy's host that the origin host can be reached on port 443; its addresses change, \
            so a proxy that resolved it once at start must be reloaded.",
    },
    Entry {
        code: Code::HttpBroken,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Login,
        title: "the answer breaks off",
        explanation: "The handshake stands, but the connection was closed before a complete HTTP answer came, or \
            what came was no HTTP.",
        remedy: "Check that the proxy speaks HTTP on this port, and look for crashes in its error log.",
    },
    Entry {
        code: Code::HttpRedirect,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Login,
        title: "the discovery document is redirected",
        explanation: "The proxy answers the request for the discovery document with a redirect. It must forward the \
            request to Auth0, not send the customer elsewhere; many SDKs do not follow.",
        remedy: "Exempt the custom domain from the redirect rule, and let the proxy forward every path.",
    },
    Entry {
        code: Code::HttpRateLimited,
        severity: Severity::Warning,
        kind: Kind::Network,
        family: Family::Login,
        title: "requests are rate-limited",
        explanation: "The answer was 429 Too Many Requests. We ask less often from now on; but if the proxy does not \
            forward the customers' addresses, all of them share one limit.",
        remedy: "Check that the proxy forwards exactly one client address in X-Forwarded-For, and whether a limit of \
            its own is too low.",
    },
    Entry {
        code: Code::HttpNoHttpsRedirect,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "http:// does not lead to https://",
        explanation: "The custom domain was asked over plain HTTP, and the answer is no redirect to `https://` of \
            the same host: who types the name without `https://` does not find the login page, or finds it \
            unprotected. That nothing answers at port 80 at all is only information. Tried once a day where \
            `contract` asks for it.",
        remedy: "Answer every plain request with 301 or 308 to `https://` and the same host: nginx `return 301 \
            https://$host$request_uri;`, HAProxy `http-request redirect scheme https code 301 unless { ssl_fc }`, \
            Apache `Redirect permanent / https://…/`; Caddy does it by itself.",
    },
    Entry {
        code: Code::HttpHstsMissing,
        severity: Severity::Info,
        kind: Kind::Fact,
        family: Family::Hsts,
        title: "no Strict-Transport-Security",
        explanation: "Auth0 sends `Strict-Transport-Security` with its answers; through the proxy it is missing. \
            Browsers then try plain HTTP first whenever somebody types the name.",
        remedy: "Let the proxy pass the header on, or set it itself: nginx `add_header Strict-Transport-Security \
            \"max-age=31536000\" always;`.",
    },
    Entry {
        code: Code::Auth0NotJson,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Login,
        title: "something else answers than Auth0",
        explanation: "The answer is 200, but no OpenID discovery document: a default page of the proxy, a block \
            page, or another site.",
        remedy: "Check that the proxy forwards the whole domain, every path, to the origin host.",
    },
    Entry {
        code: Code::Auth0IssuerMismatch,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Login,
        title: "Auth0 answers as another domain",
        explanation: "The discovery document's issuer is not https://DOMAIN/. Tokens would name the wrong issuer and \
            be refused: usually the proxy forwards to the tenant's own host instead of the custom domain's origin, \
            or a cache serves another domain's document.",
        remedy: "Forward to the origin host of this custom domain (….edge.tenants….auth0.com, shown in the \
            Dashboard) with Host set to it, not to the tenant's own host.",
    },
    Entry {
        code: Code::Auth0KeyRejected,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Login,
        title: "Auth0 rejects the proxy's key",
        explanation: "Auth0's edge does not accept the cname-api-key: the proxy does not send it, or sends an old \
            one. What the edge answers then is not documented beyond the words `Invalid API key`; \
            facts.basis says what this finding rests on.",
        remedy: "Set the header cname-api-key in the proxy to the key Auth0 showed when the domain was verified. It \
            is shown once: if it is lost, the custom domain must be deleted and created anew.",
    },
    Entry {
        code: Code::Auth0Challenge,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Login,
        title: "we were challenged as a bot",
        explanation: "A bot challenge was served instead of the discovery document. We were challenged; users may \
            not be. SDKs and back ends cannot solve challenges.",
        remedy: "Exempt the OAuth and OIDC paths (/.well-known/*, /oauth/*, /userinfo …) from the managed challenge \
            and bot rules.",
    },
    Entry {
        code: Code::Auth0PostBlocked,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "POST does not get through",
        explanation: "A POST to `/oauth/token` without parameters, which Auth0 answers with an error in JSON, came \
            to nothing: discovery works, and no login does. CDNs let only GET and HEAD pass unless told otherwise. \
            Tried where `contract` names `post`; the tenant's log may have a failed exchange for it.",
        remedy: "Allow GET, HEAD, OPTIONS, PUT, POST, PATCH and DELETE in the proxy: CloudFront `AllowedMethods`, \
            nginx no `limit_except`, a firewall's rule for `/oauth/token` or for bodies.",
    },
    Entry {
        code: Code::Auth0AuthorizationStripped,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "Authorization is dropped",
        explanation: "`/userinfo` answers the same without a token and with one that is none: the `Authorization` \
            header does not arrive, and every call with a token fails with 401 through the custom domain. That \
            Auth0's two answers differ is an assumption nobody has published.",
        remedy: "Forward `Authorization`: CloudFront drops it unless it is among the forwarded headers or the \
            origin request policy is `AllViewerExceptHostHeader`; in nginx take out `proxy_set_header \
            Authorization \"\";`.",
    },
    Entry {
        code: Code::Auth0CacheKeyIncomplete,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "the cache mixes requests up",
        explanation: "Two requests that differ in their query string, or in their cookies, were answered from the \
            same entry of a cache. Users may get each other's pages, and login loops.",
        remedy: "Best, do not cache at all: Auth0 answers quickly and marks what may be kept. Else make all query \
            strings and all cookies a part of the cache's key, and honour `Cache-Control`.",
    },
    Entry {
        code: Code::Auth0AuthorizeElsewhere,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "/authorize leads elsewhere",
        explanation: "`/authorize`, asked for a client of yours, does not redirect to the login page on the custom \
            domain: either the proxy rewrites `Location`, or Auth0 does not take the request for one of the custom \
            domain's.",
        remedy: "Take rewriting of `Location` out of the proxy (nginx `proxy_redirect off;`), and check that the \
            origin is the edge host of the custom domain, not the tenant's canonical host. If the answer is an \
            error page, check `client` and `redirect_uri` of the configuration.",
    },
    Entry {
        code: Code::Auth0CookieAltered,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "the proxy alters cookies",
        explanation: "A session cookie of Auth0's arrives without `Secure` or `HttpOnly`, with another `SameSite` \
            or `Path`, or with a `Domain`. Auth0 supports no proxy that does that: sessions are lost, or read by \
            other hosts.",
        remedy: "Take out what rewrites cookies: nginx `proxy_cookie_domain`, `proxy_cookie_path` and \
            `proxy_cookie_flags`, HAProxy `rspirep Set-Cookie` and `cookie … rewrite`, Apache \
            `ProxyPassReverseCookieDomain` and `Header edit Set-Cookie`.",
    },
    Entry {
        code: Code::Auth0MetadataForeign,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "federation metadata is wrong",
        explanation: "The SAML or WS-Federation metadata through the custom domain is missing, or names another \
            host than the custom domain. Whoever imports it sends users to the wrong place.",
        remedy: "Check that the proxy forwards the path and that its origin is the edge host of the custom domain; \
            then let the other side import the metadata again.",
    },
    Entry {
        code: Code::Auth0ClientKeyPassed,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "clients may send their own key",
        explanation: "A request with a `cname-api-key` of the client's own was refused, while one without is not: \
            the proxy passes on, or adds to, what clients send instead of replacing it. Tried by hand alone.",
        remedy: "Set the header, do not add it: nginx `proxy_set_header cname-api-key …`, HAProxy `http-request \
            set-header`, Caddy `header_up` without `+`, Apache `RequestHeader set`.",
    },
    Entry {
        code: Code::Auth0ClientHeaderPassed,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Contract,
        title: "clients may break their request",
        explanation: "A request with a header that Cloudflare, which Auth0's edge is made of, refuses was refused, \
            while one without is not. Some users come with such a header through no fault of theirs, by a \
            company's proxy or a phone network's, and cannot log in (Cloudflare error 1000). Tried by hand alone.",
        remedy: "Send Auth0 exactly one client address, and replace what clients send: nginx `proxy_set_header \
            X-Forwarded-For $remote_addr;` (not `$proxy_add_x_forwarded_for`) and `proxy_set_header \
            CF-Connecting-IP \"\";`, HAProxy `http-request set-header X-Forwarded-For %[src]` and `del-header \
            CF-Connecting-IP`.",
    },
    Entry {
        code: Code::Auth0DomainGone,
        severity: Severity::Critical,
        kind: Kind::Fact,
        family: Family::Listing,
        title: "Auth0 no longer knows the domain",
        explanation: "The tenant's Management API lists its custom domains, and this one is no longer among them: it \
            was deleted, or moved to another tenant. Auth0's edge refuses its logins.",
        remedy: "If it was not meant, create the custom domain again, verify it, and give the proxy the new key and \
            the new origin: both are new. If it was, take the `[[domain]]` out of the configuration, or name it in \
            `ignore` of its `[[tenant]]`.",
    },
    Entry {
        code: Code::Auth0DomainRecreated,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Listing,
        title: "the domain was created anew",
        explanation: "The Management API gives the custom domain another id or another origin than before: it was \
            deleted and created anew. The `cname-api-key` from before opens nothing any more, and the origin host \
            is another one. It is critical as long as no login gets through; it ends once logins have been seen to \
            work an hour later.",
        remedy: "Give the proxy both: the new `cname-api-key`, which the verification showed once, and the new origin \
            host (target, `Host` and SNI). If the key was not kept, the domain must be created once more.",
    },
    Entry {
        code: Code::Auth0DomainNotReady,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Setup,
        title: "Auth0 does not call the domain ready",
        explanation: "The Management API's status of the custom domain is another than `ready`. `failed` (the \
            verification was given up) and `disabled` are critical; a pending verification is a warning where logins \
            work already, for the domain has fallen back to it, and else only information.",
        remedy: "`pending` and `pending_verification`: publish the ownership TXT record and verify in the Dashboard \
            under Branding > Custom Domains. `failed`: mend the record, then verify again. `disabled`: only Auth0's \
            support can help.",
    },
    Entry {
        code: Code::Auth0VerificationError,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Setup,
        title: "Auth0 could not verify the domain",
        explanation: "The Management API carries an error of the verification. Auth0 knows three: a DNS record that \
            does not say what it should, a conflict with the network's configuration (a Cloudflare zone hold on your \
            zone), and CAA records.",
        remedy: "`DNS verification record issue`: compare the TXT record with the Dashboard's. `Domain conflicts with \
            network configuration`: lift the zone hold at Cloudflare, verify, set it again. `CAA record issue`: let \
            the CAA records allow the CA.",
    },
    Entry {
        code: Code::Auth0OriginMismatch,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Listing,
        title: "the origin host is another one",
        explanation: "`origin` of the configuration is not the origin host that the Management API names for the \
            domain. If the proxy has the same old host, its requests go to nobody.",
        remedy: "Compare the origin host in the proxy with the Dashboard's (Branding > Custom Domains), and set \
            `origin` to it, or take it out: the Management API tells it.",
    },
    Entry {
        code: Code::Auth0ClientIpHidden,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::ClientIp,
        title: "Auth0 does not see who the clients are",
        explanation: "A token was asked for through the domain, and the tenant's log has it from another address than \
            ours, or for another host. If that address is the proxy's, Auth0 takes everybody for one client: its \
            brute-force protection and its limits then hit all at once, and locations in MFA and logs are wrong. \
            Checked once a day, one domain at a time, where `client_ip` of the `[[tenant]]` asks for it.",
        remedy: "Let the proxy send the client's address, one and no more, in the header that the custom domain's \
            `custom_client_ip_header` names (`X-Forwarded-For` if it names none), and drop what clients send in it: \
            nginx `proxy_set_header X-Forwarded-For $remote_addr`, HAProxy `http-request set-header X-Forwarded-For \
            %[src]`.",
    },
    Entry {
        code: Code::Auth0EndpointForeign,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Document,
        title: "endpoints are on another host",
        explanation: "The discovery document names this domain as its issuer, but some of its endpoints are on another \
            host (facts.endpoints). Clients that follow it leave the custom domain: cookies are lost, and tokens name \
            another issuer.",
        remedy: "Let nothing rewrite or cache the document on the way, and forward to the origin host of this domain \
            alone.",
    },
    Entry {
        code: Code::Auth0JwksUnusable,
        severity: Severity::Critical,
        kind: Kind::Network,
        family: Family::Keys,
        title: "the signing keys cannot be had",
        explanation: "The discovery document comes through the proxy, but /.well-known/jwks.json does not, or holds no RS256 \
            key with a name (kid). Applications that have no keys yet cannot verify any token.",
        remedy: "Let the proxy forward /.well-known/jwks.json like every other path, and purge it from its cache.",
    },
    Entry {
        code: Code::Auth0JwksMismatch,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Keys,
        title: "the signing keys are not the tenant's",
        explanation: "The keys that clients get through the proxy are others than those the tenant shows at its own host, \
            compared by their names (kid). For ten minutes after either was seen to change this is information: keys are \
            rotated, and caches may lag so long.",
        remedy: "Purge /.well-known/jwks.json from the proxy's cache, and let it keep the document no longer than its \
            Cache-Control says; if none of the keys is the tenant's, check that `tenant` and the proxy's origin belong \
            together.",
    },
    Entry {
        code: Code::Auth0CacheStale,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Keys,
        title: "a cache gives out old documents",
        explanation: "Asked as clients ask, the proxy gives another document (of the keys: other keys) than when it is \
            asked with a query string that no cache can know. Clients work with what Auth0 no longer says, and a cached \
            success hides that Auth0 is not reached.",
        remedy: "Bypass the cache for this domain (Auth0's own guides do), or let it keep to Cache-Control; then purge it.",
    },
    Entry {
        code: Code::Auth0CacheIgnoresQuery,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Cache,
        title: "a cache ignores query strings",
        explanation: "A request with a query string that nobody had used before was answered out of a cache, as Age, X-Cache \
            or CF-Cache-Status says. Logins carry their state in query strings: such a cache can give one user the \
            answer meant for another.",
        remedy: "Bypass the cache for this domain, or make all query strings and cookies part of its key (nginx: no \
            `proxy_cache`, or `proxy_cache_key` with `$is_args$args`; CloudFront: CachingDisabled).",
    },
    Entry {
        code: Code::Auth0SigningCertificateExpires,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::SigningCertificate,
        title: "a signing certificate runs out",
        explanation: "The certificate of one of the tenant's signing keys (x5c) ends within 30 days, or has ended. Most \
            clients verify tokens by the key alone; SAML service providers may refuse it.",
        remedy: "Rotate the signing key (Dashboard, Settings > Signing Keys), and give SAML service providers the new \
            certificate.",
    },
    Entry {
        code: Code::Auth0PathNotForwarded,
        severity: Severity::Warning,
        kind: Kind::Network,
        family: Family::Forwarding,
        title: "not every path reaches Auth0",
        explanation: "The discovery document comes through the proxy, but /userinfo, which no cache may answer, does not get \
            the refusal that Auth0 gives without a token (401). The proxy forwards some paths alone, or what comes \
            through is out of a cache.",
        remedy: "Forward every path and method of the domain to the origin host, without a cache (nginx: one `location /`).",
    },
    Entry {
        code: Code::Auth0EdgeUnreachable,
        severity: Severity::Info,
        kind: Kind::Network,
        family: Family::Edge,
        title: "the origin host cannot be reached",
        explanation: "Past the proxy no connection to the origin host comes to be, or its name leads nowhere. Information as \
            long as logins through the proxy work or their failure is told; a warning where everything that comes through \
            the proxy is out of a cache.",
        remedy: "Check `origin` against the Dashboard, and that this machine may connect to it on port 443.",
    },
    Entry {
        code: Code::Auth0EdgeUntrusted,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Edge,
        title: "the origin host does not show who it is",
        explanation: "The certificate at the origin host is not for its name, leads to no trusted root, or is out of date. \
            Nothing was asked there and the key was not sent: we do not know to whom.",
        remedy: "Check `origin` and `origin_addresses`; where `roots` names roots of your own alone, add \"mozilla\"; look for \
            a TLS-inspecting proxy between this machine and the internet.",
    },
    Entry {
        code: Code::Auth0EdgeError,
        severity: Severity::Info,
        kind: Kind::Network,
        family: Family::Edge,
        title: "the origin host answers with an error",
        explanation: "Past the proxy the origin host answers with an error, not at all, or as another domain. Information as \
            long as logins through the proxy work or their failure is told; a warning where everything that comes through \
            the proxy is out of a cache.",
        remedy: "If logins fail too, it is Auth0's edge: see the domain's state in the Dashboard, and \
            https://status.auth0.com.",
    },
    Entry {
        code: Code::Auth0EdgeKeyRejected,
        severity: Severity::Warning,
        kind: Kind::Fact,
        family: Family::Edge,
        title: "the origin host rejects our key",
        explanation: "The origin host refuses a request with the key in `cname_api_key`, while logins through the proxy work: \
            the proxy has another key. Without the right one a fault cannot be told from one of the edge's. Where logins \
            fail as well this is information, as their failure is told: the key is dead.",
        remedy: "Set `cname_api_key` to the key that the proxy sends, and `origin` to the host it forwards to.",
    },
    Entry {
        code: Code::Auth0TenantUnreachable,
        severity: Severity::Info,
        kind: Kind::Network,
        family: Family::Tenant,
        title: "the tenant's own host cannot be reached",
        explanation: "No connection to the tenant's canonical host comes to be. Customers do not come that way; it tells a \
            fault of Auth0 from one of the proxy.",
        remedy: "Check `tenant`, and that this machine may connect to it on port 443.",
    },
    Entry {
        code: Code::Auth0TenantError,
        severity: Severity::Info,
        kind: Kind::Network,
        family: Family::Tenant,
        title: "the tenant's own host answers with an error",
        explanation: "The tenant's canonical host answers with an error, not at all, or does not show that it is that host. \
            Customers do not come that way; it tells a fault of Auth0 from one of the proxy.",
        remedy: "See https://status.auth0.com; if the host is right, nothing is to be mended at the proxy.",
    },
    Entry {
        code: Code::WatchResolverFailed,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Resolver,
        title: "our resolvers do not answer",
        explanation: "No configured name server answers for this domain nor for any other: it is our own sight that \
            fails, so the domain's state is unknown.",
        remedy: "Check `nameservers` (or /etc/resolv.conf) and this machine's way to them.",
    },
    Entry {
        code: Code::WatchDiscoveryFailed,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Discovery,
        title: "custom domains cannot be listed",
        explanation: "A tenant's Management API did not list its custom domains, or its list cannot be believed: it is \
            empty, has lost half of what it named, or holds what we cannot read. What was watched stays watched, by \
            what was known before; a new domain is not noticed.",
        remedy: "The summary says which: wrong credentials (check client id and secret), not allowed (grant the \
            application `read:custom_domains`, and nothing more), blocked (let this machine through the tenant's \
            access control list, or set `api_base` to a custom domain). A shortened list is believed after a day.",
    },
    Entry {
        code: Code::WatchResolverDown,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Resolver,
        title: "one of our resolvers does not answer",
        explanation: "Of several resolvers in `nameservers` one gives no usable answer, to this question nor to one \
            for another zone; facts.resolvers says how it fails. The domains are judged by what the others say, so \
            that no verdict is worse for it. It is asked only now and then until it answers again.",
        remedy: "Check that resolver and this machine's way to it, or take it out of `nameservers`.",
    },
    Entry {
        code: Code::WatchNoIpv6,
        severity: Severity::Info,
        kind: Kind::Watch,
        family: Family::Sight,
        title: "no IPv6 here",
        explanation: "This machine has no route over IPv6, so AAAA addresses are not looked at.",
        remedy: "Give the machine IPv6, or set `families = \"ipv4\"` to say that it is meant.",
    },
    Entry {
        code: Code::WatchLogListStale,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Logs,
        title: "the list of transparency logs is old",
        explanation: "The list of certificate transparency logs that `ct_log_list` names was made more than 70 days ago. \
            Logs come and go: Chrome stops enforcing transparency by a list of that age, and we count by it no \
            more. Signatures of the logs that it has are still checked.",
        remedy: "Fetch the present list (Google publishes it as `log_list.json`, version 3), put it at the same place \
            and reload notafter. Best by a timer, once a day.",
    },
    Entry {
        code: Code::WatchOutOfResources,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Sight,
        title: "we have nothing left to look with",
        explanation: "The system refuses us another socket: too many files are open in this process or on this \
            machine, or it has no memory, network buffers or free ports left. What was not looked at for that is not \
            judged; what was seen of it last still stands.",
        remedy: "Raise the limit of open files (`LimitNOFILE=` of the service, `ulimit -n`), and see what else on \
            this machine uses up files, memory or ports.",
    },
    Entry {
        code: Code::WatchBlind,
        severity: Severity::Warning,
        kind: Kind::Watch,
        family: Family::Sight,
        title: "we cannot see",
        explanation: "The watched domains fail, and so does every reference that shares nothing with them: it is our \
            own network that is down.",
        remedy: "Check this machine's network; nothing is known of the domains until a reference answers.",
    },
    Entry {
        code: Code::WatchStoreFailed,
        severity: Severity::Critical,
        kind: Kind::Watch,
        family: Family::Store,
        title: "the state cannot be stored",
        explanation: "Committing the state has failed for 30 seconds. Looking and telling go on from memory; after a \
            restart some notices may be sent once more.",
        remedy: "Check that the store's disk has room and is writable by the daemon.",
    },
    Entry {
        code: Code::WatchNoticeFailing,
        severity: Severity::Critical,
        kind: Kind::Watch,
        family: Family::Delivery,
        title: "mail cannot be delivered",
        explanation: "A relay refuses or does not answer; notices are kept and tried again.",
        remedy: "Check the relay, its credentials and its certificate with `notafter mail test`.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_entry_in_order() {
        assert_eq!(ENTRIES.len(), Code::ALL.len());
        for (entry, code) in ENTRIES.iter().zip(Code::ALL) {
            assert_eq!(entry.code, *code);
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            for text in [entry.title, entry.explanation, entry.remedy] {
                assert!(!text.is_empty() && !text.contains("  "), "{code}: {text:?}");
            }
        }
    }

    #[test]
    fn kinds_follow_the_area() {
        for entry in ENTRIES {
            let expected = match entry.code.area() {
                "watch" => Some(Kind::Watch),
                "connect" => Some(Kind::Network),
                _ => None,
            };
            assert!(expected.is_none_or(|kind| kind == entry.kind), "{}", entry.code);
        }
    }
}
