//! What a mail says of the time in which it could not be delivered.

use crate::domain::UnixTime;
use crate::incident::Mail;
use crate::notify::words;

/// What is said before everything else: since when mail failed, what was over meanwhile, and what was to be said anyway.
pub(super) fn intro(mail: &Mail, intro: Option<String>, now: UnixTime) -> Option<String> {
    let failing = mail.extra.get("failing_since").and_then(|since| serde_json::from_value(since.clone()).ok());
    let over = mail.extra.get("over_before_told").and_then(serde_json::Value::as_u64).unwrap_or(0);
    let failing = failing.map(|since: UnixTime| {
        let span = words::span(since.until(now).max(0));
        format!("Mail could not be delivered since {since}, for {span}. This is how things stand by now.")
    });
    let over = (over > 0).then(|| {
        let were = if over == 1 { "incident that was" } else { "incidents that were" };
        format!("Left out: {over} {were} over before anybody could be told.")
    });
    let all: Vec<String> = failing.into_iter().chain(over).chain(intro).collect();
    (!all.is_empty()).then(|| all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::incident::MailKind;

    #[test]
    fn a_mail_that_was_delayed_says_for_how_long_and_what_is_left_out() {
        let mut mail = crate::notify::samples::mail(MailKind::News, Vec::new());
        let said = |mail: &Mail| intro(mail, Some("2 domains.".to_owned()), UnixTime(1_800_086_400));
        assert_eq!(said(&mail).as_deref(), Some("2 domains."));
        mail.extra.insert("over_before_told".to_owned(), 1.into());
        assert_eq!(
            said(&mail).as_deref(),
            Some("Left out: 1 incident that was over before anybody could be told. 2 domains.")
        );
        mail.extra.insert("failing_since".to_owned(), serde_json::json!(UnixTime(1_800_000_000)));
        mail.extra.insert("over_before_told".to_owned(), 12.into());
        assert_eq!(
            intro(&mail, None, UnixTime(1_800_086_400)).as_deref(),
            Some(
                "Mail could not be delivered since 2027-01-15T08:00:00Z, for 1 d. This is how things stand by now. \
                 Left out: 12 incidents that were over before anybody could be told."
            )
        );
    }
}
