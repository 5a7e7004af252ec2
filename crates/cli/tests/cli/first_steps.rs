//! From nothing to a login in one command, and the scopes of a purpose.

use tokenward_emulator::Brand;
use url::Url;

use crate::terminal::AtTerminal;
use crate::world::{World, browse};

/// Answers what `init` asks.
fn answered<'a>(asked: &'a mut AtTerminal, world: &World) -> &'a mut AtTerminal {
    asked.until("[feishu]:").answer("\n").until("App ID (cli_…):");
    asked.answer(&format!("{}\n", world.app.id)).until("App Secret (not shown):");
    asked.answer(&format!("{}\n", world.app.secret))
}

/// Opens the address that is waited at, and sees the login through.
fn consented(waiting: AtTerminal) {
    let shown = waiting.seen();
    let line =
        shown.lines().map(str::trim).rfind(|line| line.starts_with("http://") && line.contains("state=")).unwrap();
    let (_, page) = browse(line);
    assert!(page.contains("You are logged in as Ada"), "{page}");
    let (shown, code) = waiting.end();
    assert!(code == 0 && shown.contains("Ada"), "{shown}");
}

/// The hosts of the provider, as variables; they describe no app.
fn hosts(world: &World) -> [(&'static str, String); 3] {
    let urls = world.sandbox.urls(Brand::Feishu);
    let redirect = "http://127.0.0.1:0/callback".to_owned();
    [
        ("TOKENWARD_OPEN_URL", urls.open.clone()),
        ("TOKENWARD_ACCOUNTS_URL", urls.accounts.clone()),
        ("TOKENWARD_REDIRECT_URI", redirect),
    ]
}

#[test]
fn login_with_nothing_set_up_begins_with_init_and_goes_on() {
    let world = World::bare();
    let hosts = hosts(&world);
    let variables: Vec<_> = hosts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut login = AtTerminal::with(&world, &variables, "login --timeout 30s");
    login.until("nothing is set up yet, so the app comes first");
    answered(&mut login, &world).until("Log in now? [Y/n]").answer("\n").until("waiting for the browser");
    consented(login);
}

#[test]
fn init_goes_on_to_the_login() {
    let world = World::bare();
    let hosts = hosts(&world);
    let variables: Vec<_> = hosts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut init = AtTerminal::with(&world, &variables, "init");
    answered(&mut init, &world).until("Log in now? [Y/n]").answer("\n").until("waiting for the browser");
    consented(init);
}

#[test]
fn a_no_ends_after_init() {
    let world = World::bare();
    let hosts = hosts(&world);
    let variables: Vec<_> = hosts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut login = AtTerminal::with(&world, &variables, "login");
    answered(&mut login, &world).until("Log in now? [Y/n]").answer("n\n");
    assert_eq!(login.end().1, 0);
    assert!(world.config().contains(&world.app.id));
    // What stands there is the default of the next time.
    let mut again = AtTerminal::with(&world, &variables, "init");
    again.until("[feishu]:").answer("abc\n").until("unknown provider abc; use feishu, lark");
    again.until("[feishu]:").answer("\n").until(&format!("[{}]:", world.app.id)).answer("\n");
    // So is the secret, which nobody shows.
    again.until("(not shown) [Enter keeps the stored one]:").answer("\n").until("the provider accepts");
}

#[test]
fn without_a_terminal_both_commands_are_named() {
    let world = World::bare();
    for lang in ["en", "zh"] {
        let ran = world.run(&["login", "--lang", lang]);
        let told = &ran.fails(2, "TW0204").err;
        for word in
            ["tokenward init --app-id ID --app-secret-stdin", "TOKENWARD_APP_SECRET", "tokenward login --device"]
        {
            assert!(told.contains(word), "{word}: {ran:?}");
        }
    }
}

/// All at once: what was asked for is what the wiki's commands want.
#[test]
fn a_purpose_asks_for_its_scopes() {
    let world = World::new();
    let scopes = |more: &[&str]| {
        let words = ["login", "--no-browser", "--port", "0", "--timeout", "20s"];
        let mut login = crate::world::Started::new(&mut world.command(&[&words[..], more].concat()));
        let url = Url::parse(&login.line()).unwrap();
        url.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned()
    };
    let both = scopes(&["--for", "wiki", "--for", "im", "--scope", "drive:drive"]);
    for scope in ["wiki:node:create", "docx:document.block:convert", "im:message", "drive:drive", "offline_access"] {
        assert!(both.split(' ').any(|word| word == scope), "{scope}: {both}");
    }
    assert!(!scopes(&["--for", "docs"]).contains("wiki:"));
    // The reference tells each of them.
    let reference = include_str!("../../../../docs/reference/feishu.md");
    for purpose in ["wiki", "docs", "im", "mcp"] {
        let asked = scopes(&["--for", purpose]);
        let row = reference.lines().find(|line| line.starts_with(&format!("| `{purpose}` | `"))).unwrap();
        for scope in asked.split(' ').filter(|scope| *scope != "offline_access") {
            assert!(row.contains(scope), "{purpose}: {scope}");
        }
    }
}

#[test]
fn a_purpose_is_no_scope_of_another_provider() {
    let desk = crate::desk::Desk::new(tokenward_emulator::Door::Plain);
    desk.run(&["login", "--for", "wiki"]).fails(2, "--scope");
}
