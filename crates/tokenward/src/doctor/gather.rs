//! Gathering the facts: files, journal, clock, and, where that is permitted, calls that spend nothing.
//!
//! Nothing is created, repaired beyond what every opening of the vault repairs, or moved; and nothing here can spend:
//! no lease is asked for, and without one there is no [`tokenward_core::Spend`] (I8).

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{CallError, Checkup, Clock, Entropy, Explained, Provider};
use tokenward_core::rotation_policy;
use tokenward_core::{
    App, AppKind, Closing, Code, Entry, Event, FeishuApp, Intent, Outcome, Platform, ProfileName, RefusalClass,
    Standing, TokenApi,
};

use super::facts::{
    AppFacts, Aside, Depth, Facts, KeptAnswer, KeyFacts, LoginFacts, OpenRotation, OpenStore, PortFacts, ProfileFacts,
    Says, SecretFacts, Service, StoreFacts,
};
use super::{duplicate_logins, file_ownership, other_tools};
use crate::callback::{Callback, CallbackError};
use crate::compose::provider;
use crate::links::Links;
use crate::settings::{KeySource, ResolvedProfile, SecretSource, Setting, Settings, SettingsError, Warning};
use crate::{Error, Health, Report, Session, SessionOptions, is_script_login, last_restore, script_file};
use tokenward_keeper::LOGIN_AT_WORK;

/// What a person wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// The profile, by name; otherwise the one that the settings select.
    pub profile: Option<&'a ProfileName>,
    /// Every profile in full.
    pub all: bool,
    /// Whether calls that spend nothing are permitted: an app token, and whose the access token is.
    pub online: bool,
}

/// Looks at everything.
pub async fn gather(
    settings: &Settings,
    warnings: Vec<Warning>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    wish: Wish<'_>,
) -> Facts {
    let now = clock.now();
    let provider = provider(&clock, settings.own());
    let (store, session) = open(settings, clock, entropy).await;
    let absent = StoreFacts::Absent(settings.home().vault());
    let mut facts = Facts {
        now,
        online: wish.online,
        unsettled: None,
        warnings,
        profiles: Vec::new(),
        store: absent,
        others: Vec::new(),
        restored: last_restore(settings.home()),
        without_profile: Vec::new(),
        doubled: Vec::new(),
    };
    let looked = match &session {
        Some(session) => Looked::at(session, now).await,
        None => Ok(Looked::default()),
    };
    let (looked, store) = match looked {
        Ok(looked) => (looked, store),
        Err(error) => (Looked::default(), StoreFacts::Closed(settings.home().vault(), error)),
    };
    let programs = looked.programs(settings, wish.profile);
    let meant: Vec<_> = match settings.selected(wish.profile) {
        // Beside what variables describe, a program's logins are looked at that brings its own.
        Ok(meant) if wish.profile.is_none() => [meant].into_iter().chain(programs.iter().cloned()).collect(),
        Ok(meant) => vec![meant],
        // Several, and nobody said which: all of them are told.
        Err(SettingsError::WhichProfile { .. }) => Vec::new(),
        // A script's login needs no settings, nor does a program's that brings its own. One that another shell's variables describe is
        // told with its login.
        Err(SettingsError::NothingSetUp { .. }) if !programs.is_empty() => programs.iter().cloned().collect(),
        Err(SettingsError::NothingSetUp { .. })
            if looked
                .reports
                .iter()
                .any(|report| is_script_login(&report.grant) || settings.lacks_app_of(&report.grant)) =>
        {
            Vec::new()
        }
        Err(error) => {
            facts.unsettled = Some(Arc::new(error));
            Vec::new()
        }
    };
    let mut names: BTreeSet<ProfileName> = settings.profiles().map(|(name, _)| name.clone()).collect();
    let told = |report: &&Report| !is_of_the_past(report, &looked.reports);
    names.extend(looked.reports.iter().filter(told).filter_map(|report| report.grant.profile.clone()));
    names.retain(|name| !meant.contains(name));
    // Beside a profile that a person named, no other is looked at, but the users' of a program.
    if wish.profile.is_some() && !wish.all {
        names.retain(|name| meant.iter().any(|meant| programs.contains(meant) && name.is_under(meant)));
    }
    let round = Round {
        settings,
        session: session.as_ref(),
        looked: &looked,
        provider: &*provider,
        closed: matches!(store, StoreFacts::Closed(..) | StoreFacts::Keyless(_)),
        online: wish.online,
        programs: &programs,
        now,
    };
    for name in meant.iter().cloned().chain(names) {
        let full = wish.all || meant.is_empty() || meant.contains(&name);
        facts.profiles.push(round.profile(name, if full { Depth::Full } else { Depth::Attention }).await);
    }
    // A name that neither the settings nor the vault know is a mistyped one.
    if let [only] = &facts.profiles[..]
        && only.login.is_none()
        && !only.program
        && let Err(error) = &only.app
        && matches!(**error, SettingsError::UnknownProfile { .. })
    {
        facts.unsettled = Some(Arc::clone(error));
        facts.profiles.clear();
    }
    facts.others = other_tools::look(settings.environment(), session.as_ref(), &looked.reports).await;
    if let Some(session) = &session {
        // Beside a profile that a person named, only what could become its login is told.
        let apps: BTreeSet<_> =
            facts.profiles.iter().filter_map(|it| it.app.as_ref().ok()).map(|app| app.name.clone()).collect();
        let mut kept = session.keeper().without_profile().await.unwrap_or_default();
        kept.retain(|login| wish.profile.is_none() || wish.all || apps.contains(&login.grant.app));
        facts.without_profile = kept;
        let is_meant = |(one, other): &(ProfileName, ProfileName)| {
            let meant = wish.profile.filter(|_| !wish.all).map(ProfileName::base);
            meant.is_none_or(|meant| one.base() == meant || other.base() == meant)
        };
        facts.doubled = duplicate_logins::logins(settings, &looked.reports).into_iter().filter(is_meant).collect();
    }
    facts.store = match (store, &session) {
        (StoreFacts::Open(mut store), Some(session)) => {
            fill_store(&mut store, session, &looked).await;
            store.unread = unread(session, facts.profiles.iter().map(|profile| &profile.name)).await;
            StoreFacts::Open(store)
        }
        (store, _) => store,
    };
    facts
}

