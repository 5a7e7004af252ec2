//! Putting another vault in the present one's place: what is told before, what is kept, and the way back.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::place::Place;
use jiff::SignedDuration;
use tokenward_core::ports::{Clock, Grants, Journal, Leases, Logins, NewLogin};
use tokenward_core::{Generation, GrantId, Seat};
use tokenward_vault::suite::{TestEntropy, draft, holder, login, named, rotation};
use tokenward_vault::{
    BackupError, BackupKey, Folder, Restored, Restoring, SqliteVault, Verdict, kept_vaults, remove_kept,
};

struct Saved {
    place: Place,
    file: PathBuf,
    key: BackupKey,
}

impl Saved {
    async fn of(place: Place) -> Self {
        let file = place.root.path().join("backup");
        let key = BackupKey::fresh(&TestEntropy);
        let vault = place.vault().await;
        vault.backup(&file, &key).await.unwrap();
        vault.close_connections().await.unwrap();
        Self { place, file, key }
    }

    async fn ready(&self) -> Restoring {
        let place = &self.place;
        Restoring::of_backup(&place.folder, &self.file, &self.key, &place.sources, &place.clock, &TestEntropy)
            .await
            .unwrap()
    }

    async fn back(&self) -> Result<Restoring, BackupError> {
        Restoring::back(&self.place.folder, &self.place.sources, &self.place.clock).await
    }
}

async fn refreshed(place: &Place, id: GrantId) {
    place.clock.step(SignedDuration::from_hours(2));
    let vault = place.vault().await;
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here")
    };
    let generation = vault.grant(id).await.unwrap().generation;
    let intent = vault.begin(&lease, draft(generation)).await.unwrap().intent();
    let mut next = rotation(&generation.next().to_string());
    next.obtained = tokenward_core::ports::Clock::now(&place.clock);
    vault.commit(None, intent, next).await.unwrap();
    vault.release(lease).await.unwrap();
}

fn verdicts(ready: &Restoring) -> Vec<(String, Verdict)> {
    let name =
        |login: &tokenward_vault::RestoredLogin| login.profile.as_ref().map_or("-", |name| name.as_str()).to_owned();
    ready.plan().logins.iter().map(|login| (name(login), login.verdict)).collect()
}

