//! Whether git tracks a file: then its next commit would publish what stands in it.
//!
//! Enters: a path. Leaves: yes, or no. git is not run: the index of the work tree that the file is in is read (gitformat-index), of which every
//! version names the tracked files in full or by the end in which they differ. What cannot be read is no yes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Whether the index of the work tree around a file has it.
pub fn is_tracked_by_git(file: &Path) -> bool {
    let Ok(file) = file.canonicalize() else { return false };
    let Some(tree) = file.ancestors().skip(1).find(|folder| folder.join(".git").exists()) else { return false };
    let Ok(name) = file.strip_prefix(tree) else { return false };
    let Some(index) = index_of(tree) else { return false };
    names(&index).is_some_and(|names| names.iter().any(|own| own == name.as_os_str().as_encoded_bytes()))
}

/// The bytes of a work tree's index, unless that is huge.
fn index_of(tree: &Path) -> Option<Vec<u8>> {
    let git = tree.join(".git");
    // A further work tree and a submodule have a file that says where their folder is.
    let folder = if git.is_dir() {
        git
    } else {
        let text = std::fs::read_to_string(&git).ok()?;
        tree.join(PathBuf::from(text.strip_prefix("gitdir:")?.trim()))
    };
    let mut bytes = Vec::new();
    File::open(folder.join("index")).ok()?.take(LIMIT).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The names in an index; `None` for what is none.
fn names(index: &[u8]) -> Option<Vec<Vec<u8>>> {
    let number = |at: usize| Some(u32::from_be_bytes(index.get(at..at + 4)?.try_into().ok()?));
    if index.get(..4)? != b"DIRC" {
        return None;
    }
    let (version, count) = (number(4)?, number(8)?);
    let (mut at, mut before, mut found) = (HEADER, Vec::new(), Vec::new());
    for _ in 0..count {
        let start = at;
        let flags = u16::from_be_bytes(index.get(at + STAT..at + STAT + 2)?.try_into().ok()?);
        at += STAT + 2 + if version > 2 && flags & EXTENDED != 0 { 2 } else { 0 };
        let mut name = Vec::new();
        if version == 4 {
            let cut = varint(index, &mut at)?;
            name.extend_from_slice(before.get(..before.len().checked_sub(cut)?)?);
        }
        let length = index.get(at..)?.iter().position(|byte| *byte == 0)?;
        name.extend_from_slice(&index[at..at + length]);
        // In the older versions an entry ends at the next eighth byte, with one zero at least.
        at = if version == 4 { at + length + 1 } else { start + (at - start + length + 8) / 8 * 8 };
        before.clone_from(&name);
        found.push(name);
    }
    Some(found)
}

/// A number in as many bytes as it needs, as pack files write offsets.
fn varint(index: &[u8], at: &mut usize) -> Option<usize> {
    let mut value: usize = 0;
    for round in 0..5 {
        let byte = *index.get(*at)?;
        *at += 1;
        value = (value << 7) | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(value);
        }
        value = value.checked_add(1).filter(|_| round < 4)?;
    }
    None
}

const HEADER: usize = 12;
/// What git keeps of a file before the flags: times, numbers, size, and the name of its content by SHA-1.
const STAT: usize = 60;
const EXTENDED: u16 = 0x4000;
/// Of a larger index nothing is said.
const LIMIT: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// An index as git writes it.
    fn index(version: u32, entries: &[(&str, usize, &str)]) -> Vec<u8> {
        let mut bytes =
            [&b"DIRC"[..], &version.to_be_bytes(), &u32::try_from(entries.len()).unwrap().to_be_bytes()].concat();
        for (name, cut, rest) in entries {
            let start = bytes.len();
            bytes.extend([7; STAT]);
            let extended = if version == 3 { EXTENDED } else { 0 };
            bytes.extend((extended | u16::try_from(name.len()).unwrap()).to_be_bytes());
            if version == 3 {
                bytes.extend([0, 0]);
            }
            if version == 4 {
                bytes.push(u8::try_from(*cut).unwrap());
                bytes.extend(rest.as_bytes());
                bytes.push(0);
            } else {
                bytes.extend(name.as_bytes());
                bytes.push(0);
                while (bytes.len() - start) % 8 != 0 {
                    bytes.push(0);
                }
            }
        }
        [bytes, vec![1; 20]].concat()
    }

    const ENTRIES: [(&str, usize, &str); 4] = [
        (".gitignore", 0, ".gitignore"),
        (".mcp.json", 9, "mcp.json"),
        ("a/long/name/of/a/file.txt", 9, "a/long/name/of/a/file.txt"),
        ("a/long/name/of/b", 10, "b"),
    ];

    #[test]
    fn each_version_of_an_index_names_its_files() {
        for version in [2, 3, 4] {
            let found = names(&index(version, &ENTRIES)).unwrap();
            let found: Vec<_> = found.iter().map(|name| std::str::from_utf8(name).unwrap()).collect();
            assert_eq!(found, ENTRIES.map(|(name, ..)| name), "{version}");
        }
        for damaged in [&b""[..], b"DIRC", b"PACK\0\0\0\x02\0\0\0\x01", &index(2, &ENTRIES)[..100]] {
            assert_eq!(names(damaged), None);
        }
    }

    #[test]
    fn a_file_is_tracked_that_its_own_work_tree_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(path("repo/.git")).unwrap();
        std::fs::create_dir_all(path("repo/a/long/name/of")).unwrap();
        std::fs::create_dir_all(path("other/name")).unwrap();
        for name in ["repo/.mcp.json", "repo/new.json", "repo/a/long/name/of/b", ".mcp.json", "other/.mcp.json"] {
            std::fs::write(path(name), "{}").unwrap();
        }
        assert!(!is_tracked_by_git(&path("repo/.mcp.json")), "nothing was added yet");
        std::fs::write(path("repo/.git/index"), index(2, &ENTRIES)).unwrap();
        std::fs::write(path("other/.git"), format!("gitdir: {}\n", path("repo/.git").display())).unwrap();
        for (name, is_tracked) in [
            ("repo/.mcp.json", true),
            ("repo/a/long/name/of/b", true),
            ("other/.mcp.json", true),
            ("repo/new.json", false),
            ("repo/none.json", false),
            (".mcp.json", false),
        ] {
            assert_eq!(is_tracked_by_git(&path(name)), is_tracked, "{name}");
        }
    }
}
