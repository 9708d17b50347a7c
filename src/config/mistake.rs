//! [`Mistake`]: one thing wrong with a configuration file, with its place and how to mend it.

use std::fmt;
use std::ops::Range;

/// One thing wrong with a configuration file.
///
/// It displays as `FILE:LINE:COLUMN: KEY: MESSAGE`, the line itself with a mark under the place, and the mend. No
/// part of it holds a secret: what stands where a secret belongs is shown as `***`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, counted from 1; 0 if the file as a whole is meant.
    pub line: usize,
    /// The column in characters, counted from 1; 0 if the file as a whole is meant.
    pub column: usize,
    /// The key, from the top of the file: `domain[2].interval`. Empty where none can be named.
    pub key: String,
    /// What is wrong, and what was expected.
    pub message: String,
    /// How to mend it.
    pub mend: String,
    /// The line as it stands in the file, without control characters and secrets, cut where it is long.
    pub near: String,
    /// The part of `near` that is meant, in characters.
    pub mark: Range<usize>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}\n  mend: {}", self.file, self.message, self.mend);
        }
        let number = self.line.to_string();
        let margin = " ".repeat(number.len());
        let (indent, carets) = (" ".repeat(self.mark.start), "^".repeat(self.mark.len().max(1)));
        let colon = if self.key.is_empty() { "" } else { ": " };
        writeln!(f, "{}:{}:{}: {}{colon}{}", self.file, self.line, self.column, self.key, self.message)?;
        writeln!(f, " {number} | {}", self.near)?;
        writeln!(f, " {margin} | {indent}{carets}")?;
        write!(f, "  mend: {}", self.mend)
    }
}

/// A mistake as it is found: the place is still a range of bytes, and what must not be shown is not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    /// Where; none for the file as a whole.
    pub(super) span: Option<Range<usize>>,
    pub(super) key: String,
    pub(super) message: String,
    pub(super) mend: String,
}

impl Draft {
    pub(super) fn at(span: Range<usize>, key: &str, message: String, mend: String) -> Self {
        Self { span: Some(span), key: key.to_owned(), message, mend }
    }

    pub(super) fn whole(message: String, mend: String) -> Self {
        Self { span: None, key: String::new(), message, mend }
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) mistakes: Vec<Draft>,
    /// What is not wrong, but will not have the effect that one may expect.
    pub(super) remarks: Vec<Draft>,
}

impl Notes {
    /// Whether a mistake was found in this table.
    pub(super) fn has_mistake_in(&self, path: &str) -> bool {
        self.mistakes.iter().any(|mistake| mistake.key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
    }

    pub(super) fn mistake(
        &mut self,
        span: Range<usize>,
        key: &str,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.mistakes.push(Draft::at(span, key, message.into(), mend.into()));
    }
}
