//! Any JSON that holds one login, by the names that OAuth libraries and providers use.
//!
//! Read are: `oauthlib` (`expires_at` in seconds, `scope` as text or list), `google-auth` (`token`, `expiry`, `scopes`), a provider's saved answer
//! (RFC 6749 §5.1, with `refresh_token_expires_in`), Feishu's older answers with their `data` wrapper and `refresh_expires_in`,
//! SDK caches in camel case with milliseconds, and the JSON that `oidc-add --print` prints.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use tokenward_core::{AccessToken, BadSecret, Format, PathStep, Place, RefreshToken, Scopes, Slot, Subject};

use super::error::StoreError;
use super::login::FoundLogin;
use super::tool::Tool;
use crate::links::{Document, Shape, Tree, Value};
use crate::secret_parsing;

/// The one login in a JSON text.
///
/// `expires_in` counts where the text also tells when the answer came (`created_at` and its like): a life without a
/// beginning says nothing about its end.
///
/// # Errors
/// [`StoreError`]; none of its sentences holds a value of the text.
pub fn token_json(bytes: &[u8]) -> Result<FoundLogin, StoreError> {
    let mut found = logins(bytes)?;
    match (found.pop(), found.is_empty()) {
        (Some(login), true) => Ok(login),
        (last, _) => {
            let accounts: Vec<_> = found.into_iter().chain(last).map(|login| login.account).collect();
            Err(StoreError::Several { accounts: accounts.join(", ") })
        }
    }
}

/// Every login in a JSON text; at least one.
pub(super) fn logins(bytes: &[u8]) -> Result<Vec<FoundLogin>, StoreError> {
    let document = Document::parse(Format::Json, bytes)?;
    let root = document.tree()?;
    let shapes: Vec<_> = Shape::detect(&document).into_iter().filter(Shape::has_token).collect();
    if shapes.is_empty() {
        let code = root.get("code").and_then(Tree::value).and_then(Value::as_whole);
        return Err(code.filter(|code| *code != 0).map_or(StoreError::NoToken, |code| StoreError::Refusal { code }));
    }
    let several = shapes.len() > 1;
    shapes.iter().map(|shape| Reader { root: &root, shape }.login(several)).collect()
}

/// A place without the keys that are tokens themselves, as some caches file a login under its access token.
fn shown(place: &Place) -> String {
    let Place::Path(path) = place else { return place.to_string() };
    let secret =
        |key: &str| ["u-", "ur-", "t-", "a-", "eyJ"].iter().any(|start| key.starts_with(start)) || key.len() > 64;
    let step = |step: &PathStep| match step {
        PathStep::Key(key) if secret(key) => PathStep::Key("…".to_owned()),
        step => step.clone(),
    };
    Place::Path(path.iter().map(step).collect()).to_string()
}

struct Reader<'a> {
    root: &'a Tree,
    shape: &'a Shape,
}

