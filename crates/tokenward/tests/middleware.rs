//! The middleware over a true `reqwest` client, against the sandbox; and the example, as it is run.

#[path = "engine/world.rs"]
#[expect(dead_code, reason = "the engine's tests use the rest of it")]
mod world;

use std::time::Duration;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::Value;
use tokenward::{ApiClient, ApiOptions, CallOptions, Calls, Identity, TokenMiddleware};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;
use world::World;

struct Stage {
    world: World,
    client: ApiClient,
    http: ClientWithMiddleware,
}

async fn stage() -> Stage {
    let world = World::new().await;
    let keeper = world.keeper().await;
    let (grant, _) = world.log_in(&keeper, "work").await;
    let calls = Calls::feishu(world.clock.clone(), CallOptions::default());
    let client = ApiClient::new(keeper, world.app.clone(), Identity::User(grant), calls, ApiOptions::default());
    let http = ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(client.clone())).build();
    Stage { world, client, http }
}

impl Stage {
    fn user_info(&self) -> Url {
        self.world.app.hosts.open.join("/open-apis/authen/v1/user_info").unwrap()
    }

    async fn get(&self, url: Url) -> (u16, Value) {
        let response = self.http.get(url.clone()).send().await.unwrap();
        assert_eq!(*response.url(), url);
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }
}

/// Listens on a port of its own, answers with this, and tells what it heard.
async fn listener(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; 8192];
        let count = stream.read(&mut bytes).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&bytes[..count]).to_ascii_lowercase()
    });
    (base, heard)
}

#[tokio::test]
async fn a_request_carries_a_token_and_a_dead_one_is_rotated() {
    let stage = stage().await;
    let (status, body) = stage.get(stage.user_info()).await;
    assert_eq!((status, &body["data"]["name"]), (200, &Value::from("Ada")));
    stage.world.sandbox.advance(Duration::from_secs(7300));
    let url = stage.user_info();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (http, url) = (stage.http.clone(), url.clone());
            tokio::spawn(async move {
                let response = http.get(url).send().await.unwrap();
                let status = response.status().as_u16();
                (status, serde_json::from_slice::<Value>(&response.bytes().await.unwrap()).unwrap())
            })
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    assert!(answers.iter().all(|(status, body)| *status == 200 && body["code"] == 0));
    assert_eq!(stage.world.sandbox.counters().refreshes, 1);
    stage.world.assert_clean();
}

#[tokio::test]
async fn a_refusal_comes_through_as_it_was() {
    let stage = stage().await;
    let url = stage.world.app.hosts.open.join("/open-apis/nosuch").unwrap();
    let response = stage.http.get(url).send().await.unwrap();
    assert_eq!(response.status().as_u16(), 404);
    assert!(!response.bytes().await.unwrap().is_empty());
    assert_eq!(stage.world.sandbox.counters().refreshes, 0);
}

#[tokio::test]
async fn another_host_sees_no_token() {
    let stage = stage().await;
    let (base, heard) = listener("HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    stage.http.get(format!("{base}/open-apis/authen/v1/user_info")).send().await.unwrap();
    assert!(!heard.await.unwrap().contains("authorization"));
}

#[tokio::test]
async fn a_redirect_to_another_host_carries_no_token() {
    let mut stage = stage().await;
    let (elsewhere, there) = listener("HTTP/1.1 200 X\r\nContent-Length: 0\r\n\r\n".to_owned()).await;
    let (own, here) =
        listener(format!("HTTP/1.1 302 X\r\nLocation: {elsewhere}/file\r\nContent-Length: 0\r\n\r\n")).await;
    stage.world.app.hosts.open = Url::parse(&own).unwrap();
    let keeper = stage.world.keeper().await;
    let calls = Calls::feishu(stage.world.clock.clone(), CallOptions::default());
    let identity = stage.client.identity();
    let client = ApiClient::new(keeper, stage.world.app.clone(), identity, calls, ApiOptions::default());
    let http = ClientBuilder::new(reqwest::Client::new()).with(TokenMiddleware::new(client)).build();
    http.get(format!("{own}/x")).send().await.unwrap();
    assert!(here.await.unwrap().contains("authorization: bearer"));
    assert!(!there.await.unwrap().contains("authorization"));
}

/// A body that cannot be cloned is sent once: its refusal is the answer, and the next request works.
#[tokio::test]
async fn a_stream_is_not_repeated() {
    let stage = stage().await;
    stage.world.sandbox.advance(Duration::from_secs(7300));
    let once = Once(Some(bytes::Bytes::from_static(b"{}")));
    let request = stage.http.post(stage.user_info()).body(reqwest::Body::wrap(once)).build().unwrap();
    assert!(request.try_clone().is_none());
    let before = stage.world.sandbox.counters().refreshes;
    let _ = stage.http.execute(request).await.unwrap();
    assert_eq!(stage.world.sandbox.counters().refreshes, before);
}

struct Once(Option<bytes::Bytes>);

impl http_body::Body for Once {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }
}
