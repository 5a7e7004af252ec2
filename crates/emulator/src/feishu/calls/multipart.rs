//! `multipart/form-data` (RFC 7578), as far as uploads need it.

use std::collections::BTreeMap;

use bytes::Bytes;

/// The fields of a form, the first of each name; nothing when the body is not one.
pub(super) fn fields(content_type: &str, body: &Bytes) -> Option<BTreeMap<String, Bytes>> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let boundary = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })?;
    let open = format!("--{boundary}");
    let next = format!("\r\n--{boundary}");
    let mut at = find(body, open.as_bytes(), 0)? + open.len();
    let mut fields = BTreeMap::new();
    loop {
        match body.get(at..at + 2)? {
            b"--" => return Some(fields),
            b"\r\n" => at += 2,
            _ => return None,
        }
        let head = find(body, b"\r\n\r\n", at)?;
        let end = find(body, next.as_bytes(), head + 2)?;
        let name = name(std::str::from_utf8(body.get(at..head)?).ok()?)?;
        fields.entry(name).or_insert_with(|| body.slice((head + 4).min(end)..end));
        at = end + next.len();
    }
}

/// The name in a part's headers.
fn name(head: &str) -> Option<String> {
    let line = head.split("\r\n").find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    line.split(';').find_map(|parameter| {
        let (name, value) = parameter.trim().split_once('=')?;
        (name == "name").then(|| value.trim_matches('"').to_owned())
    })
}

fn find(body: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = body.get(from..)?;
    let (&first, tail) = wanted.split_first()?;
    let mut at = 0;
    // Hops from one first byte to the next: files are large, and tests are not built with optimisation.
    while let Some(hop) = rest.get(at..)?.iter().position(|byte| *byte == first) {
        at += hop;
        if rest.get(at + 1..)?.starts_with(tail) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}
