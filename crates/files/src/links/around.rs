//! Linked files as what stands around the engine.
//!
//! Enters: what the engine tells before and after. Leaves: files in step, and what a person should know of them. What is wrong with one
//! is in its notice and fails nobody.

use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::{App, GrantId, ProfileName};

use super::keep::Links;
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
        looking: Looking,
        patience: Duration,
    ) -> Vec<Notice> {
        let all = looking == Looking::Everywhere;
        told(Links::new(keeper).reconcile(app, profile, all, patience).await, profile)
    }

    async fn after(&self, keeper: &Keeper, app: &App, grant: GrantId) -> Vec<Notice> {
        told(Links::new(keeper).deliver(app, grant).await, grant)
    }
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
