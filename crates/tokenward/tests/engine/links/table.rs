//! Every row of the table of design/0000-charter.md §7: what a file shows, what is said of it, what is done.

use std::fs;
use std::os::unix::fs::symlink;

use tokenward::core::ports::Adopted;
use tokenward::core::{Code, Event, Format, Generation, NewLink, Place, Slot, Standing};
use tokenward::links::{FileComparison, LinkOutcome};

use tokenward_emulator::{Fault, Operation};

use super::{ACCESS, Desk, REFRESH, env, value, work};

#[tokio::test]
async fn a_file_in_step_is_left_alone() {
    let desk = Desk::new().await;
    desk.in_step(".env").await;
    let (refresh, _) = desk.present();
    let before = desk.read(".env");
    assert_eq!(before, env(&refresh, &value(&before, ACCESS)), "only the named values were touched");
    assert!(desk.tend(false).await.is_empty(), "nothing is out of step, so nothing is looked at");
    assert!(matches!(desk.tend(true).await[..], [LinkOutcome::InStep]));
    assert_eq!(desk.read(".env"), before);
    // Touched and unchanged: a new receipt, nothing else.
    desk.write(".env", &before);
    assert!(matches!(desk.tend(false).await[..], [LinkOutcome::InStep]));
    assert!(desk.tend(false).await.is_empty());
}

#[tokio::test]
async fn an_old_access_token_beside_the_present_refresh_token_is_replaced() {
    let desk = Desk::new().await;
    let (refresh, _) = desk.present();
    desk.write(".env", &env(&refresh, "u-old"));
    assert!(matches!(desk.found(".env").await, FileComparison::Behind));
    assert!(matches!(desk.tend(false).await[..], [LinkOutcome::Delivered { .. }]));
    desk.in_step(".env").await;
}

#[tokio::test]
async fn an_older_generation_is_healed_and_journalled() {
    let desk = Desk::new().await;
    let backup = desk.read(".env");
    desk.world.expire();
    let handed = desk.token().await;
    assert!(handed.rotated && handed.notices.is_empty(), "what we delivered ourselves is no news: {handed:?}");
    desk.in_step(".env").await;
    desk.write(".env", &backup);
    let found = desk.found(".env").await;
    assert!(
        matches!(found, FileComparison::Stale { grant, held } if grant == desk.id && held == Generation::FIRST),
        "{found:?}"
    );
    assert!(matches!(desk.tend(false).await[..], [LinkOutcome::Healed { held: Generation::FIRST, .. }]));
    desk.in_step(".env").await;
    let healings = |events: &[Event]| events.iter().filter(|event| matches!(event, Event::Healed { .. })).count();
    assert_eq!(healings(&desk.events().await), 1);
    assert_eq!(desk.world.sandbox.counters().refreshes, 1);
}

#[tokio::test]
async fn a_login_that_lost_its_profile_is_stale() {
    let desk = Desk::new().await;
    let adas = desk.read(".env");
    let (refresh, access) = desk.made_elsewhere("Bob");
    desk.write(".env", &env(&refresh, &access));
    // A person says that the profile is Bob's from now on.
    let report = desk.links.adopt_file(&desk.world.app, &desk.env(".env", "work"), true).await.unwrap();
    assert!(matches!(report.adopted, Adopted::TookOver { previous, .. } if previous == desk.id), "{report:?}");
    // Ada's grant lives, and has no profile any more.
    assert!(desk.keeper.status(desk.id).await.unwrap().grant.profile.is_none());
    desk.write(".env", &adas);
    assert!(matches!(desk.found(".env").await, FileComparison::Stale { grant, .. } if grant == desk.id));
    let adas = |grant| grant == desk.id;
    assert!(matches!(desk.tend(false).await[..], [LinkOutcome::Replaced { grant, is_kept: true, .. }] if adas(grant)));
    assert_eq!(value(&desk.read(".env"), REFRESH), refresh);
}

