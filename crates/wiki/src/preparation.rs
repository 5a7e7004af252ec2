//! From a file to a plan: everything that changes nothing at the provider.
//!
//! Enters: a [`Manuscript`]. Leaves: a [`Plan`], durable on the drawer together with the pictures of the web. Pictures
//! that are sent from here stand in the converted text under an address of ours, so that each of the converter's picture
//! blocks is known by its number, however often a file shows one picture. A picture of the web that cannot be fetched
//! becomes a link: one dead badge is no reason to have no page. A crash costs the preparation and nothing else.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tokenward::FetchFault;
use url::Url;

use crate::Error;
use crate::block_batches::{Insertion, insertions};
use crate::block_tree::Tree;
use crate::file_links::{PlannedLink, address_links};
use crate::image_sources::{self, Source, without_login};
use crate::limits;
use crate::manuscript::Manuscript;
use crate::markdown_text::{Picture, PictureSyntax, Stand, Text};
use crate::page_observer::{Notice, PageObserver, Phase};
use crate::page_store::Drawer;
use crate::remote_calls::Remote;

/// Fetches pictures of the web: a plain request without any token.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The bytes at an address.
    ///
    /// # Errors
    /// Why there are none.
    async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, FetchFault>;
}

/// What is going to be inserted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Plan {
    /// Fingerprint of the file it was made of.
    pub(crate) print: String,
    pub(crate) tree: Tree,
    pub(crate) insertions: Vec<Insertion>,
    pub(crate) pictures: Vec<Planned>,
    /// The links whose numbers stand in the tree.
    #[serde(default)]
    pub(crate) links: Vec<PlannedLink>,
}

impl Plan {
    /// The plan with the addresses of pages in its links; what has no page leads where it led.
    pub(crate) fn addressed(&self, page: impl Fn(&Path) -> Option<String>) -> Self {
        let mut plan = self.clone();
        let address = |n: usize| {
            let link = self.links.get(n)?;
            Some(page(&link.file).unwrap_or_else(|| link.destination.clone()))
        };
        plan.tree.blocks.values_mut().for_each(|block| address_links(block, &address));
        plan
    }
}

/// A picture with its place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Planned {
    /// The block it belongs to, by its temporary id.
    pub(crate) block: String,
    /// What a person calls it.
    pub(crate) what: String,
    /// The name it is uploaded under.
    pub(crate) name: String,
    /// Where its bytes are.
    pub(crate) bytes: Bytes,
}

/// Where a picture's bytes are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bytes {
    /// In a file of the person's.
    File(PathBuf),
    /// On the drawer, under this name.
    Kept(String),
}

impl Planned {
    pub(crate) fn read(&self, drawer: &Drawer) -> Result<Vec<u8>, Error> {
        match &self.bytes {
            Bytes::File(path) => image_sources::read(path),
            Bytes::Kept(name) => image_sources::read_kept(&drawer.picture(name)),
        }
    }
}

/// Makes the plan and keeps it.
pub(crate) async fn prepare(
    manuscript: &Manuscript,
    drawer: &Drawer,
    remote: &Remote<'_>,
    fetch: &dyn Fetch,
    watch: &dyn PageObserver,
) -> Result<Plan, Error> {
    drawer.tidy();
    manuscript.remarks().into_iter().for_each(|remark| watch.notice(remark));
    let text = Text::read(&manuscript.body);
    let (stands, sources) = stands(manuscript, &text, drawer, fetch, watch).await?;
    let parts = text.parts(&manuscript.title, &stands, limits::CONVERTED);
    let parts = parts.map_err(|error| manuscript.at_file_s_line(error))?;
    let mut tree = Tree::default();
    for (n, part) in parts.iter().enumerate() {
        watch.progress(Phase::Converting, n, parts.len());
        tree.add(&remote.convert(part).await?)?;
    }
    watch.progress(Phase::Converting, parts.len(), parts.len());
    let tables: Vec<usize> = manuscript.measures.tables.iter().map(|line| line + manuscript.lines_before).collect();
    tree.fit(&tables)?;
    if tree.texts_cut > 0 {
        watch.notice(Notice::TextsCut(tree.texts_cut));
    }
    if tree.tables_cut > 0 {
        watch.notice(Notice::TablesCut(tree.tables_cut));
    }
    // In the order of the text, which is that of the upload.
    let order: Vec<&str> = tree.first.iter().flat_map(|id| tree.below(id)).collect();
    let numbered = order.iter().filter_map(|id| Some((*id, number(tree.pictures.get(*id)?)?)));
    let mut pictures = Vec::new();
    let mut placed = vec![false; sources.len()];
    for (block, n) in numbered {
        let Some(Some((what, name, bytes))) = sources.get(n) else { continue };
        placed[n] = true;
        let (block, what, name, bytes) = (block.to_owned(), what.clone(), name.clone(), bytes.clone());
        pictures.push(Planned { block, what, name, bytes });
    }
    for (source, _) in sources.iter().zip(placed).filter(|(_, placed)| !placed) {
        if let Some((what, _, _)) = source {
            watch.notice(Notice::PictureWithoutPlace { what: what.clone() });
        }
    }
    let (print, links) = (manuscript.fingerprint().to_owned(), manuscript.links.clone().unwrap_or_default());
    let plan = Plan { print, insertions: insertions(&tree), tree, pictures, links };
    drawer.keep_plan(&plan)?;
    Ok(plan)
}

