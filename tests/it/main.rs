//! The tests over real servers, in one binary.

mod arrows;
mod caa;
mod certificates;
mod check;
mod check_addresses;
mod check_auth0;
mod check_config;
mod check_nagios;
mod check_resources;
mod check_text;
mod config;
mod corpora;
mod daemon;
mod dashboards;
mod demo;
mod dns;
mod docs;
mod explain;
mod inspect;
mod keeper;
mod names;
mod page;
mod records;
mod servers;
mod stage;
mod trust;
