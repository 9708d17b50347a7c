//! The proof of ownership: where its TXT record should be, where else people put it by mistake, how a value
//! [resembles](Likeness) the expected one, and how long Auth0 looks for it.

use super::{Domain, DomainName, UnixTime, Verification};

/// The label below which Auth0 has looked for the record since 2021 (`verification.methods[].domain`).
const LABEL: &str = "_cf-custom-hostname";
/// Doubled names tried: a provider appends its zone, and which of the parents that is nobody tells.
const MAX_DOUBLED: usize = 3;
const DAY: i64 = 86_400;

impl Domain {
    /// The name whose TXT record proves ownership: as configured, else `_cf-custom-hostname.<domain>`
    /// (what Auth0's `verification.methods[].domain` holds since 2021).
    pub fn txt_name(&self) -> DomainName {
        self.expected.txt_name.clone().unwrap_or_else(|| self.default_txt_name())
    }

    /// Whether the record may as well be at the domain itself, where Auth0 had it until about 2020: only where it is
    /// looked for at the default name, and only of a domain already verified, as those being verified are newer.
    pub fn accepts_legacy_txt(&self) -> bool {
        self.expected.verification == Verification::Ready && self.txt_name() == self.default_txt_name()
    }

    /// Where the record ends up if the provider appends the zone to a name that was already whole, e.g.
    /// `_cf-custom-hostname.login.example.com.example.com`; the nearest to the top first, three at most.
    pub fn doubled_txt_names(&self) -> Vec<DomainName> {
        let name = self.txt_name();
        let mut zones: Vec<DomainName> = std::iter::successors(name.parent(), DomainName::parent).collect();
        zones.reverse();
        zones.iter().take(MAX_DOUBLED).filter_map(|zone| name.below(zone)).collect()
    }

    /// Other places at which the record is found by mistake, five at most: at the domain itself, at the default name where
    /// another is configured, one level too high with the label or without, and without the label's underscore.
    pub fn mistaken_txt_names(&self) -> Vec<DomainName> {
        let name = self.txt_name();
        let mut names = vec![self.name.clone(), self.default_txt_name()];
        if let Some(parent) = self.name.parent() {
            names.extend([parent.prefixed(LABEL), parent]);
        }
        names.push(self.name.prefixed(LABEL.trim_start_matches('_')));
        names.retain(|other| *other != name);
        names
    }

    fn default_txt_name(&self) -> DomainName {
        self.name.prefixed(LABEL)
    }
}

impl Verification {
    /// When Auth0 stops looking for the record, by the shorter of the spans its pages give; unknown unless
    /// verification is pending and its start is known.
    ///
    /// The set-up page of self-managed certificates says three days, the troubleshooting page of custom domains said
    /// seven: who counts on the shorter is in time by both.
    pub const fn window_ends(&self) -> Option<UnixTime> {
        self.after_start(3 * DAY)
    }

    /// The same by the longer of the spans.
    pub const fn window_ends_at_the_latest(&self) -> Option<UnixTime> {
        self.after_start(7 * DAY)
    }

    const fn after_start(&self, seconds: i64) -> Option<UnixTime> {
        match self {
            Self::Pending { started: Some(started) } => Some(started.plus(seconds)),
            Self::Pending { started: None } | Self::Ready => None,
        }
    }
}

/// How the value of a TXT record resembles the expected one, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It is the same.
    Same,
    /// Only letters are in another case.
    OtherCase,
    /// But for whitespace.
    Spaced,
    /// But for a dot at its end, as if it were a name.
    TrailingDot,
    /// But for quotation marks that became part of it.
    Quoted,
}

impl Likeness {
    /// How `found` resembles `expected`; `None` if it does not. Of several slips in one value the gravest is told.
    pub fn of(found: &str, expected: &str) -> Option<Self> {
        if found == expected {
            return Some(Self::Same);
        }
        let (bare, slip) = stripped(found);
        if bare == expected {
            return slip;
        }
        bare.eq_ignore_ascii_case(expected).then(|| slip.unwrap_or(Self::OtherCase))
    }

    /// The best that any of the values comes to.
    pub fn best<'a>(found: impl IntoIterator<Item = &'a String>, expected: &str) -> Option<Self> {
        found.into_iter().filter_map(|found| Self::of(found, expected)).min()
    }
}

/// Whether a value has the form of those that Auth0 gives: a UUID (RFC 9562 §4), be it quoted or dotted.
pub fn is_ownership_value(text: &str) -> bool {
    let (bare, _) = stripped(text);
    let groups: Vec<&str> = bare.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12]) && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// A value without what a form or a template may have put around it or into it, and the gravest of that.
fn stripped(text: &str) -> (String, Option<Likeness>) {
    let spaceless: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let unquoted = spaceless.trim_matches(is_quote);
    let undotted = unquoted.trim_end_matches('.');
    // A dot may stand outside the quotation marks as well.
    let bare = undotted.trim_end_matches(|c| is_quote(c) || c == '.');
    let quoted = spaceless.starts_with(is_quote) || spaceless.ends_with(is_quote) || bare != undotted;
    let slips = [
        (quoted, Likeness::Quoted),
        (unquoted != undotted, Likeness::TrailingDot),
        (spaceless.len() != text.len(), Likeness::Spaced),
    ];
    (bare.to_owned(), slips.into_iter().find_map(|(is_so, slip)| is_so.then_some(slip)))
}

