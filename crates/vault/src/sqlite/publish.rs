//! Keeping a profile's hand-out file in step with its grant, and the keys in step with `key.json`.
//!
//! A hand-out file is written after the commit it copies, by whoever committed. Two that write at one moment may
//! leave the older one, and a crash may leave none; so the writer looks again after writing, and whoever reads a grant
//! the long way mends what it finds out of step. Failing to write one fails nobody: it costs the fast path only.

use std::fs::File;
use std::sync::PoisonError;
use std::time::Duration;

use tokenward_core::ports::{StoreError, StoreFault};
use tokenward_core::{AppName, Grant, GrantId, OldAccess, ProfileName, Standing, TokenApi};

use crate::handout::{self, HandOut, Linked};
use crate::key;
use crate::locks::{Tried, try_lock};

use super::grants::grant_row;
use super::links::linked;
use super::rows::GrantRow;
use super::{Context, SqliteVault};

impl SqliteVault {
    /// The token of a profile, if its hand-out file says that it can be served now ([`handout::read`]), opened with the keys that
    /// this vault has already.
    pub fn hand_out(&self, profile: &ProfileName) -> Option<HandOut> {
        self.context.refresh_keys();
        let Context { folder, sealer, .. } = &*self.context;
        let now = self.context.now();
        handout::peek(folder, &sealer.keys(), profile)
            .filter(|handout| !handout::is_over(folder, handout.grant))
            .filter(|handout| handout.serves(now) && handout.links.iter().all(|link| link.serves(now)))
    }

    /// Writes or removes the hand-out file of a grant's profile, by what is stored now.
    pub(crate) async fn publish(&self, id: GrantId) {
        self.publish_from(id, None).await;
    }

    /// The same for a grant that was stored this moment, and need not be read before the file is written.
    pub(super) async fn publish_stored(&self, grant: GrantRow) {
        let id = grant.id;
        let known =
            if grant.linked { None } else { grant.grant(&self.context.sealer).ok().map(|grant| (grant, Vec::new())) };
        self.publish_from(id, known).await;
    }

    async fn publish_from(&self, id: GrantId, mut known: Option<(Grant, Vec<Linked>)>) {
        let mut seen = None;
        for _ in 0..PUBLISH_ATTEMPTS {
            let found = match known.take() {
                Some(known) => Ok(known),
                None => self.with_links(id).await,
            };
            let (mut grant, mut links) = match found {
                Ok(found) => found,
                Err(error) => return tracing::warn!(%error, grant = %id, "the hand-out file was not written"),
            };
            let guarded = grant.profile.clone().filter(|_| self.context.ends_old_access(&grant.app, grant.issued_by));
            let guard = match guarded {
                // While a file is written of what was read, nobody begins what ends the token in it.
                Some(profile) => {
                    let Some(guard) = self.guard_handout(&profile).await else {
                        return tracing::debug!(%profile, "somebody else is at the hand-out file");
                    };
                    (grant, links) = match self.with_links(id).await {
                        Ok(found) => found,
                        Err(error) => return tracing::warn!(%error, grant = %id, "the hand-out file was not written"),
                    };
                    guard
                }
                None => None,
            };
            let ends = grant.access.as_ref().map(|access| access.expires);
            let shades = (grant.intent_open, is_over(&grant), ends);
            let present = (grant.generation, grant.profile.clone(), shades, links);
            if seen.as_ref() == Some(&present) {
                return;
            }
            if let Some((_, Some(written), ..)) = &seen
                && grant.profile.as_ref() != Some(written)
            {
                drop(guard);
                return self.publish_name(written).await;
            }
            if let Err(error) = self.context.write_handout(&grant, &present.3) {
                tracing::warn!(%error, grant = %id, "the hand-out file was not written; tokens are served the long way");
                return;
            }
            drop(guard);
            seen = Some(present);
        }
    }

