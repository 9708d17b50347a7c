//! Whether a login reaches Auth0, at which hop it breaks, and what Auth0 says of the domain.

use super::{Entry, Family, Kind, Severity};
use crate::observation::Code;

pub(super) const ENTRIES: &[Entry] = &[
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
            error page, check `client_id` and `redirect_uri` of the configuration.",
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
];
