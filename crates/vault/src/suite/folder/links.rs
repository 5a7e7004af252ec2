//! Links, receipts, troubles: a linked file is where its host is.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use tokenward_core::ports::Vault;
use tokenward_core::{Event, Generation, GrantId, Link, LinkId, Place, Receipt, Slot, Stamp, Terms, Trouble};

use super::opened;
use crate::suite::FolderStand;
use crate::suite::fixtures::{holder, login, named, new_link, soon};
use crate::suite::store::leases::leased;

fn stamp(inode: u64) -> Stamp {
    Stamp { device: 1, inode, size: 100, modified: 1_790_000_000_123_456_789, changed: i128::from(i64::MAX) + 1 }
}

fn receipt(grant: GrantId, number: u64) -> Receipt {
    Receipt { grant, generation: Generation::new(number), at: soon(7), stamp: stamp(number) }
}

fn trouble(words: &str) -> Trouble {
    Trouble { stamp: Some(stamp(9)), at: soon(8), words: words.to_owned() }
}

async fn only(vault: &dyn Vault) -> Link {
    let mut links = vault.links(None).await.unwrap();
    assert_eq!(links.len(), 1);
    links.remove(0)
}

/// A link is there for the next process, once; another place, file or profile makes another.
pub async fn a_link_is_made_once_and_ended(stand: &dyn FolderStand) {
    let vault = opened(stand).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let made = vault.link(new_link("work", "/a/.env"), &holder("here", 4)).await.unwrap();
    assert_eq!((&made.target, made.made, &made.receipt), (&new_link("work", "/a/.env"), soon(0), &None));
    let entry = vault.journal(id, 1).await.unwrap().remove(0);
    assert_eq!((entry.event, entry.by), (Event::Linked { file: "/a/.env".to_owned() }, Some(holder("here", 4))));
    let vault = opened(stand).await;
    assert_eq!(vault.link(new_link("work", "/a/.env"), &holder("here", 5)).await.unwrap(), made);
    assert_eq!(vault.journal(id, 10).await.unwrap().len(), 2, "one login, one link");

    // What a person permitted stays, for the next process too, and does not make another link of it.
    assert_eq!(made.terms, Terms::default());
    let terms = Terms { shared_folder: true, open_to_others: false, widest: Some(0o640) };
    vault.set_terms(made.id, terms).await.unwrap();
    let made = opened(stand).await.link(new_link("work", "/a/.env"), &holder("here", 5)).await.unwrap();
    assert_eq!(made.terms, terms);
    vault.set_terms(LinkId(made.id.0 + 999), terms).await.unwrap();

    let mut elsewhere = new_link("work", "/a/.env");
    elsewhere.places.insert(Slot::RefreshToken, Place::dotenv("OTHER"));
    let second = vault.link(elsewhere, &holder("here", 4)).await.unwrap();
    let third = vault.link(new_link("play", "/a/.env"), &holder("here", 4)).await.unwrap();
    let fourth = vault.link(new_link("work", "/b/.env"), &holder("here", 4)).await.unwrap();
    let all = [made.clone(), second.clone(), third.clone(), fourth.clone()];
    assert_eq!(vault.links(None).await.unwrap(), all);
    assert_eq!(vault.links(Some(&"work".parse().unwrap())).await.unwrap(), [made.clone(), second, fourth]);
    assert_eq!(vault.links(Some(&"play".parse().unwrap())).await.unwrap(), [third]);

    assert!(vault.unlink(made.id, &holder("here", 6)).await.unwrap());
    assert!(!opened(stand).await.unlink(made.id, &holder("here", 6)).await.unwrap());
    assert_eq!(vault.links(None).await.unwrap(), &all[1..]);
    let entry = vault.journal(id, 1).await.unwrap().remove(0);
    assert_eq!((entry.event, entry.by), (Event::Unlinked { file: "/a/.env".to_owned() }, Some(holder("here", 6))));
    let again = vault.link(new_link("work", "/a/.env"), &holder("here", 4)).await.unwrap();
    assert!(all.iter().all(|link| link.id != again.id), "an id means one link for ever");
}

/// A link follows the name: through another user's login, a logout and a new login.
pub async fn a_link_outlives_logins_and_logouts(stand: &dyn FolderStand) {
    let vault = opened(stand).await;
    let made = vault.link(new_link("work", "/a/.env"), &holder("here", 1)).await.unwrap();
    let first = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    vault.receipt(made.id, receipt(first, 1), None).await.unwrap();
    let made = only(&*vault).await;
    assert_eq!(made.receipt, Some(receipt(first, 1)));
    let second = vault.log_in(login("work", "2", Some(named("ou_2")))).await.unwrap().id();
    let lease = leased(&*vault, second, &holder("here", 1)).await;
    vault.retire(&lease, soon(1), false).await.unwrap();
    assert_eq!(only(&*opened(stand).await).await, made);
    vault.log_in(login("work", "3", None)).await.unwrap();
    assert_eq!(only(&*opened(stand).await).await, made);
}