/// What the vault shows before anything else is asked of it: the rest may move a rescued answer into the journal.
#[derive(Default)]
struct Looked {
    health: Option<Health>,
    unfinished: Vec<ProfileName>,
    reports: Vec<Report>,
}

impl Looked {
    async fn at(session: &Session, now: Timestamp) -> Result<Self, Error> {
        let vault = session.vault();
        let health = vault.examine().await?;
        let answers = session.parts().vault.login_answers().await?;
        // A younger one's process may be about to store it.
        let left = |received: Timestamp| {
            Duration::try_from(now.duration_since(received).abs()).unwrap_or_default() >= LOGIN_AT_WORK
        };
        let unfinished = answers
            .into_iter()
            .filter(|kept| left(kept.answer.received))
            .filter(|kept| {
                matches!(session.parts().provider.read(&kept.app, kept.api, &kept.answer), Outcome::Rotated { .. })
            })
            .map(|kept| kept.profile)
            .collect();
        Ok(Self { health: Some(health), unfinished, reports: session.keeper().list().await? })
    }

    /// The names under which logins of users are kept that no settings know: a program that brings its own keeps them, as a Django site.
    fn programs(&self, settings: &Settings, meant: Option<&ProfileName>) -> BTreeSet<ProfileName> {
        let of_many =
            self.reports.iter().filter_map(|report| report.grant.profile.as_ref()).filter(|name| name.is_of_many());
        let bases = of_many.filter_map(|name| name.base().parse().ok());
        bases
            .filter(|base| settings.profile(Some(base)).is_err() || settings.is_of_other_program(base, meant))
            .collect()
    }
}

