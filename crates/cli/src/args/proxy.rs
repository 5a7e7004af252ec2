//! The arguments of `proxy`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use tokenward_core::ProfileName;

use super::values::{BadValue, Identity, name};

/// `proxy`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Proxy {
    /// The profile whose token is put in
    #[arg(value_name = "PROFILE", value_parser = name::<ProfileName>, conflicts_with = "profile")]
    pub(crate) of: Option<ProfileName>,
    /// Where to listen: an address and a port, or a port; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:9770", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// Whose token to put in
    #[arg(long = "as", value_name = "user|app|tenant", value_enum, default_value_t = Identity::User, hide_possible_values = true)]
    pub(crate) identity: Identity,
    /// Ask callers for a secret that is made now and shown once, in the path of the address or in the header X-Tokenward-Secret; the default
    #[arg(long)]
    pub(crate) secret: bool,
    /// Ask callers for no secret: every program and user of this machine can use the login
    #[arg(long, conflicts_with_all = ["secret", "secret_file", "allow_remote", "allow_host", "allow_origin"])]
    pub(crate) no_secret: bool,
    /// Ask callers for the secret in this file; if there is no such file, a secret is made and written there
    #[arg(long, value_name = "FILE", conflicts_with = "secret")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Listen on an address that other machines reach; a secret is then required, and the network must be one you trust
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// A further name under which callers reach the proxy, such as host.docker.internal; repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) allow_host: Vec<String>,
    /// Origin whose pages may call from a browser, as in http://localhost:3000; repeatable
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) allow_origin: Vec<String>,
    /// Print the settings alone, as shell lines, and go on running
    #[arg(long)]
    pub(crate) print_env: bool,
}

/// Reads `127.0.0.1:9770`, `localhost:9770`, `:9770` and `9770`.
fn address(text: &str) -> Result<SocketAddr, BadValue> {
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
