//! How a vault is, for people: looked at, and nothing changed.
//!
//! Enters: an open vault. Leaves: what `SQLite` says of its file, the room on its disk, and the answers that wait in the
//! rescue slots. Nothing is moved or repaired here, so that what is told is what was found.

use rusqlite::params;
use tokenward_core::ports::StoreError;
use tokenward_core::{GrantId, IntentId};

use crate::disk_check;

use super::{DamagedLogin, SqliteVault, sql};
use crate::records::find_rows::find_intent;
use crate::records::run_statement::all;

/// What a look at a vault shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What is wrong with the database file, in `SQLite`'s words; empty when it is sound.
    pub damage: Vec<String>,
    /// Free bytes on its disk, for this user.
    pub free: u64,
    /// How many bytes one rotation may need.
    pub needed: u64,
    /// Answers in the rescue slots that are not in the journal yet.
    pub waiting: Vec<WaitingAnswer>,
}

/// An answer in a rescue slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingAnswer {
    /// The spend it answers.
    pub intent: IntentId,
    /// The grant; `None` when this journal does not know the spend (a copy was put in the vault's place).
    pub grant: Option<GrantId>,
}

impl SqliteVault {
    /// Looks at everything and changes nothing.
    ///
    /// # Errors
    /// What keeps the database from being read at all. Damage that `SQLite` can tell of is no error here.
    pub async fn examine(&self) -> Result<Health, StoreError> {
        let free = disk_check::free(self.context.folder.vault())?;
        let rescued = self.slots.rescue.kept().map_err(|error| self.context.io(&error))?;
        let landed = self.slots.landings.landed().map_err(|error| self.context.io(&error))?;
        // What a living process is about to store waits for nobody.
        let landed = landed.into_iter().filter(|landed| !landed.owned).map(|landed| landed.slotted);
        let slots: Vec<_> = rescued.into_iter().map(|rescued| rescued.slotted).chain(landed).collect();
        let (mut damage, waiting) = self
            .read_all(move |_, tx| {
                let damage: Vec<String> = all(tx, sql::INTEGRITY, params![], |row| row.get(0))?;
                let mut waiting = Vec::new();
                for slot in slots {
                    let row = find_intent(tx, slot.intent)?;
                    // One that the journal has was left behind by a crash between the two; it is freed by the next rotation.
                    if row.as_ref().is_none_or(|row| row.answer.is_none()) {
                        waiting.push(WaitingAnswer { intent: slot.intent, grant: row.map(|row| row.grant) });
                    }
                }
                Ok((damage, waiting))
            })
            .await?;
        damage.retain(|line| line != "ok");
        // A file that is sound as a file may hold a login that does not open.
        let of_login = |login: DamagedLogin| {
            let name = login.profile.map(|name| name.to_string()).or_else(|| login.id.map(|id| id.to_string()));
            format!("login {}: {}", name.unwrap_or_default(), login.reason)
        };
        damage.extend(self.damaged_logins().await?.into_iter().map(of_login));
        Ok(Health { damage, free, needed: disk_check::ROOM, waiting })
    }
}
