//! Settings of the fish shell (`config.fish`, `conf.d/*.fish`): the variables that the file sets whenever it is read.
//!
//! `set`, flags, a name, and one value that is bare, in `'…'` or in `"…"`. What else stands in such a file is a program, and stays as
//! it is. A name is refused as a whole where any command that sets it is not ours to change or does not hold a token as such: a list; a value that
//! fish makes of a variable, a command or a pattern; a command in a function or a block, behind `and`, `or`, `&&`, `||`, or in a pipe. Which value
//! counts there is decided when the shell runs; to write beside it would leave programs with the old token without a word, and to write into it
//! would change what a condition was made for. `set --local` in a block is not seen outside, and no matter. `set --erase` takes a value away.
//! Source: fish's documentation (`set`, "The fish language") and fish 3.6 itself, 2026-11.

mod script;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use super::error::{DocumentError, unwritable};
use super::text_positions::{Spelled, Splice, line_end, position};
use script::{Command, Quotes, Runs, Script, Word};
use tokenward_core::Place;

/// What one command does to one variable.
struct Setting {
    name: String,
    /// Where that is said.
    at: usize,
    scope: Option<Scope>,
    act: Act,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Local,
    Function,
    Global,
    Universal,
}

enum Act {
    /// It gets a text.
    Text(Rc<Word>),
    /// It gets nothing, which a program reads as an empty text; a value would stand here.
    Nothing(usize),
    Erased,
    /// It gets something that is not written here, and this is what.
    Refused(&'static str),
}

pub(super) fn check(text: &str) -> Result<(), DocumentError> {
    Script::parse(text).map(|_| ())
}

pub(super) fn read(text: &str, name: &str) -> Result<Option<String>, DocumentError> {
    let all = settings(Script::parse(text)?);
    let own: Vec<&Setting> = all.iter().filter(|setting| setting.name == name).collect();
    Ok(own_values(text, &own)?.last().and_then(|setting| said(setting)))
}

/// Every value of a name, and where it begins.
pub(super) fn occurrences(text: &str, name: &str) -> Result<Vec<(usize, String)>, DocumentError> {
    let all = settings(Script::parse(text)?);
    let own: Vec<&Setting> = all.iter().filter(|setting| setting.name == name).collect();
    Ok(own_values(text, &own)?.into_iter().filter_map(|setting| Some((setting.at, said(setting)?))).collect())
}

/// Whether every value of a name stands in quotes.
pub(super) fn is_quoted(text: &str, name: &str) -> bool {
    let all = Script::parse(text).map(settings).unwrap_or_default();
    all.iter().filter(|setting| setting.name == name).all(|setting| match &setting.act {
        Act::Text(word) => matches!(word.quotes, Quotes::Around(_)),
        Act::Nothing(_) => false,
        Act::Erased | Act::Refused(_) => true,
    })
}

/// Every variable that can be read with its value, in their order.
pub(super) fn all(text: &str) -> Vec<(String, String)> {
    let all = Script::parse(text).map(settings).unwrap_or_default();
    let mut by_name: BTreeMap<&str, Vec<&Setting>> = BTreeMap::new();
    for setting in &all {
        by_name.entry(&setting.name).or_default().push(setting);
    }
    let named = |setting: &Setting| {
        let own = by_name.remove(setting.name.as_str())?;
        let value = own_values(text, &own).ok()?.last().and_then(|setting| said(setting))?;
        Some((setting.name.clone(), value))
    };
    all.iter().filter_map(named).collect()
}

pub(super) fn names(text: &str) -> Vec<String> {
    all(text).into_iter().map(|(name, _)| name).collect()
}

/// Every name, those without a value too.
pub(super) fn every_name(text: &str) -> Vec<String> {
    let all = Script::parse(text).map(settings).unwrap_or_default();
    all.into_iter().map(|setting| setting.name).collect()
}

pub(super) fn write(text: &str, name: &str, value: &str) -> Result<Vec<Splice>, DocumentError> {
    let place = Place::Dotenv { name: name.to_owned() };
    if value.contains(char::is_control) {
        return Err(unwritable(&place, "the value has control characters"));
    }
    let script = Script::parse(text)?;
    let is_over = script.is_over;
    let all = settings(script);
    let own: Vec<&Setting> = all.iter().filter(|setting| setting.name == name).collect();
    let own = own_values(text, &own)?;
    let mut splices = Vec::new();
    for setting in &own {
        match &setting.act {
            Act::Text(word) => splices.extend(exchange(text, word, value, &place)?),
            Act::Nothing(at) => splices.push(Splice::insert(*at, format!(" {}", anew(value)))),
            Act::Erased | Act::Refused(_) => {}
        }
    }
    if own.last().is_some_and(|setting| !matches!(setting.act, Act::Erased)) {
        return Ok(splices);
    }
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(unwritable(&place, "a new variable needs a name of letters, digits and _"));
    }
    if is_over {
        return Err(unwritable(&place, "the file ends with `return`, `exit` or `exec`, and nothing behind it is run"));
    }
    // To fish a carriage return is a blank.
    let end = if line_end(text) == "\r\n" { "\r\n" } else { "\n" };
    let line = format!("set -gx {name} {}", anew(value));
    let is_open = !text.is_empty() && !text.ends_with('\n');
    // A last line without an end stays the one without.
    splices.push(Splice::insert(text.len(), if is_open { format!("{end}{line}") } else { format!("{line}{end}") }));
    Ok(splices)
}

