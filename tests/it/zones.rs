//! Every finding about records, each reached from a zone of its own: one table, asked of real servers. A code that is in
//! the catalogue and not in the table is a failure.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use notafter::domain::UnixTime;
use notafter::lab::ca::Authority;
use notafter::observation::Code;
use serde_json::Value;

use super::delegation::{World, of_records};
use super::servers::{Channel, Knot, Nsd, Unbound, Vhost, auth0_like};
use super::stage::{NOW, Stage, notafter, sound};

const DAY: i64 = 86_400;
const TXT: &str = "txt = \"f7a51f40-0b47-40a5-89de-1f31bfef20af\"\n";
const PENDING: &str = "txt = \"f7a51f40-0b47-40a5-89de-1f31bfef20af\"\nverification = \"pending\"\nverification_started = 2026-11-30T00:00:00Z\n";

/// Who is asked of a zone.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    /// The resolver alone.
    Resolver,
    /// A second resolver, which has this.
    AnotherResolver(&'static str),
    /// There is no zone of that name.
    Nobody,
    /// The zone's own two servers as well: what each has.
    Servers(&'static str, &'static str),
    /// The same, of which the second does not have the zone.
    Lame,
    /// The same, of which the second is not there.
    Dead,
    /// A resolver that checks signatures, so many days later; what it trusts.
    Checked(Anchor, i64),
    /// The registry: its answer's events and statuses.
    Registry(&'static str),
}

/// What a resolver trusts of a signed zone.
#[derive(Clone, Copy, PartialEq)]
enum Anchor {
    Key,
    OtherKey,
    Nothing,
}

/// A zone, called `ZONE.example`, in which the domain `login` is; the keys of its `[[domain]]`; what is found, and with it.
struct Row {
    code: Code,
    severity: &'static str,
    zone: &'static str,
    records: &'static str,
    keys: &'static str,
    asked: Asked,
    beside: &'static [&'static str],
}

const fn row(code: Code, severity: &'static str, zone: &'static str, records: &'static str) -> Row {
    Row { code, severity, zone, records, keys: "", asked: Asked::Resolver, beside: &[] }
}

impl Row {
    const fn keys(self, keys: &'static str) -> Self {
        Self { keys, ..self }
    }

    const fn asked(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }

    const fn beside(self, beside: &'static [&'static str]) -> Self {
        Self { beside, ..self }
    }

    fn zone(&self) -> String {
        format!("{}.example", self.zone)
    }

    fn domain(&self) -> String {
        format!("login.{}", self.zone())
    }
}

const A: &str = "login A 127.0.0.1";

