//! From facts to findings. Pure: the same facts tell the same stories.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokenward_core::ports::{CallError, Clocks};
use tokenward_core::{Code, Event, ProfileName, RefusalClass, Standing};

use super::facts::{
    AppFacts, Depth, Facts, HeldLogin, HeldRefresh, LoginFacts, OpenStore, PortFacts, ProfileFacts, SecretFacts,
    StoreFacts,
};
use super::finding::{Check, Finding};
use super::finding_kinds::Story;
use super::journal_analysis;
use super::rotation_facts::{Tale, Traces};
use super::severity::Severity;
use crate::links::{FileComparison, LinkState};
use crate::settings::Warning;

/// Answers every question that the facts permit, in the order of [`Check`]; the profile that is meant first, then what
/// concerns everyone, then a line for each other profile that needs attention.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut common = Collector { profile: None, findings: Vec::new() };
    if let Some(error) = &facts.unsettled {
        common.add(Check::App, Story::Settings(error.clone()));
    }
    for warning in &facts.warnings {
        common.add(Check::App, Story::SettingDoubtful(warning.clone()));
    }
    store(&facts.store, &mut common);
    clock(facts, &mut common);
    owners(facts, &mut common);
    without_profile(facts, &mut common);
    for (goes, stays) in &facts.doubled {
        common.add(Check::Login, Story::Doubled { goes: goes.clone(), stays: stays.clone() });
    }
    for profile in &facts.profiles {
        let mut own = Collector { profile: Some(profile.name.clone()), findings: Vec::new() };
        examine_profile(facts, profile, &mut own);
        match profile.depth {
            Depth::Full => findings.append(&mut own.findings),
            Depth::Attention => common.findings.extend(attention(&profile.name, own.findings)),
        }
    }
    findings.append(&mut common.findings);
    // Stable: within a check the order is that of the story. Profiles told in full stay together.
    let order = |finding: &Finding| match &finding.profile {
        Some(name) => facts.profiles.iter().position(|profile| profile.name == *name).unwrap_or(usize::MAX),
        None if facts.profiles.iter().filter(|profile| profile.depth == Depth::Full).count() == 1 => 0,
        None => usize::MAX,
    };
    findings.sort_by_key(|finding| (order(finding), finding.check));
    findings
}

/// The line for a profile that is not told in full: its worst finding, if it is worth one.
fn attention(profile: &ProfileName, findings: Vec<Finding>) -> Option<Finding> {
    let rank = |finding: &Finding| finding.story.severity();
    let worst = findings.into_iter().rev().max_by_key(rank).filter(|worst| rank(worst) >= Severity::Warning)?;
    let story = Story::Other { profile: profile.clone(), worst: Box::new(worst.story) };
    Some(Finding { profile: None, check: Check::Others, story })
}

struct Collector {
    profile: Option<ProfileName>,
    findings: Vec<Finding>,
}

impl Collector {
    fn add(&mut self, check: Check, story: Story) {
        self.findings.push(Finding { profile: self.profile.clone(), check, story });
    }
}

