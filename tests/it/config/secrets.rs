//! No message repeats a secret, and no text makes the parser panic.

use notafter::config::Mistake;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::fixtures::{CANARY, fixture, names, parse, text};

fn told(result: &Result<notafter::config::Settings, Vec<Mistake>>) -> String {
    match result {
        // The settings' own Debug must not tell it either.
        Ok(settings) => format!("{settings:?}"),
        Err(mistakes) => mistakes.iter().map(|mistake| format!("{mistake}\n{mistake:?}\n")).collect(),
    }
}

#[test]
fn no_fixture_makes_it_repeat_a_secret() {
    let mut with_secrets = 0;
    for name in names() {
        with_secrets += usize::from(text(&name).contains(CANARY));
        let told = told(&fixture(&name));
        assert!(!told.contains(CANARY) && !told.contains("4815162342"), "{name}: {told}");
    }
    assert!(with_secrets >= 5);
}

#[test]
fn what_is_hidden_shows_as_stars() {
    let told = told(&fixture("secret_written_out.toml"));
    assert!(told.contains("11 | password = ***\n"), "{told}");
    assert!(told.contains("auth0 = { orgin = \"x.example\", cname_api_key = *** }"), "{told}");
}

/// Ways to write a secret out, each a line of its own.
const WRITTEN_OUT: [&str; 13] = [
    "password = \"CANARY\"",
    "key = \"CANARY\"",
    "key = \"\"\"\n-----BEGIN PRIVATE KEY-----\nCANARY\n\"\"\"",
    "password = 'CANARY'",
    "password = \"\"\"\nCANARY\n\"\"\"",
    "passwort = \"CANARY\"",
    "\"password\" = \"CANARY\"",
    "password = [\"CANARY\"]",
    "password = { env = \"+CANARY-\" }",
    "password = { text = \"CANARY\" }",
    "password.text.inner = \"CANARY\"",
    "password = { file = \"none\" } # CANARY",
    "relay = \"smtps://me:CANARY@mail.example.com\"",
];

fn with_secret(line: &str) -> String {
    format!(
        "[[domain]]\nname = \"login.example.com\"\n\n[[receiver]]\nname = \"oncall\"\n[receiver.email]\n\
         to = [\"oncall@example.com\"]\nfrom = \"notafter@example.com\"\n{line}\n"
    )
}

#[test]
fn however_it_is_written_out_it_is_refused_and_not_repeated() {
    for line in WRITTEN_OUT {
        let result = parse(&with_secret(line), "f");
        assert!(result.is_err(), "{line}");
        let told = told(&result);
        assert!(!told.contains("CANARY"), "{line}: {told}");
        assert!(told.contains("***"), "{line}: {told}");
    }
}

fn seeds() -> Vec<String> {
    let mut seeds: Vec<String> = names().iter().map(|name| text(name)).collect();
    seeds.extend(WRITTEN_OUT.map(with_secret));
    seeds
}

/// The text with a few pieces replaced, at places counted in characters.
fn mutated(text: &str, changes: &[(prop::sample::Index, usize, String)]) -> String {
    let mut all: Vec<char> = text.chars().collect();
    for (at, length, with) in changes {
        let start = at.index(all.len() + 1);
        let end = (start + length).min(all.len());
        all.splice(start..end, with.chars());
    }
    all.into_iter().collect()
}

fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, String)>> {
    let piece = prop_oneof![
        Just(String::new()),
        "[\\[\\]{}=\"'#.,\\n\\\\]{1,3}",
        Just("\"\"\"".to_owned()),
        Just("\u{feff}ä\u{1}\r".to_owned()),
        ".{0,6}",
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0usize..8, piece), 1..5)
}

#[test]
fn no_depth_of_nesting_overflows_it() {
    for (open, close) in [("[", "]"), ("{a=", "}")] {
        let text = format!("password = {}1{}", open.repeat(50_000), close.repeat(50_000));
        assert!(parse(&text, "f").is_err());
        assert!(parse(text.trim_end_matches(close), "f").is_err());
    }
    assert!(parse(&format!("{} = 1", ["a"; 50_000].join(".")), "f").is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(seed in prop::sample::select(seeds()), changes in changes()) {
        let result = parse(&mutated(&seed, &changes), "f");
        if let Err(mistakes) = &result {
            prop_assert!(!mistakes.is_empty());
        }
        told(&result);
    }

    /// One letter more or less around a secret breaks the syntax in many ways; none of them tells it.
    #[test]
    fn a_broken_line_does_not_tell_its_secret(
        line in prop::sample::select(WRITTEN_OUT.to_vec()),
        at in any::<prop::sample::Index>(),
        with in "[\\[\\]{}=\"'#,\\n a]{0,2}",
    ) {
        let start = line.find("CANARY").unwrap();
        // Anywhere but within the canary, which could then not be found, and within the key.
        let from = line.find(['=', ' ']).unwrap();
        let places: Vec<usize> = (from..=line.len()).filter(|at| !(start + 1..start + 6).contains(at)).collect();
        let at = places[at.index(places.len())];
        let (before, after) = line.split_at(at);
        for dropped in [0, 1] {
            let after = if after.starts_with('C') { after } else { after.get(dropped..).unwrap_or_default() };
            let text = with_secret(&format!("{before}{with}{after}"));
            let told = told(&parse(&text, "f"));
            prop_assert!(!told.contains("CANARY"), "{}\n{}", text, told);
        }
    }
}
