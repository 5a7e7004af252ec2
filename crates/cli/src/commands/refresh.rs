//! `tokenward refresh`: one rotation now, whatever the token's age; of a profile, or of the login in a script's ini file.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;
use tokenward::links::Links;
use tokenward::{
    Error, KeptState, Notice, Overrides, ScriptRefresh, ScriptTokens, Session, Setting, SettingsError, secret_parsing,
};
use tokenward_core::{BadSecret, Brand, Code, ExitClass, Grant, GrantId, Place, ProfileName, Remedy, Slot, Standing};
use zeroize::Zeroizing;

use crate::args::{PlaceFlags, Refresh, TokenSource};

use crate::context::Context;
use crate::failure::Failure;
use crate::fields::LoginFields;
use crate::token_places::{TokenPlaces, absolute, comment_in_script, quoted};
use crate::usage_error::file_to_refresh;
use crate::words::Lang;

pub(super) async fn run(refresh: Refresh, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    let of_a_script = refresh.is_of_a_script();
    if of_a_script && context.global.profile.is_some() {
        return Err(Failure::new(Code::Usage, lang.arguments_conflict("--profile", "--config-file, -a, -r")));
    }
    if of_a_script || is_all_there_is(context)? {
        return Box::pin(script(refresh, context)).await;
    }
    if refresh.provider.is_some() || refresh.open_url.is_some() {
        return Err(Failure::new(Code::Usage, lang.argument_missing("--config-file")));
    }
    let found = async {
        let work = context.work().await?;
        let grant = context.grant_of(&work).await?;
        Ok((work, grant))
    };
    let (work, grant) = found.await.map_err(|failure| perhaps_a_file(failure, context))?;
    let keeper = work.session.keeper();
    let handed = keeper.renew(&work.app, grant).await?;
    context.tell_notices(&handed.notices);
    // What the provider refused is gone, and what is back was not refreshed by that.
    let is_back = handed
        .notices
        .iter()
        .any(|notice| matches!(notice, Notice::TakenBack { generation, .. } if *generation == handed.generation));
    if context.printer.json {
        let report = keeper.status(grant).await?;
        let document = json!({
            "refreshed": handed.rotated && !is_back,
            "login": LoginFields::of(&report),
            "notices": handed.notices.iter().map(tokenward::Notice::name).collect::<Vec<_>>(),
        });
        context.printer.document(&document).map_err(kept)?;
    } else {
        let lang = context.lang();
        let (profile, generation) = (&work.profile.name, handed.generation);
        // Somebody else's rotation is as good: two callers who saw one generation cause one spend.
        let line = match handed.rotated {
            _ if is_back => lang.login_is_back(profile, generation, context.meant(profile).command("refresh")),
            true => lang.turned(profile, generation),
            false => lang.turned_elsewhere(profile, generation),
        };
        context.printer.note(line);
        context.printer.note(lang.good_for(lang.span(handed.access.remaining(context.now()).as_secs())));
    }
    Ok(ExitCode::SUCCESS)
}

/// A profile that there is not, whose name is that of a file or looks like one: which command was meant.
fn perhaps_a_file(failure: Failure, context: &Context) -> Failure {
    let is_unknown =
        [Code::NotLoggedIn, Code::UnknownProfile, Code::SettingMissing].iter().any(|code| failure.is_of(*code));
    let Some(name) = context.global.profile.as_ref().map(ProfileName::as_str).filter(|_| is_unknown) else {
        return failure;
    };
    let lang = context.lang();
    let Some(next) = file_to_refresh(name, lang) else { return failure };
    Failure::new(Code::Usage, lang.file_is_no_profile(name)).then(next).of_no_login()
}

/// Output that could not be written, after the refresh.
fn kept(failure: Failure) -> Failure {
    failure.keeping(KeptState::NewTokens)
}

/// Whether a script's file in the working folder is the only login that can be meant: nothing is set up here.
fn is_all_there_is(context: &Context) -> Result<bool, Failure> {
    let nothing = matches!(
        context.settings()?.selected(context.global.profile.as_ref()),
        Err(SettingsError::NothingSetUp { .. })
    );
    Ok(nothing && Path::new(ScriptRefresh::FILE).is_file())
}

