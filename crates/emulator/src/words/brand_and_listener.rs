//! Whose servers: the brands, the hosts of each, and the generations of Feishu's token endpoints.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose servers: the two brands of the Feishu/Lark platform (reference/feishu.md §1), BlueKing, and a plain OAuth 2.0
/// provider. An app belongs to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Brand {
    /// `open.feishu.cn`, `accounts.feishu.cn`.
    Feishu,
    /// `open.larksuite.com`, `accounts.larksuite.com`.
    Lark,
    /// Tencent BlueKing: SSM, `auth_api`, bkauth and the gateway.
    #[serde(rename = "blueking")]
    BlueKing,
    /// A provider that keeps to the RFCs and has no history of its own.
    #[serde(rename = "oauth2")]
    OAuth2,
}

impl Brand {
    /// Both brands of the Feishu/Lark platform.
    pub const ALL: [Self; 2] = [Self::Feishu, Self::Lark];

    /// The name used in settings: `feishu`, `lark`, `blueking` or `oauth2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feishu => "feishu",
            Self::Lark => "lark",
            Self::BlueKing => "blueking",
            Self::OAuth2 => "oauth2",
        }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The hosts: two of each Feishu/Lark brand, four of BlueKing, one of the plain provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// The `accounts` host: authorization page, v3 token, revoke, device flow.
    Accounts,
    /// The `open` host: older token endpoints and every business call.
    Open,
    /// BlueKing's SSM: `/api/v1/auth/access-tokens…`.
    Ssm,
    /// BlueKing's internal editions: `/auth_api/…`.
    AuthApi,
    /// BlueKing's OAuth 2.0 server: `/realms/{realm}/oauth2/…`.
    Bkauth,
    /// BlueKing's API gateway: every path is a call.
    Gateway,
    /// The plain RFC 6749 provider.
    Plain,
}

impl Door {
    /// The doors beside the Feishu/Lark platform, in the order of [`SandboxOptions::more_ports`](crate::SandboxOptions).
    pub const BEYOND: [Self; 5] = [Self::Ssm, Self::AuthApi, Self::Bkauth, Self::Gateway, Self::Plain];

    /// Whose door it is; the two brands of Feishu/Lark share theirs.
    pub const fn brand(self) -> Option<Brand> {
        match self {
            Self::Accounts | Self::Open => None,
            Self::Ssm | Self::AuthApi | Self::Bkauth | Self::Gateway => Some(Brand::BlueKing),
            Self::Plain => Some(Brand::OAuth2),
        }
    }

    /// The name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Open => "open",
            Self::Ssm => "ssm",
            Self::AuthApi => "auth-api",
            Self::Bkauth => "bkauth",
            Self::Gateway => "gateway",
            Self::Plain => "plain",
        }
    }
}

/// The token endpoints' generations; each has its own shapes, names and codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenApi {
    /// `{open}/open-apis/authen/v1/access_token` and `…/refresh_access_token` (reference/feishu.md §7).
    LegacyV1,
    /// `{open}/open-apis/authen/v1/oidc/…` (reference/feishu.md §6).
    OidcV1,
    /// `{open}/open-apis/authen/v2/oauth/token` (reference/feishu.md §4).
    V2,
    /// `{accounts}/oauth/v3/token` (reference/feishu.md §8.1).
    V3,
}
