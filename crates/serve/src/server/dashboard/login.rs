//! One login: how it stands, what to do, what can be done here, and what happened to it.

use askama::Template;
use tokenward_core::{Grant, Standing, Verb, visible};
use tokenward_words::Language;

use super::super::caller::Caller;
use super::super::state::Inner;
use super::super::web_logins;
use super::frame::{Frame, Here, Moment, marked};
use super::history::{Step, told};
use super::logins::{address, name};
use super::reply::Reply;
use super::state::{Account, Means};
use super::trouble::Trouble;
use super::visit::Visit;

#[derive(Template)]
#[template(path = "dashboard/login.html")]
struct Login {
    frame: Frame,
    l: Language,
    name: String,
    user: Option<String>,
    account: Account,
    next: String,
    /// What a form has just done.
    told: Option<String>,
    /// Name and value.
    facts: Vec<(String, Fact)>,
    scopes: Vec<String>,
    here: String,
    form: String,
    can: Can,
    steps: Vec<Step>,
    /// Where all of the history is, if there is more.
    whole: Option<String>,
}

enum Fact {
    Text(String),
    Code(String),
    At(Moment),
}

/// What can be done here by whoever looks.
struct Can {
    refresh: bool,
    end: bool,
    connect: bool,
}

pub(super) async fn show(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let (server, l) = (visit.server(), visit.l());
    let grant = visit.ask.grant(&caller).await?;
    let keeper = server.session.keeper();
    let (now, rules) = (server.session.now(), keeper.rules(&grant));
    let limit = if visit.field("history") == Some("whole") { WHOLE } else { NEWEST };
    let entries = keeper.journal(grant.id, limit).await?;
    let has_more = limit == NEWEST && entries.len() >= usize::try_from(NEWEST).unwrap_or(usize::MAX);
    let means = means(&grant, &caller, server);
    let is_alive = !matches!(grant.standing, Standing::Retired { .. });
    let account = Account::of(&grant, rules, now, means, l);
    let shown = Login {
        name: name(&grant, l),
        user: grant.subject.as_ref().map(|subject| visible(subject.known_as()).into_owned()),
        next: marked(&account.next),
        told: match visit.field("told") {
            Some("refreshed") => Some(l.page_refreshed_now()),
            Some("ended") => Some(l.page_ended_now()),
            Some("revoked") => Some(l.page_ended_and_revoked()),
            _ => None,
        },
        facts: facts(&grant, &visit),
        scopes: grant.scopes.iter().map(|scope| visible(scope).into_owned()).collect(),
        here: address(grant.id),
        form: visit.session.form().to_owned(),
        can: Can {
            refresh: is_alive && means.may_refresh,
            end: is_alive && caller.may(Verb::RetireGrants),
            connect: is_alive && means.may_connect,
        },
        steps: told(&entries, now, l),
        whole: has_more.then(|| format!("{}?history=whole#history", address(grant.id))),
        frame: Frame::known(&visit, &caller, Here::Logins, name(&grant, l)),
        account,
        l,
    };
    Ok(Reply::ok(&shown)?)
}

/// What the server, and whoever looks, can do about a login.
pub(super) fn means(grant: &Grant, caller: &Caller, server: &Inner) -> Means {
    let settings = server.session.settings();
    let resolved = grant.profile.as_ref().and_then(|profile| settings.profile(Some(profile)).ok());
    let resolved = resolved.filter(|resolved| resolved.app_name == grant.app);
    let is_alive = grant.has_refresh && !matches!(grant.standing, Standing::NeedsConsent { .. });
    Means {
        is_refreshed: server.scheduler.as_ref().is_some_and(|scheduler| scheduler.refreshes(grant)),
        is_named: resolved.is_some(),
        may_refresh: is_alive && resolved.is_some() && caller.may(Verb::RefreshToken),
        may_connect: caller.may(Verb::Login) && resolved.as_ref().is_some_and(web_logins::is_for_browsers),
        has_commands: server.session.is_on_folder(),
    }
}

fn facts(grant: &Grant, visit: &Visit) -> Vec<(String, Fact)> {
    let (server, l) = (visit.server(), visit.l());
    let now = server.session.now();
    let at = |at| Fact::At(Moment::of(at, now, l));
    let subject = grant.subject.as_ref();
    let user = |id: &str, name: Option<&str>| match name {
        Some(name) if name != id => format!("{} ({})", visible(name), visible(id)),
        _ => visible(id).into_owned(),
    };
    let user = subject.map_or_else(|| l.page_unknown_user(), |subject| user(&subject.id, subject.name.as_deref()));
    let tenant = subject.and_then(|subject| subject.tenant.as_deref());
    let due = grant.access.as_ref().map(|access| server.session.keeper().rules(grant).due_at(grant.id, access));
    let mut facts =
        vec![(l.page_head_user(), Fact::Text(user)), (l.page_head_app(), Fact::Text(grant.app.to_string()))];
    facts.extend(tenant.map(|tenant| (l.page_tenant(), Fact::Text(visible(tenant).into_owned()))));
    // What was ended has no end ahead.
    if !matches!(grant.standing, Standing::Retired { .. }) {
        facts.extend(grant.access.as_ref().map(|access| (l.page_access_expires(), at(access.expires))));
        facts.extend(due.filter(|due| *due > now && grant.has_refresh).map(|due| (l.page_refreshes_at(), at(due))));
        facts.extend(grant.refresh_expires.map(|end| (l.page_login_expires(), at(end))));
        facts.extend(grant.wall.map(|end| (l.page_login_ends(), at(end))));
    }
    facts.push((l.page_logged_in_at(), at(grant.consented)));
    facts.push((l.page_head_refreshed(), at(grant.rotated_at)));
    facts.push((l.page_token_set(), Fact::Text(grant.generation.to_string())));
    facts.push((l.page_id(), Fact::Code(grant.id.to_string())));
    facts
}

/// Entries of the history: at first, and at most.
const NEWEST: u32 = 200;
const WHOLE: u32 = 1000;
