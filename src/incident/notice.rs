//! [`Notice`]: one message owed, and [`Mail`]: the notices that go out together. Both are stored, so codes and
//! reasons are strings that survive load and save even where this version does not know them.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Bond;
use crate::domain::UnixTime;
use crate::observation::certificate::Sha256;

/// A notice's identity: a hash over domain, view, family, episode, reason and ordinal. Never a clock, so that the
/// same transition is the same notice after a crash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeId(String);

impl NoticeId {
    /// The identity of one transition of one incident. `episode` counts the incident's earlier openings, `ordinal`
    /// the earlier notices of the same reason in this episode.
    pub fn of(domain: &str, view: &str, family: &str, episode: u64, reason: Reason, ordinal: u64) -> Self {
        let text = format!("{domain}\n{view}\n{family}\n{episode}\n{}\n{ordinal}", reason.as_str());
        Self(Sha256::of(text.as_bytes()).to_string()[..32].to_owned())
    }

    /// 32 hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One message owed, with everything a mail needs, frozen at the moment of the transition it tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Its identity.
    pub id: NoticeId,
    /// The domain's A-label; empty for our own sight.
    pub domain: String,
    /// The view it was seen by, e.g. `proxy`.
    pub view: String,
    /// The incident's family, e.g. `expiry`.
    pub family: String,
    /// How many times the incident had opened before.
    pub episode: u64,
    /// Why we speak.
    pub reason: Reason,
    /// The code of the finding now, e.g. `tls.expires_soon`.
    pub code: String,
    /// How bad it is now: `warning` or `critical`. Of a resolved one: how bad it was.
    pub severity: String,
    /// A few words for the subject.
    pub title: String,
    /// One sentence: what, where, how long.
    pub summary: String,
    /// How to mend it.
    pub remedy: String,
    /// The finding's facts, the addresses among them.
    #[serde(default)]
    pub facts: Map<String, Value>,
    /// The hops of a login as they were seen.
    #[serde(default)]
    pub path: Vec<PathFact>,
    /// When the domain's certificate runs out, if that is known.
    #[serde(default)]
    pub expires: Option<UnixTime>,
    /// When the incident opened.
    pub opened_at: UnixTime,
    /// When the transition happened that this notice tells.
    pub at: UnixTime,
    /// Whether the domain is in set-up: it was never seen healthy.
    #[serde(default)]
    pub in_setup: bool,
    /// The operator's labels of the domain, by which it was routed.
    #[serde(default)]
    pub labels: Map<String, Value>,
    /// What it may share with others, the most specific first; as seen, never guessed.
    #[serde(default)]
    pub bonds: Vec<Bond>,
    /// What a newer version stored besides.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Notice {
    /// The identity of the thread that all notices of its incident's episode go to.
    pub fn thread(&self) -> String {
        let Self { domain, view, family, episode, .. } = self;
        thread(&format!("{domain}\n{view}\n{family}\n{episode}"))
    }
}

/// The identity of a thread: a message that was never sent, but which all of the thread answer.
pub(super) fn thread(of: &str) -> String {
    format!("thread-{}", &Sha256::of(format!("thread\n{of}").as_bytes()).to_string()[..32])
}

/// One hop in a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathFact {
    /// The hop's name.
    pub hop: String,
    /// `ok`, `broken`, `unknown` or `not_looked`.
    pub status: String,
    /// What was seen of it.
    #[serde(default)]
    pub detail: String,
}

/// Why a notice is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The incident fired.
    Opened,
    /// It became worse.
    Escalated,
    /// It is still there.
    Reminder,
    /// It is still there, and the silence that kept it from being told is about to end.
    SilenceEnds,
    /// It is over.
    Resolved,
}

impl Reason {
    /// Its stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Escalated => "escalated",
            Self::Reminder => "reminder",
            Self::SilenceEnds => "silence_ends",
            Self::Resolved => "resolved",
        }
    }
}

