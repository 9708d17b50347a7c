//! The layout of a [`Page`], and the policy under which a browser shows it.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, Error, UndefinedBehavior};

use super::view::Page;
use crate::observation::certificate::Sha256;

/// The template; its name makes the engine escape for HTML.
const HTML: &str = "status.html";
const STYLE: &str = include_str!("../templates/status.css");
const SCRIPT: &str = include_str!("../templates/status.js");

/// The page as a document.
pub(super) fn html(page: &Page) -> Result<String, Error> {
    Ok(TEMPLATES.get_template(HTML)?.render(Serde(page))? + "\n")
}

/// Our own style and script, known by their digests, and requests to ourselves; nothing else, whatever got into the page.
pub(super) fn content_security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let digest = |text: &str| BASE64.encode(Sha256::of(text.as_bytes()).0);
        format!(
            "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            digest(STYLE),
            digest(SCRIPT)
        )
    });
    &POLICY
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    if let Ok(syntax) = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build() {
        templates.set_syntax(syntax);
    }
    templates.add_global("style", STYLE);
    templates.add_global("script", SCRIPT);
    // A template that does not compile is missing, which is answered with 500 and found by a test.
    let _ = templates.add_template(HTML, include_str!("../templates/status.html"));
    templates
});