/// Opens the vault if there is one. Making one is not for a look.
async fn open(settings: &Settings, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> (StoreFacts, Option<Session>) {
    let home = settings.home();
    let folder = home.vault();
    let closed = |error| (StoreFacts::Closed(folder.clone(), error), None);
    if !home.has_vault() {
        // None yet, and none to come where it cannot be made.
        return match home.can_be_made() {
            Ok(()) => (StoreFacts::Absent(folder), None),
            Err(error) => closed(error),
        };
    }
    let key = match settings.key_source() {
        Ok(key) => key,
        Err(error) => return (StoreFacts::Keyless(Arc::new(error)), None),
    };
    let options = SessionOptions::new(home, clock, entropy).key(key);
    let session = match Session::look_under(options, settings.own()).await {
        Ok(session) => session,
        Err(error) => return closed(error),
    };
    let info = match session.vault().info().await {
        Ok(info) => info,
        Err(error) => return closed(error.into()),
    };
    let given = settings.key_source().unwrap_or(KeySource::Unset);
    // The vault's own enumeration is not ours to name; its names are stable, since `key.json` holds them.
    let kind = serde_json::to_value(info.key_source).unwrap_or_default();
    let key = match (kind.as_str(), &given) {
        (Some("explicit"), KeySource::File(path)) => KeyFacts::GivenFile(path.clone()),
        (Some("explicit"), _) => KeyFacts::Variable,
        (Some("keyring"), _) => KeyFacts::Keyring,
        _ => KeyFacts::OwnFile(folder.join("key")),
    };
    let key_unused = !matches!(given, KeySource::Unset) && kind.as_str() != Some("explicit");
    let repairs = session.vault().repairs().to_vec();
    let store = OpenStore {
        folder,
        engine: info.engine,
        key,
        key_unused,
        damage: Vec::new(),
        free: 0,
        orphans: 0,
        unread: Vec::new(),
        unwritable: None,
        repairs,
        unfinished: Vec::new(),
        foreign: None,
    };
    (StoreFacts::Open(Box::new(store)), Some(session))
}

async fn fill_store(store: &mut OpenStore, session: &Session, looked: &Looked) {
    if let Some(health) = &looked.health {
        store.damage.clone_from(&health.damage);
        store.free = health.free;
        store.orphans = health.waiting.iter().filter(|waiting| waiting.grant.is_none()).count();
    }
    store.unfinished.clone_from(&looked.unfinished);
    store.foreign = file_ownership::look(&store.folder);
    // The proof that every rotation asks for before it spends.
    store.unwritable = session.parts().vault.prove().await.err().map(Error::from);
}

/// Why logins cannot be read that a list of all shows: each is read as a refresh reads it, beside what is handed out at once.
async fn unread(session: &Session, names: impl Iterator<Item = &ProfileName>) -> Vec<Error> {
    let vault = &session.parts().vault;
    let mut found: Vec<Error> = Vec::new();
    for name in names {
        let read = match vault.grant_of(name).await {
            Ok(Some(id)) => vault.grant(id).await.map(drop),
            read => read.map(drop),
        };
        if let Err(error) = read.map_err(Error::from)
            && error.code() == Code::VaultUnreadable
            && found.iter().all(|known| known.detail() != error.detail())
        {
            found.push(error);
        }
    }
    found
}

/// What the look at each profile shares.
struct Round<'a> {
    settings: &'a Settings,
    session: Option<&'a Session>,
    looked: &'a Looked,
    provider: &'a dyn Provider,
    /// Whether there is a vault that cannot be read.
    closed: bool,
    online: bool,
    /// The names under which programs keep logins that bring their own settings.
    programs: &'a BTreeSet<ProfileName>,
    now: Timestamp,
}

