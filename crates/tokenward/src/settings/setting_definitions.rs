//! The one table of everything a person can configure.
//!
//! Flags, variables and keys are looked up through it, the warnings about unknown names are made from it, and
//! `docs/reference/settings.md` is printed from it (`reference_page`); a test compares the page with the table.

/// Which table of `config.toml` a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// At the top of the file.
    Top,
    /// In `[apps.NAME]`.
    App,
    /// In `[profiles.NAME]`; an app may give the key too, as a default for its profiles.
    AppAndProfile,
    /// In `[profiles.NAME]` only.
    Profile,
    /// In `[webhooks.NAME]`.
    Webhook,
}

macro_rules! settings {
    ($($(#[$meta:meta])* $name:ident {
        variable: $variable:expr, flag: $flag:expr, key: $key:expr, default: $default:literal, meaning: $meaning:literal,
    })+) => {
        /// One thing that can be configured.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Setting { $($(#[$meta])* $name,)+ }

        impl Setting {
            /// Every setting, in the order of the reference page.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The environment variable.
            pub const fn variable(self) -> Option<&'static str> {
                match self { $(Self::$name => $variable,)+ }
            }

            /// The flag on the command line.
            pub const fn flag(self) -> Option<&'static str> {
                match self { $(Self::$name => $flag,)+ }
            }

            /// What holds when nobody says anything, in words.
            pub const fn default_words(self) -> &'static str {
                match self { $(Self::$name => $default,)+ }
            }

            /// What it is for.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning,)+ }
            }

            /// Where it stands in `config.toml`.
            pub(crate) const fn placed(self) -> Option<(Section, &'static str)> {
                match self { $(Self::$name => $key,)+ }
            }
        }
    };
}

