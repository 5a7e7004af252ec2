//! The gate of business calls: kinds of token, scopes, limits, faults by path (reference/feishu.md §11, §12.4).

use std::time::Duration;

use serde_json::{Value, json};
use tokenward_emulator::{ApiLimits, AppSpec, Brand, Delivery, Fault, FaultKind, Stage, TokenApi};

use crate::world::{Answer, World, send};

const NONE: Value = Value::Null;

#[tokio::test]
async fn calls_that_take_one_kind_of_token_say_so() {
    let world = World::new().await;
    let (user, tenant) = (world.writer(), world.tenant_token().await);
    let (only_tenant, only_user) = ("/open-apis/sandbox/v1/tenant_only", "/open-apis/sandbox/v1/user_only");
    assert_eq!(world.good("GET", only_tenant, &tenant, &NONE).await["as"], "tenant");
    assert_eq!(world.good("GET", only_user, &user, &NONE).await["id"], world.user.id);
    let refused = world.call("GET", only_tenant, &user, &NONE).await;
    refused.is(400, 99_991_668);
    assert!(refused.text.contains("does not support user_access_token"), "{}", refused.text);
    world.call("GET", only_user, &tenant, &NONE).await.is(400, 99_991_663);
    // The token is looked at first: a dead one is dead wherever it is sent.
    let dead = world.call("GET", only_tenant, "eyJdead", &NONE).await;
    dead.is(400, 99_991_668);
    assert!(!dead.text.contains("does not support"), "{}", dead.text);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_not_json() {
    let world = World::new().await;
    let user = world.writer();
    for (method, path) in [
        ("GET", "/open-apis/wiki/v2/nope"),
        ("PUT", "/open-apis/wiki/v2/spaces"),
        ("GET", "/open-apis/wiki/v2/spaces/"),
        ("GET", "/open-apis/docx/v1/documents/a/b/c"),
        ("POST", "/open-apis/docx/v1/documents//blocks/x/children"),
    ] {
        let answer = world.call(method, path, &user, &NONE).await;
        assert_eq!((answer.status, answer.headers["content-type"].to_str().unwrap()), (404, "text/plain"), "{path}");
    }
}

#[tokio::test]
async fn every_call_wants_its_scopes() {
    let world = World::new().await;
    world.sandbox.rules(|rules| rules.api_limits = ApiLimits::NONE);
    let calls: [(&str, &str, &[&str]); 19] = [
        ("GET", "wiki/v2/spaces", &["wiki:space:retrieve", "wiki:wiki", "wiki:wiki:readonly"]),
        ("GET", "wiki/v2/spaces/my_library", &["wiki:space:read", "wiki:wiki", "wiki:wiki:readonly"]),
        ("GET", "wiki/v2/spaces/7", &["wiki:space:read", "wiki:wiki", "wiki:wiki:readonly"]),
        ("POST", "wiki/v2/spaces/7/nodes", &["wiki:node:create", "wiki:wiki"]),
        ("GET", "wiki/v2/spaces/7/nodes", &["wiki:node:retrieve", "wiki:wiki", "wiki:wiki:readonly"]),
        ("GET", "wiki/v2/spaces/get_node", &["wiki:node:read", "wiki:wiki", "wiki:wiki:readonly"]),
        ("POST", "wiki/v2/spaces/7/nodes/move_docs_to_wiki", &["wiki:node:move", "wiki:wiki"]),
        ("POST", "wiki/v2/spaces/7/nodes/x/update_title", &["wiki:node:update", "wiki:wiki"]),
        ("GET", "wiki/v2/tasks/7", &["wiki:space:read", "wiki:wiki", "wiki:wiki:readonly"]),
        ("POST", "docx/v1/documents", &["docx:document", "docx:document:create"]),
        ("POST", "docx/v1/documents/blocks/convert", &["docx:document.block:convert"]),
        ("GET", "docx/v1/documents/x/blocks", &["docx:document", "docx:document:readonly"]),
        ("POST", "docx/v1/documents/x/blocks/x/descendant", &["docx:document", "docx:document:write_only"]),
        ("POST", "docx/v1/documents/x/blocks/x/children", &["docx:document", "docx:document:write_only"]),
        ("PATCH", "docx/v1/documents/x/blocks/x", &["docx:document", "docx:document:write_only"]),
        ("PATCH", "docx/v1/documents/x/blocks/batch_update", &["docx:document", "docx:document:write_only"]),
        (
            "POST",
            "drive/v1/medias/upload_all",
            &["docs:document.media:upload", "drive:drive", "docs:doc", "sheets:spreadsheet", "bitable:app"],
        ),
        ("POST", "drive/v1/import_tasks", &["docs:document:import", "drive:drive"]),
        ("GET", "drive/v1/import_tasks/7", &["docs:document:import", "drive:drive", "drive:drive:readonly"]),
    ];
    let everything: Vec<&str> = calls.iter().flat_map(|(_, _, scopes)| scopes.iter().copied()).collect();
    let rich = world.sandbox.app(AppSpec::new(Brand::Feishu).scopes(&everything));
    let poor = world.sandbox.app(AppSpec::new(Brand::Feishu).scopes(&["offline_access"]));
    let token = |app: &str, scopes: &[&str]| {
        // A user each: what one has granted to an app adds up.
        let user = world.sandbox.user("Someone");
        world.sandbox.seed_grant(app, &user.id, scopes).expect("known").access_token
    };
    let subjects = |answer: &Answer| -> Vec<String> {
        let error = answer.json()["error"].take();
        assert_eq!(error["log_id"], answer.headers["x-tt-logid"].to_str().unwrap());
        assert!(error["troubleshooter"].is_string());
        let violations = error["permission_violations"].as_array().expect("violations").clone();
        violations.iter().map(|violation| violation["subject"].as_str().expect("a scope").to_owned()).collect()
    };
    let (app_lacks, user_lacks) = (token(&poor.id, &["offline_access"]), token(&rich.id, &["offline_access"]));
    for (method, path, scopes) in calls {
        let path = format!("/open-apis/{path}");
        let refused = world.call(method, &path, &app_lacks, &NONE).await;
        refused.is(400, 99_991_672);
        assert_eq!(subjects(&refused), scopes, "{path}");
        let refused = world.call(method, &path, &user_lacks, &NONE).await;
        refused.is(400, 99_991_679);
        assert_eq!(subjects(&refused), scopes, "{path}");
        for scope in scopes {
            let code = world.call(method, &path, &token(&rich.id, &[scope]), &NONE).await.code();
            assert!(!matches!(code, 99_991_672 | 99_991_679), "{path} with {scope}: {code}");
        }
    }
}

#[tokio::test]
async fn limits_are_those_of_the_reference() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Limits").await;
    world.sandbox.rules(|rules| rules.api_limits = ApiLimits::default());
    world.sandbox.advance(Duration::from_secs(60));
    world.sandbox.freeze_clock(true);
    let path = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children");
    let text = json!({"children": [{"block_type": 2, "text": {"elements": [{"text_run": {"content": "x"}}]}}]});
    for _ in 0..3 {
        world.good("POST", &path, &user, &text).await;
    }
    let limited = world.call("POST", &path, &user, &text).await;
    limited.is(400, 99_991_400);
    assert_eq!(limited.headers["x-ogw-ratelimit-limit"], "3");
    assert_eq!(limited.headers["x-ogw-ratelimit-reset"], "1");
    // Reading is not writing.
    world.good("GET", &format!("/open-apis/docx/v1/documents/{document}/blocks"), &user, &NONE).await;

    // The document's own limit answers differently, and the app's must not be in its way to be seen.
    world.sandbox.rules(|rules| rules.api_limits.docx_per_second = 0);
    world.call("POST", &path, &user, &text).await.is(429, 99_991_400);
    world.sandbox.advance(Duration::from_secs(1));
    world.good("POST", &path, &user, &text).await;

    for _ in 0..100 {
        world.good("GET", "/open-apis/wiki/v2/spaces", &user, &NONE).await;
    }
    let limited = world.call("GET", "/open-apis/wiki/v2/spaces", &user, &NONE).await;
    limited.is(429, 99_991_400);
    assert_eq!(limited.headers["x-ogw-ratelimit-limit"], "100");
    assert_eq!(limited.headers["x-ogw-ratelimit-reset"], "60");
    // Each call has a limit of its own.
    world.good("GET", "/open-apis/wiki/v2/spaces/my_library", &user, &NONE).await;

    for _ in 0..5 {
        world.call("POST", "/open-apis/drive/v1/medias/upload_all", &user, &NONE).await.is(400, 1_061_002);
    }
    world.call("POST", "/open-apis/drive/v1/medias/upload_all", &user, &NONE).await.is(429, 99_991_400);

    let calls = world.sandbox.counters().calls;
    let children = calls["POST /open-apis/docx/v1/documents/:document_id/blocks/:block_id/children"];
    assert_eq!((children.requests, children.accepted, children.limited), (6, 4, 2));
    let spaces = calls["GET /open-apis/wiki/v2/spaces"];
    assert_eq!((spaces.requests, spaces.accepted, spaces.limited), (101, 100, 1));
}