impl Round<'_> {
    async fn profile(&self, name: ProfileName, depth: Depth) -> ProfileFacts {
        let report = self.looked.reports.iter().find(|report| report.grant.profile.as_ref() == Some(&name));
        let mut facts = ProfileFacts {
            name,
            depth,
            app: Err(Arc::new(SettingsError::NoHome)),
            warnings: Vec::new(),
            script: None,
            program: false,
            elsewhere: None,
            login: None,
            links: Vec::new(),
            port: None,
            users: Vec::new(),
            for_web_users: false,
        };
        let own = |report: &Report| report.grant.profile.clone().filter(|user| user.base() == facts.name.as_str());
        facts.users = self.looked.reports.iter().filter(|report| is_live(report)).filter_map(own).collect();
        let asking = self.online && depth == Depth::Full;
        let mut usable = None;
        let base = facts.name.base();
        let of_program = self.programs.iter().any(|program| program.as_str() == base);
        // Variables that describe an app say nothing of a program's.
        let known = if of_program { Err(SettingsError::NoHome) } else { self.settings.profile(Some(&facts.name)) };
        facts.app = match known {
            Ok(profile) => {
                let (secret, app) = self.secret(&profile).await;
                usable = app.filter(|_| asking);
                let checkup = match &usable {
                    Some(app) => Some(self.provider.check_up(app).await),
                    None => None,
                };
                facts.for_web_users = !profile.return_urls.is_empty();
                if depth == Depth::Full {
                    // Browsers of a web back end come back to the server, which may have the port.
                    if !facts.for_web_users && profile.token_api.has_browser_login() {
                        facts.port = Some(port(&profile).await);
                    }
                    facts.warnings.clone_from(&profile.warnings);
                }
                // Both are said as long as they hold, at whatever depth.
                facts.warnings.extend(profile.in_clear().into_iter().map(|url| Warning::PlainHttp { url }));
                if let (Some(report), Some(session)) = (report, self.session)
                    && let Ok(Some(other)) = session.keeper().other_app(&report.grant, &profile.app(None)).await
                {
                    let (profile, client_id) = (facts.name.clone(), other.client_id);
                    let variable =
                        Setting::AppId.variable().filter(|name| self.settings.environment().raw(name).is_some());
                    facts.warnings.push(Warning::LoginOfOtherApp { profile, client_id, variable });
                }
                Ok(app_facts(&profile, secret, checkup))
            }
            Err(error) => Err(Arc::new(error)),
        };
        if let (Some(report), Some(session), Err(_)) = (report, self.session, &facts.app) {
            facts.script = script_file(session.keeper(), &report.grant).await;
        }
        facts.program = of_program;
        if let (Some(report), Some(session), Err(_)) = (report, self.session, &facts.app)
            && self.settings.lacks_app_of(&report.grant)
        {
            facts.elsewhere =
                session.keeper().registration_of(&report.grant).await.ok().flatten().map(|app| app.client_id);
        }
        if let (Some(report), Some(session)) = (report, self.session) {
            facts.login = self.login(report, session, facts.app.as_ref().ok(), usable.as_ref()).await.ok();
        }
        if let Some(session) = self.session {
            // What is wrong with one file is in its own state.
            facts.links = Links::new(session.keeper()).states(Some(&facts.name)).await.unwrap_or_default();
        }
        facts
    }

    /// Where the secret is, and the app with it.
    async fn secret(&self, profile: &ResolvedProfile) -> (SecretFacts, Option<App>) {
        let outside = match profile.secret.read() {
            Ok(secret) => secret,
            Err(error) => return (SecretFacts::Unreadable(Arc::new(error)), None),
        };
        if !profile.has_secret() {
            return (SecretFacts::Public, Some(profile.app(None)));
        }
        let place = match &profile.secret {
            SecretSource::Given(_) => SecretFacts::Given,
            SecretSource::File { path, .. } => SecretFacts::File { path: path.clone(), open_mode: open_mode(path) },
            SecretSource::Vault => SecretFacts::Vault,
        };
        let secret = match (outside, self.session) {
            (Some(secret), _) => secret,
            (None, Some(session)) => match session.keeper().app_secret(&profile.app_name).await {
                Ok(Some(secret)) => secret,
                Ok(None) => return (SecretFacts::Missing, None),
                Err(_) => return (SecretFacts::Behind, None),
            },
            (None, None) => return (if self.closed { SecretFacts::Behind } else { SecretFacts::Missing }, None),
        };
        let mut app = profile.app(Some(secret));
        if let (Platform::Feishu(FeishuApp { kind: AppKind::Store { ticket: ticket @ None, .. }, .. }), Some(session)) =
            (&mut app.platform, self.session)
        {
            *ticket = session.keeper().app_ticket(&app.name).await.ok().flatten();
        }
        (place, Some(app))
    }

    async fn login(
        &self,
        report: &Report,
        session: &Session,
        app: Option<&AppFacts>,
        usable: Option<&App>,
    ) -> Result<LoginFacts, Error> {
        let grant = report.grant.clone();
        let journal = session.keeper().journal(grant.id, JOURNAL_READ).await?;
        let aside = session.vault().parked(grant.id).await?;
        let aside = aside.into_iter().map(|set| Aside { at: set.at, replaced: set.intent.is_none() }).collect();
        let mut alive = None;
        if let (Some(app), Some(access)) = (usable, &grant.access)
            && app.name == grant.app
            && !access.remaining(self.now).is_zero()
        {
            let answer = self.provider.user_info(app, &access.token).await.map(drop);
            // What the provider calls dead is handed out to nobody, whoever asked.
            if let Err(CallError::Refused(refusal)) = &answer
                && refusal.class == RefusalClass::AccessDead
            {
                session.keeper().access_is_dead(grant.id, grant.generation, refusal.provider_code).await;
            }
            alive = Some(answer);
        }
        let api = app.map(|app| app.token_api).filter(|api| api.accepts_from(grant.issued_by));
        let codes = self.codes(api.unwrap_or(grant.issued_by), &grant.standing, &journal);
        let mut open = Vec::new();
        for intent in &report.intents {
            open.push(self.open_rotation(report, session, intent).await);
        }
        let serves = rotation_policy::serves(&grant, session.keeper().rules(&grant), self.now);
        Ok(LoginFacts { due_at: report.due_at, grant, open, journal, aside, codes, serves, alive })
    }

    async fn open_rotation(&self, report: &Report, session: &Session, intent: &Intent) -> OpenRotation {
        let fate = session.parts().witness.fate(&intent.sender).await;
        let in_rescue_slot = self
            .looked
            .health
            .as_ref()
            .is_some_and(|health| health.waiting.iter().any(|waiting| waiting.intent == intent.id));
        OpenRotation {
            intent: intent.id,
            sender: intent.sender.clone(),
            fate,
            begun: intent.begun,
            deadline: intent.deadline,
            recovery: rotation_policy::recover(
                intent,
                &report.grant,
                fate,
                session.keeper().rules(&report.grant),
                self.now,
            ),
            answer: intent.answer.as_ref().map(|answer| KeptAnswer {
                received: answer.received,
                in_rescue_slot,
                says: match self.provider.read(&report.grant.app, intent.api, answer) {
                    Outcome::Rotated { .. } => Says::Tokens,
                    Outcome::Refused(refusal) => Says::Refusal(refusal.provider_code),
                    Outcome::Unreadable(_) | Outcome::NoSuchEndpoint(_) => Says::Nothing,
                },
            }),
        }
    }

    /// What the codes mean that the provider has given.
    fn codes(&self, api: TokenApi, standing: &Standing, journal: &[Entry]) -> BTreeMap<i64, Explained> {
        let recorded = journal.iter().filter_map(|entry| match &entry.event {
            Event::Closed {
                closing: Closing::Kept { provider_code, .. } | Closing::Refused { provider_code, .. },
                ..
            } => *provider_code,
            _ => None,
        });
        let standing = match standing {
            Standing::NeedsConsent { provider_code, .. } => *provider_code,
            _ => None,
        };
        recorded.chain(standing).filter_map(|code| Some((code, self.provider.explain(api, code)?))).collect()
    }
}

