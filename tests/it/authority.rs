//! The zone's own name servers, asked beside the resolver: two real ones of different make, which agree or do not.

use std::net::{SocketAddr, UdpSocket};
use std::thread;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, SOA};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Knot, Nsd, Vhost, auth0_like};
use super::stage::{NOW, Stage, codes, notafter, sound};

const UUID: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

/// A zone as the resolver still has it, and as the zone's two name servers have it; `None`: not at all.
struct Story {
    name: &'static str,
    resolver: Option<&'static str>,
    servers: [Option<&'static str>; 2],
    found: &'static [(&'static str, &'static str)],
}

const fn story(
    name: &'static str,
    resolver: Option<&'static str>,
    servers: [Option<&'static str>; 2],
    found: &'static [(&'static str, &'static str)],
) -> Story {
    Story { name, resolver, servers, found }
}

const TXT: &str = "login A 127.0.0.1\n_cf-custom-hostname.login TXT f7a51f40-0b47-40a5-89de-1f31bfef20af\n";
const NO_TXT: &str = "login A 127.0.0.1\n";
const OTHER: &str = "login A 127.0.0.2\n_cf-custom-hostname.login TXT f7a51f40-0b47-40a5-89de-1f31bfef20af\n";
const NOTHING: &str = "other A 127.0.0.1\n";
/// As [`TXT`], with a serial number of its own.
const LATER: &str = "@ SOA ns hostmaster 7 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n\
    login A 127.0.0.1\n_cf-custom-hostname.login TXT f7a51f40-0b47-40a5-89de-1f31bfef20af\n";

const OUTDATED: (&str, &str) = ("dns.resolver_outdated", "info");

const STORIES: &[Story] = &[
    story("sound", Some(TXT), [Some(TXT), Some(TXT)], &[]),
    story("moved", Some(TXT), [Some(OTHER), Some(OTHER)], &[OUTDATED]),
    story("mended", Some(NO_TXT), [Some(TXT), Some(TXT)], &[("dns.txt_missing", "warning"), OUTDATED]),
    story("missing", Some(NO_TXT), [Some(NO_TXT), Some(NO_TXT)], &[("dns.txt_missing", "warning")]),
    story("lost", Some(TXT), [Some(NO_TXT), Some(NO_TXT)], &[("dns.resolver_outdated", "warning")]),
    story("gone", Some(TXT), [Some(NOTHING), Some(NOTHING)], &[("dns.resolver_outdated", "warning")]),
    story(
        "back",
        Some(NOTHING),
        [Some(TXT), Some(TXT)],
        &[("dns.nxdomain", "critical"), ("dns.txt_missing", "warning"), OUTDATED],
    ),
    // Of a change that is on its way to the secondary nobody is told yet.
    story("torn", Some(TXT), [Some(TXT), Some(OTHER)], &[("dns.nameservers_disagree", "info")]),
    story("behind", Some(TXT), [Some(LATER), Some(TXT)], &[("dns.nameservers_disagree", "info")]),
    story("lame", Some(TXT), [Some(TXT), None], &[("dns.nameserver_lame", "warning")]),
    story("blocked", Some(TXT), [None, None], &[("dns.nameserver_lame", "warning")]),
    story("dead", None, [None, None], &[("dns.nameserver_lame", "critical"), ("dns.servfail", "critical")]),
];

fn zone_of(story: &Story) -> String {
    format!("{}.test", story.name)
}

/// The zones, as the resolver or one of the name servers has them.
fn zones(pick: impl Fn(&Story) -> Option<&'static str>) -> Vec<(String, &'static str)> {
    STORIES.iter().filter_map(|story| Some((zone_of(story), pick(story)?))).collect()
}

fn borrowed<'a>(zones: &'a [(String, &'static str)]) -> Vec<(&'a str, &'a str)> {
    zones.iter().map(|(name, records)| (name.as_str(), *records)).collect()
}

/// A proxy for all the domains, and a name server that stands for the resolver.
fn stage(zones: &[(&str, &str)]) -> Stage {
    let root = Authority::root("Lab Root").unwrap();
    let spec =
        STORIES.iter().fold(sound("login.test"), |spec, story| spec.with_name(&format!("login.{}", zone_of(story))));
    let issued = root.leaf(&spec).unwrap();
    let answer = auth0_like("$host");
    let hosts = STORIES.iter().map(|story| format!("login.{}", zone_of(story))).collect::<Vec<_>>().join(" ");
    Stage::with_zones(&root, &[Vhost::new(&format!("login.test {hosts}"), &issued).answering(answer)], zones)
}

fn findings(seen: &Value) -> Vec<(&str, &str)> {
    let all = seen["findings"].as_array().unwrap();
    all.iter().map(|finding| (finding["code"].as_str().unwrap(), finding["severity"].as_str().unwrap())).collect()
}

fn finding<'a>(seen: &'a Value, code: &str) -> &'a Value {
    let mut all = seen["findings"].as_array().unwrap().iter();
    all.find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("no {code}: {seen:#}"))
}

