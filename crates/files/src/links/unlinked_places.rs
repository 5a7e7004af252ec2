//! What else stands in a linked file: tokens of the login that no link keeps, and ends of life that nobody brings up to date.
//!
//! Enters: a file and its links. Leaves: places. A file of which one place is true and another is not misleads whoever reads the
//! other, so it is not called in step; which of them a program reads, only a person can tell.

use tokenward_core::{GrantId, Link, Place, Slot};

use super::document::Document;
use super::encoded::decodings;
use super::key_names::{Name, Role};
use super::known_tokens::Sighting;
use super::linked_files::{Links, blocking, linked, unreadable};
use super::login_shape::{Unkept, unkept_ends};
use super::token_or_placeholder::Nature;
use tokenward_keeper::Error;

/// Places of a linked file that no link keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnlinkedTokens {
    /// Tokens of the login that have had their time.
    pub stale: Vec<(Slot, Place)>,
    /// Present tokens of the login, which go stale when it is refreshed next.
    pub copies: Vec<(Slot, Place)>,
    /// Where a token of the login that has had its time stands encoded.
    pub stale_encoded: Vec<Place>,
    /// Where a present one does.
    pub copies_encoded: Vec<Place>,
    /// Texts beside the tokens whose names say that they are tokens of this login, and which the vault does not know.
    pub named: Vec<(Slot, Place)>,
    /// Ends of life beside the tokens, and moments that they count from, by their names.
    pub ends: Vec<(Place, Unkept)>,
    /// Whether the refresh token is kept and no access token of the login, in the whole file.
    pub lacks_access: bool,
}

impl Links {
    /// What else stands in a link's file. Nothing is sent and nothing written (I8).
    ///
    /// # Errors
    /// [`Code::FileUnusable`](tokenward_core::Code::FileUnusable); the vault's.
    pub async fn besides(&self, link: &Link) -> Result<UnlinkedTokens, Error> {
        let file = linked(link, false);
        let document = blocking(move || file.read()).await?.map_err(|error| unreadable(&error))?;
        let Some(seen) = self.seen(link, &document).await? else { return Ok(UnlinkedTokens::default()) };
        let mut unlinked = seen.unlinked();
        unlinked.ends = unkept_ends(&document, &link.target.places);
        unlinked.ends.retain(|(place, _)| !seen.is_kept(place));
        unlinked.named = seen.named(link);
        unlinked.lacks_access = link.target.places.contains_key(&Slot::RefreshToken)
            && !seen.kept.iter().any(|(slot, _)| *slot == Slot::AccessToken);
        Ok(unlinked)
    }

    /// The tokens of a link's login in its file that no link keeps.
    pub(super) async fn unlinked(&self, link: &Link, document: &Document) -> Result<UnlinkedTokens, Error> {
        Ok(self.seen(link, document).await?.map(|seen| seen.unlinked()).unwrap_or_default())
    }

    /// What any link keeps in a link's file, and the tokens in it that the vault knows. `None` while nobody is logged in.
    async fn seen<'a>(&self, link: &Link, document: &'a Document) -> Result<Option<ScannedFile<'a>>, Error> {
        let Some(present) = self.parts().vault.grant_of(&link.target.profile).await? else { return Ok(None) };
        let links = self.parts().vault.links(None).await?;
        let own = links.into_iter().filter(|other| other.target.file == link.target.file);
        let kept = own.chain([link.clone()]).flat_map(|link| link.target.places);
        let kept = kept.map(|(slot, place)| (slot, document.resolved(&place))).collect();
        let texts = document.texts();
        let read = texts.iter().flat_map(|(place, text)| {
            decodings(text).into_iter().map(|decoded| (place.clone(), decoded)).collect::<Vec<_>>()
        });
        let encoded = self.sightings_of(read.chain(document.names()).collect()).await?;
        let sightings = self.sightings_of(texts).await?;
        Ok(Some(ScannedFile { document, kept, sightings, encoded, present }))
    }
}

/// A linked file, looked over.
struct ScannedFile<'a> {
    document: &'a Document,
    /// What is kept, in the one notation of its place.
    kept: Vec<(Slot, Place)>,
    sightings: Vec<Sighting>,
    /// What was found in a text once it was decoded.
    encoded: Vec<Sighting>,
    /// The profile's login.
    present: GrantId,
}

impl ScannedFile<'_> {
    fn unlinked(&self) -> UnlinkedTokens {
        let mut unlinked = UnlinkedTokens::default();
        // One without a profile was this profile's, or is nobody's yet: it is not another one's.
        let is_ours = |sighting: &&Sighting| {
            sighting.token.grant == self.present || sighting.profile.is_none() && !sighting.token.is_present
        };
        for sighting in self.sightings.iter().filter(is_ours) {
            let stray = (sighting.slot(), sighting.place.clone());
            let is_kept = self.kept.contains(&(stray.0, self.document.resolved(&stray.1)));
            let places = if sighting.token.is_present { &mut unlinked.copies } else { &mut unlinked.stale };
            if !is_kept && !places.contains(&stray) {
                places.push(stray);
            }
        }
        for sighting in self.encoded.iter().filter(is_ours) {
            // The same token may be read in both ways; what is read as it is written has been told, or is kept.
            let is_plain = |plain: &Sighting| plain.place == sighting.place && plain.token == sighting.token;
            let places =
                if sighting.token.is_present { &mut unlinked.copies_encoded } else { &mut unlinked.stale_encoded };
            if !self.sightings.iter().any(is_plain) && !places.contains(&sighting.place) {
                places.push(sighting.place.clone());
            }
        }
        unlinked
    }

    fn is_kept(&self, place: &Place) -> bool {
        let place = self.document.resolved(place);
        self.kept.iter().any(|(_, kept)| *kept == place)
    }

    /// What stands beside the tokens of a link under a token's name of theirs.
    fn named(&self, link: &Link) -> Vec<(Slot, Place)> {
        let mut found = Vec::new();
        for token in [Slot::AccessToken, Slot::RefreshToken].iter().filter_map(|slot| link.target.places.get(slot)) {
            let Some(own) = token.key().and_then(Name::of) else { continue };
            for (key, place, value) in self.document.beside(token, 0) {
                let slot = match Name::within(token.table(), &key)
                    .filter(|name| name.prefix == own.prefix)
                    .map(|name| name.role)
                {
                    Some(Role::Access) => Slot::AccessToken,
                    Some(Role::Refresh) => Slot::RefreshToken,
                    _ => continue,
                };
                let is_known = self.sightings.iter().any(|sighting| sighting.place == place);
                let is_token = Nature::of_refresh(&value.spelled()) == Nature::Token;
                let stray = (slot, place);
                if is_token && !is_known && !self.is_kept(&stray.1) && !found.contains(&stray) {
                    found.push(stray);
                }
            }
        }
        found
    }
}
