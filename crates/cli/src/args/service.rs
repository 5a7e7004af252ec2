//! The arguments of `service`.

use clap::{Args, Subcommand};
use tokenward_core::ProfileName;

use super::values::name;

/// `service …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Run `watch` as a user service, now and whenever you log in to this machine
    Install(ServiceInstall),
    /// Show whether the service is installed and running
    Status,
    /// Stop the service and delete its file
    Remove,
}

/// `service install`.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServiceInstall {
    /// Profiles to follow; default: all that have linked files
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
    pub(crate) profiles: Vec<ProfileName>,
    /// Program that `watch` runs when a login needs your attention, as in `watch --on-trouble`
    #[arg(long, value_name = "CMD")]
    pub(crate) on_trouble: Option<String>,
    /// Show no desktop notifications
    #[arg(long)]
    pub(crate) no_notify: bool,
}
