//! One request on its way through.
//!
//! Admitted by the door, given a token, passed on. When the provider refuses the token, a newer one is asked for and the
//! request sent again, once, if all that was sent of its body is still at hand; otherwise the caller gets the refusal,
//! and the token is rotated behind its back so that its next request works. A request whose answer was lost is sent again
//! only if it changes nothing (RFC 9110 §9.2.1) and the connection broke at once, as an idle one may at any time.

use std::sync::Arc;
use std::time::Duration;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, CONNECTION,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokenward::{ApiError, CallAnswer, CallFault, CallRefusal, CallTrouble, ForwardHead, Forwarded, HeldToken};
use tokenward_core::{Code, TransportFault};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

use super::answer::{self, Excuse};
use super::door::{Door, SentAway, Visit};
use super::fields;
use super::options::{Exchange, Limits, Watcher, Words};
use super::replayable_body::Upload;
use super::response_scan::{Download, may_refuse};
use super::token_cache::Tokens;
use super::token_calls::{self, PLACEHOLDER, TokenCall, token_call};
use super::websocket_token_scan::Watched;

/// Everything that a request meets on its way.
pub(super) struct Relay {
    pub(super) door: Door,
    pub(super) tokens: Tokens,
    pub(super) limits: Limits,
    pub(super) words: Words,
    pub(super) watcher: Watcher,
}

/// The connection that a request came by.
pub(super) struct Caller {
    /// Its place among the connections, kept for as long as anything of it lives.
    #[expect(dead_code, reason = "held, not read")]
    pub(super) place: OwnedSemaphorePermit,
    pub(super) stopped: watch::Receiver<bool>,
}

/// An answer of the provider, ready to go.
struct Passed {
    response: Response<Download>,
    rotated: bool,
}

