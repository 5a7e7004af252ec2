//! `tokenward init`: registers an app.
//!
//! Enters: flags, variables, answers. Leaves: the app and its first profile in `config.toml`, the secret sealed in the
//! vault, and the four things to set in the console. Every question has a flag or a variable; the secret has no flag
//! that could hold it.

use std::process::ExitCode;

use serde_json::json;
use tokenward::{
    AppRecord, ConfigEdit, Home, Overrides, ProfileRecord, ResolvedProfile, Session, Setting, Settings, SettingsError,
};
use tokenward_core::ports::AppTokenKind;
use tokenward_core::{AppName, AppSecret, Brand, Code, ProfileName, Scopes};
use url::Url;
use zeroize::Zeroizing;

use crate::args::Init;
use crate::desk::Desk;
use crate::failure::Failure;

pub(super) async fn run(init: &Init, desk: &Desk) -> Result<ExitCode, Failure> {
    let Registered { app, profile, secret_file, checked } =
        register(init, None, desk.lang().init_nothing_saved(), desk).await?;
    tell(&app, &profile, secret_file.as_deref(), checked, desk)
}

/// An app that was registered.
pub(super) struct Registered {
    pub(super) app: AppName,
    pub(super) profile: ResolvedProfile,
    secret_file: Option<String>,
    /// Whether the provider accepted id and secret.
    checked: bool,
}

/// Registers an app. `found` is its secret where that is at hand already; `refused` is said where the provider says no.
pub(super) async fn register(
    init: &Init,
    found: Option<AppSecret>,
    refused: String,
    desk: &Desk,
) -> Result<Registered, Failure> {
    let lang = desk.lang();
    let (app, profile) = names(init, desk)?;
    let brand = brand(init, desk).await?;
    let app_id = app_id(init, desk).await?;
    let secret = match (found, &init.secret_file) {
        (Some(found), _) => found,
        (None, Some(file)) => read_secret(&file.display().to_string(), std::fs::read_to_string(file), desk)?,
        (None, None) => secret(init, desk).await?,
    };
    let scopes = scopes(&init.scope, desk)?;

    let record = record(init, brand, app_id, &scopes, desk);
    // Checked as it will be, before anything is written: a mistyped secret must not take a good one's place.
    let settings = desk.settings_with(overrides(&record, &profile))?;
    let known = known_profile(&app, &profile, &settings, desk)?;
    let failed = |error: SettingsError| desk.settings_failure(&error);
    let mut resolved = if known {
        settings.profile(Some(&profile)).map_err(failed)?
    } else {
        // A new profile has nothing in the file, and `init` says all there is to say about its app: so it is looked
        // up as where no file is. The vault's folder never holds one.
        let nowhere = Home::resolve(Some(&settings.home().vault()), &desk.ambient.env).map_err(failed)?;
        let bare = Settings::load(nowhere, desk.ambient.env.clone(), overrides(&record, &profile)).map_err(failed)?;
        bare.0.profile(Some(&profile)).map_err(failed)?
    };
    resolved.app_name = app.clone();
    for warning in &resolved.warnings {
        desk.printer.warning(lang.settings_warning(warning));
    }
    let session = desk.session(&settings).await?;
    let checked = if init.no_check { false } else { check(&resolved, &secret, &session, refused, desk).await? };

    let mut edit = ConfigEdit::open(settings.home()).map_err(failed)?;
    edit.app(&app, &record);
    if !known {
        edit.profile(&profile, &ProfileRecord { app: app.clone(), redirect_uri: None, scopes: None });
    }
    if !edit.has_default_profile() {
        edit.default_profile(&profile);
    }
    edit.save().map_err(failed)?;
    drop(edit);
    if init.secret_file.is_none() {
        session.keeper().keep_app_secret(&app, &secret).await?;
    }
    Ok(Registered { app, profile: resolved, secret_file: record.secret_file, checked })
}

/// What will be in the file, as if flags said it.
fn overrides(record: &AppRecord, profile: &ProfileName) -> Overrides {
    Overrides::default()
        .with(Setting::Profile, Some(profile.as_str()))
        .with(Setting::Provider, record.provider.clone())
        .with(Setting::AppId, record.app_id.clone())
        .with(Setting::AppKind, record.app_kind.clone())
        .with(Setting::TenantKey, record.tenant_key.clone())
        .with(Setting::OpenUrl, record.open_url.clone())
        .with(Setting::AccountsUrl, record.accounts_url.clone())
        .with(Setting::TokenApi, record.token_api.clone())
        .with(Setting::TokenUrl, record.token_url.clone())
        .with(Setting::Fallback, record.fallback.map(|fallback| fallback.to_string()))
        .with(Setting::RedirectUri, record.redirect_uri.clone())
        .with(Setting::Scopes, record.scopes.clone())
}

