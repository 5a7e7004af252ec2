//! The hand-out file: a profile's access token, sealed, for the fast path.
//!
//! Written after a commit, never read by the vault itself; it is a copy of what the commit made durable, so it is not
//! synced (I2 holds: the commit came first). One that is torn, old, moved to another profile's name or of
//! another vault fails its seal or its dates and is ignored; the caller then goes the long way.
//!
//! [`read`] is synchronous and opens three files (hand-out, wrapped key, key file) or two (with an explicit key): it
//! is the whole of `tokenward token` in the common case (DESIGN §10).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokenward_core::ports::Entropy;
use tokenward_core::{Access, AccessToken, AppName, Generation, GrantId, ProfileName};
use zeroize::Zeroizing;

use crate::codec::instant;
use crate::folder::{Folder, sync_folder, write_whole};
use crate::key::{self, KeySources};
use crate::seal::{Keys, Label};

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
}

impl HandOut {
    /// Whether it may be served: not due, and not from a future that shows that the clock was set back.
    pub fn serves(&self, now: Timestamp) -> bool {
        let born = self.access.obtained.checked_sub(CLOCK_SLACK).unwrap_or(self.access.obtained);
        born <= now && now < self.turn_at
    }
}

/// The token of a profile, if its hand-out file is there, whole, private and good at `now`. Anything else is `None`: the
/// long way finds out what it is, and says so.
pub fn read(folder: &Folder, profile: &ProfileName, sources: &KeySources, now: Timestamp) -> Option<HandOut> {
    let blob = read_blob(&folder.handout(profile))?;
    let unlocked = key::unlock(folder, sources).ok()??;
    if unlocked.source == key::KeySource::KeyFile && !key::private(&std::fs::metadata(folder.key_file()).ok()?) {
        return None;
    }
    open(&unlocked.keys, profile, &blob).filter(|handout| handout.serves(now))
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
    })
}

fn label(profile: &ProfileName) -> Label {
    Label::new("handout").with(profile.as_str().as_bytes())
}

/// How far a clock may step back without making stored ages doubtful.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(1);
