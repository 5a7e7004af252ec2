//! The expression itself: read, compiled and run by jaq, in the process that is made for it.

use jaq_core::data::JustLut;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, unwrap_valr};
use jaq_json::{Val, read};

use crate::say::Lang;

/// An expression that is understood.
pub(super) struct Program(jaq_core::Filter<JustLut<Val>>);

impl Program {
    /// Reads an expression.
    ///
    /// # Errors
    /// The places where it is not understood.
    pub(super) fn new(expression: &str, lang: Lang) -> Result<Self, String> {
        let own = load::parse(DEFINITIONS, |parser| parser.defs()).unwrap_or_default();
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(own);
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code: expression, path: () })
            .map_err(|errors| parse_errors(&errors, lang))?;
        let compiled = Compiler::default().with_funs(functions).compile(modules).map_err(|errors| {
            let names = errors.iter().flat_map(|(_, names)| names.iter().map(|(name, _)| (*name).to_owned()));
            names.collect::<Vec<_>>().join(", ")
        })?;
        Ok(Self(compiled))
    }

    /// What it makes of a document, a line at a time; `show` takes each as it comes and may end the work.
    ///
    /// # Errors
    /// Why the expression cannot work on the document, or what `show` met.
    pub(super) fn run<E: From<String>>(
        &self,
        document: &[u8],
        mut show: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let input = read::parse_single(document).map_err(|error| error.to_string())?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for result in self.0.id.run((context, input)).map(unwrap_valr) {
            match result {
                Ok(Val::TStr(text) | Val::BStr(text)) => show(&String::from_utf8_lossy(&text))?,
                Ok(other) => show(&other.to_string())?,
                Err(error) => return Err(error.to_string().into()),
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(expression: &str, document: &[u8]) -> Result<Vec<String>, String> {
        let mut lines = Vec::new();
        Program::new(expression, Lang::En)?.run(document, |line| {
            lines.push(line.to_owned());
            Ok::<(), String>(())
        })?;
        Ok(lines)
    }

    fn lines(expression: &str) -> Vec<String> {
        let document = json!({"data": {"items": [{"name": "张三", "n": 1}, {"name": "a\"b\tc", "n": null}]}});
        run(expression, document.to_string().as_bytes()).unwrap()
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
        let lines = run(".id, .n", br#"{"id": 7034502641455497244123, "n": 1.50}"#).unwrap();
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
            assert!(Program::new(wrong, Lang::En).is_err(), "{wrong}");
        }
        assert!(run(".data.items.name", br#"{"data": {"items": [1]}}"#).is_err());
    }
}
