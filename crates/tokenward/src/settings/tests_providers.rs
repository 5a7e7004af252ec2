//! BlueKing and plain OAuth: what each needs, what belongs to another, and the rules row.

use std::time::Duration;

use tokenward_core::{
    AbsentRefresh, AppName, BlueKingApp, ClientAuthentication, Code, OldAccess, Platform, ProviderName, RefreshEnd,
    Replay, TokenApi,
};

use super::*;
use crate::Environment;

const BLUEKING: &str = r#"
[apps.desk]
provider = "blueking"
app_id = "demo-app"
token_api = "ssm"
accounts_url = "https://bkssm.example.com/base"

[profiles.desk]
app = "desk"
"#;

const OAUTH2: &str = r#"
[apps.else]
provider = "oauth2"
app_id = "tokenward"
accounts_url = "https://login.example.com/realms/a"
client_authentication = "none"
token_endpoint = "https://login.example.com/realms/a/token?v=2"

[apps.else.rules]
old_access = "dies"
replay_grace = "30s"
refresh_life = "30d"

[profiles.else]
app = "else"
"#;

fn settings(file: &str, env: &[(&str, &str)]) -> (tempfile::TempDir, Settings) {
    let (folder, settings) = load(file, env);
    (folder, settings.unwrap())
}

fn load(file: &str, env: &[(&str, &str)]) -> (tempfile::TempDir, Result<Settings, SettingsError>) {
    let folder = tempfile::tempdir().unwrap();
    if !file.is_empty() {
        std::fs::write(folder.path().join("config.toml"), file).unwrap();
    }
    let home = Home::resolve(Some(folder.path()), &Environment::default()).unwrap();
    let settings = Settings::load(home, Environment::new(env.iter().copied()), Overrides::default());
    (folder, settings.map(|(settings, _)| settings))
}

fn profile(file: &str, env: &[(&str, &str)]) -> Result<ResolvedProfile, SettingsError> {
    load(file, env).1?.profile(None)
}

fn error(file: &str) -> (Code, String) {
    let error = profile(file, &[]).unwrap_err();
    (error.code(), error.to_string())
}

#[test]
fn a_blueking_app_has_a_dialect_an_environment_and_cookies() {
    let desk = profile(BLUEKING, &[]).unwrap();
    assert_eq!((desk.provider(), desk.token_api), (ProviderName::BlueKing, TokenApi::Ssm));
    assert_eq!(
        desk.platform,
        Platform::BlueKing(BlueKingApp {
            environment: "prod".into(),
            realm: None,
            token_resource: None,
            allow_http: false
        })
    );
    assert_eq!(desk.hosts.accounts.as_str(), "https://bkssm.example.com/base");
    assert_eq!(desk.hosts.open, desk.hosts.accounts);
    assert_eq!(desk.cookies, [CookieField { field: "bk_token".into(), cookie: "bk_token".into() }]);
    assert!(desk.has_secret() && desk.rules.is_none() && desk.warnings.is_empty());
    // No scope is added that this provider does not know.
    assert_eq!(desk.login_scopes(desk.scopes.clone()).unwrap().to_string(), "");

    let internal = BLUEKING.replace("ssm\"", "auth-api\"\nbk_env = \"test\"");
    let desk = profile(&internal, &[]).unwrap();
    assert_eq!(
        desk.platform,
        Platform::BlueKing(BlueKingApp {
            environment: "test".into(),
            realm: None,
            token_resource: None,
            allow_http: false
        })
    );
    assert_eq!(desk.cookies[1], CookieField { field: "rtx".into(), cookie: "bk_uid".into() });
    assert!(desk.cookies[1].names_user() && !desk.cookies[0].names_user());
    let uin = profile(&internal, &[("TOKENWARD_COOKIES", "uin=p_uin, skey=p_skey")]).unwrap();
    assert_eq!(uin.cookies[1].cookie, "p_skey");
}

