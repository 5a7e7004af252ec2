use proptest::prelude::*;
use tokenward_files::links::{Document, DocumentError, Format, Place};

use crate::{get, refusal, set};

const FISH: Format = Format::Fish;

fn token() -> Place {
    Place::dotenv("T")
}

#[test]
fn only_the_value_changes_and_its_quotes_stay() {
    for (before, after) in [
        ("set -gx T old\n", "set -gx T new\n"),
        ("# c\r\nset -x T old # why\r\nset B 'x'\r\n", "# c\r\nset -x T new # why\r\nset B 'x'\r\n"),
        ("\u{feff}set --export --global T \"old\"", "\u{feff}set --export --global T \"new\""),
        ("set --exp -U -- T 'old';echo", "set --exp -U -- T 'new';echo"),
        ("  builtin set T \\\n  old\n", "  builtin set T \\\n  new\n"),
        ("set -gx 'T' 'a\nb'\n", "set -gx 'T' 'new'\n"),
        ("set -gx T\nset B 1", "set -gx T new\nset B 1"),
        ("set -gx T ''\n", "set -gx T 'new'\n"),
        ("set -gx T a\\ b\\x41\n", "set -gx T new\n"),
        ("set -gx T 1\nset T '3'\n", "set -gx T new\nset T 'new'\n"),
        ("set -gx T old && echo x\n", "set -gx T new && echo x\n"),
        ("if true\n  set -l T old\nend\nset -gx T old\n", "if true\n  set -l T old\nend\nset -gx T new\n"),
        ("T=old x; set -q T; set -eU T; set -gx T old\n", "T=old x; set -q T; set -eU T; set -gx T new\n"),
    ] {
        assert_eq!(set(FISH, before, &token(), "new").unwrap(), after, "{before:?}");
    }
    for (before, value, after) in [
        ("set T 'old'", "it's \\ $X", "set T 'it\\'s \\\\ $X'"),
        ("set T \"old\"", "\"a\" \\ $X", "set T \"\\\"a\\\" \\\\ \\$X\""),
        ("set T old", "~a b;(c)", "set T \\~a\\ b\\;\\(c\\)"),
        ("set T", "a 'b'", "set T 'a \\'b\\''"),
        ("set T", "", "set T ''"),
    ] {
        assert_eq!(set(FISH, before, &token(), value).unwrap(), after, "{before:?}");
    }
    // What crosses quotes is not put together anew.
    assert!(set(FISH, "set T 'ol'\"d\"", &token(), "new").is_err());
}

#[test]
fn values_are_read_as_fish_reads_them() {
    for (text, value) in [
        ("set T a#b", "a#b"),
        ("set T a #b", "a"),
        ("set T 'a\\'b\\\\c\\n$x'", "a'b\\c\\n$x"),
        ("set T \"a\\n\\\"\\$\\\\\\x(b)\"", "a\\n\"$\\\\x(b)"),
        ("set T a\\n\\u4e2d\\101\\g", "a\n中Ag"),
        ("set T a\\\nb", "ab"),
        ("set T \"a\\\nb\"", "ab"),
        ("set T -x", "-x"),
        ("set T 1\nset T 2", "2"),
        ("set -x T", ""),
        ("set -x T ''", ""),
        ("set T [a]^b", "[a]^b"),
        ("set T a; set -e B T2; set --erase -U T", "a"),
        ("echo (echo ')' # )\n); set T a", "a"),
        ("if x; else if y; begin; end; end; set T a", "a"),
        ("echo if; set T a", "a"),
    ] {
        assert_eq!(get(FISH, text, &token()).unwrap().as_deref(), Some(value), "{text:?}");
    }
    for text in
        ["#set T 1", "set -q T a", "command set T 1", "set t 1", "set T 1; set -e A T", "function x; set -l T 1; end"]
    {
        assert_eq!(get(FISH, text, &token()).unwrap(), None, "{text:?}");
    }
}

#[test]
fn what_holds_no_text_of_its_own_or_does_not_always_is_refused() {
    const EXPANDED: &str = "a variable, a command or a pattern";
    const BLOCK: &str = "set in a function or a block such as `if`";
    const CONDITION: &str = "set on a condition, in a pipe or beside other commands";
    for (text, found) in [
        ("set T $X", EXPANDED),
        ("set T \"a$X\"", EXPANDED),
        ("set T (pass x)", EXPANDED),
        ("set T \"$(pass x)\"", EXPANDED),
        ("set T ~/x", EXPANDED),
        ("set T *", EXPANDED),
        ("set T {a,b}", EXPANDED),
        ("set T a b", "a list"),
        ("set -a T b", "a list"),
        ("set T[1] b", "a list"),
        ("if true; set T 1; end", BLOCK),
        ("if set T 1; end", BLOCK),
        ("function x; set -g T 1; end", BLOCK),
        ("set T 1; for x in 1; set -e T; end", BLOCK),
        ("set -q T; or set -gx T 1", CONDITION),
        ("set -q T ||\n\n # c\n set T 1", CONDITION),
        ("set T 1 | cat", CONDITION),
        ("set T 1 &", CONDITION),
        ("set T 1\nreturn\nset T 2", "set behind the end of the file, such as `return`"),
        ("set -g T 1; set -l T 2", "set in several scopes"),
        ("set -gl T 1", "set with a flag that is not known"),
        ("set --nope T 1", "set with a flag that is not known"),
        ("export T=1", "set by `export`, not by `set`"),
    ] {
        let mut document = Document::parse(FISH, text.as_bytes()).unwrap();
        let error = document.get(&token()).unwrap_err();
        assert!(matches!(&error, DocumentError::NotText { found: told, .. } if *told == found), "{text:?}: {error}");
        assert!(document.set(&token(), "new").is_err(), "{text:?}");
        assert_eq!(*document.bytes(), *text.as_bytes());
    }
    let refused = get(FISH, "set A 1\nset T (x)\n", &token()).unwrap_err().to_string();
    assert_eq!(refused, "line 2, column 7: T is a variable, a command or a pattern, not a text");
}

