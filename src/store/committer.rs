//! [`Committer`]: a thread that owns the [`Store`] and writes what the keeper hands it, in order.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::{Store, StoreError};
use crate::incident::{Change, Operation, Table};

/// What the committer writes to.
pub trait Commit: Send + 'static {
    /// Does all of this or, on an error, nothing. When it returns, it is on disk.
    fn commit(&mut self, operations: &[Operation]) -> Result<(), StoreError>;
}

impl Commit for Store {
    fn commit(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
        Self::commit(self, operations)
    }
}

/// The sending end of the thread that writes. `T` tells the state machines apart.
#[derive(Debug)]
pub struct Committer<T> {
    inbox: mpsc::Sender<Vec<(T, Vec<Change>)>>,
}

/// What became of the changes of one state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// Whose changes.
    pub tag: T,
    /// All of them up to this number are stored; or why not. After an error they are tried again, in order, before
    /// whatever was sent later.
    pub result: Result<u64, String>,
}

/// Where the outcomes arrive. It ends when the committer is dropped and all is written, or can't be.
pub type Outcomes<T> = UnboundedReceiver<Outcome<T>>;

impl<T: Clone + PartialEq + Send + 'static> Committer<T> {
    /// Starts the thread. Fails if the system has none left.
    pub fn spawn(store: impl Commit) -> std::io::Result<(Self, Outcomes<T>)> {
        Self::spawn_with(store, Backoff::DEFAULT)
    }

    fn spawn_with(store: impl Commit, backoff: Backoff) -> std::io::Result<(Self, Outcomes<T>)> {
        let (inbox, batches) = mpsc::channel();
        let (outcomes, receiver) = unbounded_channel();
        let writer = Writer { store, batches, outcomes, backoff };
        thread::Builder::new().name("store".to_owned()).spawn(move || writer.run())?;
        Ok((Self { inbox }, receiver))
    }

    /// Hands over the changes of some state machines, which become one transaction: what a ledger changed and what the
    /// outboxes made of it belong together. Never waits. If the thread has ended, the [`Outcomes`] have too.
    pub fn send(&self, parts: Vec<(T, Vec<Change>)>) {
        let _ = self.inbox.send(parts);
    }
}

/// How long to wait before a commit that failed is tried again.
#[derive(Debug, Clone, Copy)]
struct Backoff {
    first: Duration,
    most: Duration,
    /// How often, when no more is to come.
    last_attempts: u32,
}

impl Backoff {
    const DEFAULT: Self = Self { first: Duration::from_millis(250), most: Duration::from_secs(5), last_attempts: 4 };
}

struct Writer<C, T> {
    store: C,
    batches: mpsc::Receiver<Vec<(T, Vec<Change>)>>,
    outcomes: UnboundedSender<Outcome<T>>,
    backoff: Backoff,
}

/// What is to be written in one transaction.
struct Pending<T> {
    operations: Vec<Operation>,
    /// Where among them each row is, once there is but one operation a row.
    places: Option<HashMap<(Table, String), usize>>,
    /// Each state machine with its last change.
    up_to: Vec<(T, u64)>,
}

impl<C: Commit, T: Clone + PartialEq> Writer<C, T> {
    fn run(mut self) {
        while let Ok(batch) = self.batches.recv() {
            let mut pending = Pending { operations: Vec::new(), places: None, up_to: Vec::new() };
            pending.add(batch);
            // What has come meanwhile shares the wait for the disk.
            self.batches.try_iter().for_each(|batch| pending.add(batch));
            if !pending.up_to.is_empty() {
                self.write(pending);
            }
        }
    }

    /// Writes until it is written, or no more is to come and it cannot be.
    fn write(&mut self, mut pending: Pending<T>) {
        let (mut wait, mut last_attempts) = (self.backoff.first, self.backoff.last_attempts);
        loop {
            let Err(error) = self.store.commit(&pending.operations) else { break };
            tracing::error!(%error, changes = pending.operations.len(), "a commit failed; it is tried again");
            self.report(&pending, |_| Err(error.to_string()));
            pending.condense();
            if self.gather(wait, &mut pending) {
                wait = (wait * 2).min(self.backoff.most);
                continue;
            }
            last_attempts = last_attempts.saturating_sub(1);
            if last_attempts == 0 {
                return tracing::error!(%error, changes = pending.operations.len(), "the last changes are not stored");
            }
            thread::sleep(self.backoff.first);
        }
        self.report(&pending, Ok);
    }

