//! Every program that this one starts is made here, without our variables.
//!
//! What is a variable of ours is said by the table of settings alone, so that a new secret cannot be forgotten here. A program that
//! may ask us again keeps what says where its login is; nobody gets a secret, an address or a switch that was meant for us
//! (I4). No shell is anywhere between.

use std::ffi::OsStr;
use std::process::Command;

use tokenward::Setting;
use tokenward_core::ProfileName;

/// A program that a person asked us to run: it may run `tokenward` in its turn, for the same login and by the same clock. A profile that was named
/// by a flag is the one that it means.
pub(crate) fn asking(program: impl AsRef<OsStr>, profile: Option<&ProfileName>) -> Command {
    let keeps = |setting| matches!(setting, Setting::Home | Setting::Profile | Setting::Lang | Setting::ClockOffset);
    let mut command = without(program, keeps);
    if let (Some(profile), Some(variable)) = (profile, Setting::Profile.variable()) {
        command.env(variable, profile.as_str());
    }
    command
}

/// A program that has nothing to do with us.
pub(crate) fn stranger(program: impl AsRef<OsStr>) -> Command {
    without(program, |_| false)
}

fn without(program: impl AsRef<OsStr>, keeps: impl Fn(Setting) -> bool) -> Command {
    let mut command = Command::new(program);
    for setting in Setting::ALL.iter().filter(|setting| !keeps(**setting)) {
        if let Some(variable) = setting.variable() {
            command.env_remove(variable);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn removed(command: &Command) -> Vec<&str> {
        command.get_envs().filter(|(_, value)| value.is_none()).filter_map(|(name, _)| name.to_str()).collect()
    }

    #[test]
    fn a_child_sees_none_of_our_variables() {
        let (asking, stranger) = (asking("x", None), stranger("x"));
        for variable in Setting::ALL.iter().filter_map(|setting| setting.variable()) {
            assert!(removed(&stranger).contains(&variable), "{variable}");
            let kept =
                ["TOKENWARD_HOME", "TOKENWARD_PROFILE", "TOKENWARD_LANG", "TOKENWARD_CLOCK_OFFSET"].contains(&variable);
            assert_eq!(removed(&asking).contains(&variable), !kept, "{variable}");
        }
    }

    /// A second place that starts programs would be one that hands our secrets on.
    #[test]
    fn programs_are_started_in_one_place() {
        fn look(folder: &Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, found);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                if path.extension().is_some_and(|end| end == "rs") && code.contains("Command::new(") {
                    found.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let mut found = Vec::new();
        for name in ["cli", "core", "keeper", "serve", "vault", "wiki", "wire"] {
            look(&crates.join(name).join("src"), &mut found);
        }
        assert_eq!(found, ["child_environment.rs"]);
    }
}
