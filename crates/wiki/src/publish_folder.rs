//! The pages of a folder: made once each, those above before those below, and then filled.
//!
//! Enters: a [`Folder`] and a place. Leaves: a page for each of its files. First every page is made, without content, because
//! links from one to another need both; then each is filled. Each has a record of its own, as a page of a single file has, so
//! a run that stops anywhere is continued by the next one (I5), and no file gets a second page.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::folder::Folder;
use crate::manuscript::Manuscript;
use crate::page_creation::{Outlook, Report, Wiki};
use crate::page_observer::Notice;
use crate::page_place::Space;
use crate::page_store::{Content, Node, Page, Record, Store};
use crate::remote_calls::Remote;
use crate::{Error, PageLocation};

/// What became of a folder's pages.
#[derive(Debug)]
pub struct Updated {
    /// Pages that show their files, by the number of the file.
    pub pages: Vec<(usize, Report)>,
    /// Pages that were left alone, and why: somebody changed them, they are gone, or pictures are missing.
    pub left: Vec<(usize, Error)>,
    /// Files without a page.
    pub without_page: Vec<usize>,
}

/// What a run would do with a file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderOutlook {
    /// Its page, if there is one.
    pub page: Option<Outlook>,
}

impl Wiki<'_> {
    /// Makes the pages of a folder, or finishes what an earlier run began. Files that have their page keep it as it is.
    ///
    /// # Errors
    /// As [`Wiki::create`], with the file's name. What was done is kept.
    pub async fn create_folder(
        &self,
        folder: &Folder,
        place: &PageLocation,
        force: bool,
    ) -> Result<Vec<Report>, Error> {
        let files: BTreeSet<PathBuf> = folder.pages.iter().map(|page| page.manuscript.path.clone()).collect();
        let before = self.store.pages_of_files(&self.owner)?;
        let has_page = |file: &std::path::Path| files.contains(file) || before.contains_key(file);
        let mut linked = Vec::new();
        for page in &folder.pages {
            page.manuscript.check(false).map_err(|error| error.of(&page.name))?;
            linked.push(page.manuscript.linked(has_page));
        }
        let mut nodes: Vec<Node> = Vec::new();
        let mut places = Vec::new();
        for (n, (page, manuscript)) in folder.pages.iter().zip(&linked).enumerate() {
            self.watch.page(n, folder.pages.len(), &page.name);
            let place = below(page.above.map(|above| &nodes[above]), place);
            let node = self.begin(manuscript, &place).await.map_err(|error| error.of(&page.name))?;
            nodes.push(node);
            places.push(place);
        }
        let mut reports = Vec::new();
        for (n, (page, manuscript)) in folder.pages.iter().zip(&linked).enumerate() {
            self.watch.page(n, folder.pages.len(), &page.name);
            let report = self.complete(manuscript, &places[n], force).await;
            reports.push(report.map_err(|error| error.of(&page.name))?);
        }
        Ok(reports)
    }

    /// Replaces the contents of a folder's pages. A page that cannot be touched keeps no other from its content.
    ///
    /// # Errors
    /// As [`Wiki::update`], with the file's name, but for what is in [`Updated::left`].
    pub async fn update_folder(
        &self,
        folder: &Folder,
        place: Option<&PageLocation>,
        force: bool,
    ) -> Result<Updated, Error> {
        let mut updated = Updated { pages: Vec::new(), left: Vec::new(), without_page: Vec::new() };
        for page in &folder.pages {
            page.manuscript.check(false).map_err(|error| error.of(&page.name))?;
        }
        let mut nodes: Vec<Option<Node>> = Vec::new();
        for (n, page) in folder.pages.iter().enumerate() {
            self.watch.page(n, folder.pages.len(), &page.name);
            let record = record_of(&self.store, &self.owner, folder, n, place, &nodes)?;
            nodes.push(record.as_ref().and_then(node_of));
            let Some(record) = record else {
                if !page.is_folder() {
                    updated.without_page.push(n);
                }
                continue;
            };
            if page.is_folder() {
                continue;
            }
            match self.update(&page.manuscript, Some(&record.place), force).await {
                Ok(report) => updated.pages.push((n, report)),
                Err(error @ (Error::Edited { .. } | Error::PageGone { .. } | Error::PicturesLeft { .. })) => {
                    updated.left.push((n, error.of(&page.name)));
                }
                Err(error) => return Err(error.of(&page.name)),
            }
        }
        Ok(updated)
    }

    /// What making or updating the pages of a folder would do. Nothing is sent. A place that is given is where the folder goes;
    /// else each file's one page is meant.
    ///
    /// # Errors
    /// As [`Wiki::outlook`], with the file's name; but a file may be without a page.
    pub fn folder_outlook(
        store: &Store,
        owner: &str,
        host: &str,
        folder: &Folder,
        place: Option<&PageLocation>,
    ) -> Result<Vec<FolderOutlook>, Error> {
        let mut nodes: Vec<Option<Node>> = Vec::new();
        let mut outlooks = Vec::new();
        for (n, page) in folder.pages.iter().enumerate() {
            page.manuscript.check(false).map_err(|error| error.of(&page.name))?;
            let record = record_of(store, owner, folder, n, place, &nodes)?;
            nodes.push(record.as_ref().and_then(node_of));
            let outlook = match record {
                Some(record) => {
                    let outlook = Self::outlook(store, owner, host, &page.manuscript, Some(&record.place));
                    Some(outlook.map_err(|error| error.of(&page.name))?)
                }
                None => None,
            };
            outlooks.push(FolderOutlook { page: outlook });
        }
        Ok(outlooks)
    }

    /// The page of a file, made without content where there is none; that the text can be converted is known before.
    async fn begin(&self, manuscript: &Manuscript, place: &PageLocation) -> Result<Node, Error> {
        let drawer = self.store.take(&self.owner, &manuscript.path, place)?;
        let record = self.record(&drawer)?;
        let mut record = record.unwrap_or_else(|| Record::new(&self.owner, &manuscript.path, place));
        if place.host.is_some() {
            record.host.clone_from(&place.host);
        }
        if let Some(node) = node_of(&record) {
            if !matches!(record.content, Content::Whole { .. }) {
                self.watch.notice(Notice::Resumed);
            }
            return Ok(node);
        }
        let remote = Remote::new(self.caller, self.timer);
        let made = async {
            if record.import.is_some() {
                self.bring(&manuscript.or_titled(record.wish.as_deref()), &drawer, &mut record, &remote).await?;
                return node_of(&record).ok_or_else(|| Error::NoPage { file: manuscript.path.clone() });
            }
            let manuscript = &manuscript.or_titled(record.wish.as_deref());
            self.planned(manuscript, &drawer, &mut record, &remote).await?;
            self.page(manuscript, &drawer, &mut record, &remote).await
        };
        let made = made.await;
        made.map_err(|error| self.standing(error, &record))
    }

    /// Fills the page of a file, unless it is whole.
    async fn complete(&self, manuscript: &Manuscript, place: &PageLocation, force: bool) -> Result<Report, Error> {
        let drawer = self.store.take(&self.owner, &manuscript.path, place)?;
        let no_page = || Error::NoPage { file: manuscript.path.clone() };
        let mut record = self.record(&drawer)?.ok_or_else(no_page)?;
        if let (Content::Whole { blocks, .. }, Some(node)) = (&record.content, node_of(&record)) {
            return Ok(self.report(&record, &node, *blocks, false));
        }
        let manuscript = &manuscript.or_titled(record.wish.as_deref());
        let remote = Remote::new(self.caller, self.timer);
        let made = self.finish_page(manuscript, &drawer, &mut record, &remote, force).await;
        made.map_err(|error| self.standing(error, &record))
    }
}

