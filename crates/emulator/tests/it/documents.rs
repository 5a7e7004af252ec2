//! Documents and blocks as a client reads them (reference/feishu.md §12.1).

use serde_json::{Value, json};

use crate::world::World;

const NONE: Value = Value::Null;

#[tokio::test]
async fn documents_are_made_and_read() {
    let world = World::new().await;
    let user = world.writer();
    let made = world.good("POST", "/open-apis/docx/v1/documents", &user, &json!({"title": "Mine"})).await;
    let id = made["document"]["document_id"].as_str().expect("an id").to_owned();
    let path = format!("/open-apis/docx/v1/documents/{id}");
    assert_eq!(world.good("GET", &path, &user, &NONE).await, made);
    assert_eq!((&made["document"]["title"], &made["document"]["revision_id"]), (&json!("Mine"), &json!(1)));
    let page = world.good("GET", &format!("{path}/blocks/{id}"), &user, &NONE).await;
    assert_eq!(page["block"]["block_type"], 1, "the page block has the document's id");
    world.call("GET", "/open-apis/docx/v1/documents/nope", &user, &NONE).await.is(404, 1_770_002);
    world.call("GET", &format!("{path}/blocks/nope"), &user, &NONE).await.is(404, 1_770_002);
    world.call("GET", &path, &world.tenant_token().await, &NONE).await.is(403, 1_770_032);
    let elsewhere = json!({"title": "x", "folder_token": "fld"});
    world.call("POST", "/open-apis/docx/v1/documents", &user, &elsewhere).await.is(400, 1_770_039);
    let long = json!({"title": "x".repeat(801)});
    world.call("POST", "/open-apis/docx/v1/documents", &user, &long).await.is(400, 1_770_001);
}

#[tokio::test]
async fn blocks_come_in_pages_and_in_order() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Long").await;
    let text = (0..600).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n\n");
    world.write(&user, &document, &text).await;
    let path = format!("/open-apis/docx/v1/documents/{document}/blocks");
    let first = world.good("GET", &path, &user, &NONE).await;
    assert_eq!((first["items"].as_array().map(Vec::len), &first["has_more"]), (Some(500), &json!(true)));
    let token = first["page_token"].as_str().expect("a token");
    let second = world.good("GET", &format!("{path}?page_token={token}"), &user, &NONE).await;
    assert_eq!((second["items"].as_array().map(Vec::len), &second["has_more"]), (Some(101), &json!(false)));
    assert!(second.get("page_token").is_none());
    assert_eq!(second["items"][100]["text"]["elements"][0]["text_run"]["content"], "line 599");
    assert_eq!(second["items"][100]["parent_id"], document);
    let children = world.good("GET", &format!("{path}/{document}/children?page_size=2"), &user, &NONE).await;
    assert_eq!(children["items"].as_array().map(Vec::len), Some(2));

    world.call("GET", &format!("{path}?page_size=501"), &user, &NONE).await.is(400, 1_770_001);
    world.call("GET", &format!("{path}?page_token=x"), &user, &NONE).await.is(400, 1_770_022);
    let other = world.page(&user, "Other").await;
    let path = format!("/open-apis/docx/v1/documents/{other}/blocks?page_token={token}");
    world.call("GET", &path, &user, &NONE).await.is(400, 1_770_022);
    for (revision, status, code) in [("-1", 200, 0), ("1", 200, 0), ("2", 400, 1_770_001), ("x", 400, 1_770_001)] {
        let path = format!("/open-apis/docx/v1/documents/{other}/blocks?document_revision_id={revision}");
        world.call("GET", &path, &user, &NONE).await.is(status, code);
    }
}

#[tokio::test]
async fn tables_are_shown_with_their_cells_and_merge_info() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Table").await;
    let written = world.write(&user, &document, "| a | b |\n|---|---|\n| c | d |\n").await;
    let table = &written["children"][0];
    assert_eq!(table["table"]["cells"], table["children"]);
    assert_eq!(table["table"]["property"]["merge_info"].as_array().map(Vec::len), Some(4));
}

#[tokio::test]
async fn the_control_endpoint_shows_the_same_tree() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Seen").await;
    world.write(&user, &document, "- one\n  - two\n").await;
    let control = world.sandbox.control_url();
    let shown = crate::world::send(world.http.get(format!("{control}/control/documents/{document}"))).await.json();
    let tree = world.sandbox.document(&document).expect("there");
    assert_eq!(shown["document"], serde_json::to_value(&tree).expect("serializable"));
    assert_eq!(shown["outline"], tree.page.outline());
    let all = crate::world::send(world.http.get(format!("{control}/control/documents"))).await.json();
    assert_eq!(all["documents"][0], shown["document"]);
    let spaces = crate::world::send(world.http.get(format!("{control}/control/spaces"))).await.json();
    assert_eq!(spaces["spaces"], serde_json::to_value(world.sandbox.spaces()).expect("serializable"));
    let spec = json!({"brand": "feishu", "name": "New", "members": ["a"]});
    let made = world.http.post(format!("{control}/control/spaces")).body(spec.to_string());
    let made = crate::world::send(made).await.json()["space_id"].as_str().expect("an id").to_owned();
    assert!(world.sandbox.spaces().iter().any(|space| space.space_id == made && space.name == "New"));
    let missing = crate::world::send(world.http.get(format!("{control}/control/documents/nope"))).await;
    assert_eq!(missing.status, 404);
}
