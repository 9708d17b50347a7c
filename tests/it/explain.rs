//! `explain`: every code has a page, and a mistyped one is told what was meant.

use notafter::observation::Code;
use notafter::verdict::catalogue;

use super::stage::notafter;

/// The text in one line, as it was before it was broken to a width.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_code_is_explained_in_80_columns() {
    for code in Code::ALL {
        let entry = catalogue::entry(*code);
        let ran = notafter(["explain", code.as_str()]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{code}");
        let page = words(&ran.stdout);
        for part in [code.as_str(), entry.title, entry.explanation, entry.remedy, entry.severity.as_str()] {
            assert!(page.contains(&words(part)), "{code} lacks {part:?}: {}", ran.stdout);
        }
        assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{}", ran.stdout);
        assert!(!ran.stdout.contains('\u{1b}'), "{code}");
    }
}

#[test]
fn without_a_code_all_are_listed() {
    let ran = notafter(["explain"]);
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, Code::ALL.len()));
    for (line, code) in ran.stdout.lines().zip(Code::ALL) {
        assert!(line.starts_with(code.as_str()), "{line}");
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_mistyped_code_is_told_what_was_meant() {
    let ran = notafter(["explain", "tls.expird"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (64, ""));
    assert!(ran.stderr.contains("did you mean tls.expired?"), "{}", ran.stderr);
    let ran = notafter(["explain", "nonsense"]);
    assert_eq!(ran.code, 64);
    assert!(!ran.stderr.contains("did you mean"), "{}", ran.stderr);
    let ran = notafter(["explain", "\u{1b}[2J"]);
    assert_eq!((ran.code, ran.stderr.contains('\u{1b}')), (64, false), "{}", ran.stderr);
}
