//! Files that cannot be read or written: said in a sentence, the login unharmed, delivered once they are mended
//!. A full disk is in `links_keep.rs`, which has a disk of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::{Duration, Instant};

use tokenward::core::{Code, Format, NewLink, Place, Slot};
use tokenward::links::FileComparison;
use tokenward::{Error, Notice};

use super::{ACCESS, Desk, REFRESH, env, value, work};

impl Desk {
    /// Breaks the file, has a rotation that cannot be delivered to it, mends it, and finds it delivered to.
    async fn survives(&self, broken: impl FnOnce(), mended: impl FnOnce(), says: &str) {
        self.write("other.env", &env("", ""));
        self.links.link(&self.world.app, self.env("other.env", "work"), true).await.unwrap();
        broken();
        self.world.expire();
        let handed = self.token().await;
        assert!(handed.rotated);
        let told: Vec<&Error> = handed.notices.iter().filter_map(trouble).collect();
        assert!(told.iter().any(|error| error.to_string().contains(says)), "{says}: {:?}", handed.notices);
        assert!(handed.notices.iter().all(|notice| trouble(notice).is_some()), "{:?}", handed.notices);
        self.in_step("other.env").await;
        // Said once, not at every call, and each call hands the token out.
        let again = self.token().await;
        assert_eq!((again.access, again.notices.len()), (handed.access, 0));
        mended();
        let after = self.token().await;
        assert!(after.notices.iter().all(|notice| matches!(notice, Notice::LinkHealed { .. })), "{:?}", after.notices);
        self.in_step(".env").await;
        assert_eq!((self.world.sandbox.counters().refreshes, self.replays()), (1, 0));
    }
}

fn trouble(notice: &Notice) -> Option<&Error> {
    match notice {
        Notice::LinkNotWritten { error, .. } | Notice::LinkUnusable { error, .. } => Some(error),
        _ => None,
    }
}

#[tokio::test]
async fn a_read_only_file() {
    let desk = Desk::new().await;
    let mode = |mode| fs::set_permissions(desk.path(".env"), Permissions::from_mode(mode)).unwrap();
    desk.survives(|| mode(0o444), || mode(0o600), "may not be written").await;
}

#[tokio::test]
async fn a_read_only_folder() {
    let desk = Desk::unlinked().await;
    fs::create_dir(desk.path("in")).unwrap();
    desk.write("in/.env", &env("", ""));
    desk.links.link(&desk.world.app, desk.env("in/.env", "work"), true).await.unwrap();
    fs::set_permissions(desk.path("in"), Permissions::from_mode(0o555)).unwrap();
    desk.world.expire();
    // Root could write there, and does not.
    assert!(desk.token().await.notices.iter().any(|notice| trouble(notice).is_some()));
    fs::set_permissions(desk.path("in"), Permissions::from_mode(0o755)).unwrap();
    desk.world.pass(Duration::from_secs(61));
    desk.token().await;
    assert!(matches!(desk.found("in/.env").await, FileComparison::InStep));
}

#[tokio::test]
async fn a_file_that_was_swapped_for_a_folder() {
    let desk = Desk::new().await;
    let (file, aside) = (desk.path(".env"), desk.path("aside"));
    let broken = || {
        fs::rename(&file, &aside).unwrap();
        fs::create_dir(&file).unwrap();
    };
    let mended = || {
        fs::remove_dir(&file).unwrap();
        fs::rename(&aside, &file).unwrap();
    };
    desk.survives(broken, mended, "is a folder").await;
}

#[tokio::test]
async fn a_link_that_leads_nowhere() {
    let desk = Desk::new().await;
    let (file, aside) = (desk.path(".env"), desk.path("aside"));
    let broken = || {
        fs::rename(&file, &aside).unwrap();
        symlink("nowhere", &file).unwrap();
    };
    let mended = || fs::rename(&aside, desk.path("nowhere")).unwrap();
    desk.survives(broken, mended, "which does not exist").await;
    assert!(fs::symlink_metadata(&file).unwrap().is_symlink(), "it is still a link");
}

