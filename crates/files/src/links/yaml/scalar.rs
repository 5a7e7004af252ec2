//! A value that stands in one line: what it says, and what a plain word is to readers of YAML.

use std::ops::Range;

use super::super::text_or_number::Value;
use super::super::text_positions::Spelled;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
}

/// What readers make of a plain word.
#[derive(Debug)]
pub(super) enum Meaning {
    Text,
    /// One that every reader takes for this number.
    Number(Value),
    Date,
    Null,
    /// What some of them take for something else than a text.
    Other(&'static str),
}

/// The characters of a text as it is spelled; `None` for an escape that is not known.
pub(super) fn spelled(text: &str, at: Range<usize>, style: Style) -> Option<Spelled> {
    if style == Style::Plain {
        return Some(Spelled::plain(text, at));
    }
    let (start, end) = (at.start + 1, at.end.checked_sub(1)?);
    let inner = text.get(start..end)?;
    let mut spelled = Spelled::until(end);
    let mut at = 0;
    while let Some(c) = inner[at..].chars().next() {
        let (said, length) = match (style, c) {
            (Style::Single, '\'') => (c, 2),
            (Style::Double, '\\') => escape(&inner[at..])?,
            _ => (c, c.len_utf8()),
        };
        spelled.push(said, start + at..start + at + length);
        at += length;
    }
    Some(spelled)
}

/// What stands for what behind a backslash (YAML 1.2.2, "Escaped Characters"), and how long it is.
fn escape(from: &str) -> Option<(char, usize)> {
    let mark = from[1..].chars().next()?;
    let digits = match mark {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => 0,
    };
    if digits > 0 {
        let code = from.get(2..2 + digits).filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        return Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, 2 + digits));
    }
    let said = match mark {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        ' ' | '"' | '/' | '\\' => mark,
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        _ => return None,
    };
    Some((said, 2))
}

/// Whether a character may stand in YAML as it is, and ends no line in any version ("Character Set" and "Line Break Characters" of YAML 1.1 and 1.2.2).
pub(super) const fn is_printable(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}'
        | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Whether a character stands as it is in a value of one line.
pub(super) const fn is_of_one_line(c: char) -> bool {
    is_printable(c) && !matches!(c, '\t' | '\n' | '\r')
}

/// Whether a text can stand without quotes, and every reader takes it for that text.
pub(super) fn is_plain(text: &str) -> bool {
    text.chars().all(is_of_one_line)
        && !text.starts_with(INDICATORS)
        && !text.starts_with(['-', '?', ':', ' '])
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && matches!(meaning(text), Meaning::Text)
}

/// What a plain word is to readers of YAML 1.1 and of 1.2.
pub(super) fn meaning(word: &str) -> Meaning {
    const SWITCHES: [&str; 8] = ["y", "n", "yes", "no", "true", "false", "on", "off"];
    let is_one_case = |word: &str| {
        let rest = word.get(1..).unwrap_or_default();
        let is_upper = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
        rest.bytes().all(|byte| byte.is_ascii_lowercase()) || is_upper(word)
    };
    let lower = word.to_ascii_lowercase();
    if matches!(lower.as_str(), "" | "~" | "null") {
        return if is_one_case(word) || word == "~" { Meaning::Null } else { Meaning::Text };
    }
    if SWITCHES.contains(&lower.as_str()) {
        return Meaning::Other("true or false");
    }
    if word == "=" || word == "<<" {
        return Meaning::Other("a sign of YAML's own");
    }
    let number = word.strip_prefix(['-', '+']).unwrap_or(word);
    if matches!(lower.trim_start_matches(['-', '+']), ".inf" | ".nan") {
        return Meaning::Other("no finite number");
    }
    if !number.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return Meaning::Text;
    }
    let is_whole = |digits: &str| {
        !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (digits == "0" || !digits.starts_with('0'))
    };
    if is_whole(number)
        && let Ok(whole) = word.parse()
    {
        return Meaning::Number(Value::Number(whole));
    }
    if let Some((whole, part)) = number.split_once('.')
        && is_whole(whole)
        && !part.is_empty()
        && part.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(fraction) = word.parse::<f64>()
        && fraction.is_finite()
    {
        return Meaning::Number(Value::Fraction(fraction));
    }
    if is_date(word) {
        return Meaning::Date;
    }
    // Digits in other notations: of base 2, 8, 16 and 60, with `_` between them, with an exponent.
    let is_of = |digits: &str, all: &str| digits.chars().all(|c| all.contains(c));
    let other = ["0x", "0X", "0o", "0O", "0b", "0B"].iter().any(|mark| number.starts_with(mark))
        && is_of(&number[2..], "0123456789abcdefABCDEF_")
        || is_of(number, "0123456789_.:eE+-");
    if other { Meaning::Other("a number in a notation that readers take differently") } else { Meaning::Text }
}

/// Whether a word begins as a date does, and goes on as nothing or a time does (yaml.org/type/timestamp).
fn is_date(word: &str) -> bool {
    let digits = |text: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (date, time) = word.find(['T', 't', ' ']).map_or((word, ""), |at| (&word[..at], &word[at + 1..]));
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    digits(year, 4, 4)
        && digits(month, 1, 2)
        && digits(day, 1, 2)
        && time.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.' | '+' | '-' | 'Z' | ' '))
}

/// What no plain word begins with (YAML 1.2.2, "Plain Style").
pub(super) const INDICATORS: [char; 16] =
    [',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`'];
