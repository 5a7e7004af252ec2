//! Where a value stands in a file, in words that fit each format.

use std::fmt;

use serde::{Deserialize, Serialize};

mod notation;

pub use notation::BadPlace;

/// How a file is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As Python's `configparser` reads.
    Ini,
    /// As `python-dotenv` reads.
    Dotenv,
    /// As Java's `java.util.Properties` reads.
    Properties,
    /// As the fish shell reads its settings (`config.fish`).
    Fish,
    /// JSON (RFC 8259), and JSON with comments and trailing commas.
    Json,
    /// TOML 1.1.
    Toml,
    /// YAML, as far as it stands in lines.
    Yaml,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ini => "ini",
            Self::Dotenv => ".env",
            Self::Properties => ".properties",
            Self::Fish => "fish",
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
        })
    }
}

/// Where a value stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// A key of an ini file. Without a section: the one section that has the key.
    Ini {
        /// The section, exactly as between its brackets.
        section: Option<String>,
        /// The key; upper and lower case are one.
        key: String,
    },
    /// A variable of a `.env` or fish file, or a key of a `.properties` file.
    Dotenv {
        /// Its name.
        name: String,
    },
    /// A way down a JSON, TOML or YAML document.
    Path(Vec<PathStep>),
    /// A way down a JSON document that is itself a text of the file, such as `token = {"access_token": …}` in an ini file.
    Within {
        /// Where that text stands.
        text: Box<Place>,
        /// The way down.
        path: Vec<PathStep>,
    },
}

impl Place {
    /// A key in a section of an ini file.
    pub fn ini(section: &str, key: &str) -> Self {
        Self::Ini { section: Some(section.to_owned()), key: key.to_owned() }
    }

    /// A key of an ini file, in whichever section has it.
    pub fn ini_anywhere(key: &str) -> Self {
        Self::Ini { section: None, key: key.to_owned() }
    }

    /// A variable of a `.env` or fish file, or a key of a `.properties` file.
    pub fn dotenv(name: &str) -> Self {
        Self::Dotenv { name: name.to_owned() }
    }

    /// A way down the JSON document that the text at this place is.
    #[must_use]
    pub fn within(self, path: Vec<PathStep>) -> Self {
        Self::Within { text: Box::new(self), path }
    }

    /// The place of the file's own format: that of the text which this one is in, or this one.
    pub fn outermost(&self) -> &Self {
        match self {
            Self::Within { text, .. } => text.outermost(),
            place => place,
        }
    }

    /// The key that names the value, if a key does.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Ini { key, .. } => Some(key),
            Self::Dotenv { name } => Some(name),
            Self::Path(path) | Self::Within { path, .. } => match path.last() {
                Some(PathStep::Key(key)) => Some(key),
                _ => None,
            },
        }
    }

    /// The key of the table that the value stands in, if a key names that.
    pub fn table(&self) -> Option<&str> {
        match self {
            Self::Path(path) | Self::Within { path, .. } => match path.as_slice() {
                [.., PathStep::Key(table), _] => Some(table),
                _ => None,
            },
            Self::Ini { .. } | Self::Dotenv { .. } => None,
        }
    }

    /// Keys, one inside the other.
    pub fn keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Path(keys.into_iter().map(|key| PathStep::Key(key.to_owned())).collect())
    }
}

/// One step down a JSON, TOML or YAML document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PathStep {
    /// Into an object or table, by key.
    Key(String),
    /// Into an array, by position from zero.
    Index(usize),
    /// Into an array, to the element behind the element that is this text: the value of a flag such as `-u`.
    After(String),
}
