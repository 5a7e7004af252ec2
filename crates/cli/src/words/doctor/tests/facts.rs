//! Facts to be changed by each story: a login that is as it should be.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokenward::doctor::{
    AppFacts, Depth, Facts, KeyFacts, LoginFacts, OpenRotation, OpenStore, PortFacts, ProfileFacts, SecretFacts,
    StoreFacts,
};
use tokenward::{Environment, Home, Session, SessionOptions, SystemClock, SystemEntropy};
use tokenward_core::ports::{Explained, Provider};
use tokenward_core::rotation_policy::{self, Recovery, Settlement};
use tokenward_core::{
    Access, AccessToken, Closing, Entry, Event, Fingerprint, Generation, Grant, GrantId, Holder, HolderFate, IntentId,
    LocalProcess, Node, ProviderName, RawAnswer, Scopes, SecretBytes, Standing, Subject, TokenApi,
};
use tokenward_emulator::{Endpoint, Operation, catalogue};

/// The present of every story.
pub(super) fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// So many minutes before it, counted from an hour ago.
pub(super) fn at(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(60 - minutes)
}

pub(super) fn later(hours: i64) -> Timestamp {
    now() + SignedDuration::from_hours(hours)
}

pub(super) fn holder(pid: u32) -> Holder {
    Holder {
        node: Node { place: "boot/pid:[1]".into(), host: "build-3".into() },
        incarnation: 1,
        process: Some(LocalProcess { pid, started: 1 }),
    }
}

pub(super) fn intent(number: u64) -> IntentId {
    IntentId::new(number, [0; 10])
}

pub(super) fn entry(at: Timestamp, generation: u64, pid: Option<u32>, event: Event) -> Entry {
    Entry { at, generation: Generation::new(generation), by: pid.map(holder), event }
}

pub(super) fn begun(number: u64, replay: bool) -> Event {
    Event::Begun { intent: intent(number), fingerprint: Fingerprint::from_bytes([7; 16]), replay }
}

pub(super) fn answered(number: u64) -> Event {
    Event::Answered { intent: intent(number), status: 400, log_id: None }
}

pub(super) fn closed(number: u64, closing: Closing) -> Event {
    Event::Closed { intent: intent(number), closing }
}

pub(super) fn open_rotation(fate: HolderFate, recovery: Recovery) -> OpenRotation {
    OpenRotation {
        intent: intent(9),
        sender: holder(4711),
        fate,
        begun: at(58),
        deadline: at(58) + SignedDuration::from_secs(30),
        recovery,
        answer: None,
    }
}

pub(super) fn grant() -> Grant {
    let access = Access { token: AccessToken::parse("u-secret").unwrap(), obtained: at(1), expires: later(1) };
    let scopes = "contact:user.base:readonly offline_access";
    Grant {
        id: GrantId::new(1, [0; 10]),
        app: "work".parse().unwrap(),
        profile: Some("work".parse().unwrap()),
        generation: Generation::new(2),
        standing: Standing::Live,
        access: Some(access),
        has_refresh: true,
        refresh_expires: Some(later(160)),
        wall: Some(later(300 * 24)),
        consented: later(-65 * 24),
        rotated_at: at(1),
        scopes: Scopes::parse(scopes).unwrap().0,
        subject: Some(Subject { id: "ou_1".into(), union_id: None, tenant: None, name: Some("Ada".into()) }),
        issued_by: TokenApi::V3,
        intent_open: false,
        on_trial: false,
        linked: false,
        unproven: false,
        former_profile: None,
    }
}

/// A login of generation 2, rotated an hour ago, at Feishu's own host.
pub(super) fn base() -> Facts {
    let app = AppFacts {
        name: "work".parse().unwrap(),
        client_id: "cli_a1".into(),
        provider: ProviderName::Feishu,
        host: "open.feishu.cn".into(),
        service: None,
        own_hosts: true,
        token_api: TokenApi::V3,
        scopes: Scopes::parse("contact:user.base:readonly").unwrap().0,
        secret: SecretFacts::Vault,
        checkup: None,
    };
    let login = LoginFacts {
        grant: grant(),
        due_at: Some(later(1) - SignedDuration::from_mins(5)),
        open: Vec::new(),
        journal: vec![
            entry(
                at(1),
                2,
                None,
                closed(1, Closing::Committed { generation: Generation::new(2), without_access: false }),
            ),
            entry(at(0), 1, Some(4321), begun(1, false)),
        ],
        aside: Vec::new(),
        codes: std::collections::BTreeMap::new(),
        serves: true,
        alive: None,
    };
    let profile = ProfileFacts {
        name: "work".parse().unwrap(),
        depth: Depth::Full,
        app: Ok(app),
        warnings: Vec::new(),
        script: None,
        program: false,
        elsewhere: None,
        login: Some(login),
        links: Vec::new(),
        users: Vec::new(),
        for_web_users: false,
        port: Some(PortFacts::Free("http://127.0.0.1:9768/callback".parse().unwrap())),
    };
    let store = OpenStore {
        folder: PathBuf::from("/home/ada/.local/share/tokenward/vault"),
        engine: "SQLite 3.51.3".into(),
        key: KeyFacts::OwnFile("/home/ada/.local/share/tokenward/vault/key".into()),
        key_unused: false,
        damage: Vec::new(),
        free: 20 << 30,
        orphans: 0,
        unread: Vec::new(),
        unwritable: None,
        repairs: Vec::new(),
        unfinished: Vec::new(),
        foreign: None,
    };
    Facts {
        now: now(),
        online: false,
        unsettled: None,
        warnings: Vec::new(),
        profiles: vec![profile],
        store: StoreFacts::Open(Box::new(store)),
        others: Vec::new(),
        restored: None,
        without_profile: Vec::new(),
        doubled: Vec::new(),
    }
}

