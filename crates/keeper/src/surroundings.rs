//! What stands around the engine: whoever keeps files, or anything else outside the store, in step with logins.
//!
//! Enters: a profile whose login is about to be used, or a grant whose newer set is durable (I2). Leaves: notices for people. The engine
//! knows nothing of what is done: whatever is wrong there fails no turn and no reader (I7). A crash in it costs nothing of the store's;
//! whoever looks next finds the same (I5).

use std::time::Duration;

use async_trait::async_trait;
use tokenward_core::{App, Grant, GrantId, ProfileName};

use crate::{Keeper, Notice};

/// How thoroughly is looked before a login is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Looking {
    /// At what is out of step with the store.
    OutOfStep,
    /// At everything: the login needs a person, and somebody may have brought what keeps it alive.
    Everywhere,
}

/// Told before a login is used and after something newer of it is stored. The keeper is handed in, so that nobody holds it in a circle.
#[async_trait]
pub trait Surroundings: Send + Sync {
    /// Looks at what may have brought another login for a profile, and takes it over. Not for longer than `patience`. `app` is the
    /// profile's, `present` its login as it was read a moment ago. `None`: there was nothing to look at, so that it is still what it was.
    async fn before(
        &self,
        keeper: &Keeper,
        app: &App,
        profile: &ProfileName,
        present: Option<&Grant>,
        looking: Looking,
        patience: Duration,
    ) -> Option<Vec<Notice>>;

    /// A newer set of a grant is durable: what shows the login is given it. `stored` is the grant as it was stored, where that is known.
    /// `None`: there was nothing to give it to.
    async fn after(&self, keeper: &Keeper, app: &App, grant: GrantId, stored: Option<&Grant>) -> Option<Vec<Notice>>;
}

/// Nothing stands around the engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSurroundings;

#[async_trait]
impl Surroundings for NoSurroundings {
    async fn before(
        &self,
        _: &Keeper,
        _: &App,
        _: &ProfileName,
        _: Option<&Grant>,
        _: Looking,
        _: Duration,
    ) -> Option<Vec<Notice>> {
        None
    }

    async fn after(&self, _: &Keeper, _: &App, _: GrantId, _: Option<&Grant>) -> Option<Vec<Notice>> {
        None
    }
}

impl Keeper {
    /// Looks around for what is out of step with a profile's login, before it is used.
    pub(crate) async fn look_around(
        &self,
        app: &App,
        profile: Option<&ProfileName>,
        present: Option<&Grant>,
        patience: Duration,
    ) -> Option<Vec<Notice>> {
        self.inner.parts.surroundings.before(self, app, profile?, present, Looking::OutOfStep, patience).await
    }

    /// Tells that something newer of a grant is stored.
    pub(crate) async fn tell_around(&self, app: &App, grant: GrantId, stored: Option<&Grant>) -> Option<Vec<Notice>> {
        self.inner.parts.surroundings.after(self, app, grant, stored).await
    }
}

/// How long those are waited for who look at what stands around.
pub(crate) const LOOK_PATIENCE: Duration = Duration::from_secs(2);
