//! Logins that other tools keep, as far as they can be read.
//!
//! Enters: the environment, a path or bytes, and a key where one is needed. Leaves: what is there ([`find`]), and the logins in
//! it ([`FoundLogin`]); who adopts them decides with the vault. Nothing is written: no store of another tool is touched.
//!
//! | Tool | Where | Readable |
//! |---|---|---|
//! | `lark-mcp` 0.5 | `lark-mcp-nodejs/storage.json` in the data folder, AES-256-CBC | with the key from the desktop's keyring |
//! | `lark-cli` 1.0 | `lark-cli/*.enc` in the data folder, AES-256-GCM | with the key file beside them; on macOS, with the keychain's |
//! | `oidc-agent` 5 | a file per account in its folder, sealed under a password | printed by `oidc-add --print`, which asks for the password |
//! | `bkoauth` 0.1 | the table `bkoauth_access_token` of a Django program's database | `SQLite`; in builds with them, `PostgreSQL` and `MySQL` ([`adopt_bkoauth`]) |
//! | any other | `token.json` | as it is |
//!
//! Promises kept here: tokens leave only in the types of [`tokenward_core`] that do not show them (I4); no error holds a part of
//! what was read, for half a token may be in it; reading spends nothing (I8). Sources: the tools' public repositories and
//! packages, read 2026-11.

mod bkoauth;
mod error;
mod file;
mod find;
mod keyring;
mod lark_cli;
mod lark_mcp;
mod login;
mod oidc_agent;
mod token_json;
mod tool;
mod wiped_text;

pub use bkoauth::{
    BkoauthError, BkoauthFate, BkoauthOptions, BkoauthPlan, BkoauthReport, BkoauthRow, BkoauthSource, BkoauthTaken,
    ServerKind, adopt_bkoauth, database_error, read_bkoauth,
};
pub use error::StoreError;
pub use find::{FoundStore, Means, Needs, find, read};
#[cfg(feature = "keyring")]
pub use keyring::DesktopKeys;
pub use keyring::ToolKeyring;
pub use login::FoundLogin;
pub use token_json::token_json;
pub use tool::{Forget, Logout, Renewal, Tool, TwoOwners};
