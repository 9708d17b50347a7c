//! [`consequence`]: what happens if nobody acts. One or two sentences for each family of findings, and for the codes
//! that say more; with the date, where it is the certificate's last day that decides.

use super::words;
use crate::domain::UnixTime;
use crate::observation::Code;
use crate::verdict::catalogue;
use crate::verdict::{Family, Severity};

/// What a sentence depends on besides the code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case<'a> {
    /// The code, as it is stored.
    pub(super) code: &'a str,
    /// The severity, as it is stored.
    pub(super) severity: &'a str,
    /// The domain, or `these 12 domains`.
    pub(super) whom: &'a str,
    /// When the (first) certificate runs out.
    pub(super) expires: Option<UnixTime>,
    /// The moment that is spoken at.
    pub(super) now: UnixTime,
}

/// What happens if nobody acts; none of a code that this version does not know.
pub(super) fn consequence(case: &Case<'_>) -> Option<String> {
    let code = Code::parse(case.code)?;
    // A network's fault at some addresses only is a warning.
    let partly = Severity::parse(case.severity) < Some(Severity::Critical);
    let until = match case.expires {
        Some(expires) if expires >= case.now => format!("until {}", words::date(expires)),
        _ => "until the certificate runs out".to_owned(),
    };
    let has_expired = case.expires.is_some_and(|expires| expires < case.now);
    let words = match of_code(code) {
        Some(words) if has_expired && words.contains("{until}") => of_code(Code::TlsExpired).unwrap_or(words),
        Some(words) => words,
        None => of_family(catalogue::entry(code).family, partly),
    };
    Some(words.replace("{until}", &until).replace("{whom}", case.whom))
}

/// Where more can be said than of the family.
const fn of_code(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::TlsExpiresSoon => {
            "Logins work for now, but only {until}: then browsers and SDKs refuse the certificate, and all logins of \
             {whom} fail."
        }
        Code::TlsExpired => {
            "Browsers and SDKs refuse the certificate: logins of {whom} fail, until a new one is served at every address."
        }
        Code::TlsNotYetValid => "Browsers and SDKs refuse the certificate until its first day: logins of {whom} fail.",
        Code::TlsRenewalLate => {
            "Logins work for now. If the certificate is not renewed, they do so only {until}: then all logins of {whom} \
             fail."
        }
        Code::TlsOnlyOldSuites => "Clients that have given the old cipher suites up cannot log in by {whom}.",
        Code::TlsChainIncomplete => {
            "Browsers that know the missing certificate from elsewhere come through; many apps, SDKs and servers do \
             not, and cannot log in by {whom}."
        }
        Code::TlsClientCertificateExpired => "What demands it turns us away, and a fault behind it is not seen.",
        Code::TlsClientCertificateExpiresSoon => {
            "From then on what demands it turns us away, and a fault behind it is not seen."
        }
        Code::DnsCnameTakeover => {
            "Whoever takes the free name answers for {whom}, with a certificate of their own: they read every password \
             that is entered there."
        }
        Code::DnsCaaForbidsIssuer => {
            "The CA will refuse the next renewal. Logins work {until}; then all logins of {whom} fail."
        }
        Code::DnsDnssecUnverified => "Nothing fails for it, but forged answers would be believed.",
        Code::DnsSignatureExpiresSoon => {
            "Once it has run out, resolvers that check signatures answer with an error: their users do not find {whom}."
        }
        Code::DnsRegistrationHold => "The registry takes {whom} out of DNS: nobody finds it, and all its logins fail.",
        Code::Auth0PostBlocked => "The login form is sent by POST: nobody can log in by {whom}.",
        Code::Auth0DomainGone => {
            "Auth0 answers for {whom} no longer: logins fail, now or as soon as its caches forget."
        }
        Code::HttpRedirect => "SDKs do not follow it: apps that read the discovery document cannot log in by {whom}.",
        Code::HttpRateLimited | Code::Auth0Challenge => {
            "What happened to us can happen to users and apps: some logins by {whom} are turned away."
        }
        _ => return None,
    })
}

