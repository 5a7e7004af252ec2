//! Spaces and nodes (reference/feishu.md §12.1, §12.2).

use serde_json::{Value, json};
use tokenward_emulator::{Brand, Fault, MoveAnswer, SpaceSpec};

use crate::world::World;

const NONE: Value = Value::Null;
const SPACES: &str = "/open-apis/wiki/v2/spaces";

fn node(parent: &str, title: &str) -> Value {
    json!({"obj_type": "docx", "node_type": "origin", "parent_node_token": parent, "title": title})
}

#[tokio::test]
async fn the_library_is_the_users_own() {
    let world = World::new().await;
    let user = world.writer();
    let library = world.good("GET", "/open-apis/wiki/v2/spaces/my_library?lang=zh", &user, &NONE).await;
    let id = library["space"]["space_id"].as_str().expect("an id").to_owned();
    assert_eq!(library["space"]["space_type"], "my_library");
    let again = world.good("GET", "/open-apis/wiki/v2/spaces/my_library", &user, &NONE).await;
    assert_eq!(library, again);
    assert_eq!(world.good("GET", &format!("{SPACES}/{id}"), &user, &NONE).await, library);
    let listed = world.good("GET", SPACES, &user, &NONE).await;
    let listed: Vec<&Value> =
        listed["items"].as_array().expect("items").iter().map(|space| &space["space_id"]).collect();
    assert!(!listed.is_empty() && !listed.contains(&&json!(id)), "the list leaves the library out: {listed:?}");

    let tenant = world.tenant_token().await;
    world.call("GET", "/open-apis/wiki/v2/spaces/my_library", &tenant, &NONE).await.is(400, 99_991_663);
    world.call("GET", &format!("{SPACES}/{id}"), &tenant, &NONE).await.is(400, 131_006);
    world.call("POST", &format!("{SPACES}/{id}/nodes"), &tenant, &node("", "x")).await.is(400, 131_006);
    world.call("GET", &format!("{SPACES}/7"), &user, &NONE).await.is(400, 131_005);
}

#[tokio::test]
async fn spaces_have_members_and_pages() {
    let world = World::new().await;
    let user = world.writer();
    let closed = world.sandbox.add_space(SpaceSpec::new(Brand::Feishu, "Closed").members(&["somebody"]));
    let ours = world.sandbox.add_space(SpaceSpec::new(Brand::Feishu, "Ours").members(&[&world.user.id]));
    let lark = world.sandbox.add_space(SpaceSpec::new(Brand::Lark, "Elsewhere"));
    world.call("GET", &format!("{SPACES}/{closed}"), &user, &NONE).await.is(400, 131_006);
    world.call("GET", &format!("{SPACES}/{lark}"), &user, &NONE).await.is(400, 131_005);
    for number in 0..50 {
        world.sandbox.add_space(SpaceSpec::new(Brand::Feishu, &format!("Space {number}")));
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = world.good("GET", &format!("{SPACES}?page_size=20&page_token={token}"), &user, &NONE).await;
        seen.extend(page["items"].as_array().expect("items").iter().map(|space| space["space_id"].to_string()));
        if page["has_more"] == false {
            assert!(page.get("page_token").is_none());
            break;
        }
        page["page_token"].as_str().expect("a token").clone_into(&mut token);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 52);
    assert!(seen.contains(&format!("{ours:?}")));
    for query in ["page_size=51", "page_size=0", "page_size=x", "page_token=nonsense"] {
        world.call("GET", &format!("{SPACES}?{query}"), &user, &NONE).await.is(400, 131_002);
    }
    // A token of one list is none of another's.
    let path = format!("{SPACES}/{ours}/nodes?page_token={token}");
    world.call("GET", &path, &user, &NONE).await.is(400, 131_002);
}

#[tokio::test]
async fn every_call_makes_a_node() {
    let world = World::new().await;
    let user = world.writer();
    let space = world.sandbox.spaces()[0].space_id.clone();
    let nodes = format!("{SPACES}/{space}/nodes");
    let parent = world.good("POST", &nodes, &user, &node("", "Parent")).await["node"].take();
    for field in ["node_token", "obj_token", "creator", "owner", "node_create_time", "origin_node_token"] {
        assert!(parent[field].as_str().is_some_and(|value| !value.is_empty()), "{field}: {parent}");
    }
    assert_eq!((&parent["has_child"], &parent["title"]), (&json!(false), &json!("Parent")));
    let token = parent["node_token"].as_str().expect("a token").to_owned();

    // reference/feishu.md §12.1: no idempotency key. A lost answer, and the same again: two nodes.
    world.sandbox.inject(Fault::drop_answer().to("POST */nodes"));
    let body = node(&token, "Twice");
    let request = world.http.post(world.open(&nodes)).bearer_auth(&user).body(body.to_string());
    request.send().await.expect_err("no answer");
    world.good("POST", &nodes, &user, &body).await;
    let listed = world.good("GET", &format!("{nodes}?parent_node_token={token}&page_size=1"), &user, &NONE).await;
    assert_eq!((&listed["has_more"], &listed["items"][0]["title"]), (&json!(true), &json!("Twice")));
    let tree = world.sandbox.spaces();
    assert_eq!(tree[0].nodes[0].children.len(), 2);

    let get = format!("{SPACES}/get_node?token");
    let found = world.good("GET", &format!("{get}={token}"), &user, &NONE).await;
    assert_eq!(found["node"]["has_child"], true);
    let document = parent["obj_token"].as_str().expect("an id");
    let by_document = world.good("GET", &format!("{get}={document}&obj_type=docx"), &user, &NONE).await;
    assert_eq!(found, by_document);
    world.call("GET", &format!("{get}={document}"), &user, &NONE).await.is(400, 131_005);
    world.call("GET", &format!("{SPACES}/get_node"), &user, &NONE).await.is(400, 131_002);

    assert_eq!(found["node"].get("url"), None);
    world.sandbox.rules(|rules| rules.node_url = true);
    let addressed = world.good("GET", &format!("{get}={token}"), &user, &NONE).await;
    assert_eq!(addressed["node"]["url"], format!("https://sandbox.invalid/wiki/{token}"));

    let title = format!("{nodes}/{token}/update_title");
    world.call("POST", &title, &user, &json!({})).await.is(400, 131_002);
    world.good("POST", &title, &user, &json!({"title": "Renamed"})).await;
    assert_eq!(world.sandbox.document(document).expect("there").title, "Renamed");
}

