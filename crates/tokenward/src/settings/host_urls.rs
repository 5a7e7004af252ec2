//! Hosts and brands: two addresses that never travel apart (reference/feishu.md §1).

use tokenward_core::{Brand, Hosts, ProviderName};
use url::{Host, Url};

use super::error::{Origin, SettingsError};
use super::file::Value;
use super::parse_value::refused;
use super::setting_definitions::Setting;

/// Whether an address is this machine's own (RFC 8252 §7.3, RFC 6761 §6.3).
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether what is sent to an address could be read on the way.
pub fn travels_in_clear(url: &Url) -> bool {
    url.scheme() == "http" && !is_loopback(url)
}

/// The issuer behind an address that may be its document's: people copy what their browser shows. The slash at the end stays
/// as it is written.
pub fn issuer_of(url: &Url) -> Url {
    let path = url.path();
    let cut = WELL_KNOWN.iter().find_map(|document| {
        let before = path.strip_suffix(document).or_else(|| path.strip_suffix('/')?.strip_suffix(document));
        // RFC 8414 §3.1 puts it between host and path.
        before.or_else(|| path.strip_prefix(document).filter(|rest| rest.is_empty() || rest.starts_with('/')))
    });
    let mut issuer = url.clone();
    if let Some(path) = cut {
        issuer.set_path(path);
    }
    issuer
}

const WELL_KNOWN: [&str; 2] = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"];

/// The brand whose own host this is.
pub(super) fn brand_of(url: &Url) -> Option<Brand> {
    [Brand::Feishu, Brand::Lark].into_iter().find(|brand| {
        let hosts = brand.hosts();
        url.host() == hosts.open.host() || url.host() == hosts.accounts.host()
    })
}

pub(super) fn parse_url(value: &Value) -> Result<Url, SettingsError> {
    let bad = || {
        let en = "give an address such as https://host or http://127.0.0.1:8080, without a user name";
        refused(value, en, "请填形如 https://host 或 http://127.0.0.1:8080 的地址，不带用户名")
    };
    let url = Url::parse(value.text.trim()).map_err(|_| bad())?;
    let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    if plain { Ok(url) } else { Err(bad()) }
}

pub(super) fn refuse_path(url: &Url, value: &Value) -> Result<(), SettingsError> {
    if url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
        return Ok(());
    }
    let en = "give scheme, host and port only, without a path; for a gateway with a path there is token_url";
    Err(refused(value, en, "只填协议、主机和端口，不带路径；带路径的网关请用 token_url"))
}

/// Others are made from it by adding to its path, which nothing may follow.
pub(super) fn refuse_query(url: &Url, value: &Value) -> Result<(), SettingsError> {
    if url.query().is_none() && url.fragment().is_none() {
        return Ok(());
    }
    Err(refused(value, "give the address without '?' or '#' and what follows", "地址中不要带 '?' 或 '#' 及其后的内容"))
}

/// The transport would refuse it as well, but not before a login had come that far.
pub(super) fn refuse_clear_text(url: &Url, value: &Value, provider: ProviderName) -> Result<(), SettingsError> {
    if url.scheme() == "https" || is_loopback(url) {
        return Ok(());
    }
    if provider == ProviderName::BlueKing {
        let en = "use https: the app's secret and tokens go there. Where the token service speaks plain http only, `init --allow-http` \
            (allow_http = true) sends them in clear all the same, for this app alone";
        let zh = "请使用 https：应用密钥和令牌会发往该地址。如果令牌服务只支持明文 http，可用 `init --allow-http`（allow_http = true）允许该应用以明文发送";
        return Err(refused(value, en, zh));
    }
    let en = "use https: the app's secret and tokens go there, and only to this machine itself may they go in clear";
    Err(refused(value, en, "请使用 https：应用密钥和令牌会发往该地址，只有本机地址才可以用明文"))
}

type GivenHost = Option<(Url, Origin)>;

/// Both hosts, from those that were given.
pub(super) fn complete(brand: Brand, open: GivenHost, accounts: GivenHost) -> Result<Hosts, SettingsError> {
    for (url, origin) in [&open, &accounts].into_iter().flatten() {
        if brand_of(url).is_some_and(|other| other != brand) {
            let host = url.host_str().unwrap_or_default().to_owned();
            return Err(SettingsError::BrandMismatch { brand, host, origin: origin.clone() });
        }
    }
    match (open, accounts) {
        (None, None) => Ok(brand.hosts()),
        (Some((open, _)), Some((accounts, _))) => Ok(Hosts { open, accounts }),
        (Some((open, origin)), None) => {
            let accounts = counterpart(&open, ["open.", "accounts."])
                .ok_or_else(|| missing(&open, origin, Setting::AccountsUrl))?;
            Ok(Hosts { open, accounts })
        }
        (None, Some((accounts, origin))) => {
            let open = counterpart(&accounts, ["accounts.", "open."])
                .ok_or_else(|| missing(&accounts, origin, Setting::OpenUrl))?;
            Ok(Hosts { open, accounts })
        }
    }
}

/// `accounts.X` from `open.X` or the other way round; on loopback one address stands for both.
fn counterpart(given: &Url, [from, to]: [&str; 2]) -> Option<Url> {
    if is_loopback(given) {
        return Some(given.clone());
    }
    let rest = given.host_str()?.strip_prefix(from)?;
    let mut other = given.clone();
    other.set_host(Some(&format!("{to}{rest}"))).ok()?;
    Some(other)
}

fn missing(given: &Url, origin: Origin, missing: Setting) -> SettingsError {
    SettingsError::OtherHostMissing { origin, given: given.to_string(), missing }
}
