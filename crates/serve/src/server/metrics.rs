//! What the server counts, in the text format of Prometheus. It is this node's and begins anew with the process. A caller whose key is not for
//! every login sees nothing that names an app. No login, user or token is in any of it (I4).

use std::fmt::Write as _;

use super::answer::Answer;
use super::caller::Caller;
use super::counts::{Histogram, LEFT};
use super::parsed_request::Ask;
use super::problem::Problem;
use super::state::Inner;

/// The names of all that is counted, for dashboards and the tests that look at them.
pub fn metric_names() -> impl Iterator<Item = &'static str> {
    FAMILIES.iter().map(|(name, ..)| *name)
}

pub(super) async fn read(caller: Caller, ask: Ask) -> Result<Answer, Problem> {
    let server = &*ask.server;
    let (session, mut page) = (&server.session, Page::default());
    let is_seen = |app: &_| caller.sees_all_of(app);

    page.family(EXCHANGES);
    for (kind, count) in session.keeper().exchanges().iter().filter(|(kind, _)| is_seen(&kind.app)) {
        let (app, outcome, replay) = (kind.app.as_str(), kind.outcome.as_str(), kind.is_replay.to_string());
        page.value(EXCHANGES, &[("app", app), ("outcome", outcome), ("replay", &replay)], *count);
    }
    page.family(RECOVERIES);
    for (app, count) in session.keeper().recoveries().iter().filter(|(app, _)| is_seen(app)) {
        page.value(RECOVERIES, &[("app", app.as_str())], *count);
    }
    page.family(REQUESTS);
    let requests = server.counts.requests();
    for ((route, status), count) in requests {
        page.value(REQUESTS, &[("route", route), ("status", &status.to_string())], count);
    }
    page.histogram(TOKEN_LEFT, server.counts.left());
    if let Some(scheduler) = &server.scheduler {
        let since = scheduler.waiting_since().await?;
        let lag = since.map_or(0, |since| session.now().duration_since(since).as_secs().max(0));
        page.single(LAG, lag.unsigned_abs());
        page.single(ROUNDS, scheduler.rounds());
        page.single(BREAKERS, count(scheduler.open_breakers()));
        page.single(IN_PROGRESS, count(scheduler.in_progress()));
    }
    page.single(AUDIT_QUEUE, count(server.audit.waiting()));
    page.single(AUDIT_LIMIT, count(server.limits.audit_rows));
    page.single(EVENT_STREAMS, count(server.feed.streams()));
    webhooks(server, &mut page).await?;
    let tls = server.tls.as_ref();
    page.single(TLS_RELOADS, tls.map_or(0, |tls| tls.reloads()));
    page.single(TLS_REFUSED, tls.map_or(0, |tls| u64::from(tls.is_refused())));
    page.single(TLS_FAILED, tls.map_or(0, |tls| tls.failed_handshakes()));
    page.family(BUILD);
    page.value(BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1);
    Ok(Answer::text(page.0))
}