/// What was delivered, what could not be, and what was healed.
pub async fn receipts_and_troubles_are_kept(stand: &dyn FolderStand) {
    let vault = opened(stand).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let link = vault.link(new_link("work", "/a/.env"), &holder("here", 1)).await.unwrap().id;
    let state = async |vault: &dyn Vault| {
        let link = only(vault).await;
        (link.receipt, link.trouble)
    };
    vault.trouble(link, trouble("it is a folder")).await.unwrap();
    assert_eq!(state(&*opened(stand).await).await, (None, Some(trouble("it is a folder"))));
    let before = vault.journal(id, 10).await.unwrap();
    for _ in 0..2 {
        vault.receipt(link, receipt(id, 1), None).await.unwrap();
        assert_eq!(state(&*opened(stand).await).await, (Some(receipt(id, 1)), None));
    }
    assert_eq!(vault.journal(id, 10).await.unwrap(), before);
    vault.trouble(link, trouble("first")).await.unwrap();
    vault.trouble(link, Trouble { stamp: None, ..trouble("second") }).await.unwrap();
    let gone = Trouble { stamp: None, ..trouble("second") };
    assert_eq!(state(&*opened(stand).await).await, (Some(receipt(id, 1)), Some(gone)));
    vault.receipt(link, receipt(id, 5), Some(Generation::new(3))).await.unwrap();
    assert_eq!(state(&*opened(stand).await).await, (Some(receipt(id, 5)), None));
    let entry = vault.journal(id, 1).await.unwrap().remove(0);
    assert_eq!(entry.event, Event::Healed { file: "/a/.env".to_owned(), held: Generation::new(3) });
    assert_eq!(entry.generation, Generation::new(5));
}

/// A link that was ended while its file was being written is no error, and nothing is told about it.
pub async fn an_ended_link_gets_no_receipt(stand: &dyn FolderStand) {
    let vault = opened(stand).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let link = vault.link(new_link("work", "/a/.env"), &holder("here", 1)).await.unwrap().id;
    vault.unlink(link, &holder("here", 1)).await.unwrap();
    let before = vault.journal(id, 10).await.unwrap();
    for unknown in [link, LinkId(4711)] {
        vault.receipt(unknown, receipt(id, 1), Some(Generation::FIRST)).await.unwrap();
        vault.trouble(unknown, trouble("nobody's")).await.unwrap();
        assert!(!vault.unlink(unknown, &holder("here", 1)).await.unwrap());
    }
    assert!(vault.links(None).await.unwrap().is_empty());
    assert_eq!(vault.journal(id, 10).await.unwrap(), before);
}

/// A path is bytes.
pub async fn a_path_comes_back_as_it_was(stand: &dyn FolderStand) {
    let vault = opened(stand).await;
    let mut link = new_link("work", "/a");
    link.file = PathBuf::from(OsStr::from_bytes(b"/caf\xe9 \xff/\"\n.env"));
    vault.link(link.clone(), &holder("here", 1)).await.unwrap();
    assert_eq!(only(&*opened(stand).await).await.target, link);
}

/// A profile that gets another name takes its links along, with what was delivered; one that another profile has is left alone.
pub async fn a_link_follows_the_name_of_its_profile(stand: &dyn FolderStand) {
    let vault = opened(stand).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    for (profile, file) in [("work", "/a/.env"), ("work2", "/b/.env")] {
        vault.link(new_link(profile, file), &holder("here", 4)).await.unwrap();
    }
    let made = vault.links(None).await.unwrap().remove(0);
    vault.receipt(made.id, receipt(id, 1), None).await.unwrap();
    let (work, office) = ("work".parse().unwrap(), "office".parse().unwrap());
    assert!(!vault.rename(&office, &"work2".parse().unwrap()).await.unwrap(), "a link alone takes a name");
    assert!(vault.rename(&work, &office).await.unwrap());
    let vault = opened(stand).await;
    assert_eq!(vault.links(Some(&work)).await.unwrap(), []);
    let moved = vault.links(Some(&office)).await.unwrap().remove(0);
    assert_eq!((moved.id, moved.target, moved.receipt), (made.id, new_link("office", "/a/.env"), Some(receipt(id, 1))));
    assert_eq!(vault.links(Some(&"work2".parse().unwrap())).await.unwrap().len(), 1);
}
