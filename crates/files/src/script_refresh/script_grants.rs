//! Which logins of the vault are those of scripts' files.
//!
//! Enters: a login, or its app and name. Leaves: whether it is a script's own, and the file that it came from. Nothing is spent here (I8).

use std::path::PathBuf;

use tokenward_core::{AppName, Event, Grant, ProfileName};
use tokenward_keeper::Keeper;

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

/// Whether a login is refreshed by scripts' files alone.
pub(super) fn is_of_scripts(login: &Grant) -> bool {
    is_script_login(login) || (login.app.as_str() == SCRIPT_APP && login.profile.is_none())
}

/// The app of every script's file, in lists.
pub(super) const SCRIPT_APP: &str = "script";
