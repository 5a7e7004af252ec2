//! The one place that reads the real world: environment, clock, terminals. (Randomness the engine draws itself, from
//! `tokenward::SystemEntropy`.)
//!
//! Everything else in this crate gets an [`Ambient`]. Two variables change what it reads, for the demo and the crash
//! tests (`docs/design/0001-main-job.md`): `TOKENWARD_CLOCK_OFFSET` moves the clock, `TOKENWARD_KILL_AT` kills the
//! process at a step of a rotation. Both are harmless: a crash at any step costs nothing (I5).

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tokenward::{Environment, Observer, RotationStep, SystemClock};
use tokenward_core::Code;
use tokenward_core::ports::Clock;

use crate::failure::Failure;
use crate::render::Surface;
use crate::words::Lang;

/// What surrounds the process.
#[derive(Debug)]
pub(crate) struct Ambient {
    /// The environment.
    pub(crate) env: Environment,
    /// The clock.
    pub(crate) clock: ShiftedClock,
    /// Whether stdin is a terminal.
    pub(crate) stdin_terminal: bool,
    /// Where stdout and stderr lead.
    pub(crate) surface: Surface,
    /// Whether `TOKENWARD_APP_SECRET` is set, were it empty: an empty secret is a mistake, not an absent one.
    pub(crate) secret_is_set: bool,
    /// `TOKENWARD_CLOCK_OFFSET` or `TOKENWARD_KILL_AT`, if it holds something that cannot be used.
    bad: Option<(&'static str, String)>,
    kill_at: Option<KillAt>,
}

/// Where the process runs, if that is not the machine at which the person sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remote {
    /// Reached by SSH.
    Ssh,
    /// A container of Docker, Podman or Kubernetes.
    Container,
}

/// Where the process is to die.
#[derive(Debug, Clone, Copy)]
enum KillAt {
    /// At a step of a rotation.
    Rotation(RotationStep),
    /// At a step of a page's making.
    Wiki(tokenward_wiki::PageStep),
}

