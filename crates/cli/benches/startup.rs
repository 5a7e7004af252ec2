//! What `tokenward token` costs as a whole process, beside an empty process and a bare `SQLite` read
//! (design/0000-charter.md §10).
//!
//! `cargo bench -p tokenward-cli --bench startup`. Rounds are interleaved, so that whatever else the machine does
//! strikes all of them; medians and ratios are printed, with the peak memory of each. No pass or fail: the budget is a
//! ratio, and a busy machine is not a regression.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokenward_emulator::{AppSpec, Brand, Sandbox, SandboxOptions};

mod stand;

use stand::{REDIRECT, Result, log_in, now, print};

const ROUNDS: usize = 400;

/// A name and how to make the command.
type Contender<'a> = (&'a str, Box<dyn Fn() -> Command + 'a>);

fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("--peak") {
        return peak_of(&std::env::args().skip(2).collect::<Vec<_>>());
    }
    let examples = examples()?;
    let folder = tempfile::tempdir()?;
    let sandbox = Sandbox::start_blocking(SandboxOptions::default())?;
    sandbox.consent_auto();
    sandbox.rules(|rules| rules.loopback_any_port = true);
    let app = sandbox.app(AppSpec::new(Brand::Feishu).redirect(REDIRECT));
    sandbox.user("Ada");
    log_in(&sandbox, &app, folder.path())?;
    drop(sandbox);
    let tokenward = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenward"));
        command.arg("token").env("TOKENWARD_HOME", folder.path());
        command
    };
    let shown = tokenward().output()?;
    if !shown.status.success() {
        return Err(format!("tokenward token failed: {}", String::from_utf8_lossy(&shown.stderr)).into());
    }
    let database = folder.path().join("vault").join("vault.db");
    let commands: [Contender; 3] = [
        ("empty process", Box::new(|| Command::new(examples.join("empty")))),
        ("bare SQLite read", {
            let examples = examples.clone();
            Box::new(move || {
                let mut command = Command::new(examples.join("bare_read"));
                command.arg(&database);
                command
            })
        }),
        ("tokenward token", Box::new(tokenward)),
    ];

    let mut times = [const { Vec::new() }; 3];
    for round in 0..ROUNDS + 20 {
        for (index, (_, command)) in commands.iter().enumerate() {
            let mut command = command();
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let start = now();
            let status = command.status()?;
            let took = start.elapsed();
            assert!(status.success());
            // The first rounds fill the caches.
            if round >= 20 {
                times[index].push(took);
            }
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    });
    print("                       median    / empty   / SQLite read   peak memory");
    for ((name, command), median) in commands.iter().zip(medians) {
        let ratio = |base: Duration| median.as_secs_f64() / base.as_secs_f64();
        let peak = peak(&command())?;
        print(&format!(
            "{name:<20} {median:>9.2?}   {:>6.2}   {:>13.2}   {peak:>7} KiB",
            ratio(medians[0]),
            ratio(medians[1])
        ));
    }
    print("budget: tokenward token at most 2.5 x the empty process, at most 5120 KiB");
    Ok(())
}

/// The folder with the two programs to compare with, built as this benchmark was.
fn examples() -> Result<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "-p",
            "tokenward-vault",
            "--example",
            "empty",
            "--example",
            "bare_read",
        ])
        .status()?;
    assert!(built.success(), "the programs to compare with did not build");
    let release = Path::new(env!("CARGO_BIN_EXE_tokenward")).parent().ok_or("no folder")?;
    Ok(release.join("examples"))
}

/// The peak memory of a command, in KiB, by the kernel's own account of a process that had this one child. The kernel
/// counts at least what the parent had at that moment (about 3 MiB), so smaller programs show that.
fn peak(command: &Command) -> Result<u64> {
    let mut measuring = Command::new(std::env::current_exe()?);
    measuring.arg("--peak").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            measuring.env(name, value);
        }
    }
    Ok(String::from_utf8(measuring.output()?.stdout)?.trim().parse()?)
}

fn peak_of(arguments: &[String]) -> Result<()> {
    let (program, rest) = arguments.split_first().ok_or("no program")?;
    Command::new(program).args(rest).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)?;
    print(&usage.max_rss().to_string());
    Ok(())
}
