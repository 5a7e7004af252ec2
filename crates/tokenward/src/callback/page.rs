//! The pages a person sees in the browser at the end of a login.
//!
//! Nothing of a request ever appears in a page: every word comes from the tables below, from the program that waits, or is
//! the name of the user who logged in. Pages load nothing, run one script of ours and may not be framed, kept or referred
//! from. The script takes the query, and so code and state, out of the address and its place in the history.
//!
//! The page of a login that is under way comes in two parts: the second one, which hides the first, is sent once the login has
//! ended. If the program ends before, what stands there is true still.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::body::{Bytes, Frame};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokenward_core::Code;
use tokio::sync::watch;

/// How a login ended, for the page in the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginEnd {
    /// Somebody is logged in.
    LoggedIn {
        /// The user's name, if the provider told it.
        user: Option<String>,
    },
    /// It is not finished.
    Failed {
        /// The stable code.
        code: Code,
        /// In English.
        english: PageWords,
        /// In Simplified Chinese.
        chinese: PageWords,
    },
}

/// What a page says of a login that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageWords {
    /// What happened.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

/// What a page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// The code has arrived, and the login is not finished yet.
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
pub(super) fn leading_to(url: &url::Url) -> Response<Body> {
    let mut response = Response::new(Body::whole(String::new()));
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

/// A page that waits for the end of a login, and tells it.
pub(super) fn until(mut end: watch::Receiver<Option<LoginEnd>>, language: Language) -> Response<Body> {
    let [title, message, next] = Page::Received.words(language);
    let card = Card { tone: "soft", mark: "…", title, message, next };
    let first = Html { lang: language.tag(), style: STYLE, script: SCRIPT, head: "Tokenward", card, is_whole: false };
    let rest = async move {
        let told = end.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
        told.map_or_else(String::new, |end| end.last_part(language))
    };
    response_of(Body::in_two(rendered(&first), rest), StatusCode::OK)
}

/// The body of an answer: whole, or in two parts.
pub(super) struct Body {
    first: Option<Bytes>,
    rest: Option<Pin<Box<dyn Future<Output = String> + Send>>>,
}

impl Body {
    fn whole(text: String) -> Self {
        Self { first: Some(Bytes::from(text)), rest: None }
    }

    fn in_two(first: String, rest: impl Future<Output = String> + Send + 'static) -> Self {
        Self { first: Some(Bytes::from(first)), rest: Some(Box::pin(rest)) }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        let Some(rest) = self.rest.as_mut() else { return Poll::Ready(None) };
        let text = ready!(rest.as_mut().poll(context));
        self.rest = None;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from(text)))))
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.rest.is_none()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match (&self.first, &self.rest) {
            (first, None) => hyper::body::SizeHint::with_exact(first.as_ref().map_or(0, |text| text.len() as u64)),
            _ => hyper::body::SizeHint::default(),
        }
    }
}

/// The languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    Chinese,
}

impl Language {
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        if prefers_chinese(headers) { Self::Chinese } else { Self::English }
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }
}

/// Whether a browser prefers Chinese (RFC 9110 §12.5.4); English is for those that want neither.
pub fn prefers_chinese(headers: &HeaderMap) -> bool {
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
    weights[1] > weights[0]
}

#[derive(Template)]
#[template(path = "callback.html")]
struct Html<'a> {
    lang: &'static str,
    style: &'static str,
    script: &'static str,
    head: &'a str,
    card: Card<'a>,
    /// Whether nothing follows.
    is_whole: bool,
}

/// What a page says, in its frame.
#[derive(Template)]
#[template(path = "callback_card.html")]
struct Card<'a> {
    tone: &'static str,
    mark: &'static str,
    title: &'a str,
    message: &'a str,
    next: &'a str,
}

/// Rendering into a String fails only if a field's `Display` does, and these are string slices.
fn rendered(template: &impl Template) -> String {
    template.render().unwrap_or_default()
}

