//! A script's own ini file: one rotation of the login in it, as the script of old did it, and without its losses.
//!
//! Enters: a file such as `feishu-config.ini`, perhaps an app access token and a refresh token. Leaves: a new user access token,
//! and the file with both new tokens. In between, the file's login is a grant of the vault like any other: its refresh
//! token is journalled before it is sent (I1), the answer is kept before it is read (I3), the new pair is durable in
//! the vault before it is in the file and before anyone sees it (I2).
//!
//! The file is reconciled with the vault by the refresh token that stands in it (design/0000-charter.md §7): the
//! vault's present one is rotated; an older one is never sent again, but healed; an unknown one is adopted as a login of
//! its own, so that a mistyped token cannot harm a login that lives.
//!
//! A crash before the send changes nothing. One after it leaves an open intent, a kept answer or a new generation;
//! the next run of the same command finds the file's token, finishes what was begun, and writes the file (I5).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::ports::{
    Account, Adopted, Adoption, AppAccess, AppTokenKind, AuthorizationRequest, CallError, Claim, CodeExchange, Consent,
    DeviceLogin, Known, Prepared, Provider, Sent, StoreError, StoreFault, TokenEndpoint,
};
use tokenward_core::{
    AccessToken, App, AppName, AppSecret, AppToken, BadSecret, Brand, Code, DeviceCode, Event, ExitClass, FeishuApp,
    Generation, Grant, GrantId, Hosts, Outcome, ProfileName, RawAnswer, Recognised, RefreshToken, Rules, Scopes, Spend,
    Subject, TokenApi, TokenSet, TokenWish,
};
use url::Url;
use zeroize::Zeroizing;

use crate::given;
use crate::links::{
    Document, DocumentError, Doubled, FileError, Format, Frame, LinkedFile, Links, LockedFile, Nature, Place, Value,
    WriteOutcome,
};
use tokenward_keeper::{Error, Keeper, KeeperOptions, KeptState, Notice, Parts};

/// One rotation of the login in a script's file.
#[derive(Debug)]
#[non_exhaustive]
pub struct ScriptRefresh {
    /// The ini file. It need not be there when both tokens are given.
    pub file: PathBuf,
    /// The brand of the app.
    pub brand: Brand,
    /// The hosts it is used through.
    pub hosts: Hosts,
    /// The app access token; otherwise `app_access_token` of the file.
    pub app_token: Option<AppToken>,
    /// The refresh token; otherwise `refresh_token` of the file.
    pub refresh_token: Option<RefreshToken>,
}

impl ScriptRefresh {
    /// Of the login in this file, with the tokens that stand there.
    pub const fn new(file: PathBuf, brand: Brand, hosts: Hosts) -> Self {
        Self { file, brand, hosts, app_token: None, refresh_token: None }
    }

    /// With another app access token, where there is one.
    pub fn app_token(self, app_token: Option<AppToken>) -> Self {
        Self { app_token, ..self }
    }

    /// With another refresh token, where there is one.
    pub fn refresh_token(self, refresh_token: Option<RefreshToken>) -> Self {
        Self { refresh_token, ..self }
    }

    /// The file that scripts of this kind keep beside themselves.
    pub const FILE: &str = "feishu-config.ini";
    /// The section for keys that are in no section yet.
    pub const SECTION: &str = "TOKEN";
    /// The key of the app access token.
    pub const APP_TOKEN: &str = "app_access_token";
    /// The key of the refresh token.
    pub const REFRESH_TOKEN: &str = "refresh_token";
    /// The key of the user access token.
    pub const ACCESS_TOKEN: &str = "user_access_token";
}

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

