//! No secret is seen where it does not belong (I4): not in arguments, logs, errors or files, whatever the command.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use tokenward_emulator::{Fault, FaultKind, Operation};
use url::Url;

use crate::world::{Ran, Started, World, files, get, run, run_fed};

const KEY: &str = "k3y-0f-the-vault-k3y-0f-the-vault";

/// Loud: everything that can be logged is.
fn loud(world: &World, words: &[&str]) -> Command {
    let mut command = world.command(&[words, &["-vv"]].concat());
    command.env("TOKENWARD_LOG", "trace").env("TOKENWARD_KEY", KEY).env("RUST_BACKTRACE", "full");
    command
}

struct Watch {
    secrets: Vec<String>,
    looked_at: usize,
}

impl Watch {
    fn also(&mut self, world: &World) {
        for secret in world.secrets() {
            if !self.secrets.contains(&secret) {
                self.secrets.push(secret);
            }
        }
    }

    fn text(&mut self, place: &str, text: &str) {
        self.looked_at += 1;
        for (number, secret) in self.secrets.iter().enumerate() {
            assert!(!text.contains(secret.as_str()), "secret {number} in {place}");
        }
    }

    /// Everything a command says where no token belongs.
    fn all_of(&mut self, place: &str, ran: &Ran) {
        self.text(&format!("stdout of {place}"), &ran.out);
        self.text(&format!("stderr of {place}"), &ran.err);
    }

    fn folder(&mut self, world: &World) {
        for file in files(&world.home) {
            let bytes = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            self.text(&file.display().to_string(), &text);
            let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
            assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", file.display());
        }
    }

    fn arguments(&mut self, place: &str, id: u32) {
        let read = || std::fs::read(format!("/proc/{id}/cmdline")).unwrap();
        // The list is empty for a moment while the kernel exchanges the program, and for good once it has ended.
        let mut words = read();
        while words.is_empty() {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
            assert!(!stat.rsplit(')').next().unwrap_or_default().trim().starts_with('Z'), "{place} has ended");
            words = read();
        }
        self.text(&format!("arguments of {place}"), &String::from_utf8_lossy(&words));
    }
}

