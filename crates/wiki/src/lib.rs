//! Puts a Markdown file into the Feishu or Lark wiki, once.
//!
//! Enters: a file and a place. Leaves: the address of a page that shows the file, pictures included. However often a run
//! is interrupted, and wherever, there is one page, and the next run completes it ([`Wiki`] tells how).
//!
//! In its own crate because the crate that keeps logins has no use for Markdown, and this one sees neither tokens nor
//! the vault: every call goes through [`tokenward::Caller`].

mod block_limits;
mod block_text;
mod error;
mod front_matter;
mod html;
mod images;
mod import;
mod limits;
mod manuscript;
mod needs;
mod page_content;
mod page_observer;
mod place;
mod plan;
mod prepare;
mod rate_limit;
mod remote;
mod standing;
mod store;
mod text;
mod text_limits;
mod tree;
mod wiki;

pub use error::{Error, Flaw};
pub use limits::Limit;
pub use manuscript::{Manuscript, Reading};
pub use needs::{Task, missing_scopes};
pub use page_observer::{NoPageObserver, Notice, PageObserver, PageStep, Phase};
pub use place::{PageLocation, Space, host};
pub use prepare::Fetch;
pub use rate_limit::{Timer, TokioTimer};
pub use standing::{Old, Standing};
pub use store::Store;
pub use wiki::{Outlook, Report, Wiki, Wishes};
