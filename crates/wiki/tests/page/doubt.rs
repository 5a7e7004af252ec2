//! Answers that are lost, limits, and provider's trouble.

use std::sync::Arc;

use tokenward_emulator::{Fault, FaultKind, Stage};
use tokenward_wiki::{Error, Notice, Wishes};

use crate::compare::Expected;
use crate::whole::{body, markdown};
use crate::world::{Script, World};

const MAKE: &str = "POST /open-apis/wiki/v2/spaces/*/nodes";
const INSERT: &str = "POST /open-apis/docx/*/descendant";
const CONVERT: &str = "POST /open-apis/docx/v1/documents/blocks/convert";
const UPLOAD: &str = "POST /open-apis/drive/v1/medias/upload_all";
const PLACE: &str = "PATCH /open-apis/docx/*/blocks/batch_update";
const LIBRARY: &str = "GET /open-apis/wiki/v2/spaces/my_library";

/// Makes a page under a fault; it must be the only one, and whole.
async fn arrives(fault: Fault) -> Vec<Notice> {
    let story = format!("{fault:?}");
    let world = World::new().await;
    let (text, pictures) = markdown(&world, 46, 21);
    let file = world.file("note.md", &text);
    let expected = Expected::of(&world, body(&text)).await;
    world.sandbox.inject(fault);
    let script = Arc::new(Script::default());
    world.create(&file, &script).await.unwrap_or_else(|error| panic!("{story}: {error}"));
    assert!(world.sandbox.faults().is_empty(), "{story} did not strike");
    expected.assert_arrived(&world.only_page(), &pictures);
    script.notices()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_to_the_making_of_the_page_makes_no_second_one() {
    let lost = [
        Fault::drop_answer(),
        Fault::new(FaultKind::Cut { bytes: 20 }),
        Fault::new(FaultKind::Html { status: 502 }).at(Stage::After),
        Fault::new(FaultKind::Empty { status: 200 }).at(Stage::After),
        Fault::code(131_001).at(Stage::After),
    ];
    for fault in lost {
        let notices = arrives(fault.to(MAKE)).await;
        assert_eq!(notices, [Notice::LookingForPage, Notice::PageFound]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_to_make_the_page_that_did_not_arrive_is_sent_again() {
    for fault in [Fault::drop_request(), Fault::new(FaultKind::Html { status: 502 })] {
        assert_eq!(arrives(fault.to(MAKE)).await, [Notice::LookingForPage]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_never_made_is_told_and_leaves_nothing() {
    let world = World::new().await;
    let file = world.file("note.md", "text");
    world.sandbox.inject(Fault::drop_request().to(MAKE).forever());
    let Err(Error::PerhapsMade { .. }) = world.create(&file, &Arc::default()).await else { panic!() };
    assert!(world.pages().is_empty());
    world.sandbox.clear_faults();
    world.create(&file, &Arc::default()).await.unwrap();
    world.only_page();
    // A definite no is no doubt.
    let other = world.file("other.md", "text");
    world.sandbox.inject(Fault::code(131_006).to(MAKE));
    let script = Arc::new(Script::default());
    let Err(error) = world.create(&other, &script).await else { panic!() };
    assert_eq!((error.provider_code(), script.notices()), (Some(131_006), Vec::new()));
    world.create(&other, &script).await.unwrap();
    assert_eq!(script.notices(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_to_everything_else_are_asked_for_again() {
    for path in [CONVERT, INSERT, UPLOAD, PLACE, LIBRARY] {
        assert_eq!(arrives(Fault::drop_answer().to(path)).await, [], "{path}");
    }
    // The second insertion, more often than one call's own patience; and in the middle of the uploads.
    assert_eq!(arrives(Fault::drop_answer().to(INSERT).skipping(1).times(4)).await, []);
    assert_eq!(arrives(Fault::new(FaultKind::Html { status: 504 }).at(Stage::After).to(UPLOAD).skipping(9)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_waited_out() {
    for path in [CONVERT, INSERT, UPLOAD, MAKE] {
        assert_eq!(arrives(Fault::new(FaultKind::RateLimit { reset_seconds: 1 }).to(path)).await, [], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_trouble_is_waited_out() {
    for (code, path) in [(1_771_001, INSERT), (1_061_045, UPLOAD), (131_009, LIBRARY)] {
        assert_eq!(arrives(Fault::code(code).to(path).times(3)).await, [], "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_the_provider_does_not_take_keeps_no_other_away() {
    let world = World::new().await;
    let (text, pictures) = markdown(&world, 46, 5);
    let file = world.file("note.md", &text);
    world.sandbox.inject(Fault::code(1_061_109).to(UPLOAD).skipping(2));
    let Err(Error::PicturesLeft { address, pictures: left }) = world.create(&file, &Arc::default()).await else {
        panic!()
    };
    assert!(
        address.ends_with(&world.pages()[0].node_token) && left.len() == 1 && left[0].0.contains("a 2.png"),
        "{left:?}"
    );
    let shown = world.only_page();
    assert_eq!(shown.page.walk().into_iter().filter(|block| block.media.is_some()).count(), 4);
    // The next run tries that one again, and no other.
    let before = world.sandbox.medias().len();
    world.create(&file, &Arc::default()).await.unwrap();
    assert_eq!(world.sandbox.medias().len(), before + 1);
    Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_scope_to_look_nothing_is_made_twice() {
    let scopes = crate::world::SCOPES.replace("wiki:node:retrieve", "");
    let world = World::with_scopes(&scopes).await;
    let file = world.file("note.md", "text");
    world.sandbox.inject(Fault::drop_answer().to(MAKE));
    for _ in 0..2 {
        let Err(error) = world.create_with(&file, &Arc::default(), Wishes::default()).await.unwrap() else { panic!() };
        assert!(error.to_string().contains("wiki:node:retrieve"), "{error}");
        world.only_page();
    }
}
