//! Mistakes of TOML itself, in words that say what to do.

use toml::de::Error;

use super::mistake::Draft;
use super::source::Source;

/// What the parser says of a text without quotes, by what it took it for.
const UNQUOTED: [&str; 5] =
    ["string values must be quoted", "invalid float", "invalid integer", "invalid boolean", "invalid date-time"];

/// The mistakes to tell of a file whose syntax is broken: those of the syntax, and of the others only those that
/// do not follow from them, nor lie where a secret may be. What the parser made of a broken line is a guess, and which table a key is in is one
/// too once a heading is broken; so is whatever is missing.
pub(super) fn drafts(errors: &[Error], others: Vec<Draft>, source: &Source<'_>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = errors.iter().map(|error| draft(error, source)).collect();
    // The parser goes on after a fault as well as it can; what else it finds in the same line follows from the first.
    drafts.sort_by_key(|draft| draft.span.as_ref().map(|span| span.start));
    drafts.dedup_by_key(|draft| draft.span.as_ref().map(|span| source.line(span.start)));
    let lines: Vec<usize> = drafts.iter().filter_map(|draft| Some(source.line(draft.span.as_ref()?.start))).collect();
    let heading = |draft: &Draft| {
        draft.span.as_ref().is_some_and(|span| source.line_text(span.start).trim_start().starts_with('['))
    };
    if drafts.iter().any(heading) {
        return drafts;
    }
    let follows = |draft: &Draft| {
        let at = draft.span.as_ref().map(|span| span.start);
        at.is_none_or(|at| lines.contains(&source.line(at)) || source.hides(at))
    };
    drafts.extend(others.into_iter().filter(|draft| !follows(draft) && !draft.message.ends_with("is missing here")));
    drafts
}

fn draft(error: &Error, source: &Source<'_>) -> Draft {
    let span = error.span().unwrap_or(0..0);
    let message = error.message();
    let (message, mend) = match message {
        "duplicate key" => (
            format!("{} stands here a second time", super::leaf::quoted(source.excerpt(&span))),
            "keep one of the two; a table that may be repeated has double brackets, such as `[[domain]]`",
        ),
        _ if UNQUOTED.iter().any(|start| message.starts_with(start)) => {
            ("the value is neither in quotes nor a number, a time, true or false".to_owned(), "put it in double quotes")
        }
        _ if message.starts_with("key with no value") => (
            "there is a key here, but no value".to_owned(),
            "write `key = value`, or begin the line with `#` for a comment",
        ),
        _ if message.contains("basic string") && message.ends_with("expected `\"`") => {
            ("the text is not closed".to_owned(), "end it with double quotes in the same line")
        }
        _ if message.starts_with("unclosed table") => {
            ("the heading is not closed".to_owned(), "end it with `]`, or `]]` where it begins with `[[`")
        }
        _ => (format!("not TOML: {message}"), "write it as TOML; https://toml.io has the rules"),
    };
    Draft::at(span, "", message, mend.to_owned())
}
