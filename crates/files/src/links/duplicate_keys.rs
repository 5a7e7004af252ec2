//! A token's key that stands in a file more than once.
//!
//! Enters: a document and a place in it. Leaves: what stands there besides the value that readers find, and on which lines. All of them
//! are written (ADR 0014), so what the vault does not have would be gone: such a file is refused until a person has said which one
//! counts. What is hidden and known, empty or a stand-in gives way. Nothing is written here, so a crash changes nothing.

use std::fmt;

use tokenward_core::Place;
use zeroize::Zeroizing;

use super::document::Document;
use super::error::{DocumentError, FileError};
use super::linked_files::Links;
use super::token_or_placeholder::Nature;
use super::value_frame::Frame;
use tokenward_keeper::Error;

/// A place that is there more than once, with values that differ.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Doubled {
    place: Place,
    /// The lines of all its values, from one.
    lines: Vec<usize>,
    /// What readers do not find there.
    hidden: Vec<Zeroizing<String>>,
}

impl Doubled {
    /// What a document says twice at a place; `None` for a place that is there once, or says the same each time.
    pub(crate) fn at(document: &Document, place: &Place) -> Result<Option<Self>, DocumentError> {
        let found = document.occurrences(place)?;
        let last = document.get_value(place)?.map(|value| value.spelled().to_string());
        let mut hidden: Vec<Zeroizing<String>> = Vec::new();
        for (_, text) in &found {
            if last.as_deref() != Some(text.as_str()) && !hidden.contains(text) {
                hidden.push(text.clone());
            }
        }
        let mut lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        lines.dedup();
        Ok((!hidden.is_empty()).then(|| Self { place: place.clone(), lines, hidden }))
    }

    fn error(&self) -> DocumentError {
        let lines = self.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        DocumentError::Doubled { place: self.place.clone(), lines }
    }
}

impl Links {
    /// The first place of which a value would be gone that nobody has kept.
    ///
    /// # Errors
    /// The vault's.
    pub(crate) async fn unkept(&self, doubled: &[Doubled]) -> Result<Option<DocumentError>, Error> {
        let hidden = || doubled.iter().flat_map(|each| each.hidden.iter().map(move |text| (each, text)));
        let texts: Vec<&Zeroizing<String>> = hidden().map(|(_, text)| text).collect();
        let give_way = self.give_way(&texts).await?;
        let first = hidden().zip(give_way).find(|(_, gives_way)| !gives_way);
        Ok(first.map(|((each, _), _)| each.error()))
    }

    /// The same, of what was seen of a file.
    pub(super) async fn doubled(
        &self,
        path: &std::path::Path,
        doubled: &[Doubled],
    ) -> Result<Option<FileError>, Error> {
        let source = self.unkept(doubled).await?;
        Ok(source.map(|source| FileError::Document { path: path.to_owned(), source }))
    }

    /// Which of the texts at a token's place may be written over: those that are nothing, or a token that the vault has. The vault is asked
    /// once.
    ///
    /// # Errors
    /// The vault's.
    pub(crate) async fn give_way(&self, texts: &[&Zeroizing<String>]) -> Result<Vec<bool>, Error> {
        let stands: Vec<Stands> = texts.iter().map(|text| Stands::of(text)).collect();
        let asked = stands.iter().filter_map(|stands| match stands {
            Stands::Token(token) => Some(token.clone()),
            Stands::Nothing | Stands::Other => None,
        });
        let asked: Vec<Zeroizing<String>> = asked.collect();
        let mut known = Vec::new();
        if !asked.is_empty() {
            known = self.parts().vault.known_tokens(&asked).await?;
        }
        let mut known = known.into_iter();
        let gives_way = |stands| match stands {
            Stands::Nothing => true,
            Stands::Token(_) => known.next().flatten().is_some(),
            Stands::Other => false,
        };
        Ok(stands.into_iter().map(gives_way).collect())
    }
}

/// What stands at a token's place.
enum Stands {
    /// Nothing, or what stands in for a token.
    Nothing,
    /// A token: it gives way if the vault has it.
    Token(Zeroizing<String>),
    /// What another program resolves, or more than a token.
    Other,
}

impl Stands {
    fn of(text: &Zeroizing<String>) -> Self {
        if matches!(Nature::of_refresh(text), Nature::Empty | Nature::Placeholder) {
            return Self::Nothing;
        }
        let Some(frame) = Frame::of(text) else { return Self::Other };
        let token = frame.token(text);
        match Nature::of_refresh(token) {
            Nature::Empty | Nature::Placeholder => Self::Nothing,
            Nature::Reference | Nature::Document => Self::Other,
            Nature::Token => Self::Token(Zeroizing::new(token.to_owned())),
        }
    }
}

/// No value is shown (I4).
impl fmt::Debug for Doubled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doubled").field("place", &self.place).field("lines", &self.lines).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokenward_core::{Format, PathStep};

    use super::*;

    fn doubled(format: Format, text: &str, place: &Place) -> Option<(Vec<usize>, Vec<String>)> {
        let document = Document::parse(format, text.as_bytes()).unwrap();
        let doubled = Doubled::at(&document, place).unwrap()?;
        Some((doubled.lines, doubled.hidden.iter().map(|text| text.to_string()).collect()))
    }

    #[test]
    fn every_format_tells_what_readers_do_not_find() {
        let key = |key: &str| PathStep::Key(key.to_owned());
        let hidden = |lines: &[usize], texts: &[&str]| {
            Some((lines.to_vec(), texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()))
        };
        let env = Place::dotenv("A");
        assert_eq!(doubled(Format::Dotenv, "A=1\nB=2\nexport A='3'\n", &env), hidden(&[1, 3], &["1"]));
        assert_eq!(doubled(Format::Dotenv, "A=1\n\nA=\"1\"\nB=2\n", &env), None);
        assert_eq!(doubled(Format::Dotenv, "A=1\nA\n", &env), hidden(&[1], &["1"]));
        let ini = Place::ini("a", "k");
        assert_eq!(doubled(Format::Ini, "[a]\nk = 1\n[b]\nk = 2\n[a]\nK: 3\n", &ini), hidden(&[2, 6], &["1"]));
        let path = Place::Path(vec![key("a"), key("k")]);
        let json = "{\"a\":{\"k\":\"1\"},\n\"a\":{\"k\":2,\n\"k\":\"3\"}}";
        assert_eq!(doubled(Format::Json, json, &path), hidden(&[1, 2, 3], &["1", "2"]));
        let inside = Place::dotenv("A").within(vec![key("k")]);
        let text = "A={\"k\":\"0\"}\nA='{\"k\":\"1\",\"k\":\"2\"}'\n";
        assert_eq!(doubled(Format::Dotenv, text, &inside), hidden(&[1, 2], &["{\"k\":\"0\"}", "1"]));
        assert_eq!(doubled(Format::Toml, "[a]\nk = '1'\n", &path), None);
        assert_eq!(doubled(Format::Json, "{}", &path), None);
    }
}
