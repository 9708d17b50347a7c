//! `mail preview`: what an operator sees who edits a template, without a relay and without a fault.

use std::fs;

use mail_parser::MessageParser;

use super::stage::notafter;

const CONFIG: &str = "
[server]
external_url = \"https://watch.example.com\"
[[domain]]
name = \"login.example.com\"
[[receiver]]
name = \"team\"
[receiver.email]
to = [\"Team <team@example.com>\"]
from = \"notafter@example.org\"
relay = \"smtps://mail.example.com\"
[receiver.email.templates]
text = \"mail.txt\"
";

#[test]
fn without_a_configuration_the_built_in_mails_are_shown() {
    let shown = notafter(["mail", "preview", "--sample", "opened"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    assert!(shown.stdout.starts_with("Subject: [critical] shop.example.com: no answer from the address\n\nCRITICAL"));
    let html = notafter(["mail", "preview", "--sample", "hostile", "--format", "html"]).stdout;
    assert!(html.starts_with("<!doctype html>") && !html.contains("<script"), "{html}");
    let refused = notafter(["mail", "preview", "--sample", "nothing"]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("first-summary"), "{}", refused.stderr);
}

#[test]
fn a_receivers_templates_are_shown_and_their_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (file, template) = (folder.path().join("notafter.toml"), folder.path().join("mail.txt"));
    fs::write(&file, CONFIG).unwrap();
    fs::write(&template, "Ours: {{ sections[0].title }}\n{{ sections[0].status_url or \"\" }}\n").unwrap();
    let config = file.to_str().unwrap();
    let shown = notafter(["mail", "preview", "--config", config, "--receiver", "team", "--format", "eml"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (0, ""));
    let message = MessageParser::default().parse(shown.stdout.as_bytes()).unwrap();
    let text = message.body_text(0).unwrap();
    assert_eq!(
        text.trim_end().replace("\r\n", "\n"),
        "Ours: the certificate expires soon\nhttps://watch.example.com/?q=login.example.com#login.example.com"
    );
    assert!(message.body_html(0).unwrap().contains("What to do"));
    let header = |name: &str| message.header_raw(name).map(|value| value.trim().to_owned());
    assert_eq!(header("List-Id").as_deref(), Some("<team.notafter.example.org>"));
    assert_eq!(header("Importance").as_deref(), Some("high"));
    assert_eq!(header("To").as_deref(), Some("Team <team@example.com>"));

    fs::write(&template, "{{ sections[0].title }}\n{% for section in sections %}{{ section.titel }}{% endfor %}")
        .unwrap();
    let refused = notafter(["config", "check", config]);
    assert_eq!(refused.code, 64);
    let place = format!("{}:2:33: there is no `section.titel`", template.display());
    assert!(refused.stderr.contains(&place), "{}", refused.stderr);
    assert!(refused.stderr.contains("mend: did you mean `title`?"), "{}", refused.stderr);
    assert_eq!(notafter(["mail", "preview", "--config", config]).code, 64);
}
