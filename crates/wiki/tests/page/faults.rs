//! A fault at each call of an update and of a create: the old words stay, or it is said what stands there, and the next
//! run brings the new content once.

use std::sync::Arc;

use tokenward_emulator::{DocumentTree, Fault, FaultKind};
use tokenward_wiki::{Error, Old, PageStep, Standing, Wishes};

use crate::compare::Expected;
use crate::whole::{body, markdown};
use crate::world::{Script, World};

const ANY: &str = "/open-apis/*";
const OLD: [&str; 3] = ["old words", "older words", "oldest words"];

/// Each way in which a call fails: refused for good, and trouble that does not end.
fn faults() -> Vec<Fault> {
    vec![
        Fault::code(1_770_001),
        Fault::code(1_771_001).forever(),
        Fault::drop_answer().forever(),
        Fault::new(FaultKind::RateLimit { reset_seconds: 60 }).forever(),
    ]
}

fn old_of(document: &DocumentTree) -> Vec<String> {
    let texts = document.page.children.iter().map(|block| block.text.clone());
    texts.filter(|text| OLD.contains(&text.as_str())).collect()
}

/// What was said of the page is what the page shows.
fn is_true(standing: &Standing, document: &DocumentTree, story: &str) {
    let old = old_of(document);
    let blocks = document.page.walk().len() - 1 - old.len();
    if standing.perhaps_more {
        assert!(blocks >= standing.blocks, "{story}: {standing:?}, {blocks} stand there");
        return;
    }
    let expected = match old.len() {
        0 => Old::None,
        3 => Old::Whole,
        _ => Old::Rest,
    };
    assert_eq!((standing.old, standing.blocks), (expected, blocks), "{story}");
}

async fn with_old_page(
    new: impl Fn(&World) -> (String, Vec<Vec<u8>>),
) -> (Arc<World>, std::path::PathBuf, String, Vec<Vec<u8>>) {
    let world = World::new().await;
    let file = world.file("note.md", format!("# Everything\n\n{}\n", OLD.join("\n\n")));
    world.create(&file, &Arc::default()).await.unwrap();
    let (text, pictures) = new(&world);
    world.file("note.md", &text);
    (world, file, text, pictures)
}

