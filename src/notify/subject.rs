//! The subject: severity first, for it is all that a lock screen shows, then the domain, what it is, and how
//! long is left; 78 characters where that is possible.

use super::letter::{domains, is_over, tag, tally, whom, worst_first};
use super::render::Context;
use super::{cause, plain, words};
use crate::incident::{Mail, MailKind, Notice, Reason};

/// What RFC 5322 §2.1.1 recommends for a line, used here for the text of the subject.
const LONGEST: usize = 78;
/// So much of a title stays whatever the length: every title of the catalogue whole, with the word before it.
const SHORTEST_TITLE: usize = 60;

/// The subject of a mail. One line without control characters.
pub(super) fn subject(mail: &Mail, context: &Context<'_>) -> String {
    let notices = worst_first(&mail.notices);
    let Some(worst) = notices.first() else {
        return "[info] notafter: nothing to tell".to_owned();
    };
    let tag = tag(worst);
    if let Some(shared) = mail.shared.as_ref().filter(|_| mail.kind == MailKind::News) {
        let (head, title, tail) = cause::subject(shared, &notices, context);
        return fit(&format!("[{tag}] {head}: "), &title, &tail);
    }
    match mail.kind {
        // One notice alone has room to say what and how long.
        MailKind::FirstSummary | MailKind::Digest if notices.len() == 1 => news(tag, worst, &notices, context),
        MailKind::FirstSummary => format!("[{tag}] first look: {}: {}", whom(&notices), tally(&notices)),
        MailKind::Overflow => {
            let held = words::count(notices.len(), "notice");
            format!("[{tag}] {held} held back, {}: {}", whom(&notices), tally(&notices))
        }
        MailKind::AfterQuiet => news(tag, worst, &notices, context),
        MailKind::Digest => format!("[{tag}] digest: {}: {}", whom(&notices), tally(&notices)),
        MailKind::News => news(tag, worst, &notices, context),
    }
}

fn news(tag: &str, worst: &Notice, notices: &[&Notice], context: &Context<'_>) -> String {
    // Of several notices only that it is over is common to all.
    let marker = if notices.len() == 1 || is_over(worst) { marker(worst) } else { "" };
    let title = format!("{marker}{}", plain::line(&worst.title, 120));
    if notices.len() == 1 {
        return fit(&format!("[{tag}] {}: ", name(worst, context)), &title, &tail(worst, context));
    }
    if domains(notices).len() == 1 {
        let more = format!("; {} more", notices.len() - 1);
        return fit(&format!("[{tag}] {}: ", name(worst, context)), &title, &more);
    }
    let alike = notices.iter().all(|notice| notice.code == worst.code && is_over(notice) == is_over(worst));
    match alike {
        true => fit(&format!("[{tag}] {}: ", whom(notices)), &title, &first_to_end(notices, context)),
        false => format!("[{tag}] {}: {}", whom(notices), tally(notices)),
    }
}

/// The domain in A-labels, with the U-labels after it if they are short enough for a subject.
fn name(notice: &Notice, context: &Context<'_>) -> String {
    let setup = if notice.in_setup { " (in set-up)" } else { "" };
    let ascii = plain::line(&notice.domain, 253);
    let both = plain::domain(&ascii);
    match ascii.as_str() {
        "" => format!("notafter on {}", plain::line(context.host, 40)),
        _ if both.chars().count() <= 40 => both + setup,
        _ => ascii + setup,
    }
}

const fn marker(notice: &Notice) -> &'static str {
    match notice.reason {
        Reason::Opened => "",
        Reason::Escalated => "now worse: ",
        Reason::Reminder => "still: ",
        Reason::SilenceEnds => "silence ends, still: ",
        // Titles are in the present tense.
        Reason::Resolved => "over: ",
    }
}

fn tail(notice: &Notice, context: &Context<'_>) -> String {
    let span = |until| words::span(notice.opened_at.until(until).max(0));
    match (notice.reason, notice.expires.filter(|_| notice.family == "expiry")) {
        (Reason::Resolved, _) => format!(", lasted {}", span(notice.at)),
        (_, Some(expires)) if expires < context.now => format!(", {} ago", words::span(expires.until(context.now))),
        (_, Some(expires)) => format!(", {}", words::left(context.now, expires)),
        (Reason::Reminder | Reason::SilenceEnds, None) => format!(", for {}", span(context.now)),
        _ => String::new(),
    }
}

fn first_to_end(notices: &[&Notice], context: &Context<'_>) -> String {
    let of_expiry = notices.iter().filter(|notice| notice.family == "expiry" && !is_over(notice));
    match of_expiry.filter_map(|notice| notice.expires).min() {
        Some(expires) => format!(", first {}", words::relative(context.now, expires)),
        None => String::new(),
    }
}

/// Head and tail whole, the title between them cut to what is left of the line.
fn fit(head: &str, title: &str, tail: &str) -> String {
    let taken = head.chars().count() + tail.chars().count();
    let title = plain::line(title, LONGEST.saturating_sub(taken).max(SHORTEST_TITLE));
    format!("{head}{title}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::catalogue::ENTRIES;

    #[test]
    fn our_own_titles_are_never_cut() {
        for entry in ENTRIES {
            assert!(entry.title.chars().count() + "now worse: ".len() <= SHORTEST_TITLE, "{}", entry.title);
        }
    }

    #[test]
    fn a_long_title_gives_way_to_what_is_left() {
        let shown = fit("[critical] login.example.com: ", &"x".repeat(100), ", 2 d left");
        assert!(shown.ends_with("…, 2 d left"), "{shown}");
        assert_eq!(shown.chars().count(), 100);
        assert_eq!(fit("[info] a: ", &"x".repeat(100), "").chars().count(), LONGEST);
    }
}
