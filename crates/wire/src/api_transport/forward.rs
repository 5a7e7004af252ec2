//! Requests of others, passed on with a token.
//!
//! Enters: a request as somebody else made it, the app's hosts, a bearer. Leaves: the head of the answer, its body
//! still on its way, or a connection that both sides have agreed to use for something else. Bodies are handed on as
//! they come and at the pace of whoever reads them. What the request brings along as credentials does not leave,
//! nor does the token go anywhere but to the app's own hosts (I4; [`Call::address`] decides). Nothing is repeated here.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{HeaderMap, Method};
use http_body::{Body, Frame, SizeHint};
use tokenward_core::{Hosts, TransportFault};
use tokio::io::{AsyncRead, AsyncWrite};
use zeroize::Zeroizing;

use super::{CallFault, Calls};
use crate::Call;
use crate::api_call::authority;
use crate::bearer::Bearer;
use crate::gzip::{self, Packing, Unpacker};
use crate::http::{fault, way_out};
use crate::wiped::Wiped;

/// A request of somebody else, without its body.
#[derive(Clone)]
pub struct ForwardHead {
    /// The method.
    pub method: Method,
    /// The path below the app's open host, with its query, as it came.
    pub target: String,
    /// The headers. The caller has taken out what belonged to the connection they came by; the header of the token, `Host`,
    /// `Content-Length` and `Transfer-Encoding` are set here and need not be.
    pub headers: HeaderMap,
}

impl fmt::Debug for ForwardHead {
    /// Shows no query and no headers: what people send is theirs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        f.debug_struct("ForwardHead").field("method", &self.method).field("path", &path).finish_non_exhaustive()
    }
}

impl Calls {
    /// Passes a request on and takes the head of its answer. How long that may take is the caller's to say: dropping
    /// the future ends the request.
    ///
    /// # Errors
    /// [`CallFault::Unsent`] when nothing of a request with a body left, or no connection came about;
    /// [`CallFault::Lost`] otherwise.
    pub async fn forward<B>(
        &self,
        hosts: &Hosts,
        bearer: &Bearer,
        head: &ForwardHead,
        body: Option<B>,
    ) -> Result<Forwarded, CallFault>
    where
        B: Body<Data = Bytes> + Send + Sync + Unpin + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let url = Call::new(head.method.clone(), head.target.as_str()).address(hosts).map_err(CallFault::Bad)?;
        let unsent = |reason: String| CallFault::Unsent(TransportFault::failed(reason));
        let target = authority(&url);
        let client =
            way_out(&url, &self.options().transport).and_then(|route| self.client(route)).map_err(CallFault::Unsent)?;
        let mut request = reqwest::Request::new(head.method.clone(), url);
        *request.headers_mut() = head.headers.clone();
        for name in self.credential_headers().iter().chain(&[HOST, CONTENT_LENGTH, TRANSFER_ENCODING]) {
            request.headers_mut().remove(name);
        }
        let (name, value) = self.credential(bearer).ok_or_else(|| unsent(super::NO_BEARER.to_owned()))?;
        request.headers_mut().insert(name, value);
        let asked = Arc::new(AtomicBool::new(body.is_none()));
        if let Some(body) = body {
            *request.body_mut() = Some(reqwest::Body::wrap(RequestedBody { body, asked: Arc::clone(&asked) }));
        }
        match client.execute(request).await {
            Ok(response) => Ok(Forwarded::new(response, target)),
            // A body that nobody asked for was not sent: there was no connection yet.
            Err(error) if error.is_connect() || error.is_builder() || !asked.load(Ordering::Acquire) => {
                Err(CallFault::Unsent(fault(&target, &error)))
            }
            Err(error) => Err(CallFault::Lost(fault(&target, &error))),
        }
    }
}

/// An answer to a request that was passed on.
pub struct Forwarded {
    status: u16,
    headers: HeaderMap,
    response: reqwest::Response,
    target: String,
    packing: Packing,
}

impl Forwarded {
    fn new(mut response: reqwest::Response, target: String) -> Self {
        let status = response.status().as_u16();
        tracing::debug!(target, status, "answered");
        let mut headers = std::mem::take(response.headers_mut());
        let packing = match gzip::packing(&headers) {
            // A piece out of the middle of packed bytes.
            Packing::Gzip if status == PARTIAL => Packing::Other,
            packing => packing,
        };
        if packing == Packing::Gzip {
            gzip::forget(&mut headers);
        }
        Self { status, headers, response, target, packing }
    }

