//! The rules row of an app at a server that Tokenward does not know: written by a person, since no metadata tells it.
//!
//! Enters: `KEY=VALUE` pairs, from a table of the file, a variable or a flag. Leaves: [`Rules`], begun from the cautious
//! reading of RFC 6749: a refresh token that was sent once is not sent again while anything else serves (I1, I6).

use std::time::Duration;

use tokenward_core::{AbsentRefresh, OldAccess, RefreshEnd, Replay, Rules};

use super::error::{Clause, SettingsError};
use super::file::Value;
use super::text_utils::{nearest, parse_span};

/// The row of a server about which nothing is said.
pub(super) const CAUTIOUS: Rules = Rules {
    old_access: OldAccess::Stays,
    absent_refresh: AbsentRefresh::KeepsOld,
    replay: Replay::Punished { grace: Duration::ZERO },
    margin: Duration::from_mins(5),
    jitter: Duration::from_mins(1),
    assumed_access: Duration::from_hours(1),
    assumed_refresh: None,
    refresh_end: RefreshEnd::Sliding,
    wall: None,
    send_deadline: Duration::from_secs(30),
    rate: None,
};

/// Reads the pairs over the cautious row.
pub(super) fn parse(value: &Value) -> Result<Rules, SettingsError> {
    let refused =
        |pair: &str, en: String, zh: String| SettingsError::bad_value(&value.origin, pair, Clause::new(en, zh));
    let mut rules = CAUTIOUS;
    let mut grace = None;
    for pair in value.text.split_whitespace() {
        let Some((key, word)) = pair.split_once('=') else {
            let (en, zh) = ("write KEY=VALUE, such as old_access=dies", "请写成 键=值，例如 old_access=dies");
            return Err(refused(pair, en.to_owned(), zh.to_owned()));
        };
        let among = |allowed: &str| refused(pair, format!("{key} is {allowed}"), format!("{key} 可取 {allowed}"));
        let span = || {
            let (en, zh) =
                (format!("{key} is a span such as 90s, 10m or 30d"), format!("{key} 应为 90s、10m、30d 这样的时长"));
            parse_span(word).ok_or_else(|| refused(pair, en, zh))
        };
        match (key, word) {
            ("old_access", "stays") => rules.old_access = OldAccess::Stays,
            ("old_access", "dies") => rules.old_access = OldAccess::Dies,
            ("old_access", _) => return Err(among("stays | dies")),
            ("absent_refresh", "keeps-old") => rules.absent_refresh = AbsentRefresh::KeepsOld,
            ("absent_refresh", "ends") => rules.absent_refresh = AbsentRefresh::Ends,
            ("absent_refresh", _) => return Err(among("keeps-old | ends")),
            ("replay", "harmless") => rules.replay = Replay::Harmless,
            ("replay", "punished") => rules.replay = Replay::Punished { grace: Duration::ZERO },
            ("replay", _) => return Err(among("harmless | punished")),
            ("replay_grace", _) => grace = Some(span()?),
            ("refresh_end", "sliding") => rules.refresh_end = RefreshEnd::Sliding,
            ("refresh_end", "fixed") => rules.refresh_end = RefreshEnd::Fixed,
            ("refresh_end", _) => return Err(among("sliding | fixed")),
            ("access_life", _) => rules.assumed_access = span()?,
            ("refresh_life", "unknown") => rules.assumed_refresh = None,
            ("refresh_life", _) => rules.assumed_refresh = Some(span()?),
            ("margin", _) => rules.margin = span()?,
            ("wall", "none") => rules.wall = None,
            ("wall", _) => rules.wall = Some(span()?),
            _ => {
                let near = nearest(key, KEYS).unwrap_or("old_access");
                let known = KEYS.join(", ");
                let en = format!("no rule is called {key}; perhaps {near}. There are: {known}");
                let zh = format!("没有名为 {key} 的规则；也许是 {near}。可用的有：{known}");
                return Err(refused(pair, en, zh));
            }
        }
    }
    // Whatever the order of the pairs: a span of grace means something only where replays are punished.
    if let (Some(span), Replay::Punished { grace }) = (grace, &mut rules.replay) {
        *grace = span;
    }
    Ok(rules)
}

/// Every key, as the reference page lists them.
pub(super) const KEYS: [&str; 9] = [
    "old_access",
    "absent_refresh",
    "replay",
    "replay_grace",
    "refresh_end",
    "access_life",
    "refresh_life",
    "margin",
    "wall",
];
