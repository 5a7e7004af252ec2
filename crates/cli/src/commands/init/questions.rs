//! What `init` has to know and how it comes by it: flag, variable, answer. Nothing is asked that the provider has no use for.

use std::path::Path;

use tokenward::{Setting, secret_parsing};
use tokenward_core::{AppSecret, BadSecret, Code, ProviderName, TokenApi};
use zeroize::Zeroizing;

use super::previous_settings::Before;
use crate::args::{Init, ProviderChoice};
use crate::context::Context;
use crate::failure::Failure;

/// Where the app is registered, as far as anybody says.
pub(super) async fn provider(
    init: &Init,
    before: &Before<'_>,
    context: &Context,
) -> Result<Option<ProviderChoice>, Failure> {
    if init.provider.is_some() {
        return Ok(init.provider);
    }
    if let Some(text) = context.ambient.env.get("TOKENWARD_PROVIDER") {
        return text.parse().map(Some).map_err(|()| {
            Failure::new(Code::BadSetting, context.lang().bad_variable("TOKENWARD_PROVIDER", text.escape_debug()))
                .then(context.lang().bad_provider_or_preset())
        });
    }
    let hosts_given = init.open_url.is_some() || init.accounts_url.is_some();
    if hosts_given || !context.asker().can_ask() {
        // The settings find the brand by its hosts, and take Feishu where nobody says.
        return Ok(None);
    }
    loop {
        let default = before.provider().map_or("feishu", ProviderName::as_str);
        let answer = context.asker().line(context.lang().ask_provider(), Some(default), "").await?;
        if let Ok(provider) = answer.parse() {
            return Ok(Some(provider));
        }
        context.printer.note(context.lang().no_such_provider(answer.escape_debug()));
    }
}

/// The dialect of a BlueKing app: there is no default that would be right for most.
pub(super) async fn dialect(init: &Init, before: &Before<'_>, context: &Context) -> Result<Option<TokenApi>, Failure> {
    if init.token_api.is_some() || said(Setting::TokenApi, context).is_some() {
        return Ok(init.token_api);
    }
    if context.asker().can_ask() {
        context.printer.note(context.lang().dialects_told());
    }
    loop {
        let known = before.says(Setting::TokenApi).and_then(|text| text.parse().ok());
        let default = known.filter(|api| ProviderName::BlueKing.speaks(*api)).map_or("ssm", TokenApi::as_str);
        let ways = "--dialect / TOKENWARD_TOKEN_API";
        let answer = context.asker().line(context.lang().ask_dialect(), Some(default), ways).await?;
        let parsed = answer.to_ascii_lowercase().parse().ok();
        if let Some(dialect) = parsed.filter(|dialect| ProviderName::BlueKing.speaks(*dialect)) {
            return Ok(Some(dialect));
        }
        let known = TokenApi::ALL.iter().filter(|api| ProviderName::BlueKing.speaks(**api));
        let known: Vec<_> = known.map(|api| api.as_str()).collect();
        context.printer.note(context.lang().no_such_token_service(answer.escape_debug(), known.join(", ")));
    }
}

/// A text by flag or variable, else asked for, with what stands in the file as the default. `None` from an empty answer where
/// `optional`.
pub(super) async fn text(
    flag: Option<String>,
    setting: Setting,
    question: String,
    optional: bool,
    before: &Before<'_>,
    context: &Context,
) -> Result<Option<String>, Failure> {
    if let Some(given) = flag.or_else(|| said(setting, context)) {
        return Ok(Some(given));
    }
    if optional && !context.asker().can_ask() {
        return Ok(None);
    }
    before.was_asked(setting);
    let default = before.says(setting).or(optional.then_some("-"));
    let ways = format!("{} / {}", setting.flag().unwrap_or_default(), setting.variable().unwrap_or_default());
    let answer = context.asker().line(question, default, &ways).await?;
    Ok(Some(answer).filter(|answer| !(optional && answer == "-")))
}