fn rows() -> Vec<Row> {
    use Asked::{AnotherResolver, Checked, Dead, Lame, Nobody, Registry, Servers};
    vec![
        row(Code::DnsNxdomain, "critical", "nxdomain", "other A 127.0.0.1"),
        row(Code::DnsNoAddress, "critical", "no-address", "login MX 10 mail"),
        row(Code::DnsServfail, "critical", "servfail", "").asked(Nobody),
        row(Code::DnsDnssecBogus, "critical", "bogus", A).asked(Checked(Anchor::OtherKey, 0)),
        row(Code::DnsCnameDangling, "critical", "dangling", "login CNAME nobody"),
        row(Code::DnsCnameMismatch, "warning", "mismatch", "login CNAME proxy\nproxy A 127.0.0.1")
            .keys("cname = \"d111111abcdef8.cloudfront.net\"\n"),
        row(Code::DnsCnamePointsAtEdge, "warning", "edge", "login CNAME t-cd-x.edge.tenants.eu.auth0.com."),
        row(Code::DnsCnameLoop, "warning", "loop", "login CNAME hop\nhop CNAME login").beside(&["dns.no_address"]),
        row(Code::DnsCnameRetired, "warning", "retired", "login CNAME login.azureedge.net."),
        row(Code::DnsCnameTakeover, "critical", "takeover", "login CNAME gone.azurewebsites.net."),
        row(Code::DnsTxtMissing, "warning", "missing", A).keys(TXT),
        row(Code::DnsTxtMissing, "critical", "missing-pending", A).keys(PENDING),
        row(
            Code::DnsTxtMismatch,
            "warning",
            "txt-mismatch",
            "login A 127.0.0.1\n_cf-custom-hostname.login TXT another",
        )
        .keys(TXT),
        row(
            Code::DnsTxtQuoted,
            "critical",
            "quoted",
            "login A 127.0.0.1\n_cf-custom-hostname.login TXT \"\\\"f7a51f40-0b47-40a5-89de-1f31bfef20af\\\"\"",
        )
        .keys(PENDING),
        row(
            Code::DnsTxtTrailingDot,
            "warning",
            "dotted",
            "login A 127.0.0.1\n_cf-custom-hostname.login TXT f7a51f40-0b47-40a5-89de-1f31bfef20af.",
        )
        .keys(TXT),
        row(
            Code::DnsTxtInexact,
            "warning",
            "inexact",
            "login A 127.0.0.1\n_cf-custom-hostname.login TXT F7A51F40-0B47-40A5-89DE-1F31BFEF20AF",
        )
        .keys(PENDING),
        row(
            Code::DnsTxtDoubledZone,
            "critical",
            "doubled",
            "login A 127.0.0.1\n_cf-custom-hostname.login.doubled.example TXT f7a51f40-0b47-40a5-89de-1f31bfef20af",
        )
        .keys(PENDING),
        row(
            Code::DnsTxtMisplaced,
            "warning",
            "misplaced",
            "login A 127.0.0.1\ncf-custom-hostname.login TXT f7a51f40-0b47-40a5-89de-1f31bfef20af",
        )
        .keys(TXT),
        row(Code::DnsTxtHidden, "warning", "hidden", "login A 127.0.0.1\n_cf-custom-hostname.login CNAME login")
            .keys(TXT),
        row(Code::DnsCaaForbidsIssuer, "warning", "forbids", "login A 127.0.0.1\n@ CAA 0 issue \";\""),
        row(
            Code::DnsCaaUnknownIssuer,
            "info",
            "unknown-issuer",
            "login A 127.0.0.1\n@ CAA 0 issue \"letsencrypt.org\"",
        ),
        // A name above the domain leads to itself: no CA gets to the end of that.
        row(Code::DnsCaaUnreadable, "warning", "up.unreadable", "").asked(Nobody),
        row(Code::DnsResolversDisagree, "info", "differ", "login A 127.0.0.1\n_cf-custom-hostname.login TXT one")
            .asked(AnotherResolver("login A 127.0.0.1\n_cf-custom-hostname.login TXT two")),
        row(Code::DnsResolverOutdated, "info", "outdated", A).asked(Servers("login A 127.0.0.9", "login A 127.0.0.9")),
        row(Code::DnsResolverOutdated, "warning", "removed", A)
            .asked(Servers("other A 127.0.0.9", "other A 127.0.0.9")),
        row(Code::DnsNameserverUnreachable, "warning", "unreachable", A).asked(Dead),
        row(Code::DnsNameserverLame, "warning", "lame", A).asked(Lame),
        row(Code::DnsNameserversDisagree, "info", "disagree", A).asked(Servers(A, "login A 127.0.0.9")),
        row(Code::DnsSignatureExpiresSoon, "warning", "signed-soon", A).asked(Checked(Anchor::Key, 13)),
        row(Code::DnsSignatureExpired, "critical", "signed-over", A).asked(Checked(Anchor::Key, 15)),
        row(Code::DnsDnssecUnverified, "info", "unverified", A).asked(Checked(Anchor::Nothing, 0)),
        row(Code::DnsRegistrationExpiresSoon, "warning", "month", A).asked(Registry("2026-12-20T00:00:00Z")),
        row(Code::DnsRegistrationExpiresSoon, "critical", "week", A).asked(Registry("2026-12-04T00:00:00Z")),
        row(Code::DnsRegistrationHold, "critical", "held", A).asked(Registry("2027-12-01T00:00:00Z\", \"server hold")),
    ]
}

