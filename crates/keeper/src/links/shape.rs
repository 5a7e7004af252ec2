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
use super::names::{Name, Role};
use super::nature::Nature;
use super::tree::Tree;
use super::value::Value;

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

    /// Why a token's place may not be written over, where that is so.
    pub fn objection(&self, document: &Document) -> Option<Objection> {
        [self.access(), self.refresh()].into_iter().flatten().find_map(|place| {
            let text = document.get(place).ok()??;
            let Some(frame) = Frame::of(&text) else {
                let nature = Nature::of(&text);
                let reference = nature == Nature::Reference && !text.trim_start().starts_with('{');
                return Some(if reference {
                    Objection::Reference(place.clone())
                } else {
                    Objection::MoreThanToken(place.clone())
                });
            };
            match Nature::of(frame.token(&text)) {
                Nature::Reference => Some(Objection::Reference(place.clone())),
                Nature::Placeholder => Some(Objection::Placeholder(place.clone())),
                Nature::Empty | Nature::Token => None,
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
            let prefix =
                |place: Option<&Place>| place.and_then(last_key).and_then(|key| Name::of(&key)).map(|name| name.prefix);
            let prefix = prefix(shape.access()).or_else(|| prefix(shape.refresh())).unwrap_or_default();
            shape.add_ends(&named, &prefix, &look);
        }
        // A list of scopes, as google-auth writes it, is no text and has no slot.
        let scope = first(&["scope"]).filter(|(_, value)| matches!(value, Value::Text(_)));
        shape.places.extend(scope.map(|(place, _)| (Slot::Scope, place)));
        shape
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
                    obtained = end_slot(&value).map(|_| place.clone());
                    None
                }
                _ => None,
            };
            if let Some(slot) = slot {
                self.places.entry(slot).or_insert(place);
            }
        }
        if self.places.contains_key(&Slot::ExpiresIn) {
            self.places.extend(obtained.map(|place| (Slot::Obtained, place)));
        }
    }
}

/// The only key whose name is meant.
fn only<'a>(named: &[(&'a String, Name)], fits: impl Fn(&Name) -> bool) -> Option<&'a String> {
    let mut all = named.iter().filter(|(_, name)| fits(name) && !name.is_foreign());
    let first = all.next()?;
    all.next().is_none().then_some(first.0)
}

