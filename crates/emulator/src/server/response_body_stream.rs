//! The body of an answer, as hyper takes it: whole, cut short, or bit by bit.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::server::delivery_state::Line;

/// The connection is to be closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
pub(super) struct Closed;

/// A body that may end too early, or come bit by bit.
pub(super) struct Answer {
    rest: Option<Bytes>,
    more: Option<mpsc::Receiver<Bytes>>,
    /// How many bytes may still leave before the connection breaks.
    cut: Option<usize>,
    broken: bool,
    line: Arc<Line>,
}

impl Answer {
    pub(super) const fn new(
        body: Bytes,
        more: Option<mpsc::Receiver<Bytes>>,
        cut: Option<usize>,
        line: Arc<Line>,
    ) -> Self {
        Self { rest: Some(body), more, cut, broken: false, line }
    }

    /// The next bytes: the body, or an event.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match (self.rest.take(), &mut self.more) {
            (Some(body), None) => Poll::Ready(Some(body)),
            (_, Some(more)) => more.poll_recv(context),
            (None, None) => Poll::Ready(None),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        if self.broken {
            return Poll::Ready(Some(Err(Closed)));
        }
        let whole = self.more.is_none();
        let Poll::Ready(next) = self.poll_next(context) else {
            return Poll::Pending;
        };
        match (next, self.cut) {
            (Some(part), None) => {
                if whole {
                    self.line.body_taken();
                }
                Poll::Ready(Some(Ok(Frame::data(part))))
            }
            (None, None) => {
                self.line.body_taken();
                Poll::Ready(None)
            }
            (Some(part), Some(left)) if left > 0 => {
                // Never all of a body: the client must notice.
                let length = left.min(if whole { part.len().saturating_sub(1) } else { part.len() });
                self.cut = Some(if whole { 0 } else { left - length });
                Poll::Ready(Some(Ok(Frame::data(part.slice(..length)))))
            }
            // One turn in between lets the connection flush the part before it breaks.
            (_, Some(_)) => {
                self.broken = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.cut.is_none() && self.more.is_none() && self.rest.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        if self.more.is_some() {
            return SizeHint::default();
        }
        SizeHint::with_exact(self.rest.as_ref().map_or(0, |rest| u64::try_from(rest.len()).unwrap_or(u64::MAX)))
    }
}
