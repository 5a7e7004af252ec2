//! Each system call that touches the home is made to fail, and made the last one, one after the other: of a change of keys, a backup, a
//! restore and its way back, and the creation of a vault. After each there is a vault that opens, with every login in it, and what was told
//! is what happened.
//!
//! The calls are made to fail by a small program beside this file (`failing/failing.c`), by ptrace.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

use tempfile::TempDir;
use tokenward_testkit::is_heavy;

use crate::world::{Ran, World, bare_command, run, run_fed};

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It fails with an error of the disk.
    Io,
    /// It fails, and so does every later one that needs room.
    Full,
    /// The process is killed before it.
    Kill,
}

impl Way {
    const ALL: [Self; 3] = [Self::Io, Self::Full, Self::Kill];

    const fn word(self) -> &'static str {
        match self {
            Self::Io => "io",
            Self::Full => "full",
            Self::Kill => "kill",
        }
    }

    /// From one tried call to the next.
    fn step(self) -> usize {
        if self == Self::Io || is_heavy() { 1 } else { 5 }
    }
}

/// Whether this machine lets a process follow another: not so where ptrace is forbidden. It is tried once. That the program does not build,
/// or ends otherwise, is no reason to ignore a test.
pub(crate) fn may_follow() -> Result<(), &'static str> {
    let refused = built().tried.status.code() == Some(REFUSED);
    (!refused).then_some(()).ok_or("this machine does not let a process follow another")
}

/// The program that makes calls fail. It needs what the build needs, a C compiler, and that one process may follow another.
fn failing() -> &'static Path {
    let Built { program, tried, .. } = built();
    assert!(tried.status.success(), "this machine does not let a process follow another: {tried:?}");
    program
}

/// The program, and how it ended when it was tried.
struct Built {
    program: PathBuf,
    tried: Output,
    _folder: TempDir,
}

fn built() -> &'static Built {
    static BUILT: OnceLock<Built> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("failing");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machine/failing/failing.c");
        let compiled = Command::new("cc").args(["-O1", "-o"]).arg(&program).arg(source).output().expect("a C compiler");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let tried = Command::new(&program).args(["io", "0", "/", "/bin/true"]).output().unwrap();
        Built { program, tried, _folder: folder }
    })
}

/// A home to be worked on, with what lies beside it.
struct Stage {
    folder: TempDir,
}

impl Stage {
    /// A copy of a template.
    fn of(template: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new("cp").arg("-a").arg(template.join(".")).arg(folder.path()).status().unwrap();
        assert!(status.success());
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Words with `@` for the stage's folder.
    fn words(&self, words: &[&str]) -> Vec<String> {
        words.iter().map(|word| word.replace('@', self.folder.path().to_str().unwrap())).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let words = self.words(words);
        let mut command = bare_command(&words.iter().map(String::as_str).collect::<Vec<_>>());
        command.env("TOKENWARD_HOME", self.home());
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        run(&mut self.command(words))
    }

    /// The command, with its N-th call treated so. Gives back how many there were.
    fn failing(&self, way: Way, nth: usize, words: &[&str], input: &str) -> (Ran, usize) {
        let mut command = Command::new(failing());
        command.arg(way.word()).arg(nth.to_string()).arg(self.folder.path()).arg(env!("CARGO_BIN_EXE_tokenward"));
        command.args(self.words(words)).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
        let mut ran = run_fed(command.env("TOKENWARD_HOME", self.home()), input);
        let (rest, count) = ran.out.trim_end().rsplit_once("calls ").expect("the last line counts");
        let (rest, count) = (rest.to_owned(), count.parse().unwrap());
        ran.out = rest;
        (ran, count)
    }

    /// The logins, by profile and generation; each is one that opens.
    fn logins(&self, variables: &[(&str, &str)]) -> Result<Vec<(String, u64)>, String> {
        let ran = run(self.command(&["list", "--json"]).envs(variables.iter().copied()));
        if ran.code != 0 {
            return Err(format!("{ran:?}"));
        }
        let of = |login: &serde_json::Value| {
            (login["profile"].as_str().unwrap_or_default().to_owned(), login["generation"].as_u64().unwrap())
        };
        Ok(ran.json()["logins"].as_array().unwrap().iter().map(of).collect())
    }
}

/// A home with a login that was refreshed once, a copy of before that, and keys.
fn template(world: &World) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("keys")).unwrap();
    std::fs::write(at("keys/vault.key"), "a key that opens the vault from now on").unwrap();
    // With a key that was drawn: one that a person gives takes its time.
    let ran = world.run(&["vault", "backup", at("copy").to_str().unwrap()]);
    std::fs::write(at("copy.key"), &ran.succeeds().out).unwrap();
    world.run(&["refresh"]).succeeds();
    let status = Command::new("cp").arg("-a").arg(&world.home).arg(at("home")).status().unwrap();
    assert!(status.success());
    folder
}

