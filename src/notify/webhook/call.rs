//! [`Call`]: one POST of those that a mail comes to.

use bytes::Bytes;
use serde_json::Value;

use crate::incident::Notice;
use crate::observation::certificate::Sha256;

/// One POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// The value of `webhook-id`: the same whenever this very thing is sent again, as a mail's Message-ID is. Letters,
    /// digits and `-`.
    pub(super) id: String,
    /// What is appended to the URL's path.
    pub(super) below: String,
    /// The JSON.
    pub(super) body: Bytes,
    /// There may be nothing (any more) that it could be done to: a 404 is as good as a yes.
    pub(super) may_be_absent: bool,
}

impl Call {
    /// A POST to the URL itself.
    pub(super) fn new(id: String, body: &Value) -> Self {
        Self { id, below: String::new(), body: Bytes::from(body.to_string()), may_be_absent: false }
    }
}

/// The id of the call with this number, counted from 0, of a mail that comes to so many.
pub(super) fn call_id(mail: &str, number: usize, of: usize) -> String {
    match of {
        1 => mail.to_owned(),
        _ => format!("{mail}-{}", number + 1),
    }
}

/// What names an incident at services that keep alerts by a key: the same from its opening to its end, and another once
/// it opens again, so that a late "over" cannot close what is new. Two daemons that watch the same domain share it.
pub(super) fn incident_key(notice: &Notice) -> String {
    let Notice { domain, view, family, episode, .. } = notice;
    let text = format!("{domain}\n{view}\n{family}\n{episode}");
    format!("notafter-{}", &Sha256::of(text.as_bytes()).to_string()[..32])
}
