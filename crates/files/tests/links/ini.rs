use tokenward_files::links::{DocumentError, Format, Place};

use crate::{get, refusal, set};

const INI: Format = Format::Ini;

fn token() -> Place {
    Place::ini("TOKEN", "refresh_token")
}

#[test]
fn only_the_value_changes() {
    let cases = [
        ("[TOKEN]\nrefresh_token = old\n", "[TOKEN]\nrefresh_token = new\n"),
        ("[TOKEN]\r\nrefresh_token=old\r\n", "[TOKEN]\r\nrefresh_token=new\r\n"),
        ("\u{feff}[TOKEN]\nrefresh_token: old", "\u{feff}[TOKEN]\nrefresh_token: new"),
        (
            "; c\n[ID]\nx=1\n\n[TOKEN]\n# c = d\nRefresh_Token   =\told  \nz=2",
            "; c\n[ID]\nx=1\n\n[TOKEN]\n# c = d\nRefresh_Token   =\tnew  \nz=2",
        ),
        ("[TOKEN]\n  refresh_token = old\n  b = 1\n", "[TOKEN]\n  refresh_token = new\n  b = 1\n"),
        ("[TOKEN]\nrefresh_token = a;b#c\n", "[TOKEN]\nrefresh_token = new\n"),
        ("[TOKEN]\nrefresh_token = \"old\"\n", "[TOKEN]\nrefresh_token = new\n"),
        ("[TOKEN]\rrefresh_token = old\rb=1\r", "[TOKEN]\rrefresh_token = new\rb=1\r"),
        // Nothing after the separator: a space where there is one before it.
        ("[TOKEN]\nrefresh_token =\nb=1\n", "[TOKEN]\nrefresh_token = new\nb=1\n"),
        ("[TOKEN]\nrefresh_token=", "[TOKEN]\nrefresh_token=new"),
        ("[TOKEN]\nrefresh_token= \n", "[TOKEN]\nrefresh_token= new\n"),
    ];
    for (before, after) in cases {
        assert_eq!(set(INI, before, &token(), "new").unwrap(), after, "{before:?}");
    }
}

#[test]
fn a_value_over_several_lines_becomes_one_and_its_comments_stay() {
    let before = "[TOKEN]\nrefresh_token = a\n  b  \n# note\n\n  c\nz = 1\n";
    assert_eq!(get(INI, before, &token()).unwrap().unwrap(), "a\nb\n\nc");
    assert_eq!(set(INI, before, &token(), "new").unwrap(), "[TOKEN]\nrefresh_token = new\n# note\n\nz = 1\n");
    let last = "[TOKEN]\nrefresh_token =\n  a\n  b";
    assert_eq!(set(INI, last, &token(), "new").unwrap(), "[TOKEN]\nrefresh_token = new");
}

#[test]
fn the_last_of_several_is_read_and_all_are_written() {
    let before = "[TOKEN]\nrefresh_token = 1\nREFRESH_TOKEN: 2\n[ID]\na=b\n[TOKEN]\nrefresh_token=3\n";
    assert_eq!(get(INI, before, &token()).unwrap().unwrap(), "3");
    let after = "[TOKEN]\nrefresh_token = n\nREFRESH_TOKEN: n\n[ID]\na=b\n[TOKEN]\nrefresh_token=n\n";
    assert_eq!(set(INI, before, &token(), "n").unwrap(), after);
}

#[test]
fn without_a_section_the_one_that_has_the_key_is_meant() {
    let one = "[a]\nx=1\n[b]\nrefresh_token=2\n";
    let anywhere = Place::ini_anywhere("refresh_token");
    assert_eq!(get(INI, one, &anywhere).unwrap().unwrap(), "2");
    assert_eq!(set(INI, one, &anywhere, "3").unwrap(), "[a]\nx=1\n[b]\nrefresh_token=3\n");
    let two = "[a]\nrefresh_token=1\n[b]\nrefresh_token=2\n";
    let error = get(INI, two, &anywhere).unwrap_err();
    assert_eq!(error.to_string(), "refresh_token is in several sections (a, b); name one");
    assert!(matches!(set(INI, "[a]\n", &anywhere, "1"), Err(DocumentError::NotThere { .. })));
}

#[test]
fn a_missing_key_is_added_like_its_neighbours() {
    let cases = [
        ("[TOKEN]\n  a=1\n   more\n\n[ID]\nb = 2\n", "[TOKEN]\n  a=1\n   more\n  refresh_token=new\n\n[ID]\nb = 2\n"),
        ("[TOKEN]\r\na : 1", "[TOKEN]\r\na : 1\r\nrefresh_token : new"),
        ("[TOKEN]", "[TOKEN]\nrefresh_token = new"),
        ("[ID]\nb = 2", "[ID]\nb = 2\n\n[TOKEN]\nrefresh_token = new\n"),
        ("", "[TOKEN]\nrefresh_token = new\n"),
    ];
    for (before, after) in cases {
        assert_eq!(set(INI, before, &token(), "new").unwrap(), after, "{before:?}");
    }
}

#[test]
fn what_configparser_would_refuse_is_refused_with_line_and_column() {
    let cases: [(&[u8], &str); 7] = [
        (b"[TOKEN\na = 1\n", "line 1, column 1: the ] of this section is missing"),
        (b"[a]\n[TOKEN\n", "line 2, column 1: the ] of this section is missing"),
        (b"a = 1\n", "line 1, column 1: a section such as [TOKEN] must come before the first key"),
        (b"[a]\nb=1\n  [c\n", ""),
        (b"[a]\nword\n", "line 2, column 1: this line is neither a section, a key with = or :, nor a comment"),
        (b"[a]\n  = 1\n", "line 2, column 3: the name before = or : is missing"),
        (b"[\xe4\xb8\xad]\n\xe4\xb8\xad = \xff\n", "line 2, column 5: this byte is not UTF-8; save the file as UTF-8"),
    ];
    for (bytes, words) in cases {
        if words.is_empty() {
            // Deeper than the key above it, this continues its value.
            assert!(tokenward_files::links::Document::parse(INI, bytes).is_ok());
        } else {
            assert_eq!(refusal(INI, bytes), words);
        }
    }
}

#[test]
fn values_that_would_not_come_back_are_refused() {
    let text = "[TOKEN]\nrefresh_token = old\n";
    for value in [" a", "a ", "a\nb", "a\r", "100%", "\u{1c}a"] {
        assert!(matches!(set(INI, text, &token(), value), Err(DocumentError::Unwritable { .. })), "{value:?}");
    }
    for value in ["", "=", "[x]", "#a", ";", "a=b:c", "中", "\"q\""] {
        let after = set(INI, text, &token(), value).unwrap();
        assert_eq!(get(INI, &after, &token()).unwrap().unwrap(), value);
    }
    for (section, key) in [("a]", "k"), ("", "k"), ("s", ""), ("s", "a=b"), ("s", "#k"), ("s", "[k"), ("s", " k")] {
        assert!(set(INI, text, &Place::ini(section, key), "v").is_err(), "{section} {key}");
    }
    assert!(matches!(set(INI, text, &Place::dotenv("A"), "v"), Err(DocumentError::WrongPlace { .. })));
}
