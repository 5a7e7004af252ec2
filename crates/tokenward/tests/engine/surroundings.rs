//! What stands around the engine is told before a login is used, and after something newer of it is stored.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokenward::core::{App, Grant, GrantId, ProfileName, TokenWish};
use tokenward::{Keeper, KeeperOptions, Looking, Notice, Observer, RotationStep, Surroundings};

use crate::world::World;

/// What happened, in order.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Diary {
    fn note(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Diary {
    fn at(&self, step: RotationStep) {
        if matches!(step, RotationStep::Leased | RotationStep::Committed | RotationStep::Delivered) {
            self.note(step.to_string());
        }
    }
}

#[async_trait]
impl Surroundings for Diary {
    async fn before(
        &self,
        _: &Keeper,
        _: &App,
        _: &ProfileName,
        _: Option<&Grant>,
        looking: Looking,
        _: Duration,
    ) -> Option<Vec<Notice>> {
        self.note(format!("before: {looking:?}"));
        Some(vec![Notice::ClockWentBack])
    }

    async fn after(&self, keeper: &Keeper, _: &App, grant: GrantId, _: Option<&Grant>) -> Option<Vec<Notice>> {
        let stored = keeper.status(grant).await.unwrap().grant.generation;
        self.note(format!("after: {stored} is stored"));
        Some(vec![Notice::ShorterThanAsked])
    }
}

#[tokio::test]
async fn a_rotation_is_told_of_before_its_lease_and_after_its_commit() {
    let world = World::new().await;
    let diary = Arc::new(Diary::default());
    let mut parts = world.parts().await;
    (parts.surroundings, parts.observer) = (diary.clone(), diary.clone());
    let keeper = Keeper::new(parts, KeeperOptions::default());
    let (id, login) = world.log_in(&keeper, "work").await;
    let first = login.report.grant.generation;
    assert_eq!(diary.take(), ["before: OutOfStep".to_owned(), format!("after: {first} is stored")]);

    world.expire();
    let handed = keeper.access(&world.app, id, TokenWish::default()).await.unwrap();
    let told = format!("after: {} is stored", handed.generation);
    assert_eq!(diary.take(), ["before: OutOfStep", "leased", "committed", told.as_str(), "delivered"]);
    assert!(matches!(handed.notices.as_slice(), [Notice::ClockWentBack, Notice::ShorterThanAsked]), "{handed:?}");
    world.assert_clean();
}

#[tokio::test]
async fn where_a_person_is_needed_it_is_looked_everywhere_first() {
    let world = World::new().await;
    let diary = Arc::new(Diary::default());
    let mut parts = world.parts().await;
    parts.surroundings = diary.clone();
    let keeper = Keeper::new(parts, KeeperOptions::default());
    let (id, _) = world.log_in(&keeper, "work").await;
    let user = world.sandbox.current_tokens()[0].user.clone();
    assert!(world.sandbox.withdraw(&world.app.client_id, &user) > 0);
    world.expire();
    diary.take();
    keeper.access(&world.app, id, TokenWish::default()).await.unwrap_err();
    assert_eq!(diary.take(), ["before: OutOfStep", "before: Everywhere"]);
}
