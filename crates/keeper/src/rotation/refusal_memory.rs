//! Whether a provider is asked again that has said no.
//!
//! Enters: an app and a grant, before anything is sent. Leaves: leave to ask; or the provider's no once more, with when it was said and
//! until when nobody is asked. A no to the client (its id, its secret) is remembered beside what the client was then: another secret
//! is another question. What cannot be remembered costs a request.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokenward_core::ports::AppDataKey;
use tokenward_core::rotation_policy::Recovery;
use tokenward_core::{
    App, Closing, Code, Doubt, Entry, Event, Grant, OldAccess, SecretBytes, hex, rotation_policy, told_moment,
};

use super::rotation_request::Wish;
use super::settlement::Ending;
use crate::{Error, Keeper, KeptState};

impl Keeper {
    /// Refuses to ask again soon a provider that would say the same: it has said no in unclear words, has answered more than once
    /// without an access token, or does not accept the client as it is set up (`refused`). Whoever insists asks.
    pub(super) async fn may_ask(
        &self,
        wish: &Wish,
        grant: &Grant,
        newest: Option<&Entry>,
        refused: Option<&ClientRefused>,
    ) -> Result<(), Error> {
        if wish.insists {
            return Ok(());
        }
        if let Some(refused) = refused {
            self.client_may_ask(&wish.app, refused)?;
        }
        // A set was stored last: nothing has been said of it.
        if newest.is_some_and(|entry| is_a_good_set(&entry.event)) {
            return Ok(());
        }
        let Some(Said { code, kept, times, at, provider_code }) = self.said(grant).await? else { return Ok(()) };
        // One answer that brings nothing may be an accident.
        let times = if code == Code::RefusedUnclearly { times } else { times - 1 };
        let (now, until) = (self.inner.now(), rotation_policy::next_asking(times, at));
        // A clock that was set back says nothing about how long ago it was.
        if times == 0 || now < at || now >= until {
            return Ok(());
        }
        let (at, until) = (told_moment(at), told_moment(until));
        let told = format!("the provider said so at {at}; it is not asked again before {until}");
        Err(Error::with_detail(code, kept, told).coded(provider_code))
    }

    /// Refuses to send again a token in doubt where the provider punishes that and the access token still serves.
    pub(super) fn may_replay(&self, grant: &Grant) -> Result<(), Error> {
        match rotation_policy::replay_or_hold(grant, self.rules(grant), self.inner.now()) {
            Recovery::Hold { until } => Err(Error::with_detail(
                Code::OutcomeUnknown,
                KeptState::Doubt,
                format!("it will be asked again from {}", told_moment(until)),
            )),
            _ => Ok(()),
        }
    }

    /// What the provider has answered last for the present refresh token or for the ones before it, if that was no token and no
    /// reason to ask again.
    async fn said(&self, grant: &Grant) -> Result<Option<Said>, Error> {
        let mut said: Option<Said> = None;
        let mut doubted = None;
        for entry in self.inner.parts.vault.journal(grant.id, UNCLEAR_LOOK).await? {
            let is_present = entry.generation == grant.generation;
            let (code, kept, at, provider_code) = match entry.event {
                Event::Closed { closing: Closing::Kept { code: Code::RefusedUnclearly, provider_code }, .. }
                    if is_present =>
                {
                    (Code::RefusedUnclearly, KeptState::Record, entry.at, provider_code)
                }
                Event::Closed { closing: Closing::Committed { without_access: true, .. }, .. } => {
                    (Code::NoAccessToken, KeptState::TokenUnspent, entry.at, None)
                }
                Event::Closed { closing: Closing::Doubt { doubt: Doubt::OddAnswer }, .. } if is_present => {
                    doubted = Some(entry.at);
                    continue;
                }
                // A server that is out of order, and says so by its status, may be in order again at any moment.
                Event::Answered { status, .. } => match doubted.take() {
                    Some(at) if status < 400 => (Code::OddAnswer, KeptState::Doubt, at, None),
                    Some(_) => break,
                    None => continue,
                },
                Event::LoggedIn => {
                    let never_came = grant.access.is_none() && self.rules(grant).old_access == OldAccess::Stays;
                    if let Some(said) = said.as_mut().filter(|said| never_came && said.code == Code::NoAccessToken) {
                        said.times += 1;
                    }
                    break;
                }
                // The next send says so of the one before it.
                Event::Closed { closing: Closing::Replayed, .. } => continue,
                Event::Closed { .. } | Event::Adopted { .. } | Event::TakenBack { .. } => break,
                _ => continue,
            };
            match &mut said {
                None => said = Some(Said { code, kept, times: 1, at, provider_code }),
                Some(said) if said.code == code => said.times += 1,
                Some(_) => break,
            }
        }
        Ok(said)
    }

