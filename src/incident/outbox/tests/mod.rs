//! The outbox under a virtual clock: [`Bench`] is its keeper, its store and its wall clock; a test is its relay.

mod calendar;
mod causes;
mod crash;
mod gather;
mod limit;
mod part;
mod retry;
mod stale;
mod store;

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Outbox;
use crate::domain::{Now, UnixTime};
use crate::incident::Pace;
use crate::incident::{
    Batch, Delivery, Mail, MailKind, Notice, NoticeId, Operation, OutboxEvent, Policy, Reason, Refusal, Row, Table,
};

const START: Now = Now { wall: UnixTime(1_800_000_000), mono: Duration::from_secs(1000) };

struct Bench {
    outbox: Outbox,
    policy: Policy,
    rows: BTreeMap<(Table, String), Value>,
    now: Now,
}

impl Bench {
    fn new() -> Self {
        Self::with(Policy::default())
    }

    fn with(policy: Policy) -> Self {
        Self { outbox: Outbox::new("oncall", policy.clone(), START), policy, rows: BTreeMap::new(), now: START }
    }

    fn tell(&mut self, notices: impl IntoIterator<Item = Notice>) {
        self.batch(MailKind::News, notices, false);
    }

    fn batch(&mut self, kind: MailKind, notices: impl IntoIterator<Item = Notice>, unstored: bool) {
        let notices = notices.into_iter().collect();
        self.outbox.handle_batch(Batch { kind, notices, unstored }, self.now);
    }

    /// Lets time pass without waking the outbox.
    fn sleep(&mut self, seconds: u64) {
        self.now.mono += Duration::from_secs(seconds);
        self.now.wall = self.now.wall.plus(seconds as i64);
    }

    /// Lets time pass, waking the outbox when it asks for it and storing what it changes.
    fn pass(&mut self, seconds: u64) {
        let end = self.now.mono + Duration::from_secs(seconds);
        while let Some(at) = self.outbox.poll_timeout().filter(|at| *at <= end) {
            self.sleep((at.saturating_sub(self.now.mono)).as_secs().max(1));
            self.outbox.handle_timeout(self.now);
            self.commit();
        }
        self.sleep(end.saturating_sub(self.now.mono).as_secs());
        self.outbox.handle_timeout(self.now);
        self.commit();
    }

    /// Stores what has changed.
    fn commit(&mut self) {
        let mut up_to = None;
        while let Some(change) = self.outbox.poll_change() {
            up_to = Some(change.sequence);
            match change.operation {
                Operation::Put(row) => {
                    self.rows.insert((row.table, row.key), row.payload);
                }
                Operation::Insert(row) => {
                    self.rows.entry((row.table, row.key)).or_insert(row.payload);
                }
                Operation::Delete { table, key } => {
                    self.rows.remove(&(table, key));
                }
            }
        }
        if let Some(up_to) = up_to {
            self.outbox.handle_stored(up_to);
        }
    }

    /// Ends the process and starts it again; what was not stored is gone.
    fn restart(&mut self) {
        self.now.mono = Duration::from_secs(7);
        self.outbox = Outbox::restore("oncall", self.policy.clone(), &self.stored(), self.now);
    }

    fn stored(&self) -> Vec<Row> {
        let row = |((table, key), payload): (&(Table, String), &Value)| Row {
            table: *table,
            key: key.clone(),
            payload: payload.clone(),
        };
        self.rows.iter().map(row).collect()
    }

    fn mail(&mut self) -> Option<Mail> {
        self.commit();
        self.outbox.poll_mail()
    }

    fn answer(&mut self, mail: &Mail, delivery: Delivery) {
        self.outbox.handle_delivery(&mail.id, delivery, self.now);
        self.commit();
    }

    /// Delivers what is offered now; the mails.
    fn deliver_all(&mut self) -> Vec<Mail> {
        let mut delivered = Vec::new();
        while let Some(mail) = self.mail() {
            self.answer(&mail, Delivery::Delivered);
            delivered.push(mail);
        }
        delivered
    }

    /// The seconds from now until the outbox wants to be woken.
    fn wakes_in(&self) -> Option<u64> {
        Some((self.outbox.poll_timeout()? - self.now.mono).as_secs())
    }

    fn events(&mut self) -> Vec<OutboxEvent> {
        std::iter::from_fn(|| self.outbox.poll_event()).collect()
    }

    fn results(&mut self) -> Vec<&'static str> {
        self.events().iter().map(|event| event.result().unwrap_or("cancelled")).collect()
    }

    fn tables(&self, table: Table) -> Vec<&Value> {
        self.rows.iter().filter(|((of, _), _)| *of == table).map(|(_, payload)| payload).collect()
    }
}

fn deferred() -> Delivery {
    Delivery::Deferred { error: "451 try again later".to_owned() }
}

fn unsent() -> Delivery {
    Delivery::Unsent { error: "no route to host".to_owned() }
}

fn in_part(recipients: &[&str]) -> Delivery {
    let refusal = |recipient: &&str| Refusal { recipient: (*recipient).to_owned(), error: "550 gone".to_owned() };
    Delivery::DeliveredInPart { refused: recipients.iter().map(refusal).collect() }
}

fn rejected() -> Delivery {
    Delivery::Rejected { error: "550 no such user".to_owned() }
}

fn notice(domain: &str, code: &str, severity: &str, reason: Reason, episode: u64, ordinal: u64) -> Notice {
    let family = code.split('.').next().unwrap_or_default();
    Notice {
        id: NoticeId::of(domain, "proxy", family, episode, reason, ordinal),
        domain: domain.to_owned(),
        view: "proxy".to_owned(),
        family: family.to_owned(),
        episode,
        reason,
        code: code.to_owned(),
        severity: severity.to_owned(),
        title: String::new(),
        summary: String::new(),
        remedy: String::new(),
        facts: Map::new(),
        path: Vec::new(),
        expires: None,
        opened_at: START.wall,
        at: START.wall,
        in_setup: false,
        bonds: Vec::new(),
        labels: Map::new(),
        extra: Map::new(),
    }
}

fn opened(domain: &str) -> Notice {
    notice(domain, "connect.refused", "critical", Reason::Opened, 0, 0)
}

fn warned(domain: &str) -> Notice {
    notice(domain, "connect.refused", "warning", Reason::Opened, 0, 0)
}

fn reminder(domain: &str, ordinal: u64) -> Notice {
    notice(domain, "connect.refused", "critical", Reason::Reminder, 0, ordinal)
}

fn resolved(domain: &str) -> Notice {
    notice(domain, "connect.refused", "critical", Reason::Resolved, 0, 0)
}

fn domains(mail: &Mail) -> Vec<&str> {
    mail.notices.iter().map(|notice| notice.domain.as_str()).collect()
}
