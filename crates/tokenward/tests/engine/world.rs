//! A stand, and as many keepers on it as a test wants.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use tokenward::core::{Brand, GrantId, ProfileName, TokenApi};
use tokenward::{Error, Keeper, KeeperOptions, LoginReport, NoObserver, Observer, Parts, SystemEntropy};
use tokenward_emulator::{Sandbox, SandboxOptions};
use tokenward_testkit::{Stand, login_request};

pub(crate) struct World(Stand);

impl Deref for World {
    type Target = Stand;

    fn deref(&self) -> &Stand {
        &self.0
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut Stand {
        &mut self.0
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(TokenApi::V3, Brand::Feishu).await
    }

    pub(crate) async fn with(token_api: TokenApi, brand: Brand) -> Self {
        let sandbox = Sandbox::start(SandboxOptions { seed: Some(7), ..SandboxOptions::default() }).await.unwrap();
        Self(Stand::new(sandbox, token_api, brand))
    }

    pub(crate) async fn keeper(&self) -> Keeper {
        self.observed(Arc::new(NoObserver)).await.unwrap()
    }

    /// Another process, as far as the vault can tell: its own connections and its own locks.
    pub(crate) async fn observed(&self, observer: Arc<dyn Observer>) -> Result<Keeper, Error> {
        Ok(self.session(|options| options.observer(Some(observer))).await?.keeper().clone())
    }

    /// What such a keeper is made of.
    pub(crate) async fn parts(&self) -> Parts {
        self.session(|options| options).await.unwrap().parts().clone()
    }

    /// A keeper that cannot see the others' processes, and they not its own: another machine on the same folder.
    pub(crate) async fn keeper_elsewhere(&self) -> Keeper {
        let mut parts = self.parts().await;
        let blind = tokenward::Processes::new(std::path::Path::new("/no/such/table"), &SystemEntropy);
        parts.witness = std::sync::Arc::new(blind);
        Keeper::new(parts, KeeperOptions::default())
    }

    /// A login by the true path: authorization page, redirect, code, exchange.
    pub(crate) async fn log_in(&self, keeper: &Keeper, profile: &str) -> (GrantId, LoginReport) {
        let report = self.try_log_in(keeper, profile).await.unwrap();
        (report.report.grant.id, report)
    }

    pub(crate) async fn try_log_in(&self, keeper: &Keeper, profile: &str) -> Result<LoginReport, Error> {
        self.log_in_by(keeper, profile, false).await
    }

    /// The same, perhaps with a yes to another user.
    pub(crate) async fn log_in_by(
        &self,
        keeper: &Keeper,
        profile: &str,
        replace_user: bool,
    ) -> Result<LoginReport, Error> {
        let profile: ProfileName = profile.parse().unwrap();
        let request = login_request("contact:user.base:readonly").replace_user(replace_user);
        self.0.log_in(keeper, &profile, request).await
    }

    /// Past the access token's end.
    pub(crate) fn expire(&self) {
        self.pass(Duration::from_secs(7300));
    }

    /// The access token of the only login that the provider would accept now.
    pub(crate) fn live_access(&self) -> Vec<String> {
        self.sandbox
            .current_tokens()
            .into_iter()
            .flat_map(|login| login.access_tokens)
            .map(|access| access.token)
            .collect()
    }
}
