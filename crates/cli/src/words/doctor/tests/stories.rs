//! One row a story: a name, and what differs from a login that is as it should be.

use std::sync::Arc;

use jiff::SignedDuration;
use tokenward::doctor::{
    Aside, Depth, Facts, ForeignFiles, KeptAnswer, KeyFacts, PortFacts, Says, SecretFacts, StoreFacts,
};
use tokenward::links::{FileComparison, Format, LinkState};
use tokenward::{Environment, Error, Home, Overrides, Repair, Restored, Settings, SettingsError, Warning};
use tokenward_core::ports::{CallError, Checkup, Clocks, StoreError};
use tokenward_core::rotation_policy::Recovery;
use tokenward_core::{
    Closing, Code, Doubt, Event, Generation, HolderFate, Link, LinkId, NewLink, Place, Refusal, RefusalClass, Remedy,
    Scopes, Slot, Standing, Terms, TokenApi, TransportFault, Trouble, Words,
};

use super::facts::{
    ago, answered, app, at, base, begun, closed, entry, intent, later, login, now, open_rotation, provider, store,
};
use super::{Show, identities, other_programs};

pub(super) type Story = (&'static str, Facts, Show);

/// Every story.
pub(super) fn all() -> Vec<Story> {
    [
        settings(),
        secrets(),
        deaths(),
        failures(),
        doubts(),
        crashes(),
        ends(),
        stores(),
        surroundings(),
        links(),
        other_programs::all(),
        identities::all(),
        others(),
    ]
    .concat_stories()
}

trait Concat {
    fn concat_stories(self) -> Vec<Story>;
}

impl<const N: usize> Concat for [Vec<Story>; N] {
    fn concat_stories(self) -> Vec<Story> {
        self.into_iter().flatten().collect()
    }
}

/// What is found that is not as it should be.
pub(super) fn story(name: &'static str, change: impl FnOnce(&mut Facts)) -> Story {
    let mut facts = base();
    change(&mut facts);
    (name, facts, Show::NotGood)
}

fn bare(error: SettingsError) -> Facts {
    Facts::unreadable(now(), false, error)
}

fn settings() -> Vec<Story> {
    let path = "/home/ada/.local/share/tokenward/config.toml".into();
    let nothing = SettingsError::NothingSetUp { path, home: tokenward::HomeState::Plain, apps: Vec::new() };
    vec![
        ("all is well", base(), Show::Everything),
        ("nothing is set up", bare(nothing), Show::Everything),
        story("a mistyped variable", |facts| {
            let nearest = Some("TOKENWARD_PROFILE".into());
            facts.warnings.push(Warning::UnknownVariable { name: "TOKENWARD_PROFIL".into(), nearest });
        }),
        story("an app that is not configured any more", |facts| {
            let settings = Settings::load(
                Home::resolve(Some("/nowhere".as_ref()), &Environment::default()).unwrap(),
                Environment::default(),
                Overrides::default(),
            );
            let error = settings.unwrap().0.profile(Some(&"work".parse().unwrap())).unwrap_err();
            facts.profiles[0].app = Err(Arc::new(error));
        }),
        story("an app that only another shell's variables describe", |facts| {
            let error = SettingsError::NoHome;
            facts.profiles[0].app = Err(Arc::new(error));
            facts.profiles[0].elsewhere = Some("cli_a1".into());
        }),
        story("the profile names another app now", |facts| app(facts).name = "test".parse().unwrap()),
        story("scopes that were not granted", |facts| {
            app(facts).scopes = Scopes::parse("contact:user.base:readonly docx:document").unwrap().0;
        }),
    ]
}

fn refusal(remedy: Remedy, class: RefusalClass, code: i64, meaning: Words) -> CallError {
    CallError::Refused(Refusal {
        class,
        remedy,
        provider_code: Some(code),
        provider_word: None,
        meaning: Some(meaning),
        status: 200,
        description: Some("invalid param".into()),
        log_id: Some("20261120ABC".into()),
        retry_after: None,
        missing_scopes: Vec::new(),
    })
}

fn clocks(seconds: i64) -> Clocks {
    Clocks { ours: now() + SignedDuration::from_secs(seconds), theirs: now() }
}

fn checked(facts: &mut Facts, accepted: Result<(), CallError>) {
    facts.online = true;
    app(facts).checkup = Some(Checkup { accepted, clocks: Some(clocks(0)) });
}

const WRONG: Words = Words { en: "the app secret is wrong", zh: "应用密钥（App Secret）错误" };
const BRAND: Words =
    Words { en: "the app belongs to the other platform", zh: "应用所属平台与所用域名不一致" };
const GONE: Words = Words { en: "the access token is invalid", zh: "user_access_token 无效" };

fn secrets() -> Vec<Story> {
    let mut accepted = story("asked, and all is well", |facts| {
        checked(facts, Ok(()));
        login(facts).alive = Some(Ok(()));
    });
    accepted.2 = Show::Everything;
    vec![
        accepted,
        story("no secret", |facts| app(facts).secret = SecretFacts::Missing),
        story("a secret that others can read", |facts| {
            app(facts).secret = SecretFacts::File { path: "/home/ada/secret".into(), open_mode: Some(0o644) };
        }),
        story("a wrong secret", |facts| {
            checked(facts, Err(refusal(Remedy::CheckSecret, RefusalClass::Configuration, 10015, WRONG)));
        }),
        story("the other brand", |facts| {
            checked(facts, Err(refusal(Remedy::CheckBrand, RefusalClass::Configuration, 20046, BRAND)));
        }),
        story("no answer", |facts| {
            let fault = TransportFault::failed("open.feishu.cn: connection refused".into());
            checked(facts, Err(CallError::NoAnswer(fault)));
            app(facts).checkup.as_mut().unwrap().clocks = None;
        }),
        story("a store app without a ticket", |facts| checked(facts, Err(CallError::Lacking("an app ticket")))),
        story("an access token that was withdrawn", |facts| {
            checked(facts, Ok(()));
            let dead = refusal(Remedy::RenewAccess, RefusalClass::AccessDead, 20005, GONE);
            login(facts).alive = Some(Err(dead));
        }),
        story("a clock that is ahead", |facts| {
            checked(facts, Ok(()));
            app(facts).checkup.as_mut().unwrap().clocks = Some(clocks(480));
        }),
        story("a clock that is behind", |facts| {
            checked(facts, Ok(()));
            app(facts).checkup.as_mut().unwrap().clocks = Some(clocks(-7200));
        }),
    ]
}

pub(super) fn dead(facts: &mut Facts, code: Code, provider_code: i64) {
    let api = TokenApi::V3;
    let login = login(facts);
    let provider_code = Some(provider_code);
    login.grant.standing = Standing::NeedsConsent { since: at(50), code, provider_code };
    let explained = provider_code.and_then(|code| Some((code, provider().explain(api, code)?)));
    login.codes.extend(explained);
    let refused = closed(9, Closing::Refused { code, provider_code });
    let rotation = [
        entry(at(50), 2, None, refused),
        entry(at(50), 2, Some(4711), answered(9)),
        entry(at(49), 2, Some(4711), begun(9, code == Code::AnswerLost)),
    ];
    login.journal.splice(0..0, rotation);
}

fn deaths() -> Vec<Story> {
    vec![
        story("20064 after our own send, whose sender was killed", |facts| {
            dead(facts, Code::AnswerLost, 20064);
            let earlier =
                [entry(at(49), 2, None, closed(8, Closing::Replayed)), entry(at(20), 2, Some(999), begun(8, false))];
            login(facts).journal.splice(3..3, earlier);
        }),
        story("20073 after our own send, whose answer did not come", |facts| {
            dead(facts, Code::AnswerLost, 20073);
            let doubt = Closing::Doubt { doubt: Doubt::NoAnswer };
            let earlier = [
                entry(at(49), 2, None, closed(8, Closing::Replayed)),
                entry(at(21), 2, None, closed(8, doubt)),
                entry(at(20), 2, Some(999), begun(8, false)),
            ];
            login(facts).journal.splice(3..3, earlier);
        }),
        story("20064 after a send that never left and one whose answer was lost", |facts| {
            dead(facts, Code::AnswerLost, 20064);
            let unsent = Closing::Unsent { reason: "127.0.0.1:1 cannot be reached".into() };
            let earlier = [
                entry(at(49), 2, None, closed(8, Closing::Replayed)),
                entry(at(21), 2, None, closed(8, Closing::Doubt { doubt: Doubt::NoAnswer })),
                entry(at(20), 2, Some(4276), begun(8, false)),
                entry(at(19), 2, None, closed(7, unsent)),
                entry(at(19), 2, Some(4054), begun(7, false)),
            ];
            login(facts).journal.splice(3..3, earlier);
        }),
        story("20064 after our own send, which the journal has forgotten", |facts| {
            dead(facts, Code::AnswerLost, 20064);
            login(facts).journal.truncate(3);
        }),
        story("20064, never sent by us", |facts| dead(facts, Code::ForeignSpender, 20064)),
        story("20064, and the provider refuses the access token too", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            facts.online = true;
            let dead = refusal(Remedy::RenewAccess, RefusalClass::AccessDead, 20005, GONE);
            login(facts).alive = Some(Err(dead));
        }),
        story("20064, and the access token was called dead by a call", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            login(facts).grant.access.as_mut().unwrap().expires = at(50);
            login(facts)
                .journal
                .insert(0, entry(at(50), 2, Some(4711), Event::AccessRefused { provider_code: Some(20005) }));
        }),
        story("20064, and the provider still accepts the access token", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            facts.online = true;
            login(facts).alive = Some(Ok(()));
        }),
        story("20064 after the vault was brought back from a copy", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            let (from, before) =
                ("/home/ada/v.bak".into(), Some("/home/ada/.local/share/tokenward/vault.before-1".into()));
            facts.restored = Some(Restored { at: at(48), from, before, used: Vec::new() });
        }),
        story("20064, and the vault was brought back long before", |facts| {
            dead(facts, Code::ForeignSpender, 20064);
            facts.restored =
                Some(Restored { at: ago(3), from: "/home/ada/v.bak".into(), before: None, used: Vec::new() });
        }),
        story("20073, never sent by us, and the access token has ended", |facts| {
            dead(facts, Code::ForeignSpender, 20073);
            login(facts).grant.access.as_mut().unwrap().expires = at(55);
        }),
        story("20037 at the wall", |facts| {
            dead(facts, Code::ConsentExpired, 20037);
            login(facts).grant.consented = ago(365);
            login(facts).grant.wall = Some(at(40));
        }),
        story("20037 long before the wall", |facts| {
            dead(facts, Code::RefreshTokenExpired, 20037);
            login(facts).grant.rotated_at = ago(8);
            login(facts).grant.refresh_expires = Some(ago(1));
        }),
        story("20026 with the endpoint generations mixed up", |facts| {
            dead(facts, Code::RefreshTokenRefused, 20026);
            login(facts).grant.issued_by = TokenApi::V2;
        }),
        story("20026 and nothing mixed up", |facts| dead(facts, Code::RefreshTokenRefused, 20026)),
    ]
}

