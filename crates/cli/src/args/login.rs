//! The arguments of `login`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokenward_core::{AppName, Brand};

use super::link::{InsistFlags, PlaceFlags};
use super::profile::OfProfile;
use super::scope_preset::Purpose;
use super::values::{brand, name, port, some_time};

/// `login`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Login {
    #[command(flatten)]
    pub(crate) of: OfProfile,
    /// App of a new profile; an existing profile keeps its app
    #[arg(long, value_name = "NAME", value_parser = name::<AppName>)]
    pub(crate) app: Option<AppName>,
    /// Scope to request in addition to the app's; repeatable, separated by spaces or commas
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Request the scopes for this purpose, at Feishu and Lark; repeatable
    #[arg(long = "for", value_name = "wiki|docs|im|mcp", value_enum, hide_possible_values = true)]
    pub(crate) purpose: Vec<Purpose>,
    /// Paste the final address from the browser, instead of waiting for the callback
    #[arg(long, conflicts_with_all = ["device", "no_browser", "port"])]
    pub(crate) paste: bool,
    /// Show a code to enter on another device
    #[arg(long, conflicts_with_all = ["no_browser", "port"])]
    pub(crate) device: bool,
    /// Print only the authorization URL on stdout and wait; do not open a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Also show the URL as a QR code
    #[arg(long)]
    pub(crate) qr: bool,
    /// Local port for the callback; the redirect URL with it must be registered
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) port: Option<u16>,
    /// How long to wait for the login
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = some_time)]
    pub(crate) timeout: Duration,
    /// Show the consent page even where the provider would skip it
    #[arg(long)]
    pub(crate) force_consent: bool,
    /// Allow the profile to switch to another user
    #[arg(long, conflicts_with_all = ["cookie_stdin", "cookie_file"])]
    pub(crate) replace_user: bool,
    /// BlueKing: read the user's login cookie from stdin: its value, or a whole Cookie header
    #[arg(long, conflicts_with_all = ["paste", "device", "no_browser", "qr", "port", "env_file"])]
    pub(crate) cookie_stdin: bool,
    /// BlueKing: read the user's login cookie from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cookie_stdin", "paste", "device", "no_browser", "qr", "port", "env_file"])]
    pub(crate) cookie_file: Option<PathBuf>,
    /// Read the app from this file (FEISHU_APP_ID, FEISHU_APP_SECRET), write the tokens to it and keep them in sync
    #[arg(long, value_name = "FILE", conflicts_with = "app")]
    pub(crate) env_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: PlaceFlags,
    #[command(flatten)]
    pub(crate) insists: InsistFlags,
    /// Overwrite the other user's login in the file (the vault keeps it); --replace-user does so too
    #[arg(long, requires = "env_file")]
    pub(crate) write_over: bool,
    /// Platform of the app in the file, if the app is not set up yet: feishu or lark
    #[arg(long, value_name = "BRAND", value_parser = brand, requires = "env_file")]
    pub(crate) provider: Option<Brand>,
}
