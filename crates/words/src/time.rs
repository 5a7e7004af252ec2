//! Spans in words, and how far off a moment is.

use jiff::Timestamp;

use crate::notices::Language;
use crate::sentences::sentences;

sentences! { "time: "
    days(days) { "{days} d" "{days} 天" }
    hours(hours) { "{hours} h" "{hours} 小时" }
    days_hours(days, hours) { "{days} d {hours} h" "{days} 天 {hours} 小时" }
    hours_minutes(hours, minutes) { "{hours} h {minutes} min" "{hours} 小时 {minutes} 分" }
    minutes(minutes) { "{minutes} min" "{minutes} 分钟" }
    seconds(seconds) { "{seconds} s" "{seconds} 秒" }
    ahead(span) { "in {span}" "{span}后" }
    ago(span) { "{span} ago" "{span}前" }
    just_now() { "just now" "刚刚" }
    at_once() { "now" "现在" }
}

impl Language {
    /// A span with its two largest units, the smaller one left out where it is zero; rounded to the smaller: an answer that took a second on its way still brings
    /// a token of two hours.
    pub fn span(self, seconds: u64) -> String {
        let seconds = match seconds {
            0..60 => seconds,
            60..86_370 => seconds + 30,
            _ => seconds.saturating_add(1800),
        };
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => self.seconds(seconds),
            (0, 0, _) => self.minutes(minutes),
            (0, _, 0) => self.hours(hours),
            (0, ..) => self.hours_minutes(hours, minutes),
            (_, 0, _) => self.days(days),
            _ => self.days_hours(days, hours),
        }
    }

    /// How far off a moment is.
    pub fn distance(self, at: Timestamp, now: Timestamp) -> String {
        match at.as_second().abs_diff(now.as_second()) {
            0 if at > now => self.at_once(),
            0 => self.just_now(),
            far if at > now => self.ahead(self.span(far)),
            far => self.ago(self.span(far)),
        }
    }
}
