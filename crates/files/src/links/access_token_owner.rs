//! An access token that stands alone in a file: whose it is, before the profile's takes its place.
//!
//! Enters: a file that is about to be linked. Leaves: whether what stands there may give way. Without a refresh token nothing of it can be
//! kept, and the file may be another user's, whose program would act as the profile's user from then on. The vault is asked first; one that
//! it does not know is shown to the provider, which spends nothing (I8).

use std::time::Duration;

use tokenward_core::ports::CallError;
use tokenward_core::{App, NewLink, RefusalClass, Standing, Subject};
use zeroize::Zeroizing;

use super::linked_files::{Links, unreadable};
use super::token_or_placeholder::Nature;
use super::value_diff::ShownRefresh;
use tokenward_keeper::Error;

/// Whose the access token is that stands alone in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoneToken {
    /// The profile's user's, or nobody's any more: none stands there, or it is dead.
    GivesWay,
    /// Another user's.
    AnotherUser(Subject),
    /// Nobody can say for the moment, or at all.
    Untold,
}

impl Links {
    /// Whose the access token is that stands in a file without a refresh token.
    ///
    /// # Errors
    /// [`Code::FileUnusable`](tokenward_core::Code::FileUnusable); the vault's.
    pub async fn lone_token(&self, app: &App, link: &NewLink) -> Result<LoneToken, Error> {
        let probe = self.probe(link);
        let look = self.look(&probe, true).await?.map_err(|error| unreadable(&error))?;
        if !matches!(look.shown.refresh(), ShownRefresh::NotKept | ShownRefresh::Blank) {
            return Ok(LoneToken::GivesWay);
        }
        let Some((token, _)) = look.shown.access() else { return Ok(LoneToken::GivesWay) };
        let parts = self.parts();
        let present = match parts.vault.grant_of(&link.profile).await? {
            Some(id) => parts.vault.grant(id).await?,
            // There is nothing that could take its place.
            None => return Ok(LoneToken::GivesWay),
        };
        let known = parts.vault.known_tokens(&[Zeroizing::new(token.expose().to_owned())]).await?.pop().flatten();
        if let Some(known) = known {
            let grant = parts.vault.grant(known.grant).await?;
            let is_out = matches!(grant.standing, Standing::Retired { .. });
            let of_another = grant.subject.filter(|user| !is_of(present.subject.as_ref(), user));
            return Ok(match of_another {
                Some(user) if grant.id != present.id => LoneToken::AnotherUser(user),
                None if grant.id != present.id && !is_out && grant.profile.as_ref() != Some(&link.profile) => {
                    LoneToken::Untold
                }
                _ => LoneToken::GivesWay,
            });
        }
        self.keeper.name_present(app, &link.profile, ASKING).await?;
        let present = parts.vault.grant(present.id).await?;
        Ok(match tokio::time::timeout(ASKING, parts.provider.user_info(app, &token)).await {
            Ok(Ok(user)) if is_of(present.subject.as_ref(), &user) => LoneToken::GivesWay,
            Ok(Ok(user)) => LoneToken::AnotherUser(user),
            Ok(Err(CallError::Refused(refusal))) if refusal.class == RefusalClass::AccessDead => LoneToken::GivesWay,
            Ok(Err(_)) | Err(_) => LoneToken::Untold,
        })
    }
}

impl Links {
    /// Whether an access token stands alone in a file that the vault does not know: once it is written over, nobody has it any more.
    ///
    /// # Errors
    /// [`Code::FileUnusable`](tokenward_core::Code::FileUnusable); the vault's.
    pub async fn holds_unknown_access(&self, link: &NewLink) -> Result<bool, Error> {
        let look = self.look(&self.probe(link), true).await?.map_err(|error| unreadable(&error))?;
        if !matches!(look.shown.refresh(), ShownRefresh::NotKept | ShownRefresh::Blank) {
            return Ok(false);
        }
        let Some((token, _)) = look.shown.access() else { return Ok(false) };
        let text = Zeroizing::new(token.expose().to_owned());
        if Nature::of(&text) != Nature::Token {
            return Ok(false);
        }
        Ok(self.parts().vault.known_tokens(&[text]).await?.pop().flatten().is_none())
    }
}

fn is_of(present: Option<&Subject>, user: &Subject) -> bool {
    present.is_some_and(|present| present.is_same_user(user))
}

/// How long the provider may take to say whose it is.
pub(super) const ASKING: Duration = Duration::from_secs(3);
