//! Words on the command line that are not understood, told in our own words.
//!
//! Enters: what `clap` found. Leaves: one sentence, a suggestion if there is one, and the way to the help. What was
//! typed is repeated only where it cannot be a secret: a value after an argument that does not exist is not shown.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use tokenward_core::Code;

use crate::args::BadValue;
use crate::failure::Failure;
use crate::say::Lang;

/// The failure.
pub(crate) fn misuse(error: &clap::Error, lang: Lang) -> Failure {
    let context = |kind: ContextKind| error.get(kind).map(text).unwrap_or_default();
    let argument = bare(&context(ContextKind::InvalidArg));
    let what = match error.kind() {
        ErrorKind::InvalidSubcommand => lang.no_such_command(context(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => lang.no_such_argument(argument.split('=').next().unwrap_or_default()),
        ErrorKind::MissingRequiredArgument => lang.argument_missing(context(ContextKind::InvalidArg)),
        ErrorKind::MissingSubcommand => lang.command_missing(),
        ErrorKind::ArgumentConflict => lang.arguments_conflict(argument, context(ContextKind::PriorArg)),
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => lang.value_missing(argument),
        ErrorKind::InvalidValue => lang.value_not_among(
            context(ContextKind::InvalidValue).escape_debug(),
            argument,
            context(ContextKind::ValidValue),
        ),
        ErrorKind::ValueValidation => {
            let why = error.source().map(|source| match source.downcast_ref::<BadValue>() {
                Some(bad) => bad.words(lang),
                None => source.to_string(),
            });
            let value = context(ContextKind::InvalidValue);
            lang.value_unusable(value.escape_debug(), argument, why.unwrap_or_default())
        }
        ErrorKind::TooManyValues => lang.value_not_wanted(argument),
        ErrorKind::InvalidUtf8 => lang.not_unicode(),
        kind => lang.otherwise_wrong(kind),
    };
    let meant = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg]
        .into_iter()
        .map(context)
        .find(|meant| !meant.is_empty())
        .map(|meant| lang.perhaps(meant));
    Failure::new(Code::Usage, what).then_all(meant).then(lang.usage_help())
}

fn text(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(values) => values.join(", "),
        ContextValue::None => String::new(),
        other => other.to_string(),
    }
}

/// An argument without the name of its value.
fn bare(argument: &str) -> String {
    argument.split(" <").next().unwrap_or_default().to_owned()
}
