//! Stores of `lark-cli`, as its Linux builds write them.

use std::path::PathBuf;

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use tokenward_core::Brand;
use tokenward_files::Environment;
use tokenward_files::stores::{Means, Needs, Tool, find, read};

use crate::{Home, OneKey, key, second, tokens};

/// A login sealed under [`key`] by another implementation of the cipher (OpenSSL's, through Node.js).
const FOREIGN: &str = "000102030405060708090a0b3c20a368a0978d6be82fdeef93d35a02f689b616dc593e0c482e81a7274b63de684fc895ddb266ba58861e8eebe25b4bba360be834f499f84aba4c706a9081ccdc1eb41fb5a343127400c5058ae12cd21aefb0285b053a1a8e89bce05a95c1fda28a3c95e535ea20aa2c0e827845164d8a575399d0e907e8289925a8f18e2b76cb3b72a3c796bf7132d578910dec7cf60ec4d3040722bf68ff3c87079ff0d3ccfcf1f8798091a921c600be9facf3a6ccf4a5a318fcc218d547f3e2a003a4d9877628cb8e2fe7e2f90766e3d68a71e9b4d04ccb0b2e2dd61d6aa77c7e01c7ffa0eaa06c7c";

/// Seals a text as the tool does: nonce, ciphertext, tag.
pub(crate) fn sealed(text: &[u8], key: &[u8; 32]) -> Vec<u8> {
    let nonce = [5; 12];
    let ciphertext = Aes256Gcm::new(key.into()).encrypt(&Nonce::from(nonce), text).unwrap();
    [&nonce[..], &ciphertext].concat()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// A home in which the tool has two users of two apps.
fn lived_in() -> (Home, PathBuf) {
    let home = Home::new();
    let folder = ".local/share/lark-cli";
    home.write(&format!("{folder}/master.key"), key());
    home.write(&format!("{folder}/cli_first_ou_1.enc"), unhex(FOREIGN));
    let other = br#"{"appId":"cli_second","userOpenId":"ou_2","accessToken":"u-second","refreshToken":"","expiresAt":0,"scope":""}"#;
    home.write(&format!("{folder}/cli_second_ou_2.enc"), sealed(other, &key()));
    home.write(&format!("{folder}/appsecret_cli_first.enc"), sealed(b"secretfirst", &key()));
    home.write(&format!("{folder}/cli_first_ou_1.enc.0f.tmp"), "x");
    let config = r#"{"apps":[
        {"appId":"cli_first","brand":"feishu","appSecret":{"source":"keychain","id":"appsecret:cli_first"},"users":[{"userOpenId":"ou_1","userName":"张三"}]},
        {"appId":"cli_second","brand":"lark","appSecret":"plainsecond","users":[]}]}"#;
    home.write(".lark-cli/config.json", config);
    let place = home.path(folder);
    (home, place)
}

