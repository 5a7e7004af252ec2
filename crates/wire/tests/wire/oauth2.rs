//! Any RFC 6749 server: where its endpoints are found, what goes over the wire, and the calls that spend nothing.

use std::sync::Arc;
use std::time::Duration;

use tokenward_core::ports::{
    Account, AppTokenKind, AuthorizationRequest, CallError, CodeExchange, Consent, Prepared, ProviderFacts,
    TokenEndpoint,
};
use tokenward_core::{
    AbsentRefresh, AccessToken, App, AuthorizationCode, ClientAuthentication, CodeVerifier, DeviceCode, DirectGrant,
    Endpoints, LoginCookie, OldAccess, RefreshToken, Refusal, RefusalClass, Remedy, Rules, Scopes, TokenApi,
    UserTicket,
};
use tokenward_wire::{OAuth2, Options, discover};
use url::Url;

use crate::support::{self, Heard, Noon, REFRESH, SECRET, Server, in_doubt, json, oauth2, providers, spend, unsent};

const TIMEOUT: Duration = Duration::from_secs(5);
const FORM: &str = "application/x-www-form-urlencoded";
/// "the client" and the secret, encoded as in a form, joined and encoded again (RFC 6749 §2.3.1).
const BASIC: &str = "Basic dGhlK2NsaWVudDphcHAtc2VjcmV0LTAxMjM0NTY3ODlhYmNkZWY=";

fn post(path: &str, basic: bool, body: &str) -> Heard {
    let mut headers = vec![("accept", "application/json"), ("accept-encoding", "identity")];
    headers.extend(basic.then_some(("authorization", BASIC)));
    headers.extend([("content-type", FORM), ("user-agent", concat!("tokenward/", env!("CARGO_PKG_VERSION")))]);
    let headers = headers.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Heard { line: format!("POST {path} HTTP/1.1"), headers, body: body.to_owned() }
}

