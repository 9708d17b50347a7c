//! [`OwnTemplate`]: a template of the operator's that makes JSON of our own.
//!
//! Whatever it prints is written as JSON, a text with its quotes: `"text": {{ subject }}`. So nothing a stranger wrote
//! can break it. It is tried on every sample before a receiver depends on it.

use std::fmt;
use std::path::{Path, PathBuf};

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior};
use serde_json::Value;

use super::super::super::render::Context;
use super::super::super::{plain, samples};
use super::super::document::{Document, documents};
use super::super::trial;
use super::lines::line_of;

/// Steps that a template may take: enough for some hundred lines for each of 200 notices.
const FUEL: u64 = 2_000_000;
/// What a template may come to, in bytes.
const LARGEST: usize = 1 << 20;

/// A template of the operator's.
#[derive(Clone)]
pub struct OwnTemplate {
    path: PathBuf,
    environment: Environment<'static>,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be read as a template.
    #[error("{}{reason}", place(*line))]
    Syntax {
        /// The template's line, counted from 1, if one can be named.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
    },
    /// It fails with what it is given.
    #[error("{}{reason}, with the sample `{sample}`", place(*line))]
    Fails {
        /// The template's line, counted from 1, if one can be named.
        line: Option<usize>,
        /// What is wrong.
        reason: String,
        /// Which sample it was tried with.
        sample: &'static str,
    },
    /// What comes out is no JSON.
    #[error("{}what it makes of the sample `{sample}` is no JSON: {reason}, near {near}", place(*line))]
    NoJson {
        /// The template's line, counted from 1, if one can be named.
        line: Option<usize>,
        /// What the JSON lacks.
        reason: String,
        /// What stands there, quoted.
        near: String,
        /// Which sample it was tried with.
        sample: &'static str,
    },
}

impl OwnTemplate {
    /// Reads a template, and tries it on every sample.
    pub fn new(path: &Path, source: &str) -> Result<Self, TemplateError> {
        let environment = environment(source).map_err(|error| {
            let (line, reason) = told(&error);
            TemplateError::Syntax { line, reason }
        })?;
        let template = Self { path: path.to_owned(), environment };
        let context = Context { now: samples::NOW, host: samples::HOST, links: None };
        let mut mails: Vec<_> = samples::samples().into_iter().map(|sample| (sample.name, sample.mail)).collect();
        mails.push(("test", trial::test_mail("oncall", samples::HOST, samples::NOW)));
        for (sample, mail) in &mails {
            for document in documents(mail, &context) {
                template.attempt(source, sample, &document)?;
            }
        }
        Ok(template)
    }

    /// What it makes of a document.
    pub(in crate::notify::webhook) fn fill(&self, document: &Document<'_>) -> Result<Value, String> {
        let text = self.render(document).map_err(|error| {
            let (line, reason) = told(&error);
            format!("{}: {}{reason}", self.path.display(), place(line))
        })?;
        serde_json::from_str(&text).map_err(|error| format!("{}: it comes to no JSON: {error}", self.path.display()))
    }

    fn render(&self, document: &Document<'_>) -> Result<String, Error> {
        rendered(&self.environment, document)
    }

    fn attempt(&self, source: &str, sample: &'static str, document: &Document<'_>) -> Result<(), TemplateError> {
        let text = self.render(document).map_err(|error| {
            let (line, reason) = told(&error);
            TemplateError::Fails { line, reason, sample }
        })?;
        let Err(error) = serde_json::from_str::<Value>(&text) else { return Ok(()) };
        let at = offset(&text, &error);
        let line = line_of(source, document, &text, at);
        let shown: String = text.get(at..).unwrap_or_default().chars().take(40).collect();
        let reason = error.to_string();
        // The place in what came out helps nobody who does not see that.
        let reason = reason.split(" at line ").next().unwrap_or_default().to_owned();
        Err(TemplateError::NoJson { line, reason, near: format!("{shown:?}"), sample })
    }
}

impl fmt::Debug for OwnTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnTemplate").field("path", &self.path).finish_non_exhaustive()
    }
}

const NAME: &str = "webhook.json";

fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!("line {line}: "))
}

/// What a template of the operator's makes of a document.
pub(super) fn rendered(environment: &Environment<'_>, document: &Document<'_>) -> Result<String, Error> {
    let text = environment.get_template(NAME)?.render(Serde(document))?;
    if text.len() > LARGEST {
        return Err(Error::new(ErrorKind::InvalidOperation, "it comes to more than 1 MiB"));
    }
    Ok(text)
}

/// With this template alone.
pub(super) fn environment(source: &str) -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Json);
    environment.set_fuel(Some(FUEL));
    environment.add_template_owned(NAME, source.to_owned())?;
    Ok(environment)
}

/// The line of an error, and what it says, plain and bounded.
fn told(error: &Error) -> (Option<usize>, String) {
    let reason = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    (error.line(), plain::line(&reason, 300))
}

/// Where in the text a JSON parser has given up.
fn offset(text: &str, error: &serde_json::Error) -> usize {
    let before: usize = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut at = (before + error.column().saturating_sub(1)).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
