//! The pages that were made from here, as the records tell.
//!
//! Enters: the store. Leaves: a list, sorted by file. Nothing is sent, so a page that somebody deleted is still on it.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::Error;
use crate::page_place::address;
use crate::page_store::{Content, Page, Store};

/// A page that was made from here, or is being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPage {
    /// The file, or the folder that the page stands for.
    pub file: PathBuf,
    /// Whose login it was made with: the name of a profile.
    pub owner: String,
    /// Its title; none before it is made.
    pub title: Option<String>,
    /// Its address; none before it is made.
    pub address: Option<String>,
    /// Whether all of the file is on it.
    pub whole: bool,
    /// When it was last written to.
    pub written_at: Option<Timestamp>,
}

impl Store {
    /// The pages of every login; `host` gives the host in the addresses of an owner's pages where no better one is known.
    ///
    /// # Errors
    /// [`Error::Store`] for a record that cannot be read.
    pub fn pages(&self, host: impl Fn(&str) -> String) -> Result<Vec<ListedPage>, Error> {
        let mut pages = Vec::new();
        for (_, record) in self.records()? {
            let (title, address) = match &record.page {
                Page::There(node) => {
                    let host = record.host.clone().unwrap_or_else(|| host(&record.owner));
                    (Some(node.title.clone()), Some(address(&host, &node.token)))
                }
                Page::None if record.import.is_none() => continue,
                Page::None | Page::Intended { .. } => (None, None),
            };
            pages.push(ListedPage {
                file: record.file,
                owner: record.owner,
                title,
                address,
                whole: matches!(record.content, Content::Whole { .. }),
                written_at: Timestamp::from_second(record.touched).ok(),
            });
        }
        pages.sort_by(|one, other| {
            (&one.file, &one.owner, &one.address).cmp(&(&other.file, &other.owner, &other.address))
        });
        Ok(pages)
    }
}
