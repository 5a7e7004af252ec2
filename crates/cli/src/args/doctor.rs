//! `doctor`.

use clap::Args;
use tokenward_core::ProfileName;

use super::values::name;

/// `doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The profile to look at; otherwise the selected one, with a line for each other one that needs attention
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>, conflicts_with = "profile")]
    pub(crate) of: Option<ProfileName>,
    /// Look at every profile in full
    #[arg(long, conflicts_with_all = ["of", "profile"])]
    pub(crate) all: bool,
    /// Also ask the provider what costs nothing: whether it accepts the app and the access token, and what time it is there
    #[arg(long)]
    pub(crate) online: bool,
}
