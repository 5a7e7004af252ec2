//! Answers and what they mean: `cases/<family>/<name>.http` is an answer, `<name>.json` its reading.
//!
//! An answer is a status line, headers, an empty line and the body (its last line break is not part of it). `Cut: yes`
//! says that the connection broke off. The readings were written by hand from the reference.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokenward_core::ports::TokenEndpoint;
use tokenward_core::{Issued, Oddity, Outcome, RawAnswer, Refusal, SecretBytes, TokenApi};

use crate::support;

#[test]
fn every_case_reads_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut wrong = Vec::new();
    let mut count = 0;
    for api in TokenApi::ALL {
        for file in answers(&root.join(api.as_str())) {
            let answer = parse(&std::fs::read(&file).unwrap());
            let expected: Value = serde_json::from_slice(&std::fs::read(file.with_extension("json")).unwrap()).unwrap();
            let outcome = support::providers().read(&support::work(), api, &answer);
            let debug = format!("{outcome:?}");
            let read = told(outcome);
            if read != expected {
                wrong.push(format!("{}:\n  read     {read}\n  expected {expected}", file.display()));
            }
            for secret in ["eyJhbGciOi", "ur-2def", "u-1abc", "aCc3ss", "rEfr3sh"] {
                assert!(!debug.contains(secret), "{}: {debug}", file.display());
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 160, "only {count} cases were found");
}

fn answers(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "http")).collect();
    files.sort();
    files
}

fn parse(file: &[u8]) -> RawAnswer {
    let split = file.windows(2).position(|window| window == b"\n\n").expect("an empty line after the head");
    let (head, body) = (std::str::from_utf8(&file[..split]).unwrap(), &file[split + 2..]);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")).unwrap().parse().unwrap();
    let headers: Vec<(&str, &str)> = lines.map(|line| line.split_once(": ").unwrap()).collect();
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    RawAnswer {
        status,
        content_type: header("Content-Type"),
        log_id: header("x-tt-logid"),
        date: None,
        retry_after: header("x-ogw-ratelimit-reset")
            .or_else(|| header("Retry-After"))
            .map(|wait| wait.parse().unwrap()),
        location: header("Location"),
        body: SecretBytes::new(body.strip_suffix(b"\n").unwrap_or(body).to_vec()),
        whole: header("Cut").is_none(),
        received: Timestamp::from_second(support::NOW).unwrap(),
    }
}

fn told(outcome: Outcome) -> Value {
    match outcome {
        Outcome::Rotated { issued, oddities } => rotated(issued, &oddities),
        Outcome::Refused(refusal) => refused("refused", &refusal),
        Outcome::Unreadable(refusal) => refused("unreadable", &refusal),
        Outcome::NoSuchEndpoint(refusal) => refused("no-such-endpoint", &refusal),
    }
}

fn rotated(issued: Issued, oddities: &[Oddity]) -> Value {
    let mut map = Map::new();
    map.insert("outcome".to_owned(), json!("rotated"));
    if let Some(access) = issued.access {
        assert_eq!(access.obtained.as_second(), support::NOW);
        map.insert("access".to_owned(), json!(access.token.expose()));
        map.insert("access_seconds".to_owned(), json!(access.expires.as_second() - support::NOW));
    }
    if let Some(refresh) = issued.refresh {
        map.insert("refresh".to_owned(), json!(refresh.expose()));
    }
    if let Some(end) = issued.refresh_expires {
        map.insert("refresh_seconds".to_owned(), json!(end.as_second() - support::NOW));
    }
    if let Some(scopes) = issued.scopes {
        map.insert("scopes".to_owned(), json!(scopes.to_string()));
    }
    if let Some(subject) = issued.subject {
        map.insert("subject".to_owned(), json!(subject));
    }
    map.insert("oddities".to_owned(), json!(oddities));
    Value::Object(map)
}

fn refused(outcome: &str, refusal: &Refusal) -> Value {
    let mut map = Map::new();
    map.insert("outcome".to_owned(), json!(outcome));
    map.insert("class".to_owned(), json!(refusal.class));
    map.insert("remedy".to_owned(), json!(refusal.remedy));
    map.insert("status".to_owned(), json!(refusal.status));
    map.insert("has_meaning".to_owned(), json!(refusal.meaning.is_some()));
    let optional = [
        ("code", json!(refusal.provider_code)),
        ("description", json!(refusal.description)),
        ("log_id", json!(refusal.log_id)),
        ("retry_after", json!(refusal.retry_after)),
        ("missing_scopes", json!(Some(&refusal.missing_scopes).filter(|scopes| !scopes.is_empty()))),
    ];
    map.extend(
        optional.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)),
    );
    Value::Object(map)
}
