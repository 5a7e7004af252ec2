//! Faults on command: which request is struck, how, and how often.
//!
//! Enters: faults from tests or the control endpoint. Leaves: at most one strike a request, the oldest fault that
//! matches. A struck request is in the history like any other, with the fault's name.

use serde::{Deserialize, Serialize};

use crate::words::{Brand, Endpoint, Operation, Request};

/// A fault to inject: `Fault::new(kind).on(Endpoint::V3Token).when(Operation::Refresh).times(2)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only requests to this endpoint. When this and the operation are left out: any endpoint that programs talk to.
    #[serde(default)]
    pub endpoint: Option<Endpoint>,
    /// Only requests that want this.
    #[serde(default)]
    pub operation: Option<Operation>,
    /// Only requests to this brand's hosts.
    #[serde(default)]
    pub brand: Option<Brand>,
    /// Only requests whose path fits: `*` stands for any characters. With a method and a space before it, that too must
    /// fit: `POST /open-apis/docx/*/descendant`.
    #[serde(default)]
    pub path: Option<String>,
    /// What happens.
    pub kind: FaultKind,
    /// Before the request is processed (nothing rotates) or after it (it has rotated, the answer suffers).
    /// Left out, each kind takes its usual stage.
    #[serde(default)]
    pub stage: Option<Stage>,
    /// This many matching requests go through first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests are struck; for ever when `null`.
    #[serde(default = "once")]
    pub times: Option<u32>,
}

impl Fault {
    /// A fault that strikes the next request of a program, once.
    pub const fn new(kind: FaultKind) -> Self {
        Self { endpoint: None, operation: None, brand: None, path: None, kind, stage: None, skip: 0, times: Some(1) }
    }

    /// Answers with a provider's error code, in the endpoint's own shape and HTTP status.
    pub const fn code(code: u32) -> Self {
        Self::new(FaultKind::Code { code, status: None })
    }

    /// Answers with an error of RFC 6749 by its word.
    pub fn error(error: &str) -> Self {
        Self::new(FaultKind::Error { error: error.to_owned(), status: None, shape: ErrorShape::Flat })
    }

    /// Closes the connection before anything is processed.
    pub const fn drop_request() -> Self {
        Self::new(FaultKind::Drop).at(Stage::Before)
    }

    /// Processes the request and closes the connection without an answer: rotated, but lost.
    pub const fn drop_answer() -> Self {
        Self::new(FaultKind::Drop).at(Stage::After)
    }

    /// Restricts the fault to one endpoint.
    pub const fn on(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = Some(endpoint);
        self
    }

