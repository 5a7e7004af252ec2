//! Whose a set is, and where it goes.
//!
//! Enters: an answer that was kept, and the name it was asked for under. Leaves: a grant under the name of the user whom the
//! provider names. Tokens of another user than the one asked for are kept under that user's name, because they may have
//! replaced what was there (I3), and handed to nobody. A set that is older than the one which is there is kept aside.

use std::time::Duration;

use tokenward_core::ports::{LoginAnswer, LoginAnswerId, NewLogin};
use tokenward_core::{
    Access, App, AppName, Code, Grant, GrantId, Issued, Outcome, ProfileName, RawAnswer, Subject, TokenApi, TokenSet,
    UserName,
};
use tokio::time::Instant;

use super::{Availability, Obtain};
use crate::{Error, Keeper, KeptState};

/// What became of a set.
pub(super) enum Stored {
    /// It is the present one of the name it was asked for under.
    Wanted,
    /// It is another user's, and not stored yet.
    Another {
        /// The set, with the kept answer it was read from.
        kept: Box<Pending>,
        /// Whose it is.
        user: UserName,
    },
}

/// A set that was read and is not stored yet.
pub(super) struct Pending {
    answer: LoginAnswerId,
    set: TokenSet,
}

impl Keeper {
    /// Stores what was issued under a name, if it is that user's.
    pub(super) async fn store_named(
        &self,
        app: &App,
        name: &ProfileName,
        api: TokenApi,
        answer: LoginAnswerId,
        issued: Issued,
        raw: &RawAnswer,
    ) -> Result<Stored, Error> {
        let subject = match issued.subject.clone() {
            Some(subject) => Some(subject),
            None if name.is_of_user() => self.fetch_subject(app, issued.access.as_ref()).await,
            None => None,
        };
        let pending = Pending { answer, set: set(issued, api, subject, raw) };
        match owner(name, &app.client_id, pending.set.subject.as_ref()) {
            Owner::Wanted => {
                self.store_pending(&app.name, name, pending).await?;
                Ok(Stored::Wanted)
            }
            Owner::Another(user) => Ok(Stored::Another { kept: Box::new(pending), user }),
            // The answer stays kept: somebody may be told later whose it is.
            Owner::Nobody => {
                let detail = format!("asked for {name}, and the provider named nobody");
                Err(Error::with_detail(Code::WrongUser, KeptState::AnswerInJournal, detail))
            }
        }
    }

    /// Stores another user's set under that user's name.
    pub(super) async fn store_for(
        &self,
        app: &App,
        wanted: &Obtain,
        pending: Pending,
        user: &UserName,
        end: Instant,
    ) -> Result<(), Error> {
        let name = wanted.profile.of_user(user);
        let held = match self.lease_by(&name.clone().into(), end).await {
            // The answer is kept: whoever asks for either name next stores it.
            Err(error) if error.code() == Code::StillTurning => return Ok(()),
            held => held?,
        };
        let result = self.store_pending(&app.name, &name, pending).await;
        self.release(held.lease).await;
        result
    }

    /// Looks once more after what earlier processes had not finished under a name, where nothing is shown for a new set. `None`:
    /// there is nothing of the kind.
    pub(super) async fn settle_name(&self, app: &App, wanted: &Obtain) -> Result<Option<Availability>, Error> {
        let name = wanted.name();
        let vault = &self.inner.parts.vault;
        let waits = vault.login_answers().await?.iter().any(|kept| kept.app == app.name && kept.profile == name);
        if !waits {
            return Ok(None);
        }
        if let Some(held) = self.lease_at_once(&name.clone().into()).await? {
            let result = self.settle_kept(app, &name).await;
            self.release(held.lease).await;
            result?;
        }
        self.look(app, wanted).await.map(Some)
    }

    /// Reads the answers under a name that earlier processes kept and could not finish. The lease on the name is ours, so nobody is
    /// at work on them.
    pub(super) async fn settle_kept(&self, app: &App, name: &ProfileName) -> Result<(), Error> {
        let vault = &self.inner.parts.vault;
        let kept = vault.login_answers().await?;
        for kept in kept.into_iter().filter(|kept| kept.app == app.name && kept.profile == *name) {
            match self.inner.parts.provider.read(&kept.app, kept.api, &kept.answer) {
                Outcome::Rotated { issued, .. } => {
                    let stored = self.store_named(app, name, kept.api, kept.id, issued, &kept.answer).await;
                    match stored {
                        Ok(Stored::Wanted) => tracing::info!(%name, "an answer of an earlier process was stored"),
                        // Its owner's name, without the lease: who asks for it at this moment brings a newer one.
                        Ok(Stored::Another { kept, user }) => {
                            self.store_pending(&app.name, &name.of_user(&user), *kept).await?;
                        }
                        Err(error) if error.code() == Code::WrongUser => {
                            tracing::warn!(%error, %name, "whose a kept answer is cannot be told");
                        }
                        Err(error) => return Err(error),
                    }
                }
                Outcome::Refused(_) | Outcome::NoSuchEndpoint(_) => vault.drop_login_answer(kept.id).await?,
                Outcome::Unreadable(_) => {}
            }
        }
        Ok(())
    }