#[test]
fn a_users_name_belongs_to_the_profile_before_the_colon() {
    let (_folder, settings) = settings(BLUEKING, &[]);
    let alice = settings.profile(Some(&"desk:alice".parse().unwrap())).unwrap();
    assert_eq!((alice.name.as_str(), alice.app_name.as_str()), ("desk:alice", "desk"));
    assert_eq!(settings.app_of(&alice.name).unwrap().as_str(), "desk");
    assert!(settings.profile(Some(&"other:alice".parse().unwrap())).is_err());
    let (code, text) = error("[profiles.\"desk:alice\"]\napp = \"desk\"\n");
    assert_eq!(code, Code::BadSetting, "{text}");
}

#[test]
fn variables_alone_describe_an_app_of_blueking() {
    let env = [
        ("TOKENWARD_PROVIDER", "blueking"),
        ("TOKENWARD_APP_ID", "demo-app"),
        ("TOKENWARD_TOKEN_API", "bkauth"),
        ("TOKENWARD_ACCOUNTS_URL", "https://bkauth.example.com"),
        ("TOKENWARD_OPEN_URL", "https://bkapi.example.com/api/demo"),
        ("TOKENWARD_REALM", "blueking"),
    ];
    let profile = profile("", &env).unwrap();
    assert_eq!(profile.hosts.open.path(), "/api/demo");
    assert!(profile.cookies.is_empty());
    assert!(
        matches!(profile.platform, Platform::BlueKing(BlueKingApp { realm: Some(realm), .. }) if realm == "blueking")
    );
}

#[test]
fn an_oauth_server_has_endpoints_and_a_rules_row() {
    let (_folder, settings) = settings(OAUTH2, &[]);
    let other = settings.profile(None).unwrap();
    assert_eq!((other.provider(), other.token_api), (ProviderName::OAuth2, TokenApi::Rfc6749));
    let Platform::OAuth2(app) = &other.platform else { panic!() };
    assert_eq!(app.authentication, Some(ClientAuthentication::None));
    assert_eq!(app.endpoints.token.as_ref().unwrap().query(), Some("v=2"));
    assert_eq!(app.endpoints.authorization, None);
    assert!(!other.has_secret());
    assert_eq!(other.app(None).expose_secret(), "");
    let rules = other.rules.unwrap();
    assert_eq!((rules.old_access, rules.absent_refresh), (OldAccess::Dies, AbsentRefresh::KeepsOld));
    assert_eq!(rules.replay, Replay::Punished { grace: Duration::from_secs(30) });
    assert_eq!(rules.assumed_refresh, Some(Duration::from_hours(720)));
    assert_eq!(settings.own().rules.into_iter().next().unwrap(), ("else".parse().unwrap(), rules));
}

#[test]
fn a_variable_says_the_whole_row() {
    let words =
        "replay=harmless replay_grace=9s refresh_end=fixed wall=365d margin=1m access_life=10m absent_refresh=ends";
    let rules = profile(OAUTH2, &[("TOKENWARD_RULES", words)]).unwrap().rules.unwrap();
    assert_eq!((rules.replay, rules.refresh_end), (Replay::Harmless, RefreshEnd::Fixed));
    assert_eq!((rules.old_access, rules.absent_refresh), (OldAccess::Stays, AbsentRefresh::Ends));
    assert_eq!((rules.wall, rules.margin), (Some(Duration::from_hours(8760)), Duration::from_mins(1)));
    assert_eq!(rules.assumed_access, Duration::from_mins(10));
    // The apps of other platforms do as those platforms do.
    assert!(settings(BLUEKING, &[]).1.own().rules.is_empty());
}

