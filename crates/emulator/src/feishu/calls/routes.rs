//! Which call is which: method, path, kinds of token, scopes, limit.

use http::Method;

use crate::feishu::calls::authorized_call::Call;
use crate::feishu::calls::{docx, edits, imports, media_upload, test_only_calls, wiki};
use crate::memory::State;
use crate::words::{Refusal, Reply};

/// One business call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// Segments beginning with a colon are parameters; a final `*` is any rest.
    pub(crate) pattern: &'static str,
    pub(super) tokens: Tokens,
    /// One of them suffices; none is needed where there are none (reference/feishu.md §12.4).
    pub(super) scopes: &'static [&'static str],
    pub(super) pace: Pace,
    pub(super) answer: fn(&mut State, &Call<'_>) -> Result<Reply, Refusal>,
}

/// Which tokens a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tokens {
    Any,
    Tenant,
    User,
}

/// Which limit counts a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    DocxWrite,
    Free,
    Import,
    Upload,
    Wiki,
}

impl Route {
    /// How history, counters and documentation name the call.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.pattern)
    }

    /// The parameters in a path, if it is of this route.
    pub(super) fn parameters<'a>(&self, path: &'a str) -> Option<Vec<(&'static str, &'a str)>> {
        let mut found = Vec::new();
        let mut given = path.split('/');
        for wanted in self.pattern.split('/') {
            if wanted == "*" {
                return Some(found);
            }
            let given = given.next()?;
            match wanted.strip_prefix(':') {
                Some(name) if !given.is_empty() => found.push((name, given)),
                None if wanted == given => {}
                _ => return None,
            }
        }
        given.next().is_none().then_some(found)
    }
}

/// The route of a request. Words in a path win over parameters, because they stand first in the table.
pub(crate) fn find(method: &Method, path: &str) -> Option<&'static Route> {
    ROUTES
        .iter()
        .find(|route| (route.method == "*" || route.method == method.as_str()) && route.parameters(path).is_some())
}

type Answer = fn(&mut State, &Call<'_>) -> Result<Reply, Refusal>;

const fn route(
    method: &'static str,
    pattern: &'static str,
    scopes: &'static [&'static str],
    pace: Pace,
    answer: Answer,
) -> Route {
    Route { method, pattern, tokens: Tokens::Any, scopes, pace, answer }
}

const fn only(tokens: Tokens, route: Route) -> Route {
    Route { tokens, ..route }
}

const SPACE_READ: &[&str] = &["wiki:space:read", "wiki:wiki", "wiki:wiki:readonly"];
const SPACE_LIST: &[&str] = &["wiki:space:retrieve", "wiki:wiki", "wiki:wiki:readonly"];
const NODE_LIST: &[&str] = &["wiki:node:retrieve", "wiki:wiki", "wiki:wiki:readonly"];
const NODE_READ: &[&str] = &["wiki:node:read", "wiki:wiki", "wiki:wiki:readonly"];
const NODE_CREATE: &[&str] = &["wiki:node:create", "wiki:wiki"];
const NODE_UPDATE: &[&str] = &["wiki:node:update", "wiki:wiki"];
const NODE_MOVE: &[&str] = &["wiki:node:move", "wiki:wiki"];
const DOCX_CREATE: &[&str] = &["docx:document", "docx:document:create"];
const DOCX_READ: &[&str] = &["docx:document", "docx:document:readonly"];
const DOCX_WRITE: &[&str] = &["docx:document", "docx:document:write_only"];
const CONVERT: &[&str] = &["docx:document.block:convert"];
const UPLOAD: &[&str] = &["docs:document.media:upload", "drive:drive", "docs:doc", "sheets:spreadsheet", "bitable:app"];
const IMPORT: &[&str] = &["docs:document:import", "drive:drive"];
const IMPORT_READ: &[&str] = &["docs:document:import", "drive:drive", "drive:drive:readonly"];

