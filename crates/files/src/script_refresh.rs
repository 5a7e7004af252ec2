//! A script's own ini file: one rotation of the login in it, as the script of old did it, and without its losses.
//!
//! Enters: a file such as `feishu-config.ini`, perhaps an app access token and a refresh token. Leaves: a new user access token,
//! and the file with both new tokens. In between, the file's login is a grant of the vault like any other: its refresh
//! token is journalled before it is sent (I1), the answer is kept before it is read (I3), the new pair is durable in
//! the vault before it is in the file and before anyone sees it (I2).
//!
//! The file is reconciled with the vault by the refresh token that stands in it (design/0000-charter.md §7): the
//! vault's present one is rotated; an older one is never sent again, but healed; an unknown one is adopted as a login of
//! its own, so that a mistyped token cannot harm a login that lives. A profile's login is refreshed as that profile's
//! (`script/owned.rs`), and a script's becomes a profile's where a person says so (`links/adoption.rs`).
//!
//! A crash before the send changes nothing. One after it leaves an open intent, a kept answer or a new generation;
//! the next run of the same command finds the file's token, finishes what was begun, and writes the file (I5).

mod file;
mod profile_refresh;
mod provider_with_app_token;
mod script_grants;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokenward_core::ports::{Adopted, Adoption, Claim, StoreError, StoreFault};
use tokenward_core::{
    AccessToken, App, AppName, AppSecret, AppToken, BadSecret, Brand, Code, ExitClass, FeishuApp, Generation, Grant,
    GrantId, Hosts, ProfileName, Recognised, RefreshToken, TokenApi, TokenSet, TokenWish,
};
use zeroize::Zeroizing;

pub use self::file::ScriptTokens;
use self::file::{Places, ScriptFile, bare, format_of, lost, unusable};
use self::provider_with_app_token::Bearer;
use self::script_grants::{SCRIPT_APP, is_of_scripts};
pub use self::script_grants::{is_of_a_script, is_script_login, script_file};
use crate::links::{DocumentError, Doubled, FileError, LinkedFile, Links, Nature, Place};
use crate::secret_parsing;
use tokenward_keeper::{Error, Keeper, KeeperOptions, KeptState, Parts};

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
    /// The app of the profile whose login it is ([`ScriptRefresh::owner`]).
    pub app_of_owner: Option<App>,
}

impl ScriptRefresh {
    /// Of the login in this file, with the tokens that stand there.
    pub const fn new(file: PathBuf, brand: Brand, hosts: Hosts) -> Self {
        Self { file, brand, hosts, app_token: None, refresh_token: None, app_of_owner: None }
    }

    /// With another app access token, where there is one.
    pub fn app_token(self, app_token: Option<AppToken>) -> Self {
        Self { app_token, ..self }
    }

    /// With another refresh token, where there is one.
    pub fn refresh_token(self, refresh_token: Option<RefreshToken>) -> Self {
        Self { refresh_token, ..self }
    }

    /// By the app of the profile whose login it is, which needs no app access token of the file.
    pub fn app_of_owner(self, app: App) -> Self {
        Self { app_of_owner: Some(app), ..self }
    }