/// Runs the command once for each of its calls and each way, and looks afterwards. Without the heavy switch the kills and the full disk are
/// tried at every fifth call, and the plain failures at each.
fn sweep(template: &Path, words: &[&str], input: &str, look: impl Fn(&Stage, &Ran, Way, &str)) {
    let mut tried = 0;
    for way in Way::ALL {
        let step = way.step();
        for nth in (1..).step_by(step) {
            let stage = Stage::of(template);
            let (ran, count) = stage.failing(way, nth, words, input);
            let story = format!("{words:?}, {way:?} at call {nth}: {ran:?}");
            assert!(!ran.err.contains("panicked"), "{story}");
            assert!(way == Way::Kill || ran.code < 128, "{story}");
            if count < nth {
                assert_eq!(ran.code, 0, "{story}");
                look(&stage, &ran, way, &story);
                break;
            }
            tried += 1;
            look(&stage, &ran, way, &story);
        }
    }
    assert!(tried > 20, "{tried} calls");
}

/// What the template holds.
fn whole() -> Vec<(String, u64)> {
    vec![("default".to_owned(), 2)]
}

pub(crate) fn a_change_of_keys_leaves_a_vault_that_opens() {
    let world = World::logged_in();
    let template = template(&world);
    sweep(template.path(), &["vault", "rekey"], "", |stage, _, _, story| {
        assert_eq!(stage.logins(&[]), Ok(whole()), "{story}");
    });
}

pub(crate) fn a_change_to_a_key_file_elsewhere_leaves_a_vault_that_opens_with_one_of_the_two() {
    let world = World::logged_in();
    let template = template(&world);
    let words = ["vault", "rekey", "--new-key-file", "@/keys/vault.key"];
    sweep(template.path(), &words, "", |stage, ran, way, story| {
        let key = stage.path("keys/vault.key");
        let new = [("TOKENWARD_KEY_FILE", key.to_str().unwrap())];
        let (with_old, with_new) = (stage.logins(&[]), stage.logins(&new));
        assert!([&with_old, &with_new].contains(&&Ok(whole())), "{story}: {with_old:?} {with_new:?}");
        if ran.code == 0 && way != Way::Kill {
            assert!(with_new.is_ok(), "what was told is so: {story}");
        }
    });
}

pub(crate) fn a_backup_is_whole_or_not_there() {
    let world = World::logged_in();
    let template = template(&world);
    let words = ["vault", "backup", "@/second"];
    sweep(template.path(), &words, "", |stage, ran, way, story| {
        assert_eq!(stage.logins(&[]), Ok(whole()), "{story}");
        let there = stage.path("second").exists();
        if way != Way::Kill {
            assert_eq!(there, ran.code == 0, "{story}");
        }
        // A process that is killed before it shows the key leaves a copy that nobody can open.
        if there && !ran.out.is_empty() {
            let restore = ["--home", "@/other", "vault", "restore", "@/second", "--key-stdin"];
            run_fed(&mut stage.command(&restore), &ran.out).succeeds();
            let found = run(stage.command(&["list", "--json"]).env("TOKENWARD_HOME", stage.path("other")));
            assert_eq!(found.succeeds().json()["logins"][0]["generation"], 2, "{story}");
        }
    });
}

/// One of the two vaults is in its place, the other is kept, and what was told is what happened.
fn replaced(stage: &Stage, ran: &Ran, way: Way, story: &str, (before, after): (u64, u64)) {
    let found = stage.logins(&[]).unwrap_or_else(|then| panic!("{story}: then {then}"));
    let [(name, generation)] = &found[..] else { panic!("{story}: {found:?}") };
    assert!(name == "default" && [before, after].contains(generation), "{story}");
    if way != Way::Kill {
        assert_eq!(*generation, if ran.code == 0 { after } else { before }, "{story}");
    }
    if *generation == after {
        let other = stage.home().read_dir().unwrap().flatten().any(|entry| {
            entry.file_name() != "vault"
                && entry.path().join("key.json").exists()
                && entry.path().join("vault.db").exists()
        });
        assert!(other, "the vault before it is kept: {story}");
    }
}

pub(crate) fn a_restore_happens_or_it_does_not() {
    let world = World::logged_in();
    let template = template(&world);
    let words = ["vault", "restore", "@/copy", "--key-file", "@/copy.key", "--yes"];
    sweep(template.path(), &words, "", |stage, ran, way, story| replaced(stage, ran, way, story, (2, 1)));
}

pub(crate) fn the_way_back_from_a_restore_happens_or_it_does_not() {
    let world = World::logged_in();
    let template = template(&world);
    // Restored where it will lie: the record names the place of the vault before.
    let words = ["vault", "restore", "@/copy", "--key-file", "@/copy.key", "--yes"];
    for way in Way::ALL {
        let step = way.step();
        for nth in (1..).step_by(step) {
            let stage = Stage::of(template.path());
            stage.run(&words).succeeds();
            let (ran, count) = stage.failing(way, nth, &["vault", "restore", "--undo", "--yes"], "");
            let story = format!("{way:?} at call {nth}: {ran:?}");
            assert!(!ran.err.contains("panicked"), "{story}");
            replaced(&stage, &ran, way, &story, (1, 2));
            if count < nth {
                break;
            }
        }
    }
}

