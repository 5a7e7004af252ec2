//! Words on the command line that are not understood, told in our own words.
//!
//! Enters: what `clap` found. Leaves: one sentence, a suggestion if there is one, and the way to the help. What was
//! typed is repeated only where it cannot be a secret: a value after an argument that does not exist is not shown.

use std::error::Error as _;
use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use tokenward_core::{Code, masking};

use crate::args::{self, BadValue};
use crate::failure::Failure;
use crate::suggestion;
use crate::token_places::quoted;
use crate::words::Lang;

/// The failure.
pub(crate) fn misuse(error: &clap::Error, typed: &[OsString], lang: Lang) -> Failure {
    let context = |kind: ContextKind| error.get(kind).map(text).unwrap_or_default();
    let argument = bare(&context(ContextKind::InvalidArg));
    let argument = argument.as_str();
    let name = argument.split('=').next().unwrap_or_default();
    // `gh auth login --with-token` reads stdin: no value was typed.
    let is_with_token = argument == "--with-token";
    if error.kind() == ErrorKind::UnknownArgument && is_for_a_secret(name) && !is_with_token {
        let failure = Failure::new(Code::Usage, lang.secret_is_no_argument(name));
        return failure.then(lang.secret_is_given_by()).then(lang.usage_help());
    }
    if error.source().and_then(|source| source.downcast_ref()) == Some(&BadValue::File) {
        return Failure::new(Code::Usage, lang.no_file_name(argument))
            .then(lang.no_file_name_next())
            .then(lang.no_file_name_seen());
    }
    let shown = |kind: ContextKind| masking::shown(&context(kind)).into_owned();
    let what = match error.kind() {
        ErrorKind::InvalidSubcommand => lang.no_such_command(shown(ContextKind::InvalidSubcommand)),
        ErrorKind::UnknownArgument => lang.no_such_argument(masking::shown(name)),
        ErrorKind::MissingRequiredArgument => lang.argument_missing(context(ContextKind::InvalidArg)),
        ErrorKind::MissingSubcommand => lang.command_missing(),
        ErrorKind::ArgumentConflict => lang.arguments_conflict(argument, context(ContextKind::PriorArg)),
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => lang.value_missing(argument),
        ErrorKind::InvalidValue => lang.value_not_among(
            shown(ContextKind::InvalidValue).escape_debug(),
            argument,
            context(ContextKind::ValidValue),
        ),
        ErrorKind::ValueValidation => not_usable(error, argument, &shown(ContextKind::InvalidValue), lang),
        ErrorKind::TooManyValues => lang.value_not_wanted(argument),
        ErrorKind::InvalidUtf8 => lang.not_unicode(),
        kind => lang.otherwise_wrong(kind),
    };
    let word = context(ContextKind::InvalidSubcommand);
    let command = suggestion::command_of(typed, Some(word.as_str()).filter(|word| !word.is_empty()));
    let help = || if command.is_empty() { lang.usage_help() } else { lang.usage_help_of(&command) };
    let meant = match error.kind() {
        ErrorKind::InvalidSubcommand if command == "profile" && matches!(word.as_str(), "add" | "create" | "new") => {
            Some(lang.profile_is_made_by())
        }
        ErrorKind::MissingRequiredArgument if command == "explain" => Some(lang.bad_code()),
        ErrorKind::UnknownArgument if command == "refresh" && matches!(name, "--force" | "-f") => {
            Some(lang.refresh_always_refreshes())
        }
        ErrorKind::UnknownArgument if is_with_token => Some(lang.login_takes_no_token()),
        ErrorKind::UnknownArgument if command == "api" && matches!(name, "-X" | "--request" | "--method") => {
            Some(lang.method_is_a_word())
        }
        ErrorKind::UnknownArgument if command == "token" && name == "--raw" => Some(lang.perhaps("--format raw")),
        ErrorKind::InvalidSubcommand => {
            let found = suggestion::commands(typed, &context(ContextKind::InvalidSubcommand));
            found.first().map(|_| lang.perhaps_command(found.join("`, `tokenward ")))
        }
        ErrorKind::UnknownArgument if command == "proxy" && suggestion::arguments(typed, name).is_empty() => {
            Some(lang.proxy_program())
        }
        ErrorKind::ValueValidation if matches!(command.as_str(), "proxy" | "refresh") => {
            path_for_profile(&command, &context(ContextKind::InvalidValue), lang)
        }
        ErrorKind::UnknownArgument if is_one_file_more(&command, name) => Some(lang.one_file_at_a_time(&command)),
        ErrorKind::UnknownArgument => {
            let found = suggestion::arguments(typed, name);
            found.first().map(|_| lang.perhaps(found.join(", ")))
        }
        ErrorKind::InvalidValue => {
            let known = context(ContextKind::ValidValue);
            let found = suggestion::nearest(&context(ContextKind::InvalidValue), known.split(", "));
            found.first().map(|_| lang.perhaps(found.join(", ")))
        }
        ErrorKind::ValueValidation if error.source().and_then(|it| it.downcast_ref()) == Some(&BadValue::Code) => {
            let (typed, known) = (context(ContextKind::InvalidValue), args::askable());
            let begun = args::codes_of(&typed);
            if let Some(told) = number(&typed, lang) {
                Some(told)
            } else if is_whole_code(&typed) {
                // Of numbers the others are all near, and mean other things.
                Some(lang.bad_code())
            } else if begun.is_empty() {
                let found = suggestion::nearest(&typed, known.iter().map(String::as_str));
                found.first().map(|nearest| lang.perhaps(nearest))
            } else {
                Some(lang.codes_that_begin_so(typed, begun.join(lang.list_gap())))
            }
        }
        ErrorKind::ValueValidation
            if argument.starts_with("--query") && context(ContextKind::InvalidValue).starts_with('.') =>
        {
            Some(lang.jq_is_an_option())
        }
        _ => None,
    };
    // `-q` is `--query` in `api` and quiet everywhere else; whoever meant the other finds its name.
    let is_query = error.kind() == ErrorKind::InvalidValue && argument.starts_with("--query");
    let meant = meant.or_else(|| is_query.then(|| lang.query_is_not_quiet()));
    Failure::new(Code::Usage, what).then_all(meant).then(help())
}

