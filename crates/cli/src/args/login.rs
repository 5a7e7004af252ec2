//! The arguments of `login`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokenward_core::{AppName, Brand};

use super::link::{InsistFlags, PlaceFlags};
use super::values::{brand, duration, name, port};

/// `login`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Login {
    /// The app that a new profile belongs to; a profile that is there knows its own
    #[arg(long, value_name = "NAME", value_parser = name::<AppName>)]
    pub(crate) app: Option<AppName>,
    /// Scope to ask for besides the app's; repeatable, separated by spaces or commas
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Paste the address the browser ended at, instead of waiting for it here
    #[arg(long, conflicts_with_all = ["device", "no_browser", "port"])]
    pub(crate) paste: bool,
    /// Show a code to be typed on another device
    #[arg(long, conflicts_with_all = ["no_browser", "port"])]
    pub(crate) device: bool,
    /// Print the authorization URL alone on stdout and wait; open nothing
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// Also show the address as a QR code
    #[arg(long)]
    pub(crate) qr: bool,
    /// Port of the callback on this machine; must be part of a registered redirect URL
    #[arg(long, value_name = "PORT", value_parser = port)]
    pub(crate) port: Option<u16>,
    /// How long to wait for the person
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Show the consent page even where the provider would skip it
    #[arg(long)]
    pub(crate) force_consent: bool,
    /// Let the profile become the login of another user
    #[arg(long, conflicts_with_all = ["cookie_stdin", "cookie_file"])]
    pub(crate) replace_user: bool,
    /// BlueKing: read the user's login cookie from stdin; its value, or a whole Cookie line
    #[arg(long, conflicts_with_all = ["paste", "device", "no_browser", "qr", "port", "env_file"])]
    pub(crate) cookie_stdin: bool,
    /// BlueKing: read the user's login cookie from a file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["cookie_stdin", "paste", "device", "no_browser", "qr", "port", "env_file"])]
    pub(crate) cookie_file: Option<PathBuf>,
    /// Take the app from this file (FEISHU_APP_ID, FEISHU_APP_SECRET), write the tokens into it and keep them in step
    #[arg(long, value_name = "FILE", conflicts_with = "app")]
    pub(crate) env_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) at: PlaceFlags,
    #[command(flatten)]
    pub(crate) insists: InsistFlags,
    /// Let the file show this login although it shows somebody else's, which is kept; --replace-user says so too
    #[arg(long, requires = "env_file")]
    pub(crate) write_over: bool,
    /// The brand of the app in the file, where that has to be set up: feishu or lark
    #[arg(long, value_name = "BRAND", value_parser = brand, requires = "env_file")]
    pub(crate) provider: Option<Brand>,
}
