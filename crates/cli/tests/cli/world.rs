//! A sandbox provider, a home folder, and the command between them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokenward_emulator::{App, AppSpec, Brand, Sandbox, SandboxOptions};
use url::Url;

/// One provider with one app, and one home.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) app: App,
    /// Where everything is; not there before the first command.
    pub(crate) home: PathBuf,
    _folder: TempDir,
}

/// What a child left.
#[derive(Debug)]
pub(crate) struct Ran {
    /// Exit code; 128 and the signal when killed.
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl World {
    /// A provider that consents by itself, and a home that is set up for it.
    pub(crate) fn new() -> Self {
        let world = Self::bare();
        let ran = world.init(&[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        world
    }

    /// The same with a user logged in.
    pub(crate) fn logged_in() -> Self {
        let world = Self::new();
        let ran = world.login(&[]);
        assert_eq!(ran.code, 0, "{ran:?}");
        world
    }

    /// A provider, and a home with nothing in it.
    pub(crate) fn bare() -> Self {
        let sandbox = Sandbox::start_blocking(SandboxOptions::default()).unwrap();
        let app = sandbox.app(AppSpec::new(Brand::Feishu).redirect("http://127.0.0.1/callback"));
        sandbox.user("Ada");
        sandbox.user("小明");
        sandbox.rules(|rules| rules.loopback_any_port = true);
        sandbox.consent_auto();
        let folder = tempfile::tempdir().unwrap();
        Self { sandbox, app, home: folder.path().join("home"), _folder: folder }
    }

    /// The command with an environment of its own and no terminal.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = bare_command(words);
        command.env("TOKENWARD_HOME", &self.home);
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        run(&mut self.command(words))
    }

    /// Runs with further variables.
    pub(crate) fn run_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Ran {
        run(self.command(words).envs(variables.iter().copied()))
    }

    /// `init` for this provider; the secret comes through stdin.
    pub(crate) fn init(&self, more: &[&str]) -> Ran {
        let (open, accounts) = (self.sandbox.open_url(Brand::Feishu), self.sandbox.accounts_url(Brand::Feishu));
        let words = ["init", "--provider", "feishu", "--app-id", &self.app.id, "--app-secret-stdin"];
        let hosts = ["--open-url", &open, "--accounts-url", &accounts, "--redirect-uri", "http://127.0.0.1/callback"];
        run_fed(&mut self.command(&[&words[..], &hosts, more].concat()), &self.app.secret)
    }

    /// Logs the first user in as a browser would.
    pub(crate) fn login(&self, more: &[&str]) -> Ran {
        self.login_with(&[], more)
    }

    /// The same with further variables.
    pub(crate) fn login_with(&self, variables: &[(&str, &str)], more: &[&str]) -> Ran {
        let words = [&["login", "--no-browser", "--port", "0", "--timeout", "30s"][..], more].concat();
        let mut login = Started::new(self.command(&words).envs(variables.iter().copied()));
        let url = login.line();
        if url.starts_with("http") {
            browse(&url);
        } else if let Ok(line) = serde_json::from_str::<Value>(&url) {
            browse(line["authorization_url"].as_str().unwrap());
        }
        login.finish()
    }

    /// Everything that is a secret now: the app's, and every live token.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![self.app.secret.clone()];
        for login in self.sandbox.current_tokens() {
            secrets.extend(login.refresh_token);
            secrets.extend(login.access_tokens.into_iter().map(|access| access.token));
        }
        secrets
    }

    /// A copy of the vault: its folder, and the words behind `vault backup` and `vault restore`.
    pub(crate) fn backed_up(&self) -> (TempDir, [String; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let (copy, key) = (folder.path().join("copy"), folder.path().join("key"));
        std::fs::write(&key, "correct horse battery staple").unwrap();
        let words = [copy, "--key-file".into(), key].map(|word| word.to_str().unwrap().to_owned());
        let given: Vec<&str> = words.iter().map(String::as_str).collect();
        self.run(&[&["vault", "backup"], &given[..]].concat()).succeeds();
        (folder, words)
    }

    /// Moves the provider's clock; a child follows with `TOKENWARD_CLOCK_OFFSET`.
    pub(crate) fn advance(&self, seconds: u64) {
        self.sandbox.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn status(&self) -> Value {
        self.run(&["status", "--json"]).json()
    }

    pub(crate) fn config(&self) -> String {
        std::fs::read_to_string(self.home.join("config.toml")).unwrap()
    }
}

impl Ran {
    /// Stdout as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The error on stderr as JSON: the last line.
    pub(crate) fn error(&self) -> Value {
        let line = self.err.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        value["error"].clone()
    }

    /// Asserts the exit code and a stable code in the words.
    pub(crate) fn fails(&self, code: i32, name: &str) -> &Self {
        assert_eq!(self.code, code, "{self:?}");
        assert!(self.err.contains(name), "{self:?}");
        assert!(!self.err.contains("panicked"), "{self:?}");
        self
    }

    pub(crate) fn succeeds(&self) -> &Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }
}

/// The command without a home.
pub(crate) fn bare_command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tokenward"));
    command.args(words).env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8");
    command.env("TZ", "UTC").stdin(Stdio::null());
    command
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    ran(output.status, output.stdout, output.stderr)
}

/// Runs with this on stdin.
pub(crate) fn run_fed(command: &mut Command, input: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A child that does not want it closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    ran(output.status, output.stdout, output.stderr)
}

fn ran(status: std::process::ExitStatus, out: Vec<u8>, err: Vec<u8>) -> Ran {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap();
    Ran { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// A child that runs while the test does something else. Killed when dropped.
pub(crate) struct Started {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    read: String,
    /// What was read of stderr.
    told: Vec<u8>,
}

impl Started {
    pub(crate) fn new(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Self { child, out, read: String::new(), told: Vec::new() }
    }

    /// The next line of stdout, without its end; empty when there is none.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        self.read.push_str(&line);
        line.trim_end().to_owned()
    }

    /// Reads stderr until the words are there.
    pub(crate) fn until_told(&mut self, words: &str) {
        let mut buffer = [0; 256];
        while !String::from_utf8_lossy(&self.told).contains(words) {
            let read = self.child.stderr.as_mut().unwrap().read(&mut buffer).unwrap();
            assert!(read > 0, "{words:?} is not in {:?}", String::from_utf8_lossy(&self.told));
            self.told.extend_from_slice(&buffer[..read]);
        }
    }

    /// What was read of stderr.
    pub(crate) fn told(&self) -> String {
        String::from_utf8_lossy(&self.told).into_owned()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Kills the child (SIGKILL) once it has lived so long, unless it ends by itself before.
    pub(crate) fn kill_after(&mut self, life: Duration) {
        let step = Duration::from_millis(5);
        let mut lived = Duration::ZERO;
        while lived < life && self.child.try_wait().unwrap().is_none() {
            std::thread::sleep(step);
            lived += step;
        }
        let _ = self.child.kill();
    }

    pub(crate) fn finish(mut self) -> Ran {
        let mut out = std::mem::take(&mut self.read);
        self.out.read_to_string(&mut out).unwrap();
        let mut err = std::mem::take(&mut self.told);
        self.child.stderr.take().unwrap().read_to_end(&mut err).unwrap();
        ran(self.child.wait().unwrap(), out.into_bytes(), err)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Goes to an address as a browser would, through its redirects; gives back the last page's status and text.
pub(crate) fn browse(address: &str) -> (u16, String) {
    let mut url = Url::parse(address).unwrap();
    for _ in 0..5 {
        let (status, location, page) = get(&url);
        match location {
            Some(location) if (300..400).contains(&status) => url = url.join(&location).unwrap(),
            _ => return (status, page),
        }
    }
    panic!("too many redirects from {address}");
}

/// One GET: status, `Location`, body.
pub(crate) fn get(url: &Url) -> (u16, Option<String>, String) {
    let host = format!("{}:{}", url.host_str().unwrap(), url.port_or_known_default().unwrap());
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let answer = talk(&host, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let location = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    (status, location, body.to_owned())
}

/// Sends bytes and reads until the other side ends.
pub(crate) fn talk(host: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server may cut off whoever sends too much; what it said before counts.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// Every file below a folder.
pub(crate) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
