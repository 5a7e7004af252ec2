//! `tokenward login`: a person consents, the engine keeps the login.
//!
//! Four ways to the authorization code: a browser here and a callback on loopback; the same without opening a browser
//! (`--no-browser`, the address alone on stdout); the address the browser ended at, pasted by hand, which a terminal takes at
//! any time and `--paste` alone; and a code typed on another device (`--device`). State and PKCE are the engine's.
//! BlueKing's older dialects have no page to consent on: there the login cookie of the user's browser is shown to the token
//! service.

mod browser;
mod cookie;
mod device;
mod outcome;
mod pasted;
mod waiting;

use std::path::Path;
use std::process::ExitCode;

use tokenward::links::{Fill, LinkReport, LinkedFile, Links};
use tokenward::{LoginReport, ResolvedProfile, Settings, SettingsError};
use tokenward_core::ports::LoggedIn;
use tokenward_core::{AppName, Code, ProfileName, RedirectUri, Scopes};

use crate::args::Login;
use crate::commands::profile_of_source::Source;
use crate::commands::{confirm_login_overwrite, init, link, profile_of_source};
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::token_places::{TokenPlaces, Wish};

pub(super) async fn run(login: Login, context: &Context) -> Result<ExitCode, Failure> {
    // Advice to log in says what was typed, or the tokens would not reach the file, and a new profile would be of another app.
    let again = context.login_as_typed(&context.typed.login_again());
    let advised = |failure: Failure| failure.logging_in_by(&again, context.lang());
    if let Some(file) = &login.env_file {
        let done = profile_of_source::with_profiles(context, Box::pin(into_file(&login, file, context))).await;
        return done.map_err(advised);
    }
    if login.insists.terms().permit_more() {
        return Err(Failure::new(Code::Usage, context.lang().insists_need_file()).complete());
    }
    if login.at.says_anything() {
        return Err(Failure::new(Code::Usage, context.lang().env_file_flags()).complete());
    }
    profile_of_source::with_profiles_told_before(context, Box::pin(by_profile(&login, context))).await.map_err(advised)
}

/// Logs in under a profile, which is made if it is not there.
async fn by_profile(login: &Login, context: &Context) -> Result<ExitCode, Failure> {
    let settings = context.settings()?;
    let settings = match &login.app {
        Some(app) => join_app(app, settings, context)?,
        None => named_anew(settings, context)?,
    };
    let profile = context.profile(&settings)?;
    context.tell_overruled(&settings, &profile.name);
    let session = context.session(&settings).await?;
    let work = context.work_of(profile, session).await?;
    if !work.app.token_api.has_browser_login() {
        return cookie::login(login, &work, context).await;
    }
    if login.cookie_stdin || login.cookie_file.is_some() {
        return Err(Failure::new(Code::Usage, context.lang().cookie_not_here(work.app.token_api)).complete());
    }
    let report = consent(login, &work, context).await?;
    outcome::tell(&report, None, &work, context).await
}

