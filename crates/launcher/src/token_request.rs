//! What the plain forms of `tokenward token` can say. Whatever is understood here, the command's own parser understands the same way; a test of
//! the command holds them together.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use tokenward_core::{ProfileName, UserName};

use crate::token_line::TokenLine;

/// A plain `tokenward token`.
#[derive(Debug, PartialEq, Eq)]
pub struct TokenRequest {
    /// `--profile`.
    pub profile: Option<ProfileName>,
    /// `--user`.
    pub user: Option<UserName>,
    /// `--home`.
    pub home: Option<PathBuf>,
    /// `--min-ttl`.
    pub min_ttl: Duration,
    /// `--format`.
    pub line: TokenLine,
}

impl TokenRequest {
    /// Reads `token [-p|--profile NAME] [--user NAME] [--home DIR] [--as user] [--min-ttl TIME] [--format FORMAT]` in any order, each at most
    /// once, values apart or after `=`. Anything else is left to the true parser.
    pub fn parse(arguments: &[OsString]) -> Option<Self> {
        let mut words = arguments.iter();
        let mut request = Self { profile: None, user: None, home: None, min_ttl: Duration::ZERO, line: TokenLine::Raw };
        let (mut commands, mut seen) = (0, Vec::new());
        while let Some(word) = words.next() {
            let word = word.to_str()?;
            if word == "token" {
                commands += 1;
                continue;
            }
            let (flag, value) = match word.split_once('=') {
                Some((flag, value)) => (flag, value),
                None => (word, words.next()?.to_str()?),
            };
            // `-p=x` and values that look like flags are for the true parser, and so are repetitions.
            if value.starts_with('-') || (flag == "-p" && word.contains('=')) {
                return None;
            }
            let flag = if flag == "-p" { "--profile" } else { flag };
            // The command's own flags stand after it.
            let early = commands == 0 && !matches!(flag, "--profile" | "--user" | "--home");
            if early || seen.contains(&flag) {
                return None;
            }
            seen.push(flag);
            match flag {
                "--profile" => request.profile = Some(value.parse().ok()?),
                "--user" => request.user = Some(value.parse().ok()?),
                "--home" => request.home = Some(value.into()),
                "--as" if value == "user" => {}
                "--min-ttl" => request.min_ttl = tokenward::parse_span(value)?,
                "--format" => request.line = TokenLine::parse(value)?,
                _ => return None,
            }
        }
        (commands == 1).then_some(request)
    }
}
