//! A file of 3,000 blocks arrives complete.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokenward_wiki::{Error, Notice, PageStep, Wishes};

use crate::compare::Expected;
use crate::world::{HOST, Script, World, picture, web};

/// Markdown of at least so many blocks with everything in it; gives back the pictures in the order of the text.
pub(crate) fn markdown(world: &World, blocks: usize, pictures: usize) -> (String, Vec<Vec<u8>>) {
    let mut text = String::from("# Everything\n\nA first paragraph with *em*, **strong** and `code`.\n\n");
    let sections = blocks.div_ceil(SECTION);
    for section in 0..sections {
        write!(
            text,
            "## Section {section}\n\nWords with a [link](https://e.test/{section}) & <angles>, ~~gone~~.\n\n\
             - one {section}\n  - one one\n    - one one one\n      1. deep\n      2. deeper\n- two\n\n\
             1. first\n2. second\n   - under second\n\n\
             - [ ] to do {section}\n- [x] done\n  - [ ] below\n\n\
             ```rust\nfn section() -> u32 {{\n    {section}\n}}\n\n// a blank line before\n```\n\n\
             > quoted {section}\n>\n> - list in a quote\n\n\
             | a | b | c |\n|---|:-:|--:|\n| {section} | `x` | **y** |\n| 4 | 5 | 6 |\n\n---\n\n\
             ### Third level\n\nLast words of {section}: 中文、表情 🙂。\n\n",
        )
        .unwrap();
        for n in pictures * section / sections..pictures * (section + 1) / sections {
            let name = format!("pics/a {n}.png");
            world.file(&name, picture(n));
            write!(text, "![picture {n}](<{name}>)\n\n").unwrap();
        }
    }
    (text, (0..pictures).map(picture).collect())
}

/// Blocks in a section, at least.
const SECTION: usize = 40;

