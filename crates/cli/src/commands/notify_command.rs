//! The program that tells a person of a login in trouble, as it is named: by a path, a path under `~/`, or a name on PATH, with words behind it.
//!
//! Enters: the setting's text and the variables. Leaves: what is to be started; or why nothing can be, while somebody still looks and not on
//! the day it is needed.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokenward::Environment;
use tokenward_core::Code;

use crate::failure::Failure;
use crate::words::Lang;

/// A program and what it is given.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TroubleProgram {
    pub(super) program: String,
    pub(super) arguments: Vec<String>,
}

impl TroubleProgram {
    /// The program that is meant, if it could be started now.
    pub(super) fn find(text: &str, env: &Environment, lang: Lang) -> Result<Self, Failure> {
        let expand = |text: &str| match (text.strip_prefix("~/"), env.get("HOME")) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => text.to_owned(),
        };
        // A name with a space in it is one, if there is such a file; otherwise words follow the program.
        let whole = expand(text);
        let found = if Path::new(&whole).is_file() {
            Self { program: whole, arguments: Vec::new() }
        } else {
            let mut words = text.split_whitespace();
            let program = words.next().map(expand).unwrap_or_default();
            Self { program, arguments: words.map(str::to_owned).collect() }
        };
        let files = found.files(env);
        if files.iter().any(|file| mode(file).is_some_and(|mode| mode & 0o111 != 0)) {
            return Ok(found);
        }
        let program = &found.program;
        Err(match files.iter().find(|file| mode(file).is_some()) {
            Some(file) => Failure::new(Code::CommandNotFound, lang.trouble_program_closed(program))
                .then(lang.trouble_program_closed_next(file.display())),
            None => Failure::new(Code::CommandNotFound, lang.trouble_program_missing(program))
                .then(lang.trouble_program_missing_next()),
        })
    }

    /// The files that could be it.
    fn files(&self, env: &Environment) -> Vec<PathBuf> {
        if self.program.contains('/') {
            return vec![PathBuf::from(&self.program)];
        }
        let folders = env.get("PATH").unwrap_or_default();
        std::env::split_paths(folders).map(|folder| folder.join(&self.program)).collect()
    }
}

/// The permissions of a file.
fn mode(file: &Path) -> Option<u32> {
    let found = std::fs::metadata(file).ok().filter(std::fs::Metadata::is_file)?;
    Some(found.permissions().mode())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_as_it_is_named_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for (name, mode) in [("hook", 0o755), ("a hook", 0o755), ("closed", 0o644)] {
            std::fs::write(at(name), "").unwrap();
            std::fs::set_permissions(at(name), PermissionsExt::from_mode(mode)).unwrap();
        }
        let home = folder.path().display().to_string();
        let env = Environment::new([("HOME", home.as_str()), ("PATH", home.as_str())]);
        let find = |text: &str| TroubleProgram::find(text, &env, Lang::En);
        let found = |program: &str, arguments: &[&str]| TroubleProgram {
            program: program.to_owned(),
            arguments: arguments.iter().map(|word| (*word).to_owned()).collect(),
        };
        assert_eq!(find("~/hook --loud").unwrap(), found(&at("hook"), &["--loud"]));
        assert_eq!(find("~/a hook").unwrap(), found(&at("a hook"), &[]));
        assert_eq!(find("hook --loud now").unwrap(), found("hook", &["--loud", "now"]));
        for text in ["", " ", "/nope", "~/nope", "nope", "~/closed", "closed", "~/", "~nobody/hook"] {
            assert!(find(text).is_err_and(|failure| failure.is_of(Code::CommandNotFound)), "{text:?}");
        }
    }
}
