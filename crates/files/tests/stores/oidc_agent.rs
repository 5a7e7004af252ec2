//! Accounts of `oidc-agent`: sealed ones are told apart, printed ones are read.

use tokenward_files::stores::{Needs, Tool, find, token_json};

use crate::{Home, tokens};

/// The form of version 5: length, nonce, salt, parameters, ciphertext, the key's hash, the version.
const SEALED: &str =
    "812\nbm9uY2U=\nc2FsdA==\n24:16:16:32:1:2:67108864:2\nY2lwaGVy\naGFzaA==\nGenerated using version: 5.2.3\n";
const OLDER: &str = "812:73616c74:6e6f6e6365:636970686572\nGenerated using version: 2.1.0\n";
const PGP: &str = "-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\nGenerated using version: 5.2.3\n";

/// As `oidc-add --print` prints one.
const PRINTED: &str = r#"{"name":"lark","issuer_url":"https://accounts.example","client_id":"cli_1","client_secret":"s3cret","refresh_token":"rt-1","redirect_uris":["http://localhost:4242"],"scope":"openid offline_access","oauth":0}"#;

#[test]
fn sealed_accounts_are_found_and_the_way_to_them_is_told() {
    let home = Home::new();
    for (name, content) in [
        ("lark", SEALED),
        ("old", OLDER),
        ("with gpg", PGP),
        ("issuer.config", "https://a lark\n"),
        ("x_2026.clientconfig", SEALED),
        (".lock", SEALED),
        ("notes", "hello\n"),
    ] {
        home.write(&format!(".config/oidc-agent/{name}"), content);
    }
    let found = find(&home.environment());
    let names: Vec<_> = found.iter().map(|found| found.place.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["lark", "old", "with gpg"]);
    assert!(found.iter().all(|found| (found.tool, found.needs) == (Tool::OidcAgent, Needs::Password)));
    let told: Vec<_> = found.iter().map(|found| home.read(found.tool, &found.place).unwrap_err().to_string()).collect();
    for (told, command) in told.iter().zip(["oidc-add --print lark", "oidc-add --print old", "oidc-add --print NAME"]) {
        assert!(told.contains("is encrypted with a password") && told.ends_with(command), "{told}");
    }
}

#[test]
fn the_first_folder_that_is_there_counts() {
    let home = Home::new();
    home.write(".oidc-agent/old", SEALED);
    assert_eq!(find(&home.environment()).len(), 1);
    home.write(".config/oidc-agent/new", SEALED);
    assert!(find(&home.environment())[0].place.ends_with("new"));
    home.write("given/own", SEALED);
    let given = [("HOME", home.path("")), ("OIDC_CONFIG_DIR", home.path("given"))];
    assert!(find(&tokenward_files::Environment::new(given))[0].place.ends_with("own"));
}

#[test]
fn a_printed_account_is_read() {
    let login = token_json(PRINTED.as_bytes()).unwrap();
    assert_eq!((login.tool, login.account.as_str(), login.writable), (Tool::OidcAgent, "cli_1 · lark", false));
    assert_eq!(tokens(&login), (None, Some("rt-1")));
    assert_eq!(login.app_secret.as_ref().unwrap().expose(), "s3cret");
    assert_eq!(login.scopes.as_ref().unwrap().to_string(), "openid offline_access");
    assert!(!format!("{login:?}").contains("rt-1") && !format!("{login:?}").contains("s3cret"));
    // Saved to a file by its owner, it is no less an account.
    let home = Home::new();
    let place = home.write("printed.json", PRINTED);
    let logins = home.read(Tool::OidcAgent, &place).unwrap();
    assert_eq!((logins[0].tool, &logins[0].place), (Tool::OidcAgent, &place));
}
