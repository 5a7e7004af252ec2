//! The fast path: what is served from the hand-out file, and what is not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use crate::place::{Place, ending, ending_draft};
use jiff::Timestamp;
use tokenward::hand_out::{self, HandOutFiles};
use tokenward_core::ports::{
    AppData, AppDataKey, Attempt, GrantRequestState, Grants, HandOuts, Journal, Leases, Logins, NewLogin, NoHandOuts,
    ShowOutcome, Stored,
};
use tokenward_core::{
    Brand, Closing, Generation, GrantId, Lease, ProfileName, ProviderName, Registration, Seat, SecretBytes,
};
use tokenward_keeper::Showing;
use tokenward_vault::suite::{TestEntropy, draft, holder, login, named, rotation, soon};

fn work() -> ProfileName {
    "work".parse().unwrap()
}

fn token(place: &Place, now: Timestamp) -> Option<String> {
    let found = hand_out::read(&place.folder, &work(), &place.sources, now)?;
    Some(found.access.token.expose().to_owned())
}

async fn leased(vault: &Showing, id: GrantId) -> Lease {
    match vault.hold(&Seat::Grant(id), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
        Attempt::Held(held) => held.lease,
        busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
    }
}

async fn dying(place: &Place) -> Showing {
    place.door().by(ending()).opened().await.1
}

#[tokio::test]
async fn served_from_a_minute_before_its_birth_until_it_is_due() {
    let place = Place::new();
    let vault = place.vault().await;
    assert_eq!(token(&place, soon(1)), None);
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let found = hand_out::read(&place.folder, &work(), &place.sources, soon(1)).unwrap();
    assert_eq!((found.grant, found.generation), (id, Generation::FIRST));
    assert_eq!((found.access.obtained, found.access.expires, found.due_at), (soon(0), soon(7200), soon(6900)));
    assert!(token(&place, soon(-60)).is_some() && token(&place, soon(6899)).is_some());
    assert!(token(&place, soon(-61)).is_none() && token(&place, soon(6900)).is_none());
}

#[tokio::test]
async fn follows_every_rotation_and_login() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-1"), "the old token lives on under these rules");
    vault.commit(None, intent, rotation("2")).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-2"));
    vault.log_in(login("work", "3", None)).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-3"));
    vault.log_in(login("work", "4", Some(named("ou_4")))).await.unwrap();
    vault.log_in(login("work", "x", Some(named("ou_x")))).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-4"), "without a yes the name stays its user's");
    let replacing = NewLogin { replace_user: true, ..login("work", "5", Some(named("ou_5"))) };
    vault.log_in(replacing).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-5"));
    // The grant that lost the name publishes nothing under it.
    let late = vault.begin(&lease, draft(Generation::new(4))).await.unwrap().intent();
    vault.commit(None, late, rotation("6")).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-5"));
}

#[tokio::test]
async fn gone_before_a_logout() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    vault.retire(&lease, soon(1), false).await.unwrap();
    assert!(!place.folder.handout(&work()).exists());
    vault.grant(id).await.unwrap();
    assert!(!place.folder.handout(&work()).exists());
}

#[tokio::test]
async fn gone_once_a_person_is_needed_so_that_the_long_way_says_so() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    let code = tokenward_core::Code::RefreshTokenRefused;
    let standing = tokenward_core::Standing::NeedsConsent { since: soon(1), code, provider_code: None };
    vault.close(None, intent, Closing::Refused { code, provider_code: None }, Some(standing)).await.unwrap();
    assert_eq!(token(&place, soon(2)), None);
    let grant = vault.grant(id).await.unwrap();
    assert_eq!(grant.access.unwrap().token.expose(), "access-1");
    assert_eq!(token(&place, soon(2)), None);
}

#[tokio::test]
async fn gone_before_a_spend_that_ends_the_old_token_and_back_when_it_was_not_spent() {
    let place = Place::new();
    let vault = dying(&place).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    assert!(token(&place, soon(2)).is_some());
    let intent = vault.begin(&lease, ending_draft(Generation::FIRST, "work")).await.unwrap().intent();
    assert_eq!(token(&place, soon(2)), None);
    vault.grant(id).await.unwrap();
    assert_eq!(token(&place, soon(2)), None);
    vault.close(None, intent, Closing::Unsent { reason: "no route".to_owned() }, None).await.unwrap();
    vault.grant(id).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-1"));
}