    /// The lock of a profile's hand-out file, for whoever begins something that ends the token in it and so takes the file away. Kept
    /// until that is on record: a file that is being written meanwhile is written of what is on record then.
    pub(super) async fn guard_to_withhold(&self, profile: &ProfileName) -> Option<File> {
        // Whoever stands still with it writes an old token when it goes on, looks again and takes it away; that is no reason to
        // keep anyone from a turn.
        self.guard_handout(profile).await.flatten()
    }

    /// The lock of a hand-out file. The outer `None`: somebody has it and does not let go; the inner: there are no such locks.
    async fn guard_handout(&self, profile: &ProfileName) -> Option<Option<File>> {
        let path = self.context.folder.handout_lock(profile);
        for attempt in 0..GUARD_ATTEMPTS {
            match try_lock(&path) {
                Ok(Tried::Locked(file)) => return Some(Some(file)),
                Ok(Tried::Taken) => tokio::time::sleep(Duration::from_millis(1 << attempt)).await,
                Ok(Tried::Unsupported) | Err(_) => return Some(None),
            }
        }
        None
    }

    /// Writes or removes the hand-out file of a name that changed hands, or was logged out, while a file was being written
    /// under it: what was written is the token of a login that the name does not mean any more.
    pub(super) async fn publish_name(&self, profile: &ProfileName) {
        let owner = match self.owner(profile).await {
            Ok(owner) => owner,
            Err(error) => {
                tracing::warn!(%error, %profile, "whose hand-out file it is cannot be told; it goes");
                None
            }
        };
        match owner {
            Some(id) => Box::pin(self.publish(id)).await,
            None => {
                if let Err(error) = handout::remove(&self.context.folder, profile) {
                    tracing::warn!(%error, %profile, "a hand-out file could not be removed");
                }
            }
        }
    }

    /// Mends the hand-out file of a grant that was read the long way, once a generation. Fails where the file shows that
    /// the database has lost what was written last.
    pub(super) async fn mend_handout(&self, grant: &Grant, links: Vec<Linked>) -> Result<(), StoreError> {
        let Some(profile) = &grant.profile else { return Ok(()) };
        let Context { folder, sealer, published, .. } = &*self.context;
        let exists = folder.handout(profile).exists();
        let nothing =
            grant.access.is_none() || grant.unproven || is_over(grant) || !profile.admits(grant.subject.as_ref());
        if matches!(grant.standing, Standing::Retired { .. }) || (nothing && !exists) {
            return Ok(());
        }
        let present = (grant.generation, links);
        let seen = published.lock().unwrap_or_else(PoisonError::into_inner).get(&grant.id) == Some(&present);
        if seen && exists && !nothing {
            return Ok(());
        }
        let found = handout::peek(folder, &sealer.keys(), profile);
        if let Some(found) = &found
            && found.grant == grant.id
            && found.generation > grant.generation
            // Read again: it may have been turned since. The commit comes before the file.
            && self.with_links(grant.id).await?.0.generation < found.generation
        {
            return Err(self.context.went_back(profile));
        }
        let in_step = !nothing
            && found.is_some_and(|found| {
                found.grant == grant.id
                    && found.generation == grant.generation
                    && found.links == present.1
                    && grant.access.as_ref().is_some_and(|access| access.expires == found.access.expires)
            });
        if !in_step && !grant.intent_open {
            self.publish(grant.id).await;
        }
        published.lock().unwrap_or_else(PoisonError::into_inner).insert(grant.id, present);
        Ok(())
    }

    /// Fails where a profile without a grant has a hand-out file of a grant that the database has never heard of.
    pub(super) async fn check_no_grant(&self, profile: &ProfileName) -> Result<(), StoreError> {
        let Context { folder, sealer, .. } = &*self.context;
        let Some(found) = handout::peek(folder, &sealer.keys(), profile) else { return Ok(()) };
        match self.with_links(found.grant).await {
            Err(StoreError { kind: StoreFault::Gone(_), .. }) => Err(self.context.went_back(profile)),
            _ => Ok(()),
        }
    }

    /// A grant as it is stored, and how its linked files have to look.
    pub(super) async fn with_links(&self, id: GrantId) -> Result<(Grant, Vec<Linked>), StoreError> {
        self.read(move |context, tx| {
            let row = grant_row(tx, id)?;
            let grant = row.grant(&context.sealer)?;
            let links = if row.linked { linked(tx, &grant)? } else { Vec::new() };
            Ok((grant, links))
        })
        .await
    }
}

