//! `tokenward api`: one call of the provider's API with a token that is good.
//!
//! What is called, with whose token and how patiently, is the engine's business ([`ApiClient`]); this file makes a
//! [`Call`] of the arguments and writes the answer where it is wanted. The answer is data and goes to stdout as it
//! came; a refused call leaves stdout empty, and what the provider said is told on stderr.

mod output_file;
pub(super) mod refused;
mod request;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokenward::{
    ApiClient, ApiOptions, Call, CallAnswer, CallDelay, CallObserver, CallOptions, Identity as As, Incoming, Opened,
    Pages,
};
use tokenward_core::{Code, ProviderName, TokenWish, visible};

use crate::args::{Api, Identity};
use crate::commands::token::no_tenants;
use crate::context::{Context, Work};
use crate::failure::Failure;
use crate::filter::Filter;
use crate::render::Printer;
use output_file::Target;

pub(super) async fn run(api: Api, context: &Context) -> Result<ExitCode, Failure> {
    // What is wrong with the arguments is found before anything is opened.
    let filter = match api.jq.as_deref() {
        Some(expression) => Some(Filter::start(expression, context.lang()).await?),
        None => None,
    };
    let call = request::call(&api, context)?;
    let work = context.work().await?;
    let client = client(&api, context, &work).await?;
    let mut out = Out { api: &api, context, filter };
    let result = if api.page_all { out.pages(&client, call).await } else { out.one(&client, &call).await };
    context.tell_notices(&client.take_notices());
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Stop::Failed(failure)) => Err(failure),
        Err(Stop::Call(error)) => {
            if let Some(refusal) = error.refusal().filter(|_| api.include) {
                out.head(refusal.answer.status, &refusal.answer.headers);
                out.refused_body(&refusal.answer);
            }
            Err(refused::failure(*error, &work, context))
        }
    }
}

async fn client(api: &Api, context: &Context, work: &Work) -> Result<ApiClient, Failure> {
    let identity = match api.identity {
        // The profile follows what its linked files bring, as `token` does; the client goes on with that login.
        Identity::User => {
            let handed = context.access(work, TokenWish::default()).await?;
            context.tell_notices(&handed.notices);
            As::User(handed.grant)
        }
        // Kept like a user's there: a new one may end the one before.
        Identity::App if work.app.provider() == ProviderName::BlueKing => {
            let handed = context.apps_own(work, Duration::ZERO).await?;
            context.tell_notices(&handed.notices);
            As::User(handed.grant)
        }
        Identity::App => As::App,
        Identity::Tenant if work.app.provider().brand().is_none() => return Err(no_tenants(work, context)),
        Identity::Tenant => As::Tenant,
    };
    let mut calls = CallOptions::default();
    calls.timeout = api.timeout;
    let options = ApiOptions::default().patience(api.patience);
    let client = work.session.api(work.app.clone(), identity, calls, options);
    Ok(client.watched(Arc::new(DelayNotes(context.printer))))
}

/// Tells a person who waits why.
struct DelayNotes(Printer);

impl CallObserver for DelayNotes {
    fn delayed(&self, delay: CallDelay) {
        let lang = self.0.lang;
        match delay {
            CallDelay::Waiting(wait) => self.0.note(lang.call_waiting(lang.span(wait.as_secs()))),
            CallDelay::Renewing => self.0.aside(lang.call_renewing()),
            _ => self.0.aside(lang.call_repeating()),
        }
    }
}

/// Why nothing more is printed.
enum Stop {
    Call(Box<tokenward::ApiError>),
    Failed(Failure),
}

impl From<tokenward::ApiError> for Stop {
    fn from(error: tokenward::ApiError) -> Self {
        Self::Call(Box::new(error))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Where the answer goes, and in which form.
struct Out<'a> {
    api: &'a Api,
    context: &'a Context,
    filter: Option<Filter>,
}

impl Out<'_> {
    async fn one(&mut self, client: &ApiClient, call: &Call) -> Result<(), Stop> {
        match client.open(call).await? {
            Opened::Whole(answer) => {
                self.shown(answer.status, &answer.headers);
                match &self.api.output {
                    Some(_) => self.file(Source::Bytes(&answer.body)).await,
                    None => Ok(self.answer(&answer).await?),
                }
            }
            Opened::Streaming(mut incoming) => {
                self.shown(incoming.status(), incoming.headers());
                // What has to be looked at as a whole is taken into memory; a plain download is not.
                let terminal = self.context.ambient.surface.out;
                match &self.api.output {
                    Some(_) => self.file(Source::Incoming(Box::new(incoming))).await,
                    None if self.filter.is_none() && !self.context.printer.json && !terminal => {
                        while let Some(chunk) = incoming.chunk().await.map_err(tokenward::ApiError::from)? {
                            self.raw(&chunk)?;
                        }
                        Ok(())
                    }
                    None => {
                        let answer = incoming.whole().await.map_err(tokenward::ApiError::from)?;
                        Ok(self.answer(&answer).await?)
                    }
                }
            }
        }
    }

