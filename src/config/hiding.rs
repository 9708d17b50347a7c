//! What of a file must not be shown when a mistake near it is told: by key where the file could be read, by the
//! look of the line where it could not.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::grammar::ROOT;

/// Words that a key for a secret holds.
const TELLING: [&str; 10] =
    ["password", "passwd", "secret", "token", "api_key", "apikey", "credential", "private", "authorization", "cookie"];
/// The secrets' keys; a slip of two letters still hides what stands there.
const KEYS: [&str; 5] = ["password", "client_secret", "cname_api_key", "bearer_token", "routing_key"];

/// A private key's, which only as a whole word tells anything.
const PRIVATE_KEY: &str = "key";

/// Whether a key of this name is likely to hold a secret, also when it is misspelt.
pub(super) fn is_telling(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    key == PRIVATE_KEY
        || TELLING.iter().any(|word| key.contains(word))
        || KEYS.iter().any(|known| strsim::damerau_levenshtein(known, &key) <= 2)
}

/// Services whose webhooks anyone may post to who knows the URL: the end of the host, and how the path begins.
const OPEN_TO_ALL: [(&str, &str); 10] = [
    ("hooks.slack.com", ""),
    ("hooks.slack-gov.com", ""),
    ("discord.com", "/api/webhooks/"),
    ("discordapp.com", "/api/webhooks/"),
    ("webhook.office.com", ""),
    ("logic.azure.com", ""),
    ("powerplatform.com", ""),
    ("chat.googleapis.com", ""),
    ("hooks.zapier.com", ""),
    ("api.telegram.org", "/bot"),
];
/// Steps of a path behind which a long word is a webhook's secret: Slack's form, and that of those who took it over.
const BEFORE_SECRETS: [&str; 4] = ["services", "hooks", "webhooks", "incoming"];
/// Parameters that hold a secret, besides those whose name tells so.
const PARAMETERS: [&str; 4] = ["sig", "signature", "code", "auth"];

/// Whether the text is a URL that whoever knows it can use, or that holds a secret.
pub(super) fn is_secret_url(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_ascii_lowercase();
    let of = |end: &str| host.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('.'));
    let parameter = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        !value.is_empty() && (is_telling(name) || PARAMETERS.contains(&name.to_ascii_lowercase().as_str()))
    };
    OPEN_TO_ALL.iter().any(|(end, start)| of(end) && path.len() > 1 && path.starts_with(start))
        || has_long_word(path)
        || query.split('&').any(parameter)
}

fn has_long_word(path: &str) -> bool {
    let mut steps = path.split('/').skip_while(|step| !BEFORE_SECRETS.contains(step));
    steps.any(|step| step.len() >= 16 && step.bytes().any(|b| b.is_ascii_digit()))
}

/// Whether the text is a URL with a user or a password before its host.
pub(super) fn has_userinfo(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    rest.split(['/', '?', '#']).next().unwrap_or(rest).contains('@')
}

/// Whether the text may be a URL with a password in it, badly written or not.
pub(super) fn may_hold_password(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(before, _)| before.contains(':')) || has_odd_port(text)
}

/// Whether what stands in the port's place of a URL is no number: a password, where the `@` was forgotten.
fn has_odd_port(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let bracketed = authority.strip_prefix('[').and_then(|address| address.split_once(']'));
    let after_host = bracketed.map_or(authority, |(_, port)| port);
    after_host.split_once(':').is_some_and(|(_, port)| !port.chars().all(|c| c.is_ascii_digit()))
}

/// Whether the text can be the name of an environment variable.
pub(super) fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The parts of a file to hide, by what it was read as.
pub(super) fn in_tree(text: &str, table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    for (key, value) in table.iter() {
        within(text, key.get_ref(), value, &mut parts);
    }
    parts
}

/// The places of every single value in this one.
pub(super) fn leaves(node: &Spanned<DeValue<'_>>) -> Vec<Range<usize>> {
    match node.get_ref() {
        DeValue::Table(table) => table.iter().flat_map(|(_, value)| leaves(value)).collect(),
        DeValue::Array(items) => items.iter().flat_map(leaves).collect(),
        _ => vec![node.span()],
    }
}

fn within(text: &str, key: &str, node: &Spanned<DeValue<'_>>, parts: &mut Vec<Range<usize>>) {
    match node.get_ref() {
        value if is_telling(key) => {
            match value {
                DeValue::Table(table) => reference(table, parts),
                _ => parts.push(node.span()),
            }
            parts.extend(comment_after(text, node.span().end));
            return;
        }
        DeValue::Table(table) => parts.extend(in_tree(text, table)),
        DeValue::Array(items) => items.iter().for_each(|item| within(text, key, item, parts)),
        DeValue::String(url) if may_hold_password(url) || is_secret_url(url) => parts.push(node.span()),
        _ => {}
    }
    let comment = comment_after(text, node.span().end);
    parts.extend(comment.filter(|comment| text.get(comment.clone()).is_some_and(is_telling_line)));
}

/// Where a secret belongs, only what refers to one elsewhere is shown.
fn reference(table: &DeTable<'_>, parts: &mut Vec<Range<usize>>) {
    for (key, value) in table.iter() {
        let shown = match (key.get_ref().as_ref(), value.get_ref()) {
            ("env", DeValue::String(name)) => is_variable(name),
            ("file", DeValue::String(_)) => true,
            _ => false,
        };
        if !shown {
            parts.extend(leaves(value));
        }
    }
}

