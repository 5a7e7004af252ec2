//! The parts of a text that could be a token.

use std::ops::Range;

use super::token_or_placeholder::SHORTEST;

/// The parts of a text that could be a token: its words, and what stands in them between marks.
pub(super) fn candidates(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let trimmed = text.trim();
    let start = text.len() - text.trim_start().len();
    found.push(start..start + trimmed.len());
    let mut from = 0;
    for (at, end) in text.match_indices(ends_word).chain([(text.len(), "")]) {
        parts(text, from..at, &mut found);
        from = at + end.len();
    }
    found.retain(|at| (SHORTEST..LONGEST).contains(&at.len()));
    found.sort_by_key(|at| (at.start, at.end));
    found.dedup();
    found
}

/// A word, and whatever stands in it from one mark to another.
fn parts(text: &str, word: Range<usize>, found: &mut Vec<Range<usize>>) {
    if word.len() < SHORTEST {
        return;
    }
    let marks = text[word.clone()].match_indices(MARKS).map(|(at, _)| word.start + at);
    let ends: Vec<usize> = marks.chain([word.end]).collect();
    let starts = [word.start].into_iter().chain(ends.iter().map(|mark| mark + 1));
    for (index, start) in starts.take(ends.len()).enumerate() {
        // In a word of many marks, what is between neighbours, and all up to its end.
        found.extend(ends[index..].iter().take(REACH).map(|end| start..*end));
        if index < REACH {
            found.push(start..word.end);
        }
    }
}

/// What stands in no token of any server.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`,;()[]{}<>\\".contains(c)
}

/// Marks that may stand beside a token, and in one.
const MARKS: [char; 10] = ['=', ':', '&', '?', '/', '@', '#', '|', '+', '$'];
/// No token is longer, in bytes.
const LONGEST: usize = 64 << 10;
/// How many marks a token has, where other words are joined to its end by one more.
const REACH: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AROUND: [(&str, &str); 12] = [
        ("", ""),
        ("Bearer ", ""),
        ("NAME=", ""),
        ("X-Lark-MCP-UAT: ", ""),
        ("--token=", " --flag"),
        ("curl -H 'Authorization: Bearer ", "' https://open.feishu.cn"),
        ("https://example.com/?access_token=", "&lang=zh"),
        ("set TOKEN=", "&& run"),
        ("https://user:", "@example.com/"),
        ("\u{6587}:", "\u{ff0c}"),
        ("[", "]"),
        ("a=b:", ";c"),
    ];

    proptest! {
        #[test]
        fn a_token_is_found_in_any_surroundings(token in "[A-Za-z0-9_.~+/|=-]{12,40}") {
            prop_assume!(token.chars().filter(|c| MARKS.contains(c)).count() < REACH);
            for (before, after) in AROUND {
                let text = format!("{before}{token}{after}");
                let wanted = before.len()..before.len() + token.len();
                let found = candidates(&text);
                let joined = after.starts_with(|c: char| !ends_word(c) && !MARKS.contains(&c));
                prop_assert!(joined || found.contains(&wanted), "{text}");
            }
        }

        #[test]
        fn any_text_has_candidates_that_are_parts_of_it(text in any::<String>()) {
            for at in candidates(&text) {
                prop_assert!(text.get(at).is_some());
            }
        }
    }

    /// A large file is searched in a time that grows with it.
    #[test]
    fn many_marks_make_few_candidates() {
        let text = "=:".repeat(20_000);
        assert!(candidates(&text).len() <= text.len() * 10);
        let text = "abcdefghijkl/".repeat(20_000);
        assert!(candidates(&text).len() <= text.len() * 10);
    }
}
