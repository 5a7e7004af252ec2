//! A true `PostgreSQL` and a true `MariaDB`, each in a folder of its own on a free port of the loopback, for as long as a test
//! holds it. Neither runs as root, so that a test that is root lends them the user `nobody`.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::world::run_fed;

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    MariaDb,
}

/// A server that runs. It is ended when dropped, and its folder goes with it.
pub(crate) struct Server {
    kind: Kind,
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl Server {
    /// Makes an empty one and waits until it says that it listens. Its clock is in China, as its programs' may be.
    pub(crate) fn start(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if rustix::process::geteuid().is_root() {
            chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let data = folder.path().join("data");
        let made = make(kind, &data).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        // Another process may take a port between its choice and its use.
        let mut said = String::new();
        for _ in 0..5 {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let mut child = serve(kind, &data, folder.path(), port).stderr(Stdio::piped()).spawn().unwrap();
            if listens(&mut child, &mut said) {
                return Self { kind, child, port, _folder: folder };
            }
            child.wait().unwrap();
        }
        panic!("{kind:?} does not start: {said}");
    }

    /// The address of a database, as a program's `DATABASE_URL` holds it.
    pub(crate) fn url(&self, scheme: &str, user: &str, password: &str, database: &str) -> String {
        format!("{scheme}://{user}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs statements as the server's own administrator.
    pub(crate) fn sql(&self, database: &str, statements: &str) -> String {
        let port = self.port.to_string();
        let mut client = match self.kind {
            Kind::Postgres => {
                let mut client = Command::new(program("psql"));
                client.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", &port]);
                client.args(["-U", "owner", "-d", database]);
                client
            }
            Kind::MariaDb => {
                let mut client = Command::new(program("mariadb"));
                client.args(["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", "root", "-N", "-B"]);
                client.args(["--default-character-set=utf8mb4", "-D", database]);
                client
            }
        };
        run_fed(&mut client, statements).succeeds().out.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT is PostgreSQL's fast shutdown; MariaDB does not hear it.
        let signal = match self.kind {
            Kind::Postgres => Signal::INT,
            Kind::MariaDb => Signal::TERM,
        };
        let _ = kill_process(Pid::from_child(&self.child), signal);
        let _ = self.child.wait();
    }
}

fn make(kind: Kind, data: &Path) -> Command {
    match kind {
        Kind::Postgres => {
            let mut command = unprivileged("initdb");
            command.args(["-U", "owner", "-E", "UTF8", "--locale", "C", "--no-sync", "-D"]).arg(data);
            // The administrator needs no password; everybody else proves theirs.
            command.args(["--auth", "trust"]);
            command
        }
        Kind::MariaDb => {
            let mut command = unprivileged("mariadb-install-db");
            command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
            command.arg(format!("--datadir={}", data.display()));
            command
        }
    }
}

fn serve(kind: Kind, data: &Path, folder: &Path, port: u16) -> Command {
    match kind {
        Kind::Postgres => {
            let rules =
                "local all all reject\nhost all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
            std::fs::write(data.join("pg_hba.conf"), rules).unwrap();
            let mut command = unprivileged("postgres");
            command.arg("-D").arg(data).args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""]);
            command.args(["-c", "fsync=off", "-c", "timezone=Asia/Shanghai"]);
            command
        }
        Kind::MariaDb => {
            let mut command = unprivileged("mariadbd");
            command.args([
                "--no-defaults",
                "--bind-address=127.0.0.1",
                "--default-time-zone=+08:00",
                "--skip-name-resolve",
            ]);
            command.arg(format!("--datadir={}", data.display())).arg(format!("--port={port}"));
            command.arg(format!("--socket={}", folder.join("s").display()));
            command.arg(format!("--pid-file={}", folder.join("pid").display()));
            command
        }
    }
}

/// A command that runs as nobody where the test is root.
fn unprivileged(name: &str) -> Command {
    let mut command = Command::new(program(name));
    command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// Debian puts servers where no user's PATH looks.
fn program(name: &str) -> PathBuf {
    let mut folders: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    folders.sort();
    folders.reverse();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders.push("/usr/sbin".into());
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: `./test --with-databases` installs it"))
}

/// Whether it says that it is ready before it ends. What it says later is read and dropped, so that it never waits for a reader.
fn listens(child: &mut Child, said: &mut String) -> bool {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let (told, heard) = mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = told.send(line);
        }
    });
    while let Ok(line) = heard.recv_timeout(PATIENCE) {
        if line.contains("ready to accept connections") || line.contains("ready for connections") {
            return true;
        }
        said.push_str(&line);
        said.push('\n');
    }
    false
}

const NOBODY: u32 = 65534;
const PATIENCE: Duration = Duration::from_secs(60);