/// The same for an address, which is asked for again while it is none.
pub(super) async fn address(
    flag: Option<String>,
    setting: Setting,
    question: String,
    optional: bool,
    before: &Before<'_>,
    context: &Context,
) -> Result<Option<String>, Failure> {
    let asked = flag.is_none() && said(setting, context).is_none() && context.asker().can_ask();
    loop {
        let given = text(flag.clone(), setting, question.clone(), optional, before, context).await?;
        let is_one = |text: &String| {
            url::Url::parse(text.trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        };
        if !asked || given.as_ref().is_none_or(is_one) {
            return Ok(given);
        }
        context.printer.note(context.lang().bad_url());
    }
}

/// What a variable says.
pub(super) fn said(setting: Setting, context: &Context) -> Option<String> {
    context.ambient.env.get(setting.variable()?).map(str::to_owned)
}

pub(super) async fn app_id(
    init: &Init,
    provider: Option<ProviderName>,
    before: &Before<'_>,
    context: &Context,
) -> Result<String, Failure> {
    let lang = context.lang();
    let question = match provider {
        Some(ProviderName::BlueKing) => lang.ask_app_code(),
        Some(ProviderName::OAuth2) => lang.ask_client_id(),
        Some(ProviderName::Feishu | ProviderName::Lark) | None => lang.ask_app_id(),
    };
    let asked = init.app_id.is_none() && said(Setting::AppId, context).is_none() && context.asker().can_ask();
    let brand = provider.map_or(Some(tokenward_core::Brand::Feishu), ProviderName::brand);
    // An app of another host is not found in the brand's own console.
    if let (true, Some(brand)) = (asked, brand.filter(|brand| !is_elsewhere(init, *brand, before, context))) {
        context
            .printer
            .note(lang.app_id_where(brand.hosts().open.join("app").map_or_else(|_| String::new(), String::from)));
    }
    let given = text(init.app_id.clone(), Setting::AppId, question, false, before, context).await?;
    Ok(given.unwrap_or_default().trim().to_owned())
}

/// Whether flags, variables or the file lead to other hosts than the brand's own.
fn is_elsewhere(init: &Init, brand: tokenward_core::Brand, before: &Before<'_>, context: &Context) -> bool {
    let hosts = brand.hosts();
    let given = [
        (Setting::OpenUrl, init.open_url.as_ref(), hosts.open),
        (Setting::AccountsUrl, init.accounts_url.as_ref(), hosts.accounts),
    ];
    given.into_iter().any(|(setting, flag, own)| {
        let text = flag.map(ToString::to_string).or_else(|| said(setting, context));
        let text = text.or_else(|| before.says(setting).map(str::to_owned));
        text.is_some_and(|text| text.trim().trim_end_matches('/') != own.as_str().trim_end_matches('/'))
    })
}

/// Whether the secret is to be typed at a terminal.
pub(super) fn asks_for_secret(init: &Init, context: &Context) -> bool {
    let is_given = init.app_secret_stdin || init.app_secret_file.is_some() || context.ambient.secret_is_set;
    !is_given && init.secret_file.is_none() && context.asker().can_ask()
}

/// The secret: from stdin or a file when told so, from the variable, from the prompt.
///
/// `None` where nobody gave one and the stored one is meant: nobody can be asked, or whoever was asked left it empty.
pub(super) async fn secret_or_stored(
    init: &Init,
    provider: Option<ProviderName>,
    context: &Context,
) -> Result<Option<AppSecret>, Failure> {
    let is_given = init.app_secret_stdin || init.app_secret_file.is_some() || context.ambient.secret_is_set;
    if is_given {
        return secret(init, provider, context).await.map(Some);
    }
    if !context.asker().can_ask() {
        return Ok(None);
    }
    let typed = context.asker().secret(context.lang().secret_or_enter(secret_question(provider, context)), "").await?;
    if typed.trim().is_empty() {
        return Ok(None);
    }
    parse_secret(TYPED, &typed, context).map(Some)
}

/// What the secret is called where it is asked for.
fn secret_question(provider: Option<ProviderName>, context: &Context) -> String {
    match provider {
        Some(ProviderName::BlueKing | ProviderName::OAuth2) => context.lang().ask_client_secret(),
        Some(ProviderName::Feishu | ProviderName::Lark) | None => context.lang().ask_app_secret(),
    }
}

/// The same where it has to be given.
pub(super) async fn secret(
    init: &Init,
    provider: Option<ProviderName>,
    context: &Context,
) -> Result<AppSecret, Failure> {
    if init.app_secret_stdin {
        return read_secret("--app-secret-stdin", std::io::read_to_string(std::io::stdin()), context);
    }
    if let Some(file) = &init.app_secret_file {
        return secret_file(file, context);
    }
    if context.ambient.secret_is_set {
        let text = context.ambient.env.get("TOKENWARD_APP_SECRET").unwrap_or_default().to_owned();
        return read_secret("TOKENWARD_APP_SECRET", Ok(text), context);
    }
    let question = secret_question(provider, context);
    let ways = match provider {
        Some(ProviderName::OAuth2) => {
            [context.lang().secret_ways(), context.lang().public_ways()].join(context.lang().stop())
        }
        Some(ProviderName::Feishu | ProviderName::Lark | ProviderName::BlueKing) | None => context.lang().secret_ways(),
    };
    let typed = context.asker().secret(question, &ways).await?;
    parse_secret(TYPED, &typed, context)
}

/// The secret in a file, which must be one that nobody else could have written.
pub(super) fn secret_file(file: &Path, context: &Context) -> Result<AppSecret, Failure> {
    let source = file.display().to_string();
    let text = context.secret_text(file, |what| context.lang().secret_file_unreadable(what))?;
    parse_secret(&source, &text, context)
}

pub(super) fn read_secret(
    source: &str,
    text: std::io::Result<String>,
    context: &Context,
) -> Result<AppSecret, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(Code::BadSecret, context.lang().secret_file_unreadable(source))
            .detail(error.to_string())
            .then(context.lang().give_readable_file())
    };
    parse_secret(source, &Zeroizing::new(text.map_err(unreadable)?), context)
}

fn parse_secret(source: &str, text: &Zeroizing<String>, context: &Context) -> Result<AppSecret, Failure> {
    let lang = context.lang();
    secret_parsing::app_secret(text.as_str()).map_err(|reason| match reason {
        // What is typed has no other source than the question.
        BadSecret::Empty if source == TYPED => Failure::new(Code::BadSecret, lang.secret_typed_empty()),
        reason => Failure::new(Code::BadSecret, lang.secret_unusable(source, lang.bad_secret(reason))),
    })
}

/// The source of a secret that was typed.
const TYPED: &str = "App Secret";
