//! What is wrong with handshakes, certificates and chains.

use super::{Entry, Family, Kind, Severity};
use crate::observation::Code;

pub(super) const ENTRIES: &[Entry] = &[
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
];
