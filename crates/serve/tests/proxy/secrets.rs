//! No secret is in an answer, a log line or an event.

use std::io;
use std::sync::{Arc, Mutex};

use tokenward_emulator::Fault;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{ECHO, SECRET, Wishes, World};

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_told() {
    let log = Log::default();
    let logged = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _logged = tracing::subscriber::set_default(logged);
    let world = World::new().await;
    let proxy = world.proxy_with(Wishes { secret: true, ..Wishes::default() }).await;
    let mut secrets = world.live_tokens();
    let mut told = String::new();
    let url = |path: &str| proxy.url(&format!("/s/{SECRET}{path}"));
    let ask = async |request: reqwest::RequestBuilder| {
        let answer = request.header("authorization", "Bearer u-of-the-caller-0123456789").send().await.unwrap();
        let head = format!("{:?}\n", answer.headers());
        head + &answer.text().await.unwrap()
    };
    told += &ask(world.http.post(url(&format!("{ECHO}?token=u-in-the-query"))).body("body")).await;
    told += &ask(world.http.get(url("/open-apis/authen/v1/user_info"))).await;
    told += &ask(world.http.get(url("/open-apis/no/such/path"))).await;
    told += &ask(world.http.post(url("/open-apis/auth/v3/tenant_access_token/internal")).body("{}")).await;
    told += &ask(world.http.get(proxy.url("/s/nearly-the-secret-0123/x"))).await;
    for code in [99_991_677, 99_991_668, 99_991_679] {
        world.sandbox.inject(Fault::code(code).to(ECHO));
        told += &ask(world.http.get(url(ECHO))).await;
        secrets.extend(world.live_tokens());
    }
    world.sandbox.inject(Fault::drop_request().to(ECHO));
    told += &ask(world.http.post(url(ECHO)).body("x")).await;
    world.keeper.logout(Some(&world.app), world.grant, false).await.unwrap();
    told += &ask(world.http.get(url(ECHO))).await;
    let events = format!("{:?}", proxy.exchanges.lock().unwrap());
    told.push_str(&events);
    proxy.stop();
    proxy.ended().await;
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("is turned"), "the log is listened to: {logged}");
    secrets.extend([world.app.expose_secret(), SECRET].map(str::to_owned));
    secrets.extend(["u-of-the-caller-0123456789", "u-in-the-query", "nearly-the-secret"].map(str::to_owned));
    assert!(secrets.len() > 9, "{}", secrets.len());
    for secret in secrets {
        // The sandbox's echo says back the query that it was sent; nobody else does.
        let told = told.replace("\"query\":\"token=u-in-the-query\"", "");
        assert!(!told.contains(&secret), "an answer or an event tells a secret");
        assert!(!logged.contains(&secret), "the log tells a secret");
    }
}
