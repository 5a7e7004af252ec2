//! Children: this program again, with a task.
//!
//! A child that is told to wait stands at a barrier before its task: it writes a line, and goes on when its standard input ends.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

/// What a child is to do: a name that [`Program::child`](crate::Program::child) knows, and words for it.
#[derive(Debug, Clone)]
pub struct Task {
    name: String,
    words: Vec<OsString>,
}

/// The words of a task, as the child reads them.
#[derive(Debug)]
pub struct Words(Vec<OsString>);

/// A child that is running. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    /// While it stands at the barrier.
    gate: Option<ChildStdin>,
    out: BufReader<ChildStdout>,
    /// Read beside, so that neither pipe fills while we wait for the other.
    err: Option<JoinHandle<String>>,
}

/// What a child left.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote to stdout.
    pub out: String,
    /// All that it wrote to stderr.
    pub err: String,
}

/// Starts all, lets them go at one moment, waits for all, and gives back what each printed, in the order of the tasks. Each must
/// succeed.
pub fn all_at_once(tasks: impl IntoIterator<Item = Task>) -> Vec<String> {
    let mut children: Vec<Running> = tasks.into_iter().map(|task| task.start_as(AT_THE_BARRIER)).collect();
    for child in &mut children {
        child.arrives();
    }
    for child in &mut children {
        child.gate = None;
    }
    children.into_iter().map(|child| child.finish().said()).collect()
}

impl Task {
    /// A task without words.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), words: Vec::new() }
    }

    /// With one more word.
    pub fn word(mut self, word: impl AsRef<OsStr>) -> Self {
        self.words.push(word.as_ref().to_owned());
        self
    }

    /// Starts a child that does it.
    pub fn start(&self) -> Running {
        self.start_as(AT_ONCE)
    }

    /// Starts a child and waits for its end, whatever that is.
    pub fn run(&self) -> Ran {
        self.start().finish()
    }

    /// The command line of a child that does it.
    pub(crate) fn command_line(&self, how: &str) -> Vec<OsString> {
        let me = std::env::current_exe().expect("the system knows where we are");
        let mut line = vec![me.into_os_string(), how.into(), self.name.as_str().into()];
        line.extend(self.words.iter().cloned());
        line
    }

    fn start_as(&self, how: &str) -> Running {
        let line = self.command_line(how);
        let stdin = if how == AT_THE_BARRIER { Stdio::piped() } else { Stdio::null() };
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("this program can be started once more");
        let (gate, out) = (child.stdin.take(), child.stdout.take().expect("it is piped"));
        let mut err = child.stderr.take().expect("it is piped");
        let err = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = err.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Running { child, gate, out: BufReader::new(out), err: Some(err) }
    }
}

impl Words {
    /// The word with that number, counted from zero, as text.
    pub fn text(&self, number: usize) -> &str {
        self.0[number].to_str().expect("a word that was made from text")
    }

    /// The same as a path.
    pub fn path(&self, number: usize) -> PathBuf {
        PathBuf::from(&self.0[number])
    }

    /// All of them.
    pub fn all(&self) -> &[OsString] {
        &self.0
    }
}

impl Running {
    /// Kills it (SIGKILL), and waits until it is gone.
    pub fn kill(mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Ran {
        let mut out = Vec::new();
        self.out.read_to_end(&mut out).expect("a pipe is read to its end");
        let status = self.child.wait().expect("it is ours");
        let err = self.err.take().map_or_else(String::new, |err| err.join().expect("it only reads"));
        Ran { status, out: String::from_utf8_lossy(&out).into_owned(), err }
    }

    /// Waits until it stands at the barrier.
    fn arrives(&mut self) {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("a pipe is read");
        assert_eq!(line.trim_end(), ARRIVED, "a child died before its task");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail for one that has ended, and nothing is left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ran {
    /// What it printed, without white space around it. It must have succeeded.
    pub fn said(&self) -> String {
        assert!(self.status.success(), "{}: {}{}", self.status, self.out, self.err);
        self.out.trim().to_owned()
    }

    /// Whether a signal killed it.
    pub fn was_killed(&self) -> bool {
        self.status.signal().is_some()
    }
}

/// What a child is told by these arguments to do; nothing if they are not those of a child. Where it is to wait, it waits here.
pub(crate) fn told(arguments: &[OsString]) -> Option<(String, Words)> {
    let [how, name, words @ ..] = arguments else {
        return None;
    };
    if how == AT_THE_BARRIER {
        let mut stdout = std::io::stdout().lock();
        writeln!(stdout, "{ARRIVED}").and_then(|()| stdout.flush()).expect("our parent reads");
        std::io::stdin().read_to_end(&mut Vec::new()).expect("our parent lets go");
    } else if how != AT_ONCE {
        return None;
    }
    Some((name.to_str()?.to_owned(), Words(words.to_vec())))
}

pub(crate) const AT_ONCE: &str = "child";
const AT_THE_BARRIER: &str = "child-at-the-barrier";
const ARRIVED: &str = "at the barrier";
