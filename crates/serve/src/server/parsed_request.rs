//! A request, as a handler reads it.

use std::sync::{Arc, OnceLock};

use axum::extract::Query;
use bytes::Bytes;
use http::{HeaderMap, Uri};
use serde::de::DeserializeOwned;
use tokenward::ServerSession;
use tokenward_core::{Code, Grant, GrantId, ProfileName};
use uuid::Uuid;

use super::caller::{Caller, PATIENCE};
use super::problem::Problem;
use super::state::Inner;

/// A request.
pub(super) struct Ask {
    pub(super) server: Arc<Inner>,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    /// What stands in the place of `{grant}`, `{login}` or `{ticket}`.
    pub(super) named: Option<String>,
    pub(super) body: Bytes,
    /// Which login it turned out to be about, for the audit trail.
    pub(super) about: Arc<OnceLock<GrantId>>,
}

impl Ask {
    pub(super) fn session(&self) -> &ServerSession {
        &self.server.session
    }

    /// What stands behind the question mark.
    pub(super) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let query = Query::<T>::try_from_uri(&self.uri);
        query.map(|Query(query)| query).map_err(|error| Problem::bad_request(error.body_text()))
    }

    /// The body. What is wrong with it is told by its place, since its text may be a secret.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Problem::bad_request(format!("the body is not as it should be at line {line}, column {column}"))
        })
    }

    /// It is about this login.
    pub(super) fn is_about(&self, grant: GrantId) {
        // The first one is what was asked for.
        let _ = self.about.set(grant);
    }

    /// The login that the path names by its id or by its profile, if the caller has anything to do with it.
    pub(super) async fn grant(&self, caller: &Caller) -> Result<Grant, Problem> {
        self.grant_or_memory(caller, false).await
    }

    /// The same; where memory could answer as well, a store that is silent is not waited for long.
    pub(super) async fn grant_or_memory(&self, caller: &Caller, could_be_known: bool) -> Result<Grant, Problem> {
        let looked = self.looked_up(caller);
        if !could_be_known {
            return looked.await;
        }
        let told = tokio::time::timeout(PATIENCE, looked).await;
        told.unwrap_or_else(|_| Err(Problem::busy(Code::VaultBusy)))
    }

    async fn looked_up(&self, caller: &Caller) -> Result<Grant, Problem> {
        let name = self.named.as_deref().unwrap_or_default();
        let keeper = self.session().keeper();
        let found = if let Ok(id) = name.parse::<Uuid>() {
            Some(keeper.login(GrantId::from(id)).await?)
        } else {
            let profile: ProfileName = name.parse().map_err(|_| Problem::no_such_grant())?;
            keeper.login_of(&profile).await?
        };
        let grant = found.ok_or_else(Problem::no_such_grant)?;
        self.is_about(grant.id);
        if caller.has(&grant) { Ok(grant) } else { Err(Problem::no_such_grant()) }
    }
}
