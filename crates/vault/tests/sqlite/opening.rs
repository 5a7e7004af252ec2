//! Opening: what is missing, wrong, damaged, newer or open to others is said, and never taken for an empty vault.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::sync::Mutex;

use crate::place::Place;
use tokenward_core::SecretBytes;
use tokenward_core::ports::{Grants, Logins, StoreError, StoreFault};
use tokenward_vault::suite::login;
use tokenward_vault::{ExplicitKey, KeySource, Keyring, KeyringFault};

fn explicit(text: &str) -> ExplicitKey {
    ExplicitKey::new("the variable TOKENWARD_KEY", &SecretBytes::new(text.as_bytes().to_vec()))
}

#[derive(Default)]
struct Drawer {
    kept: Mutex<Vec<(String, SecretBytes)>>,
    broken: bool,
}

impl Keyring for Drawer {
    fn get(&self, account: &str) -> Result<Option<SecretBytes>, KeyringFault> {
        let kept = self.kept.lock().unwrap();
        Ok(kept.iter().find(|(known, _)| known == account).map(|(_, secret)| secret.clone()))
    }

    fn set(&self, account: &str, secret: &SecretBytes) -> Result<(), KeyringFault> {
        if self.broken {
            return Err(KeyringFault("no session bus".to_owned()));
        }
        self.kept.lock().unwrap().push((account.to_owned(), secret.clone()));
        Ok(())
    }
}

async fn with_login(place: &Place) {
    place.vault().await.log_in(login("work", "1", None)).await.unwrap();
}

async fn has_login(place: &Place) -> Result<bool, StoreError> {
    let vault = place.try_vault().await?;
    Ok(vault.grant_of(&"work".parse().unwrap()).await?.is_some())
}

fn key_error(found: Result<bool, StoreError>) -> String {
    match found {
        Err(StoreError { kind: StoreFault::Key { key }, reason, .. }) => format!("{key}: {reason}"),
        other => panic!("{other:?}"),
    }
}

