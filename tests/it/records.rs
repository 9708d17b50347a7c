//! The records a domain stands on, wrong in every way that a zone can be: each finding from its own zone, asked of a
//! real name server.

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like};
use super::stage::{NOW, Stage, codes, notafter, sound};

const UUID: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

/// A host of `example.com` by its first label, its TXT records, and what is to be found of it once verified and while
/// verification is pending.
struct Story {
    host: &'static str,
    records: String,
    verified: &'static [&'static str],
    pending: (&'static [&'static str], &'static str),
}

const fn story(host: &'static str, records: String, code: &'static [&'static str], pending: &'static str) -> Story {
    Story { host, records, verified: code, pending: (code, pending) }
}

fn stories() -> Vec<Story> {
    let at = |host: &str, value: &str| format!("_cf-custom-hostname.{host} TXT {value}\n");
    let upper = UUID.to_uppercase();
    let mut stories = vec![
        story("sound", at("sound", UUID), &[], ""),
        story("split", at("split", &format!("\"{}\" \"{}\"", &UUID[..20], &UUID[20..])), &[], ""),
        story("several", at("several", "another") + &at("several", UUID), &[], ""),
        story("delegated", "_cf-custom-hostname.delegated CNAME proof\nproof TXT ".to_owned() + UUID + "\n", &[], ""),
        story("missing", String::new(), &["dns.txt_missing"], "critical"),
        story("other", at("other", "another"), &["dns.txt_mismatch"], "warning"),
        story("quoted", at("quoted", &format!("\"\\\"{UUID}\\\"\"")), &["dns.txt_quoted"], "critical"),
        story("dotted", at("dotted", &format!("\"{UUID}.\"")), &["dns.txt_trailing_dot"], "critical"),
        story("spaced", at("spaced", &format!("\" {UUID} \"")), &["dns.txt_inexact"], "critical"),
        story("upper", at("upper", &upper), &["dns.txt_inexact"], "warning"),
        story("doubled", at("doubled.example.com", UUID), &["dns.txt_doubled_zone"], "critical"),
        story("twice", at("twice.example.com.twice", UUID), &["dns.txt_doubled_zone"], "critical"),
        story("bare", format!("cf-custom-hostname.bare TXT {UUID}\n"), &["dns.txt_misplaced"], "critical"),
        story("hidden", "_cf-custom-hostname.hidden CNAME proxy\n".to_owned(), &["dns.txt_hidden"], "critical"),
        story("wild", "*.wild CNAME proxy\n".to_owned(), &["dns.txt_hidden"], "critical"),
        story(
            "circle",
            "_cf-custom-hostname.circle CNAME _cf-custom-hostname.circle\n".to_owned(),
            &["dns.txt_hidden"],
            "critical",
        ),
    ];
    // A verified domain may have it where Auth0 had it once; one that is being verified is newer.
    let legacy = format!("legacy TXT {UUID}\n");
    stories.push(Story {
        host: "legacy",
        records: legacy,
        verified: &[],
        pending: (&["dns.txt_misplaced"], "critical"),
    });
    stories
}

/// A name server with this zone for `example.com` and others, and a proxy for all its names.
fn stage(zone: &str) -> Stage {
    let root = Authority::root("Lab Root").unwrap();
    let issued = root.leaf(&sound("*.example.com")).unwrap();
    let answer = auth0_like("$host");
    let host = Vhost::new("*.example.com", &issued).answering(answer);
    let zones = [
        ("example.com", zone),
        ("azureedge.net", "login A 127.0.0.1"),
        ("azurewebsites.net", "login A 127.0.0.1"),
        ("auth0.com", "*.edge.tenants A 127.0.0.1"),
        ("example.net", &format!("proxy A 127.0.0.1\nproxy TXT {UUID}")),
    ];
    Stage::with_zones(&root, &[host], &zones)
}

#[test]
fn each_fault_of_the_ownership_record_is_told_from_its_own_zone() {
    let stories = stories();
    let host = |story: &Story| format!("{} A 127.0.0.1\n{}", story.host, story.records);
    let stage = stage(&(stories.iter().map(host).collect::<String>() + "proxy A 127.0.0.1\n"));
    let nameserver = stage.knot.address().to_string();
    let look = |more: &str| {
        let domain =
            |story: &Story| stage.domain(&format!("{}.example.com", story.host)) + &format!("txt = \"{UUID}\"\n{more}");
        let config = stage.config(&stories.iter().map(domain).collect::<String>());
        notafter(["check", "--format", "json", "--config", &config, "--nameserver", &nameserver, "--at", NOW]).lines()
    };
    for (story, seen) in stories.iter().zip(look("")) {
        assert_eq!(codes(&seen), story.verified, "{}: {seen:#}", story.host);
        assert!(story.verified.is_empty() || seen["findings"][0]["severity"] == "warning", "{seen:#}");
        let dns = &seen["observations"]["dns"];
        let asked = dns["txt_elsewhere"].as_array().unwrap().len();
        // Nothing more is asked of a domain whose record is at its place, right or nearly so.
        let lost = ["missing", "other", "doubled", "twice", "bare", "hidden", "wild", "circle", "legacy"];
        assert_eq!(asked, if lost.contains(&story.host) { 6 } else { 0 }, "{}", story.host);
    }
    let pending = look("verification = \"pending\"\nverification_started = 2026-11-30T00:00:00Z\n");
    for (story, seen) in stories.iter().zip(pending) {
        let (expected, severity) = story.pending;
        assert_eq!(codes(&seen), expected, "{}: {seen:#}", story.host);
        let Some(finding) = seen["findings"].get(0) else { continue };
        assert_eq!(finding["severity"], severity, "{finding:#}");
        assert_eq!(finding["facts"]["window_ends"], "2026-12-03T00:00:00Z");
        assert_eq!(finding["facts"]["window_ends_at_the_latest"], "2026-12-07T00:00:00Z");
        // A login works without the record.
        assert_eq!(seen["broken_at"], Value::Null);
    }
}

#[test]
fn where_the_record_is_instead_is_told() {
    let zone = format!(
        "one A 127.0.0.1\n_cf-custom-hostname.one.example.com TXT {UUID}\n\
         two.sub A 127.0.0.1\n_cf-custom-hostname.sub TXT {UUID}\n\
         three.top A 127.0.0.1\ntop TXT \"v=spf1 -all\"\ntop TXT {UUID}\n\
         four CNAME proxy.example.net.\n\
         five A 127.0.0.1\n_cf-custom-hostname.five TXT {UUID}\n"
    );
    let stage = stage(&zone);
    for (host, arguments, code, found_at) in [
        ("one", &[][..], "dns.txt_doubled_zone", "_cf-custom-hostname.one.example.com.example.com"),
        ("two.sub", &[], "dns.txt_misplaced", "_cf-custom-hostname.sub.example.com"),
        ("three.top", &[], "dns.txt_misplaced", "top.example.com"),
        // At the domain itself only for who follows its CNAME.
        ("four", &[], "dns.txt_misplaced", "proxy.example.net"),
        ("five", &["--txt-name", "_own.example.com"], "dns.txt_misplaced", "_cf-custom-hostname.five.example.com"),
    ] {
        let seen = stage.look(&format!("{host}.example.com"), &[&["--txt", UUID][..], arguments].concat()).json();
        let of_txt = |finding: &&Value| finding["code"].as_str().is_some_and(|code| code.starts_with("dns.txt_"));
        let findings: Vec<&Value> = seen["findings"].as_array().unwrap().iter().filter(of_txt).collect();
        assert_eq!(findings.len(), 1, "{host}: {seen:#}");
        assert_eq!((&findings[0]["code"], &findings[0]["facts"]["found_at"]), (&json!(code), &json!(found_at)));
    }
}

#[test]
fn the_end_of_the_cname_decides() {
    let stage = stage(
        "retired CNAME login.azureedge.net.\n\
         old-edge CNAME tenant.cd_abc.edge.tenants.auth0.com.\n\
         there CNAME login.azurewebsites.net.\n\
         gone CNAME lost.azurewebsites.net.\n\
         over CNAME hop\nhop 60 CNAME lost.azurewebsites.net.\n\
         hashed CNAME lost-a1b2c3.westeurope-01.azurewebsites.net.\n\
         nowhere CNAME nobody.example.net.\n",
    );
    for (host, expected, exit) in [
        ("retired", &["dns.cname_retired"][..], 1),
        ("old-edge", &["dns.cname_points_at_edge", "dns.cname_retired"], 1),
        ("there", &[], 0),
        ("gone", &["dns.cname_takeover"], 2),
        ("over", &["dns.cname_takeover"], 2),
        ("hashed", &["dns.cname_dangling"], 2),
        ("nowhere", &["dns.cname_dangling"], 2),
    ] {
        let ran = stage.look(&format!("{host}.example.com"), &[]);
        let seen = ran.json();
        assert_eq!((codes(&seen), ran.code), (expected.to_vec(), exit), "{host}: {seen:#}");
        assert_eq!(seen["broken_at"], if exit == 2 { json!("dns") } else { Value::Null }, "{host}");
    }
    let over = stage.look("over.example.com", &[]).json();
    let ttls: Vec<_> =
        over["observations"]["dns"]["cname"].as_array().unwrap().iter().map(|link| &link["ttl"]).collect();
    assert_eq!(ttls, [300, 60]);
}