/// Bob logged in as `home` and lost that name, or logged in as `work` and was kept aside: his token is none that `work` had, and its file is
/// not written over by Ada's login.
#[tokio::test]
async fn a_login_that_lost_another_profile_or_never_had_one_is_left() {
    let desk = Desk::new().await;
    let consents = |name: &str| {
        let user = Some(desk.world.sandbox.user(name).id);
        desk.world.sandbox.rules(|rules| rules.consent = tokenward_emulator::Consent::Auto { user });
    };
    consents("Bob");
    let (bob, _) = desk.world.log_in(&desk.keeper, "home").await;
    desk.write("home.env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env("home.env", "home"), true).await.unwrap();
    let bobs = desk.read("home.env");
    consents("Carol");
    let carol = desk.world.log_in_by(&desk.keeper, "home", true).await.unwrap().report.grant.id;
    assert_ne!(carol, bob);
    consents("Dave");
    let error = desk.world.try_log_in(&desk.keeper, "work").await.unwrap_err();
    let dave = error.aside().unwrap();
    let daves = desk.world.parts().await.vault.copy(dave).await.unwrap();
    let access = daves.grant.access.unwrap().token.expose().to_owned();
    let daves = env(daves.refresh.unwrap().expose(), &access);
    for (text, theirs) in [(&bobs, bob), (&daves, dave)] {
        desk.write(".env", text);
        for _ in 0..2 {
            let found = desk.found(".env").await;
            assert!(matches!(found, FileComparison::OfAnotherUser { grant, .. } if grant == theirs), "{found:?}");
            let done = desk.tend(true).await;
            assert!(matches!(done[..], [LinkOutcome::Left(FileComparison::OfAnotherUser { .. })]), "{done:?}");
            assert_eq!(desk.read(".env"), *text);
        }
    }
    // The profile that had it follows by itself: a person gave its name to Carol.
    desk.write("home.env", &bobs);
    let home = "home".parse().unwrap();
    desk.links.reconcile(&desk.world.app, &home, true, std::time::Duration::from_secs(20)).await.unwrap();
    assert!(matches!(desk.found("home.env").await, FileComparison::InStep));
}

/// Whose a file is does not change because its login was refreshed since: what it shows may be old, and is its profile's all the same.
#[tokio::test]
async fn a_token_of_another_profile_is_left_whatever_its_generation() {
    let desk = Desk::new().await;
    let (home, _) = desk.world.log_in(&desk.keeper, "home").await;
    desk.write("home.env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env("home.env", "home"), true).await.unwrap();
    let first = desk.read("home.env");

    desk.write(".env", &first);
    let found = desk.found(".env").await;
    assert!(matches!(&found, FileComparison::OfAnother { profile } if profile.as_str() == "home"), "{found:?}");
    assert!(matches!(&desk.tend(false).await[..], [LinkOutcome::Left(FileComparison::OfAnother { .. })]));
    assert_eq!(desk.read(".env"), first, "left as it is");
    assert!(desk.tend(false).await.is_empty(), "known trouble is left alone for a while");

    for over in [false, true] {
        if over {
            desk.world.sandbox.inject(Fault::code(20064).when(Operation::Refresh));
        }
        assert_eq!(desk.keeper.renew(&desk.world.app, home).await.is_err(), over);
        let found = desk.found(".env").await;
        assert!(
            matches!(&found, FileComparison::OfAnother { profile } if profile.as_str() == "home"),
            "{over} {found:?}"
        );
        assert!(matches!(&desk.tend(true).await[..], [LinkOutcome::Left(FileComparison::OfAnother { .. })]), "{over}");
        let error = desk.links.link(&desk.world.app, desk.env(".env", "work"), false).await.unwrap_err();
        assert_eq!(error.code(), Code::AnotherProfile, "{over}");
        assert_eq!(desk.read(".env"), first, "{over}");
    }
    // A person wants it to show the login of `work`: nobody uses that token any more.
    desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
    assert!(matches!(desk.found(".env").await, FileComparison::InStep));
    assert_ne!(value(&desk.read(".env"), REFRESH), value(&desk.read("home.env"), REFRESH));
}

#[tokio::test]
async fn an_unknown_token_is_adopted_and_rotated() {
    let desk = Desk::new().await;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    assert!(matches!(desk.found(".env").await, FileComparison::Newer));
    let outcomes = desk.tend(false).await;
    assert!(
        matches!(outcomes[..], [LinkOutcome::Adopted { grant, previous: None }] if grant == desk.id),
        "{outcomes:?}"
    );
    let events = desk.events().await;
    let adopted = events.iter().find_map(|event| match event {
        Event::Adopted { source, replaced, .. } => Some((source.clone(), *replaced)),
        _ => None,
    });
    assert_eq!(adopted, Some((desk.path(".env").display().to_string(), Some(Generation::FIRST))));
    assert!(desk.keeper.status(desk.id).await.unwrap().grant.on_trial);
    let handed = desk.token().await;
    assert!(handed.rotated);
    assert!(!desk.keeper.status(desk.id).await.unwrap().grant.on_trial);
    desk.in_step(".env").await;
    assert_eq!(desk.replays(), 0);
    // The token of the file is never mistaken for new again.
    desk.write(".env", &env(&refresh, &access));
    assert!(matches!(desk.tend(false).await[..], [LinkOutcome::Healed { .. }]));
}

#[tokio::test]
async fn the_first_login_of_a_profile_may_come_from_a_file() {
    let desk = Desk::unlinked().await;
    let (refresh, access) = desk.made_elsewhere("Eve");
    desk.write("new.env", &env(&refresh, &access));
    let (_, report) = desk.links.link(&desk.world.app, desk.env("new.env", "new"), false).await.unwrap();
    let LinkOutcome::Adopted { grant, previous: None } = report.outcome else { panic!("{report:?}") };
    let report = desk.keeper.status(grant).await.unwrap();
    assert_eq!(report.grant.subject.and_then(|subject| subject.name).as_deref(), Some("Eve"), "its access token told");
    assert!(report.grant.access.is_none(), "nobody knows how long that one lives");
    let profile = "new".parse().unwrap();
    let handed = desk.keeper.access_as(&desk.world.app, &profile, tokenward::core::TokenWish::default()).await.unwrap();
    assert!(handed.rotated && handed.grant == grant);
}

#[tokio::test]
async fn nothing_and_no_token_are_left_until_a_person_asks() {
    let desk = Desk::new().await;
    for (content, blank) in
        [(env("", "u-x"), true), ("OTHER=1\n".to_owned(), true), (env("<paste here>", "u-x"), false)]
    {
        desk.write(".env", &content);
        let found = desk.found(".env").await;
        assert!(
            if blank { matches!(found, FileComparison::Blank) } else { matches!(found, FileComparison::Malformed) },
            "{found:?}"
        );
        assert!(matches!(
            desk.tend(false).await[..],
            [LinkOutcome::Left(FileComparison::Blank | FileComparison::Malformed)]
        ));
        assert_eq!(desk.read(".env"), content);
        let (_, report) = desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
        assert!(matches!(report.outcome, LinkOutcome::Delivered { .. }), "{report:?}");
        desk.in_step(".env").await;
    }
    assert_eq!(desk.links.states(None).await.unwrap().len(), 1, "one link, asked for again");
    // A reference is another program's business, whoever asks.
    let content = env("${TOKEN}", "u-x");
    desk.write(".env", &content);
    assert!(matches!(desk.found(".env").await, FileComparison::Reference));
    let (_, report) = desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
    assert!(matches!(report.outcome, LinkOutcome::Left(FileComparison::Reference)), "{report:?}");
    assert_eq!(desk.read(".env"), content);
}

/// `login --env-file .env` on a file with a token of old: the vault's login goes in, the other is kept aside.
#[tokio::test]
async fn a_file_that_a_person_wants_filled_does_not_push_the_login_out() {
    let desk = Desk::unlinked().await;
    let before = desk.keeper.status(desk.id).await.unwrap().grant;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
    let after = desk.keeper.status(desk.id).await.unwrap().grant;
    assert_eq!(after.access, before.access);
    assert_ne!(value(&desk.read(".env"), REFRESH), refresh);
    assert!(matches!(desk.found(".env").await, FileComparison::InStep));
    // It is a login of its own, and lives.
    let kept = desk.keeper.without_profile().await.unwrap();
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(kept.grant.subject.as_ref().and_then(|user| user.name.as_deref()), Some("Ada"));
    assert!(desk.keeper.renew(&desk.world.app, kept.grant.id).await.unwrap().rotated);
}

#[tokio::test]
async fn a_file_that_is_not_there_is_made_where_a_person_asks() {
    let desk = Desk::unlinked().await;
    let error = desk.links.link(&desk.world.app, desk.env("new.env", "work"), false).await.unwrap_err();
    assert_eq!(error.code(), Code::FileUnusable, "{error}");
    assert!(desk.links.states(None).await.unwrap().is_empty());
    desk.links.link(&desk.world.app, desk.env("new.env", "work"), true).await.unwrap();
    desk.in_step("new.env").await;
}

#[tokio::test]
async fn json_that_is_not_there_is_made_too() {
    let desk = Desk::unlinked().await;
    let link = NewLink {
        profile: work(),
        file: desk.path("token.json"),
        format: Format::Json,
        places: [
            (Slot::AccessToken, Place::keys(["access_token"])),
            (Slot::RefreshToken, Place::keys(["refresh_token"])),
        ]
        .into(),
    };
    desk.links.link(&desk.world.app, link, true).await.unwrap();
    let shown: serde_json::Value = serde_json::from_str(&desk.read("token.json")).unwrap();
    assert_eq!(shown["refresh_token"], desk.present().0);
    assert!(matches!(desk.found("token.json").await, FileComparison::InStep));
}

/// A profile that names another app now: its file is not written with the first app's tokens, nor is a login in it adopted.
#[tokio::test]
async fn another_apps_profile_is_left_alone() {
    let desk = Desk::new().await;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    let other = tokenward::core::App { name: "other".parse().unwrap(), ..desk.world.app.clone() };
    let reports = desk.links.reconcile(&other, &work(), true, std::time::Duration::from_secs(5)).await.unwrap();
    assert!(matches!(reports[0].outcome, LinkOutcome::Left(FileComparison::WithoutLogin)), "{reports:?}");
    assert_eq!(desk.read(".env"), env(&refresh, &access));
    let error = desk.keeper.access_as(&other, &work(), tokenward::core::TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::NotLoggedIn);
    assert!(matches!(desk.found(".env").await, FileComparison::Newer));
}

#[tokio::test]
async fn an_access_token_alone_is_compared_and_replaced() {
    let desk = Desk::unlinked().await;
    let config =
        "{\n  // MCP\n  \"mcpServers\": {\"lark\": {\"args\": [\"-u\", \"u-old\"], \"env\": {\"A\": \"1\"}}},\n}\n";
    desk.write("mcp.json", config);
    let place = Place::Path(
        ["mcpServers", "lark", "args"]
            .map(|key| tokenward::core::PathStep::Key(key.into()))
            .into_iter()
            .chain([tokenward::core::PathStep::After("-u".into())])
            .collect(),
    );
    let link = NewLink {
        profile: work(),
        file: desk.path("mcp.json"),
        format: Format::Json,
        places: [(Slot::AccessToken, place)].into(),
    };
    let (_, report) = desk.links.link(&desk.world.app, link, false).await.unwrap();
    assert!(matches!(report.outcome, LinkOutcome::Delivered { .. }), "{report:?}");
    for _ in 0..2 {
        let access = desk.token().await.access.token;
        assert_eq!(desk.read("mcp.json"), config.replace("u-old", access.expose()));
        desk.world.expire();
    }
}

#[tokio::test]
async fn numbers_beside_the_tokens_follow_and_stay_numbers() {
    let desk = Desk::unlinked().await;
    desk.write(
        "token.json",
        r#"{"access_token": "", "token_type": "Bearer", "expires_in": 1, "expires_at": 1.5, "refresh_token": null, "scope": "x"}"#,
    );
    let places = [
        (Slot::AccessToken, "access_token"),
        (Slot::RefreshToken, "refresh_token"),
        (Slot::ExpiresIn, "expires_in"),
        (Slot::ExpiresAt, "expires_at"),
        (Slot::Scope, "scope"),
    ];
    let link = NewLink {
        profile: work(),
        file: desk.path("token.json"),
        format: Format::Json,
        places: places.map(|(slot, key)| (slot, Place::keys([key]))).into(),
    };
    desk.links.link(&desk.world.app, link, true).await.unwrap();
    let handed = desk.token().await;
    let shown: serde_json::Value = serde_json::from_str(&desk.read("token.json")).unwrap();
    assert_eq!(shown["access_token"], handed.access.token.expose());
    assert_eq!(shown["refresh_token"], desk.present().0);
    assert_eq!(shown["expires_in"], handed.access.lifetime().as_secs());
    let expires = handed.access.expires.as_millisecond();
    let end = format!("{:.3}", shown["expires_at"].as_f64().unwrap());
    assert_eq!(end, format!("{}.{:03}", expires / 1000, expires % 1000), "a fraction stays one");
    assert!(shown["scope"].as_str().unwrap().contains("offline_access"));
    assert_eq!(shown["token_type"], "Bearer");
    assert!(matches!(desk.found("token.json").await, FileComparison::InStep));
}

#[tokio::test]
async fn without_a_login_there_is_nothing_to_write() {
    let desk = Desk::new().await;
    let before = desk.read(".env");
    desk.keeper.logout(Some(&desk.world.app), desk.id, false).await.unwrap();
    assert!(matches!(desk.found(".env").await, FileComparison::WithoutLogin));
    assert!(matches!(desk.tend(false).await[..], [LinkOutcome::Left(FileComparison::WithoutLogin)]));
    assert_eq!(desk.read(".env"), before);
    // The profile's next login is followed.
    let (again, report) = desk.world.log_in(&desk.keeper, "work").await;
    assert_ne!(again, desk.id);
    assert!(report.notices.is_empty(), "a delivery like any other: {:?}", report.notices);
    desk.in_step(".env").await;
}

#[tokio::test]
async fn a_login_that_is_dead_is_kept_in_step_and_revived_by_a_file() {
    let desk = Desk::new().await;
    // Another tool used the refresh token, and its new one is in the file (design/0000-charter.md §5, a foreign
    // spender).
    desk.world.expire();
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.world.sandbox.inject(tokenward_emulator::Fault::code(20064).when(tokenward_emulator::Operation::Refresh));
    let error = desk.keeper.access(&desk.world.app, desk.id, tokenward::core::TokenWish::default()).await.unwrap_err();
    assert_eq!(error.code(), Code::ForeignSpender, "{error}");
    assert!(matches!(desk.keeper.status(desk.id).await.unwrap().grant.standing, Standing::NeedsConsent { .. }));
    desk.write(".env", &env(&refresh, &access));
    let handed = desk.token().await;
    assert!(handed.rotated);
    desk.in_step(".env").await;
}

#[tokio::test]
async fn places_that_clash_are_refused() {
    let desk = Desk::new().await;
    desk.world.log_in(&desk.keeper, "home").await;
    symlink(desk.path(".env"), desk.path("link.env")).unwrap();
    let link = |name: &str, profile: &str| desk.links.link(&desk.world.app, desk.env(name, profile), false);
    let code = |result: Result<_, tokenward::Error>| result.map(|_: (tokenward::core::Link, _)| ()).unwrap_err().code();
    assert_eq!(code(link(".env", "home").await), Code::PlaceTaken);
    assert_eq!(code(link("link.env", "home").await), Code::PlaceTaken, "by another path");
    let nothing = NewLink { places: [].into(), ..desk.env(".env", "work") };
    assert_eq!(code(desk.links.link(&desk.world.app, nothing, false).await), Code::PlaceUnclear);
    fs::copy(desk.path(".env"), desk.path("copy.env")).unwrap();
    assert_eq!(code(link("copy.env", "home").await), Code::AnotherProfile);
    let found = desk.links.of_file(&desk.path("link.env"), None).await.unwrap();
    assert_eq!(found.len(), 1, "found by either path");
    desk.links.unlink(found[0].id).await.unwrap();
    assert_eq!(desk.links.unlink(found[0].id).await.unwrap_err().code(), Code::LinkNotFound);
    assert_eq!(desk.links.of_file(&desk.path(".env"), None).await.unwrap_err().code(), Code::LinkNotFound);
}
