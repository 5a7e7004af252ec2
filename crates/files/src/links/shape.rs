//! Well-known shapes of files: where do the tokens stand?
//!
//! Enters: a [`Document`]. Leaves: a [`Shape`] for every login that it seems to hold, made of places only; no value
//! leaves. A guess by names, for commands that were told no place: what is not recognised is left to the person.
//!
//! Sources, read 2026-11: the old script's `feishu-config.ini`; `oauthlib`, `google-auth` and Feishu's own answers for
//! `token.json`; the documentation of Claude, Cursor, VS Code, Zed, Codex, `OpenCode` and `lark-mcp` for MCP configurations.

use std::collections::BTreeMap;

use tokenward_core::{Format, Place, Slot, Step};

use super::document::Document;
use super::frame::Frame;
use super::names::{Name, Role, is_of_a_token, joined};
use super::nature::Nature;
use super::server::Server;
use super::sighting::Sighting;
use super::tree::Tree;
use super::value::Value;

/// Where the values of one login stand in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shape {
    /// The values that turn with the login.
    pub places: BTreeMap<Slot, Place>,
    /// The app's id.
    pub app_id: Option<Place>,
    /// The app's secret.
    pub app_secret: Option<Place>,
    /// The app access token that the old script takes.
    pub app_access: Option<Place>,
    /// The redirect URL of the app.
    pub redirect: Option<Place>,
    /// The MCP server whose settings these are.
    pub server: Option<String>,
}

/// Why what stands at a place is not written over.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objection {
    /// Another program resolves or opens it.
    Reference(Place),
    /// It stands where a token is to come.
    Placeholder(Place),
    /// It holds more than a token, and it cannot be told which part of it is one.
    MoreThanToken(Place),
    /// It stands at the access token's place too, so that it cannot be told which of the two it is.
    Both(Place),
}

impl Shape {
    /// The shapes in a document, in its order. Empty where nothing is recognised.
    pub fn detect(document: &Document) -> Vec<Self> {
        let mut found = match document.format() {
            Format::Dotenv => dotenv(document),
            Format::Ini => ini(document),
            Format::Json | Format::Toml => tree(document),
        };
        // What stands above the tokens of the only login is theirs.
        if let [only] = found.as_mut_slice() {
            for token in [only.access().cloned(), only.refresh().cloned()].into_iter().flatten() {
                only.add_ends_of(&document.beside(&token, 1), None);
            }
        }
        found
    }

    /// Where the access token stands.
    pub fn access(&self) -> Option<&Place> {
        self.places.get(&Slot::AccessToken)
    }

    /// Where the refresh token stands.
    pub fn refresh(&self) -> Option<&Place> {
        self.places.get(&Slot::RefreshToken)
    }

    /// Why a token's place may not be written over, where that is so. Of a token that the vault knows it can be told.
    pub fn objection(&self, document: &Document, known: &[Sighting]) -> Option<Objection> {
        let places = [self.access(), self.refresh()].into_iter().flatten();
        let unknown = places.filter(|place| !known.iter().any(|sighting| sighting.place == **place));
        let token = |place: &Place| {
            let text = document.get(place).ok()??;
            Some(Frame::of(&text)?.token(&text).to_owned()).filter(|token| Nature::of(token) == Nature::Token)
        };
        let unknown: Vec<&Place> = unknown.collect();
        if let [access, refresh] = unknown[..]
            && access != refresh
            && let (Some(one), Some(other)) = (token(access), token(refresh))
            && one == other
        {
            return Some(Objection::Both(refresh.clone()));
        }
        unknown.into_iter().find_map(|place| {
            let text = document.get(place).ok()??;
            let frame = Frame::of(&text);
            match (Nature::of(frame.as_ref().map_or(text.as_str(), |frame| frame.token(&text))), frame) {
                (Nature::Reference, _) => Some(Objection::Reference(place.clone())),
                (Nature::Placeholder, _) => Some(Objection::Placeholder(place.clone())),
                (Nature::Document, _) | (Nature::Token, None) => Some(Objection::MoreThanToken(place.clone())),
                (Nature::Empty, _) | (Nature::Token, Some(_)) => None,
            }
        })
    }

