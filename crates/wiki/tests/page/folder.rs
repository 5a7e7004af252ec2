//! A folder of files becomes a tree of pages, each once.

use std::path::Path;
use std::sync::Arc;

use tokenward::Call;
use tokenward_emulator::NodeTree;
use tokenward_wiki::{Error, Folder, PageLocation, Reading, Report, Updated, Wiki};

use crate::world::{HOST, Script, World, picture};

/// A folder with pages below pages, links, a picture, and a folder without a file of its own.
fn folder(world: &World) -> std::path::PathBuf {
    world
        .file("docs/README.md", "# Docs\n\nSee [the start](guide/start.md#part) and [the web](https://e.test/x.md).\n");
    world.file(
        "docs/guide/start.md",
        "# Start\n\nBack to [docs](../README.md), on to [more](more.md), [gone](none.md).\n",
    );
    world.file("docs/guide/more.md", "# More\n\n![p](p.png)\n\n[start][s]\n\n[s]: start.md\n");
    world.file("docs/guide/p.png", picture(1));
    world.file("docs/a.md", "# A\n\nwords\n");
    world.folder.path().join("files/docs")
}

fn place() -> PageLocation {
    PageLocation::read(true, None, None).unwrap()
}

async fn create(world: &Arc<World>, path: &Path, script: &Arc<Script>) -> Option<Result<Vec<Report>, Error>> {
    let (world, script, path) = (Arc::clone(world), Arc::clone(script), path.to_owned());
    World::survive(async move {
        let folder = Folder::read(&path, &Reading::default())?;
        world.with_wiki(&*script, async |wiki| wiki.create_folder(&folder, &place(), false).await).await
    })
    .await
}

async fn update(world: &Arc<World>, path: &Path, place: Option<PageLocation>) -> Result<Updated, Error> {
    let folder = Folder::read(path, &Reading::default())?;
    let script = Script::default();
    world.with_wiki(&script, async |wiki| wiki.update_folder(&folder, place.as_ref(), false).await).await
}

