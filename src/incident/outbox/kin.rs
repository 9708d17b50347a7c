//! [`kindred`]: which of the notices that leave together share a bond, by the rule that [`BondKind`] states.
//!
//! [`BondKind`]: crate::incident::BondKind

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::row::NoticeRow;
use crate::incident::{Bond, BondKind};

/// Puts together the notices that share a bond, the bond that covers the most domains first; notices that share none
/// with another domain's stand alone, but all of one incident together. Takes about as long as sorting does: a bond's
/// reach only shrinks, so that one that is out of date is weighed again when its turn comes.
pub(super) fn kindred(rows: Vec<NoticeRow>) -> Vec<Vec<NoticeRow>> {
    let mut bearers = Bearers::of(&rows);
    let mut group_of: Vec<Option<usize>> = vec![None; rows.len()];
    let mut groups = 0;
    let mut heap: BinaryHeap<Candidate> = bearers.candidates().collect();
    while let Some(best) = heap.pop() {
        let reach = bearers.reach(&best.bond);
        if reach < 2 {
            continue;
        }
        if reach < best.reach {
            heap.push(Candidate { reach, ..best });
            continue;
        }
        for row in bearers.take(&best.bond, &rows) {
            if let Some(group) = group_of.get_mut(row) {
                *group = Some(groups);
            }
        }
        groups += 1;
    }
    gather(rows, &group_of)
}

/// A bond that may bind a group: the more domains the better, then the more specific.
#[derive(Debug, PartialEq, Eq)]
struct Candidate {
    reach: usize,
    bond: Bond,
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let preference = |candidate: &Self| -> (BondKind, String) {
            let (kind, text) = candidate.bond.preference();
            (kind, text.to_owned())
        };
        self.reach.cmp(&other.reach).then_with(|| preference(other).cmp(&preference(self)))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Which notices bear a bond, and for how many domains.
struct Bearers {
    rows: BTreeMap<Bond, BTreeSet<usize>>,
    domains: BTreeMap<Bond, BTreeMap<String, usize>>,
}

impl Bearers {
    fn of(rows: &[NoticeRow]) -> Self {
        let mut bearers = Self { rows: BTreeMap::new(), domains: BTreeMap::new() };
        for (index, row) in rows.iter().enumerate() {
            for bond in &row.notice.bonds {
                bearers.rows.entry(bond.clone()).or_default().insert(index);
                let domains = bearers.domains.entry(bond.clone()).or_default();
                *domains.entry(row.notice.domain.clone()).or_default() += 1;
            }
        }
        bearers
    }

    fn candidates(&self) -> impl Iterator<Item = Candidate> {
        self.domains.iter().map(|(bond, domains)| Candidate { reach: domains.len(), bond: bond.clone() })
    }

    fn reach(&self, bond: &Bond) -> usize {
        self.domains.get(bond).map_or(0, BTreeMap::len)
    }

    /// Takes the bearers of a bond out of everything.
    fn take(&mut self, bond: &Bond, rows: &[NoticeRow]) -> BTreeSet<usize> {
        let taken = self.rows.remove(bond).unwrap_or_default();
        self.domains.remove(bond);
        for row in taken.iter().filter_map(|index| Some((*index, rows.get(*index)?))) {
            self.strike(row.0, &row.1.notice.bonds, &row.1.notice.domain);
        }
        taken
    }

    fn strike(&mut self, index: usize, bonds: &[Bond], domain: &str) {
        for bond in bonds {
            let Some(rows) = self.rows.get_mut(bond) else { continue };
            let Some(domains) = self.domains.get_mut(bond) else { continue };
            if !rows.remove(&index) {
                continue;
            }
            if let Some(count) = domains.get_mut(domain) {
                *count -= 1;
                if *count == 0 {
                    domains.remove(domain);
                }
            }
        }
    }
}

fn gather(rows: Vec<NoticeRow>, group_of: &[Option<usize>]) -> Vec<Vec<NoticeRow>> {
    let mut groups: BTreeMap<Result<usize, super::gathering::Opening>, Vec<NoticeRow>> = BTreeMap::new();
    for (row, group) in rows.into_iter().zip(group_of) {
        let key = group.ok_or_else(|| super::gathering::opening(&row.notice));
        groups.entry(key).or_default().push(row);
    }
    groups.into_values().collect()
}
