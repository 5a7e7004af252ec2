//! The fast path beside linked files: a token is served at once as long as each of them looks as it should.

use std::ffi::OsStr;
use std::fs::{self, FileTimes, OpenOptions, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::place::Place;
use jiff::SignedDuration;
use tokenward::hand_out;
use tokenward_core::ports::{Attempt, Clock, Grants, Journal, Leases, LinkBook, Logins, NewLogin};
use tokenward_core::{Generation, GrantId, LinkId, Receipt, Seat, Trouble};
use tokenward_keeper::Showing;
use tokenward_vault::stamp;
use tokenward_vault::suite::{adoption, draft, holder, login, named, new_link, rotation, soon};

/// A login with one link, whose receipt is there.
struct Linked {
    place: Place,
    vault: Showing,
    id: GrantId,
    link: LinkId,
    file: PathBuf,
}

impl Linked {
    async fn new() -> Self {
        Self::at("file").await
    }

    async fn at(name: &str) -> Self {
        let place = Place::new();
        let vault = place.vault().await;
        let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
        let file = place.root.path().join(name);
        fs::write(&file, "REFRESH=refresh-1\n").unwrap();
        let link = vault.link(new_link("work", file.to_str().unwrap()), &holder("here", 1)).await.unwrap().id;
        let linked = Self { place, vault, id, link, file };
        assert!(!linked.serves(), "nothing was delivered yet");
        linked.delivered(1).await;
        linked
    }

    fn serves(&self) -> bool {
        let now = self.place.clock.now();
        hand_out::read(&self.place.folder, &"work".parse().unwrap(), &self.place.sources, now).is_some()
    }

    async fn delivered(&self, number: u64) {
        let stamp = stamp(&self.file).unwrap();
        let receipt = Receipt { grant: self.id, generation: Generation::new(number), at: soon(0), stamp };
        self.vault.receipt(self.link, receipt, None).await.unwrap();
        assert!(self.serves());
    }

    async fn rotated(&self, tag: &str) {
        let generation = self.vault.grant(self.id).await.unwrap().generation;
        let lease =
            match self.vault.hold(&Seat::Grant(self.id), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
                Attempt::Held(held) => held.lease,
                busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
            };
        let intent = self.vault.begin(&lease, draft(generation)).await.unwrap().intent();
        self.vault.commit(None, intent, rotation(tag)).await.unwrap();
        self.vault.release(lease).await.unwrap();
    }

    async fn in_trouble(&self) {
        let trouble =
            Trouble { stamp: stamp(&self.file), at: self.place.clock.now(), words: "it cannot be written".to_owned() };
        self.vault.trouble(self.link, trouble).await.unwrap();
    }
}

/// Another writer changes one byte and takes care that size and time of writing stay.
fn edited_slyly(file: &Path) {
    let written = fs::metadata(file).unwrap().modified().unwrap();
    let length = fs::metadata(file).unwrap().len();
    fs::write(file, "x".repeat(usize::try_from(length).unwrap())).unwrap();
    OpenOptions::new().write(true).open(file).unwrap().set_times(FileTimes::new().set_modified(written)).unwrap();
}

#[tokio::test]
async fn a_file_that_was_touched_in_any_way_is_looked_into_first() {
    type Touch = fn(&Path);
    let touches: [(&str, Touch); 6] = [
        ("written", |file| fs::write(file, "REFRESH=brought\n").unwrap()),
        ("written slyly", edited_slyly),
        ("gone", |file| fs::remove_file(file).unwrap()),
        ("a folder", |file| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
        ("replaced by a copy", |file| {
            let copy = file.with_extension("copy");
            fs::copy(file, &copy).unwrap();
            fs::rename(copy, file).unwrap();
        }),
        ("closed to its reader", |file| fs::set_permissions(file, Permissions::from_mode(0o000)).unwrap()),
    ];
    for (how, touch) in touches {
        let linked = Linked::new().await;
        assert!(linked.serves());
        touch(&linked.file);
        assert!(!linked.serves(), "{how}");
    }
}

#[tokio::test]
async fn a_link_to_the_file_is_followed() {
    let linked = Linked::new().await;
    let (aside, other) = (linked.file.with_extension("aside"), linked.file.with_extension("other"));
    fs::rename(&linked.file, &aside).unwrap();
    symlink(&aside, &linked.file).unwrap();
    linked.delivered(1).await;
    fs::copy(&aside, &other).unwrap();
    fs::remove_file(&linked.file).unwrap();
    symlink(&other, &linked.file).unwrap();
    assert!(!linked.serves());
    linked.delivered(1).await;
    fs::remove_file(other).unwrap();
    assert!(!linked.serves());
}

#[tokio::test]
async fn a_receipt_is_of_one_generation_of_one_grant() {
    let linked = Linked::new().await;
    linked.rotated("2").await;
    assert!(!linked.serves());
    linked.delivered(2).await;
    // Another user's login under the name: the file shows the first one's.
    let replacing = NewLogin { replace_user: true, ..login("work", "3", Some(named("ou_3"))) };
    let other = linked.vault.log_in(replacing).await.unwrap().id();
    assert!(!linked.serves());
    let stamp = stamp(&linked.file).unwrap();
    let receipt = |number| Receipt { grant: other, generation: Generation::new(number), at: soon(0), stamp };
    linked.vault.receipt(linked.link, receipt(2), None).await.unwrap();
    assert!(!linked.serves());
    linked.vault.receipt(linked.link, receipt(1), None).await.unwrap();
    assert!(linked.serves());
}

#[tokio::test]
async fn every_linked_file_counts_until_its_link_is_ended() {
    let linked = Linked::new().await;
    let second = new_link("work", linked.place.root.path().join("second").to_str().unwrap());
    let second = linked.vault.link(second, &holder("here", 1)).await.unwrap().id;
    assert!(!linked.serves());
    linked.vault.unlink(second, &holder("here", 1)).await.unwrap();
    assert!(linked.serves());
    // A link of another name is none of this one's business.
    linked.vault.link(new_link("play", "/nowhere"), &holder("here", 1)).await.unwrap();
    assert!(linked.serves());
    fs::remove_file(&linked.file).unwrap();
    assert!(!linked.serves());
    linked.vault.unlink(linked.link, &holder("here", 1)).await.unwrap();
    assert!(linked.serves());
}

#[tokio::test]
async fn a_file_that_cannot_be_mended_is_left_alone_for_a_minute() {
    for missing in [true, false] {
        let linked = Linked::new().await;
        if missing {
            fs::remove_file(&linked.file).unwrap();
        }
        linked.in_trouble().await;
        assert!(linked.serves());
        linked.rotated("2").await;
        assert!(linked.serves(), "whoever turned has tried it; the next caller need not");
        linked.place.clock.step(SignedDuration::from_millis(59_999));
        assert!(linked.serves());
        linked.place.clock.step(SignedDuration::from_millis(1));
        assert!(!linked.serves());
        linked.in_trouble().await;
        assert!(linked.serves());
        // A clock that was set back says nothing about a minute.
        linked.place.clock.step(SignedDuration::from_secs(-1));
        assert!(!linked.serves());
        linked.in_trouble().await;
        assert!(linked.serves());
        fs::write(&linked.file, "mended by a person\n").unwrap();
        assert!(!linked.serves());
        linked.delivered(2).await;
    }
}

/// The receipt was stored and its process died before it wrote the hand-out file: the next look mends it.
#[tokio::test]
async fn a_handout_that_does_not_know_of_a_receipt_is_mended() {
    let linked = Linked::new().await;
    let path = linked.place.folder.handout(&"work".parse().unwrap());
    let before = fs::read(&path).unwrap();
    fs::write(&linked.file, "REFRESH=refresh-1 # again\n").unwrap();
    linked.delivered(1).await;
    for reader in [&linked.vault, &linked.place.vault().await] {
        fs::write(&path, &before).unwrap();
        assert!(!linked.serves());
        let stamp = stamp(&linked.file).unwrap();
        // What whoever looks finds and does: the file is in step, and the receipt says so already.
        let receipt = Receipt { grant: linked.id, generation: Generation::FIRST, at: soon(3), stamp };
        reader.receipt(linked.link, receipt, None).await.unwrap();
        reader.grant(linked.id).await.unwrap();
        assert!(linked.serves());
    }
}

#[tokio::test]
async fn an_adopted_login_without_an_access_token_withdraws_the_old_one() {
    let linked = Linked::new().await;
    linked.vault.unlink(linked.link, &holder("here", 1)).await.unwrap();
    let path = linked.place.folder.handout(&"work".parse().unwrap());
    let before = fs::read(&path).unwrap();
    linked.vault.adopt(adoption("work", "b", None)).await.unwrap();
    assert!(!path.exists());
    // One that was slow to write what was present before.
    fs::write(&path, before).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    linked.place.vault().await.grant(linked.id).await.unwrap();
    assert!(!path.exists());
    linked.vault.take_back(linked.id, None, &holder("here", 1)).await.unwrap();
    assert!(linked.serves());
}

#[tokio::test]
async fn a_path_of_any_bytes_is_looked_at() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let file = place.root.path().join(OsStr::from_bytes(b"caf\xe9 \xc3\xa9\xff\"\n.env"));
    fs::write(&file, "x").unwrap();
    let mut link = new_link("work", "/");
    link.file.clone_from(&file);
    let link = vault.link(link, &holder("here", 1)).await.unwrap().id;
    let stamp = stamp(&file).unwrap();
    vault.receipt(link, Receipt { grant: id, generation: Generation::FIRST, at: soon(0), stamp }, None).await.unwrap();
    let serves = || hand_out::read(&place.folder, &"work".parse().unwrap(), &place.sources, soon(1)).is_some();
    assert!(serves());
    fs::remove_file(file).unwrap();
    assert!(!serves());
}
