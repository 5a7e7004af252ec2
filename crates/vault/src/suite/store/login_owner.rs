//! Whose a login is: another user's, nobody's that is told, and which profile points at it.

use tokenward_core::ports::{
    Adopted, Adoption, Claim, Committed, IdentityOutcome, NameGiven, NewLogin, Store, StoreError, StoreFault,
};
use tokenward_core::{AppName, Code, Event, Generation, ProfileName, Standing, TokenApi};

use super::adoptions::{dead, events, generation, logged_in, present, refused, spent, token, whole, wished_back};
use super::leases::leased;
use crate::suite::Stand;
use crate::suite::fixtures::{adoption, answer, holder, login, named, rotation, soon};

/// Nobody said yes: another user's login is a grant of its own, and the profile's serves on as it was.
pub async fn another_users_login_is_kept_aside_without_a_yes(stand: &dyn Stand) {
    let (vault, present) = logged_in(stand).await;
    let before = (whole(&vault.grant(present).await.unwrap()), events(&*vault, present).await);
    let brought = adoption("work", "b", Some("ou_2"));
    let id = brought.id;
    assert_eq!(vault.adopt(brought).await.unwrap(), Adopted::KeptAside { id, present });
    let vault = stand.open().await;
    assert_eq!(vault.grant_of(&"work".parse().unwrap()).await.unwrap(), Some(present));
    assert_eq!((whole(&vault.grant(present).await.unwrap()), events(&*vault, present).await), before);
    let kept = vault.grant(id).await.unwrap();
    assert_eq!((kept.profile, kept.subject, kept.has_refresh), (None, Some(named("ou_2")), true));
    // It is known from then on, and adopted by nobody.
    let known = Adopted::Known { grant: id, generation: Generation::FIRST };
    assert_eq!(vault.adopt(adoption("work", "b", None)).await.unwrap(), known);
    // A login that is over is its user's all the same.
    let intent = spent(&*vault, present, "1").await;
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    let again = vault.adopt(adoption("work", "c", Some("ou_2"))).await.unwrap();
    assert!(matches!(again, Adopted::KeptAside { .. }), "{again:?}");
}

/// A login whose user nobody told hands out nothing until somebody does; of the same user it is then the profile's.
pub async fn a_login_of_nobody_knows_whom_is_handed_out_once_it_is_told(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let mut brought = adoption("work", "b", None);
    brought.set.access = login("work", "b", None).set.access;
    vault.adopt(brought).await.unwrap();
    let grant = vault.grant(id).await.unwrap();
    assert!(grant.unproven && grant.access.is_none());
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert!(grant.unproven && grant.access.is_some(), "a turn proves that it lives, and not whose it is");
    let (aside, by) = (login("x", "x", None).id, holder("here", 1));
    let early = vault.told(id, generation(2), Some(&named("ou_1")), aside, &by).await.unwrap();
    assert_eq!(early, IdentityOutcome::Moved, "what was asked about is not the present set any more");
    let told = vault.told(id, generation(3), Some(&named("ou_1")), aside, &by).await.unwrap();
    assert_eq!((told, vault.grant(id).await.unwrap().unproven), (IdentityOutcome::Same, false));
    assert_eq!(vault.told(id, generation(3), Some(&named("ou_2")), aside, &by).await.unwrap(), IdentityOutcome::Moved);
    assert_eq!(vault.grants().await.unwrap().len(), 1);
}

