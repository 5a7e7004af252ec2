//! Import tasks (reference/feishu.md §12.2).

use std::time::Duration;

use serde_json::{Value, json};

use crate::medias::upload;
use crate::world::World;

const TASKS: &str = "/open-apis/drive/v1/import_tasks";
const NONE: Value = Value::Null;

async fn file(world: &World, user: &str, extension: &str, text: &str) -> String {
    let extra = json!({"obj_type": "docx", "file_extension": extension}).to_string();
    let size = text.len().to_string();
    let fields = [
        ("file_name", "page.md"),
        ("parent_type", "ccm_import_open"),
        ("size", size.as_str()),
        ("extra", extra.as_str()),
    ];
    upload(world, user, &fields, Some(text.as_bytes())).await.field("file_token")
}

fn task(token: &str) -> Value {
    json!({"file_extension": "md", "file_token": token, "type": "docx", "file_name": "Page",
           "point": {"mount_type": 1, "mount_key": ""}})
}

#[tokio::test]
async fn a_file_becomes_a_document() {
    let world = World::new().await;
    let user = world.writer();
    let token = file(&world, &user, "md", "# One\n\n- two\n").await;
    let made = world.good("POST", TASKS, &user, &task(&token)).await;
    let ask = format!("{TASKS}/{}", made["ticket"].as_str().expect("a ticket"));
    for status in [1, 2] {
        assert_eq!(world.good("GET", &ask, &user, &NONE).await["result"]["job_status"], status);
    }
    let result = world.good("GET", &ask, &user, &NONE).await["result"].take();
    assert_eq!((&result["job_status"], &result["extra"]), (&json!(0), &json!([])));
    let document = result["token"].as_str().expect("an id").to_owned();
    assert!(result["url"].as_str().is_some_and(|url| url.ends_with(&document)));
    assert_eq!(world.good("GET", &ask, &user, &NONE).await["result"], result, "done once");
    let tree = world.sandbox.document(&document).expect("there");
    assert_eq!(tree.page.outline(), "page \"Page\"\n  heading1 \"One\"\n  bullet \"two\"\n");
    // It is the caller's, and nobody else's.
    world.call("GET", &ask, &world.tenant_token().await, &NONE).await.is(404, 1_069_907);
    world.good("GET", &format!("/open-apis/docx/v1/documents/{document}"), &user, &NONE).await;
    let space = world.sandbox.spaces()[0].space_id.clone();
    let moving = json!({"obj_type": "docx", "obj_token": document});
    world.good("POST", &format!("/open-apis/wiki/v2/spaces/{space}/nodes/move_docs_to_wiki"), &user, &moving).await;
    assert_eq!(world.sandbox.spaces()[0].nodes[0].document_id, document);
}

#[tokio::test]
async fn tasks_are_checked() {
    let world = World::new().await;
    let user = world.writer();
    let token = file(&world, &user, "md", "x").await;
    let with = |name: &str, value: Value| {
        let mut body = task(&token);
        body[name] = value;
        body
    };
    for (body, code) in [
        (with("file_extension", json!("exe")), 1_069_910),
        (with("file_extension", json!("markdown")), 1_069_904),
        (with("file_extension", NONE), 1_069_904),
        (with("type", json!("sheet")), 1_069_911),
        (with("file_token", json!("nope")), 1_069_914),
        (with("file_token", NONE), 1_069_904),
        (with("point", NONE), 1_069_904),
        (with("point", json!({"mount_type": 2, "mount_key": ""})), 1_069_904),
        (with("point", json!({"mount_type": 1, "mount_key": "fld"})), 1_069_912),
    ] {
        let answer = world.call("POST", TASKS, &user, &body).await;
        assert_eq!((answer.status, answer.code()), (400, code), "{body}: {}", answer.text);
    }
    world.good("POST", TASKS, &user, &task(&token)).await;
    world.sandbox.advance(Duration::from_secs(300));
    world.call("POST", TASKS, &user, &task(&token)).await.is(400, 1_069_913);
    world.call("GET", &format!("{TASKS}/nope"), &user, &NONE).await.is(404, 1_069_907);
    let unannounced = [("file_name", "a"), ("parent_type", "ccm_import_open"), ("size", "1"), ("extra", "{}")];
    upload(&world, &user, &unannounced, Some(b"x")).await.is(400, 1_061_002);
}

#[tokio::test]
async fn imports_fail_on_command() {
    let world = World::new().await;
    let user = world.writer();
    world.sandbox.rules(|rules| {
        rules.task_polls = 0;
        rules.import_failure = Some(104);
    });
    let token = file(&world, &user, "md", "x").await;
    let made = world.good("POST", TASKS, &user, &task(&token)).await;
    let ask = format!("{TASKS}/{}", made["ticket"].as_str().expect("a ticket"));
    let result = world.good("GET", &ask, &user, &NONE).await["result"].take();
    assert_eq!((&result["job_status"], result.get("token")), (&json!(104), None));
    assert!(world.sandbox.documents().is_empty());

    world.sandbox.rules(|rules| rules.import_failure = None);
    let token = file(&world, &user, "md", &(">".repeat(5000) + " deep")).await;
    let made = world.good("POST", TASKS, &user, &task(&token)).await;
    let ask = format!("{TASKS}/{}", made["ticket"].as_str().expect("a ticket"));
    assert_eq!(world.good("GET", &ask, &user, &NONE).await["result"]["job_status"], 7001);
    assert!(world.sandbox.documents().is_empty());
}

#[tokio::test]
async fn what_is_too_long_is_cut_and_said() {
    let world = World::new().await;
    let user = world.writer();
    world.sandbox.rules(|rules| rules.task_polls = 0);
    let token = file(&world, &user, "md", &"- x\n".repeat(20_500)).await;
    let made = world.good("POST", TASKS, &user, &task(&token)).await;
    let ask = format!("{TASKS}/{}", made["ticket"].as_str().expect("a ticket"));
    let result = world.good("GET", &ask, &user, &NONE).await["result"].take();
    assert_eq!((&result["job_status"], &result["extra"]), (&json!(0), &json!(["1000"])));
    let tree = world.sandbox.document(result["token"].as_str().expect("an id")).expect("there");
    assert_eq!(tree.page.children.len(), 20_000);
}

/// What an edit would be refused for, an import cuts, and says so.
#[tokio::test]
async fn what_is_too_large_is_cut_and_told() {
    let world = World::new().await;
    let user = world.writer();
    let wide = format!("|{}\n|{}\n|{}\n", "a|".repeat(101), "-|".repeat(101), "b|".repeat(101));
    let tall = format!("|a|\n|-|\n{}", "|b|\n".repeat(2001));
    let long = "x".repeat(100_001);
    for (text, warning) in [(wide, "1002"), (tall, "1001"), (long, "1003")] {
        let token = file(&world, &user, "md", &text).await;
        let made = world.good("POST", TASKS, &user, &task(&token)).await;
        let ask = format!("{TASKS}/{}", made["ticket"].as_str().expect("a ticket"));
        let mut result = Value::Null;
        for _ in 0..3 {
            result = world.good("GET", &ask, &user, &NONE).await["result"].take();
        }
        assert_eq!((&result["job_status"], &result["extra"]), (&json!(0), &json!([warning])));
    }
}