#[test]
fn what_belongs_to_another_provider_is_told() {
    let cases = [
        (
            BLUEKING.replace("\"ssm\"", "\"v3\""),
            Code::BadSetting,
            "\"v3\" cannot be used: it belongs to provider feishu, and the app's provider is blueking, which has ssm, auth-api and bkauth",
        ),
        (BLUEKING.replace("\"ssm\"", "\"sms\""), Code::BadSetting, "say ssm, auth-api or bkauth"),
        (
            BLUEKING.replace("\"blueking\"", "\"feishu\""),
            Code::BadSetting,
            "it belongs to provider blueking, and the app's provider is feishu, which has v3, v2, oidc-v1 and legacy-v1",
        ),
        (OAUTH2.replace("client_auth", "token_api = \"ssm\"\nclient_auth"), Code::BadSetting, "which has oauth2"),
        (
            BLUEKING.replace("token_api = \"ssm\"", ""),
            Code::SettingMissing,
            "the API variant (ssm, auth-api or bkauth)",
        ),
        (BLUEKING.replace("\"ssm\"", "\"bkauth\""), Code::SettingMissing, "the realm of bkauth is missing"),
        (
            BLUEKING.replace("accounts_url = \"https://bkssm.example.com/base\"", ""),
            Code::SettingMissing,
            "the address of the token service or issuer is missing for profile \"desk\": give --accounts-url or TOKENWARD_ACCOUNTS_URL",
        ),
        (BLUEKING.replace("/base", "/base?x=1"), Code::BadSetting, "without '?'"),
        (BLUEKING.replace("https:", "http:"), Code::BadSetting, "use https"),
        (BLUEKING.replace("token_api", "realm = \"a/b\"\ntoken_api"), Code::BadSetting, "use letters, digits"),
        (
            BLUEKING.replace("token_api", "cookies = \"bk_token=a;b\"\ntoken_api"),
            Code::BadSetting,
            "names only, never a cookie's value",
        ),
        (
            BLUEKING.replace("token_api", "cookies = \"rtx=bk_uid\"\ntoken_api"),
            Code::BadSetting,
            "prove who the user is",
        ),
        (OAUTH2.replace("\"none\"", "\"nobody\""), Code::BadSetting, "say basic, body or none"),
        (
            OAUTH2.replace("\"dies\"", "\"fades\""),
            Code::BadSetting,
            "\"old_access=fades\" cannot be used: old_access is stays | dies",
        ),
        (
            OAUTH2.replace("replay_grace", "replay_grase"),
            Code::BadSetting,
            "no rule is called replay_grase; perhaps replay_grace",
        ),
        (OAUTH2.replace("\"30s\"", "\"soon\""), Code::BadSetting, "replay_grace is a span"),
        (OAUTH2.replace("\"30s\"", "30"), Code::ConfigUnreadable, "apps.else.rules takes a table of texts in quotes"),
        (OAUTH2.replace("https://login.example.com/realms/a/token", "http://a.example"), Code::BadSetting, "use https"),
    ];
    for (file, code, part) in cases {
        let (got, text) = error(&file);
        assert_eq!(got, code, "{text}");
        assert!(text.contains(part), "{text:?} lacks {part:?}");
    }
}

#[test]
fn a_setting_that_a_provider_has_no_use_for_is_named_and_ignored() {
    let file = BLUEKING.replace("token_api", "client_authentication = \"none\"\nfallback = false\ntoken_api");
    let desk = profile(&file, &[("TOKENWARD_TENANT_KEY", "of another profile")]).unwrap();
    let texts: Vec<_> = desk.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].contains("fallback") && texts[0].contains("not used by the provider blueking"), "{texts:?}");
    assert!(texts[1].contains("client_authentication"), "{texts:?}");
}

#[test]
fn an_edit_writes_a_rules_table_and_reads_it_back() {
    let (folder, settings) = settings("", &[]);
    let record = AppRecord::default()
        .with(Setting::Provider, Some("oauth2"))
        .with(Setting::AppId, Some("x"))
        .with(Setting::AccountsUrl, Some("https://a.example"))
        .with(Setting::Rules, Some("old_access=dies wall=30d"));
    let name: AppName = "a".parse().unwrap();
    let profile = ProfileRecord { app: name.clone(), redirect_uri: None, scopes: None };
    let mut edit = ConfigEdit::open(settings.home()).unwrap();
    edit.app(&name, &record).profile(&"a".parse().unwrap(), &profile).save().unwrap();
    let text = std::fs::read_to_string(folder.path().join("config.toml")).unwrap();
    assert!(text.contains("[apps.a.rules]\nold_access = \"dies\"\nwall = \"30d\"\n"), "{text}");
    let home = settings.home().clone();
    let settings = Settings::load(home, Environment::default(), Overrides::default()).unwrap().0;
    assert_eq!(settings.profile(None).unwrap().rules.unwrap().old_access, OldAccess::Dies);
}

