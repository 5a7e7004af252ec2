//! The wait for a person: the browser comes back, or somebody pastes the address at which it ended.
//!
//! Enters: a login that was begun. Leaves: the consent, or why there is none. A wrong paste ends nothing where one can paste
//! again; what comes back and is another login's is told, once.

use std::pin::pin;
use std::time::Duration;

use tokenward::{Callback, CallbackOutcome, Consent, IgnoredCallback, LoginAttempt, Registrations};
use tokenward_core::Code;

use super::pasted::{self, Pasted};
use crate::args::Login;
use crate::commands::profile_of_source;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::typed_lines;

/// Waits for the consent.
pub(super) async fn consent(
    callback: Option<&Callback>,
    attempt: &LoginAttempt,
    login: &Login,
    work: &Work,
    context: &Context,
) -> Result<Consent, Failure> {
    let (lang, printer, timeout) = (context.lang(), context.printer, login.timeout);
    let can_type = context.asker().can_ask();
    match callback {
        Some(_) => {
            printer.note(lang.waiting_callback(attempt.redirect_uri(), lang.span(timeout.as_secs())));
            if can_type {
                printer.note(lang.paste_any_time());
            }
        }
        None => printer.note(lang.paste_here()),
    }
    if callback.is_none() && !can_type {
        return by_one_line(attempt, timeout, work, context).await;
    }
    let page_errors = || match work.app.provider().brand() {
        Some(_) => lang.page_errors_console(attempt.redirect_uri()),
        None => lang.page_errors(attempt.redirect_uri()),
    };
    // Nobody sees the page from here. Where nobody has checked the app either, as `init` does, what it may show is said at once.
    let is_unchecked = work.registrations.as_ref().is_some_and(Registrations::is_empty)
        && context.ambient.env.get(profile_of_source::APP_ID).is_some();
    let mut is_hinted = login.no_browser && is_unchecked;
    if is_hinted {
        printer.note(page_errors());
    }
    let prompt = || {
        if callback.is_none() {
            printer.question(">");
        }
    };
    prompt();
    let mut arrival = pin!(arrival(callback, attempt, timeout));
    let mut hint = pin!(tokio::time::sleep(HINT_AFTER.min(timeout / 4)));
    let mut told = Vec::new();
    loop {
        tokio::select! {
            outcome = &mut arrival => return match outcome {
                CallbackOutcome::Code(consent) => Ok(consent),
                CallbackOutcome::Denied { error, description } => Err(denied(&error, description.as_deref())),
                _ => Err(nobody_came(attempt, work, context)),
            },
            line = typed_lines::next_line(), if can_type => {
                let line = line.trim();
                if !line.is_empty() {
                    match pasted::consent(line, attempt.state(), attempt.redirect_uri(), lang) {
                        Pasted::Consent(consent) => return Ok(consent),
                        Pasted::Denied { error, description } => return Err(denied(&error, description.as_deref())),
                        Pasted::Wrong(what) if callback.is_some() => printer.warning(lang.pasted_wrongly_waits(what)),
                        Pasted::Wrong(what) => printer.alarm(lang.pasted_wrongly(what)),
                    }
                }
                prompt();
            }
            ignored = next_ignored(callback) => {
                // Whoever reaches this machine can send them; once is enough of each.
                if !told.contains(&ignored) {
                    told.push(ignored);
                    printer.warning(match ignored {
                        IgnoredCallback::Incomplete => lang.callback_incomplete(),
                        _ => lang.callback_of_another_login(),
                    });
                }
            }
            () = &mut hint, if !is_hinted => {
                is_hinted = true;
                printer.note(page_errors());
                prompt();
            }
        }
    }
}

async fn arrival(callback: Option<&Callback>, attempt: &LoginAttempt, timeout: Duration) -> CallbackOutcome {
    if let Some(callback) = callback {
        return callback.wait(attempt.state(), timeout).await;
    }
    tokio::time::sleep(timeout).await;
    CallbackOutcome::TimedOut
}

async fn next_ignored(callback: Option<&Callback>) -> IgnoredCallback {
    match callback {
        Some(callback) => callback.ignored().await,
        None => std::future::pending().await,
    }
}

/// Without a terminal there is one line, and nobody to ask again.
async fn by_one_line(
    attempt: &LoginAttempt,
    timeout: Duration,
    work: &Work,
    context: &Context,
) -> Result<Consent, Failure> {
    let lang = context.lang();
    let line = tokio::time::timeout(timeout, context.asker().read()).await;
    let line = line.map_err(|_| nobody_came(attempt, work, context))?.map_err(|_| {
        let command = context.meant_by_flags().command("login");
        Failure::new(Code::BadRedirectPaste, lang.paste_no_line()).then(lang.paste_no_line_next(command))
    })?;
    match pasted::consent(&line, attempt.state(), attempt.redirect_uri(), lang) {
        Pasted::Consent(consent) => Ok(consent),
        Pasted::Denied { error, description } => Err(denied(&error, description.as_deref())),
        Pasted::Wrong(what) => Err(Failure::new(Code::BadRedirectPaste, what)),
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

/// After how long a page that has led nowhere may show an error.
const HINT_AFTER: Duration = Duration::from_secs(20);
