use proptest::prelude::*;
use tokenward_files::links::{Document, DocumentError, Format, PathStep, Place, Value};

use crate::{get, refusal, set};

const YAML: Format = Format::Yaml;

fn token() -> Place {
    Place::keys(["t"])
}

const CONFIG: &str = "\u{feff}# mine\r\n--- # c\r\nspring:\r\n    profiles: dev   # x\r\n\r\nfeishu: # c\r\n  app-id: \"cli_1\"\r\n  tokens:\r\n  - {a: b}\r\n  - -u\r\n  - u-old # token\r\n  env:\r\n    USER_ACCESS_TOKEN:   'u-old'\r\n    B: |\r\n      USER_ACCESS_TOKEN: no\r\n";

#[test]
fn only_the_value_changes_and_its_quotes_stay() {
    let place = Place::keys(["feishu", "env", "USER_ACCESS_TOKEN"]);
    assert_eq!(set(YAML, CONFIG, &place, "u-new").unwrap(), CONFIG.replace("'u-old'", "'u-new'"));
    let tokens = ["feishu", "tokens"].map(|key| PathStep::Key(key.to_owned()));
    for step in [PathStep::Index(2), PathStep::After("-u".to_owned())] {
        let place = Place::Path(tokens.iter().cloned().chain([step]).collect());
        assert_eq!(get(YAML, CONFIG, &place).unwrap().unwrap(), "u-old");
        assert_eq!(set(YAML, CONFIG, &place, "u-new").unwrap(), CONFIG.replace("- u-old", "- u-new"));
    }
    for (before, value, after) in [
        ("t: old\n", "new", "t: new\n"),
        ("t: old # c", "new", "t: new # c"),
        ("t:   old   \nu: 1", "new", "t:   new   \nu: 1"),
        ("t:\n  old # c\n", "new", "t:\n  new # c\n"),
        ("'t' : old", "new", "'t' : new"),
        ("\"\\x74\": 'old'", "it's", "\"\\x74\": 'it''s'"),
        ("t: 'old'", "a\nb", "t: \"a\\nb\""),
        ("t: \"old\"", "q\"\\\u{7f}中\u{10ffff}", "t: \"q\\\"\\\\\\u007F中\u{10ffff}\""),
        // What is no plain text to every reader goes in quotes.
        ("t: old", "no", "t: \"no\""),
        ("t: old", "0o17", "t: \"0o17\""),
        ("t: old", "1:30", "t: \"1:30\""),
        ("t: old", "a: b", "t: \"a: b\""),
        ("t: old", "a #b", "t: \"a #b\""),
        ("t: old", "-x", "t: \"-x\""),
        ("t: old", "*x", "t: \"*x\""),
        ("t: old", "", "t: \"\""),
        // A place that waits for its value.
        ("t:\nu: 1\n", "new", "t: \"new\"\nu: 1\n"),
        ("t: # c\n", "new", "t: \"new\" # c\n"),
        ("t: # c\n", "", "t: # c\n"),
        ("t: ~ # c\n", "new", "t: \"new\" # c\n"),
        ("t: null", "new", "t: \"new\""),
        ("t:", "new", "t: \"new\""),
        ("t: \"\"", "new", "t: \"new\""),
    ] {
        assert_eq!(set(YAML, before, &token(), value).as_deref(), Ok(after), "{before:?}");
        assert_eq!(get(YAML, after, &token()).unwrap().as_deref(), Some(value), "{after:?}");
    }
}