/// The servers of the table: a resolver that has what customers see, the zones' own two, and one that checks signatures.
struct Servers {
    stage: Stage,
    primary: Knot,
    secondary: Nsd,
    checking: Unbound,
    _signed: Knot,
}

impl Servers {
    fn start(rows: &[Row]) -> Self {
        let mut seen = zones(rows, |row| match row.asked {
            Asked::Nobody | Asked::Checked(..) => None,
            _ => Some(row.records),
        });
        seen.extend(
            [
                ("auth0.com", "*.edge.tenants.eu A 127.0.0.1"),
                ("azureedge.net", "login A 127.0.0.1"),
                ("azurewebsites.net", "other A 127.0.0.1"),
                ("unreadable.example", "up CNAME up\nlogin.up A 127.0.0.1"),
                ("registry.test", "rdap A 127.0.0.1"),
            ]
            .map(|(zone, records)| (zone.to_owned(), records)),
        );
        let first = zones(rows, |row| match row.asked {
            Asked::Servers(first, _) | Asked::AnotherResolver(first) => Some(first),
            Asked::Lame | Asked::Dead => Some(row.records),
            _ => None,
        });
        let second = zones(rows, |row| if let Asked::Servers(_, second) = row.asked { Some(second) } else { None });
        let signed = zones(rows, |row| matches!(row.asked, Asked::Checked(..)).then_some(row.records));
        let signed_zones: Vec<&str> = signed.iter().map(|(zone, _)| zone.as_str()).collect();
        // What is above them is asked for CAA records.
        let served = [&borrowed(&signed)[..], &[("example", "")]].concat();
        let signing = Knot::start_with(&served, &signed_zones);
        let anchors = rows.iter().filter_map(|row| {
            Some((row.zone(), if let Asked::Checked(anchor, _) = row.asked { anchor } else { return None }))
        });
        let anchors: Vec<(String, Anchor)> = anchors.collect();
        let stubs: Vec<_> = served.iter().map(|(zone, _)| (*zone, signing.address())).collect();
        let trusted: String = anchors.iter().filter_map(|(zone, anchor)| trusted(&signing, zone, *anchor)).collect();
        Self {
            stage: stage(rows, &borrowed(&seen)),
            primary: Knot::start(&borrowed(&first)),
            secondary: Nsd::start(&borrowed(&second)),
            checking: Unbound::start(&stubs, None, &trusted),
            _signed: signing,
        }
    }

    /// The `[[domain]]` of a row.
    fn domain(&self, row: &Row) -> String {
        let mut text = self.stage.domain(&row.domain()) + row.keys;
        let (primary, secondary) = (self.primary.address(), self.secondary.address());
        let _ = match row.asked {
            Asked::Servers(..) | Asked::Lame => writeln!(text, "authorities = [\"{primary}\", \"{secondary}\"]"),
            Asked::AnotherResolver(_) => {
                writeln!(text, "nameservers = [\"{}\", \"{primary}\"]", self.stage.knot.address())
            }
            Asked::Dead => writeln!(text, "authorities = [\"{primary}\", \"127.99.99.99:1\"]"),
            Asked::Checked(..) => {
                writeln!(text, "nameservers = [\"{}\"]\ndnssec = true", self.checking.address(Channel::Plain))
            }
            Asked::Registry(_) => writeln!(
                text,
                "rdap = true\nrdap_bootstrap = \"https://rdap.registry.test:{}/dns.json\"",
                self.stage.nginx.port()
            ),
            Asked::Resolver | Asked::Nobody => Ok(()),
        };
        text
    }

    /// Looks at the domains of these rows, all as of one time.
    fn look(&self, rows: &[&Row], at: &str) -> Vec<Value> {
        let config = self.stage.config(&rows.iter().map(|row| self.domain(row)).collect::<String>());
        notafter(["check", "--format", "json", "--config", &config, "--at", at]).lines()
    }
}

fn zones(rows: &[Row], pick: impl Fn(&Row) -> Option<&'static str>) -> Vec<(String, &'static str)> {
    rows.iter().filter_map(|row| Some((row.zone(), pick(row)?))).collect()
}

