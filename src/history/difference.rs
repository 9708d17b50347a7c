//! [`Difference`]: what a renewal changed, field by field, and [`Surprise`]: which of it nobody expects of a renewal.

use crate::domain::Span;

use super::Leaf;

/// Lifetimes that differ by less are the same: CAs count the last second differently, and date back by up to an hour.
const SAME_LIFETIME: i64 = 2 * 3600;
/// A key of so many bits of security is weaker than none that it may replace: P-256, RSA 3072.
const STRONG: u16 = 128;

/// One field in which a certificate differs from the one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `authority`, `issuer`, `key`, `names` or `lifetime`.
    pub field: &'static str,
    /// What it was, for people.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// What nobody expects of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surprise {
    /// Another CA has issued it.
    Authority,
    /// Names are no longer in it.
    NamesLost,
    /// Its key is weaker than the one before, and than 128 bits of security.
    WeakerKey,
}

impl Surprise {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::NamesLost => "names_lost",
            Self::WeakerKey => "weaker_key",
        }
    }
}

/// In which fields `after` differs from `before`.
pub(super) fn differences(before: &Leaf, after: &Leaf) -> Vec<Difference> {
    let mut all = Vec::new();
    let mut differ = |field, before: String, after: String| all.push(Difference { field, before, after });
    if !after.has_authority_of(before) {
        differ("authority", before.authority.to_string(), after.authority.to_string());
    }
    if before.issuer != after.issuer {
        differ("issuer", before.issuer.to_string(), after.issuer.to_string());
    }
    if before.key.title != after.key.title {
        differ("key", before.key.title.to_string(), after.key.title.to_string());
    }
    if before.names != after.names {
        differ("names", before.names.join(", "), after.names.join(", "));
    }
    if before.lifetime().abs_diff(after.lifetime()) > SAME_LIFETIME.unsigned_abs() {
        differ("lifetime", Span(before.lifetime()).to_string(), Span(after.lifetime()).to_string());
    }
    all
}

/// What of it is a surprise.
pub(super) fn surprises(before: &Leaf, after: &Leaf) -> Vec<Surprise> {
    let (old, new) = (before.key.strength, after.key.strength);
    let all = [
        (Surprise::Authority, !after.has_authority_of(before)),
        (Surprise::NamesLost, !lost_names(before, after).is_empty()),
        (Surprise::WeakerKey, new != 0 && new < old && new < STRONG),
    ];
    all.into_iter().filter_map(|(surprise, is_so)| is_so.then_some(surprise)).collect()
}

/// The names that `after` no longer covers.
pub(super) fn lost_names<'a>(before: &'a Leaf, after: &Leaf) -> Vec<&'a str> {
    let lost = before.names.iter().filter(|name| !covers(&after.names, name));
    lost.map(String::as_str).collect()
}

/// Whether a certificate for these names is good for this one: by itself, or by a wildcard in place of its first label.
fn covers(names: &[String], name: &str) -> bool {
    let wildcard = name.split_once('.').map(|(_, rest)| format!("*.{rest}"));
    names.iter().any(|other| other == name || Some(other) == wildcard.as_ref())
}
