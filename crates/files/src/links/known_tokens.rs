//! Tokens found by their value: texts of a file that the vault has stored as tokens, whatever their places are called.
//!
//! Enters: the texts of a document. Leaves: each part of one that is a token of a login which the vault knows. A name tells what a
//! place is for; a value tells what is there, and goes before it.

use std::ops::Range;

use tokenward_core::{KnownToken, Place, ProfileName, Slot, TokenKind};
use zeroize::Zeroizing;

use super::document::Document;
use super::linked_files::Links;
use super::token_candidates::candidates;
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

    /// Whether a token that the vault knows stands in a text. Nothing is sent and nothing written (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn is_token_in(&self, text: &str) -> Result<bool, Error> {
        let words: Vec<_> = candidates(text).into_iter().map(|at| Zeroizing::new(text[at].to_owned())).collect();
        Ok(self.parts().vault.known_tokens(&words).await?.into_iter().any(|known| known.is_some()))
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
