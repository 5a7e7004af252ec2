//! The knobs: where the reference is silent, or its sources disagree, the sandbox does what these rules say.
//!
//! The defaults are strict: a used refresh token is dead at once, nothing is forgiven. Business calls are limited by
//! rate as documented; the other endpoints only on request.

use serde::{Deserialize, Serialize};

use crate::rules::{BluekingRules, GraceAnswer, OldAccessToken, PlainRules};

/// All knobs. `PATCH /control/rules` takes any subset of these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent knob with a name of its own")]
pub struct Rules {
    /// Who answers the consent page.
    pub consent: Consent,
    /// Who answers a device authorization.
    pub device_consent: Consent,
    /// How long tokens and codes live.
    pub lifetimes: Lifetimes,
    /// What becomes of the old access token when its refresh token rotates (reference/feishu.md §5.1: sources disagree).
    pub old_access_token: OldAccessToken,
    /// For this many seconds after its first use a refresh token is forgiven, unless its successor was used. 0: never.
    pub grace_seconds: u64,
    /// What a forgiven replay is answered with.
    pub grace_answer: GraceAnswer,
    /// Whether presenting a used refresh token ends the whole login (RFC 9700 §4.14.2; reference/feishu.md §5.1:
    /// unknown).
    pub family_revocation: bool,
    /// What v2 and v3 answer to a used refresh token: 20064 or 20073 (reference/feishu.md §5.1: either).
    pub reused_code: u32,
    /// What OIDC v1 answers to a used refresh token: 20038 or 20026 (reference/feishu.md §5.1).
    pub oidc_reused_code: u32,
    /// What legacy v1 answers to a dead or unknown refresh token or code; its table lists no better one than 20007.
    pub legacy_dead_code: u32,
    /// What v2 and v3 answer to a used authorization code: 20065 or 20003 (reference/feishu.md §4.5: either).
    pub used_authorization_code: u32,
    /// Whether revoking the refresh token ends the live access token too (reference/feishu.md §8.5: unknown).
    pub revoking_refresh_ends_access: bool,
    /// Whether a second authorization of the same user and app ends the first (reference/feishu.md §5.1: unknown).
    pub reauthorization_ends_earlier: bool,
    /// Whether OIDC and legacy v1 take a tenant token where an app token is documented (reference/feishu.md §6: Node
    /// does so).
    pub v1_accepts_tenant_token: bool,
    /// What an OIDC exchange answers when the app token belongs to another app: 20029 or 20024 (reference/feishu.md
    /// §3.3, §6).
    pub oidc_foreign_app_code: u32,
    /// Whether v1 exchanges, which cannot carry a verifier, refuse codes that were asked for with a challenge.
    pub v1_refuses_challenged_codes: bool,
    /// What user info answers to a dead user token: 20005 with HTTP 200 (reference/feishu.md §10) or 99991668 with HTTP
    /// 400 (reference/feishu.md §11).
    pub user_info_dead_code: u32,
    /// What business calls answer to an expired user token: 99991677 or 99991668 (reference/feishu.md §11).
    pub expired_access_code: u32,
    /// Whether a store app's tokens follow the same 30-minute rule as a self-built app's (reference/feishu.md §9: half
    /// documented).
    pub store_tokens_repeat: bool,
    /// Whether any port of a registered loopback redirect URL is good (RFC 8252 §7.3; reference/feishu.md §3.3: not
    /// documented).
    pub loopback_any_port: bool,
    /// Whether a successful revocation answers `{"code":0}` rather than nothing (reference/feishu.md §8.5: "may be
    /// empty").
    pub revoke_answers_json: bool,
    /// Whether a narrowed `scope` must repeat `offline_access` for a refresh token (reference/feishu.md §4.1: D25 yes,
    /// D26 silent).
    pub narrowing_drops_refresh: bool,
    /// Whether the lifetime in an answer is cut at the 365-day wall (reference: silent). Off: the wall comes unannounced.
    pub wall_is_announced: bool,
    /// Milliseconds every machine request waits before it is processed.
    pub latency_before_ms: u64,
    /// Milliseconds every machine request waits after it was processed and before it is answered.
    pub latency_after_ms: u64,
    /// The limit per endpoint and app, if any.
    pub rate_limit: Option<RateLimit>,
    /// The limits of business calls (reference/feishu.md §12.1, step 7).
    pub api_limits: ApiLimits,
    /// The limits of spaces and documents (reference/feishu.md §12.2, §12.5).
    pub content_limits: ContentLimits,
    /// How many looks at an import or move find it unfinished: the first finds 1, the next 2.
    pub task_polls: u32,
    /// The job status with which imports that are begun from now on fail (reference/feishu.md §12.2), if they shall.
    pub import_failure: Option<u32>,
    /// Whether a wiki node comes with the page's address (reference/feishu.md §12.1: it does not; lark-oapi 1.7.5 has a
    /// field `url`).
    pub node_url: bool,
    /// How moving a document into the wiki is answered (reference/feishu.md §12.2: any of three).
    pub move_answer: MoveAnswer,
    /// Whether requests are kept as they came, secrets and all, for [`Sandbox::requests`](crate::Sandbox::requests) and
    /// `GET /control/requests`.
    pub keep_requests: bool,
    /// BlueKing's doors.
    pub blueking: BluekingRules,
    /// The plain OAuth 2.0 provider.
    pub plain: PlainRules,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            consent: Consent::Ask,
            device_consent: Consent::Ask,
            lifetimes: Lifetimes::default(),
            old_access_token: OldAccessToken::UntilExpiry,
            grace_seconds: 0,
            grace_answer: GraceAnswer::SamePair,
            family_revocation: false,
            reused_code: 20064,
            oidc_reused_code: 20038,
            legacy_dead_code: 20007,
            used_authorization_code: 20065,
            revoking_refresh_ends_access: false,
            reauthorization_ends_earlier: false,
            v1_accepts_tenant_token: true,
            oidc_foreign_app_code: 20029,
            v1_refuses_challenged_codes: false,
            user_info_dead_code: 20005,
            expired_access_code: 99_991_677,
            store_tokens_repeat: true,
            loopback_any_port: false,
            revoke_answers_json: false,
            narrowing_drops_refresh: false,
            wall_is_announced: false,
            latency_before_ms: 0,
            latency_after_ms: 0,
            rate_limit: None,
            api_limits: ApiLimits::DOCUMENTED,
            content_limits: ContentLimits::default(),
            task_polls: 2,
            import_failure: None,
            node_url: false,
            move_answer: MoveAnswer::Token,
            keep_requests: false,
            blueking: BluekingRules::default(),
            plain: PlainRules::default(),
        }
    }
}