#[tokio::test]
async fn mended_by_the_long_way_when_it_is_missing_stale_or_damaged() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let path = place.folder.handout(&work());
    let first = fs::read(&path).unwrap();
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.commit(None, intent, rotation("2")).await.unwrap();
    for damage in [None, Some(first), Some(b"garbage".to_vec())] {
        match damage {
            Some(bytes) => fs::write(&path, bytes).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        assert_ne!(token(&place, soon(2)).as_deref(), Some("access-2"));
        place.vault().await.grant(id).await.unwrap();
        assert_eq!(token(&place, soon(2)).as_deref(), Some("access-2"));
    }
}

/// Of hundreds that read after one refresh one writes the copy, and nobody waits for anybody.
#[tokio::test]
async fn a_reader_mends_it_alone_and_waits_for_nobody_who_does() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let (file, lock) = (place.folder.handout(&work()), place.folder.handout_lock(&work()));
    let (one, other) = (place.vault().await, place.vault().await);
    fs::remove_file(&file).unwrap();
    let taken = fs::File::open(&lock).unwrap();
    taken.lock().unwrap();
    let before = fs::read(&lock).unwrap();
    one.grant(id).await.unwrap();
    assert_eq!((token(&place, soon(2)), fs::read(&lock).unwrap()), (None, before), "left to whoever is at it");
    drop(taken);
    one.grant(id).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-1"), "it was not taken for mended");
    // Each writing seals anew, under a nonce of its own.
    let sealed = fs::read(&file).unwrap();
    other.grant(id).await.unwrap();
    assert_eq!(fs::read(&file).unwrap(), sealed, "what is in step is not written again");
}

/// The same where another reader has mended it between the look at it and its lock.
#[tokio::test]
async fn what_another_reader_has_mended_meanwhile_is_not_written_again() {
    let place = Place::new();
    let (store, vault) = place.door().opened().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let files = HandOutFiles::new(store.beside(), Arc::new(place.clock.clone()), Arc::new(TestEntropy));
    let mark = files.mark();
    let (of, hand_out) = (Some((id, Generation::FIRST)), files.peek(&work()));
    let sealed = || fs::read(place.folder.handout(&work())).unwrap();
    let before = sealed();
    let stored = Stored { of, hand_out };
    assert_eq!(files.mend(&work(), &stored, &mark).await.unwrap(), ShowOutcome::Done);
    assert_eq!(sealed(), before);
    assert_eq!(files.show(&work(), &stored, &mark).await.unwrap(), ShowOutcome::Done);
    assert_ne!(sealed(), before, "showing writes");
}

#[tokio::test]
async fn ignored_under_another_name_with_another_key_and_when_others_can_read_it() {
    let place = Place::new();
    place.vault().await.log_in(login("work", "1", None)).await.unwrap();
    let path = place.folder.handout(&work());
    let other: ProfileName = "other".parse().unwrap();
    fs::copy(&path, place.folder.handout(&other)).unwrap();
    assert!(hand_out::read(&place.folder, &other, &place.sources, soon(1)).is_none());
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for file in [path.clone(), place.folder.key_file()] {
        mode(&file, 0o644);
        assert_eq!(token(&place, soon(1)), None);
        mode(&file, 0o600);
        assert!(token(&place, soon(1)).is_some());
    }
    let stranger = Place::new();
    stranger.vault().await.log_in(login("work", "9", None)).await.unwrap();
    fs::copy(stranger.folder.handout(&work()), &path).unwrap();
    assert_eq!(token(&place, soon(1)), None);
}

#[tokio::test]
async fn without_files_every_token_goes_the_long_way() {
    let place = Place::new();
    let (_, vault) = place.door().opened_with(Arc::new(TestEntropy), |_| Arc::new(NoHandOuts)).await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, ending_draft(Generation::FIRST, "work")).await.unwrap().intent();
    vault.commit(None, intent, rotation("2")).await.unwrap();
    assert_eq!(vault.grant(id).await.unwrap().access.unwrap().token.expose(), "access-2");
    vault.retire(&lease, soon(1), false).await.unwrap();
    assert!(!place.folder.handout(&work()).exists() && !place.folder.over(id).exists());
}

