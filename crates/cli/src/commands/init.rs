//! `tokenward init`: registers an app.
//!
//! Enters: flags, variables, answers. Leaves: the app and its first profile in `config.toml`, the secret sealed in the
//! vault, and the four things to set in the console. Every question has a flag or a variable; the secret has no flag
//! that could hold it.

mod previous_settings;
mod provider_settings;
mod questions;
mod same_app;

use serde_json::json;
use tokenward::{
    AppRecord, ConfigEdit, Home, Overrides, ProfileRecord, Registration, Report, ResolvedProfile, Session, Setting,
    Settings, SettingsError, issuer_of,
};
use tokenward_core::ports::AppTokenKind;
use tokenward_core::{
    AppName, AppSecret, BlueKingApp, ClientAuthentication, Code, ExitClass, Platform, ProfileName, ProviderName,
    Scopes, Standing, Status, TokenApi, masking,
};
use url::Url;

use crate::args::Init;
use crate::context::Context;
use crate::failure::{Failure, provider_words};
use crate::words::Lang;

use previous_settings::Before;
use same_app::{is_another, registration};

/// Registers an app and tells of it; gives back the profile that one logs in with, and whether somebody is logged in under it already.
pub(super) async fn run(init: &Init, context: &Context) -> Result<(ResolvedProfile, bool), Failure> {
    let registered = register(init, None, context.lang().init_nothing_saved(), context).await?;
    let is_logged_in = has_login(&registered.profile, context).await?;
    tell(&registered, is_logged_in, context)?;
    Ok((registered.profile, is_logged_in))
}

/// Whether the profile has a login of this app that can be used.
async fn has_login(profile: &ResolvedProfile, context: &Context) -> Result<bool, Failure> {
    let Some(session) = context.look(&context.settings()?).await? else { return Ok(false) };
    let Some(login) = session.keeper().login_of(&profile.name).await? else { return Ok(false) };
    let is_own = context.own_login(&login, profile, &session, None).await.is_ok();
    Ok(is_own && matches!(login.standing, Standing::Live | Standing::InDoubt { .. }))
}

/// An app that was registered.
pub(super) struct Registered {
    pub(super) app: AppName,
    pub(super) profile: ResolvedProfile,
    secret_file: Option<String>,
    /// Whether the provider accepted id and secret.
    checked: bool,
    /// The profile that stays the one that is used where none is named, if that was settled now and it is another.
    first: Option<ProfileName>,
}

impl Registered {
    /// Says that another profile stays the one that is used where none is named.
    pub(super) fn tell_first(&self, context: &Context) {
        if let Some(first) = &self.first {
            context.printer.note(context.lang().init_first_stays(first, &self.profile.name));
        }
    }
}