/// The key at a place.
fn last_key(place: &Place) -> Option<String> {
    match place {
        Place::Ini { key, .. } => Some(key.clone()),
        Place::Dotenv { name } => Some(name.clone()),
        Place::Path(steps) => match steps.last() {
            Some(Step::Key(key)) => Some(key.clone()),
            _ => None,
        },
    }
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
    let exact = |name: &str| keys.iter().find(|key| key.eq_ignore_ascii_case(name)).map(|key| Place::dotenv(key));
    let app = |prefix: &str, ends: [&str; 3]| ends.iter().find_map(|end| exact(&format!("{prefix}{end}")));
    let named: Vec<(&String, Name)> = keys.iter().filter_map(|key| Some((key, Name::of(key)?))).collect();
    let tokens = |name: &Name| matches!(name.role, Role::Access | Role::Refresh);
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
            ..Shape::default()
        };
        if alone && !foreign {
            shape.places.extend(access.map(|(place, _)| (Slot::AccessToken, place)));
            shape.places.extend(refresh.map(|(place, _)| (Slot::RefreshToken, place)));
        }
        if shape.has_token() {
            let beside: Vec<_> = named.iter().filter(|(_, name)| name.prefix == *prefix).cloned().collect();
            shape.add_ends(&beside, prefix, look);
        }
        shape
    };
    let mut shapes: Vec<Shape> = prefixes.iter().map(shape_of).collect();
    join_halves(&mut shapes);
    let (mut with, without): (Vec<_>, Vec<_>) = shapes.into_iter().partition(Shape::has_token);
    // Tokens under other names than this platform's are meant where no others are.
    let ours = |shape: &Shape| {
        let place = shape.refresh().or(shape.access()).and_then(last_key);
        place.and_then(|key| Name::of(&key)).is_some_and(|name| name.is_ours() || name.prefix.is_empty())
    };
    if with.iter().any(ours) {
        with.retain(ours);
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
    let is_bare = bare_shape.refresh().or(bare_shape.access()).and_then(last_key);
    if halves && is_bare.and_then(|key| Name::of(&key)).is_some_and(|name| name.prefix.is_empty()) {
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
    let shape_of = |section: &String| {
        let mut shape = Shape::gather(&document.keys(section), |key| {
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

/// What a server is given besides its arguments.
const GIVEN: [&str; 5] = ["env", "environment", "headers", "http_headers", "requestInit"];

/// How deep a login may stand in a token file, in steps.
const DEPTH: usize = 4;

/// Tokens of a table or of those inside it. An app named above them is theirs.
fn tokens(node: &Tree, path: &[Step], above: &Shape, found: &mut Vec<Shape>) {
    let keys: Vec<String> = node.entries().map(|(key, _)| key.to_owned()).collect();
    let mut shape = Shape::gather(&keys, |key| {
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
    // What a server's program is given is read as such, by `each_server`.
    let is_server = ["command", "args", "url", "serverUrl"].iter().any(|key| node.get(key).is_some())
        || matches!(path, [.., Step::Key(container), Step::Key(_)]
            if CONTAINERS.iter().any(|way| way.last() == Some(&container.as_str())));
    for (key, child) in node.entries() {
        if is_server && GIVEN.contains(&key) {
            continue;
        }
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
        from_headers(node, name, &path, &mut shape);
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
        let whole = |fits: &dyn Fn(usize, &str) -> bool| {
            let index = (0..words.len()).find(|&index| fits(index, words[index]) && !holds_reference(words[index]))?;
            Some(Place::Path([path, &[Step::Key(key.to_owned()), Step::Index(index)]].concat()))
        };
        let in_one = |_: usize, word: &str| word.starts_with("--user-access-token=") || ours && word.starts_with("-u=");
        // `docker -e NAME=value`, `mcp-remote --header Name:value`, and a command line in one word.
        let named = |index: usize, word: &str| {
            let flag = index.checked_sub(1).map_or("", |before| words[before]);
            let variable = ["-e", "--env"].contains(&flag)
                && word.split_once('=').is_some_and(|(name, value)| is_uat(name, ours) && !value.is_empty());
            let header = ["--header", "-H"].contains(&flag)
                && word.split_once(':').is_some_and(|(name, _)| is_header(name, ours));
            let line = ours
                && word.split_whitespace().nth(1).is_some()
                && word.split_whitespace().any(|part| part == "-u" || part.starts_with("--user-access-token"))
                && Frame::of(word).is_some();
            variable || header || line
        };
        let access = after(["--user-access-token", "-u"]).or_else(|| whole(&in_one)).or_else(|| whole(&named));
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

/// Headers, of servers that are asked over HTTP.
fn from_headers(server: &Tree, name: &str, path: &[Step], shape: &mut Shape) {
    let url = server.get("url").or_else(|| server.get("serverUrl")).and_then(Tree::text).unwrap_or_default();
    let ours = is_ours(name) || is_ours(url);
    for key in ["headers", "http_headers", "requestInit"] {
        let Some(headers) = server.get(key) else { continue };
        let found = headers.entries().find(|(header, node)| {
            is_header(header, ours)
                && node.text().is_some_and(|text| !holds_reference(text) && Frame::of(text).is_some())
        });
        if let Some((header, _)) = found
            && shape.access().is_none()
        {
            let steps = [path, &keys(&[key, header])].concat();
            shape.places.insert(Slot::AccessToken, Place::Path(steps));
        }
    }
}

/// Whether a header carries a user's token; `Authorization` does where the server is one of this platform.
fn is_header(name: &str, ours: bool) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name == "x-lark-mcp-uat" || ours && name == "authorization"
}

/// Whether a variable holds a user's token of this platform.
fn is_uat(name: &str, ours: bool) -> bool {
    Name::of(name).is_some_and(|name| {
        name.role == Role::Access && name.user && (name.is_ours() || ours && name.prefix.is_empty())
    })
}

/// Whether the token in a value is one that a program puts there.
fn holds_reference(text: &str) -> bool {
    let token = Frame::of(text).map_or(text, |frame| frame.token(text));
    is_reference(token)
}

/// Whether a word names this platform.
fn is_ours(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    word.contains("lark") || word.contains("feishu")
}

/// Whether a program puts something else in the place of this text (`${input:token}`, `{env:TOKEN}`, `$TOKEN`).
fn is_reference(text: &str) -> bool {
    Nature::of(text) == Nature::Reference
}

fn keys(keys: &[&str]) -> Vec<Step> {
    keys.iter().map(|key| Step::Key((*key).to_owned())).collect()
}

fn below(path: &[Step], step: Step) -> Place {
    Place::Path([path, &[step]].concat())
}
