//! Logins: listed, looked at, brought and ended.

use http::StatusCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokenward::core::ports::Adopted;
use tokenward::links::BroughtLogin;
use tokenward::{Error, secret_parsing};
use tokenward_core::{AppName, Code, Grant, GrantId, ProfileName};
use tokio::time::Instant;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::caller::Caller;
use super::grant_views::{self, GrantList, GrantView, GrantWithHistory, Happening, STATUSES};
use super::parsed_request::Ask;
use super::problem::Problem;
use super::state::Inner;

/// Which logins.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantsQuery {
    /// Those of one app.
    app: Option<String>,
    /// Those with this status.
    #[schemars(extend("enum" = STATUSES))]
    status: Option<String>,
    /// Those whose profile, user's name or user's id holds this text, or whose id begins with it.
    q: Option<String>,
    /// Those after this one: `next` of the page before.
    after: Option<String>,
    /// How many at most: 1 to 500, without it 100.
    limit: Option<u32>,
}

/// How much of one login.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantQuery {
    /// How many entries of its history: 0 to 1000, without it 50.
    history: Option<u32>,
}

/// How a login ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetireQuery {
    /// Whether the provider is told first; if it refuses, nothing changes here.
    #[serde(default)]
    revoke: bool,
}

/// A login that ended.
#[derive(Serialize, JsonSchema)]
pub(super) struct Retired {
    grant: String,
    /// Whether the provider confirmed.
    revoked: bool,
}

/// A login that is elsewhere now.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// The profile that is to point at it; the settings know it, or the profile before its colon.
    profile: String,
    /// Its refresh token.
    #[schemars(with = "String")]
    refresh_token: Zeroizing<String>,
    /// Its access token.
    #[schemars(with = "Option<String>")]
    access_token: Option<Zeroizing<String>>,
    /// When that ends (RFC 3339).
    #[schemars(with = "Option<String>")]
    access_expires_at: Option<Timestamp>,
    /// Whether the profile may become another user's.
    #[serde(default)]
    replace_user: bool,
}

/// Which logins of those that a caller has anything to do with.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) app: Option<AppName>,
    /// One of [`STATUSES`].
    pub(super) status: Option<&'static str>,
    /// What is looked for in what people know a login by.
    pub(super) text: Option<String>,
    pub(super) after: Option<GrantId>,
    pub(super) limit: usize,
}

/// A page of logins.
pub(super) struct Found {
    pub(super) grants: Vec<Grant>,
    /// Where the next page begins; `None`: this is the last one.
    pub(super) next: Option<GrantId>,
}

pub(super) async fn list(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let GrantsQuery { app, status, q, after, limit } = ask.query()?;
    let bad = |what: &str| Problem::bad_request(format!("{what} cannot be used"));
    let app = app.map(|app| app.parse::<AppName>().map_err(|_| bad("app"))).transpose()?;
    let status = match status.as_deref() {
        None => None,
        Some(status) => Some(*STATUSES.iter().find(|known| **known == status).ok_or_else(unknown_status)?),
    };
    let after = after.map(|after| after.parse::<Uuid>().map(GrantId::from).map_err(|_| bad("after"))).transpose()?;
    let limit = match limit.unwrap_or(100) {
        limit @ 1..=500 => limit as usize,
        _ => return Err(bad("limit")),
    };
    let found = found(&caller, &ask.server, &Wanted { app, status, text: q, after, limit }).await?;
    let grants = found.grants.iter().map(|grant| GrantView::of(grant, &ask.server)).collect();
    Answer::ok(&GrantList { grants, next: found.next.map(|next| next.to_string()) })
}

