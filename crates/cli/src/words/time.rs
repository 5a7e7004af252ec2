//! Moments and spans in words.

use jiff::Timestamp;

use super::Lang;

super::sentences! {
    days_hours(days, hours) { "{days} d {hours} h" "{days} 天 {hours} 小时" }
    hours_minutes(hours, minutes) { "{hours} h {minutes} min" "{hours} 小时 {minutes} 分" }
    minutes(minutes) { "{minutes} min" "{minutes} 分钟" }
    seconds(seconds) { "{seconds} s" "{seconds} 秒" }
    ahead(span) { "in {span}" "{span}后" }
    ago(span) { "{span} ago" "{span}前" }
    just_now() { "just now" "刚刚" }
    at_once() { "now" "现在" }
}

impl Lang {
    /// A span with its two largest units, rounded to the smaller: an answer that took a second on its way still brings
    /// a token of two hours.
    pub(crate) fn span(self, seconds: u64) -> String {
        let seconds = match seconds {
            0..60 => seconds,
            60..86_370 => seconds + 30,
            _ => seconds.saturating_add(1800),
        };
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => self.seconds(seconds),
            (0, 0, _) => self.minutes(minutes),
            (0, ..) => self.hours_minutes(hours, minutes),
            _ => self.days_hours(days, hours),
        }
    }

    /// How far off a moment is.
    pub(crate) fn distance(self, at: Timestamp, now: Timestamp) -> String {
        match at.as_second().abs_diff(now.as_second()) {
            0 if at > now => self.at_once(),
            0 => self.just_now(),
            far if at > now => self.ahead(self.span(far)),
            far => self.ago(self.span(far)),
        }
    }

    /// A moment as seen from another: how far off, and the date in UTC.
    pub(crate) fn moment(self, at: Timestamp, now: Timestamp) -> String {
        format!("{} ({})", at.strftime("%Y-%m-%d %H:%M UTC"), self.distance(at, now))
    }
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
            (7199, "2 h 0 min", "2 小时 0 分"),
            (86_399, "1 d 0 h", "1 天 0 小时"),
            (604_790, "7 d 0 h", "7 天 0 小时"),
            (604_800, "7 d 0 h", "7 天 0 小时"),
        ] {
            assert_eq!(Lang::En.span(seconds), en);
            assert_eq!(Lang::Zh.span(seconds), zh);
        }
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let soon = Timestamp::from_second(1_800_000_120).unwrap();
        assert_eq!(Lang::En.moment(soon, now), "2027-01-15 08:02 UTC (in 2 min)");
        assert_eq!(Lang::Zh.moment(now, soon), "2027-01-15 08:00 UTC (2 分钟前)");
        // No span is told that is none.
        let later = Timestamp::new(1_800_000_000, 1).unwrap();
        assert_eq!(
            (Lang::En.distance(now, now), Lang::En.distance(now, later)),
            ("just now".into(), "just now".into())
        );
        assert_eq!((Lang::En.distance(later, now), Lang::Zh.distance(now, later)), ("now".into(), "刚刚".into()));
    }
}
