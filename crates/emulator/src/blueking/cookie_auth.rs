//! Identity by login cookie: which user a request's cookie fields belong to.
//!
//! Enters: the fields of a grant, or of a gateway's header. Leaves: the user. A secret that no user has is refused, and so
//! is a name beside it that is not its owner's: nobody becomes somebody else here.

use std::collections::BTreeMap;

use crate::book::{User, UserStatus};
use crate::memory::State;

/// The user whose login cookie is among the fields.
pub(super) fn owner<'s>(state: &'s State, fields: &BTreeMap<String, String>) -> Result<&'s User, &'static str> {
    let mut found: Option<&User> = None;
    for (name, value) in given(fields, &SECRETS) {
        let owner = state.users.iter().find(|user| user.cookies.get(name).is_some_and(|cookie| cookie == value));
        let owner = owner.ok_or("the login cookie is not valid")?;
        if found.is_some_and(|found| found.id != owner.id) {
            return Err("the login cookies belong to two users");
        }
        found = Some(owner);
    }
    let user = found.ok_or("there is no login cookie")?;
    for (name, value) in given(fields, &NAMES) {
        // A user without such a name of their own is called by the id.
        if user.cookies.get(name).unwrap_or(&user.id) != value {
            return Err("the login cookie belongs to another user");
        }
    }
    if user.status == UserStatus::Active { Ok(user) } else { Err("the user may not log in") }
}

/// Whether a login cookie is among the fields.
pub(super) fn are_given(fields: &BTreeMap<String, String>) -> bool {
    given(fields, &SECRETS).next().is_some()
}

fn given<'f>(
    fields: &'f BTreeMap<String, String>,
    names: &'static [&'static str],
) -> impl Iterator<Item = (&'static str, &'f String)> {
    names.iter().filter_map(|name| fields.get(*name).filter(|value| !value.is_empty()).map(|value| (*name, value)))
}

/// What proves who the user is.
const SECRETS: [&str; 4] = ["bk_token", "bk_ticket", "skey", "openkey"];

/// What only says so.
const NAMES: [&str; 3] = ["rtx", "uin", "openid"];
