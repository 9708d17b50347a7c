//! [`place`]: at which hop a bad answer breaks the path of a login, by what the answer shows of itself and by what the two
//! views past the proxy saw at the same time. Where evidence is missing the hops stay unknown: whose fault it is is told
//! only where it shows.

use super::HopStatus::{self, Broken, NotLooked, Ok, Unknown};
use super::login;
use super::views::{Fault, FaultKind, Sight, Views};
use crate::observation::{Auth0Observation, Code, Layer};

/// How the three hops behind the handshake fare, and what is to be mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Blame {
    /// The statuses of proxy, edge and tenant, each with what was seen.
    pub(super) hops: [(HopStatus, String); 3],
    /// What is wrong, as far as it shows.
    pub(super) trouble: Option<Trouble>,
}

/// What is wrong, in terms of what there is to mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// The proxy does not get through to an edge that is there: name resolution, SNI, TLS version, Host.
    Gateway,
    /// The proxy gave up waiting for an edge that is there.
    Slow,
    /// The proxy sends no key, a wrong one, or the wrong Host.
    Key,
    /// Cloudflare refuses what the proxy sends besides (its error 1000).
    Prohibited,
    /// The proxy forwards to the tenant's own host.
    WrongHost,
    /// The proxy, or a rule on it, answers in Auth0's place.
    NotForwarded,
    /// The proxy refuses the request itself.
    Refused,
    /// The proxy redirects.
    Redirected,
    /// A bot rule of the proxy challenges.
    Challenged,
    /// The key is dead: the edge refuses it from us as well.
    DeadKey,
    /// Auth0 does not know the domain.
    Gone,
    /// Auth0 lets the proxy through and refuses the request: an access list, or attack protection.
    Blocked,
    /// Auth0's edge fails for this domain.
    Edge,
    /// Auth0 itself fails.
    Auth0,
}

/// Who gave the answer, if it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Maker<'a> {
    pub(super) layer: Layer,
    pub(super) product: Option<&'a str>,
    /// Whether the answer itself shows it, and not a header that may have been added on the way.
    pub(super) is_sure: bool,
}

/// Who gave an answer: whoever wrote its body, else the innermost layer that left a sign. Cloudflare's signs are those of
/// Auth0's edge where another product stands before it.
pub(super) fn maker(answer: &Auth0Observation) -> Option<Maker<'_>> {
    let is_other = |product: Option<&str>| !matches!(product, Some("cloudflare" | "auth0"));
    let before = |layer: Layer| matches!(layer, Layer::Proxy | Layer::Cdn);
    let has_own_proxy = answer.evidence.iter().any(|sign| before(sign.layer) && is_other(sign.product.as_deref()));
    let layer = |layer: Layer| if layer == Layer::CdnOrEdge && has_own_proxy { Layer::Edge } else { layer };
    if answer.reached_auth0() {
        return Some(Maker { layer: Layer::Tenant, product: Some("auth0"), is_sure: true });
    }
    let in_body = answer.evidence.iter().find(|sign| sign.in_body);
    let innermost = || answer.evidence.iter().max_by_key(|sign| layer(sign.layer));
    let sign = in_body.or_else(innermost)?;
    Some(Maker { layer: layer(sign.layer), product: sign.product.as_deref(), is_sure: sign.in_body })
}

/// The product that stands before Auth0, if it shows.
pub(super) fn product(answer: &Auth0Observation) -> Option<&str> {
    let owners = answer.evidence.iter().filter(|sign| sign.layer < Layer::Edge);
    let known = owners.filter_map(|sign| Some((sign.layer, sign.product.as_deref()?)));
    known.min_by_key(|(layer, _)| *layer).map(|(_, product)| product)
}

/// Where an answer with this fault breaks the path.
pub(super) fn place(code: Code, answer: &Auth0Observation, views: &Views<'_>) -> Blame {
    let said = said(code, answer);
    match code {
        // Another host's document came from Auth0: the proxy asked for the wrong one.
        Code::Auth0IssuerMismatch => {
            let said = format!("{code}: {}", answer.issuer.as_deref().unwrap_or_default());
            proxy_broken(said, Some(Trouble::WrongHost), views)
        }
        Code::Auth0KeyRejected => key_rejected(said, views),
        Code::HttpRateLimited if answer.reached_auth0() => blame([(Ok, ""), (Ok, ""), (Ok, &said)], None),
        Code::HttpErrorStatus if answer.reached_auth0() => from_auth0(said, answer, views),
        _ => by_views(code, said, answer, views),
    }
}