    fn report(&self, pending: &Pending<T>, result: impl Fn(u64) -> Result<u64, String>) {
        for (tag, up_to) in &pending.up_to {
            // The keeper may have gone; what it sent is written all the same.
            let _ = self.outcomes.send(Outcome { tag: tag.clone(), result: result(*up_to) });
        }
    }

    /// Takes in what comes for so long; whether more may come.
    fn gather(&self, wait: Duration, pending: &mut Pending<T>) -> bool {
        let end = Instant::now() + wait;
        loop {
            match self.batches.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(batch) => pending.add(batch),
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }
}

impl<T: PartialEq> Pending<T> {
    fn add(&mut self, batch: Vec<(T, Vec<Change>)>) {
        for (tag, changes) in batch {
            let Some(last) = changes.last().map(|change| change.sequence) else { continue };
            match self.up_to.iter_mut().find(|(other, _)| *other == tag) {
                Some((_, up_to)) => *up_to = last,
                None => self.up_to.push((tag, last)),
            }
            changes.into_iter().for_each(|change| self.push(change.operation));
        }
    }

    /// From now on keeps one operation a row: a disk that is full for days must not fill the memory too.
    fn condense(&mut self) {
        if self.places.is_none() {
            self.places = Some(HashMap::new());
            std::mem::take(&mut self.operations).into_iter().for_each(|operation| self.push(operation));
        }
    }

