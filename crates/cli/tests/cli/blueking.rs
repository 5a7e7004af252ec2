//! BlueKing on the command line: each dialect from `init` to `logout`, and what a newcomer gets wrong.

use serde_json::json;
use tokenward_emulator::Door;

use crate::desk::{Desk, cookie};
use crate::world::Ran;

#[test]
fn by_cookie_from_init_to_logout() {
    for (door, life) in [(Door::Ssm, 43_200), (Door::AuthApi, 180 * 86_400)] {
        let desk = Desk::bare(door);
        let ran = desk.init(&["--json"]);
        let told = ran.succeeds().json();
        assert_eq!((&told["provider"], &told["token_api"]), (&json!("blueking"), &json!(door.name())), "{ran:?}");
        assert_eq!((&told["checked"], &told["console"]), (&json!(true), &json!(null)), "{ran:?}");
        assert!(
            desk.config().contains("provider = \"blueking\"") && !desk.config().contains("secret"),
            "{}",
            desk.config()
        );

        // Nobody is meant by a profile of many.
        desk.run(&["token"]).fails(2, "--user NAME");
        desk.run(&["token", "--user", "alice"]).fails(3, "tokenward login --user alice");
        let ran = desk.login_by_cookie("alice");
        assert!(ran.succeeds().err.contains("logged in: alice"), "{ran:?}");
        let first = desk.token(&["--user", "alice"]);
        assert!(desk.is_good(&first));
        assert_eq!(desk.token(&["-p", "desk:alice"]).as_str(), first.as_str());
        let line = desk.run(&["token", "--user", "alice", "--format", "header"]);
        assert_eq!(line.out.trim(), format!("X-Bkapi-Authorization: {{\"access_token\":\"{}\"}}", first.as_str()));

        // What is good is left alone.
        let ran = desk.login_by_cookie("alice");
        assert!(ran.succeeds().err.contains("already logged in"), "{ran:?}");
        assert!(desk.is_good(&first));

        let call = desk.run(&["api", "/users/me", "--user", "alice"]);
        assert!(call.succeeds().out.contains("alice"), "{call:?}");
        let app = desk.token(&["--as", "app"]);
        assert!(desk.is_good(&app) && app.as_str() != first.as_str());
        let call = desk.run(&["api", "/app/jobs", "--as", "app"]);
        assert!(call.succeeds().out.contains("demo-app"), "{call:?}");

        // Close to its end it is rotated, once.
        desk.advance(life - 60);
        let offset = (life - 60).to_string();
        let second = desk.token_after(life - 60, &["--user", "alice"]);
        assert!(desk.is_good(&second) && second.as_str() != first.as_str());
        assert_eq!(desk.token_after(life - 60, &["--user", "alice"]).as_str(), second.as_str());

        let status = desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset)], &["status", "--json"]);
        let profiles: Vec<_> = status.succeeds().json()["logins"]
            .as_array()
            .unwrap()
            .iter()
            .map(|login| login["profile"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(profiles, ["desk:alice", "desk:~app"], "{status:?}");
        let one = desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset)], &["status", "--user", "alice", "--json"]);
        assert_eq!(one.succeeds().json()["login"]["token_api"], door.name());

        let doctor = desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset)], &["doctor", "--online"]);
        assert!(doctor.succeeds().out.contains("desk:alice"), "{doctor:?}");
        assert!(!doctor.out.contains("platform") && !doctor.out.contains("callback"), "{doctor:?}");
        let doctor = desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", &offset)], &["doctor", "desk:alice", "--lang", "zh"]);
        assert!(doctor.succeeds().out.contains("alice"), "{doctor:?}");

        desk.run(&["logout", "--user", "alice", "--yes"]).succeeds();
        desk.run(&["token", "--user", "alice"]).fails(3, "TW0401");
    }
}

