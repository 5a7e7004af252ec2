//! Pictures of counts, as the coordinates of an SVG: widths in percent, so that a picture fits any screen, heights in pixels.

/// A bar of a picture of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bar {
    /// Its class.
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) count: String,
    /// From the left, in percent, with one digit behind the point.
    pub(super) x: String,
    /// Where its middle is.
    pub(super) middle: String,
    pub(super) width: String,
    /// From the top, in pixels.
    pub(super) y: u64,
    pub(super) height: u64,
    /// Where its count is written.
    pub(super) above: u64,
}

/// Bars beside each other, the highest one as high as there is room. What is counted at all can be seen.
pub(super) fn bars(counts: &[(&'static str, String, u64)]) -> Vec<Bar> {
    let most = counts.iter().map(|(_, _, count)| *count).max().unwrap_or(0).max(1);
    // In tenths of a percent.
    let slot = 1000 / u64::try_from(counts.len()).unwrap_or(1).max(1);
    let percent = |tenths: u64| format!("{}.{}%", tenths / 10, tenths % 10);
    let place = |(number, (kind, label, count)): (u64, &(&'static str, String, u64))| {
        let height = part(*count, most, ROOM);
        let y = TOP + ROOM - height;
        Bar {
            kind,
            label: label.clone(),
            count: grouped(*count),
            x: percent(number * slot + slot / 8),
            middle: percent(number * slot + slot / 2),
            width: percent(slot * 3 / 4),
            y,
            height,
            above: y - 6,
        }
    };
    (0..).zip(counts).map(place).collect()
}

/// How much of the room a count takes; at least a little where it is none.
pub(super) fn part(count: u64, most: u64, room: u64) -> u64 {
    let exact = u128::from(count) * u128::from(room) / u128::from(most.max(1));
    u64::try_from(exact).unwrap_or(room).max(if count > 0 { 3.min(room) } else { 0 })
}

/// A number in groups of three digits.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What the highest bar takes, and what is above it for its count, in pixels.
const ROOM: u64 = 120;
const TOP: u64 = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_takes_the_room_and_no_count_is_hidden() {
        let counts = [
            ("a", "x".to_owned(), 0),
            ("b", "y".to_owned(), 1),
            ("c", "z".to_owned(), 1_000_000),
            ("d", "w".to_owned(), u64::MAX),
        ];
        let told = bars(&counts[..3]);
        assert_eq!(told.iter().map(|bar| (bar.y, bar.height)).collect::<Vec<_>>(), [(142, 0), (139, 3), (22, 120)]);
        assert_eq!((told[1].x.as_str(), told[1].middle.as_str(), told[1].width.as_str()), ("37.4%", "49.9%", "24.9%"));
        assert_eq!(bars(&counts)[3].height, 120);
        assert_eq!((bars(&[]), bars(&counts[..1])[0].height), (Vec::new(), 0));
    }

    #[test]
    fn numbers_are_grouped() {
        let told: Vec<_> = [0, 999, 1000, 12_345, 1_000_000].map(grouped).into();
        assert_eq!(told, ["0", "999", "1,000", "12,345", "1,000,000"]);
    }
}
