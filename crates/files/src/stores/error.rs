//! Why a login cannot be read, in sentences that say what to do instead. None holds a part of what was read (I4).

use std::path::PathBuf;

use thiserror::Error;
use tokenward_core::{BadSecret, Code};

use super::tool::Tool;
use crate::links::DocumentError;

/// Why a tool's store gives no login.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The system's no.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// It is no file, or larger than any store of tokens.
    #[error("{} is {what}", path.display())]
    NotAStore {
        /// The path.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The store is sealed, and its key is in the keyring of the desktop.
    #[error("{} is encrypted, and its key is in the keyring ({reason}); this command prints the key: {command}", path.display())]
    NeedsKey {
        /// The store.
        path: PathBuf,
        /// Why the keyring was of no help.
        reason: String,
        /// What prints the key, which then is handed in.
        command: String,
    },
    /// The key that opens the store is missing beside it.
    #[error("{} cannot be opened: there is no {key} beside it, and {tool} cannot open it either; log in again", path.display())]
    KeyGone {
        /// The tool.
        tool: Tool,
        /// The store.
        path: PathBuf,
        /// The key's file name.
        key: &'static str,
    },
    /// The key is no key.
    #[error("the key is not one of {tool}: {form} belongs here")]
    BadKey {
        /// The tool.
        tool: Tool,
        /// What a key looks like.
        form: &'static str,
    },
    /// The key does not open it.
    #[error("{} does not open: the key is another one's, or the file is damaged", path.display())]
    WrongKey {
        /// The store.
        path: PathBuf,
    },
    /// The account is sealed under a password that only its owner knows.
    #[error("{} is encrypted with a password; pipe what this command prints into the standard input: {command}", path.display())]
    NeedsPassword {
        /// The account's file.
        path: PathBuf,
        /// What asks for the password and prints the account.
        command: String,
    },
    /// What was read does not have the tool's form.
    #[error("this is not as {tool} writes it: {reason}")]
    Malformed {
        /// The tool.
        tool: Tool,
        /// What is wrong, with its position where there is one.
        reason: String,
    },
    /// What was read is no JSON.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A saved answer that brought no tokens but a refusal.
    #[error("this is a provider's refusal (code {code}), not a login")]
    Refusal {
        /// The provider's code.
        code: i64,
    },
    /// Nothing in it is a token.
    #[error("there is no token in it")]
    NoToken,
    /// There are several logins where one was asked for.
    #[error("the source contains several logins: {accounts}")]
    Several {
        /// The words that tell them apart.
        accounts: String,
    },
    /// A token that is none.
    #[error("{what} is no token: {reason}")]
    BadToken {
        /// The name it stands under.
        what: String,
        /// Why.
        reason: BadSecret,
    },
    /// The tool has no login.
    #[error("{tool} holds no login in {}", path.display())]
    Empty {
        /// The tool.
        tool: Tool,
        /// Where was looked.
        path: PathBuf,
    },
}

impl StoreError {
    /// The stable code.
    pub const fn code(&self) -> Code {
        match self {
            Self::Io { .. }
            | Self::NotAStore { .. }
            | Self::Malformed { .. }
            | Self::Document(_)
            | Self::BadToken { .. } => Code::StoreUnreadable,
            Self::NeedsKey { .. } | Self::BadKey { .. } | Self::WrongKey { .. } => Code::StoreKey,
            Self::NeedsPassword { .. } => Code::StorePassword,
            Self::Empty { .. } | Self::NoToken | Self::Refusal { .. } => Code::StoreEmpty,
            Self::Several { .. } => Code::StoreSeveral,
            Self::KeyGone { .. } => Code::StoreKeyGone,
        }
    }
}

/// The position of a fault alone: serde's own sentence may quote a value.
pub(super) fn json_fault(tool: Tool, error: &serde_json::Error) -> StoreError {
    let what = match error.classify() {
        serde_json::error::Category::Data => "a value of another kind",
        serde_json::error::Category::Eof => "it ends too early",
        _ => "it is no JSON",
    };
    StoreError::Malformed { tool, reason: format!("{what} (line {}, column {})", error.line(), error.column()) }
}