#[test]
fn bkauth_from_init_to_logout() {
    let desk = Desk::new(Door::Bkauth);
    let ran = desk.login_by_browser(&[]);
    assert!(ran.succeeds().err.contains("logged in"), "{ran:?}");
    let first = desk.token(&[]);
    assert!(desk.is_good(&first));
    let call = desk.run(&["api", "/users/me"]);
    assert!(call.succeeds().out.contains("alice"), "{call:?}");
    desk.advance(7140);
    let second = desk.token_after(7140, &[]);
    assert!(desk.is_good(&second) && !desk.is_good(&first));
    desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "7140")], &["doctor", "--online"]).succeeds();
    desk.run(&["token", "--as", "app"]).fails(2, "TW0");
    desk.run(&["token", "--user", "alice"]).fails(2, "--profile NAME --app APP");
    desk.run(&["login", "--user", "alice"]).fails(2, "serve many users");
    desk.run(&["logout", "--revoke", "--yes"]).succeeds();
    assert!(!desk.is_good(&second));
}

#[test]
fn bkauth_by_device_code() {
    let desk = Desk::new(Door::Bkauth);
    desk.sandbox.rules(|rules| rules.blueking.bkauth.device_interval = 1);
    desk.run(&["login", "--device", "--timeout", "30s"]).succeeds();
    assert!(desk.is_good(&desk.token(&[])));
}

#[test]
fn what_is_wrong_with_an_app_is_found_out_by_init_and_not_saved() {
    let desk = Desk::bare(Door::Ssm);
    let cases = [
        // The secret; the dialect; another service than it is.
        desk.init_by(&[], "not-the-secret"),
        desk.init(&["--dialect", "auth-api"]),
        desk.init(&["--dialect", "bkauth", "--realm", "blueking"]),
    ];
    for ran in &cases {
        assert_eq!(ran.code, 6, "{ran:?}");
        assert_eq!(desk.config(), "", "{ran:?}");
    }
    assert!(cases[1].err.contains("does not serve auth-api"), "{cases:?}");
    let desk = Desk::bare(Door::AuthApi);
    desk.init_by(&[], "not-the-secret").fails(4, "nothing was saved");
    assert_eq!(desk.config(), "");
    let desk = Desk::bare(Door::Bkauth);
    let ran = desk.init(&["--realm", "nowhere"]);
    ran.fails(6, "there is no realm nowhere");
    assert_eq!(desk.config(), "");
    // What does not belong together is told before anything is sent.
    let before = desk.sandbox.counters().requests;
    desk.init(&["--dialect", "v3"]).fails(2, "belongs to provider feishu");
    assert_eq!(desk.sandbox.counters().requests, before);
}

#[test]
fn what_a_newcomer_gets_wrong_about_logging_in() {
    let desk = Desk::new(Door::Ssm);
    desk.run(&["login"]).fails(2, "--user NAME");
    desk.run(&["login", "--user", "alice"]).fails(2, "no login page");
    desk.run(&["login", "--user", "alice", "--device"]).fails(2, "needs a login page");
    desk.run_fed(&["login", "--user", "alice", "--cookie-stdin"], "").fails(2, "TW0203");
    desk.run_fed(&["login", "--user", "alice", "--cookie-stdin"], "a-cookie-that-nobody-has").fails(3, "TW0411");
    desk.run(&["login", "--user", "alice", "--cookie-file", "/no/such/file"]).fails(2, "TW0203");
    desk.run(&["token", "--as", "tenant", "--user", "alice"]).fails(2, "no tenant tokens");
    desk.run(&["wiki", "create", "x.md", "--personal"]).fails(2, "TW0");
    desk.run(&["proxy"]).fails(2, "tokenward exec");

    // A whole line, as the browser shows it, and the variable.
    let line = format!("Cookie: csrf=1; bk_token={}; lang=zh", cookie("bk_token", "alice"));
    desk.run_fed(&["login", "--user", "alice", "--cookie-stdin"], &line).succeeds();
    let shown = cookie("bk_token", "bob");
    let ran = desk.run_with(&[("TOKENWARD_BK_TOKEN", &shown)], &["token", "--user", "bob"]);
    assert!(desk.sandbox.is_good(ran.succeeds().out.trim()));
    let words = ["exec", "--user", "bob", "--", "sh", "-c", "echo ${TOKENWARD_BK_TOKEN-none} $TOKENWARD_ACCESS_TOKEN"];
    let ran = desk.run_with(&[("TOKENWARD_BK_TOKEN", &shown)], &words);
    assert!(ran.succeeds().out.starts_with("none ") && desk.sandbox.is_good(ran.out[5..].trim()), "{ran:?}");
}

