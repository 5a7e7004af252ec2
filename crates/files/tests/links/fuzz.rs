//! The fuzz targets' bodies, run with inputs made of the pieces each format is made of. Short here; `./test --heavy` has them
//! compiled with optimisation and sets `TOKENWARD_TEST_FUZZ` to 2.5 million inputs a format. Guided by coverage with
//! `cargo fuzz` in `fuzz/`.

#[path = "../../../../fuzz/bodies/links.rs"]
mod bodies;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokenward_files::links::Format;

const COMMON: &[&str] = &[
    "token", "TOKEN", "b", "A_1", "a", "args", "-u", " ", "  ", "\t", "\n", "\r\n", "\r", "=", ":", "#", ";", "\"",
    "'", "\\", "[", "]", "{", "}", ",", "old", "1", "null", "中", "\u{feff}", "\u{1c}", "\u{a0}", "%", "$", "//", "/*",
    "*/",
];
const INI: &[&str] = &[
    "[TOKEN]\n",
    "token = {\"token\":\"old\"}\n",
    "[a]\n",
    "[DEFAULT]\n",
    "token = old\n",
    "b: 1\n",
    "refresh_token=x\n",
    "  deeper\n",
    "# c\n",
    "token =\n",
    "\n",
];
const ENV: &[&str] = &[
    "TOKEN=old\n",
    "TOKEN='{\"token\":\"old\"}'\n",
    "{\"token\":null}",
    "TOKEN=\"Bearer {\\\"token\\\":1}\"\n",
    "export b='x y'\n",
    "A_1=\"q\\\"\" # c\n",
    "TOKEN= # c\n",
    "b=\n",
    "# c\n",
    "TOKEN\n",
];
const JAVA: &[&str] = &[
    "token=old\n",
    "TOKEN = old\n",
    "TOKEN={\"token\":\"old\"}\n",
    "TOKEN: {\\\"token\\\"\\:1}\n",
    "token old\\\n  more\n",
    "b\n",
    "A_1=\\u0041\\\\\n",
    "\\\n",
    "\\\r\n",
    "\\u00",
    "! c\n",
    "#---\n",
    "\u{c}",
];
const FISH: &[&str] = &[
    "set -gx TOKEN old\n",
    "set -gx TOKEN '{\"token\":\"old\"}'\n",
    "set TOKEN \\{\\\"token\\\":null\\}\n",
    "set -x TOKEN \"a\\\"b\"'c old';",
    "set b\n",
    "set --export A_1 \"q\\$\" # c\n",
    "set -e TOKEN\n",
    "set -l token ~/x\n",
    "if true\n",
    "else if true; ",
    "end\n",
    "end | ",
    "and ",
    "(",
    ")",
    "\\\n",
    "set ",
    "return\n",
];
const JSON: &[&str] = &[
    "{\"token\":\"old\"}",
    "\"token\": \"{\\\"token\\\":\\u0022x\\\"}\",",
    "\"a\\u0020old\"",
    "\"expires_at\": 1700000000.0,",
    "\"token\": \"x\"",
    "\"a\": {",
    "\"b\": {",
    "\"args\": [\"-u\", \"old\"]",
    "},",
    "}",
    "{",
    "// c\n",
    "\"\\u00e9\"",
    "\"refresh_token\": \"x\",",
    "\"expires_at\": 1.5,",
    "\"mcpServers\": {",
    "\"env\": {\"USER_ACCESS_TOKEN\": \"x\"}",
];
const TOML: &[&str] = &[
    "token = \"old\"\n",
    "token = '{\"token\":\"old\"}'\n",
    "token = \"\"\"\\\n  a\\u0020old\"\"\"\n",
    "[a]\n",
    "[a.b]\n",
    "[[a]]\n",
    "args = ['-u', 'old']\n",
    "a = { token = '1' }\n",
    "a.token = '2'\n",
    "token = '''x\n'''\n",
    "b = 1\n",
    "# c\n",
    "[mcp_servers.lark]\n",
    "refresh_token = 'x'\n",
];

const YAML: &[&str] = &[
    "token: old\n",
    "token: '{\"token\":\"old\"}'\n",
    "token: \"a\\u0020old\"\n",
    "token:\n",
    "a:\n",
    "  token: x\n",
    "  b:\n",
    "    token: 'x'\n",
    "args:\n- -u\n- old\n",
    "- token: x\n",
    "  - b\n",
    "b: |\n  token: x\n",
    "b: [a, 'b',\n",
    "]\n",
    "{token: old}\n",
    "&x ",
    "*x\n",
    "!y ",
    "# c\n",
    "---\n",
    "refresh_token: x\n",
    "expires_at: 1.5\n",
    "- ",
    ": ",
    "? ",
];

fn run(format: Format, pieces: &'static [&'static str], seed: u8) {
    #[expect(clippy::disallowed_methods, reason = "the switch for long runs")]
    let wish = std::env::var("TOKENWARD_TEST_FUZZ").ok();
    let cases = wish.map_or(10_000, |number| number.parse().expect("TOKENWARD_TEST_FUZZ is a number of inputs"));
    let piece = prop_oneof![4 => proptest::sample::select(pieces), 1 => proptest::sample::select(COMMON)];
    let bytes = prop_oneof![
        30 => proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
    ];
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    TestRunner::new_with_rng(config, rng)
        .run(&bytes, |bytes| {
            bodies::links(format, &bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn ini() {
    run(Format::Ini, INI, 1);
}

#[test]
fn dotenv() {
    run(Format::Dotenv, ENV, 2);
}

#[test]
fn json() {
    run(Format::Json, JSON, 3);
}

#[test]
fn toml() {
    run(Format::Toml, TOML, 4);
}

#[test]
fn yaml() {
    run(Format::Yaml, YAML, 7);
}

#[test]
fn fish() {
    run(Format::Fish, FISH, 6);
}

#[test]
fn properties() {
    run(Format::Properties, JAVA, 5);
}
