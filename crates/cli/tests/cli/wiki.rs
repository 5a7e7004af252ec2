//! `wiki`: pages made by the command, killed at its steps, told in both languages.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::Value;
use tokenward_emulator::{DocumentTree, Fault, NodeTree};
use tokenward_wiki::PageStep;

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
    assert_eq!(json["url"], format!("https://acme.feishu.cn/wiki/{}", pages(&world)[0].node_token));
    assert_eq!(texts(&only_page(&world)), ["other words"]);
    let ran = world.run(&["wiki", "update", &note]);
    assert!(ran.succeeds().err.contains("nothing was changed"), "{ran:?}");
}

#[test]
fn killed_at_every_step_and_run_again_there_is_one_page() {
    for step in PageStep::ALL {
        let world = world();
        file(&world, "p.png", PNG);
        let note = file(&world, "note.md", "# Note\n\nwords\n\n![p](p.png)\n");
        let create = ["wiki", "create", &note, "--personal"];
        let words: Vec<&str> = match step {
            PageStep::Brought | PageStep::Asked | PageStep::Ticketed | PageStep::Imported | PageStep::Moved => continue,
            PageStep::Cleared => {
                world.run(&create).succeeds();
                file(&world, "note.md", "# Note\n\nnew words\n\n![p](p.png)\n");
                vec!["wiki", "update", &note]
            }
            _ => create.to_vec(),
        };
        let killed = world.run_with(&[("TOKENWARD_KILL_AT", step.as_str())], &words);
        assert_eq!((killed.code, killed.out.as_str()), (128 + 9, ""), "{step}: {killed:?}");
        let ran = world.run(&words);
        if step == PageStep::Done {
            ran.fails(2, "TW0843");
        } else {
            ran.succeeds();
        }
        let document = only_page(&world);
        assert_eq!(document.page.children.len(), 2, "{step}");
        assert!(document.page.children[1].media.is_some(), "{step}");
        assert_eq!(texts(&document)[0], if step == PageStep::Cleared { "new words" } else { "words" });
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
        (&json["title"], &json["images"]["web"], &json["space"]),
        (&"Note".into(), &1.into(), &"personal".into())
    );
    let page = include_str!("../../../../docs/reference/json.md");
    let keys = json.as_object().unwrap().keys().chain(json["images"].as_object().unwrap().keys());
    keys.for_each(|key| assert!(page.contains(&format!("`{key}`")), "{key} is not documented"));
    assert!(world.sandbox.history().is_empty() && !world.home.exists());
}

