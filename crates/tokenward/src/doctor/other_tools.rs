//! Whether another tool on this machine holds a refresh token of ours.
//!
//! Only stores that open without a question are looked into; nothing in them is touched, and no token leaves this file: a
//! refresh token is shown to the vault, which knows its name, and forgotten.

use std::path::PathBuf;

use tokenward_core::ProfileName;

use super::facts::{HeldLogin, HeldRefresh, OtherStore};
use crate::stores::{self, FoundLogin, Means};
use crate::{Environment, Report, Session};

/// What other tools keep here.
pub(super) async fn look(environment: &Environment, session: Option<&Session>, reports: &[Report]) -> Vec<OtherStore> {
    let mut others = Vec::new();
    for found in stores::find(environment) {
        let logins = match stores::read(environment, found.tool, &found.place, &Means::default()) {
            Ok(logins) => {
                let mut held = Vec::new();
                for login in logins {
                    held.push(compare(login, found.place.clone(), session, reports).await);
                }
                Ok(held)
            }
            Err(error) => Err(error.to_string()),
        };
        others.push(OtherStore { tool: found.tool, place: found.place, logins });
    }
    others
}

async fn compare(login: FoundLogin, store: PathBuf, session: Option<&Session>, reports: &[Report]) -> HeldLogin {
    let refresh = match (&login.refresh, session) {
        (None, _) => HeldRefresh::Absent,
        (Some(_), None) => HeldRefresh::Unknown,
        (Some(token), Some(session)) => match session.parts().vault.recognise(token).await.map(|found| found.known) {
            Ok(Some((id, generation))) => {
                let ours = reports.iter().find(|report| report.grant.id == id);
                let profile: Option<ProfileName> = ours.and_then(|report| report.grant.profile.clone());
                match (ours.is_some_and(|report| report.grant.generation == generation), profile) {
                    (true, Some(profile)) => HeldRefresh::Present(profile),
                    _ => HeldRefresh::Used,
                }
            }
            Ok(None) | Err(_) => HeldRefresh::Unknown,
        },
    };
    let place = if login.place.as_os_str().is_empty() { store } else { login.place };
    let user = login.subject.map(|subject| subject.id);
    HeldLogin { account: login.account, place, app_id: login.app_id, user, refresh }
}
