//! The way to a file: every folder that a path leads through, judged as OpenSSH's `StrictModes` judges them.
//!
//! Whoever can write one of them can put another file, or another folder, in the place of what is read or written by name
//! (I4). So each has to belong to us or to root, and nobody else may write it; one with the sticky bit (`/tmp`) lets nobody
//! exchange what is not theirs. Symbolic links are followed one by one, and the folder that holds one is judged like the
//! others: the path that is named and the path that it comes to are one way.
//!
//! Enters: an absolute path. Leaves: the path without symbolic links, or the [`Distrust`] that keeps it from being believed.
//! The way is walked by descriptors, each opened in the one before, so what was judged is what was passed through; and once
//! all of it is ours or root's alone, nobody else can change where the path leads. Nothing is written.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, readlinkat, statat};
use rustix::io::Errno;

use super::{Distrust, STICKY, Trust};

impl Trust {
    /// Walks to the file at an absolute path, which need not be there, and judges every folder on the way. Gives back where
    /// the path leads.
    ///
    /// Where root goes to a file of somebody else, that one's folders are believed too: the file is theirs already. So are
    /// the folders of a file that is yet to be made in a folder of theirs.
    ///
    /// # Errors
    /// The [`Distrust`] that keeps it from being believed.
    pub fn way(&self, path: &Path) -> Result<PathBuf, Distrust> {
        let mut trust = self.clone();
        if trust.user == 0 {
            let owner = |path: &Path| std::fs::metadata(path).ok().map(|found| found.uid());
            trust.also = trust.also.or_else(|| owner(path).or_else(|| owner(path.parent()?)));
        }
        let root = PathBuf::from("/");
        let folder = open_folder(&CWD, root.as_os_str()).map_err(at(&root))?;
        let walk = Walk { trust, unmapped: unmapped(), root: (folder, root), passed: Vec::new(), links: 0 };
        walk.judge()?;
        walk.to(path)
    }
}

/// A way that is being walked.
struct Walk {
    trust: Trust,
    /// The number under which the users of another namespace are shown, if there is one around this process.
    unmapped: Option<u32>,
    root: (File, PathBuf),
    /// The folders below the root that lead here.
    passed: Vec<(File, PathBuf)>,
    links: usize,
}

impl Walk {
    fn to(mut self, path: &Path) -> Result<PathBuf, Distrust> {
        let mut ahead: VecDeque<OsString> = steps(path).collect();
        while let Some(step) = ahead.pop_front() {
            if step == "/" {
                self.passed.clear();
                continue;
            }
            if step == ".." {
                // The folder that was passed through, and not one that this one was moved into since.
                self.passed.pop();
                continue;
            }
            let (folder, so_far) = self.here();
            let next = so_far.join(&step);
            let found = match statat(folder, &step, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) if ahead.is_empty() => return Ok(next),
                found => found.map_err(at(&next))?,
            };
            match FileType::from_raw_mode(found.st_mode) {
                FileType::Symlink => {
                    let target = readlinkat(folder, &step, Vec::new()).map_err(at(&next))?;
                    self.links += 1;
                    if self.links > MOST_LINKS {
                        return Err(at(&next)(Errno::LOOP));
                    }
                    // In a sticky folder anybody may lay a link.
                    self.check_owner(&next, found.st_uid)?;
                    let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                    let steps: Vec<_> = steps(&target).collect();
                    steps.into_iter().rev().for_each(|step| ahead.push_front(step));
                }
                FileType::Directory => {
                    let folder = open_folder(folder, &step).map_err(at(&next))?;
                    self.passed.push((folder, next));
                    self.judge()?;
                }
                _ if ahead.is_empty() => return Ok(next),
                _ => return Err(at(&next)(Errno::NOTDIR)),
            }
        }
        Ok(self.here().1.clone())
    }

    fn here(&self) -> &(File, PathBuf) {
        self.passed.last().unwrap_or(&self.root)
    }

    /// Judges the folder that was entered last.
    fn judge(&self) -> Result<(), Distrust> {
        let (folder, path) = self.here();
        let failed = |error| Distrust::Io { path: path.clone(), error };
        let metadata = folder.metadata().map_err(failed)?;
        self.check_owner(path, metadata.uid())?;
        let mode = metadata.mode() & 0o7777;
        match self.trust.rights(folder, &metadata).map_err(failed)?.writers {
            Some(by) if mode & STICKY == 0 => Err(Distrust::Writable { path: path.clone(), by, mode }),
            _ => Ok(()),
        }
    }

    fn check_owner(&self, path: &Path, owner: u32) -> Result<(), Distrust> {
        if Some(owner) == self.unmapped { Ok(()) } else { self.trust.check_owner(path, owner) }
    }
}

/// The steps of a path; one from the root begins with it.
fn steps(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().filter_map(|step| match step {
        Component::Prefix(_) | Component::CurDir => None,
        step => Some(step.as_os_str().to_owned()),
    })
}

/// Opens a folder in another one, if it is a folder and no link to one. One that may be passed through and not read is
/// opened for passing through, where the system knows that.
fn open_folder(within: &impl std::os::fd::AsFd, name: &OsStr) -> Result<File, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(within, name, flags | OFlags::RDONLY, Mode::empty()) {
        #[cfg(target_os = "linux")]
        Err(Errno::ACCESS | Errno::PERM) => openat(within, name, flags | OFlags::PATH, Mode::empty()).map(File::from),
        opened => opened.map(File::from),
    }
}