impl Context {
    /// Whether a turn ends the access token that is there.
    pub(super) fn ends_old_access(&self, app: &AppName, issuer: TokenApi) -> bool {
        (self.rules)(app, issuer).is_some_and(|rules| rules.old_access == OldAccess::Dies)
    }

    /// A hand-out file is written after the commit that it copies, so one that is ahead of the database shows that the
    /// database went back: its log was removed, cut or damaged, or an old copy was put in its place. `SQLite` reads
    /// such a one without complaint, and the refresh token in it has been spent.
    fn went_back(&self, profile: &ProfileName) -> StoreError {
        StoreError::unreadable(
            self.folder.database().display(),
            format!(
                "it has lost what was written last: the hand-out file of {profile} is newer; put vault.db-wal back where it \
                 was, restore a backup (tokenward vault restore), or log in again"
            ),
        )
    }

    /// Removes a grant's hand-out file, durably.
    pub(super) fn withdraw(&self, grant: &GrantRow) -> Result<(), StoreError> {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).remove(&grant.id);
        let Some(profile) = &grant.profile else { return Ok(()) };
        self.remove_handout(profile)
    }

    /// Removes a profile's hand-out file, durably.
    pub(super) fn remove_handout(&self, profile: &ProfileName) -> Result<(), StoreError> {
        handout::remove(&self.folder, profile).map_err(|error| self.io(&error))
    }

    fn write_handout(&self, grant: &Grant, links: &[Linked]) -> std::io::Result<()> {
        let Some(profile) = &grant.profile else { return Ok(()) };
        // A user's name hands out that user's tokens alone, and only once the provider has said whose they are.
        // Nobody is handed a token of a login that is over without being told so, which only the long way does.
        let access = grant
            .access
            .as_ref()
            .filter(|_| !grant.unproven && !is_over(grant) && profile.admits(grant.subject.as_ref()));
        match (access, (self.rules)(&grant.app, grant.issued_by)) {
            // Where a rotation ends the old access token, nobody may serve it while one is under way.
            (Some(access), Some(rules)) if !(grant.intent_open && rules.old_access == OldAccess::Dies) => {
                let handout = HandOut {
                    grant: grant.id,
                    app: grant.app.clone(),
                    generation: grant.generation,
                    turn_at: rules.turn_at(grant.id, access),
                    access: access.clone(),
                    links: links.to_vec(),
                };
                handout::write(&self.folder, &self.sealer.keys(), &*self.sealer.entropy, profile, &handout)
            }
            _ => handout::remove(&self.folder, profile),
        }
    }

    /// Reads the keys anew when another process has changed them. A change that this process cannot follow (it was
    /// started without the new wrapping key) leaves it the keys it has, and those open and seal as before.
    pub(crate) fn refresh_keys(&self) {
        let path = self.folder.wrapped_key();
        let stamp = key::stamp(&self.folder);
        let mut known = self.key_stamp.lock().unwrap_or_else(PoisonError::into_inner);
        if stamp == *known {
            return;
        }
        match key::unlock(&self.folder, &self.sources) {
            Ok(Some(unlocked)) => {
                self.sealer.replace(unlocked.keys);
                *known = stamp;
            }
            Ok(None) => tracing::warn!(path = %path.display(), "the wrapped key is gone"),
            Err(error) => {
                tracing::warn!(%error, "the vault's key was changed by another process");
                *known = stamp;
            }
        }
    }
}

/// Whether a person must log in before there is another token.
fn is_over(grant: &Grant) -> bool {
    matches!(grant.standing, Standing::NeedsConsent { .. })
}

/// Tries of a hand-out file's lock, with pauses of 1, 2, 4 … ms: half a second in all.
const GUARD_ATTEMPTS: u32 = 9;
/// Writing, looking again, and writing what was found then.
const PUBLISH_ATTEMPTS: u32 = 4;