#[tokio::test]
async fn faults_choose_by_path() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Faults").await;
    let path = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children");
    let text = json!({"children": [{"block_type": 2, "text": {"elements": [{"text_run": {"content": "x"}}]}}]});
    let lines = || world.sandbox.document(&document).expect("there").page.children.len();

    world.sandbox.inject(Fault::drop_answer().to("POST /open-apis/docx/*/children"));
    world.good("GET", "/open-apis/wiki/v2/spaces", &user, &NONE).await;
    world.good("GET", &path, &user, &NONE).await;
    let request = || world.http.post(world.open(&path)).bearer_auth(&user).body(text.to_string());
    request().send().await.expect_err("no answer");
    assert_eq!(lines(), 1, "it had acted");
    world.sandbox.inject(Fault::drop_request().to("*/children"));
    request().send().await.expect_err("no answer");
    assert_eq!(lines(), 1, "it had not acted");
    world.sandbox.inject(Fault::new(FaultKind::Cut { bytes: 10 }).to("/open-apis/docx/v1/documents/*"));
    request().send().await.expect("a head").text().await.expect_err("half a body");
    assert_eq!(lines(), 2);
    world.sandbox.inject(Fault::new(FaultKind::Html { status: 502 }).at(Stage::After).to("*"));
    assert_eq!(send(request()).await.status, 502);
    assert_eq!(lines(), 3);
    world.sandbox.inject(Fault::code(131_009).times(2).to("GET *spaces"));
    for _ in 0..2 {
        world.call("GET", "/open-apis/wiki/v2/spaces", &user, &NONE).await.is(400, 131_009);
    }
    world.good("GET", "/open-apis/wiki/v2/spaces", &user, &NONE).await;
    let fault = Fault::new(FaultKind::Code { code: 99_991_400, status: Some(400) }).to("*/children");
    world.sandbox.inject(fault);
    let limited = send(request()).await;
    limited.is(400, 99_991_400);
    assert!(limited.headers.contains_key("x-ogw-ratelimit-reset"));

    let history = world.sandbox.history();
    let dropped = history.iter().filter_map(|record| record.visit()).find(|visit| visit.left == Delivery::Dropped);
    let dropped = dropped.expect("one was dropped");
    assert_eq!((dropped.method.as_str(), dropped.path.as_str(), dropped.processed), ("POST", path.as_str(), true));
    assert_eq!(
        dropped.call.as_deref(),
        Some("POST /open-apis/docx/v1/documents/:document_id/blocks/:block_id/children")
    );
}