fn examine_profile(facts: &Facts, profile: &ProfileFacts, found: &mut Collector) {
    let app = match &profile.app {
        Ok(app) => {
            examine_app(app, found);
            Some(app)
        }
        Err(error) => {
            // A script's login has no app that could be set up.
            found.add(
                Check::App,
                match &profile.script {
                    Some(file) => Story::Script(file.clone()),
                    // Nor has a program's, that is set up here.
                    None if profile.program => Story::Program,
                    None => match profile.elsewhere.clone() {
                        Some(client_id) => Story::AppElsewhere { profile: profile.name.clone(), client_id },
                        None => Story::Settings(error.clone()),
                    },
                },
            );
            None
        }
    };
    for warning in &profile.warnings {
        // What is wrong with the app is told first: who logs in anew with a wrong secret has gained nothing.
        let check = if matches!(warning, Warning::LoginOfOtherApp { .. }) { Check::Login } else { Check::App };
        found.add(check, Story::SettingDoubtful(warning.clone()));
    }
    match &profile.login {
        Some(login) => examine_login(facts, app, profile, login, found),
        // Where the store cannot be read, nobody knows.
        None if matches!(facts.store, StoreFacts::Closed(..) | StoreFacts::Keyless(_)) => {}
        // Such a profile has no login of its own: each user's is under the user's name.
        None if is_empty_beside_programs(facts, profile) => {}
        None if (profile.program || app.is_some_and(|app| !app.token_api.has_browser_login()))
            && profile.name.base() == profile.name.as_str() =>
        {
            found.add(Check::Login, Story::Users(profile.users.clone()));
        }
        None if profile.for_web_users && profile.name.base() == profile.name.as_str() => {
            found.add(Check::Login, Story::WebUsers(profile.users.len()));
        }
        None => found.add(Check::Login, Story::NotLoggedIn),
    }
    links(&profile.links, facts.now, found);
    if let Some(port) = &profile.port {
        let story = match port {
            PortFacts::Free(redirect) => Story::PortFree(redirect.clone()),
            PortFacts::Taken(redirect) => Story::PortTaken(redirect.clone()),
            PortFacts::Elsewhere(redirect) => Story::RedirectElsewhere(redirect.clone()),
            PortFacts::Refused(redirect, reason) => {
                Story::PortRefused { redirect: redirect.clone(), reason: reason.clone() }
            }
        };
        found.add(Check::Port, story);
    }
}

/// Whether nobody has logged in with an app that serves many, while a program keeps its users' logins in the same folder: then nobody is
/// missed.
fn is_empty_beside_programs(facts: &Facts, profile: &ProfileFacts) -> bool {
    let of_many = profile.app.as_ref().is_ok_and(|app| !app.token_api.has_browser_login());
    of_many
        && profile.users.is_empty()
        && facts.profiles.iter().any(|other| other.program && other.depth == Depth::Full)
}

fn examine_app(app: &AppFacts, found: &mut Collector) {
    let (name, client_id) = (app.name.clone(), app.client_id.clone());
    found.add(
        Check::App,
        Story::AppReady { app: name, client_id, token_api: app.token_api, service: app.service.clone() },
    );
    if let SecretFacts::File { path, open_mode: Some(mode) } = &app.secret {
        found.add(Check::Secret, Story::SecretOpen { path: path.clone(), mode: *mode });
    }
    let accepted = app.checkup.as_ref().map(|checkup| &checkup.accepted);
    match (&app.secret, accepted) {
        (SecretFacts::Missing, _) => found.add(Check::Secret, Story::SecretMissing(app.name.clone())),
        (SecretFacts::Unreadable(error), _) => found.add(Check::Secret, Story::Settings(error.clone())),
        // The store's own finding says why.
        (SecretFacts::Behind, _) => {}
        (place, None) => found.add(Check::Secret, Story::SecretNotChecked(place.clone())),
        (place, Some(Ok(()))) => found.add(Check::Secret, Story::SecretAccepted(place.clone())),
        (_, Some(Err(CallError::Refused(refusal)))) => {
            found.add(Check::Secret, Story::AppRefused { refusal: refusal.clone(), provider: app.provider });
        }
        (_, Some(Err(CallError::NoAnswer(fault)))) => found.add(Check::Secret, Story::NoAnswer(fault.clone())),
        (_, Some(Err(CallError::Lacking(what)))) => {
            found.add(Check::Secret, Story::AppLacks { what, provider: app.provider });
        }
    }
    // A refusal may be about the brand; then its own finding says so.
    if app.provider.brand().is_some() && !matches!(accepted, Some(Err(CallError::Refused(_)))) {
        let accepted = matches!(accepted, Some(Ok(())));
        let (provider, host, own_hosts) = (app.provider, app.host.clone(), app.own_hosts);
        found.add(Check::Brand, Story::Brand { provider, host, own_hosts, accepted });
    }
}