/// The exchange after which a word says something else, in its quotes. What stands around a token keeps its spelling.
fn exchange(text: &str, word: &Word, value: &str, place: &Place) -> Result<Vec<Splice>, DocumentError> {
    let is_whole = |at: &Range<usize>| !text[at.clone()].contains(['\'', '"']);
    let spliced = |(at, words): (Range<usize>, &str)| match word.quotes {
        Quotes::Around('\'') => Ok(Splice::new(at, escaped(words, |c| matches!(c, '\'' | '\\')))),
        Quotes::Around(_) => Ok(Splice::new(at, escaped(words, |c| matches!(c, '"' | '\\' | '$')))),
        Quotes::No => {
            let home = if at.start == word.at.start && words.starts_with('~') { "\\" } else { "" };
            Ok(Splice::new(at, format!("{home}{}", escaped(words, |c| !is_plain(c)))))
        }
        Quotes::Within if words.chars().all(is_plain) && is_whole(&at) => Ok(Splice::new(at, words)),
        Quotes::Within => Err(unwritable(place, "the value is put together from several parts in quotes")),
    };
    let spelled: &Spelled = &word.spelled;
    // Two tokens in one value: what stands between them is no business of ours.
    let parts = spelled.words_that_differ(value).unwrap_or_else(|| spelled.differs(value).into_iter().collect());
    parts.into_iter().map(spliced).collect()
}

/// A value that was not there, as a person would write it.
fn anew(value: &str) -> String {
    if !value.is_empty() && !value.starts_with('~') && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("'{}'", escaped(value, |c| matches!(c, '\'' | '\\')))
}

fn escaped(words: &str, is_special: impl Fn(char) -> bool) -> String {
    let mut spelled = String::with_capacity(words.len());
    for c in words.chars() {
        if is_special(c) {
            spelled.push('\\');
        }
        spelled.push(c);
    }
    spelled
}

/// Whether a character says itself outside quotes, in every version; a `~` anywhere but at the beginning.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./:@%+,=~".contains(c)
}

/// What a variable gets, if it gets a text.
fn said(setting: &Setting) -> Option<String> {
    match &setting.act {
        Act::Text(word) => Some(word.text().as_str().to_owned()),
        Act::Nothing(_) => Some(String::new()),
        Act::Erased | Act::Refused(_) => None,
    }
}

/// The settings of one variable in their order, without those that another variable of its name in another scope has; or why they
/// are not ours.
fn own_values<'a>(text: &str, own: &[&'a Setting]) -> Result<Vec<&'a Setting>, DocumentError> {
    let refused = |setting: &Setting, found| {
        let (line, column) = position(text, setting.at);
        Err(DocumentError::NotText { line, column, place: Place::dotenv(&setting.name), found })
    };
    let (mut scope, mut values) = (None, Vec::new());
    for setting in own {
        match &setting.act {
            Act::Refused(found) => return refused(setting, found),
            Act::Erased if scope.is_none() || setting.scope.is_some() && setting.scope != scope => continue,
            Act::Erased => {}
            Act::Text(_) | Act::Nothing(_) => {
                // Without a flag the variable that is there is meant, else a global one.
                let own = setting.scope.or(scope).or(Some(Scope::Global));
                if scope.is_some() && own != scope {
                    return refused(setting, "set in several scopes");
                }
                scope = own;
            }
        }
        values.push(*setting);
    }
    Ok(values)
}

fn settings(script: Script) -> Vec<Setting> {
    script.commands.into_iter().flat_map(|command| settings_of(&command)).collect()
}

