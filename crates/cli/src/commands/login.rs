//! `tokenward login`: a person consents, the engine keeps the login.
//!
//! Four ways to the authorization code: a browser here and a callback on loopback; the same without opening a browser
//! (`--no-browser`, the address alone on stdout); the address the browser ended at, pasted by hand (`--paste`); and a
//! code typed on another device (`--device`). State and PKCE are the engine's. BlueKing's older dialects have no page to
//! consent on: there the login cookie of the user's browser is shown to the token service.

mod cookie;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tokenward::links::{Fill, LinkReport, LinkedFile, Links};
use tokenward::{
    Callback, CallbackError, CallbackOutcome, Consent, LoginAttempt, LoginReport, LoginRequest, Notice,
    ResolvedProfile, Settings, SettingsError, SystemEntropy,
};
use tokenward_core::ports::{Entropy as _, LoggedIn};
use tokenward_core::{
    AppName, AuthorizationCode, Code, ProfileName, ProviderName, RedirectUri, RefreshEnd, Remedy, Scopes, Subject,
    TokenApi, hex,
};
use url::Url;

use crate::args::Login;
use crate::browser;
use crate::commands::login_owner::Source;
use crate::commands::{init, link, login_owner, other_login};
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::fields::LoginFields;
use crate::qr;
use crate::token_places::{TokenPlaces, Wish};

pub(super) async fn run(login: Login, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(file) = &login.env_file {
        return login_owner::with_profiles(context, Box::pin(into_file(&login, file, context))).await;
    }
    if login.insists.terms().permit_more() {
        return Err(Failure::new(Code::Usage, context.lang().insists_need_file()).complete());
    }
    if login.at.says_anything() {
        return Err(Failure::new(Code::Usage, context.lang().env_file_flags()).complete());
    }
    let done = login_owner::with_profiles_told_before(context, Box::pin(by_profile(&login, context))).await;
    // A profile that was to be made is of the app that was named, also the next time.
    done.map_err(|failure| match &login.app {
        Some(app) => {
            failure.logging_in_by(&format!("{} --app {app}", context.meant_by_flags().command("login")), context.lang())
        }
        None => failure,
    })
}

/// Logs in under a profile, which is made if it is not there.
async fn by_profile(login: &Login, context: &Context) -> Result<ExitCode, Failure> {
    let settings = context.settings()?;
    let settings = match &login.app {
        Some(app) => join_app(app, settings, context)?,
        None => named_anew(settings, context)?,
    };
    let profile = context.profile(&settings)?;
    let session = context.session(&settings).await?;
    let work = context.work_of(profile, session).await?;
    if !work.app.token_api.has_browser_login() {
        return cookie::login(login, &work, context).await;
    }
    if login.cookie_stdin || login.cookie_file.is_some() {
        return Err(Failure::new(Code::Usage, context.lang().cookie_not_here(work.app.token_api)).complete());
    }
    let report = consent(login, &work, context).await?;
    tell(&report, None, &work, context).await
}

