//! What stands around the engine on a desktop: files that show a login, stores of other tools, the old script's file.
//!
//! Enters: files, and a [`Keeper`](tokenward_keeper::Keeper) whose logins they show. Leaves: files in step with the store
//! ([`links::LinksAround`] is told by the engine before and after), logins taken over, and a word about each. Whatever is wrong with a
//! file fails no rotation (I7). A crash leaves a file that is old or new as a whole; whoever looks next delivers again (I5).

mod environment_snapshot;
pub mod links;
mod script_refresh;
pub mod secret_parsing;
pub mod stores;

pub use environment_snapshot::{Desktop, Environment};
pub use script_refresh::{ScriptRefresh, ScriptTokens, is_of_a_script, is_script_login, script_file};
