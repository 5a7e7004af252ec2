//! Killed at any point and run again: one page, complete.

use std::sync::Arc;

use tokenward_wiki::{Error, Notice, PageStep, Wishes};

use crate::compare::Expected;
use crate::whole::{body, markdown};
use crate::world::{Script, World};

/// A killed run is a task that unwinds at a step: nothing after the step happens, and what is on disk stays.
async fn killed(world: &Arc<World>, file: &std::path::Path, script: Script) -> Option<Result<String, Error>> {
    let result = world.create_with(file, &Arc::new(script), Wishes::default()).await;
    result.map(|result| result.map(|report| report.address))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_page_whose_every_run_dies_after_two_steps_comes_about_once() {
    let world = World::new().await;
    let (text, pictures) = markdown(&world, 3000, 30);
    let expected = Expected::of(&world, body(&text)).await;
    let file = world.file("everything.md", &text);
    let mut runs = 0;
    let address = loop {
        runs += 1;
        assert!(runs < 200, "it does not come to an end");
        if let Some(result) = killed(&world, &file, Script { dies_at: Some(1), ..Script::default() }).await {
            // The last run before this one died when all was done.
            let Err(Error::Already { address }) = result else { panic!("{result:?}") };
            break address;
        }
        assert!(world.pages().len() <= 1);
    };
    assert!(runs >= 40, "{runs}");
    expected.assert_arrived(&world.only_page(), &pictures);
    assert!(address.ends_with(&world.pages()[0].node_token));
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_and_run_again_there_is_one_page_and_it_is_whole() {
    // Two insertions by their pictures, and two rounds of placing them.
    let mut steps = Vec::new();
    for n in 0.. {
        let world = World::new().await;
        let (text, pictures) = markdown(&world, 46, 21);
        let expected = Expected::of(&world, body(&text)).await;
        let file = world.file("small.md", &text);
        let first = Arc::new(Script { dies_at: Some(n), ..Script::default() });
        let result = world.create_with(&file, &first, Wishes::default()).await;
        steps.push(first.steps().last().copied().unwrap());
        if let Some(result) = result {
            result.unwrap();
            break;
        }
        let second = Arc::new(Script::default());
        match world.create(&file, &second).await {
            Ok(_) => {}
            // It died after the last step.
            Err(Error::Already { .. }) => assert_eq!(steps[n], PageStep::Done),
            Err(error) => panic!("killed at {n} {}: {error}", steps[n]),
        }
        expected.assert_arrived(&world.only_page(), &pictures);
        let told = second.notices().contains(&Notice::Resumed);
        assert_eq!(told, steps[n] != PageStep::Planned && steps[n] != PageStep::Done, "{}", steps[n]);
    }
    for step in
        [PageStep::Planned, PageStep::Intended, PageStep::Made, PageStep::Known, PageStep::Sent, PageStep::Inserted]
    {
        assert!(steps.contains(&step), "{step} was not reached: {steps:?}");
    }
    for step in [PageStep::Uploaded, PageStep::Kept, PageStep::Placed, PageStep::Done] {
        assert!(steps.contains(&step), "{step} was not reached: {steps:?}");
    }
    assert_eq!(steps.iter().filter(|step| **step == PageStep::Inserted).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_made_and_not_recorded_is_found_and_not_made_again() {
    let world = World::new().await;
    // Pages of that title that were there before, and one of another file, are not taken for it.
    let same = world.file("other/note.md", "mine");
    world.create(&same, &Arc::default()).await.unwrap();
    let file = world.file("note.md", "text");
    world.pass(std::time::Duration::from_secs(60));
    let died = Script { dies_at_step: Some(PageStep::Made), ..Script::default() };
    assert!(killed(&world, &file, died).await.is_none());
    assert_eq!(world.pages().len(), 2);
    let script = Arc::new(Script::default());
    let report = world.create(&file, &script).await.unwrap();
    assert_eq!(world.pages().len(), 2);
    assert_eq!(script.notices(), [Notice::Resumed, Notice::LookingForPage, Notice::PageFound]);
    let document = world.sandbox.document(&report.document_id).unwrap();
    assert_eq!(document.page.children[0].text, "text");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_someone_else_made_meanwhile_is_not_written_into() {
    let world = World::new().await;
    let file = world.file("note.md", "text");
    assert!(killed(&world, &file, Script { dies_at_step: Some(PageStep::Made), ..Script::default() }).await.is_none());
    let space = world.sandbox.spaces().into_iter().find(|space| space.personal).unwrap().space_id;
    let body = serde_json::json!({ "obj_type": "docx", "node_type": "origin", "title": "note" });
    world.call(tokenward::Call::post(format!("/open-apis/wiki/v2/spaces/{space}/nodes")).json(body)).await;
    let Err(Error::Ambiguous { addresses }) = world.create(&file, &Arc::default()).await else { panic!() };
    assert_eq!(addresses.len(), 2);
    assert!(
        world
            .pages()
            .iter()
            .all(|page| { world.sandbox.document(&page.document_id).unwrap().page.children.is_empty() })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_meanwhile_is_put_onto_the_same_page() {
    for step in [
        PageStep::Planned,
        PageStep::Intended,
        PageStep::Known,
        PageStep::Sent,
        PageStep::Inserted,
        PageStep::Uploaded,
        PageStep::Placed,
    ] {
        let world = World::new().await;
        let (text, _) = markdown(&world, 46, 3);
        let file = world.file("note.md", &text);
        assert!(
            killed(&world, &file, Script { dies_at_step: Some(step), ..Script::default() }).await.is_none(),
            "{step}"
        );
        let changed = format!("{text}\n\nAnd more.\n\n![p](pics/a%200.png)\n");
        world.file("note.md", &changed);
        let script = Arc::new(Script::default());
        world.create(&file, &script).await.unwrap();
        let expected = Expected::of(&world, body(&changed)).await;
        let pictures: Vec<_> = [0, 1, 2, 0].into_iter().map(crate::world::picture).collect();
        expected.assert_arrived(&world.only_page(), &pictures);
        let begun = !matches!(step, PageStep::Planned | PageStep::Intended | PageStep::Known);
        assert_eq!(script.notices().contains(&Notice::FileChanged), begun, "{step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_comes_late_looks_before_it_writes() {
    for (step, changed) in [PageStep::Known, PageStep::Sent, PageStep::Inserted, PageStep::Placed]
        .into_iter()
        .flat_map(|s| [(s, false), (s, true)])
    {
        let world = World::new().await;
        let (text, pictures) = markdown(&world, 46, 21);
        let file = world.file("note.md", &text);
        assert!(killed(&world, &file, Script { dies_at_step: Some(step), ..Script::default() }).await.is_none());
        world.pass(std::time::Duration::from_secs(2 * 3600));
        // A file that changed too is no reason to look less closely.
        let text = if changed { format!("{text}\n\nAnd more.\n") } else { text };
        world.file("note.md", &text);
        let late = world.create(&file, &Arc::default()).await;
        let unsure = matches!(step, PageStep::Sent | PageStep::Placed);
        match late {
            // Whether the last change was ours cannot be known any more.
            Err(Error::Edited { .. }) => assert!(unsure, "{step}"),
            other => assert!(other.is_ok() && !unsure, "{step} {other:?}"),
        }
        if unsure {
            let force = Wishes { force: true, ..Wishes::default() };
            world.create_with(&file, &Arc::default(), force).await.unwrap().unwrap();
        }
        Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_make_one_page() {
    let world = World::new().await;
    let (text, _) = markdown(&world, 46, 2);
    let file = world.file("note.md", &text);
    let (script, other) = (Arc::default(), Arc::default());
    let (one, two) = tokio::join!(world.create(&file, &script), world.create(&file, &other));
    let refused =
        [&one, &two].into_iter().filter(|result| matches!(result, Err(Error::Busy { .. } | Error::Already { .. })));
    assert_eq!(refused.count(), 1, "{one:?} {two:?}");
    world.only_page();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_page_is_begun_once_however_often_the_command_is_run() {
    let world = World::new().await;
    let file = world.file("note.md", "text");
    world.create(&file, &Arc::default()).await.unwrap();
    let again = Wishes { again: true, ..Wishes::default() };
    for step in [PageStep::Intended, PageStep::Made, PageStep::Known, PageStep::Sent] {
        let died = Arc::new(Script { dies_at_step: Some(step), ..Script::default() });
        assert!(world.create_with(&file, &died, again).await.is_none(), "{step}");
        assert!(world.pages().len() <= 2);
    }
    world.create_with(&file, &Arc::default(), again).await.unwrap().unwrap();
    assert_eq!(world.pages().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_deleted_is_told_and_made_anew_on_request() {
    let world = World::new().await;
    let file = world.file("note.md", "text");
    let gone = || tokenward_emulator::Fault::code(1_770_003).to("*/docx/v1/documents/*").forever();
    let died = Script { dies_at_step: Some(PageStep::Known), ..Script::default() };
    assert!(killed(&world, &file, died).await.is_none());
    world.sandbox.inject(gone());
    // It is not forgotten by itself: a page that was just made may not be seen everywhere yet.
    for _ in 0..2 {
        let Err(Error::PageGone { .. }) = world.create(&file, &Arc::default()).await else { panic!() };
        assert_eq!(world.pages().len(), 1);
    }
    world.sandbox.clear_faults();
    world.sandbox.inject(gone().times(1));
    let again = Wishes { again: true, ..Wishes::default() };
    world.create_with(&file, &Arc::default(), again).await.unwrap().unwrap();
    assert_eq!(world.pages().len(), 2);
    world.sandbox.inject(gone());
    assert!(matches!(world.update(&file, &Arc::default(), false).await.unwrap(), Err(Error::PageGone { .. })));
}
