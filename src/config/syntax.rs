//! Mistakes of TOML itself, in words that say what to do.

use toml::de::Error;

use super::mistake::Draft;
use super::source::Source;

/// The mistakes to tell of a file whose syntax is broken: those of the syntax, and of the others only those that
/// do not follow from them. What the parser made of a broken line is a guess, and which table a key is in is one
/// too once a heading is broken; so is whatever is missing.
pub(super) fn drafts(errors: &[Error], others: Vec<Draft>, source: &Source<'_>) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = errors.iter().map(|error| draft(error, source)).collect();
    let lines: Vec<usize> = drafts.iter().filter_map(|draft| Some(source.line(draft.span.as_ref()?.start))).collect();
    drafts.dedup_by_key(|draft| draft.span.clone());
    let heading = |draft: &Draft| {
        draft.span.as_ref().is_some_and(|span| source.line_text(span.start).trim_start().starts_with('['))
    };
    if drafts.iter().any(heading) {
        return drafts;
    }
    let follows = |draft: &Draft| draft.span.as_ref().is_none_or(|span| lines.contains(&source.line(span.start)));
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
        _ if message.starts_with("string values must be quoted") => {
            ("the value is no number, no true or false, and not in quotes".to_owned(), "put it in double quotes")
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
