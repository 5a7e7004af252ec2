//! Generated documents whose text around one value is known: writing the value must give exactly that text again.

use proptest::prelude::*;
use tokenward_files::links::{Format, PathStep, Place};

use crate::{get, set};

/// A document as the text before the value, the value as written, and the text behind it.
#[derive(Debug, Clone)]
struct Known {
    before: String,
    quote: &'static str,
    old: String,
    after: String,
}

impl Known {
    fn with(&self, value: &str) -> String {
        format!("{}{}{value}{}{}", self.before, self.quote, self.quote, self.after)
    }

    /// The four laws: what was written is read; nothing else changes; writing what is read changes nothing; twice is
    /// once.
    fn obeys(&self, format: Format, place: &Place, value: &str) -> Result<(), TestCaseError> {
        let text = self.with(&self.old);
        let read = get(format, &text, place).unwrap();
        prop_assert_eq!(read.as_deref(), Some(self.old.as_str()), "{:?}", text);
        let changed = set(format, &text, place, value).unwrap();
        prop_assert_eq!(&changed, &self.with(value));
        let read = get(format, &changed, place).unwrap();
        prop_assert_eq!(read.as_deref(), Some(value));
        prop_assert_eq!(set(format, &text, place, &self.old).unwrap(), text);
        prop_assert_eq!(set(format, &changed, place, value).unwrap(), changed);
        Ok(())
    }
}

fn one(all: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(all)
}

fn some(all: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::collection::vec(one(all), 0..5).prop_map(|parts| parts.concat())
}

/// What tokens and ids are made of.
fn token() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_.~+/=-]{1,60}"
}

fn mark() -> impl Strategy<Value = &'static str> {
    one(&["", "\u{feff}"])
}

/// Line ends, all of one kind or mixed, for every `\n` of a text.
fn ends(text: &str, kind: u8) -> String {
    let mut number = 0;
    text.split_inclusive('\n')
        .map(|line| {
            number += 1;
            let crlf = kind == 1 || (kind == 2 && number % 2 == 0);
            if crlf { line.replace('\n', "\r\n") } else { line.to_owned() }
        })
        .collect()
}

const INI_LINES: &[&str] = &[
    "a = 1\n",
    "B:2\n",
    "c=\n",
    "# refresh_token = no\n",
    "; x\n",
    "\n",
    "   # deep\n",
    "e = 中 文 \n",
    "d = 1\n  and 2\n\n",
    "[x] = 3\n[TOKEN]\n",
];
const ENV_LINES: &[&str] = &[
    "A=1\n",
    "export B='x # y'\n",
    "C=\"two\nlines\" # c\n",
    "# T=no\n",
    "\n",
    "D = a b # c\n",
    "E=\n",
    "F\n",
    "  G=\"\\\"\"\n",
];
const JAVA_LINES: &[&str] = &[
    "a = 1\n",
    "b:2\n",
    "c 3\n",
    "d\n",
    "# t=no\n",
    "! t=no\n",
    "\n",
    "e=1\\\n  t=no\n",
    "f=\\u4e2d\\\\\n",
    "t.u=no\n",
    "T=no\n",
    "\\#t=中\n",
];
const FISH_LINES: &[&str] = &[
    "set -gx A 1\n",
    "set -x b 'x # y' # c\n",
    "set C \"two\nlines\"; set D a b\n",
    "# set -gx T no\n",
    "\n",
    "if status is-interactive\n    set -l T no\n    alias t 'T; end'\nend\n",
    "function end_ # c\n  echo (set -q T; and echo \")\") end\nend\n",
    "set -gx E $A \\\n  (cat x)\n",
    "set -q T; or echo no\n",
    "T=no command set T no\n",
    "set -e A\n",
];
const JSON_PROPERTIES: &[&str] = &[
    "\"a\": 1, ",
    "\"b\" : [\"t\", {\"t\": \"no\"}],\n",
    "// \"t\": \"no\"\n",
    "/* { */",
    "\n\t",
    "\"c\\\"}\": \"}{\",",
    "\"d\": null ,",
    "\"e\":{},",
];
const TOML_LINES: &[&str] = &[
    "a = 1\n",
    "b = 'x' # t = 'no'\n",
    "# t = 1\n",
    "\n",
    "c = [\n 1,\n] # c\n",
    "d = \"\"\"\nt = 'no'\n\"\"\"\n",
    "e.t = 1979-05-27\n",
    "f={t='no'}\n",
];

