//! `link`, `unlink`, `links`, `watch`: files that are kept in step with a login.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tokenward_core::{Brand, ProfileName, Terms};

use super::values::{brand, name};

/// `link`.
#[derive(Debug, Args)]
pub(crate) struct Link {
    /// File: .env, .properties, fish, ini, JSON (MCP settings too), TOML or YAML
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) at: PlaceFlags,
    /// MCP server, if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Create the file if it does not exist (mode 0600), and replace placeholders with tokens
    #[arg(long)]
    pub(crate) create: bool,
    #[command(flatten)]
    pub(crate) insists: InsistFlags,
    /// Allow the profile to switch to another user, if the file holds that user's login
    #[arg(long)]
    pub(crate) replace_user: bool,
    /// Overwrite another user's login in the file with the profile's (the vault keeps the other)
    #[arg(long, conflicts_with = "replace_user")]
    pub(crate) write_over: bool,
    /// Platform of the app in the file, if the app is not set up yet: feishu or lark
    #[arg(long, value_name = "BRAND", value_parser = brand)]
    pub(crate) provider: Option<Brand>,
}

/// What a person insists on, against what is refused by itself.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct InsistFlags {
    /// Write to the file even though others can write to its folder and could get your tokens
    #[arg(long)]
    pub(crate) shared_folder: bool,
    /// Write to the file even though others can read it
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
    /// File format: ini, env, properties, fish, json, toml or yaml; default: by name or content
    #[arg(long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    pub(crate) format: Option<FileFormat>,
    /// Place of the access token: NAME (.env, fish), key (.properties), section.key (ini), a.b.c (JSON, TOML, YAML)
    #[arg(long, value_name = "PLACE")]
    pub(crate) access: Option<String>,
    /// Place of the refresh token, in the same notation
    #[arg(long, value_name = "PLACE")]
    pub(crate) refresh: Option<String>,
    /// Place of the App ID, in the same notation
    #[arg(long, value_name = "PLACE")]
    pub(crate) app_id_at: Option<String>,
    /// Place of the App Secret, in the same notation
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
    /// Keys of a Java program
    Properties,
    /// Settings of the fish shell
    Fish,
    /// JSON, with comments too
    Json,
    /// TOML
    Toml,
    /// YAML
    Yaml,
}

impl From<FileFormat> for tokenward_core::Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Ini => Self::Ini,
            FileFormat::Env => Self::Dotenv,
            FileFormat::Properties => Self::Properties,
            FileFormat::Fish => Self::Fish,
            FileFormat::Json => Self::Json,
            FileFormat::Toml => Self::Toml,
            FileFormat::Yaml => Self::Yaml,
        }
    }
}

/// `unlink`.
#[derive(Debug, Args)]
pub(crate) struct Unlink {
    /// File
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// MCP server whose link to remove, if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) server: Option<String>,
    /// Place of the access token whose link to remove, as `links` shows it, if the file has several
    #[arg(long, value_name = "PLACE")]
    pub(crate) access: Option<String>,
    /// Place of the refresh token whose link to remove
    #[arg(long, value_name = "PLACE")]
    pub(crate) refresh: Option<String>,
    /// Remove all links of the file, whichever profiles they belong to
    #[arg(long, conflicts_with_all = ["server", "access", "refresh"])]
    pub(crate) all: bool,
}

/// `links`.
#[derive(Debug, Args)]
pub(crate) struct Links {
    /// Show only the links of this file
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// `watch`.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Profiles to follow (default: all that have links)
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
    pub(crate) profiles: Vec<ProfileName>,
    /// Run this program when a login needs your attention, or soon will; TOKENWARD_TROUBLE_PROFILE, _USER, _CODE and _TEXT tell it what happened (TOKENWARD_ON_TROUBLE)
    #[arg(long, value_name = "CMD")]
    pub(crate) on_trouble: Option<String>,
    /// Also show this as desktop notifications
    #[arg(long)]
    pub(crate) notify: bool,
}