/// Titles with what is below them.
fn shape(nodes: &[NodeTree]) -> String {
    let one = |node: &NodeTree| match node.children.as_slice() {
        [] => node.title.clone(),
        children => format!("{}({})", node.title, shape(children)),
    };
    nodes.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn tree(world: &World) -> Vec<NodeTree> {
    world.sandbox.spaces().into_iter().flat_map(|space| space.nodes).collect()
}

fn page(world: &World, title: &str) -> NodeTree {
    let mut found: Vec<_> = world.pages().into_iter().filter(|page| page.title == title).collect();
    assert_eq!(found.len(), 1, "{title}: {found:?}");
    found.remove(0)
}

/// The addresses of a page's links, as the provider keeps them.
async fn links(world: &World, title: &str) -> Vec<String> {
    let document = page(world, title).document_id;
    let blocks = world.call(Call::get(format!("/open-apis/docx/v1/documents/{document}/blocks"))).await;
    let mut found = Vec::new();
    for block in blocks["items"].as_array().unwrap() {
        for run in block["text"]["elements"].as_array().into_iter().flatten() {
            if let Some(url) = run["text_run"]["text_element_style"]["link"]["url"].as_str() {
                found.push(url::form_urlencoded::parse(format!("u={url}").as_bytes()).next().unwrap().1.into_owned());
            }
        }
    }
    found
}

fn address(world: &World, title: &str) -> String {
    format!("https://{HOST}/wiki/{}", page(world, title).node_token)
}

async fn assert_whole(world: &World) {
    assert_eq!(shape(&tree(world)), "Docs(A guide(More Start))");
    assert_eq!(links(world, "Docs").await, [address(world, "Start"), "https://e.test/x.md".to_owned()]);
    let start = links(world, "Start").await;
    assert_eq!(start, [address(world, "Docs"), address(world, "More"), "none.md".to_owned()]);
    assert_eq!(links(world, "More").await, [address(world, "Start")]);
    let more = world.sandbox.document(&page(world, "More").document_id).unwrap();
    assert_eq!(more.page.walk().iter().filter(|block| block.media.is_some()).count(), 1);
    assert!(world.sandbox.document(&page(world, "guide").document_id).unwrap().page.children.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_becomes_a_tree_of_pages_that_link_to_each_other() {
    let world = World::new().await;
    let path = folder(&world);
    let reports = create(&world, &path, &Arc::default()).await.unwrap().unwrap();
    assert_whole(&world).await;
    assert_eq!(reports.len(), 5);
    assert!(reports.iter().all(|report| report.changed));
    // Again: nothing is made, and a file that came since gets its page.
    world.file("docs/guide/new.md", "# New\n\n[start](start.md)\n");
    let reports = create(&world, &path, &Arc::default()).await.unwrap().unwrap();
    assert_eq!(reports.iter().filter(|report| report.changed).count(), 1);
    assert_eq!(shape(&tree(&world)), "Docs(A guide(More Start New))");
    assert_eq!(links(&world, "New").await, [address(&world, "Start")]);

    // What is remembered is listed, and nothing else.
    let listed = tokenward_wiki::Store::new(world.folder.path()).pages(|_| HOST.to_owned()).unwrap();
    assert_eq!(listed.len(), 6);
    assert!(listed.iter().all(|page| page.whole && page.written_at.is_some() && page.owner == "work"));
    let start = listed.iter().find(|page| page.file.ends_with("guide/start.md")).unwrap();
    assert_eq!((start.title.as_deref(), start.address.clone()), (Some("Start"), Some(address(&world, "Start"))));
}

/// A run that dies after any of its steps is continued by the next one, and no file gets a second page.
#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_and_run_again_each_file_has_one_page() {
    let mut step = 0;
    loop {
        let world = World::new().await;
        world.file("docs/README.md", "# Docs\n\n[more](guide/more.md)\n");
        world.file("docs/guide/more.md", "# More\n\n![p](p.png)\n\n[docs](../README.md)\n");
        world.file("docs/guide/p.png", picture(1));
        let path = world.folder.path().join("files/docs");
        let script = Arc::new(Script { dies_at: Some(step), ..Script::default() });
        let whole = match create(&world, &path, &script).await {
            None => false,
            Some(done) => done.is_ok(),
        };
        if !whole {
            create(&world, &path, &Arc::default()).await.unwrap().unwrap();
        }
        assert_eq!(shape(&tree(&world)), "Docs(guide(More))", "{step}");
        assert_eq!(links(&world, "Docs").await, [address(&world, "More")], "{step}");
        assert_eq!(links(&world, "More").await, [address(&world, "Docs")], "{step}");
        let more = world.sandbox.document(&page(&world, "More").document_id).unwrap();
        assert_eq!(more.page.children.iter().filter(|block| block.media.is_some()).count(), 1, "{step}");
        if whole {
            break;
        }
        step += 1;
    }
    assert!(step > 15, "{step}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_makes_no_second_page_of_any_file() {
    let world = World::new().await;
    let path = folder(&world);
    for _ in 0..3 {
        let lost = tokenward_emulator::Fault::drop_answer().to("POST /open-apis/wiki/v2/spaces/*/nodes");
        world.sandbox.inject(lost);
        let _ = create(&world, &path, &Arc::default()).await.unwrap();
    }
    create(&world, &path, &Arc::default()).await.unwrap().unwrap();
    assert_whole(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_changed_and_leaves_what_others_wrote() {
    let world = World::new().await;
    let path = folder(&world);
    create(&world, &path, &Arc::default()).await.unwrap().unwrap();
    let unchanged = update(&world, &path, None).await.unwrap();
    assert!(unchanged.pages.iter().all(|(_, report)| !report.changed) && unchanged.pages.len() == 4);

    world.file("docs/a.md", "# A\n\nother words\n");
    world.file("docs/guide/more.md", "# More\n\nnew words\n");
    world.file("docs/late.md", "# Late\n\nwords\n");
    let document = page(&world, "A").document_id;
    let by_hand = serde_json::json!({ "index": 0, "children": [
        { "block_type": 2, "text": { "elements": [{ "text_run": { "content": "by hand" } }] } },
    ] });
    let path_of = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children");
    world.call(Call::post(path_of).json(by_hand)).await;
    let updated = update(&world, &path, Some(place())).await.unwrap();
    assert_eq!(updated.pages.iter().filter(|(_, report)| report.changed).count(), 1);
    assert_eq!((updated.left.len(), updated.without_page.len()), (1, 1));
    let Error::In { file, error } = &updated.left[0].1 else { panic!("{updated:?}") };
    assert!(file == Path::new("a.md") && matches!(**error, Error::Edited { .. }));
    let texts = |title: &str| -> Vec<String> {
        let document = world.sandbox.document(&page(&world, title).document_id).unwrap();
        document.page.children.iter().map(|block| block.text.clone()).collect()
    };
    assert_eq!(texts("A"), ["by hand", "words"]);
    assert_eq!(texts("More"), ["new words"]);
    assert_eq!(shape(&tree(&world)), "Docs(A guide(More Start))");
}

/// What would be done is told from the records alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_outlook_sends_nothing() {
    let world = World::new().await;
    let path = folder(&world);
    let outlook = |world: &World| {
        let folder = Folder::read(&path, &Reading::default()).unwrap();
        let store = tokenward_wiki::Store::new(world.folder.path());
        let outlooks = Wiki::folder_outlook(&store, "work", HOST, &folder, Some(&place())).unwrap();
        outlooks.iter().map(|outlook| outlook.page.as_ref().map(|page| page.changed)).collect::<Vec<_>>()
    };
    assert_eq!(outlook(&world), [None; 5]);
    create(&world, &path, &Arc::default()).await.unwrap().unwrap();
    let before = world.sandbox.history().len();
    assert_eq!(outlook(&world), [Some(false); 5]);
    world.file("docs/a.md", "# A\n\nother words\n");
    assert_eq!(outlook(&world).iter().filter(|changed| **changed == Some(true)).count(), 1);
    assert_eq!(world.sandbox.history().len(), before);
}

/// A link of one file leads to the page of another that was put there by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_single_file_links_to_pages_that_are_there() {
    let world = World::new().await;
    let one = world.file("one.md", "# One\n\n[two](two.md)\n");
    let two = world.file("two.md", "# Two\n\n[one](one.md)\n");
    world.create(&one, &Arc::default()).await.unwrap();
    world.create(&two, &Arc::default()).await.unwrap();
    assert_eq!(links(&world, "Two").await, [address(&world, "One")]);
    assert_eq!(links(&world, "One").await, ["two.md"]);
    // The page it links to is there now: the file's page is another one.
    assert!(world.update(&one, &Arc::default(), false).await.unwrap().unwrap().changed);
    assert_eq!(links(&world, "One").await, [address(&world, "Two")]);
    assert!(!world.update(&one, &Arc::default(), false).await.unwrap().unwrap().changed);
}
