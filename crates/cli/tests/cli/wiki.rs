//! `wiki`: pages made by the command, killed at its steps, told in both languages.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;
use tokenward_emulator::{DocumentTree, Fault, NodeTree};
use tokenward_wiki::Step;

use crate::world::{Ran, Started, World};

const SCOPES: &str = "wiki:space:read wiki:node:create wiki:node:read wiki:node:retrieve docx:document:write_only \
                      docx:document:readonly docx:document.block:convert docs:document.media:upload";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\npicture";

fn world() -> World {
    let world = World::new();
    assert_eq!(world.login(&["--scope", SCOPES]).code, 0);
    world
}

/// Writes a file beside the home folder.
fn file(world: &World, name: &str, content: impl AsRef<[u8]>) -> String {
    let path: PathBuf = world.home.parent().unwrap().join(name);
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

fn pages(world: &World) -> Vec<NodeTree> {
    world.sandbox.spaces().into_iter().flat_map(|space| space.nodes).collect()
}

fn only_page(world: &World) -> DocumentTree {
    let pages = pages(world);
    assert_eq!(pages.len(), 1, "{pages:#?}");
    world.sandbox.document(&pages[0].document_id).unwrap()
}

fn texts(document: &DocumentTree) -> Vec<String> {
    document.page.children.iter().map(|block| block.text.clone()).collect()
}

#[test]
fn a_file_becomes_a_page_and_its_address_is_all_that_is_printed() {
    let world = world();
    file(&world, "p.png", PNG);
    let note = file(&world, "note.md", "---\npersonal: true\n---\n# Note\n\nwords\n\n![p](p.png)\n");
    let ran = world.run(&["wiki", "create", &note]);
    ran.succeeds();
    assert_eq!(ran.out, format!("https://www.feishu.cn/wiki/{}\n", pages(&world)[0].node_token));
    assert_eq!(ran.err, "");
    let document = only_page(&world);
    assert_eq!((document.title.as_str(), document.page.children.len()), ("Note", 2));
    assert!(document.page.children[1].media.is_some());

    let ran = world.run(&["wiki", "create", &note]);
    ran.fails(2, "TW0843");
    assert!(ran.err.contains(&pages(&world)[0].node_token) && ran.err.contains("wiki update"), "{ran:?}");

    file(&world, "note.md", "# Note\n\nother words\n");
    let ran = world.run_with(&[("TOKENWARD_TENANT_HOST", "acme.feishu.cn")], &["wiki", "update", &note, "--json"]);
    let json = ran.succeeds().json();
    assert_eq!(json["changed"], true);
    assert_eq!(json["address"], format!("https://acme.feishu.cn/wiki/{}", pages(&world)[0].node_token));
    assert_eq!(texts(&only_page(&world)), ["other words"]);
    let ran = world.run(&["wiki", "update", &note]);
    assert!(ran.succeeds().err.contains("nothing was changed"), "{ran:?}");
}

#[test]
fn killed_at_every_step_and_run_again_there_is_one_page() {
    for step in Step::ALL {
        let world = world();
        file(&world, "p.png", PNG);
        let note = file(&world, "note.md", "# Note\n\nwords\n\n![p](p.png)\n");
        let create = ["wiki", "create", &note, "--personal"];
        let words: Vec<&str> = match step {
            Step::Brought | Step::Asked | Step::Ticketed | Step::Imported | Step::Moved => continue,
            Step::Cleared => {
                world.run(&create).succeeds();
                file(&world, "note.md", "# Note\n\nnew words\n\n![p](p.png)\n");
                vec!["wiki", "update", &note]
            }
            _ => create.to_vec(),
        };
        let killed = world.run_with(&[("TOKENWARD_KILL_AT", step.as_str())], &words);
        assert_eq!((killed.code, killed.out.as_str()), (128 + 9, ""), "{step}: {killed:?}");
        let ran = world.run(&words);
        if step == Step::Done {
            ran.fails(2, "TW0843");
        } else {
            ran.succeeds();
        }
        let document = only_page(&world);
        assert_eq!(document.page.children.len(), 2, "{step}");
        assert!(document.page.children[1].media.is_some(), "{step}");
        assert_eq!(texts(&document)[0], if step == Step::Cleared { "new words" } else { "words" });
    }
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_login() {
    let world = World::bare();
    let note = file(&world, "note.md", "# Note\n\n![p](https://e.test/p.png)\n");
    let ran = world.run(&["wiki", "create", &note, "--space", "https://acme.feishu.cn/wiki/space/70", "--dry-run"]);
    assert!(ran.succeeds().out.contains("Note") && ran.out.contains("70"), "{ran:?}");
    let json = world.run(&["wiki", "create", &note, "--personal", "--dry-run", "--json"]).json();
    assert_eq!(
        (&json["title"], &json["pictures"]["web"], &json["space"]),
        (&"Note".into(), &1.into(), &"personal".into())
    );
    let page = include_str!("../../../../docs/reference/json.md");
    let keys = json.as_object().unwrap().keys().chain(json["pictures"].as_object().unwrap().keys());
    keys.for_each(|key| assert!(page.contains(&format!("`{key}`")), "{key} is not documented"));
    assert!(world.sandbox.history().is_empty() && !world.home.exists());
}

/// Mistakes are found before anything is sent, and told in both languages with a page.
#[test]
fn mistakes_are_told() {
    let world = world();
    let before = world.sandbox.history().len();
    let note = file(&world, "note.md", "words\n");
    let secret = file(&world, "id.png", "-----BEGIN OPENSSH PRIVATE KEY-----");
    let cases: &[(&str, &[&str], &str)] = &[
        ("words\n", &[], "TW0842"),
        ("words\n", &["--space", "not an id"], "TW0842"),
        ("---\npersonal: perhaps\n---\n", &["--personal"], "TW0840"),
        ("![x](none.png)\n", &["--personal"], "TW0841"),
        ("![x](id.png)\n", &["--personal"], "TW0841"),
        ("![x](/etc/hostname)\n", &["--personal"], "TW0841"),
        ("words\n", &["--personal", "--host", "a b"], "TW0200"),
        ("words\n", &["--personal", "--space", "70"], "TW0200"),
    ];
    let mut told = String::new();
    for lang in ["en", "zh"] {
        for (text, words, code) in cases {
            std::fs::write(&note, text).unwrap();
            let ran = world.run_with(&[("TOKENWARD_LANG", lang)], &[&["wiki", "create", &note][..], words].concat());
            ran.fails(2, code);
            assert_eq!(ran.out, "");
            let folder = std::fs::canonicalize(world.home.parent().unwrap()).unwrap();
            told.push_str(&ran.err.replace(folder.to_str().unwrap(), "FOLDER"));
            told.push('\n');
        }
    }
    insta::assert_snapshot!(told);
    std::fs::write(&note, "words\n").unwrap();
    world.run(&["wiki", "update", &note]).fails(2, "TW0846");
    world.run(&["wiki", "create", &format!("{note}x"), "--personal"]).fails(2, "TW0840");
    assert_eq!(world.sandbox.history().len(), before);
    assert!(secret.ends_with("id.png"));
}

#[test]
fn a_missing_scope_names_the_login_that_adds_it() {
    let world = World::new();
    assert_eq!(world.login(&["--scope", "wiki:space:read"]).code, 0);
    let note = file(&world, "note.md", "words\n");
    let ran = world.run(&["wiki", "create", &note, "--personal"]);
    ran.fails(3, "TW0803");
    assert!(ran.err.contains("tokenward login --scope 'docx:document.block:convert'"), "{ran:?}");
    assert!(pages(&world).is_empty());
}

#[test]
fn the_provider_s_no_is_told_with_its_meaning() {
    let world = world();
    let note = file(&world, "note.md", "words\n");
    let ran = world.run(&["wiki", "create", &note, "--space", "7099999999999999999"]);
    ran.fails(2, "TW0801");
    assert!(ran.err.contains("131005") && ran.err.contains("not there") && ran.err.contains("log id"), "{ran:?}");
    // A token that ended unseen is turned on the way.
    world.advance(7300);
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();
    let edited = |ran: &Ran| ran.err.contains("--force");
    let document = only_page(&world).document_id;
    let body = r#"{"children":[{"block_type":2,"text":{"elements":[{"text_run":{"content":"by hand"}}]}}],"index":0}"#;
    let path = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children");
    world.run(&["api", "POST", &path, "-d", body]).succeeds();
    let ran = world.run(&["wiki", "update", &note]);
    assert!(edited(ran.fails(2, "TW0844")), "{ran:?}");
    world.run(&["wiki", "update", &note, "--force"]).succeeds();
    assert_eq!(texts(&only_page(&world)), ["words"]);
}

#[test]
fn pictures_that_are_not_taken_are_tried_again() {
    let world = world();
    file(&world, "p.png", PNG);
    let note = file(&world, "note.md", "words\n\n![p](p.png)\n");
    world.sandbox.inject(Fault::code(1_061_109).to("POST /open-apis/drive/v1/medias/upload_all"));
    let ran = world.run(&["wiki", "create", &note, "--personal", "--json"]);
    ran.fails(4, "TW0848");
    let error: Value = ran.error();
    assert!(error["detail"].as_str().unwrap().contains("p.png"), "{error}");
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();
    assert!(only_page(&world).page.children[1].media.is_some());
}

#[test]
fn a_lost_answer_makes_no_second_page() {
    let world = world();
    let note = file(&world, "note.md", "words\n");
    world.sandbox.inject(Fault::drop_answer().to("POST /open-apis/wiki/v2/spaces/*/nodes"));
    let ran = world.run_with(&[("TOKENWARD_LANG", "zh")], &["wiki", "create", &note, "--personal"]);
    assert!(ran.succeeds().err.contains("页面已经创建"), "{ran:?}");
    assert_eq!(texts(&only_page(&world)), ["words"]);
}

/// Issue 4, "What must be shown" 3: SIGKILL from outside, at moments that sweep over the whole run.
#[test]
fn killed_at_any_moment_and_run_again_there_is_one_page() {
    let world = world();
    let mut text = String::from("# Note\n\n");
    for n in 0..12 {
        file(&world, &format!("p{n}.png"), [PNG, &[b'0' + n]].concat());
        write!(text, "- item {n}\n  - below\n\n![p](p{n}.png)\n\n").unwrap();
    }
    let note = file(&world, "note.md", &text);
    let (mut runs, mut delay) = (0, 30);
    loop {
        let mut run = Started::new(&mut world.command(&["wiki", "create", &note, "--personal"]));
        run.kill_after(std::time::Duration::from_millis(delay));
        let ran = run.finish();
        assert!(pages(&world).len() <= 1, "{ran:?}");
        runs += 1;
        if ran.code == 0 || ran.err.contains("TW0843") {
            break;
        }
        assert_eq!(ran.code, 128 + 9, "{ran:?}");
        // A run that looks for a page whose making was cut off takes its time; it is let come through.
        delay = if ran.err.contains("looking for it") { 20_000 } else { delay + 20 + delay / 4 };
    }
    assert!(runs > 1, "the first run is killed before it can end");
    let document = only_page(&world);
    assert_eq!(document.page.walk().len(), 1 + 12 * 3);
    assert_eq!(document.page.walk().iter().filter(|block| block.media.is_some()).count(), 12);
}

/// At a terminal there is a bar, and nothing of it stays; elsewhere there is none.
#[test]
fn a_bar_at_a_terminal() {
    let world = world();
    file(&world, "p.png", PNG);
    let note = file(&world, "note.md", "words\n\n![p](p.png)\n");
    let words = format!("{} wiki create {note} --personal", env!("CARGO_BIN_EXE_tokenward"));
    let shown = std::process::Command::new("script")
        .args(["-qec", &words, "/dev/null"])
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TERM", "xterm")])
        .env("TOKENWARD_HOME", &world.home)
        .stdin(std::process::Stdio::null())
        .output()
        .expect("`script` of util-linux is needed");
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("█") && shown.contains("inserting blocks 2/2") && shown.contains("uploading pictures 1/1"),
        "{shown:?}"
    );
    let last = shown.rsplit("\x1b[2K").next().unwrap();
    assert_eq!(last.trim(), format!("https://www.feishu.cn/wiki/{}", pages(&world)[0].node_token), "{shown:?}");
}
