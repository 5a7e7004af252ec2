//! The arguments of `wiki`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tokenward::NamedHost;

use super::values::BadValue;

/// `wiki …`.
#[derive(Debug, Subcommand)]
pub(crate) enum Wiki {
    /// Put a Markdown file into the wiki as a page and print its address; run again, it finishes what was interrupted
    Create(Box<WikiCreate>),
    /// Replace the content of the page that a file was put into
    Update(Box<WikiUpdate>),
}

/// `wiki create`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct WikiCreate {
    /// The Markdown file; its front matter may give title, space, parent and personal
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: WikiPlace,
    /// The page's title; else that of the front matter, the first heading of the first level, or the file's name
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    #[command(flatten)]
    pub(crate) reading: WikiReading,
    /// Let the provider import the file: fewer calls, but local pictures stay behind
    #[arg(long)]
    pub(crate) import: bool,
    /// Check the file, also against the provider's limits, and say what would be made; sends nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Make another page although the file has one there
    #[arg(long)]
    pub(crate) again: bool,
    /// Finish an interrupted page although somebody else changed it
    #[arg(long)]
    pub(crate) force: bool,
}

/// `wiki update`.
#[derive(Debug, Args)]
pub(crate) struct WikiUpdate {
    /// The Markdown file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: WikiPlace,
    #[command(flatten)]
    pub(crate) reading: WikiReading,
    /// Check the file, also against the provider's limits, and say what would be changed; sends nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Replace the content although somebody else changed the page
    #[arg(long)]
    pub(crate) force: bool,
}

/// Where a page is, or goes.
#[derive(Debug, Args)]
pub(crate) struct WikiPlace {
    /// Your own library
    #[arg(long, conflicts_with = "space")]
    pub(crate) personal: bool,
    /// The space: its id, its address, or the address of any page in it
    #[arg(long, value_name = "ID|URL")]
    pub(crate) space: Option<String>,
    /// The page above it: its token or its address, which names the space too
    #[arg(long, value_name = "NODE|URL")]
    pub(crate) parent: Option<String>,
    /// The host in the printed address, such as acme.feishu.cn (TOKENWARD_TENANT_HOST)
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(crate) host: Option<String>,
}

/// How the file is read.
#[derive(Debug, Args)]
pub(crate) struct WikiReading {
    /// Leave pictures out: links stand for those of the web, words for the others
    #[arg(long)]
    pub(crate) no_images: bool,
    /// A folder, besides the file's own, that pictures may lie in
    #[arg(long, value_name = "DIR")]
    pub(crate) images_from: Option<PathBuf>,
    /// A host that pictures may be fetched from although it is not of the open internet: this machine, a company's network
    #[arg(long, value_name = "HOST", value_parser = picture_host)]
    pub(crate) allow_private_pictures: Vec<NamedHost>,
}

fn picture_host(text: &str) -> Result<NamedHost, BadValue> {
    NamedHost::parse(text).ok_or(BadValue::Host)
}

fn host(text: &str) -> Result<String, BadValue> {
    tokenward_wiki::host(text).map_err(|_| BadValue::Host)
}
