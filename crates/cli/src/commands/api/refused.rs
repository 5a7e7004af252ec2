//! A refused call, told with what helps: the login line for a scope, the console's page, the pause.

use tokenward::{ApiError, BadCall, CallRefusal, CallTrouble, EndlessPages};
use tokenward_core::{App, Code, Refusal, RefusalClass, Remedy};

use crate::context::{Context, Work};
use crate::failure::Failure;

/// The failure.
pub(in crate::commands) fn failure(error: ApiError, work: &Work, context: &Context) -> Failure {
    let lang = context.lang();
    let code = error.code();
    match error {
        ApiError::Token(error) => error.into(),
        ApiError::Bad(BadCall::ForeignHost { host, own }) => {
            Failure::of(code).detail(lang.call_foreign_host(host, own))
        }
        ApiError::Bad(BadCall::Header(name)) => Failure::new(code, lang.call_header_ours(name)).complete(),
        ApiError::Bad(bad) => Failure::new(code, lang.bad_target()).detail(bad.to_string()).complete(),
        ApiError::Unsent(fault) | ApiError::Lost(fault) => Failure::of(code).detail(fault.reason),
        ApiError::Pages(reason) => Failure::of(code).detail(match reason {
            EndlessPages::TooMany => lang.pages_too_many(),
            EndlessPages::Unnamed => lang.pages_unnamed(),
            EndlessPages::Repeated => lang.pages_repeated(),
            _ => reason.to_string(),
        }),
        ApiError::RateLimited { wait, refusal } => {
            Failure::told(code, of(&refusal)).then(lang.call_wait(lang.span(wait.as_secs())))
        }
        ApiError::Refused(refusal) => refused(code, &refusal, work, context),
        error => Failure::of(Code::Internal).detail(error.to_string()),
    }
}

fn refused(code: Code, refusal: &CallRefusal, work: &Work, context: &Context) -> Failure {
    let lang = context.lang();
    let failure = Failure::told(code, of(refusal));
    let login = |scope: &str| {
        let profile = context.global.profile.as_ref().map_or_else(String::new, |name| format!(" --profile {name}"));
        format!("tokenward login{profile} --scope '{scope}'")
    };
    let named = (refusal.missing_scopes.len() > 1).then(|| lang.missing_scopes(refusal.missing_scopes.join(" ")));
    match (refusal.trouble, narrowest(&refusal.missing_scopes)) {
        (CallTrouble::ScopeNotGranted, Some(scope)) => {
            failure.then(lang.scope_login(login(scope), scope)).then_all(named)
        }
        (CallTrouble::ScopeNotEnabled, _) if work.app.provider().brand().is_none() => failure.then_all(named),
        (CallTrouble::ScopeNotEnabled, Some(scope)) => {
            let failure = failure.then(lang.scope_console(console(&work.app, scope))).then_all(named);
            failure.then(lang.scope_then_login(login(scope)))
        }
        (CallTrouble::ScopeNotEnabled, None) => failure.then(lang.scope_console(console(&work.app, ""))),
        // The remedy of a code is for a person's token; here our own advice fits better.
        (CallTrouble::Settings, _) => match refusal.remedy {
            Some(remedy) => failure.then(lang.remedy(remedy).to_owned()),
            None => failure,
        },
        (CallTrouble::NoSuchApi, _) if work.app.provider().brand().is_none() => failure.then(lang.call_no_such_path()),
        (CallTrouble::Redirected, _) => match &refusal.redirect_host {
            Some(host) => failure.detail(host.clone()),
            None => failure,
        },
        _ => failure,
    }
}

/// Of alternatives the one that says most exactly what it is for: with the most parts, and the first of those.
/// (`wiki:space:retrieve` rather than `wiki:wiki`.)
fn narrowest(scopes: &[String]) -> Option<&str> {
    let parts = |scope: &str| scope.split([':', '.']).count();
    let most = scopes.iter().map(|scope| parts(scope)).max()?;
    scopes.iter().find(|scope| parts(scope) == most).map(String::as_str)
}

/// The app's page of permissions, searched for a scope (reference/feishu.md §1).
fn console(app: &App, scope: &str) -> String {
    let mut url = app.hosts.open.clone();
    url.set_path(&format!("/app/{}/auth", app.client_id));
    url.set_query((!scope.is_empty()).then(|| format!("q={scope}")).as_deref());
    url.into()
}

/// In the words that every failure is told in.
fn of(refusal: &CallRefusal) -> Refusal {
    Refusal {
        class: RefusalClass::OurBug,
        remedy: refusal.remedy.unwrap_or(Remedy::TryLater),
        provider_code: refusal.code,
        provider_word: None,
        meaning: refusal.meaning,
        status: refusal.status,
        description: refusal.message.clone(),
        log_id: refusal.log_id.clone(),
        retry_after: refusal.retry_after.map(|wait| wait.as_secs()),
        missing_scopes: refusal.missing_scopes.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_that_says_most_is_proposed() {
        let scopes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(narrowest(&scopes(&["wiki:wiki", "wiki:node:create"])), Some("wiki:node:create"));
        assert_eq!(
            narrowest(&scopes(&["docx:document", "docx:document.block:convert"])),
            Some("docx:document.block:convert")
        );
        assert_eq!(narrowest(&scopes(&["a:b", "c:d"])), Some("a:b"));
        assert_eq!(narrowest(&[]), None);
    }
}
