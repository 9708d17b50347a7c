//! What domains' certificates have been, as it outlives a restart: a row a domain, written when something happens.

use std::collections::BTreeMap;

use serde::Deserialize as _;

use crate::domain::DomainName;
use crate::history::History;
use crate::incident::{Operation, Row, Table};

/// What the key of a row with a domain's history ends in.
const ROW: &str = "/history";

/// The histories among the rows of a state, by domain; rows of others are passed over. One that cannot be read is begun
/// anew: it is worth less than a start.
pub(super) fn stored(rows: &[Row]) -> BTreeMap<DomainName, History> {
    let read = |row: &Row| {
        let name = owner(row)?;
        let history = History::deserialize(&row.payload).unwrap_or_default();
        Some((name, history))
    };
    rows.iter().filter_map(read).collect()
}

fn owner(row: &Row) -> Option<DomainName> {
    let name = row.key.strip_suffix(ROW).filter(|_| row.table == Table::Domain)?;
    DomainName::parse_record(name).ok()
}

/// The change that stores a domain's history.
pub(super) fn put(name: &DomainName, history: &History) -> Operation {
    // A map with string keys and no floats always becomes JSON.
    let payload = serde_json::to_value(history).unwrap_or_default();
    Operation::Put(Row { table: Table::Domain, key: row_key(name), payload })
}

/// The change that forgets a domain's history.
pub(super) fn forgotten(name: &DomainName) -> Operation {
    Operation::Delete { table: Table::Domain, key: row_key(name) }
}

fn row_key(name: &DomainName) -> String {
    format!("{name}{ROW}")
}
