//! Whose fault it is: a bad answer through the proxy, held against what the two views past it saw.

use super::scene::{Answer, origin, tenant, unanswered};
use super::*;
use crate::observation::{Failure, Layer, ViewObservation};
use crate::verdict::Hop;
use crate::verdict::HopStatus::{self, Broken, NotLooked, Ok, Unknown};
use crate::verdict::Severity::{Critical, Info, Warning};

const ONE: &str = "192.0.2.1:443";

type Past = Option<ViewObservation>;

fn fine(view: ViewObservation) -> Past {
    Some(view.answering(answer(200)))
}

fn down(view: ViewObservation) -> Past {
    Some(view.refusing())
}

fn status(view: ViewObservation, status: u16) -> Past {
    Some(view.answering(answer(status)))
}

/// How proxy, edge and tenant fared, and the first broken hop.
fn placed(verdict: &Verdict) -> ([HopStatus; 3], Option<Hop>) {
    let steps = verdict.path.steps();
    (std::array::from_fn(|hop| steps[4 + hop].status), verdict.path.broken_at())
}

struct Case {
    through: Answer,
    origin: Past,
    tenant: Past,
    hops: [HopStatus; 3],
    broken_at: Option<Hop>,
    code: Code,
    /// What the mend says.
    mend: &'static str,
}

fn case(through: Answer, origin: Past, tenant: Past, hops: [HopStatus; 3], code: Code, mend: &'static str) -> Case {
    let first = hops.iter().position(|status| *status == Broken);
    let broken_at = first.map(|hop| [Hop::Proxy, Hop::Edge, Hop::Tenant][hop]);
    Case { through, origin, tenant, hops, broken_at, code, mend }
}

fn nginx(status: u16) -> Answer {
    answer(status).page_of(Layer::Proxy, "nginx")
}

fn marked(status: u16) -> Answer {
    answer(status).key_marker("Invalid API key")
}

fn page() -> Answer {
    Answer { is_json: false, issuer: None, ..answer(200) }
}

