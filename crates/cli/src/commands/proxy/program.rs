//! `tokenward proxy -- CMD`: the proxy for one program, which it ends with.
//!
//! Enters: a command, the variables that name the proxy, and the proxy. Leaves: the program's exit code. The program gets the local secret
//! and no token (I4). Ctrl-C is the program's own business: an interpreter goes on after it. SIGTERM and SIGHUP are handed on.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokenward_core::Code;
use tokenward_serve::proxy::Proxy as Listening;
use tokio::process::Child;

use crate::commands::child_process;
use crate::context::{Context, Ending};
use crate::failure::Failure;

/// Runs the program, and serves until it has ended.
pub(super) async fn beside(
    command: &[OsString],
    env: Vec<(&'static str, String)>,
    listening: Listening,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let asked = context.stopping(Ending::Program);
    let mut child = child_process::start(command, env, context)?;
    let (running, ended) = tokio::sync::oneshot::channel::<()>();
    let mut serving = tokio::spawn(listening.run(async move {
        let _ = ended.await;
    }));
    let status = tokio::select! {
        status = child.wait() => status,
        () = asked => {
            hand_on(&child);
            child.wait().await
        }
    };
    drop(running);
    // What it started may still be waiting for an answer.
    if tokio::time::timeout(LAST_REQUESTS, &mut serving).await.is_err() {
        serving.abort();
    }
    status.map(child_process::exit_of).map_err(|error| Failure::of(Code::Internal).detail(error.to_string()))
}

fn hand_on(child: &Child) {
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    // One that has ended meanwhile needs no signal.
    let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
}

const LAST_REQUESTS: Duration = Duration::from_secs(2);
