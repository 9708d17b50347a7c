//! The registration of a domain, asked of a registry of our own.

use notafter::lab::ca::Authority;
use serde_json::{Value, json};

use super::servers::{Vhost, auth0_like};
use super::stage::{NOW, Ran, Stage, notafter, sound};

/// Registered domains by what the registry says of them: its expiration, its statuses.
const REGISTERED: [(&str, &str, &str); 6] = [
    ("paid", "2027-12-01T00:00:00Z", r#""active""#),
    ("month", "2026-12-31T00:00:00Z", r#""client transfer prohibited""#),
    ("week", "2026-12-08T00:00:00Z", r#""active""#),
    ("over", "2026-11-30T00:00:00Z", r#""auto renew period""#),
    ("held", "2027-12-01T00:00:00Z", r#""client hold","client transfer prohibited""#),
    ("lapsed", "2026-11-01T00:00:00Z", r#""redemption period","pendingDelete""#),
];

/// A proxy, and beside it a registry for `test` with the list that names it, and one that has had enough.
fn stage() -> Stage {
    let root = Authority::root("Lab Root").unwrap();
    let names = REGISTERED.map(|(name, ..)| format!("login.{name}.test"));
    let spec = names.iter().fold(sound("login.lost.test"), |spec, name| spec.with_name(name));
    let spec = spec.with_name("login.sub.busy").with_name("login.none.nowhere");
    let answer = auth0_like("$host");
    let proxy = Vhost::new("_", &root.leaf(&spec).unwrap()).answering(answer);
    let mut registry = String::from(
        "location = /dns.json { return 200 '{\"services\":[[[\"test\"],[\"https://rdap.example:$server_port/v1/\"]],\
         [[\"busy\"],[\"https://rdap.example:$server_port/busy/\"]]]}'; }\n\
         location /busy/ { add_header Retry-After 86400 always; return 429; }\n\
         location / { return 404; }\n",
    );
    for (name, expires, statuses) in REGISTERED {
        registry += &format!(
            "location = /v1/domain/{name}.test {{ default_type application/rdap+json; return 200 '{{\"objectClassName\":\
             \"domain\",\"ldhName\":\"{name}.test\",\"status\":[{statuses}],\"events\":[{{\"eventAction\":\"expiration\",\
             \"eventDate\":\"{expires}\"}}],\"entities\":[{{\"roles\":[\"registrar\"],\"handle\":\"42\"}}]}}'; }}\n"
        );
    }
    let registry = Vhost::new("rdap.example", &root.leaf(&sound("rdap.example")).unwrap()).answering(registry);
    Stage::with_zones(
        &root,
        &[proxy, registry],
        &[
            ("example", "rdap A 127.0.0.1"),
            ("test", "*.test. A 127.0.0.1"),
            ("busy", "* A 127.0.0.1"),
            ("nowhere", "* A 127.0.0.1"),
        ],
    )
}

fn look(stage: &Stage, domains: &[String]) -> Ran {
    let bootstrap = format!("https://rdap.example:{}/dns.json", stage.nginx.port());
    let text = format!("rdap = true\nrdap_bootstrap = \"{bootstrap}\"\n");
    let config = stage.config(&(text + &domains.iter().map(|name| stage.domain(name)).collect::<String>()));
    notafter(["check", "--format", "json", "--config", &config, "--at", NOW])
}

fn findings(seen: &Value) -> Vec<(&str, &str)> {
    let all = seen["findings"].as_array().unwrap();
    all.iter().map(|finding| (finding["code"].as_str().unwrap(), finding["severity"].as_str().unwrap())).collect()
}

#[test]
fn what_the_registry_says_is_judged_and_what_it_does_not_say_is_unknown() {
    let stage = stage();
    let soon = "dns.registration_expires_soon";
    let hold = ("dns.registration_hold", "critical");
    let expected = [
        &[][..],
        &[(soon, "warning")],
        &[(soon, "critical")],
        &[(soon, "critical")],
        &[hold],
        &[(soon, "critical"), hold],
        // Not registered as far as that registry knows; one that has had enough; a name nobody answers for.
        &[],
        &[],
        &[],
    ];
    let names: Vec<String> = REGISTERED.iter().map(|(name, ..)| format!("login.{name}.test")).collect();
    let others = ["login.lost.test", "login.sub.busy", "login.none.nowhere"].map(str::to_owned);
    let ran = look(&stage, &[names, others.to_vec()].concat());
    let all = ran.lines();
    for (seen, expected) in all.iter().zip(expected) {
        assert_eq!(findings(seen), expected, "{seen:#}");
    }
    let registration = |index: usize| &all[index]["observations"]["dns"]["registration"];
    assert_eq!(
        *registration(4),
        json!({
            "domain": "held.test", "at": NOW, "expires": "2027-12-01T00:00:00Z",
            "statuses": ["client hold", "client transfer prohibited"], "registrar": "42", "failure": null
        })
    );
    assert_eq!((registration(6), registration(7), registration(8)), (&Value::Null, &Value::Null, &Value::Null));
    assert_eq!(all[4]["broken_at"], Value::Null, "so far the records are there");
}

#[test]
fn domains_of_one_registration_ask_once() {
    let mut stage = stage();
    let names = ["login.paid.test", "auth.paid.test", "a.b.paid.test", "login.month.test"].map(str::to_owned);
    let ran = look(&stage, &names);
    for (seen, domain) in ran.lines().iter().zip(["paid.test", "paid.test", "paid.test", "month.test"]) {
        assert_eq!(seen["observations"]["dns"]["registration"]["domain"], domain, "{seen:#}");
    }
    // Two registrations and the list of registries, beside what each domain's own host is asked.
    let of_registry = |requests: Vec<String>| -> Vec<String> {
        requests.into_iter().filter(|request| request.contains("rdap.example")).collect()
    };
    let requests = of_registry(stage.nginx.wait_for_requests(3 + names.len()));
    assert_eq!(requests.len(), 3, "{requests:?}");
}
