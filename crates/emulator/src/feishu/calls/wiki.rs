//! Spaces and nodes (reference/feishu.md §12.1 steps 1 and 2, §12.2 step 4). Codes of reference/feishu.md §12.5.

use serde_json::{Value, json};

use crate::content::{Document, Move, Node, Space};
use crate::feishu::calls::authorized_call::{Call, good, text};
use crate::feishu::calls::docx::LONGEST_TITLE;
use crate::feishu::calls::paging::Page;
use crate::memory::State;
use crate::rules::MoveAnswer;
use crate::words::{Refusal, Reply};

/// The team spaces that the caller may see; the personal library is not among them.
pub(super) fn list_spaces(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let page = Page::read(call, "spaces", (20, 50), parameter)?;
    let content = &state.content;
    let spaces: Vec<Value> = content
        .spaces
        .values()
        .filter(|space| content.space(&space.id, call.who()).is_ok())
        .map(Space::describe)
        .filter(|space| space["space_type"] == "team")
        .collect();
    Ok(good(&page.of(spaces.into_iter())))
}

pub(super) fn library(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let fresh = state.randomness.digits(19);
    let id = state.content.library(call.who(), fresh);
    Ok(good(&json!({"space": state.content.space(&id, call.who())?.describe()})))
}

pub(super) fn get_space(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let space = state.content.space(call.parameter("space_id"), call.who())?;
    Ok(good(&json!({"space": space.describe()})))
}

/// No key makes this call repeatable: every call makes a node.
pub(super) fn create_node(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body().ok_or_else(|| parameter("body"))?;
    match text(&body, "obj_type") {
        Some("docx") => {}
        Some("doc") => return Err(Refusal::new(131_010)),
        _ => return Err(parameter("obj_type: the sandbox has docx only")),
    }
    if text(&body, "node_type") != Some("origin") {
        return Err(parameter("node_type: the sandbox has origin only"));
    }
    let title = text(&body, "title").unwrap_or_default();
    if title.chars().count() > LONGEST_TITLE {
        return Err(parameter("title"));
    }
    let node = hang(state, call, None, title, text(&body, "parent_node_token"))?;
    Ok(good(&json!({"node": describe(state, call, &node)})))
}

pub(super) fn list_nodes(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let space = state.content.space(call.parameter("space_id"), call.who())?;
    let parent = call.query("parent_node_token").unwrap_or_default();
    let page = Page::read(call, &format!("nodes {} {parent}", space.id), (20, 50), parameter)?;
    let tokens = if parent.is_empty() {
        &space.roots
    } else {
        let node = state.content.node(parent, call.who())?;
        if node.space != space.id {
            return Err(Refusal::new(131_005).because("the parent is in another space"));
        }
        &node.children
    };
    let nodes: Vec<&Node> = tokens.iter().filter_map(|token| state.content.nodes.get(token)).collect();
    Ok(good(&page.of(nodes.into_iter().map(|node| describe(state, call, node)))))
}

/// By node token, or by document id with `obj_type=docx`.
pub(super) fn get_node(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let token = call.query("token").ok_or_else(|| parameter("token"))?;
    let token = match call.query("obj_type").unwrap_or("wiki") {
        "wiki" => token.to_owned(),
        "docx" => {
            let node = state.content.nodes.values().find(|node| node.document == token);
            node.ok_or_else(|| Refusal::new(131_005).because("document is not in wiki"))?.token.clone()
        }
        _ => return Err(parameter("obj_type")),
    };
    let node = state.content.node(&token, call.who())?;
    Ok(good(&json!({"node": describe(state, call, node)})))
}

pub(super) fn update_title(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body().ok_or_else(|| parameter("body"))?;
    let title = body.get("title").and_then(Value::as_str).filter(|title| title.chars().count() <= LONGEST_TITLE);
    let title = title.ok_or_else(|| parameter("title"))?;
    let node = state.content.node(call.parameter("node_token"), call.who())?;
    if node.space != call.parameter("space_id") {
        return Err(Refusal::new(131_005));
    }
    let document = node.document.clone();
    if let Some(document) = state.content.documents.get_mut(&document) {
        document.set_title(title);
    }
    Ok(good(&json!({})))
}

