//! [`Profile`]: which rules of the certificate profiles a certificate breaks though verifiers let it pass. Facts as
//! they stand in the DER, so that they are worked out once, when it is read; what they matter to is the verdict's.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, KeyUsage, NameConstraints, ParsedExtension, X509Extension};
use x509_parser::time::ASN1Time;

use super::key::{KeyType, PublicKey};

/// The longest serial number, in octets (RFC 5280 §4.1.2.2).
const LONGEST_SERIAL: usize = 20;

macro_rules! rules {
    ($($variant:ident = $source:literal: $words:literal,)*) => {
        /// One rule that a certificate can break and still be followed to a root.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Rule {
            $(#[doc = concat!("Broken: ", $words, " (", $source, ").")] $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Where it stands: an RFC, or the CA/Browser Forum's Baseline Requirements (BR), and the section.
            pub const fn source(self) -> &'static str {
                match self {
                    $(Self::$variant => $source,)*
                }
            }

            /// How it is broken, to be said of a certificate.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)*
                }
            }
        }
    };
}

rules! {
    SerialNotPositive = "RFC 5280 §4.1.2.2": "the serial number is not positive",
    SerialTooLong = "RFC 5280 §4.1.2.2": "the serial number is longer than 20 octets",
    SignatureNamedTwice = "RFC 5280 §4.1.1.2": "the two names of the signature algorithm differ",
    IssuerEmpty = "RFC 5280 §4.1.2.4": "the issuer is empty",
    DateEncoding = "RFC 5280 §4.1.2.5": "a date before 2050 is written as GeneralizedTime",
    SubjectEmpty = "RFC 5280 §4.1.2.6": "the subject of a CA is empty",
    ExtensionTwice = "RFC 5280 §4.2": "an extension is there twice",
    UnknownCritical = "RFC 5280 §4.2": "a critical extension is not known",
    AuthorityKeyMissing = "RFC 5280 §4.2.1.1": "the authority key identifier is missing",
    AuthorityKeyCritical = "RFC 5280 §4.2.1.1": "the authority key identifier is critical",
    AuthorityKeyNotOwn = "BR §7.1.2.1.3": "the authority key identifier of a root is not its own subject key identifier",
    SubjectKeyMissing = "RFC 5280 §4.2.1.2": "the subject key identifier of a CA is missing",
    SubjectKeyCritical = "RFC 5280 §4.2.1.2": "the subject key identifier is critical",
    KeyUsageMissing = "RFC 5280 §4.2.1.3": "the key usage of a CA is missing",
    KeyUsageNotOfCa = "RFC 5280 §4.2.1.3": "the key usage of a CA does not allow it to sign certificates",
    KeyUsageOfCa = "RFC 5280 §4.2.1.3": "the key usage allows to sign certificates, and it is no CA",
    AlternativeNamesNotCritical = "RFC 5280 §4.2.1.6": "the subject is empty and the alternative names are not critical",
    AlternativeNamesCritical = "BR §7.1.2.7.12": "the alternative names are critical though there is a subject",
    AlternativeNameSyntax = "RFC 5280 §4.2.1.6": "an alternative name is no host name",
    WildcardTooWide = "BR §3.2.2.6": "a wildcard stands right below a top-level domain",
    CommonNameElsewhere = "BR §7.1.4.3": "the common name is a host name that is none of the alternative names, nor above or below one",
    NotCa = "RFC 5280 §4.2.1.9": "the basic constraints do not say that it is a CA",
    ConstraintsNotCritical = "RFC 5280 §4.2.1.9": "the basic constraints of a CA are not critical",
    PathTooLong = "RFC 5280 §4.2.1.9": "more CAs follow than its path length allows",
    PathLengthOfNoCa = "RFC 5280 §4.2.1.9": "a path length is given for what is no CA",
    NameConstraintsOfNoCa = "RFC 5280 §4.2.1.10": "there are name constraints in what is no CA",
    NameConstraintsEmpty = "RFC 5280 §4.2.1.10": "the name constraints are empty",
    NameConstraintsSyntax = "RFC 5280 §4.2.1.10": "a DNS name in the name constraints begins with a dot",
    PolicyConstraintsNotCritical = "RFC 5280 §4.2.1.11": "the policy constraints are not critical",
    ExtendedUsageOfRoot = "BR §7.1.2.1.2": "a root has an extended key usage",
    ExtendedUsageAny = "BR §7.1.2.7.10": "the extended key usage allows any usage",
    ExtendedUsageCritical = "BR §7.1.2.7.6": "the extended key usage is critical",
    InformationAccessCritical = "RFC 5280 §4.2.2.1": "the authority information access is critical",
    InformationAccessMalformed = "RFC 5280 §4.2.2.1": "the authority information access cannot be read",
    ExplicitCurve = "RFC 5480 §2.1.1": "the key's curve is not given by its name",
    OddModulus = "BR §6.1.5": "the key's size in bits is no multiple of 8",
}

