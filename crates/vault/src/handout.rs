//! The hand-out file: a profile's access token, sealed, for the fast path.
//!
//! Written after a commit, never read by the vault itself; it is a copy of what the commit made durable, so it is not
//! synced (I2 holds: the commit came first). One that is torn, old, moved to another profile's name or of
//! another vault fails its seal or its dates and is ignored; the caller then goes the long way.
//!
//! It also says how the profile's linked files have to look. One that looks otherwise was edited, replaced or never brought in
//! step, and the long way reconciles it before a token is served (design/0000-charter.md §7).
//!
//! [`read`] is synchronous and opens three files (hand-out, wrapped key, key file) or two (with an explicit key), and asks
//! once for the looks of each linked file: it is the whole of `tokenward token` in the common case
//! (design/0000-charter.md §10).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokenward_core::ports::{Entropy, StoreError};
use tokenward_core::{Access, AccessToken, AppName, Generation, GrantId, ProfileName, Stamp, Trouble};
use zeroize::Zeroizing;

use crate::codec::instant;
use crate::error::from_io;
use crate::folder::{Folder, open_private, sync_folder, write_whole};
use crate::key::{self, KeySources};
use crate::seal::{Keys, Label};
use crate::stamp::stamp;

/// What a hand-out file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandOut {
    /// The grant.
    pub grant: GrantId,
    /// The app whose grant it is. A profile that names another app by now must not be handed this token.
    pub app: AppName,
    /// Its generation when the file was written.
    pub generation: Generation,
    /// The access token.
    pub access: Access,
    /// From when on the long way is to be gone, so that the token is turned ahead of its end.
    pub turn_at: Timestamp,
    /// The profile's linked files.
    pub links: Vec<Linked>,
}

/// A linked file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    /// Its path; symbolic links in it are followed.
    pub file: PathBuf,
    /// How it has to look for the token to be served.
    pub looks: Looks,
}

/// How a linked file has to look for the token to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Looks {
    /// Nothing was delivered of this generation: it has to be looked into.
    Unknown,
    /// It was in step when it looked so.
    InStep(Stamp),
    /// It could not be brought in step when it looked so (`None`: like nothing). It is left alone for a [`Trouble::PAUSE`].
    Unusable {
        /// How it looked.
        stamp: Option<Stamp>,
        /// When.
        since: Timestamp,
    },
}

impl Linked {
    /// Whether the file looks as it should. Asks the file system once.
    pub fn serves(&self, now: Timestamp) -> bool {
        match self.looks {
            Looks::Unknown => false,
            Looks::InStep(looked) => stamp(&self.file) == Some(looked),
            Looks::Unusable { stamp: looked, since } => {
                Trouble { stamp: looked, at: since, words: String::new() }.holds(stamp(&self.file), now)
            }
        }
    }
}

impl HandOut {
    /// Whether its dates let it be served: not due, and not from a future that shows that the clock was set back.
    pub fn serves(&self, now: Timestamp) -> bool {
        let born = self.access.obtained.checked_sub(CLOCK_SLACK).unwrap_or(self.access.obtained);
        born <= now && now < self.turn_at
    }
}

/// The token of a profile, if its hand-out file is there, whole, private and good at `now`, and every linked file looks as it
/// should. Anything else is `None`: the long way finds out what it is, and says so.
pub fn read(folder: &Folder, profile: &ProfileName, sources: &KeySources, now: Timestamp) -> Option<HandOut> {
    let blob = read_blob(&folder.handout(profile))?;
    let unlocked = key::unlock(folder, sources).ok()??;
    if unlocked.source == key::KeySource::KeyFile && !key::private(&std::fs::metadata(folder.key_file()).ok()?) {
        return None;
    }
    open(&unlocked.keys, profile, &blob).filter(|handout| {
        !is_over(folder, handout.grant) && handout.serves(now) && handout.links.iter().all(|link| link.serves(now))
    })
}

/// Takes a profile's hand-out file away, durably: from now on the long way is gone.
///
/// # Errors
/// [`StoreFault::Unreadable`](tokenward_core::ports::StoreFault::Unreadable) and its like, where the folder cannot be written.
pub fn forget(folder: &Folder, profile: &ProfileName) -> Result<(), StoreError> {
    remove(folder, profile).map_err(|error| from_io(&folder.handout(profile), &error))
}

