//! Lines folded for a terminal: at spaces and between Chinese characters, never in a command that somebody copies.

/// Folds a line at spaces and between Chinese characters; what continues stands behind `indent`.
pub(crate) fn fold(text: &str, room: usize, indent: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last_mut().expect("there is a first line");
        if columns(line) + columns(piece.trim_end()) <= room || line.trim().is_empty() {
            line.push_str(piece);
        } else {
            lines.push(format!("{indent}{piece}"));
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// What must not be torn apart: words with the space after them; Chinese characters with the stop after them; commands in
/// backticks, which people copy.
fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut from) = (Vec::new(), 0);
    let mut before: Option<char> = None;
    let mut quoted = false;
    for (at, c) in text.char_indices() {
        let torn = match before {
            _ if quoted => false,
            Some(' ') => c != ' ',
            Some(b) => (is_wide(b) || is_wide(c)) && !"，。；：、）”！？".contains(c) && !"（“".contains(b),
            None => false,
        };
        if torn {
            pieces.push(&text[from..at]);
            from = at;
        }
        quoted ^= c == '`';
        before = Some(c);
    }
    pieces.push(&text[from..]);
    pieces
}

/// Whether a character takes two columns.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{ffef}')
}

/// How many terminal columns a text takes: Chinese characters and full-width punctuation take two, and our colours none.
pub(crate) fn columns(text: &str) -> usize {
    let mut in_colour = false;
    let taken = text.chars().map(|c| {
        let counts = !in_colour && c != '\x1b';
        in_colour = if in_colour { c != 'm' } else { c == '\x1b' };
        match (counts, is_wide(c)) {
            (false, _) => 0,
            (true, true) => 2,
            (true, false) => 1,
        }
    });
    taken.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_folded_where_a_reader_would() {
        assert_eq!(fold("1. one two", 8, "   "), ["1. one", "   two"]);
        let fold = |text, room| fold(text, room, "  ");
        assert_eq!(fold("one two three", 8), ["one two", "  three"]);
        assert_eq!(fold("one", 8), ["one"]);
        assert_eq!(fold("\x1b[1mone\x1b[0m two three", 8), ["\x1b[1mone\x1b[0m two", "  three"]);
        assert_eq!(fold("/a/path/longer/than/the/line and more", 10), ["/a/path/longer/than/the/line", "  and more"]);
        // Chinese characters take two columns, and no line begins with a stop.
        assert_eq!(fold("登录已失效：重新登录", 10), ["登录已失", "  效：重新", "  登录"]);
        assert_eq!(fold("令牌，令牌", 5), ["令", "  牌，", "  令", "  牌"]);
        assert_eq!(fold("请运行 `tokenward login` 登录", 14), ["请运行", "  `tokenward login`", "  登录"]);
    }
}
