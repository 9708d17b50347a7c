//! [`render`]: a mail as subject, text and HTML. Pure: the same mail at the same moment reads the same.

use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};
use serde::Serialize;

use super::letter::Letter;
use super::{plain, subject};
use crate::domain::UnixTime;
use crate::incident::Mail;

/// What a rendering needs to know besides the mail.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The moment that `left` and `ago` are counted from.
    pub now: UnixTime,
    /// The name of the machine that tells.
    pub host: &'a str,
}

/// A mail as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line, without control characters.
    pub subject: String,
    /// The `text/plain` part, in lines of at most 72 columns but for long words.
    pub text: String,
    /// The `text/html` part: one document, without scripts, links or anything loaded from elsewhere.
    pub html: String,
}

/// Renders a mail. What strangers wrote in it is made plain, bounded and escaped.
pub fn render(mail: &Mail, context: &Context<'_>) -> Rendered {
    let subject = subject::subject(mail, context);
    let letter = Letter::new(mail, context);
    match lay_out(&letter) {
        Ok((text, html)) => Rendered { subject, text, html },
        Err(error) => unlaid(subject, mail, &error),
    }
}

/// Whatever is serialized, through the template of this name.
pub(super) fn template<T: Serialize>(name: &str, value: &T) -> Result<String, Error> {
    TEMPLATES.get_template(name)?.render(Serde(value))
}

fn lay_out(letter: &Letter) -> Result<(String, String), Error> {
    // The engine drops a template's last line break.
    Ok((template(TEXT, letter)? + "\n", template(HTML, letter)? + "\n"))
}

/// A mail must go out even if a template is broken: then it is a plain list.
fn unlaid(subject: String, mail: &Mail, error: &Error) -> Rendered {
    let mut text = format!("{subject}\n\n");
    for notice in &mail.notices {
        let words = format!("{} {}: {}", notice.severity, notice.domain, notice.summary);
        text += &plain::wrap(&plain::line(&words, 600), "- ", "  ");
        text.push('\n');
    }
    text += &plain::wrap(&plain::line(&format!("(The template failed: {error})"), 300), "\n", "");
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    Rendered { subject, html: format!("<!doctype html><pre>{escaped}</pre>"), text }
}

const TEXT: &str = "mail.txt";
const HTML: &str = "mail.html";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
    templates.add_filter("wrap", |text: String, first: String, rest: String| plain::wrap(&text, &first, &rest));
    templates.add_filter("row", row);
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
