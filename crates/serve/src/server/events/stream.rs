//! A stream of events, as browsers and programs read it (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! Enters: who asks, and the number of the last event that he has. Leaves: what followed, and what happens, as long as he may know it. A client
//! that comes again with `Last-Event-ID` misses nothing that is kept; one that does not read is let go of.

use std::fmt::Write as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use tokenward_core::{Code, Verb};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::views::{EventView, STREAM};
use crate::server::answer::Answer;
use crate::server::caller::Caller;
use crate::server::connections::Ending;
use crate::server::parsed_request::Ask;
use crate::server::problem::Problem;
use crate::server::state::Inner;

/// Begins a stream.
pub(super) fn open(caller: Caller, ask: Ask, after: Option<u64>) -> Result<Answer, Problem> {
    let Ask { server, headers, ending, .. } = ask;
    let after = match headers.get("last-event-id") {
        None => after,
        Some(id) => {
            let number = id.to_str().ok().and_then(|id| id.trim().parse().ok());
            Some(number.ok_or_else(|| Problem::bad_request("Last-Event-ID is the id of an event, a number"))?)
        }
    };
    let place = Arc::clone(&server.feed.places).try_acquire_owned();
    let full = |_| Problem::busy(Code::ServerBusy).detail("this node has as many event streams as it may have");
    let (place, newest) = (place.map_err(full)?, server.feed.follow());
    let after = after.unwrap_or_else(|| *newest.borrow());
    let (sender, receiver) = mpsc::channel(AHEAD);
    let telling = Telling { server, caller, headers, newest, after, sender, _place: place };
    tokio::spawn(async move {
        tokio::select! {
            () = ended(ending) => {}
            () = telling.run() => {}
        }
    });
    Ok(Answer::stream(Body::new(Pieces(receiver)), STREAM))
}

async fn ended(ending: Option<Ending>) {
    match ending {
        Some(ending) => ending.come().await,
        None => std::future::pending().await,
    }
}

/// A stream that is being told.
struct Telling {
    server: Arc<Inner>,
    caller: Caller,
    headers: HeaderMap<HeaderValue>,
    newest: watch::Receiver<u64>,
    after: u64,
    sender: mpsc::Sender<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl Telling {
    async fn run(mut self) {
        let mut beat = tokio::time::interval(self.server.limits.heartbeat);
        beat.tick().await;
        if !self.say(format!("retry: {RETRY_MS}\n\n")).await {
            return;
        }
        loop {
            self.newest.borrow_and_update();
            if !self.tell().await {
                return;
            }
            loop {
                tokio::select! {
                    () = self.sender.closed() => return,
                    changed = self.newest.changed() => match changed {
                        Ok(()) => break,
                        Err(_) => return,
                    },
                    _ = beat.tick() => {
                        if !self.may_go_on().await || !self.say(": \n\n".to_owned()).await {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Tells what there is; `false`: nobody listens any more. A store that does not answer is asked again when it has something new.
    async fn tell(&mut self) -> bool {
        loop {
            let page = match self.server.session.store().events_after(self.after, AT_ONCE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::debug!(%error, "a stream of events waits for the store");
                    return true;
                }
            };
            let is_last = page.len() < AT_ONCE as usize;
            for told in page {
                self.after = told.number;
                if !self.caller.has_event(&told.event) {
                    continue;
                }
                let view = EventView::of(&told);
                let data = serde_json::to_string(&view).unwrap_or_default();
                let mut text = String::new();
                // A text takes all that is written to it; JSON has no line breaks in it.
                let _ = write!(text, "id: {}\nevent: {}\ndata: {data}\n\n", view.number, view.kind);
                if !self.say(text).await {
                    return false;
                }
            }
            if is_last {
                return true;
            }
        }
    }

    async fn say(&self, text: String) -> bool {
        self.sender.send_timeout(text.into(), PATIENCE).await.is_ok()
    }

    /// Whether the key is still good for this. What it is for now is what counts.
    async fn may_go_on(&mut self) -> bool {
        match Caller::of(&self.headers, &self.server.session, &self.server.memory).await {
            Ok(caller) if caller.must(Verb::ReadEvents).is_ok() => {
                self.caller = caller;
                true
            }
            _ => false,
        }
    }
}

/// What is sent, as it comes.
struct Pieces(mpsc::Receiver<Bytes>);

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.get_mut().0.poll_recv(cx).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

/// Pieces that wait for the client.
const AHEAD: usize = 64;
/// Rows that one look takes.
const AT_ONCE: u32 = 500;
/// For how long a client may read nothing.
const PATIENCE: Duration = Duration::from_secs(30);
/// When a client comes again whose stream has ended, in milliseconds.
const RETRY_MS: u32 = 3000;
