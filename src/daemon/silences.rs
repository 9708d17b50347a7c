//! Silences that are asked for over HTTP. Who asks is answered once what they asked for is stored.

use super::Daemon;
use crate::keeper::{SilenceChange, Tag};
use crate::web::{SilenceAnswer, SilenceOrder, SilenceRefused, SilenceRequest};

/// Somebody who waits for a silence to be stored.
#[derive(Debug)]
pub(super) struct Waiting {
    change: SilenceChange,
    answer: SilenceAnswer,
}

impl Daemon {
    pub(super) fn take_silence(&mut self, request: SilenceRequest) {
        let now = self.clock.now();
        let made = match request.order {
            SilenceOrder::Make(wish) => self.keeper.handle_silence(wish, now).map_err(SilenceRefused::Mistakes),
            SilenceOrder::End(id) => self.keeper.handle_silence_end(&id, now).map_err(SilenceRefused::NotEnded),
        };
        match made {
            Ok(change) => {
                tracing::info!(silence = %change.silence.id, matches = %change.silence.matcher.to_string().escape_debug(),
                    until = %change.silence.until, state = change.silence.state.as_str(), "silence");
                self.waiting.push(Waiting { change, answer: request.answer });
            }
            // Who asked may have lost patience.
            Err(refused) => _ = request.answer.send(Err(refused)),
        }
    }

    /// A commit has ended, well (up to this change) or not.
    pub(super) fn answer_silences(&mut self, tag: &Tag, stored: Result<u64, ()>) {
        if *tag != Tag::Ledger || self.waiting.is_empty() {
            return;
        }
        let done =
            |waiting: &mut Waiting| stored.is_err() || stored.is_ok_and(|up_to| waiting.change.stored_by <= up_to);
        let done: Vec<Waiting> = self.waiting.extract_if(.., done).collect();
        // Who is answered may look at once.
        self.publish();
        for Waiting { change, answer } in done {
            _ = answer.send(stored.map(|_| change).map_err(|()| SilenceRefused::NotStored));
        }
    }
}
