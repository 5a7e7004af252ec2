//! What a token endpoint and a login page answer, and what a person is told of it: a refusal is a refusal, and an answer without an
//! access token is no login.

use tokenward_emulator::{Door, Fault, FaultKind, Identity, OddAnswer, Operation};
use url::Url;

use crate::desk::Desk;
use crate::world::{Ran, Started, get};

/// An hour and some minutes later: the access token has ended.
const LATE: (&str, &str) = ("TOKENWARD_CLOCK_OFFSET", "3700");

fn answer(status: u16, kind: Option<&str>, body: &str) -> Fault {
    let (body, content_type) = (body.to_owned(), kind.map(str::to_owned));
    Fault::new(FaultKind::Answer { status, body, content_type })
}

fn odd(answer: OddAnswer) -> Fault {
    Fault::new(FaultKind::Odd { answer })
}

/// A login that is due, at a server that answers every refresh like this.
fn refused(fault: Fault) -> Desk {
    let desk = Desk::new(Door::Plain);
    desk.login_by_browser(&[]).succeeds();
    desk.sandbox.inject(fault.when(Operation::Refresh).forever());
    desk.advance(3700);
    desk
}

const JSON: Option<&str> = Some("application/json");

#[test]
fn a_status_that_says_no_is_a_refusal_in_the_providers_words_and_the_login_is_kept() {
    for (status, kind, body, words) in [
        (401, JSON, r#"{"message":"Unauthorized"}"#, "Unauthorized"),
        (401, Some("text/plain"), "Unauthorized", "Unauthorized"),
        (401, None, "", "HTTP 401"),
        (400, None, "", "HTTP 400"),
        (403, None, "", "HTTP 403"),
        (403, Some("text/html"), "<title>Forbidden</title>", "Forbidden"),
        (422, JSON, r#"{"errors":{"refresh_token":["is invalid"]}}"#, "HTTP 422"),
    ] {
        let desk = refused(answer(status, kind, body));
        let ran = desk.run_with(&[LATE], &["token"]);
        let told = &ran.fails(3, "TW0415").err;
        assert!(told.contains(words) && told.contains(&format!("HTTP {status}")), "{ran:?}");
        assert!(told.contains("tokenward login") && told.contains("kept"), "{ran:?}");
        let sent = desk.sandbox.counters().refreshes;
        assert_eq!(desk.run_with(&[LATE], &["token"]).code, 3);
        assert_eq!(desk.sandbox.counters().refreshes, sent, "{status} {body}: sent a second time without cause");
        // The login is whole: once the server is in order, whoever asks gets a token.
        desk.sandbox.clear_faults();
        desk.run_with(&[LATE], &["refresh"]).succeeds();
        assert!(desk.is_good(&desk.token_after(3700, &[])), "{status} {body}");
    }
}

#[test]
fn a_word_for_a_dead_login_is_found_wherever_it_stands() {
    for (status, kind, body) in [
        (400, JSON, r#"[{"error":"invalid_grant"}]"#),
        (400, JSON, r#"{"code":"invalid_grant"}"#),
        (200, JSON, r#"{"code":"invalid_grant"}"#),
        (400, JSON, r#"{"errors":[{"message":"no","extensions":{"code":"INVALID_GRANT"}}]}"#),
        (400, JSON, r#"[{"code":"invalidGrant","message":"The grant is over."}]"#),
        (400, Some("text/plain"), "invalid_grant"),
        (401, JSON, r#"{"message":"invalid_grant"}"#),
    ] {
        let desk = refused(answer(status, kind, body));
        let ran = desk.run_with(&[LATE], &["token"]);
        assert!(ran.fails(3, "TW0402").err.contains("tokenward login"), "{body}: {ran:?}");
        let sent = desk.sandbox.counters().requests;
        desk.run_with(&[LATE], &["token"]).fails(3, "TW0402");
        assert_eq!(desk.sandbox.counters().requests, sent, "{body}");
    }
}

#[test]
fn a_success_without_tokens_is_not_asked_for_again_at_every_call() {
    for body in ["{}", r#"{"access_token":"","token_type":"Bearer"}"#] {
        let desk = refused(answer(200, JSON, body));
        for _ in 0..5 {
            let ran = desk.run_with(&[LATE], &["token"]);
            ran.fails(5, "TW060");
        }
        // Once more than once, since one may have been an accident.
        assert!(desk.sandbox.counters().refreshes <= 2, "{body}: {}", desk.sandbox.counters().refreshes);
        desk.sandbox.clear_faults();
        desk.run_with(&[LATE], &["refresh"]).succeeds();
    }
}

#[test]
fn a_login_whose_answer_brings_no_access_token_is_none_and_its_refresh_token_is_kept() {
    for brings in
        [OddAnswer::NoAccessToken, OddAnswer::EmptyAccess, OddAnswer::EndedAccess, OddAnswer::OnlyRefreshToken]
    {
        let desk = Desk::new(Door::Plain);
        desk.sandbox.inject(odd(brings).when(Operation::Exchange));
        let ran = desk.login_by_browser(&[]);
        let told = &ran.fails(3, "TW0413").err;
        assert!(told.contains("tokenward refresh") && told.contains("HTTP 200"), "{brings:?}: {ran:?}");
        assert!(!told.contains("logged in") && told.contains("the refresh token was not used"), "{brings:?}: {ran:?}");
        assert_eq!(desk.sandbox.counters().refreshes, 0, "{brings:?}");
        desk.run(&["refresh"]).succeeds();
        assert_eq!(desk.sandbox.counters().refreshes, 1, "{brings:?}");
        assert!(desk.is_good(&desk.token(&[])), "{brings:?}");
    }
}

#[test]
fn a_login_without_any_usable_token_leaves_nothing_that_looks_like_one() {
    let bodies = [
        "{}",
        r#"{"access_token":"","token_type":"Bearer","expires_in":3600}"#,
        r#"{"access_token":"opaque-access-token","token_type":"Bearer","expires_in":-60}"#,
    ];
    for body in bodies {
        let desk = Desk::new(Door::Plain);
        desk.sandbox.inject(answer(200, JSON, body).when(Operation::Exchange));
        let ran = desk.login_by_browser(&[]);
        assert!(ran.fails(3, "TW0413").err.contains("tokenward login"), "{body}: {ran:?}");
        desk.run(&["token"]).fails(3, "TW0401");
        desk.login_by_browser(&[]).succeeds();
        assert!(desk.is_good(&desk.token(&[])), "{body}");
    }
}

#[test]
fn a_login_that_lives_does_not_give_way_to_one_without_an_access_token() {
    let desk = Desk::new(Door::Plain);
    desk.login_by_browser(&[]).succeeds();
    let before = desk.token(&[]);
    desk.sandbox.inject(odd(OddAnswer::NoAccessToken).when(Operation::Exchange));
    let ran = desk.login_by_browser(&[]);
    assert!(ran.fails(3, "TW0413").err.contains("the login is unchanged"), "{ran:?}");
    assert_eq!(desk.token(&[]).as_str(), before.as_str());
    desk.advance(3700);
    assert!(desk.is_good(&desk.token_after(3700, &[])));
    let doctor = desk.run_with(&[LATE], &["doctor"]);
    assert!(doctor.out.contains("archived"), "what came is kept: {doctor:?}");
}

#[test]
fn a_server_that_never_brings_an_access_token_is_not_asked_for_ever() {
    for brings in [OddAnswer::NoAccessToken, OddAnswer::EmptyAccess, OddAnswer::EndedAccess] {
        let desk = refused(odd(brings));
        for _ in 0..4 {
            let ran = desk.run_with(&[LATE], &["token"]);
            let told = &ran.fails(3, "TW0413").err;
            assert!(told.contains("tokenward refresh") && told.contains("not used"), "{brings:?}: {ran:?}");
        }
        let sent = desk.sandbox.counters().refreshes;
        assert!(sent <= 2, "{brings:?}: {sent}");
        desk.sandbox.clear_faults();
        desk.run_with(&[LATE], &["refresh"]).succeeds();
        assert!(desk.is_good(&desk.token_after(3700, &[])), "{brings:?}");
    }
}

/// A login at whose page this error comes back.
fn comes_back(desk: &Desk, error: &str) -> Ran {
    let words = ["login", "--no-browser", "--port", "0", "--timeout", "20s"];
    let mut login = Started::new(&mut desk.command(&words));
    let page = Url::parse(&login.line()).unwrap();
    let field = |name: &str| page.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    let mut back = Url::parse(&field("redirect_uri")).unwrap();
    back.query_pairs_mut().append_pair("error", error).append_pair("state", &field("state"));
    if let Some(issuer) = page.host_str().map(|_| desk.url(Door::Plain)) {
        back.query_pairs_mut().append_pair("iss", &issuer);
    }
    get(&back);
    login.finish()
}

#[test]
fn a_login_page_that_says_no_is_told_by_its_word() {
    let desk = Desk::new(Door::Plain);
    for (error, exit, code) in [
        ("access_denied", 3, "TW0407"),
        ("login_required", 3, "TW0417"),
        ("interaction_required", 3, "TW0417"),
        ("consent_required", 3, "TW0417"),
        ("account_selection_required", 3, "TW0417"),
        ("server_error", 4, "TW0501"),
        ("temporarily_unavailable", 4, "TW0501"),
        ("invalid_scope", 6, "TW0704"),
        ("unauthorized_client", 6, "TW0704"),
        ("something_else", 6, "TW0704"),
    ] {
        let ran = comes_back(&desk, error);
        assert!(ran.fails(exit, code).err.contains(error), "{error}: {ran:?}");
    }
    assert_eq!(desk.sandbox.counters().exchanges, 0);
}

#[test]
fn an_answer_that_is_nobodys_login_is_dropped_by_a_logout() {
    let desk = Desk::new(Door::Ssm);
    desk.sandbox.rules(|rules| rules.blueking.ssm.tokens.identity = Identity::Absent);
    desk.sandbox.inject(Fault::code(1_901_400).when(Operation::Verify).forever());
    desk.login_by_cookie("alice").fails(3, "TW0412");
    let later = [("TOKENWARD_CLOCK_OFFSET", "120")];
    let doctor = |lang| desk.run_with(&later, &["doctor", "--lang", lang]);
    let listed = doctor("en");
    assert!(listed.out.contains("TW0910") && listed.out.contains("tokenward logout"), "{listed:?}");
    assert!(doctor("zh").out.contains("tokenward logout"));
    desk.run_with(&later, &["logout", "--user", "alice"]).fails(2, "--yes");
    let dropped = desk.run_with(&later, &["logout", "--user", "alice", "--yes"]);
    assert!(dropped.succeeds().err.contains("is deleted"), "{dropped:?}");
    let listed = doctor("en");
    assert!(!listed.out.contains("TW0910"), "{listed:?}");
    let again = desk.run_with(&later, &["logout", "--user", "alice", "--yes"]);
    assert!(again.succeeds().err.contains("nobody is logged in"), "{again:?}");
}

#[test]
fn certificates_that_are_named_and_cannot_be_read_are_told() {
    let desk = Desk::new(Door::Plain);
    let (gone, folder) = (desk.home.join("no-such-ca.pem"), desk.home.clone());
    for file in [gone.to_str().unwrap(), folder.to_str().unwrap()] {
        let variables = [("SSL_CERT_FILE", file)];
        for words in [&["doctor"][..], &["doctor", "--json"]] {
            let ran = desk.run_with(&variables, words);
            let told = format!("{}{}", ran.out, ran.err);
            assert!(told.contains("SSL_CERT_FILE") && told.contains(file), "{ran:?}");
        }
        // Nothing is listening: what is told first is the file.
        let config = desk.config().replace("http://127.0.0.1", "https://127.0.0.1");
        std::fs::write(desk.home.join("config.toml"), config).unwrap();
        let ran = desk.run_with(&variables, &["login", "--device", "--timeout", "5s"]);
        assert!(ran.fails(4, "TW0502").err.contains(file), "{ran:?}");
    }
}

#[test]
fn errors_of_the_vault_and_of_a_database_are_told_in_the_language_of_the_rest() {
    let chinese = |line: &str| line.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).count() >= 4;
    let details = |ran: &Ran| ran.err.lines().find(|line| line.contains("原因")).unwrap_or_default().to_owned();
    let desk = Desk::new(Door::Ssm);
    let file = desk.home.join("text.sqlite3");
    std::fs::write(&file, "no database").unwrap();
    let vault = desk.home.join("vault/vault.db");
    for (place, words) in
        [(&file, "不是 SQLite 数据库"), (&vault, "没有 bkoauth 的表"), (&desk.home.join("none"), "无法读取")]
    {
        let ran = desk.run(&["adopt", "--bkoauth", place.to_str().unwrap(), "--yes", "--lang", "zh"]);
        assert!(ran.fails(2, "TW0").err.contains(words) && chinese(&details(&ran)), "{ran:?}");
    }
    let ran = desk.run(&["adopt", "--bkoauth", vault.to_str().unwrap(), "--yes"]);
    assert!(ran.fails(2, "TW0523").err.contains("error: the database has no bkoauth table (TW0523)"), "{ran:?}");
    std::fs::write(&vault, "damaged beyond reading").unwrap();
    let ran = desk.run(&["list", "--lang", "zh"]);
    assert!(ran.fails(2, "TW0301").err.contains("保险库无法读取") && chinese(&details(&ran)), "{ran:?}");
}
