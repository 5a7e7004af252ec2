//! A script's ini file: where its tokens stand, and how new ones come there.
//!
//! Enters: the file, held so that nobody else of ours writes it; what is handed out. Leaves: the file with both new tokens, everything else in it
//! as it was. The tokens are durable in the vault before (I2), so a crash here costs nothing: the next run writes what is there (I5).

use std::path::Path;
use std::time::Duration;

use tokenward_core::ports::LoginCopy;
use tokenward_core::{AccessToken, Code, GrantId};
use tokenward_keeper::{Error, KeptState, Notice, ServedToken};
use zeroize::Zeroizing;

use crate::links::{
    Document, DocumentError, FileError, Format, Frame, LinkedFile, Links, LockedFile, Place, Value, WriteOutcome,
};

/// What a rotation of a script's login brought. The file holds it already.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScriptTokens {
    /// The user access token.
    pub access: AccessToken,
    /// The grant of the vault that is behind the file now.
    pub grant: GrantId,
    /// Whether the file held a spent refresh token, and was given the one that is good now without sending any.
    pub healed: bool,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// The script's file, which nobody else of ours writes meanwhile.
pub(super) struct ScriptFile {
    pub(super) held: LockedFile,
    /// What stood in it.
    pub(super) document: Document,
    pub(super) places: Places,
    /// The refresh token that stood in it.
    pub(super) token: Option<Zeroizing<String>>,
    /// The access token that stood in it.
    pub(super) access: Option<Zeroizing<String>>,
}

impl ScriptFile {
    /// Puts the new tokens in the place of the old ones. Another refresh token than at the beginning is a login that somebody
    /// brought meanwhile, and stays; a program that writes in place empties the file first, and is waited for.
    fn write(self, values: Vec<(Place, Value)>) -> tokio::task::JoinHandle<Result<WriteOutcome, FileError>> {
        tokio::task::spawn_blocking(move || {
            let stays = |place: &Place| *place != self.places.access && *place != self.places.refresh;
            let still = |now: &Document| {
                let is_same = |place: &Place| now.get_value(place).ok() == self.document.get_value(place).ok();
                now.get(&self.places.refresh).is_ok_and(|token| token == self.token)
                    && values.iter().map(|(place, _)| place).filter(|place| stays(place)).all(is_same)
            };
            for _ in 0..LOOKS {
                match self.held.write_while(&values, still) {
                    Ok(WriteOutcome::Moved) => std::thread::sleep(BETWEEN_LOOKS),
                    written => return written,
                }
            }
            Ok(WriteOutcome::Moved)
        })
    }
}

impl ScriptFile {
    /// Gives the file what is handed out, with what follows it there. `stale`: the file's token was an older one.
    pub(super) async fn show(
        self,
        links: &Links,
        login: LoginCopy,
        handed: ServedToken,
        stale: bool,
    ) -> Result<ScriptTokens, Error> {
        let grant = login.grant.id;
        let Places { access, refresh, .. } = &self.places;
        let followers = links.followers(&self.document, access, refresh, &login).await;
        let followers = followers.map_err(|error| lost(error.to_string()))?;
        let access = login.grant.access.unwrap_or(handed.access).token;
        let mut values = vec![(self.places.access.clone(), framed(self.access.as_ref(), access.expose()))];
        let refresh = login.refresh.map(|token| framed(self.token.as_ref(), token.expose()));
        values.extend(refresh.map(|value| (self.places.refresh.clone(), value)));
        values.extend(followers.values);
        let held = self.held.path().to_owned();
        let (path, written) = (held.display().to_string(), self.write(values));
        match written.await {
            Ok(Ok(WriteOutcome::Moved)) => Err(moved(&path)),
            Ok(Ok(_)) => {
                let mut notices = handed.notices;
                notices.extend(
                    (!followers.left.is_empty()).then_some(Notice::StaleCopy { file: held, places: followers.left }),
                );
                Ok(ScriptTokens { access, grant, healed: stale && !handed.rotated, notices })
            }
            Ok(Err(error)) => Err(lost(error.to_string())),
            Err(error) => Err(lost(error.to_string())),
        }
    }
}

/// The vault has the new tokens, and the file has not.
pub(super) fn lost(detail: String) -> Error {
    Error::with_detail(Code::FileNotWritten, KeptState::NewTokens, detail)
}

/// The same where somebody brought another login meanwhile.
pub(super) fn moved(path: &str) -> Error {
    lost(format!("{path} holds another refresh token by now, which is left there"))
}

