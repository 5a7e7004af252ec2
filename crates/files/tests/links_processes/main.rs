//! Linked files and what a machine has around them: processes that die, disks that are full, access lists, Python. This program starts
//! itself and kills what it started.

mod access_lists;
mod python;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use tokenward_files::links::{Document, FileError, Format, LinkedFile, Place};
use tokenward_testkit::{Disk, Program, Running, Task, is_heavy};

const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    Program::new()
        .child("write", |words| write_for_ever(&words.path(0)))
        .child("fill", |words| fill_the_disk(&words.path(0)))
        .child("read-only", |words| refuse_the_disk(&words.path(0)))
        .child("bound", |words| refuse_the_mount(&words.path(0)))
        .test("a_kill_at_any_moment_leaves_the_old_file_or_the_new_one", killed)
        .on_disk("a_full_disk_is_said_and_changes_nothing", || on_a_disk_of_its_own("fill"))
        .on_disk("a_file_that_is_a_mount_is_refused_before_anything_is_spent", || on_a_disk_of_its_own("bound"))
        .on_disk("a_read_only_disk_is_said_and_changes_nothing", || on_a_disk_of_its_own("read-only"))
        .test_with(
            access_lists::are_kept,
            "the_access_list_and_other_attributes_stay",
            access_lists::the_access_list_and_other_attributes_stay,
        )
        .test_with(
            access_lists::are_kept,
            "a_folder_hands_its_access_list_to_no_file_that_had_none",
            access_lists::a_folder_hands_its_access_list_to_no_file_that_had_none,
        )
        .test_with(
            python::is_there,
            "configparser_reads_what_was_written_and_nothing_else_changed",
            python::configparser_reads_what_was_written_and_nothing_else_changed,
        )
        .test_with(
            python::has_dotenv,
            "python_dotenv_reads_what_was_written_and_nothing_else_changed",
            python::python_dotenv_reads_what_was_written_and_nothing_else_changed,
        )
        .run()
}

fn linked(path: &Path) -> LinkedFile {
    LinkedFile::new(path, Format::Dotenv)
}

/// Writes two values that belong together, again and again, into a file of some size.
fn write_for_ever(path: &Path) {
    for number in 0_u64.. {
        let text = number.to_string();
        let held = linked(path).hold(PATIENCE).unwrap();
        held.write(&[(Place::dotenv("A"), &text), (Place::dotenv("B"), &text)]).unwrap();
    }
}

fn started(path: &Path) -> Running {
    Task::new("write").word(path).start()
}

/// Both values of a file that must be whole.
fn whole(path: &Path, filling: &str) -> String {
    let bytes = fs::read(path).unwrap();
    let document = Document::parse(Format::Dotenv, &bytes).unwrap();
    let [a, b] = ["A", "B"].map(|name| document.get(&Place::dotenv(name)).unwrap().unwrap());
    assert_eq!(a, b, "values of two writings in one file");
    assert_eq!(String::from_utf8(bytes).unwrap(), format!("A={}\n{filling}B={}", *a, *b));
    a.to_string()
}

/// Two writers; one is killed after a delay that sweeps over the whole of a writing, while we read all the time.
fn killed() {
    let rounds = if is_heavy() { 2000 } else { 60 };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let filling = "# much to write\n".repeat(4000);
    fs::write(&path, format!("A=0\n{filling}B=0")).unwrap();
    let other = started(&path);
    let mut values = std::collections::BTreeSet::new();
    for round in 0..rounds {
        let child = started(&path);
        // Starting takes a few milliseconds, a writing one or two; 137 and 50 have no common step.
        let delay = Duration::from_millis(3) + Duration::from_micros(137 * round % 20_000);
        std::thread::sleep(delay / 2);
        values.insert(whole(&path, &filling));
        std::thread::sleep(delay / 2);
        child.kill();
        values.insert(whole(&path, &filling));
    }
    other.kill();
    whole(&path, &filling);
    assert!(values.len() > 20, "the writers wrote: {}", values.len());
    // Whoever comes next sweeps up what the dead have left.
    let held = linked(&path).hold(PATIENCE).unwrap();
    held.write(&[(Place::dotenv("A"), "1"), (Place::dotenv("B"), "1")]).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the file and its lock");
}

/// Runs a task of a child on a small disk that exists for nobody else.
fn on_a_disk_of_its_own(task: &str) {
    let disk = Disk::new("64k");
    let task = Task::new(task).word(disk.path().join(".env"));
    disk.run(&task).ends().said();
}

/// The file is held while there is room; the disk fills; writing is refused and the old file stands; nobody else can
/// even hold it now. With room again, it works.
fn fill_the_disk(path: &Path) {
    fs::write(path, "A=1\nB=old\n").unwrap();
    let value = [(Place::dotenv("B"), "new")];
    let held = linked(path).hold(PATIENCE).unwrap();
    let ballast = path.with_file_name("ballast");
    let error = fs::write(&ballast, vec![1; 1 << 20]).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
    let full = |error: FileError| matches!(&error, FileError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull);
    assert!(full(held.write(&value).unwrap_err()));
    drop(held);
    assert!(full(linked(path).hold(PATIENCE).unwrap_err()));
    assert_eq!(fs::read_to_string(path).unwrap(), "A=1\nB=old\n");
    assert_eq!(names(path), [".env", "..env.tokenward.lock", "ballast"].map(PathBuf::from).into());
    fs::remove_file(ballast).unwrap();
    assert!(linked(path).hold(PATIENCE).unwrap().write(&value).unwrap());
    assert_eq!(fs::read_to_string(path).unwrap(), "A=1\nB=new\n");
}

/// A disk that has become read-only, as one does after an error.
fn refuse_the_disk(path: &Path) {
    fs::write(path, "B=old\n").unwrap();
    assert!(linked(path).hold(PATIENCE).is_ok());
    let mut remount = Command::new("mount");
    assert!(remount.args(["-o", "remount,bind,ro"]).arg(path.parent().unwrap()).status().unwrap().success());
    assert!(matches!(linked(path).hold(PATIENCE), Err(FileError::ReadOnly { .. })));
    assert_eq!(fs::read_to_string(path).unwrap(), "B=old\n");
}

/// A single file that is bound to a place, as containers do it: nothing can take its place, and that is said in advance. Its
/// folder bound is no trouble, nor is a link that leads onto another disk.
fn refuse_the_mount(path: &Path) {
    let folder = path.parent().unwrap();
    let (source, link) = (folder.join("source"), folder.join("link"));
    fs::write(path, "").unwrap();
    fs::write(&source, "B=old\n").unwrap();
    let bind = |from: &Path, to: &Path| {
        assert!(Command::new("mount").arg("--bind").args([from, to]).status().unwrap().success());
    };
    bind(&source, path);
    let error = linked(path).hold(PATIENCE).unwrap_err();
    assert!(error.to_string().contains("is a mount of its own"), "{error}");
    assert_eq!(fs::read_to_string(path).unwrap(), "B=old\n");
    let bound = folder.join("bound");
    fs::create_dir(&bound).unwrap();
    bind(folder, &bound);
    std::os::unix::fs::symlink(bound.join("source"), &link).unwrap();
    assert!(linked(&link).hold(PATIENCE).unwrap().write(&[(Place::dotenv("B"), "new")]).unwrap());
    assert_eq!(fs::read_to_string(&source).unwrap(), "B=new\n");
}

fn names(path: &Path) -> std::collections::BTreeSet<PathBuf> {
    fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| PathBuf::from(entry.unwrap().file_name())).collect()
}