/// Another process acts when this one has sealed its hand-out file and not yet put it in place.
struct Interrupting {
    fills: std::sync::atomic::AtomicI64,
    act: std::sync::Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl tokenward_core::ports::Entropy for Interrupting {
    fn fill(&self, buffer: &mut [u8]) {
        use std::sync::atomic::Ordering;

        TestEntropy.fill(buffer);
        if self.fills.fetch_sub(1, Ordering::SeqCst) == 1
            && let Some(act) = self.act.lock().unwrap().take()
        {
            std::thread::spawn(act).join().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_is_overtaken_leaves_no_token_under_a_name_that_is_not_its_own_any_more() {
    for logged_out in [true, false] {
        let place = Place::new();
        let id = place.vault().await.log_in(login("work", "1", Some(named("ou_1")))).await.unwrap().id();
        let entropy = Arc::new(Interrupting {
            fills: std::sync::atomic::AtomicI64::new(i64::MAX),
            act: std::sync::Mutex::new(None),
        });
        let (_, writer) = place.door().opened_with(entropy.clone(), |files| Arc::new(files)).await;
        let lease = leased(&writer, id).await;
        let intent = writer.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
        let other = place.door();
        *entropy.act.lock().unwrap() = Some(Box::new(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let vault = other.opened().await.1;
                if logged_out {
                    vault.retire(&lease, soon(1), false).await.unwrap();
                } else {
                    let replacing = NewLogin { replace_user: true, ..login("work", "5", Some(named("ou_5"))) };
                    vault.log_in(replacing).await.unwrap();
                }
            });
        }));
        // Two seals of the commit, and the hand-out's.
        entropy.fills.store(3, std::sync::atomic::Ordering::SeqCst);
        writer.commit(None, intent, rotation("2")).await.unwrap();
        assert!(entropy.act.lock().unwrap().is_none());
        let expected = if logged_out { None } else { Some("access-5") };
        assert_eq!(token(&place, soon(2)).as_deref(), expected);
    }
}

/// Where a grant request may end the token that is there, nobody serves it while the grant request is open; a user's name hands out that
/// user's token alone, and an app's or a long name is a file's name like any other.
#[tokio::test]
async fn names_with_a_user() {
    let place = Place::new();
    let vault = dying(&place).await;
    let long = work().of_user(&"王".repeat(85).parse().unwrap());
    for (name, user) in [
        (work().of_user(&"alice".parse().unwrap()), Some("alice".to_owned())),
        (work().of_user(&"a/b:c~".parse().unwrap()), Some("a/b:c~".to_owned())),
        (work().of_app(), None),
        (long, Some("王".repeat(85))),
    ] {
        let served = || hand_out::read(&place.folder, &name, &place.sources, soon(2));
        vault.log_in(login(name.as_str(), "1", user.as_deref().map(named))).await.unwrap();
        assert!(served().is_some(), "{name}");
        let lease =
            match vault.hold(&Seat::Name(name.clone()), &holder("here", 1), Duration::from_secs(30)).await.unwrap() {
                Attempt::Held(held) => held.lease,
                busy @ Attempt::Busy { .. } => panic!("{busy:?}"),
            };
        vault.record_grant_request(&lease, GrantRequestState::Open).await.unwrap();
        assert!(served().is_none(), "{name}");
        let id = vault.grant_of(&name).await.unwrap().unwrap();
        vault.grant(id).await.unwrap();
        assert!(served().is_none(), "{name}: reading does not mend it while the question is open");
        vault.record_grant_request(&lease, GrantRequestState::Withdrawn).await.unwrap();
        assert!(served().is_some(), "{name}");
        vault.release(lease).await.unwrap();
    }
    let alice = work().of_user(&"alice".parse().unwrap());
    for stranger in [Some(named("bob")), None] {
        let place = Place::new();
        let vault = place.vault().await;
        let id = vault.log_in(login(alice.as_str(), "1", stranger)).await.unwrap().id();
        vault.grant(id).await.unwrap();
        assert!(hand_out::read(&place.folder, &alice, &place.sources, soon(2)).is_none());
        vault.name_subject(id, &named("alice")).await.unwrap();
        vault.grant(id).await.unwrap();
        assert!(hand_out::read(&place.folder, &alice, &place.sources, soon(2)).is_some());
    }
}

#[tokio::test]
async fn an_access_token_that_was_called_dead_is_gone_for_everybody_until_the_next_generation() {
    let place = Place::new();
    let vault = place.vault().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let other = place.vault().await;
    other.grant(id).await.unwrap();
    assert!(token(&place, soon(2)).is_some());
    vault.access_refused(id, Generation::FIRST, Some(20_005), &holder("here", 1)).await.unwrap();
    assert_eq!(token(&place, soon(2)), None);
    for vault in [&vault, &other, &place.vault().await] {
        let grant = vault.grant(id).await.unwrap();
        assert!(grant.access.unwrap().remaining(tokenward_core::ports::Clock::now(&place.clock)).is_zero());
        assert_eq!(token(&place, soon(2)), None);
    }
    let told = vault.journal(id, 1).await.unwrap();
    assert_eq!(told[0].event, tokenward_core::Event::AccessRefused { provider_code: Some(20_005) });
    // Another generation's token is not meant, and the next one is good again.
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.commit(None, intent, rotation("2")).await.unwrap();
    vault.access_refused(id, Generation::FIRST, None, &holder("here", 1)).await.unwrap();
    assert_eq!(token(&place, soon(2)).as_deref(), Some("access-2"));
}

/// A backup of the folder alone brings a hand-out file back after the login was ended.
#[tokio::test]
async fn a_hand_out_file_that_is_put_back_after_the_logout_is_not_served() {
    let place = Place::new();
    let (raw, vault) = place.door().opened().await;
    let files = HandOutFiles::new(raw.beside(), Arc::new(place.clock.clone()), Arc::new(TestEntropy));
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let file = place.folder.handout(&work());
    let kept = fs::read(&file).unwrap();
    assert!(files.at_once(&work()).is_some());
    vault.retire(&leased(&vault, id).await, soon(2), false).await.unwrap();
    let put_back = || {
        fs::write(&file, &kept).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    };
    put_back();
    assert_eq!(token(&place, soon(3)), None);
    assert!(files.at_once(&work()).is_none());
    // The login that follows is another one.
    vault.log_in(login("work", "2", None)).await.unwrap();
    assert_eq!(token(&place, soon(3)).as_deref(), Some("access-2"));
    put_back();
    assert_eq!(token(&place, soon(3)), None);
}

/// A process that has its token at hand sees what another one does to the file, whenever that is.
#[tokio::test]
async fn what_was_read_is_served_only_while_it_is_what_stands_there() {
    let place = Place::new();
    let (raw, vault) = place.door().opened().await;
    let files = HandOutFiles::new(raw.beside(), Arc::new(place.clock.clone()), Arc::new(TestEntropy));
    let served = || files.at_once(&work()).map(|found| found.access.token.expose().to_owned());
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let mark = files.mark();
    let stored = |number: u64| {
        let mut hand_out = files.peek(&work()).unwrap();
        hand_out.generation = Generation::new(number);
        hand_out.access.token = tokenward_core::AccessToken::parse(format!("access-{number}")).unwrap();
        Stored { of: Some((id, hand_out.generation)), hand_out: Some(hand_out) }
    };
    // Written over in place, as long as before, and sooner than the disk's clock ticks.
    for number in 2..9 {
        files.show(&work(), &stored(number), &mark).await.unwrap();
        assert_eq!(served(), Some(format!("access-{number}")));
    }
    // By now it is remembered.
    std::thread::sleep(Duration::from_millis(2200));
    for _ in 0..3 {
        assert_eq!(served().as_deref(), Some("access-8"));
    }
    let file = place.folder.handout(&work());
    let mode = |mode| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o644);
    assert_eq!(served(), None, "others can read it");
    mode(0o600);
    files.show(&work(), &stored(9), &mark).await.unwrap();
    assert_eq!(served().as_deref(), Some("access-9"));
    std::thread::sleep(Duration::from_millis(2200));
    for _ in 0..3 {
        assert_eq!(served().as_deref(), Some("access-9"));
    }
    vault.access_refused(id, Generation::FIRST, None, &holder("here", 1)).await.unwrap();
    assert_eq!(served(), None);
}