/// Who decides when consent is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", deny_unknown_fields)]
pub enum Consent {
    /// A person, on the page.
    Ask,
    /// The sandbox agrees at once.
    Auto {
        /// In whose name; the first user when left out.
        #[serde(default)]
        user: Option<String>,
    },
    /// The sandbox refuses at once.
    Deny,
}

/// Lifetimes in seconds (reference/feishu.md §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lifetimes {
    /// Authorization code: 5 minutes.
    pub code: u64,
    /// User access token of v2 and v3.
    pub access: u64,
    /// User access token of OIDC v1.
    pub oidc_access: u64,
    /// User access token of legacy v1.
    pub legacy_access: u64,
    /// Refresh token of v2 and v3: 7 days.
    pub refresh: u64,
    /// Refresh token of OIDC v1: about 30 days.
    pub oidc_refresh: u64,
    /// Refresh token of legacy v1: about 30 days.
    pub legacy_refresh: u64,
    /// No refresh moves this end: seconds after the user's consent, 365 days.
    pub wall: u64,
    /// App and tenant tokens.
    pub app: u64,
    /// Below this many seconds of remaining life a call mints a new app or tenant token.
    pub app_renewal: u64,
    /// Device code.
    pub device: u64,
    /// Seconds between two polls of a device flow.
    pub device_interval: u64,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            code: 300,
            access: 7200,
            oidc_access: 7199,
            legacy_access: 7140,
            refresh: 604_800,
            oidc_refresh: 2_591_999,
            legacy_refresh: 2_591_940,
            wall: 365 * 86_400,
            app: 7200,
            app_renewal: 1800,
            device: 240,
            device_interval: 5,
        }
    }
}

/// A two-part limit; it trips on either part (reference/feishu.md §11.1, §13).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests in a minute of virtual time.
    pub per_minute: u32,
    /// Requests in a second of virtual time.
    pub per_second: u32,
}

impl RateLimit {
    /// The platform's limit for its token endpoints: 1000 a minute and 50 a second.
    pub const DOCUMENTED: Self = Self { per_minute: 1000, per_second: 50 };
}

/// The limits of business calls, in virtual time. 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ApiLimits {
    /// Edits of documents in a second, per app: HTTP 400 with 99991400.
    pub docx_per_second: u32,
    /// Edits of one document in a second, whoever edits: HTTP 429 with 99991400.
    pub document_per_second: u32,
    /// Wiki calls in a minute, per call and app.
    pub wiki_per_minute: u32,
    /// Uploads in a second, per app.
    pub upload_per_second: u32,
    /// Import calls in a minute, per call and app.
    pub import_per_minute: u32,
}

impl ApiLimits {
    /// What reference/feishu.md §12 names.
    pub const DOCUMENTED: Self = Self {
        docx_per_second: 3,
        document_per_second: 3,
        wiki_per_minute: 100,
        upload_per_second: 5,
        import_per_minute: 100,
    };
    /// No limits.
    pub const NONE: Self = Self {
        docx_per_second: 0,
        document_per_second: 0,
        wiki_per_minute: 0,
        upload_per_second: 0,
        import_per_minute: 0,
    };
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self::DOCUMENTED
    }
}

/// How large spaces and documents may grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ContentLimits {
    /// Levels of nodes in a space: 131003 beyond.
    pub wiki_depth: usize,
    /// Nodes below one parent: 131003 beyond.
    pub wiki_siblings: usize,
    /// Nodes in a space: 131003 beyond.
    pub wiki_nodes: usize,
    /// Blocks in a document: 1770004 beyond. reference/feishu.md §12.2 names the number for imports only.
    pub docx_blocks: usize,
    /// Levels of blocks below the page: 1770005 beyond. No number is documented; this is a generous guess.
    pub docx_depth: usize,
    /// Uploads in a day (reference/feishu.md §12.1, step 6): 1061042 beyond; the reference names the number and no
    /// code.
    pub uploads_a_day: usize,
}

impl Default for ContentLimits {
    fn default() -> Self {
        Self {
            wiki_depth: 50,
            wiki_siblings: 2000,
            wiki_nodes: 400_000,
            docx_blocks: 20_000,
            docx_depth: 32,
            uploads_a_day: 10_000,
        }
    }
}

/// How moving a document into the wiki is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveAnswer {
    /// Somebody has to agree first; nothing is moved.
    Applied,
    /// With a `task_id` to ask about.
    Task,
    /// At once, with the `wiki_token`.
    Token,
}
