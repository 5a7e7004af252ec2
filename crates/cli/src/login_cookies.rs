//! What proves a user to BlueKing's token service: the login cookies of that user's browser.
//!
//! Enters: a variable, a file, stdin, or a person's answer without echo; never an argument (I4). Leaves: a [`DirectGrant`]. A
//! cookie is a secret like a password: it is shown to the token service, stored nowhere, and in no message.

use std::io::Read;

use tokenward::{CookieField, ResolvedProfile, Setting, Settings};
use tokenward_core::{Code, DirectGrant, LoginCookie, UserName, UserTicket};
use zeroize::Zeroizing;

use crate::args::Login;
use crate::context::Context;
use crate::failure::Failure;

/// What the environment shows for the user of a profile's name, if it shows all of it.
pub(crate) fn shown(
    profile: &ResolvedProfile,
    user: &UserName,
    context: &Context,
) -> Result<Option<DirectGrant>, Failure> {
    let settings = context.settings()?;
    let mut found = Vec::new();
    for field in &profile.cookies {
        let cookie = if field.names_user() { Some(named(user)?) } else { variable(field, &settings, context)? };
        let Some(cookie) = cookie else { return Ok(None) };
        found.push((field.field.clone(), cookie));
    }
    Ok(Some(ticket(found)))
}

/// What is given for a login: by stdin, file or variable, else asked for.
pub(crate) async fn given(
    login: &Login,
    profile: &ResolvedProfile,
    user: &UserName,
    context: &Context,
) -> Result<DirectGrant, Failure> {
    if let Some(text) = text(login, context)? {
        return read(&text, profile, user, context);
    }
    if let Some(shown) = shown(profile, user, context)? {
        return Ok(shown);
    }
    let lang = context.lang();
    let settings = context.settings()?;
    let mut found = Vec::new();
    for field in &profile.cookies {
        let cookie = if field.names_user() {
            named(user)?
        } else if let Some(cookie) = variable(field, &settings, context)? {
            cookie
        } else {
            if !context.asker().can_ask() {
                let what = lang.no_login_page(profile.token_api, &field.cookie);
                return Err(Failure::new(Code::SettingMissing, what).then(lang.give_it_by(ways(field))));
            }
            if found.is_empty() {
                context.printer.note(lang.cookie_where(&profile.hosts.accounts));
            }
            let typed = context.asker().secret(lang.ask_cookie(&field.cookie, user), &ways(field)).await?;
            parse(&typed, &field.cookie, context)?
        };
        found.push((field.field.clone(), cookie));
    }
    Ok(ticket(found))
}

fn ticket(fields: Vec<(String, LoginCookie)>) -> DirectGrant {
    DirectGrant::Ticket(UserTicket { fields, client_ip: None, renew: false })
}

/// A name as a field's value. It proves nothing; the field wants one all the same.
fn named(user: &UserName) -> Result<LoginCookie, Failure> {
    let bad = |error: tokenward_core::BadSecret| Failure::of(Code::BadSetting).detail(error.to_string());
    LoginCookie::parse(user.as_str()).map_err(bad)
}

fn variable(field: &CookieField, settings: &Settings, context: &Context) -> Result<Option<LoginCookie>, Failure> {
    let Some(setting) = setting(field) else { return Ok(None) };
    let given = settings.secret_variable(setting, |text| LoginCookie::parse(text));
    given.map_err(|error| context.settings_failure(&error))
}

/// The setting that may hold a cookie; there are two, because these have names that everyone uses.
fn setting(field: &CookieField) -> Option<Setting> {
    match field.cookie.as_str() {
        "bk_token" => Some(Setting::BkToken),
        "bk_ticket" => Some(Setting::BkTicket),
        _ => None,
    }
}

fn ways(field: &CookieField) -> String {
    let variable = setting(field).and_then(Setting::variable).map(|name| format!(", {name}"));
    format!("--cookie-stdin, --cookie-file FILE{}", variable.unwrap_or_default())
}

fn text(login: &Login, context: &Context) -> Result<Option<Zeroizing<String>>, Failure> {
    let (source, read) = if login.cookie_stdin {
        let mut text = Zeroizing::new(String::new());
        ("--cookie-stdin".to_owned(), std::io::stdin().take(LIMIT).read_to_string(&mut text).map(|_| text))
    } else if let Some(file) = &login.cookie_file {
        return context.secret_text(file, |what| context.lang().cookie_unreadable(what)).map(Some);
    } else {
        return Ok(None);
    };
    let failed = |error: std::io::Error| {
        Failure::new(Code::BadSecret, context.lang().cookie_unreadable(source))
            .detail(error.to_string())
            .then(context.lang().give_readable_file())
    };
    read.map(Some).map_err(failed)
}

/// A cookie's value alone, or a line of cookies as a browser sends it.
fn read(text: &str, profile: &ResolvedProfile, user: &UserName, context: &Context) -> Result<DirectGrant, Failure> {
    let lang = context.lang();
    let text = text.trim();
    let line = strip_head(text);
    let among = |wanted: &str| {
        let mut pairs = line.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
    };
    let proving: Vec<_> = profile.cookies.iter().filter(|field| !field.names_user()).collect();
    let is_line = profile.cookies.iter().any(|field| among(&field.cookie).is_some());
    let mut found = Vec::new();
    for field in &profile.cookies {
        let value = match (field.names_user(), is_line, proving.as_slice()) {
            (true, _, _) => Some(user.as_str()),
            (false, true, _) => among(&field.cookie),
            (false, false, [_]) => Some(text),
            (false, false, _) => None,
        };
        let value = value.ok_or_else(|| {
            let names: Vec<_> = proving.iter().map(|field| field.cookie.as_str()).collect();
            Failure::new(Code::BadSecret, lang.cookie_absent(&field.cookie)).then(lang.cookie_line(names.join("=…; ")))
        })?;
        found.push((field.field.clone(), parse(value, &field.cookie, context)?));
    }
    Ok(ticket(found))
}

fn strip_head(text: &str) -> &str {
    match text.split_once(':') {
        Some((head, rest)) if head.eq_ignore_ascii_case("cookie") => rest.trim(),
        _ => text,
    }
}

fn parse(value: &str, name: &str, context: &Context) -> Result<LoginCookie, Failure> {
    let lang = context.lang();
    let bad = |reason| Failure::new(Code::BadSecret, lang.cookie_unusable(name, lang.bad_secret(reason))).complete();
    LoginCookie::parse(value.trim()).map_err(bad)
}

/// No line of cookies is longer: servers refuse such.
const LIMIT: u64 = 64 << 10;
