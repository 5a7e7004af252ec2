//! A sandbox for clients in other languages: prints its settings as one line of JSON and ends when stdin closes.
//!
//! ```sh
//! cargo run -p tokenward-emulator --example serve < /dev/zero
//! ```

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use tokenward_emulator::{AppSpec, Brand, Sandbox, SandboxOptions};

const CALLBACK: &str = "http://127.0.0.1:9000/callback";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::start_blocking(SandboxOptions::default())?;
    let user = sandbox.user("Ada");
    sandbox.consent_auto();
    let brands: serde_json::Map<String, Value> = Brand::ALL
        .into_iter()
        .map(|brand| {
            let app = sandbox.app(AppSpec::new(brand).redirect(CALLBACK));
            let store = sandbox.app(AppSpec::new(brand).redirect(CALLBACK).store());
            let settings = json!({
                "open": sandbox.open_url(brand), "accounts": sandbox.accounts_url(brand),
                "app_id": app.id, "app_secret": app.secret,
                "store_app_id": store.id, "store_app_secret": store.secret, "store_app_ticket": store.ticket,
            });
            (brand.name().to_owned(), settings)
        })
        .collect();
    let settings = json!({
        "control": sandbox.control_url(), "redirect_uri": CALLBACK, "brands": brands,
        "user": {"id": user.id, "name": user.name, "tenant_key": user.tenant_key},
    });
    let mut out = std::io::stdout().lock();
    writeln!(out, "{settings}")?;
    out.flush()?;
    drop(out);
    // Whoever started this says "enough" by closing the pipe, or by dying.
    let mut sink = [0; 4096];
    let mut input = std::io::stdin().lock();
    while input.read(&mut sink)? > 0 {}
    Ok(())
}