fn examine_login(
    facts: &Facts,
    app: Option<&AppFacts>,
    profile: &ProfileFacts,
    login: &LoginFacts,
    found: &mut Collector,
) {
    let (grant, now) = (&login.grant, facts.now);
    if let Some(app) = app.filter(|app| app.name != grant.app) {
        found.add(Check::Login, Story::OtherApp { consented: grant.app.clone(), named: app.name.clone() });
    }
    if let Standing::Retired { since } = grant.standing {
        found.add(Check::Login, Story::LoggedOut { since });
        return;
    }
    found.add(
        Check::Login,
        Story::Login {
            subject: grant.subject.clone(),
            scopes: grant.scopes.iter().map(str::to_owned).collect(),
            consented: grant.consented,
            issued_by: grant.issued_by,
        },
    );
    if let Some(app) = app.filter(|app| app.name == grant.app) {
        let missing: Vec<_> =
            app.scopes.iter().filter(|scope| !grant.scopes.contains(scope)).map(str::to_owned).collect();
        // A grant whose provider never named its scopes says nothing about what is missing.
        if !missing.is_empty() && !grant.scopes.is_empty() {
            found.add(Check::Login, Story::ScopesNotGranted(missing));
        }
    }
    let death = journal_analysis::death(login, app.map(|app| app.token_api), now);
    let dead = death.is_some();
    if let Some(mut death) = death {
        let newer = profile.links.iter().find(|state| matches!(state.found, FileComparison::Newer));
        death.newer = newer.map(|state| state.link.target.file.clone());
        if let Tale::SecondOwner(traces) = &mut death.tale {
            **traces = traces_of(facts, profile, login, death.since);
        }
        found.add(Check::Login, Story::Dead(Box::new(death)));
    }
    // No request has shown it yet, and the vault before knew it.
    let restored = facts.restored.as_ref().filter(|it| it.used.contains(&profile.name) && grant.rotated_at <= it.at);
    if let (Some(restored), false) = (restored, dead) {
        found.add(Check::Login, Story::UsedBeforeRestore(restored.clone()));
    }
    tokens(login, now, dead, found);
    let past = journal_analysis::past(login);
    if !past.is_empty() {
        found.add(Check::Rotations, Story::LastRotations(past));
    }
    for story in journal_analysis::open(login, now) {
        let check = if matches!(story, Story::InDoubt(_)) { Check::Login } else { Check::Rotations };
        found.add(check, story);
    }
    let checkup = app.and_then(|app| app.checkup.as_ref());
    let accepted = checkup.is_some_and(|checkup| checkup.accepted.is_ok());
    if let Some(story) = journal_analysis::last_failure(login, accepted, now) {
        found.add(Check::Rotations, story);
    }
    let replaced = login.aside.iter().filter(|set| set.replaced).count();
    if let Some(newest) = login.aside.iter().map(|set| set.at).max() {
        found.add(Check::Rotations, Story::SetAside { late: login.aside.len() - replaced, replaced, newest });
    }
    if grant.unproven {
        found.add(Check::Login, Story::Unproven { user: grant.subject.clone() });
    }
    if grant.on_trial {
        let adopted = login.journal.iter().find_map(|entry| match &entry.event {
            Event::Adopted { source, .. } => Some((source.clone(), entry.at)),
            _ => None,
        });
        let since = adopted.as_ref().map_or(grant.rotated_at, |(_, at)| *at);
        found.add(Check::Rotations, Story::OnTrial { source: adopted.map(|(source, _)| source), since });
    }
}

