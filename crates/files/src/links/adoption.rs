//! Logins that somebody brought, in a file or in another tool's store, taken into the vault.
//!
//! Enters: a refresh token that may be new to the vault, perhaps an access token beside it. Leaves: a grant whose present set it
//! is, on trial until it has rotated once; the set that gave way is kept and can be taken back. Question and storing are one
//! transaction of the vault, so that many processes which bring one token make one grant (I1).
//!
//! Nothing is spent here: an access token beside it is asked whose it is, and no more. One whose end is not told is not handed
//! out, since nobody could say how long it lives; the first rotation, which is also the trial, brings another.

use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{Adopted, Adoption, CallError, Claim, IdentityOutcome, LoginCopy, Wished};
use tokenward_core::{
    Access, AccessToken, App, Code, Generation, Grant, GrantId, Link, NewLink, ProfileName, RefreshToken, Standing,
    Subject, TokenSet,
};
use zeroize::Zeroizing;

use super::linked_files::{Links, unreadable};
use super::overwrite_policy::Fill;
use super::report::{LinkOutcome, LinkReport};
use super::value_diff::{FileValues, ShownRefresh};
use crate::is_script_login;
use tokenward_keeper::foreign;
use tokenward_keeper::{Error, KeptState};

/// A login that was found somewhere: in a file, or in another tool's store.
#[derive(Debug)]
#[non_exhaustive]
pub struct BroughtLogin {
    /// Its refresh token.
    pub refresh: RefreshToken,
    /// Its access token with its end, if they are there. Without an end it only serves to ask whose login it is.
    pub access: Option<(AccessToken, Option<Timestamp>)>,
    /// Where it comes from: a file's path, or a tool's name.
    pub source: String,
    /// Whether a person said that the profile may become this login's user's.
    pub replace_user: bool,
}

impl BroughtLogin {
    /// A login that came from there.
    pub fn new(refresh: RefreshToken, source: impl Into<String>) -> Self {
        Self { refresh, access: None, source: source.into(), replace_user: false }
    }

    /// With its access token, and its end where that is known.
    pub fn access(self, access: Option<(AccessToken, Option<Timestamp>)>) -> Self {
        Self { access, ..self }
    }

    /// Whether a person said that the profile may become its user's.
    pub fn replace_user(self, replace_user: bool) -> Self {
        Self { replace_user, ..self }
    }
}

/// What an adoption did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AdoptReport {
    /// What became of the login. [`Adopted::Known`] tells that the vault had it already, perhaps in an older generation.
    pub adopted: Adopted,
    /// Whose it is, if its access token told.
    pub subject: Option<Subject>,
    /// The grant that holds it.
    pub grant: GrantId,
    /// The generation the grant has now.
    pub generation: Generation,
    /// What became of the profile's links.
    pub links: Vec<LinkReport>,
}

impl Links {
    /// Takes over a login that was found somewhere, and delivers it to the profile's links. One that had given way to an adoption is
    /// the profile's again, and what gives way to it is kept.
    ///
    /// # Errors
    /// [`Code::AnotherProfile`] when it is another profile's login already; [`Code::LoginOver`] when the vault has had it and it is over;
    /// the vault's.
    pub async fn adopt(&self, app: &App, profile: &ProfileName, brought: BroughtLogin) -> Result<AdoptReport, Error> {
        let replace = brought.replace_user;
        let claim = if replace { Claim::OfAnyUser } else { Claim::OfItsUser };
        let wished = self.wished(app, profile, &brought).await?;
        let (adopted, subject) = match wished {
            Some((id, _)) => (Adopted::Renewed(id), None),
            None => self.take_over(app, profile, brought, claim).await?,
        };
        let mut grant = self.parts().vault.grant(adopted.id()).await?;
        let known = match adopted {
            Adopted::Known { generation, .. } => Some(generation),
            Adopted::Renewed(_) => wished.map(|(_, generation)| generation),
            Adopted::New(_) | Adopted::TookOver { .. } | Adopted::KeptAside { .. } => None,
        };
        if replace && grant.unproven && (grant.profile.as_ref(), Some(grant.generation)) == (Some(profile), known) {
            grant = self.claimed(grant).await?;
        }
        let lives = matches!(grant.standing, Standing::Live | Standing::InDoubt { .. });
        if matches!(adopted, Adopted::Known { .. }) && !lives {
            return Err(over());
        }
        // A script's own login becomes the profile's by its user's wish, and one without a profile where that has another user.
        let mut replace = replace;
        if matches!(adopted, Adopted::Known { .. }) && is_script_login(&grant) {
            let parts = self.parts();
            parts.vault.hand_over(grant.id, &app.name, parts.witness.myself()).await?;
            let present = self.login(profile).await?.and_then(|login| login.grant.subject);
            replace |= grant.subject.as_ref().zip(present).is_some_and(|(user, present)| user.is_same_user(&present));
            grant = self.parts().vault.grant(grant.id).await?;
        }
        let may_lack_name = known.is_some() || matches!(adopted, Adopted::KeptAside { .. });
        if may_lack_name && grant.profile.is_none() && lives {
            if grant.app != app.name {
                return Err(foreign(&grant, app));
            }
            self.keeper.give_profile(grant.id, profile, replace).await?;
            grant = self.parts().vault.grant(grant.id).await?;
        }
        if let (Adopted::Known { .. }, Some(owner)) = (&adopted, &grant.profile)
            && owner != profile
        {
            return Err(another(owner));
        }
        let links = self.reconcile(app, profile, false, Self::PATIENCE).await?;
        let subject = subject.or_else(|| wished.and(grant.subject.filter(|_| !grant.unproven)));
        let generation = self.parts().vault.grant(grant.id).await?.generation;
        Ok(AdoptReport { adopted, subject, grant: grant.id, generation, links })
    }

