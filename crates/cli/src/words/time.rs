//! Moments and spans in words.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Lang;

impl Lang {
    /// A span with its two largest units.
    pub(crate) fn span(self, seconds: u64) -> String {
        self.said().span(seconds)
    }

    /// How far off a moment is.
    pub(crate) fn distance(self, at: Timestamp, now: Timestamp) -> String {
        self.said().distance(at, now)
    }

    /// A moment as seen from another: how far off, and the date in a zone, with its offset.
    pub(crate) fn moment(self, at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
        let (shown, distance) = (in_zone(at, zone, "%Y-%m-%d %H:%M"), self.distance(at, now));
        match self {
            Self::En => format!("{shown} ({distance})"),
            Self::Zh => format!("{shown}（{distance}）"),
        }
    }
}

/// A moment in a zone, with its offset; UTC has its name.
pub(crate) fn in_zone(at: Timestamp, zone: &TimeZone, format: &str) -> String {
    let offset = if *zone == TimeZone::UTC { "UTC" } else { "%:z" };
    at.to_zoned(zone.clone()).strftime(&format!("{format} {offset}")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_show_two_units() {
        for (seconds, en, zh) in [
            (0, "0 s", "0 秒"),
            (59, "59 s", "59 秒"),
            (61, "1 min", "1 分钟"),
            (7199, "2 h", "2 小时"),
            (86_399, "1 d", "1 天"),
            (604_790, "7 d", "7 天"),
            (604_800, "7 d", "7 天"),
            (9_000, "2 h 30 min", "2 小时 30 分"),
            (619_200, "7 d 4 h", "7 天 4 小时"),
        ] {
            assert_eq!(Lang::En.span(seconds), en);
            assert_eq!(Lang::Zh.span(seconds), zh);
        }
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let soon = Timestamp::from_second(1_800_000_120).unwrap();
        let beijing = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(Lang::En.moment(soon, now, &TimeZone::UTC), "2027-01-15 08:02 UTC (in 2 min)");
        assert_eq!(Lang::Zh.moment(now, soon, &TimeZone::UTC), "2027-01-15 08:00 UTC（2 分钟前）");
        assert_eq!(Lang::En.moment(soon, now, &beijing), "2027-01-15 16:02 +08:00 (in 2 min)");
        // No span is told that is none.
        let later = Timestamp::new(1_800_000_000, 1).unwrap();
        assert_eq!(
            (Lang::En.distance(now, now), Lang::En.distance(now, later)),
            ("just now".into(), "just now".into())
        );
        assert_eq!((Lang::En.distance(later, now), Lang::Zh.distance(now, later)), ("now".into(), "刚刚".into()));
    }
}
