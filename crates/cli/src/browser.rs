//! Opens a page in the person's browser, without a shell and without waiting.
//!
//! The address is an authorization URL: it holds no secret (the PKCE challenge is a hash, and `state` alone gets
//! nobody in). The opened program sees none of our secrets in its environment.

use std::os::unix::process::CommandExt;
use std::process::Stdio;

use url::Url;

use crate::ambient::Ambient;
use crate::child_environment;

/// Programs that open an address, in the order they are tried.
const OPENERS: &[&str] = if cfg!(target_os = "macos") {
    &["open"]
} else {
    &["xdg-open", "wslview", "gio open", "x-www-browser", "sensible-browser"]
};

/// Whether opening one would be tried.
pub(crate) fn may_open(ambient: &Ambient) -> bool {
    ambient.env.get("BROWSER").is_some() || seen(ambient)
}

/// Tries to open the address; tells whether a program was started.
pub(crate) fn open(url: &Url, ambient: &Ambient) -> bool {
    if let Some(browser) = ambient.env.get("BROWSER") {
        // As xdg-open reads it: programs separated by colons.
        if browser.split(':').any(|program| start(program, url)) {
            return true;
        }
    }
    seen(ambient) && OPENERS.iter().any(|opener| start(opener, url))
}

/// Whether there is a screen on which a browser could appear. Without one, some openers start a text browser that
/// takes the terminal away.
fn seen(ambient: &Ambient) -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"].iter().any(|name| ambient.env.get(name).is_some())
}

/// Starts a program, split at spaces, in a process group of its own so that Ctrl-C here does not reach it.
fn start(opener: &str, url: &Url) -> bool {
    let mut words = opener.split_whitespace();
    let Some(program) = words.next() else { return false };
    let mut command = child_environment::stranger(program);
    command.args(words).arg(url.as_str()).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
}
