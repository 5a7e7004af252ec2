//! What only one kind of provider knows of an app, and where each may be used.
//!
//! Every provider asks other questions: Feishu and Lark have brands whose hosts travel in pairs, `BlueKing` has dialects,
//! realms and cookies, and a plain OAuth server has endpoints that are discovered. A family of one provider is refused for
//! another here, before anything is sent: its answer would be a riddle.

use tokenward_core::{
    AppKind, AppTicket, BlueKingApp, Brand, ClientAuthentication, Endpoints, FeishuApp, Hosts, OAuth2App, Platform,
    ProfileName, ProviderName, RefusalClass, Remedy, Rules, TokenApi,
};
use tokenward_wire::{AuthApiOptions, RefreshMethod, UserGrant};
use url::Url;

use super::cookie_field::CookieField;
use super::error::{Clause, Origin, SettingsError, Warning};
use super::file::Value;
use super::host_urls;
use super::parse_value::{parse, refused};
use super::presets::Preset;
use super::refresh_token_rules;
use super::resolver::Resolver;
use super::setting_definitions::Setting;

/// What the settings say of one kind of provider.
pub(super) struct Resolved {
    pub(super) hosts: Hosts,
    pub(super) token_api: TokenApi,
    pub(super) platform: Platform,
    pub(super) cookies: Vec<CookieField>,
    pub(super) rules: Option<Rules>,
    pub(super) auth_api: AuthApiOptions,
}