fn said(code: Code, answer: &Auth0Observation) -> String {
    let by = maker(answer).filter(|maker| maker.is_sure).and_then(|maker| maker.product);
    match (answer.status, &answer.failure) {
        (_, Some(failure)) => failure.detail.clone(),
        (Some(status), None) => match by {
            Some(product) => format!("{code}, status {status} from {}", login::product_name(product)),
            None => format!("{code}, status {status}"),
        },
        (None, None) => code.to_string(),
    }
}

/// Auth0's application answered with an error. Where it answers us well at the same time for the same domain, the
/// request that the proxy makes of it is another one.
fn from_auth0(said: String, answer: &Auth0Observation, views: &Views<'_>) -> Blame {
    let asked_wrongly = answer.status.is_some_and(|status| status < 500 && !matches!(status, 401 | 403));
    match &views.origin {
        Sight::Good(_) if asked_wrongly => proxy_broken(said, Some(Trouble::NotForwarded), views),
        _ => blame([(Ok, ""), (Ok, ""), (Broken, &said)], Some(application_trouble(answer))),
    }
}

fn application_trouble(answer: &Auth0Observation) -> Trouble {
    if matches!(answer.status, Some(401 | 403)) { Trouble::Blocked } else { Trouble::Auth0 }
}

fn key_rejected(said: String, views: &Views<'_>) -> Blame {
    match &views.origin {
        Sight::Good(_) if views.key_is_accepted() => {
            let said = format!("{said}; the edge accepts the key that we were given");
            proxy_broken(said, Some(Trouble::Key), views)
        }
        Sight::Bad(fault) if fault.kind == FaultKind::KeyRejected => {
            let said = format!("{said}; it rejects the key that we were given as well");
            blame([(Ok, ""), (Broken, &said), tenant_seen(views)], Some(Trouble::DeadKey))
        }
        // The edge alone speaks of the key, so the proxy reached it.
        _ => blame([(Ok, ""), (Broken, &said), tenant_seen(views)], Some(Trouble::Key)),
    }
}

fn by_views(code: Code, said: String, answer: &Auth0Observation, views: &Views<'_>) -> Blame {
    let trouble = trouble(code, answer);
    let is_gateway = matches!(trouble, Some(Trouble::Gateway | Trouble::Slow));
    // A proxy that says so itself that it got no answer did its part, if nobody gets one.
    let proxy = if is_gateway { (Ok, said.as_str()) } else { (Unknown, said.as_str()) };
    match (&views.origin, &views.tenant) {
        (Sight::Good(_), _) => proxy_broken(said, trouble, views),
        (Sight::Refuses, _) if is_gateway => proxy_broken(said, trouble, views),
        (Sight::Bad(fault), Sight::Good(_)) => edge_broken(proxy, fault),
        (Sight::Bad(fault), Sight::Bad(tenant)) if fault.kind != FaultKind::KeyRejected => {
            blame([proxy, (Unknown, &fault.said), (Broken, &tenant.said)], Some(Trouble::Auth0))
        }
        (Sight::Bad(fault), _) => by_fault(proxy, fault),
        (Sight::Unknown | Sight::Refuses, Sight::Bad(tenant)) => {
            blame([(Unknown, &said), (Unknown, ""), (Broken, &tenant.said)], Some(Trouble::Auth0))
        }
        (Sight::Unknown | Sight::Refuses, _) => by_itself(said, trouble, answer, views),
    }
}

/// The edge fails us too, the tenant does not.
fn edge_broken(proxy: (HopStatus, &str), fault: &Fault<'_>) -> Blame {
    blame([proxy, (Broken, &fault.said), (Ok, "")], Some(edge_trouble(fault)))
}

/// The edge fails us too, and nothing is known of the tenant.
fn by_fault(proxy: (HopStatus, &str), fault: &Fault<'_>) -> Blame {
    let by_application = fault.answer.filter(|answer| answer.reached_auth0()).map(application_trouble);
    match fault.kind {
        FaultKind::Error if by_application.is_some() => blame([proxy, (Ok, ""), (Broken, &fault.said)], by_application),
        FaultKind::Error => blame([proxy, (Unknown, &fault.said), (Unknown, "")], Some(edge_trouble(fault))),
        // Not the host's fault, as far as it shows: we do not know who answered.
        FaultKind::Distrusted => blame([(Unknown, proxy.1), (Unknown, &fault.said), (Unknown, "")], None),
        FaultKind::Unreachable | FaultKind::KeyRejected => {
            blame([proxy, (Broken, &fault.said), (NotLooked, "")], Some(edge_trouble(fault)))
        }
    }
}

