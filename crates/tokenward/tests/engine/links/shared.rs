//! Files that others can read, and folders that they can write: folders are refused before anything is written and passed over
//! later, files are closed, and both are written as they are where a person insisted (TW0213, TW0214).

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use tokenward::core::{Code, Terms};
use tokenward::links::Fill;

use super::*;

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

const FOLDER: Terms = Terms { shared_folder: true, open_to_others: false, widest: None };
const READERS: Terms = Terms { shared_folder: false, open_to_others: true, widest: None };

impl Desk {
    async fn link_on(&self, name: &str, insists: Terms) -> Result<LinkOutcome, Code> {
        let linked = self.links.link_on(&self.world.app, self.env(name, "work"), Fill::Free, insists).await;
        linked.map(|(_, report)| report.outcome).map_err(|error| error.code())
    }

    /// Why tokens in the linked file are not safe.
    async fn exposed(&self) -> Option<Code> {
        let states = self.links.states(None).await.unwrap();
        states.first().and_then(|state| state.exposed.as_ref()).map(tokenward::Error::code)
    }

    async fn terms(&self) -> Terms {
        self.links.states(None).await.unwrap().remove(0).link.terms
    }

    /// A new generation, and its token.
    async fn rotate(&self) -> ServedToken {
        self.keeper.renew(&self.world.app, self.id).await.unwrap()
    }
}

#[tokio::test]
async fn a_folder_that_others_can_write_is_refused_when_a_file_is_linked() {
    let desk = Desk::unlinked().await;
    fs::create_dir_all(desk.path("a/b")).unwrap();
    let before = env("", "");
    desk.write("a/b/.env", &before);
    for folder in ["a", "a/b"] {
        for bad in [0o777, 0o757, 0o2777] {
            chmod(&desk.path(folder), bad);
            assert_eq!(desk.link_on("a/b/.env", Terms::default()).await.unwrap_err(), Code::SharedFolder, "{bad:o}");
            assert_eq!(desk.link_on("a/b/.env", READERS).await.unwrap_err(), Code::SharedFolder);
            assert_eq!(desk.link_on("a/b/new.env", Terms::default()).await.unwrap_err(), Code::SharedFolder);
        }
        chmod(&desk.path(folder), 0o755);
    }
    assert_eq!((desk.read("a/b/.env"), mode(&desk.path("a/b/.env"))), (before, 0o644), "nothing was touched");
    assert!(desk.links.states(None).await.unwrap().is_empty());
    assert_eq!(fs::read_dir(desk.path("a/b")).unwrap().count(), 1, "no lock, no copy, no new file");
    // A link in a folder of others, to a file in one's own.
    fs::create_dir(desk.path("open")).unwrap();
    symlink(desk.path("a/b/.env"), desk.path("open/.env")).unwrap();
    chmod(&desk.path("open"), 0o777);
    assert_eq!(desk.link_on("open/.env", Terms::default()).await.unwrap_err(), Code::SharedFolder);
    // As /tmp is.
    chmod(&desk.path("a/b"), 0o1777);
    assert!(matches!(desk.link_on("a/b/.env", Terms::default()).await.unwrap(), LinkOutcome::Delivered { .. }));
}

#[tokio::test]
async fn what_a_person_insisted_on_is_remembered_and_shown() {
    let desk = Desk::unlinked().await;
    fs::create_dir(desk.path("team")).unwrap();
    desk.write("team/.env", &env("", ""));
    chmod(&desk.path("team"), 0o777);
    assert!(matches!(desk.link_on("team/.env", FOLDER).await.unwrap(), LinkOutcome::Delivered { .. }));
    let terms = Terms { widest: Some(0o600), ..FOLDER };
    assert_eq!((desk.terms().await, desk.exposed().await), (terms, None));
    desk.rotate().await;
    desk.in_step("team/.env").await;
    // The next command without the option does not take it back.
    assert!(desk.link_on("team/.env", Terms::default()).await.is_ok());
    assert_eq!(desk.terms().await, terms);
}

