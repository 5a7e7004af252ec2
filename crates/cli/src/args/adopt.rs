//! `adopt`: a login that stands in a file or in another tool's store.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::Offset;
use tokenward::stores::Tool;
use tokenward_core::Brand;

use super::link::PlaceFlags;
use super::token_source::TokenSource;
use super::values::{BadValue, brand};

/// `adopt`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Adopt {
    /// File with tokens, another tool's store, or - for a token JSON on stdin; without it, the logins found on this machine are listed
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<PathBuf>,
    /// Tool the store belongs to; without SOURCE, its store on this machine
    #[arg(long, value_name = "auto|lark-mcp|lark-cli|oidc-agent|token-json", value_enum, default_value_t = From::Auto, hide_possible_values = true)]
    pub(crate) from: From,
    /// Login to import, if the store has several: part of its app id, user or place
    #[arg(long, value_name = "TEXT")]
    pub(crate) account: Option<String>,
    /// File with the key of the store
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Login of this vault without a profile, by its id from `list`; the profile of -p then uses it
    #[arg(long, value_name = "ID", conflicts_with_all = ["source", "from", "account", "key_file", "no_link", "undo", "server", "bkoauth"])]
    pub(crate) login: Option<String>,
    /// Allow the profile to switch to another user
    #[arg(long)]
    pub(crate) replace_user: bool,
    /// Import the login once, and do not keep the file in sync
    #[arg(long)]
    pub(crate) no_link: bool,
    /// Import the bkoauth table of a Django program: a SQLite file, a database URL in @FILE, or - for a line of stdin
    #[arg(long, value_name = "DATABASE", conflicts_with_all = ["source", "from", "account", "key_file", "no_link", "undo", "server"])]
    pub(crate) bkoauth: Option<TokenSource>,
    /// Do not ask the token service which user each token belongs to
    #[arg(long, requires = "bkoauth")]
    pub(crate) offline: bool,
    /// UTC offset of times without a zone in that table, such as +08:00; UTC if Django's USE_TZ is on
    #[arg(long, value_name = "OFFSET", requires = "bkoauth", value_parser = offset, allow_hyphen_values = true)]
    pub(crate) utc_offset: Option<Offset>,
    /// Show what would happen to each row of that table, and change nothing
    #[arg(long, requires = "bkoauth", conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Undo the last import: restore the login that it replaced
    #[arg(long, conflicts_with_all = ["source", "from", "account", "key_file", "no_link", "server"])]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) at: PlaceFlags,
    /// MCP server, if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Platform of the app in the source, if the app is not set up yet: feishu or lark
    #[arg(long, value_name = "BRAND", value_parser = brand)]
    pub(crate) provider: Option<Brand>,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
}

/// Reads `+08:00`, `-03:30`, `8`.
fn offset(text: &str) -> Result<Offset, BadValue> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let number = |text: &str| text.parse::<i32>().ok().filter(|number| (0..60).contains(number));
    let seconds = number(hours).zip(number(minutes)).map(|(hours, minutes)| sign * (hours * 3600 + minutes * 60));
    seconds.and_then(|seconds| Offset::from_seconds(seconds).ok()).ok_or(BadValue::Offset)
}

/// Whose store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum From {
    /// Find out
    Auto,
    /// The MCP server of the platform
    LarkMcp,
    /// The command line of the platform
    LarkCli,
    /// oidc-agent
    OidcAgent,
    /// A token file
    TokenJson,
}

impl From {
    /// The tool, if one is named.
    pub(crate) const fn tool(self) -> Option<Tool> {
        match self {
            Self::Auto => None,
            Self::LarkMcp => Some(Tool::LarkMcp),
            Self::LarkCli => Some(Tool::LarkCli),
            Self::OidcAgent => Some(Tool::OidcAgent),
            Self::TokenJson => Some(Tool::TokenFile),
        }
    }
}
