//! The command line as a tree of types.
//!
//! Enters: words. Leaves: a [`Cli`] whose values are checked as far as they can be without a file or the network.
//! No secret need ever be an argument (I4): other users of a machine can read them in the process list, and shells keep
//! them. Two flags of `refresh` take one all the same, because an older script's users type them so; it warns them. The English help is here, beside what it explains; the Chinese is in [`crate::words::chinese_help`].

#![expect(clippy::doc_markdown, reason = "these comments are the help on screen, where backticks would show")]

mod adopt;
mod api;
mod config;
mod doctor;
mod init;
mod link;
mod login;
mod path_check;
mod profile;
mod provider_choice;
mod proxy;
mod scope_preset;
mod serve;
mod service;
mod token_source;
mod values;
mod vault;
mod wiki;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use tokenward_core::{Brand, ProfileName, ProviderName, RedirectUri, TokenApi, UserName};
use url::Url;

use crate::words::Lang;

use values::{asked, brand, name, port, provider, redirect, token_api, url, user, variable};

pub(crate) use adopt::Adopt;
pub(crate) use api::Api;
pub(crate) use config::Config;
pub(crate) use doctor::Doctor;
pub(crate) use init::{Init, OF_BLUEKING, OF_FEISHU, OF_OAUTH2};
pub(crate) use link::{InsistFlags, Link, Links, PlaceFlags, Unlink, Watch};
pub(crate) use login::Login;
pub(crate) use path_check::{looks_like_file, named, with_names_of_files};
pub(crate) use profile::{OfProfile, Profile};
pub(crate) use provider_choice::ProviderChoice;
pub(crate) use proxy::Proxy;
pub(crate) use scope_preset::Purpose;
pub(crate) use serve::{Audit, AuditList, Key, KeyCreate, Serve, ServeCommand, StoreFrom};
pub(crate) use service::{Service, ServiceInstall};
pub(crate) use token_source::TokenSource;
pub(crate) use values::{Asked, BadValue, Identity, askable, codes_of, duration};
pub(crate) use vault::{BackupKeyFrom, KeptVaults, RestoreWish, Vault};
pub(crate) use wiki::{Wiki, WikiCreate, WikiPlace, WikiReading, WikiUpdate};

/// Keep OAuth logins alive: log in once; tokens are stored encrypted, refreshed for you and handed to your programs
#[derive(Debug, Parser)]
#[command(name = "tokenward", version, subcommand_required = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Profile to use (TOKENWARD_PROFILE)
    #[arg(short, long, global = true, value_name = "NAME", value_parser = name::<ProfileName>)]
    pub(crate) profile: Option<ProfileName>,
    /// User to act as, for BlueKing apps, which serve many users
    #[arg(long, global = true, value_name = "NAME", value_parser = user)]
    pub(crate) user: Option<UserName>,
    /// Folder for the configuration and the vault (TOKENWARD_HOME)
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// Print data as JSON on stdout, errors as JSON on stderr
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// UI language (TOKENWARD_LANG; by default from the locale)
    #[arg(long, global = true, value_name = "en|zh", value_enum, hide_possible_values = true)]
    pub(crate) lang: Option<Lang>,
    /// Show times in UTC instead of the local time zone
    #[arg(long, global = true)]
    pub(crate) utc: bool,
    /// Show more; -vv also shows internal steps, -vvv those of libraries too
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print only data and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// When to use color
    #[arg(long, global = true, value_name = "auto|always|never", value_enum, default_value_t = Colour::Auto, hide_possible_values = true)]
    pub(crate) color: Colour,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Set up an app: its id, secret and addresses
    Init(Box<Init>),
    /// Log in and store the tokens
    Login(Box<Login>),
    /// Print a valid access token
    Token(Token),
    /// Refresh the access token now, even if it is still valid
    Refresh(Refresh),
    /// Show the status of a login; does not refresh it
    Status(OfProfile),
    /// List all logins; does not refresh them
    List(OfProfile),
    /// Show who is logged in, and as which profile
    Whoami(OfProfile),
    /// Find out what is wrong and how to fix it; does not refresh
    Doctor(Doctor),
    /// Explain an error code (Tokenward's or a provider's) and how to fix the error
    Explain(Explain),
    /// Run a program with a token in its environment
    Exec(Exec),
    /// Keep a file that holds tokens in sync with a login
    Link(Box<Link>),
    /// Stop keeping a file in sync; the file is left as it is
    Unlink(Unlink),
    /// Show the status of linked files; changes nothing
    Links(Links),
    /// Import a login from a file or another tool; without a source, show what is found on this machine
    Adopt(Box<Adopt>),
    /// Keep linked files in sync and tokens refreshed, in the foreground until Ctrl-C
    Watch(Watch),
    /// Run `watch` as a user service
    #[command(subcommand)]
    Service(Service),
    /// Call the provider's API with a valid token
    Api(Box<Api>),
    /// Run a local proxy that adds the token to calls of the provider's API
    Proxy(Proxy),
    /// Serve tokens to programs on other machines over HTTP, to callers with an API key
    Serve(Box<Serve>),
    /// List or check the server's audit trail
    #[command(subcommand)]
    Audit(Audit),
    /// Publish Markdown files as wiki pages, and update the pages
    #[command(subcommand)]
    Wiki(Wiki),
    /// Log out: delete the tokens on this machine, and with --revoke revoke them at the provider too
    Logout(Logout),
    /// Start a simulated provider on this machine, for trying and testing
    Sandbox(Sandbox),
    /// Watch a demo from login to crash recovery; needs no account
    Demo(Demo),
    /// List, select, rename or remove profiles
    #[command(subcommand)]
    Profile(Profile),
    /// Show or change the settings in config.toml
    #[command(subcommand)]
    Config(Config),
    /// Manage the encrypted vault
    #[command(subcommand)]
    Vault(Vault),
    /// Show everything about a command, with examples
    Help(Help),
    /// Print a completion script for a shell
    Completions(Completions),
    /// Print the man page, or write all man pages into a folder
    Man(Man),
    /// Show the version
    Version,
}

