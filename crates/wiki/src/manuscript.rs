//! A Markdown file, read and checked as far as it can be without the network.
//!
//! Enters: a path and a person's wishes. Leaves: title, text, pictures, and a fingerprint by which a later run tells
//! whether the file is still the same. Everything that can be wrong with the file is found here, before anything is made.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokenward::core::hex;

use crate::file_links::PlannedLink;
use crate::front_matter::FrontMatter;
use crate::image_sources::{self, Folders, Source, without_login};
use crate::limits::{self, Limit};
use crate::markdown_text::{PictureSyntax, Text};
use crate::page_observer::Notice;
use crate::text_limit_check::Measures;
use crate::{Error, Flaw, PageLocation};

/// How a file is to be read.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// A title in place of the file's own.
    pub title: Option<String>,
    /// Whether pictures are left out.
    pub no_images: bool,
    /// A further folder that pictures may lie in.
    pub images_from: Option<PathBuf>,
}

/// A file, read.
#[derive(Debug, Clone)]
pub struct Manuscript {
    /// The file, at the end of all symbolic links.
    pub path: PathBuf,
    /// The page's title: the one wished for, else the front matter's, else the first heading of the first level, else
    /// the file's name.
    pub title: String,
    /// `space:` of the front matter.
    pub space: Option<String>,
    /// `parent:` of the front matter.
    pub parent: Option<String>,
    /// `personal:` of the front matter.
    pub personal: bool,
    pub(crate) body: String,
    pub(crate) pictures: Vec<Source>,
    pub(crate) no_images: bool,
    /// The title that was wished for.
    pub(crate) wish: Option<String>,
    /// How many lines of the file stand before the body.
    pub(crate) lines_before: usize,
    pub(crate) measures: Measures,
    /// The links to files that have pages; their numbers stand in the body.
    pub(crate) links: Option<Vec<PlannedLink>>,
    /// Whether it is a folder's, which has a title and no text.
    pub(crate) is_folder: bool,
    remarks: Vec<Notice>,
    /// Of all but the title.
    content: String,
    fingerprint: String,
}