    /// Whether a token has a place in it.
    pub fn has_token(&self) -> bool {
        self.access().or(self.refresh()).is_some()
    }

    /// Looks for every value under the names it is known by, and for the others of a login by what their names mean.
    fn gather(keys: &[String], look: impl Fn(&str) -> Option<(Place, Value)>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| look(name));
        let place = |names: &[&str]| first(names).map(|(place, _)| place);
        let mut shape = Self {
            places: BTreeMap::new(),
            app_id: place(&["app_id", "appId", "client_id", "clientId"]),
            app_secret: place(&["app_secret", "appSecret", "client_secret", "clientSecret"]),
            app_access: place(&["app_access_token", "appAccessToken"]),
            redirect: place(&["redirect_uri", "redirect_url", "redirectUri", "redirectUrl"]),
            server: None,
        };
        for (slot, names) in [
            (Slot::AccessToken, &["user_access_token", "access_token", "userAccessToken", "accessToken"][..]),
            (Slot::RefreshToken, &["refresh_token", "user_refresh_token", "refreshToken", "userRefreshToken"]),
        ] {
            shape.places.extend(place(names).map(|place| (slot, place)));
        }
        let named: Vec<(&String, Name)> = keys.iter().filter_map(|key| Some((key, Name::of(key)?))).collect();
        if shape.refresh().is_none()
            && let Some(key) = only(&named, |name| name.role == Role::Refresh)
        {
            shape.places.extend(look(key).map(|(place, _)| (Slot::RefreshToken, place)));
        }
        if shape.access().is_none() {
            let twin = only(&named, |name| name.role == Role::Access && (shape.refresh().is_some() || name.is_ours()));
            let twin =
                twin.or_else(|| only(&named, |name| name.role == Role::Bare).filter(|_| shape.refresh().is_some()));
            shape.places.extend(twin.and_then(|key| look(key)).map(|(place, _)| (Slot::AccessToken, place)));
        }
        if shape.has_token() {
            let prefix = shape.prefix().unwrap_or_default();
            shape.add_ends(&named, &prefix, &look);
        }
        // A list of scopes, as google-auth writes it, is no text and has no slot.
        let scope = first(&["scope"]).filter(|(_, value)| matches!(value, Value::Text(_)));
        shape.places.extend(scope.map(|(place, _)| (Slot::Scope, place)));
        shape
    }

    /// What stands before the meaning of the tokens' names.
    fn prefix(&self) -> Option<Vec<String>> {
        [self.access(), self.refresh()].into_iter().flatten().find_map(|place| Some(Name::of(place.key()?)?.prefix))
    }

    /// Takes in the ends of life that stand beside a place.
    pub(super) fn add_ends_beside(&mut self, document: &Document, place: &Place) {
        self.add_ends_of(&document.beside(place, 0), place.table());
    }

    fn add_ends_of(&mut self, beside: &[(String, Place, Value)], table: Option<&str>) {
        let named: Vec<_> = beside.iter().filter_map(|(key, ..)| Some((key, Name::within(table, key)?))).collect();
        let prefix = self.prefix().unwrap_or_default();
        self.add_ends(&named, &prefix, |key| {
            let (_, place, value) = beside.iter().find(|(name, ..)| name == key)?;
            Some((place.clone(), value.clone()))
        });
    }

    /// The ends of life that stand beside the tokens, under their prefix or none.
    fn add_ends(
        &mut self,
        named: &[(&String, Name)],
        prefix: &[String],
        look: impl Fn(&str) -> Option<(Place, Value)>,
    ) {
        let mut obtained = None;
        for (key, name) in named.iter().filter(|(_, name)| name.prefix.is_empty() || name.prefix == prefix) {
            let Some((place, value)) = look(key) else { continue };
            if self.places.values().any(|kept| *kept == place) {
                continue;
            }
            let slot = match name.role {
                Role::End => {
                    let slot = end_slot(&value);
                    let other = if slot == Some(Slot::Expiry) { Slot::ExpiresAt } else { Slot::Expiry };
                    slot.map(|slot| if self.places.contains_key(&slot) { other } else { slot })
                }
                Role::RefreshEnd => end_slot(&value).map(|_| Slot::RefreshExpiresAt),
                Role::Life => value.as_whole().map(|_| Slot::ExpiresIn),
                Role::RefreshLife => value.as_whole().map(|_| Slot::RefreshExpiresIn),
                Role::Obtained => {
                    obtained = obtained.or_else(|| end_slot(&value).map(|_| place.clone()));
                    None
                }
                _ => None,
            };
            if let Some(slot) = slot {
                self.places.entry(slot).or_insert(place);
            }
        }
        if self.places.contains_key(&Slot::ExpiresIn)
            && let Some(place) = obtained
        {
            self.places.entry(Slot::Obtained).or_insert(place);
        }
    }
}

