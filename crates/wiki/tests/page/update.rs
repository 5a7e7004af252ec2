//! The content of a page replaced by that of its file.

use std::sync::Arc;

use serde_json::json;
use tokenward::Call;
use tokenward_emulator::Fault;
use tokenward_wiki::{Error, Notice, PageLocation, PageStep};

use crate::compare::Expected;
use crate::whole::{body, markdown};
use crate::world::{Script, World};

async fn with_page(text: &str) -> (Arc<World>, std::path::PathBuf) {
    let world = World::new().await;
    let file = world.file("note.md", text);
    world.create(&file, &Arc::default()).await.unwrap();
    (world, file)
}

/// Somebody writes into the page.
async fn edit(world: &World) {
    let id = world.only_page().document_id;
    let text = json!({ "elements": [{ "text_run": { "content": "by hand" } }] });
    let body = json!({ "children": [{ "block_type": 2, "text": text }], "index": 0 });
    world.call(Call::post(format!("/open-apis/docx/v1/documents/{id}/blocks/{id}/children")).json(body)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_new_content_takes_the_old_one_s_place() {
    let (world, file) = with_page("# Note\n\nold\n\n- a\n  - b\n").await;
    let page = world.pages()[0].clone();
    let (text, pictures) = markdown(&world, 1100, 3);
    let text = text.replace("# Everything\n", "# Note\n");
    world.file("note.md", &text);
    let report = world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
    assert!(report.changed && report.node_token == page.node_token);
    Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
    // Once more without a change of the file: nothing is written.
    let before = world.only_page().revision;
    let script = Arc::new(Script::default());
    let report = world.update(&file, &script, false).await.unwrap().unwrap();
    assert!(!report.changed && script.steps().is_empty());
    assert_eq!(world.only_page().revision, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wrote_is_not_replaced_unless_told_so() {
    let (world, file) = with_page("old").await;
    edit(&world).await;
    world.file("note.md", "new");
    let Err(Error::Edited { known: true, .. }) = world.update(&file, &Arc::default(), false).await.unwrap() else {
        panic!()
    };
    assert_eq!(world.only_page().page.children.len(), 2);
    world.update(&file, &Arc::default(), true).await.unwrap().unwrap();
    let texts: Vec<_> = world.only_page().page.children.iter().map(|block| block.text.clone()).collect();
    assert_eq!(texts, ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_and_run_again_the_page_shows_the_file() {
    let mut steps = Vec::new();
    for n in 0.. {
        let (world, file) = with_page("# Everything\n\nold\n").await;
        let (text, pictures) = markdown(&world, 46, 3);
        world.file("note.md", &text);
        let first = Arc::new(Script { dies_at: Some(n), ..Script::default() });
        let result = world.update(&file, &first, false).await;
        steps.push(first.steps().last().copied().unwrap());
        if let Some(result) = result {
            result.unwrap();
            break;
        }
        world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
        Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
    }
    assert_eq!(steps[..3], [PageStep::Planned, PageStep::Sent, PageStep::Inserted]);
    assert!(steps.ends_with(&[PageStep::Placed, PageStep::Cleared, PageStep::Done, PageStep::Done]), "{steps:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_clearing_removes_nothing_twice() {
    for fault in [Fault::drop_answer(), Fault::drop_request()] {
        let (world, file) = with_page("# Everything\n\nold\n\nolder\n").await;
        let (text, pictures) = markdown(&world, 46, 1);
        world.file("note.md", &text);
        world.sandbox.inject(fault.to("DELETE /open-apis/docx/*/batch_delete"));
        world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
        Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_must_be_clear_which_page_is_meant() {
    let world = World::new().await;
    let file = world.file("note.md", "text");
    assert!(matches!(world.update(&file, &Arc::default(), false).await.unwrap(), Err(Error::NoPage { .. })));
    let first = world.create(&file, &Arc::default()).await.unwrap();
    let manuscript = tokenward_wiki::Manuscript::read(&file, &tokenward_wiki::Reading::default()).unwrap();
    let below = PageLocation::read(true, None, Some(&first.node_token)).unwrap();
    let create = world
        .with_wiki(&tokenward_wiki::NoPageObserver, async |wiki| {
            wiki.create(&manuscript, &below, tokenward_wiki::Wishes::default()).await
        })
        .await;
    create.unwrap();
    let Err(Error::SeveralPages { addresses }) = world.update(&file, &Arc::default(), false).await.unwrap() else {
        panic!()
    };
    assert_eq!(addresses.len(), 2);
    let chosen = world
        .with_wiki(&tokenward_wiki::NoPageObserver, async |wiki| wiki.update(&manuscript, Some(&below), false).await)
        .await;
    assert!(!chosen.unwrap().changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn titles_are_left_as_they_are_and_that_is_told() {
    let (world, file) = with_page("# Old title\n\ntext\n").await;
    world.file("note.md", "# New title\n\ntext\n");
    let script = Arc::new(Script::default());
    let report = world.update(&file, &script, false).await.unwrap().unwrap();
    assert_eq!(report.title, "Old title");
    assert_eq!(script.notices(), [Notice::TitleStays { page: "Old title".into() }]);
    assert_eq!(world.only_page().title, "Old title");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_was_wished_for_need_not_be_repeated() {
    let world = World::new().await;
    let file = world.file("note.md", "# Head\n\nold\n");
    let reading = tokenward_wiki::Reading { title: Some("Wished".into()), ..tokenward_wiki::Reading::default() };
    let manuscript = tokenward_wiki::Manuscript::read(&file, &reading).unwrap();
    let place = PageLocation::read(true, None, None).unwrap();
    let wishes = tokenward_wiki::Wishes::default();
    let create = world
        .with_wiki(&tokenward_wiki::NoPageObserver, async |wiki| wiki.create(&manuscript, &place, wishes).await)
        .await;
    create.unwrap();
    let script = Arc::new(Script::default());
    assert!(!world.update(&file, &script, false).await.unwrap().unwrap().changed);
    world.file("note.md", "# Head\n\nnew\n");
    world.update(&file, &script, false).await.unwrap().unwrap();
    assert_eq!(script.notices(), []);
    let texts: Vec<_> = world.only_page().page.children.iter().map(|block| block.text.clone()).collect();
    assert_eq!((world.only_page().title.as_str(), texts), ("Wished", vec!["Head".to_owned(), "new".to_owned()]));
}
