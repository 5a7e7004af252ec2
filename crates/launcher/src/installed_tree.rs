//! Where packages put the two programs: the launcher in `bin/`, the command in `lib/tokenward/` of the same tree.

use std::path::{Path, PathBuf};

const COMMAND: &str = "lib/tokenward/tokenward";
const LAUNCHER: &str = "bin/tokenward";

/// The command that belongs to a launcher: that of its tree, or, as a build leaves them, the one beside it.
pub fn command_of(launcher: &Path) -> Option<PathBuf> {
    let folder = launcher.parent()?;
    let installed = folder.parent().map(|tree| tree.join(COMMAND));
    let built = folder.join("tokenward");
    installed.into_iter().chain((built != launcher).then_some(built)).find(|program| program.is_file())
}

/// Where the launcher of a command lies that a package has put behind one.
pub fn launcher_of(command: &Path) -> Option<PathBuf> {
    let mut folders = command.ends_with(COMMAND).then(|| command.ancestors())?;
    Some(folders.nth(3)?.join(LAUNCHER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_launcher_is_found_from_where_packages_put_the_command() {
        let of = |program: &str| launcher_of(Path::new(program)).map(|found| found.display().to_string());
        assert_eq!(of("/usr/lib/tokenward/tokenward").as_deref(), Some("/usr/bin/tokenward"));
        assert_eq!(of("/usr/bin/tokenward"), None);
        assert_eq!(of("/home/ada/lib/other/tokenward"), None);
    }
}