#[tokio::test]
async fn nodes_are_checked() {
    let world = World::new().await;
    let user = world.writer();
    let spaces = world.sandbox.spaces();
    let nodes = format!("{SPACES}/{}/nodes", spaces[0].space_id);
    for (body, code) in [
        (json!({}), 131_002),
        (json!({"obj_type": "doc", "node_type": "origin"}), 131_010),
        (json!({"obj_type": "sheet", "node_type": "origin"}), 131_002),
        (json!({"obj_type": "docx", "node_type": "shortcut"}), 131_002),
        (node("nobody", "x"), 131_005),
        (json!([]), 131_002),
    ] {
        world.call("POST", &nodes, &user, &body).await.is(400, code);
    }
    let other = world.sandbox.add_space(SpaceSpec::new(Brand::Feishu, "Other"));
    let there = world.good("POST", &format!("{SPACES}/{other}/nodes"), &user, &node("", "There")).await;
    let there = there["node"]["node_token"].as_str().expect("a token");
    world.call("POST", &nodes, &user, &node(there, "x")).await.is(400, 131_005);
    world.call("GET", &format!("{nodes}?parent_node_token={there}"), &user, &NONE).await.is(400, 131_005);

    world.sandbox.rules(|rules| {
        rules.content_limits.wiki_depth = 3;
        rules.content_limits.wiki_siblings = 2;
        rules.content_limits.wiki_nodes = 5;
    });
    let mut parent = String::new();
    for level in 0..3 {
        let made = world.good("POST", &nodes, &user, &node(&parent, &format!("Level {level}"))).await;
        made["node"]["node_token"].as_str().expect("a token").clone_into(&mut parent);
    }
    world.call("POST", &nodes, &user, &node(&parent, "too deep")).await.is(400, 131_003);
    world.good("POST", &nodes, &user, &node("", "second")).await;
    world.call("POST", &nodes, &user, &node("", "third")).await.is(400, 131_003);
    let root = world.sandbox.spaces()[0].nodes[0].node_token.clone();
    world.good("POST", &nodes, &user, &node(&root, "fifth of all")).await;
    let second = world.sandbox.spaces()[0].nodes[1].node_token.clone();
    world.call("POST", &nodes, &user, &node(&second, "sixth of all")).await.is(400, 131_003);
}

#[tokio::test]
async fn documents_move_into_the_wiki() {
    let world = World::new().await;
    let user = world.writer();
    let space = world.sandbox.spaces()[0].space_id.clone();
    let moving = format!("{SPACES}/{space}/nodes/move_docs_to_wiki");
    let fresh = async |title: &str| {
        let made = world.good("POST", "/open-apis/docx/v1/documents", &user, &json!({"title": title})).await;
        json!({"obj_type": "docx", "obj_token": made["document"]["document_id"]})
    };
    let one = fresh("One").await;
    let moved = world.good("POST", &moving, &user, &one).await;
    let mut below = fresh("Two").await;
    below["parent_wiki_token"] = moved["wiki_token"].clone();
    world.call("POST", &moving, &user, &one).await.is(400, 131_002);
    world.call("POST", &moving, &user, &json!({"obj_type": "docx", "obj_token": "nope"})).await.is(400, 131_005);
    world.call("POST", &moving, &world.tenant_token().await, &below).await.is(400, 131_006);

    world.sandbox.rules(|rules| rules.move_answer = MoveAnswer::Applied);
    assert_eq!(world.good("POST", &moving, &user, &below).await, json!({"applied": true}));
    world.sandbox.rules(|rules| rules.move_answer = MoveAnswer::Task);
    let task = world.good("POST", &moving, &user, &below).await["task_id"].as_str().expect("a task").to_owned();
    let ask = format!("/open-apis/wiki/v2/tasks/{task}?task_type=move");
    for status in [1, 1, 0, 0] {
        let result = world.good("GET", &ask, &user, &NONE).await["task"]["move_result"][0].take();
        assert_eq!(result["status"], status);
        assert_eq!(result.get("node").is_some(), status == 0);
    }
    world.call("GET", &format!("/open-apis/wiki/v2/tasks/{task}"), &user, &NONE).await.is(400, 131_002);
    world.call("GET", &ask.replace(&task, "x"), &user, &NONE).await.is(400, 131_005);
    let tree = &world.sandbox.spaces()[0].nodes[0];
    assert_eq!((tree.title.as_str(), tree.children[0].title.as_str()), ("One", "Two"));
}

#[tokio::test]
async fn a_title_has_an_end() {
    let world = World::new().await;
    let user = world.writer();
    let space = world.sandbox.spaces()[0].space_id.clone();
    let nodes = format!("{SPACES}/{space}/nodes");
    world.good("POST", &nodes, &user, &node("", &"ä".repeat(800))).await;
    world.call("POST", &nodes, &user, &node("", &"ä".repeat(801))).await.is(400, 131_002);
}
