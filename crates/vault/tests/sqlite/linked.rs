//! Links beside a change of the vault's keys, and in a backup.

use std::fs;

use crate::place::Place;
use tokenward_core::ports::{Grants, LinkBook, Logins};
use tokenward_core::{Generation, Receipt};
use tokenward_vault::suite::{TestEntropy, adoption, holder, login, named, new_link, soon};
use tokenward_vault::{BackupKey, restore, stamp};

/// Links, receipts and what can be taken back outlive a change of the data key, and a backup.
#[tokio::test]
async fn links_and_sets_put_aside_outlive_a_new_key_and_a_backup() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
    let file = place.root.path().join("file");
    fs::write(&file, "REFRESH=refresh-1\n").unwrap();
    let link = vault.link(new_link("work", file.to_str().unwrap()), &holder("here", 1)).await.unwrap().id;
    let receipt = Receipt { grant: id, generation: Generation::FIRST, at: soon(0), stamp: stamp(&file).unwrap() };
    vault.receipt(link, receipt, None).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let links = vault.links(None).await.unwrap();
    vault.renew_data_key().await.unwrap();
    let (file, key) = (place.root.path().join("backup"), BackupKey::fresh(&TestEntropy));
    vault.backup(&file, &key).await.unwrap();
    let fresh = Place::new();
    restore(&fresh.folder, &file, &key, &fresh.sources, false, &fresh.clock, &TestEntropy).await.unwrap();
    for place in [&place, &fresh] {
        let vault = place.vault().await;
        assert_eq!(vault.links(None).await.unwrap(), links);
        assert!(vault.grant(id).await.unwrap().on_trial);
        let back = vault.take_back(id, None, &holder("here", 1)).await.unwrap();
        assert_eq!(back, Some(Generation::new(3)));
        assert_eq!(vault.copy(id).await.unwrap().refresh.unwrap().expose(), "refresh-1");
    }
}
