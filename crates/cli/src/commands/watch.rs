//! `tokenward watch`: linked files kept in step and logins fresh, in the foreground.
//!
//! Enters: profiles, edits, the passing of time. Leaves: a line on stdout for each thing that happened. A signal ends it in good order,
//! as it does the proxy (`crate::signals`), after a rotation under way; whatever it leaves, the next call of any command repairs (I5).

mod trouble;

use std::process::ExitCode;

use tokenward::links::{LinkWatcher, WatchEvent};
use tokenward::{KnownApp, Overrides, Setting};
use tokenward_core::{App, Code, ProfileName};
use tokio::sync::mpsc;

use crate::args;
use crate::context::{Context, Ending};
use crate::failure::Failure;
use crate::fields;
use crate::words::in_zone;
use trouble::Alarm;

pub(super) async fn run(wish: args::Watch, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings_with(Overrides::default().with(Setting::OnTrouble, wish.on_trouble))?;
    let on_trouble = settings.on_trouble().map_err(|error| context.settings_failure(&error))?;
    let Some(session) = context.look(&settings).await? else {
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
    for name in wanted {
        let found = async {
            let profile = settings.profile(Some(&name)).map_err(|error| context.settings_failure(&error))?;
            let known = context.known_app(&profile, &session).await?;
            Ok::<_, Failure>((profile, known))
        };
        match found.await {
            Ok((profile, KnownApp { app, registrations, .. })) => {
                // A login of another app is not refreshed with this one's credentials.
                if let Some(login) = session.keeper().login_of(&name).await?
                    && let Err(failure) = context.own_login(&login, &profile, &session, registrations.as_ref()).await
                {
                    if by_name {
                        return Err(failure);
                    }
                    context.printer.warning(failure.message(lang));
                    continue;
                }
                if !has_links(&name) {
                    context.printer.note(lang.watched_without_links(&name));
                }
                context.warn_if_over(&session, &name).await;
                profiles.push((name, app));
            }
            Err(failure) if by_name => return Err(failure),
            // One that is no longer set up holds up no other.
            Err(_) => context.printer.warning(lang.not_watched(&name)),
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
    let mut alarm = Alarm::new(on_trouble, wish.notify, context);
    // At the beginning, for an end that comes near, and for what other processes learnt.
    let mut look = tokio::time::interval(LinkWatcher::PAUSE);
    loop {
        tokio::select! {
            ended = &mut watching => return Ok(ended.map(|()| ExitCode::SUCCESS)?),
            Some(event) = told.recv() => {
                print(&event, context)?;
                alarm.look(&followed, &session).await;
                if let WatchEvent::Failed { profile, error, again: None } = &event {
                    alarm.over(profile, error.code(), None);
                }
            }
            _ = look.tick() => alarm.look(&followed, &session).await,
            Some(failed) = alarm.ended() => alarm.failed(&failed),
        }
    }
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
