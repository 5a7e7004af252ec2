//! The access token's place of a login that has no access token yet: what stands there meanwhile.
//!
//! Enters: what a file shows, the profile's login. Leaves: nothing, where the file misleads nobody; else what it shows. A login that was
//! taken over, or taken back, may have a refresh token alone until it is refreshed. Whatever stands at the access token's place then is not
//! compared with anything, so the vault is asked whose it is: a program that reads it would act as somebody else. Nothing is sent or written
//! (I8); the next refresh brings the token that belongs there.

use tokenward_core::ports::LoginCopy;
use tokenward_core::{Link, Slot};

use super::linked_files::Links;
use super::report::FileComparison;
use super::token_or_placeholder::Nature;
use super::value_diff::FileValues;
use tokenward_keeper::Error;

impl Links {
    /// What a file shows at the access token's place of a login that has none, unless that is nothing, or a token that was the login's.
    pub(super) async fn awaited(
        &self,
        link: &Link,
        shown: &FileValues,
        login: Option<&LoginCopy>,
    ) -> Result<Option<FileComparison>, Error> {
        let Some(login) = login.filter(|login| login.grant.access.is_none()) else { return Ok(None) };
        let (Some(place), Some(text)) = (link.target.places.get(&Slot::AccessToken), shown.at_access()) else {
            return Ok(None);
        };
        match shown.access_nature() {
            Nature::Placeholder => Ok(Some(FileComparison::Malformed)),
            Nature::Token => {
                let seen = self.sightings_of(vec![(place.clone(), text)]).await?;
                let is_own = seen.iter().any(|sighting| sighting.token.grant == login.grant.id);
                Ok((!is_own).then_some(FileComparison::Behind))
            }
            // Nothing is there; or it is told of as what it is.
            Nature::Empty | Nature::Reference | Nature::Document => Ok(None),
        }
    }
}
