//! Findings with a life, and the messages they owe: pure state machines that take inputs and offer outputs.
//!
//! A [`Ledger`] holds domains and their incidents: verdicts go in, changes to store and [`Notice`]s come out.
//! An [`Outbox`], one a receiver, takes the notices in, groups, limits and retries them, and offers one [`Mail`] at
//! a time. [`Alerts`], one a receiver that keeps track itself, is shown what fires instead, again and again. What is
//! known and need not be told for a while is a [`silence`]. None of them does I/O, none reads a clock; whatever must
//! survive a restart leaves as a [`Change`].

pub mod alerts;
mod bond;
mod calendar;
mod change;
mod checked;
mod ledger;
mod notice;
pub mod outbox;
mod policy;
pub mod silence;

pub use alerts::{Alerts, AlertsEvent};
pub use bond::{Bond, BondKind};
pub use calendar::{Calendar, Digest};
pub use change::{Change, Operation, Row, Table};
pub use checked::Checked;
pub use ledger::{Key, Ledger, LookAgain, Looked, Standing, State};
pub use notice::{Batch, Delivery, Mail, MailKind, Notice, NoticeId, PathFact, Reason, Refusal, Shared};
pub use outbox::{DeadLetters, Outbox, OutboxEvent};
pub use policy::{Pace, Policy};
