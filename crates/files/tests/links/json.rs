use tokenward_files::links::{DocumentError, Format, PathStep, Place};

use crate::{get, refusal, set};

const JSON: Format = Format::Json;

fn mcp() -> Place {
    Place::keys(["mcpServers", "lark", "env", "USER_ACCESS_TOKEN"])
}

fn argument() -> Place {
    let keys = ["mcpServers", "lark", "args"].map(|key| PathStep::Key(key.to_owned()));
    Place::Path(keys.into_iter().chain([PathStep::After("-u".to_owned())]).collect())
}

const CONFIG: &str = "\u{feff}// mine\r\n{\r\n\t\"mcpServers\" : { /* one */\r\n\t\t\"lark\": {\"args\":[\"-y\", \"-u\" , \"u-old\",],\r\n\t\t\t\"env\": {\"USER_ACCESS_TOKEN\":\"u-old\", \"n\": 1e3,},\r\n\t\t}\r\n\t}\r\n}";

#[test]
fn only_the_value_changes() {
    let after = set(JSON, CONFIG, &mcp(), "u-new").unwrap();
    assert_eq!(after, CONFIG.replace("TOKEN\":\"u-old\"", "TOKEN\":\"u-new\""));
    let after = set(JSON, CONFIG, &argument(), "u-new").unwrap();
    assert_eq!(after, CONFIG.replace(", \"u-old\",]", ", \"u-new\",]"));
    assert_eq!(get(JSON, CONFIG, &argument()).unwrap().unwrap(), "u-old");
    let escaped = "{\"t\":\"a\\u00e9\\\"b\\/\"}";
    assert_eq!(get(JSON, escaped, &Place::keys(["t"])).unwrap().unwrap(), "aé\"b/");
    assert_eq!(set(JSON, escaped, &Place::keys(["t"]), "a\"\\\n中").unwrap(), "{\"t\":\"a\\\"\\\\\\n中\"}");
    assert_eq!(set(JSON, "{\"t\": null }", &Place::keys(["t"]), "x").unwrap(), "{\"t\": \"x\" }");
    let listed = Place::Path(vec![PathStep::Index(1), PathStep::Key("t".into())]);
    assert_eq!(set(JSON, "[{}, {\"t\":\"\"}]", &listed, "x").unwrap(), "[{}, {\"t\":\"x\"}]");
}

#[test]
fn the_last_of_several_is_read_and_all_are_written() {
    let text = "{\"a\":{\"t\":\"1\",\"t\":\"2\"},\"a\":{\"t\":\"3\"}}";
    let place = Place::keys(["a", "t"]);
    assert_eq!(get(JSON, text, &place).unwrap().unwrap(), "3");
    assert_eq!(set(JSON, text, &place, "n").unwrap(), "{\"a\":{\"t\":\"n\",\"t\":\"n\"},\"a\":{\"t\":\"n\"}}");
    // A reader of the last object finds no old value in a place that it does not look at.
    let hidden = "{\"a\":{\"t\":\"1\"},\"a\":{}}";
    assert_eq!(get(JSON, hidden, &place).unwrap(), None);
    assert_eq!(set(JSON, hidden, &place, "n").unwrap(), "{\"a\":{\"t\":\"n\"},\"a\":{\"t\": \"n\"}}");
    let flags = "{\"args\":[\"-u\",\"1\",\"-u\",\"2\"]}";
    let after = Place::Path(vec![PathStep::Key("args".into()), PathStep::After("-u".into())]);
    assert_eq!(get(JSON, flags, &after).unwrap().unwrap(), "2");
    assert_eq!(set(JSON, flags, &after, "n").unwrap(), "{\"args\":[\"-u\",\"n\",\"-u\",\"n\"]}");
}

#[test]
fn a_missing_key_is_added_to_its_object() {
    let place = Place::keys(["a", "t"]);
    let cases = [
        ("{\"a\":{}}", "{\"a\":{\"t\": \"n\"}}"),
        ("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"t\": \"n\"}}"),
        ("{\"a\": {\r\n  \"b\": [1], // c\r\n}}", "{\"a\": {\r\n  \"b\": [1],\r\n  \"t\": \"n\", // c\r\n}}"),
    ];
    for (before, after) in cases {
        assert_eq!(set(JSON, before, &place, "n").unwrap(), after);
    }
    for text in ["{}", "{\"a\":[]}", "{\"a\":\"x\"}", "[]"] {
        assert!(matches!(set(JSON, text, &place, "n"), Err(DocumentError::NotThere { .. })), "{text}");
    }
    let beyond = Place::Path(vec![PathStep::Key("a".into()), PathStep::Index(3)]);
    assert!(matches!(set(JSON, "{\"a\":[1]}", &beyond, "n"), Err(DocumentError::NotThere { .. })));
}

#[test]
fn what_is_no_text_is_named_and_kept() {
    for (value, words) in [("1", "a number"), ("true", "true or false"), ("{}", "an object"), ("[]", "a list")] {
        let text = format!("{{\n \"t\": {value}}}");
        let error = set(JSON, &text, &Place::keys(["t"]), "n").unwrap_err();
        assert_eq!(error.to_string(), format!("line 2, column 7: t is {words}, not a text"));
    }
}

#[test]
fn what_cannot_be_parsed_is_refused_with_line_and_column() {
    let secret = b"{\n \"refresh_token\": ur-verysecret }";
    let words = refusal(JSON, secret);
    assert!(words.starts_with("line 2, column 19: ") && !words.contains("secret"), "{words}");
    for text in
        ["", "{", "{\"a\":1}}", "{'a':1}", "{a:1}", "{\"a\" 1}", "[1 2]", "\"a", "/* ", "{\"a\":\"\\x\"}", "NaN"]
    {
        assert!(refusal(JSON, text.as_bytes()).starts_with("line "), "{text}");
    }
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(1_000_000), close.repeat(1_000_000));
        assert!(refusal(JSON, deep.as_bytes()).contains("nesting"), "{open}");
    }
}
