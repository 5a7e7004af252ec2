//! `doctor`.

use clap::Args;
use tokenward_core::ProfileName;

use super::values::name;

/// `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Profile to check; default: the current profile, plus a line for each other profile that needs attention
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>, conflicts_with = "profile")]
    pub(crate) of: Option<ProfileName>,
    /// Check every profile in full
    #[arg(long, conflicts_with_all = ["of", "profile"])]
    pub(crate) all: bool,
    /// Also ask the provider, without a refresh: whether it accepts the app and the access token, and its time
    #[arg(long)]
    pub(crate) online: bool,
}
