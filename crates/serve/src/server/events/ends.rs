//! Logins whose end is near: found by one node an hour, and told once each.
//!
//! Enters: logins, the rules of their providers, how long before an end somebody wants to know. Leaves: which end of a login is near, for the
//! store, which tells of it once. A crash amid it costs an hour.

use std::time::Duration;

use jiff::Timestamp;
use tokenward::Error;
use tokenward_core::{Grant, LoginEnd, RefreshEnd, Rules, Standing};

use crate::server::state::Inner;

/// Looks through every login, if it is this node's turn.
pub(super) async fn look(server: &Inner) -> Result<(), Error> {
    let (session, now) = (&server.session, server.session.now());
    if !session.store().may_look_for_ends(EVERY, now).await? {
        return Ok(());
    }
    let mut after = None;
    loop {
        let page = session.store().grants_after(after, None, AT_ONCE).await?;
        let near = page.grants.iter().filter_map(|grant| {
            let end = near_end(grant, session.keeper().rules(grant), server.limits.expires_soon, now)?;
            Some((grant.id, end))
        });
        session.store().tell_ends(&near.collect::<Vec<_>>()).await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
        // Nobody waits for it.
        tokio::time::sleep(BREATH).await;
    }
}

/// The end of a login that somebody has to know of: one that no refresh moves, or that a refresh should have moved long ago.
fn near_end(grant: &Grant, rules: &Rules, within: Duration, now: Timestamp) -> Option<LoginEnd> {
    if !grant.has_refresh || matches!(grant.standing, Standing::NeedsConsent { .. } | Standing::Retired { .. }) {
        return None;
    }
    let is_near = |end: Timestamp, within: Duration| {
        let left = Duration::try_from(end.duration_since(now)).ok();
        left.is_some_and(|left| left <= within)
    };
    if let Some(wall) = grant.wall.filter(|wall| is_near(*wall, within)) {
        return Some(LoginEnd::Consent(wall));
    }
    let end = grant.refresh_expires?;
    let within = match rules.refresh_end {
        RefreshEnd::Fixed => within,
        RefreshEnd::Sliding => {
            within.min(Duration::try_from(end.duration_since(grant.rotated_at)).unwrap_or_default() / 4)
        }
    };
    is_near(end, within).then_some(LoginEnd::Refresh(end))
}

const EVERY: Duration = Duration::from_hours(1);
const AT_ONCE: u32 = 500;
const BREATH: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use tokenward_core::{AbsentRefresh, Code, Generation, GrantId, OldAccess, Replay, Scopes, TokenApi};

    use super::*;

    const DAY: i64 = 86_400;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn rules(refresh_end: RefreshEnd) -> Rules {
        Rules {
            old_access: OldAccess::Stays,
            absent_refresh: AbsentRefresh::Ends,
            replay: Replay::Harmless,
            margin: Duration::from_mins(5),
            jitter: Duration::ZERO,
            assumed_access: Duration::from_hours(2),
            assumed_refresh: None,
            refresh_end,
            wall: None,
            send_deadline: Duration::from_secs(30),
            rate: None,
        }
    }

    fn grant(refresh_expires: i64, wall: Option<i64>) -> Grant {
        Grant {
            id: GrantId::new(0, [0; 10]),
            app: "notes".parse().unwrap(),
            profile: None,
            former_profile: None,
            generation: Generation::FIRST,
            standing: Standing::Live,
            access: None,
            has_refresh: true,
            refresh_expires: Some(at(refresh_expires)),
            wall: wall.map(at),
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

    #[test]
    fn an_end_is_near_where_no_refresh_moves_it_or_none_has() {
        let near = |grant: &Grant, end, day| near_end(grant, &rules(end), Duration::from_hours(7 * 24), at(day * DAY));
        let fresh = grant(7 * DAY, Some(365 * DAY));
        // A refresh is still ahead of it in the ordinary way.
        assert_eq!(near(&fresh, RefreshEnd::Sliding, 0), None);
        assert_eq!(near(&fresh, RefreshEnd::Sliding, 5), None);
        assert_eq!(near(&fresh, RefreshEnd::Sliding, 6), Some(LoginEnd::Refresh(at(7 * DAY))));
        assert_eq!(near(&fresh, RefreshEnd::Fixed, 0), Some(LoginEnd::Refresh(at(7 * DAY))));
        assert_eq!(near(&fresh, RefreshEnd::Sliding, 8), None, "it is over");
        let old = Grant { rotated_at: at(357 * DAY), ..grant(364 * DAY, Some(365 * DAY)) };
        assert_eq!(near(&old, RefreshEnd::Sliding, 357), None);
        assert_eq!(near(&old, RefreshEnd::Sliding, 358), Some(LoginEnd::Consent(at(365 * DAY))));
        let refused = Standing::NeedsConsent { since: at(0), code: Code::RefusedUnclearly, provider_code: None };
        assert_eq!(near(&Grant { standing: refused, ..fresh.clone() }, RefreshEnd::Sliding, 6), None);
        assert_eq!(near(&Grant { has_refresh: false, ..fresh }, RefreshEnd::Sliding, 6), None);
    }
}