impl Command {
    /// The profile that was named as a word of its own, where that says whose login is meant.
    pub(crate) fn profile(&self) -> Option<&ProfileName> {
        match self {
            Self::Login(login) => login.of.of.as_ref(),
            Self::Token(token) => token.of.of.as_ref(),
            Self::Refresh(refresh) => refresh.of.of.as_ref(),
            Self::Status(of) | Self::List(of) | Self::Whoami(of) => of.of.as_ref(),
            Self::Logout(logout) => logout.of.of.as_ref(),
            Self::Proxy(proxy) => proxy.of.as_ref(),
            Self::Profile(Profile::Attach { of, .. }) => Some(of),
            _ => None,
        }
    }
}

/// `token`.
#[derive(Debug, Args)]
pub(crate) struct Token {
    #[command(flatten)]
    pub(crate) of: OfProfile,
    /// Identity of the token: user, app or tenant
    #[arg(long = "as", value_name = "user|app|tenant", value_enum, default_value_t = Identity::User, hide_possible_values = true)]
    pub(crate) identity: Identity,
    /// Minimum remaining lifetime of the token, such as 90s, 10m or 1h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) min_ttl: Duration,
    /// Output format: env is for a shell, dotenv for .env files (docker --env-file, python-dotenv)
    #[arg(long, value_name = "raw|header|env|dotenv|json", value_enum, hide_possible_values = true)]
    pub(crate) format: Option<Format>,
    /// Use the login of this linked file; a file with tokens that is not linked yet is linked first
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
}

/// How a token is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// The token alone
    Raw,
    /// An HTTP header line
    Header,
    /// A shell assignment
    Env,
    /// A line of a .env file
    Dotenv,
    /// JSON with the expiry
    Json,
}

/// `refresh`.
#[derive(Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the terms of RFC 6749")]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) of: OfProfile,
    /// Refresh the login in a script's ini file instead: write both new tokens to the file and print the access token; default with -a or -r, or if nothing is set up: feishu-config.ini
    #[arg(long, alias = "config_file", value_name = "FILE")]
    pub(crate) config_file: Option<PathBuf>,
    /// App access token for that login: @FILE, - for a line of stdin, or the token itself; default: from the ini file
    #[arg(short = 'a', aliases = ["app_token", "app-token"], value_name = "APP_TOKEN")]
    pub(crate) app_token: Option<TokenSource>,
    /// Refresh token of that login, given in the same way
    #[arg(short = 'r', aliases = ["refresh", "refresh_token", "refresh-token"], value_name = "REFRESH_TOKEN")]
    pub(crate) refresh_token: Option<TokenSource>,
    /// Platform of that login's app: feishu or lark (TOKENWARD_PROVIDER)
    #[arg(long, value_name = "BRAND", value_parser = brand)]
    pub(crate) provider: Option<Brand>,
    /// Base URL of the open platform for that login (TOKENWARD_OPEN_URL)
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) open_url: Option<Url>,
}