fn entries(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn generation(place: &Place, id: GrantId) -> Generation {
    place.vault().await.grant(id).await.unwrap().generation
}

#[tokio::test]
async fn it_is_told_what_becomes_of_each_login_and_nothing_is_touched_for_that() {
    let place = Place::new();
    let vault = place.vault().await;
    let ends = vault.log_in(login("ends", "1", None)).await.unwrap().id();
    vault.log_in(login("same", "2", None)).await.unwrap();
    vault.log_in(login("another", "3", Some(named("ou_1")))).await.unwrap();
    let comes = vault.log_in(login("comes", "4", None)).await.unwrap().id();
    let saved = Saved::of(place).await;
    let place = &saved.place;
    refreshed(place, ends).await;
    let replacing = NewLogin { replace_user: true, ..login("another", "5", Some(named("ou_2"))) };
    vault.log_in(replacing).await.unwrap();
    vault.log_in(login("leaves", "6", None)).await.unwrap();
    let Some(lease) =
        vault.hold(&Seat::Grant(comes), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here")
    };
    vault.retire(&lease, tokenward_core::ports::Clock::now(&place.clock), false).await.unwrap();
    vault.close_connections().await.unwrap();

    let ready = saved.ready().await;
    let told = verdicts(&ready);
    let of = |name: &str| told.iter().find(|(known, _)| known == name).map(|(_, verdict)| *verdict);
    assert_eq!(of("ends"), Some(Verdict::Ends));
    assert_eq!(of("same"), Some(Verdict::Same));
    assert_eq!(of("another"), Some(Verdict::Another));
    assert_eq!(of("comes"), Some(Verdict::Comes));
    assert_eq!(of("leaves"), Some(Verdict::Leaves));
    assert!(ready.plan().costs());
    drop(ready);
    assert_eq!(entries(place.folder.home()), ["vault"]);
    assert_eq!(generation(place, ends).await, Generation::FIRST.next());
    assert!(matches!(saved.back().await.err(), Some(BackupError::NothingToUndo(_))));
}

#[tokio::test]
async fn a_restore_can_be_taken_back_and_says_what_that_means() {
    let place = Place::new();
    let id = place.vault().await.log_in(login("work", "1", None)).await.unwrap().id();
    let saved = Saved::of(place).await;
    let place = &saved.place;
    refreshed(place, id).await;
    refreshed(place, id).await;
    let done = saved.ready().await.put_in_place().unwrap();
    let before = done.before.unwrap();
    assert_eq!(generation(place, id).await, Generation::FIRST);
    assert_eq!(Restored::last(&place.folder).unwrap().before.as_ref(), Some(&before));

    // Nothing was refreshed since: the earlier one is simply the newer.
    assert_eq!(verdicts(&saved.back().await.unwrap()), [("work".to_owned(), Verdict::Revives)]);
    // With a new consent both went on.
    refreshed(place, id).await;
    let ready = saved.back().await.unwrap();
    assert_eq!(verdicts(&ready), [("work".to_owned(), Verdict::Apart)]);
    let undone = ready.put_in_place().unwrap().before.unwrap();
    assert_eq!(generation(place, id).await, Generation::FIRST.next().next());
    assert!(undone.join("vault.db").exists());
    assert_eq!(Restored::last(&place.folder).unwrap().before.as_ref(), Some(&undone));
    // The way back can be taken back as well, as often as one likes, in the same moment.
    for expected in [Generation::FIRST.next(), Generation::FIRST.next().next(), Generation::FIRST.next()] {
        saved.back().await.unwrap().put_in_place().unwrap();
        assert_eq!(generation(place, id).await, expected);
    }
    saved.back().await.unwrap().put_in_place().unwrap();
    // The same once more, at the same moment.
    for _ in 0..2 {
        saved.ready().await.put_in_place().unwrap();
    }
    saved.back().await.unwrap().put_in_place().unwrap();
    assert_eq!(generation(place, id).await, Generation::FIRST);
    // Each that was put aside is listed, can be brought back by its name, and can be removed.
    let kept = kept_vaults(&place.folder);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(kept.iter().filter(|kept| kept.is_last).count(), 1);
    assert!(kept.iter().all(|kept| kept.size > 0 && kept.since.is_some()), "{kept:?}");
    let mut seen = Vec::new();
    for kept in &kept {
        let ready = Restoring::of_kept(&place.folder, &kept.path, &place.sources, &place.clock).await.unwrap();
        ready.put_in_place().unwrap();
        seen.push(generation(place, id).await.get());
        place.vault().await.close_connections().await.unwrap();
    }
    seen.sort_unstable();
    assert_eq!(seen.last(), Some(&3), "the login that was refreshed most is among them: {seen:?}");
    for kept in kept_vaults(&place.folder) {
        remove_kept(&place.folder, Path::new(kept.path.file_name().unwrap())).unwrap();
        assert!(!kept.path.exists());
    }
    assert_eq!(entries(place.folder.home()), ["vault"]);
    assert!(matches!(saved.back().await.err(), Some(BackupError::NothingToUndo(_))));
}

/// What is removed is one of ours in this home, and never the vault in use.
#[tokio::test]
async fn nothing_but_a_vault_that_was_put_aside_is_removed() {
    let place = Place::new();
    place.vault().await.log_in(login("work", "1", None)).await.unwrap();
    let home = place.folder.home().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let foreign = elsewhere.path().join("vault.before-7");
    fs::create_dir(&foreign).unwrap();
    fs::create_dir(home.join("vault.before-mine")).unwrap();
    std::os::unix::fs::symlink(&foreign, home.join("vault.before-8")).unwrap();
    fs::write(home.join("vault.undone-9"), "a file").unwrap();
    for wrong in [
        place.folder.vault().to_owned(),
        "vault".into(),
        foreign.clone(),
        "vault.before-mine".into(),
        home.join("vault.before-8"),
        "vault.undone-9".into(),
        "../vault.before-7".into(),
        "vault.before-7/..".into(),
        home.clone(),
        "".into(),
    ] {
        assert!(remove_kept(&place.folder, &wrong).is_err(), "{}", wrong.display());
        let opened = Restoring::of_kept(&place.folder, &wrong, &place.sources, &place.clock).await;
        assert!(matches!(opened.err(), Some(BackupError::NothingToUndo(_))), "{}", wrong.display());
    }
    assert!(foreign.exists() && place.folder.database().exists() && kept_vaults(&place.folder).is_empty());
}

#[tokio::test]
async fn a_vault_that_cannot_be_read_is_replaced_kept_and_said() {
    let place = Place::new();
    let id = place.vault().await.log_in(login("work", "1", None)).await.unwrap().id();
    let saved = Saved::of(place).await;
    let place = &saved.place;
    place.vault().await.close_connections().await.unwrap();
    for name in ["vault.db-wal", "vault.db-shm"] {
        let _ = fs::remove_file(place.folder.vault().join(name));
    }
    for broken in [&[0x55; 8192][..], b""] {
        fs::write(place.folder.database(), broken).unwrap();
        let ready = saved.ready().await;
        assert!(ready.plan().unread.is_some() && ready.plan().costs());
        assert_eq!(verdicts(&ready), [("work".to_owned(), Verdict::Comes)]);
        let before = ready.put_in_place().unwrap().before.unwrap();
        assert_eq!(fs::read(before.join("vault.db")).unwrap(), broken);
        assert_eq!(generation(place, id).await, Generation::FIRST);
        place.vault().await.close_connections().await.unwrap();
    }
}

/// The folders are moved next, and a connection that is still closing removes the log that it finds at its path by then. Once more and once
/// more, since it did so some moments later and not always.
#[tokio::test]
async fn neither_vault_is_open_any_more_when_it_is_told_what_a_restore_does() {
    let place = Place::new();
    let vault = place.vault().await;
    vault.log_in(login("work", "1", None)).await.unwrap();
    // One that is dropped leaves its connections to the end of the process.
    vault.close_connections().await.unwrap();
    let saved = Saved::of(place).await;
    let home = saved.place.folder.home();
    let open = || {
        let folders = entries(home).into_iter().map(|name| home.join(name));
        let files: Vec<_> = folders.flat_map(|folder| entries(&folder)).collect();
        assert!(files.iter().any(|name| name == "vault.db"), "{files:?}");
        files.into_iter().filter(|name| name.ends_with("-wal") || name.ends_with("-shm")).collect::<Vec<_>>()
    };
    for _ in 0..4 {
        let ready = saved.ready().await;
        assert!(open().is_empty(), "{:?}", open());
        drop(ready);
        assert_eq!(entries(home), ["vault"]);
    }
    saved.ready().await.put_in_place().unwrap();
    for _ in 0..32 {
        drop(saved.back().await.unwrap());
        assert!(open().is_empty(), "{:?}", open());
    }
}

/// Where two folders cannot be exchanged in one step, a crash may fall between the two that it takes.
#[tokio::test]
async fn a_restore_that_was_cut_short_between_two_steps_is_finished_by_the_next_opening() {
    let place = Place::new();
    let id = place.vault().await.log_in(login("work", "1", None)).await.unwrap().id();
    let saved = Saved::of(place).await;
    let place = &saved.place;
    refreshed(place, id).await;
    place.vault().await.close_connections().await.unwrap();
    let home = place.folder.home().to_owned();
    let staged = || {
        let found = entries(&home).into_iter().find(|name| name.starts_with("vault.restored-"));
        home.join(found.expect("a copy in the making"))
    };
    // The first step alone: the present vault has gone to its name, the copy has not come to it.
    let ready = saved.ready().await;
    let (copy, aside) = (staged(), place.root.path().join("aside"));
    copied(&copy, &aside);
    drop(ready);
    fs::rename(aside, &copy).unwrap();
    let before = home.join(copy.file_name().unwrap().to_str().unwrap().replace("restored", "before"));
    assert_eq!(place.folder.interrupted(), None);
    fs::rename(place.folder.vault(), &before).unwrap();
    assert_eq!(place.folder.interrupted(), Some(copy.clone()));
    // A record that names the folder of another home moves nothing.
    let elsewhere = place.root.path().join("moved");
    fs::rename(&home, &elsewhere).unwrap();
    assert_eq!(Folder::new(&elsewhere).interrupted(), None);
    fs::rename(&elsewhere, &home).unwrap();

    assert_eq!(generation(place, id).await, Generation::FIRST);
    assert!(!copy.exists());
    // And so is the way back.
    let undone = home.join("vault.undone-9");
    place.vault().await.close_connections().await.unwrap();
    let record =
        Restored { at: place.clock.now(), from: before.clone(), before: Some(undone.clone()), used: Vec::new() };
    fs::write(before.join("restored.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    assert_eq!(place.folder.interrupted(), None);
    fs::rename(place.folder.vault(), &undone).unwrap();
    assert_eq!(place.folder.interrupted(), Some(before));
    assert_eq!(generation(place, id).await, Generation::FIRST.next());
    fs::rename(place.folder.vault(), place.root.path().join("gone")).unwrap();
    assert!(undone.exists());
    assert_eq!(place.folder.interrupted(), None, "a vault that somebody took away is not made up for");
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copied(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// What was put together by a process that was killed is not kept for ever, and is never taken for a vault that was put aside.
#[tokio::test]
async fn a_copy_that_was_not_used_is_cleared_away_by_the_next_restore() {
    let place = Place::new();
    let id = place.vault().await.log_in(login("work", "1", None)).await.unwrap().id();
    let saved = Saved::of(place).await;
    let place = &saved.place;
    let left = place.folder.home().join("vault.restored-7");
    fs::create_dir(&left).unwrap();
    fs::write(left.join("vault.db"), "half").unwrap();
    let kept = place.folder.home().join("vault.before-7");
    fs::create_dir(&kept).unwrap();
    drop(saved.ready().await);
    assert!(!left.exists() && kept.exists());
    assert_eq!(generation(place, id).await, Generation::FIRST);
}

#[tokio::test]
async fn a_folder_that_holds_something_is_kept_whatever_it_is() {
    let saved = Saved::of({
        let place = Place::new();
        place.vault().await.log_in(login("work", "1", None)).await.unwrap();
        place
    })
    .await;
    let fresh = Place::new();
    fs::create_dir_all(fresh.folder.vault().join("locks")).unwrap();
    fs::write(fresh.folder.rescue(), "answers of somebody").unwrap();
    let restored =
        Restoring::of_backup(&fresh.folder, &saved.file, &saved.key, &fresh.sources, &fresh.clock, &TestEntropy);
    let before = restored.await.unwrap().put_in_place().unwrap().before.unwrap();
    assert_eq!(fs::read(before.join("rescue")).unwrap(), b"answers of somebody");
    let vault: SqliteVault = fresh.vault().await;
    assert_eq!(vault.grants().await.unwrap().len(), 1);
}

/// A process that has the vault open would go on with the one that is put aside, and refresh in it.
#[tokio::test]
async fn a_vault_that_another_process_has_open_is_not_replaced() {
    let place = Place::new();
    let id = place.vault().await.log_in(login("work", "1", None)).await.unwrap().id();
    let saved = Saved::of(place).await;
    let place = &saved.place;
    let open = place.vault().await;
    open.grant(id).await.unwrap();
    let refused = saved.ready().await.put_in_place();
    assert!(matches!(refused, Err(BackupError::InUse(_))), "{refused:?}");
    assert_eq!(entries(place.folder.home()), ["vault"]);
    open.close_connections().await.unwrap();
    saved.ready().await.put_in_place().unwrap();
    assert_eq!(generation(place, id).await, Generation::FIRST);
}

/// Somebody who moves folders by hand asks nobody: no refresh is begun in a vault that is not in its place, and one that was begun ends.
#[tokio::test]
async fn a_vault_that_was_exchanged_under_a_process_begins_no_refresh() {
    let place = Place::new();
    let vault = place.vault().await;
    let ids = [login("work", "1", None), login("other", "2", None)].map(|login| vault.log_in(login));
    let [work, other] = ids;
    let (work, other) = (work.await.unwrap().id(), other.await.unwrap().id());
    let hold = async |id| {
        vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease().unwrap()
    };
    let (first, second) = (hold(work).await, hold(other).await);
    let begun = vault.begin(&first, draft(Generation::FIRST)).await.unwrap().intent();
    let aside = place.folder.home().join("aside");
    fs::rename(place.folder.vault(), &aside).unwrap();
    copied(&aside, place.folder.vault());
    let refused = vault.begin(&second, draft(Generation::FIRST)).await.err().unwrap();
    assert!(refused.to_string().contains("another vault was put in its place"), "{refused}");
    // What was issued is stored, where its spend is on record (I3).
    vault.commit(None, begun, rotation("2")).await.unwrap();
    assert_eq!(vault.grant(work).await.unwrap().generation, Generation::FIRST.next());
}