#[test]
fn values_are_read_as_every_reader_reads_them() {
    for (text, value) in [
        ("t: a b#c # d", "a b#c"),
        ("t: http://x:1/?a=b&c", "http://x:1/?a=b&c"),
        ("t: -a", "-a"),
        ("t: a'b\"c", "a'b\"c"),
        ("t: 0123abcdef", "0123abcdef"),
        ("t: 1.2.3-x", "1.2.3-x"),
        ("t: Null-x", "Null-x"),
        ("t: nUll", "nUll"),
        ("t: ''''", "'"),
        ("t: \"\\u4e2d\\U0001F600\\x41\\e\\/\\ \"", "中😀A\u{1b}/ "),
        ("u: &a\n  t: no\nt: x", "x"),
        ("a:\n- b\n-\n  - c: d\n    e: f\n  - g\nt: x", "x"),
        ("a: |2-\n   x\n\n  t: no\n\n# c\nt: x", "x"),
        ("a: >+ # c\n\nt: x", "x"),
        ("a: [t: no, 'it''s',\n# ]\n\"]\" ]\nt: x", "x"),
        ("a: [!b &c 'd]\nt: no', e'f]\nt: x", "x"),
        ("a: \"b\\\"\n\n  t: no\" # c\nt: x", "x"),
        ("a: b\n  c\n\n  d # e\nt: x", "x"),
        ("a: *b\nc: !d e\n<<: *b\nt: x", "x"),
        ("  a: 1\n  t: x\n", "x"),
    ] {
        assert_eq!(get(YAML, text, &token()).unwrap().as_deref(), Some(value), "{text:?}");
    }
    assert_eq!(get(YAML, "a: 1", &token()).unwrap(), None);
    assert_eq!(get(YAML, "", &token()).unwrap(), None);
    for (text, value) in [("t: -7", Value::Number(-7)), ("t: 1.50", Value::Fraction(1.5)), ("t: +1", Value::Number(1))]
    {
        let read = Document::parse(YAML, text.as_bytes()).unwrap().get_value(&token()).unwrap();
        assert_eq!(read, Some(value), "{text}");
    }
}

