//! What is believed, and what is not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use super::*;

fn write(path: &Path, mode: u32) {
    fs::write(path, "text").unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// The trust of this user, with a list of groups that names nobody.
fn trust(place: &Path) -> Trust {
    Trust { groups: place.join("no-groups"), ..Trust::effective() }
}

fn is_root() -> bool {
    Trust::effective().user == 0
}

#[test]
fn a_file_of_ones_own_is_read_and_who_else_can_read_it_is_told() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("config.toml");
    let trust = trust(place.path());
    assert!(trust.read(&file, 10).unwrap().is_none());
    write(&file, 0o600);
    let read = trust.read(&file, 10).unwrap().unwrap();
    assert_eq!((read.content.expose(), read.readers, read.mode), (&b"text"[..], None, 0o600));
    write(&file, 0o644);
    assert_eq!(trust.read(&file, 10).unwrap().unwrap().readers, Some(Others::Everyone));
    let linked = place.path().join("linked");
    std::os::unix::fs::symlink(&file, &linked).unwrap();
    assert_eq!(trust.read(&linked, 10).unwrap().unwrap().content.expose(), b"text");
    std::os::unix::fs::symlink(place.path().join("nothing"), place.path().join("dangling")).unwrap();
    assert!(trust.read(&place.path().join("dangling"), 10).unwrap().is_none());
}

#[test]
fn a_file_that_others_can_write_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("key");
    for mode in [0o602, 0o622, 0o666, 0o777, 0o646] {
        write(&file, mode);
        let refused = trust(place.path()).read(&file, 10).unwrap_err();
        assert!(matches!(refused, Distrust::Writable { by: Others::Everyone, .. }), "{refused}");
    }
}

#[test]
fn a_group_counts_unless_it_is_the_users_own() {
    let place = tempfile::tempdir().unwrap();
    let groups = place.path().join("group");
    let trust = Trust { groups: groups.clone(), ..Trust::effective() };
    let me = trust.user;
    fs::write(&groups, format!("wheel:x:{}:\nme:x:{me}:\n", me + 1)).unwrap();
    assert!(trust.private_group(me, me));
    assert!(!trust.private_group(me + 1, me), "another number is another's group");
    fs::write(&groups, format!("me:x:{me}:me\n")).unwrap();
    assert!(trust.private_group(me, me));
    fs::write(&groups, format!("me:x:{me}:me,guest\n")).unwrap();
    assert!(!trust.private_group(me, me), "somebody else is a member");

    let file = place.path().join("config.toml");
    write(&file, 0o664);
    if fs::metadata(&file).unwrap().gid() == me {
        let refused = trust.read(&file, 10).unwrap_err();
        assert!(matches!(refused, Distrust::Writable { by: Others::Group(_), .. }), "{refused}");
        fs::write(&groups, "").unwrap();
        assert_eq!(trust.read(&file, 10).unwrap().unwrap().readers, Some(Others::Everyone));
        write(&file, 0o660);
        assert_eq!(trust.read(&file, 10).unwrap().unwrap().readers, None);
    }
}

/// Only root can make a file that belongs to somebody else.
#[test]
fn a_file_of_somebody_else_is_refused_whatever_its_mode() {
    if !is_root() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("config.toml");
    write(&file, 0o600);
    std::os::unix::fs::chown(&file, Some(2002), None).unwrap();
    let refused = trust(place.path()).read(&file, 10).unwrap_err();
    assert!(matches!(refused, Distrust::Owner { owner: 2002, .. }), "{refused}");
    // One's own file behind somebody else's link.
    let (own, link) = (place.path().join("own"), place.path().join("link"));
    write(&own, 0o600);
    std::os::unix::fs::symlink(&own, &link).unwrap();
    std::os::unix::fs::lchown(&link, Some(2002), None).unwrap();
    let refused = trust(place.path()).read(&link, 10).unwrap_err();
    assert!(matches!(refused, Distrust::Owner { owner: 2002, .. }), "{refused}");
    // A person's own vault, looked after by root.
    let home = place.path().join("home");
    fs::create_dir_all(home.join("vault")).unwrap();
    assert!(!Trust::of_home(&home).includes(2002));
    for folder in [home.clone(), home.join("vault")] {
        assert!(!Trust::of_home(&home).includes(2002), "both have to be theirs");
        std::os::unix::fs::chown(&folder, Some(2002), None).unwrap();
    }
    assert!(Trust::of_home(&home).includes(2002));
    assert!(!Trust::of_home(&home).includes(2003));
    assert!(Trust::effective().folder(&home).is_err() && Trust::of_home(&home).folder(&home).is_ok());
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let place = tempfile::tempdir().unwrap();
    let trust = trust(place.path());
    let pipe = place.path().join("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    for (path, expected) in
        [(pipe.as_path(), "a pipe"), (place.path(), "a folder"), (Path::new("/dev/zero"), "a device")]
    {
        let refused = trust.read(path, 10).unwrap_err();
        assert!(matches!(refused, Distrust::NotAFile { kind, .. } if kind == expected), "{refused}");
    }
    // A shell's `<(…)` is a pipe that was made for us.
    let (reading, writing) = io::pipe().unwrap();
    io::Write::write_all(&mut &writing, b"piped").unwrap();
    drop(writing);
    let path = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&reading)));
    if path.exists() {
        assert_eq!(trust.read(&path, 10).unwrap().unwrap().content.expose(), b"piped");
    }
}

