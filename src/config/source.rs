//! [`Source`]: the text of a configuration file, which knows its lines and what of it must not be shown.

use std::ops::Range;

use super::mistake::{Draft, Mistake};

/// A line longer than this, in characters, is shown only around the place that is meant.
const WIDEST: usize = 100;

/// The text of a file, and the parts of it that must not be shown.
#[derive(Debug)]
pub(super) struct Source<'t> {
    file: &'t str,
    text: &'t str,
    hidden: Vec<Range<usize>>,
}

impl<'t> Source<'t> {
    pub(super) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, hidden: Vec::new() }
    }

    /// From now on these parts are shown as `***`.
    pub(super) fn hide(&mut self, parts: impl IntoIterator<Item = Range<usize>>) {
        self.hidden.extend(parts.into_iter().filter(|part| !part.is_empty()));
    }

    /// The number of the line that holds this byte, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.head(at).matches('\n').count() + 1
    }

    /// Whether what stands at this place must not be shown.
    pub(super) fn hides(&self, at: usize) -> bool {
        self.hidden.iter().any(|part| part.contains(&at))
    }

    /// What stands in the file at this place, if it may be shown.
    pub(super) fn excerpt(&self, span: &Range<usize>) -> &'t str {
        if self.hides(span.start) { "***" } else { self.text.get(span.clone()).unwrap_or_default() }
    }

    /// The text of the line that holds this byte.
    pub(super) fn line_text(&self, at: usize) -> &'t str {
        self.text.get(self.bounds(at)).unwrap_or_default()
    }

    /// The mistake, with its place in lines and columns and the line as it may be shown.
    pub(super) fn mistake(&self, draft: Draft) -> Mistake {
        let Draft { span, key, message, mend } = draft;
        let file = self.file.to_owned();
        let Some(span) = span else {
            return Mistake { file, line: 0, column: 0, key, message, mend, near: String::new(), mark: 0..0 };
        };
        let bounds = self.bounds(span.start);
        let column = self.text.get(bounds.start..self.head(span.start).len()).unwrap_or_default().chars().count() + 1;
        let (near, mark) = crop(self.shown(bounds, &span));
        Mistake { file, line: self.line(span.start), column, key, message, mend, near, mark }
    }

    /// Everything before this byte, or before the character that it is in the middle of.
    fn head(&self, at: usize) -> &'t str {
        let mut end = at.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        self.text.get(..end).unwrap_or_default()
    }

    /// Where the line that holds this byte begins and ends, without its line break.
    fn bounds(&self, at: usize) -> Range<usize> {
        let head = self.head(at);
        let start = head.rfind('\n').map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        start..start + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The characters of a line as they may be shown, each with whether it is part of the place meant.
    fn shown(&self, line: Range<usize>, span: &Range<usize>) -> Vec<(char, bool)> {
        let mut shown = Vec::new();
        let mut within = false;
        for (offset, c) in self.text.get(line.clone()).unwrap_or_default().char_indices() {
            let at = line.start + offset;
            let meant = at == span.start || span.contains(&at);
            let hidden = self.hides(at);
            match (hidden, within) {
                (false, _) => shown.push((if c.is_control() { ' ' } else { c }, meant)),
                (true, false) => shown.extend([('*', meant); 3]),
                (true, true) => {}
            }
            within = hidden;
        }
        if !shown.iter().any(|(_, meant)| *meant) {
            shown.push((' ', true));
        }
        shown
    }
}

/// The line and the part that is meant, cut to a bearable width around the beginning of that part.
fn crop(shown: Vec<(char, bool)>) -> (String, Range<usize>) {
    let first = shown.iter().position(|(_, meant)| *meant).unwrap_or(0);
    let from = if shown.len() > WIDEST { first.saturating_sub(WIDEST / 2) } else { 0 };
    let window: Vec<(char, bool)> = shown.into_iter().skip(from).take(WIDEST).collect();
    let start = first - from;
    let length = window.iter().skip(start).take_while(|(_, meant)| *meant).count();
    let near: String = window.into_iter().map(|(c, _)| c).collect();
    (near.trim_end().to_owned(), start..start + length.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(text: &str, span: Range<usize>, hidden: Option<Range<usize>>) -> Mistake {
        let mut source = Source::new("f", text);
        source.hide(hidden);
        source.mistake(Draft::at(span, "k", "m".into(), "d".into()))
    }

    #[test]
    fn columns_count_characters_and_the_mark_lies_under_them() {
        let mistake = near("x = 1\r\nä = \"ö\" # c\r\n", 12..16, None);
        assert_eq!((mistake.line, mistake.column, mistake.near.as_str()), (2, 5, "ä = \"ö\" # c"));
        assert_eq!(mistake.mark, 4..7);
        assert_eq!(mistake.to_string(), "f:2:5: k: m\n 2 | ä = \"ö\" # c\n   |     ^^^\n  mend: d");
    }

    #[test]
    fn hidden_parts_are_stars_wherever_the_mark_is() {
        let text = "a = \"secret\", b = 2";
        assert_eq!(near(text, 18..19, Some(4..12)).near, "a = ***, b = 2");
        assert_eq!(near(text, 18..19, Some(4..12)).mark, 13..14);
        assert_eq!(near(text, 4..12, Some(4..12)).mark, 4..7);
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{} = 1", "x".repeat(5000));
        let mistake = near(&text, 5003..5004, None);
        assert!(mistake.near.ends_with("= 1") && mistake.near.chars().count() <= WIDEST);
        assert_eq!(mistake.column, 5004);
        assert_eq!(mistake.near.chars().nth(mistake.mark.start), Some('1'));
    }

    #[test]
    fn a_place_at_the_end_of_the_text_is_no_panic() {
        assert_eq!(near("a =", 3..3, None).column, 4);
        assert_eq!(near("", 0..0, None).line, 1);
        assert_eq!(near("ä", 1..90, None).column, 1);
    }
}