#[tokio::test]
async fn a_file_that_is_gone() {
    let desk = Desk::new().await;
    let (file, aside) = (desk.path(".env"), desk.path("aside"));
    desk.survives(|| fs::rename(&file, &aside).unwrap(), || fs::rename(&aside, &file).unwrap(), "does not exist").await;
}

#[tokio::test]
async fn a_file_that_is_far_too_large() {
    let desk = Desk::new().await;
    let content = desk.read(".env");
    let large = format!("{content}{}", "# ten megabytes of it\n".repeat(500_000));
    desk.survives(|| desk.write(".env", &large), || desk.write(".env", &content), "files above").await;
}

#[tokio::test]
async fn a_file_that_is_no_text_any_more() {
    let desk = Desk::new().await;
    let content = desk.read(".env");
    let broken = || fs::write(desk.path(".env"), b"\xff\xfe\x00").unwrap();
    desk.survives(broken, || desk.write(".env", &content), "not UTF-8").await;
}

#[tokio::test]
async fn json_of_ten_thousand_levels() {
    let desk = Desk::new().await;
    desk.write("token.json", r#"{"access_token": "", "refresh_token": ""}"#);
    let places = [(Slot::AccessToken, "access_token"), (Slot::RefreshToken, "refresh_token")];
    let link = NewLink {
        profile: work(),
        file: desk.path("token.json"),
        format: Format::Json,
        places: places.map(|(slot, key)| (slot, Place::keys([key]))).into(),
    };
    desk.links.link(&desk.world.app, link, true).await.unwrap();
    let content = desk.read("token.json");
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000));
    for deep in [deep("[", "]"), deep("{\"a\":", "}"), deep("[", "")] {
        desk.write("token.json", &deep);
        let handed = desk.token().await;
        assert!(matches!(handed.notices[..], [Notice::LinkUnusable { .. }]), "{:?}", handed.notices);
        assert_eq!(desk.read("token.json"), deep);
    }
    desk.write("token.json", &content);
    assert!(desk.token().await.notices.is_empty());
    assert!(matches!(desk.found("token.json").await, FileComparison::InStep));
    let toml = format!("a = {}1{}\n", "[".repeat(10_000), "]".repeat(10_000));
    desk.write("deep.toml", &toml);
    let link = NewLink {
        file: desk.path("deep.toml"),
        format: Format::Toml,
        ..desk.links.states(None).await.unwrap()[1].link.target.clone()
    };
    let error = desk.links.link(&desk.world.app, link, true).await.unwrap_err();
    assert_eq!(error.code(), Code::FileUnusable, "{error}");
}

/// A pipe would keep whoever opens it for ever; a file system that hangs does the same.
#[tokio::test]
async fn a_pipe_keeps_nobody_waiting() {
    let desk = Desk::new().await;
    fs::remove_file(desk.path(".env")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        desk.path(".env"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let handed = desk.token().await;
    assert!(matches!(handed.notices[..], [Notice::LinkUnusable { .. }]), "{:?}", handed.notices);
    // Nor does anybody wait at it who was left behind: it has no reader (fifo(7)).
    let (write, any) = (rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK, rustix::fs::Mode::empty());
    let reader = rustix::fs::open(desk.path(".env"), write, any).map(drop);
    assert_eq!(reader.unwrap_err(), rustix::io::Errno::NXIO);
}

/// The lock of a file that another process does not give back: a reader with a token waits a moment and no longer (I7).
#[tokio::test]
async fn i7_a_file_that_is_held_by_another_keeps_nobody_waiting() {
    let desk = Desk::new().await;
    let backup = desk.read(".env");
    desk.keeper.renew(&desk.world.app, desk.id).await.unwrap();
    desk.write(".env", &backup);
    let held = tokenward::links::LinkedFile::new(desk.path(".env"), Format::Dotenv).hold(Duration::ZERO).unwrap();
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    let begun = Instant::now();
    desk.token().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(desk.read(".env"), backup);
    drop(held);
    desk.token().await;
    desk.in_step(".env").await;
    assert_ne!(value(&desk.read(".env"), REFRESH), value(&backup, REFRESH));
    assert_ne!(value(&desk.read(".env"), ACCESS), value(&backup, ACCESS));
}