    /// One answer on stdout.
    async fn answer(&mut self, answer: &CallAnswer) -> Result<(), Failure> {
        let lang = self.context.lang();
        if let Some(filter) = &mut self.filter {
            if answer.json().is_none() {
                return Err(Failure::of(Code::BadFilter).detail(lang.answer_not_json()));
            }
            let document = answer.body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&answer.body);
            return filter.run(document, |line| self.context.printer.data(line)).await;
        }
        let text = std::str::from_utf8(&answer.body);
        if self.context.printer.json && answer.json().is_none() {
            // With `--json` stdout is one JSON document whatever the API answers.
            let text = text.map_err(|_| Failure::new(Code::Usage, lang.answer_not_text()).complete())?;
            return self.context.printer.passed_on(&text);
        }
        match text {
            Ok("") => Ok(()),
            Ok(text) if answer.json().is_some() => self.context.printer.json_as_it_came(text),
            Ok(text) => self.context.printer.data(text),
            Err(_) if self.context.ambient.surface.out => {
                Err(Failure::new(Code::Usage, lang.answer_not_text()).complete())
            }
            Err(_) => self.raw(&answer.body),
        }
    }

    async fn pages(&mut self, client: &ApiClient, call: Call) -> Result<(), Stop> {
        let lang = self.context.lang();
        let mut pages = Pages::new(client, call, self.api.max_pages);
        if !self.api.ndjson {
            let Some(document) = pages.merged().await? else {
                let failure = Failure::new(Code::Usage, lang.answer_not_json()).then(lang.answer_no_pages_next());
                return Err(failure.into());
            };
            let printer = self.context.printer;
            match &mut self.filter {
                Some(filter) => filter.run(document.to_string().as_bytes(), |line| printer.data(line)).await?,
                None => self.context.printer.passed_on(&document)?,
            }
            return Ok(());
        }
        while let Some(page) = pages.next().await? {
            self.shown(page.answer.status, &page.answer.headers);
            let Some(items) = page.items() else {
                let failure = Failure::new(Code::Usage, lang.answer_no_list()).then(lang.answer_no_list_next());
                return Err(failure.into());
            };
            for item in items {
                let printer = self.context.printer;
                match &mut self.filter {
                    Some(filter) => filter.run(item.to_string().as_bytes(), |line| printer.data(line)).await?,
                    None => self.context.printer.json_as_it_came(&item.to_string())?,
                }
            }
        }
        Ok(())
    }

    /// The body into a file.
    async fn file(&self, source: Source<'_>) -> Result<(), Stop> {
        let (lang, printer) = (self.context.lang(), self.context.printer);
        let Some(path) = &self.api.output else { return Ok(()) };
        let failed = |error: std::io::Error| {
            Failure::new(Code::FileUnusable, lang.file_not_written(path.display())).detail(error.to_string()).complete()
        };
        let mut file = Target::open(path).map_err(failed)?;
        let mut bytes = 0;
        match source {
            Source::Bytes(body) => {
                file.write_all(body).map_err(failed)?;
                bytes += body.len();
            }
            Source::Incoming(mut incoming) => {
                while let Some(chunk) = incoming.chunk().await.map_err(tokenward::ApiError::from)? {
                    file.write_all(&chunk).map_err(failed)?;
                    bytes += chunk.len();
                }
            }
        }
        file.finish().map_err(failed)?;
        if printer.json {
            printer.document(&json!({ "file": path.display().to_string(), "bytes": bytes }))?;
        } else {
            printer.note(lang.answer_written(bytes, path.display()));
        }
        Ok(())
    }

    fn raw(&self, bytes: &[u8]) -> Result<(), Failure> {
        self.context.printer.bytes(bytes)
    }

    fn shown(&self, status: u16, headers: &http::HeaderMap) {
        if self.api.include {
            self.head(status, headers);
        }
    }

    /// Status and headers on stderr.
    fn head(&self, status: u16, headers: &http::HeaderMap) {
        let value = |name: &http::HeaderName, value: &http::HeaderValue| {
            // A cookie is a session of the provider's own (I4).
            if *name == http::header::SET_COOKIE {
                "…".to_owned()
            } else {
                String::from_utf8_lossy(value.as_bytes()).into_owned()
            }
        };
        let fields = headers.iter().map(|(name, text)| (name.as_str().to_owned(), value(name, text)));
        if self.context.printer.json {
            let fields: serde_json::Map<String, Value> = fields.map(|(name, text)| (name, text.into())).collect();
            self.context.printer.object(&json!({ "response": { "http_status": status, "headers": fields } }));
        } else {
            let lines = fields.map(|(name, text)| format!("\n{name}: {}", visible(&text)));
            self.context.printer.foreign(&format!("HTTP {status}{}", lines.collect::<String>()));
        }
    }

    /// What a refused call answered, on stderr.
    fn refused_body(&self, answer: &CallAnswer) {
        let text = String::from_utf8_lossy(&answer.body);
        if self.context.printer.json {
            self.context.printer.object(&json!({ "body": answer.json().unwrap_or_else(|| text.into()) }));
        } else if !text.is_empty() {
            self.context.printer.foreign(&format!("\n{}", text.trim_end()));
        }
    }
}

/// Where a file's bytes come from.
enum Source<'a> {
    Bytes(&'a [u8]),
    Incoming(Box<Incoming>),
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
