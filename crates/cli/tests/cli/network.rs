//! What the environment says about the way to the provider.

use std::net::TcpListener;

use tokenward_emulator::Brand;

use crate::world::{World, run_fed};

/// A proxy that could be used stands beside the one that cannot: nothing goes through it, and nothing goes without.
#[test]
fn a_proxy_that_cannot_be_used_leaves_everything_unsent_and_is_told() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let other_proxy = format!("http://{}", other.local_addr().unwrap());
    let variables = [("HTTPS_PROXY", "socks://ada:hunter2@127.0.0.1:1"), ("ALL_PROXY", other_proxy.as_str())];
    let world = World::logged_in();
    let hosts =
        [Brand::Feishu].map(|brand| [world.sandbox.open_url(brand), world.sandbox.accounts_url(brand)]).concat();
    let own = world.config();
    let elsewhere = hosts.iter().fold(own.clone(), |text, host| text.replace(host, "https://provider.invalid"));
    assert_ne!(own, elsewhere);
    std::fs::write(world.home.join("config.toml"), elsewhere).unwrap();
    for words in [
        &["refresh"][..],
        &["api", "GET", "/open-apis/authen/v1/user_info"],
        &["login", "--device"],
        &["token", "--as", "tenant"],
    ] {
        let ran = world.run_with(&variables, words);
        ran.fails(2, "TW0854");
        assert!(ran.err.contains("HTTPS_PROXY") && !ran.err.contains("hunter2"), "{ran:?}");
    }
    let words = [
        "init",
        "--provider",
        "feishu",
        "--app",
        "other",
        "--profile",
        "other",
        "--app-id",
        "cli_a1b2c3d4e5f6a7b8",
        "--app-secret-stdin",
    ];
    let url = ["--open-url", "https://provider.invalid", "--accounts-url", "https://provider.invalid"];
    let ran = run_fed(world.command(&[&words[..], &url].concat()).envs(variables), "secret-of-the-app-0123456789abcd");
    ran.fails(2, "TW0854");
    let ran = world.run_with(&variables, &["doctor", "--online"]);
    assert!(ran.out.contains("TW0854") && !ran.err.contains("hunter2"), "{ran:?}");
    assert!(other.accept().is_err(), "the other proxy was asked");
    // Nothing was spent, and what needs no proxy goes on.
    std::fs::write(world.home.join("config.toml"), own).unwrap();
    assert_eq!(world.run_with(&variables, &["refresh"]).code, 0);
}
