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
use tokenward_core::{Access, Generation, Grant, GrantId, OldAccess, ProfileName, TokenWish};
use tokio::time::Instant;

use super::answer::Answer;
use super::caller::Caller;
use super::grant_views::moment;
use super::offline_cache::KnownToken;
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
    /// Whether the node has it from memory, since the store does not answer.
    from_memory: bool,
}

pub(super) async fn read(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let TokenQuery { min_ttl } = ask.query()?;
    let min_ttl = Duration::from_secs(min_ttl.unwrap_or(0));
    if min_ttl > LONGEST_TTL {
        return Err(Problem::bad_request("min_ttl cannot be used"));
    }
    let mut caller = caller;
    let answered = match caller.take_unasked() {
        Some(problem) => Err(problem),
        None => read_now(&caller, &ask, min_ttl).await,
    };
    match answered {
        Err(problem) if problem.is_of_a_silent_store() => remembered(&caller, &ask, min_ttl, problem),
        Err(problem) => {
            // What the store says of a login that is over holds when it is away, too.
            if let Some(known) = known(&caller, &ask) {
                ask.server.memory.forget_token(known.grant);
            }
            Err(problem)
        }
        answered => answered,
    }
}

async fn read_now(caller: &Caller, ask: &Ask, min_ttl: Duration) -> Result<Answer, Problem> {
    let asked = Instant::now();
    let grant = ask.grant_or_memory(caller, known(caller, ask).is_some()).await?;
    let profile = profile_of(&grant)?;
    let served = ask.session().access(profile, TokenWish::Living { min_ttl }).await?;
    ask.server.was_read(&grant, &served);
    let answer = token(caller, ask, profile, &served).await?;
    remember(ask, &grant, profile, &served, asked);
    Ok(answer)
}

/// A token was handed out that the store has, and had when it was asked.
fn remember(ask: &Ask, grant: &Grant, profile: &ProfileName, served: &ServedToken, asked: Instant) {
    let rules = ask.session().keeper().rules(grant);
    // Where a refresh ends the token before it, another node may do so from the moment it is due on.
    let until = match rules.old_access {
        OldAccess::Dies => rules.due_at(grant.id, &served.access).min(served.access.expires),
        OldAccess::Stays => served.access.expires,
    };
    ask.server.memory.confirm_token(grant, profile, served, (asked, until));
}

/// What this node remembers of the login, if it is one of the caller's.
fn known(caller: &Caller, ask: &Ask) -> Option<KnownToken> {
    let known = ask.server.memory.token(ask.named.as_deref().unwrap_or_default(), Instant::now());
    known.filter(|known| caller.has_profile(&known.app, &known.profile))
}

/// The token that was handed out a moment ago, while the store does not answer. That it was is in the log at once, since its entry of the audit
/// trail waits in the memory of a process.
fn remembered(caller: &Caller, ask: &Ask, min_ttl: Duration, problem: Problem) -> Result<Answer, Problem> {
    let now = ask.session().now();
    let lives = |known: &KnownToken| now < known.until && known.access.remaining(now) > min_ttl;
    let Some(known) = known(caller, ask).filter(lives) else { return Err(problem) };
    ask.is_about(known.grant);
    let (grant, caller, code) = (known.grant, caller.id(), problem.code.as_str());
    tracing::warn!(%grant, caller, code, "a token was handed out from memory: the store does not answer");
    let served = Served {
        grant: known.grant,
        access: &known.access,
        generation: known.generation,
        is_refreshed: false,
        is_shorter: false,
        refresh_error: None,
        is_from_memory: true,
    };
    view(ask, &known.profile, &served)
}

pub(super) async fn refused(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let RefusedToken { generation } = ask.json()?;
    let mut caller = caller;
    // An API has refused it, whatever the store can be told of that.
    if let Some(known) = known(&caller, &ask).filter(|known| known.generation.get() <= generation) {
        ask.server.memory.forget_token(known.grant);
    }
    if let Some(problem) = caller.take_unasked() {
        return Err(problem);
    }
    let asked = Instant::now();
    let grant = ask.grant(&caller).await?;
    if generation == 0 || generation > grant.generation.get() {
        return Err(Problem::bad_request("no token of that generation was handed out"));
    }
    let profile = profile_of(&grant)?;
    let served = ask.session().access(profile, TokenWish::NewerThan(Generation::new(generation))).await?;
    ask.server.was_read(&grant, &served);
    let answer = token(&caller, &ask, profile, &served).await?;
    remember(&ask, &grant, profile, &served, asked);
    Ok(answer)
}

pub(super) async fn refresh(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let asked = Instant::now();
    let (grant, served) = renewed(&caller, &ask).await?;
    let profile = profile_of(&grant)?;
    let answer = token(&caller, &ask, profile, &served).await?;
    remember(&ask, &grant, profile, &served, asked);
    Ok(answer)
}

/// Refreshes a login now.
pub(super) async fn renewed(caller: &Caller, ask: &Ask) -> Result<(Grant, ServedToken), Problem> {
    let grant = ask.grant(caller).await?;
    // It may end with the refresh, and then nobody is to be given it.
    ask.server.memory.forget_token(grant.id);
    let served = ask.session().renew(profile_of(&grant)?).await?;
    Ok((grant, served))
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
    let served = Served {
        grant: served.grant,
        access: &served.access,
        generation: served.generation,
        is_refreshed: served.rotated,
        is_shorter: served.notices.iter().any(|notice| matches!(notice, Notice::ShorterThanAsked)),
        refresh_error: served.failed.as_ref().map(|error| error.code().as_str()),
        is_from_memory: false,
    };
    view(ask, profile, &served)
}

/// A token that is handed out.
struct Served<'a> {
    grant: GrantId,
    access: &'a Access,
    generation: Generation,
    is_refreshed: bool,
    is_shorter: bool,
    refresh_error: Option<&'static str>,
    is_from_memory: bool,
}

fn view(ask: &Ask, profile: &ProfileName, served: &Served<'_>) -> Result<Answer, Problem> {
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
        refreshed: served.is_refreshed,
        shorter_than_asked: served.is_shorter,
        refresh_error: served.refresh_error,
        from_memory: served.is_from_memory,
    };
    Ok(Answer::ok(&view)?.etag(etag))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_false(flag: &bool) -> bool {
    !flag
}

const LONGEST_TTL: Duration = Duration::from_secs(86_400);
