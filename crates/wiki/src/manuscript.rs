//! A Markdown file, read and checked as far as it can be without the network.
//!
//! Enters: a path and a person's wishes. Leaves: title, text, pictures, and a fingerprint by which a later run tells
//! whether the file is still the same. Everything that can be wrong with the file is found here, before anything is made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::front::FrontMatter;
use crate::images::{self, Folders, Source};
use crate::text::Text;
use crate::{Error, Flaw, Place};

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
        let bad = |flaw: Flaw| Error::File { path: path.to_owned(), flaw };
        let real = std::fs::canonicalize(path).map_err(|error| bad(error.into()))?;
        let metadata = std::fs::metadata(&real).map_err(|error| bad(error.into()))?;
        if !metadata.is_file() {
            return Err(bad(Flaw::NotAFile));
        }
        if metadata.len() > LONGEST {
            return Err(bad(Flaw::TooLarge { megabytes: LONGEST >> 20 }));
        }
        let bytes = std::fs::read(&real).map_err(|error| bad(error.into()))?;
        let text =
            String::from_utf8(bytes).map_err(|error| bad(Flaw::NotText { at: error.utf8_error().valid_up_to() }))?;
        // Binary files may be UTF-8 by accident; text holds no NUL.
        if let Some(at) = text.find('\0') {
            return Err(bad(Flaw::NotText { at }));
        }
        let front = FrontMatter::read(&text)?;
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
        let mut pictures = Vec::new();
        if !reading.no_images {
            for picture in parsed.pictures() {
                let source = folders.source(&picture.destination)?;
                if let Source::File(path) = &source {
                    feed(&images::read(path)?);
                }
                pictures.push(source);
            }
        }
        let content = hex(&print.finalize());
        let fingerprint = with_title(&content, &title);
        let FrontMatter { space, parent, personal, .. } = front;
        let (no_images, wish) = (reading.no_images, reading.title.clone());
        let path = real;
        Ok(Self { path, title, space, parent, personal, body, pictures, no_images, wish, content, fingerprint })
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
    /// As [`Place::read`].
    pub fn place(&self, personal: bool, space: Option<&str>, parent: Option<&str>) -> Result<Place, Error> {
        if personal || space.is_some() || parent.is_some() {
            return Place::read(personal, space, parent);
        }
        Place::read(self.personal, self.space.as_deref(), self.parent.as_deref())
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

    /// Into how many parts the converter gets the text.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn parts(&self) -> Result<usize, Error> {
        let text = Text::read(&self.body);
        let stands = vec![crate::text::Stand::AsItIs; text.pictures().len()];
        Ok(text.parts(&self.title, &stands, crate::prepare::CONVERT_LIMIT)?.len())
    }
}

fn one_line(title: &str) -> String {
    title.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn with_title(content: &str, title: &str) -> String {
    hex(&Sha256::digest(format!("{content}/{title}")))
}

/// Bytes as lower-case digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Changes whenever a plan made of the same file would be another one.
const FORMAT: u8 = 1;
/// More text than any page holds (reference §12.2: 20,000 blocks), and little enough for memory.
const LONGEST: u64 = 256 << 20;

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
        assert_eq!(read("", &Reading { title: Some(" ".into()), ..plain }).unwrap().title, "my-notes");
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
        for path in [folder.path().to_owned(), folder.path().join("none.md")] {
            assert!(matches!(Manuscript::read(&path, &Reading::default()), Err(Error::File { .. })));
        }
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
