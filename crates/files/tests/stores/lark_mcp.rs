//! Stores of `lark-mcp`: one that version 0.5.1 wrote, and ones that follow its form.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit};
use tokenward_core::{SecretBytes, TokenApi};
use tokenward_files::stores::{Means, Needs, Tool, find, read};

use crate::{Home, OneKey, hex, key, second, tokens};

/// Written by the package's own `AuthStore`, with a keyring that always answers [`key`]: a login of its `login` command with
/// scopes, and one of an MCP client without.
const WRITTEN: &[u8] = include_bytes!("data/lark-mcp-0.5.1.txt");

/// Seals a text as the tool does.
pub(crate) fn sealed(text: &[u8], key: &[u8; 32]) -> String {
    let iv = [7; 16];
    let mut buffer = vec![0; text.len() + 16];
    buffer[..text.len()].copy_from_slice(text);
    let cipher = cbc::Encryptor::<Aes256>::new(key.into(), &iv.into());
    let ciphertext = cipher.encrypt_padded::<Pkcs7>(&mut buffer, text.len()).unwrap();
    format!("{}:{}", hex(&iv), hex(ciphertext))
}

#[test]
fn what_the_tool_wrote_is_read() {
    let home = Home::new();
    let place = home.write(".local/share/lark-mcp-nodejs/storage.json", WRITTEN);
    let found = find(&home.environment());
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].tool, &found[0].place, found[0].needs), (Tool::LarkMcp, &place, Needs::Keyring));
    let keyring = OneKey { names: ("lark-mcp", "encryption-key"), answer: Ok(Some(hex(&key()).into_bytes())) };
    let means = Means::default().keyring(Some(&keyring));
    let logins = read(&home.environment(), Tool::LarkMcp, &place, &means).unwrap();
    let [first, other] = logins.as_slice() else { panic!("{logins:?}") };

    assert_eq!(first.account, "cli_first");
    assert_eq!(tokens(first), (Some("u-first.access"), Some("eyJ-first.refresh")));
    assert_eq!(second(first.access_expires), Some(4_000_007_200));
    assert_eq!(first.refresh_expires, None);
    assert_eq!(first.app_id.as_deref(), Some("cli_first"));
    assert_eq!(first.app_secret.as_ref().unwrap().expose(), "secretfirst");
    assert_eq!(first.scopes.as_ref().unwrap().to_string(), "offline_access wiki:wiki");
    assert_eq!(first.issued_by, Some(TokenApi::V2));
    assert!(!first.writable);

    assert_eq!(other.account, "cli_second · 3f0c2b7e");
    assert_eq!(tokens(other), (Some("u-second.access"), Some("ur-second.refresh")));
    assert_eq!(other.issued_by, Some(TokenApi::OidcV1));
    assert_eq!(second(other.refresh_expires), Some(4_000_000_000 + 2_592_000));
    assert_eq!(other.scopes, None);

    let shown = format!("{logins:?}");
    for secret in ["u-first", "eyJ-first", "secretfirst", "u-second", "ur-second", "secretsecond"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn without_the_key_the_way_to_it_is_told() {
    let home = Home::new();
    let place = home.write("storage.json", WRITTEN);
    let refusal = |answer| {
        let keyring = OneKey { names: ("lark-mcp", "encryption-key"), answer };
        let means = Means::default().keyring(Some(&keyring));
        read(&home.environment(), Tool::LarkMcp, &place, &means).unwrap_err().to_string()
    };
    let none = home.read(Tool::LarkMcp, &place).unwrap_err().to_string();
    assert!(none.contains("its key is in the keyring (which is not asked here)"), "{none}");
    assert!(none.contains("lark-mcp") && none.contains("encryption-key"), "{none}");
    assert!(refusal(Ok(None)).contains("(which has none)"));
    assert!(refusal(Err("it is locked".to_owned())).contains("(it is locked)"));
    // What the command prints is a line.
    let line = format!("{}\n", hex(&key()));
    assert_eq!(home.read_with(Tool::LarkMcp, &place, line.as_bytes()).unwrap().len(), 2);
}

#[test]
fn what_does_not_open_says_why() {
    let home = Home::new();
    let good = hex(&key());
    let refusal = |content: &[u8], key: &str| {
        let place = home.write("storage.json", content);
        let error = home.read_with(Tool::LarkMcp, &place, key.as_bytes()).unwrap_err().to_string();
        error.replace(&place.display().to_string(), "FILE")
    };
    let other = hex(&[9; 32]);
    let foreign = "FILE does not open: the key is another one's, or the file is damaged";
    assert_eq!(refusal(WRITTEN, &other), foreign);
    // A padding that fits by luck: what comes out is noise, and is told as such.
    assert_eq!(refusal(sealed(b"\xff\xfe noise", &key()).as_bytes(), &good), foreign);
    let form = "the key is not one of lark-mcp: a line of 64 hexadecimal digits belongs here";
    for key in ["", "xyz", &good[..62], &format!("{good}00"), "中"] {
        assert_eq!(refusal(WRITTEN, key), form);
    }
    let told = "this is not as lark-mcp writes it: ";
    for (content, reason) in [
        (&b""[..], "the colon is missing"),
        (b"{}", "the colon is missing"),
        (b"00:00", "no 32 hexadecimal digits before the colon"),
        (b"000102030405060708090a0b0c0d0e0f:zz", "something else than hexadecimal digits behind the colon"),
        (b"000102030405060708090a0b0c0d0e0f:", "it ends within a block; was it cut off?"),
        (&WRITTEN[..WRITTEN.len() - 2], "it ends within a block; was it cut off?"),
    ] {
        assert_eq!(refusal(content, &good), format!("{told}{reason}"));
    }
    for (text, reason) in [
        ("{\"tokens\":{\"u-SECRET\":{\"token\":1}}}", "a value of another kind (line 1, column 32)"),
        (
            "{\"tokens\":{\"x\":{\"token\":\"u-SECRET\",\"expiresAt\":\"SECRET\"}}}",
            "a value of another kind (line 1, column 55)",
        ),
        ("{\"tokens\":{", "it ends too early (line 1, column 11)"),
        ("{] SECRET", "it is no JSON (line 1, column 2)"),
    ] {
        assert_eq!(refusal(sealed(text.as_bytes(), &key()).as_bytes(), &good), format!("{told}{reason}"));
    }
    let spaced = "{\"tokens\":{\"x\":{\"token\":\"a SECRET\"}}}";
    let spaced = refusal(sealed(spaced.as_bytes(), &key()).as_bytes(), &good);
    assert_eq!(spaced, "the access token is no token: it holds a space, a control character or a non-ASCII character");
    for empty in ["{}", "{\"tokens\":{},\"clients\":{}}"] {
        assert_eq!(refusal(sealed(empty.as_bytes(), &key()).as_bytes(), &good), "lark-mcp holds no login in FILE");
    }
}

#[test]
fn an_entry_with_an_access_token_alone_is_a_login_that_ends() {
    let home = Home::new();
    let place = home.write("storage.json", sealed(br#"{"tokens":{"u":{"token":"u-1"}}}"#, &key()));
    let means = Means::default().key(Some(SecretBytes::new(hex(&key()).into_bytes())));
    let logins = read(&home.environment(), Tool::LarkMcp, &place, &means).unwrap();
    assert_eq!(tokens(&logins[0]), (Some("u-1"), None));
    assert_eq!((logins[0].issued_by, logins[0].access_expires), (None, None));
}