/// Logs in with the app that a file names, and leaves the tokens in that file. The fresh refresh token is written, not spent.
async fn into_file(login: &Login, file: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let wish = Wish { at: &login.at, server: None, create: true, complete: true, brand: login.provider };
    let known = profile_of_source::known(file, wish.at, context).await?;
    let spot = TokenPlaces::look(file, wish, &known, lang)?;
    let linked = LinkedFile::new(&spot.file, spot.format).or_new();
    // A file that cannot be written is told before a person has gone to the browser for it.
    let proven = linked.clone();
    let proof = tokio::task::spawn_blocking(move || proven.hold(Links::PATIENCE).map(drop)).await;
    let unwritable = |error: String| Failure::of(Code::FileUnusable).detail(error).then(lang.nothing_was_done());
    proof.map_err(|error| unwritable(error.to_string()))?.map_err(|error| unwritable(error.to_string()))?;
    // A file that is linked follows the profile that it is linked to.
    let links = link::linked(file, &context.settings()?, context).await?;
    let first = links.first().map(|link| &link.target.profile);
    let owner = first.filter(|first| links.iter().all(|link| link.target.profile == **first));
    let mut work = Source { refresh: None, owner, ..Source::of(&spot, context) }.work(context).await?;
    if spot.app_id.is_none() && owner.is_none() && context.global.profile.is_none() {
        let app = &work.profile;
        context.printer.note(lang.app_of_no_file(context.short(&spot.file), &app.app_name, &app.client_id));
    }
    redirect_of(&spot, login, &mut work, context)?;
    let how = link::How { fill: Fill::Free, replace: false, named: true, insists: login.insists };
    let targets = [vec![spot.link(&work.profile.name)], spot.further(&work.profile.name)].concat();
    let shown = context.short(&spot.file);
    for target in &targets {
        link::may_link(&work, target, how, context).await?;
        link::may_keep(&work, target, context).await?;
    }
    let is_said = login.write_over || login.replace_user;
    // Nobody is sent to the browser for a login that the file would not get.
    let way = context.typed.login_into(&shown);
    let agreed = confirm_login_overwrite::agreed(&work, &targets, is_said, &way, context).await?;
    let report = consent(login, &work, context).await?;
    let way = format!("{} -p {}", context.typed.link(&shown), work.profile.name);
    // Whose the login is, and so whose the file's is not, may be known only now.
    let agreed = match confirm_login_overwrite::agreed(&work, &targets, agreed == Fill::Over, &way, context).await {
        Ok(agreed) => agreed,
        Err(failure) => {
            outcome::tell(&report, None, &work, context).await?;
            context.printer.alarm(lang.logged_in_left(&shown));
            return Err(failure);
        }
    };
    let has_other_names = link::has_other_names(&spot.file);
    let app_id =
        spot.app_id_at.clone().filter(|_| spot.app_id.is_none()).map(|place| (place, work.app.client_id.clone()));
    let written = async {
        if let Some((place, id)) = app_id {
            let write = move || linked.hold(Links::PATIENCE)?.write(&[(place, &id)]);
            let written = tokio::task::spawn_blocking(write)
                .await
                .map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))?;
            written.map_err(|error| Failure::of(Code::FileNotWritten).detail(error.to_string()))?;
        }
        let links = work.session.links();
        let [target, further @ ..] = targets.as_slice() else { return Err(Failure::of(Code::Internal)) };
        let (link, report) = links.link_on(&work.app, target.clone(), agreed, login.insists.terms()).await?;
        for target in further {
            links.link_on(&work.app, target.clone(), agreed, login.insists.terms()).await?;
        }
        let besides = link::besides(&link, &work).await;
        let made =
            link::MadeLink { link, report, adopted: false, is_new: true, has_other_names, besides, replaced: None };
        Ok::<_, Failure>(made)
    };
    match written.await {
        Ok(made) => {
            outcome::tell(&report, Some(&made), &work, context).await?;
            let done = link::finish(&[made], context)?;
            link::tell_left(&spot, context);
            Ok(done)
        }
        Err(failure) => {
            outcome::tell(&report, None, &work, context).await?;
            context.printer.warning(lang.logged_in_unwritten(&shown));
            Err(failure.then(lang.logged_in_unwritten_next(context.typed.link(&shown))))
        }
    }
}

/// Lets the browser come back to where the file says, unless somebody said otherwise: servers compare it letter by letter, and the
/// file's is the one that was registered for its program.
fn redirect_of(spot: &TokenPlaces, login: &Login, work: &mut Work, context: &Context) -> Result<(), Failure> {
    let Some((place, text)) = spot.redirect.as_ref().filter(|(_, text)| !text.trim().is_empty()) else { return Ok(()) };
    let (lang, printer, file) = (context.lang(), context.printer, context.short(&spot.file));
    // A code that is typed on another device comes back nowhere.
    if login.device {
        return Ok(());
    }
    if login.port.is_some() || work.profile.redirect_is_said {
        if text.trim() != work.profile.redirect_uri.as_str() {
            printer.note(lang.redirect_of_file_unused(&work.profile.redirect_uri, place, file));
        }
        return Ok(());
    }
    let uri = RedirectUri::usable(text).map_err(|flaw| {
        let failure = Failure::new(Code::BadSetting, lang.redirect_of_file_bad(place, &file));
        failure.then(lang.of(flaw.advice()).to_owned()).then(lang.redirect_of_file_bad_next())
    })?;
    printer.note(lang.redirect_of_file(&uri, place, file));
    work.profile.redirect_uri = uri;
    Ok(())
}

async fn consent(login: &Login, work: &Work, context: &Context) -> Result<LoginReport, Failure> {
    if !login.replace_user
        && let Some(left) = work.session.keeper().left_unnamed(&work.profile.name).await?
    {
        // Nobody is sent to the browser for another login that would be kept beside it.
        return Err(undecided(
            &left.id.to_string(),
            context.lang().login_left_unnamed(&work.profile.name),
            login,
            work,
            context,
        )
        .await);
    }
    let asked = asked(&work.profile, login, context)?;
    let wished = asked.clone();
    let done = if login.device {
        device::login(login, asked, work, context).await
    } else {
        browser::login(login, asked, work, context).await
    };
    // The provider names one scope; whoever goes to the console enables all of them at once.
    let all_named = |failure: Failure| {
        if failure.lacks_scopes() {
            failure.or_then(context.lang(), context.lang().scopes_asked(&wished))
        } else {
            failure
        }
    };
    match done.map_err(all_named)? {
        Err(error) if error.code() == Code::AnotherUser => another_user(&error, wished, login, work, context).await,
        done => done.map_err(|error| all_named(error.into())),
    }
}

