//! The port of logins of back ends: each call is one transaction. A step is one statement that compares and writes, so that of several nodes
//! that take it, one does.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{StoreError, WebLogins};
use tokenward_core::{SecretBytes, WebLogin, WebLoginId};

use super::PostgresVault;
use super::connection_transactions::How;

#[async_trait]
impl WebLogins for PostgresVault {
    async fn open_login(&self, login: &WebLogin, secret: &SecretBytes, forgotten: Timestamp) -> Result<(), StoreError> {
        let (login, secret) = (login.clone(), SecretBytes::new(secret.expose().to_vec()));
        self.call(How::Turn, move |records, tx| records.open_web_login(tx, &login, &secret, forgotten)).await
    }

    async fn web_login(&self, id: WebLoginId) -> Result<Option<(WebLogin, SecretBytes)>, StoreError> {
        self.read(move |records, tx| records.web_login(tx, id)).await
    }

    async fn step_login(&self, login: &WebLogin, secret: &SecretBytes) -> Result<bool, StoreError> {
        let (login, secret) = (login.clone(), SecretBytes::new(secret.expose().to_vec()));
        self.call(How::Turn, move |records, tx| records.step_web_login(tx, &login, &secret)).await
    }
}
