//! Completions in shells that not every machine has.

use std::path::Path;
use std::process::Command;

use crate::world::World;

/// A shell of that name.
fn has(shell: &str) -> bool {
    ["/usr/bin", "/bin", "/usr/local/bin"].iter().any(|folder| Path::new(folder).join(shell).exists())
}

pub(crate) fn has_zsh() -> Result<(), &'static str> {
    has("zsh").then_some(()).ok_or("there is no zsh here")
}

pub(crate) fn has_fish() -> Result<(), &'static str> {
    has("fish").then_some(()).ok_or("there is no fish here")
}

/// Ada's login, a second profile, and the script of a shell.
fn stand(shell: &str) -> (World, tempfile::TempDir) {
    let world = World::logged_in();
    let config = world.config() + "\n[profiles.lab]\napp = \"default\"\n";
    std::fs::write(world.home.join("config.toml"), config).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("script"), world.run(&["completions", shell]).succeeds().out.clone()).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tokenward"), folder.path().join("tokenward")).unwrap();
    (world, folder)
}

fn lines(world: &World, folder: &Path, shell: &[&str], script: &str) -> Vec<String> {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg(script).current_dir(folder).env_clear();
    command.env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", folder.display())).env("HOME", folder);
    let output = command.env("TOKENWARD_HOME", &world.home).env("LANG", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.split('\t').next().unwrap().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// fish itself is asked what it would offer.
pub(crate) fn fish_completes_profiles_values_and_commands() {
    let (world, folder) = stand("fish");
    let offered = |line: &str| {
        let script = format!("source script; complete -C '{line}'");
        lines(&world, folder.path(), &["fish", "--no-config", "-c"], &script)
    };
    assert_eq!(offered("tokenward token -p "), ["default", "lab"]);
    assert_eq!(offered("tokenward status l"), ["lab"]);
    assert_eq!(offered("tokenward profile re"), ["remove", "rename"]);
    assert_eq!(offered("tokenward init --client-authentication b"), ["basic", "body"]);
    assert!(offered("tokenward link scr").contains(&"script".to_owned()));
    assert!(offered("tokenward exec -- tokenw").contains(&"tokenward".to_owned()));
}

/// zsh runs the function; what its own helpers are given is printed in their place.
pub(crate) fn zsh_completes_profiles_values_and_commands() {
    let (world, folder) = stand("zsh");
    let offered = |typed: &str, prefix: &str| {
        let script = format!(
            "compdef() {{ :; }}; _describe() {{ print -rl -- ${{(P)4}}; }}; _files() {{ print FILES; }}; \
             _command_names() {{ print COMMANDS; }}; source ./script; \
             words=(tokenward {typed} '{prefix}'); CURRENT=$#words; PREFIX='{prefix}'; _tokenward || true"
        );
        let found = lines(&world, folder.path(), &["zsh", "-f", "-c"], &script);
        found.iter().map(|line| line.split(':').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(offered("token -p", ""), ["default", "lab"]);
    assert_eq!(offered("status", "l"), ["lab"]);
    assert_eq!(offered("profile", "re"), ["rename", "remove"]);
    assert_eq!(offered("init --client-authentication", "b"), ["basic", "body"]);
    assert_eq!(offered("link", ""), ["FILES"]);
    assert_eq!(offered("exec --", ""), ["COMMANDS"]);
}