const YAML_LINES: &[&str] = &[
    "a: 1\n",
    "b: 'x' # t: no\n",
    "# t: no\n",
    "\n",
    "c: [t, {t: no},\n  '# x']\n",
    "d: |\n  t: no\n\n   # x\n",
    "e:\n  t: no\n",
    "f:\n- t: no\n  u: 1\n- - t\n",
    "g: &x !y\n  t: *x\n",
    "h: \"t:\n  no\"\n",
    "i: no\n  more\n",
    "\"j\":\n",
];

/// Lines that TOML and YAML allow once only are taken once.
fn once(lines: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::subsequence(lines, 0..lines.len()).prop_shuffle().prop_map(|lines| lines.concat())
}

prop_compose! {
    fn ini_document()(
        mark in mark(), head in some(&["; c\n", "\n", "# [x]\n"]), other in some(INI_LINES), mine in some(INI_LINES),
        key in one(&["refresh_token", "Refresh_Token", "REFRESH_TOKEN"]),
        separator in one(&["=", ":", " = ", "= ", " :\t", "   =  "]), old in token(), behind in one(&["", " ", "\t "]),
        rest in some(INI_LINES), last in any::<bool>(), kind in 0..3_u8,
    ) -> Known {
        let before = format!("{head}[x]\n{other}[TOKEN]\n{mine}{key}{separator}");
        let after = if last { behind.to_owned() } else { format!("{behind}\n{rest}[y]\nrefresh_token = no\n") };
        Known { before: format!("{mark}{}", ends(&before, kind)), quote: "", old, after: ends(&after, kind) }
    }
}

prop_compose! {
    fn env_document()(
        mark in mark(), head in some(ENV_LINES), export in one(&["", "export ", " ", "export\t"]),
        separator in one(&["=", " = ", "= "]), quote in one(&["", "'", "\""]), old in token(),
        behind in one(&["", " # c", "\t", " #'"]), rest in some(ENV_LINES), last in any::<bool>(), kind in 0..3_u8,
    ) -> Known {
        let before = format!("{head}{export}T{separator}");
        let after = if last { behind.to_owned() } else { format!("{behind}\n{rest}") };
        Known { before: format!("{mark}{}", ends(&before, kind)), quote, old, after: ends(&after, kind) }
    }
}

prop_compose! {
    fn java_document()(
        head in some(JAVA_LINES), indent in one(&["", " ", "\t\u{c}"]), key in one(&["t", "\\u0074", "\\t.\\\n  x"]),
        separator in one(&["=", ":", " = ", "= ", " :\t", "\\\n  = ", "=\\\n  "]), old in token(),
        rest in some(JAVA_LINES), last in any::<bool>(), kind in 0..3_u8,
    ) -> (Known, &'static str) {
        let name = if key.len() > 6 { "\t.x" } else { "t" };
        let after = if last { String::new() } else { format!("\n{rest}") };
        let before = format!("{head}{indent}{key}{separator}");
        (Known { before: ends(&before, kind), quote: "", old, after: ends(&after, kind) }, name)
    }
}

prop_compose! {
    fn fish_document()(
        mark in mark(), head in some(FISH_LINES), indent in one(&["", "  ", "echo x; ", "builtin ", "\t"]),
        flags in one(&["-gx", "--export --global", "-x", "-U -x", "", "-x --", "-x\\\n"]),
        blanks in one(&[" ", "\t", " \\\n  "]), quote in one(&["", "'", "\""]), old in token(),
        behind in one(&["", " # c", "\t", ";", "; echo x", " && echo x"]), rest in some(FISH_LINES), last in any::<bool>(),
        kind in one(&["\n", "\r\n"]),
    ) -> Known {
        // Outside quotes that is a home folder.
        let old = if quote.is_empty() && old.starts_with('~') { format!("u{old}") } else { old };
        let after = if last { behind.to_owned() } else { format!("{behind}{kind}{rest}") };
        Known { before: format!("{mark}{head}{indent}set {flags} T{blanks}"), quote, old, after }
    }
}

