//! What a key means by its name: which value of a login it holds, and under which prefix.
//!
//! `FEISHU_ACCESS_TOKEN`, `accessToken`, `feishu-access-token` and `uat` are the same in other spellings.

/// Which value a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The access token.
    Access,
    /// `token` alone: the access token where a refresh token stands beside it.
    Bare,
    /// The refresh token.
    Refresh,
    /// When the access token ends.
    End,
    /// How long it lives, in seconds.
    Life,
    /// When the refresh token ends.
    RefreshEnd,
    /// How long that lives.
    RefreshLife,
    /// When the set was issued.
    Obtained,
}

/// A key, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) role: Role,
    /// The words before it, in lower case.
    pub(super) prefix: Vec<String>,
    /// Whether it speaks of a user's token.
    pub(super) user: bool,
}

impl Name {
    /// `None` for a key that names nothing of a login.
    pub(super) fn of(key: &str) -> Option<Self> {
        let mut words = words(key);
        if words.iter().any(|word| OTHERS.contains(&word.as_str())) {
            return None;
        }
        let ends =
            |words: &[String], end: &[&str]| words.len() >= end.len() && words[words.len() - end.len()..] == *end;
        let moments: [(&[&str], Role); 38] = [
            (&["expires", "time"], Role::End),
            (&["expire", "time"], Role::End),
            (&["expiry", "time"], Role::End),
            (&["expiration", "time"], Role::End),
            (&["expiration", "date"], Role::End),
            (&["expire", "date"], Role::End),
            (&["valid", "until"], Role::End),
            (&["expires"], Role::End),
            (&["exp"], Role::End),
            (&["expires", "at"], Role::End),
            (&["expire", "at"], Role::End),
            (&["expires", "on"], Role::End),
            (&["expiry", "date"], Role::End),
            (&["expiry"], Role::End),
            (&["expiration"], Role::End),
            (&["expires", "in"], Role::Life),
            (&["expire", "in"], Role::Life),
            (&["obtained", "at"], Role::Obtained),
            (&["created", "at"], Role::Obtained),
            (&["issued", "at"], Role::Obtained),
            (&["fetched", "at"], Role::Obtained),
            (&["saved", "at"], Role::Obtained),
            (&["stored", "at"], Role::Obtained),
            (&["received", "at"], Role::Obtained),
            (&["acquired", "at"], Role::Obtained),
            (&["retrieved", "at"], Role::Obtained),
            (&["updated", "at"], Role::Obtained),
            (&["update", "time"], Role::Obtained),
            (&["refreshed", "at"], Role::Obtained),
            (&["refresh", "time"], Role::Obtained),
            (&["last", "refresh"], Role::Obtained),
            (&["last", "refreshed"], Role::Obtained),
            (&["last", "refresh", "at"], Role::Obtained),
            (&["last", "updated"], Role::Obtained),
            (&["last", "update"], Role::Obtained),
            (&["create", "time"], Role::Obtained),
            (&["created"], Role::Obtained),
            (&["timestamp"], Role::Obtained),
        ];
        let moment = moments.iter().filter(|(end, _)| ends(&words, end)).max_by_key(|(end, _)| end.len());
        // Every service has a header of that name.
        let mut only_ours = false;
        let role = if let Some((end, role)) = moment {
            words.truncate(words.len() - end.len());
            let refresh = words.iter().any(|word| word.starts_with("refresh"));
            match role {
                Role::End if refresh => Role::RefreshEnd,
                Role::Life if refresh => Role::RefreshLife,
                role => *role,
            }
        } else if ends(&words, &["refresh", "token"]) || ends(&words, &["refreshtoken"]) || ends(&words, &["urt"]) {
            Role::Refresh
        } else if HEADERS.iter().any(|end| ends(&words, end)) {
            only_ours = true;
            Role::Access
        } else if ends(&words, &["access", "token"])
            || ends(&words, &["accesstoken"])
            || ends(&words, &["user", "token"])
            || ends(&words, &["uat"])
        {
            Role::Access
        } else if ends(&words, &["token"]) {
            Role::Bare
        } else {
            return None;
        };
        let user = words.iter().any(|word| ["user", "uat", "urt"].contains(&word.as_str()));
        while words.last().is_some_and(|word| OURS.contains(&word.as_str())) {
            words.pop();
        }
        Some(Self { role, prefix: words, user }).filter(|name| !only_ours || name.is_ours())
    }

    /// The same of a key in a table that may be one token's own: `refresh = { token, expires }`.
    pub(super) fn within(table: Option<&str>, key: &str) -> Option<Self> {
        match table.filter(|table| is_of_a_token(table)) {
            Some(table) => Self::of(&joined(table, key)),
            None => Self::of(key),
        }
    }

    /// What stands before a word that speaks of an end, or of the moment that a life counts from, in a key that is understood as one or
    /// not; `None` for other keys.
    pub(super) fn end_within(table: Option<&str>, key: &str, counts: bool) -> Option<Vec<String>> {
        if let Some(name) = Self::within(table, key) {
            let is_end = match name.role {
                Role::End | Role::Life | Role::RefreshEnd | Role::RefreshLife => true,
                Role::Obtained => counts,
                Role::Access | Role::Bare | Role::Refresh => false,
            };
            return is_end.then_some(name.prefix);
        }
        let words = words(key);
        let at = words
            .iter()
            .position(|word| word.starts_with("expir") || ["exp", "ttl", "lifetime"].contains(&word.as_str()))?;
        if words.iter().any(|word| OTHERS.contains(&word.as_str())) {
            return None;
        }
        Some(words[..at].iter().filter(|word| !OURS.contains(&word.as_str())).cloned().collect())
    }

