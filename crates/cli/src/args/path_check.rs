//! Names of files among the arguments.
//!
//! Enters: a word where a file's or a folder's name is expected. Leaves: a path, or the refusal of a text that is rather a secret in
//! the wrong place (I4): one that names nothing that is there and looks like no name. It holds for every argument that takes a path,
//! since [`with_names_of_files`] goes through the tree of commands; whatever is said of a path later may then repeat it.

use std::any::TypeId;
use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Arg, Command};
use tokenward_core::masking;

use super::values::BadValue;

/// The tree of commands, with every argument that is a path read by [`named`].
pub(crate) fn with_names_of_files(command: Command) -> Command {
    let command = command
        .mut_args(|arg| if is_path(&arg) { arg.value_parser(PathBufValueParser::new().try_map(named)) } else { arg });
    command.mut_subcommands(with_names_of_files)
}

/// The file behind an `@`, where an argument may name one so.
pub(super) fn behind_at(word: &str) -> Result<Option<PathBuf>, BadValue> {
    word.strip_prefix('@').map(|file| named(PathBuf::from(file))).transpose()
}

/// A path that may be repeated.
pub(crate) fn named(path: PathBuf) -> Result<PathBuf, BadValue> {
    // Whoever names a folder that is there means what is in it. The root is there always.
    let folder = path.parent().filter(|folder| folder.parent().is_some());
    if path.symlink_metadata().is_ok() || folder.is_some_and(Path::is_dir) {
        return Ok(path);
    }
    if masking::is_no_file(&path.to_string_lossy()) { Err(BadValue::File) } else { Ok(path) }
}

/// Whether a word in the place of a profile's name is rather a file's: one that is there, or one with an ending of the files that hold tokens.
pub(crate) fn looks_like_file(word: &str) -> bool {
    let ending = Path::new(word).extension().unwrap_or_default().to_string_lossy().to_lowercase();
    Path::new(word).is_file() || ["ini", "env", "json", "toml", "cfg", "conf"].contains(&ending.as_str())
}

fn is_path(arg: &Arg) -> bool {
    arg.get_action().takes_values() && arg.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}