/// A picture that will be uploaded: what a person calls it, its name there, its bytes.
type Sendable = Option<(String, String, Bytes)>;

/// What stands in each picture's place, and which pictures will be uploaded.
async fn stands(
    manuscript: &Manuscript,
    text: &Text<'_>,
    drawer: &Drawer,
    fetch: &dyn Fetch,
    watch: &dyn PageObserver,
) -> Result<(Vec<Stand>, Vec<Sendable>), Error> {
    let pictures = text.pictures();
    if manuscript.no_images {
        let stand = |picture: &Picture| match Url::parse(&picture.destination) {
            _ if picture.written != PictureSyntax::Markdown => Stand::AsItIs,
            Ok(url) if matches!(url.scheme(), "http" | "https") => Stand::Link,
            _ => Stand::Words,
        };
        let stands = pictures.iter().map(stand).collect();
        return Ok((stands, vec![None; pictures.len()]));
    }
    let web = manuscript.pictures.iter().filter(|source| matches!(source, Source::Web(_))).count();
    let mut fetched = 0;
    let (mut stands, mut sources) = (Vec::new(), Vec::new());
    for (n, (source, picture)) in manuscript.pictures.iter().zip(pictures).enumerate() {
        let sendable = match source {
            Source::File(path) => {
                let name = path.file_name().map(|name| limits::name(&name.to_string_lossy())).unwrap_or_default();
                Some((path.display().to_string(), name, Bytes::File(path.clone())))
            }
            Source::Inline(bytes) => Some(kept(drawer, n, bytes, format!("data: #{}", n + 1))?),
            Source::Web(url) => {
                watch.progress(Phase::Fetching, fetched, web);
                fetched += 1;
                match fetch.fetch(url, limits::FILE).await.and_then(checked) {
                    Ok(bytes) => Some(kept(drawer, n, &bytes, url.to_string())?),
                    // No link stands in its place either.
                    Err(fault) => {
                        watch.notice(match (without_login(url.as_str()), fault) {
                            (Some(destination), _) => Notice::PictureDropped { destination },
                            (None, FetchFault::NotPublic { host, .. }) => {
                                Notice::PictureNotPublic { url: url.clone(), host }
                            }
                            (None, fault) => Notice::PictureLinked { url: url.clone(), reason: fault.to_string() },
                        });
                        None
                    }
                }
            }
            Source::Left => None,
            Source::Unknown => {
                // A long one is data that is no picture.
                let shown = without_login(&picture.destination).unwrap_or_else(|| picture.destination.clone());
                let destination = shown.chars().take(80).collect();
                watch.notice(Notice::PictureDropped { destination });
                None
            }
        };
        stands.push(match (&sendable, source) {
            (Some(_), _) => Stand::Address(format!("{ADDRESS}{n}")),
            (None, Source::Left) => Stand::AsItIs,
            (None, Source::Web(_)) => Stand::Link,
            (None, _) => Stand::Words,
        });
        sources.push(sendable);
    }
    if web > 0 {
        watch.progress(Phase::Fetching, web, web);
    }
    Ok((stands, sources))
}

fn kept(drawer: &Drawer, n: usize, bytes: &[u8], what: String) -> Result<(String, String, Bytes), Error> {
    let name = format!("picture-{}.{}", n + 1, image_sources::kind(bytes).unwrap_or("img"));
    drawer.keep_picture(&name, bytes)?;
    Ok((what, name.clone(), Bytes::Kept(name)))
}

/// Refuses what a server sends with success and is no picture: an error page, a login page.
fn checked(bytes: Vec<u8>) -> Result<Vec<u8>, FetchFault> {
    match image_sources::kind(&bytes) {
        Some(_) => Ok(bytes),
        None => Err(FetchFault::Failed("what is there is no picture".to_owned())),
    }
}

/// The number in an address of ours.
fn number(address: &str) -> Option<usize> {
    address.strip_prefix(ADDRESS)?.parse().ok()
}

/// Addresses that stand for pictures on their way through the converter. `.invalid` leads nowhere (RFC 2606 §2), and the
/// converter fetches nothing.
const ADDRESS: &str = "https://picture.invalid/";
