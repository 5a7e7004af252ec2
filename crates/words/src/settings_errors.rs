//! What can be wrong with a configuration.
//!
//! English is the settings' own `Display`, one sentence that says what to do; Chinese is here. Both come through this file, so that a new kind
//! of error has one place where its words are missed (the match on it). No secret is in any of it (I4): the settings' errors hold none.

use std::path::Path;

use tokenward::{Distrust, HomeState, Origin, Setting, SettingsError, Warning};
use tokenward_core::{AppName, BadSecret, ProfileName, ScopesError, masking};

use crate::{Language, happened};

impl Language {
    /// An error of the settings. Its sentence says what to do.
    pub fn settings_error(self, error: &SettingsError) -> String {
        match self {
            Self::English => error.to_string(),
            Self::Chinese => chinese(error),
        }
    }

    /// A warning of the settings.
    pub fn settings_warning(self, warning: &Warning) -> String {
        match self {
            Self::English => warning.to_string(),
            Self::Chinese => chinese_warning(warning),
        }
    }

    /// Why a text is no secret.
    pub fn bad_secret(self, reason: BadSecret) -> String {
        match (self, reason) {
            (Self::English, reason) => reason.to_string(),
            (Self::Chinese, BadSecret::Empty) => "内容为空".to_owned(),
            (Self::Chinese, BadSecret::Malformed) => "含有空格、控制字符或非 ASCII 字符".to_owned(),
            (Self::Chinese, BadSecret::StandIn) => {
                "它是引用、密文或占位文字，而不是密钥：没有发送任何内容。请填入密钥本身，或由解析它的程序提供"
                    .to_owned()
            }
        }
    }

    /// Why a list of scopes cannot be asked for.
    pub fn bad_scopes(self, reason: &ScopesError) -> String {
        match (self, reason) {
            (Self::English, reason) => reason.to_string(),
            (Self::Chinese, ScopesError::TooMany { count }) => {
                format!("申请了 {count} 个权限，一次登录最多 50 个（offline_access 计入其中）")
            }
            (Self::Chinese, ScopesError::Malformed(scope)) => {
                format!("{scope:?} 不是合法的权限名：只能用可见 ASCII 字符，不含引号和反斜杠")
            }
        }
    }

    /// An app whose server is spoken to without TLS.
    pub fn plain_http_on(self, url: impl std::fmt::Display) -> String {
        match self {
            Self::English => format!(
                "plain http is allowed for this app (allow_http): what is sent to {url}, its secret and tokens included, can be read on the way"
            ),
            Self::Chinese => {
                format!("该应用允许明文 http（allow_http）：发往 {url} 的内容，包括密钥和令牌，可能在途中被读取")
            }
        }
    }
}

fn nothing_set_up(config: &Path, home: HomeState, apps: &[AppName]) -> String {
    if let [app, ..] = apps {
        let config = config.display();
        return format!(
            "还没有配置档，只有应用：`tokenward login 配置档 --app {app}` 可用它登录（设置文件：{config}）"
        );
    }
    let (looked, folder) = (config.display(), config.parent().unwrap_or(config).display());
    let init = "请运行 `tokenward init`，或设置 TOKENWARD_APP_ID 和 TOKENWARD_APP_SECRET";
    match home {
        HomeState::Plain => format!("还没有任何设置：{init}（已查找 {looked}）"),
        HomeState::Missing => format!("还没有任何设置：{init}（已查找 {looked}；文件夹 {folder} 不存在）"),
        HomeState::WithVault => format!(
            "{folder} 中没有任何设置：{init}。若这是 Django 站点的文件夹，用户在站点上登录：`python manage.py check` 和站点日志会说明问题所在"
        ),
    }
}

