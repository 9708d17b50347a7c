//! Templates of the operator's own: read, and tried on every sample, so that a mistake is told now and not at night.

use crate::config::leaf::World;
use crate::config::mistake::Notes;
use crate::config::section::Section;
use crate::notify::{Links, Part, Stationery, Template};

/// More than any template needs; what is larger is another file.
const LARGEST: usize = 256 * 1024;

/// On what a receiver's mails are written. None if a template is bad, which has then been told.
pub(super) fn stationery(
    section: Option<&Section>,
    links: &Links,
    world: &World<'_>,
    notes: &mut Notes,
) -> Option<Stationery> {
    let plain = Stationery::new(links.clone());
    let Some(section) = section else { return Some(plain) };
    let templates: Vec<_> = Part::ALL.iter().filter_map(|part| template(section, *part, world, notes)).collect();
    let is_whole = Part::ALL.iter().filter(|part| section.has(part.as_str())).count() == templates.len();
    // Those that could be read are tried even if others could not.
    match plain.with_templates(templates) {
        Ok(stationery) => is_whole.then_some(stationery),
        Err(mistakes) => {
            for mistake in mistakes {
                let key = mistake.part.as_str();
                notes.mistake(section.place(key), &section.path_of(key), mistake.to_string(), mistake.mend);
            }
            None
        }
    }
}

fn template(section: &Section, part: Part, world: &World<'_>, notes: &mut Notes) -> Option<Template> {
    let key = part.as_str();
    let file = section.path(key)?;
    let mend =
        "name a template in UTF-8 that notafter's user may read; relative paths begin at the configuration's folder";
    let read = match (world.read_file)(&file) {
        Ok(bytes) if bytes.len() > LARGEST => Err(format!("{} has {} bytes, too many", file.display(), bytes.len())),
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8 text", file.display())),
        Err(reason) => Err(format!("cannot read {}: {reason}", file.display())),
    };
    match read {
        Ok(source) => Some(Template { part, file, source }),
        Err(message) => {
            notes.mistake(section.place(key), &section.path_of(key), message, mend);
            None
        }
    }
}
