//! The pages a person sees: consent, device code, errors. English or Simplified Chinese, by `Accept-Language`.
//!
//! Each page stands alone: no script, no picture, nothing from elsewhere.

use askama::Template;
use http::header::ACCEPT_LANGUAGE;

use crate::book::User;
use crate::words::Request;

/// The language of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Chinese,
    English,
}

impl Language {
    /// The first of the two that the browser names.
    pub(crate) fn of(request: &Request) -> Self {
        let wanted = request.header(&ACCEPT_LANGUAGE).unwrap_or_default().to_ascii_lowercase();
        let place = |tag: &str| wanted.split(',').position(|part| part.trim().starts_with(tag)).unwrap_or(usize::MAX);
        if place("zh") < place("en") { Self::Chinese } else { Self::English }
    }

    pub(crate) const fn say<'t>(self, english: &'t str, chinese: &'t str) -> &'t str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    const fn tag(self) -> &'static str {
        self.say("en", "zh-CN")
    }
}

/// A user to choose on a page.
pub(crate) struct PageUser {
    id: String,
    name: String,
    note: String,
}

impl PageUser {
    pub(crate) fn list(users: &[User], app: Option<&str>) -> Vec<Self> {
        users
            .iter()
            .map(|user| Self {
                id: user.id.clone(),
                name: user.name.clone(),
                note: app.map_or_else(|| user.tenant_key.clone(), |app| user.open_id(app)),
            })
            .collect()
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'p> {
    pub(crate) language: Language,
    pub(crate) app: &'p str,
    pub(crate) app_id: &'p str,
    pub(crate) brand: &'p str,
    pub(crate) action: &'p str,
    pub(crate) ticket: &'p str,
    /// The scope, and whether it is new to the user.
    pub(crate) scopes: &'p [(String, bool)],
    pub(crate) users: &'p [PageUser],
}

#[derive(Template)]
#[template(path = "device.html")]
pub(crate) struct DevicePage<'p> {
    pub(crate) language: Language,
    pub(crate) code: &'p str,
    pub(crate) users: &'p [PageUser],
    pub(crate) unknown: bool,
}

#[derive(Template)]
#[template(path = "device_result.html")]
pub(crate) struct DeviceResult {
    pub(crate) language: Language,
    pub(crate) allowed: bool,
}

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'p> {
    language: Language,
    code: u32,
    title: &'static str,
    remedy: &'static str,
    detail: &'p str,
    log_id: &'p str,
}

impl<'p> ErrorPage<'p> {
    pub(crate) fn new(language: Language, code: u32, detail: &'p str, log_id: &'p str) -> Self {
        let [title, remedy] = page_words(code).map(|(english, chinese)| language.say(english, chinese));
        Self { language, code, title, remedy, detail, log_id }
    }
}

/// The page as text; a template that cannot be rendered still says that something is wrong.
pub(crate) fn render(page: &impl Template) -> String {
    page.render().unwrap_or_else(|error| format!("<!doctype html><title>sandbox</title><p>{error}</p>"))
}

type Words = (&'static str, &'static str);

/// What happened, and what to do about it.
const fn page_words(code: u32) -> [Words; 2] {
    match code {
        20008 => {
            [("There is no such user", "用户不存在"), ("Create a user in the sandbox first.", "请先在沙箱中创建用户。")]
        }
        20027 => [
            ("The app has not enabled a permission it asks for", "应用未开通所请求的权限"),
            (
                "Enable the permission in the developer console under Permissions, publish a version, and try again.",
                "请在开发者后台的“权限管理”中开通该权限并发布版本，然后重试。",
            ),
        ],
        20029 => [
            ("The redirect URL is not registered", "重定向 URL 有误"),
            (
                "Add exactly this URL in the developer console under Security settings → Redirect URLs. \
                 The whole path counts, and so does the port; localhost and 127.0.0.1 are two different URLs.",
                "请在开发者后台的“安全设置 → 重定向 URL”中添加完全相同的地址。路径与端口都必须一致；localhost 与 127.0.0.1 是不同的地址。",
            ),
        ],
        20046 => [
            ("The app belongs to the other brand", "应用与当前域名的品牌不一致"),
            (
                "Feishu apps use feishu.cn, Lark apps use larksuite.com. Change the brand in your settings.",
                "飞书应用请使用 feishu.cn，Lark 应用请使用 larksuite.com。请修改设置中的品牌。",
            ),
        ],
        20048 => [
            ("The app does not exist", "应用不存在"),
            ("Check the App ID in your settings.", "请检查设置中的 App ID。"),
        ],
        20069 => [
            ("The app is disabled", "应用未启用"),
            ("Ask an administrator to enable the app.", "请联系管理员启用该应用。"),
        ],
        _ => [
            ("The request is not in order", "请求有误"),
            (
                "The program that opened this page sent a wrong or incomplete address.",
                "打开此页面的程序发送了错误或不完整的地址。",
            ),
        ],
    }
}