/// Registers an app. `found` is its secret where that is at hand already; `refused` is said where the provider says no.
pub(super) async fn register(
    init: &Init,
    found: Option<AppSecret>,
    refused: String,
    context: &Context,
) -> Result<Registered, Failure> {
    let lang = context.lang();
    let (app, given) = names(init, context)?;
    // What cannot be understood is told before anything is asked, and nothing that stands there is asked for twice.
    let settings = context.settings()?;
    let profile = match given {
        Some(profile) => profile,
        None => own_profile(init, &app, &settings)?,
    };
    let known = known_profile(&app, &profile, &settings, context)?;
    let before = Before::new(&settings, &app);
    let choice = questions::provider(init, &before, context).await?;
    let provider = choice.map(|choice| choice.name);
    let mut record = record(init, provider, context)?;
    let id_given = init.app_id.clone().or_else(|| questions::said(Setting::AppId, context));
    // Where nobody can be asked, the file answers for an app that is only set up once more.
    let mut kept = Vec::new();
    let named = record.clone().with(Setting::AppId, id_given.as_deref().map(str::trim));
    if !context.asker().can_ask() && before.is_same(&named) {
        (record, kept) = before.kept(named);
    }
    if let Some(preset) = choice.and_then(|choice| choice.preset) {
        record = preset.fill(&record);
        tell_console(init, &preset.console_at(record.get(Setting::AccountsUrl).unwrap_or(preset.issuer)), context);
    }
    record = provider_settings::asked(provider, init, record, &before, context).await?;
    if record.get(Setting::AppId).is_none() {
        let app_id = questions::app_id(init, provider, &before, context).await?;
        record = record.with(Setting::AppId, Some(app_id));
    }
    let dropped = if before.is_same(&record) {
        let more;
        (record, more) = before.kept(record);
        kept.extend(more);
        None
    } else {
        // The record takes its place, and what was discovered for a former address goes with it.
        Some(before.dropped(&record))
    };
    // Its addresses, its dialect and its id are judged before the secret is asked for.
    let mut resolved = resolve(&record, &profile, known, &settings, context)?;
    resolved.app_name = app.clone();
    let is_public = record.get(Setting::ClientAuthentication) == Some(ClientAuthentication::None.as_str());
    let mut was_asked = found.is_none() && !is_public && questions::asks_for_secret(init, context);
    let secret = match (found, &init.secret_file) {
        _ if is_public => None,
        (Some(found), _) => Some(found),
        (None, Some(file)) => Some(questions::secret_file(file, context)?),
        (None, None) => match stored(&app, dropped.is_some(), &settings, context).await? {
            Some(stored) => {
                let given = questions::secret_or_stored(init, provider, context).await?;
                was_asked &= given.is_some();
                Some(given.unwrap_or(stored))
            }
            None => Some(questions::secret(init, provider, context).await?),
        },
    };

    for warning in &resolved.warnings {
        context.printer.warning(lang.settings_warning(warning));
    }
    tell_kept(kept, context);
    // Under what is written down now: a server's own rules are known from the record.
    let told = |error: SettingsError| context.settings_failure(&error);
    let (home, env) = (context.home()?, context.ambient.env.clone());
    let (written, _) = Settings::load(home, env, overrides(&record, &profile)).map_err(told)?;
    let session = context.session(&written).await?;
    let moves = dropped.iter().flatten().any(|setting| matches!(setting, Setting::OpenUrl | Setting::AccountsUrl));
    let replaced = replaced(init, &app, &record, moves, &settings, &session, context).await?;
    if let (Platform::OAuth2(_), false) = (&resolved.platform, init.no_check) {
        record =
            provider_settings::discovered(record, &mut resolved, secret.is_none(), &session, &refused, context).await?;
    }
    let (checked, secret) = accepted(init, &resolved, secret, was_asked, &session, &refused, context).await?;

    let first = first(&profile, &settings, &session).await;
    let others = same_app::unwritten(init, &profile, &record, &settings, &session).await?;
    let mut edit = ConfigEdit::open(settings.home()).map_err(told)?;
    if let Some((former, logins)) = &replaced {
        // Before the file says so: from its first moment on nobody takes the old app's logins for the new one's.
        let present = registration(&record);
        session.keeper().keep_registration(&app, Some(former), &present).await?;
        for login in logins.iter().filter_map(|login| login.grant.profile.as_ref()) {
            tokenward::forget_hand_out(settings.home(), login)?;
        }
    }
    edit.app(&app, &record);
    same_app::write(&others, &record, &mut edit);
    if !known {
        edit.profile(&profile, &ProfileRecord::new(app.clone()));
    }
    let names_first = !edit.has_default_profile();
    if names_first {
        edit.default_profile(&first);
    }
    edit.save().map_err(told)?;
    drop(edit);
    same_app::tell(&others, context);
    if let Some(dropped) = dropped.filter(|dropped| !dropped.is_empty()) {
        context.printer.warning(lang.init_dropped(&app, names_of(&dropped)));
    }
    if let (None, Some(secret)) = (&init.secret_file, &secret) {
        same_app::keep_secret(secret, &app, &others, &session).await?;
    }
    let secret_file = record.get(Setting::AppSecretFile).map(str::to_owned);
    let first = Some(first).filter(|first| names_first && *first != profile);
    Ok(Registered { app, profile: resolved, secret_file, checked, first })
}

/// The secret that the vault holds of an app which is only set up once more.
async fn stored(
    app: &AppName,
    is_another: bool,
    settings: &Settings,
    context: &Context,
) -> Result<Option<AppSecret>, Failure> {
    if is_another {
        return Ok(None);
    }
    let Some(session) = context.look(settings).await? else { return Ok(None) };
    Ok(session.keeper().app_secret(app).await?)
}

