//! What was refused for good: mails given up, and mails that some of a receiver's recipients never will have. Both are
//! kept for those who ask.

use super::post::bounded;
use super::row::{MailRow, MailState, delete_mail};
use super::{Outbox, OutboxEvent};
use crate::domain::UnixTime;
use crate::incident::{Operation, Refusal};

/// So many mails are kept that some recipients never will have: one who is gone is refused every mail.
const KEPT_IN_PART: usize = 10;

/// What a receiver was refused for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetters {
    /// Since when.
    pub since: UnixTime,
    /// How many mails were given up.
    pub mails: usize,
    /// How many notices are in them.
    pub notices: usize,
    /// What was said to the last of them.
    pub error: String,
    /// The recipients who were refused while others got the mail; each once, with what was said last.
    pub refused: Vec<Refusal>,
}

impl Outbox {
    /// What was refused for good: mails given up, until they are delivered all the same or forgotten after 30 days, and
    /// recipients who were refused, until a mail is delivered to all or the configuration is read again.
    pub fn dead_letters(&self) -> Option<DeadLetters> {
        let dead: Vec<_> = self.posts.values().filter(|post| post.is_dead()).collect();
        let failing = dead.iter().map(|post| &post.row).chain(self.in_part.values());
        let since = failing.map(|row| row.failing_since.unwrap_or(row.mail.created_at)).min()?;
        let last = dead.iter().max_by_key(|post| post.offered_at).and_then(|post| post.row.mail.last_error.clone());
        let mut refused: Vec<Refusal> = Vec::new();
        let mut in_part: Vec<&MailRow> = self.in_part.values().collect();
        in_part.sort_by_key(|row| std::cmp::Reverse(row.mail.created_at));
        for refusal in in_part.iter().flat_map(|row| &row.refused) {
            if !refused.iter().any(|known| known.recipient == refusal.recipient) {
                refused.push(refusal.clone());
            }
        }
        Some(DeadLetters {
            since,
            mails: dead.len(),
            notices: dead.iter().map(|post| post.notices.len()).sum(),
            error: last.unwrap_or_default(),
            refused,
        })
    }

    /// Keeps a mail that some have; the number of the change that says so.
    pub(super) fn keep_in_part(&mut self, mut row: MailRow, refused: Vec<Refusal>) -> u64 {
        let bound = |refusal: Refusal| Refusal { error: bounded(&refusal.error), ..refusal };
        row.refused = refused.into_iter().map(bound).collect();
        row.state = MailState::InPart;
        row.failing_since.get_or_insert(self.now.wall);
        let (mail, notices) = (row.mail.id.clone(), row.mail.notices.len());
        let said = row.refused.iter().map(|refusal| format!("{}: {}", refusal.recipient, refusal.error));
        let error = bounded(&said.collect::<Vec<_>>().join("; "));
        self.events.push_back(OutboxEvent::Refused { mail: mail.clone(), notices, error });
        let oldest = self.in_part.values().min_by_key(|row| (row.mail.created_at, &row.mail.id));
        if let Some(id) = oldest.filter(|_| self.in_part.len() >= KEPT_IN_PART).map(|row| row.mail.id.clone()) {
            self.in_part.remove(&id);
            self.change(delete_mail(&self.receiver, &id));
        }
        let kept_by = self.change(Operation::Put(row.row()));
        self.in_part.insert(mail, row);
        kept_by
    }

    /// Everybody has a mail, or somebody has seen to it.
    pub(super) fn forget_refused(&mut self) {
        for id in std::mem::take(&mut self.in_part).into_keys() {
            self.change(delete_mail(&self.receiver, &id));
        }
    }
}
