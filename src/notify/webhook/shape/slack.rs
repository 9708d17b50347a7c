//! Slack's incoming webhooks: a mail as one message of blocks.
//!
//! What Slack takes, by its reference (docs.slack.dev, "Blocks", "Header block", "Section block", "Text object"): 50
//! blocks, 150 characters in a header, 3000 in any other text. Messages of some 13,200 characters in all are refused as
//! `msg_blocks_too_long`, which no page says. `&`, `<` and `>` are escaped ("Formatting message text"), so that no
//! text can mention a channel or hide a link's target, and `verbatim` keeps Slack from reading mentions and links into
//! what is plain.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::super::super::letter::{Letter, Message, Paragraph};
use super::super::super::render::Context;
use super::super::super::subject::subject;
use crate::incident::Mail;
use crate::observation::Code;

/// Characters of a header.
pub(in crate::notify::webhook) const HEADER: usize = 150;
/// Characters of any other text.
pub(in crate::notify::webhook) const TEXT: usize = 3000;
/// Characters that go to what is written out; what is left of a message is for a list of one line each.
const WRITTEN_OUT: usize = 8_000;
/// Facts that a reader of a chat is shown; the others are counted.
const FACTS: usize = 8;

/// The message.
pub(in crate::notify::webhook) fn message(mail: &Mail, context: &Context<'_>) -> Value {
    let subject = subject(mail, context);
    let message = Message::from(Letter::new(mail, context));
    let worst = message.paragraphs.first().map_or("info", |paragraph| paragraph.tag);
    let headline = format!("{} {subject}", lamp(worst));
    let mut blocks = vec![json!({
        "type": "header",
        "text": { "type": "plain_text", "text": mrkdwn(&headline, HEADER), "emoji": true },
    })];
    blocks.extend(message.intro.as_deref().map(|intro| section(&mrkdwn(intro, 600))));
    let alone = message.paragraphs.len() == 1;
    let mut left = WRITTEN_OUT;
    let mut listed = Vec::new();
    for paragraph in &message.paragraphs {
        let text = written_out(paragraph, alone);
        match left.checked_sub(text.chars().count()) {
            Some(rest) => {
                left = rest;
                if !alone {
                    blocks.push(json!({ "type": "divider" }));
                }
                blocks.push(section(&text));
            }
            None => listed.push(heading(paragraph)),
        }
    }
    listed.extend(message.rest.iter().map(|line| mrkdwn(&format!("• {line}"), 400)));
    if message.more > 0 {
        listed.push(format!("• and {} more", message.more));
    }
    if !listed.is_empty() {
        blocks.push(json!({ "type": "divider" }));
        blocks.push(section(&fitted("*Also*", &listed)));
    }
    blocks.push(json!({ "type": "context", "elements": [text(&mrkdwn(&message.footer, 400))] }));
    json!({ "text": mrkdwn(&headline, TEXT), "blocks": blocks, "unfurl_links": false, "unfurl_media": false })
}

/// What is to be seen from afar. The word stands in the subject as well, for those who do not see colours.
fn lamp(tag: &str) -> char {
    match tag {
        "critical" => '🔴',
        "warning" => '🟠',
        "resolved" => '🟢',
        _ => '🔵',
    }
}

fn section(text_of: &str) -> Value {
    json!({ "type": "section", "text": text(text_of) })
}

fn text(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text, "verbatim": true })
}

fn heading(paragraph: &Paragraph) -> String {
    let setup = if paragraph.in_setup { " (in set-up)" } else { "" };
    let Paragraph { tag, heading, title, .. } = paragraph;
    format!("{} *{}*: {}{setup}", lamp(tag), mrkdwn(heading, 400), mrkdwn(title, 200))
}

fn written_out(paragraph: &Paragraph, alone: bool) -> String {
    let first = if alone { String::new() } else { heading(paragraph) };
    let mut lines = Vec::new();
    let told = [&paragraph.news, &paragraph.summary];
    lines.extend(told.into_iter().flatten().map(|line| mrkdwn(line, 700)));
    lines.extend(paragraph.rows.iter().map(|row| format!("*{}:* {}", mrkdwn(&row.label, 60), mrkdwn(&row.value, 300))));
    lines.extend(paragraph.strip.as_deref().map(|strip| format!("*Path:* {}", code(strip, 400))));
    let broken = paragraph.broken.as_ref();
    lines.extend(broken.map(|row| format!("*Broken at {}:* {}", mrkdwn(&row.label, 60), mrkdwn(&row.value, 400))));
    lines.extend(paragraph.remedy.as_deref().map(|remedy| format!("*What to do:* {}", mrkdwn(remedy, 1100))));
    lines.extend(paragraph.lines.iter().map(|line| mrkdwn(&format!("• {line}"), 400)));
    if paragraph.more_lines > 0 {
        lines.push(format!("• and {} more", paragraph.more_lines));
    }
    let facts = paragraph.facts.iter().take(FACTS);
    lines.extend(facts.map(|row| format!("{}: {}", mrkdwn(&row.label, 60), code(&row.value, 250))));
    let more = paragraph.facts.len().saturating_sub(FACTS) + paragraph.more_facts;
    if more > 0 {
        lines.push(format!("and {more} more facts"));
    }
    if Code::parse(&paragraph.code).is_some() {
        lines.push(format!("_More:_ {}", code(&format!("notafter explain {}", paragraph.code), 120)));
    }
    fitted(&first, &lines)
}

/// The lines below the first, as many as a text may hold, and how many were left out.
fn fitted(first: &str, lines: &[String]) -> String {
    let mut out = first.to_owned();
    // Room for the last line.
    let mut left = (TEXT - 40).saturating_sub(first.chars().count());
    for (index, line) in lines.iter().enumerate() {
        let Some(rest) = left.checked_sub(line.chars().count() + 1) else {
            out.push_str(&format!("\n… and {} lines more", lines.len() - index));
            break;
        };
        left = rest;
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
    }
    out
}

/// A text with its control characters escaped and its mentions broken, of at most so many characters in all.
fn mrkdwn(text: &str, max: usize) -> String {
    let pieces: Vec<Cow<'_, str>> = text.char_indices().map(|(at, c)| escaped(c, text.get(at + 1..))).collect();
    let length = |piece: &Cow<'_, str>| piece.chars().count();
    if pieces.iter().map(length).sum::<usize>() <= max {
        return pieces.concat();
    }
    let mut left = max.saturating_sub(1);
    let fits = pieces.iter().take_while(|piece| {
        let rest = left.checked_sub(length(piece));
        left = rest.unwrap_or(left);
        rest.is_some()
    });
    fits.map(Cow::as_ref).chain(["…"]).collect()
}

/// A character as it is written before these.
fn escaped(c: char, rest: Option<&str>) -> Cow<'static, str> {
    match c {
        '&' => "&amp;".into(),
        '<' => "&lt;".into(),
        '>' => "&gt;".into(),
        // Old webhooks may have been made to read plain names as mentions: a zero-width space after the sign is seen by
        // nobody, and ends that.
        '@' if rest.is_some_and(mentions) => "@\u{200b}".into(),
        _ => c.to_string().into(),
    }
}

fn mentions(rest: &str) -> bool {
    let begins = |name: &&str| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    ["here", "channel", "everyone", "group"].iter().any(begins)
}

/// A text as code, in which no asterisk or underscore is read as formatting.
fn code(text: &str, max: usize) -> String {
    format!("`{}`", mrkdwn(&text.replace('`', "'"), max.saturating_sub(2)))
}