/// The names of app and profile: as given, else `default` for the first and the app's own for the second.
fn names(init: &Init, desk: &Desk) -> Result<(AppName, ProfileName), Failure> {
    let given = desk.global.profile.clone().or_else(|| desk.ambient.env.get("TOKENWARD_PROFILE")?.parse().ok());
    let bad = |text: &str| Failure::new(Code::BadSetting, text.to_owned());
    let app = match &init.app {
        Some(app) => app.clone(),
        None => "default".parse().map_err(|_| bad("default"))?,
    };
    let profile = match given {
        Some(profile) => profile,
        None => app.as_str().parse().map_err(|_| bad(app.as_str()))?,
    };
    Ok((app, profile))
}

/// Whether the profile is there already. One that belongs to another app keeps it: its login is a consent to that app.
fn known_profile(app: &AppName, profile: &ProfileName, settings: &Settings, desk: &Desk) -> Result<bool, Failure> {
    let mut profiles = settings.profiles();
    match profiles.find(|(name, _)| *name == profile) {
        Some((_, Some(own))) if own != *app => {
            Err(Failure::new(Code::Usage, desk.lang().profile_other_app(profile, own)).complete())
        }
        found => Ok(found.is_some()),
    }
}

async fn brand(init: &Init, desk: &Desk) -> Result<Option<Brand>, Failure> {
    if init.provider.is_some() {
        return Ok(init.provider);
    }
    if let Some(text) = desk.ambient.env.get("TOKENWARD_PROVIDER") {
        let parsed = text.to_ascii_lowercase().parse();
        return parsed.map(Some).map_err(|()| {
            Failure::new(Code::BadSetting, desk.lang().bad_variable("TOKENWARD_PROVIDER", text.escape_debug()))
        });
    }
    let hosts_given = init.open_url.is_some() || init.accounts_url.is_some();
    if hosts_given || !desk.asker().can_ask() {
        // The settings find the brand by its hosts, and take Feishu where nobody says.
        return Ok(None);
    }
    loop {
        let answer = desk.asker().line(desk.lang().ask_brand(), Some("feishu"), "").await?;
        if let Ok(brand) = answer.to_ascii_lowercase().parse() {
            return Ok(Some(brand));
        }
    }
}

async fn app_id(init: &Init, desk: &Desk) -> Result<String, Failure> {
    let given = init.app_id.as_deref().or_else(|| desk.ambient.env.get("TOKENWARD_APP_ID"));
    match given {
        Some(id) => Ok(id.trim().to_owned()),
        None => desk.asker().line(desk.lang().ask_app_id(), None, "--app-id / TOKENWARD_APP_ID").await,
    }
}

/// The secret: from stdin or a file when told so, from the variable, from the prompt.
async fn secret(init: &Init, desk: &Desk) -> Result<AppSecret, Failure> {
    if init.app_secret_stdin {
        return read_secret("--app-secret-stdin", std::io::read_to_string(std::io::stdin()), desk);
    }
    if let Some(file) = &init.app_secret_file {
        return read_secret(&file.display().to_string(), std::fs::read_to_string(file), desk);
    }
    if desk.ambient.secret_is_set {
        let text = desk.ambient.env.get("TOKENWARD_APP_SECRET").unwrap_or_default().to_owned();
        return read_secret("TOKENWARD_APP_SECRET", Ok(text), desk);
    }
    let typed = desk.asker().secret(desk.lang().ask_app_secret(), &desk.lang().secret_ways()).await?;
    parse_secret("App Secret", &typed, desk)
}

fn read_secret(source: &str, text: std::io::Result<String>, desk: &Desk) -> Result<AppSecret, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(Code::BadSecret, desk.lang().secret_file_unreadable(source))
            .detail(error.to_string())
            .then(desk.lang().give_readable_file())
    };
    parse_secret(source, &Zeroizing::new(text.map_err(unreadable)?), desk)
}

fn parse_secret(source: &str, text: &Zeroizing<String>, desk: &Desk) -> Result<AppSecret, Failure> {
    let lang = desk.lang();
    AppSecret::parse(text.as_str())
        .map_err(|reason| Failure::new(Code::BadSecret, lang.secret_unusable(source, lang.bad_secret(reason))))
}

