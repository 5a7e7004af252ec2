//! `tokenward adopt`: a login that stands in a file or in another tool's store becomes one of this vault.
//!
//! Enters: a source, and a yes where it is another tool's store. Leaves: a login on trial (the one before is kept until it has
//! rotated once), and for a file of one's own a link. Nothing of another tool is written, and nothing is spent (I8).

mod bkoauth;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};
use tokenward::Session;
use tokenward::links::{AdoptReport, BroughtLogin};
use tokenward::stores::{self, FoundLogin, Means, StoreError, Tool, ToolKeyring};
use tokenward_core::ports::Adopted;
use tokenward_core::{Code, Event, Grant, GrantId, SecretBytes, Status};

use crate::args::{Adopt, PlaceFlags};
use crate::commands::link;
use crate::commands::profile_of_source::{self, Source};
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::fields;
use crate::token_places::{TokenPlaces, Wish, quoted};

pub(super) async fn run(adopt: Adopt, context: &Context) -> Result<ExitCode, Failure> {
    if adopt.undo {
        return undo(context).await;
    }
    if let Some(id) = &adopt.login {
        return profile_of_source::with_profiles(context, Box::pin(name(id, adopt.replace_user, context))).await;
    }
    if adopt.bkoauth.is_some() {
        return bkoauth::run(adopt, context).await;
    }
    let Some((tool, place)) = source(&adopt, context)? else { return show(context).await };
    match tool {
        _ if place.as_os_str() == "-" => {
            profile_of_source::with_profiles(context, Box::pin(piped(adopt.replace_user, context))).await
        }
        // A token file of one's own; the others are stores that only their tools write.
        None | Some(Tool::TokenFile) => {
            profile_of_source::with_profiles(context, Box::pin(file(&adopt, &place, context))).await
        }
        Some(tool) => profile_of_source::with_profiles(context, Box::pin(store(&adopt, tool, &place, context))).await,
    }
}

/// The tool and the place that are meant; none when nothing was named.
fn source(adopt: &Adopt, context: &Context) -> Result<Option<(Option<Tool>, PathBuf)>, Failure> {
    let lang = context.lang();
    let found = stores::find(&context.ambient.env);
    // The name of a tool where a path belongs: its store is meant.
    let named = adopt.source.as_deref().filter(|path| !path.exists());
    let named = named.and_then(|path| path.to_str()).and_then(|name| name.parse::<Tool>().ok());
    let tool = adopt.from.tool().or(named);
    let source = adopt.source.clone().filter(|_| named.is_none());
    match (source, tool) {
        (Some(place), Some(tool)) => Ok(Some((Some(tool), place))),
        (Some(place), None) => {
            let real = std::fs::canonicalize(&place).ok();
            let same = |store: &&stores::FoundStore| real.is_some() && std::fs::canonicalize(&store.place).ok() == real;
            let sealed = place.extension().is_some_and(|extension| extension == "enc");
            let tool = found.iter().find(same).map(|store| store.tool).or(sealed.then_some(Tool::LarkCli));
            Ok(Some((tool, place)))
        }
        (None, None) => Ok(None),
        (None, Some(Tool::TokenFile)) => Err(Failure::new(Code::Usage, lang.argument_missing("SOURCE"))),
        (None, Some(tool)) => {
            let mut places: Vec<_> = found.into_iter().filter(|store| store.tool == tool).map(|s| s.place).collect();
            match places.len() {
                0 => Err(Failure::new(Code::StoreEmpty, lang.no_store_of(tool))),
                1 => Ok(Some((Some(tool), places.remove(0)))),
                _ => {
                    let failure = Failure::new(Code::StoreSeveral, lang.several_stores(tool));
                    let ways = places.iter().map(|place| {
                        format!("tokenward adopt --from {} {}", from(tool), quoted(&place.display().to_string()))
                    });
                    Err(failure.then_all(ways))
                }
            }
        }
    }
}

