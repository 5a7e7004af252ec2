//! The pages a person sees in the browser at the end of a login.
//!
//! Nothing of a request ever appears in a page: every word comes from the tables below. Pages load nothing, run
//! nothing and may not be framed, kept or referred from.

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The code has arrived.
    Received,
    /// The person, or a rule of the company, said no.
    Denied,
    /// This login was answered before.
    AlreadyDone,
    /// Nobody is waiting any more.
    TooLate,
    /// The answer does not belong to the login that is waiting.
    WrongState,
    /// The answer holds neither a code nor an error.
    NoCode,
    /// Another path.
    NotFound,
    /// A request for another host.
    WrongHost,
    /// Another method than GET.
    WrongMethod,
    /// Too long a request.
    TooLarge,
}

/// An answer without a page: go there. The address is in no cache and in no `Referer`.
pub(super) fn leading_to(url: &url::Url) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A URL is visible ASCII.
    if let Ok(location) = HeaderValue::from_str(url.as_str()) {
        headers.insert(header::LOCATION, location);
    }
    response
}

/// The languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The one the browser prefers (RFC 9110 §12.5.4); English where it wants neither.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let mut weights = [0.0_f32; 2];
        for range in headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok()) {
            for item in range.split(',') {
                let mut parts = item.split(';');
                let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
                let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.trim().parse().ok()).unwrap_or(1.0);
                let is = |language: &str| tag == language || tag.starts_with(&format!("{language}-"));
                let slot = usize::from(is("zh"));
                if (is("zh") || is("en")) && weight > weights[slot] {
                    weights[slot] = weight;
                }
            }
        }
        if weights[1] > weights[0] { Self::Chinese } else { Self::English }
    }
}

#[derive(Template)]
#[template(path = "callback.html")]
struct Html {
    lang: &'static str,
    style: &'static str,
    tone: &'static str,
    mark: &'static str,
    title: &'static str,
    message: &'static str,
    next: &'static str,
}

impl Page {
    /// The whole answer.
    pub(super) fn response(self, language: Language) -> Response<Full<Bytes>> {
        let [title, message, next] = self.words(language);
        let (tone, mark) = match self {
            Self::Received | Self::AlreadyDone => ("good", "✓"),
            Self::Denied | Self::TooLate => ("no", "!"),
            _ => ("bad", "×"),
        };
        let lang = match language {
            Language::English => "en",
            Language::Chinese => "zh-CN",
        };
        let html = Html { lang, style: STYLE, tone, mark, title, message, next };
        // Rendering into a String fails only if a field's `Display` does, and these are string slices.
        let mut response = Response::new(Full::new(Bytes::from(html.render().unwrap_or_default())));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        for (name, value) in HEADERS {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if self == Self::WrongMethod {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET"));
        }
        response
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Received | Self::Denied => StatusCode::OK,
            Self::AlreadyDone => StatusCode::CONFLICT,
            Self::TooLate => StatusCode::GONE,
            Self::WrongState | Self::NoCode => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::WrongHost => StatusCode::MISDIRECTED_REQUEST,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        }
    }

    /// What happened, what that means, what to do.
    const fn words(self, language: Language) -> [&'static str; 3] {
        match language {
            Language::English => self.english(),
            Language::Chinese => self.chinese(),
        }
    }

