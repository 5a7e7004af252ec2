//! `.properties` files: only the value changes, and a reader that was written from Java's documentation reads what we read.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use tokenward_files::links::{Document, DocumentError, Format, LinkedFile, Place, Value};

use crate::{get, refusal, set};

const JAVA: Format = Format::Properties;

fn token() -> Place {
    Place::dotenv("t")
}

#[test]
fn only_the_value_changes_and_what_stands_around_it_stays() {
    let cases = [
        ("t=old\n", "t=new\n"),
        ("! c\r\n  t : old\r\nb=x\r\n", "! c\r\n  t : new\r\nb=x\r\n"),
        ("t old", "t new"),
        ("t\\\n  = old\nb=1", "t\\\n  = new\nb=1"),
        ("t=ol\\\n   d\nb=1\n", "t=new\nb=1\n"),
        ("t=\\u006fld\n", "t=new\n"),
        ("\\u0074=old\n", "\\u0074=new\n"),
        ("t=old  \n", "t=new\n"),
        ("t=\nb=1", "t=new\nb=1"),
        ("t = \n", "t = new\n"),
        ("t\n", "t=new\n"),
        ("t", "t=new"),
        ("t\\\n\nb=1\n", "t=new\\\n\nb=1\n"),
        ("t=1\nb=2\nt:3\n", "t=new\nb=2\nt:new\n"),
        ("#t=1\nt=2#c\n", "#t=1\nt=new\n"),
    ];
    for (before, after) in cases {
        assert_eq!(set(JAVA, before, &token(), "new").unwrap(), after, "{before:?}");
    }
}

#[test]
fn values_are_read_as_java_reads_them() {
    let cases = [
        ("t=a b ", "a b "),
        ("t=\"a\"", "\"a\""),
        ("t:=a", "=a"),
        ("t  a=b", "a=b"),
        ("t=a#b !c", "a#b !c"),
        ("t=a\\tb\\q\\\\", "a\tbq\\"),
        ("t=\\u4E2d\\ud83d\\ude00", "中😀"),
        ("t=a\\\n\nb=1", "a"),
        ("t=a\\", "a"),
        ("t=a\\\\\nb=1", "a\\"),
        ("t=1\nt=2", "2"),
        ("t", ""),
        ("\\\n#x\nt=1", "1"),
        ("t=a\\\n#b", "a#b"),
        ("t=中", "中"),
    ];
    for (text, value) in cases {
        assert_eq!(get(JAVA, text, &token()).unwrap().as_deref(), Some(value), "{text:?}");
        assert_eq!(java(text).get("t").map(String::as_str), Some(value), "{text:?}");
    }
    assert_eq!(get(JAVA, "T=1\n#t=1\n!t=1\n\u{feff}t=1", &token()).unwrap(), None);
    assert_eq!(get(JAVA, "\u{feff}t=1\nt=2", &Place::dotenv("\u{feff}t")).unwrap().as_deref(), Some("1"));
}

#[test]
fn a_missing_key_is_added_at_the_end_and_continues_nothing() {
    for (before, after) in [
        ("a=1\r\n", "a=1\r\nt=new\r\n"),
        ("a=1", "a=1\nt=new"),
        ("", "t=new\n"),
        ("a=1\\", "a=1\\\n\nt=new"),
        ("a=1\\\n", "a=1\\\n\nt=new\n"),
        ("a=1\\\n  ", "a=1\\\n  \nt=new"),
        ("# c\\", "# c\\\nt=new"),
    ] {
        let written = set(JAVA, before, &token(), "new").unwrap();
        assert_eq!(written, after);
        assert_eq!(
            java(&written),
            [("a", "1"), ("t", "new")]
                .into_iter()
                .filter(|(key, _)| *key == "t" || before.starts_with('a'))
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            "{before:?}"
        );
    }
    let key = Place::dotenv("#a b:c=d\\é");
    let written = set(JAVA, "", &key, " = x\ty\\中 ").unwrap();
    assert_eq!(written, "\\#a\\ b\\:c\\=d\\\\\\u00E9=\\ = x\\ty\\\\\\u4E2D \n");
    assert_eq!(java(&written)["#a b:c=d\\é"], " = x\ty\\中 ");
    assert_eq!(set(JAVA, "t x\n", &token(), ":y").unwrap(), "t \\:y\n");
}