/// The number that stands for everybody who has none in this process's user namespace (`user_namespaces(7)`). In such a
/// namespace, as sandboxes and containers without root make them, root of the machine is shown under it, and so is the owner
/// of `/`. Who writes there is then told by the modes alone.
#[cfg(target_os = "linux")]
fn unmapped() -> Option<u32> {
    let map = std::fs::read_to_string("/proc/self/uid_map").ok()?;
    let is_whole = map.split_whitespace().eq(["0", "0", "4294967295"]);
    let overflow = || std::fs::read_to_string("/proc/sys/kernel/overflowuid").ok()?.trim().parse().ok();
    if is_whole { None } else { overflow() }
}

#[cfg(not(target_os = "linux"))]
fn unmapped() -> Option<u32> {
    None
}

fn at(path: &Path) -> impl FnOnce(Errno) -> Distrust + use<> {
    let path = path.to_owned();
    move |error| Distrust::Io { path, error: error.into() }
}

/// As many as Linux follows (`MAXSYMLINKS`).
const MOST_LINKS: usize = 40;

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, lchown, symlink};

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    /// `a/b/c/file` in a folder of this user's own, its true path, and a trust whose list of groups names nobody.
    fn world() -> (tempfile::TempDir, PathBuf, Trust) {
        let place = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(place.path()).unwrap();
        fs::create_dir_all(root.join("a/b/c")).unwrap();
        fs::write(root.join("a/b/c/file"), "").unwrap();
        let trust = Trust { groups: root.join("no-groups"), ..Trust::effective() };
        (place, root, trust)
    }

    #[test]
    fn every_folder_on_the_way_counts() {
        let (_place, root, trust) = world();
        let file = root.join("a/b/c/file");
        assert_eq!(trust.way(&file).unwrap(), file);
        assert_eq!(trust.way(&root.join("a/b/c/new")).unwrap(), root.join("a/b/c/new"));
        assert!(matches!(trust.way(&root.join("a/none/new")), Err(Distrust::Io { .. })));
        assert!(matches!(trust.way(&file.join("x")), Err(Distrust::Io { .. })));
        for folder in ["a", "a/b", "a/b/c"] {
            let folder = root.join(folder);
            for (mode, good) in [(0o777, false), (0o702, false), (0o1777, true), (0o711, true), (0o755, true)] {
                chmod(&folder, mode);
                match trust.way(&file) {
                    Ok(_) => assert!(good, "{} {mode:o}", folder.display()),
                    Err(Distrust::Writable { path, .. }) => assert!(!good && path == folder, "{}", path.display()),
                    Err(other) => panic!("{other}"),
                }
            }
        }
    }

    #[test]
    fn links_are_followed_and_the_folder_that_holds_one_is_judged() {
        let (_place, root, trust) = world();
        let file = root.join("a/b/c/file");
        fs::create_dir_all(root.join("open/inner")).unwrap();
        symlink("../../a/b", root.join("open/inner/relative")).unwrap();
        symlink(root.join("a/b"), root.join("absolute")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        for path in ["open/inner/relative/c/file", "absolute/c/file", "absolute/../b/./c/file", "a/b/c/../c/file"] {
            assert_eq!(trust.way(&root.join(path)).unwrap(), file, "{path}");
        }
        assert!(matches!(trust.way(&root.join("loop")), Err(Distrust::Io { .. })));
        chmod(&root.join("open"), 0o777);
        assert!(trust.way(&file).is_ok());
        let refused = trust.way(&root.join("open/inner/relative/c/file")).unwrap_err();
        assert_eq!(refused.path(), root.join("open"), "where the link lies, and not where it leads");
    }

    /// Only root can make what belongs to somebody else.
    #[test]
    fn what_belongs_to_somebody_else_is_not_on_the_way() {
        let (_place, root, trust) = world();
        if trust.user != 0 {
            return;
        }
        let file = root.join("a/b/c/file");
        chown(root.join("a/b"), Some(2002), None).unwrap();
        let refused = trust.way(&file).unwrap_err();
        assert!(
            matches!(&refused, Distrust::Owner { path, owner: 2002, .. } if *path == root.join("a/b")),
            "{refused}"
        );
        chown(&file, Some(2002), None).unwrap();
        assert!(trust.way(&file).is_ok(), "root looks after that one's own file");
        chown(root.join("a"), Some(2003), None).unwrap();
        assert!(matches!(trust.way(&file), Err(Distrust::Owner { owner: 2003, .. })));
        chown(root.join("a"), Some(0), None).unwrap();
        fs::remove_file(&file).unwrap();
        assert!(trust.way(&file).is_err(), "the folder of a new file is root's, the one above is not");
        chown(root.join("a/b/c"), Some(2002), None).unwrap();
        assert!(trust.way(&file).is_ok(), "a new file in that one's own folder");

        // A link that somebody else laid in a folder like /tmp.
        let sticky = root.join("sticky");
        fs::create_dir(&sticky).unwrap();
        chmod(&sticky, 0o1777);
        fs::write(root.join("mine"), "").unwrap();
        symlink(root.join("mine"), sticky.join("link")).unwrap();
        assert_eq!(trust.way(&sticky.join("link")).unwrap(), root.join("mine"));
        lchown(sticky.join("link"), Some(2002), None).unwrap();
        assert!(matches!(trust.way(&sticky.join("link")), Err(Distrust::Owner { owner: 2002, .. })));
    }
}
