//! The arguments of `proxy`.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use tokenward_core::ProfileName;

use super::values::{BadValue, Identity, name};

/// `proxy`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Proxy {
    /// Profile whose token is used
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>, conflicts_with = "profile")]
    pub(crate) of: Option<ProfileName>,
    /// Listen address: address and port, or a port; port 0 picks a free one; default: 127.0.0.1:9770, with a program a free port
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Identity of the token: user, app or tenant
    #[arg(long = "as", value_name = "user|app|tenant", value_enum, default_value_t = Identity::User, hide_possible_values = true)]
    pub(crate) identity: Identity,
    /// Require a secret from callers, in the URL path or the header X-Tokenward-Secret; it is generated at startup and shown once (default)
    #[arg(long)]
    pub(crate) secret: bool,
    /// Require no secret: every program and user on this machine can use the login
    #[arg(long, conflicts_with_all = ["secret", "secret_file", "allow_remote", "allow_host", "allow_origin"])]
    pub(crate) no_secret: bool,
    /// Require the secret in this file; if the file does not exist, a secret is generated and written to it
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Listen on an address that other machines can reach; requires a secret and a network you trust
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Another host name for the proxy, such as host.docker.internal; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Origin whose pages may call from a browser, such as http://localhost:3000; repeatable
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Print only the settings, as shell lines, and keep running
    #[arg(long)]
    pub(crate) print_env: bool,
    /// Program to run with the settings in its environment; the proxy exits with it
    #[arg(value_name = "CMD", last = true, conflicts_with = "print_env")]
    pub(crate) command: Vec<OsString>,
}

/// Reads `127.0.0.1:9770`, `localhost:9770`, `:9770` and `9770`.
pub(super) fn address(text: &str) -> Result<SocketAddr, BadValue> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    if !(host.is_empty() || host.eq_ignore_ascii_case("localhost")) {
        return Err(BadValue::Listen);
    }
    let port = port.parse().map_err(|_| BadValue::Listen)?;
    Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, read) in [
            ("9770", "127.0.0.1:9770"),
            (":0", "127.0.0.1:0"),
            ("localhost:80", "127.0.0.1:80"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:80", "[::1]:80"),
        ] {
            assert_eq!(address(text), Ok(read.parse().unwrap()), "{text}");
        }
        for text in ["", "example.com:80", "127.0.0.1", "localhost", "127.0.0.1:99999", "::1:80:x"] {
            assert_eq!(address(text), Err(BadValue::Listen), "{text}");
        }
    }
}