    const fn english(self) -> [&'static str; 3] {
        match self {
            Self::Received => [
                "Consent received",
                "Tokenward now finishes the login in the terminal.",
                "You can close this page and look there.",
            ],
            Self::Denied => [
                "Login refused",
                "The login page reported that access was not granted. Nothing has changed.",
                "The terminal says why. To try again, run the login command once more.",
            ],
            Self::AlreadyDone => [
                "Already done",
                "This login was answered before; this page arrived a second time.",
                "Nothing more is needed. You can close it.",
            ],
            Self::TooLate => [
                "Too late",
                "The login command had stopped waiting before this page was opened.",
                "Run the login command again and finish within the time it names.",
            ],
            Self::WrongState => [
                "Not this login",
                "This page belongs to another login, or an old link was opened. It was ignored.",
                "Go back to the page that the waiting login command opened, or start the command again.",
            ],
            Self::NoCode => [
                "Incomplete answer",
                "The login page sent neither a code nor a reason. It was ignored.",
                "Open the address shown in the terminal once more.",
            ],
            Self::NotFound => [
                "Nothing here",
                "This address is only used at the end of a login.",
                "If a login page sent you here, compare the redirect URL in the developer console with the one in your settings.",
            ],
            Self::WrongHost => [
                "Wrong address",
                "The request was meant for another host and was refused.",
                "Open the address exactly as it was registered as redirect URL.",
            ],
            Self::WrongMethod => {
                ["Not possible", "This address can only be opened as a page.", "Start the login from the terminal."]
            }
            Self::TooLarge => [
                "Request too long",
                "The request was longer than any login needs and was refused.",
                "Start the login from the terminal again; clear this site's cookies if it happens twice.",
            ],
        }
    }

    const fn chinese(self) -> [&'static str; 3] {
        match self {
            Self::Received => ["已收到授权", "Tokenward 正在终端里完成登录。", "可以关闭此页面，回到终端查看结果。"],
            Self::Denied => [
                "授权被拒绝",
                "登录页面返回：未授予访问权限。一切保持原样。",
                "原因见终端。如需重试，请再次运行登录命令。",
            ],
            Self::AlreadyDone => {
                ["登录已处理", "这次登录之前已收到结果，此页面是重复打开的。", "无需其他操作，可以关闭此页面。"]
            }
            Self::TooLate => {
                ["已超时", "打开此页面之前，登录命令已停止等待。", "请重新运行登录命令，并在它提示的时间内完成。"]
            }
            Self::WrongState => [
                "不是本次登录",
                "此页面属于另一次登录，或者打开的是旧链接，已忽略。",
                "请回到正在等待的登录命令所打开的页面，或重新运行命令。",
            ],
            Self::NoCode => {
                ["结果不完整", "登录页面既没有返回授权码，也没有说明原因，已忽略。", "请重新打开终端里显示的地址。"]
            }
            Self::NotFound => [
                "这里没有内容",
                "此地址只在登录结束时使用。",
                "如果是登录页面跳转到这里的，请核对开发者后台的重定向 URL 与本地设置是否一致。",
            ],
            Self::WrongHost => {
                ["地址不符", "该请求指向另一个主机，已被拒绝。", "请使用与已登记的重定向 URL 完全相同的地址。"]
            }
            Self::WrongMethod => ["无法处理", "此地址只能作为网页打开。", "请从终端开始登录。"],
            Self::TooLarge => [
                "请求过长",
                "该请求超出登录所需的长度，已被拒绝。",
                "请从终端重新登录；若再次出现，请清除本站点的 Cookie。",
            ],
        }
    }
}

const STYLE: &str = include_str!("../../templates/callback.css");

const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    // The address of the page holds the code: it must not be stored or handed on.
    (header::CACHE_CONTROL, "no-store"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::VARY, "accept-language"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_chooses_the_language() {
        let preferred = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(text));
            Language::preferred(&headers)
        };
        assert_eq!(preferred("zh-CN,zh;q=0.9,en;q=0.8"), Language::Chinese);
        assert_eq!(preferred("en-US,en;q=0.9,zh;q=0.8"), Language::English);
        assert_eq!(preferred("fr, zh;q=0.3"), Language::Chinese);
        assert_eq!(preferred("zh;q=x, en;q=0.1"), Language::Chinese);
        assert_eq!(preferred(";;,q=,zha"), Language::English);
        assert_eq!(Language::preferred(&HeaderMap::new()), Language::English);
    }

    #[test]
    fn the_style_is_free_of_what_html_would_end() {
        assert!(!STYLE.contains("</") && !STYLE.contains("url("));
    }
}
