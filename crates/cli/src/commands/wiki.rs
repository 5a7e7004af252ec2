//! `tokenward wiki`: a Markdown file put into the wiki, its address on stdout.
//!
//! How a page comes about once, whatever happens, is the business of `tokenward-wiki`; this file gives it a token's
//! caller, the real time and a folder, and says what happened.

mod obstacle;
mod progress;

use std::process::ExitCode;

use async_trait::async_trait;
use serde_json::json;
use tokenward::{ApiOptions, CallOptions, FetchFault, Fetcher, Identity, SystemEntropy};
use tokenward_core::{Code, GrantId, ProfileName, ProviderName};
use tokenward_wiki::{
    Error, Fetch, Manuscript, Outlook, PageLocation, PageObserver as _, Reading, Report, Space, Store, Task,
    TokioTimer, Wiki as Engine, Wishes, host, missing_scopes,
};
use url::Url;

use crate::args::{Wiki, WikiCreate, WikiPlace, WikiReading, WikiUpdate};
use crate::context::{Context, Work};
use crate::failure::Failure;
use progress::Progress;

pub(super) async fn run(wiki: Wiki, context: &Context) -> Result<ExitCode, Failure> {
    match wiki {
        Wiki::Create(create) => self::create(&create, context).await,
        Wiki::Update(update) => self::update(&update, context).await,
    }
}

async fn create(create: &WikiCreate, context: &Context) -> Result<ExitCode, Failure> {
    // What is wrong with the file or the place is found before anything is opened.
    let manuscript = read(&create.file, create.title.clone(), &create.reading, context)?;
    let asked = &create.place;
    let place = manuscript.place(asked.personal, asked.space.as_deref(), asked.parent.as_deref());
    let place = place.map_err(|error| obstacle::failure(error, None, context))?;
    if create.dry_run {
        return dry_run(&manuscript, &place, create.import, context);
    }
    let wishes = Wishes { again: create.again, force: create.force, import: create.import };
    manuscript.check(create.import).map_err(|error| obstacle::failure(error, None, context))?;
    let made = async |engine: &Engine<'_>| engine.create(&manuscript, &place, wishes).await;
    let task = Task::Create { place: &place, import: create.import };
    let report = with_engine(asked, &create.reading, &manuscript, task, context, made).await?;
    print(&report, context)
}

async fn update(update: &WikiUpdate, context: &Context) -> Result<ExitCode, Failure> {
    let manuscript = read(&update.file, None, &update.reading, context)?;
    let asked = &update.place;
    let said = asked.personal || asked.space.is_some() || asked.parent.is_some();
    let place = said.then(|| PageLocation::read(asked.personal, asked.space.as_deref(), asked.parent.as_deref()));
    let place = place.transpose().map_err(|error| obstacle::failure(error, None, context))?;
    if update.dry_run {
        return dry_update(&manuscript, place.as_ref(), asked, context);
    }
    let made = async |engine: &Engine<'_>| engine.update(&manuscript, place.as_ref(), update.force).await;
    let report = with_engine(asked, &update.reading, &manuscript, Task::Update, context, made).await?;
    if !report.changed {
        context.printer.note(context.lang().wiki_in_step());
    }
    print(&report, context)
}

fn read(
    file: &std::path::Path,
    title: Option<String>,
    reading: &WikiReading,
    context: &Context,
) -> Result<Manuscript, Failure> {
    let reading = Reading { title, no_images: reading.no_images, images_from: reading.images_from.clone() };
    Manuscript::read(file, &reading).map_err(|error| obstacle::failure(error, None, context))
}

