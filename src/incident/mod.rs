//! Findings with a life, and the messages they owe: two pure state machines that take inputs and offer outputs.
//!
//! A [`Ledger`] holds domains and their incidents: verdicts go in, changes to store and [`Notice`]s come out.
//! An [`Outbox`], one a receiver, takes the notices in, groups, limits and retries them, and offers one [`Mail`] at
//! a time. Neither does I/O, neither reads a clock; whatever must survive a restart leaves as a [`Change`].

mod change;
mod ledger;
mod notice;
pub mod outbox;
mod policy;

pub use change::{Change, Operation, Row, Table};
pub use ledger::{Ledger, LookAgain, Looked, Standing, State};
pub use notice::{Batch, Delivery, Mail, MailKind, Notice, NoticeId, PathFact, Reason};
pub use outbox::{Outbox, OutboxEvent};
pub use policy::Policy;