impl Relay {
    /// Answers a request. `let_in` is called as soon as it is known that the caller may come in; who is sent away loses the
    /// connection with the answer.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        caller: Arc<Caller>,
        let_in: impl Fn(),
    ) -> Response<Download> {
        let begun = Instant::now();
        let (method, path) = (request.method().clone(), self.door.tellable(request.uri()));
        let admitted = self.door.admit(&request).map_err(sent_away);
        let guest = self.door.guest(request.headers());
        let is_unproven = admitted.as_ref().is_ok_and(|visit| visit.unproven);
        let mut is_known = admitted.is_ok() && !is_unproven;
        if is_known {
            let_in();
        }
        let passed = match admitted {
            Ok(visit) => Arc::clone(&self).pass(request, visit, caller).await,
            Err(excuse) => Err(excuse),
        };
        is_known |= is_unproven && passed.is_ok();
        let (mut response, rotated, code) = match passed {
            Ok(Passed { response, rotated }) => (response, rotated, None),
            Err(excuse) => {
                let code = excuse.code;
                let mut response = excuse.response(&(self.words)(code));
                if let Some(origin) = &guest {
                    fields::allow(response.headers_mut(), origin);
                }
                (response, false, Some(code))
            }
        };
        fields::guard(response.headers_mut());
        if !is_known {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let status = response.status().as_u16();
        (self.watcher)(&Exchange { method, path, status, took: begun.elapsed(), rotated, code });
        response
    }

    async fn pass(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        visit: Visit,
        caller: Arc<Caller>,
    ) -> Result<Passed, Excuse> {
        if visit.preflight {
            return Ok(Passed { response: preflight(request.headers(), &visit), rotated: false });
        }
        if fields::goes_round(request.headers()) {
            return Err(Excuse::new(StatusCode::LOOP_DETECTED, Code::ProxyLoop));
        }
        let base = self.tokens.client().app().hosts.open.path().trim_end_matches('/').to_owned();
        if token_call(request.method(), &format!("{base}{}", visit.target)) == Some(TokenCall::Login) {
            return Err(Excuse::new(StatusCode::FORBIDDEN, Code::ProxyLoginCall));
        }
        match token_call(request.method(), &visit.target) {
            Some(TokenCall::Login) => return Err(Excuse::new(StatusCode::FORBIDDEN, Code::ProxyLoginCall)),
            Some(TokenCall::Placeholder) => return self.placeholder(request.into_body(), &visit).await,
            None => {}
        }
        let websocket = fields::is_websocket(&request);
        let upgrade = websocket.then(|| hyper::upgrade::on(&mut request));
        let head = ForwardHead {
            method: request.method().clone(),
            target: visit.target.clone(),
            headers: fields::of_request(request.headers(), request.version(), websocket, &self.door),
        };
        let upload = Upload::new(request.into_body(), self.limits.kept_body, self.limits.caller_time);
        let mut rotated = false;
        let mut repeated = false;
        let mut token = self.tokens.current().await.map_err(|error| Excuse::of(&error))?;
        loop {
            let begun = Instant::now();
            let forwarded = match self.send(&token, &head, &upload).await {
                Ok(forwarded) => forwarded,
                Err(CallFault::Lost(fault))
                    if head.method.is_safe() && !repeated && broke_at_once(&fault, begun) && upload.is_at_hand() =>
                {
                    repeated = true;
                    continue;
                }
                Err(fault) => return Err(self.no_answer(fault, &upload)),
            };
            if forwarded.status() == SWITCHING {
                let Some(upgrade) = upgrade else {
                    let fault = TransportFault::failed("it switches protocols unasked".into());
                    return Err(Excuse::of(&ApiError::Lost(fault)));
                };
                let echo = self.tokens.client().echo(&token);
                if forwarded.headers().values().any(|value| echo.is_in(value.as_bytes())) {
                    return Err(echoed());
                }
                let response = self.switch(forwarded, upgrade, &visit, caller, &token);
                return Ok(Passed { response, rotated });
            }
            let bodiless = head.method == Method::HEAD || matches!(forwarded.status(), 204 | 304);
            if !forwarded.is_readable() && !bodiless {
                return Err(Excuse::new(StatusCode::BAD_GATEWAY, Code::ProxyAnswerPacked));
            }
            let (status, headers) = (forwarded.status(), forwarded.headers().clone());
            let (mut body, refusal) = self.look(&token, &head, forwarded, &headers).await;
            if let Some(error) = body.take_broken() {
                let fault = TransportFault::failed(error.to_string());
                return Err(Excuse::of(&ApiError::Lost(fault)));
            }
            // A server that says back what it was sent would hand the token out.
            let client = self.tokens.client();
            let echo = client.echo(&token);
            if body.holds_token() || headers.values().any(|value| echo.is_in(value.as_bytes())) {
                return Err(echoed());
            }
            if let Some(refusal) = refusal {
                if rotated {
                    self.tokens.give_up(&token, &head.target, &refusal);
                } else if self.tokens.is_given_up(&token) {
                    tracing::debug!(code = refusal.code, "refused fresh from its turn lately; it is not turned");
                } else if upload.is_at_hand() {
                    let newer = self.tokens.newer(&token, &head.target, &refusal).await;
                    if let Some(newer) = newer.map_err(|error| Excuse::of(&error))? {
                        (token, rotated) = (newer, true);
                        continue;
                    }
                } else {
                    Arc::clone(&self).refresh_behind(token, head.target.clone(), refusal);
                }
            }
            let headers = fields::of_answer(&headers, false, &visit, &self.tokens.client().app().hosts);
            return Ok(Passed { response: response(status, headers, body), rotated });
        }
    }

    /// Answers an SDK that wants a token of its own. What it believes to be its credentials may be the local secret.
    async fn placeholder(&self, body: Incoming, visit: &Visit) -> Result<Passed, Excuse> {
        let body = tokio::time::timeout(CREDENTIALS_TIME, Limited::new(body, CREDENTIALS).collect()).await;
        // Who knows the secret otherwise brings it otherwise.
        let mut placeholder = PLACEHOLDER.to_owned();
        if visit.unproven {
            let body = body.ok().and_then(Result::ok).map(http_body_util::Collected::to_bytes);
            if !body.is_some_and(|body| self.door.proves(&body)) {
                return Err(sent_away(SentAway::NoSecret));
            }
            placeholder = self.door.placeholder();
        }
        let mut response = answer::whole(StatusCode::OK, &token_calls::answer(&placeholder));
        if let Some(origin) = &visit.origin {
            fields::allow(response.headers_mut(), origin);
        }
        Ok(Passed { response, rotated: false })
    }

    /// Sends once, for as long as anything moves and a while longer.
    async fn send(&self, token: &HeldToken, head: &ForwardHead, upload: &Upload) -> Result<Forwarded, CallFault> {
        let (client, body) = (self.tokens.client(), upload.begin());
        tokio::select! {
            biased;
            forwarded = client.forward(token, head, body) => forwarded,
            () = upload.still_for(self.limits.provider_time) => Err(CallFault::Lost(TransportFault::late(
                format!("the provider did not answer within {} s", self.limits.provider_time.as_secs()),
            ))),
        }
    }

    /// The body of an answer, and whether the answer refuses the token.
    async fn look(
        &self,
        token: &HeldToken,
        head: &ForwardHead,
        forwarded: Forwarded,
        headers: &HeaderMap,
    ) -> (Download, Option<Box<CallRefusal>>) {
        let (status, echo) = (forwarded.status(), self.tokens.client().echo(token));
        if !may_refuse(&head.method, status, headers) {
            return (Download::passing(forwarded.into_body(), echo), None);
        }
        let body = Download::looked_at(forwarded.into_body(), status < 300, echo).await;
        let refusal = body.whole().and_then(|bytes| {
            self.tokens.client().judge(token, &CallAnswer { status, headers: headers.clone(), body: bytes })
        });
        let of_token =
            |refusal: &CallRefusal| matches!(refusal.trouble, CallTrouble::UserTokenDead | CallTrouble::AppTokenDead);
        (body, refusal.filter(|refusal| of_token(refusal)))
    }

    /// Gets a newer token for those who come later.
    fn refresh_behind(self: Arc<Self>, refused: Arc<HeldToken>, target: String, refusal: Box<CallRefusal>) {
        tokio::spawn(async move {
            if let Err(error) = self.tokens.newer(&refused, &target, &refusal).await {
                tracing::warn!(%error, "the refused token could not be turned");
            }
        });
    }

    /// Lets both sides go on as they have agreed.
    fn switch(
        &self,
        forwarded: Forwarded,
        upgrade: OnUpgrade,
        visit: &Visit,
        caller: Arc<Caller>,
        token: &HeldToken,
    ) -> Response<Download> {
        let client = self.tokens.client();
        let echoes = || client.echo(token);
        let (messages, asides) = (echoes(), echoes());
        let headers = fields::of_answer(forwarded.headers(), true, visit, &client.app().hosts);
        tokio::spawn(async move {
            let mut stopped = caller.stopped.clone();
            let between = async {
                let there = forwarded.upgrade().await.map_err(|error| format!("{error:?}"))?;
                let here = upgrade.await.map_err(|error| error.to_string())?;
                let (mut here, mut there) = (TokioIo::new(here), Watched::new(there, messages, asides));
                tokio::io::copy_bidirectional(&mut here, &mut there).await.map_err(|error| error.to_string())
            };
            tokio::select! {
                ended = between => if let Err(reason) = ended {
                    tracing::debug!(reason, "a WebSocket broke");
                },
                () = async { drop(stopped.wait_for(|stopped| *stopped).await) } => {}
            }
            drop(caller);
        });
        response(SWITCHING, headers, Download::of(bytes::Bytes::new()))
    }

    fn no_answer(&self, fault: CallFault, upload: &Upload) -> Excuse {
        if upload.has_stalled() {
            return Excuse::new(StatusCode::REQUEST_TIMEOUT, Code::ProxyCallerStalled)
                .detail(format!("{} s", self.limits.caller_time.as_secs()));
        }
        Excuse::of(&ApiError::from(fault))
    }
}