#[test]
fn every_command_at_its_loudest() {
    let world = World::bare();
    let mut watch = Watch { secrets: vec![KEY.to_owned(), world.app.secret.clone()], looked_at: 0 };

    // Set up; the secret comes through stdin.
    let (open, accounts) = {
        let urls = world.sandbox.urls(tokenward_emulator::Brand::Feishu);
        (urls.open, urls.accounts)
    };
    let words = ["init", "--app-id", &world.app.id, "--app-secret-stdin", "--open-url", &open];
    let more = ["--accounts-url", &accounts, "--redirect-uri", "http://127.0.0.1/callback"];
    let mut init = loud(&world, &[&words[..], &more].concat());
    let mut child = init.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    watch.arguments("init", child.id());
    child.stdin.take().unwrap().write_all(world.app.secret.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    watch.text("stdout of init", &String::from_utf8_lossy(&output.stdout));
    watch.text("stderr of init", &String::from_utf8_lossy(&output.stderr));

    // Log in; the code is a secret too.
    let mut login = Started::new(&mut loud(&world, &["login", "--no-browser", "--port", "0"]));
    let url = Url::parse(&login.line()).unwrap();
    watch.arguments("login", login.id());
    let location = Url::parse(&get(&url).1.unwrap()).unwrap();
    watch.secrets.push(location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned());
    get(&location);
    let ran = login.finish();
    watch.also(&world);
    watch.all_of("login", ran.succeeds());
    world.sandbox.rules(|rules| rules.lifetimes.device_interval = 1);
    let ran = run(&mut loud(&world, &["login", "--device"]));
    watch.also(&world);
    watch.all_of("login --device", ran.succeeds());

    // Commands that print a token print it on stdout only.
    for words in [&["token"][..], &["token", "--json"], &["token", "--as", "app"], &["token", "--as", "tenant"]] {
        let ran = run(&mut loud(&world, words));
        watch.also(&world);
        if words.len() == 3 {
            watch.secrets.push(ran.out.trim().to_owned());
        }
        watch.text(&format!("stderr of {words:?}"), &ran.succeeds().err);
    }
    let mut exec = Started::new(&mut loud(&world, &["exec", "--", "sh", "-c", "echo on; exec sleep 20"]));
    assert_eq!(exec.line(), "on");
    watch.arguments("exec", exec.id());
    let environment = std::fs::read(format!("/proc/{}/environ", exec.id())).unwrap();
    assert!(!String::from_utf8_lossy(&environment).contains(KEY));
    exec.signal("KILL");
    watch.all_of("exec", &exec.finish());

    // Every other command says nothing of them, done or failed.
    let quiet: &[&[&str]] = &[
        &["refresh"],
        &["refresh", "--json"],
        &["status"],
        &["status", "--json"],
        &["list"],
        &["list", "--json"],
        &["vault", "info"],
        &["vault", "info", "--json"],
        &["completions", "bash"],
        &["man"],
        &["token", "-p", "nobody"],
        &["exec", "--", "no-such-program"],
        &["logout"],
    ];
    for words in quiet {
        let ran = run(&mut loud(&world, words));
        watch.also(&world);
        watch.all_of(&format!("{words:?}"), &ran);
    }
    let answers = [
        FaultKind::Code { code: 20072, status: None },
        FaultKind::Code { code: 20063, status: None },
        FaultKind::Html { status: 502 },
        FaultKind::Empty { status: 200 },
        FaultKind::Cut { bytes: 700 },
    ];
    for answer in answers {
        world.sandbox.inject(Fault::new(answer.clone()).when(Operation::Refresh));
        let ran = run(&mut loud(&world, &["refresh"]));
        watch.also(&world);
        watch.all_of(&format!("refresh with {answer:?}"), &ran);
        watch.folder(&world);
        // Whatever became of that, the next round starts from a login that lives.
        world.sandbox.clear_faults();
        world.sandbox.rules(|rules| rules.grace_seconds = 3600);
        run(&mut loud(&world, &["refresh"]));
        watch.also(&world);
    }
    watch.folder(&world);

    linked_files(&world, &mut watch);
    vault_and_paste(&world, &mut watch);
    // A stop against a test that looks at nothing.
    assert!(watch.looked_at > 80, "{}", watch.looked_at);
    assert!(watch.secrets.len() > 10, "{}", watch.secrets.len());
}

/// The commands about files that hold tokens: the tokens are in those files, and in no word about them.
fn linked_files(world: &World, watch: &mut Watch) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (env, token, mcp) = (path(".env"), path("token.json"), path("mcp.json"));
    let user = world.sandbox.user("Grace");
    let seeded = world.sandbox.seed_grant(&world.app.id, &user.id, &["offline_access"]).unwrap();
    let brought = serde_json::json!({ "access_token": seeded.access_token, "refresh_token": seeded.refresh_token });
    std::fs::write(&token, brought.to_string()).unwrap();
    let broken = format!("{brought}}}");
    std::fs::write(path("broken.json"), &broken).unwrap();
    let server =
        serde_json::json!({ "mcpServers": { "lark": { "env": { "USER_ACCESS_TOKEN": seeded.access_token } } } });
    std::fs::write(&mcp, server.to_string()).unwrap();
    watch.also(world);
    let broken = path("broken.json");
    let commands: &[&[&str]] = &[
        &["link", &env, "--create"],
        &["link", &env],
        &["link", &mcp, "--json"],
        &["link", &broken],
        &["link", &mcp, "--access", &seeded.access_token],
        &["links"],
        &["links", "--json"],
        &["adopt", &broken],
        &["adopt", &token, "--json", "-p", "default"],
        &["refresh"],
        &["adopt", "--undo"],
        &["links", "--lang", "zh"],
        &["watch", "nobody"],
        &["unlink", &token],
        &["unlink", &mcp, "--json"],
    ];
    for words in commands {
        let ran = run(&mut loud(world, words));
        watch.also(world);
        watch.all_of(&format!("{words:?}"), &ran);
    }
    watch.all_of("adopt -", &run_fed(&mut loud(world, &["adopt", "-"]), &brought.to_string()));
    watch.all_of("adopt - (broken)", &run_fed(&mut loud(world, &["adopt", "-"]), &format!("{brought}}}")));
    let mut following = Started::new(&mut loud(world, &["watch", "--json"]));
    following.line();
    std::fs::write(&env, "FEISHU_USER_REFRESH_TOKEN=\n").unwrap();
    following.line();
    watch.arguments("watch", following.id());
    following.signal("INT");
    watch.all_of("watch", &following.finish());
    run(&mut loud(world, &["unlink", &env])).succeeds();
    watch.folder(world);
}

