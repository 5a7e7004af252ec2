//! Which app is the same as another, and the profiles that only variables described until now, with logins at the app that `init` writes down.
//!
//! Where variables alone describe an app, each profile has one of its own name. Once the file has apps, it has to have those too, or their
//! logins would belong to nothing that anybody can name (I6: a login is not lost by a command that sets up another name).

use tokenward::{AppRecord, ConfigEdit, ProfileRecord, Registration, Session, Setting, Settings};
use tokenward_core::{AppName, AppSecret, ProfileName};

use crate::args::Init;
use crate::context::Context;
use crate::failure::Failure;

/// The profiles beside `profile` that have a login at the app of this record, and stand in no file. Each with its app's name. Whoever gives the app
/// a name of its own means that one alone.
pub(super) async fn unwritten(
    init: &Init,
    profile: &ProfileName,
    record: &AppRecord,
    settings: &Settings,
    session: &Session,
) -> Result<Vec<(ProfileName, AppName)>, Failure> {
    if init.app.is_some() {
        return Ok(Vec::new());
    }
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

/// Says that they are in the file.
pub(super) fn tell(found: &[(ProfileName, AppName)], context: &Context) {
    if !found.is_empty() {
        let profiles: Vec<_> = found.iter().map(|(profile, _)| profile.as_str()).collect();
        context.printer.note(context.lang().init_same_app(profiles.join(", ")));
    }
}

/// Keeps their secret, and the app's own.
pub(super) async fn keep_secret(
    secret: &AppSecret,
    app: &AppName,
    others: &[(ProfileName, AppName)],
    session: &Session,
) -> Result<(), Failure> {
    for app in others.iter().map(|(_, app)| app).chain([app]) {
        session.keeper().keep_app_secret(app, secret).await?;
    }
    Ok(())
}

/// What a record makes of an app.
pub(super) fn registration(record: &AppRecord) -> Registration {
    let text = |setting| record.get(setting).map(|text| text.trim().trim_end_matches('/').to_owned());
    Registration::new(text(Setting::Provider), text(Setting::AppId).unwrap_or_default(), text(Setting::AccountsUrl))
}

/// Whether tokens of the one are none of the other. What is said of only one of them may be the other's default.
pub(super) fn is_another(former: &Registration, present: &Registration) -> bool {
    let differ =
        |one: &Option<String>, other: &Option<String>| matches!((one, other), (Some(one), Some(other)) if one != other);
    former.client_id != present.client_id
        || differ(&former.provider, &present.provider)
        || differ(&former.accounts, &present.accounts)
}