/// Notices the ledger offers at one go, once what they tell is stored. An outbox takes each batch whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// [`MailKind::FirstSummary`]: the notices are complete and belong in one mail, no need to gather more.
    /// [`MailKind::News`]: an ordinary notice, to be grouped with others by the outbox.
    pub kind: MailKind,
    /// The notices, worst first. Ordinary news are one notice a batch.
    pub notices: Vec<Notice>,
    /// Set while commits fail: what is told could not be stored, so the outbox sends it ungrouped.
    pub unstored: bool,
}

/// The notices that go out together to one receiver. A stored row, frozen before the first attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// A hash of the receiver and the sorted notice ids: the left part of the Message-ID. A retry has the same.
    pub id: String,
    /// The receiver's name.
    pub receiver: String,
    /// What kind of collection it is.
    pub kind: MailKind,
    /// The notices, worst first.
    pub notices: Vec<Notice>,
    /// Set where all of it is about one cause that several domains share.
    #[serde(default)]
    pub shared: Option<Shared>,
    /// The identity of the thread it belongs to; `None` where it is about several things. See [`Mail::thread`].
    #[serde(default)]
    pub thread: Option<String>,
    /// When it was put together.
    pub created_at: UnixTime,
    /// How many attempts have failed.
    #[serde(default)]
    pub attempts: u32,
    /// What the last failed attempt said, bounded.
    #[serde(default)]
    pub last_error: Option<String>,
    /// What a newer version stored besides.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Mail {
    /// The same but for what it tells.
    pub(super) fn without_notices(&self) -> Self {
        Self {
            id: self.id.clone(),
            receiver: self.receiver.clone(),
            kind: self.kind,
            notices: Vec::new(),
            shared: self.shared.clone(),
            thread: self.thread.clone(),
            created_at: self.created_at,
            attempts: self.attempts,
            last_error: self.last_error.clone(),
            extra: self.extra.clone(),
        }
    }

    /// The identity of the thread it belongs to: that of the cause it is about, or of the one incident. None where it is
    /// about several.
    pub fn thread(&self) -> Option<String> {
        let first = self.notices.first()?;
        let same = |other: &Notice| {
            (&other.domain, &other.view, &other.family, other.episode)
                == (&first.domain, &first.view, &first.family, first.episode)
        };
        let alone = || self.notices.iter().all(same).then(|| first.thread());
        self.thread.clone().or_else(alone)
    }
}

/// A cause that several domains share, and how it stands with a mail about it. Frozen with the mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// What they share.
    pub bond: Bond,
    /// How many domains this receiver was told of, this mail included, since the cause was first told.
    pub domains: usize,
    /// How many of those this mail tells of for the first time.
    pub new: usize,
    /// For how many this mail says that it is over.
    pub over: usize,
    /// For how many it goes on after this mail.
    pub open: usize,
    /// When the first of its incidents opened.
    pub since: UnixTime,
}

/// What kind of collection a mail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// What happened in the collecting window.
    News,
    /// What a first start found: the opened notice of every incident in it.
    FirstSummary,
    /// What the hourly limit held back.
    Overflow,
    /// What waited for the end of quiet hours.
    AfterQuiet,
    /// What waited for the time at which the receiver wants its digest.
    Digest,
}

/// How an attempt to deliver a mail ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The relay took it.
    Delivered,
    /// It was taken for some of the receiver's recipients, and never will be for these.
    DeliveredInPart {
        /// Those who do not have it; not empty.
        refused: Vec<Refusal>,
    },
    /// Surely nobody has it, and none of its content was shown to anybody: no connection, no login, or refused for now
    /// before that. The mail is not to blame, and may be put together anew.
    Unsent {
        /// What was said, or what happened.
        error: String,
    },
    /// It was not taken, as far as we know, and may be later: refused for now, cut, no answer.
    Deferred {
        /// What it said.
        error: String,
    },
    /// It did not, and said when to ask again: an HTTP 429 or 503 with a Retry-After (RFC 9110 §10.2.3).
    Postponed {
        /// What it said.
        error: String,
        /// Nothing is to be sent to it for so long.
        wait: Duration,
    },
    /// It never will take this mail to this receiver: an SMTP 5xx.
    Rejected {
        /// What it said.
        error: String,
    },
}

/// A recipient who was refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The recipient, as a mail address: the operator's own setting.
    pub recipient: String,
    /// What was said, bounded, on one line.
    pub error: String,
}
