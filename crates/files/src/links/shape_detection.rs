//! Well-known shapes of files: where do the tokens stand?
//!
//! Enters: a [`Document`]. Leaves: a [`Shape`] for every login that it seems to hold, made of places only; no value
//! leaves. A guess by names, for commands that were told no place: what is not recognised is left to the person.
//!
//! Sources, read 2026-11: the old script's `feishu-config.ini`; `oauthlib`, `google-auth` and Feishu's own answers for
//! `token.json`; the documentation of Claude, Cursor, VS Code, Zed, Codex, `OpenCode` and `lark-mcp` for MCP configurations.

use tokenward_core::{Format, PathStep, Place, Slot};

use super::document::Document;
use super::key_names::{Name, Role, are_alike, is_of_a_token, joined};
use super::login_shape::Shape;
use super::mcp_server::Server;
use super::nested_path::Way;
use super::text_or_number::Value;
use super::token_or_placeholder::Nature;
use super::tree::Tree;

impl Shape {
    /// The shapes in a document, in its order. Empty where nothing is recognised.
    pub fn detect(document: &Document) -> Vec<Self> {
        let mut found = match document.format() {
            Format::Dotenv | Format::Properties | Format::Fish => variables(document),
            Format::Ini => ini(document),
            Format::Json | Format::Toml | Format::Yaml => tree(document),
        };
        // What stands above the tokens of the only login is theirs.
        if let [only] = found.as_mut_slice() {
            for token in [only.access().cloned(), only.refresh().cloned()].into_iter().flatten() {
                only.add_ends_of(&document.beside(&token, 1), None);
            }
        }
        found
    }
}

/// One shape for each prefix that has a variable or key with a token; failing that, for one that has an app.
fn variables(document: &Document) -> Vec<Shape> {
    let keys = document.keys("");
    let look = |name: &str| {
        let place = Place::dotenv(name);
        let value = document.get_value(&place).ok().flatten()?;
        Some((place, value))
    };
    let is_document = |name: &str| look(name).is_some_and(|(_, value)| is_document(&value));
    // Java's keys are written in several ways: `feishu.app-id`, `feishu.appId`.
    let is_free = document.format() == Format::Properties;
    let is_of = |key: &str, name: &str| key.eq_ignore_ascii_case(name) || is_free && are_alike(key, name);
    let exact = |name: &str| keys.iter().find(|key| is_of(key, name)).map(|key| Place::dotenv(key));
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

/// The names of an app's id in an ini file, the last as in a `.env` file; case does not matter.
const APP_IDS: [&str; 3] = ["app_id", "client_id", "feishu_app_id"];
/// Those of its secret.
const APP_SECRETS: [&str; 3] = ["app_secret", "client_secret", "feishu_app_secret"];

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
    let elsewhere = |keys: &[&str]| {
        keys.iter().find_map(|key| match sections(key).as_slice() {
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
        shape.app_id = shape.app_id.or_else(|| elsewhere(&APP_IDS));
        shape.app_secret = shape.app_secret.or_else(|| elsewhere(&APP_SECRETS));
        shape.redirect = shape.redirect.or_else(|| elsewhere(&["redirect_uri", "redirect_url"]));
        shape
    };
    let mut shapes: Vec<Shape> = with.iter().map(shape_of).collect();
    shapes.extend(documents(document));
    if shapes.is_empty() {
        let app = Shape {
            app_id: elsewhere(&APP_IDS),
            app_secret: elsewhere(&APP_SECRETS),
            redirect: elsewhere(&["redirect_uri", "redirect_url"]),
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
        walk(child, &way.down([PathStep::Index(index)]), &shape, only_servers, found);
    }
}
