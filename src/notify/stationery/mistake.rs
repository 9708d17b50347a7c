//! [`TemplateMistake`]: one thing wrong with a template, with its place and how to mend it.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use minijinja::{Error, ErrorKind};

use super::super::plain;
use super::{Part, Template};

/// So much of a template is quoted.
const LONGEST_QUOTE: usize = 60;

/// One thing wrong with a template. It displays as `FILE:LINE:COLUMN: MESSAGE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateMistake {
    /// The part that the template makes.
    pub part: Part,
    /// The template's file.
    pub file: PathBuf,
    /// The line, counted from 1; 0 if the template as a whole is meant.
    pub line: usize,
    /// The column in characters, counted from 1; 0 where it is not known.
    pub column: usize,
    /// What is wrong, and with which sample if only with some.
    pub message: String,
    /// How to mend it.
    pub mend: String,
}

impl fmt::Display for TemplateMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        for place in [self.line, self.column].into_iter().take_while(|place| *place > 0) {
            write!(f, ":{place}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A template, for finding places in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) template: &'a Template,
    /// Every name of the context that a template may use.
    pub(super) known: &'a BTreeSet<String>,
}

impl Source<'_> {
    /// A mistake of the whole template.
    pub(super) fn whole(&self, message: String, mend: String) -> TemplateMistake {
        TemplateMistake {
            part: self.template.part,
            file: self.template.file.clone(),
            line: 0,
            column: 0,
            message,
            mend,
        }
    }

    /// A name at the top that is none of the context's.
    pub(super) fn unknown(&self, name: &str) -> TemplateMistake {
        let at = occurrence(&self.template.source, name).unwrap_or(0);
        let message = format!("there is no `{}`", plain::line(name, LONGEST_QUOTE));
        self.at(at, message, self.mend_of_name(name))
    }

    /// What the engine found.
    pub(super) fn failed(&self, error: &Error, sample: Option<&str>) -> TemplateMistake {
        let quote = error
            .range()
            .and_then(|range: Range<usize>| self.template.source.get(range))
            .map(|quote| plain::line(quote, LONGEST_QUOTE));
        let detail = error.detail().map_or_else(|| error.kind().to_string(), |detail| plain::line(detail, 200));
        let (what, mend) = self.words(error.kind(), quote.as_deref().unwrap_or_default(), detail);
        let message = match sample {
            Some(sample) => format!("{what} (in the sample `{sample}`)"),
            None => what,
        };
        match error.range() {
            Some(range) => self.at(range.start, message, mend),
            None => TemplateMistake { line: error.line().unwrap_or(0), ..self.whole(message, mend) },
        }
    }

    fn words(&self, kind: ErrorKind, quote: &str, detail: String) -> (String, String) {
        let mend = |text: &str| text.to_owned();
        match kind {
            ErrorKind::UndefinedError => (format!("there is no `{quote}`"), self.mend_of_name(quote)),
            ErrorKind::SyntaxError => {
                (format!("a template was expected: {detail}"), mend("correct the tag, or close it"))
            }
            ErrorKind::UnknownFilter
            | ErrorKind::UnknownTest
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownMethod => {
                (format!("{kind}: {detail}"), mend("take one of Jinja's own, or the filters `wrap` and `row`"))
            }
            ErrorKind::TemplateNotFound | ErrorKind::BadInclude => {
                (detail, mend("write it into this file: each template stands alone"))
            }
            ErrorKind::OutOfFuel => (mend("it does not come to an end"), mend("look for loops within loops")),
            _ => (format!("{kind}: {detail}"), mend("see docs/templates.md for what each name holds")),
        }
    }

    fn mend_of_name(&self, name: &str) -> String {
        let last = name.rsplit(['.', ' ', '(']).next().unwrap_or(name);
        let near = self.known.iter().map(|known| (strsim::damerau_levenshtein(last, known), known));
        match near.filter(|(steps, known)| *steps <= (known.len() / 3).clamp(1, 3)).min() {
            Some((_, near)) if last.len() <= 64 => format!("did you mean `{near}`?"),
            _ => "docs/templates.md lists every name there is".to_owned(),
        }
    }

    fn at(&self, byte: usize, message: String, mend: String) -> TemplateMistake {
        let before = self.template.source.get(..byte).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        TemplateMistake { line, column, ..self.whole(message, mend) }
    }
}

/// Where the name stands as a word of its own, and not behind a dot.
fn occurrence(text: &str, name: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = text.match_indices(name).map(|(at, _)| at);
    places.find(|at| {
        let (before, after) = (text.get(..*at).unwrap_or_default(), text.get(at + name.len()..).unwrap_or_default());
        !before.ends_with(|c: char| is_part(c) || c == '.') && !after.starts_with(is_part)
    })
}
