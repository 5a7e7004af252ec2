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
use super::tree::Tree;
use super::value::{MILLIS_FROM, Value};

/// Where the values of one login stand in a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// The values that turn with the login.
    pub places: BTreeMap<Slot, Place>,
    /// The app's id.
    pub app_id: Option<Place>,
    /// The app's secret.
    pub app_secret: Option<Place>,
    /// The app access token that the old script takes.
    pub app_access: Option<Place>,
    /// The MCP server whose settings these are.
    pub server: Option<String>,
}

impl Shape {
    /// The shapes in a document, in its order. Empty where nothing is recognised.
    pub fn detect(document: &Document) -> Vec<Self> {
        match document.format() {
            Format::Dotenv => dotenv(document),
            Format::Ini => ini(document),
            Format::Json | Format::Toml => tree(document),
        }
    }

    /// Where the access token stands.
    pub fn access(&self) -> Option<&Place> {
        self.places.get(&Slot::AccessToken)
    }

    /// Where the refresh token stands.
    pub fn refresh(&self) -> Option<&Place> {
        self.places.get(&Slot::RefreshToken)
    }

    /// Whether a token has a place in it.
    pub fn has_token(&self) -> bool {
        self.access().or(self.refresh()).is_some()
    }

    /// Looks for every value under the names it is known by.
    fn gather(look: impl Fn(&str) -> Option<(Place, Value)>) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| look(name));
        let place = |names: &[&str]| first(names).map(|(place, _)| place);
        let mut shape = Self {
            places: BTreeMap::new(),
            app_id: place(&["app_id", "appId", "client_id", "clientId"]),
            app_secret: place(&["app_secret", "appSecret", "client_secret", "clientSecret"]),
            app_access: place(&["app_access_token", "appAccessToken"]),
            server: None,
        };
        for (slot, names) in [
            (Slot::AccessToken, &["user_access_token", "access_token", "userAccessToken", "accessToken"][..]),
            (Slot::RefreshToken, &["refresh_token", "user_refresh_token", "refreshToken", "userRefreshToken"]),
            (Slot::ExpiresIn, &["expires_in", "expiresIn"]),
            (
                Slot::RefreshExpiresIn,
                &["refresh_token_expires_in", "refresh_expires_in", "refreshTokenExpiresIn", "refreshExpiresIn"],
            ),
        ] {
            shape.places.extend(place(names).map(|place| (slot, place)));
        }
        // A list of scopes, as google-auth writes it, is no text and has no slot.
        let scope = first(&["scope"]).filter(|(_, value)| matches!(value, Value::Text(_)));
        shape.places.extend(scope.map(|(place, _)| (Slot::Scope, place)));
        let end = first(&["expires_at", "expiresAt", "expiry"]);
        shape.places.extend(end.and_then(|(place, value)| Some((end_slot(&value)?, place))));
        if shape.access().is_none()
            && shape.refresh().is_some()
            && let Some(place) = place(&["token"])
        {
            shape.places.insert(Slot::AccessToken, place);
        }
        shape
    }
}

/// Which slot writes an end the way it is written now; none for milliseconds.
fn end_slot(value: &Value) -> Option<Slot> {
    match value.as_whole() {
        Some(whole) => (whole.unsigned_abs() < MILLIS_FROM).then_some(Slot::ExpiresAt),
        None => value.as_time().map(|_| Slot::Expiry),
    }
}

