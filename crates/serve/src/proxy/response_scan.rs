//! Looks into answers that may be refusals of the token, and into no others.
//!
//! A refusal is a small JSON object with a `code`, mostly with an error status, from older APIs with 200
//! (reference/feishu.md §11). So a body is looked at where its status or its type permits a refusal, as far as [`MOST`]
//! bytes and no longer than [`PATIENCE`] for each piece and [`WHOLE_PATIENCE`] in all: what is longer, or takes its
//! time, is no refusal and is passed on as it comes. A success that begins with `{"code":0`, or is no object, is passed
//! on at its first piece.
//!
//! Whatever passes is watched for the token: a server that says back what it was sent would hand it out (I4). Where it is seen at the
//! beginning, the caller gets an error in place of the answer; further on, the answer breaks off before the piece that ends it.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokenward::{BrokenOff, CallAnswer, Echo, ForwardedBody};
use tokio::time::Instant;

/// A body on its way to the caller.
pub(super) struct Download {
    /// What was looked at.
    kept: VecDeque<Bytes>,
    rest: Rest,
    /// What must not stand in it; nothing in a body of ours.
    echo: Option<Echo>,
}

/// Why a body is not whole.
#[derive(Debug)]
pub(super) enum Cut {
    /// The provider's side broke off.
    Broken(BrokenOff),
    /// The token was in it.
    HoldsToken,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(error) => error.fmt(f),
            Self::HoldsToken => f.write_str("the answer holds the token"),
        }
    }
}

impl std::error::Error for Cut {}

enum Rest {
    Nothing,
    Body(ForwardedBody),
    Broken(BrokenOff),
}

impl Download {
    /// A body that is ours.
    pub(super) fn of(bytes: Bytes) -> Self {
        let kept = if bytes.is_empty() { VecDeque::new() } else { VecDeque::from([bytes]) };
        Self { kept, rest: Rest::Nothing, echo: None }
    }

    /// A body whose beginning nobody waits for.
    pub(super) const fn passing(body: ForwardedBody, echo: Echo) -> Self {
        Self { kept: VecDeque::new(), rest: Rest::Body(body), echo: Some(echo) }
    }

    /// Looks at the beginning of a body; it is passed on whole all the same.
    pub(super) async fn looked_at(mut body: ForwardedBody, success: bool, echo: Echo) -> Self {
        let mut kept = VecDeque::new();
        let mut length = 0;
        let end = Instant::now() + WHOLE_PATIENCE;
        loop {
            let until = end.min(Instant::now() + PATIENCE);
            let rest = match tokio::time::timeout_at(until, body.frame()).await {
                Err(_) => Rest::Body(body),
                Ok(None) => Rest::Nothing,
                Ok(Some(Err(error))) => Rest::Broken(error),
                Ok(Some(Ok(frame))) => {
                    let Ok(piece) = frame.into_data() else { continue };
                    length += piece.len();
                    let done = success && kept.is_empty() && !is_open(&piece);
                    kept.push_back(piece);
                    if !done && length <= MOST {
                        continue;
                    }
                    Rest::Body(body)
                }
            };
            return Self { kept, rest, echo: Some(echo) };
        }
    }

    /// Why it will not be whole, if that is known already.
    pub(super) fn take_broken(&mut self) -> Option<BrokenOff> {
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Broken(error) => Some(error),
            rest => {
                self.rest = rest;
                None
            }
        }
    }

    /// The whole of it, if it is at hand.
    pub(super) fn whole(&self) -> Option<Bytes> {
        matches!(self.rest, Rest::Nothing).then(|| self.at_hand())
    }

    /// Whether the token stands in what was looked at.
    pub(super) fn holds_token(&self) -> bool {
        self.echo.as_ref().is_some_and(|echo| echo.is_in(&self.at_hand()))
    }

    /// As much of it as was looked at.
    fn at_hand(&self) -> Bytes {
        match self.kept.len() {
            0 => Bytes::new(),
            1 => self.kept.front().cloned().unwrap_or_default(),
            _ => {
                let mut whole = BytesMut::new();
                self.kept.iter().for_each(|piece| whole.extend_from_slice(piece));
                whole.freeze()
            }
        }
    }
}

