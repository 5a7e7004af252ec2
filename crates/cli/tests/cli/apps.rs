//! Apps that change under a login: the login waits for its own app and is not spent on another.

use tokenward_emulator::{AppSpec, Brand};

use crate::world::{World, run_fed};

#[test]
fn a_profile_that_was_given_to_another_app_needs_a_login_and_the_old_one_is_kept() {
    let mut world = World::logged_in();
    let first = std::mem::replace(
        &mut world.app,
        world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback")),
    );
    world.init(&["--app", "other", "--profile", "default"]).fails(2, "belongs to app default");
    world.init(&["--app", "other"]).succeeds();
    // By hand it can still be done.
    let path = world.home.join("config.toml");
    let good = world.config();
    std::fs::write(&path, good.replace("app = \"default\"", "app = \"other\"")).unwrap();
    world.advance(7260);
    let variables = [("TOKENWARD_CLOCK_OFFSET", "7260")];
    for words in [&["token"][..], &["refresh"], &["exec", "true"]] {
        world.run_with(&variables, words).fails(3, "belongs to app default");
    }
    assert_eq!(world.sandbox.counters().refreshes, 0, "no token of one app goes to another");
    std::fs::write(&path, good).unwrap();
    world.app = first;
    world.run_with(&variables, &["token"]).succeeds();
}

#[test]
fn an_app_id_that_changed_under_its_name_loses_no_login() {
    let mut world = World::logged_in();
    let first = std::mem::replace(
        &mut world.app,
        world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback")),
    );
    // Somebody is logged in with the app: without a terminal and without a yes it is not replaced.
    let before = world.config();
    let ran = world.init(&[]);
    assert!(ran.fails(2, "TW0212").err.contains(&first.id), "{ran:?}");
    assert!(ran.err.contains("--app NAME") && ran.err.contains("--yes"), "{ran:?}");
    assert_eq!(world.config(), before);
    world.init(&["--yes"]).succeeds();
    // From then on the login is known to be the other app's, before any refresh is tried.
    for words in [&["token"][..], &["refresh"], &["status"]] {
        world.run(words).fails(3, &first.id);
    }
    let doctor = world.run(&["doctor"]);
    assert!(doctor.out.contains(&first.id), "{doctor:?}");
    world.advance(7260);
    let variables = [("TOKENWARD_CLOCK_OFFSET", "7260")];
    let ran = world.run_with(&variables, &["token"]);
    assert_ne!(ran.code, 0, "{ran:?}");
    assert_eq!(world.sandbox.counters().refreshes, 0, "no token of one app goes to another");
    world.app = first;
    world.init(&[]).succeeds();
    let ran = world.run_with(&variables, &["token"]);
    assert_eq!(ran.code, 0, "the login came back with its app: {ran:?}");
}

/// What `config.toml` or a variable says of an app may change without `init`: nobody wrote down there which app the login is of.
#[test]
fn a_login_says_itself_which_app_it_is_of() {
    let world = World::logged_in();
    let other = world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback"));
    let good = world.config();
    std::fs::write(world.home.join("config.toml"), good.replace(&world.app.id, &other.id)).unwrap();
    world.advance(7260);
    let variables = [("TOKENWARD_CLOCK_OFFSET", "7260"), ("TOKENWARD_APP_SECRET", &*other.secret)];
    for words in [&["token"][..], &["refresh"], &["exec", "true"], &["watch", "default"]] {
        let ran = world.run_with(&variables, words);
        assert!(ran.fails(3, &world.app.id).err.contains("belongs to another app"), "{words:?}: {ran:?}");
        assert!(ran.err.contains(&format!("logs in with {}", other.id)), "{words:?}: {ran:?}");
    }
    // By where the id comes from; each way leads back.
    let by_variable = [("TOKENWARD_APP_ID", &*other.id), ("TOKENWARD_APP_SECRET", &*other.secret)];
    let ran = world.run_with(&by_variable, &["refresh"]);
    assert!(ran.fails(3, "TW0401").err.contains(&format!("TOKENWARD_APP_ID names {}: unset it", other.id)), "{ran:?}");
    let way = format!("config set apps.default.app_id {}", world.app.id);
    let ran = world.run_with(&variables, &["refresh"]);
    assert!(ran.fails(3, "TW0401").err.contains(&format!("`tokenward {way}`")), "{ran:?}");
    let wrong = world.config();
    world.run(&way.split(' ').collect::<Vec<_>>()).succeeds();
    world.run(&["token", "--json"]).succeeds();
    std::fs::write(world.home.join("config.toml"), wrong).unwrap();
    let status = world.run_with(&variables, &["status"]);
    assert!(status.fails(3, "belongs to another app").err.contains(&world.app.id), "{status:?}");
    let doctor = world.run_with(&variables, &["doctor"]);
    let told = doctor.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&format!("is of another app, {}", world.app.id)), "{doctor:?}");
    assert!(!told.contains("withdr"), "{doctor:?}");
    // Where all logins are shown it is no valid one either.
    let list = world.run_with(&variables, &["list"]);
    assert!(list.succeeds().out.contains("login required") && !list.out.contains("valid"), "{list:?}");
    assert!(list.err.contains("belongs to another app") && list.err.contains(&way), "{list:?}");
    let json = world.run_with(&variables, &["list", "--json"]).json();
    assert_eq!(json["logins"][0]["status"], "login-required", "{json}");
    assert_eq!(world.sandbox.counters().refreshes, 0, "no token of one app goes to another");
    // Told back, it is what it was; and the other's login is the other's.
    std::fs::write(world.home.join("config.toml"), &good).unwrap();
    world.run_with(&variables[..1], &["token"]).succeeds();
    std::fs::write(world.home.join("config.toml"), good.replace(&world.app.id, &other.id)).unwrap();
    world.login_with(&variables, &[]).succeeds();
    world.run_with(&variables, &["refresh"]).succeeds();
    std::fs::write(world.home.join("config.toml"), &good).unwrap();
    world.run_with(&variables[..1], &["refresh"]).fails(3, &other.id);
}