impl Refresh {
    /// Whether a flag says that the login of a script's file is meant.
    pub(crate) fn is_of_a_script(&self) -> bool {
        self.config_file.is_some() || self.app_token.is_some() || self.refresh_token.is_some()
    }
}

/// `explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Error code or word: TW0401, 20064 (a provider's), invalid_grant
    #[arg(value_name = "CODE", value_parser = asked)]
    pub(crate) code: Asked,
}

/// `exec`.
#[derive(Debug, Args)]
pub(crate) struct Exec {
    /// Environment variable for the token; repeatable; default: TOKENWARD_ACCESS_TOKEN
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub(crate) env: Vec<String>,
    /// Set only these variables, not those that @larksuite/cli reads
    #[arg(long)]
    pub(crate) only_env: bool,
    /// Minimum remaining lifetime of the token, such as 90s, 10m or 1h
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub(crate) min_ttl: Duration,
    /// Use the login of this linked file; a file with tokens that is not linked yet is linked first
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Option<PathBuf>,
    /// Program and its arguments, after `--`
    #[arg(required = true, trailing_var_arg = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// `logout`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Logout {
    #[command(flatten)]
    pub(crate) of: OfProfile,
    /// Login without a profile, by its id from `list`
    #[arg(long, value_name = "ID", conflicts_with = "revoke")]
    pub(crate) login: Option<String>,
    /// Log out of every profile
    #[arg(long, conflicts_with_all = ["of", "profile", "user", "login"])]
    pub(crate) all: bool,
    /// Also revoke the tokens at the provider
    #[arg(long)]
    pub(crate) revoke: bool,
    /// Do not ask for confirmation
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Delete the tokens even if the provider did not confirm the revocation
    #[arg(long, requires = "revoke")]
    pub(crate) force: bool,
}

/// `sandbox`.
#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Port to listen on; 0 takes a free one
    #[arg(long, value_name = "PORT", value_parser = port, default_value_t = 0)]
    pub(crate) port: u16,
    /// Registered redirect URL of the app
    #[arg(long, value_name = "URL", value_parser = redirect)]
    pub(crate) redirect_uri: Option<RedirectUri>,
    /// Grant consent without a click; without a browser, fetch the printed address: curl -L ADDRESS
    #[arg(long)]
    pub(crate) auto_consent: bool,
    /// Lifetime of access tokens
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) access_life: Option<Duration>,
    /// Lifetime of refresh tokens
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) refresh_life: Option<Duration>,
    /// Random seed, to repeat a run
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Provider to simulate: feishu, blueking or oauth2
    #[arg(long, value_name = "PROVIDER", value_parser = provider, default_value = "feishu")]
    pub(crate) provider: ProviderName,
    /// API variant of BlueKing: ssm, auth-api or bkauth
    #[arg(long, visible_alias = "token-api", value_name = "DIALECT", value_parser = token_api)]
    pub(crate) dialect: Option<TokenApi>,
    /// Print only the settings, as shell lines, and keep running
    #[arg(long)]
    pub(crate) print_env: bool,
    /// Program to run with the settings in its environment; the sandbox exits with it
    #[arg(value_name = "CMD", last = true)]
    pub(crate) command: Vec<OsString>,
}

/// `demo`.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Keep the demo's folder and print its path
    #[arg(long)]
    pub(crate) keep: bool,
}

/// `help`.
#[derive(Debug, Args)]
pub(crate) struct Help {
    /// The command; without one, all are listed
    #[arg(value_name = "COMMAND")]
    pub(crate) of: Vec<String>,
}

/// `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// `man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write one page per command into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// The tree of commands, to be looked at.
pub(crate) fn tree() -> clap::Command {
    Cli::command()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn no_flag_takes_a_secret() {
        for word in ["--app-secret=x", "--refresh-token=x", "--access-token=x", "--secret=x"] {
            for command in ["init", "login", "token", "refresh", "exec"] {
                // An older script's users type it so; it warns them.
                if (command, word) == ("refresh", "--refresh-token=x") {
                    continue;
                }
                assert!(Cli::try_parse_from(["tokenward", command, word]).is_err(), "{command} {word}");
            }
        }
    }

    #[test]
    fn a_program_keeps_its_own_flags() {
        let cli = Cli::try_parse_from(["tokenward", "exec", "--env", "T", "--", "curl", "-q", "--json", "x"]).unwrap();
        let Command::Exec(exec) = cli.command else { panic!("not exec") };
        assert_eq!(exec.command, ["curl", "-q", "--json", "x"]);
        assert!(!cli.global.quiet && !cli.global.json);
    }
}
