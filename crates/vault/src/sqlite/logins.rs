//! Logins: the kept answer to a code exchange, the login made of it, and the small sealed things around it.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;
use tokenward_core::ports::{Keepsake, LoggedIn, LoginAnswer, LoginAnswerId, NewLogin, VaultError};
use tokenward_core::{
    AppName, Event, Generation, GrantId, ProfileName, RawAnswer, SecretBytes, Standing, Subject, TokenApi, TokenSet,
};

use crate::codec::{answer_from_bytes, answer_to_bytes};

use super::adopt::Unproven;
use super::connect::Role;
use super::identity::Next;
use super::rows::{
    Fault, GrantRow, Sealed, damaged, grant_bytes, keepsake_label, login_label, optional_time, text, unopened,
};
use super::{Sealer, SqliteVault, sql};

impl SqliteVault {
    pub(super) async fn store_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, VaultError> {
        self.refresh_keys();
        let mut connection = self.journalling().await?;
        let plain = answer_to_bytes(answer, usize::MAX);
        let blob = self.sealer.seal(&login_label(profile.as_str(), app.as_str()), &plain);
        let row = sqlx::query(sql::KEEP_LOGIN_ANSWER)
            .bind(profile.as_str())
            .bind(app.as_str())
            .bind(api.as_str())
            .bind(blob)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(LoginAnswerId(row.try_get(0).map_err(|error| self.sql(&error))?))
    }

    pub(super) async fn read_login_answers(&self) -> Result<Vec<LoginAnswer>, VaultError> {
        self.refresh_keys();
        let mut connection = self.read().await?;
        let rows =
            sqlx::query(sql::LOGIN_ANSWERS).fetch_all(&mut *connection).await.map_err(|error| self.sql(&error))?;
        let kept = |row| -> Result<LoginAnswer, Fault> {
            let (profile, app): (ProfileName, AppName) = (text(row, "profile")?, text(row, "app")?);
            let blob: &[u8] = Row::try_get(row, "answer")?;
            let label = login_label(profile.as_str(), app.as_str());
            let plain = self.sealer.open(&label, blob).map_err(unopened("a kept login answer"))?;
            let answer = answer_from_bytes(&plain).ok_or_else(|| damaged("a kept login answer"))?;
            Ok(LoginAnswer {
                id: LoginAnswerId(Row::try_get(row, "id")?),
                profile,
                app,
                api: text(row, "api")?,
                answer,
            })
        };
        rows.iter().map(kept).collect::<Result<_, _>>().map_err(|fault| self.fault(fault))
    }

    pub(super) async fn remove_login_answer(&self, id: LoginAnswerId) -> Result<(), VaultError> {
        let mut connection = self.journalling().await?;
        self.drop_answer(&mut connection, id).await.map(|_| ())
    }

    pub(super) async fn store_login(&self, login: NewLogin) -> Result<LoggedIn, VaultError> {
        let mut connection = self.journalling().await?;
        let mut tx = self.begin_write(&mut connection).await?;
        if let Some(answer) = login.answer
            && !self.drop_answer(&mut tx, answer).await?
            && let Some(token) = &login.set.refresh
            && let Some((grant, _)) = self.find_known(&mut tx, token).await?
        {
            // Another process made a login of the same answer, and that login may have turned since: storing this
            // set again would put a spent token over a living one (I5).
            let row = self.grant_row(&mut tx, grant).await?;
            let present = self.by_profile(&mut tx, &login.profile).await?;
            return Ok(match present.filter(|present| row.profile.is_none() && present.id != grant) {
                Some(present) => LoggedIn::KeptAside { id: grant, present: present.id },
                None => LoggedIn::Renewed(grant),
            });
        }
        let present = self.by_profile(&mut tx, &login.profile).await?.filter(|present| !present.retired());
        let subject = login.set.subject.as_ref();
        // A profile whose login is of another app has none that could be handed out.
        let is_another = |present: &GrantRow| {
            present.app == login.app && self.is_another_user(present, subject) && !login.replace_user
        };
        if !present.as_ref().is_some_and(is_another) {
            let next = Next { source: None, is_named: subject.is_some() };
            self.part_unproven(&mut tx, &login.profile, next, &login.by).await?;
        }
        let mut unproven = None;
        let new = || blank(login.id, &login.profile, &login.app, &login.set);
        let (mut grant, done) = if let Some(present) = present.filter(is_another) {
            let aside = GrantRow { profile: None, ..new() };
            (aside, LoggedIn::KeptAside { id: login.id, present: present.id })
        } else {
            match self.home(&mut tx, &login.profile, &login.app, subject, login.replace_user).await? {
                Home::Same(present) => {
                    if present.subject.is_some() && subject.is_none() {
                        unproven = Some(Unproven { since: present.generation.next(), source: None });
                    }
                    self.gives_way_to_login(&mut tx, &present, unproven.is_some()).await?;
                    let id = present.id;
                    (*present, LoggedIn::Renewed(id))
                }
                Home::Taken { previous } => (new(), LoggedIn::TookOver { id: login.id, previous }),
                Home::Free => (new(), LoggedIn::New(login.id)),
            }
        };
        let generation = match done {
            LoggedIn::Renewed(_) => grant.generation.next(),
            LoggedIn::New(_) | LoggedIn::TookOver { .. } | LoggedIn::KeptAside { .. } => Generation::FIRST,
        };
        fill(&mut grant, &self.sealer, &login.set, login.wall, generation);
        if let Some(token) = &login.set.refresh {
            self.remember(&mut tx, token, grant.id, generation).await?;
        }
        let statement = if matches!(done, LoggedIn::Renewed(_)) { sql::UPDATE_GRANT } else { sql::INSERT_GRANT };
        grant
            .bind(statement)
            .map_err(|fault| self.fault(fault))?
            .execute(&mut *tx)
            .await
            .map_err(|error| self.sql(&error))?;
        self.mark_unproven(&mut tx, grant.id, unproven.as_ref()).await?;
        if let LoggedIn::TookOver { previous, .. } = done {
            let displaced = self.displaced(Some(previous))?;
            let displacing = sqlx::query(sql::DISPLACE).bind(grant_bytes(grant.id)).bind(displaced);
            displacing.execute(&mut *tx).await.map_err(|error| self.sql(&error))?;
        }
        self.write_entry(&mut tx, grant.id, generation, Some(&login.by), &Event::LoggedIn).await?;
        self.answered(&mut tx, &login.profile).await?;
        self.prune(&mut tx, grant.id).await?;
        tx.commit().await.map_err(|error| self.sql(&error))?;
        drop(connection);
        self.publish(grant.id).await;
        Ok(done)
    }

