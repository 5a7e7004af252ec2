//! The calls that spend nothing, and what a provider's failures make of them.

use std::time::Duration;

use tokenward_core::ports::{Account, AppTokenKind, CallError, Consent, TokenEndpoint};
use tokenward_core::{AccessToken, RefreshToken, Refusal, RefusalClass, Remedy, Scopes, Subject, TokenApi};

use crate::support::{self, SECRET, Server, app, feishu, json, store};

fn refusal(error: CallError) -> Refusal {
    match error {
        CallError::Refused(refusal) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

async fn app_token_refusal(answer: &str) -> Refusal {
    let server = Server::answering(&[answer]).await;
    refusal(feishu().app_token(&app(&server.base, TokenApi::V3), AppTokenKind::Tenant).await.unwrap_err())
}

async fn user_info(answer: &str) -> Result<Subject, CallError> {
    let server = Server::answering(&[answer]).await;
    let token = AccessToken::parse("u-usertoken").unwrap();
    feishu().user_info(&app(&server.base, TokenApi::V3), &token).await
}

#[tokio::test]
async fn app_and_tenant_tokens_come_with_their_end() {
    let both =
        json(200, r#"{"code":0,"msg":"ok","app_access_token":"t-app","expire":7100,"tenant_access_token":"t-tenant"}"#);
    let server = Server::answering(&[&both]).await;
    let app = app(&server.base, TokenApi::V3);
    for (kind, token) in [(AppTokenKind::App, "t-app"), (AppTokenKind::Tenant, "t-tenant")] {
        let access = feishu().app_token(&app, kind).await.unwrap();
        assert_eq!((access.token.expose(), access.expires.as_second()), (token, support::NOW + 7100));
    }
    let prepared = feishu().prepare(&app, TokenApi::OidcV1).await.unwrap();
    assert_eq!(prepared.app_token.unwrap().expose(), "t-app");
    assert_eq!(server.connections().await, 3);
    assert!(feishu().prepare(&app, TokenApi::V3).await.unwrap().app_token.is_none());
    assert_eq!(server.connections().await, 3, "v3 needs nothing beforehand");
}

#[tokio::test]
async fn a_store_app_needs_its_ticket_and_for_the_tenant_its_key() {
    let server = Server::answering(&[&json(200, "{}")]).await;
    let mut app = app(&server.base, TokenApi::OidcV1);
    app.platform = store(None, None);
    let error = feishu().prepare(&app, TokenApi::OidcV1).await.unwrap_err();
    assert_eq!(error, CallError::Lacking("an app ticket"));
    app.platform = store(Some("x"), None);
    let error = feishu().app_token(&app, AppTokenKind::Tenant).await.unwrap_err();
    assert_eq!(error, CallError::Lacking("a tenant key"));
    assert_eq!(server.connections().await, 0);
}

#[tokio::test]
async fn failures_with_status_200_are_failures() {
    let told = app_token_refusal(&json(200, r#"{"code":10003,"data":{},"msg":"invalid param"}"#)).await;
    assert_eq!((told.class, told.remedy), (RefusalClass::Configuration, Remedy::CheckAppId));
    assert_eq!((told.provider_code, told.description.as_deref()), (Some(10003), Some("invalid param")));
    assert_eq!(told.log_id.as_deref(), Some("20270115LOG"));
    let told = app_token_refusal(&json(200, r#"{"code":10015,"msg":"app secret invalid"}"#)).await;
    assert_eq!(told.remedy, Remedy::CheckSecret);
}

#[tokio::test]
async fn a_path_that_is_not_there_is_told_as_such() {
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\n404 page not found";
    let told = app_token_refusal(missing).await;
    assert_eq!((told.class, told.remedy), (RefusalClass::Configuration, Remedy::CheckUrl));
    assert_eq!(told.description.as_deref(), Some("404 page not found"));
}

#[tokio::test]
async fn what_is_not_the_providers_is_in_doubt() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>".to_owned(),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        json(200, r#"{"code":0,"msg":"ok"}"#),
        json(200, r#"{"code":0,"tenant_access_token":"two words","expire":1}"#),
        json(502, r#"{"tenant_access_token":"t-1"}"#),
        json(200, r#"{"code":31337}"#),
    ] {
        assert_eq!(app_token_refusal(&answer).await.class, RefusalClass::InDoubt, "{answer}");
    }
}

#[tokio::test]
async fn secrets_that_were_sent_do_not_come_back_in_descriptions() {
    let echo = json(200, &format!(r#"{{"code":10015,"msg":"secret {SECRET} is wrong"}}"#));
    let told = app_token_refusal(&echo).await;
    assert_eq!(told.description.as_deref(), Some("secret [redacted] is wrong"));
    let echo = json(400, r#"{"code":99991668,"msg":"u-usertoken is bad"}"#);
    let told = refusal(user_info(&echo).await.unwrap_err());
    assert_eq!(told.description.as_deref(), Some("[redacted] is bad"));
    assert_eq!((told.class, told.remedy), (RefusalClass::AccessDead, Remedy::RenewAccess));
}

#[tokio::test]
async fn user_info_tells_whose_token_it_is() {
    let body =
        r#"{"code":0,"msg":"success","data":{"name":"张三","open_id":"ou_1","union_id":"on_1","tenant_key":"t"}}"#;
    let subject = user_info(&json(200, body)).await.unwrap();
    let expected = Subject {
        id: "ou_1".to_owned(),
        union_id: Some("on_1".to_owned()),
        tenant: Some("t".to_owned()),
        name: Some("张三".to_owned()),
    };
    assert_eq!(subject, expected);
    let told = refusal(user_info(&json(200, r#"{"code":20005,"msg":"invalid"}"#)).await.unwrap_err());
    assert_eq!(told.class, RefusalClass::AccessDead);
    let told = refusal(user_info(&json(200, r#"{"code":0,"data":{}}"#)).await.unwrap_err());
    assert_eq!(told.class, RefusalClass::InDoubt);
}

#[tokio::test]
async fn missing_scopes_are_named() {
    let body = r#"{"code":99991679,"msg":"unauthorized","error":{"log_id":"L1","permission_violations":[{"subject":"a:read"},{"subject":"b:read"}]}}"#;
    let told = refusal(user_info(&json(400, body)).await.unwrap_err());
    assert_eq!(
        (told.remedy, told.missing_scopes),
        (Remedy::GrantScope, vec!["a:read".to_owned(), "b:read".to_owned()])
    );
}

#[tokio::test]
async fn a_device_login_is_begun() {
    let body = r#"{"device_code":"dev-1","user_code":"ABCD-EFGH","verification_uri":"https://accounts.feishu.cn/device",
        "verification_uri_complete":"https://accounts.feishu.cn/device?user_code=ABCD-EFGH","expires_in":600,"interval":"3"}"#;
    let bare = r#"{"device_code":"dev-2","user_code":"X","verification_uri":"https://accounts.feishu.cn/device"}"#;
    let hostile = r#"{"device_code":"dev-2","user_code":"X","verification_uri":"javascript:alert(1)"}"#;
    let server = Server::answering(&[&json(200, body), &json(200, bare), &json(200, hostile)]).await;
    let app = app(&server.base, TokenApi::V3);
    let login = feishu().device_begin(&app, &Scopes::default()).await.unwrap();
    assert_eq!((login.device_code.expose(), login.user_code.as_str()), ("dev-1", "ABCD-EFGH"));
    assert_eq!((login.expires_in, login.interval), (Duration::from_mins(10), Duration::from_secs(3)));
    assert_eq!(login.verification_uri_complete.unwrap().query(), Some("user_code=ABCD-EFGH"));
    let login = feishu().device_begin(&app, &Scopes::default()).await.unwrap();
    assert_eq!((login.expires_in, login.interval), (Duration::from_mins(4), Duration::from_secs(5)));
    let told = refusal(feishu().device_begin(&app, &Scopes::default()).await.unwrap_err());
    assert_eq!(told.class, RefusalClass::InDoubt);
}

#[tokio::test]
async fn revocation_goes_on_to_the_access_token_when_the_refresh_token_is_refused() {
    let no = json(400, r#"{"code":20001,"error":"invalid_request","error_description":"bad"}"#);
    let server = Server::answering(&[&no, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]).await;
    let (refresh, access) = (RefreshToken::parse("r-1").unwrap(), AccessToken::parse("u-1").unwrap());
    let error = feishu().revoke(&app(&server.base, TokenApi::V3), Some(&refresh), Some(&access)).await.unwrap_err();
    assert_eq!(refusal(error).provider_code, Some(20001));
    assert_eq!(server.connections().await, 2);
}

#[tokio::test]
async fn a_page_of_html_is_no_confirmation_of_a_revocation() {
    let server = Server::answering(&["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"]).await;
    let access = AccessToken::parse("u-1").unwrap();
    let error = feishu().revoke(&app(&server.base, TokenApi::V3), None, Some(&access)).await.unwrap_err();
    assert_eq!(refusal(error).class, RefusalClass::InDoubt);
}

#[tokio::test]
async fn an_unreachable_provider_is_no_answer() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let app = app(&format!("http://127.0.0.1:{port}"), TokenApi::V3);
    let error = feishu().app_token(&app, AppTokenKind::Tenant).await.unwrap_err();
    assert!(matches!(error, CallError::NoAnswer(_)), "{error:?}");
}
