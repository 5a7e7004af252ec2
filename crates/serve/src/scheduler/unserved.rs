//! Logins that this node does not refresh in the background, since its settings do not say with which app: told, so that nobody finds out by a
//! login that has ended.
//!
//! Enters: a login and the settings of the node. Leaves: yes or no; and once, at the start, an event in the log with how many there are and the
//! profiles of the first ones, without a token (I4). A store that does not answer is told of by the work itself.

use tokenward::{ServerSession, Settings};
use tokenward_core::{Grant, ProfileName, Standing};

/// Whether the settings say with which app a login is refreshed.
pub(super) fn is_named(settings: &Settings, grant: &Grant) -> bool {
    // Background work goes by the apps that the profiles of the file name.
    let is_of_file = settings.profiles().any(|(_, app)| app.as_ref() == Some(&grant.app));
    let resolved = grant.profile.as_ref().and_then(|profile| settings.profile(Some(profile)).ok());
    is_of_file && resolved.is_some_and(|resolved| resolved.app_name == grant.app)
}

/// Whether a login could be refreshed by anybody.
pub(super) fn can_be_refreshed(grant: &Grant) -> bool {
    grant.has_refresh && !matches!(grant.standing, Standing::Retired { .. } | Standing::NeedsConsent { .. })
}

/// Tells of those that there are.
pub(super) async fn tell(session: &ServerSession) {
    let (mut count, mut first, mut after) = (0_usize, Vec::new(), None);
    loop {
        let page = match session.store().grants_after(after, None, AT_ONCE).await {
            Ok(page) => page,
            Err(error) => return tracing::debug!(%error, "which logins are not refreshed cannot be found out"),
        };
        for grant in page.grants.iter().filter(|grant| can_be_refreshed(grant)) {
            if is_named(session.settings(), grant) {
                continue;
            }
            count += 1;
            if first.len() < NAMED {
                first.push(grant.profile.as_ref().map_or_else(|| grant.id.to_string(), ProfileName::to_string));
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    if count > 0 {
        let logins = first.join(", ");
        tracing::warn!(count, logins, "not refreshed in the background: no profile in config.toml names their app");
    }
}

/// Rows that one read takes.
const AT_ONCE: u32 = 500;
/// So many are named.
const NAMED: usize = 5;
