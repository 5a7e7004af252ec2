//! The port of login answers: the answer to a code exchange is kept before it is read (I3).
//!
//! Enters: the raw answer. Leaves: the same, until a login was made of it, or its set was put aside because it came too late. A crash
//! leaves it for the next caller.

use async_trait::async_trait;
use rusqlite::{Connection, params};
use tokenward_core::ports::{LoginAnswer, LoginAnswerId, LoginAnswers, StoreError};
use tokenward_core::{AppName, Generation, GrantId, ProfileName, RawAnswer, TokenApi, TokenSet};

use crate::codec::{answer_from_bytes, answer_to_bytes, set_to_bytes};

use super::failure::{Failed, damaged, unopened};
use super::journal::prune;
use super::lookup::grant_row;
use super::query::{all, first, run};
use super::rows::{bytes, grant_bytes, login_label, parked_label, signed, text};
use super::{Context, SqliteVault, sql};

#[async_trait]
impl LoginAnswers for SqliteVault {
    /// Opens the connection too that the answer will be written by.
    async fn prove(&self) -> Result<(), StoreError> {
        self.check_room()?;
        self.bare(|_, _| Ok(())).await
    }

    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, StoreError> {
        self.context.refresh_keys();
        let label = login_label(profile.as_str(), app.as_str());
        let blob = self.context.sealer.seal(&label, &answer_to_bytes(answer, usize::MAX));
        let (profile, app) = (profile.clone(), app.clone());
        self.write(move |_, tx| {
            let bound = params![profile.as_str(), app.as_str(), api.as_str(), blob];
            let id = first(tx, sql::KEEP_LOGIN_ANSWER, bound, |row| Ok(row.get(0)?))?;
            id.map(LoginAnswerId).ok_or_else(|| damaged("a kept login answer").into())
        })
        .await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError> {
        self.read(|context, tx| {
            all(tx, sql::LOGIN_ANSWERS, [], |row| {
                let (profile, app): (ProfileName, AppName) = (text(row, "profile")?, text(row, "app")?);
                let label = login_label(profile.as_str(), app.as_str());
                let plain = context.sealer.open(&label, bytes(row, "answer")?);
                let plain = plain.map_err(unopened("a kept login answer"))?;
                let answer = answer_from_bytes(&plain).ok_or_else(|| damaged("a kept login answer"))?;
                Ok(LoginAnswer { id: LoginAnswerId(row.get("id")?), profile, app, api: text(row, "api")?, answer })
            })
        })
        .await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError> {
        self.write(move |_, tx| drop_answer(tx, id).map(drop)).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.write(move |context, tx| context.set_aside(tx, answer, id, &set)).await
    }
}

impl Context {
    /// Parks a set that was issued before the present one.
    fn set_aside(&self, tx: &Connection, answer: LoginAnswerId, id: GrantId, set: &TokenSet) -> Result<(), Failed> {
        if !drop_answer(tx, answer)? {
            return Ok(());
        }
        let grant = grant_row(tx, id)?;
        // Older than the present generation, so that no file that shows it is taken for one in step.
        let before = Generation::new(grant.generation.get().saturating_sub(1));
        let bound = params![
            grant_bytes(id),
            None::<Vec<u8>>,
            signed(before.get()),
            self.now().as_millisecond(),
            self.sealer.seal(&parked_label(id, before), &set_to_bytes(set)),
        ];
        run(tx, sql::PARK, bound)?;
        if let Some(token) = &set.refresh {
            self.remember(tx, token, id, before)?;
        }
        prune(tx, id)
    }
}

/// Drops a kept answer. Says whether there was such a one.
pub(super) fn drop_answer(tx: &Connection, id: LoginAnswerId) -> Result<bool, Failed> {
    Ok(run(tx, sql::DROP_LOGIN_ANSWER, params![id.0])? > 0)
}
