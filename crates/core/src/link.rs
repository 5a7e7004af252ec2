//! Links: files that are kept in step with a login, and what to do about one (design/0000-charter.md §7).
//!
//! Enters: what a file holds, compared with what the vault knows ([`InFile`]). Leaves: one of the actions of the table
//! of design/0000-charter.md §7 ([`reconcile`]). The vault is the truth, and a file is compared with it by the
//! fingerprint of its refresh token, every time.

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
    /// The refresh token's end, in the notation in which it stands.
    RefreshExpiresAt,
    /// When the set was issued, beside a life that counts from then.
    Obtained,
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

/// What was delivered last. Names the generation, so that a crash repeats a delivery and never loses one
/// (design/0000-charter.md §5, step 9).
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

/// On what terms a linked file is written, as a person set them when it was linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// It is written although others can write its folder, and could so put another file in its place.
    #[serde(default)]
    pub shared_folder: bool,
    /// It is written although others can read it.
    #[serde(default)]
    pub open_to_others: bool,
    /// The permission bits that it had. It never gets others beside these. `None` for a link of a version that did not look.
    #[serde(default)]
    pub widest: Option<u32>,
}

impl Terms {
    /// Whether something less safe was permitted.
    pub const fn permit_more(self) -> bool {
        self.shared_folder || self.open_to_others
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
    /// On what terms the file is written.
    pub terms: Terms,
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

/// What stands at the place of a file's refresh token, compared with what the vault knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InFile {
    /// The link has no place for one: the file shows an access token alone, and nothing in it can be adopted.
    NotKept,
    /// Nothing, or an empty value.
    Blank,
    /// A text that can be no token.
    Malformed,
    /// A reference that another program resolves, or a sealed value.
    Reference,
    /// One that the vault has never seen.
    Unknown,
    /// One that the vault knows.
    Known {
        /// The grant it was issued to.
        grant: GrantId,
        /// The newest generation in which it was stored.
        generation: Generation,
        /// Whether it is another's, or nobody knows whose, in whatever generation: no person has said that it may give way.
        of_another: bool,
    },
}

/// What to do about a linked file (design/0000-charter.md §7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciliation {
    /// It shows the present set. Nothing.
    InStep,
    /// It shows the present refresh token, or none, and something beside it is old: write the present set.
    Deliver,
    /// It shows a set that has had its time: write the present one.
    Heal {
        /// The generation it shows.
        held: Generation,
    },
    /// It shows a login that somebody brought: adopt it, then write what is present.
    Adopt,
    /// It shows another's login, or one of which nobody knows whose it is. Leave it, and say so.
    LeaveToAnother {
        /// Whose.
        grant: GrantId,
    },
    /// There is nothing at the refresh token's place. Leave it, and say so.
    LeaveBlank,
    /// What stands there is no token. Leave it, and say so.
    LeaveMalformed,
    /// What stands there is resolved or opened by another program. Leave it whoever asks, and say so.
    LeaveReference,
    /// Nobody is logged in under the profile, so there is nothing to write. Leave it, and say so.
    LeaveWithoutLogin,
}

