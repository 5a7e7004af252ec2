//! A script's file that shows the login of a profile: that profile refreshes it, and the file gets the tokens.
//!
//! Enters: the file as it was proven fit, and the profile's app. Leaves: the profile's login turned once (I1, by the keeper), every file that is
//! linked to it in step, and this file as well, linked or not. Its lock is let go meanwhile, since whoever keeps linked files in step takes it.
//! A crash in between leaves the new set in the vault (I2); the next run finds the file's older token and writes what is there (I5).

use std::path::Path;

use tokenward_core::{App, Code, Grant, RefreshToken, TokenWish};
use tokenward_keeper::{Error, Keeper, KeeperOptions, KeptState};

use super::file::{Places, ScriptFile, ScriptTokens, bare, format_of, lost, moved, unusable};
use super::script_grants::is_of_scripts;
use crate::links::{LinkedFile, Links};
use crate::secret_parsing;

/// The login of an app of the settings that a file shows, or that is given for it.
pub(super) async fn owner(keeper: &Keeper, file: &Path, given: Option<&RefreshToken>) -> Result<Option<Grant>, Error> {
    Ok(known(keeper, file, given).await?.filter(|login| !is_of_scripts(login)))
}

/// The login that a file shows, or that is given for it, whosever it is.
pub(super) async fn known(keeper: &Keeper, file: &Path, given: Option<&RefreshToken>) -> Result<Option<Grant>, Error> {
    let refresh = match given {
        Some(token) => RefreshToken::parse(token.expose()).ok(),
        None => shown(file).await,
    };
    let Some(refresh) = refresh else { return Ok(None) };
    let vault = &keeper.parts().vault;
    let Some((grant, _)) = vault.recognise(&refresh).await?.known else { return Ok(None) };
    Ok(Some(vault.grant(grant).await?))
}

async fn shown(file: &Path) -> Option<RefreshToken> {
    let file = LinkedFile::new(file, format_of(file).await);
    let document = tokio::task::spawn_blocking(move || file.read()).await.ok()?.ok()?;
    let text = document.get(&Places::find(&document).ok()?.refresh).ok()?;
    secret_parsing::refresh_token(bare(text)?.to_string()).ok()
}

/// Refreshes the login of a profile that a script's file shows, and writes the file.
pub(super) async fn refresh(
    keeper: &Keeper,
    app: &App,
    file: ScriptFile,
    refresh: RefreshToken,
) -> Result<ScriptTokens, Error> {
    let vault = &keeper.parts().vault;
    let known = vault.recognise(&refresh).await?.known;
    let Some((grant, generation)) = known else { return Err(Error::new(Code::StillTurning, KeptState::Everything)) };
    let stale = generation != vault.grant(grant).await?.generation;
    let (path, was) = (file.held.path().to_owned(), file.token);
    drop((file.held, file.document));
    let handed =
        if stale { keeper.access(app, grant, TokenWish::default()).await? } else { keeper.renew(app, grant).await? };
    let login = vault.copy(grant).await.map_err(|error| lost(error.to_string()))?;
    let format = format_of(&path).await;
    let patience = KeeperOptions::default().refresh_patience;
    let linked = LinkedFile::new(&path, format).or_new();
    let held =
        tokio::task::spawn_blocking(move || linked.hold(patience)).await.map_err(|error| lost(error.to_string()))?;
    let held = held.map_err(|error| lost(unusable(&error).to_string()))?;
    let document = held.read().map_err(|error| lost(error.to_string()))?;
    let places = Places::find(&document).map_err(|error| lost(error.to_string()))?;
    let read = |place| document.get(place).map_err(|error| lost(error.to_string()));
    let (token, access) = (read(&places.refresh)?, read(&places.access)?);
    // What the profile's own link has written is the present one already.
    let is_present = login
        .refresh
        .as_ref()
        .is_some_and(|present| bare(token.clone()).is_some_and(|text| text.trim() == present.expose()));
    if token != was && !is_present {
        return Err(moved(&path.display().to_string()));
    }
    ScriptFile { held, document, places, token, access }.show(&Links::new(keeper), login, handed, stale).await
}