fn failures() -> Vec<Story> {
    vec![
        story("20074", |facts| failed(facts, Code::RefreshSwitchedOff, 20074, at(49))),
        story("20024", |facts| failed(facts, Code::AppSettings, 20024, at(49))),
        story("20072 while the access token serves", |facts| {
            failed(facts, Code::ProviderUnavailable, 20072, later(1));
        }),
        story("20072 with nothing left to serve", |facts| failed(facts, Code::ProviderUnavailable, 20072, at(49))),
        story("nothing could be sent", |facts| {
            let login = login(facts);
            let unsent = Closing::Unsent { reason: "accounts.feishu.cn: connection refused".into() };
            login.journal.splice(
                0..0,
                [entry(at(50), 2, None, closed(9, unsent)), entry(at(49), 2, Some(4711), begun(9, false))],
            );
        }),
        story("20074, and a login since", |facts| {
            failed(facts, Code::RefreshSwitchedOff, 20074, later(1));
            login(facts).grant.consented = at(55);
            login(facts).journal.insert(0, entry(at(55), 2, Some(4712), Event::LoggedIn));
        }),
    ]
}

fn failed(facts: &mut Facts, code: Code, provider_code: i64, access_ends: jiff::Timestamp) {
    let login = login(facts);
    let explained = provider().explain(TokenApi::V3, provider_code).unwrap();
    login.codes.insert(provider_code, explained);
    login.grant.access.as_mut().unwrap().expires = access_ends;
    let kept = closed(9, Closing::Kept { code, provider_code: Some(provider_code) });
    let rotation = [
        entry(at(50), 2, None, kept),
        entry(at(50), 2, Some(4711), answered(9)),
        entry(at(49), 2, Some(4711), begun(9, false)),
    ];
    login.journal.splice(0..0, rotation);
}