/// I4: neither the files nor what their locks say shows a token.
#[tokio::test]
async fn nothing_secret_is_readable_beside_the_vault() {
    let place = Place::new();
    let vault = place.door().by(ending()).opened().await.1;
    let id = vault.log_in(login("work", "first", None)).await.unwrap().id();
    let lease = leased(&vault, id).await;
    let look = || {
        let mut names = Vec::new();
        for folder in ["handout", "locks"] {
            for entry in fs::read_dir(place.folder.vault().join(folder)).unwrap().flatten() {
                let bytes = fs::read(entry.path()).unwrap();
                for secret in [&b"access-"[..], b"refresh-"] {
                    assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", entry.path().display());
                }
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", entry.path().display());
                names.push(entry.file_name().into_string().unwrap());
            }
        }
        names.sort();
        names
    };
    let (own, folder) = (id.to_string(), "folder".to_owned());
    let beside = || [own.clone(), folder.clone(), "handout.work".to_owned(), "handouts".to_owned()];
    assert_eq!(look(), sorted(beside(), &["work"]));
    let intent = vault.begin(&lease, ending_draft(Generation::FIRST, "work")).await.unwrap().intent();
    assert_eq!(look(), sorted(beside(), &[]));
    vault.commit(None, intent, rotation("second")).await.unwrap();
    assert_eq!(look(), sorted(beside(), &["work"]));
    vault.retire(&lease, soon(1), false).await.unwrap();
    assert_eq!(look(), sorted(beside(), &[&format!("over.{id}")]));
}

