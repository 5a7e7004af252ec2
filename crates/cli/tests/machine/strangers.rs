//! Two users of one machine: Ada keeps her login, Mallory looks at everything and plants what she can (I8).
//!
//! Only root can be two users. As anybody else the modes are read instead.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Ran, Started, World, browse, files, run, run_fed};

const ADA: u32 = 61_001;
const MALLORY: u32 = 61_002;

/// A machine with a folder of Ada's, as open as homes are by default, and one where everybody can put files.
struct Machine {
    world: World,
    ground: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let ground = tempfile::tempdir().unwrap();
        let mut world = World::bare();
        world.home = ground.path().join("ada/.tokenward");
        let machine = Self { world, ground };
        mode(machine.ground.path(), 0o755);
        // Where the tests are built, nobody else may come. It is copied by another process: a file that this one writes is open in
        // whatever another thread starts at that moment, and cannot be run as long as it is (ETXTBSY).
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_tokenward")).arg(machine.path("tokenward")).status();
        assert!(copied.unwrap().success());
        for (folder, open) in [("ada", 0o755), ("tmp", 0o1777)] {
            fs::create_dir(machine.path(folder)).unwrap();
            mode(&machine.path(folder), open);
        }
        machine.give("ada", ADA);
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.ground.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn give(&self, name: &str, user: u32) {
        if two_users() {
            chown(self.path(name), Some(user), Some(user)).unwrap();
        }
    }

    fn plant(&self, name: &str, content: &str, open: u32) {
        fs::write(self.path(name), content).unwrap();
        mode(&self.path(name), open);
        self.give(name, MALLORY);
    }

    fn command(&self, user: u32, words: &[&str]) -> Command {
        let mut command = Command::new(self.path("tokenward"));
        let home = &self.world.home;
        command.args(words).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        command.env("TOKENWARD_HOME", home).current_dir(self.path("ada")).stdin(std::process::Stdio::null());
        become_user(&mut command, user);
        command
    }

    fn ada(&self, words: &[&str]) -> Ran {
        run(&mut self.command(ADA, words))
    }

    fn init(&self) -> Ran {
        let brand = tokenward_emulator::Brand::Feishu;
        let (open, accounts) = (self.world.sandbox.open_url(brand), self.world.sandbox.accounts_url(brand));
        let words = ["init", "--provider", "feishu", "--app-id", &self.world.app.id, "--app-secret-stdin"];
        let hosts = ["--open-url", &open, "--accounts-url", &accounts, "--redirect-uri", "http://127.0.0.1/callback"];
        run_fed(&mut self.command(ADA, &[&words[..], &hosts].concat()), &self.world.app.secret)
    }

    fn logged_in() -> Self {
        let machine = Self::new();
        machine.init().succeeds();
        let words = ["login", "--no-browser", "--port", "0", "--timeout", "30s"];
        let mut login = Started::new(&mut machine.command(ADA, &words));
        browse(&login.line());
        login.finish().succeeds();
        machine
    }