/// What holds for every code of the family that says nothing else.
const fn of_family(family: Family, partly: bool) -> &'static str {
    match family {
        Family::Expiry => "When the certificate runs out, all logins of {whom} fail.",
        Family::Name | Family::Trust => {
            "Browsers and SDKs refuse the certificate: logins of {whom} fail wherever it is served."
        }
        Family::Root => "When the root has run out, clients refuse every certificate below it: logins of {whom} fail.",
        Family::Distrust => {
            "Browsers that have dropped the CA refuse the certificate: their users cannot log in by {whom}."
        }
        Family::Stores => {
            "Clients whose store does not trust the chain cannot log in by {whom}; the others notice nothing."
        }
        Family::Revocation => "Clients that check revocation refuse the certificate: they cannot log in by {whom}.",
        Family::Staple => "Clients that mind the stapled response refuse the connection; the others go on.",
        Family::Chain => {
            "Browsers do not mind; some older clients and libraries refuse such a chain, and cannot log in."
        }
        Family::Profile => {
            "Strict clients refuse such a certificate, and browsers become stricter: their users cannot log in."
        }
        Family::Rollout => {
            "Users get one certificate or the other, as the address goes; when the older one runs out, those who get it \
             cannot log in."
        }
        Family::Renewal => {
            "If it was not meant: clients that pin the key or the CA cannot log in, or somebody else has a certificate \
             for {whom}."
        }
        Family::Recall => "The CA may revoke the certificate before its last day; then clients that check refuse it.",
        Family::Strength => "Clients that refuse what is weak cannot log in by {whom}, and they become more.",
        Family::Protocol => {
            "No login fails for it, but connections of old clients can be attacked, and audits find it."
        }
        Family::Transparency | Family::Lifetime => {
            "Chrome and Safari refuse the certificate: their users cannot log in by {whom}."
        }
        Family::Key => "No handshake succeeds where it is served: logins of {whom} fail there.",
        Family::Client => {
            "Whoever shows no certificate that is taken, every browser among them, cannot log in by {whom}."
        }
        Family::ClientExpiry => "What demands our certificate turns us away, and a fault behind it is not seen.",
        Family::Reach if partly => {
            "Clients that are sent to this address wait or fail before they try another. If the others fail as well, \
             nobody can log in by {whom}."
        }
        Family::Reach => "Nobody can log in by {whom} until this is mended.",
        Family::Address => "Nobody finds {whom} once caches have forgotten it: all logins fail.",
        Family::Cname => "Logins of {whom} go another way than was meant: they fail, or fail when the old target goes.",
        Family::Txt => {
            "Auth0 cannot verify that the domain is yours: one that is new does not go live, and one that is live could \
             not be verified again."
        }
        Family::Caa => "The certificate in use goes on; its next renewal may be refused, and is noticed only then.",
        Family::Agreement => {
            "Some users are sent elsewhere than others; whether they can log in depends on what is there."
        }
        Family::Spreading => "Users of that resolver go the old way until it has forgotten the old answer.",
        Family::Nameservers => "Answers are slow or differ; if another name server fails, nobody finds {whom}.",
        Family::Signatures => "Resolvers that check signatures answer with an error: their users do not find {whom}.",
        Family::Registration => {
            "When the registration ends, the whole zone goes out of DNS: logins of {whom} fail, and its mail as well."
        }
        Family::Login if partly => "Some logins by {whom} fail or are slow; if it spreads, all do.",
        Family::Login => "Nobody can log in by {whom} until this is mended.",
        Family::Contract => {
            "What the proxy drops or alters is missing at Auth0: some ways to log in fail, or are not safe."
        }
        Family::Hsts => "No login fails for it, but who comes by http:// can be led elsewhere.",
        Family::Listing => {
            "The proxy is set up for what Auth0 no longer has: logins of {whom} fail, if not now, then soon."
        }
        Family::Setup => "{whom} does not go live: Auth0 does not answer for it before.",
        Family::ClientIp => {
            "Auth0 takes all users for one: its attack protection may block all of them at once, and its logs name \
             the wrong address."
        }
        Family::Document => "Clients that follow the document go past the proxy, or to a host that does not know them.",
        Family::Keys => "APIs and apps cannot verify tokens: who logs in by {whom} is turned away afterwards.",
        Family::Cache => "One user may be given what was meant for another.",
        Family::SigningCertificate => "When it has run out, partners that check it (SAML, WS-Fed) refuse logins.",
        Family::Forwarding => "Whatever needs these paths fails: a way to log in, a logout, a page.",
        Family::Edge => "Logins of {whom} go through this host: if it does not recover, they fail.",
        Family::Tenant => "If it is the tenant that is down, no domain of it logs anybody in.",
        Family::Resolver => "What our resolvers do not tell we cannot judge: a fault of a domain would go unseen.",
        Family::Discovery => "Custom domains that are new are not watched, and it is not noticed if one goes.",
        Family::Sight => "Until we see again, a fault of a domain is told late or not at all.",
        Family::Load => {
            "Each domain is looked at less often than was asked for: a fault is told later than it should be."
        }
        Family::Logs => "Whether transparency logs know a certificate is judged by an old list.",
        Family::Store => {
            "Looking and telling go on from memory. After a restart some mails come twice, and what was being confirmed \
             begins anew."
        }
        Family::Delivery => "Whoever is told by this way alone hears nothing; what is owed waits.",
        Family::Heartbeat => {
            "If notafter or its machine dies now, nobody hears of it, or somebody is told that it is dead."
        }
        Family::DeadLetter => {
            "Whoever was to be told does not know. It is tried once more only after a mail that gets through, a reload or a \
             restart."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::catalogue::ENTRIES;

    const NOW: UnixTime = UnixTime(1_795_946_400);

    fn of(code: &str, severity: &str, expires: Option<UnixTime>) -> String {
        consequence(&Case { code, severity, whom: "login.example.com", expires, now: NOW }).unwrap()
    }

    #[test]
    fn every_code_says_what_comes_of_it() {
        for entry in ENTRIES {
            for severity in ["warning", "critical"] {
                let words = of(entry.code.as_str(), severity, Some(NOW.plus(1)));
                assert!(words.ends_with('.') && !words.contains(['{', '}']), "{}: {words}", entry.code);
                assert!(words.len() > 30 && words.len() < 260 && !words.contains("  "), "{}: {words}", entry.code);
            }
        }
    }

    #[test]
    fn the_day_is_named_as_long_as_it_lies_ahead() {
        let ahead = of("tls.expires_soon", "critical", Some(NOW.plus(187_200)));
        assert!(ahead.starts_with("Logins work for now, but only until 1 December 2026 at 14:00 UTC: then"), "{ahead}");
        // The mail of it was held up.
        let late = of("tls.expires_soon", "critical", Some(NOW.plus(-1)));
        assert_eq!(late, of("tls.expired", "critical", None));
        assert!(of("tls.expires_soon", "warning", None).contains("only until the certificate runs out: then"));
        assert!(
            consequence(&Case { code: "new.code", severity: "critical", whom: "", expires: None, now: NOW }).is_none()
        );
    }

    #[test]
    fn what_fails_at_some_addresses_alone_is_not_called_an_outage() {
        assert!(of("connect.refused", "critical", None).starts_with("Nobody can log in"));
        assert!(of("connect.refused", "warning", None).starts_with("Clients that are sent to this address"));
    }
}
