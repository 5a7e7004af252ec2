//! `adopt`: logins that stand in files, in pipes and in other tools' stores; the warning, the question, the way back.

use tokenward::core::Event;
use tokenward_emulator::SeededTokens;

use crate::project::Project;
use crate::world::{World, run, run_fed};

fn token_json(tokens: &SeededTokens) -> String {
    serde_json::json!({
        "access_token": tokens.access_token,
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token,
    })
    .to_string()
}

#[test]
fn a_token_file_is_taken_over_and_kept_in_step() {
    let project = Project::of(World::new());
    project.write("token.json", &token_json(&project.seeded()));
    let ran = project.run(&["adopt"]);
    assert!(ran.succeeds().out.contains("tokenward adopt token.json"), "{ran:?}");
    let ran = project.run(&["adopt", "token.json", "--json"]);
    let document = ran.succeeds().json();
    assert_eq!((document["outcome"].as_str(), document["user"]["name"].as_str()), (Some("new"), Some("Grace")));
    assert_eq!(document["link"]["state"], serde_json::Value::Null);
    let ran = project.run(&["token"]);
    assert!(project.read("token.json").contains(ran.succeeds().out.trim()) && project.is_true("token.json"));
    // Once more: it is known.
    assert_eq!(project.run(&["adopt", "token.json", "--json"]).succeeds().json()["outcome"], "known");
    assert!(project.run(&["adopt", "--json"]).succeeds().json()["files"].as_array().unwrap().is_empty());
}

#[test]
fn what_is_piped_in_is_taken_over_and_taken_back() {
    let project = Project::of(World::logged_in());
    let first = project.run(&["token"]).succeeds().out.clone();
    // Of the same user, so that one login replaces another of the same grant.
    let user = project.world.sandbox.current_tokens()[0].user.clone();
    let brought = project.world.sandbox.seed_grant(&project.world.app.id, &user, &["offline_access"]).unwrap();
    let ran = run_fed(&mut project.command(&["adopt", "-"]), &token_json(&brought));
    assert!(ran.succeeds().err.contains("must not refresh it"), "{ran:?}");
    let ran = project.run(&["adopt", "--undo"]);
    assert!(ran.succeeds().err.contains("before the import"), "{ran:?}");
    assert_eq!(project.run(&["token"]).succeeds().out, first, "the login of before serves again");
    let events: Vec<_> = project.journal("default").into_iter().map(|entry| entry.event).collect();
    assert!(
        events.iter().any(|event| matches!(event, Event::Adopted { source, .. } if source == "stdin")),
        "{events:#?}"
    );
    assert!(events.iter().any(|event| matches!(event, Event::TakenBack { refused: false, .. })), "{events:#?}");
    assert_eq!(project.world.sandbox.counters().refreshes, 0, "no refresh token was used");
}

/// What gave way to an adoption can be had again by its token; one that is over is told to be so, and nobody takes it for a login.
#[test]
fn a_login_that_gave_way_is_taken_over_once_more() {
    let project = Project::of(World::logged_in());
    let user = project.world.sandbox.current_tokens()[0].user.clone();
    let seeded = || project.world.sandbox.seed_grant(&project.world.app.id, &user, &["offline_access"]).unwrap();
    let (one, other) = (seeded(), seeded());
    let adopt = |tokens| run_fed(&mut project.command(&["adopt", "-", "--json"]), &token_json(tokens));
    for tokens in [&one, &other, &one] {
        let ran = adopt(tokens);
        let document = ran.succeeds().json();
        assert_eq!(document["outcome"], "renewed", "{ran:?}");
        assert!(document["user"]["name"].is_string() && !ran.err.contains("already"), "{ran:?}");
    }
    // It is tried by its first refresh, as one that is new.
    assert_eq!(project.world.sandbox.counters().refreshes, 0);
    project.run(&["refresh"]).succeeds();
    assert_eq!(adopt(&one).succeeds().json()["outcome"], "known", "of the present login, and spent");
    assert_eq!(adopt(&other).succeeds().json()["outcome"], "renewed");
    project.run(&["logout", "--yes"]).succeeds();
    for tokens in [&one, &other] {
        let ran = run_fed(&mut project.command(&["adopt", "-"]), &token_json(tokens));
        assert!(ran.fails(3, "TW0813").err.contains("tokenward login"), "{ran:?}");
        project.run(&["token"]).fails(3, "TW0401");
    }
}