/// Says where a server's apps are registered, before the id is asked for.
fn tell_console(init: &Init, page: &str, context: &Context) {
    if init.app_id.is_none() && context.asker().can_ask() {
        context.printer.note(context.lang().preset_console(masking::address(page)));
    }
}

/// Says what stays in the file although nobody gave it again.
fn tell_kept(mut kept: Vec<Setting>, context: &Context) {
    kept.retain(|setting| !matches!(setting, Setting::Provider | Setting::AppId));
    if !kept.is_empty() {
        context.printer.note(context.lang().init_kept(names_of(&kept)));
    }
}

/// Settings as the file names them.
fn names_of(settings: &[Setting]) -> String {
    settings.iter().filter_map(|setting| setting.key()).collect::<Vec<_>>().join(", ")
}

/// The profile that is meant from now on where none is named: the one that was until now, if somebody is logged in under it, else the
/// new one. Of those that variables alone describe it is `default`; another is found only where a variable names it.
async fn first(profile: &ProfileName, settings: &Settings, session: &Session) -> ProfileName {
    let is_in_file = |name: &ProfileName| settings.profiles().any(|(known, _)| known == name);
    let until_now = settings.selected(None).ok().filter(is_in_file).or_else(|| "default".parse().ok());
    let Some(name) = until_now else { return profile.clone() };
    if session.keeper().grant_of(&name).await.is_ok() { name } else { profile.clone() }
}

/// The profile as it will be once the record is written.
fn resolve(
    record: &AppRecord,
    profile: &ProfileName,
    known: bool,
    settings: &Settings,
    context: &Context,
) -> Result<ResolvedProfile, Failure> {
    let failed = |error: SettingsError| context.settings_failure(&error);
    let mut overrides = overrides(record, profile);
    for setting in [Setting::RedirectUri, Setting::Scopes] {
        let own = settings.profile_says(profile, setting).filter(|_| known && record.get(setting).is_none());
        overrides = overrides.with(setting, own);
    }
    // Looked up as where no file is. The vault's folder never holds one.
    let nowhere = Home::resolve(Some(&settings.home().vault()), &context.ambient.env).map_err(failed)?;
    let bare = Settings::load(nowhere, context.ambient.env.clone(), overrides).map_err(failed)?;
    bare.0.profile(Some(profile)).map_err(failed)
}

/// The app that the record takes the place of, with the logins that are consents to it, once a person agreed. `None` where it is
/// the same app, or nobody is logged in. One that `moves` loses the addresses it had, and so is at another server.
async fn replaced(
    init: &Init,
    app: &AppName,
    record: &AppRecord,
    moves: bool,
    settings: &Settings,
    session: &Session,
    context: &Context,
) -> Result<Option<(Registration, Vec<Report>)>, Failure> {
    let present = registration(record);
    let Some(former) = settings.registered(app).filter(|former| moves || is_another(former, &present)) else {
        return Ok(None);
    };
    let logins = session.keeper().list().await?;
    let logins: Vec<_> =
        logins.into_iter().filter(|login| login.grant.app == *app && login.status != Status::Retired).collect();
    if logins.is_empty() {
        return Ok(None);
    }
    // Those of an app that comes back are not in the way of it.
    let mut theirs = Vec::new();
    for login in &logins {
        let of = session.keeper().registration_of(&login.grant).await?.unwrap_or_else(|| former.clone());
        if moves || is_another(&of, &present) {
            theirs.push(login);
        }
    }
    let Some(login) = theirs.first() else { return Ok(Some((former, logins))) };
    let lang = context.lang();
    let who = login.grant.subject.as_ref().map(|subject| subject.name.clone().unwrap_or_else(|| subject.id.clone()));
    let who = who.unwrap_or_else(|| lang.somebody());
    let what = lang.app_in_use(app, shown(&former, lang), who, theirs.len());
    if init.yes {
        return Ok(Some((former, logins)));
    }
    if !context.asker().can_ask() {
        let failure = Failure::new(Code::AppInUse, what).then(lang.app_in_use_second()).then(lang.app_in_use_yes());
        return Err(failure);
    }
    context.printer.warning(what);
    context.printer.note(lang.app_in_use_second());
    if context.asker().yes(lang.ask_replace_app(), "`--yes`").await? {
        return Ok(Some((former, logins)));
    }
    context.printer.note(lang.nothing_changed());
    Err(Failure::silent(Code::AppInUse.exit() as u8))
}

