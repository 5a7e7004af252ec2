//! Tokens: handed out, called dead, refreshed.
//!
//! Everything that matters is the engine's: a token is durable before it is handed out (I2), callers of one login cause one exchange (I1),
//! and one that still lives is handed out whatever happens to the refresh (I7).

use std::time::Duration;

use http::HeaderValue;
use http::header::IF_NONE_MATCH;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokenward::{Notice, ServedToken};
use tokenward_core::{Generation, Grant, ProfileName, TokenWish};

use super::answer::Answer;
use super::caller::Caller;
use super::grant_views::moment;
use super::parsed_request::Ask;
use super::problem::Problem;

/// How good the token must be.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenQuery {
    /// The least life that the caller can use, in seconds: up to 86400.
    min_ttl: Option<u64>,
}

/// A token that an API refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefusedToken {
    /// The generation that the token was handed out with.
    generation: u64,
}

/// An access token.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Token")]
pub(super) struct TokenView<'a> {
    /// The token itself.
    access_token: &'a str,
    /// `Bearer`.
    token_type: &'static str,
    /// When it ends.
    expires_at: String,
    /// How long it still lives, in seconds.
    expires_in: u64,
    /// The login.
    grant: String,
    /// The profile that points at it.
    profile: &'a str,
    /// Its generation, for `refused`.
    generation: u64,
    /// Whether it was refreshed for this request, or a refresh was waited for.
    refreshed: bool,
    /// Whether it lives shorter than `min_ttl` asks for: the provider issues none that lives longer.
    #[serde(skip_serializing_if = "is_false")]
    #[serde(default)]
    shorter_than_asked: bool,
    /// Why nothing newer is handed out although it was due: the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_error: Option<&'static str>,
}

pub(super) async fn read(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let TokenQuery { min_ttl } = ask.query()?;
    let min_ttl = Duration::from_secs(min_ttl.unwrap_or(0));
    if min_ttl > LONGEST_TTL {
        return Err(Problem::bad_request("min_ttl cannot be used"));
    }
    let grant = ask.grant(&caller).await?;
    let profile = profile_of(&grant)?;
    let served = ask.session().access(profile, TokenWish::Living { min_ttl }).await?;
    ask.server.was_read(&grant, &served);
    token(&caller, &ask, profile, &served).await
}

pub(super) async fn refused(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let RefusedToken { generation } = ask.json()?;
    let grant = ask.grant(&caller).await?;
    if generation == 0 || generation > grant.generation.get() {
        return Err(Problem::bad_request("no token of that generation was handed out"));
    }
    let profile = profile_of(&grant)?;
    let served = ask.session().access(profile, TokenWish::NewerThan(Generation::new(generation))).await?;
    ask.server.was_read(&grant, &served);
    token(&caller, &ask, profile, &served).await
}

pub(super) async fn refresh(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let grant = ask.grant(&caller).await?;
    let profile = profile_of(&grant)?;
    let served = ask.session().renew(profile).await?;
    token(&caller, &ask, profile, &served).await
}

/// Without a profile nobody says which app's secret it is refreshed with.
fn profile_of(grant: &Grant) -> Result<&ProfileName, Problem> {
    let lacking = || Problem::no_such_grant().detail("no profile points at this login");
    grant.profile.as_ref().ok_or_else(lacking)
}

async fn token(caller: &Caller, ask: &Ask, profile: &ProfileName, served: &ServedToken) -> Result<Answer, Problem> {
    // The profile may have been given another login meanwhile.
    if ask.about.get() != Some(&served.grant) {
        let grant = ask.session().keeper().login(served.grant).await?;
        if !caller.has(&grant) {
            return Err(Problem::no_such_grant());
        }
    }
    let etag = format!("\"{}.{}\"", served.grant, served.generation);
    let has_it = ask.headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let has_it = has_it.flat_map(|value| value.split(',')).any(|known| known.trim().trim_start_matches("W/") == etag);
    let etag = HeaderValue::try_from(etag).map_err(|error| Problem::internal(error.to_string()))?;
    if has_it {
        return Ok(Answer::not_modified().etag(etag));
    }
    let view = TokenView {
        access_token: served.access.token.expose(),
        token_type: "Bearer",
        expires_at: moment(served.access.expires),
        expires_in: served.access.remaining(ask.session().now()).as_secs(),
        grant: served.grant.to_string(),
        profile: profile.as_str(),
        generation: served.generation.get(),
        refreshed: served.rotated,
        shorter_than_asked: served.notices.iter().any(|notice| matches!(notice, Notice::ShorterThanAsked)),
        refresh_error: served.failed.as_ref().map(|error| error.code().as_str()),
    };
    Ok(Answer::ok(&view)?.etag(etag))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

const LONGEST_TTL: Duration = Duration::from_secs(86_400);
