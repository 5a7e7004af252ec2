//! How a login stands, as a page says it: in a word with a shape, in sentences, and what to do about it.
//!
//! Enters: the login, its provider's rules, what the server and the key can do. Leaves: words. Nothing of a token is in any of them (I4).

use jiff::Timestamp;
use tokenward_core::{Grant, Outlook, ProfileName, Rules, Standing, Status};
use tokenward_words::{Language, happened, status as status_words};

use super::frame::Moment;
use crate::scheduler::outlook;

/// A state: a word, and the shape and colour that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    pub(super) word: &'static str,
    /// `good`, `due`, `busy`, `doubt`, `need` or `gone`: both the class and the shape.
    pub(super) kind: &'static str,
}

impl State {
    pub(super) fn of(status: Status, l: Language) -> Self {
        let kind = match status {
            Status::Fresh => "good",
            Status::Due => "due",
            Status::Rotating => "busy",
            Status::InDoubt => "doubt",
            Status::NeedsConsent => "need",
            _ => "gone",
        };
        Self { word: l.of(status_words(status)), kind }
    }
}

/// How long a login lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Left {
    /// It has ended, or was ended.
    Nothing,
    /// Nobody has said.
    Unknown,
    Until {
        iso: String,
        full: String,
        span: String,
    },
}

impl Left {
    pub(super) fn of(grant: &Grant, now: Timestamp, l: Language) -> Self {
        match (&grant.standing, ends(grant)) {
            (Standing::Retired { .. } | Standing::NeedsConsent { .. }, _) => Self::Nothing,
            (_, None) => Self::Unknown,
            (_, Some(end)) if end <= now => Self::Nothing,
            (_, Some(end)) => {
                let Moment { iso, full, .. } = Moment::of(end, now, l);
                let left = end.duration_since(now).as_secs().max(0).unsigned_abs();
                Self::Until { iso, full, span: l.span(left) }
            }
        }
    }
}

/// When a login ends unless it is refreshed, as far as that is known.
pub(super) fn ends(grant: &Grant) -> Option<Timestamp> {
    if grant.has_refresh {
        return [grant.refresh_expires, grant.wall].into_iter().flatten().min();
    }
    grant.access.as_ref().map(|access| access.expires)
}

/// What the server and whoever looks can do about a login.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Means {
    /// The server refreshes it in the background.
    pub(super) is_refreshed: bool,
    /// The settings of the server know its profile.
    pub(super) is_named: bool,
    pub(super) may_refresh: bool,
    /// Its user can be sent through a login from here.
    pub(super) may_connect: bool,
    /// Commands on the server's machine reach the same store.
    pub(super) has_commands: bool,
}

/// How a login stands, in sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) state: State,
    pub(super) now: Vec<String>,
    pub(super) next: String,
    /// Whether somebody has to do something.
    pub(super) is_urgent: bool,
    /// Whether that is to log in.
    pub(super) wants_login: bool,
}

impl Account {
    pub(super) fn of(grant: &Grant, rules: &Rules, now: Timestamp, means: Means, l: Language) -> Self {
        let status = grant.status(rules, now);
        let far = |at| l.distance(at, now);
        let mut told = Vec::new();
        let mut is_urgent = false;
        let mut next = l.page_do_nothing();
        match (&grant.standing, status) {
            (Standing::Retired { since }, _) => told.push(l.page_now_logged_out(far(*since))),
            (Standing::NeedsConsent { since, code, .. }, _) => {
                told.push(l.page_now_required(far(*since), l.of(happened(*code))));
                // Without a profile it is one that another login has taken the place of.
                if grant.profile.is_some() {
                    (next, is_urgent) = (log_in_again(grant, means, l), true);
                }
            }
            (Standing::InDoubt { since, doubt, .. }, _) => {
                told.push(l.page_now_unknown(far(*since), l.of(tokenward_words::doubt(*doubt))));
                next = if means.may_refresh { l.page_do_wait_or_refresh() } else { l.page_do_wait() };
                is_urgent = true;
            }
            (_, Status::NeedsConsent) => {
                let end = ends(grant).unwrap_or(now);
                told.push(l.page_now_expired(far(end)));
                (next, is_urgent) = (log_in_again(grant, means, l), true);
            }
            (_, Status::Rotating) => {
                told.push(l.page_now_refreshing());
                next = l.page_do_wait();
            }
            (_, status) => {
                match &grant.access {
                    Some(access) if status == Status::Fresh => {
                        told.push(l.page_now_valid(l.span(access.remaining(now).as_secs())));
                    }
                    _ => told.push(l.page_now_due()),
                }
                (next, is_urgent) = ahead(grant, rules, now, means, l, &mut told);
            }
        }
        if grant.unproven {
            told.push(l.page_now_unverified());
        }
        let wants_login = is_urgent && (status == Status::NeedsConsent || is_near_end(grant, rules, now));
        Self { state: State::of(status, l), now: told, next, is_urgent, wants_login }
    }
}