/// An app as a person tells it from another: by its id, and by its server where that is said.
fn shown(app: &Registration, lang: Lang) -> String {
    match &app.accounts {
        Some(url) => lang.noted(&app.client_id, masking::address(url)),
        None => app.client_id.clone(),
    }
}

/// What will be in the file, as if flags said it.
fn overrides(record: &AppRecord, profile: &ProfileName) -> Overrides {
    let flags = Overrides::default().with(Setting::Profile, Some(profile.as_str()));
    record.iter().fold(flags, |flags, (setting, value)| flags.with(setting, Some(value)))
}

/// The names of app and profile: as given, else `default` for the first.
fn names(init: &Init, context: &Context) -> Result<(AppName, Option<ProfileName>), Failure> {
    let given = context.global.profile.clone().or_else(|| context.ambient.env.get("TOKENWARD_PROFILE")?.parse().ok());
    let bad = |text: &str| Failure::new(Code::BadSetting, text.to_owned());
    let app = match &init.app {
        Some(app) => app.clone(),
        None => "default".parse().map_err(|_| bad("default"))?,
    };
    let profile = match given {
        // A user's name behind a colon is no name to set up.
        Some(profile) if profile.base() != profile.as_str() => return Err(bad(profile.as_str())),
        profile => profile,
    };
    Ok((app, profile))
}

/// The profile of an app where none was given: the one of its own name, unless the app that was named is set up already and has others only.
fn own_profile(init: &Init, app: &AppName, settings: &Settings) -> Result<ProfileName, Failure> {
    let of_its_name: ProfileName =
        app.as_str().parse().map_err(|_| Failure::new(Code::BadSetting, app.as_str().to_owned()))?;
    let has = |name: &ProfileName| {
        settings.profiles().any(|(known, own)| known == name && (*known == of_its_name || own.as_ref() == Some(app)))
    };
    if init.app.is_none() || has(&of_its_name) {
        return Ok(of_its_name);
    }
    let first = settings.profiles().find(|(_, own)| own.as_ref() == Some(app)).map(|(name, _)| name.clone());
    let used = settings.selected(None).ok().filter(has);
    Ok(used.or(first).unwrap_or(of_its_name))
}

/// Whether the profile is there already. One that belongs to another app keeps it: its login is a consent to that app.
fn known_profile(
    app: &AppName,
    profile: &ProfileName,
    settings: &Settings,
    context: &Context,
) -> Result<bool, Failure> {
    let mut profiles = settings.profiles();
    match profiles.find(|(name, _)| *name == profile) {
        Some((_, Some(own))) if own != *app => {
            Err(Failure::new(Code::Usage, context.lang().profile_other_app(profile, own)).complete())
        }
        found => Ok(found.is_some()),
    }
}

/// Scopes as given, joined by spaces; commas are explained.
pub(super) fn scopes(given: &[String], context: &Context) -> Result<Scopes, Failure> {
    let lang = context.lang();
    let bad = |error| Failure::new(Code::BadScopes, lang.bad_scopes(&error));
    let (scopes, commas) = Scopes::parse(&given.join(" ")).map_err(bad)?;
    if commas {
        context.printer.warning(lang.commas_explained());
    }
    Ok(scopes)
}

