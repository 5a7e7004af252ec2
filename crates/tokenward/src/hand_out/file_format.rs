//! What stands in a hand-out file, and whether it may be served.
//!
//! Enters: a hand-out, or the bytes of a file. Leaves: the other one; `None` for whatever does not read.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokenward_core::ports::{HandOut, LinkedFile, Looks};
use tokenward_core::{Access, AccessToken, AppName, Generation, GrantId, Registration, Trouble};
use tokenward_vault::{Folder, stamp};
use zeroize::Zeroizing;

/// What the seal is for.
pub(super) const PURPOSE: &str = "handout";

/// Whether it can be served now: neither over, nor due, nor from a future that shows that the clock was set back, and every linked file looks
/// as it should.
pub(super) fn serves(folder: &Folder, hand_out: &HandOut, now: Timestamp) -> bool {
    let obtained = hand_out.access.obtained;
    let born = obtained.checked_sub(CLOCK_SLACK).unwrap_or(obtained);
    !folder.over(hand_out.grant).exists()
        && born <= now
        && now < hand_out.due_at
        && hand_out.links.iter().all(|link| is_as_it_should(link, now))
}

/// Whether a linked file looks as it should. Asks the file system once.
fn is_as_it_should(link: &LinkedFile, now: Timestamp) -> bool {
    match link.looks {
        Looks::Unknown => false,
        Looks::InStep(looked) => stamp(&link.file) == Some(looked),
        Looks::Unusable { stamp: looked, since } => {
            Trouble { stamp: looked, at: since, words: String::new() }.holds(stamp(&link.file), now)
        }
    }
}

/// The sealed bytes of a file that nobody else may read.
pub(super) fn blob(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    if file.metadata().ok()?.mode() & 0o077 != 0 {
        return None;
    }
    let mut blob = Vec::with_capacity(4096);
    file.read_to_end(&mut blob).ok()?;
    Some(blob)
}

pub(super) fn to_plain(hand_out: &HandOut) -> io::Result<Zeroizing<Vec<u8>>> {
    let text = Text {
        grant: hand_out.grant,
        app: &hand_out.app,
        registration: hand_out.registration.as_ref(),
        generation: hand_out.generation,
        token: hand_out.access.token.expose(),
        obtained: hand_out.access.obtained.as_millisecond(),
        expires: hand_out.access.expires.as_millisecond(),
        turn_at: hand_out.due_at.as_millisecond(),
        links: hand_out.links.iter().map(|link| (path_to_text(&link.file), link.looks)).collect(),
    };
    let mut plain = Zeroizing::new(Vec::with_capacity(text.token.len() + 512));
    serde_json::to_writer(&mut *plain, &text)?;
    Ok(plain)
}

pub(super) fn from_plain(plain: &[u8]) -> Option<HandOut> {
    let text: TextBack = serde_json::from_slice(plain).ok()?;
    let instant = |millis| Timestamp::from_millisecond(millis).ok();
    Some(HandOut {
        grant: text.grant,
        app: text.app,
        registration: text.registration,
        generation: text.generation,
        access: Access {
            token: AccessToken::parse(text.token.as_str()).ok()?,
            obtained: instant(text.obtained)?,
            expires: instant(text.expires)?,
        },
        due_at: instant(text.turn_at)?,
        links: text
            .links
            .into_iter()
            .map(|(file, looks)| Some(LinkedFile { file: path_from_text(&file)?, looks }))
            .collect::<Option<_>>()?,
    })
}

#[derive(Serialize)]
struct Text<'a> {
    grant: GrantId,
    app: &'a AppName,
    registration: Option<&'a Registration>,
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
    /// One of before this was written down does not read: the long way writes it anew.
    #[serde(deserialize_with = "Option::deserialize")]
    registration: Option<Registration>,
    generation: Generation,
    token: Zeroizing<String>,
    obtained: i64,
    expires: i64,
    turn_at: i64,
    #[serde(default)]
    links: Vec<(String, Looks)>,
}

/// A path as text, a character for each byte: a path need not be UTF-8.
fn path_to_text(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().map(|byte| char::from(*byte)).collect()
}

fn path_from_text(text: &str) -> Option<PathBuf> {
    let bytes = text.chars().map(u8::try_from).collect::<Result<Vec<_>, _>>().ok()?;
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

/// How far a clock may step back without making stored ages doubtful.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_mins(1);
