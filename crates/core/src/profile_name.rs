//! The names that people give, and those under which the grants of an app's users are kept.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Subject, UserName, percent_decode};

/// The name by which a person knows an app and a grant on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProfileName(String);

impl ProfileName {
    /// The longest name, in bytes.
    pub const MAX: usize = 64;
    /// The longest name with a user's, in bytes: with an ending it still is a file's name everywhere.
    pub const MAX_WITH_USER: usize = 240;

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name under which one user's grant is kept, for an app that serves many: `name:user`. Two users never share one.
    /// What cannot stand in a name is escaped (`%2F`). Of one that would be too long the head stays readable, and the hash of
    /// the whole takes the rest's place, behind a `~` that no escaped name has.
    #[must_use]
    pub fn of_user(&self, user: &UserName) -> Self {
        self.behind(":", user)
    }

    /// The name under which the grant of a back end's user is kept: `name:=user`, by the name that the back end has for the user. Which of
    /// the provider's users it is, the grant says.
    #[must_use]
    pub fn of_site_user(&self, user: &UserName) -> Self {
        self.behind(OF_SITE, user)
    }

    fn behind(&self, mark: &str, user: &UserName) -> Self {
        let base = self.base();
        let room = Self::MAX_WITH_USER - base.len() - mark.len();
        let (mut escaped, mut head) = (String::new(), 0);
        for c in user.as_str().chars() {
            if may_stand_in_name(c) {
                escaped.push(c);
            } else {
                let mut bytes = [0; 4];
                for byte in c.encode_utf8(&mut bytes).bytes() {
                    // Writing into memory does not fail.
                    let _ = write!(escaped, "%{byte:02X}");
                }
            }
            if escaped.len() + 1 + HASH_DIGITS <= room {
                head = escaped.len();
            }
        }
        if escaped.len() > room {
            escaped.truncate(head);
            escaped.push('~');
            for byte in &Sha256::digest(user.as_str())[..HASH_DIGITS / 2] {
                let _ = write!(escaped, "{byte:02x}");
            }
        }
        Self(format!("{base}{mark}{escaped}"))
    }

    /// The name under which the app's own grant is kept: `name:~app`. No user's name reads so, because `~` is escaped there.
    #[must_use]
    pub fn of_app(&self) -> Self {
        Self(format!("{}{APP_OWN}", self.base()))
    }

    /// The name that a person gave, without a user's.
    pub fn base(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(base, _)| base)
    }

    /// Whether it is a profile's name, or that of a grant of one of its users, or its app's own.
    pub fn is_under(&self, profile: &Self) -> bool {
        self == profile || self.base() == profile.as_str()
    }

    /// Whether it is the name of an app's own grant.
    pub fn is_of_app(&self) -> bool {
        self.0.ends_with(APP_OWN)
    }

    /// Whether it is the name of one user's grant among those of many.
    pub fn is_of_user(&self) -> bool {
        self.0.contains(':') && !self.is_of_app() && !self.is_of_site_user()
    }

    /// Whether it is the name of the grant of a back end's user.
    pub fn is_of_site_user(&self) -> bool {
        self.0.contains(OF_SITE)
    }

    /// Whether it is the name of a grant of an app that serves many: a user's or the app's own.
    pub fn is_of_many(&self) -> bool {
        self.is_of_user() || self.is_of_app()
    }

    /// The user behind the colon, escapes undone. `None` for a name that means no user, or whose user's was too long to be kept whole.
    pub fn user(&self) -> Option<UserName> {
        let (_, escaped) = self.0.split_once(':')?;
        let plain = percent_decode::decode(escaped).map_or_else(|| escaped.as_bytes().to_vec(), |bytes| bytes.to_vec());
        let user: UserName = String::from_utf8(plain).ok()?.parse().ok()?;
        (self.of_user(&user) == *self).then_some(user)
    }

    /// Whether tokens of that subject may be handed out under the name: where it names a user, they are that user's and the
    /// provider said so. Other names do not say whose tokens they mean.
    pub fn admits(&self, subject: Option<&Subject>) -> bool {
        let user = || subject.and_then(|subject| subject.id.parse::<UserName>().ok());
        !self.is_of_user() || user().is_some_and(|user| self.of_user(&user) == *self)
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProfileName {
    type Err = BadName;

    /// A name by the rules of all names, or one with a user's behind a colon ([`ProfileName::of_user`]).
    fn from_str(text: &str) -> Result<Self, BadName> {
        let bad = || BadName(text.chars().take(Self::MAX).collect());
        let (base, user) = text.split_once(':').map_or((text, None), |(base, user)| (base, Some(user)));
        let fits = |user: &str| {
            let user = user.strip_prefix(&OF_SITE[1..]).unwrap_or(user);
            let plain = |text: &str| text.chars().all(|c| c == '%' || may_stand_in_name(c));
            let hash = |text: &str| {
                text.len() == HASH_DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            };
            let long = || user.split_once('~').is_some_and(|(head, tail)| plain(head) && hash(tail));
            text.len() <= Self::MAX_WITH_USER && !user.is_empty() && (APP_OWN[1..] == *user || plain(user) || long())
        };
        if !is_name(base, Self::MAX) || !user.is_none_or(fits) {
            return Err(bad());
        }
        Ok(Self(text.to_owned()))
    }
}

fn may_stand_in_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@')
}

