//! A sandbox for clients in other languages: prints its settings as one line of JSON and ends when stdin closes.
//!
//! ```sh
//! cargo run -p tokenward-emulator --example serve < /dev/zero
//! ```

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};
use tokenward_emulator::{AppSpec, Brand, Door, Sandbox, SandboxOptions, UserSpec};

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
    let blueking = blueking(&sandbox);
    let client = sandbox.app(AppSpec::new(Brand::OAuth2).redirect(CALLBACK));
    let plain = json!({
        "issuer": sandbox.door_url(Door::Plain), "client_id": client.id, "client_secret": client.secret,
    });
    let settings = json!({
        "control": sandbox.control_url(), "redirect_uri": CALLBACK, "brands": brands,
        "blueking": blueking, "plain": plain,
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

/// One app, two users who are logged in, and every door.
fn blueking(sandbox: &Sandbox) -> Value {
    let app = sandbox.app(AppSpec::new(Brand::BlueKing).credentials("demo-app", "demo-secret").redirect(CALLBACK));
    let alice = UserSpec::new("Alice").id("alice").cookie("bk_token", "bk-token-alice");
    sandbox.add_user(alice.cookie("bk_ticket", "ticket-alice").cookie("rtx", "123"));
    let bob = UserSpec::new("Bob").id("bob").cookie("bk_token", "bk-token-bob");
    sandbox.add_user(bob.cookie("bk_ticket", "ticket-bob").cookie("rtx", "456"));
    json!({
        "ssm": sandbox.door_url(Door::Ssm), "auth_api": sandbox.door_url(Door::AuthApi),
        "gateway": sandbox.door_url(Door::Gateway), "bkauth": sandbox.realm_url("blueking"),
        "app_code": app.id, "app_secret": app.secret,
    })
}
