//! What the benchmarks share: a login, a clock, a way to print.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokenward_emulator::{App, Brand, Sandbox};

pub(crate) const REDIRECT: &str = "http://127.0.0.1/callback";

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Logs in by the true path, the binary's own.
pub(crate) fn log_in(sandbox: &Sandbox, app: &App, home: &Path) -> Result<()> {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tokenward"));
        command.args(arguments).env("TOKENWARD_HOME", home).env("TOKENWARD_APP_SECRET", &app.secret);
        command
    };
    let (open, accounts) = (sandbox.open_url(Brand::Feishu), sandbox.accounts_url(Brand::Feishu));
    let init = ["init", "--provider", "feishu", "--app-id", &app.id, "--open-url", &open, "--accounts-url", &accounts];
    let init = run(&init).arg("--redirect-uri").arg(REDIRECT).stdin(Stdio::null()).output()?;
    if !init.status.success() {
        return Err(format!("init failed: {}", String::from_utf8_lossy(&init.stderr)).into());
    }
    let mut login =
        run(&["login", "--no-browser", "--port", "0"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut page = String::new();
    let stdout = login.stdout.as_mut().ok_or("no stdout")?;
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut page)?;
    browse(page.trim())?;
    if !login.wait()?.success() {
        return Err("login failed".into());
    }
    Ok(())
}

/// Opens the consent page, which consents by itself, and follows it to the callback.
fn browse(page: &str) -> Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { reqwest::get(page).await?.error_for_status() })?;
    Ok(())
}

/// The middle one.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}
