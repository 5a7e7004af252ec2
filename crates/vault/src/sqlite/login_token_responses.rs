//! The port of login answers: the answer to a code exchange is kept before it is read (I3).
//!
//! Enters: the raw answer. Leaves: the same, until a login was made of it, or its set was put aside because it came too late. A crash
//! leaves it for the next caller.

use async_trait::async_trait;
use tokenward_core::ports::{LoginAnswer, LoginAnswerId, LoginAnswers, StoreError};
use tokenward_core::{AppName, GrantId, ProfileName, RawAnswer, TokenApi, TokenSet};

use crate::codec::answer_to_bytes;
use crate::records::login_token_responses::{drop_answer, keep_login_answer};
use crate::records::rows::login_label;

use super::SqliteVault;

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
        self.write(move |_, tx| keep_login_answer(tx, (&profile, &app), api, &blob)).await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError> {
        self.read(|context, tx| context.login_answers(tx)).await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError> {
        self.write(move |_, tx| drop_answer(tx, id).map(drop)).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.write(move |context, tx| context.set_aside(tx, answer, id, &set)).await
    }
}
