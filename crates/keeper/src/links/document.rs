//! A file's content, and the one face over its formats.

use std::fmt;

use zeroize::Zeroizing;

use super::error::DocumentError;
use super::text::{Splice, syntax};
use super::tree::Tree;
use super::value::Value;
use super::{dotenv, ini, json, toml};
use tokenward_core::{Format, Place};

/// The content of a file, in which single values can be read and exchanged.
///
/// Where a file names one value twice, the last one counts for [`Document::get`], as it does for the usual readers of
/// each format; [`Document::set`] writes all of them, so that no reader finds an old one (ADR 0014).
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    format: Format,
    /// Whether the byte order mark of some editors stands at the beginning. It is no part of `text`.
    mark: bool,
    text: Zeroizing<String>,
}

impl Document {
    /// The largest file that is edited, in bytes.
    pub const LIMIT: usize = 8 << 20;

    /// Reads bytes.
    ///
    /// # Errors
    /// [`DocumentError::Syntax`] when they do not follow the format or are not UTF-8, [`DocumentError::TooLarge`].
    pub fn parse(format: Format, bytes: &[u8]) -> Result<Self, DocumentError> {
        if bytes.len() > Self::LIMIT {
            return Err(DocumentError::TooLarge { size: bytes.len() as u64, limit: Self::LIMIT as u64 });
        }
        let all = std::str::from_utf8(bytes).map_err(|error| {
            let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
            syntax(good.trim_start_matches(MARK), good.len(), "this byte is not UTF-8; save the file as UTF-8")
        })?;
        let text = all.strip_prefix(MARK);
        let document = Self { format, mark: text.is_some(), text: Zeroizing::new(text.unwrap_or(all).to_owned()) };
        if is_sealed(&document.text) {
            return Err(syntax("", 0, SEALED));
        }
        match format {
            Format::Ini => ini::check(&document.text),
            Format::Dotenv => dotenv::check(&document.text),
            Format::Json => json::check(&document.text),
            Format::Toml => toml::check(&document.text),
        }?;
        Ok(document)
    }

    /// The value at a place, as the usual reader of the format reads it; `None` when it is not there.
    ///
    /// # Errors
    /// [`DocumentError::NotText`], [`DocumentError::Ambiguous`], [`DocumentError::WrongPlace`].
    pub fn get(&self, place: &Place) -> Result<Option<Zeroizing<String>>, DocumentError> {
        let value = match (self.format, place) {
            (Format::Ini, Place::Ini { section, key }) => ini::read(&self.text, section.as_deref(), key),
            (Format::Dotenv, Place::Dotenv { name }) => dotenv::read(&self.text, name),
            (Format::Json, Place::Path(path)) => json::read(&self.text, path),
            (Format::Toml, Place::Path(path)) => toml::read(&self.text, path),
            _ => return Err(self.wrong(place)),
        }?;
        Ok(value.map(Zeroizing::new))
    }

    /// The text or number at a place; in ini and `.env` files every value is a text.
    ///
    /// # Errors
    /// As [`Document::get`]; a number is no error.
    pub fn get_value(&self, place: &Place) -> Result<Option<Value>, DocumentError> {
        match (self.format, place) {
            (Format::Json, Place::Path(path)) => json::read_value(&self.text, path),
            (Format::Toml, Place::Path(path)) => toml::read_value(&self.text, path),
            _ => Ok(self.get(place)?.map(Value::Text)),
        }
    }

    /// Puts a text in its place, and changes nothing else. A key that is missing is added where its section, object
    /// or table is there; an ini section is added too.
    ///
    /// # Errors
    /// [`DocumentError`]; the document is as it was.
    pub fn set(&mut self, place: &Place, value: &str) -> Result<(), DocumentError> {
        self.set_value(place, &Value::text(value))
    }