/// A set of broken rules, small enough to keep with every certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Profile(u64);

// Every rule has a bit.
const _: () = assert!(Rule::ALL.len() <= 64);

impl Profile {
    /// What a certificate breaks.
    pub(super) fn of(parsed: &X509Certificate<'_>, key: &PublicKey) -> Self {
        let facts = Facts::of(parsed);
        let mut profile = Self::default();
        facts.fields(key, &mut profile);
        facts.extensions(&mut profile);
        facts.key_identifiers(&mut profile);
        if facts.is_ca {
            facts.of_ca(&mut profile)
        } else {
            facts.of_no_ca(&mut profile)
        }
        profile
    }

    /// Whether this one is broken.
    pub const fn breaks(self, rule: Rule) -> bool {
        self.0 & 1 << rule as u64 != 0
    }

    /// The broken rules, in their order.
    pub fn broken(self) -> impl Iterator<Item = Rule> {
        Rule::ALL.iter().copied().filter(move |rule| self.breaks(*rule))
    }

    /// The same with this rule broken too.
    #[must_use]
    pub const fn with(self, rule: Rule) -> Self {
        Self(self.0 | 1 << rule as u64)
    }

    const fn note(&mut self, broken: bool, rule: Rule) {
        if broken {
            *self = self.with(rule);
        }
    }
}

/// How many CAs may follow below a CA, other than such as issue to themselves (RFC 5280 §4.2.1.9).
pub(super) fn path_length(parsed: &X509Certificate<'_>) -> Option<u32> {
    Facts::of(parsed).basic_constraints().and_then(|(ca, length, _)| length.filter(|_| ca))
}

/// A certificate's fields and extensions as the rules ask for them.
struct Facts<'a> {
    parsed: &'a X509Certificate<'a>,
    is_ca: bool,
    self_issued: bool,
    subject_empty: bool,
}

impl<'a> Facts<'a> {
    fn of(parsed: &'a X509Certificate<'a>) -> Self {
        let mut facts = Self {
            parsed,
            is_ca: false,
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
            subject_empty: parsed.subject().iter().next().is_none(),
        };
        facts.is_ca = facts.basic_constraints().is_some_and(|(ca, _, _)| ca);
        facts
    }

    /// The first extension of this kind, and what it says.
    fn find<T>(&self, read: impl Fn(&'a ParsedExtension<'a>) -> Option<T>) -> Option<(&'a X509Extension<'a>, T)> {
        self.parsed.extensions().iter().find_map(|found| Some((found, read(found.parsed_extension())?)))
    }

    /// Whether a CA, the path length, and whether critical.
    fn basic_constraints(&self) -> Option<(bool, Option<u32>, bool)> {
        let (found, basic) = self.find(|kind| match kind {
            ParsedExtension::BasicConstraints(basic) => Some(basic),
            _ => None,
        })?;
        Some((basic.ca, basic.path_len_constraint, found.critical))
    }