#[test]
fn bytes_that_are_no_utf8_stay_what_they_are() {
    let bytes = b"caf\xe9 = \xfc\nt=old\n";
    let mut document = Document::parse(JAVA, bytes).unwrap();
    assert_eq!(document.get(&Place::dotenv("café")).unwrap().unwrap().as_str(), "ü");
    document.set(&token(), "u-new.1").unwrap();
    assert_eq!(document.bytes().as_slice(), b"caf\xe9 = \xfc\nt=u-new.1\n");
    // What is not ASCII is spelled so that both readings are one.
    document.set(&token(), "é中").unwrap();
    assert_eq!(document.bytes().as_slice(), b"caf\xe9 = \xfc\nt=\\u00E9\\u4E2D\n");
    // Without its one byte that is no UTF-8 the rest would be read as something else.
    let mixed = b"t=\xff\nb=\xc3\xa9\n";
    let mut document = Document::parse(JAVA, mixed).unwrap();
    let refusal = document.set(&token(), "new").unwrap_err().to_string();
    assert!(refusal.contains("taken for UTF-8"), "{refusal}");
    assert_eq!(document.bytes().as_slice(), mixed);
    let mut document = Document::parse(JAVA, b"t=\xff\n").unwrap();
    document.set(&token(), "new").unwrap();
    assert_eq!(document.bytes().as_slice(), b"t=new\n");
}

#[test]
fn what_java_refuses_is_refused_with_line_and_column() {
    let digits = "four hexadecimal digits must follow \\u";
    let half = "this \\u is half of a character, and the other half does not follow";
    let cases: [(&[u8], String); 5] = [
        (b"a=1\nt=\\u12g4\n", format!("line 2, column 3: {digits}")),
        (b"t=\\u12", format!("line 1, column 3: {digits}")),
        (b"t\\u=1", format!("line 1, column 2: {digits}")),
        (b"t=\\ud83d", format!("line 1, column 3: {half}")),
        (b"t=\\ude00\\ud83d", format!("line 1, column 3: {half}")),
    ];
    for (bytes, words) in cases {
        assert_eq!(refusal(JAVA, bytes), words);
    }
}

#[test]
fn what_spring_reads_differently_is_refused() {
    for value in ["${HOME}", "a #{1+1}"] {
        let mut document = Document::parse(JAVA, b"t=old\n").unwrap();
        assert!(matches!(document.set(&token(), value), Err(DocumentError::Unwritable { .. })), "{value:?}");
        assert_eq!(document.bytes().as_slice(), b"t=old\n");
    }
    // Each document may be for one profile: which login belongs into which nobody says.
    let several = "t=dev\n#---\nspring.config.activate.on-profile=prod\nt=prod\n";
    assert!(set(JAVA, several, &token(), "new").is_err());
    assert!(set(JAVA, "a=1\n!---\nb=1\n", &token(), "new").is_err());
    assert_eq!(set(JAVA, "a=1\n#---\nt=\n", &token(), "new").unwrap(), "a=1\n#---\nt=new\n");
    // These are comments.
    for line in [" #---", "#----", "#--- x", "# ---"] {
        assert!(set(JAVA, &format!("t=1\n{line}\nt=2\n"), &token(), "new").is_ok(), "{line}");
    }
    assert_eq!(set(JAVA, "#---\n", &token(), "x").ok(), None);
}

#[test]
fn numbers_are_spelled() {
    let mut document = Document::parse(JAVA, b"t = 1\n").unwrap();
    document.set_value(&token(), &Value::Number(7200)).unwrap();
    assert_eq!(document.bytes().as_slice(), b"t = 7200\n");
    assert_eq!(document.get_value(&token()).unwrap().and_then(|value| value.as_whole()), Some(7200));
}

/// A file as Spring's own generator and its guides write them.
const APPLICATION: &str = "\
# Server
server.port=8080
spring.application.name = demo
spring.datasource.url=jdbc\\:mysql\\://localhost/test?useSSL\\=false
! Feishu
feishu.app-id: cli_a1b2
feishu.user-access-token = u-old.access-1
feishu.user-refresh-token=ur-old.\\
    refresh-1
feishu.welcome=\\u4f60\\u597d\\n
logging.level.org.springframework.web=DEBUG
";