impl Manuscript {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::FrontMatter`], and [`Error::Image`] or [`Error::ImageElsewhere`] for a local picture
    /// that cannot be used.
    pub fn read(path: &Path, reading: &Reading) -> Result<Self, Error> {
        let (real, text) = text_of(path)?;
        let front = FrontMatter::read(&text)?;
        let lines_before = front.lines;
        let body = front.body.replace("\r\n", "\n");
        let parsed = Text::read(&body);
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let title = reading.title.as_deref().or(front.title.as_deref()).or(parsed.title()).unwrap_or(&name);
        let title = one_line(title);
        let title = if title.is_empty() { name } else { title };
        let folders = Folders::new(path, reading.images_from.as_deref())?;
        let mut print = Sha256::new();
        let mut feed = |bytes: &[u8]| {
            print.update((bytes.len() as u64).to_le_bytes());
            print.update(bytes);
        };
        feed(&[FORMAT, u8::from(reading.no_images)]);
        feed(body.as_bytes());
        let mut remarks = Vec::new();
        if front.odd {
            remarks.push(Notice::FrontMatterLeftOut { lines: lines_before });
        }
        let mut stays = |line: usize, what: &str, flaw: Flaw| {
            let what = short(&without_login(what).unwrap_or_else(|| what.to_owned()));
            remarks.push(Notice::PictureStays { line: line + lines_before, what, flaw });
        };
        let mut hidden = Vec::new();
        let mut pictures = Vec::new();
        if !reading.no_images {
            for picture in parsed.pictures() {
                let source = folders.source(&picture.destination);
                // What other programs take for a picture may be none of ours; it stays as it is written, and that is said.
                let shown = without_login(&picture.destination);
                let source = match (picture.written, source) {
                    (PictureSyntax::Markdown, source) => source?,
                    // Its words take its place.
                    (_, Ok(Source::Unknown) | Err(_)) if shown.is_some() => {
                        hidden.extend(shown);
                        Source::Left
                    }
                    (_, Ok(Source::Unknown)) => {
                        stays(parsed.line_of(picture), &picture.destination, Flaw::NoAddress);
                        Source::Left
                    }
                    (_, Ok(source)) => source,
                    (_, Err(error)) => {
                        let flaw = if let Error::Image { flaw, .. } = error { flaw } else { Flaw::Elsewhere };
                        stays(parsed.line_of(picture), &picture.destination, flaw);
                        Source::Left
                    }
                };
                if let Source::File(path) = &source {
                    feed(&image_sources::read(path)?);
                }
                pictures.push(source);
            }
            for (line, what) in parsed.hidden() {
                stays(line, what, Flaw::Nested);
            }
        }
        if reading.no_images {
            hidden.extend(parsed.pictures().iter().filter_map(|picture| without_login(&picture.destination)));
        }
        remarks.extend(hidden.into_iter().map(|destination| Notice::PictureDropped { destination }));
        let bare = |address: &str| Notice::LinkWithoutLogin { address: short(address) };
        remarks.extend(parsed.logins().map(bare));
        let measures = Measures::of(&body);
        let drawn = measures.diagrams.iter().cloned();
        remarks.extend(drawn.map(|(line, language)| Notice::Diagram { line: line + lines_before, language }));
        let content = hex::encode(&print.finalize());
        let fingerprint = with_title(&content, &title);
        let FrontMatter { space, parent, personal, .. } = front;
        let (no_images, wish) = (reading.no_images, reading.title.clone());
        let path = real;
        Ok(Self {
            path,
            title,
            space,
            parent,
            personal,
            body,
            pictures,
            no_images,
            wish,
            lines_before,
            measures,
            links: None,
            is_folder: false,
            remarks,
            content,
            fingerprint,
        })
    }

    /// The page of a folder that has no file for it: its name, and no text.
    ///
    /// # Errors
    /// [`Error::File`] for a folder that is not there.
    pub(crate) fn of_folder(folder: &Path) -> Result<Self, Error> {
        let path = std::fs::canonicalize(folder)
            .map_err(|error| Error::File { path: folder.to_owned(), flaw: error.into() })?;
        let title = path.file_name().map(|name| one_line(&name.to_string_lossy())).unwrap_or_default();
        let content = hex::encode(&Sha256::digest([FORMAT]));
        let fingerprint = with_title(&content, &title);
        Ok(Self {
            path,
            title,
            space: None,
            parent: None,
            personal: false,
            body: String::new(),
            pictures: Vec::new(),
            no_images: false,
            wish: None,
            lines_before: 0,
            measures: Measures::of(""),
            links: Some(Vec::new()),
            is_folder: true,
            remarks: Vec::new(),
            content,
            fingerprint,
        })
    }

    /// The same with its links to files that have pages turned into links to those. Done once: afterwards they are known.
    pub(crate) fn linked(&self, has_page: impl Fn(&Path) -> bool) -> Self {
        let mut linked = self.clone();
        if self.links.is_some() {
            return linked;
        }
        let text = Text::read(&self.body);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let (mut links, mut changes) = (Vec::new(), Vec::new());
        for link in text.files() {
            if let Some(file) = link.file(folder).filter(|file| has_page(file)) {
                changes.push((link.place.clone(), link.numbered(links.len())));
                links.push(PlannedLink { file, destination: link.destination.clone() });
            }
        }
        for (place, instead) in changes.into_iter().rev() {
            linked.body.replace_range(place, &instead);
        }
        if !links.is_empty() {
            // The same text with a link more is another page.
            let mut print = Sha256::new_with_prefix(&self.content);
            for link in &links {
                print.update(format!("\n{}", link.destination));
            }
            linked.content = hex::encode(&print.finalize());
            linked.fingerprint = with_title(&linked.content, &linked.title);
        }
        linked.links = Some(links);
        linked
    }

    /// Refuses what goes beyond a limit of the provider and cannot be met by cutting, as far as the text tells.
    ///
    /// # Errors
    /// [`Error::Beyond`], with the line; [`Error::TooLong`].
    pub fn check(&self, import: bool) -> Result<(), Error> {
        let title = self.title.chars().count();
        if title > limits::TITLE {
            return Err(Error::Beyond { limit: Limit::Title, line: None, found: title });
        }
        self.measures.check(self.lines_before, import)?;
        if import {
            return Ok(());
        }
        let sent = self.pictures.iter().filter(|source| !matches!(source, Source::Left | Source::Unknown)).count();
        if sent > limits::PICTURES {
            return Err(Error::Beyond { limit: Limit::Pictures, line: None, found: sent });
        }
        self.parts().map(drop)
    }

    /// What a person should know of the file although it can become a page.
    pub fn remarks(&self) -> Vec<Notice> {
        let mut remarks = self.remarks.clone();
        if self.is_blank() && !self.is_folder {
            remarks.push(Notice::Blank);
        }
        remarks
    }

    /// What the page is made of: the file without its front matter.
    pub fn text(&self) -> &str {
        &self.body
    }

    /// Whether the page would show nothing but its title.
    pub fn is_blank(&self) -> bool {
        matches!(self.parts(), Ok(0))
    }

    /// At least so many blocks come of the file.
    pub fn blocks(&self) -> usize {
        self.measures.blocks
    }

    /// The hosts that pictures would be fetched from, each once, in order.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for source in &self.pictures {
            if let Source::Web(url) = source
                && let Some(host) = url.host_str()
            {
                let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
                if !hosts.contains(&host) {
                    hosts.push(host);
                }
            }
        }
        hosts
    }

    /// The same under the title that an earlier run was given, unless this one was given one.
    pub(crate) fn or_titled(&self, wish: Option<&str>) -> Self {
        let mut titled = self.clone();
        if let (None, Some(wish)) = (&self.wish, wish) {
            titled.title = one_line(wish);
            titled.wish = Some(wish.to_owned());
            titled.fingerprint = with_title(&self.content, &titled.title);
        }
        titled
    }

    /// Where the page goes: what the caller says, and where it says nothing, what the front matter says.
    ///
    /// # Errors
    /// As [`PageLocation::read`].
    pub fn place(&self, personal: bool, space: Option<&str>, parent: Option<&str>) -> Result<PageLocation, Error> {
        if personal || space.is_some() || parent.is_some() {
            return PageLocation::read(personal, space, parent);
        }
        PageLocation::read(self.personal, self.space.as_deref(), self.parent.as_deref())
    }

    /// Tells two contents apart.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// How many pictures there are: of this machine or in the text itself, and of the web.
    pub fn pictures(&self) -> (usize, usize) {
        let web = self.pictures.iter().filter(|source| matches!(source, Source::Web(_))).count();
        let local = self.pictures.iter().filter(|source| matches!(source, Source::File(_) | Source::Inline(_))).count();
        (local, web)
    }

    /// The pictures of the web that stand behind a password, as they may be shown.
    pub(crate) fn behind_passwords(&self) -> impl Iterator<Item = String> {
        self.pictures.iter().filter_map(|source| match source {
            Source::Web(url) => without_login(url.as_str()),
            _ => None,
        })
    }

    /// Into how many parts the converter gets the text.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn parts(&self) -> Result<usize, Error> {
        let text = Text::read(&self.body);
        let stands = vec![crate::markdown_text::Stand::AsItIs; text.pictures().len()];
        let parts = text.parts(&self.title, &stands, limits::CONVERTED);
        Ok(parts.map_err(|error| self.at_file_s_line(error))?.len())
    }

    /// An error with its line in the body, as one with its line in the file.
    pub(crate) fn at_file_s_line(&self, error: Error) -> Error {
        match error {
            Error::TooLong { line, limit } => Error::TooLong { line: line + self.lines_before, limit },
            other => other,
        }
    }
}

/// The text of a file, and where the file is, links followed.
fn text_of(path: &Path) -> Result<(PathBuf, String), Error> {
    let bad = |flaw: Flaw| Error::File { path: path.to_owned(), flaw };
    let real = std::fs::canonicalize(path).map_err(|error| bad(error.into()))?;
    // Whoever wrote the folder decides what a link in it leads to; what lies outside is for the person to name.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).map_err(|error| bad(error.into()))?;
    if !real.starts_with(&folder) {
        return Err(bad(Flaw::LeadsElsewhere { to: real }));
    }
    let file = image_sources::open(&real).map_err(|error| bad(error.into()))?;
    let metadata = file.metadata().map_err(|error| bad(error.into()))?;
    if !metadata.is_file() {
        return Err(bad(Flaw::NotAFile));
    }
    let mut bytes = Vec::new();
    file.take(limits::MARKDOWN + 1).read_to_end(&mut bytes).map_err(|error| bad(error.into()))?;
    if bytes.len() as u64 > limits::MARKDOWN {
        return Err(bad(Flaw::TooLarge { megabytes: limits::MARKDOWN >> 20 }));
    }
    let text = String::from_utf8(bytes).map_err(|error| bad(Flaw::NotText { at: error.utf8_error().valid_up_to() }))?;
    // Binary files may be UTF-8 by accident; text holds no NUL.
    if let Some(at) = text.find('\0') {
        return Err(bad(Flaw::Nul { at }));
    }
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(bad(Flaw::Empty));
    }
    Ok((real, text))
}

/// What stands in a file, short enough to be told.
fn short(text: &str) -> String {
    text.chars().take(LONGEST_TOLD).collect()
}

fn one_line(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_title(content: &str, title: &str) -> String {
    hex::encode(&Sha256::digest(format!("{content}/{title}")))
}

/// Changes whenever a plan made of the same file would be another one.
const FORMAT: u8 = 2;
const LONGEST_TOLD: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, reading: &Reading) -> Result<Manuscript, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my-notes.md");
        std::fs::write(&path, text).unwrap();
        Manuscript::read(&path, reading)
    }

    #[test]
    fn the_title_is_the_one_said_nearest_to_the_command() {
        let plain = Reading::default();
        let wished = Reading { title: Some("Wished\n for".into()), ..Reading::default() };
        assert_eq!(read("---\ntitle: Front\n---\n# Head\n", &wished).unwrap().title, "Wished for");
        assert_eq!(read("---\ntitle: Front\n---\n# Head\n", &plain).unwrap().title, "Front");
        assert_eq!(read("text\n\n# Head *it*\n", &plain).unwrap().title, "Head it");
        assert_eq!(read("text", &plain).unwrap().title, "my-notes");
        assert_eq!(read("x", &Reading { title: Some(" ".into()), ..plain }).unwrap().title, "my-notes");
    }

    #[test]
    fn what_is_said_on_the_command_line_replaces_the_front_matter_s_place_as_a_whole() {
        let manuscript = read("---\nspace: 70\nparent: Wk1\n---\n", &Reading::default()).unwrap();
        assert_eq!(manuscript.place(false, None, None).unwrap().key(), "70/Wk1");
        assert_eq!(manuscript.place(true, None, None).unwrap().key(), "personal/");
        assert_eq!(manuscript.place(false, Some("71"), None).unwrap().key(), "71/");
        assert!(matches!(read("x", &Reading::default()).unwrap().place(false, None, None), Err(Error::NoPlace)));
    }

    #[test]
    fn a_picture_that_is_not_there_is_found_before_anything_is_made() {
        assert!(matches!(read("![a](none.png)", &Reading::default()), Err(Error::Image { .. })));
        let without = Reading { no_images: true, ..Reading::default() };
        assert_eq!(read("![a](none.png)", &without).unwrap().pictures(), (0, 0));
        assert_eq!(
            read("![a](http://e.test/x)![b](data:image/svg+xml,%3Csvg%3E)", &Reading::default()).unwrap().pictures(),
            (1, 1)
        );
    }

    #[test]
    fn files_that_are_no_text_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("a.md", &b"\xff\xfe"[..]), ("b.md", b"a\0b")] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
            let read = Manuscript::read(&folder.path().join(name), &Reading::default());
            assert!(matches!(read, Err(Error::File { .. })), "{name}");
        }
        for text in ["", " \n\n", "\u{feff}\n"] {
            assert!(matches!(read(text, &Reading::default()), Err(Error::File { flaw: Flaw::Empty, .. })), "{text:?}");
        }
        for path in [folder.path().to_owned(), folder.path().join("none.md")] {
            assert!(matches!(Manuscript::read(&path, &Reading::default()), Err(Error::File { .. })));
        }
    }

    #[test]
    fn a_link_that_leaves_its_folder_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("repo/docs")).unwrap();
        std::fs::write(at("shadow"), "root:x\n").unwrap();
        std::fs::write(at("repo/docs/real.md"), "text\n").unwrap();
        let link = |to: &str, from: &str| std::os::unix::fs::symlink(to, at(from)).unwrap();
        link("../shadow", "repo/README.md");
        link("docs/real.md", "repo/inside.md");
        link("inside.md", "repo/twice.md");
        link("../README.md", "repo/docs/chain.md");
        link("repo", "elsewhere");
        let read = |name: &str| Manuscript::read(&at(name), &Reading::default());
        for name in ["repo/README.md", "repo/docs/chain.md", "elsewhere/README.md"] {
            let Err(Error::File { flaw: Flaw::LeadsElsewhere { to }, .. }) = read(name) else { panic!("{name}") };
            assert!(to.ends_with("shadow"));
        }
        for name in ["repo/inside.md", "repo/twice.md", "elsewhere/inside.md", "elsewhere/docs/real.md", "shadow"] {
            assert!(read(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn what_stays_on_the_page_as_text_is_told_with_its_line() {
        let text = "---\ntitle: x\n---\n\n<img src=\"none.png\"> ![[gone.jpg]]\n\n```mermaid\nA\n```\n\n<img src='/etc/passwd.png'>\n\n\
                    - <p><img src=\"in.png\"></p>\n";
        let manuscript = read(text, &Reading::default()).unwrap();
        let told: Vec<_> = manuscript.remarks().iter().map(|remark| format!("{remark:?}")).collect();
        assert_eq!(told.len(), 5, "{told:?}");
        for (n, words) in [
            "line: 5, what: \"none.png\", flaw: Missing",
            "line: 5, what: \"gone.jpg\"",
            "line: 11",
            "line: 13, what: \"in.png\", flaw: Nested",
            "Diagram { line: 7",
        ]
        .iter()
        .enumerate()
        {
            assert!(told[n].contains(words), "{told:?}");
        }
        assert_eq!(manuscript.pictures(), (0, 0));
        assert!(read(text, &Reading { no_images: true, ..Reading::default() }).unwrap().remarks().len() == 1);
    }

    #[test]
    fn limits_are_told_with_the_file_s_line() {
        let wide = format!("---\ntitle: x\n---\ntext\n\n|{}\n|{}\n", "a|".repeat(120), "-|".repeat(120));
        let checked = read(&wide, &Reading::default()).unwrap().check(false);
        assert!(matches!(checked, Err(Error::Beyond { limit: Limit::Columns, line: Some(6), found: 120 })));
        let long = "x".repeat(800);
        assert!(read(&format!("# {long}\n\ntext\n"), &Reading::default()).unwrap().check(false).is_ok());
        let titled = read(&format!("# {long}x\n\ntext\n"), &Reading::default()).unwrap().check(false);
        assert!(matches!(titled, Err(Error::Beyond { limit: Limit::Title, found: 801, .. })));
        let code = read(&format!("```\n{}\n```\n", "x".repeat(120_000)), &Reading::default()).unwrap();
        assert!(code.check(false).is_ok());
        assert!(matches!(code.check(true), Err(Error::Beyond { limit: Limit::Text, line: Some(1), .. })));
    }

    #[test]
    fn the_fingerprint_tells_contents_apart() {
        let print = |text: &str, no_images| {
            let reading = Reading { no_images, ..Reading::default() };
            read(text, &reading).unwrap().fingerprint().to_owned()
        };
        assert_eq!(print("a\r\nb", false), print("a\nb", false));
        let all = [print("a", false), print("b", false), print("a", true), print("# a", false)];
        assert_eq!(all.iter().collect::<std::collections::HashSet<_>>().len(), 4);
    }
}
