//! The arguments of `wiki`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tokenward::NamedHost;

use super::values::BadValue;

/// `wiki …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Wiki {
    /// Publish a Markdown file, or a folder of them, as wiki pages and print the URLs; run again to finish an interrupted run
    Create(Box<WikiCreate>),
    /// Replace the content of the file's page, or of the pages of a folder's files
    Update(Box<WikiUpdate>),
    /// List the pages that were published from this machine: file, title, URL, when it was last written
    List,
}

/// `wiki create`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct WikiCreate {
    /// Markdown file, whose front matter may set title, space, parent and personal; or a folder: each file becomes a page, below the page of its folder
    #[arg(value_name = "FILE|DIR")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: WikiPlace,
    /// Open the page in the browser; its URL is printed all the same
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) open: bool,
    /// Page title; default: from the front matter, the first level-1 heading or the file name
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) reading: WikiReading,
    /// Let the provider import the file: fewer calls, but no local images
    #[arg(long)]
    pub(crate) import: bool,
    /// Check the file, including against the provider's limits, and show what would be created; sends nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Create another page even though the file has one there
    #[arg(long)]
    pub(crate) again: bool,
    /// Finish an interrupted page even though someone else changed it
    #[arg(long)]
    pub(crate) force: bool,
}

/// `wiki update`.
#[derive(Debug, Args)]
pub(crate) struct WikiUpdate {
    /// Markdown file, or a folder of them
    #[arg(value_name = "FILE|DIR")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: WikiPlace,
    #[command(flatten)]
    pub(crate) reading: WikiReading,
    /// Check the file, including against the provider's limits, and show what would change; sends nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replace the content even though someone else changed the page
    #[arg(long)]
    pub(crate) force: bool,
}

/// Where a page is, or goes.
#[derive(Debug, Args)]
pub(crate) struct WikiPlace {
    /// Your own library
    #[arg(long, conflicts_with = "space")]
    pub(crate) personal: bool,
    /// Wiki space: its id, its URL, or the URL of any page in it
    #[arg(long, value_name = "ID|URL")]
    pub(crate) space: Option<String>,
    /// Parent page: its token or URL; the URL also identifies the space
    #[arg(long, value_name = "NODE|URL")]
    pub(crate) parent: Option<String>,
    /// Host in the printed URL, such as acme.feishu.cn (TOKENWARD_TENANT_HOST)
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(crate) host: Option<String>,
}

impl WikiPlace {
    /// Whether anything is said of the place itself.
    pub(crate) const fn is_said(&self) -> bool {
        self.personal || self.space.is_some() || self.parent.is_some()
    }
}

/// How the file is read.
#[derive(Debug, Args)]
pub(crate) struct WikiReading {
    /// Leave out images: web images become links, others become text
    #[arg(long)]
    pub(crate) no_images: bool,
    /// Another folder, besides the file's own, that images may be in
    #[arg(long, value_name = "DIR")]
    pub(crate) images_from: Option<PathBuf>,
    /// Host to fetch images from even though it is not on the public internet: this machine or a company network
    #[arg(long, value_name = "HOST", value_parser = picture_host)]
    pub(crate) allow_private_pictures: Vec<NamedHost>,
}

fn picture_host(text: &str) -> Result<NamedHost, BadValue> {
    NamedHost::parse(text).ok_or(BadValue::Host)
}

fn host(text: &str) -> Result<String, BadValue> {
    tokenward_wiki::host(text).map_err(|_| BadValue::Host)
}