impl Reader<'_> {
    /// The login; one of several is named by where it stands, too.
    fn login(&self, several: bool) -> Result<FoundLogin, StoreError> {
        let agent = self.text(&["issuer_url"]).is_some();
        let tool = if agent { Tool::OidcAgent } else { Tool::TokenFile };
        let app_id = self.value(self.shape.app_id.as_ref()).map(|id| id.spelled().to_string());
        let subject = self.subject();
        let name = subject.as_ref().map(|subject| subject.name.clone().unwrap_or_else(|| subject.id.clone()));
        let name = if agent { self.text(&["name"]) } else { name };
        let place = self.shape.refresh().or(self.shape.access()).filter(|_| several).map(shown);
        let words = [app_id.clone(), name, place];
        let mut login = FoundLogin::of(tool, PathBuf::new()).named(words.iter().flatten().map(String::as_str));
        login.writable = !agent;
        login.access = self.secret(self.shape.access(), |text| secret_parsing::stored(text, AccessToken::parse))?;
        login.refresh = self.secret(self.shape.refresh(), |text| secret_parsing::stored(text, RefreshToken::parse))?;
        if login.access.is_none() && login.refresh.is_none() {
            return Err(StoreError::NoToken);
        }
        if let (Some(access), Some(refresh)) = (&login.access, &login.refresh)
            && access.expose() == refresh.expose()
        {
            let what = self.shape.refresh().map(shown).unwrap_or_default();
            return Err(StoreError::BadToken { what, reason: BadSecret::StandIn });
        }
        login.app_secret = self.secret(self.shape.app_secret.as_ref(), secret_parsing::app_secret)?;
        login.app_id = app_id.filter(|id| !id.is_empty());
        let issued = self.time(&["created_at", "obtained_at", "issued_at", "createdAt", "obtainedAt", "issuedAt"]);
        let life = |slot| self.value(self.shape.places.get(&slot)).and_then(Value::as_whole);
        let end = |seconds: Option<i64>| issued?.checked_add(SignedDuration::from_secs(seconds?)).ok();
        login.access_expires = self.time(&["expires_at", "expiresAt", "expiry"]).or_else(|| end(life(Slot::ExpiresIn)));
        let refresh_ends =
            ["refresh_token_expires_at", "refresh_expires_at", "refreshTokenExpiresAt", "refreshExpiresAt"];
        login.refresh_expires = self.time(&refresh_ends).or_else(|| end(life(Slot::RefreshExpiresIn)));
        login.scopes = self.scopes();
        login.subject = subject;
        Ok(login)
    }

    fn subject(&self) -> Option<Subject> {
        let id = self.text(&["open_id", "openId", "user_open_id", "userOpenId"])?;
        let union_id = self.text(&["union_id", "unionId"]);
        let tenant = self.text(&["tenant_key", "tenantKey"]);
        Some(Subject { id, union_id, tenant, name: self.text(&["name", "user_name", "userName"]) })
    }

    /// A text with spaces, or a list.
    fn scopes(&self) -> Option<Scopes> {
        let node = ["scope", "scopes"].iter().find_map(|name| self.beside(name))?;
        let each: Vec<_> = node.elements().iter().filter_map(Tree::text).collect();
        let text = node.text().map_or_else(|| each.join(" "), str::to_owned);
        Scopes::parse(&text).ok().map(|(scopes, _)| scopes).filter(|scopes| !scopes.is_empty())
    }

    fn text(&self, names: &[&str]) -> Option<String> {
        let text = names.iter().find_map(|name| self.beside(name)?.text())?;
        Some(text.to_owned()).filter(|text| !text.is_empty())
    }

    fn time(&self, names: &[&str]) -> Option<Timestamp> {
        // Zero stands for "not known" in several caches.
        let value = names.iter().find_map(|name| self.beside(name)?.value())?;
        value.as_time().filter(|time| time.as_second() > 0)
    }

    /// What stands under a name in the table of the tokens.
    fn beside(&self, name: &str) -> Option<&Tree> {
        let Some(Place::Path(path)) = self.shape.refresh().or(self.shape.access()) else { return None };
        let (_, way) = path.split_last()?;
        self.walk(way)?.get(name)
    }

    fn value(&self, place: Option<&Place>) -> Option<&Value> {
        let Some(Place::Path(path)) = place else { return None };
        self.walk(path)?.value()
    }

    fn walk(&self, path: &[PathStep]) -> Option<&Tree> {
        path.iter().try_fold(self.root, |node, step| match step {
            PathStep::Key(key) => node.get(key),
            PathStep::Index(index) => node.elements().get(*index),
            PathStep::After(word) => {
                let at = node.elements().iter().rposition(|element| element.text() == Some(word))?;
                node.elements().get(at + 1)
            }
        })
    }

    /// A secret at a place; an empty text is none.
    fn secret<T>(
        &self,
        place: Option<&Place>,
        parse: impl Fn(String) -> Result<T, BadSecret>,
    ) -> Result<Option<T>, StoreError> {
        let Some(place) = place else { return Ok(None) };
        let Some(Value::Text(text)) = self.value(Some(place)) else {
            return Err(StoreError::BadToken { what: shown(place), reason: BadSecret::Malformed });
        };
        match parse(text.to_string()) {
            Ok(secret) => Ok(Some(secret)),
            Err(BadSecret::Empty) => Ok(None),
            Err(reason) => Err(StoreError::BadToken { what: shown(place), reason }),
        }
    }
}