    /// Restricts the fault to one kind of request.
    pub const fn when(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Restricts the fault to one brand.
    pub const fn of(mut self, brand: Brand) -> Self {
        self.brand = Some(brand);
        self
    }

    /// Restricts the fault to paths that fit a pattern, see [`Fault::path`].
    pub fn to(mut self, pattern: &str) -> Self {
        self.path = Some(pattern.to_owned());
        self
    }

    /// Strikes at this stage.
    pub const fn at(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Lets this many matching requests through first.
    pub const fn skipping(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// Strikes this many requests.
    pub const fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Strikes until it is taken away.
    pub const fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// The stage at which it strikes.
    pub fn effective_stage(&self) -> Stage {
        self.stage.unwrap_or(match self.kind {
            FaultKind::Cut { .. } | FaultKind::Odd { .. } | FaultKind::Overtaken { .. } => Stage::After,
            _ => Stage::Before,
        })
    }

    fn matches(&self, endpoint: Endpoint, operation: Operation, request: &Request) -> bool {
        let anywhere = endpoint.is_machine() || self.operation.is_some();
        self.endpoint.map_or(anywhere, |wanted| wanted == endpoint)
            && self.operation.is_none_or(|wanted| wanted == operation)
            && self.brand.is_none_or(|wanted| wanted == request.brand)
            && self.path.as_deref().is_none_or(|pattern| {
                let (method, pattern) = pattern.split_once(' ').unwrap_or(("*", pattern));
                (method == "*" || method == request.method.as_str()) && fits(pattern, &request.path)
            })
    }
}

/// Whether a text fits a pattern in which `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return text.ends_with(part);
        }
        let Some(at) = text.find(part) else {
            return false;
        };
        text = &text[at + part.len()..];
    }
    true
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The request has had its effect; only the answer suffers.
    After,
    /// The request has no effect (except for `delay`, `hang` and `overtaken`, which only wait).
    Before,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name", deny_unknown_fields)]
pub enum FaultKind {
    /// An error code in the endpoint's own shape. The status comes from the catalogue unless it is given.
    Code {
        /// The provider's code.
        code: u32,
        /// HTTP status.
        #[serde(default)]
        status: Option<u16>,
    },
    /// The answer announces its full length and ends after some bytes. Always after processing.
    Cut {
        /// How many bytes of the body leave.
        bytes: usize,
    },
    /// The request waits, then goes its usual way.
    Delay {
        /// Milliseconds of real time.
        milliseconds: u64,
    },
    /// The connection is closed without an answer.
    Drop,
    /// An error of RFC 6749 and its family, by its word.
    Error {
        /// The word, like `invalid_grant`.
        error: String,
        /// HTTP status: 400 unless it is given. Some servers say it with 200.
        #[serde(default)]
        status: Option<u16>,
        /// How it is written down.
        #[serde(default)]
        shape: ErrorShape,
    },
    /// An answer that is said word for word.
    Answer {
        /// HTTP status.
        status: u16,
        /// The body.
        body: String,
        /// `Content-Type`; none unless it is given.
        #[serde(default)]
        content_type: Option<String>,
    },
    /// An answer without a body.
    Empty {
        /// HTTP status.
        status: u16,
    },
    /// The request waits until `release` is called, then goes its usual way.
    Hang,
    /// An HTML page, as proxies and gateways send.
    Html {
        /// HTTP status.
        status: u16,
    },
    /// `404` in `text/plain`, as for an unknown path.
    NotFound,
    /// A successful answer that is odd in one way. Always after processing.
    Odd {
        /// In which way.
        answer: OddAnswer,
    },
    /// HTTP 429, code 99991400, with the rate limit headers.
    RateLimit {
        /// Seconds to wait, as announced.
        reset_seconds: u64,
    },
    /// The request waits until so many others have been answered whole, then goes its usual way. Usually after processing:
    /// the answers leave in another order than the requests came. It counts as hanging, and `release` does not free it.
    Overtaken {
        /// How many.
        by: u32,
    },
    /// A redirect that a client must not follow.
    Redirect {
        /// The `Location`.
        location: String,
        /// HTTP status: 302, 307 or 308.
        #[serde(default = "found")]
        status: u16,
    },
}

impl FaultKind {
    /// The name, as in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Code { .. } => "code",
            Self::Cut { .. } => "cut",
            Self::Delay { .. } => "delay",
            Self::Drop => "drop",
            Self::Error { .. } => "error",
            Self::Empty { .. } => "empty",
            Self::Hang => "hang",
            Self::Html { .. } => "html",
            Self::NotFound => "not-found",
            Self::Odd { .. } => "odd",
            Self::Overtaken { .. } => "overtaken",
            Self::RateLimit { .. } => "rate-limit",
            Self::Redirect { .. } => "redirect",
        }
    }
}

/// Ways to write an error down. RFC 6749 §5.2 knows the first alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorShape {
    /// `{"error": "…", "error_description": "…"}`.
    #[default]
    Flat,
    /// The same fields as a form.
    Form,
    /// `{"success": false, "errors": [{"errorType": "…", "message": "…"}]}`.
    List,
    /// `{"error": {"type": "…", "message": "…", "code": 190}}`.
    Nested,
}

/// Ways for a successful token answer to be odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OddAnswer {
    /// Unknown fields of every type beside the known ones.
    ExtraFields,
    /// A form in place of JSON.
    FormEncoded,
    /// The access token is missing.
    NoAccessToken,
    /// The access token ended a minute before it was issued.
    EndedAccess,
    /// The access token is an empty text.
    EmptyAccess,
    /// No lifetimes.
    NoExpiry,
    /// Lifetimes of no seconds, by which some servers mean that they do not say.
    NoLife,
    /// The refresh token and its lifetime are missing.
    NoRefreshToken,
    /// `code` is missing (and `msg`).
    NoCode,
    /// `data` is `null`, where there is such a field.
    NullData,
    /// Numbers arrive as strings.
    NumbersAsStrings,
    /// The new refresh token and nothing else of use.
    OnlyRefreshToken,
}

impl OddAnswer {
    /// Every odd answer.
    pub const ALL: [Self; 12] = [
        Self::ExtraFields,
        Self::FormEncoded,
        Self::NoAccessToken,
        Self::EndedAccess,
        Self::EmptyAccess,
        Self::NoExpiry,
        Self::NoLife,
        Self::NoRefreshToken,
        Self::NoCode,
        Self::NullData,
        Self::NumbersAsStrings,
        Self::OnlyRefreshToken,
    ];
}

/// The faults that wait for their request.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn inject(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that strikes this request, used up by one.
    pub(crate) fn strike(&mut self, endpoint: Endpoint, operation: Operation, request: &Request) -> Option<Fault> {
        let mut struck = None;
        for fault in self.0.iter_mut().filter(|fault| fault.matches(endpoint, operation, request)) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if struck.is_none() && fault.times != Some(0) {
                fault.times = fault.times.map(|times| times - 1);
                struck = Some(fault.clone());
            }
        }
        self.0.retain(|fault| fault.times != Some(0));
        struck
    }
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's own type")]
const fn once() -> Option<u32> {
    Some(1)
}

const fn found() -> u16 {
    302
}