/// The comment right behind a value. Behind a secret it may say what that was.
fn comment_after(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?.lines().next()?;
    rest.trim_start().starts_with('#').then_some(at..at + rest.len())
}

/// The parts of a file to hide whose syntax is broken, by the look of its lines. Rather too much than too little.
pub(super) fn in_text(text: &str) -> Vec<Range<usize>> {
    let known = ROOT.names();
    let mut parts = Vec::new();
    let mut start = 0;
    // Whether the lines at hand may still belong to a secret, and the quotes that would end it.
    let mut open: Option<Option<&str>> = None;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if let Some(quotes) = open {
            let over = quotes.map_or_else(|| begins_anew(line, &known), |quotes| line.contains(quotes));
            if quotes.is_some() || !over {
                parts.push(start..end);
            }
            open = if over { None } else { open };
        }
        if let Some(at) = telling_part(line) {
            parts.push(start + at..end);
            let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| line.matches(quotes).count() == 1);
            open = Some(quotes);
        }
        start = end;
    }
    parts
}

/// Where the part of a line begins that may hold a secret.
fn telling_part(line: &str) -> Option<usize> {
    after_telling_word(line).or_else(|| after_colon(line)).or_else(|| without_key(line))
}

fn is_telling_line(line: &str) -> bool {
    telling_part(line).is_some()
}

fn after_telling_word(line: &str) -> Option<usize> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let mut start = 0;
    for piece in line.split_inclusive(|c| !is_word(c)) {
        let end = start + piece.len();
        let word = piece.trim_end_matches(|c| !is_word(c));
        if is_telling(word) {
            return Some(start + word.len());
        }
        start = end;
    }
    None
}

/// A line that may hold a URL with a password: all after the first colon, if slashes or an `@` follow.
fn after_colon(line: &str) -> Option<usize> {
    let (before, rest) = line.split_once(':')?;
    ["//", "@", "\\u0040", "\\U00000040", "\\x40"].iter().any(|at| rest.contains(at)).then_some(before.len() + 1)
}

/// A line that begins with `=`: its key is on the line before.
fn without_key(line: &str) -> Option<usize> {
    line.trim_start().starts_with('=').then_some(0)
}

/// Whether a line begins a table or an entry that is known; anything else may still belong to a secret.
fn begins_anew(line: &str, known: &BTreeSet<&str>) -> bool {
    let line = line.trim();
    let key = line.trim_start_matches('[').split(['=', '.', ']', ' ']).next().unwrap_or_default();
    (line.starts_with('[') || line.contains('=')) && known.contains(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let parts = in_text(text);
        text.char_indices().filter(|(at, _)| !parts.iter().any(|part| part.contains(at))).map(|(_, c)| c).collect()
    }

    #[test]
    fn broken_lines_show_nothing_after_a_telling_word() {
        for text in [
            "password = \"CANARY\n",
            "pasword \"CANARY\"\nlive = true\n",
            "client_secret: CANARY",
            "password\n= \"CANARY\"\n",
            "password = \"\"\"\nlive = false\nCANARY\n\"\"\"\nlive = true\n",
            "password = [\n\"CANARY\",\n]\nlive = true\n",
            "relay = \"smtp://u:CANARY@host\n",
            "relay = \"smtp://u:CANARY\\u0040host\n",
            "relay = \"smtp:u:CANARY@host\n",
            "email = { to = 1, password = CANARY }",
        ] {
            assert!(!shown(text).contains("CANARY"), "{text}");
            assert_eq!(shown(text).contains("live = true"), text.contains("live = true"), "{text}");
        }
    }

    #[test]
    fn only_users_and_passwords_make_a_url_secret() {
        assert!(may_hold_password("smtps://me:pa/ss@host:465"));
        assert!(may_hold_password("smtps://me:password"));
        assert!(!may_hold_password("smtps://[2001:db8::1]:465"));
        assert!(!may_hold_password("https://hc.example.com/a:b"));
        assert!(has_userinfo("postgres://u:p@h/db"));
        assert!(!has_userinfo("https://social.example/@us"));
        assert!(!has_userinfo("smtps://host:465"));
        assert!(!has_userinfo("me@example.com"));
    }

    #[test]
    fn webhooks_that_are_open_to_whoever_knows_them_are_secrets() {
        for secret in [
            "https://hooks.slack.com/services/T0/B0/x",
            "https://HOOKS.SLACK.COM:443/workflows/x",
            "https://discord.com/api/webhooks/1/x",
            "https://example.webhook.office.com/webhookb2/x",
            "https://chat.example.com/hooks/8kx5t1mb9bgq3dmwoqf1u9e5rh",
            "https://example.com/hook?token=x",
            "https://example.com/hook?a=b&sig=x#y",
            "https://api.telegram.org/bot1:x/sendMessage",
        ] {
            assert!(is_secret_url(secret), "{secret}");
        }
        for plain in [
            "https://hooks.slack.com",
            "https://myhooks.slack.com.example/services/a",
            "https://discord.com/",
            "https://alerts.example.com/hooks/notafter",
            "http://127.0.0.1:8000/hook?team=identity",
            "https://events.eu.pagerduty.com/v2/enqueue",
            "https://api.atlassian.com/jsm/ops/integration/v2/alerts",
        ] {
            assert!(!is_secret_url(plain), "{plain}");
        }
    }

    #[test]
    fn slips_of_the_pen_are_still_telling() {
        assert!(["password", "pasword", "Client-Secret", "cname_api_ky", "token"].into_iter().all(is_telling));
        assert!(!["relay", "username", "cname", "client_id", "path", "retry"].into_iter().any(is_telling));
    }
}