/// Profiles are the arguments of `watch`, and its advice names the one that is meant.
#[test]
fn advice_of_a_watch_names_the_profile() {
    let world = World::logged_in();
    world.login(&["-p", "work"]).succeeds();
    let other = world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback"));
    std::fs::write(world.home.join("config.toml"), world.config().replace(&world.app.id, &other.id)).unwrap();
    let variables = [("TOKENWARD_APP_SECRET", &*other.secret)];
    let ran = world.run_with(&variables, &["watch", "work"]);
    assert!(ran.fails(3, "TW0401").err.contains("`tokenward login --profile work`"), "{ran:?}");
    let ran = world.run_with(&variables, &["watch", "default", "work"]);
    assert!(ran.fails(3, "TW0401").err.contains("`tokenward login`"), "{ran:?}");
}

#[test]
fn a_login_of_one_app_is_not_handed_out_for_another() {
    let world = World::logged_in();
    let token = world.run(&["token"]).succeeds().out.clone();
    let path = world.home.join("config.toml");
    let before = world.config();
    let apps = before.split_once("[apps.default]").unwrap().1.split_once("[profiles").unwrap().0;
    let after = before.replace("app = \"default\"", "app = \"other\"");
    std::fs::write(&path, format!("{after}\n[apps.other]\n{apps}")).unwrap();
    // The short way and the long way, and the way of a forced rotation.
    for words in [&["token"][..], &["token", "--json"], &["refresh"]] {
        let ran = world.run_with(&[("TOKENWARD_APP_SECRET", &world.app.secret)], words);
        ran.fails(3, "TW0401");
        assert!(!ran.out.contains(token.trim()));
    }
    assert_eq!(world.sandbox.counters().refreshes, 0);
    std::fs::write(&path, before).unwrap();
    assert_eq!(world.run(&["token"]).succeeds().out, token);
}

/// The access token is still good, so it is the short way that would hand it out.
#[test]
fn a_good_token_is_handed_out_in_no_form_once_the_settings_name_another_app() {
    let world = World::logged_in();
    let token = world.run(&["token"]).succeeds().out.clone();
    let other = world.sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback"));
    let forms = [
        &["token"][..],
        &["token", "--format", "env"],
        &["token", "--format", "dotenv"],
        &["token", "--format", "header"],
        &["token", "--json"],
        &["token", "-v"],
        &["status"],
        &["doctor"],
    ];
    let good = world.config();
    let by_variable = [("TOKENWARD_APP_ID", &*other.id), ("TOKENWARD_APP_SECRET", &*other.secret)];
    for variables in [&by_variable[..], &by_variable[1..]] {
        if variables.len() == 1 {
            std::fs::write(world.home.join("config.toml"), good.replace(&world.app.id, &other.id)).unwrap();
        }
        // More than once: what the long way has looked at must not open the short one.
        for words in forms.iter().chain(&forms) {
            let ran = world.run_with(variables, words);
            assert_eq!(ran.code, 3, "{words:?}: {ran:?}");
            assert!(!ran.out.contains(token.trim()) && format!("{}{}", ran.out, ran.err).contains(&world.app.id));
        }
        let status = world.run_with(variables, &["status", "--json"]);
        let told: serde_json::Value = serde_json::from_str(&status.out).unwrap();
        assert_eq!((status.code, told["login"]["status"].as_str()), (3, Some("login-required")), "{status:?}");
    }
    std::fs::write(world.home.join("config.toml"), &good).unwrap();
    assert_eq!(world.run(&["token"]).succeeds().out, token);
    assert_eq!(world.sandbox.counters().refreshes, 0);
}

