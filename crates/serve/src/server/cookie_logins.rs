//! Logins by what a user's browser carries, where the token service has no page to log in at (reference/blueking.md).
//!
//! Enters: the cookies that a back end was sent by its user's browser. Leaves: that user's login, under the name that the service knows the
//! user by. Cookies are shown to the token service, stored nowhere, and in no message (I4). A user whose login lives is asked for nothing.

use std::collections::BTreeMap;
use std::net::IpAddr;

use http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use tokenward::core::{DirectGrant, LoginCookie, UserName, UserTicket};
use tokenward::{Error, Obtain};
use tokenward_core::{Code, ProfileName};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::caller::Caller;
use super::grant_views::GrantView;
use super::parsed_request::Ask;
use super::problem::Problem;

/// A login by the cookies of a user's browser.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CookieLogin {
    /// The profile of the settings whose app the tokens are for.
    profile: String,
    /// The user, by the name that the token service knows them by.
    user: String,
    /// The login cookies of that user's browser by name, as in `bk_token`.
    #[schemars(with = "BTreeMap<String, String>")]
    cookies: BTreeMap<String, Zeroizing<String>>,
    /// The address of that browser, where the token service looks at it.
    client_ip: Option<IpAddr>,
}

pub(super) async fn log_in(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let CookieLogin { profile, user, cookies, client_ip } = ask.json()?;
    let bad = |what: &str| Problem::bad_request(format!("{what} cannot be used"));
    let base: ProfileName = profile.parse().map_err(|_| bad("profile"))?;
    let user: UserName = user.parse().map_err(|_| bad("user"))?;
    if base.as_str() != base.base() {
        return Err(bad("profile"));
    }
    let (session, profile) = (ask.session(), base.of_user(&user));
    ask.names(&profile);
    let resolved = session.settings().profile(Some(&profile)).map_err(Error::from)?;
    if !caller.has_profile(&resolved.app_name, &profile) {
        return Err(Problem::new(StatusCode::NOT_FOUND, Code::UnknownProfile));
    }
    if resolved.token_api.has_browser_login() {
        return Err(Problem::bad_request("the app of this profile has a login page: POST /v1/logins"));
    }
    let mut fields = Vec::new();
    for field in &resolved.cookies {
        let value = if field.names_user() {
            user.as_str()
        } else {
            let lacking = || Problem::bad_request(format!("cookies lacks {}", field.cookie));
            cookies.get(&field.cookie).ok_or_else(lacking)?.as_str()
        };
        let cookie = LoginCookie::parse(value).map_err(|_| bad(&format!("the cookie {}", field.cookie)))?;
        fields.push((field.field.clone(), cookie));
    }
    let shows = DirectGrant::Ticket(UserTicket { fields, client_ip, renew: false });
    let (_, app) = session.app(&profile).await?;
    let handed = session.keeper().obtain(&app, &Obtain::user(base, user, Some(shows))).await?;
    ask.is_about(handed.grant);
    if let Some(error) = handed.failed {
        return Err(error.into());
    }
    let grant = session.keeper().login(handed.grant).await?;
    Answer::ok(&GrantView::of(&grant, &ask.server))
}
