//! Somebody else in a file that is about to be given the profile's login.
//!
//! Enters: a file, and the profile whose login it is to show. Leaves: whose login it shows now, where that is not the profile's user's and a
//! person has to say that it may give way. The vault is asked first. A login that it does not know is told by the access token beside it,
//! which the provider is shown; nothing is spent and nothing written (I8).

use tokenward_core::ports::CallError;
use tokenward_core::{App, InFile, NewLink, ProfileName, RefusalClass, Subject};
use zeroize::Zeroizing;

use super::access_token_owner::{ASKING, LoneToken};
use super::linked_files::{Links, unreadable};
use super::observed_state::FileSnapshot;
use super::overwrite_policy::Fill;
use super::value_diff::ShownRefresh;
use super::verdict::{FileVerdict, Whose, lives, was_the_profiles};
use crate::is_script_login;
use tokenward_keeper::Error;

/// Whose login a file shows that is not the profile's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stranger {
    /// Another profile's.
    Profile {
        /// That profile.
        profile: ProfileName,
        /// Whether it uses the very token: then it gives way to nobody's word.
        is_in_use: bool,
    },
    /// Another user's, or of nobody that was named. It is kept, or can be.
    User(Option<Subject>),
    /// One that is over, and its user, if that is known.
    Ended(Option<String>),
    /// An access token alone, of which nothing can be kept: another user's, or of nobody that can be told.
    Token(Option<Subject>),
}

impl Links {
    /// Whose login a file shows, if that is not known to be the profile's user's. Where nobody is logged in under the profile, a login
    /// of somebody who was named is nobody's yet: it is told once there is a login to compare it with.
    ///
    /// # Errors
    /// [`Code::FileUnusable`](tokenward_core::Code::FileUnusable); the vault's.
    pub async fn stranger(&self, app: &App, link: &NewLink) -> Result<Option<Stranger>, Error> {
        let probe = self.probe(link);
        let look = self.look(&probe, true).await?.map_err(|error| unreadable(&error))?;
        let vault = &self.parts().vault;
        let login = self.login(&link.profile).await?;
        let FileVerdict { in_file, whose, former, .. } =
            self.judge(&probe, &look.shown, login.as_ref(), Fill::No).await?;
        if let Some(user) = former {
            return Ok(Some(Stranger::Ended(Some(user))));
        }
        if matches!(look.shown.refresh(), ShownRefresh::NotKept | ShownRefresh::Blank) {
            return Ok(match self.lone_token(app, link).await? {
                LoneToken::GivesWay => None,
                LoneToken::AnotherUser(user) => Some(Stranger::Token(Some(user))),
                LoneToken::Untold => Some(Stranger::Token(None)),
            });
        }
        let owner = match in_file {
            InFile::Known { grant, generation, .. } => Some((vault.grant(grant).await?, generation)),
            _ => None,
        };
        Ok(match (whose, owner) {
            (Whose::Profile(profile), owner) => {
                let is_in_use = owner.is_some_and(|(owner, shown)| lives(&owner) && shown == owner.generation);
                Some(Stranger::Profile { profile, is_in_use })
            }
            (Whose::Kept { .. }, Some((owner, _)))
                if login.is_none() && (owner.subject.is_some() || is_script_login(&owner)) =>
            {
                None
            }
            (Whose::Kept { .. }, owner) => Some(Stranger::User(owner.and_then(|(owner, _)| owner.subject))),
            (Whose::Ended { user }, _) => Some(Stranger::Ended(user)),
            // Where nobody is logged in there was nothing that could be written, and so nobody who was in the way.
            (Whose::Ours, Some((owner, _))) if login.is_none() && owner.profile.is_none() => {
                let is_nobodys = owner.subject.is_none() && !was_the_profiles(&probe, &owner);
                is_nobodys.then_some(Stranger::Ended(None))
            }
            (Whose::Ours, None) if in_file == InFile::Unknown => self.named_by_access(app, link, &look).await?,
            (Whose::Ours, _) => None,
        })
    }

    /// Somebody else's login that the vault does not know, where its access token tells so, or cannot tell although it lives. Of one
    /// whose access token is dead nobody can tell: it may be anybody's.
    async fn named_by_access(&self, app: &App, link: &NewLink, look: &FileSnapshot) -> Result<Option<Stranger>, Error> {
        let parts = self.parts();
        let Some((token, _)) = look.shown.access() else { return Ok(None) };
        self.keeper.name_present(app, &link.profile, ASKING).await?;
        let Some(login) = self.login(&link.profile).await? else { return Ok(None) };
        let Some(present) = login.grant.subject else { return Ok(None) };
        // One that the vault has itself was put beside another login's refresh token, and says nothing of that; but a program that reads
        // the file acts as its user.
        let text = Zeroizing::new(token.expose().to_owned());
        if let Some(known) = parts.vault.known_tokens(&[text]).await?.pop().flatten() {
            let user = parts.vault.grant(known.grant).await?.subject;
            let user = user.filter(|user| !user.is_same_user(&present));
            return Ok(user.map(|user| Stranger::User(Some(user))));
        }
        let asking = parts.provider.user_info(app, &token);
        Ok(match tokio::time::timeout(ASKING, asking).await {
            Ok(Ok(user)) => (!user.is_same_user(&present)).then_some(Stranger::User(Some(user))),
            Ok(Err(CallError::Refused(refusal))) if refusal.class == RefusalClass::AccessDead => None,
            Ok(Err(_)) | Err(_) => Some(Stranger::User(None)),
        })
    }
}