/// 1 to `longest` bytes of letters, digits, `-`, `_`, `.`, `@` (any script), not starting with `-` or `.`: it can stand in a
/// command line, a file name and a table head as it is.
pub(crate) fn is_name(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && !text.starts_with(['-', '.']) && text.chars().all(may_stand_in_name)
}

/// What stands behind the base in the name of an app's own grant.
const APP_OWN: &str = ":~app";
/// What stands between the base and the user in the name of the grant of a back end's user.
const OF_SITE: &str = ":=";
/// How much of the hash of a long user's name stands in a profile's: 160 bits.
const HASH_DIGITS: usize = 40;

/// A text that cannot be a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name: use 1 to 64 letters, digits, '-', '_', '.' or '@', not starting with '-' or '.'")]
pub struct BadName(pub(crate) String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_stand_in_a_command_line() {
        assert!("work".parse::<ProfileName>().is_ok());
        assert!("小王@公司".parse::<ProfileName>().is_ok());
        for bad in ["", "-x", ".hidden", "a/b", "a b", "a\n", ":", "a:", ":b", "a:b:c", "a:b/c", "a:~", "a:~app:b"] {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn users_of_one_app_never_share_a_name() {
        let work: ProfileName = "work".parse().unwrap();
        let of = |user: &str| work.of_user(&user.parse().unwrap());
        assert_eq!(of("admin").as_str(), "work:admin");
        assert_eq!(of("a/b:c~").as_str(), "work:a%2Fb%3Ac%7E");
        assert_eq!(of("小王").as_str(), "work:小王");
        assert_ne!(of("%2F"), of("/"));
        assert_ne!(of("~app"), work.of_app());
        for name in [of("admin"), of("a/b:c~"), of("~app"), work.of_app()] {
            assert_eq!(name.as_str().parse::<ProfileName>().unwrap(), name);
            assert_eq!(name.base(), "work");
        }
        assert!(work.of_app().is_of_app() && !of("~app").is_of_app() && !of("app").is_of_app());
        assert_eq!(of("admin").of_user(&"eve".parse().unwrap()).as_str(), "work:eve");
        assert!(of("admin").is_of_user() && !work.of_app().is_of_user() && !work.is_of_user());
    }

    #[test]
    fn a_user_of_a_back_end_is_none_of_the_providers() {
        let work: ProfileName = "work".parse().unwrap();
        let (ours, theirs): (ProfileName, _) =
            (work.of_site_user(&"ada".parse().unwrap()), work.of_user(&"ada".parse().unwrap()));
        assert_eq!((ours.as_str(), theirs.as_str()), ("work:=ada", "work:ada"));
        assert_eq!(work.of_user(&"=ada".parse().unwrap()).as_str(), "work:%3Dada");
        assert_eq!(ours.as_str().parse::<ProfileName>().unwrap(), ours);
        assert!(ours.is_of_site_user() && !ours.is_of_user() && !ours.is_of_app() && !theirs.is_of_site_user());
        assert_eq!((ours.base(), ours.user()), ("work", None));
        let somebody = Subject { id: "ou_1".to_owned(), ..Subject::default() };
        assert!(ours.admits(Some(&somebody)) && ours.admits(None));
        let long = work.of_site_user(&"/".repeat(255).parse().unwrap());
        assert_eq!(long.as_str().parse::<ProfileName>().unwrap(), long);
        assert!(long.as_str().len() <= ProfileName::MAX_WITH_USER);
        for bad in ["work:=", "work:==a", "work:=a=", "=a", "work:=a:b"] {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn every_users_name_can_be_kept_however_long() {
        let work: ProfileName = "w".repeat(64).parse().unwrap();
        let mut names = std::collections::BTreeSet::new();
        for user in ["a".repeat(255), "a".repeat(254), "/".repeat(255), "/".repeat(254), "王".repeat(85)] {
            let name = work.of_user(&user.parse().unwrap());
            assert!(name.as_str().len() <= ProfileName::MAX_WITH_USER, "{name}");
            assert_eq!(name.as_str().parse::<ProfileName>().unwrap(), name);
            assert!(name.is_of_user());
            names.insert(name);
        }
        assert_eq!(names.len(), 5);
        // One that just fits is kept whole.
        let whole = work.of_user(&"a".repeat(175).parse().unwrap());
        assert_eq!(whole.as_str().len(), ProfileName::MAX_WITH_USER);
        assert!(!whole.as_str().contains('~'));
        for bad in ["w:a~", "w:~", "w:a~b", &format!("w:a~{}", "A".repeat(40)), &format!("w:a~{}", "a".repeat(39))] {
            assert!(bad.parse::<ProfileName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_users_name_admits_that_user_alone() {
        let work: ProfileName = "work".parse().unwrap();
        let subject = |id: &str| Subject { id: id.to_owned(), ..Subject::default() };
        let alice = work.of_user(&"alice".parse().unwrap());
        assert!(alice.admits(Some(&subject("alice"))));
        assert!(!alice.admits(Some(&subject("bob"))) && !alice.admits(Some(&subject(""))) && !alice.admits(None));
        assert!(work.admits(None) && work.admits(Some(&subject("bob"))) && work.of_app().admits(None));
    }
}
