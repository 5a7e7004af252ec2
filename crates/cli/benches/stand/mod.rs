//! What the benchmarks share: a login, a clock, a way to print.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use tokenward_emulator::{App, Brand, Sandbox};

pub(crate) const REDIRECT: &str = "http://127.0.0.1:9768/callback";

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
    // The redirect is pasted, so that no port has to be free.
    let mut login =
        run(&["login", "--paste"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut page = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(login.stdout.as_mut().ok_or("no stdout")?), &mut page)?;
    let back = consent(page.trim())?;
    std::io::Write::write_all(login.stdin.as_mut().ok_or("no stdin")?, format!("{back}\n").as_bytes())?;
    drop(login.stdin.take());
    if !login.wait()?.success() {
        return Err("login failed".into());
    }
    Ok(())
}

/// Opens the consent page and gives back where it sends the browser.
fn consent(page: &str) -> Result<String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
        let answer = client.get(page).send().await?;
        let location = answer.headers().get("location").ok_or("no redirect")?;
        Ok(location.to_str()?.to_owned())
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::print_stdout, reason = "the result of a benchmark")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}
