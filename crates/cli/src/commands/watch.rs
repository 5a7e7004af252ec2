//! `tokenward watch`: linked files kept in step and logins fresh, in the foreground.
//!
//! Enters: profiles, edits, the passing of time. Leaves: a line on stdout for each thing that happened. A signal ends it in good order,
//! as it does the proxy (`crate::signals`), after a rotation under way; whatever it leaves, the next call of any command repairs (I5).

mod notifications;

use std::process::ExitCode;

use tokenward::links::{LinkWatcher, WatchEvent};
use tokenward::{KnownApp, Overrides, Session, Setting, Settings};
use tokenward_core::{App, Code, ExitClass, ProfileName};
use tokio::sync::mpsc;

use super::notify_command::TroubleProgram;
use crate::args;
use crate::context::{Context, Ending};
use crate::failure::Failure;
use crate::fields;
use crate::words::in_zone;
use notifications::Alarm;

pub(super) async fn run(wish: args::Watch, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings_with(Overrides::default().with(Setting::OnTrouble, wish.on_trouble))?;
    let on_trouble = settings.on_trouble().map_err(|error| context.settings_failure(&error))?;
    let find = |text: String| TroubleProgram::find(&text, &context.ambient.env, lang);
    let on_trouble = on_trouble.map(find).transpose()?;
    let mut alarm = Alarm::new(on_trouble, wish.notify, context);
    let looked = match context.look(&settings).await {
        Ok(looked) => looked,
        Err(failure) => {
            // A service that ends at its start is seen by nobody.
            alarm.not_begun(failure.code(), &failure.message(lang)).await;
            return Err(failure);
        }
    };
    let Some(session) = looked else {
        return Err(Failure::new(Code::LinkNotFound, lang.nothing_to_watch()).then(lang.nothing_to_watch_next()));
    };
    let mut named = wish.profiles;
    named.extend(context.named(&settings)?);
    let states = session.links().states(None).await?;
    let has_links = |profile: &ProfileName| states.iter().any(|state| state.link.target.profile == *profile);
    let by_name = !named.is_empty();
    let mut wanted = if by_name { named } else { states.iter().map(|s| s.link.target.profile.clone()).collect() };
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return Err(Failure::new(Code::LinkNotFound, lang.nothing_to_watch()).then(lang.nothing_to_watch_next()));
    }
    let mut profiles: Vec<(ProfileName, App)> = Vec::new();
    let mut refused: Vec<(ProfileName, Failure)> = Vec::new();
    for name in wanted {
        match followed(&name, &settings, &session, context).await {
            Ok(app) => {
                if !has_links(&name) {
                    context.printer.note(lang.watched_without_links(&name));
                }
                context.warn_if_over(&session, &name).await;
                profiles.push((name, app));
            }
            // A name that nobody has set up was mistyped.
            Err(failure) if by_name && failure.is_of(Code::UnknownProfile) => return Err(failure),
            // One that cannot be followed holds up no other, and a person is told as of a login that is over.
            Err(failure) => {
                let meant = context.meant(&name).registering(Context::init_flags_of(Some(&name), &settings));
                refused.push((name, failure.about(&meant, lang)));
            }
        }
    }
    if profiles.is_empty() && by_name {
        return Err(refused.swap_remove(0).1);
    }
    for (name, failure) in refused {
        if failure.is_of(Code::UnknownProfile) {
            context.printer.warning(lang.not_watched(&name));
        } else {
            let words = lang.not_followed(&name, failure.message(lang), failure.code());
            context.printer.warning(&words);
            for next in failure.advice(lang) {
                context.printer.note(format!("{}{}{next}", lang.next_head(), lang.gap()));
            }
            alarm.not_followed(&name, failure.code(), &words);
        }
    }
    if profiles.is_empty() {
        return Err(Failure::new(Code::LinkNotFound, lang.nothing_to_watch()).then(lang.nothing_to_watch_next()));
    }
    let (tell, mut told) = mpsc::unbounded_channel();
    // Nobody listens any more when the command is ending.
    let listener = move |event| drop(tell.send(event));
    let followed: Vec<ProfileName> = profiles.iter().map(|(name, _)| name.clone()).collect();
    let watching = LinkWatcher::new(session.keeper(), profiles).run(listener, context.stopping(Ending::AtOnce));
    tokio::pin!(watching);
    context.printer.note(lang.watching());
    // At the beginning, for an end that comes near, and for what other processes learnt.
    let mut look = tokio::time::interval(LinkWatcher::PAUSE);
    loop {
        tokio::select! {
            ended = &mut watching => return Ok(ended.map(|()| ExitCode::SUCCESS)?),
            Some(event) = told.recv() => {
                print(&event, context)?;
                alarm.look(&followed, &session).await;
                if let WatchEvent::Failed { profile, error, again } = &event
                    && (again.is_none() || takes_a_person(error.code()))
                {
                    alarm.over(profile, error.code(), None);
                }
            }
            _ = look.tick() => alarm.look(&followed, &session).await,
            Some(failed) = alarm.ended() => alarm.failed(&failed),
        }
    }
}

/// The app of a profile that can be followed. A login of another app is not refreshed with this one's credentials.
async fn followed(
    name: &ProfileName,
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<App, Failure> {
    let profile = settings.profile(Some(name)).map_err(|error| context.settings_failure(&error))?;
    let KnownApp { app, registrations, .. } = context.known_app(&profile, session).await?;
    if let Some(login) = session.keeper().login_of(name).await? {
        context.own_login(&login, &profile, session, registrations.as_ref()).await?;
    }
    Ok(app)
}

/// Whether tryings again alone will not do: a wrong key, an app's settings.
const fn takes_a_person(code: Code) -> bool {
    matches!(code.exit(), ExitClass::Usage | ExitClass::NeedsConsent | ExitClass::AppSettings)
}

fn print(event: &WatchEvent, context: &Context) -> Result<(), Failure> {
    let now = context.now();
    if context.printer.json {
        return context.printer.document_line(&fields::event(event, now));
    }
    context.printer.data(&format!(
        "{}  {}",
        in_zone(now, context.zone(), "%Y-%m-%d %H:%M:%S"),
        context.lang().watch_event(event, |file| context.short(file), now)
    ))
}