#[test]
fn what_is_no_text_in_one_line_is_refused_at_its_place_alone() {
    const NUMBER: &str = "a number in a notation that readers take differently";
    const MARKED: &str = "marked with an anchor or a tag";
    const BRACKETS: &str = "a list or a table in brackets";
    const LINES: &str = "a text over several lines";
    for (value, found) in [
        ("1", "a number"),
        ("1.5", "a number"),
        ("0x1f", NUMBER),
        ("0o7", NUMBER),
        ("007", NUMBER),
        ("1_0", NUMBER),
        ("1e3", NUMBER),
        ("1:30", NUMBER),
        (".5", NUMBER),
        ("99999999999999999999", NUMBER),
        (".inf", "no finite number"),
        ("-.INF", "no finite number"),
        ("2026-01-01", "a date"),
        ("2026-1-1 0:0:0", "a date"),
        ("yes", "true or false"),
        ("N", "true or false"),
        ("=", "a sign of YAML's own"),
        ("~", "null"),
        ("[a]", BRACKETS),
        ("{a: b} # c", BRACKETS),
        ("{{ x }}", BRACKETS),
        ("*a", "an alias"),
        ("&a b", MARKED),
        ("!a b", MARKED),
        ("!a &b\n  c", MARKED),
        ("!a |\n  b", MARKED),
        ("&a", MARKED),
        ("|\n  a", LINES),
        (">-\n  a", LINES),
        ("a\n  b", LINES),
        ("'a\n  b'", LINES),
        ("\"\\q\"", "a text with an escape that is not known"),
        ("\"\\ud83d\\ude00\"", "a text with an escape that is not known"),
        ("\n  u: 1", "a table"),
        ("\n- 1", "a list"),
    ] {
        let text = format!("a: x\nt: {value}\nb: w\n");
        let mut document = Document::parse(YAML, text.as_bytes()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let error = document.get(&token()).unwrap_err();
        assert!(matches!(&error, DocumentError::NotText { found: told, .. } if *told == found), "{text:?}: {error}");
        if found != "null" {
            assert!(document.set(&token(), "new").is_err(), "{text:?}");
        }
        document.set(&Place::keys(["b"]), "z").unwrap();
        assert_eq!(*document.bytes(), *text.replace("b: w", "b: z").as_bytes());
    }
    let refused = get(YAML, "\nt: [secret]\n", &token()).unwrap_err().to_string();
    assert_eq!(refused, "line 2, column 4: t is a list or a table in brackets, not a text");
}

#[test]
fn no_key_is_added() {
    for text in ["", "a: 1\n", "t:\n  u: 1\n"] {
        let place = Place::keys(["t", "x"]);
        assert!(matches!(set(YAML, text, &place, "n"), Err(DocumentError::NotThere { .. })), "{text:?}");
    }
}

#[test]
fn what_cannot_be_taken_apart_is_refused_with_line_and_column() {
    let cases: [(&str, &str); 24] = [
        ("a: 1\n---\nb: 1\n", "line 2, column 1: a document ends here, and only one in a file is read"),
        ("a: [1,\n---\n]\n", "line 2, column 1: a document ends here, and only one in a file is read"),
        ("a: 1\n...\n", "line 2, column 1: a document ends here, and only one in a file is read"),
        ("%YAML 1.2\n---\na: 1\n", "line 1, column 1: no value begins like this without quotes"),
        ("a: 1\nb: 2\na: 3\n", "line 3, column 1: this key is there twice"),
        ("a: 1\n'\\a': 2\n\"a\": 3\n", "line 3, column 1: this key is there twice"),
        ("a:\n\tb: 1\n", "line 2, column 1: there is a tab here, which readers of YAML take differently"),
        ("a:\tb\n", "line 1, column 3: there is a tab here, which readers of YAML take differently"),
        ("a: 1\n  b: 2\n", "line 2, column 4: a value with a colon like this belongs in quotes"),
        ("a: 'x'\n  b: 2\n", "line 2, column 3: this line is not indented as those that it belongs to"),
        ("a:\n    b: 1\n  c: 2\n", "line 3, column 3: this line is not indented as those that it belongs to"),
        ("a:\n  - b\n - c\n", "line 3, column 2: this line is not indented as those that it belongs to"),
        ("a: b # c\n  d\n", "line 2, column 1: this line is not indented as those that it belongs to"),
        ("a: |\n   b\n  c\n", "line 3, column 3: this line is not indented as those that it belongs to"),
        ("a: |12\n", "line 1, column 5: no value begins like this without quotes"),
        ("a: b: c\n", "line 1, column 5: a value with a colon like this belongs in quotes"),
        ("a: 'x' y\n", "line 1, column 8: nothing may follow here"),
        ("a: 'x\n", "line 1, column 4: this quote is not closed"),
        ("a: [x\n", "line 1, column 4: this bracket is not closed"),
        ("a: @x\n", "line 1, column 4: no value begins like this without quotes"),
        ("? a\n: b\n", "line 1, column 1: keys behind a question mark are not read"),
        ("a\n", "line 1, column 1: neither a key with a colon nor a list begins here"),
        ("- a\nb: c\n", "line 2, column 1: this line is not indented as those that it belongs to"),
        ("a: \u{85}\n", "line 1, column 4: this character does not stand in YAML as it is"),
    ];
    for (text, words) in cases {
        assert_eq!(refusal(YAML, text.as_bytes()), words, "{text:?}");
    }
    for deep in ["- ", "&a "] {
        assert!(refusal(YAML, format!("a:\n {}x", deep.repeat(200_000)).as_bytes()).starts_with("line 2"), "{deep}");
    }
    let steps = (0..200).flat_map(|depth| [" ".repeat(depth), "a:\n".to_owned()]).collect::<String>();
    assert!(refusal(YAML, steps.as_bytes()).ends_with("nested too deep"));
    let sealed = "t: ENC[AES256_GCM,data:x,type:str]\nsops:\n    mac: ENC[AES256_GCM,data:x]\n";
    assert!(refusal(YAML, sealed.as_bytes()).contains("sops"));
}

/// What a document says, built beside its spelling: the generator is the reader, and knows nothing of this crate's.
#[derive(Debug, Clone)]
enum Said {
    Text(String),
    Table(Vec<Said>),
    List(Vec<Said>),
    Other,
}

/// Spellings of one text (YAML 1.2.2, "Flow Scalar Styles"), each of which says it.
fn spelling(value: &str, style: u8) -> String {
    match style {
        0 => format!("'{}'", value.replace('\'', "''")),
        1 => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        // Nothing in it means anything.
        _ => format!("p{}q", value.replace([':', '#', '\\'], "")),
    }
}

/// What is left as it is, on lines of its own.
const OTHERS: &[&[&str]] = &[
    &["[a, 'b: ]', {c: d}]"],
    &["|", "  a: 'b", "", "  # c"],
    &["'a", "", "  b: c' # d"],
    &["&x !y z"],
    &["*x"],
    &["a b", "  c"],
];

fn said() -> impl Strategy<Value = (Vec<String>, Said)> {
    let chars = proptest::sample::select(&['a', '\'', '"', '\\', ' ', '#', ':', '-', '[', '中', '{', '&'][..]);
    let text =
        (proptest::collection::vec(chars, 0..6), 0..3_u8, proptest::sample::select(&["", " # c: 'd'", "  "][..]));
    let text = text.prop_map(|(chars, style, comment)| {
        let value: String = chars.into_iter().collect();
        let spelled = spelling(&value, style);
        let value = if style == 2 { spelled.clone() } else { value };
        (vec![format!("{spelled}{comment}")], Said::Text(value))
    });
    let other = proptest::sample::select(OTHERS);
    let other = other.prop_map(|lines| (lines.iter().map(|line| (*line).to_owned()).collect(), Said::Other));
    let leaf = prop_oneof![4 => text, 1 => other];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let comment = proptest::sample::select(&[None, Some(""), Some("# x: 'y"), Some("      # z")][..]);
        (proptest::collection::vec((inner, comment), 1..4), any::<bool>(), 1..4_usize).prop_map(
            |(all, is_table, deep)| {
                let mut lines = Vec::new();
                let mut values = Vec::new();
                for (index, ((inner, value), comment)) in all.into_iter().enumerate() {
                    let head = if is_table { format!("k{index}:") } else { "-".to_owned() };
                    match &value {
                        Said::Text(_) | Said::Other => {
                            lines.push(format!("{head} {}", inner[0]));
                            lines.extend(inner[1..].iter().cloned());
                        }
                        // A table or a list in a list may begin behind its `-`.
                        Said::Table(_) | Said::List(_) if !is_table && deep == 2 => {
                            lines.push(format!("- {}", inner[0]));
                            lines.extend(inner[1..].iter().map(|line| format!("  {line}")));
                        }
                        Said::Table(_) | Said::List(_) => {
                            lines.push(head);
                            lines.extend(inner.iter().map(|line| format!("{}{line}", " ".repeat(deep))));
                        }
                    }
                    // A comment would end the lines of a text.
                    lines.extend(comment.filter(|_| !matches!(value, Said::Other)).map(str::to_owned));
                    values.push(value);
                }
                (lines, if is_table { Said::Table(values) } else { Said::List(values) })
            },
        )
    })
    .prop_filter("a document", |(_, said)| matches!(said, Said::Table(_) | Said::List(_)))
}

