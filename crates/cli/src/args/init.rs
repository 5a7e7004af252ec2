//! The arguments of `init`.

use std::path::PathBuf;

use clap::Args;
use tokenward_core::{AppName, ClientAuthentication, RedirectUri, TokenApi};
use url::Url;

use super::provider_choice::ProviderChoice;
use super::values::{BadValue, name, port, provider_or_preset, redirect, token_api, url};

/// Headings of options that one provider alone knows.
pub(crate) const OF_FEISHU: &str = "Feishu and Lark";
pub(crate) const OF_BLUEKING: &str = "BlueKing";
pub(crate) const OF_OAUTH2: &str = "OAuth 2.0";

/// `init`.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Init {
    /// Name of the app in the configuration (default: `default`)
    #[arg(long, value_name = "NAME", value_parser = name::<AppName>)]
    pub(crate) app: Option<AppName>,
    /// Where the app is registered: feishu, lark, blueking or oauth2 (TOKENWARD_PROVIDER); gitea and gitlab are oauth2 with its settings filled in
    #[arg(long, value_name = "PROVIDER", value_parser = provider_or_preset)]
    pub(crate) provider: Option<ProviderChoice>,
    /// App ID (`cli_…`), app code or client_id (TOKENWARD_APP_ID)
    #[arg(long, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// Read the app secret from stdin (TOKENWARD_APP_SECRET works too)
    #[arg(long, conflicts_with = "app_secret_file")]
    pub(crate) app_secret_stdin: bool,
    /// Read the app secret from a file and store it encrypted
    #[arg(long, value_name = "FILE")]
    pub(crate) app_secret_file: Option<PathBuf>,
    /// Leave the app secret in this file and read it from there each time
    #[arg(long, value_name = "FILE", conflicts_with_all = ["app_secret_stdin", "app_secret_file"])]
    pub(crate) secret_file: Option<PathBuf>,
    /// Feishu and Lark: self-built, or store for an app that many companies install
    #[arg(long, value_name = "KIND", value_parser = ["self-built", "store"], hide_possible_values = true, help_heading = OF_FEISHU)]
    pub(crate) app_kind: Option<String>,
    /// Feishu and Lark: tenant key of the company that a store app acts in
    #[arg(long, value_name = "KEY", help_heading = OF_FEISHU)]
    pub(crate) tenant_key: Option<String>,
    /// Feishu and Lark: whether v3 falls back to v2, and v2 to v3, where one does not exist
    #[arg(long, value_name = "true|false", hide_possible_values = true, help_heading = OF_FEISHU)]
    pub(crate) fallback: Option<bool>,
    /// API base URL: the open platform, BlueKing's gateway or a resource server (TOKENWARD_OPEN_URL)
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) open_url: Option<Url>,
    /// Login and token base URL: the accounts host, BlueKing's token service or the issuer (TOKENWARD_ACCOUNTS_URL)
    #[arg(long, visible_alias = "issuer", value_name = "URL", value_parser = url)]
    pub(crate) accounts_url: Option<Url>,
    /// API variant for new logins: v3, v2, oidc-v1 or legacy-v1; for BlueKing ssm, auth-api or bkauth (TOKENWARD_TOKEN_API)
    #[arg(long, visible_alias = "dialect", value_name = "DIALECT", value_parser = token_api)]
    pub(crate) token_api: Option<TokenApi>,
    /// Token endpoint to use instead of the default one, for gateways in front of Feishu or Lark
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_FEISHU)]
    pub(crate) token_url: Option<Url>,
    /// BlueKing bkauth: realm (TOKENWARD_REALM)
    #[arg(long, value_name = "NAME", help_heading = OF_BLUEKING)]
    pub(crate) realm: Option<String>,
    /// BlueKing: allow plain http for this app; others on the network can then read what is sent (TOKENWARD_ALLOW_HTTP)
    #[arg(long, help_heading = OF_BLUEKING)]
    pub(crate) allow_http: bool,
    /// BlueKing auth-api: environment, prod or test (TOKENWARD_BK_ENV)
    #[arg(long, value_name = "NAME", help_heading = OF_BLUEKING)]
    pub(crate) bk_env: Option<String>,
    /// BlueKing: login cookie that identifies a user, as FIELD or FIELD=COOKIE; names only, no values (TOKENWARD_COOKIES)
    #[arg(long, value_name = "FIELD=COOKIE", help_heading = OF_BLUEKING)]
    pub(crate) cookies: Vec<String>,
    /// oauth2: client authentication: basic, body, or none for a public client (TOKENWARD_CLIENT_AUTHENTICATION)
    #[arg(long, value_name = "WAY", value_parser = authentication, help_heading = OF_OAUTH2)]
    pub(crate) client_authentication: Option<ClientAuthentication>,
    /// oauth2: authorization endpoint, if the server does not publish it
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_OAUTH2)]
    pub(crate) authorization_endpoint: Option<Url>,
    /// oauth2: token endpoint, if the server does not publish it
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_OAUTH2)]
    pub(crate) token_endpoint: Option<Url>,
    /// oauth2: device authorization endpoint, if the server does not publish it
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_OAUTH2)]
    pub(crate) device_authorization_endpoint: Option<Url>,
    /// oauth2: revocation endpoint, if the server does not publish it
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_OAUTH2)]
    pub(crate) revocation_endpoint: Option<Url>,
    /// oauth2: introspection endpoint, if the server does not publish it
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_OAUTH2)]
    pub(crate) introspection_endpoint: Option<Url>,
    /// oauth2: userinfo endpoint, if the server does not publish it
    #[arg(long, value_name = "URL", value_parser = url, help_heading = OF_OAUTH2)]
    pub(crate) userinfo_endpoint: Option<Url>,
    /// oauth2: how the server treats old tokens, such as old_access=dies; repeatable (TOKENWARD_RULES)
    #[arg(long, value_name = "KEY=VALUE", help_heading = OF_OAUTH2)]
    pub(crate) rule: Vec<String>,
    /// Redirect URL registered for the app
    #[arg(long, value_name = "URL", value_parser = redirect)]
    pub(crate) redirect_uri: Option<RedirectUri>,
    /// Local port for the login callback
    #[arg(long, value_name = "PORT", value_parser = port, conflicts_with = "redirect_uri")]
    pub(crate) port: Option<u16>,
    /// Scope to request at every login; repeatable
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Do not check the id and secret with the provider, and skip discovery
    #[arg(long)]
    pub(crate) no_check: bool,
    /// Do not ask for confirmation, even if a login uses the app that is replaced
    #[arg(short, long)]
    pub(crate) yes: bool,
}

fn authentication(text: &str) -> Result<ClientAuthentication, BadValue> {
    text.parse().map_err(|()| BadValue::Authentication)
}
