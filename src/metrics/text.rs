//! How samples are written: the text format 0.0.4 of Prometheus.

use std::io::Write;

use super::{Family, Kind};
use crate::keeper::Lag;

/// Where samples go.
pub(super) trait Samples {
    /// Whether samples of this family are taken at all; others are passed over, and need not be worked out.
    fn wants(&self, family: &Family) -> bool;

    /// Adds a histogram without labels.
    fn histogram(&mut self, family: &Family, lag: &Lag);

    /// Adds one. A label's value may hold anything.
    fn add(&mut self, family: &Family, labels: &[(&str, &str)], value: f64);
}

/// The lines of one family, as they come.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    family: &'a Family,
    /// Where each begins, with the values of its labels if these are needed to order it.
    begins: Vec<(usize, Vec<String>)>,
    keyed: bool,
    /// Taken are only those with so many labels; all if it does not say.
    labels: Option<usize>,
    text: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Those of the process: a label may hold anything, and by the values they are ordered.
    pub(super) const fn of_process(family: &'a Family, text: Vec<u8>) -> Self {
        Self { family, begins: Vec::new(), keyed: true, labels: None, text }
    }

    /// Those of domains, after what was written already.
    pub(super) const fn of_domains(family: &'a Family, labels: Option<usize>, text: Vec<u8>) -> Self {
        Self { family, begins: Vec::new(), keyed: false, labels, text }
    }

    /// Orders the lines that came since this was last done: by the number of their labels, then by the labels' values, as
    /// Prometheus' own libraries do.
    pub(super) fn order(&mut self) {
        if self.begins.len() < 2 {
            return self.begins.clear();
        }
        let mut begins = std::mem::take(&mut self.begins);
        let first = begins.first().map_or(0, |(begin, _)| *begin);
        let ends: Vec<usize> = begins.iter().skip(1).map(|(begin, _)| *begin).chain([self.text.len()]).collect();
        let mut lines: Vec<_> = begins.drain(..).zip(ends).map(|((begin, key), end)| (key, begin..end)).collect();
        if self.keyed {
            lines.sort_by(|(one, _), (other, _)| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
        } else {
            // The lines of one domain differ in addresses, codes and the like: nothing that sorts before the quotation
            // mark after it, so that they are ordered as their values are.
            lines.sort_by(|(_, one), (_, other)| self.text[one.clone()].cmp(&self.text[other.clone()]));
        }
        let ordered: Vec<u8> = lines.into_iter().flat_map(|(_, line)| self.text[line].iter().copied()).collect();
        self.text.truncate(first);
        self.text.extend(ordered);
    }

    /// How many bytes were written.
    pub(super) const fn len(&self) -> usize {
        self.text.len()
    }

    /// All that was written.
    pub(super) fn into_text(self) -> Vec<u8> {
        self.text
    }
}

impl Samples for Lines<'_> {
    fn wants(&self, family: &Family) -> bool {
        family.name == self.family.name
    }

    fn histogram(&mut self, family: &Family, lag: &Lag) {
        if !self.wants(family) {
            return;
        }
        let name = |part: &str| format!("{}_{part}", family.name);
        for (bound, count) in lag.buckets() {
            sample(&mut self.text, &name("bucket"), &[("le", &bound.to_string())], count as f64);
        }
        sample(&mut self.text, &name("bucket"), &[("le", "+Inf")], lag.count() as f64);
        sample(&mut self.text, &name("sum"), &[], lag.sum());
        sample(&mut self.text, &name("count"), &[], lag.count() as f64);
    }

    fn add(&mut self, family: &Family, labels: &[(&str, &str)], value: f64) {
        if !self.wants(family) || self.labels.is_some_and(|wanted| wanted != labels.len()) {
            return;
        }
        let key = || labels.iter().map(|(_, value)| (*value).to_owned()).collect();
        self.begins.push((self.text.len(), if self.keyed { key() } else { Vec::new() }));
        sample(&mut self.text, family.name, labels, value);
    }
}

/// What stands before a family's samples.
pub(super) fn head(family: &Family) -> Vec<u8> {
    let kind = match family.kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
        Kind::Histogram => "histogram",
    };
    format!("# HELP {name} {}\n# TYPE {name} {kind}\n", family.help, name = family.name).into_bytes()
}

fn sample(text: &mut Vec<u8>, name: &str, labels: &[(&str, &str)], value: f64) {
    text.extend_from_slice(name.as_bytes());
    for (number, (label, value)) in labels.iter().enumerate() {
        text.push(if number == 0 { b'{' } else { b',' });
        text.extend_from_slice(label.as_bytes());
        text.extend_from_slice(b"=\"");
        escape(text, value);
        text.push(b'"');
    }
    if !labels.is_empty() {
        text.push(b'}');
    }
    // Writing into memory cannot fail. Whole numbers, which most are, are written faster as such.
    let _ = if value.fract() == 0.0 && value.abs() < 1e15 && !(value == 0.0 && value.is_sign_negative()) {
        writeln!(text, " {}", value as i64)
    } else {
        writeln!(text, " {value}")
    };
}

fn escape(text: &mut Vec<u8>, value: &str) {
    for part in value.as_bytes().split_inclusive(|byte| matches!(byte, b'\\' | b'\n' | b'"')) {
        let (last, before) = part.split_last().map_or((0, part), |(last, before)| (*last, before));
        let escaped: &[u8] = match last {
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'"' => b"\\\"",
            _ => {
                text.extend_from_slice(part);
                continue;
            }
        };
        text.extend_from_slice(before);
        text.extend_from_slice(escaped);
    }
}