/// The sample of the guide: an answer that was lost with its process.
pub(super) fn sample() -> Facts {
    let mut facts = base();
    dead(&mut facts, Code::AnswerLost, 20064);
    let earlier = [entry(at(49), 2, None, closed(8, Closing::Replayed)), entry(at(20), 2, Some(999), begun(8, false))];
    login(&mut facts).journal.splice(3..3, earlier);
    facts
}

fn doubts() -> Vec<Story> {
    let in_doubt = |facts: &mut Facts, doubt| {
        let login = login(facts);
        login.grant.standing = Standing::InDoubt { intent: intent(9), since: at(51), doubt };
        let journal = [
            entry(at(51), 2, None, closed(9, Closing::Doubt { doubt })),
            entry(at(50), 2, Some(4711), begun(9, false)),
        ];
        login.journal.splice(0..0, journal);
        login.open.push(open_rotation(HolderFate::Dead, Recovery::Replay));
    };
    vec![
        story("outcome unknown, no answer came", |facts| in_doubt(facts, Doubt::NoAnswer)),
        story("outcome unknown, the answer could not be read, and nothing serves", |facts| {
            in_doubt(facts, Doubt::OddAnswer);
            login(facts).grant.access = None;
        }),
        story("outcome unknown, and a replay would be punished", |facts| {
            in_doubt(facts, Doubt::NoAnswer);
            login(facts).open[0].recovery = Recovery::Hold { until: later(1) };
        }),
        story("outcome unknown, and asked again in vain", |facts| {
            in_doubt(facts, Doubt::NoAnswer);
            let kept = Closing::Kept { code: Code::ProviderUnavailable, provider_code: Some(20050) };
            let again = [
                entry(at(55), 2, None, closed(10, kept)),
                entry(at(55), 2, Some(4712), answered(10)),
                entry(at(55), 2, Some(4712), begun(10, true)),
            ];
            // As older versions wrote it: the standing names the send that changed nothing.
            let standing = Standing::InDoubt { intent: intent(10), since: at(55), doubt: Doubt::SenderDied };
            login(facts).grant.standing = standing;
            login(facts).journal.splice(0..0, again);
        }),
        story("outcome unknown since a process that the journal has forgotten", |facts| {
            in_doubt(facts, Doubt::SenderDied);
            login(facts).journal.clear();
        }),
    ]
}

