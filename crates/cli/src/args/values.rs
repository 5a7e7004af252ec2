//! Values of arguments, and what one cannot take.

use std::fmt;
use std::time::Duration;

use clap::ValueEnum;
use tokenward::{KnownAnswer, known_answer_names, known_answers};
use tokenward_core::{Brand, Code, ProviderName, RedirectUri, TokenApi, UserName};
use url::Url;

use super::provider_choice::ProviderChoice;
use crate::words::Lang;

/// Whose token is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Identity {
    /// The user who logged in
    User,
    /// The app itself
    App,
    /// The app's tenant
    Tenant,
}

/// A value that an argument cannot take. Its `Display` is the catalogue's English; [`crate::usage_error`] finds the Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BadValue {
    Duration,
    Count,
    /// A number of what?
    NoUnit(u64),
    Brand,
    Provider,
    ProviderOrPreset,
    TokenApi,
    Authentication,
    User,
    Offset,
    Variable,
    Port,
    Name,
    Url,
    Method,
    Target,
    Pair,
    Header,
    Listen,
    Host,
    Verb,
    Pattern,
    Code,
    /// No file's name, and perhaps a secret: it is not repeated.
    File,
}

impl BadValue {
    /// What the argument can take.
    pub(crate) fn words(&self, lang: Lang) -> String {
        match self {
            Self::Duration => lang.bad_duration(),
            Self::Count => lang.bad_count(),
            Self::NoUnit(number) => lang.no_time_unit(number),
            Self::Brand => lang.bad_brand(),
            Self::Provider => lang.bad_provider(),
            Self::ProviderOrPreset => lang.bad_provider_or_preset(),
            Self::TokenApi => lang.bad_token_api(),
            Self::Authentication => lang.bad_authentication(),
            Self::User => lang.bad_user(),
            Self::Offset => lang.bad_offset(),
            Self::Variable => lang.bad_variable_name(),
            Self::Port => lang.bad_port(),
            Self::Name => lang.bad_name(),
            Self::Url => lang.bad_url(),
            Self::Method => lang.bad_method(),
            Self::Target => lang.bad_target(),
            Self::Pair => lang.bad_pair(),
            Self::Header => lang.bad_header(),
            Self::Listen => lang.bad_listen(),
            Self::Verb => lang.bad_verb(),
            Self::Pattern => lang.bad_pattern(),
            Self::Host => lang.bad_host(),
            Self::Code => lang.bad_code(),
            Self::File => lang.no_file_name_next(),
        }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words(Lang::En))
    }
}

impl std::error::Error for BadValue {}

/// Reads durations as people write them: `90s`, `10m`, `1h30m`, `2d`; a bare number means seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, BadValue> {
    tokenward::parse_span(text).ok_or(BadValue::Duration)
}

/// How many: one at least.
pub(super) fn count<T: std::str::FromStr>(text: &str) -> Result<T, BadValue> {
    text.parse().map_err(|_| BadValue::Count)
}

/// The same, for a wait: none at all would be no wait.
pub(super) fn some_time(text: &str) -> Result<Duration, BadValue> {
    duration(text).and_then(|time| if time.is_zero() { Err(BadValue::Duration) } else { Ok(time) })
}

pub(super) fn brand(text: &str) -> Result<Brand, BadValue> {
    text.to_ascii_lowercase().parse().map_err(|()| BadValue::Brand)
}

pub(super) fn provider(text: &str) -> Result<ProviderName, BadValue> {
    text.to_ascii_lowercase().parse().map_err(|()| BadValue::Provider)
}

pub(super) fn provider_or_preset(text: &str) -> Result<ProviderChoice, BadValue> {
    text.parse().map_err(|()| BadValue::ProviderOrPreset)
}

pub(super) fn user(text: &str) -> Result<UserName, BadValue> {
    text.parse().map_err(|_| BadValue::User)
}

pub(super) fn token_api(text: &str) -> Result<TokenApi, BadValue> {
    text.parse().map_err(|()| BadValue::TokenApi)
}

pub(super) fn url(text: &str) -> Result<Url, BadValue> {
    text.parse().map_err(|_| BadValue::Url)
}

pub(super) fn redirect(text: &str) -> Result<RedirectUri, BadValue> {
    text.parse().map_err(|_| BadValue::Url)
}

pub(super) fn port(text: &str) -> Result<u16, BadValue> {
    text.parse().map_err(|_| BadValue::Port)
}

/// The name of an app or a profile.
pub(super) fn name<T: std::str::FromStr>(text: &str) -> Result<T, BadValue> {
    text.parse().map_err(|_| BadValue::Name)
}

/// What `explain` is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A code of ours.
    Ours(Code),
    /// A provider's code or an error word, with its meanings: one at least.
    Theirs(String, Vec<KnownAnswer>),
}

/// A code of ours, or one of a provider, or an error word.
pub(super) fn asked(text: &str) -> Result<Asked, BadValue> {
    if let Ok(code) = code(text) {
        return Ok(Asked::Ours(code));
    }
    // As it stands in a log: `HTTP 400, 20064`.
    let last = text.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let text = last.filter(|last| text.starts_with("HTTP ") && !known_answers(last).is_empty()).unwrap_or(text);
    let known = known_answers(text);
    if known.is_empty() { Err(BadValue::Code) } else { Ok(Asked::Theirs(text.to_owned(), known)) }
}

/// The codes of ours that begin so, where somebody typed a code in part: `TW041`.
pub(crate) fn codes_of(part: &str) -> Vec<&'static str> {
    let digits = part.get(..2).filter(|head| head.eq_ignore_ascii_case("TW")).map(|_| &part[2..]);
    let is_part = |digits: &&str| (2..4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let Some(digits) = digits.filter(is_part) else { return Vec::new() };
    Code::ALL.iter().map(|code| code.as_str()).filter(|code| code[2..].starts_with(digits)).collect()
}

/// Every code and word that [`asked`] takes, as they are printed.
pub(crate) fn askable() -> Vec<String> {
    Code::ALL.iter().map(|code| code.as_str().to_owned()).chain(known_answer_names()).collect()
}

/// A stable code, as it is written, by its digits alone, or by its name.
fn code(text: &str) -> Result<Code, BadValue> {
    let digits = text.get(..2).filter(|head| head.eq_ignore_ascii_case("TW")).map_or(text, |_| &text[2..]);
    let is_meant =
        |code: &&Code| code.as_str().strip_prefix("TW") == Some(digits) || code.name().eq_ignore_ascii_case(text);
    Code::ALL.iter().find(is_meant).copied().ok_or(BadValue::Code)
}

/// A name that every shell can read.
pub(super) fn variable(text: &str) -> Result<String, BadValue> {
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let inside = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if starts && inside { Ok(text.to_owned()) } else { Err(BadValue::Variable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_as_people_write_them() {
        for text in ["TW0401", "tw0401", "0401", "NotLoggedIn", "notloggedin"] {
            assert_eq!(code(text), Ok(Code::NotLoggedIn), "{text}");
        }
        for text in ["", "TW", "401", "TW9999", "TW04010", "日本", "20029"] {
            assert_eq!(code(text), Err(BadValue::Code), "{text}");
        }
        for &known in Code::ALL {
            assert_eq!((code(known.as_str()), code(known.name())), (Ok(known), Ok(known)));
        }
    }

    #[test]
    fn durations_as_people_write_them() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("0", 0), ("45", 45)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "1x", "-1s", "1.5h", "99999999999999999999s", "999999d", "1分"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