fn response(status: u16, headers: HeaderMap, body: Download) -> Response<Download> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    *response.headers_mut() = headers;
    response
}

/// Whether a connection broke as one does that had been idle for too long.
fn broke_at_once(fault: &TransportFault, begun: Instant) -> bool {
    !fault.timed_out() && begun.elapsed() < AT_ONCE
}

fn echoed() -> Excuse {
    Excuse::new(StatusCode::BAD_GATEWAY, Code::ProxyNotPermitted).detail("the answer holds the token")
}

fn sent_away(reason: SentAway) -> Excuse {
    match reason {
        SentAway::Malformed => Excuse::new(StatusCode::BAD_REQUEST, Code::ProxyOtherHost),
        SentAway::OtherHost | SentAway::ForwardProxy => {
            Excuse::new(StatusCode::MISDIRECTED_REQUEST, Code::ProxyOtherHost)
        }
        SentAway::OtherOrigin => Excuse::new(StatusCode::FORBIDDEN, Code::ProxyOtherOrigin),
        SentAway::NoSecret => Excuse::new(StatusCode::UNAUTHORIZED, Code::ProxySecretMissing),
        SentAway::SecretElsewhere => Excuse::new(StatusCode::BAD_REQUEST, Code::ProxyNotPermitted)
            .detail("the local secret is where it would be forwarded to the provider"),
        SentAway::Method => {
            Excuse::new(StatusCode::METHOD_NOT_ALLOWED, Code::ProxyNotPermitted).detail("the method does not pass")
        }
        SentAway::OwnFetcher => Excuse::new(StatusCode::FORBIDDEN, Code::ProxyNotPermitted)
            .detail("pictures for a text are fetched without a token"),
    }
}

/// The answer to a browser's question whether a page may ask (WHATWG Fetch, CORS preflight).
fn preflight(asked: &HeaderMap, visit: &Visit) -> Response<Download> {
    let mut headers = HeaderMap::new();
    if let Some(origin) = &visit.origin {
        fields::allow(&mut headers, origin);
    }
    for (question, answer) in [
        (ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_ALLOW_METHODS),
        (ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS),
    ] {
        if let Some(value) = asked.get(question) {
            headers.insert(answer, value.clone());
        }
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response(204, headers, Download::of(bytes::Bytes::new()))
}

const SWITCHING: u16 = 101;
const AT_ONCE: Duration = Duration::from_secs(2);
/// An id, a secret and the JSON around them.
const CREDENTIALS: usize = 64 << 10;
const CREDENTIALS_TIME: Duration = Duration::from_secs(5);
