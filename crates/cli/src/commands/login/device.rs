//! A login by a code that is typed on another device (RFC 8628).

use std::convert::Infallible;
use std::time::Duration;

use serde_json::json;
use tokenward_core::{Code, Scopes};
use tokio::time::Instant;

use super::browser;
use super::outcome::Finished;
use crate::args::Login;
use crate::context::{Context, Work};
use crate::failure::Failure;

/// Logs in with a code that is typed on another device.
pub(super) async fn login(login: &Login, asked: Scopes, work: &Work, context: &Context) -> Result<Finished, Failure> {
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
        browser::picture(device.verification_uri_complete.as_ref().unwrap_or(&device.verification_uri), context);
    }
    // The last question comes before the time is over that the person gave.
    device.expires_in = device.expires_in.min(login.timeout);
    let wait = device.expires_in;
    let finish = keeper.finish_device_login(&work.app, &work.profile.name, device, asked, login.replace_user);
    // No page of the provider leads back here, so what a redirect needs is no matter.
    let late = |failure: Failure| {
        failure.saying(lang.device_late()).then(match work.app.provider().brand() {
            Some(_) => lang.device_again(),
            None => lang.device_again_elsewhere(),
        })
    };
    let done = tokio::select! {
        done = tokio::time::timeout(login.timeout, finish) => done,
        never = waiting(wait, context) => match never {},
    };
    context.printer.passing_ends();
    match done {
        Ok(Err(error)) if error.code() == Code::LoginTimedOut => Err(late(error.into())),
        Ok(finished) => Ok(finished),
        Err(_) => Err(late(Failure::of(Code::LoginTimedOut))),
    }
}

/// Says that it is waited for, and on a terminal how long still. Never ends.
async fn waiting(wait: Duration, context: &Context) -> Infallible {
    let (lang, printer, surface) = (context.lang(), context.printer, context.ambient.surface);
    if !surface.err || surface.plain || printer.json || !printer.is_heard() {
        printer.note(lang.device_waits(lang.span(wait.as_secs())));
        return std::future::pending().await;
    }
    let end = Instant::now() + wait;
    loop {
        printer.passing(&lang.device_left(lang.span(end.saturating_duration_since(Instant::now()).as_secs())));
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
