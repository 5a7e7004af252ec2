//! Logins a page at a time: found as over the API, and those that are meant exactly at once.

use askama::Template;
use tokenward_core::{AppName, Grant, GrantId, ProfileName, Status, visible};
use tokenward_words::Language;
use uuid::Uuid;

use super::super::app_list;
use super::super::caller::Caller;
use super::super::grant_views::STATUSES;
use super::super::grants::{Wanted, found};
use super::super::problem::Problem;
use super::super::state::Inner;
use super::frame::{Frame, Here, Moment};
use super::reply::Reply;
use super::state::{Left, State};
use super::trouble::Trouble;
use super::visit::Visit;

#[derive(Template)]
#[template(path = "dashboard/logins.html")]
struct Logins {
    frame: Frame,
    l: Language,
    text: String,
    apps: Vec<Choice>,
    statuses: Vec<Choice>,
    is_searched: bool,
    exact: Vec<Row>,
    rows: Vec<Row>,
    is_first: bool,
    /// Where the next page is.
    next: Option<String>,
    /// Where the first one is.
    first: String,
}

/// One of several.
struct Choice {
    value: String,
    word: String,
    is_chosen: bool,
}

/// A login in a line.
pub(super) struct Row {
    pub(super) href: String,
    pub(super) name: String,
    pub(super) user: Option<String>,
    pub(super) app: String,
    pub(super) state: State,
    pub(super) left: Left,
    pub(super) refreshed: Moment,
}

impl Row {
    pub(super) fn of(grant: &Grant, server: &Inner, l: Language) -> Self {
        let now = server.session.now();
        let rules = server.session.keeper().rules(grant);
        Self {
            href: address(grant.id),
            name: name(grant, l),
            user: grant.subject.as_ref().map(|subject| visible(subject.known_as()).into_owned()),
            app: grant.app.to_string(),
            state: State::of(grant.status(rules, now), l),
            left: Left::of(grant, now, l),
            refreshed: Moment::of(grant.rotated_at, now, l),
        }
    }
}

/// The page of a login.
pub(super) fn address(grant: GrantId) -> String {
    format!("/dashboard/logins/{grant}")
}

/// What a login is called.
pub(super) fn name(grant: &Grant, l: Language) -> String {
    match (&grant.profile, &grant.former_profile) {
        (Some(profile), _) => visible(profile.as_str()).into_owned(),
        (None, Some(former)) => l.page_former(former),
        (None, None) => l.page_without_profile(),
    }
}

pub(super) async fn show(caller: Caller, visit: Visit) -> Result<Reply, Trouble> {
    let (server, l) = (visit.server(), visit.l());
    let bad = |what: &str| Problem::bad_request(format!("{what} cannot be used"));
    let text = visit.field("q").map(str::to_owned);
    let app = visit.field("app").map(|app| app.parse::<AppName>().map_err(|_| bad("app"))).transpose()?;
    let status = match visit.field("status") {
        None => None,
        Some(asked) => Some(*STATUSES.iter().find(|known| **known == asked).ok_or_else(|| bad("status"))?),
    };
    let after = visit.field("after").map(|after| after.parse::<Uuid>().map(GrantId::from).map_err(|_| bad("after")));
    let after = after.transpose()?;
    let exact = match (&text, after) {
        (Some(text), None) => exactly(&caller, server, text).await?,
        _ => None,
    };
    let wanted = Wanted { app, status, text, after, limit: A_PAGE };
    let page = found(&caller, server, &wanted).await?;
    let row = |grant: &Grant| Row::of(grant, server, l);
    let rows = page.grants.iter().filter(|grant| exact.as_ref().is_none_or(|exact| exact.id != grant.id));
    let known = app_list::known(&caller, server.session.settings());
    let chosen = wanted.app.as_ref().map(AppName::as_str);
    let apps = known.into_iter().map(|app| Choice {
        is_chosen: chosen == Some(app.app.as_str()),
        word: app.app.clone(),
        value: app.app,
    });
    let query = |after: Option<GrantId>| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let fields = [("q", wanted.text.as_deref()), ("app", chosen), ("status", status)];
        query.extend_pairs(fields.into_iter().filter_map(|(name, value)| Some((name, value?))));
        query.extend_pairs(after.map(|after| ("after", after.to_string())));
        match query.finish() {
            query if query.is_empty() => "/dashboard/logins".to_owned(),
            query => format!("/dashboard/logins?{query}"),
        }
    };
    let shown = Logins {
        frame: Frame::known(&visit, &caller, Here::Logins, l.page_logins()),
        l,
        text: wanted.text.clone().unwrap_or_default(),
        apps: apps.collect(),
        statuses: STATES.into_iter().map(|(name, state)| choice(name, state, status, l)).collect(),
        is_searched: wanted.text.is_some() || chosen.is_some() || status.is_some(),
        rows: rows.map(row).collect(),
        exact: exact.iter().map(row).collect(),
        is_first: after.is_none(),
        next: page.next.map(|next| query(Some(next))),
        first: query(None),
    };
    Ok(Reply::ok(&shown)?)
}

fn choice(name: &str, state: Status, chosen: Option<&str>, l: Language) -> Choice {
    Choice { value: name.to_owned(), word: State::of(state, l).word.to_owned(), is_chosen: chosen == Some(name) }
}

/// The login of that very name or id: found at once, however many there are.
async fn exactly(caller: &Caller, server: &Inner, text: &str) -> Result<Option<Grant>, Problem> {
    let keeper = server.session.keeper();
    let looked = match (text.parse::<Uuid>(), text.parse::<ProfileName>()) {
        (Ok(id), _) => keeper.login(GrantId::from(id)).await.map(Some),
        (_, Ok(profile)) => keeper.login_of(&profile).await,
        _ => return Ok(None),
    };
    let found = match looked {
        Ok(found) => found,
        Err(error) if error.code() == tokenward_core::Code::NotLoggedIn => None,
        Err(error) => return Err(error.into()),
    };
    Ok(found.filter(|grant| caller.has(grant)))
}

/// As the API names them.
const STATES: [(&str, Status); 6] = [
    (STATUSES[0], Status::Fresh),
    (STATUSES[1], Status::Due),
    (STATUSES[2], Status::Rotating),
    (STATUSES[3], Status::InDoubt),
    (STATUSES[4], Status::NeedsConsent),
    (STATUSES[5], Status::Retired),
];
/// Logins on a page.
const A_PAGE: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_names_of_the_api() {
        assert!(STATES.into_iter().all(|(name, state)| crate::server::grant_views::status(state) == name));
    }
}