fn response_of(body: Body, status: StatusCode) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
        digest(SCRIPT),
        digest(STYLE)
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

impl LoginEnd {
    /// The part of a page that follows the one which waited.
    fn last_part(&self, language: Language) -> String {
        let ([title, message, next], tone, mark) = match self {
            Self::LoggedIn { user } => {
                let user = user.as_ref().map(|user| printable(user)).filter(|user| !user.is_empty());
                (logged_in(user.as_deref(), language), "good", "✓")
            }
            Self::Failed { code, english, chinese } => {
                let words = match language {
                    Language::English => [
                        "The login is not finished".to_owned(),
                        format!("{} ({code})", english.what),
                        english.next.clone(),
                    ],
                    Language::Chinese => {
                        ["登录未完成".to_owned(), format!("{}（{code}）", chinese.what), chinese.next.clone()]
                    }
                };
                (words, "bad", "×")
            }
        };
        let card = rendered(&Card { tone, mark, title: &title, message: &message, next: &next });
        format!("{card}{PAGE_END}")
    }
}

/// A text from outside that will be shown: nothing hidden, not long.
pub(super) fn printable(text: &str) -> String {
    text.chars().filter(|c| !tokenward_core::is_hidden(*c)).take(200).collect()
}

fn logged_in(user: Option<&str>, language: Language) -> [String; 3] {
    match language {
        Language::English => [
            user.map_or_else(|| "You are logged in".to_owned(), |user| format!("You are logged in as {user}")),
            "Tokenward keeps this login and refreshes it.".to_owned(),
            "You can close this page.".to_owned(),
        ],
        Language::Chinese => [
            user.map_or_else(|| "登录成功".to_owned(), |user| format!("登录成功：{user}")),
            "Tokenward 会保管此登录并自动刷新。".to_owned(),
            "可以关闭此页面。".to_owned(),
        ],
    }
}

impl Page {
    /// The whole answer.
    pub(super) fn response(self, language: Language) -> Response<Body> {
        let [title, message, next] = self.words(language);
        let (tone, mark) = match self {
            Self::Received | Self::AlreadyDone => ("good", "✓"),
            Self::Denied | Self::TooLate => ("no", "!"),
            _ => ("bad", "×"),
        };
        let head = format!("{title} · Tokenward");
        let card = Card { tone, mark, title, message, next };
        let html = Html { lang: language.tag(), style: STYLE, script: SCRIPT, head: &head, card, is_whole: true };
        let mut response = response_of(Body::whole(rendered(&html)), self.status());
        if self == Self::WrongMethod {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
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
                "Finishing the login…",
                "Your consent has arrived; Tokenward is fetching the tokens.",
                "This page shows the result. If it does not change, look in the terminal.",
            ],
            Self::Denied => [
                "Login refused",
                "The login page reported that access was not granted. Nothing has changed.",
                "The terminal says why. To try again, run the login command once more.",
            ],
            Self::AlreadyDone => [
                "Already done",
                "This login was answered before; this page arrived a second time.",
                "The terminal shows the result. You can close this page.",
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
            Self::Received => [
                "正在完成登录……",
                "已收到授权，Tokenward 正在获取令牌。",
                "结果将显示在此页面；如果长时间没有变化，请查看终端。",
            ],
            Self::Denied => [
                "授权被拒绝",
                "登录页面返回：未授予访问权限。一切保持原样。",
                "原因见终端。如需重试，请再次运行登录命令。",
            ],
            Self::AlreadyDone => {
                ["登录已处理", "这次登录之前已收到结果，此页面是重复打开的。", "结果见终端，可以关闭此页面。"]
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
/// Takes the query out of the address. A Content-Security-Policy permits it by its hash alone.
const SCRIPT: &str = r#"history.replaceState(null,"",location.pathname)"#;
const PAGE_END: &str = "</body>\n</html>\n";

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
        assert!(!SCRIPT.contains("</"));
    }
}
