//! Texts from outside, so that a person sees what is in them.
//!
//! Enters: any text: a file's name, a key of somebody's settings, a provider's words. Leaves: the same text, in which every character
//! that has no look of its own is written as `\u{…}`. Such characters steer a terminal (controls), begin a line that
//! was not ours, turn the reading direction round, or hide; none of them may do so in a line that Tokenward shows (I4
//! is of no use to somebody who is shown a forged line). One predicate, [`is_hidden`], says which they are, and every place
//! that washes texts asks it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

/// Whether a character has no look of its own: controls (C0, DEL, C1), separators of lines and paragraphs, every
/// character of the category Cf (Unicode 17), fillers that are drawn as nothing, and code points that are no characters.
/// Spaces, joined accents and the selectors of variants are seen, or change how what stands before them looks.
pub const fn is_hidden(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    matches!(
        c,
        '\u{80}'..='\u{9f}'
            // Lines and paragraphs end here.
            | '\u{2028}'..='\u{2029}'
            // Category Cf, with the unassigned ones among them.
            | '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff0}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}' | '\u{e01f0}'..='\u{e0fff}'
            // Letters and marks that are drawn as nothing.
            | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{3164}' | '\u{ffa0}'
            // No characters (Unicode §23.7).
            | '\u{fdd0}'..='\u{fdef}'
    ) || (c as u32) & 0xfffe == 0xfffe
}

/// The text on one line: every hidden character, line breaks and tabs too, as `\u{…}`.
pub fn visible(text: &str) -> Cow<'_, str> {
    shown(text, is_hidden)
}

/// The same for a text of several lines that are its own: line breaks and tabs stay.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    shown(text, |c| is_hidden(c) && c != '\n' && c != '\t')
}

/// A text that is JSON already, with hidden characters as JSON writes them (`\u001b`; RFC 8259 §7): the same document.
/// Line breaks stay: between the values there are no other controls.
pub fn visible_json(json: &str) -> Cow<'_, str> {
    replaced(
        json,
        |c| is_hidden(c) && !matches!(c, '\n' | '\r' | '\t'),
        |c, out| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing into a `String` cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

/// Shows anything as [`visible`] does.
#[derive(Debug, Clone, Copy)]
pub struct Visible<T>(pub T);

impl<T: fmt::Display> fmt::Display for Visible<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&visible(&self.0.to_string()))
    }
}

fn shown(text: &str, hidden: impl Fn(char) -> bool) -> Cow<'_, str> {
    replaced(text, hidden, |c, out| out.extend(c.escape_unicode()))
}

fn replaced(text: &str, hidden: impl Fn(char) -> bool, write: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(&hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hidden(c) {
            write(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        assert_eq!(visible("a\u{1b}[31mb\r\n\tc\u{7f}"), r"a\u{1b}[31mb\u{d}\u{a}\u{9}c\u{7f}");
        assert_eq!(visible("\u{9b}31m\u{85}\u{90}"), r"\u{9b}31m\u{85}\u{90}");
        assert_eq!(visible_lines("a\n\tb\r\u{1b}c"), "a\n\tb\\u{d}\\u{1b}c");
    }

    #[test]
    fn what_hides_or_turns_a_text_round_is_shown() {
        for c in [
            '\u{ad}',
            '\u{61c}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{206a}',
            '\u{feff}',
            '\u{fff9}',
            '\u{fffb}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{3164}',
            '\u{1d173}',
            '\u{ffff}',
            '\u{fdd0}',
            '\u{10fffe}',
            '\u{34f}',
            '\u{600}',
            '\u{13430}',
        ] {
            assert!(is_hidden(c), "{c:?}");
            assert_eq!(visible(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }

    #[test]
    fn what_is_seen_stays() {
        for text in
            ["plain ~!\\", "张三，登录", "é ñ e\u{301}", "\u{a0}\u{3000}", "❤\u{fe0f} 👍🏽", "עברית العربية", "\u{fffd}"]
        {
            assert_eq!(visible(text), text);
            assert!(matches!(visible(text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn json_stays_the_same_document() {
        let value = serde_json::json!({"a\u{9b}": "x\u{1b}\u{202e}\u{e0001}\u{7f}\n张", "b": [1, "\u{2028}"]});
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = visible_json(&text);
            assert!(!shown.chars().any(|c| is_hidden(c) && c != '\n'), "{shown}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
        }
    }

    #[test]
    fn a_width_is_kept() {
        assert_eq!(format!("{:>5}|{:<8}|", Visible("a"), Visible("\u{1b}")), r"    a|\u{1b}  |");
    }

    proptest! {
        #[test]
        fn nothing_hidden_is_left_and_showing_twice_changes_nothing(text: String) {
            let once = visible(&text).into_owned();
            prop_assert!(!once.contains(is_hidden));
            prop_assert!(!once.contains(char::is_control));
            prop_assert_eq!(visible(&once), once.as_str());
        }
    }
}
