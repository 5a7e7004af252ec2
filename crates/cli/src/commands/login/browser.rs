//! A login in the browser: the address that is shown or opened, and the page that it ends at.
//!
//! Enters: what is asked for. Leaves: what the engine says of the login, which the page in the browser says too.

use serde_json::json;
use tokenward::{Callback, CallbackError, LoginEnd, LoginRequest, PageWords, SystemEntropy};
use tokenward_core::ports::Entropy as _;
use tokenward_core::{Code, Remedy, Scopes, TokenApi, hex};
use url::Url;

use super::outcome::Finished;
use super::waiting;
use crate::ambient::Remote;
use crate::args::Login;
use crate::browser;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::qr;
use crate::words::Lang;

/// Logs in at the provider's page.
pub(super) async fn login(login: &Login, asked: Scopes, work: &Work, context: &Context) -> Result<Finished, Failure> {
    if let Some(failure) = nobody_there(login, work, context) {
        return Err(failure);
    }
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
    show(login, attempt.url(), callback.as_ref(), work, context)?;
    let consent = waiting::consent(callback.as_ref(), &attempt, login, work, context).await;
    let consent = consent.map_err(|failure| naming_resource(failure, work.app.token_api, context))?;
    let finished = work.session.keeper().finish_login(&work.app, &work.profile.name, attempt, consent).await;
    if let Some(callback) = &callback {
        callback.finish(&end_of(&finished, context)).await;
    }
    Ok(finished)
}

/// What the page in the browser says, whose language is its own.
fn end_of(finished: &Finished, context: &Context) -> LoginEnd {
    match finished {
        Ok(report) => {
            let grant = &report.report.grant;
            let user = grant.subject.as_ref().filter(|_| !grant.unproven);
            LoginEnd::LoggedIn { user: user.map(|user| user.known_as().to_owned()) }
        }
        Err(error) => {
            let code = error.code();
            let words = |lang: Lang| PageWords {
                what: lang.happened(code).to_owned(),
                next: context.meant_by_flags().within(lang.next_step(code)),
            };
            LoginEnd::Failed { code, english: words(Lang::En), chinese: words(Lang::Zh) }
        }
    }
}

/// Why nobody could finish a login here: nobody reads the address, and no browser could bring its answer back. To wait for that would hold
/// up a build or a container for the whole of `--timeout`. `--no-browser` says that somebody sees to both.
fn nobody_there(login: &Login, work: &Work, context: &Context) -> Option<Failure> {
    let (lang, ambient) = (context.lang(), &context.ambient);
    let is_seen = ambient.stdin_terminal || ambient.surface.err || browser::may_open(ambient);
    if is_seen || login.paste || login.no_browser {
        return None;
    }
    let what = match ambient.remote() {
        Some(Remote::Container) => lang.nobody_in_container(),
        Some(Remote::Ssh) => lang.nobody_in_ssh_session(),
        None if ambient.is_of_a_build() => lang.nobody_in_build(),
        // A browser of this machine can come back, whoever it is that opens the address.
        None => return None,
    };
    let command = context.login_as_typed(&context.typed.login_otherwise());
    // The dialects that need an app's token know no device code.
    let device = (!work.app.token_api.needs_app_token()).then(|| lang.nobody_device(&command));
    let others = [lang.nobody_paste(&command), lang.nobody_no_browser(&command)];
    Some(Failure::new(Code::SettingMissing, what).then_all(device.into_iter().chain(others)))
}

/// Shows the address, and opens it where that is wanted and possible.
///
/// What opens it is told of an address of ours that leads there once: arguments of programs are seen by every user of the
/// machine, and `state` in the hands of another one would finish this login with an account of theirs.
fn show(login: &Login, url: &Url, callback: Option<&Callback>, work: &Work, context: &Context) -> Result<(), Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let (mut is_opened, remote) = (false, context.ambient.remote());
    if login.no_browser && printer.json {
        // One JSON value a line; the login follows as the second.
        printer.document_line(&json!({ "authorization_url": url }))?;
    } else if login.no_browser {
        printer.data(url.as_str())?;
    } else if callback.is_some_and(|callback| browser::open(&callback.gate(url, &nonce()), &context.ambient)) {
        is_opened = true;
        printer.note_lines(lang.opening_browser(url));
    } else if login.paste {
        // There is no other way to it.
        printer.always_lines(lang.open_yourself(url));
    } else {
        printer.note_lines(lang.open_yourself(url));
        if remote.is_none() {
            printer.note(lang.no_browser_found());
        }
    }
    let command = context.login_as_typed(&context.typed.login_otherwise());
    if let Some(callback) = callback.filter(|_| !is_opened) {
        let address = callback.redirect_uri();
        match remote {
            Some(Remote::Ssh) => printer.note(lang.in_ssh_session(address)),
            Some(Remote::Container) => printer.note(lang.in_container(address)),
            None => {}
        }
        if !context.asker().can_ask() {
            // A program that asked for the address alone has its own way to the browser.
            if !login.no_browser {
                printer.note(lang.paste_or_device(&command));
            }
        } else if remote.is_some() && !work.app.token_api.needs_app_token() {
            // The dialects that need an app's token know no device code.
            printer.note(lang.device_instead(&command));
        }
    }
    if login.qr {
        if !picture(url, context) && !work.app.token_api.needs_app_token() {
            printer.note(lang.qr_device_is_smaller(&command));
        } else if !login.paste {
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

/// Draws an address, if it fits; whether it did.
pub(super) fn picture(url: &Url, context: &Context) -> bool {
    let (printer, lang) = (context.printer, context.lang());
    let Some(drawing) = qr::draw(url.as_str(), printer.colours()) else {
        printer.note(lang.qr_too_long());
        return false;
    };
    // A drawing whose lines are folded is none.
    if let Some(width) = context.ambient.surface.err_width.map(usize::from).filter(|&width| width < drawing.columns) {
        printer.note(lang.qr_too_wide(drawing.columns, width));
        return false;
    }
    printer.picture(&drawing.text);
    true
}

/// What is asked for at bkauth are resources (RFC 8707), so a no to them is mended by a setting.
fn naming_resource(failure: Failure, api: TokenApi, context: &Context) -> Failure {
    let about_it = |words: &str| words.starts_with("invalid_target") || words.starts_with("invalid_scope");
    if api == TokenApi::BkAuth && failure.reason_of(Code::AppSettings).is_some_and(about_it) {
        return failure.then(context.lang().remedy(Remedy::NameResource).to_owned());
    }
    failure
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
