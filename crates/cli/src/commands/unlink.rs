//! `tokenward unlink`: a file is no longer kept in step. The file stays as it is.

use std::process::ExitCode;

use serde_json::json;
use tokenward_core::{Code, Link, Place, ProfileName, Slot, Standing};

use crate::args::Unlink;
use crate::commands::link::places;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::LinkFields;
use crate::token_places::{absolute, is_of_server, not_linked, place_flags, quoted};

pub(super) async fn run(unlink: &Unlink, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    // A file that is there needs no link to be let go.
    let next = || if unlink.file.exists() { lang.see_links() } else { not_linked(&unlink.file, lang) };
    let Some(session) = context.look(&settings).await? else {
        return Err(Failure::of(Code::LinkNotFound).then(next()));
    };
    let links = session.links();
    let named = context.named(&settings)?;
    let mut found = links.of_file(&absolute(&unlink.file), named.as_ref()).await.map_err(|error| {
        let code = error.code();
        let failure = Failure::from(error);
        if code == Code::LinkNotFound { failure.then(next()) } else { failure }
    })?;
    if let Some(server) = &unlink.server {
        found.retain(|link| link.target.places.values().any(|place| is_of_server(place, server)));
        if found.is_empty() {
            let what = lang.no_such_server(context.short(&unlink.file), server.escape_debug());
            return Err(Failure::new(Code::LinkNotFound, what).then(lang.see_links()));
        }
    }
    for (slot, named) in [(Slot::AccessToken, &unlink.access), (Slot::RefreshToken, &unlink.refresh)] {
        let Some(named) = named else { continue };
        let shows = |link: &Link| link.target.places.get(&slot).is_some_and(|place| is_named(place, link, named));
        if !found.iter().any(shows) {
            let failure = Failure::new(Code::LinkNotFound, lang.no_such_link(context.short(&unlink.file)));
            return Err(failure.then_all(ways(&found, context)).complete());
        }
        found.retain(shows);
    }
    let mut profiles: Vec<_> = found.iter().map(|link| link.target.profile.clone()).collect();
    profiles.sort();
    profiles.dedup();
    // One `link FILE` links every place of a login, and one `unlink FILE` ends that. Of two logins it cannot be told which is meant.
    if profiles.len() > 1 && !unlink.all {
        let known = profiles.iter().map(ProfileName::as_str).collect::<Vec<_>>().join(", ");
        let failure = Failure::new(Code::Usage, lang.several_links(unlink.file.display(), found.len(), known));
        return Err(failure.then_all(ways(&found, context)).then(lang.several_links_next()));
    }
    for link in &found {
        links.unlink(link.id).await?;
    }
    links.let_go(&absolute(&unlink.file)).await?;
    // Where other places of the file are still kept, the file is not let go.
    let left = links.of_file(&absolute(&unlink.file), None).await.is_ok();
    for link in &found {
        let (file, profile) = (context.short(&link.target.file), &link.target.profile);
        context.printer.note(if left {
            lang.unlinked_places(places(link, lang), file, profile)
        } else if found.len() > 1 {
            lang.unlinked_place(places(link, lang), file, profile)
        } else {
            lang.unlinked(file, profile)
        });
    }
    if context.printer.json {
        context.printer.document(&json!({ "unlinked": found.iter().map(LinkFields::of).collect::<Vec<_>>() }))?;
    } else if !unlink.file.exists() {
        context.printer.note(lang.unlinked_gone(unlink.file.display()));
    } else {
        let had_refresh = found.iter().any(|link| link.target.places.contains_key(&Slot::RefreshToken));
        let mut is_refreshed = false;
        for profile in &profiles {
            let login = session.keeper().login_of(profile).await?;
            is_refreshed |= login.is_some_and(|login| !matches!(login.standing, Standing::Retired { .. }));
        }
        context.printer.note(if !is_refreshed {
            lang.unlinked_logged_out()
        } else if had_refresh {
            lang.unlinked_stays()
        } else {
            lang.unlinked_access_stays()
        });
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a place is the one that was typed: as a flag of `link` takes it, or as `links` shows it.
fn is_named(place: &Place, link: &Link, typed: &str) -> bool {
    place.to_string() == typed || Place::parse(link.target.format, typed).is_ok_and(|named| named == *place)
}

/// The command for each link, which no other one answers to.
fn ways(found: &[Link], context: &Context) -> Vec<String> {
    let way = |link: &Link| {
        let (file, flags) = (quoted(&context.short(&link.target.file)), place_flags(&link.target.places));
        context.lang().unlink_place(format!("tokenward unlink {file} {flags}"), &link.target.profile)
    };
    found.iter().map(way).collect()
}
