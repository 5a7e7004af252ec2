//! What became of a login, told in the terminal.

use std::collections::BTreeSet;
use std::process::ExitCode;

use serde_json::json;
use tokenward::links::FileComparison;
use tokenward::{LoginReport, Notice};
use tokenward_core::ports::LoggedIn;
use tokenward_core::{Grant, ProviderName, RefreshEnd, Subject};

use crate::commands::link;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::fields::LoginFields;

/// What the engine says of a login, once a person has come back from the provider's page.
pub(super) type Finished = Result<LoginReport, tokenward::Error>;

/// Says who is logged in, with which scopes, for how long, and what is missing.
pub(super) async fn tell(
    login: &LoginReport,
    made: Option<&link::MadeLink>,
    work: &Work,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let (lang, printer, now) = (context.lang(), context.printer, context.now());
    let grant = &login.report.grant;
    let missing: Vec<_> = login.asked.iter().filter(|scope| !grant.scopes.contains(scope)).collect();
    for &oddity in &login.oddities {
        printer.warning(lang.notice(&Notice::Odd(oddity)));
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
                Some(name) => lang.noted(name, &subject.id),
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
        let user = lang.user_or_untold(earlier.grant.subject.as_ref());
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
            printer.note(lang.login_wall(context.moment(wall)));
        }
    } else {
        printer.warning(match work.app.provider() {
            ProviderName::OAuth2 => lang.no_refresh_token_elsewhere(access),
            ProviderName::BlueKing => lang.user_login_ends(access),
            ProviderName::Feishu | ProviderName::Lark => lang.no_refresh_token(access),
        });
    }
    tell_written(grant, made, work, context).await?;
    Ok(ExitCode::SUCCESS)
}

/// Says which linked files got the tokens, besides the one that the login was for.
async fn tell_written(
    grant: &Grant,
    made: Option<&link::MadeLink>,
    work: &Work,
    context: &Context,
) -> Result<(), Failure> {
    let mut written = BTreeSet::new();
    for state in work.session.links().states(Some(&work.profile.name)).await? {
        let is_written = state.link.receipt.is_some_and(|receipt| receipt.grant == grant.id);
        if is_written && matches!(state.found, FileComparison::InStep) {
            written.insert(state.link.target.file);
        }
    }
    for file in written.iter().filter(|file| made.is_none_or(|made| made.link.target.file != **file)) {
        context.printer.note(context.lang().login_written(context.short(file)));
    }
    Ok(())
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
