//! The content of a page: the plan's blocks inserted, the pictures put into their places, and only then the old content
//! taken away.
//!
//! Enters: a page and a plan. Leaves: a page that shows the plan, and a record that says so. What stood there before stays
//! above the new content until all of that is there, so a run that stops anywhere leaves the old words to be read, and
//! [`Standing`] says what else. Each step is recorded after its answer; a step whose answer is not recorded is done again,
//! and that changes nothing: an insertion carries the same `client_token`, made from the record's seed and the insertion's
//! number; an upload makes a token that nobody uses; a picture placed twice is the same picture; and what is taken away is
//! looked up by its id right before. How long the provider remembers client tokens is not known, so a run that comes late
//! compares the document's revision first.
//!
//! [`Standing`]: crate::partial_page::Standing

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use sha2::{Digest, Sha256};
use tokenward::core::hex;
use uuid::Builder;

use crate::Error;
use crate::block_batches::{Insertion, parents};
use crate::limits;
use crate::page_creation::{Report, Wiki};
use crate::page_observer::{PageStep, Phase};
use crate::page_place::address;
use crate::page_store::{Content, Drawer, Node, Progress, Record};
use crate::preparation::Plan;
use crate::remote_calls::Remote;

impl Wiki<'_> {
    /// Brings the page from whatever the record says to the whole plan.
    pub(crate) async fn fill(
        &self,
        drawer: &Drawer,
        record: &mut Record,
        node: &Node,
        plan: &Plan,
        remote: &Remote<'_>,
        force: bool,
    ) -> Result<Report, Error> {
        self.look_before_late_work(record, node, remote, force).await?;
        let plan = &self.addressed(plan, node)?;
        let all: usize = plan.insertions.iter().map(|insertion| insertion.blocks.len()).sum();
        let mut progress = match &record.content {
            Content::Some(progress) => progress.clone(),
            // New client tokens: the old ones stand for blocks that have to go.
            Content::Old { revision } => {
                let revision = match revision {
                    Some(revision) => *revision,
                    None => remote.revision(&node.document_id).await?,
                };
                let old = remote.first_level(&node.document_id).await?;
                Progress { seed: self.seed(), old, revision: Some(revision), ..Progress::default() }
            }
            Content::Nothing | Content::Whole { .. } => Progress { seed: self.seed(), ..Progress::default() },
        };
        let size = |insertion: &Insertion| insertion.blocks.len();
        progress.blocks = plan.insertions.iter().take(progress.inserted).map(size).sum();
        progress.of = all;
        progress.pictures = plan.pictures.len();
        self.keep_progress(drawer, record, &progress)?;
        self.insert(drawer, record, node, plan, &mut progress, remote).await?;
        let left = self.show_pictures(drawer, record, node, plan, &mut progress, remote).await?;
        if !progress.old.is_empty() {
            self.clear(drawer, record, node, &mut progress, 0, remote).await?;
            self.watch.at(PageStep::Cleared);
        }
        if !left.is_empty() {
            return Err(Error::PicturesLeft { address: self.address(record, node), pictures: left });
        }
        record.content = Content::Whole { revision: progress.revision, blocks: all };
        self.keep(drawer, record)?;
        drawer.tidy();
        self.watch.at(PageStep::Done);
        Ok(self.report(record, node, all, true))
    }

    /// The plan with its links to files leading to their pages: in the same space, where a file has several.
    fn addressed<'p>(&self, plan: &'p Plan, node: &Node) -> Result<Cow<'p, Plan>, Error> {
        if plan.links.is_empty() {
            return Ok(Cow::Borrowed(plan));
        }
        let pages = self.store.pages_of_files(&self.owner)?;
        Ok(Cow::Owned(plan.addressed(|file| {
            let pages = pages.get(file)?;
            let page = pages.iter().find(|page| page.node.space_id == node.space_id).or(pages.first())?;
            Some(address(page.host.as_deref().unwrap_or(&self.host), &page.node.token))
        })))
    }

    /// A run that continues long after the last one makes sure that nobody wrote into the page meanwhile. Where it is told
    /// to go on all the same, it trusts no client token: whatever stands there is old.
    async fn look_before_late_work(
        &self,
        record: &mut Record,
        node: &Node,
        remote: &Remote<'_>,
        force: bool,
    ) -> Result<(), Error> {
        if record.idle < LATE {
            return Ok(());
        }
        if force {
            if !matches!(record.content, Content::Whole { .. }) {
                record.content = Content::Old { revision: None };
            }
            return Ok(());
        }
        let untouched = match &record.content {
            Content::Some(progress) if progress.inserted > 0 || !progress.old.is_empty() => {
                progress.revision == Some(remote.revision(&node.document_id).await?)
            }
            Content::Old { revision: Some(revision) } => *revision == remote.revision(&node.document_id).await?,
            Content::Some(_) | Content::Nothing | Content::Old { revision: None } => {
                remote.first_level(&node.document_id).await?.is_empty()
            }
            Content::Whole { .. } => true,
        };
        if untouched {
            return Ok(());
        }
        Err(Error::Edited { address: self.address(record, node), known: true })
    }

    /// Takes old blocks away, from the top, until so many are left. They are looked up each time, so that a removal whose
    /// answer was lost is not repeated on something else, and nothing goes that was not there before.
    async fn clear(
        &self,
        drawer: &Drawer,
        record: &mut Record,
        node: &Node,
        progress: &mut Progress,
        keep: usize,
        remote: &Remote<'_>,
    ) -> Result<(), Error> {
        let document = &node.document_id;
        let (mut tries, mut revision_is_known) = (0, true);
        loop {
            let now = remote.first_level(document).await?;
            let before = progress.old.len();
            let there: HashSet<&str> = now.iter().map(String::as_str).collect();
            progress.old.retain(|id| there.contains(id.as_str()));
            progress.removed += before - progress.old.len();
            // A removal whose answer was lost has changed the document.
            revision_is_known &= before == progress.old.len();
            let old: HashSet<&str> = progress.old.iter().map(String::as_str).collect();
            let is_old = |id: &String| old.contains(id.as_str());
            let Some(start) = now.iter().position(is_old).filter(|_| old.len() > keep) else { break };
            let most = limits::REMOVED.min(old.len() - keep);
            let count = now[start..].iter().take(most).take_while(|id| is_old(id)).count();
            match remote.remove(document, start, start + count).await {
                Ok(revision) => {
                    let gone: HashSet<&String> = now[start..start + count].iter().collect();
                    progress.old.retain(|id| !gone.contains(id));
                    progress.removed += count;
                    progress.revision = revision.or(progress.revision);
                    revision_is_known = revision.is_some();
                    tries = 0;
                    self.keep_progress(drawer, record, progress)?;
                    if progress.old.len() <= keep {
                        break;
                    }
                }
                Err(error) if error.is_passing() && tries < TRIES => {
                    tries += 1;
                    revision_is_known = false;
                    remote.pause(PAUSE * tries).await;
                }
                Err(error) => return Err(error),
            }
        }
        if !revision_is_known {
            progress.revision = Some(remote.revision(document).await?);
        }
        self.keep_progress(drawer, record, progress)
    }

    async fn insert(
        &self,
        drawer: &Drawer,
        record: &mut Record,
        node: &Node,
        plan: &Plan,
        progress: &mut Progress,
        remote: &Remote<'_>,
    ) -> Result<(), Error> {
        let pictures = plan.pictures.iter().map(|picture| picture.block.as_str());
        let needed: HashSet<&str> = parents(&plan.insertions).into_iter().chain(pictures).collect();
        let lost = |id: &str| Error::OddAnswer { call: "insert blocks", what: format!("no real id for {id}") };
        let mut resumed = progress.inserted > 0 && !progress.old.is_empty();
        while let Some(insertion) = plan.insertions.get(progress.inserted) {
            self.watch.progress(Phase::Inserting, progress.blocks, progress.of);
            if std::mem::take(&mut resumed) {
                // Somebody may have taken an old block away meanwhile, and the new ones stand below those that are left.
                let there: HashSet<String> = remote.first_level(&node.document_id).await?.into_iter().collect();
                progress.old.retain(|id| there.contains(id));
            }
            let sent = self.send(node, plan, insertion, progress, remote).await;
            let (relations, revision) = match sent {
                // A page that is full has no room for old and new together: as much of the old goes as the new brings.
                Err(error) if error.provider_code() == Some(TOO_MANY_BLOCKS) && !progress.old.is_empty() => {
                    let keep = progress.old.len().saturating_sub(insertion.blocks.len());
                    self.clear(drawer, record, node, progress, keep, remote).await?;
                    continue;
                }
                sent => sent?,
            };
            self.watch.at(PageStep::Sent);
            let real: HashMap<String, String> = relations.into_iter().collect();
            for id in insertion.blocks.iter().filter(|id| needed.contains(id.as_str())) {
                let real = real.get(id).ok_or_else(|| lost(id))?;
                progress.ids.insert(id.clone(), real.clone());
            }
            progress.inserted += 1;
            progress.blocks += insertion.blocks.len();
            progress.revision = revision.or(progress.revision);
            self.keep_progress(drawer, record, progress)?;
            self.watch.at(PageStep::Inserted);
        }
        self.watch.progress(Phase::Inserting, progress.of, progress.of);
        Ok(())
    }

    /// Sends one insertion: below its parent, or below what stands on the page already.
    async fn send(
        &self,
        node: &Node,
        plan: &Plan,
        insertion: &Insertion,
        progress: &Progress,
        remote: &Remote<'_>,
    ) -> Result<(Vec<(String, String)>, Option<i64>), Error> {
        let lost = |id: &str| Error::OddAnswer { call: "insert blocks", what: format!("no real id for {id}") };
        let (parent, above) = match &insertion.parent {
            None => (&node.document_id, progress.old.len()),
            Some(parent) => (progress.ids.get(parent).ok_or_else(|| lost(parent))?, 0),
        };
        let token = client_token(&progress.seed, progress.inserted);
        let descendants = insertion.descendants(&plan.tree);
        let index = above + insertion.index;
        remote.insert(&node.document_id, parent, index, &insertion.children, descendants, &token).await
    }

    /// Uploads and places the pictures; gives back those that the provider does not take, with its reason.
    async fn show_pictures(
        &self,
        drawer: &Drawer,
        record: &mut Record,
        node: &Node,
        plan: &Plan,
        progress: &mut Progress,
        remote: &Remote<'_>,
    ) -> Result<Vec<(String, String)>, Error> {
        let whole = plan.pictures.len();
        let mut left = Vec::new();
        let all: Vec<usize> = (0..whole).collect();
        for some in all.chunks(limits::PLACED) {
            for n in some {
                if progress.placed.contains(n) || progress.uploaded.contains_key(n) {
                    continue;
                }
                self.watch.progress(Phase::Uploading, *n, whole);
                let picture = &plan.pictures[*n];
                let Some(block) = progress.ids.get(&picture.block) else { continue };
                let bytes = match picture.read(drawer) {
                    Ok(bytes) => bytes,
                    Err(error) => {
                        left.push((picture.what.clone(), error.to_string()));
                        continue;
                    }
                };
                match remote.upload_picture(&node.document_id, block, &picture.name, bytes).await {
                    Ok(token) => {
                        self.watch.at(PageStep::Uploaded);
                        progress.uploaded.insert(*n, token);
                        self.keep_progress(drawer, record, progress)?;
                        self.watch.at(PageStep::Kept);
                    }
                    // One picture that the provider does not like must not keep the others away.
                    Err(error) if error.is_about_a_picture() => left.push((picture.what.clone(), error.to_string())),
                    Err(error) => return Err(error),
                }
            }
            let ready: Vec<usize> = some
                .iter()
                .copied()
                .filter(|n| progress.uploaded.contains_key(n) && !progress.placed.contains(n))
                .collect();
            if ready.is_empty() {
                continue;
            }
            let pairs: Vec<(String, String)> = ready
                .iter()
                .filter_map(|n| {
                    let block = progress.ids.get(&plan.pictures[*n].block)?;
                    Some((block.clone(), progress.uploaded.get(n)?.clone()))
                })
                .collect();
            match remote.place_pictures(&node.document_id, &pairs).await {
                Ok(revision) => progress.revision = revision.or(progress.revision),
                Err(error) => {
                    // Tokens that are not taken are of no use to the next run either.
                    if !error.is_passing() {
                        progress.uploaded.retain(|n, _| !ready.contains(n));
                        self.keep_progress(drawer, record, progress)?;
                    }
                    return Err(error);
                }
            }
            self.watch.at(PageStep::Placed);
            progress.placed.extend(ready);
            self.keep_progress(drawer, record, progress)?;
        }
        if whole > 0 {
            self.watch.progress(Phase::Uploading, whole, whole);
        }
        Ok(left)
    }

    fn keep_progress(&self, drawer: &Drawer, record: &mut Record, progress: &Progress) -> Result<(), Error> {
        record.content = Content::Some(progress.clone());
        self.keep(drawer, record)
    }

    fn seed(&self) -> String {
        let mut seed = [0; 16];
        self.entropy.fill(&mut seed);
        hex::encode(&seed)
    }
}

