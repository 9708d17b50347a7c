//! [`Unheard`]: what there would be to tell and nobody hears, and why.

use std::collections::BTreeMap;

use super::words::{Key, Word, key, severity};
use crate::domain::{DomainName, UnixTime};
use crate::incident::silence::SilenceView;
use crate::incident::{Notice, Reason};
use crate::keeper::{Recipient, Told, Watch, What};
use crate::verdict::{Family, Severity};

/// What nobody hears.
pub(super) struct Unheard {
    /// When it would be told.
    pub(super) at: UnixTime,
    /// What.
    pub(super) notice: Notice,
    /// When anything is first told of the same, as bad as this or worse.
    pub(super) told_at: Option<UnixTime>,
    /// Why it is not.
    pub(super) why: Why,
}

/// Why nobody hears of something.
pub(super) enum Why {
    /// No receiver is told of such a fault of the domain.
    NoReceiver,
    /// All its receivers want worse.
    Floor(Vec<Recipient>),
    /// It is silenced.
    Silenced(Box<SilenceView>),
    /// It waits, and becomes worse or is over before it is told.
    Waits,
}

impl Why {
    /// Its stable name.
    pub(super) const fn as_str(&self) -> &'static str {
        match self {
            Self::NoReceiver => "no_receiver",
            Self::Floor(_) => "severity_floor",
            Self::Silenced(_) => "silenced",
            Self::Waits => "waits",
        }
    }

    /// In a sentence.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::NoReceiver => "no receiver is told of this domain and fault".to_owned(),
            Self::Floor(recipients) => {
                let floor =
                    recipients.iter().map(|recipient| recipient.min_severity).min().unwrap_or(Severity::Critical);
                let names: Vec<&str> = recipients.iter().map(|recipient| recipient.receiver.as_str()).collect();
                format!("{} hears of it only from {} on", names.join(", "), floor.as_str())
            }
            Self::Silenced(silence) => match (&silence.recurs, silence.is_configured()) {
                (Some(recurs), _) => format!("silenced by [[maintenance]], {recurs}: {}", silence.comment),
                (None, true) => format!("silenced by [[maintenance]] until {}: {}", silence.until, silence.comment),
                (None, false) => format!("silence {} holds until {}: {}", silence.id, silence.until, silence.comment),
            },
            Self::Waits => "its receivers are told later, and by then it is another".to_owned(),
        }
    }

    /// What to do about it.
    pub(super) fn mend(&self) -> String {
        match self {
            Self::NoReceiver => "Add a [[receiver]], or a [[route]] that is about this domain and fault.".to_owned(),
            Self::Floor(_) => "Add a [[route]] with a lower min_severity, if somebody is to hear of it.".to_owned(),
            Self::Silenced(silence) if silence.is_configured() => {
                "Make the [[maintenance]] shorter, or about less: with max_severity, or codes.".to_owned()
            }
            Self::Silenced(silence) => {
                format!("End it with `notafter silence end {}`, or make a shorter one.", silence.id)
            }
            Self::Waits => "Let the receiver be told earlier, or raise warn_before.".to_owned(),
        }
    }
}

/// What `everything` tells and `said` does not, each incident once as bad as it gets to be.
pub(super) fn unheard(everything: &[Told], said: &[Word], watches: &[Watch], silences: &[SilenceView]) -> Vec<Unheard> {
    let watches: BTreeMap<&str, &Watch> = watches.iter().map(|watch| (watch.domain.name.as_str(), watch)).collect();
    let mut heard: BTreeMap<&Key, Vec<&Word>> = BTreeMap::new();
    for word in said.iter().filter(|word| !word.over) {
        heard.entry(&word.key).or_default().push(word);
    }
    let mut counted: BTreeMap<(Key, Severity), ()> = BTreeMap::new();
    let mut all = Vec::new();
    for told in everything {
        let What::Mail(mail) = &told.what else { continue };
        for notice in &mail.notices {
            let (key, severity) = (key(notice), severity(&notice.severity));
            let is_news = notice.reason != Reason::Resolved && !notice.domain.is_empty();
            if !is_news || counted.insert((key.clone(), severity), ()).is_some() {
                continue;
            }
            let of_it = heard.get(&key).map(Vec::as_slice).unwrap_or_default();
            let Some(watch) = watches.get(notice.domain.as_str()) else { continue };
            all.extend(missed(told.at, notice, severity, of_it).map(|told_at| Unheard {
                at: told.at,
                notice: notice.clone(),
                told_at,
                why: why(told.at, notice, severity, watch, silences),
            }));
        }
    }
    all
}

/// Whether a notice is not heard; then when something as bad or worse first is, if ever.
fn missed(at: UnixTime, notice: &Notice, severity: Severity, heard: &[&Word]) -> Option<Option<UnixTime>> {
    let of_expiry = notice.family == Family::Expiry.as_str();
    let deadline = notice.expires.filter(|expires| of_expiry && at < *expires);
    let in_time = |word: &&&Word| deadline.is_none_or(|deadline| word.at < deadline);
    let as_bad = || heard.iter().filter(|word| word.severity >= severity);
    let is_heard = as_bad().filter(in_time).any(|word| word.severity == severity);
    (!is_heard).then(|| as_bad().map(|word| word.at).next())
}

fn why(at: UnixTime, notice: &Notice, severity: Severity, watch: &Watch, silences: &[SilenceView]) -> Why {
    let about = watch.recipients.iter().filter(|recipient| recipient.is_about(&notice.code));
    let about: Vec<Recipient> = about.cloned().collect();
    if about.is_empty() {
        return Why::NoReceiver;
    }
    if about.iter().all(|recipient| recipient.min_severity > severity) {
        return Why::Floor(about);
    }
    let label = |name: &str| watch.domain.labels.get(name).map(String::as_str);
    let covers = |silence: &&SilenceView| {
        let name: &DomainName = &watch.domain.name;
        let matcher = &silence.matcher;
        let of_domain = !matcher.is_of_own_sight() && matcher.covers_domain(name, label);
        let holds = silence.recurs.is_some() || silence.from <= at && at < silence.until;
        of_domain && matcher.covers_fault(&notice.code, severity) && holds
    };
    let silence = silences.iter().filter(covers).max_by_key(|silence| silence.until);
    silence.map_or(Why::Waits, |silence| Why::Silenced(Box::new(silence.clone())))
}