/// Logins that nobody finds by a profile's name: which profile each could become the login of, and how.
fn without_profile(facts: &Facts, found: &mut Collector) {
    for login in &facts.without_profile {
        let grant = &login.grant;
        let of_its_app = |profile: &&ProfileFacts| {
            matches!(&profile.app, Ok(app) if app.name == grant.app) && profile.login.is_some()
        };
        let story = Story::WithoutProfile {
            grant: grant.id,
            app: grant.app.clone(),
            subject: grant.subject.clone(),
            source: login.source.clone(),
            since: login.since,
            is_over: login.is_over(facts.now),
            profile: facts.profiles.iter().find(of_its_app).map(|profile| profile.name.clone()),
        };
        found.add(Check::Login, story);
    }
}

/// What is known of who ended a login that we did not end.
fn traces_of(facts: &Facts, profile: &ProfileFacts, login: &LoginFacts, refused: Timestamp) -> Traces {
    let grant = &login.grant;
    let restored = facts.restored.clone().filter(|restored| grant.rotated_at <= restored.at && restored.at <= refused);
    let refused_before = login
        .journal
        .iter()
        .any(|entry| entry.generation == grant.generation && matches!(entry.event, Event::AccessRefused { .. }));
    let access_accepted = match &login.alive {
        Some(Ok(())) => Some(true),
        Some(Err(CallError::Refused(refusal))) if refusal.class == RefusalClass::AccessDead => Some(false),
        _ if refused_before => Some(false),
        _ => None,
    };
    let newer = profile.links.iter().filter(|state| matches!(state.found, FileComparison::Newer));
    let files = newer.map(|state| state.link.target.file.display().to_string());
    let tools = facts.others.iter().flat_map(|store| {
        let held = store.logins.iter().flatten().filter(|held| held.refresh == HeldRefresh::Unknown);
        held.filter(|held| wronged(facts, held).as_ref() == Some(&profile.name))
            .map(|held| format!("{} ({})", store.tool, held.account))
    });
    Traces { restored, access_accepted, others: files.chain(tools).collect() }
}

fn tokens(login: &LoginFacts, now: Timestamp, dead: bool, found: &mut Collector) {
    let grant = &login.grant;
    let serving = journal_analysis::serves_until(login, now);
    let refresh = grant.refresh_expires.filter(|_| grant.has_refresh);
    found.add(
        Check::Tokens,
        Story::Lives {
            access: grant.access.as_ref().map(|access| access.expires),
            due_at: login.due_at.filter(|_| grant.has_refresh && !dead),
            refresh: refresh.filter(|_| !dead),
            wall: grant.wall.filter(|_| !dead),
        },
    );
    match &login.alive {
        Some(Ok(())) => found.add(Check::Tokens, Story::AccessAccepted),
        // That a login is over says what follows from it.
        Some(Err(CallError::Refused(_))) if dead => {}
        Some(Err(CallError::Refused(refusal))) => found.add(Check::Tokens, Story::AccessDead(refusal.clone())),
        Some(Err(CallError::NoAnswer(fault))) => found.add(Check::Tokens, Story::NoAnswer(fault.clone())),
        Some(Err(CallError::Lacking(_))) | None => {}
    }
    if dead {
        return;
    }
    let passed = |end: Option<Timestamp>| end.filter(|end| *end <= now);
    let soon = |end: Option<Timestamp>, within: Duration| {
        end.filter(|end| *end > now && end.checked_sub(within).is_ok_and(|from| from <= now))
    };
    if !grant.has_refresh {
        let access = grant.access.as_ref().map(|access| access.expires);
        found.add(Check::Tokens, Story::NoRefreshToken { access, serving: serving.is_some() });
    } else if let Some(end) = passed(grant.wall) {
        found.add(Check::Tokens, Story::EndPassed { end, wall: true });
    } else if let Some(end) = passed(refresh) {
        found.add(Check::Tokens, Story::EndPassed { end, wall: false });
    } else if let Some(end) = soon(grant.wall, WALL_NOTICE) {
        found.add(Check::Tokens, Story::EndsSoon { end, wall: true });
    } else if let Some(end) = soon(refresh, IDLE_NOTICE) {
        found.add(Check::Tokens, Story::EndsSoon { end, wall: false });
    }
}

