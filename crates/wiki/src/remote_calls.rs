//! The provider's calls that a page needs (reference/feishu.md §12).
//!
//! Enters: facts. Leaves: facts, or why not. Every call knows whether it may be sent again: reading, converting,
//! uploading, placing pictures (the same token into the same block) and inserting (it carries a `client_token`) may, so
//! passing trouble and lost answers are waited out here. Making a page may not, and is tried once.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use jiff::fmt::rfc2822;
use serde_json::{Value, json};
use tokenward::{ApiError, Call, CallAnswer, CallTrouble, Caller, Part};

use crate::rate_limit::{Lane, Pacer, Timer};
use crate::{Error, image_sources};

/// The provider, as a page sees it.
pub(crate) struct Remote<'a> {
    caller: &'a dyn Caller,
    timer: &'a dyn Timer,
    pacer: Pacer,
    /// The provider's time at its last answer, in seconds.
    date: Mutex<Option<i64>>,
}

/// A node of the wiki.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WikiNode {
    pub(crate) space_id: String,
    pub(crate) node_token: String,
    pub(crate) document_id: String,
    pub(crate) title: String,
    /// In seconds; zero where it is not told.
    pub(crate) made: i64,
}

impl<'a> Remote<'a> {
    pub(crate) fn new(caller: &'a dyn Caller, timer: &'a dyn Timer) -> Self {
        Self { caller, timer, pacer: Pacer::default(), date: Mutex::default() }
    }

