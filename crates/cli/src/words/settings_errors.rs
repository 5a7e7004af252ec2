//! What can be wrong with a configuration.
//!
//! English is the settings' own `Display`, one sentence that says what to do; Chinese is here. Both come through this
//! file, so that a new kind of error has one place where its words are missed (the match on it).

use std::error::Error as _;
use std::path::Path;

use tokenward::{Distrust, HomeState, Origin, Setting, SettingsError, Warning};
use tokenward_core::{AppName, BadSecret, ProfileName, ScopesError, masking};

use super::Lang;
use crate::failure::Failure;
use crate::token_places::quoted;

super::sentences! {
    origin_default() { "the default" "默认值" }
    origin_line(key, file, line) { "{key} ({file} line {line})" "{key}（{file} 第 {line} 行）" }
    meant_word(name) { ". Did you mean {name}?" "。你是不是想输入 {name}？" }
    settings_overruled(variables) { "these environment variables say otherwise than config.toml, and win: {variables}" "以下环境变量与 config.toml 不一致，以环境变量为准：{variables}" }
    secret_overruled(variable, file) { "the app secret is taken from {variable}; {file} has another one, which is not used" "App Secret 取自环境变量 {variable}；{file} 中是另一个，没有使用" }
    login_of_other_shell(logins, id) { "there is a login ({logins}), but its app ({id}) is neither in config.toml nor in this shell's variables" "已有登录（{logins}），但其应用（{id}）既不在 config.toml 中，也不在当前 shell 的环境变量中" }
    login_of_other_shell_next() { "run `tokenward init` in the shell in which you logged in: it keeps the app for every shell. Or set TOKENWARD_APP_ID and TOKENWARD_APP_SECRET here too" "请在登录时所用的 shell 中运行 `tokenward init`：它会保存应用，供所有 shell 使用。也可以在此处同样设置 TOKENWARD_APP_ID 和 TOKENWARD_APP_SECRET" }
    secret_missing(app) { "the secret of app {app} is missing: it is not in the environment, in a file or in the vault" "找不到应用 {app} 的 App Secret：环境变量、文件和保险库中都没有" }
    secret_missing_next(app) { "run `tokenward init --app {app}`, or set TOKENWARD_APP_SECRET" "请运行 `tokenward init --app {app}`，或设置环境变量 TOKENWARD_APP_SECRET" }
}

impl Lang {
    /// A failure of the settings, with its code. Its sentence says what to do, so no general advice follows.
    pub(crate) fn settings_failure(self, error: &SettingsError) -> Failure {
        let failure = Failure::new(error.code(), self.settings_sentence(error)).complete();
        let failure = match error {
            SettingsError::UnknownProfile { name, .. } => failure.then(self.profile_is_made_as(quoted(name.as_str()))),
            _ => failure,
        };
        match error.source() {
            Some(source) => failure.detail(source.to_string()),
            None => failure,
        }
    }

    /// The same as one sentence.
    pub(crate) fn settings_sentence(self, error: &SettingsError) -> String {
        match self {
            Self::En => error.to_string(),
            Self::Zh => chinese(error),
        }
    }

    /// A warning of the settings.
    pub(crate) fn settings_warning(self, warning: &Warning) -> String {
        match self {
            Self::En => warning.to_string(),
            Self::Zh => chinese_warning(warning),
        }
    }

    /// Why a text is no secret.
    pub(crate) fn bad_secret(self, reason: BadSecret) -> String {
        match reason {
            BadSecret::Empty => self.secret_empty(),
            BadSecret::Malformed => self.secret_malformed(),
            BadSecret::StandIn => self.secret_stands_in(),
        }
    }

    /// Why a list of scopes cannot be asked for.
    pub(crate) fn bad_scopes(self, reason: &ScopesError) -> String {
        match reason {
            ScopesError::TooMany { count } => self.scopes_too_many(count),
            ScopesError::Malformed(scope) => self.scope_malformed(format!("{scope:?}")),
        }
    }

    fn origin(self, origin: &Origin) -> String {
        match origin {
            Origin::Flag(name) | Origin::Variable(name) => (*name).to_owned(),
            Origin::File(place) => self.origin_line(&place.key, place.path.display(), place.line),
            _ => self.origin_default(),
        }
    }

