//! Moments in sentences: to the second, and in UTC.
//!
//! Enters: a moment. Leaves: words for it. A clock counts nanoseconds; nobody who reads an error does.

use jiff::Timestamp;

/// `2026-11-20 11:29:57 UTC`.
pub fn told_moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_parts_of_seconds_are_told() {
        let at: Timestamp = "2026-11-20T11:29:57.123456789Z".parse().unwrap();
        assert_eq!(told_moment(at), "2026-11-20 11:29:57 UTC");
    }
}
