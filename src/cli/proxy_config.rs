//! `notafter proxy-config KIND`: a reverse proxy's configuration for a custom domain, filled in. The files under
//! `config/proxies` are the templates: their example names and paths are what is replaced.

use clap::ValueEnum;

use super::EXIT_USAGE;
use super::text::{complain, note, print};
use crate::domain::DomainName;

/// The custom domain in every template.
const DOMAIN: &str = "login.example.com";
/// The origin host in every template.
const ORIGIN: &str = "example-cd-xxxxxxxxxxxxxxxx.edge.tenants.us.auth0.com";
/// Where a template reads the certificate, if it reads a file.
const CERTIFICATE: &str = "/etc/ssl/login.example.com/fullchain.pem";
/// Where a template reads the certificate's key, if it reads a file.
const KEY: &str = "/etc/ssl/login.example.com/privkey.pem";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The kind of proxy
    #[arg(value_enum)]
    kind: Kind,
    /// The custom domain
    #[arg(long, value_name = "NAME")]
    domain: DomainName,
    /// The origin host that Auth0 gave for this domain: ….edge.tenants.….auth0.com
    #[arg(long, value_name = "HOST")]
    origin: DomainName,
    /// Where the proxy finds the certificate with its intermediates [default: /etc/ssl/NAME/fullchain.pem]
    #[arg(long, value_name = "PATH", value_parser = parse_path)]
    certificate: Option<String>,
    /// Where the proxy finds the certificate's private key [default: /etc/ssl/NAME/privkey.pem]
    #[arg(long, value_name = "PATH", value_parser = parse_path)]
    key: Option<String>,
}

/// The proxies there is a template for. The first four are run in the tests, the others are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// nginx
    Nginx,
    /// HAProxy
    Haproxy,
    /// Caddy
    Caddy,
    /// Apache httpd
    Apache,
    /// AWS CloudFront, as a CloudFormation template (not run in our tests)
    Cloudfront,
    /// Cloudflare, as Terraform (not run in our tests)
    Cloudflare,
    /// Azure Front Door, as Bicep (not run in our tests)
    FrontDoor,
    /// Google Cloud's application load balancer, as Terraform (not run in our tests)
    Google,
    /// Fastly, as VCL (not run in our tests)
    Fastly,
    /// Envoy (not run in our tests)
    Envoy,
}

