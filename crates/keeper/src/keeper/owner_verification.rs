//! Whose a login is that was brought for a profile.
//!
//! Enters: a grant whose present set is unproven. Leaves: it is proven, or a grant of its own and the login before it is back; or nobody
//! can say yet, and nobody is handed its token. A profile becomes another user's by a person's word alone.

use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{CallError, IdentityOutcome, LoggedIn, NameGiven};
use tokenward_core::{App, Closing, Code, Event, ExitClass, Grant, GrantId, IntentId, ProfileName, Standing, Subject};

use crate::{Error, Keeper, KeptState, Notice};

impl Keeper {
    /// Asks whose the present set of a grant is and records it. Spends nothing. One whose user the provider does not tell is
    /// nobody's, and kept aside. Callers who wish to know the same at one moment ask once.
    ///
    /// # Errors
    /// [`Code::UserNotTold`] when there is no answer for the moment; the vault's.
    pub(crate) async fn tell_user(&self, app: &App, grant: &Grant) -> Result<Option<Notice>, Error> {
        let (keeper, asked, read) = (self.clone(), app.clone(), grant.clone());
        let asking = || async move { keeper.ask_user(&asked, &read).await };
        self.inner.whose.join(&grant.id, (app.clone(), grant.generation), asking).wait().await
    }

    async fn ask_user(&self, app: &App, grant: &Grant) -> Result<Option<Notice>, Error> {
        let parts = &self.inner.parts;
        let Some(access) = &grant.access else { return Ok(None) };
        let not_told = || Error::new(Code::UserNotTold, KeptState::Record);
        let asking = parts.provider.user_info(app, &access.token);
        let now = match tokio::time::timeout(DEADLINE, asking).await {
            Ok(Ok(subject)) => Some(subject),
            Ok(Err(error)) if names_no_user(&error) => None,
            Ok(Err(_)) | Err(_) => return Err(not_told()),
        };
        let aside = self.new_grant();
        let by = parts.witness.myself();
        Ok(match parts.vault.told(grant.id, grant.generation, now.as_ref(), aside, by).await? {
            IdentityOutcome::Same | IdentityOutcome::Moved => None,
            IdentityOutcome::KeptAside { before, aside, .. } => {
                tracing::warn!(grant = %grant.id, %aside, "a login that was brought is another user's; it is kept aside");
                Some(Notice::KeptAside { before, now, grant: aside })
            }
        })
    }

    /// Finds out whose login a grant is whose adopted set has rotated for the first time; `before` is whose it was until then. Best effort:
    /// what cannot be asked now stays unnamed.
    pub(crate) async fn name(&self, app: &App, id: GrantId, before: Option<Subject>) -> Option<Notice> {
        let vault = &self.inner.parts.vault;
        let access = vault.grant(id).await.ok()?.access?;
        let asking = self.inner.parts.provider.user_info(app, &access.token);
        let now = tokio::time::timeout(DEADLINE, asking).await.ok()?.ok()?;
        if let Err(error) = vault.name_subject(id, &now).await {
            tracing::warn!(%error, grant = %id, "the login's owner could not be recorded");
        }
        let before = before.filter(|before| before.id != now.id)?;
        Some(Notice::AnotherUser { before, now })
    }

    /// Keeps a set apart that was brought for a profile and is refused before anybody said whose it is: nobody can say so any more, and it
    /// must not pass for the profile's user's. What it had replaced is back. A crash before leaves it to whoever asks next (I5).
    pub(crate) async fn part_refused(
        &self,
        id: GrantId,
        (intent, closing): (IntentId, Closing),
        code: Code,
        provider_code: Option<i64>,
    ) -> Result<Option<Notice>, Error> {
        let over = Standing::NeedsConsent { since: self.inner.now(), code, provider_code };
        match self.inner.parts.vault.close(None, intent, closing, Some(over)).await? {
            Some(stored) => self.part(&stored).await,
            None => self.part_over(id).await,
        }
    }

    /// The same of one whose refusal is on record already.
    pub(crate) async fn part_over(&self, id: GrantId) -> Result<Option<Notice>, Error> {
        let grant = self.inner.parts.vault.grant(id).await?;
        self.part(&grant).await
    }

