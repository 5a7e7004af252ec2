//! A browser that keeps cookies, fills in forms and follows where it is sent, within the dashboard.

use http::Method;
use url::Url;

use crate::world::World;

/// What it keeps, and what it says of itself.
#[derive(Default, Clone)]
pub(super) struct Browser {
    pub(super) cookies: Vec<(String, String)>,
    /// Heads that it sends along.
    pub(super) heads: Vec<(&'static str, String)>,
    /// With what it connects, where that is not the world's own client.
    pub(super) client: Option<reqwest::Client>,
}

/// What it is shown.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) heads: Vec<(String, String)>,
    pub(super) text: String,
}

impl Browser {
    /// One that somebody has signed in with.
    pub(super) async fn signed_in(world: &World, key: &str) -> Self {
        let mut browser = Self::default();
        let seen = browser.sign_in(world, key, None).await;
        assert_eq!((seen.status, seen.location.as_deref()), (303, Some("/dashboard")), "{}", seen.text);
        browser
    }

    pub(super) async fn sign_in(&mut self, world: &World, key: &str, next: Option<&str>) -> Seen {
        let page = self.get(world, "/dashboard/sign-in").await;
        let form = page.form();
        let mut fields = vec![("form", form.as_str()), ("key", key)];
        fields.extend(next.map(|next| ("next", next)));
        self.post(world, "/dashboard/sign-in", &fields).await
    }

    pub(super) async fn get(&mut self, world: &World, path: &str) -> Seen {
        self.ask(world, Method::GET, path, None).await
    }

    pub(super) async fn post(&mut self, world: &World, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask(world, Method::POST, path, Some(body)).await
    }

    /// A form of a page, sent as the page has it.
    pub(super) async fn send(&mut self, world: &World, page: &str, path: &str, more: &[(&str, &str)]) -> Seen {
        let form = self.get(world, page).await.form();
        let fields: Vec<_> = [("form", form.as_str())].into_iter().chain(more.iter().copied()).collect();
        self.post(world, path, &fields).await
    }

    async fn ask(&mut self, world: &World, method: Method, path: &str, body: Option<String>) -> Seen {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .client
            .as_ref()
            .unwrap_or(&world.http)
            .request(method, world.url(path))
            .header("cookie", cookies.join("; "));
        for (name, value) in &self.heads {
            request = request.header(*name, value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        }
        let answer = request.send().await.unwrap();
        let heads: Vec<(String, String)> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        for (_, cookie) in heads.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        let status = answer.status().as_u16();
        let location = heads.iter().find(|(name, _)| name == "location").map(|(_, value)| value.clone());
        Seen { status, location, heads, text: answer.text().await.unwrap() }
    }
}

impl Seen {
    /// What its forms bring along.
    pub(super) fn form(&self) -> String {
        let found = self.text.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        found.unwrap_or_else(|| panic!("no form in {} {}", self.status, self.text)).to_owned()
    }

    pub(super) fn head(&self, name: &str) -> &str {
        let found = self.heads.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(super) fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    /// Every address that it leads to, as it stands there.
    pub(super) fn links(&self) -> Vec<String> {
        let unescaped = |text: &str| text.replace("&#38;", "&").replace("&amp;", "&");
        self.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).map(unescaped).collect()
    }
}

/// Whether an address leads to this server.
pub(super) fn is_own(address: &str) -> bool {
    address.starts_with('/') || address.starts_with('?') || address.starts_with('#') || Url::parse(address).is_err()
}
