//! Pages made at the sandbox's provider.

mod compare;
mod doubt;
mod import;
mod killed;
mod update;
mod whole;
mod world;
