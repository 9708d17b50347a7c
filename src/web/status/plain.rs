//! A stranger's text made fit for the page: bounded, on one line, and with nothing in it that cannot be seen. The
//! template escapes what HTML would obey.

use serde::Serialize;

use crate::observation::is_hidden;

/// The text on one line of at most `max` characters. White space becomes single blanks; controls and characters that
/// hide, or that turn the direction of what follows (UAX #9 §2), show as U+FFFD; what is cut off is marked.
pub(super) fn line(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut gap = false;
    for (length, c) in text.chars().enumerate() {
        if length >= max {
            out.push('…');
            return out;
        }
        if c.is_whitespace() {
            gap = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        out.push(if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c });
    }
    out
}

/// A part of our own text: what stands between backticks is to be typed or looked for as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Part {
    code: bool,
    text: String,
}

/// A text of the catalogue in its parts.
pub(super) fn parts(text: &str) -> Vec<Part> {
    let part = |(index, text): (usize, &str)| Part { code: index % 2 == 1, text: text.to_owned() };
    text.split('`').enumerate().filter(|(_, text)| !text.is_empty()).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_is_shown_and_what_is_long_is_cut() {
        assert_eq!(line(" a\r\n\t b ", 10), "a b");
        assert_eq!(line("gro\u{202e}moc\u{200b}\u{1b}[2J", 100), "gro\u{fffd}moc\u{fffd}\u{fffd}[2J");
        assert_eq!(line("abcdef", 6), "abcdef");
        assert_eq!(line("abcdefg", 6), "abcdef…");
        assert_eq!(line(&"\u{202e}".repeat(9), 3), "\u{fffd}\u{fffd}\u{fffd}…");
    }

    #[test]
    fn backticks_set_apart_what_is_typed() {
        let part = |code, text: &str| Part { code, text: text.to_owned() };
        assert_eq!(parts("set `txt`."), [part(false, "set "), part(true, "txt"), part(false, ".")]);
        assert_eq!(parts("`dig`"), [part(true, "dig")]);
        assert_eq!(parts(""), []);
    }
}
