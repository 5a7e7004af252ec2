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
    /// List the profiles, each with its app and user; the one that is used by default has a *
    List,
    /// Use a profile by default
    Use {
        /// The profile
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
    },
    /// Rename a profile; its login and linked files come along
    Rename {
        /// Its present name
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
        /// Its new name
        #[arg(value_name = "NEW", value_parser = name::<ProfileName>)]
        to: ProfileName,
    },
    /// Remove a profile and delete its login on this machine
    Remove {
        /// The profile
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Give a login that has no profile one
    Attach {
        /// The profile; one that is not there is made
        #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>)]
        of: ProfileName,
        /// The login, by the id that `list` shows; may be left out if only one has no profile
        #[arg(value_name = "ID")]
        login: Option<String>,
        /// Let the profile become the login of another user
        #[arg(long)]
        replace_user: bool,
    },
}