settings! {
    /// The folder of everything.
    Home {
        variable: Some("TOKENWARD_HOME"), flag: Some("--home"), key: None,
        default: "`$XDG_DATA_HOME/tokenward`, else `~/.local/share/tokenward`",
        meaning: "The folder that holds `config.toml` and the vault.",
    }
    /// The profile to use.
    Profile {
        variable: Some("TOKENWARD_PROFILE"), flag: Some("--profile"), key: Some((Section::Top, "default_profile")),
        default: "the only profile there is; `default` where no file names one",
        meaning: "The profile to use.",
    }
    /// The app of a profile.
    App {
        variable: None, flag: None, key: Some((Section::Profile, "app")),
        default: "none: every profile names its app",
        meaning: "The app a profile belongs to: the `NAME` of an `[apps.NAME]` table.",
    }
    /// The provider.
    Provider {
        variable: Some("TOKENWARD_PROVIDER"), flag: Some("--provider"), key: Some((Section::App, "provider")),
        default: "the brand of the configured hosts, else `feishu`",
        meaning: "Where the app is registered: `feishu`, `lark`, `blueking`, or `oauth2` for any server that keeps to RFC 6749; `gitea` and `gitlab` are `oauth2` with that server's issuer, scopes and rules where nothing else is said.",
    }
    /// The app's public id.
    AppId {
        variable: Some("TOKENWARD_APP_ID"), flag: Some("--app-id"), key: Some((Section::App, "app_id")),
        default: "none: it must be given",
        meaning: "The app's public id: at Feishu and Lark the App ID of the developer console, `cli_…`; at BlueKing the app code; elsewhere the `client_id`. Given without a configuration file, it makes an app and a profile by itself.",
    }
    /// Self-built or store.
    AppKind {
        variable: Some("TOKENWARD_APP_KIND"), flag: Some("--app-kind"), key: Some((Section::App, "app_kind")),
        default: "`self-built`",
        meaning: "Feishu and Lark: `self-built` (a company's own app) or `store` (offered to many companies).",
    }
    /// The tenant a store app acts in.
    TenantKey {
        variable: Some("TOKENWARD_TENANT_KEY"), flag: Some("--tenant-key"), key: Some((Section::App, "tenant_key")),
        default: "none",
        meaning: "The company a store app acts in; needed for tenant tokens of store apps only.",
    }
    /// The app's secret.
    AppSecret {
        variable: Some("TOKENWARD_APP_SECRET"), flag: None, key: None,
        default: "the one encrypted in the vault by `tokenward init`",
        meaning: "The App Secret. Never a flag (other users see arguments) and never a key of the file.",
    }
    /// A file that holds the app's secret.
    AppSecretFile {
        variable: Some("TOKENWARD_APP_SECRET_FILE"), flag: Some("--secret-file"), key: Some((Section::App, "secret_file")),
        default: "none",
        meaning: "A file that holds the App Secret and nothing else, such as a mounted container secret. In `config.toml`, relative to its folder.",
    }
    /// The ticket of a store app.
    AppTicket {
        variable: Some("TOKENWARD_APP_TICKET"), flag: None, key: None,
        default: "none",
        meaning: "The newest `app_ticket` the provider pushed to a store app.",
    }
    /// The `OpenAPI` host.
    OpenUrl {
        variable: Some("TOKENWARD_OPEN_URL"), flag: Some("--open-url"), key: Some((Section::App, "open_url")),
        default: "the brand's own host; for blueking and oauth2 the same as `accounts_url`",
        meaning: "Where calls go: the OpenAPI host of Feishu or Lark, without a path; BlueKing's API gateway; or the resource server of another provider. At Feishu and Lark, where only one host is given, `open.X` and `accounts.X` follow from each other; on loopback both are the same.",
    }
    /// The accounts host.
    AccountsUrl {
        variable: Some("TOKENWARD_ACCOUNTS_URL"), flag: Some("--accounts-url"), key: Some((Section::App, "accounts_url")),
        default: "the brand's own host; for blueking and oauth2 it must be given",
        meaning: "Where tokens come from: the accounts host of Feishu or Lark, without a path; BlueKing's token service (bkoauth's `OAUTH_API_URL`); or the issuer of another provider. The last two may have a path. `init` also takes it as `--issuer`.",
    }
    /// The family of token endpoints.
    TokenApi {
        variable: Some("TOKENWARD_TOKEN_API"), flag: Some("--token-api"), key: Some((Section::App, "token_api")),
        default: "`v3` for feishu, `v2` for lark, `oauth2` for oauth2; for blueking it must be given",
        meaning: "The API variant of new logins: `v3`, `v2`, `oidc-v1` or `legacy-v1` of feishu and lark; `ssm`, `auth-api` or `bkauth` of blueking. `init` also takes it as `--dialect`.",
    }
    /// A token URL in place of the family's own.
    TokenUrl {
        variable: Some("TOKENWARD_TOKEN_URL"), flag: Some("--token-url"), key: Some((Section::App, "token_url")),
        default: "the token endpoint's own URL",
        meaning: "A whole token URL in its place, for gateways and test servers. Applies to `v2` and `v3`.",
    }
    /// Whether the other family may be tried.
    Fallback {
        variable: Some("TOKENWARD_FALLBACK"), flag: Some("--fallback"), key: Some((Section::App, "fallback")),
        default: "`true`",
        meaning: "Feishu and Lark: whether the other of `v2` and `v3` is tried when one proves not to exist. `true` or `false`.",
    }
    /// The realm of bkauth.
    Realm {
        variable: Some("TOKENWARD_REALM"), flag: Some("--realm"), key: Some((Section::App, "realm")),
        default: "none: `bkauth` needs one",
        meaning: "BlueKing's `bkauth`: the realm in the addresses, `…/realms/REALM/oauth2/…`.",
    }
    /// The environment of the auth api.
    BkEnvironment {
        variable: Some("TOKENWARD_BK_ENV"), flag: Some("--bk-env"), key: Some((Section::App, "bk_env")),
        default: "`prod`",
        meaning: "BlueKing's `auth-api`: the `env_name` that tokens are issued for, `prod` or `test`. The other dialects know none.",
    }
    /// Which cookies prove a user to a token service.
    Cookies {
        variable: Some("TOKENWARD_COOKIES"), flag: Some("--cookies"), key: Some((Section::App, "cookies")),
        default: "`bk_token` for `ssm`, `bk_ticket rtx=bk_uid` for `auth-api`",
        meaning: "BlueKing's `ssm` and `auth-api`: what proves a user, as `FIELD` or `FIELD=COOKIE` separated by spaces: the field of the request and the cookie it comes from (bkoauth's `OAUTH_COOKIES_PARAMS`).",
    }
    /// A login cookie of BlueKing.
    BkToken {
        variable: Some("TOKENWARD_BK_TOKEN"), flag: None, key: None,
        default: "asked for by `login --user`",
        meaning: "The cookie `bk_token` of a user who is logged in at BlueKing, for `login --user NAME`. A secret: never a flag, never a key of the file.",
    }
    /// A login cookie of BlueKing's internal editions.
    BkTicket {
        variable: Some("TOKENWARD_BK_TICKET"), flag: None, key: None,
        default: "asked for by `login --user`",
        meaning: "The same for the cookie `bk_ticket`.",
    }
    /// Whether the app's own hosts may be spoken to in clear text.
    AllowHttp {
        variable: Some("TOKENWARD_ALLOW_HTTP"), flag: Some("--allow-http"), key: Some((Section::App, "allow_http")),
        default: "`false`",
        meaning: "BlueKing: whether this app's own `accounts_url` and `open_url` may be plain `http`, as SSM's are in the field. Whoever is on the network between can then read the secret, the users' cookies and every token. Shown by `status` and `doctor` as long as it is on. `true` or `false`.",
    }
    /// How the auth api is asked for a user's grant.
    BkUserGrant {
        variable: Some("TOKENWARD_BK_USER_GRANT"), flag: None, key: Some((Section::App, "bk_user_grant")),
        default: "`body`",
        meaning: "BlueKing's `auth-api`: how a user's tokens are requested: `body` (POST, JSON) or `query` (GET, as bkoauth does; the cookie is in the address).",
    }
    /// How the auth api is sent a refresh.
    BkRefresh {
        variable: Some("TOKENWARD_BK_REFRESH"), flag: None, key: Some((Section::App, "bk_refresh")),
        default: "`get`",
        meaning: "BlueKing's `auth-api`: the method of a refresh, `get` or `post`; its fields stand in the address either way.",
    }
    /// Whether a refresh at the auth api repeats the app's secret.
    BkSecretInRefresh {
        variable: Some("TOKENWARD_BK_SECRET_IN_REFRESH"), flag: None, key: Some((Section::App, "bk_secret_in_refresh")),
        default: "`false`",
        meaning: "BlueKing's `auth-api`: whether a refresh also brings `app_secret` in the address, beside the header. `true` or `false`.",
    }
    /// What requests for tokens at bkauth name as their resource.
    BkTokenResource {
        variable: Some("TOKENWARD_BK_TOKEN_RESOURCE"), flag: None, key: Some((Section::App, "bk_token_resource")),
        default: "none: nothing that is published says that `bkauth` wants one there",
        meaning: "BlueKing's `bkauth`: the `resource` that requests for tokens name as well (RFC 8707 section 2.2): the exchange of a code, the polls of a device login, and every refresh. Several are divided by commas. What a login asks for is `scopes`.",
    }
    /// What the codes of an auth api mean.
    BkCodes {
        variable: Some("TOKENWARD_BK_CODES"), flag: None, key: Some((Section::App, "bk_codes")),
        default: "none: the codes are not published, and the outcome of a refresh that is refused with an unknown one is unknown",
        meaning: "BlueKing's `auth-api`: what the codes of this installation mean. In the file a table, `[apps.NAME.bk_codes]`; as variable `CODE=MEANING`, separated by spaces. Meanings: see below.",
    }
    /// How the client proves itself.
    ClientAuthentication {
        variable: Some("TOKENWARD_CLIENT_AUTHENTICATION"), flag: Some("--client-authentication"), key: Some((Section::App, "client_authentication")),
        default: "`basic`",
        meaning: "oauth2: how the client proves who it is: `basic` (HTTP Basic), `body` (in the body), or `none` for a public client, which has no secret.",
    }
    /// `authorization_endpoint` of RFC 8414.
    AuthorizationEndpoint {
        variable: Some("TOKENWARD_AUTHORIZATION_ENDPOINT"), flag: Some("--authorization-endpoint"), key: Some((Section::App, "authorization_endpoint")),
        default: "discovered (RFC 8414) from the issuer; `init` writes down what it finds",
        meaning: "oauth2: the page where the user logs in.",
    }
    /// `token_endpoint` of RFC 8414.
    TokenEndpoint {
        variable: Some("TOKENWARD_TOKEN_ENDPOINT"), flag: Some("--token-endpoint"), key: Some((Section::App, "token_endpoint")),
        default: "discovered",
        meaning: "oauth2: where tokens are issued and refreshed.",
    }
    /// `device_authorization_endpoint` of RFC 8628.
    DeviceEndpoint {
        variable: Some("TOKENWARD_DEVICE_AUTHORIZATION_ENDPOINT"), flag: Some("--device-authorization-endpoint"), key: Some((Section::App, "device_authorization_endpoint")),
        default: "discovered",
        meaning: "oauth2: where `login --device` begins.",
    }
    /// `revocation_endpoint` of RFC 7009.
    RevocationEndpoint {
        variable: Some("TOKENWARD_REVOCATION_ENDPOINT"), flag: Some("--revocation-endpoint"), key: Some((Section::App, "revocation_endpoint")),
        default: "discovered",
        meaning: "oauth2: where `logout --revoke` withdraws tokens.",
    }
    /// `introspection_endpoint` of RFC 7662.
    IntrospectionEndpoint {
        variable: Some("TOKENWARD_INTROSPECTION_ENDPOINT"), flag: Some("--introspection-endpoint"), key: Some((Section::App, "introspection_endpoint")),
        default: "discovered",
        meaning: "oauth2: where an access token may be asked about.",
    }
    /// `userinfo_endpoint` of OpenID Connect.
    UserinfoEndpoint {
        variable: Some("TOKENWARD_USERINFO_ENDPOINT"), flag: Some("--userinfo-endpoint"), key: Some((Section::App, "userinfo_endpoint")),
        default: "discovered",
        meaning: "oauth2: where the user's name is asked for.",
    }
    /// What an oauth2 server does with old tokens.
    Rules {
        variable: Some("TOKENWARD_RULES"), flag: Some("--rule"), key: Some((Section::App, "rules")),
        default: "the cautious reading of RFC 6749, see below",
        meaning: "oauth2: what the server does with old tokens. In the file a table, `[apps.NAME.rules]`; as variable or flag `KEY=VALUE`, separated by spaces.",
    }
    /// Where the browser comes back to.
    RedirectUri {
        variable: Some("TOKENWARD_REDIRECT_URI"), flag: Some("--redirect-uri"), key: Some((Section::AppAndProfile, "redirect_uri")),
        default: "`http://127.0.0.1:9768/callback`",
        meaning: "The redirect URL, exactly as registered in the developer console.",
    }
    /// Where back ends may have browsers return to.
    ReturnUrls {
        variable: Some("TOKENWARD_RETURN_URLS"), flag: None, key: Some((Section::AppAndProfile, "return_urls")),
        default: "none: no back end can open a login",
        meaning: "Where a login that a back end opens at `tokenward serve` may send the browser afterwards: whole addresses, separated by spaces, compared to the letter; `https`, or `http` on loopback. In the file a list will do.",
    }
    /// What a login asks for.
    Scopes {
        variable: Some("TOKENWARD_SCOPES"), flag: Some("--scope"), key: Some((Section::AppAndProfile, "scopes")),
        default: "none; at Feishu and Lark `offline_access` is always added",
        meaning: "The scopes a login asks for, separated by spaces; in the file a list will do. A profile's own replace the app's.",
    }
    /// The key that wraps the vault's key.
    Key {
        variable: Some("TOKENWARD_KEY"), flag: None, key: None,
        default: "none",
        meaning: "The key the vault is encrypted with: at least 16 random bytes as text, such as `openssl rand -base64 32` prints. Comes before `TOKENWARD_KEY_FILE`.",
    }
    /// A file with that key.
    KeyFile {
        variable: Some("TOKENWARD_KEY_FILE"), flag: None, key: None,
        default: "`vault/key` in the home folder, made on first use",
        meaning: "A file with the key the vault is encrypted with.",
    }
    /// The database that the nodes of a server share.
    Database {
        variable: Some("TOKENWARD_DATABASE"), flag: None, key: None,
        default: "none: the vault of this machine",
        meaning: "The PostgreSQL database that the nodes of `tokenward serve` share, as `postgres://USER:PASSWORD@HOST/NAME`. `--database` takes the same without the password, `--database-file` a file that holds it.",
    }
    /// Where a webhook's events are sent.
    WebhookUrl {
        variable: None, flag: None, key: Some((Section::Webhook, "url")),
        default: "none: it must be given",
        meaning: "Where `tokenward serve` sends events: a whole `https` address. Events are signed and sent again until the receiver has them.",
    }
    /// The file with the secrets of a webhook.
    WebhookSecretFile {
        variable: None, flag: None, key: Some((Section::Webhook, "secret_file")),
        default: "none: this or `secret_variable` must be given",
        meaning: "A file with the secret that events are signed with: `whsec_` and 24 to 64 random bytes in base64. Two secrets, one a line, while one takes the other's place. Relative to the folder of `config.toml`.",
    }
    /// The variable with the secrets of a webhook.
    WebhookSecretVariable {
        variable: None, flag: None, key: Some((Section::Webhook, "secret_variable")),
        default: "none",
        meaning: "The name of an environment variable that holds the same; two secrets are separated by a space.",
    }
    /// Which events a webhook is sent.
    WebhookEvents {
        variable: None, flag: None, key: Some((Section::Webhook, "events")),
        default: "all of them",
        meaning: "Which events are sent, separated by spaces; in the file a list will do: `login.refreshed`, `login.needs_login`, `login.refreshed_elsewhere`, `login.outcome_unknown`, `login.expires_soon`.",
    }
    /// Of which apps.
    WebhookApps {
        variable: None, flag: None, key: Some((Section::Webhook, "apps")),
        default: "every app",
        meaning: "Only events of logins of these apps, separated by spaces; in the file a list will do.",
    }
    /// Whether a webhook's receiver may be in a network of one's own.
    WebhookAllowPrivate {
        variable: None, flag: None, key: Some((Section::Webhook, "allow_private")),
        default: "`false`",
        meaning: "Whether the receiver may be at an address that is none of the open internet (loopback, private, link-local), and at `http`. `true` or `false`.",
    }
    /// The host of the tenant's own pages.
    TenantHost {
        variable: Some("TOKENWARD_TENANT_HOST"), flag: Some("--host"), key: None,
        default: "the host of an address that was given, else the brand's general host, which leads on to the tenant's",
        meaning: "The host in the addresses that `wiki` prints, such as `acme.feishu.cn`.",
    }
    /// What is started when a login needs a person.
    OnTrouble {
        variable: Some("TOKENWARD_ON_TROUBLE"), flag: Some("--on-trouble"), key: Some((Section::Top, "on_trouble")),
        default: "none",
        meaning: "A program that `watch` runs when a login needs you, or will soon. The variables `TOKENWARD_TROUBLE_PROFILE`, `TOKENWARD_TROUBLE_USER`, `TOKENWARD_TROUBLE_CODE` and `TOKENWARD_TROUBLE_TEXT` tell it what happened; it gets no token.",
    }
    /// The language on screen.
    Lang {
        variable: Some("TOKENWARD_LANG"), flag: Some("--lang"), key: None,
        default: "the locale (`LC_ALL`, `LC_MESSAGES`, `LANG`), else English",
        meaning: "The language on screen: `en` or `zh`.",
    }
    /// What is logged.
    Log {
        variable: Some("TOKENWARD_LOG"), flag: Some("--verbose"), key: None,
        default: "nothing is logged",
        meaning: "What is logged to standard error: `error`, `warn`, `info`, `debug`, or a filter such as `tokenward=debug` (`trace` shows more in a development build alone). Secrets are never logged.",
    }
    /// Shifts the clock.
    ClockOffset {
        variable: Some("TOKENWARD_CLOCK_OFFSET"), flag: None, key: None,
        default: "`0`",
        meaning: "Shifts the clock by signed seconds. For the demo and tests.",
    }
    /// Dies at a step.
    KillAt {
        variable: Some("TOKENWARD_KILL_AT"), flag: None, key: None,
        default: "never",
        meaning: "Makes the process kill itself at a step of a rotation, or of a page's making. For the demo and the crash tests; it costs nothing, because a crash at any step costs nothing.",
    }
}

