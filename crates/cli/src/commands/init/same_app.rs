//! Profiles that only variables described until now, with logins at the app that `init` writes down.
//!
//! Where variables alone describe an app, each profile has one of its own name. Once the file has apps, it has to have those too, or their
//! logins would belong to nothing that anybody can name (I6: a login is not lost by a command that sets up another name).

use tokenward::{AppRecord, ConfigEdit, ProfileRecord};
use tokenward::{Session, Settings};
use tokenward_core::{AppName, ProfileName};

use super::{is_another, registration};
use crate::failure::Failure;

/// The profiles beside `profile` that have a login at the app of this record, and stand in no file. Each with its app's name.
pub(super) async fn unwritten(
    profile: &ProfileName,
    record: &AppRecord,
    settings: &Settings,
    session: &Session,
) -> Result<Vec<(ProfileName, AppName)>, Failure> {
    let present = registration(record);
    let mut found = Vec::new();
    for login in session.keeper().list().await? {
        let (Some(name), app) = (&login.grant.profile, &login.grant.app) else { continue };
        let Ok(base) = name.base().parse::<ProfileName>() else { continue };
        let is_of_file = settings.profiles().any(|(known, _)| *known == base) || settings.registered(app).is_some();
        let is_seen = found.iter().any(|(seen, _)| *seen == base);
        if is_of_file || is_seen || base == *profile || app.as_str() != base.as_str() {
            continue;
        }
        let of = session.keeper().registration_of(&login.grant).await?;
        if of.is_some_and(|of| !is_another(&of, &present)) {
            found.push((base, app.clone()));
        }
    }
    Ok(found)
}

/// Writes them down as the record has their app.
pub(super) fn write(found: &[(ProfileName, AppName)], record: &AppRecord, edit: &mut ConfigEdit) {
    for (profile, app) in found {
        edit.app(app, record);
        edit.profile(profile, &ProfileRecord::new(app.clone()));
    }
}
