//! Where tools keep their stores.

use tokenward_files::Environment;
use tokenward_files::stores::{Means, Needs, Tool, find, read};

use crate::Home;

#[test]
fn nothing_is_found_where_nothing_is() {
    assert!(find(&Environment::default()).is_empty());
    let home = Home::new();
    assert!(find(&home.environment()).is_empty());
    // Folders in the place of files, and files in the place of folders.
    std::fs::create_dir_all(home.path(".local/share/lark-mcp-nodejs/storage.json")).unwrap();
    home.write(".local/share/lark-cli", "x");
    home.write(".config/oidc-agent", "x");
    assert!(find(&home.environment()).is_empty());
}

#[test]
fn the_variables_of_each_tool_are_followed() {
    let home = Home::new();
    let store = home.write("data/lark-mcp-nodejs/storage.json", "x");
    home.write("own/lark-cli/cli_1_ou_1.enc", "x");
    home.write("own/lark-cli/master.key", [0; 32]);
    home.write("own/lark-cli/appsecret_cli_1.enc", "x");
    home.write("data/lark-cli/cli_2_ou_2.enc", "x");
    home.write("Library/Application Support/lark-cli/appsecret_cli_3.enc", "x");
    let variables =
        [("HOME", home.path("")), ("XDG_DATA_HOME", home.path("data")), ("LARKSUITE_CLI_DATA_DIR", home.path("own"))];
    let found = find(&Environment::new(variables));
    let found: Vec<_> = found.into_iter().map(|found| (found.tool, found.place, found.needs)).collect();
    assert_eq!(
        found,
        [
            (Tool::LarkMcp, store, Needs::Keyring),
            (Tool::LarkCli, home.path("own/lark-cli"), Needs::Nothing),
            (Tool::LarkCli, home.path("data/lark-cli"), Needs::Keyring),
        ]
    );
}

#[test]
fn a_place_that_is_not_what_it_should_be_is_told() {
    let home = Home::new();
    let told = |tool, name: &str| {
        let error = home.read(tool, &home.path(name)).unwrap_err().to_string();
        error.replace(&home.path(name).display().to_string(), "PLACE")
    };
    std::fs::create_dir(home.path("folder")).unwrap();
    for tool in [Tool::LarkMcp, Tool::OidcAgent, Tool::TokenFile] {
        assert_eq!(told(tool, "folder"), "PLACE is a folder");
        assert_eq!(told(tool, "absent"), format!("{tool} holds no login in PLACE"));
    }
    home.write("large.json", vec![b' '; (8 << 20) + 1]);
    assert_eq!(told(Tool::TokenFile, "large.json"), "PLACE is larger than a store of tokens");
    let pipe = home.path("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    assert_eq!(told(Tool::TokenFile, "pipe"), "PLACE is no file");
}

#[test]
fn a_token_file_is_read_in_place() {
    let home = Home::new();
    let place = home.write("token.json", r#"{"refresh_token":"r"}"#);
    let logins = read(&home.environment(), Tool::TokenFile, &place, &Means::default()).unwrap();
    assert_eq!((logins[0].tool, &logins[0].place, logins[0].writable), (Tool::TokenFile, &place, true));
    // Several are told apart by where they stand, where nothing else does.
    let place =
        home.write("tokens.json", r#"{"work":{"refresh_token":"r"},"u-SECRET":{"access_token":"a","open_id":"ou_1"}}"#);
    let logins = read(&home.environment(), Tool::TokenFile, &place, &Means::default()).unwrap();
    let accounts: Vec<_> = logins.iter().map(|login| login.account.as_str()).collect();
    assert_eq!(accounts, ["work.refresh_token", "ou_1 · ….access_token"]);
}
