//! The single-threaded defects D1–D10 of `bkoauth`, by their numbers in reference/blueking.md §1.6.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use tokenward::blueking::{BkApp, BkClient, Cookies, RequestParts, TokenError};
use tokenward::core::{Code, TokenApi};
use tokenward_emulator::{Fault, FaultKind, Identity, OddAnswer, Operation, RefreshFate};
use url::Url;

use crate::world::{CODE, Kind, SECRET, World, cookie, name_of, profile, request, with_cookies_of};

const AUTH_API: Kind = Kind::AuthApi { refresh: RefreshFate::Rotates };

fn api_error(error: &TokenError) -> &tokenward::blueking::TokenAPIError {
    match error {
        TokenError::Api(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Every failure of the transport, and every answer that is none, is a `TokenAPIError`, and passing: the next call gets a token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_transport_failures_are_api_errors() {
    for kind in [Kind::SSM, AUTH_API] {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        for fault in [
            Fault::drop_request(),
            Fault::drop_answer(),
            Fault::new(FaultKind::Html { status: 200 }),
            Fault::new(FaultKind::Html { status: 502 }),
            Fault::new(FaultKind::Empty { status: 200 }),
            Fault::new(FaultKind::Cut { bytes: 20 }),
            Fault::new(FaultKind::NotFound),
            Fault::new(FaultKind::Redirect { location: "http://127.0.0.1:1/".to_owned(), status: 302 }),
        ] {
            world.sandbox.inject(fault.clone().when(Operation::CookieGrant));
            let error = client.get_access_token(&request("alice")).await.unwrap_err();
            let told = api_error(&error);
            assert_eq!(told.code, None, "{fault:?}: {told}");
            assert!(!format!("{error} {error:?}").contains("cookie-of-alice"), "{error:?}");
            let grants = world.grants().await;
            assert_eq!(grants, 0, "{fault:?}");
        }
        let token = client.get_access_token(&request("alice")).await.unwrap();
        assert!(world.is_good(&token));
        assert_eq!(world.grants().await, 1);
        // With a code of the service's own, the code is told.
        world.sandbox.inject(Fault::code(1_901_500).when(Operation::CookieGrant));
        let error = client.get_access_token(&request("bob")).await.unwrap_err();
        assert_eq!(api_error(&error).code, Some(1_901_500), "{error:?}");
    }
}

#[tokio::test]
async fn d1_nobody_there_and_an_address_without_a_scheme() {
    let world = World::new(Kind::SSM).await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = BkApp::new(CODE, SECRET, format!("http://{free}").parse().unwrap()).unwrap().build().unwrap();
    let client = BkClient::new(&world.stand.session(None).await, app, profile(), Cookies::bk_token());
    let error = client.get_access_token(&request("alice")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unreachable);
    assert_eq!(api_error(&error).code, None);
    assert!("bkssm.example.com".parse::<Url>().is_err(), "an address without a scheme is none");
}

/// `data: null` with a success code is an odd answer; a code written as text is a success.
#[tokio::test]
async fn d2_odd_successes() {
    for kind in [Kind::SSM, AUTH_API] {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        let odd = FaultKind::Odd { answer: OddAnswer::NullData };
        world.sandbox.inject(Fault::new(odd).when(Operation::CookieGrant));
        let error = client.get_access_token(&request("alice")).await.unwrap_err();
        api_error(&error);
        assert_eq!(world.grants().await, 0);
        for form in [tokenward_emulator::CodeForm::Number, tokenward_emulator::CodeForm::Text] {
            world.sandbox.rules(|rules| {
                rules.blueking.ssm.tokens.success_code = form;
                rules.blueking.auth_api.tokens.success_code = form;
            });
            let user = if form == tokenward_emulator::CodeForm::Number { "alice" } else { "bob" };
            let token = client.get_access_token(&request(user)).await.unwrap();
            assert!(world.is_good(&token));
        }
    }
}

/// The status counts: a refusal's code under a status of success is a refusal, and one of failure without a body is none of the
/// service's words.
#[tokio::test]
async fn d3_statuses_and_codes_are_both_read() {
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    for status in [200, 400, 500] {
        let kind = FaultKind::Code { code: 1_901_500, status: Some(status) };
        world.sandbox.inject(Fault::new(kind).when(Operation::CookieGrant));
        let error = client.get_access_token(&request("alice")).await.unwrap_err();
        let told = api_error(&error);
        assert_eq!((told.code, told.status), (Some(1_901_500), Some(status)));
    }
    world.sandbox.inject(Fault::new(FaultKind::Empty { status: 500 }).when(Operation::CookieGrant));
    let error = client.get_access_token(&request("alice")).await.unwrap_err();
    assert_eq!(api_error(&error).status, Some(500));
    assert_eq!(world.grants().await, 0);
}

/// Alice with bob's cookie gets nothing of bob's; what was issued is kept as bob's, whose token it may have replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_the_identity_is_the_user_it_is_stored_under() {
    for kind in Kind::BY_COOKIE {
        let world = World::new(kind).await;
        let client = world.stand.client().await;
        let bobs = client.get_access_token(&request("bob")).await.unwrap();
        let mixed = with_cookies_of(RequestParts::of_user("alice"), "bob");
        let error = client.get_access_token(&mixed).await.unwrap_err();
        assert_eq!(error.code(), Code::WrongUser, "{kind:?}: {error:?}");
        let keeper = world.stand.session(None).await.keeper().clone();
        assert!(keeper.grant_of(&name_of("alice")).await.is_err(), "{kind:?}");
        // Bob's grant is the one that lives now.
        let now = client.get_access_token_by_user("bob").await.unwrap();
        assert!(world.is_good(&now), "{kind:?}");
        let subject = keeper.status(now.grant).await.unwrap().grant.subject.unwrap();
        assert_eq!(subject.id, "bob");
        let _ = bobs;
        // With her own cookie alice gets her own.
        let hers = client.get_access_token(&request("alice")).await.unwrap();
        assert!(world.is_good(&hers) && hers.access_token != now.access_token);
        assert_eq!(world.grants().await, 2);
        world.assert_clean();
    }
}

/// The address of a request is not looked into, unless the client was told to.
#[tokio::test]
async fn d4_the_query_is_not_believed() {
    let world = World::new(Kind::SSM).await;
    let session = world.stand.session(None).await;
    let client = world.stand.client_of(&session);
    let forged = RequestParts::of_user("alice").with_query("bk_token", &cookie("bob"));
    let error = client.get_access_token(&forged).await.unwrap_err();
    assert!(matches!(error, TokenError::NotExist(_)), "{error:?}");
    assert_eq!(world.counters().requests, 0);
    let app = world.stand.app.clone();
    let asked = BkClient::new(&session, app, profile(), Cookies::bk_token().or_query());
    assert_eq!(asked.get_access_token(&forged).await.unwrap_err().code(), Code::WrongUser);
    let own = RequestParts::of_user("alice").with_query("bk_token", &cookie("alice"));
    assert!(world.is_good(&asked.get_access_token(&own).await.unwrap()));
}

/// The provider names somebody else than the cookie's owner, nobody, or says nothing: what cannot be proven is not handed out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d4_whatever_the_answer_names() {
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    // Said nothing: the service is asked whose the token is.
    for identity in [Identity::Absent, Identity::Anonymous] {
        world.sandbox.rules(|rules| rules.blueking.ssm.tokens.identity = identity.clone());
        let user = if identity == Identity::Absent { "alice" } else { "bob" };
        let token = client.get_access_token(&request(user)).await.unwrap();
        assert!(world.is_good(&token), "{identity:?}");
    }
    assert_eq!(world.counters().verifies, 2);
    crate::world::log_in_at_blueking(&world.sandbox, "carol");
    world.sandbox.rules(|rules| rules.blueking.ssm.tokens.identity = Identity::Other { user: "mallory".to_owned() });
    let error = client.get_access_token(&request("carol")).await.unwrap_err();
    assert_eq!(error.code(), Code::WrongUser);
    assert!(client.get_access_token_by_user("carol").await.is_err());
}

/// Nobody in particular is nobody, whatever cookie comes along, and never becomes the app.
#[tokio::test]
async fn d5_an_anonymous_user_is_not_the_app() {
    let world = World::new(Kind::SSM).await;
    let client = world.stand.client().await;
    for anonymous in [RequestParts::anonymous(), RequestParts::of_user(""), RequestParts::of_user("  ")] {
        let error = client.get_access_token(&with_cookies_of(anonymous, "bob")).await.unwrap_err();
        assert!(matches!(error, TokenError::NotExist(_)), "{error:?}");
    }
    assert!(client.get_access_token_by_user("").await.is_err());
    assert_eq!((world.counters().requests, world.grants().await), (0, 0));
    let app = client.get_app_access_token().await.unwrap();
    assert_eq!((world.counters().app_grants, app.user.clone()), (1, None));
    // Nor is a user who is called like the app's name.
    assert!(client.get_access_token_by_user("~app").await.is_err());
    assert!(world.is_good(&app));
}

/// A cookie that an answer sets is not sent with the next user's request.
#[tokio::test]
async fn d6_no_cookie_jar() {
    for kind in [Kind::SSM, AUTH_API] {
        let world = World::new(kind).await;
        world.sandbox.rules(|rules| {
            rules.keep_requests = true;
            rules.blueking.ssm.tokens.set_cookie = true;
            rules.blueking.auth_api.tokens.set_cookie = true;
        });
        let client = world.stand.client().await;
        for user in ["alice", "bob", "alice"] {
            let token = client.get_access_token(&request(user)).await.unwrap();
            world.near_expiry(&token);
            client.get_access_token_by_user(user).await.unwrap();
        }
        let history = world.sandbox.history();
        assert!(history.iter().filter_map(|record| record.visit()).all(|visit| visit.session.is_none()), "{kind:?}");
        let cookies = world
            .sandbox
            .requests()
            .iter()
            .any(|request| request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie")));
        assert!(!cookies, "{kind:?}");
    }
}

/// A server whose certificate nobody vouches for is not spoken to: no byte of a request reaches it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d7_tls_is_verified() {
    let world = World::new(Kind::SSM).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut tls = rustls::ServerConnection::new(Arc::new(self_signed())).unwrap();
        let mut heard = Vec::new();
        while tls.is_handshaking() {
            if tls.complete_io(&mut socket).is_err() {
                return heard;
            }
        }
        let mut stream = rustls::Stream::new(&mut tls, &mut socket);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        let mut buffer = [0; 1024];
        if let Ok(read) = stream.read(&mut buffer) {
            heard.extend_from_slice(&buffer[..read]);
        }
        heard
    });
    let app = BkApp::new(CODE, SECRET, format!("https://localhost:{port}").parse().unwrap()).unwrap();
    let session = world.stand.session(None).await;
    let client = BkClient::new(&session, app.build().unwrap(), profile(), Cookies::bk_token());
    let error = client.get_access_token(&request("alice")).await.unwrap_err();
    assert_eq!(error.code(), Code::Unreachable, "{error:?}");
    assert_eq!(heard.join().unwrap(), b"", "nothing was sent");
}

