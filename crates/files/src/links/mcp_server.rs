//! MCP servers in the settings of programs that start or ask them: what is a server, and where is its token?
//!
//! Enters: a node of a document. Leaves: a shape made of places, if the node is a server that is given a token. Sources: see `shape`.

use tokenward_core::{PathStep, Place, Slot};

use super::document::Document;
use super::key_names::{Name, Role};
use super::login_shape::Shape;
use super::nested_path::Way;
use super::token_or_placeholder::Nature;
use super::tree::Tree;
use super::value_frame::Frame;

/// The settings of one server.
#[derive(Clone)]
pub(super) struct Server<'a> {
    name: String,
    node: &'a Tree,
    way: Way,
    /// Whether a person names it: then it is one of this platform, whatever its name and address say.
    is_meant: bool,
}

impl<'a> Server<'a> {
    /// What a server is given besides its arguments.
    pub(super) const GIVEN: [&'static str; 5] = ["env", "environment", "headers", "http_headers", "requestInit"];

    /// The server that a node describes: one in a table of servers, or one that says what is to be started or asked.
    pub(super) fn at(node: &'a Tree, way: &Way) -> Option<Self> {
        node.entries().next()?;
        let says = ["command", "args"].iter().chain(&URLS).any(|key| node.get(key).is_some());
        let name = match way.path.as_slice() {
            [.., PathStep::Key(table), PathStep::Key(name)] if says || TABLES.contains(&table.as_str()) => name.clone(),
            [.., PathStep::Key(name)] if says => name.clone(),
            _ if says => String::new(),
            _ => return None,
        };
        // Older settings of Zed keep the program's settings in `command`.
        let inner = node.get("command").filter(|command| command.entries().next().is_some());
        let way = if inner.is_some() { way.key("command") } else { way.clone() };
        Some(Self { name, node: inner.unwrap_or(node), way, is_meant: false })
    }

    /// The word by which its platform is told: its name, or one of this platform.
    fn told(&self) -> &str {
        if self.is_meant { "feishu" } else { &self.name }
    }

    /// Whether `tokenward proxy` or `tokenward exec` starts it, and so gives it its token.
    fn is_given_by_tokenward(&self) -> bool {
        let mut words: Vec<&str> = Vec::new();
        for node in ["command", "args"].into_iter().filter_map(|key| self.node.get(key)) {
            words.extend(node.text());
            words.extend(node.elements().iter().filter_map(Tree::text));
        }
        let is_ours = |word: &str| word.rsplit('/').next() == Some("tokenward");
        let own = words.iter().position(|word| is_ours(word));
        own.is_some_and(|at| words[at..].iter().any(|word| ["proxy", "exec"].contains(word)))
    }

    /// Where it could be given a token, if it is one of this platform and is given none.
    fn unfilled(&self) -> Option<Place> {
        let Self { node, way, .. } = self;
        let name = self.told();
        let shape = self.shape();
        if self.is_given_by_tokenward() {
            return None;
        }
        let words = ["args", "command"].into_iter().filter_map(|key| node.get(key)).flat_map(Tree::elements);
        let url = URLS.iter().find_map(|key| node.get(key)).and_then(Tree::text);
        let ours = words.filter_map(Tree::text).chain(url).chain([name]).any(is_ours);
        if shape.access().is_some() || !ours && shape.app_id.is_none() {
            return None;
        }
        let first = |keys: [&'static str; 2]| keys.into_iter().find(|key| node.get(key).is_some()).unwrap_or(keys[0]);
        if let Some((place, _)) = self.unusable_argument() {
            return Some(place);
        }
        Some(if url.is_some() && node.get("command").is_none() {
            way.key(first(["headers", "http_headers"])).key("Authorization").place()
        } else {
            let prefix = shape.app_id.as_ref().and_then(Place::key).and_then(|key| key.strip_suffix("APP_ID"));
            let name = format!("{}USER_ACCESS_TOKEN", prefix.unwrap_or_default());
            way.key(first(["env", "environment"])).key(&name).place()
        })
    }

    /// Where its token stands.
    pub(super) fn shape(&self) -> Shape {
        let Self { name, node, way, .. } = self;
        let mut shape = Shape { server: Some(name.clone()).filter(|name| !name.is_empty()), ..Shape::default() };
        let name = self.told();
        from_arguments(node, name, way, &mut shape);
        let by_argument = shape.access().is_some() || self.unusable_argument().is_some();
        from_variables(node, name, way, by_argument, &mut shape);
        from_headers(node, name, way, &mut shape);
        shape
    }

    /// The argument that is to give it its token and does not: one that another program fills in (which is told), or a flag without a value.
    /// An argument goes before a variable, so a token in `env` would not be used.
    fn unusable_argument(&self) -> Option<(Place, bool)> {
        let Self { node, way, .. } = self;
        let name = self.told();
        ["args", "command"].into_iter().find_map(|key| {
            let words: Vec<_> = node.get(key)?.elements().iter().map(|word| word.text().unwrap_or_default()).collect();
            let ours = words.iter().copied().chain([name]).any(is_ours);
            words.iter().enumerate().find_map(|(index, word)| {
                let (flag, value) = word.split_once('=').map_or((*word, None), |(flag, value)| (flag, Some(value)));
                if !(flag == "--user-access-token" || ours && flag == "-u") {
                    return None;
                }
                let step = match value {
                    Some(_) => PathStep::Index(index),
                    None => PathStep::After(flag.to_owned()),
                };
                let place = || way.key(key).down([step]).place();
                match value.or_else(|| words.get(index + 1).copied()) {
                    Some(value) if is_reference(value) => Some((place(), true)),
                    Some(next) if value.is_some() || !next.starts_with('-') => None,
                    _ => Some((place(), false)),
                }
            })
        })
    }
}

/// Where the servers take their token from an argument that another program fills in, in a document's order.
pub(super) fn references(root: &Tree) -> Vec<Place> {
    let found = servers(root).into_iter().filter_map(|server| server.unusable_argument());
    found.filter(|(_, is_reference)| *is_reference).map(|(place, _)| place).collect()
}

/// Where the servers of this platform that are given no token could be given one.
pub(super) fn unfilled(root: &Tree) -> Vec<Place> {
    servers(root).iter().filter_map(Server::unfilled).collect()
}

/// The names of the servers of a document, in its order.
pub(super) fn names(root: &Tree) -> Vec<String> {
    servers(root).into_iter().map(|server| server.name).collect()
}

/// The names of those that get their token from Tokenward when they are started.
pub(super) fn given_by_tokenward(root: &Tree) -> Vec<String> {
    servers(root).into_iter().filter(Server::is_given_by_tokenward).map(|server| server.name).collect()
}

/// What is found of a server that a person names, and where it could be given a token, if it is given none.
pub(super) fn named(root: &Tree, name: &str) -> Option<(Shape, Option<Place>)> {
    let server = servers(root).into_iter().find(|server| server.name == name)?;
    let server = Server { is_meant: true, ..server };
    Some((server.shape(), server.unfilled()))
}

/// The server in whose settings a place is.
pub(super) fn of_place(root: &Tree, place: &Place) -> Option<String> {
    let Place::Path(path) = place.outermost() else { return None };
    let mut all = servers(root).into_iter();
    let found = all.find(|server| {
        let way = &server.way.path;
        // What an older Zed keeps in `command` is within the server's settings too.
        let own = match way.as_slice() {
            [own @ .., PathStep::Key(key)] if key == "command" && !own.is_empty() => own,
            own => own,
        };
        path.starts_with(own)
    });
    found.map(|server| server.name)
}

/// The servers of a document, in its order.
fn servers(root: &Tree) -> Vec<Server<'_>> {
    fn walk<'a>(node: &'a Tree, way: &Way, found: &mut Vec<Server<'a>>) {
        node.entries().for_each(|(key, child)| {
            let way = way.key(key);
            let server = Server::at(child, &way).filter(|server| !server.name.is_empty());
            match server {
                Some(server) => found.push(server),
                None if way.path.len() < DEPTH => walk(child, &way, found),
                None => {}
            }
        });
    }
    let mut found = Vec::new();
    walk(root, &Way { text: None, path: Vec::new() }, &mut found);
    found
}