#[test]
fn a_missing_variable_is_added_at_the_end() {
    assert_eq!(set(FISH, "set A 1\r\n", &token(), "x y").unwrap(), "set A 1\r\nset -gx T 'x y'\r\n");
    assert_eq!(set(FISH, "# c", &token(), "new").unwrap(), "# c\nset -gx T new");
    assert_eq!(set(FISH, "", &token(), "new").unwrap(), "set -gx T new\n");
    assert_eq!(set(FISH, "set T a\nset -e T\n", &token(), "b").unwrap(), "set T b\nset -e T\nset -gx T b\n");
    for (text, name) in [("", "1T"), ("", "T-x"), ("exec x\n", "T"), ("echo a \\\n", "T"), ("true |\n", "T")] {
        assert!(set(FISH, text, &Place::dotenv(name), "new").is_err(), "{text:?}");
    }
    // Only now and then the file ends there.
    assert!(set(FISH, "status is-interactive; or return\n", &token(), "new").is_ok());
}

#[test]
fn what_cannot_be_parsed_is_refused_with_line_and_column() {
    let cases: [(&[u8], &str); 8] = [
        (b"set A 1\nset T 'x\n", "line 2, column 7: this quote is not closed"),
        (b"set T \"$(x\"", "line 1, column 11: this quote is not closed"),
        (b"set T (x", "line 1, column 7: this bracket is not closed"),
        (b"set T x)", "line 1, column 8: this bracket closes nothing"),
        (b"\nif x\n", "line 2, column 1: this block has no end"),
        (b"echo; end", "line 1, column 7: this ends no block"),
        (b"set T a\\", "line 1, column 8: nothing stands behind this backslash"),
        (b"set B \xfe\n", "line 1, column 7: this byte is not UTF-8; save the file as UTF-8"),
    ];
    for (bytes, words) in cases {
        assert_eq!(refusal(FISH, bytes), words);
    }
}

#[test]
fn a_value_with_control_characters_is_refused() {
    for value in ["a\nb", "a\u{0}", "a\u{1b}"] {
        assert!(
            matches!(set(FISH, "set T old\n", &token(), value), Err(DocumentError::Unwritable { .. })),
            "{value:?}"
        );
    }
}

/// Reads as fish's documentation says, word by word and without this crate: only of what the generator below makes.
fn values_by_the_book(lines: &[(String, Option<String>)]) -> Option<String> {
    lines.iter().fold(None, |_, (_, value)| value.clone())
}

/// A command that sets or erases `T`, with what it then is.
fn line() -> impl Strategy<Value = (String, Option<String>)> {
    let flags = proptest::sample::select(&["-gx", "--global --export", "-x", "--glob", "-xg --"][..]);
    let chars = proptest::collection::vec(
        proptest::sample::select(&['a', '\'', '"', '\\', '$', ' ', '(', '#', ';', '中', '~'][..]),
        0..6,
    );
    let set = (flags, chars, 0..3_u8).prop_map(|(flags, chars, quotes)| {
        let value: String = chars.iter().collect();
        let escaped = |special: &str| {
            let spell = |c: &char| if special.contains(*c) { format!("\\{c}") } else { c.to_string() };
            chars.iter().map(spell).collect::<String>()
        };
        let spelled = match quotes {
            0 => format!("'{}'", escaped("'\\")),
            1 => format!("\"{}\"", escaped("\"\\$")),
            _ if value.is_empty() => "''".to_owned(),
            _ => escaped("'\"\\$ (#;~"),
        };
        (format!("set {flags} T {spelled}\n"), Some(value))
    });
    prop_oneof![5 => set, 1 => Just(("set -e T\n".to_owned(), None))]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_spelled_is_read(lines in proptest::collection::vec(line(), 0..4), value in "[a-z'\"\\\\$ (;#~]{0,8}") {
        let text: String = lines.iter().map(|(line, _)| line.as_str()).collect();
        prop_assert_eq!(get(FISH, &text, &token()).unwrap(), values_by_the_book(&lines));
        if let Ok(changed) = set(FISH, &text, &token(), &value) {
            let read = get(FISH, &changed, &token()).unwrap();
            prop_assert_eq!(read.as_deref(), Some(value.as_str()));
        }
    }
}