prop_compose! {
    fn json_document()(
        mark in mark(), head in some(JSON_PROPERTIES), inner in some(JSON_PROPERTIES), rest in some(JSON_PROPERTIES),
        colon in one(&[":", " : ", ":\n"]), old in token(), comma in one(&["", ",", " // x\n"]), end in one(&["", "\n", " /* */"]),
        kind in 0..3_u8,
    ) -> Known {
        let before = format!("{{{head}\"s\":{{{inner}\"t\"{colon}");
        let rest = if rest.trim_end().ends_with(',') || rest.contains('"') { format!(",{rest}") } else { format!("{comma}{rest}") };
        let after = format!("{rest}\n}}}}{end}");
        Known { before: format!("{mark}{}", ends(&before, kind)), quote: "\"", old, after: ends(&after, kind) }
    }
}

prop_compose! {
    fn toml_document()(
        mark in mark(), root in once(TOML_LINES), mine in once(TOML_LINES), equals in one(&["=", " = ", "\t= "]),
        quote in one(&["'", "\"", "'''", "\"\"\""]), old in token(), behind in one(&["", " ", " # c"]),
        rest in once(&["g = 1\n", "# c\n", "h = ''\n"]), last in any::<bool>(), kind in 0..3_u8,
    ) -> Known {
        let before = format!("{root}[s]\n{mine}t{equals}");
        let after = if last { behind.to_owned() } else { format!("{behind}\n{rest}[s.u]\nt = 'no'\n") };
        Known { before: format!("{mark}{}", ends(&before, kind)), quote, old, after: ends(&after, kind) }
    }
}

prop_compose! {
    fn yaml_document()(
        mark in mark(), start in one(&["", "--- # c\n", "# c\n---\n"]), root in once(YAML_LINES), mine in once(YAML_LINES),
        key in one(&["t", "'t'", "\"t\" "]), blanks in one(&[" ", "   "]), quote in one(&["", "'", "\""]), old in token(),
        behind in one(&["", " ", " # c"]), rest in once(&["k: 1\n", "# c\n", "l: ''\n"]), last in any::<bool>(), kind in 0..3_u8,
        deep in one(&["  ", "    "]),
    ) -> Known {
        let within = |lines: &str| lines.split_inclusive('\n').flat_map(|line| [deep, line]).collect::<String>();
        // Without quotes a number is none of a token's.
        let old = if quote.is_empty() { format!("u-{old}") } else { old };
        let before = format!("{start}{root}s:\n{}{deep}{key}:{blanks}", within(&mine));
        let after = if last { behind.to_owned() } else { format!("{behind}\n{}u:\n  t: no\n", within(&rest)) };
        Known { before: format!("{mark}{}", ends(&before, kind)), quote, old, after: ends(&after, kind) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ini(known in ini_document(), value in token()) {
        known.obeys(Format::Ini, &Place::ini("TOKEN", "refresh_token"), &value)?;
    }

    #[test]
    fn dotenv(known in env_document(), value in token()) {
        known.obeys(Format::Dotenv, &Place::dotenv("T"), &value)?;
    }

    #[test]
    fn properties((known, name) in java_document(), value in token()) {
        known.obeys(Format::Properties, &Place::dotenv(name), &value)?;
    }

    #[test]
    fn fish(known in fish_document(), value in token().prop_filter("a home folder", |value| !value.starts_with('~'))) {
        known.obeys(Format::Fish, &Place::dotenv("T"), &value)?;
    }

    #[test]
    fn json(known in json_document(), value in token()) {
        known.obeys(Format::Json, &Place::keys(["s", "t"]), &value)?;
    }

    #[test]
    fn toml(known in toml_document(), value in token()) {
        known.obeys(Format::Toml, &Place::keys(["s", "t"]), &value)?;
    }

    #[test]
    fn yaml(known in yaml_document(), value in token()) {
        let value = if known.quote.is_empty() { format!("u-{value}") } else { value };
        known.obeys(Format::Yaml, &Place::keys(["s", "t"]), &value)?;
    }

    #[test]
    fn any_text_in_files_of_tables(value in any::<String>()) {
        let place = Place::Path(vec![PathStep::Key("t".into())]);
        for (format, text) in [
            (Format::Json, "{\"t\": \"x\"}"),
            (Format::Toml, "t = 'x'"),
            (Format::Yaml, "t: x"),
            (Format::Yaml, "t: 'x'"),
            (Format::Yaml, "t: \"x\""),
            (Format::Yaml, "t:"),
        ] {
            let changed = set(format, text, &place, &value).unwrap();
            let read = get(format, &changed, &place).unwrap();
            prop_assert_eq!(read.as_deref(), Some(value.as_str()));
        }
    }
}
