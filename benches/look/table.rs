//! What was measured, as a table in Markdown.

use std::fmt::Write;

/// One way to look, and what a look cost in each run, in microseconds of CPU.
pub(crate) struct Way {
    /// What it is called.
    pub(crate) name: &'static str,
    /// A look's cost, run by run.
    pub(crate) runs: Vec<f64>,
}

impl Way {
    /// One that was not yet measured.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, runs: Vec::new() }
    }

    /// How many times another's this is: the median of the runs' ratios, so that what slowed the machine down for a run
    /// slowed both.
    pub(crate) fn times(&self, other: &Self) -> f64 {
        median(self.runs.iter().zip(&other.runs).map(|(ours, theirs)| ours / theirs))
    }
}

/// A row a way; ratios to the `floor`.
pub(crate) fn table(ways: &[&Way], floor: &Way) -> String {
    let mut text = "| | median µs | least | most | × the floor |\n|---|--:|--:|--:|--:|\n".to_owned();
    for way in ways {
        let (least, most) =
            way.runs.iter().fold((f64::MAX, 0_f64), |(least, most), run| (least.min(*run), most.max(*run)));
        let (name, middle, ratio) = (way.name, median(way.runs.iter().copied()), way.times(floor));
        let _ = writeln!(text, "| {name} | {middle:.0} | {least:.0} | {most:.0} | {ratio:.2} |");
    }
    text
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        _ if values.is_empty() => f64::NAN,
        0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
