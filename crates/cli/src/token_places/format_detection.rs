//! How a file is written whose name does not say it: by its content.
//!
//! Enters: bytes. Leaves: a format, or none, and then the person is asked. Formats that take anything for theirs are asked last.

use tokenward::links::Document;
use tokenward_core::Format;

/// The format whose marks a content bears. What begins with a brace is JSON; sections are TOML where they parse as such.
pub(super) fn by_content(bytes: &[u8]) -> Option<Format> {
    let parses = |format| Document::parse(format, bytes).is_ok();
    let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
    if text.contains('\0') {
        return None;
    }
    if text.starts_with('{') || text.starts_with("//") || text.starts_with("/*") {
        return Some(Format::Json);
    }
    // A variable for programs, as only fish sets one: in other shells `set -x` has no name and no value.
    let is_fish = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let flag = (words.next() == Some("set")).then(|| words.next()).flatten().unwrap_or_default();
        let exports = flag == "--export"
            || flag.len() > 1 && flag.starts_with('-') && !flag.starts_with("--") && {
                flag[1..].chars().all(|c| "xgUl".contains(c)) && flag.contains('x')
            };
        exports && words.next().is_some_and(|name| !name.starts_with(['-', '+'])) && words.next().is_some()
    };
    if text.lines().any(|line| is_fish(line.trim_start())) && parses(Format::Fish) {
        return Some(Format::Fish);
    }
    // A mark of YAML's own, or a key with nothing behind its colon and something indented below it. No other reader takes such lines for theirs
    // and finds a login in them: `.env` has no indentation, and Java's keys would have no values.
    let is_parent = |line: &str, below: &str| {
        let depth = |line: &str| line.len() - line.trim_start_matches(' ').len();
        let words = line.split(" #").next().unwrap_or_default();
        let key = words.trim_end().strip_suffix(':').map(str::trim_start);
        let is_key = key.is_some_and(|key| !key.is_empty() && !key.contains([' ', '=']));
        is_key && (depth(below) > depth(line) || below.trim_start().starts_with("- "))
    };
    let lines_of_its_own =
        || text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let is_yaml = lines_of_its_own().next().is_some_and(|line| line.trim_end() == "---")
        || lines_of_its_own().zip(lines_of_its_own().skip(1)).any(|(line, below)| is_parent(line, below));
    if is_yaml && parses(Format::Yaml) {
        return Some(Format::Yaml);
    }
    // Java's comments, and its keys, which have dots where variables have none. Its readers take any prose for keys and values.
    let is_key = |line: &str| {
        let key = line.split_once(['=', ':']).map_or("", |(key, _)| key.trim_end());
        let is_plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-[]".contains(c));
        is_plain.then(|| key.contains('.'))
    };
    // A backslash at its end continues a line.
    let whole = text.replace("\\\r\n", "").replace("\\\n", "");
    let lines = || whole.lines().map(str::trim_start).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_java = lines().any(|line| line.starts_with('!') || is_key(line) == Some(true))
        && lines().all(|line| line.starts_with('!') || is_key(line).is_some());
    let formats = if text.lines().any(|line| line.trim_start().starts_with('[')) {
        [Format::Toml, Format::Ini]
    } else if is_java {
        [Format::Toml, Format::Properties]
    } else {
        [Format::Dotenv, Format::Toml]
    };
    formats.into_iter().find(|format| !text.is_empty() && parses(*format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_by_content() {
        for (content, format) in [
            ("{\"a\": 1}", Some(Format::Json)),
            ("// note\n{\"a\": 1,}", Some(Format::Json)),
            ("\u{feff}  {}", Some(Format::Json)),
            ("[a]\nb = \"c\"\n", Some(Format::Toml)),
            ("[a]\nb = c d\n", Some(Format::Ini)),
            ("A=1\nB=2\n", Some(Format::Dotenv)),
            ("! c\nA=1\n", Some(Format::Properties)),
            ("feishu.app-id = cli_x\n", Some(Format::Properties)),
            ("a.b = c\\\n  d\n", Some(Format::Properties)),
            ("a.b = \"c\"\n", Some(Format::Toml)),
            ("A=u.v\n", Some(Format::Dotenv)),
            ("# c\nif true\n  set -gx A u\nend\n", Some(Format::Fish)),
            ("set --export A 'u'\n", Some(Format::Fish)),
            ("set -x\nA=1\n", None),
            ("set -gx A (\n", None),
            ("# c\nfeishu: # d\n  app_id: x\n", Some(Format::Yaml)),
            ("---\na: b\n", Some(Format::Yaml)),
            ("env:\n- A=1\n", Some(Format::Yaml)),
            ("a: b\nc: d\n", None),
            ("See:\n  a=b\nmore of it\n", None),
            ("e.g. this: a note\nof mine\n", None),
            ("", None),
            ("\u{0}", None),
        ] {
            assert_eq!(by_content(content.as_bytes()), format, "{content}");
        }
        assert_eq!(by_content(b"\xff\xfe"), None);
    }
}
