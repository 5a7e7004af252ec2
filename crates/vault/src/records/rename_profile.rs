//! Another name for a profile.
//!
//! Enters: the name that it has, and the one that it is to have. Leaves: all that was kept under the one, under the other. It is one
//! transaction, so a crash leaves everything under one of the two names, and never a login under one with its links under the other.

use rusqlite::params;
use tokenward_core::{AppName, ProfileName};

use super::rows::{bytes, login_label, text};
use super::run_statement::{Transaction, all, first, run};
use super::transaction_error::{Failed, unopened};
use super::{Records, sql};

impl Records {
    /// Moves logins and answers; of a profile of many, those of each user.
    pub(crate) fn rename(&self, tx: &dyn Transaction, from: &ProfileName, to: &ProfileName) -> Result<bool, Failed> {
        let is_taken = first(tx, sql::IS_NAME_TAKEN, params![to.as_str()], |row| row.get(0))?;
        if is_taken.unwrap_or(true) {
            return Ok(false);
        }
        // An answer is sealed for a name (I4).
        let answers = all(tx, sql::LOGIN_ANSWERS_OF, params![from.as_str()], |row| {
            let (profile, app): (ProfileName, AppName) = (text(row, "profile")?, text(row, "app")?);
            let plain = self.sealer.open(&login_label(profile.as_str(), app.as_str()), bytes(row, "answer")?);
            Ok((row.get::<i64>("id")?, profile, app, plain.map_err(unopened("a kept login answer"))?))
        })?;
        for (id, profile, app, plain) in answers {
            let name = format!("{to}{}", &profile.as_str()[from.as_str().len()..]);
            let sealed = self.sealer.seal(&login_label(&name, app.as_str()), &plain);
            run(tx, sql::RENAME_LOGIN_ANSWER, params![id, name, sealed])?;
        }
        for statement in [sql::RENAME_GRANTS, sql::RENAME_FORMER] {
            run(tx, statement, params![from.as_str(), to.as_str()])?;
        }
        Ok(true)
    }
}
