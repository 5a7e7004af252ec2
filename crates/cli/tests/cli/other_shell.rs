//! An app that only the variables of a shell describe: what other shells are told, and where a wrong secret is to be put right.

use tokenward_emulator::{Brand, Fault, Operation};

use crate::world::World;

/// The variables that describe the app of a sandbox, as it prints them.
fn variables(world: &World) -> Vec<(&'static str, String)> {
    vec![
        ("TOKENWARD_PROVIDER", "feishu".to_owned()),
        ("TOKENWARD_APP_ID", world.app.id.clone()),
        ("TOKENWARD_APP_SECRET", world.app.secret.clone()),
        ("TOKENWARD_OPEN_URL", world.sandbox.open_url(Brand::Feishu)),
        ("TOKENWARD_ACCOUNTS_URL", world.sandbox.accounts_url(Brand::Feishu)),
        ("TOKENWARD_REDIRECT_URI", "http://127.0.0.1/callback".to_owned()),
    ]
}

fn borrowed<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn a_shell_without_the_variables_of_a_login_is_told_that_there_is_one() {
    let world = World::bare();
    let own = variables(&world);
    world.login_with(&borrowed(&own), &[]).succeeds();
    for words in
        [&["token"][..], &["status"], &["refresh"], &["whoami"], &["token", "-p", "default"], &["exec", "true"]]
    {
        let ran = world.run(words);
        let code = if words.contains(&"-p") { "TW0201" } else { "TW0204" };
        let told = &ran.fails(2, code).err;
        assert!(told.contains("there is a login (default)") && told.contains(&world.app.id), "{words:?}: {ran:?}");
        assert!(told.contains("`tokenward init`") && !told.contains("Django"), "{words:?}: {ran:?}");
        assert!(!told.contains("nobody is logged in"), "{words:?}: {ran:?}");
    }
    assert!(world.run(&["token", "--lang", "zh"]).err.contains("已有登录（default）"));
    // To forget it, its name is enough.
    let ran = world.run(&["logout", "--yes"]);
    assert!(ran.fails(2, "TW0204").err.contains("`tokenward logout --profile default`"), "{ran:?}");
    for words in [&["doctor"][..], &["doctor", "default"]] {
        let ran = world.run(words);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.out.contains("there is a login (default)") && ran.out.contains("logged in"), "{ran:?}");
        assert!(ran.err.contains("problems: 1,") && !ran.out.contains("TW0201"), "{ran:?}");
    }
    // Where nobody has logged in, it is told to set something up, and sites come after that.
    world.run(&["logout", "--profile", "default", "--yes"]).succeeds();
    let ran = world.run(&["token"]);
    let told = &ran.fails(2, "TW0204").err;
    let (init, site) = (told.find("tokenward init").unwrap(), told.find("Django").unwrap());
    assert!(init < site && !told.contains("there is a login"), "{ran:?}");
    // What is advised helps.
    world.login_with(&borrowed(&own), &[]).succeeds();
    world.run_with(&borrowed(&own), &["init"]).succeeds();
    world.run(&["token"]).succeeds();
    assert!(world.run(&["doctor"]).succeeds().err.contains("no problems"));
}

#[test]
fn a_wrong_secret_of_a_variable_is_told_by_the_variable_wherever_it_is_met() {
    let world = World::logged_in();
    let wrong = [("TOKENWARD_APP_SECRET", "wrong-secret-0123456789abcdef012")];
    let hint = "the App Secret comes from TOKENWARD_APP_SECRET";
    world.run_with(&wrong, &["refresh"]).fails(6, "TW0701");
    for words in [&["doctor"][..], &["doctor", "--online"]] {
        let ran = world.run_with(&wrong, words);
        assert!(ran.out.contains("TW0701") && ran.out.replace('\n', " ").contains(hint), "{words:?}: {ran:?}");
        assert!(!ran.out.contains("tokenward init"), "{words:?}: {ran:?}");
    }
    let own = variables(&world);
    let mut all = borrowed(&own);
    all.retain(|(name, _)| *name != wrong[0].0);
    all.push(wrong[0]);
    let ran = world.run_with(&all, &["init", "--app", "second"]);
    let told = &ran.fails(6, "TW0701").err;
    assert!(told.contains(hint) && !told.contains("run `tokenward init`"), "{ran:?}");
    // A secret that was given otherwise is not the variable's.
    let ran = crate::world::run_fed(
        world.command(&["init", "--app", "third", "--app-secret-stdin"]).envs(all.iter().copied()),
        "another-wrong-secret-0123456789abc",
    );
    assert!(!ran.fails(6, "TW0701").err.contains(hint), "{ran:?}");
    // Without the variable the vault's is used, and is told as before.
    world.sandbox.inject(Fault::code(20002).when(Operation::Refresh));
    let ran = world.run(&["refresh"]);
    assert!(ran.fails(6, "TW0701").err.contains("tokenward init") && !ran.err.contains(hint), "{ran:?}");
}

/// `init` after logins under names of their own: each goes on, and is known in every shell.
#[test]
fn logins_under_other_names_stay_good_when_their_app_is_saved() {
    let world = World::bare();
    let own = variables(&world);
    for profile in ["ada", "ming"] {
        world.login_with(&borrowed(&own), &["--profile", profile]).succeeds();
    }
    let ran = world.run_with(&borrowed(&own), &["init"]);
    assert!(ran.succeeds().err.contains("ada, ming"), "{ran:?}");
    for profile in ["ada", "ming"] {
        world.run(&["token", "-p", profile]).succeeds();
        world.run_with(&borrowed(&own), &["token", "-p", profile]).succeeds();
        world.run(&["refresh", "-p", profile]).succeeds();
    }
    world.run(&["profile", "use", "ada"]).succeeds();
    world.run(&["token"]).succeeds();
    // An app of another id leaves them as they are.
    let other = World::bare();
    let own = variables(&other);
    other.login_with(&borrowed(&own), &["--profile", "ada"]).succeeds();
    let mut second = borrowed(&own);
    second.retain(|(name, _)| *name != "TOKENWARD_APP_ID");
    second.push(("TOKENWARD_APP_ID", "cli_another"));
    let ran = other.run_with(&second, &["init", "--no-check"]);
    assert!(!ran.succeeds().err.contains("ada"), "{ran:?}");
}