/// What lies ahead of a login that is alive.
fn ahead(
    grant: &Grant,
    rules: &Rules,
    now: Timestamp,
    means: Means,
    l: Language,
    told: &mut Vec<String>,
) -> (String, bool) {
    let is_near = is_near_end(grant, rules, now);
    match person_needed_at(grant, rules) {
        Some(_) if !grant.has_refresh => told.push(l.page_now_no_refresh()),
        Some(end) if is_near || Some(end) == grant.refresh_expires => {
            told.push(l.page_now_ends(l.distance(end, now)));
        }
        _ => {}
    }
    if is_near {
        return (l.page_do_log_in_before(log_in_again(grant, means, l)), true);
    }
    if means.is_refreshed {
        told.push(l.page_now_refreshed_alone());
        return (l.page_do_nothing(), false);
    }
    told.push(l.page_now_not_refreshed());
    match &grant.profile {
        None => (l.page_do_give_profile(grant.id), true),
        Some(profile) if !means.is_named => (l.page_do_name_profile(profile.base()), true),
        Some(_) => (l.page_do_refresh_soon(), false),
    }
}

fn is_near_end(grant: &Grant, rules: &Rules, now: Timestamp) -> bool {
    person_needed_at(grant, rules).is_some_and(|end| end.duration_since(now) < NEAR)
}

/// When a login ends that no refresh can lengthen; `None` where refreshes do, or where nobody has said.
fn person_needed_at(grant: &Grant, rules: &Rules) -> Option<Timestamp> {
    match outlook(grant, rules) {
        Outlook::LivesOn { until } => until,
        Outlook::Ends { at } => at,
        Outlook::Over => None,
    }
}

fn log_in_again(grant: &Grant, means: Means, l: Language) -> String {
    match &grant.profile {
        None => l.page_do_give_profile(grant.id),
        Some(_) if means.may_connect => l.page_do_log_in_here(),
        Some(profile) if means.has_commands && !profile.is_of_site_user() => {
            l.page_do_log_in_by_command(quoted(profile))
        }
        Some(_) => l.page_do_log_in_by_site(),
    }
}

fn quoted(profile: &ProfileName) -> String {
    tokenward_words::quoted(profile.as_str())
}