impl Kind {
    const fn template(self) -> &'static str {
        match self {
            Self::Nginx => include_str!("../../config/proxies/nginx.conf"),
            Self::Haproxy => include_str!("../../config/proxies/haproxy.cfg"),
            Self::Caddy => include_str!("../../config/proxies/Caddyfile"),
            Self::Apache => include_str!("../../config/proxies/apache.conf"),
            Self::Cloudfront => include_str!("../../config/proxies/cloudfront.yaml"),
            Self::Cloudflare => include_str!("../../config/proxies/cloudflare.tf"),
            Self::FrontDoor => include_str!("../../config/proxies/front-door.bicep"),
            Self::Google => include_str!("../../config/proxies/google.tf"),
            Self::Fastly => include_str!("../../config/proxies/fastly.vcl"),
            Self::Envoy => include_str!("../../config/proxies/envoy.yaml"),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> u8 {
    if let Some(mistake) = mistake(arguments) {
        complain(&mistake);
        return EXIT_USAGE;
    }
    for surprise in surprises(arguments) {
        note(&surprise);
    }
    print(&filled_in(arguments));
    0
}

/// What would make a configuration that cannot work.
fn mistake(arguments: &Arguments) -> Option<String> {
    let (domain, origin) = (&arguments.domain, &arguments.origin);
    if domain == origin {
        return Some(format!("the origin is the domain itself: {domain} would be its own proxy's origin, in a circle"));
    }
    if origin.as_str().ends_with(".auth0.com") && !is_at_the_edge(origin) {
        return Some(format!(
            "{origin} is a tenant's canonical host: behind it every token names the wrong issuer; the origin is the host \
             with `.edge.tenants.` in it that Auth0 shows for the domain"
        ));
    }
    if is_at_the_edge(domain) {
        return Some(format!("{domain} is an origin host; the domain is the one your users see"));
    }
    None
}

fn is_at_the_edge(name: &DomainName) -> bool {
    name.as_str().contains(".edge.tenants.")
}

fn surprises(arguments: &Arguments) -> Vec<String> {
    let template = arguments.kind.template();
    let mut surprises = Vec::new();
    if !has_the_form_of_an_origin(&arguments.origin) {
        let form = "TENANT-cd-ID.edge.tenants.REGION.auth0.com";
        surprises.push(format!("{} has not the form {form} of origin hosts: copy it from Auth0", arguments.origin));
    }
    for (option, given, example) in
        [("--certificate", &arguments.certificate, CERTIFICATE), ("--key", &arguments.key, KEY)]
    {
        if given.is_some() && !template.contains(example) {
            surprises.push(format!("{option} does not appear in this configuration"));
        }
    }
    surprises
}

/// As the Management API gives it in `origin_domain_name`; the oldest tenants' have no region.
fn has_the_form_of_an_origin(name: &DomainName) -> bool {
    let Some((first, rest)) = name.as_str().split_once(".edge.tenants.") else { return false };
    let Some(region) = rest.strip_suffix("auth0.com") else { return false };
    let id = first.rsplit_once("-cd-").map(|(_, id)| id).unwrap_or_default();
    let is_region = region.is_empty() || (region.len() == 3 && region.ends_with('.'));
    is_region && !first.contains('.') && id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Paths first: they hold the example's name.
fn filled_in(arguments: &Arguments) -> String {
    let of_domain = |path: &str| path.replace(DOMAIN, arguments.domain.as_str());
    let certificate = arguments.certificate.clone().unwrap_or_else(|| of_domain(CERTIFICATE));
    let key = arguments.key.clone().unwrap_or_else(|| of_domain(KEY));
    let mut out = String::new();
    let mut rest = arguments.kind.template();
    // In one pass, so that nothing filled in is taken for a place to fill in.
    let places = [
        (CERTIFICATE, certificate.as_str()),
        (KEY, key.as_str()),
        (ORIGIN, arguments.origin.as_str()),
        (DOMAIN, arguments.domain.as_str()),
    ];
    while let Some((at, (example, value))) =
        places.iter().filter_map(|place| Some((rest.find(place.0)?, *place))).min_by_key(|(at, _)| *at)
    {
        out += &rest[..at];
        out += value;
        rest = &rest[at + example.len()..];
    }
    out + rest
}

/// A path as every proxy's configuration takes it without quotes.
fn parse_path(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@:".contains(c);
    match text.chars().find(|c| !is_plain(*c)) {
        _ if text.is_empty() => Err("a path is needed".to_owned()),
        Some(found) => Err(format!("{found:?} would need quotes; letters, digits and /._-+@: are taken")),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(kind: Kind) -> Arguments {
        Arguments {
            kind,
            domain: DomainName::parse("anmeldung.firma.test").unwrap(),
            origin: DomainName::parse("firma-cd-0123456789abcdef.edge.tenants.eu.auth0.com").unwrap(),
            certificate: Some("/srv/tls/login.example.com.pem".to_owned()),
            key: Some("/srv/tls/firma.key".to_owned()),
        }
    }

    #[test]
    fn every_template_is_filled_in_and_keeps_nothing_of_the_example() {
        for kind in Kind::value_variants() {
            let arguments = arguments(*kind);
            let filled = filled_in(&arguments).replace("/srv/tls/login.example.com.pem", "");
            for example in [DOMAIN, ORIGIN, CERTIFICATE, KEY, "example-cd-"] {
                assert!(!filled.contains(example), "{kind:?}: {example}");
            }
            for value in [arguments.domain.as_str(), arguments.origin.as_str()] {
                assert!(filled.contains(value), "{kind:?}: {value}");
            }
        }
    }

    #[test]
    fn a_template_says_whether_it_is_run() {
        for kind in Kind::value_variants() {
            let head: String = kind.template().lines().take(4).collect::<Vec<_>>().join("\n");
            let run = matches!(kind, Kind::Nginx | Kind::Haproxy | Kind::Caddy | Kind::Apache);
            assert_eq!(head.contains("Run in this project's tests"), run, "{kind:?}");
            assert_eq!(head.contains("NOT RUN"), !run, "{kind:?}");
        }
    }

    #[test]
    fn names_that_cannot_work_are_refused() {
        let name = |text| DomainName::parse(text).unwrap();
        for (domain, origin, said) in [
            ("login.example.net", "login.example.net", "in a circle"),
            ("login.example.net", "example.us.auth0.com", "canonical host"),
            ("a-cd-0123456789abcdef.edge.tenants.us.auth0.com", "b.example.net", "is an origin host"),
        ] {
            let arguments = Arguments { domain: name(domain), origin: name(origin), ..arguments(Kind::Nginx) };
            assert!(mistake(&arguments).unwrap().contains(said), "{domain} {origin}");
        }
        assert_eq!(mistake(&arguments(Kind::Nginx)), None);
    }

    #[test]
    fn what_is_odd_is_told() {
        let odd = |text| surprises(&Arguments { origin: DomainName::parse(text).unwrap(), ..arguments(Kind::Nginx) });
        for (origin, expected) in [
            ("firma-cd-0123456789abcdef.edge.tenants.eu.auth0.com", 0),
            ("firma-cd-0123456789abcdef.edge.tenants.auth0.com", 0),
            ("firma.cd-0123456789abcdef.edge.tenants.eu.auth0.com", 1),
            ("firma-cd-0123456789abcde.edge.tenants.eu.auth0.com", 1),
            ("firma-cd-0123456789abcdef.edge.tenants.eu.auth0.example", 1),
        ] {
            assert_eq!(odd(origin).len(), expected, "{origin}");
        }
        assert_eq!(surprises(&arguments(Kind::Haproxy)).len(), 1, "the key is in the certificate's file");
    }

    #[test]
    fn a_path_must_do_without_quotes() {
        for bad in ["", "a b", "/etc/ssl/\"x", "/a;b", "/a\nb", "$HOME/x", "{env.X}", "/ä"] {
            assert!(parse_path(bad).is_err(), "{bad:?}");
        }
        assert_eq!(parse_path("/etc/ssl/a_b-1.pem").as_deref(), Ok("/etc/ssl/a_b-1.pem"));
    }
}
