//! The handle's part for the doors beside the Feishu/Lark platform: BlueKing's and the plain provider's.

use crate::book::{KeptRequest, User};
use crate::dialects;
use crate::dialects::SeededTokens;
use crate::sandbox::Sandbox;
use crate::words::{Door, Unknown};

impl Sandbox {
    /// The base URL of a door beside the Feishu/Lark platform, without a final slash. For the plain provider it is the
    /// issuer; for those two brands there are [`Sandbox::open_url`] and [`Sandbox::accounts_url`], and this is empty.
    pub fn door_url(&self, door: Door) -> String {
        self.shared.lock().door_url(door)
    }

    /// The issuer of a realm of bkauth: the URL below which its endpoints lie.
    pub fn realm_url(&self, realm: &str) -> String {
        format!("{}/realms/{realm}/oauth2", self.door_url(Door::Bkauth))
    }

    /// Mints a login of one of these doors directly, or an app's own token when no user is named.
    ///
    /// `realm` is a realm of bkauth, the issuer's path of the plain provider (empty for the host itself), the environment for
    /// `auth_api`, and empty for SSM.
    pub fn seed_login(
        &self,
        door: Door,
        realm: &str,
        app: &str,
        user: Option<&str>,
        scopes: &[&str],
    ) -> Result<SeededTokens, Unknown> {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        dialects::seed_beyond(&mut self.shared.lock(), door, realm, app, user, scopes)
    }

    /// Logs a user in at BlueKing: gives them a login cookie, see [`User::cookies`].
    pub fn cookie(&self, user: &str, name: &str, value: &str) -> Result<User, Unknown> {
        self.change_user(user, |user| {
            user.cookies.insert(name.to_owned(), value.to_owned());
        })
    }

    /// Whether an access token of one of these doors is good now.
    pub fn is_good(&self, access_token: &str) -> bool {
        let state = self.shared.lock();
        state.ledger.good_access(access_token, state.clock.now()).is_some()
    }

    /// Every request since the rules said that requests are kept, as it came.
    pub fn requests(&self) -> Vec<KeptRequest> {
        self.shared.lock().requests.clone()
    }
}
