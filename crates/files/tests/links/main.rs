//! Files that hold a token: read, corrected, replaced.

mod dotenv;
mod exact;
mod files;
mod fish;
mod fuzz;
mod ini;
mod json;
mod laws;
mod properties;
mod shape;
mod toml;
mod values;
mod yaml;

use tokenward_files::links::{Document, DocumentError, Format, Place};

/// The text after a value was put in its place.
fn set(format: Format, text: &str, place: &Place, value: &str) -> Result<String, DocumentError> {
    let mut document = Document::parse(format, text.as_bytes())?;
    document.set(place, value)?;
    Ok(String::from_utf8(document.bytes().to_vec()).unwrap())
}

fn get(format: Format, text: &str, place: &Place) -> Result<Option<String>, DocumentError> {
    let value = Document::parse(format, text.as_bytes())?.get(place)?;
    Ok(value.map(|value| value.to_string()))
}

/// The refusal of a text, in words.
fn refusal(format: Format, bytes: &[u8]) -> String {
    Document::parse(format, bytes).unwrap_err().to_string()
}
