//! Looking: the only room that connects to what is watched. A failure is an observation, never an `Err`.

mod settings;

pub use settings::Settings;