/// Scopes as given, joined by spaces; commas are explained.
pub(super) fn scopes(given: &[String], desk: &Desk) -> Result<Scopes, Failure> {
    let lang = desk.lang();
    let bad = |error| Failure::new(Code::BadScopes, lang.bad_scopes(&error));
    let (scopes, commas) = Scopes::parse(&given.join(" ")).map_err(bad)?;
    if commas {
        desk.printer.warning(lang.commas_explained());
    }
    scopes.clone().for_login().map_err(bad)?;
    Ok(scopes)
}

fn record(init: &Init, brand: Option<Brand>, app_id: String, scopes: &Scopes, desk: &Desk) -> AppRecord {
    // What only a variable says is written down too, so that the next shell finds the same app.
    let said = |flag: Option<String>, setting: Setting| {
        flag.or_else(|| desk.ambient.env.get(setting.variable()?).map(str::to_owned))
    };
    let url = |url: &Option<Url>| url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    let redirect = init.port.map(|port| format!("http://127.0.0.1:{port}/callback"));
    AppRecord {
        provider: brand.map(|brand| brand.as_str().to_owned()),
        app_id: Some(app_id),
        app_kind: said(init.app_kind.clone(), Setting::AppKind),
        tenant_key: said(init.tenant_key.clone(), Setting::TenantKey),
        secret_file: init.secret_file.as_ref().map(|file| absolute(file).display().to_string()),
        open_url: said(url(&init.open_url), Setting::OpenUrl),
        accounts_url: said(url(&init.accounts_url), Setting::AccountsUrl),
        token_api: said(init.token_api.map(|api| api.as_str().to_owned()), Setting::TokenApi),
        token_url: said(url(&init.token_url), Setting::TokenUrl),
        fallback: init.fallback,
        redirect_uri: said(
            init.redirect_uri.as_ref().map(|url| url.as_str().to_owned()).or(redirect),
            Setting::RedirectUri,
        ),
        scopes: if scopes.is_empty() { said(None, Setting::Scopes) } else { Some(scopes.to_string()) },
    }
}

/// In the file, relative paths count from its own folder; on the command line, from the working folder.
fn absolute(path: &std::path::Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Asks the provider for an app token, which spends nothing. A definite refusal is an error, and nothing is saved; an
/// unreachable provider is a warning.
async fn check(
    profile: &ResolvedProfile,
    secret: &AppSecret,
    session: &Session,
    refused: String,
    desk: &Desk,
) -> Result<bool, Failure> {
    let app = profile.app(secret.clone());
    match session.keeper().app_token(&app, AppTokenKind::App, CHECK_MIN_TTL).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.code().exit(), tokenward_core::ExitClass::TryLater) => {
            let lang = desk.lang();
            let what = format!("{} ({})", lang.happened(error.code()), error.code());
            desk.printer.warning(lang.init_unchecked(what));
            Ok(false)
        }
        // A store app has no token before its first ticket; its secret is proven when that comes.
        Err(error) if error.code() == Code::SettingMissing => Ok(false),
        Err(error) => Err(Failure::from(error).or_then(desk.lang(), refused)),
    }
}

fn tell(
    app: &AppName,
    profile: &ResolvedProfile,
    secret_file: Option<&str>,
    checked: bool,
    desk: &Desk,
) -> Result<ExitCode, Failure> {
    let (lang, printer) = (desk.lang(), desk.printer);
    let console = profile.hosts.open.join(&format!("app/{}/safe", profile.client_id));
    let console = console.map_or_else(|_| profile.hosts.open.to_string(), String::from);
    let config = desk.home()?.config();
    if printer.json {
        printer.document(&json!({
            "app": app,
            "profile": profile.name,
            "config": config,
            "checked": checked,
            "redirect_uri": profile.redirect_uri,
            "console": console,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    if checked {
        printer.note(lang.init_checked());
    }
    printer.note(match secret_file {
        Some(file) => lang.init_saved_secret_file(app, config.display(), file, &profile.name),
        None => lang.init_saved(app, config.display(), &profile.name),
    });
    printer.note(lang.init_console(console));
    printer.note(lang.init_redirect(&profile.redirect_uri));
    printer.note(lang.init_offline());
    printer.note(lang.init_switch());
    printer.note(lang.init_publish());
    let command = match profile.name.as_str() {
        "default" => "tokenward login".to_owned(),
        name => format!("tokenward login --profile {name}"),
    };
    printer.note(lang.init_next(command));
    Ok(ExitCode::SUCCESS)
}

/// No app token lives this long, so a new one is fetched whatever is kept.
const CHECK_MIN_TTL: std::time::Duration = std::time::Duration::from_hours(24);