/// Opens the login and runs this with an engine on it.
async fn with_engine(
    place: &WikiPlace,
    reading: &WikiReading,
    manuscript: &Manuscript,
    task: Task<'_>,
    context: &Context,
    run: impl AsyncFnOnce(&Engine<'_>) -> Result<Report, Error>,
) -> Result<Report, Failure> {
    let work = context.work().await?;
    if work.app.provider().brand().is_none() {
        return Err(Failure::new(Code::Usage, context.lang().wiki_not_here(work.app.provider())).complete());
    }
    let grant = context.grant_of(&work).await?;
    look_at_scopes(&work, grant, task, manuscript, context).await?;
    let caller = work.session.api(
        work.app.clone(),
        Identity::User(grant),
        CallOptions::default(),
        ApiOptions::default().patience(PATIENCE),
    );
    let progress = Progress::new(context);
    let engine = Engine {
        store: Store::new(context.home()?.path()),
        owner: work.profile.name.to_string(),
        host: tenant_host(place, work.profile.provider(), context)?,
        caller: &caller,
        fetch: &Web(Fetcher::default().also_from(reading.allow_private_pictures.iter().cloned())),
        timer: &TokioTimer::new(),
        clock: &context.ambient.clock,
        entropy: &SystemEntropy,
        watch: &progress,
    };
    let result = run(&engine).await;
    progress.end();
    context.tell_notices(&caller.take_notices());
    result.map_err(|error| obstacle::failure(error, Some(&work), context))
}

/// Tells all scopes that are missing at once, before the first call. Not every provider tells what it granted; then the
/// calls will show.
async fn look_at_scopes(
    work: &Work,
    grant: GrantId,
    task: Task<'_>,
    manuscript: &Manuscript,
    context: &Context,
) -> Result<(), Failure> {
    let report = work.session.keeper().status(grant).await?;
    let granted: Vec<&str> = report.grant.scopes.iter().collect();
    if granted.is_empty() {
        return Ok(());
    }
    let missing = missing_scopes(task, manuscript, &granted).join(" ");
    if missing.is_empty() {
        return Ok(());
    }
    let lang = context.lang();
    let profile = flag(&work.profile.name);
    let command = format!("tokenward login{profile} --scope '{missing}'");
    Err(Failure::new(Code::ScopeNotGranted, lang.wiki_scopes_missing(&missing))
        .stands(lang.wiki_nothing_made())
        .then(lang.wiki_scopes_login(command)))
}

/// The profile as a command names it; the default one need not be named.
fn flag(profile: &ProfileName) -> String {
    if profile.as_str() == "default" { String::new() } else { format!(" --profile {profile}") }
}

/// The host in addresses where the person pointed at none: as set, else the brand's, which leads on to the tenant's.
fn tenant_host(place: &WikiPlace, provider: ProviderName, context: &Context) -> Result<String, Failure> {
    if let Some(host) = &place.host {
        return Ok(host.clone());
    }
    if let Some(text) = context.ambient.env.get(TENANT_HOST).filter(|text| !text.is_empty()) {
        let bad = |_| Failure::new(Code::BadSetting, context.lang().bad_variable(TENANT_HOST, text.escape_debug()));
        return host(text).map_err(bad);
    }
    Ok(match provider {
        ProviderName::Lark => "www.larksuite.com",
        ProviderName::Feishu | ProviderName::BlueKing | ProviderName::OAuth2 => "www.feishu.cn",
    }
    .to_owned())
}

fn print(report: &Report, context: &Context) -> Result<ExitCode, Failure> {
    if context.printer.json {
        context.printer.document(&json!({
            "address": report.address,
            "node_token": report.node_token,
            "document_id": report.document_id,
            "space_id": report.space_id,
            "title": report.title,
            "blocks": report.blocks,
            "changed": report.changed,
        }))?;
    } else {
        context.printer.data(&report.address)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn dry_run(
    manuscript: &Manuscript,
    place: &PageLocation,
    import: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    manuscript.check(import).map_err(|error| obstacle::failure(error, None, context))?;
    let parts = manuscript.parts().map_err(|error| obstacle::failure(error, None, context))?;
    let lang = context.lang();
    tell_remarks(manuscript, context);
    if context.printer.json {
        let (space, node) = match &place.space {
            Space::Personal => ("personal", None),
            Space::Id(id) => (id.as_str(), None),
            Space::OfNode(node) => ("of-node", Some(node)),
        };
        context.printer.document(&json!({
            "file": manuscript.path.display().to_string(),
            "title": manuscript.title,
            "space": space,
            "space_of_node": node,
            "parent": place.parent,
            "import": import,
            "images": pictures(manuscript),
            "blocks": manuscript.blocks(),
            "parts": parts,
        }))?;
    } else {
        let space = match &place.space {
            Space::Personal => lang.wiki_personal(),
            Space::Id(id) => id.clone(),
            Space::OfNode(node) => lang.wiki_space_of(node),
        };
        let mut facts = vec![(lang.fact_title(), manuscript.title.clone()), (lang.fact_space(), space)];
        facts.extend(place.parent.clone().map(|parent| (lang.fact_parent(), parent)));
        facts.extend(picture_facts(manuscript, context));
        facts.push((lang.fact_blocks(), lang.wiki_blocks(manuscript.blocks())));
        context.printer.facts(&facts)?;
        context.printer.note(lang.wiki_dry_run());
    }
    Ok(ExitCode::SUCCESS)
}

fn dry_update(
    manuscript: &Manuscript,
    place: Option<&PageLocation>,
    asked: &WikiPlace,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let settings = context.settings()?;
    let profile = context.profile(&settings)?;
    let (store, host) = (Store::new(context.home()?.path()), tenant_host(asked, profile.provider(), context)?);
    let outlook = Engine::outlook(&store, profile.name.as_str(), &host, manuscript, place);
    let Outlook { address, title, whole, changed } =
        outlook.map_err(|error| obstacle::failure(error, None, context))?;
    let lang = context.lang();
    tell_remarks(manuscript, context);
    if context.printer.json {
        context.printer.document(&json!({
            "file": manuscript.path.display().to_string(),
            "title": title,
            "address": address,
            "whole": whole,
            "changed": changed,
            "images": pictures(manuscript),
            "blocks": manuscript.blocks(),
        }))?;
    } else {
        let outcome = match (whole, changed) {
            (false, _) => lang.wiki_would_finish(),
            (true, true) => lang.wiki_would_change(),
            (true, false) => lang.wiki_would_stay(),
        };
        let mut facts = vec![(lang.fact_page(), address), (lang.fact_title(), title), (lang.fact_update(), outcome)];
        facts.extend(picture_facts(manuscript, context));
        facts.push((lang.fact_blocks(), lang.wiki_blocks(manuscript.blocks())));
        context.printer.facts(&facts)?;
        context.printer.note(lang.wiki_dry_run());
    }
    Ok(ExitCode::SUCCESS)
}

fn tell_remarks(manuscript: &Manuscript, context: &Context) {
    let progress = Progress::new(context);
    manuscript.remarks().into_iter().for_each(|remark| progress.notice(remark));
}

fn pictures(manuscript: &Manuscript) -> serde_json::Value {
    let (local, web) = manuscript.pictures();
    json!({ "local": local, "web": web, "hosts": manuscript.hosts() })
}

fn picture_facts(manuscript: &Manuscript, context: &Context) -> Vec<(String, String)> {
    let lang = context.lang();
    let (local, web) = manuscript.pictures();
    let mut facts = vec![(lang.fact_pictures(), lang.wiki_pictures(local, web))];
    let hosts = manuscript.hosts();
    if !hosts.is_empty() {
        facts.push((lang.fact_picture_hosts(), hosts.join(", ")));
    }
    facts
}

/// Pictures of the web, by wire's transport.
struct Web(Fetcher);

#[async_trait]
impl Fetch for Web {
    async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, FetchFault> {
        self.0.fetch(url, longest).await
    }
}

const TENANT_HOST: &str = "TOKENWARD_TENANT_HOST";
/// A page is worth waiting for: limits of a minute may strike several times.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);