/// The only key whose name is meant.
fn only<'a>(named: &[(&'a String, Name)], fits: impl Fn(&Name) -> bool) -> Option<&'a String> {
    let mut all = named.iter().filter(|(_, name)| fits(name) && !name.is_foreign());
    let first = all.next()?;
    all.next().is_none().then_some(first.0)
}

/// Why an end of life is not kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unkept {
    /// It is in a notation that is not understood.
    Notation,
    /// It is a number or a moment, and its name does not say of what, or there are several.
    Meaning,
}

/// The places beside tokens, or in the table above them, whose names speak of their end, and which are not among these.
pub(super) fn unkept_ends(document: &Document, places: &BTreeMap<Slot, Place>) -> Vec<(Place, Unkept)> {
    let kept: Vec<Place> = places.values().map(|place| document.resolved(place)).collect();
    let counts = places.contains_key(&Slot::ExpiresIn);
    let mut found: Vec<(Place, Unkept)> = Vec::new();
    for token in [Slot::AccessToken, Slot::RefreshToken].iter().filter_map(|slot| places.get(slot)) {
        let prefix = token.key().and_then(Name::of).map(|name| name.prefix).unwrap_or_default();
        let beside = document.beside(token, 0).into_iter().map(|one| (token.table(), one));
        let above = document.beside(token, 1).into_iter().map(|one| (None, one));
        for (table, (key, place, value)) in beside.chain(above) {
            let is_end = Name::end_within(table, &key, counts).is_some_and(|own| own.is_empty() || own == prefix);
            let is_known = kept.contains(&document.resolved(&place)) || found.iter().any(|(other, _)| *other == place);
            if is_end && !is_known && !value.spelled().trim().is_empty() {
                let is_understood = value.as_whole().is_some() || value.as_time().is_some();
                found.push((place, if is_understood { Unkept::Meaning } else { Unkept::Notation }));
            }
        }
    }
    found
}

/// Which slot writes an end where nothing stands any more; none for a value that is no moment.
fn end_slot(value: &Value) -> Option<Slot> {
    // Zero stands for "not known" in several caches, and is a moment all the same.
    value.as_time()?;
    Some(if value.as_whole().is_some() { Slot::ExpiresAt } else { Slot::Expiry })
}

