//! The knobs of BlueKing's dialects: lifetimes, what a second grant and a refresh do, and how answers are spelled.
//!
//! The defaults are what reference/blueking.md §2 and §3.3 document, and the stricter of two where it names a dispute.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::rules::OldAccessToken;

/// The knobs of all BlueKing doors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BluekingRules {
    /// SSM.
    pub ssm: SsmRules,
    /// The internal editions' `auth_api`.
    pub auth_api: AuthApiRules,
    /// The OAuth 2.0 server.
    pub bkauth: BkauthRules,
    /// The API gateway.
    pub gateway: GatewayRules,
}

/// What SSM and `auth_api` have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent knob with a name of its own")]
pub struct TokenRules {
    /// Life of an access token in seconds.
    pub access_seconds: u64,
    /// Life of a refresh token in seconds.
    pub refresh_seconds: u64,
    /// Whether answers carry a refresh token at all.
    pub refreshable: bool,
    /// Whether a rotated refresh token lives anew, or only until the end of the first.
    pub sliding: bool,
    /// What a refresh does to the refresh token.
    pub refresh: RefreshFate,
    /// Whether a rotated refresh token is dead at once. Off: it stays good beside its successor.
    pub single_use: bool,
    /// What becomes of the old access token, by a refresh or by a grant that supersedes it.
    pub old_access_token: OldAccessToken,
    /// Whether presenting a used refresh token ends the whole login.
    pub family_revocation: bool,
    /// Whom the answers to users' grants name.
    pub identity: Identity,
    /// How success is spelled.
    pub success_code: CodeForm,
    /// HTTP status of refusals (reference/blueking.md §2.1: not published for SSM; §2.2: 200 for `auth_api`).
    pub error_status: u16,
    /// Whether answers to users' grants set a session cookie: a client that keeps it sends it with the next user's.
    pub set_cookie: bool,
    /// What a login cookie that nobody has is refused with.
    pub cookie_code: u32,
    /// What an access token that is not good is answered with by verify and check.
    pub dead_access_code: u32,
}

/// The knobs of SSM (reference/blueking.md §2.1, §2.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SsmRules {
    /// What SSM shares with `auth_api`.
    pub tokens: TokenRules,
    /// What a second grant does while the token of the first is good (disputed: overwritten, or given again).
    pub regrant: Regrant,
}

impl Default for SsmRules {
    fn default() -> Self {
        let tokens = TokenRules {
            access_seconds: 43_200,
            refresh_seconds: 30 * 86_400,
            refreshable: true,
            sliding: false,
            refresh: RefreshFate::Constant,
            single_use: true,
            old_access_token: OldAccessToken::Dies,
            family_revocation: false,
            identity: Identity::True,
            success_code: CodeForm::Number,
            error_status: 200,
            set_cookie: false,
            cookie_code: 1_901_400,
            dead_access_code: 1_901_400,
        };
        Self { tokens, regrant: Regrant::Supersede }
    }
}

/// The knobs of `auth_api` (reference/blueking.md §2.2, §2.3). Only the code 1308406 is published; the others are the
/// sandbox's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent knob with a name of its own")]
pub struct AuthApiRules {
    /// What `auth_api` shares with SSM.
    pub tokens: TokenRules,
    /// Whether `need_new_token` is looked at. Off: every grant mints.
    pub obeys_need_new_token: bool,
    /// Whether the text `True`, which bkoauth sends, asks for a new token (how it is read is not published).
    pub true_text_mints: bool,
    /// With `need_new_token=0` the current token is given again while it has more than this many seconds left.
    pub reuse_seconds: u64,
    /// Whether a refresh must bring the app's secret. bkoauth sends none.
    pub refresh_needs_secret: bool,
    /// Whether the environment (`env_name`) parts an app's tokens.
    pub parted_by_environment: bool,
    /// What parameters that are missing or odd are refused with.
    pub parameter_code: u32,
    /// What an app that is unknown, or does not prove itself, is refused with.
    pub app_code: u32,
    /// What a refresh token that is not good is refused with.
    pub dead_refresh_code: u32,
}

impl Default for AuthApiRules {
    fn default() -> Self {
        let tokens = TokenRules {
            access_seconds: 180 * 86_400,
            refresh_seconds: 360 * 86_400,
            refreshable: true,
            sliding: true,
            refresh: RefreshFate::Rotates,
            single_use: true,
            old_access_token: OldAccessToken::Dies,
            family_revocation: false,
            identity: Identity::True,
            success_code: CodeForm::Text,
            error_status: 200,
            set_cookie: false,
            cookie_code: 1_308_406,
            dead_access_code: 1_308_404,
        };
        Self {
            tokens,
            obeys_need_new_token: true,
            true_text_mints: true,
            reuse_seconds: 300,
            refresh_needs_secret: false,
            parted_by_environment: true,
            parameter_code: 1_308_400,
            app_code: 1_308_401,
            dead_refresh_code: 1_308_403,
        }
    }
}

