//! What else stands in a linked file: tokens of the login that no link keeps, and ends of life that nobody brings up to date.
//!
//! Enters: a file and its links. Leaves: places. A file of which one place is true and another is not misleads whoever reads the
//! other, so it is not called in step; which of them a program reads, only a person can tell.

use tokenward_core::{Link, Place, Slot};

use super::document::Document;
use super::keep::{Links, blocking, linked, unreadable};
use super::shape::unkept_ends;
use super::sighting::Sighting;
use crate::Error;

/// Places of a linked file that no link keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strays {
    /// Tokens of the login that have had their time.
    pub stale: Vec<(Slot, Place)>,
    /// Present tokens of the login, which go stale when it is refreshed next.
    pub copies: Vec<(Slot, Place)>,
    /// Ends of life beside the tokens, by their names, in a notation that is not understood or one too many.
    pub ends: Vec<Place>,
}

impl Links {
    /// What else stands in a link's file. Nothing is sent and nothing written (I8).
    ///
    /// # Errors
    /// [`Code::FileUnusable`](tokenward_core::Code::FileUnusable); the vault's.
    pub async fn besides(&self, link: &Link) -> Result<Strays, Error> {
        let file = linked(link, false);
        let document = blocking(move || file.read()).await?.map_err(|error| unreadable(&error))?;
        let kept = self.kept(link).await?;
        let mut strays = self.strays(link, &document).await?;
        strays.ends = unkept_ends(&document, &link.target.places);
        let kept: Vec<Place> = kept.iter().map(|(_, place)| document.resolved(place)).collect();
        strays.ends.retain(|place| !kept.contains(&document.resolved(place)));
        Ok(strays)
    }

    /// The tokens of a link's login in its file that no link keeps.
    pub(super) async fn strays(&self, link: &Link, document: &Document) -> Result<Strays, Error> {
        let mut strays = Strays::default();
        let Some(present) = self.parts().vault.grant_of(&link.target.profile).await? else { return Ok(strays) };
        let kept = self.kept(link).await?.into_iter().map(|(slot, place)| (slot, document.resolved(&place)));
        let kept: Vec<(Slot, Place)> = kept.collect();
        // One without a profile was this profile's, or is nobody's yet: it is not another one's.
        let is_ours = |sighting: &Sighting| {
            sighting.token.grant == present || sighting.profile.is_none() && !sighting.token.is_present
        };
        for sighting in self.sightings(document).await?.into_iter().filter(is_ours) {
            let is_kept = kept.contains(&(sighting.slot(), document.resolved(&sighting.place)));
            let places = if sighting.token.is_present { &mut strays.copies } else { &mut strays.stale };
            let stray = (sighting.slot(), sighting.place);
            if !is_kept && !places.contains(&stray) {
                places.push(stray);
            }
        }
        Ok(strays)
    }

    /// What any link keeps in a link's file.
    async fn kept(&self, link: &Link) -> Result<Vec<(Slot, Place)>, Error> {
        let links = self.parts().vault.links(None).await?;
        let own = links.into_iter().filter(|other| other.target.file == link.target.file);
        Ok(own.chain([link.clone()]).flat_map(|link| link.target.places).collect())
    }
}
