//! The tests over real servers, in one binary.

mod config;
mod docs;
mod servers;
