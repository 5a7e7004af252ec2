//! A secret where something else was expected is not repeated (I4), whatever is said of it.

use crate::world::{World, run};

const SECRETS: [&str; 4] = [
    "GOCSPX-aBcDeFgHiJkLmNoPqRsTuVwXyZ12",
    "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWl0",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "3sqcJQ6XnDgYpEOR6G1mgdGM+SMPnJtgk6pGSmIZ5GU=",
];

/// Where a secret stands as `{}`.
const FILES: [&[&str]; 26] = [
    &["init", "--app-secret-file", "{}"],
    &["init", "--secret-file={}"],
    &["login", "--env-file", "{}"],
    &["login", "--cookie-file", "{}"],
    &["token", "--env-file", "{}"],
    &["exec", "--env-file", "{}", "--", "true"],
    &["exec", "--", "{}"],
    &["sandbox", "--", "{}"],
    &["refresh", "--config-file", "{}"],
    &["refresh", "-r", "@{}"],
    &["refresh", "-a", "@{}"],
    &["link", "{}"],
    &["link", "--create", "{}"],
    &["unlink", "{}"],
    &["links", "{}"],
    &["adopt", "{}"],
    &["adopt", "--key-file", "{}"],
    &["adopt", "--bkoauth", "{}"],
    &["adopt", "--bkoauth", "@{}"],
    &["api", "/open-apis/x", "-d", "@{}"],
    &["api", "/open-apis/x", "-F", "file=@{}"],
    &["api", "/open-apis/x", "-o", "{}"],
    &["proxy", "--secret-file", "{}"],
    &["vault", "backup", "{}"],
    &["vault", "restore", "copy", "--key-file", "{}"],
    &["vault", "restore", "{}"],
];

#[test]
fn a_secret_in_the_place_of_a_file_is_not_repeated() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    for words in FILES {
        for (secret, more) in
            SECRETS.into_iter().zip([&["--json"][..], &[], &["--lang", "zh"], &["--lang", "zh", "--json"]])
        {
            let given: Vec<_> = words.iter().map(|word| word.replace("{}", secret)).collect();
            // What follows the name of a command belongs to it.
            let (first, rest) = given.split_at(1);
            let all: Vec<_> = first
                .iter()
                .map(String::as_str)
                .chain(more.iter().copied())
                .chain(rest.iter().map(String::as_str))
                .collect();
            let ran = run(world.command(&all).current_dir(folder.path()));
            assert_eq!(ran.code, 2, "{words:?}: {ran:?}");
            assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{words:?}: {ran:?}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{words:?}");
        }
    }
}

#[test]
fn a_token_in_the_place_of_a_name_is_not_repeated() {
    let world = World::logged_in();
    for words in [
        &["status", "-p", "{}"][..],
        &["status", "--user", "{}"],
        &["logout", "--login", "{}", "-y"],
        &["adopt", "--login", "{}", "-p", "lab"],
        &["link", "x.env", "--server", "{}"],
        &["explain", "{}"],
        &["token", "{}"],
        &["{}"],
        &["login", "--{}"],
    ] {
        for secret in &SECRETS[..3] {
            let given: Vec<_> = words.iter().map(|word| word.replace("{}", secret)).collect();
            let given: Vec<_> = given.iter().map(String::as_str).collect();
            for more in [&[][..], &["--json"]] {
                let ran = world.run(&[more, &given[..]].concat());
                assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{words:?}: {ran:?}");
                assert_ne!(ran.code, 0, "{words:?}: {ran:?}");
            }
        }
    }
}

/// Variables and settings name files as well.
#[test]
fn a_key_in_the_place_of_its_files_name_is_not_repeated() {
    let world = World::logged_in();
    for secret in SECRETS {
        let ran = world.run_with(&[("TOKENWARD_KEY_FILE", secret)], &["status"]);
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{ran:?}");
        assert_eq!(ran.code, 2, "{ran:?}");
    }
}

/// `./` makes a name of everything, and what is there is a name.
#[test]
fn a_file_that_is_named_so_is_used() {
    let world = World::logged_in();
    let folder = tempfile::tempdir().unwrap();
    let odd = SECRETS[0];
    let backup = |file: &str| run(world.command(&["vault", "backup", file]).current_dir(folder.path()));
    backup(odd).fails(2, "TW0200");
    backup(&format!("./{odd}")).succeeds();
    let ran = backup(odd);
    assert!(ran.fails(2, "exists").err.contains(odd), "it is a file's name: {ran:?}");
    for name in ["backup20241129", "vault-copy-20241129T140500", "copy"] {
        backup(name).succeeds();
    }
}
