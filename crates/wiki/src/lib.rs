//! Puts a Markdown file, or a folder of them, into the Feishu or Lark wiki, once.
//!
//! Enters: a file and a place. Leaves: the address of a page that shows the file, pictures included. However often a run
//! is interrupted, and wherever, there is one page, and the next run completes it ([`Wiki`] tells how).
//!
//! In its own crate because the crate that keeps logins has no use for Markdown, and this one sees neither tokens nor
//! the vault: every call goes through [`tokenward::Caller`].

mod block_batches;
mod block_splitting;
mod block_text;
mod block_tree;
mod error;
mod file_links;
mod folder;
mod front_matter;
mod html_images;
mod image_sources;
mod import;
mod limits;
mod manuscript;
mod markdown_text;
mod page_content;
mod page_creation;
mod page_observer;
mod page_place;
mod page_store;
mod partial_page;
mod preparation;
mod publish_folder;
mod published_pages;
mod rate_limit;
mod remote_calls;
mod scopes;
mod text_limit_check;

pub use error::{Error, Flaw};
pub use folder::{Folder, FolderPage};
pub use limits::Limit;
pub use manuscript::{Manuscript, Reading};
pub use page_creation::{Outlook, Report, Wiki, Wishes};
pub use page_observer::{NoPageObserver, Notice, PageObserver, PageStep, Phase};
pub use page_place::{PageLocation, Space, host};
pub use page_store::Store;
pub use partial_page::{Old, Standing};
pub use preparation::Fetch;
pub use publish_folder::{FolderOutlook, Updated};
pub use published_pages::ListedPage;
pub use rate_limit::{Timer, TokioTimer};
pub use scopes::{Task, missing_scopes};
