//! The `SQLite` vault: the exported suite, and what is this engine's own.

mod backups;
mod earlier;
mod faults;
mod health;
mod keys;
mod landing;
mod linked;
mod lost;
mod migrating;
mod nth_write;
mod opening;
mod place;
mod restoring;
mod secrets;
mod stopped;
mod trips;

/// The promises of the port.
mod suite {
    use crate::place::Place;

    async fn make() -> Place {
        Place::new()
    }

    tokenward_vault::vault_suite!(make);
}
