//! What is said of one command beyond its arguments, and how the pages of a subject are written down.

use tokenward_core::Words;

/// What is said of one command.
#[derive(Debug)]
pub(crate) struct Page {
    /// The command's words, without the program's name; empty for the program itself.
    pub(crate) path: &'static str,
    /// What it does, and what somebody who meets it first should know.
    pub(crate) about: Words,
    /// Two to four.
    pub(crate) examples: &'static [Example],
}

/// A command line, and what it is for.
#[derive(Debug)]
pub(crate) struct Example {
    /// The line, the same in every language.
    pub(crate) line: &'static str,
    /// What it does.
    pub(crate) says: Words,
}

/// Makes the pages of one subject: the command, the sentences about it in both languages, and its examples.
macro_rules! manual {
    ($($path:literal { $en:literal $zh:literal $($line:literal => $says_en:literal $says_zh:literal)+ })+) => {
        pub(super) const PAGES: &[crate::words::manual::command_page::Page] = &[$(crate::words::manual::command_page::Page {
            path: $path,
            about: crate::words::w($en, $zh),
            examples: &[$(crate::words::manual::command_page::Example { line: $line, says: crate::words::w($says_en, $says_zh) }),+],
        }),+];
    };
}
pub(super) use manual;
