//! The command as people and programs meet it: the true binary, as child processes, against the sandbox provider.

#![expect(clippy::disallowed_methods, reason = "tests wait for other processes by the real clock")]

mod api;
mod apps;
mod callback;
mod crash;
mod demo;
mod disks;
mod doctor;
mod dumps;
mod exec;
mod exits;
mod faults;
mod fields;
mod help;
mod languages;
mod logins;
mod mistakes;
mod old_script;
mod race;
mod secrets;
mod signals;
mod slow;
mod stand;
mod terminal;
mod tokens;
mod vault;
mod wiki;
mod world;