    /// The provider's time at its last answer.
    pub(crate) fn date(&self) -> Option<i64> {
        *self.date.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(crate) async fn pause(&self, pause: Duration) {
        self.timer.sleep(pause).await;
    }

    /// The space of the person's own library.
    pub(crate) async fn personal_space(&self) -> Result<String, Error> {
        const NAME: &str = "spaces/my_library";
        let data = self.patiently(Lane::Wiki, Call::get("/open-apis/wiki/v2/spaces/my_library"), NAME).await?;
        // The page shows the space below `space`; older answers had it at the top.
        let id = text(&data, "/space/space_id").or_else(|| text(&data, "/space_id"));
        id.ok_or_else(|| odd(NAME, "no space_id"))
    }

    /// A node by its token, or by the document behind it.
    pub(crate) async fn node(&self, token: &str, is_document: bool) -> Result<WikiNode, Error> {
        const NAME: &str = "get_node";
        let mut call = Call::get("/open-apis/wiki/v2/spaces/get_node").query("token", token);
        if is_document {
            call = call.query("obj_type", "docx");
        }
        let data = self.patiently(Lane::Wiki, call, NAME).await?;
        data.get("node").and_then(found).ok_or_else(|| odd(NAME, "no node"))
    }

    /// The documents right below a node, or at the first level of the space.
    pub(crate) async fn documents_below(&self, space: &str, parent: Option<&str>) -> Result<Vec<WikiNode>, Error> {
        const NAME: &str = "nodes";
        let (mut nodes, mut page, mut seen) = (Vec::new(), None::<String>, HashSet::new());
        // A node has at most 2,000 children (reference/feishu.md §12.5), on pages as long as the provider likes.
        for _ in 0..MOST_PAGES {
            let mut call = Call::get(format!("/open-apis/wiki/v2/spaces/{space}/nodes")).query("page_size", "50");
            if let Some(parent) = parent {
                call = call.query("parent_node_token", parent);
            }
            if let Some(page) = &page {
                call = call.query("page_token", page);
            }
            let data = self.patiently(Lane::Wiki, call, NAME).await?;
            let items = data.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            nodes.extend(items.iter().filter(|item| item["obj_type"] == "docx").filter_map(found));
            if data["has_more"] != true {
                return Ok(nodes);
            }
            // A list without its end must not be taken for one without our page: a second one would be made.
            let next = text(&data, "/page_token").ok_or_else(|| odd(NAME, "more, and no page_token"))?;
            if !seen.insert(next.clone()) {
                return Err(odd(NAME, "the same page_token again"));
            }
            page = Some(next);
        }
        Err(odd(NAME, "no end"))
    }

    /// Makes an empty page. Has no idempotency key, so it is sent once (reference/feishu.md §12.1, 2).
    pub(crate) async fn make_page(&self, space: &str, parent: Option<&str>, title: &str) -> Result<WikiNode, Error> {
        const NAME: &str = "create node";
        let mut body = json!({ "obj_type": "docx", "node_type": "origin", "title": title });
        if let Some(parent) = parent {
            body["parent_node_token"] = Value::from(parent);
        }
        self.pacer.turn(Lane::Wiki, self.timer).await;
        let call = Call::post(format!("/open-apis/wiki/v2/spaces/{space}/nodes")).json(body);
        let data = self.once(call, NAME).await?;
        data.get("node").and_then(found).ok_or_else(|| odd(NAME, "no node"))
    }

    /// Converts Markdown into blocks; changes nothing.
    pub(crate) async fn convert(&self, markdown: &str) -> Result<Value, Error> {
        let body = json!({ "content_type": "markdown", "content": markdown });
        let call = Call::post("/open-apis/docx/v1/documents/blocks/convert").json(body).repeatable();
        self.patiently(Lane::Write, call, "convert").await
    }

    /// Inserts blocks; gives back the real ids by the temporary ones, and the document's new revision.
    pub(crate) async fn insert(
        &self,
        document: &str,
        parent: &str,
        index: usize,
        children: &[String],
        descendants: Vec<Value>,
        client_token: &str,
    ) -> Result<(Vec<(String, String)>, Option<i64>), Error> {
        let body = json!({ "children_id": children, "index": index, "descendants": descendants });
        let call = Call::post(format!("/open-apis/docx/v1/documents/{document}/blocks/{parent}/descendant"))
            .query("document_revision_id", "-1")
            .query("client_token", client_token)
            .json(body)
            .repeatable();
        let data = self.patiently(Lane::Write, call, "insert blocks").await?;
        let relations = data.get("block_id_relations").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let pair = |relation: &Value| Some((text(relation, "/temporary_block_id")?, text(relation, "/block_id")?));
        Ok((relations.iter().filter_map(pair).collect(), revision(&data)))
    }

    /// Uploads a picture for a block; gives back its token.
    pub(crate) async fn upload_picture(
        &self,
        document: &str,
        block: &str,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<String, Error> {
        let extra = json!({ "drive_route_token": document }).to_string();
        self.upload(name, "docx_image", block, extra, bytes).await
    }

    /// Uploads a file that is to be imported; gives back its token, which lives five minutes.
    pub(crate) async fn upload_for_import(&self, name: &str, extension: &str, bytes: Vec<u8>) -> Result<String, Error> {
        let extra = json!({ "obj_type": "docx", "file_extension": extension }).to_string();
        self.upload(name, "ccm_import_open", "", extra, bytes).await
    }

    async fn upload(&self, name: &str, kind: &str, node: &str, extra: String, bytes: Vec<u8>) -> Result<String, Error> {
        const NAME: &str = "upload";
        let mut parts = vec![Part::text("file_name", name), Part::text("parent_type", kind)];
        if !node.is_empty() {
            parts.push(Part::text("parent_node", node));
        }
        parts.push(Part::text("size", bytes.len().to_string()));
        parts.push(Part::text("checksum", image_sources::adler32(&bytes).to_string()));
        parts.push(Part::text("extra", extra));
        parts.push(Part::file("file", name, bytes));
        // Uploaded twice, a file has two tokens, and one of them is never used.
        let call = Call::post("/open-apis/drive/v1/medias/upload_all").multipart(parts).repeatable();
        let data = self.patiently(Lane::Upload, call, NAME).await?;
        text(&data, "/file_token").ok_or_else(|| odd(NAME, "no file_token"))
    }

    /// Puts uploaded pictures into their blocks, at most 200 of them.
    pub(crate) async fn place_pictures(
        &self,
        document: &str,
        pictures: &[(String, String)],
    ) -> Result<Option<i64>, Error> {
        let request =
            |(block, token): &(String, String)| json!({ "block_id": block, "replace_image": { "token": token } });
        let body = json!({ "requests": pictures.iter().map(request).collect::<Vec<_>>() });
        let call = Call::patch(format!("/open-apis/docx/v1/documents/{document}/blocks/batch_update"))
            .query("document_revision_id", "-1")
            .json(body)
            .repeatable();
        Ok(revision(&self.patiently(Lane::Write, call, "place pictures").await?))
    }

    /// The document's revision.
    pub(crate) async fn revision(&self, document: &str) -> Result<i64, Error> {
        const NAME: &str = "get document";
        let call = Call::get(format!("/open-apis/docx/v1/documents/{document}"));
        let data = self.patiently(Lane::Wiki, call, NAME).await?;
        let revision = data.pointer("/document/revision_id").and_then(Value::as_i64);
        revision.ok_or_else(|| odd(NAME, "no revision_id"))
    }

    /// The blocks at the document's first level, in order.
    pub(crate) async fn first_level(&self, document: &str) -> Result<Vec<String>, Error> {
        const NAME: &str = "get block";
        let call = Call::get(format!("/open-apis/docx/v1/documents/{document}/blocks/{document}"));
        let data = self.patiently(Lane::Wiki, call, NAME).await?;
        let block = data.get("block").ok_or_else(|| odd(NAME, "no block"))?;
        let children = block.get("children").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        Ok(children.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Removes blocks of the first level, from one place up to another; gives back the document's new revision. Sent once:
    /// done twice, it would remove others.
    pub(crate) async fn remove(&self, document: &str, from: usize, to: usize) -> Result<Option<i64>, Error> {
        self.pacer.turn(Lane::Write, self.timer).await;
        let body = json!({ "start_index": from, "end_index": to });
        let call =
            Call::delete(format!("/open-apis/docx/v1/documents/{document}/blocks/{document}/children/batch_delete"))
                .query("document_revision_id", "-1")
                .json(body);
        Ok(revision(&self.once(call, "delete blocks").await?))
    }

    /// Asks for an import; gives back its ticket.
    pub(crate) async fn import(&self, name: &str, extension: &str, file_token: &str) -> Result<String, Error> {
        const NAME: &str = "import";
        let body = json!({
            "file_extension": extension, "file_token": file_token, "type": "docx", "file_name": name,
            // An empty key is the root of the person's own folder.
            "point": { "mount_type": 1, "mount_key": "" },
        });
        self.pacer.turn(Lane::Wiki, self.timer).await;
        let data = self.once(Call::post("/open-apis/drive/v1/import_tasks").json(body), NAME).await?;
        text(&data, "/ticket").ok_or_else(|| odd(NAME, "no ticket"))
    }

    /// How an import stands: the answer's `result`.
    pub(crate) async fn imported(&self, ticket: &str) -> Result<Value, Error> {
        let call = Call::get(format!("/open-apis/drive/v1/import_tasks/{ticket}"));
        let mut data = self.patiently(Lane::Wiki, call, "import status").await?;
        Ok(data.get_mut("result").map(Value::take).unwrap_or_default())
    }

    /// Moves a document into the wiki; gives back the answer's `data`.
    pub(crate) async fn move_into(&self, space: &str, parent: Option<&str>, document: &str) -> Result<Value, Error> {
        let mut body = json!({ "obj_type": "docx", "obj_token": document });
        if let Some(parent) = parent {
            body["parent_wiki_token"] = Value::from(parent);
        }
        self.pacer.turn(Lane::Wiki, self.timer).await;
        let call = Call::post(format!("/open-apis/wiki/v2/spaces/{space}/nodes/move_docs_to_wiki")).json(body);
        self.once(call, "move_docs_to_wiki").await
    }

    /// How a move stands: the answer's `task`.
    pub(crate) async fn moved(&self, task: &str) -> Result<Value, Error> {
        let call = Call::get(format!("/open-apis/wiki/v2/tasks/{task}")).query("task_type", "move");
        let mut data = self.patiently(Lane::Wiki, call, "move status").await?;
        Ok(data.get_mut("task").map(Value::take).unwrap_or_default())
    }

    /// A call that may be sent again, through passing trouble.
    async fn patiently(&self, lane: Lane, call: Call, name: &'static str) -> Result<Value, Error> {
        let mut pause = SHORTEST_PAUSE;
        for _ in 0..TRIES {
            self.pacer.turn(lane, self.timer).await;
            match self.once(call.clone(), name).await {
                Err(error) if error.is_passing() => {
                    tracing::info!(name, %error, seconds = pause.as_secs(), "passing trouble; waiting");
                    self.timer.sleep(pause).await;
                    pause *= 2;
                }
                other => return other,
            }
        }
        self.pacer.turn(lane, self.timer).await;
        self.once(call, name).await
    }

    async fn once(&self, call: Call, name: &'static str) -> Result<Value, Error> {
        let answer =
            self.caller.call(call).await.map_err(|error| Error::Call { call: name, error: Box::new(error) })?;
        self.note_date(&answer);
        // What a call needs of `data` it looks for itself; some have nothing to say there and leave it out.
        let body = answer.json().filter(Value::is_object).ok_or_else(|| odd(name, "no JSON object"))?;
        Ok(body.get("data").cloned().unwrap_or_default())
    }

    fn note_date(&self, answer: &CallAnswer) {
        let date = answer.headers.get("date").and_then(|value| value.to_str().ok());
        if let Some(date) = date.and_then(|date| rfc2822::parse(date).ok()) {
            *self.date.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(date.timestamp().as_second());
        }
    }
}

impl Error {
    /// Whether the same call may succeed a little later.
    pub(crate) fn is_passing(&self) -> bool {
        let Self::Call { error, .. } = self else { return false };
        match &**error {
            ApiError::Unsent(_) | ApiError::Lost(_) => true,
            ApiError::Refused(refusal) => {
                refusal.trouble == CallTrouble::Passing
                    || refusal.status >= 500
                    || refusal.code.is_some_and(|code| PASSING.contains(&code))
            }
            _ => false,
        }
    }

    /// Whether the call may have been done although this error came.
    pub(crate) fn in_doubt(&self) -> bool {
        match self {
            Self::Call { error, .. } => !matches!(&**error, ApiError::Unsent(_)) && self.is_passing(),
            // Something was answered, and done.
            Self::OddAnswer { .. } => true,
            Self::Unfinished { error, .. } | Self::PerhapsMade { error } => error.in_doubt(),
            _ => false,
        }
    }

    /// The provider's code.
    pub fn provider_code(&self) -> Option<i64> {
        match self {
            Self::Call { error, .. } => error.provider_code(),
            Self::Unfinished { error, .. } | Self::PerhapsMade { error } => error.provider_code(),
            _ => None,
        }
    }
}

fn found(node: &Value) -> Option<WikiNode> {
    let number = |name: &str| match node.get(name)? {
        Value::String(text) => text.parse().ok(),
        number => number.as_i64(),
    };
    let made: i64 = number("node_create_time").or_else(|| number("obj_create_time")).unwrap_or(0);
    Some(WikiNode {
        space_id: text(node, "/space_id").unwrap_or_default(),
        node_token: text(node, "/node_token")?,
        document_id: text(node, "/obj_token")?,
        title: text(node, "/title").unwrap_or_default(),
        made,
    })
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn revision(data: &Value) -> Option<i64> {
    data.get("document_revision_id").and_then(Value::as_i64)
}

fn odd(call: &'static str, what: &str) -> Error {
    Error::OddAnswer { call, what: what.to_owned() }
}

/// What reference/feishu.md §12.5 calls internal, busy or to be repeated. 131007 is internal too, and is not to be
/// repeated.
const PASSING: &[i64] = &[
    131_001, 131_009, 1_770_036, 1_771_001, 1_771_002, 1_771_003, 1_771_004, 1_771_005, 1_771_006, 1_061_001,
    1_061_006, 1_061_045, 1_069_901, 1_069_903, 1_069_905,
];
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// One, two, four and eight seconds between them.
const TRIES: u32 = 4;
const MOST_PAGES: u32 = 2000;

#[cfg(test)]
mod tests {
    use async_trait::async_trait;

    use super::*;

    /// Answers in turn with these bodies.
    struct Script(Mutex<Vec<Value>>);

    #[async_trait]
    impl Caller for Script {
        async fn call(&self, _: Call) -> Result<CallAnswer, ApiError> {
            let body = self.0.lock().unwrap().remove(0).to_string();
            Ok(CallAnswer { status: 200, headers: http::HeaderMap::new(), body: body.into() })
        }
    }

    /// Nobody waits.
    struct Still;

    #[async_trait]
    impl Timer for Still {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        async fn sleep(&self, _: Duration) {}
    }

    async fn below(answers: &[Value]) -> Result<usize, Error> {
        let caller = Script(Mutex::new(answers.to_vec()));
        Remote::new(&caller, &Still).documents_below("7", None).await.map(|found| found.len())
    }

    /// What looks for a page whose making was in doubt must not take a part of a list for the whole of it.
    #[tokio::test]
    async fn a_list_that_does_not_end_is_no_list() {
        let node = |n: u32| json!({ "obj_type": "docx", "node_token": format!("wk{n}"), "obj_token": "dx" });
        let page = |n, more, token: Value| json!({ "code": 0, "data": { "items": [node(n)], "has_more": more, "page_token": token } });
        let whole = [page(1, true, "a".into()), page(2, true, "b".into()), page(3, false, "".into())];
        assert_eq!(below(&whole).await.unwrap(), 3);
        let lost = [page(1, true, "a".into()), page(2, true, Value::Null)];
        let round = [page(1, true, "a".into()), page(2, true, "b".into()), page(3, true, "a".into())];
        for answers in [&lost[..], &round] {
            assert!(matches!(below(answers).await, Err(Error::OddAnswer { .. })));
        }
    }

    #[tokio::test]
    async fn an_answer_without_data_is_one() {
        let caller = Script(Mutex::new(vec![json!({ "code": 0, "msg": "success" })]));
        assert_eq!(Remote::new(&caller, &Still).remove("dx", 0, 1).await.unwrap(), None);
    }
}
