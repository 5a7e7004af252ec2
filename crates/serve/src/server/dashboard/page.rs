//! What a page is: a row of the table.

use std::future::Future;
use std::pin::Pin;

use http::Method;
use tokenward_core::Verb;

use super::super::caller::Caller;
use super::reply::Reply;
use super::trouble::Trouble;
use super::visit::Visit;

/// One page, or a form that is taken.
pub(super) struct Page {
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// Its name in the log and in the counts.
    pub(super) name: &'static str,
    /// What it does, as the audit trail names it over the API too; `None` where nothing is done.
    pub(super) act: Option<&'static str>,
    pub(super) handler: Handler,
}

/// Who may look, and what is shown.
#[derive(Clone, Copy)]
pub(super) enum Handler {
    /// Everybody, and always the same.
    Fixed(fn() -> Reply),
    /// Everybody: nothing of a login.
    Stranger(fn(Visit) -> Showing),
    /// Who has signed in with a key that has this verb, or with any.
    Known(Option<Verb>, fn(Caller, Visit) -> Showing),
}

pub(super) type Showing = Pin<Box<dyn Future<Output = Result<Reply, Trouble>> + Send>>;

pub(super) const fn read(handler: fn(Caller, Visit) -> Showing) -> Handler {
    Handler::Known(Some(Verb::ReadGrants), handler)
}

pub(super) const fn shown(path: &'static str, name: &'static str, handler: Handler) -> Page {
    Page { method: Method::GET, path, name, act: None, handler }
}

pub(super) const fn taken(path: &'static str, name: &'static str, act: Option<&'static str>, handler: Handler) -> Page {
    Page { method: Method::POST, path, name, act, handler }
}
