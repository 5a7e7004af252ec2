//! `wiki` on a folder of files, `wiki list`, and what a terminal is told besides.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;
use tokenward_emulator::NodeTree;

use crate::world::{Started, World};

const SCOPES: &str = "wiki:space:read wiki:node:create wiki:node:read wiki:node:retrieve docx:document:write_only \
                      docx:document:readonly docx:document.block:convert docs:document.media:upload";

fn world() -> (World, String) {
    let world = World::new();
    assert_eq!(world.login(&["--scope", SCOPES]).code, 0);
    let folder = folder(&world);
    (world, folder)
}

fn write(world: &World, name: &str, text: &str) -> PathBuf {
    let path = std::fs::canonicalize(world.home.parent().unwrap()).unwrap().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn folder(world: &World) -> String {
    let readme = write(world, "docs/README.md", "# Docs\n\n[start](guide/start.md)\n");
    write(world, "docs/guide/start.md", "# Start\n\n[docs](../README.md)\n");
    readme.parent().unwrap().to_str().unwrap().to_owned()
}

/// Titles with what is below them.
fn shape(nodes: &[NodeTree]) -> String {
    let one = |node: &NodeTree| match node.children.as_slice() {
        [] => node.title.clone(),
        children => format!("{}({})", node.title, shape(children)),
    };
    nodes.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn tree(world: &World) -> String {
    shape(&world.sandbox.spaces().into_iter().flat_map(|space| space.nodes).collect::<Vec<_>>())
}

fn assert_documented(value: &Value) {
    let page = include_str!("../../../../docs/reference/json.md");
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                assert!(page.contains(&format!("`{name}`")), "{name} is not documented");
                assert_documented(value);
            }
        }
        Value::Array(values) => values.iter().for_each(assert_documented),
        _ => {}
    }
}

#[test]
fn a_folder_becomes_pages_that_are_listed_and_updated() {
    let (world, folder) = world();
    let dry = world.run(&["wiki", "create", &folder, "--personal", "--dry-run"]);
    assert!(dry.succeeds().out.contains("guide/start.md") && dry.out.contains("new"), "{dry:?}");
    assert!(dry.err.contains("nothing was sent"));
    assert_documented(&world.run(&["wiki", "create", &folder, "--personal", "--dry-run", "--json"]).json());
    assert_eq!(tree(&world), "");
    assert!(world.run(&["wiki", "list"]).succeeds().err.contains("no page has been published"));

    let ran = world.run(&["wiki", "create", &folder, "--personal"]);
    ran.succeeds();
    assert_eq!(tree(&world), "Docs(guide(Start))");
    let lines: Vec<_> = ran.out.lines().map(|line| line.split_once("  ").unwrap()).collect();
    assert_eq!(lines.iter().map(|(_, file)| *file).collect::<Vec<_>>(), ["README.md", "guide", "guide/start.md"]);
    assert!(lines.iter().all(|(address, _)| address.starts_with("https://www.feishu.cn/wiki/")));
    assert!(ran.err.contains("pages created: 3"), "{ran:?}");
    let ran = world.run(&["wiki", "create", &folder, "--personal", "--json"]);
    assert_documented(&ran.succeeds().json());
    assert_eq!(tree(&world), "Docs(guide(Start))");

    let list = world.run(&["wiki", "list", "--json"]).json();
    assert_documented(&list);
    let files: BTreeSet<_> =
        list["pages"].as_array().unwrap().iter().map(|page| page["title"].as_str().unwrap()).collect();
    assert_eq!(files.len(), 3);
    assert!(list["pages"].as_array().unwrap().iter().all(|page| page["whole"] == true), "{list}");
    let shown = world.run(&["wiki", "list"]);
    assert!(shown.succeeds().out.contains("Start") && shown.out.contains("/wiki/"), "{shown:?}");
    let shown = world.run_with(&[("TOKENWARD_TENANT_HOST", "acme.feishu.cn")], &["wiki", "list"]);
    assert!(shown.out.contains("https://acme.feishu.cn/wiki/"), "{shown:?}");
    let none = world.run(&["wiki", "list", "--profile", "other", "--json"]).json();
    assert_eq!(none["pages"], serde_json::json!([]));

    write(&world, "docs/guide/start.md", "# Start\n\nother words\n");
    write(&world, "docs/late.md", "# Late\n\nwords\n");
    let dry = world.run(&["wiki", "update", &folder, "--dry-run"]);
    assert!(dry.succeeds().out.contains("would be updated") && dry.out.contains("has no page"), "{dry:?}");
    let ran = world.run(&["wiki", "update", &folder]);
    assert!(ran.succeeds().err.contains("pages updated: 1; unchanged: 1"), "{ran:?}");
    assert!(ran.err.contains("late.md has no page yet"), "{ran:?}");
    world.run(&["wiki", "create", &folder, "--personal"]).succeeds();
    // A page that came later stands behind those that were there.
    assert_eq!(tree(&world), "Docs(guide(Start) Late)");
}

