//! What a platform needs besides id and secret, and where it is taken from: BlueKing's addresses, dialect and realm, which nobody
//! publishes, are asked for; those of a plain OAuth server are read from the server.
//!
//! Enters: the record as far as flags and variables filled it. Leaves: the record with what the platform needs. Nothing is
//! written, and nothing is sent but the question for the endpoints.

use tokenward::{AppRecord, ResolvedProfile, Session, Setting, travels_in_clear};
use tokenward_core::{ClientAuthentication, Code, ExitClass, Platform, ProviderName, Remedy, TokenApi, masking};
use url::Url;

use super::previous_settings::Before;
use super::questions;
use crate::args::Init;
use crate::context::Context;
use crate::failure::Failure;

/// What an app of this provider needs besides.
pub(super) async fn asked(
    provider: Option<ProviderName>,
    init: &Init,
    record: AppRecord,
    before: &Before<'_>,
    context: &Context,
) -> Result<AppRecord, Failure> {
    match provider {
        Some(ProviderName::BlueKing) => blueking(init, record, before, context).await,
        Some(ProviderName::OAuth2) => oauth2(init, record, before, context).await,
        Some(ProviderName::Feishu | ProviderName::Lark) | None => Ok(record),
    }
}

/// What an app of BlueKing needs besides.
async fn blueking(
    init: &Init,
    record: AppRecord,
    before: &Before<'_>,
    context: &Context,
) -> Result<AppRecord, Failure> {
    let lang = context.lang();
    let dialect = questions::dialect(init, before, context).await?.map(TokenApi::as_str).map(str::to_owned);
    let dialect = dialect.or_else(|| record.get(Setting::TokenApi).map(str::to_owned)).unwrap_or_default();
    let mut allowed = (record.get(Setting::AllowHttp) == Some("true")
        || questions::said(Setting::AllowHttp, context).as_deref() == Some("true"))
    .then(|| "true".to_owned());
    let is_clear = |url: &str| Url::parse(url.trim()).is_ok_and(|url| travels_in_clear(&url));
    let have = |setting| record.get(setting).map(str::to_owned);
    let mut address = async |setting, question: String, optional| {
        let given = questions::address(have(setting), setting, question, optional, before, context).await?;
        if let Some(url) = given.as_deref().filter(|url| allowed.is_none() && is_clear(url)) {
            allow_http(url, context).await?;
            allowed = Some("true".to_owned());
        }
        Ok::<_, Failure>(given)
    };
    let accounts = address(Setting::AccountsUrl, lang.ask_token_service(), false).await?;
    let gateway = address(Setting::OpenUrl, lang.ask_gateway(), true).await?;
    let (mut realm, mut scopes) = (have(Setting::Realm), have(Setting::Scopes));
    if dialect == "bkauth" {
        realm = questions::text(realm, Setting::Realm, lang.ask_realm(), false, before, context).await?;
        scopes = questions::text(scopes, Setting::Scopes, lang.ask_bk_resource(), true, before, context).await?;
    }
    Ok(record
        .with(Setting::TokenApi, Some(dialect))
        .with(Setting::AccountsUrl, accounts)
        .with(Setting::Realm, realm)
        .with(Setting::Scopes, scopes)
        .with(Setting::AllowHttp, allowed)
        .with(Setting::OpenUrl, gateway))
}

/// Asks whether an app may be used in clear text. Where nobody can be asked, the settings refuse it and name the flag.
async fn allow_http(url: &str, context: &Context) -> Result<(), Failure> {
    let lang = context.lang();
    let url = masking::address(url).into_owned();
    if !context.asker().can_ask() {
        let failure = Failure::new(Code::BadSetting, lang.http_refused(&url));
        return Err(failure.then(lang.http_refused_next()));
    }
    context.printer.warning(lang.http_means(&url));
    if context.asker().yes(lang.ask_allow_http(), "--allow-http").await? {
        return Ok(());
    }
    context.printer.note(lang.nothing_changed());
    Err(Failure::silent(Code::BadSetting.exit() as u8))
}

