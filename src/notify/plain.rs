//! A stranger's text made plain: one line, bounded, and nothing in it that a reader would not see or that a
//! terminal or a mail client would obey.

use idna::domain_to_unicode;

use crate::observation::is_hidden;

/// The text on one line of at most `max` characters: runs of white space become one blank, control characters
/// (the ESC of a terminal's sequences, CR and LF among them), bidirectional overrides and invisible characters
/// are dropped, and what is cut off is marked.
pub(crate) fn line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let (mut length, mut gap) = (0, false);
    for c in text.chars() {
        if c.is_whitespace() {
            gap = length > 0;
        } else if !is_hidden(c) {
            let needed = 1 + usize::from(gap);
            if length + needed > max {
                return cut(out, max);
            }
            if std::mem::take(&mut gap) {
                out.push(' ');
            }
            out.push(c);
            length += needed;
        }
    }
    out
}

/// A name as a person reads it: its A-label, with the U-labels after it where they differ.
pub(crate) fn domain(name: &str) -> String {
    let ascii = line(name, 253);
    match unicode(&ascii) {
        Some(unicode) => format!("{ascii} ({unicode})"),
        None => ascii,
    }
}

/// The text broken into lines of at most 72 columns where its blanks allow it. A word that is longer stays whole,
/// so that it can be copied.
pub(crate) fn wrap(text: &str, first: &str, rest: &str) -> String {
    wrap_words(text.split_whitespace(), first, rest)
}

/// As [`wrap`], but the words are given, and may have blanks in them that are not to be broken at.
pub(crate) fn wrap_words<'a>(words: impl IntoIterator<Item = &'a str>, first: &str, rest: &str) -> String {
    const COLUMNS: usize = 72;
    /// So far in stands a word that is too long for its own place, such as a digest.
    const FOR_LONG_WORDS: &str = "    ";
    let mut out = first.to_owned();
    let mut column = first.chars().count();
    let mut empty = true;
    for word in words {
        let length = word.chars().count();
        let is_too_long = column + usize::from(!empty) + length > COLUMNS;
        let has_no_place = column > FOR_LONG_WORDS.len() && out.len() == first.len();
        if is_too_long && (!empty || has_no_place) {
            out.truncate(out.trim_end().len());
            if !out.is_empty() {
                out.push('\n');
            }
            let fits = rest.chars().count() + length <= COLUMNS;
            let indent = if fits || rest.len() < FOR_LONG_WORDS.len() { rest } else { FOR_LONG_WORDS };
            out.push_str(indent);
            column = indent.chars().count();
            empty = true;
        }
        if !empty {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
        empty = false;
    }
    out
}

fn unicode(ascii: &str) -> Option<String> {
    if !ascii.split('.').any(|label| label.starts_with("xn--")) {
        return None;
    }
    let (unicode, result) = domain_to_unicode(ascii);
    result.ok().map(|()| line(&unicode, 253)).filter(|unicode| unicode != ascii)
}

fn cut(mut text: String, max: usize) -> String {
    while text.chars().count() >= max.max(1) {
        text.pop();
    }
    text.truncate(text.trim_end().len());
    text.push('…');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hidden_passes() {
        assert_eq!(line("a\r\nBcc: x@example.com", 100), "a Bcc: x@example.com");
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\u{7}", 100), "[31mred[0m");
        assert_eq!(line("gro\u{202e}moc\u{2066}.\u{200b}x", 100), "gromoc.x");
        assert_eq!(line(" a \u{2028}\t b\0c ", 100), "a bc");
    }

    #[test]
    fn what_is_cut_off_is_marked() {
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcde…");
        assert_eq!(line("abcd efg", 6), "abcd…");
        assert_eq!(line("ab", 0), "…");
        assert_eq!(line(&"ä".repeat(100_000), 200).chars().count(), 200);
    }

    #[test]
    fn idn_names_are_shown_both_ways() {
        assert_eq!(domain("xn--mnchen-3ya.example"), "xn--mnchen-3ya.example (münchen.example)");
        assert_eq!(domain("login.example.com"), "login.example.com");
        assert_eq!(domain("xn--a.example"), "xn--a.example");
    }

    #[test]
    fn lines_end_at_72_columns() {
        let text = wrap(&"word ".repeat(40), "Label  ", "       ");
        assert!(text.lines().all(|line| line.chars().count() <= 72), "{text}");
        assert!(text.starts_with("Label  word") && text.lines().nth(1).unwrap().starts_with("       word"));
        let digest = "0".repeat(64);
        assert_eq!(wrap(&digest, "  SHA-256            ", &" ".repeat(21)), format!("  SHA-256\n    {digest}"));
        let long = "x".repeat(90);
        assert_eq!(wrap(&format!("a {long} b"), "", "  "), format!("a\n  {long}\n  b"));
    }
}
