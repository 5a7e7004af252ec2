//! Answers that a login is made of, as they are kept, and closed: by the login, or because the set came too late and is put aside.

use rusqlite::params;
use tokenward_core::ports::{LoginAnswer, LoginAnswerId};
use tokenward_core::{AppName, Generation, GrantId, ProfileName, TokenApi, TokenSet};

use crate::codec::{answer_from_bytes, set_to_bytes};

use super::find_rows::grant_row;
use super::journal::prune;
use super::rows::{bytes, grant_bytes, login_label, parked_label, signed, text};
use super::run_statement::{Transaction, all, first, run};
use super::transaction_error::{Failed, damaged, unopened};
use super::{Records, sql};

impl Records {
    /// The answers that no login was made of.
    pub(crate) fn login_answers(&self, tx: &dyn Transaction) -> Result<Vec<LoginAnswer>, Failed> {
        all(tx, sql::LOGIN_ANSWERS, params![], |row| {
            let (profile, app): (ProfileName, AppName) = (text(row, "profile")?, text(row, "app")?);
            let label = login_label(profile.as_str(), app.as_str());
            let plain = self.sealer.open(&label, bytes(row, "answer")?);
            let plain = plain.map_err(unopened("a kept login answer"))?;
            let answer = answer_from_bytes(&plain).ok_or_else(|| damaged("a kept login answer"))?;
            Ok(LoginAnswer { id: LoginAnswerId(row.get("id")?), profile, app, api: text(row, "api")?, answer })
        })
    }

    /// Parks a set that was issued before the present one.
    pub(crate) fn set_aside(
        &self,
        tx: &dyn Transaction,
        answer: LoginAnswerId,
        id: GrantId,
        set: &TokenSet,
    ) -> Result<(), Failed> {
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

/// Keeps an answer that is sealed.
pub(crate) fn keep_login_answer(
    tx: &dyn Transaction,
    (profile, app): (&ProfileName, &AppName),
    api: TokenApi,
    blob: &[u8],
) -> Result<LoginAnswerId, Failed> {
    let bound = params![profile.as_str(), app.as_str(), api.as_str(), blob];
    let id = first(tx, sql::KEEP_LOGIN_ANSWER, bound, |row| row.get(0))?;
    id.map(LoginAnswerId).ok_or_else(|| damaged("a kept login answer").into())
}

/// Drops a kept answer. Says whether there was such a one.
pub(crate) fn drop_answer(tx: &dyn Transaction, id: LoginAnswerId) -> Result<bool, Failed> {
    Ok(run(tx, sql::DROP_LOGIN_ANSWER, params![id.0])? > 0)
}
