//! The end of every input: what it touched becomes changes, each row once, and what it owes is queued behind them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{FIRST_SUMMARY, Key, Ledger};
use crate::domain::DomainName;
use crate::incident::{Batch, Change, MailKind, Notice, Operation, Row, Table};
use crate::verdict::Severity;

/// What the present input has changed; written out at its end, each row once.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) first_summary: bool,
    pub(super) domains: BTreeSet<DomainName>,
    pub(super) incidents: BTreeSet<Key>,
    pub(super) news: Vec<(Key, Notice)>,
    pub(super) summary: Vec<(Key, Notice)>,
}

impl Ledger {
    /// Ends an input: what it touched is written out, what it owes is queued behind that.
    pub(super) fn settle(&mut self) {
        self.settle_window();
        self.settle_silences();
        let touched = std::mem::take(&mut self.touched);
        if touched.first_summary {
            let what = if self.window.holds() { "began_at" } else { "over_at" };
            self.put(Table::Meta, FIRST_SUMMARY.to_owned(), json!({ what: self.now.wall }));
        }
        for name in touched.domains {
            self.write_domain(&name);
        }
        for (id, silence) in self.roll.take_changed() {
            self.write_silence(&id, silence);
        }
        let mut written = BTreeMap::new();
        for key in touched.incidents {
            let sequence = self.write_incident(&key);
            self.showing.changed(&key, sequence);
            written.insert(key, sequence);
        }
        for (key, notice) in touched.news {
            let after = written.get(&key).copied().unwrap_or(self.sequence);
            self.batches.push_back((after, Batch { kind: MailKind::News, notices: vec![notice], unstored: false }));
        }
        self.queue_summary(touched.summary.into_iter().map(|(_, notice)| notice).collect(), self.sequence);
    }

    pub(super) fn queue_summary(&mut self, mut notices: Vec<Notice>, after: u64) {
        if !notices.is_empty() {
            notices.sort_by_key(|notice| (notice.severity != Severity::Critical.as_str(), notice.domain.clone()));
            self.batches.push_back((after, Batch { kind: MailKind::FirstSummary, notices, unstored: false }));
        }
    }

    fn write_incident(&mut self, key: &Key) -> u64 {
        match self.incidents.get(key) {
            Some(incident) if !incident.is_blank() => {
                // A map with string keys and finite numbers always becomes JSON.
                let payload = serde_json::to_value(incident).unwrap_or_default();
                self.put(Table::Incident, key.to_string(), payload)
            }
            _ => {
                self.incidents.remove(key);
                self.change(Operation::Delete { table: Table::Incident, key: key.to_string() })
            }
        }
    }

    pub(super) fn put(&mut self, table: Table, key: String, payload: Value) -> u64 {
        self.change(Operation::Put(Row { table, key, payload }))
    }

    pub(super) fn change(&mut self, operation: Operation) -> u64 {
        self.sequence += 1;
        self.changes.push_back(Change { sequence: self.sequence, operation });
        self.sequence
    }
}