/// The knobs of bkauth (reference/blueking.md §3.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BkauthRules {
    /// Life of an access token in seconds.
    pub access_seconds: u64,
    /// Life of a login in seconds; no refresh moves its end.
    pub refresh_seconds: u64,
    /// Life of an authorization code in seconds.
    pub code_seconds: u64,
    /// Life of a device code in seconds.
    pub device_seconds: u64,
    /// Seconds between two polls of a device flow.
    pub device_interval: u64,
    /// A used refresh token that is presented later than this many seconds after its use ends the whole login; sooner it is
    /// taken for a race and only refused.
    pub race_seconds: u64,
    /// What becomes of the old access token on rotation.
    pub old_access_token: OldAccessToken,
    /// The realms, and how their tokens begin. The reference names the beginnings only.
    pub realms: BTreeMap<String, String>,
    /// Which apps may introspect in a realm; a realm that is not listed lets every app.
    pub introspectors: BTreeMap<String, BTreeSet<String>>,
    /// For so many seconds introspection repeats itself; only a revocation is noticed at once. The real one: 300.
    pub introspection_cache_seconds: u64,
    /// Whether a login must name the `resource` that it is for (RFC 8707 §2); without one it is refused with `invalid_target`.
    pub needs_resource: bool,
    /// Whether requests for tokens must name it too (RFC 8707 §2.2): the exchange of a code, polls, and refreshes.
    pub token_needs_resource: bool,
}

impl Default for BkauthRules {
    fn default() -> Self {
        let realms = [("blueking", "bk_"), ("bkci", "bkci_"), ("bkgpu", "bkgpu_")];
        Self {
            access_seconds: 7200,
            refresh_seconds: 30 * 86_400,
            code_seconds: 300,
            device_seconds: 600,
            device_interval: 5,
            race_seconds: 30,
            old_access_token: OldAccessToken::Dies,
            realms: realms.into_iter().map(|(name, prefix)| (name.to_owned(), prefix.to_owned())).collect(),
            introspectors: BTreeMap::new(),
            introspection_cache_seconds: 0,
            needs_resource: false,
            token_needs_resource: false,
        }
    }
}

/// The knobs of the gateway (reference/blueking.md §3.4, §4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayRules {
    /// Whether calls need a user. Paths below `/app/` need only an app either way.
    pub needs_user: bool,
    /// Whether credentials are read from query and body where the header is missing.
    pub takes_parameters: bool,
    /// Whether `Authorization: Bearer …` and `X-API-KEY` are taken for an access token.
    pub takes_bearer: bool,
    /// Apps whose `bk_username` is believed.
    pub exempted_apps: BTreeSet<String>,
    /// For so many seconds a worker takes an access token that it once found good, whatever became of it. The real one: 600
    /// for SSM and `auth_api`.
    pub cache_seconds: u64,
    /// The same for tokens of bkauth, whose own expiry is looked at each time. The real one: 300.
    pub bkauth_cache_seconds: u64,
    /// How many workers take turns, each with a cache of its own.
    pub workers: u32,
}

impl Default for GatewayRules {
    fn default() -> Self {
        Self {
            needs_user: true,
            takes_parameters: false,
            takes_bearer: false,
            exempted_apps: BTreeSet::new(),
            cache_seconds: 0,
            bkauth_cache_seconds: 0,
            workers: 1,
        }
    }
}

/// What a second grant does while the token of the first is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Regrant {
    /// The same tokens again.
    Reuse,
    /// New tokens; the earlier ones end.
    Supersede,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshFate {
    /// It stays the same, and so does its end.
    Constant,
    /// A new one takes its place.
    Rotates,
}

/// How the code of success is spelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeForm {
    /// `0`.
    Number,
    /// `"0"`.
    Text,
}

/// Whom an answer to a user's grant names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is", deny_unknown_fields)]
pub enum Identity {
    /// Nobody: the field is missing.
    Absent,
    /// A user without a name.
    Anonymous,
    /// Somebody else. The token is the true user's all the same.
    Other {
        /// The name.
        user: String,
    },
    /// The user to whom the cookie belongs.
    True,
}
