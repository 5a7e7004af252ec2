//! What is told, and what is handed out, when a login is over.
//!
//! A login is over when the provider has refused its refresh token for good; its access token may serve on. Whoever is handed such a
//! token is told so once a call. A token that the provider called dead is handed to nobody again: its end is put on record as the
//! moment of that word.

use tokenward_core::ports::CallError;
use tokenward_core::{App, Generation, Grant, GrantId, RefusalClass, Standing};

use crate::{Keeper, Notice};

impl Keeper {
    /// Puts on record that the provider called an access token dead, so that nobody is handed it again. Best effort: a record that
    /// cannot be written costs the next caller a refusal.
    pub async fn access_is_dead(&self, id: GrantId, generation: Generation, provider_code: Option<i64>) {
        let (vault, by) = (&self.inner.parts.vault, self.inner.parts.witness.myself());
        match vault.access_refused(id, generation, provider_code, by).await {
            Ok(()) => tracing::info!(grant = %id, %generation, ?provider_code, "the access token was called dead"),
            Err(error) => tracing::warn!(%error, grant = %id, "a dead access token could not be put on record"),
        }
    }

    /// Asks the provider whose an access token is, to learn whether it is dead: some refusals of a call say either that, or that the
    /// API takes no token of its kind. Spends nothing.
    pub(crate) async fn is_access_dead(&self, app: &App, id: GrantId, generation: Generation) -> bool {
        let Ok(Grant { generation: present, access: Some(access), .. }) = self.inner.parts.vault.grant(id).await else {
            return false;
        };
        present == generation
            && matches!(
                self.inner.parts.provider.user_info(app, &access.token).await,
                Err(CallError::Refused(refusal)) if refusal.class == RefusalClass::AccessDead
            )
    }
}

/// What a caller is told who is handed a token of this grant: that the login is no longer valid, if it is.
pub(crate) fn warning(grant: &Grant) -> Option<Notice> {
    let (Standing::NeedsConsent { code, .. }, Some(access)) = (&grant.standing, &grant.access) else { return None };
    Some(Notice::LoginOver { code: *code, ends: access.expires, profile: grant.profile.clone() })
}
