//! Pages made at the sandbox's provider.

mod compare;
mod doubt;
mod faults;
mod folder;
mod import;
mod killed;
mod limits;
mod update;
mod whole;
mod world;