    fn key_usage(&self) -> Option<&'a KeyUsage> {
        let usage = self.find(|kind| match kind {
            ParsedExtension::KeyUsage(usage) => Some(usage),
            _ => None,
        });
        usage.map(|(_, usage)| usage)
    }

    fn alternative_names(&self) -> Option<(&'a X509Extension<'a>, &'a [GeneralName<'a>])> {
        self.find(|kind| match kind {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names[..]),
            _ => None,
        })
    }

    fn fields(&self, key: &PublicKey, profile: &mut Profile) {
        let serial = self.parsed.raw_serial();
        let significant = serial.iter().skip_while(|&&byte| byte == 0).count();
        profile.note(significant == 0 || serial[0] & 0x80 != 0, Rule::SerialNotPositive);
        profile.note(significant > LONGEST_SERIAL, Rule::SerialTooLong);
        profile.note(self.parsed.signature_algorithm != self.parsed.signature, Rule::SignatureNamedTwice);
        profile.note(self.parsed.issuer().iter().next().is_none(), Rule::IssuerEmpty);
        let validity = self.parsed.validity();
        profile.note([validity.not_before, validity.not_after].iter().any(is_long_for_nothing), Rule::DateEncoding);
        profile.note(key.key_type == KeyType::Ec && key.curve.is_none(), Rule::ExplicitCurve);
        let odd = key.key_type == KeyType::Rsa && key.bits.is_some_and(|bits| bits % 8 != 0);
        profile.note(odd, Rule::OddModulus);
    }

    fn extensions(&self, profile: &mut Profile) {
        let all = self.parsed.extensions();
        let twice =
            |(index, found): (usize, &X509Extension<'_>)| all[..index].iter().any(|other| other.oid == found.oid);
        // A bound for whoever has thousands of them: nobody else has two dozen.
        profile.note(all.iter().enumerate().take(64).any(twice), Rule::ExtensionTwice);
        for found in all {
            match found.parsed_extension() {
                ParsedExtension::UnsupportedExtension { .. } => profile.note(found.critical, Rule::UnknownCritical),
                ParsedExtension::AuthorityInfoAccess(_) => {
                    profile.note(found.critical, Rule::InformationAccessCritical)
                }
                ParsedExtension::PolicyConstraints(_) => {
                    profile.note(!found.critical, Rule::PolicyConstraintsNotCritical);
                }
                ParsedExtension::ParseError { .. } if is_information_access(found) => {
                    profile.note(true, Rule::InformationAccessMalformed);
                }
                ParsedExtension::NameConstraints(constraints) => name_constraints(constraints, profile),
                _ => {}
            }
        }
    }

    fn key_identifiers(&self, profile: &mut Profile) {
        let authority = self.find(|kind| match kind {
            ParsedExtension::AuthorityKeyIdentifier(found) => Some(found.key_identifier.as_ref().map(|id| id.0)),
            _ => None,
        });
        let subject = self.find(|kind| match kind {
            ParsedExtension::SubjectKeyIdentifier(id) => Some(id.0),
            _ => None,
        });
        let authority_key = authority.and_then(|(_, key)| key);
        let subject_key = subject.map(|(_, key)| key);
        // RFC 5280 lets it out where the certificate is signed with its own key.
        profile.note(authority_key.is_none() && !self.self_issued && self.is_v3(), Rule::AuthorityKeyMissing);
        profile.note(authority.is_some_and(|(found, _)| found.critical), Rule::AuthorityKeyCritical);
        profile.note(subject.is_some_and(|(found, _)| found.critical), Rule::SubjectKeyCritical);
        profile.note(subject_key.is_none() && self.is_ca, Rule::SubjectKeyMissing);
        let not_own = self.is_ca && self.self_issued && authority.is_some() && authority_key != subject_key;
        profile.note(not_own, Rule::AuthorityKeyNotOwn);
    }

    fn of_ca(&self, profile: &mut Profile) {
        profile.note(self.subject_empty, Rule::SubjectEmpty);
        profile.note(self.basic_constraints().is_some_and(|(_, _, critical)| !critical), Rule::ConstraintsNotCritical);
        match self.key_usage() {
            Some(usage) => profile.note(!usage.key_cert_sign(), Rule::KeyUsageNotOfCa),
            None => profile.note(true, Rule::KeyUsageMissing),
        }
        let has_extended = self.extended_key_usage().is_some();
        profile.note(has_extended && self.self_issued, Rule::ExtendedUsageOfRoot);
    }

    fn of_no_ca(&self, profile: &mut Profile) {
        // Certificates of version 1 can say nothing of it, and there are such roots.
        profile.note(self.is_v3(), Rule::NotCa);
        profile.note(self.basic_constraints().is_some_and(|(_, length, _)| length.is_some()), Rule::PathLengthOfNoCa);
        profile.note(self.key_usage().is_some_and(KeyUsage::key_cert_sign), Rule::KeyUsageOfCa);
        let constrained = self.find(|kind| matches!(kind, ParsedExtension::NameConstraints(_)).then_some(()));
        profile.note(constrained.is_some(), Rule::NameConstraintsOfNoCa);
        if let Some((found, any)) = self.extended_key_usage() {
            profile.note(found.critical, Rule::ExtendedUsageCritical);
            profile.note(any, Rule::ExtendedUsageAny);
        }
        self.names(profile);
    }

    fn names(&self, profile: &mut Profile) {
        let Some((found, names)) = self.alternative_names() else { return };
        profile.note(self.subject_empty && !found.critical, Rule::AlternativeNamesNotCritical);
        profile.note(!self.subject_empty && found.critical, Rule::AlternativeNamesCritical);
        let dns = || names.iter().filter_map(dns_name);
        profile.note(dns().any(|name| !is_host_name(name)), Rule::AlternativeNameSyntax);
        let too_wide = |name: &[u8]| name.strip_prefix(b"*.").is_some_and(|rest| !rest.contains(&b'.'));
        profile.note(dns().any(too_wide), Rule::WildcardTooWide);
        let common = self.parsed.subject().iter_common_name().filter_map(|name| name.as_str().ok());
        let mut elsewhere =
            common.filter(|name| reads_as_host(name) && !dns().any(|other| are_related(name.as_bytes(), other)));
        profile.note(elsewhere.next().is_some(), Rule::CommonNameElsewhere);
    }

    /// The extension, and whether it allows everything.
    fn extended_key_usage(&self) -> Option<(&'a X509Extension<'a>, bool)> {
        self.find(|kind| match kind {
            ParsedExtension::ExtendedKeyUsage(usage) => Some(usage.any),
            _ => None,
        })
    }

    fn is_v3(&self) -> bool {
        self.parsed.version().0 == 2
    }
}