#[test]
fn every_rule_of_the_reference_page_is_one() {
    let [(_, page), (_, chinese)] = reference();
    for key in refresh_token_rules::KEYS {
        let row = format!("| `{key}` |");
        assert!(page.contains(&row) && chinese.contains(&row), "{key}");
    }
    let examples: Vec<_> = page.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        let (_folder, settings) = settings(example, &[]);
        for (name, _) in settings.profiles() {
            settings.profile(Some(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[test]
fn an_issuer_keeps_its_slash_and_may_be_given_as_its_document() {
    let issuer = |url: &str| {
        let env = [("TOKENWARD_PROVIDER", "oauth2"), ("TOKENWARD_APP_ID", "c"), ("TOKENWARD_ACCOUNTS_URL", url)];
        profile("", &env).unwrap().hosts.accounts.to_string()
    };
    for (given, expected) in [
        ("https://x.test/application/o/app/", "https://x.test/application/o/app/"),
        ("https://x.test/application/o/app", "https://x.test/application/o/app"),
        ("https://x.test", "https://x.test/"),
        ("https://x.test/.well-known/openid-configuration", "https://x.test/"),
        ("https://x.test/realms/a/.well-known/openid-configuration", "https://x.test/realms/a"),
        ("https://x.test/realms/a/.well-known/openid-configuration/", "https://x.test/realms/a"),
        ("https://x.test/.well-known/oauth-authorization-server", "https://x.test/"),
        ("https://x.test/.well-known/oauth-authorization-server/realms/a", "https://x.test/realms/a"),
        ("https://x.test/.well-known/openid-configuration/realms/a/", "https://x.test/realms/a/"),
        ("https://x.test/realms/a/.well-known/oauth-authorization-server", "https://x.test/realms/a"),
        ("https://x.test/.well-known/openid-configurations", "https://x.test/.well-known/openid-configurations"),
    ] {
        assert_eq!(issuer(given), expected, "{given}");
    }
}

#[test]
fn a_redirect_url_stays_letter_by_letter_as_written() {
    for written in ["http://localhost:9768", "http://127.0.0.1:80/cb", "http://LOCALHOST:9768/Callback"] {
        let env = [("TOKENWARD_APP_ID", "cli_a1b2c3d4e5f6a7b8"), ("TOKENWARD_REDIRECT_URI", written)];
        assert_eq!(profile("", &env).unwrap().redirect_uri.as_str(), written);
    }
}

/// Who asks before sending and who refuses to send mean the same addresses.
#[test]
fn what_travels_in_clear_is_told_by_one_function() {
    let clear = |url: &str| super::travels_in_clear(&url.parse().unwrap());
    for url in
        ["http://auth.localhost:8080", "http://LOCALHOST", "http://127.8.9.1/x", "http://[::1]:1", "https://x.test"]
    {
        assert!(!clear(url), "{url}");
    }
    for url in ["http://x.test", "http://localhost.x.test", "http://10.0.0.1:80", "http://[::2]"] {
        assert!(clear(url), "{url}");
    }
}

#[test]
fn names_below_localhost_are_this_machine() {
    let env = |url| [("TOKENWARD_PROVIDER", "oauth2"), ("TOKENWARD_APP_ID", "c"), ("TOKENWARD_ACCOUNTS_URL", url)];
    assert!(profile("", &env("http://auth.localhost:8080")).is_ok());
    assert!(profile("", &env("http://localhost.evil.test:8080")).is_err());
}

#[test]
fn plain_http_is_permitted_for_the_hosts_of_one_registration_and_no_other() {
    let plain = BLUEKING.replace("https://bkssm.example.com/base", "http://bkssm.example.com:5000");
    let (code, text) = error(&plain);
    assert_eq!(code, Code::BadSetting);
    assert!(text.contains("allow_http"), "{text}");
    for no in ["allow_http = false", "allow_http = \"false\""] {
        assert_eq!(error(&plain.replace("token_api", &format!("{no}\ntoken_api"))).0, Code::BadSetting);
    }
    let desk = profile(&plain.replace("token_api", "allow_http = true\ntoken_api"), &[]).unwrap();
    assert_eq!(desk.in_clear(), ["http://bkssm.example.com:5000"]);
    let app = desk.app(None);
    let permits = |url: &str| app.permits_clear_text(&url.parse().unwrap());
    assert!(permits("http://bkssm.example.com:5000/api/v1/auth/access-tokens"));
    for other in ["http://bkssm.example.com/", "http://bkssm.example.com:5001/", "http://other.example.com:5000/"] {
        assert!(!permits(other), "{other}");
    }
    let desk = profile(&plain, &[("TOKENWARD_ALLOW_HTTP", "true")]).unwrap();
    assert_eq!(desk.in_clear().len(), 1);
    // What is encrypted stays so, and other providers' addresses are refused as ever.
    let desk = profile(BLUEKING, &[("TOKENWARD_ALLOW_HTTP", "true")]).unwrap();
    assert!(
        desk.in_clear().is_empty() && !desk.app(None).permits_clear_text(&"http://bkssm.example.com".parse().unwrap())
    );
    let plain = OAUTH2.replace("https://login.example.com", "http://login.example.com");
    let told = profile(&plain, &[("TOKENWARD_ALLOW_HTTP", "true")]).unwrap_err();
    assert_eq!(told.code(), Code::BadSetting);
}

#[test]
fn endpoints_that_were_discovered_for_one_issuer_are_not_used_with_another() {
    let other = [("TOKENWARD_ACCOUNTS_URL", "https://elsewhere.example.com")];
    let app = profile(OAUTH2, &other).unwrap();
    let Platform::OAuth2(app) = &app.platform else { panic!() };
    assert_eq!(app.endpoints.token, None);
    let same = [("TOKENWARD_ACCOUNTS_URL", "https://login.example.com/realms/a/")];
    let app = profile(OAUTH2, &same).unwrap();
    let Platform::OAuth2(app) = &app.platform else { panic!() };
    assert!(app.endpoints.token.is_some());
}

#[test]
fn the_resource_of_token_requests_is_a_setting_of_bkauth() {
    let more = "bk_token_resource = \"gateway:demo:api:*,mcp:s1\"\nrealm = \"blueking\"\ntoken_api";
    let bkauth = BLUEKING.replace("\"ssm\"", "\"bkauth\"").replace("token_api", more);
    let named = |variables: &[(&str, &str)]| match profile(&bkauth, variables).unwrap().platform {
        Platform::BlueKing(app) => app.token_resource,
        other => panic!("{other:?}"),
    };
    assert_eq!(named(&[]).as_deref(), Some("gateway:demo:api:*,mcp:s1"));
    assert_eq!(named(&[("TOKENWARD_BK_TOKEN_RESOURCE", "mcp:s2")]).as_deref(), Some("mcp:s2"));
    let odd = profile(&bkauth, &[("TOKENWARD_BK_TOKEN_RESOURCE", "mcp:s1 mcp:s2")]).unwrap_err();
    assert!(odd.to_string().contains("commas"), "{odd}");
}

#[test]
fn what_the_auth_api_leaves_open_has_names() {
    let more = "bk_user_grant = \"query\"\nbk_refresh = \"post\"\nbk_secret_in_refresh = true\n\
                bk_codes = { 1308403 = \"log-in\", 1308401 = \"check-secret\" }\ntoken_api";
    let internal = BLUEKING.replace("\"ssm\"", "\"auth-api\"").replace("token_api", more);
    let options = profile(&internal, &[]).unwrap().auth_api;
    assert_eq!(options.user_grant, tokenward_wire::UserGrant::Query);
    assert_eq!(options.refresh, tokenward_wire::RefreshMethod::Post);
    assert!(options.secret_in_refresh && options.codes.len() == 2);
    assert_eq!(options.codes[&1_308_403].0, tokenward_core::RefusalClass::NeedsConsent);
    let (_folder, settings) = settings(&internal, &[]);
    assert_eq!(settings.own().auth_api.values().next(), Some(&options));
    let odd = profile(&internal, &[("TOKENWARD_BK_CODES", "17=whatever")]).unwrap_err();
    assert!(odd.to_string().contains("log-in"), "{odd}");
}