impl ScriptRefresh {
    /// Rotates the login in a script's file, and writes both new tokens into the file.
    ///
    /// # Errors
    /// The file is as it was. Before anything is sent: [`Code::FileUnusable`] and [`Code::FileNotWritten`] when the file
    /// cannot be read or replaced, [`Code::SettingMissing`] when a token is nowhere, [`Code::BadSecret`]. Then those of
    /// [`Keeper::renew`]. At last [`Code::FileNotWritten`] with [`KeptState::NewTokens`]: the next run writes them.
    pub async fn run(self, keeper: &Keeper) -> Result<ScriptTokens, Error> {
        let (request, links) = (self, Links::new(keeper));
        let patience = KeeperOptions::default().refresh_patience;
        let mut file = LinkedFile::new(&request.file, format_of(&request.file).await);
        if request.app_token.is_some() && request.refresh_token.is_some() {
            file = file.or_new();
        }
        let held = tokio::task::spawn_blocking(move || file.hold(patience)).await;
        let held =
            held.map_err(|error| Error::with_detail(Code::Internal, KeptState::Everything, error.to_string()))?;
        let held = held.map_err(|error| unusable(&error))?;
        let document = held.read().map_err(|error| unusable(&error))?;
        let path = &request.file;
        let refused = |source: DocumentError| unusable(&FileError::Document { path: path.clone(), source });
        let places = Places::find(&document).map_err(refused)?;
        let read = |place: &Place| document.get(place).map_err(refused);
        let app_token = match request.app_token {
            Some(token) => token,
            None => parse(path, ScriptRefresh::APP_TOKEN, bare(read(&places.app)?), given::app_token)?,
        };
        let held_token = read(&places.refresh)?;
        let refresh = match request.refresh_token {
            Some(token) => token,
            None => parse(path, ScriptRefresh::REFRESH_TOKEN, bare(held_token.clone()), given::refresh_token)?,
        };
        let held_access = read(&places.access)?;
        // Whichever of the two it is, it is no login.
        if bare(held_access.clone()).is_some_and(|access| access.trim() == refresh.expose()) {
            let (key, other) = (ScriptRefresh::REFRESH_TOKEN, ScriptRefresh::ACCESS_TOKEN);
            let detail = format!("{key} in {}: it is the same text as {other}", path.display());
            return Err(Error::with_detail(Code::BadSecret, KeptState::Everything, detail));
        }
        for (place, held) in [(&places.refresh, &held_token), (&places.access, &held_access)] {
            stays(path, place, bare(held.clone()).as_ref())?;
        }
        let doubled = [&places.refresh, &places.access].map(|place| Doubled::at(&document, place));
        let doubled: Vec<Doubled> =
            doubled.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>().map_err(refused)?;
        if let Some(source) = links.unkept(&doubled).await? {
            let error = FileError::Document { path: path.clone(), source };
            return Err(Error::with_detail(Code::DoubledKey, KeptState::Everything, error.to_string()));
        }
        if bare(held_token.clone()).is_some_and(|held| held.trim() != refresh.expose()) {
            gives_way(&links, path, bare(held_token.clone())).await?;
        }
        // The very change that will be made, with other values: what is refused must be refused before the send.
        let mut trial = document.clone();
        for place in [&places.access, &places.refresh] {
            trial.set(place, "tokenward").map_err(refused)?;
        }
        let provider = Bearer { inner: Arc::clone(&keeper.parts().provider), token: app_token };
        let rotation = ScriptRotation {
            keeper: keeper.sending_by(Arc::new(provider)),
            links,
            parts: keeper.parts(),
            app: script_app(request.brand, request.hosts)?,
        };
        let file = ScriptFile { held, document, places, token: held_token, access: held_access };
        rotation.run(file, refresh).await.map_err(taken_out)
    }
}

/// Refuses to write over a refresh token that nobody has kept, which may be the only one that lives.
async fn gives_way(links: &Links, path: &Path, held: Option<Zeroizing<String>>) -> Result<(), Error> {
    let Some(held) = held else { return Ok(()) };
    if links.give_way(&[&held]).await?.into_iter().all(|gives_way| gives_way) {
        return Ok(());
    }
    let detail = format!("{} in {}", ScriptRefresh::REFRESH_TOKEN, path.display());
    Err(Error::with_detail(Code::AnotherInFile, KeptState::Everything, detail))
}

