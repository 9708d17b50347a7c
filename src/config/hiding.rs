//! What of a file must not be shown when a mistake near it is told: by key where the file could be read, by the
//! look of the line where it could not.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Words that a key for a secret holds.
const TELLING: [&str; 7] = ["password", "passwd", "secret", "token", "api_key", "apikey", "credential"];
/// The secrets' keys; a slip of two letters still hides what stands there.
const KEYS: [&str; 3] = ["password", "client_secret", "cname_api_key"];

/// Whether a key of this name is likely to hold a secret, also when it is misspelt.
pub(super) fn is_telling(key: &str) -> bool {
    let key = key.to_lowercase().replace('-', "_");
    TELLING.iter().any(|word| key.contains(word))
        || KEYS.iter().any(|known| strsim::damerau_levenshtein(known, &key) <= 2)
}

/// Whether the text is a URL with a user or a password before its host.
pub(super) fn has_userinfo(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    rest.split(['/', '?', '#']).next().unwrap_or(rest).contains('@')
}

/// Whether the text is a URL that might hold a password, also one that should have been escaped.
pub(super) fn may_hold_password(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

/// Whether the text can be the name of an environment variable.
pub(super) fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The parts of a file to hide, by what it was read as.
pub(super) fn in_tree(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    for (key, value) in table.iter() {
        within(key.get_ref(), value.get_ref(), value.span(), &mut parts);
    }
    parts
}

fn within(key: &str, value: &DeValue<'_>, span: Range<usize>, parts: &mut Vec<Range<usize>>) {
    match value {
        DeValue::Table(table) if is_telling(key) => reference(table, parts),
        _ if is_telling(key) => parts.push(span),
        DeValue::Table(table) => parts.extend(in_tree(table)),
        DeValue::Array(array) => {
            for value in array.iter() {
                within(key, value.get_ref(), value.span(), parts);
            }
        }
        DeValue::String(text) if may_hold_password(text) => parts.push(span),
        _ => {}
    }
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
            parts.push(value.span());
        }
    }
}

/// The parts of a file to hide whose syntax is broken, by the look of its lines. Rather too much than too little.
pub(super) fn in_text(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut start = 0;
    // Whether the lines at hand may still belong to a secret, and the quotes that would end it.
    let mut open: Option<Option<&str>> = None;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if let Some(quotes) = open {
            let over = quotes.map_or_else(|| begins_anew(line), |quotes| line.contains(quotes));
            if quotes.is_some() || !over {
                parts.push(start..end);
            }
            open = if over { None } else { open };
        }
        if let Some(at) = after_telling_word(line).or_else(|| after_scheme(line)).or_else(|| without_key(line)) {
            parts.push(start + at..end);
            let quotes = ["\"\"\"", "'''"].into_iter().find(|quotes| line.matches(quotes).count() == 1);
            open = Some(quotes);
        }
        start = end;
    }
    parts
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

fn after_scheme(line: &str) -> Option<usize> {
    let (scheme, rest) = line.split_once("://")?;
    let escaped = ["@", "\\u0040", "\\U00000040", "\\x40"];
    escaped.iter().any(|at| rest.contains(at)).then_some(scheme.len() + 3)
}

/// A line that begins with `=`: its key is on the line before.
fn without_key(line: &str) -> Option<usize> {
    line.trim_start().starts_with('=').then_some(0)
}

/// Whether a line begins a table or an entry.
fn begins_anew(line: &str) -> bool {
    let line = line.trim();
    let Some((key, value)) = line.split_once('=') else { return line.starts_with('[') };
    let bare = |c: char| c.is_ascii_alphanumeric() || "_-. ".contains(c);
    !key.is_empty() && key.chars().all(bare) && value.trim_start().starts_with(|c: char| c != '=')
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
            "pasword \"CANARY\"\nok = 1\n",
            "client_secret: CANARY",
            "password\n= \"CANARY\"\n",
            "password = \"\"\"\nx = 1\nCANARY\n\"\"\"\nok = 1\n",
            "password = [\n\"CANARY\",\n]\nok = 1\n",
            "relay = \"smtp://u:CANARY@host\n",
            "relay = \"smtp://u:CANARY\\u0040host\n",
            "email = { to = 1, password = CANARY }",
        ] {
            assert!(!shown(text).contains("CANARY"), "{text}");
            assert_eq!(shown(text).contains("ok = 1"), text.contains("ok = 1"), "{text}");
        }
    }

    #[test]
    fn only_users_and_passwords_make_a_url_secret() {
        assert!(may_hold_password("smtps://me:pa/ss@host:465"));
        assert!(has_userinfo("postgres://u:p@h/db"));
        assert!(!has_userinfo("https://social.example/@us"));
        assert!(!has_userinfo("smtps://host:465"));
        assert!(!has_userinfo("me@example.com"));
    }

    #[test]
    fn slips_of_the_pen_are_still_telling() {
        assert!(["password", "pasword", "Client-Secret", "cname_api_ky", "token"].into_iter().all(is_telling));
        assert!(!["relay", "username", "cname", "client_id", "path", "retry"].into_iter().any(is_telling));
    }
}