/// Every way in which the three views can disagree.
fn cases() -> Vec<Case> {
    let none = || None;
    let dead_key = || Some(origin().answering(marked(403)));
    let no_key = || Some(origin().answering(marked(403)).without_key());
    let status_error = Code::HttpErrorStatus;
    vec![
        // The proxy does not get through, and past it all is well: it is the proxy, and its line is named.
        case(nginx(502), fine(origin()), fine(tenant()), [Broken, Ok, Ok], status_error, "`proxy_ssl_server_name on`"),
        case(nginx(502), fine(origin()), none(), [Broken, Ok, Ok], status_error, "`proxy_ssl_server_name on`"),
        case(nginx(502), fine(origin()), down(tenant()), [Broken, Ok, Ok], status_error, "`proxy_ssl_server_name on`"),
        case(nginx(504), fine(origin()), none(), [Broken, Ok, Ok], status_error, "`proxy_read_timeout`"),
        case(
            unanswered(Code::HttpTimeout),
            fine(origin()),
            none(),
            [Broken, Ok, Ok],
            Code::HttpTimeout,
            "resolved afresh",
        ),
        case(page(), fine(origin()), none(), [Broken, Ok, Ok], Code::Auth0NotJson, "every path"),
        case(answer(404), fine(origin()), none(), [Broken, Ok, Ok], status_error, "every path"),
        // An edge that refuses us for want of a key is an edge that is there.
        case(nginx(502), no_key(), none(), [Broken, Ok, NotLooked], status_error, "`proxy_ssl_server_name on`"),
        case(nginx(502), no_key(), fine(tenant()), [Broken, Ok, Ok], status_error, "`proxy_ssl_server_name on`"),
        // The key: told by a marker, or by what the edge says to us with the key.
        case(answer(403), fine(origin()), none(), [Broken, Ok, Ok], Code::Auth0KeyRejected, "cname-api-key"),
        case(answer(401), fine(origin()), none(), [Broken, Ok, Ok], Code::Auth0KeyRejected, "cname-api-key"),
        case(marked(403), fine(origin()), none(), [Broken, Ok, Ok], Code::Auth0KeyRejected, "cname-api-key"),
        case(marked(403), none(), none(), [Ok, Broken, NotLooked], Code::Auth0KeyRejected, "cname-api-key"),
        case(marked(403), none(), fine(tenant()), [Ok, Broken, Ok], Code::Auth0KeyRejected, "cname-api-key"),
        case(
            marked(403),
            dead_key(),
            fine(tenant()),
            [Ok, Broken, Ok],
            Code::Auth0KeyRejected,
            "deleted and created anew",
        ),
        case(answer(403), dead_key(), fine(tenant()), [Unknown, Broken, Ok], status_error, "deleted and created anew"),
        case(answer(403), dead_key(), none(), [Unknown, Broken, NotLooked], status_error, "deleted and created anew"),
        // Without a key of ours nobody can say whether theirs is good.
        case(answer(403), no_key(), fine(tenant()), [Unknown, Unknown, Ok], status_error, "cname-api-key"),
        case(
            answer(403),
            Some(origin().answering(answer(200)).without_key()),
            none(),
            [Broken, Ok, Ok],
            status_error,
            "cname-api-key",
        ),
        // A refusal that the proxy has signed is the proxy's own.
        case(nginx(403), fine(origin()), none(), [Broken, Ok, Ok], status_error, "refuses the request itself"),
        case(nginx(403), none(), none(), [Broken, NotLooked, NotLooked], status_error, "refuses the request itself"),
        case(nginx(404), none(), none(), [Broken, NotLooked, NotLooked], status_error, "`location / {"),
        case(nginx(404), none(), fine(tenant()), [Broken, NotLooked, Ok], status_error, "`location / {"),
        // The edge fails us as well.
        case(
            nginx(502),
            down(origin()),
            fine(tenant()),
            [Ok, Broken, Ok],
            status_error,
            "Auth0's edge does not answer",
        ),
        case(
            nginx(502),
            status(origin(), 502),
            fine(tenant()),
            [Ok, Broken, Ok],
            status_error,
            "Auth0's edge does not",
        ),
        case(nginx(502), down(origin()), none(), [Ok, Broken, NotLooked], status_error, "Auth0's edge does not"),
        case(nginx(502), status(origin(), 502), none(), [Ok, Unknown, Unknown], status_error, "Auth0's edge does not"),
        case(answer(404), down(origin()), fine(tenant()), [Unknown, Broken, Ok], status_error, "Auth0's edge does not"),
        // And so does the tenant: it is Auth0.
        case(nginx(502), down(origin()), down(tenant()), [Ok, Unknown, Broken], status_error, "Auth0 itself fails"),
        case(
            nginx(502),
            status(origin(), 500),
            status(tenant(), 500),
            [Ok, Unknown, Broken],
            status_error,
            "Auth0 itself",
        ),
        case(nginx(502), none(), status(tenant(), 503), [Unknown, Unknown, Broken], status_error, "Auth0 itself fails"),
        case(
            nginx(502),
            Some(origin().answering(answer(500).sent_by_auth0())),
            none(),
            [Ok, Ok, Broken],
            status_error,
            "Auth0 itself fails",
        ),
        case(answer(500).sent_by_auth0(), none(), none(), [Ok, Ok, Broken], status_error, "Auth0 itself fails"),
        case(answer(403).sent_by_auth0(), none(), none(), [Ok, Ok, Broken], status_error, "access control list"),
        case(
            answer(403).sent_by_auth0(),
            Some(origin().answering(answer(403).sent_by_auth0())),
            none(),
            [Ok, Ok, Broken],
            status_error,
            "access control list",
        ),
        case(answer(404).sent_by_auth0(), fine(origin()), none(), [Broken, Ok, Ok], status_error, "every path"),
        // Nothing is known from past the proxy.
        case(nginx(502), none(), none(), [Unknown, Unknown, Unknown], status_error, "`proxy_ssl_server_name on`"),
        case(nginx(502), none(), fine(tenant()), [Unknown, Unknown, Ok], status_error, "`proxy_ssl_server_name on`"),
        case(answer(403), none(), none(), [Unknown, Unknown, Unknown], status_error, "cname-api-key"),
        // An access list may mean to refuse us: that says nothing.
        case(nginx(502), none(), status(tenant(), 403), [Unknown, Unknown, Unknown], status_error, "proxy_ssl"),
        case(nginx(502), status(origin(), 429), none(), [Broken, Ok, NotLooked], status_error, "proxy_ssl"),
        // Who does not show who it is is evidence of nothing.
        case(
            nginx(502),
            Some(origin().of_a_stranger()),
            none(),
            [Unknown, Unknown, Unknown],
            status_error,
            "Look at the proxy's upstream log",
        ),
        // Another host's document: whatever else was seen.
        case(
            answer(200).issuer("https://example.us.auth0.com/"),
            fine(origin()),
            fine(tenant()),
            [Broken, Ok, Ok],
            Code::Auth0IssuerMismatch,
            "tenant's own host",
        ),
        // Cloudflare's signs are Auth0's edge's where another product stands before it, else anybody's.
        case(
            answer(403).passed(Layer::Proxy, "nginx").page_of(Layer::CdnOrEdge, "cloudflare"),
            none(),
            none(),
            [Ok, Broken, NotLooked],
            status_error,
            "cname-api-key",
        ),
        case(
            answer(403).page_of(Layer::CdnOrEdge, "cloudflare"),
            none(),
            none(),
            [Unknown, Unknown, Unknown],
            status_error,
            "cname-api-key",
        ),
    ]
}