    /// Puts the set of a grant aside that a person's own login replaces. That login is the last word: no adoption before it is undone
    /// any more. As long as nobody has said whose it is (`unproven`), the set can come back.
    async fn gives_way_to_login(
        &self,
        tx: &mut SqliteConnection,
        present: &GrantRow,
        unproven: bool,
    ) -> Result<(), VaultError> {
        if unproven {
            let mut aside = self.interrupt(tx, present, None).await?;
            aside.own.clone_from(&present.unproven);
            self.end_trials(tx, present.id, present.unproven.is_none()).await?;
            return self.put_aside(tx, present, Some(&aside), None).await.map(drop);
        }
        self.put_aside(tx, present, None, None).await?;
        self.end_trials(tx, present.id, true).await?;
        self.supersede(tx, present.id, present.generation, None).await
    }

    /// Where a set goes that was brought for a profile. Frees the profile where another user, or another app, has it. With `replace`,
    /// one whose user was not told is another's.
    pub(super) async fn home(
        &self,
        tx: &mut SqliteConnection,
        profile: &ProfileName,
        app: &AppName,
        subject: Option<&Subject>,
        replace: bool,
    ) -> Result<Home, VaultError> {
        match self.by_profile(tx, profile).await? {
            Some(present) if same_login(&present, app, subject, replace) => Ok(Home::Same(Box::new(present))),
            Some(other) => {
                // Before the name changes hands, as before a logout: it must not hand out the other user's token.
                self.withdraw(&other)?;
                let freed = sqlx::query(sql::FREE_PROFILE).bind(grant_bytes(other.id)).execute(tx).await;
                freed.map_err(|error| self.sql(&error))?;
                Ok(Home::Taken { previous: other.id })
            }
            None => Ok(Home::Free),
        }
    }

    pub(super) async fn by_profile(
        &self,
        tx: &mut SqliteConnection,
        profile: &ProfileName,
    ) -> Result<Option<GrantRow>, VaultError> {
        let row = sqlx::query(sql::GRANT_BY_PROFILE)
            .bind(profile.as_str())
            .fetch_optional(tx)
            .await
            .map_err(|error| self.sql(&error))?;
        row.as_ref().map(GrantRow::read).transpose().map_err(|fault| self.fault(fault))
    }

    /// Whether there was such an answer.
    pub(super) async fn drop_answer(
        &self,
        connection: &mut SqliteConnection,
        id: LoginAnswerId,
    ) -> Result<bool, VaultError> {
        let done = sqlx::query(sql::DROP_LOGIN_ANSWER)
            .bind(id.0)
            .execute(connection)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(done.rows_affected() > 0)
    }