#[test]
fn another_users_cookie_gives_nobody_anybodys_token() {
    let desk = Desk::new(Door::Ssm);
    let bobs = cookie("bk_token", "bob");
    let ran = desk.run_fed(&["login", "--user", "alice", "--cookie-stdin"], &bobs);
    ran.fails(3, "TW0412");
    desk.run(&["token", "--user", "alice"]).fails(3, "TW0401");
    // What was issued is bob's, and kept for him.
    assert!(desk.is_good(&desk.token(&["--user", "bob"])));
}

#[test]
fn a_user_belongs_to_apps_that_serve_many() {
    let world = crate::world::World::logged_in();
    world.run(&["token", "--user", "alice"]).fails(2, "a profile for feishu is one login");
}

#[test]
fn the_sandbox_plays_every_dialect() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let program = env!("CARGO_BIN_EXE_tokenward");
    for dialect in ["ssm", "auth-api"] {
        let script = format!(
            "{program} login --user alice && {program} token --user alice && {program} token --as app && {program} api /users/me --user alice"
        );
        let words =
            ["sandbox", "--provider", "blueking", "--dialect", dialect, "--home", home, "--", "sh", "-c", &script];
        let ran = crate::world::run(&mut crate::world::bare_command(&words));
        assert!(ran.succeeds().out.lines().count() >= 3, "{ran:?}");
        std::fs::remove_dir_all(home).unwrap();
    }
    let ran = crate::world::run(&mut crate::world::bare_command(&["sandbox", "--dialect", "ssm", "--home", home]));
    ran.fails(2, "blueking with --dialect");
}

#[test]
fn plain_http_is_refused_until_the_flag_permits_it_and_is_shown_from_then_on() {
    let desk = Desk::bare(Door::Ssm);
    // The name is never looked up: nothing is checked, and nothing is sent.
    let plain = ["--accounts-url", "http://bkssm.example.test:5000"];
    let ran = desk.init(&plain);
    assert!(ran.fails(2, "TW0207").err.contains("--allow-http"), "{ran:?}");
    assert_eq!(desk.config(), "");
    let init = desk.init_words();
    let words: Vec<&str> = init.iter().map(String::as_str).collect();
    let at = words.iter().position(|word| *word == "--accounts-url").unwrap();
    let mut words = words;
    words[at + 1] = plain[1];
    words.extend(["--app-secret-stdin", "--allow-http", "--no-check"]);
    let ran = desk.run_fed(&words, "demo-secret-that-nobody-may-see");
    assert!(ran.succeeds().err.contains("plain http is allowed"), "{ran:?}");
    assert!(desk.config().contains("allow_http = true"), "{}", desk.config());
    let doctor = desk.run(&["doctor"]);
    assert!(doctor.out.contains("http://bkssm.example.test:5000"), "{doctor:?}");
    let status = desk.run(&["status"]);
    assert!(status.err.contains("can be read on the way"), "{status:?}");
}

/// Words of Feishu's pages, which nobody finds at BlueKing.
fn is_of_feishu(ran: &Ran) -> bool {
    let words = ["Feishu", "Lark", "飞书", "console", "开放平台", "20029", "Credentials"];
    words.iter().any(|word| ran.err.contains(word) || ran.out.contains(word))
}

#[test]
fn advice_names_bluekings_pages_and_never_feishus() {
    for door in [Door::Ssm, Door::AuthApi, Door::Bkauth, Door::Plain] {
        let desk = Desk::bare(door);
        for (lang, place) in [("en", "developer center"), ("zh", "开发者中心")] {
            let ran = desk.init_by(&["--lang", lang], "not-the-secret");
            assert!(ran.code != 0 && !is_of_feishu(&ran), "{door:?}: {ran:?}");
            if matches!(door, Door::Ssm | Door::Bkauth) {
                assert!(ran.fails(6, "TW0701").err.contains(place), "{ran:?}");
            }
        }
        desk.init(&[]).succeeds();
        let not_yet = desk.run(&["doctor"]);
        assert!(!is_of_feishu(&not_yet), "{not_yet:?}");
        if matches!(door, Door::Bkauth | Door::Plain) {
            for lang in ["en", "zh"] {
                let late = ["login", "--no-browser", "--port", "0", "--timeout", "1s", "--lang", lang];
                let ran = desk.run(&late);
                assert!(!is_of_feishu(ran.fails(3, "TW0408")), "{ran:?}");
            }
        }
    }
}