/// I3: told to be another user's, or nobody's, it is moved out with all its tokens, and the login before it is back.
pub async fn a_login_that_turns_out_to_be_another_users_is_kept_aside(stand: &dyn Stand) {
    for subject in [Some(named("ou_2")), None] {
        let vault = stand.open().await;
        let name: tokenward_core::ProfileName = if subject.is_some() { "work" } else { "other" }.parse().unwrap();
        let tag = |end: &str| format!("{name}-{end}");
        let id = vault.log_in(login(name.as_str(), &tag("1"), Some(named("ou_1")))).await.unwrap().id();
        let before = whole(&vault.grant(id).await.unwrap());
        vault.adopt(adoption(name.as_str(), &tag("b"), None)).await.unwrap();
        let intent = spent(&*vault, id, &tag("b")).await;
        vault.commit(None, intent, rotation(&tag("c"))).await.unwrap();
        let (aside, by) = (login("x", "x", None).id, holder("here", 1));
        // While it is being refreshed its answer must find it.
        let open = spent(&*vault, id, &tag("c")).await;
        assert_eq!(vault.told(id, generation(3), subject.as_ref(), aside, &by).await.unwrap(), IdentityOutcome::Moved);
        vault.commit(None, open, rotation(&tag("d"))).await.unwrap();
        let told = vault.told(id, generation(4), subject.as_ref(), aside, &by).await.unwrap();
        let back = Some(generation(5));
        assert_eq!(told, IdentityOutcome::KeptAside { before: Some(named("ou_1")), aside, back });
        let vault = stand.open().await;
        assert_eq!(vault.told(id, generation(4), subject.as_ref(), aside, &by).await.unwrap(), IdentityOutcome::Moved);
        assert_eq!((whole(&vault.grant(id).await.unwrap()), present(&*vault, id).await), (before, tag("1")));
        assert!(!vault.grant(id).await.unwrap().unproven);
        let kept = vault.grant(aside).await.unwrap();
        assert_eq!((kept.profile, kept.subject, present(&*vault, aside).await), (None, subject.clone(), tag("d")));
        for (end, number) in [("b", 2), ("c", 3), ("d", 4)] {
            let known = vault.recognise(&token(&tag(end))).await.unwrap().known;
            assert_eq!(known, Some((aside, generation(number))), "a file that shows it is a file of that login");
        }
        let intent = spent(&*vault, aside, &tag("d")).await;
        assert_eq!(
            vault.commit(None, intent, rotation(&tag("e"))).await.unwrap().committed,
            Committed::Generation(generation(5))
        );
        let intent = spent(&*vault, id, &tag("1")).await;
        assert_eq!(
            vault.commit(None, intent, rotation(&tag("2"))).await.unwrap().committed,
            Committed::Generation(generation(6))
        );
    }
}

/// I7: as long as nobody says whose the present set is, what the profile's user had is there to be served.
pub async fn the_profiles_own_login_is_there_until_somebody_says_whose_the_next_is(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    assert!(vault.copy(id).await.unwrap().own.is_none(), "it is the present one");
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let has_own = async |vault: &dyn Store| {
        let copy = vault.copy(id).await.unwrap();
        assert!(copy.grant.unproven && copy.gave_way.is_none());
        let own = copy.own.expect("the profile's user's login serves meanwhile");
        assert_eq!((own.id, own.generation, own.subject), (id, generation(1), Some(named("ou_1"))));
        assert_eq!((own.access.unwrap().token.expose(), own.unproven, own.on_trial), ("access-1", false, false));
    };
    has_own(&*stand.open().await).await;
    // The program that keeps the file has written a newer one into it: two of nobody knows whom, one upon the other.
    vault.adopt(adoption("work", "d", None)).await.unwrap();
    let intent = spent(&*vault, id, "d").await;
    vault.commit(None, intent, rotation("e")).await.unwrap();
    has_own(&*stand.open().await).await;
    let present = vault.grant(id).await.unwrap();
    let (aside, by) = (login("x", "x", None).id, holder("here", 1));
    let told = vault.told(id, present.generation, Some(&named("ou_1")), aside, &by).await.unwrap();
    assert_eq!((told, vault.copy(id).await.unwrap().own.is_none()), (IdentityOutcome::Same, true));
}

/// A token of a set that was put aside serves meanwhile, until the provider calls it dead; what that set has besides stays.
pub async fn a_dead_token_of_the_profiles_own_login_does_not_serve(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let by = holder("here", 2);
    // While what was brought is on trial, and once it has rotated.
    for is_rotated in [false, true] {
        let name = if is_rotated { "home" } else { "work" };
        let id = if is_rotated {
            let id = vault.log_in(login(name, "h", Some(named("ou_1")))).await.unwrap().id();
            vault.adopt(adoption(name, "i", None)).await.unwrap();
            let intent = spent(&*vault, id, "i").await;
            vault.commit(None, intent, rotation("j")).await.unwrap();
            id
        } else {
            id
        };
        let aside = async || {
            let copy = stand.open().await.copy(id).await.unwrap();
            if is_rotated { copy.own.unwrap() } else { copy.gave_way.unwrap() }
        };
        assert!(aside().await.access.is_some(), "{name}");
        let present = vault.grant(id).await.unwrap();
        for _ in 0..2 {
            vault.access_refused(id, generation(1), Some(99_991_677), &by).await.unwrap();
            let aside = aside().await;
            assert!(aside.access.is_none() && aside.has_refresh, "{name}");
        }
        let told = Event::AccessRefused { provider_code: Some(99_991_677) };
        let told = vault.journal(id, 100).await.unwrap().into_iter().filter(|entry| entry.event == told);
        assert_eq!(told.map(|entry| entry.generation).collect::<Vec<_>>(), [generation(1)], "{name}: said once");
        assert_eq!(whole(&vault.grant(id).await.unwrap()), whole(&present), "{name}");
    }
}

