//! [`Links`]: where a message may point at. Only to what the operator configured; nothing is ever loaded from there.

use crate::observation::Code;

/// What stands for the code in the address of an explanation.
const CODE: &str = "{code}";

/// Where a message may point at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Where people reach this daemon's pages (`external_url`).
    pub pages: Option<String>,
    /// Where the findings are explained (`docs_url`): an address with `{code}` in it, or that of a copy of
    /// `docs/findings.md`, whose headings are the codes.
    pub explanations: Option<String>,
}

impl Links {
    /// The status page, at this domain if there is one.
    pub fn status_page(&self, domain: &str) -> Option<String> {
        let pages = self.pages.as_deref()?.trim_end_matches('/');
        // What is no name cannot be a part of an address.
        let is_name = !domain.is_empty() && domain.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        Some(if is_name { format!("{pages}/?q={domain}#{domain}") } else { format!("{pages}/") })
    }

    /// The explanation of a code; none of one that this version does not know.
    pub fn explanation(&self, code: &str) -> Option<String> {
        let (base, code) = (self.explanations.as_deref()?, Code::parse(code)?.as_str());
        if base.contains(CODE) {
            return Some(base.replace(CODE, code));
        }
        let base = base.split('#').next().unwrap_or(base);
        // GitHub and its like drop the dots of a heading from its anchor.
        Some(format!("{base}#{}", code.replace('.', "")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_what_is_configured_alone() {
        let none = Links::default();
        assert_eq!((none.status_page("a.example"), none.explanation("tls.expired")), (None, None));
        let with = |explanations: &str| Links {
            pages: Some("https://watch.example.com/".to_owned()),
            explanations: Some(explanations.to_owned()),
        };
        let wiki = with("https://wiki.example.com/runbooks/{code}?v=1");
        assert_eq!(
            wiki.explanation("tls.expired").as_deref(),
            Some("https://wiki.example.com/runbooks/tls.expired?v=1")
        );
        let page = with("https://git.example.com/docs/findings.md");
        let anchored = page.explanation("tls.expires_soon");
        assert_eq!(anchored.as_deref(), Some("https://git.example.com/docs/findings.md#tlsexpires_soon"));
        assert_eq!(page.explanation("tls.<script>"), None);
        assert_eq!(page.status_page("a.example").as_deref(), Some("https://watch.example.com/?q=a.example#a.example"));
        assert_eq!(page.status_page("a b\">").as_deref(), Some("https://watch.example.com/"));
    }
}
