//! BlueKing's three dialects: what goes over the wire, byte for byte (reference/blueking.md §2.1, §2.2, §3.3), and the
//! calls that spend nothing.

use std::time::Duration;

use tokenward_core::ports::{
    Account, AppTokenKind, AuthorizationRequest, CallError, CodeExchange, Consent, Prepared, ProviderFacts,
    TokenEndpoint,
};
use tokenward_core::{
    AbsentRefresh, AccessToken, App, AppName, AuthorizationCode, CodeVerifier, DeviceCode, DirectGrant, LoginCookie,
    OldAccess, Outcome, RefreshEnd, RefreshToken, RefusalClass, Remedy, Replay, Scopes, TokenApi, UserTicket,
};
use tokenward_wire::{AuthApiOptions, Providers, RefreshMethod, UserGrant};

use crate::support::{self, Heard, REFRESH, SECRET, Server, blueking, json, providers, spend, unsent};

const TIMEOUT: Duration = Duration::from_secs(5);
const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";
const APP: [(&str, &str); 2] = [("x-bk-app-code", "demo-app"), ("x-bk-app-secret", SECRET)];

/// A request with the headers that every one has, and these.
fn request(line: &str, headers: &[(&str, &str)], body: &str) -> Heard {
    let mut all = vec![
        ("accept", "application/json"),
        ("accept-encoding", "identity"),
        ("user-agent", concat!("tokenward/", env!("CARGO_PKG_VERSION"))),
    ];
    all.extend_from_slice(headers);
    all.sort_unstable();
    let headers = all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Heard { line: format!("{line} HTTP/1.1"), headers, body: body.to_owned() }
}

fn with_app(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    APP.iter().chain(more).copied().collect()
}

fn ticket(fields: &[(&str, &str)], renew: bool) -> DirectGrant {
    let cookie = |(name, value): &(&str, &str)| ((*name).to_owned(), LoginCookie::parse(*value).unwrap());
    let client_ip = Some("192.0.2.7".parse().unwrap());
    DirectGrant::Ticket(UserTicket { fields: fields.iter().map(cookie).collect(), client_ip, renew })
}

async fn granted(providers: &Providers, api: TokenApi, grant: &DirectGrant) -> Heard {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    providers.grant(&blueking(&server.base, api), grant, TIMEOUT).await;
    server.heard().await
}

async fn refreshed(providers: &Providers, api: TokenApi) -> Heard {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let prepared = Prepared { api, app_token: None };
    providers.refresh(&blueking(&server.base, api), &prepared, spend(), TIMEOUT).await;
    let heard = server.heard().await;
    assert_eq!(server.connections().await, 1);
    heard
}

fn with(change: impl FnOnce(&mut AuthApiOptions)) -> Providers {
    let mut options = AuthApiOptions::default();
    change(&mut options);
    providers().with_auth_api(support::work(), options)
}

