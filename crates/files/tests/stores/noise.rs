//! Whatever stands in a file: a sentence, no panic, and nothing of it shown.

use proptest::prelude::*;
use tokenward_files::stores::{FoundLogin, StoreError, Tool, token_json};

use crate::{Home, hex, key, lark_cli, lark_mcp};

/// A text that is in every generated store and in no sentence.
const SECRET: &str = "S3CR3T";

fn silent(result: Result<Vec<FoundLogin>, StoreError>) {
    let shown = match result {
        Ok(mut logins) => {
            // Scopes are shown; a secret in their place is no tool's doing.
            for login in &mut logins {
                login.scopes = None;
            }
            format!("{logins:?}")
        }
        Err(error) => format!("{error} {error:?}"),
    };
    assert!(!shown.contains(SECRET), "{shown}");
}

/// JSON made of the names that the readers look for, with values of every kind.
fn json() -> impl Strategy<Value = String> {
    let names = &[
        "access_token",
        "refresh_token",
        "token",
        "tokens",
        "localTokens",
        "accessToken",
        "refreshToken",
        "expiresAt",
        "expires_at",
        "expires_in",
        "scope",
        "scopes",
        "extra",
        "data",
        "code",
        "issuer_url",
        "appSecret",
        "client_secret",
        "refreshExpiresAt",
        "clients",
        "x",
    ][..];
    let leaf = prop_oneof![
        4 => Just(format!("\"{SECRET}\"")),
        1 => Just(format!("\"{SECRET} {SECRET}\"")),
        1 => proptest::sample::select(&["\"\"", "null", "1e400", "-1", "17", "1700000000.5", "true", "[]", "{}", "9223372036854775807"][..])
            .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 24, 6, move |inner| {
        let table =
            proptest::collection::vec((proptest::sample::select(names), inner.clone()), 0..6).prop_map(|entries| {
                let entries: Vec<_> = entries.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", entries.join(","))
            });
        let list = proptest::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(",")));
        prop_oneof![5 => table, 1 => list]
    })
}

/// JSON, perhaps cut off or with a byte exchanged.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    (json(), any::<prop::sample::Index>(), any::<u8>(), 0..3_u8).prop_map(|(text, at, byte, how)| {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        match how {
            0 => {}
            1 => bytes.truncate(at),
            _ => bytes[at] = byte,
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json(bytes in damaged()) {
        silent(token_json(&bytes).map(|login| vec![login]));
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        silent(token_json(&bytes).map(|login| vec![login]));
        let home = Home::new();
        home.write("master.key", key());
        let place = home.write("cli_1_ou_1.enc", &bytes);
        for tool in Tool::ALL {
            silent(home.read(tool, &place));
            silent(home.read_with(tool, &place, hex(&key()).as_bytes()));
            silent(home.read_with(tool, &place, &bytes));
        }
    }

    #[test]
    fn any_json_in_a_sealed_store(bytes in damaged()) {
        let home = Home::new();
        let place = home.write("storage.json", lark_mcp::sealed(&bytes, &key()));
        silent(home.read_with(Tool::LarkMcp, &place, hex(&key()).as_bytes()));
        let place = home.write("x.enc", lark_cli::sealed(&bytes, &key()));
        silent(home.read_with(Tool::LarkCli, &place, &key()));
    }
}
