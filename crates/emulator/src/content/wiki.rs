//! Wiki spaces and the nodes in them (reference/feishu.md §12.1): who may see what, and where the limits are.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::content::document::Document;
use crate::content::principal::Principal;
use crate::content::uploads::{Import, Media};
use crate::rules::ContentLimits;
use crate::words::{Brand, Moment, Refusal};

/// All content there is.
#[derive(Default)]
pub(crate) struct Content {
    pub(crate) spaces: BTreeMap<String, Space>,
    pub(crate) nodes: HashMap<String, Node>,
    pub(crate) documents: BTreeMap<String, Document>,
    /// Which document a block is in.
    pub(crate) homes: HashMap<String, String>,
    /// Blocks that were there and are deleted.
    pub(crate) gone: HashSet<String>,
    pub(crate) medias: BTreeMap<String, Media>,
    /// Content of files that wait for their import, by file token.
    pub(crate) sources: HashMap<String, Vec<u8>>,
    pub(crate) imports: HashMap<String, Import>,
    pub(crate) moves: HashMap<String, Move>,
}

/// A wiki space.
pub(crate) struct Space {
    pub(crate) id: String,
    pub(crate) brand: Brand,
    pub(crate) name: String,
    pub(crate) kind: SpaceKind,
    /// Users and apps that may read and write; everybody of the brand when there is no list.
    pub(crate) members: Option<BTreeSet<String>>,
    /// First-level nodes.
    pub(crate) roots: Vec<String>,
    pub(crate) size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SpaceKind {
    Library,
    Team,
}

/// A node.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) token: String,
    pub(crate) space: String,
    pub(crate) document: String,
    /// Empty for first-level nodes.
    pub(crate) parent: String,
    pub(crate) children: Vec<String>,
    pub(crate) creator: String,
    pub(crate) created_at: Moment,
    pub(crate) depth: usize,
}

/// A document on its way into a space.
pub(crate) struct Move {
    pub(crate) owner: Principal,
    pub(crate) node: String,
    pub(crate) asked: u32,
}

/// A team space to set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceSpec {
    /// The brand it belongs to.
    pub brand: Brand,
    /// What it is called.
    pub name: String,
    /// Ids of the users and apps that may read and write in it; everybody of the brand when left out. Others get 131006.
    #[serde(default)]
    pub members: Option<BTreeSet<String>>,
}

impl SpaceSpec {
    /// A space for everybody of the brand.
    pub fn new(brand: Brand, name: &str) -> Self {
        Self { brand, name: name.to_owned(), members: None }
    }

    /// A space for these users and apps only.
    #[must_use]
    pub fn members(mut self, members: &[&str]) -> Self {
        self.members = Some(members.iter().map(|member| (*member).to_owned()).collect());
        self
    }
}

/// A space for tests, with all its nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SpaceTree {
    /// The id.
    pub space_id: String,
    /// The brand.
    pub brand: Brand,
    /// The name; that of a personal library is its user's id.
    pub name: String,
    /// Whether it is a user's personal library.
    pub personal: bool,
    /// First-level nodes.
    pub nodes: Vec<NodeTree>,
}

/// A node for tests, with all below it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeTree {
    /// The token in the page's address.
    pub node_token: String,
    /// The document.
    pub document_id: String,
    /// The title.
    pub title: String,
    /// The nodes below it.
    pub children: Vec<NodeTree>,
}

impl Content {
    /// One open team space a brand, so that a client has somewhere to go.
    pub(crate) fn with_default_spaces() -> Self {
        let mut content = Self::default();
        for (brand, id) in [(Brand::Feishu, "7000000000000000001"), (Brand::Lark, "7000000000000000002")] {
            content.add_space(id.to_owned(), SpaceSpec::new(brand, "Sandbox"), SpaceKind::Team);
        }
        content
    }

    pub(crate) fn add_space(&mut self, id: String, spec: SpaceSpec, kind: SpaceKind) {
        let SpaceSpec { brand, name, members } = spec;
        let space = Space { id: id.clone(), brand, name, kind, members, roots: Vec::new(), size: 0 };
        self.spaces.insert(id, space);
    }

    /// A user's personal library, opened by the first look at it.
    pub(crate) fn library(&mut self, user: &Principal, fresh: String) -> String {
        let found = self
            .spaces
            .values()
            .find(|space| space.kind == SpaceKind::Library && space.brand == user.brand && space.name == user.id);
        if let Some(space) = found {
            return space.id.clone();
        }
        let spec = SpaceSpec::new(user.brand, &user.id).members(&[&user.id]);
        self.add_space(fresh.clone(), spec, SpaceKind::Library);
        fresh
    }

