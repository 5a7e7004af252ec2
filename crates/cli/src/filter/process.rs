//! The process in which an expression runs, from both ends.
//!
//! Messages go over its stdin and stdout, each as a length (four bytes, little endian) and that many bytes. To it: the language,
//! the expression, then documents. From it: a byte that says what the message is, and a text. Stderr is closed to it: what a
//! runtime prints about a stack that overflowed is told in our words.

use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus, Stdio};

use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use tokenward_core::Code;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout};

use super::jq_program::{Program, Why};
use crate::ambient::own_program;
use crate::child_environment::stranger;
use crate::failure::Failure;
use crate::words::Lang;

/// An expression that is understood, in a process that ends with this value.
pub(crate) struct Filter {
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    lang: Lang,
}

impl Filter {
    /// Starts the process and reads the expression there.
    ///
    /// # Errors
    /// [`Code::BadFilter`] with the place where it is not understood.
    pub(crate) async fn start(expression: &str, lang: Lang) -> Result<Self, Failure> {
        let (child, input, output) = spawn().map_err(|error| not_started(&error, lang))?;
        let mut filter = Self { child, input, output, lang };
        let spoken = match lang {
            Lang::En => "en",
            Lang::Zh => "zh",
        };
        // A process that ended early is told by what it leaves unsaid.
        let _ = filter.send(spoken.as_bytes()).await;
        let _ = filter.send(expression.as_bytes()).await;
        filter.read(|what| lang.jq_not_understood(what), |_| Ok(())).await?;
        Ok(filter)
    }

    /// What it makes of a document: `show` takes each line as it comes.
    ///
    /// # Errors
    /// [`Code::BadFilter`] for a document that the expression cannot work on, or that needs more than there is; what `show` met.
    pub(crate) async fn run(
        &mut self,
        document: &[u8],
        show: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let lang = self.lang;
        let _ = self.send(document).await;
        self.read(|what| lang.jq_failed(what), show).await
    }

    async fn send(&mut self, text: &[u8]) -> io::Result<()> {
        self.input.write_all(&length(text)?).await?;
        self.input.write_all(text).await?;
        self.input.flush().await
    }

    /// Reads messages until one ends the work.
    async fn read(
        &mut self,
        failed: impl FnOnce(String) -> String,
        mut show: impl FnMut(&str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            let Ok((kind, text)) = self.message().await else {
                let ended = self.child.wait().await;
                return Err(bad(failed(died(ended.ok(), self.lang))));
            };
            match kind {
                LINE => show(&text)?,
                DONE => return Ok(()),
                _ => return Err(bad(failed(text))),
            }
        }
    }

    async fn message(&mut self) -> io::Result<(u8, String)> {
        let kind = self.output.read_u8().await?;
        let size = self.output.read_u32_le().await?;
        let mut text = vec![0; size as usize];
        self.output.read_exact(&mut text).await?;
        Ok((kind, String::from_utf8_lossy(&text).into_owned()))
    }
}

fn spawn() -> io::Result<(Child, ChildStdin, ChildStdout)> {
    let mut command = tokio::process::Command::from(stranger(own_program()?));
    command.arg(NAME).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let gone = || io::Error::from(io::ErrorKind::BrokenPipe);
    let (input, output) = (child.stdin.take().ok_or_else(gone)?, child.stdout.take().ok_or_else(gone)?);
    Ok((child, input, output))
}

/// Why the process ended without a word. Rust aborts where there is no more memory, and where a stack overflows.
fn died(status: Option<ExitStatus>, lang: Lang) -> String {
    const OF_ITSELF: [i32; 3] = [Signal::ABORT.as_raw(), Signal::SEGV.as_raw(), Signal::BUS.as_raw()];
    let signal = status.and_then(|status| status.signal());
    match (signal, status.and_then(|status| status.code())) {
        (Some(signal), _) if OF_ITSELF.contains(&signal) => lang.jq_too_much(MEMORY / MEBIBYTE),
        (Some(signal), _) => lang.jq_killed(signal),
        (None, Some(code)) => lang.jq_died(code),
        (None, None) => lang.jq_gone(),
    }
}