impl Resolver<'_> {
    /// The provider: as said, else the brand whose own host was given, else Feishu.
    pub(super) fn provider(&self) -> Result<ProviderName, SettingsError> {
        if let Some(value) = self.look(Setting::Provider)? {
            if Preset::of(value.text.trim()).is_some() {
                return Ok(ProviderName::OAuth2);
            }
            return parse(&value, "say feishu, lark, blueking or oauth2", "请填 feishu、lark、blueking 或 oauth2");
        }
        for setting in [Setting::OpenUrl, Setting::AccountsUrl] {
            let brand = self.look(setting)?.and_then(|value| host_urls::brand_of(&Url::parse(value.text.trim()).ok()?));
            if let Some(brand) = brand {
                return Ok(brand.into());
            }
        }
        Ok(ProviderName::Feishu)
    }

    pub(super) fn platform(&mut self, profile: &ProfileName) -> Result<Resolved, SettingsError> {
        let provider = self.provider()?;
        self.tell_strangers(provider)?;
        let token_api = self.token_api(provider, profile)?;
        match provider {
            ProviderName::Feishu => self.feishu(Brand::Feishu, token_api),
            ProviderName::Lark => self.feishu(Brand::Lark, token_api),
            ProviderName::BlueKing => self.blueking(token_api, profile),
            ProviderName::OAuth2 => self.oauth2(token_api, profile),
        }
    }

    /// Brand and hosts of Feishu or Lark.
    pub(super) fn brand_and_hosts(&self) -> Result<(Brand, Hosts), SettingsError> {
        let Some(brand) = self.provider()?.brand() else {
            let value = self.look(Setting::Provider)?.unwrap_or_default();
            return Err(refused(&value, "say feishu or lark", "请填 feishu 或 lark"));
        };
        let (open, accounts) = (self.bare_url(Setting::OpenUrl)?, self.bare_url(Setting::AccountsUrl)?);
        Ok((brand, host_urls::complete(brand, open, accounts)?))
    }

    /// The family for new logins, which must be one of the provider's own.
    fn token_api(&self, provider: ProviderName, profile: &ProfileName) -> Result<TokenApi, SettingsError> {
        let own: Vec<_> = TokenApi::ALL.into_iter().filter(|api| provider.speaks(*api)).map(TokenApi::as_str).collect();
        let Some(value) = self.look(Setting::TokenApi)? else {
            return match provider {
                ProviderName::Feishu => Ok(Brand::Feishu.default_token_api()),
                ProviderName::Lark => Ok(Brand::Lark.default_token_api()),
                ProviderName::OAuth2 => Ok(TokenApi::Rfc6749),
                ProviderName::BlueKing => {
                    Err(SettingsError::Missing { setting: Setting::TokenApi, profile: profile.clone() })
                }
            };
        };
        let bad = |en: String, zh: String| SettingsError::bad_value(&value.origin, &value.text, Clause::new(en, zh));
        let Ok(api) = value.text.trim().parse::<TokenApi>() else {
            return Err(bad(format!("say {}", choice(&own, ", ", "or")), format!("请填 {}", choice(&own, "、", "或"))));
        };
        if provider.speaks(api) {
            return Ok(api);
        }
        let owner = ProviderName::ALL.into_iter().find(|name| name.speaks(api)).unwrap_or(provider);
        Err(bad(
            format!(
                "it belongs to provider {owner}, and the app's provider is {provider}, which has {}",
                choice(&own, ", ", "and")
            ),
            format!("它属于 {owner}，而应用的 provider 是 {provider}，可用的有 {}", choice(&own, "、", "和")),
        ))
    }

    fn feishu(&mut self, brand: Brand, token_api: TokenApi) -> Result<Resolved, SettingsError> {
        let (brand, hosts) = self.brand_and_hosts().map(|(_, hosts)| (brand, hosts))?;
        let fallback = match self.look(Setting::Fallback)? {
            Some(value) => parse(&value, "say true or false", "请填 true 或 false")?,
            None => true,
        };
        let app = FeishuApp {
            brand,
            kind: self.kind()?,
            fallback,
            token_url: self.url(Setting::TokenUrl)?.map(|(url, _)| url),
        };
        Ok(Resolved {
            hosts,
            token_api,
            platform: app.into(),
            cookies: Vec::new(),
            rules: None,
            auth_api: AuthApiOptions::default(),
        })
    }

    fn blueking(&mut self, token_api: TokenApi, profile: &ProfileName) -> Result<Resolved, SettingsError> {
        let hosts = self.pathed_hosts(profile)?;
        let realm = self.look(Setting::Realm)?;
        if token_api == TokenApi::BkAuth && realm.is_none() {
            return Err(SettingsError::Missing { setting: Setting::Realm, profile: profile.clone() });
        }
        let part = |value: Value| {
            let text = value.text.trim();
            let fits =
                !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
            let (en, zh) = ("use letters, digits, '-', '_' and '.'", "请用字母、数字、'-'、'_' 和 '.'");
            if fits { Ok(text.to_owned()) } else { Err(refused(&value, en, zh)) }
        };
        let realm = realm.map(part).transpose()?;
        let environment = self.look(Setting::BkEnvironment)?.map(part).transpose()?;
        let environment = environment.unwrap_or_else(|| "prod".to_owned());
        let token_resource = self.look(Setting::BkTokenResource)?.as_ref().map(resource).transpose()?;
        let app = BlueKingApp { environment, realm, token_resource, allow_http: self.allow_http()? };
        let (cookies, auth_api) = (self.cookies(token_api)?, self.auth_api()?);
        Ok(Resolved { hosts, token_api, platform: Platform::BlueKing(app), cookies, rules: None, auth_api })
    }

    fn oauth2(&mut self, token_api: TokenApi, profile: &ProfileName) -> Result<Resolved, SettingsError> {
        let Hosts { open, accounts } = self.pathed_hosts(profile)?;
        let issuer = host_urls::issuer_of(&accounts);
        let open = if open == accounts { issuer.clone() } else { open };
        let hosts = Hosts { open, accounts: issuer };
        let url = |setting| self.endpoint(setting);
        let endpoints = Endpoints {
            authorization: url(Setting::AuthorizationEndpoint)?,
            token: url(Setting::TokenEndpoint)?,
            device_authorization: url(Setting::DeviceEndpoint)?,
            revocation: url(Setting::RevocationEndpoint)?,
            introspection: url(Setting::IntrospectionEndpoint)?,
            userinfo: url(Setting::UserinfoEndpoint)?,
        };
        let authentication = match self.look(Setting::ClientAuthentication)? {
            Some(value) => {
                Some(parse::<ClientAuthentication>(&value, "say basic, body or none", "请填 basic、body 或 none")?)
            }
            None => None,
        };
        let platform = Platform::OAuth2(OAuth2App { endpoints, authentication });
        let rules = Some(self.rules()?);
        Ok(Resolved { hosts, token_api, platform, cookies: Vec::new(), rules, auth_api: AuthApiOptions::default() })
    }

    /// An endpoint of the issuer. What the file has was written for the issuer that the file names: where a flag or a variable names
    /// another, it says nothing, so that no secret meant for one server goes to the other.
    fn endpoint(&self, setting: Setting) -> Result<Option<Url>, SettingsError> {
        let of_file = |value: &Option<Value>| matches!(value, Some(Value { origin: Origin::File(_), .. }));
        let issuer = self.look(Setting::AccountsUrl)?;
        if of_file(&self.look(setting)?) && !of_file(&issuer) {
            let same = |one: &str, other: &str| one.trim().trim_end_matches('/') == other.trim().trim_end_matches('/');
            let written = self.in_file(Setting::AccountsUrl);
            if !matches!((&issuer, written), (Some(said), Some(written)) if same(&said.text, &written.text)) {
                return Ok(None);
            }
        }
        Ok(self.url(setting)?.map(|(url, _)| url))
    }

    /// Whether the registration permits clear text to its own hosts. Only BlueKing's token services speak it in the field.
    pub(super) fn allow_http(&self) -> Result<bool, SettingsError> {
        match self.look(Setting::AllowHttp)? {
            Some(value) if self.provider()? == ProviderName::BlueKing => {
                parse(&value, "say true or false", "请填 true 或 false")
            }
            _ => Ok(false),
        }
    }

    /// What of an installation's auth api is not published.
    pub(super) fn auth_api(&self) -> Result<AuthApiOptions, SettingsError> {
        let mut options = AuthApiOptions::default();
        if let Some(value) = self.look(Setting::BkUserGrant)? {
            options.user_grant = match value.text.trim() {
                "body" => UserGrant::Body,
                "query" => UserGrant::Query,
                _ => return Err(refused(&value, "say body or query", "请填 body 或 query")),
            };
        }
        if let Some(value) = self.look(Setting::BkRefresh)? {
            options.refresh = match value.text.trim() {
                "get" => RefreshMethod::Get,
                "post" => RefreshMethod::Post,
                _ => return Err(refused(&value, "say get or post", "请填 get 或 post")),
            };
        }
        if let Some(value) = self.look(Setting::BkSecretInRefresh)? {
            options.secret_in_refresh = parse(&value, "say true or false", "请填 true 或 false")?;
        }
        let codes = self.look(Setting::BkCodes)?;
        for (value, pair) in codes.iter().flat_map(|value| value.text.split_whitespace().map(move |pair| (value, pair)))
        {
            let read = pair.split_once('=').and_then(|(code, word)| {
                let meaning = MEANINGS.iter().find(|(known, ..)| *known == word)?;
                Some((code.parse::<i64>().ok()?, (meaning.1, meaning.2)))
            });
            let Some((code, meaning)) = read else {
                let words: Vec<_> = MEANINGS.iter().map(|(word, ..)| *word).collect();
                let en = format!("write CODE=MEANING, a number and one of {}", words.join(", "));
                let zh = format!("请写成 错误码=含义，错误码为数字，含义为 {} 之一", words.join("、"));
                return Err(SettingsError::bad_value(&value.origin, pair, Clause::new(en, zh)));
            };
            options.codes.insert(code, meaning);
        }
        Ok(options)
    }

    /// The rules row of an oauth2 app.
    pub(super) fn rules(&self) -> Result<Rules, SettingsError> {
        self.look(Setting::Rules)?.as_ref().map_or(Ok(refresh_token_rules::CAUTIOUS), refresh_token_rules::parse)
    }

    /// Token service or issuer, which must be given, and where calls go, which by default is the same.
    fn pathed_hosts(&self, profile: &ProfileName) -> Result<Hosts, SettingsError> {
        let (accounts, _) = self
            .based_url(Setting::AccountsUrl)?
            .ok_or_else(|| SettingsError::Missing { setting: Setting::AccountsUrl, profile: profile.clone() })?;
        let open = self.based_url(Setting::OpenUrl)?.map_or_else(|| accounts.clone(), |(url, _)| url);
        Ok(Hosts { open, accounts })
    }

    /// A host without a path.
    fn bare_url(&self, setting: Setting) -> Result<Option<(Url, Origin)>, SettingsError> {
        let found = self.url(setting)?;
        if let (Some((url, _)), Some(value)) = (&found, self.look(setting)?) {
            host_urls::refuse_path(url, &value)?;
        }
        Ok(found)
    }

    /// An address that others are made from by adding to its path.
    fn based_url(&self, setting: Setting) -> Result<Option<(Url, Origin)>, SettingsError> {
        let found = self.url(setting)?;
        if let (Some((url, _)), Some(value)) = (&found, self.look(setting)?) {
            host_urls::refuse_query(url, &value)?;
        }
        Ok(found)
    }

    fn kind(&mut self) -> Result<AppKind, SettingsError> {
        let tenant = self.look(Setting::TenantKey)?;
        let store = match self.look(Setting::AppKind)? {
            None => false,
            Some(value) => match value.text.as_str() {
                "self-built" => false,
                "store" => true,
                _ => return Err(refused(&value, "say self-built or store", "请填 self-built 或 store")),
            },
        };
        if store {
            return Ok(AppKind::Store { ticket: self.ticket()?, tenant_key: tenant.map(|value| value.text) });
        }
        if let Some(value) = tenant {
            self.warn(Warning::TenantKeyUnused { origin: value.origin });
        }
        Ok(AppKind::SelfBuilt)
    }

    fn ticket(&self) -> Result<Option<AppTicket>, SettingsError> {
        self.secret_variable(Setting::AppTicket, |text| AppTicket::parse(text))
    }

    /// Which cookies prove a user. bkauth wants none.
    fn cookies(&self, token_api: TokenApi) -> Result<Vec<CookieField>, SettingsError> {
        let Some(value) = self.look(Setting::Cookies)? else {
            return Ok(match token_api {
                TokenApi::Ssm => vec![CookieField::new("bk_token", "bk_token")],
                TokenApi::AuthApi => {
                    vec![CookieField::new("bk_ticket", "bk_ticket"), CookieField::new("rtx", "bk_uid")]
                }
                TokenApi::V3
                | TokenApi::V2
                | TokenApi::OidcV1
                | TokenApi::LegacyV1
                | TokenApi::BkAuth
                | TokenApi::Rfc6749 => Vec::new(),
            });
        };
        let name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        let mut fields = Vec::new();
        for word in value.text.split([' ', ',', '\t']).filter(|word| !word.is_empty()) {
            let (field, cookie) = word.split_once('=').unwrap_or((word, word));
            if !name(field) || !name(cookie) {
                let en = "write FIELD or FIELD=COOKIE, separated by spaces: names only, never a cookie's value";
                return Err(refused(
                    &value,
                    en,
                    "请写成 字段 或 字段=Cookie名，以空格分隔；只写名字，不要写 Cookie 的值",
                ));
            }
            fields.push(CookieField::new(field, cookie));
        }
        if fields.is_empty() || fields.iter().all(CookieField::names_user) {
            let en = "at least one field must prove who the user is, such as bk_token";
            return Err(refused(&value, en, "至少要有一个能证明用户身份的字段，例如 bk_token"));
        }
        Ok(fields)
    }

    /// Tells of settings that the provider has no use for.
    fn tell_strangers(&mut self, provider: ProviderName) -> Result<(), SettingsError> {
        for (setting, owners) in OWNED {
            if owners.contains(&provider) {
                continue;
            }
            // What a variable or a flag says may be meant for another profile.
            if let Some(Value { origin: origin @ Origin::File(_), .. }) = self.look(*setting)? {
                self.warn(Warning::NotOfProvider { origin, provider });
            }
        }
        Ok(())
    }
}