#[tokio::test]
async fn an_expired_token_is_noticed_in_the_middle_of_a_page() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Expiry").await;
    world.sandbox.advance(Duration::from_secs(7200));
    let path = format!("/open-apis/docx/v1/documents/{document}/blocks");
    world.call("GET", &path, &user, &NONE).await.is(400, 99_991_677);
    world.good("GET", &path, &world.seed_all(), &NONE).await;
    // Another user of the same app sees neither the page nor that it is there to be written.
    let other = world.sandbox.user("Bob");
    let stranger =
        world.sandbox.seed_grant_by(TokenApi::V3, &world.app.id, &other.id, &["docx:document"]).expect("known");
    world.call("GET", &path, &stranger.access_token, &NONE).await.is(403, 1_770_032);
    world.call("GET", &path, &world.tenant_token().await, &NONE).await.is(403, 1_770_032);
}

/// Whatever is sent, an answer comes: a panic would close the connection.
#[tokio::test]
async fn junk_is_answered() {
    let world = World::new().await;
    let user = world.writer();
    let document = world.page(&user, "Junk").await;
    world.write(&user, &document, "text\n\n![i](i.png)\n\n| a |\n|---|\n").await;
    let tree = world.sandbox.document(&document).expect("there");
    let space = world.sandbox.spaces()[0].space_id.clone();
    let mut paths = vec![
        format!("wiki/v2/spaces/{space}/nodes"),
        format!("wiki/v2/spaces/{space}/nodes/move_docs_to_wiki"),
        format!("wiki/v2/spaces/{space}/nodes/x/update_title"),
        "docx/v1/documents".to_owned(),
        "docx/v1/documents/blocks/convert".to_owned(),
        format!("docx/v1/documents/{document}/blocks/batch_update"),
        "drive/v1/medias/upload_all".to_owned(),
        "drive/v1/import_tasks".to_owned(),
        "sandbox/v1/echo/%ff?%zz=%".to_owned(),
    ];
    for block in tree.page.walk() {
        let block = format!("docx/v1/documents/{document}/blocks/{}", block.block_id);
        let calls = ["", "/children", "/descendant", "/children/batch_delete", "/children?page_size=-1&page_token=%00"];
        paths.extend(calls.iter().map(|call| format!("{block}{call}")));
    }
    let huge = u64::MAX;
    let bodies = [
        json!([]),
        json!("text"),
        json!({"children_id": [1], "descendants": [[]], "children": [7], "requests": [null], "index": huge}),
        json!({"start_index": huge, "end_index": -1, "title": 7, "content": {}, "obj_type": [], "point": []}),
        json!({"start_index": i64::MIN, "end_index": i64::MAX, "index": i64::MIN, "content_type": "markdown", "content": "\u{0}"}),
        json!({"children_id": ["a"], "index": i64::MAX, "descendants": [{"block_id": "a", "block_type": huge}]}),
        json!({"children": [{"block_type": 31, "table": {"property": {"row_size": huge, "column_size": huge}}}]}),
        json!({"children": [{"block_type": 31, "table": {"property": {"row_size": huge, "column_size": 2}}}]}),
        json!({"children": [{"block_type": 2, "text": {"elements": [null, 7, {"text_run": null}], "style": 7}}]}),
        json!({"replace_image": {"token": {}}, "requests": [{"block_id": 7, "update_text_style": {"style": []}}]}),
        json!({"update_text_style": {"style": {"done": {"deep": [[[]]]}}}}),
    ];
    for path in &paths {
        for method in ["POST", "PATCH", "DELETE", "GET"] {
            for body in &bodies {
                let answer = world.call(method, &format!("/open-apis/{path}"), &user, body).await;
                assert!(answer.status < 500, "{method} {path} {body}: {}", answer.text);
            }
        }
    }
    assert!(world.sandbox.document(&document).expect("there").page.outline().starts_with("page"));
}
