//! The port of login answers: the answer to a code exchange is kept before it is read (I3).

use async_trait::async_trait;
use rusqlite::params;
use tokenward_core::ports::{LoginAnswer, LoginAnswerId, LoginAnswers, StoreError};
use tokenward_core::{AppName, GrantId, ProfileName, RawAnswer, TokenApi, TokenSet};

use crate::codec::answer_to_bytes;
use crate::records::login_token_responses::{drop_answer, keep_login_answer};
use crate::records::rows::login_label;

use super::connection_transactions::How;
use super::{PostgresVault, statements as sql};

#[async_trait]
impl LoginAnswers for PostgresVault {
    async fn prove(&self) -> Result<(), StoreError> {
        self.check_slots()?;
        self.call(How::Turn, |_, tx| tx.rows(sql::MAY_WRITE, params![]).map(drop)).await
    }

    async fn keep_login_answer(
        &self,
        profile: &ProfileName,
        app: &AppName,
        api: TokenApi,
        answer: &RawAnswer,
    ) -> Result<LoginAnswerId, StoreError> {
        let label = login_label(profile.as_str(), app.as_str());
        let blob = self.context.records.sealer.seal(&label, &answer_to_bytes(answer, usize::MAX));
        let (profile, app) = (profile.clone(), app.clone());
        self.call(How::Turn, move |_, tx| keep_login_answer(tx, (&profile, &app), api, &blob)).await
    }

    async fn login_answers(&self) -> Result<Vec<LoginAnswer>, StoreError> {
        self.read(|records, tx| records.login_answers(tx)).await
    }

    async fn drop_login_answer(&self, id: LoginAnswerId) -> Result<(), StoreError> {
        self.call(How::Turn, move |_, tx| drop_answer(tx, id).map(drop)).await
    }

    async fn set_aside(&self, answer: LoginAnswerId, id: GrantId, set: TokenSet) -> Result<(), StoreError> {
        self.call(How::Login, move |records, tx| records.set_aside(tx, answer, id, &set)).await
    }
}
