//! The provider's limits: met by cutting, or refused with the line before anything is made or changed.

use std::sync::Arc;

use tokenward_wiki::{Error, Flaw, Limit, Manuscript, Notice, PageLocation, Reading, Wishes};

use crate::world::{Script, World};

fn deep(levels: usize) -> String {
    (0..levels).map(|n| format!("{}- level {n}\n", "  ".repeat(n))).collect::<Vec<_>>().concat()
}

fn wide(columns: usize) -> String {
    format!("|{}\n|{}\n|{}\n", " a |".repeat(columns), "---|".repeat(columns), " b |".repeat(columns))
}

/// Inputs that no page takes, the limit, and the line below four lines of head.
fn beyond() -> Vec<(String, Limit, Option<usize>)> {
    vec![
        (wide(101), Limit::Columns, Some(5)),
        (wide(600), Limit::Columns, Some(5)),
        (deep(35), Limit::Depth, Some(37)),
        (format!("{}x\n", "> ".repeat(40)), Limit::Depth, Some(5)),
        (format!("## {}\n", "x".repeat(100_001)), Limit::Heading, Some(5)),
        ("words\n\n".repeat(20_001), Limit::Blocks, None),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_page_takes_is_refused_with_its_line_and_nothing_is_made_or_changed() {
    let world = World::new().await;
    let file = world.file("note.md", "# Note\n\nold words\n");
    world.create(&file, &Arc::default()).await.unwrap();
    let (before, history) = (world.only_page(), world.sandbox.history().len());
    for (text, limit, line) in beyond() {
        let text = format!("# Note\n\nwords\n\n{text}");
        world.file("note.md", &text);
        let other = world.file("other.md", &text);
        for result in [
            world.update(&file, &Arc::default(), false).await.unwrap(),
            world.update(&file, &Arc::default(), true).await.unwrap(),
            world.create(&other, &Arc::default()).await,
        ] {
            match result {
                Err(Error::Beyond { limit: found, line: at, .. }) => assert_eq!((found, at), (limit, line)),
                other => panic!("{limit:?}: {other:?}"),
            }
        }
    }
    assert_eq!(world.only_page(), before);
    assert_eq!(world.sandbox.history().len(), history, "nothing was sent");
    // A file that was mended finds no trace of it.
    world.file("note.md", "# Note\n\nnew words\n");
    world.update(&file, &Arc::default(), false).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_are_cut_and_nothing_of_them_is_lost() {
    let line = format!("{}\n", "x".repeat(99));
    for (text, kind) in [
        (format!("```rust\n{}```\n", line.repeat(1200)), "code"),
        (format!("{}\n", "word ".repeat(24_000)), "text"),
        (format!("- {}\n- other\n", "word ".repeat(60_000)), "bullet"),
        (format!("> {}\n", "字".repeat(300_000)), "quote_container"),
        (format!("|a|\n|-|\n|{}|\n", "y".repeat(250_000)), "table"),
    ] {
        let world = World::new().await;
        let file = world.file("note.md", "# Note\n\nold words\n");
        world.create(&file, &Arc::default()).await.unwrap();
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        world.file("note.md", format!("# Note\n\n{text}"));
        let script = Arc::new(Script::default());
        world.update(&file, &script, false).await.unwrap().unwrap();
        assert_eq!(script.notices(), [Notice::TextsCut(1)], "{kind}");
        let document = world.only_page();
        assert_eq!(document.page.children[0].kind, kind);
        let shown: String = document.page.walk()[1..].iter().map(|block| letters(&block.text)).collect();
        assert_eq!(shown.len(), letters(&text.replace("```rust", "")).len(), "{kind}");
        let longest = document.page.walk().iter().map(|block| block.text.chars().count()).max();
        assert!(longest <= Some(100_000));
        if kind == "code" {
            let parts: Vec<_> = document.page.children.iter().map(|block| block.text.as_str()).collect();
            assert_eq!(format!("{}\n", parts.join("\n")), line.repeat(1200));
            assert!(document.page.children.iter().all(|block| block.language == document.page.children[0].language));
        }
    }
}

/// An import is not cut by us, and the provider would cut it.
#[tokio::test(flavor = "multi_thread")]
async fn what_an_import_would_cut_is_refused() {
    let world = World::new().await;
    let file = world.file("note.md", format!("# Note\n\n{}\n", "x".repeat(100_001)));
    let import = Wishes { import: true, ..Wishes::default() };
    let result = world.create_with(&file, &Arc::default(), import).await.unwrap();
    assert!(matches!(result, Err(Error::Beyond { limit: Limit::Text, line: Some(3), .. })), "{result:?}");
    assert!(world.pages().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_not_emptied_by_an_empty_file() {
    let world = World::new().await;
    let file = world.file("note.md", "# Note\n\nold words\n");
    world.create(&file, &Arc::default()).await.unwrap();
    for (text, flaw) in [
        ("", Flaw::Empty),
        ("\n \n", Flaw::Empty),
        ("# Note\n", Flaw::NoText),
        ("---\ntitle: Note\n---\n", Flaw::NoText),
        ("# Note\n\n<!-- to do -->\n", Flaw::NoText),
    ] {
        world.file("note.md", text);
        for force in [false, true] {
            match world.update(&file, &Arc::default(), force).await.unwrap() {
                Err(Error::File { flaw: found, .. }) => assert_eq!(found, flaw, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        assert_eq!(world.only_page().page.children[0].text, "old words", "{text:?}");
    }
}

/// A picture's name that is longer than the provider takes is shortened; nobody sees it.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_with_a_long_name_arrives() {
    let world = World::new().await;
    let name = format!("{}.png", "n".repeat(251));
    world.file(&name, crate::world::picture(1));
    let file = world.file("note.md", format!("![p](<{name}>)\n"));
    world.create(&file, &Arc::default()).await.unwrap();
    assert!(world.only_page().page.children[0].media.as_ref().unwrap().name.ends_with("n.png"));
}

/// Pictures as HTML and as embeds go along, and what cannot is told with its line.
#[tokio::test(flavor = "multi_thread")]
async fn pictures_written_in_other_ways_arrive_or_are_told() {
    let world = World::new().await;
    world.file("a.png", crate::world::picture(1));
    world.file("b.png", crate::world::picture(2));
    world.file("c.png", crate::world::picture(3));
    let text = "words <img src=\"a.png\" width=20>\n\n<p align=\"center\">\n<img src='b.png' alt='B'>\n</p>\n\n![[c.png]]\n\n\
                ![[gone.png]]\n\n```mermaid\nA\n```\n";
    let file = world.file("note.md", text);
    let script = Arc::new(Script::default());
    world.create(&file, &script).await.unwrap();
    let shown: Vec<_> = world.only_page().page.walk().into_iter().filter_map(|block| block.media.clone()).collect();
    assert_eq!(shown.iter().map(|media| media.name.as_str()).collect::<Vec<_>>(), ["a.png", "b.png", "c.png"]);
    assert_eq!(
        script.notices(),
        [
            Notice::PictureStays { line: 9, what: "gone.png".into(), flaw: Flaw::Missing },
            Notice::Diagram { line: 11, language: "mermaid".into() },
        ]
    );
}

/// Nobody's text sends us into a network unless the host was named.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_inside_a_network_is_not_fetched() {
    let world = World::new().await;
    let (address, asked) = crate::world::web(vec![("/one.png", crate::world::picture(1))]);
    let other = address.replace("127.0.0.1", "127.0.0.2");
    let file = world.file("note.md", format!("![a]({address}/one.png)\n\n![b]({other}/one.png)\n"));
    let script = Arc::new(Script::default());
    world.create(&file, &script).await.unwrap();
    assert!(matches!(&script.notices()[..], [Notice::PictureNotPublic { host, .. }] if host.starts_with("127.0.0.2:")));
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    let manuscript = Manuscript::read(&file, &Reading::default()).unwrap();
    assert_eq!(manuscript.hosts(), [address.replace("http://", ""), other.replace("http://", "")]);
}

/// A password in an address is neither told nor shown to those who read the page, and the address is not asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_behind_a_password_leaves_its_words_alone() {
    let world = World::new().await;
    let (address, asked) = crate::world::web(vec![("/one.png", crate::world::picture(1))]);
    let secret = address.replace("http://", "http://ada:geheim@");
    let file = world.file("note.md", format!("words ![the plan]({secret}/one.png)\n"));
    let script = Arc::new(Script::default());
    world.create(&file, &script).await.unwrap();
    let told = format!("{:?}", script.notices());
    assert!(told.contains("PictureDropped") && told.contains("/one.png") && !told.contains("geheim"), "{told}");
    let page = format!("{:?}", world.only_page());
    assert!(page.contains("the plan") && !page.contains("geheim") && !page.contains("ada"), "{page}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
}

/// Nor where pictures are left out, or stay as they are written.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_not_shown_by_a_picture_that_is_left_out() {
    let world = World::new().await;
    let text = "words ![the plan](https://ada:geheim@h.test/one.png)\n\n\
        text <img src=\"//ada:geheim@h.test/two.png\" alt=\"the second\"> and ![[smb://ada:geheim@h.test/three.png]]\n\n\
        <img src='https://geheim@h.test/four.png' alt='the fourth'>\n";
    let file = world.file("note.md", text);
    let manuscript = Manuscript::read(&file, &Reading { no_images: true, ..Reading::default() }).unwrap();
    let told = format!("{:?}", manuscript.remarks());
    assert_eq!(told.matches("PictureDropped").count(), 4, "{told}");
    assert!(["one", "two", "three", "four"].iter().all(|name| told.contains(&format!("h.test/{name}.png"))), "{told}");
    let fetched = Manuscript::read(&file, &Reading::default()).unwrap();
    let told = format!("{told}{:?}", fetched.remarks());
    assert!(told.contains("three.png") && !told.contains("geheim") && !told.contains("ada"), "{told}");
    let script = Script::default();
    let place = PageLocation::read(true, None, None).unwrap();
    let wishes = Wishes::default();
    world.with_wiki(&script, async |wiki| wiki.create(&manuscript, &place, wishes).await).await.unwrap();
    let page = format!("{:?}{:?}", world.only_page(), script.notices());
    assert!(page.contains("the plan") && !page.contains("geheim") && !page.contains("ada:"), "{page}");
}

/// What an update would do is known without a request.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_can_be_looked_at_first() {
    let world = World::new().await;
    let file = world.file("note.md", "# Note\n\nold words\n");
    let read = || Manuscript::read(&file, &Reading::default()).unwrap();
    let store = tokenward_wiki::Store::new(world.folder.path());
    let look = |place: Option<&PageLocation>| tokenward_wiki::Wiki::outlook(&store, "work", "h.test", &read(), place);
    assert!(matches!(look(None), Err(Error::NoPage { .. })));
    let report = world.create(&file, &Arc::default()).await.unwrap();
    let history = world.sandbox.history().len();
    let outlook = look(None).unwrap();
    assert_eq!((outlook.whole, outlook.changed), (true, false));
    assert!(outlook.address.ends_with(&report.node_token));
    world.file("note.md", "# Note\n\nnew words\n");
    assert!(look(None).unwrap().changed);
    assert!(look(Some(&PageLocation::read(true, None, None).unwrap())).is_ok());
    assert!(matches!(look(Some(&PageLocation::read(false, Some("70"), None).unwrap())), Err(Error::NoPage { .. })));
    world.file("note.md", wide(120));
    assert!(matches!(look(None), Err(Error::Beyond { .. })));
    assert_eq!(world.sandbox.history().len(), history);
}