/// What flags and variables say. What only a variable says is written down too, so that the next shell finds the same app.
fn record(init: &Init, provider: Option<ProviderName>, context: &Context) -> Result<AppRecord, Failure> {
    let url = |url: &Option<Url>| url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let exact = |url: &Option<Url>| url.as_ref().map(|url| url.as_str().to_owned());
    // An issuer is a name too: the slash at the end of its path belongs to it.
    let is_issuer = provider == Some(ProviderName::OAuth2);
    let issuer = |url: &Url| {
        let issuer = issuer_of(url);
        if issuer.path() == "/" { issuer.as_str().trim_end_matches('/').to_owned() } else { issuer.into() }
    };
    let words = |words: &[String]| (!words.is_empty()).then(|| words.join(" "));
    let redirect = init.port.map(|port| format!("http://127.0.0.1:{port}/callback"));
    let scopes = scopes(&init.scope, context)?;
    let given = [
        (Setting::AppKind, init.app_kind.clone()),
        (Setting::TenantKey, init.tenant_key.clone()),
        (Setting::OpenUrl, url(&init.open_url)),
        (
            Setting::AccountsUrl,
            if is_issuer { init.accounts_url.as_ref().map(issuer) } else { url(&init.accounts_url) },
        ),
        (Setting::TokenApi, init.token_api.map(|api| api.as_str().to_owned())),
        (Setting::TokenUrl, url(&init.token_url)),
        (Setting::Fallback, init.fallback.map(|fallback| fallback.to_string())),
        (Setting::Realm, init.realm.clone()),
        (Setting::AllowHttp, init.allow_http.then(|| "true".to_owned())),
        (Setting::BkEnvironment, init.bk_env.clone()),
        (Setting::Cookies, words(&init.cookies)),
        (Setting::ClientAuthentication, init.client_authentication.map(|way| way.as_str().to_owned())),
        (Setting::AuthorizationEndpoint, exact(&init.authorization_endpoint)),
        (Setting::TokenEndpoint, exact(&init.token_endpoint)),
        (Setting::DeviceEndpoint, exact(&init.device_authorization_endpoint)),
        (Setting::RevocationEndpoint, exact(&init.revocation_endpoint)),
        (Setting::IntrospectionEndpoint, exact(&init.introspection_endpoint)),
        (Setting::UserinfoEndpoint, exact(&init.userinfo_endpoint)),
        (Setting::Rules, words(&init.rule)),
        (Setting::RedirectUri, init.redirect_uri.as_ref().map(ToString::to_string).or(redirect)),
        (Setting::Scopes, (!scopes.is_empty()).then(|| scopes.to_string())),
    ];
    let file = init.secret_file.as_ref().map(|file| absolute(file).display().to_string());
    let record = AppRecord::default()
        .with(Setting::Provider, provider.map(ProviderName::as_str))
        .with(Setting::AppSecretFile, file);
    // A switch that nobody spoke of stays unwritten, whatever a variable says of another app.
    let kept = |setting, flag: Option<String>| match setting {
        Setting::Fallback | Setting::AllowHttp => flag,
        setting => flag.or_else(|| questions::said(setting, context)),
    };
    Ok(given.into_iter().fold(record, |record, (setting, flag)| record.with(setting, kept(setting, flag))))
}

/// In the file, relative paths count from its own folder; on the command line, from the working folder.
fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether the provider was asked and accepted the app, and the secret that it accepted: one that was typed wrong is typed again, and
/// the other answers stay.
async fn accepted(
    init: &Init,
    profile: &ResolvedProfile,
    mut secret: Option<AppSecret>,
    was_asked: bool,
    session: &Session,
    refused: &str,
    context: &Context,
) -> Result<(bool, Option<AppSecret>), Failure> {
    if init.no_check {
        return Ok((false, secret));
    }
    loop {
        match check(profile, secret.as_ref(), session, refused.to_owned(), context).await {
            Ok(checked) => return Ok((checked, secret)),
            Err(failure) if was_asked && failure.asks_for_the_secret() => context.printer.failure(&failure),
            Err(failure) => return Err(failure),
        }
        secret = Some(questions::secret(init, Some(profile.provider()), context).await?);
    }
}

/// Asks the provider whether it accepts the app, which spends nothing. A definite refusal is an error, and nothing is
/// saved; an unreachable provider is a warning.
async fn check(
    profile: &ResolvedProfile,
    secret: Option<&AppSecret>,
    session: &Session,
    refused: String,
    context: &Context,
) -> Result<bool, Failure> {
    let app = profile.app(secret.cloned());
    let accepted = match profile.provider().brand() {
        Some(_) => session.keeper().app_token(&app, AppTokenKind::App, CHECK_MIN_TTL).await.map(drop),
        None => session.keeper().check_up(&app).await,
    };
    match accepted {
        Ok(()) => Ok(true),
        Err(error) if error.refusal().is_some_and(|refusal| refusal.status == 404) => {
            Err(nothing_there(profile, error, context).then(refused))
        }
        // The codes of the auth api are not published. What it says no with and nobody knows is a no all the same.
        Err(error) if profile.token_api == TokenApi::AuthApi && is_unknown_no(&error) => {
            Err(Failure::from(error).without_login().or_then(context.lang(), refused))
        }
        Err(error) if matches!(error.code().exit(), ExitClass::TryLater) => {
            let lang = context.lang();
            let what = lang.noted(lang.happened(error.code()), error.code());
            context.printer.warning(lang.init_unchecked(what));
            Ok(false)
        }
        // A store app has no token before its first ticket; its secret is proven when that comes. And not every server has
        // something that can be asked without spending.
        Err(error) if error.code() == Code::SettingMissing => Ok(false),
        Err(error) if error.code() == Code::BrandMismatch => {
            let lang = context.lang();
            let next = profile.provider().brand().map(|brand| lang.other_brand(brand, brand.other()));
            Err(Failure::from(error).without_login().then_all(next).then(refused))
        }
        Err(error) => Err(Failure::from(error).without_login().or_then(context.lang(), refused)),
    }
}

