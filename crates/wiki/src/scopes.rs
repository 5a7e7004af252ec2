//! Which scopes a task needs (reference/feishu.md §12.4), so that all that are missing are told at once, before the
//! first call.
//!
//! Enters: what is going to be done, and what was granted. Leaves: the scopes to ask for, the narrowest of each call's
//! alternatives.

use crate::manuscript::Manuscript;
use crate::page_place::{PageLocation, Space};

/// What is going to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task<'a> {
    /// A page is made there, by the provider's import or not.
    Create {
        /// Where.
        place: &'a PageLocation,
        /// Whether the provider imports the file.
        import: bool,
    },
    /// A page gets other content.
    Update,
}

/// The scopes that were not granted and will be needed. Of what is needed only after trouble something is told where
/// another scope is missing anyway; by itself it keeps nobody from working.
pub fn missing_scopes(task: Task<'_>, manuscript: &Manuscript, granted: &[&str]) -> Vec<&'static str> {
    let (local, web) = manuscript.pictures();
    let mut needs: Vec<&[&'static str]> = Vec::new();
    match task {
        Task::Create { place, import } => {
            match place.space {
                Space::Personal => needs.push(SPACE_READ),
                Space::OfNode(_) => needs.push(NODE_READ),
                Space::Id(_) => {}
            }
            if import {
                needs.extend([UPLOAD, IMPORT, NODE_READ, NODE_MOVE]);
            } else {
                needs.extend([NODE_CREATE, CONVERT, WRITE]);
            }
        }
        Task::Update => needs.extend([READ, CONVERT, WRITE]),
    }
    if local + web > 0 {
        needs.push(UPLOAD);
    }
    let lacks = |alternatives: &&[&'static str]| !alternatives.iter().any(|scope| granted.contains(scope));
    let mut missing: Vec<&str> = needs.iter().filter(|need| lacks(need)).map(|need| need[0]).collect();
    let creates = matches!(task, Task::Create { import: false, .. });
    if !missing.is_empty() && creates {
        // For looking after a lost answer; and for `update`, which comes next.
        missing.extend([NODE_LIST, READ].iter().filter(|need| lacks(need)).map(|need| need[0]));
    }
    let mut seen = Vec::new();
    missing.retain(|scope| {
        !seen.contains(scope) && {
            seen.push(*scope);
            true
        }
    });
    missing
}

const SPACE_READ: &[&str] = &["wiki:space:read", "wiki:wiki", "wiki:wiki:readonly"];
const NODE_CREATE: &[&str] = &["wiki:node:create", "wiki:wiki"];
const NODE_READ: &[&str] = &["wiki:node:read", "wiki:wiki", "wiki:wiki:readonly"];
const NODE_LIST: &[&str] = &["wiki:node:retrieve", "wiki:wiki", "wiki:wiki:readonly"];
const NODE_MOVE: &[&str] = &["wiki:node:move", "wiki:wiki"];
const CONVERT: &[&str] = &["docx:document.block:convert"];
const WRITE: &[&str] = &["docx:document:write_only", "docx:document"];
const READ: &[&str] = &["docx:document:readonly", "docx:document"];
const UPLOAD: &[&str] = &["docs:document.media:upload", "drive:drive", "docs:doc", "sheets:spreadsheet", "bitable:app"];
const IMPORT: &[&str] = &["docs:document:import", "drive:drive"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reading;

    fn missing(text: &str, task: Task<'_>, granted: &str) -> Vec<&'static str> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.md"), text).unwrap();
        let manuscript = Manuscript::read(&folder.path().join("a.md"), &Reading::default()).unwrap();
        missing_scopes(task, &manuscript, &granted.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn all_that_is_missing_is_told_at_once() {
        let place = PageLocation::read(true, None, None).unwrap();
        let create = Task::Create { place: &place, import: false };
        let all = "wiki:space:read wiki:node:create docx:document.block:convert docx:document:write_only";
        assert_eq!(missing("text", create, all), [""; 0]);
        assert_eq!(missing("text", create, "wiki:wiki docx:document docx:document.block:convert"), [""; 0]);
        assert_eq!(
            missing("![](http://e.test/x)", create, all),
            ["docs:document.media:upload", "wiki:node:retrieve", "docx:document:readonly"]
        );
        assert_eq!(
            missing("text", create, "offline_access").join(" "),
            format!("{all} wiki:node:retrieve docx:document:readonly")
        );
        assert_eq!(missing("text", Task::Update, all), ["docx:document:readonly"]);
        let space = PageLocation::read(false, Some("70"), None).unwrap();
        let import = Task::Create { place: &space, import: true };
        assert_eq!(
            missing("text", import, all),
            ["docs:document.media:upload", "docs:document:import", "wiki:node:read", "wiki:node:move"]
        );
        let below = PageLocation::read(false, None, Some("Wk1")).unwrap();
        let create = Task::Create { place: &below, import: false };
        assert_eq!(missing("text", create, all), ["wiki:node:read", "wiki:node:retrieve", "docx:document:readonly"]);
    }
}