/// The login in a script's file: prints the new user access token and nothing else.
async fn script(refresh: Refresh, context: &Context) -> Result<ExitCode, Failure> {
    let lang = context.lang();
    if [&refresh.app_token, &refresh.refresh_token].into_iter().any(|given| matches!(given, Some(TokenSource::Word(_))))
    {
        context.printer.warning(lang.token_in_arguments());
    }
    let overrides = Overrides::default()
        .with(Setting::Provider, refresh.provider.map(Brand::as_str))
        .with(Setting::OpenUrl, refresh.open_url.as_ref().map(ToString::to_string));
    let settings = context.settings_with(overrides)?;
    let (brand, hosts) = settings.brand_and_hosts().map_err(|error| context.settings_failure(&error))?;
    let file = refresh.config_file.unwrap_or_else(|| PathBuf::from(ScriptRefresh::FILE));
    let app_token = read("-a", refresh.app_token, context, secret_parsing::app_token)?;
    let refresh_token = read("-r", refresh.refresh_token, context, secret_parsing::refresh_token)?;
    let session = context.session(&settings).await?;
    let request = ScriptRefresh::new(file.clone(), brand, hosts).app_token(app_token).refresh_token(refresh_token);
    let mut owner = request.owner(session.keeper()).await?;
    let is_retired = |login: &Grant| matches!(login.standing, Standing::Retired { .. });
    // A login that is new to the vault, in a file that a profile follows, is that profile's: the script has refreshed it by itself. One
    // that was logged out gives way to the profile's.
    if owner.as_ref().is_none_or(is_retired)
        && request.refresh_token.is_none()
        && import(&file, &session, context).await?
    {
        owner = request.owner(session.keeper()).await?;
    }
    if owner.as_ref().is_some_and(is_retired) {
        let next = lang.log_in_into_file(format!("tokenward login --env-file {}", quoted(&file.display().to_string())));
        return Err(Failure::new(Code::NotLoggedIn, lang.login_in_file_ended(file.display())).then(next).complete());
    }
    let owner = owner.and_then(|login| Some((whose_app(&login, context)?, login)));
    let tokens = if let Some((profile, login)) = owner {
        by_its_profile(request, (&profile, &login), &file, context).await?
    } else {
        let done = request.run(session.keeper()).await;
        done.map_err(|error| of_a_script(error, &file, brand, context))?
    };
    // That this file held used tokens is told once.
    let is_told = |notice: &&Notice| {
        tokens.healed && matches!(notice, Notice::LinkHealed { file: healed, .. } if *healed == absolute(&file))
    };
    let left: Vec<Notice> = tokens.notices.iter().filter(|notice| !is_told(notice)).cloned().collect();
    context.tell_notices(&left);
    if tokens.healed && context.of_file.get().is_none() {
        context.printer.note(lang.script_healed(file.display()));
    }
    if context.printer.json {
        let document = json!({
            "access_token": tokens.access.expose(),
            "token_type": "Bearer",
            "file": file.display().to_string(),
            "repaired": tokens.healed,
            "notices": tokens.notices.iter().map(tokenward::Notice::name).collect::<Vec<_>>(),
        });
        context.printer.document(&document).map_err(kept)?;
    } else {
        context.printer.data(tokens.access.expose()).map_err(kept)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The login of a profile that the file shows: that profile refreshes it, and whatever is told is told of it.
async fn by_its_profile(
    request: ScriptRefresh,
    (profile, login): (&ProfileName, &Grant),
    file: &Path,
    context: &Context,
) -> Result<ScriptTokens, Failure> {
    let profile = context.of_file.get_or_init(|| profile.clone());
    let work = context.work_as(profile).await?;
    context.own_login(login, &work.profile, &work.session, work.registrations.as_ref()).await?;
    let tokens = request.app_of_owner(work.app).run(work.session.keeper()).await?;
    let lang = context.lang();
    if tokens.healed {
        context.printer.note(lang.script_healed_by_profile(file.display(), profile));
    } else if login.profile.is_some() {
        context.printer.note(lang.script_by_profile(file.display(), profile));
    }
    Ok(tokens)
}

/// Imports what a linked file brought, where one profile follows it: says whether it does.
async fn import(file: &Path, session: &Session, context: &Context) -> Result<bool, Failure> {
    let links: Links = session.links();
    let Ok(followed) = links.of_file(&absolute(file), None).await else { return Ok(false) };
    let mut profiles: Vec<_> = followed
        .into_iter()
        .filter(|link| link.target.places.contains_key(&Slot::RefreshToken))
        .map(|link| link.target.profile)
        .collect();
    profiles.dedup();
    let [profile] = profiles.as_slice() else { return Ok(false) };
    let work = context.work_as(profile).await?;
    let reports = work.session.links().reconcile(&work.app, profile, true, Links::PATIENCE).await?;
    context.tell_notices(&reports.iter().flat_map(tokenward::links::LinkReport::notices).collect::<Vec<_>>());
    Ok(true)
}

/// The profile whose login it is; one of its app where it has none.
fn whose_app(login: &Grant, context: &Context) -> Option<ProfileName> {
    let of_app = || {
        let settings = context.settings().ok()?;
        settings.profiles().find(|(_, app)| app.as_ref() == Some(&login.app)).map(|(name, _)| name.clone())
    };
    login.profile.clone().or_else(of_app)
}

/// What went wrong, with advice for somebody who has a file and no profile: nothing fetches an app access token here, and no
/// question is asked.
fn of_a_script(error: Error, file: &Path, brand: Brand, context: &Context) -> Failure {
    let (lang, path, file) = (context.lang(), file, file.display());
    let is_app_token = error.refusal().is_some_and(|refusal| refusal.remedy == Remedy::RenewAppToken);
    let of_app = match error.refusal().map(|refusal| refusal.remedy) {
        Some(Remedy::RenewAppToken | Remedy::CheckSecret | Remedy::CheckAppId) => {
            Some(lang.script_app_token_ended(file.to_string()))
        }
        Some(Remedy::UseIssuingApp) => Some(lang.script_of_two_apps(file.to_string())),
        Some(Remedy::CheckBrand) => {
            let other = if brand == Brand::Feishu { Brand::Lark } else { Brand::Feishu };
            Some(lang.script_other_brand(quoted(&file.to_string()), other.as_str()))
        }
        _ => None,
    };
    // A used token and passing trouble have one answer at the old endpoint.
    if error.refusal().is_some_and(|refusal| refusal.remedy == Remedy::TryLaterThenLogIn)
        && error.code().exit() != ExitClass::NeedsConsent
    {
        let file = quoted(&file.to_string());
        return Failure::from(error).then_all([lang.script_try_later(&file), lang.script_if_it_stays(&file)]);
    }
    if let Some(next) = of_app {
        let failure = Failure::from(error).then(next);
        return if is_app_token { failure.saying(lang.script_app_token_dead()) } else { failure };
    }
    let detail = error.detail().unwrap_or_default().to_owned();
    match error.code() {
        Code::SettingMissing => Failure::new(Code::SettingMissing, lang.script_token_missing())
            .detail(detail)
            .then(lang.script_link_needs_none(quoted(&file.to_string())))
            .then(lang.script_give_token()),
        Code::BadSecret if let Some(place) = commented(path, lang) => {
            Failure::new(Code::BadSecret, lang.comment_behind_value(place)).then(lang.comment_behind_value_next())
        }
        // What is to be replaced by a person is no copy with a slip in it.
        Code::BadSecret if detail.ends_with(&BadSecret::StandIn.to_string()) => {
            Failure::new(Code::BadSecret, lang.script_bad_token()).detail(detail).then(lang.script_stands_in())
        }
        Code::BadSecret => {
            Failure::new(Code::BadSecret, lang.script_bad_token()).detail(detail).then(lang.script_copy_again())
        }
        // Nobody says whose it is, and so which app refreshes it.
        Code::BadSetting if detail.parse::<GrantId>().is_ok() => {
            Failure::new(Code::BadSetting, lang.script_of_login(file, &detail)).then(lang.give_profile(detail))
        }
        code if code.exit() == ExitClass::NeedsConsent => {
            Failure::from(error).then(lang.script_login_again(quoted(&file.to_string())))
        }
        _ => error.into(),
    }
}

/// Where a token in the file has a comment behind it, which is then a part of it.
fn commented(file: &Path, lang: Lang) -> Option<Place> {
    comment_in_script(&TokenPlaces::document(file, &PlaceFlags::default(), lang)?)
}

/// Fetches a token from where it is said to be. Tokens that come by stdin stand there in the order -a, -r, a line each.
fn read<T>(
    flag: &str,
    given: Option<TokenSource>,
    context: &Context,
    parse: impl Fn(String) -> Result<T, BadSecret>,
) -> Result<Option<T>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let failed = |what: String, error: &std::io::Error| {
        Failure::new(Code::BadSecret, context.lang().secret_not_read(what))
            .detail(error.to_string())
            .then(context.lang().give_readable_file())
    };
    match given {
        None => return Ok(None),
        Some(TokenSource::Word(word)) => text = word,
        Some(TokenSource::File(file)) => {
            text = context.secret_text(&file, |what| context.lang().secret_not_read(what))?;
        }
        Some(TokenSource::Stdin) => {
            std::io::stdin().lock().read_line(&mut text).map_err(|error| failed(flag.to_owned(), &error))?;
        }
    }
    let token = parse(text.to_string());
    token.map(Some).map_err(|error| {
        let failure = Failure::new(Code::BadSecret, context.lang().script_bad_token());
        failure.detail(format!("{flag}: {error}")).then(context.lang().script_copy_again())
    })
}