/// The commands that move the vault and its keys, a pasted address, and the end.
fn vault_and_paste(world: &World, watch: &mut Watch) {
    // The vault's own commands: the copy's key comes through stdin, and the new wrapping key from a file.
    let kept = tempfile::tempdir().unwrap();
    let (copy, new_key) = (kept.path().join("copy"), kept.path().join("new-key"));
    let (copy, new_key) = (copy.to_str().unwrap(), new_key.to_str().unwrap());
    let copy_key = "c0py-key-c0py-key-c0py-key";
    std::fs::write(new_key, "n3w-key-n3w-key-n3w-key").unwrap();
    watch.secrets.extend([copy_key.to_owned(), "n3w-key-n3w-key-n3w-key".to_owned()]);
    for words in [&["vault", "backup", copy, "--key-stdin"][..], &["vault", "restore", copy, "--key-stdin", "--yes"]] {
        let ran = run_fed(&mut loud(world, words), copy_key);
        watch.all_of(&format!("{words:?}"), ran.succeeds());
    }
    watch.text("the copy", &String::from_utf8_lossy(&std::fs::read(copy).unwrap()));
    watch.folder(world);
    let ran = run(&mut loud(world, &["vault", "rekey", "--new-key-file", new_key]));
    watch.all_of("vault rekey", ran.succeeds());
    watch.folder(world);
    let reopened = |words: &[&str]| {
        let mut command = loud(world, words);
        command.env_remove("TOKENWARD_KEY").env("TOKENWARD_KEY_FILE", new_key);
        run(&mut command)
    };
    watch.all_of("refresh after rekey", reopened(&["refresh"]).succeeds());
    watch.also(world);
    watch.folder(world);

    // A pasted redirect URL holds a code.
    let mut paste = loud(world, &["login", "--paste"]);
    paste.env_remove("TOKENWARD_KEY").env("TOKENWARD_KEY_FILE", new_key);
    let bad = "http://127.0.0.1/callback?code=a-c0de-that-nobody-should-see&state=wrong";
    watch.secrets.push("a-c0de-that-nobody-should-see".to_owned());
    let ran = run_fed(&mut paste, bad);
    assert_eq!(ran.code, 2, "{ran:?}");
    watch.all_of("login --paste", &ran);

    for words in [&["logout", "--yes", "--revoke"][..], &["token"], &["status"]] {
        watch.all_of(&format!("{words:?}"), &reopened(words));
    }
    watch.folder(world);
}

/// The demo's secrets are its own, so nothing that is as long as one may be said, however loud it is.
#[test]
fn the_demo_and_the_sandbox_say_no_token() {
    let world = World::bare();
    let ran = run(loud(&world, &["demo"]).env_remove("TOKENWARD_HOME"));
    let long = |text: &str| {
        let is_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
        text.split(|c| !is_token(c)).find(|run| run.len() >= 64).map(str::to_owned)
    };
    assert_eq!(long(&ran.succeeds().out), None);
    assert_eq!(long(&ran.err), None);
    // The sandbox gives its app's secret to whom it starts, by the environment and not by arguments.
    let ran = run(&mut loud(
        &world,
        &["sandbox", "--", "sh", "-c", "tr '\\0' ' ' </proc/$PPID/cmdline; echo; echo $TOKENWARD_APP_SECRET"],
    ));
    let (arguments, secret) = ran.succeeds().out.trim_end().split_once('\n').unwrap();
    assert!(secret.len() >= 16 && !arguments.contains(secret), "{ran:?}");
    assert!(!ran.err.contains(secret), "{ran:?}");
}

#[test]
fn the_folder_is_closed_to_others_and_mended_with_a_word() {
    let world = World::logged_in();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    let vault = world.home.join("vault");
    assert_eq!((mode(&world.home), mode(&vault)), (0o700, 0o700));
    for file in files(&world.home) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    std::fs::set_permissions(&vault, std::fs::Permissions::from_mode(0o755)).unwrap();
    let ran = world.run(&["status"]);
    assert!(ran.succeeds().err.contains("0755") && ran.err.contains("0700"), "{ran:?}");
    assert_eq!(mode(&vault), 0o700);
}