#[tokio::test]
async fn ssm_is_json_with_the_app_in_headers() {
    let line = "POST /api/v1/auth/access-tokens";
    let headers = with_app(&[("content-type", JSON)]);
    let user = granted(&providers(), TokenApi::Ssm, &ticket(&[("bk_token", "bk-token-alice")], false)).await;
    let body = r#"{"grant_type":"authorization_code","id_provider":"bk_login","bk_token":"bk-token-alice"}"#;
    assert_eq!(user, request(line, &headers, body));
    let app = granted(&providers(), TokenApi::Ssm, &DirectGrant::ClientCredentials).await;
    assert_eq!(app, request(line, &headers, r#"{"grant_type":"client_credentials","id_provider":"client"}"#));
    let refresh = refreshed(&providers(), TokenApi::Ssm).await;
    let body = format!(r#"{{"refresh_token":"{REFRESH}"}}"#);
    assert_eq!(refresh, request("POST /api/v1/auth/access-tokens/refresh", &headers, &body));
}

#[tokio::test]
async fn ssm_may_lie_below_an_older_path() {
    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let app = blueking(&format!("{}/bkiam/", server.base), TokenApi::Ssm);
    providers().grant(&app, &DirectGrant::ClientCredentials, TIMEOUT).await;
    assert_eq!(server.heard().await.line, "POST /bkiam/api/v1/auth/access-tokens HTTP/1.1");
}

#[tokio::test]
async fn the_auth_api_has_the_user_grant_in_a_body() {
    let cookies = [("bk_ticket", "ticket-alice"), ("rtx", "alice")];
    for (renew, need) in [(false, "0"), (true, "1")] {
        let heard = granted(&providers(), TokenApi::AuthApi, &ticket(&cookies, renew)).await;
        let body = format!(
            r#"{{"app_code":"demo-app","app_secret":"{SECRET}","env_name":"prod","grant_type":"authorization_code","need_new_token":"{need}","bk_client_ip":"192.0.2.7","bk_ticket":"ticket-alice","rtx":"alice"}}"#
        );
        assert_eq!(heard, request("POST /auth_api/token/", &with_app(&[("content-type", JSON)]), &body));
    }
}

#[tokio::test]
async fn the_auth_api_takes_the_query_where_it_must_or_is_told_to() {
    let app = granted(&providers(), TokenApi::AuthApi, &DirectGrant::ClientCredentials).await;
    let fields = format!("app_code=demo-app&app_secret={SECRET}&env_name=prod");
    let line = format!("GET /auth_api/token/?{fields}&grant_type=client_credentials&need_new_token=0");
    assert_eq!(app, request(&line, &[], ""));

    let refresh = "app_code=demo-app&env_name=prod&grant_type=refresh_token";
    let token = format!("refresh_token={REFRESH}&need_new_token=1");
    let line = format!("/auth_api/refresh_token/?{refresh}&{token}");
    let heard = refreshed(&providers(), TokenApi::AuthApi).await;
    assert_eq!(heard, request(&format!("GET {line}"), &APP, ""));
    let heard = refreshed(&with(|options| options.refresh = RefreshMethod::Post), TokenApi::AuthApi).await;
    assert_eq!(heard, request(&format!("POST {line}"), &APP, ""));
    let heard = refreshed(&with(|options| options.secret_in_refresh = true), TokenApi::AuthApi).await;
    let line = format!("GET /auth_api/refresh_token/?{fields}&grant_type=refresh_token&{token}");
    assert_eq!(heard, request(&line, &APP, ""));

    let providers = with(|options| options.user_grant = UserGrant::Query);
    let heard = granted(&providers, TokenApi::AuthApi, &ticket(&[("skey", "@k+1"), ("uin", "123")], false)).await;
    let line = format!(
        "GET /auth_api/token/?{fields}&grant_type=authorization_code&need_new_token=0&bk_client_ip=192.0.2.7&skey=%40k%2B1&uin=123"
    );
    assert_eq!(heard, request(&line, &[], ""));
}

#[tokio::test]
async fn a_cookie_takes_no_other_fields_place() {
    let server = Server::answering(&[&json(200, "{}")]).await;
    for name in ["app_code", "need_new_token", "grant_type", "id_provider", "a=b", "a b", ""] {
        for api in [TokenApi::Ssm, TokenApi::AuthApi] {
            let grant = ticket(&[(name, "value-of-the-cookie")], false);
            let fault = unsent(providers().grant(&blueking(&server.base, api), &grant, TIMEOUT).await);
            assert!(!fault.reason.contains("value-of-the-cookie"), "{}", fault.reason);
        }
    }
    let twice = ticket(&[("bk_token", "a"), ("bk_token", "b")], false);
    unsent(providers().grant(&blueking(&server.base, TokenApi::Ssm), &twice, TIMEOUT).await);
    unsent(providers().grant(&blueking(&server.base, TokenApi::Ssm), &ticket(&[], false), TIMEOUT).await);
    assert_eq!(server.connections().await, 0);
}

#[tokio::test]
async fn bkauth_is_a_form_in_the_apps_realm() {
    let headers = [("content-type", FORM)];
    let client = format!("client_id=demo-app&client_secret={SECRET}");
    let heard = refreshed(&providers(), TokenApi::BkAuth).await;
    let body = format!("grant_type=refresh_token&refresh_token={REFRESH}&{client}");
    assert_eq!(heard, request("POST /realms/blueking/oauth2/token", &headers, &body));

    let mut server = Server::answering(&[&json(200, "{}")]).await;
    let app = blueking(&server.base, TokenApi::BkAuth);
    let exchange = CodeExchange {
        code: AuthorizationCode::parse("the_code-1").unwrap(),
        verifier: CodeVerifier::parse("ver~ifier.1").unwrap(),
        redirect_uri: "http://localhost:9000/callback?a=b".parse().unwrap(),
    };
    let prepared = providers().prepare(&app, TokenApi::BkAuth).await.unwrap();
    providers().exchange(&app, &prepared, &exchange, TIMEOUT).await;
    let body = format!(
        "grant_type=authorization_code&code=the_code-1&redirect_uri=http%3A%2F%2Flocalhost%3A9000%2Fcallback%3Fa%3Db\
         &code_verifier=ver%7Eifier.1&{client}"
    );
    assert_eq!(server.heard().await, request("POST /realms/blueking/oauth2/token", &headers, &body));

    let (scopes, _) = Scopes::parse("mcp:s1 gateway:gw:api:* offline_access").unwrap();
    providers().device_begin(&app, &scopes).await.unwrap_err();
    let body = format!("resource=mcp%3As1%2Cgateway%3Agw%3Aapi%3A*&{client}");
    assert_eq!(server.heard().await, request("POST /realms/blueking/oauth2/device/authorize", &headers, &body));

    providers().device_poll(&app, &DeviceCode::parse("dev-1").unwrap(), TIMEOUT).await;
    let body = format!("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=dev-1&{client}");
    assert_eq!(server.heard().await, request("POST /realms/blueking/oauth2/token", &headers, &body));

    let (refresh, access) = (RefreshToken::parse("bk_r").unwrap(), AccessToken::parse("bk_a").unwrap());
    providers().revoke(&app, Some(&refresh), Some(&access)).await.unwrap();
    for (token, hint) in [("bk_r", "refresh_token"), ("bk_a", "access_token")] {
        let body = format!("token={token}&token_type_hint={hint}&{client}");
        assert_eq!(server.heard().await, request("POST /realms/blueking/oauth2/revoke", &headers, &body));
    }
}

#[tokio::test]
async fn the_login_page_of_bkauth_is_asked_for_resources() {
    let mut app = blueking("https://bkauth.test/", TokenApi::BkAuth);
    let asked = AuthorizationRequest {
        redirect_uri: "http://127.0.0.1:9000/callback".parse().unwrap(),
        scopes: Scopes::parse("mcp:s1 mcp:s2 offline_access").unwrap().0,
        state: "s+t&u".to_owned(),
        code_challenge: Some("chal-lenge_".to_owned()),
        force_consent: false,
    };
    let url = providers().authorization_url(&app, &asked).await.unwrap();
    let expected = "https://bkauth.test/realms/blueking/oauth2/authorize?response_type=code&client_id=demo-app\
        &redirect_uri=http%3A%2F%2F127.0.0.1%3A9000%2Fcallback&state=s%2Bt%26u&code_challenge=chal-lenge_\
        &code_challenge_method=S256&resource=mcp%3As1%2Cmcp%3As2";
    assert_eq!(url.as_str(), expected);
    app.token_api = TokenApi::Ssm;
    assert!(matches!(providers().authorization_url(&app, &asked).await, Err(CallError::Lacking(_))));
}

#[tokio::test]
async fn a_realm_is_one_piece_of_a_path() {
    for realm in [None, Some(""), Some("a/../b"), Some(".."), Some("a b"), Some("%2e")] {
        let mut app = blueking("https://bkauth.test", TokenApi::BkAuth);
        if let tokenward_core::Platform::BlueKing(blueking) = &mut app.platform {
            blueking.realm = realm.map(str::to_owned);
        }
        let error = providers().prepare(&app, TokenApi::BkAuth).await.unwrap_err();
        assert!(matches!(error, CallError::Lacking(_)), "{realm:?}: {error:?}");
    }
}

#[tokio::test]
async fn what_a_dialect_lacks_is_said_and_nothing_is_sent() {
    let server = Server::answering(&[&json(200, "{}")]).await;
    let token = RefreshToken::parse("r").unwrap();
    for api in [TokenApi::Ssm, TokenApi::AuthApi, TokenApi::BkAuth] {
        let app = blueking(&server.base, api);
        assert!(matches!(providers().app_token(&app, AppTokenKind::Tenant).await, Err(CallError::Lacking(_))));
        if api != TokenApi::AuthApi {
            assert!(matches!(providers().app_token(&app, AppTokenKind::App).await, Err(CallError::Lacking(_))));
        }
        if api != TokenApi::BkAuth {
            assert!(matches!(providers().revoke(&app, Some(&token), None).await, Err(CallError::Lacking(_))));
            let device = providers().device_begin(&app, &Scopes::default()).await;
            assert!(matches!(device, Err(CallError::Lacking(_))));
        }
    }
    let bkauth = blueking(&server.base, TokenApi::BkAuth);
    let fault = unsent(providers().grant(&bkauth, &DirectGrant::ClientCredentials, TIMEOUT).await);
    assert!(fault.reason.contains("client credentials"), "{}", fault.reason);
    assert_eq!(server.connections().await, 0);
}

async fn user_info(api: TokenApi, answer: &str) -> (Result<Option<String>, CallError>, Heard) {
    let mut server = Server::answering(&[answer]).await;
    let token = AccessToken::parse("the-access-token").unwrap();
    let subject = providers().user_info(&blueking(&server.base, api), &token).await;
    (subject.map(|subject| Some(subject.id)), server.heard().await)
}

#[tokio::test]
async fn whose_a_token_is() {
    let verified = r#"{"code":0,"message":"ok","data":{"bk_app_code":"demo-app","expires_in":1200,"identity":{"username":"admin","user_type":"bkuser"}}}"#;
    let (subject, heard) = user_info(TokenApi::Ssm, &json(200, verified)).await;
    assert_eq!(subject.unwrap().as_deref(), Some("admin"));
    let body = r#"{"access_token":"the-access-token"}"#;
    let headers = with_app(&[("content-type", JSON)]);
    assert_eq!(heard, request("POST /api/v1/auth/access-tokens/verify", &headers, body));

    let checked = r#"{"result":true,"code":"0","data":{"id_providers":{"rtx":{"username":"alice"}}}}"#;
    let (subject, heard) = user_info(TokenApi::AuthApi, &json(200, checked)).await;
    assert_eq!(subject.unwrap().as_deref(), Some("alice"));
    assert_eq!(heard, request("GET /auth_api/check_token/?access_token=the-access-token", &APP, ""));

    let active = r#"{"active":true,"username":"bob","sub":"b-1","tenant_id":"t","error":{"code":"","message":""}}"#;
    let (subject, heard) = user_info(TokenApi::BkAuth, &json(200, active)).await;
    assert_eq!(subject.unwrap().as_deref(), Some("bob"));
    let headers = with_app(&[("content-type", FORM)]);
    assert_eq!(heard, request("POST /realms/blueking/oauth2/introspect", &headers, "token=the-access-token"));
}

#[tokio::test]
async fn a_token_that_is_nobodys_has_no_subject() {
    let refused = |error: CallError| match error {
        CallError::Refused(refusal) => refusal.class,
        other => panic!("{other:?}"),
    };
    let of_app =
        r#"{"code":0,"data":{"bk_app_code":"demo-app","expires_in":9,"identity":{"username":"","user_type":""}}}"#;
    let (subject, _) = user_info(TokenApi::Ssm, &json(200, of_app)).await;
    assert_eq!(refused(subject.unwrap_err()), RefusalClass::InDoubt);
    for body in [r#"{"code":1901999,"message":"x","data":null}"#, r#"{"code":1901400,"message":"x"}"#] {
        let (subject, _) = user_info(TokenApi::Ssm, &json(200, body)).await;
        assert_eq!(refused(subject.unwrap_err()), RefusalClass::AccessDead);
    }
    let inactive = r#"{"active":false,"aud":[],"error":{"code":"invalid_token","message":"no"}}"#;
    let (subject, _) = user_info(TokenApi::BkAuth, &json(200, inactive)).await;
    assert_eq!(refused(subject.unwrap_err()), RefusalClass::AccessDead);
    let forbidden = r#"{"error":"access_denied","error_description":"App code is not allowed to call this endpoint"}"#;
    let (subject, _) = user_info(TokenApi::BkAuth, &json(403, forbidden)).await;
    assert_eq!(refused(subject.unwrap_err()), RefusalClass::Configuration);
}

async fn checked(api: TokenApi, status: u16, body: &str) -> (Result<(), CallError>, Heard) {
    let mut server = Server::answering(&[&json(status, body)]).await;
    let app: App = blueking(&server.base, api);
    let checkup = providers().check_up(&app).await;
    (checkup.accepted, server.heard().await)
}

/// I8: nothing of the app's or of anyone's is spent or ended by looking.
#[tokio::test]
async fn a_check_up_spends_nothing() {
    for (status, body, accepted) in [
        (200, r#"{"code":1901999,"message":"access token invalid","data":null}"#, true),
        (200, r#"{"code":1901401,"message":"app not permitted","data":null}"#, false),
        (200, r#"{"code":1901400,"message":"illegal parameters","data":null}"#, true),
        (200, r#"{"code":1901500,"message":"internal","data":null}"#, false),
        (401, r#"{"code":1901999,"message":"no","data":null}"#, false),
        (502, "<html>", false),
        (404, "", false),
    ] {
        let (found, heard) = checked(TokenApi::Ssm, status, body).await;
        assert_eq!(found.is_ok(), accepted, "{status} {body}: {found:?}");
        assert!(heard.line.starts_with("POST /api/v1/auth/access-tokens/verify "), "{}", heard.line);
    }
    let (found, heard) =
        checked(TokenApi::AuthApi, 200, r#"{"result":true,"code":"0","data":{"access_token":"x"}}"#).await;
    assert!(found.is_ok() && heard.line.contains("need_new_token=0"), "{found:?} {}", heard.line);
    for (status, body, accepted) in [
        (200, "", true),
        (401, r#"{"error":"invalid_client","error_description":"Client authentication failed"}"#, false),
        (404, r#"{"error":"invalid_realm","error_description":"Unknown realm"}"#, false),
    ] {
        let (found, heard) = checked(TokenApi::BkAuth, status, body).await;
        assert_eq!(found.is_ok(), accepted, "{status} {body}: {found:?}");
        assert!(heard.line.contains("/revoke ") && !heard.body.contains(REFRESH), "{heard:?}");
    }
}

#[tokio::test]
async fn an_installation_may_say_what_its_codes_mean() {
    let answer = support::raw(200, r#"{"result":false,"code":1308403,"message":"no","data":null}"#);
    let providers = with(|options| {
        options.codes.insert(1_308_403, (RefusalClass::NeedsConsent, Remedy::LogIn));
    });
    let class = |app: &AppName| match providers.read(app, TokenApi::AuthApi, &answer) {
        Outcome::Refused(refusal) => refusal.class,
        other => panic!("{other:?}"),
    };
    assert_eq!(class(&support::work()), RefusalClass::NeedsConsent);
    assert_eq!(class(&"other".parse().unwrap()), RefusalClass::InDoubt);
}

#[tokio::test]
async fn an_app_token_of_the_auth_api_comes_with_its_end() {
    let body = r#"{"result":true,"code":"0","data":{"access_token":"app-token","expires_in":15552000,"user_id":""}}"#;
    let server = Server::answering(&[&json(200, body)]).await;
    let access = providers().app_token(&blueking(&server.base, TokenApi::AuthApi), AppTokenKind::App).await.unwrap();
    assert_eq!((access.token.expose(), access.expires.as_second()), ("app-token", support::NOW + 15_552_000));
}

#[test]
fn each_dialect_has_the_rules_of_its_row() {
    let providers = providers();
    let rules = |api| providers.rules(&support::work(), api).clone();
    let row = |api| {
        let rules = rules(api);
        (rules.old_access, rules.absent_refresh, rules.replay, rules.refresh_end)
    };
    let kept = AbsentRefresh::KeepsOld;
    assert_eq!(row(TokenApi::Ssm), (OldAccess::Dies, kept, Replay::Harmless, RefreshEnd::Fixed));
    assert_eq!(row(TokenApi::AuthApi), (OldAccess::Dies, kept, Replay::Harmless, RefreshEnd::Sliding));
    let punished = |seconds| Replay::Punished { grace: Duration::from_secs(seconds) };
    assert_eq!(row(TokenApi::BkAuth), (OldAccess::Dies, AbsentRefresh::Ends, punished(30), RefreshEnd::Fixed));
    assert_eq!(row(TokenApi::Rfc6749), (OldAccess::Stays, kept, punished(0), RefreshEnd::Sliding));
    assert_eq!(row(TokenApi::V3), (OldAccess::Stays, AbsentRefresh::Ends, Replay::Harmless, RefreshEnd::Sliding));
    // The auth api gives the present token again while it has more than 300 s left.
    let rules = rules(TokenApi::AuthApi);
    assert!(rules.margin + rules.jitter < Duration::from_secs(300));
}
