//! What goes over the wire, byte for byte, against reference/feishu.md §3, §4, §6 to §10.

use std::time::Duration;

use tokenward_core::ports::{
    Account, AppTokenKind, AuthorizationRequest, CodeExchange, Consent, Prepared, TokenEndpoint,
};
use tokenward_core::{
    AccessToken, App, AppToken, AuthorizationCode, Brand, CodeVerifier, DeviceCode, FeishuApp, RefreshToken, Scopes,
    TokenApi,
};
use url::Url;

use crate::support::{self, Heard, REFRESH, SECRET, Server, app, feishu, json, spend, store};

const TIMEOUT: Duration = Duration::from_secs(5);
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

/// A POST with the three headers every one has, and perhaps an `Authorization`.
fn post(path: &str, authorization: Option<&str>, content_type: &str, body: &str) -> Heard {
    let mut headers = vec![
        ("accept".to_owned(), "application/json".to_owned()),
        ("accept-encoding".to_owned(), "identity".to_owned()),
    ];
    headers.extend(authorization.map(|value| ("authorization".to_owned(), value.to_owned())));
    headers.push(("content-type".to_owned(), content_type.to_owned()));
    headers.push(("user-agent".to_owned(), concat!("tokenward/", env!("CARGO_PKG_VERSION")).to_owned()));
    Heard { line: format!("POST {path} HTTP/1.1"), headers, body: body.to_owned() }
}

fn prepared(api: TokenApi) -> Prepared {
    let app_token = api.needs_app_token().then(|| AppToken::parse("t-apptoken").unwrap());
    Prepared { api, app_token }
}

fn exchange() -> CodeExchange {
    CodeExchange {
        code: AuthorizationCode::parse("the_code-1").unwrap(),
        verifier: CodeVerifier::parse("ver~ifier.1").unwrap(),
        redirect_uri: "http://localhost:9000/callback?a=b".parse().unwrap(),
    }
}

async fn refreshed(api: TokenApi, change: impl FnOnce(&mut App)) -> Heard {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let mut app = app(&server.base, api);
    change(&mut app);
    feishu().refresh(&app, &prepared(api), spend(), TIMEOUT).await;
    server.heard().await
}

async fn exchanged(api: TokenApi) -> Heard {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    feishu().exchange(&app(&server.base, api), &prepared(api), &exchange(), TIMEOUT).await;
    server.heard().await
}

#[tokio::test]
async fn refresh_v3_is_a_form() {
    let body = format!("grant_type=refresh_token&client_id=cli_a1b2&client_secret={SECRET}&refresh_token={REFRESH}");
    assert_eq!(refreshed(TokenApi::V3, |_| ()).await, post("/oauth/v3/token", None, FORM, &body));
}

#[tokio::test]
async fn refresh_v2_is_json_with_the_secret_in_the_body() {
    let body = format!(
        r#"{{"grant_type":"refresh_token","client_id":"cli_a1b2","client_secret":"{SECRET}","refresh_token":"{REFRESH}"}}"#
    );
    assert_eq!(refreshed(TokenApi::V2, |_| ()).await, post("/open-apis/authen/v2/oauth/token", None, JSON, &body));
}

