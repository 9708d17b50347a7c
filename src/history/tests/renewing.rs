//! What a renewal changes, and which of it is a surprise.

use super::*;

/// A domain that serves `before`, and 60 days after its beginning `after`; the renewal as it is told.
fn renewed(before: &Certificate, after: &Certificate) -> (Class, String, Vec<&'static str>) {
    let mut diary = Diary::default();
    diary.serves(before, -DAY, 0, 3600);
    diary.serves(after, 0, 3 * HOUR, 3600);
    let renewal = diary.history.renewals().next().unwrap();
    let surprises = renewal.surprises.iter().map(|surprise| surprise.as_str()).collect();
    (renewal.class, renewal.to_string(), surprises)
}

fn old() -> Certificate {
    leaf(-60 * DAY, 90)
}

fn new() -> Certificate {
    leaf(-HOUR, 90)
}

fn issued_by(mut leaf: Certificate, issuer: &str) -> Certificate {
    leaf.issuer = issuer.to_owned();
    leaf
}

fn named(mut leaf: Certificate, names: &[&str]) -> Certificate {
    leaf.dns_names = names.iter().map(|name| (*name).to_owned()).collect();
    leaf
}

fn key(mut leaf: Certificate, key_type: KeyType, bits: u32, curve: &str) -> Certificate {
    leaf.key = PublicKey { key_type, bits: Some(bits), curve: Some(curve.to_owned()) };
    leaf
}

#[test]
fn differences_are_told_and_classed() {
    let p384 = |leaf| key(leaf, KeyType::Ec, 384, "P-384");
    let cases: [(&str, Certificate, Certificate, &str, &[&str]); 12] = [
        ("alike", old(), new(), "nothing but serial number and dates", &[]),
        (
            "another intermediate of the same CA",
            old(),
            issued_by(new(), "CN=R11,O=Example Trust"),
            "issuer R10 -> R11",
            &[],
        ),
        (
            "a CA that spells its name otherwise",
            old(),
            issued_by(new(), "CN=R10,O=EXAMPLE\\, Trust Inc."),
            "nothing but serial number and dates",
            &[],
        ),
        (
            "another CA",
            old(),
            issued_by(new(), "CN=WE1,O=Other Trust Services"),
            "authority Example Trust -> Other Trust Services, issuer R10 -> WE1",
            &["authority"],
        ),
        ("a shorter lifetime", old(), leaf(-HOUR, 47), "lifetime 89 d 23 h -> 46 d 23 h", &[]),
        ("a stronger key", rsa(old(), 2048), rsa(new(), 4096), "key RSA 2048 -> RSA 4096", &[]),
        ("from RSA to ECDSA", rsa(old(), 2048), new(), "key RSA 2048 -> EC P-256", &[]),
        ("from ECDSA to RSA", old(), rsa(new(), 2048), "key EC P-256 -> RSA 2048", &["weaker_key"]),
        ("weaker, but strong", p384(old()), new(), "key EC P-384 -> EC P-256", &[]),
        (
            "names lost",
            named(old(), &["login.example.com", "auth.example.com", "shop.example.net"]),
            named(new(), &["login.example.com"]),
            "names auth.example.com, login.example.com -> login.example.com",
            &["names_lost"],
        ),
        (
            "names a wildcard covers",
            named(old(), &["login.example.com", "auth.example.com"]),
            named(new(), &["*.EXAMPLE.com"]),
            "names auth.example.com, login.example.com -> *.example.com",
            &[],
        ),
        (
            "strangers on a certificate that a CDN shares",
            named(old(), &["login.example.com", "shop.example.net"]),
            named(new(), &["login.example.com", "other.example.org", "notexample.com"]),
            "nothing but serial number and dates",
            &[],
        ),
    ];
    for (what, before, after, told, surprises) in cases {
        let class = if surprises.is_empty() { Class::Routine } else { Class::Surprising };
        assert_eq!(renewed(&before, &after), (class, told.to_owned(), surprises.to_vec()), "{what}");
    }
}

#[test]
fn what_is_renewed_much_sooner_than_usual_is_early() {
    let begun = |days: i64, lifetime: i64| renewed(&leaf(-days * DAY, lifetime), &new()).0;
    assert_eq!(begun(35, 90), Class::Early);
    assert_eq!(begun(37, 90), Class::Routine);
    assert_eq!(begun(3, 6), Class::Routine);
    // By its habit, if it has one.
    let mut diary = Diary::default();
    let mut at = 0;
    for _ in 0..4 {
        diary.serves(&leaf(at - HOUR, 90), at, at + 60 * DAY, 7200);
        at += 60 * DAY;
    }
    diary.serves(&leaf(at - HOUR, 90), at, at + 45 * DAY, 7200);
    at += 45 * DAY;
    diary.serves(&leaf(at - HOUR, 90), at, at + DAY, 7200);
    assert_eq!(diary.classes(), [Class::Early, Class::Routine, Class::Routine, Class::Routine, Class::Routine]);
}

#[test]
fn what_is_remembered_of_names_is_bounded() {
    let many: Vec<String> = (0..500).map(|n| format!("a{n}.example.com")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let mut diary = Diary::default();
    diary.look(0, &[(ONE, &named(old(), &many))]);
    let leaf = &diary.history.leaves()[0];
    assert_eq!((leaf.names.len(), leaf.names_count), (20, 500));
}