#[test]
fn the_first_hop_to_break_is_told_by_the_three_views_together() {
    for (number, case) in cases().into_iter().enumerate() {
        let scene =
            seen([address(ONE).answers(case.through.clone())]).past_proxy(case.origin.clone(), case.tenant.clone());
        let verdict = scene.verdict();
        let context = format!("case {number}: {:?}, {:?}, {:?}", case.through, case.origin, case.tenant);
        assert_eq!(placed(&verdict), (case.hops, case.broken_at), "{context}");
        let finding = the(case.code, &verdict);
        assert!(finding.remedy().contains(case.mend), "{context}: {}", finding.remedy());
        // One fault is shouted of once.
        let loud: Vec<Code> =
            verdict.findings.iter().filter(|finding| finding.severity > Info).map(|finding| finding.code).collect();
        let untrusted = case.origin.is_some_and(|origin| !origin.distrusted.is_empty());
        assert_eq!(loud.len(), 1 + usize::from(untrusted), "{context}: {loud:?}");
    }
}

#[test]
fn what_was_seen_past_the_proxy_long_ago_says_nothing_of_now() {
    for (age, hops) in [(0, [Broken, Ok, Ok]), (120, [Broken, Ok, Ok]), (121, [Unknown, Unknown, Unknown])] {
        let old = ViewObservation { at: NOW.plus(-age), ..fine(origin()).unwrap() };
        let verdict = seen([address(ONE).answers(nginx(502))]).past_proxy(old, None).verdict();
        assert_eq!(placed(&verdict).0, hops, "{age}");
    }
}

#[test]
fn what_a_rejected_key_rests_on_is_told() {
    let basis = |through: Answer, past: Past| {
        let verdict = seen([address(ONE).answers(through)]).past_proxy(past, None).verdict();
        the(Code::Auth0KeyRejected, &verdict).facts["basis"].clone()
    };
    assert_eq!(basis(marked(403), fine(origin())), "marker");
    assert_eq!(basis(answer(403), fine(origin())), "origin");
}

