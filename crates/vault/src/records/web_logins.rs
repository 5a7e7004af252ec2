//! Logins of back ends as they are stored: what happened is readable, what ties browser and answer to them is sealed (I4).

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::{SecretBytes, WebLogin, WebLoginId};

use super::rows::{bytes, json, signed, to_json, web_login_label};
use super::run_statement::{Row, Transaction, first, run};
use super::transaction_error::{Failed, Fault, unopened};
use super::{Records, sql};

impl Records {
    /// Keeps one, and drops those that ended before a moment.
    pub(crate) fn open_web_login(
        &self,
        tx: &dyn Transaction,
        login: &WebLogin,
        secret: &SecretBytes,
        forgotten: Timestamp,
    ) -> Result<(), Failed> {
        run(tx, sql::FORGET_WEB_LOGINS, params![forgotten.as_millisecond()])?;
        let (id, step, ends) = (bytes_of(login.id), signed(login.step), login.ends.as_millisecond());
        let bound = params![id, step, ends, to_json(login)?, self.sealed(login.id, secret)];
        run(tx, sql::OPEN_WEB_LOGIN, bound).map(drop)
    }

    pub(crate) fn web_login(
        &self,
        tx: &dyn Transaction,
        id: WebLoginId,
    ) -> Result<Option<(WebLogin, SecretBytes)>, Failed> {
        let read = |row: &Row<'_>| -> Result<_, Fault> {
            let plain = self.sealer.open(&web_login_label(id), bytes(row, "sealed")?);
            let plain = plain.map_err(unopened("a login of a back end"))?;
            Ok((json(row, "record")?, SecretBytes::new(plain.to_vec())))
        };
        first(tx, sql::WEB_LOGIN, params![bytes_of(id)], read)
    }

    /// Says whether the step before was the present one.
    pub(crate) fn step_web_login(
        &self,
        tx: &dyn Transaction,
        login: &WebLogin,
        secret: &SecretBytes,
    ) -> Result<bool, Failed> {
        let (id, step) = (bytes_of(login.id), signed(login.step));
        let bound = params![id, step, to_json(login)?, self.sealed(login.id, secret), step - 1];
        Ok(run(tx, sql::STEP_WEB_LOGIN, bound)? > 0)
    }

    fn sealed(&self, id: WebLoginId, secret: &SecretBytes) -> Vec<u8> {
        self.sealer.seal(&web_login_label(id), secret.expose())
    }
}

fn bytes_of(id: WebLoginId) -> [u8; 16] {
    *id.as_uuid().as_bytes()
}