/// GeneralizedTime where UTCTime would have done, and must be used.
fn is_long_for_nothing(time: &ASN1Time) -> bool {
    time.is_generalizedtime() && (1950..2050).contains(&time.to_datetime().year())
}

fn is_information_access(found: &X509Extension<'_>) -> bool {
    found.oid.to_id_string() == "1.3.6.1.5.5.7.1.1"
}

/// That name constraints be critical is no rule here: the BR (§7.1.2.5.2 and before it) let CAs leave it.
fn name_constraints(constraints: &NameConstraints<'_>, profile: &mut Profile) {
    let subtrees = || [&constraints.permitted_subtrees, &constraints.excluded_subtrees].into_iter().flatten().flatten();
    profile.note(subtrees().next().is_none(), Rule::NameConstraintsEmpty);
    let dotted = subtrees().any(|tree| dns_name(&tree.base).is_some_and(|name| name.starts_with(b".")));
    profile.note(dotted, Rule::NameConstraintsSyntax);
}

fn dns_name<'a>(name: &'a GeneralName<'a>) -> Option<&'a [u8]> {
    match name {
        GeneralName::DNSName(name) => Some(name.as_bytes()),
        GeneralName::Invalid(tag, bytes) if tag.0 == 2 => Some(bytes),
        _ => None,
    }
}

/// The preferred name syntax (RFC 1034 §3.5, with RFC 1123 §2.1), or a wildcard in its whole first label.
fn is_host_name(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"*.").unwrap_or(name);
    let is_label = |label: &[u8]| {
        let inner = label.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && inner && label[0] != b'-' && label[label.len() - 1] != b'-'
    };
    name.len() <= 253 && name.split(|&byte| byte == b'.').all(is_label)
}

/// A common name that is meant as a host's: with dots, and nothing in it that only a title has.
fn reads_as_host(name: &str) -> bool {
    let labels: Vec<&str> = name.strip_prefix("*.").unwrap_or(name).split('.').collect();
    let is_label =
        |label: &&str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    labels.len() > 1 && labels.iter().all(is_label) && !is_address
}

/// Whether one is the other or stands below it, wildcards apart. To ask that the common name be one of the others, as
/// the BR do, would blame many a private CA for what nobody reads.
fn are_related(one: &[u8], other: &[u8]) -> bool {
    let base = |name: &[u8]| name.strip_prefix(b"*.").unwrap_or(name).to_ascii_lowercase();
    let (one, other) = (base(one), base(other));
    let is_below = |lower: &[u8], upper: &[u8]| {
        lower.strip_suffix(upper).is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    };
    is_below(&one, &other) || is_below(&other, &one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        for rule in Rule::ALL {
            assert_eq!(Profile::default().with(*rule).broken().collect::<Vec<_>>(), [*rule]);
            assert!(rule.source().contains('§'), "{rule:?}");
        }
        assert_eq!(Profile::default().broken().count(), 0);
    }

    #[test]
    fn host_names_are_told_from_others() {
        for name in ["a", "login.example.com", "*.example.com", "xn--bcher-kva.example", "3com.com"] {
            assert!(is_host_name(name.as_bytes()), "{name}");
        }
        for name in
            ["", ".example.com", "example.com.", "a..b", "foo_bar.example", "a b", "f*.example.com", "é.fr", "-a.b"]
        {
            assert!(!is_host_name(name.as_bytes()), "{name}");
        }
        for (name, reads) in [("login.example.com", true), ("*.example.com", true), ("bücher.example", true)]
            .into_iter()
            .chain([("My server", false), ("localhost", false), ("192.0.2.1", false), ("Acme Inc. CA", false)])
        {
            assert_eq!(reads_as_host(name), reads, "{name}");
        }
    }

    #[test]
    fn common_names_are_related_to_names_above_and_below() {
        for other in ["login.example.com", "LOGIN.example.com", "*.example.com", "example.com", "a.login.example.com"] {
            assert!(are_related(b"login.example.com", other.as_bytes()), "{other}");
        }
        for other in ["www.example.com", "xlogin.example.com", "login.example.org", "*.login.example.org"] {
            assert!(!are_related(b"login.example.com", other.as_bytes()), "{other}");
        }
    }
}
