//! The fixtures, and the small world they are parsed in.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use notafter::config::{self, Mistake, Settings, World};
use notafter::lab::ca::{Issued, LeafSpec, self_signed};
use notafter::lab::logs::{self, Log};

/// What every secret of the test world holds; no message may.
pub(super) const CANARY: &str = "CANARY";

/// The file of this name under the project's folder.
pub(super) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of the fixture of this name.
pub(super) fn text(name: &str) -> String {
    std::fs::read_to_string(project("tests/it/config").join(name)).expect("the fixture")
}

/// Parses the fixture of this name.
pub(super) fn fixture(name: &str) -> Result<Settings, Vec<Mistake>> {
    parse(&text(name), name)
}

/// The names of all fixtures.
pub(super) fn names() -> Vec<String> {
    let entries = std::fs::read_dir(project("tests/it/config")).expect("the folder of fixtures");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name in UTF-8")).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    names
}

/// Parses a text in a small world of its own: two variables, a few files.
pub(super) fn parse(text: &str, file: &str) -> Result<Settings, Vec<Mistake>> {
    let env = |name: &str| match name {
        "EXAMPLE_CLIENT_SECRET" | "EXAMPLE_CNAME_API_KEY" => Some(format!("{CANARY}-env")),
        _ => None,
    };
    config::parse(text, file, &World { base: Path::new("/etc/notafter"), env: &env, read_file: &read_file })
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    match path.file_name().and_then(|name| name.to_str()) {
        Some("relay-password" | "cname-api-key") => Ok(format!("{CANARY}-file\r\n").into_bytes()),
        Some("hook-url") => Ok(format!("http://hooks.example.com/{CANARY}\n").into_bytes()),
        Some("hook.json") => Ok(b"{ \"text\": {{ subject }} }".to_vec()),
        Some("broken-hook.json") => Ok(b"{\n  \"text\": \"{{ subject }}\"\n}\n".to_vec()),
        Some("signing-secret") => Ok(b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n".to_vec()),
        Some("routing-key") => Ok(format!("{CANARY}0123456789abcdef0123456789").into_bytes()),
        Some("empty") => Ok(b"\n".to_vec()),
        Some("client.pem") => Ok(client().chain_pem().into_bytes()),
        Some("client.key") => Ok(client().key_pem().into_bytes()),
        Some("log_list.json") => Ok(log_list().into_bytes()),
        Some("subject.jinja") => Ok(b"{{ sections[0].heading }}: {{ tag }}\n".to_vec()),
        Some("mail.jinja") => Ok(b"{{ footer|wrap(\"\", \"\") }}\n".to_vec()),
        Some("mail.html") => Ok(b"<p>{{ sections[0].summary }}</p>\n{{ sections[0].status_url or \"\" }}\n".to_vec()),
        Some("bad_subject.jinja") => Ok(b"{{ tag }}\n{{ subject }}\n".to_vec()),
        Some("bad_mail.html") => Ok(b"<p>{{ intr }}</p>\n<p>{{ foter }}</p>\n".to_vec()),
        Some("distrust.txt") => Ok(b"# nobody yet\n".to_vec()),
        Some("roots.pem" | "other-roots.pem" | "intermediates.pem") => Ok(certificate().into_bytes()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    }
}

/// The one client certificate of the test world.
fn client() -> &'static Issued {
    static CLIENT: OnceLock<Issued> = OnceLock::new();
    let spec = LeafSpec::new("notafter", 1_790_000_000, 1_800_000_000);
    CLIENT.get_or_init(|| self_signed(&spec).expect("a client certificate"))
}

fn log_list() -> String {
    let log = Log::new("a log").expect("a log").listed("usable", "2026-01-01T00:00:00Z");
    logs::list("2026-11-01T00:00:00Z", &[("an operator", vec![log], vec![])])
}

fn certificate() -> String {
    rcgen::generate_simple_self_signed(["example.com".to_owned()]).expect("a certificate").cert.pem()
}
