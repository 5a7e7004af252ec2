//! A server for as long as this process lives, at most: it is watched by a shell that reads from a pipe of ours, and ends it and removes its
//! folder when the pipe closes, however this process ends. It does not run as root: a test that is root lends it the user `nobody`.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A server that runs.
pub(crate) struct Server {
    folder: PathBuf,
    _watch: Watch,
}

impl Server {
    /// One more.
    pub(crate) fn start() -> Self {
        let folder = folder();
        let data = folder.join("data");
        let mut initdb = lent("initdb");
        initdb.args(["-U", "owner", "-E", "UTF8", "--locale", "C", "--auth", "trust", "-D"]).arg(&data);
        let made = initdb.output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let settings =
            format!("listen_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 300\n", folder.display());
        std::fs::write(data.join("postgresql.auto.conf"), settings).unwrap();
        let serve = format!("'{}' -D '{}'", program("postgres").display(), data.display());
        // Also one that was started anew since. At once: nobody reads what it would write to the disk before.
        let end = format!("'{}' -D '{}' -m immediate stop", program("pg_ctl").display(), data.display());
        let server = Self { _watch: Watch::over(&serve, &end, &folder), folder };
        ready(|| server.psql("postgres", "SELECT 1").status.success());
        server
    }

    /// Ends it as an operator does, with the sessions that are open (`stop`), starts it (`start`), or both (`restart`).
    pub(crate) fn control(&self, act: &str) {
        let mut control = lent("pg_ctl");
        control.arg("-D").arg(self.folder.join("data")).args(["-m", "fast", "-w", "-l"]).arg(self.folder.join("again"));
        let done = control.arg(act).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(done.success());
    }

    /// A new database, by its name.
    pub(crate) fn database(&self) -> String {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("case_{}", MADE.fetch_add(1, Ordering::Relaxed));
        let made = self.psql("postgres", &format!("CREATE DATABASE {name}"));
        assert!(made.status.success(), "{made:?}");
        name
    }

    /// Where its socket lies.
    pub(crate) fn socket(&self) -> &Path {
        &self.folder
    }

    /// Runs a statement as the server's own administrator.
    pub(crate) fn psql(&self, database: &str, statement: &str) -> std::process::Output {
        let mut client = lent("psql");
        client.args(["-X", "-q", "-A", "-t", "-U", "owner", "-d", database, "-c", statement, "-h"]).arg(&self.folder);
        client.output().unwrap()
    }
}

/// A folder that the watching shell removes.
pub(crate) fn folder() -> PathBuf {
    let folder = tempfile::tempdir().unwrap().keep();
    if rustix::process::geteuid().is_root() {
        chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    folder
}

/// What a shell watches.
pub(crate) struct Watch(Child);

impl Watch {
    /// Starts it. `end` ends it.
    pub(crate) fn over(command: &str, end: &str, folder: &Path) -> Self {
        let script =
            format!("{command} >'{0}/said' 2>&1 & one=$!; read -r _; {end}; wait $one; rm -rf '{0}'", folder.display());
        let mut shell = lent("/bin/sh");
        shell.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(shell.spawn().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A command that runs as nobody where the test is root.
pub(crate) fn lent(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Debian puts servers where no user's PATH looks.
#[expect(clippy::disallowed_methods, reason = "a test finds its server")]
pub(crate) fn program(name: &str) -> PathBuf {
    if name.starts_with('/') {
        return name.into();
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.push("/usr/sbin".into());
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: `./test --with-postgres` installs it"))
}

#[expect(clippy::disallowed_methods, reason = "a server is waited for by the clock on the wall")]
pub(crate) fn ready(is_ready: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_ready() {
        assert!(begun.elapsed() < Duration::from_mins(1), "the server does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
}

const NOBODY: u32 = 65534;
