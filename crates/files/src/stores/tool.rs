//! The tools, and what it means to share a login with one.

use std::fmt;
use std::str::FromStr;

/// A tool that keeps logins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Tool {
    /// `lark-mcp`, the MCP server of the platform (`@larksuiteoapi/lark-mcp`).
    LarkMcp,
    /// `lark-cli`, the command line of the platform (`@larksuite/cli`).
    LarkCli,
    /// `oidc-agent`.
    OidcAgent,
    /// Whatever wrote a token file.
    TokenFile,
}

/// What there is to know before two owners hold one refresh token: the one that rotates it second gets an error, and may have
/// ended the login for both (RFC 9700 §4.14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TwoOwners {
    /// When the tool rotates the refresh token by itself.
    pub renewal: Renewal,
    /// Its own way to log out, and what that does to the token.
    pub logout: Option<Logout>,
    /// How it is made to let go without ending the login.
    pub forget: Forget,
}

/// When a tool rotates a refresh token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Renewal {
    /// When it is used after the access token's end.
    WhenExpired,
    /// When it is used within this many seconds before the access token's end.
    Ahead(u32),
    /// When it is asked for a token, and by itself while it runs.
    WhileRunning,
    /// Unknown: whatever program reads the file.
    Unknown,
}

/// A tool's own way to log out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logout {
    /// The command; `APP_ID` and `NAME` stand for the login's.
    pub command: &'static str,
    /// Whether it ends the login at the provider too: an adopted login would be dead.
    pub revokes: bool,
}

/// How a tool is made to let go of a login without ending it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forget {
    /// By its own logout, which only clears its store.
    ByLogout,
    /// By deleting the login's file ([`super::FoundLogin::place`]) first; then these commands have nothing to revoke.
    ByDeleting {
        /// The commands that make it forget the rest.
        then: &'static str,
    },
    /// By linking the file, so that it always holds the present token.
    ByLinking,
}

impl Tool {
    /// Every tool.
    pub const ALL: [Self; 4] = [Self::LarkMcp, Self::LarkCli, Self::OidcAgent, Self::TokenFile];

    /// The name as it is typed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LarkMcp => "lark-mcp",
            Self::LarkCli => "lark-cli",
            Self::OidcAgent => "oidc-agent",
            Self::TokenFile => "token.json",
        }
    }

    /// The facts for the warning.
    pub const fn two_owners(self) -> TwoOwners {
        match self {
            // Its logout deletes the entries of its file and calls nobody (0.5.1, `handleLogout`).
            Self::LarkMcp => TwoOwners {
                renewal: Renewal::WhenExpired,
                logout: Some(Logout { command: "lark-mcp logout --app-id APP_ID", revokes: false }),
                forget: Forget::ByLogout,
            },
            // Its logout revokes the refresh token at the provider since 1.0.53 (2026-06-12), for every login of the app, and
            // goes on without revoking where the login's file is gone.
            Self::LarkCli => TwoOwners {
                renewal: Renewal::Ahead(5 * 60),
                logout: Some(Logout { command: "lark-cli auth logout", revokes: true }),
                forget: Forget::ByDeleting { then: "lark-cli auth logout" },
            },
            // "It will also revoke the used refresh token" (its documentation of `--delete`). The agent keeps a loaded account
            // in memory: it is unloaded first.
            Self::OidcAgent => TwoOwners {
                renewal: Renewal::WhileRunning,
                logout: Some(Logout { command: "oidc-gen --delete NAME", revokes: true }),
                forget: Forget::ByDeleting { then: "oidc-add --remove NAME" },
            },
            Self::TokenFile => TwoOwners { renewal: Renewal::Unknown, logout: None, forget: Forget::ByLinking },
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Tool {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == text).ok_or(())
    }
}
