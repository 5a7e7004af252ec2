//! Places as people write them, and as messages name them: one notation, which reads back what it wrote.
//!
//! | Format | Notation |
//! |---|---|
//! | `.env`, `.properties`, fish | `NAME`, `any.name` |
//! | ini | `key`, `section.key` (split at the last dot), `[any.section]key` |
//! | JSON in a text of any of them | `NAME[json].access_token`, `section.key[json].a.b`, `a.b[json].c` |
//! | JSON, TOML, YAML | `mcpServers.lark.env.USER_ACCESS_TOKEN`, `mcpServers."my.server".env.X`, `args[3]`, `args[after -u]`; `.` is the whole document |
//!
//! A name that would be misread goes in double quotes, in which `\"`, `\\` and `\u{…}` stand for what they do in Rust.

use std::fmt;

use thiserror::Error;

use super::{Format, PathStep, Place};

/// A text that names no place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("column {column}: {reason}")]
pub struct BadPlace {
    /// Where it goes wrong, in characters from one.
    pub column: usize,
    /// What is wrong there.
    pub reason: &'static str,
}

impl Place {
    /// Reads a place in the notation of its format.
    ///
    /// # Errors
    /// [`BadPlace`] when the text names none.
    pub fn parse(format: Format, text: &str) -> Result<Self, BadPlace> {
        let mut reader = Reader { text, at: 0 };
        if text.is_empty() {
            return Err(reader.wrong("it is empty"));
        }
        match format {
            Format::Dotenv | Format::Properties | Format::Fish => {
                let name = if reader.peek('"') { reader.quoted()? } else { reader.remainder() };
                reader.end(Self::Dotenv { name })
            }
            Format::Ini => reader.ini(),
            Format::Json | Format::Toml | Format::Yaml => reader.path(None),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dotenv { name } => {
                f.write_str(&spelled(name, !name.is_empty() && !name.starts_with('"') && !name.contains(JSON)))
            }
            Self::Ini { section: None, key } => f.write_str(&spelled(key, plain_key(key) && !key.starts_with('['))),
            Self::Ini { section: Some(section), key } => {
                let calm = calm(section) && !section.contains(JSON);
                let plain = plain_key(key) && !section.is_empty() && !section.starts_with(['[', '"']) && calm;
                write!(f, "{}.{}", spelled(section, plain), spelled(key, plain))
            }
            Self::Path(steps) if steps.is_empty() => f.write_str("."),
            Self::Within { text, path } => {
                let dot = if matches!(path.first(), Some(PathStep::Key(_))) { "." } else { "" };
                let whole = if matches!(&**text, Self::Path(steps) if steps.is_empty()) {
                    String::new()
                } else {
                    text.to_string()
                };
                let path = if path.is_empty() { String::new() } else { Self::Path(path.clone()).to_string() };
                write!(f, "{whole}{JSON}{dot}{path}")
            }
            Self::Path(steps) => steps.iter().enumerate().try_for_each(|(index, step)| match step {
                PathStep::Key(key) => {
                    let dot = if index == 0 { "" } else { "." };
                    write!(f, "{dot}{}", spelled(key, !key.is_empty() && !key.contains(MARKS)))
                }
                PathStep::Index(number) => write!(f, "[{number}]"),
                PathStep::After(word) => {
                    write!(f, "[after {}]", spelled(word, !word.is_empty() && !word.contains([']', '"'])))
                }
            }),
        }
    }
}

/// Stands behind the place of a text that is a JSON document.
const JSON: &str = "[json]";

/// What a bare key of a path may not hold.
const MARKS: [char; 4] = ['.', '[', ']', '"'];

/// Whether an ini key can stand behind the last dot.
fn plain_key(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '"']) && !key.contains(JSON) && calm(key)
}