#[test]
fn who_is_not_logged_in_is_told_the_command_that_works() {
    let desk = Desk::new(Door::Ssm);
    let ran = desk.run(&["token", "--user", "bob"]);
    let told = &ran.fails(3, "tokenward login --user bob").err;
    assert!(!told.contains("`tokenward login`") && told.matches("hint:").count() == 1, "{ran:?}");
    desk.login_by_cookie("alice").succeeds();
    desk.token(&["--as", "app"]);
    let ran = desk.run(&["doctor"]);
    assert!(ran.out.contains("1 (desk:alice); and the app's own token"), "{ran:?}");
}

#[test]
fn a_login_that_must_name_its_resource_is_told_the_setting_and_works_with_it() {
    let desk = Desk::new(Door::Bkauth);
    desk.sandbox.rules(|rules| {
        rules.blueking.bkauth.needs_resource = true;
        rules.blueking.bkauth.device_interval = 1;
    });
    let device = ["login", "--device", "--timeout", "30s"];
    for ran in [desk.login_by_browser(&[]), desk.run(&device)] {
        let told = &ran.fails(6, "invalid_target").err;
        assert!(told.contains("`scopes`") && told.contains("tokenward login --scope RESOURCE"), "{ran:?}");
        assert!(!is_of_feishu(&ran), "{ran:?}");
    }
    desk.login_by_browser(&["--scope", "gateway:demo:api:*"]).succeeds();
    assert!(desk.is_good(&desk.token(&[])));
    desk.init(&["--scope", "mcp:s1"]).succeeds();
    desk.run(&device).succeeds();
    // A refresh asks for nothing anew.
    desk.advance(7140);
    assert!(desk.is_good(&desk.token_after(7140, &[])));
}

#[test]
fn requests_for_tokens_name_the_resource_where_the_settings_say_so() {
    let desk = Desk::new(Door::Bkauth);
    desk.sandbox.rules(|rules| {
        rules.blueking.bkauth.token_needs_resource = true;
        rules.blueking.bkauth.device_interval = 1;
    });
    let ran = desk.login_by_browser(&[]);
    let told = &ran.fails(6, "invalid_target").err;
    assert!(told.contains("bk_token_resource") && !is_of_feishu(&ran), "{ran:?}");
    let config = desk.home.join("config.toml");
    let text = desk.config().replace("token_api =", "bk_token_resource = \"gateway:demo:api:*\"\ntoken_api =");
    assert!(text.contains("bk_token_resource"), "{text}");
    std::fs::write(&config, text).unwrap();
    desk.login_by_browser(&[]).succeeds();
    let first = desk.token(&[]);
    desk.advance(7140);
    let second = desk.token_after(7140, &[]);
    assert!(desk.is_good(&second) && second.as_str() != first.as_str());
    let device = ["login", "--device", "--timeout", "30s"];
    desk.run_with(&[("TOKENWARD_CLOCK_OFFSET", "7140")], &device).succeeds();
}

