//! Events sent to receivers that the settings name, and what becomes of those that cannot be delivered (docs/design/0014-server.md, Webhooks).
//!
//! Enters: deliveries that the store has queued. Leaves: signed messages, each until its receiver has it or a day has passed. A receiver that is
//! down holds up nobody: deliveries are a task of their own. One that failed for good is listed, and sent again when somebody says so.

pub(super) mod delivering;
pub(super) mod receivers;
mod signature;

use http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokenward_core::ports::FailedDelivery;
use tokenward_core::{Code, WebhookName};

use super::answer::Answer;
use super::caller::Caller;
use super::events::views::EventView;
use super::grant_views::moment;
use super::parsed_request::Ask;
use super::problem::Problem;

/// Which deliveries.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FailedQuery {
    /// Those to one receiver: the name of its table in the settings.
    webhook: Option<String>,
    /// Those after this one: `next` of the page before.
    after: Option<String>,
    /// How many at most: 1 to 500, without it 100.
    limit: Option<u32>,
}

/// Deliveries that failed for good.
#[derive(Serialize, JsonSchema)]
pub(super) struct FailedList {
    deliveries: Vec<FailedView>,
    /// Where the next page begins, for `after`; absent when this is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A delivery that failed for good.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FailedDelivery")]
struct FailedView {
    /// Its id.
    delivery: String,
    /// To whom: the name of the table in the settings.
    webhook: String,
    /// What was to be told.
    event: EventView,
    /// When it was queued.
    queued_at: String,
    /// When it was given up.
    failed_at: String,
    /// How often it was tried.
    attempts: u32,
    /// Why it failed last.
    reason: String,
}

/// A delivery that is on its way again.
#[derive(Serialize, JsonSchema)]
pub(super) struct Resent {
    delivery: String,
    webhook: String,
}

impl From<&FailedDelivery> for FailedView {
    fn from(failed: &FailedDelivery) -> Self {
        Self {
            delivery: id(failed),
            webhook: failed.webhook.to_string(),
            event: EventView::of(&failed.told),
            queued_at: moment(failed.queued),
            failed_at: moment(failed.failed),
            attempts: failed.tries,
            reason: failed.reason.clone(),
        }
    }
}

/// The name of its receiver and the number of its event.
fn id(failed: &FailedDelivery) -> String {
    format!("{}:{}", failed.webhook, failed.told.number)
}

fn parsed(id: &str) -> Option<(WebhookName, u64)> {
    let (webhook, number) = id.split_once(':')?;
    Some((webhook.parse().ok()?, number.parse().ok()?))
}

/// Those of logins that the key is for.
pub(super) async fn failed(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let FailedQuery { webhook, after, limit } = ask.query()?;
    let limit = limit.unwrap_or(100);
    if limit == 0 || limit > 500 {
        return Err(Problem::bad_request("limit is a number from 1 to 500"));
    }
    let unusable = |name: &str| Problem::bad_request(format!("{name} cannot be used"));
    let webhook = webhook.map(|name| name.parse::<WebhookName>().map_err(|_| unusable("webhook"))).transpose()?;
    let after = after.map(|after| parsed(&after).ok_or_else(|| unusable("after"))).transpose()?;
    let (wanted, mut looked, mut deliveries) = (limit as usize, 0, Vec::new());
    let mut after = after.or_else(|| webhook.clone().map(|name| (name, 0)));
    let next = 'pages: loop {
        let from = after.as_ref().map(|(name, number)| (name, *number));
        let page = ask.session().store().failed_deliveries(from, AT_ONCE).await?;
        let is_last = page.len() < AT_ONCE as usize;
        for failed in page {
            if webhook.as_ref().is_some_and(|name| *name != failed.webhook) {
                break 'pages None;
            }
            if deliveries.len() == wanted || looked == MOST_LOOKED_AT {
                break 'pages after.map(|(name, number)| format!("{name}:{number}"));
            }
            looked += 1;
            after = Some((failed.webhook.clone(), failed.told.number));
            if caller.has_event(&failed.told.event) {
                deliveries.push(FailedView::from(&failed));
            }
        }
        if is_last {
            break None;
        }
    };
    Answer::ok(&FailedList { deliveries, next })
}

/// Queues one of them as if it were new.
pub(super) async fn resend(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let unknown =
        || Problem::new(StatusCode::NOT_FOUND, Code::ServerRequest).detail("there is no such failed delivery");
    let (webhook, number) = ask.named.as_deref().and_then(parsed).ok_or_else(unknown)?;
    let store = ask.session().store();
    let found = store.failed_delivery(&webhook, number).await?;
    let found = found.filter(|failed| caller.has_event(&failed.told.event)).ok_or_else(unknown)?;
    ask.is_about(found.told.event.grant);
    if let Some(profile) = &found.told.event.profile {
        ask.names(profile);
    }
    if !store.resend_delivery(&webhook, number).await? {
        return Err(unknown());
    }
    Answer::ok(&Resent { delivery: id(&found), webhook: webhook.to_string() })
}

/// Rows that one look takes.
const AT_ONCE: u32 = 500;
/// Rows that one page looks at.
const MOST_LOOKED_AT: usize = 4000;