    /// Takes over the login in a file, once, without keeping the file in step. `target` tells whose it becomes and where its
    /// tokens stand.
    ///
    /// # Errors
    /// [`Code::NothingToAdopt`] when there is none, [`Code::FileUnusable`]; else as [`Links::adopt`].
    pub async fn adopt_file(&self, app: &App, target: &NewLink, replace_user: bool) -> Result<AdoptReport, Error> {
        let probe = self.probe(target);
        let look = self.look(&probe, false).await?.map_err(|error| unreadable(&error))?;
        let Some(brought) = brought(&probe, &look.shown) else {
            return Err(Error::with_detail(
                Code::NothingToAdopt,
                KeptState::Everything,
                target.file.display().to_string(),
            ));
        };
        self.adopt(app, &target.profile, BroughtLogin { replace_user, ..brought }).await
    }

    /// The login that a file shows at these places, if the vault knows it; it may be over. Spends nothing (I8).
    ///
    /// # Errors
    /// The vault's, and [`Code::FileUnusable`].
    pub async fn login_shown(&self, target: &NewLink) -> Result<Option<Grant>, Error> {
        let look = self.look(&self.probe(target), false).await?.map_err(|error| unreadable(&error))?;
        let ShownRefresh::Token(refresh) = look.shown.refresh() else { return Ok(None) };
        match self.parts().vault.recognise(&refresh).await?.known {
            Some((id, _)) => Ok(Some(self.parts().vault.grant(id).await?)),
            None => Ok(None),
        }
    }

    /// Takes back the login that the last adoption replaced, and delivers it to the profile's links. The one that gives way
    /// is kept, and is what a further call brings back.
    ///
    /// # Errors
    /// [`Code::NothingToAdopt`] when there is none; the vault's.
    pub async fn take_back(&self, app: &App, profile: &ProfileName) -> Result<(Generation, Vec<LinkReport>), Error> {
        let id = self.keeper.grant_of(profile).await?;
        let by = self.parts().witness.myself();
        let Some(generation) = self.parts().vault.take_back(id, None, by).await? else {
            return Err(Error::with_detail(Code::NothingToAdopt, KeptState::Everything, profile.as_str()));
        };
        Ok((generation, self.reconcile(app, profile, false, Self::PATIENCE).await?))
    }

    /// Makes the set of a token present again that had given way to an adoption, in the profile's login or in one without a profile.
    /// `None`: there is no such set.
    async fn wished(
        &self,
        app: &App,
        profile: &ProfileName,
        brought: &BroughtLogin,
    ) -> Result<Option<(GrantId, Generation)>, Error> {
        let vault = &self.parts().vault;
        let token = vault.recognise(&brought.refresh).await?;
        let Some((id, _)) = token.known else { return Ok(None) };
        let grant = vault.grant(id).await?;
        if grant.app != app.name || grant.profile.as_ref().is_some_and(|owner| owner != profile) {
            return Ok(None);
        }
        let by = self.parts().witness.myself();
        match vault.take_back_token(&token, &brought.source, by).await? {
            Wished::Back(generation) => Ok(Some((id, generation))),
            Wished::Over => Err(over()),
            Wished::NotAside => Ok(None),
        }
    }

    /// Makes a set of which nobody has said whose it is a grant of its own, since a person has said that its user may be another one:
    /// it must not bear the name of the user before. The grant as it was, where an answer for it is on its way.
    async fn claimed(&self, grant: Grant) -> Result<Grant, Error> {
        let (vault, by) = (&self.parts().vault, self.parts().witness.myself());
        let told = vault.told(grant.id, grant.generation, None, self.keeper.new_grant(), by).await?;
        Ok(match told {
            IdentityOutcome::KeptAside { aside, .. } => vault.grant(aside).await?,
            IdentityOutcome::Same | IdentityOutcome::Moved => grant,
        })
    }

