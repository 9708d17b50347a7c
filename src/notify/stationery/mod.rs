//! [`Stationery`]: on what a receiver's mails are written: the links they may hold, and the operator's own templates,
//! which were tried on every sample before they are used.

mod mistake;
mod trial;

use std::path::PathBuf;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Environment, Error, Value};

use super::render::{environment, letter, render_with};
use super::{Context, Links, Rendered, plain};
use crate::domain::UnixTime;
use crate::incident::Mail;

pub use mistake::TemplateMistake;

/// So much work a template may make, in the engine's measure: instructions, and 64 bytes each. A second at most.
const FUEL: u64 = 1_000_000;
/// So long may a subject be that a template makes.
const LONGEST_SUBJECT: usize = 300;

/// On what a receiver's mails are written.
#[derive(Debug, Clone, Default)]
pub struct Stationery {
    /// Where they may point at.
    links: Links,
    /// Instead of the built-in ones; each part once at most.
    templates: Arc<[Template]>,
}

/// A part of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its subject.
    Subject,
    /// Its plain text.
    Text,
    /// Its HTML.
    Html,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 3] = [Self::Subject, Self::Text, Self::Html];

    /// What the configuration calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "text",
            Self::Html => "html",
        }
    }

    /// What the engine takes it for: of `.html` it escapes values.
    const fn engine_name(self) -> &'static str {
        match self {
            Self::Html => "template.html",
            Self::Subject | Self::Text => "template.txt",
        }
    }
}

/// A template of the operator's own.
#[derive(Debug, Clone)]
pub struct Template {
    /// The part that it makes.
    pub part: Part,
    /// Where it was read.
    pub file: PathBuf,
    /// Its text.
    pub source: String,
}

impl Stationery {
    /// With these links, and the built-in templates.
    pub fn new(links: Links) -> Self {
        Self { links, templates: Arc::default() }
    }

    /// With these templates as well, each for a part of its own. `Err` tells everything that is wrong with them.
    pub fn with_templates(self, templates: Vec<Template>) -> Result<Self, Vec<TemplateMistake>> {
        let mistakes = trial::of(&templates, &self.links);
        if mistakes.is_empty() { Ok(Self { templates: templates.into(), ..self }) } else { Err(mistakes) }
    }

    /// A mail as it is sent now from this machine. Where one of the operator's templates fails, all of it is made by
    /// the built-in ones, and says so.
    pub fn render(&self, mail: &Mail, now: UnixTime, host: &str) -> Rendered {
        let context = Context { now, host, links: Some(&self.links) };
        let built_in = render_with(mail, &context, None);
        if self.templates.is_empty() {
            return built_in;
        }
        self.by_own(mail, &context, built_in).unwrap_or_else(|trouble| render_with(mail, &context, Some(trouble)))
    }

    fn by_own(&self, mail: &Mail, context: &Context<'_>, built_in: Rendered) -> Result<Rendered, String> {
        let letter = Value::from(Serde(letter(mail, context)));
        self.templates.iter().try_fold(built_in, |rendered, template| {
            let made = template.render(&letter).map_err(|error| template.failed(&error))?;
            Ok(match template.part {
                Part::Subject => {
                    let subject = plain::line(&made, LONGEST_SUBJECT);
                    Rendered { subject: if subject.is_empty() { rendered.subject } else { subject }, ..rendered }
                }
                Part::Text => Rendered { text: made + "\n", ..rendered },
                Part::Html => Rendered { html: made + "\n", ..rendered },
            })
        })
    }
}

impl Template {
    /// What it makes of a letter, its last line breaks dropped.
    fn render(&self, letter: &Value) -> Result<String, Error> {
        let made = engine().template_from_named_str(self.part.engine_name(), &self.source)?.render(letter.clone())?;
        Ok(made.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// That it failed, for the mail and the log.
    fn failed(&self, error: &Error) -> String {
        let file = self.file.file_name().unwrap_or(self.file.as_os_str()).to_string_lossy();
        let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
        let why = error.detail().map(|detail| format!("{}: {detail}", error.kind()));
        let why = why.unwrap_or_else(|| error.kind().to_string());
        plain::line(&format!("Your own template {file} failed{line} ({why}), so this is the built-in one."), 300)
    }
}

/// The engine with bounded work, and with the places of what it finds wrong.
fn engine<'a>() -> Environment<'a> {
    let mut engine = environment();
    engine.set_fuel(Some(FUEL));
    engine.set_debug(true);
    engine
}