fn sorted<const N: usize>(names: [String; N], more: &[&str]) -> Vec<String> {
    let mut names: Vec<_> = names.into_iter().chain(more.iter().map(|&name| name.to_owned())).collect();
    names.sort();
    names
}

/// Which app a login is of is written down after it, and may be told otherwise later: each copy says it.
#[tokio::test]
async fn says_which_app_it_is_of() {
    let place = Place::new();
    let (store, vault) = place.door().opened().await;
    let id = vault.log_in(login("work", "1", None)).await.unwrap().id();
    let shown = || hand_out::read(&place.folder, &work(), &place.sources, soon(1));
    assert_eq!(shown().unwrap().registration, None, "nobody has said it");
    let grant = vault.grant(id).await.unwrap();
    let what = AppDataKey::Registrations(grant.app.clone());
    let entry = |client_id: &str| {
        let at = grant.consented.as_millisecond();
        let app = Registration::new(Some("feishu".to_owned()), client_id.to_owned(), None);
        SecretBytes::new(serde_json::to_vec(&serde_json::json!([{ "since": at, "app": app, "login": id }])).unwrap())
    };
    vault.keep(&what, &entry("cli_a"), None).await.unwrap();
    let found = shown().unwrap();
    assert_eq!(found.registration.as_ref().map(|own| &*own.client_id), Some("cli_a"));
    let hosts = Brand::Feishu.hosts();
    let is_of = |id, provider| found.is_of(&grant.app, id, provider, &hosts);
    assert!(is_of("cli_a", ProviderName::Feishu));
    assert!(!is_of("cli_b", ProviderName::Feishu) && !is_of("cli_a", ProviderName::OAuth2));
    // A rotation keeps it.
    let lease = leased(&vault, id).await;
    let intent = vault.begin(&lease, draft(Generation::FIRST)).await.unwrap().intent();
    vault.commit(None, intent, rotation("2")).await.unwrap();
    let shown = || hand_out::read(&place.folder, &work(), &place.sources, soon(2));
    assert_eq!(shown().unwrap().registration, found.registration);
    // A copy of before this was written down is not served, until the long way has been gone once.
    let file = place.folder.handout(&work());
    let (beside, name) = (store.beside(), b"work");
    let plain = beside.open("handout", name, &fs::read(&file).unwrap()).unwrap();
    let mut text: serde_json::Value = serde_json::from_slice(&plain).unwrap();
    assert!(text.as_object_mut().unwrap().remove("registration").is_some());
    fs::write(&file, beside.seal("handout", name, text.to_string().as_bytes())).unwrap();
    assert!(shown().is_none());
    place.vault().await.grant(id).await.unwrap();
    assert_eq!(shown().unwrap().registration, found.registration);
}