async fn update_under(fault: &Fault, pictures: usize, every: usize) {
    let mut struck = 0;
    for n in (0..).step_by(every) {
        let (world, file, text, pictures) = with_old_page(|world| markdown(world, 46, pictures)).await;
        let story = format!("{:?} at call {n}", fault.kind);
        world.hasty();
        world.sandbox.inject(fault.clone().to(ANY).skipping(u32::try_from(n).unwrap()));
        let result = world.update(&file, &Arc::default(), false).await.unwrap();
        let document = world.only_page();
        world.sandbox.clear_faults();
        world.patient();
        match result {
            Ok(_) => break,
            Err(Error::Unfinished { address, standing, .. }) => {
                assert!(address.ends_with(&world.pages()[0].node_token), "{story}");
                is_true(&standing, &document, &story);
            }
            Err(error) => panic!("{story}: {error:?}"),
        }
        // The old words are whole as long as the new ones are not.
        let whole_new = document.page.walk().len() - 1 - old_of(&document).len()
            >= Expected::of(&world, body(&text)).await.blocks();
        assert!(whole_new || old_of(&document) == OLD, "{story}: {}", document.page.outline());
        struck += 1;
        world
            .update(&file, &Arc::default(), false)
            .await
            .unwrap()
            .unwrap_or_else(|error| panic!("{story}, again: {error}"));
        Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
        // And once more, nothing.
        assert!(!world.update(&file, &Arc::default(), false).await.unwrap().unwrap().changed, "{story}");
    }
    assert!(struck >= 8 / every, "{struck}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_is_refused_at_any_call_keeps_the_old_words_or_says_what_stands_there() {
    update_under(&faults()[0], 2, 1).await;
    // Two insertions and two rounds of pictures.
    update_under(&faults()[0], 21, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_in_trouble_at_any_call_keeps_the_old_words_or_says_what_stands_there() {
    for fault in &faults()[1..] {
        update_under(fault, 1, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_fails_at_any_call_leaves_no_page_or_names_it() {
    for fault in faults() {
        for n in 0.. {
            let world = World::new().await;
            let (text, pictures) = markdown(&world, 46, 1);
            let file = world.file("note.md", &text);
            let story = format!("{:?} at call {n}", fault.kind);
            world.hasty();
            world.sandbox.inject(fault.clone().to(ANY).skipping(n));
            let result = world.create_with(&file, &Arc::default(), Wishes::default()).await.unwrap();
            world.sandbox.clear_faults();
            world.patient();
            match result {
                Ok(_) => break,
                Err(Error::Unfinished { address, standing, .. }) => {
                    assert!(address.ends_with(&world.pages()[0].node_token), "{story}");
                    is_true(&standing, &world.only_page(), &story);
                }
                Err(Error::PerhapsMade { .. }) => assert!(world.pages().len() <= 1, "{story}"),
                Err(error) => assert!(world.pages().is_empty(), "{story}: {error:?}"),
            }
            world.create(&file, &Arc::default()).await.unwrap_or_else(|error| panic!("{story}, again: {error}"));
            Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_words_go_when_all_of_the_new_is_there() {
    let (world, file, text, pictures) = with_old_page(|world| markdown(world, 46, 21)).await;
    let there = Arc::downgrade(&world);
    let script = Script {
        at: Some(Box::new(move |step| {
            let document = there.upgrade().unwrap().only_page();
            match step {
                PageStep::Cleared | PageStep::Done => assert!(old_of(&document).is_empty(), "{step}"),
                // They stand above what is new, as they stood.
                _ => assert_eq!(
                    document.page.children.iter().take(3).map(|b| b.text.as_str()).collect::<Vec<_>>(),
                    OLD,
                    "{step}"
                ),
            }
        })),
        ..Script::default()
    };
    let script = Arc::new(script);
    world.update(&file, &script, false).await.unwrap().unwrap();
    assert!(script.steps().ends_with(&[PageStep::Placed, PageStep::Cleared, PageStep::Done]), "{:?}", script.steps());
    Expected::of(&world, body(&text)).await.assert_arrived(&world.only_page(), &pictures);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_and_changed_again_the_page_shows_the_last_file_once() {
    for n in 0.. {
        let (world, file, text, _) = with_old_page(|world| markdown(world, 46, 1)).await;
        let died = Arc::new(Script { dies_at: Some(n), ..Script::default() });
        if world.update(&file, &died, false).await.is_some() {
            break;
        }
        let changed = format!("{text}\n\nAnd more.\n");
        world.file("note.md", &changed);
        world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
        let pictures = [crate::world::picture(0)];
        Expected::of(&world, body(&changed)).await.assert_arrived(&world.only_page(), &pictures);
    }
}

/// A page that has no room for old and new together gives up as much of the old as the new needs, and never all of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_page_is_replaced_piece_by_piece_and_is_never_blank() {
    let paragraphs = |word: &str, n: usize| (0..n).map(|n| format!("{word} {n}")).collect::<Vec<_>>().join("\n\n");
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.content_limits.docx_blocks = 2600);
    let file = world.file("full.md", paragraphs("old", 2400));
    world.create(&file, &Arc::default()).await.unwrap();
    let new = paragraphs("new", 2500);
    world.file("full.md", &new);
    let there = Arc::downgrade(&world);
    let least = Arc::new(std::sync::Mutex::new(usize::MAX));
    let seen = Arc::clone(&least);
    let script = Script {
        at: Some(Box::new(move |_| {
            let count = there.upgrade().unwrap().only_page().page.children.len();
            let mut least = seen.lock().unwrap();
            *least = count.min(*least);
        })),
        dies_at: Some(3),
        ..Script::default()
    };
    assert!(world.update(&file, &Arc::new(script), false).await.is_none());
    world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
    assert!(*least.lock().unwrap() >= 1400, "{least:?}");
    Expected::of(&world, &new).await.assert_arrived(&world.only_page(), &[]);
}

/// Two requests a removal: what is left of the old is told.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_the_old_words_is_told() {
    let world = World::new().await;
    let old = (0..1500).map(|n| format!("old {n}")).collect::<Vec<_>>().join("\n\n");
    let file = world.file("note.md", old);
    world.create(&file, &Arc::default()).await.unwrap();
    world.file("note.md", "new");
    world.sandbox.inject(Fault::code(1_770_001).to("DELETE /open-apis/docx/*").skipping(1));
    let Err(Error::Unfinished { standing, .. }) = world.update(&file, &Arc::default(), false).await.unwrap() else {
        panic!()
    };
    assert_eq!((standing.old, standing.blocks, standing.of), (Old::Rest, 1, 1));
    assert_eq!(world.only_page().page.children.len(), 501);
    world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
    let texts: Vec<_> = world.only_page().page.children.iter().map(|block| block.text.clone()).collect();
    assert_eq!(texts, ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_is_missing_on_the_way_keeps_the_old_words() {
    let scopes = crate::world::SCOPES.replace("docs:document.media:upload", "");
    let world = World::with_scopes(&scopes).await;
    let file = world.file("note.md", "old words");
    world.create(&file, &Arc::default()).await.unwrap();
    world.file("p.png", crate::world::picture(1));
    world.file("note.md", "new\n\n![p](p.png)\n");
    let Err(Error::Unfinished { standing, error, .. }) = world.update(&file, &Arc::default(), false).await.unwrap()
    else {
        panic!()
    };
    assert!(error.to_string().contains("docs:document.media:upload"), "{error}");
    assert_eq!((standing.old, standing.blocks, standing.pictures), (Old::Whole, 2, 1));
    assert_eq!(world.only_page().page.children[0].text, "old words");
}
