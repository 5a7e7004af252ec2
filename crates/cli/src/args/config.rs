//! `config …`.

use clap::Subcommand;

/// `config …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print the value of a key
    Get {
        /// The key, such as default_profile or apps.NAME.app_id
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// Set a key, after checking the value; comments stay
    Set {
        /// The key, such as default_profile or profiles.NAME.scopes
        #[arg(value_name = "KEY")]
        key: String,
        /// Its value; lists are separated by spaces, tables written as KEY=VALUE
        #[arg(value_name = "VALUE")]
        value: String,
    },
    /// Take a key out of the file, so that its default holds again; comments stay
    Unset {
        /// The key, such as apps.NAME.secret_file or profiles.NAME.scopes
        #[arg(value_name = "KEY")]
        key: String,
    },
    /// List what is set, and where
    List,
    /// Edit config.toml in your editor (VISUAL, EDITOR); it is checked before it is replaced
    Edit,
    /// Print where config.toml is
    Path,
}