#[test]
fn the_views_have_codes_of_their_own_and_shout_only_of_what_nothing_else_tells() {
    let cached = answer(200).headers(|headers| headers.age = Some("7".to_owned()));
    let nowhere = || {
        let failure = Some(Failure::new(Code::DnsNoAddress, "it has no address"));
        Some(ViewObservation { failure, ..origin() })
    };
    let good = || answer(200);
    let cases = [
        (good(), fine(origin()), fine(tenant()), None),
        (good(), down(origin()), None, Some((Code::Auth0EdgeUnreachable, Info))),
        (good(), nowhere(), None, Some((Code::Auth0EdgeUnreachable, Info))),
        (good(), status(origin(), 502), None, Some((Code::Auth0EdgeError, Info))),
        (good(), Some(origin().answering(page())), None, Some((Code::Auth0EdgeError, Info))),
        (good(), status(origin(), 403), None, Some((Code::Auth0EdgeKeyRejected, Warning))),
        (good(), Some(origin().answering(marked(400))), None, Some((Code::Auth0EdgeKeyRejected, Warning))),
        (good(), Some(origin().answering(answer(403)).without_key()), None, None),
        (good(), status(origin(), 429), None, None),
        (good(), Some(origin().of_a_stranger()), None, Some((Code::Auth0EdgeUntrusted, Warning))),
        (good(), None, down(tenant()), Some((Code::Auth0TenantUnreachable, Info))),
        (good(), None, status(tenant(), 503), Some((Code::Auth0TenantError, Info))),
        (good(), None, Some(tenant().of_a_stranger()), Some((Code::Auth0TenantError, Info))),
        (good(), None, status(tenant(), 403), None),
        // All that comes through the proxy is out of a cache, which will not last.
        (cached.clone(), status(origin(), 502), None, Some((Code::Auth0EdgeError, Warning))),
        (cached.clone(), down(origin()), None, Some((Code::Auth0EdgeUnreachable, Warning))),
        (cached, None, down(tenant()), Some((Code::Auth0TenantUnreachable, Info))),
        // What customers get tells of it already.
        (answer(502), status(origin(), 502), None, Some((Code::Auth0EdgeError, Info))),
        (answer(403), status(origin(), 403), None, Some((Code::Auth0EdgeKeyRejected, Info))),
    ];
    for (through, origin, tenant, expected) in cases {
        let context = format!("{through:?}, {origin:?}, {tenant:?}");
        let verdict = seen([address(ONE).answers(through)]).past_proxy(origin, tenant).verdict();
        let of_views = verdict.findings.iter().filter(|finding| {
            let code = finding.code.as_str();
            code.starts_with("auth0.edge_") || code.starts_with("auth0.tenant_")
        });
        let of_views: Vec<_> = of_views.map(|finding| (finding.code, finding.severity)).collect();
        assert_eq!(of_views, expected.into_iter().collect::<Vec<_>>(), "{context}");
    }
}

#[test]
fn an_issuer_at_the_origin_host_is_compared_only_where_it_names_another_customer() {
    for (issuer, code) in [
        ("https://login.example.com/", None),
        ("https://example.us.auth0.com/", None),
        ("https://example-cd-x.edge.tenants.us.auth0.com/", None),
        ("urn:example", None),
        ("https://login.other.example/", Some(Code::Auth0EdgeError)),
    ] {
        let past = origin().answering(answer(200).issuer(issuer));
        let verdict = seen([address(ONE)]).past_proxy(past, None).verdict();
        assert_eq!(verdict.findings.first().map(|finding| finding.code), code, "{issuer}");
    }
}

#[test]
fn a_dead_proxy_hides_nothing_that_was_seen_past_it() {
    let scene = seen([address(ONE).fails(Code::ConnectRefused)]).past_proxy(fine(origin()), fine(tenant()));
    assert_eq!(placed(&scene.verdict()), ([NotLooked, Ok, Ok], Some(Hop::Connect)));
    let scene = seen([address(ONE).fails(Code::ConnectRefused)]).past_proxy(None, fine(tenant()));
    assert_eq!(placed(&scene.verdict()), ([NotLooked, NotLooked, Ok], Some(Hop::Connect)));
    let scene = seen([address(ONE).fails(Code::ConnectRefused)]).past_proxy(down(origin()), None);
    let verdict = scene.verdict();
    assert_eq!(placed(&verdict), ([NotLooked, Unknown, NotLooked], Some(Hop::Connect)));
    assert_eq!(the(Code::ConnectRefused, &verdict).severity, Critical);
}