/// What a command does to each variable that it names.
fn settings_of(command: &Command) -> Vec<Setting> {
    let Some((head, rest)) = command.words.split_first() else { return Vec::new() };
    if head.text().as_str() == "export" {
        let set = |word: &Rc<Word>| {
            let text = word.text();
            let name = text.split_once('=')?.0.to_owned();
            Some(Setting { name, at: word.at.start, scope: None, act: Act::Refused("set by `export`, not by `set`") })
        };
        return rest.iter().filter_map(set).collect();
    }
    let Some((flags, rest)) = Flags::read(rest) else { return Vec::new() };
    // A block's own variable is not seen outside.
    if command.runs == Runs::InBlock && flags.scope == Some(Scope::Local) {
        return Vec::new();
    }
    let is_ours = match command.runs {
        Runs::Always => Ok(()),
        Runs::InBlock => Err("set in a function or a block such as `if`"),
        Runs::Sometimes => Err("set on a condition, in a pipe or beside other commands"),
        Runs::Never => Err("set behind the end of the file, such as `return`"),
    };
    let setting = |word: &Word, at: usize, act: Act| {
        let text = word.text();
        let name = text.split('[').next().unwrap_or_default().to_owned();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        // A name that fish puts together is nobody's guess, and one that it does not know sets nothing.
        let act = if text.contains('[') { Act::Refused("a list") } else { is_ours.map_or_else(Act::Refused, |()| act) };
        (is_name && !word.expands).then_some(Setting { name, at, scope: flags.scope, act })
    };
    if flags.erases {
        return rest.iter().filter_map(|word| setting(word, word.at.start, Act::Erased)).collect();
    }
    let Some((name, values)) = rest.split_first() else { return Vec::new() };
    let (at, act) = match values {
        _ if flags.is_unknown => (name.at.start, Act::Refused("set with a flag that is not known")),
        _ if flags.extends => (name.at.start, Act::Refused("a list")),
        [] => (name.at.end, Act::Nothing(name.at.end)),
        [value] if value.expands => (value.at.start, Act::Refused("a variable, a command or a pattern")),
        [value] => (value.at.start, Act::Text(Rc::clone(value))),
        [first, ..] => (first.at.start, Act::Refused("a list")),
    };
    setting(name, at, act).into_iter().collect()
}

/// What the flags of a `set` say.
#[derive(Debug, Default)]
struct Flags {
    scope: Option<Scope>,
    erases: bool,
    extends: bool,
    is_unknown: bool,
}

/// Long flags, which fish takes abbreviated too, with their letters.
const LONG: [(&str, char); 15] = [
    ("append", 'a'),
    ("erase", 'e'),
    ("export", 'x'),
    ("function", 'f'),
    ("global", 'g'),
    ("help", 'h'),
    ("local", 'l'),
    ("long", 'L'),
    ("names", 'n'),
    ("path", '.'),
    ("prepend", 'p'),
    ("query", 'q'),
    ("show", 'S'),
    ("unexport", 'u'),
    ("universal", 'U'),
];

impl Flags {
    /// The flags, and the words behind them; `None` where nothing is set.
    fn read(mut rest: &[Rc<Word>]) -> Option<(Self, &[Rc<Word>])> {
        let mut flags = Self::default();
        while let Some((first, others)) = rest.split_first() {
            let text = first.text();
            if first.expands {
                break;
            }
            let letters = match text.as_str() {
                "--" => {
                    rest = others;
                    break;
                }
                text if text.len() > 2 && text.starts_with("--") => Self::long(&text[2..]).to_string(),
                text if text.len() > 1 && text.starts_with('-') => text[1..].to_owned(),
                _ => break,
            };
            for letter in letters.chars() {
                flags.add(letter)?;
            }
            rest = others;
        }
        Some((flags, rest))
    }

    fn long(name: &str) -> char {
        // How a variable is split, and no more.
        if name == "unpath" {
            return '.';
        }
        let exact = LONG.iter().find(|(long, _)| *long == name);
        let mut begun = LONG.iter().filter(|(long, _)| long.starts_with(name));
        let only = match (begun.next(), begun.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        };
        exact.or(only).map_or('?', |(_, letter)| *letter)
    }

    fn add(&mut self, letter: char) -> Option<()> {
        let scope = match letter {
            'l' => Some(Scope::Local),
            'f' => Some(Scope::Function),
            'g' => Some(Scope::Global),
            'U' => Some(Scope::Universal),
            _ => None,
        };
        self.is_unknown |= scope.is_some() && self.scope.is_some() && self.scope != scope;
        self.scope = scope.or(self.scope);
        match letter {
            // These ask and show.
            'q' | 'n' | 'S' | 'h' => return None,
            'e' => self.erases = true,
            'a' | 'p' => self.extends = true,
            'x' | 'u' | 'L' | '.' | 'l' | 'f' | 'g' | 'U' => {}
            _ => self.is_unknown = true,
        }
        Some(())
    }
}