/// Every text with the way to it; `None` for what is none.
fn texts(said: &Said, path: &mut Vec<PathStep>, found: &mut Vec<(Place, Option<String>)>) {
    let (all, is_table) = match said {
        Said::Text(text) => return found.push((Place::Path(path.clone()), Some(text.clone()))),
        Said::Other => return found.push((Place::Path(path.clone()), None)),
        Said::Table(all) => (all, true),
        Said::List(all) => (all, false),
    };
    for (index, said) in all.iter().enumerate() {
        path.push(if is_table { PathStep::Key(format!("k{index}")) } else { PathStep::Index(index) });
        texts(said, path, found);
        path.pop();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_spelled_is_read((lines, said) in said(), value in "[a-z0-9'\"\\\\ #:-]{0,8}") {
        let text = lines.join("\n");
        let mut found = Vec::new();
        texts(&said, &mut Vec::new(), &mut found);
        for (place, wanted) in &found {
            match wanted {
                Some(wanted) => {
                    let read = get(YAML, &text, place).unwrap();
                    prop_assert_eq!(read.as_deref(), Some(wanted.as_str()), "{} in {}", place, text);
                    let changed = set(YAML, &text, place, &value).unwrap();
                    for (other, wanted) in &found {
                        let wanted = if other == place { Some(&value) } else { wanted.as_ref() };
                        let read = get(YAML, &changed, other).ok().flatten();
                        prop_assert_eq!(read.as_ref(), wanted, "{} in {}", other, changed);
                    }
                }
                None => prop_assert!(get(YAML, &text, place).is_err(), "{} in {}", place, text),
            }
        }
    }
}
