//! Markdown made into blocks, and those into a document: compared node by node (reference/feishu.md §12.1).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{World, insertion};

const EVERYTHING: &str = r"
# Title with `code`

A paragraph with **bold**, *italic*, ~~struck~~ and [a link](https://example.com/a?b=c).
Second line<br>third.

## Lists

- one
- two
  1. first
  2. second

     a paragraph of it
- three

3. three
4. four

- [x] done
- [ ] open
  - below

> quoted
>
> - in it

```rust
fn main() {}

// end
```

    indented

---

| a | b |
|---|---|
| 1 | **2** |
| | ![p](cell.png) |

Before ![alt](one.png) after.

![two](https://example.com/two.png)

- ![in item](three.png) caption

<!-- not shown -->

###### Six
";

const OUTLINE: &str = r#"page "Page"
  heading1 "Title with code"
  text "A paragraph with bold, italic, struck and a link. Second line\nthird."
  heading2 "Lists"
  bullet "one"
  bullet "two"
    ordered "first"
    ordered "second"
      text "a paragraph of it"
  bullet "three"
  ordered "three"
  ordered "four"
  todo [x] "done"
  todo [ ] "open"
    bullet "below"
  quote_container
    text "quoted"
    bullet "in it"
  code (53) "fn main() {}\n\n// end"
  code (1) "indented"
  divider
  table
    table_cell
      text "a"
    table_cell
      text "b"
    table_cell
      text "1"
    table_cell
      text "2"
    table_cell
      text
    table_cell
      image
  text "Before "
  image
  text "after."
  image
  bullet " caption"
    image
  heading6 "Six"
"#;

#[tokio::test]
async fn a_page_arrives_node_by_node() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Page").await;
    world.write(&user, &document, EVERYTHING).await;
    let tree = world.sandbox.document(&document).expect("there");
    assert_eq!(tree.page.outline(), OUTLINE);
    assert_eq!((tree.title.as_str(), tree.revision), ("Page", 2));

    let runs = tree.page.children[1].payload["elements"].as_array().expect("elements").clone();
    let styled = |name: &str| -> Vec<&str> {
        let has = |run: &&Value| run["text_run"]["text_element_style"][name] == true;
        runs.iter().filter(has).map(|run| run["text_run"]["content"].as_str().unwrap()).collect()
    };
    assert_eq!(
        (styled("bold"), styled("italic"), styled("strikethrough")),
        (vec!["bold"], vec!["italic"], vec!["struck"])
    );
    let link = runs.iter().find(|run| run["text_run"]["content"] == "a link").expect("the link");
    assert_eq!(
        link["text_run"]["text_element_style"]["link"]["url"], "https%3A%2F%2Fexample.com%2Fa%3Fb%3Dc",
        "addresses are encoded"
    );
    let heading = &tree.page.children[0].payload["elements"][1]["text_run"];
    assert_eq!((&heading["content"], &heading["text_element_style"]["inline_code"]), (&json!("code"), &json!(true)));
    let table = tree.page.walk().into_iter().find(|block| block.kind == "table").expect("a table");
    assert_eq!(
        (&table.payload["property"]["row_size"], &table.payload["property"]["column_size"]),
        (&json!(3), &json!(2))
    );
}

#[tokio::test]
async fn the_answer_is_as_awkward_as_the_platforms() {
    let world = World::new().await;
    let user = world.writer();
    let converted = world.convert(&user, EVERYTHING).await;
    let blocks = converted["blocks"].as_array().expect("blocks");
    let ids: Vec<&str> = blocks.iter().map(|block| block["block_id"].as_str().expect("an id")).collect();
    let first: Vec<&str> =
        converted["first_level_block_ids"].as_array().expect("ids").iter().map(|id| id.as_str().unwrap()).collect();
    let in_list: Vec<&str> = ids.iter().copied().filter(|id| first.contains(id)).collect();
    assert_ne!(in_list, first, "the order of the blocks is not that of the document");
    assert_eq!(in_list.iter().collect::<BTreeSet<_>>(), first.iter().collect::<BTreeSet<_>>());

    let table = blocks.iter().find(|block| block["block_type"] == 31).expect("a table");
    assert_eq!(table["table"]["property"]["merge_info"].as_array().map(Vec::len), Some(6));
    let images = converted["block_id_to_image_urls"].as_array().expect("images");
    let addresses: Vec<&str> = images.iter().map(|image| image["image_url"].as_str().expect("an address")).collect();
    assert_eq!(addresses, ["cell.png", "one.png", "https://example.com/two.png", "three.png"]);
    for image in images {
        let block = blocks.iter().find(|block| block["block_id"] == image["block_id"]).expect("listed");
        assert_eq!((&block["block_type"], &block["image"]["token"]), (&json!(27), &json!("")));
    }

    // Sent back as it came it is refused: merge_info is read-only.
    let document = world.page(&user, "Page").await;
    let path = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/descendant");
    let body = json!({"children_id": first, "descendants": blocks});
    world.call("POST", &path, &user, &body).await.is(400, 1_770_001);
    world.good("POST", &path, &user, &insertion(&converted)).await;
}

#[tokio::test]
async fn what_cannot_be_converted() {
    let world = World::new().await;
    let user = world.writer();
    let path = "/open-apis/docx/v1/documents/blocks/convert";
    for body in [
        json!({}),
        json!({"content_type": "markdown"}),
        json!({"content_type": "markdown", "content": ""}),
        json!({"content_type": "asciidoc", "content": "x"}),
        json!({"content_type": "markdown", "content": "x".repeat(10_485_761)}),
    ] {
        world.call("POST", path, &user, &body).await.is(400, 1_770_001);
    }
}

/// Nothing that a person may write makes blocks that cannot be inserted.
#[tokio::test]
async fn odd_texts_make_sound_trees() {
    let world = World::new().await;
    let user = world.writer();
    for text in [
        "-",
        "- - - a",
        "> > > deep\n> > back",
        "1. a\n\n   ```\n   x\n   ```\n\n   | t |\n   |---|\n   | ![](i) x ![](j) |\n",
        "# ![only](image.png)",
        "![a](a)![b](b)\n![c](c)",
        "[![linked](i.png)](https://example.com) text",
        "<div>\nhtml\n</div>\n\ntext",
        "*a **b*** ~~c~~ `d`",
        "| a |\n|---|",
        "term[^1]\n\n[^1]: note",
        "- [ ]\n- [x] a\n\n  second\n\n  > quote\n",
        "<!-- only a comment -->",
        "\u{feff}# BOM",
        "🦀".repeat(1000).as_str(),
    ] {
        let converted = world.convert(&user, text).await;
        if converted["first_level_block_ids"].as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        let document = world.page(&user, "Odd").await;
        let path = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/descendant");
        let answer = world.call("POST", &path, &user, &insertion(&converted)).await;
        assert_eq!(answer.code(), 0, "{text:?}: {} {converted:#}", answer.text);
    }
}
