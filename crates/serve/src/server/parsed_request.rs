//! A request, as a handler reads it.

use std::sync::{Arc, OnceLock};

use axum::extract::Query;
use bytes::Bytes;
use http::{HeaderMap, Uri};
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use tokenward::ServerSession;
use tokenward_core::{Code, Grant, GrantId, ProfileName};
use uuid::Uuid;

use super::caller::{Caller, PATIENCE};
use super::connections::Ending;
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
    /// The name by which it was asked for, for the audit trail.
    pub(super) name: Arc<OnceLock<ProfileName>>,
    /// When its connection is to end.
    pub(super) ending: Option<Ending>,
}

impl Ask {
    pub(super) fn session(&self) -> &ServerSession {
        &self.server.session
    }

    /// What stands behind the question mark.
    pub(super) fn query<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Problem> {
        let query = Query::<T>::try_from_uri(&self.uri);
        query.map(|Query(query)| query).map_err(|_| Problem::bad_request(self.what_is_wrong_with_query::<T>()))
    }

    /// Which parameter is not one of the route's, or has a value that cannot be used.
    fn what_is_wrong_with_query<T: DeserializeOwned + JsonSchema>(&self) -> String {
        let schema = schema_for!(T).to_value();
        let known: Vec<_> =
            schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let query = self.uri.query().unwrap_or_default();
        let mut cannot_be_used = None;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) {
                return format!("there is no parameter {name}; the parameters here are: {}", known.join(", "));
            }
            let alone = url::form_urlencoded::Serializer::new(String::from("/?")).append_pair(&name, &value).finish();
            if alone.parse().is_ok_and(|uri| Query::<T>::try_from_uri(&uri).is_err()) {
                cannot_be_used.get_or_insert(format!("{name} cannot be used"));
            }
        }
        cannot_be_used.unwrap_or_else(|| "a parameter stands there twice".to_owned())
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

    /// It was asked for by this name.
    pub(super) fn names(&self, profile: &ProfileName) {
        let _ = self.name.set(profile.clone());
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
        // Its own, if the path has its id.
        if let Some(profile) = &grant.profile {
            self.names(profile);
        }
        if caller.has(&grant) { Ok(grant) } else { Err(Problem::no_such_grant()) }
    }
}
