use tokenward_files::links::{Document, DocumentError, Format, Place};

use crate::{get, refusal, set};

const ENV: Format = Format::Dotenv;

fn token() -> Place {
    Place::dotenv("T")
}

#[test]
fn only_the_value_changes_and_its_quotes_stay() {
    let cases = [
        ("T=old\n", "T=new\n"),
        ("# c\r\nexport T=old # why\r\nB='x'\r\n", "# c\r\nexport T=new # why\r\nB='x'\r\n"),
        ("\u{feff}T = \"old\"", "\u{feff}T = \"new\""),
        ("T='old'#x", "T='new'#x"),
        ("  T=old#no comment", "  T=new"),
        ("T='a\nb'\nC=1\n", "T='new'\nC=1\n"),
        ("T=\"a\\\"b\" # c\n", "T=\"new\" # c\n"),
        ("T=\nB=1", "T=new\nB=1"),
        ("T= # a comment\n", "T=new # a comment\n"),
        ("'T'=old\n", "'T'=new\n"),
        ("T=a b  \n", "T=new  \n"),
        ("T\nT=old\n", "T\nT=new\n"),
        ("T=1\nB=2\nT='3'\n", "T=new\nB=2\nT='new'\n"),
    ];
    for (before, after) in cases {
        assert_eq!(set(ENV, before, &token(), "new").unwrap(), after, "{before:?}");
    }
}

#[test]
fn values_are_read_as_python_dotenv_reads_them() {
    let cases = [
        ("T=a#b", "a#b"),
        ("T=a #b", "a"),
        ("T=a b\t#c", "a b"),
        ("T='a\\'b\\\\c\\n'", "a'b\\c\\n"),
        ("T=\"a\\n\\t\\\"\\x\"", "a\n\t\"\\x"),
        ("T=1\nT=2", "2"),
        ("T=", ""),
        ("T= # c", ""),
        ("T=''", ""),
    ];
    for (text, value) in cases {
        assert_eq!(get(ENV, text, &token()).unwrap().as_deref(), Some(value), "{text:?}");
    }
    assert_eq!(get(ENV, "T\n#T=1\nt=1", &token()).unwrap(), None);
}

#[test]
fn a_missing_variable_is_added_at_the_end() {
    assert_eq!(set(ENV, "A=1\r\n", &token(), "x y").unwrap(), "A=1\r\nT='x y'\r\n");
    assert_eq!(set(ENV, "A=1", &token(), "new").unwrap(), "A=1\nT=new");
    assert_eq!(set(ENV, "", &token(), "new").unwrap(), "T=new\n");
    assert!(set(ENV, "", &Place::dotenv("1 T"), "new").is_err());
    // A name alone takes the value before it away: the new one goes behind it, and no old one stays.
    assert_eq!(get(ENV, "T=old\nT\n", &token()).unwrap(), None);
    assert_eq!(set(ENV, "T=old\nT\n", &token(), "new").unwrap(), "T=new\nT\nT=new\n");
}

#[test]
fn what_cannot_be_parsed_is_refused_with_line_and_column() {
    let cases: [(&[u8], &str); 6] = [
        (b"A=1\nT='x\n", "line 2, column 3: this quote is not closed"),
        (b"A=\"1\"2\n", "line 1, column 6: only a comment preceded by white space may follow here"),
        (b"A b\n", "line 1, column 3: only a comment preceded by white space may follow here"),
        (b"=1\n", "line 1, column 1: a name is missing here"),
        (b"'A\n'=1\n", "line 1, column 1: this quoted name is not closed"),
        (b"A=1\nB=\xfe\n", "line 2, column 3: this byte is not UTF-8; save the file as UTF-8"),
    ];
    for (bytes, words) in cases {
        assert_eq!(refusal(ENV, bytes), words);
    }
}

#[test]
fn values_that_readers_read_differently_are_refused() {
    for value in ["a'b", "a\"b", "a\\b", "$HOME", "a`b", "a\nb", "a\u{0}"] {
        let mut document = Document::parse(ENV, b"T=old\n").unwrap();
        assert!(matches!(document.set(&token(), value), Err(DocumentError::Unwritable { .. })), "{value:?}");
        assert_eq!(document.bytes().as_slice(), b"T=old\n");
    }
    assert_eq!(set(ENV, "T=old\n", &token(), "a #b").unwrap(), "T='a #b'\n");
}