/// The script's file that a login was taken from, by its whole path; as its name alone where the record of that is gone. `None` for
/// a login that is no script's.
pub async fn script_file(keeper: &Keeper, login: &Grant) -> Option<PathBuf> {
    let name = login.profile.as_ref().filter(|_| is_script_login(login))?;
    let journal = keeper.journal(login.id, u32::MAX).await.unwrap_or_default();
    let source = journal.into_iter().find_map(|entry| match entry.event {
        Event::Adopted { source, .. } => Some(source),
        _ => None,
    });
    Some(source.map_or_else(|| name.as_str().rsplit_once('@').map_or("", |(file, _)| file).into(), PathBuf::from))
}

/// Whether a login is that of a script's file, which has no app and no profile of the settings.
pub fn is_script_login(login: &Grant) -> bool {
    is_of_a_script(&login.app, login.profile.as_ref())
}

/// Whether a login of this app and under this name is a script's, which has no app and no profile of the settings, and whose file shows
/// its refresh token.
pub fn is_of_a_script(app: &AppName, name: Option<&ProfileName>) -> bool {
    app.as_str() == SCRIPT_APP && name.is_some_and(|name| name.as_str().contains('@'))
}

/// One rotation, once everything is proven.
struct ScriptRotation<'a> {
    keeper: Keeper,
    links: Links,
    parts: &'a Parts,
    app: App,
}