impl Ambient {
    /// Reads it all.
    pub(crate) fn read() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the one place of the command line that reads the environment")]
        let env = Environment::new(std::env::vars_os());
        #[expect(clippy::disallowed_methods, reason = "the same; only whether it is there")]
        let secret_is_set = std::env::var_os("TOKENWARD_APP_SECRET").is_some();
        let mut bad = None;
        let offset = env.get(CLOCK_OFFSET).map_or(Some(0), |text| text.trim().parse().ok());
        if offset.is_none() {
            bad = Some((CLOCK_OFFSET, env.get(CLOCK_OFFSET).unwrap_or_default().to_owned()));
        }
        let kill_at = env.get(KILL_AT).map(|text| {
            let rotation = text.parse().map(KillAt::Rotation);
            rotation.or_else(|()| text.parse().map(KillAt::Wiki)).map_err(|()| text.to_owned())
        });
        let kill_at = match kill_at {
            Some(Err(text)) => {
                bad = Some((KILL_AT, text));
                None
            }
            Some(Ok(step)) => Some(step),
            None => None,
        };
        let surface = Surface {
            out: std::io::stdout().is_terminal(),
            err: std::io::stderr().is_terminal(),
            plain: env.get("NO_COLOR").is_some() || env.get("TERM") == Some("dumb"),
            width: columns(std::io::stdout()),
            err_width: columns(std::io::stderr()),
        };
        Self {
            clock: ShiftedClock { seconds: offset.unwrap_or(0) },
            stdin_terminal: std::io::stdin().is_terminal(),
            surface,
            secret_is_set,
            bad,
            kill_at,
            env,
        }
    }

    /// The language of the words, by flag or environment.
    pub(crate) fn lang(&self, flag: Option<Lang>) -> Lang {
        flag.unwrap_or_else(|| Lang::of_environment(|name| self.env.get(name).map(str::to_owned)))
    }

    /// Refuses values of the two special variables that cannot be used.
    pub(crate) fn check(&self, lang: Lang) -> Result<(), Failure> {
        match &self.bad {
            Some((name, value)) => Err(Failure::new(Code::BadSetting, lang.bad_variable(name, value.escape_debug()))),
            None => Ok(()),
        }
    }

    /// Whether a person can be asked: questions go to stderr and answers come from stdin.
    pub(crate) const fn can_ask(&self) -> bool {
        self.stdin_terminal && self.surface.err
    }

    /// Whether something is asked for that only the long way can do: a log, a kill, a complaint about a variable.
    pub(crate) fn is_special(&self) -> bool {
        self.bad.is_some() || self.kill_at.is_some() || self.env.get("TOKENWARD_LOG").is_some()
    }

    /// What `TOKENWARD_KILL_AT` asks for.
    pub(crate) fn observer(&self) -> Option<Arc<dyn Observer>> {
        match self.kill_at? {
            KillAt::Rotation(step) => Some(Arc::new(Killer(step)) as Arc<dyn Observer>),
            KillAt::Wiki(_) => None,
        }
    }

    /// The step of a page's making at which `TOKENWARD_KILL_AT` asks to die.
    pub(crate) const fn kill_at_wiki(&self) -> Option<tokenward_wiki::PageStep> {
        match self.kill_at {
            Some(KillAt::Wiki(step)) => Some(step),
            _ => None,
        }
    }

    /// Whether a build service runs it: all of them set `CI`, and nobody sits there.
    pub(crate) fn is_of_a_build(&self) -> bool {
        self.env.get("CI").is_some_and(|value| !matches!(value, "" | "0" | "false"))
    }

    /// Where it runs: by what sshd(8) sets, what container runtimes leave in the file system, and what they set. Looked up when it is asked
    /// for, and not at each start.
    pub(crate) fn remote(&self) -> Option<Remote> {
        let is_set = |name: &&str| self.env.get(name).is_some();
        if ["SSH_CONNECTION", "SSH_TTY"].iter().any(is_set) {
            return Some(Remote::Ssh);
        }
        let is_contained = ["/.dockerenv", "/run/.containerenv"].iter().any(|mark| std::path::Path::new(mark).exists())
            || ["container", "KUBERNETES_SERVICE_HOST"].iter().any(is_set);
        is_contained.then_some(Remote::Container)
    }
}

/// The width of a terminal, if it is one that knows. Some report 0 columns (`script`, `docker -t` without a size).
fn columns(stream: impl std::os::fd::AsFd) -> Option<u16> {
    rustix::termios::tcgetwinsize(stream).ok().map(|size| size.ws_col).filter(|&width| width > 0)
}

/// The words of the command line, without the program's name.
pub(crate) fn arguments() -> Vec<OsString> {
    std::env::args_os().skip(1).collect()
}

/// This program's own file, for its own children.
pub(crate) fn own_program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// The program that people start, for what others are told to start: the launcher, where a package has put one in front of this.
pub(crate) fn installed_program() -> std::io::Result<PathBuf> {
    let own = own_program()?;
    Ok(tokenward_launcher::launcher_of(&own).filter(|launcher| launcher.is_file()).unwrap_or(own))
}

/// The system's clock, moved by `TOKENWARD_CLOCK_OFFSET`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShiftedClock {
    seconds: i64,
}

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        // An offset beyond all dates leaves the clock where it is; nobody has a use for it.
        now.checked_add(SignedDuration::from_secs(self.seconds)).unwrap_or(now)
    }
}

/// Kills the process at a step, as SIGKILL would from outside: nothing is flushed, nothing is cleaned up.
struct Killer(RotationStep);

impl Observer for Killer {
    fn at(&self, step: RotationStep) {
        if step == self.0 {
            die();
        }
    }
}

/// Ends the process as SIGKILL would from outside. The signal cannot be caught; should the call fail, the process simply
/// lives on.
pub(crate) fn die() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
}

const CLOCK_OFFSET: &str = "TOKENWARD_CLOCK_OFFSET";
const KILL_AT: &str = "TOKENWARD_KILL_AT";
