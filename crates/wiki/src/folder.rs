//! A folder of Markdown files, read as a tree of pages.
//!
//! Enters: a folder. Leaves: its files as manuscripts, those above before those below, each with its place in the tree. A folder's
//! page is its `README.md` or `index.md`, else the file beside it that has its name, else one with the folder's name and no text;
//! the outermost folder has a page only where it has such a file. Hidden files and folders, links and other files are left alone.
//! Everything that can be wrong with a file is found here, before anything is made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::file_links::is_markdown;
use crate::manuscript::{Manuscript, Reading};
use crate::{Error, Flaw};

/// A folder, read.
#[derive(Debug, Clone)]
pub struct Folder {
    /// Its pages, each after the one above it.
    pub pages: Vec<FolderPage>,
    /// Whether the first of them is the folder's own, above all others.
    pub has_own: bool,
}

/// A page of a folder.
#[derive(Debug, Clone)]
pub struct FolderPage {
    /// The file, or the folder without one, as it is called from the outermost folder.
    pub name: PathBuf,
    /// The page above it, by its number; none for the first level.
    pub above: Option<usize>,
    /// The file.
    pub manuscript: Manuscript,
}

impl Folder {
    /// Reads a folder. No file gets another title than its own.
    ///
    /// # Errors
    /// [`Error::File`] for a folder that cannot be read or holds no Markdown file; [`Error::In`] for what [`Manuscript::read`]
    /// says of a file.
    pub fn read(path: &Path, reading: &Reading) -> Result<Self, Error> {
        let branch = Branch::read(path)?;
        if branch.is_empty() {
            return Err(Error::File { path: path.to_owned(), flaw: Flaw::NoMarkdown });
        }
        let mut folder = Self { pages: Vec::new(), has_own: branch.own().is_some() };
        let top = match branch.own() {
            Some(file) => Some(folder.add(path, file, None, reading)?),
            None => None,
        };
        folder.grow(path, &branch, Path::new(""), top, reading)?;
        Ok(folder)
    }

    /// Adds what is below a page: files first, then folders, each in the order of their names.
    fn grow(
        &mut self,
        path: &Path,
        branch: &Branch,
        name: &Path,
        above: Option<usize>,
        reading: &Reading,
    ) -> Result<(), Error> {
        let mut beside = BTreeMap::new();
        for file in branch.files.iter().filter(|file| Some(file.as_path()) != branch.own()) {
            let number = self.add(path, &name.join(file), above, reading)?;
            beside.insert(file.file_stem().unwrap_or_default().to_owned(), number);
        }
        for (folder, below) in branch.folders.iter().filter(|(_, below)| !below.is_empty()) {
            let inside = name.join(folder);
            let own = match (below.own(), beside.get(folder.as_os_str())) {
                (Some(file), _) => self.add(path, &inside.join(file), above, reading)?,
                (None, Some(file)) => *file,
                (None, None) => {
                    let manuscript = Manuscript::of_folder(&path.join(&inside))?;
                    self.pages.push(FolderPage { name: inside.clone(), above, manuscript });
                    self.pages.len() - 1
                }
            };
            self.grow(path, below, &inside, Some(own), reading)?;
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, name: &Path, above: Option<usize>, reading: &Reading) -> Result<usize, Error> {
        let reading = Reading { title: None, ..reading.clone() };
        let manuscript = Manuscript::read(&path.join(name), &reading).map_err(|error| error.of(name))?;
        self.pages.push(FolderPage { name: name.to_owned(), above, manuscript });
        Ok(self.pages.len() - 1)
    }
}

impl FolderPage {
    /// Whether it is the page of a folder without a file.
    pub fn is_folder(&self) -> bool {
        self.manuscript.is_folder
    }
}

impl Error {
    /// The error as that of a file of a folder.
    pub(crate) fn of(self, file: &Path) -> Self {
        match self {
            error @ (Self::In { .. } | Self::File { .. } | Self::Store { .. }) => error,
            error => Self::In { file: file.to_owned(), error: Box::new(error) },
        }
    }
}

/// The Markdown files of a folder, and its folders.
#[derive(Debug, Default)]
struct Branch {
    files: Vec<PathBuf>,
    folders: Vec<(PathBuf, Branch)>,
}

impl Branch {
    fn read(path: &Path) -> Result<Self, Error> {
        let bad = |error: std::io::Error| Error::File { path: path.to_owned(), flaw: error.into() };
        let mut branch = Self::default();
        for entry in std::fs::read_dir(path).map_err(bad)? {
            let entry = entry.map_err(bad)?;
            let (name, kind) = (PathBuf::from(entry.file_name()), entry.file_type().map_err(bad)?);
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() {
                branch.folders.push((name, Self::read(&entry.path())?));
            } else if kind.is_file() && is_markdown(&name) {
                branch.files.push(name);
            }
        }
        branch.files.sort_by_cached_key(|name| (in_order(name), name.clone()));
        branch.folders.sort_by_cached_key(|(name, _)| (in_order(name), name.clone()));
        Ok(branch)
    }