    /// Whether the prefix names this platform.
    pub(super) fn is_ours(&self) -> bool {
        self.prefix.iter().any(|word| word.contains("lark") || word.contains("feishu") || word == "fs")
    }

    /// Whether the prefix names another platform: its tokens are another login's whatever they are called.
    pub(super) fn is_foreign(&self) -> bool {
        self.prefix.iter().any(|word| FOREIGN.contains(&word.as_str()))
    }
}

/// Whether a table's name says that it is one token with what belongs to it.
pub(super) fn is_of_a_token(table: &str) -> bool {
    let words = words(table);
    !words.is_empty()
        && words.iter().all(|word| OURS.contains(&word.as_str()) && word != "authorization")
        && words.iter().any(|word| word != "token" && word != "user")
}

/// A key with the name of its token before it, which it may say itself: `refresh_token = { value = … }`.
pub(super) fn joined(table: &str, key: &str) -> String {
    let is_token = ["token", "value"].contains(&key.to_ascii_lowercase().as_str());
    let says = words(table).last().is_some_and(|word| word.ends_with("token") || word == "uat" || word == "urt");
    match (is_token, says) {
        (true, true) => table.to_owned(),
        (true, false) => format!("{table}_token"),
        (false, _) => format!("{table}_{key}"),
    }
}

/// Whether two keys are one name in different spellings.
pub(super) fn are_alike(one: &str, other: &str) -> bool {
    words(one) == words(other)
}

/// The words of a key, in lower case.
fn words(key: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in key.chars() {
        if !c.is_alphanumeric() || lower && c.is_uppercase() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(c.to_lowercase());
        }
        lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Words of keys that speak of something else than a user's login.
const OTHERS: [&str; 6] = ["app", "tenant", "bot", "id", "csrf", "device"];
/// Words that name a token of a user's login.
const OURS: [&str; 10] =
    ["user", "access", "refresh", "token", "uat", "urt", "accesstoken", "refreshtoken", "bearer", "authorization"];
/// Names of a header with an access token.
const HEADERS: [&[&str]; 3] = [&["bearer"], &["bearer", "token"], &["authorization"]];

/// Platforms whose tokens stand in the same files.
const FOREIGN: [&str; 20] = [
    "github",
    "gitlab",
    "gitea",
    "google",
    "gcp",
    "slack",
    "discord",
    "twitter",
    "spotify",
    "notion",
    "jira",
    "atlassian",
    "linear",
    "dropbox",
    "microsoft",
    "azure",
    "aws",
    "facebook",
    "strava",
    "zoom",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_may_be_one_token() {
        for (table, key, role) in [
            ("refresh", "token", Role::Refresh),
            ("refresh", "expires", Role::RefreshEnd),
            ("refresh_token", "value", Role::Refresh),
            ("refreshToken", "expiresAt", Role::RefreshEnd),
            ("refresh_token", "expires_in", Role::RefreshLife),
            ("access", "token", Role::Access),
            ("access", "expires", Role::End),
            ("accessToken", "token", Role::Access),
            ("user_access_token", "expires_in", Role::Life),
            ("feishu", "expires_in", Role::Life),
            ("token", "refresh_token", Role::Refresh),
        ] {
            let name = Name::within(Some(table), key).unwrap();
            assert_eq!((name.role, name.prefix.as_slice()), (role, &[][..]), "{table}.{key}");
        }
    }

    #[test]
    fn one_meaning_in_any_spelling() {
        for (key, role, prefix) in [
            ("FEISHU_ACCESS_TOKEN", Role::Access, "feishu"),
            ("feishuUserAccessToken", Role::Access, "feishu"),
            ("feishu-access-token", Role::Access, "feishu"),
            ("access_token", Role::Access, ""),
            ("uat", Role::Access, ""),
            ("LARK_USER_TOKEN", Role::Access, "lark"),
            ("LARK_URT", Role::Refresh, "lark"),
            ("FEISHU_BEARER", Role::Access, "feishu"),
            ("LARK_AUTHORIZATION", Role::Access, "lark"),
            ("token", Role::Bare, ""),
            ("VITE_FEISHU_REFRESH_TOKEN", Role::Refresh, "vite feishu"),
            ("refreshToken", Role::Refresh, ""),
            ("FEISHU_TOKEN_EXPIRES_AT", Role::End, "feishu"),
            ("expiry_date", Role::End, ""),
            ("refreshExpiresAt", Role::RefreshEnd, ""),
            ("refresh_token_expires_in", Role::RefreshLife, ""),
            ("obtained_at", Role::Obtained, ""),
            ("expires", Role::End, ""),
            ("accessTokenExpiresTime", Role::End, ""),
            ("exp", Role::End, ""),
            ("FEISHU_TOKEN_SAVED_AT", Role::Obtained, "feishu"),
            ("lastRefresh", Role::Obtained, ""),
            ("refresh_expires_time", Role::RefreshEnd, ""),
        ] {
            let name = Name::of(key).unwrap();
            assert_eq!((name.role, name.prefix.join(" ").as_str()), (role, prefix), "{key}");
        }
        for key in
            ["app_access_token", "FEISHU_TENANT_ACCESS_TOKEN", "token_type", "scope", "name", "AUTHORIZATION", "bearer"]
        {
            assert_eq!(Name::of(key), None, "{key}");
        }
    }
}
