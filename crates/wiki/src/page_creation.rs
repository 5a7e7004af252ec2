//! A page for a file: made once, whatever happens on the way.
//!
//! Enters: a [`Manuscript`], a [`PageLocation`], the provider behind a [`Caller`]. Leaves: a [`Report`] with the page's
//! address. How far the work is stands in the store before anything is sent that depends on it, so a run that dies
//! anywhere is continued by the next one (I5):
//!
//! | The record says | The next run |
//! |---|---|
//! | nothing | prepares, and keeps the plan |
//! | page intended | looks for it among its parent's children, and makes it only if it is not there |
//! | page there, so many insertions | sends the next one again with its own `client_token`, which does nothing twice |
//! | so many pictures uploaded, placed | goes on with the next |
//! | whole | refuses to make a second page; `update` replaces the content |
//!
//! The converter is asked, and the limits of the provider are looked at, before the page is made or changed: what cannot
//! be converted or inserted leaves nothing behind and takes nothing away. Where the work stops all the same, the error
//! says what the page shows ([`Standing`](crate::Standing)).

use std::fmt;
use std::time::Duration;

use tokenward::Caller;
use tokenward::core::ports::{Clock, Entropy};

use crate::manuscript::Manuscript;
use crate::page_observer::{Notice, PageObserver, PageStep};
use crate::page_place::{Space, address};
use crate::page_store::{Content, Drawer, Node, Page, Record, Store};
use crate::preparation::{Fetch, Plan, prepare};
use crate::rate_limit::Timer;
use crate::remote_calls::{Remote, WikiNode};
use crate::{Error, Flaw, PageLocation};

/// Everything that is needed to make pages.
pub struct Wiki<'a> {
    /// What is remembered.
    pub store: Store,
    /// Whose pages these are: a name for the login, so that two logins' pages of one file are told apart.
    pub owner: String,
    /// The host in addresses where no better one is known.
    pub host: String,
    /// The provider, with a token.
    pub caller: &'a dyn Caller,
    /// The web, without one.
    pub fetch: &'a dyn Fetch,
    /// The time that passes.
    pub timer: &'a dyn Timer,
    /// The time of day.
    pub clock: &'a dyn Clock,
    /// Randomness, for client tokens.
    pub entropy: &'a dyn Entropy,
    /// Told of what happens.
    pub watch: &'a dyn PageObserver,
}

/// How a page is to be made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// Make another page although the file has one here.
    pub again: bool,
    /// Replace the content although somebody else changed it.
    pub force: bool,
    /// Let the provider import the file.
    pub import: bool,
}

/// A page that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Where it is.
    pub address: String,
    /// The page.
    pub node_token: String,
    /// The document on it.
    pub document_id: String,
    /// The space it is in.
    pub space_id: String,
    /// Its title.
    pub title: String,
    /// How many blocks were inserted; none are counted for an import.
    pub blocks: usize,
    /// Whether anything was changed.
    pub changed: bool,
}

/// What an update would do, as far as what is remembered tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// The page.
    pub address: String,
    /// Its title, which stays.
    pub title: String,
    /// Whether it is complete; one that is not gets finished.
    pub whole: bool,
    /// Whether the file is another one than was put there.
    pub changed: bool,
}