fn borrowed<'a>(zones: &'a [(String, &'static str)]) -> Vec<(&'a str, &'a str)> {
    zones.iter().map(|(zone, records)| (zone.as_str(), *records)).collect()
}

/// What the resolver is told to trust of a zone.
fn trusted(signing: &Knot, zone: &str, anchor: Anchor) -> Option<String> {
    let ds = signing.ds(zone);
    let ds = match anchor {
        Anchor::Key => ds,
        // The last digit of the digest is another: a key that nobody has.
        Anchor::OtherKey => {
            ds.strip_suffix('0').map_or_else(|| ds[..ds.len() - 1].to_owned() + "0", |rest| rest.to_owned() + "1")
        }
        Anchor::Nothing => return None,
    };
    Some(format!("trust-anchor: \"{ds}\"\n"))
}

/// A proxy for all the domains, with a certificate of a CA that nobody knows, and a registry.
fn stage(rows: &[Row], zones: &[(&str, &str)]) -> Stage {
    let root = Authority::root_of("Example Trust", "Lab Root").unwrap();
    let spec = rows.iter().fold(sound("login.example"), |spec, row| spec.with_name(&row.domain()));
    let answer = auth0_like("$host");
    let proxy = Vhost::new("_", &root.leaf(&spec).unwrap()).answering(answer);
    let mut registry =
        "location = /dns.json { return 200 '{\"services\":[[[\"example\"],[\"https://rdap.registry.test:$server_port/\"]]]}'; }\n".to_owned();
    for row in rows {
        let Asked::Registry(says) = row.asked else { continue };
        let (expires, status) = says.split_once("\", \"").unwrap_or((says, "active"));
        let _ = writeln!(
            registry,
            "location = /domain/{} {{ return 200 '{{\"objectClassName\":\"domain\",\"status\":[\"{status}\"],\"events\":[{{\
             \"eventAction\":\"expiration\",\"eventDate\":\"{expires}\"}}]}}'; }}",
            row.zone()
        );
    }
    let registry =
        Vhost::new("rdap.registry.test", &root.leaf(&sound("rdap.registry.test")).unwrap()).answering(registry);
    Stage::with_zones(&root, &[proxy, registry], zones)
}

/// The findings about records.
fn found(seen: &Value) -> Vec<(&str, &str)> {
    let all = seen["findings"].as_array().unwrap().iter();
    let all = all.map(|finding| (finding["code"].as_str().unwrap(), finding["severity"].as_str().unwrap()));
    all.filter(|(code, _)| code.starts_with("dns.")).collect()
}

#[tokio::test]
async fn every_finding_about_records_is_reached_from_its_own_zone() {
    let rows = rows();
    let servers = Servers::start(&rows);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let mut times: BTreeSet<Option<i64>> = BTreeSet::new();
    // Signatures are made by the real clock: from there the days are counted.
    let days = |row: &Row| if let Asked::Checked(_, days) = row.asked { Some(days) } else { None };
    times.extend(rows.iter().map(days));
    for time in times {
        let alike: Vec<&Row> = rows.iter().filter(|row| days(row) == time).collect();
        let at = time.map_or_else(|| NOW.to_owned(), |days| UnixTime(now).plus(days * DAY).to_string());
        for (row, seen) in alike.iter().zip(servers.look(&alike, &at)) {
            let found = found(&seen);
            assert!(found.contains(&(row.code.as_str(), row.severity)), "{}: {found:?} {seen:#}", row.zone);
            let others: Vec<&str> =
                found.iter().map(|(code, _)| *code).filter(|code| *code != row.code.as_str()).collect();
            assert_eq!(others, row.beside, "{}: {seen:#}", row.zone);
        }
    }
    let delegated = of_records(&World::new(true).look().await.1);
    let mut reached: BTreeSet<Code> = rows.iter().map(|row| row.code).collect();
    reached.extend(delegated.iter().map(|(code, _)| *code));
    let missing: Vec<&Code> = Code::ALL.iter().filter(|code| code.area() == "dns" && !reached.contains(code)).collect();
    assert!(missing.is_empty(), "no zone leads to {missing:?}");
}