    /// The login of an app of the settings that the file shows, or that is given for it: it is refreshed by that app
    /// ([`ScriptRefresh::app_of_owner`]), be it a profile's or kept without one. `None` where the login is a script's own or unknown, and where
    /// the file cannot be read, which [`ScriptRefresh::run`] tells. Spends nothing (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn owner(&self, keeper: &Keeper) -> Result<Option<Grant>, Error> {
        profile_refresh::owner(keeper, &self.file, self.refresh_token.as_ref()).await
    }

    /// The login that a script's file shows, if the vault knows it: a script's own, a profile's, or one that is over. Spends nothing (I8).
    ///
    /// # Errors
    /// The vault's.
    pub async fn login_shown(keeper: &Keeper, file: &Path) -> Result<Option<Grant>, Error> {
        profile_refresh::known(keeper, file, None).await
    }

    /// The file that scripts of this kind keep beside themselves.
    pub const FILE: &str = "feishu-config.ini";
    /// The section for keys that are in no section yet.
    pub const SECTION: &str = file::SECTION;
    /// The key of the app access token.
    pub const APP_TOKEN: &str = file::APP_TOKEN;
    /// The key of the refresh token.
    pub const REFRESH_TOKEN: &str = file::REFRESH_TOKEN;
    /// The key of the user access token.
    pub const ACCESS_TOKEN: &str = file::ACCESS_TOKEN;
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
        let app_token = match (request.app_token, &request.app_of_owner) {
            (token, Some(_)) => token,
            (Some(token), None) => Some(token),
            (None, None) => {
                Some(parse(path, ScriptRefresh::APP_TOKEN, bare(read(&places.app)?), secret_parsing::app_token)?)
            }
        };
        let held_token = read(&places.refresh)?;
        let refresh = match request.refresh_token {
            Some(token) => token,
            None => parse(path, ScriptRefresh::REFRESH_TOKEN, bare(held_token.clone()), secret_parsing::refresh_token)?,
        };
        let held_access = read(&places.access)?;
        // Whichever of the two it is, it is no login.
        if bare(held_access.clone()).is_some_and(|access| access.trim() == refresh.expose()) {
            let (key, other) = (ScriptRefresh::REFRESH_TOKEN, ScriptRefresh::ACCESS_TOKEN);
            let detail = format!("in {}, {key}: it is the same text as {other}", path.display());
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
        let file = ScriptFile { held, document, places, token: held_token, access: held_access };
        let token = match (request.app_of_owner, app_token) {
            (Some(app), _) => return profile_refresh::refresh(keeper, &app, file, refresh).await,
            (None, Some(token)) => token,
            (None, None) => return Err(Error::new(Code::Internal, KeptState::Everything)),
        };
        let provider = Bearer { inner: Arc::clone(&keeper.parts().provider), token };
        let rotation = ScriptRotation {
            keeper: keeper.sending_by(Arc::new(provider)),
            links,
            parts: keeper.parts(),
            app: script_app(request.brand, request.hosts)?,
        };
        rotation.run(file, refresh).await.map_err(taken_out)
    }
}

/// Refuses to write over a refresh token that nobody has kept, which may be the only one that lives.
async fn gives_way(links: &Links, path: &Path, held: Option<Zeroizing<String>>) -> Result<(), Error> {
    let Some(held) = held else { return Ok(()) };
    if links.give_way(&[&held]).await?.into_iter().all(|gives_way| gives_way) {
        return Ok(());
    }
    let detail = format!("in {}, {}", path.display(), ScriptRefresh::REFRESH_TOKEN);
    Err(Error::with_detail(Code::AnotherInFile, KeptState::Everything, detail))
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
            let beside = bare(file.access.clone()).and_then(|text| secret_parsing::access_token(text.as_str()).ok());
            known = Some(self.adopt(file.held.path(), &fingerprint.to_string(), refresh, beside).await?);
        }
        let Some((grant, generation)) = known else { return Err(Error::new(Code::Internal, KeptState::Everything)) };
        let present = vault.grant(grant).await?;
        if !is_of_scripts(&present) {
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
        let login = vault.copy(grant).await.map_err(|error| lost(error.to_string()))?;
        file.show(&self.links, login, handed, stale).await
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

/// Refuses to write over what another program resolves or opens.
fn stays(path: &Path, place: &Place, held: Option<&Zeroizing<String>>) -> Result<(), Error> {
    match held.map_or(Nature::Empty, |text| Nature::of(text)) {
        Nature::Empty | Nature::Token | Nature::Placeholder => Ok(()),
        Nature::Reference | Nature::Document => {
            let detail = format!("in {}, {place}: {}", path.display(), BadSecret::StandIn);
            Err(Error::with_detail(Code::BadSecret, KeptState::Everything, detail))
        }
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
    let whose = |words: &str| format!("in {}, {key}{words}", file.display());
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

/// What stands for an app's id and secret where nobody knows them.
const UNKNOWN: &str = "unknown";
/// How much of a file's name goes into a profile's.
const LONGEST_NAME: usize = 40;
