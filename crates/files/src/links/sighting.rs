//! Tokens found by their value: texts of a file that the vault has stored as tokens, whatever their places are called.
//!
//! Enters: the texts of a document. Leaves: each part of one that is a token of a login which the vault knows. A name tells what a
//! place is for; a value tells what is there, and goes before it.

use std::ops::Range;

use tokenward_core::{KnownToken, Place, ProfileName, Slot, TokenKind};
use zeroize::Zeroizing;

use super::document::Document;
use super::keep::Links;
use super::nature::SHORTEST;
use tokenward_keeper::Error;

/// A token of a login that the vault knows, in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sighting {
    /// Where its text stands.
    pub place: Place,
    /// Which part of that text it is.
    pub(super) at: Range<usize>,
    /// What the vault knows of it.
    pub token: KnownToken,
    /// The profile whose login it is, or was; `None` for a login that has none.
    pub profile: Option<ProfileName>,
}

impl Sighting {
    /// Which value of a link it would be.
    pub fn slot(&self) -> Slot {
        match self.token.kind {
            TokenKind::Access => Slot::AccessToken,
            TokenKind::Refresh => Slot::RefreshToken,
        }
    }
}

impl Links {
    /// The tokens in a document that the vault knows, in its order. Nothing is sent and nothing written (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn sightings(&self, document: &Document) -> Result<Vec<Sighting>, Error> {
        self.sightings_of(document.texts()).await
    }

    /// The same, of some texts.
    pub(super) async fn sightings_of(&self, texts: Vec<(Place, Zeroizing<String>)>) -> Result<Vec<Sighting>, Error> {
        let mut parts = Vec::new();
        let mut words = Vec::new();
        for (index, (_, text)) in texts.iter().enumerate() {
            for at in candidates(text) {
                words.push(Zeroizing::new(text[at.clone()].to_owned()));
                parts.push((index, at));
            }
        }
        let vault = &self.parts().vault;
        let known = vault.known_tokens(&words).await?;
        let mut found: Vec<Sighting> = Vec::new();
        for ((index, at), token) in parts.into_iter().zip(known) {
            let Some(token) = token else { continue };
            let seen = found.iter().find(|other| other.token.grant == token.grant);
            let profile = match seen {
                Some(other) => other.profile.clone(),
                None => vault.grant(token.grant).await?.profile,
            };
            found.push(Sighting { place: texts[index].0.clone(), at, token, profile });
        }
        Ok(found)
    }
}

/// The parts of a text that could be a token: its words, and what stands in them between marks.
pub(super) fn candidates(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    found.push(start..start + trimmed.len());
    let mut from = 0;
    for (at, end) in text.match_indices(ends_word).chain([(text.len(), "")]) {
        parts(text, from..at, &mut found);
        from = at + end.len();
    }
    found.retain(|at| (SHORTEST..LONGEST).contains(&at.len()));
    found.sort_by_key(|at| (at.start, at.end));
    found.dedup();
    found
}

/// A word, and whatever stands in it from one mark to another.
fn parts(text: &str, word: Range<usize>, found: &mut Vec<Range<usize>>) {
    if word.len() < SHORTEST {
        return;
    }
    let marks = text[word.clone()].match_indices(MARKS).map(|(at, _)| word.start + at);
    let ends: Vec<usize> = marks.chain([word.end]).collect();
    let starts = [word.start].into_iter().chain(ends.iter().map(|mark| mark + 1));
    for (index, start) in starts.take(ends.len()).enumerate() {
        // In a word of many marks, what is between neighbours, and all up to its end.
        found.extend(ends[index..].iter().take(REACH).map(|end| start..*end));
        if index < REACH {
            found.push(start..word.end);
        }
    }
}

/// What stands in no token of any server.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`,;()[]{}<>\\".contains(c)
}

/// Marks that may stand beside a token, and in one.
const MARKS: [char; 10] = ['=', ':', '&', '?', '/', '@', '#', '|', '+', '$'];
/// No token is longer, in bytes.
const LONGEST: usize = 64 << 10;
/// How many marks a token has, where other words are joined to its end by one more.
const REACH: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AROUND: [(&str, &str); 12] = [
        ("", ""),
        ("Bearer ", ""),
        ("NAME=", ""),
        ("X-Lark-MCP-UAT: ", ""),
        ("--token=", " --flag"),
        ("curl -H 'Authorization: Bearer ", "' https://open.feishu.cn"),
        ("https://example.com/?access_token=", "&lang=zh"),
        ("set TOKEN=", "&& run"),
        ("https://user:", "@example.com/"),
        ("\u{6587}:", "\u{ff0c}"),
        ("[", "]"),
        ("a=b:", ";c"),
    ];

    proptest! {
        #[test]
        fn a_token_is_found_in_any_surroundings(token in "[A-Za-z0-9_.~+/|=-]{12,40}") {
            prop_assume!(token.chars().filter(|c| MARKS.contains(c)).count() < REACH);
            for (before, after) in AROUND {
                let text = format!("{before}{token}{after}");
                let wanted = before.len()..before.len() + token.len();
                let found = candidates(&text);
                let joined = after.starts_with(|c: char| !ends_word(c) && !MARKS.contains(&c));
                prop_assert!(joined || found.contains(&wanted), "{text}");
            }
        }

        #[test]
        fn any_text_has_candidates_that_are_parts_of_it(text in any::<String>()) {
            for at in candidates(&text) {
                prop_assert!(text.get(at).is_some());
            }
        }
    }

    /// A large file is searched in a time that grows with it.
    #[test]
    fn many_marks_make_few_candidates() {
        let text = "=:".repeat(20_000);
        assert!(candidates(&text).len() <= text.len() * 10);
        let text = "abcdefghijkl/".repeat(20_000);
        assert!(candidates(&text).len() <= text.len() * 10);
    }
}