fn app_facts(profile: &ResolvedProfile, secret: SecretFacts, checkup: Option<Checkup>) -> AppFacts {
    AppFacts {
        name: profile.app_name.clone(),
        client_id: profile.client_id.clone(),
        provider: profile.provider(),
        host: profile.hosts.open.host_str().unwrap_or_default().to_owned(),
        service: Service::of(profile),
        own_hosts: profile.provider().brand().is_some_and(|brand| profile.hosts == brand.hosts()),
        token_api: profile.token_api,
        scopes: profile.scopes.clone(),
        secret,
        checkup,
    }
}

/// Whether a script's login is over whose file holds another one since: nobody needs to look after it.
fn is_of_the_past(report: &Report, all: &[Report]) -> bool {
    let file = |report: &Report| {
        report.grant.profile.as_ref().and_then(|name| Some(name.as_str().rsplit_once('@')?.0.to_owned()))
    };
    is_script_login(&report.grant)
        && matches!(report.grant.standing, Standing::NeedsConsent { .. })
        && all.iter().any(|other| {
            is_script_login(&other.grant)
                && file(other) == file(report)
                && other.grant.consented > report.grant.consented
        })
}

/// Whether a login was not ended by a person.
fn is_live(report: &Report) -> bool {
    !matches!(report.grant.standing, Standing::Retired { .. })
}

/// Whether a login could come back: its port is taken for a moment and given back.
async fn port(profile: &ResolvedProfile) -> PortFacts {
    let redirect = profile.redirect_uri.clone();
    match Callback::probe(&profile.redirect_uri).await {
        Ok(()) => PortFacts::Free(redirect),
        Err(CallbackError::PortInUse { .. }) => PortFacts::Taken(redirect),
        Err(CallbackError::NotLoopback { .. }) => PortFacts::Elsewhere(redirect),
        Err(CallbackError::Bind { source, .. }) => PortFacts::Refused(redirect, source.to_string()),
    }
}

/// The mode of a file that others may read.
fn open_mode(path: &Path) -> Option<u32> {
    let mode = std::fs::metadata(path).ok()?.mode() & 0o7777;
    (mode & 0o077 != 0).then_some(mode)
}

/// How much of the journal is read: some twenty rotations.
const JOURNAL_READ: u32 = 64;
