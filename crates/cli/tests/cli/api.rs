//! `api`: calls with a token that ends in the middle, scopes, foreign hosts, pages, bodies, files.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokenward_emulator::Brand;

use crate::world::{Ran, World, run_fed};

const USER_INFO: &str = "/open-apis/authen/v1/user_info";

/// A stand-in for the open platform: answers each request by this function of its head and body, and remembers them.
pub(crate) struct Stand {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

/// Head and body.
type Request = (String, Vec<u8>);

impl Stand {
    pub(crate) fn new(answer: impl Fn(&str, &[u8]) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let (mut head, mut length) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    head.push_str(&line);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let text = answer(&head, &body);
                kept.lock().unwrap().push((head, body));
                let _ = stream.write_all(text.as_bytes());
            }
        });
        Self { url, requests }
    }

    fn heads(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|(head, _)| head.clone()).collect()
    }
}

pub(crate) fn http(status: u16, more: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n{body}")
}

fn ok(body: &Value) -> String {
    http(200, "Content-Type: application/json\r\nX-Tt-Logid: 20261120LOG\r\n", &body.to_string())
}

/// Logged in at the sandbox, with calls going to the stand.
fn against(world: &World, stand: &Stand, words: &[&str]) -> Ran {
    world.run_with(&[("TOKENWARD_OPEN_URL", &stand.url)], words)
}

#[test]
fn an_answer_is_data() {
    let world = World::logged_in();
    let ran = world.run(&["api", "GET", USER_INFO]);
    assert_eq!(ran.succeeds().json()["data"]["name"], "Ada");
    assert_eq!(ran.err, "");
    let full = format!("{}{USER_INFO}", world.sandbox.open_url(Brand::Feishu));
    assert_eq!(world.run(&["api", &full]).succeeds().json()["code"], 0);
    assert_eq!(world.run(&["api", USER_INFO, "--jq", ".data.name"]).succeeds().out, "Ada\n");
    assert_eq!(world.run(&["api", "--json", USER_INFO]).succeeds().json()["data"]["name"], "Ada");
}

#[test]
fn a_token_that_ends_in_the_middle_is_rotated_once() {
    let world = World::logged_in();
    // The provider's clock alone: only its refusal tells us.
    world.advance(7300);
    let ran = world.run(&["api", USER_INFO]);
    assert_eq!(ran.succeeds().json()["data"]["name"], "Ada");
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.run(&["api", USER_INFO]).succeeds();
    assert_eq!(world.sandbox.counters().refreshes, 1, "the new one is kept");
    assert!(world.sandbox.check().is_clean());
}

#[test]
fn eight_processes_with_one_dead_token_cause_one_exchange() {
    let world = World::logged_in();
    world.advance(7300);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| world.run(&["api", USER_INFO]).succeeds().json());
        }
    });
    assert_eq!(world.sandbox.counters().refreshes, 1);
    assert!(world.sandbox.check().is_clean());
}

#[test]
fn app_and_tenant_tokens_are_used_and_refused_where_users_are_meant() {
    let world = World::logged_in();
    let ran = world.run(&["api", "--as", "tenant", USER_INFO]);
    assert!(ran.fails(2, "TW0805").err.contains("--as user"), "{ran:?}");
    assert_eq!(ran.out, "");
    let spaces = ["api", "--as", "tenant", "/open-apis/wiki/v2/spaces"];
    world.run(&spaces).succeeds();
    world.advance(7300);
    assert_eq!(world.run(&spaces).succeeds().json()["code"], 0, "a dead tenant token is fetched anew");
    assert_eq!(world.sandbox.counters().refreshes, 0, "the login has nothing to do with it");
}

#[test]
fn a_missing_scope_is_told_with_the_line_that_adds_it() {
    let world = World::logged_in();
    let scopes = |keep: bool| {
        let wiki = ["wiki:wiki", "wiki:wiki:readonly", "wiki:space:retrieve"].map(str::to_owned);
        let changed = world.sandbox.change_app(&world.app.id, |app| {
            app.scopes.retain(|scope| !wiki.contains(scope));
            app.scopes.extend(wiki.into_iter().filter(|_| keep));
        });
        changed.unwrap();
    };
    scopes(false);
    let ran = world.run(&["api", "/open-apis/wiki/v2/spaces"]);
    ran.fails(6, "TW0804");
    let console = format!("{}/app/{}/auth?q=wiki:space:retrieve", world.sandbox.open_url(Brand::Feishu), world.app.id);
    assert!(ran.err.contains(&console), "{ran:?}");
    scopes(true);
    let ran = world.run(&["api", "/open-apis/wiki/v2/spaces"]);
    assert!(ran.fails(3, "TW0803").err.contains("tokenward login --scope 'wiki:space:retrieve'"), "{ran:?}");
    assert!(ran.err.contains("log id") && ran.err.contains("99991679"), "{ran:?}");
    let before = world.status()["login"]["scopes"].as_array().unwrap().clone();
    world.login(&["--scope", "wiki:space:retrieve"]).succeeds();
    let after = world.status()["login"]["scopes"].as_array().unwrap().clone();
    assert!(before.iter().all(|scope| after.contains(scope)), "{before:?} {after:?}");
    world.run(&["api", "/open-apis/wiki/v2/spaces"]).succeeds();
    let zh = world.run(&["api", "--lang", "zh", "--as", "tenant", USER_INFO]);
    assert!(zh.err.contains("错误：接口不接受这种身份的令牌"), "{zh:?}");
}