    fn meant(self, nearest: Option<&str>) -> String {
        nearest.map_or_else(String::new, |name| self.meant_word(name))
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
    let zh = Lang::Zh;
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
            zh.origin(origin)
        ),
        SettingsError::BadValue { origin, value, allowed } => {
            format!("{}：值 {value:?} 无法使用：{}", zh.origin(origin), allowed.zh())
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
            format!("{} 为 {given}，无法由此推出另一个地址：请同时用 {} 提供", zh.origin(origin), ways(*missing))
        }
        SettingsError::BrandMismatch { brand, host, origin } => format!(
            "{} 为 {host}，属于 {other}，而应用的 provider 是 {brand}；平台会以 20046 拒绝。若应用创建于 {other}，请写 provider = \"{other}\"，否则请去掉该地址",
            zh.origin(origin),
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
                Origin::File(_) => format!("，它由 {}指定", zh.origin(origin)),
                _ => String::new(),
            };
            let meant = if error.lacks_variables() {
                "。若其应用由环境变量设置，请设置 TOKENWARD_APP_ID".to_owned()
            } else {
                zh.meant(nearest.as_deref())
            };
            format!("没有配置档“{}”{by}；{known}{meant}", masking::shown(name.as_str()))
        }
        SettingsError::UnknownApp { origin, app, nearest } => {
            format!("{}：没有 [apps.{app}] 表{}", zh.origin(origin), zh.meant(nearest.as_deref()))
        }
        SettingsError::WhichProfile { known, path } => format!(
            "有多个配置档（{}）：请用 --profile 或 TOKENWARD_PROFILE 指定，或在 {} 中设置 default_profile",
            names(known),
            path.display()
        ),
        SettingsError::NothingSetUp { path, home, apps } => nothing_set_up(path, *home, apps),
        SettingsError::BadSecret { origin, reason } => {
            format!("{} 中没有可用的密钥：{}", zh.origin(origin), zh.bad_secret(*reason))
        }
        SettingsError::SecretUnreadable { origin, path, .. } => {
            let path = path.display().to_string();
            format!("{}：无法读取密钥文件 {}", zh.origin(origin), masking::file(&path))
        }
        SettingsError::NotTrusted { origin, found } => {
            let path = found.path().display();
            let place = if *origin == Origin::Default { String::new() } else { format!("{}：", zh.origin(origin)) };
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
        SettingsError::BadScopes { origin, reason } => format!("{}：{}", zh.origin(origin), zh.bad_scopes(reason)),
        SettingsError::NotWritten { path, .. } => format!("无法写入 {}；没有做任何更改", path.display()),
        SettingsError::OpenToOthers { path, mode } => format!(
            "{} 可被其他用户写入（权限 {mode:04o}），保险库可能被替换：请用 TOKENWARD_HOME 指定自己的目录",
            path.display()
        ),
        other => zh.happened(other.code()).to_owned(),
    }
}

fn chinese_warning(warning: &Warning) -> String {
    let zh = Lang::Zh;
    match warning {
        Warning::UnknownKey { path, line, key, nearest } => {
            format!("{} 第 {line} 行：无法识别 {key}，已忽略{}", path.display(), zh.meant(nearest.as_deref()))
        }
        Warning::UnknownVariable { name, nearest } => {
            format!("无法识别环境变量 {name}，已忽略{}", zh.meant(nearest.as_deref()))
        }
        Warning::CommasInScopes { origin } => {
            format!("{}：权限（scope）应以空格分隔；已把逗号当作空格处理", zh.origin(origin))
        }
        Warning::NotEncrypted { origin, url } => {
            format!("{}：{url} 未加密，App Secret 和令牌将以明文传输", zh.origin(origin))
        }
        Warning::NotOfProvider { origin, provider } => {
            format!("{}：平台 {provider} 用不到该设置，已忽略", zh.origin(origin))
        }
        Warning::PlainHttp { url } => zh.plain_http_on(url),
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
            format!("{}：tenant_key 只用于商店应用（app_kind = \"store\"）", zh.origin(origin))
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
