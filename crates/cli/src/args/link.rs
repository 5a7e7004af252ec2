//! `link`, `unlink`, `links`, `watch`: files that are kept in step with a login.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tokenward_core::{Brand, ProfileName, Terms};

use super::values::{brand, name};

/// `link`.
#[derive(Debug, Args)]
pub(crate) struct Link {
    /// The file: .env, ini, JSON (MCP settings too) or TOML
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) at: PlaceFlags,
    /// The MCP server whose token is meant, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Make the file if it is not there (mode 0600), and replace placeholders in the tokens' places
    #[arg(long)]
    pub(crate) create: bool,
    #[command(flatten)]
    pub(crate) insists: InsistFlags,
    /// Let the profile become the login of another user, if the file holds one
    #[arg(long)]
    pub(crate) replace_user: bool,
    /// Let the file show the profile's login although it shows somebody else's, which is kept
    #[arg(long, conflicts_with = "replace_user")]
    pub(crate) write_over: bool,
    /// The brand of the app in the file, where that has to be set up: feishu or lark
    #[arg(long, value_name = "BRAND", value_parser = brand)]
    pub(crate) provider: Option<Brand>,
}

/// What a person insists on, against what is refused by itself.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct InsistFlags {
    /// Write into the file although others can write its folder, and could so have your tokens
    #[arg(long)]
    pub(crate) shared_folder: bool,
    /// Write into the file although others can read it
    #[arg(long)]
    pub(crate) open_to_others: bool,
}

impl InsistFlags {
    /// What a link is made with.
    pub(crate) fn terms(self) -> Terms {
        Terms { shared_folder: self.shared_folder, open_to_others: self.open_to_others, widest: None }
    }
}

/// Where the tokens stand in a file. Without any of it the usual names are looked for.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlaceFlags {
    /// How the file is written; otherwise its name or content tells
    #[arg(long, value_name = "ini|env|json|toml", value_enum, hide_possible_values = true)]
    pub(crate) format: Option<FileFormat>,
    /// Where the access token stands: NAME (.env), section.key (ini), a.b.c (JSON, TOML)
    #[arg(long, value_name = "PLACE")]
    pub(crate) access: Option<String>,
    /// Where the refresh token stands, in the same notation
    #[arg(long, value_name = "PLACE")]
    pub(crate) refresh: Option<String>,
    /// Where the app's id stands, in the same notation
    #[arg(long, value_name = "PLACE")]
    pub(crate) app_id_at: Option<String>,
    /// Where the app's secret stands, in the same notation
    #[arg(long, value_name = "PLACE")]
    pub(crate) app_secret_at: Option<String>,
}

impl PlaceFlags {
    /// Whether a flag said anything.
    pub(crate) fn says_anything(&self) -> bool {
        let places = [&self.access, &self.refresh, &self.app_id_at, &self.app_secret_at];
        self.format.is_some() || places.into_iter().any(Option::is_some)
    }
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Sections with keys
    Ini,
    /// Variables, a line each
    Env,
    /// JSON, with comments too
    Json,
    /// TOML
    Toml,
}

impl From<FileFormat> for tokenward_core::Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Ini => Self::Ini,
            FileFormat::Env => Self::Dotenv,
            FileFormat::Json => Self::Json,
            FileFormat::Toml => Self::Toml,
        }
    }
}

/// `unlink`.
#[derive(Debug, Args)]
pub(crate) struct Unlink {
    /// The file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The MCP server whose link is meant, where the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// End every link of the file, where it has several
    #[arg(long, conflicts_with = "server")]
    pub(crate) all: bool,
}

/// `links`.
#[derive(Debug, Args)]
pub(crate) struct Links {
    /// Only the links of this file
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// `watch`.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// The profiles to follow; otherwise all that have links
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
    pub(crate) profiles: Vec<ProfileName>,
}
