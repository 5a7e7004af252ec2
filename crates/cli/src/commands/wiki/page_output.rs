//! A page that is there, shown: for programs, in the browser, and with a word on its address.

use std::path::Path;

use serde_json::json;
use tokenward_wiki::Report;
use url::Url;

use super::engine::GENERAL;
use crate::browser;
use crate::context::Context;

/// A page for programs.
pub(super) fn fields(file: &Path, report: &Report) -> serde_json::Value {
    json!({
        "file": file.display().to_string(),
        "url": report.address,
        "node_token": report.node_token,
        "document_id": report.document_id,
        "space_id": report.space_id,
        "title": report.title,
        "blocks": report.blocks,
        "changed": report.changed,
    })
}

/// Says where the address leads that is not the tenant's own, to somebody who looks on.
pub(super) fn tell_general_host(report: &Report, context: &Context) {
    let host = Url::parse(&report.address).ok().and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default();
    if GENERAL.contains(&host.as_str()) && context.ambient.surface.err {
        context.printer.note(context.lang().wiki_general_host(host));
    }
}

/// Shows the page in the browser. Its address is no secret: whoever sees it needs a login of their own.
pub(super) fn open(report: &Report, context: &Context) {
    let opened = Url::parse(&report.address).is_ok_and(|url| browser::open(&url, &context.ambient));
    if !opened {
        context.printer.note(context.lang().wiki_not_opened());
    }
}