/// An address where nothing is: the dialect or the realm is the likeliest cause, and a server's own words seldom say so.
fn nothing_there(profile: &ResolvedProfile, error: tokenward::Error, context: &Context) -> Failure {
    let lang = context.lang();
    let told = match &profile.platform {
        Platform::BlueKing(BlueKingApp { realm: Some(realm), .. }) if profile.token_api == TokenApi::BkAuth => {
            lang.no_such_realm(realm, &profile.hosts.accounts)
        }
        Platform::BlueKing(_) => lang.no_such_dialect(profile.token_api, &profile.hosts.accounts),
        Platform::Feishu(_) | Platform::OAuth2(_) => return Failure::from(error),
    };
    let words = error.refusal().map(|refusal| provider_words(refusal, lang)).unwrap_or_default();
    Failure::new(Code::AppSettings, told).detail(words).then(lang.dialects_told())
}

/// Whether a provider refused with a code that is in no table.
fn is_unknown_no(error: &tokenward::Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.provider_code.is_some() && refusal.meaning.is_none())
}

fn tell(registered: &Registered, is_logged_in: bool, context: &Context) -> Result<(), Failure> {
    let (lang, printer) = (context.lang(), context.printer);
    let Registered { app, profile, secret_file, checked, .. } = registered;
    let brand = profile.provider().brand();
    // A gateway or a sandbox has no console at its address.
    let console = brand.filter(|brand| profile.hosts.open == brand.hosts().open).map(|_| {
        let console = profile.hosts.open.join(&format!("app/{}/safe", profile.client_id));
        console.map_or_else(|_| profile.hosts.open.to_string(), String::from)
    });
    let config = context.home()?.config();
    if printer.json {
        printer.document(&json!({
            "app": app,
            "profile": profile.name,
            "config": config,
            "provider": profile.provider(),
            "token_api": profile.token_api,
            "checked": checked,
            "clear_text": profile.in_clear(),
            "redirect_uri": profile.redirect_uri,
            "console": console,
        }))?;
        return Ok(());
    }
    if *checked {
        printer.note(lang.init_checked());
    }
    printer.note(match secret_file {
        Some(file) => lang.init_saved_secret_file(app, config.display(), file, &profile.name),
        None => lang.init_saved(app, config.display(), &profile.name),
    });
    registered.tell_first(context);
    for host in profile.in_clear() {
        printer.warning(lang.said().plain_http_on(host));
    }
    let is_sandbox = brand.is_some() && tokenward::is_loopback(&profile.hosts.open);
    if is_sandbox {
        printer.note(lang.init_sandbox(&profile.hosts.open));
    } else if brand.is_some() {
        printer.note(console.map_or_else(|| lang.init_console_elsewhere(), |console| lang.init_console(console)));
        printer.note(lang.init_redirect(&profile.redirect_uri));
        printer.note(lang.init_offline());
        printer.note(lang.init_switch());
        printer.note(lang.init_publish());
    } else if profile.token_api.has_browser_login() {
        printer.note(lang.init_register_redirect(&profile.redirect_uri));
    }
    let named = match profile.name.as_str() {
        "default" => String::new(),
        name => format!(" --profile {name}"),
    };
    let command = if is_logged_in {
        format!("tokenward token{named}")
    } else if profile.token_api.has_browser_login() {
        format!("tokenward login{named}")
    } else {
        lang.init_next_user(named)
    };
    printer.note(lang.init_next(command));
    Ok(())
}

/// No app token lives this long, so a new one is fetched whatever is kept.
const CHECK_MIN_TTL: std::time::Duration = std::time::Duration::from_hours(24);
