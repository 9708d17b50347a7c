//! [`Change`]: one change to what must survive a restart, as the state machines hand it to the store.

use serde_json::Value;

/// One numbered change to the stored state.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Changes of one state machine are numbered from 1, without gaps; `handle_stored(up_to)` names the last stored.
    pub sequence: u64,
    /// What to do.
    pub operation: Operation,
}

/// What a change does to a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// Insert the row, or replace the one of the same key.
    Put(Row),
    /// Insert the row unless there is one of the same key: a notice owed is never owed twice.
    Insert(Row),
    /// Remove the row, if it is there.
    Delete {
        /// The row's table.
        table: Table,
        /// The row's key.
        key: String,
    },
}

/// One row of the state: a key and a payload that tolerates fields we do not know.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which table it is in.
    pub table: Table,
    /// Its key, made of names alone: never of a number, an index or a process.
    pub key: String,
    /// Its content, a JSON object.
    pub payload: Value,
}

/// The tables of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Facts about the state itself: the schema's version, that the first summary is over.
    Meta,
    /// One row a domain: its last certificates and what a restart must know of it.
    Domain,
    /// One row an incident, keyed by (domain, view, family).
    Incident,
    /// One row a notice and receiver.
    Notice,
    /// One row a mail, its notices frozen.
    Mail,
    /// One row a silence.
    Silence,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 6] = [Self::Meta, Self::Domain, Self::Incident, Self::Notice, Self::Mail, Self::Silence];

    /// Its name in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::Domain => "domain",
            Self::Incident => "incident",
            Self::Notice => "notice",
            Self::Mail => "mail",
            Self::Silence => "silence",
        }
    }
}