impl Setting {
    /// The key in `config.toml`, in full, with `NAME` for the part a person chooses.
    pub fn config_key(self) -> Option<String> {
        self.placed().map(|(section, key)| match section {
            Section::Top => key.to_owned(),
            Section::App => format!("apps.NAME.{key}"),
            Section::Webhook => format!("webhooks.NAME.{key}"),
            Section::Profile | Section::AppAndProfile => format!("profiles.NAME.{key}"),
        })
    }

    /// The key in its table of `config.toml`.
    pub fn key(self) -> Option<&'static str> {
        self.placed().map(|(_, key)| key)
    }

    /// The shortest name a person can act on: the flag, else the variable, else the key.
    pub const fn handle(self) -> &'static str {
        match (self.flag(), self.variable(), self.placed()) {
            (Some(name), _, _) | (None, Some(name), _) | (None, None, Some((_, name))) => name,
            (None, None, None) => "",
        }
    }

    /// Whether its value is a secret, or opens one.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::AppSecret | Self::BkToken | Self::BkTicket | Self::Key)
    }

    /// Whether it is either on or off.
    pub(crate) const fn is_switch(self) -> bool {
        matches!(self, Self::Fallback | Self::AllowHttp | Self::BkSecretInRefresh | Self::WebhookAllowPrivate)
    }

    /// Whether it is several values, which a list may say in the file.
    pub(crate) const fn is_list(self) -> bool {
        matches!(self, Self::Scopes | Self::ReturnUrls | Self::WebhookEvents | Self::WebhookApps)
    }

    /// The settings that may stand in a section of the file.
    pub(crate) fn in_section(section: Section) -> impl Iterator<Item = (Self, &'static str)> {
        Self::ALL.iter().filter_map(move |setting| {
            let (at, key) = setting.placed()?;
            let fits =
                at == section || (at == Section::AppAndProfile && matches!(section, Section::App | Section::Profile));
            fits.then_some((*setting, key))
        })
    }
}

/// What the profile of variables alone is called.
pub(super) const DEFAULT_PROFILE: &str = "default";
