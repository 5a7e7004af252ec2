//! From arguments to a call.

use std::io::Read;

use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use tokenward::{Call, CallBody, Part};
use tokenward_core::Code;

use crate::args::Api;
use crate::context::Context;
use crate::failure::Failure;

/// The call that the arguments describe.
pub(super) fn call(api: &Api, context: &Context) -> Result<Call, Failure> {
    let body = match (&api.data, api.form.as_slice()) {
        (Some(data), _) => data_body(data, api, context)?,
        (None, []) => CallBody::Empty,
        (None, fields) => CallBody::Multipart(
            fields.iter().map(|(name, value)| part(name, value, context)).collect::<Result<_, _>>()?,
        ),
    };
    let method = api.method.clone().unwrap_or(match body {
        CallBody::Empty => Method::GET,
        _ => Method::POST,
    });
    let mut call = Call::new(method, &api.target);
    call.query.clone_from(&api.query);
    for (name, value) in &api.header {
        call = call.header(name.clone(), value.clone());
    }
    call.body = body;
    call.repeatable |= api.repeatable;
    Ok(call)
}

fn data_body(data: &str, api: &Api, context: &Context) -> Result<CallBody, Failure> {
    let lang = context.lang();
    let bytes = if let Some(file) = data.strip_prefix('@') {
        file_bytes(file, context)?
    } else if data == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(|error| {
            Failure::new(Code::FileUnusable, lang.body_unreadable("stdin")).detail(error.to_string()).complete()
        })?;
        bytes
    } else {
        data.as_bytes().to_vec()
    };
    if api.header.iter().any(|(name, _)| *name == CONTENT_TYPE) {
        // The header that was given is sent instead of this one.
        return Ok(CallBody::Bytes { content_type: "application/octet-stream".to_owned(), bytes: Bytes::from(bytes) });
    }
    if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(&bytes) {
        let what = if data == "-" { "stdin" } else { data.strip_prefix('@').unwrap_or("-d") };
        let failure = Failure::new(Code::Usage, lang.body_not_json(what)).detail(error.to_string());
        return Err(failure.then(lang.body_give_type()));
    }
    // As it was typed: numbers keep their digits and keys their order.
    Ok(CallBody::Bytes { content_type: "application/json; charset=utf-8".to_owned(), bytes: Bytes::from(bytes) })
}

fn part(name: &str, value: &str, context: &Context) -> Result<Part, Failure> {
    let Some(path) = value.strip_prefix('@') else { return Ok(Part::text(name, value)) };
    let bytes = file_bytes(path, context)?;
    let file_name = std::path::Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(Part::file(name, file_name, bytes))
}

fn file_bytes(path: &str, context: &Context) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| {
        Failure::new(Code::FileUnusable, context.lang().body_unreadable(path)).detail(error.to_string()).complete()
    })
}