fn edge_trouble(fault: &Fault<'_>) -> Trouble {
    match fault.kind {
        FaultKind::KeyRejected => Trouble::DeadKey,
        _ if fault.answer.is_some_and(is_unknown_domain) => Trouble::Gone,
        _ => Trouble::Edge,
    }
}

/// Nothing is known from past the proxy but, perhaps, that the tenant is well: the answer must tell by itself.
fn by_itself(said: String, trouble: Option<Trouble>, answer: &Auth0Observation, views: &Views<'_>) -> Blame {
    let is_gateway = matches!(trouble, Some(Trouble::Gateway | Trouble::Slow));
    match maker(answer) {
        Some(maker) if maker.layer == Layer::Edge => {
            let trouble = if is_unknown_domain(answer) { Some(Trouble::Gone) } else { trouble };
            blame([(Ok, ""), (Broken, &said), tenant_seen(views)], trouble)
        }
        Some(maker) if matches!(maker.layer, Layer::Proxy | Layer::Cdn) && maker.is_sure && !is_gateway => {
            proxy_broken(said, trouble, views)
        }
        _ => {
            let tenant = if matches!(views.tenant, Sight::Good(_)) { (Ok, "") } else { (Unknown, "") };
            blame([(Unknown, &said), (Unknown, ""), tenant], trouble)
        }
    }
}

fn proxy_broken(said: String, trouble: Option<Trouble>, views: &Views<'_>) -> Blame {
    blame([(Broken, &said), edge_seen(views), tenant_seen(views)], trouble)
}

/// The edge behind a broken proxy: told only if it was seen.
pub(super) fn edge_seen<'a>(views: &Views<'_>) -> (HopStatus, &'a str) {
    match views.origin {
        Sight::Good(_) => (Ok, "answers us past the proxy"),
        Sight::Refuses => (Ok, "answers past the proxy, and refuses us without the key"),
        Sight::Unknown | Sight::Bad(_) => (NotLooked, ""),
    }
}

/// The tenant behind a broken hop: told only if it was seen.
pub(super) fn tenant_seen<'a>(views: &Views<'_>) -> (HopStatus, &'a str) {
    match (&views.origin, &views.tenant) {
        (Sight::Good(_), _) => (Ok, "answers us past the proxy"),
        (_, Sight::Good(_)) => (Ok, "answers at its own host"),
        _ => (NotLooked, ""),
    }
}

fn blame(hops: [(HopStatus, &str); 3], trouble: Option<Trouble>) -> Blame {
    Blame { hops: hops.map(|(status, detail)| (status, detail.to_owned())), trouble }
}

/// What there is to mend at the proxy, if it is the proxy.
fn trouble(code: Code, answer: &Auth0Observation) -> Option<Trouble> {
    let has_sign = |name: &str| answer.evidence.iter().any(|evidence| evidence.sign == name);
    let by_proxy = maker(answer).is_some_and(|maker| maker.layer <= Layer::Cdn && maker.is_sure);
    match (code, answer.status.unwrap_or_default()) {
        (Code::Auth0Challenge, _) => Some(Trouble::Challenged),
        (Code::Auth0NotJson, _) => Some(Trouble::NotForwarded),
        (Code::HttpRedirect, _) => Some(Trouble::Redirected),
        (Code::HttpTimeout, _) => Some(Trouble::Slow),
        (Code::HttpErrorStatus, _) if has_sign("Cloudflare error 1000") => Some(Trouble::Prohibited),
        (Code::HttpErrorStatus, 401 | 403) if by_proxy => Some(Trouble::Refused),
        (Code::HttpErrorStatus, 401 | 403) => Some(Trouble::Key),
        (Code::HttpErrorStatus, 504 | 524) => Some(Trouble::Slow),
        // httpd calls it its own error that no handshake with the origin came to be.
        (Code::HttpErrorStatus, 500) if by_proxy && product(answer) == Some("apache") => Some(Trouble::Gateway),
        (Code::HttpErrorStatus, 502 | 503 | 520..=523 | 525..=527 | 530) => Some(Trouble::Gateway),
        (Code::HttpErrorStatus, _) => Some(Trouble::NotForwarded),
        _ => None,
    }
}

/// Whether it is one of Cloudflare's answers for a name that nobody has registered there (its errors 1001, 1014, 1016).
fn is_unknown_domain(answer: &Auth0Observation) -> bool {
    let signs = ["Cloudflare error 1001", "Cloudflare error 1014", "Cloudflare error 1016"];
    answer.evidence.iter().any(|evidence| signs.contains(&evidence.sign.as_str()))
}