/// What to do about a file that could be read.
///
/// `present` is the profile's grant in its present generation, if somebody is logged in. `agree` tells whether every
/// other place of the link shows what the vault has. `asked` tells that a person wants the file filled in.
pub fn reconcile(in_file: InFile, present: Option<(GrantId, Generation)>, agree: bool, asked: bool) -> Reconciliation {
    match (in_file, present) {
        (InFile::Unknown, _) => Reconciliation::Adopt,
        (InFile::Reference, _) => Reconciliation::LeaveReference,
        // Its owner keeps it, however old it is: whose a file is does not change by its owner's next refresh.
        (InFile::Known { grant, of_another: true, .. }, _) => Reconciliation::LeaveToAnother { grant },
        (_, None) => Reconciliation::LeaveWithoutLogin,
        (InFile::Known { grant, generation, .. }, Some(ours)) if (grant, generation) == ours => {
            if agree {
                Reconciliation::InStep
            } else {
                Reconciliation::Deliver
            }
        }
        (InFile::Known { generation, .. }, Some(_)) => Reconciliation::Heal { held: generation },
        (InFile::NotKept, Some(_)) if agree => Reconciliation::InStep,
        (InFile::NotKept, Some(_)) => Reconciliation::Deliver,
        (InFile::Blank | InFile::Malformed, Some(_)) if asked => Reconciliation::Deliver,
        (InFile::Blank, Some(_)) => Reconciliation::LeaveBlank,
        (InFile::Malformed, Some(_)) => Reconciliation::LeaveMalformed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn grant(number: u128) -> GrantId {
        GrantId::from(Uuid::from_u128(number))
    }

    fn known(number: u128, generation: u64, of_another: bool) -> InFile {
        InFile::Known { grant: grant(number), generation: Generation::new(generation), of_another }
    }

    /// design/0000-charter.md §7 and docs/design/0002-links.md, row by row. The profile's login is grant 1 in
    /// generation 5.
    #[test]
    fn the_table() {
        use Reconciliation as R;
        let heal = |held| R::Heal { held: Generation::new(held) };
        let theirs = R::LeaveToAnother { grant: grant(2) };
        let rows = [
            ("the present one, and the rest agrees", known(1, 5, false), true, R::InStep),
            ("the present one, and something beside it is old", known(1, 5, false), false, R::Deliver),
            ("an older generation", known(1, 4, false), false, heal(4)),
            ("an older generation beside a good access token", known(1, 4, false), true, heal(4)),
            ("of a grant without a profile", known(2, 7, false), false, heal(7)),
            ("an older one of another profile's", known(2, 6, true), false, theirs),
            ("the present one of another profile's", known(2, 7, true), false, theirs),
            ("unknown", InFile::Unknown, false, R::Adopt),
            ("unknown beside a good access token", InFile::Unknown, true, R::Adopt),
            ("nothing", InFile::Blank, false, R::LeaveBlank),
            ("a reference", InFile::Reference, false, R::LeaveReference),
            ("no token", InFile::Malformed, false, R::LeaveMalformed),
            ("an access token alone, the present one", InFile::NotKept, true, R::InStep),
            ("an access token alone, an old one", InFile::NotKept, false, R::Deliver),
        ];
        let ours = Some((grant(1), Generation::new(5)));
        for (row, in_file, agree, wanted) in rows {
            assert_eq!(reconcile(in_file, ours, agree, false), wanted, "{row}");
            let asked = match wanted {
                R::LeaveBlank | R::LeaveMalformed => R::Deliver,
                other => other,
            };
            assert_eq!(reconcile(in_file, ours, agree, true), asked, "{row}, filled in by a person's wish");
            let without = match wanted {
                R::Adopt | R::LeaveReference | R::LeaveToAnother { .. } => wanted,
                _ => R::LeaveWithoutLogin,
            };
            assert_eq!(reconcile(in_file, None, agree, false), without, "{row}, and nobody is logged in");
        }
    }

    fn in_file() -> impl Strategy<Value = InFile> {
        prop_oneof![
            Just(InFile::NotKept),
            Just(InFile::Blank),
            Just(InFile::Malformed),
            Just(InFile::Reference),
            Just(InFile::Unknown),
            (1_u128..4, 1_u64..6, any::<bool>()).prop_map(|(grant, generation, other)| known(grant, generation, other)),
        ]
    }

    proptest! {
        /// Nothing that the vault does not know is ever written over, whatever else holds: it is adopted first.
        #[test]
        fn what_nobody_knows_is_never_written_over(agree: bool, asked: bool, present in 0_u64..4) {
            let present = (present > 0).then(|| (grant(1), Generation::new(present)));
            prop_assert_eq!(reconcile(InFile::Unknown, present, agree, asked), Reconciliation::Adopt);
        }

        /// Only a login that is there is written, and only over what it may be written over.
        #[test]
        fn what_is_written_and_over_what(in_file in in_file(), agree: bool, asked: bool, login in 0_u64..6) {
            let present = (login > 0).then(|| (grant(1), Generation::new(login)));
            let done = reconcile(in_file, present, agree, asked);
            if matches!(done, Reconciliation::Deliver | Reconciliation::Heal { .. }) {
                prop_assert!(present.is_some());
                let theirs = matches!(in_file, InFile::Known { of_another: true, .. });
                prop_assert!(!theirs, "another's login");
                prop_assert!(in_file != InFile::Reference, "a reference");
                prop_assert!(asked || !matches!(in_file, InFile::Blank | InFile::Malformed), "without a wish");
            }
            if done == Reconciliation::InStep {
                prop_assert!(agree && present.is_some());
            }
        }

        /// What was written is in step at the next look, so that two looks in a row write once.
        #[test]
        fn a_file_that_was_written_is_in_step(before in in_file(), agree: bool, asked: bool, login in 1_u64..6) {
            let ours = (grant(1), Generation::new(login));
            if matches!(
                reconcile(before, Some(ours), agree, asked),
                Reconciliation::Deliver | Reconciliation::Heal { .. }
            ) {
                let after = match before {
                    InFile::NotKept => InFile::NotKept,
                    _ => known(1, login, false),
                };
                prop_assert_eq!(reconcile(after, Some(ours), true, false), Reconciliation::InStep);
            }
        }
    }
}
