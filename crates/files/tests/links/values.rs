//! Numbers at a place: they stay numbers, and nothing else changes.

use proptest::prelude::*;
use tokenward_files::links::{Document, DocumentError, Format, Place, Value};

fn written(format: Format, text: &str, value: &Value) -> Result<String, DocumentError> {
    let mut document = Document::parse(format, text.as_bytes())?;
    document.set_value(&Place::keys(["t"]), value)?;
    Ok(String::from_utf8(document.bytes().to_vec()).unwrap())
}

#[test]
fn a_number_takes_the_place_of_what_its_readers_expect() {
    let seven = Value::Number(7200);
    for (format, before, after) in [
        (Format::Json, r#"{"t": 1}"#, r#"{"t": 7200}"#),
        (Format::Json, r#"{"t": "1"}"#, r#"{"t": "7200"}"#),
        (Format::Json, r#"{"t": null}"#, r#"{"t": 7200}"#),
        (Format::Json, r#"{"a": 1}"#, r#"{"a": 1,"t": 7200}"#),
        (Format::Json, r#"{"t": -1.5e3, "t": 2}"#, r#"{"t": 7200, "t": 7200}"#),
        (Format::Json, r#"{"t": 7.2e3}"#, r#"{"t": 7.2e3}"#),
        (Format::Toml, "t = 1 # c\n", "t = 7200 # c\n"),
        (Format::Toml, "t = 0x1\n", "t = 7200\n"),
        (Format::Toml, "t = 7_200\n", "t = 7_200\n"),
        (Format::Toml, "t = 1.5\n", "t = 7200.0\n"),
        (Format::Toml, "t = '1'\n", "t = '7200'\n"),
        (Format::Toml, "a = 1\n", "a = 1\nt = 7200\n"),
        (Format::Yaml, "t: 1 # c\n", "t: 7200 # c\n"),
        (Format::Yaml, "t: 1.5\n", "t: 7200.0\n"),
        (Format::Yaml, "t: '1'\n", "t: '7200'\n"),
        (Format::Yaml, "t: soon\n", "t: \"7200\"\n"),
        (Format::Yaml, "t: # c\n", "t: 7200 # c\n"),
        (Format::Yaml, "t: null\n", "t: 7200\n"),
    ] {
        assert_eq!(written(format, before, &seven).unwrap(), after, "{before}");
    }
    assert_eq!(written(Format::Json, r#"{"t": 1}"#, &Value::Fraction(1.25)).unwrap(), r#"{"t": 1.25}"#);
    assert_eq!(written(Format::Toml, "t = 1", &Value::Fraction(2.5)).unwrap(), "t = 2.5");
}

#[test]
fn a_text_does_not_take_the_place_of_a_number() {
    for (format, text) in [(Format::Json, r#"{"t": 1}"#), (Format::Toml, "t = 1"), (Format::Yaml, "t: 1")] {
        let refusal = written(format, text, &Value::from("u-1")).unwrap_err().to_string();
        assert!(refusal.ends_with("t is a number, not a text"), "{refusal}");
    }
    let refusal = written(Format::Json, r#"{"t": true}"#, &Value::Number(1)).unwrap_err().to_string();
    assert_eq!(refusal, "line 1, column 7: t is true or false, not a text");
    for number in [f64::NAN, f64::INFINITY] {
        let refusal = written(Format::Toml, "t = 1.0", &Value::Fraction(number)).unwrap_err().to_string();
        assert_eq!(refusal, "t cannot be written: it is not a finite number");
    }
}

#[test]
fn a_whole_number_that_a_float_cannot_hold_is_refused() {
    let refusal = written(Format::Toml, "t = 1.0", &Value::Number(i64::MAX)).unwrap_err().to_string();
    assert_eq!(refusal, "t cannot be written: it would not read back as what was written");
}

#[test]
fn ini_and_env_files_spell_numbers() {
    for (format, text, place, after) in [
        (Format::Ini, "[a]\nt = 1\n", Place::ini("a", "t"), "[a]\nt = 7200\n"),
        (Format::Properties, "t: 1\n", Place::dotenv("t"), "t: 7200\n"),
        (Format::Fish, "set -g t '1'\n", Place::dotenv("t"), "set -g t '7200'\n"),
        (Format::Dotenv, "t='1'\n", Place::dotenv("t"), "t='7200'\n"),
    ] {
        let mut document = Document::parse(format, text.as_bytes()).unwrap();
        document.set_value(&place, &Value::Number(7200)).unwrap();
        assert_eq!(*document.bytes(), after.as_bytes());
        assert_eq!(document.get_value(&place).unwrap().and_then(|value| value.as_whole()), Some(7200));
    }
}

/// A document around one number: what stands before and behind it is known.
fn around() -> impl Strategy<Value = (Format, String, String)> {
    let json = (
        proptest::sample::select(&["", "\"a\": \"t\", ", "// \"t\": 5\n", "\"b\" : [1, 2.5],\n"][..]),
        proptest::sample::select(&[":", " : ", ":\r\n\t"][..]),
        proptest::sample::select(&["", " ", ", \"c\": 1e5", ",", " // 3\n"][..]),
    )
        .prop_map(|(head, colon, tail)| (Format::Json, format!("{{{head}\"t\"{colon}"), format!("{tail}}}")));
    let toml = (
        proptest::sample::select(&["", "a = 't'\n", "# t = 5\r\n", "b = [1, 2.5]\n"][..]),
        proptest::sample::select(&["=", " = ", "\t= "][..]),
        proptest::sample::select(&["", " # 3", "\n", "\r\nc = 1e5\r\n"][..]),
    )
        .prop_map(|(head, equals, tail)| (Format::Toml, format!("{head}t{equals}"), tail.to_owned()));
    let yaml = (
        proptest::sample::select(&["", "a: 't'\n", "# t: 5\r\n", "b: [1, 2.5]\n"][..]),
        proptest::sample::select(&[": ", " :   "][..]),
        proptest::sample::select(&["", " # 3", "\n", "\r\nc: 1e5\r\n"][..]),
    )
        .prop_map(|(head, colon, tail)| (Format::Yaml, format!("{head}t{colon}"), tail.to_owned()));
    prop_oneof![json, toml, yaml]
}

/// Numbers as documents hold them, with what they are.
fn number() -> impl Strategy<Value = (String, Value)> {
    let fraction = any::<f64>().prop_filter("finite", |number| number.is_finite() && number.abs() < 1e18);
    prop_oneof![
        any::<i64>().prop_map(|number| (number.to_string(), Value::Number(number))),
        fraction.prop_map(|number| (format!("{number:?}"), Value::Fraction(number))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    /// The four laws of `laws.rs`, for numbers.
    #[test]
    fn numbers((format, before, after) in around(), (old, old_value) in number(), (_, value) in number()) {
        let float = matches!(old_value, Value::Fraction(_));
        // Readers of YAML do not agree on exponents.
        prop_assume!(format != Format::Yaml || !old.contains('e'));
        let place = Place::keys(["t"]);
        let text = format!("{before}{old}{after}");
        let read = Document::parse(format, text.as_bytes()).unwrap().get_value(&place).unwrap().unwrap();
        prop_assert_eq!(read.spelled(), old_value.spelled());
        prop_assert_eq!(&written(format, &text, &read).unwrap(), &text);
        match written(format, &text, &value) {
            Ok(changed) => {
                prop_assert!(changed.starts_with(&before) && changed.ends_with(&after));
                let document = Document::parse(format, changed.as_bytes()).unwrap();
                prop_assert_eq!(document.get_value(&place).unwrap().unwrap().spelled(), value.spelled());
                prop_assert!(matches!(document.get(&place), Err(DocumentError::NotText { .. })), "a number stays one");
                prop_assert_eq!(written(format, &changed, &value).unwrap(), changed);
            }
            // A float of TOML does not hold every whole number.
            Err(error) => {
                prop_assert!(format == Format::Toml && float && matches!(value, Value::Number(_)), "{}", error);
            }
        }
    }
}
