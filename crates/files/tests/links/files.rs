//! The file as a whole: links, modes, owners, refusals, and others who write it at the same time.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokenward_files::links::{Document, DocumentError, FileError, Format, LinkedFile, Place};

const PATIENCE: Duration = Duration::from_millis(100);

fn token() -> Place {
    Place::dotenv("TOKEN")
}

fn linked(path: &Path) -> LinkedFile {
    LinkedFile::new(path, Format::Dotenv)
}

/// A folder with a `.env` in it.
fn place(content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    fs::write(&path, content).unwrap();
    (folder, path)
}

/// What is in the folder besides the lock file.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "..env.tokenward.lock");
    names.sort();
    names
}

#[test]
fn mode_owner_and_link_stay() {
    let (folder, path) = place("A=1\nTOKEN=old\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let root = rustix::process::geteuid().is_root();
    if root {
        std::os::unix::fs::chown(&path, Some(12), Some(34)).unwrap();
    }
    let owner = (fs::metadata(&path).unwrap().uid(), fs::metadata(&path).unwrap().gid());
    let other = tempfile::tempdir().unwrap();
    let (first, second) = (other.path().join("first"), other.path().join("second"));
    symlink(&path, &first).unwrap();
    symlink("first", &second).unwrap();
    let held = linked(&second).hold(PATIENCE).unwrap();
    assert!(held.write(&[(token(), "new")]).unwrap());
    assert!(!held.write(&[(token(), "new")]).unwrap(), "nothing was to be written");
    assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nTOKEN=new\n");
    assert_eq!(fs::read_link(&second).unwrap(), Path::new("first"));
    assert_eq!(linked(&second).target().unwrap(), fs::canonicalize(&path).unwrap());
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.mode() & 0o7777, (after.uid(), after.gid())), (0o640, owner));
    assert_eq!(names(folder.path()), [".env"]);
    assert_eq!(names(other.path()), ["first", "second"], "the lock is beside the file itself");
    assert_eq!(fs::metadata(folder.path().join("..env.tokenward.lock")).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn special_bits_of_the_mode_stay_and_hard_links_part() {
    let (folder, path) = place("TOKEN=old\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o2600)).unwrap();
    let other = folder.path().join("other");
    fs::hard_link(&path, &other).unwrap();
    assert!(linked(&path).hold(PATIENCE).unwrap().write(&[(token(), "new")]).unwrap());
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o2600);
    assert_eq!(fs::read_to_string(&path).unwrap(), "TOKEN=new\n");
    assert_eq!(fs::read_to_string(&other).unwrap(), "TOKEN=old\n", "the other name keeps the file of before");
}

#[test]
fn a_new_file_is_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    assert!(matches!(linked(&path).hold(PATIENCE), Err(FileError::Missing { .. })));
    assert!(matches!(linked(&path).read(), Err(FileError::Missing { .. })));
    let held = linked(&path).or_new().hold(PATIENCE).unwrap();
    assert_eq!(names(folder.path()), Vec::<String>::new(), "proving leaves nothing behind");
    assert!(held.write(&[(token(), "new")]).unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "TOKEN=new\n");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_changes() {
    let (folder, path) = place("TOKEN=old\n");
    let refused = |path: &Path| linked(path).or_new().hold(PATIENCE).unwrap_err();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(
        refused(&path).to_string(),
        format!("{} may not be written (mode 444)", fs::canonicalize(&path).unwrap().display())
    );
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    assert!(matches!(refused(&path), FileError::ReadOnly { mode: 0o555, .. }));
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();

    assert!(matches!(refused(folder.path()), FileError::NotAFile { what: "a folder", .. }));
    assert!(matches!(refused(Path::new("/dev/null")), FileError::NotAFile { what: "a device", .. }));
    let (dangling, round) = (folder.path().join("dangling"), folder.path().join("round"));
    symlink("nowhere", &dangling).unwrap();
    symlink("round", &round).unwrap();
    let error = refused(&dangling);
    assert!(matches!(error, FileError::Dangling { .. }), "{error}");
    assert!(error.to_string().ends_with("is a link to nowhere, which does not exist"), "{error}");
    assert!(matches!(refused(&round), FileError::Io { .. }));
    assert!(matches!(refused(&folder.path().join("no/folder")), FileError::Io { what: "open the folder", .. }));

    fs::write(&path, vec![b'#'; 10 << 20]).unwrap();
    let error = linked(&path).read().unwrap_err();
    assert!(
        error.to_string().ends_with("it has 10485760 bytes, and files above 8388608 bytes are not edited"),
        "{error}"
    );
    fs::write(&path, "TOKEN='open\n").unwrap();
    let held = linked(&path).hold(PATIENCE).unwrap();
    let error = held.write(&[(token(), "new")]).unwrap_err();
    assert!(matches!(&error, FileError::Document { source: DocumentError::Syntax { line: 1, .. }, .. }), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "TOKEN='open\n");
    assert_eq!(names(folder.path()), [".env", "dangling", "round"]);
}

#[test]
fn a_folder_in_its_place_is_seen_by_a_writer_that_waited() {
    let (folder, path) = place("TOKEN=old\n");
    let held = linked(&path).hold(PATIENCE).unwrap();
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(matches!(held.write(&[(token(), "new")]), Err(FileError::NotAFile { what: "a folder", .. })));
    fs::remove_dir(&path).unwrap();
    assert!(matches!(held.write(&[(token(), "new")]), Err(FileError::Missing { .. })));
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[test]
fn our_own_take_turns() {
    let (_folder, path) = place("TOKEN=old\n");
    let held = linked(&path).hold(PATIENCE).unwrap();
    assert!(matches!(linked(&path).hold(PATIENCE), Err(FileError::Busy { .. })));
    drop(held);
    let held = linked(&path).hold(PATIENCE).unwrap();
    drop(held);
}

#[test]
fn what_a_killed_writer_left_is_swept_away() {
    let (folder, path) = place("TOKEN=old\n");
    fs::write(folder.path().join("..env.tokenward-x1.tmp"), "TOKEN=half").unwrap();
    fs::write(folder.path().join("..env.other-x1.tmp"), "").unwrap();
    linked(&path).hold(PATIENCE).unwrap().write(&[(token(), "new")]).unwrap();
    assert_eq!(names(folder.path()), ["..env.other-x1.tmp", ".env"]);
}

/// Two of ours write a key each, a program that knows no lock appends lines by rename, and a reader looks all the time.
#[test]
fn no_edit_is_lost_and_no_reader_sees_half_a_file() {
    let (_folder, path) = place("TOKEN=0\nB=0\n");
    let path = path.as_path();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = 0;
            while !done.load(Ordering::SeqCst) {
                let document = Document::parse(Format::Dotenv, &fs::read(path).unwrap()).unwrap();
                let number = |name: &str| document.get(&Place::dotenv(name)).unwrap().unwrap().parse::<u32>().unwrap();
                assert!(number("TOKEN") <= 150 && number("B") <= 150);
                seen += 1;
            }
            seen
        });
        let writers: Vec<_> = ["TOKEN", "B"]
            .map(|name| {
                scope.spawn(move || {
                    for number in 1..=150 {
                        let held = linked(path).hold(Duration::from_secs(60)).unwrap();
                        held.write(&[(Place::dotenv(name), &number.to_string())]).unwrap();
                    }
                })
            })
            .into();
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
        assert!(reader.join().unwrap() > 100);
    });
    assert_eq!(fs::read_to_string(path).unwrap(), "TOKEN=150\nB=150\n");
}