/// Mistakes are found before anything is sent, and told in both languages with a page.
#[test]
fn mistakes_are_told() {
    let world = world();
    let before = world.sandbox.history().len();
    let note = file(&world, "note.md", "words\n");
    let elsewhere = file(&world, "elsewhere.md", "words\n");
    std::fs::create_dir(world.home.parent().unwrap().join("repo")).unwrap();
    let link = world.home.parent().unwrap().join("repo/README.md");
    std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
    let secret = file(&world, "id.png", "-----BEGIN OPENSSH PRIVATE KEY-----");
    let cases: &[(&str, &[&str], &str)] = &[
        ("words\n", &[], "TW0842"),
        ("words\n", &["--space", "not an id"], "TW0842"),
        ("---\npersonal: perhaps\n---\n", &["--personal"], "TW0840"),
        ("![x](none.png)\n", &["--personal"], "TW0841"),
        ("![x](id.png)\n", &["--personal"], "TW0841"),
        ("![x](/etc/hostname)\n", &["--personal"], "TW0841"),
        ("", &["--personal"], "TW0840"),
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
    let ran = world.run(&["wiki", "create", link.to_str().unwrap(), "--personal"]);
    assert!(ran.fails(2, "TW0840").err.contains("elsewhere.md"), "{ran:?}");
    assert_eq!(world.sandbox.history().len(), before);
    assert!(secret.ends_with("id.png"));
}

/// A file of tokens, named instead of the page that was meant, is published by neither command.
#[test]
fn a_file_with_a_token_or_a_secret_becomes_no_page() {
    let world = world();
    let access = world.run(&["token"]).succeeds().out.trim().to_owned();
    let refresh = world.sandbox.current_tokens().into_iter().find_map(|login| login.refresh_token).unwrap();
    let before = pages(&world).len();
    let contents = [
        format!("[feishu]\nuser_access_token = {access}\n"),
        format!("words\n\nFEISHU_REFRESH_TOKEN={refresh}\n"),
        format!("app_secret = {}\n", world.app.secret),
    ];
    for (content, lang) in contents.iter().zip(["en", "zh", "en"]) {
        let file = file(&world, "feishu-config.ini", content);
        let ran = world.run_with(&[("TOKENWARD_LANG", lang)], &["wiki", "create", &file, "--personal"]);
        assert!(ran.fails(2, "TW0840").err.contains("feishu-config.ini"), "{ran:?}");
        assert!([&access, &refresh, &world.app.secret].iter().all(|secret| !ran.err.contains(*secret)), "{ran:?}");
    }
    assert_eq!(pages(&world).len(), before);
    // Nor when the file of a page has become one.
    let note = file(&world, "note.md", "words\n");
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();
    std::fs::write(&note, &contents[0]).unwrap();
    world.run(&["wiki", "update", &note]).fails(2, "TW0840");
    let shown = texts(&only_page(&world)).concat();
    assert!(shown.contains("words") && !shown.contains(&access), "{shown}");
}

#[test]
fn a_missing_scope_names_the_login_that_adds_it() {
    let world = World::new();
    assert_eq!(world.login(&["--scope", "wiki:space:read"]).code, 0);
    file(&world, "p.png", PNG);
    let note = file(&world, "note.md", "words\n\n![p](p.png)\n");
    let before = calls(&world);
    let ran = world.run(&["wiki", "create", &note, "--personal"]);
    ran.fails(3, "TW0803");
    // All of them at once, in one command, before anything is sent.
    let command = "`tokenward login --scope 'wiki:node:create docx:document.block:convert docx:document:write_only \
                   docs:document.media:upload wiki:node:retrieve docx:document:readonly'`";
    assert!(ran.err.contains(command) && ran.err.contains("no page was created"), "{ran:?}");
    assert_eq!(calls(&world), before);
    let scopes = command.split('\'').nth(1).unwrap();
    assert_eq!(world.login(&["--scope", scopes]).code, 0);
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();
    world.run(&["wiki", "update", &note]).succeeds();
}

/// Requests to the provider's API.
fn calls(world: &World) -> usize {
    world.sandbox.history().iter().filter(|record| format!("{record:?}").contains("/open-apis/")).count()
}

/// The file is looked at before anything is sent, and what no page takes is told with its line.
#[test]
fn what_no_page_takes_leaves_the_page_as_it_was() {
    let world = world();
    let note = file(&world, "note.md", "# Note\n\nold words that people rely on\n");
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();
    let (page, before) = (only_page(&world), calls(&world));
    let wide = format!("# Note\n\nwords\n\n|{}\n|{}\n", "a|".repeat(101), "-|".repeat(101));
    let deep = (0..35).map(|n| format!("{}- x\n", "  ".repeat(n))).collect::<Vec<_>>().concat();
    for (text, line, what) in
        [(wide, "line 5", "101 columns"), (format!("# Note\n\n{deep}"), "line 35", "35 levels deep")]
    {
        file(&world, "note.md", &text);
        let other = file(&world, "other.md", &text);
        for words in [
            &["wiki", "update", &note][..],
            &["wiki", "update", &note, "--force"],
            &["wiki", "update", &note, "--dry-run"],
            &["wiki", "create", &other, "--personal"],
            &["wiki", "create", &other, "--personal", "--dry-run"],
        ] {
            let ran = world.run(words);
            ran.fails(2, "TW0853");
            assert!(ran.err.contains(line) && ran.err.contains(what) && ran.out.is_empty(), "{words:?} {ran:?}");
        }
        let ran = world.run_with(&[("TOKENWARD_LANG", "zh")], &["wiki", "update", &note]);
        assert!(ran.err.contains("第 ") && ran.err.contains("没有创建或改动任何页面"), "{ran:?}");
    }
    assert_eq!(only_page(&world), page);
    assert_eq!(calls(&world), before);
    // What can be cut is cut, and that is said.
    file(&world, "note.md", format!("# Note\n\n```\n{}```\n", "x\n".repeat(60_000)));
    let ran = world.run(&["wiki", "update", &note]);
    assert!(ran.succeeds().err.contains("split: 1"), "{ran:?}");
    assert_eq!(only_page(&world).page.children.len(), 2);
    // A file without text empties no page.
    file(&world, "note.md", "# Note\n");
    world.run(&["wiki", "update", &note, "--force"]).fails(2, "TW0840");
    assert_eq!(only_page(&world).page.children.len(), 2);
}

/// Where a page is there and the work stops: what it shows, where, and that the next run goes on.
#[test]
fn a_run_that_stops_says_what_the_page_shows() {
    let world = world();
    let insert = || Fault::code(1_770_001).to("POST /open-apis/docx/*/descendant");
    let note = file(&world, "note.md", "# Note\n\nold words\n");
    world.sandbox.inject(insert());
    let ran = world.run(&["wiki", "create", &note, "--personal"]);
    ran.fails(2, "TW0801");
    let address = format!("https://www.feishu.cn/wiki/{}", pages(&world)[0].node_token);
    assert!(ran.err.contains(&format!("now: the page shows only its title: {address}")), "{ran:?}");
    assert!(ran.err.contains("run the same command again") && !ran.err.contains("`-i`"), "{ran:?}");
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();

    file(&world, "note.md", "# Note\n\nnew words\n");
    world.sandbox.inject(insert());
    let ran = world.run(&["wiki", "update", &note]);
    assert!(ran.err.contains(&format!("the page shows its previous content, unchanged: {address}")), "{ran:?}");
    assert_eq!(texts(&only_page(&world)), ["old words"]);
    world.sandbox.inject(Fault::code(1_770_001).to("DELETE /open-apis/docx/*"));
    let ran = world.run_with(&[("TOKENWARD_LANG", "zh")], &["wiki", "update", &note]);
    assert!(ran.err.contains("目前显示原有内容没有改动，其下方是文件的全部内容"), "{ran:?}");
    assert_eq!(texts(&only_page(&world)), ["old words", "new words"]);
    let ran = world.run(&["wiki", "update", &note, "--json"]);
    ran.succeeds();
    assert_eq!(texts(&only_page(&world)), ["new words"]);
    world.sandbox.inject(Fault::code(131_006).to("POST /open-apis/wiki/v2/spaces/*/nodes"));
    let other = file(&world, "other.md", "words\n");
    let error = world.run(&["wiki", "create", &other, "--personal", "--json"]).error();
    assert!(error["current_state"].as_str().unwrap().contains("no page was created"), "{error}");
}

#[test]
fn an_update_can_be_looked_at_first() {
    let world = world();
    let note = file(&world, "note.md", "# Note\n\nold words\n");
    world.run(&["wiki", "update", &note, "--dry-run"]).fails(2, "TW0846");
    world.run(&["wiki", "create", &note, "--personal"]).succeeds();
    let before = calls(&world);
    let ran = world.run(&["wiki", "update", &note, "--dry-run"]);
    assert!(
        ran.succeeds().out.contains(&pages(&world)[0].node_token) && ran.out.contains("has not changed"),
        "{ran:?}"
    );
    let text = "# Note\n\n![a](https://e.test:8443/a.png) ![b](https://e.test:8443/b.png) ![c](//10.0.0.1/c.png)\n\n```mermaid\nA\n```\n";
    file(&world, "note.md", text);
    let ran = world.run(&["wiki", "update", &note, "--dry-run"]);
    assert!(ran.succeeds().out.contains("e.test:8443, 10.0.0.1"), "{ran:?}");
    assert!(ran.err.contains("line 5") && ran.err.contains("nothing was sent"), "{ran:?}");
    let json = world.run(&["wiki", "update", &note, "--dry-run", "--json"]).json();
    assert_eq!((&json["changed"], &json["whole"]), (&true.into(), &true.into()));
    assert_eq!(json["images"]["hosts"], serde_json::json!(["e.test:8443", "10.0.0.1"]));
    let page = include_str!("../../../../docs/reference/json.md");
    json.as_object().unwrap().keys().for_each(|key| assert!(page.contains(&format!("`{key}`")), "{key}"));
    assert_eq!(calls(&world), before);
    assert_eq!(texts(&only_page(&world)), ["old words"]);
}

/// Nobody's Markdown leads into this machine or the network, unless the host was named.
#[test]
fn a_picture_of_this_machine_needs_its_host_named() {
    let world = world();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            use std::io::{Read, Write as _};
            let mut stream = stream.unwrap();
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            assert!(stream.read(&mut [0; 2048]).unwrap() > 0);
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", PNG.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(PNG));
        }
    });
    let note = file(&world, "note.md", format!("![a](http://{host}/a.png)\n"));
    let ran = world.run(&["wiki", "create", &note, "--personal"]);
    assert!(ran.succeeds().err.contains(&format!("`--allow-private-pictures {host}`")), "{ran:?}");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 0);
    let allowed = ["wiki", "create", &note, "--personal", "--again", "--allow-private-pictures", &host];
    assert_eq!(world.run(&allowed).succeeds().err, "");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 1);
    world.run(&["wiki", "create", &note, "--personal", "--allow-private-pictures", "a b"]).fails(2, "TW0200");
}

