//! A vault that the version before this engine left behind, as its files lay on the disk (schema 5, written through sqlx on 2026-11-29):
//! it opens, and every login in it is alive. `data/schema-5` holds them; its key seals nothing but what a test made up.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tokenward_core::ports::{AppData, AppDataKey, Committed, Grants, Journal, Leases, LinkBook, LoginAnswers, Logins};
use tokenward_core::{Generation, GrantId, RefreshToken, Seat, SecretBytes, Standing};
use tokenward_vault::SqliteVault;
use tokenward_vault::suite::{answer, draft, holder, named, rotation, soon};

use crate::place::Place;

fn left_behind() -> Place {
    let place = Place::new();
    fs::create_dir_all(place.folder.vault()).unwrap();
    for name in ["vault.db", "key", "key.json"] {
        let file = place.folder.vault().join(name);
        fs::copy(format!("{}/tests/data/schema-5/{name}", env!("CARGO_MANIFEST_DIR")), &file).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    }
    place
}

async fn of(vault: &SqliteVault, profile: &str) -> GrantId {
    vault.grant_of(&profile.parse().unwrap()).await.unwrap().unwrap()
}

/// Spends the refresh token that is there, and stores what it brings.
async fn rotated(vault: &SqliteVault, id: GrantId, tag: &str) {
    let before = vault.grant(id).await.unwrap().generation;
    let Some(lease) = vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap().lease()
    else {
        panic!("nobody else is here")
    };
    let intent = vault.begin(&lease, draft(before)).await.unwrap().intent();
    vault.keep_answer(intent, &answer("{}")).await.unwrap();
    assert_eq!(
        vault.commit(None, intent, rotation(tag)).await.unwrap().committed,
        Committed::Generation(before.next())
    );
    vault.release(lease).await.unwrap();
    let copy = vault.copy(id).await.unwrap();
    assert_eq!(copy.refresh.unwrap().expose(), format!("refresh-{tag}"));
    assert_eq!(copy.grant.access.unwrap().token.expose(), format!("access-{tag}"));
}

#[tokio::test]
async fn a_vault_of_the_engine_before_opens_with_every_login_alive() {
    let place = left_behind();
    let vault = place.vault().await;
    let by = holder("here", 1);
    let refresh = async |id| vault.copy(id).await.unwrap().refresh.map(|token| token.expose().to_owned());
    let all = vault.grants().await.unwrap();
    assert_eq!(all.len(), 5);
    assert!(vault.damaged_logins().await.unwrap().is_empty());
    assert!(vault.examine().await.unwrap().damage.is_empty());
    let alive = all.iter().filter(|grant| grant.standing == Standing::Live).count();
    assert_eq!(alive, 4, "and one was logged out");

    // An adoption on trial; the set that it put aside comes back.
    let work = of(&vault, "work").await;
    let adopted = vault.grant(work).await.unwrap();
    assert_eq!((adopted.generation, adopted.on_trial), (Generation::new(3), true));
    assert_eq!(refresh(work).await.unwrap(), "refresh-b");
    assert_eq!(vault.take_back(work, None, &by).await.unwrap(), Some(Generation::new(4)));
    let back = vault.grant(work).await.unwrap();
    assert_eq!((back.access.unwrap().token.expose(), back.subject), ("access-2", Some(named("ou_1"))));
    assert_eq!(refresh(work).await.unwrap(), "refresh-2");
    rotated(&vault, work, "w").await;

    // A spend that is open, with an answer that nobody has read.
    let other = of(&vault, "other").await;
    let open = vault.open_intents(other).await.unwrap();
    assert_eq!(open[0].answer, Some(answer("{unread}")));
    assert_eq!(
        vault.commit(None, open[0].id, rotation("8")).await.unwrap().committed,
        Committed::Generation(Generation::new(2))
    );
    rotated(&vault, other, "o").await;

    // Links, with what was delivered and what went wrong.
    let shown = of(&vault, "shown").await;
    let links = vault.links(Some(&"shown".parse().unwrap())).await.unwrap();
    let receipt = links[0].receipt.unwrap();
    assert_eq!((links.len(), receipt.grant, receipt.at), (2, shown, soon(2)));
    assert_eq!(links[1].trouble.as_ref().unwrap().words, "it is not there");
    assert_eq!(vault.grant(shown).await.unwrap().access.unwrap().token.expose(), "access-5");
    rotated(&vault, shown, "s").await;

    // One without a profile, another user's.
    let aside = all.iter().find(|grant| grant.profile.is_none() && grant.standing == Standing::Live).unwrap();
    assert_eq!((refresh(aside.id).await.unwrap().as_str(), &aside.subject), ("refresh-9", &Some(named("ou_9"))));
    rotated(&vault, aside.id, "a").await;

    // One that was logged out: known for ever, and gone.
    let gone = RefreshToken::parse("refresh-3").unwrap();
    let (gone, _) = vault.recognise(&gone).await.unwrap().known.unwrap();
    assert!(matches!(vault.grant(gone).await.unwrap().standing, Standing::Retired { .. }));
    assert_eq!(refresh(gone).await, None);

    // And what lies around the logins.
    let secret = AppDataKey::AppSecret("notes".parse().unwrap());
    assert_eq!(vault.recall_one(&secret).await.unwrap(), Some((SecretBytes::new(b"secret".to_vec()), None)));
    assert_eq!(vault.login_answers().await.unwrap()[0].answer, answer("{login}"));
}
