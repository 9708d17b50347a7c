//! [`Page`]: a snapshot as text, a piece at a time. It holds the snapshot, its own place in it, and one piece.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::text::{self, Lines};
use super::{DOMAIN_INFO, FAMILIES, Family, OF_A_DOMAIN, Part, info, process};
use crate::keeper::{DomainState, Lag, Snapshot};

/// A piece has about so many bytes, and those of at most one domain more.
const PIECE: usize = 64 * 1024;
/// Domains between two looks at how large a piece has become.
const STRIDE: usize = 64;

/// The page of one snapshot: an iterator over its pieces, of which each is text in the format 0.0.4.
#[derive(Debug)]
pub struct Page {
    snapshot: Arc<Snapshot>,
    /// Families still to be written, the next one last.
    families: Vec<&'static Family>,
    /// The family that is being written, if one is.
    now: Option<Run>,
}

/// The domains' samples of one family.
#[derive(Debug)]
struct Run {
    family: &'static Family,
    parts: Vec<Part>,
    /// The domain that is next.
    next: usize,
    /// Where not every domain has as many labels: the numbers of labels, of which the last is written now.
    labels: Vec<Option<usize>>,
    /// Whether the family has its head: one without samples has none.
    begun: bool,
}

impl Page {
    /// The page of this snapshot.
    pub fn new(snapshot: Arc<Snapshot>) -> Self {
        let mut families = FAMILIES.to_vec();
        families.sort_by(|one, other| other.name.cmp(one.name));
        Self { snapshot, families, now: None }
    }

    /// What the process has to say in this family, and then its domains are to be asked.
    fn begin(&mut self, family: &'static Family) -> Vec<u8> {
        let mut own = Lines::of_process(family, Vec::new());
        process(&self.snapshot, &mut own);
        own.order();
        let own = own.into_text();
        let parts: Vec<Part> = OF_A_DOMAIN
            .iter()
            .filter(|(_, families)| families.iter().any(|other| other.name == family.name))
            .map(|(part, _)| *part)
            .collect();
        let labels = if family.name == DOMAIN_INFO.name { self.numbers_of_labels() } else { vec![None] };
        let begun = !own.is_empty();
        if !parts.is_empty() {
            self.now = Some(Run { family, parts, next: 0, labels, begun });
        }
        if begun { [text::head(family), own].concat() } else { own }
    }

    /// Those with fewer labels stand first.
    fn numbers_of_labels(&self) -> Vec<Option<usize>> {
        let mut counted = Counted::default();
        self.snapshot.domains.iter().for_each(|domain| info(domain, &mut counted));
        counted.0.into_iter().rev().map(Some).collect()
    }

    /// Domains of the family that is being written, until the piece is large enough or there are no more.
    fn go_on(&mut self, mut piece: Vec<u8>) -> Vec<u8> {
        let Some(run) = &mut self.now else { return piece };
        let written = piece.len();
        if !run.begun {
            piece.extend(text::head(run.family));
        }
        let empty = piece.len();
        let mut lines = Lines::of_domains(run.family, run.labels.last().copied().flatten(), piece);
        for stride in self.snapshot.domains.strides(run.next, STRIDE) {
            stride.iter().for_each(|domain| run.write(domain, &mut lines));
            run.next += stride.len();
            if lines.len() >= PIECE {
                break;
            }
        }
        let mut piece = lines.into_text();
        if piece.len() == empty {
            piece.truncate(written);
        } else {
            run.begun = true;
        }
        if run.next >= self.snapshot.domains.len() {
            run.labels.pop();
            run.next = 0;
            if run.labels.is_empty() {
                self.now = None;
            }
        }
        piece
    }
}

impl Run {
    fn write(&self, domain: &DomainState, lines: &mut Lines<'_>) {
        for part in &self.parts {
            part(domain, lines);
        }
        lines.order();
    }
}

impl Iterator for Page {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut piece = Vec::with_capacity(PIECE + PIECE / 8);
        while piece.len() < PIECE {
            if self.now.is_some() {
                piece = self.go_on(piece);
            } else if let Some(family) = self.families.pop() {
                piece.extend(self.begin(family));
            } else {
                break;
            }
        }
        (!piece.is_empty()).then_some(piece)
    }
}

/// How many labels there are to samples.
#[derive(Debug, Default)]
struct Counted(BTreeSet<usize>);

impl text::Samples for Counted {
    fn wants(&self, _: &Family) -> bool {
        true
    }

    fn add(&mut self, _: &Family, labels: &[(&str, &str)], _: f64) {
        self.0.insert(labels.len());
    }

    fn histogram(&mut self, _: &Family, _: &Lag) {}
}
