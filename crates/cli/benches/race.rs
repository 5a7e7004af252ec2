//! Many processes at the moment of expiry: how long after the winner the last one has its token (design/0000-charter.md
//! §10).
//!
//! `cargo bench -p tokenward-cli --bench race`. The sandbox holds its answer back until every process has asked. A
//! thread reaps the children as they end, so the times are the kernel's. For comparison, the same number of processes
//! is started right after that only read the token, which is good now: what so many starts and ends cost this machine
//! anyway. The ratio of the two is what counts: what waiting for one another adds.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitStatus, wait};
use tokenward_emulator::{AppSpec, Brand, Sandbox, SandboxOptions};

mod stand;

use stand::{REDIRECT, Result, log_in, median, now, print};

const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let sandbox = Sandbox::start_blocking(SandboxOptions::default())?;
    sandbox.consent_auto();
    sandbox.rules(|rules| rules.loopback_any_port = true);
    let app = sandbox.app(AppSpec::new(Brand::Feishu).redirect(REDIRECT));
    sandbox.user("Ada");
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    log_in(&sandbox, &app, folder.path())?;
    let mut offset = 0_u64;
    print("first to last of so many processes to end: at the moment of expiry, and with a token that is good");
    print("processes   exchanges   replays   at expiry   token good   ratio");
    for processes in [64, 256] {
        let (mut all_raced, mut all_plain) = (Vec::new(), Vec::new());
        for _round in 0..ROUNDS {
            offset += 7300;
            sandbox.advance(Duration::from_secs(7300));
            sandbox.rules(|rules| rules.latency_after_ms = 300 + 20 * processes as u64);
            let before = sandbox.counters();
            let raced = spread(processes, folder.path(), offset)?;
            let after = sandbox.counters();
            sandbox.rules(|rules| rules.latency_after_ms = 0);
            let plain = spread(processes, folder.path(), offset)?;
            let (exchanges, replays) = (after.refreshes - before.refreshes, after.replays - before.replays);
            let ratio = raced.as_secs_f64() / plain.as_secs_f64();
            print(&format!(
                "{processes:>9}   {exchanges:>9}   {replays:>7}   {raced:>9.1?}   {plain:>10.1?}   {ratio:>5.2}"
            ));
            all_raced.push(raced);
            all_plain.push(plain);
        }
        let [raced, plain] = [all_raced, all_plain].map(median);
        let ratio = raced.as_secs_f64() / plain.as_secs_f64();
        print(&format!("{processes:>9}   median                {raced:>9.1?}   {plain:>10.1?}   {ratio:>5.2}"));
    }
    print("budget: 1 exchange, 0 replays; 256 processes: ratio at most 1.5");
    Ok(())
}

/// The time between the first and the last of so many processes to end.
fn spread(processes: usize, home: &std::path::Path, offset: u64) -> Result<Duration> {
    // Lives until the others have ended, so that there is always a child to wait for.
    let mut last = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let input = last.stdin.take();
    let ends = std::thread::scope(|scope| -> Result<Vec<Instant>> {
        // They end while others are still being started, and are reaped as they end.
        let reaped = scope.spawn(move || {
            let mut ends = Vec::new();
            while ends.len() < processes {
                match wait()? {
                    WaitStatus::Exited(_, 0) => ends.push(now()),
                    other => return Err(format!("a process ended badly: {other:?}").into()),
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(ends)
        });
        for _ in 0..processes {
            let mut command = Command::new(env!("CARGO_BIN_EXE_tokenward"));
            command.arg("token").env("TOKENWARD_HOME", home).env("TOKENWARD_CLOCK_OFFSET", offset.to_string());
            // Not waited for here, and no zombie: the thread does.
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
        }
        let ends = reaped.join().map_err(|_| "the reaping thread panicked")?;
        Ok(ends.map_err(|error| error.to_string())?)
    });
    drop(input);
    last.wait()?;
    let ends = ends?;
    Ok(ends[processes - 1] - ends[0])
}