pub(super) fn app(facts: &mut Facts) -> &mut AppFacts {
    facts.profiles[0].app.as_mut().unwrap()
}

pub(super) fn login(facts: &mut Facts) -> &mut LoginFacts {
    facts.profiles[0].login.as_mut().unwrap()
}

pub(super) fn store(facts: &mut Facts) -> &mut OpenStore {
    match &mut facts.store {
        StoreFacts::Open(store) => store,
        other => panic!("{other:?}"),
    }
}

/// The provider that comes with the engine.
pub(super) fn provider() -> Arc<dyn Provider> {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::resolve(Some(folder.path()), &Environment::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let options = SessionOptions::new(&home, Arc::new(SystemClock), Arc::new(SystemEntropy));
    let session = runtime.block_on(Session::open(options)).unwrap();
    Arc::clone(&session.parts().provider)
}

/// An answer to a refresh that says no.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) api: TokenApi,
    pub(super) code: i64,
    closing: Closing,
    standing: Option<Standing>,
    explained: Option<Explained>,
}

/// What every code that is listed for a refresh leaves behind.
pub(super) fn answers() -> Vec<Answer> {
    let provider = provider();
    let families = [
        (TokenApi::V3, Endpoint::V3Token),
        (TokenApi::V2, Endpoint::V2Token),
        (TokenApi::OidcV1, Endpoint::OidcRefresh),
        (TokenApi::LegacyV1, Endpoint::LegacyRefresh),
    ];
    let listed = |endpoint| {
        catalogue().into_iter().filter(move |entry| entry.endpoint == endpoint && entry.operation == Operation::Refresh)
    };
    let families = families.into_iter();
    families
        .flat_map(|(api, endpoint)| listed(endpoint).map(move |entry| (api, entry.code, entry.status)))
        .map(|(api, code, status)| answer(&*provider, api, code, status))
        .collect()
}

fn answer(provider: &dyn Provider, api: TokenApi, code: u32, status: u16) -> Answer {
    let raw = RawAnswer {
        status,
        content_type: Some("application/json".into()),
        log_id: None,
        date: None,
        retry_after: None,
        location: None,
        body: SecretBytes::new(format!(r#"{{"code":{code},"msg":"no"}}"#).into_bytes()),
        whole: true,
        received: at(50),
    };
    let mut grant = grant();
    grant.issued_by = api;
    let outcome = provider.read(&grant.app, api, &raw);
    let rules = provider.rules(&grant.app, api);
    let (closing, standing) = match rotation_policy::settle(outcome, &grant, api, false, rules, raw.received) {
        Settlement::Keep { closing, .. } => (closing, None),
        Settlement::Dead { code, refusal } => {
            let provider_code = refusal.provider_code;
            let standing = Standing::NeedsConsent { since: raw.received, code, provider_code };
            (Closing::Refused { code, provider_code }, Some(standing))
        }
        other => panic!("{api} {code}: {other:?}"),
    };
    let code = i64::from(code);
    Answer { api, code, closing, standing, explained: provider.explain(api, code) }
}

/// The login after its last rotation met that answer, a while ago, with a token that has ended since.
pub(super) fn settle(facts: &mut Facts, answer: &Answer) {
    app(facts).token_api = answer.api;
    let login = login(facts);
    login.grant.issued_by = answer.api;
    if let Some(standing) = &answer.standing {
        login.grant.standing = standing.clone();
    }
    if let Some(access) = &mut login.grant.access {
        access.expires = at(49);
    }
    login.codes.extend(answer.explained.map(|explained| (answer.code, explained)));
    let rotation = [
        entry(at(50), 2, None, closed(9, answer.closing.clone())),
        entry(at(50), 2, Some(4711), answered(9)),
        entry(at(49), 2, Some(4711), begun(9, false)),
    ];
    login.journal.splice(0..0, rotation);
}

/// A span of the past, for grants that are old.
pub(super) fn ago(days: u64) -> Timestamp {
    now() - SignedDuration::try_from(Duration::from_secs(days * 86_400)).unwrap()
}
