//! What stands around a token keeps its spelling, and a token in JSON that is itself a text is exchanged there.

use tokenward_files::links::{Document, Format, PathStep, Place, Value};

use crate::{get, set};

fn key(name: &str) -> Vec<PathStep> {
    vec![PathStep::Key(name.to_owned())]
}

#[test]
fn what_stands_around_a_token_keeps_its_spelling() {
    let path = Place::keys(["t"]);
    let ini = Place::ini("a", "t");
    let env = Place::dotenv("T");
    for (format, place, text, said, new, after) in [
        (
            Format::Json,
            &path,
            r#"{"t":"\u0042earer\u0020u-old\/x"}"#,
            "Bearer u-old/x",
            "Bearer u-n/x",
            r#"{"t":"\u0042earer\u0020u-n\/x"}"#,
        ),
        (
            Format::Json,
            &path,
            r#"{"t":"\ud83d\ude00 u-old \"é\t"}"#,
            "😀 u-old \"é\t",
            "😀 u-n \"é\t",
            r#"{"t":"\ud83d\ude00 u-n \"é\t"}"#,
        ),
        (Format::Json, &path, r#"{"t":"\u0075-old x"}"#, "u-old x", "u-new x", r#"{"t":"u-new x"}"#),
        (Format::Json, &path, r#"{"t":"a u-old"}"#, "a u-old", "a \"q\" u-n", r#"{"t":"a \"q\" u-n"}"#),
        (
            Format::Toml,
            &path,
            "t = \"\\u0042earer\\tu-old\" # c",
            "Bearer\tu-old",
            "Bearer\tu-n",
            "t = \"\\u0042earer\\tu-n\" # c",
        ),
        (Format::Toml, &path, "t = 'a\\b u-old'", "a\\b u-old", "a\\b u-n", "t = 'a\\b u-n'"),
        (
            Format::Toml,
            &path,
            "t = \"\"\"\nrun \\\n   --key u-old\n\"\"\"",
            "run --key u-old\n",
            "run --key u-n\n",
            "t = \"\"\"\nrun \\\n   --key u-n\n\"\"\"",
        ),
        (Format::Toml, &path, "t = '''\na u-old\n'''", "a u-old\n", "a u-n\n", "t = '''\na u-n\n'''"),
        (Format::Yaml, &path, "t: Bearer u-old # c\n", "Bearer u-old", "Bearer u-n", "t: Bearer u-n # c\n"),
        (Format::Yaml, &path, "t: 'it''s u-old'\n", "it's u-old", "it's u-n", "t: 'it''s u-n'\n"),
        (
            Format::Yaml,
            &path,
            "t: \"\\x42earer\\_u-old\\/x\" # c",
            "Bearer\u{a0}u-old/x",
            "Bearer\u{a0}u-n/x",
            "t: \"\\x42earer\\_u-n\\/x\" # c",
        ),
        (Format::Dotenv, &env, "T=\"a\\\"b $X u-old\" # c", "a\"b $X u-old", "a\"b $X u-n", "T=\"a\\\"b $X u-n\" # c"),
        (Format::Dotenv, &env, "T='a\"b u-old'\n", "a\"b u-old", "a\"b u-n", "T='a\"b u-n'\n"),
        (Format::Dotenv, &env, "T=k:u-old;x\n", "k:u-old;x", "k:u-n;x", "T=k:u-n;x\n"),
        (
            Format::Properties,
            &env,
            "T: \\u0042earer\\ \\\n   u-old\\ \\= $\n",
            "Bearer u-old = $",
            "Bearer u-n = $",
            "T: \\u0042earer\\ \\\n   u-n\\ \\= $\n",
        ),
        (Format::Properties, &env, "T=\"${X} u-old\"\n", "\"${X} u-old\"", "\"${X} u-n\"", "T=\"${X} u-n\"\n"),
        (
            Format::Fish,
            &env,
            "set -gx T \"a\\\"b \\$X u-old\\x\" # c",
            "a\"b $X u-old\\x",
            "a\"b $X u-n\\x",
            "set -gx T \"a\\\"b \\$X u-n\\x\" # c",
        ),
        (Format::Fish, &env, "set -x T 'it\\'s u-old'\n", "it's u-old", "it's u-n", "set -x T 'it\\'s u-n'\n"),
        (
            Format::Fish,
            &env,
            "set T Bearer\\ u-old\\;x\n",
            "Bearer u-old;x",
            "Bearer u-n;x",
            "set T Bearer\\ u-n\\;x\n",
        ),
        (Format::Fish, &env, "set T 'k: '\"u-old\";x\n", "k: u-old", "k: u-n", "set T 'k: '\"u-n\";x\n"),
        (Format::Ini, &ini, "[a]\nt = 50% u-old x\n", "50% u-old x", "50% u-n x", "[a]\nt = 50% u-n x\n"),
        (
            Format::Ini,
            &ini,
            "[a]\nt = run\n  --key u-old\n  # mine\n  x\n",
            "run\n--key u-old\nx",
            "run\n--key u-n\nx",
            "[a]\nt = run\n  --key u-n\n  # mine\n  x\n",
        ),
    ] {
        assert_eq!(get(format, text, place).unwrap().unwrap(), said, "{text}");
        assert_eq!(set(format, text, place, new).unwrap(), after, "{text}");
    }
}

#[test]
fn json_that_is_a_text_has_places_of_its_own() {
    for (format, place, text) in [
        (Format::Ini, Place::ini("work", "token"), "[work]\ntoken = {\"a\":\"OLD\",\"n\":1}\nb = c\n"),
        (Format::Dotenv, Place::dotenv("T"), "T='{\"a\" : \"OLD\", \"n\":1}' # c\n"),
        (Format::Dotenv, Place::dotenv("T"), "T=\"{\\\"a\\\":\\\"OLD\\\",\\\"n\\\":1}\"\n"),
        (Format::Dotenv, Place::dotenv("T"), "T={\"a\":\"OLD\",\"n\":1}\n"),
        (Format::Properties, Place::dotenv("T"), "T: {\"a\":\"OLD\",\\\n  \"n\":1}\n"),
        (Format::Properties, Place::dotenv("T"), "T {\\\"a\\\"\\:\\u0022OLD\\\",\"n\":1}"),
        (Format::Fish, Place::dotenv("T"), "set -gx T '{\"a\":\"OLD\",\"n\":1}' # c\n"),
        (Format::Fish, Place::dotenv("T"), "set -gx T \"{\\\"a\\\":\\\"OLD\\\",\\\"n\\\":1}\"\n"),
        (Format::Json, Place::keys(["x"]), "{\"x\": \"{\\\"a\\\":\\u0022OLD\\\",\\\"n\\\":1}\"} // c"),
        (Format::Toml, Place::keys(["x"]), "x = '{\"a\":\"OLD\",\"n\":1}' # c"),
        (Format::Yaml, Place::keys(["x"]), "x: '{\"a\":\"OLD\",\"n\":1}' # c"),
        (Format::Yaml, Place::keys(["x"]), "x: \"{\\\"a\\\":\\x22OLD\\\",\\\"n\\\":1}\""),
        (Format::Toml, Place::keys(["x"]), "x = \"{\\\"a\\\":\\\"OLD\\\",\\\"n\\\":1}\""),
    ] {
        let (a, n) = (place.clone().within(key("a")), place.clone().within(key("n")));
        assert_eq!(get(format, text, &a).unwrap().unwrap(), "OLD", "{text}");
        assert_eq!(set(format, text, &a, "u-new.1").unwrap(), text.replace("OLD", "u-new.1"), "{text}");
        let mut document = Document::parse(format, text.as_bytes()).unwrap();
        document.set_value(&n, &Value::Number(1_795_937_415)).unwrap();
        assert_eq!(*document.bytes(), text.replace(":1}", ":1795937415}").into_bytes(), "{text}");
        assert_eq!(get(format, text, &place.clone().within(key("z"))).unwrap(), None);
    }
    // What is no JSON has no place in it, and is left.
    let place = Place::dotenv("T").within(key("a"));
    assert!(get(Format::Dotenv, "T=u-1\n", &place).is_err() && set(Format::Dotenv, "T=u-1\n", &place, "x").is_err());
    assert_eq!(get(Format::Dotenv, "T=\n", &place).unwrap(), None);
}

#[test]
fn a_fraction_keeps_its_point() {
    let place = Place::keys(["t"]);
    for (format, text, number, after) in [
        (Format::Json, "{\"t\": 1700000000.0}", Value::Fraction(1_795_937_415.0), "{\"t\": 1795937415.0}"),
        (Format::Json, "{\"t\": 1700000000.5}", Value::Number(1_795_937_415), "{\"t\": 1795937415.0}"),
        (Format::Json, "{\"t\": 1700000000}", Value::Number(1_795_937_415), "{\"t\": 1795937415}"),
        (Format::Yaml, "t: 1700000000.0 # c", Value::Fraction(1_795_937_415.0), "t: 1795937415.0 # c"),
        (Format::Toml, "t = 1700000000.0", Value::Fraction(1_795_937_415.0), "t = 1795937415.0"),
    ] {
        let mut document = Document::parse(format, text.as_bytes()).unwrap();
        document.set_value(&place, &number).unwrap();
        assert_eq!(*document.bytes(), *after.as_bytes(), "{text}");
    }
}
