//! Every fuzz target over its seeds and over deterministic mutations of them: what the coverage-guided fuzzer does for
//! hours, for some seconds in every run of the tests.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use targets::{ALL, Target};

/// Longer than this no input takes, whatever it is, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
/// A mutation grows no longer.
const LONGEST: usize = 16 * 1024;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(name)
}

/// A target's seeds, in the order of their names.
fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = folder("seeds").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).expect("a seed")).collect()
}

#[test]
fn every_parser_comes_through_mutations_of_what_it_reads() {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(target) = ALL.get(next.fetch_add(1, Ordering::Relaxed)) {
            exercise(target);
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from).min(4);
    thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

fn exercise(target: &Target) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{} has no seeds", target.name);
    for seed in &seeds {
        run(target, seed);
    }
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..target.mutations {
        run(target, &mutated(&seeds, &mut dice));
    }
}

fn run(target: &Target, data: &[u8]) {
    let _blame = Blame { target: target.name, data };
    let started = Instant::now();
    (target.run)(data);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

/// Keeps the input that a target did not come through, and says where.
struct Blame<'a> {
    target: &'a str,
    data: &'a [u8],
}

impl Drop for Blame<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", self.target));
            let kept = fs::write(&file, self.data);
            eprintln!("fuzz target {}: the input is in {} ({kept:?})", self.target, file.display());
        }
    }
}

/// A seed with one to eight changes: bits, bytes, numbers, pieces taken out, doubled, moved, or taken from other seeds.
fn mutated(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut data = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(8) {
        let at = dice.below(data.len() + 1);
        let size = 1 + dice.below(8);
        let length = 1 + dice.below(1 << size);
        let end = (at + length).min(data.len());
        match dice.below(10) {
            0 | 1 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << dice.below(8)),
            2 | 3 => data.iter_mut().skip(at).take(1).for_each(|byte| *byte = dice.byte()),
            4 => drop(data.drain(at..end)),
            5 => drop(data.splice(at..at, (0..length).map(|_| dice.byte()).collect::<Vec<_>>())),
            6 => data.truncate(at),
            7 => {
                let piece = data[at..end].repeat(1 + dice.below(16));
                drop(data.splice(at..at, piece));
            }
            8 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len() + 1);
                let piece = other[from..(from + length).min(other.len())].to_vec();
                drop(data.splice(at..end, piece));
            }
            _ => {
                const TELLING: [&[u8]; 8] = [
                    &[0],
                    &[0xff],
                    &[0x7f, 0xff],
                    &[0x84, 0xff, 0xff, 0xff, 0xff],
                    b"\n",
                    b"\"",
                    "\u{202e}".as_bytes(),
                    b"99999999999999999999",
                ];
                drop(data.splice(at..at, TELLING[dice.below(TELLING.len())].to_vec()));
            }
        }
        data.truncate(LONGEST);
    }
    data
}

/// Numbers that are the same in every run (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap_or(0) % bound.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}

/// Each target is a binary of the fuzzer's as well, has seeds, and there are no others.
#[test]
fn every_target_has_its_binary_and_its_seeds() {
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    let names: Vec<&str> = ALL.iter().map(|target| target.name).collect();
    assert!(names.is_sorted(), "{names:?}");
    for name in &names {
        let binary = fs::read_to_string(folder("fuzz_targets").join(format!("{name}.rs"))).unwrap_or_default();
        assert!(binary.contains(&format!("run(\"{name}\", data)")), "fuzz_targets/{name}.rs");
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} in Cargo.toml");
        assert!(folder("seeds").join(name).is_dir(), "seeds/{name}");
    }
    let files = |folder: PathBuf| {
        fs::read_dir(folder).unwrap().filter(|entry| !entry.as_ref().unwrap().path().is_dir()).count()
    };
    assert_eq!(files(folder("fuzz_targets")), names.len());
}