/// A document made, filled and read through `api` alone, with the token's end between the steps and under the limits.
#[test]
fn a_document_is_written_and_read_across_the_tokens_end() {
    let world = World::new();
    world.login(&["--scope", "docx:document"]).succeeds();
    let made = world.run(&["api", "/open-apis/docx/v1/documents", "-d", r#"{"title": "笔记"}"#]);
    let document = made.succeeds().json()["data"]["document"]["document_id"].as_str().unwrap().to_owned();
    let children = format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children");
    let text = |n: usize| json!({"block_type": 2, "text": {"elements": [{"text_run": {"content": n.to_string()}}]}});
    let file = tempfile::NamedTempFile::new().unwrap();
    let body = json!({"children": (0..5).map(text).collect::<Vec<_>>()});
    std::fs::write(file.path(), body.to_string()).unwrap();
    let data = format!("@{}", file.path().display());
    for turn in 1..=2 {
        world.advance(7300);
        world.run(&["api", &children, "-d", &data]).succeeds();
        assert_eq!(world.sandbox.counters().refreshes, turn);
    }
    let blocks = format!("/open-apis/docx/v1/documents/{document}/blocks");
    world.advance(7300);
    let list = ["api", &blocks, "-q", "page_size=4", "--page-all", "--jq", ".data.items | length"];
    assert_eq!(world.run(&list).succeeds().out, "11\n");
    assert_eq!(world.sandbox.counters().refreshes, 3);
    assert!(world.sandbox.check().is_clean());
}

#[test]
fn a_foreign_host_sees_nothing() {
    let world = World::logged_in();
    let stand = Stand::new(|_, _| ok(&json!({"code": 0})));
    for target in [format!("{}{USER_INFO}", stand.url), stand.url.replace("127.0.0.1", "localhost") + USER_INFO] {
        let ran = world.run(&["api", &target]);
        assert!(ran.fails(2, "TW0802").err.contains("127.0.0.1"), "{ran:?}");
    }
    assert!(stand.heads().is_empty());
    for target in ["GET", "open-apis/x", "ftp://127.0.0.1/x"] {
        world.run(&["api", target]).fails(2, "TW0200");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let world = World::logged_in();
    let elsewhere = Stand::new(|_, _| ok(&json!({"code": 0})));
    let to = elsewhere.url.clone();
    let stand = Stand::new(move |_, _| http(302, &format!("Location: {to}/file\r\n"), ""));
    let ran = against(&world, &stand, &["api", "-i", "/open-apis/x"]);
    ran.fails(2, "TW0809");
    assert!(ran.err.contains(&format!("location: {}/file", elsewhere.url)), "{ran:?}");
    assert!(elsewhere.heads().is_empty(), "no request, so no token");
    assert!(stand.heads()[0].to_ascii_lowercase().contains("authorization: bearer "));
}

#[test]
fn queries_headers_and_bodies_arrive_as_given() {
    let world = World::logged_in();
    let stand = Stand::new(|_, _| ok(&json!({"code": 0})));
    let words =
        ["api", "/open-apis/x?a=1", "-q", "b=张 三", "--query", "c=&=", "-H", "X-Own: yes", "-d", "{\"n\": 1.50}"];
    against(&world, &stand, &words).succeeds();
    let (head, body) = stand.requests.lock().unwrap().remove(0);
    assert!(head.starts_with("POST /open-apis/x?a=1&b=%E5%BC%A0+%E4%B8%89&c=%26%3D HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("x-own: yes") && head.contains("content-type: application/json"), "{head}");
    assert_eq!(body, b"{\"n\": 1.50}");

    let mut command = world.command(&["api", "PUT", "/open-apis/x", "-d", "-"]);
    assert_eq!(run_fed(command.env("TOKENWARD_OPEN_URL", &stand.url), "{\"from\":\"stdin\"}").code, 0);
    let (head, body) = stand.requests.lock().unwrap().remove(0);
    assert!(head.starts_with("PUT ") && body == b"{\"from\":\"stdin\"}", "{head}");

    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"\x89PNG\r\n--x").unwrap();
    let form = format!("file=@{}", file.path().display());
    against(&world, &stand, &["api", "/open-apis/upload", "-F", "file_name=a.png", "-F", &form]).succeeds();
    let (head, body) = stand.requests.lock().unwrap().remove(0);
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(head.starts_with("POST ") && head.contains("multipart/form-data; boundary="), "{head}");
    assert!(body.contains("name=\"file_name\"\r\n\r\na.png\r\n") && body.contains("PNG\r\n--x\r\n--"), "{body}");

    let data = format!("@{}", file.path().display());
    assert!(against(&world, &stand, &["api", "/x", "-d", &data]).fails(2, "TW0200").err.contains("is not JSON"));
    against(&world, &stand, &["api", "/x", "-d", &data, "-H", "Content-Type: image/png"]).succeeds();
    assert!(stand.heads()[0].contains("content-type: image/png"));
    // `-q` is the query here, before the command it is what it is everywhere.
    let ran = against(&world, &stand, &["-q", "api", "/x", "-q", "d=4", "-o", file.path().to_str().unwrap()]);
    assert_eq!(ran.succeeds().err, "");
    let ran = against(&world, &stand, &["api", "/x", "--quiet", "-o", file.path().to_str().unwrap()]);
    assert_eq!(ran.succeeds().err, "");
    for header in ["Authorization: Bearer x", "Host: evil.test"] {
        against(&world, &stand, &["api", "/x", "-H", header]).fails(2, "TW0200");
    }
}

#[test]
fn a_refusal_leaves_stdout_empty_and_is_told_whole() {
    let world = World::logged_in();
    let stand = Stand::new(|_, _| {
        let body = json!({"code": 1_770_002, "msg": "not found", "error": {"log_id": "L-9", "field": "x"}});
        http(404, "Content-Type: application/json\r\nSet-Cookie: s=secret\r\n", &body.to_string())
    });
    let ran = against(&world, &stand, &["api", "/open-apis/docx/v1/documents/x"]);
    assert_eq!(ran.fails(2, "TW0801").out, "");
    assert!(ran.err.contains("1770002 · \"not found\" · HTTP 404 · log id L-9"), "{ran:?}");
    let ran = against(&world, &stand, &["api", "-i", "/open-apis/docx/v1/documents/x"]);
    assert!(ran.err.contains("HTTP 404\n") && ran.err.contains("\"field\":\"x\""), "{ran:?}");
    assert!(!ran.err.contains("s=secret"), "{ran:?}");
    let ran = against(&world, &stand, &["api", "--json", "-i", "/open-apis/docx/v1/documents/x"]);
    assert!(ran.err.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{ran:?}");
    assert_eq!((&ran.error()["code"], &ran.error()["refusal"]["log_id"]), (&json!("TW0801"), &json!("L-9")));
}

#[test]
fn two_hundred_may_mean_no() {
    let world = World::logged_in();
    let stand = Stand::new(|_, _| ok(&json!({"code": 230_001, "msg": "invalid"})));
    let ran = against(&world, &stand, &["api", "/open-apis/im/v1/chats"]);
    assert!(ran.fails(2, "TW0801").err.contains("log id 20261120LOG"), "{ran:?}");
}

#[test]
fn pages_are_read_to_the_end() {
    let world = World::logged_in();
    let stand = Stand::new(|head, _| {
        ok(&match head.split_whitespace().nth(1).unwrap() {
            "/open-apis/list?page_size=2" => {
                json!({"code": 0, "data": {"items": [{"n": 1}, {"n": 2}], "has_more": true, "page_token": "p=2"}})
            }
            "/open-apis/list?page_size=2&page_token=p%3D2" => {
                json!({"code": 0, "data": {"items": [{"n": 3}], "has_more": false, "page_token": ""}})
            }
            other => json!({"code": 1, "msg": other}),
        })
    });
    let list = ["api", "/open-apis/list", "-q", "page_size=2", "--page-all"];
    let all = against(&world, &stand, &list).succeeds().json();
    assert_eq!(all["data"], json!({"items": [{"n": 1}, {"n": 2}, {"n": 3}], "has_more": false}));
    let ran = against(&world, &stand, &[&list[..], &["--jq", ".data.items | length"]].concat());
    assert_eq!(ran.succeeds().out, "3\n");
    let ran = against(&world, &stand, &[&list[..], &["--ndjson"]].concat());
    assert_eq!(ran.succeeds().out, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    let ran = against(&world, &stand, &[&list[..], &["--ndjson", "--jq", ".n"]].concat());
    assert_eq!(ran.succeeds().out, "1\n2\n3\n");
    let ran = against(&world, &stand, &[&list[..], &["--ndjson", "--max-pages", "1"]].concat());
    assert_eq!(ran.fails(4, "TW0811").out, "{\"n\":1}\n{\"n\":2}\n", "what came is printed");
}

#[test]
fn a_limit_is_waited_out_within_patience() {
    let world = World::logged_in();
    let left = Mutex::new(1);
    let stand = Stand::new(move |_, _| {
        let mut left = left.lock().unwrap();
        if *left == 0 {
            return ok(&json!({"code": 0}));
        }
        *left -= 1;
        http(400, "Content-Type: application/json\r\nx-ogw-ratelimit-reset: 1\r\n", r#"{"code":99991400,"msg":"slow"}"#)
    });
    let ran = against(&world, &stand, &["api", "POST", "/open-apis/x"]);
    assert_eq!(ran.succeeds().err, "rate limited by the provider; waiting 1 s\n");
    assert_eq!(stand.heads().len(), 2);
    let stand = Stand::new(|_, _| http(429, "x-ogw-ratelimit-reset: 3600\r\n", ""));
    let ran = against(&world, &stand, &["api", "/open-apis/x"]);
    assert!(ran.fails(4, "TW0503").err.contains("1 h"), "{ran:?}");
    assert_eq!(stand.heads().len(), 1);
}

#[test]
fn a_lost_answer_is_asked_for_again_only_where_that_is_safe() {
    let world = World::logged_in();
    let stand = Stand::new(|_, _| String::new());
    against(&world, &stand, &["api", "POST", "/open-apis/x"]).fails(5, "TW0806");
    assert_eq!(stand.heads().len(), 1);
    against(&world, &stand, &["api", "POST", "/open-apis/x", "--repeatable"]).fails(5, "TW0806");
    assert_eq!(stand.heads().len(), 4);
    against(&world, &stand, &["api", "/open-apis/x"]).fails(5, "TW0806");
    assert_eq!(stand.heads().len(), 7);
}

#[test]
fn a_download_is_whole_or_not_there() {
    let world = World::logged_in();
    let stand = Stand::new(|head, _| {
        let kind = "Content-Type: application/octet-stream\r\n";
        if head.contains("/cut") {
            format!("HTTP/1.1 200 X\r\nContent-Length: 100\r\n{kind}\r\nhalf")
        } else {
            http(200, kind, "all of it\r\n")
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.bin");
    let name = path.to_str().unwrap();
    let ran = against(&world, &stand, &["api", "/open-apis/file", "-o", name]);
    assert_eq!((ran.succeeds().out.as_str(), std::fs::read(&path).unwrap()), ("", b"all of it\r\n".to_vec()));
    against(&world, &stand, &["api", "/open-apis/cut", "-o", name]).fails(5, "TW0806");
    assert_eq!(std::fs::read(&path).unwrap(), b"all of it\r\n");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(against(&world, &stand, &["api", "/open-apis/file"]).succeeds().out, "all of it\r\n");
    let document = against(&world, &stand, &["api", "--json", "/open-apis/file"]).succeeds().json();
    assert_eq!(document, "all of it\r\n");
}

#[test]
fn a_wrong_expression_costs_no_call() {
    let world = World::logged_in();
    let stand = Stand::new(|_, _| ok(&json!({"code": 0, "data": 1})));
    let ran = against(&world, &stand, &["api", "POST", "/open-apis/x", "--jq", ".data | nosuch"]);
    assert!(ran.fails(2, "TW0810").err.contains("nosuch"), "{ran:?}");
    assert!(stand.heads().is_empty());
    let ran = against(&world, &stand, &["api", "POST", "/open-apis/x", "--jq", ".data.x"]);
    assert!(ran.fails(2, "TW0810").err.contains("the call succeeded"), "{ran:?}");
}

#[test]
fn no_token_is_seen() {
    let world = World::logged_in();
    for words in [&["api", "-i", USER_INFO][..], &["api", "-vv", "-i", USER_INFO], &["api", "-i", "/open-apis/nosuch"]]
    {
        let ran = world.run(words);
        for secret in world.secrets() {
            assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "{words:?}");
        }
    }
}