fn crashes() -> Vec<Story> {
    let begun_only = |facts: &mut Facts| login(facts).journal.insert(0, entry(at(58), 2, Some(4711), begun(9, false)));
    let kept = |in_rescue_slot, says| Some(KeptAnswer { received: at(58), in_rescue_slot, says });
    let with_answer = |name, in_rescue_slot, says| {
        story(name, |facts| {
            begun_only(facts);
            let mut rotation = open_rotation(HolderFate::Dead, Recovery::Settle);
            rotation.answer = kept(in_rescue_slot, says);
            login(facts).open.push(rotation);
        })
    };
    let mut late = story("an answer that came too late", |facts| {
        let login = login(facts);
        let parked = entry(at(50), 2, None, closed(9, Closing::Parked));
        login.journal.splice(0..0, [parked, entry(at(49), 2, Some(4711), begun(9, false))]);
        login.aside = vec![Aside { at: at(50), replaced: false }];
    });
    late.2 = Show::Everything;
    let mut back = story("an adopted set that was refused", |facts| {
        let login = login(facts);
        let taken_back = Event::TakenBack { adopted: Generation::new(3), refused: true };
        login.grant.generation = Generation::new(4);
        login.journal.insert(0, entry(at(50), 4, Some(4711), taken_back));
        login.aside = vec![Aside { at: at(50), replaced: true }];
    });
    back.2 = Show::Everything;
    vec![
        story("an open intent with a living sender", |facts| {
            begun_only(facts);
            login(facts).open.push(open_rotation(HolderFate::Alive, Recovery::Wait { until: later(1) }));
        }),
        story("an open intent with a sender on another machine", |facts| {
            begun_only(facts);
            login(facts).open.push(open_rotation(HolderFate::Unknown, Recovery::Wait { until: later(1) }));
        }),
        story("an open intent with a dead sender", |facts| {
            begun_only(facts);
            login(facts).open.push(open_rotation(HolderFate::Dead, Recovery::Replay));
        }),
        story("an open intent past its deadline, sender unknown", |facts| {
            begun_only(facts);
            login(facts).open.push(open_rotation(HolderFate::Unknown, Recovery::Replay));
        }),
        with_answer("an answer in the journal", false, Says::Tokens),
        with_answer("an answer in the rescue slot", true, Says::Tokens),
        with_answer("a refusal in the journal", false, Says::Refusal(Some(20064))),
        with_answer("an odd answer in the journal", false, Says::Nothing),
        story("killed again while repeating", |facts| {
            let login = login(facts);
            login.grant.standing = Standing::InDoubt { intent: intent(8), since: at(51), doubt: Doubt::SenderDied };
            login.journal.splice(
                0..0,
                [
                    entry(at(58), 2, Some(4711), begun(9, true)),
                    entry(at(58), 2, None, closed(8, Closing::Replayed)),
                    entry(at(51), 2, Some(999), begun(8, false)),
                ],
            );
            login.open.push(open_rotation(HolderFate::Dead, Recovery::Replay));
        }),
        story("parked sets", |facts| {
            login(facts).aside = vec![Aside { at: at(30), replaced: false }, Aside { at: at(10), replaced: true }];
        }),
        late,
        back,
        story("an imported login, unverified", |facts| {
            let login = login(facts);
            login.grant.on_trial = true;
            let fingerprint = tokenward_core::Fingerprint::from_bytes([8; 16]);
            let source = "/home/ada/project/.env".into();
            let adopted = Event::Adopted { source, fingerprint, replaced: Some(Generation::new(2)) };
            login.journal.insert(0, entry(at(55), 3, Some(4711), adopted));
            login.aside = vec![Aside { at: at(55), replaced: true }];
        }),
    ]
}

