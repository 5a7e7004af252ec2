//! `tokenward list`: every login. Asks the vault and nobody else (I8).

use std::process::ExitCode;

use serde_json::json;
use tokenward::{DamagedLogin, Report, Session, Settings, SettingsError, is_script_login};
use tokenward_core::{AppName, Code, GrantId, ProfileName, Status};

use crate::context::Context;
use crate::failure::Failure;
use crate::fields::LoginFields;

pub(super) async fn run(context: &Context) -> Result<ExitCode, Failure> {
    let settings = context.settings()?;
    let session = context.look(&settings).await?;
    let mut reports = match &session {
        Some(session) => session.keeper().list().await?,
        None => Vec::new(),
    };
    let named = context.named(&settings)?;
    if let Some(named) = &named {
        reports.retain(|report| belongs(report, named));
        if let (true, Err(error @ SettingsError::UnknownProfile { .. })) =
            (reports.is_empty(), settings.profile(Some(named)))
        {
            return Err(context.settings_failure(&error));
        }
    }
    let damaged = match &session {
        Some(session) => session.damaged_logins().await?,
        None => Vec::new(),
    };
    let mut idle = idle(&reports, &settings, named.as_ref());
    idle.retain(|(name, _)| damaged.iter().all(|login| login.profile.as_ref() != Some(name)));
    let others = match &session {
        Some(session) => of_other_apps(&reports, &settings, session, context).await?,
        None => Vec::new(),
    };
    let exit = show_with(&reports, &damaged, &idle, &others, None, &settings, context)?;
    if !context.printer.json {
        let lang = context.lang();
        for (_, failure) in &others {
            context.printer.warning(failure.message(lang));
            for next in failure.advice(lang) {
                context.printer.note(format!("{}{}{next}", lang.next_head(), lang.gap()));
            }
        }
    }
    if let Some(session) = session.as_ref().filter(|_| !context.printer.json) {
        for report in &reports {
            super::login_exit_code::next_of_a_script(report, session, context).await;
            if settings.profile(None).is_ok() && super::login_exit_code::lives(report) {
                super::login_exit_code::link_of_a_script(report, session, context).await;
            }
        }
    }
    if let Some(session) = session.filter(|_| !context.printer.json && named.is_none()) {
        let (lang, now) = (context.lang(), context.now());
        for login in session.keeper().without_profile().await? {
            let grant = &login.grant;
            let ways = lang.without_profile_ways(grant.id, grant.subject.as_ref(), None, login.is_over(now));
            context.printer.note(lang.without_profile(&login, now, context.zone()));
            for way in ways {
                context.printer.note(format!("{}{}{way}", lang.next_head(), lang.gap()));
            }
        }
    }
    // Told last, and by the exit code: the others are shown, and it is not taken for gone.
    super::vault::whole(&damaged, context)?;
    Ok(exit)
}

/// The profiles of the settings under which nobody is logged in; those that serve many users have none of their own.
fn idle(reports: &[Report], settings: &Settings, named: Option<&ProfileName>) -> Vec<(ProfileName, Option<AppName>)> {
    let has_login = |name: &ProfileName| {
        reports.iter().filter(|report| report.status != Status::Retired).any(|report| belongs(report, name))
    };
    let meant = |name: &ProfileName| named.is_none_or(|named| named == name);
    let profiles = settings.profiles().filter(|(name, _)| meant(name) && !has_login(name));
    profiles.map(|(name, app)| (name.clone(), app)).collect()
}

