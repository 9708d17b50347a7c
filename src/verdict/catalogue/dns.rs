//! What is wrong with records, with whoever serves them, and with what they stand on.

use super::{Entry, Family, Kind, Severity};
use crate::observation::Code;

pub(super) const ENTRIES: &[Entry] = &[
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
];