fn refusal(error: CallError) -> Refusal {
    match error {
        CallError::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

/// All of a server's endpoints, on one host.
fn everything(base: &str) -> Endpoints {
    let at = |path: &str| Some(Url::parse(&format!("{base}{path}")).unwrap());
    Endpoints {
        authorization: at("/authorize"),
        token: at("/token"),
        device_authorization: at("/device"),
        revocation: at("/revoke"),
        introspection: at("/introspect"),
        userinfo: at("/me"),
    }
}

fn app(server: &Server, authentication: ClientAuthentication) -> App {
    oauth2(&server.base, everything(&server.base), authentication)
}

fn document(issuer: &str, fields: &str) -> String {
    json(200, &format!(r#"{{"issuer":"{issuer}"{fields}}}"#))
}

const NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nnot found";
const PREPARED: Prepared = Prepared { api: TokenApi::Rfc6749, app_token: None };

#[tokio::test]
async fn a_client_proves_itself_in_one_way() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let fields = format!("grant_type=refresh_token&refresh_token={REFRESH}");
    for (way, basic, body) in [
        (ClientAuthentication::Basic, true, fields.clone()),
        (ClientAuthentication::Body, false, format!("{fields}&client_id=the+client&client_secret={SECRET}")),
        (ClientAuthentication::None, false, format!("{fields}&client_id=the+client")),
    ] {
        providers().refresh(&app(&server, way), &PREPARED, spend(), TIMEOUT).await;
        assert_eq!(server.heard().await, post("/token", basic, &body));
    }
    let public = App { secret: None, ..app(&server, ClientAuthentication::Basic) };
    providers().refresh(&public, &PREPARED, spend(), TIMEOUT).await;
    assert_eq!(server.heard().await, post("/token", false, &format!("{fields}&client_id=the+client")));
}

#[tokio::test]
async fn every_request_is_the_rfcs() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let app = app(&server, ClientAuthentication::Basic);
    let providers = providers();
    let exchange = CodeExchange {
        code: AuthorizationCode::parse("the/code").unwrap(),
        verifier: CodeVerifier::parse("ver~ifier.1").unwrap(),
        redirect_uri: "http://127.0.0.1:9000/callback".parse().unwrap(),
    };
    providers.exchange(&app, &PREPARED, &exchange, TIMEOUT).await;
    let body = "grant_type=authorization_code&code=the%2Fcode&redirect_uri=http%3A%2F%2F127.0.0.1%3A9000%2Fcallback\
        &code_verifier=ver%7Eifier.1";
    assert_eq!(server.heard().await, post("/token", true, body));

    providers.grant(&app, &DirectGrant::ClientCredentials, TIMEOUT).await;
    assert_eq!(server.heard().await, post("/token", true, "grant_type=client_credentials"));

    let (scopes, _) = Scopes::parse("openid offline_access").unwrap();
    providers.device_begin(&app, &scopes).await.unwrap_err();
    assert_eq!(server.heard().await, post("/device", true, "client_id=the+client&scope=openid+offline_access"));

    providers.device_poll(&app, &DeviceCode::parse("dev-1").unwrap(), TIMEOUT).await;
    let body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=dev-1";
    assert_eq!(server.heard().await, post("/token", true, body));

    let ticket = UserTicket {
        fields: vec![("bk_token".to_owned(), LoginCookie::parse("cookie").unwrap())],
        client_ip: None,
        renew: false,
    };
    unsent(providers.grant(&app, &DirectGrant::Ticket(ticket), TIMEOUT).await);
    assert_eq!(server.connections().await, 4);
}

#[tokio::test]
async fn the_authorization_page_keeps_its_own_query() {
    let mut app = oauth2("https://issuer.test", everything("https://issuer.test"), ClientAuthentication::Basic);
    let mut asked = AuthorizationRequest {
        redirect_uri: "http://127.0.0.1:9000/callback".parse().unwrap(),
        scopes: Scopes::parse("a b").unwrap().0,
        state: "st+ate".to_owned(),
        code_challenge: Some("chal-lenge_".to_owned()),
        force_consent: false,
    };
    let fields = "response_type=code&client_id=the%20client&redirect_uri=http%3A%2F%2F127.0.0.1%3A9000%2Fcallback\
        &scope=a%20b&state=st%2Bate&code_challenge=chal-lenge_&code_challenge_method=S256";
    let url = providers().authorization_url(&app, &asked).await.unwrap();
    assert_eq!(url.as_str(), format!("https://issuer.test/authorize?{fields}"));
    // OpenID Connect Core §11: without it, a request for offline access is to be ignored.
    asked.scopes = Scopes::parse("openid offline_access").unwrap().0;
    let url = providers().authorization_url(&app, &asked).await.unwrap();
    assert!(url.as_str().ends_with("&prompt=consent"), "{url}");
    if let tokenward_core::Platform::OAuth2(oauth2) = &mut app.platform {
        oauth2.endpoints.authorization = Some(Url::parse("https://issuer.test/authorize?tenant=a%2Bb#top").unwrap());
    }
    let url = providers().authorization_url(&app, &asked).await.unwrap();
    assert!(url.as_str().starts_with("https://issuer.test/authorize?tenant=a%2Bb&response_type=code&"), "{url}");
    assert_eq!(url.fragment(), None);
}

#[tokio::test]
async fn a_document_is_found_by_either_rule_and_fetched_once() {
    let server = Server::doing(|stream, number| async move {
        let local = stream.local_addr().unwrap();
        let issuer = format!("http://{local}/realms/a");
        let answer = match number {
            0 => NOT_FOUND.to_owned(),
            1 => document(&issuer, &format!(r#","token_endpoint":"{issuer}/token","scopes_supported":["a"]"#)),
            _ => json(200, "{}"),
        };
        write(stream, &answer).await;
    });
    let mut server = server.await;
    let app = oauth2(&format!("{}/realms/a", server.base), Endpoints::default(), ClientAuthentication::None);
    let providers = providers();
    providers.prepare(&app, TokenApi::Rfc6749).await.unwrap();
    assert_eq!(server.heard().await.line, "GET /.well-known/oauth-authorization-server/realms/a HTTP/1.1");
    assert_eq!(server.heard().await.line, "GET /realms/a/.well-known/openid-configuration HTTP/1.1");
    providers.refresh(&app, &PREPARED, spend(), TIMEOUT).await;
    assert_eq!(server.heard().await.line, "POST /realms/a/token HTTP/1.1");
    assert_eq!(server.connections().await, 3);
    let revoked = providers.revoke(&app, Some(&RefreshToken::parse("r").unwrap()), None).await;
    assert_eq!(revoked, Err(CallError::Lacking("a revocation endpoint")));
    assert_eq!(server.connections().await, 3);
}

#[tokio::test]
async fn what_the_settings_say_is_not_asked_for() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let token = Url::parse(&format!("{}/own/token?x=1", server.base)).unwrap();
    let endpoints = Endpoints { token: Some(token), ..Endpoints::default() };
    let app = oauth2("http://127.0.0.1:9", endpoints, ClientAuthentication::None);
    providers().refresh(&app, &PREPARED, spend(), TIMEOUT).await;
    assert_eq!(server.heard().await.line, "POST /own/token?x=1 HTTP/1.1");
}

#[tokio::test]
async fn a_document_of_another_issuer_is_nobodys_word() {
    let other = document("https://issuer.test", r#","token_endpoint":"https://evil.test/token""#);
    let server = Server::answering(&[&other]).await;
    let app = oauth2(&server.base, Endpoints::default(), ClientAuthentication::None);
    let told = refusal(providers().prepare(&app, TokenApi::Rfc6749).await.unwrap_err());
    assert_eq!((told.class, told.remedy), (RefusalClass::Configuration, Remedy::CompareIssuer));
    let words = told.description.unwrap();
    assert!(words.contains("https://issuer.test") && words.contains(&server.base), "{words}");
    let fault = unsent(providers().refresh(&app, &PREPARED, spend(), TIMEOUT).await);
    assert!(fault.reason.contains("another issuer"), "{}", fault.reason);
}

#[tokio::test]
async fn an_issuer_may_differ_by_one_slash_and_its_document_spells_it() {
    for (settings, documents) in [("/app/", "/app/"), ("/app", "/app/"), ("/app/", "/app"), ("", "/"), ("/", "")] {
        let server = Server::doing(move |stream, _| async move {
            let issuer = format!("http://{}{documents}", stream.local_addr().unwrap());
            write(stream, &document(&issuer, r#","authorization_response_iss_parameter_supported":true"#)).await;
        });
        let server = server.await;
        let app = oauth2(&format!("{}{settings}", server.base), Endpoints::default(), ClientAuthentication::None);
        let issuer = providers().issuer(&app).await;
        assert_eq!(issuer.name, format!("{}{documents}", server.base));
        assert!(issuer.announced && issuer.spelled_by_server);
    }
}

#[tokio::test]
async fn a_pattern_of_issuers_asks_for_the_tenants_own() {
    let pattern = document("https://login.test/{tenantid}/v2.0", r#","token_endpoint":"https://login.test/token""#);
    let server = Server::answering(&[&pattern]).await;
    let issuer = Url::parse(&format!("{}/common/v2.0", server.base)).unwrap();
    let told = refusal(discover(Arc::new(Noon), Options::default(), &issuer).await.unwrap_err());
    assert_eq!((told.remedy, told.code()), (Remedy::NameTenant, tokenward_core::Code::IssuerDiffers));
    let words = told.description.unwrap();
    assert!(words.contains("{tenantid}") && words.contains(issuer.as_str()), "{words}");
}

#[tokio::test]
async fn a_client_proves_itself_as_the_servers_document_says() {
    let fields = format!("grant_type=refresh_token&refresh_token={REFRESH}");
    for (methods, basic, body) in [
        ("", true, fields.clone()),
        (r#"["client_secret_post"]"#, false, format!("{fields}&client_id=the+client&client_secret={SECRET}")),
        (r#"["client_secret_post","client_secret_basic"]"#, true, fields.clone()),
    ] {
        let server = Server::doing(move |stream, number| async move {
            let issuer = format!("http://{}", stream.local_addr().unwrap());
            let told = if methods.is_empty() {
                String::new()
            } else {
                format!(r#","token_endpoint_auth_methods_supported":{methods}"#)
            };
            let document = document(&issuer, &format!(r#","token_endpoint":"{issuer}/token"{told}"#));
            write(stream, if number == 0 { &document } else { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }).await;
        });
        let mut server = server.await;
        let mut app = oauth2(&server.base, Endpoints::default(), ClientAuthentication::Basic);
        let tokenward_core::Platform::OAuth2(oauth2) = &mut app.platform else { panic!() };
        oauth2.authentication = None;
        let providers = providers();
        providers.refresh(&app, &PREPARED, spend(), TIMEOUT).await;
        server.heard().await;
        assert_eq!(server.heard().await, post("/token", basic, &body), "{methods}");
    }
}

#[tokio::test]
async fn a_server_that_takes_no_known_proof_is_told_before_anything_is_sent() {
    let server = Server::doing(|stream, _| async move {
        let issuer = format!("http://{}", stream.local_addr().unwrap());
        let methods = r#""token_endpoint_auth_methods_supported":["private_key_jwt"]"#;
        write(stream, &document(&issuer, &format!(r#","token_endpoint":"{issuer}/token",{methods}"#))).await;
    });
    let server = server.await;
    let mut app = oauth2(&server.base, Endpoints::default(), ClientAuthentication::Basic);
    let tokenward_core::Platform::OAuth2(oauth2) = &mut app.platform else { panic!() };
    oauth2.authentication = None;
    let told = refusal(providers().prepare(&app, TokenApi::Rfc6749).await.unwrap_err());
    assert_eq!((told.class, told.remedy), (RefusalClass::Configuration, Remedy::AllowSecret));
    assert!(told.description.unwrap().contains("private_key_jwt"));
    unsent(providers().refresh(&app, &PREPARED, spend(), TIMEOUT).await);
}

#[tokio::test]
async fn the_redirect_url_is_sent_letter_by_letter() {
    let app = oauth2("https://issuer.test", everything("https://issuer.test"), ClientAuthentication::Basic);
    for (written, encoded) in [
        ("http://localhost:9768", "http%3A%2F%2Flocalhost%3A9768&"),
        ("http://127.0.0.1:80/cb", "http%3A%2F%2F127.0.0.1%3A80%2Fcb&"),
        ("http://LOCALHOST:9768/Callback", "http%3A%2F%2FLOCALHOST%3A9768%2FCallback&"),
    ] {
        let asked = AuthorizationRequest {
            redirect_uri: written.parse().unwrap(),
            scopes: Scopes::default(),
            state: "s".to_owned(),
            code_challenge: None,
            force_consent: false,
        };
        let url = providers().authorization_url(&app, &asked).await.unwrap();
        assert!(url.as_str().contains(&format!("redirect_uri={encoded}")), "{url}");
    }
}

#[tokio::test]
async fn an_endpoint_in_clear_text_beyond_this_machine_is_refused() {
    for endpoint in ["http://issuer.test/token", "ftp://issuer.test/", "https://u:p@issuer.test/", "no url"] {
        let server = Server::doing(move |stream, _| async move {
            let issuer = format!("http://{}", stream.local_addr().unwrap());
            write(stream, &document(&issuer, &format!(r#","token_endpoint":"{endpoint}""#))).await;
        });
        let server = server.await;
        let issuer = Url::parse(&server.base).unwrap();
        let told = refusal(discover(Arc::new(Noon), Options::default(), &issuer).await.unwrap_err());
        assert_eq!(told.class, RefusalClass::Configuration, "{endpoint}");
        assert!(told.description.unwrap().contains("token_endpoint"));
    }
}

#[tokio::test]
async fn discovery_for_settings_gives_every_endpoint() {
    let server = Server::doing(|stream, _| async move {
        let issuer = format!("http://{}", stream.local_addr().unwrap());
        let fields = [
            ("authorization_endpoint", "/authorize"),
            ("token_endpoint", "/token"),
            ("device_authorization_endpoint", "/device"),
            ("revocation_endpoint", "/revoke"),
            ("introspection_endpoint", "/introspect"),
            ("userinfo_endpoint", "/me"),
        ];
        let fields = fields.map(|(name, path)| format!(r#","{name}":"{issuer}{path}""#));
        write(stream, &document(&issuer, &fields.concat())).await;
    });
    let server = server.await;
    let found = discover(Arc::new(Noon), Options::default(), &Url::parse(&server.base).unwrap()).await.unwrap();
    assert_eq!(found.endpoints, everything(&server.base));
    assert_eq!((found.issuer, found.authentication), (server.base.clone(), Some(ClientAuthentication::Basic)));
}

#[tokio::test]
async fn no_document_anywhere_is_told_and_nothing_is_spent() {
    let mut server = Server::answering(&[NOT_FOUND]).await;
    let app = oauth2(&server.base, Endpoints::default(), ClientAuthentication::None);
    let told = refusal(providers().prepare(&app, TokenApi::Rfc6749).await.unwrap_err());
    assert_eq!((told.class, told.remedy), (RefusalClass::Configuration, Remedy::CheckEndpoints));
    unsent(providers().refresh(&app, &PREPARED, spend(), TIMEOUT).await);
    // A root issuer has two places for its document, and both are asked before each.
    for _ in 0..4 {
        assert!(!server.heard().await.body.contains(REFRESH));
    }
    assert_eq!(server.connections().await, 4);
    let nobody = oauth2("http://127.0.0.1:9", Endpoints::default(), ClientAuthentication::None);
    assert!(matches!(providers().prepare(&nobody, TokenApi::Rfc6749).await, Err(CallError::NoAnswer(_))));
}

#[tokio::test]
async fn silence_after_the_token_left_is_doubt() {
    let server = Server::doing(|stream, _| async move { drop(stream) }).await;
    in_doubt(providers().refresh(&app(&server, ClientAuthentication::Basic), &PREPARED, spend(), TIMEOUT).await);
    assert_eq!(server.connections().await, 1, "nothing is repeated");
}

#[tokio::test]
async fn whose_a_token_is() {
    let token = AccessToken::parse("the-access-token").unwrap();
    let me = json(200, r#"{"sub":"248289761001","name":"Jane Doe","email":"jane@x.test"}"#);
    let mut server = Server::answering(&[&me]).await;
    let subject = providers().user_info(&app(&server, ClientAuthentication::Basic), &token).await.unwrap();
    assert_eq!((subject.id.as_str(), subject.name.as_deref()), ("248289761001", Some("Jane Doe")));
    let heard = server.heard().await;
    assert_eq!(heard.line, "GET /me HTTP/1.1");
    assert!(heard.headers.contains(&("authorization".to_owned(), "Bearer the-access-token".to_owned())));

    // A server without user info is asked to look the token up.
    let active = json(200, r#"{"active":true,"sub":"s-1","username":"jane"}"#);
    let mut server = Server::answering(&[&active, &json(200, r#"{"active":false}"#)]).await;
    let mut app = app(&server, ClientAuthentication::Basic);
    if let tokenward_core::Platform::OAuth2(oauth2) = &mut app.platform {
        oauth2.endpoints.userinfo = None;
    }
    // The issuer publishes nothing about user info either.
    app.hosts.accounts = Url::parse(&Server::answering(&[NOT_FOUND]).await.base).unwrap();
    let subject = providers().user_info(&app, &token).await.unwrap();
    assert_eq!((subject.id.as_str(), subject.name.as_deref()), ("s-1", Some("jane")));
    let body = "token=the-access-token&token_type_hint=access_token";
    assert_eq!(server.heard().await, post("/introspect", true, body));
    assert_eq!(refusal(providers().user_info(&app, &token).await.unwrap_err()).class, RefusalClass::AccessDead);
}

#[tokio::test]
async fn a_dead_token_is_told_whatever_the_body() {
    for answer in [json(401, ""), json(401, r#"{"error":"invalid_token"}"#), json(401, "<html>")] {
        let server = Server::answering(&[&answer]).await;
        let token = AccessToken::parse("t").unwrap();
        let told = providers().user_info(&app(&server, ClientAuthentication::Basic), &token).await.unwrap_err();
        assert_eq!(refusal(told).class, RefusalClass::AccessDead, "{answer}");
    }
}

#[tokio::test]
async fn revocation_takes_both_tokens_the_refresh_token_first() {
    let (refresh, access) = (RefreshToken::parse("r-1").unwrap(), AccessToken::parse("a-1").unwrap());
    let unsupported = json(400, r#"{"error":"unsupported_token_type"}"#);
    let mut server = Server::answering(&[&json(200, ""), &unsupported]).await;
    providers().revoke(&app(&server, ClientAuthentication::Basic), Some(&refresh), Some(&access)).await.unwrap();
    assert_eq!(server.heard().await, post("/revoke", true, "token=r-1&token_type_hint=refresh_token"));
    assert_eq!(server.heard().await, post("/revoke", true, "token=a-1&token_type_hint=access_token"));

    let bad = json(401, r#"{"error":"invalid_client"}"#);
    let server = Server::answering(&[&bad]).await;
    let told = providers().revoke(&app(&server, ClientAuthentication::Basic), Some(&refresh), Some(&access)).await;
    assert_eq!(refusal(told.unwrap_err()).remedy, Remedy::CheckClient);
    assert_eq!(server.connections().await, 2, "the second is tried although the first failed");

    let server = Server::answering(&[&unsupported]).await;
    let told = providers().revoke(&app(&server, ClientAuthentication::Basic), None, Some(&access)).await;
    assert!(matches!(told, Err(CallError::Lacking(_))), "{told:?}");
}

/// I8.
#[tokio::test]
async fn a_check_up_asks_about_nobodys_token() {
    for (status, body, accepted) in [
        (200, "", true),
        (400, r#"{"error":"unsupported_token_type"}"#, true),
        (400, r#"{"error":"invalid_token"}"#, true),
        (401, r#"{"error":"invalid_client"}"#, false),
        (400, r#"{"error":"invalid_request"}"#, false),
        (500, "", false),
    ] {
        let mut server = Server::answering(&[&json(status, body)]).await;
        let checkup = providers().check_up(&app(&server, ClientAuthentication::Basic)).await;
        assert_eq!(checkup.accepted.is_ok(), accepted, "{status} {body}: {:?}", checkup.accepted);
        assert!(server.heard().await.line.starts_with("POST /revoke "));
    }
    let mut server = Server::answering(&[&json(200, r#"{"active":false}"#)]).await;
    let introspection = Url::parse(&format!("{}/introspect", server.base)).ok();
    let token = Url::parse(&format!("{}/token", server.base)).ok();
    let endpoints = Endpoints { token, introspection, ..Endpoints::default() };
    let mut app = oauth2(&server.base, endpoints, ClientAuthentication::Basic);
    app.hosts.accounts = Url::parse(&Server::answering(&[NOT_FOUND]).await.base).unwrap();
    assert!(providers().check_up(&app).await.accepted.is_ok());
    assert!(server.heard().await.line.starts_with("POST /introspect "));
}

#[tokio::test]
async fn an_app_token_is_a_client_credentials_grant() {
    let server =
        Server::answering(&[&json(200, r#"{"access_token":"app-1","token_type":"Bearer","expires_in":60}"#)]).await;
    let app = app(&server, ClientAuthentication::Basic);
    let access = providers().app_token(&app, AppTokenKind::App).await.unwrap();
    assert_eq!((access.token.expose(), access.expires.as_second()), ("app-1", support::NOW + 60));
    assert!(matches!(providers().app_token(&app, AppTokenKind::Tenant).await, Err(CallError::Lacking(_))));
}

#[tokio::test]
async fn a_device_login_is_read_in_either_spelling() {
    let answer = r#"{"device_code":"dev-1","user_code":"WDJB-MJHT","verification_url":"https://x.test/device","expires_in":1800}"#;
    let server = Server::answering(&[&json(200, answer)]).await;
    let login = providers().device_begin(&app(&server, ClientAuthentication::Body), &Scopes::default()).await.unwrap();
    assert_eq!(login.user_code, "WDJB-MJHT");
    assert_eq!(login.verification_uri.as_str(), "https://x.test/device");
    assert_eq!((login.expires_in.as_secs(), login.interval.as_secs()), (1800, 5));
}

#[test]
fn the_settings_have_the_last_word_about_rules() {
    let own = Rules { old_access: OldAccess::Dies, absent_refresh: AbsentRefresh::Ends, ..OAuth2::RULES };
    let providers = providers().with_rules(support::work(), own.clone());
    assert_eq!(*providers.rules(&support::work(), TokenApi::Rfc6749), own);
    assert_eq!(*providers.rules(&"other".parse().unwrap(), TokenApi::Rfc6749), OAuth2::RULES);
    assert_ne!(*providers.rules(&support::work(), TokenApi::Ssm), own);
    // What is read by an app's rules is what they say of a life that is not told.
    let hour = Rules { assumed_access: Duration::from_secs(77), ..OAuth2::RULES };
    let providers = support::providers().with_rules(support::work(), hour);
    let answer = support::raw(200, r#"{"access_token":"a","refresh_token":"r"}"#);
    match providers.read(&support::work(), TokenApi::Rfc6749, &answer) {
        tokenward_core::Outcome::Rotated { issued, .. } => assert_eq!(issued.access.unwrap().lifetime().as_secs(), 77),
        other => panic!("{other:?}"),
    }
}

async fn write(mut stream: tokio::net::TcpStream, text: &str) {
    use tokio::io::AsyncWriteExt as _;
    let _ = stream.write_all(text.as_bytes()).await;
    let _ = stream.shutdown().await;
}
