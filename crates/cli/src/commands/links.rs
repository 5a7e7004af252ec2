//! `tokenward links`: how linked files stand. Looks, and neither sends nor writes anything (I8).

use std::process::ExitCode;

use serde_json::json;
use tokenward::links::LinkState;
use tokenward_core::{Code, ExitClass};

use crate::args::Links;
use crate::commands::link;
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::LinkFields;
use crate::token_places::{absolute, not_linked, quoted};
use crate::words::of_this_file;

pub(super) async fn run(wish: &Links, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let settings = context.settings()?;
    let Some(session) = context.look(&settings).await? else {
        if let Some(file) = &wish.file {
            return Err(Failure::of(Code::LinkNotFound).then(not_linked(file, lang)));
        }
        if context.printer.json {
            context.printer.document(&json!({ "links": [] }))?;
        } else {
            context.printer.note(lang.no_links());
        }
        return Ok(ExitCode::SUCCESS);
    };
    let links = session.links();
    let named = context.named(&settings)?;
    let mut states = links.states(named.as_ref()).await?;
    if let Some(file) = &wish.file {
        let of_file = links.of_file(&absolute(file), named.as_ref()).await;
        let of_file = of_file.map_err(|error| {
            let code = error.code();
            let failure = Failure::from(error);
            if code == Code::LinkNotFound { failure.then(not_linked(file, lang)) } else { failure }
        })?;
        states.retain(|state| of_file.iter().any(|link| link.id == state.link.id));
    }
    if context.printer.json {
        let fields: Vec<_> =
            states.iter().map(|state| LinkFields::of(&state.link).found(state, context.now())).collect();
        context.printer.document(&json!({ "links": fields }))?;
    } else if states.is_empty() {
        context.printer.note(lang.no_links());
    } else {
        let heads = [lang.head_file(), lang.head_profile(), lang.head_state(), lang.head_delivered()];
        context.printer.table(&heads, states.iter().map(|state| row(state, &states, context)).collect())?;
        for (words, files) in advice(&states, context) {
            // Where it is about one file, that is named.
            let words = if let [file] = files.as_slice() { of_this_file(&words, &quoted(file)) } else { words };
            context.printer.note(format!("{}{}{words}", files.join(lang.list_gap()), lang.colon()));
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

/// What there is to do, each sentence once, with the files that it is about.
fn advice(states: &[LinkState], context: &Context) -> Vec<(String, Vec<String>)> {
    let lang = context.lang();
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for state in states {
        let file = context.short(&state.link.target.file);
        let expired = state.expired(context.now()).map(|_| lang.advice_expired());
        for words in lang.link_advice(state).into_iter().chain(expired).chain(lang.permitted(state)) {
            let index = told.iter().position(|(other, _)| *other == words).unwrap_or_else(|| {
                told.push((words, Vec::new()));
                told.len() - 1
            });
            if !told[index].1.contains(&file) {
                told[index].1.push(file.clone());
            }
        }
    }
    told
}

fn row(state: &LinkState, all: &[LinkState], context: &Context) -> Vec<String> {
    let (lang, link) = (context.lang(), &state.link);
    let mut file = context.short(&link.target.file);
    // Several links of one file are told apart by their first place.
    if all.iter().filter(|other| other.link.target.file == link.target.file).count() > 1
        && let Some(place) = link.target.places.values().next()
    {
        file = format!("{file} · {place}");
    }
    let delivered = link.receipt.map_or_else(|| lang.never(), |receipt| lang.distance(receipt.at, context.now()));
    let expired = state.expired(context.now()).map(|end| lang.state_expired(lang.distance(end, context.now())));
    let words = lang.exposed_state(state).or(expired).unwrap_or_else(|| lang.link_state(&state.found));
    vec![file, link.target.profile.to_string(), words, delivered]
}
