//! Places as they are written on a command line.
//!
//! Enters: places of tokens, or a format. Leaves: the flags that name them. Reads nothing.

use std::collections::BTreeMap;

use tokenward_core::{Format, Place, Slot};

use crate::command_hint::quoted;

/// The flags that name the places of tokens.
pub(crate) fn place_flags(places: &BTreeMap<Slot, Place>) -> String {
    let both = [(Slot::AccessToken, "--access"), (Slot::RefreshToken, "--refresh")];
    let flags = both.into_iter().filter_map(|(slot, flag)| Some((flag, places.get(&slot)?)));
    flags.map(|(flag, place)| format!("{flag} {}", quoted(&place.to_string()))).collect::<Vec<_>>().join(" ")
}

/// A place in the notation of a format, to be shown.
pub(super) const fn example(format: Format) -> &'static str {
    match format {
        Format::Dotenv | Format::Fish => "--access FEISHU_USER_ACCESS_TOKEN --refresh FEISHU_USER_REFRESH_TOKEN",
        Format::Properties => "--access feishu.user-access-token --refresh feishu.user-refresh-token",
        Format::Ini => "--access TOKEN.user_access_token --refresh TOKEN.refresh_token",
        Format::Json => "--access mcpServers.lark.env.USER_ACCESS_TOKEN",
        Format::Toml => "--access mcp_servers.lark.env.USER_ACCESS_TOKEN",
        Format::Yaml => "--access feishu.user_access_token --refresh feishu.refresh_token",
    }
}
