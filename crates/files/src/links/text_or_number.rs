//! What can stand at a place: a text or a number.

use std::fmt;

use jiff::Timestamp;
use zeroize::Zeroizing;

/// A text or a number. `Debug` shows numbers only: a text may be a token (I4).
#[derive(Clone, PartialEq)]
pub enum Value {
    /// A text. In ini and `.env` files every value is one.
    Text(Zeroizing<String>),
    /// A whole number.
    Number(i64),
    /// A number with a fraction, such as the time that Python's `time.time()` gives.
    Fraction(f64),
    /// A date and time as TOML writes one, with no quotes around it.
    Date(String),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(Zeroizing::new(text.into()))
    }

    /// The value in digits or letters, as ini and `.env` files hold it.
    pub fn spelled(&self) -> Zeroizing<String> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => Zeroizing::new(number.to_string()),
            Self::Date(date) => Zeroizing::new(date.clone()),
            // Without the sign of a negative zero, which a whole number has not.
            Self::Fraction(number) => Zeroizing::new((number + 0.0).to_string()),
        }
    }

    /// A whole number, also where it stands as text; fractions are cut off.
    pub fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Date(_) => None,
            Self::Text(text) => {
                let text = text.trim();
                text.parse()
                    .ok()
                    .or_else(|| text.parse().ok().and_then(|number: f64| Self::Fraction(number).as_whole()))
            }
            // Beyond 2^53 a fraction no longer counts in ones.
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            Self::Fraction(number) => (number.abs() < 9_007_199_254_740_992.0).then_some(*number as i64),
        }
    }

    /// The moment that the value names: seconds since 1970, milliseconds where seconds would be beyond the year 5138,
    /// or an RFC 3339 text. `None` for anything else.
    pub fn as_time(&self) -> Option<Timestamp> {
        let text = match self {
            Self::Text(text) => text.trim(),
            Self::Date(text) => text.as_str(),
            _ => "",
        };
        if let Some(time) = moment(text) {
            return Some(time);
        }
        match self.as_whole()? {
            whole if whole.unsigned_abs() >= MILLIS_FROM => Timestamp::from_millisecond(whole).ok(),
            whole => Timestamp::from_second(whole).ok(),
        }
    }
}

/// RFC 3339, also without a zone, which then is UTC (as google-auth for Python writes it).
fn moment(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    text.parse().ok().or_else(|| text.contains(':').then(civil).flatten().map(|zoned| zoned.timestamp()))
}

/// From here on a number counts milliseconds: 10^11 s is in the year 5138, 10^11 ms in 1973.
pub(super) const MILLIS_FROM: u64 = 100_000_000_000;

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Number(number) => write!(f, "Number({number})"),
            Self::Date(date) => write!(f, "Date({date})"),
            Self::Fraction(number) => write!(f, "Fraction({number})"),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_tools_write_them() {
        for (value, second) in [
            (Value::Number(1_700_000_000), 1_700_000_000),
            (Value::Number(1_700_000_000_123), 1_700_000_000),
            (Value::Fraction(1_700_000_000.9), 1_700_000_000),
            (Value::from("1700000000"), 1_700_000_000),
            (Value::from("1700000000.5"), 1_700_000_000),
            (Value::from("2023-11-14T22:13:20Z"), 1_700_000_000),
            (Value::from("2023-11-15T06:13:20.5+08:00"), 1_700_000_000),
            (Value::from("2023-11-14T22:13:20.123456"), 1_700_000_000),
        ] {
            assert_eq!(value.as_time().map(Timestamp::as_second), Some(second), "{}", *value.spelled());
        }
        for value in [
            Value::from("soon"),
            Value::from(""),
            Value::from("2023-11-14"),
            Value::Number(i64::MAX),
            Value::Number(i64::MIN),
            Value::Fraction(f64::NAN),
            Value::Fraction(f64::INFINITY),
        ] {
            assert_eq!(value.as_time(), None, "{}", *value.spelled());
        }
    }

    #[test]
    fn a_text_is_not_shown() {
        assert_eq!(format!("{:?}", Value::from("u-secret")), "Text(…)");
    }
}