/// At most so many rows are looked at, so that a search for something rare answers in time: such a page is short, and has a next.
pub(super) async fn found(caller: &Caller, server: &Inner, wanted: &Wanted) -> Result<Found, Problem> {
    let Wanted { app, status, text, after, limit } = wanted;
    let (keeper, now) = (server.session.keeper(), server.session.now());
    let is_meant = |grant: &Grant| {
        status.is_none_or(|status| grant_views::status(grant.status(keeper.rules(grant), now)) == status)
            && text.as_deref().is_none_or(|text| grant_views::is_about(grant, text))
    };
    let (mut grants, mut at, mut reads) = (Vec::new(), *after, 0);
    let next = loop {
        let page = server.session.store().grants_after(at, app.as_ref(), AT_ONCE).await?;
        let mut last = None;
        let is_followed =
            |last: GrantId| page.next.is_some() || page.grants.last().is_some_and(|grant| grant.id != last);
        for grant in page.grants.iter().filter(|grant| caller.has(grant) && is_meant(grant)) {
            if grants.len() == *limit {
                break;
            }
            last = Some(grant.id);
            grants.push(grant.clone());
        }
        reads += 1;
        match page.next {
            // What is beyond the last one that fits is for the next page.
            _ if grants.len() == *limit => break last.or(at).filter(|last| is_followed(*last)),
            None => break None,
            Some(next) if reads == READS => break Some(next),
            next => at = next,
        }
    };
    Ok(Found { grants, next })
}

pub(super) async fn get(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let GrantQuery { history } = ask.query()?;
    let grant = ask.grant(&caller).await?;
    let history = history.unwrap_or(50);
    if history > 1000 {
        return Err(Problem::bad_request("history cannot be used"));
    }
    let keeper = ask.session().keeper();
    let entries = if history == 0 { Vec::new() } else { keeper.journal(grant.id, history).await? };
    let history = entries.iter().map(Happening::of).collect();
    Answer::ok(&GrantWithHistory { grant: GrantView::of(&grant, &ask.server), history })
}

pub(super) async fn retire(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let RetireQuery { revoke } = ask.query()?;
    let (grant, revoked) = retired(&caller, &ask, revoke).await?;
    Answer::ok(&Retired { grant: grant.id.to_string(), revoked })
}

/// Ends a login. Says whether the provider confirmed.
pub(super) async fn retired(caller: &Caller, ask: &Ask, revoke: bool) -> Result<(Grant, bool), Problem> {
    let grant = ask.grant(caller).await?;
    let session = ask.session();
    let app = match &grant.profile {
        Some(profile) if revoke => Some(session.app(profile).await?.1),
        None if revoke => return Err(Problem::bad_request("a login without a profile cannot be revoked")),
        _ => None,
    };
    ask.server.memory.forget_token(grant.id);
    let revoked = session.keeper().logout(app.as_ref(), grant.id, revoke).await?;
    Ok((grant, revoked))
}

pub(super) async fn import(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let Import { profile, refresh_token, access_token, access_expires_at, replace_user } = ask.json()?;
    let profile: ProfileName = profile.parse().map_err(|_| Problem::bad_request("profile cannot be used"))?;
    ask.names(&profile);
    let session = ask.session();
    let unknown = || Problem::new(StatusCode::NOT_FOUND, Code::UnknownProfile);
    let resolved = session.settings().profile(Some(&profile)).map_err(Error::from)?;
    if !caller.has_profile(&resolved.app_name, &profile) {
        return Err(unknown());
    }
    let bad =
        |what: &str| Problem::new(StatusCode::BAD_REQUEST, Code::BadSecret).detail(format!("{what} holds no token"));
    let refresh = secret_parsing::refresh_token(refresh_token.as_str()).map_err(|_| bad("refresh_token"))?;
    let access = match access_token {
        None => None,
        Some(text) => {
            Some((secret_parsing::access_token(text.as_str()).map_err(|_| bad("access_token"))?, access_expires_at))
        }
    };
    let brought = BroughtLogin::new(refresh, SOURCE).access(access).replace_user(replace_user);
    // The profile may point at another login from here on.
    if let Some(known) = ask.server.memory.token(profile.as_str(), Instant::now()) {
        ask.server.memory.forget_token(known.grant);
    }
    let report = session.adopt(&profile, brought).await?;
    ask.is_about(report.grant);
    let grant = session.keeper().login(report.grant).await?;
    let status = if matches!(report.adopted, Adopted::Known { .. }) { StatusCode::OK } else { StatusCode::CREATED };
    Answer::with(status, &GrantView::of(&grant, &ask.server))
}

fn unknown_status() -> Problem {
    Problem::bad_request(format!("status is one of {}", STATUSES.join(", ")))
}

/// Rows that a read of a page takes, and how many reads one request makes.
const AT_ONCE: u32 = 500;
const READS: u32 = 8;
/// Where an imported login came from, in its history.
const SOURCE: &str = "the server's API";