/// A hint says `init` for a secret that was wrong. What nobody speaks of again stays, so that the new secret goes to the app's own server.
#[test]
fn an_app_that_is_set_up_once_more_keeps_what_is_not_given_again() {
    let world = World::bare();
    world.init(&["--scope", "wiki:wiki", "--token-api", "v2"]).succeeds();
    let before = world.config();
    let secret = world.app.secret.clone();
    for words in [
        &["init", "--app-secret-stdin"][..],
        &["init", "--app-id", &world.app.id, "--app-secret-stdin"],
        &["init", "--app", "default", "--provider", "feishu", "--app-secret-stdin"],
    ] {
        let ran = run_fed(&mut world.command(words), &secret);
        ran.succeeds();
        assert_eq!(world.config(), before, "{words:?}: {ran:?}");
        assert!(ran.err.contains("kept as it was: ") && ran.err.contains("accounts_url"), "{ran:?}");
        assert!(!ran.err.contains("could not be checked"), "the app's own server was asked: {ran:?}");
    }
    // One setting is another, the rest stays.
    let words = ["init", "--scope", "im:message", "--app-secret-stdin"];
    run_fed(&mut world.command(&words), &secret).succeeds();
    assert_eq!(world.config(), before.replace("wiki:wiki", "im:message"));
    // Nobody is asked here, so the stored secret stays as well; and where somebody is logged in, no login is advised.
    world.login(&[]).succeeds();
    let ran = world.run(&["init", "--scope", "wiki:wiki"]);
    assert!(ran.succeeds().err.contains("next step: tokenward token"), "{ran:?}");
    assert_eq!(world.config(), before);
    // A provider that was never written down is the one that its hosts say, or Feishu.
    let lines: Vec<_> = before.lines().filter(|line| !line.starts_with("provider")).collect();
    let bare = lines.join("\n");
    std::fs::write(world.home.join("config.toml"), &bare).unwrap();
    let ran = world.run(&["init", "--provider", "feishu", "--app-id", &world.app.id]);
    assert!(ran.succeeds().err.contains("accounts_url"), "{ran:?}");
    assert!(world.config().contains("accounts_url") && world.config().contains("scopes"));
    // An app that moves to other addresses under a login is asked about.
    let words = ["init", "--provider", "lark", "--app-id", &world.app.id, "--no-check", "--app-secret-stdin"];
    let ran = run_fed(&mut world.command(&words), &secret);
    ran.fails(2, "TW0212");
    world.run(&["logout", "--yes"]).succeeds();
    // Another app does not inherit the addresses, and it is said what went.
    let words = ["init", "--app-id", "cli_0000000000000000", "--no-check", "--app-secret-stdin"];
    let ran = run_fed(&mut world.command(&words), &secret);
    ran.succeeds();
    let config = world.config();
    assert!(!config.contains("url") && !config.contains("im:message"), "{config}");
    for gone in ["another app now", "open_url", "accounts_url", "scopes", "token_api"] {
        assert!(ran.err.contains(gone), "{gone}: {ran:?}");
    }
}

/// An id is no app by itself: the same one at another provider is another app, and both are named.
#[test]
fn a_login_of_the_same_id_at_another_provider_is_told_by_the_provider() {
    let world = World::logged_in();
    let config = world.config();
    std::fs::write(world.home.join("config.toml"), config.replace("\"feishu\"", "\"lark\"")).unwrap();
    let ran = world.run(&["refresh"]);
    ran.fails(3, "TW0401");
    let id = &world.app.id;
    assert!(ran.err.contains(&format!("is of {id} at feishu, and the settings name {id} at lark now")), "{ran:?}");
    assert!(ran.err.contains("`tokenward init --provider feishu`"), "{ran:?}");
}

/// The stored secret is used, and a file that holds another one is named: either may be the newer.
#[test]
fn a_file_with_another_secret_than_the_stored_one_is_named() {
    let world = World::bare();
    world.init(&[]).succeeds();
    let file = world.home.join("app.env");
    let text = |secret: &str| format!("FEISHU_APP_ID={}\nFEISHU_APP_SECRET={secret}\n", world.app.id);
    std::fs::write(&file, text("another-secret-0123456789abcdef")).unwrap();
    let ran = world.login(&["--env-file", file.to_str().unwrap()]);
    ran.succeeds();
    assert!(
        ran.err.contains("is not the one stored for app default") && ran.err.contains("tokenward init --app default")
    );
    assert!(!ran.err.contains("another-secret"), "{ran:?}");
    std::fs::write(&file, text(&world.app.secret)).unwrap();
    let ran = world.login(&["--env-file", file.to_str().unwrap()]);
    ran.succeeds();
    assert!(!ran.err.contains("is not the one stored"), "{ran:?}");
}

/// A secret that is changed makes no profile that nobody logs in under.
#[test]
fn an_app_that_has_a_profile_gets_no_other_when_it_is_set_up_again() {
    let world = World::new();
    world.init(&["--app", "lab", "--profile", "anna"]).succeeds();
    let ran = world.init(&["--app", "lab"]);
    assert!(ran.succeeds().err.contains("tokenward login"), "{ran:?}");
    let config = std::fs::read_to_string(world.home.join("config.toml")).unwrap();
    assert!(config.contains("[profiles.anna]") && !config.contains("[profiles.lab]"), "{config}");
}