    /// Adopts what a link's file shows. Where a person wants the file to show the vault's login, the one in the
    /// file is kept without a profile. `None` when the profile's login is the one it was.
    pub(super) async fn adopt_shown(
        &self,
        app: &App,
        link: &Link,
        shown: &FileValues,
        login: Option<&LoginCopy>,
        fill: Fill,
    ) -> Result<Option<LinkOutcome>, Error> {
        let Some(brought) = brought(link, shown) else { return Ok(None) };
        let aside = fill.is_asked() && login.is_some_and(|login| matches!(login.grant.standing, Standing::Live));
        let claim = if aside { Claim::Apart } else { Claim::OfItsUser };
        let (adopted, _) = self.take_over(app, &link.target.profile, brought, claim).await?;
        let (grant, previous) = match adopted {
            Adopted::Known { .. } | Adopted::KeptAside { .. } => return Ok(None),
            Adopted::New(id) | Adopted::Renewed(id) => (id, None),
            Adopted::TookOver { id, previous } => (id, Some(previous)),
        };
        tracing::info!(%grant, file = %link.target.file.display(), "a login was adopted");
        Ok(Some(LinkOutcome::Adopted { grant, previous }))
    }

    /// Stores a login unless the vault knows it. Its access token is asked whose it is.
    async fn take_over(
        &self,
        app: &App,
        profile: &ProfileName,
        brought: BroughtLogin,
        claim: Claim,
    ) -> Result<(Adopted, Option<Subject>), Error> {
        let parts = self.parts();
        if let Some((grant, generation)) = parts.vault.recognise(&brought.refresh).await?.known {
            return Ok((Adopted::Known { grant, generation }, None));
        }
        self.keeper.name_present(app, profile, ASKING).await?;
        let mut access = brought.access;
        // One that the vault has itself was put beside another login's refresh token, and says nothing of that.
        if let Some((token, _)) = &access {
            let text = Zeroizing::new(token.expose().to_owned());
            if parts.vault.known_tokens(&[text]).await?.iter().any(Option::is_some) {
                access = None;
            }
        }
        let beside = access.as_ref().map(|(token, _)| token.clone());
        let mut subject = None;
        if let Some((token, _)) = &access {
            match tokio::time::timeout(ASKING, parts.provider.user_info(app, token)).await {
                Ok(Ok(named)) => subject = Some(named),
                // It is dead, whatever the file says of its end.
                Ok(Err(CallError::Refused(_))) => access = None,
                Ok(Err(CallError::NoAnswer(_) | CallError::Lacking(_))) | Err(_) => {}
            }
        }
        let obtained = parts.clock.now();
        // A file may name any end; the shortest life that the provider documents is believed.
        let latest =
            obtained.checked_add(parts.provider.rules(&app.name, app.token_api).assumed_access).unwrap_or(obtained);
        let access = access.and_then(|(token, end)| {
            let expires = end?.min(latest);
            (expires > obtained).then_some(Access { token, obtained, expires })
        });
        let id = GrantId::new(u64::try_from(obtained.as_millisecond()).unwrap_or(0), self.keeper.parts().random());
        let adoption = Adoption {
            id,
            profile: profile.clone(),
            app: app.name.clone(),
            set: TokenSet {
                access,
                refresh: Some(brought.refresh),
                refresh_expires: None,
                scopes: None,
                subject: subject.clone(),
                issued_by: app.token_api,
                obtained,
            },
            beside,
            source: brought.source,
            claim,
            by: parts.witness.myself().clone(),
        };
        Ok((parts.vault.adopt(adoption).await?, subject))
    }
}

/// The login that a file shows, if it shows one.
fn brought(link: &Link, shown: &FileValues) -> Option<BroughtLogin> {
    let ShownRefresh::Token(refresh) = shown.refresh() else { return None };
    Some(BroughtLogin {
        refresh,
        access: shown.access(),
        source: link.target.file.display().to_string(),
        replace_user: false,
    })
}

/// The vault has had the login, and it is over.
fn over() -> Error {
    Error::new(Code::LoginOver, KeptState::Everything)
}

/// The login is another profile's.
pub(super) fn another(owner: &ProfileName) -> Error {
    Error::with_detail(Code::AnotherProfile, KeptState::Everything, owner.as_str())
}

/// How long the provider may take to say whose login it is. Less than a file's readers wait ([`Links::PATIENCE`]).
const ASKING: Duration = Duration::from_millis(1500);