/// The file with a login cookie is read like every file with a secret: what others could have written is refused, what they can read is
/// told, and nothing of it is repeated.
#[test]
fn a_cookie_comes_by_a_file_that_nobody_else_could_have_written() {
    use std::os::unix::fs::PermissionsExt;

    let desk = Desk::new(Door::Ssm);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cookie");
    let secret = cookie("bk_token", "alice");
    let login = || desk.run(&["login", "--user", "alice", "--cookie-file", file.to_str().unwrap()]);
    let write = |text: &str, mode: u32| {
        std::fs::write(&file, text).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let silent = |ran: &crate::world::Ran| {
        assert!(!ran.out.contains(&secret) && !ran.err.contains(&secret), "{ran:?}");
    };
    for mode in [0o622, 0o602, 0o606] {
        write(&secret, mode);
        let ran = login();
        assert!(ran.fails(2, "TW0211").err.contains("chmod go-w"), "{mode:o}: {ran:?}");
        silent(&ran);
    }
    // Another user's file, as only root can make one.
    write(&secret, 0o600);
    let theirs =
        std::process::Command::new("chown").arg("65534").arg(&file).stderr(std::process::Stdio::null()).status();
    if theirs.is_ok_and(|status| status.success()) {
        let ran = login();
        assert!(ran.fails(2, "TW0211").err.contains("belongs to"), "{ran:?}");
        silent(&ran);
        std::fs::remove_file(&file).unwrap();
    }
    for (text, told) in [
        (String::new(), "TW0203"),
        ("  \n".to_owned(), "TW0203"),
        ("Cookie: csrf=1; lang=zh".to_owned(), "TW0203"),
        (format!("{secret} {secret}"), "TW0203"),
        ("\u{0}".to_owned(), "TW0203"),
    ] {
        write(&text, 0o600);
        let ran = login();
        ran.fails(2, told);
        silent(&ran);
    }
    write(&format!("Cookie: csrf=1; bk_token={secret}; lang=zh\n"), 0o644);
    let ran = login();
    assert!(ran.succeeds().err.contains("can be read by"), "{ran:?}");
    silent(&ran);
    write(&format!("{secret}\r\n"), 0o600);
    let ran = login();
    assert!(!ran.succeeds().err.contains("can be read by"), "{ran:?}");
    silent(&ran);
    assert!(desk.is_good(&desk.token(&["--user", "alice"])));
}

/// The vault of a program that brings its own settings, as a Django site with `bkoauth` does: who looks after the host sees its logins.
#[test]
fn logins_that_no_settings_know_are_shown_and_examined() {
    let desk = Desk::new(Door::Ssm);
    for user in ["alice", "bob"] {
        desk.login_by_cookie(user).succeeds();
    }
    desk.token(&["--as", "app"]);
    let config = desk.home.join("config.toml");
    let kept = std::fs::read(&config).unwrap();
    let without_settings = |words: &[&str], variables: &[(&str, &str)]| {
        std::fs::remove_file(&config).unwrap();
        let ran = desk.run_with(variables, words);
        std::fs::write(&config, &kept).unwrap();
        ran
    };
    for words in [&["status"][..], &["status", "desk"]] {
        let ran = without_settings(words, &[]);
        let shown = &ran.succeeds().out;
        for login in ["desk:alice", "desk:bob", "desk:~app"] {
            assert!(shown.contains(login), "{login}: {ran:?}");
        }
        assert!(!ran.err.contains("tokenward login") && !ran.err.contains("init"), "{ran:?}");
    }
    let ran = without_settings(&["status", "desk", "--user", "alice"], &[]);
    assert!(ran.succeeds().out.contains("alice"), "{ran:?}");
    for words in [&["doctor"][..], &["doctor", "desk"]] {
        let ran = without_settings(words, &[]);
        let told = &ran.succeeds().out;
        assert!(told.contains("brings its own settings") && told.contains("desk:alice, desk:bob"), "{ran:?}");
        assert!(!told.contains("tokenward init") && !told.contains("tokenward login"), "{ran:?}");
    }
    // What neither the settings nor the vault know is a mistyped name.
    without_settings(&["status", "dsk"], &[]).fails(2, "TW0201");
    let ran = without_settings(&["doctor", "dsk"], &[]);
    assert!(ran.fails(2, "").out.contains("TW0201"), "{ran:?}");

    // One that is over needs its user, who logs in at the site and not here.
    let later = 31 * 86_400;
    desk.advance(later);
    let offset = later.to_string();
    let variables = [("TOKENWARD_CLOCK_OFFSET", offset.as_str())];
    desk.run_with(&variables, &["refresh", "--user", "alice"]).fails(3, "TW040");
    let exchanges = desk.sandbox.counters();
    let ran = without_settings(&["status"], &variables);
    ran.fails(3, "desk:alice: let the user log in to BlueKing and open the site again");
    assert!(!ran.err.contains("tokenward login"), "{ran:?}");
    let ran = without_settings(&["doctor"], &variables);
    ran.fails(3, "");
    assert!(ran.out.contains("desk:alice") && !ran.out.contains("tokenward login"), "{ran:?}");
    let ran = without_settings(&["doctor", "desk:alice"], &variables);
    ran.fails(3, "");
    assert!(ran.out.contains("open the site again") && !ran.out.contains("tokenward login"), "{ran:?}");
    let ran = without_settings(&["--lang", "zh", "status"], &variables);
    ran.fails(3, "请该用户登录蓝鲸后重新打开该站点");
    assert_eq!(format!("{:?}", desk.sandbox.counters()), format!("{exchanges:?}"), "nothing is spent");
}

/// A shell that runs a Django site has the app's variables: the command sees the logins that the site keeps, and makes no second one.
#[test]
fn in_the_shell_of_a_site_its_logins_are_the_ones_that_are_meant() {
    let desk = Desk::new(Door::Ssm);
    for user in ["alice", "bob"] {
        desk.login_by_cookie(user).succeeds();
    }
    std::fs::remove_file(desk.home.join("config.toml")).unwrap();
    let service = desk.url(Door::Ssm);
    let variables = [
        ("TOKENWARD_PROVIDER", "blueking"),
        ("TOKENWARD_TOKEN_API", "ssm"),
        ("TOKENWARD_APP_ID", "demo-app"),
        ("TOKENWARD_APP_SECRET", desk.app.secret.as_str()),
        ("TOKENWARD_ACCOUNTS_URL", service.as_str()),
        ("TOKENWARD_BK_TOKEN", "bk_token-of-alice-that-nobody-may-see"),
    ];
    let run = |words: &[&str]| desk.run_with(&variables, words);

    // Under a name that variables do not say, the logins are told of, and a second one of the same user is not made by the way.
    let ran = run(&["status"]);
    assert!(ran.succeeds().out.contains("desk:alice") && ran.out.contains("desk:bob"), "{ran:?}");
    let ran = run(&["doctor"]);
    assert!(ran.succeeds().out.contains("desk:alice") && !ran.out.contains("tokenward login"), "{ran:?}");
    let exchanges = desk.sandbox.counters();
    for words in [&["login", "--user", "alice"][..], &["token", "--user", "alice"]] {
        run(words).fails(2, "--profile desk");
    }
    run(&["exec", "--user", "alice", "--", "true"]).fails(2, "--profile desk");
    assert_eq!(format!("{:?}", desk.sandbox.counters()), format!("{exchanges:?}"), "nothing is sent");
    let ran = run(&["login", "--user", "alice", "--profile", "desk"]);
    assert!(ran.succeeds().err.contains("already logged in"), "{ran:?}");

    // A site notes the token service of the logins that it keeps under the app's code.
    let notes = desk.home.join("bkoauth");
    std::fs::create_dir(&notes).unwrap();
    std::fs::write(notes.join("52926082b7c334fd52168872c1854847.service"), "ssm").unwrap();
    let ran = run(&["login", "--user", "carol"]);
    ran.fails(3, "TW0");
    run(&["login", "--user", "alice", "--profile", "demo-app"]).succeeds();
    let ran = run(&["status"]);
    assert!(ran.succeeds().out.contains("demo-app:alice") && ran.out.contains("desk:alice"), "{ran:?}");
    for words in [&["token", "--user", "alice"][..], &["refresh", "--user", "alice"], &["login", "--user", "alice"]] {
        run(words).succeeds();
    }
    let ran = run(&["list"]);
    assert!(!ran.succeeds().out.contains("default"), "{ran:?}");
}

/// Nothing is known of the app of a program's login: it is said whose it is, and that nobody was asked.
#[test]
fn a_programs_login_is_refreshed_and_asked_about_where_its_app_is_known() {
    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    std::fs::remove_file(desk.home.join("config.toml")).unwrap();
    for words in [
        &["refresh", "--profile", "desk", "--user", "alice"][..],
        &["refresh", "-p", "desk:alice"],
        &["refresh", "--user", "alice"],
        &["token", "-p", "desk:alice", "--min-ttl", "20h"],
    ] {
        let ran = desk.run(words);
        ran.fails(2, "desk:alice belongs to a program that brings its own settings");
        assert!(ran.err.contains("TW0204") && !ran.err.contains("init"), "{ran:?}");
    }
    desk.run(&["refresh", "-p", "desk:bob"]).fails(2, "TW0201");
    for words in [&["doctor", "--online"][..], &["doctor", "desk:alice", "--online"]] {
        let exchanges = desk.sandbox.counters();
        let ran = desk.run(words);
        assert!(ran.succeeds().err.contains("the provider was not asked"), "{ran:?}");
        assert!(ran.out.contains("TOKENWARD_APP_SECRET"), "{ran:?}");
        assert_eq!(format!("{:?}", desk.sandbox.counters()), format!("{exchanges:?}"), "nothing is sent");
    }
}

/// To forget a login of a site needs its name and no settings: without them the command says so, and not that nobody is logged in.
#[test]
fn a_login_of_a_site_is_forgotten_by_the_name_that_is_told() {
    let desk = Desk::new(Door::Ssm);
    for user in ["alice", "bob"] {
        desk.login_by_cookie(user).succeeds();
    }
    std::fs::remove_file(desk.home.join("config.toml")).unwrap();
    for words in [&["logout"][..], &["logout", "--user", "alice"], &["logout", "desk"]] {
        let ran = desk.run(words);
        let told = &ran.fails(2, "TW0204").err;
        assert!(told.contains("`tokenward logout --profile desk:alice`"), "{ran:?}");
        assert!(!told.contains("nobody is logged in") && !told.contains("init"), "{ran:?}");
        assert_eq!(told.contains("desk:bob"), !words.contains(&"--user"), "{ran:?}");
    }
    desk.run(&["logout", "--user", "carol"]).fails(2, "TW0204");
    desk.run(&["logout", "--profile", "desk:alice", "--yes"]).succeeds();
    let ran = desk.run(&["status"]);
    assert!(ran.succeeds().out.contains("desk:bob") && !ran.out.contains("desk:alice"), "{ran:?}");
}

/// A site that nobody has logged in to is not told to set something up here; a folder that is not there is named.
#[test]
fn a_sites_folder_without_a_login_is_told_as_one() {
    let desk = Desk::new(Door::Ssm);
    std::fs::remove_file(desk.home.join("config.toml")).unwrap();
    for words in ["status", "doctor"] {
        let ran = desk.run(&[words]);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains("manage.py check") && told.contains("Django"), "{ran:?}");
        let elsewhere = desk.home.join("elsewhere");
        let ran = desk.run(&["--home", elsewhere.to_str().unwrap(), words]);
        assert!(format!("{}{}", ran.out, ran.err).contains("does not exist"), "{ran:?}");
    }
}

