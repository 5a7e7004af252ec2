//! A moment, in the notation in which it stands: seconds or milliseconds, number or text, RFC 3339 with its offset and fraction.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::text_or_number::Value;

/// A moment spelled as another one stands. `None` where what stands is no moment that can be understood.
pub(super) fn spelled_like(stands: &Value, moment: Timestamp) -> Option<Value> {
    stands.as_time()?;
    match stands {
        Value::Number(old) => Some(Value::Number(count(old.unsigned_abs(), moment))),
        #[expect(clippy::cast_precision_loss, reason = "moments are below 2^53 in milliseconds")]
        Value::Fraction(old) => {
            let millis = moment.as_millisecond();
            let seconds = old.abs() < 100_000_000_000.0;
            Some(Value::Fraction(if seconds { millis as f64 / 1000.0 } else { millis as f64 }))
        }
        Value::Date(text) => dated(text, moment).map(Value::Date),
        Value::Text(text) => {
            let inner = text.trim();
            let start = text.len() - text.trim_start().len();
            let new = match inner.split_once('.') {
                None if is_digits(inner) => count(inner.parse().ok()?, moment).to_string(),
                Some((whole, fraction)) if is_digits(whole) && is_digits(fraction) => {
                    format!("{}.{}", moment.as_second(), fraction_of(moment, fraction.len()))
                }
                _ => dated(inner, moment)?,
            };
            Some(Value::text(format!("{}{new}{}", &text[..start], &text[start + inner.len()..])))
        }
    }
}

/// Seconds, milli-, micro- or nanoseconds, as the old number counts.
fn count(old: u64, moment: Timestamp) -> i64 {
    match old {
        0..100_000_000_000 => moment.as_second(),
        100_000_000_000..100_000_000_000_000 => moment.as_millisecond(),
        100_000_000_000_000..100_000_000_000_000_000 => moment.as_microsecond(),
        _ => i64::try_from(moment.as_nanosecond()).unwrap_or(i64::MAX),
    }
}

/// `2026-01-01T08:00:00.123+08:00` and its kin, with the same separator, digits and offset.
fn dated(old: &str, moment: Timestamp) -> Option<String> {
    let (separator, rest) = (old.get(10..11)?, old.get(19..)?);
    let fraction =
        rest.strip_prefix(['.', ',']).map_or("", |rest| &rest[..rest.bytes().take_while(u8::is_ascii_digit).count()]);
    let point = if fraction.is_empty() { "" } else { &rest[..1] };
    let zone = &rest[point.len() + fraction.len()..];
    let zoned = moment.to_zoned(TimeZone::fixed(offset(zone.trim())?));
    let time = zoned.datetime();
    let digits = if fraction.is_empty() { String::new() } else { fraction_of(moment, fraction.len()) };
    Some(format!("{}{separator}{}{point}{digits}{zone}", time.strftime("%Y-%m-%d"), time.strftime("%H:%M:%S")))
}

/// The offset that a zone's text names; none is UTC.
fn offset(zone: &str) -> Option<Offset> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    if !is_digits(&digits) || !matches!(digits.len(), 2 | 4) {
        return None;
    }
    let hours: i32 = digits[..2].parse().ok()?;
    let minutes: i32 = digits.get(2..).filter(|rest| !rest.is_empty()).map_or(Some(0), |rest| rest.parse().ok())?;
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn fraction_of(moment: Timestamp, digits: usize) -> String {
    let nanos = format!("{:09}", moment.subsec_nanosecond().max(0));
    nanos.chars().chain(std::iter::repeat('0')).take(digits).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_moment_keeps_its_notation() {
        let moment = "2026-11-29T07:30:15.25Z".parse().unwrap();
        for (old, new) in [
            (Value::Number(1_700_000_000), Value::Number(1_795_937_415)),
            (Value::Number(1_700_000_000_123), Value::Number(1_795_937_415_250)),
            (Value::Fraction(1_700_000_000.5), Value::Fraction(1_795_937_415.25)),
            (Value::from("1700000000"), Value::from("1795937415")),
            (Value::from("1700000000123"), Value::from("1795937415250")),
            (Value::from("1700000000.123"), Value::from("1795937415.250")),
            (Value::from("2026-01-01T00:00:00Z"), Value::from("2026-11-29T07:30:15Z")),
            (Value::from("2026-01-01T08:00:00+08:00"), Value::from("2026-11-29T15:30:15+08:00")),
            (Value::from("2026-01-01 00:00:00.123456Z"), Value::from("2026-11-29 07:30:15.250000Z")),
            (Value::from("2026-01-01T00:00:00"), Value::from("2026-11-29T07:30:15")),
            (Value::Date("2026-01-01T00:00:00Z".into()), Value::Date("2026-11-29T07:30:15Z".into())),
            (Value::Date("2026-01-01 00:00:00-03:30".into()), Value::Date("2026-11-29 04:00:15-03:30".into())),
        ] {
            assert_eq!(spelled_like(&old, moment), Some(new), "{}", *old.spelled());
        }
        for text in ["soon", "2026-01-01", "in 2 hours", ""] {
            assert_eq!(spelled_like(&text.into(), moment), None, "{text}");
        }
    }

    proptest! {
        /// What was written names the moment, to the second, in the notation that stood.
        #[test]
        fn what_is_written_names_the_moment(second in 1_000_000_000_i64..4_000_000_000, hours in -12_i8..14, digits in 0_usize..7) {
            let moment = Timestamp::from_second(second).unwrap();
            let fraction = if digits == 0 { String::new() } else { format!(".{}", "1".repeat(digits)) };
            let sign = if hours < 0 { '-' } else { '+' };
            for old in [
                Value::Number(1_700_000_000_000),
                Value::from("1700000000"),
                Value::text(format!("2026-01-01T08:00:00{fraction}{sign}{:02}:00", hours.unsigned_abs())),
                Value::text(format!("2026-01-01T08:00:00{fraction}Z")),
            ] {
                let new = spelled_like(&old, moment).unwrap();
                prop_assert_eq!(new.as_time().unwrap().as_second(), second);
                prop_assert_eq!(spelled_like(&new, moment).unwrap(), new.clone());
                prop_assert_eq!(new.spelled().len(), old.spelled().len());
            }
        }
    }
}
