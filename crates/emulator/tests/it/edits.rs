//! Edits: what is taken, what is refused, and what a repetition does (reference/feishu.md §12.1, §12.5).

use serde_json::{Value, json};

use crate::world::{Answer, World};

const NONE: Value = Value::Null;

fn text(id: &str, words: &str) -> Value {
    json!({"block_id": id, "block_type": 2, "text": {"elements": [{"text_run": {"content": words}}]}})
}

fn image(id: &str) -> Value {
    json!({"block_id": id, "block_type": 27, "image": {}})
}

fn body(roots: &[&str], blocks: &[Value]) -> Value {
    json!({"children_id": roots, "index": -1, "descendants": blocks})
}

struct Page {
    world: World,
    user: String,
    id: String,
}

impl Page {
    async fn new() -> Self {
        let world = World::new().await;
        let user = world.writer();
        let id = world.page(&user, "Page").await;
        Self { world, user, id }
    }

    fn path(&self, block: &str, rest: &str) -> String {
        format!("/open-apis/docx/v1/documents/{}/blocks/{block}{rest}", self.id)
    }

    async fn insert(&self, block: &str, body: &Value) -> Answer {
        self.world.call("POST", &self.path(block, "/descendant"), &self.user, body).await
    }

    fn lines(&self) -> Vec<String> {
        let tree = self.world.sandbox.document(&self.id).expect("there");
        tree.page.children.into_iter().map(|block| block.text).collect()
    }
}

#[tokio::test]
async fn subtrees_go_where_they_are_put() {
    let page = Page::new().await;
    let first = page.insert(&page.id, &body(&["a", "b"], &[text("b", "B"), text("a", "A")])).await;
    first.is(200, 0);
    let data = first.json()["data"].take();
    assert_eq!(data["document_revision_id"], 2);
    assert_eq!(data["children"][0]["text"]["elements"][0]["text_run"]["content"], "A");
    let relations = data["block_id_relations"].as_array().expect("relations");
    let real = |temporary: &str| {
        let found = relations.iter().find(|relation| relation["temporary_block_id"] == temporary);
        found.expect("related")["block_id"].as_str().expect("an id").to_owned()
    };
    assert_ne!(real("a"), "a");
    let mut second = body(&["c"], &[text("c", "C")]);
    second["index"] = json!(1);
    page.insert(&page.id, &second).await.is(200, 0);
    assert_eq!(page.lines(), ["A", "C", "B"]);
    second["index"] = json!(0);
    page.insert(&real("a"), &second).await.is(200, 0);
    assert_eq!(page.world.sandbox.document(&page.id).unwrap().page.children[0].children[0].text, "C");
    for index in [json!(4), json!(-2), json!("0")] {
        second["index"] = index;
        page.insert(&page.id, &second).await.is(400, 1_770_001);
    }
    second["index"] = json!(0);
    page.insert("nope", &second).await.is(404, 1_770_002);
    page.world
        .call("POST", "/open-apis/docx/v1/documents/x/blocks/x/descendant", &page.user, &second)
        .await
        .is(404, 1_770_002);
}