/// Whatever becomes of the first try, a second one makes a vault.
pub(crate) fn a_vault_can_be_made_after_any_failure_to_make_it() {
    let template = tempfile::tempdir().unwrap();
    let words = ["init", "--provider", "feishu", "--app-id", "cli_a1b2c3d4e5f6a7b8", "--app-secret-stdin"];
    let secret = "0123456789abcdef0123456789abcdef";
    sweep(template.path(), &words, secret, |stage, _, _, story| {
        let again = run_fed(&mut stage.command(&words), secret);
        assert_eq!(again.code, 0, "{story}: then {again:?}");
        let info = stage.run(&["vault", "info", "--json"]);
        assert_eq!(info.succeeds().json()["login_count"], 0, "{story}");
    });
}

/// The disk has no room from some write on: before the refresh token is sent that stops it at once, and after it either the answer is kept
/// or it is said that it is not.
pub(crate) fn a_refresh_without_room_waits_for_nobody_and_says_what_is_lost() {
    let program = failing();
    let world = World::logged_in();
    for nth in 1..200 {
        let mut command = Command::new(program);
        command.args(["full", &nth.to_string()]).arg(&world.home).arg(env!("CARGO_BIN_EXE_tokenward")).arg("refresh");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TOKENWARD_HOME", &world.home);
        let before = world.sandbox.counters().refreshes;
        let begun = begun();
        let ran = run(&mut command);
        let story = format!("from call {nth} on: {ran:?}");
        assert!(!ran.err.contains("panicked") && ran.code < 128, "{story}");
        let sent = world.sandbox.counters().refreshes > before;
        if !sent {
            // The shortest wait of a rotation is that of an answer which no disk takes: twenty tries, a second apart.
            assert!(begun.elapsed() < Duration::from_secs(15), "{:?} {story}", begun.elapsed());
            assert!(!ran.err.contains("TW0504"), "{story}");
        }
        if ran.err.contains("TW0414") {
            assert_eq!(ran.code, 3, "{story}");
            assert!(sent && !ran.err.contains("unchanged"), "{story}");
            let next = world.run(&["refresh"]);
            assert_eq!(next.code, 3, "{story}: then {next:?}");
            return;
        }
        let next = world.run(&["refresh"]);
        assert_eq!(next.code, 0, "{story}: then {next:?}");
    }
    panic!("no answer was lost by a disk without room");
}

/// I3: the process is killed at each call after its answer was read. Lost is what is in nobody's hands but its own, which ends within a few
/// calls; from then on the next run goes on with it. The provider forgives nothing here.
pub(crate) fn an_answer_that_was_read_outlives_a_kill_at_every_call_but_the_first_few() {
    let program = failing();
    let world = World::logged_in();
    let (mut lost, mut killed) = (Vec::new(), 0);
    let step = if is_heavy() { 1 } else { 4 };
    for nth in (1..12).chain((12..).step_by(step)) {
        let mut command = Command::new(program);
        command
            .args(["answered", &nth.to_string()])
            .arg(&world.home)
            .arg(env!("CARGO_BIN_EXE_tokenward"))
            .arg("refresh");
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("TOKENWARD_HOME", &world.home);
        let ran = run(&mut command);
        let story = format!("killed at call {nth}: {ran:?}");
        let count: usize = ran.out.trim_end().rsplit_once("calls ").expect("the last line counts").1.parse().unwrap();
        if ran.code == 0 {
            // It came to its end; a kill at its very last call, which ends it, may come too late.
            assert!(count <= nth, "{story}");
            break;
        }
        assert_eq!((ran.code, count), (128 + 9, nth), "{story}");
        world.sandbox.note_kill(&story);
        killed += 1;
        let next = world.run(&["refresh"]);
        if next.code == 3 {
            next.fails(3, "TW0409");
            lost.push(nth);
            assert_eq!(world.login_with(&[], &[]).code, 0, "{story}");
        } else {
            assert_eq!(next.code, 0, "{story}: then {next:?}");
        }
        let verdict = world.sandbox.check();
        assert!(verdict.is_clean(), "{story}: {:#?}", verdict.violations);
    }
    assert!(killed > 20, "{killed} kills");
    assert!(lost.contains(&1) && lost.iter().all(|nth| *nth <= 5), "lost when killed at the calls {lost:?}");
}

#[expect(clippy::disallowed_methods, reason = "how long a command takes")]
fn begun() -> std::time::Instant {
    std::time::Instant::now()
}

/// What the program ends with where it may not follow another.
const REFUSED: i32 = 72;