    /// The same of one that was read, or stored, a moment ago.
    async fn part(&self, grant: &Grant) -> Result<Option<Notice>, Error> {
        let (parts, id) = (&self.inner.parts, grant.id);
        let Standing::NeedsConsent { code, .. } = grant.standing else { return Ok(None) };
        if !grant.unproven {
            return Ok(None);
        }
        let by = parts.witness.myself();
        let adopted = grant.generation;
        Ok(match parts.vault.told(id, adopted, None, self.new_grant(), by).await? {
            IdentityOutcome::KeptAside { back: Some(generation), .. } => {
                tracing::warn!(grant = %id, %generation, %code, "a login that was brought was refused; it is kept apart");
                Some(Notice::TakenBack { adopted, generation, code })
            }
            IdentityOutcome::KeptAside { back: None, .. } | IdentityOutcome::Same | IdentityOutcome::Moved => None,
        })
    }

    /// Keeps a login apart at once for which the provider names nobody, where the profile has a user: asked once more, it would say the
    /// same.
    pub(crate) async fn apart_if_unproven(&self, logged_in: LoggedIn) -> Result<LoggedIn, Error> {
        let parts = &self.inner.parts;
        let grant = parts.vault.grant(logged_in.id()).await?;
        if !grant.unproven {
            return Ok(logged_in);
        }
        let by = parts.witness.myself();
        Ok(match parts.vault.told(grant.id, grant.generation, None, self.new_grant(), by).await? {
            IdentityOutcome::KeptAside { aside, .. } => LoggedIn::KeptAside { id: aside, present: grant.id },
            IdentityOutcome::Same | IdentityOutcome::Moved => logged_in,
        })
    }

    /// The login that the last attempt left without a profile, because the provider names no user for it and the profile has one: another
    /// attempt would leave another one.
    ///
    /// # Errors
    /// The vault's.
    pub async fn left_unnamed(&self, profile: &ProfileName) -> Result<Option<Grant>, Error> {
        let vault = &self.inner.parts.vault;
        let Some(id) = vault.grant_of(profile).await? else { return Ok(None) };
        let Ok(present) = vault.grant(id).await else { return Ok(None) };
        let is_over = matches!(present.standing, Standing::NeedsConsent { .. });
        if present.subject.is_none() || !is_over {
            return Ok(None);
        }
        let all = self.without_profile().await?;
        let left = all.into_iter().filter(|login| {
            let grant = &login.grant;
            let lives = matches!(grant.standing, Standing::Live | Standing::InDoubt { .. });
            let is_unnamed = login.source.is_none() && grant.subject.is_none();
            is_unnamed && lives && grant.app == present.app && grant.consented > present.consented
        });
        Ok(left.map(|login| login.grant).max_by_key(|grant| grant.consented))
    }