    /// A space the caller may work in: 131005 when there is none, 131006 when it is not theirs.
    pub(crate) fn space(&self, id: &str, who: &Principal) -> Result<&Space, Refusal> {
        let space = self.spaces.get(id).filter(|space| space.brand == who.brand);
        let space = space.ok_or_else(|| Refusal::new(131_005).because("space not found"))?;
        if space.admits(who) { Ok(space) } else { Err(Refusal::new(131_006).because("no permission for this space")) }
    }

    /// A node the caller may read.
    pub(crate) fn node(&self, token: &str, who: &Principal) -> Result<&Node, Refusal> {
        let node = self.nodes.get(token).ok_or_else(|| Refusal::new(131_005).because("node not found"))?;
        self.space(&node.space, who)?;
        Ok(node)
    }

    /// Whether the caller may read and write a document: it is theirs, or it is in a space of theirs.
    pub(crate) fn may_edit(&self, document: &Document, who: &Principal) -> bool {
        let node = self.nodes.values().find(|node| node.document == document.id);
        match node.and_then(|node| self.spaces.get(&node.space)) {
            Some(space) => space.admits(who),
            None => document.owner == *who,
        }
    }

    /// A document the caller may read and write: 1770002 when there is none, 1770032 when it is not theirs.
    pub(crate) fn document(&self, id: &str, who: &Principal) -> Result<&Document, Refusal> {
        let document = self.documents.get(id).filter(|document| document.owner.brand == who.brand);
        let document = document.ok_or_else(|| Refusal::new(1_770_002))?;
        if self.may_edit(document, who) { Ok(document) } else { Err(Refusal::new(1_770_032)) }
    }

    /// Hangs a document into a space; the limits of reference/feishu.md §12.5.
    pub(crate) fn hang(&mut self, node: Node, limits: &ContentLimits) -> Result<(), Refusal> {
        let too_much = |what: &str| Refusal::new(131_003).because(what);
        let siblings = if node.parent.is_empty() {
            self.spaces.get(&node.space).map(|space| space.roots.len())
        } else {
            self.nodes.get(&node.parent).map(|parent| parent.children.len())
        };
        if siblings.unwrap_or(0) >= limits.wiki_siblings {
            return Err(too_much("too many nodes below one parent"));
        }
        if node.depth > limits.wiki_depth {
            return Err(too_much("the tree is too deep"));
        }
        let Some(space) = self.spaces.get_mut(&node.space) else {
            return Err(Refusal::new(131_005));
        };
        if space.size >= limits.wiki_nodes {
            return Err(too_much("too many nodes in the space"));
        }
        space.size += 1;
        match self.nodes.get_mut(&node.parent) {
            Some(parent) => parent.children.push(node.token.clone()),
            None => space.roots.push(node.token.clone()),
        }
        self.nodes.insert(node.token.clone(), node);
        Ok(())
    }

    /// The node as the platform shows it.
    pub(crate) fn describe(&self, node: &Node, owner: &str) -> Value {
        let title = self.documents.get(&node.document).map(Document::title).unwrap_or_default();
        let created = (node.created_at.milliseconds() / 1000).to_string();
        json!({
            "space_id": node.space, "node_token": node.token, "obj_token": node.document, "obj_type": "docx",
            "parent_node_token": node.parent, "node_type": "origin", "origin_node_token": node.token,
            "origin_space_id": node.space, "has_child": !node.children.is_empty(), "title": title,
            "obj_create_time": created, "obj_edit_time": created, "node_create_time": created,
            "creator": owner, "owner": owner, "node_creator": owner,
        })
    }

    /// Every space for tests.
    pub(crate) fn trees(&self) -> Vec<SpaceTree> {
        let tree = |space: &Space| SpaceTree {
            space_id: space.id.clone(),
            brand: space.brand,
            name: space.name.clone(),
            personal: space.kind == SpaceKind::Library,
            nodes: self.node_trees(&space.roots),
        };
        self.spaces.values().map(tree).collect()
    }

    fn node_trees(&self, tokens: &[String]) -> Vec<NodeTree> {
        let tree = |node: &Node| NodeTree {
            node_token: node.token.clone(),
            document_id: node.document.clone(),
            title: self.documents.get(&node.document).map(Document::title).unwrap_or_default(),
            children: self.node_trees(&node.children),
        };
        tokens.iter().filter_map(|token| self.nodes.get(token)).map(tree).collect()
    }
}

impl Space {
    fn admits(&self, who: &Principal) -> bool {
        self.brand == who.brand && self.members.as_ref().is_none_or(|members| members.contains(&who.id))
    }

    /// The space as the platform shows it.
    pub(crate) fn describe(&self) -> Value {
        let (kind, visibility, name) = match self.kind {
            SpaceKind::Library => ("my_library", "private", "My Document Library"),
            SpaceKind::Team => ("team", "private", self.name.as_str()),
        };
        json!({"space_id": self.id, "name": name, "description": "", "space_type": kind, "visibility": visibility,
               "open_sharing": "closed"})
    }
}
