//! What is counted: the pure rooms at work, one case each.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use notafter::domain::{Domain, UnixTime};
use notafter::incident::{Ledger, Looked, Mail, MailKind, Notice, Policy};
use notafter::metrics;
use notafter::notify::{Context, render};
use notafter::observation::certificate::Certificate;
use notafter::observation::{Code, Failure, Look, TlsObservation};
use notafter::schedule::Schedule;
use notafter::verdict::{Record, Surroundings, Verdict, judge};

use crate::fleet::{Fleet, Pki, after, domain, healthy};

/// One case: its name, and what makes ready for it and then counts its work.
pub(crate) struct Case {
    /// Its name in the baseline.
    pub(crate) name: &'static str,
    /// Makes ready, and hands over the work.
    pub(crate) prepare: fn() -> Box<dyn FnMut()>,
}

/// Every case.
pub(crate) const CASES: &[Case] = &[
    Case { name: "certificate: parse", prepare: parse },
    Case { name: "trust: assess a chain that is known", prepare: assess },
    Case { name: "verdict: judge a healthy domain", prepare: judge_healthy },
    Case { name: "keeper: ask for a look and take it in, one of 300 healthy", prepare: keep },
    Case { name: "ledger: 1,000 domains fail alike", prepare: fail_alike },
    Case { name: "mail: render 100 notices", prepare: render_mail },
    Case { name: "metrics: render 1,000 domains", prepare: render_metrics },
    Case { name: "schedule: 1,000 turns", prepare: take_turns },
];

fn parse() -> Box<dyn FnMut()> {
    let leaf = Pki::new().chain.remove(0);
    Box::new(move || _ = black_box(Certificate::from_der(&leaf)))
}

fn assess() -> Box<dyn FnMut()> {
    let (pki, name) = (Pki::new(), domain(0).name);
    Box::new(move || assert!(Arc::ptr_eq(&pki.presented, &pki.trust.assess(&pki.chain, &name))))
}

fn judge_healthy() -> Box<dyn FnMut()> {
    let (domain, now) = (domain(0), after(Duration::ZERO).wall);
    let record = recorded(healthy(&domain, &Pki::new(), now));
    let judged = judge(&domain, &record, &Surroundings::default(), now);
    assert!(judged.findings.is_empty(), "{:?}", judged.findings);
    Box::new(move || _ = black_box(judge(&domain, &record, &Surroundings::default(), now)))
}

fn recorded(look: Look) -> Record {
    let mut record = Record::default();
    record.absorb(look);
    record
}

fn keep() -> Box<dyn FnMut()> {
    let mut fleet = Fleet::seen(300);
    let mut look = Some(fleet.next());
    Box::new(move || {
        if let Some(look) = look.take() {
            fleet.take(look);
            black_box(fleet.keeper.poll_look());
        }
    })
}

/// A ledger that watches so many domains, and for each what a look finds that cannot connect.
fn failing(count: usize) -> (Ledger, Vec<(Verdict, Looked)>) {
    let now = after(Duration::ZERO);
    let address = SocketAddr::from(([192, 0, 2, 1], 443));
    let (pki, domains) = (Pki::new(), (0..count).map(domain).collect::<Vec<Domain>>());
    let mut ledger = Ledger::new(Policy::default(), now);
    ledger.handle_domains(&domains, now);
    let verdict = |domain: &Domain| {
        let mut look = healthy(domain, &pki, now.wall);
        let failure = Some(Failure::new(Code::ConnectRefused, "nothing listens there"));
        (look.tls, look.auth0) = (vec![TlsObservation { failure, ..TlsObservation::new(address) }], Vec::new());
        let record = recorded(look.clone());
        (judge(domain, &record, &Surroundings::default(), now.wall), Looked::of(&look, &record))
    };
    let verdicts = domains.iter().map(verdict).collect();
    (ledger, verdicts)
}

fn fail_alike() -> Box<dyn FnMut()> {
    let (mut ledger, verdicts) = failing(1000);
    Box::new(move || {
        for (verdict, looked) in &verdicts {
            ledger.handle_verdict(verdict, looked, after(Duration::ZERO));
            while ledger.poll_change().is_some() || ledger.poll_look().is_some() {}
        }
    })
}

/// What so many domains owe that fail alike until it is believed.
fn notices(count: usize) -> Vec<Notice> {
    let (mut ledger, verdicts) = failing(count);
    let mut told = Vec::new();
    for seconds in [0, 20, 40, 100, 160] {
        let now = after(Duration::from_secs(seconds));
        ledger.handle_timeout(now);
        for (verdict, looked) in &verdicts {
            ledger.handle_verdict(verdict, looked, now);
        }
        let stored = std::iter::from_fn(|| ledger.poll_change()).last().map_or(0, |change| change.sequence);
        ledger.handle_stored(stored, now);
        told.extend(std::iter::from_fn(|| ledger.poll_batch()).flat_map(|batch| batch.notices));
    }
    let domains: BTreeSet<&str> = told.iter().map(|notice| notice.domain.as_str()).collect();
    assert_eq!(domains.len(), count);
    told
}

fn render_mail() -> Box<dyn FnMut()> {
    let created_at = UnixTime(after(Duration::from_secs(180)).wall.0);
    let mail = Mail {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        receiver: "oncall".to_owned(),
        kind: MailKind::News,
        notices: notices(100),
        shared: None,
        thread: None,
        created_at,
        attempts: 0,
        last_error: None,
        extra: serde_json::Map::new(),
    };
    // The templates are read once a process.
    let context = Context { now: created_at, host: "watcher.example.com", links: None };
    assert!(render(&mail, &context).text.contains(".example.com"));
    Box::new(move || _ = black_box(render(&mail, &context)))
}

fn render_metrics() -> Box<dyn FnMut()> {
    let snapshot = Arc::new(Fleet::seen(1000).keeper.snapshot());
    Box::new(move || {
        let length: usize = metrics::Page::new(Arc::clone(&snapshot)).map(|piece| piece.len()).sum();
        assert!(length > 100_000);
    })
}

fn take_turns() -> Box<dyn FnMut()> {
    let mut schedule = Schedule::default();
    let listed = (0..1000).map(domain).map(|domain| (domain.name, domain.interval));
    schedule.reconcile(listed, Duration::ZERO);
    Box::new(move || {
        for _ in 0..1000 {
            let now = schedule.next_wakeup().unwrap_or_default();
            if let Some(name) = schedule.due(now) {
                schedule.done_at(&name, now);
            }
        }
    })
}
