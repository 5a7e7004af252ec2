//! An app: one client registration at a provider.
//!
//! Brand and hosts are kept in one setting (reference §1): an app used through the other brand's hosts is refused
//! with 20046, so the two never travel apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{AppSecret, AppTicket};

/// The name by which a person knows an app; also the name of its table in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppName(String);

crate::grant::name_rules!(AppName);

/// The two brands of the Feishu platform. An app belongs to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Brand {
    /// Feishu (feishu.cn).
    Feishu,
    /// Lark (larksuite.com).
    Lark,
}

impl Brand {
    /// The name used in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feishu => "feishu",
            Self::Lark => "lark",
        }
    }

    /// The other one, for the remedy of a mix-up.
    pub const fn other(self) -> Self {
        match self {
            Self::Feishu => Self::Lark,
            Self::Lark => Self::Feishu,
        }
    }

    /// The brand's own hosts (reference §1).
    ///
    /// # Panics
    /// Never: the literals are URLs.
    pub fn hosts(self) -> Hosts {
        let (open, accounts) = match self {
            Self::Feishu => ("https://open.feishu.cn", "https://accounts.feishu.cn"),
            Self::Lark => ("https://open.larksuite.com", "https://accounts.larksuite.com"),
        };
        Hosts { open: Url::parse(open).expect("a literal URL"), accounts: Url::parse(accounts).expect("a literal URL") }
    }

    /// The token endpoint to use where the settings do not say (reference §8.1): v3 on Feishu, where v2 is marked
    /// historic since 2026-06-29; v2 on Lark, where v3 is reported to fail for real apps.
    pub const fn default_token_api(self) -> TokenApi {
        match self {
            Self::Feishu => TokenApi::V3,
            Self::Lark => TokenApi::V2,
        }
    }
}

impl fmt::Display for Brand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Brand {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Feishu, Self::Lark].into_iter().find(|brand| brand.as_str() == text).ok_or(())
    }
}

/// The hosts of a brand, without a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hosts {
    /// The `OpenAPI` host (`{open}` in the reference).
    pub open: Url,
    /// The accounts and OAuth host (`{accounts}` in the reference).
    pub accounts: Url,
}

/// A family of token endpoints. A refresh token belongs to the family that issued it (reference §4.2, §8.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TokenApi {
    /// `{accounts}/oauth/v3/token`.
    V3,
    /// `{open}/open-apis/authen/v2/oauth/token`.
    V2,
    /// `{open}/open-apis/authen/v1/oidc/…`.
    OidcV1,
    /// `{open}/open-apis/authen/v1/…`.
    LegacyV1,
}

impl TokenApi {
    /// Every family, newest first.
    pub const ALL: [Self; 4] = [Self::V3, Self::V2, Self::OidcV1, Self::LegacyV1];

    /// The name used in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V2 => "v2",
            Self::OidcV1 => "oidc-v1",
            Self::LegacyV1 => "legacy-v1",
        }
    }

    /// The family in use instead, should this one answer that there is no such endpoint. Only such an answer
    /// permits the step, because it alone proves that nothing was spent.
    pub const fn fallback(self) -> Option<Self> {
        match self {
            Self::V3 => Some(Self::V2),
            Self::V2 => Some(Self::V3),
            Self::OidcV1 | Self::LegacyV1 => None,
        }
    }

    /// Whether this family accepts a refresh token that `issuer` issued (reference §4.2: v2 takes its own only;
    /// v3 takes those of v2 and v3; each v1 family its own `ur-` tokens).
    pub fn accepts_from(self, issuer: Self) -> bool {
        self == issuer || (self == Self::V3 && issuer == Self::V2)
    }

    /// Whether its exchange takes a PKCE verifier. The v1 families have no field for one (reference §6, §7), so a
    /// challenge could never be met.
    pub const fn takes_verifier(self) -> bool {
        matches!(self, Self::V3 | Self::V2)
    }

    /// Whether its calls are authorized by an app access token instead of the app's secret.
    pub const fn needs_app_token(self) -> bool {
        matches!(self, Self::OidcV1 | Self::LegacyV1)
    }
}

impl fmt::Display for TokenApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TokenApi {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|api| api.as_str() == text).ok_or(())
    }
}

/// Who may install the app; decides how app and tenant tokens are obtained (reference §9).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppKind {
    /// Made by a company for itself.
    SelfBuilt,
    /// Offered to many companies; needs the ticket that the provider pushes, and the tenant's key for tenant tokens.
    Store {
        /// The newest ticket known.
        ticket: Option<AppTicket>,
        /// The tenant to act in.
        tenant_key: Option<String>,
    },
}

/// One client registration, ready for use.
#[derive(Debug, Clone)]
pub struct App {
    /// The name in the configuration.
    pub name: AppName,
    /// The brand it belongs to.
    pub brand: Brand,
    /// The hosts it is used through.
    pub hosts: Hosts,
    /// `client_id`, at Feishu `cli_…`.
    pub client_id: String,
    /// `client_secret`.
    pub secret: AppSecret,
    /// Self-built or store.
    pub kind: AppKind,
    /// The token endpoint family for new logins.
    pub token_api: TokenApi,
    /// Whether [`TokenApi::fallback`] may be used when the endpoint does not exist.
    pub fallback: bool,
    /// A token URL that replaces the family's own, for gateways and test stands. Applies to v2 and v3.
    pub token_url: Option<Url>,
}
