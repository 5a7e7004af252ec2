//! OAuth providers that truly rotate and fail on command. Knows none of Tokenward's other crates: it is written from the
//! protocol reference alone, so that a misread specification fails a test instead of agreeing with itself.
//!
//! A [`Sandbox`] is both brands of the Feishu/Lark platform on loopback listeners, with a virtual clock, users, apps, a
//! consent page that a person can click, and refresh tokens that work once. Behind further doors ([`Door::BEYOND`]) it is
//! BlueKing (SSM, `auth_api`, bkauth, the API gateway) and a plain OAuth 2.0 provider with discovery. It is strict by
//! default; every point on which the references are silent or divided is a knob in [`Rules`]. Faults are injected as [`Fault`]s, and what happened
//! is read from the [`history`](Sandbox::history), the [`counters`](Sandbox::counters) and the checker ([`check`]).
//!
//! ```
//! use std::time::Duration;
//! use tokenward_emulator::{AppSpec, Brand, Sandbox, SandboxOptions};
//!
//! let sandbox = Sandbox::start_blocking(SandboxOptions::default())?;
//! let app = sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1:8080/callback"));
//! let user = sandbox.user("Ada");
//! let tokens = sandbox.seed_grant(&app.id, &user.id, &["offline_access"])?;
//! assert!(tokens.refresh_token.is_some());
//! sandbox.advance(Duration::from_secs(7 * 86_400));
//! assert!(!sandbox.current_tokens()[0].refreshable, "seven days without a refresh end a login");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The other doors, here SSM, whose users are known by their login cookies:
//!
//! ```
//! # use tokenward_emulator::{AppSpec, Brand, Door, Sandbox, SandboxOptions, UserSpec};
//! let sandbox = Sandbox::start_blocking(SandboxOptions::default())?;
//! let app = sandbox.app(AppSpec::new(Brand::BlueKing).credentials("demo-app", "demo-secret"));
//! sandbox.add_user(UserSpec::new("Alice").id("alice").cookie("bk_token", "of-alice"));
//! let tokens = sandbox.seed_login(Door::Ssm, "", &app.id, Some("alice"), &[])?;
//! assert!(sandbox.is_good(&tokens.access_token));
//! println!("POST {}/api/v1/auth/access-tokens", sandbox.door_url(Door::Ssm));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Control endpoint
//!
//! Everything the handle can do is also there over HTTP, for tests in other processes; all bodies are JSON.
//!
//! | Route | What it does |
//! |---|---|
//! | `GET /control` | base URLs (`urls` of the brands, `doors` of the others), apps, users |
//! | `GET`, `POST /control/clock` | reads; `{"set":ms}`, `{"advance_seconds":n}`, `{"frozen":true}` |
//! | `GET`, `PATCH /control/rules` | reads; changes any subset of [`Rules`] |
//! | `GET`, `POST`, `DELETE /control/faults` | lists (and counts hanging requests); adds a [`Fault`]; clears |
//! | `POST /control/release` | lets hanging requests go on |
//! | `GET`, `POST /control/apps` · `GET`, `PATCH`, `DELETE /control/apps/{id}` | registry of [`App`]s |
//! | `GET`, `POST /control/apps/{id}/ticket` | current `app_ticket`; a new one |
//! | `GET`, `POST /control/users` · `PATCH /control/users/{id}` | registry of [`User`]s |
//! | `GET /control/grants` | live tokens of every login ([`CurrentTokens`]) |
//! | `POST /control/grants` | mints a login: `{"app","user","scopes":[…],"api":"v3"}` |
//! | `POST /control/logins` | mints a login of another door: `{"door":"ssm","app","user"}`, also `"realm"`, `"scopes"` |
//! | `GET`, `DELETE /control/requests` | requests as they came ([`KeptRequest`]), while [`Rules::keep_requests`] is on |
//! | `POST /control/withdraw` | the user withdraws: `{"app","user"}` |
//! | `GET /control/devices` · `POST /control/devices/{user_code}` | open device logins; `{"user":"…"}` allows, `{"user":null}` denies |
//! | `GET /control/history?since=n` · `POST /control/history` | records; adds `{"note":"…","client_killed":false}` |
//! | `GET /control/documents`, `GET /control/documents/{id}` | every [`DocumentTree`]; one with its outline |
//! | `GET`, `POST /control/spaces` · `GET /control/medias` | every [`SpaceTree`], one more space ([`SpaceSpec`]); every [`Media`] |
//! | `GET /control/counters` · `GET /control/check` · `GET /control/catalogue` | numbers; [`Verdict`]; every error code |

// Each room imports only from those above it (docs/design/0008-rooms.md).
mod words;

mod rules;

mod book;

mod content;

mod faults;

mod memory;

mod oauth;

mod plain;

mod feishu;

mod blueking;

mod dialects;

mod server;

mod sandbox;

pub use blueking::catalogue_blueking;
pub use book::{
    App, AppSpec, CallCounters, Counters, CurrentAccess, CurrentTokens, DEFAULT_PLAIN_SCOPES, DEFAULT_SCOPES, Death,
    Delivery, DoorCounters, Event, GrantCounters, KeptRequest, Policy, Record, Replay, User, UserSpec, UserStatus,
    Verdict, Violation, Visit, check,
};
pub use content::{BlockTree, DocumentTree, Media, NodeTree, SpaceSpec, SpaceTree};
pub use dialects::SeededTokens;
pub use faults::{ErrorShape, Fault, FaultKind, OddAnswer, Stage};
pub use feishu::{catalogue, catalogue_beyond, catalogue_calls};
pub use memory::BrandUrls;
pub use rules::{
    ApiLimits, AuthApiRules, BkauthRules, BluekingRules, CodeForm, Consent, ContentLimits, GatewayRules, GraceAnswer,
    Identity, Lifetimes, MoveAnswer, OldAccessToken, PlainPart, PlainRules, RateLimit, RefreshFate, Regrant, Rules,
    SsmRules, TokenRules,
};
pub use sandbox::{Sandbox, SandboxOptions, StartError};
pub use words::{
    BaseClock, Brand, CatalogueEntry, ClientAuth, Door, Endpoint, Fingerprint, Moment, Operation, SystemClock,
    TokenApi, Unknown,
};