/// Writes a profile's hand-out file.
pub(crate) fn write(
    folder: &Folder,
    keys: &Keys,
    entropy: &dyn Entropy,
    profile: &ProfileName,
    handout: &HandOut,
) -> io::Result<()> {
    let text = Text {
        grant: handout.grant,
        app: &handout.app,
        generation: handout.generation,
        token: handout.access.token.expose(),
        obtained: handout.access.obtained.as_millisecond(),
        expires: handout.access.expires.as_millisecond(),
        turn_at: handout.turn_at.as_millisecond(),
        links: handout.links.iter().map(|link| (path_to_text(&link.file), link.looks)).collect(),
    };
    let mut plain = Zeroizing::new(Vec::with_capacity(text.token.len() + 512));
    serde_json::to_writer(&mut *plain, &text)?;
    write_whole(&folder.handout(profile), &keys.seal(entropy, &label(profile), &plain), false)
}

/// Removes a profile's hand-out file, durably.
pub(crate) fn remove(folder: &Folder, profile: &ProfileName) -> io::Result<()> {
    match std::fs::remove_file(folder.handout(profile)) {
        Ok(()) => sync_folder(&folder.handouts()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Puts it on record, durably, that a login was ended here. Its hand-out file goes too; but one that comes back, from a backup of the
/// folder, would open as before.
pub(crate) fn end(folder: &Folder, grant: GrantId) -> io::Result<()> {
    let path = folder.over(grant);
    open_private(&path)?;
    sync_folder(path.parent().unwrap_or(folder.vault()))
}

/// Whether a login was ended here.
pub(crate) fn is_over(folder: &Folder, grant: GrantId) -> bool {
    folder.over(grant).exists()
}

/// What is in a profile's hand-out file, good or not.
pub(crate) fn peek(folder: &Folder, keys: &Keys, profile: &ProfileName) -> Option<HandOut> {
    open(keys, profile, &read_blob(&folder.handout(profile))?)
}

#[derive(Serialize)]
struct Text<'a> {
    grant: GrantId,
    app: &'a AppName,
    generation: Generation,
    token: &'a str,
    obtained: i64,
    expires: i64,
    turn_at: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<(String, Looks)>,
}

#[derive(Deserialize)]
struct TextBack {
    grant: GrantId,
    app: AppName,
    generation: Generation,
    token: Zeroizing<String>,
    obtained: i64,
    expires: i64,
    turn_at: i64,
    #[serde(default)]
    links: Vec<(String, Looks)>,
}

fn read_blob(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    if !key::private(&file.metadata().ok()?) {
        return None;
    }
    let mut blob = Vec::with_capacity(4096);
    file.read_to_end(&mut blob).ok()?;
    Some(blob)
}

fn open(keys: &Keys, profile: &ProfileName, blob: &[u8]) -> Option<HandOut> {
    let plain = keys.open(&label(profile), blob).ok()?;
    let text: TextBack = serde_json::from_slice(&plain).ok()?;
    Some(HandOut {
        grant: text.grant,
        app: text.app,
        generation: text.generation,
        access: Access {
            token: AccessToken::parse(text.token.as_str()).ok()?,
            obtained: instant(text.obtained)?,
            expires: instant(text.expires)?,
        },
        turn_at: instant(text.turn_at)?,
        links: text
            .links
            .into_iter()
            .map(|(file, looks)| Some(Linked { file: path_from_text(&file)?, looks }))
            .collect::<Option<_>>()?,
    })
}

/// A path as text, a character for each byte: a path need not be UTF-8.
fn path_to_text(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().map(|byte| char::from(*byte)).collect()
}

fn path_from_text(text: &str) -> Option<PathBuf> {
    let bytes = text.chars().map(u8::try_from).collect::<Result<Vec<_>, _>>().ok()?;
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

fn label(profile: &ProfileName) -> Label {
    Label::new("handout").with(profile.as_str().as_bytes())
}

/// How far a clock may step back without making stored ages doubtful.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(1);