/// Logs in with the app that a file names, and leaves the tokens in that file. The fresh refresh token is written, not spent.
async fn into_file(login: &Login, file: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let wish = Wish { at: &login.at, server: None, create: true, complete: true, brand: login.provider };
    let known = login_owner::known(file, wish.at, context).await?;
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
    redirect_of(&spot, login, &mut work, context)?;
    let how = link::How { fill: Fill::Free, replace: false, named: true, insists: login.insists };
    let targets = [vec![spot.link(&work.profile.name)], spot.further(&work.profile.name)].concat();
    let shown = context.short(&spot.file);
    for target in &targets {
        link::may_link(&work, target, how, context).await?;
        let free = work.session.links().may_keep(target).await;
        free.map_err(|error| link::refused(error, &shown, context))?;
    }
    let is_said = login.write_over || login.replace_user;
    // Nobody is sent to the browser for a login that the file would not get.
    let way = context.typed.login_into(&shown);
    let agreed = other_login::agreed(&work, &targets, is_said, &way, context).await?;
    let report = consent(login, &work, context).await?;
    let way = format!("{} -p {}", context.typed.link(&shown), work.profile.name);
    // Whose the login is, and so whose the file's is not, may be known only now.
    let agreed = match other_login::agreed(&work, &targets, agreed == Fill::Over, &way, context).await {
        Ok(agreed) => agreed,
        Err(failure) => {
            tell(&report, None, &work, context).await?;
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
        Ok::<_, Failure>(link::MadeLink { link, report, adopted: false, is_new: true, has_other_names, besides })
    };
    match written.await {
        Ok(made) => {
            tell(&report, Some(&made), &work, context).await?;
            link::finish(&[made], context)
        }
        Err(failure) => {
            tell(&report, None, &work, context).await?;
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
    let asked = asked(&work.profile, &login.scope, context)?;
    let wished = asked.clone();
    let done = if login.device {
        by_device(login, asked, work, context).await?
    } else {
        by_browser(login, asked, work, context).await?
    };
    match done {
        Err(error) if error.code() == Code::AnotherUser => another_user(&error, wished, login, work, context).await,
        done => Ok(done?),
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
    match &login.env_file {
        Some(file) => failure.then(lang.then_link(context.typed.link(&file.display().to_string()))),
        None => failure,
    }
}

/// Makes the profile that -p names, where there is none of that name and it is clear of which app.
fn named_anew(settings: Settings, context: &Context) -> Result<Settings, Failure> {
    let Some(name) = context.global.profile.as_ref().filter(|_| context.global.user.is_none()) else {
        return Ok(settings);
    };
    let is_unknown = matches!(settings.profile(Some(name)), Err(SettingsError::UnknownProfile { .. }));
    match login_owner::only_app(&settings).filter(|_| is_unknown) {
        Some(app) => login_owner::new_profile(name, &app, &settings, context),
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
    if !known.iter().any(|(_, own)| own.as_ref() == Some(app)) {
        return Err(Failure::new(Code::BadSetting, lang.no_such_app(app)).complete());
    }
    login_owner::new_profile(&name, app, &settings, context)
}

/// The app's scopes, those of the flags, and `offline_access`.
fn asked(profile: &ResolvedProfile, flags: &[String], context: &Context) -> Result<Scopes, Failure> {
    let lang = context.lang();
    let bad = |error| Failure::new(Code::BadScopes, lang.bad_scopes(&error));
    let flags = init::scopes(flags, context)?;
    let (all, _) = Scopes::parse(&format!("{} {flags}", profile.scopes)).map_err(bad)?;
    profile.login_scopes(all).map_err(bad)
}

/// What the engine says of a login, once a person has come back from the provider's page.
type Finished = Result<LoginReport, tokenward::Error>;

async fn by_browser(login: &Login, asked: Scopes, work: &Work, context: &Context) -> Result<Finished, Failure> {
    let mut redirect_uri = work.profile.redirect_uri.clone();
    if let Some(port) = login.port {
        redirect_uri = redirect_uri.with_port(port);
    }
    let callback = if login.paste {
        None
    } else {
        let callback = Callback::bind(&redirect_uri).await.map_err(|error| callback_failure(&error, context))?;
        redirect_uri = callback.redirect_uri().clone();
        Some(callback)
    };
    let request =
        LoginRequest::new(asked, redirect_uri).force_consent(login.force_consent).replace_user(login.replace_user);
    let attempt = work.session.keeper().begin_login(&work.app, request).await?;
    show(login, attempt.url(), callback.as_ref(), context)?;
    let consent = match &callback {
        Some(callback) => wait(callback, &attempt, login.timeout, work, context).await,
        None => pasted(&attempt, login.timeout, work, context).await,
    };
    let consent = consent.map_err(|failure| naming_resource(failure, work.app.token_api, context))?;
    // The callback server lives on until the exchange is done, to tell a second visitor so.
    Ok(work.session.keeper().finish_login(&work.app, &work.profile.name, attempt, consent).await)
}

/// Shows the address, and opens it where that is wanted and possible.
///
/// What opens it is told of an address of ours that leads there once: arguments of programs are seen by every user of the
/// machine, and `state` in the hands of another one would finish this login with an account of theirs.
fn show(login: &Login, url: &Url, callback: Option<&Callback>, context: &Context) -> Result<(), Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    if login.no_browser && printer.json {
        // One JSON value a line; the login follows as the second.
        printer.document_line(&json!({ "authorization_url": url }))?;
    } else if login.no_browser {
        printer.data(url.as_str())?;
    } else if callback.is_some_and(|callback| browser::open(&callback.gate(url, &nonce()), &context.ambient)) {
        printer.note_lines(lang.opening_browser(url));
    } else if login.paste {
        // There is no other way to it.
        printer.always_lines(lang.open_yourself(url));
    } else {
        printer.note_lines(lang.open_yourself(url));
        printer.note(lang.no_browser_here());
    }
    if login.qr {
        picture(url, context);
        if !login.paste {
            printer.note(lang.qr_comes_back_elsewhere());
        }
    }
    Ok(())
}

/// 128 bits, as letters and digits.
fn nonce() -> String {
    let mut bytes = [0; 16];
    SystemEntropy.fill(&mut bytes);
    hex::encode(&bytes)
}

fn picture(url: &Url, context: &Context) {
    match qr::draw(url.as_str(), context.printer.colours()) {
        Some(drawing) => context.printer.picture(&drawing),
        None => context.printer.note(context.lang().qr_too_long()),
    }
}

async fn wait(
    callback: &Callback,
    attempt: &LoginAttempt,
    timeout: Duration,
    work: &Work,
    context: &Context,
) -> Result<Consent, Failure> {
    let lang = context.lang();
    context.printer.note(lang.waiting_callback(attempt.redirect_uri(), lang.span(timeout.as_secs())));
    match callback.wait(attempt.state(), timeout).await {
        CallbackOutcome::Code(consent) => Ok(consent),
        CallbackOutcome::Denied { error, description } => Err(denied(&error, description.as_deref())),
        _ => Err(nobody_came(attempt, work, context)),
    }
}

/// Nobody came back: what the page may have shown, and the address that it was to come back to.
fn nobody_came(attempt: &LoginAttempt, work: &Work, context: &Context) -> Failure {
    let (lang, url) = (context.lang(), attempt.redirect_uri());
    Failure::of(Code::LoginTimedOut).then(match work.app.provider().brand() {
        Some(_) => lang.nobody_came_console(url),
        None => lang.nobody_came(url),
    })
}

fn denied(error: &str, description: Option<&str>) -> Failure {
    let words = description.map_or_else(|| error.to_owned(), |description| format!("{error}: {description}"));
    // RFC 6749 §4.1.2.1; OpenID Connect Core §3.1.2.6. Only the first says that a person refused.
    let code = match error {
        "access_denied" => Code::ConsentDenied,
        "login_required" | "interaction_required" | "consent_required" | "account_selection_required" => {
            Code::LoginNotFinished
        }
        "server_error" | "temporarily_unavailable" => Code::ProviderUnavailable,
        _ => Code::AppSettings,
    };
    Failure::of(code).detail(words)
}

/// What is asked for at bkauth are resources (RFC 8707), so a no to them is mended by a setting.
fn naming_resource(failure: Failure, api: TokenApi, context: &Context) -> Failure {
    let about_it = |words: &str| words.starts_with("invalid_target") || words.starts_with("invalid_scope");
    if api == TokenApi::BkAuth && failure.reason_of(Code::AppSettings).is_some_and(about_it) {
        return failure.then(context.lang().remedy(Remedy::NameResource).to_owned());
    }
    failure
}

/// Reads the address that the browser ended at, from the terminal or from stdin.
async fn pasted(attempt: &LoginAttempt, timeout: Duration, work: &Work, context: &Context) -> Result<Consent, Failure> {
    context.printer.note(context.lang().paste_here());
    if context.asker().can_ask() {
        context.printer.question(">");
    }
    let line = tokio::time::timeout(timeout, context.asker().read());
    let again = |failure: Failure| failure.then(context.lang().next_step(Code::BadRedirectPaste).to_owned());
    let line = line.await.map_err(|_| nobody_came(attempt, work, context))?.map_err(again)?;
    code_of(&line, attempt.state(), attempt.redirect_uri(), context)
}

/// The code in a pasted address, if the address belongs to this login, and who says to have sent it.
fn code_of(line: &str, state: &str, redirect_uri: &RedirectUri, context: &Context) -> Result<Consent, Failure> {
    let lang = context.lang();
    let bad = |sentence: String| Failure::new(Code::BadRedirectPaste, sentence);
    let url = Url::parse(line).map_err(|_| bad(lang.paste_not_url()))?;
    let place = |url: &Url| {
        (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port_or_known_default(), url.path().to_owned())
    };
    if place(&url) != place(redirect_uri.url()) {
        return Err(bad(lang.paste_other_page(redirect_uri)));
    }
    let field = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    match field("state") {
        None => return Err(bad(lang.paste_state_missing())),
        // The person holds both, so nobody is there from whom the comparison's duration would have to be kept.
        Some(found) if found != state => return Err(bad(lang.paste_other_login())),
        Some(_) => {}
    }
    if let Some(error) = field("error") {
        return Err(denied(&error, field("error_description").as_deref()));
    }
    let code = field("code").ok_or_else(|| bad(lang.paste_no_code()))?;
    let code = AuthorizationCode::parse(code).map_err(|_| bad(lang.paste_no_code()))?;
    Ok(Consent::new(code, url.query().unwrap_or_default()))
}

async fn by_device(login: &Login, asked: Scopes, work: &Work, context: &Context) -> Result<Finished, Failure> {
    let (lang, printer, keeper) = (context.lang(), context.printer, work.session.keeper());
    let mut device = keeper.begin_device_login(&work.app, &asked).await?;
    let span = lang.span(device.expires_in.as_secs());
    if printer.json {
        // One JSON value a line, as with `--no-browser`.
        let line = json!({
            "verification_uri": device.verification_uri,
            "verification_uri_complete": device.verification_uri_complete,
            "user_code": device.user_code,
            "expires_in": device.tells_life.then_some(device.expires_in.as_secs()),
        });
        printer.document_line(&line)?;
    } else {
        let (uri, code) = (&device.verification_uri, &device.user_code);
        printer.always_lines(if device.tells_life {
            lang.device_code(uri, code, span)
        } else {
            lang.device_code_untold(uri, code, span)
        });
        if let Some(direct) = &device.verification_uri_complete {
            printer.always_lines(lang.device_direct(direct));
        }
    }
    if login.qr {
        picture(device.verification_uri_complete.as_ref().unwrap_or(&device.verification_uri), context);
    }
    // The last question comes before the time is over that the person gave.
    device.expires_in = device.expires_in.min(login.timeout);
    let finish = keeper.finish_device_login(&work.app, &work.profile.name, device, asked, login.replace_user);
    // No page of the provider leads back here, so what a redirect needs is no matter.
    let late = |failure: Failure| {
        failure.saying(lang.device_late()).then(match work.app.provider().brand() {
            Some(_) => lang.device_again(),
            None => lang.device_again_elsewhere(),
        })
    };
    match tokio::time::timeout(login.timeout, finish).await {
        Ok(Err(error)) if error.code() == Code::LoginTimedOut => Err(late(error.into())),
        Ok(finished) => Ok(finished),
        Err(_) => Err(late(Failure::of(Code::LoginTimedOut))),
    }
}

/// Says who is logged in, with which scopes, for how long, and what is missing.
async fn tell(
    login: &LoginReport,
    made: Option<&link::MadeLink>,
    work: &Work,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let (lang, printer, now) = (context.lang(), context.printer, context.now());
    let grant = &login.report.grant;
    let missing: Vec<_> = login.asked.iter().filter(|scope| !grant.scopes.contains(scope)).collect();
    for &oddity in &login.oddities {
        printer.warning(lang.notice_odd(lang.oddity(oddity)));
    }
    // What an identity has to do with is said whatever is asked for; what else became of files is seen in them.
    let of_users: Vec<_> = login.notices.iter().filter(|notice| about_users(notice)).cloned().collect();
    context.tell_notices(&of_users);
    if printer.json {
        let mut document = json!({
            "login": LoginFields::of(&login.report),
            "missing_scopes": missing,
            "oddities": login.oddities,
        });
        if let Some(made) = made {
            document["link"] = json!(made.fields());
        }
        printer.document(&document)?;
        return Ok(ExitCode::SUCCESS);
    }
    let who = |subject: Option<&Subject>| {
        subject.map_or_else(
            || lang.somebody(),
            |subject| match &subject.name {
                Some(name) => format!("{name} ({})", subject.id),
                None => subject.id.clone(),
            },
        )
    };
    if grant.unproven {
        printer.note(lang.logged_in(&work.profile.name, lang.somebody()));
        printer.warning(lang.login_not_told(who(grant.subject.as_ref())));
    } else {
        printer.note(lang.logged_in(&work.profile.name, who(grant.subject.as_ref())));
    }
    if let LoggedIn::TookOver { previous, .. } = &login.logged_in {
        let earlier = work.session.keeper().status(*previous).await?;
        let user = earlier.grant.subject.map_or_else(|| lang.someone_unknown(), |it| it.known_as().to_owned());
        printer.warning(lang.took_over(user, &work.profile.name, previous));
    }
    if !grant.scopes.is_empty() {
        printer.note(lang.scopes_granted(&grant.scopes));
        if !missing.is_empty() {
            printer.warning(match work.app.provider().brand() {
                Some(_) => lang.scopes_missing(missing.join(" ")),
                None => lang.scopes_missing_elsewhere(missing.join(" ")),
            });
        }
    }
    let life = |end: Option<jiff::Timestamp>| {
        end.map_or_else(
            || lang.unknown_life(),
            |end| lang.span(u64::try_from(end.duration_since(now).as_secs()).unwrap_or(0)),
        )
    };
    let access = life(grant.access.as_ref().map(|access| access.expires));
    if grant.has_refresh {
        printer.note(match (grant.refresh_expires, work.session.keeper().rules(grant).refresh_end) {
            (None, _) => lang.user_login_turned(access),
            (Some(end), RefreshEnd::Fixed) => lang.user_login_lasts(access, life(Some(end))),
            (end, _) => lang.login_lasts(access, life(end)),
        });
        if let Some(wall) = grant.wall {
            printer.note(lang.login_wall(lang.moment(wall, now)));
        }
    } else {
        printer.warning(match work.app.provider() {
            ProviderName::OAuth2 => lang.no_refresh_token_elsewhere(access),
            ProviderName::BlueKing => lang.user_login_ends(access),
            ProviderName::Feishu | ProviderName::Lark => lang.no_refresh_token(access),
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a notice tells of a file or a login that is another user's.
const fn about_users(notice: &Notice) -> bool {
    matches!(
        notice,
        Notice::KeptAside { .. }
            | Notice::LinkReplaced { .. }
            | Notice::LinkOfFormerUser { .. }
            | Notice::LinkOfEndedLogin { .. }
            | Notice::LinkGivenItsOwn { .. }
            | Notice::LinkOfAnotherUser { .. }
            | Notice::LinkOfOtherOwner { .. }
            | Notice::AnotherUser { .. }
    )
}

fn callback_failure(error: &CallbackError, context: &Context) -> Failure {
    let failure = Failure::of(error.code());
    match error {
        CallbackError::NotLoopback { redirect_uri } => {
            Failure::new(error.code(), context.lang().port_needs_loopback(redirect_uri)).complete()
        }
        CallbackError::PortInUse { address, .. } => failure.detail(address.to_string()),
        other => {
            let source = std::error::Error::source(other).map(|source| format!(": {source}")).unwrap_or_default();
            failure.detail(format!("{other}{source}"))
        }
    }
}