/// A login that was made by hand before the site's own: the service has one token for the two, so the older is told.
#[test]
fn two_logins_of_one_user_beside_each_other_are_told() {
    let desk = Desk::new(Door::Ssm);
    desk.login_by_cookie("alice").succeeds();
    std::fs::remove_file(desk.home.join("config.toml")).unwrap();
    let service = desk.url(Door::Ssm);
    let variables = [
        ("TOKENWARD_PROVIDER", "blueking"),
        ("TOKENWARD_TOKEN_API", "ssm"),
        ("TOKENWARD_APP_ID", "demo-app"),
        ("TOKENWARD_APP_SECRET", desk.app.secret.as_str()),
        ("TOKENWARD_ACCOUNTS_URL", service.as_str()),
        ("TOKENWARD_BK_TOKEN", "bk_token-of-alice-that-nobody-may-see"),
    ];
    // As the sandbox prints it, and then the site.
    desk.run_with(&variables, &["login", "--user", "alice", "--profile", "default"]).succeeds();
    desk.run_with(&variables, &["login", "--user", "alice", "--profile", "demo-app"]).succeeds();
    let cases = [(&variables[..], &["doctor"][..]), (&variables, &["doctor", "default"]), (&[], &["doctor"])];
    for (variables, words) in cases {
        // Without the variables nobody knows which of two others it is.
        if variables.is_empty() {
            desk.run(&["logout", "--profile", "desk:alice", "--yes"]).succeeds();
        }
        let ran = desk.run_with(variables, words);
        assert_eq!(ran.out.matches("are two logins").count(), 1, "{ran:?}");
        assert!(ran.out.contains("default:alice and demo-app:alice are two logins"), "{ran:?}");
        assert!(ran.out.contains("`tokenward logout --profile default --user alice`"), "{ran:?}");
    }
    desk.run_with(&variables, &["logout", "--profile", "default", "--user", "alice", "--yes"]).succeeds();
    let ran = desk.run_with(&variables, &["doctor"]);
    assert!(!ran.out.contains("TW0925"), "{ran:?}");
}