#[test]
fn a_login_that_the_provider_refuses_gives_way_by_itself() {
    let project = Project::of(World::logged_in());
    let dead = r#"{"access_token": "u-dead-dead-dead-dead", "refresh_token": "ur-dead-dead-dead-dead"}"#;
    run_fed(&mut project.command(&["adopt", "-"]), dead).succeeds();
    let ran = project.run(&["token"]);
    assert!(project.present().1.iter().any(|token| *token == ran.succeeds().out.trim()), "{ran:?}");
    assert!(ran.err.contains("the previous one is restored"), "{ran:?}");
    let ran = project.run(&["adopt", "--undo"]);
    assert!(ran.fails(2, "TW0510").err.contains("already restored"), "{ran:?}");
    // Nor does a set of an earlier adoption come back for one that was refused.
    run_fed(&mut project.command(&["adopt", "-"]), &dead.replace("dead", "gone")).succeeds();
    project.run(&["adopt", "--undo"]).succeeds();
    run_fed(&mut project.command(&["adopt", "-"]), &dead.replace("dead", "past")).succeeds();
    let token = project.run(&["token"]).succeeds().out.clone();
    project.run(&["adopt", "--undo"]).fails(2, "TW0510");
    assert_eq!(project.run(&["token"]).succeeds().out, token);
}

#[test]
fn mistakes_are_told_in_a_sentence() {
    let project = Project::of(World::logged_in());
    for (input, code) in [
        ("", "TW0523"),
        ("{}", "TW0523"),
        (r#"{"code": 20064, "error": "invalid_grant"}"#, "20064"),
        ("no json", "TW0520"),
        (r#"{"access_token": "u-alone-alone-alone"}"#, "TW0510"),
        (
            r#"{"a": {"access_token": "u-1", "refresh_token": "ur-111111111111"}, "b": {"access_token": "u-2", "refresh_token": "ur-222222222222"}}"#,
            "TW0524",
        ),
    ] {
        run_fed(&mut project.command(&["adopt", "-"]), input).fails(2, code);
    }
    project.run(&["adopt", "nowhere.json"]).fails(2, "TW0210");
    project.run(&["adopt", "lark-mcp"]).fails(2, "TW0523");
    project.run(&["adopt", "--from", "oidc-agent"]).fails(2, "TW0523");
    project.run(&["adopt", "--undo", "x"]).fails(2, "TW0200");
    project.run(&["adopt", "--undo"]).fails(2, "TW0510");
    project.write("mcp.json", r#"{"mcpServers": {"lark": {"env": {"USER_ACCESS_TOKEN": "u-alone-alone-alone"}}}}"#);
    let ran = project.run(&["adopt", "mcp.json"]);
    assert!(ran.fails(2, "TW0510").err.contains("tokenward link"), "{ran:?}");
    assert_eq!(project.world.sandbox.counters().refreshes, 0);
}

#[test]
fn another_tools_store_is_asked_about() {
    let project = Project::of(World::new());
    let seeded = project.seeded();
    let home = project.folder.path();
    let accounts = home.join(".config/oidc-agent");
    std::fs::create_dir_all(&accounts).unwrap();
    std::fs::write(
        accounts.join("sealed"),
        "412\nc2FsdA==\nbm9uY2U=\nY2lwaGVy\nYmFzZTY0\nGenerated using version: 5.3.2\n",
    )
    .unwrap();
    let with_home = |words: &[&str]| run(project.command(words).env("HOME", home));
    // Found, shown with the way in, and sealed.
    let ran = with_home(&["adopt"]);
    assert!(ran.succeeds().out.contains("oidc-add --print sealed"), "{ran:?}");
    let ran = with_home(&["adopt", "--from", "oidc-agent"]);
    assert!(ran.fails(2, "TW0522").err.contains("oidc-add --print sealed"), "{ran:?}");
    // What `oidc-add --print` prints.
    let mut printed: serde_json::Value = serde_json::from_str(&token_json(&seeded)).unwrap();
    printed["issuer_url"] = "https://passport.example/".into();
    printed["name"] = "work".into();
    printed["client_id"] = project.world.app.id.clone().into();
    let ran = run_fed(project.command(&["adopt", "-"]).env("HOME", home), &printed.to_string());
    assert!(ran.succeeds().err.contains("oidc-add --remove"), "{ran:?}");
    assert!(ran.err.contains("do not use `oidc-gen --delete"), "{ran:?}");
    // As a file it is a store: nobody is there to say yes.
    std::fs::write(accounts.join("plain"), printed.to_string()).unwrap();
    let place = accounts.join("plain");
    let words = ["adopt", place.to_str().unwrap(), "--from", "oidc-agent"];
    assert!(with_home(&words).fails(2, "--yes").err.contains("cannot share one login"));
    with_home(&[&words[..], &["--yes"]].concat()).succeeds();
}