/// One shape for each prefix that has a variable with a token; failing that, for one that has an app.
fn dotenv(document: &Document) -> Vec<Shape> {
    let keys = document.keys("");
    let look = |name: &str| {
        let place = Place::dotenv(name);
        let value = document.get_value(&place).ok().flatten()?;
        Some((place, value))
    };
    let is_document = |name: &str| look(name).is_some_and(|(_, value)| is_document(&value));
    let exact = |name: &str| keys.iter().find(|key| key.eq_ignore_ascii_case(name)).map(|key| Place::dotenv(key));
    let app = |prefix: &str, ends: [&str; 3]| ends.iter().find_map(|end| exact(&format!("{prefix}{end}")));
    let redirect = |prefix: &str| {
        let ends = ["REDIRECT_URI", "REDIRECT_URL", "OAUTH_REDIRECT_URI", "OAUTH_REDIRECT_URL"];
        let own = ends.iter().find_map(|end| exact(&format!("{prefix}{end}")));
        own.or_else(|| ends.iter().find_map(|end| exact(end)))
    };
    let named: Vec<(&String, Name)> = keys.iter().filter_map(|key| Some((key, Name::of(key)?))).collect();
    let named: Vec<(&String, Name)> = named.into_iter().filter(|(key, _)| !is_document(key)).collect();
    let tokens = |name: &Name| matches!(name.role, Role::Access | Role::Refresh);
    let any_bare = named.iter().any(|(_, name)| tokens(name) && name.prefix.is_empty());
    let mut prefixes: Vec<Vec<String>> =
        [&["feishu"][..], &["lark"], &["larksuite", "cli"], &["larksuite"], &["fs"], &["lark", "cli"], &[]]
            .map(|words| words.iter().map(|word| (*word).to_owned()).collect())
            .into();
    for (_, name) in named.iter().filter(|(_, name)| tokens(name)) {
        if !prefixes.contains(&name.prefix) {
            prefixes.push(name.prefix.clone());
        }
    }
    let shape_of = |prefix: &Vec<String>| {
        let of = |role: Role| {
            let all: Vec<_> = named.iter().filter(|(_, name)| name.role == role && name.prefix == *prefix).collect();
            // One that speaks of the user goes before one that does not.
            all.iter().find(|(_, name)| name.user).or(all.first()).map(|(key, name)| (Place::dotenv(key), name.clone()))
        };
        let refresh = of(Role::Refresh);
        let access = of(Role::Access).or_else(|| of(Role::Bare).filter(|_| refresh.is_some()));
        let ours = |name: &Name| name.is_ours() || name.prefix.is_empty() && name.user;
        let alone = access.as_ref().is_none_or(|(_, name)| refresh.is_some() || ours(name));
        let foreign = [&access, &refresh].into_iter().flatten().any(|(_, name)| name.is_foreign());
        let words = if prefix.is_empty() { String::new() } else { format!("{}_", prefix.join("_")) };
        let mut shape = Shape {
            app_id: app(&words, ["APP_ID", "APPID", "CLIENT_ID"]),
            app_secret: app(&words, ["APP_SECRET", "APPSECRET", "CLIENT_SECRET"]),
            app_access: exact(&format!("{words}APP_ACCESS_TOKEN")),
            redirect: redirect(&words),
            ..Shape::default()
        };
        if alone && !foreign {
            shape.places.extend(access.map(|(place, _)| (Slot::AccessToken, place)));
            shape.places.extend(refresh.map(|(place, _)| (Slot::RefreshToken, place)));
        }
        if shape.has_token() {
            let own = |name: &Name| name.prefix == *prefix || name.prefix.is_empty() && !any_bare;
            let beside: Vec<_> = named.iter().filter(|(_, name)| own(name)).cloned().collect();
            shape.add_ends(&beside, prefix, look);
        }
        shape
    };
    let mut shapes: Vec<Shape> = prefixes.iter().map(shape_of).collect();
    join_halves(&mut shapes);
    shapes.extend(documents(document));
    let (mut with, without): (Vec<_>, Vec<_>) = shapes.into_iter().partition(Shape::has_token);
    // Tokens under other names than this platform's are meant where no others are.
    let ours = |shape: &Shape| {
        let place = shape.refresh().or(shape.access()).and_then(Place::key);
        place.and_then(Name::of).is_some_and(|name| name.is_ours() || name.prefix.is_empty())
    };
    if with.iter().any(ours) {
        with.retain(ours);
    }
    // An app under another prefix is that of the tokens, where there is one of each.
    if let [only] = with.as_mut_slice()
        && only.app_id.is_none()
        && only.app_secret.is_none()
        && ours(only)
    {
        let apps: Vec<&Shape> = without.iter().filter(|shape| shape.app_id.is_some()).collect();
        if let [app] = apps[..] {
            only.app_id.clone_from(&app.app_id);
            only.app_secret.clone_from(&app.app_secret);
            only.redirect = app.redirect.clone().or(only.redirect.take());
        }
    }
    if with.is_empty() { without.into_iter().find(|shape| shape.app_id.is_some()).into_iter().collect() } else { with }
}

