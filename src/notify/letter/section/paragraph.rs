//! [`Paragraph`]: a section as those see it who lay it out in Rust and not in a template.

use super::super::super::facts::Row;
use super::super::{Letter, Line};
use super::Section;

/// What a mail says, apart from its subject.
#[derive(Debug)]
pub(in crate::notify) struct Message {
    /// What kind of collection it is and what is in it.
    pub(in crate::notify) intro: Option<String>,
    /// What is written out, worst first.
    pub(in crate::notify) paragraphs: Vec<Paragraph>,
    /// What has no paragraph, a line each.
    pub(in crate::notify) rest: Vec<String>,
    /// What is not even listed.
    pub(in crate::notify) more: usize,
    /// Who sends it to whom.
    pub(in crate::notify) footer: String,
}

/// One thing that is told. All texts are plain and bounded.
#[derive(Debug)]
pub(in crate::notify) struct Paragraph {
    /// How bad it is, or that it is over.
    pub(in crate::notify) tag: &'static str,
    /// The domain, or how many share it.
    pub(in crate::notify) heading: String,
    /// What is wrong, in a few words.
    pub(in crate::notify) title: String,
    /// Whether the one domain is in set-up.
    pub(in crate::notify) in_setup: bool,
    /// That it became worse, goes on, or is over.
    pub(in crate::notify) news: Option<String>,
    /// What, where, how long.
    pub(in crate::notify) summary: Option<String>,
    /// Since when, and how long is left.
    pub(in crate::notify) rows: Vec<Row>,
    /// The hops on one line.
    pub(in crate::notify) strip: Option<String>,
    /// The broken hop with its detail.
    pub(in crate::notify) broken: Option<Row>,
    /// How to mend it.
    pub(in crate::notify) remedy: Option<String>,
    /// The evidence.
    pub(in crate::notify) facts: Vec<Row>,
    /// How many facts were left out.
    pub(in crate::notify) more_facts: usize,
    /// The domains that share it, a line each.
    pub(in crate::notify) lines: Vec<String>,
    /// How many domains were left out.
    pub(in crate::notify) more_lines: usize,
    /// The finding's code.
    pub(in crate::notify) code: String,
}

impl From<Letter> for Message {
    fn from(letter: Letter) -> Self {
        Self {
            intro: letter.intro,
            paragraphs: letter.sections.into_iter().map(Paragraph::from).collect(),
            rest: letter.rest.iter().map(|line| format!("{} {}", line.tag.to_uppercase(), shown(line))).collect(),
            more: letter.more,
            footer: letter.footer,
        }
    }
}

impl From<Section> for Paragraph {
    fn from(section: Section) -> Self {
        Self {
            tag: section.tag,
            heading: section.heading,
            title: section.title,
            in_setup: section.in_setup,
            news: section.news,
            summary: section.summary,
            rows: section.rows,
            strip: section.strip.map(|strip| strip.split_whitespace().collect::<Vec<_>>().join(" ")),
            broken: section.broken.filter(|broken| !broken.value.is_empty()),
            remedy: section.remedy,
            facts: section.evidence.into_iter().chain(section.details).collect(),
            more_facts: section.more_details,
            lines: section.lines.iter().map(shown).collect(),
            more_lines: section.more_lines,
            code: section.code,
        }
    }
}

fn shown(line: &Line) -> String {
    format!("{}: {}", line.name, line.words)
}