fn self_signed() -> rustls::ServerConfig {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/tests/tls");
    let chain = CertificateDer::pem_file_iter(format!("{folder}/localhost.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(format!("{folder}/localhost.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(chain.collect::<Result<_, _>>().unwrap(), key).unwrap()
}

/// Secrets stand in headers and bodies. What the auth api takes in the query alone is in no error.
#[tokio::test]
async fn d8_secrets_stay_out_of_addresses_and_errors() {
    for kind in [Kind::SSM, AUTH_API] {
        let world = World::new(kind).await;
        world.sandbox.rules(|rules| rules.keep_requests = true);
        let client = world.stand.client().await;
        let token = client.get_access_token(&request("alice")).await.unwrap();
        world.near_expiry(&token);
        client.get_access_token_by_user("alice").await.unwrap();
        let requests = world.sandbox.requests();
        assert_eq!(requests.len(), 2);
        for request in &requests {
            assert!(!request.line.contains(SECRET) && !request.line.contains("cookie-of"), "{}", request.line);
            let header = |wanted: &str| {
                let found = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
                found.map(|(_, value)| value.as_str())
            };
            // The app proves itself at a refresh too.
            assert_eq!((header("x-bk-app-code"), header("x-bk-app-secret")), (Some(CODE), Some(SECRET)), "{kind:?}");
        }
        // Errors of a request whose address holds secrets tell the host alone.
        world.pass(std::time::Duration::from_secs(200 * 86_400));
        for fault in [Fault::drop_answer(), Fault::new(FaultKind::Html { status: 200 }), Fault::code(1)] {
            world.sandbox.inject(fault.when(Operation::Refresh));
            let error = client.get_access_token_by_user("alice").await.unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(
                !told.contains("refresh_token=") && !told.contains(SECRET) && !told.contains("app_secret"),
                "{told}"
            );
        }
    }
}

/// SSM hears of no environment, so both have one grant; the auth api parts them, and so does the vault by profile.
#[tokio::test]
async fn d9_one_grant_where_the_service_knows_one() {
    let world = World::new(Kind::SSM).await;
    let session = world.stand.session(None).await;
    let service = world.stand.app.hosts.accounts.clone();
    let client = |environment: &str| {
        let app = BkApp::new(CODE, SECRET, service.clone()).unwrap().environment(environment).build().unwrap();
        BkClient::new(&session, app, profile(), Cookies::bk_token())
    };
    let (prod, test) = (client("prod"), client("test"));
    let one = prod.get_access_token(&request("alice")).await.unwrap();
    let two = test.get_access_token(&request("alice")).await.unwrap();
    assert_eq!(one.access_token, two.access_token);
    assert_eq!(world.counters().requests, 1);
}

/// A grant does not end the token that others hold: the present one is asked for, and a new one only after a refusal.
#[tokio::test]
async fn d10_the_present_token_is_asked_for() {
    let world = World::new(AUTH_API).await;
    assert_eq!(world.stand.app.token_api, TokenApi::AuthApi);
    let elsewhere = World::new(AUTH_API).await;
    drop(elsewhere);
    let first = world.stand.client().await.get_access_token(&request("alice")).await.unwrap();
    // A vault of its own, as a second deployment without this one's has.
    let folder = tempfile::tempdir().unwrap();
    let told: serde_json::Value = serde_json::from_str(&world.stand.told()).unwrap();
    let mut told = told;
    told["home"] = folder.path().to_str().unwrap().into();
    let other = crate::world::Stand::read(&told.to_string());
    let second = other.client().await.get_access_token(&request("alice")).await.unwrap();
    assert_eq!(first.access_token, second.access_token);
    assert!(world.is_good(&first));
}