/// What the profile's user had is over: nothing of it serves.
pub async fn a_login_that_is_over_does_not_serve_for_one_of_nobody_knows_whom(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let intent = spent(&*vault, id, "1").await;
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let copy = vault.copy(id).await.unwrap();
    assert!(copy.grant.unproven && copy.own.is_none() && copy.gave_way.is_none());
}

/// The profile's first login named nobody, and is not known to be its user's by now: it does not serve as that user's.
pub async fn a_set_of_nobody_at_all_does_not_serve_as_the_profiles_users(stand: &dyn Stand) {
    let vault = stand.open().await;
    let id = vault.log_in(login("work", "x", None)).await.unwrap().id();
    assert_eq!(vault.adopt(adoption("work", "a", Some("ou_1"))).await.unwrap(), Adopted::Renewed(id));
    let intent = spent(&*vault, id, "a").await;
    vault.commit(None, intent, rotation("a2")).await.unwrap();
    let intent = spent(&*vault, id, "a2").await;
    vault.close(None, intent, refused(), Some(dead())).await.unwrap();
    vault.adopt(adoption("work", "b", None)).await.unwrap();
    let intent = spent(&*vault, id, "b").await;
    vault.commit(None, intent, rotation("c")).await.unwrap();
    let copy = stand.open().await.copy(id).await.unwrap();
    assert!(copy.grant.unproven && copy.own.is_none(), "{:?}", copy.own);
}

/// I3: a set of which nobody has said whose it is gives way to a person's login, to one that is brought from elsewhere, and to a wish: it
/// becomes a grant of its own, with every token that was stored of it.
pub async fn a_set_of_nobody_knows_whom_is_kept_when_it_gives_way(stand: &dyn Stand) {
    for way in ["login", "replacing", "another", "wish"] {
        let vault = stand.open().await;
        let tag = |end: &str| format!("{way}-{end}");
        let id = vault.log_in(login(way, &tag("1"), Some(named("ou_1")))).await.unwrap().id();
        let count = vault.grants().await.unwrap().len();
        vault.adopt(adoption(way, &tag("b"), None)).await.unwrap();
        let intent = spent(&*vault, id, &tag("b")).await;
        vault.commit(None, intent, rotation(&tag("c"))).await.unwrap();
        match way {
            "login" => drop(vault.log_in(login(way, &tag("2"), Some(named("ou_1")))).await.unwrap()),
            "replacing" => {
                let new = NewLogin { replace_user: true, ..login(way, &tag("2"), Some(named("ou_2"))) };
                vault.log_in(new).await.unwrap();
            }
            "another" => {
                let brought = Adoption { source: "/elsewhere/.env".to_owned(), ..adoption(way, &tag("2"), None) };
                vault.adopt(brought).await.unwrap();
            }
            _ => assert!(wished_back(&*vault, id).await.is_some()),
        }
        let vault = stand.open().await;
        let (kept, _) = vault.recognise(&token(&tag("c"))).await.unwrap().known.unwrap();
        assert_ne!(kept, id, "{way}");
        assert_eq!(vault.recognise(&token(&tag("b"))).await.unwrap().known.unwrap().0, kept, "{way}");
        let grant = vault.grant(kept).await.unwrap();
        assert_eq!((grant.profile, grant.subject, grant.standing), (None, None, Standing::Live), "{way}");
        assert_eq!(present(&*vault, kept).await, tag("c"), "{way}");
        let before = vault.grant(id).await.unwrap();
        assert_eq!(before.subject, Some(named("ou_1")), "{way}");
        let more = if way == "replacing" { 2 } else { 1 };
        assert_eq!(vault.grants().await.unwrap().len(), count + more, "{way}");
        let intent = spent(&*vault, kept, &tag("c")).await;
        vault.commit(None, intent, rotation(&tag("d"))).await.unwrap();
    }
}

