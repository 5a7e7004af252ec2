//! `profile …`, and a profile as a word of its own.

use clap::{Args, Subcommand};
use tokenward_core::ProfileName;

use super::values::name;

/// A profile as the last word of a command.
#[derive(Debug, Default, Args)]
pub(crate) struct OfProfile {
    /// The profile to use, as with -p
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>, conflicts_with = "profile")]
    pub(crate) of: Option<ProfileName>,
}

/// `profile …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// List the profiles, each with its app and user; the default is marked with *
    List,
    /// Use a profile by default
    Use {
        /// The profile
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
    },
    /// Rename a profile; its login and linked files are kept
    Rename {
        /// Current name
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
        /// New name
        #[arg(value_name = "NEW", value_parser = name::<ProfileName>)]
        to: ProfileName,
    },
    /// Remove a profile and delete its login on this machine
    Remove {
        /// The profile
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
        /// Also remove its app and the app's secret, if no other profile uses it
        #[arg(long)]
        with_app: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Assign a profile to a login that has none
    Attach {
        /// Profile to assign; created if it does not exist
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
        /// Id of the login, as shown by `list`; optional if only one login has no profile
        #[arg(value_name = "ID")]
        login: Option<String>,
        /// Allow the profile to switch to another user
        #[arg(long)]
        replace_user: bool,
    },
}
