//! The configuration file: every mistake with its place, every key with its meaning, no secret ever repeated.

mod fixtures;
mod meaning;
mod mistakes;
mod schema;
mod secrets;
