//! Signals: between the beginning of a spend and its commit they wait, because Ctrl-C must not cost a login.

use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;

use tokenward_core::Code;
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Command, Wiki};
use crate::commands;
use crate::context::{Context, Ending};
use crate::failure::Failure;
use crate::words::Lang;

/// What is to be said of a command that a signal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// A person was to log in.
    Login,
    /// Pages were on their way.
    Pages,
    /// A refresh was asked for.
    Refresh,
    /// Files were followed.
    Watch,
    /// Anything else.
    Other,
}

impl Cancelled {
    /// By the command.
    pub(crate) const fn of(command: &Command) -> Self {
        match command {
            Command::Login(_) => Self::Login,
            Command::Wiki(Wiki::Create(_) | Wiki::Update(_)) => Self::Pages,
            Command::Refresh(_) => Self::Refresh,
            Command::Watch(_) => Self::Watch,
            _ => Self::Other,
        }
    }

    fn words(self, signal: &str, lang: Lang) -> String {
        match self {
            Self::Login => lang.interrupted_login(signal),
            Self::Pages => lang.interrupted_pages(signal),
            Self::Refresh => lang.interrupted_refresh(signal),
            Self::Watch => lang.interrupted_watch(signal),
            Self::Other => lang.interrupted(signal),
        }
    }
}

/// Runs a command until it ends or a signal ends it. The wait for a spend is bounded by the spend's own deadline.
pub(crate) async fn heard(
    context: &Context,
    cancelled: Cancelled,
    command: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::of(Code::Internal).detail(error.to_string()));
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hangup = listen(SignalKind::hangup())?;
    // A file that may not grow (`ulimit -f`) is an error of the write, and there is the rescue slot for it. The signal's own
    // action would end the process with the answer in memory.
    let _file_size = listen(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))?;
    // A command may have its token and go while a rotation ahead of time is still under way (I7): a process that ended
    // now would take the answer with it.
    let whole = async {
        let result = command.await;
        if let Some(keeper) = context.keeper() {
            keeper.idle().await;
        }
        result
    };
    let mut whole = pin!(whole);
    let (mut name, mut number) = loop {
        tokio::select! {
            result = &mut whole => return result,
            _ = interrupt.recv() => {
                if !context.leaves_interrupts() {
                    break ("SIGINT", 2);
                }
            }
            _ = terminate.recv() => break ("SIGTERM", 15),
            _ = hangup.recv() => {
                if !context.reload() {
                    break ("SIGHUP", 1);
                }
            }
        }
    };
    if let Some(ending) = context.stop() {
        match ending {
            Ending::Requests => context.printer.note(context.lang().proxy_ends(name)),
            Ending::AtOnce => context.printer.note(cancelled.words(name, context.lang())),
            // Its end is the program's to tell.
            Ending::Program => {}
        }
        (name, number) = tokio::select! {
            result = whole => return result,
            _ = interrupt.recv() => ("SIGINT", 2),
            _ = terminate.recv() => ("SIGTERM", 15),
        };
    }
    if let Some(keeper) = context.keeper() {
        if keeper.is_spending() {
            context.printer.note(context.lang().interrupt_waits(name));
        }
        keeper.idle().await;
    }
    // A profile that was made for a login which is not to be is none. What cannot be taken out stays, and the signal is the word.
    let _ = commands::forget_new_profiles(context).await;
    context.printer.note(cancelled.words(name, context.lang()));
    Err(Failure::silent(128 + number))
}
