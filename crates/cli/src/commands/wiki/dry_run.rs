//! `wiki create --dry-run`, `wiki update --dry-run`: what would be done with a file. Sends nothing, and needs no login.

use std::process::ExitCode;

use serde_json::json;
use tokenward_wiki::{Manuscript, Outlook, PageLocation, PageObserver as _, Space, Store, Wiki as Engine};

use super::engine::tenant_host;
use super::error_words;
use super::progress::Progress;
use crate::args::WikiPlace;
use crate::context::Context;
use crate::failure::Failure;

/// What would be made of a file.
pub(super) fn create(
    manuscript: &Manuscript,
    place: &PageLocation,
    import: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    manuscript.check(import).map_err(|error| error_words::failure(error, None, context))?;
    let parts = manuscript.parts().map_err(|error| error_words::failure(error, None, context))?;
    let lang = context.lang();
    tell_remarks(manuscript, context);
    if context.printer.json {
        let (space, node) = match &place.space {
            Space::Personal => ("personal", None),
            Space::Id(id) => (id.as_str(), None),
            Space::OfNode(node) => ("of-node", Some(node)),
        };
        context.printer.document(&json!({
            "file": manuscript.path.display().to_string(),
            "title": manuscript.title,
            "space": space,
            "space_of_node": node,
            "parent": place.parent,
            "import": import,
            "images": pictures(manuscript),
            "blocks": manuscript.blocks(),
            "parts": parts,
        }))?;
    } else {
        let space = match &place.space {
            Space::Personal => lang.wiki_personal(),
            Space::Id(id) => id.clone(),
            Space::OfNode(node) => lang.wiki_space_of(node),
        };
        let mut facts = vec![(lang.fact_title(), manuscript.title.clone()), (lang.fact_space(), space)];
        facts.extend(place.parent.clone().map(|parent| (lang.fact_parent(), parent)));
        facts.extend(picture_facts(manuscript, context));
        facts.push((lang.fact_blocks(), lang.wiki_blocks(manuscript.blocks())));
        context.printer.facts(&facts)?;
        context.printer.note(lang.wiki_dry_run());
    }
    Ok(ExitCode::SUCCESS)
}

/// What an update would do, as far as the records tell.
pub(super) fn update(
    manuscript: &Manuscript,
    place: Option<&PageLocation>,
    asked: &WikiPlace,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let settings = context.settings()?;
    let profile = context.profile(&settings)?;
    let (store, host) = (Store::new(context.home()?.path()), tenant_host(asked, profile.provider(), context)?);
    let outlook = Engine::outlook(&store, profile.name.as_str(), &host, manuscript, place);
    let Outlook { address, title, whole, changed } =
        outlook.map_err(|error| error_words::failure(error, None, context))?;
    let lang = context.lang();
    tell_remarks(manuscript, context);
    if context.printer.json {
        context.printer.document(&json!({
            "file": manuscript.path.display().to_string(),
            "title": title,
            "url": address,
            "whole": whole,
            "changed": changed,
            "images": pictures(manuscript),
            "blocks": manuscript.blocks(),
        }))?;
    } else {
        let outcome = match (whole, changed) {
            (false, _) => lang.wiki_would_finish(),
            (true, true) => lang.wiki_would_change(),
            (true, false) => lang.wiki_would_stay(),
        };
        let mut facts = vec![(lang.fact_page(), address), (lang.fact_title(), title), (lang.fact_update(), outcome)];
        facts.extend(picture_facts(manuscript, context));
        facts.push((lang.fact_blocks(), lang.wiki_blocks(manuscript.blocks())));
        context.printer.facts(&facts)?;
        context.printer.note(lang.wiki_dry_run());
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn tell_remarks(manuscript: &Manuscript, context: &Context) {
    let progress = Progress::new(context);
    manuscript.remarks().into_iter().for_each(|remark| progress.notice(remark));
}

pub(super) fn pictures(manuscript: &Manuscript) -> serde_json::Value {
    let (local, web) = manuscript.pictures();
    json!({ "local": local, "web": web, "hosts": manuscript.hosts() })
}

fn picture_facts(manuscript: &Manuscript, context: &Context) -> Vec<(String, String)> {
    let lang = context.lang();
    let (local, web) = manuscript.pictures();
    let mut facts = vec![(lang.fact_pictures(), lang.wiki_pictures(local, web))];
    let hosts = manuscript.hosts();
    if !hosts.is_empty() {
        facts.push((lang.fact_picture_hosts(), hosts.join(", ")));
    }
    facts
}