/// `FEISHU_USER_ACCESS_TOKEN` beside a bare `REFRESH_TOKEN`, or the other way round, is one login where there is no other.
fn join_halves(shapes: &mut [Shape]) {
    let with: Vec<usize> = (0..shapes.len()).filter(|&index| shapes[index].has_token()).collect();
    let [one, bare] = with[..] else { return };
    let (one_shape, bare_shape) = (&shapes[one], &shapes[bare]);
    let halves = (one_shape.access().is_some() && one_shape.refresh().is_none() && bare_shape.access().is_none())
        || (one_shape.refresh().is_some() && one_shape.access().is_none() && bare_shape.refresh().is_none());
    let is_bare = bare_shape.refresh().or(bare_shape.access()).and_then(Place::key);
    if halves && is_bare.and_then(Name::of).is_some_and(|name| name.prefix.is_empty()) {
        let places = std::mem::take(&mut shapes[bare].places);
        for (slot, place) in places {
            shapes[one].places.entry(slot).or_insert(place);
        }
    }
}

/// One shape for each section with a token; an app's keys may stand in a section of their own.
fn ini(document: &Document) -> Vec<Shape> {
    let sections = |key: &str| document.sections_with(key).unwrap_or_default();
    let known = ["user_access_token", "access_token", "refresh_token", "user_refresh_token", "app_access_token"];
    let mut with: Vec<String> = known.into_iter().flat_map(sections).collect();
    let told = |section: &String| {
        document
            .keys(section)
            .iter()
            .any(|key| Name::of(key).is_some_and(|name| matches!(name.role, Role::Access | Role::Refresh)))
    };
    with.extend(document.sections().into_iter().filter(told));
    with.sort_unstable();
    with.dedup();
    let elsewhere = |keys: [&str; 2]| {
        keys.into_iter().find_map(|key| match sections(key).as_slice() {
            [section] => Some(Place::ini(section, key)),
            _ => None,
        })
    };
    let shape_of = |section: &String| {
        let mut shape = Shape::gather(&document.keys(section), |key| {
            let place = Place::ini(section, key);
            let value = document.get_value(&place).ok().flatten().filter(|value| !is_document(value))?;
            Some((place, value))
        });
        shape.app_id = shape.app_id.or_else(|| elsewhere(["app_id", "client_id"]));
        shape.app_secret = shape.app_secret.or_else(|| elsewhere(["app_secret", "client_secret"]));
        shape.redirect = shape.redirect.or_else(|| elsewhere(["redirect_uri", "redirect_url"]));
        shape
    };
    let mut shapes: Vec<Shape> = with.iter().map(shape_of).collect();
    shapes.extend(documents(document));
    if shapes.is_empty() {
        let app = Shape {
            app_id: elsewhere(["app_id", "client_id"]),
            app_secret: elsewhere(["app_secret", "client_secret"]),
            redirect: elsewhere(["redirect_uri", "redirect_url"]),
            ..Shape::default()
        };
        shapes.extend(Some(app).filter(|app| app.app_id.is_some()));
    }
    shapes
}

/// Whether a value is a JSON document, in which tokens may stand, and no token.
fn is_document(value: &Value) -> bool {
    matches!(value, Value::Text(text) if Nature::of(text) == Nature::Document)
}