/// Whether a place is in the settings of a server of this platform, by its name or by where it is asked.
pub(super) fn is_of_this_platform(document: &Document, place: &Place) -> bool {
    let Place::Path(path) = place else { return false };
    let is_named = |step: &PathStep| matches!(step, PathStep::Key(key) if is_ours(key));
    let is_asked = |above: &[PathStep]| {
        URLS.iter().any(|key| {
            let url = Place::Path(above.iter().cloned().chain([PathStep::Key((*key).to_owned())]).collect());
            document.get(&url).ok().flatten().is_some_and(|url| is_ours(&url))
        })
    };
    path.iter().any(is_named) || (0..path.len()).any(|depth| is_asked(&path[..depth]))
}

/// How deep servers stand in the settings of a program, in steps.
const DEPTH: usize = 4;

/// Where a server is asked.
const URLS: [&str; 3] = ["url", "serverUrl", "httpUrl"];

/// Tables in which programs keep the servers they start.
const TABLES: [&str; 6] = ["mcpServers", "servers", "context_servers", "mcp_servers", "mcp", "amp.mcpServers"];

/// Arguments, which go before variables in `lark-mcp`. Other programs give `-u` other meanings (Python's unbuffered
/// output), so the short flags count where the server is one of this platform.
fn from_arguments(server: &Tree, name: &str, way: &Way, shape: &mut Shape) {
    for key in ["args", "command"] {
        let Some(list) = server.get(key) else { continue };
        let words: Vec<_> = list.elements().iter().map(|element| element.text().unwrap_or_default()).collect();
        let ours = words.iter().copied().chain([name]).any(is_ours);
        let after = |flags: [&str; 2]| {
            flags.into_iter().filter(|flag| ours || flag.starts_with("--")).find_map(|flag| {
                let mut pairs = words.windows(2);
                let value = pairs.find(|pair| pair[0] == flag)?[1];
                let place = way.key(key).down([PathStep::After(flag.to_owned())]).place();
                (!value.starts_with('-') && !is_reference(value)).then_some(place)
            })
        };
        let whole = |fits: &dyn Fn(usize, &str) -> bool| {
            let index = (0..words.len()).find(|&index| fits(index, words[index]) && !holds_reference(words[index]))?;
            Some(way.key(key).down([PathStep::Index(index)]).place())
        };
        let in_one = |_: usize, word: &str| word.starts_with("--user-access-token=") || ours && word.starts_with("-u=");
        // `docker -e NAME=value`, `mcp-remote --header Name:value`, and a command line in one word.
        let named = |index: usize, word: &str| {
            let before = index.checked_sub(1).map_or("", |before| words[before]);
            // `--env=NAME=value` is the same in one word.
            let (flag, word) = word.split_once('=').filter(|(flag, _)| flag.starts_with('-')).unwrap_or((before, word));
            // Docker takes `-eNAME=value` too.
            let glued = words[index].strip_prefix("-e").filter(|rest| !rest.starts_with(['=', '-']));
            let assigned = if ["-e", "--env"].contains(&flag) { Some(word) } else { glued };
            let variable = assigned.and_then(|word| word.split_once('=')).is_some_and(|(name, _)| is_uat(name, ours));
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

fn from_variables(server: &Tree, name: &str, way: &Way, by_argument: bool, shape: &mut Shape) {
    let words = ["args", "command"].into_iter().filter_map(|key| server.get(key)).flat_map(Tree::elements);
    let ours = words.filter_map(Tree::text).chain([name]).any(is_ours);
    for key in ["env", "environment"] {
        let Some(variables) = server.get(key) else { continue };
        let way = way.key(key);
        let find = |end: &str| {
            let fits = |name: &str| {
                let name = name.to_ascii_uppercase();
                name.strip_suffix(end).is_some_and(|start| start.is_empty() || is_ours(start))
            };
            let literal = |node: &Tree| node.text().is_some_and(|text| !is_reference(text));
            let mut all = variables.entries();
            all.find(|(name, node)| fits(name) && literal(node)).map(|(name, _)| way.key(name).place())
        };
        // A whole header, which an argument refers to.
        let header = || {
            let is_header = |text: &str| text.trim_start().to_ascii_lowercase().starts_with("bearer ");
            let literal = |node: &Tree| node.text().is_some_and(|text| is_header(text) && !holds_reference(text));
            let mut all = variables.entries().filter(|(_, node)| ours && literal(node));
            all.next().map(|(name, _)| way.key(name).place())
        };
        // The names that this command's own pages use. The app's and a tenant's tokens begin otherwise than a user's.
        let short = || {
            let is_users =
                |text: &str| !is_reference(text) && !["a-", "t-"].iter().any(|start| text.starts_with(start));
            let mut all = variables.entries();
            let found = all.find(|(name, node)| is_short_name(name) && node.text().is_some_and(is_users));
            found.map(|(name, _)| way.key(name).place())
        };
        let access = || find("USER_ACCESS_TOKEN").or_else(short).or_else(header);
        let access = if by_argument || shape.access().is_some() { None } else { access() };
        shape.places.extend(access.map(|place| (Slot::AccessToken, place)));
        let refresh = find("USER_REFRESH_TOKEN").or_else(|| find("REFRESH_TOKEN"));
        shape.places.extend(refresh.map(|place| (Slot::RefreshToken, place)));
        shape.app_id = shape.app_id.take().or_else(|| find("APP_ID"));
        shape.app_secret = shape.app_secret.take().or_else(|| find("APP_SECRET"));
    }
}

/// Headers, of servers that are asked over HTTP.
fn from_headers(server: &Tree, name: &str, way: &Way, shape: &mut Shape) {
    let url = URLS.iter().find_map(|key| server.get(key)).and_then(Tree::text).unwrap_or_default();
    let ours = is_ours(name) || is_ours(url);
    for key in ["headers", "http_headers", "requestInit"] {
        let Some(mut headers) = server.get(key) else { continue };
        let mut way = way.key(key);
        if key == "requestInit"
            && let Some(inner) = headers.get("headers")
        {
            (headers, way) = (inner, way.key("headers"));
        }
        let found = headers.entries().find(|(header, node)| {
            is_header(header, ours)
                && node
                    .text()
                    .is_some_and(|text| !holds_reference(text) && Frame::at(&way.key(header).place(), text).is_some())
        });
        if let Some((header, _)) = found
            && shape.access().is_none()
        {
            shape.places.insert(Slot::AccessToken, way.key(header).place());
        }
    }
}

/// Whether a header carries a user's token; `Authorization` does where the server is one of this platform.
fn is_header(name: &str, ours: bool) -> bool {
    let name = name.trim().to_ascii_lowercase();
    name == "x-lark-mcp-uat" || ours && name == "authorization"
}

/// Whether a variable holds a user's token of this platform: by its words, or since it is the one that `lark-mcp` reads.
fn is_uat(name: &str, ours: bool) -> bool {
    name == "USER_ACCESS_TOKEN"
        || Name::of(name).is_some_and(|name| {
            name.role == Role::Access && name.user && (name.is_ours() || ours && name.prefix.is_empty())
        })
}

/// Whether a variable's name is one by which this platform's tokens are told without a word of the user.
pub(super) fn is_short_name(name: &str) -> bool {
    ["FEISHU_TOKEN", "LARK_TOKEN", "FEISHU_ACCESS_TOKEN", "LARK_ACCESS_TOKEN"].contains(&name)
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
