//! Python itself is asked: what `configparser` and `python-dotenv` read before and after a value was written.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::de::DeserializeOwned;
use tokenward_files::links::{Document, Format, Place};

type Sections = BTreeMap<String, BTreeMap<String, String>>;
type Values = BTreeMap<String, Option<String>>;

/// Reads JSON texts from stdin, a line each; prints what configparser makes of each, or null.
const CONFIGPARSER: &str = r"
import configparser, io, json, sys
for line in sys.stdin:
    parser = configparser.RawConfigParser(strict=False)
    try:
        # Universal newlines, as open() in text mode.
        parser.read_file(io.StringIO(json.loads(line), newline=None))
        found = {name: dict(parser._sections[name]) for name in parser.sections()}
        if parser.defaults(): found['DEFAULT'] = dict(parser.defaults())
        print(json.dumps(found))
    except configparser.Error:
        print('null')
";

/// The same for python-dotenv, where it is installed.
const DOTENV: &str = r"
import io, json, sys, dotenv
for line in sys.stdin:
    text = io.StringIO(json.loads(line))
    print(json.dumps(dict(dotenv.dotenv_values(stream=text, interpolate=False, verbose=False))))
";

/// Whether it can be asked.
pub(crate) fn is_there() -> Result<(), &'static str> {
    imports("configparser").then_some(()).ok_or("python3 is not on this machine")
}

pub(crate) fn has_dotenv() -> Result<(), &'static str> {
    imports("dotenv").then_some(()).ok_or("python-dotenv is not on this machine")
}

fn imports(module: &str) -> bool {
    let program = format!("import {module}");
    let status = Command::new("python3").args(["-c", &program]).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What a Python program reads of each text.
fn ask<T: DeserializeOwned>(program: &str, texts: &[String]) -> Vec<T> {
    let child = Command::new("python3").args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.expect("python3");
    let mut input = child.stdin.take().unwrap();
    let lines: String =
        texts.iter().flat_map(|text| [serde_json::Value::from(text.as_str()).to_string(), "\n".to_owned()]).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) fn configparser_reads_what_was_written_and_nothing_else_changed() {
    let pieces = [
        "[TOKEN]\n",
        "[a]\n",
        "[DEFAULT]\n",
        "[x] y\n",
        "token = old\n",
        "token: 1\r\n",
        "TOKEN=2",
        "b = 1\n",
        "  deeper\n",
        "\tand = more\n",
        "\n",
        "   \n",
        "# c\n",
        "  ; d\n",
        "token =\n",
        "token\n",
        "=\n",
        "c = # no comment\n",
        "e=中\r",
        "\u{1c}f = 1\n",
        "\u{a0}g=2\n",
        "[]\n",
        "]\n",
        "[h\n",
    ];
    let first = proptest::sample::select(vec!["[TOKEN]\n", "[a]\n", "[DEFAULT]\n", "# c\n"]);
    let rest = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..9);
    let text = (first, rest).prop_map(|(first, rest)| format!("{first}{}", rest.concat()));
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let texts: Vec<String> = (0..4000).map(|_| text.new_tree(&mut runner).unwrap().current()).collect();
    let place = Place::ini("TOKEN", "token");
    let changed: Vec<Option<String>> = texts
        .iter()
        .map(|text| {
            let mut document = Document::parse(Format::Ini, text.as_bytes()).ok()?;
            document.set(&place, "u-NEW").unwrap();
            Some(String::from_utf8(document.bytes().to_vec()).unwrap())
        })
        .collect();
    let after: Vec<String> = changed.iter().map(|text| text.clone().unwrap_or_default()).collect();
    let before = ask::<Option<Sections>>(CONFIGPARSER, &texts);
    let after = ask::<Option<Sections>>(CONFIGPARSER, &after);
    let mut accepted = 0;
    for (((text, changed), before), after) in texts.iter().zip(&changed).zip(before).zip(after) {
        assert_eq!(changed.is_some(), before.is_some(), "only one of us reads {text:?}");
        let (Some(changed), Some(mut before)) = (changed, before) else { continue };
        accepted += 1;
        for (section, keys) in &before {
            for (key, value) in keys {
                let read =
                    Document::parse(Format::Ini, text.as_bytes()).unwrap().get(&Place::ini(section, key)).unwrap();
                assert_eq!(read.as_deref(), Some(value), "{section} {key} of {text:?}");
            }
        }
        before.entry("TOKEN".to_owned()).or_default().insert("token".to_owned(), "u-NEW".to_owned());
        assert_eq!(after, Some(before), "{text:?} became {changed:?}");
    }
    assert!(accepted > 400, "{accepted}");
}

pub(crate) fn python_dotenv_reads_what_was_written_and_nothing_else_changed() {
    let pieces = [
        "T=old\n",
        "T='1'\r\n",
        "export T=\"2\" # c\n",
        "T = a b # c\n",
        "A=1\n",
        "'A'=2\n",
        "B='x\ny' # c\n",
        "C=\"q\\\"\\n\\x\"\n",
        "D='\\'\\\\\\n'\n",
        "E=a#b\n",
        "F=a\t#b\n",
        "G=\n",
        "G\n",
        "# T=no\n",
        "\n",
        "  \n",
        "export  H=中 \r",
        " I=1",
        "T=\n",
        "T\n",
    ];
    let text = proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..9).prop_map(|all| all.concat());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[8; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let all = (0..4000).map(|_| text.new_tree(&mut runner).unwrap().current());
    // What python-dotenv warns about and leaves out, we refuse.
    let texts: Vec<String> = all.filter(|text| Document::parse(Format::Dotenv, text.as_bytes()).is_ok()).collect();
    assert!(texts.len() > 2000, "{}", texts.len());
    let place = Place::dotenv("T");
    let write = |text: &String| {
        let mut document = Document::parse(Format::Dotenv, text.as_bytes()).unwrap();
        document.set(&place, "u-NEW").unwrap();
        String::from_utf8(document.bytes().to_vec()).unwrap()
    };
    let changed: Vec<String> = texts.iter().map(write).collect();
    let (before, after) = (ask::<Values>(DOTENV, &texts), ask::<Values>(DOTENV, &changed));
    for (((text, changed), mut before), after) in texts.iter().zip(&changed).zip(before).zip(after) {
        for (name, value) in &before {
            let read = Document::parse(Format::Dotenv, text.as_bytes()).unwrap().get(&Place::dotenv(name)).unwrap();
            assert_eq!(read.as_deref(), value.as_ref(), "{name} of {text:?}");
        }
        before.insert("T".to_owned(), Some("u-NEW".to_owned()));
        assert_eq!(after, before, "{text:?} became {changed:?}");
    }
}
