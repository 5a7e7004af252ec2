//! What a login is for, and which scopes that takes (reference/feishu.md §12.6).

use clap::ValueEnum;

/// A purpose that has a set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Purpose {
    /// Pages of the wiki, made and updated by `tokenward wiki`
    Wiki,
    /// Documents, read, made and changed
    Docs,
    /// Messages, read and sent as the user
    Im,
    /// What MCP servers that read and search ask for
    Mcp,
}

impl Purpose {
    /// The scopes, separated by spaces.
    pub(crate) const fn scopes(self) -> &'static str {
        match self {
            // The narrow set of reference/feishu.md §12.4, and what looking for a lost page and updating need besides.
            Self::Wiki => {
                "wiki:space:read wiki:node:create wiki:node:read wiki:node:retrieve docx:document:write_only \
                 docx:document:readonly docx:document.block:convert docs:document.media:upload"
            }
            Self::Docs => {
                "docx:document:create docx:document:readonly docx:document:write_only docx:document.block:convert \
                 docs:document.media:upload"
            }
            Self::Im => "im:message im:message.send_as_user im:chat:read",
            Self::Mcp => "docx:document:readonly wiki:wiki:readonly search:docs:read im:message:readonly im:chat:read",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A login for any purpose can be tried in the sandbox as it comes.
    #[test]
    fn the_sandboxs_app_has_the_scopes_of_every_purpose() {
        for purpose in Purpose::value_variants() {
            for scope in purpose.scopes().split_whitespace() {
                assert!(tokenward_emulator::DEFAULT_SCOPES.contains(&scope), "{purpose:?}: {scope}");
            }
        }
    }
}
