//! What the server counts: read as Prometheus reads it, true, and what the dashboard asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use http::Method;
use tokenward_core::Verb;
use tokenward_emulator::{Fault, FaultKind, Operation};
use tokenward_serve::scheduler::SchedulerOptions;
use tokenward_serve::server::metric_names;

use crate::world::{Wish, World};

/// The values of a page by name and labels. Panics where Prometheus would refuse it.
fn parsed(text: &str) -> BTreeMap<String, f64> {
    let (mut kinds, mut found) = (BTreeMap::new(), BTreeMap::new());
    let mut helped = BTreeSet::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').unwrap();
            assert!(helped.insert(name) && !words.is_empty(), "{line}");
            continue;
        }
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(helped.contains(name) && kinds.insert(name, kind).is_none(), "{line}");
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end).filter(|family| kinds.get(family) == Some(&"histogram")));
        assert!(kinds.contains_key(family.unwrap_or(name)), "{line} has no type");
        if let Some(labels) = series.strip_prefix(name).filter(|labels| !labels.is_empty()) {
            let labels = labels.strip_prefix('{').and_then(|labels| labels.strip_suffix('}')).expect(line);
            for label in labels.split(',') {
                let (_, value) = label.split_once('=').expect(line);
                assert!(value.len() >= 2 && value.starts_with('"') && value.ends_with('"'), "{line}");
            }
        }
        assert!(found.insert(series.to_owned(), value.parse().expect(line)).is_none(), "{line} is there twice");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happened_is_counted() {
    let world =
        World::scheduled(SchedulerOptions { tick: Duration::from_hours(1), ..SchedulerOptions::default() }).await;
    let key = world.key().await;
    let force = async || world.ask(Method::POST, "/v1/grants/work/token/refresh", Some(&key), None).await.status;
    assert_eq!(world.get("/v1/grants/work/token", &key).await.status, 200);
    assert_eq!(force().await, 200);
    // Nobody knows what came of the next one; the one after it sends the same token again.
    world.sandbox.inject(Fault::new(FaultKind::Drop).when(Operation::Refresh).times(1));
    assert_eq!(force().await, 503);
    world.stand.pass(Duration::from_secs(7300));
    assert_eq!(world.get("/v1/grants/work/token", &key).await.status, 200);

    let told = world.get("/metrics", &key).await;
    assert_eq!((told.status, told.kind.as_str()), (200, "text/plain; version=0.0.4"));
    let values = parsed(&told.text);
    let of = |series: &str| values.get(series).copied().unwrap_or_else(|| panic!("{series} is not in {}", told.text));
    let exchanges = |outcome, replay| {
        of(&format!("tokenward_exchanges_total{{app=\"work\",outcome=\"{outcome}\",replay=\"{replay}\"}}"))
    };
    let counts = [exchanges("refreshed", false), exchanges("unknown", false), exchanges("refreshed", true)];
    assert_eq!(counts.map(|count| count.to_string()), ["1", "1", "1"]);
    for (series, expected) in [
        ("tokenward_requests_total{route=\"read-token\",status=\"200\"}", "2"),
        ("tokenward_requests_total{route=\"refresh-token\",status=\"503\"}", "1"),
        ("tokenward_token_left_seconds_bucket{le=\"7200\"}", "2"),
        ("tokenward_token_left_seconds_bucket{le=\"3600\"}", "0"),
        ("tokenward_token_left_seconds_count", "2"),
        ("tokenward_audit_queue_limit", "65536"),
        ("tokenward_scheduler_breakers_open", "0"),
        ("tokenward_scheduler_refreshes_in_progress", "0"),
    ] {
        assert_eq!(of(series).to_string(), expected, "{series}");
    }
    // The login has not been looked at since it was made.
    assert!(of("tokenward_scheduler_lag_seconds") >= 7300.0);
    let families: BTreeSet<_> = told.text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect();
    let families: BTreeSet<_> = families.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(families, metric_names().collect());

    // A key for some logins learns nothing of what became of others.
    for wish in [Wish { apps: Some("other"), ..Wish::default() }, Wish { grants: "team-*", ..Wish::default() }] {
        let (_, some) = world.key_for(Wish { verbs: vec![Verb::ReadMetrics], ..wish }).await;
        let told = world.get("/metrics", &some).await;
        assert!(told.status == 200 && !told.text.contains("app=\""), "{}", told.text);
        parsed(&told.text);
    }
}

/// Every query of the dashboard is of something that is counted, and everything that is counted is on it.
#[test]
fn the_dashboard_asks_for_what_there_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/grafana/tokenward.json");
    let dashboard: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (known, mut asked) = (metric_names().collect::<BTreeSet<_>>(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(panel["title"].is_string() && panel["gridPos"].is_object(), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            let words = query.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let mut names = words.filter(|word| word.starts_with("tokenward_")).peekable();
            assert!(names.peek().is_some(), "{query}");
            for name in names {
                let family =
                    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
                let found = known.get(family).unwrap_or_else(|| panic!("{query} asks for {name}"));
                asked.insert(*found);
            }
        }
    }
    assert_eq!(asked, known);
}