const ROUTES: &[Route] = &[
    // Wiki (reference/feishu.md §12.1, §12.2)
    route("GET", "/open-apis/wiki/v2/spaces", SPACE_LIST, Pace::Wiki, wiki::list_spaces),
    only(Tokens::User, route("GET", "/open-apis/wiki/v2/spaces/my_library", SPACE_READ, Pace::Wiki, wiki::library)),
    route("GET", "/open-apis/wiki/v2/spaces/get_node", NODE_READ, Pace::Wiki, wiki::get_node),
    route("GET", "/open-apis/wiki/v2/spaces/:space_id", SPACE_READ, Pace::Wiki, wiki::get_space),
    route("POST", "/open-apis/wiki/v2/spaces/:space_id/nodes", NODE_CREATE, Pace::Wiki, wiki::create_node),
    route("GET", "/open-apis/wiki/v2/spaces/:space_id/nodes", NODE_LIST, Pace::Wiki, wiki::list_nodes),
    route(
        "POST",
        "/open-apis/wiki/v2/spaces/:space_id/nodes/move_docs_to_wiki",
        NODE_MOVE,
        Pace::Wiki,
        wiki::move_document,
    ),
    route(
        "POST",
        "/open-apis/wiki/v2/spaces/:space_id/nodes/:node_token/update_title",
        NODE_UPDATE,
        Pace::Wiki,
        wiki::update_title,
    ),
    route("GET", "/open-apis/wiki/v2/tasks/:task_id", SPACE_READ, Pace::Wiki, wiki::task),
    // Docx (reference/feishu.md §12.1)
    route("POST", "/open-apis/docx/v1/documents", DOCX_CREATE, Pace::DocxWrite, docx::create),
    route("POST", "/open-apis/docx/v1/documents/blocks/convert", CONVERT, Pace::Free, docx::convert),
    route("GET", "/open-apis/docx/v1/documents/:document_id", DOCX_READ, Pace::Free, docx::get),
    route("GET", "/open-apis/docx/v1/documents/:document_id/blocks", DOCX_READ, Pace::Free, docx::list_blocks),
    route(
        "PATCH",
        "/open-apis/docx/v1/documents/:document_id/blocks/batch_update",
        DOCX_WRITE,
        Pace::DocxWrite,
        edits::batch_update,
    ),
    route("GET", "/open-apis/docx/v1/documents/:document_id/blocks/:block_id", DOCX_READ, Pace::Free, docx::get_block),
    route(
        "PATCH",
        "/open-apis/docx/v1/documents/:document_id/blocks/:block_id",
        DOCX_WRITE,
        Pace::DocxWrite,
        edits::update,
    ),
    route(
        "GET",
        "/open-apis/docx/v1/documents/:document_id/blocks/:block_id/children",
        DOCX_READ,
        Pace::Free,
        docx::list_children,
    ),
    route(
        "POST",
        "/open-apis/docx/v1/documents/:document_id/blocks/:block_id/children",
        DOCX_WRITE,
        Pace::DocxWrite,
        edits::insert_flat,
    ),
    route(
        "POST",
        "/open-apis/docx/v1/documents/:document_id/blocks/:block_id/descendant",
        DOCX_WRITE,
        Pace::DocxWrite,
        edits::insert_nested,
    ),
    route(
        "DELETE",
        "/open-apis/docx/v1/documents/:document_id/blocks/:block_id/children/batch_delete",
        DOCX_WRITE,
        Pace::DocxWrite,
        edits::delete_children,
    ),
    // Drive (reference/feishu.md §12.1, §12.2)
    route("POST", "/open-apis/drive/v1/medias/upload_all", UPLOAD, Pace::Upload, media_upload::upload),
    route("POST", "/open-apis/drive/v1/import_tasks", IMPORT, Pace::Import, imports::create),
    route("GET", "/open-apis/drive/v1/import_tasks/:ticket", IMPORT_READ, Pace::Import, imports::get),
    // Of the sandbox alone
    route("*", "/open-apis/sandbox/v1/echo", &[], Pace::Free, test_only_calls::echo),
    route("*", "/open-apis/sandbox/v1/echo/*", &[], Pace::Free, test_only_calls::echo),
    route("GET", "/open-apis/sandbox/v1/stream", &[], Pace::Free, test_only_calls::stream),
    route("GET", "/open-apis/sandbox/v1/socket", &[], Pace::Free, test_only_calls::socket),
    only(Tokens::Tenant, route("GET", "/open-apis/sandbox/v1/tenant_only", &[], Pace::Free, test_only_calls::whoami)),
    only(Tokens::User, route("GET", "/open-apis/sandbox/v1/user_only", &[], Pace::Free, test_only_calls::whoami)),
];