    /// Lets a profile point at a login that no profile points at. Where the profile has another user's login, that one loses the
    /// name only with `replace`, and is kept without one.
    ///
    /// # Errors
    /// [`Code::AnotherUser`] when the profile has another user's login; [`Code::NotLoggedIn`] when that login is logged out or has a profile; the
    /// vault's.
    pub async fn give_profile(&self, id: GrantId, profile: &ProfileName, replace: bool) -> Result<(), Error> {
        let parts = &self.inner.parts;
        let replace = replace || self.is_of_same_user(id, profile).await?;
        match parts.vault.give_name(id, profile, replace, parts.witness.myself()).await {
            Ok(NameGiven::Given | NameGiven::Taken { .. }) => Ok(()),
            Ok(NameGiven::Occupied { .. }) => Err(another_user(id)),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a profile's login is one of the very user whose login the other is, at the same app: then nobody becomes somebody else.
    async fn is_of_same_user(&self, id: GrantId, profile: &ProfileName) -> Result<bool, Error> {
        let vault = &self.inner.parts.vault;
        let Some(present) = vault.grant_of(profile).await?.filter(|present| *present != id) else { return Ok(false) };
        // One that is damaged says nothing of its user.
        let (Ok(one), Ok(other)) = (vault.grant(id).await, vault.grant(present).await) else { return Ok(false) };
        let (Some(one_is), Some(other_is)) = (&one.subject, &other.subject) else { return Ok(false) };
        Ok(one.app == other.app && one_is.id == other_is.id && !one.unproven && !other.unproven)
    }

    /// Gives what is kept under a profile's name another one: its login, those of its users, its links. Says no, and changes nothing, where
    /// anything is kept under the new name. The settings are the caller's.
    ///
    /// # Errors
    /// The vault's.
    pub async fn rename_profile(&self, from: &ProfileName, to: &ProfileName) -> Result<bool, Error> {
        Ok(self.inner.parts.vault.rename(from, to).await?)
    }

    /// Asks whose the profile's present login is, where nobody has said so and it can be asked: what is brought is compared with it.
    pub async fn name_present(&self, app: &App, profile: &ProfileName, deadline: Duration) -> Result<(), Error> {
        let parts = &self.inner.parts;
        let Some(id) = parts.vault.grant_of(profile).await? else { return Ok(()) };
        // One that is damaged can be asked nothing, and is healed by what is brought.
        let Ok(grant) = parts.vault.grant(id).await else { return Ok(()) };
        let Some(access) = grant.access.filter(|access| !access.remaining(parts.clock.now()).is_zero()) else {
            return Ok(());
        };
        if grant.subject.is_some() || grant.app != app.name {
            return Ok(());
        }
        if let Ok(Ok(subject)) = tokio::time::timeout(deadline, parts.provider.user_info(app, &access.token)).await {
            parts.vault.name_subject(id, &subject).await?;
        }
        Ok(())
    }

    /// The logins that no profile points at: another user's that was brought, one that lost its name. Spends nothing (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn without_profile(&self) -> Result<Vec<LoginWithoutProfile>, Error> {
        let vault = &self.inner.parts.vault;
        let mut found = Vec::new();
        for grant in vault.grants().await? {
            if grant.profile.is_some() || matches!(grant.standing, Standing::Retired { .. }) {
                continue;
            }
            let story = vault.journal(grant.id, STORY).await?;
            let brought = story.into_iter().find_map(|entry| match entry.event {
                Event::Adopted { source, .. } => Some((Some(source), entry.at)),
                Event::LoggedIn => Some((None, entry.at)),
                _ => None,
            });
            let (source, since) = brought.unwrap_or((None, grant.consented));
            found.push(LoginWithoutProfile { grant, source, since });
        }
        Ok(found)
    }

    /// An id for a new grant.
    pub fn new_grant(&self) -> GrantId {
        GrantId::new(u64::try_from(self.inner.now().as_millisecond()).unwrap_or(0), self.inner.random())
    }
}

/// A login that is kept and that no profile points at.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct LoginWithoutProfile {
    /// The login.
    pub grant: Grant,
    /// Where it came from: a file's path, or a tool's name; `None` for a person's own login.
    pub source: Option<String>,
    /// When it came.
    pub since: Timestamp,
}

impl LoginWithoutProfile {
    /// A login that came from there at that time.
    pub const fn new(grant: Grant, source: Option<String>, since: Timestamp) -> Self {
        Self { grant, source, since }
    }

    /// Whether it is over, by the provider's word or by the ends that it had: only a person who logs in again could bring it back, and
    /// that makes a login of its own.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let grant = &self.grant;
        match grant.standing {
            Standing::NeedsConsent { .. } => true,
            Standing::Live if !grant.intent_open => {
                let serves = grant.access.as_ref().is_some_and(|access| access.remaining(now) > Duration::ZERO);
                !serves && !grant.within_known_ends(now)
            }
            _ => false,
        }
    }
}

/// Whether an answer says that the provider names no user for a token, and would say so again.
pub(crate) fn names_no_user(error: &CallError) -> bool {
    match error {
        CallError::Refused(refusal) => refusal.code().exit() != ExitClass::TryLater,
        CallError::Lacking(_) => true,
        CallError::NoAnswer(_) => false,
    }
}

/// The login is another user's than the profile's; it is kept without a profile.
pub fn another_user(id: GrantId) -> Error {
    Error::with_detail(Code::AnotherUser, KeptState::Record, id.to_string())
}

/// How far back a login's story is read.
const STORY: u32 = 1000;
/// How long the provider may take to say whose login it is.
const DEADLINE: Duration = Duration::from_secs(3);
