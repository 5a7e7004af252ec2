//! The short way: `tokenward token` with a valid token in the sealed store (`tokenward-launcher`), before an argument is parsed. Where it does
//! not lead to a token, the long way decides.

use std::ffi::OsString;
use std::process::ExitCode;

use crate::ambient::Ambient;
use crate::args::Colour;
use crate::render::Printer;

/// Prints the token, if the short way leads to it.
pub(crate) fn token(arguments: &[OsString], ambient: &Ambient) -> Option<ExitCode> {
    if ambient.is_special() {
        return None;
    }
    let line = tokenward_launcher::token(arguments, &ambient.env, &ambient.clock)?;
    let printer = Printer::new(ambient.lang(None), false, true, 0, Colour::Never, ambient.surface);
    Some(match printer.data(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_silent() {
                printer.failure(&failure);
            }
            failure.exit()
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use tokenward_launcher::{TokenLine, TokenRequest};

    use super::*;
    use crate::args::{Cli, Command, Format, Identity};

    fn request(line: &str) -> Option<TokenRequest> {
        TokenRequest::parse(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
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
            "--format=dotenv",
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
                    let Some(request) = request(&line) else { continue };
                    taken += 1;
                    let words = std::iter::once("tokenward").chain(line.split_whitespace());
                    let cli = Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
                    let Command::Token(parsed) = cli.command else { panic!("{line}") };
                    assert_eq!(cli.global.profile, request.profile, "{line}");
                    assert_eq!(cli.global.user, request.user, "{line}");
                    assert_eq!(cli.global.home, request.home, "{line}");
                    assert_eq!(parsed.identity, Identity::User, "{line}");
                    assert_eq!(parsed.min_ttl, request.min_ttl, "{line}");
                    let format = match request.line {
                        TokenLine::Raw => Format::Raw,
                        TokenLine::Env => Format::Env,
                        TokenLine::Dotenv => Format::Dotenv,
                    };
                    assert_eq!(parsed.format.unwrap_or(Format::Raw), format, "{line}");
                    assert!(!cli.global.json && cli.global.lang.is_none(), "{line}");
                }
            }
        }
        assert!(taken > 200, "{taken} lines took the short way");
    }
}