/// The shapes in those texts of a file that are JSON documents, such as `token = {"access_token": …}` of rclone.
fn documents(document: &Document) -> Vec<Shape> {
    let mut found = Vec::new();
    let texts = document.values();
    for (place, text) in texts.into_iter().filter(|(_, text)| Nature::of(text) == Nature::Document) {
        if let Some(tree) = Tree::of_text(&text) {
            let way = Way { text: Some(place), path: Vec::new() };
            walk(&tree, &way, &Shape::default(), false, &mut found);
        }
    }
    found.retain(Shape::has_token);
    found
}

fn tree(document: &Document) -> Vec<Shape> {
    let Ok(root) = document.tree() else { return Vec::new() };
    let mut found = Vec::new();
    walk(&root, &Way { text: None, path: Vec::new() }, &Shape::default(), false, &mut found);
    found
}

/// A way down a document, which may be a text of another one.
#[derive(Debug, Clone)]
pub(super) struct Way {
    text: Option<Place>,
    pub(super) path: Vec<Step>,
}

impl Way {
    pub(super) fn down(&self, steps: impl IntoIterator<Item = Step>) -> Self {
        Self { text: self.text.clone(), path: self.path.iter().cloned().chain(steps).collect() }
    }

    pub(super) fn key(&self, key: &str) -> Self {
        self.down([Step::Key(key.to_owned())])
    }

    pub(super) fn place(&self) -> Place {
        match &self.text {
            Some(text) => text.clone().within(self.path.clone()),
            None => Place::Path(self.path.clone()),
        }
    }
}

/// The values of a table, and those of tables in it that are one token each: `refresh = { token, expires }`.
fn values(node: &Tree, way: &Way) -> Vec<(String, Place, Value)> {
    let mut inner = Vec::new();
    let mut own = Vec::new();
    for (key, child) in node.entries() {
        match child.value() {
            Some(value) => own.push((key.to_owned(), way.key(key).place(), value.clone())),
            None if is_of_a_token(key) => {
                let way = way.key(key);
                let values = child.entries().filter_map(|(name, node)| Some((name, node.value()?.clone())));
                inner.extend(values.map(|(name, value)| (joined(key, name), way.key(name).place(), value)));
            }
            None => {}
        }
    }
    // Its own come last and go before.
    inner.extend(own);
    inner
}

/// How deep a login may stand in a token file, in steps.
const DEPTH: usize = 4;

/// Tokens of a table or of those inside it, and of the MCP servers in it. An app named above them is theirs. Below tokens there are
/// none of the same login, but there may be servers.
fn walk(node: &Tree, way: &Way, above: &Shape, only_servers: bool, found: &mut Vec<Shape>) {
    let server = Server::at(node, way);
    let mut shape = Shape::default();
    if !only_servers {
        let values = values(node, way);
        let keys: Vec<String> = values.iter().map(|(key, ..)| key.clone()).collect();
        shape = Shape::gather(&keys, |key| {
            let (_, place, value) = values.iter().rfind(|(name, ..)| name == key)?;
            Some((place.clone(), value.clone())).filter(|(_, value)| !is_document(value))
        });
        shape.app_id = shape.app_id.or_else(|| above.app_id.clone());
        shape.app_secret = shape.app_secret.or_else(|| above.app_secret.clone());
    }
    let only_servers = only_servers || shape.has_token();
    if shape.has_token() {
        found.push(shape.clone());
    }
    if let Some(server) = &server {
        let shape = server.shape();
        if shape.has_token() && !found.iter().any(|other| other.places == shape.places) {
            found.push(shape);
        }
    }
    if way.path.len() == DEPTH {
        return;
    }
    // What a server's program is given is read as such.
    for (key, child) in node.found().filter(|(key, _)| server.is_none() || !Server::GIVEN.contains(key)) {
        let way = way.key(key);
        if let Some(inner) = child.text().and_then(Tree::of_text) {
            walk(&inner, &Way { text: Some(way.place()), path: Vec::new() }, &shape, only_servers, found);
        }
        walk(child, &way, &shape, only_servers, found);
    }
    for (index, child) in node.elements().iter().enumerate() {
        walk(child, &way.down([Step::Index(index)]), &shape, only_servers, found);
    }
}