impl Wiki<'_> {
    /// Makes the page of a file, or finishes what an earlier run began.
    ///
    /// # Errors
    /// [`Error::Beyond`] for a file that does not fit, before anything is sent or made; [`Error::Already`] where the file
    /// has its page; [`Error::PicturesLeft`] when all stands but some pictures; [`Error::Unfinished`] where a page is there
    /// and something stood in the way; and whatever stood in the way before. What was done is kept.
    pub async fn create(&self, manuscript: &Manuscript, place: &PageLocation, wishes: Wishes) -> Result<Report, Error> {
        let drawer = self.store.take(&self.owner, &manuscript.path, place)?;
        let record = self.record(&drawer)?;
        let mut record = record.unwrap_or_else(|| Record::new(&self.owner, &manuscript.path, place));
        if place.host.is_some() {
            record.host.clone_from(&place.host);
        }
        let made = self.make(manuscript, &drawer, &mut record, wishes).await;
        made.map_err(|error| self.standing(error, &record))
    }

    async fn make(
        &self,
        manuscript: &Manuscript,
        drawer: &Drawer,
        record: &mut Record,
        wishes: Wishes,
    ) -> Result<Report, Error> {
        let remote = Remote::new(self.caller, self.timer);
        if let Page::There(node) = record.page.clone() {
            let whole = matches!(record.content, Content::Whole { .. });
            if whole && !wishes.again {
                return Err(Error::Already { address: self.address(record, &node) });
            }
            // A page that `--again` itself began is finished, however often the command is run; unless it is gone.
            if whole || wishes.again && self.is_gone(&node, &remote).await? {
                *record = self.anew(record.clone(), &node);
            }
        }
        let import = wishes.import && record.page == Page::None || record.import.is_some();
        // The importing provider makes its own links of what it gets.
        let manuscript = if import { manuscript } else { &linked(&self.store, &self.owner, manuscript)? };
        let manuscript = &manuscript.or_titled(record.wish.as_deref());
        manuscript.check(import)?;
        if record.page != Page::None || record.import.is_some() {
            self.watch.notice(Notice::Resumed);
        }
        record.wish.clone_from(&manuscript.wish);
        if import {
            return self.bring(manuscript, drawer, record, &remote).await;
        }
        self.finish_page(manuscript, drawer, record, &remote, wishes.force).await
    }

    /// Replaces the content of the page that a file was put into. An unfinished page is finished.
    ///
    /// # Errors
    /// [`Error::Beyond`] and [`Error::File`] for a file that does not fit or holds no text, before anything is changed;
    /// [`Error::NoPage`] or [`Error::SeveralPages`] where it is not clear which page is meant; [`Error::Edited`] when
    /// somebody else changed it, unless forced; [`Error::Unfinished`] where something stood in the way.
    pub async fn update(
        &self,
        manuscript: &Manuscript,
        place: Option<&PageLocation>,
        force: bool,
    ) -> Result<Report, Error> {
        let place = self.place_of(manuscript, place)?;
        let drawer = self.store.take(&self.owner, &manuscript.path, &place)?;
        let no_page = || Error::NoPage { file: manuscript.path.clone() };
        let mut record = self.record(&drawer)?.ok_or_else(no_page)?;
        let updated = self.renew(manuscript, &drawer, &mut record, force).await;
        updated.map_err(|error| self.standing(error, &record))
    }

    async fn renew(
        &self,
        manuscript: &Manuscript,
        drawer: &Drawer,
        record: &mut Record,
        force: bool,
    ) -> Result<Report, Error> {
        let imported = record.import.is_some() && !matches!(record.content, Content::Whole { .. });
        let manuscript = if imported { manuscript } else { &linked(&self.store, &self.owner, manuscript)? };
        let manuscript = &manuscript.or_titled(record.wish.as_deref());
        manuscript.check(record.import.is_some())?;
        let no_text = || Error::File { path: manuscript.path.clone(), flaw: Flaw::NoText };
        if manuscript.is_blank() {
            return Err(no_text());
        }
        let remote = Remote::new(self.caller, self.timer);
        if let (Content::Whole { revision, .. }, Page::There(node)) = (record.content.clone(), record.page.clone()) {
            let found = remote.revision(&node.document_id).await?;
            let edited = revision != Some(found);
            if edited && !force {
                return Err(Error::Edited { address: self.address(record, &node), known: revision.is_some() });
            }
            if !edited && record.print == manuscript.fingerprint() {
                return Ok(self.report(record, &node, 0, false));
            }
            let plan = prepare(manuscript, drawer, &remote, self.fetch, self.watch).await?;
            if plan.insertions.is_empty() {
                return Err(no_text());
            }
            record.print.clone_from(&plan.print);
            record.content = Content::Old { revision: if force { None } else { revision } };
            self.keep(drawer, record)?;
            self.watch.at(PageStep::Planned);
            self.tell_title(manuscript, &node);
            return self.fill(drawer, record, &node, &plan, &remote, force).await;
        }
        self.watch.notice(Notice::Resumed);
        if record.import.is_some() {
            return self.bring(manuscript, drawer, record, &remote).await;
        }
        self.finish_page(manuscript, drawer, record, &remote, force).await
    }

    /// Brings a page that is not complete to its end, from wherever it is.
    pub(crate) async fn finish_page(
        &self,
        manuscript: &Manuscript,
        drawer: &Drawer,
        record: &mut Record,
        remote: &Remote<'_>,
        force: bool,
    ) -> Result<Report, Error> {
        let plan = self.planned(manuscript, drawer, record, remote).await?;
        let node = self.page(manuscript, drawer, record, remote).await?;
        self.fill(drawer, record, &node, &plan, remote, force).await
    }

    /// An error of the provider together with what the page shows. A page that is not found is not forgotten: one that was
    /// just made may not be seen everywhere yet, and forgetting it would make a second one. The person decides, with
    /// `--again`.
    pub(crate) fn standing(&self, error: Error, record: &Record) -> Error {
        if !matches!(error, Error::Call { .. } | Error::OddAnswer { .. } | Error::Store { .. }) {
            return error;
        }
        match &record.page {
            Page::There(node) if error.is_not_found() => Error::PageGone { address: self.address(record, node) },
            Page::There(node) => Error::Unfinished {
                address: self.address(record, node),
                standing: record.standing(error.in_doubt()),
                error: Box::new(error),
            },
            Page::Intended { .. } => Error::PerhapsMade { error: Box::new(error) },
            Page::None => error,
        }
    }

    async fn is_gone(&self, node: &Node, remote: &Remote<'_>) -> Result<bool, Error> {
        match remote.revision(&node.document_id).await {
            Ok(_) => Ok(false),
            Err(error) if error.is_not_found() => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// What an update of a file would do. Nothing is sent, and no other run is disturbed.
    ///
    /// # Errors
    /// As [`Wiki::update`] where it is not clear which page is meant, and for a file that does not fit.
    pub fn outlook(
        store: &Store,
        owner: &str,
        host: &str,
        manuscript: &Manuscript,
        place: Option<&PageLocation>,
    ) -> Result<Outlook, Error> {
        let mut records = store.look(owner, &manuscript.path, place)?;
        let at = |record: &Record, node: &Node| address(record.host.as_deref().unwrap_or(host), &node.token);
        if records.len() > 1 {
            let address = |record: &Record| match &record.page {
                Page::There(node) => at(record, node),
                _ => record.place.key(),
            };
            return Err(Error::SeveralPages { addresses: records.iter().map(address).collect() });
        }
        let record = records.pop().ok_or_else(|| Error::NoPage { file: manuscript.path.clone() })?;
        let manuscript = linked(store, owner, manuscript)?.or_titled(record.wish.as_deref());
        manuscript.check(record.import.is_some())?;
        if manuscript.is_blank() && !manuscript.is_folder {
            return Err(Error::File { path: manuscript.path.clone(), flaw: Flaw::NoText });
        }
        let whole = matches!(record.content, Content::Whole { .. });
        let changed = record.print != manuscript.fingerprint();
        let (address, title) = match &record.page {
            Page::There(node) => (at(&record, node), node.title.clone()),
            _ => (record.place.key(), manuscript.title.clone()),
        };
        Ok(Outlook { address, title, whole, changed })
    }

    /// A record for another page, which remembers that this one was ours.
    fn anew(&self, mut record: Record, node: &Node) -> Record {
        let mut earlier = std::mem::take(&mut record.earlier);
        earlier.push(node.token.clone());
        let fresh = Record::new(&self.owner, &record.file, &record.place);
        Record { host: record.host, earlier, ..fresh }
    }

    pub(crate) fn record(&self, drawer: &Drawer) -> Result<Option<Record>, Error> {
        let mut record = drawer.record()?;
        if let Some(record) = &mut record {
            record.idle = self.clock.now().as_second() - record.touched;
        }
        Ok(record)
    }

    /// Where the one page of a file is.
    fn place_of(&self, manuscript: &Manuscript, place: Option<&PageLocation>) -> Result<PageLocation, Error> {
        if let Some(place) = place {
            return Ok(place.clone());
        }
        let mut records = self.store.of_file(&self.owner, &manuscript.path)?;
        match records.len() {
            0 => Err(Error::NoPage { file: manuscript.path.clone() }),
            1 => Ok(records.remove(0).place),
            _ => {
                let address = |record: &Record| match &record.page {
                    Page::There(node) => self.address(record, node),
                    _ => record.place.key(),
                };
                Err(Error::SeveralPages { addresses: records.iter().map(address).collect() })
            }
        }
    }

    /// The plan of the file as it is now: the one on the drawer, or a new one.
    pub(crate) async fn planned(
        &self,
        manuscript: &Manuscript,
        drawer: &Drawer,
        record: &mut Record,
        remote: &Remote<'_>,
    ) -> Result<Plan, Error> {
        if record.print == manuscript.fingerprint()
            && let Some(plan) = drawer.plan::<Plan>().filter(|plan| plan.print == record.print)
        {
            return Ok(plan);
        }
        let begun = matches!(record.content, Content::Some(_) | Content::Old { .. });
        if begun && record.print != manuscript.fingerprint() {
            self.watch.notice(Notice::FileChanged);
        }
        let plan = prepare(manuscript, drawer, remote, self.fetch, self.watch).await?;
        if plan.insertions.is_empty() && begun {
            return Err(Error::File { path: manuscript.path.clone(), flaw: Flaw::NoText });
        }
        record.print.clone_from(&plan.print);
        // What an earlier plan has put in goes first.
        if let Content::Some(progress) = &record.content {
            record.content = Content::Old { revision: progress.revision };
        }
        self.keep(drawer, record)?;
        self.watch.at(PageStep::Planned);
        Ok(plan)
    }

    /// The page: the one there is, the one that an interrupted run made, or a new one.
    pub(crate) async fn page(
        &self,
        manuscript: &Manuscript,
        drawer: &Drawer,
        record: &mut Record,
        remote: &Remote<'_>,
    ) -> Result<Node, Error> {
        if let Page::Intended { space_id, title, since } = record.page.clone() {
            self.watch.notice(Notice::LookingForPage);
            if let Some(found) = self.search(record, remote, &space_id, &title, since).await? {
                self.watch.notice(Notice::PageFound);
                return self.known(drawer, record, space_id, found);
            }
        }
        if let Page::There(node) = &record.page {
            let node = node.clone();
            self.tell_title(manuscript, &node);
            return Ok(node);
        }
        let space_id = self.space(record, remote).await?;
        let title = manuscript.title.clone();
        let mut last = None;
        for _ in 0..TRIES {
            // An intent that is still open is older, and what is looked for may be as old.
            let since = match &record.page {
                Page::Intended { since, .. } => *since,
                _ => remote.date().unwrap_or_else(|| self.clock.now().as_second()),
            };
            record.page = Page::Intended { space_id: space_id.clone(), title: title.clone(), since };
            self.keep(drawer, record)?;
            record.idle = 0;
            self.watch.at(PageStep::Intended);
            match remote.make_page(&space_id, record.place.parent.as_deref(), &title).await {
                Ok(found) => {
                    self.watch.at(PageStep::Made);
                    return self.known(drawer, record, space_id, found);
                }
                Err(error) if error.in_doubt() => {
                    self.watch.notice(Notice::LookingForPage);
                    if let Some(found) = self.search(record, remote, &space_id, &title, since).await? {
                        self.watch.notice(Notice::PageFound);
                        return self.known(drawer, record, space_id, found);
                    }
                    last = Some(error);
                }
                Err(error) if error.is_passing() => {
                    remote.pause(LOOKS[0]).await;
                    last = Some(error);
                }
                Err(error) => {
                    record.page = Page::None;
                    self.keep(drawer, record)?;
                    return Err(error);
                }
            }
        }
        Err(last.unwrap_or(Error::NoPage { file: manuscript.path.clone() }))
    }

    pub(crate) async fn space(&self, record: &Record, remote: &Remote<'_>) -> Result<String, Error> {
        match &record.place.space {
            Space::Personal => remote.personal_space().await,
            Space::Id(id) => Ok(id.clone()),
            Space::OfNode(node) => {
                let found = remote.node(node, false).await?;
                if found.space_id.is_empty() {
                    let what = "no space_id".to_owned();
                    return Err(Error::OddAnswer { call: "get_node", what });
                }
                Ok(found.space_id)
            }
        }
    }

    /// Looks for a page whose making was in doubt: below its parent, of its title, made since, and none that we know.
    /// An answer that was lost may be of a call that the provider is still working on, so it is looked for several times,
    /// unless the call was made long ago.
    async fn search(
        &self,
        record: &Record,
        remote: &Remote<'_>,
        space_id: &str,
        title: &str,
        since: i64,
    ) -> Result<Option<WikiNode>, Error> {
        let known = self.store.known_pages()?;
        let parent = record.place.parent.as_deref();
        let looks = if record.idle < SETTLED { LOOKS.len() } else { 0 };
        for look in 0..=looks {
            let mut found = remote.documents_below(space_id, parent).await?;
            found.retain(|node| {
                let young = node.made == 0 || node.made >= since - SKEW;
                young && node.title.trim() == title.trim() && !known.contains(&node.node_token)
            });
            if found.len() > 1 {
                let host = record.host.as_deref().unwrap_or(&self.host);
                let addresses = found.iter().map(|node| address(host, &node.node_token)).collect();
                return Err(Error::Ambiguous { addresses });
            }
            if let Some(node) = found.pop() {
                return Ok(Some(node));
            }
            if let Some(pause) = LOOKS.get(look).filter(|_| look < looks) {
                remote.pause(*pause).await;
            }
        }
        Ok(None)
    }

    fn known(&self, drawer: &Drawer, record: &mut Record, space_id: String, found: WikiNode) -> Result<Node, Error> {
        let WikiNode { node_token: token, document_id, title, .. } = found;
        let node = Node { space_id, token, document_id, title };
        record.page = Page::There(node.clone());
        self.keep(drawer, record)?;
        self.watch.at(PageStep::Known);
        Ok(node)
    }

    fn tell_title(&self, manuscript: &Manuscript, node: &Node) {
        if node.title.trim() != manuscript.title.trim() {
            self.watch.notice(Notice::TitleStays { page: node.title.clone() });
        }
    }

    pub(crate) fn keep(&self, drawer: &Drawer, record: &mut Record) -> Result<(), Error> {
        record.touched = self.clock.now().as_second();
        drawer.keep(record)
    }

    pub(crate) fn address(&self, record: &Record, node: &Node) -> String {
        address(record.host.as_deref().unwrap_or(&self.host), &node.token)
    }

    pub(crate) fn report(&self, record: &Record, node: &Node, blocks: usize, changed: bool) -> Report {
        let Node { space_id, token: node_token, document_id, title } = node.clone();
        Report { address: self.address(record, node), node_token, document_id, space_id, title, blocks, changed }
    }
}

/// A file with its links to files that have pages.
fn linked(store: &Store, owner: &str, manuscript: &Manuscript) -> Result<Manuscript, Error> {
    let pages = store.pages_of_files(owner)?;
    Ok(manuscript.linked(|file| pages.contains_key(file)))
}

impl fmt::Debug for Wiki<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wiki").field("store", &self.store).field("owner", &self.owner).finish_non_exhaustive()
    }
}

/// How often the page's making is tried when each time the page is proven not to be there.
const TRIES: u32 = 3;
/// The pauses between looks for a page that may still be in the making.
const LOOKS: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// After a minute a call is done or never will be, in seconds.
const SETTLED: i64 = 60;
/// How far the provider's clocks may lie apart, in seconds: the gateway's, which dates its answers, and the wiki's.
const SKEW: i64 = 5;