impl Error {
    /// Whether the provider's no concerns one picture and nothing else (reference/feishu.md §12.5, media upload).
    fn is_about_a_picture(&self) -> bool {
        self.provider_code().is_some_and(|code| PICTURE_CODES.contains(&code))
    }
}

/// A UUID of version 4 that the same insertion of the same plan gets again.
fn client_token(seed: &str, insertion: usize) -> String {
    let hash = Sha256::digest(format!("{seed}/{insertion}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Parameter (of a name or a kind of file), file name, too large, content check, checksum, size, damaged.
const PICTURE_CODES: &[i64] = &[1_061_002, 1_061_008, 1_061_043, 1_061_109, 1_061_113, 1_062_008, 1_062_009, 1_062_013];
/// The document has no room for more blocks (reference/feishu.md §12.5).
const TOO_MANY_BLOCKS: i64 = 1_770_004;
/// How often a removal is tried that met passing trouble.
const TRIES: u32 = 5;
/// After an hour we no longer trust that the provider remembers a client token, in seconds.
const LATE: i64 = 3600;
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_tokens_are_repeatable_uuids() {
        let token = client_token("seed", 0);
        assert_eq!(token, client_token("seed", 0));
        assert_ne!(token, client_token("seed", 1));
        assert_ne!(token, client_token("other", 0));
        let uuid = uuid::Uuid::parse_str(&token).unwrap();
        assert_eq!(uuid.get_version_num(), 4);
    }
}
