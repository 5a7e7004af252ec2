//! A login as another tool keeps it.

use std::path::PathBuf;

use jiff::Timestamp;
use tokenward_core::{AccessToken, AppSecret, Brand, RefreshToken, Scopes, Subject, TokenApi};

use super::tool::Tool;

/// A login that another tool keeps.
#[derive(Debug)]
#[non_exhaustive]
pub struct FoundLogin {
    /// Whose it is.
    pub tool: Tool,
    /// The file it stands in; empty for one that was piped in.
    pub place: PathBuf,
    /// Words that tell it from the others: the app, and the user's name or id.
    pub account: String,
    /// The app's id (`client_id`).
    pub app_id: Option<String>,
    /// The app's secret, where the tool keeps one.
    pub app_secret: Option<AppSecret>,
    /// The brand of the app's platform.
    pub brand: Option<Brand>,
    /// The access token.
    pub access: Option<AccessToken>,
    /// When the access token ends.
    pub access_expires: Option<Timestamp>,
    /// The refresh token.
    pub refresh: Option<RefreshToken>,
    /// When the refresh token ends.
    pub refresh_expires: Option<Timestamp>,
    /// The scopes that were granted.
    pub scopes: Option<Scopes>,
    /// The user, as far as told.
    pub subject: Option<Subject>,
    /// The family of endpoints that issued the refresh token, where the tool's way tells it.
    pub issued_by: Option<TokenApi>,
    /// Whether the file can be kept in step by a link. No store of a tool can; a token file can.
    pub writable: bool,
}

impl FoundLogin {
    /// A login of which nothing is known yet.
    pub(super) fn of(tool: Tool, place: PathBuf) -> Self {
        Self {
            tool,
            place,
            account: String::new(),
            app_id: None,
            app_secret: None,
            brand: None,
            access: None,
            access_expires: None,
            refresh: None,
            refresh_expires: None,
            scopes: None,
            subject: None,
            issued_by: None,
            writable: false,
        }
    }

    /// Names the login by words of a file, without what could move a terminal's cursor.
    pub(super) fn named<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<_> = words.into_iter().map(calm).filter(|word| !word.is_empty()).collect();
        self.account = words.join(" · ");
        self
    }
}

/// A word without control characters, cut at a length that fits a line.
fn calm(word: &str) -> String {
    word.trim().chars().filter(|c| !c.is_control()).take(80).collect()
}
