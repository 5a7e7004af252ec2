use tokenward_files::links::{DocumentError, Format, PathStep, Place};

use crate::{get, refusal, set};

const TOML: Format = Format::Toml;

fn codex() -> Place {
    Place::keys(["mcp_servers", "lark", "env", "USER_ACCESS_TOKEN"])
}

fn argument() -> Place {
    let keys = ["mcp_servers", "lark", "args"].map(|key| PathStep::Key(key.to_owned()));
    Place::Path(keys.into_iter().chain([PathStep::After("-u".to_owned())]).collect())
}

const CONFIG: &str = "\u{feff}# mine\r\nmodel='o'\r\n\r\n[mcp_servers.lark]\r\ncommand=\"npx\"  # c\r\nargs = [ '-y',\r\n  \"-u\", 'u-old', # token\r\n]\r\nenv = {  USER_ACCESS_TOKEN=\"u-old\" , B = \"1\" }";

#[test]
fn only_the_value_changes_and_its_quotes_stay() {
    let after = set(TOML, CONFIG, &codex(), "u-new").unwrap();
    assert_eq!(after, CONFIG.replace("TOKEN=\"u-old\"", "TOKEN=\"u-new\""));
    let after = set(TOML, CONFIG, &argument(), "u-new").unwrap();
    assert_eq!(after, CONFIG.replace("'u-old'", "'u-new'"));
    assert_eq!(get(TOML, CONFIG, &argument()).unwrap().unwrap(), "u-old");
    let t = Place::keys(["t"]);
    let cases = [
        ("t = 'a'", "it's", "t = \"it's\""),
        ("t = \"a\"", "q\"\\\u{7f}中", "t = \"q\\\"\\\\\\u007F中\""),
        ("t = \"\"\"\na\nb\"\"\" # c\n", "n", "t = \"\"\"n\"\"\" # c\n"),
        ("t = '''a\nb'''\n", "n", "t = '''n'''\n"),
        ("a.t = 1\nt = 'x'\n", "n", "a.t = 1\nt = 'n'\n"),
        ("\"t\" = ''", "n", "\"t\" = 'n'"),
    ];
    for (before, value, after) in cases {
        assert_eq!(set(TOML, before, &t, value).unwrap(), after);
        assert_eq!(get(TOML, after, &t).unwrap().unwrap(), value);
    }
    let listed = Place::Path(vec![PathStep::Key("s".into()), PathStep::Index(1), PathStep::Key("t".into())]);
    assert_eq!(set(TOML, "[[s]]\nt='1'\n[[s]]\nt='2'\n", &listed, "n").unwrap(), "[[s]]\nt='1'\n[[s]]\nt='n'\n");
}

#[test]
fn a_missing_key_is_added_to_its_table() {
    let place = Place::keys(["a", "t"]);
    let cases = [
        ("[a]\r\nb = [\r\n1] # c\r\n\r\n[c]\r\n", "[a]\r\nb = [\r\n1] # c\r\nt = \"n\"\r\n\r\n[c]\r\n"),
        ("[a] # c\n[b]\n", "[a] # c\nt = \"n\"\n[b]\n"),
        ("[a]", "[a]\nt = \"n\""),
    ];
    for (before, after) in cases {
        assert_eq!(set(TOML, before, &place, "n").unwrap(), after);
    }
    assert_eq!(set(TOML, "[a]\n", &Place::keys(["x y"]), "n").unwrap(), "\"x y\" = \"n\"\n[a]\n");
    assert_eq!(set(TOML, "", &Place::keys(["t"]), "n").unwrap(), "t = \"n\"\n");
    for text in ["", "a = {}", "a.b = 1", "[a.b]", "a = 1"] {
        assert!(matches!(set(TOML, text, &place, "n"), Err(DocumentError::NotThere { .. })), "{text}");
    }
}

#[test]
fn what_is_no_text_is_named_and_kept() {
    for (value, words) in [("1", "a number"), ("1979-05-27", "a date"), ("[1]", "a list"), ("{a=1}", "a table")] {
        let error = set(TOML, &format!("\nt = {value}\n"), &Place::keys(["t"]), "n").unwrap_err();
        assert_eq!(error.to_string(), format!("line 2, column 5: t is {words}, not a text"));
    }
}

#[test]
fn what_cannot_be_parsed_is_refused_with_line_and_column() {
    let words = refusal(TOML, b"a = 1\nrefresh_token = ur-verysecret\n");
    assert!(words.starts_with("line 2, column ") && !words.contains("secret"), "{words}");
    for text in ["a", "a = ", "a = 1\na = 2", "[a]\n[a]", "a = \"x", "a = '\u{1}'", "= 1"] {
        assert!(refusal(TOML, text.as_bytes()).starts_with("line "), "{text}");
    }
    let deep = format!("a = {}{}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(refusal(TOML, deep.as_bytes()).starts_with("line 1"));
    let dotted = format!("{}a = 1", "a.".repeat(200_000));
    assert!(refusal(TOML, dotted.as_bytes()).starts_with("line 1"));
    let header = format!("[{}a]\n", "a.".repeat(200_000));
    assert!(refusal(TOML, header.as_bytes()).starts_with("line 1"));
    let tables = format!("a = {}1{}", "{a=".repeat(200_000), "}".repeat(200_000));
    assert!(refusal(TOML, tables.as_bytes()).starts_with("line 1"));
}
