//! What we have written ourselves: the store and recordings. Or an older version of us, a newer one, a disk that lies.

use std::time::Duration;

use notafter::domain::{Now, UnixTime};
use notafter::incident::{Ledger, Outbox, Policy, Row, Table, outbox};
use notafter::keeper::{Keeper, stored_chains};
use notafter::probe::{Player, Recording};
use notafter::trust::TrustStore;

use super::NOW;

const START: Now = Now { wall: NOW, mono: Duration::from_secs(1_000) };

/// Rows, one a line: the table, the key and the payload in JSON, with a tab between.
pub(super) fn stored(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let rows: Vec<Row> = text.lines().take(200).filter_map(row).collect();
    let receivers: Vec<String> = outbox::receivers(&rows).into_iter().take(4).map(str::to_owned).collect();
    for (_, chains) in stored_chains(&rows) {
        assert!(chains.iter().all(|chain| chain.certificates().len() <= rows.len() * 10_000));
    }
    let policy = Policy::default();
    let mut ledger = Ledger::restore(policy.clone(), rows.clone(), START);
    for receiver in &receivers {
        let mut outbox = Outbox::restore(receiver, policy.clone(), &rows, START);
        outbox.handle_timeout(later(3_600));
        while outbox.poll_change().is_some() {}
    }
    ledger.handle_domains(&[], START);
    ledger.handle_timeout(later(86_400));
    while ledger.poll_change().is_some() {}
    let mut keeper = Keeper::restore(policy, &receivers, rows, START);
    keeper.handle_watches(Vec::new(), START);
    for seconds in [60, 3_600, 86_400] {
        keeper.handle_timeout(later(seconds));
        while keeper.poll_commit().is_some() {}
        while keeper.poll_mail().is_some() {}
    }
    drop(keeper.snapshot());
}

/// A recording of a look: what is read is read again as it is written, and is the same.
pub(super) fn recording(data: &[u8]) {
    let Ok(read) = Recording::parse(&String::from_utf8_lossy(data)) else { return };
    assert_eq!(Recording::parse(&read.to_json()).as_ref().ok(), Some(&read));
    let (roots, intermediates) = read.trusted();
    let _ = TrustStore::new(&roots, &intermediates);
    drop(Player::of(&read));
}

fn later(seconds: i64) -> Now {
    let passed = Duration::from_secs(seconds.unsigned_abs());
    Now { wall: UnixTime(NOW.0 + seconds), mono: START.mono + passed }
}

fn row(line: &str) -> Option<Row> {
    let mut parts = line.splitn(3, '\t');
    let (table, key, payload) = (parts.next()?, parts.next()?, parts.next()?);
    let table = Table::ALL.into_iter().find(|other| other.as_str() == table)?;
    Some(Row { table, key: key.to_owned(), payload: serde_json::from_str(payload).ok()? })
}
