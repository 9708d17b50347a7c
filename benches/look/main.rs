//! What one look costs in CPU, as the kernel counts it: ours, the same by bare rustls, and what `blackbox_exporter`
//! spends on the three probes that see what one look sees. Real servers on loopback; every run measures all in turn, so
//! that whatever else the machine does meets them all.
//!
//! `make bench` runs it. With `UPDATE_DOCS=1` it writes its table into `docs/performance.md`.

mod bare;
mod cpu;
mod document;
mod machine;
mod ours;
mod scene;
#[path = "../../tests/it/servers/mod.rs"]
#[allow(unused_imports, reason = "the harness offers the tests more than is needed here")]
mod servers;
mod table;

use std::env;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use bare::Bare;
use ours::Ours;
use scene::Scene;
use servers::Blackbox;
use table::{Way, median, table};

/// Runs, each of all ways in turn.
const RUNS: usize = 9;
/// Looks of each way in a run.
const LOOKS: usize = 400;
/// At this interval one look in 150 asks what is asked every five minutes, and no request is one too many for the tenant.
const ORDINARY: Duration = Duration::from_secs(2);
/// The default interval, at which that is one look in five.
const DEFAULT: Duration = Duration::from_secs(60);

fn main() {
    let mut bench = Bench::new();
    bench.warm_up();
    if env::args().any(|argument| argument == "ours") {
        // For a profiler.
        return (0..RUNS).for_each(|_| bench.run_ours());
    }
    for _ in 0..RUNS {
        bench.run();
    }
    let report = bench.report();
    println!("{report}");
    if env::var_os("UPDATE_DOCS").is_some() {
        document::write("make bench", &report);
    }
}

/// Everything that is measured.
struct Bench {
    scene: Scene,
    /// One thread: nobody's floor is higher.
    lone: Runtime,
    /// As the daemon's.
    daemon: Runtime,
    verifying: Bare,
    remembering: Bare,
    /// Elsewhere while they look.
    ordinary: Option<Ours>,
    every_minute: Option<Ours>,
    blackbox: Blackbox,
    ways: Ways,
}

/// What was measured.
struct Ways {
    handshake: Way,
    handshake_known: Way,
    floor: Way,
    floor_known: Way,
    ours: Way,
    kept: Way,
    ours_every_minute: Way,
    peer_tls: Way,
    peer_https: Way,
    peer: Way,
}

impl Ways {
    const fn new() -> Self {
        Self {
            handshake: Way::new("bare rustls: handshake, chain verified"),
            handshake_known: Way::new("bare rustls: handshake, signatures of the chain verified before"),
            floor: Way::new("**bare rustls: handshake, chain verified, and one bare request** (the floor)"),
            floor_known: Way::new("bare rustls: the same, signatures of the chain verified before"),
            ours: Way::new("**notafter: one whole look**"),
            kept: Way::new("of which the keeper: schedule, verdict, ledger, metrics"),
            ours_every_minute: Way::new("notafter: the mean at an interval of a minute, with what is asked every five"),
            peer_tls: Way::new("blackbox_exporter: TLS"),
            peer_https: Way::new("blackbox_exporter: HTTPS"),
            peer: Way::new("**blackbox_exporter: the three probes that see what one look sees**"),
        }
    }
}

impl Bench {
    fn new() -> Self {
        let scene = Scene::start();
        Self {
            lone: Builder::new_current_thread().enable_all().build().expect("a runtime"),
            daemon: Builder::new_multi_thread().enable_all().build().expect("a runtime"),
            verifying: Bare::verifying(&scene),
            remembering: Bare::remembering(&scene),
            ordinary: Some(Ours::watching(&scene, ORDINARY)),
            every_minute: Some(Ours::watching(&scene, DEFAULT)),
            blackbox: scene.blackbox(),
            ways: Ways::new(),
            scene,
        }
    }

    /// What happens but once is no look's cost.
    fn warm_up(&mut self) {
        self.run();
        self.ways = Ways::new();
    }

