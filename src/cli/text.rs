//! What the output for people has in common: colour on a terminal alone, 80 columns, and strangers' text made
//! harmless.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use textwrap::{Options, WordSplitter};

use crate::observation::is_hidden;
use crate::verdict::{HopStatus, Level, Severity};

/// As wide as a terminal always is.
pub(super) const WIDTH: usize = 80;

pub(super) const BOLD: Style = Style::new().bold();
pub(super) const DIM: Style = Style::new().dimmed();
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const GREEN: Style = AnsiColor::Green.on_default();
pub(super) const MAGENTA: Style = AnsiColor::Magenta.on_default();

/// Prints to standard output; without colour where that is no terminal. A reader that has gone away (`| head`)
/// is no error.
pub(super) fn print(text: &str) {
    let _ = anstream::stdout().lock().write_all(text.as_bytes());
}

/// Prints an error to standard error.
pub(super) fn complain(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{RED}error{RED:#}: {text}");
}

/// Says to standard error what is no error, but may surprise.
pub(in crate::cli) fn note(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "{YELLOW}note{YELLOW:#}: {text}");
}

/// The text in a style.
pub(super) fn styled(text: impl std::fmt::Display, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

/// A stranger's text as it may go to a terminal: no control, no escape, nothing that reorders what follows.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if is_hidden(c) { '\u{fffd}' } else { c }).collect()
}

/// The text in lines of [`WIDTH`], the first after `first`, the others after `rest`.
pub(super) fn wrapped(text: &str, first: &str, rest: &str) -> String {
    // A name or an option that was broken at its hyphen could not be copied.
    let options = Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(WordSplitter::NoHyphenation)
        .break_words(true);
    textwrap::fill(&printable(text), options)
}

/// A text cut to so many columns, the cut marked.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.chars().count() <= columns {
        return text.to_owned();
    }
    text.chars().take(columns.saturating_sub(1)).chain(['…']).collect()
}

pub(super) const fn level_style(level: Level) -> Style {
    match level {
        Level::Healthy => GREEN,
        Level::Unknown => MAGENTA,
        Level::Warning => YELLOW,
        Level::Critical => RED,
    }
}

pub(super) const fn severity_style(severity: Severity) -> Style {
    match severity {
        Severity::Info => DIM,
        Severity::Warning => YELLOW,
        Severity::Critical => RED,
    }
}

pub(super) const fn hop_style(status: HopStatus) -> Style {
    match status {
        HopStatus::Ok => GREEN,
        HopStatus::Broken => RED,
        HopStatus::Unknown => YELLOW,
        HopStatus::NotLooked => DIM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cannot_drive_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb\u{fffd}\u{fffd}c\u{fffd}d");
    }

    #[test]
    fn long_words_break_at_the_edge() {
        let text = wrapped(&"x".repeat(200), "  ", "    ");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }
}