fn links(links: &[LinkState], now: Timestamp, found: &mut Collector) {
    // That a login is over is told of the login.
    let is_bad = |state: &&LinkState| {
        !matches!(state.found, FileComparison::InStep | FileComparison::Over) || state.exposed.is_some()
    };
    let bad: Vec<_> = links.iter().filter(is_bad).collect();
    let is_over = links.iter().any(|state| matches!(state.found, FileComparison::Over));
    if bad.is_empty() && !is_over && !links.is_empty() {
        let expired = links.iter().filter_map(|state| state.expired(now)).max();
        // A file may have several places, and is one file.
        let count = links.iter().map(|state| &state.link.target.file).collect::<BTreeSet<_>>().len();
        found
            .add(Check::Links, expired.map_or(Story::LinksInStep(count), |since| Story::LinksExpired { count, since }));
    }
    for state in bad {
        found.add(Check::Links, Story::Link(Box::new(state.clone())));
    }
    for state in links.iter().filter(|state| state.link.terms.permit_more()) {
        found.add(Check::Links, Story::LinkPermits(Box::new(state.clone())));
    }
}

fn owners(facts: &Facts, found: &mut Collector) {
    let mut looked = Vec::new();
    let mut alone = true;
    for store in &facts.others {
        let tool = store.tool;
        let logins = match &store.logins {
            Ok(logins) => logins,
            Err(reason) => {
                let (place, reason) = (store.place.clone(), reason.clone());
                found.add(Check::Owners, Story::ToolClosed { tool, place, reason });
                continue;
            }
        };
        looked.push(tool);
        for held in logins {
            let story = match &held.refresh {
                HeldRefresh::Present(profile) => {
                    Story::SecondOwner { tool, held: held.clone(), profile: profile.clone() }
                }
                HeldRefresh::Used => Story::OldCopy { tool, held: held.clone() },
                HeldRefresh::Unknown => match wronged(facts, held) {
                    Some(profile) => Story::Suspect { tool, held: held.clone(), profile },
                    None => continue,
                },
                HeldRefresh::Absent => continue,
            };
            alone = false;
            found.add(Check::Owners, story);
        }
    }
    if alone && looked.len() == facts.others.len() && !facts.profiles.is_empty() {
        looked.dedup();
        found.add(Check::Owners, Story::NoOtherOwner(looked));
    }
}

/// The profile whose login somebody else ended, if this may be the one who did: the same app, and not another user.
fn wronged(facts: &Facts, held: &HeldLogin) -> Option<ProfileName> {
    let ended = |profile: &&ProfileFacts| {
        let (Ok(app), Some(login)) = (&profile.app, &profile.login) else { return false };
        let ended = matches!(login.grant.standing, Standing::NeedsConsent { code: Code::ForeignSpender, .. });
        let same_user = match (&held.user, &login.grant.subject) {
            (Some(theirs), Some(ours)) => *theirs == ours.id,
            _ => true,
        };
        ended && held.app_id.as_ref() == Some(&app.client_id) && same_user
    };
    facts.profiles.iter().find(ended).map(|profile| profile.name.clone())
}

fn store(store: &StoreFacts, found: &mut Collector) {
    match store {
        StoreFacts::NotLooked => {}
        StoreFacts::Absent(folder) => found.add(Check::Store, Story::StoreAbsent(folder.clone())),
        StoreFacts::Keyless(error) => found.add(Check::Store, Story::Settings(error.clone())),
        StoreFacts::Closed(folder, error) => {
            found.add(Check::Store, Story::StoreClosed { folder: folder.clone(), error: error.clone() });
        }
        StoreFacts::Open(store) => open_store(store, found),
    }
}

