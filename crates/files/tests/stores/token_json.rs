//! Token files as libraries, providers and caches write them.

use tokenward_files::stores::{FoundLogin, StoreError, Tool, token_json};

use crate::{second, tokens};

fn login(text: &str) -> FoundLogin {
    token_json(text.as_bytes()).unwrap()
}

#[test]
fn oauthlib() {
    let text = r#"{"access_token":"a","token_type":"Bearer","expires_in":7200,"expires_at":1700000000.25,"refresh_token":"r","scope":["x:read","offline_access"]}"#;
    let found = login(text);
    assert_eq!(tokens(&found), (Some("a"), Some("r")));
    assert_eq!(second(found.access_expires), Some(1_700_000_000));
    assert_eq!(found.scopes.as_ref().unwrap().to_string(), "x:read offline_access");
    assert_eq!((found.tool, found.writable, found.app_id.as_deref()), (Tool::TokenFile, true, None));
}

#[test]
fn google_auth() {
    let text = r#"{"token":"a","refresh_token":"r","token_uri":"https://x","client_id":"c","client_secret":"s","scopes":["one","two"],"expiry":"2023-11-14T22:13:20.123456Z"}"#;
    let found = login(text);
    assert_eq!(tokens(&found), (Some("a"), Some("r")));
    assert_eq!((found.account.as_str(), found.app_secret.as_ref().unwrap().expose()), ("c", "s"));
    assert_eq!(second(found.access_expires), Some(1_700_000_000));
    assert_eq!(found.scopes.unwrap().to_string(), "one two");
}

#[test]
fn the_provider_s_own_answers() {
    // A life without a beginning has no end.
    let flat = r#"{"code":0,"access_token":"a","expires_in":7200,"refresh_token":"r","refresh_token_expires_in":604800,"scope":"x"}"#;
    let found = login(flat);
    assert_eq!((tokens(&found), found.access_expires, found.refresh_expires), ((Some("a"), Some("r")), None, None));
    let dated = flat.replace("\"code\":0", "\"created_at\":1700000000");
    let found = login(&dated);
    assert_eq!(
        (second(found.access_expires), second(found.refresh_expires)),
        (Some(1_700_007_200), Some(1_700_604_800))
    );
    let legacy = r#"{"code":0,"msg":"success","data":{"access_token":"u-a","refresh_token":"ur-r","refresh_expires_in":2591940,"open_id":"ou_1","union_id":"on_1","tenant_key":"t","name":"张三\u001b[2J"}}"#;
    let found = login(legacy);
    assert_eq!(tokens(&found), (Some("u-a"), Some("ur-r")));
    assert_eq!(found.account, "张三[2J");
    let subject = found.subject.unwrap();
    assert_eq!(
        (subject.id.as_str(), subject.union_id.as_deref(), subject.tenant.as_deref()),
        ("ou_1", Some("on_1"), Some("t"))
    );
}

#[test]
fn caches_of_sdks() {
    let text = r#"{"app_id":"i","app_secret":"s","users":{"ou_1":{"accessToken":"a","refreshToken":"r","expiresAt":1700000000123,"refreshExpiresAt":0,"openId":"ou_1"}}}"#;
    let found = login(text);
    assert_eq!((tokens(&found), found.app_id.as_deref()), ((Some("a"), Some("r")), Some("i")));
    assert_eq!((second(found.access_expires), found.refresh_expires), (Some(1_700_000_000), None));
    // An access token that was emptied does not hide the refresh token.
    assert_eq!(tokens(&login(r#"{"access_token":"","refresh_token":" r\n"}"#)), (None, Some("r")));
}

#[test]
fn what_is_no_login_says_why() {
    let told = |text: &str| token_json(text.as_bytes()).unwrap_err().to_string();
    for none in ["{}", "[]", "1", "\"SECRET\"", r#"{"token":"SECRET"}"#, r#"{"refresh_token":""}"#, r#"{"code":0}"#] {
        assert_eq!(told(none), "there is no token in it", "{none}");
    }
    assert_eq!(
        told(r#"{"code":20064,"error":"invalid_grant"}"#),
        "this is a provider's refusal (code 20064), not a login"
    );
    let two = r#"{"a":{"refresh_token":"SECRET"},"b":{"access_token":"SECRET"}}"#;
    assert_eq!(told(two), "the source contains several logins: a.refresh_token, b.access_token");
    let spaced = "refresh_token is no token: it holds a space, a control character or a non-ASCII character";
    for bad in [r#"{"refresh_token":"SECRET SECRET"}"#, r#"{"refresh_token":17}"#] {
        assert_eq!(told(bad), spaced);
    }
    assert!(matches!(token_json(b"{\"refresh_token\": \"SECRET"), Err(StoreError::Document(_))));
    assert!(told("{\"refresh_token\": \"SECRET").starts_with("line 1, column 19"));
    assert!(matches!(token_json(b"\xff\xfe"), Err(StoreError::Document(_))));
}
