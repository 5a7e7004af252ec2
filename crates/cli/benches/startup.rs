//! What `tokenward token` costs as a whole process, beside an empty process, a bare `SQLite` read and `oidc-token`
//! (design/0000-charter.md §10): as a package installs it, with the launcher in front, and the command alone.
//!
//! `cargo bench -p tokenward-cli --bench startup`. Rounds are interleaved, so that whatever else the machine does
//! strikes all of them; medians and ratios are printed, with the peak memory of each. No pass or fail: the budget is a
//! ratio, and a busy machine is not a regression. `oidc-token` is asked where it is installed (Debian:
//! `oidc-agent-cli`); it answers from the memory of its agent, which is started for this.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokenward_emulator::{AppSpec, Brand, Sandbox, SandboxOptions};

#[path = "stand/oidc.rs"]
mod oidc;
mod stand;

use oidc::Agent;
use stand::{REDIRECT, Result, log_in, median, now, print};

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
    let agent = Agent::start(&sandbox)?;
    drop(sandbox);
    let launcher = launcher()?;
    let token = |program: &Path| {
        let mut command = Command::new(program);
        command.arg("token").env("TOKENWARD_HOME", folder.path());
        command
    };
    let database = folder.path().join("vault").join("vault.db");
    let mut commands: Vec<Contender> = vec![
        ("empty process", Box::new(|| Command::new(examples.join("empty")))),
        ("bare SQLite read", {
            let examples = examples.clone();
            Box::new(move || {
                let mut command = Command::new(examples.join("bare_read"));
                command.arg(&database);
                command
            })
        }),
        ("tokenward token", Box::new(|| token(&launcher))),
        ("without launcher", Box::new(|| token(Path::new(env!("CARGO_BIN_EXE_tokenward"))))),
    ];
    match &agent {
        Some(agent) => commands.push(("oidc-token", Box::new(|| agent.token()))),
        None => print("oidc-agent is not installed (Debian: oidc-agent-cli); nothing to compare with"),
    }
    for (name, command) in &commands[2..] {
        let shown = command().output()?;
        if !shown.status.success() || shown.stdout.trim_ascii().is_empty() {
            return Err(format!("{name} failed: {}", String::from_utf8_lossy(&shown.stderr)).into());
        }
    }

    let mut times = vec![Vec::new(); commands.len()];
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
    let medians: Vec<_> = times.into_iter().map(median).collect();
    print("                       median    / empty   / SQLite read   / oidc-token   peak memory");
    for ((name, command), &time) in commands.iter().zip(&medians) {
        let ratio = |base: Option<&Duration>| {
            base.map_or_else(|| "-".to_owned(), |base| format!("{:.2}", time.as_secs_f64() / base.as_secs_f64()))
        };
        let [empty, read, oidc] = [0, 1, 4].map(|base| ratio(medians.get(base)));
        let peak = peak(&command())?;
        print(&format!("{name:<20} {time:>9.2?}   {empty:>6}   {read:>13}   {oidc:>12}   {peak:>7} KiB"));
    }
    print("budget: tokenward token at most 1.0 x oidc-token, at most 4608 KiB");
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

/// The launcher, built as the command was, which lies beside it.
fn launcher() -> Result<PathBuf> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "-p", "tokenward-launcher", "--bin", "tokenward-launcher"])
        .status()?;
    assert!(built.success(), "the launcher did not build");
    Ok(Path::new(env!("CARGO_BIN_EXE_tokenward")).with_file_name("tokenward-launcher"))
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
