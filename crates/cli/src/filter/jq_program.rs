//! The expression itself: read, compiled and run by jaq, in the process that is made for it.

use jaq_core::data::JustLut;
use jaq_core::load::{self, Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars};
use jaq_json::{Val, read};

use crate::words::Lang;

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
    /// Why the expression cannot work on the document, or ended itself; what `show` met.
    pub(super) fn run<E: From<Why>>(
        &self,
        document: &[u8],
        mut show: impl FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let input = read::parse_single(document).map_err(|error| Why::Failed(error.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        for result in self.0.id.run((context, input)) {
            match result {
                Ok(Val::TStr(text) | Val::BStr(text)) => show(&String::from_utf8_lossy(&text))?,
                Ok(other) => show(&other.to_string())?,
                Err(end) => return Err(why(end).into()),
            }
        }
        Ok(())
    }
}

/// Why an expression ended before it had worked its document through.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It cannot work on the document, in the library's words.
    Failed(String),
    /// It ended itself, and says that all is well: `halt`.
    Halted,
    /// It ended itself as a failure, with what it says of that: `halt_error`, `halt(1)`.
    HaltedWith(i64, String),
}

fn why(end: jaq_core::Exn<'_, Val>) -> Why {
    let end = match end.get_halt() {
        Ok(0) => return Why::Halted,
        Ok(code) => return Why::HaltedWith(i64::from(code), String::new()),
        Err(end) => end,
    };
    // What is left beside errors is of the library's own making, and comes to no end of a run.
    let Ok(error) = end.get_err() else { return Why::Failed(String::new()) };
    let told = error.to_string();
    let halt = serde_json::from_str::<(String, i64, String)>(&told).ok().filter(|(mark, _, _)| mark == HALT);
    halt.map_or(Why::Failed(told), |(_, code, said)| if code == 0 { Why::Halted } else { Why::HaltedWith(code, said) })
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

/// Two formats that jq's manual has and the library leaves to its own program; and `halt_error`, whose words the library writes to its
/// own stderr, where nobody is.
const DEFINITIONS: &str = r#"
    def halt_error($code): ["halt \u0000", $code, if type == "string" then rtrimstr("\n") else tojson end] | error;
    def halt_error: halt_error(5);
    def @csv: map(if type == "string" then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" else tojson end) | join(",");
    def @tsv: map(if type == "string" then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r") elif . == null then "" else tojson end) | join("\t");
"#;
/// What an error of [`DEFINITIONS`] begins with that is a halt; no program would write it.
const HALT: &str = "halt \0";
const SHOWN: usize = 40;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(expression: &str, document: &[u8]) -> Result<Vec<String>, Why> {
        let mut lines = Vec::new();
        Program::new(expression, Lang::En).map_err(Why::Failed)?.run(document, |line| {
            lines.push(line.to_owned());
            Ok::<(), Why>(())
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
    fn an_expression_that_ends_itself_is_told_from_one_that_fails() {
        assert_eq!(run("halt", b"1"), Err(Why::Halted));
        assert_eq!(run("\"all well\" | halt_error(0)", b"1"), Err(Why::Halted));
        assert_eq!(run("\"no such user\\n\" | halt_error", b"1"), Err(Why::HaltedWith(5, "no such user".to_owned())));
        assert_eq!(run("{a: .} | halt_error(3)", b"1"), Err(Why::HaltedWith(3, "{\"a\":1}".to_owned())));
        assert_eq!(run("halt(7)", b"1"), Err(Why::HaltedWith(7, String::new())));
        assert_eq!(run("error(\"x\")", b"1"), Err(Why::Failed("\"x\"".to_owned())));
        assert_eq!(run("[\"halt\", 1, \"x\"] | error", b"1"), Err(Why::Failed("[\"halt\",1,\"x\"]".to_owned())));
    }

    #[test]
    fn what_is_not_understood_is_found_beforehand() {
        for wrong in [".data |", ".data | nosuch", ".[", "\"unclosed"] {
            assert!(Program::new(wrong, Lang::En).is_err(), "{wrong}");
        }
        assert!(run(".data.items.name", br#"{"data": {"items": [1]}}"#).is_err());
    }
}
