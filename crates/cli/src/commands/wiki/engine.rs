//! The engine of `tokenward-wiki` with a login behind it: whether its scopes suffice, where its pages are, how files are read.

use async_trait::async_trait;
use tokenward::{ApiOptions, CallOptions, FetchFault, Fetcher, Identity, SystemEntropy};
use tokenward_core::{Code, GrantId, ProfileName, ProviderName};
use tokenward_wiki::{
    Error, Fetch, Manuscript, PageLocation, Reading, Store, Task, TokioTimer, Wiki as Engine, host, missing_scopes,
};
use url::Url;

use super::error_words;
use super::progress::Progress;
use crate::args::{WikiPlace, WikiReading};
use crate::context::{Context, Work};
use crate::failure::Failure;

/// Opens the login and runs this with an engine on it, once the scopes are there that these tasks take.
pub(super) async fn with_engine<T>(
    place: &WikiPlace,
    reading: &WikiReading,
    tasks: &[(Task<'_>, &Manuscript)],
    context: &Context,
    run: impl AsyncFnOnce(&Engine<'_>) -> Result<T, Error>,
) -> Result<T, Failure> {
    let work = context.work().await?;
    if work.app.provider().brand().is_none() {
        return Err(Failure::new(Code::Usage, context.lang().wiki_not_here(work.app.provider())).complete());
    }
    refuse_secrets(&work, tasks, context).await?;
    let grant = context.grant_of(&work).await?;
    look_at_scopes(&work, grant, tasks, context).await?;
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
    progress.begin();
    let result = run(&engine).await;
    progress.end();
    context.tell_notices(&caller.take_notices());
    result.map_err(|error| error_words::failure(error, Some(&work), context))
}

/// A file of tokens is one slip of the Tab key away from the page that was meant, and a page is read by others (I4).
async fn refuse_secrets(work: &Work, tasks: &[(Task<'_>, &Manuscript)], context: &Context) -> Result<(), Failure> {
    let secret = work.app.expose_secret();
    for (_, manuscript) in tasks {
        let is_secret_in = !secret.is_empty() && manuscript.text().contains(secret);
        if is_secret_in || work.session.links().is_token_in(manuscript.text()).await? {
            let (lang, file) = (context.lang(), manuscript.path.display());
            let failure = Failure::of(Code::WikiFile).detail(lang.wiki_holds_secret(file));
            return Err(failure.then(lang.wiki_holds_secret_next()));
        }
    }
    Ok(())
}

/// Tells all scopes that are missing at once, before the first call. Not every provider tells what it granted; then the
/// calls will show.
async fn look_at_scopes(
    work: &Work,
    grant: GrantId,
    tasks: &[(Task<'_>, &Manuscript)],
    context: &Context,
) -> Result<(), Failure> {
    let report = work.session.keeper().status(grant).await?;
    let granted: Vec<&str> = report.grant.scopes.iter().collect();
    if granted.is_empty() {
        return Ok(());
    }
    let mut missing: Vec<&str> = Vec::new();
    for scope in tasks.iter().flat_map(|(task, manuscript)| missing_scopes(*task, manuscript, &granted)) {
        if !missing.contains(&scope) {
            missing.push(scope);
        }
    }
    let missing = missing.join(" ");
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
pub(super) fn tenant_host(place: &WikiPlace, provider: ProviderName, context: &Context) -> Result<String, Failure> {
    if let Some(host) = &place.host {
        return Ok(host.clone());
    }
    if let Some(text) = context.ambient.env.get(TENANT_HOST).filter(|text| !text.is_empty()) {
        let bad = |_| Failure::new(Code::BadSetting, context.lang().bad_variable(TENANT_HOST, text.escape_debug()));
        return host(text).map_err(bad);
    }
    Ok(general_host(provider).to_owned())
}

/// Where a page goes: as said, else as the file says.
pub(super) fn place_of(place: &WikiPlace, manuscript: Option<&Manuscript>) -> Result<PageLocation, Error> {
    let (personal, space, parent) = (place.personal, place.space.as_deref(), place.parent.as_deref());
    match manuscript {
        Some(manuscript) => manuscript.place(personal, space, parent),
        None => PageLocation::read(personal, space, parent),
    }
}

/// How the command line wants files to be read.
pub(super) fn how_to_read(title: Option<String>, reading: &WikiReading) -> Reading {
    Reading { title, no_images: reading.no_images, images_from: reading.images_from.clone() }
}

/// The brand's host, which leads on to each tenant's.
pub(super) const fn general_host(provider: ProviderName) -> &'static str {
    match provider {
        ProviderName::Lark => GENERAL[1],
        ProviderName::Feishu | ProviderName::BlueKing | ProviderName::OAuth2 => GENERAL[0],
    }
}

/// Pictures of the web, by wire's transport.
struct Web(Fetcher);

#[async_trait]
impl Fetch for Web {
    async fn fetch(&self, url: &Url, longest: u64) -> Result<Vec<u8>, FetchFault> {
        self.0.fetch(url, longest).await
    }
}

pub(super) const GENERAL: [&str; 2] = ["www.feishu.cn", "www.larksuite.com"];
pub(super) const TENANT_HOST: &str = "TOKENWARD_TENANT_HOST";
/// A page is worth waiting for: limits of a minute may strike several times.
const PATIENCE: std::time::Duration = std::time::Duration::from_mins(5);
