//! The short way: `tokenward token` with a valid token in the sealed store.
//!
//! Enters: the words and the surroundings. Leaves: the token, if the words are one of the plain forms and the hand-out
//! file of the profile holds a token that serves now, of the app that the settings name: they are asked for that app's name, id, provider and
//! address alone, and no other setting is resolved. Everything else is `None`, and the long way decides; so nothing here needs an error. It builds no runtime, no argument parser and no engine, because half of the time budget of
//! design/0000-charter.md §10 is what the operating system takes to start a process. The hand-out file is a copy of
//! what was durable before it was written (I2), sealed, and checked by its dates.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use tokenward::{Home, Overrides, Settings};
use tokenward_core::ports::{Clock, HandOut};
use tokenward_core::{ProfileName, UserName};

use crate::ambient::Ambient;
use crate::args::{Colour, Format, duration};
use crate::commands::plain;
use crate::render::Printer;

/// Prints the token, if the short way leads to it.
pub(crate) fn token(arguments: &[OsString], ambient: &Ambient) -> Option<ExitCode> {
    let wish = Wish::parse(arguments)?;
    if ambient.is_special() {
        return None;
    }
    let home = Home::resolve(wish.home.as_deref(), &ambient.env).ok()?;
    let (settings, warnings) = Settings::load(home, ambient.env.clone(), Overrides::default()).ok()?;
    if !warnings.is_empty() {
        return None;
    }
    let selected = settings.selected(wish.profile.as_ref()).ok()?;
    let profile = match &wish.user {
        Some(user) => selected.of_user(user),
        None => selected,
    };
    let now = ambient.clock.now();
    let is_named = |token: &HandOut| settings.names_app(&profile, &token.app, token.registration.as_ref());
    let handed = tokenward::hand_out(settings.home(), &profile, &settings.key_source().ok()?, now, is_named)?;
    if handed.access.remaining(now) <= wish.min_ttl {
        return None;
    }
    let text = plain(&handed.access.token, wish.format)?;
    let printer = Printer::new(ambient.lang(None), false, true, 0, Colour::Never, ambient.surface);
    Some(match printer.data(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                printer.failure(&failure);
            }
            failure.exit()
        }
    })
}

/// What the plain forms can say.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    profile: Option<ProfileName>,
    user: Option<UserName>,
    home: Option<std::path::PathBuf>,
    min_ttl: Duration,
    format: Format,
}

impl Wish {
    /// Reads `token [-p|--profile NAME] [--user NAME] [--home DIR] [--as user] [--min-ttl TIME] [--format FORMAT]` in any order,
    /// each at most once, values apart or after `=`. Anything else is left to the true parser.
    fn parse(arguments: &[OsString]) -> Option<Self> {
        let mut words = arguments.iter();
        let mut wish = Self { profile: None, user: None, home: None, min_ttl: Duration::ZERO, format: Format::Raw };
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
                "--profile" => wish.profile = Some(value.parse().ok()?),
                "--user" => wish.user = Some(value.parse().ok()?),
                "--home" => wish.home = Some(value.into()),
                "--as" if value == "user" => {}
                "--min-ttl" => wish.min_ttl = duration(value).ok()?,
                "--format" => wish.format = <Format as clap::ValueEnum>::from_str(value, false).ok()?,
                _ => return None,
            }
        }
        (commands == 1).then_some(wish)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command, Identity};

    fn wish(line: &str) -> Option<Wish> {
        Wish::parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    /// Whatever the short way understands, the true parser understands the same way.
    #[test]
    fn the_short_way_reads_as_the_true_parser_does() {
        let flags = [
            "",
            "-p work",
            "--profile work",
            "--profile=work",
            "--user alice",
            "--user=alice",
            "--home /x",
            "--home=/x",
            "--as user",
            "--as=user",
            "--min-ttl 10m",
            "--min-ttl=1h30m",
            "--format raw",
            "--format=header",
            "--format env",
            "-p -x",
            "--as app",
            "--format json",
            "--min-ttl x",
            "-q",
            "--json",
            "-pwork",
            "-p=work",
            "--profile",
            "extra",
            "--",
            "--profile a/b",
            "--lang zh",
            "-v",
        ];
        let mut taken = 0;
        for one in flags {
            for two in flags {
                for line in [format!("token {one} {two}"), format!("{one} token {two}")] {
                    let Some(wish) = wish(&line) else { continue };
                    taken += 1;
                    let words = std::iter::once("tokenward").chain(line.split_whitespace());
                    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
                    let Command::Token(parsed) = cli.command else { panic!("{line}") };
                    assert_eq!(cli.global.profile, wish.profile, "{line}");
                    assert_eq!(cli.global.user, wish.user, "{line}");
                    assert_eq!(cli.global.home, wish.home, "{line}");
                    assert_eq!(parsed.identity, Identity::User, "{line}");
                    assert_eq!(parsed.min_ttl, wish.min_ttl, "{line}");
                    assert_eq!(parsed.format.unwrap_or(Format::Raw), wish.format, "{line}");
                    assert!(!cli.global.json && cli.global.lang.is_none(), "{line}");
                }
            }
        }
        assert!(taken > 200, "{taken} lines took the short way");
    }
}