fn chinese(error: &SettingsError) -> String {
    let names = |known: &[ProfileName]| known.iter().map(ProfileName::as_str).collect::<Vec<_>>().join("、");
    match error {
        SettingsError::NoHome => "找不到主目录：请把 TOKENWARD_HOME 设为存放 Tokenward 文件的目录".to_owned(),
        SettingsError::Unreadable { path, .. } => format!("无法读取 {}", path.display()),
        SettingsError::Unparsable { path, line, column, reason, shown } => {
            format!("{} 第 {line} 行第 {column} 列无法解析：{}：{shown}", path.display(), reason.zh())
        }
        SettingsError::SecretInFile { path, line, key } => format!(
            "{} 第 {line} 行：{key} 不应写在此文件中；请删除该行及其密钥，然后运行 `tokenward init`，或设置 TOKENWARD_APP_SECRET，或用 secret_file 指定文件",
            path.display()
        ),
        SettingsError::BadName { origin, name } => format!(
            "{}：{name:?} 不能作为名字：请用 1 到 64 个字母、数字、'-'、'_'、'.' 或 '@'，且不以 '-' 或 '.' 开头",
            place_in_chinese(origin)
        ),
        SettingsError::BadValue { origin, value, allowed } => {
            format!("{}：值 {value:?} 无法使用：{}", place_in_chinese(origin), allowed.zh())
        }
        SettingsError::Missing { setting, profile } => {
            let what = match setting {
                Setting::AppId => " App ID",
                Setting::AccountsUrl => "令牌服务或 issuer 的地址",
                Setting::TokenApi => "接口（ssm、auth-api 或 bkauth）",
                Setting::Realm => " bkauth 的 realm",
                _ => "设置",
            };
            format!("配置档“{profile}”缺少{what}：请用 {} 提供", ways(*setting))
        }
        SettingsError::OtherHostMissing { origin, given, missing } => {
            format!("{} 为 {given}，无法由此推出另一个地址：请同时用 {} 提供", place_in_chinese(origin), ways(*missing))
        }
        SettingsError::BrandMismatch { brand, host, origin } => format!(
            "{} 为 {host}，属于 {other}，而应用的 provider 是 {brand}；平台会以 20046 拒绝。若应用创建于 {other}，请写 provider = \"{other}\"，否则请去掉该地址",
            place_in_chinese(origin),
            other = brand.other(),
        ),
        SettingsError::UnknownProfile { name, origin, known, nearest } => {
            let known = if known.is_empty() {
                "目前还没有配置档：请运行 `tokenward init`".to_owned()
            } else {
                format!("已有：{}", names(known))
            };
            let by = match origin {
                Origin::Variable(name) => format!("，它由 {name} 指定"),
                Origin::File(_) => format!("，它由 {}指定", place_in_chinese(origin)),
                _ => String::new(),
            };
            let meant = if error.lacks_variables() {
                "。若其应用由环境变量设置，请设置 TOKENWARD_APP_ID".to_owned()
            } else {
                meant_in_chinese(nearest.as_deref())
            };
            format!("没有配置档“{}”{by}；{known}{meant}", masking::shown(name.as_str()))
        }
        SettingsError::UnknownApp { origin, app, nearest } => {
            format!("{}：没有 [apps.{app}] 表{}", place_in_chinese(origin), meant_in_chinese(nearest.as_deref()))
        }
        SettingsError::WhichProfile { known, path } => format!(
            "有多个配置档（{}）：请用 --profile 或 TOKENWARD_PROFILE 指定，或在 {} 中设置 default_profile",
            names(known),
            path.display()
        ),
        SettingsError::NothingSetUp { path, home, apps } => nothing_set_up(path, *home, apps),
        SettingsError::BadSecret { origin, reason } => {
            format!("{} 中没有可用的密钥：{}", place_in_chinese(origin), Language::Chinese.bad_secret(*reason))
        }
        SettingsError::SecretUnreadable { origin, path, .. } => {
            let path = path.display().to_string();
            format!("{}：无法读取密钥文件 {}", place_in_chinese(origin), masking::file(&path))
        }
        SettingsError::NotTrusted { origin, found } => {
            let path = found.path().display();
            let place =
                if *origin == Origin::Default { String::new() } else { format!("{}：", place_in_chinese(origin)) };
            match found {
                Distrust::Owner { owner, .. } => format!(
                    "{place}{path} 属于用户 {owner}，而不是当前用户或 root；其所有者可以决定密钥发往何处，因此没有读取。请检查该文件，然后运行 `chown \"$(id -un)\" {path}`，或改用别处的文件"
                ),
                Distrust::Writable { mode, .. } => format!(
                    "{place}{path} 可被其他用户写入（权限 {mode:04o}）；能写它的人可以决定密钥发往何处，因此没有读取。请检查该文件，然后运行 `chmod go-w {path}`"
                ),
                _ => format!("{place}{path} 不是可用的文件"),
            }
        }
        SettingsError::BadScopes { origin, reason } => {
            format!("{}：{}", place_in_chinese(origin), Language::Chinese.bad_scopes(reason))
        }
        SettingsError::NotWritten { path, .. } => format!("无法写入 {}；没有做任何更改", path.display()),
        SettingsError::OpenToOthers { path, mode } => format!(
            "{} 可被其他用户写入（权限 {mode:04o}），保险库可能被替换：请用 TOKENWARD_HOME 指定自己的目录",
            path.display()
        ),
        other => happened(other.code()).zh.to_owned(),
    }
}