impl Body for Download {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let frame = match (self.kept.pop_front(), &mut self.rest) {
            (Some(piece), _) => Frame::data(piece),
            (None, Rest::Nothing) => return Poll::Ready(None),
            (None, Rest::Body(body)) => match ready!(Pin::new(body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                ended => return Poll::Ready(ended.map(|ended| ended.map_err(Cut::Broken))),
            },
            (None, Rest::Broken(_)) => return Poll::Ready(self.take_broken().map(|error| Err(Cut::Broken(error)))),
        };
        let echoed = self.echo.as_mut().zip(frame.data_ref()).is_some_and(|(echo, piece)| echo.ends_in(piece));
        if echoed {
            (self.kept, self.rest) = (VecDeque::new(), Rest::Nothing);
            return Poll::Ready(Some(Err(Cut::HoldsToken)));
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.kept.is_empty()
            && match &self.rest {
                Rest::Nothing => true,
                Rest::Body(body) => body.is_end_stream(),
                Rest::Broken(_) => false,
            }
    }

    fn size_hint(&self) -> SizeHint {
        let kept = self.kept.iter().map(|piece| piece.len() as u64).sum::<u64>();
        match &self.rest {
            Rest::Nothing => SizeHint::with_exact(kept),
            Rest::Body(body) => match body.size_hint().exact() {
                Some(rest) => SizeHint::with_exact(kept + rest),
                None => SizeHint::new(),
            },
            Rest::Broken(_) => SizeHint::new(),
        }
    }
}

/// Whether an answer may be a refusal of the token.
pub(super) fn may_refuse(method: &Method, status: u16, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let long = text(CONTENT_LENGTH).parse::<usize>().is_ok_and(|length| length > MOST);
    let stream = text(CONTENT_TYPE).trim().to_ascii_lowercase().starts_with("text/event-stream");
    if method == Method::HEAD || long || stream || matches!(status, 204 | 205 | 300..=399) {
        return false;
    }
    CallAnswer::may_say_no(status, headers)
}

/// Whether a success that begins like this may still turn out to be a refusal: an object that does not begin with its
/// good end.
fn is_open(begin: &[u8]) -> bool {
    let text = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
    text.is_empty() || text.starts_with(b"{") && !says_done(text)
}

/// Whether JSON begins with a `code` of zero, as the provider's successes do.
fn says_done(begin: &[u8]) -> bool {
    let mut rest = begin.trim_ascii_start();
    for word in [b"{".as_slice(), b"\"code\"", b":", b"0"] {
        match rest.strip_prefix(word) {
            Some(after) => rest = after.trim_ascii_start(),
            None => return false,
        }
    }
    matches!(rest.first(), Some(b',' | b'}'))
}

/// Refusals are some hundred bytes; those that name many scopes are a few kilobytes.
const MOST: usize = 32 << 10;
const PATIENCE: Duration = Duration::from_millis(500);
/// For all pieces together: what drips is a stream.
const WHOLE_PATIENCE: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn a_success_is_known_by_its_beginning() {
        for done in [r#"{"code":0,"data""#, r#"{ "code" : 0 , "#, r#"{"code":0}"#] {
            assert!(says_done(done.as_bytes()), "{done}");
        }
        for open in [r#"{"code":0"#, r#"{"code":01"#, r#"{"code":99991668,"#, r#"{"msg":"","code":0}"#, "", "[0]"] {
            assert!(!says_done(open.as_bytes()), "{open}");
        }
    }

    #[test]
    fn what_is_no_object_is_passed_on_at_its_beginning() {
        for done in ["[1,", "hello", "data: 1\n\n", r#"{"code":0,"#, "\u{feff}{\"code\":0}"] {
            assert!(!is_open(done.as_bytes()), "{done}");
        }
        for open in ["", " ", "\u{feff}", "{", r#"{"msg":"x","code":"#, "\u{feff}{\"code\":99991668"] {
            assert!(is_open(open.as_bytes()), "{open}");
        }
    }

    #[test]
    fn streams_files_and_long_answers_are_not_looked_into() {
        let asked = |status: u16, pairs: &[(&'static str, &'static str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            may_refuse(&Method::GET, status, &pairs.collect())
        };
        let json = ("content-type", "Application/JSON; charset=utf-8");
        assert!(asked(200, &[json]) && asked(400, &[]) && asked(401, &[("content-type", "text/plain")]));
        assert!(asked(200, &[("content-type", "application/problem+json"), ("content-length", "100")]));
        assert!(!asked(200, &[json, ("content-disposition", "attachment")]));
        assert!(!asked(200, &[json, ("content-length", "9999999")]));
        assert!(asked(200, &[]) && asked(200, &[("content-type", "text/plain"), ("content-length", "80")]));
        assert!(!asked(200, &[("content-type", "text/plain")]), "a text of unknown length");
        assert!(!asked(400, &[("content-type", "text/event-stream")]));
        assert!(!asked(204, &[json]) && !asked(302, &[json]) && !asked(200, &[("content-type", "image/png")]));
        assert!(!may_refuse(&Method::HEAD, 400, &HeaderMap::new()));
    }
}
