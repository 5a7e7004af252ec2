//! A small disk that exists for a child or several, and for nobody else.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::child_process::{AT_ONCE, Ran, Task};

/// A disk in memory, mounted in a namespace of its own, and what happens on it, step by step. The first step that fails is the last.
#[derive(Debug)]
pub struct Disk {
    folder: TempDir,
    script: String,
    /// What the script calls `$1`, `$2` and so on.
    words: Vec<OsString>,
}

impl Disk {
    /// A disk of so many bytes, as `mount` writes them: `64k`, `2m`.
    pub fn new(size: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for it");
        let script = "mount -t tmpfs -o \"size=$2,mode=700\" tokenward \"$1\"".to_owned();
        let words: Vec<OsString> = vec![folder.path().into(), size.into()];
        Self { folder, script, words }
    }

    /// Where it lies for the children that run on it.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A child does this.
    pub fn run(mut self, task: &Task) -> Self {
        self.script.push_str(" &&");
        for word in task.command_line(AT_ONCE) {
            self.words.push(word);
            write!(self.script, " \"${{{}}}\"", self.words.len()).expect("a text takes all");
        }
        self
    }

    /// It becomes read-only, as one does after an error.
    pub fn becomes_read_only(mut self) -> Self {
        self.script.push_str(" && mount -o remount,bind,ro \"$1\"");
        self
    }

    /// Does it all, and tells how it ended.
    pub fn ends(self) -> Ran {
        let output = shell_with_mounts(&self.script).args(&self.words).output().expect("`unshare` is there");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { status: output.status, out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Whether this machine lets a process mount a disk for itself: not so in a container without that capability. It is tried once.
pub fn may_mount() -> Result<(), &'static str> {
    static MAY: OnceLock<bool> = OnceLock::new();
    let may = *MAY.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for it");
        let output = shell_with_mounts("mount -t tmpfs tokenward \"$1\"").arg(folder.path()).output();
        output.is_ok_and(|output| output.status.success())
    });
    may.then_some(()).ok_or("this machine does not let a process mount a disk for itself")
}

/// Whether this is root, who alone can give a file away and become another user.
pub fn is_root() -> Result<(), &'static str> {
    rustix::process::geteuid().is_root().then_some(()).ok_or("only root can give a file away")
}

/// A shell with mounts of its own. Root may have them; others may in a user namespace of their own. An argument that is added is the
/// script's `$1`, and so on.
pub fn shell_with_mounts(script: &str) -> Command {
    let namespaces: &[&str] =
        if rustix::process::geteuid().is_root() { &["--mount"] } else { &["--mount", "--map-root-user"] };
    let mut command = Command::new("unshare");
    command.args(namespaces).args(["sh", "-c", script, "sh"]);
    command
}