fn chinese_warning(warning: &Warning) -> String {
    match warning {
        Warning::UnknownKey { path, line, key, nearest } => {
            format!("{} 第 {line} 行：无法识别 {key}，已忽略{}", path.display(), meant_in_chinese(nearest.as_deref()))
        }
        Warning::UnknownVariable { name, nearest } => {
            format!("无法识别环境变量 {name}，已忽略{}", meant_in_chinese(nearest.as_deref()))
        }
        Warning::CommasInScopes { origin } => {
            format!("{}：权限（scope）应以空格分隔；已把逗号当作空格处理", place_in_chinese(origin))
        }
        Warning::NotEncrypted { origin, url } => {
            format!("{}：{url} 未加密，App Secret 和令牌将以明文传输", place_in_chinese(origin))
        }
        Warning::NotOfProvider { origin, provider } => {
            format!("{}：平台 {provider} 用不到该设置，已忽略", place_in_chinese(origin))
        }
        Warning::PlainHttp { url } => Language::Chinese.plain_http_on(url),
        Warning::LoginOfOtherApp { profile, client_id, variable } => {
            let back = variable
                .map_or_else(|| "请改回该应用的 App ID".to_owned(), |variable| format!("请清除环境变量 {variable}"));
            format!(
                "配置档 {profile} 的登录属于另一个应用 {client_id}，而当前设置中的应用已不是它：{back}，或运行 `tokenward login --profile {profile}`"
            )
        }
        Warning::SecretReadable { path, mode, .. } => {
            let path = path.display();
            format!("{path} 存有密钥，其他用户可以读取（权限 {mode:04o}）：请运行 `chmod 600 {path}`")
        }
        Warning::TenantKeyUnused { origin } => {
            format!("{}：tenant_key 只用于商店应用（app_kind = \"store\"）", place_in_chinese(origin))
        }
        Warning::FolderClosed { path, mode } => {
            format!("{} 曾可被其他用户写入（权限 {mode:04o}）；现已改为 0700", path.display())
        }
        // A kind that this version does not know: better in English than not at all.
        other => other.to_string(),
    }
}

/// Every way in which a setting can be given.
fn ways(setting: Setting) -> String {
    let key = setting.config_key().map(|key| format!("config.toml 中的 {key}"));
    let ways = [setting.flag().map(str::to_owned), setting.variable().map(str::to_owned), key];
    let ways: Vec<String> = ways.into_iter().flatten().collect();
    match ways.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} 或 {last}", rest.join("、")),
        ways => ways.join("、"),
    }
}

/// Where a setting stands.
fn place_in_chinese(origin: &Origin) -> String {
    match origin {
        Origin::Flag(name) | Origin::Variable(name) => (*name).to_owned(),
        Origin::File(place) => format!("{}（{} 第 {} 行）", place.key, place.path.display(), place.line),
        _ => "默认值".to_owned(),
    }
}

fn meant_in_chinese(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("。你是不是想输入 {name}？"))
}