#[test]
fn what_is_lost_on_the_way_is_told() {
    let world = world();
    let note = file(&world, "note.md", "---\nIntro: with a colon\n---\n\n<img src=\"none.png\"> words\n");
    let ran = world.run(&["wiki", "create", &note, "--personal"]);
    assert!(ran.succeeds().err.contains("lines 1 to 3") && ran.err.contains("line 5"), "{ran:?}");
    let rules = file(&world, "rules.md", "---\n\nIntro: with a colon\n\n---\n\nRest.\n");
    assert_eq!(world.run(&["wiki", "create", &rules, "--personal"]).succeeds().err, "");
    let page = world.sandbox.documents().into_iter().find(|document| document.title == "rules").unwrap();
    assert!(texts(&page).contains(&"Intro: with a colon".to_owned()), "{page:?}");
}

#[test]
fn the_provider_s_no_is_told_with_its_meaning() {
    let world = world();
    let note = file(&world, "note.md", "words\n");
    let ran = world.run(&["wiki", "create", &note, "--space", "7099999999999999999"]);
    ran.fails(2, "TW0801");
    assert!(!ran.err.contains("`-i`") && ran.err.contains("no page was created"), "{ran:?}");
    assert!(ran.err.contains("131005") && ran.err.contains("does not exist") && ran.err.contains("log id"), "{ran:?}");
    assert!(ran.err.contains("/open-apis/wiki/v2/spaces") && !ran.err.contains("documentation"), "{ran:?}");
    // A token that ended unseen is rotated on the way.
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

/// SIGKILL from outside, at moments that sweep over the whole run.
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
        shown.contains("█") && shown.contains("inserting blocks 2/2") && shown.contains("uploading images 1/1"),
        "{shown:?}"
    );
    let last = shown.rsplit("\x1b[2K").next().unwrap();
    let address = format!("https://www.feishu.cn/wiki/{}", pages(&world)[0].node_token);
    let (first, hint) = last.trim().split_once("\r\n").unwrap();
    assert_eq!(first, address, "{shown:?}");
    // That host is not the tenant's own, and who looks on is told.
    assert!(hint.contains("--host") && !hint.contains('\n'), "{shown:?}");
}
