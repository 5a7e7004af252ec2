//! Where a set goes that was brought for a profile, and how it becomes the present one of its grant.

use jiff::Timestamp;
use rusqlite::params;
use tokenward_core::{AppName, Generation, GrantId, ProfileName, Standing, Subject, TokenSet};

use super::find_rows::by_profile;
use super::rows::{AccessNames, GrantRow, Sealed, grant_bytes};
use super::run_statement::{Transaction, run};
use super::sealer::Sealer;
use super::statements as sql;
use super::transaction_error::Failed;

/// Where a set goes that was brought for a profile.
pub(crate) enum Home {
    /// Into the profile's grant, as its next generation.
    Same(Box<GrantRow>),
    /// Into a grant of its own; the name was another grant's.
    Taken {
        /// That one.
        previous: GrantId,
    },
    /// Into a grant of its own; the name was free.
    Free,
}

/// Where a set goes that was brought for a profile. Frees the profile where another user, or another app, has it. With `replace`,
/// one whose user was not told is another's.
pub(crate) fn home(
    tx: &dyn Transaction,
    profile: &ProfileName,
    app: &AppName,
    subject: Option<&Subject>,
    replace: bool,
) -> Result<Home, Failed> {
    match by_profile(tx, profile)? {
        Some(present) if same_login(&present, app, subject, replace) => Ok(Home::Same(Box::new(present))),
        Some(other) => {
            run(tx, sql::FREE_PROFILE, params![grant_bytes(other.id)])?;
            Ok(Home::Taken { previous: other.id })
        }
        None => Ok(Home::Free),
    }
}

/// Whether a set continues the profile's grant: same app, and the same user as far as the provider told.
fn same_login(present: &GrantRow, app: &AppName, subject: Option<&Subject>, replace: bool) -> bool {
    let same_user = match (&present.subject, subject) {
        (Some(known), Some(told)) => known.is_same_user(told),
        (Some(_), None) => !replace,
        (None, _) => true,
    };
    present.app == *app && same_user && !present.retired()
}

/// A grant that holds nothing yet.
pub(crate) fn blank(id: GrantId, profile: &ProfileName, app: &AppName, set: &TokenSet) -> GrantRow {
    let nothing = || Sealed { blob: None, generation: Generation::FIRST };
    let at = set.obtained;
    GrantRow {
        id,
        app: app.clone(),
        profile: Some(profile.clone()),
        former: None,
        generation: Generation::FIRST,
        standing: Standing::Live,
        access: nothing(),
        access_names: AccessNames::default(),
        access_obtained: at,
        access_expires: at,
        refresh: nothing(),
        refresh_expires: None,
        wall: None,
        consented: at,
        rotated_at: at,
        scopes: tokenward_core::Scopes::default(),
        subject: None,
        issued_by: set.issued_by,
        intent_open: false,
        on_trial: false,
        unproven: None,
        linked: false,
        fence: None,
    }
}

/// Makes a set that was not rotated here the grant's present one, alive.
pub(crate) fn fill(
    grant: &mut GrantRow,
    sealer: &Sealer,
    set: &TokenSet,
    wall: Option<Timestamp>,
    generation: Generation,
) {
    if let Some(access) = &set.access {
        grant.set_access(sealer, access, generation);
    }
    match &set.refresh {
        Some(token) => grant.set_refresh(sealer, token, generation),
        None => grant.refresh.blob = None,
    }
    grant.refresh_expires = set.refresh_expires.filter(|_| set.refresh.is_some());
    grant.generation = generation;
    grant.standing = Standing::Live;
    grant.wall = wall;
    grant.consented = set.obtained;
    grant.rotated_at = set.obtained;
    grant.issued_by = set.issued_by;
    if let Some(scopes) = &set.scopes {
        grant.scopes = scopes.clone();
    }
    if let Some(subject) = &set.subject {
        grant.subject = Some(subject.clone());
    }
}