    /// The file that is the folder's page.
    fn own(&self) -> Option<&Path> {
        let named = |stem: &str| {
            let is_it = |file: &&PathBuf| {
                file.file_stem().and_then(|own| own.to_str()).is_some_and(|own| own.eq_ignore_ascii_case(stem))
            };
            self.files.iter().find(is_it)
        };
        OWN.iter().find_map(|stem| named(stem)).map(PathBuf::as_path)
    }

    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.folders.iter().all(|(_, below)| below.is_empty())
    }
}

/// A name as stretches of text, each with the number behind it: people number chapters, and mean `2-x` before `10-x`.
fn in_order(name: &Path) -> Vec<(String, u64)> {
    let name = if is_markdown(name) { name.file_stem().unwrap_or_default() } else { name.as_os_str() };
    let name = name.to_string_lossy();
    let mut stretches = Vec::new();
    let mut rest: &str = &name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let digits = &rest[text..];
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let number = if end == 0 { 0 } else { digits[..end].parse().unwrap_or(u64::MAX) };
        stretches.push((rest[..text].to_owned(), number));
        rest = &digits[end..];
    }
    stretches
}

/// Names of files that stand for their folder, the first that is there.
const OWN: [&str; 3] = ["index", "_index", "readme"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_a_tree_of_pages() {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "README.md",
            "a.md",
            "guide/start.md",
            "guide/more/x.markdown",
            "guide/more/index.md",
            "guide/more/README.md",
            "guide.md",
            "plain/deep/y.md",
            "none/picture.png",
            ".git/z.md",
            "notes.txt",
        ];
        for file in files {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "text\n").unwrap();
        }
        std::os::unix::fs::symlink("a.md", folder.path().join("link.md")).unwrap();
        std::os::unix::fs::symlink("..", folder.path().join("guide/up")).unwrap();
        let read = Folder::read(folder.path(), &Reading::default()).unwrap();
        let shown: Vec<(&str, Option<&str>)> = read
            .pages
            .iter()
            .map(|page| (page.name.to_str().unwrap(), page.above.map(|n| read.pages[n].name.to_str().unwrap())))
            .collect();
        assert_eq!(
            shown,
            [
                ("README.md", None),
                ("a.md", Some("README.md")),
                ("guide.md", Some("README.md")),
                ("guide/start.md", Some("guide.md")),
                ("guide/more/index.md", Some("guide.md")),
                ("guide/more/README.md", Some("guide/more/index.md")),
                ("guide/more/x.markdown", Some("guide/more/index.md")),
                ("plain", Some("README.md")),
                ("plain/deep", Some("plain")),
                ("plain/deep/y.md", Some("plain/deep")),
            ]
        );
        assert_eq!(read.pages[8].manuscript.title, "deep");
        assert!(read.pages[8].is_folder() && read.pages[8].manuscript.remarks().is_empty());
    }

    #[test]
    fn numbered_files_stand_in_the_order_of_their_numbers() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["10-end.md", "2-middle.md", "1-begin.md", "99999999999999999999999.md", "a.md", "a2.md", "a10.md"]
        {
            std::fs::write(folder.path().join(name), "text\n").unwrap();
        }
        let read = Folder::read(folder.path(), &Reading::default()).unwrap();
        let names: Vec<_> = read.pages.iter().map(|page| page.name.to_str().unwrap()).collect();
        assert_eq!(
            names,
            ["1-begin.md", "2-middle.md", "10-end.md", "99999999999999999999999.md", "a.md", "a2.md", "a10.md"]
        );
    }

    #[test]
    fn what_is_wrong_with_a_file_names_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Folder::read(folder.path(), &Reading::default()),
            Err(Error::File { flaw: Flaw::NoMarkdown, .. })
        ));
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        std::fs::write(folder.path().join("sub/bad.md"), "![x](none.png)\n").unwrap();
        let Err(Error::In { file, error }) = Folder::read(folder.path(), &Reading::default()) else { panic!() };
        assert!(file == Path::new("sub/bad.md") && matches!(*error, Error::Image { .. }));
    }
}