fn open_store(store: &OpenStore, found: &mut Collector) {
    let folder = || store.folder.clone();
    for repair in &store.repairs {
        found.add(Check::Store, Story::WasOpen(repair.clone()));
    }
    if !store.damage.is_empty() {
        found.add(Check::Store, Story::StoreDamaged { folder: folder(), complaints: store.damage.clone() });
    }
    for error in &store.unread {
        found.add(Check::Store, Story::StoreClosed { folder: folder(), error: error.clone() });
    }
    match &store.unwritable {
        Some(error) => found.add(Check::Store, Story::StoreUnwritable { folder: folder(), error: error.clone() }),
        None if store.free < ROOM_NOTICE => {
            found.add(Check::Store, Story::RoomShort { folder: folder(), free: store.free });
        }
        None if store.damage.is_empty() && store.unread.is_empty() => {
            let (engine, key) = (store.engine.clone(), store.key.clone());
            found.add(Check::Store, Story::StoreSound { folder: folder(), engine, key, free: store.free });
        }
        None => {}
    }
    if let Some(files) = &store.foreign {
        found.add(Check::Store, Story::NotOurs { folder: folder(), files: files.clone() });
    }
    if store.orphans > 0 {
        found.add(Check::Store, Story::Orphans(store.orphans));
    }
    for profile in &store.unfinished {
        found.add(Check::Store, Story::LoginUnfinished(profile.clone()));
    }
    if store.key_unused {
        found.add(Check::Store, Story::KeyNotUsed(store.key.clone()));
    }
}

fn clock(facts: &Facts, found: &mut Collector) {
    let told = facts.profiles.iter().filter_map(|profile| profile.app.as_ref().ok()?.checkup.as_ref()?.clocks);
    // One provider's clock is as good as another's; the first that was heard is told.
    let clocks: Vec<Clocks> = told.collect();
    let limit = facts.now.checked_add(CLOCK_SLACK).unwrap_or(facts.now);
    let stored: BTreeSet<Timestamp> =
        facts.profiles.iter().flat_map(|profile| profile.login.iter()).flat_map(moments).collect();
    let ahead = stored.last().filter(|stored| **stored > limit);
    match clocks.first() {
        Some(clocks) if away(clocks) > CLOCK_SLACK => found.add(Check::Clock, Story::ClockWrong(*clocks)),
        Some(clocks) => found.add(Check::Clock, Story::ClockRight(*clocks)),
        // That nothing stored is dated in the future would not be true.
        None if facts.profiles.is_empty() || ahead.is_some() => {}
        None => found.add(Check::Clock, Story::ClockNotChecked),
    }
    if let Some(stored) = ahead {
        found.add(Check::Clock, Story::ClockWentBack { stored: *stored });
    }
}

/// Moments that were the present when they were stored.
fn moments(login: &LoginFacts) -> impl Iterator<Item = Timestamp> + '_ {
    let grant = &login.grant;
    let obtained = grant.access.as_ref().map(|access| access.obtained);
    // When the login was made stays as it was written down, whatever is refreshed, and nothing is reckoned from it.
    [Some(grant.rotated_at), obtained, login.journal.first().map(|entry| entry.at)].into_iter().flatten()
}

fn away(clocks: &Clocks) -> Duration {
    Duration::try_from(clocks.ours.duration_since(clocks.theirs).abs()).unwrap_or_default()
}

/// A login that ends unused is announced a day ahead (reference/feishu.md §18, rule 8).
const IDLE_NOTICE: Duration = Duration::from_hours(24);
/// The end that no refresh can move is announced two weeks ahead: a person must find the time.
const WALL_NOTICE: Duration = Duration::from_hours(14 * 24);
/// The provider's answer takes a moment and its `Date` has whole seconds; a minute is beyond both.
const CLOCK_SLACK: Duration = Duration::from_mins(1);
/// A rotation needs a quarter of a megabyte at most; whoever has less than this will meet the end soon.
const ROOM_NOTICE: u64 = 16 << 20;
