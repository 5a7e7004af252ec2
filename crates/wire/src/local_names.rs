//! The names of this machine, which no name server is asked about (RFC 6761 §6.3).
//!
//! Clear text with secrets may go to `localhost` and below it, because it stays on this machine. Some systems ask DNS for such
//! names, and then it goes where DNS says. Enters: a host's name. Leaves: its addresses; those of this machine for its own names.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Whether a name is this machine's own by its form.
pub(crate) fn is_own_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Asks the system for every name but this machine's own.
pub(crate) struct OwnNames;

impl Resolve for OwnNames {
    fn resolve(&self, name: Name) -> Resolving {
        if is_own_name(name.as_str()) {
            let own = [(Ipv4Addr::LOCALHOST, 0).into(), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
            return Box::pin(async move { Ok(Box::new(own.into_iter()) as Addrs) });
        }
        Box::pin(async move {
            let found: io::Result<Vec<SocketAddr>> =
                tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect);
            Ok(Box::new(found?.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names_are_known_by_their_form() {
        for own in ["localhost", "LOCALHOST", "localhost.", "a.localhost", "A.b.LocalHost."] {
            assert!(is_own_name(own), "{own}");
        }
        for other in ["localhost.evil.test", "xlocalhost", "localhost..", ".", ""] {
            assert!(!is_own_name(other), "{other}");
        }
    }

    #[tokio::test]
    async fn own_names_are_this_machine_whatever_the_system_says() {
        let addresses: Vec<_> = OwnNames.resolve("evil.localhost".parse().unwrap()).await.unwrap().collect();
        assert!(addresses.iter().all(|address| address.ip().is_loopback()) && addresses.len() == 2, "{addresses:?}");
    }
}