/// One shape for each prefix that has a variable with a token; failing that, for one that has an app.
fn dotenv(document: &Document) -> Vec<Shape> {
    let look = |name: String| {
        let place = Place::dotenv(&name);
        document.get(&place).ok().flatten().map(|_| place)
    };
    let shapes = ["FEISHU_", "LARK_", "LARKSUITE_CLI_", "LARKSUITE_", ""].map(|prefix| {
        let mut shape = Shape {
            app_id: look(format!("{prefix}APP_ID")),
            app_secret: look(format!("{prefix}APP_SECRET")),
            app_access: look(format!("{prefix}APP_ACCESS_TOKEN")),
            ..Shape::default()
        };
        let access = look(format!("{prefix}USER_ACCESS_TOKEN"));
        let refresh = look(format!("{prefix}USER_REFRESH_TOKEN")).or_else(|| look(format!("{prefix}REFRESH_TOKEN")));
        shape.places.extend(access.map(|place| (Slot::AccessToken, place)));
        shape.places.extend(refresh.map(|place| (Slot::RefreshToken, place)));
        shape
    });
    let (with, without): (Vec<_>, Vec<_>) = shapes.into_iter().partition(Shape::has_token);
    if with.is_empty() { without.into_iter().find(|shape| shape.app_id.is_some()).into_iter().collect() } else { with }
}

/// One shape for each section with a token; an app's keys may stand in a section of their own.
fn ini(document: &Document) -> Vec<Shape> {
    let sections = |key: &str| document.sections_with(key).unwrap_or_default();
    let known = ["user_access_token", "access_token", "refresh_token", "user_refresh_token", "app_access_token"];
    let mut with: Vec<String> = known.into_iter().flat_map(sections).collect();
    with.sort_unstable();
    with.dedup();
    let shape_of = |section: &String| {
        let mut shape = Shape::gather(|key| {
            let place = Place::ini(section, key);
            let value = document.get_value(&place).ok().flatten()?;
            Some((place, value))
        });
        let elsewhere = |keys: [&str; 2]| {
            keys.into_iter().find_map(|key| match sections(key).as_slice() {
                [section] => Some(Place::ini(section, key)),
                _ => None,
            })
        };
        shape.app_id = shape.app_id.or_else(|| elsewhere(["app_id", "client_id"]));
        shape.app_secret = shape.app_secret.or_else(|| elsewhere(["app_secret", "client_secret"]));
        shape
    };
    with.iter().map(shape_of).collect()
}

fn tree(document: &Document) -> Vec<Shape> {
    let Ok(root) = document.tree() else { return Vec::new() };
    let mut found = Vec::new();
    tokens(&root, &[], &Shape::default(), &mut found);
    for way in CONTAINERS {
        servers(&root, way, &mut found);
    }
    for (project, node) in root.get("projects").into_iter().flat_map(Tree::entries) {
        let Some(all) = node.get("mcpServers") else { continue };
        each_server(all, &keys(&["projects", project, "mcpServers"]), &mut found);
    }
    found
}

/// Where programs keep the MCP servers they start.
const CONTAINERS: [&[&str]; 7] = [
    &["mcpServers"],
    &["servers"],
    &["context_servers"],
    &["mcp_servers"],
    &["mcp", "servers"],
    &["mcp"],
    &["amp.mcpServers"],
];

/// How deep a login may stand in a token file, in steps.
const DEPTH: usize = 4;

/// Tokens of a table or of those inside it. An app named above them is theirs.
fn tokens(node: &Tree, path: &[Step], above: &Shape, found: &mut Vec<Shape>) {
    let mut shape = Shape::gather(|key| {
        let value = node.get(key)?.value()?.clone();
        Some((below(path, Step::Key(key.to_owned())), value))
    });
    shape.app_id = shape.app_id.or_else(|| above.app_id.clone());
    shape.app_secret = shape.app_secret.or_else(|| above.app_secret.clone());
    if shape.has_token() {
        found.push(shape);
        return;
    }
    if path.len() == DEPTH {
        return;
    }
    let down = |step| [path, &[step]].concat();
    for (key, child) in node.entries() {
        tokens(child, &down(Step::Key(key.to_owned())), &shape, found);
    }
    for (index, child) in node.elements().iter().enumerate() {
        tokens(child, &down(Step::Index(index)), &shape, found);
    }
}

fn servers(root: &Tree, way: &[&str], found: &mut Vec<Shape>) {
    if let Some(all) = way.iter().try_fold(root, |node, key| node.get(key)) {
        each_server(all, &keys(way), found);
    }
}

