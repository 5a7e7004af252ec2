//! What a provider permits: one row of data each, so that no engine code asks which provider it is.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ports::Pace;
use crate::{Access, GrantId};

/// What happens to the access token of generation n when n+1 is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldAccess {
    /// It lives on until its own end.
    Stays,
    /// It dies with the rotation.
    Dies,
}

/// What a success without a refresh token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentRefresh {
    /// The one we sent stays good (RFC 6749 §6).
    KeepsOld,
    /// The one we sent is dead and none follows (reference/feishu.md §4.3, §5.1).
    Ends,
}

/// What sending a refresh token again does, after a send whose outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replay {
    /// It costs nothing: the provider forgives, or refuses and changes nothing else.
    Harmless,
    /// It may end the whole login (family revocation, RFC 9700 §4.14.2): only when the access token is of no more use.
    Punished {
        /// How long after the first use a replay is taken for a race and merely refused (bkauth: 30 s).
        grace: Duration,
    },
}

/// What a rotation does to the end of the refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefreshEnd {
    /// Every rotation moves it (Feishu).
    Sliding,
    /// It stands since the login; a rotation inherits it (SSM: 30 days; bkauth).
    Fixed,
}

/// One provider's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// The fate of the old access token.
    pub old_access: OldAccess,
    /// The meaning of a missing refresh token.
    pub absent_refresh: AbsentRefresh,
    /// The effect of a replay.
    pub replay: Replay,
    /// How far ahead of its end an access token is rotated, at most.
    pub margin: Duration,
    /// Up to this much more, spread over grants so that they do not rotate in one moment.
    pub jitter: Duration,
    /// The life of an access token whose answer does not say. The shortest the provider documents.
    pub assumed_access: Duration,
    /// The life of a refresh token whose answer does not say. The shortest the provider documents; `None` where it may
    /// live for ever.
    pub assumed_refresh: Option<Duration>,
    /// What a rotation does to the refresh token's end.
    pub refresh_end: RefreshEnd,
    /// The life of a consent that no refresh can lengthen.
    pub wall: Option<Duration>,
    /// How long a sender waits for the answer; the deadline in the intent.
    pub send_deadline: Duration,
    /// How many exchanges an app may begin, where the provider says so.
    #[serde(default)]
    pub rate: Option<RateLimit>,
}

/// How many exchanges a provider lets an app begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateLimit {
    /// In any minute.
    pub per_minute: u32,
    /// In any second.
    pub per_second: u32,
}

impl RateLimit {
    /// A pace that keeps both bounds in every minute and every second, wherever they begin: a burst, and what follows it.
    pub fn pace(self) -> Pace {
        let burst = (self.per_second * 3 / 5).min(self.per_minute / 4).max(1);
        let a_minute = Duration::from_mins(1) / self.per_minute.saturating_sub(burst).max(1);
        let a_second = Duration::from_secs(1) / self.per_second.saturating_sub(burst).max(1);
        Pace { interval: a_minute.max(a_second), burst }
    }
}

impl Rules {
    /// When an access token is due to be rotated.
    ///
    /// The margin is at most a sixth of the token's life: a provider that hands out one-minute tokens must not
    /// make every call a rotation. Jitter is drawn from the grant's id and the token's birth, so every process
    /// computes the same moment.
    pub fn due_at(&self, grant: GrantId, access: &Access) -> Timestamp {
        let lifetime = access.lifetime();
        let margin = self.margin.min(lifetime / MARGIN_SHARE);
        let jitter = self.jitter.min(lifetime / JITTER_SHARE);
        let spread = jitter.mul_f64(share(grant, access.obtained));
        access.expires.checked_sub(margin + spread).unwrap_or(access.obtained)
    }

    /// When a login that nobody reads is refreshed so that it lives on, and when it would end: in the tenth of its refresh token's life before
    /// the half, by the grant's id, so that logins that were made together do not come together, and a provider that is away for days ends
    /// none. `ends` and `wall` are the ends of its refresh token and of its consent as far as they are known. `None` where no refresh
    /// lengthens it.
    pub fn kept_alive_at(
        &self,
        grant: GrantId,
        obtained: Timestamp,
        ends: Option<Timestamp>,
        wall: Option<Timestamp>,
    ) -> Option<(Timestamp, Timestamp)> {
        if self.refresh_end == RefreshEnd::Fixed {
            return None;
        }
        let assumed = || self.assumed_refresh.and_then(|life| obtained.checked_add(life).ok());
        let ends = ends.or_else(assumed)?;
        if wall.is_some_and(|wall| wall <= ends) {
            return None;
        }
        let life = Duration::try_from(ends.duration_since(obtained)).unwrap_or_default();
        let early = (life / 10).mul_f64(share(grant, obtained));
        Some((obtained.checked_add((life / 2).saturating_sub(early)).unwrap_or(ends), ends))
    }
}

/// A number in [0, 1) that looks random and is the same for everyone who knows the grant and the moment
/// (the finaliser of splitmix64).
fn share(grant: GrantId, obtained: Timestamp) -> f64 {
    let (high, low) = grant.as_uuid().as_u64_pair();
    let mut z = high ^ low.rotate_left(32) ^ obtained.as_millisecond().cast_unsigned();
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^= z >> 31;
    f64::from(u32::try_from(z >> 32).unwrap_or(0)) / (f64::from(u32::MAX) + 1.0)
}

/// The margin is at most this share of a token's life.
const MARGIN_SHARE: u32 = 6;
/// The jitter is at most this share of a token's life.
const JITTER_SHARE: u32 = 20;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::AccessToken;

    fn rules() -> Rules {
        Rules {
            old_access: OldAccess::Stays,
            absent_refresh: AbsentRefresh::Ends,
            replay: Replay::Harmless,
            margin: Duration::from_secs(300),
            jitter: Duration::from_secs(60),
            assumed_access: Duration::from_secs(6900),
            assumed_refresh: Some(Duration::from_secs(604_800)),
            refresh_end: RefreshEnd::Sliding,
            wall: None,
            send_deadline: Duration::from_secs(30),
            rate: None,
        }
    }

    proptest! {
        /// Whatever the bounds, no minute and no second of a pace has more, for as long as one a minute and two a second are allowed.
        #[test]
        fn a_pace_keeps_both_bounds(per_minute in 2u32..10_000, per_second in 2u32..500) {
            let Pace { interval, burst } = RateLimit { per_minute, per_second }.pace();
            let within = |time: Duration| u128::from(burst) + time.as_nanos() / interval.as_nanos();
            prop_assert!(within(Duration::from_mins(1)) <= u128::from(per_minute), "{interval:?} {burst}");
            prop_assert!(within(Duration::from_secs(1)) <= u128::from(per_second), "{interval:?} {burst}");
        }

        /// A token is due after 78 % of its life and before its end; a long-lived one by margin and jitter alone.
        #[test]
        fn due_late_in_life_and_before_its_end(id: u128, life in 0u64..100_000) {
            let obtained = Timestamp::from_second(1_800_000_000).unwrap();
            let access = Access {
                token: AccessToken::parse("t").unwrap(),
                obtained,
                expires: obtained + Duration::from_secs(life),
            };
            let at = rules().due_at(GrantId::from(uuid::Uuid::from_u128(id)), &access);
            prop_assert!(at <= access.expires);
            prop_assert!(at >= obtained + Duration::from_secs(life).mul_f64(0.78) || life == 0);
            if life >= 7200 {
                prop_assert!(at <= access.expires - Duration::from_secs(300));
                prop_assert!(at >= access.expires - Duration::from_secs(361));
            }
        }
    }
}