fn bad(detail: String) -> Failure {
    Failure::of(Code::BadFilter).detail(detail)
}

fn not_started(error: &io::Error, lang: Lang) -> Failure {
    Failure::of(Code::Internal).detail(lang.jq_not_started(error))
}

/// The process's own end, if the words say that this is it. It sees no file and no network: only what it is sent.
pub(crate) fn started(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    let [name] = arguments else { return None };
    if name != NAME {
        return None;
    }
    // An error of a pipe means that nobody listens any more.
    let _ = work(&mut io::stdin().lock(), &mut io::BufWriter::new(io::stdout().lock()));
    Some(ExitCode::SUCCESS)
}

fn work(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    // Whoever is killed cannot end us: the kernel does.
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::KILL));
    let _ = setrlimit(Resource::As, Rlimit { current: Some(MEMORY), maximum: Some(MEMORY) });
    let lang = if receive(input)?.is_some_and(|spoken| spoken == b"zh") { Lang::Zh } else { Lang::En };
    let Some(expression) = receive(input)? else { return Ok(()) };
    let program = match Program::new(&String::from_utf8_lossy(&expression), lang) {
        Ok(program) => program,
        Err(what) => return tell(output, FAILED, &what),
    };
    tell(output, DONE, "")?;
    let mut halted = false;
    while let Some(document) = receive(input)? {
        // Whoever halts is done with the documents that would follow as well.
        let shown = if halted { Ok(()) } else { program.run(&document, |line| line_out(output, line)) };
        match shown {
            Ok(()) => tell(output, DONE, "")?,
            Err(Ended::Told(Why::Halted)) => {
                halted = true;
                tell(output, DONE, "")?;
            }
            Err(Ended::Told(Why::HaltedWith(code, said))) if said.is_empty() => {
                tell(output, FAILED, &lang.jq_halted(code))?;
            }
            Err(Ended::Told(Why::HaltedWith(code, said))) => tell(output, FAILED, &lang.jq_halted_saying(code, said))?,
            Err(Ended::Told(Why::Failed(what))) => tell(output, FAILED, &what)?,
            Err(Ended::Unheard(error)) => return Err(error),
        }
    }
    Ok(())
}

/// Why a program ended before its document did.
enum Ended {
    Told(Why),
    Unheard(io::Error),
}

impl From<Why> for Ended {
    fn from(why: Why) -> Self {
        Self::Told(why)
    }
}

fn line_out(output: &mut impl Write, line: &str) -> Result<(), Ended> {
    message(output, LINE, line).map_err(Ended::Unheard)
}

fn tell(output: &mut impl Write, kind: u8, text: &str) -> io::Result<()> {
    message(output, kind, text)?;
    output.flush()
}

fn message(output: &mut impl Write, kind: u8, text: &str) -> io::Result<()> {
    output.write_all(&[kind])?;
    output.write_all(&length(text.as_bytes())?)?;
    output.write_all(text.as_bytes())
}

fn receive(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut size = [0; 4];
    match input.read_exact(&mut size) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut text = vec![0; u32::from_le_bytes(size) as usize];
    input.read_exact(&mut text)?;
    Ok(Some(text))
}

fn length(text: &[u8]) -> io::Result<[u8; 4]> {
    u32::try_from(text.len()).map(u32::to_le_bytes).map_err(io::Error::other)
}

/// What the process is called among the arguments: no command's name.
const NAME: &str = "__filter";
const LINE: u8 = b'l';
const DONE: u8 = b'd';
const FAILED: u8 = b'f';
const MEBIBYTE: u64 = 1 << 20;
/// Room for answers of tens of megabytes as jaq holds them, and an end for what grows without one.
const MEMORY: u64 = 2048 * MEBIBYTE;
