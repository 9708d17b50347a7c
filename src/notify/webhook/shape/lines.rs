//! [`line_of`]: from a place in what a template has made to the template's line. The template is made once more, with a
//! mark before each of its lines that is not within a tag.

use super::super::document::Document;
use super::own::{environment, rendered};

/// Two characters of private use that stand around a line's number.
const OPEN: char = '\u{e010}';
const CLOSE: char = '\u{e011}';
/// What opens a tag, and what closes it.
const TAGS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];

/// The line of the template that made what stands at this place of the text, if the marks do not get in the way.
pub(super) fn line_of(source: &str, document: &Document<'_>, text: &str, at: usize) -> Option<usize> {
    let marked = rendered(&environment(&marked(source)).ok()?, document).ok()?;
    // White space is not counted: tags may trim it, up to a mark.
    let before = solid(text.get(..at)?).count();
    let (mut bare, mut line, mut found) = (String::new(), None, None);
    let mut rest = marked.as_str();
    while let Some((made, after)) = rest.split_once(OPEN) {
        bare.extend(solid(made));
        if found.is_none() && bare.chars().count() > before {
            found = line;
        }
        let (number, after) = after.split_once(CLOSE)?;
        line = number.parse().ok();
        rest = after;
    }
    bare.extend(solid(rest));
    // A mark in the wrong place would tell the wrong line.
    if solid(text).eq(bare.chars()) { found.or(line) } else { None }
}

fn solid(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

fn marked(source: &str) -> String {
    let mut out = String::new();
    let mut within = None;
    for (index, line) in source.split_inclusive('\n').enumerate() {
        if within.is_none() {
            out.push_str(&format!("{OPEN}{}{CLOSE}", index + 1));
        }
        out.push_str(line);
        within = left_open(line, within);
    }
    out
}

/// The end of the tag that a line leaves open, where it begins within the one that ends so.
fn left_open(line: &str, mut within: Option<&'static str>) -> Option<&'static str> {
    let mut rest = line;
    loop {
        if let Some(end) = within {
            let Some((_, after)) = rest.split_once(end) else { return within };
            rest = after;
        }
        let (at, end) = TAGS.iter().filter_map(|(open, end)| Some((rest.find(open)?, *end))).min()?;
        rest = rest.get(at + 2..)?;
        within = Some(end);
    }
}