/// Somebody else has logged in than the profile's user. Their login is kept; the profile becomes theirs by a yes in the terminal alone.
async fn another_user(
    error: &tokenward::Error,
    asked: Scopes,
    login: &Login,
    work: &Work,
    context: &Context,
) -> Result<LoginReport, Failure> {
    let (lang, keeper, profile) = (context.lang(), work.session.keeper(), &work.profile.name);
    let id = error.detail().unwrap_or_default();
    let (them, us) = link::names(id, work, context).await;
    let is_named = keeper.list().await?.iter().any(|it| it.grant.id.to_string() == id && it.grant.subject.is_some());
    let what = if is_named {
        lang.login_of_another_user(&them, profile, &us)
    } else {
        lang.login_of_nobody_named(profile, &us)
    };
    if let Some(id) = error.aside().filter(|_| context.asker().can_ask()) {
        context.printer.alarm(&what);
        if context.asker().yes(lang.ask_replace_user(&them, profile, &us), &lang.replace_user_ways()).await? {
            let previous = keeper.grant_of(profile).await?;
            keeper.give_profile(id, profile, true).await?;
            let links = work.session.links().reconcile(&work.app, profile, true, Links::PATIENCE).await?;
            let mut report = LoginReport::new(keeper.status(id).await?, LoggedIn::TookOver { id, previous }, asked);
            report.notices = links.iter().flat_map(LinkReport::notices).collect();
            return Ok(report);
        }
    }
    Err(undecided(id, what, login, work, context).await)
}

/// A login is kept without a profile, and the ways on.
async fn undecided(id: &str, what: String, login: &Login, work: &Work, context: &Context) -> Failure {
    let (lang, profile) = (context.lang(), &work.profile.name);
    let (them, _) = link::names(id, work, context).await;
    let way = format!("tokenward adopt --login {id}");
    let failure = Failure::new(Code::AnotherUser, what).then_all([
        lang.keep_apart(&way),
        lang.replace_user_as(&way, profile, &them),
        lang.drop_login(id, &them),
    ]);
    let Some(file) = &login.env_file else { return failure };
    let shown = file.display().to_string();
    // A file that shows the profile's login already follows it, and has to be taken from it first.
    let links = match context.settings() {
        Ok(settings) => link::linked(file, &settings, context).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    match links.iter().find(|link| link.target.profile == *profile) {
        Some(link) => {
            let typed = link::typed_of(&link.target, context);
            let unlink = typed.unlink(&shown, profile.as_str());
            failure.then(lang.then_link_anew(&shown, profile, unlink, typed.link(&shown)))
        }
        None => failure.then(lang.then_link(context.typed.link(&shown))),
    }
}

/// Makes the profile that -p names, where there is none of that name and it is clear of which app.
fn named_anew(settings: Settings, context: &Context) -> Result<Settings, Failure> {
    let Some(name) = context.global.profile.as_ref().filter(|_| context.global.user.is_none()) else {
        return Ok(settings);
    };
    let is_unknown = matches!(settings.profile(Some(name)), Err(SettingsError::UnknownProfile { .. }));
    match profile_of_source::only_app(&settings).filter(|_| is_unknown) {
        Some(app) => profile_of_source::new_profile(name, &app, &settings, context),
        None => Ok(settings),
    }
}

/// Makes a profile for another user of an app that is there. It is written before the login, so that a login whose
/// process dies can be recovered under it (I5).
fn join_app(app: &AppName, settings: Settings, context: &Context) -> Result<Settings, Failure> {
    let lang = context.lang();
    let name = context.profile_name(&settings)?;
    let known: Vec<(ProfileName, Option<AppName>)> =
        settings.profiles().map(|(name, app)| (name.clone(), app)).collect();
    match known.iter().find(|(profile, _)| *profile == name) {
        Some((_, Some(own))) if own == app => return Ok(settings),
        Some((_, Some(own))) => {
            return Err(Failure::new(Code::Usage, lang.profile_other_app(&name, own)).complete());
        }
        Some((_, None)) => return Ok(settings),
        None => {}
    }
    if settings.registered(app).is_none() && !known.iter().any(|(_, own)| own.as_ref() == Some(app)) {
        return Err(Failure::new(Code::BadSetting, lang.no_such_app(app)).complete());
    }
    profile_of_source::new_profile(&name, app, &settings, context)
}

/// The app's scopes, those of the flags, and `offline_access`.
fn asked(profile: &ResolvedProfile, login: &Login, context: &Context) -> Result<Scopes, Failure> {
    let lang = context.lang();
    if !login.purpose.is_empty() && profile.provider().brand().is_none() {
        return Err(Failure::new(Code::Usage, lang.purposes_not_here(profile.provider())).complete());
    }
    let purposes = login.purpose.iter().map(|purpose| purpose.scopes().to_owned());
    let flags: Vec<String> = login.scope.iter().cloned().chain(purposes).collect();
    let bad = |error| Failure::new(Code::BadScopes, lang.bad_scopes(&error));
    let flags = init::scopes(&flags, context)?;
    let (all, _) = Scopes::parse(&format!("{} {flags}", profile.scopes)).map_err(bad)?;
    profile.login_scopes(all).map_err(bad)
}