async fn webhooks(server: &Inner, page: &mut Page) -> Result<(), Problem> {
    let receivers = server.receivers.all();
    page.family(DELIVERIES);
    for receiver in receivers {
        for (outcome, count) in receiver.outcomes() {
            page.value(DELIVERIES, &[("webhook", receiver.name.as_str()), ("outcome", outcome)], count);
        }
    }
    let counts = if receivers.is_empty() { Vec::new() } else { server.session.store().delivery_counts().await? };
    page.family(WAITING);
    for (webhook, count) in &counts {
        page.value(WAITING, &[("webhook", webhook.as_str())], count.waiting);
    }
    page.family(UNDELIVERED);
    for (webhook, count) in &counts {
        page.value(UNDELIVERED, &[("webhook", webhook.as_str())], count.failed);
    }
    Ok(())
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The page as it grows.
#[derive(Default)]
struct Page(String);

impl Page {
    fn family(&mut self, name: &'static str) {
        let known = FAMILIES.iter().find(|(known, ..)| *known == name);
        let (_, kind, help) = known.copied().unwrap_or((name, "untyped", ""));
        // A text takes all that is written to it.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// Labels hold names of apps, routes and outcomes, none of which needs to be escaped.
    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: u64) {
        let labels: Vec<_> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// A family of one value.
    fn single(&mut self, name: &'static str, value: u64) {
        self.family(name);
        self.value(name, &[], value);
    }

    fn histogram(&mut self, name: &'static str, counted: Histogram) {
        self.family(name);
        let bucket = format!("{name}_bucket");
        for (bound, count) in LEFT.iter().zip(counted.within) {
            self.value(&bucket, &[("le", &bound.to_string())], count);
        }
        self.value(&bucket, &[("le", "+Inf")], counted.count);
        self.value(&format!("{name}_sum"), &[], counted.sum);
        self.value(&format!("{name}_count"), &[], counted.count);
    }
}

const EXCHANGES: &str = "tokenward_exchanges_total";
const RECOVERIES: &str = "tokenward_recoveries_total";
const REQUESTS: &str = "tokenward_requests_total";
const TOKEN_LEFT: &str = "tokenward_token_left_seconds";
const LAG: &str = "tokenward_scheduler_lag_seconds";
const ROUNDS: &str = "tokenward_scheduler_rounds_total";
const BREAKERS: &str = "tokenward_scheduler_breakers_open";
const IN_PROGRESS: &str = "tokenward_scheduler_refreshes_in_progress";
const AUDIT_QUEUE: &str = "tokenward_audit_queue_rows";
const AUDIT_LIMIT: &str = "tokenward_audit_queue_limit";
const EVENT_STREAMS: &str = "tokenward_event_streams";
const DELIVERIES: &str = "tokenward_webhook_deliveries_total";
const WAITING: &str = "tokenward_webhook_deliveries_waiting";
const UNDELIVERED: &str = "tokenward_webhook_deliveries_failed";
const TLS_RELOADS: &str = "tokenward_tls_reloads_total";
const TLS_REFUSED: &str = "tokenward_tls_files_refused";
const TLS_FAILED: &str = "tokenward_tls_handshakes_failed_total";
const BUILD: &str = "tokenward_build_info";

/// Name, kind and what it is.
const FAMILIES: &[(&str, &str, &str)] = &[
    (
        EXCHANGES,
        "counter",
        "Refresh tokens sent by this node, by app, outcome, and whether the token had been sent before",
    ),
    (RECOVERIES, "counter", "Answers found and settled that an earlier process or call had left"),
    (REQUESTS, "counter", "Requests answered, by route and status"),
    (TOKEN_LEFT, "histogram", "Life left of the access tokens that were handed out"),
    (LAG, "gauge", "How long the login has waited that is due longest, on any node"),
    (ROUNDS, "counter", "How often this node looked what is due"),
    (BREAKERS, "gauge", "Providers that are only probed"),
    (IN_PROGRESS, "gauge", "Logins being refreshed in the background"),
    (AUDIT_QUEUE, "gauge", "Entries that wait for the audit trail"),
    (AUDIT_LIMIT, "gauge", "How many may wait"),
    (EVENT_STREAMS, "gauge", "Programs that listen to a stream of events on this node"),
    (DELIVERIES, "counter", "Tries of this node to deliver an event, by webhook and what came of it"),
    (WAITING, "gauge", "Events that wait to be delivered, by any node"),
    (UNDELIVERED, "gauge", "Events that were not delivered and are not sent again by themselves"),
    (TLS_RELOADS, "counter", "How often another TLS certificate was taken into use"),
    (TLS_REFUSED, "gauge", "1 while the TLS files that are there now cannot be used, and the former ones are"),
    (TLS_FAILED, "counter", "Connections that ended before they were encrypted"),
    (BUILD, "gauge", "The version of this node"),
];
