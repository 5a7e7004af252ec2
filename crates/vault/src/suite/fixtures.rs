//! The world a case runs in: a clock that stands still, ids, logins and answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{Adoption, Claim, Clock, Entropy, NewLogin, Store};
use tokenward_core::rotation_policy::{Change, Rotation};
use tokenward_core::{
    AbsentRefresh, Access, AccessToken, Format, Generation, GrantId, Holder, IntentDraft, IntentId, LocalProcess,
    NewLink, Node, OldAccess, Place, RawAnswer, RefreshEnd, RefreshToken, Replay, Rules, Scopes, SecretBytes, Slot,
    Subject, TokenApi, TokenSet,
};

/// A clock that moves when it is told to.
#[derive(Debug, Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl Default for TestClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(start().as_millisecond())))
    }
}

impl TestClock {
    /// Moves it ahead, or back.
    pub fn step(&self, by: jiff::SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

/// Bytes that never repeat within a process; enough for nonces and ids in tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct TestEntropy;

impl Entropy for TestEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = COUNTER.fetch_add(1, Ordering::SeqCst).wrapping_add(u64::from(std::process::id()) << 32);
            z = z.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

/// When the test clock starts.
///
/// # Panics
/// Never: the number is a time.
pub fn start() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("a literal time")
}

/// A moment after [`start`].
pub fn soon(seconds: i64) -> Timestamp {
    start() + jiff::SignedDuration::from_secs(seconds)
}

/// Rules in which the old access token lives on.
pub fn rules() -> Rules {
    Rules {
        old_access: OldAccess::Stays,
        absent_refresh: AbsentRefresh::Ends,
        replay: Replay::Harmless,
        margin: Duration::from_mins(5),
        jitter: Duration::ZERO,
        assumed_access: Duration::from_mins(115),
        assumed_refresh: Some(Duration::from_hours(168)),
        refresh_end: RefreshEnd::Sliding,
        wall: None,
        send_deadline: Duration::from_secs(30),
        rate: None,
    }
}

/// A process of one machine; processes of one `place` see each other.
pub fn holder(place: &str, pid: u32) -> Holder {
    Holder {
        node: Node { place: place.to_owned(), host: format!("host of {place}") },
        incarnation: u64::from(pid) << 20,
        process: Some(LocalProcess { pid, started: 7 }),
    }
}

/// A subject of that id.
pub fn named(id: &str) -> Subject {
    Subject { id: id.to_owned(), name: Some(format!("the one called {id}")), ..Subject::default() }
}

/// A login under a profile, bringing the tokens `access-<tag>` and `refresh-<tag>`.
///
/// # Panics
/// When the profile or tag cannot be one.
pub fn login(profile: &str, tag: &str, subject: Option<Subject>) -> NewLogin {
    NewLogin {
        answer: None,
        id: GrantId::new(start().as_millisecond().unsigned_abs(), random()),
        profile: profile.parse().expect("a profile's name"),
        app: "notes".parse().expect("an app's name"),
        set: TokenSet {
            access: Some(access(tag, start())),
            refresh: Some(refresh(tag)),
            refresh_expires: Some(soon(604_800)),
            scopes: Some(Scopes::parse("offline_access wiki:wiki").expect("scopes").0),
            subject,
            issued_by: TokenApi::V3,
            obtained: start(),
        },
        wall: Some(soon(31_536_000)),
        by: holder("here", 1),
        replace_user: false,
    }
}

/// A login that somebody brought for a profile: the refresh token `refresh-<tag>` alone, with the id of its user if told.
///
/// # Panics
/// When the profile or tag cannot be one.
pub fn adoption(profile: &str, tag: &str, subject: Option<&str>) -> Adoption {
    let NewLogin { id, profile, app, set, by, .. } = login(profile, tag, subject.map(named));
    let (issued_by, obtained) = (TokenApi::V2, soon(50));
    let set = TokenSet { access: None, refresh_expires: None, scopes: None, issued_by, obtained, ..set };
    Adoption { id, profile, app, set, beside: None, source: "/somewhere/.env".to_owned(), by, claim: Claim::OfItsUser }
}

/// A link of a profile to a `.env` file that shows both tokens.
///
/// # Panics
/// When the profile cannot be one.
pub fn new_link(profile: &str, file: &str) -> NewLink {
    NewLink {
        profile: profile.parse().expect("a profile's name"),
        file: file.into(),
        format: Format::Dotenv,
        places: [(Slot::AccessToken, "ACCESS"), (Slot::RefreshToken, "REFRESH")]
            .map(|(slot, name)| (slot, Place::dotenv(name)))
            .into(),
    }
}

/// A draft of a spend of that generation.
pub fn draft(generation: Generation) -> IntentDraft {
    IntentDraft {
        id: IntentId::new(start().as_millisecond().unsigned_abs(), ordered_random()),
        generation,
        api: TokenApi::V3,
        begun: start(),
        deadline: soon(30),
        replays: None,
        ends_access: None,
    }
}

/// An answer with that body.
pub fn answer(body: &str) -> RawAnswer {
    RawAnswer {
        status: 200,
        content_type: Some("application/json; charset=utf-8".to_owned()),
        log_id: Some("20260920ABCDEF".to_owned()),
        date: Some("Sun, 20 Sep 2026 13:33:20 GMT".to_owned()),
        retry_after: None,
        location: None,
        body: SecretBytes::new(body.as_bytes().to_vec()),
        whole: true,
        received: soon(1),
    }
}

/// A rotation that brings the tokens `access-<tag>` and `refresh-<tag>`.
pub fn rotation(tag: &str) -> Rotation {
    Rotation {
        access: Change::Replace(access(tag, soon(1))),
        refresh: Change::Replace(refresh(tag)),
        refresh_expires: Some(soon(604_801)),
        scopes: None,
        subject: None,
        issued_by: TokenApi::V3,
        obtained: soon(1),
    }
}

/// Logins of these profiles, in the order of their ids.
pub(super) async fn made(store: &dyn Store, names: &[&str]) -> Vec<GrantId> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(store.log_in(login(name, name, Some(named(name)))).await.unwrap().id());
    }
    ids.sort();
    ids
}

fn access(tag: &str, obtained: Timestamp) -> Access {
    Access {
        token: AccessToken::parse(format!("access-{tag}")).expect("a token"),
        obtained,
        expires: obtained + jiff::SignedDuration::from_hours(2),
    }
}

fn refresh(tag: &str) -> RefreshToken {
    RefreshToken::parse(format!("refresh-{tag}")).expect("a token")
}

fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    TestEntropy.fill(&mut bytes);
    bytes
}

/// Ids made in one millisecond sort by birth here, so that "oldest first" can be tested while the clock stands still.
fn ordered_random() -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&COUNTER.fetch_add(1, Ordering::SeqCst).to_be_bytes());
    bytes
}

static COUNTER: AtomicU64 = AtomicU64::new(1);