/// What is wrong with one file is told with its name before anything is made, and what is for one file alone is refused.
#[test]
fn mistakes_name_the_file() {
    let (world, folder) = world();
    write(&world, "docs/guide/bad.md", "![p](none.png)\n");
    for (lang, words) in [("en", "guide/bad.md: an image"), ("zh", "guide/bad.md：文件中有图片")] {
        let ran = world.run_with(&[("TOKENWARD_LANG", lang)], &["wiki", "create", &folder, "--personal"]);
        assert!(ran.fails(2, "TW0841").err.contains(words), "{ran:?}");
    }
    write(&world, "docs/guide/bad.md", "words\n");
    for option in [&["--title", "x"][..], &["--import"], &["--again"]] {
        let ran = world.run(&[&["wiki", "create", &folder, "--personal"][..], option].concat());
        assert!(ran.fails(2, "TW0200").err.contains(option[0]), "{ran:?}");
    }
    let empty = write(&world, "empty/x.txt", "x");
    let ran = world.run(&["wiki", "create", empty.parent().unwrap().to_str().unwrap(), "--personal"]);
    assert!(ran.fails(2, "TW0840").err.contains("no Markdown file"), "{ran:?}");
    world.run(&["wiki", "create", &folder]).fails(2, "TW0842");
    assert_eq!(tree(&world), "");
}

/// All scopes of all files are told at once, before the first call.
#[test]
fn missing_scopes_of_a_folder_are_told_at_once() {
    let world = World::new();
    assert_eq!(world.login(&["--scope", "wiki:space:read"]).code, 0);
    let folder = folder(&world);
    write(&world, "docs/p.md", "![p](p.png)\n");
    write(&world, "docs/p.png", "\u{feff}<svg xmlns='http://www.w3.org/2000/svg'/>");
    let ran = world.run(&["wiki", "create", &folder, "--personal"]);
    let command = "`tokenward login --scope 'wiki:node:create docx:document.block:convert docx:document:write_only \
                   wiki:node:retrieve docx:document:readonly docs:document.media:upload'`";
    assert!(ran.fails(3, "TW0803").err.contains(command), "{ran:?}");
    assert_eq!(tree(&world), "");
}

/// The page is shown by the browser, and its address is printed all the same; who looks on is told where it leads.
#[test]
fn a_page_is_opened_in_the_browser() {
    let (world, folder) = world();
    let browser = write(&world, "browser", "#!/bin/sh\nprintf %s \"$1\" > \"$0.asked\"\n");
    std::process::Command::new("chmod").arg("+x").arg(&browser).status().unwrap();
    let note = write(&world, "note.md", "# Note\n\nwords\n");
    let env = [("BROWSER", browser.to_str().unwrap())];
    let asked = browser.with_file_name("browser.asked");
    let told = || {
        for _ in 0..200 {
            match std::fs::read_to_string(&asked) {
                Ok(text) if !text.is_empty() => return text,
                _ => std::thread::sleep(std::time::Duration::from_millis(50)),
            }
        }
        panic!("no browser was started");
    };
    let ran = world.run_with(&env, &["wiki", "create", note.to_str().unwrap(), "--personal", "--open"]);
    assert_eq!(told(), ran.succeeds().out.trim());
    std::fs::remove_file(&asked).unwrap();
    let ran = world.run_with(&env, &["wiki", "create", &folder, "--personal", "--open"]);
    assert_eq!(told(), ran.succeeds().out.lines().next().unwrap().split("  ").next().unwrap());
    let other = write(&world, "other.md", "# Other\n\nwords\n");
    let ran = world.run(&["wiki", "create", other.to_str().unwrap(), "--personal", "--open"]);
    assert!(ran.succeeds().err.contains("no browser") && ran.out.contains("/wiki/"), "{ran:?}");
    // Where nobody looks on, nothing is said of the host.
    assert!(!ran.err.contains("company"), "{ran:?}");
}

/// Ctrl-C takes the bar away, and says how to go on; the next run goes on, and each file has one page.
#[test]
fn an_interrupted_folder_is_continued() {
    let (world, folder) = world();
    for n in 0..20 {
        write(&world, &format!("docs/many/{n}.md"), &format!("# Page {n}\n\nwords\n"));
    }
    let run = Started::new(&mut world.command(&["wiki", "create", &folder, "--personal"]));
    while !tree(&world).contains("Page 1") {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    run.signal("INT");
    let ran = run.finish();
    assert_eq!((ran.code, ran.out.as_str()), (130, ""), "{ran:?}");
    assert!(ran.err.contains("run the same command again to continue"), "{ran:?}");
    for n in 8..20 {
        std::fs::remove_file(PathBuf::from(&folder).join(format!("many/{n}.md"))).unwrap();
    }
    world.run(&["wiki", "create", &folder, "--personal"]).succeeds();
    let shown = tree(&world);
    for n in 0..8 {
        let name = format!("Page {n}");
        assert_eq!(
            shown.split([' ', '(', ')']).collect::<Vec<_>>().join(" ").matches(&format!("{name} ")).count(),
            1,
            "{shown}"
        );
    }
}