fn choice(names: &[&str], gap: &str, word: &str) -> String {
    match names {
        [rest @ .., last] if !rest.is_empty() => format!("{} {word} {last}", rest.join(gap)),
        names => names.join(gap),
    }
}

/// What requests for tokens name: one value, divided by commas where there are several.
fn resource(value: &Value) -> Result<String, SettingsError> {
    let text = value.text.trim();
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let (en, zh) =
        ("write it as at the login: no spaces, several divided by commas", "请与登录时一致：不含空格，多个用逗号分隔");
    if fits { Ok(text.to_owned()) } else { Err(refused(value, en, zh)) }
}

/// What a code of an installation's auth api may mean, and what a person can do about it.
const MEANINGS: [(&str, RefusalClass, Remedy); 7] = [
    ("log-in", RefusalClass::NeedsConsent, Remedy::LogIn),
    ("renew-access", RefusalClass::AccessDead, Remedy::RenewAccess),
    ("check-secret", RefusalClass::Configuration, Remedy::CheckSecret),
    ("check-app", RefusalClass::Configuration, Remedy::EnableApp),
    ("ask-administrator", RefusalClass::UserState, Remedy::AskAdministrator),
    ("wait", RefusalClass::Retry, Remedy::WaitForLimit),
    ("try-later", RefusalClass::Retry, Remedy::TryLater),
];

