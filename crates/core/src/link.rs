//! Links: files that are kept in step with a login, and what to do about one (DESIGN §7).
//!
//! Enters: what a file holds, compared with what the vault knows ([`InFile`]). Leaves: one of the actions of DESIGN §7's table
//! ([`reconcile`]). The vault is the truth, and a file is compared with it by the fingerprint of its refresh token, every time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Fingerprint, Format, Generation, GrantId, Place, ProfileName};

/// Identifies a link within its vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub i64);

/// Which value of a login stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Slot {
    /// The access token.
    AccessToken,
    /// The refresh token.
    RefreshToken,
    /// The access token's life when it was issued, in seconds (RFC 6749 §5.1).
    ExpiresIn,
    /// The access token's end, in seconds since 1970 (as oauthlib writes it).
    ExpiresAt,
    /// The access token's end (RFC 3339).
    Expiry,
    /// The refresh token's life when it was issued, in seconds.
    RefreshExpiresIn,
    /// The granted scopes, separated by spaces (RFC 6749 §3.3).
    Scope,
}

/// How a file looked to the file system when it was last in step. Another look means: read it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The device.
    pub device: u64,
    /// The inode.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// When it was written, in nanoseconds since 1970.
    pub modified: i128,
    /// When its inode was changed, in nanoseconds since 1970.
    pub changed: i128,
}

/// What was delivered last. Names the generation, so that a crash repeats a delivery and never loses one (DESIGN §5, step 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The grant whose tokens the file holds.
    pub grant: GrantId,
    /// Their generation.
    pub generation: Generation,
    /// When the file was seen or made to hold them.
    pub at: Timestamp,
    /// How it looked then.
    pub stamp: Stamp,
}

/// Why a file could not be brought in step. Kept, so that a file that cannot be mended (read-only, gone, not to be read) does not
/// send every caller the long way: it is looked at again once it looks otherwise, and once in a [`Trouble::PAUSE`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// How the file looked; `None` when there was nothing to be seen at its path.
    pub stamp: Option<Stamp>,
    /// When.
    pub at: Timestamp,
    /// What is wrong, in words for a person. Holds no secret.
    pub words: String,
}

impl Trouble {
    /// How long a file that cannot be mended is left alone while it looks the same.
    pub const PAUSE: Duration = Duration::from_mins(1);

    /// From when on it is looked at again although it looks the same.
    pub fn again(&self) -> Timestamp {
        self.at.checked_add(Self::PAUSE).unwrap_or(Timestamp::MAX)
    }

    /// Whether the file may be left alone at `now`, when it looks like `stamp`. Trouble from a future shows that the clock was
    /// set back, and is looked at again.
    pub fn holds(&self, stamp: Option<Stamp>, now: Timestamp) -> bool {
        self.stamp == stamp && self.at <= now && now < self.again()
    }
}

/// A link to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// The profile whose login the file shows: whoever logs in under it next is followed.
    pub profile: ProfileName,
    /// The file, by an absolute path as a person would write it: symbolic links in it are followed at every delivery.
    pub file: PathBuf,
    /// How it is read.
    pub format: Format,
    /// Where its values stand. At least an access token or a refresh token.
    pub places: BTreeMap<Slot, Place>,
}

/// A file that is kept in step with a profile's login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its id.
    pub id: LinkId,
    /// What was asked for.
    pub target: NewLink,
    /// When it was made.
    pub made: Timestamp,
    /// What was delivered last; `None` before the first delivery.
    pub receipt: Option<Receipt>,
    /// Why nothing could be delivered since; `None` after a receipt.
    pub trouble: Option<Trouble>,
}

/// A refresh token, as the vault knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recognised {
    /// Its name.
    pub fingerprint: Fingerprint,
    /// The grant and the newest generation in which it was stored; `None` for one the vault has never seen. A set that was parked
    /// the moment it came is known by the generation whose token was spent for it, and so never taken for the present one.
    pub known: Option<(GrantId, Generation)>,
}
