//! Whether a provider is asked again that has said no.
//!
//! Enters: an app and a grant, before anything is sent. Leaves: leave to ask; or the provider's no once more, with when it was said and
//! until when nobody is asked. A no to the client (its id, its secret) is remembered beside what the client was then: another secret
//! is another question. What cannot be remembered costs a request.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokenward_core::ports::Keepsake;
use tokenward_core::{App, Closing, Code, Event, Grant, SecretBytes, rotation};

use super::Settled;
use crate::{Error, Keeper, Kept};

impl Keeper {
    /// Refuses to ask again soon a provider that would say the same: it has said no in unclear words, or does not accept the client
    /// as it is set up. Whoever insists asks.
    pub(super) async fn may_ask(&self, app: &App, grant: &Grant) -> Result<(), Error> {
        if self.inner.insists(grant.id) {
            return Ok(());
        }
        self.client_may_ask(app).await?;
        let (mut times, mut last) = (0, None);
        for entry in self.inner.parts.vault.journal(grant.id, UNCLEAR_LOOK).await? {
            match entry.event {
                Event::Closed { closing: Closing::Kept { code: Code::RefusedUnclearly, provider_code }, .. }
                    if entry.generation == grant.generation =>
                {
                    times += 1;
                    last.get_or_insert((entry.at, provider_code));
                }
                Event::Closed { .. } | Event::LoggedIn | Event::Adopted { .. } | Event::TakenBack { .. } => break,
                _ => {}
            }
        }
        let Some((at, provider_code)) = last else { return Ok(()) };
        let (now, until) = (self.inner.now(), rotation::next_asking(times, at));
        // A clock that was set back says nothing about how long ago it was.
        if now < at || now >= until {
            return Ok(());
        }
        let told = format!("the provider said so at {at}; it is not asked again before {until}");
        Err(Error::with_detail(Code::RefusedUnclearly, Kept::Record, told).coded(provider_code))
    }

    /// Refuses to show the provider a client again that it does not accept, as long as the client is set up as it was.
    async fn client_may_ask(&self, app: &App) -> Result<(), Error> {
        let Some(refused) = self.refused_client(app).await.filter(|refused| refused.client == client(app)) else {
            return Ok(());
        };
        let now = self.inner.now();
        let Ok(at) = jiff::Timestamp::from_millisecond(refused.at) else { return Ok(()) };
        let until = rotation::next_asking(refused.times, at);
        if now < at || now >= until {
            return Ok(());
        }
        let told =
            format!("the provider said so at {at}; it is not asked again with the same id and secret before {until}");
        Err(Error::with_detail(Code::AppCredentialsWrong, Kept::TokenUnspent, told).coded(refused.provider_code))
    }

    /// Remembers that the provider does not accept the client, or that it does.
    pub(super) async fn note_client(&self, app: &App, result: &Result<Settled, Error>) {
        let (vault, name) = (&self.inner.parts.vault, Keepsake::ClientRefused(app.name.clone()));
        let known = self.refused_client(app).await;
        let done = match result {
            Err(error) if error.code() == Code::AppCredentialsWrong && error.refusal().is_some() => {
                let client = client(app);
                let times = known.filter(|known| known.client == client).map_or(0, |known| known.times);
                let provider_code = error.refusal().and_then(|refusal| refusal.provider_code);
                let (at, times) = (self.inner.now().as_millisecond(), times.saturating_add(1));
                let text = serde_json::to_vec(&ClientRefused { client, at, times, provider_code }).unwrap_or_default();
                vault.keep(&name, &SecretBytes::new(text), None).await
            }
            Ok(Settled::Committed(_)) if known.is_some() => vault.forget(&name).await,
            _ => Ok(()),
        };
        if let Err(error) = done {
            tracing::warn!(%error, app = %app.name, "what the provider said of the client could not be remembered");
        }
    }

    /// Forgets that a client was refused: a login that the provider has just granted shows that it is accepted.
    pub(crate) async fn client_is_accepted(&self, app: &App) {
        if self.refused_client(app).await.is_some()
            && let Err(error) = self.inner.parts.vault.forget(&Keepsake::ClientRefused(app.name.clone())).await
        {
            tracing::warn!(%error, app = %app.name, "that the provider accepts the client could not be remembered");
        }
    }

    async fn refused_client(&self, app: &App) -> Option<ClientRefused> {
        let (bytes, _) = self.inner.parts.vault.recall(&Keepsake::ClientRefused(app.name.clone())).await.ok()??;
        serde_json::from_slice(bytes.expose()).ok()
    }
}

/// That the provider did not accept a client.
#[derive(Debug, Serialize, Deserialize)]
struct ClientRefused {
    /// What the client was, as a hash.
    client: String,
    /// When it was said, in milliseconds.
    at: i64,
    /// How often in a row.
    times: u32,
    provider_code: Option<i64>,
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
    hash.finalize().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// How many entries of the journal are looked at for unclear refusals; a spend writes three.
const UNCLEAR_LOOK: u32 = 48;