/// What the profile had cannot come back: it held no refresh token. It stays its user's all the same, who has to log in.
pub async fn a_profile_whose_set_could_not_be_put_aside_stays_its_users(stand: &dyn Stand) {
    for subject in [Some("ou_2"), Some("ou_1"), None] {
        let vault = stand.open().await;
        let name = subject.unwrap_or("nobody");
        let tag = |end: &str| format!("{name}-{end}");
        let mut old = login(name, &tag("1"), Some(named("ou_1")));
        (old.set.refresh, old.set.access) = (None, None);
        let id = vault.log_in(old).await.unwrap().id();
        vault.adopt(adoption(name, &tag("b"), None)).await.unwrap();
        assert!(vault.grant(id).await.unwrap().unproven);
        let intent = spent(&*vault, id, &tag("b")).await;
        vault.commit(None, intent, rotation(&tag("c"))).await.unwrap();
        let vault = stand.open().await;
        let grant = vault.grant(id).await.unwrap();
        assert!(grant.unproven && !grant.on_trial, "a turn proves that it lives, and not whose it is");
        let (aside, by) = (login("x", "x", None).id, holder("here", 1));
        let told = vault.told(id, generation(3), subject.map(named).as_ref(), aside, &by).await.unwrap();
        let grant = vault.grant(id).await.unwrap();
        assert_eq!((grant.unproven, grant.subject.clone()), (false, Some(named("ou_1"))));
        if subject == Some("ou_1") {
            assert_eq!((told, present(&*vault, id).await), (IdentityOutcome::Same, tag("c")));
            continue;
        }
        assert_eq!(told, IdentityOutcome::KeptAside { before: Some(named("ou_1")), aside, back: None });
        assert!(matches!(grant.standing, Standing::NeedsConsent { code: Code::NoRefreshToken, .. }), "{grant:?}");
        assert!(!grant.has_refresh && grant.access.is_none() && grant.generation == generation(4));
        assert_eq!(present(&*vault, aside).await, tag("c"));
    }
}

/// A login without a profile is given one; a name that another login has is taken by a yes alone, and can be given back.
pub async fn a_login_without_a_profile_is_given_one(stand: &dyn Stand) {
    let (vault, present) = logged_in(stand).await;
    let (work, ming) = ("work".parse().unwrap(), "ming".parse().unwrap());
    let id = vault.adopt(adoption("work", "b", Some("ou_2"))).await.unwrap().id();
    let by = holder("here", 1);
    assert_eq!(vault.give_name(id, &work, false, &by).await.unwrap(), NameGiven::Occupied { present });
    for _ in 0..2 {
        assert_eq!(vault.give_name(id, &ming, false, &by).await.unwrap(), NameGiven::Given);
    }
    assert_eq!(vault.grant_of(&ming).await.unwrap(), Some(id));
    assert!(
        matches!(vault.give_name(id, &work, true, &by).await, Err(StoreError { kind: StoreFault::Moved, .. })),
        "it has a name"
    );
    let other = vault.adopt(adoption("work", "c", Some("ou_3"))).await.unwrap().id();
    assert_eq!(vault.give_name(other, &work, true, &by).await.unwrap(), NameGiven::Taken { previous: present });
    let vault = stand.open().await;
    assert_eq!(vault.grant_of(&work).await.unwrap(), Some(other));
    assert_eq!(vault.grant(present).await.unwrap().profile, None);
    assert_eq!(wished_back(&*vault, other).await, Some(Generation::FIRST));
    assert_eq!(vault.grant_of(&work).await.unwrap(), Some(present));
}

/// A login that had an app's name alone becomes one of a real app: the tokens that live, and those that had their time, are its own as before.
pub async fn a_script_s_own_login_becomes_one_of_an_app(stand: &dyn Stand) {
    let vault = stand.open().await;
    let (own, work) = ("x.ini@0123456789abcdef".parse().unwrap(), "work".parse().unwrap());
    let by = holder("here", 1);
    let brought = adoption("x.ini@0123456789abcdef", "a", None);
    let app: AppName = "other".parse().unwrap();
    let id = vault.adopt(brought).await.unwrap().id();
    assert!(vault.hand_over(id, &app, &by).await.unwrap());
    assert!(!vault.hand_over(id, &app, &by).await.unwrap(), "it is of that app already");
    let vault = stand.open().await;
    let grant = vault.grant(id).await.unwrap();
    assert_eq!((grant.app, grant.profile, vault.grant_of(&own).await.unwrap()), (app, None, None));
    assert_eq!(present(&*vault, id).await, "a");
    assert_eq!(vault.give_name(id, &work, false, &by).await.unwrap(), NameGiven::Given);
    let lease = leased(&*vault, id, &by).await;
    vault.retire(&lease, soon(1), false).await.unwrap();
    assert!(!vault.hand_over(id, &"third".parse().unwrap(), &by).await.unwrap(), "it is over");
}

