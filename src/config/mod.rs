//! The file as written -> the settings as meant.
//!
//! [`load`] reads a file, [`parse`] a text. The result is either [`Settings`], which are built once and cannot be
//! contradictory, or every [`Mistake`] of the file at once, in the order of its lines. What may stand in the file
//! is described in one place; the parser, the JSON [`schema`] for editors and the [`reference`] page of the
//! documentation all come from it.
//!
//! A secret never stands in the file itself, and if it does, no message repeats it.

mod assemble;
mod grammar;
mod hiding;
mod leaf;
mod lives;
mod mistake;
mod reader;
mod roots;
mod section;
mod settings;
mod source;
mod syntax;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

pub use leaf::World;
pub use lives::{Lives, Origin, duration_text as lasting};
pub use mistake::Mistake;
pub use roots::TrustStores;
pub use settings::{Defaults, Heartbeat, Receiver, Route, Server, Settings, Sight, Store, Tenant, Trust, Watch};

use grammar::ROOT;
use mistake::{Draft, Notes};
use reader::Reader;
use source::Source;

/// Where a configuration file is looked for if none is named: the first of these that is there.
pub fn default_file() -> Option<PathBuf> {
    ["config/notafter.toml", "/etc/notafter/notafter.toml"].iter().map(PathBuf::from).find(|file| file.exists())
}

/// All mistakes of a file in one text, an empty line between two.
pub fn told_together(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

/// Where the daemon of this file listens, as far as the file says, whatever else is in it: who asks the daemon something
/// need not be able to read its secrets.
pub fn listen(path: &Path) -> Result<Option<SocketAddr>, String> {
    let text = std::fs::read_to_string(path).map_err(|reason| format!("{}: {reason}", path.display()))?;
    let file: toml::Table = toml::from_str(&text).map_err(|reason| format!("{}: {reason}", path.display()))?;
    let listen = file.get("server").and_then(|server| server.get("listen")?.as_str());
    let parsed = listen.map(|text| text.parse().map_err(|_| format!("{}: bad [server] listen", path.display())));
    parsed.transpose()
}

/// Reads a configuration file, and the files and environment variables it names.
pub fn load(path: &Path) -> Result<Settings, Vec<Mistake>> {
    let file = path.display().to_string();
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    let world = World { base, env: &|name| std::env::var(name).ok(), read_file: &|path| std::fs::read(path) };
    let bytes = std::fs::read(path).map_err(|reason| {
        let mend = "name a configuration file that exists and can be read: `--config FILE`";
        vec![Source::new(&file, "").mistake(Draft::whole(format!("cannot read it: {reason}"), mend.to_owned()))]
    })?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text, &file, &world),
        Err(reason) => {
            let (good, _) = bytes.split_at(reason.valid_up_to());
            Err(vec![not_utf8(&file, &String::from_utf8_lossy(good))])
        }
    }
}

/// Reads the text of a configuration file; `file` is what mistakes call it.
pub fn parse(text: &str, file: &str, world: &World<'_>) -> Result<Settings, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut source = Source::new(file, text);
    source.hide(hiding::in_tree(text, tree.get_ref()));
    let mut reader = Reader::new(world);
    let root = reader.section(&ROOT, tree.get_ref(), 0..0, "");
    source.hide(reader.hidden);
    let mut notes = reader.notes;
    if !errors.is_empty() {
        source.hide(hiding::in_text(text));
        return Err(told(&source, syntax::drafts(&errors, notes.mistakes, &source)));
    }
    let mut settings = assemble::settings(&root, &source, world, &mut notes);
    let Notes { mistakes, remarks } = notes;
    if !mistakes.is_empty() {
        return Err(told(&source, mistakes));
    }
    settings.remarks = told(&source, remarks);
    Ok(settings)
}

/// The JSON Schema (draft 2020-12) of the file, for editors.
pub fn schema() -> serde_json::Value {
    grammar::schema()
}

/// Every table and key of the file in Markdown, as `docs/configuration.md` holds it.
pub fn reference() -> String {
    grammar::reference()
}

/// The mistakes in the order of the file.
fn told(source: &Source<'_>, mut drafts: Vec<Draft>) -> Vec<Mistake> {
    drafts.sort_by_key(|draft| draft.span.as_ref().map_or((0, 0), |span| (span.start, span.end)));
    drafts.into_iter().map(|draft| source.mistake(draft)).collect()
}

fn not_utf8(file: &str, good: &str) -> Mistake {
    let mut source = Source::new(file, good);
    source.hide(hiding::in_text(good));
    let message = "a byte here is not UTF-8 text, which TOML must be".to_owned();
    source.mistake(Draft::at(good.len()..good.len(), "", message, "save the file as UTF-8".to_owned()))
}