#[tokio::test]
async fn refresh_v1_bears_the_app_token() {
    let body = format!(r#"{{"grant_type":"refresh_token","refresh_token":"{REFRESH}"}}"#);
    let bearer = Some("Bearer t-apptoken");
    let oidc = refreshed(TokenApi::OidcV1, |_| ()).await;
    assert_eq!(oidc, post("/open-apis/authen/v1/oidc/refresh_access_token", bearer, JSON, &body));
    let legacy = refreshed(TokenApi::LegacyV1, |_| ()).await;
    assert_eq!(legacy, post("/open-apis/authen/v1/refresh_access_token", bearer, JSON, &body));
}

#[tokio::test]
async fn exchange_v3_and_v2_bring_redirect_and_verifier_and_no_scope() {
    let body = format!(
        "grant_type=authorization_code&client_id=cli_a1b2&client_secret={SECRET}&code=the_code-1\
         &redirect_uri=http%3A%2F%2Flocalhost%3A9000%2Fcallback%3Fa%3Db&code_verifier=ver%7Eifier.1"
    );
    assert_eq!(exchanged(TokenApi::V3).await, post("/oauth/v3/token", None, FORM, &body));
    let body = format!(
        r#"{{"grant_type":"authorization_code","client_id":"cli_a1b2","client_secret":"{SECRET}","code":"the_code-1","redirect_uri":"http://localhost:9000/callback?a=b","code_verifier":"ver~ifier.1"}}"#
    );
    assert_eq!(exchanged(TokenApi::V2).await, post("/open-apis/authen/v2/oauth/token", None, JSON, &body));
}

#[tokio::test]
async fn exchange_v1_brings_the_code_alone() {
    let body = r#"{"grant_type":"authorization_code","code":"the_code-1"}"#;
    let bearer = Some("Bearer t-apptoken");
    let oidc = exchanged(TokenApi::OidcV1).await;
    assert_eq!(oidc, post("/open-apis/authen/v1/oidc/access_token", bearer, JSON, body));
    assert_eq!(exchanged(TokenApi::LegacyV1).await, post("/open-apis/authen/v1/access_token", bearer, JSON, body));
}

#[tokio::test]
async fn a_base_url_may_have_a_path_and_a_token_url_replaces_the_whole() {
    let prefixed = |app: &mut App| {
        app.hosts.accounts = app.hosts.accounts.join("gate/way/").unwrap();
    };
    assert_eq!(refreshed(TokenApi::V3, prefixed).await.line, "POST /gate/way/oauth/v3/token HTTP/1.1");
    let replaced = |app: &mut App| {
        let token_url = Some(app.hosts.open.join("own/token?x=1").unwrap());
        app.platform = FeishuApp { token_url, ..FeishuApp::new(Brand::Feishu) }.into();
    };
    for api in [TokenApi::V3, TokenApi::V2] {
        assert_eq!(refreshed(api, replaced).await.line, "POST /own/token?x=1 HTTP/1.1");
    }
    let line = refreshed(TokenApi::OidcV1, replaced).await.line;
    assert_eq!(line, "POST /open-apis/authen/v1/oidc/refresh_access_token HTTP/1.1");
}

#[tokio::test]
async fn device_login_is_basic_once_and_then_the_body() {
    let mut server = Server::answering(&[&json(400, "{}")]).await;
    let (scopes, _) = Scopes::parse("a:read offline_access").unwrap();
    feishu().device_begin(&app(&server.base, TokenApi::V3), &scopes).await.unwrap_err();
    // base64 of "cli_a1b2:app-secret-0123456789abcdef"
    let basic = Some("Basic Y2xpX2ExYjI6YXBwLXNlY3JldC0wMTIzNDU2Nzg5YWJjZGVm");
    let body = "client_id=cli_a1b2&scope=a%3Aread+offline_access";
    assert_eq!(server.heard().await, post("/oauth/v1/device_authorization", basic, FORM, body));

    let code = DeviceCode::parse("dev-1").unwrap();
    feishu().device_poll(&app(&server.base, TokenApi::V3), &code, TIMEOUT).await;
    let body = format!(
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=cli_a1b2&client_secret={SECRET}&device_code=dev-1"
    );
    assert_eq!(server.heard().await, post("/oauth/v3/token", None, FORM, &body));

    feishu().device_poll(&app(&server.base, TokenApi::V2), &code, TIMEOUT).await;
    let body = format!(
        r#"{{"grant_type":"urn:ietf:params:oauth:grant-type:device_code","client_id":"cli_a1b2","client_secret":"{SECRET}","device_code":"dev-1"}}"#
    );
    assert_eq!(server.heard().await, post("/open-apis/authen/v2/oauth/token", None, JSON, &body));
    support::unsent(feishu().device_poll(&app(&server.base, TokenApi::OidcV1), &code, TIMEOUT).await);
}

#[tokio::test]
async fn app_and_tenant_tokens_of_a_self_built_app() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let app = app(&server.base, TokenApi::V3);
    let body = format!(r#"{{"app_id":"cli_a1b2","app_secret":"{SECRET}"}}"#);
    feishu().app_token(&app, AppTokenKind::App).await.unwrap_err();
    let heard = server.heard().await;
    assert_eq!(heard, post("/open-apis/auth/v3/app_access_token/internal", None, JSON, &body));
    feishu().app_token(&app, AppTokenKind::Tenant).await.unwrap_err();
    let heard = server.heard().await;
    assert_eq!(heard, post("/open-apis/auth/v3/tenant_access_token/internal", None, JSON, &body));
}

#[tokio::test]
async fn app_and_tenant_tokens_of_a_store_app() {
    let app_answer = json(200, r#"{"code":0,"msg":"ok","app_access_token":"a-1","expire":7200}"#);
    let mut server = Server::answering(&[&app_answer, &json(200, "{}")]).await;
    let mut app = app(&server.base, TokenApi::V3);
    app.platform = store(Some("ticket-1"), Some("ten\"ant"));
    feishu().app_token(&app, AppTokenKind::Tenant).await.unwrap_err();
    let body = format!(r#"{{"app_id":"cli_a1b2","app_secret":"{SECRET}","app_ticket":"ticket-1"}}"#);
    assert_eq!(server.heard().await, post("/open-apis/auth/v3/app_access_token", None, JSON, &body));
    let body = r#"{"app_access_token":"a-1","tenant_key":"ten\"ant"}"#;
    assert_eq!(server.heard().await, post("/open-apis/auth/v3/tenant_access_token", None, JSON, body));
}

#[tokio::test]
async fn user_info_is_a_get_with_the_bearer() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let token = AccessToken::parse("u-1").unwrap();
    feishu().user_info(&app(&server.base, TokenApi::V3), &token).await.unwrap_err();
    let mut expected = post("", Some("Bearer u-1"), "", "");
    expected.line = "GET /open-apis/authen/v1/user_info HTTP/1.1".to_owned();
    expected.headers.retain(|(name, _)| name != "content-type");
    assert_eq!(server.heard().await, expected);
}

#[tokio::test]
async fn revocation_takes_the_refresh_token_first() {
    let mut server = Server::answering(&["HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).await;
    let (refresh, access) = (RefreshToken::parse("r+1").unwrap(), AccessToken::parse("u-1").unwrap());
    feishu().revoke(&app(&server.base, TokenApi::V3), Some(&refresh), Some(&access)).await.unwrap();
    for (token, hint) in [("r%2B1", "refresh_token"), ("u-1", "access_token")] {
        let body = format!("token={token}&token_type_hint={hint}&client_id=cli_a1b2&client_secret={SECRET}");
        assert_eq!(server.heard().await, post("/oauth/v1/revoke", None, FORM, &body));
    }
}

#[tokio::test]
async fn the_authorization_page_has_spaces_as_percent_twenty() {
    let mut app = app("https://accounts.feishu.cn/", TokenApi::V3);
    let mut request = AuthorizationRequest {
        redirect_uri: "http://localhost:9000/callback?a=b+c".parse().unwrap(),
        scopes: Scopes::parse("contact:user.base offline_access").unwrap().0,
        state: "s+t&u".to_owned(),
        code_challenge: Some("chal-lenge_".to_owned()),
        force_consent: false,
    };
    let plain = "https://accounts.feishu.cn/open-apis/authen/v1/authorize?client_id=cli_a1b2&response_type=code\
        &redirect_uri=http%3A%2F%2Flocalhost%3A9000%2Fcallback%3Fa%3Db%2Bc&scope=contact%3Auser.base%20offline_access\
        &state=s%2Bt%26u&code_challenge=chal-lenge_&code_challenge_method=S256";
    assert_eq!(feishu().authorization_url(&app, &request).await.unwrap().as_str(), plain);
    request.force_consent = true;
    app.hosts.accounts = Url::parse("http://127.0.0.1:8080/gate").unwrap();
    let forced = feishu().authorization_url(&app, &request).await.unwrap();
    assert!(forced.as_str().starts_with("http://127.0.0.1:8080/gate/open-apis/authen/v1/authorize?client_id="));
    assert!(forced.as_str().ends_with("&prompt=consent"));
}