    /// Whether the body can be looked into: it came plain, or packed in a way that is undone on its way.
    pub fn is_readable(&self) -> bool {
        self.packing != Packing::Other
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body, frame by frame as it comes.
    pub fn into_body(self) -> ForwardedBody {
        let packed = (self.packing == Packing::Gzip).then(|| Packed { unpacker: Unpacker::new(), held: Bytes::new() });
        ForwardedBody { body: self.response.into(), target: self.target, packed }
    }

    /// The connection itself, after an answer 101.
    ///
    /// # Errors
    /// [`CallFault::Lost`] when the provider's side did not keep it open.
    pub async fn upgrade(self) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, CallFault> {
        let Self { response, target, .. } = self;
        response.upgrade().await.map_err(|error| CallFault::Lost(fault(&target, &error)))
    }
}

impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarded").field("status", &self.status).field("target", &self.target).finish_non_exhaustive()
    }
}

/// The body of an answer that is passed on.
pub struct ForwardedBody {
    body: reqwest::Body,
    target: String,
    packed: Option<Packed>,
}

/// What of a packed body has come and is not unpacked yet.
struct Packed {
    unpacker: Unpacker,
    held: Bytes,
}

impl Packed {
    /// The next plain bytes of what is held; nothing once all of it is unpacked. Little at a time, since a few bytes may
    /// stand for very many.
    fn next(&mut self) -> Option<Result<Bytes, &'static str>> {
        while !self.held.is_empty() {
            let some = self.held.split_to(self.held.len().min(AT_A_TIME));
            let mut plain = Zeroizing::default();
            // Of any length: what is passed on goes out piece by piece.
            match self.unpacker.push(&some, &mut plain, usize::MAX) {
                Ok(()) if plain.is_empty() => {}
                Ok(()) => return Some(Ok(Bytes::from_owner(Wiped(plain)))),
                Err(_) => return Some(Err("the packed answer cannot be read")),
            }
        }
        None
    }
}

impl Body for ForwardedBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = &mut *self;
        loop {
            let failed = |reason| BrokenOff(TransportFault::failed(format!("{}: {reason}", this.target)));
            if let Some(plain) = this.packed.as_mut().and_then(Packed::next) {
                let frame = plain.map(Frame::data).map_err(failed);
                if frame.is_err() {
                    this.packed = None;
                    this.body = reqwest::Body::default();
                }
                return Poll::Ready(Some(frame));
            }
            let polled = ready!(Pin::new(&mut this.body).poll_frame(context));
            let frame = match polled {
                None => {
                    let is_cut = this.packed.take().is_some_and(|packed| !packed.unpacker.is_whole());
                    return Poll::Ready(is_cut.then(|| Err(failed("the packed answer is not whole"))));
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(BrokenOff(fault(&this.target, &error))))),
                Some(Ok(frame)) => frame,
            };
            match (&mut this.packed, frame.into_data()) {
                (None, Ok(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                (Some(packed), Ok(piece)) => packed.held = piece,
                (_, Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let is_done = |packed: &Packed| packed.held.is_empty() && packed.unpacker.is_whole();
        self.body.is_end_stream() && self.packed.as_ref().is_none_or(is_done)
    }

    fn size_hint(&self) -> SizeHint {
        if self.packed.is_some() { SizeHint::new() } else { self.body.size_hint() }
    }
}

impl fmt::Debug for ForwardedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardedBody").field("target", &self.target).finish_non_exhaustive()
    }
}

const PARTIAL: u16 = 206;
/// So many packed bytes come to four megabytes at most.
const AT_A_TIME: usize = 4 << 10;

/// The body of an answer ended before its end.
#[derive(Debug)]
pub struct BrokenOff(TransportFault);

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer broke off: {}", self.0.reason)
    }
}

impl Error for BrokenOff {}

/// Notes that its first frame was asked for.
struct RequestedBody<B> {
    body: B,
    asked: Arc<AtomicBool>,
}

impl<B: Body + Unpin> Body for RequestedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        self.asked.store(true, Ordering::Release);
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