#[test]
fn logins_are_read_with_the_key_beside_them() {
    let (home, place) = lived_in();
    let found = find(&home.environment());
    assert_eq!(
        (found.len(), found[0].tool, &found[0].place, found[0].needs),
        (1, Tool::LarkCli, &place, Needs::Nothing)
    );
    let logins = home.read(Tool::LarkCli, &place).unwrap();
    let [first, other] = logins.as_slice() else { panic!("{logins:?}") };

    assert_eq!(first.account, "cli_first · 张三");
    assert_eq!(first.place, place.join("cli_first_ou_1.enc"));
    assert_eq!(tokens(first), (Some("u-first"), Some("eyJ-first")));
    assert_eq!(
        (second(first.access_expires), second(first.refresh_expires)),
        (Some(4_000_007_200), Some(4_000_604_800))
    );
    assert_eq!((first.app_id.as_deref(), first.brand), (Some("cli_first"), Some(Brand::Feishu)));
    assert_eq!(first.app_secret.as_ref().unwrap().expose(), "secretfirst");
    let subject = first.subject.as_ref().unwrap();
    assert_eq!((subject.id.as_str(), subject.name.as_deref()), ("ou_1", Some("张三")));
    assert_eq!(first.scopes.as_ref().unwrap().to_string(), "offline_access wiki:wiki");
    assert!(!first.writable);

    assert_eq!(other.account, "cli_second · ou_2");
    assert_eq!(tokens(other), (Some("u-second"), None));
    assert_eq!((other.access_expires, other.brand), (None, Some(Brand::Lark)));
    assert_eq!(other.app_secret.as_ref().unwrap().expose(), "plainsecond");

    let shown = format!("{logins:?}");
    for secret in ["u-first", "eyJ-first", "secretfirst", "u-second", "plainsecond"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn one_file_is_a_store_too() {
    let (home, place) = lived_in();
    let logins = home.read(Tool::LarkCli, &place.join("cli_first_ou_1.enc")).unwrap();
    assert_eq!(logins.len(), 1);
    assert_eq!(logins[0].app_secret.as_ref().unwrap().expose(), "secretfirst");
}

#[test]
fn a_damaged_file_does_not_hide_the_others() {
    let (home, place) = lived_in();
    std::fs::write(place.join("a_broken.enc"), [1; 60]).unwrap();
    assert_eq!(home.read(Tool::LarkCli, &place).unwrap().len(), 2);
    let told = home.read(Tool::LarkCli, &place.join("a_broken.enc")).unwrap_err().to_string();
    assert!(told.ends_with("does not open: the key is another one's, or the file is damaged"), "{told}");
}

#[test]
fn what_does_not_open_says_why() {
    let (home, place) = lived_in();
    let told = |key: &[u8]| {
        home.read_with(Tool::LarkCli, &place, key)
            .unwrap_err()
            .to_string()
            .replace(&place.display().to_string(), "STORE")
    };
    assert_eq!(
        told(&[9; 32]),
        "STORE/cli_first_ou_1.enc does not open: the key is another one's, or the file is damaged"
    );
    for key in [&b""[..], b"short", b"!!!!", b"AAAA", b"go-keyring-base64:!", &[0xff; 40]] {
        assert_eq!(told(key), "the key is not one of lark-cli: 32 bytes, plain or in base64, belongs here");
    }
    std::fs::write(place.join("master.key"), b"").unwrap();
    let error = home.read(Tool::LarkCli, &place).unwrap_err().to_string();
    assert_eq!(error, "the key is not one of lark-cli: 32 bytes, plain or in base64, belongs here");
    std::fs::write(place.join("x.enc"), b"12345").unwrap();
    let error = home.read_with(Tool::LarkCli, &place.join("x.enc"), &key()).unwrap_err().to_string();
    assert_eq!(error, "this is not as lark-cli writes it: it is shorter than any secret");
    let empty = home.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let error = home.read_with(Tool::LarkCli, &empty, &key()).unwrap_err().to_string();
    assert_eq!(error, format!("lark-cli holds no login in {}", empty.display()));
}

#[cfg(not(target_os = "macos"))]
#[test]
fn a_lost_key_is_told() {
    let (home, place) = lived_in();
    std::fs::remove_file(place.join("master.key")).unwrap();
    assert_eq!(find(&home.environment())[0].needs, Needs::Keyring);
    let told = home.read(Tool::LarkCli, &place).unwrap_err().to_string();
    assert!(
        told.ends_with("there is no master.key beside it, and lark-cli cannot open it either; log in again"),
        "{told}"
    );
}

/// The keychain of macOS holds the key in base64, which the library that the tool uses wraps once more.
#[test]
fn a_key_from_the_keychain() {
    let (home, place) = lived_in();
    let plain = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let wrapped = "go-keyring-base64:QUFFQ0F3UUZCZ2NJQ1FvTERBME9EeEFSRWhNVUZSWVhHQmthR3h3ZEhoOD0=\n";
    for text in [plain, wrapped] {
        assert_eq!(home.read_with(Tool::LarkCli, &place, text.as_bytes()).unwrap().len(), 2, "{text}");
    }
    // A key that is handed in goes before the one beside the files, and the keyring comes last.
    let keyring = OneKey { names: ("lark-cli", "master.key"), answer: Err("not asked".to_owned()) };
    let means = Means::default().keyring(Some(&keyring));
    assert_eq!(read(&home.environment(), Tool::LarkCli, &place, &means).unwrap().len(), 2);
}

#[test]
fn configurations_stand_where_the_variable_says() {
    let (home, place) = lived_in();
    home.write("conf/hermes/config.json", r#"{"apps":[{"appId":"cli_first","brand":"lark"}]}"#);
    home.write("conf/config.json", "{ no JSON");
    let variables = [("HOME", home.path("")), ("LARKSUITE_CLI_CONFIG_DIR", home.path("conf"))];
    let logins = read(&Environment::new(variables), Tool::LarkCli, &place, &Means::default()).unwrap();
    assert_eq!(logins[0].brand, Some(Brand::Lark));
    assert_eq!(logins[0].account, "cli_first · ou_1");
}
