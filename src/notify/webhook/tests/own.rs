//! Templates of operators: what they are given, and what is said of their mistakes.

use std::path::Path;

use super::*;

/// One that prints all that it is given, in every way.
pub(super) fn everything() -> OwnTemplate {
    let source = r#"{
  "text": {{ subject }},
  "all": {{ notices }},
  "lines": [
    {% for notice in notices %}
      {{ (notice.severity|upper) ~ " " ~ notice.domain ~ ": " ~ notice.title }}{{ "," if not loop.last }}
    {% endfor %}
  ],
  "nothing": {{ notices[0].expires }}, "long": {{ text }}
}"#;
    OwnTemplate::new(
        Path::new("everything.json"),
        &source.replace("{{ \",\" if not loop.last }}", "{% if not loop.last %},{% endif %}"),
    )
    .unwrap()
}

fn mistake(source: &str) -> String {
    OwnTemplate::new(Path::new("chat.json"), source).unwrap_err().to_string()
}

#[test]
fn a_template_is_given_our_own_json() {
    let mail = sample_named("many-domains").unwrap().mail;
    let body = body(&calls(&Shape::Own(Box::new(everything())), &mail)[0]);
    assert_eq!(body["lines"][0], "CRITICAL shop-000.example.com: the connection is refused");
    assert_eq!(body["all"].as_array().unwrap().len(), 12);
}

#[test]
fn mistakes_are_told_with_their_line() {
    for (source, said) in [
        ("{\n  \"text\": {{ subject }\n}", "line 2: syntax error"),
        (
            "{\n\n  \"text\": {{ subjekt }}\n}",
            "line 3: undefined value: `subjekt` is undefined, with the sample `expiry`",
        ),
        ("{\n  \"a\": {{ notices[0].labels.team }}\n}", "line 2: undefined value"),
        (
            "{\n  \"text\":\n    \"{{ subject }}\"\n}",
            "line 3: what it makes of the sample `expiry` is no JSON: expected",
        ),
        (
            "{\n{% for n in notices %}\n  {{ n.id }}: 1,\n{% endfor %}\n}",
            "line 5: what it makes of the sample `expiry`",
        ),
        (
            "{\n{% for n in notices %}\n  {{ n.id }}: 1\n{% endfor %}\n}",
            "line 3: what it makes of the sample `many-domains`",
        ),
        ("{\"text\": {{ subject }}", "line 1: what it makes of the sample `expiry` is no JSON: EOF"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}1", "too many steps"),
        ("{\n  \"text\": {{ subject|uper }}\n}", "line 2: unknown filter"),
        ("", "no JSON: EOF"),
    ] {
        let told = mistake(source);
        assert!(told.contains(said), "{source:?}\n  {told:?}\n  {said:?}");
    }
}

#[test]
fn trimmed_white_space_does_not_shift_the_line() {
    let told = mistake("{\n  {%- if true -%}\n    \"a\": 1\n  {%- endif -%}\n  \"b\": 2\n}");
    assert!(told.starts_with("line 5: ") && told.ends_with("near \"\\\"b\\\": 2\\n}\""), "{told}");
}