    /// What Mallory reads of a file.
    fn seen(&self, file: &Path) -> Option<String> {
        if !two_users() {
            let mut way = file.ancestors().skip(1).take_while(|folder| folder.starts_with(self.ground.path()));
            let open = |path: &Path, bit| fs::metadata(path).unwrap().mode() & bit != 0;
            let may = open(file, 0o004) && way.all(|folder| open(folder, 0o001));
            return may.then(|| String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned());
        }
        let output = become_user(Command::new("/bin/cat").arg(file), MALLORY).output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Asserts that no file that Mallory can read holds a secret; gives back how many she cannot read.
    fn assert_closed(&self) -> usize {
        let secrets = self.world.secrets();
        assert!(secrets.len() >= 3, "the app's secret and a pair of tokens at least");
        let (seen, closed): (Vec<_>, Vec<_>) = files(self.ground.path())
            .into_iter()
            .filter(|file| *file != self.path("tokenward"))
            .map(|file| (self.seen(&file), file))
            .partition(|(seen, _)| seen.is_some());
        for (text, file) in seen {
            let text = text.unwrap();
            assert!(!secrets.iter().any(|secret| text.contains(secret.as_str())), "{} is open", file.display());
        }
        closed.len()
    }
}

fn two_users() -> bool {
    rustix::process::geteuid().is_root()
}

fn become_user(command: &mut Command, user: u32) -> &mut Command {
    if two_users() { command.uid(user).gid(user) } else { command }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

const EMPTY: &str = "FEISHU_USER_ACCESS_TOKEN=\nFEISHU_USER_REFRESH_TOKEN=\n";

pub(crate) fn nothing_that_one_user_keeps_can_be_read_by_another() {
    let machine = Machine::logged_in();
    for (name, open) in [("ada/.env", 0o644), ("ada/closed.env", 0o600)] {
        fs::write(machine.path(name), EMPTY).unwrap();
        mode(&machine.path(name), open);
        machine.give(name, ADA);
    }
    machine.ada(&["link", ".env"]).succeeds();
    machine.ada(&["link", "closed.env"]).succeeds();
    machine.ada(&["token"]).succeeds();
    machine.ada(&["refresh"]).succeeds();
    machine.ada(&["vault", "backup", "copy.tw"]).succeeds();
    machine.ada(&["vault", "rekey"]).succeeds();
    machine.ada(&["refresh"]).succeeds();
    let (refresh, text) = (&machine.world.secrets(), fs::read_to_string(machine.path("ada/.env")).unwrap());
    assert!(refresh.iter().any(|secret| text.contains(secret.as_str())), "the file is in step: {text}");
    let closed = machine.assert_closed();
    // Both linked files, the copy, the vault, its key, the configuration.
    assert!(closed >= 6, "{closed}");
    if !two_users() {
        return;
    }
    // The command in Mallory's hands says that the home is not hers, and changes nothing.
    for words in [&["token"][..], &["status"], &["links"], &["doctor"], &["refresh"], &["logout", "--yes"]] {
        let ran = run(&mut machine.command(MALLORY, words));
        assert!(ran.code != 0 && format!("{}{}", ran.out, ran.err).contains("TW02"), "{words:?}: {ran:?}");
        assert!(!machine.world.secrets().iter().any(|secret| format!("{ran:?}").contains(secret.as_str())));
    }
    machine.ada(&["token"]).succeeds();
}

pub(crate) fn what_another_user_planted_is_neither_believed_nor_filled_with_tokens() {
    let mut machine = Machine::logged_in();
    let tokens = machine.world.secrets();
    // A file of hers, in a folder where everybody may make files but only the owner may take them away.
    machine.plant("tmp/x.env", EMPTY, 0o666);
    let file = machine.text("tmp/x.env");
    machine.ada(&["link", &file]).fails(2, "TW02");
    machine.ada(&["login", "--env-file", &file, "--no-browser", "--port", "0"]).fails(2, "TW02");
    assert_eq!(fs::read_to_string(&file).unwrap(), EMPTY);
    // Her name for a file of Ada's, which is then linked under that name: what matters is the file.
    fs::write(machine.path("ada/own.env"), EMPTY).unwrap();
    machine.give("ada/own.env", ADA);
    symlink(machine.path("ada/own.env"), machine.path("tmp/own.env")).unwrap();
    std::os::unix::fs::lchown(machine.path("tmp/own.env"), Some(MALLORY), Some(MALLORY)).unwrap();
    machine.ada(&["link", &machine.text("tmp/own.env")]);
    machine.assert_closed();
    // Keys that she knows.
    let key = "a key that Mallory has made and knows by heart: 5d1f0c7a9e";
    machine.plant("tmp/key", key, 0o644);
    let key = machine.text("tmp/key");
    machine.ada(&["vault", "backup", "copy.tw", "--key-file", &key]).fails(2, "TW0211");
    machine.ada(&["vault", "rekey", "--new-key-file", &key]).fails(2, "TW0211");
    assert!(!machine.path("ada/copy.tw").exists());
    machine.ada(&["token"]).succeeds();
    // A configuration that would send the secret elsewhere.
    let config = machine.path("ada/.tokenward/config.toml");
    let before = fs::read(&config).unwrap();
    mode(&config, 0o644);
    machine.give("ada/.tokenward/config.toml", MALLORY);
    machine.ada(&["refresh"]).fails(2, "TW0211");
    machine.give("ada/.tokenward/config.toml", ADA);
    assert_eq!(fs::read(&config).unwrap(), before);
    machine.ada(&["refresh"]).succeeds();
    // A home that was made for Ada before she came.
    for open in [0o777, 0o755, 0o700] {
        let name = format!("tmp/home-{open:o}");
        fs::create_dir(machine.path(&name)).unwrap();
        mode(&machine.path(&name), open);
        machine.give(&name, MALLORY);
        machine.world.home = machine.path(&name);
        let ran = machine.init();
        assert!(ran.code != 0 && ran.err.contains("TW"), "{open:o}: {ran:?}");
        assert_eq!(fs::read_dir(machine.path(&name)).unwrap().count(), 0, "{open:o}: {ran:?}");
    }
    machine.assert_closed();
    assert!(!tokens.is_empty());
}

pub(crate) fn files_that_a_run_as_root_has_left_are_named_with_their_owner() {
    let world = World::logged_in();
    let file = world.home.join("vault/handout/default");
    chown(&file, Some(4242), None).unwrap();
    let ran = world.run(&["doctor"]);
    assert!(ran.out.contains("TW0924") && ran.out.contains("user 4242") && ran.out.contains("chown -R 0 '"), "{ran:?}");
}