#[test]
fn each_way_in_which_they_differ_is_told() {
    let (resolver, one, other) =
        (zones(|story| story.resolver), zones(|story| story.servers[0]), zones(|story| story.servers[1]));
    let (knot, nsd) = (Knot::start(&borrowed(&one)), Nsd::start(&borrowed(&other)));
    let stage = stage(&borrowed(&resolver));
    let domain = |story: &Story| stage.domain(&format!("login.{}", zone_of(story))) + &format!("txt = \"{UUID}\"\n");
    let text = format!("authorities = [\"{}\", \"{}\"]\n", knot.address(), nsd.address());
    let config = stage.config(&(text + &STORIES.iter().map(domain).collect::<String>()));
    let ran = notafter(["check", "--format", "json", "--config", &config, "--at", NOW]);
    let all = ran.lines();
    for (story, seen) in STORIES.iter().zip(&all) {
        assert_eq!(findings(seen), story.found, "{}: {seen:#}", story.name);
    }
    let of = |name: &str| &all[STORIES.iter().position(|story| story.name == name).unwrap()];
    let sound = &of("sound")["observations"]["dns"]["authority"];
    assert_eq!((&sound["zone"], &sound["servers"][1]["serial"]), (&json!("sound.test"), &json!(1)));
    assert_eq!(sound["servers"][0]["answers"][3]["records"], json!([UUID]));
    // The TTL that the resolver told is what is left of it; of what it says is not there, the zone's own word counts.
    let moved = finding(of("moved"), "dns.resolver_outdated");
    assert_eq!(moved["facts"]["cached_until"], "2026-12-01T00:05:00Z");
    assert_eq!(moved["facts"]["at_the_source"], json!(["A 127.0.0.2"]));
    let mended = finding(of("mended"), "dns.txt_missing");
    assert_eq!(
        (&mended["facts"]["cached_until"], &mended["facts"]["mended_at_the_source"]),
        (&json!("2026-12-01T00:01:00Z"), &json!(true))
    );
    let summary = mended["summary"].as_str().unwrap();
    assert!(
        summary.ends_with("have it right already, resolvers may say the old until 2026-12-01T00:01:00Z"),
        "{summary}"
    );
    assert_eq!(finding(of("missing"), "dns.txt_missing")["facts"]["cached_until"], Value::Null);
    assert_eq!(finding(of("gone"), "dns.resolver_outdated")["facts"]["comes_to"], "dns.nxdomain");
    let torn = finding(of("torn"), "dns.nameservers_disagree")["summary"].as_str().unwrap();
    assert!(torn.contains(": A 127.0.0.1;") && torn.contains(": A 127.0.0.2"), "{torn}");
    let lame = finding(of("lame"), "dns.nameserver_lame")["summary"].as_str().unwrap();
    assert!(lame.contains(&nsd.address().to_string()), "{lame}");
}

#[test]
fn a_name_server_that_is_silent_is_unreachable() {
    let knot = Knot::start(&[("sound.test", TXT)]);
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (good, dead) = (knot.address().to_string(), silent.local_addr().unwrap().to_string());
    let stage = stage(&[("sound.test", TXT)]);
    for (authorities, working) in [(&["--authority", &good, "--authority", &dead][..], 1), (&["--authority", &dead], 0)]
    {
        let ran = stage.look("login.sound.test", authorities);
        let seen = ran.json();
        assert_eq!((findings(&seen), ran.code), (vec![("dns.nameserver_unreachable", "warning")], 1), "{seen:#}");
        let facts = &seen["findings"][0]["facts"];
        assert_eq!((&facts["working"], &facts["failing"]), (&json!(working), &json!([format!("{dead}: timed out")])));
    }
    assert_eq!(codes(&stage.look("login.sound.test", &[]).json()), [""; 0], "nobody asks unless told to");
}

/// A name server with another address at every question, as load balancing by DNS has it.
fn turning() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let (mut buffer, mut turn) = ([0; 4096], 0);
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let question = query.queries[0].clone();
            let mut answer = Message::response(query.metadata.id, query.metadata.op_code);
            answer.metadata.authoritative = true;
            answer.metadata.response_code = ResponseCode::NoError;
            answer.add_query(question.clone());
            let name = Name::from_ascii("ns.sound.test.").unwrap();
            let data = match question.query_type() {
                RecordType::SOA if question.name().num_labels() == 2 => {
                    Some(RData::SOA(SOA::new(name.clone(), name, 1, 1, 1, 1, 1)))
                }
                RecordType::A => {
                    turn += 1;
                    Some(RData::A(A::new(127, 0, 1, turn)))
                }
                _ => None,
            };
            if let Some(data) = data {
                answer.add_answer(Record::from_rdata(question.name().clone(), 60, data));
            }
            let _ = socket.send_to(&answer.to_vec().unwrap(), client);
        }
    });
    address
}

#[test]
fn who_answers_each_question_differently_disagrees_with_nobody() {
    let knot = Knot::start(&[("sound.test", NO_TXT)]);
    let stage = stage(&[("sound.test", NO_TXT)]);
    let (good, turning) = (knot.address().to_string(), turning().to_string());
    let seen = stage.look("login.sound.test", &["--authority", &good, "--authority", &turning]).json();
    assert_eq!(findings(&seen), [], "{seen:#}");
    let servers = &seen["observations"]["dns"]["authority"]["servers"];
    assert_eq!((&servers[0]["varies"], &servers[1]["varies"]), (&json!(false), &json!(true)));
}
