//! A login where there is no page to log in at: the login cookie of the user's browser is shown to the token service.
//!
//! Enters: the user who is meant, and what shows that it is them. Leaves: a login that lives, or an error; words of success are said of
//! nothing else. A crash before the answer is kept costs a question, which is asked again (I5).

use std::process::ExitCode;

use serde_json::json;
use tokenward::{Obtain, TokenHolder};
use tokenward_core::{Code, TokenWish};

use crate::args::Login;
use crate::commands::login_exit_code;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::fields::LoginFields;
use crate::login_cookies;

/// Where there is no login page: what the user's browser carries is shown to the token service.
pub(super) async fn login(login: &Login, work: &Work, context: &Context) -> Result<ExitCode, Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    for (flag, given) in [("--device", login.device), ("--paste", login.paste), ("--no-browser", login.no_browser)] {
        if given {
            let what = lang.no_page_for(flag, work.app.token_api);
            return Err(Failure::new(Code::Usage, what).then(lang.user_missing_next()));
        }
    }
    let TokenHolder::User(user) = context.who(&work.profile)? else {
        return Err(Failure::new(Code::Usage, lang.app_logs_not_in()).complete());
    };
    let keeper = work.session.keeper();
    // A token of a login that lives is left alone: a new one may end it under the hands of whoever holds it. One that a login has left
    // behind which is over, or in doubt, is no login.
    let present = keeper.obtain(&work.app, &Obtain::user(work.profile.name.clone(), user.clone(), None)).await;
    let living = match present {
        Ok(handed) if login_exit_code::lives(&keeper.status(handed.grant).await?) => Some(handed),
        _ => None,
    };
    let handed = if let Some(handed) = living {
        printer.note(lang.user_logged_in_already(&user));
        handed
    } else {
        let shows = login_cookies::given(login, &work.profile, &user, context).await?;
        let handed = context.obtained(work, TokenWish::default(), Some(shows)).await?;
        // What the cookie was refused for is the outcome, whatever still serves.
        if let Some(error) = &handed.failed {
            return Err(Failure::from(error.clone()).stands(lang.cookie_login_undone(&user)));
        }
        handed
    };
    context.tell_notices(&handed.notices);
    let report = keeper.status(handed.grant).await?;
    if printer.json {
        printer.document(&json!({
            "login": LoginFields::of(&report),
            "missing_scopes": Vec::<String>::new(),
            "oddities": Vec::<String>::new(),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let now = context.now();
    let life = |end: Option<jiff::Timestamp>| {
        end.map_or_else(
            || lang.unknown_life(),
            |end| lang.span(u64::try_from(end.duration_since(now).as_secs()).unwrap_or(0)),
        )
    };
    printer.note(lang.user_logged_in(&user, &work.profile.name));
    let access = life(report.grant.access.as_ref().map(|access| access.expires));
    printer.note(match report.grant.refresh_expires.filter(|_| report.grant.has_refresh) {
        Some(end) => lang.user_login_lasts(access, life(Some(end))),
        None if report.grant.has_refresh => lang.user_login_turned(access),
        None => lang.user_login_ends(access),
    });
    Ok(ExitCode::SUCCESS)
}