fn each_server(all: &Tree, way: &[Step], found: &mut Vec<Shape>) {
    for (name, server) in all.entries() {
        let path = [way, &[Step::Key(name.to_owned())]].concat();
        // Older settings of Zed keep the program's settings in `command`.
        let inner = server.get("command").filter(|command| command.entries().next().is_some());
        let inside = inner.map(|node| (node, [path.as_slice(), &keys(&["command"])].concat()));
        let (node, path) = inside.unwrap_or((server, path));
        let mut shape = Shape { server: Some(name.to_owned()), ..Shape::default() };
        from_arguments(node, name, &path, &mut shape);
        from_variables(node, &path, &mut shape);
        if shape.has_token() && !found.iter().any(|other| other.places == shape.places) {
            found.push(shape);
        }
    }
}

/// Arguments, which go before variables in `lark-mcp`. Other programs give `-u` other meanings (Python's unbuffered
/// output), so the short flags count where the server is one of this platform.
fn from_arguments(server: &Tree, name: &str, path: &[Step], shape: &mut Shape) {
    for key in ["args", "command"] {
        let Some(list) = server.get(key) else { continue };
        let words: Vec<_> = list.elements().iter().map(|element| element.text().unwrap_or_default()).collect();
        let ours = words.iter().copied().chain([name]).any(is_ours);
        let after = |flags: [&str; 2]| {
            flags.into_iter().filter(|flag| ours || flag.starts_with("--")).find_map(|flag| {
                let mut pairs = words.windows(2);
                let value = pairs.find(|pair| pair[0] == flag)?[1];
                let steps = [path, &[Step::Key(key.to_owned()), Step::After(flag.to_owned())]].concat();
                (!value.starts_with('-') && !is_reference(value)).then_some(Place::Path(steps))
            })
        };
        let access = after(["--user-access-token", "-u"]);
        shape.places.extend(access.map(|place| (Slot::AccessToken, place)));
        shape.app_id = shape.app_id.take().or_else(|| after(["--app-id", "-a"]));
        shape.app_secret = shape.app_secret.take().or_else(|| after(["--app-secret", "-s"]));
    }
}

fn from_variables(server: &Tree, path: &[Step], shape: &mut Shape) {
    for key in ["env", "environment"] {
        let Some(variables) = server.get(key) else { continue };
        let path = [path, &keys(&[key])].concat();
        let find = |end: &str| {
            let fits = |name: &str| {
                let name = name.to_ascii_uppercase();
                name.strip_suffix(end).is_some_and(|start| start.is_empty() || is_ours(start))
            };
            let literal = |node: &Tree| node.text().is_some_and(|text| !is_reference(text));
            let mut all = variables.entries();
            all.find(|(name, node)| fits(name) && literal(node))
                .map(|(name, _)| below(&path, Step::Key(name.to_owned())))
        };
        let access = shape.access().cloned().or_else(|| find("USER_ACCESS_TOKEN"));
        shape.places.extend(access.map(|place| (Slot::AccessToken, place)));
        let refresh = find("USER_REFRESH_TOKEN").or_else(|| find("REFRESH_TOKEN"));
        shape.places.extend(refresh.map(|place| (Slot::RefreshToken, place)));
        shape.app_id = shape.app_id.take().or_else(|| find("APP_ID"));
        shape.app_secret = shape.app_secret.take().or_else(|| find("APP_SECRET"));
    }
}

/// Whether a word names this platform.
fn is_ours(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.contains("lark") || word.contains("feishu")
}

/// Whether a program puts something else in the place of this text (`${input:token}`, `{env:TOKEN}`, `$TOKEN`).
fn is_reference(text: &str) -> bool {
    text.starts_with(['$', '{'])
}

fn keys(keys: &[&str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key((*key).to_owned())).collect()
}

fn below(path: &[Step], step: Step) -> Place {
    Place::Path([path, &[step]].concat())
}
