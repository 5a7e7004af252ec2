//! A token that may be given as an argument.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use zeroize::Zeroizing;

use super::path_check;
use super::values::BadValue;

/// Where a token comes from that may be given as an argument, for scripts that have always done so.
#[derive(Clone)]
pub(crate) enum TokenSource {
    /// A file.
    File(PathBuf),
    /// A line of stdin.
    Stdin,
    /// The argument itself, where others can read it.
    Word(Zeroizing<String>),
}

impl FromStr for TokenSource {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        Ok(match path_check::behind_at(text)? {
            Some(file) => Self::File(file),
            None if text == "-" => Self::Stdin,
            None => Self::Word(Zeroizing::new(text.to_owned())),
        })
    }
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSource(…)")
    }
}
