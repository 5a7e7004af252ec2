//! What happened to logins, for programs that listen: a page at a time, or as a stream (docs/design/0014-server.md, Events).
//!
//! Enters: what the store has recorded and numbered. Leaves: events of the logins that a key is for, in their order, without any token (I4).

pub(super) mod ends;
pub(super) mod feed;
pub(super) mod feeding;
mod stream;
pub(super) mod views;

use http::header::ACCEPT;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::caller::Caller;
use super::parsed_request::Ask;
use super::problem::Problem;
use views::{EventView, STREAM};

/// Which events.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// Those after this number: `next` of the page before. Without it, a page begins with the oldest that is kept, and a stream with what happens
    /// next.
    after: Option<u64>,
    /// How many a page has at most: 1 to 1000, without it 100.
    limit: Option<u32>,
}

/// A page of events.
#[derive(Serialize, JsonSchema)]
pub(super) struct EventList {
    /// Oldest first.
    events: Vec<EventView>,
    /// Where to go on, for `after`. A page may be short, or empty, although there are more: there are as long as this is another number.
    next: u64,
}

/// A page, or a stream where that is asked for.
pub(super) async fn list(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let EventsQuery { after, limit } = ask.query()?;
    let wants_stream = ask.headers.get_all(ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    if wants_stream.flat_map(|accept| accept.split(',')).any(is_stream) {
        return stream::open(caller, ask, after);
    }
    let limit = limit.unwrap_or(100);
    if limit == 0 || limit > 1000 {
        return Err(Problem::bad_request("limit is a number from 1 to 1000"));
    }
    let (wanted, mut next, mut looked, mut events) = (limit as usize, after.unwrap_or(0), 0, Vec::new());
    'pages: while looked < MOST_LOOKED_AT {
        let page = ask.session().store().events_after(next, AT_ONCE).await?;
        let is_last = page.len() < AT_ONCE as usize;
        for told in page {
            looked += 1;
            next = told.number;
            if caller.has_event(&told.event) {
                events.push(EventView::of(&told));
                if events.len() == wanted {
                    break 'pages;
                }
            }
        }
        if is_last {
            break;
        }
    }
    Answer::ok(&EventList { events, next })
}

fn is_stream(kind: &str) -> bool {
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(STREAM))
}

/// Rows that one look takes.
const AT_ONCE: u32 = 500;
/// Rows that one page looks at.
const MOST_LOOKED_AT: usize = 4000;