    fn run(&mut self) {
        self.run_bare();
        self.run_ours();
        self.run_peer();
    }

    fn run_bare(&mut self) {
        let (lone, ways) = (&self.lone, &mut self.ways);
        let measure = |bare: &Bare, requests| {
            let before = cpu::ours();
            for _ in 0..LOOKS {
                lone.block_on(bare.look(requests)).expect("an answer");
            }
            a_look(cpu::ours() - before, LOOKS)
        };
        ways.handshake.runs.push(measure(&self.verifying, 0));
        ways.handshake_known.runs.push(measure(&self.remembering, 0));
        ways.floor.runs.push(measure(&self.verifying, 1));
        ways.floor_known.runs.push(measure(&self.remembering, 1));
    }

    fn run_ours(&mut self) {
        let (daemon, ways) = (&self.daemon, &mut self.ways);
        let measure = |ours: &mut Option<Ours>| {
            let before = cpu::ours();
            let looks = ours.take().map(|ours| daemon.spawn(looks(ours)));
            let watched = looks.map(|looks| daemon.block_on(looks).expect("looks"));
            let kept = watched.as_ref().map(|ours| ours.kept).unwrap_or_default();
            *ours = watched;
            (a_look(cpu::ours() - before, LOOKS), a_look(kept, LOOKS))
        };
        let (all, kept) = measure(&mut self.ordinary);
        ways.ours.runs.push(all);
        ways.kept.runs.push(kept);
        ways.ours_every_minute.runs.push(measure(&mut self.every_minute).0);
    }

    fn run_peer(&mut self) {
        let (blackbox, ways) = (&mut self.blackbox, &mut self.ways);
        let three = self.scene.three_probes();
        let mut measure = |queries: &[String]| {
            let before = blackbox.cpu();
            for query in queries.iter().cycle().take(LOOKS * queries.len()) {
                let answered = blackbox.probe(query);
                assert!(answered.is_success(), "{query}: {answered:?}");
            }
            a_look(blackbox.cpu() - before, LOOKS)
        };
        ways.peer_tls.runs.push(measure(&[self.scene.tls_probe()]));
        ways.peer_https.runs.push(measure(&three[..1]));
        ways.peer.runs.push(measure(&three));
    }

    fn report(&self) -> String {
        let ways = &self.ways;
        let rows = [
            &ways.handshake,
            &ways.handshake_known,
            &ways.floor,
            &ways.floor_known,
            &ways.ours,
            &ways.kept,
            &ways.ours_every_minute,
            &ways.peer_tls,
            &ways.peer_https,
            &ways.peer,
        ];
        let table = table(&rows, &ways.floor);
        let (ours, peer) = (ways.ours.times(&ways.floor), ways.peer.times(&ways.ours));
        let known = ways.ours.times(&ways.floor_known);
        let spread = spread(&ways.floor);
        format!(
            "{table}\nA look costs **{ours:.2} times** the floor (the aim: at most 1.25), {known:.2} times the floor \
             that remembers the chain as we do, and the three probes of blackbox_exporter **{peer:.1} times** a look \
             (the aim: at least 7). Medians of {RUNS} runs of {LOOKS} looks each; ratios are the medians of the runs' \
             own. The floor's runs lie within {spread:.0}% of their median.\n\n{}.\n",
            machine::machine()
        )
    }
}

/// A run of looks, in a task of its own, as the daemon's keeper is in one.
async fn looks(mut ours: Ours) -> Ours {
    ours.kept = Duration::ZERO;
    for _ in 0..LOOKS {
        ours.look().await;
    }
    ours
}

/// Microseconds a look.
fn a_look(all: Duration, looks: usize) -> f64 {
    all.as_secs_f64() * 1e6 / looks as f64
}

/// How far the runs lie from their median at most, in percent of it.
fn spread(way: &Way) -> f64 {
    let middle = median(way.runs.iter().copied());
    way.runs.iter().map(|run| (run / middle - 1.0).abs() * 100.0).fold(0.0, f64::max)
}