#[tokio::test]
async fn a_folder_that_is_opened_later_is_passed_over_until_it_is_closed() {
    let desk = Desk::unlinked().await;
    fs::create_dir(desk.path("team")).unwrap();
    desk.write("team/.env", &env("", ""));
    desk.link_on("team/.env", Terms::default()).await.unwrap();
    let before = desk.read("team/.env");
    chmod(&desk.path("team"), 0o777);
    assert_eq!(desk.exposed().await, Some(Code::SharedFolder), "before anything goes wrong");
    desk.rotate().await;
    let passed = desk.tend(true).await;
    let [LinkOutcome::NotWritten(error)] = &passed[..] else { panic!("{passed:?}") };
    assert_eq!(error.code(), Code::SharedFolder);
    assert!(error.detail().unwrap().contains("every user of this machine"), "{error:?}");
    assert_eq!(desk.read("team/.env"), before);
    let told = desk.token().await.notices;
    assert!(told.is_empty() || matches!(&told[..], [Notice::LinkNotWritten { .. }]), "{told:?}");
    chmod(&desk.path("team"), 0o755);
    assert!(matches!(desk.tend(true).await[..], [LinkOutcome::Healed { .. } | LinkOutcome::Delivered { .. }]));
    assert_ne!(desk.read("team/.env"), before);
    assert_eq!(desk.exposed().await, None);
}

#[tokio::test]
async fn a_file_of_ours_that_others_can_read_is_closed_when_it_is_linked() {
    for bad in [0o644, 0o604, 0o666, 0o606, 0o755] {
        let desk = Desk::unlinked().await;
        desk.write(".env", &env("", ""));
        chmod(&desk.path(".env"), bad);
        let linked = desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
        assert_eq!(linked.1.narrowed, Some(bad));
        assert_eq!(mode(&desk.path(".env")), bad & 0o700);
        assert_eq!(desk.terms().await.widest, Some(bad & 0o700));
        let again = desk.links.link(&desk.world.app, desk.env(".env", "work"), true).await.unwrap();
        assert_eq!(again.1.narrowed, None);
    }
}

/// An editor or a checkout makes it so; a backup that came back with it would else keep its used-up token.
#[tokio::test]
async fn a_file_that_others_come_to_read_is_closed_when_it_is_written_and_never_made_wider() {
    let desk = Desk::new().await;
    let file = desk.path(".env");
    for bad in [0o644, 0o606, 0o602] {
        chmod(&file, bad);
        assert_eq!(desk.exposed().await, Some(Code::FileOpenToOthers), "{bad:o}");
        let handed = desk.rotate().await;
        let was = handed.notices.iter().find_map(|notice| match notice {
            Notice::LinkClosed { was, .. } => Some(*was),
            _ => None,
        });
        assert_eq!((was, mode(&file), desk.exposed().await), (Some(bad), 0o600, None), "{:?}", handed.notices);
        desk.in_step(".env").await;
    }
    // Made anew by a checkout, with a token that is used up.
    let old = desk.read(".env");
    desk.rotate().await;
    fs::remove_file(&file).unwrap();
    fs::write(&file, &old).unwrap();
    chmod(&file, 0o644);
    let healed = desk.tend(true).await;
    assert!(matches!(healed[..], [LinkOutcome::Healed { closed: Some(0o644), .. }]), "{healed:?}");
    assert_eq!(mode(&file), 0o600);
    // Wider than it was linked, though only for its owner: what it had then is the most that it gets.
    chmod(&file, 0o700);
    desk.rotate().await;
    desk.in_step(".env").await;
    assert_eq!(mode(&file), 0o600);
}

#[tokio::test]
async fn a_file_that_others_may_read_keeps_the_mode_it_was_linked_with() {
    let desk = Desk::unlinked().await;
    desk.write(".env", &env("", ""));
    chmod(&desk.path(".env"), 0o644);
    assert!(matches!(desk.link_on(".env", READERS).await.unwrap(), LinkOutcome::Delivered { .. }));
    let terms = Terms { widest: Some(0o644), ..READERS };
    assert_eq!((mode(&desk.path(".env")), desk.terms().await, desk.exposed().await), (0o644, terms, None));
    chmod(&desk.path(".env"), 0o666);
    desk.rotate().await;
    desk.in_step(".env").await;
    assert_eq!(mode(&desk.path(".env")), 0o644, "no wider than it was linked");
    chmod(&desk.path(".env"), 0o600);
    desk.rotate().await;
    assert_eq!(mode(&desk.path(".env")), 0o600, "and narrower if it is");
}

/// A program that keeps its own login in a folder that others can write: its new tokens must reach the vault all the same, or the vault
/// would send one that is used up.
#[tokio::test]
async fn a_login_in_a_file_that_is_not_written_is_still_taken_over() {
    let desk = Desk::new().await;
    let (refresh, access) = desk.made_elsewhere("Ada");
    desk.write(".env", &env(&refresh, &access));
    chmod(desk.folder.path(), 0o777);
    let outcomes = desk.tend(true).await;
    assert!(matches!(outcomes[..], [LinkOutcome::Adopted { .. }]), "{outcomes:?}");
}
