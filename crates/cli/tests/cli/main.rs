//! The command as people and programs meet it: the true binary, as child processes, against the sandbox provider.

#![expect(clippy::disallowed_methods, reason = "tests wait for other processes by the real clock")]

mod adopt;
mod answers;
mod api;
mod apps;
mod bkoauth;
mod blueking;
mod callback;
mod crash;
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod database_server;
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod databases;
mod demo;
mod desk;
mod device_code;
mod disks;
mod doctor;
mod dumps;
mod ends;
mod env_file;
mod exec;
mod exits;
mod failing;
mod faults;
mod fields;
mod filter;
mod gives_way;
mod help;
mod identity;
mod languages;
mod limits;
mod link_files;
mod links;
mod logins;
mod many_users;
mod misplaced;
mod mistakes;
mod network;
mod oauth2;
mod old_script;
mod over;
mod places;
mod platform_secrets;
mod prefixes;
mod project;
mod proxy;
mod race;
mod secrets;
mod shared_files;
mod signals;
mod slow;
mod stand;
mod stand_ins;
mod strangers;
mod terminal;
mod tokens;
mod twins;
mod vault;
mod washing;
mod watch;
mod whose_file;
mod wiki;
mod world;