/// So long before its end a login is among those that need attention.
pub(super) const NEAR: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokenward_core::{
        AbsentRefresh, Access, AccessToken, Code, Doubt, Generation, GrantId, IntentId, OldAccess, RefreshEnd, Replay,
        Scopes, TokenApi,
    };
    use uuid::Uuid;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 3600 * hours).unwrap()
    }

    fn rules(refresh_end: RefreshEnd) -> Rules {
        Rules {
            old_access: OldAccess::Stays,
            absent_refresh: AbsentRefresh::Ends,
            replay: Replay::Harmless,
            margin: Duration::from_secs(300),
            jitter: Duration::from_secs(60),
            assumed_access: Duration::from_secs(6900),
            assumed_refresh: None,
            refresh_end,
            wall: None,
            send_deadline: Duration::from_secs(30),
            rate: None,
        }
    }

    fn grant() -> Grant {
        Grant {
            id: GrantId::from(Uuid::from_u128(1)),
            app: "work".parse().unwrap(),
            profile: Some("work".parse().unwrap()),
            former_profile: None,
            generation: Generation::FIRST,
            standing: Standing::Live,
            access: Some(Access { token: AccessToken::parse("t").unwrap(), obtained: at(0), expires: at(2) }),
            has_refresh: true,
            refresh_expires: Some(at(24 * 7)),
            wall: None,
            consented: at(0),
            rotated_at: at(0),
            scopes: Scopes::parse("a").unwrap().0,
            subject: None,
            issued_by: TokenApi::V3,
            intent_open: false,
            on_trial: false,
            unproven: false,
            linked: false,
        }
    }

    fn told(grant: &Grant, refresh_end: RefreshEnd, means: Means) -> (bool, String) {
        let account = Account::of(grant, &rules(refresh_end), at(1), means, Language::English);
        assert_ne!(account, Account::of(grant, &rules(refresh_end), at(1), means, Language::Chinese));
        (account.is_urgent, format!("{} | {}", account.now.join(" "), account.next))
    }

    #[test]
    fn what_refreshes_lengthen_needs_nobody() {
        let sliding = RefreshEnd::Sliding;
        let means = Means { is_refreshed: true, is_named: true, ..Means::default() };
        let (urgent, text) = told(&grant(), sliding, means);
        assert_eq!(
            text,
            "The access token is valid for 1 h. The server refreshes this login on its own. | Nothing to do."
        );
        assert!(!urgent);
        let (urgent, text) = told(&grant(), sliding, Means { is_named: true, ..Means::default() });
        assert!(!urgent && text.ends_with("Refresh it before its end, or let somebody read its token."), "{text}");
        let (urgent, text) = told(&grant(), sliding, Means::default());
        assert!(urgent && text.contains("Add the profile work to `config.toml`"), "{text}");
        let walled = Grant { wall: Some(at(24 * 300)), ..grant() };
        assert!(!told(&walled, sliding, means).0);
    }

    #[test]
    fn what_ends_in_any_case_is_told_in_time() {
        let fixed = RefreshEnd::Fixed;
        let means = Means { is_refreshed: true, is_named: true, has_commands: true, ..Means::default() };
        let (urgent, text) = told(&grant(), fixed, means);
        assert!(urgent && text.contains("This login expires in 6 d 23 h, and a refresh cannot extend it."), "{text}");
        assert!(text.contains("run `tokenward login -p work`"), "{text}");
        let later = Grant { refresh_expires: Some(at(24 * 30)), ..grant() };
        let (urgent, text) = told(&later, fixed, means);
        assert!(
            !urgent && text.contains("This login expires in 29 d 23 h") && text.ends_with("Nothing to do."),
            "{text}"
        );
        let alone = Grant { has_refresh: false, refresh_expires: None, ..grant() };
        assert!(told(&alone, RefreshEnd::Sliding, means).1.contains("There is no refresh token"));
        let over = Grant { refresh_expires: Some(at(0)), access: None, ..grant() };
        let (urgent, text) = told(&over, fixed, means);
        assert!(urgent && text.starts_with("This login expired 1 h ago."), "{text}");
    }

    #[test]
    fn a_dead_login_is_somebodys_while_a_profile_points_at_it() {
        let standing = Standing::NeedsConsent { since: at(0), code: Code::ConsentExpired, provider_code: None };
        let dead = Grant { standing, ..grant() };
        let sliding = RefreshEnd::Sliding;
        let may = Means { may_connect: true, has_commands: true, ..Means::default() };
        let (urgent, text) = told(&dead, sliding, may);
        assert!(urgent && text.contains("“Log in again”"), "{text}");
        let of_site = Grant { profile: Some("work:=42".parse().unwrap()), ..dead.clone() };
        let (_, text) = told(&of_site, sliding, Means { has_commands: true, ..Means::default() });
        assert!(text.ends_with("on the site that uses this login."), "{text}");
        let replaced = Grant { profile: None, ..dead };
        let (urgent, text) = told(&replaced, sliding, may);
        assert!(!urgent && text.ends_with("Nothing to do."), "{text}");
        let standing =
            Standing::InDoubt { intent: IntentId::from(Uuid::from_u128(2)), since: at(0), doubt: Doubt::NoAnswer };
        let (urgent, text) = told(&Grant { standing, ..grant() }, sliding, Means::default());
        assert!(urgent && text.starts_with("A refresh token was sent 1 h ago, and no answer came."), "{text}");
    }
}