/// How often a file that shows another refresh token is looked at again, and how long after.
const LOOKS: usize = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Where the three tokens stand, or will.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) app: Place,
    pub(super) refresh: Place,
    pub(super) access: Place,
}

impl Places {
    /// A key is taken from [`SECTION`] if it is there, else from the one section that has it. A key
    /// that is nowhere is put to the other tokens.
    pub(super) fn find(document: &Document) -> Result<Self, DocumentError> {
        if document.format() == Format::Dotenv {
            let names = document.keys("");
            let place = |key: &str| {
                Place::dotenv(names.iter().find(|name| name.eq_ignore_ascii_case(key)).map_or(key, String::as_str))
            };
            let [app, refresh, access] = [APP_TOKEN, REFRESH_TOKEN, ACCESS_TOKEN].map(place);
            return Ok(Self { app, refresh, access });
        }
        let section = |key: &str| -> Result<Option<String>, DocumentError> {
            let sections = document.sections_with(key)?;
            let preferred = sections.iter().any(|section| section == SECTION);
            match sections.as_slice() {
                [] => Ok(None),
                _ if preferred => Ok(Some(SECTION.to_owned())),
                [only] => Ok(Some(only.clone())),
                _ => Err(DocumentError::Ambiguous { key: key.to_owned(), sections: sections.join(", ") }),
            }
        };
        let app = section(APP_TOKEN)?;
        let refresh = section(REFRESH_TOKEN)?;
        let access = section(ACCESS_TOKEN)?;
        let any = refresh.as_ref().or(access.as_ref()).or(app.as_ref());
        let home = any.cloned().unwrap_or_else(|| SECTION.to_owned());
        let place = |section: Option<String>, key| Place::ini(section.as_ref().unwrap_or(&home), key);
        Ok(Self {
            app: place(app, APP_TOKEN),
            refresh: place(refresh, REFRESH_TOKEN),
            access: place(access, ACCESS_TOKEN),
        })
    }
}

/// How a script's file is written: as an ini file, unless it has the keys without a section, which `configparser` refuses and scripts
/// of other languages take. What is neither is told as an ini file.
pub(super) async fn format_of(file: &Path) -> Format {
    let file = file.to_owned();
    let is_list = move || {
        let reads = |format| LinkedFile::new(&file, format).read();
        let refused = matches!(reads(Format::Ini), Err(FileError::Document { .. }));
        let names = reads(Format::Dotenv).map(|document| document.keys("")).unwrap_or_default();
        let has = |key: &str| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        refused && has(APP_TOKEN) && has(REFRESH_TOKEN)
    };
    let is_list = tokio::task::spawn_blocking(is_list).await.unwrap_or(false);
    if is_list { Format::Dotenv } else { Format::Ini }
}

/// A token without the quotes that scripts put around it and take off again; for `configparser` they belong to the value.
pub(super) fn bare(text: Option<Zeroizing<String>>) -> Option<Zeroizing<String>> {
    let text = text?;
    let quoted = Frame::of(&text).filter(|_| text.trim_start().starts_with(['"', '\'']));
    Some(quoted.map_or_else(|| text.clone(), |frame| Zeroizing::new(frame.token(&text).to_owned())))
}

/// A token with what stands around the one before.
pub(super) fn framed(stands: Option<&Zeroizing<String>>, token: &str) -> Value {
    let quoted = stands.filter(|text| text.trim_start().starts_with(['"', '\'']));
    let frame = quoted.and_then(|text| Some((text, Frame::of(text)?)));
    frame.map_or_else(|| Value::text(token), |(text, frame)| Value::text(frame.with(text, token)))
}

/// A file that cannot be used, found out before anything was sent. Waiting helps against some of it.
pub(super) fn unusable(error: &FileError) -> Error {
    let code = match error {
        FileError::Busy { .. } | FileError::Restless { .. } | FileError::Io { .. } => Code::FileNotWritten,
        _ => Code::FileUnusable,
    };
    Error::with_detail(code, KeptState::Everything, error.to_string())
}

/// The section for keys that are in no section yet.
pub(super) const SECTION: &str = "TOKEN";
/// The key of the app access token.
pub(super) const APP_TOKEN: &str = "app_access_token";
/// The key of the refresh token.
pub(super) const REFRESH_TOKEN: &str = "refresh_token";
/// The key of the user access token.
pub(super) const ACCESS_TOKEN: &str = "user_access_token";