/// What a client of a plain OAuth server needs besides.
async fn oauth2(init: &Init, record: AppRecord, before: &Before<'_>, context: &Context) -> Result<AppRecord, Failure> {
    let lang = context.lang();
    let have = |setting| record.get(setting).map(str::to_owned);
    let issuer = have(Setting::AccountsUrl);
    let issuer = questions::address(issuer, Setting::AccountsUrl, lang.ask_issuer(), false, before, context).await?;
    let mut way = have(Setting::ClientAuthentication);
    let secret_given = init.app_secret_stdin || init.app_secret_file.is_some() || init.secret_file.is_some();
    if way.is_none() && !secret_given && !context.ambient.secret_is_set && context.asker().can_ask() {
        let has_secret = context.asker().yes(lang.ask_has_secret(), "").await?;
        before.was_asked(Setting::ClientAuthentication);
        way = (!has_secret).then(|| ClientAuthentication::None.as_str().to_owned());
    }
    let api = context.asker().can_ask().then(|| lang.ask_resource());
    let resource = match api {
        Some(question) => {
            questions::address(have(Setting::OpenUrl), Setting::OpenUrl, question, true, before, context).await?
        }
        None => have(Setting::OpenUrl),
    };
    Ok(record
        .with(Setting::AccountsUrl, issuer)
        .with(Setting::ClientAuthentication, way)
        .with(Setting::OpenUrl, resource))
}

/// Asks the issuer for its endpoints and writes down what the settings do not say. An issuer that publishes none is no error
/// where the settings name the token endpoint.
pub(super) async fn discovered(
    mut record: AppRecord,
    resolved: &mut ResolvedProfile,
    is_public: bool,
    session: &Session,
    refused: &str,
    context: &Context,
) -> Result<AppRecord, Failure> {
    let lang = context.lang();
    let Platform::OAuth2(app) = &mut resolved.platform else { return Ok(record) };
    let found = match session.discover(&resolved.hosts.accounts).await {
        Ok(found) => found,
        Err(error) if app.endpoints.token.is_some() => {
            context.printer.aside(lang.not_discovered(lang.happened(error.code())));
            return Ok(record);
        }
        Err(error) if error.code().exit() == ExitClass::TryLater => {
            context.printer.warning(lang.not_discovered(lang.noted(lang.happened(error.code()), error.code())));
            return Ok(record);
        }
        Err(error) => {
            let next = match error.refusal().map(|refusal| refusal.remedy) {
                Some(remedy @ (Remedy::CompareIssuer | Remedy::NameTenant)) => lang.remedy(remedy).to_owned(),
                _ => lang.not_discovered_next(),
            };
            return Err(Failure::from(error).then(next).then(refused.to_owned()));
        }
    };
    if app.authentication.is_none() && !is_public {
        match found.authentication {
            // What is meant where nothing is said need not be written down.
            Some(ClientAuthentication::Basic) => {}
            Some(way) => {
                record = record.with(Setting::ClientAuthentication, Some(way.as_str()));
                app.authentication = Some(way);
            }
            None => {
                let failure = Failure::new(
                    Code::AppSettings,
                    match found.methods.join(", ") {
                        methods if methods.is_empty() => lang.no_authentication_named(),
                        methods => lang.no_known_authentication(methods),
                    },
                );
                return Err(failure.then(lang.remedy(Remedy::AllowSecret).to_owned()).then(refused.to_owned()));
            }
        }
    }
    let found = found.endpoints;
    let own = &mut app.endpoints;
    let pairs = [
        (Setting::AuthorizationEndpoint, &mut own.authorization, found.authorization),
        (Setting::TokenEndpoint, &mut own.token, found.token),
        (Setting::DeviceEndpoint, &mut own.device_authorization, found.device_authorization),
        (Setting::RevocationEndpoint, &mut own.revocation, found.revocation),
        (Setting::IntrospectionEndpoint, &mut own.introspection, found.introspection),
        (Setting::UserinfoEndpoint, &mut own.userinfo, found.userinfo),
    ];
    for (setting, own, found) in pairs {
        if let (None, Some(found)) = (&own, found) {
            record = record.with(setting, Some(found.as_str()));
            *own = Some(found);
        }
    }
    Ok(record)
}
