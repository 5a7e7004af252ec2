//! `--jq`: what a jq expression makes of JSON.
//!
//! Enters: an expression, then JSON documents. Leaves: lines; texts without quotes, everything else as compact JSON,
//! as `jq -rc` prints them. The expression is checked before anything is sent, so that a slip of the pen costs no call.

use tokenward_core::Code;

use crate::failure::Failure;
use crate::say::Lang;

#[cfg(feature = "jq")]
pub(crate) use jaq::Filter;
#[cfg(not(feature = "jq"))]
pub(crate) use none::Filter;

#[cfg(feature = "jq")]
mod jaq {
    use jaq_core::data::JustLut;
    use jaq_core::load::{self, Arena, File, Loader};
    use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
    use jaq_json::{Val, read};

    use super::{Code, Failure, Lang};

    /// An expression that is understood.
    pub(crate) struct Filter(jaq_core::Filter<JustLut<Val>>);

    impl Filter {
        /// Reads an expression.
        ///
        /// # Errors
        /// [`Code::BadFilter`] with the place where it is not understood.
        pub(crate) fn new(expression: &str, lang: Lang) -> Result<Self, Failure> {
            let unknown = |what: String| Failure::of(Code::BadFilter).detail(lang.jq_not_understood(what));
            let own = load::parse(DEFINITIONS, |parser| parser.defs()).unwrap_or_default();
            let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(own);
            let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
            let arena = Arena::default();
            let modules = Loader::new(definitions)
                .load(&arena, File { code: expression, path: () })
                .map_err(|errors| unknown(parse_errors(&errors, lang)))?;
            let compiled = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
                let names = errors.iter().flat_map(|(_, names)| names.iter().map(|(name, _)| (*name).to_owned()));
                unknown(names.collect::<Vec<_>>().join(", "))
            })?;
            Ok(Self(compiled))
        }

        /// What it makes of a document, a line each.
        ///
        /// # Errors
        /// [`Code::BadFilter`] for a document that the expression cannot work on.
        pub(crate) fn lines(&self, document: &[u8], lang: Lang) -> Result<Vec<String>, Failure> {
            let failed = |what: String| Failure::of(Code::BadFilter).detail(lang.jq_failed(what));
            let input = read::parse_single(document).map_err(|error| failed(error.to_string()))?;
            let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
            let results = self.0.id.run((context, input)).map(unwrap_valr);
            results.map(|result| result.map(|value| line(&value)).map_err(|error| failed(error.to_string()))).collect()
        }
    }

    fn line(value: &Val) -> String {
        match value {
            Val::TStr(text) | Val::BStr(text) => String::from_utf8_lossy(text).into_owned(),
            other => other.to_string(),
        }
    }

    fn parse_errors(errors: &load::Errors<&str, ()>, lang: Lang) -> String {
        let place = |rest: &str| {
            let rest: String = rest.chars().take(SHOWN).collect();
            if rest.is_empty() { lang.jq_at_end() } else { format!("`{rest}`") }
        };
        let places = errors.iter().flat_map(|(_, error)| match error {
            load::Error::Lex(found) => found.iter().map(|(_, rest)| place(rest)).collect::<Vec<_>>(),
            load::Error::Parse(found) => found.iter().map(|(_, rest)| place(rest)).collect(),
            load::Error::Io(found) => found.iter().map(|(path, _)| place(path)).collect(),
        });
        places.collect::<Vec<_>>().join(", ")
    }

    /// Two formats that jq's manual has and the library leaves to its own program.
    const DEFINITIONS: &str = r#"
        def @csv: map(if type == "string" then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" else tojson end) | join(",");
        def @tsv: map(if type == "string" then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r") elif . == null then "" else tojson end) | join("\t");
    "#;
    const SHOWN: usize = 40;
}

#[cfg(not(feature = "jq"))]
mod none {
    use super::{Code, Failure, Lang};

    /// Builds without the feature `jq` understand no expression.
    pub(crate) struct Filter;

    impl Filter {
        pub(crate) fn new(_: &str, lang: Lang) -> Result<Self, Failure> {
            Err(Failure::of(Code::BadFilter).detail(lang.no_such_argument("--jq")))
        }

        #[expect(clippy::unused_self, reason = "the same face as with the feature; a filter cannot be made here")]
        pub(crate) fn lines(&self, _: &[u8], lang: Lang) -> Result<Vec<String>, Failure> {
            Err(Failure::of(Code::BadFilter).detail(lang.no_such_argument("--jq")))
        }
    }
}

#[cfg(all(test, feature = "jq"))]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(expression: &str) -> Vec<String> {
        let document = json!({"data": {"items": [{"name": "张三", "n": 1}, {"name": "a\"b\tc", "n": null}]}});
        Filter::new(expression, Lang::En).unwrap().lines(document.to_string().as_bytes(), Lang::En).unwrap()
    }

    #[test]
    fn texts_come_without_quotes_and_the_rest_as_json() {
        assert_eq!(lines(".data.items[].name"), ["张三", "a\"b\tc"]);
        assert_eq!(lines(".data.items[0], (.data.items | length)"), [r#"{"n":1,"name":"张三"}"#, "2"]);
        assert_eq!(lines(".data.items[] | select(.name | test(\"^张\")) | .n"), ["1"]);
        assert_eq!(lines("empty"), Vec::<String>::new());
    }

    #[test]
    fn numbers_keep_their_digits() {
        let document = br#"{"id": 7034502641455497244123, "n": 1.50}"#;
        let lines = Filter::new(".id, .n", Lang::En).unwrap().lines(document, Lang::En).unwrap();
        assert_eq!(lines, ["7034502641455497244123", "1.50"]);
    }

    #[test]
    fn tables_can_be_made() {
        assert_eq!(lines(".data.items[] | [.name, .n] | @csv"), ["\"张三\",1", "\"a\"\"b\tc\","]);
        assert_eq!(lines(".data.items[] | [.name, .n] | @tsv"), ["张三\t1", "a\"b\\tc\t"]);
    }

    #[test]
    fn what_is_not_understood_is_found_beforehand() {
        for wrong in [".data |", ".data | nosuch", ".[", "\"unclosed"] {
            assert!(Filter::new(wrong, Lang::En).is_err(), "{wrong}");
        }
        let filter = Filter::new(".data.items.name", Lang::En).unwrap();
        assert!(filter.lines(br#"{"data": {"items": [1]}}"#, Lang::En).is_err());
    }
}
