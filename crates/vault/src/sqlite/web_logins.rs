//! The port of logins of back ends: each call is one transaction.

use async_trait::async_trait;
use jiff::Timestamp;
use tokenward_core::ports::{StoreError, WebLogins};
use tokenward_core::{SecretBytes, WebLogin, WebLoginId};

use super::SqliteVault;

#[async_trait]
impl WebLogins for SqliteVault {
    async fn open_login(&self, login: &WebLogin, secret: &SecretBytes, forgotten: Timestamp) -> Result<(), StoreError> {
        self.context.refresh_keys();
        let (login, secret) = (login.clone(), SecretBytes::new(secret.expose().to_vec()));
        self.write(move |context, tx| context.open_web_login(tx, &login, &secret, forgotten)).await
    }

    async fn web_login(&self, id: WebLoginId) -> Result<Option<(WebLogin, SecretBytes)>, StoreError> {
        self.read(move |context, tx| context.web_login(tx, id)).await
    }

    async fn step_login(&self, login: &WebLogin, secret: &SecretBytes) -> Result<bool, StoreError> {
        self.context.refresh_keys();
        let (login, secret) = (login.clone(), SecretBytes::new(secret.expose().to_vec()));
        self.write(move |context, tx| context.step_web_login(tx, &login, &secret)).await
    }
}