/// Marks that people and programs quote by, and the backslash by which a zone file escapes one.
const fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\\' | '“' | '”' | '‘' | '’' | '„' | '«' | '»')
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: &str = "f7a51f40-0b47-40a5-89de-1f31bfef20af";

    fn domain(name: &str) -> Domain {
        Domain::new(DomainName::parse(name).unwrap())
    }

    fn texts(names: &[DomainName]) -> Vec<&str> {
        names.iter().map(DomainName::as_str).collect()
    }

    #[test]
    fn a_value_resembles_another_but_for_what_forms_put_around_it() {
        use Likeness::{OtherCase, Quoted, Same, Spaced, TrailingDot};
        for (found, likeness) in [
            (VALUE.to_owned(), Some(Same)),
            (VALUE.to_uppercase(), Some(OtherCase)),
            (format!(" {VALUE}"), Some(Spaced)),
            (format!("{VALUE}\u{a0}\t"), Some(Spaced)),
            (VALUE.replacen('-', "- ", 1), Some(Spaced)),
            (format!("{VALUE}."), Some(TrailingDot)),
            (format!("{VALUE}. "), Some(TrailingDot)),
            (format!("\"{VALUE}\""), Some(Quoted)),
            (format!("\"{VALUE}"), Some(Quoted)),
            (format!("\\\"{VALUE}\\\""), Some(Quoted)),
            (format!("“{VALUE}”"), Some(Quoted)),
            (format!("\"{VALUE}.\""), Some(Quoted)),
            (format!("\"{VALUE}\"."), Some(Quoted)),
            (format!(" '{}' ", VALUE.to_uppercase()), Some(Quoted)),
            (format!("{VALUE}0"), None),
            (format!("txt={VALUE}"), None),
            (String::new(), None),
        ] {
            assert_eq!(Likeness::of(&found, VALUE), likeness, "{found:?}");
            assert_eq!(is_ownership_value(&found), likeness.is_some(), "{found:?}");
        }
        // Whatever is expected is expected as it is.
        assert_eq!(Likeness::of("a.", "a."), Some(Same));
        assert_eq!(Likeness::of("", ""), Some(Same));
        assert_eq!(Likeness::of("\"\"", VALUE), None);
        let both = [format!("{VALUE}."), VALUE.to_owned()];
        assert_eq!(Likeness::best(&both, VALUE), Some(Same));
    }

    #[test]
    fn a_doubled_name_may_have_any_parent_as_its_zone() {
        let names = domain("login.example.com").doubled_txt_names();
        let name = "_cf-custom-hostname.login.example.com";
        assert_eq!(texts(&names), [format!("{name}.example.com"), format!("{name}.login.example.com")]);
        let deep = domain("a.b.c.d.example.com").doubled_txt_names();
        assert_eq!(deep.len(), 3);
        assert!(deep[0].as_str().ends_with(".example.com.example.com"), "{deep:?}");
        // What would be too long for a name is no place.
        let long = domain(&["a".repeat(60), "b".repeat(60), "c".repeat(60), "example.com".to_owned()].join("."));
        assert_eq!(long.doubled_txt_names().len(), 1);
    }

    #[test]
    fn mistaken_places_are_few_and_never_the_right_one() {
        let mut domain = domain("login.example.com");
        assert_eq!(
            texts(&domain.mistaken_txt_names()),
            [
                "login.example.com",
                "_cf-custom-hostname.example.com",
                "example.com",
                "cf-custom-hostname.login.example.com"
            ]
        );
        domain.expected.txt_name = Some(domain.name.clone());
        assert!(!domain.mistaken_txt_names().contains(&domain.name));
        assert!(domain.mistaken_txt_names().contains(&domain.default_txt_name()));
    }

    #[test]
    fn the_legacy_place_will_do_for_verified_domains_of_the_default_name() {
        let mut domain = domain("login.example.com");
        assert!(domain.accepts_legacy_txt());
        domain.expected.txt_name = Some(domain.default_txt_name());
        assert!(domain.accepts_legacy_txt());
        domain.expected.verification = Verification::Pending { started: None };
        assert!(!domain.accepts_legacy_txt());
        domain.expected.verification = Verification::Ready;
        domain.expected.txt_name = Some(DomainName::parse_record("_other.example.com").unwrap());
        assert!(!domain.accepts_legacy_txt());
    }

    #[test]
    fn the_window_is_known_only_with_its_start() {
        let pending = |started| Verification::Pending { started };
        let started = pending(Some(UnixTime(1_000)));
        assert_eq!(started.window_ends(), Some(UnixTime(1_000 + 3 * DAY)));
        assert_eq!(started.window_ends_at_the_latest(), Some(UnixTime(1_000 + 7 * DAY)));
        assert_eq!(pending(None).window_ends(), None);
        assert_eq!(Verification::Ready.window_ends(), None);
    }
}
