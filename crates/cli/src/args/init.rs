//! The arguments of `init`.

use std::path::PathBuf;

use clap::Args;
use tokenward_core::{AppName, ClientAuthentication, ProviderName, RedirectUri, TokenApi};
use url::Url;

use super::values::{BadValue, name, port, provider, redirect, token_api, url};

/// `init`.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Init {
    /// The name of the app in the configuration; the default is `default`
    #[arg(long, value_name = "NAME", value_parser = name::<AppName>)]
    pub(crate) app: Option<AppName>,
    /// Where the app is registered: feishu, lark, blueking or oauth2 (TOKENWARD_PROVIDER)
    #[arg(long, value_name = "PROVIDER", value_parser = provider)]
    pub(crate) provider: Option<ProviderName>,
    /// The app's id: `cli_…`, an app code, or a client_id (TOKENWARD_APP_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// Read the app's secret from stdin (it may also be in TOKENWARD_APP_SECRET)
    #[arg(long, conflicts_with = "app_secret_file")]
    pub(crate) app_secret_stdin: bool,
    /// Read the app's secret from a file and seal it
    #[arg(long, value_name = "FILE")]
    pub(crate) app_secret_file: Option<PathBuf>,
    /// Leave the app's secret in this file, and read it from there every time
    #[arg(long, value_name = "FILE", conflicts_with_all = ["app_secret_stdin", "app_secret_file"])]
    pub(crate) secret_file: Option<PathBuf>,
    /// Feishu and Lark: self-built, or store for an app offered to many companies
    #[arg(long, value_name = "KIND", value_parser = ["self-built", "store"], hide_possible_values = true)]
    pub(crate) app_kind: Option<String>,
    /// The company a store app acts in
    #[arg(long, value_name = "KEY")]
    pub(crate) tenant_key: Option<String>,
    /// Whether the other of v2 and v3 is tried where one does not exist
    #[arg(long, value_name = "true|false", hide_possible_values = true)]
    pub(crate) fallback: Option<bool>,
    /// Where calls go: the open platform, BlueKing's gateway, or a resource server (TOKENWARD_OPEN_URL)
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) open_url: Option<Url>,
    /// Where tokens come from: the accounts host, BlueKing's token service, or the issuer (TOKENWARD_ACCOUNTS_URL)
    #[arg(long, visible_alias = "issuer", value_name = "URL", value_parser = url)]
    pub(crate) accounts_url: Option<Url>,
    /// Dialect of new logins: v3, v2, oidc-v1, legacy-v1; ssm, auth-api, bkauth (TOKENWARD_TOKEN_API)
    #[arg(long, visible_alias = "dialect", value_name = "DIALECT", value_parser = token_api)]
    pub(crate) token_api: Option<TokenApi>,
    /// Token URL instead of the family's own, for gateways before Feishu or Lark
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) token_url: Option<Url>,
    /// BlueKing's bkauth: the realm (TOKENWARD_REALM)
    #[arg(long, value_name = "NAME")]
    pub(crate) realm: Option<String>,
    /// BlueKing: let this app's own addresses be plain http, which others on the network can read (TOKENWARD_ALLOW_HTTP)
    #[arg(long)]
    pub(crate) allow_http: bool,
    /// BlueKing's auth-api: prod or test (TOKENWARD_BK_ENV)
    #[arg(long, value_name = "NAME")]
    pub(crate) bk_env: Option<String>,
    /// BlueKing: what proves a user, as FIELD or FIELD=COOKIE; names, never values (TOKENWARD_COOKIES)
    #[arg(long, value_name = "FIELD=COOKIE")]
    pub(crate) cookies: Vec<String>,
    /// oauth2: basic, body, or none for a public client (TOKENWARD_CLIENT_AUTHENTICATION)
    #[arg(long, value_name = "WAY", value_parser = authentication)]
    pub(crate) client_authentication: Option<ClientAuthentication>,
    /// oauth2: where a person logs in, if the server does not tell
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) authorization_endpoint: Option<Url>,
    /// oauth2: where tokens are issued, if the server does not tell
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) token_endpoint: Option<Url>,
    /// oauth2: where a device login begins, if the server does not tell
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) device_authorization_endpoint: Option<Url>,
    /// oauth2: where tokens are withdrawn, if the server does not tell
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) revocation_endpoint: Option<Url>,
    /// oauth2: where a token may be asked about, if the server does not tell
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) introspection_endpoint: Option<Url>,
    /// oauth2: where the user's name is asked for, if the server does not tell
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) userinfo_endpoint: Option<Url>,
    /// oauth2: what the server does with old tokens, such as old_access=dies; repeatable (TOKENWARD_RULES)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) rule: Vec<String>,
    /// Redirect URL registered for the app
    #[arg(long, value_name = "URL", value_parser = redirect)]
    pub(crate) redirect_uri: Option<RedirectUri>,
    /// Port of the login callback on this machine
    #[arg(long, value_name = "PORT", value_parser = port, conflicts_with = "redirect_uri")]
    pub(crate) port: Option<u16>,
    /// Scope to ask for at every login; repeatable
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Do not check id and secret at the provider, and discover nothing
    #[arg(long)]
    pub(crate) no_check: bool,
    /// Do not ask, even if somebody is logged in with the app that is replaced
    #[arg(short, long)]
    pub(crate) yes: bool,
}

fn authentication(text: &str) -> Result<ClientAuthentication, BadValue> {
    text.parse().map_err(|()| BadValue::Authentication)
}