fn ends() -> Vec<Story> {
    vec![
        story("unused for long", |facts| login(facts).grant.refresh_expires = Some(later(5))),
        story("near the wall", |facts| login(facts).grant.wall = Some(later(24 * 9))),
        story("past the end of the refresh token, by our clock", |facts| {
            login(facts).grant.refresh_expires = Some(ago(1));
        }),
        story("past the wall, by our clock", |facts| login(facts).grant.wall = Some(ago(1))),
        story("no refresh token, still serving", |facts| login(facts).grant.has_refresh = false),
        story("no refresh token, nothing serves", |facts| {
            login(facts).grant.has_refresh = false;
            login(facts).grant.access.as_mut().unwrap().expires = at(50);
        }),
        story("nobody is logged in", |facts| facts.profiles[0].login = None),
        story("logged out", |facts| login(facts).grant.standing = Standing::Retired { since: ago(2) }),
        story("a clock that was set back", |facts| {
            login(facts).grant.rotated_at = later(23);
            login(facts).journal[0].generation = Generation::new(1);
        }),
    ]
}

fn stores() -> Vec<Story> {
    let place = "/home/ada/.local/share/tokenward/vault";
    let closed = |error: StoreError| StoreFacts::Closed("/home/ada/.local/share/tokenward/vault".into(), error.into());
    let without_login = move |facts: &mut Facts, error| {
        facts.store = closed(error);
        facts.profiles[0].login = None;
        app(facts).secret = SecretFacts::Behind;
    };
    vec![
        story("no store yet", |facts| {
            facts.store = StoreFacts::Absent("/home/ada/.local/share/tokenward/vault".into());
            facts.profiles[0].login = None;
        }),
        story("files that a run as root has left", |facts| {
            let (first, owner, ours) = ("/home/ada/.local/share/tokenward/vault/locks/1".into(), 0, 1000);
            store(facts).foreign = Some(ForeignFiles { first, count: 2, owner, ours, shut: true });
        }),
        story("files of another user that can be opened", |facts| {
            let (first, owner, ours) = ("/home/ada/.local/share/tokenward/vault/handout/work".into(), 0, 1000);
            store(facts).foreign = Some(ForeignFiles { first, count: 1, owner, ours, shut: false });
        }),
        story("a key that does not fit", move |facts| {
            let key = "the variable TOKENWARD_KEY";
            without_login(facts, StoreError::key(place, key, "it does not fit"));
        }),
        story("a newer store", move |facts| {
            without_login(facts, StoreError::newer(place, 9, 1));
        }),
        story("a store that cannot be read", move |facts| {
            without_login(facts, StoreError::unreadable(place, "file is not a database"));
        }),
        story("a damaged store", |facts| store(facts).damage = vec!["row 3 missing from index intents_open".into()]),
        story("a store that cannot be written", move |facts| {
            let error = StoreError::read_only(place, "the file system is read-only");
            store(facts).unwritable = Some(Error::from(error));
        }),
        story("a full disk", move |facts| {
            let error = StoreError::full(place, "0 KiB are free, 256 KiB are needed");
            store(facts).unwritable = Some(Error::from(error));
        }),
        story("little room", |facts| store(facts).free = 9 << 20),
        story("files that were open to others", |facts| {
            let path = "/home/ada/.local/share/tokenward/vault/key".into();
            store(facts).repairs = vec![Repair { path, was: 0o644, now: 0o600 }];
        }),
        story("an answer of another vault", |facts| store(facts).orphans = 1),
        story("a login that was not stored", |facts| store(facts).unfinished = vec!["work".parse().unwrap()]),
        story("a key that is not used", |facts| store(facts).key_unused = true),
        story("another key", |facts| {
            store(facts).key = KeyFacts::Variable;
            store(facts).orphans = 2;
        }),
    ]
}