/// Whether a text can be shown as it is: no character moves the cursor.
fn calm(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// The text as it is, or in quotes.
fn spelled(text: &str, plain: bool) -> String {
    if plain && calm(text) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&c.escape_unicode().to_string()),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Goes through the text once.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn ini(mut self) -> Result<Place, BadPlace> {
        if self.peek('[') {
            let close = self.rest().find(']').ok_or_else(|| self.wrong("this bracket is not closed"))?;
            let section = self.rest()[1..close].to_owned();
            if section.is_empty() {
                return Err(self.wrong("the section's name is missing"));
            }
            self.at += close + 1;
            let key = if self.peek('"') { self.quoted()? } else { self.remainder() };
            return self.ini_end(Some(section), key);
        }
        if self.peek('"') {
            let first = self.quoted()?;
            if self.rest().is_empty() || self.rest().starts_with(JSON) {
                return self.end(Place::Ini { section: None, key: first });
            }
            self.take(".", "a dot and the key must follow the quoted section")?;
            let key = if self.peek('"') { self.quoted()? } else { self.remainder() };
            return self.ini_end(Some(first), key);
        }
        let all = self.bare();
        match all.rfind('.') {
            None => {
                let key = self.remainder();
                self.end(Place::Ini { section: None, key })
            }
            Some(0) => Err(self.wrong("the section's name is missing before the dot")),
            Some(dot) => {
                let section = all[..dot].to_owned();
                self.at = dot + 1;
                let key = self.remainder();
                self.ini_end(Some(section), key)
            }
        }
    }

    /// A key that was written without quotes is not empty.
    fn ini_end(self, section: Option<String>, key: String) -> Result<Place, BadPlace> {
        if key.is_empty() && !self.text[..self.at].ends_with('"') {
            return Err(self.wrong("the key is missing"));
        }
        self.end(Place::Ini { section, key })
    }

    /// A way down a document, perhaps one that is the text at a place.
    fn path(mut self, mut outer: Option<Place>) -> Result<Place, BadPlace> {
        let mut steps = Vec::new();
        if self.rest() == "." && outer.is_none() {
            return Ok(Place::Path(steps));
        }
        let place = |outer: Option<Place>, steps| match outer {
            Some(outer) => outer.within(steps),
            None => Place::Path(steps),
        };
        while !self.rest().is_empty() {
            if self.rest().starts_with(JSON) {
                self.at += JSON.len();
                outer = Some(place(outer, std::mem::take(&mut steps)));
            } else if self.peek('[') {
                steps.push(self.bracket()?);
            } else {
                if !steps.is_empty() || outer.is_some() {
                    self.take(".", "a dot or a bracket must follow here")?;
                }
                steps.push(PathStep::Key(self.key()?));
            }
        }
        Ok(place(outer, steps))
    }

    fn key(&mut self) -> Result<String, BadPlace> {
        if self.peek('"') {
            return self.quoted();
        }
        let rest = self.rest();
        let length = rest.find(MARKS).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.wrong("a key is missing here; one with dots or brackets goes in double quotes"));
        }
        let key = rest[..length].to_owned();
        self.at += length;
        Ok(key)
    }

    /// `[3]`, `[after -u]`, `[after "x]"]`, and `["key"]` as in `JSONPath` (RFC 9535 §2.3.1).
    fn bracket(&mut self) -> Result<PathStep, BadPlace> {
        self.at += 1;
        let step = if self.peek('"') {
            PathStep::Key(self.quoted()?)
        } else if let Some(word) = self.rest().strip_prefix("after ") {
            self.at += "after ".len();
            if word.starts_with('"') {
                PathStep::After(self.quoted()?)
            } else {
                let word = &word[..word.find(']').unwrap_or(word.len())];
                if word.is_empty() {
                    return Err(self.wrong("the word is missing, such as -u"));
                }
                self.at += word.len();
                PathStep::After(word.to_owned())
            }
        } else {
            let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
            let number = self.rest()[..digits].parse();
            let number = number.map_err(|_| self.wrong("a position such as 3, or after and a word, belongs here"))?;
            self.at += digits;
            PathStep::Index(number)
        };
        self.take("]", "the bracket must be closed here")?;
        Ok(step)
    }

    /// A text in double quotes.
    fn quoted(&mut self) -> Result<String, BadPlace> {
        let start = self.at;
        self.at += 1;
        let mut value = String::new();
        loop {
            let mut chars = self.rest().chars();
            let c = chars.next().ok_or_else(|| Self { at: start, ..*self }.wrong("this quote is not closed"))?;
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(value),
                '\\' => value.push(self.escape()?),
                c => value.push(c),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, BadPlace> {
        let unknown = self.wrong("behind a backslash belong \", \\ or u{…}");
        let rest = self.rest();
        if let Some(c @ ('"' | '\\')) = rest.chars().next() {
            self.at += 1;
            return Ok(c);
        }
        let code = rest.strip_prefix("u{").and_then(|rest| rest.split_once('}')).map(|(code, _)| code);
        let code = code.filter(|code| code.bytes().all(|byte| byte.is_ascii_hexdigit())).ok_or(unknown.clone())?;
        let c = u32::from_str_radix(code, 16).ok().and_then(char::from_u32).ok_or(unknown)?;
        self.at += code.len() + "u{}".len();
        Ok(c)
    }

    fn peek(&self, c: char) -> bool {
        self.rest().starts_with(c)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// What is left, up to where a document begins that is a text.
    fn bare(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.find(JSON).unwrap_or(rest.len())]
    }

    fn remainder(&mut self) -> String {
        let rest = self.bare().to_owned();
        self.at += rest.len();
        rest
    }

    fn take(&mut self, mark: &str, reason: &'static str) -> Result<(), BadPlace> {
        if !self.rest().starts_with(mark) {
            return Err(self.wrong(reason));
        }
        self.at += mark.len();
        Ok(())
    }

    fn end(self, place: Place) -> Result<Place, BadPlace> {
        match self.rest() {
            "" => Ok(place),
            rest if rest.starts_with(JSON) => Self { at: self.at + JSON.len(), ..self }.path(Some(place)),
            _ => Err(self.wrong("nothing may follow here")),
        }
    }

    fn wrong(&self, reason: &'static str) -> BadPlace {
        BadPlace { column: self.text[..self.at].chars().count() + 1, reason }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> PathStep {
        PathStep::Key(text.to_owned())
    }

    #[test]
    fn places_as_people_write_them() {
        let json = |text| Place::parse(Format::Json, text).unwrap();
        assert_eq!(
            json("mcpServers.lark.env.USER_ACCESS_TOKEN"),
            Place::keys(["mcpServers", "lark", "env", "USER_ACCESS_TOKEN"])
        );
        assert_eq!(json(r#"a."my.server".b"#), Place::keys(["a", "my.server", "b"]));
        assert_eq!(json(r#"a["my.server"].b"#), Place::keys(["a", "my.server", "b"]));
        assert_eq!(json("args[3]"), Place::Path(vec![key("args"), PathStep::Index(3)]));
        assert_eq!(json("[0].token"), Place::Path(vec![PathStep::Index(0), key("token")]));
        assert_eq!(json("args[after -u]"), Place::Path(vec![key("args"), PathStep::After("-u".into())]));
        assert_eq!(json("."), Place::Path(Vec::new()));
        let ini = |text| Place::parse(Format::Ini, text).unwrap();
        assert_eq!(ini("refresh_token"), Place::ini_anywhere("refresh_token"));
        assert_eq!(ini("TOKEN.refresh_token"), Place::ini("TOKEN", "refresh_token"));
        assert_eq!(ini("a.b.c"), Place::ini("a.b", "c"));
        assert_eq!(ini("[a.b]c.d"), Place::ini("a.b", "c.d"));
        assert_eq!(Place::parse(Format::Dotenv, "A_1").unwrap(), Place::dotenv("A_1"));
        assert_eq!(Place::parse(Format::Properties, "feishu.app-id").unwrap(), Place::dotenv("feishu.app-id"));
        let inside = |place: Place| place.within(vec![key("access_token")]);
        assert_eq!(ini("work.token[json].access_token"), inside(Place::ini("work", "token")));
        assert_eq!(json("a[json][0][json].access_token"), inside(Place::keys(["a"]).within(vec![PathStep::Index(0)])));
        assert_eq!(Place::parse(Format::Dotenv, "A[json].access_token").unwrap(), inside(Place::dotenv("A")));
    }

    #[test]
    fn places_as_messages_name_them() {
        for (place, shown) in [
            (Place::ini("TOKEN", "refresh_token"), "TOKEN.refresh_token"),
            (Place::ini("a", "b.c"), r#""a"."b.c""#),
            (Place::ini_anywhere("a.b"), r#""a.b""#),
            (Place::dotenv("A"), "A"),
            (Place::keys(["a", "b.c", ""]), r#"a."b.c"."""#),
            (Place::Path(vec![key("args"), PathStep::After("]".into())]), r#"args[after "]"]"#),
            (Place::keys(["a\u{1b}[2J"]), r#""a\u{1b}[2J""#),
            (Place::Path(Vec::new()), "."),
        ] {
            assert_eq!(place.to_string(), shown);
        }
    }

    #[test]
    fn a_slip_is_told_with_its_column() {
        for (format, text, column, reason) in [
            (Format::Json, "", 1, "it is empty"),
            (Format::Json, "a..b", 3, "a key is missing here; one with dots or brackets goes in double quotes"),
            (Format::Json, "a.\"b", 3, "this quote is not closed"),
            (Format::Json, "文[x]", 3, "a position such as 3, or after and a word, belongs here"),
            (Format::Json, "a[99999999999999999999]", 3, "a position such as 3, or after and a word, belongs here"),
            (Format::Json, "a[1", 4, "the bracket must be closed here"),
            (Format::Json, "a[after ]", 9, "the word is missing, such as -u"),
            (Format::Json, r#""a"b"#, 4, "a dot or a bracket must follow here"),
            (Format::Json, r#""\x""#, 3, "behind a backslash belong \", \\ or u{…}"),
            (Format::Toml, "a]", 2, "a dot or a bracket must follow here"),
            (Format::Ini, ".a", 1, "the section's name is missing before the dot"),
            (Format::Ini, "a.", 3, "the key is missing"),
            (Format::Ini, "[a", 1, "this bracket is not closed"),
            (Format::Ini, "[]a", 1, "the section's name is missing"),
            (Format::Dotenv, "\"A\"B", 4, "nothing may follow here"),
        ] {
            assert_eq!(Place::parse(format, text), Err(BadPlace { column, reason }), "{text}");
        }
    }

    fn name() -> impl Strategy<Value = String> {
        prop_oneof![3 => r#"[a\.\[\]" \\-]{0,5}"#, 1 => r"a?\.?\[json\]\.?b?", 1 => any::<String>()]
    }

    fn step() -> impl Strategy<Value = PathStep> {
        prop_oneof![
            name().prop_map(PathStep::Key),
            any::<usize>().prop_map(PathStep::Index),
            name().prop_map(PathStep::After),
        ]
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(
            section in proptest::option::of(name()), name in name(), path in proptest::collection::vec(step(), 0..5),
        ) {
            for (format, place) in [
                (Format::Ini, Place::Ini { section, key: name.clone() }),
                (Format::Dotenv, Place::Dotenv { name: name.clone() }),
                (Format::Properties, Place::Dotenv { name: name.clone() }),
                (Format::Fish, Place::Dotenv { name }),
                (Format::Json, Place::Path(path.clone())),
                (Format::Toml, Place::Path(path.clone())),
                (Format::Yaml, Place::Path(path.clone())),
            ] {
                let within = place.clone().within(path.clone()).within(path.clone());
                prop_assert_eq!(Place::parse(format, &within.to_string()), Ok(within));
                prop_assert_eq!(Place::parse(format, &place.to_string()), Ok(place));
            }
        }

        #[test]
        fn any_text_is_a_place_or_refused(text in name()) {
            for format in [
                Format::Ini,
                Format::Dotenv,
                Format::Properties,
                Format::Fish,
                Format::Json,
                Format::Toml,
                Format::Yaml,
            ] {
                if let Ok(place) = Place::parse(format, &text) {
                    prop_assert_eq!(Place::parse(format, &place.to_string()), Ok(place));
                }
            }
        }
    }
}