    /// Makes a grant of an answer under a user's or an app's name whose process died before it could, as
    /// [`Keeper::recover_logins`] finds it. Somebody who asks for that name meanwhile does it instead.
    pub(crate) async fn recover_obtained(&self, kept: LoginAnswer, issued: Issued) -> Result<Option<GrantId>, Error> {
        let vault = &self.inner.parts.vault;
        let LoginAnswer { id, profile, app, api, answer } = kept;
        let subject = issued.subject.clone();
        let pending = Pending { answer: id, set: set(issued, api, subject, &answer) };
        let name = match owner(&profile, "", pending.set.subject.as_ref()) {
            Owner::Wanted => profile,
            Owner::Another(user) => profile.of_user(&user),
            Owner::Nobody => return Ok(None),
        };
        let Some(held) = self.lease_at_once(&name.clone().into()).await? else { return Ok(None) };
        let result = self.store_pending(&app, &name, pending).await;
        self.release(held.lease).await;
        result?;
        Ok(vault.grant_of(&name).await?)
    }

    /// Stores a set under a name, or keeps it aside when the one that is there came later.
    async fn store_pending(&self, app: &AppName, name: &ProfileName, pending: Pending) -> Result<(), Error> {
        let vault = &self.inner.parts.vault;
        let Pending { answer, set } = pending;
        if let Some(id) = vault.grant_of(name).await? {
            let present = vault.grant(id).await?;
            if present.app == *app && name.admits(present.subject.as_ref()) && present.rotated_at > set.obtained {
                return Ok(vault.set_aside(answer, id, set).await?);
            }
        }
        let wall = self.inner.parts.provider.rules(app, set.issued_by).wall;
        let login = NewLogin {
            answer: Some(answer),
            id: GrantId::new(u64::try_from(set.obtained.as_millisecond()).unwrap_or(0), self.inner.random()),
            profile: name.clone(),
            app: app.clone(),
            wall: wall.and_then(|wall| set.obtained.checked_add(wall).ok()),
            set,
            by: self.inner.parts.witness.myself().clone(),
            // The name says whose it is.
            replace_user: true,
        };
        vault.log_in(login).await.map_err(|error| Error::vault(error, KeptState::AnswerInJournal))?;
        Ok(())
    }

    /// A grant whose owner is known, if that can be found out. Asked once: what the provider says is recorded.
    pub(super) async fn identified(&self, app: &App, grant: Grant) -> Result<Grant, Error> {
        let unknown = grant.subject.is_none() && grant.profile.as_ref().is_some_and(ProfileName::is_of_user);
        let lives = grant.access.as_ref().filter(|access| !access.remaining(self.inner.now()).is_zero());
        if !unknown || lives.is_none() {
            return Ok(grant);
        }
        let Some(subject) = self.fetch_subject(app, lives).await else { return Ok(grant) };
        self.inner.parts.vault.name_subject(grant.id, &subject).await?;
        Ok(Grant { subject: Some(subject), ..grant })
    }

    async fn fetch_subject(&self, app: &App, access: Option<&Access>) -> Option<Subject> {
        let asking = self.inner.parts.provider.user_info(app, &access?.token);
        match tokio::time::timeout(WHO_DEADLINE, asking).await {
            Ok(Ok(subject)) => Some(subject),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the provider did not say whose tokens they are");
                None
            }
            Err(_elapsed) => None,
        }
    }
}

/// Whose a set is that was asked for under a name.
enum Owner {
    /// The name's.
    Wanted,
    /// Another user's.
    Another(UserName),
    /// The provider did not say.
    Nobody,
}

fn owner(name: &ProfileName, client_id: &str, subject: Option<&Subject>) -> Owner {
    let user = subject.and_then(|subject| subject.id.parse::<UserName>().ok());
    match user {
        Some(user) if name.is_of_app() && user.as_str() != client_id => Owner::Another(user),
        Some(_) if name.admits(subject) => Owner::Wanted,
        Some(user) => Owner::Another(user),
        None if name.is_of_user() => Owner::Nobody,
        None => Owner::Wanted,
    }
}

fn set(issued: Issued, api: TokenApi, subject: Option<Subject>, raw: &RawAnswer) -> TokenSet {
    TokenSet {
        access: issued.access,
        refresh: issued.refresh,
        refresh_expires: issued.refresh_expires,
        scopes: issued.scopes,
        subject,
        issued_by: api,
        obtained: raw.received,
    }
}

/// How long the provider may take to say whose tokens they are.
const WHO_DEADLINE: Duration = Duration::from_secs(10);
