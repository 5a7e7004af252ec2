//! Other programs at the same file, moment by moment.

use super::*;

fn place(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// Terms that permit everything but bits beside these.
fn terms(widest: u32) -> Terms {
    Terms { shared_folder: true, open_to_others: true, widest: Some(widest) }
}

fn hold(path: &Path) -> LockedFile {
    LinkedFile::new(path, Format::Dotenv).hold(Duration::ZERO).unwrap()
}

fn write(path: &Path, meanwhile: impl FnMut(Moment)) -> Result<WriteOutcome, FileError> {
    hold(path).write_watched(&[(Place::dotenv("T"), "new".into())], |_| true, meanwhile)
}

/// 1. We read the file and prepare the new one. 2. Another program, which takes no lock, saves another key.
/// 3. We look, see that the file is another, and make our change anew on theirs. Nothing is lost.
#[test]
fn an_edit_between_reading_and_renaming_is_kept() {
    let (_folder, path) = place("A=1\nT=old\n");
    let mut edits = vec!["A=2\nT=old\n", "A=3\nT=old\nB=1"].into_iter();
    let edit = |moment| {
        if moment == Moment::Prepared
            && let Some(edit) = edits.next()
        {
            std::fs::write(&path, edit).unwrap();
        }
    };
    assert_eq!(write(&path, edit).unwrap(), WriteOutcome::Anew);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "A=3\nT=new\nB=1");
}

#[test]
fn a_file_that_never_rests_is_left_to_its_writers() {
    let (folder, path) = place("T=old\n");
    let mut number = 0;
    let edit = |moment| {
        if moment == Moment::Prepared {
            number += 1;
            std::fs::write(&path, format!("T=old\nN={number}\n")).unwrap();
        }
    };
    let result = write(&path, edit);
    assert!(matches!(result, Err(FileError::Restless { .. })), "{result:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("T=old\nN={number}\n"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the file and its lock");
}

/// A link that is turned to another file meanwhile: what was prepared belongs to neither.
#[test]
fn a_link_that_turns_away_is_not_written_through() {
    let (folder, path) = place("T=old\n");
    let (link, other) = (folder.path().join("link"), folder.path().join("other"));
    std::fs::write(&other, "T=other\n").unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let turn = |_| {
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&other, &link).unwrap();
    };
    let result = write(&link, turn);
    assert!(matches!(result, Err(FileError::Restless { .. })), "{result:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "T=old\n");
    assert_eq!(std::fs::read_to_string(&other).unwrap(), "T=other\n");
}

/// 1. A program that writes in place has emptied the file. 2. We read it. 3. The program fills it. Nothing is written on nothing.
#[test]
fn a_file_that_is_emptied_to_be_filled_is_waited_for() {
    let (_folder, path) = place("A=1\nT=old\n");
    let held = hold(&path);
    let mut open = Some(File::create(&path).unwrap());
    let other = path.clone();
    let writer = std::thread::spawn(move || {
        std::thread::sleep(LOOK * 3);
        open.take().unwrap().write_all(b"A=2\nT=old\n").unwrap();
        std::fs::metadata(other).unwrap().len()
    });
    assert!(held.write(&[(Place::dotenv("T"), "new")]).unwrap());
    assert_eq!(writer.join().unwrap(), 10);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "A=2\nT=new\n");
}

/// First we look: the old content stands. Then another program saves another key, in place or by rename, before the names are
/// exchanged or right after. What came out is not what we expected: it is put back, and our change made on it.
#[test]
fn an_edit_after_the_last_look_is_kept() {
    for moment in [Moment::Looked, Moment::Swapped, Moment::Synced] {
        for in_place in [true, false] {
            let (folder, path) = place("A=1\nT=old\n");
            let mut open = Some(std::fs::OpenOptions::new().write(true).open(&path).unwrap());
            let edit = |now| {
                let Some(mut file) = (if now == moment { open.take() } else { None }) else { return };
                if in_place {
                    file.write_all(b"A=2\nT=old\n").unwrap();
                } else if moment == Moment::Looked {
                    let aside = path.with_file_name("aside");
                    std::fs::write(&aside, "A=2\nT=old\n").unwrap();
                    std::fs::rename(aside, &path).unwrap();
                } else {
                    // It has seen what we wrote.
                    std::fs::write(&path, "A=2\nT=new\n").unwrap();
                }
            };
            assert_eq!(write(&path, edit).unwrap(), WriteOutcome::Anew);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "A=2\nT=new\n", "{moment:?} {in_place}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the file and its lock");
        }
    }
}

/// First we look. Then another program saves by rename. We exchange, find its edit, and are about to put it back, when it saves
/// again. The newest stands.
#[test]
fn a_second_edit_while_the_first_is_put_back_is_the_one_that_stands() {
    let (_folder, path) = place("A=1\nT=old\n");
    let mut edits = vec![(Moment::Swapped, "A=3\nT=new\n"), (Moment::Looked, "A=2\nT=old\n")];
    let edit = |now| {
        if edits.last().is_some_and(|(moment, _)| *moment == now)
            && let Some((_, content)) = edits.pop()
        {
            let aside = path.with_file_name("aside");
            std::fs::write(&aside, content).unwrap();
            std::fs::rename(aside, &path).unwrap();
        }
    };
    assert_eq!(write(&path, edit).unwrap(), WriteOutcome::Already);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "A=3\nT=new\n");
}