/// A login that lost its name remembers which it was, however it lost it. One that was kept aside never had any, also where a person
/// had logged in and where it stood for a moment in a profile's place.
pub async fn a_login_remembers_whose_name_it_had(stand: &dyn Stand) {
    let (vault, first) = logged_in(stand).await;
    let by = holder("here", 1);
    let (work, spare): (ProfileName, ProfileName) = ("work".parse().unwrap(), "spare".parse().unwrap());
    let had = async |id| stand.open().await.grant(id).await.unwrap().former_profile;
    assert_eq!(had(first).await, None, "it has its name");
    let aside = vault.log_in(login("work", "x", Some(named("ou_2")))).await.unwrap().id();
    let brought = vault.adopt(adoption("work", "y", Some("ou_3"))).await.unwrap().id();
    assert_eq!((had(aside).await, had(brought).await), (None, None));
    // By a login, an adoption, a wish for another login of the vault, and the wish to undo that.
    let second = NewLogin { replace_user: true, ..login("work", "2", Some(named("ou_2"))) };
    let second = vault.log_in(second).await.unwrap().id();
    assert_eq!(had(first).await.as_ref(), Some(&work));
    let third = Adoption { claim: Claim::OfAnyUser, ..adoption("work", "3", Some("ou_3")) };
    let third = vault.adopt(third).await.unwrap().id();
    assert_eq!(had(second).await.as_ref(), Some(&work));
    vault.give_name(aside, &work, true, &by).await.unwrap();
    assert_eq!(had(third).await.as_ref(), Some(&work));
    wished_back(&*vault, aside).await;
    assert_eq!((had(aside).await, vault.grant_of(&work).await.unwrap()), (Some(work.clone()), Some(third)));
    // The name that it had last; and by a logout.
    assert_eq!(vault.give_name(first, &spare, false, &by).await.unwrap(), NameGiven::Given);
    let lease = leased(&*vault, first, &by).await;
    vault.retire(&lease, soon(1), false).await.unwrap();
    assert_eq!(had(first).await.as_ref(), Some(&spare));
    // What stood in the profile's place, and turned out to be another user's, was never the profile's.
    vault.adopt(adoption("work", "n", None)).await.unwrap();
    let (apart, present) = (login("x", "z", None).id, vault.grant(third).await.unwrap());
    let told = vault.told(third, present.generation, Some(&named("ou_4")), apart, &by).await.unwrap();
    assert!(matches!(told, IdentityOutcome::KeptAside { aside, .. } if aside == apart), "{told:?}");
    assert_eq!((had(apart).await, had(third).await), (None, Some(work)));
}

/// Logins, those of users and answers get the new name together; one that is taken is left alone, and so is what merely begins so.
pub async fn all_that_is_kept_under_a_name_gets_another(stand: &dyn Stand) {
    let (vault, id) = logged_in(stand).await;
    let name = |text: &str| text.parse::<ProfileName>().unwrap();
    let (work, office) = (name("work"), name("office"));
    let mut others = Vec::new();
    for (profile, tag) in [("work:ada", "a"), ("work2", "b"), ("taken", "c")] {
        others.push(vault.log_in(login(profile, tag, Some(named(tag)))).await.unwrap().id());
    }
    let (app, api) = ("app".parse().unwrap(), TokenApi::V3);
    vault.keep_login_answer(&work, &app, api, &answer("kept")).await.unwrap();
    assert!(!vault.rename(&work, &name("taken")).await.unwrap());
    assert_eq!(vault.grant_of(&work).await.unwrap(), Some(id));
    assert!(vault.rename(&work, &office).await.unwrap());
    // It is as durable as it is whole.
    let vault = stand.open().await;
    let of = async |text: &str| vault.grant_of(&name(text)).await.unwrap();
    assert_eq!((of("work").await, of("office").await), (None, Some(id)));
    assert_eq!((of("work:ada").await, of("office:ada").await), (None, Some(others[0])));
    assert_eq!((of("work2").await, of("taken").await), (Some(others[1]), Some(others[2])));
    let answers = vault.login_answers().await.unwrap();
    assert_eq!((answers.len(), &answers[0].profile), (1, &office));
    assert!(vault.rename(&work, &name("nothing")).await.unwrap(), "there is nothing under that name any more");
}