/// The record of a file of a folder: at its place below the page above it, or the only one there is.
fn record_of(
    store: &Store,
    owner: &str,
    folder: &Folder,
    n: usize,
    place: Option<&PageLocation>,
    nodes: &[Option<Node>],
) -> Result<Option<Record>, Error> {
    let page = &folder.pages[n];
    let above = page.above.map(|above| nodes.get(above).and_then(Option::as_ref));
    let place = match (place, above) {
        (None, _) => None,
        (Some(place), None) => Some(place.clone()),
        (Some(place), Some(Some(above))) => Some(below(Some(above), place)),
        // The page above is not there, and so is none below it.
        (Some(_), Some(None)) => return Ok(None),
    };
    let mut records = store.look(owner, &page.manuscript.path, place.as_ref())?;
    if records.len() > 1 {
        let addresses = records.iter().map(|record| record.place.key()).collect();
        return Err(Error::SeveralPages { addresses }.of(&page.name));
    }
    Ok(records.pop())
}

/// The place below a page; that of the whole folder where there is none above.
fn below(above: Option<&Node>, place: &PageLocation) -> PageLocation {
    match above {
        None => place.clone(),
        Some(node) => PageLocation {
            space: Space::Id(node.space_id.clone()),
            parent: Some(node.token.clone()),
            host: place.host.clone(),
        },
    }
}

fn node_of(record: &Record) -> Option<Node> {
    if let Page::There(node) = &record.page { Some(node.clone()) } else { None }
}
