//! `tokenward wiki`: a Markdown file put into the wiki, its address on stdout.
//!
//! How a page comes about once, whatever happens, is the business of `tokenward-wiki`; this file gives it a token's
//! caller, the real time and a folder, and says what happened.

mod progress;
mod told;

use std::process::ExitCode;

use async_trait::async_trait;
use serde_json::json;
use tokenward::{ApiOptions, CallOptions, Fetcher, Identity, SystemEntropy};
use tokenward_core::{Code, ProviderName};
use tokenward_wiki::{
    Error, Fetch, Manuscript, Place, Reading, Report, Space, Store, TokioTimer, Wiki as Engine, Wishes, host,
};
use url::Url;

use crate::args::{Wiki, WikiCreate, WikiPlace, WikiReading, WikiUpdate};
use crate::desk::{Desk, Work};
use crate::failure::Failure;
use progress::Progress;

pub(super) async fn run(wiki: Wiki, desk: &Desk) -> Result<ExitCode, Failure> {
    match wiki {
        Wiki::Create(create) => self::create(&create, desk).await,
        Wiki::Update(update) => self::update(&update, desk).await,
    }
}

async fn create(create: &WikiCreate, desk: &Desk) -> Result<ExitCode, Failure> {
    // What is wrong with the file or the place is found before anything is opened.
    let manuscript = read(&create.file, create.title.clone(), &create.reading, desk)?;
    let asked = &create.place;
    let place = manuscript.place(asked.personal, asked.space.as_deref(), asked.parent.as_deref());
    let place = place.map_err(|error| told::failure(error, None, desk))?;
    if create.dry_run {
        return dry_run(&manuscript, &place, create.import, desk);
    }
    let wishes = Wishes { again: create.again, force: create.force, import: create.import };
    let made = async |engine: &Engine<'_>| engine.create(&manuscript, &place, wishes).await;
    let report = with_engine(asked, desk, made).await?;
    print(&report, desk)
}

async fn update(update: &WikiUpdate, desk: &Desk) -> Result<ExitCode, Failure> {
    let manuscript = read(&update.file, None, &update.reading, desk)?;
    let asked = &update.place;
    let said = asked.personal || asked.space.is_some() || asked.parent.is_some();
    let place = said.then(|| Place::read(asked.personal, asked.space.as_deref(), asked.parent.as_deref()));
    let place = place.transpose().map_err(|error| told::failure(error, None, desk))?;
    let made = async |engine: &Engine<'_>| engine.update(&manuscript, place.as_ref(), update.force).await;
    let report = with_engine(asked, desk, made).await?;
    if !report.changed {
        desk.printer.note(desk.lang().wiki_in_step());
    }
    print(&report, desk)
}

fn read(
    file: &std::path::Path,
    title: Option<String>,
    reading: &WikiReading,
    desk: &Desk,
) -> Result<Manuscript, Failure> {
    let reading = Reading { title, no_images: reading.no_images, images_from: reading.images_from.clone() };
    Manuscript::read(file, &reading).map_err(|error| told::failure(error, None, desk))
}

/// Opens the login and runs this with an engine on it.
async fn with_engine(
    place: &WikiPlace,
    desk: &Desk,
    run: impl AsyncFnOnce(&Engine<'_>) -> Result<Report, Error>,
) -> Result<Report, Failure> {
    let work = desk.work().await?;
    if work.app.provider().brand().is_none() {
        return Err(Failure::new(Code::Usage, desk.lang().wiki_not_here(work.app.provider())).complete());
    }
    let grant = desk.grant_of(&work).await?;
    let caller = work.session.api(
        work.app.clone(),
        Identity::User(grant),
        CallOptions::default(),
        ApiOptions { patience: PATIENCE, ..ApiOptions::default() },
    );
    let progress = Progress::new(desk);
    let engine = Engine {
        store: Store::new(desk.home()?.path()),
        owner: work.profile.name.to_string(),
        host: tenant_host(place, &work, desk)?,
        caller: &caller,
        fetch: &Web(Fetcher::default()),
        timer: &TokioTimer::new(),
        clock: &desk.ambient.clock,
        entropy: &SystemEntropy,
        watch: &progress,
    };
    let result = run(&engine).await;
    progress.end();
    desk.tell_notices(&caller.take_notices());
    result.map_err(|error| told::failure(error, Some(&work), desk))
}

/// The host in addresses where the person pointed at none: as set, else the brand's, which leads on to the tenant's.
fn tenant_host(place: &WikiPlace, work: &Work, desk: &Desk) -> Result<String, Failure> {
    if let Some(host) = &place.host {
        return Ok(host.clone());
    }
    if let Some(text) = desk.ambient.env.get(TENANT_HOST).filter(|text| !text.is_empty()) {
        let bad = |_| Failure::new(Code::BadSetting, desk.lang().bad_variable(TENANT_HOST, text.escape_debug()));
        return host(text).map_err(bad);
    }
    Ok(match work.profile.provider() {
        ProviderName::Lark => "www.larksuite.com",
        _ => "www.feishu.cn",
    }
    .to_owned())
}

fn print(report: &Report, desk: &Desk) -> Result<ExitCode, Failure> {
    if desk.printer.json {
        desk.printer.document(&json!({
            "address": report.address,
            "node_token": report.node_token,
            "document_id": report.document_id,
            "space_id": report.space_id,
            "title": report.title,
            "blocks": report.blocks,
            "changed": report.changed,
        }))?;
    } else {
        desk.printer.data(&report.address)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn dry_run(manuscript: &Manuscript, place: &Place, import: bool, desk: &Desk) -> Result<ExitCode, Failure> {
    let parts = manuscript.parts().map_err(|error| told::failure(error, None, desk))?;
    let (local, web) = manuscript.pictures();
    let lang = desk.lang();
    if desk.printer.json {
        let (space, node) = match &place.space {
            Space::Personal => ("personal", None),
            Space::Id(id) => (id.as_str(), None),
            Space::OfNode(node) => ("of-node", Some(node)),
        };
        desk.printer.document(&json!({
            "file": manuscript.path.display().to_string(),
            "title": manuscript.title,
            "space": space,
            "space_of_node": node,
            "parent": place.parent,
            "import": import,
            "pictures": { "local": local, "web": web },
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
        facts.push((lang.fact_pictures(), lang.wiki_pictures(local, web)));
        desk.printer.facts(&facts)?;
        desk.printer.note(lang.wiki_dry_run());
    }
    Ok(ExitCode::SUCCESS)
}

/// Pictures of the web, by wire's transport.
struct Web(Fetcher);

#[async_trait]
impl Fetch for Web {
    async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, String> {
        self.0.fetch(url, longest).await
    }
}

const TENANT_HOST: &str = "TOKENWARD_TENANT_HOST";
/// A page is worth waiting for: limits of a minute may strike several times.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);
