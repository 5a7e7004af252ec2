//! `tokenward status`: how one login stands. Asks the vault and nobody else (I8).

use std::process::ExitCode;

use jiff::tz::TimeZone;
use serde_json::json;
use tokenward::links::{FileComparison, LinkState};
use tokenward::{Report, Session, Settings, is_script_login};
use tokenward_core::{Code, ExitClass, Grant, Link, ProviderName, Standing, Status, TokenApi};

use crate::commands::list;
use crate::commands::login_exit_code::{exit, next_of_a_script};
use crate::context::Context;
use crate::failure::Failure;
use crate::fields::{LinkFields, LoginFields, WithoutProfileFields};
use crate::words::Lang;

pub(super) async fn run(context: &Context) -> Result<ExitCode, Failure> {
    let settings = context.settings()?;
    let name = match context.profile_name(&settings) {
        Err(failure) => return without_settings(failure, &settings, context).await,
        Ok(name) => name,
    };
    let profile = settings.profile(Some(&name)).ok();
    for url in profile.iter().flat_map(tokenward::ResolvedProfile::in_clear) {
        context.printer.warning(context.lang().said().plain_http_on(url));
    }
    let clear_text: Vec<_> = profile.iter().flat_map(tokenward::ResolvedProfile::in_clear).collect();
    let of_many = profile.as_ref().is_some_and(|profile| !profile.token_api.has_browser_login());
    let of_many = of_many && name.base() == name.as_str();
    let Some(session) = context.look(&settings).await? else {
        let profile = settings.profile(Some(&name)).map_err(|error| context.settings_failure(&error))?;
        let nobody = Failure::of(Code::NotLoggedIn).detail(name.as_str());
        return Err(if of_many { no_user(&name, context) } else { context.nobody(&profile, nobody) });
    };
    if of_many {
        return many(&name, &clear_text, &settings, &session, context).await;
    }
    // So are those that a program keeps which brings its own settings, as a Django site.
    let mut of_program = session.keeper().list().await?;
    let is_there = of_program.iter().any(|report| report.grant.profile.as_ref() == Some(&name));
    of_program.retain(|report| {
        let meant = list::belongs(report, &name) || (context.names_nothing() && !is_there);
        meant && is_of_program(report, &settings, context)
    });
    if !of_program.is_empty() && name.base() == name.as_str() {
        return show_unset(&of_program, &settings, &session, context).await;
    }
    context.tell_overruled(&settings, &name);
    let (_, grant) = context.login_of(&settings, &session).await?;
    let report = session.keeper().status(grant).await?;
    let other = match &profile {
        Some(profile) => session.keeper().other_app(&report.grant, &profile.app(None)).await?,
        None => None,
    };
    let links = session.links().states(report.grant.profile.as_ref()).await?;
    let links: Vec<_> =
        links.iter().filter(|state| Some(&state.link.target.profile) == report.grant.profile.as_ref()).collect();
    let info = session.vault_info().await?;
    // A login of the same app that could be meant by this profile, and is not.
    let mut kept = session.keeper().without_profile().await?;
    kept.retain(|login| login.grant.app == report.grant.app);
    if context.printer.json {
        context.printer.document(&json!({
            "login": LoginFields::of(&report).of_other_app(other.is_some()),
            "without_profile": kept.iter().map(WithoutProfileFields::of).collect::<Vec<_>>(),
            "key_source": info.key_source,
            "vault": settings.home().vault(),
            "clear_text": clear_text,
            "links": links.iter().map(|state| LinkFields::of(&state.link).found(state, context.now())).collect::<Vec<_>>(),
        }))?;
    } else {
        let lang = context.lang();
        let mut facts = facts(&report, lang, context.now(), context.zone());
        facts.push((lang.fact_key(), context.key_words(&settings, &info)?));
        facts.push((lang.fact_vault(), settings.home().vault().display().to_string()));
        context.printer.facts(&facts)?;
        if is_script_login(&report.grant) {
            next_of_a_script(&report, &session, context).await;
        } else if is_of_program(&report, &settings, context) {
            next_of_a_program(&report, context);
        } else if let (Status::NeedsConsent, Some(newer)) = (report.status, newer(&links)) {
            import(newer, context);
        } else {
            warn(&report, context);
        }
        for login in &kept {
            context.printer.warning(lang.without_profile(login, context.now(), context.zone()));
            let grant = &login.grant;
            for way in
                lang.without_profile_ways(grant.id, grant.subject.as_ref(), Some(&name), login.is_over(context.now()))
            {
                context.printer.note(format!("{}{}{way}", lang.next_head(), lang.gap()));
            }
        }
        for state in links {
            let file = context.short(&state.link.target.file);
            let words = lang.permitted(state).into_iter().chain(lang.exposed_advice(state));
            words.for_each(|words| context.printer.warning(format!("{file}{}{words}", lang.colon())));
        }
    }
    // A file that shows an old token of the login besides the present one misleads whoever reads the other.
    for state in session.links().states(Some(&name)).await? {
        if matches!(state.found, FileComparison::StaleBeside { .. }) {
            let (lang, file) = (context.lang(), context.short(&state.link.target.file));
            context.printer.warning(lang.doctor_link(file, lang.link_state(&state.found)));
        }
    }
    if let (Some(other), Some(profile)) = (other, &profile) {
        context.printer.warning(context.login_of_other(profile, &other));
        context.printer.note(context.back_to_app(profile, &other));
        return Ok(ExitCode::from(ExitClass::NeedsConsent as u8));
    }
    Ok(ExitCode::from(exit(&report) as u8))
}

