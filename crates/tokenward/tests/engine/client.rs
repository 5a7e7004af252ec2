//! The library's door, as a program uses it: what `tokenward login` made, with the variables of a process.

use tokenward::core::{Code, Platform, TokenWish};
use tokenward::{ApiError, Builder, Client};

use tokenward_emulator::{Fault, FaultKind, Operation};
use tokenward_testkit::until;

use super::world::World;

const WHO_AM_I: &str = "/open-apis/authen/v1/user_info";

impl World {
    /// What a program would have in its environment.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        assert!(matches!(self.app.platform, Platform::Feishu(_)));
        let secret = self.app.secret.as_ref().unwrap().expose().to_owned();
        let pairs = [
            ("TOKENWARD_HOME", self.folder.path().to_str().unwrap()),
            ("TOKENWARD_PROFILE", "work"),
            ("TOKENWARD_PROVIDER", "feishu"),
            ("TOKENWARD_APP_ID", &self.app.client_id),
            ("TOKENWARD_APP_SECRET", &secret),
            ("TOKENWARD_OPEN_URL", self.app.hosts.open.as_str()),
            ("TOKENWARD_ACCOUNTS_URL", self.app.hosts.accounts.as_str()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    async fn client(&self) -> Client {
        Builder::default().environment(self.variables()).clock(self.clock.clone()).open().await.unwrap()
    }
}

#[tokio::test]
async fn a_program_of_ten_lines_has_a_token_that_is_good_and_calls_with_it() {
    let world = World::new().await;
    world.log_in(&world.keeper().await, "work").await;
    let logins = world.client().await;
    let profile = logins.profile(None).unwrap();
    assert_eq!(profile.name().as_str(), "work");
    let first = profile.token().await.unwrap();
    assert_eq!(world.live_access(), [first.expose()]);
    assert_eq!(world.sandbox.counters().refreshes, 0);

    world.expire();
    let mut asked = Vec::new();
    for _ in 0..64 {
        let profile = profile.clone();
        asked.push(tokio::spawn(async move { profile.token().await }));
    }
    for asked in asked {
        assert_ne!(asked.await.unwrap().unwrap(), first);
    }
    assert_eq!(world.sandbox.counters().refreshes, 1);
    let me = profile.get(WHO_AM_I).await.unwrap();
    assert_eq!(me.json().unwrap()["data"]["name"], "Ada");

    let seen = profile.access(TokenWish::default()).await.unwrap();
    let newer = profile.access(TokenWish::NewerThan(seen.generation)).await.unwrap();
    assert_eq!(newer.generation, seen.generation.next());
    logins.close().await.unwrap();
    world.assert_clean();
}

#[tokio::test]
async fn a_secret_in_the_vault_will_do_and_one_that_is_nowhere_is_named() {
    let world = World::new().await;
    let keeper = world.keeper().await;
    world.log_in(&keeper, "work").await;
    let mut variables = world.variables();
    variables.retain(|(name, _)| name != "TOKENWARD_APP_SECRET");
    let open = || Builder::default().environment(variables.clone()).clock(world.clock.clone()).open();
    world.expire();
    let profile = open().await.unwrap().profile(None).unwrap();
    let error = profile.token().await.unwrap_err();
    assert_eq!(error.code(), Code::SettingMissing);
    assert!(error.to_string().contains("the secret of the app work"), "{error}");
    assert!(
        matches!(profile.get(WHO_AM_I).await.unwrap_err(), ApiError::Token(error) if error.code() == Code::SettingMissing)
    );

    keeper.keep_app_secret(&world.app.name, world.app.secret.as_ref().unwrap()).await.unwrap();
    let token = profile.token().await.unwrap();
    assert_eq!(world.live_access(), [token.expose()]);
    assert!(profile.get(WHO_AM_I).await.is_ok());
}

#[tokio::test]
async fn what_is_wrong_is_said_with_its_code() {
    let world = World::new().await;
    let logins = world.client().await;
    let profile = logins.profile(None).unwrap();
    assert_eq!(profile.token().await.unwrap_err().code(), Code::NotLoggedIn);
    assert!(
        matches!(profile.get(WHO_AM_I).await.unwrap_err(), ApiError::Token(error) if error.code() == Code::NotLoggedIn)
    );
    assert_eq!(logins.profile(Some("no name")).unwrap_err().code(), Code::BadSetting);
    let empty = Builder::default().home(world.folder.path()).environment([("", ""); 0]).open().await.unwrap();
    assert_eq!(empty.profile(None).unwrap_err().code(), Code::SettingMissing);
    let nowhere = Builder::default().environment([("", ""); 0]).open().await.unwrap_err();
    assert_eq!(nowhere.code(), Code::SettingMissing);
}

/// A caller that has gone away leaves a refresh under way; closing waits for it.
#[tokio::test]
async fn closing_waits_for_a_refresh_whose_caller_has_gone() {
    let world = World::new().await;
    world.log_in(&world.keeper().await, "work").await;
    world.expire();
    world.sandbox.inject(Fault::new(FaultKind::Hang).when(Operation::Refresh));
    let logins = world.client().await;
    let profile = logins.profile(None).unwrap();
    let caller = tokio::spawn({
        let profile = profile.clone();
        async move { profile.token().await }
    });
    until(|| world.sandbox.hanging() > 0).await;
    caller.abort();
    let closing = tokio::spawn(logins.clone().close());
    assert!(!closing.is_finished());
    world.sandbox.release();
    closing.await.unwrap().unwrap();
    assert_eq!(world.sandbox.counters().refreshes, 1);
    // A clone that is used afterwards opens the vault again.
    assert_eq!(world.live_access(), [profile.token().await.unwrap().expose()]);
    assert_eq!(world.sandbox.counters().refreshes, 1);
    world.assert_clean();
}
