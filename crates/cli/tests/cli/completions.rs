//! What the completions of bash offer, and the program that they ask; zsh and fish are in `tests/machine/shells.rs`.

use std::process::Command;

use crate::world::World;

/// What may stand in place of the last word.
fn offered(world: &World, words: &[&str]) -> Vec<String> {
    let ran = world.run(&[&["__complete", "--"], words].concat());
    assert_eq!(ran.succeeds().err, "");
    ran.out.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

fn two_profiles() -> World {
    let world = World::logged_in();
    let config = world.config() + "\n[profiles.lab]\napp = \"default\"\n";
    std::fs::write(world.home.join("config.toml"), config).unwrap();
    world
}

#[test]
fn profiles_values_and_linked_files_are_offered() {
    let world = two_profiles();
    let env = world.home.with_file_name("work.env");
    world.run(&["link", env.to_str().unwrap(), "--create", "-p", "default"]).succeeds();
    for (words, expected) in [
        (&["status", "-p", ""][..], &["default", "lab"][..]),
        (&["status", "--profile", "l"], &["lab"]),
        (&["status", ""], &["default", "lab"]),
        (&["doctor", "l"], &["lab"]),
        (&["watch", "lab", "d"], &["default"]),
        (&["profile", "use", ""], &["default", "lab"]),
        (&["profile", "re"], &["rename", "remove"]),
        (&["stat"], &["status"]),
        (&["-p", "lab", "stat"], &["status"]),
        (&["init", "--provider", ""], &["feishu", "lark", "blueking", "oauth2"]),
        (&["refresh", "--provider", ""], &["feishu", "lark"]),
        (&["init", "--token-api", "v"], &["v3", "v2"]),
        (&["init", "--dialect", "s"], &["ssm"]),
        (&["init", "--client-authentication", ""], &["basic", "body", "none"]),
        (&["init", "--fallback", ""], &["true", "false"]),
        (&["token", "--format", "h"], &["header"]),
        (&["token", "--format", "=", "h"], &["header"]),
        (&["unlink", ""], &[env.to_str().unwrap()]),
        (&["login", "--app", ""], &["default"]),
        (&["help", "vault", "b"], &["backup"]),
        (&["token", "--min"], &["--min-ttl"]),
        (&["exec", "--", ""], &[":commands"]),
        (&["exec", ""], &[":commands"]),
        (&["exec", "--", "cat", ""], &[":files"]),
        (&["link", ""], &[":files"]),
        (&["man", "--out", ""], &[":folders"]),
        (&["token", "--min-ttl", ""], &[]),
        (&["api", "--header", ""], &[]),
    ] {
        let mut found = offered(&world, words);
        let mut expected: Vec<_> = expected.iter().map(|word| (*word).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{words:?}");
    }
    // A command's own options come before those of every command.
    let options = offered(&world, &["logout", "-"]);
    let at = |name: &str| options.iter().position(|option| option == name).unwrap();
    assert!(at("--revoke") < at("--profile"), "{options:?}");
    let codes = offered(&world, &["explain", "TW04"]);
    assert!(codes.len() > 10 && codes.contains(&"TW0401".to_owned()));
    // No vault, no settings: what is there is offered, and nothing is made.
    let bare = World::bare();
    assert_eq!(offered(&bare, &["unlink", ""]), [""; 0]);
    assert!(!bare.home.exists());
}

/// Where they are installed as the help says, they complete as the program tells.
#[test]
fn bash_completes_by_them() {
    let world = two_profiles();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tokenward.bash"), world.run(&["completions", "bash"]).succeeds().out.clone())
        .unwrap();
    std::fs::write(folder.path().join("a file"), "").unwrap();
    let complete = |line: &str| {
        let script = format!(
            "source ./tokenward.bash; complete -p tokenward >/dev/null || exit 9; COMP_WORDS=({line}); \
             COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMP_WORDS[0]=$T; _tokenward; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &script]).current_dir(folder.path()).env_clear().env("PATH", "/usr/bin:/bin");
        let output =
            bash.env("T", env!("CARGO_BIN_EXE_tokenward")).env("TOKENWARD_HOME", &world.home).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("tokenward token -p ''"), ["default", "lab"]);
    assert_eq!(complete("tokenward status l"), ["lab"]);
    assert_eq!(complete("tokenward link a"), ["a file"]);
    assert!(complete("tokenward exec -- tr").contains(&"true".to_owned()));
    assert!(complete("tokenward").is_empty() || !complete("tokenward ''").is_empty());
}
