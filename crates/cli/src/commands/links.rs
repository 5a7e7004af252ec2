//! `tokenward links`: how linked files stand. Looks, and neither sends nor writes anything (I8).

use std::process::ExitCode;

use serde_json::json;
use tokenward::links::LinkState;
use tokenward_core::{Code, ExitClass};

use crate::args::Links;
use crate::commands::link;
use crate::desk::Desk;
use crate::failure::Failure;
use crate::fields::LinkFields;
use crate::spot::absolute;

pub(super) async fn run(wish: &Links, desk: &Desk) -> Result<ExitCode, Failure> {
    let lang = desk.lang();
    let settings = desk.settings()?;
    let Some(session) = desk.look(&settings).await? else {
        if let Some(file) = &wish.file {
            return Err(Failure::of(Code::LinkNotFound).then(lang.link_it(file.display())));
        }
        if desk.printer.json {
            desk.printer.document(&json!({ "links": [] }))?;
        } else {
            desk.printer.note(lang.no_links());
        }
        return Ok(ExitCode::SUCCESS);
    };
    let links = session.links();
    let named = desk.named(&settings)?;
    let mut states = links.states(named.as_ref()).await?;
    if let Some(file) = &wish.file {
        let of_file = links.of_file(&absolute(file), named.as_ref()).await;
        let of_file = of_file.map_err(|error| {
            let code = error.code();
            let failure = Failure::from(error);
            if code == Code::LinkNotFound { failure.then(lang.link_it(file.display())) } else { failure }
        })?;
        states.retain(|state| of_file.iter().any(|link| link.id == state.link.id));
    }
    if desk.printer.json {
        let fields: Vec<_> = states.iter().map(|state| LinkFields::of(&state.link).found(state)).collect();
        desk.printer.document(&json!({ "links": fields }))?;
    } else if states.is_empty() {
        desk.printer.note(lang.no_links());
    } else {
        let heads = [lang.head_file(), lang.head_profile(), lang.head_state(), lang.head_delivered()];
        desk.printer.table(&heads, states.iter().map(|state| row(state, &states, desk)).collect())?;
        for state in &states {
            for word in lang.link_advice(state).into_iter().chain(lang.permitted(state)) {
                desk.printer.note(format!("{}{}{word}", desk.short(&state.link.target.file), lang.colon()));
            }
        }
    }
    let worst = states.iter().map(link::exit).max_by_key(|exit| match exit {
        ExitClass::Done => 0,
        ExitClass::TryLater => 1,
        ExitClass::NeedsConsent => 3,
        _ => 2,
    });
    Ok(ExitCode::from(worst.unwrap_or(ExitClass::Done) as u8))
}

fn row(state: &LinkState, all: &[LinkState], desk: &Desk) -> Vec<String> {
    let (lang, link) = (desk.lang(), &state.link);
    let mut file = desk.short(&link.target.file);
    // Several links of one file are told apart by their first place.
    if all.iter().filter(|other| other.link.target.file == link.target.file).count() > 1
        && let Some(place) = link.target.places.values().next()
    {
        file = format!("{file} · {place}");
    }
    let delivered = link.receipt.map_or_else(|| lang.never(), |receipt| lang.distance(receipt.at, desk.now()));
    let words = lang.exposed_state(state).unwrap_or_else(|| lang.link_state(&state.found));
    vec![file, link.target.profile.to_string(), words, delivered]
}
