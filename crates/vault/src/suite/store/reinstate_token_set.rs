//! Refresh tokens of sets that gave way: adopted once more, they bring their sets back.

use tokenward_core::ports::{Adopted, Adoption, Claim, Committed, Store, Wished};
use tokenward_core::{Event, Generation, GrantId, Standing};

use super::adoptions::{dead, events, generation, logged_in, present, refused, spent, token, whole, wished_back};
use super::leases::leased;
use crate::suite::Stand;
use crate::suite::fixtures::{adoption, holder, login, named, rotation, soon};

async fn wished(vault: &dyn Store, tag: &str) -> Wished {
    let token = vault.recognise(&token(tag)).await.unwrap();
    vault.take_back_token(&token, "stdin", &holder("here", 4)).await.unwrap()
}

async fn refuse(vault: &dyn Store, id: GrantId, tag: &str) -> Option<Generation> {
    let intent = spent(vault, id, tag).await;
    vault.take_back(id, Some((intent, refused())), &holder("here", 2)).await.unwrap()
}

/// Whichever of them it is, it is present and on trial, and nothing that gave way is lost: refused, each gives way in its turn.
pub async fn the_token_of_a_set_that_gave_way_brings_it_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let first = whole(&vault.grant(id).await.unwrap());
    vault.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    vault.adopt(adoption("work", "c", Some("ou_1"))).await.unwrap();
    assert_eq!(wished(&*vault, "1").await, Wished::Back(generation(4)));
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((whole(&grant), present(&*vault, id).await.as_str(), grant.on_trial), (first.clone(), "1", true));
    let fingerprint = vault.recognise(&token("1")).await.unwrap().fingerprint;
    let told = Event::Adopted { source: "stdin".to_owned(), fingerprint, replaced: Some(generation(3)) };
    assert_eq!(events(&*vault, id).await[0], told);
    // The present one is not brought back from anywhere; nor is one that was never here.
    for tag in ["1", "never"] {
        assert_eq!(wished(&*vault, tag).await, Wished::NotAside, "{tag}");
    }
    assert_eq!(wished(&*vault, "b").await, Wished::Back(generation(5)));
    assert_eq!(present(&*vault, id).await, "b");
    assert_eq!(refuse(&*vault, id, "b").await, Some(generation(6)));
    assert_eq!((whole(&vault.grant(id).await.unwrap()), present(&*vault, id).await.as_str()), (first, "1"));
    assert_eq!(refuse(&*vault, id, "1").await, Some(generation(7)));
    let intent = spent(&*vault, id, "c").await;
    assert_eq!(
        vault.commit(None, intent, rotation("d")).await.unwrap().committed,
        Committed::Generation(generation(8))
    );
    // A person's wish finds what the last one replaced.
    let other = vault.log_in(login("other", "2", None)).await.unwrap().id();
    for tag in ["e", "f"] {
        vault.adopt(adoption("other", tag, None)).await.unwrap();
    }
    assert_eq!(wished(&*vault, "2").await, Wished::Back(generation(4)));
    assert_eq!(wished_back(&*vault, other).await, Some(generation(5)));
    assert_eq!(present(&*vault, other).await, "f");
    // Of one that was brought in spite of its user, the name alone had changed hands.
    let brought = Adoption { claim: Claim::OfAnyUser, ..adoption("work", "g", Some("ou_2")) };
    let id = brought.id;
    assert!(matches!(vault.adopt(brought).await.unwrap(), Adopted::TookOver { .. }));
    assert_eq!(wished(&*vault, "d").await, Wished::NotAside);
    assert_eq!(present(&*vault, id).await, "g");
}

/// What gives way may be another user's, whom nobody has named: it becomes a login of its own, and its token is known as that one's.
pub async fn a_set_under_one_of_nobody_knows_whom_comes_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    for tag in ["b", "c"] {
        vault.adopt(adoption("work", tag, None)).await.unwrap();
    }
    assert!(vault.grant(id).await.unwrap().unproven);
    let Wished::Back(number) = wished(&*vault, "1").await else { panic!("it was put aside") };
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.generation, grant.unproven, present(&*vault, id).await.as_str()), (number, false, "1"));
    assert_eq!(grant.subject, Some(named("ou_1")));
    assert_eq!(vault.recognise(&token("1")).await.unwrap().known, Some((id, number)));
    let (apart, _) = vault.recognise(&token("c")).await.unwrap().known.unwrap();
    let apart = vault.grant(apart).await.unwrap();
    assert_eq!((apart.profile, &apart.standing, apart.subject), (None, &Standing::Live, None));
    assert_eq!(present(&*vault, apart.id).await, "c");
    // The one in between is still there, of nobody knows whom, as it was.
    assert!(matches!(wished(&*vault, "b").await, Wished::Back(_)));
    assert_eq!((vault.grant(id).await.unwrap().unproven, present(&*vault, id).await.as_str()), (true, "b"));
    assert_eq!(refuse(&*vault, id, "b").await.map(|_| ()), Some(()));
    assert_eq!((vault.grant(id).await.unwrap().unproven, present(&*vault, id).await.as_str()), (false, "1"));
}

/// Refused, dead before it gave way, replaced by a person's own login, logged out: nothing is changed.
pub async fn a_set_that_was_ended_does_not_come_back(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", Some("ou_1"))).await.unwrap();
    assert_eq!(refuse(&*vault, id, "b").await, Some(generation(3)));
    let first = spent(&*vault, id, "1").await;
    vault.close(None, first, refused(), Some(dead())).await.unwrap();
    vault.adopt(adoption("work", "c", Some("ou_1"))).await.unwrap();
    let same = |grant: &tokenward_core::Grant| (whole(grant), grant.generation);
    let before = same(&vault.grant(id).await.unwrap());
    for tag in ["b", "1"] {
        assert_eq!(wished(&*vault, tag).await, Wished::Over, "{tag}");
    }
    assert_eq!(same(&vault.grant(id).await.unwrap()), before);
    vault.log_in(login("work", "3", Some(named("ou_1")))).await.unwrap();
    let before = same(&vault.grant(id).await.unwrap());
    for tag in ["b", "1", "c"] {
        assert_eq!(wished(&*vault, tag).await, Wished::Over, "{tag}");
    }
    // A token that was simply used up was not put aside.
    let intent = spent(&*vault, id, "3").await;
    vault.commit(None, intent, rotation("4")).await.unwrap();
    assert_ne!(same(&vault.grant(id).await.unwrap()), before);
    assert_eq!(wished(&*vault, "3").await, Wished::NotAside);
    vault.adopt(adoption("work", "d", Some("ou_1"))).await.unwrap();
    let lease = leased(&*vault, id, &holder("here", 1)).await;
    vault.retire(&lease, soon(9), false).await.unwrap();
    for tag in ["b", "1", "c", "4", "d"] {
        assert_eq!(wished(&*vault, tag).await, Wished::NotAside, "{tag}");
    }
    assert!(matches!(stand.open().await.grant(id).await.unwrap().standing, Standing::Retired { .. }));
}
