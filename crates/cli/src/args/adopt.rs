//! `adopt`: a login that stands in a file or in another tool's store.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::Offset;
use tokenward::stores::Tool;
use tokenward_core::Brand;

use super::given::TokenSource;
use super::link::PlaceFlags;
use super::values::{BadValue, brand};

/// `adopt`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Adopt {
    /// A file with tokens, another tool's store, or - for a token JSON on stdin; without it, what is found here is shown
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<PathBuf>,
    /// The tool whose store it is; without SOURCE, the store found on this machine
    #[arg(long, value_name = "auto|lark-mcp|lark-cli|oidc-agent|token-json", value_enum, default_value_t = From::Auto, hide_possible_values = true)]
    pub(crate) from: From,
    /// Which login, where the store has several: a part of its app id, user or place
    #[arg(long, value_name = "TEXT")]
    pub(crate) account: Option<String>,
    /// A file with the key that opens the store
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// A login of this vault that has no profile, by the id that `list` shows: the profile of -p points at it
    #[arg(long, value_name = "ID", conflicts_with_all = ["source", "from", "account", "key_file", "no_link", "undo", "server", "bkoauth"])]
    pub(crate) login: Option<String>,
    /// Let the profile become the login of another user
    #[arg(long)]
    pub(crate) replace_user: bool,
    /// Take the login over once, and do not keep the file in step
    #[arg(long)]
    pub(crate) no_link: bool,
    /// Take over the table of a Django program with bkoauth: a SQLite file, an address in @FILE, or - for a line of stdin
    #[arg(long, value_name = "DATABASE", conflicts_with_all = ["source", "from", "account", "key_file", "no_link", "undo", "server"])]
    pub(crate) bkoauth: Option<TokenSource>,
    /// Do not ask the token service whose each of these tokens is
    #[arg(long, requires = "bkoauth")]
    pub(crate) offline: bool,
    /// What times without a zone in that table are written in, such as +08:00; UTC where Django's USE_TZ is on
    #[arg(long, value_name = "OFFSET", requires = "bkoauth", value_parser = offset, allow_hyphen_values = true)]
    pub(crate) utc_offset: Option<Offset>,
    /// Show what would become of each row of that table, and change nothing
    #[arg(long, requires = "bkoauth", conflicts_with = "yes")]
    pub(crate) dry_run: bool,
    /// Take back the login that the last adoption replaced
    #[arg(long, conflicts_with_all = ["source", "from", "account", "key_file", "no_link", "server"])]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) at: PlaceFlags,
    /// The MCP server whose token is meant, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// The brand of the app in the source, where that has to be set up: feishu or lark
    #[arg(long, value_name = "BRAND", value_parser = brand)]
    pub(crate) provider: Option<Brand>,
    /// Do not ask
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
