//! Who may ask the server for what.
//!
//! Enters: names and patterns as people write them. Leaves: an [`ApiKey`], which says what its bearer may do, with which apps and which
//! logins, and until when. The key itself is an [`ApiKeySecret`](crate::ApiKeySecret), shown once and stored as a keyed hash (I4).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{AppName, ProfileName};

/// Identifies an API key; sorts by birth. No secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKeyId(Uuid);

impl ApiKeyId {
    /// From the unix time in milliseconds and ten random bytes (UUID version 7, RFC 9562 §5.7).
    pub fn new(millis: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The id as a UUID.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl From<Uuid> for ApiKeyId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

impl FromStr for ApiKeyId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verb {
    /// Read a token, and report one that was refused.
    #[serde(rename = "token:read")]
    ReadToken,
    /// Have a token refreshed whatever its age.
    #[serde(rename = "token:refresh")]
    RefreshToken,
    /// See apps and logins, without their tokens.
    #[serde(rename = "grants:read")]
    ReadGrants,
    /// Bring a login.
    #[serde(rename = "grants:import")]
    ImportGrants,
    /// End a login.
    #[serde(rename = "grants:retire")]
    RetireGrants,
    /// Open a login for a user, who makes it in a browser.
    #[serde(rename = "login")]
    Login,
    /// See what the server counts.
    #[serde(rename = "metrics:read")]
    ReadMetrics,
    /// Be told what happens to logins.
    #[serde(rename = "events:read")]
    ReadEvents,
    /// See events that could not be delivered, and have them sent again.
    #[serde(rename = "webhooks:manage")]
    ManageWebhooks,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ReadToken,
        Self::RefreshToken,
        Self::ReadGrants,
        Self::ImportGrants,
        Self::RetireGrants,
        Self::Login,
        Self::ReadMetrics,
        Self::ReadEvents,
        Self::ManageWebhooks,
    ];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadToken => "token:read",
            Self::RefreshToken => "token:refresh",
            Self::ReadGrants => "grants:read",
            Self::ImportGrants => "grants:import",
            Self::RetireGrants => "grants:retire",
            Self::Login => "login",
            Self::ReadMetrics => "metrics:read",
            Self::ReadEvents => "events:read",
            Self::ManageWebhooks => "webhooks:manage",
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Verb {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text).ok_or(())
    }
}

/// Which logins are meant, by the names of their profiles: `*` stands for any characters, everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GrantPattern(String);

impl GrantPattern {
    /// The longest one, in bytes.
    pub const MAX: usize = 256;

    /// Every login, also one that no profile points at.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// The pattern itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a login is meant. One without a profile is meant by `*` alone.
    pub fn matches(&self, profile: Option<&ProfileName>) -> bool {
        let Some(name) = profile else { return self.0 == "*" };
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.as_str().strip_prefix(first) else { return false };
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            return rest.is_empty();
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return rest.ends_with(part);
            }
            // The first place there is leaves the most for the parts that follow.
            let Some(at) = rest.find(part) else { return false };
            rest = &rest[at + part.len()..];
        }
        true
    }
}

/// A text is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a pattern is 1 to {} characters of a profile's name, with * for any", GrantPattern::MAX)]
pub struct BadGrantPattern;

impl FromStr for GrantPattern {
    type Err = BadGrantPattern;

    fn from_str(text: &str) -> Result<Self, BadGrantPattern> {
        let usable = !text.is_empty() && text.len() <= Self::MAX && text.bytes().all(|byte| byte.is_ascii_graphic());
        if usable { Ok(Self(text.to_owned())) } else { Err(BadGrantPattern) }
    }
}

impl TryFrom<String> for GrantPattern {
    type Error = BadGrantPattern;

    fn try_from(text: String) -> Result<Self, BadGrantPattern> {
        text.parse()
    }
}

impl From<GrantPattern> for String {
    fn from(pattern: GrantPattern) -> Self {
        pattern.0
    }
}

/// What the bearer of a key may do. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it. Several may have one name: the next one is made before the last one is revoked.
    pub name: String,
    /// What it permits.
    pub verbs: BTreeSet<Verb>,
    /// With which apps; `None` with all of them.
    pub apps: Option<BTreeSet<AppName>>,
    /// With which logins.
    pub grants: GrantPattern,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself.
    pub ends: Option<Timestamp>,
    /// When somebody revoked it.
    pub revoked: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it is good at `now`.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.ends.is_none_or(|end| now < end)
    }

    /// Whether it permits anything with an app.
    pub fn has_app(&self, app: &AppName) -> bool {
        self.apps.as_ref().is_none_or(|apps| apps.contains(app))
    }

    /// Whether it permits anything with a login of an app.
    pub fn has_grant(&self, app: &AppName, profile: Option<&ProfileName>) -> bool {
        self.has_app(app) && self.grants.matches(profile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_the_names_that_it_spells() {
        let names = |pattern: &str| {
            let pattern: GrantPattern = pattern.parse().unwrap();
            ["work", "work:ada", "workshop", "team-a", "team-b:ada"]
                .into_iter()
                .filter(|name| pattern.matches(Some(&name.parse().unwrap())))
                .collect::<Vec<_>>()
        };
        assert_eq!(names("work"), ["work"]);
        assert_eq!(names("work*"), ["work", "work:ada", "workshop"]);
        assert_eq!(names("*:ada"), ["work:ada", "team-b:ada"]);
        assert_eq!(names("team-*:a*a"), ["team-b:ada"]);
        assert_eq!(names("*a*a*"), ["work:ada", "team-a", "team-b:ada"]);
        assert_eq!(names("*").len(), 5);
        assert_eq!(names("w*ork*shop*"), ["workshop"]);
        assert!(GrantPattern::all().matches(None) && !"**".parse::<GrantPattern>().unwrap().matches(None));
        for bad in ["", "a b", "ä", &"x".repeat(257)] {
            assert!(bad.parse::<GrantPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let key = ApiKey {
            id: ApiKeyId::new(0, [0; 10]),
            name: "site".to_owned(),
            verbs: BTreeSet::from([Verb::ReadToken]),
            apps: Some(BTreeSet::from(["notes".parse().unwrap()])),
            grants: "work*".parse().unwrap(),
            created: at(0),
            ends: Some(at(10)),
            revoked: None,
        };
        assert!(key.is_good(at(9)) && !key.is_good(at(10)));
        assert!(!ApiKey { revoked: Some(at(1)), ..key.clone() }.is_good(at(9)));
        let (notes, other) = ("notes".parse().unwrap(), "other".parse().unwrap());
        let work = "work".parse().unwrap();
        assert!(
            key.has_grant(&notes, Some(&work)) && !key.has_grant(&other, Some(&work)) && !key.has_grant(&notes, None)
        );
        let text = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<ApiKey>(&text).unwrap(), key, "{text}");
        for verb in Verb::ALL {
            assert_eq!(verb.as_str().parse(), Ok(verb));
            assert_eq!(serde_json::to_string(&verb).unwrap(), format!("{:?}", verb.as_str()));
        }
    }
}