#[tokio::test]
async fn shapes_that_do_not_fit_are_refused_whole() {
    let page = Page::new().await;
    let cell = |id: &str, child: &str| json!({"block_id": id, "block_type": 32, "table_cell": {}, "children": [child]});
    let table = |children: &[&str], property: Value| json!({"block_id": "t", "block_type": 31, "table": {"property": property}, "children": children});
    let below = |mut block: Value, children: &[&str]| {
        block["children"] = json!(children);
        block
    };
    let one = json!({"row_size": 1, "column_size": 1});
    let cases = [
        ("nothing", json!({}), 1_770_001),
        ("no descendants", body(&["a"], &[]), 1_770_001),
        ("no first level", body(&[], &[text("a", "A")]), 1_770_001),
        ("an unknown root", body(&["z"], &[text("a", "A")]), 1_770_006),
        ("a child as a root", body(&["a", "b"], &[below(text("a", "A"), &["b"]), text("b", "B")]), 1_770_006),
        ("an unknown child", body(&["a"], &[below(text("a", "A"), &["z"])]), 1_770_006),
        ("an orphan", body(&["a"], &[text("a", "A"), text("b", "B")]), 1_770_006),
        (
            "a ring",
            body(&["a"], &[text("a", "A"), below(text("b", "B"), &["c"]), below(text("c", "C"), &["b"])]),
            1_770_006,
        ),
        ("an id twice", body(&["a"], &[text("a", "A"), text("a", "B")]), 1_770_019),
        ("a root twice", body(&["a", "a"], &[text("a", "A")]), 1_770_019),
        ("no id", body(&["a"], &[json!({"block_type": 22, "divider": {}})]), 1_770_001),
        ("an unknown type", body(&["a"], &[json!({"block_id": "a", "block_type": 999})]), 1_770_001),
        ("a page", body(&["a"], &[json!({"block_id": "a", "block_type": 1, "page": {"elements": []}})]), 1_770_029),
        ("another type's field", body(&["a"], &[json!({"block_id": "a", "block_type": 2, "heading1": {}})]), 1_770_006),
        ("no elements", body(&["a"], &[json!({"block_id": "a", "block_type": 2, "text": {}})]), 1_770_006),
        (
            "an odd element",
            body(&["a"], &[json!({"block_id": "a", "block_type": 2, "text": {"elements": [{"run": 1}]}})]),
            1_770_006,
        ),
        (
            "an odd style",
            {
                let text = json!({"elements": [], "style": {"done": "yes"}});
                body(&["a"], &[json!({"block_id": "a", "block_type": 17, "todo": text})])
            },
            1_770_006,
        ),
        ("a long text", body(&["a"], &[text("a", &"x".repeat(100_001))]), 1_770_033),
        (
            "a child of a divider",
            {
                let divider = json!({"block_id": "a", "block_type": 22, "divider": {}, "children": ["b"]});
                body(&["a"], &[divider, text("b", "B")])
            },
            1_770_028,
        ),
        ("a cell outside a table", body(&["c"], &[cell("c", "x"), text("x", "X")]), 1_770_030),
        ("a text in a table", body(&["t"], &[table(&["x"], one.clone()), text("x", "X")]), 1_770_030),
        (
            "merge_info",
            body(
                &["t"],
                &[
                    table(&["c"], json!({"row_size": 1, "column_size": 1, "merge_info": []})),
                    cell("c", "x"),
                    text("x", "X"),
                ],
            ),
            1_770_001,
        ),
        (
            "a cell too few",
            body(&["t"], &[table(&["c"], json!({"row_size": 1, "column_size": 2})), cell("c", "x"), text("x", "X")]),
            1_770_006,
        ),
        ("no size", body(&["t"], &[table(&["c"], json!({})), cell("c", "x"), text("x", "X")]), 1_770_006),
        ("columns", body(&["t"], &[table(&[], json!({"row_size": 1, "column_size": 101}))]), 1_770_010),
        ("cells", body(&["t"], &[table(&[], json!({"row_size": 21, "column_size": 100}))]), 1_770_011),
        (
            "a foreign image",
            body(&["a"], &[json!({"block_id": "a", "block_type": 27, "image": {"token": "boxcn"}})]),
            1_770_013,
        ),
    ];
    for (what, body, code) in cases {
        let answer = page.insert(&page.id, &body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{what}: {}", answer.text);
    }
    let tree = page.world.sandbox.document(&page.id).expect("there");
    assert_eq!((tree.revision, tree.page.children.len()), (1, 0), "nothing of it was done");
}

#[tokio::test]
async fn requests_have_sizes() {
    let page = Page::new().await;
    let many = |count: usize, block: fn(&str) -> Value| {
        let ids: Vec<String> = (0..count).map(|id| format!("i{id}")).collect();
        let roots: Vec<&str> = ids.iter().map(String::as_str).collect();
        let blocks: Vec<Value> = roots.iter().map(|id| block(id)).collect();
        body(&roots, &blocks)
    };
    let line: fn(&str) -> Value = |id| text(id, "x");
    page.insert(&page.id, &many(1000, line)).await.is(200, 0);
    page.insert(&page.id, &many(1001, line)).await.is(400, 1_770_007);
    let mut nested = many(1001, line);
    let rest: Vec<Value> = nested["children_id"].as_array().unwrap()[1..].to_vec();
    nested["children_id"] = json!(["i0"]);
    nested["descendants"][0]["children"] = json!(rest);
    page.insert(&page.id, &nested).await.is(400, 1_770_004);
    page.insert(&page.id, &many(20, image)).await.is(200, 0);
    page.insert(&page.id, &many(21, image)).await.is(400, 1_770_035);
    page.insert(&page.id, &many(5, |id| json!({"block_id": id, "block_type": 30, "sheet": {}}))).await.is(200, 0);
    page.insert(&page.id, &many(6, |id| json!({"block_id": id, "block_type": 30, "sheet": {}})))
        .await
        .is(400, 1_770_035);
    let mention: fn(&str) -> Value = |id| {
        let elements = vec![json!({"mention_user": {"user_id": "ou"}}); 101];
        json!({"block_id": id, "block_type": 2, "text": {"elements": elements}})
    };
    page.insert(&page.id, &many(1, mention)).await.is(200, 0);
    page.insert(&page.id, &many(2, mention)).await.is(400, 1_770_035);

    page.world.sandbox.rules(|rules| rules.content_limits.docx_depth = 2);
    let deep = |levels: usize| {
        let blocks: Vec<Value> = (0..levels)
            .map(|level| {
                let mut block = text(&format!("l{level}"), "x");
                if level + 1 < levels {
                    block["children"] = json!([format!("l{}", level + 1)]);
                }
                block
            })
            .collect();
        body(&["l0"], &blocks)
    };
    page.insert(&page.id, &deep(2)).await.is(200, 0);
    page.insert(&page.id, &deep(3)).await.is(400, 1_770_005);
    page.world.sandbox.rules(|rules| rules.content_limits.docx_blocks = 100);
    page.insert(&page.id, &deep(1)).await.is(400, 1_770_004);
}

#[tokio::test]
async fn a_client_token_makes_an_edit_happen_once() {
    let page = Page::new().await;
    let token = "0e2633a3-aa1a-4171-af9e-0768ff863566";
    let path = page.path(&page.id, &format!("/descendant?document_revision_id=-1&client_token={token}"));
    let once = body(&["a"], &[text("a", "A")]);
    let first = page.world.good("POST", &path, &page.user, &once).await;
    assert_eq!(first["client_token"], token);
    assert_eq!(page.world.good("POST", &path, &page.user, &once).await, first, "the same answer");
    assert_eq!(page.lines(), ["A"], "and no second insertion");
    let other = path.replace("0e26", "1e26");
    page.world.good("POST", &other, &page.user, &once).await;
    assert_eq!(page.lines(), ["A", "A"]);
    page.world.call("POST", &path.replace(token, "mine"), &page.user, &once).await.is(400, 1_770_001);
    // A refusal is not remembered: the repetition may be right.
    let third = path.replace("0e26", "2e26");
    page.world.call("POST", &third, &page.user, &json!({})).await.is(400, 1_770_001);
    page.world.good("POST", &third, &page.user, &once).await;
    assert_eq!(page.lines().len(), 3);
    // Deletions too: without the token the second would take another line.
    let delete = page.path(&page.id, &format!("/children/batch_delete?client_token={token}"));
    let range = json!({"start_index": 0, "end_index": 1});
    for _ in 0..2 {
        page.world.good("DELETE", &delete, &page.user, &range).await;
    }
    assert_eq!(page.lines().len(), 2);
}

#[tokio::test]
async fn children_are_flat() {
    let page = Page::new().await;
    let path = page.path(&page.id, "/children");
    let many = |count: usize| json!({"index": 0, "children": vec![text("", "x"); count]});
    page.world.good("POST", &path, &page.user, &many(50)).await;
    page.world.call("POST", &path, &page.user, &many(51)).await.is(400, 1_770_007);
    page.world.call("POST", &path, &page.user, &json!({"children": []})).await.is(400, 1_770_001);
    let mut nested = text("", "x");
    nested["children"] = json!(["y"]);
    page.world.call("POST", &path, &page.user, &json!({"children": [nested]})).await.is(400, 1_770_001);
    let table = json!({"block_type": 31, "table": {"property": {"row_size": 2, "column_size": 2}}});
    let made = page.world.good("POST", &path, &page.user, &json!({"index": 0, "children": [table]})).await;
    assert_eq!(made["children"][0]["children"].as_array().map(Vec::len), Some(4), "a table comes with its cells");
    assert!(made.get("block_id_relations").is_none());
    let tree = page.world.sandbox.document(&page.id).expect("there");
    assert_eq!(tree.page.children[0].children[0].children[0].kind, "text");
}

#[tokio::test]
async fn a_pages_content_is_replaced() {
    let page = Page::new().await;
    page.world.write(&page.user, &page.id, "one\n\n- two\n  - below\n\nthree\n\n| t |\n|---|\n").await;
    let delete = page.path(&page.id, "/children/batch_delete");
    for range in [
        json!({"start_index": 0}),
        json!({"start_index": 0, "end_index": 0}),
        json!({"start_index": 2, "end_index": 1}),
        json!({"start_index": 0, "end_index": 5}),
        json!({"start_index": -1, "end_index": 1}),
    ] {
        page.world.call("DELETE", &delete, &page.user, &range).await.is(400, 1_770_001);
    }
    let tree = page.world.sandbox.document(&page.id).expect("there");
    let cells = page.path(&tree.page.children[3].block_id, "/children/batch_delete");
    page.world.call("DELETE", &cells, &page.user, &json!({"start_index": 0, "end_index": 1})).await.is(400, 1_770_031);
    let gone = tree.page.children[1].children[0].block_id.clone();
    let done = page.world.good("DELETE", &delete, &page.user, &json!({"start_index": 0, "end_index": 2})).await;
    assert_eq!(done["document_revision_id"], 3);
    assert_eq!(page.lines(), ["three", ""]);
    page.world.call("GET", &page.path(&gone, ""), &page.user, &NONE).await.is(404, 1_770_002);
    page.world.good("DELETE", &delete, &page.user, &json!({"start_index": 0, "end_index": 2})).await;
    page.world.write(&page.user, &page.id, "new").await;
    assert_eq!(page.lines(), ["new"]);
}

#[tokio::test]
async fn blocks_are_changed_one_by_one_or_together() {
    let page = Page::new().await;
    page.world.write(&page.user, &page.id, "one\n\n- [ ] two\n\n---\n").await;
    let tree = page.world.sandbox.document(&page.id).expect("there");
    let ids: Vec<&str> = tree.page.children.iter().map(|block| block.block_id.as_str()).collect();
    let words = |words: &str| json!({"update_text_elements": {"elements": [{"text_run": {"content": words}}]}});
    let changed = page.world.good("PATCH", &page.path(ids[0], ""), &page.user, &words("ONE")).await;
    assert_eq!(changed["block"]["text"]["elements"][0]["text_run"]["content"], "ONE");
    let tick = json!({"update_text_style": {"style": {"done": true}, "fields": [2]}});
    page.world.good("PATCH", &page.path(ids[1], ""), &page.user, &tick).await;
    page.world.good("PATCH", &page.path(&page.id, ""), &page.user, &words("New title")).await;
    let tree = page.world.sandbox.document(&page.id).expect("there");
    assert_eq!((tree.title.as_str(), tree.page.children[1].done), ("New title", Some(true)));

    for (block, body, status, code) in [
        (ids[2], words("x"), 400, 1_770_025),
        (ids[0], json!({"replace_image": {"token": "boxcn"}}), 400, 1_770_025),
        ("nope", words("x"), 404, 1_770_002),
        (ids[0], json!({}), 400, 1_770_001),
        (ids[0], json!({"update_text_elements": {"elements": []}}), 400, 1_770_001),
        (ids[0], json!({"update_text_style": {"style": {}}, "replace_image": {"token": "x"}}), 400, 1_770_001),
        (ids[1], json!({"update_text_style": {"style": {"done": 1}}}), 400, 1_770_006),
        (ids[0], json!({"insert_table_row": {"row_index": 1}}), 400, 1_770_024),
    ] {
        page.world.call("PATCH", &page.path(block, ""), &page.user, &body).await.is(status, code);
    }

    let batch = page.path("batch_update", "");
    let request = |block: &str, text: &str| {
        let mut request = words(text);
        request["block_id"] = json!(block);
        request
    };
    let revision = page.world.sandbox.document(&page.id).expect("there").revision;
    let both = json!({"requests": [request(ids[0], "1"), request(ids[1], "2")]});
    let done = page.world.good("PATCH", &batch, &page.user, &both).await;
    assert_eq!(
        (done["blocks"].as_array().map(Vec::len), &done["document_revision_id"]),
        (Some(2), &json!(revision + 1))
    );
    let half = json!({"requests": [request(ids[0], "A"), request(ids[2], "B")]});
    page.world.call("PATCH", &batch, &page.user, &half).await.is(400, 1_770_025);
    assert_eq!(page.lines()[0], "1", "all or none");
    let twice = json!({"requests": [request(ids[0], "A"), request(ids[0], "B")]});
    page.world.call("PATCH", &batch, &page.user, &twice).await.is(400, 1_770_019);
    let many = json!({"requests": (0..201).map(|id| request(&format!("b{id}"), "x")).collect::<Vec<_>>()});
    page.world.call("PATCH", &batch, &page.user, &many).await.is(400, 1_770_001);
    page.world.call("PATCH", &batch, &page.user, &json!({"requests": []})).await.is(400, 1_770_001);
}

#[tokio::test]
async fn old_revisions_are_refused() {
    let page = Page::new().await;
    page.world.write(&page.user, &page.id, "one").await;
    let tree = page.world.sandbox.document(&page.id).expect("there");
    let block = page.path(&tree.page.children[0].block_id, "");
    let words = json!({"update_text_elements": {"elements": [{"text_run": {"content": "x"}}]}});
    for _ in 0..1000 {
        page.world.good("PATCH", &block, &page.user, &words).await;
    }
    page.world.good("PATCH", &format!("{block}?document_revision_id=2"), &page.user, &words).await;
    page.world.call("PATCH", &format!("{block}?document_revision_id=2"), &page.user, &words).await.is(400, 1_770_021);
    page.world
        .call("PATCH", &format!("{block}?document_revision_id=9999"), &page.user, &words)
        .await
        .is(400, 1_770_001);
}