    pub(super) async fn store_keepsake(
        &self,
        what: &Keepsake,
        value: &SecretBytes,
        expires: Option<Timestamp>,
    ) -> Result<(), VaultError> {
        self.refresh_keys();
        let (kind, app, role) = place(what);
        let blob = self.sealer.seal(&keepsake_label(kind, app.as_str()), value.expose());
        let mut connection = self.connections.get(role).await?;
        sqlx::query(sql::KEEP)
            .bind(kind)
            .bind(app.as_str())
            .bind(blob)
            .bind(expires.map(Timestamp::as_millisecond))
            .execute(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }

    pub(super) async fn read_keepsake(
        &self,
        what: &Keepsake,
    ) -> Result<Option<(SecretBytes, Option<Timestamp>)>, VaultError> {
        self.refresh_keys();
        let (kind, app, _) = place(what);
        let mut connection = self.read().await?;
        let row = sqlx::query(sql::RECALL)
            .bind(kind)
            .bind(app.as_str())
            .fetch_optional(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        let Some(row) = row else { return Ok(None) };
        let open = || -> Result<_, Fault> {
            let label = keepsake_label(kind, app.as_str());
            let blob: &[u8] = row.try_get("value")?;
            let plain = self.sealer.open(&label, blob).map_err(unopened("an app's secret, ticket or token"))?;
            Ok((SecretBytes::new(plain.to_vec()), optional_time(&row, "expires")?))
        };
        open().map(Some).map_err(|fault| self.fault(fault))
    }

    pub(super) async fn remove_keepsake(&self, what: &Keepsake) -> Result<(), VaultError> {
        let (kind, app, _) = place(what);
        let mut connection = self.journalling().await?;
        sqlx::query(sql::FORGET)
            .bind(kind)
            .bind(app.as_str())
            .execute(&mut *connection)
            .await
            .map_err(|error| self.sql(&error))?;
        Ok(())
    }
}

/// Where a set goes that was brought for a profile.
pub(super) enum Home {
    /// Into the profile's grant, as its next generation.
    Same(Box<GrantRow>),
    /// Into a grant of its own; the name was another grant's.
    Taken {
        /// That one.
        previous: GrantId,
    },
    /// Into a grant of its own; the name was free.
    Free,
}

/// Whether a set continues the profile's grant: same app, and the same user as far as the provider told.
fn same_login(present: &GrantRow, app: &AppName, subject: Option<&Subject>, replace: bool) -> bool {
    let same_user = match (&present.subject, subject) {
        (Some(known), Some(told)) => known.is_same_user(told),
        (Some(_), None) => !replace,
        (None, _) => true,
    };
    present.app == *app && same_user && !present.retired()
}

/// A grant that holds nothing yet.
pub(super) fn blank(id: GrantId, profile: &ProfileName, app: &AppName, set: &TokenSet) -> GrantRow {
    let nothing = || Sealed { blob: None, generation: Generation::FIRST };
    let at = set.obtained;
    GrantRow {
        id,
        app: app.clone(),
        profile: Some(profile.clone()),
        former: None,
        generation: Generation::FIRST,
        standing: Standing::Live,
        access: nothing(),
        access_name: None,
        access_before: None,
        access_obtained: at,
        access_expires: at,
        refresh: nothing(),
        refresh_expires: None,
        wall: None,
        consented: at,
        turned: at,
        scopes: tokenward_core::Scopes::default(),
        subject: None,
        issued_by: set.issued_by,
        intent_open: false,
        on_trial: false,
        unproven: None,
        linked: false,
        fence: None,
    }
}

/// Makes a set that was not turned here the grant's present one, alive.
pub(super) fn fill(
    grant: &mut GrantRow,
    sealer: &Sealer,
    set: &TokenSet,
    wall: Option<Timestamp>,
    generation: Generation,
) {
    if let Some(access) = &set.access {
        grant.set_access(sealer, access, generation);
    }
    match &set.refresh {
        Some(token) => grant.set_refresh(sealer, token, generation),
        None => grant.refresh.blob = None,
    }
    grant.refresh_expires = set.refresh_expires.filter(|_| set.refresh.is_some());
    grant.generation = generation;
    grant.standing = Standing::Live;
    grant.wall = wall;
    grant.consented = set.obtained;
    grant.turned = set.obtained;
    grant.issued_by = set.issued_by;
    if let Some(scopes) = &set.scopes {
        grant.scopes = scopes.clone();
    }
    if let Some(subject) = &set.subject {
        grant.subject = Some(subject.clone());
    }
}

/// Where a keepsake lies, and how durably: what a person or a provider gave must survive, an app's token can be fetched
/// again at any time.
const fn place(what: &Keepsake) -> (&'static str, &AppName, Role) {
    match what {
        Keepsake::AppSecret(app) => ("app-secret", app, Role::Journalling),
        Keepsake::AppTicket(app) => ("app-ticket", app, Role::Journalling),
        Keepsake::Registrations(app) => ("registrations", app, Role::Journalling),
        Keepsake::ClientRefused(app) => ("client-refused", app, Role::Leasing),
        Keepsake::AppToken(app) => ("app-token", app, Role::Leasing),
        Keepsake::TenantToken(app) => ("tenant-token", app, Role::Leasing),
    }
}