    /// Refuses to show the provider a client again that it does not accept, as long as the client is set up as it was.
    fn client_may_ask(&self, app: &App, refused: &ClientRefused) -> Result<(), Error> {
        if refused.client != client(app) {
            return Ok(());
        }
        let now = self.inner.now();
        let Ok(at) = jiff::Timestamp::from_millisecond(refused.at) else { return Ok(()) };
        let until = rotation_policy::next_asking(refused.times, at);
        if now < at || now >= until {
            return Ok(());
        }
        let (at, until) = (told_moment(at), told_moment(until));
        let told =
            format!("the provider said so at {at}; it is not asked again with the same id and secret before {until}");
        Err(Error::with_detail(Code::AppCredentialsWrong, KeptState::TokenUnspent, told).coded(refused.provider_code))
    }

    /// Remembers that the provider does not accept the client, or that it does. `known` is what was remembered before.
    pub(super) async fn note_client(&self, app: &App, known: Option<&ClientRefused>, result: &Result<Ending, Error>) {
        match result {
            Err(error) if error.code() == Code::AppCredentialsWrong && error.refusal().is_some() => {
                let client = client(app);
                let times = known.filter(|known| known.client == client).map_or(0, |known| known.times);
                let provider_code = error.refusal().and_then(|refusal| refusal.provider_code);
                let (at, times) = (self.inner.now().as_millisecond(), times.saturating_add(1));
                let text = serde_json::to_vec(&ClientRefused { client, at, times, provider_code }).unwrap_or_default();
                let name = AppDataKey::ClientRefused(app.name.clone());
                if let Err(error) = self.inner.parts.vault.keep(&name, &SecretBytes::new(text), None).await {
                    tracing::warn!(%error, app = %app.name, "that the provider refuses the client could not be remembered");
                }
            }
            Ok(Ending::Generation { .. }) if known.is_some() => self.client_is_accepted(app).await,
            _ => {}
        }
    }

    /// Forgets that a client was refused: what the provider has just granted shows that it is accepted.
    pub(crate) async fn client_is_accepted(&self, app: &App) {
        if self.refused_client(app).await.is_some()
            && let Err(error) = self.inner.parts.vault.forget(&AppDataKey::ClientRefused(app.name.clone())).await
        {
            tracing::warn!(%error, app = %app.name, "that the provider accepts the client could not be remembered");
        }
    }

    /// Whether it is this client, as it is set up, that the provider did not accept last.
    pub(super) async fn is_refused_client(&self, app: &App) -> bool {
        self.refused_client(app).await.is_some_and(|refused| refused.client == client(app))
    }

    pub(super) async fn refused_client(&self, app: &App) -> Option<ClientRefused> {
        let (bytes, _) =
            self.inner.parts.vault.recall_one(&AppDataKey::ClientRefused(app.name.clone())).await.ok()??;
        ClientRefused::read(&bytes)
    }
}

/// What the provider has answered in a row.
struct Said {
    code: Code,
    kept: KeptState,
    times: u32,
    /// When it was said last.
    at: jiff::Timestamp,
    provider_code: Option<i64>,
}

/// That the provider did not accept a client.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ClientRefused {
    /// What the client was, as a hash.
    client: String,
    /// When it was said, in milliseconds.
    at: i64,
    /// How often in a row.
    times: u32,
    provider_code: Option<i64>,
}

impl ClientRefused {
    /// As it was kept.
    pub(super) fn read(kept: &SecretBytes) -> Option<Self> {
        serde_json::from_slice(kept.expose()).ok()
    }
}

/// Whether an entry says that a set was stored with which nothing is wrong, so that what was said before does not matter: as
/// [`Keeper::said`] has it.
const fn is_a_good_set(event: &Event) -> bool {
    matches!(
        event,
        Event::Closed { closing: Closing::Committed { without_access: false, .. }, .. }
            | Event::LoggedIn
            | Event::Adopted { .. }
            | Event::TakenBack { .. }
    )
}

/// What a provider accepts a client by: its id, its secret, how it proves itself, and where. A hash: sealed as it is kept, it need not
/// hold the secret once more.
fn client(app: &App) -> String {
    let mut hash = Sha256::new();
    for part in
        [app.client_id.as_str(), app.expose_secret(), app.hosts.accounts.as_str(), &format!("{:?}", app.platform)]
    {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize())
}

/// How many entries of the journal are looked at for unclear refusals; a spend writes three.
const UNCLEAR_LOOK: u32 = 48;