#[test]
fn an_application_reads_the_new_tokens_and_all_else_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("application.properties");
    for (content, is_latin1) in [
        (APPLICATION.to_owned(), false),
        (APPLICATION.replace('\n', "\r\n"), false),
        (format!("{APPLICATION}name=caf\u{e9}"), true),
    ] {
        let bytes: Vec<u8> = if is_latin1 {
            content.chars().map(|c| u8::try_from(c).unwrap()).collect()
        } else {
            content.clone().into_bytes()
        };
        std::fs::write(&path, &bytes).unwrap();
        let before = java(&content);
        assert_eq!(before["feishu.user-refresh-token"], "ur-old.refresh-1");
        let values =
            [("feishu.user-access-token", "u-new.access-2"), ("feishu.user-refresh-token", "ur-new.refresh-2")];
        let held = LinkedFile::new(&path, JAVA).hold(Duration::ZERO).unwrap();
        held.write(&values.map(|(key, value)| (Place::dotenv(key), value))).unwrap();
        let written = std::fs::read(&path).unwrap();
        let text: String = if is_latin1 {
            written.iter().copied().map(char::from).collect()
        } else {
            String::from_utf8(written).unwrap()
        };
        let mut expected = before.clone();
        expected.extend(values.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(java(&text), expected);
        let end = if content.contains('\r') { "\r\n" } else { "\n" };
        let golden = content
            .replace("u-old.access-1", "u-new.access-2")
            .replace(&format!("ur-old.\\{end}    refresh-1"), "ur-new.refresh-2");
        assert_eq!(text, golden);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn we_read_what_java_reads(text in "([tab=: \\\\\n\r\t#!u0-9\u{c}é-]|\\\\u00[46][0-9a-f]|\\\\\r?\n|t=){0,24}") {
        let Ok(document) = Document::parse(JAVA, text.as_bytes()) else { return Ok(()) };
        let java = java(&text);
        for key in ["t", "a", "b", "ta", "tb", "", "t="] {
            let read = document.get(&Place::dotenv(key)).unwrap();
            prop_assert_eq!(read.as_ref().map(|value| value.as_str()), java.get(key).map(String::as_str), "{:?}", key);
        }
    }

    #[test]
    fn java_reads_what_we_write(text in "([tab=: \\\\\n\r\t#!]|t=|\\\\\n){0,16}", value in any::<String>()) {
        let Ok(written) = set(JAVA, &text, &token(), &value) else { return Ok(()) };
        let (mut before, after) = (java(&text), java(&written));
        prop_assert_eq!(after.get("t"), Some(&value));
        before.insert("t".to_owned(), value);
        // A backslash that ends the file is a key without a name to Java, until more stands behind it.
        before.remove("");
        let after: BTreeMap<_, _> = after.into_iter().filter(|(key, _)| !key.is_empty()).collect();
        prop_assert_eq!(after, before);
    }
}

/// What `Properties.load` gives for a text, from its documentation: natural lines, of which some are blank or comments and some are
/// joined to logical ones; a key up to the first separator without a backslash; escapes.
fn java(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let blank = |c: char| matches!(c, ' ' | '\t' | '\u{c}');
    let mut rest = text;
    while !rest.is_empty() {
        let mut logical = String::new();
        // A backslash alone, behind which the file ends, is a key without a name to Java.
        let mut is_lone = false;
        loop {
            let end = rest.find(['\n', '\r']);
            let natural = &rest[..end.unwrap_or(rest.len())];
            rest = match end {
                None => "",
                Some(end) if rest[end..].starts_with("\r\n") => &rest[end + 2..],
                Some(end) => &rest[end + 1..],
            };
            let natural = natural.trim_start_matches(blank);
            // A comment is no part of a logical line that has begun.
            if logical.is_empty() && natural.starts_with(['#', '!']) {
                break;
            }
            logical.push_str(natural);
            let slashes = natural.len() - natural.trim_end_matches('\\').len();
            if slashes % 2 == 0 {
                break;
            }
            logical.pop();
            if rest.is_empty() {
                is_lone = !text.ends_with("\r\n");
                break;
            }
        }
        if logical.is_empty() && !is_lone {
            continue;
        }
        let chars: Vec<char> = logical.chars().collect();
        let mut at = 0;
        while at < chars.len() && !blank(chars[at]) && !matches!(chars[at], '=' | ':') {
            at += if chars[at] == '\\' { 2 } else { 1 };
        }
        let key = at.min(chars.len());
        let skip = |mut at: usize| {
            while at < chars.len() && blank(chars[at]) {
                at += 1;
            }
            at
        };
        let mut value = skip(key);
        if value < chars.len() && matches!(chars[value], '=' | ':') {
            value = skip(value + 1);
        }
        found.insert(unescaped(&chars[..key]), unescaped(&chars[value..]));
    }
    found
}

fn unescaped(chars: &[char]) -> String {
    let mut units: Vec<u16> = Vec::new();
    let mut chars = chars.iter().copied();
    while let Some(c) = chars.next() {
        let said = match (c, if c == '\\' { chars.next() } else { None }) {
            (_, None) => c,
            (_, Some('u')) => {
                let digits: String = chars.by_ref().take(4).collect();
                units.push(u16::from_str_radix(&digits, 16).unwrap());
                continue;
            }
            (_, Some('t')) => '\t',
            (_, Some('n')) => '\n',
            (_, Some('r')) => '\r',
            (_, Some('f')) => '\u{c}',
            (_, Some(other)) => other,
        };
        units.extend(said.encode_utf16(&mut [0; 2]).iter());
    }
    String::from_utf16(&units).unwrap()
}