/// The logins that are consents to another app than their profile names now: their tokens are handed out by nobody, and what is wrong is
/// told with them.
async fn of_other_apps(
    reports: &[Report],
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<Vec<(GrantId, Failure)>, Failure> {
    let mut others = Vec::new();
    for grant in reports.iter().filter(|report| report.status != Status::Retired).map(|report| &report.grant) {
        let Some(name) = &grant.profile else { continue };
        // A script's file has no profile, so no app of one is another than its own.
        if is_script_login(grant) {
            continue;
        }
        let Ok(profile) = settings.profile(Some(name)) else { continue };
        match context.own_login(grant, &profile, session, None).await {
            Err(failure) if failure.is_of(Code::NotLoggedIn) => {
                others.push((grant.id, failure.about(&context.meant(name), context.lang())));
            }
            own => own?,
        }
    }
    Ok(others)
}

/// Whether a login is kept under a profile's name, or under it with a user's behind it.
pub(super) fn belongs(report: &Report, profile: &ProfileName) -> bool {
    report.grant.profile.as_ref().is_some_and(|own| own.is_under(profile))
}

/// The table of these logins; the addresses that are spoken to over plain http are part of the document.
pub(super) fn show(
    reports: &[Report],
    settings: &Settings,
    clear_text: Option<&[String]>,
    context: &Context,
) -> Result<ExitCode, Failure> {
    show_with(reports, &[], &[], &[], clear_text, settings, context)
}

fn show_with(
    reports: &[Report],
    damaged: &[DamagedLogin],
    idle: &[(ProfileName, Option<AppName>)],
    others: &[(GrantId, Failure)],
    clear_text: Option<&[String]>,
    settings: &Settings,
    context: &Context,
) -> Result<ExitCode, Failure> {
    if context.printer.json {
        let fields = |report: &Report| LoginFields::of(report).of_other_app(is_among(others, report));
        let logins: Vec<_> = reports.iter().map(fields).collect();
        let idle: Vec<_> = idle.iter().map(|(profile, app)| json!({ "profile": profile, "app": app })).collect();
        let mut document = json!({ "logins": logins, "without_login": idle });
        if !damaged.is_empty() {
            document["damaged"] = super::vault::named(damaged).into();
        }
        if let Some(urls) = clear_text {
            document["clear_text"] = json!(urls);
        }
        context.printer.document(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    let lang = context.lang();
    // The records of those who logged out are kept (I6), but are seldom what one looks for.
    let shown = |report: &&Report| context.printer.is_verbose() || report.status != Status::Retired;
    let mut rows: Vec<_> =
        reports.iter().filter(shown).map(|report| row(report, is_among(others, report), context)).collect();
    let hidden = reports.len() - rows.len();
    let is_empty = rows.is_empty() && damaged.is_empty();
    rows.extend(idle.iter().map(|(name, app)| {
        let app = app.as_ref().map_or_else(|| lang.unknown(), ToString::to_string);
        let [none, generation, access, refresh] = std::array::from_fn(|_| lang.none());
        vec![name.to_string(), app, none, lang.state_without_login(), generation, access, refresh]
    }));
    if is_empty {
        let profiles: Vec<_> = settings.profiles().map(|(name, _)| name.as_str()).collect();
        context.printer.note(match profiles.as_slice() {
            [] => lang.nothing_listed(),
            known => lang.nobody_yet(known.join(", ")),
        });
    }
    if !rows.is_empty() {
        let heads = [
            lang.head_profile(),
            lang.head_app(),
            lang.head_user(),
            lang.head_status(),
            lang.head_generation(),
            lang.head_access(),
            lang.head_refresh(),
        ];
        context.printer.table(&heads, rows)?;
    }
    if hidden > 0 {
        context.printer.note(lang.logged_out_hidden(hidden));
    }
    Ok(ExitCode::SUCCESS)
}

fn is_among(others: &[(GrantId, Failure)], report: &Report) -> bool {
    others.iter().any(|(other, _)| *other == report.grant.id)
}

fn is_over(report: &Report) -> bool {
    matches!(report.status, Status::NeedsConsent | Status::Retired)
}

fn row(report: &Report, of_other_app: bool, context: &Context) -> Vec<String> {
    let (lang, now, grant) = (context.lang(), context.now(), &report.grant);
    let subject = grant.subject.as_ref();
    let user = subject.map(|subject| subject.name.clone().unwrap_or_else(|| subject.id.clone()));
    let distance = |at: Option<jiff::Timestamp>| at.map_or_else(|| lang.none(), |at| lang.distance(at, now));
    vec![
        // Commands name it by its id.
        grant.profile.as_ref().map_or_else(|| format!("{} {}", lang.no_profile(), grant.id), ToString::to_string),
        grant.app.to_string(),
        user.unwrap_or_else(|| lang.unknown()),
        lang.status(if of_other_app { Status::NeedsConsent } else { report.status }).to_owned(),
        grant.generation.to_string(),
        distance(grant.access.as_ref().map(|access| access.expires)),
        // A login that is over has no end ahead of it.
        distance(grant.refresh_expires.filter(|_| grant.has_refresh && !is_over(report) && !of_other_app)),
    ]
}