/// The body without the heading that became the title.
pub(crate) fn body(markdown: &str) -> &str {
    markdown.split_once('\n').unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn three_thousand_blocks_and_thirty_pictures_arrive_complete() {
    let world = World::new().await;
    let (text, pictures) = markdown(&world, 3000, 30);
    let expected = Expected::of(&world, body(&text)).await;
    assert!(expected.blocks() >= 3000 && pictures.len() == 30, "{} {}", expected.blocks(), pictures.len());
    let file = world.file("everything.md", &text);
    let script = Arc::new(Script::default());
    let report = world.create(&file, &script).await.unwrap();
    let document = world.only_page();
    assert_eq!((document.title.as_str(), report.title.as_str()), ("Everything", "Everything"));
    assert_eq!(report.address, format!("https://{HOST}/wiki/{}", world.pages()[0].node_token));
    assert_eq!(report.blocks, expected.blocks());
    expected.assert_arrived(&document, &pictures);
    assert!(script.notices().is_empty(), "{:?}", script.notices());
    // 3 writes and 5 uploads a second were never exceeded: the provider would have said so.
    let limited = world.sandbox.history().iter().filter(|record| format!("{record:?}").contains("99991400")).count();
    assert_eq!(limited, 0);
    // What is remembered is little, and holds neither the text nor a token.
    let remembered = world.remembered();
    assert!(remembered.len() < 20_000 && !remembered.contains("Last words"), "{}", remembered.len());
    for login in world.sandbox.current_tokens() {
        assert!(login.access_tokens.iter().all(|access| !remembered.contains(&access.token)));
    }

    // A second time is refused with the page's address, and another page is made only on request.
    let Err(Error::Already { address }) = world.create(&file, &Arc::default()).await else { panic!() };
    assert_eq!(address, report.address);
    let again = Wishes { again: true, ..Wishes::default() };
    let second = world.create_with(&file, &Arc::default(), again).await.unwrap().unwrap();
    assert_ne!(second.address, report.address);
    assert_eq!(world.pages().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subtree_larger_than_a_request_arrives() {
    let world = World::new().await;
    let mut text = String::from("before\n\n- top\n");
    for n in 0..1300 {
        writeln!(text, "  - item {n}\n    - below {n}").unwrap();
    }
    text.push_str("\nafter\n\n> quote\n");
    for n in 0..1100 {
        writeln!(text, ">\n> paragraph {n}").unwrap();
    }
    let expected = Expected::of(&world, &text).await;
    let file = world.file("large.md", &text);
    let report = world.create(&file, &Arc::default()).await.unwrap();
    assert_eq!((report.title.as_str(), report.blocks), ("large", expected.blocks()));
    expected.assert_arrived(&world.only_page(), &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_larger_than_a_request_becomes_several() {
    let world = World::new().await;
    let mut text = String::from("| a | b | c |\n|---|---|---|\n");
    for n in 0..500 {
        writeln!(text, "| a{n} | b{n} | c{n} |").unwrap();
    }
    let file = world.file("table.md", &text);
    let script = Arc::new(Script::default());
    world.create(&file, &script).await.unwrap();
    assert_eq!(script.notices(), [Notice::TablesCut(1)]);
    let document = world.only_page();
    let cells: Vec<String> =
        document.page.walk().into_iter().filter(|block| block.kind == "text").map(|block| block.text.clone()).collect();
    let wanted: Vec<String> = ["a", "b", "c"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..500).flat_map(|n| ["a", "b", "c"].map(|column| format!("{column}{n}"))))
        .collect();
    assert_eq!(cells, wanted);
    assert_eq!(document.page.children.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_come_from_files_the_web_and_the_text_itself() {
    let world = World::new().await;
    let (address, asked) = web(vec![("/one.png", picture(1)), ("/page", b"<html>log in</html>".to_vec())]);
    world.file("two.png", picture(2));
    let text = format!(
        "![web]({address}/one.png)\n\n![file](two.png)\n\n![same file](./two.png)\n\n![inline](data:image/gif;base64,R0lGODlhAQ==)\n\n\
         ![badge]({address}/gone.svg) ![login]({address}/page)\n\n![odd](cid:7)\n"
    );
    let file = world.file("pictures.md", &text);
    let script = Arc::new(Script::default());
    world.create(&file, &script).await.unwrap();
    let document = world.only_page();
    let instead = format!("[badge](<{address}/gone.svg>) [login](<{address}/page>)");
    let like = "![](x)\n\n![](x)\n\n![](x)\n\n![](x)\n\nLINKS\n\n*odd*\n".replace("LINKS", &instead);
    let shown = [picture(1), picture(2), picture(2), b"GIF89a\x01".to_vec()];
    Expected::of(&world, &like).await.assert_arrived(&document, &shown);
    let notices = script.notices();
    assert!(matches!(&notices[..2], [Notice::PictureLinked { .. }, Notice::PictureLinked { .. }]), "{notices:?}");
    assert_eq!(notices[2..], [Notice::PictureDropped { destination: "cid:7".into() }]);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_without_text_is_a_blank_page_and_that_is_told() {
    let world = World::new().await;
    let file = world.file("empty.md", "---\ntitle: Nothing yet\n---\n\n");
    let script = Arc::new(Script::default());
    let report = world.create(&file, &script).await.unwrap();
    assert_eq!((report.title.as_str(), report.blocks), ("Nothing yet", 0));
    assert_eq!(script.notices(), [Notice::Blank]);
    assert!(world.only_page().page.children.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_below_a_parent_and_into_a_space() {
    let world = World::new().await;
    let space = world.sandbox.add_space(tokenward_emulator::SpaceSpec::new(tokenward_emulator::Brand::Feishu, "Team"));
    let file = world.file("a.md", "text");
    let read = |parent: &str| tokenward_wiki::PageLocation::read(false, None, Some(parent)).unwrap();
    let manuscript = tokenward_wiki::Manuscript::read(&file, &tokenward_wiki::Reading::default()).unwrap();
    let create = async |place: &tokenward_wiki::PageLocation| {
        world
            .with_wiki(&tokenward_wiki::NoPageObserver, async |wiki| {
                wiki.create(&manuscript, place, Wishes::default()).await
            })
            .await
    };
    let into = tokenward_wiki::PageLocation::read(false, Some(&space), None).unwrap();
    let top = create(&into).await.unwrap();
    assert_eq!(top.space_id, space);
    // An address that was copied from the browser names tenant, space and parent.
    let below = create(&read(&format!("https://acme.feishu.cn/wiki/{}", top.node_token))).await.unwrap();
    assert_eq!(below.space_id, space);
    assert_eq!(below.address, format!("https://acme.feishu.cn/wiki/{}", below.node_token));
    let tree = world.sandbox.spaces().into_iter().find(|tree| tree.space_id == space).unwrap();
    assert_eq!((tree.nodes.len(), tree.nodes[0].children.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_ends_in_the_middle_is_rotated_once() {
    let world = World::new().await;
    let (text, pictures) = markdown(&world, 1200, 22);
    let file = world.file("long.md", &text);
    let expected = Expected::of(&world, body(&text)).await;
    let there = Arc::downgrade(&world);
    let ended = std::sync::atomic::AtomicU32::new(0);
    let script = Script {
        // The provider's clock alone: the client learns of it by the refusal, between two insertions and again
        // between two uploads.
        at: Some(Box::new(move |step| {
            if matches!(step, PageStep::Inserted | PageStep::Kept) {
                let n = ended.fetch_add(1, Ordering::SeqCst);
                if n == 0 || n == 9 {
                    there.upgrade().unwrap().sandbox.advance(Duration::from_secs(7300));
                }
            }
        })),
        ..Script::default()
    };
    world.create(&file, &Arc::new(script)).await.unwrap();
    expected.assert_arrived(&world.only_page(), &pictures);
    let counters = serde_json::to_value(world.sandbox.counters()).unwrap();
    assert_eq!(counters["refreshes"], 2, "{counters}");
    assert!(world.sandbox.check().is_clean());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_leaves_no_page() {
    let world = World::with_scopes("wiki:space:read wiki:node:create").await;
    let file = world.file("a.md", "text");
    let Err(error) = world.create(&file, &Arc::default()).await else { panic!() };
    assert!(error.to_string().contains("docx:document.block:convert"), "{error}");
    assert!(world.pages().is_empty());
    let broken = world.file("b.md", "![x](not-there.png)");
    assert!(matches!(world.create(&broken, &Arc::default()).await, Err(Error::Image { .. })));
    let world = World::new().await;
    let wide = format!("|{}\n|{}\n", " a |".repeat(600), "---|".repeat(600));
    let wide = world.file("wide.md", wide);
    let wide_result = world.create(&wide, &Arc::default()).await;
    assert!(matches!(wide_result, Err(Error::Beyond { found: 600, line: Some(1), .. })), "{wide_result:?}");
    assert!(world.pages().is_empty());
    // And after that nothing stands in the way of a good one.
    world.create(&world.file("wide.md", "narrow"), &Arc::default()).await.unwrap();
}
