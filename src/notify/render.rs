//! [`render`]: a mail as subject, text and HTML. Pure: the same mail at the same moment reads the same.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde::Serialize;

use super::letter::{Letter, SECTIONS};
use super::{Links, plain, subject};
use crate::domain::UnixTime;
use crate::incident::Mail;

/// Gmail shows no more of an HTML part than 102 kB; what is cut off there may be the mend.
const MOST_HTML: usize = 100_000;

/// What a rendering needs to know besides the mail.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The moment that `left` and `ago` are counted from.
    pub now: UnixTime,
    /// The name of the machine that tells.
    pub host: &'a str,
    /// Where it may point at.
    pub links: Option<&'a Links>,
}

/// A mail as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, without control characters.
    pub subject: String,
    /// The `text/plain` part, in lines of at most 78 columns but for long words.
    pub text: String,
    /// The `text/html` part: one document, without scripts or anything loaded from elsewhere, and with links only to
    /// what the operator configured.
    pub html: String,
    /// Why it is not made by the operator's own templates, if it should have been.
    pub trouble: Option<String>,
}

/// Renders a mail by the templates that are built in. What strangers wrote in it is made plain, bounded and escaped.
pub fn render(mail: &Mail, context: &Context<'_>) -> Rendered {
    render_with(mail, context, None)
}

/// As [`render`], with a remark on why no other templates were used.
pub(super) fn render_with(mail: &Mail, context: &Context<'_>, remark: Option<String>) -> Rendered {
    match fitting(mail, context, remark.as_deref()) {
        Ok((letter, text, html)) => Rendered { subject: letter.subject, text, html, trouble: remark },
        Err(error) => unlaid(mail, context, &error),
    }
}

/// What a mail says, and nothing more than fits.
pub(super) fn letter(mail: &Mail, context: &Context<'_>) -> Letter {
    match fitting(mail, context, None) {
        Ok((letter, ..)) => letter,
        Err(_) => Letter::new(mail, context),
    }
}

/// Whatever is serialized, through the template of this name.
pub(super) fn template<T: Serialize>(name: &str, value: &T) -> Result<String, Error> {
    TEMPLATES.get_template(name)?.render(Serde(value))
}

/// An engine for templates: an unknown name is an error, and lines that hold nothing but a tag leave no trace.
pub(super) fn environment<'source>() -> Environment<'source> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
    templates.add_filter("wrap", |text: String, first: String, rest: String| plain::wrap(&text, &first, &rest));
    templates.add_filter("row", row);
    templates
}

/// The longer a mail, the fewer of its sections are written out.
fn fitting(mail: &Mail, context: &Context<'_>, remark: Option<&str>) -> Result<(Letter, String, String), Error> {
    let lay_out = |most| {
        let mut letter = Letter::with_sections(mail, context, most);
        letter.remark = remark.map(str::to_owned);
        // The engine drops a template's last line break.
        let html = template(HTML, &letter)? + "\n";
        Ok::<_, Error>((letter, html))
    };
    let (mut letter, mut html) = lay_out(SECTIONS)?;
    for most in [SECTIONS / 2, SECTIONS / 4, 1] {
        if html.len() <= MOST_HTML {
            break;
        }
        (letter, html) = lay_out(most)?;
    }
    let text = template(TEXT, &letter)? + "\n";
    Ok((letter, text, html))
}

/// A mail must go out even if a template is broken: then it is a plain list.
fn unlaid(mail: &Mail, context: &Context<'_>, error: &Error) -> Rendered {
    let subject = subject::subject(mail, context);
    let mut text = format!("{subject}\n\n");
    for notice in &mail.notices {
        let words = format!("{} {}: {}", notice.severity, notice.domain, notice.summary);
        text += &plain::wrap(&plain::line(&words, 600), "- ", "  ");
        text.push('\n');
    }
    let trouble = plain::line(&format!("The template failed: {error}"), 300);
    text += &plain::wrap(&format!("({trouble})"), "\n", "");
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Rendered { subject, html: format!("<!doctype html><pre>{escaped}</pre>"), text, trouble: Some(trouble) }
}

const TEXT: &str = "mail.txt";
const HTML: &str = "mail.html";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = environment();
    for (name, source) in [(TEXT, include_str!("templates/mail.txt")), (HTML, include_str!("templates/mail.html"))] {
        // A template that does not compile is missing, which `render` survives and a test finds.
        let _ = templates.add_template(name, source);
    }
    templates
});

/// A value behind its label, `width` columns wide, further lines below the value.
fn row(value: String, label: String, width: usize) -> String {
    plain::wrap(&value, &format!("{label:width$} "), &" ".repeat(width + 1))
}