#[test]
fn a_file_above_the_limit_is_refused_unread() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("key");
    write(&file, 0o600);
    assert_eq!(trust(place.path()).read(&file, 4).unwrap().unwrap().content.expose(), b"text");
    assert!(matches!(trust(place.path()).read(&file, 3), Err(Distrust::TooLarge { limit: 3, .. })));
    File::options().write(true).open(&file).unwrap().set_len(1 << 40).unwrap();
    assert!(matches!(trust(place.path()).read(&file, 1 << 20), Err(Distrust::TooLarge { .. })));
}

#[test]
fn a_folder_is_judged_by_its_owner_and_by_who_can_exchange_what_is_in_it() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("home");
    let trust = trust(place.path());
    assert_eq!(trust.folder(&folder).unwrap(), None);
    fs::create_dir(&folder).unwrap();
    for (mode, good) in [(0o700, true), (0o755, true), (0o777, false), (0o1777, true), (0o702, false)] {
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        assert_eq!(trust.folder(&folder).is_ok(), good, "{mode:o}");
    }
    if is_root() {
        fs::set_permissions(&folder, Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::chown(&folder, Some(2002), None).unwrap();
        assert!(matches!(trust.folder(&folder), Err(Distrust::Owner { owner: 2002, .. })));
    }
}

fn list(entries: &[(u16, u16, u32)]) -> Vec<u8> {
    let mut bytes = 2u32.to_le_bytes().to_vec();
    for (tag, rights, who) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&rights.to_le_bytes());
        bytes.extend_from_slice(&who.to_le_bytes());
    }
    bytes
}

#[test]
fn an_access_list_counts_as_the_mode_does() {
    const NOBODY: u32 = u32::MAX;
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("key");
    write(&file, 0o600);
    let metadata = fs::metadata(&file).unwrap();
    let trust = trust(place.path());
    let stranger = trust.user + 77;
    let rights = |user: u16, mask: u16, other: u16| {
        let bytes = list(&[
            (0x01, 6, NOBODY),
            (USER, user, stranger),
            (GROUP_OWNER, 0, NOBODY),
            (MASK, mask, NOBODY),
            (OTHER, other, NOBODY),
        ]);
        trust.of_list(&entries(&bytes).unwrap(), &metadata)
    };
    let them = Some(Others::User(stranger));
    assert_eq!(rights(6, 6, 0), Rights { readers: them, writers: them });
    assert_eq!(rights(6, 4, 0), Rights { readers: them, writers: None }, "the mask takes a right away");
    assert_eq!(rights(4, 6, 0), Rights { readers: them, writers: None });
    assert_eq!(rights(0, 6, 4), Rights { readers: Some(Others::Everyone), writers: None });
    let group = list(&[
        (0x01, 6, NOBODY),
        (GROUP_OWNER, 0, NOBODY),
        (GROUP, 6, stranger),
        (MASK, 6, NOBODY),
        (OTHER, 0, NOBODY),
    ]);
    let theirs = Some(Others::Group(stranger));
    assert_eq!(trust.of_list(&entries(&group).unwrap(), &metadata), Rights { readers: theirs, writers: theirs });
    assert!(entries(b"").is_none() && entries(&[3, 0, 0, 0]).is_none() && entries(&[2, 0, 0, 0, 1]).is_none());

    // A true one, where the file system keeps such lists.
    let granted = list(&[
        (0x01, 6, NOBODY),
        (USER, 6, stranger),
        (GROUP_OWNER, 0, NOBODY),
        (MASK, 6, NOBODY),
        (OTHER, 0, NOBODY),
    ]);
    let name = "system.posix_acl_access";
    if rustix::fs::setxattr(&file, name, &granted, rustix::fs::XattrFlags::empty()).is_ok() {
        let refused = trust.read(&file, 10).unwrap_err();
        assert!(matches!(refused, Distrust::Writable { by: Others::User(who), .. } if who == stranger), "{refused}");
    }
}