/// Shows what is found on this machine and in this folder. Opens no store.
async fn show(context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let found = stores::find(&context.ambient.env);
    let settings = context.settings()?;
    let mut files = Vec::new();
    for file in files_here(context) {
        if link::linked(&file, &settings, context).await?.is_empty() {
            files.push(file);
        }
    }
    if context.printer.json {
        let stores: Vec<Value> = found
            .iter()
            .map(|store| {
                let needs = match store.needs {
                    stores::Needs::Nothing => "nothing",
                    stores::Needs::Keyring => "keyring",
                    stores::Needs::Password => "password",
                    _ => "other",
                };
                json!({ "tool": store.tool.as_str(), "place": store.place.display().to_string(), "needs": needs })
            })
            .collect();
        let files: Vec<_> = files.iter().map(|file| file.display().to_string()).collect();
        context.printer.document(&json!({ "stores": stores, "files": files }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() && files.is_empty() {
        context.printer.note(lang.nothing_found_here());
        return Ok(ExitCode::SUCCESS);
    }
    let heads = [lang.head_tool(), lang.head_place(), lang.head_opens()];
    let mut rows: Vec<_> = files
        .iter()
        .map(|file| {
            vec![
                lang.a_file(),
                file.display().to_string(),
                format!("tokenward adopt {}", quoted(&file.display().to_string())),
            ]
        })
        .collect();
    rows.extend(found.iter().map(|store| {
        let place = quoted(&store.place.display().to_string());
        let how = match (store.needs, store.tool) {
            (stores::Needs::Password, _) => {
                let name = store.place.file_name().unwrap_or_default().to_string_lossy();
                format!("oidc-add --print {} | tokenward adopt -", quoted(&name))
            }
            (_, tool) => format!("tokenward adopt --from {} {place}", from(tool)),
        };
        vec![store.tool.to_string(), store.place.display().to_string(), how]
    }));
    context.printer.table(&heads, rows)?;
    Ok(ExitCode::SUCCESS)
}

/// Files of the working folder that bear a usual name and hold a login.
fn files_here(context: &Context) -> Vec<PathBuf> {
    const NAMES: [&str; 7] =
        [".env", ".env.local", "feishu-config.ini", "token.json", ".mcp.json", ".cursor/mcp.json", ".vscode/mcp.json"];
    let at = PlaceFlags::default();
    let wish = Wish { at: &at, server: None, create: false, complete: false, brand: None };
    let holds = |file: &&str| {
        TokenPlaces::look(Path::new(file), wish, &[], context.lang()).is_ok_and(|spot| spot.refresh.is_some())
    };
    NAMES.into_iter().filter(holds).map(PathBuf::from).collect()
}

/// A file of one's own: its login is taken over, and the file kept in step.
async fn file(adopt: &Adopt, place: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let wish =
        Wish { at: &adopt.at, server: adopt.server.as_deref(), create: false, complete: false, brand: adopt.provider };
    let known = profile_of_source::known(place, wish.at, context).await?;
    let spot = TokenPlaces::look(place, wish, &known, lang)?;
    let shown = context.short(&spot.file);
    if spot.refresh.is_none() {
        return Err(Failure::new(Code::NothingToAdopt, lang.no_refresh_token_in(&shown)).then(lang.no_refresh_next()));
    }
    let work = Source::of(&spot, context).work(context).await?;
    let target = spot.link(&work.profile.name);
    let report = match work.session.links().adopt_file(&work.app, &target, adopt.replace_user).await {
        Err(error) if error.code() == Code::AnotherUser => {
            let way = context.typed.after(&format!("tokenward adopt {}", quoted(&shown)));
            return Err(stopped(&error, &work, Some(&shown), &way, context).await);
        }
        report => report.map_err(|error| link::refused(error, &shown, context))?,
    };
    let new = tell(&report, &work, &shown, context);
    if adopt.no_link {
        if new {
            context.printer.warning(lang.two_owners(Tool::TokenFile, &shown, None));
        }
        document(&report, &work, None, context)?;
        return Ok(ExitCode::SUCCESS);
    }
    let made = link::make(&work, target, link::How::default(), context).await?;
    document(&report, &work, Some(&made), context)?;
    link::finish(std::slice::from_ref(&made), context)
}

/// Another tool's store.
async fn store(adopt: &Adopt, tool: Tool, place: &Path, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let key = match &adopt.key_file {
        None => None,
        Some(file) => {
            let bytes = context.secret_bytes(file, |what| lang.secret_not_read(what))?;
            Some(SecretBytes::new(bytes.expose().trim_ascii().to_vec()))
        }
    };
    let keyring = keyring(context);
    let means = Means::default().key(key).keyring(keyring.as_deref());
    let found = stores::read(&context.ambient.env, tool, place, &means).map_err(|error| refused(&error))?;
    let login = pick(found, adopt.account.as_deref(), context)?;
    let two_owners = lang.two_owners(tool, &login.place.display().to_string(), login.app_id.as_deref());
    context.printer.note(lang.found_login(tool, &login.account));
    context.printer.warning(&two_owners);
    if !adopt.yes && !context.asker().yes(lang.ask_adopt(), &lang.adopt_ways()).await? {
        context.printer.note(lang.nothing_changed());
        return Err(Failure::silent(Code::Usage.exit() as u8));
    }
    let shown = context.lang().noted(tool, context.short(&login.place));
    let place = quoted(&place.display().to_string());
    let way = [
        Some(format!("tokenward adopt --from {} {place}", from(tool))),
        adopt.account.as_ref().map(|account| format!("--account {}", quoted(account))),
        adopt.key_file.as_ref().map(|file| format!("--key-file {}", quoted(&file.display().to_string()))),
    ];
    let way = way.into_iter().flatten().collect::<Vec<_>>().join(" ");
    take(login, shown, Some(&way), adopt.replace_user, context).await
}

/// A token JSON on stdin. Whoever pipes it in has said yes.
async fn piped(replace: bool, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    if context.ambient.stdin_terminal {
        return Err(Failure::new(Code::Usage, lang.nothing_piped()).then(lang.pipe_like_this()));
    }
    let read = tokio::task::spawn_blocking(|| {
        let mut bytes = zeroize::Zeroizing::new(Vec::new());
        let limit = tokenward::links::Document::LIMIT as u64 + 1;
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes).map(|_| bytes)
    });
    let failed = |error: String| Failure::of(Code::StoreUnreadable).detail(error);
    let bytes = read.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
    if bytes.trim_ascii().is_empty() {
        return Err(Failure::new(Code::StoreEmpty, lang.nothing_piped()).then(lang.pipe_like_this()));
    }
    let login = stores::token_json(&bytes).map_err(|error| match error.code() {
        code @ (Code::StoreUnreadable | Code::StoreEmpty) => {
            Failure::new(code, lang.no_token_piped()).detail(error.to_string()).then(lang.pipe_like_this())
        }
        _ => refused(&error),
    })?;
    let tool = login.tool;
    let warning = (tool != Tool::TokenFile).then(|| lang.two_owners(tool, "", login.app_id.as_deref()));
    let done = take(login, lang.stdin_name(), None, replace, context).await?;
    context.printer.warning(warning.unwrap_or_else(|| lang.two_owners_piped()));
    Ok(done)
}

/// The one login that is meant.
fn pick(mut found: Vec<FoundLogin>, account: Option<&str>, context: &Context) -> Result<FoundLogin, Failure> {
    let lang = context.lang();
    let all: Vec<_> = found.iter().map(|login| login.account.clone()).collect();
    if let Some(wanted) = account {
        let wanted = wanted.to_lowercase();
        let place = |login: &FoundLogin| login.place.display().to_string().to_lowercase();
        found.retain(|login| login.account.to_lowercase().contains(&wanted) || place(login).contains(&wanted));
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::new(Code::StoreSeveral, lang.no_such_account(account.unwrap_or_default().escape_debug()))
            .detail(all.join(", "))),
        _ => Err(Failure::of(Code::StoreSeveral).detail(all.join(", "))),
    }
}

/// Stores a login that was read elsewhere.
/// `way` is the command that reads it there once more; what was piped in is gone.
async fn take(
    login: FoundLogin,
    source: String,
    way: Option<&str>,
    replace: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let mut work = Source {
        name: source.clone(),
        app_id: login.app_id.as_deref(),
        app_secret: login.app_secret.as_ref(),
        app_id_at: None,
        app_secret_at: None,
        secret_stands_in: None,
        secret_flaw: None,
        brand: login.brand,
        refresh: login.refresh.as_ref(),
        owner: None,
    }
    .work(context)
    .await?;
    let Some(refresh) = login.refresh else {
        return Err(Failure::new(Code::NothingToAdopt, lang.no_refresh_token_in(&source)).then(lang.no_refresh_next()));
    };
    // The family that issued a token is the one that rotates it.
    if let Some(family) = login.issued_by {
        work.app.token_api = family;
    }
    let access = login.access.map(|token| (token, login.access_expires));
    let brought = BroughtLogin::new(refresh, source.clone()).access(access).replace_user(replace);
    let report = match work.session.links().adopt(&work.app, &work.profile.name, brought).await {
        Err(error) if error.code() == Code::AnotherUser => {
            let kept = format!("tokenward adopt --login {}", error.detail().unwrap_or_default());
            return Err(stopped(&error, &work, None, way.unwrap_or(&kept), context).await);
        }
        report => report.map_err(|error| link::refused(error, &source, context))?,
    };
    tell(&report, &work, &source, context);
    document(&report, &work, None, context)?;
    Ok(ExitCode::SUCCESS)
}

async fn stopped(error: &tokenward::Error, work: &Work, file: Option<&str>, way: &str, context: &Context) -> Failure {
    link::another_user(error.detail().unwrap_or_default(), work, file, way, context).await
}

/// Gives a login that has no profile one.
pub(super) async fn name(id: &str, replace: bool, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let Some(profile) = context.global.profile.clone() else {
        return Err(Failure::new(Code::Usage, lang.name_for_login()).complete());
    };
    let mut settings = context.settings()?;
    let Some(session) = context.look(&settings).await? else { return Err(no_such_login(id, context)) };
    let grant = unnamed(id, &session, context).await?;
    if settings.profile(Some(&profile)).is_err() {
        settings = profile_of_source::add_profile(&profile, &grant.app, &settings, context)?;
    }
    let resolved = settings.profile(Some(&profile)).map_err(|error| context.settings_failure(&error))?;
    // Where variables describe the app, each profile has it under a name of its own: what counts is which app it is.
    if resolved.app_name != grant.app && !session.keeper().give_app_name(&grant, &resolved.app(None)).await? {
        let failure = Failure::new(Code::AnotherApp, lang.login_of_other_app(&profile, &grant.app));
        return Err(failure.then(match context.ambient.env.get(profile_of_source::APP_ID) {
            Some(_) => lang.unset_app_id(profile_of_source::APP_ID),
            None => lang.name_new_profile(),
        }));
    }
    let work = context.work_of(resolved, session).await?;
    let way = format!("tokenward adopt --login {}", grant.id);
    if let Err(error) = work.session.keeper().give_profile(grant.id, &profile, replace).await {
        return Err(match error.code() {
            Code::AnotherUser => stopped(&error, &work, None, &way, context).await,
            _ => error.into(),
        });
    }
    if context.printer.json {
        let user = fields::UserFields::of(grant.subject.as_ref());
        context.printer.document(&json!({ "profile": profile, "grant": grant.id.to_string(), "user": user }))?;
    }
    let user =
        grant.subject.map_or_else(|| lang.said().someone_unknown(), |subject| subject.name.unwrap_or(subject.id));
    context.printer.note(lang.profile_given(&profile, user));
    let links = work.session.links().reconcile(&work.app, &profile, true, tokenward::links::Links::PATIENCE).await?;
    for link in &links {
        context.printer.note(format!("{}{}{}", context.short(&link.file), lang.colon(), lang.link_outcome(link)));
    }
    Ok(ExitCode::SUCCESS)
}

/// The login without a profile that an id names, or the beginning of one.
pub(super) async fn unnamed(id: &str, session: &Session, context: &Context) -> Result<Grant, Failure> {
    let found = of_id(id, session, |status| status != Status::Retired).await?;
    found.ok_or_else(|| no_such_login(id, context))
}

/// The login of that id that was logged out: its tokens are gone, what happened to it is kept.
pub(super) async fn ended_login(id: &str, session: &Session) -> Result<Option<GrantId>, Failure> {
    Ok(of_id(id, session, |status| status == Status::Retired).await?.map(|grant| grant.id))
}

/// The one login without a profile whose id begins so.
async fn of_id(id: &str, session: &Session, is_meant: impl Fn(Status) -> bool) -> Result<Option<Grant>, Failure> {
    let mut all = session.keeper().list().await?;
    all.retain(|report| report.grant.profile.is_none() && is_meant(report.status));
    all.retain(|report| id.len() >= ID_AT_LEAST && report.grant.id.to_string().starts_with(&id.to_lowercase()));
    Ok((all.len() == 1).then(|| all.remove(0).grant))
}

pub(super) fn no_such_login(id: &str, context: &Context) -> Failure {
    let lang = context.lang();
    Failure::new(Code::NothingToAdopt, lang.no_such_login(id.escape_debug())).then(lang.no_such_login_next())
}

/// How many letters of an id are enough.
const ID_AT_LEAST: usize = 8;

/// Takes back what the last adoption replaced.
async fn undo(context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let work = context.work().await?;
    // What the provider refused is gone already, and a still older set that was put aside is not what is meant.
    let grant = work.session.keeper().grant_of(&work.profile.name).await?;
    let journal = work.session.keeper().journal(grant, STORY).await?;
    let last = journal
        .iter()
        .map(|entry| &entry.event)
        .find(|event| matches!(event, Event::Adopted { .. } | Event::TakenBack { .. } | Event::LoggedIn));
    if matches!(last, Some(Event::TakenBack { refused: true, .. })) {
        return Err(Failure::new(Code::NothingToAdopt, lang.taken_back_already(&work.profile.name))
            .then(lang.nothing_to_take_back_next()));
    }
    let is_unproven = work.session.keeper().status(grant).await?.grant.unproven;
    let taken = work.session.links().take_back(&work.app, &work.profile.name).await;
    let (generation, links) = taken.map_err(|error| match error.code() {
        Code::NothingToAdopt => Failure::new(Code::NothingToAdopt, lang.nothing_to_take_back(&work.profile.name))
            .then(lang.nothing_to_take_back_next()),
        _ => error.into(),
    })?;
    let now = work.session.keeper().grant_of(&work.profile.name).await?;
    let subject = work.session.keeper().status(now).await?.grant.subject;
    let user = lang.user_or_untold(subject.as_ref());
    if context.printer.json {
        let links: Vec<_> = links.iter().map(fields::link_report).collect();
        context.printer.document(&json!({
            "profile": work.profile.name,
            "user": fields::UserFields::of(subject.as_ref()),
            "generation": generation,
            "links": links,
        }))?;
    }
    // One of which nobody has said whose it is becomes a login of its own.
    context.printer.note(if is_unproven {
        lang.taken_back_apart(&work.profile.name, user, generation)
    } else {
        lang.taken_back(&work.profile.name, user, generation)
    });
    for report in &links {
        context.printer.note(format!("{}{}{}", context.short(&report.file), lang.colon(), lang.link_outcome(report)));
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what became of the login; whether it was new.
fn tell(report: &AdoptReport, work: &Work, source: &str, context: &Context) -> bool {
    let (lang, profile) = (context.lang(), &work.profile.name);
    let who = report.subject.as_ref().map(|subject| subject.name.clone().unwrap_or_else(|| subject.id.clone()));
    let new = !matches!(report.adopted, Adopted::Known { .. });
    if new {
        context.printer.note(lang.adopted(source, profile, who.unwrap_or_else(|| lang.user_not_told())));
        context.printer.note(lang.adopted_trial());
    } else {
        context.printer.note(lang.known_already(source, profile));
    }
    for link in &report.links {
        context.printer.note(format!("{}{}{}", context.short(&link.file), lang.colon(), lang.link_outcome(link)));
    }
    new
}

fn document(
    report: &AdoptReport,
    work: &Work,
    made: Option<&link::MadeLink>,
    context: &Context,
) -> Result<(), Failure> {
    if !context.printer.json {
        return Ok(());
    }
    let (adopted, previous) = match &report.adopted {
        Adopted::Known { .. } => ("known", None),
        Adopted::New(_) => ("new", None),
        Adopted::Renewed(_) => ("renewed", None),
        Adopted::TookOver { previous, .. } => ("took-over", Some(previous.to_string())),
        Adopted::KeptAside { present, .. } => ("took-over", Some(present.to_string())),
    };
    context.printer.document(&json!({
        "profile": work.profile.name,
        "outcome": adopted,
        "grant": report.grant.to_string(),
        "previous_grant": previous,
        "generation": report.generation,
        "user": fields::UserFields::of(report.subject.as_ref()),
        "link": made.map(link::MadeLink::fields),
        "links": report.links.iter().map(fields::link_report).collect::<Vec<_>>(),
    }))
}

fn refused(error: &StoreError) -> Failure {
    Failure::of(error.code()).detail(error.to_string())
}

/// How far back the journal is read for the last adoption.
const STORY: u32 = 1000;

/// The name that `--from` takes.
const fn from(tool: Tool) -> &'static str {
    match tool {
        Tool::TokenFile => "token-json",
        tool => tool.as_str(),
    }
}

/// The desktop's keyring, where this build can ask it.
#[cfg(feature = "keyring")]
fn keyring(context: &Context) -> Option<Box<dyn ToolKeyring>> {
    let desktop = tokenward::Desktop::from_environment(&context.ambient.env);
    stores::DesktopKeys::find(&desktop).map(|keys| Box::new(keys) as _)
}

#[cfg(not(feature = "keyring"))]
fn keyring(_: &Context) -> Option<Box<dyn ToolKeyring>> {
    None
}
