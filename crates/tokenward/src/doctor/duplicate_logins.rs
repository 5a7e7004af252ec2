//! Two logins of one user and one app, where a token service keeps one token for each user: whichever was made last ended the other's.
//!
//! Enters: the logins of the vault, and the settings. Leaves: pairs, the one that can go first. Reads nothing else.

use std::collections::BTreeSet;

use tokenward_core::{Grant, ProfileName, Standing};

use crate::settings::{Setting, Settings};
use crate::{Report, is_script_login};

/// The pairs, by name.
pub(super) fn logins(settings: &Settings, reports: &[Report]) -> Vec<(ProfileName, ProfileName)> {
    let live: Vec<_> = reports
        .iter()
        .filter(|report| report.grant.standing == Standing::Live && !is_script_login(&report.grant))
        .filter_map(|report| Some((report.grant.profile.clone()?, &report.grant)))
        .filter(|(name, _)| name.user().is_some())
        .collect();
    let bases = |login: &Grant, name: &ProfileName| {
        let own =
            live.iter().filter(|(other, grant)| other.user() == name.user() && grant.issued_by == login.issued_by);
        own.map(|(other, _)| other.base().to_owned()).collect::<BTreeSet<_>>().len()
    };
    let mut pairs = Vec::new();
    for (index, (one, login)) in live.iter().enumerate() {
        for (other, second) in &live[index + 1..] {
            let is_pair = one.base() != other.base()
                && one.user() == other.user()
                && login.issued_by == second.issued_by
                && is_one_app(settings, one, other, bases(login, one) == 2);
            if is_pair {
                // What a program calls by its app's code is the program's, and it would only log in again.
                let goes = if can_go(settings, other) && !can_go(settings, one) { other } else { one };
                let stays = if goes == one { other } else { one };
                pairs.push((goes.clone(), stays.clone()));
            }
        }
    }
    pairs
}

/// Whether two names are of one app, as far as their settings or the names say: a site keeps its logins under its app's code, and what
/// variables describe is called `default` whichever app it is. Where no variable says it any more, it is the app of the only other.
fn is_one_app(settings: &Settings, one: &ProfileName, other: &ProfileName, are_all: bool) -> bool {
    match (app_id(settings, one), app_id(settings, other)) {
        (Some(one), Some(other)) => one == other,
        _ => are_all,
    }
}

fn app_id(settings: &Settings, name: &ProfileName) -> Option<String> {
    if settings.app_says_of(name).is_none() && name.base() == DEFAULT {
        return settings.environment().get(Setting::AppId.variable()?).map(str::to_owned);
    }
    Some(settings.app_says_of(name).unwrap_or_else(|| name.base().to_owned()))
}

/// Whether a login was made by a person with this command: under a name of the settings, or the one that variables have.
fn can_go(settings: &Settings, name: &ProfileName) -> bool {
    name.base() == DEFAULT || settings.app_says_of(name).is_some()
}

const DEFAULT: &str = "default";