fn unreadable(found: Result<bool, StoreError>) -> String {
    match found {
        Err(StoreError { kind: StoreFault::Unreadable, reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_anything_a_key_file_of_mode_0600_is_used_and_named() {
    let place = Place::new();
    with_login(&place).await;
    let info = place.vault().await.info().await.unwrap();
    assert_eq!((info.key_source, info.schema), (KeySource::KeyFile, 13));
    assert_eq!(info.key, format!("the key file {}", place.folder.key_file().display()));
    assert!(info.engine.starts_with("SQLite 3."));
    assert!(info.repairs.is_empty() && info.notes.is_empty());
    assert!(has_login(&place).await.unwrap());
}

#[tokio::test]
async fn an_explicit_key_comes_first_and_is_needed_ever_after() {
    let mut place = Place::new();
    place.sources.explicit = Some(explicit("correct horse battery staple\n"));
    place.sources.keyring = Some(std::sync::Arc::new(Drawer::default()));
    with_login(&place).await;
    assert!(!place.folder.key_file().exists());
    place.sources.explicit = Some(explicit("correct horse battery staple"));
    assert!(has_login(&place).await.unwrap());
    assert_eq!(place.vault().await.info().await.unwrap().key, "the variable TOKENWARD_KEY");
    place.sources.explicit = Some(explicit("incorrect horse battery"));
    assert!(key_error(has_login(&place).await).starts_with("the variable TOKENWARD_KEY: it is not the key"));
    place.sources.explicit = None;
    assert!(key_error(has_login(&place).await).contains("set TOKENWARD_KEY_FILE or TOKENWARD_KEY"));
}

#[tokio::test]
async fn a_keyring_is_used_where_there_is_one_and_missed_where_it_is_gone() {
    let mut place = Place::new();
    let drawer = std::sync::Arc::new(Drawer::default());
    place.sources.keyring = Some(drawer.clone());
    with_login(&place).await;
    assert!(!place.folder.key_file().exists());
    assert_eq!(place.vault().await.info().await.unwrap().key_source, KeySource::Keyring);
    assert!(has_login(&place).await.unwrap());
    drawer.kept.lock().unwrap().clear();
    assert!(key_error(has_login(&place).await).contains("no entry for this vault"));
    place.sources.keyring = None;
    assert!(key_error(has_login(&place).await).contains("no keyring here"));
}

#[tokio::test]
async fn a_keyring_that_does_not_work_is_passed_over_at_creation() {
    let mut place = Place::new();
    place.sources.keyring = Some(std::sync::Arc::new(Drawer { broken: true, ..Drawer::default() }));
    with_login(&place).await;
    assert_eq!(place.vault().await.info().await.unwrap().key_source, KeySource::KeyFile);
}

#[tokio::test]
async fn an_explicit_key_that_this_vault_does_not_use_is_noted() {
    let mut place = Place::new();
    with_login(&place).await;
    place.sources.explicit = Some(explicit("a key that nobody asked for"));
    let notes = place.vault().await.info().await.unwrap().notes;
    assert!(notes[0].contains("tokenward vault rekey"), "{notes:?}");
    assert!(has_login(&place).await.unwrap());
}

#[tokio::test]
async fn what_a_killed_creation_left_is_no_vault() {
    // A database has a first page from the moment at which its log is switched on, and tables only much later.
    let place = Place::new();
    fs::create_dir_all(place.folder.vault()).unwrap();
    let draft = place.folder.vault().join("vault.db.new");
    fs::write(&draft, [7; 4096]).unwrap();
    fs::write(draft.with_extension("new-wal"), vec![7; 70_072]).unwrap();
    with_login(&place).await;
    assert!(has_login(&place).await.unwrap());
    assert!(!draft.exists() && !draft.with_extension("new-wal").exists());
    assert_eq!(fs::metadata(place.folder.vault().join("vault.db")).unwrap().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_folder_that_sqlite_cannot_name_is_refused_before_anything_is_made() {
    use std::os::unix::ffi::OsStrExt;
    let mut place = Place::new();
    let home = place.root.path().join(std::ffi::OsStr::from_bytes(b"h\xff"));
    place.folder = tokenward_vault::Folder::new(home.clone());
    for _ in 0..2 {
        let error = place.try_vault().await.err().unwrap();
        assert!(error.to_string().contains("not valid UTF-8"), "{error}");
        assert!(!home.exists());
    }
}

#[tokio::test]
async fn a_creation_that_was_cut_short_is_begun_again() {
    for cut in ["after the key file", "after an empty database", "after the database"] {
        let place = Place::new();
        if cut == "after the database" {
            place.vault().await.info().await.unwrap();
            fs::remove_file(place.folder.wrapped_key()).unwrap();
        } else {
            fs::create_dir_all(place.folder.vault()).unwrap();
            fs::write(place.folder.key_file(), "0123456789abcdef0123456789abcdef").unwrap();
            if cut == "after an empty database" {
                fs::write(place.folder.database(), "").unwrap();
            }
        }
        assert!(!has_login(&place).await.unwrap(), "{cut}");
        with_login(&place).await;
        assert!(has_login(&place).await.unwrap(), "{cut}");
    }
}

#[tokio::test]
async fn a_database_that_is_gone_emptied_or_garbage_is_unreadable() {
    let place = Place::new();
    with_login(&place).await;
    place.vault().await.close_connections().await.unwrap();
    // What the log holds would be read back over the damage.
    let set_aside = |content: Option<&[u8]>| {
        for name in ["vault.db-wal", "vault.db-shm"] {
            let _ = fs::remove_file(place.folder.vault().join(name));
        }
        match content {
            Some(content) => fs::write(place.folder.database(), content).unwrap(),
            None => fs::remove_file(place.folder.database()).unwrap(),
        }
    };
    set_aside(None);
    assert!(unreadable(has_login(&place).await).contains("restore a backup"));
    assert!(!place.folder.database().exists());
    set_aside(Some(b""));
    assert!(unreadable(has_login(&place).await).contains("restore a backup"));
    set_aside(Some(&[0x55; 8192]));
    assert!(unreadable(has_login(&place).await).contains("not a database"));
}

#[tokio::test]
async fn a_sealed_value_that_was_damaged_or_moved_is_unreadable_and_the_rest_is_not_lost() {
    let place = Place::new();
    let vault = place.vault().await;
    let one = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let two = vault.log_in(login("other", "2", None)).await.unwrap().id();
    let sqlite = place.sqlite();
    let swap = "UPDATE grants SET access = (SELECT access FROM grants WHERE id = ?2) WHERE id = ?1";
    let bytes = |id: tokenward_core::GrantId| id.as_uuid().as_bytes().to_vec();
    sqlite.execute(swap, [bytes(one), bytes(two)]).unwrap();
    assert!(matches!(vault.grant(one).await, Err(StoreError { kind: StoreFault::Unreadable, .. })));
    assert_eq!(vault.grant(two).await.unwrap().access.unwrap().token.expose(), "access-2");
}

#[tokio::test]
async fn a_newer_schema_and_a_newer_key_file_are_refused() {
    let place = Place::new();
    with_login(&place).await;
    let text = fs::read_to_string(place.folder.wrapped_key()).unwrap();
    fs::write(place.folder.wrapped_key(), text.replace("\"version\": 1", "\"version\": 2")).unwrap();
    assert!(matches!(has_login(&place).await, Err(StoreError { kind: StoreFault::Newer { found: 2, known: 1 }, .. })));
    fs::write(place.folder.wrapped_key(), text).unwrap();
    place.sqlite().execute_batch("PRAGMA user_version = 14").unwrap();
    assert!(matches!(
        has_login(&place).await,
        Err(StoreError { kind: StoreFault::Newer { found: 14, known: 13 }, .. })
    ));
}

#[tokio::test]
async fn a_database_and_a_key_of_two_vaults_are_not_mixed() {
    let (one, two) = (Place::new(), Place::new());
    with_login(&one).await;
    with_login(&two).await;
    fs::copy(two.folder.wrapped_key(), one.folder.wrapped_key()).unwrap();
    fs::copy(two.folder.key_file(), one.folder.key_file()).unwrap();
    assert!(key_error(has_login(&one).await).contains("another vault"));
}

#[tokio::test]
async fn loose_modes_are_repaired_with_a_word_and_new_files_are_private() {
    let place = Place::new();
    with_login(&place).await;
    fs::set_permissions(place.folder.database(), Permissions::from_mode(0o664)).unwrap();
    fs::set_permissions(place.folder.vault(), Permissions::from_mode(0o755)).unwrap();
    let repairs = place.vault().await.repairs().to_vec();
    assert_eq!(repairs.iter().map(|repair| repair.was).collect::<Vec<_>>(), [0o755, 0o664]);
    assert_eq!(place.vault().await.repairs(), []);
    each_file(place.folder.home(), &mut |path, mode| {
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
    });
}

#[tokio::test]
async fn a_loose_folder_of_someone_else_is_refused() {
    let place = Place::new();
    with_login(&place).await;
    if !rustix::process::geteuid().is_root() {
        // Only root can give a file away; for others the refusal is tested through a folder that is not theirs.
        let theirs = tokenward_vault::Folder::new("/");
        let other = Place { folder: theirs, ..Place::new() };
        assert!(other.try_vault().await.is_err());
        return;
    }
    std::os::unix::fs::chown(place.folder.database(), Some(12_345), None).unwrap();
    fs::set_permissions(place.folder.database(), Permissions::from_mode(0o644)).unwrap();
    assert!(
        matches!(has_login(&place).await, Err(StoreError { kind: StoreFault::NotPrivate { allowed }, .. }) if allowed == "644")
    );
}

fn each_file(folder: &Path, see: &mut dyn FnMut(&Path, u32)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        see(&path, metadata.mode());
        if metadata.is_dir() {
            each_file(&path, see);
        }
    }
}

/// What earlier versions left where a creation met a full disk: the head of a database, its log under the name of the draft, and `key.json`
/// or not.
#[tokio::test]
async fn a_database_that_was_never_finished_is_made_anew() {
    for (whole_key, torn) in [(true, 4096), (true, 8192), (true, 0), (false, 4096), (false, 0)] {
        let place = Place::new();
        place.vault().await.info().await.unwrap();
        place.vault().await.close_connections().await.unwrap();
        let database = fs::read(place.folder.database()).unwrap();
        fs::write(place.folder.database(), &database[..torn]).unwrap();
        if torn > 0 {
            fs::write(place.folder.vault().join("vault.db.new-wal"), vec![7; 70_072]).unwrap();
        }
        if !whole_key {
            fs::remove_file(place.folder.wrapped_key()).unwrap();
        }
        assert!(!has_login(&place).await.unwrap(), "{whole_key} {torn}");
        with_login(&place).await;
        assert!(has_login(&place).await.unwrap(), "{whole_key} {torn}");
        assert!(!place.folder.vault().join("vault.db.new-wal").exists());
        assert_eq!(place.folder.vault().join("vault.db.torn").exists(), torn > 0, "put aside, not removed");
    }
}

/// The same, with any one trace of a login: that is damage.
#[tokio::test]
async fn a_torn_database_beside_a_trace_of_a_login_is_told_and_left_as_it_is() {
    let traces: [(&str, &[u8]); 6] = [
        ("handout/work", b"sealed"),
        ("locks/0199c0de-0000-7000-8000-000000000000", b""),
        ("locks/name.work", b""),
        ("rescue", &[1; 100]),
        ("vault.db-wal", &[7; 4096]),
        ("restored.json", b"{}"),
    ];
    for (trace, content) in traces {
        for torn in [0, 4096] {
            let place = Place::new();
            place.vault().await.info().await.unwrap();
            place.vault().await.close_connections().await.unwrap();
            let database = fs::read(place.folder.database()).unwrap();
            fs::write(place.folder.database(), &database[..torn]).unwrap();
            fs::write(place.folder.vault().join("vault.db.new-wal"), vec![7; 70_072]).unwrap();
            fs::write(place.folder.vault().join(trace), content).unwrap();
            fs::set_permissions(place.folder.vault().join(trace), Permissions::from_mode(0o600)).unwrap();
            unreadable(has_login(&place).await);
            assert_eq!(fs::read(place.folder.database()).unwrap(), &database[..torn], "{trace}");
            assert_eq!(fs::read(place.folder.vault().join(trace)).unwrap(), content, "{trace}");
        }
    }
}
