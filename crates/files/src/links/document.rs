//! A file's content, and the one face over its formats.

use std::fmt;

use zeroize::Zeroizing;

use super::error::{DocumentError, unwritable};
use super::text_or_number::Value;
use super::text_positions::{Splice, position, syntax};
use super::token_or_placeholder::SHORTEST;
use super::tree::Tree;
use super::{dotenv, fish, ini, json, properties, toml, yaml};
use tokenward_core::{Format, PathStep, Place};

/// The content of a file, in which single values can be read and exchanged.
///
/// Where a file names one value twice, the last one counts for [`Document::get`], as it does for the usual readers of
/// each format; [`Document::set`] writes all of them, so that no reader finds an old one (ADR 0014).
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    format: Format,
    /// Whether the byte order mark of some editors stands at the beginning. It is no part of `text`.
    mark: bool,
    /// Whether the bytes are ISO-8859-1, as those of a `.properties` file are that are no UTF-8.
    is_latin1: bool,
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
        let is_java = format == Format::Properties;
        let document = match std::str::from_utf8(bytes) {
            // To Java the mark is a character like any other.
            Ok(all) if is_java => Self { format, mark: false, is_latin1: false, text: Zeroizing::new(all.to_owned()) },
            Ok(all) => {
                let text = all.strip_prefix(MARK);
                let mark = text.is_some();
                Self { format, mark, is_latin1: false, text: Zeroizing::new(text.unwrap_or(all).to_owned()) }
            }
            Err(_) if is_java => {
                let text = Zeroizing::new(bytes.iter().copied().map(char::from).collect());
                Self { format, mark: false, is_latin1: true, text }
            }
            Err(error) => {
                let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
                let reason = "this byte is not UTF-8; save the file as UTF-8";
                return Err(syntax(good.trim_start_matches(MARK), good.len(), reason));
            }
        };
        if is_sealed(&document.text) {
            return Err(syntax("", 0, SEALED));
        }
        match format {
            Format::Ini => ini::check(&document.text),
            Format::Dotenv => dotenv::check(&document.text),
            Format::Properties => properties::check(&document.text),
            Format::Fish => fish::check(&document.text),
            Format::Json => json::check(&document.text),
            Format::Toml => toml::check(&document.text),
            Format::Yaml => yaml::check(&document.text),
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
            (Format::Properties, Place::Dotenv { name }) => properties::read(&self.text, name),
            (Format::Fish, Place::Dotenv { name }) => fish::read(&self.text, name),
            (Format::Json, Place::Path(path)) => json::read(&self.text, path),
            (Format::Toml, Place::Path(path)) => toml::read(&self.text, path),
            (Format::Yaml, Place::Path(path)) => yaml::read(&self.text, path),
            (_, Place::Within { text, path }) => {
                return self.inner(text)?.map_or(Ok(None), |inner| inner.get(&Place::Path(path.clone())));
            }
            _ => return Err(self.wrong(place)),
        }?;
        Ok(value.map(Zeroizing::new))
    }

    /// Whether a key or an element is there, whatever stands at it: nothing yet, too.
    pub fn has(&self, place: &Place) -> bool {
        match place {
            Place::Path(path) => {
                let tree = self.tree();
                tree.is_ok_and(|tree| path.iter().try_fold(&tree, |node, step| node.child(step)).is_some())
            }
            Place::Within { text, path } => match self.inner(text) {
                Ok(inner) => inner.is_some_and(|inner| inner.has(&Place::Path(path.clone()))),
                Err(_) => true,
            },
            Place::Ini { .. } | Place::Dotenv { .. } => !matches!(self.get(place), Ok(None)),
        }
    }

    /// Where texts stand under a key of that name, upper and lower case being one.
    pub fn places_of(&self, key: &str) -> Vec<Place> {
        let places = self.texts().into_iter().map(|(place, _)| place);
        places.filter(|place| place.key().is_some_and(|own| own.eq_ignore_ascii_case(key))).collect()
    }

    /// The text or number at a place; in ini, `.env`, `.properties` and fish files every value is a text.
    ///
    /// # Errors
    /// As [`Document::get`]; a number is no error.
    pub fn get_value(&self, place: &Place) -> Result<Option<Value>, DocumentError> {
        match (self.format, place) {
            (Format::Json, Place::Path(path)) => json::read_value(&self.text, path),
            (Format::Toml, Place::Path(path)) => toml::read_value(&self.text, path),
            (Format::Yaml, Place::Path(path)) => yaml::read_value(&self.text, path),
            (_, Place::Within { text, path }) => {
                self.inner(text)?.map_or(Ok(None), |inner| inner.get_value(&Place::Path(path.clone())))
            }
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
    /// one, or of a text, which then spells it, because its readers expect a text. Files without types spell all.
    ///
    /// # Errors
    /// [`DocumentError`], also for a text where a number stands; the document is as it was.
    pub fn set_value(&mut self, place: &Place, value: &Value) -> Result<(), DocumentError> {
        if matches!(value, Value::Fraction(number) if !number.is_finite()) {
            return Err(unwritable(place, "it is not a finite number"));
        }
        if let Place::Within { text, path } = place {
            let reason = "the text that it is in is not there";
            let absent = || DocumentError::NotThere { place: place.clone(), reason };
            let mut inner = self.inner(text)?.ok_or_else(absent)?;
            inner.set_value(&Place::Path(path.clone()), value)?;
            return self.set_value(text, &Value::Text(inner.text));
        }
        let splices = match (self.format, place) {
            (Format::Ini, Place::Ini { section, key }) => {
                ini::write(&self.text, section.as_deref(), key, &value.spelled())
            }
            (Format::Dotenv, Place::Dotenv { name }) => dotenv::write(&self.text, name, &value.spelled()),
            (Format::Properties, Place::Dotenv { name }) => properties::write(&self.text, name, &value.spelled()),
            (Format::Fish, Place::Dotenv { name }) => fish::write(&self.text, name, &value.spelled()),
            (Format::Json, Place::Path(path)) => json::write(&self.text, path, value),
            (Format::Toml, Place::Path(path)) => toml::write(&self.text, path, value),
            (Format::Yaml, Place::Path(path)) => yaml::write(&self.text, path, value),
            _ => return Err(self.wrong(place)),
        }?;
        let mut changed = self.clone();
        changed.text = Zeroizing::new(splice(&self.text, splices));
        // The last word is the reader's: what does not come back as it was given is not written.
        let document = Self::parse(self.format, &changed.bytes());
        if document.as_ref().is_ok_and(|document| document.is_latin1 != self.is_latin1 && !document.text.is_ascii()) {
            return Err(unwritable(place, "the rest of the file would then be taken for UTF-8, and read differently"));
        }
        let read = document.and_then(|document| document.get_value(place));
        if !matches!(read, Ok(Some(read)) if read.spelled() == value.spelled()) {
            return Err(unwritable(place, "it would not read back as what was written"));
        }
        *self = changed;
        Ok(())
    }

    /// All of a JSON, TOML or YAML document, as far as it is made of tables, lists, texts and numbers.
    pub(crate) fn tree(&self) -> Result<Tree, DocumentError> {
        match self.format {
            Format::Json => json::tree(&self.text),
            Format::Toml => toml::tree(&self.text),
            Format::Yaml => yaml::tree(&self.text),
            Format::Ini | Format::Dotenv | Format::Properties | Format::Fish => Ok(Tree::Other),
        }
    }

    /// The JSON document that the text at a place is; `None` where there is no text.
    fn inner(&self, text: &Place) -> Result<Option<Self>, DocumentError> {
        let Some(content) = self.get(text)?.filter(|content| !content.trim().is_empty()) else { return Ok(None) };
        json::check(&content).map_err(|_| DocumentError::NoJson { place: text.clone() })?;
        Ok(Some(Self { format: Format::Json, mark: false, is_latin1: false, text: content }))
    }

    /// Every value of a place with its line, those that a later one hides too, in their order. Where the document that a hidden text is
    /// would be replaced with it, that text counts as a whole.
    pub(crate) fn occurrences(&self, place: &Place) -> Result<Vec<(usize, Zeroizing<String>)>, DocumentError> {
        let found = match (self.format, place) {
            (Format::Ini, Place::Ini { section, key }) => ini::occurrences(&self.text, section.as_deref(), key),
            (Format::Dotenv, Place::Dotenv { name }) => dotenv::occurrences(&self.text, name),
            (Format::Properties, Place::Dotenv { name }) => properties::occurrences(&self.text, name),
            (Format::Fish, Place::Dotenv { name }) => fish::occurrences(&self.text, name),
            (Format::Json, Place::Path(path)) => json::occurrences(&self.text, path),
            // There a key is there once.
            (Format::Toml | Format::Yaml, Place::Path(_)) => Ok(Vec::new()),
            (_, Place::Within { text, path }) => {
                let last = self.get(text)?;
                let mut found = Vec::new();
                for (line, outer) in self.occurrences(text)? {
                    if last.as_ref() == Some(&outer) {
                        let inner = self.inner(text)?.map(|inner| inner.occurrences(&Place::Path(path.clone())));
                        let inner = inner.transpose()?.unwrap_or_default();
                        found.extend(inner.into_iter().map(|(_, value)| (line, value)));
                    } else {
                        found.push((line, outer));
                    }
                }
                return Ok(found);
            }
            _ => return Err(self.wrong(place)),
        }?;
        Ok(found.into_iter().map(|(at, text)| (position(&self.text, at).0, Zeroizing::new(text))).collect())
    }

    /// Whether a value stands in quotes, as far as its format tells.
    pub fn is_quoted(&self, place: &Place) -> bool {
        match (self.format, place) {
            (Format::Dotenv, Place::Dotenv { name }) => dotenv::is_quoted(&self.text, name),
            (Format::Fish, Place::Dotenv { name }) => fish::is_quoted(&self.text, name),
            (_, Place::Within { text, .. }) => self.is_quoted(text),
            _ => false,
        }
    }

    /// Every variable of a `.env` or fish file or key of a `.properties` file with its value, in their order.
    fn variables(&self) -> Vec<(String, String)> {
        match self.format {
            Format::Dotenv => dotenv::all(&self.text),
            Format::Properties => properties::all(&self.text),
            Format::Fish => fish::all(&self.text),
            Format::Ini | Format::Json | Format::Toml | Format::Yaml => Vec::new(),
        }
    }

    /// Every value of a file whose values are texts with its place, in their order.
    pub(crate) fn values(&self) -> Vec<(Place, Zeroizing<String>)> {
        match self.format {
            Format::Dotenv | Format::Properties | Format::Fish => {
                let all = self.variables().into_iter();
                all.map(|(name, value)| (Place::dotenv(&name), Zeroizing::new(value))).collect()
            }
            Format::Ini => {
                let all = ini::all(&self.text).into_iter();
                all.map(|(section, key, value)| (Place::ini(&section, &key), Zeroizing::new(value))).collect()
            }
            Format::Json | Format::Toml | Format::Yaml => Vec::new(),
        }
    }

    /// Every text of the document with its place, in their order; those of documents that are texts themselves too.
    pub(crate) fn texts(&self) -> Vec<(Place, Zeroizing<String>)> {
        let mut found = Vec::new();
        match self.format {
            Format::Dotenv | Format::Properties | Format::Fish | Format::Ini => {
                for (place, value) in self.values() {
                    add_text(place, value.to_string(), DEPTH, &mut found);
                }
            }
            Format::Json | Format::Toml | Format::Yaml => {
                if let Ok(tree) = self.tree() {
                    add_texts(&tree, &mut Vec::new(), &|path| Place::Path(path.to_vec()), DEPTH, &mut found);
                }
            }
        }
        found
    }

    /// Every name in the document that could be a token, at a place that does not repeat it: `{"TOKEN": true}`.
    pub(crate) fn names(&self) -> Vec<(Place, Zeroizing<String>)> {
        let hidden = |name: &str| (Place::dotenv(HIDDEN), Zeroizing::new(name.to_owned()));
        match self.format {
            Format::Dotenv => dotenv::every_name(&self.text).iter().map(|name| hidden(name)).collect(),
            Format::Properties => properties::names(&self.text).iter().map(|name| hidden(name)).collect(),
            Format::Fish => fish::every_name(&self.text).iter().map(|name| hidden(name)).collect(),
            Format::Ini => {
                let all = ini::all(&self.text).into_iter();
                all.map(|(section, key, _)| (Place::ini(&section, HIDDEN), Zeroizing::new(key))).collect()
            }
            Format::Json | Format::Toml | Format::Yaml => {
                let mut found = Vec::new();
                if let Ok(tree) = self.tree() {
                    add_names(&tree, &mut Vec::new(), DEPTH, &mut found);
                }
                // What is not read as a value may hold one all the same.
                if self.format == Format::Yaml {
                    let left = yaml::left(&self.text).into_iter();
                    found.extend(left.map(|(path, text)| (Place::Path(path), Zeroizing::new(text))));
                }
                found
            }
        }
    }

    /// The same place in the one notation that all places of a value have: positions for flags, the section that has the key.
    pub(crate) fn resolved(&self, place: &Place) -> Place {
        match place {
            Place::Ini { section, key } => {
                let only = || match self.sections_with(key).unwrap_or_default().as_slice() {
                    [section] => Some(section.clone()),
                    _ => None,
                };
                Place::Ini { section: section.clone().or_else(only), key: key.to_lowercase() }
            }
            Place::Dotenv { .. } => place.clone(),
            Place::Path(path) => Place::Path(self.tree().map_or_else(|_| path.clone(), |tree| tree.resolved(path))),
            Place::Within { text, path } => {
                let inner = self.inner(text).ok().flatten().and_then(|inner| inner.tree().ok());
                self.resolved(text).within(inner.map_or_else(|| path.clone(), |tree| tree.resolved(path)))
            }
        }
    }

    /// The values that stand beside a place, in its section, its table, or its file of variables; or so many tables above it.
    pub(crate) fn beside(&self, place: &Place, up: usize) -> Vec<(String, Place, Value)> {
        let texts = |all: Vec<(String, Place, String)>| {
            all.into_iter().map(|(key, place, value)| (key, place, Value::text(value))).collect()
        };
        let in_tree = |tree: &Tree, path: &[PathStep], place: &dyn Fn(&[PathStep]) -> Place| {
            let Some(way) = path.len().checked_sub(1 + up).map(|end| &path[..end]) else { return Vec::new() };
            let table = way.iter().try_fold(tree, Tree::child);
            let values = table.into_iter().flat_map(Tree::entries).filter_map(|(key, node)| {
                let steps = [way, &[PathStep::Key(key.to_owned())]].concat();
                Some((key.to_owned(), place(&steps), node.value()?.clone()))
            });
            values.collect()
        };
        match place {
            Place::Dotenv { .. } if up == 0 => {
                let all = self.variables().into_iter();
                texts(all.map(|(name, value)| (name.clone(), Place::dotenv(&name), value)).collect())
            }
            Place::Ini { .. } if up == 0 => {
                let Place::Ini { section: Some(own), .. } = self.resolved(place) else { return Vec::new() };
                let all = ini::all(&self.text).into_iter().filter(|(section, ..)| *section == own);
                texts(all.map(|(section, key, value)| (key.clone(), Place::ini(&section, &key), value)).collect())
            }
            Place::Dotenv { .. } | Place::Ini { .. } => Vec::new(),
            Place::Path(path) => {
                self.tree().map_or_else(|_| Vec::new(), |tree| in_tree(&tree, path, &|path| Place::Path(path.to_vec())))
            }
            // Above a document that is a text stand the values beside that text.
            Place::Within { text, path } if path.len() <= up => self.beside(text, up - path.len()),
            Place::Within { text, path } => {
                let inner = self.inner(text).ok().flatten().and_then(|inner| inner.tree().ok());
                let within = |path: &[PathStep]| Place::clone(text).within(path.to_vec());
                inner.map_or_else(Vec::new, |tree| in_tree(&tree, path, &within))
            }
        }
    }

    /// The names of a `.env` or fish file's variables, the keys of a `.properties` file, or those of one section of an ini file, in their order.
    pub(crate) fn keys(&self, section: &str) -> Vec<String> {
        match self.format {
            Format::Dotenv => dotenv::names(&self.text),
            Format::Properties => properties::names(&self.text),
            Format::Fish => fish::names(&self.text),
            Format::Ini => ini::keys(&self.text, section),
            Format::Json | Format::Toml | Format::Yaml => Vec::new(),
        }
    }

    /// The sections of an ini file, each once.
    pub fn sections(&self) -> Vec<String> {
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
        if self.is_latin1 {
            // What is written is ASCII, and all else came from bytes.
            return Zeroizing::new(self.text.chars().map(|c| u8::try_from(c).unwrap_or(b'?')).collect());
        }
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

/// The texts of a tree. A text behind a flag is told by the flag, which stays where arguments are added.
fn add_texts(
    tree: &Tree,
    path: &mut Vec<PathStep>,
    place: &dyn Fn(&[PathStep]) -> Place,
    depth: usize,
    found: &mut Vec<(Place, Zeroizing<String>)>,
) {
    if let Some(text) = tree.text() {
        add_text(place(path), text.to_owned(), depth, found);
    }
    for (key, node) in tree.found() {
        path.push(PathStep::Key(key.to_owned()));
        add_texts(node, path, place, depth, found);
        path.pop();
    }
    let elements = tree.elements();
    for (index, node) in elements.iter().enumerate() {
        path.push(tree.step(index));
        add_texts(node, path, place, depth, found);
        path.pop();
    }
}

/// The keys of a tree, those of documents that are texts in it too.
fn add_names(tree: &Tree, path: &mut Vec<PathStep>, depth: usize, found: &mut Vec<(Place, Zeroizing<String>)>) {
    let inner = tree.text().and_then(Tree::of_text).filter(|_| depth > 0);
    if let Some(inner) = inner {
        let mut names = Vec::new();
        add_names(&inner, &mut Vec::new(), depth - 1, &mut names);
        // Where the text stands is enough.
        found.extend(names.into_iter().map(|(_, name)| (Place::Path(path.clone()), name)));
    }
    for (key, node) in tree.found() {
        let is_long = key.len() >= SHORTEST;
        path.push(PathStep::Key(if is_long { HIDDEN } else { key }.to_owned()));
        if is_long {
            found.push((Place::Path(path.clone()), Zeroizing::new(key.to_owned())));
        }
        add_names(node, path, depth, found);
        path.pop();
    }
    for (index, node) in tree.elements().iter().enumerate() {
        path.push(PathStep::Index(index));
        add_names(node, path, depth, found);
        path.pop();
    }
}

/// A text, or the texts of the JSON document that it is.
fn add_text(place: Place, text: String, depth: usize, found: &mut Vec<(Place, Zeroizing<String>)>) {
    let tree = Tree::of_text(&text).filter(|_| depth > 0);
    match tree {
        Some(tree) => {
            let inside = |path: &[PathStep]| place.clone().within(path.to_vec());
            add_texts(&tree, &mut Vec::new(), &inside, depth - 1, found);
        }
        None => found.push((place, Zeroizing::new(text))),
    }
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
        && ["sops_mac", "sops_version", "\"sops\"", "[sops", "\nsops:"].iter().any(|mark| text.contains(mark))
}

/// What stands for a name that may be a token.
const HIDDEN: &str = "\u{2026}";

/// How many documents may stand one inside the other.
const DEPTH: usize = 4;

/// Said of a sealed file, which is refused whole.
const SEALED: &str = "the file is encrypted by sops, and an edit would break its checksum; use `tokenward exec` to hand out the token instead";

/// U+FEFF, which some editors put before UTF-8.
const MARK: char = '\u{feff}';