/// Takes a document of the caller's own into a space; at once, or by a task, or on application, as the rules say.
pub(super) fn move_document(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    let body = call.body().ok_or_else(|| parameter("body"))?;
    if text(&body, "obj_type") != Some("docx") {
        return Err(parameter("obj_type: the sandbox has docx only"));
    }
    let document = text(&body, "obj_token").ok_or_else(|| parameter("obj_token"))?;
    let found = state.content.documents.get(document).filter(|found| found.owner.brand == call.who().brand);
    let found = found.ok_or_else(|| Refusal::new(131_005).because("document not found"))?;
    if found.owner != *call.who() {
        return Err(Refusal::new(131_006).because("no permission for this document"));
    }
    if state.content.nodes.values().any(|node| node.document == document) {
        return Err(parameter("obj_token: the document is in the wiki already"));
    }
    if state.rules.move_answer == MoveAnswer::Applied {
        state.content.space(call.parameter("space_id"), call.who())?;
        return Ok(good(&json!({"applied": true})));
    }
    let node = hang(state, call, Some(document), "", text(&body, "parent_wiki_token"))?;
    if state.rules.move_answer == MoveAnswer::Token {
        return Ok(good(&json!({"wiki_token": node.token})));
    }
    let task = format!("{}-{}", state.randomness.digits(19), state.randomness.hex(32));
    state.content.moves.insert(task.clone(), Move { owner: call.who().clone(), node: node.token, asked: 0 });
    Ok(good(&json!({"task_id": task})))
}

/// A move is under way for as many looks as the rules say.
pub(super) fn task(state: &mut State, call: &Call<'_>) -> Result<Reply, Refusal> {
    if call.query("task_type") != Some("move") {
        return Err(parameter("task_type"));
    }
    let polls = state.rules.task_polls;
    let id = call.parameter("task_id").to_owned();
    let found = state.content.moves.get_mut(&id).filter(|found| found.owner == *call.who());
    let found = found.ok_or_else(|| Refusal::new(131_005).because("task not found"))?;
    found.asked = found.asked.saturating_add(1);
    let (asked, node) = (found.asked, found.node.clone());
    let result = match state.content.nodes.get(&node) {
        Some(node) if asked > polls => {
            json!({"node": describe(state, call, node), "status": 0, "status_msg": "success"})
        }
        _ => json!({"status": 1, "status_msg": "processing"}),
    };
    Ok(good(&json!({"task": {"task_id": id, "move_result": [result]}})))
}

/// A new node with a document that is there, or with a new one.
fn hang(
    state: &mut State,
    call: &Call<'_>,
    document: Option<&str>,
    title: &str,
    parent: Option<&str>,
) -> Result<Node, Refusal> {
    let space = state.content.space(call.parameter("space_id"), call.who())?.id.clone();
    let depth = match parent {
        None => 1,
        Some(parent) => {
            let parent = state.content.node(parent, call.who())?;
            if parent.space != space {
                return Err(Refusal::new(131_005).because("the parent is in another space"));
            }
            parent.depth + 1
        }
    };
    let fresh = document.is_none();
    let document = document.map_or_else(|| state.randomness.alphanumeric(27), str::to_owned);
    let node = Node {
        token: state.randomness.alphanumeric(27),
        space,
        document: document.clone(),
        parent: parent.unwrap_or_default().to_owned(),
        children: Vec::new(),
        creator: call.who().id.clone(),
        created_at: state.clock.now(),
        depth,
    };
    state.content.hang(node.clone(), &state.rules.content_limits)?;
    if fresh {
        let new = Document::new(document.clone(), call.who().clone(), title);
        let new = new.ok_or_else(|| Refusal::new(131_007))?;
        state.content.homes.insert(document.clone(), document.clone());
        state.content.documents.insert(document, new);
    }
    Ok(node)
}

/// Users are shown by the id they have for this app, apps by their own.
fn describe(state: &State, call: &Call<'_>, node: &Node) -> Value {
    let creator = state.user(&node.creator).map(|user| user.open_id(&call.caller.app.id));
    let mut shown = state.content.describe(node, &creator.unwrap_or_else(|| node.creator.clone()));
    if state.rules.node_url {
        shown["url"] = json!(format!("https://sandbox.invalid/wiki/{}", node.token));
    }
    shown
}

fn parameter(what: &str) -> Refusal {
    Refusal::new(131_002).because(format!("param err: {what}"))
}
