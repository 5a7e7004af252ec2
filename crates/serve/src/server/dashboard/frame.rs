//! What every page has: its language, its head, and the way to the others.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use tokenward::prefers_chinese;
use tokenward_core::{Verb, told_moment};
use tokenward_words::Language;

use super::super::caller::Caller;
use super::super::grant_views::moment;
use super::visit::Visit;

/// The parts of a page that are the same everywhere.
pub(super) struct Frame {
    pub(super) l: Language,
    pub(super) lang: &'static str,
    pub(super) title: String,
    pub(super) style: &'static str,
    /// Who is signed in.
    pub(super) nav: Option<Nav>,
    here: Here,
    /// The same page in the other language.
    pub(super) other: String,
    pub(super) other_lang: &'static str,
    pub(super) other_name: &'static str,
}

/// Who is signed in, and what the form that ends that brings along.
#[derive(Clone)]
pub(super) struct Nav {
    pub(super) key: String,
    pub(super) form: String,
    pub(super) sees_logins: bool,
}

/// Which of the pages in the navigation one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    Overview,
    Logins,
    Apps,
    Elsewhere,
}

impl Frame {
    /// Of a page for somebody who has signed in.
    pub(super) fn known(visit: &Visit, caller: &Caller, here: Here, title: String) -> Self {
        Self::new(visit.look.language, &visit.look.address, Some(Nav::of(visit, caller)), here, title)
    }

    /// Of a page for anybody.
    pub(super) fn stranger(visit: &Visit, title: String) -> Self {
        Self::new(visit.look.language, &visit.look.address, None, Here::Elsewhere, title)
    }

    pub(super) fn new(l: Language, address: &str, nav: Option<Nav>, here: Here, title: String) -> Self {
        let (lang, other_lang, other_tag, other_name) = match l {
            Language::English => ("en", "zh-CN", "zh", "中文"),
            Language::Chinese => ("zh-CN", "en", "en", "English"),
        };
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let kept = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != LANGUAGE && name != "told");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair(LANGUAGE, other_tag)
            .finish();
        Self { l, lang, title, style: STYLE, nav, here, other: format!("{path}?{query}"), other_lang, other_name }
    }
}

/// For the templates.
impl Frame {
    pub(super) fn at_overview(&self) -> bool {
        self.here == Here::Overview
    }

    pub(super) fn at_logins(&self) -> bool {
        self.here == Here::Logins
    }

    pub(super) fn at_apps(&self) -> bool {
        self.here == Here::Apps
    }
}

impl Nav {
    pub(super) fn of(visit: &Visit, caller: &Caller) -> Self {
        let form = visit.session.form().to_owned();
        Self {
            key: tokenward_core::visible(caller.name()).into_owned(),
            form,
            sees_logins: caller.may(Verb::ReadGrants),
        }
    }
}

/// A moment: for machines, in full, and how far off it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) iso: String,
    pub(super) full: String,
    pub(super) far: String,
}

impl Moment {
    pub(super) fn of(at: Timestamp, now: Timestamp, l: Language) -> Self {
        Self { iso: moment(at), full: told_moment(at), far: l.distance(at, now) }
    }
}

/// The language of a request: as it asks for it, as was chosen before, or as the browser prefers it; and the cookie that keeps the choice.
pub(super) fn language(headers: &HeaderMap, query: &str) -> (Language, Option<HeaderValue>) {
    let of = |tag: &str| match tag {
        "zh" => Some(Language::Chinese),
        "en" => Some(Language::English),
        _ => None,
    };
    let mut asked = url::form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == LANGUAGE);
    if let Some((tag, language)) = asked.find_map(|(_, tag)| of(&tag).map(|language| (tag, language))) {
        let kept = format!("{COOKIE_NAME}={tag}; Path=/dashboard; Max-Age=31536000; HttpOnly; SameSite=Strict");
        return (language, HeaderValue::from_str(&kept).ok());
    }
    let cookies = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let chosen = pairs.find_map(|(name, tag)| if name == COOKIE_NAME { of(tag) } else { None });
    let preferred = || if prefers_chinese(headers) { Language::Chinese } else { Language::English };
    (chosen.unwrap_or_else(preferred), None)
}

/// A sentence of ours as HTML: what stands between backquotes is code.
pub(super) fn marked(text: &str) -> String {
    let mut html = String::new();
    for (number, piece) in text.split('`').enumerate() {
        let escaped = piece.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        match number % 2 {
            0 => html.push_str(&escaped),
            _ => html.extend(["<code>", &escaped, "</code>"]),
        }
    }
    html
}

/// What stands behind the name of a page in the browser's list.
pub(super) const STYLE: &str = include_str!("../../../templates/dashboard/style.css");
const LANGUAGE: &str = "lang";
const COOKIE_NAME: &str = "tokenward-language";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_chosen_comes_before_what_is_preferred() {
        let told = |cookie: &'static str, accept: &'static str, query: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, HeaderValue::from_static(cookie));
            headers.insert(http::header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
            let (language, kept) = language(&headers, query);
            (language, kept.is_some())
        };
        let (en, zh) = (Language::English, Language::Chinese);
        assert_eq!(told("", "zh-CN,en;q=0.8", ""), (zh, false));
        assert_eq!(told("a=b; tokenward-language=en", "zh-CN", "q=x"), (en, false));
        assert_eq!(told("tokenward-language=en", "en", "lang=zh"), (zh, true));
        assert_eq!(told("tokenward-language=fr", "zh", "lang=%0d%0a"), (zh, false));
    }

    #[test]
    fn code_is_marked_and_nothing_else_is_html() {
        assert_eq!(marked("a `b <c>` & \"d\""), "a <code>b &lt;c&gt;</code> &amp; &quot;d&quot;");
        assert_eq!(marked("a `b"), "a <code>b</code>");
        assert!(!STYLE.contains("</") && !STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