    /// Puts a text or a number in its place, as [`Document::set`] does. A number stays a number: it takes the place of
    /// one, or of a text, which then spells it, because its readers expect a text. Ini and `.env` files spell all.
    ///
    /// # Errors
    /// [`DocumentError`], also for a text where a number stands; the document is as it was.
    pub fn set_value(&mut self, place: &Place, value: &Value) -> Result<(), DocumentError> {
        if matches!(value, Value::Fraction(number) if !number.is_finite()) {
            return Err(unwritable(place, "it is no finite number"));
        }
        let splices = match (self.format, place) {
            (Format::Ini, Place::Ini { section, key }) => {
                ini::write(&self.text, section.as_deref(), key, &value.spelled())
            }
            (Format::Dotenv, Place::Dotenv { name }) => dotenv::write(&self.text, name, &value.spelled()),
            (Format::Json, Place::Path(path)) => json::write(&self.text, path, value),
            (Format::Toml, Place::Path(path)) => toml::write(&self.text, path, value),
            _ => return Err(self.wrong(place)),
        }?;
        let mut changed = self.clone();
        changed.text = Zeroizing::new(splice(&self.text, splices));
        // The last word is the reader's: what does not come back as it was given is not written.
        let read = Self::parse(self.format, &changed.bytes()).and_then(|document| document.get_value(place));
        if !matches!(read, Ok(Some(read)) if read.spelled() == value.spelled()) {
            return Err(unwritable(place, "it would not read back as what was written"));
        }
        *self = changed;
        Ok(())
    }

    /// All of a JSON or TOML document, as far as it is made of tables, lists, texts and numbers.
    pub(crate) fn tree(&self) -> Result<Tree, DocumentError> {
        match self.format {
            Format::Json => json::tree(&self.text),
            Format::Toml => toml::tree(&self.text),
            Format::Ini | Format::Dotenv => Ok(Tree::Other),
        }
    }

    /// The names of a `.env` file's variables, or the keys of one section of an ini file, in their order.
    pub(crate) fn keys(&self, section: &str) -> Vec<String> {
        match self.format {
            Format::Dotenv => dotenv::names(&self.text),
            Format::Ini => ini::keys(&self.text, section),
            Format::Json | Format::Toml => Vec::new(),
        }
    }

    /// The sections of an ini file, each once.
    pub(crate) fn sections(&self) -> Vec<String> {
        if self.format == Format::Ini { ini::sections(&self.text) } else { Vec::new() }
    }

    /// The sections of an ini file that have a key.
    ///
    /// # Errors
    /// [`DocumentError::WrongPlace`] in another format.
    pub fn sections_with(&self, key: &str) -> Result<Vec<String>, DocumentError> {
        match self.format {
            Format::Ini => ini::sections_with(&self.text, key),
            _ => Err(self.wrong(&Place::ini_anywhere(key))),
        }
    }

    /// The bytes as they are now.
    pub fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let mark = if self.mark { MARK.len_utf8() } else { 0 };
        let mut bytes = Zeroizing::new(Vec::with_capacity(mark + self.text.len()));
        if self.mark {
            bytes.extend_from_slice(MARK.encode_utf8(&mut [0; 4]).as_bytes());
        }
        bytes.extend_from_slice(self.text.as_bytes());
        bytes
    }

    /// The format.
    pub const fn format(&self) -> Format {
        self.format
    }

    fn wrong(&self, place: &Place) -> DocumentError {
        DocumentError::WrongPlace { place: place.clone(), format: self.format }
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("format", &self.format)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

pub(super) fn unwritable(place: &Place, reason: &'static str) -> DocumentError {
    DocumentError::Unwritable { place: place.clone(), reason }
}

/// The text with every exchange made.
fn splice(text: &str, mut splices: Vec<Splice>) -> String {
    splices.sort_by_key(|splice| splice.at.start);
    let mut changed = String::with_capacity(text.len() + splices.iter().map(|splice| splice.with.len()).sum::<usize>());
    let mut done = 0;
    for splice in splices {
        changed.push_str(&text[done..splice.at.start]);
        changed.push_str(&splice.with);
        done = splice.at.end;
    }
    changed.push_str(&text[done..]);
    changed
}

/// Whether sops has sealed the file: its checksum would no longer fit what is written.
fn is_sealed(text: &str) -> bool {
    text.contains("sops")
        && text.contains("ENC[")
        && ["sops_mac", "sops_version", "\"sops\"", "[sops"].iter().any(|mark| text.contains(mark))
}

/// Said of a sealed file, which is refused whole.
const SEALED: &str =
    "the file is sealed by sops, whose checksum no edit survives; hand the token out with `tokenward exec` instead";

/// U+FEFF, which some editors put before UTF-8.
const MARK: char = '\u{feff}';