/// A path in the place of a profile, `tokenward proxy ./server` or `tokenward refresh ./feishu-config.ini`: what was meant.
fn path_for_profile(command: &str, typed: &str, lang: Lang) -> Option<String> {
    if !typed.contains('/') {
        return None;
    }
    if command == "proxy" { Some(lang.proxy_program()) } else { file_to_refresh(typed, lang) }
}

/// How the login of a file is refreshed, where a word in the place of a profile's name is rather a file's.
pub(crate) fn file_to_refresh(word: &str, lang: Lang) -> Option<String> {
    if !args::looks_like_file(word) {
        return None;
    }
    let is_ini = Path::new(word).extension().is_some_and(|ending| ending.eq_ignore_ascii_case("ini"));
    let file = quoted(word);
    Some(if is_ini { lang.file_to_refresh_script(file) } else { lang.file_to_refresh(file) })
}

/// Whether what was typed has the form of a code: one of ours, or a provider's number.
fn is_whole_code(typed: &str) -> bool {
    let number = typed.get(..2).filter(|head| head.eq_ignore_ascii_case("TW")).map_or(typed, |_| &typed[2..]);
    number.len() >= "0401".len() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is wrong with a value. A number that looks like a code is told as one that nobody is known to use.
fn not_usable(error: &clap::Error, argument: &str, value: &str, lang: Lang) -> String {
    let bad = error.source().and_then(|source| source.downcast_ref::<BadValue>());
    if bad == Some(&BadValue::Code) && is_whole_code(value) && number(value, lang).is_none() {
        return lang.no_such_code(value.escape_debug());
    }
    let why = bad.map_or_else(|| error.source().map(ToString::to_string).unwrap_or_default(), |bad| bad.words(lang));
    lang.value_unusable(value.escape_debug(), argument, why)
}

/// A number that is no code: an exit code of ours, or an HTTP status.
fn number(typed: &str, lang: Lang) -> Option<String> {
    let number: u16 = typed.parse().ok()?;
    let class = Code::ALL.iter().map(|code| code.exit()).find(|class| *class as u16 == number);
    if let Some(class) = class {
        return Some(lang.exit_code(number, lang.exit_class(class)));
    }
    if !(100..600).contains(&number) {
        return None;
    }
    let ours = format!("TW{number:04}");
    let ours = Code::ALL.iter().find(|code| code.as_str() == ours).map(|code| lang.perhaps(code));
    Some([Some(lang.is_http_status(number)), ours].into_iter().flatten().collect::<Vec<_>>().join(lang.stop()))
}

/// Whether somebody takes an argument for a place of a secret: `--app-secret`, `--token`, `--refresh-tokn`. The value behind it
/// is not repeated, and the sentence that follows is not about spelling.
fn is_for_a_secret(argument: &str) -> bool {
    let Some(name) = argument.strip_prefix("--") else { return false };
    let name = name.to_ascii_lowercase().replace('_', "-");
    let parts: Vec<_> = name.split('-').collect();
    let near = |part: &str| {
        ["secret", "token", "password", "passwd", "passphrase", "cookie", "ticket"]
            .iter()
            .any(|word| part == *word || is_one_slip(part, word))
    };
    let about_files = |part: &&str| matches!(*part, "file" | "stdin" | "url" | "uri" | "api" | "endpoint" | "key");
    parts.iter().any(|part| near(part)) && !parts.iter().any(about_files)
}

/// Whether a word is another with one letter left out, put in or replaced.
fn is_one_slip(typed: &str, word: &str) -> bool {
    let same = typed.bytes().zip(word.bytes()).take_while(|(one, other)| one == other).count();
    let (typed, word) = (&typed.as_bytes()[same..], &word.as_bytes()[same..]);
    match (typed, word) {
        ([], rest) | (rest, []) => rest.len() <= 1,
        ([_, typed_rest @ ..], [_, word_rest @ ..]) => {
            typed_rest == word_rest || typed_rest == word || typed == word_rest
        }
    }
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

/// Whether a second file is named: links are made and ended one file at a time.
fn is_one_file_more(command: &str, name: &str) -> bool {
    matches!(command, "link" | "unlink") && !name.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::chinese_help;

    #[test]
    fn an_argument_that_is_taken_for_a_place_of_a_secret_is_known_by_its_name() {
        for name in
            ["--app-secret", "--app_secret", "--secret", "--token", "--refresh-tokn", "--client-secrt", "--password"]
        {
            assert!(is_for_a_secret(name), "{name}");
        }
        for name in ["--secret-file", "--token-url", "--token-api-x", "--scope", "--profil", "lab", "-x"] {
            assert!(!is_for_a_secret(name), "{name}");
        }
    }

    /// Every argument of every command that takes a path, whichever is added tomorrow.
    #[test]
    fn a_secret_in_the_place_of_a_files_name_is_not_repeated() {
        fn walk(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
            for arg in command.get_arguments() {
                let takes_path = arg.get_action().takes_values()
                    && arg.get_value_parser().type_id() == std::any::TypeId::of::<std::path::PathBuf>();
                if takes_path {
                    let option = arg.get_long().map(|name| format!("--{name}"));
                    found.push(path.iter().cloned().chain(option).collect());
                }
            }
            for sub in command.get_subcommands() {
                walk(sub, &[path, &[sub.get_name().to_owned()]].concat(), found);
            }
        }
        let mut found = Vec::new();
        walk(&chinese_help::command(Lang::En), &["tokenward".to_owned()], &mut found);
        assert!(found.len() >= 25, "{found:?}");
        for words in found {
            for secret in [
                "GOCSPX-aBcDeFgHiJkLmNoPqRsTuVwXyZ12",
                "3sqcJQ6XnDgYpEOR6G1mgdGM+SMPnJtgk6pGSmIZ5GU=",
                "bk_token=kR2w8a_9",
            ] {
                for lang in [Lang::En, Lang::Zh] {
                    let typed = words.iter().cloned().chain([secret.to_owned()]);
                    let Err(error) = chinese_help::command(lang).try_get_matches_from(typed) else {
                        panic!("{words:?}")
                    };
                    let failure = misuse(&error, &[], lang);
                    let text = failure.text(lang, str::to_owned, str::to_owned);
                    let json = serde_json::to_string(&failure.document(lang)).unwrap();
                    assert!(!text.contains(secret) && !json.contains(secret), "{words:?}: {text}");
                    let told = if lang == Lang::En { "is not a file name" } else { "不是文件名" };
                    assert!(text.contains(told), "{words:?}: {text}");
                }
            }
        }
    }
}