fn surroundings() -> Vec<Story> {
    let port = |facts: &mut Facts, port| facts.profiles[0].port = Some(port);
    let redirect = || "http://127.0.0.1:9768/callback".parse().unwrap();
    vec![
        story("a port that is taken", |facts| port(facts, PortFacts::Taken(redirect()))),
        story("a redirect URL elsewhere", |facts| {
            port(facts, PortFacts::Elsewhere("https://example.com/callback".parse().unwrap()));
        }),
        story("a port that may not be bound", |facts| {
            let low = "http://127.0.0.1/callback".parse().unwrap();
            port(facts, PortFacts::Refused(low, "Permission denied (os error 13)".into()));
        }),
    ]
}

fn link(file: &str, found: FileComparison) -> LinkState {
    let profile = "work".parse().unwrap();
    let target =
        NewLink { profile, file: file.into(), format: Format::Dotenv, places: std::collections::BTreeMap::new() };
    let link = Link { id: LinkId(1), target, made: at(0), terms: Terms::default(), receipt: None, trouble: None };
    LinkState::new(link, found)
}

fn permitting(file: &str, terms: Terms) -> LinkState {
    let mut link = link(file, FileComparison::InStep);
    link.link.terms = terms;
    link
}

fn links() -> Vec<Story> {
    let with = |name, found: Vec<LinkState>| story(name, |facts| facts.profiles[0].links = found);
    let file = "/home/ada/project/.env";
    let grant = base().profiles[0].login.as_ref().unwrap().grant.id;
    let mut well = with(
        "linked files in sync",
        vec![link(file, FileComparison::InStep), link("/home/ada/x.ini", FileComparison::InStep)],
    );
    well.2 = Show::Everything;
    let trouble =
        Trouble { stamp: None, at: at(59), words: "/home/ada/project/.env may not be written (mode 444)".into() };
    let mut tried = link(file, FileComparison::Behind);
    tried.link.trouble = Some(trouble);
    vec![
        well,
        with("a stale link", vec![link(file, FileComparison::Stale { grant, held: Generation::FIRST })]),
        with("a link behind that could not be written", vec![tried]),
        with(
            "links that permit more than others do",
            vec![
                permitting("/home/ada/team/x.env", Terms { shared_folder: true, ..Terms::default() }),
                permitting("/home/ada/y.env", Terms { open_to_others: true, ..Terms::default() }),
                permitting(
                    "/home/ada/team/z.env",
                    Terms { shared_folder: true, open_to_others: true, widest: Some(0o644) },
                ),
            ],
        ),
        with("a file that is newer than the vault", vec![link(file, FileComparison::Newer)]),
        with(
            "an old token beside what is kept",
            vec![link(
                file,
                FileComparison::StaleBeside {
                    places: vec![(Slot::AccessToken, Place::dotenv("COPY"))],
                    encoded: Vec::new(),
                },
            )],
        ),
        with(
            "files of an ended login",
            vec![
                link(file, FileComparison::OfEndedLogin { user: None }),
                link("/home/ada/x.ini", FileComparison::OfEndedLogin { user: Some("小明".to_owned()) }),
                link("/home/ada/y.env", FileComparison::Unproven { shows_it: true }),
                link("/home/ada/z.env", FileComparison::Unproven { shows_it: false }),
            ],
        ),
        with(
            "a file of another profile",
            vec![link(file, FileComparison::OfAnother { profile: "home".parse().unwrap() })],
        ),
        with(
            "files without a token",
            vec![link(file, FileComparison::Blank), link("/home/ada/x.ini", FileComparison::Malformed)],
        ),
        story("a link and not logged in", |facts| {
            facts.profiles[0].login = None;
            facts.profiles[0].links = vec![link(file, FileComparison::WithoutLogin)];
        }),
    ]
}

fn others() -> Vec<Story> {
    let mut two = base();
    let mut other = base();
    dead(&mut other, Code::ForeignSpender, 20064);
    let mut other = other.profiles.remove(0);
    other.name = "home".parse().unwrap();
    other.depth = Depth::Attention;
    other.port = None;
    two.profiles.push(other);
    let mut well = base().profiles.remove(0);
    well.name = "third".parse().unwrap();
    well.depth = Depth::Attention;
    two.profiles.push(well);
    vec![("another profile needs attention", two, Show::NotGood)]
}