/// The linked file that holds a login which the vault does not know.
fn newer<'a>(links: &[&'a LinkState]) -> Option<&'a Link> {
    links.iter().find(|state| matches!(state.found, FileComparison::Newer)).map(|state| &state.link)
}

/// Says that the next command which uses the login takes over the one in a linked file: nobody has to log in.
fn import(link: &Link, context: &Context) {
    let (lang, profile) = (context.lang(), &link.target.profile);
    let words = lang.import_newer(context.short(&link.target.file), context.meant(profile).command("token"));
    context.printer.note(format!("{}{}{words}", lang.next_head(), lang.gap()));
}

/// How the users of an app that serves many stand.
async fn many(
    name: &tokenward_core::ProfileName,
    clear_text: &[String],
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<ExitCode, Failure> {
    // The logins are the users'; each has a line.
    let reports = session.keeper().list().await?;
    // Beside a profile that nobody named, those of other programs in this folder are told too: a Django site may keep them under a name
    // of its own.
    let others = |report: &Report| context.names_nothing() && is_of_program(report, settings, context);
    let own: Vec<_> = reports.into_iter().filter(|report| list::belongs(report, name) || others(report)).collect();
    let Some(worst) = worst(&own) else { return Err(no_user(name, context)) };
    list::show(&own, settings, Some(clear_text), context)?;
    if !context.printer.json {
        own.iter().filter(|report| exit(report) != ExitClass::Done && counts(report)).for_each(|report| {
            if is_of_program(report, settings, context) && !list::belongs(report, name) {
                next_of_a_program(report, context);
            } else {
                next(report, context);
            }
        });
    }
    Ok(ExitCode::from(worst as u8))
}

/// Where nothing is set up, logins of scripts' files and of programs that bring their own settings may be all there is: each has a line.
/// Without any, what is missing is told.
async fn without_settings(failure: Failure, settings: &Settings, context: &Context) -> Result<ExitCode, Failure> {
    if context.global.profile.is_some() {
        return Err(context.of_other_shell(settings, failure).await);
    }
    let Some(session) = context.look(settings).await? else { return Err(failure) };
    let mut own = session.keeper().list().await?;
    own.retain(|report| is_script_login(&report.grant) || is_of_program(report, settings, context));
    if own.is_empty() {
        return Err(context.of_other_shell(settings, failure).await);
    }
    show_unset(&own, settings, &session, context).await
}

/// Logins that no settings know, and what to do about each that is over.
async fn show_unset(
    own: &[Report],
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<ExitCode, Failure> {
    list::show(own, settings, None, context)?;
    if !context.printer.json {
        for report in own {
            next_of_a_script(report, session, context).await;
            if is_of_program(report, settings, context) {
                next_of_a_program(report, context);
            }
        }
    }
    Ok(ExitCode::from(worst(own).unwrap_or(ExitClass::Done) as u8))
}

/// Whether a login is one of many that a program keeps here which says itself what its app is. Variables that describe an app here say
/// nothing of another name's.
fn is_of_program(report: &Report, settings: &Settings, context: &Context) -> bool {
    let Some(name) = report.grant.profile.as_ref().filter(|name| name.is_of_many()) else { return false };
    settings.profile(Some(name)).is_err() || settings.is_of_other_program(name, context.global.profile.as_ref())
}

/// What is to be done about a program's login that does not live: not here, where nothing is known of its app.
fn next_of_a_program(report: &Report, context: &Context) {
    let (profile, lang) = (report.grant.profile.as_ref(), context.lang());
    if exit(report) == ExitClass::Done || !counts(report) {
        return;
    }
    let next = match report.status {
        Status::InDoubt => lang.program_continues(),
        _ => lang.program_login_again(profile),
    };
    let name = profile.map_or_else(|| lang.no_profile(), ToString::to_string);
    context.printer.note(format!("{}{}{name}{}{next}", lang.next_head(), lang.gap(), lang.colon()));
}

/// What the exit code says of a profile that serves many: the worst of its users' logins. One that needs a person is worse than one
/// that may settle by itself. The app's own token is got anew without anybody, and who has logged out asks for nothing; `None` if
/// nobody else is there.
fn worst(reports: &[Report]) -> Option<ExitClass> {
    let rank = |class: &ExitClass| match class {
        ExitClass::NeedsConsent => 2,
        ExitClass::Unknown => 1,
        _ => 0,
    };
    reports.iter().filter(|report| counts(report)).map(exit).max_by_key(rank)
}

/// Whether a login says something of how a profile that serves many stands.
fn counts(report: &Report) -> bool {
    let of_app = report.grant.profile.as_ref().is_some_and(tokenward_core::ProfileName::is_of_app);
    report.status != Status::Retired && !of_app
}

/// No user has logged in yet at an app that serves many.
fn no_user(name: &tokenward_core::ProfileName, context: &Context) -> Failure {
    let lang = context.lang();
    let failure = Failure::new(Code::NotLoggedIn, lang.no_user_yet(name)).then(lang.no_user_yet_next());
    // Variables alone may be those of a site that this shell runs.
    if context.names_nothing() && name.as_str() == "default" {
        failure.then(lang.site_logs_in_itself())
    } else {
        failure
    }
}

/// A login in names and values.
pub(super) fn facts(report: &Report, lang: Lang, now: jiff::Timestamp, zone: &TimeZone) -> Vec<(String, String)> {
    let grant = &report.grant;
    let moment = |at: Option<jiff::Timestamp>| at.map_or_else(|| lang.unknown(), |at| lang.moment(at, now, zone));
    let profile = grant.profile.as_ref().map_or_else(|| lang.no_profile(), ToString::to_string);
    let mut facts = vec![(lang.fact_profile(), profile), (lang.fact_app(), grant.app.to_string())];
    let brand = ProviderName::Feishu.speaks(grant.issued_by);
    if let Some(subject) = &grant.subject {
        // Elsewhere the id is what a person is called by; an open_id is nobody's name.
        let unnamed = if brand { lang.unknown() } else { subject.id.clone() };
        facts.push((lang.fact_user(), subject.name.clone().unwrap_or(unnamed)));
        if brand {
            facts.push((lang.fact_open_id(), subject.id.clone()));
        } else if subject.name.is_some() {
            facts.push((lang.fact_subject(), subject.id.clone()));
        }
        if let Some(tenant) = &subject.tenant {
            facts.push((lang.fact_tenant(), tenant.clone()));
        }
    } else {
        facts.push((lang.fact_user(), lang.unknown()));
    }
    facts.push((lang.fact_status(), lang.status(report.status).to_owned()));
    facts.push((lang.fact_generation(), grant.generation.to_string()));
    let scopes = if grant.scopes.is_empty() { lang.unknown() } else { grant.scopes.to_string() };
    facts.push((lang.fact_scopes(), scopes));
    let access = grant.access.as_ref().map(|access| access.expires);
    facts.push((lang.fact_access(), access.map_or_else(|| lang.none(), |at| lang.moment(at, now, zone))));
    // A login that is over has no end ahead of it, and is refreshed no more.
    let is_over = matches!(report.status, Status::NeedsConsent | Status::Retired);
    if let Some(due_at) = report.due_at.filter(|_| grant.has_refresh && !is_over) {
        facts.push((lang.fact_turn_at(), lang.moment(due_at, now, zone)));
    }
    let refresh = if grant.has_refresh && !is_over { moment(grant.refresh_expires) } else { lang.none() };
    // No use moves an end that the dialect has fixed.
    let fixed = matches!(grant.issued_by, TokenApi::Ssm | TokenApi::BkAuth);
    facts.push((if fixed { lang.fact_refresh_fixed() } else { lang.fact_refresh() }, refresh));
    if grant.wall.is_some() && !is_over {
        facts.push((lang.fact_wall(), moment(grant.wall)));
    }
    facts.push((lang.fact_consented(), lang.moment(grant.consented, now, zone)));
    // The first tokens came with the login.
    if grant.generation.get() > 1 {
        facts.push((lang.fact_turned(), lang.moment(grant.rotated_at, now, zone)));
    }
    facts.push((lang.fact_issued_by(), grant.issued_by.to_string()));
    for line in explanation(report, lang, now, zone) {
        facts.push((lang.fact_story(), line));
    }
    facts
}

/// Why a login is in doubt or needs a person, and which rotations are open.
fn explanation(report: &Report, lang: Lang, now: jiff::Timestamp, zone: &TimeZone) -> Vec<String> {
    let mut explanation = Vec::new();
    if report.grant.unproven {
        explanation.push(lang.unproven_login(lang.user_or_untold(report.grant.subject.as_ref())));
    }
    match &report.grant.standing {
        Standing::InDoubt { since, doubt, .. } => {
            explanation.push(lang.doubt_story(lang.moment(*since, now, zone), lang.doubt(*doubt)));
        }
        Standing::NeedsConsent { since, code, provider_code } => {
            explanation.push(lang.consent_story(lang.moment(*since, now, zone), code, lang.happened(*code)));
            explanation.extend(provider_code.map(|code| lang.consent_provider(code)));
        }
        _ => {}
    }
    for intent in &report.intents {
        let who = lang.one(&(&intent.sender).into());
        explanation.push(lang.open_story(
            who,
            lang.moment(intent.begun, now, zone),
            lang.moment(intent.deadline, now, zone),
        ));
    }
    explanation
}

/// Says what to do about a login that does not live.
fn next(report: &Report, context: &Context) {
    let (profile, lang) = (report.grant.profile.as_ref(), context.lang());
    let next = match report.status {
        Status::InDoubt => lang.next_step(Code::OutcomeUnknown).to_owned(),
        _ => context
            .login_command(profile)
            .map_or_else(|| lang.next_step(Code::NotLoggedIn).to_owned(), |command| lang.run_command(command)),
    };
    let next = profile.map_or_else(|| next.clone(), |name| context.meant(name).within(&next));
    context.printer.note(format!("{}{}{next}", lang.next_head(), lang.gap()));
}

/// Says in time that a login will end.
pub(super) fn warn(report: &Report, context: &Context) {
    let (grant, lang, now) = (&report.grant, context.lang(), context.now());
    if !matches!(report.status, Status::Fresh | Status::Due | Status::Rotating) {
        next(report, context);
        return;
    }
    if let Some((_, words)) = ends_soon(grant, lang, now) {
        context.printer.warning(words);
    }
}

/// Whether a login that lives ends soon: in how many days at most, and the words for it.
pub(super) fn ends_soon(grant: &Grant, lang: Lang, now: jiff::Timestamp) -> Option<(u64, String)> {
    let left = |end: Option<jiff::Timestamp>, within: u64| {
        let left = u64::try_from(end?.duration_since(now).as_secs()).unwrap_or(0);
        (left < within).then(|| (left.div_ceil(DAY), lang.span(left)))
    };
    if let Some((days, span)) = left(grant.wall, WALL_NOTICE) {
        return Some((days, lang.wall_soon(span)));
    }
    let (days, span) = left(grant.refresh_expires.filter(|_| grant.has_refresh), REFRESH_NOTICE)?;
    Some((days, lang.refresh_soon(span)))
}

const DAY: u64 = 86_400;

/// A login that ends unused is announced a day ahead (reference/feishu.md §18, rule 8).
const REFRESH_NOTICE: u64 = DAY;
/// The end that no refresh can move is announced two weeks ahead: a person must find the time.
const WALL_NOTICE: u64 = 14 * DAY;
