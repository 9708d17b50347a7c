//! [`Outcome`]: how a question was answered, by what a resolver said or did not say.

use serde::{Deserialize, Serialize};

/// How a question was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// With records.
    Found,
    /// The name exists, the type does not (RFC 2308 §2.2).
    NoData,
    /// The name does not exist (RFC 2308 §2.1).
    Nxdomain,
    /// SERVFAIL: whom we asked could not find out.
    Servfail,
    /// REFUSED: it answers others, or for other zones.
    Refused,
    /// NOTIMP: it does not know this kind of question.
    NotImplemented,
    /// FORMERR, also to the plainest form of the question.
    FormatError,
    /// Another response code.
    OtherCode,
    /// No answer in time.
    Timeout,
    /// What came cannot be read.
    Malformed,
    /// Nothing came but answers that are not to be believed: from elsewhere, with another id, to another question.
    Mismatched,
    /// The answer was cut short, and the rest cannot be had over TCP.
    Truncated,
    /// The network says that nobody is there: no route, a closed port, a broken connection.
    Unreachable,
    /// The encrypted channel did not come to be: no handshake, or a certificate that is not to be trusted.
    ChannelFailed,
    /// It failed in yet another way.
    Failed,
    /// We had no socket to ask with.
    OutOfResources,
    /// The question was not asked.
    NotAsked,
}

impl Outcome {
    /// Whether nobody answered the question, be it our own fault, as opposed to "there is nothing".
    pub const fn is_failure(self) -> bool {
        !matches!(self, Self::Found | Self::NoData | Self::Nxdomain | Self::NotAsked)
    }

    /// Whether a name server said so itself, if only that it cannot tell: it is there, and hears us.
    pub const fn is_an_answer(self) -> bool {
        matches!(
            self,
            Self::Found
                | Self::NoData
                | Self::Nxdomain
                | Self::Servfail
                | Self::Refused
                | Self::NotImplemented
                | Self::FormatError
                | Self::OtherCode
        )
    }

    /// As an operator would say it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NoData => "no such record",
            Self::Nxdomain => "NXDOMAIN",
            Self::Servfail => "SERVFAIL",
            Self::Refused => "REFUSED",
            Self::NotImplemented => "NOTIMP",
            Self::FormatError => "FORMERR",
            Self::OtherCode => "an odd response code",
            Self::Timeout => "timed out",
            Self::Malformed => "the answer cannot be read",
            Self::Mismatched => "only answers that are not to be believed",
            Self::Truncated => "cut short, and not to be had over TCP",
            Self::Unreachable => "not reachable",
            Self::ChannelFailed => "no encrypted channel",
            Self::Failed => "no usable answer",
            Self::OutOfResources => "no socket to ask with",
            Self::NotAsked => "not asked",
        }
    }
}
