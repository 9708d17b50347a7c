//! What is wrong with answers, whoever gave them.

use super::{Entry, Family, Kind, Severity};
use crate::observation::Code;

pub(super) const ENTRIES: &[Entry] = &[
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
];
