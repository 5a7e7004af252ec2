//! Linked files as what stands around the engine.
//!
//! Enters: what the engine tells before and after. Leaves: files in step, and what a person should know of them. What is wrong with one
//! is in its notice and fails nobody.

use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::{App, Grant, GrantId, ProfileName};

use super::linked_files::Links;
use super::report::LinkReport;
use tokenward_keeper::{Error, Keeper, Looking, Notice, Surroundings};

/// Keeps the linked files of an engine in step.
#[derive(Debug, Clone, Copy, Default)]
pub struct LinksAround;

#[async_trait]
impl Surroundings for LinksAround {
    async fn before(
        &self,
        keeper: &Keeper,
        app: &App,
        profile: &ProfileName,
        present: Option<&Grant>,
        looking: Looking,
        patience: Duration,
    ) -> Option<Vec<Notice>> {
        if present.is_some_and(has_no_link) {
            return None;
        }
        let all = looking == Looking::Everywhere;
        Some(told(Links::new(keeper).reconcile(app, profile, all, patience).await, profile))
    }

    async fn after(&self, keeper: &Keeper, app: &App, grant: GrantId, stored: Option<&Grant>) -> Option<Vec<Notice>> {
        if stored.is_some_and(has_no_link) {
            return None;
        }
        Some(told(Links::new(keeper).deliver(app, grant).await, grant))
    }
}

/// Whether no file shows a login.
const fn has_no_link(grant: &Grant) -> bool {
    !grant.linked
}

fn told(reports: Result<Vec<LinkReport>, Error>, of: impl std::fmt::Display) -> Vec<Notice> {
    match reports {
        Ok(reports) => reports.iter().flat_map(LinkReport::notices).collect(),
        Err(error) => {
            tracing::warn!(%error, %of, "the links could not be looked after");
            Vec::new()
        }
    }
}