/// 1. It is decided to write over an old token. 2. Another program puts one there that nobody knows. It stays.
#[test]
fn what_was_decided_about_one_content_is_not_done_to_another() {
    for moment in [Moment::Prepared, Moment::Looked, Moment::Swapped] {
        let (_folder, path) = place("T=old\n");
        let edit = |now| {
            if now == moment {
                let aside = path.with_file_name("aside");
                std::fs::write(&aside, "T=brought\n").unwrap();
                std::fs::rename(aside, &path).unwrap();
            }
        };
        let still =
            |document: &Document| document.get(&Place::dotenv("T")).unwrap().is_some_and(|text| text.as_str() == "old");
        let values = [(Place::dotenv("T"), "new".into())];
        let written = hold(&path).write_watched(&values, still, edit).unwrap();
        // After the exchange it has replaced ours, which is as good.
        let wanted = if moment == Moment::Swapped { WriteOutcome::Anew } else { WriteOutcome::Moved };
        assert_eq!(written, wanted, "{moment:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "T=brought\n");
    }
}

/// Every temporary file in the folder that others may open, and that has tokens in it.
fn open_temporaries(folder: &Path) -> Vec<(OsString, u32)> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let name = entry.file_name();
        let is_ours = name.as_encoded_bytes().ends_with(TEMPORARY.as_bytes());
        let Some(mode) = std::fs::symlink_metadata(entry.path()).ok().filter(Metadata::is_file).map(|m| m.mode())
        else {
            continue;
        };
        let holds = std::fs::read(entry.path()).is_ok_and(|bytes| bytes.windows(9).any(|part| part == b"new-token"));
        if is_ours && holds && mode & 0o077 != 0 {
            open.push((name, mode & 0o777));
        }
    }
    open
}

/// Whoever can write the folder exchanges the file for a symbolic link to a file that everybody reads, or for such a file itself, at any
/// moment, and perhaps puts it back at any later one. What is in the temporary file stays its owner's, and the file is never wider
/// than it was (I4).
#[test]
fn i4_no_exchange_in_the_folder_opens_the_new_tokens_to_others() {
    let moments = [
        Moment::Read,
        Moment::Made,
        Moment::Filled,
        Moment::Prepared,
        Moment::Looked,
        Moment::Swapped,
        Moment::Dressed,
        Moment::Synced,
    ];
    for (first, away) in moments.into_iter().enumerate() {
        for back in moments.into_iter().skip(first).map(Some).chain([None]) {
            for by_link in [true, false] {
                let (folder, path) = place("T=old\n");
                std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
                let elsewhere = tempfile::tempdir().unwrap();
                let (open, aside) = (elsewhere.path().join("readme"), elsewhere.path().join("aside"));
                std::fs::write(&open, "T=old\n").unwrap();
                std::fs::set_permissions(&open, Permissions::from_mode(0o644)).unwrap();
                let (mut gone, mut done) = (false, false);
                let mut seen = Vec::new();
                let attack = |now| {
                    seen.extend(open_temporaries(folder.path()));
                    if !gone && !done && now == away {
                        std::fs::rename(&path, &aside).unwrap();
                        if by_link {
                            std::os::unix::fs::symlink(&open, &path).unwrap();
                        } else {
                            std::fs::hard_link(&open, &path).unwrap();
                        }
                        gone = true;
                    }
                    if gone && Some(now) == back {
                        std::fs::rename(&aside, &path).unwrap();
                        (gone, done) = (false, true);
                    }
                    seen.extend(open_temporaries(folder.path()));
                };
                let values = [(Place::dotenv("T"), "new-token".into())];
                let result = hold(&path).write_watched(&values, |_| true, attack);
                let story = format!("{away:?} {back:?} {by_link} {result:?}");
                assert_eq!(seen, [], "{story}");
                assert_eq!(open_temporaries(folder.path()), [], "{story}");
                assert_eq!(std::fs::read_to_string(&open).unwrap(), "T=old\n", "{story}");
                let stands = std::fs::symlink_metadata(&path).unwrap();
                let holds = std::fs::read_to_string(&path).unwrap().contains("new-token");
                // A file of 644 that took its place before it was looked at is a file that was open before.
                let was_open = !by_link && back != Some(away) && stands.is_file() && stands.mode() & 0o777 == 0o644;
                assert!(!holds || stands.mode() % 0o100 == 0 || was_open, "{story} {:o}", stands.mode());
            }
        }
    }
}

/// What is written is no wider than what was permitted, whatever the file was.
#[test]
fn i4_a_file_is_narrowed_to_what_was_permitted() {
    for (was, widest, wanted) in
        [(0o644, 0o700, 0o600), (0o666, 0o640, 0o640), (0o600, 0o777, 0o600), (0o640, 0o777, 0o640)]
    {
        let (_folder, path) = place("T=old\n");
        std::fs::set_permissions(&path, Permissions::from_mode(was)).unwrap();
        let held = LinkedFile::new(&path, Format::Dotenv).on(terms(widest)).hold(Duration::ZERO).unwrap();
        assert!(held.write(&[(Place::dotenv("T"), "new")]).unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, wanted, "{was:o} {widest:o}");
    }
}
