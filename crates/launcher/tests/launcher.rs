//! The launcher as a package installs it: `bin/tokenward` in a tree whose `lib/tokenward/tokenward` is the command. A shell stands in for the
//! command here, so that a test sees what came to it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use tokenward_emulator::{Sandbox, SandboxOptions};
use tokenward_testkit::{Stand, login_request};

/// A tree with both programs, and a home with a login.
struct Tree {
    folder: TempDir,
    stand: Option<Stand>,
}

impl Tree {
    /// Without a login.
    fn new() -> Self {
        let built = Path::new(env!("CARGO_BIN_EXE_tokenward-launcher"));
        // On the same disk, so that the program is the built one under another path.
        let folder = tempfile::tempdir_in(built.parent().unwrap()).unwrap();
        std::fs::create_dir_all(folder.path().join("bin")).unwrap();
        std::fs::create_dir_all(folder.path().join("lib/tokenward")).unwrap();
        std::fs::hard_link(built, folder.path().join("bin/tokenward")).unwrap();
        std::os::unix::fs::symlink("/bin/sh", folder.path().join("lib/tokenward/tokenward")).unwrap();
        Self { folder, stand: None }
    }

    async fn with_login() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(3), ..SandboxOptions::default() }).await.unwrap();
        let stand = Stand::feishu(sandbox);
        let (app, hosts) = (&stand.app, &stand.app.hosts);
        let config = format!(
            "[apps.work]\nprovider = \"feishu\"\napp_id = \"{}\"\nopen_url = \"{}\"\naccounts_url = \"{}\"\n\
             [profiles.work]\napp = \"work\"\n[profiles.other]\napp = \"work\"\n",
            app.client_id, hosts.open, hosts.accounts
        );
        std::fs::write(stand.folder.path().join("config.toml"), config).unwrap();
        let session = stand.session(|options| options).await.unwrap();
        let request = login_request("contact:user.base:readonly");
        stand.log_in(session.keeper(), &"work".parse().unwrap(), request).await.unwrap();
        session.close().await.unwrap();
        Self { stand: Some(stand), ..Self::new() }
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("bin/tokenward")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program());
        command.args(arguments).env_clear().stdin(Stdio::null());
        command.env("TOKENWARD_HOME", self.stand.as_ref().map_or(self.folder.path(), |stand| stand.folder.path()));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn token(&self) -> String {
        self.stand.as_ref().unwrap().sandbox.current_tokens()[0].access_tokens[0].token.clone()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_there_is_printed_and_nothing_is_started() {
    let tree = Tree::with_login().await;
    let token = tree.token();
    for (arguments, line) in [
        (&["token"][..], format!("{token}\n")),
        (&["-p", "work", "token", "--min-ttl", "1h"], format!("{token}\n")),
        (&["token", "--profile=work", "--format", "env"], format!("export TOKENWARD_ACCESS_TOKEN='{token}'\n")),
        (&["token", "--profile=work", "--format=dotenv"], format!("TOKENWARD_ACCESS_TOKEN={token}\n")),
    ] {
        let mut command = tree.command(arguments);
        let output = command.env("TOKENWARD_PROFILE", "work").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        assert_eq!((text(&output.stdout), text(&output.stderr)), (line.as_str(), ""), "{arguments:?}");
    }
    let counted = tree.stand.as_ref().unwrap().sandbox.counters();
    assert_eq!(counted.refreshes, 0);
}

/// Each of these would be another answer than a plain token: the shell is asked to run a script called `token`, and has none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_it_cannot_answer_goes_to_the_command() {
    let tree = Tree::with_login().await;
    for (arguments, variable) in [
        (&["token", "--profile", "other"][..], ("LANG", "C")),
        (&["token", "--profile", "work", "--min-ttl", "9h"], ("LANG", "C")),
        (&["token", "--profile", "work", "--format", "json"], ("LANG", "C")),
        (&["token", "--profile", "work"], ("TOKENWARD_LOG", "debug")),
        (&["token", "--profile", "work"], ("TOKENWARD_CLOCK_OFFSET", "9000")),
        (&["token", "--profile", "work"], ("TOKENWARD_KILL_AT", "sent")),
    ] {
        let output = tree.command(arguments).env(variable.0, variable.1).output().unwrap();
        assert!(output.status.code().is_some_and(|code| code > 1), "{arguments:?} {variable:?}: {output:?}");
        assert!(output.stdout.is_empty() && text(&output.stderr).contains("token"), "{output:?}");
    }
    // What cannot be written is the command's to tell.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = tree.command(&["token", "--profile", "work"]).stdout(full).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code > 1), "{output:?}");
}

#[test]
fn the_command_gets_the_words_and_the_process_and_its_exit_code_counts() {
    let tree = Tree::new();
    let output = tree.run(&["-c", "printf '%s|' \"$0\" \"$@\"; echo oops >&2; exit 7", "a b", "", "*"]);
    assert_eq!(output.status.code(), Some(7));
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("a b||*|", "oops\n"));
    // In its place, not beside it.
    let child = tree.command(&["-c", "echo $$"]).stdout(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout).trim(), id.to_string());
    // A link from elsewhere leads to the same tree.
    let link = tree.folder.path().join("link");
    std::os::unix::fs::symlink(tree.program(), &link).unwrap();
    let output = Command::new(&link).args(["-c", "exit 9"]).output().unwrap();
    assert_eq!(output.status.code(), Some(9));
}

#[test]
fn a_command_that_is_not_there_is_told_in_both_languages() {
    let tree = Tree::new();
    std::fs::remove_file(tree.folder.path().join("lib/tokenward/tokenward")).unwrap();
    for (lang, sentence) in
        [("en_GB.UTF-8", "cannot start its main program"), ("zh_CN.UTF-8", "无法启动 tokenward 的主程序")]
    {
        let output = tree.command(&["status"]).env("LANG", lang).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let told = text(&output.stderr);
        assert!(told.contains(sentence) && told.contains("lib/tokenward/tokenward"), "{told}");
        assert!(output.stdout.is_empty() && told.lines().count() == 1, "{told}");
    }
}
