//! The other way: the provider imports the file.

use std::sync::Arc;

use tokenward_emulator::{Fault, MoveAnswer};
use tokenward_wiki::{Error, Notice, PageStep, Wishes};

use crate::compare::Expected;
use crate::world::{Script, World};

const IMPORT: Wishes = Wishes { again: false, force: false, import: true };
const TEXT: &str = "# Imported\n\nwords\n\n- a\n  - b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_imported_and_moved() {
    for answer in [MoveAnswer::Token, MoveAnswer::Task] {
        let world = World::new().await;
        world.sandbox.rules(|rules| rules.move_answer = answer);
        let file = world.file("note.md", TEXT);
        let report = world.create_with(&file, &Arc::default(), IMPORT).await.unwrap().unwrap();
        let document = world.only_page();
        assert_eq!((report.title.as_str(), document.title.as_str()), ("Imported", "Imported"));
        Expected::of(&world, TEXT.split_once('\n').unwrap().1).await.assert_arrived(&document, &[]);
        let again = world.create_with(&file, &Arc::default(), IMPORT).await.unwrap();
        assert!(matches!(again, Err(Error::Already { .. })));
        // From now on it is a page like any other.
        world.file("note.md", "# Imported\n\nnew\n");
        world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
        assert_eq!(world.only_page().page.children.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_step_and_run_again_there_is_one_page() {
    for answer in [MoveAnswer::Token, MoveAnswer::Task] {
        let mut steps = Vec::new();
        for n in 0.. {
            let world = World::new().await;
            world.sandbox.rules(|rules| rules.move_answer = answer);
            let file = world.file("note.md", TEXT);
            let first = Arc::new(Script { dies_at: Some(n), ..Script::default() });
            let result = world.create_with(&file, &first, IMPORT).await;
            steps.push(first.steps().last().copied().unwrap());
            if let Some(result) = result {
                result.unwrap();
                break;
            }
            let second = Arc::new(Script::default());
            match world.create_with(&file, &second, IMPORT).await.unwrap() {
                Ok(_) => {}
                Err(Error::Already { .. }) => assert_eq!(steps[n], PageStep::Done),
                Err(error) => panic!("killed at {}: {error}", steps[n]),
            }
            Expected::of(&world, TEXT.split_once('\n').unwrap().1).await.assert_arrived(&world.only_page(), &[]);
            let perhaps = second.notices().iter().any(|notice| matches!(notice, Notice::PerhapsTwoDocuments { .. }));
            assert_eq!(perhaps, steps[n] == PageStep::Asked, "{}", steps[n]);
        }
        let all = [
            PageStep::Brought,
            PageStep::Asked,
            PageStep::Ticketed,
            PageStep::Imported,
            PageStep::Moved,
            PageStep::Done,
            PageStep::Done,
        ];
        assert_eq!(steps, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_make_no_second_page() {
    for path in [
        "POST /open-apis/drive/v1/medias/upload_all",
        "POST /open-apis/drive/v1/import_tasks",
        "GET /open-apis/drive/v1/import_tasks/*",
        "POST /open-apis/wiki/*/move_docs_to_wiki",
    ] {
        let world = World::new().await;
        let file = world.file("note.md", TEXT);
        world.sandbox.inject(Fault::drop_answer().to(path));
        let script = Arc::new(Script::default());
        world.create_with(&file, &script, IMPORT).await.unwrap().unwrap_or_else(|error| panic!("{path}: {error}"));
        world.only_page();
        let perhaps = script.notices().iter().any(|notice| matches!(notice, Notice::PerhapsTwoDocuments { .. }));
        assert_eq!(perhaps, path.ends_with("import_tasks"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_comes_late_uploads_again() {
    let world = World::new().await;
    let file = world.file("note.md", TEXT);
    let first = Arc::new(Script { dies_at_step: Some(PageStep::Brought), ..Script::default() });
    assert!(world.create_with(&file, &first, IMPORT).await.is_none());
    world.pass(std::time::Duration::from_secs(301));
    world.create_with(&file, &Arc::default(), IMPORT).await.unwrap().unwrap();
    world.only_page();
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_and_can_be_tried_again() {
    let world = World::new().await;
    let file = world.file("note.md", TEXT);
    world.sandbox.rules(|rules| rules.import_failure = Some(7001));
    let Err(Error::ImportRefused { status: 7001, .. }) =
        world.create_with(&file, &Arc::default(), IMPORT).await.unwrap()
    else {
        panic!()
    };
    world.sandbox.rules(|rules| {
        rules.import_failure = None;
        rules.move_answer = MoveAnswer::Applied;
    });
    let Err(Error::MoveApplied) = world.create_with(&file, &Arc::default(), IMPORT).await.unwrap() else { panic!() };
    assert!(world.pages().is_empty());
    world.sandbox.rules(|rules| rules.move_answer = MoveAnswer::Token);
    world.create_with(&file, &Arc::default(), IMPORT).await.unwrap().unwrap();
    world.only_page();
}
