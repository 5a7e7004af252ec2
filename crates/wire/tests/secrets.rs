//! I4: whatever becomes of a call, nothing that was sent shows in an event, an error or a `Debug`: not even where a dialect
//! forces it into the query.

mod support;

use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use support::{REFRESH, SECRET, Server, blueking, json, oauth2, providers, spend};
use tokenward_core::ports::{Account, AppTokenKind, CodeExchange, Consent, Prepared, Sent, TokenEndpoint};
use tokenward_core::{
    AccessToken, App, AuthorizationCode, ClientAuthentication, CodeVerifier, DeviceCode, DirectGrant, Endpoints,
    LoginCookie, RefreshToken, TokenApi, UserTicket,
};
use tokenward_wire::{AuthApiOptions, Providers, UserGrant};
use tokio::io::AsyncWriteExt;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const COOKIE: &str = "bKt0kenOfAlice0123456789abcdefgh";
const ACCESS: &str = "aCc3ssTokenOfAlice0123456789abcd";
const CODE: &str = "c0deOfAnAuthorization0123456789ab";
const VERIFIER: &str = "verif1erOfAnAuthorization0123456";
const DEVICE: &str = "dev1ceCodeOfAnAuthorization01234";
/// What servers send back of what they were sent.
const ISSUED: &str = "n3wTokenThatWasIssued0123456789a";

/// Everything that is traced, of every crate and at every level.
struct Listener;

static HEARD: Mutex<String> = Mutex::new(String::new());

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        span.record(&mut Fields(&mut heard));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut HEARD.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = write!(heard, "\n{}", event.metadata().target());
        event.record(&mut Fields(&mut heard));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Makes every call of an app, and tells what anyone could see of it.
async fn everything_seen(providers: &Providers, app: &App) -> String {
    let timeout = Duration::from_secs(5);
    let api = app.token_api;
    let prepared = Prepared { api, app_token: None };
    let cookie = |name: &str| (name.to_owned(), LoginCookie::parse(COOKIE).unwrap());
    let ticket = UserTicket { fields: vec![cookie("bk_ticket")], client_ip: None, renew: true };
    let exchange = CodeExchange {
        code: AuthorizationCode::parse(CODE).unwrap(),
        verifier: CodeVerifier::parse(VERIFIER).unwrap(),
        redirect_uri: "http://127.0.0.1/cb".parse().unwrap(),
    };
    let device = DeviceCode::parse(DEVICE).unwrap();
    let (access, refresh) = (AccessToken::parse(ACCESS).unwrap(), RefreshToken::parse(REFRESH).unwrap());
    let mut seen = format!("{app:?} {ticket:?} {exchange:?} {providers:?} ");
    for sent in [
        providers.refresh(app, &prepared, spend(), timeout).await,
        providers.exchange(app, &prepared, &exchange, timeout).await,
        providers.grant(app, &DirectGrant::ClientCredentials, timeout).await,
        providers.grant(app, &DirectGrant::Ticket(ticket), timeout).await,
        providers.device_poll(app, &device, timeout).await,
    ] {
        let _ = write!(seen, "{sent:?} ");
        if let Sent::Answered(answer) = sent {
            let _ = write!(seen, "{:?} ", providers.read(&app.name, api, &answer));
        }
    }
    let info = providers.user_info(app, &access).await;
    let app_token = providers.app_token(app, AppTokenKind::App).await;
    let revoked = providers.revoke(app, Some(&refresh), Some(&access)).await;
    let begun = providers.device_begin(app, &tokenward_core::Scopes::default()).await;
    let _ = write!(seen, "{info:?} {app_token:?} {revoked:?} {:?} {:?}", begun.err(), providers.check_up(app).await);
    for error in [info.err(), app_token.err(), revoked.err()].into_iter().flatten() {
        let _ = write!(seen, " {error}");
    }
    seen
}

fn apps(base: &str) -> Vec<App> {
    let at = |path: &str| format!("{base}{path}").parse().ok();
    let endpoints = Endpoints {
        authorization: at("/a"),
        token: at("/t"),
        device_authorization: at("/d"),
        revocation: at("/r"),
        introspection: at("/i"),
        userinfo: at("/u"),
    };
    let plain = |way| oauth2(base, endpoints.clone(), way);
    let blueking = [TokenApi::Ssm, TokenApi::AuthApi, TokenApi::BkAuth].map(|api| blueking(base, api));
    blueking.into_iter().chain([plain(ClientAuthentication::Basic), plain(ClientAuthentication::Body)]).collect()
}

#[tokio::test]
async fn nothing_that_was_sent_shows() {
    tracing::subscriber::set_global_default(Listener).unwrap();
    let echo = format!("{SECRET} {REFRESH} {COOKIE} {ACCESS} {CODE} {VERIFIER} {DEVICE} {ISSUED}");
    let refusing = json(
        400,
        &format!(r#"{{"code":1901403,"error":"invalid_grant","message":"{echo}","error_description":"{echo}"}}"#),
    );
    let odd = json(200, &format!(r#"{{"result":false,"code":17,"message":"{echo}","data":null}}"#));
    let page = format!("<html><title>{echo}</title>{echo}</html>");
    let page = format!("HTTP/1.1 502 X\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{page}", page.len());
    let issuing = json(200, &format!(r#"{{"access_token":"{ISSUED}","refresh_token":"{ISSUED}","expires_in":9}}"#));
    let mut seen = String::new();
    let mut count = 0;
    let in_query = providers().with_auth_api(support::work(), {
        let mut options = AuthApiOptions::default();
        options.user_grant = UserGrant::Query;
        options.secret_in_refresh = true;
        options
    });
    for answer in
        [refusing.as_str(), &odd, &page, &issuing, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"code\"", ""]
    {
        let answer = answer.to_owned();
        let server = Server::doing(move |mut stream, _| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        let server = server.await;
        for app in apps(&server.base) {
            for providers in [&providers(), &in_query] {
                seen += &everything_seen(providers, &app).await;
            }
            count += 1;
        }
    }
    // Nobody listens; and a host to which nothing may go in clear text.
    for base in ["http://127.0.0.1:9", "http://blueking.test"] {
        for app in apps(base) {
            seen += &everything_seen(&in_query, &app).await;
        }
    }
    assert_eq!(count, 30);
    let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(heard.contains("tokenward_wire") && heard.contains("hyper_util"), "events were heard: {heard:.300}");
    for secret in [SECRET, REFRESH, COOKIE, ACCESS, CODE, VERIFIER, DEVICE, ISSUED] {
        for (place, text) in [("what was returned", seen.as_str()), ("events", heard.as_str())] {
            let at = text.find(secret);
            assert_eq!(at, None, "{secret} in {place}: {:?}", at.map(|at| &text[at.saturating_sub(200)..at]));
        }
    }
    assert!(seen.contains("[redacted]"));
}