impl ScriptRotation<'_> {
    /// Rotates the login and writes the file, which nobody else of ours writes meanwhile.
    async fn run(self, file: ScriptFile, refresh: RefreshToken) -> Result<ScriptTokens, Error> {
        let vault = &self.parts.vault;
        let Recognised { fingerprint, mut known } = vault.recognise(&refresh).await?;
        if known.is_none() {
            let beside = bare(file.access.clone()).and_then(|text| given::access_token(text.as_str()).ok());
            known = Some(self.adopt(file.held.path(), &fingerprint.to_string(), refresh, beside).await?);
        }
        let Some((grant, generation)) = known else { return Err(Error::new(Code::Internal, KeptState::Everything)) };
        let present = vault.grant(grant).await?;
        if present.issued_by != TokenApi::LegacyV1 {
            let owner = present.profile.map_or_else(|| grant.to_string(), |profile| profile.to_string());
            return Err(Error::with_detail(Code::BadSetting, KeptState::Everything, owner));
        }
        let stale = generation != present.generation;
        let handed = if stale {
            self.keeper.access(&self.app, grant, TokenWish::default()).await
        } else {
            self.keeper.renew(&self.app, grant).await
        };
        let handed = match handed {
            Ok(handed) => handed,
            Err(error) => return Err(self.refused(grant, error).await),
        };
        let lost = |detail: String| Error::with_detail(Code::FileNotWritten, KeptState::NewTokens, detail);
        let login = vault.copy(grant).await.map_err(|error| lost(error.to_string()))?;
        let Places { access, refresh, .. } = &file.places;
        let followers = self.links.followers(&file.document, access, refresh, &login).await;
        let followers = followers.map_err(|error| lost(error.to_string()))?;
        let access = login.grant.access.unwrap_or(handed.access).token;
        let mut values = vec![(file.places.access.clone(), framed(file.access.as_ref(), access.expose()))];
        let refresh = login.refresh.map(|token| framed(file.token.as_ref(), token.expose()));
        values.extend(refresh.map(|value| (file.places.refresh.clone(), value)));
        values.extend(followers.values);
        let held = file.held.path().to_owned();
        let (path, written) = (held.display().to_string(), file.write(values));
        match written.await {
            Ok(Ok(WriteOutcome::Moved)) => {
                Err(lost(format!("{path} holds another refresh token by now, which is left there")))
            }
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

    /// What is told of a failure. A login that was taken in for a token which the provider refuses at its first use, such as a mistyped
    /// one, leaves nothing behind: nothing was issued for it. Nor does one whose token was not used up, since the app's was refused or
    /// nobody could be asked: the token is where it was read. Passing trouble of the provider's is no word about the token, and doubt
    /// erases nothing (I6).
    async fn refused(&self, grant: GrantId, error: Error) -> Error {
        let unclear = matches!(error.code(), Code::AnswerLost | Code::AnswerNotStored | Code::RefusedUnclearly);
        let dead = error.code().exit() == ExitClass::NeedsConsent && !unclear;
        let passing = matches!(error.code(), Code::ProviderUnavailable | Code::RateLimited);
        let unspent = error.kept() == KeptState::TokenUnspent && !passing;
        let is_forgotten = (dead || unspent) && matches!(self.parts.vault.forget_refused(grant).await, Ok(true));
        // That a token is unspent is true wherever it is.
        if !is_forgotten || unspent {
            return error;
        }
        match error.refusal() {
            Some(refusal) => Error::refused(error.code(), KeptState::Nothing, refusal.clone()),
            None => Error::new(error.code(), KeptState::Nothing),
        }
    }

    /// Takes a login that nobody knew into the vault, under a name of its own. Many processes that bring one token make one
    /// grant.
    async fn adopt(
        &self,
        file: &Path,
        fingerprint: &str,
        refresh: RefreshToken,
        beside: Option<AccessToken>,
    ) -> Result<(GrantId, Generation), Error> {
        let obtained = self.parts.clock.now();
        let mut random = [0; 10];
        self.parts.entropy.fill(&mut random);
        let adoption = Adoption {
            id: GrantId::new(u64::try_from(obtained.as_millisecond()).unwrap_or(0), random),
            profile: profile(file, fingerprint)?,
            app: self.app.name.clone(),
            set: TokenSet {
                access: None,
                refresh: Some(refresh),
                refresh_expires: None,
                scopes: None,
                subject: None,
                issued_by: TokenApi::LegacyV1,
                obtained,
            },
            beside,
            source: std::path::absolute(file).unwrap_or_else(|_| file.to_owned()).display().to_string(),
            claim: Claim::OfAnyUser,
            by: self.parts.witness.myself().clone(),
        };
        let vault = &self.parts.vault;
        match vault.adopt(adoption).await? {
            Adopted::Known { grant, generation } => Ok((grant, generation)),
            adopted => Ok((adopted.id(), vault.grant(adopted.id()).await?.generation)),
        }
    }
}

/// The script's file, which nobody else of ours writes meanwhile.
struct ScriptFile {
    held: LockedFile,
    /// What stood in it.
    document: Document,
    places: Places,
    /// The refresh token that stood in it.
    token: Option<Zeroizing<String>>,
    /// The access token that stood in it.
    access: Option<Zeroizing<String>>,
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

/// How often a file that shows another refresh token is looked at again, and how long after.
const LOOKS: usize = 10;
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Where the three tokens stand, or will.
#[derive(Debug)]
struct Places {
    app: Place,
    refresh: Place,
    access: Place,
}

impl Places {
    /// A key is taken from [`ScriptRefresh::SECTION`] if it is there, else from the one section that has it. A key
    /// that is nowhere is put to the other tokens.
    fn find(document: &Document) -> Result<Self, DocumentError> {
        if document.format() == Format::Dotenv {
            let names = document.keys("");
            let place = |key: &str| {
                Place::dotenv(names.iter().find(|name| name.eq_ignore_ascii_case(key)).map_or(key, String::as_str))
            };
            let [app, refresh, access] =
                [ScriptRefresh::APP_TOKEN, ScriptRefresh::REFRESH_TOKEN, ScriptRefresh::ACCESS_TOKEN].map(place);
            return Ok(Self { app, refresh, access });
        }
        let section = |key: &str| -> Result<Option<String>, DocumentError> {
            let sections = document.sections_with(key)?;
            let preferred = sections.iter().any(|section| section == ScriptRefresh::SECTION);
            match sections.as_slice() {
                [] => Ok(None),
                _ if preferred => Ok(Some(ScriptRefresh::SECTION.to_owned())),
                [only] => Ok(Some(only.clone())),
                _ => Err(DocumentError::Ambiguous { key: key.to_owned(), sections: sections.join(", ") }),
            }
        };
        let app = section(ScriptRefresh::APP_TOKEN)?;
        let refresh = section(ScriptRefresh::REFRESH_TOKEN)?;
        let access = section(ScriptRefresh::ACCESS_TOKEN)?;
        let any = refresh.as_ref().or(access.as_ref()).or(app.as_ref());
        let home = any.cloned().unwrap_or_else(|| ScriptRefresh::SECTION.to_owned());
        let place = |section: Option<String>, key| Place::ini(section.as_ref().unwrap_or(&home), key);
        Ok(Self {
            app: place(app, ScriptRefresh::APP_TOKEN),
            refresh: place(refresh, ScriptRefresh::REFRESH_TOKEN),
            access: place(access, ScriptRefresh::ACCESS_TOKEN),
        })
    }
}

/// How a script's file is written: as an ini file, unless it has the keys without a section, which `configparser` refuses and scripts
/// of other languages take. What is neither is told as an ini file.
async fn format_of(file: &Path) -> Format {
    let file = file.to_owned();
    let is_list = move || {
        let reads = |format| LinkedFile::new(&file, format).read();
        let refused = matches!(reads(Format::Ini), Err(FileError::Document { .. }));
        let names = reads(Format::Dotenv).map(|document| document.keys("")).unwrap_or_default();
        let has = |key: &str| names.iter().any(|name| name.eq_ignore_ascii_case(key));
        refused && has(ScriptRefresh::APP_TOKEN) && has(ScriptRefresh::REFRESH_TOKEN)
    };
    let is_list = tokio::task::spawn_blocking(is_list).await.unwrap_or(false);
    if is_list { Format::Dotenv } else { Format::Ini }
}

/// Refuses to write over what another program resolves or opens.
fn stays(path: &Path, place: &Place, held: Option<&Zeroizing<String>>) -> Result<(), Error> {
    match held.map_or(Nature::Empty, |text| Nature::of(text)) {
        Nature::Empty | Nature::Token | Nature::Placeholder => Ok(()),
        Nature::Reference | Nature::Document => {
            let detail = format!("{place} in {}: {}", path.display(), BadSecret::StandIn);
            Err(Error::with_detail(Code::BadSecret, KeptState::Everything, detail))
        }
    }
}

/// A token without the quotes that scripts put around it and take off again; for `configparser` they belong to the value.
fn bare(text: Option<Zeroizing<String>>) -> Option<Zeroizing<String>> {
    let text = text?;
    let quoted = Frame::of(&text).filter(|_| text.trim_start().starts_with(['"', '\'']));
    Some(quoted.map_or_else(|| text.clone(), |frame| Zeroizing::new(frame.token(&text).to_owned())))
}

/// A token with what stands around the one before.
fn framed(stands: Option<&Zeroizing<String>>, token: &str) -> Value {
    let quoted = stands.filter(|text| text.trim_start().starts_with(['"', '\'']));
    let frame = quoted.and_then(|text| Some((text, Frame::of(text)?)));
    frame.map_or_else(|| Value::text(token), |(text, frame)| Value::text(frame.with(text, token)))
}

/// A provider that is given the app access token instead of fetching one: a script's file holds no app secret.
struct Bearer {
    inner: Arc<dyn Provider>,
    token: AppToken,
}

impl Known for Bearer {
    fn rules(&self, app: &AppName, issuer: TokenApi) -> &Rules {
        self.inner.rules(app, issuer)
    }
}

#[async_trait]
impl TokenEndpoint for Bearer {
    async fn prepare(&self, _: &App, api: TokenApi) -> Result<Prepared, CallError> {
        Ok(Prepared { api, app_token: Some(self.token.clone()) })
    }

    async fn refresh(&self, app: &App, prepared: &Prepared, spend: Spend, timeout: Duration) -> Sent {
        self.inner.refresh(app, prepared, spend, timeout).await
    }

    async fn exchange(&self, app: &App, prepared: &Prepared, exchange: &CodeExchange, timeout: Duration) -> Sent {
        self.inner.exchange(app, prepared, exchange, timeout).await
    }

    fn read(&self, app: &AppName, api: TokenApi, answer: &RawAnswer) -> Outcome {
        self.inner.read(app, api, answer)
    }
}

#[async_trait]
impl Consent for Bearer {
    async fn authorization_url(&self, app: &App, request: &AuthorizationRequest) -> Result<Url, CallError> {
        self.inner.authorization_url(app, request).await
    }

    async fn device_begin(&self, app: &App, scopes: &Scopes) -> Result<DeviceLogin, CallError> {
        self.inner.device_begin(app, scopes).await
    }

    async fn device_poll(&self, app: &App, code: &DeviceCode, timeout: Duration) -> Sent {
        self.inner.device_poll(app, code, timeout).await
    }
}

#[async_trait]
impl Account for Bearer {
    async fn app_token(&self, app: &App, kind: AppTokenKind) -> Result<AppAccess, CallError> {
        self.inner.app_token(app, kind).await
    }

    async fn user_info(&self, app: &App, token: &AccessToken) -> Result<Subject, CallError> {
        self.inner.user_info(app, token).await
    }

    async fn revoke(
        &self,
        app: &App,
        refresh: Option<&RefreshToken>,
        access: Option<&AccessToken>,
    ) -> Result<(), CallError> {
        self.inner.revoke(app, refresh, access).await
    }
}

/// The app behind an app access token. Its id and secret are not known, and legacy v1 asks for neither.
fn script_app(brand: Brand, hosts: Hosts) -> Result<App, Error> {
    let odd = |_| Error::new(Code::Internal, KeptState::Everything);
    Ok(App {
        name: SCRIPT_APP.parse::<AppName>().map_err(|_| Error::new(Code::Internal, KeptState::Everything))?,
        hosts,
        client_id: UNKNOWN.to_owned(),
        secret: Some(AppSecret::parse(UNKNOWN).map_err(odd)?),
        token_api: TokenApi::LegacyV1,
        platform: FeishuApp { fallback: false, ..FeishuApp::new(brand) }.into(),
    })
}

/// The name under which a file's login is listed: the file's own, and the token's name.
fn profile(file: &Path, fingerprint: &str) -> Result<ProfileName, Error> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let fits = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = name.trim_start_matches(['-', '.']).chars().take(LONGEST_NAME).map(fits).collect();
    let name = format!("{name}@{fingerprint}");
    name.parse().map_err(|_| Error::with_detail(Code::Internal, KeptState::Everything, name))
}

fn parse<T, E: std::fmt::Display>(
    file: &Path,
    key: &str,
    text: Option<zeroize::Zeroizing<String>>,
    parse: impl Fn(String) -> Result<T, E>,
) -> Result<T, Error> {
    let whose = |words: &str| format!("{key} in {}{words}", file.display());
    match text.filter(|text| !text.is_empty()) {
        None => Err(Error::with_detail(Code::SettingMissing, KeptState::Everything, whose(""))),
        Some(text) => parse(text.to_string())
            .map_err(|error| Error::with_detail(Code::BadSecret, KeptState::Everything, whose(&format!(": {error}")))),
    }
}

/// Another run with the same refresh token has taken its login out of the vault meanwhile, and tells why.
fn taken_out(error: Error) -> Error {
    match error.vault_error() {
        Some(StoreError { kind: StoreFault::Gone(_), .. }) => {
            Error::with_detail(Code::StillTurning, KeptState::Everything, "another run has the same refresh token")
        }
        _ => error,
    }
}

/// A file that cannot be used, found out before anything was sent. Waiting helps against some of it.
fn unusable(error: &FileError) -> Error {
    let code = match error {
        FileError::Busy { .. } | FileError::Restless { .. } | FileError::Io { .. } => Code::FileNotWritten,
        _ => Code::FileUnusable,
    };
    Error::with_detail(code, KeptState::Everything, error.to_string())
}

/// The app of every script's file, in lists.
const SCRIPT_APP: &str = "script";
/// What stands for an app's id and secret where nobody knows them.
const UNKNOWN: &str = "unknown";
/// How much of a file's name goes into a profile's.
const LONGEST_NAME: usize = 40;