    fn push(&mut self, operation: Operation) {
        let Some(places) = &mut self.places else { return self.operations.push(operation) };
        let place = *places.entry(row_of(&operation)).or_insert(self.operations.len());
        match self.operations.get_mut(place) {
            Some(earlier) => both(earlier, operation),
            None => self.operations.push(operation),
        }
    }
}

/// The row that an operation is about.
fn row_of(operation: &Operation) -> (Table, String) {
    match operation {
        Operation::Put(row) | Operation::Insert(row) => (row.table, row.key.clone()),
        Operation::Delete { table, key } => (*table, key.clone()),
    }
}

/// Makes of an earlier operation on a row what it and a later one come to together.
fn both(earlier: &mut Operation, later: Operation) {
    match (&*earlier, later) {
        // The row is there already, whoever put it there.
        (Operation::Put(_) | Operation::Insert(_), Operation::Insert(_)) => {}
        (Operation::Delete { .. }, Operation::Insert(row)) => *earlier = Operation::Put(row),
        (_, later) => *earlier = later,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::incident::Row;

    const AT_ONCE: Backoff = Backoff { first: Duration::ZERO, most: Duration::ZERO, last_attempts: 3 };

    /// Fails as often as it is told to, and tells what it has written.
    struct Moody {
        failures: usize,
        written: mpsc::Sender<Vec<String>>,
    }

    impl Commit for Moody {
        fn commit(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
            if self.failures > 0 {
                self.failures -= 1;
                return Err(StoreError::Foreign { path: "x".into() });
            }
            let key = |operation: &Operation| match operation {
                Operation::Put(row) | Operation::Insert(row) => row.key.clone(),
                Operation::Delete { key, .. } => key.clone(),
            };
            let _ = self.written.send(operations.iter().map(key).collect());
            Ok(())
        }
    }

    /// Says when a commit begins, and waits for leave.
    struct Gated {
        store: Moody,
        begins: mpsc::Sender<()>,
        gate: mpsc::Receiver<()>,
    }

    impl Commit for Gated {
        fn commit(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
            let _ = self.begins.send(());
            let _ = self.gate.recv();
            self.store.commit(operations)
        }
    }

    fn moody(failures: usize) -> (Moody, mpsc::Receiver<Vec<String>>) {
        let (written, receiver) = mpsc::channel();
        (Moody { failures, written }, receiver)
    }

    fn changes(sequences: impl IntoIterator<Item = u64>) -> Vec<Change> {
        let delete = |sequence: u64| Operation::Delete { table: Table::Meta, key: sequence.to_string() };
        sequences.into_iter().map(|sequence| Change { sequence, operation: delete(sequence) }).collect()
    }

    fn all<T>(mut outcomes: Outcomes<T>) -> VecDeque<Outcome<T>> {
        std::iter::from_fn(|| outcomes.blocking_recv()).collect()
    }

    #[test]
    fn what_was_sent_is_written_in_order_before_it_ends() {
        let (store, written) = moody(0);
        let (committer, outcomes) = Committer::spawn_with(store, AT_ONCE).unwrap();
        for n in 1..=50 {
            committer.send(vec![("ledger", changes([n]))]);
        }
        committer.send(vec![("ledger", changes([]))]);
        drop(committer);
        let last = all(outcomes).pop_back().unwrap();
        assert_eq!(last, Outcome { tag: "ledger", result: Ok(50) });
        let keys: Vec<String> = written.iter().flatten().collect();
        assert_eq!(keys, (1..=50).map(|n| n.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_sent_together_is_one_transaction() {
        let (store, written) = moody(0);
        let (committer, outcomes) = Committer::spawn_with(store, AT_ONCE).unwrap();
        committer.send(vec![("ledger", changes([1, 2])), ("outbox", changes([7]))]);
        drop(committer);
        let expected = [("ledger", 2), ("outbox", 7)].map(|(tag, up_to)| Outcome { tag, result: Ok(up_to) });
        assert_eq!(all(outcomes), expected);
        assert_eq!(written.recv().unwrap(), ["1", "2", "7"]);
    }

    #[test]
    fn what_comes_during_a_commit_shares_the_next() {
        let (store, written) = moody(0);
        let (begins, begun) = mpsc::channel();
        let (release, gate) = mpsc::channel();
        let (committer, _outcomes) = Committer::spawn_with(Gated { store, begins, gate }, AT_ONCE).unwrap();
        committer.send(vec![("ledger", changes([1]))]);
        begun.recv().unwrap();
        (2..=9).for_each(|n| committer.send(vec![("ledger", changes([n]))]));
        (0..2).for_each(|_| release.send(()).unwrap());
        assert_eq!(written.recv().unwrap(), ["1"]);
        assert_eq!(written.recv().unwrap().len(), 8);
    }

    #[test]
    fn a_commit_that_fails_is_reported_and_tried_again() {
        let (store, written) = moody(2);
        let (committer, mut outcomes) = Committer::spawn_with(store, AT_ONCE).unwrap();
        committer.send(vec![("ledger", changes([1]))]);
        let results: Vec<_> = (0..3).map(|_| outcomes.blocking_recv().unwrap().result).collect();
        assert!(results[0].as_ref().unwrap_err().contains("another program's database"), "{results:?}");
        assert!(results[1].is_err() && results[2] == Ok(1), "{results:?}");
        assert_eq!(written.recv().unwrap(), ["1"]);
    }

    #[test]
    fn once_a_commit_has_failed_a_row_is_kept_once() {
        let row = |key: &str, payload: u64| Row { table: Table::Meta, key: key.to_owned(), payload: payload.into() };
        let put = |key, payload| Operation::Put(row(key, payload));
        let insert = |key, payload| Operation::Insert(row(key, payload));
        let delete = |key: &str| Operation::Delete { table: Table::Meta, key: key.to_owned() };
        let batches = [
            vec![put("a", 1), insert("b", 1), put("a", 2), delete("c")],
            vec![insert("b", 2), insert("a", 3), insert("c", 4), put("d", 5)],
            vec![delete("d"), put("a", 6), delete("e"), put("e", 7)],
        ];
        let mut pending = Pending { operations: Vec::new(), places: None, up_to: Vec::new() };
        let mut sequence = 0;
        for batch in batches {
            let mut number = |operation| {
                sequence += 1;
                Change { sequence, operation }
            };
            let changes = batch.into_iter().map(&mut number).collect();
            pending.add(vec![("ledger", changes)]);
            pending.condense();
        }
        let expected = [put("a", 6), insert("b", 1), put("c", 4), delete("d"), put("e", 7)];
        assert_eq!(pending.operations, expected);
        assert_eq!(pending.up_to, [("ledger", 12)]);
        for n in 0..10_000 {
            pending.add(vec![("keeper", vec![Change { sequence: n, operation: put("heartbeat", n) }])]);
        }
        assert_eq!(pending.operations.len(), 6);
    }

    #[test]
    fn at_the_end_it_does_not_try_for_ever() {
        let (store, written) = moody(usize::MAX);
        let (committer, outcomes) = Committer::spawn_with(store, AT_ONCE).unwrap();
        committer.send(vec![("ledger", changes([1]))]);
        drop(committer);
        assert!(all(outcomes).iter().all(|outcome| outcome.result.is_err()));
        assert!(written.recv().is_err());
    }

    #[test]
    fn it_goes_on_without_anybody_listening() {
        let (store, written) = moody(1);
        let (committer, outcomes) = Committer::spawn_with(store, AT_ONCE).unwrap();
        drop(outcomes);
        committer.send(vec![((), changes([1]))]);
        assert_eq!(written.recv().unwrap(), ["1"]);
    }
}
