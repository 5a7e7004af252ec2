//! `tokenward wiki list`: the pages that were published from this machine, as it remembers them. Asks nobody.

use std::process::ExitCode;

use serde_json::json;
use tokenward_core::{ProfileName, ProviderName};
use tokenward_wiki::{ListedPage, Store, host};

use super::engine::{TENANT_HOST, general_host};
use super::obstacle;
use crate::context::Context;
use crate::failure::Failure;

pub(super) fn run(context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    let set = context.ambient.env.get(TENANT_HOST).and_then(|text| host(text).ok());
    // A profile that is gone leaves its pages behind.
    let provider = |owner: &str| {
        let name: ProfileName = owner.parse().ok()?;
        Some(settings.profile(Some(&name)).ok()?.provider())
    };
    let host_of = |owner: &str| {
        set.clone().unwrap_or_else(|| general_host(provider(owner).unwrap_or(ProviderName::Feishu)).to_owned())
    };
    let pages = Store::new(context.home()?.path()).pages(host_of);
    let mut pages = pages.map_err(|error| obstacle::failure(error, None, context))?;
    if let Some(named) = context.named(&settings)? {
        pages.retain(|page| page.owner == named.as_str());
    }
    if context.printer.json {
        let pages: Vec<_> = pages.iter().map(fields).collect();
        context.printer.document(&json!({ "pages": pages }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if pages.is_empty() {
        context.printer.note(lang.wiki_none_listed());
        return Ok(ExitCode::SUCCESS);
    }
    let one_owner = pages.iter().all(|page| page.owner == pages[0].owner);
    let mut heads = vec![lang.head_file(), lang.head_title(), lang.head_address(), lang.head_written()];
    if !one_owner {
        heads.push(lang.head_profile());
    }
    let row = |page: &ListedPage| {
        let title = page.title.clone().unwrap_or_else(|| lang.none());
        let title = if page.whole { title } else { format!("{title} {}", lang.wiki_unfinished()) };
        let mut row = vec![
            context.short(&page.file),
            title,
            page.address.clone().unwrap_or_else(|| lang.none()),
            page.written_at.map_or_else(|| lang.none(), |at| lang.distance(at, context.now())),
        ];
        if !one_owner {
            row.push(page.owner.clone());
        }
        row
    };
    context.printer.table(&heads, pages.iter().map(row).collect())?;
    Ok(ExitCode::SUCCESS)
}

fn fields(page: &ListedPage) -> serde_json::Value {
    json!({
        "file": page.file.display().to_string(),
        "profile": page.owner,
        "title": page.title,
        "url": page.address,
        "whole": page.whole,
        "written_at": page.written_at,
    })
}
