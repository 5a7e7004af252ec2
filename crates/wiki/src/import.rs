//! The other way: the provider imports the file and the document is moved into the wiki (reference/feishu.md §12.2).
//!
//! Enters: a file as it is, without its front matter. Leaves: a page. It takes few calls, and gives up what the first way
//! offers: local pictures stay behind, and a lost answer to the import's beginning may leave a document of that name in
//! the person's own folder (never a second page: only one document is moved, and a document is moved once).

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::Error;
use crate::manuscript::Manuscript;
use crate::markdown_text::{Stand, Text};
use crate::page_creation::{Report, Wiki};
use crate::page_observer::{Notice, PageStep, Phase};
use crate::page_store::{Content, Drawer, Import, Node, Page, Record};
use crate::remote_calls::{Remote, WikiNode};

impl Wiki<'_> {
    /// Has the file imported, or finishes what an earlier run began.
    pub(crate) async fn bring(
        &self,
        manuscript: &Manuscript,
        drawer: &Drawer,
        record: &mut Record,
        remote: &Remote<'_>,
    ) -> Result<Report, Error> {
        let (local, _) = manuscript.pictures();
        if local > 0 {
            self.watch.notice(Notice::LocalPicturesStay(local));
        }
        if record.import.is_some() && record.print != manuscript.fingerprint() {
            self.watch.notice(Notice::FileChanged);
            // What was not moved into the wiki is no page; it is brought anew.
            if !matches!(record.import, Some(Import::Moving { .. })) {
                record.import = None;
            }
        }
        let mut looks: u32 = 0;
        loop {
            match record.import.clone() {
                None => {
                    manuscript.fingerprint().clone_into(&mut record.print);
                    for destination in manuscript.behind_passwords() {
                        self.watch.notice(Notice::PictureDropped { destination });
                    }
                    let bytes = manuscript.whole()?.into_bytes();
                    if bytes.len() as u64 > crate::limits::FILE {
                        return Err(Error::ImportTooLarge);
                    }
                    let token = remote.upload_for_import(&file_name(manuscript), EXTENSION, bytes).await?;
                    let at = self.clock.now().as_second();
                    self.step(drawer, record, Import::Brought { token, at }, PageStep::Brought)?;
                }
                Some(Import::Brought { at, .. } | Import::Asked { at, .. })
                    if self.clock.now().as_second() - at >= TOKEN_LIFE =>
                {
                    if let Some(Import::Asked { .. }) = &record.import {
                        self.watch.notice(Notice::PerhapsTwoDocuments { name: manuscript.title.clone() });
                    }
                    record.import = None;
                }
                Some(Import::Brought { token, at }) => {
                    self.step(drawer, record, Import::Asked { token: token.clone(), at }, PageStep::Asked)?;
                    match remote.import(&manuscript.title, EXTENSION, &token).await {
                        Ok(ticket) => {
                            self.step(drawer, record, Import::Ticketed { ticket }, PageStep::Ticketed)?;
                        }
                        // The next round says what may have come of it, and asks again.
                        Err(error) if error.in_doubt() && looks < LOOKS => {
                            looks += 1;
                            remote.pause(PAUSE).await;
                        }
                        Err(error) => {
                            if !error.is_passing() {
                                record.import = None;
                                self.keep(drawer, record)?;
                            }
                            return Err(error);
                        }
                    }
                }
                Some(Import::Asked { token, at }) => {
                    self.watch.notice(Notice::PerhapsTwoDocuments { name: manuscript.title.clone() });
                    record.import = Some(Import::Brought { token, at });
                }
                Some(Import::Ticketed { ticket }) => {
                    let result = remote.imported(&ticket).await?;
                    match self.judge(record, &result) {
                        Ok(Some(document)) => {
                            self.step(drawer, record, Import::Imported { document }, PageStep::Imported)?;
                        }
                        Ok(None) if looks < LOOKS => {
                            looks += 1;
                            self.watch.progress(Phase::Importing, 0, 0);
                            remote.pause(PAUSE).await;
                        }
                        Ok(None) => return Err(Error::ImportSlow),
                        Err(error) => {
                            record.import = None;
                            self.keep(drawer, record)?;
                            return Err(error);
                        }
                    }
                }
                Some(Import::Imported { document }) => {
                    record.import = Some(Import::Moving { document, task: None });
                    self.keep(drawer, record)?;
                    looks = 0;
                }
                Some(Import::Moving { document, task }) => {
                    if let Some(found) = self.moved(drawer, record, remote, &document, task, looks).await? {
                        return self.finish(drawer, record, remote, found).await;
                    }
                    looks += 1;
                    remote.pause(PAUSE).await;
                }
            }
        }
    }

    fn step(&self, drawer: &Drawer, record: &mut Record, import: Import, step: PageStep) -> Result<(), Error> {
        record.import = Some(import);
        self.keep(drawer, record)?;
        self.watch.at(step);
        Ok(())
    }

    /// The document, `None` while it is being made, or why it is not.
    fn judge(&self, record: &mut Record, result: &Value) -> Result<Option<String>, Error> {
        let odd = |what: &str| Error::OddAnswer { call: "import status", what: what.to_owned() };
        let status = result.get("job_status").and_then(Value::as_i64).ok_or_else(|| odd("no job_status"))?;
        let word = |name: &str| result.get(name).and_then(Value::as_str);
        match status {
            0 => {
                let extra = result.get("extra").and_then(Value::as_array).into_iter().flatten();
                for code in extra.filter_map(|code| code.as_i64().or_else(|| code.as_str()?.parse().ok())) {
                    self.watch.notice(Notice::ImportCut(code));
                }
                // The document's address is the one place where the tenant's host is told.
                if record.host.is_none() {
                    let url = word("url").and_then(|url| Url::parse(url).ok());
                    record.host = url.and_then(|url| url.host_str().map(str::to_owned));
                }
                let document = word("token").filter(|token| !token.is_empty()).map(str::to_owned);
                document.map(Some).ok_or_else(|| odd("no token"))
            }
            1 | 2 => Ok(None),
            status => Err(Error::ImportRefused { status, words: word("job_error_msg").unwrap_or_default().to_owned() }),
        }
    }

    /// Moves the document, once; gives back its page when it is there.
    async fn moved(
        &self,
        drawer: &Drawer,
        record: &mut Record,
        remote: &Remote<'_>,
        document: &str,
        task: Option<String>,
        looks: u32,
    ) -> Result<Option<WikiNode>, Error> {
        if looks > LOOKS {
            return Err(Error::ImportSlow);
        }
        if let Some(task) = task {
            let task = remote.moved(&task).await?;
            let result = task.pointer("/move_result/0").cloned().unwrap_or_default();
            return match result.get("status").and_then(Value::as_i64) {
                Some(0) => remote.node(document, true).await.map(Some),
                Some(1) | None => Ok(None),
                Some(status) => {
                    let words = result.get("status_msg").and_then(Value::as_str).unwrap_or_default().to_owned();
                    Err(Error::MoveRefused { status, words })
                }
            };
        }
        // A run before this one, or an answer that was lost, may have moved it.
        match remote.node(document, true).await {
            Ok(found) => return Ok(Some(found)),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
        let space = self.space(record, remote).await?;
        let answer = match remote.move_into(&space, record.place.parent.as_deref(), document).await {
            Ok(answer) => answer,
            Err(error) if error.is_passing() => return Ok(None),
            Err(error) => return Err(error),
        };
        self.watch.at(PageStep::Moved);
        if answer.get("applied") == Some(&Value::Bool(true)) {
            return Err(Error::MoveApplied);
        }
        let task = answer.get("task_id").and_then(Value::as_str).filter(|task| !task.is_empty());
        if let Some(task) = task {
            record.import = Some(Import::Moving { document: document.to_owned(), task: Some(task.to_owned()) });
            self.keep(drawer, record)?;
        }
        Ok(None)
    }

    async fn finish(
        &self,
        drawer: &Drawer,
        record: &mut Record,
        remote: &Remote<'_>,
        found: WikiNode,
    ) -> Result<Report, Error> {
        let WikiNode { space_id, node_token: token, document_id, title, .. } = found;
        let node = Node { space_id, token, document_id, title };
        // Needed by `update` alone; a login without the scope to read documents can still create.
        let revision = remote.revision(&node.document_id).await.ok();
        record.page = Page::There(node.clone());
        record.content = Content::Whole { revision, blocks: 0 };
        record.import = None;
        self.keep(drawer, record)?;
        drawer.tidy();
        self.watch.at(PageStep::Done);
        Ok(self.report(record, &node, 0, true))
    }
}

impl Manuscript {
    /// The text as the importing provider gets it: without a heading that would repeat the title.
    fn whole(&self) -> Result<String, Error> {
        let text = Text::read(&self.body);
        let stands = vec![Stand::AsItIs; text.pictures().len()];
        Ok(text.parts(&self.title, &stands, usize::MAX)?.concat())
    }
}

impl Error {
    /// Whether what was asked for is not there.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self.provider_code(), Some(131_005 | 1_770_002 | 1_770_003))
    }
}

fn file_name(manuscript: &Manuscript) -> String {
    let name: String =
        manuscript.title.chars().map(|c| if matches!(c, '/' | '\\') { ' ' } else { c }).take(200).collect();
    format!("{name}.{EXTENSION}")
}

/// The same word in upload and task, whatever the file's own ending (reference/feishu.md §12.2).
const EXTENSION: &str = "md";
/// Of the uploaded file's five minutes, in seconds.
const TOKEN_LIFE: i64 = 240;
const PAUSE: Duration = Duration::from_secs(2);
/// Three minutes of waiting.
const LOOKS: u32 = 90;