const FEISHU: &[ProviderName] = &[ProviderName::Feishu, ProviderName::Lark];
const BLUEKING: &[ProviderName] = &[ProviderName::BlueKing];
const OAUTH2: &[ProviderName] = &[ProviderName::OAuth2];

/// The settings that only some providers know.
const OWNED: &[(Setting, &[ProviderName])] = &[
    (Setting::AppKind, FEISHU),
    (Setting::TenantKey, FEISHU),
    (Setting::TokenUrl, FEISHU),
    (Setting::Fallback, FEISHU),
    (Setting::AllowHttp, BLUEKING),
    (Setting::BkUserGrant, BLUEKING),
    (Setting::BkRefresh, BLUEKING),
    (Setting::BkSecretInRefresh, BLUEKING),
    (Setting::BkTokenResource, BLUEKING),
    (Setting::BkCodes, BLUEKING),
    (Setting::Realm, BLUEKING),
    (Setting::BkEnvironment, BLUEKING),
    (Setting::Cookies, BLUEKING),
    (Setting::ClientAuthentication, OAUTH2),
    (Setting::AuthorizationEndpoint, OAUTH2),
    (Setting::TokenEndpoint, OAUTH2),
    (Setting::DeviceEndpoint, OAUTH2),
    (Setting::RevocationEndpoint, OAUTH2),
    (Setting::IntrospectionEndpoint, OAUTH2),
    (Setting::UserinfoEndpoint, OAUTH2),
    (Setting::Rules, OAUTH2),
];
