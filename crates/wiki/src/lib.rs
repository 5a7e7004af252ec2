//! Puts a Markdown file, or a folder of them, into the Feishu or Lark wiki, once.
//!
//! Enters: a file and a place. Leaves: the address of a page that shows the file, pictures included. However often a run
//! is interrupted, and wherever, there is one page, and the next run completes it ([`Wiki`] tells how).
//!
//! In its own crate because the crate that keeps logins has no use for Markdown, and this one sees neither tokens nor
//! the vault: every call goes through [`tokenward::Caller`].

mod block_limits;
mod block_text;
mod error;
mod file_links;
mod folder;
mod folder_pages;
mod front_matter;
mod html;
mod images;
mod import;
mod limits;
mod manuscript;
mod page_content;
mod page_creation;
mod page_list;
mod page_observer;
mod page_place;
mod page_state;
mod page_store;
mod plan;
mod preparation;
mod rate_limit;
mod remote_calls;
mod scopes;
mod text;
mod text_limits;
mod tree;

pub use error::{Error, Flaw};
pub use folder::{Folder, FolderPage};
pub use folder_pages::{FolderOutlook, Updated};
pub use limits::Limit;
pub use manuscript::{Manuscript, Reading};
pub use page_creation::{Outlook, Report, Wiki, Wishes};
pub use page_list::ListedPage;
pub use page_observer::{NoPageObserver, Notice, PageObserver, PageStep, Phase};
pub use page_place::{PageLocation, Space, host};
pub use page_state::{Old, Standing};
pub use page_store::Store;
pub use preparation::Fetch;
pub use rate_limit::{Timer, TokioTimer};
pub use scopes::{Task, missing_scopes};
