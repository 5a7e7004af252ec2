//! `tokenward wiki list`: the pages that were published from this machine, as it remembers them. Asks nobody.

use std::process::ExitCode;

use serde_json::json;
use tokenward_core::{ProfileName, ProviderName};
use tokenward_wiki::{ListedPage, Store, host};

use super::engine::{TENANT_HOST, general_host};
use super::error_words;
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
    let mut pages = pages.map_err(|error| error_words::failure(error, None, context))?;
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
    for page in &pages {
        let title = page.title.clone().unwrap_or_else(|| lang.none());
        let title = if page.whole { title } else { format!("{title} {}", lang.wiki_unfinished()) };
        let file = context.short(&page.file);
        let written = page.written_at.map_or_else(|| lang.unknown(), |at| lang.distance(at, context.now()));
        context.printer.data(&if one_owner {
            lang.wiki_listed(title, file, written)
        } else {
            lang.wiki_listed_of(title, file, written, &page.owner)
        })?;
        // On a line of its own: a table would break it on a narrow terminal, and it could not be copied.
        if let Some(address) = &page.address {
            context.printer.data(&format!("  {address}"))?;
        }
    }
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
