//! The command as people and programs meet it: the true binary, as child processes, against the sandbox provider.

#![expect(clippy::disallowed_methods, reason = "tests wait for other processes by the real clock")]

mod callback;
mod crash;
mod demo;
mod exec;
mod exits;
mod help;
mod languages;
mod logins;
mod mistakes;
mod old_script;
mod race;
mod secrets;
mod signals;
mod stand;
mod tokens;
mod vault;
mod world;
